# Makes the INSERT statements of the shipped reference data from CSV files with
# a header: file x.csv fills table pm_gtin._x.  Empty fields become NULL.
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
END { finish() }

function finish() {
	if (open)
		print ";"
	open = 0
}

function literal(text) {
	if (text == "")
		return "NULL"
	gsub(/'/, "''", text)
	return "'" text "'"
}

# Splits a CSV line into field[1..]; returns how many there are.
function split_csv(line,    n, c, quoted) {
	n = 1
	field[1] = ""
	while (line != "") {
		c = substr(line, 1, 1)
		line = substr(line, 2)
		if (quoted && c == "\"" && substr(line, 1, 1) == "\"") {
			field[n] = field[n] "\""
			line = substr(line, 2)
		} else if (c == "\"")
			quoted = !quoted
		else if (c == "," && !quoted)
			field[++n] = ""
		else
			field[n] = field[n] c
	}
	return n
}
