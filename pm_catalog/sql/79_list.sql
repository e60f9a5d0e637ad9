-- Listing products in an order, page by page.

-- The time that the server keeps as so many microseconds from 2000 on; error 22008 if there is none.
CREATE FUNCTION pm_catalog._time_of(microseconds bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE microseconds WHEN 9223372036854775807 THEN 'infinity' WHEN -9223372036854775808 THEN '-infinity'
  ELSE (timestamp '2000-01-01' + (microseconds / 86400000000)::integer * interval '1 day' + microseconds % 86400000000 * interval '1 microsecond') AT TIME ZONE 'UTC' END;

CREATE FUNCTION pm_catalog.list_products(filters jsonb DEFAULT '{}', sort text DEFAULT 'newest', after text DEFAULT NULL, limit_rows integer DEFAULT 50)
RETURNS TABLE (product_id uuid, title text, created_at timestamptz, after_this text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  f record := pm_catalog._read_filters(filters);
  column_name text := CASE sort WHEN 'newest' THEN 'd.created_at' WHEN 'oldest' THEN 'd.created_at' WHEN 'title' THEN 'pm_catalog.fold(d.title) COLLATE "C"' END;
  value text := CASE sort WHEN 'title' THEN 'convert_to(pm_catalog.fold(d.title), ''UTF8'')' ELSE 'timestamptz_send(d.created_at)' END;
  direction text := CASE sort WHEN 'newest' THEN 'DESC' ELSE 'ASC' END;
  -- the products of a brand have an index in the order of time
  lexemes text := CASE WHEN f.brand IS NOT NULL AND sort <> 'title' THEN f.beside_brand ELSE f.lexemes END;
  start text := 'true';
  last_value text;
  last_title text;
  last_time timestamptz;
  last_id uuid;
BEGIN
  IF column_name IS NULL THEN
    RAISE EXCEPTION 'invalid sort: %', coalesce('"' || left(sort, 64) || '"', 'NULL') USING ERRCODE = '22023', HINT = 'It is newest, oldest or title.';
  END IF;
  IF limit_rows IS NULL OR limit_rows NOT BETWEEN 1 AND 1000 THEN
    RAISE EXCEPTION 'invalid limit_rows: %', coalesce('"' || limit_rows::text || '"', 'NULL') USING ERRCODE = '22023', HINT = 'It is 1 to 1000.';
  END IF;
  IF after IS NOT NULL THEN
    -- the order's name, the hex digits of the value, of the id
    last_value := substring(after FROM '^' || sort || '-(([0-9a-f]{2})*)[0-9a-f]{32}$');
    BEGIN
      last_id := CASE WHEN last_value IS NOT NULL THEN right(after, 32)::uuid END;
      last_title := CASE WHEN sort = 'title' THEN convert_from(decode(last_value, 'hex'), 'UTF8') END;
      last_time := CASE WHEN sort <> 'title' AND length(last_value) = 16 THEN pm_catalog._time_of(('x' || last_value)::bit(64)::bigint) END;
    EXCEPTION WHEN data_exception THEN
      NULL; -- no value of ours: refused below
    END;
    IF coalesce(last_title, last_time::text) IS NULL THEN
      RAISE EXCEPTION 'invalid token "%"', left(after, 64) USING ERRCODE = '22023', HINT = 'It is the value of column after_this in a row of the page before, in the same order.';
    END IF;
    start := CASE sort WHEN 'newest' THEN '(d.created_at, d.product_id) < ($2, $4)' WHEN 'oldest' THEN '(d.created_at, d.product_id) > ($2, $4)'
             ELSE '(pm_catalog.fold(d.title) COLLATE "C", d.product_id) > ($3 COLLATE "C", $4)' END;
  END IF;
  IF f.wait IS NOT NULL THEN
    PERFORM pm_catalog._wait_for_search(f.wait);
  END IF;
  RETURN QUERY EXECUTE format('
    SELECT d.product_id, r.title, d.created_at, %6$L || encode(%1$s || uuid_send(d.product_id), ''hex'')
    FROM pm_catalog.search_documents AS d
    CROSS JOIN LATERAL (SELECT p.title FROM pm_catalog.products AS p WHERE p.id = d.product_id AND p.deleted_at IS NULL OFFSET 0) AS r
    WHERE %2$s AND %3$s AND %4$s ORDER BY %7$s %5$s, d.product_id %5$s LIMIT $1',
    value, concat_ws(' AND ', 'true', CASE WHEN lexemes <> '' THEN format('d.document @@ %L::tsquery', lexemes) END,
                     CASE WHEN lexemes <> f.lexemes THEN format('d.brand_id = %L', f.brand) END), f.condition, start, direction, sort || '-', column_name)
  USING limit_rows, last_time, last_title, last_id;
END
$$;
COMMENT ON FUNCTION pm_catalog.list_products(jsonb, text, text, integer) IS
'products that pass the filters of search_products(), in an order: newest or oldest first, or by title as it is folded. after_this: to be given as after for what follows this row; a page costs the same however deep it is. Products are listed as soon as they are indexed, and no longer when they are deleted. Errors: 22023 bad filter, sort, token or limit_rows (1 to 1000); 55P03 search is still behind after {"wait": ...}';

REVOKE ALL ON FUNCTION pm_catalog._time_of(bigint), pm_catalog.list_products(jsonb, text, text, integer) FROM PUBLIC;
