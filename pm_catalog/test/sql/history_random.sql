-- Random changes: at each moment that the test looked, product_as_of() gives what it saw.
SET search_path = pm_catalog, pm_gtin, public;
CREATE TABLE seen (at timestamptz NOT NULL, id uuid NOT NULL, state jsonb);
INSERT INTO products (id, title) SELECT ('00000000-0000-7000-8000-00000000000' || i)::uuid, 'Product ' || i FROM generate_series(1, 4) AS i;
SELECT setseed(0.25);
DO $$
DECLARE
  p products;
  now_at timestamptz;
BEGIN
  FOR step IN 1 .. 400 LOOP
    -- one to three changes in a transaction, some of them undone
    FOR change IN 1 .. 1 + floor(random() * 3) LOOP
      SELECT * INTO p FROM products ORDER BY random() LIMIT 1;
      BEGIN
        CASE floor(random() * 8)
          WHEN 0 THEN
            IF p.deleted_at IS NULL THEN
              PERFORM delete_product(p.id);
            ELSE
              PERFORM restore_product(p.id);
            END IF;
          WHEN 1 THEN
            PERFORM revert(p.id, 1 + floor(random() * p.version)::integer);
          WHEN 2 THEN
            UPDATE products AS u SET gtin = (ARRAY['4006381333931', '012345678905', '96385074', NULL]::pm_gtin.gtin[])[1 + floor(random() * 4)] WHERE u.id = p.id;
          WHEN 3 THEN
            UPDATE products AS u SET technical_specs = technical_specs - chr(97 + floor(random() * 4)::integer) WHERE u.id = p.id;
          WHEN 4 THEN
            UPDATE products AS u SET technical_specs = technical_specs || jsonb_build_object(chr(97 + floor(random() * 4)::integer),
              (ARRAY['null', '1', '1.0', '"x"', '{"a": [1, 2]}', '[]']::jsonb[])[1 + floor(random() * 6)]) WHERE u.id = p.id;
          WHEN 5 THEN
            UPDATE products AS u SET title = 'Product ' || random(), weight = CASE WHEN random() < 0.7 THEN random() * 10 END, is_featured = random() < 0.5 WHERE u.id = p.id;
          WHEN 6 THEN
            UPDATE products AS u SET status = (ARRAY['active', 'inactive', 'discontinued', 'draft'])[1 + floor(random() * 4)], long_description = repeat('long ', floor(random() * 3000)::integer) WHERE u.id = p.id;
          ELSE
            UPDATE products AS u SET description = left(md5(random()::text), 1) WHERE u.deleted_at IS NULL;
        END CASE;
        IF random() < 0.1 THEN
          RAISE EXCEPTION 'undone';
        END IF;
      EXCEPTION WHEN unique_violation OR check_violation OR object_not_in_prerequisite_state OR raise_exception THEN
        NULL;
      END;
    END LOOP;
    COMMIT;
    now_at := clock_timestamp();
    INSERT INTO seen SELECT now_at, u.id, to_jsonb(u) - 'filled' FROM products AS u;
    COMMIT;
  END LOOP;
END
$$;
SELECT count(*), count(DISTINCT (id, state -> 'version')) > 300 AS many_versions, bool_or(state ->> 'deleted_at' IS NOT NULL) AS deleted,
       count(DISTINCT state -> 'technical_specs') > 20 AS many_specs, count(DISTINCT state -> 'gtin') AS gtins
FROM seen;
SELECT count(*) AS different FROM seen AS s LEFT JOIN product_as_of(s.id, s.at) AS p ON true WHERE s.state IS DISTINCT FROM to_jsonb(p) - 'filled';
-- the history tells the same: applied from the first version on it gives the newest one
SELECT count(*) AS different
FROM products AS p CROSS JOIN LATERAL (
  SELECT DISTINCT ON (h.column_name) h.column_name, h.new_value FROM product_history(p.id) AS h WHERE h.column_name IS NOT NULL ORDER BY h.column_name, h.version DESC) AS h
WHERE h.new_value IS DISTINCT FROM to_jsonb(p) #> CASE WHEN h.column_name LIKE 'technical_specs.%' THEN string_to_array(h.column_name, '.') ELSE ARRAY[h.column_name] END;
SELECT count(*) AS gaps FROM products AS p WHERE p.version <> 1 + (SELECT count(*) FROM product_versions AS v WHERE v.product_id = p.id);
-- nothing is left of what is removed
UPDATE products SET deleted_at = now() WHERE deleted_at IS NULL;
DELETE FROM products;
SELECT count(*) FROM product_versions;
DROP TABLE seen;
