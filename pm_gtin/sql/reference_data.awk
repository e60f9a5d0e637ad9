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
