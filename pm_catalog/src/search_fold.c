/*
 * search_fold.c - fold(): text as people compare it
 *
 * The tables are of Unicode: text of a database in another encoding is converted there
 * and back.  Where the server knows no encoding (SQL_ASCII), bytes that are
 * UTF-8 are folded as such and others stay.
 */
#include "pm_catalog_module.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "pm_fold.h"

/*
 * A text of the server's encoding as UTF-8, *len bytes long and not ended by a zero
 * byte if it is the argument itself.  Throws 22P05 if a character has no code there.
 */
const char *
pm_catalog_to_utf8(const char *data, int *len)
{
	char *converted;

	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
		return data;
	converted = pg_server_to_any(data, *len, PG_UTF8);
	if (converted != data)
		*len = strlen(converted);
	return converted;
}

/* UTF-8 as a text of the server's encoding.  Throws 22P05 as above. */
text *
pm_catalog_from_utf8(const char *data, int len)
{
	char *converted = (char *) data;

	if (GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII)
	{
		converted = pg_any_to_server(data, len, PG_UTF8);
		if (converted != data)
			len = strlen(converted);
	}
	return cstring_to_text_with_len(converted, len);
}

#define PIECE 65536 /* bytes folded between two looks for interrupts */

PG_FUNCTION_INFO_V1(pm_catalog_fold);

/* fold(text) */
Datum
pm_catalog_fold(PG_FUNCTION_ARGS)
{
	text *line = PG_GETARG_TEXT_PP(0);
	int len = VARSIZE_ANY_EXHDR(line);
	const char *data = pm_catalog_to_utf8(VARDATA_ANY(line), &len);
	char *out = palloc(len + 1);
	size_t size = 0;

	for (int done = 0; done < len;)
	{
		int piece = Min(len - done, PIECE);

		CHECK_FOR_INTERRUPTS();
		/* no character in two pieces */
		while (done + piece < len && piece > PIECE - 4 &&
		       (data[done + piece] & 0xC0) == 0x80)
			piece--;
		size += pm_fold(data + done, piece, out + size);
		done += piece;
	}
	PG_RETURN_TEXT_P(pm_catalog_from_utf8(out, size));
}
