/*
 * test_blank.c - blanks at the ends of texts and in runs inside them
 */
#include <stdlib.h>

#include "pm_blank.h"
#include "pm_utf8.h"
#include "tap.h"

/* Is it a blank, by its list? */
static bool
naive_blank(uint32_t cp)
{
	static const uint32_t blanks[] = {
	    9,      10,     11,     12,     13,     32,     0x85,   0xA0,   0x1680,
	    0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
	    0x2009, 0x200A, 0x200B, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF};

	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
	{
		if (blanks[i] == cp)
			return true;
	}
	return false;
}

/* Random texts of blanks and others, trimmed and collapsed by naive code on code points. */
static void
test_blanks(void)
{
	static const uint32_t alphabet[] = {
	    ' ',  ' ',    '\t',   '\n',   'a',    'b',  'c',    '.',     0x7F, 0,
	    0xA0, 0x202F, 0x3000, 0xFEFF, 0x200B, 0xE9, 0x20AC, 0x1F600, 0x85, 0xA1};
	int wrong = 0;

	for (int i = 0; i < 300000; i++)
	{
		uint32_t points[40];
		int count = rand() % 40;
		bool mostly_plain = rand() % 2;
		char text[200];
		char expected[200] = "";
		char got[200];
		size_t size = 0;
		size_t expected_size = 0;
		size_t clean = 0;
		size_t got_size;
		int first = 0;
		int last;
		bool before = false;
		PmText whole = {text, 0};
		PmText trimmed;

		for (int j = 0; j < count; j++)
		{
			points[j] = mostly_plain && rand() % 8 != 0 ? (uint32_t) "abc d"[rand() % 5]
			                                            : alphabet[rand() % 20];
			size += pm_utf8_encode(points[j], text + size);
		}
		whole.size = size;
		/* trim */
		last = count;
		while (first < last && naive_blank(points[first]))
			first++;
		while (last > first && naive_blank(points[last - 1]))
			last--;
		for (int j = first; j < last; j++)
			expected_size += pm_utf8_encode(points[j], expected + expected_size);
		trimmed = pm_blank_trim(whole);
		wrong += trimmed.size != expected_size ||
		         memcmp(trimmed.data, expected, expected_size) != 0;
		/* collapse */
		expected_size = 0;
		for (int j = 0; j < count; j++)
		{
			bool blank = naive_blank(points[j]);

			if (!blank)
				expected_size += pm_utf8_encode(points[j], expected + expected_size);
			else if (!before)
				expected[expected_size++] = ' ';
			before = blank;
		}
		got_size = pm_blank_collapse(whole, got);
		wrong += got_size != expected_size || memcmp(got, expected, got_size) != 0;
		/* what is clean is clean, and all of it if nothing changed */
		clean = pm_blank_clean(whole);
		wrong += clean > size || memcmp(text, expected, clean) != 0;
		wrong +=
		    (clean == size) != (size == expected_size && memcmp(text, expected, size) == 0);
	}
	is_int(wrong, 0, "300 000 random texts, trimmed and collapsed as naive code does");
}

/* What is told at a glance is so: texts of every size with one character at every place. */
static void
test_glances(void)
{
	static const char *const odd[] = {" ",        "\t",       "\n",  "\x7F",
	                                  "\xC3\xA9", "\xC2\xA0", "\xFF"};
	int wrong = 0;
	int clean = 0;

	for (size_t size = 0; size <= 64; size++)
		for (size_t place = 0; place <= size; place++)
			for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
			{
				char bytes[80];
				PmText text = {bytes, size};

				for (size_t j = 0; j < sizeof(bytes); j++)
					bytes[j] = j % 4 == 3 ? ' ' : 'x';
				memcpy(bytes + place, odd[i], strlen(odd[i]));
				if (pm_blank_is_trimmed(text))
					wrong += pm_blank_trim(text).size != size;
				if (pm_blank_is_clean(text))
				{
					wrong += pm_blank_clean(text) != size;
					clean++;
				}
			}
	is_int(wrong, 0, "texts that are told to have nothing to be taken off have nothing");
#ifdef __SSE2__
	ok(clean > 1000, "there are such texts");
#endif
}

int
main(void)
{
	srand(1);
	test_blanks();
	test_glances();
	return tap_done();
}
