/*
 * missing.c - products that a supplier offers and its full file has no more
 *
 * The keys of the file are known exactly, those of records that were rejected included;
 * the catalog's are streamed past them.
 */
#include "run.h"

/* Products that the supplier offers and the file has not. */
typedef struct Missing
{
	Run *run;
	int64 offers;
	int64 count;
	StringInfoData products; /* an array */
	StringInfoData key;
} Missing;

/* Looks for an offer of the catalog among the keys of the file. */
static void
look_for_key(void *context, const char *text, int length)
{
	const int id_length = 36;
	Missing *missing = context;
	SeenValue key;

	if (length < id_length)
		return;
	resetStringInfo(&missing->key);
	for (int i = id_length; i + 1 < length; i += 2)
		appendStringInfoChar(&missing->key, pm_imports_hex_digit(text[i]) << 4 |
		                                        pm_imports_hex_digit(text[i + 1]));
	missing->offers++;
	if (!pm_imports_row_key_of_text(missing->run->plan,
	                                (PmText){missing->key.data, missing->key.len}, &key) ||
	    pm_imports_seen_has(missing->run->keys, key))
		return;
	missing->count++;
	appendStringInfoChar(&missing->products, missing->products.len == 0 ? '{' : ',');
	appendBinaryStringInfo(&missing->products, text, id_length);
}

/*
 * Ends the offers that a full file has no more, unless there are too many of them for
 * that to be believed.
 */
void
pm_imports_run_end_missing(Run *run)
{
	Missing missing = {.run = run};

	initStringInfo(&missing.products);
	initStringInfo(&missing.key);
	pm_imports_run_begin();
	pm_imports_catalog_keys(run->catalog, run->supplier, run->plan->key, look_for_key,
	                        &missing);
	if ((double) missing.count > run->plan->missing_ratio * (double) missing.offers)
		(void) pm_imports_run_sql(
		    run,
		    "SELECT pm_imports._log($1::pg_catalog.uuid, 'warning', 'too many "
		    "products are missing: they stay', $2::pg_catalog.jsonb)",
		    psprintf("{\"missing\": %lld, \"offers\": %lld, \"missing_ratio\": %g}",
		             (long long) missing.count, (long long) missing.offers,
		             run->plan->missing_ratio));
	else
	{
		appendStringInfoString(&missing.products, missing.count == 0 ? "{}" : "}");
		if (!run->dry_run)
			missing.count = pm_imports_catalog_end_offers(
			    run->catalog, run->job, run->supplier, missing.products.data);
		(void) pm_imports_run_sql(
		    run,
		    "UPDATE pm_imports.import_jobs AS j "
		    "SET products_missing = $2::bigint WHERE j.id = $1::pg_catalog.uuid",
		    psprintf("%lld", (long long) missing.count));
	}
	pm_imports_run_commit();
}
