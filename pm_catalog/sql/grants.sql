-- What the roles of a deployment may do: pm_reader reads, pm_writer changes the data,
-- pm_admin declares families and configuration too, pm_worker does what jobs do.

GRANT USAGE ON SCHEMA pm_catalog TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT SELECT ON pm_catalog.changes, pm_catalog.suppliers, pm_catalog.brands, pm_catalog.categories, pm_catalog.tags, pm_catalog.families,
  pm_catalog.products, pm_catalog.supplier_products, pm_catalog.product_prices, pm_catalog.product_stocks, pm_catalog.product_variants,
  pm_catalog.product_bundles, pm_catalog.product_bundle_items, pm_catalog.product_categories, pm_catalog.product_tags,
  pm_catalog.product_relations, pm_catalog.product_seo TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.brands, pm_catalog.categories, pm_catalog.tags,
  pm_catalog.products, pm_catalog.supplier_products, pm_catalog.product_prices, pm_catalog.product_stocks, pm_catalog.product_variants,
  pm_catalog.product_bundles, pm_catalog.product_bundle_items, pm_catalog.product_categories, pm_catalog.product_tags,
  pm_catalog.product_relations, pm_catalog.product_seo TO pm_writer, pm_admin, pm_worker;
GRANT INSERT ON pm_catalog.changes TO pm_writer, pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.suppliers TO pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.families TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_catalog._change() TO pm_writer, pm_admin, pm_worker;
