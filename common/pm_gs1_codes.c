/*
 * pm_gs1_codes.c - the ISO code lists that GS1 values draw on
 *
 * ISO 3166-1 as of 2025: 249 countries and areas; withdrawn numbers are not in it.
 * ISO 4217 as of 2026: currencies in use, funds and metals; 924 (ZWG) and 396
 * (XAD) are in, withdrawn ones such as 191 (HRK) are out.  The lists are small
 * and change about once a year; what is valid must not depend on a table.
 */
#include <string.h>

#include "pm_gs1_private.h"

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ISO 3166-1 numeric, ascending. */
static const uint16_t country_numbers[] = {
    4,   8,   10,  12,  16,  20,  24,  28,  31,  32,  36,  40,  44,  48,  50,  51,  52,
    56,  60,  64,  68,  70,  72,  74,  76,  84,  86,  90,  92,  96,  100, 104, 108, 112,
    116, 120, 124, 132, 136, 140, 144, 148, 152, 156, 158, 162, 166, 170, 174, 175, 178,
    180, 184, 188, 191, 192, 196, 203, 204, 208, 212, 214, 218, 222, 226, 231, 232, 233,
    234, 238, 239, 242, 246, 248, 250, 254, 258, 260, 262, 266, 268, 270, 275, 276, 288,
    292, 296, 300, 304, 308, 312, 316, 320, 324, 328, 332, 334, 336, 340, 344, 348, 352,
    356, 360, 364, 368, 372, 376, 380, 384, 388, 392, 398, 400, 404, 408, 410, 414, 417,
    418, 422, 426, 428, 430, 434, 438, 440, 442, 446, 450, 454, 458, 462, 466, 470, 474,
    478, 480, 484, 492, 496, 498, 499, 500, 504, 508, 512, 516, 520, 524, 528, 531, 533,
    534, 535, 540, 548, 554, 558, 562, 566, 570, 574, 578, 580, 581, 583, 584, 585, 586,
    591, 598, 600, 604, 608, 612, 616, 620, 624, 626, 630, 634, 638, 642, 643, 646, 652,
    654, 659, 660, 662, 663, 666, 670, 674, 678, 682, 686, 688, 690, 694, 702, 703, 704,
    705, 706, 710, 716, 724, 728, 729, 732, 740, 744, 748, 752, 756, 760, 762, 764, 768,
    772, 776, 780, 784, 788, 792, 795, 796, 798, 800, 804, 807, 818, 826, 831, 832, 833,
    834, 840, 850, 854, 858, 860, 862, 876, 882, 887, 894,
};

/* ISO 3166-1 alpha-2: for each first letter, the second letters. */
static const char *const country_letters[26] = {
    "DEFGILMOQRSTUWXZ",
    "ABDEFGHIJLMNOQRSTVWYZ",
    "ACDFGHIKLMNORUVWXYZ",
    "EJKMOZ",
    "CEGHRST",
    "IJKMOR",
    "ABDEFGHILMNPQRSTUWY",
    "KMNRTU",
    "DELMNOQRST",
    "EMOP",
    "EGHIMNPRWYZ",
    "ABCIKRSTUVY",
    "ACDEFGHKLMNOPQRSTUVWXYZ",
    "ACEFGILOPRUZ",
    "M",
    "AEFGHKLMNRSTWY",
    "A",
    "EOSUW",
    "ABCDEGHIJKLMNORSTVXYZ",
    "CDFGHJKLMNORTVWZ",
    "AGMSYZ",
    "ACEGINU",
    "FS",
    "",
    "ET",
    "AMW",
};

/* ISO 4217 numeric, ascending. */
static const uint16_t currency_numbers[] = {
    8,   12,  32,  36,  44,  48,  50,  51,  52,  60,  64,  68,  72,  84,  90,  96,  104,
    108, 116, 124, 132, 136, 144, 152, 156, 170, 174, 188, 192, 203, 208, 214, 222, 230,
    232, 238, 242, 262, 270, 292, 320, 324, 328, 332, 340, 344, 348, 352, 356, 360, 364,
    368, 376, 388, 392, 396, 398, 400, 404, 408, 410, 414, 417, 418, 422, 426, 430, 434,
    446, 454, 458, 462, 480, 484, 496, 498, 504, 512, 516, 524, 532, 533, 548, 554, 558,
    566, 578, 586, 590, 598, 600, 604, 608, 634, 643, 646, 654, 682, 690, 702, 704, 706,
    710, 728, 748, 752, 756, 760, 764, 776, 780, 784, 788, 800, 807, 818, 826, 834, 840,
    858, 860, 882, 886, 901, 924, 925, 926, 927, 928, 929, 930, 933, 934, 936, 938, 940,
    941, 943, 944, 946, 947, 948, 949, 950, 951, 952, 953, 955, 956, 957, 958, 959, 960,
    961, 962, 963, 964, 965, 967, 968, 969, 970, 971, 972, 973, 975, 976, 977, 978, 979,
    980, 981, 984, 985, 986, 990, 994, 997, 999,
};

/* Is number among these ascending ones? */
static bool
is_among(const uint16_t *numbers, size_t count, int number)
{
	size_t low = 0;

	while (count > 0)
	{
		size_t half = count / 2;

		if (numbers[low + half] == number)
			return true;
		if (numbers[low + half] < number)
		{
			low += half + 1;
			count -= half + 1;
		}
		else
			count = half;
	}
	return false;
}

/* Is this an ISO 3166-1 numeric code? */
bool
pm_gs1_is_country_number(int number)
{
	return is_among(country_numbers, LENGTH_OF(country_numbers), number);
}

/* Are these two characters an ISO 3166-1 alpha-2 code? */
bool
pm_gs1_is_country_code(const char *two_letters)
{
	unsigned first = (unsigned) (unsigned char) two_letters[0] - 'A';

	return first < 26 && two_letters[1] != '\0' &&
	       strchr(country_letters[first], two_letters[1]) != NULL;
}

/* Is this an ISO 4217 numeric code? */
bool
pm_gs1_is_currency_number(int number)
{
	return is_among(currency_numbers, LENGTH_OF(currency_numbers), number);
}
