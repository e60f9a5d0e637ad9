/*
 * bits.c - sets of small numbers as bytea: bit n is bit n % 8 of byte n / 8
 *
 * What completeness is computed from: products.filled and product_attributes.filled
 * say which attributes have a value.  No function throws, but for a number that is
 * out of range.
 */
#include "pm_catalog_module.h"

#include "catalog/pg_type.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define MAX_BITS 2048

PG_FUNCTION_INFO_V1(pm_catalog_bits);

/* _bits(integer[]): the set of these numbers. */
Datum
pm_catalog_bits(PG_FUNCTION_ARGS)
{
	Datum *numbers;
	bool *nulls;
	int count;
	uint8 bits[MAX_BITS / 8] = {0};
	int bytes = 0;
	bytea *set;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), INT4OID, 4, true, TYPALIGN_INT, &numbers,
	                  &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		int number = DatumGetInt32(numbers[i]);

		if (nulls[i])
			continue;
		if (number < 0 || number >= MAX_BITS)
			ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			        errmsg("%d is not the number of a bit", number));
		bits[number / 8] |= 1 << number % 8;
		bytes = Max(bytes, number / 8 + 1);
	}
	set = palloc(VARHDRSZ + bytes);
	SET_VARSIZE(set, VARHDRSZ + bytes);
	memcpy(VARDATA(set), bits, bytes);
	PG_RETURN_BYTEA_P(set);
}

PG_FUNCTION_INFO_V1(pm_catalog_bits_or);

/* _bits_or(bytea, bytea, bytea, bytea): what is in any of them; NULL is empty. */
Datum
pm_catalog_bits_or(PG_FUNCTION_ARGS)
{
	bytea *sets[4];
	int bytes = 0;
	bytea *all;

	for (int i = 0; i < PG_NARGS() && i < lengthof(sets); i++)
	{
		sets[i] = PG_ARGISNULL(i) ? NULL : PG_GETARG_BYTEA_PP(i);
		if (sets[i] != NULL)
			bytes = Max(bytes, (int) VARSIZE_ANY_EXHDR(sets[i]));
	}
	all = palloc0(VARHDRSZ + bytes);
	SET_VARSIZE(all, VARHDRSZ + bytes);
	for (int i = 0; i < PG_NARGS() && i < lengthof(sets); i++)
	{
		if (sets[i] == NULL)
			continue;
		for (int j = 0; j < VARSIZE_ANY_EXHDR(sets[i]); j++)
			VARDATA(all)[j] |= VARDATA_ANY(sets[i])[j];
	}
	PG_RETURN_BYTEA_P(all);
}

PG_FUNCTION_INFO_V1(pm_catalog_bits_common);

/* _bits_common(bytea, bytea): how many are in both. */
Datum
pm_catalog_bits_common(PG_FUNCTION_ARGS)
{
	bytea *a = PG_GETARG_BYTEA_PP(0);
	bytea *b = PG_GETARG_BYTEA_PP(1);
	int bytes = Min(VARSIZE_ANY_EXHDR(a), VARSIZE_ANY_EXHDR(b));
	char both[MAX_BITS / 8];
	int64 count = 0;

	for (int done = 0; done < bytes; done += sizeof(both))
	{
		int part = Min(bytes - done, (int) sizeof(both));

		for (int i = 0; i < part; i++)
			both[i] = VARDATA_ANY(a)[done + i] & VARDATA_ANY(b)[done + i];
		count += pg_popcount(both, part);
	}
	PG_RETURN_INT32((int32) count);
}

PG_FUNCTION_INFO_V1(pm_catalog_has_bit);

/* _has_bit(bytea, integer): is the number in the set? */
Datum
pm_catalog_has_bit(PG_FUNCTION_ARGS)
{
	bytea *set = PG_GETARG_BYTEA_PP(0);
	int number = PG_GETARG_INT32(1);

	PG_RETURN_BOOL(number >= 0 && number / 8 < VARSIZE_ANY_EXHDR(set) &&
	               (VARDATA_ANY(set)[number / 8] >> number % 8 & 1));
}
