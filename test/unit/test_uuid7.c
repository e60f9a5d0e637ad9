/*
 * test_uuid7.c - UUIDs of version 7: form, order, clocks that stand or step back, forks
 */
#include "pm_uuid7.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW UINT64_C(1700000000123456789)

static uint8_t next_byte;
static int fills;
static bool broken;

/* Not random at all: the tests know what comes. */
static bool
fill_counting(void *buffer, size_t size)
{
	if (broken)
		return false;
	fills++;
	memset(buffer, next_byte, size);
	return true;
}

/* The pid itself, so that two processes differ. */
static bool
fill_pid(void *buffer, size_t size)
{
	pid_t pid = getpid();

	memset(buffer, 0, size);
	for (size_t i = 0; i + sizeof(pid) <= size; i += sizeof(pid))
		memcpy((uint8_t *) buffer + i, &pid, sizeof(pid));
	return true;
}

/* The value as hexadecimal digits. */
static const char *
hex(const uint8_t *uuid)
{
	static char text[2 * PM_UUID7_SIZE + 1];

	for (int i = 0; i < PM_UUID7_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", uuid[i]);
	return text;
}

/* The milliseconds at its head. */
static uint64_t
milliseconds(const uint8_t *uuid)
{
	uint64_t time = 0;

	for (int i = 0; i < 6; i++)
		time = time << 8 | uuid[i];
	return time;
}

/* Gives the next value for process 1 and looks at its form; false if that is wrong. */
static bool
well_formed(PmUuid7 *state, uint64_t now, uint8_t *uuid)
{
	return pm_uuid7_next(state, 1, now, fill_counting, uuid) && uuid[6] >> 4 == 7 &&
	       uuid[8] >> 6 == 2;
}

static void
test_form(void)
{
	PmUuid7 state = {0};
	uint8_t uuid[PM_UUID7_SIZE];

	next_byte = 0xFF;
	ok(well_formed(&state, NOW, uuid), "version 7, variant 10");
	/* 1700000000123 ms; 0.456789 of 4096 is 1871 = 0x74f */
	is_str(hex(uuid), "018bcfe5687b774f9fffffffffffffff",
	       "milliseconds, part, random bits");
	next_byte = 0;
	memset(&state, 0, sizeof(state));
	ok(well_formed(&state, NOW, uuid), "random bits that are all zero");
	is_str(hex(uuid), "018bcfe5687b774f8000000000000000", "version and variant stay");
}

/* Many values at times that a function of the step says; do they grow? */
static void
test_order(const char *name, int64_t step_ns, uint8_t byte)
{
	PmUuid7 state = {0};
	uint8_t last[PM_UUID7_SIZE] = {0};
	uint8_t uuid[PM_UUID7_SIZE];
	bool grows = true;
	bool formed = true;
	uint64_t now = NOW;

	next_byte = byte;
	for (int i = 0; i < 1000000; i++, now += step_ns)
	{
		formed = formed && well_formed(&state, now, uuid);
		grows = grows && memcmp(last, uuid, sizeof(uuid)) < 0;
		memcpy(last, uuid, sizeof(uuid));
	}
	ok(formed, name);
	ok(grows, name);
}

static void
test_clock_back(void)
{
	PmUuid7 state = {0};
	uint8_t first[PM_UUID7_SIZE];
	uint8_t uuid[PM_UUID7_SIZE];

	next_byte = 0x55;
	ok(well_formed(&state, NOW, first), "before the clock steps back");
	ok(well_formed(&state, NOW - UINT64_C(3600000000000), uuid), "an hour back");
	is_int(milliseconds(uuid), milliseconds(first), "the time stays");
	ok(memcmp(first, uuid, sizeof(uuid)) < 0, "and the value grows");
	ok(well_formed(&state, NOW + 1000000, uuid), "the clock has caught up");
	is_int(milliseconds(uuid), milliseconds(first) + 1, "the time goes on");
}

/* With the largest steps the 62 bits are used up: the time goes on by a 4096th. */
static void
test_used_up(void)
{
	PmUuid7 state = {0};
	uint8_t first[PM_UUID7_SIZE];
	uint8_t uuid[PM_UUID7_SIZE];

	next_byte = 0xFF;
	ok(well_formed(&state, NOW, first), "the first");
	state.tail = (UINT64_C(1) << 62) - 2;
	ok(well_formed(&state, NOW, uuid), "one more than there is room for");
	is_str(hex(uuid), "018bcfe5687b77509fffffffffffffff", "the next 4096th");
	ok(memcmp(first, uuid, sizeof(uuid)) < 0, "it grows");
}

static void
test_pool(void)
{
	PmUuid7 state = {0};
	uint8_t uuid[PM_UUID7_SIZE];
	uint8_t before[PM_UUID7_SIZE];
	bool wiped = true;

	next_byte = 0xAA;
	fills = 0;
	for (int i = 0; i < PM_UUID7_POOL / 8; i++)
		well_formed(&state, NOW + (uint64_t) i * 1000000, uuid);
	is_int(fills, 1, "one fill serves many values");
	for (int i = 0; i < PM_UUID7_POOL; i++)
		wiped = wiped && state.pool[i] == 0;
	ok(wiped, "what was used is wiped");

	broken = true;
	memcpy(before, uuid, sizeof(uuid));
	ok(!pm_uuid7_next(&state, 1, NOW, fill_counting, uuid), "no random bytes: no value");
	ok(memcmp(before, uuid, sizeof(uuid)) == 0, "and nothing written");
	broken = false;

	ok(well_formed(&state, NOW, uuid), "random bytes again");
	fills = 0;
	ok(pm_uuid7_next(&state, 2, NOW, fill_counting, uuid),
	   "the same state, another process");
	is_int(fills, 1, "takes random bytes of its own");
}

/* A state filled before a fork: parent and child never use the same random bytes. */
static void
test_fork(void)
{
	PmUuid7 state = {0};
	uint8_t ours[PM_UUID7_SIZE];
	uint8_t theirs[PM_UUID7_SIZE];
	int channel[2];
	pid_t child;
	int status;

	pm_uuid7_next(&state, getpid(), NOW, fill_pid, ours);
	if (pipe(channel) != 0 || (child = fork()) < 0)
		abort();
	if (child == 0)
	{
		pm_uuid7_next(&state, getpid(), NOW + 1000000, fill_pid, theirs);
		_exit(write(channel[1], theirs, sizeof(theirs)) == sizeof(theirs) ? 0 : 1);
	}
	pm_uuid7_next(&state, getpid(), NOW + 1000000, fill_pid, ours);
	ok(waitpid(child, &status, 0) == child && status == 0 &&
	       read(channel[0], theirs, sizeof(theirs)) == sizeof(theirs),
	   "a forked process gives a value");
	ok(memcmp(ours, theirs, 8) == 0, "of the same time");
	ok(memcmp(ours, theirs, sizeof(ours)) != 0, "but not the same");
}

int
main(void)
{
	test_form();
	test_order("a million at one moment", 0, 0x7F);
	test_order("a million at one moment, smallest steps", 0, 0);
	test_order("a million at one moment, largest steps", 0, 0xFF);
	test_order("a million, 100 ns apart", 100, 0x10);
	test_order("a million while the clock runs back", -1000, 0x99);
	test_order("a million, a millisecond apart", 1000000, 0x99);
	test_clock_back();
	test_used_up();
	test_pool();
	test_fork();
	return tap_done();
}
