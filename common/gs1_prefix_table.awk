# Makes pm_gs1_prefix_table.h, the compiled GS1 prefix ranges, from
# pm_gtin/data/gs1_prefixes.csv: one letter for each three-digit prefix, "." where
# nobody issues numbers.  Longer prefixes do not matter here: below 000 they are
# all GS1 US, 962 is all GTIN-8 blocks, and 979 is told apart by pm_isbn.c.
BEGIN {
	letter["mo"] = "m"; letter["gtin8_block"] = "m"; letter["isbn"] = "m"
	letter["issn"] = "m"; letter["ismn"] = "m"; letter["global_office"] = "m"
	letter["epc_gmn"] = "m"; letter["restricted_company"] = "r"
	letter["restricted_geographic"] = "r"; letter["reserved"] = "x"
	letter["coupon"] = "c"; letter["coupon_common_currency"] = "c"
	letter["refund"] = "f"; letter["demo"] = "d"; letter["go_future_mo"] = "."
}
NR > 1 {
	split_csv($0)
	if (!(field[4] in letter) && length(field[2]) <= 3) {
		print "unknown class " field[4] > "/dev/stderr"
		exit 1
	}
	scale = 10 ^ (3 - length(field[2]))
	if (scale >= 1)
		for (p = field[2] * scale; p < (field[3] + 1) * scale; p++)
			table[field[1], p] = letter[field[4]]
}
END {
	table["gs1", 0] = "m"; table["gs1", 962] = "m"; table["gs1", 979] = "m"
	print "/* Generated from gs1_prefixes.csv by gs1_prefix_table.awk: do not edit. */"
	emit("gs1", "prefix_classes")
	emit("gs1_8", "prefix8_classes")
}
function emit(space, name,    p, line) {
	printf "static const char %s[1001] =\n", name
	for (p = 0; p < 1000; p++) {
		line = line ((space, p) in table ? table[space, p] : ".")
		if (p % 50 == 49) {
			printf "\t\"%s\"%s\n", line, p == 999 ? ";" : ""
			line = ""
		}
	}
}
