\echo Use "CREATE EXTENSION pm_suppliers" to load this file. \quit

COMMENT ON SCHEMA pm_suppliers IS 'Suppliers: their data, their rules for product codes, and what was decided about each code';
