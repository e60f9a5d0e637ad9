-- Triggers that keep what is derived from several rows: see src/statement.c.

CREATE FUNCTION pm_catalog._after_statement() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS 'MODULE_PATHNAME', 'pm_catalog_after_statement';

CREATE FUNCTION pm_catalog._after_change() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS 'MODULE_PATHNAME', 'pm_catalog_after_change';

-- The same after prices, but not where they are the first ones of products that the
-- transaction has made: see src/own.c.  Each product is looked up, and so is each of its
-- prices: the planner, who cannot know how few these are, would read the whole table.
CREATE FUNCTION pm_catalog._after_prices() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off
AS 'MODULE_PATHNAME', 'pm_catalog_after_prices';

-- Was a row written by this transaction?
CREATE FUNCTION pm_catalog._is_own(written_by xid) RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pm_catalog_is_own';

CREATE FUNCTION pm_catalog._lock_writers() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_lock_writers';

-- Lets this transaction write to a table together with others, or alone.
CREATE FUNCTION pm_catalog._lock_table("table" regclass, alone boolean) RETURNS void
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_lock_table';

CREATE FUNCTION pm_catalog._set_updated_at() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_set_updated_at';

-- Before INSERT into a table that only triggers write.
CREATE FUNCTION pm_catalog._kept_by_server() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_kept_by_server';

REVOKE ALL ON FUNCTION pm_catalog._kept_by_server(), pm_catalog._after_statement(), pm_catalog._after_change(), pm_catalog._after_prices(), pm_catalog._is_own(xid), pm_catalog._lock_writers(), pm_catalog._lock_table(regclass, boolean), pm_catalog._set_updated_at() FROM PUBLIC;
