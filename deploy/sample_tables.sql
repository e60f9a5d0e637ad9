-- sample_tables.sql - where "make run" puts the files it reads: schema sample
--
-- Made anew by every run; nothing else may live in the schema.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
BEGIN;
DROP SCHEMA IF EXISTS sample CASCADE;
CREATE SCHEMA sample;

CREATE TABLE sample.files (
  file_id integer PRIMARY KEY,
  name text NOT NULL,
  seconds_to_resolve double precision,
  seconds_to_store double precision  -- resolving once more included
);
COMMENT ON TABLE sample.files IS 'the files that "make run" read';

-- The files as they are, one table each.
CREATE UNLOGGED TABLE sample.supplier_file (
  line bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sku text, ean text, dirt text, true_gtin text
);
CREATE UNLOGGED TABLE sample.openfoodfacts_file (
  line bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  ean text, name text, ingredients text, image_url text, fat text, saturated_fat text, carbohydrate text,
  sugar text, fiber text, protein text, salt text, sodium text, alcohol text
);

CREATE TABLE sample.codes (
  file_id integer NOT NULL REFERENCES sample.files,
  line bigint NOT NULL,
  code text NOT NULL,
  gtin pm_gtin.gtin,
  method text NOT NULL,
  confidence real NOT NULL,
  suggestion pm_gtin.gtin,
  flags text[] NOT NULL,
  PRIMARY KEY (file_id, line)
);
CREATE INDEX codes_gtin ON sample.codes (gtin);
COMMENT ON TABLE sample.codes IS 'every code of the files, as read and as pm_gtin.gtin_resolve() understands it';
COMMENT ON COLUMN sample.codes.gtin IS 'the trade item number; NULL if the code does not give one';
COMMENT ON COLUMN sample.codes.method IS 'what had to be undone, or why there is no gtin';
COMMENT ON COLUMN sample.codes.suggestion IS 'a number that is not certain enough to be used';
COMMIT;
