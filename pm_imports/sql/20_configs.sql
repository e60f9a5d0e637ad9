-- How files of suppliers are read.

-- A name or code: some characters, none of them a control character, no white space around.
CREATE FUNCTION pm_imports._is_line(value text, most integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN length(value) BETWEEN 1 AND most AND value = btrim(value) AND value COLLATE "C" !~ '[\x01-\x1f\x7f]';

CREATE TABLE pm_imports.mapping_templates (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  name text NOT NULL UNIQUE,
  supplier_code text COLLATE "C",
  field_mapping jsonb NOT NULL DEFAULT '{}',
  mapping_config jsonb,
  default_values jsonb,
  computed_attributes jsonb,
  is_default boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT name_is_1_to_255_printable_characters CHECK (pm_imports._is_line(name, 255)),
  CONSTRAINT supplier_code_is_1_to_50_printable_characters CHECK (pm_imports._is_line(supplier_code, 50))
);
CREATE UNIQUE INDEX one_default_template ON pm_imports.mapping_templates ((true)) WHERE is_default AND supplier_code IS NULL;
CREATE UNIQUE INDEX one_default_template_a_supplier ON pm_imports.mapping_templates (upper(supplier_code)) WHERE is_default;
COMMENT ON TABLE pm_imports.mapping_templates IS 'Parts of configs that configs inherit: the default template, then the supplier''s default one, then those that a config names, then the config itself; of each target the last one counts. Every write is checked, 22023';
COMMENT ON COLUMN pm_imports.mapping_templates.id IS 'key';
COMMENT ON COLUMN pm_imports.mapping_templates.name IS 'what configs call it';
COMMENT ON COLUMN pm_imports.mapping_templates.supplier_code IS 'only for configs of this supplier; NULL: for all';
COMMENT ON COLUMN pm_imports.mapping_templates.field_mapping IS 'as in import_configs';
COMMENT ON COLUMN pm_imports.mapping_templates.mapping_config IS 'the other documents of a config, by name: transformation_rules, validation_rules, file_options, import_options';
COMMENT ON COLUMN pm_imports.mapping_templates.default_values IS 'as in import_configs';
COMMENT ON COLUMN pm_imports.mapping_templates.computed_attributes IS 'as in import_configs';
COMMENT ON COLUMN pm_imports.mapping_templates.is_default IS 'true: configs of the supplier, or all configs, inherit it unasked; one a supplier, and one for all';
COMMENT ON COLUMN pm_imports.mapping_templates.created_at IS 'when the row was made';
COMMENT ON COLUMN pm_imports.mapping_templates.updated_at IS 'when it was last changed';

CREATE TABLE pm_imports.import_configs (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  supplier_code text COLLATE "C" NOT NULL,
  import_type text NOT NULL DEFAULT 'products',
  config_name text NOT NULL UNIQUE,
  is_active boolean NOT NULL DEFAULT true,
  connection_config jsonb NOT NULL DEFAULT '{"type": "upload"}',
  schedule_config jsonb,
  file_pattern text,
  file_format text,
  encoding text,
  delimiter text,
  templates text[] NOT NULL DEFAULT '{}',
  field_mapping jsonb,
  transformation_rules jsonb,
  default_values jsonb,
  computed_attributes jsonb,
  validation_rules jsonb,
  file_options jsonb,
  import_options jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT supplier_code_is_1_to_50_printable_characters CHECK (pm_imports._is_line(supplier_code, 50)),
  CONSTRAINT config_name_is_1_to_255_printable_characters CHECK (pm_imports._is_line(config_name, 255)),
  CONSTRAINT import_type_is_known CHECK (import_type IN ('products', 'prices', 'stocks')),
  CONSTRAINT file_format_is_known CHECK (file_format IN ('csv', 'xlsx', 'xml', 'json', 'ndjson')),
  CONSTRAINT encoding_is_known CHECK (encoding IN ('UTF-8', 'UTF-16LE', 'UTF-16BE', 'Windows-1252', 'ISO-8859-1', 'ISO-8859-15')),
  CONSTRAINT delimiter_is_1_to_10_bytes CHECK (octet_length(delimiter) BETWEEN 1 AND 10 AND delimiter COLLATE "C" !~ '[\r\n"]'),
  CONSTRAINT file_pattern_is_1_to_255_characters CHECK (length(file_pattern) BETWEEN 1 AND 255 AND file_pattern COLLATE "C" !~ '[/\x01-\x1f\x7f]'),
  CONSTRAINT templates_are_named_once CHECK (array_position(templates, NULL) IS NULL AND (array_ndims(templates) = 1) IS NOT FALSE)
);
CREATE INDEX import_configs_supplier_code ON pm_imports.import_configs (supplier_code);
CREATE INDEX import_configs_is_active ON pm_imports.import_configs (is_active);
COMMENT ON TABLE pm_imports.import_configs IS 'How the files of a supplier are read. Every write is checked against config_schema(), with what it inherits; error 22023 names all mistakes';
COMMENT ON COLUMN pm_imports.import_configs.id IS 'key';
COMMENT ON COLUMN pm_imports.import_configs.supplier_code IS 'whose files: code of a supplier of the catalog; one of its imports runs at a time';
COMMENT ON COLUMN pm_imports.import_configs.import_type IS 'products: all targets; prices, stocks: the key, and targets of prices or of stocks only';
COMMENT ON COLUMN pm_imports.import_configs.config_name IS 'name, which functions take as config';
COMMENT ON COLUMN pm_imports.import_configs.is_active IS 'false: nothing new is imported with it';
COMMENT ON COLUMN pm_imports.import_configs.connection_config IS 'where files come from: {"type": "upload"}, or {"type": "directory", "path": ..., "settle_seconds": 60}. No passwords: a member named like password, secret or token is refused; {"credential": name} names one that is kept elsewhere';
COMMENT ON COLUMN pm_imports.import_configs.schedule_config IS '{"spec": ..., "missed": "once"}: when the directory is looked into, as in pm_jobs.schedule(); NULL: only when asked. Kept in import_schedules';
COMMENT ON COLUMN pm_imports.import_configs.file_pattern IS 'names of the files of a directory: * and ? stand for others, as in a shell; NULL: all';
COMMENT ON COLUMN pm_imports.import_configs.file_format IS 'csv, xlsx, xml, json or ndjson; NULL: found by looking';
COMMENT ON COLUMN pm_imports.import_configs.encoding IS 'UTF-8, UTF-16LE, UTF-16BE, Windows-1252, ISO-8859-1 or ISO-8859-15; NULL: found by looking';
COMMENT ON COLUMN pm_imports.import_configs.delimiter IS 'between values of CSV; NULL: found by looking';
COMMENT ON COLUMN pm_imports.import_configs.templates IS 'names of templates that are inherited after the default ones, the last one counting most';
COMMENT ON COLUMN pm_imports.import_configs.field_mapping IS '{target: source}: a source is the name of a column (of a table also of the only one that differs from it by blanks alone), a list of names of which the first that the file has counts, a position from 1, or {"const": value}; null takes an inherited one away. Targets: view targets';
COMMENT ON COLUMN pm_imports.import_configs.transformation_rules IS '{target: [transform, ...]}, one after the other: a name, or {name: argument or {argument: value}}; null takes inherited ones away';
COMMENT ON COLUMN pm_imports.import_configs.default_values IS '{target: value} where there is none after the transforms, of the target''s type; null takes an inherited one away';
COMMENT ON COLUMN pm_imports.import_configs.computed_attributes IS '{target: expression of SQL} over the columns of target_row, by functions that are immutable and owned by superusers; the result takes the place of the target''s value; null takes an inherited one away';
COMMENT ON COLUMN pm_imports.import_configs.validation_rules IS '[{"target", "rule", "value", "severity", "message"}]: required, type, min, max, length, pattern, list, unique, gtin_confidence, expression; what is no number breaks min and max, lists of numbers compare them as numbers; of inherited ones of the same target and rule the last counts';
COMMENT ON COLUMN pm_imports.import_configs.file_options IS 'sheet, path, member, header, skip, quote, escape, joiner; decimal_mark and date_order: how text of the file writes numbers and dates, where no transform says so; numbers that are numbers in the file (cells, JSON) are read as such; null takes an inherited one away';
COMMENT ON COLUMN pm_imports.import_configs.import_options IS 'key, content, prices, taxonomy, duplicates, missing, missing_ratio, same_file, max_errors, max_error_ratio, batch_rows; null takes an inherited one away';
COMMENT ON COLUMN pm_imports.import_configs.created_at IS 'when the row was made';
COMMENT ON COLUMN pm_imports.import_configs.updated_at IS 'when it was last changed';

CREATE FUNCTION pm_imports._set_updated_at() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER set_updated_at BEFORE UPDATE ON pm_imports.mapping_templates
FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION pm_imports._set_updated_at();
CREATE TRIGGER set_updated_at BEFORE UPDATE ON pm_imports.import_configs
FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION pm_imports._set_updated_at();

SELECT pg_extension_config_dump('pm_imports.mapping_templates', '');
SELECT pg_extension_config_dump('pm_imports.import_configs', '');

REVOKE ALL ON FUNCTION pm_imports._is_line(text, integer), pm_imports._set_updated_at() FROM PUBLIC;
