# Makes pm_gs1_ai_table.h, the compiled table of GS1 application identifiers,
# from pm_gtin/data/gs1_application_identifiers.csv.
#
# A format is a list of components: a character set (N digits, X the 82
# characters, Y the 39, Z base64url), a length ("14" or "..20"), the rules it
# obeys after colons, brackets when it may be missing.  Alternatives of requires
# and qualifiers stand between bars; all of "01+21" must be there; a trailing n
# in an identifier is any digit.
#
# Wrong rows end the build: the binary search and the checks of the C code
# trust this table.
function refuse(why) {
	printf "%s:%d: %s\n", FILENAME, FNR, why > "/dev/stderr"
	failed = 1
	exit 1
}

function flag(text) {
	if (text != "true" && text != "false")
		refuse("neither true nor false: \"" text "\"")
	return text
}

function c_string(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	return "\"" text "\""
}

# "01|03+21" as people read it: "(01) or (03) with (21)".
function readable(list,    alternatives, n, i, text) {
	n = split(list, alternatives, "|")
	for (i = 1; i <= n; i++) {
		gsub(/\+/, ") with (", alternatives[i])
		text = text (i == 1 ? "" : i == n ? " or " : ", ") "(" alternatives[i] ")"
	}
	return text
}

# Adds the components of a format to the table; sets min_length, max_length, n_components.
function add_format(format,    parts, i, text, optional, rules, n, j, lengths, min, max, names) {
	n_components = split(format, parts, " ")
	first_component[format] = total_components + 0
	min_length = max_length = 0
	for (i = 1; i <= n_components; i++) {
		text = parts[i]
		optional = text ~ /^\[.*\]$/
		gsub(/[][]/, "", text)
		n = split(text, rules, ":")
		if (rules[1] !~ /^[NXYZ](\.\.)?[0-9]+$/ || n > 4)
			refuse("bad component \"" parts[i] "\"")
		lengths = substr(rules[1], 2)
		max = lengths
		sub(/^\.\./, "", max)
		min = lengths ~ /^\.\./ ? 1 : max
		min_length += optional ? 0 : min
		max_length += max
		names = ""
		for (j = 2; j <= n; j++)
			names = names ", PM_GS1_RULE_" toupper(rules[j])
		component[total_components++] = sprintf("{PM_GS1_CHARSET_%s, %d, %d, %s, {%s}}", \
			substr(rules[1], 1, 1), min, max, optional ? "true" : "false", \
			names == "" ? "PM_GS1_RULE_NONE" : substr(names, 3))
	}
	min_of[format] = min_length
	max_of[format] = max_length
	components_of[format] = n_components
}

BEGIN {
	total_components = 0
}

NR == 1 {
	if ($0 != "ai_from,ai_to,fnc1_required,format,requires,excludes," \
		"digital_link_attribute,digital_link_key,qualifiers,title")
		refuse("unexpected header")
	next
}

{
	if (split_csv($0) != 10)
		refuse("not 10 fields")
	from = field[1]; to = field[2]; format = field[4]
	requires = field[5]; excludes = field[6]; qualifiers = field[9]
	prefix = substr(from, 1, 2)
	if (from !~ /^[0-9][0-9][0-9]?[0-9]?$/ || to !~ /^[0-9]+$/ || length(from) != length(to) || from > to)
		refuse("bad identifiers \"" from "\" to \"" to "\"")
	if (rows > 0 && (from "") <= (last "") "")
		refuse("not in order of ai_from")
	last = to
	if (requires != "" && requires !~ /^[0-9][0-9][0-9n|+]*$/)
		refuse("bad requires \"" requires "\": several requirements are to be multiplied out into one")
	if (excludes != "" && excludes !~ /^[0-9][0-9][0-9n ]*$/)
		refuse("bad excludes \"" excludes "\"")
	if (qualifiers != "" && qualifiers !~ /^[0-9][0-9 |]*$/)
		refuse("bad qualifiers \"" qualifiers "\"")
	if (!(format in first_component))
		add_format(format)
	if (flag(field[3]) == "false" && min_of[format] != max_of[format])
		refuse("without FNC1 the length must be fixed")

	# A range of two-digit identifiers has several prefixes.
	for (p = prefix + 0; p <= substr(to, 1, 2) + 0; p++) {
		if (p in digits && digits[p] != length(from))
			refuse("identifiers of one prefix differ in length")
		if (!(p in digits))
			first_row[p] = rows + 0
		digits[p] = length(from)
		count[p]++
	}

	shape = format
	gsub(/:[a-z0-9:]+/, "", shape)
	list = excludes == "" ? "\"\"" : "\"" excludes "\\0\""
	gsub(/ /, "\\0\" \"", list)
	row[rows++] = sprintf("\t{%d, %d, %d, %s, %s, %s, %d, %d, %d, &components[%d],\n\t\t%s, %s, %s,\n\t\t%s, %s, %s},", \
		from, to, length(from), flag(field[3]), flag(field[7]), flag(field[8]), \
		min_of[format], max_of[format], components_of[format], first_component[format], \
		c_string(shape), c_string(requires), c_string(readable(requires)), \
		list, c_string(qualifiers), c_string(field[10]))
}

END {
	if (failed)
		exit 1
	if (rows == 0)
		refuse("no rows")
	print "/* Generated from gs1_application_identifiers.csv by gs1_ai_table.awk: do not edit. */"
	print "static const PmGs1Component components[] = {"
	for (i = 0; i < total_components; i++)
		print "\t" component[i] ","
	print "};"
	print ""
	print "/* In order of the identifiers as text. */"
	print "static const PmGs1Ai rows[] = {"
	for (i = 0; i < rows; i++)
		print row[i]
	print "};"
	print ""
	print "/* By the first two digits: how long the identifier is, and where its rows are. */"
	print "static const PmGs1AiPrefix prefixes[100] = {"
	for (p = 0; p < 100; p++)
		if (p in digits)
			printf "\t[%d] = {%d, %d, %d},\n", p, digits[p], count[p], first_row[p]
	print "};"
}
