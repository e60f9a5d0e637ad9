-- Indexing fails at each step in turn: nothing is half done, and the next pass does all of it.
\set VERBOSITY terse
CREATE SCHEMA test_search_errors;
SET search_path = test_search_errors, pm_catalog, pm_gtin;
SET client_min_messages = warning;
TRUNCATE products, brands, suppliers, tags CASCADE;
TRUNCATE search_documents, search_words, _search_pending;
CREATE FUNCTION id(n integer) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no % of %', TG_OP, TG_TABLE_NAME; END $$;
-- what search has, and what waits
CREATE VIEW state AS SELECT (SELECT md5(string_agg(d::text, ' ' ORDER BY d.product_id)) FROM search_documents AS d) AS documents,
  (SELECT md5(string_agg(concat(w.word, w.documents), ' ' ORDER BY w.word)) FROM search_words AS w) AS words, (SELECT md5(string_agg(p::text, ' ' ORDER BY p.id)) FROM _search_pending AS p) AS notes;
CREATE TABLE steps (n integer GENERATED ALWAYS AS IDENTITY, step text, error text, is_undone boolean, is_right boolean);
CREATE PROCEDURE step("table" text, operation text) LANGUAGE plpgsql AS $$
DECLARE
  before test_search_errors.state;
  error text;
  undone boolean;
  round integer;
BEGIN
  -- one of each: changed, new, deleted; a word that comes and one that goes
  round := (SELECT count(*) FROM test_search_errors.steps);
  UPDATE products SET title = 'Table ' || repeat('x', round) || ' un' WHERE id = id(1);
  INSERT INTO products (id, title) VALUES (id(100 + round), 'Chaise ' || round);
  UPDATE products SET deleted_at = now() WHERE id = (SELECT p.id FROM products AS p WHERE p.deleted_at IS NULL AND p.id > id(1) ORDER BY p.id LIMIT 1);
  SELECT * INTO before FROM test_search_errors.state;
  EXECUTE format('CREATE TRIGGER fails AFTER %s ON pm_catalog.%I FOR EACH ROW EXECUTE FUNCTION test_search_errors.fails()', operation, "table");
  BEGIN
    PERFORM index_products();
  EXCEPTION WHEN raise_exception THEN
    error := SQLERRM;
  END;
  EXECUTE format('DROP TRIGGER fails ON pm_catalog.%I', "table");
  undone := (SELECT s = before FROM test_search_errors.state AS s);
  PERFORM index_products();
  INSERT INTO test_search_errors.steps (step, error, is_undone, is_right) VALUES (operation || ' ' || "table", error, undone,
    NOT EXISTS (SELECT FROM search_documents AS d FULL JOIN _search_source(ARRAY(SELECT p.id FROM products AS p)) AS s USING (product_id) WHERE d IS DISTINCT FROM s)
    AND NOT EXISTS (SELECT FROM search_words AS k FULL JOIN (SELECT w COLLATE "C" AS word, count(*) AS n FROM search_documents, unnest(_document_words(document)) AS w GROUP BY 1) AS c USING (word) WHERE k.documents IS DISTINCT FROM c.n)
    AND NOT EXISTS (SELECT FROM _search_pending));
END $$;
INSERT INTO products (id, title) SELECT id(i), 'Lampe ' || i FROM generate_series(1, 8) AS i;
SELECT index_products();
CALL step('search_documents', 'UPDATE');
CALL step('search_documents', 'INSERT');
CALL step('search_documents', 'DELETE');
CALL step('search_words', 'UPDATE');
CALL step('search_words', 'INSERT');
CALL step('search_words', 'DELETE');
CALL step('_search_pending', 'DELETE');
SELECT step, error, is_undone, is_right FROM test_search_errors.steps ORDER BY n;
SET client_min_messages = warning;
DROP SCHEMA test_search_errors CASCADE;
