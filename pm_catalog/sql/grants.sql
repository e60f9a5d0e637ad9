-- What the roles of a deployment may do: pm_reader reads, pm_writer changes the data,
-- pm_admin declares families and configuration too, pm_worker does what jobs do.

GRANT USAGE ON SCHEMA pm_catalog TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT SELECT ON pm_catalog.changes, pm_catalog.suppliers, pm_catalog.brands, pm_catalog.categories, pm_catalog.tags, pm_catalog.families,
  pm_catalog.products, pm_catalog.supplier_products, pm_catalog.product_prices, pm_catalog.product_stocks, pm_catalog.product_variants,
  pm_catalog.product_bundles, pm_catalog.product_bundle_items, pm_catalog.product_categories, pm_catalog.product_tags,
  pm_catalog.product_relations, pm_catalog.product_seo, pm_catalog.product_images TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.brands, pm_catalog.categories, pm_catalog.tags,
  pm_catalog.supplier_products, pm_catalog.product_prices, pm_catalog.product_stocks, pm_catalog.product_variants,
  pm_catalog.product_bundles, pm_catalog.product_bundle_items, pm_catalog.product_categories, pm_catalog.product_tags,
  pm_catalog.product_relations, pm_catalog.product_seo, pm_catalog.product_images TO pm_writer, pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.suppliers TO pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.families TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_catalog._change() TO pm_writer, pm_admin, pm_worker;
-- prices, stocks, categories, brands, bundles, popularity
GRANT SELECT ON pm_catalog.brand_aliases, pm_catalog.category_aliases, pm_catalog.price_reductions, pm_catalog.product_availability, pm_catalog.category_counts,
  pm_catalog._category_counts, pm_catalog._category_deltas, pm_catalog.popularity, pm_catalog.popular_products, pm_catalog.featured_products,
  pm_catalog._popularity, pm_catalog._popularity_then TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.current_price(uuid, timestamptz, text, text, integer, uuid, uuid),
  pm_catalog.lowest_price(uuid, text, text, timestamptz, integer, integer, uuid), pm_catalog.price_history(uuid), pm_catalog.category_subtree(uuid),
  pm_catalog.category_ancestors(uuid), pm_catalog.bundle_contents(uuid), pm_catalog.bundle_availability(uuid),
  pm_catalog.related_products(uuid, integer), pm_catalog._is_shown(text, boolean, timestamptz), pm_catalog._is_own(xid), pm_catalog._growth(timestamptz, timestamptz, interval)
  TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.brand_aliases, pm_catalog.category_aliases, pm_catalog._category_counts TO pm_writer, pm_admin, pm_worker;
GRANT INSERT ON pm_catalog._product_events TO pm_writer, pm_admin, pm_worker;
-- who deletes a category deletes what is not folded yet
GRANT INSERT, DELETE ON pm_catalog._category_deltas TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._change_stock(text, uuid, uuid, text, integer, integer, integer), pm_catalog.reserve_stock(uuid, integer, text, uuid),
  pm_catalog.release_stock(uuid, integer, text, uuid), pm_catalog.ship_stock(uuid, integer, text, uuid),
  pm_catalog.receive_stock(uuid, integer, text, uuid), pm_catalog.move_stock(uuid, integer, text, text, uuid),
  pm_catalog._chain(text[]), pm_catalog._check_paths(uuid[]), pm_catalog._check_bundles(uuid[]), pm_catalog._lock_table(regclass, boolean), pm_catalog.ensure_category(text, text[]),
  pm_catalog._follow_paths(text, pm_catalog._category_path[]), pm_catalog._ensure_paths(text, pm_catalog._category_path[]),
  pm_catalog._refuse_brand(text, text), pm_catalog._refuse_nameless(text, text), pm_catalog.ensure_brands(text[]), pm_catalog.ensure_brand(text),
  pm_catalog.merge_brands(uuid, uuid), pm_catalog.record_event(uuid, text, integer) TO pm_writer, pm_admin, pm_worker;
GRANT SELECT, DELETE ON pm_catalog._product_events TO pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog._popularity, pm_catalog._popularity_then TO pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._fold_counts(), pm_catalog._fold_events(integer), pm_catalog._run_counts(pm_jobs.job),
  pm_catalog._run_popularity(pm_jobs.job) TO pm_worker;
GRANT SELECT ON pm_catalog._upkeep TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_catalog.schedule_upkeep(text) TO pm_admin;

-- merge_products(): the jobs of imports, and without a job whoever may write products
GRANT EXECUTE ON FUNCTION pm_catalog._change_of(uuid, integer) TO pm_admin, pm_worker;
GRANT SELECT ON pm_catalog.merges, pm_catalog.merge_outcomes TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.merges, pm_catalog.merge_outcomes TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.last_batch(uuid) TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.merge_products(uuid, integer, regclass, uuid, text, jsonb), pm_catalog.forget_batch(uuid, integer), pm_catalog.forget_job(uuid),
  pm_catalog.ensure_brands(text[]), pm_catalog.ensure_categories(text, text[]), pm_catalog._digest(text, "any"), pm_catalog._merge_area(text), pm_catalog._merge_areas(text[]), pm_catalog._digest_of(uuid, integer), pm_catalog._areas_of(uuid), pm_catalog._kept_digests(uuid, uuid[], uuid, integer),
  pm_catalog._bulk_insert(regclass[], text[]), pm_catalog._merge_columns(regclass), pm_catalog._merge_scan(text, text, bytea), pm_catalog._merge_read(pm_catalog._merge, text, text, text, bytea),
  pm_catalog._merge_specs(jsonb, jsonb), pm_catalog._merge_value(regclass, text, text), pm_catalog._merge_values(pm_catalog._merge),
  pm_catalog._has_priced(), pm_catalog._merge_some(bigint, bigint), pm_catalog._merge_from(pm_catalog._merge, bigint, bigint), pm_catalog._merge_joins(pm_catalog._merge), pm_catalog._merge_find(text, bigint, bigint), pm_catalog._merge_revive(pm_catalog._merge, bigint, bigint), pm_catalog._merge_resolve(pm_catalog._merge, bigint, bigint, boolean), pm_catalog._merge_named(text),
  pm_catalog._merge_groups(pm_catalog._merge, bigint, bigint, boolean), pm_catalog._merge_insert(pm_catalog._merge, bigint, bigint),
  pm_catalog._merge_after(pm_catalog._merge, text), pm_catalog._unfit_product(pm_catalog.products), pm_catalog._merge_update(pm_catalog._merge, bigint, bigint), pm_catalog._merge_offers(pm_catalog._merge, bigint, bigint),
  pm_catalog._merge_prices(pm_catalog._merge, bigint, bigint), pm_catalog._merge_stocks(pm_catalog._merge, bigint, bigint), pm_catalog._tag_slug(text),
  pm_catalog._merge_tags(pm_catalog._merge, bigint, bigint), pm_catalog._merge_images(pm_catalog._merge, bigint, bigint), pm_catalog._deleted_offers(uuid), pm_catalog._offer_digests(uuid, integer), pm_catalog._merge_apply(pm_catalog._merge, bigint, bigint, boolean), pm_catalog._merge_price_now(text, text, text, text, text, timestamptz), pm_catalog._merge_price_of(pm_catalog._merge),
  pm_catalog._broken_check(regclass, name), pm_catalog._with_values(text, text[], text), pm_catalog._all_reasons(text[], text[]), pm_catalog._merge_check(regclass, text, text), pm_catalog._merge_checks(regclass, jsonb, text, text), pm_catalog._merge_overflows(pm_catalog._merge, regclass, text),
  pm_catalog._merge_wide(pm_catalog._merge, bigint, bigint), pm_catalog._merge_own(pm_catalog._merge), pm_catalog._merge_product(pm_catalog._merge), pm_catalog._unfit_attributes(uuid, uuid),
  pm_catalog._is_illegal_move(text, text), pm_catalog._computed_specs(pm_catalog.products), pm_catalog._merge_product_rules(pm_catalog._merge, boolean), pm_catalog._merge_other_rules(pm_catalog._merge, boolean),
  pm_catalog._merge_question(pm_catalog._merge, bigint, bigint), pm_catalog._merge_ask(text, bigint, bigint), pm_catalog._look_up_brands(pm_catalog._merge, text[]), pm_catalog._look_up_categories(pm_catalog._merge, text[]),
  pm_catalog._merge_codes(pm_catalog._merge, boolean), pm_catalog._merge_with_offers(pm_catalog._merge, bigint, bigint, boolean), pm_catalog._merge_claim(pm_catalog._merge, bigint, bigint),
  pm_catalog._merge_find_holders(pm_catalog._merge), pm_catalog._merge_mark(), pm_catalog._taken_code(text, text), pm_catalog._shown(text), pm_catalog._merge_release(pm_catalog._merge, bigint, bigint),
  pm_catalog._merge_stays(pm_catalog._merge, text), pm_catalog._merge_moving(pm_catalog._merge, bigint, bigint, text, text), pm_catalog._merge_refuse_moves(pm_catalog._merge, bigint, bigint), pm_catalog._merge_tables(),
  pm_catalog._foretold_joins(pm_catalog._merge), pm_catalog._is_foretellable(), pm_catalog._try_by_merging(uuid, integer, text[], bytea, uuid, text, jsonb), pm_catalog._forget_foretold(),
  pm_catalog._go_on_foretelling(uuid, integer, integer, jsonb), pm_catalog._foretell_gone(), pm_catalog._remember_foretold(pm_catalog._merge),
  pm_catalog._merge_find_broken(pm_catalog._merge, bigint, bigint), pm_catalog._merge_ask_for_broken(pm_catalog._merge, bigint, bigint), pm_catalog._merge_run(pm_catalog._merge, boolean), pm_catalog._merge_options(jsonb),
  pm_catalog._merge_outcomes(uuid, integer), pm_catalog._merge_results(), pm_catalog._merge_remember(uuid, integer),
  pm_catalog._merge_checked(uuid, integer, uuid, text, text[], jsonb), pm_catalog._merge_once(pm_catalog._merge, text, text, text, bytea, boolean),
  pm_catalog._batch_rows(bytea), pm_catalog._batch_columns(text[]), pm_catalog._merge_batch_once(pm_catalog._merge, text, bytea, boolean), pm_catalog.batch_counts(uuid, integer),
  pm_catalog.merge_batch(uuid, integer, text[], bytea, uuid, text, jsonb, boolean), pm_catalog.try_batch(uuid, integer, text[], bytea, uuid, text, jsonb, integer),
  pm_catalog.supplier_keys(uuid, text), pm_catalog.end_offers(uuid, uuid, uuid[]), pm_catalog.supplier_digests(uuid, text[]) TO pm_writer, pm_admin, pm_worker;
-- search: whoever writes notes what changed, pm_worker indexes it
GRANT SELECT ON pm_catalog.search_documents, pm_catalog.search_words, pm_catalog.search_lag, pm_catalog._search_pending TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT INSERT ON pm_catalog._search_pending TO pm_writer, pm_admin, pm_worker;
GRANT UPDATE, DELETE ON pm_catalog._search_pending TO pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.search_documents, pm_catalog.search_words TO pm_admin, pm_worker;
GRANT SELECT ON pm_catalog.price_bands TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.price_bands TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_catalog._is_rising(numeric[]) TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_catalog._typed_gtin(text), pm_catalog._price_bounds(text), pm_catalog._document_words(tsvector, text), pm_catalog._words(text), pm_catalog._word_lexemes(text, text), pm_catalog._spell_keys(text), pm_catalog._spell_distance(text, text),
  pm_catalog._code_key(text), pm_catalog._search_score(text, text, text[]), pm_catalog._highlight(text, text[]), pm_catalog._refuse_filter(text, jsonb, text),
  pm_catalog._filter_ids(text, jsonb), pm_catalog._filter_value(jsonb, text, text, text), pm_catalog._read_filters(jsonb), pm_catalog._near_words(text, integer),
  pm_catalog._is_found(text), pm_catalog._search_query(text, text, boolean), pm_catalog._search_candidates(text[], text, text, bigint, text, text),
  pm_catalog._matched_identifier(uuid, text, text[]), pm_catalog._identified(text, text, text[], text, text), pm_catalog._count_facets(text, text[], text), pm_catalog._facet_tiers(text, bigint, text, text),
  pm_catalog._search_token(real, uuid, integer), pm_catalog._read_search_token(text, integer), pm_catalog._wait_for_search(interval),
  pm_catalog.search_products(text, jsonb, integer, text), pm_catalog.search_facets(text, jsonb), pm_catalog.suggest(text, integer),
  pm_catalog._time_of(bigint), pm_catalog.list_products(jsonb, text, text, integer) TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._note_products(uuid[]), pm_catalog._forget_noted() TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._search_document(text, text, text, text[]), pm_catalog._document_words(tsvector), pm_catalog._search_source(uuid[]),
  pm_catalog._count_words(text[], text[], text[]), pm_catalog._index_all(), pm_catalog.index_products(integer), pm_catalog._run_indexing(pm_jobs.job) TO pm_admin, pm_worker;

-- families
GRANT SELECT ON pm_catalog.locales, pm_catalog.channels, pm_catalog.family_attributes, pm_catalog.family_options, pm_catalog.family_rules,
  pm_catalog.product_attributes, pm_catalog._unique_values, pm_catalog.product_numbers, pm_catalog.product_values, pm_catalog.product_completeness,
  pm_catalog._held_values, pm_catalog.verres, pm_catalog.fournisseurs, pm_catalog.materiaux, pm_catalog.gammes, pm_catalog.series
  TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.locales, pm_catalog.channels, pm_catalog.family_attributes, pm_catalog.family_rules TO pm_admin;
GRANT INSERT, UPDATE, DELETE ON pm_catalog.family_options, pm_catalog.product_attributes, pm_catalog.verres, pm_catalog.fournisseurs,
  pm_catalog.materiaux, pm_catalog.gammes, pm_catalog.series TO pm_writer, pm_admin, pm_worker;
GRANT INSERT, DELETE ON pm_catalog._unique_values TO pm_writer, pm_admin, pm_worker;
GRANT INSERT ON pm_catalog.product_numbers TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.check_specs(uuid, jsonb), pm_catalog._scopes(), pm_catalog.completeness(uuid) TO pm_reader, pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._check_attributes(uuid, jsonb, boolean, boolean), pm_catalog._note_unique(uuid[]), pm_catalog._declaration_faults(uuid),
  pm_catalog._product_faults(uuid), pm_catalog._check_family(uuid), pm_catalog._verre(), pm_catalog._refuse_key(text, integer, integer),
  pm_catalog._option_code(uuid, text, integer) TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.create_family_verre() TO pm_admin;

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
  pm_catalog.delete_product(uuid, text), pm_catalog.restore_product(uuid, text) TO pm_writer, pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._change(), pm_catalog._change_of(uuid, integer) TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog._edited_since(pm_catalog.products, bigint[]), pm_catalog._undo_prices(uuid, timestamptz[]),
  pm_catalog._undo_product(uuid, uuid, bigint[], timestamptz[]), pm_catalog.undo_job(uuid, uuid, integer) TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.forget_versions(interval) TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_catalog.supplier_changed(pm_jobs.job) TO pm_admin, pm_worker;
GRANT EXECUTE ON FUNCTION pm_catalog.receive_suppliers(text), pm_catalog.publish_images() TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_catalog._image_events(text) TO pm_writer, pm_admin, pm_worker;
