-- Prices in search: of one currency, and the bands that they are counted in.
\set VERBOSITY terse
CREATE SCHEMA test_search_prices;
SET search_path = test_search_prices, pm_catalog, pm_gtin;
SET client_min_messages = warning;
TRUNCATE products, brands, suppliers, tags CASCADE;
TRUNCATE search_documents, search_words, _search_pending;
CREATE FUNCTION found(filters jsonb) RETURNS text LANGUAGE sql AS $$ SELECT string_agg(s.title, ' | ' ORDER BY s.title) FROM pm_catalog.search_products('lampe', filters) AS s $$;
INSERT INTO products (title) VALUES ('Lampe A'), ('Lampe B'), ('Lampe C'), ('Lampe D');
INSERT INTO product_prices (product_id, price, currency, price_type, min_quantity, valid_from)
SELECT p.id, v.price, v.currency, v.price_type, v.min_quantity, '2020-01-01'
FROM (VALUES ('Lampe A', 10, 'EUR', 'retail', 1), ('Lampe A', 1500, 'JPY', 'retail', 1), ('Lampe A', 8, 'EUR', 'retail', 10), ('Lampe B', 20, 'EUR', 'retail', 1), ('Lampe B', 9, 'CHF', 'retail', 1), ('Lampe B', 1, 'EUR', 'wholesale', 1),
             ('Lampe C', 3000, 'JPY', 'retail', 1), ('Lampe C', 19.99, 'CHF', 'retail', 1), ('Lampe C', 0, 'USD', 'retail', 1)) AS v (title, price, currency, price_type, min_quantity)
JOIN products AS p USING (title);
SELECT index_products();
-- a price is of a currency: euros unless said; bounds belong to the range; without a price in it no product is in any
SELECT filters, found(filters) FROM unnest(ARRAY['{"min_price": 10, "max_price": 20}', '{"max_price": 19.99}', '{"min_price": 10.0001}', '{"currency": "JPY", "min_price": 1500}', '{"currency": "JPY", "max_price": 1500}',
  '{"currency": "CHF", "min_price": 9, "max_price": 19.99}', '{"currency": "USD", "min_price": 0}', '{"currency": "GBP", "min_price": 0}', '{"currency": "JPY"}', '{"min_price": 20, "max_price": 10}', '{"max_price": 999999999999.9999}']::jsonb[]) AS filters;
-- facets count in the bands of the currency
CREATE FUNCTION bands(currency text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s-%s %s: %s', b ->> 'from', b ->> 'to', b ->> 'currency', b ->> 'count'), ', ') FROM jsonb_array_elements(search_facets('lampe', jsonb_build_object('currency', currency)) -> 'prices') AS b $$;
SELECT currency, bands(currency) FROM unnest(ARRAY['EUR', 'JPY', 'CHF', 'USD', 'GBP']) AS currency;
INSERT INTO price_bands VALUES ('JPY', '{1000,2000,5000}'), ('CHF', '{9}'), ('USD', '{0.01}');
SELECT currency, bands(currency) FROM unnest(ARRAY['EUR', 'JPY', 'CHF', 'USD']) AS currency;
SELECT facets -> 'prices' AS prices FROM search_products('lampe', '{"facets": true, "currency": "JPY"}', 1);
-- bounds rise, from above 0
INSERT INTO price_bands VALUES ('SEK', '{}');
INSERT INTO price_bands VALUES ('SEK', '{0,10}');
INSERT INTO price_bands VALUES ('SEK', '{10,10}');
INSERT INTO price_bands VALUES ('SEK', '{20,10}');
INSERT INTO price_bands VALUES ('SEK', '{10,NULL}');
INSERT INTO price_bands VALUES ('SEK', '{NULL,10}');
INSERT INTO price_bands VALUES ('SEK', '{NaN}');
INSERT INTO price_bands VALUES ('SEK', '{{10},{20}}');
INSERT INTO price_bands VALUES ('SEK', '[0:1]={10,20}');
INSERT INTO price_bands VALUES ('SEK', NULL);
INSERT INTO price_bands SELECT 'SEK', array_agg(i) FROM generate_series(1, 31) AS i;
INSERT INTO price_bands VALUES ('XAU', '{10}');
DELETE FROM price_bands;
-- amounts that are none
SELECT found('{"min_price": -1}');
SELECT found('{"max_price": 1000000000000}');
SELECT found('{"max_price": 1e400}');
SELECT found('{"min_price": null}');
SELECT found('{"min_price": [1]}');
SELECT found('{"currency": "eur"}');
SELECT found('{"currency": ["EUR"]}');
SET client_min_messages = warning;
DROP SCHEMA test_search_prices CASCADE;
