# csv.awk - CSV lines for the awk scripts that make code of our data files
#
#   awk -f csv.awk -f SCRIPT FILE

# Splits a line as in RFC 4180, without line breaks inside quotes, into
# field[1..]; returns how many there are.
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
