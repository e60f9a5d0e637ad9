/*
 * trial.c - steps that may fail, and have a time
 *
 * A step runs in a subtransaction.  Its error is text for the caller, but for a cancel,
 * which goes on as it is, unless it was the end of the step's time that cancelled it.
 */
#include "pm_core_module.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timeout.h"

static TimeoutId end_of_time = MAX_TIMEOUTS; /* not registered yet */
static volatile sig_atomic_t time_is_over = false;

/* Handles the end of the time: cancels what runs, as StatementCancelHandler() does. */
static void
cancel_step(void)
{
	time_is_over = true;
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}

/* From now on nothing is cancelled; a cancel that came too late is forgotten. */
static void
stop_clock(void)
{
	disable_timeout(end_of_time, false);
	if (time_is_over)
		QueryCancelPending = false;
	time_is_over = false;
}

static void
start_clock(int time)
{
	if (end_of_time == MAX_TIMEOUTS)
		end_of_time = RegisterTimeout(USER_TIMEOUT, cancel_step);
	enable_timeout_after(end_of_time, time);
}

/*
 * Takes a step; returns the message of its error, NULL: there was none.  time: how many
 * milliseconds it may take, 0: any.  What it allocates is the caller's memory.  Throws if
 * it was cancelled by somebody else.
 */
const char *
pm_core_try(PmCoreStep step, void *arg, int time)
{
	MemoryContext memory = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;
	bool late;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(memory);
	PG_TRY();
	{
		if (time > 0)
			start_clock(time);
		step(arg);
		if (time > 0)
			stop_clock();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		if (time > 0)
			disable_timeout(end_of_time, false);
		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(memory);
	CurrentResourceOwner = owner;
	if (error == NULL)
		return NULL;
	/* a cancel has been taken in, so that there is none left to forget */
	late = error->sqlerrcode == ERRCODE_QUERY_CANCELED && time_is_over;
	if (late)
		time_is_over = false;
	if (time > 0)
		stop_clock();
	if (late)
		return psprintf("no answer within %d ms", time);
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	return error->message;
}
