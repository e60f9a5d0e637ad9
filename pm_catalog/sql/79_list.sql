-- Listing products in an order, page by page.

CREATE FUNCTION pm_catalog.list_products(filters jsonb DEFAULT '{}', sort text DEFAULT 'newest', after text DEFAULT NULL, limit_rows integer DEFAULT 50)
RETURNS TABLE (product_id uuid, title text, created_at timestamptz, after_this text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  f record := pm_catalog._read_filters(filters);
  column_name text := CASE sort WHEN 'newest' THEN 'd.created_at' WHEN 'oldest' THEN 'd.created_at' WHEN 'title' THEN 'pm_catalog.fold(d.title) COLLATE "C"' END;
  value text := CASE sort WHEN 'title' THEN 'pm_catalog.fold(d.title)' ELSE '(extract(epoch FROM d.created_at) * 1000000)::bigint::text' END;
  direction text := CASE sort WHEN 'newest' THEN 'DESC' ELSE 'ASC' END;
  start text := 'true';
  last_value text;
BEGIN
  IF column_name IS NULL THEN
    RAISE EXCEPTION 'invalid sort: %', coalesce('"' || left(sort, 64) || '"', 'NULL') USING ERRCODE = '22023', HINT = 'It is newest, oldest or title.';
  END IF;
  IF limit_rows IS NULL OR limit_rows NOT BETWEEN 1 AND 1000 THEN
    RAISE EXCEPTION 'invalid limit_rows: %', coalesce('"' || limit_rows::text || '"', 'NULL') USING ERRCODE = '22023', HINT = 'It is 1 to 1000.';
  END IF;
  IF after IS NOT NULL THEN
    -- the order's name, the hex digits of the value, of the id
    BEGIN
      last_value := convert_from(decode(substring(after FROM '^' || sort || '-(([0-9a-f]{2})*)[0-9a-f]{32}$'), 'hex'), 'UTF8');
    EXCEPTION WHEN data_exception THEN
      NULL; -- no text of ours: refused below
    END;
    IF last_value IS NULL OR (sort <> 'title' AND last_value !~ '^-?[0-9]{1,18}$') THEN
      RAISE EXCEPTION 'invalid token "%"', left(after, 64) USING ERRCODE = '22023', HINT = 'It is the value of column after_this in a row of the page before, in the same order.';
    END IF;
    start := format(CASE sort WHEN 'newest' THEN '(d.created_at, d.product_id) < (%s, %L::uuid)' WHEN 'oldest' THEN '(d.created_at, d.product_id) > (%s, %L::uuid)'
                    ELSE '(pm_catalog.fold(d.title) COLLATE "C", d.product_id) > (%s, %L::uuid)' END,
                    CASE sort WHEN 'title' THEN quote_literal(last_value) || ' COLLATE "C"'
                    ELSE quote_literal('epoch'::timestamptz + last_value::bigint * interval '1 microsecond') || '::timestamptz' END, right(after, 32));
  END IF;
  IF f.wait IS NOT NULL THEN
    PERFORM pm_catalog._wait_for_search(f.wait);
  END IF;
  RETURN QUERY EXECUTE format('
    SELECT d.product_id, r.title, d.created_at, %6$L || encode(convert_to(%1$s, ''UTF8'') || uuid_send(d.product_id), ''hex'')
    FROM pm_catalog.search_documents AS d
    CROSS JOIN LATERAL (SELECT p.title FROM pm_catalog.products AS p WHERE p.id = d.product_id AND p.deleted_at IS NULL OFFSET 0) AS r
    WHERE %2$s AND %3$s AND %4$s ORDER BY %7$s %5$s, d.product_id %5$s LIMIT $1',
    value, CASE WHEN f.lexemes <> '' THEN format('d.document @@ %L::tsquery', f.lexemes) ELSE 'true' END, f.condition, start, direction, sort || '-', column_name)
  USING limit_rows;
END
$$;
COMMENT ON FUNCTION pm_catalog.list_products(jsonb, text, text, integer) IS
'products that pass the filters of search_products(), in an order: newest or oldest first, or by title as it is folded. after_this: to be given as after for what follows this row; a page costs the same however deep it is. Products are listed as soon as they are indexed, and no longer when they are deleted. Errors: 22023 bad filter, sort, token or limit_rows (1 to 1000); 55P03 search is still behind after {"wait": ...}';

REVOKE ALL ON FUNCTION pm_catalog.list_products(jsonb, text, text, integer) FROM PUBLIC;
