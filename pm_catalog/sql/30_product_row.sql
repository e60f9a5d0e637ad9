-- What holds for each row of products, whatever writes it.

CREATE FUNCTION pm_catalog._product_row() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_product_row';

CREATE TRIGGER products_row BEFORE INSERT OR UPDATE OR DELETE ON pm_catalog.products
FOR EACH ROW EXECUTE FUNCTION pm_catalog._product_row();

-- Is it a move of status that this trigger refuses?
CREATE FUNCTION pm_catalog._is_illegal_move("from" text, "to" text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'pm_catalog_is_illegal_move';

REVOKE ALL ON FUNCTION pm_catalog._product_row(), pm_catalog._is_illegal_move(text, text) FROM PUBLIC;
