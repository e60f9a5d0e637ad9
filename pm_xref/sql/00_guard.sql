\echo Use "CREATE EXTENSION pm_xref" to load this file. \quit

COMMENT ON SCHEMA pm_xref IS 'References between databases: declared, checked exactly; uuid7()';
