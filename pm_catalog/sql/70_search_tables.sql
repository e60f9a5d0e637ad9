-- What search reads: a document a product, the words of all of them, and what is still to be indexed.

CREATE FUNCTION pm_catalog._words(line text, OUT word text, OUT spelling text, OUT is_stop boolean, OUT is_joined boolean) RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_words';
CREATE FUNCTION pm_catalog._spellings(line text) RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_spellings';
CREATE FUNCTION pm_catalog._word_lexemes(word text, language text) RETURNS text[]
LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_word_lexemes';
CREATE FUNCTION pm_catalog._spell_keys(word text) RETURNS integer[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_spell_keys';
CREATE FUNCTION pm_catalog._spell_distance(typed text, known text) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_spell_distance';
CREATE FUNCTION pm_catalog._typed_gtin(code text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_typed_gtin';
CREATE FUNCTION pm_catalog._code_key(code text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_code_key';
CREATE FUNCTION pm_catalog._search_document(title text, head text, tail text, others text[]) RETURNS tsvector
LANGUAGE c STABLE PARALLEL SAFE COST 100 AS 'MODULE_PATHNAME', 'pm_catalog_search_document';
CREATE FUNCTION pm_catalog._document_words(document tsvector) RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_document_words';
CREATE FUNCTION pm_catalog._document_words(document tsvector, beginning text) RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_document_words';
CREATE FUNCTION pm_catalog._search_score(title text, head text, terms text[]) RETURNS real
LANGUAGE c STABLE PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME', 'pm_catalog_search_score';
CREATE FUNCTION pm_catalog._highlight(line text, terms text[]) RETURNS text
LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_highlight';

-- searching reads the index and the columns before document, which only the indexer reads
CREATE TABLE pm_catalog.search_documents (
  product_id uuid PRIMARY KEY,
  brand_id uuid,
  category_id uuid,
  supplier_id uuid,
  is_live boolean NOT NULL,
  is_active boolean NOT NULL,
  is_featured boolean NOT NULL,
  in_stock boolean NOT NULL,
  status text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  title text NOT NULL,
  head text,
  currencies text[] COLLATE "C",
  prices numeric[],
  look_again_at timestamptz,
  document tsvector NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX search_documents_document ON pm_catalog.search_documents USING gin (document) WITH (gin_pending_list_limit = 1024);
CREATE INDEX search_documents_look_again_at ON pm_catalog.search_documents (look_again_at) WHERE look_again_at IS NOT NULL;
CREATE INDEX search_documents_created_at ON pm_catalog.search_documents (created_at, product_id);
CREATE INDEX search_documents_brand ON pm_catalog.search_documents (brand_id, created_at, product_id);
CREATE INDEX search_documents_title ON pm_catalog.search_documents (pm_catalog.fold(title) COLLATE "C", product_id);
COMMENT ON TABLE pm_catalog.search_documents IS 'Not dumped: index_products() makes it of the other tables. What search knows of each product that is not deleted, as of when it was indexed';
COMMENT ON COLUMN pm_catalog.search_documents.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.search_documents.brand_id IS 'its brand';
COMMENT ON COLUMN pm_catalog.search_documents.category_id IS 'its main category';
COMMENT ON COLUMN pm_catalog.search_documents.supplier_id IS 'its supplier';
COMMENT ON COLUMN pm_catalog.search_documents.is_live IS 'is it active and shown: found unless a filter says otherwise?';
COMMENT ON COLUMN pm_catalog.search_documents.is_active IS 'is it shown?';
COMMENT ON COLUMN pm_catalog.search_documents.is_featured IS 'is it shown before others?';
COMMENT ON COLUMN pm_catalog.search_documents.in_stock IS 'is any piece available at any of our locations?';
COMMENT ON COLUMN pm_catalog.search_documents.status IS 'its status';
COMMENT ON COLUMN pm_catalog.search_documents.created_at IS 'when it was created';
COMMENT ON COLUMN pm_catalog.search_documents.title IS 'its title';
COMMENT ON COLUMN pm_catalog.search_documents.head IS 'names of brand, its aliases too, categories, tags and variants';
COMMENT ON COLUMN pm_catalog.search_documents.currencies IS 'the currencies in which we ask a retail price for one piece, in order';
COMMENT ON COLUMN pm_catalog.search_documents.prices IS 'these prices, each at the place of its currency';
COMMENT ON COLUMN pm_catalog.search_documents.look_again_at IS 'when a price begins or ends and the row is to be made anew; NULL: never';
COMMENT ON COLUMN pm_catalog.search_documents.document IS 'what the index is made of: words, stems, identifiers, what filters ask for';

CREATE TABLE pm_catalog.search_words (
  word text COLLATE "C" PRIMARY KEY,
  documents integer NOT NULL,
  spelling text NOT NULL,
  is_frequent boolean NOT NULL GENERATED ALWAYS AS (documents >= 50) STORED,
  keys integer[] NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX search_words_frequent ON pm_catalog.search_words (word) WHERE is_frequent;
CREATE INDEX search_words_keys ON pm_catalog.search_words USING gin (keys);
COMMENT ON TABLE pm_catalog.search_words IS 'Not dumped: index_products() makes it. The words of all documents: what typed words are corrected to and completed by';
COMMENT ON COLUMN pm_catalog.search_words.word IS 'the word, folded';
COMMENT ON COLUMN pm_catalog.search_words.documents IS 'how many documents have it';
COMMENT ON COLUMN pm_catalog.search_words.spelling IS 'how it is written, in small letters, where it was met first';
COMMENT ON COLUMN pm_catalog.search_words.is_frequent IS 'have 50 documents it? An index of these words answers short beginnings';
COMMENT ON COLUMN pm_catalog.search_words.keys IS 'hashes of the word with letters left out, by which words near to it are found';

CREATE TABLE pm_catalog._search_pending (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  product_ids uuid[] NOT NULL CONSTRAINT note_has_ids CHECK (cardinality(product_ids) BETWEEN 1 AND 1000 AND array_position(product_ids, NULL) IS NULL),
  noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- ids compress badly, which takes longer than to store them
ALTER TABLE pm_catalog._search_pending ALTER product_ids SET STORAGE EXTERNAL;

ALTER TABLE pm_catalog._search_pending ALTER product_ids SET STORAGE EXTERNAL;
COMMENT ON TABLE pm_catalog._search_pending IS 'Not dumped: after a restore all products are indexed. Products that changed and are still to be indexed, by statement';
COMMENT ON SEQUENCE pm_catalog._search_pending_id_seq IS 'Not dumped: ids are for the order of what waits';

CREATE VIEW pm_catalog.search_lag WITH (security_invoker) AS
SELECT coalesce(sum(cardinality(p.product_ids)), 0)::bigint AS products, min(p.noted_at) AS oldest_at,
       coalesce(clock_timestamp() - min(p.noted_at), '0') AS lag
FROM pm_catalog._search_pending AS p;
COMMENT ON VIEW pm_catalog.search_lag IS 'how far search is behind what is committed';
COMMENT ON COLUMN pm_catalog.search_lag.products IS 'products that changed and are still to be indexed; one that changed twice counts twice';
COMMENT ON COLUMN pm_catalog.search_lag.oldest_at IS 'when the change was made that has waited longest; NULL: none waits';
COMMENT ON COLUMN pm_catalog.search_lag.lag IS 'for how long it has waited';

-- What prices are counted by.
CREATE FUNCTION pm_catalog._is_rising(bounds numeric[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN cardinality(bounds) BETWEEN 1 AND 30 AND array_ndims(bounds) = 1 AND array_lower(bounds, 1) = 1
  AND (SELECT bool_and(pm_catalog.is_amount(b.bound) AND b.bound > 0 AND b.bound IS NOT NULL AND b.is_next)
       FROM (SELECT u AS bound, u > coalesce(lag(u) OVER (ORDER BY n), 0) AS is_next FROM unnest(bounds) WITH ORDINALITY AS x (u, n)) AS b);

CREATE TABLE pm_catalog.price_bands (
  currency text COLLATE "C" PRIMARY KEY CONSTRAINT currency_is_of_iso_4217 CHECK (pm_catalog.is_currency(currency)),
  bounds numeric[] NOT NULL CONSTRAINT bounds_are_rising_amounts CHECK (pm_catalog._is_rising(bounds))
);
COMMENT ON TABLE pm_catalog.price_bands IS 'the bands that facets count prices of a currency in; a currency without a row has those of 5, 10, 20, 50, 100, 200, 500, 1000, 2000 and 5000 units';
COMMENT ON COLUMN pm_catalog.price_bands.currency IS 'the currency, ISO 4217';
COMMENT ON COLUMN pm_catalog.price_bands.bounds IS 'where one band ends and the next begins: 1 to 30 amounts above 0, each above the one before';
SELECT pg_extension_config_dump('pm_catalog.price_bands', '');

CREATE FUNCTION pm_catalog._price_bounds(currency text) RETURNS numeric[]
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN coalesce((SELECT b.bounds FROM pm_catalog.price_bands AS b WHERE b.currency = $1), '{5,10,20,50,100,200,500,1000,2000,5000}');

REVOKE ALL ON FUNCTION pm_catalog._typed_gtin(text), pm_catalog._is_rising(numeric[]), pm_catalog._price_bounds(text),
  pm_catalog._words(text), pm_catalog._spellings(text), pm_catalog._word_lexemes(text, text), pm_catalog._spell_keys(text), pm_catalog._spell_distance(text, text),
  pm_catalog._code_key(text), pm_catalog._search_document(text, text, text, text[]), pm_catalog._document_words(tsvector), pm_catalog._document_words(tsvector, text),
  pm_catalog._search_score(text, text, text[]), pm_catalog._highlight(text, text[]) FROM PUBLIC;
