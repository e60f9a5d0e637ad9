/*
 * pm_date.c - days of the calendar: ISO dates, and days since 2000-01-01
 */
#include "pm_char.h"
#include "pm_date.h"

#define DAYS_400_YEARS 146097
#define DAYS_TO_2000   730425 /* from 0000-03-01, where counting is easy, to 2000-01-01 */

/* Is it a day of the calendar? */
bool
pm_date_exists(PmDate date)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (date.year % 4 == 0 && date.year % 100 != 0) || date.year % 400 == 0;

	return date.year >= 1 && date.year <= 9999 && date.month >= 1 && date.month <= 12 &&
	       date.day >= 1 && date.day <= days[date.month - 1] + (date.month == 2 && leap);
}

/* Reads so many digits; -1 if there are others. */
static int
read_digits(const char *at, int count)
{
	int number = 0;

	for (int i = 0; i < count; i++)
	{
		if (!pm_is_digit(at[i]))
			return -1;
		number = number * 10 + (at[i] - '0');
	}
	return number;
}

/* Reads YYYY-MM-DD and nothing else. */
PmValueFault
pm_date_read(PmText text, PmDate *date)
{
	PmDate read;

	if (text.size != PM_DATE_SIZE || text.data[4] != '-' || text.data[7] != '-')
		return PM_VALUE_NOT_A_DATE;
	read.year = read_digits(text.data, 4);
	read.month = read_digits(text.data + 5, 2);
	read.day = read_digits(text.data + 8, 2);
	if (read.year < 0 || read.month < 0 || read.day < 0)
		return PM_VALUE_NOT_A_DATE;
	if (!pm_date_exists(read))
		return PM_VALUE_NO_SUCH_DAY;
	*date = read;
	return PM_VALUE_GOOD;
}

/* Writes a number with zeros before it. */
static void
write_digits(char *out, int count, int number)
{
	for (int i = count - 1; i >= 0; i--, number /= 10)
		out[i] = (char) ('0' + number % 10);
}

/* Writes YYYY-MM-DD of a day that exists. */
void
pm_date_write(PmDate date, char out[PM_DATE_SIZE])
{
	write_digits(out, 4, date.year);
	out[4] = '-';
	write_digits(out + 5, 2, date.month);
	out[7] = '-';
	write_digits(out + 8, 2, date.day);
}

/* Days since 2000-01-01 of a day that exists.  Years are counted from March, so leap days come last. */
int32_t
pm_date_days(PmDate date)
{
	int year = date.month > 2 ? date.year : date.year - 1;
	int month = date.month > 2 ? date.month - 3 : date.month + 9;

	return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 +
	       date.day - 1 - DAYS_TO_2000;
}

/* The day so many days after 2000-01-01; false if it is not in years 1 to 9999. */
bool
pm_date_of_days(int32_t days, PmDate *date)
{
	int32_t cycle;
	int32_t rest;
	int32_t year;
	int32_t month;

	if (days < -730119 || days > 2921939)
		return false;
	days += DAYS_TO_2000;
	cycle = days / DAYS_400_YEARS;
	rest = days % DAYS_400_YEARS;
	/* the last day of 4, 100 and 400 years belongs to the year before */
	year = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
	rest -= year * 365 + year / 4 - year / 100;
	month = (rest * 5 + 2) / 153;
	date->day = (int) (rest - (month * 153 + 2) / 5 + 1);
	date->month = (int) (month < 10 ? month + 3 : month - 9);
	date->year = (int) (cycle * 400 + year + (month >= 10));
	return true;
}
