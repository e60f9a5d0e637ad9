CREATE FUNCTION pm_xref.uuid7() RETURNS uuid
LANGUAGE c VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_xref_uuid7';
COMMENT ON FUNCTION pm_xref.uuid7() IS
'a new UUID of version 7 (RFC 9562): 48 bits of milliseconds, 12 of their part, 62 random ones. Those of one session grow strictly, also when the clock steps back; meant as DEFAULT of a primary key';

-- Everybody may make one: columns have it as their default.
GRANT USAGE ON SCHEMA pm_xref TO PUBLIC;
