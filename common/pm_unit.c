/*
 * pm_unit.c - quantities with a unit, and the same in another unit
 *
 * A unit is an integer times a power of ten of the unit its kind is measured in, so a
 * conversion is a product of integers and a quotient of them, in 128 bits.  Between metric
 * units it moves the point.
 */
#include <string.h>

#include "pm_blank.h"
#include "pm_char.h"
#include "pm_decimal.h"
#include "pm_find.h"
#include "pm_fold.h"
#include "pm_unit.h"
#include "pm_utf8.h"

#define NAME_MAX          16 /* bytes, folded */
#define NUMBER_MAX        40 /* bytes of a number as written */
#define DIGITS_MAX        20 /* of a number, so that products fit */
#define PACK_MAX          9999
#define QUOTIENT_DECIMALS 6

/* Kinds; their units: kg, m, l, m2, kJ, W, Hz, Ah, s. */
typedef enum Kind
{
	MASS,
	LENGTH,
	VOLUME,
	AREA,
	ENERGY,
	POWER,
	FREQUENCY,
	CHARGE,
	DURATION
} Kind;

struct PmUnit
{
	Kind kind;
	PmUnitSystem system; /* of a unit that has two sizes: the other one comes after it */
	uint64_t mantissa;
	int exponent;
};

typedef struct Name
{
	const char *name;
	int unit;
} Name;

/* clang-format off */

/* Units, by what they are in the first one of their kind: mantissa times ten to the exponent. */
enum
{
	TONNE, KILOGRAM, GRAM, MILLIGRAM, MICROGRAM, POUND, OUNCE, KILOMETRE, METRE, DECIMETRE,
	CENTIMETRE, MILLIMETRE, MICROMETRE, INCH, FOOT, YARD, MILE, CUBIC_METRE, HECTOLITRE,
	LITRE, DECILITRE, CENTILITRE, MILLILITRE, MICROLITRE, FLUID_OUNCE,
	FLUID_OUNCE_IMPERIAL, PINT, PINT_IMPERIAL, QUART, QUART_IMPERIAL, GALLON,
	GALLON_IMPERIAL, SQUARE_KILOMETRE, HECTARE, SQUARE_METRE, SQUARE_CENTIMETRE,
	SQUARE_MILLIMETRE, SQUARE_FOOT, SQUARE_INCH, KILOJOULE, JOULE, KILOCALORIE,
	KILOWATT_HOUR, WATT_HOUR, WATT, KILOWATT, HERTZ, KILOHERTZ, MEGAHERTZ, GIGAHERTZ,
	AMPERE_HOUR, MILLIAMPERE_HOUR, MILLISECOND, SECOND, MINUTE, HOUR, DAY
};

static const PmUnit units[] = {
    [TONNE] = {MASS, PM_UNIT_NO_SYSTEM, UINT64_C(1), 3},
    [KILOGRAM] = {MASS, PM_UNIT_NO_SYSTEM, UINT64_C(1), 0},
    [GRAM] = {MASS, PM_UNIT_NO_SYSTEM, UINT64_C(1), -3},
    [MILLIGRAM] = {MASS, PM_UNIT_NO_SYSTEM, UINT64_C(1), -6},
    [MICROGRAM] = {MASS, PM_UNIT_NO_SYSTEM, UINT64_C(1), -9},
    [POUND] = {MASS, PM_UNIT_NO_SYSTEM, UINT64_C(45359237), -8},
    [OUNCE] = {MASS, PM_UNIT_NO_SYSTEM, UINT64_C(28349523125), -12},
    [KILOMETRE] = {LENGTH, PM_UNIT_NO_SYSTEM, UINT64_C(1), 3},
    [METRE] = {LENGTH, PM_UNIT_NO_SYSTEM, UINT64_C(1), 0},
    [DECIMETRE] = {LENGTH, PM_UNIT_NO_SYSTEM, UINT64_C(1), -1},
    [CENTIMETRE] = {LENGTH, PM_UNIT_NO_SYSTEM, UINT64_C(1), -2},
    [MILLIMETRE] = {LENGTH, PM_UNIT_NO_SYSTEM, UINT64_C(1), -3},
    [MICROMETRE] = {LENGTH, PM_UNIT_NO_SYSTEM, UINT64_C(1), -6},
    [INCH] = {LENGTH, PM_UNIT_NO_SYSTEM, UINT64_C(254), -4},
    [FOOT] = {LENGTH, PM_UNIT_NO_SYSTEM, UINT64_C(3048), -4},
    [YARD] = {LENGTH, PM_UNIT_NO_SYSTEM, UINT64_C(9144), -4},
    [MILE] = {LENGTH, PM_UNIT_NO_SYSTEM, UINT64_C(1609344), -3},
    [CUBIC_METRE] = {VOLUME, PM_UNIT_NO_SYSTEM, UINT64_C(1), 3},
    [HECTOLITRE] = {VOLUME, PM_UNIT_NO_SYSTEM, UINT64_C(1), 2},
    [LITRE] = {VOLUME, PM_UNIT_NO_SYSTEM, UINT64_C(1), 0},
    [DECILITRE] = {VOLUME, PM_UNIT_NO_SYSTEM, UINT64_C(1), -1},
    [CENTILITRE] = {VOLUME, PM_UNIT_NO_SYSTEM, UINT64_C(1), -2},
    [MILLILITRE] = {VOLUME, PM_UNIT_NO_SYSTEM, UINT64_C(1), -3},
    [MICROLITRE] = {VOLUME, PM_UNIT_NO_SYSTEM, UINT64_C(1), -6},
    [FLUID_OUNCE] = {VOLUME, PM_UNIT_US, UINT64_C(295735295625), -13},
    [FLUID_OUNCE_IMPERIAL] = {VOLUME, PM_UNIT_IMPERIAL, UINT64_C(284130625), -10},
    [PINT] = {VOLUME, PM_UNIT_US, UINT64_C(473176473), -9},
    [PINT_IMPERIAL] = {VOLUME, PM_UNIT_IMPERIAL, UINT64_C(56826125), -8},
    [QUART] = {VOLUME, PM_UNIT_US, UINT64_C(946352946), -9},
    [QUART_IMPERIAL] = {VOLUME, PM_UNIT_IMPERIAL, UINT64_C(11365225), -7},
    [GALLON] = {VOLUME, PM_UNIT_US, UINT64_C(3785411784), -9},
    [GALLON_IMPERIAL] = {VOLUME, PM_UNIT_IMPERIAL, UINT64_C(454609), -5},
    [SQUARE_KILOMETRE] = {AREA, PM_UNIT_NO_SYSTEM, UINT64_C(1), 6},
    [HECTARE] = {AREA, PM_UNIT_NO_SYSTEM, UINT64_C(1), 4},
    [SQUARE_METRE] = {AREA, PM_UNIT_NO_SYSTEM, UINT64_C(1), 0},
    [SQUARE_CENTIMETRE] = {AREA, PM_UNIT_NO_SYSTEM, UINT64_C(1), -4},
    [SQUARE_MILLIMETRE] = {AREA, PM_UNIT_NO_SYSTEM, UINT64_C(1), -6},
    [SQUARE_FOOT] = {AREA, PM_UNIT_NO_SYSTEM, UINT64_C(9290304), -8},
    [SQUARE_INCH] = {AREA, PM_UNIT_NO_SYSTEM, UINT64_C(64516), -8},
    [KILOJOULE] = {ENERGY, PM_UNIT_NO_SYSTEM, UINT64_C(1), 0},
    [JOULE] = {ENERGY, PM_UNIT_NO_SYSTEM, UINT64_C(1), -3},
    [KILOCALORIE] = {ENERGY, PM_UNIT_NO_SYSTEM, UINT64_C(4184), -3},
    [KILOWATT_HOUR] = {ENERGY, PM_UNIT_NO_SYSTEM, UINT64_C(36), 2},
    [WATT_HOUR] = {ENERGY, PM_UNIT_NO_SYSTEM, UINT64_C(36), -1},
    [WATT] = {POWER, PM_UNIT_NO_SYSTEM, UINT64_C(1), 0},
    [KILOWATT] = {POWER, PM_UNIT_NO_SYSTEM, UINT64_C(1), 3},
    [HERTZ] = {FREQUENCY, PM_UNIT_NO_SYSTEM, UINT64_C(1), 0},
    [KILOHERTZ] = {FREQUENCY, PM_UNIT_NO_SYSTEM, UINT64_C(1), 3},
    [MEGAHERTZ] = {FREQUENCY, PM_UNIT_NO_SYSTEM, UINT64_C(1), 6},
    [GIGAHERTZ] = {FREQUENCY, PM_UNIT_NO_SYSTEM, UINT64_C(1), 9},
    [AMPERE_HOUR] = {CHARGE, PM_UNIT_NO_SYSTEM, UINT64_C(1), 0},
    [MILLIAMPERE_HOUR] = {CHARGE, PM_UNIT_NO_SYSTEM, UINT64_C(1), -3},
    [MILLISECOND] = {DURATION, PM_UNIT_NO_SYSTEM, UINT64_C(1), -3},
    [SECOND] = {DURATION, PM_UNIT_NO_SYSTEM, UINT64_C(1), 0},
    [MINUTE] = {DURATION, PM_UNIT_NO_SYSTEM, UINT64_C(6), 1},
    [HOUR] = {DURATION, PM_UNIT_NO_SYSTEM, UINT64_C(36), 2},
    [DAY] = {DURATION, PM_UNIT_NO_SYSTEM, UINT64_C(864), 2},
};

/* What people call them, folded, without dots, in the order of bytes. */
static const Name names[] = {
    {"\"", INCH}, {"'", FOOT}, {"ah", AMPERE_HOUR}, {"cc", MILLILITRE},
    {"ccm", MILLILITRE}, {"centiliter", CENTILITRE}, {"centiliters", CENTILITRE},
    {"centilitre", CENTILITRE}, {"centilitres", CENTILITRE}, {"centilitri", CENTILITRE},
    {"centilitro", CENTILITRE}, {"centilitros", CENTILITRE}, {"centimeter", CENTIMETRE},
    {"centimeters", CENTIMETRE}, {"centimetre", CENTIMETRE}, {"centimetres", CENTIMETRE},
    {"centimetri", CENTIMETRE}, {"centimetro", CENTIMETRE}, {"centimetros", CENTIMETRE},
    {"chili", KILOGRAM}, {"chilo", KILOGRAM}, {"chilogrammi", KILOGRAM},
    {"chilogrammo", KILOGRAM}, {"chilometri", KILOMETRE}, {"chilometro", KILOMETRE},
    {"cl", CENTILITRE}, {"cm", CENTIMETRE}, {"cm2", SQUARE_CENTIMETRE},
    {"cm3", MILLILITRE}, {"cms", CENTIMETRE}, {"cm²", SQUARE_CENTIMETRE},
    {"cm³", MILLILITRE}, {"d", DAY}, {"day", DAY}, {"days", DAY}, {"deciliter", DECILITRE},
    {"deciliters", DECILITRE}, {"decilitre", DECILITRE}, {"decilitres", DECILITRE},
    {"dia", DAY}, {"dias", DAY}, {"dl", DECILITRE}, {"dm", DECIMETRE}, {"dm3", LITRE},
    {"dm³", LITRE}, {"feet", FOOT}, {"fl oz", FLUID_OUNCE}, {"floz", FLUID_OUNCE},
    {"fluid ounce", FLUID_OUNCE}, {"fluid ounces", FLUID_OUNCE}, {"foot", FOOT},
    {"ft", FOOT}, {"ft2", SQUARE_FOOT}, {"ft²", SQUARE_FOOT}, {"fuss", FOOT}, {"g", GRAM},
    {"gal", GALLON}, {"gallon", GALLON}, {"gallons", GALLON}, {"ghz", GIGAHERTZ},
    {"giorni", DAY}, {"giorno", DAY}, {"gr", GRAM}, {"gram", GRAM}, {"gramm", GRAM},
    {"gramme", GRAM}, {"grammes", GRAM}, {"grammi", GRAM}, {"grammo", GRAM},
    {"gramo", GRAM}, {"gramos", GRAM}, {"grams", GRAM}, {"grs", GRAM}, {"h", HOUR},
    {"ha", HECTARE}, {"heure", HOUR}, {"heures", HOUR}, {"hl", HECTOLITRE}, {"hora", HOUR},
    {"horas", HOUR}, {"hour", HOUR}, {"hours", HOUR}, {"hz", HERTZ}, {"in", INCH},
    {"in2", SQUARE_INCH}, {"inch", INCH}, {"inches", INCH}, {"in²", SQUARE_INCH},
    {"j", JOULE}, {"jour", DAY}, {"jours", DAY}, {"kcal", KILOCALORIE}, {"kg", KILOGRAM},
    {"kgs", KILOGRAM}, {"khz", KILOHERTZ}, {"kilo", KILOGRAM}, {"kilogram", KILOGRAM},
    {"kilogramm", KILOGRAM}, {"kilogramme", KILOGRAM}, {"kilogrammes", KILOGRAM},
    {"kilogramo", KILOGRAM}, {"kilogramos", KILOGRAM}, {"kilograms", KILOGRAM},
    {"kilometer", KILOMETRE}, {"kilometers", KILOMETRE}, {"kilometre", KILOMETRE},
    {"kilometres", KILOMETRE}, {"kilometro", KILOMETRE}, {"kilometros", KILOMETRE},
    {"kilos", KILOGRAM}, {"kj", KILOJOULE}, {"km", KILOMETRE}, {"km2", SQUARE_KILOMETRE},
    {"km²", SQUARE_KILOMETRE}, {"kw", KILOWATT}, {"kwh", KILOWATT_HOUR}, {"l", LITRE},
    {"lb", POUND}, {"lbs", POUND}, {"liter", LITRE}, {"liters", LITRE}, {"litre", LITRE},
    {"litres", LITRE}, {"litri", LITRE}, {"litro", LITRE}, {"litros", LITRE},
    {"lt", LITRE}, {"ltr", LITRE}, {"m", METRE}, {"m2", SQUARE_METRE}, {"m3", CUBIC_METRE},
    {"mah", MILLIAMPERE_HOUR}, {"mcg", MICROGRAM}, {"meter", METRE}, {"meters", METRE},
    {"metre", METRE}, {"metres", METRE}, {"metri", METRE}, {"metro", METRE},
    {"metros", METRE}, {"mg", MILLIGRAM}, {"mhz", MEGAHERTZ}, {"mi", MILE},
    {"micron", MICROMETRE}, {"microns", MICROMETRE}, {"mile", MILE}, {"miles", MILE},
    {"mililitro", MILLILITRE}, {"mililitros", MILLILITRE}, {"milimetro", MILLIMETRE},
    {"milimetros", MILLIMETRE}, {"milligram", MILLIGRAM}, {"milligramm", MILLIGRAM},
    {"milligramme", MILLIGRAM}, {"milligrammes", MILLIGRAM}, {"milligrams", MILLIGRAM},
    {"milliliter", MILLILITRE}, {"milliliters", MILLILITRE}, {"millilitre", MILLILITRE},
    {"millilitres", MILLILITRE}, {"millilitri", MILLILITRE}, {"millilitro", MILLILITRE},
    {"millimeter", MILLIMETRE}, {"millimeters", MILLIMETRE}, {"millimetre", MILLIMETRE},
    {"millimetres", MILLIMETRE}, {"millimetri", MILLIMETRE}, {"millimetro", MILLIMETRE},
    {"min", MINUTE}, {"minute", MINUTE}, {"minuten", MINUTE}, {"minutes", MINUTE},
    {"minuti", MINUTE}, {"minuto", MINUTE}, {"minutos", MINUTE}, {"ml", MILLILITRE},
    {"mm", MILLIMETRE}, {"mm2", SQUARE_MILLIMETRE}, {"mm3", MICROLITRE},
    {"mm²", SQUARE_MILLIMETRE}, {"mm³", MICROLITRE}, {"mq", SQUARE_METRE},
    {"ms", MILLISECOND}, {"mt", METRE}, {"mtr", METRE}, {"m²", SQUARE_METRE},
    {"m³", CUBIC_METRE}, {"once", OUNCE}, {"onces", OUNCE}, {"oncia", OUNCE},
    {"onza", OUNCE}, {"onzas", OUNCE}, {"ora", HOUR}, {"ore", HOUR}, {"ounce", OUNCE},
    {"ounces", OUNCE}, {"oz", OUNCE}, {"pie", FOOT}, {"pied", FOOT}, {"piede", FOOT},
    {"piedi", FOOT}, {"pieds", FOOT}, {"pies", FOOT}, {"pint", PINT}, {"pints", PINT},
    {"pollice", INCH}, {"pollici", INCH}, {"pouce", INCH}, {"pouces", INCH},
    {"pound", POUND}, {"pounds", POUND}, {"pt", PINT}, {"pulgada", INCH},
    {"pulgadas", INCH}, {"qm", SQUARE_METRE}, {"qt", QUART}, {"quart", QUART},
    {"quarts", QUART}, {"s", SECOND}, {"sec", SECOND}, {"second", SECOND},
    {"seconde", SECOND}, {"secondes", SECOND}, {"secondi", SECOND}, {"secondo", SECOND},
    {"seconds", SECOND}, {"segundo", SECOND}, {"segundos", SECOND}, {"sekunde", SECOND},
    {"sekunden", SECOND}, {"sq ft", SQUARE_FOOT}, {"sq in", SQUARE_INCH},
    {"sqft", SQUARE_FOOT}, {"std", HOUR}, {"stunde", HOUR}, {"stunden", HOUR},
    {"t", TONNE}, {"tag", DAY}, {"tage", DAY}, {"tonelada", TONNE}, {"toneladas", TONNE},
    {"tonne", TONNE}, {"tonnellata", TONNE}, {"tonnellate", TONNE}, {"tonnen", TONNE},
    {"tonnes", TONNE}, {"ug", MICROGRAM}, {"um", MICROMETRE}, {"unze", OUNCE},
    {"unzen", OUNCE}, {"w", WATT}, {"watt", WATT}, {"watts", WATT}, {"wh", WATT_HOUR},
    {"yard", YARD}, {"yards", YARD}, {"yd", YARD}, {"zentiliter", CENTILITRE},
    {"zentimeter", CENTIMETRE}, {"zoll", INCH}, {"µg", MICROGRAM}, {"µl", MICROLITRE},
    {"µm", MICROMETRE}, {"μg", MICROGRAM}, {"μl", MICROLITRE}, {"μm", MICROMETRE},
    {"’", FOOT}, {"”", INCH}, {"′", FOOT}, {"″", INCH},
};

/* clang-format on */

typedef unsigned __int128 Wide;

/* Folds a name, takes its dots off and makes blanks single; false if it is too long. */
static bool
fold_name(PmText text, char out[NAME_MAX])
{
	size_t length = 0;
	bool blank = false;

	for (size_t i = 0; i < text.size;)
	{
		uint32_t cp;
		char letters[PM_FOLD_MAX];
		size_t n;

		i += pm_utf8_decode(text.data + i, text.size - i, &cp);
		if (cp == PM_UTF8_INVALID)
			return false;
		if (cp == '.')
			continue;
		if (pm_utf8_is_space(cp))
		{
			blank = length > 0;
			continue;
		}
		n = pm_fold_char(cp, letters);
		if (length + blank + n >= NAME_MAX)
			return false;
		if (blank)
			out[length++] = ' ';
		blank = false;
		memcpy(out + length, letters, n);
		length += n;
	}
	out[length] = '\0';
	return true;
}

/* The unit of a name in any case and in one of five languages; the name is not empty. */
PmValueFault
pm_unit_find(PmText name, PmUnitSystem system, const PmUnit **unit)
{
	char folded[NAME_MAX];
	const Name *row;

	if (!fold_name(name, folded))
		return PM_VALUE_UNKNOWN_UNIT;
	row = PM_FIND(names, folded, pm_compare_pointed);
	if (row == NULL)
		return PM_VALUE_UNKNOWN_UNIT;
	*unit = &units[row->unit];
	if ((*unit)->system == PM_UNIT_NO_SYSTEM)
		return PM_VALUE_GOOD;
	if (system == PM_UNIT_NO_SYSTEM)
		return PM_VALUE_AMBIGUOUS_UNIT;
	*unit += system == PM_UNIT_IMPERIAL;
	return PM_VALUE_GOOD;
}

/* Can one be converted to the other? */
bool
pm_unit_same_kind(const PmUnit *a, const PmUnit *b)
{
	return a->kind == b->kind;
}

/* How many bytes at the start of a text belong to a number. */
static size_t
number_size(PmText text)
{
	size_t i = 0;

	while (i < text.size)
	{
		PmText rest = {text.data + i, text.size - i};
		uint32_t cp;
		uint32_t next = PM_UTF8_INVALID;
		size_t size = pm_utf8_decode(rest.data, rest.size, &cp);

		if (size < rest.size)
			pm_utf8_decode(rest.data + size, rest.size - size, &next);
		if ((cp == '\'' || cp == 0x2019)
		        ? pm_utf8_digit(next) < 0
		        : pm_utf8_digit(cp) < 0 && cp != ',' && cp != '.' && cp != '+' &&
		              !pm_utf8_is_space(cp) && !pm_utf8_is_dash(cp))
			break;
		i += size;
	}
	return i;
}

/* The size of the sign that stands between pieces and what each has, at the start; 0: none. */
static size_t
times_size(PmText text)
{
	uint32_t cp;
	size_t size = text.size == 0 ? 0 : pm_utf8_decode(text.data, text.size, &cp);

	return size > 0 && (cp == 'x' || cp == 'X' || cp == '*' || cp == 0xD7) ? size : 0;
}

/* A quantity in parts. */
typedef struct Quantity
{
	PmText number;
	PmText unit;
	PmText pieces; /* data NULL: one */
} Quantity;

/* Takes the pieces off the end of a unit: "33 cl x 6". */
static void
take_pieces(Quantity *quantity)
{
	PmText unit = quantity->unit;
	size_t i = unit.size;
	PmText sign;
	size_t size;

	while (i > 0 && pm_is_digit(unit.data[i - 1]))
		i--;
	quantity->pieces.data = unit.data + i;
	quantity->pieces.size = unit.size - i;
	unit.size = i;
	unit = pm_blank_trim(unit);
	for (size = 1; size <= 2 && size < unit.size && quantity->pieces.size > 0; size++)
	{
		sign.data = unit.data + unit.size - size;
		sign.size = size;
		/* an x that is not the end of a word */
		if (times_size(sign) == size &&
		    (size == 2 || *sign.data == '*' || pm_is_space(sign.data[-1])))
		{
			unit.size -= size;
			quantity->unit = pm_blank_trim(unit);
			return;
		}
	}
	quantity->pieces.data = NULL;
}

/* Takes a quantity apart. */
static void
take_quantity(PmText text, Quantity *quantity)
{
	PmText rest = pm_blank_trim(text);
	size_t size = number_size(rest);
	size_t times;

	quantity->number.data = rest.data;
	quantity->number.size = size;
	quantity->pieces.data = NULL;
	quantity->pieces.size = 0;
	rest.data += size;
	rest.size -= size;
	times = times_size(rest);
	if (times > 0 && times < rest.size)
	{
		PmText after = {rest.data + times, rest.size - times};

		after = pm_blank_trim(after);
		if (number_size(after) > 0)
		{
			quantity->pieces = pm_blank_trim(quantity->number);
			quantity->number = after;
			quantity->number.size = number_size(after);
			after.data += quantity->number.size;
			after.size -= quantity->number.size;
			quantity->unit = pm_blank_trim(after);
			return;
		}
	}
	quantity->unit = pm_blank_trim(rest);
	take_pieces(quantity);
}

/* Ten to a power, false if it has more than 128 bits. */
static bool
power_of_ten(int exponent, Wide *power)
{
	if (exponent > 38)
		return false;
	for (*power = 1; exponent > 0; exponent--)
		*power *= 10;
	return true;
}

/* A number without a point and how many of its digits are decimals. */
typedef struct Scaled
{
	Wide value;
	int scale;
	bool negative;
} Scaled;

/* Reads a number; of decimals that are zeros it keeps none. */
static PmValueFault
read_scaled(PmText text, const PmNumberStyle *style, Scaled *scaled)
{
	char plain[NUMBER_MAX + PM_NUMBER_EXTRA];
	PmText number = {plain, 0};
	PmDecimal decimal;
	PmText parts[2];
	PmValueFault fault;

	if (text.size > NUMBER_MAX)
		return PM_VALUE_TOO_LONG;
	fault = pm_number_read(text, style, plain, &number.size);
	if (fault == PM_VALUE_GOOD)
		fault = pm_decimal_read(number, &decimal);
	if (fault != PM_VALUE_GOOD)
		return fault;
	if (decimal.head.size + decimal.tail.size > DIGITS_MAX)
		return PM_VALUE_TOO_LONG;
	parts[0] = decimal.head;
	parts[1] = decimal.tail;
	scaled->value = 0;
	for (int i = 0; i < 2; i++)
	{
		for (size_t j = 0; j < parts[i].size; j++)
			scaled->value = scaled->value * 10 + (Wide) (parts[i].data[j] - '0');
	}
	scaled->scale = (int) (decimal.head.size + decimal.tail.size) - decimal.point;
	scaled->negative = decimal.negative;
	return PM_VALUE_GOOD;
}

/* Divides and rounds half away from zero. */
static Wide
divide(Wide value, Wide by)
{
	Wide rest = value % by;

	return value / by + (rest >= by - rest);
}

/*
 * Multiplies by ten to a power, or divides by a divisor and rounds if the power is
 * negative; false if the result is too large.
 */
static bool
scale_by(Wide *value, int exponent, Wide divisor)
{
	Wide power;

	if (exponent >= 0)
	{
		if (*value == 0)
			return true;
		if (!power_of_ten(exponent, &power) || __builtin_mul_overflow(*value, power, value))
			return false;
	}
	else if (!power_of_ten(-exponent, &power) ||
	         __builtin_mul_overflow(divisor, power, &divisor))
	{
		*value = 0; /* it has no more than 36 digits */
		return true;
	}
	if (divisor != 1)
		*value = divide(*value, divisor);
	return true;
}

/* Converts a number from one unit to another; false if the result is too large. */
static bool
convert(Scaled *scaled, const PmUnit *from, const PmUnit *to, int decimals)
{
	bool same = from->mantissa == to->mantissa;
	Wide divisor = same ? 1 : to->mantissa;

	if (!same && __builtin_mul_overflow(scaled->value, from->mantissa, &scaled->value))
		return false;
	scaled->scale += to->exponent - from->exponent;
	if (divisor != 1 && decimals < 0)
		decimals = QUOTIENT_DECIMALS;
	if (divisor != 1 || (decimals >= 0 && scaled->scale > decimals) || scaled->scale < 0)
	{
		int scale = decimals >= 0 && (divisor != 1 || scaled->scale > 0) ? decimals : 0;

		if (!scale_by(&scaled->value, scale - scaled->scale, divisor))
			return false;
		scaled->scale = scale;
	}
	return true;
}

/* Writes a number without zeros after its last decimal. */
static size_t
write_scaled(const Scaled *scaled, char out[PM_UNIT_VALUE_MAX])
{
	char digits[PM_UNIT_VALUE_MAX];
	char *end = digits + sizeof(digits);
	char *at = end;
	Wide value = scaled->value;
	int scale = scaled->scale;
	size_t size;

	while (scale > 0 && value % 10 == 0 && value != 0)
	{
		value /= 10;
		scale--;
	}
	if (value == 0)
		scale = 0;
	for (int i = 0; value > 0 || i <= scale; i++)
	{
		uint64_t low = (uint64_t) (value % 10);

		if (i == scale && scale > 0)
			*--at = '.';
		*--at = (char) ('0' + low);
		value /= 10;
	}
	if (scaled->negative && scaled->value != 0)
		*--at = '-';
	size = (size_t) (end - at);
	memcpy(out, at, size);
	return size;
}

/* Reads a quantity and writes what it is in the wanted unit. */
PmValueFault
pm_unit_convert(PmText text, const PmUnitStyle *style, char out[PM_UNIT_VALUE_MAX],
                size_t *size)
{
	Quantity quantity;
	Scaled scaled;
	const PmUnit *from = style->from;
	int64_t pieces = 1;
	PmValueFault fault;

	take_quantity(text, &quantity);
	fault = read_scaled(quantity.number, &style->number, &scaled);
	if (fault == PM_VALUE_GOOD && quantity.unit.size > 0)
		fault = pm_unit_find(quantity.unit, style->system, &from);
	if (fault != PM_VALUE_GOOD)
		return fault;
	if (from == NULL)
		return PM_VALUE_NO_UNIT;
	if (!pm_unit_same_kind(from, style->to))
		return PM_VALUE_OTHER_UNIT;
	if (quantity.pieces.data != NULL)
	{
		if (style->pack == PM_UNIT_PACK_REFUSED)
			return PM_VALUE_PACK;
		fault = pm_decimal_integer(quantity.pieces, 1, PACK_MAX, &pieces);
		if (fault != PM_VALUE_GOOD)
			return fault;
		if (style->pack == PM_UNIT_PACK_TOTAL)
			scaled.value *= (Wide) pieces;
	}
	if (!convert(&scaled, from, style->to, style->decimals))
		return PM_VALUE_TOO_LARGE;
	*size = write_scaled(&scaled, out);
	return PM_VALUE_GOOD;
}
