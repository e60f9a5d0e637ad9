-- Queries that nobody types: bounded time, clear behaviour, never an error.
\set VERBOSITY terse
CREATE SCHEMA test_search_hostile;
SET search_path = test_search_hostile, pm_catalog, pm_gtin;
SET client_min_messages = warning;
TRUNCATE products, brands, suppliers, tags CASCADE;
TRUNCATE search_documents, search_words, _search_pending;
CREATE FUNCTION found(query text) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(title, ' | ' ORDER BY rank DESC, product_id) FROM pm_catalog.search_products(query) $$;
INSERT INTO products (title) VALUES ('Café & thé'), ('日本の緑茶'), ('קפה שחור'), ('قهوة عربية'), ('Кофе молотый'), ('Καφές ελληνικός'), ('한국 커피'), ('กาแฟไทย'), ('☕🍫'), (repeat('é', 500)), ('a | b & !c:* <-> ''d'''), ('=x ~y #z @w 3~cafe');
SELECT index_products();
-- nothing to look for
SELECT query, found(query) FROM unnest(ARRAY['', ' ', E'\t\n', '!!! ???', '☕', E'\u200b', '-']) AS query;
SELECT count(*) FROM search_products(NULL);
-- what tsquery and the lexemes of documents take for operators
SELECT query, found(query) FROM unnest(ARRAY['cafe & the', 'cafe | zzz', '!cafe', 'cafe:*', 'cafe <-> the', '''cafe''', 'cafe\', E'c\\afe', '~caf', '#cafe', '@b', '3~cafe', '=x', 'a b c d']) AS query;
-- other scripts
SELECT query, found(query) FROM unnest(ARRAY['緑茶', '日本', '茶緑', 'קפה', 'قهوه', 'عَرَبِيَّة', 'КОФЕ', 'καφες', 'ελληνικοσ', '커피', 'กาแฟ']) AS query;
-- long ones: the first 1 000 characters and 16 words count
SELECT found(repeat('é', 500)) = repeat('é', 500) AS long_word;
SELECT length(q), count(s.*) FROM unnest(ARRAY[repeat('café ', 200000), repeat('x', 1000000), repeat('& ', 500000), (SELECT string_agg('w' || i, ' ') FROM generate_series(1, 1000) AS i), 'café ' || repeat('zzz ', 1000)]) AS q
  LEFT JOIN LATERAL search_products(q) AS s ON true GROUP BY q ORDER BY 1, 2;
SELECT count(*) > 0 AS control_characters FROM search_products(E'caf\u00e9\x01\x02 \x1f th\u00e9');
SELECT search_facets(repeat('café ', 200000)) -> 'matches' AS matches, (SELECT count(*) FROM suggest(repeat('café ', 200000) || 'th')) AS suggestions;
SELECT count(*) FROM suggest('');
SELECT count(*) FROM suggest(NULL);
SELECT suggestion FROM suggest('日');
SELECT suggestion FROM suggest('КО');
SET client_min_messages = warning;
DROP SCHEMA test_search_hostile CASCADE;
