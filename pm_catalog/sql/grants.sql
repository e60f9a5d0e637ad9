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

-- families
GRANT SELECT ON pm_catalog.locales, pm_catalog.channels, pm_catalog.family_attributes, pm_catalog.family_options, pm_catalog.family_rules,
  pm_catalog.product_attributes, pm_catalog.unique_values, pm_catalog.product_numbers, pm_catalog.product_values, pm_catalog.product_completeness,
  pm_catalog._unique_values, pm_catalog.verres, pm_catalog.fournisseurs, pm_catalog.materiaux, pm_catalog.gammes, pm_catalog.series
  TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.locales, pm_catalog.channels, pm_catalog.family_attributes, pm_catalog.family_rules TO pm_admin;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.family_options, pm_catalog.product_attributes, pm_catalog.verres, pm_catalog.fournisseurs,
  pm_catalog.materiaux, pm_catalog.gammes, pm_catalog.series TO pm_writer, pm_admin, pm_worker;
GRANT INSERT, DELETE ON pm_catalog.unique_values TO pm_writer, pm_admin, pm_worker;
GRANT INSERT ON pm_catalog.product_numbers TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.check_specs(uuid, jsonb), pm_catalog._scopes(), pm_catalog.completeness(uuid) TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._check_attributes(uuid, jsonb, boolean, boolean), pm_catalog._note_unique(uuid[]), pm_catalog._declaration_faults(uuid),
  pm_catalog._product_faults(uuid), pm_catalog._check_family(uuid), pm_catalog._verre(), pm_catalog._refuse_key(text, integer, integer),
  pm_catalog._option_code(uuid, text, integer) TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.create_family_verre() TO pm_admin;
