# Makes the INSERT statements of the shipped reference data from CSV files with
# a header: file x.csv fills table pm_gtin._x.  Empty fields become NULL.
#
# The statements are ASCII, so that they mean the same in a database of any
# encoding.  Text with other characters goes through a function that is dropped
# at the end; where the encoding lacks them, it gives the ASCII form.  Run with
# LC_ALL=C: characters are bytes here.
BEGIN {
	for (i = 1; i < 256; i++)
		hex[sprintf("%c", i)] = sprintf("%02x", i)
	ascii["c2b2"] = "2"
	ascii["c2b3"] = "3"
	ascii["c3a7"] = "c"
	ascii["c3b4"] = "o"
	ascii["c3bc"] = "u"

	print "CREATE FUNCTION pm_gtin._shipped_text(utf8_hex text, ascii text) RETURNS text"
	print "LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp"
	print "AS $$"
	print "BEGIN"
	print "  RETURN convert_from(decode(utf8_hex, 'hex'), 'UTF8');"
	print "EXCEPTION WHEN untranslatable_character OR undefined_function THEN"
	print "  RETURN ascii;"
	print "END"
	print "$$;"
}
FNR == 1 {
	finish()
	table = FILENAME
	sub(/.*\//, "", table)
	sub(/\.csv$/, "", table)
	header = $0
	gsub(/,/, ", ", header)
	printf "\nINSERT INTO pm_gtin._%s (shipped, %s) VALUES", table, header
	next
}
{
	count = split_csv($0)
	printf "%s\n(true", FNR == 2 ? "" : ","
	for (i = 1; i <= count; i++)
		printf ", %s", literal(field[i])
	printf ")"
	open = 1
}
END {
	finish()
	print "\nDROP FUNCTION pm_gtin._shipped_text(text, text);"
	exit unknown
}

function finish() {
	if (open)
		print ";"
	open = 0
}

function literal(text) {
	if (text == "")
		return "NULL"
	if (text ~ /[^ -~]/)
		return "pm_gtin._shipped_text('" in_hex(text) "', " literal(in_ascii(text)) ")"
	gsub(/'/, "''", text)
	return "'" text "'"
}

function in_hex(text,    out) {
	for (; text != ""; text = substr(text, 2))
		out = out hex[substr(text, 1, 1)]
	return out
}

# All the characters that are not ASCII have two bytes here.
function in_ascii(text,    c, out) {
	for (; text != ""; text = substr(text, length(c) + 1)) {
		c = substr(text, 1, 1)
		if (c ~ /[ -~]/) {
			out = out c
			continue
		}
		c = substr(text, 1, 2)
		if (!(in_hex(c) in ascii)) {
			print FILENAME ": no ASCII form of \"" c "\" is known" > "/dev/stderr"
			unknown = 1
		}
		out = out ascii[in_hex(c)]
	}
	return out
}
