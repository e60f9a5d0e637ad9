/*
 * test_parsers.c - numbers, quantities, currencies and HTML as suppliers write them
 *
 * Random numbers are written in the styles of several countries and read back.
 */
#include <stdlib.h>

#include "pm_currency.h"
#include "pm_decimal.h"
#include "pm_html.h"
#include "pm_number.h"
#include "pm_unit.h"
#include "tap.h"

/* A string that stands in memory. */
static PmText
text_of(const char *string)
{
	PmText text = {string, strlen(string)};

	return text;
}

/* Reads a number in a style: as text, or the fault. */
static const char *
number_of(const char *string, char mark, char thousands, PmPercent percent)
{
	static char shown[512];
	PmNumberStyle style = {mark, thousands, percent};
	size_t size = 0;
	PmValueFault fault = pm_number_read(text_of(string), &style, shown, &size);

	if (fault != PM_VALUE_GOOD)
		return pm_value_fault_code(fault);
	shown[size] = '\0';
	if (pm_number_is_plain(text_of(string), &style) && strcmp(shown, string) != 0)
		return "not plain";
	return shown;
}

static void
test_numbers(void)
{
	static const struct
	{
		const char *text;
		char mark;
		char thousands;
		const char *number;
	} cases[] = {
	    {"12.50",	                  0,   0,    "12.50"           },
	    {"12,50",	                  0,   0,    "12.50"           },
	    {"1.234,56 €",               0,   0,    "1234.56"         },
	    {"1,234.56",                   0,   0,    "1234.56"         },
	    {"$1,234.56",                  0,   0,    "1234.56"         },
	    {"1 234,56",                   0,   0,    "1234.56"         },
	    {"1\xC2\xA0"
	     "234,56\xC2\xA0€", 0,   0,    "1234.56"         },
	    {"1\xE2\x80\xAF"
	     "234\xE2\x80\xAF"
	     "567,8",	         0,   0,    "1234567.8"       },
	    {"1'234.50",                   0,   0,    "1234.50"         },
	    {"CHF 1’234.50",             0,   0,    "1234.50"         },
	    {"12,-",	                   0,   0,    "12"              },
	    {"12.–",	                 0,   0,    "12"              },
	    {"12,-- €",                  0,   0,    "12"              },
	    {"12,-€",	                0,   0,    "12"              },
	    {"12.",	                    0,   0,    "12"              },
	    {"(12.50)",	                0,   0,    "-12.50"          },
	    {"(€ 12.50)",                0,   0,    "-12.50"          },
	    {"(12.50",	                 0,   0,    "not_a_number"    },
	    {"12.50)",	                 0,   0,    "not_a_number"    },
	    {"(-12.50)",                   0,   0,    "not_a_number"    },
	    {"-12,5",	                  0,   0,    "-12.5"           },
	    {"−12,5",	                0,   0,    "-12.5"           },
	    {"- 12,5",	                 0,   0,    "-12.5"           },
	    {"€ -12,5",                  0,   0,    "-12.5"           },
	    {"-€12.50",                  0,   0,    "-12.50"          },
	    {"12,50-",	                 0,   0,    "-12.50"          },
	    {"-12,50-",	                0,   0,    "not_a_number"    },
	    {"--12",	                   0,   0,    "not_a_number"    },
	    {"+3",	                     0,   0,    "3"               },
	    {",50",	                    0,   0,    "0.50"            },
	    {".5",	                     0,   0,    "0.5"             },
	    {"-,5",	                    0,   0,    "-0.5"            },
	    {"007",	                    0,   0,    "7"               },
	    {"000",	                    0,   0,    "0"               },
	    {"-0",	                     0,   0,    "0"               },
	    {"-0,00",	                  0,   0,    "0.00"            },
	    {"00,5",	                   0,   0,    "0.5"             },
	    {"1.234",	                  0,   0,    "ambiguous_number"},
	    {"1,234",	                  0,   0,    "ambiguous_number"},
	    {"12.500",	                 0,   0,    "ambiguous_number"},
	    {"€ 999,999",                0,   0,    "ambiguous_number"},
	    {"1.234",	                  '.', 0,    "1.234"           },
	    {"1.234",	                  ',', 0,    "1234"            },
	    {"1,234",	                  ',', 0,    "1.234"           },
	    {"1,234",	                  '.', 0,    "1234"            },
	    {"1.234",	                  0,   '.',  "1234"            },
	    {"1,234",	                  0,   '.',  "1.234"           },
	    {"1.234",	                  0,   '\'', "1.234"           },
	    {"1.234",	                  0,   'n',  "1.234"           },
	    {"1,234",	                  0,   'n',  "1.234"           },
	    {"1.234,5",	                0,   'n',  "bad_groups"      },
	    {"1 234.5",	                0,   'n',  "bad_groups"      },
	    {"1 234.5",	                0,   '\'', "bad_groups"      },
	    {"0.125",	                  0,   0,    "0.125"           },
	    {"0,500",	                  0,   0,    "0.500"           },
	    {".125",	                   0,   0,    "0.125"           },
	    {"1234.567",                   0,   0,    "1234.567"        },
	    {"1.234.567",                  0,   0,    "1234567"         },
	    {"1,234,567",                  0,   0,    "1234567"         },
	    {"1.234.567,891",              0,   0,    "1234567.891"     },
	    {"1 234",	                  0,   0,    "1234"            },
	    {"1'234",	                  0,   0,    "1234"            },
	    {"12,34,567.50",               0,   0,    "1234567.50"      },
	    {"12,34,567",                  '.', 0,    "1234567"         },
	    {"1,2,3",	                  0,   0,    "bad_groups"      },
	    {"1.23.456,7",                 0,   0,    "bad_groups"      },
	    {"1234,567.8",                 0,   0,    "bad_groups"      },
	    {"0,123,456",                  0,   0,    "bad_groups"      },
	    {"12.50",	                  ',', 0,    "bad_groups"      },
	    {"12,50",	                  '.', 0,    "bad_groups"      },
	    {"1,234.567.890",              0,   0,    "bad_groups"      },
	    {"1.234 567",                  0,   0,    "bad_groups"      },
	    {"1'234,567.8",                0,   0,    "bad_groups"      },
	    {"05.03.2026",                 0,   0,    "bad_groups"      },
	    {"1  234",	                 0,   0,    "not_a_number"    },
	    {"12 - 15",	                0,   0,    "not_a_number"    },
	    {"12/15",	                  0,   0,    "not_a_number"    },
	    {"12 EUR",	                 0,   0,    "12"              },
	    {"12EUR",	                  0,   0,    "12"              },
	    {"EUR12",	                  0,   0,    "12"              },
	    {"12 eur",	                 0,   0,    "12"              },
	    {"12 euros",                   0,   0,    "12"              },
	    {"12,5 zł",                   0,   0,    "12.5"            },
	    {"12,5 Kč",                   0,   0,    "12.5"            },
	    {"kr. 12,5",                   0,   0,    "12.5"            },
	    {"Fr. 12.50",                  0,   0,    "12.50"           },
	    {"US$ 12.50",                  0,   0,    "12.50"           },
	    {"12 € EUR",                 0,   0,    "not_a_number"    },
	    {"12 kg",	                  0,   0,    "not_a_number"    },
	    {"12 pcs",	                 0,   0,    "not_a_number"    },
	    {"1,5E+3",	                 0,   0,    "1500"            },
	    {"5,90131E+12",                0,   0,    "5901310000000"   },
	    {"1.234E+3",                   0,   0,    "1234"            },
	    {"1.5e-3",	                 0,   0,    "0.0015"          },
	    {"0E5",	                    0,   0,    "0"               },
	    {"1e100",	                  0,   0,    "not_a_number"    },
	    {"1e",	                     0,   0,    "not_a_number"    },
	    {"١٢,٥",	                0,   0,    "12.5"            },
	    {"１２.５",                 0,   0,    "12.5"            },
	    {"",	                       0,   0,    "not_a_number"    },
	    {"-",	                      0,   0,    "not_a_number"    },
	    {"€",	                    0,   0,    "not_a_number"    },
	    {",",	                      0,   0,    "not_a_number"    },
	    {"abc",	                    0,   0,    "not_a_number"    },
	    {"12a",	                    0,   0,    "not_a_number"    },
	    {"n/a",	                    0,   0,    "not_a_number"    },
	    {"1\n234",	                 0,   0,    "not_a_number"    },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_str(
		    number_of(cases[i].text, cases[i].mark, cases[i].thousands, PM_PERCENT_REFUSED),
		    cases[i].number, cases[i].text);
	is_str(number_of("20%", 0, 0, PM_PERCENT_REFUSED), "percent",
	       "a percentage is refused");
	is_str(number_of("5,5 %", 0, 0, PM_PERCENT_NUMBER), "5.5", "or is its number");
	is_str(number_of("5,5 %", 0, 0, PM_PERCENT_FRACTION), "0.055", "or a fraction");
	is_str(number_of("5%", 0, 0, PM_PERCENT_FRACTION), "0.05", "of one digit");
	is_str(number_of("-150 %", 0, 0, PM_PERCENT_FRACTION), "-1.50", "of more than one");
	is_str(number_of("0%", 0, 0, PM_PERCENT_FRACTION), "0.00", "of nothing");
	is_str(number_of("%5", 0, 0, PM_PERCENT_NUMBER), "not_a_number", "not before it");
	is_str(number_of("5%%", 0, 0, PM_PERCENT_NUMBER), "not_a_number", "nor twice");
}

/* Numbers as a country writes them. */
typedef struct Country
{
	const char *mark;
	const char *thousands;
	const char *before;
	const char *after;
} Country;

/* Random numbers in the style of countries come back as they were. */
static void
test_random_numbers(void)
{
	static const Country countries[] = {
	    {",", ".",            "",     " €"},
        {".", ",",            "$",    ""    },
	    {",", " ",            "",     ""    },
        {",", "\xE2\x80\xAF", "",     " EUR"},
	    {".", "'",            "CHF ", ""    },
        {".", "’",          "",     ""    },
	    {",", "\xC2\xA0",     "",     " kr" },
        {".", "",             "",     ""    },
	};
	int wrong = 0;
	int ambiguous = 0;

	for (int i = 0; i < 200000 && wrong == 0; i++)
	{
		const Country *country = &countries[rand() % 8];
		long long whole =
		    rand() % 3 == 0 ? rand() % 100 : (long long) rand() * (rand() % 1000);
		int decimals = rand() % 5;
		bool negative = rand() % 4 == 0;
		char digits[32];
		char fraction[8] = "";
		char written[128] = "";
		char expected[64];
		const char *got;
		size_t length;

		snprintf(digits, sizeof(digits), "%lld", whole);
		length = strlen(digits);
		for (int j = 0; j < decimals; j++)
			fraction[j] = (char) ('0' + rand() % 10);
		strcat(strcat(written, negative ? "-" : ""), country->before);
		for (size_t j = 0; j < length; j++)
		{
			char digit[2] = {digits[j], '\0'};

			strcat(written, digit);
			if ((length - j) % 3 == 1 && j + 1 < length)
				strcat(written, country->thousands);
		}
		if (decimals > 0)
			strcat(strcat(written, country->mark), fraction);
		strcat(written, country->after);
		snprintf(expected, sizeof(expected), "%s%s%s%s",
		         negative && (whole != 0 || strspn(fraction, "0") < strlen(fraction)) ? "-"
		                                                                              : "",
		         digits, decimals > 0 ? "." : "", fraction);
		got = number_of(written, *country->mark, 0, PM_PERCENT_REFUSED);
		if (strcmp(got, expected) != 0)
		{
			wrong++;
			printf("# %s: %s, not %s\n", written, got, expected);
		}
		/* without being told the mark, it is the same or not read at all */
		got = number_of(written, 0, 0, PM_PERCENT_REFUSED);
		if (strcmp(got, "ambiguous_number") == 0)
			ambiguous++;
		else if (strcmp(got, expected) != 0)
		{
			wrong++;
			printf("# %s: %s, not %s\n", written, got, expected);
		}
	}
	is_int(wrong, 0, "200 000 random numbers of eight countries");
	ok(ambiguous > 100, "some cannot be read without their mark");
}

/* Converts a quantity: as text, or the fault. */
static const char *
unit_of(const char *string, const char *to, const char *from, PmUnitSystem system,
        PmUnitPack pack, int decimals)
{
	static char shown[PM_UNIT_VALUE_MAX + 1];
	PmUnitStyle style = {
	    {0, 0, PM_PERCENT_REFUSED},
        NULL, NULL, system, pack, decimals
    };
	size_t size = 0;
	PmValueFault fault = pm_unit_find(text_of(to), system, &style.to);

	if (fault == PM_VALUE_GOOD && from != NULL)
		fault = pm_unit_find(text_of(from), system, &style.from);
	if (fault == PM_VALUE_GOOD)
		fault = pm_unit_convert(text_of(string), &style, shown, &size);
	if (fault != PM_VALUE_GOOD)
		return pm_value_fault_code(fault);
	shown[size] = '\0';
	return shown;
}

static void
test_units(void)
{
	static const struct
	{
		const char *text;
		const char *to;
		const char *number;
	} cases[] = {
	    {"1,5 kg",	                        "kg",  "1.5"                             },
	    {"1,50kg",	                        "g",   "1500"                            },
	    {"500 g",	                         "kg",  "0.5"	                         },
	    {"500 Gr.",	                       "kg",  "0.5"                             },
	    {"2 KILOS",	                       "g",   "2000"                            },
	    {"250 grammes",                       "kg",  "0.25"                            },
	    {"1 t",	                           "kg",  "1000"	                        },
	    {"750 mg",	                        "g",   "0.75"                            },
	    {"5 µg",	                         "mg",  "0.005"                           },
	    {"1 lb",	                          "kg",  "0.45359237"                      },
	    {"1 oz",	                          "g",   "28.349523125"                    },
	    {"1 kg",	                          "lb",  "2.204623"                        },
	    {"0.45359237 kg",                     "lb",  "1"                               },
	    {"16 oz",	                         "lb",  "1"	                           },
	    {"10 Zoll",	                       "cm",  "25.4"                            },
	    {"15,6\"",	                        "cm",  "39.624"                          },
	    {"6'",	                            "m",   "1.8288"                          },
	    {"1 in",	                          "mm",  "25.4"                            },
	    {"1 mi",	                          "km",  "1.609344"                        },
	    {"1 yd",	                          "ft",  "3"	                           },
	    {"12 cm",	                         "in",  "4.724409"                        },
	    {"33 cl",	                         "ml",  "330"	                         },
	    {"0,75 l",	                        "cl",  "75"	                          },
	    {"1.5 Litres",	                    "ml",  "1500"                            },
	    {"250 cm³",	                      "ml",  "250"                             },
	    {"1 m3",	                          "l",   "1000"	                        },
	    {"2,5 m²",	                       "cm2", "25000"                           },
	    {"100 kcal",	                      "kJ",  "418.4"                           },
	    {"2 kWh",	                         "kJ",  "7200"                            },
	    {"1500 mAh",	                      "Ah",  "1.5"                             },
	    {"2,4 GHz",	                       "MHz", "2400"                            },
	    {"90 min",	                        "h",   "1.5"	                         },
	    {"2 Tage",	                        "h",   "48"	                          },
	    {"-5 kg",	                         "g",   "-5000"                           },
	    {"0 kg",	                          "g",   "0"	                           },
	    {"0,000 kg",	                      "g",   "0"	                           },
	    {"1 234,5 g",	                     "kg",  "1.2345"                          },
	    {"1.234 kg",	                      "g",   "ambiguous_number"                },
	    {"12 fl oz",	                      "ml",  "ambiguous_unit"                  },
	    {"12",	                            "kg",  "no_unit"                         },
	    {"12 cm",	                         "kg",  "other_unit"                      },
	    {"12 foo",	                        "kg",  "unknown_unit"                    },
	    {"12 averyveryverylongunit",          "kg",  "unknown_unit"                    },
	    {"kg",	                            "kg",  "not_a_number"                    },
	    {"",	                              "kg",  "not_a_number"                    },
	    {"ca. 12 kg",	                     "kg",  "not_a_number"                    },
	    {"6 x 33 cl",	                     "cl",  "pack"                            },
	    {"5'10\"",	                        "cm",  "bad_groups"                      },
	    {"123456789012345678901234567890 kg", "g",   "too_long"                        },
	    {"12345678901234567890 t",            "µg", "12345678901234567890000000000000"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_str(unit_of(cases[i].text, cases[i].to, NULL, PM_UNIT_NO_SYSTEM,
		               PM_UNIT_PACK_REFUSED, -1),
		       cases[i].number, cases[i].text);
	is_str(unit_of("12", "kg", "g", 0, 0, -1), "0.012", "a unit for a number without one");
	is_str(unit_of("12 kg", "kg", "g", 0, 0, -1), "12", "does not count beside another");
	is_str(unit_of("12 fl. oz.", "ml", NULL, PM_UNIT_US, 0, -1), "354.88235475",
	       "American ounces");
	is_str(unit_of("12 fl oz", "ml", NULL, PM_UNIT_IMPERIAL, 0, -1), "340.95675",
	       "British ones");
	is_str(unit_of("1 gal", "l", NULL, PM_UNIT_IMPERIAL, 0, 2), "4.55", "rounded");
	is_str(unit_of("1 l", "gal", NULL, PM_UNIT_US, 0, 3), "0.264", "a quotient, rounded");
	is_str(unit_of("15 g", "kg", NULL, 0, 0, 2), "0.02", "half away from zero");
	is_str(unit_of("-15 g", "kg", NULL, 0, 0, 2), "-0.02", "on both sides");
	is_str(unit_of("1 µg", "t", NULL, 0, 0, 6), "0", "rounded to nothing");
	is_str(unit_of("-1 µg", "t", NULL, 0, 0, 6), "0", "which has no sign");
	is_str(unit_of("6 x 33 cl", "l", NULL, 0, PM_UNIT_PACK_TOTAL, -1), "1.98",
	       "all of a pack");
	is_str(unit_of("6x33cl", "cl", NULL, 0, PM_UNIT_PACK_EACH, -1), "33", "one of it");
	is_str(unit_of("6 × 0,33 l", "cl", NULL, 0, PM_UNIT_PACK_TOTAL, -1), "198",
	       "with a times sign");
	is_str(unit_of("330 ml x 24", "l", NULL, 0, PM_UNIT_PACK_TOTAL, -1), "7.92",
	       "the pieces last");
	is_str(unit_of("4*250 g", "kg", NULL, 0, PM_UNIT_PACK_TOTAL, -1), "1", "with a star");
	is_str(unit_of("1,5 x 33 cl", "cl", NULL, 0, PM_UNIT_PACK_TOTAL, -1), "not_a_number",
	       "half a piece");
	is_str(unit_of("0 x 33 cl", "cl", NULL, 0, PM_UNIT_PACK_TOTAL, -1), "too_low",
	       "no piece");
	is_str(unit_of("2 x 3 x 33 cl", "cl", NULL, 0, PM_UNIT_PACK_TOTAL, -1), "unknown_unit",
	       "packs of packs");
}

/* A conversion there and back is exact between units whose quotients end. */
static void
test_random_units(void)
{
	static const char *const units[][2] = {
	    {"kg",   "g" },
        {"lb",   "kg"},
        {"in",   "mm"},
        {"l",    "cl"},
        {"h",    "s" },
        {"kcal", "kJ"}
    };
	int wrong = 0;

	for (int i = 0; i < 50000 && wrong == 0; i++)
	{
		const char *const *pair = units[rand() % 6];
		char number[32];
		char quantity[PM_UNIT_VALUE_MAX + 16];
		const char *back;

		/* a last digit other than zero, as results have no zeros there */
		snprintf(number, sizeof(number), "%d.%d%d", rand() % 100000, rand() % 10,
		         1 + rand() % 9);
		snprintf(quantity, sizeof(quantity), "%s %s", number, pair[0]);
		/* behind a zero, a point with three digits after it is the mark */
		snprintf(quantity, sizeof(quantity), "0%s %s",
		         unit_of(quantity, pair[1], NULL, 0, 0, -1), pair[1]);
		back = unit_of(quantity, pair[0], NULL, 0, 0, -1);
		if (strcmp(back, number) != 0)
		{
			wrong++;
			printf("# %s %s: %s: %s\n", number, pair[0], quantity, back);
		}
	}
	is_int(wrong, 0, "50 000 random quantities, there and back");
}

/* The currency that a text names: its code, or the fault. */
static const char *
currency_of(const char *string, const char *preferred)
{
	static char code[4];
	PmText other = {preferred, preferred == NULL ? 0 : strlen(preferred)};
	PmValueFault fault = pm_currency_find(text_of(string), other, code);

	return fault == PM_VALUE_GOOD ? code : pm_value_fault_code(fault);
}

static void
test_currencies(void)
{
	is_str(currency_of("€", NULL), "EUR", "a sign");
	is_str(currency_of("12,50 €", NULL), "EUR", "beside a number");
	is_str(currency_of("€-12", NULL), "EUR", "before a sign");
	is_str(currency_of("12,-€", NULL), "EUR", "after a dash");
	is_str(currency_of("£3.20", NULL), "GBP", "pounds");
	is_str(currency_of("chf", NULL), "CHF", "a code in small letters");
	is_str(currency_of("Fr. 12.50", NULL), "CHF", "an abbreviation");
	is_str(currency_of("12,50 zł", NULL), "PLN", "with a stroke");
	is_str(currency_of("12,50 Kč", NULL), "CZK", "with a hook");
	is_str(currency_of("100 ₽", NULL), "RUB", "roubles");
	is_str(currency_of("US$ 5", NULL), "USD", "a dollar that says which");
	is_str(currency_of("$5", NULL), "ambiguous_currency", "one that does not");
	is_str(currency_of("$5", "CAD"), "CAD", "one that is told");
	is_str(currency_of("$5", "EUR"), "ambiguous_currency", "but not by another currency");
	is_str(currency_of("5 kr", NULL), "ambiguous_currency", "crowns");
	is_str(currency_of("5 kr.", "DKK"), "DKK", "crowns of Denmark");
	is_str(currency_of("12.50", NULL), "no_currency", "none");
	is_str(currency_of("12.50", "EUR"), "EUR", "the one that is told");
	is_str(currency_of("12.50 USD", "EUR"), "USD", "does not count beside another");
	is_str(currency_of("12.50 XYZ", "EUR"), "unknown_currency", "an unknown code");
	is_str(currency_of("12.50 bananas", NULL), "unknown_currency", "another word");
	is_str(currency_of("12 € 5 $", NULL), "unknown_currency", "two of them");
	ok(pm_currency_is_code(text_of("EUR")), "a code");
	ok(!pm_currency_is_code(text_of("eur")) && !pm_currency_is_code(text_of("EU")) &&
	       !pm_currency_is_code(text_of("XYZ")),
	   "none");
	ok(pm_currency_is_code(text_of("AED")) && pm_currency_is_code(text_of("ZMW")),
	   "the first and the last one");
}

/* The text of HTML. */
static const char *
html_of(const char *string)
{
	static char out[4096];

	out[pm_html_text(text_of(string), out)] = '\0';
	return out;
}

static void
test_html(void)
{
	is_str(html_of("<p>Hello <b>world</b></p>"), "Hello world", "tags go");
	is_str(html_of("<p>One</p><p>Two</p>"), "One\nTwo", "paragraphs are lines");
	is_str(html_of("One<br>Two<br/>Three<BR />Four"), "One\nTwo\nThree\nFour",
	       "line breaks");
	is_str(html_of("<ul><li>a</li><li>b</li></ul>after"), "a\nb\nafter", "a list");
	is_str(html_of("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"),
	       "a b\nc", "a table");
	is_str(html_of("  a \n\t b  <i> c</i>  "), "a b c", "white space of a page");
	is_str(html_of("<b>a</b>&nbsp;&nbsp;b"), "a b", "blanks that do not break");
	is_str(html_of("a &amp; b &lt;c&gt; &eacute; &euro; &#233; &#xE9; &#8364;"),
	       "a & b <c> é € é é €", "named and numbered characters");
	is_str(html_of("a\n  b &amp; c"), "a\n  b & c",
	       "white space stays where there is no tag");
	is_str(html_of("AT&T R&D a&copy=1 &unknown; & &; &# &#x; &#;"),
	       "AT&T R&D a&copy=1 &unknown; & &; &# &#x; &#;", "an ampersand is one");
	is_str(html_of("a &amp b&nbsp"), "a & b ", "without a semicolon");
	is_str(html_of("&ampere;"), "&ampere;", "but not inside a word");
	is_str(html_of("&#128; &#150; &#0; &#xD800; &#x110000; &#99999999999999;"),
	       "€ – � � � �", "numbers of no character");
	is_str(html_of("a<script>var x = '<b>'; if (a < b) {}</script>b<style>p {}</style>c"),
	       "abc", "scripts and styles go");
	is_str(html_of("a<SCRIPT>x</Script >b"), "ab", "in any case");
	is_str(html_of("a<script>x</scripty>y</script>b"), "ab", "up to their own end");
	is_str(html_of("a<script>never closed"), "a", "or that of the text");
	is_str(html_of("a<!-- b > c -->d<!-->e<!DOCTYPE html>f<?php x ?>g"), "adefg",
	       "comments and the like");
	is_str(html_of("a<!-- never closed"), "a", "that are not closed");
	is_str(html_of("<![CDATA[<p>a & b</p>]]>c ]]> d"), "a & b\nc ]]> d",
	       "character data that was left in");
	is_str(html_of("<a title=\"x > y\" href='z>'>link</a>"), "link",
	       "quotes around values");
	is_str(html_of("<a title=x\" b>link\"</a>"), "link\"", "quotes that are none");
	is_str(html_of("<a title = \"x\">l</a>"), "l", "blanks around the equals sign");
	is_str(html_of("<a title=\"never closed>l"), "", "a quote that is not closed");
	is_str(html_of("5 < 6 and 7 > 3 <3"), "5 < 6 and 7 > 3 <3", "signs of arithmetic");
	is_str(html_of("a</>b</ >c"), "ab</ >c", "odd ends");
	is_str(html_of("a <b"), "a", "a tag that is not closed");
	is_str(html_of("a<"), "a<", "a sign at the end");
	is_str(html_of("<h1>T</h1>text<div>d</div>e"), "T\ntext\nd\ne", "blocks");
	is_str(html_of("<p></p><p> </p><br><br>a<p></p>"), "a", "nothing around");
	is_str(html_of("caf\xC3\xA9\xC2\xA0"
	               "noir<br>\xFF"),
	       "café noir\n\xFF", "any bytes");
	is_str(html_of("&amp;lt;p&amp;gt;"), "&lt;p&gt;", "written twice");
	is_str(html_of(""), "", "nothing");
	ok(pm_html_is_plain(text_of("a > b")) && !pm_html_is_plain(text_of("a < b")) &&
	       !pm_html_is_plain(text_of("a & b")),
	   "what has nothing to be taken off");
}

/* Half a megabyte of what is never closed is read in one pass. */
static void
test_linear(void)
{
	static const char *const pieces[] = {
	    "<!--", "<script>", "</",   "<a title=\"", "<a title='", "&",       "&#", "&#9",
	    "<",    "<a =",     "&amp", "]]>",         "<![CDATA[",  "</scrip", "<p>"};
	enum
	{
		SIZE = 1 << 19
	};
	char *text = malloc(SIZE);
	char *out = malloc(SIZE);
	size_t total = 0;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
	{
		size_t length = strlen(pieces[i]);
		PmText whole = {text, SIZE / length * length};

		for (size_t j = 0; j < whole.size; j++)
			text[j] = pieces[i][j % length];
		total += pm_html_text(whole, out);
	}
	free(text);
	free(out);
	ok(total > 0, "no piece that is repeated takes long");
}

int
main(void)
{
	srand(1);
	test_numbers();
	test_random_numbers();
	test_units();
	test_random_units();
	test_currencies();
	test_html();
	test_linear();
	return tap_done();
}
