-- Refreshing the reference data.

-- The fields of a CSV line as in RFC 4180, without line breaks inside; NULL for an
-- empty field; NULL if the line is malformed.
CREATE FUNCTION pm_gtin._csv_fields(line text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN sum(length(f.m[1]) + 1) = length(line) + 1 THEN
    array_agg(nullif(CASE WHEN f.m[1] LIKE '"%' THEN replace(substr(f.m[1], 2, length(f.m[1]) - 2), '""', '"')
                          ELSE f.m[1] END, '') ORDER BY f.n) END
  FROM regexp_matches(line || ',', '("(?:[^"]|"")*"|[^,"]*),', 'g') WITH ORDINALITY AS f(m, n)
$$;

CREATE FUNCTION pm_gtin.refresh_reference(reference text, content text, OUT added bigint, OUT removed bigint, OUT total bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target regclass;
  columns text[];
  lines text[];
  fields text[];
  from_xml boolean := content LIKE '<%' OR content LIKE chr(65279) || '<%';
  names text;
  old_rows text[];
  overlap record;
BEGIN
  SELECT c.oid INTO target
  FROM pg_class AS c
  WHERE c.relnamespace = 'pm_gtin'::regnamespace AND c.relname = '_' || reference
    AND reference IN ('gs1_prefixes', 'isbn_ranges', 'gs1_application_identifiers');
  IF target IS NULL THEN
    RAISE EXCEPTION 'unknown reference "%"', reference
      USING ERRCODE = '22023', HINT = 'Use gs1_prefixes, isbn_ranges or gs1_application_identifiers.';
  END IF;

  -- the columns that a file has, in order: all but shipped and the generated ends
  SELECT array_agg(a.attname::text ORDER BY a.attnum) INTO columns
  FROM pg_attribute AS a
  WHERE a.attrelid = target AND a.attnum > 1 AND NOT a.attisdropped AND a.attgenerated = '';

  names := (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) AS c);

  EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', target);
  EXECUTE format('SELECT array_agg(r::text) FROM (SELECT %s FROM pm_gtin.%I) AS r', names, reference) INTO old_rows;
  EXECUTE format('DELETE FROM %s WHERE NOT shipped', target);

  IF content IS NULL THEN
    NULL;  -- back to the rows that came with the extension
  ELSIF from_xml AND reference = 'isbn_ranges' THEN
    INSERT INTO pm_gtin._isbn_ranges (prefix, registration_group, registrant_from, registrant_to, agency)
    SELECT split_part(g.prefix, '-', 1), split_part(g.prefix, '-', 2),
           left(split_part(r.range, '-', 1), r.length), left(split_part(r.range, '-', 2), r.length), g.agency
    FROM xmltable('/ISBNRangeMessage/RegistrationGroups/Group'
                  PASSING xmlparse(DOCUMENT regexp_replace(content, '<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>', ''))
                  COLUMNS prefix text PATH 'Prefix', agency text PATH 'Agency', rules xml PATH 'Rules') AS g,
         xmltable('/Rules/Rule' PASSING g.rules COLUMNS range text PATH 'Range', length integer PATH 'Length') AS r
    WHERE r.length > 0;
  ELSE
    lines := regexp_split_to_array(rtrim(ltrim(content, chr(65279)), E'\r\n'), '\r?\n');
    IF pm_gtin._csv_fields(lines[1]) IS DISTINCT FROM columns THEN
      RAISE EXCEPTION 'invalid header for reference "%": "%"', reference, left(lines[1], 64)
        USING ERRCODE = '22P04', DETAIL = format('The first line must be: %s', array_to_string(columns, ',')),
              HINT = CASE reference WHEN 'isbn_ranges' THEN 'A RangeMessage.xml of the International ISBN Agency is taken as well.' END;
    END IF;
    FOR i IN 2 .. array_length(lines, 1) LOOP
      fields := pm_gtin._csv_fields(lines[i]);
      IF array_length(fields, 1) IS DISTINCT FROM array_length(columns, 1) THEN
        RAISE EXCEPTION 'invalid line % for reference "%": "%"', i, reference, left(lines[i], 64)
          USING ERRCODE = '22P04', DETAIL = format('It must have %s fields separated by commas.', array_length(columns, 1));
      END IF;
      EXECUTE format('INSERT INTO %s (%s) SELECT %s', target, names,
                     (SELECT string_agg(coalesce(quote_literal(f), 'NULL'), ', ' ORDER BY n)
                      FROM unnest(fields) WITH ORDINALITY AS u(f, n)));
    END LOOP;
  END IF;

  EXECUTE format('SELECT count(*) FROM %s WHERE NOT shipped', target) INTO total;
  IF content IS NOT NULL AND total = 0 THEN
    RAISE EXCEPTION 'no rows for reference "%"', reference
      USING ERRCODE = '22P04', HINT = 'NULL as content goes back to the rows that came with the extension.';
  END IF;

  EXECUTE format('SELECT a.low, a.high, b.low AS other FROM %1$s AS a JOIN %1$s AS b
                    ON b.low > a.low AND b.low <= a.high %2$s
                  WHERE NOT a.shipped AND NOT b.shipped LIMIT 1',
                 target, CASE reference WHEN 'gs1_prefixes' THEN 'AND b.number_space = a.number_space' ELSE '' END)
  INTO overlap;
  IF overlap.low IS NOT NULL THEN
    RAISE EXCEPTION 'ranges of reference "%" overlap', reference
      USING ERRCODE = '23P01',
            DETAIL = format('%s lies within %s to %s.', overlap.other, overlap.low, overlap.high);
  END IF;

  EXECUTE format('WITH new AS (SELECT r::text FROM (SELECT %s FROM pm_gtin.%I) AS r)
                  SELECT (SELECT count(*) FROM (TABLE new EXCEPT SELECT unnest($1)) AS a),
                         (SELECT count(*) FROM (SELECT unnest($1) EXCEPT TABLE new) AS r),
                         (SELECT count(*) FROM new)', names, reference)
  INTO added, removed, total USING old_rows;
END
$$;
REVOKE ALL ON FUNCTION pm_gtin.refresh_reference(text, text) FROM PUBLIC;
COMMENT ON FUNCTION pm_gtin.refresh_reference(reference text, content text) IS
'replaces the rows in force of gs1_prefixes, isbn_ranges or gs1_application_identifiers by the content of a file: CSV with the header of the view (without low and high), or for isbn_ranges the RangeMessage.xml of the International ISBN Agency. NULL goes back to the rows that came with the extension. Returns how many rows came, went and are there now. All or nothing: 22023 unknown reference, 22P04 a bad line, 23514 a bad value, 23P01 ranges that overlap. Not for PUBLIC.';
