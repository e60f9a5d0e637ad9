-- What the roles of a deployment may do: pm_reader reads, pm_writer changes the data,
-- pm_admin declares families and configuration too, pm_worker does what jobs do.

GRANT USAGE ON SCHEMA pm_catalog TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT SELECT ON pm_catalog.changes, pm_catalog.suppliers, pm_catalog.brands, pm_catalog.categories, pm_catalog.tags, pm_catalog.families,
  pm_catalog.products, pm_catalog.supplier_products, pm_catalog.product_prices, pm_catalog.product_stocks, pm_catalog.product_variants,
  pm_catalog.product_bundles, pm_catalog.product_bundle_items, pm_catalog.product_categories, pm_catalog.product_tags,
  pm_catalog.product_relations, pm_catalog.product_seo TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.brands, pm_catalog.categories, pm_catalog.tags,
  pm_catalog.supplier_products, pm_catalog.product_prices, pm_catalog.product_stocks, pm_catalog.product_variants,
  pm_catalog.product_bundles, pm_catalog.product_bundle_items, pm_catalog.product_categories, pm_catalog.product_tags,
  pm_catalog.product_relations, pm_catalog.product_seo TO pm_writer, pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.suppliers TO pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.families TO pm_admin;

-- Versions and events.  Triggers write changes and product_versions with their owner's
-- rights; only pm_admin removes rows of products and forgets versions.
GRANT INSERT, UPDATE ON pm_catalog.products TO pm_writer, pm_admin, pm_worker;
GRANT DELETE ON pm_catalog.products TO pm_admin;
GRANT SELECT ON pm_catalog.product_versions, pm_catalog.product_attribute_versions TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT DELETE ON pm_catalog.product_versions, pm_catalog.product_attribute_versions TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_catalog._product_version(uuid, integer), pm_catalog._forgotten(uuid, integer, timestamptz), pm_catalog.product_as_of(uuid, timestamptz),
  pm_catalog.product_history(uuid), pm_catalog._attributes_now(uuid) TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._product_columns(), pm_catalog._taken(pm_catalog.products, text),
  pm_catalog._change_product(text, pm_catalog.products, text), pm_catalog._lock_product(uuid), pm_catalog.revert(uuid, integer),
  pm_catalog.delete_product(uuid, text), pm_catalog.restore_product(uuid, text), pm_catalog._written_rows(text, regclass),
  pm_catalog._price_at(uuid, text, text, integer, uuid, timestamptz, boolean) TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._change(), pm_catalog._change_of(uuid, integer) TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.forget_versions(interval) TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_catalog.supplier_changed(pm_jobs.job), pm_catalog.receive_suppliers(text) TO pm_admin, pm_worker;
