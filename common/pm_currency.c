/*
 * pm_currency.c - from what stands beside a price to the currency
 *
 * What stands there is folded (zł is zl) and looked up among the names below and the
 * codes of ISO 4217.  A name of several currencies has them all.
 */
#include <string.h>

#include "pm_char.h"
#include "pm_currency.h"
#include "pm_find.h"
#include "pm_fold.h"
#include "pm_utf8.h"

#define NAME_MAX  8 /* bytes, folded */
#define CODE_SIZE 3

/* Codes of ISO 4217 in use, without funds, metals and those for tests. */
static const char iso_codes[] =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF "
    "BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC "
    "CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
    "GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD "
    "JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL "
    "LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD "
    "NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP "
    "SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES "
    "VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ";

#define DOLLARS                                                                            \
	"USD CAD AUD NZD HKD SGD MXN TWD ARS CLP COP BBD BMD BND BSD BZD FJD GYD JMD KYD LRD " \
	"NAD SBD SRD TTD XCD"

typedef struct Name
{
	const char *name;  /* folded, in the order of bytes */
	const char *codes; /* one, or several with a blank between them */
} Name;

static const Name names[] = {
    {"$",       DOLLARS                  },
    {"$us",     "USD"                    },
    {"a$",      "AUD"                    },
    {"au$",     "AUD"                    },
    {"c$",      "CAD"                    },
    {"ca$",     "CAD"                    },
    {"din",     "RSD"                    },
    {"dollar",  DOLLARS                  },
    {"dollars", DOLLARS                  },
    {"euro",    "EUR"                    },
    {"euros",   "EUR"                    },
    {"fcfa",    "XOF XAF"                },
    {"fr",      "CHF"                    },
    {"ft",      "HUF"                    },
    {"hk$",     "HKD"                    },
    {"kc",      "CZK"                    },
    {"kr",      "SEK NOK DKK ISK"        },
    {"lei",     "RON MDL"                },
    {"leu",     "RON MDL"                },
    {"mx$",     "MXN"                    },
    {"nt$",     "TWD"                    },
    {"nz$",     "NZD"                    },
    {"r$",      "BRL"                    },
    {"rs",      "INR PKR LKR NPR MUR SCR"},
    {"s$",      "SGD"                    },
    {"sfr",     "CHF"                    },
    {"tl",      "TRY"                    },
    {"us$",     "USD"                    },
    {"zl",      "PLN"                    },
    {"£",      "GBP"                    },
    {"¥",      "JPY CNY"                },
    {"грн",  "UAH"                    },
    {"дин",  "RSD"                    },
    {"лв",    "BGN"                    },
    {"руб",  "RUB"                    },
    {"฿",     "THB"                    },
    {"₡",     "CRC"                    },
    {"₦",     "NGN"                    },
    {"₩",     "KRW"                    },
    {"₪",     "ILS"                    },
    {"₫",     "VND"                    },
    {"€",     "EUR"                    },
    {"₱",     "PHP"                    },
    {"₴",     "UAH"                    },
    {"₸",     "KZT"                    },
    {"₹",     "INR"                    },
    {"₺",     "TRY"                    },
    {"₼",     "AZN"                    },
    {"₽",     "RUB"                    },
    {"₾",     "GEL"                    },
    {"元",     "CNY"                    },
    {"円",     "JPY"                    },
    {"￥",     "JPY CNY"                },
};

/* The codes of a folded name; NULL if it names no currency. */
static const char *
find_name(const char *name)
{
	const Name *row = PM_FIND(names, name, pm_compare_pointed);

	return row == NULL ? NULL : row->codes;
}

/* The place of a code in the list of codes; NULL if it is not there.  Any case. */
static const char *
find_code(const char *code)
{
	size_t low = 0;
	size_t high = sizeof(iso_codes) / (CODE_SIZE + 1);

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;
		const char *other = iso_codes + middle * (CODE_SIZE + 1);
		int order = 0;

		for (int i = 0; order == 0 && i < CODE_SIZE; i++)
			order = pm_upper(code[i]) - other[i];
		if (order == 0)
			return other;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Is it the code of a currency, in capitals? */
bool
pm_currency_is_code(PmText text)
{
	const char *code = text.size == CODE_SIZE ? find_code(text.data) : NULL;

	return code != NULL && memcmp(code, text.data, CODE_SIZE) == 0;
}

/* Can a character be part of the name of a currency? */
static bool
is_name(uint32_t cp)
{
	if (cp == PM_UTF8_INVALID)
		return false;
	if (cp < 0x80)
		return cp == '$' || pm_is_letter((char) cp);
	return pm_utf8_digit(cp) < 0 && !pm_utf8_is_space(cp) && !pm_utf8_is_dash(cp) &&
	       cp != 0x2018 && cp != 0x2019;
}

/*
 * How many bytes at the start of a text are something that names a currency or could, up
 * to what cannot; 0 if there is none.  The currency has no code if none has that name.
 */
size_t
pm_currency_starts(PmText text, PmCurrency *currency)
{
	char name[NAME_MAX + 1];
	size_t length = 0;
	size_t size = 0;
	bool fits = true;

	while (size < text.size)
	{
		uint32_t cp;
		char letters[PM_FOLD_MAX];
		size_t used = pm_utf8_decode(text.data + size, text.size - size, &cp);
		size_t n;

		if (!is_name(cp))
			break;
		n = pm_fold_char(cp, letters);
		fits = fits && length + n <= NAME_MAX;
		if (fits)
		{
			memcpy(name + length, letters, n);
			length += n;
		}
		size += used;
	}
	name[length] = '\0';
	currency->codes = fits ? find_name(name) : NULL;
	currency->count =
	    currency->codes == NULL ? 0 : (strlen(currency->codes) + 1) / (CODE_SIZE + 1);
	if (fits && currency->count == 0 && length == CODE_SIZE)
	{
		currency->codes = find_code(name);
		currency->count = currency->codes != NULL;
	}
	/* kr. and Fr. */
	if (size > 0 && size < text.size && text.data[size] == '.')
		size++;
	return size;
}

/* Is a code among those of a currency? */
static bool
is_among(const PmCurrency *currency, PmText code)
{
	for (size_t i = 0; i < currency->count; i++)
	{
		if (code.size == CODE_SIZE &&
		    memcmp(currency->codes + i * (CODE_SIZE + 1), code.data, CODE_SIZE) == 0)
			return true;
	}
	return false;
}

/*
 * The code of the currency that a text names, beside a number or alone.  preferred, a
 * code, counts where none is named, and of a name of several if it is one of them.
 */
PmValueFault
pm_currency_find(PmText text, PmText preferred, char code[CODE_SIZE])
{
	PmCurrency found = {NULL, 0};
	bool named = false;

	for (size_t i = 0; i < text.size;)
	{
		PmText rest = {text.data + i, text.size - i};
		PmCurrency currency;
		size_t size = pm_currency_starts(rest, &currency);
		uint32_t ignored;

		if (size > 0)
		{
			if (named || currency.count == 0)
				return PM_VALUE_UNKNOWN_CURRENCY;
			named = true;
			found = currency;
		}
		else
			size = pm_utf8_decode(rest.data, rest.size, &ignored);
		i += size;
	}
	if (found.count == 1)
		memcpy(code, found.codes, CODE_SIZE);
	else if (preferred.data == NULL)
		return named ? PM_VALUE_AMBIGUOUS_CURRENCY : PM_VALUE_NO_CURRENCY;
	else if (named && !is_among(&found, preferred))
		return PM_VALUE_AMBIGUOUS_CURRENCY;
	else
		memcpy(code, preferred.data, CODE_SIZE);
	return PM_VALUE_GOOD;
}
