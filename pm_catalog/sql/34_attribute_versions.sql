-- What was before in a table of a product's values per locale and channel.  The table has
-- columns product_id, locale, channel and attributes (an object), and the trigger after
-- each statement, with transition tables old_rows and new_rows as there are.

-- The members of an object that another has not or has otherwise; the names of those that
-- only the other one has, NULL if there are none.
CREATE FUNCTION pm_catalog._old_members(was jsonb, "is" jsonb) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_old_members';
CREATE FUNCTION pm_catalog._lacked_members(was jsonb, "is" jsonb) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_lacked_members';

CREATE FUNCTION pm_catalog._note_attributes() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'pm_catalog_note_attributes';

REVOKE ALL ON FUNCTION pm_catalog._old_members(jsonb, jsonb), pm_catalog._lacked_members(jsonb, jsonb), pm_catalog._note_attributes() FROM PUBLIC;
