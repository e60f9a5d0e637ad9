/*
 * attribute_history.c - trigger after statements on values per locale and channel
 *
 * What changes there is a change of the product: its row is touched, which gives it the
 * next version and locks it, and the version that ended gets the old values.  Nothing is
 * noted for a product that this change itself created.
 *
 * Author is who runs the statement; the rows are written with the rights of the table's
 * owner, by a statement whose search path the function sets.
 */
#include "pm_catalog_module.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#define OLD_ROWS \
	"SELECT o.product_id, o.locale, o.channel, o.attributes AS was, NULL::jsonb AS is FROM old_rows AS o"
#define NEW_ROWS \
	"SELECT n.product_id, n.locale, n.channel, NULL::jsonb AS was, n.attributes AS is FROM new_rows AS n"

/* $1: the current change.  Objects that are the same as stored are the same as text. */
static const char statement[] =
    "WITH side AS (%s), pair AS ("
    " SELECT s.product_id, s.locale, s.channel,"
    "  coalesce((array_agg(s.was) FILTER (WHERE s.was IS NOT NULL))[1], '{}') AS was,"
    "  coalesce((array_agg(s.is) FILTER (WHERE s.is IS NOT NULL))[1], '{}') AS is"
    " FROM side AS s GROUP BY s.product_id, s.locale, s.channel"
    "), changed AS MATERIALIZED ("
    " SELECT * FROM pair AS p WHERE p.was::text <> p.is::text"
    "), held AS MATERIALIZED ("
    " SELECT p.id FROM pm_catalog.products AS p"
    " WHERE p.id IN (SELECT c.product_id FROM changed AS c) AND NOT (p.version = 1 AND p.change_id = $1)"
    " ORDER BY p.id FOR NO KEY UPDATE"
    "), touched AS ("
    " UPDATE pm_catalog.products AS p SET version = p.version + 1 FROM held AS h WHERE p.id = h.id"
    " RETURNING p.id, p.version - 1 AS version"
    ") INSERT INTO pm_catalog.product_attribute_versions (product_id, version, locale, channel, old, lacked) "
    "SELECT c.product_id, t.version, c.locale, c.channel, pm_catalog._old_members(c.was, c.is), pm_catalog._lacked_members(c.was, c.is) "
    "FROM changed AS c JOIN touched AS t ON t.id = c.product_id";

PG_FUNCTION_INFO_V1(pm_catalog_note_attributes);

/* _note_attributes(): see above.  Throws 55000 if the product is deleted. */
Datum
pm_catalog_note_attributes(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Oid types[] = {INT8OID};
	Datum values[1];
	PmCatalogCaller caller;
	char *sql;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(data->tg_event) ||
	    !TRIGGER_FIRED_FOR_STATEMENT(data->tg_event))
		ereport(ERROR,
		        (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		         errmsg("_note_attributes() is a trigger after statements, with transition "
		                "tables")));
	if ((data->tg_oldtable == NULL || tuplestore_tuple_count(data->tg_oldtable) == 0) &&
	    (data->tg_newtable == NULL || tuplestore_tuple_count(data->tg_newtable) == 0))
		return PointerGetDatum(NULL);
	sql = psprintf(statement, TRIGGER_FIRED_BY_INSERT(data->tg_event)   ? NEW_ROWS
	                          : TRIGGER_FIRED_BY_DELETE(data->tg_event) ? OLD_ROWS
	                                                                    : OLD_ROWS
	                              " UNION ALL " NEW_ROWS);
	values[0] = Int64GetDatum(pm_catalog_current_change());

	pm_catalog_begin_as_owner(data->tg_relation, &caller);
	SPI_connect();
	if (SPI_register_trigger_data(data) != SPI_OK_TD_REGISTER ||
	    SPI_execute_with_args(sql, 1, types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not note old attributes: %s",
		     SPI_result_code_string(SPI_result));
	SPI_finish();
	pm_catalog_end_as_owner(&caller);
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(pm_catalog_old_members);

/* _old_members(was, is) */
Datum
pm_catalog_old_members(PG_FUNCTION_ARGS)
{
	JsonbParseState *state = NULL;

	PG_RETURN_JSONB_P(JsonbValueToJsonb(pm_catalog_push_difference(
	    &state, PG_GETARG_JSONB_P(0), PG_GETARG_JSONB_P(1), false)));
}

PG_FUNCTION_INFO_V1(pm_catalog_lacked_members);

/* _lacked_members(was, is) */
Datum
pm_catalog_lacked_members(PG_FUNCTION_ARGS)
{
	JsonbParseState *state = NULL;
	JsonbValue *names = pm_catalog_push_difference(&state, PG_GETARG_JSONB_P(1),
	                                               PG_GETARG_JSONB_P(0), true);

	if (names->val.array.nElems == 0)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(JsonbValueToJsonb(names));
}
