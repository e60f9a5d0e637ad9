-- What holds for each row of products, whatever writes it.

CREATE FUNCTION pm_catalog._product_row() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_catalog_product_row';

CREATE TRIGGER products_row BEFORE INSERT OR UPDATE OR DELETE ON pm_catalog.products
FOR EACH ROW EXECUTE FUNCTION pm_catalog._product_row();

REVOKE ALL ON FUNCTION pm_catalog._product_row() FROM PUBLIC;
