-- Events of prices and stock: see src/offer_events.c; those of products are in
-- src/product_history.c.

CREATE FUNCTION pm_catalog._note_prices() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_note_prices';

CREATE TRIGGER prices_inserted AFTER INSERT ON pm_catalog.product_prices
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_prices();
CREATE TRIGGER prices_updated AFTER UPDATE ON pm_catalog.product_prices
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_prices();
CREATE TRIGGER prices_removed AFTER DELETE ON pm_catalog.product_prices
REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_prices();

CREATE FUNCTION pm_catalog._note_stocks() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_note_stocks';

CREATE TRIGGER stocks_inserted AFTER INSERT ON pm_catalog.product_stocks
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_stocks();
CREATE TRIGGER stocks_updated AFTER UPDATE ON pm_catalog.product_stocks
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_stocks();

REVOKE ALL ON FUNCTION pm_catalog._note_prices(), pm_catalog._note_stocks() FROM PUBLIC;
