/*
 * change.c - the row that says who changes what in this transaction
 *
 * The first change of a product in a transaction inserts a row into changes, with the
 * rights of the table's owner: nobody else writes there, so nobody passes for another.
 * The changes after it use its id, which this process keeps until the transaction ends
 * or says something else about itself: another user, reason or import makes another
 * row.  A row of a subtransaction that is undone is gone: so is then what it was made
 * for, and the next change makes another.
 */
#include "pm_catalog_module.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/uuid.h"

static int64 current;                /* the id; 0: none in this transaction */
static SubTransactionId current_sub; /* the subtransaction that made it */

static char *user_id; /* the settings; NULL or empty if nothing was said */
static char *reason;

/* Can the text be cast to uuid: 32 digits, a hyphen after every fourth one or not? */
static bool
is_uuid(const char *text)
{
	int digits = 0;
	bool hyphen = true; /* none may be here */

	for (; *text != '\0'; text++)
	{
		if (*text == '-' ? hyphen : strchr("0123456789abcdefABCDEF", *text) == NULL)
			return false;
		if (*text != '-')
			digits++;
		hyphen = *text == '-' || digits % 4 != 0 || digits == 2 * UUID_LEN;
	}
	return digits == 2 * UUID_LEN;
}

/* A setting that is a UUID or empty: says whether the new value is one. */
static bool
check_user_id(char **value, void **extra, GucSource source)
{
	if (**value != '\0' && !is_uuid(*value))
	{
		GUC_check_errhint("It is the UUID of a user, or empty.");
		return false;
	}
	return true;
}

/*
 * What changes products says something else about itself from now on: the next change
 * makes a row of its own.
 */
static void
assign_who(const char *value, void *extra)
{
	current = 0;
}

/* The transaction has ended: forgets the id. */
static void
forget_at_end(XactEvent event, void *arg)
{
	current = 0;
}

/* A subtransaction has ended: the row belongs to its parent, or is gone. */
static void
forget_at_sub_end(SubXactEvent event, SubTransactionId sub, SubTransactionId parent,
                  void *arg)
{
	if (current == 0 || sub != current_sub)
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		current_sub = parent;
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		current = 0;
}

/*
 * From here to pm_catalog_end_as_owner() the owner of a table acts, by statements of
 * ours.  An error ends it, too: the transaction's abort restores the user.
 */
void
pm_catalog_begin_as_owner(Relation table, PmCatalogCaller *caller)
{
	GetUserIdAndSecContext(&caller->user, &caller->context);
	SetUserIdAndSecContext(table->rd_rel->relowner,
	                       caller->context | SECURITY_LOCAL_USERID_CHANGE);
}

void
pm_catalog_end_as_owner(const PmCatalogCaller *caller)
{
	SetUserIdAndSecContext(caller->user, caller->context);
}

/* Makes a row of changes, of a batch of an import if not NULL, which becomes the current one. */
static void
make_change(const pg_uuid_t *job, const int32 *batch)
{
	static SPIPlanPtr plan = NULL;
	Oid types[] = {NAMEOID, TEXTOID, TEXTOID, UUIDOID, INT4OID};
	Datum values[lengthof(types)] = {0};
	char nulls[] = {' ', 'n', 'n', 'n', 'n'};
	PmCatalogCaller caller;
	Relation changes;
	NameData role;
	bool isnull;

	namestrcpy(&role, GetUserNameFromId(GetUserId(), false));
	values[0] = NameGetDatum(&role);
	if (user_id != NULL && *user_id != '\0')
	{
		values[1] = CStringGetTextDatum(user_id);
		nulls[1] = ' ';
	}
	if (reason != NULL && *reason != '\0')
	{
		values[2] = CStringGetTextDatum(reason);
		nulls[2] = ' ';
	}
	if (job != NULL)
	{
		values[3] = UUIDPGetDatum(job);
		nulls[3] = ' ';
	}
	if (batch != NULL)
	{
		values[4] = Int32GetDatum(*batch);
		nulls[4] = ' ';
	}

	changes =
	    table_open(get_relname_relid("changes", get_namespace_oid("pm_catalog", false)),
	               RowExclusiveLock);
	pm_catalog_begin_as_owner(changes, &caller);
	SPI_connect();
	pm_catalog_run(
	    &plan,
	    "INSERT INTO pm_catalog.changes (changed_at, role, user_id, reason, job, batch) "
	    "VALUES (pg_catalog.now(), $1, $2::pg_catalog.uuid, $3, $4, $5) RETURNING id",
	    lengthof(types), types, values, nulls);
	if (SPI_processed != 1)
		elog(ERROR, "no row of changes was made");
	current = DatumGetInt64(
	    SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	current_sub = GetCurrentSubTransactionId();
	SPI_finish();
	pm_catalog_end_as_owner(&caller);
	table_close(changes, NoLock);
}

/*
 * The id of this transaction's row of changes, which is made if there is none yet.
 * Throws what the INSERT throws; needs no SPI connection, makes its own.
 */
int64
pm_catalog_current_change(void)
{
	if (current == 0)
		make_change(NULL, NULL);
	return current;
}

/* Called once when the module is loaded. */
void
pm_catalog_change_init(void)
{
	DefineCustomStringVariable("pm_catalog.user_id",
	                           "The user for whom products are changed, a UUID.",
	                           "Kept in changes.user_id, as the client says it.", &user_id,
	                           "", PGC_USERSET, 0, check_user_id, assign_who, NULL);
	DefineCustomStringVariable("pm_catalog.reason", "Why products are changed.",
	                           "Kept in changes.reason.", &reason, "", PGC_USERSET, 0, NULL,
	                           assign_who, NULL);
	RegisterXactCallback(forget_at_end, NULL);
	RegisterSubXactCallback(forget_at_sub_end, NULL);
}

PG_FUNCTION_INFO_V1(pm_catalog_change);

/* _change(): see pm_catalog_current_change. */
Datum
pm_catalog_change(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(pm_catalog_current_change());
}

PG_FUNCTION_INFO_V1(pm_catalog_change_of);

/*
 * _change_of(job, batch): what the transaction changes from now on is of the import;
 * job NULL: of none, and the next change makes a row of its own.
 */
Datum
pm_catalog_change_of(PG_FUNCTION_ARGS)
{
	int32 batch = PG_GETARG_INT32(1);

	current = 0;
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	make_change(PG_GETARG_UUID_P(0), PG_ARGISNULL(1) ? NULL : &batch);
	PG_RETURN_INT64(current);
}
