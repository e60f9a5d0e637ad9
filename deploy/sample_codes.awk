# sample_codes.awk - a supplier's file of codes, as dirty as real ones
#
#   LC_ALL=C awk -v rows=20000 -f deploy/sample_codes.awk > sample_codes.csv
#
# Every run writes the same file.  Columns, separated by semicolons:
#   sku        the supplier's article number
#   ean        the code as the supplier wrote it
#   dirt       what was done to it
#   true_gtin  the number it was before; empty where there never was one
# The shares follow what spreadsheets, scanners and people do to codes; they are
# the second argument of kind() below, out of 1000.

# Pseudo-random integer in 0 .. n - 1; the products stay below 2^53.
function random(n) {
	seed = (seed * 16807) % 2147483647
	return int(seed / 2147483647 * n)
}
function digits(n,    s) {
	while (n-- > 0)
		s = s random(10)
	return s
}
function one_of(list,    a, n) {
	n = split(list, a, "|")
	return a[random(n) + 1]
}

# GS1 check digit of a string of digits.
function check(s,    i, sum) {
	for (i = 0; i < length(s); i++)
		sum += substr(s, length(s) - i, 1) * (i % 2 ? 1 : 3)
	return (10 - sum % 10) % 10
}
function with_check(s) {
	return s check(s)
}
function ean13() {
	return with_check(one_of("30|34|37|40|42|50|54|57|69|76|80|84|87|90") digits(10))
}
function upc() {
	return with_check("0" (1 + random(9)) digits(9))
}
function gtin14(    inner) {
	inner = ean13()
	return with_check((1 + random(8)) substr(inner, 1, 12))
}
function isbn13() {
	return with_check("978" (random(2) ? "2" : "3") digits(8))
}
function isbn10_of(s,    i, sum) {
	s = substr(s, 4, 9)
	for (i = 1; i <= 9; i++)
		sum += (11 - i) * substr(s, i, 1)
	sum = (11 - sum % 11) % 11
	return s (sum == 10 ? "X" : sum)
}
function pad14(s) {
	return substr("00000000000000", 1, 14 - length(s)) s
}

# The UPC-A that the six digits between number system 0 and the check digit of a
# UPC-E stand for.
function upce_body(s,    last) {
	last = substr(s, 6, 1)
	if (last <= 2)
		return "0" substr(s, 1, 2) last "0000" substr(s, 3, 3)
	if (last == 3)
		return "0" substr(s, 1, 3) "00000" substr(s, 4, 2)
	if (last == 4)
		return "0" substr(s, 1, 4) "00000" substr(s, 5, 1)
	return "0" substr(s, 1, 5) "0000" last
}

# The digits of s written from a list of ten characters.
function spelled(s, list,    a, i, out) {
	split(list, a, " ")
	for (i = 1; i <= length(s); i++)
		out = out a[substr(s, i, 1) + 1]
	return out
}
# One digit of s replaced by another one.
function mistyped(s,    i, d) {
	i = 1 + random(length(s))
	d = (substr(s, i, 1) + 1 + random(9)) % 10
	return substr(s, 1, i - 1) d substr(s, i + 1)
}

function kind(name, share) {
	total += share
	names[++kinds] = name
	limits[kinds] = total
}

# Sets code (as written) and truth.
function make(name,    g, h, s) {
	g = truth = ean13()
	if (name == "ean13")
		return g
	if (name == "ean8")
		return truth = with_check(one_of("30|40|50|73|80|84") digits(5))
	if (name == "upc")
		return truth = upc()
	if (name == "gtin14")
		return truth = gtin14()
	if (name == "in_store")
		return truth = with_check("2" one_of("0|1|3|8|9") digits(10))
	if (name == "outer_space")
		return one_of(" |\t|\302\240|\357\273\277|\342\200\213|") g one_of(" |  |\302\240|\r|\342\200\216")
	if (name == "separators") {
		s = one_of(" |-|.|\342\200\223|\302\240")
		return substr(g, 1, 1) s substr(g, 2, 6) s substr(g, 8)
	}
	if (name == "quotes")
		return random(2) ? "'" g : "\"" g "\""
	if (name == "excel_formula")
		return "=\"" g "\""
	if (name == "other_digits")
		return spelled(g, one_of(fullwidth "|" arabic_indic))
	if (name == "decimals")
		return g one_of(".0|.00|,00|,0")
	if (name == "label")
		return one_of("EAN: |EAN13 |GTIN-13: |ean |Barcode: ") g
	if (name == "element_string")
		return random(2) ? "(01)" pad14(g) "(17)270131(10)L" digits(4) \
			: "]C101" pad14(g) "17270131" "10L" digits(4)
	if (name == "digital_link")
		return "https://id.example.org/01/" pad14(g) (random(2) ? "/10/L" digits(3) : "?17=270131")
	if (name == "isbn10") {
		truth = isbn13()
		s = isbn10_of(truth)
		return random(2) ? s : substr(s, 1, 1) "-" substr(s, 2, 4) "-" substr(s, 6, 4) "-" substr(s, 10)
	}
	if (name == "isbn13_hyphens") {
		g = truth = isbn13()
		return "ISBN " substr(g, 1, 3) "-" substr(g, 4, 1) "-" substr(g, 5, 4) "-" substr(g, 9, 4) "-" substr(g, 13)
	}
	if (name == "issn") {
		s = digits(7)
		truth = with_check("977" s "00")
		for (h = i = 0; i < 7; i++)
			h += (8 - i) * substr(s, i + 1, 1)
		h = (11 - h % 11) % 11
		return "ISSN " substr(s, 1, 4) "-" substr(s, 5) (h == 10 ? "X" : h)
	}
	if (name == "addon") {
		g = truth = isbn13()
		return g " " digits(5)
	}
	if (name == "scientific")
		return substr(g, 1, 1) one_of(".|,") substr(g, 2) "E+12"
	if (name == "surplus_zeros")
		return substr("0000000", 1, 3 + random(5)) g
	if (name == "twice")
		return g g
	if (name == "twice_listed")
		return g one_of(";|,|/| | ") g
	if (name == "zero_lost") {
		truth = upc()
		return substr(truth, 2)
	}
	if (name == "upce") {
		s = digits(6)
		truth = with_check(upce_body(s))
		return "0" s substr(truth, 12)
	}
	if (name == "in_text")
		return one_of("SKU-|Art. |REF ") g one_of("-BLK| (rot)|/1 pce")
	if (name == "letters") {
		while (g !~ /[01]/)
			g = truth = ean13()
		if (g ~ /0/)
			sub(/0/, "O", g)
		else
			sub(/1/, "l", g)
		return g
	}
	if (name == "bad_then_good")
		return mistyped(ean13()) "; " g
	if (name == "check_digit_lost")
		return substr(g, 1, 12)
	if (name == "mistyped")
		return mistyped(g)
	if (name == "swapped") {
		s = 2 + random(10)
		return substr(g, 1, s - 1) substr(g, s + 1, 1) substr(g, s, 1) substr(g, s + 2)
	}
	if (name == "rounded")
		return sprintf("%s%s%sE+12", substr(g, 1, 1), one_of(".|,"), substr(g, 2, 5))
	truth = ""
	if (name == "two_codes")
		return g one_of(";| / |, ") ean13()
	if (name == "placeholder")
		return one_of("0000000000000|9999999999999|1111111111111|1234567890128|N/A|#N/A|Does not apply|kein EAN|0|n.v.")
	if (name == "asin")
		return "B0" toupper(sprintf("%08x", seed))
	if (name == "part_number")
		return one_of("AX-|K|ZUB ") digits(4) one_of("|.1|-B|/20")
	return ""
}

function quoted(s) {
	gsub(/"/, "\"\"", s)
	return "\"" s "\""
}

BEGIN {
	seed = 20260101
	fullwidth = "\357\274\220 \357\274\221 \357\274\222 \357\274\223 \357\274\224 \357\274\225 \357\274\226 \357\274\227 \357\274\230 \357\274\231"
	arabic_indic = "\331\240 \331\241 \331\242 \331\243 \331\244 \331\245 \331\246 \331\247 \331\250 \331\251"

	kind("ean13", 410); kind("upc", 120); kind("gtin14", 40); kind("ean8", 30)
	kind("in_store", 10); kind("outer_space", 30); kind("separators", 40)
	kind("quotes", 12); kind("excel_formula", 13); kind("other_digits", 8)
	kind("decimals", 25); kind("label", 18); kind("element_string", 16)
	kind("digital_link", 8); kind("isbn10", 16); kind("isbn13_hyphens", 14)
	kind("issn", 6); kind("addon", 6); kind("scientific", 14)
	kind("surplus_zeros", 14); kind("twice", 4); kind("twice_listed", 6)
	kind("zero_lost", 24); kind("upce", 10); kind("in_text", 12); kind("letters", 8)
	kind("bad_then_good", 5); kind("check_digit_lost", 12); kind("mistyped", 15)
	kind("swapped", 5); kind("rounded", 10); kind("two_codes", 5)
	kind("placeholder", 14); kind("asin", 5); kind("part_number", 9); kind("empty", 6)

	print "sku;ean;dirt;true_gtin"
	for (row = 1; row <= rows; row++) {
		r = random(total)
		for (k = 1; limits[k] <= r; k++)
			;
		code = make(names[k])
		printf "A%05d;%s;%s;%s\n", row, quoted(code), names[k], truth
	}
}
