/*
 * pm_html.c - the text that a reader of HTML sees
 *
 * Tags are found as the HTML standard finds them: "<" is one only before a letter, "/",
 * "!" or "?", and quotes count only around values of attributes.  Whatever is not closed goes
 * on to the end, so every byte is looked at once.  White space is that of a page: runs of it are one
 * blank, elements that are blocks are lines of their own.
 */
#include <string.h>

#include "pm_char.h"
#include "pm_find.h"
#include "pm_html.h"
#include "pm_utf8.h"

#define NAME_MAX 12 /* bytes of a name of an element or a character, with a zero byte */

typedef struct Entity
{
	char name[NAME_MAX];
	uint32_t code_point;
} Entity;

/* clang-format off */

/* Named characters of HTML 4, in the order of bytes. */
static const Entity entities[] = {
    {"AElig", 0xC6}, {"Aacute", 0xC1}, {"Acirc", 0xC2}, {"Agrave", 0xC0}, {"Alpha", 0x391},
    {"Aring", 0xC5}, {"Atilde", 0xC3}, {"Auml", 0xC4}, {"Beta", 0x392}, {"Ccedil", 0xC7},
    {"Chi", 0x3A7}, {"Dagger", 0x2021}, {"Delta", 0x394}, {"ETH", 0xD0}, {"Eacute", 0xC9},
    {"Ecirc", 0xCA}, {"Egrave", 0xC8}, {"Epsilon", 0x395}, {"Eta", 0x397}, {"Euml", 0xCB},
    {"Gamma", 0x393}, {"Iacute", 0xCD}, {"Icirc", 0xCE}, {"Igrave", 0xCC}, {"Iota", 0x399},
    {"Iuml", 0xCF}, {"Kappa", 0x39A}, {"Lambda", 0x39B}, {"Mu", 0x39C}, {"Ntilde", 0xD1},
    {"Nu", 0x39D}, {"OElig", 0x152}, {"Oacute", 0xD3}, {"Ocirc", 0xD4}, {"Ograve", 0xD2},
    {"Omega", 0x3A9}, {"Omicron", 0x39F}, {"Oslash", 0xD8}, {"Otilde", 0xD5},
    {"Ouml", 0xD6}, {"Phi", 0x3A6}, {"Pi", 0x3A0}, {"Prime", 0x2033}, {"Psi", 0x3A8},
    {"Rho", 0x3A1}, {"Scaron", 0x160}, {"Sigma", 0x3A3}, {"THORN", 0xDE}, {"Tau", 0x3A4},
    {"Theta", 0x398}, {"Uacute", 0xDA}, {"Ucirc", 0xDB}, {"Ugrave", 0xD9},
    {"Upsilon", 0x3A5}, {"Uuml", 0xDC}, {"Xi", 0x39E}, {"Yacute", 0xDD}, {"Yuml", 0x178},
    {"Zeta", 0x396}, {"aacute", 0xE1}, {"acirc", 0xE2}, {"acute", 0xB4}, {"aelig", 0xE6},
    {"agrave", 0xE0}, {"alefsym", 0x2135}, {"alpha", 0x3B1}, {"amp", 0x26},
    {"and", 0x2227}, {"ang", 0x2220}, {"apos", 0x27}, {"aring", 0xE5}, {"asymp", 0x2248},
    {"atilde", 0xE3}, {"auml", 0xE4}, {"bdquo", 0x201E}, {"beta", 0x3B2}, {"brvbar", 0xA6},
    {"bull", 0x2022}, {"cap", 0x2229}, {"ccedil", 0xE7}, {"cedil", 0xB8}, {"cent", 0xA2},
    {"chi", 0x3C7}, {"circ", 0x2C6}, {"clubs", 0x2663}, {"cong", 0x2245}, {"copy", 0xA9},
    {"crarr", 0x21B5}, {"cup", 0x222A}, {"curren", 0xA4}, {"dArr", 0x21D3},
    {"dagger", 0x2020}, {"darr", 0x2193}, {"deg", 0xB0}, {"delta", 0x3B4},
    {"diams", 0x2666}, {"divide", 0xF7}, {"eacute", 0xE9}, {"ecirc", 0xEA},
    {"egrave", 0xE8}, {"empty", 0x2205}, {"emsp", 0x2003}, {"ensp", 0x2002},
    {"epsilon", 0x3B5}, {"equiv", 0x2261}, {"eta", 0x3B7}, {"eth", 0xF0}, {"euml", 0xEB},
    {"euro", 0x20AC}, {"exist", 0x2203}, {"fnof", 0x192}, {"forall", 0x2200},
    {"frac12", 0xBD}, {"frac14", 0xBC}, {"frac34", 0xBE}, {"frasl", 0x2044},
    {"gamma", 0x3B3}, {"ge", 0x2265}, {"gt", 0x3E}, {"hArr", 0x21D4}, {"harr", 0x2194},
    {"hearts", 0x2665}, {"hellip", 0x2026}, {"iacute", 0xED}, {"icirc", 0xEE},
    {"iexcl", 0xA1}, {"igrave", 0xEC}, {"image", 0x2111}, {"infin", 0x221E},
    {"int", 0x222B}, {"iota", 0x3B9}, {"iquest", 0xBF}, {"isin", 0x2208}, {"iuml", 0xEF},
    {"kappa", 0x3BA}, {"lArr", 0x21D0}, {"lambda", 0x3BB}, {"lang", 0x2329},
    {"laquo", 0xAB}, {"larr", 0x2190}, {"lceil", 0x2308}, {"ldquo", 0x201C},
    {"le", 0x2264}, {"lfloor", 0x230A}, {"lowast", 0x2217}, {"loz", 0x25CA},
    {"lrm", 0x200E}, {"lsaquo", 0x2039}, {"lsquo", 0x2018}, {"lt", 0x3C}, {"macr", 0xAF},
    {"mdash", 0x2014}, {"micro", 0xB5}, {"middot", 0xB7}, {"minus", 0x2212}, {"mu", 0x3BC},
    {"nabla", 0x2207}, {"nbsp", 0xA0}, {"ndash", 0x2013}, {"ne", 0x2260}, {"ni", 0x220B},
    {"not", 0xAC}, {"notin", 0x2209}, {"nsub", 0x2284}, {"ntilde", 0xF1}, {"nu", 0x3BD},
    {"oacute", 0xF3}, {"ocirc", 0xF4}, {"oelig", 0x153}, {"ograve", 0xF2},
    {"oline", 0x203E}, {"omega", 0x3C9}, {"omicron", 0x3BF}, {"oplus", 0x2295},
    {"or", 0x2228}, {"ordf", 0xAA}, {"ordm", 0xBA}, {"oslash", 0xF8}, {"otilde", 0xF5},
    {"otimes", 0x2297}, {"ouml", 0xF6}, {"para", 0xB6}, {"part", 0x2202},
    {"permil", 0x2030}, {"perp", 0x22A5}, {"phi", 0x3C6}, {"pi", 0x3C0}, {"piv", 0x3D6},
    {"plusmn", 0xB1}, {"pound", 0xA3}, {"prime", 0x2032}, {"prod", 0x220F},
    {"prop", 0x221D}, {"psi", 0x3C8}, {"quot", 0x22}, {"rArr", 0x21D2}, {"radic", 0x221A},
    {"rang", 0x232A}, {"raquo", 0xBB}, {"rarr", 0x2192}, {"rceil", 0x2309},
    {"rdquo", 0x201D}, {"real", 0x211C}, {"reg", 0xAE}, {"rfloor", 0x230B}, {"rho", 0x3C1},
    {"rlm", 0x200F}, {"rsaquo", 0x203A}, {"rsquo", 0x2019}, {"sbquo", 0x201A},
    {"scaron", 0x161}, {"sdot", 0x22C5}, {"sect", 0xA7}, {"shy", 0xAD}, {"sigma", 0x3C3},
    {"sigmaf", 0x3C2}, {"sim", 0x223C}, {"spades", 0x2660}, {"sub", 0x2282},
    {"sube", 0x2286}, {"sum", 0x2211}, {"sup", 0x2283}, {"sup1", 0xB9}, {"sup2", 0xB2},
    {"sup3", 0xB3}, {"supe", 0x2287}, {"szlig", 0xDF}, {"tau", 0x3C4}, {"there4", 0x2234},
    {"theta", 0x3B8}, {"thetasym", 0x3D1}, {"thinsp", 0x2009}, {"thorn", 0xFE},
    {"tilde", 0x2DC}, {"times", 0xD7}, {"trade", 0x2122}, {"uArr", 0x21D1},
    {"uacute", 0xFA}, {"uarr", 0x2191}, {"ucirc", 0xFB}, {"ugrave", 0xF9}, {"uml", 0xA8},
    {"upsih", 0x3D2}, {"upsilon", 0x3C5}, {"uuml", 0xFC}, {"weierp", 0x2118},
    {"xi", 0x3BE}, {"yacute", 0xFD}, {"yen", 0xA5}, {"yuml", 0xFF}, {"zeta", 0x3B6},
    {"zwj", 0x200D}, {"zwnj", 0x200C},
};

/* What numbers 128 to 159 stand for: bytes of Windows-1252. */
static const uint16_t windows1252[] = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
};

/* clang-format on */

/* Elements that begin and end a line, in order. */
static const char blocks[][NAME_MAX] = {
    "address", "article", "aside",    "blockquote", "br",     "caption", "dd",      "div",
    "dl",      "dt",      "fieldset", "figcaption", "figure", "footer",  "form",    "h1",
    "h2",      "h3",      "h4",       "h5",         "h6",     "header",  "hr",      "li",
    "main",    "nav",     "ol",       "option",     "p",      "pre",     "section", "table",
    "tbody",   "tfoot",   "thead",    "tr",         "ul"};

/* Elements whose content is no text to be read, up to their end tag, in order. */
static const char hidden[][NAME_MAX] = {"iframe", "noembed",  "noframes", "script",
                                        "style",  "template", "title"};

/* Where text goes, and what is due before the next character of it. */
typedef struct Output
{
	char *at;
	bool empty; /* nothing but blanks so far */
	bool line;  /* a line end is due */
	bool blank; /* a blank is due */
	bool tags;  /* blanks are those of a page, not of a plain text */
	bool cdata; /* "]]>" is to come, and is no text */
} Output;

/* Where HTML is being read. */
typedef struct Input
{
	const char *at;
	const char *end;
} Input;

/* Is a name in a list in order? */
#define IS_AMONG(list, name) (PM_FIND((list), (name), pm_compare_characters) != NULL)

/* Writes what is due. */
static inline void
put_due(Output *out)
{
	if (!out->empty && (out->line || out->blank))
		*out->at++ = out->line ? '\n' : ' ';
	out->line = out->blank = out->empty = false;
}

/* Writes a character; of a page, a blank is only due, and one that does not break is one. */
static void
put_char(Output *out, uint32_t cp)
{
	if (cp == 0xA0)
		cp = ' ';
	if (out->tags && (cp == ' ' || (cp >= '\t' && cp <= '\r')))
	{
		out->blank = true;
		return;
	}
	put_due(out);
	out->at += pm_utf8_encode(cp, out->at);
}

/* The character of a name, which is shorter than NAME_MAX; 0 if there is none. */
static uint32_t
find_entity(const char *name, size_t size)
{
	char whole[NAME_MAX] = "";
	const Entity *row;

	memcpy(whole, name, size);
	row = PM_FIND(entities, whole, pm_compare_characters);
	return row == NULL ? 0 : row->code_point;
}

/* The character that a number stands for. */
static uint32_t
numbered(uint32_t cp)
{
	if (cp >= 0x80 && cp < 0xA0)
		return windows1252[cp - 0x80];
	if (cp == 0 || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000) ||
	    (cp < ' ' && cp != '\t' && cp != '\n' && cp != '\r') || cp == 0x7F)
		return 0xFFFD;
	return cp;
}

/* Reads a reference by number after "&#"; 0 if it is none.  Goes past it. */
static uint32_t
read_number(Input *in)
{
	const char *at = in->at;
	bool hex = at < in->end && pm_lower(*at) == 'x';
	uint32_t cp = 0;
	const char *digits;

	if (hex)
		at++;
	for (digits = at; at < in->end; at++)
	{
		char c = pm_lower(*at);
		uint32_t digit;

		if (pm_is_digit(c))
			digit = (uint32_t) (c - '0');
		else if (hex && c >= 'a' && c <= 'f')
			digit = (uint32_t) (c - 'a' + 10);
		else
			break;
		if (cp <= 0x10FFFF)
			cp = cp * (hex ? 16 : 10) + digit;
	}
	if (at == digits)
		return 0;
	if (at < in->end && *at == ';')
		at++;
	in->at = at;
	return numbered(cp);
}

/*
 * Reads a reference to a character after "&"; 0 if it is none.  Only the five that are
 * needed everywhere may lack their semicolon, and no letter may follow them then.
 */
static uint32_t
read_entity(Input *in)
{
	static const char *const bare[] = {"amp", "gt", "lt", "nbsp", "quot"};
	const char *name = in->at;
	const char *at = name;
	size_t size;

	if (at < in->end && *at == '#')
	{
		Input number = {at + 1, in->end};
		uint32_t cp = read_number(&number);

		if (cp != 0)
			in->at = number.at;
		return cp;
	}
	while (at < in->end && at - name < NAME_MAX &&
	       (pm_is_digit(*at) || (pm_is_letter(*at) && (unsigned char) *at < 0x80)))
		at++;
	size = (size_t) (at - name);
	if (size == 0 || size >= NAME_MAX)
		return 0;
	if (at < in->end && *at == ';')
	{
		uint32_t cp = find_entity(name, size);

		if (cp != 0)
			in->at = at + 1;
		return cp;
	}
	for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++)
	{
		if (size == strlen(bare[i]) && memcmp(name, bare[i], size) == 0 &&
		    !(at < in->end && *at == '='))
		{
			in->at = at;
			return find_entity(name, size);
		}
	}
	return 0;
}

/* Does "<" begin a tag or a comment there? */
static bool
starts_tag(Input in)
{
	char c = in.at < in.end ? *in.at : '\0';

	if (c == '/' && in.end - in.at > 1)
		c = pm_is_letter(in.at[1]) ? 'a' : in.at[1] == '>' ? 'a' : '\0';
	return (pm_lower(c) >= 'a' && pm_lower(c) <= 'z') || c == '!' || c == '?';
}

/* Goes past some text that ends something; to the end if it is not there. */
static void
skip_past(Input *in, const char *text)
{
	size_t size = strlen(text);

	while ((size_t) (in->end - in->at) >= size)
	{
		const char *found = memchr(in->at, text[0], (size_t) (in->end - in->at) - size + 1);

		if (found == NULL)
			break;
		if (memcmp(found, text, size) == 0)
		{
			in->at = found + size;
			return;
		}
		in->at = found + 1;
	}
	in->at = in->end;
}

/* Goes past the attributes of a tag and its end; a quote counts after "=". */
static void
skip_attributes(Input *in)
{
	bool value = false;

	while (in->at < in->end)
	{
		char c = *in->at++;

		if (c == '>')
			return;
		if (value && (c == '"' || c == '\''))
		{
			const char *close = memchr(in->at, c, (size_t) (in->end - in->at));

			in->at = close == NULL ? in->end : close + 1;
		}
		value = c == '=' || (value && pm_is_space(c));
	}
}

/* Goes past the content of an element that is not shown, up to its end tag. */
static void
skip_content(Input *in, const char *name)
{
	size_t size = strlen(name);

	for (;;)
	{
		size_t i = 0;

		skip_past(in, "</");
		while (i < size && in->at + i < in->end && pm_lower(in->at[i]) == name[i])
			i++;
		if (in->at == in->end ||
		    (i == size && !(in->at + i < in->end && pm_is_letter(in->at[i]))))
		{
			skip_attributes(in);
			return;
		}
	}
}

/* Reads a tag or comment after "<", and makes due what comes of it. */
static void
read_tag(Input *in, Output *out)
{
	char name[NAME_MAX] = "";
	size_t size = 0;
	bool closing;

	if (in->end - in->at >= 3 && memcmp(in->at, "!--", 3) == 0)
	{
		in->at += 1; /* <!--> is a whole one */
		skip_past(in, "-->");
		return;
	}
	if (in->end - in->at >= 8 && memcmp(in->at, "![CDATA[", 8) == 0)
	{
		/* its content is text, as a page would show it */
		in->at += 8;
		out->cdata = true;
		return;
	}
	if (*in->at == '!' || *in->at == '?')
	{
		skip_past(in, ">");
		return;
	}
	closing = *in->at == '/';
	if (closing)
		in->at++;
	while (in->at < in->end && *in->at != '>' && *in->at != '/' && !pm_is_space(*in->at))
	{
		if (size < NAME_MAX - 1)
			name[size++] = pm_lower(*in->at);
		else
			name[0] = '\0';
		in->at++;
	}
	name[size] = '\0';
	skip_attributes(in);
	if (IS_AMONG(blocks, name))
		out->line = true;
	else if (strcmp(name, "td") == 0 || strcmp(name, "th") == 0)
		out->blank = true;
	else if (!closing && IS_AMONG(hidden, name))
		skip_content(in, name);
}

/* Is there anything in a text that HTML would show otherwise? */
bool
pm_html_is_plain(PmText text)
{
	return memchr(text.data, '<', text.size) == NULL &&
	       memchr(text.data, '&', text.size) == NULL;
}

/* Does a text have a tag or a comment? */
static bool
has_tags(PmText text)
{
	Input in = {text.data, text.data + text.size};

	while ((in.at = memchr(in.at, '<', (size_t) (in.end - in.at))) != NULL)
	{
		in.at++;
		if (starts_tag(in))
			return true;
	}
	return false;
}

/*
 * Writes the text of HTML into out, which has room for as many bytes; returns how many there
 * are.  Without any tag, white space stays as it is, and only references to characters change.
 */
size_t
pm_html_text(PmText text, char *out)
{
	Input in = {text.data, text.data + text.size};
	Output output = {out, true, false, false, has_tags(text), false};

	while (in.at < in.end)
	{
		Input next = {in.at + 1, in.end};
		uint32_t cp;
		size_t size;

		if (*in.at == '<' && starts_tag(next))
		{
			in.at++;
			read_tag(&in, &output);
			continue;
		}
		if (*in.at == ']' && output.cdata && in.end - in.at >= 3 &&
		    memcmp(in.at, "]]>", 3) == 0)
		{
			output.cdata = false;
			in.at += 3;
			continue;
		}
		size = pm_utf8_decode(in.at, (size_t) (in.end - in.at), &cp);
		if (cp == PM_UTF8_INVALID)
		{
			put_due(&output);
			*output.at++ = *in.at;
			in.at++;
			continue;
		}
		in.at += size;
		if (cp == '&')
		{
			cp = read_entity(&in);
			if (cp == 0)
				cp = '&';
		}
		put_char(&output, cp);
	}
	return (size_t) (output.at - out);
}
