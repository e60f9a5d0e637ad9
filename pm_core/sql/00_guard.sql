\echo Use "CREATE EXTENSION pm_core" to load this file. \quit

COMMENT ON SCHEMA pm_core IS 'Users and their rights, passwords and tokens, settings, notifications';
