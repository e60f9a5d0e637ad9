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

-- What stands before, between and after the records of a file, and which file it is then.
-- A workbook becomes CSV, separated by commas: its raw records are that.
CREATE FUNCTION pm_imports._rejected_frame(j pm_imports.import_jobs, OUT format text, OUT extension text, OUT head text, OUT separator text, OUT tail text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  delimiter text := coalesce(j.found ->> 'delimiter', ',');
  quote text := coalesce(j.found ->> 'quote', '"');
  path text := j.plan #>> '{file_options,path}';
  names text[];
BEGIN
  format := coalesce(j.found ->> 'format', j.plan ->> 'file_format', 'csv');
  head := '';
  separator := E'\n';
  tail := E'\n';
  IF format = 'xlsx' THEN
    format := 'csv';
    delimiter := ',';
    quote := '"';
  END IF;
  extension := format;
  IF format = 'csv' THEN
    -- what the config has skipped before them
    head := repeat(E'\n', CASE WHEN j.found ->> 'format' = 'csv' THEN coalesce((j.plan #>> '{file_options,skip}')::integer, 0) ELSE 0 END);
    IF j.found -> 'header' = 'true' THEN
      head := head || coalesce((SELECT string_agg(pm_imports._csv_value(c.name, delimiter, quote), delimiter ORDER BY c.n) || E'\n'
                        FROM jsonb_array_elements_text(j.found -> 'columns') WITH ORDINALITY AS c(name, n)), '');
    END IF;
  ELSIF format = 'json' THEN
    names := pm_imports._path_names(path, '.');
    head := coalesce((SELECT string_agg(format('{%s:', to_jsonb(p.name)), '' ORDER BY p.n) FROM unnest(names) WITH ORDINALITY AS p(name, n)), '') || E'[\n';
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
    head := '<?xml version="1.0" encoding="UTF-8"?>' || E'\n'
      || (SELECT string_agg(format('<%s%s>', p.name, CASE p.n WHEN 1 THEN
            (SELECT string_agg(format(' %s="%s"', d.key, replace(replace(replace(d.value, '&', '&amp;'), '<', '&lt;'), '"', '&quot;')), '' ORDER BY d.key)
             FROM jsonb_each_text(j.found -> 'namespaces') AS d) END), '' ORDER BY p.n) FROM unnest(names) WITH ORDINALITY AS p(name, n)) || E'\n';
    tail := E'\n' || (SELECT string_agg(format('</%s>', p.name), '' ORDER BY p.n DESC) FROM unnest(names) WITH ORDINALITY AS p(name, n)) || E'\n';
  END IF;
END
$$;

-- The file of the rejected records in pieces of some thousand records, without those whose
-- bytes are not what the file had if exact.  A line end after a record is the separator's.
CREATE FUNCTION pm_imports._rejected_pieces(j pm_imports.import_jobs, exact boolean) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  frame record;
  piece text;
  first boolean := true;
  from_record bigint := 0;
  to_record bigint;
BEGIN
  SELECT * INTO frame FROM pm_imports._rejected_frame(j) AS f;
  LOOP
    SELECT string_agg(p.raw, frame.separator ORDER BY p.record), max(p.record) INTO piece, to_record
    FROM (SELECT e.record, regexp_replace(e.raw_row, '[\r\n]+$', '') AS raw FROM pm_imports.import_errors AS e
          WHERE e.job_id = j.id AND e.record > from_record AND e.raw_row IS NOT NULL AND e.code <> 'record_too_long' AND NOT (exact AND e.code IN ('bad_encoding', 'nul_byte'))
          ORDER BY e.record LIMIT 1000) AS p;
    EXIT WHEN to_record IS NULL;
    RETURN NEXT CASE WHEN first THEN frame.head ELSE frame.separator END || piece;
    first := false;
    from_record := to_record;
  END LOOP;
  RETURN NEXT CASE WHEN first THEN frame.head || ltrim(frame.tail, E'\n') ELSE frame.tail END;
END
$$;

CREATE FUNCTION pm_imports.rejected_file(job uuid) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(p.piece, '' ORDER BY p.n) FROM pm_imports._rejected_pieces(pm_imports._job(job), false) WITH ORDINALITY AS p(piece, n)
$$;
COMMENT ON FUNCTION pm_imports.rejected_file(uuid) IS
'the records that an import rejected, as a file of its format with its header, delimiter or path, each record as it stands in the file, but for bytes that are no text, for which U+FFFD stands: to be corrected and imported. Always UTF-8, neither compressed nor in an archive; of a workbook it is CSV, separated by commas. Records that were too long to be kept are missing. Errors: P0002 no such import';

CREATE FUNCTION pm_imports.retry_rejected(job uuid) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part CONSTANT integer := 8388608;
  j pm_imports.import_jobs := pm_imports._hold_job(job);
  frame record;
  piece text;
  content bytea;
  waiting bytea := '';
  upload uuid;
  again uuid;
BEGIN
  PERFORM pm_imports._require_own(j);
  IF j.status IN ('pending', 'running') THEN
    RAISE EXCEPTION 'import "%" has not ended', job USING ERRCODE = '55000', HINT = format('SELECT pm_imports.wait(%L);', job);
  ELSIF NOT EXISTS (SELECT FROM pm_imports.import_errors AS e WHERE e.job_id = job AND e.raw_row IS NOT NULL AND e.code NOT IN ('record_too_long', 'bad_encoding', 'nul_byte')) THEN
    RAISE EXCEPTION 'import "%" has no rejected rows that can be read again', job
      USING ERRCODE = '55000', HINT = 'Of rows with bytes that are no text the file itself has to be corrected.';
  ELSIF j.config_id IS NULL THEN
    RAISE EXCEPTION 'config "%" of import "%" is gone', j.config_name, job USING ERRCODE = '55000', HINT = 'rejected_file() has the rows, for another config.';
  END IF;
  SELECT id INTO again FROM pm_imports.import_jobs AS s WHERE s.retry_of = job AND s.status IN ('pending', 'running') LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'the rejected rows of import "%" are being retried', job USING ERRCODE = '55000', DETAIL = format('It is import "%s".', again);
  END IF;
  SELECT * INTO frame FROM pm_imports._rejected_frame(j) AS f;
  upload := pm_imports.begin_upload((
    SELECT left(regexp_replace(f.file_name, '([.](gz|zip|xlsx|csv|tsv|txt|xml|json|ndjson))*$', '', 'i'), 200) || '.rejected.' || frame.extension
    FROM pm_imports.import_files AS f WHERE f.id = j.file_id));
  FOR piece IN SELECT * FROM pm_imports._rejected_pieces(j, true) LOOP
    waiting := waiting || convert_to(piece, 'UTF8');
    WHILE octet_length(waiting) >= part LOOP
      PERFORM pm_imports.append_upload(upload, substr(waiting, 1, part));
      waiting := substr(waiting, part + 1);
    END LOOP;
  END LOOP;
  IF octet_length(waiting) > 0 THEN
    PERFORM pm_imports.append_upload(upload, waiting);
  END IF;
  PERFORM pm_imports._complete_upload(upload);
  -- what was found or set for the whole file, where this one differs
  RETURN pm_imports._add_job((SELECT c.config_name FROM pm_imports.import_configs AS c WHERE c.id = j.config_id), upload, j.dry_run, true, job,
    jsonb_build_object('file_format', frame.format, 'encoding', 'UTF-8', 'delimiter', CASE frame.format WHEN 'csv' THEN
        CASE j.found ->> 'format' WHEN 'xlsx' THEN ',' ELSE coalesce(j.found ->> 'delimiter', j.plan ->> 'delimiter') END END,
      'file_options', '{"skip": 0, "sheet": null, "member": null}' || jsonb_strip_nulls(jsonb_build_object('header', j.found -> 'header')),
      'import_options', '{"missing": "keep", "max_errors": null, "max_error_ratio": null}'::jsonb));
END
$$;
COMMENT ON FUNCTION pm_imports.retry_rejected(uuid) IS
'imports the rejected rows of an import again, and only them, under its config as it is now: after the mapping was corrected, or the catalog. A dry run is retried as one. Returns the new import''s id; products that are not among them do not count as missing. Rows with bytes that are no text (bad_encoding, nul_byte) and those that were too long to be kept (record_too_long) are left out: only the file has them whole. For who asked for it and administrators. Errors: P0002 no such import, 55000 it has not ended, has no rejected rows that can be read again, is being retried, or its config is gone, and those of finish_upload()';

REVOKE ALL ON FUNCTION pm_imports._csv_value(text, text, text), pm_imports._path_names(text, text), pm_imports._rejected_frame(pm_imports.import_jobs),
  pm_imports._rejected_pieces(pm_imports.import_jobs, boolean), pm_imports.rejected_file(uuid), pm_imports.retry_rejected(uuid) FROM PUBLIC;
