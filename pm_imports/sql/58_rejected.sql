-- Rejected records, as a file.

-- A value of CSV, quoted where it must be; without a quote as it is.
CREATE FUNCTION pm_imports._csv_value(value text, delimiter text, quote text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN coalesce(quote, '') <> '' AND (strpos(value, delimiter) > 0 OR strpos(value, quote) > 0 OR value ~ '[\r\n]')
  THEN quote || replace(value, quote, quote || quote) || quote ELSE value END;

-- The names of a path: elements such as catalog/product, members such as data.products.
CREATE FUNCTION pm_imports._path_names(path text, separator text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(array_remove(string_to_array(path, separator), ''), '{}');

-- A text in an encoding of files, "?" for what is not in it: see src/rejected.c.
CREATE FUNCTION pm_imports._encoded(content text, encoding text) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_imports__encoded';

-- The rejected records of an import; with again, the targets whose values may not come twice,
-- those that can be imported again: with the bytes that the file had, and no duplicates.
CREATE FUNCTION pm_imports._rejected_rows(job uuid, again text[]) RETURNS TABLE (record bigint, raw text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT e.record, e.raw_row
  FROM pm_imports.import_errors AS e
  WHERE e.job_id = job AND e.raw_row IS NOT NULL AND e.code <> 'record_too_long'
    AND (again IS NULL OR NOT EXISTS (SELECT FROM pm_imports.import_errors AS d
      WHERE d.job_id = job AND d.record = e.record AND d.severity = 'error'
        AND (d.code IN ('bad_encoding', 'nul_byte', 'duplicate') OR d.code = 'not_unique' AND d.target = ANY (again))));
END;

-- A workbook of them: see src/rejected.c.
CREATE FUNCTION pm_imports._rejected_workbook(job uuid, again text[], sheet text, skip bigint, names text[]) RETURNS bytea
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_imports__rejected_workbook';

-- Which file the rejected records become, and, unless it is a workbook, what stands before,
-- between and after them.
CREATE FUNCTION pm_imports._rejected_frame(j pm_imports.import_jobs, OUT format text, OUT encoding text, OUT head text, OUT separator text, OUT tail text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  delimiter text := coalesce(j.found ->> 'delimiter', ',');
  quote text := coalesce(j.found ->> 'quote', '"');
  path text := j.plan #>> '{file_options,path}';
  names text[];
BEGIN
  format := coalesce(j.found ->> 'format', j.plan ->> 'file_format', 'csv');
  encoding := coalesce(j.found ->> 'encoding', j.plan ->> 'encoding', 'UTF-8');
  head := CASE WHEN encoding LIKE 'UTF-16%' THEN chr(65279) ELSE '' END; -- a byte order mark
  separator := E'\n';
  tail := E'\n';
  IF format = 'csv' THEN
    -- what the config has skipped before them
    head := head || repeat(E'\n', coalesce((j.plan #>> '{file_options,skip}')::integer, 0));
    IF j.found -> 'header' = 'true' THEN
      head := head || coalesce((SELECT string_agg(pm_imports._csv_value(c.name, delimiter, quote), delimiter ORDER BY c.n) || E'\n'
                        FROM jsonb_array_elements_text(j.found -> 'columns') WITH ORDINALITY AS c(name, n)), '');
    END IF;
  ELSIF format = 'json' THEN
    names := pm_imports._path_names(path, '.');
    head := head || coalesce((SELECT string_agg(format('{%s:', to_jsonb(p.name)), '' ORDER BY p.n) FROM unnest(names) WITH ORDINALITY AS p(name, n)), '') || E'[\n';
    separator := E',\n';
    tail := E'\n]' || repeat('}', cardinality(names)) || E'\n';
  ELSIF format = 'xml' THEN
    -- all but the last name, which is the record's own; any name is good where the path has *
    names := pm_imports._path_names(path, '/');
    names := array_replace(names[:cardinality(names) - 1], '*', 'records');
    IF cardinality(names) = 0 THEN
      names := '{records}';
    END IF;
    -- with the prefixes that records may have
    head := head || format('<?xml version="1.0" encoding="%s"?>', CASE WHEN encoding LIKE 'UTF-16%' THEN 'UTF-16' ELSE encoding END) || E'\n'
      || (SELECT string_agg(format('<%s%s>', p.name, CASE p.n WHEN 1 THEN
            (SELECT string_agg(format(' %s="%s"', d.key, replace(replace(replace(d.value, '&', '&amp;'), '<', '&lt;'), '"', '&quot;')), '' ORDER BY d.key)
             FROM jsonb_each_text(j.found -> 'namespaces') AS d) END), '' ORDER BY p.n) FROM unnest(names) WITH ORDINALITY AS p(name, n)) || E'\n';
    tail := E'\n' || (SELECT string_agg(format('</%s>', p.name), '' ORDER BY p.n DESC) FROM unnest(names) WITH ORDINALITY AS p(name, n)) || E'\n';
  END IF;
END
$$;

-- The file of these records, a workbook whole, others in pieces of a megabyte.  A line end
-- after a record is the separator's.
CREATE FUNCTION pm_imports._rejected_pieces(j pm_imports.import_jobs, again text[]) RETURNS SETOF bytea
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  frame record;
  raw text;
  raws text[] := '{}';
  size integer := 0;
  first boolean := true;
BEGIN
  SELECT * INTO frame FROM pm_imports._rejected_frame(j) AS f;
  IF frame.format = 'xlsx' THEN
    RETURN NEXT pm_imports._rejected_workbook(j.id, again, coalesce(nullif(j.found ->> 'sheet', ''), 'Sheet1'), coalesce((j.plan #>> '{file_options,skip}')::bigint, 0),
      ARRAY(SELECT coalesce(c.name, '') FROM jsonb_array_elements_text(CASE WHEN j.found -> 'header' = 'true' THEN j.found -> 'columns' END) WITH ORDINALITY AS c(name, n) ORDER BY c.n));
    RETURN;
  END IF;
  FOR raw IN SELECT r.raw FROM pm_imports._rejected_rows(j.id, again) AS r ORDER BY r.record LOOP
    raws := array_append(raws, regexp_replace(raw, '[\r\n]+$', ''));
    size := size + octet_length(raw);
    CONTINUE WHEN size < 1048576;
    RETURN NEXT pm_imports._encoded(CASE WHEN first THEN frame.head ELSE frame.separator END || array_to_string(raws, frame.separator), frame.encoding);
    first := false;
    raws := '{}';
    size := 0;
  END LOOP;
  RETURN NEXT pm_imports._encoded(CASE WHEN first THEN frame.head WHEN size > 0 THEN frame.separator ELSE '' END || array_to_string(raws, frame.separator)
    || CASE WHEN first AND size = 0 THEN ltrim(frame.tail, E'\n') ELSE frame.tail END, frame.encoding);
END
$$;

CREATE FUNCTION pm_imports.rejected_file(job uuid) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(p.piece, ''::bytea ORDER BY p.n) FROM pm_imports._rejected_pieces(pm_imports._job(job), NULL) WITH ORDINALITY AS p(piece, n)
$$;
COMMENT ON FUNCTION pm_imports.rejected_file(uuid) IS
'the records that an import rejected, as a file of its format and encoding with its header, delimiter, path or sheet: to be corrected and imported. Records of text are as they stand in the file, but for bytes that are none, for which U+FFFD stands, or ? where the encoding does not have it; of a workbook cells that were numbers are numbers, all others text, also dates. Neither compressed nor in an archive. Records that were too long to be kept are missing. In psql: convert_from(rejected_file(job), ''UTF8''). Errors: P0002 no such import, 54000 the file would have more than 1 GB';

CREATE FUNCTION pm_imports.retry_rejected(job uuid) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part CONSTANT integer := 8388608;
  j pm_imports.import_jobs := pm_imports._hold_job(job);
  frame record;
  piece bytea;
  waiting bytea := '';
  start integer;
  config CONSTANT text := (SELECT c.config_name FROM pm_imports.import_configs AS c WHERE c.id = j.config_id);
  plan jsonb;
  only_once text[];
  upload uuid;
  again uuid;
BEGIN
  PERFORM pm_imports._require_own(j);
  IF j.status IN ('pending', 'running') THEN
    RAISE EXCEPTION 'import "%" has not ended', job USING ERRCODE = '55000', HINT = format('SELECT pm_imports.wait(%L);', job);
  ELSIF config IS NULL THEN
    RAISE EXCEPTION 'config "%" of import "%" is gone', j.config_name, job USING ERRCODE = '55000', HINT = 'rejected_file() has the rows, for another config.';
  END IF;
  plan := pm_imports._plan(config);
  only_once := ARRAY(SELECT r.rule ->> 'target' FROM jsonb_array_elements(plan -> 'validation_rules') AS r(rule)
                     WHERE r.rule ->> 'rule' = 'unique' AND r.rule ->> 'severity' = 'error' AND r.rule -> 'value' IS DISTINCT FROM 'false')
    || CASE WHEN plan #>> '{import_options,key}' <> 'gtin' THEN '{gtin}'::text[] END;
  IF NOT EXISTS (SELECT FROM pm_imports._rejected_rows(job, only_once)) THEN
    RAISE EXCEPTION 'import "%" has no rejected rows that can be read again', job
      USING ERRCODE = '55000', HINT = 'Of rows with bytes that are no text the file itself has to be corrected; duplicates of other rows are left out.';
  END IF;
  SELECT id INTO again FROM pm_imports.import_jobs AS s WHERE s.retry_of = job AND s.status IN ('pending', 'running') LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the rejected rows of import "%" are being retried', job USING ERRCODE = '55000', DETAIL = format('It is import "%s".', again);
  END IF;
  SELECT * INTO frame FROM pm_imports._rejected_frame(j) AS f;
  upload := pm_imports.begin_upload((
    SELECT left(regexp_replace(f.file_name, '([.](gz|zip|xlsx|csv|tsv|txt|xml|json|ndjson))*$', '', 'i'), 200) || '.rejected.' || frame.format
    FROM pm_imports.import_files AS f WHERE f.id = j.file_id));
  FOR piece IN SELECT * FROM pm_imports._rejected_pieces(j, only_once) LOOP
    waiting := waiting || piece;
    start := 1;
    WHILE octet_length(waiting) - start >= part LOOP
      PERFORM pm_imports.append_upload(upload, substr(waiting, start, part));
      start := start + part;
    END LOOP;
    waiting := substr(waiting, start);
  END LOOP;
  PERFORM pm_imports.append_upload(upload, waiting);
  PERFORM pm_imports._complete_upload(upload);
  -- what was found or set for the whole file, where this one differs
  RETURN pm_imports._add_job(config, upload, j.dry_run, true, job,
    jsonb_build_object('file_format', frame.format, 'encoding', frame.encoding,
      'delimiter', CASE frame.format WHEN 'csv' THEN coalesce(j.found ->> 'delimiter', j.plan ->> 'delimiter') END,
      'file_options', '{"skip": 0, "sheet": null, "member": null}' || jsonb_strip_nulls(jsonb_build_object('header', j.found -> 'header',
        'quote', CASE WHEN plan #> '{file_options,quote}' IS NULL THEN j.found -> 'quote' END)),
      'import_options', '{"missing": "keep", "max_errors": null, "max_error_ratio": null}'::jsonb));
END
$$;
COMMENT ON FUNCTION pm_imports.retry_rejected(uuid) IS
'imports the rejected rows of an import again, and only them, under its config as it is now: after the mapping was corrected, or the catalog. A dry run is retried as one. Returns the new import''s id; products that are not among them do not count as missing. Rows with bytes that are no text (bad_encoding, nul_byte) and those that were too long to be kept (record_too_long) are left out: only the file has them whole; and so are duplicates (duplicate), and rows with a value that another one has (not_unique) where the config, as it is now, wants it once. For who asked for it and administrators. Errors: P0002 no such import, 55000 it has not ended, has no rejected rows that can be read again, is being retried, or its config is gone, and those of finish_upload()';

REVOKE ALL ON FUNCTION pm_imports._csv_value(text, text, text), pm_imports._path_names(text, text), pm_imports._encoded(text, text), pm_imports._rejected_rows(uuid, text[]),
  pm_imports._rejected_workbook(uuid, text[], text, bigint, text[]), pm_imports._rejected_frame(pm_imports.import_jobs),
  pm_imports._rejected_pieces(pm_imports.import_jobs, text[]), pm_imports.rejected_file(uuid), pm_imports.retry_rejected(uuid) FROM PUBLIC;
