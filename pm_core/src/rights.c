/*
 * rights.c - has_permission(), authorize(), and what a session remembers of rights
 *
 * The rights of a user are read at once, by _rights(user), and kept as a sorted list of
 * "resource:action" until something changes (changed.c); "*" stands for any resource or
 * any action.  At most USERS_MAX users are kept; then all are forgotten.
 */
#include "pm_core_module.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#define USERS_MAX 4096
#define NAME_MAX  100 /* bytes of a resource, of an action */

/* A user's rights. */
typedef struct Rights
{
	pg_uuid_t user; /* key */
	char **list;    /* sorted */
	int n;
} Rights;

static MemoryContext context;
static HTAB *users;
static uint64 generation;

/* Forgets all users. */
static void
forget(void)
{
	HASHCTL info = {.keysize = sizeof(pg_uuid_t), .entrysize = sizeof(Rights)};

	users = NULL;
	if (context == NULL)
		context =
		    AllocSetContextCreate(TopMemoryContext, "pm_core rights", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(context);
	info.hcxt = context;
	users = hash_create("pm_core rights", 64, &info, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Reads the rights of a user, into the current memory context. */
static void
read_rights(FmgrInfo *caller, const pg_uuid_t *user, Rights *rights)
{
	Oid type = UUIDOID;
	Datum argument = UUIDPGetDatum(user);
	bool isnull;
	Datum array = pm_core_call_inner(caller, "_rights", 1, &type, &argument, &isnull);
	Datum *elements;

	rights->user = *user;
	rights->list = NULL;
	rights->n = 0;
	if (isnull)
		return;
	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
	                  &elements, NULL, &rights->n);
	rights->list = palloc(sizeof(char *) * Max(rights->n, 1));
	for (int i = 0; i < rights->n; i++)
		rights->list[i] = TextDatumGetCString(elements[i]);
	qsort(rights->list, rights->n, sizeof(char *), compare);
}

/* Puts a user's rights among those that are kept. */
static Rights *
keep(const Rights *rights)
{
	Rights *kept;
	char **list;
	bool found;

	if (hash_get_num_entries(users) >= USERS_MAX)
		forget();
	list = MemoryContextAlloc(context, sizeof(char *) * Max(rights->n, 1));
	for (int i = 0; i < rights->n; i++)
		list[i] = MemoryContextStrdup(context, rights->list[i]);
	kept = hash_search(users, &rights->user, HASH_ENTER, &found);
	kept->list = list;
	kept->n = rights->n;
	return kept;
}

/* Is resource:action, or with * for one or both of them, among the rights? */
static bool
among(const Rights *rights, const char *resource, Size resource_size, const char *action,
      Size action_size)
{
	char wanted[2 * NAME_MAX + 2];
	char *key = wanted;

	if (resource_size > NAME_MAX || action_size > NAME_MAX)
		return false;
	for (int i = 0; i < 4 && rights->n > 0; i++)
	{
		Size r = i & 1 ? 1 : resource_size;
		Size a = i & 2 ? 1 : action_size;

		memcpy(wanted, i & 1 ? "*" : resource, r);
		wanted[r] = ':';
		memcpy(wanted + r + 1, i & 2 ? "*" : action, a);
		wanted[r + 1 + a] = '\0';
		if (bsearch(&key, rights->list, rights->n, sizeof(char *), compare) != NULL)
			return true;
	}
	return false;
}

/*
 * May the user do that?  Throws nothing but what reading the tables throws.
 */
bool
pm_core_is_allowed(FmgrInfo *caller, const pg_uuid_t *user, const char *resource,
                   Size resource_size, const char *action, Size action_size)
{
	uint64 now = pm_core_generation(CHANGED_RIGHTS);
	Rights *kept;
	Rights fresh;
	bool pushed;

	if (users == NULL || generation != now)
	{
		forget();
		generation = now;
	}
	kept = hash_search(users, user, HASH_FIND, NULL);
	if (kept == NULL)
	{
		pushed = pm_core_push_latest_snapshot();
		read_rights(caller, user, &fresh);
		if (pushed)
			PopActiveSnapshot();
		kept = pushed && pm_core_generation(CHANGED_RIGHTS) == now && generation == now
		           ? keep(&fresh)
		           : &fresh;
	}
	return among(kept, resource, resource_size, action, action_size);
}

/* Does the user, if given, have the permission?  A NULL is no user and no permission. */
static bool
asked(FunctionCallInfo fcinfo)
{
	text *resource;
	text *action;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return false;
	resource = PG_GETARG_TEXT_PP(1);
	action = PG_GETARG_TEXT_PP(2);
	return pm_core_is_allowed(fcinfo->flinfo, PG_GETARG_UUID_P(0), VARDATA_ANY(resource),
	                          VARSIZE_ANY_EXHDR(resource), VARDATA_ANY(action),
	                          VARSIZE_ANY_EXHDR(action));
}

PG_FUNCTION_INFO_V1(pm_core_has_permission);

/* has_permission(user, resource, action); never NULL, so that NOT of it cannot fail open. */
Datum
pm_core_has_permission(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(asked(fcinfo));
}

PG_FUNCTION_INFO_V1(pm_core_authorize);

/* authorize(user, resource, action): error 42501 unless the user has the permission */
Datum
pm_core_authorize(PG_FUNCTION_ARGS)
{
	if (!asked(fcinfo))
	{
		char *resource = PG_ARGISNULL(1) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(1));
		char *action = PG_ARGISNULL(2) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(2));

		ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
		        errmsg("permission \"%.64s:%.64s\" is missing", resource, action),
		        PG_ARGISNULL(0) ? errdetail("Nobody is authenticated in this transaction.")
		                        : errdetail("User %s does not have it.",
		                                    DatumGetCString(DirectFunctionCall1(
		                                        uuid_out, PG_GETARG_DATUM(0)))),
		        errhint("A role that has it, or pm_core.users.permissions, grants it."));
	}
	PG_RETURN_VOID();
}
