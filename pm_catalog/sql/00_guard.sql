\echo Use "CREATE EXTENSION pm_catalog" to load this file. \quit

COMMENT ON SCHEMA pm_catalog IS 'Product catalog: products, families, prices, stocks, history, search, bulk merge';
