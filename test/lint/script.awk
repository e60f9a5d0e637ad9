# script.awk - the rules that only the text of an install script shows
#
#   awk -v extension=pm_x -f script.awk PART
#
# The guard comes first; no OR REPLACE and no IF NOT EXISTS, which would take over
# what somebody else made; every object is named with its schema; every function
# states its volatility and parallel safety instead of taking the defaults.
function complain(line, text) {
	printf "%s:%d: %s\n", FILENAME, line, text
	failed = 1
}
# Judges the head of a function: what stands before its body.
function end_of_head() {
	if (head !~ /(IMMUTABLE|STABLE|VOLATILE)/)
		complain(start, "the function does not state its volatility")
	if (head !~ /PARALLEL (SAFE|RESTRICTED|UNSAFE)/)
		complain(start, "the function does not state its parallel safety")
	head = ""
}

FILENAME ~ /\/00_/ && FNR == 1 && $0 !~ "^\\\\echo Use \"CREATE EXTENSION " extension "\".*\\\\quit" {
	complain(FNR, "the guard is missing")
}
/^[ \t]*--/ { next }
/OR REPLACE/ { complain(FNR, "OR REPLACE") }
/IF NOT EXISTS( [^(]|$)/ { complain(FNR, "IF NOT EXISTS") }
/^CREATE (UNLOGGED )?(TABLE|VIEW|TYPE|FUNCTION|PROCEDURE|AGGREGATE|SEQUENCE|DOMAIN) / && $0 !~ " " extension "\\." {
	complain(FNR, "the object is not named with its schema")
}
/^CREATE (FUNCTION|PROCEDURE) / {
	head = " "
	start = FNR
	if (/PROCEDURE/)
		head = "VOLATILE PARALLEL UNSAFE"
}
head != "" {
	head = head " " $0
	if (/BEGIN ATOMIC|\$\$|AS '|^RETURN |;[ \t]*$/)
		end_of_head()
}
END { exit failed }
