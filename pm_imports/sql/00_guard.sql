\echo Use "CREATE EXTENSION pm_imports" to load this file. \quit

COMMENT ON SCHEMA pm_imports IS 'Imports: how files of suppliers are read, the jobs that read them, and what was wrong with their rows';
