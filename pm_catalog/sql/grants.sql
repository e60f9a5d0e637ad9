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

-- merge_products(): the jobs of imports, and without a job whoever may write products
GRANT EXECUTE ON FUNCTION pm_catalog._change_of(uuid, integer) TO pm_admin, pm_worker;
GRANT SELECT ON pm_catalog.merges, pm_catalog.merge_outcomes TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.merges, pm_catalog.merge_outcomes TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.last_batch(uuid) TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.merge_products(uuid, integer, regclass, uuid, text, jsonb), pm_catalog.forget_batch(uuid, integer), pm_catalog.forget_job(uuid),
  pm_catalog.ensure_brands(text[]), pm_catalog.ensure_categories(text, text[]), pm_catalog._categories_of(text, text[]), pm_catalog._digest(text, "any"),
  pm_catalog._bulk_insert(regclass[], text[]), pm_catalog._merge_columns(regclass), pm_catalog._merge_read(pm_catalog._merge, regclass, text),
  pm_catalog._merge_specs(jsonb, jsonb), pm_catalog._merge_value(regclass, text, text), pm_catalog._merge_values(pm_catalog._merge),
  pm_catalog._merge_from(pm_catalog._merge, bigint, bigint), pm_catalog._merge_joins(pm_catalog._merge), pm_catalog._merge_resolve(pm_catalog._merge, bigint, bigint),
  pm_catalog._merge_groups(pm_catalog._merge, bigint, bigint), pm_catalog._merge_insert(pm_catalog._merge, bigint, bigint),
  pm_catalog._merge_update(pm_catalog._merge, bigint, bigint), pm_catalog._merge_offers(pm_catalog._merge, bigint, bigint),
  pm_catalog._merge_prices(pm_catalog._merge, bigint, bigint), pm_catalog._merge_stocks(pm_catalog._merge, bigint, bigint), pm_catalog._tag_slug(text),
  pm_catalog._merge_tags(pm_catalog._merge, bigint, bigint), pm_catalog._merge_apply(pm_catalog._merge, bigint, bigint),
  pm_catalog._merge_find_broken(pm_catalog._merge, bigint, bigint), pm_catalog._merge_run(pm_catalog._merge), pm_catalog._merge_options(jsonb),
  pm_catalog._merge_outcomes(uuid, integer), pm_catalog._merge_results(), pm_catalog._merge_remember(uuid, integer) TO pm_writer, pm_admin, pm_worker;
