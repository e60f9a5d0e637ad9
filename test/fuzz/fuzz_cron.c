/*
 * fuzz_cron.c - any bytes as a cron line
 *
 * What is refused leaves no masks and says where; what is accepted has a next
 * minute, later than the one before, on a day that its masks name.
 */
#include <stdlib.h>
#include <string.h>

#include "pm_cron.h"

#define MUST_HOLD(condition) \
	do                       \
	{                        \
		if (!(condition))    \
			abort();         \
	} while (0)

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Minutes since an arbitrary time, in an order that agrees with the calendar's. */
static int64_t
order_of(const PmCronTime *time)
{
	return (((int64_t) time->year * 12 + time->month) * 31 + time->day) * 1440 +
	       time->hour * 60 + time->minute;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const PmCron empty;
	PmCron cron;
	PmCronError error;
	size_t used;
	PmCronTime time = {1999, 12, 31, 23, 58};

	if (pm_cron_parse((const char *) data, size, &cron, &used, &error) != PM_CRON_OK)
	{
		MUST_HOLD(memcmp(&cron, &empty, sizeof(cron)) == 0 && used == 0);
		MUST_HOLD(error.position <= size && error.field <= PM_CRON_FIELDS);
		return 0;
	}
	MUST_HOLD(used <= size);
	for (int i = 0; i < 5; i++)
	{
		int64_t before = order_of(&time);

		MUST_HOLD(pm_cron_next(&cron, &time));
		MUST_HOLD(order_of(&time) > before);
		MUST_HOLD(cron.masks[PM_CRON_MINUTE] >> time.minute & 1);
		MUST_HOLD(cron.masks[PM_CRON_HOUR] >> time.hour & 1);
		MUST_HOLD(cron.masks[PM_CRON_MONTH] >> time.month & 1);
		MUST_HOLD(time.day >= 1 && time.day <= pm_cron_month_days(time.year, time.month));
		MUST_HOLD((cron.masks[PM_CRON_DAY] >> time.day & 1) ||
		          (cron.masks[PM_CRON_WEEKDAY] >>
		               pm_cron_weekday(time.year, time.month, time.day) &
		           1));
	}
	return 0;
}
