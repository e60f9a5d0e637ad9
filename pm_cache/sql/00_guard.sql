\echo Use "CREATE EXTENSION pm_cache" to load this file. \quit

COMMENT ON SCHEMA pm_cache IS 'Cache: values that can be computed again, with a lifetime by kind, invalidated at commit';
