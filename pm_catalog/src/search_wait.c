/*
 * search_wait.c - which notes a search must not wait for
 *
 * No indexer sees what a transaction has noted before it commits: if a search of the
 * same transaction waited for that, it would for as long as it may.
 */
#include "search_module.h"

#include "access/xact.h"

PG_FUNCTION_INFO_V1(pm_catalog_is_own);

/* _is_own(inserted_by): is it this transaction, or one of its subtransactions? */
Datum
pm_catalog_is_own(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(TransactionIdIsCurrentTransactionId(PG_GETARG_TRANSACTIONID(0)));
}
