/*
 * identity.c - who is authenticated in this transaction
 *
 * authenticate() verifies a token and notes its user here until the transaction ends: a
 * pooler gives the session to somebody else then.  Not in a setting, which anyone may SET.
 * A savepoint that is rolled back takes with it what was authenticated after it.
 */
#include "pm_core_module.h"

#include "access/xact.h"
#include "utils/builtins.h"

static bool is_known = false;
static pg_uuid_t identity;
static SubTransactionId since;

/* The user who is authenticated, or NULL. */
const pg_uuid_t *
pm_core_identity(void)
{
	return is_known ? &identity : NULL;
}

/* The transaction has ended, or will be another session's (PREPARE TRANSACTION). */
static void
end_transaction(XactEvent event, void *unused)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
			is_known = false;
			break;
		default:
			break;
	}
}

/* A subtransaction has ended. */
static void
end_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent,
                   void *unused)
{
	if (!is_known || since != mine)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		is_known = false;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		since = parent;
}

void
pm_core_identity_init(void)
{
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
}

PG_FUNCTION_INFO_V1(pm_core_current_user_id);

/* current_user_id(): NULL if nobody is authenticated */
Datum
pm_core_current_user_id(PG_FUNCTION_ARGS)
{
	if (!is_known)
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(&identity);
}

PG_FUNCTION_INFO_V1(pm_core_authenticate);

/*
 * authenticate(token): verifies it and notes its user.  Another user than one who is
 * authenticated already is refused: whoever mixes two in a transaction has lost track.
 */
Datum
pm_core_authenticate(PG_FUNCTION_ARGS)
{
	pg_uuid_t user;

	pm_core_verify_access(fcinfo->flinfo, PG_GETARG_TEXT_PP(0), &user);
	if (is_known && memcmp(&identity, &user, sizeof(user)) != 0)
		ereport(ERROR, errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
		        errmsg("another user is authenticated in this transaction"),
		        errhint("End the transaction first."));
	if (!is_known)
		since = GetCurrentSubTransactionId();
	identity = user;
	is_known = true;
	PG_RETURN_UUID_P(&identity);
}
