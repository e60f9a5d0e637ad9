/*
 * test_fold.c - small letters without accents
 *
 * What people write for each other's letters, by examples of each script; and for
 * every code point: nothing grows, and folding twice is folding once.
 */
#include <string.h>

#include "pm_fold.h"
#include "pm_utf8.h"
#include "tap.h"

/* What a text folds to. */
static const char *
folded(const char *text)
{
	static char out[256];

	out[pm_fold(text, strlen(text), out)] = '\0';
	return out;
}

/* Examples. */
static void
test_examples(void)
{
	is_str(folded("Crème Brûlée À L'Œuf"), "creme brulee a l'oeuf", "French");
	is_str(folded("Straße GRÖẞE Äpfel"), "strasse grosse apfel", "German");
	is_str(folded("Piñata Ñandú ¿Qué?"), "pinata nandu ¿que?", "Spanish");
	is_str(folded("Łódź Škoda Ærø Đorđe Þór İstanbul ılık"),
	       "lodz skoda aero dorde thor istanbul ilik", "other Latin alphabets");
	is_str(folded("Việt Nam Phở"), "viet nam pho", "Vietnamese");
	is_str(folded("e\xCC\x81t\xC3\xA9"), "ete", "a mark by itself goes");
	is_str(folded("ΆΛΦΑ Ὀδυσσεύς"), "αλφα οδυσσευσ", "Greek, the last sigma too");
	is_str(folded("Ёлка ЙОД Щи"), "елка йод щи", "Cyrillic: й is a letter of its own");
	is_str(folded("أحمد قَهْوَة"), "احمد قهوه", "Arabic without vowels");
	is_str(folded("ＡＢＣ１２３"), "abc123", "full-width forms");
	is_str(folded("٣٤ H₂O m²"), "34 h2o m2", "digits");
	is_str(folded("\xEF\xAC\x83x"), "ffix", "ligatures");
	is_str(folded("日本語 한국어"), "日本語 한국어", "scripts without case stay");
	is_str(folded("a\xFF\xC3z"), "a\xFF\xC3z", "bytes of no character stay");
	is_str(folded(""), "", "nothing");
}

/* Every code point. */
static void
test_every_code_point(void)
{
	int longer = 0;
	int unstable = 0;

	for (uint32_t cp = 0; cp < 0x110000; cp++)
	{
		char once[PM_FOLD_MAX];
		char twice[PM_FOLD_MAX];
		size_t size = pm_fold_char(cp, once);
		size_t bytes = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		if (size > bytes)
			longer++;
		if (pm_fold(once, size, twice) != size || memcmp(once, twice, size) != 0)
			unstable++;
	}
	is_int(longer, 0, "no character becomes longer");
	is_int(unstable, 0, "folding what is folded changes nothing");
}

int
main(void)
{
	test_examples();
	test_every_code_point();
	return tap_done();
}
