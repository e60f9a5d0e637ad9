-- A statement on another server, as the caller's role there: see src/call.c.  The
-- purpose begins every message.
CREATE FUNCTION pm_xref._call(purpose text, server name, statement text, VARIADIC params text[] DEFAULT '{}') RETURNS SETOF text[]
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_xref__call';

REVOKE ALL ON FUNCTION pm_xref._call(text, name, text, text[]) FROM PUBLIC;
