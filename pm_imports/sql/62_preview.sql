-- The first records of a file, as an import would read them.

CREATE FUNCTION pm_imports._preview(plan jsonb, path text, content bytea, rows integer)
RETURNS TABLE (record bigint, line bigint, rejected boolean, "values" jsonb, errors jsonb, raw_row text)
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_imports__preview';

CREATE FUNCTION pm_imports._check_preview(what text, is_null boolean, rows integer) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF is_null THEN
    RAISE EXCEPTION '% is NULL', what
      USING ERRCODE = '22004', HINT = CASE what WHEN 'path' THEN 'It is the absolute path of a file of the server.' ELSE 'It is the bytes of the file, or of its beginning.' END;
  ELSIF (rows BETWEEN 1 AND 1000) IS NOT TRUE THEN
    RAISE EXCEPTION 'a preview of % rows is not possible', coalesce(rows::text, 'NULL') USING ERRCODE = '22023', HINT = 'It has 1 to 1000.';
  END IF;
END
$$;

CREATE FUNCTION pm_imports.preview_file(config text, path text, rows integer DEFAULT 20)
RETURNS TABLE (record bigint, line bigint, rejected boolean, "values" jsonb, errors jsonb, raw_row text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_imports._check_preview('path', path IS NULL, rows);
  RETURN QUERY SELECT * FROM pm_imports._preview(pm_imports._plan(config), path, NULL, rows);
END
$$;
COMMENT ON FUNCTION pm_imports.preview_file(text, text, integer) IS
'the first records of a file of the server as an import under the config would read them: number, line, is it rejected, what each target becomes (NULL: the record cannot be read), all errors and warnings, and the record as it stands in the file. The catalog is not asked, so unknown are duplicates of what is there and what it would refuse. Errors: 22P04 the file cannot be read, 22023 rows, 22004 NULL, and those of import_file() about configs and files';

CREATE FUNCTION pm_imports.preview_data(config text, content bytea, rows integer DEFAULT 20)
RETURNS TABLE (record bigint, line bigint, rejected boolean, "values" jsonb, errors jsonb, raw_row text)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_imports._check_preview('content', content IS NULL, rows);
  RETURN QUERY SELECT * FROM pm_imports._preview(pm_imports._plan(config), NULL, content, rows);
END
$$;
COMMENT ON FUNCTION pm_imports.preview_data(text, bytea, integer) IS
'the same of a file from a client, whose beginning is enough if it is plain text: the record at the end is then cut. Errors: those of preview_file()';

REVOKE ALL ON FUNCTION pm_imports._preview(jsonb, text, bytea, integer), pm_imports._check_preview(text, boolean, integer),
  pm_imports.preview_file(text, text, integer), pm_imports.preview_data(text, bytea, integer) FROM PUBLIC;
