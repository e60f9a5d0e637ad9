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
-- search: whoever writes notes what changed, pm_worker indexes it
GRANT SELECT ON pm_catalog.search_documents, pm_catalog.search_words, pm_catalog.search_lag, pm_catalog._search_pending TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT INSERT ON pm_catalog._search_pending TO pm_writer, pm_admin, pm_worker;
GRANT UPDATE, DELETE ON pm_catalog._search_pending TO pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.search_documents, pm_catalog.search_words TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._words(text), pm_catalog._word_lexemes(text, text), pm_catalog._spell_keys(text), pm_catalog._spell_distance(text, text),
  pm_catalog._code_key(text), pm_catalog._search_score(text, text, text[]), pm_catalog._highlight(text, text[]), pm_catalog._refuse_filter(text, jsonb, text),
  pm_catalog._filter_ids(text, jsonb), pm_catalog._filter_value(jsonb, text, text, text), pm_catalog._read_filters(jsonb), pm_catalog._near_words(text, integer),
  pm_catalog._is_found(text), pm_catalog._search_query(text, text, boolean), pm_catalog._search_candidates(text[], text, text, bigint, text, text),
  pm_catalog._matched_identifier(uuid, text), pm_catalog._identified(text, text, text, text), pm_catalog._count_facets(text, text[], text), pm_catalog._facet_tiers(text, bigint, text, text),
  pm_catalog._search_token(real, uuid), pm_catalog._read_search_token(text), pm_catalog._wait_for_search(interval),
  pm_catalog.search_products(text, jsonb, integer, text), pm_catalog.search_facets(text, jsonb), pm_catalog.suggest(text, integer),
  pm_catalog.list_products(jsonb, text, text, integer) TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._note_products(uuid[]) TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._search_document(text, text, text, text[]), pm_catalog._document_words(tsvector), pm_catalog._search_source(uuid[]),
  pm_catalog._count_words(text[], text[], text[]), pm_catalog._index_all(), pm_catalog.index_products(integer), pm_catalog._run_indexing(pm_jobs.job) TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.schedule_indexing(text) TO pm_admin;
