/*
 * pm_gs1_rules.c - character sets and content rules of GS1 values
 *
 * Each rule sees one component whose characters and length have been checked
 * against its format before, so a rule on an N component sees digits only.
 * Names of the rules are GS1's (Barcode Syntax Dictionary); what they demand is
 * in the GS1 General Specifications, section 3 and 7.
 *
 * Two lists are looser than GS1's: package types (7041) are checked for shape
 * only, because their code list (UN/ECE Recommendation 21 and GS1's additions)
 * is not compiled in, and company prefixes for being digits, because nobody
 * publishes which are assigned.
 */
#include <string.h>

#include "pm_gs1_private.h"

#define COMPANY_PREFIX_MIN 4  /* digits of the shortest GS1 company prefix */
#define IBAN_MIN           11 /* shorter than any national IBAN (Norway: 15) */
#define IBAN_MAX           34
#define N                  PM_GS1_CHARSET_N
#define X                  PM_GS1_CHARSET_X
#define Y                  PM_GS1_CHARSET_Y
#define Z                  PM_GS1_CHARSET_Z

/* The character sets that each byte belongs to. */
static const uint8_t charsets[256] = {
    ['!'] = X,
    ['"'] = X,
    ['#'] = Y,
    ['%'] = X,
    ['&'] = X,
    ['\''] = X,
    ['('] = X,
    [')'] = X,
    ['*'] = X,
    ['+'] = X,
    [','] = X,
    ['-'] = X | Y | Z,
    ['.'] = X,
    ['/'] = X | Y,
    ['0' ... '9'] = N | X | Y | Z,
    [':'] = X,
    [';'] = X,
    ['<'] = X,
    ['='] = X,
    ['>'] = X,
    ['?'] = X,
    ['A' ... 'Z'] = X | Y | Z,
    ['_'] = X | Z,
    ['a' ... 'z'] = X | Z,
};

#undef N
#undef X
#undef Y
#undef Z

/* For each rule, what breaking it means and what the value is then not. */
static const struct
{
	PmGs1Status status;
	const char *text;
} rule_facts[] = {
    [PM_GS1_RULE_NONE] = {PM_GS1_OK,              ""                                                        },
    [PM_GS1_RULE_COUPONCODE] = {PM_GS1_BAD_VALUE,       "a North American coupon code"                            },
    [PM_GS1_RULE_COUPONPOSOFFER] = {PM_GS1_BAD_VALUE,       "a positive offer file coupon code"                       },
    [PM_GS1_RULE_CSUM] = {PM_GS1_BAD_CHECK_DIGIT, "the check digit of the other digits"                     },
    [PM_GS1_RULE_CSUMALPHA] = {PM_GS1_BAD_CHECK_DIGIT,
                          "the check character pair of the other characters"                                },
    [PM_GS1_RULE_GCPPOS1] = {PM_GS1_BAD_VALUE,
                          "a value that begins with a GS1 company prefix"                                   },
    [PM_GS1_RULE_GCPPOS2] = {PM_GS1_BAD_VALUE,
                          "a value with a GS1 company prefix after its first character"                     },
    [PM_GS1_RULE_HASNONDIGIT] = {PM_GS1_BAD_VALUE,
                          "a value with a character other than a digit"                                     },
    [PM_GS1_RULE_HH] = {PM_GS1_BAD_VALUE,       "an hour from 00 to 23"                                   },
    [PM_GS1_RULE_HHMI] = {PM_GS1_BAD_VALUE,       "a time HHMM"                                             },
    [PM_GS1_RULE_HYPHEN] = {PM_GS1_BAD_VALUE,       "a hyphen"                                                },
    [PM_GS1_RULE_IBAN] = {PM_GS1_BAD_VALUE,       "an IBAN"                                                 },
    [PM_GS1_RULE_IMPORTERIDX] = {PM_GS1_BAD_VALUE,       "an importer index"                                       },
    [PM_GS1_RULE_ISO3166] = {PM_GS1_BAD_VALUE,       "an ISO 3166-1 numeric country code"                      },
    [PM_GS1_RULE_ISO3166999] = {PM_GS1_BAD_VALUE,
                          "an ISO 3166-1 numeric country code or 999"                                       },
    [PM_GS1_RULE_ISO3166ALPHA2] = {PM_GS1_BAD_VALUE,       "an ISO 3166-1 alpha-2 country code"                      },
    [PM_GS1_RULE_ISO4217] = {PM_GS1_BAD_VALUE,       "an ISO 4217 numeric currency code"                       },
    [PM_GS1_RULE_ISO5218] = {PM_GS1_BAD_VALUE,       "an ISO 5218 code of sex (0, 1, 2 or 9)"                  },
    [PM_GS1_RULE_LATITUDE] = {PM_GS1_BAD_VALUE,       "a latitude from 0000000000 to 1800000000"                },
    [PM_GS1_RULE_LONGITUDE] = {PM_GS1_BAD_VALUE,
                          "a longitude from 0000000000 to 3600000000"                                       },
    [PM_GS1_RULE_MEDIATYPE] = {PM_GS1_BAD_VALUE,
                          "an AIDC media type (01 to 10 or 80 to 99)"                                       },
    [PM_GS1_RULE_MI] = {PM_GS1_BAD_VALUE,       "a minute from 00 to 59"                                  },
    [PM_GS1_RULE_NONZERO] = {PM_GS1_BAD_VALUE,       "a number above zero"                                     },
    [PM_GS1_RULE_NOZEROPREFIX] = {PM_GS1_BAD_VALUE,       "a number without leading zeros"                          },
    [PM_GS1_RULE_PACKAGETYPE] =
        {PM_GS1_BAD_VALUE,       "a package type code of 1 to 3 capital letters and digits"},
    [PM_GS1_RULE_PCENC] = {PM_GS1_BAD_VALUE,
                          "a text in which every % is followed by two hexadecimal digits"                   },
    [PM_GS1_RULE_PIECEOFTOTAL] = {PM_GS1_BAD_VALUE,
                          "a piece number from 1 up to the number of pieces"                                },
    [PM_GS1_RULE_POSINSEQSLASH] = {PM_GS1_BAD_VALUE,
                          "a position and a total such as 1/2, neither of them 0"                           },
    [PM_GS1_RULE_SS] = {PM_GS1_BAD_VALUE,       "a second from 00 to 59"                                  },
    [PM_GS1_RULE_WINDING] = {PM_GS1_BAD_VALUE,       "a winding direction (0, 1 or 9)"                         },
    [PM_GS1_RULE_YESNO] = {PM_GS1_BAD_VALUE,       "a flag (0 or 1)"                                         },
    [PM_GS1_RULE_YYMMD0] = {PM_GS1_BAD_VALUE,       "a date YYMMDD (the day may be 00)"                       },
    [PM_GS1_RULE_YYMMDD] = {PM_GS1_BAD_VALUE,       "a date YYMMDD"                                           },
    [PM_GS1_RULE_YYYYMMDD] = {PM_GS1_BAD_VALUE,       "a date YYYYMMDD"                                         },
    [PM_GS1_RULE_ZERO] = {PM_GS1_BAD_VALUE,       "zero"                                                    },
};

/* What a value that breaks the rule is not, as a noun phrase. */
const char *
pm_gs1_rule_text(PmGs1Rule rule)
{
	return rule_facts[rule].text;
}

/* What every character of this set is, as a noun phrase. */
const char *
pm_gs1_charset_text(PmGs1Charset charset)
{
	switch (charset)
	{
		case PM_GS1_CHARSET_N:
			return "a digit";
		case PM_GS1_CHARSET_X:
			return "one of GS1's 82 characters";
		case PM_GS1_CHARSET_Y:
			return "one of GS1's 39 characters";
		case PM_GS1_CHARSET_Z:
			break;
	}
	return "a base64url character";
}

/*
 * Have all characters the set's?  If not, *bad is the offset of the first that
 * has not.  base64url may end with one or two "=": RFC 4648 pads to a multiple
 * of four, GS1's own checker to one of three, and either is taken.
 */
bool
pm_gs1_in_charset(PmGs1Charset charset, const char *str, size_t len, size_t *bad)
{
	size_t end = len;

	if (charset == PM_GS1_CHARSET_Z && (len % 4 == 0 || len % 3 == 0))
		while (end > 1 && len - end < 2 && str[end - 1] == '=')
			end--;
	for (size_t i = 0; i < end; i++)
		if (!(charsets[(unsigned char) str[i]] & charset))
		{
			*bad = i;
			return false;
		}
	return true;
}

/* The number that at most ten digits spell. */
static int64_t
number_of(const char *digits, size_t len)
{
	int64_t number = 0;

	for (size_t i = 0; i < len; i++)
		number = number * 10 + (digits[i] - '0');
	return number;
}

/* Does the last of at least one digits complete the weights 3, 1, 3 ... to tens? */
bool
pm_gs1_check_digit_holds(const char *digits, size_t len)
{
	unsigned odd = 0;  /* sums of the digits at odd and even places from the right, */
	unsigned even = 0; /* the check digit being at place 0 */

	for (size_t i = len; i > 0; i -= 2)
	{
		even += (unsigned) (digits[i - 1] - '0');
		if (i == 1)
			break;
		odd += (unsigned) (digits[i - 2] - '0');
	}
	return (even + 3 * odd) % 10 == 0;
}

/*
 * Do the last two characters check the ones before (General Specifications
 * 7.9.5)?  Each character's place among the 82 is multiplied by a prime, 2 for
 * the last one; the sum modulo 1021 is written as two characters of 32.
 */
static bool
check_pair_holds(const char *str, size_t len)
{
	static const uint8_t primes[] = {2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37,
	                                 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83};
	static const char pair_characters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
	static const char set82[] = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	                            "abcdefghijklmnopqrstuvwxyz";
	unsigned sum = 0;

	if (len < 2 || len - 2 > sizeof(primes))
		return false;
	for (size_t i = 0; i < len - 2; i++)
	{
		const char *place = memchr(set82, str[i], sizeof(set82) - 1);

		if (place == NULL)
			return false;
		sum += (unsigned) (place - set82) * primes[len - 3 - i];
	}
	sum %= 1021;
	return str[len - 2] == pair_characters[sum / 32] &&
	       str[len - 1] == pair_characters[sum % 32];
}

/* Is this a day of the month?  29 February needs the year; day 0 is allowed or not. */
static bool
is_day(int64_t year, int64_t month, int64_t day, bool day_may_be_zero)
{
	static const uint8_t days[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month < 1 || month > 12 || day > days[month - 1])
		return false;
	if (month == 2 && day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return false;
	return day > 0 || day_may_be_zero;
}

/*
 * Are these six digits a date?  The century of YY slides with the current year
 * (General Specifications 7.12); the only year for which that could matter is
 * 00, which is taken for 2000 and has a 29 February.
 */
bool
pm_gs1_is_date(const char *yymmdd, bool day_may_be_zero)
{
	return is_day(2000 + number_of(yymmdd, 2), number_of(yymmdd + 2, 2),
	              number_of(yymmdd + 4, 2), day_may_be_zero);
}

/* Is every % followed by two hexadecimal digits? */
static bool
is_percent_encoded(const char *str, size_t len)
{
	for (size_t i = 0; i < len; i++)
	{
		if (str[i] != '%')
			continue;
		if (len - i < 3)
			return false;
		for (int j = 0; j < 2; j++)
		{
			char c = str[++i];

			if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') ||
			      (c >= 'a' && c <= 'f')))
				return false;
		}
	}
	return true;
}

/* An IBAN (ISO 13616): country, and the whole modulo 97 after moving its head to its end. */
static PmGs1Status
check_iban(const char *str, size_t len)
{
	unsigned rest = 0;

	if (len < IBAN_MIN || len > IBAN_MAX || !pm_gs1_is_country_code(str))
		return PM_GS1_BAD_VALUE;
	for (size_t i = 0; i < len; i++)
	{
		char c = str[(i + 4) % len];

		if (c >= '0' && c <= '9')
			rest = (rest * 10 + (unsigned) (c - '0')) % 97;
		else if (c >= 'A' && c <= 'Z')
			rest = (rest * 100 + 10 + (unsigned) (c - 'A')) % 97;
		else
			return PM_GS1_BAD_VALUE;
	}
	return rest == 1 ? PM_GS1_OK : PM_GS1_BAD_CHECK_DIGIT;
}

/* One to three capital letters and digits. */
static bool
is_package_type(const char *str, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((str[i] >= '0' && str[i] <= '9') || (str[i] >= 'A' && str[i] <= 'Z')))
			return false;
	return len >= 1 && len <= 3;
}

/* Does a company prefix begin here? */
static bool
begins_with_company_prefix(const char *str, size_t len)
{
	size_t bad;

	return len >= COMPANY_PREFIX_MIN &&
	       pm_gs1_in_charset(PM_GS1_CHARSET_N, str, COMPANY_PREFIX_MIN, &bad);
}

/* Is c among these characters? */
static bool
is_one_of(char c, const char *characters)
{
	return c != '\0' && strchr(characters, c) != NULL;
}

/* Does a component of at least one character obey the rule? */
static bool
obeys(PmGs1Rule rule, const char *str, size_t len)
{
	size_t bad;

	switch (rule)
	{
		case PM_GS1_RULE_COUPONCODE:
			return pm_gs1_is_coupon(str, len);
		case PM_GS1_RULE_COUPONPOSOFFER:
			return pm_gs1_is_positive_offer(str, len);
		case PM_GS1_RULE_CSUM:
			return pm_gs1_check_digit_holds(str, len);
		case PM_GS1_RULE_CSUMALPHA:
			return check_pair_holds(str, len);
		case PM_GS1_RULE_GCPPOS1:
			return begins_with_company_prefix(str, len);
		case PM_GS1_RULE_GCPPOS2:
			return begins_with_company_prefix(str + 1, len - 1);
		case PM_GS1_RULE_HASNONDIGIT:
			return !pm_gs1_in_charset(PM_GS1_CHARSET_N, str, len, &bad);
		case PM_GS1_RULE_HH:
			return number_of(str, 2) <= 23;
		case PM_GS1_RULE_HHMI:
			return number_of(str, 2) <= 23 && number_of(str + 2, 2) <= 59;
		case PM_GS1_RULE_HYPHEN:
			return str[0] == '-';
		case PM_GS1_RULE_IMPORTERIDX:
			return pm_gs1_in_charset(PM_GS1_CHARSET_Z, str, len, &bad);
		case PM_GS1_RULE_ISO3166:
			return pm_gs1_is_country_number((int) number_of(str, 3));
		case PM_GS1_RULE_ISO3166999:
			return number_of(str, 3) == 999 ||
			       pm_gs1_is_country_number((int) number_of(str, 3));
		case PM_GS1_RULE_ISO3166ALPHA2:
			return pm_gs1_is_country_code(str);
		case PM_GS1_RULE_ISO4217:
			return pm_gs1_is_currency_number((int) number_of(str, 3));
		case PM_GS1_RULE_ISO5218:
			return is_one_of(str[0], "0129");
		case PM_GS1_RULE_LATITUDE:
			return number_of(str, 10) <= INT64_C(1800000000);
		case PM_GS1_RULE_LONGITUDE:
			return number_of(str, 10) <= INT64_C(3600000000);
		case PM_GS1_RULE_MEDIATYPE:
			return number_of(str, 2) >= 80 ||
			       (number_of(str, 2) >= 1 && number_of(str, 2) <= 10);
		case PM_GS1_RULE_MI:
		case PM_GS1_RULE_SS:
			return number_of(str, 2) <= 59;
		case PM_GS1_RULE_NONZERO:
			return number_of(str, len) > 0;
		case PM_GS1_RULE_NOZEROPREFIX:
			return str[0] != '0';
		case PM_GS1_RULE_PACKAGETYPE:
			return is_package_type(str, len);
		case PM_GS1_RULE_PCENC:
			return is_percent_encoded(str, len);
		case PM_GS1_RULE_PIECEOFTOTAL:
			return number_of(str, 2) >= 1 && number_of(str, 2) <= number_of(str + 2, 2);
		case PM_GS1_RULE_POSINSEQSLASH:
			return is_one_of(str[0], "123456789") && str[1] == '/' &&
			       is_one_of(str[2], "123456789") && str[0] <= str[2];
		case PM_GS1_RULE_WINDING:
			return is_one_of(str[0], "019");
		case PM_GS1_RULE_YESNO:
			return is_one_of(str[0], "01");
		case PM_GS1_RULE_YYMMD0:
			return pm_gs1_is_date(str, true);
		case PM_GS1_RULE_YYMMDD:
			return pm_gs1_is_date(str, false);
		case PM_GS1_RULE_YYYYMMDD:
			return is_day(number_of(str, 4), number_of(str + 4, 2), number_of(str + 6, 2),
			              false);
		case PM_GS1_RULE_ZERO:
			return str[0] == '0';
		case PM_GS1_RULE_IBAN:
		case PM_GS1_RULE_NONE:
			break;
	}
	return true;
}

/* Judges a component by one of its rules; its characters and length are right already. */
PmGs1Status
pm_gs1_check_rule(PmGs1Rule rule, const char *str, size_t len)
{
	if (rule == PM_GS1_RULE_IBAN)
		return check_iban(str, len);
	return obeys(rule, str, len) ? PM_GS1_OK : rule_facts[rule].status;
}
