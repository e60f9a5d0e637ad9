# sample_supplier.awk - a supplier's price list, as dirty as real ones
#
#   LC_ALL=C awk -v rows=100000 -v changed=10 -f deploy/sample_supplier.awk > price_list.csv
#
# Every run writes the same file: UTF-8, semicolons, French headings and numbers.
#   rows     how many rows
#   changed  percent of the rows whose price and stock differ from a file with 0
# Of 1 000 rows 20 have a fault that no reader can mend (no title, a price that is no
# number, a code with a wrong check digit ...), 50 repeat the code of a row before, and
# half of the others are written in another way than the first line suggests.

# Pseudo-random integer in 0 .. n - 1; the products stay below 2^53.
function random(n) {
	seed = (seed * 16807) % 2147483647
	return int(seed / 2147483647 * n)
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
function ean_of(row,    s) {
	s = sprintf("3%011d", row * 7919 + 24000000)
	return s check(s)
}

# A number of cents as somebody writes it.
function money(cents,    euros, rest, way) {
	euros = int(cents / 100)
	rest = sprintf("%02d", cents % 100)
	way = random(20)
	if (way == 0)
		return euros "." rest
	if (way == 1)
		return euros "," rest " \342\202\254"
	if (way == 2 && euros >= 1000)
		return int(euros / 1000) " " sprintf("%03d", euros % 1000) "," rest
	return euros "," rest
}
# A code as somebody writes it.
function dirty(ean,    way) {
	way = random(40)
	if (way == 0)
		return "\"=\"\"" ean "\"\"\""
	if (way == 1)
		return substr(ean, 1, 1) " " substr(ean, 2, 6) " " substr(ean, 8)
	if (way == 2)
		return "'" ean
	if (way == 3)
		return ean " "
	return ean
}
function quoted(s) {
	gsub(/"/, "\"\"", s)
	return "\"" s "\""
}

BEGIN {
	seed = 20261127
	brands = "Stabilo|Bic|Maped|Oxford|Clairefontaine|Pilot|Faber-Castell|Pentel|Staedtler|Lamy|HP|Hewlett-Packard|Canon|Epson|Brother|Durable|Esselte|Exacompta|Rapid|Tipp-Ex"
	things = "Stylo|Feutre|Surligneur|Crayon|Cahier|Classeur|R\303\250gle|Agrafeuse|Ciseaux|Gomme|Cartouche|Enveloppe|Bloc-notes|Agenda|Chemise|Taille-crayon"
	kinds = "fin|moyen|large|effa\303\247able|rechargeable|\303\240 bille|pointe feutre|A4|A5|grand format|petit format|recycl\303\251|premium|scolaire"
	colours = "rouge|bleu|noir|vert|jaune|violet|rose|gris|blanc|turquoise"
	groups = "Papeterie > \303\211criture > Stylos|Papeterie > \303\211criture > Feutres|Papeterie > Cahiers|Bureau > Classement|Bureau > Petit mat\303\251riel|Informatique > Consommables"
	print "R\303\251f\303\251rence;Code EAN;D\303\251signation;Marque;Rayon;Prix HT;Prix conseill\303\251;Devise;Stock;Poids;Couleur;Image"
	for (row = 1; row <= rows; row++) {
		reference = sprintf("REF-%06d", row)
		thing = one_of(things)
		colour = one_of(colours)
		ean = dirty(ean_of(row))
		title = thing " " one_of(kinds) " " colour " n\302\260 " row
		if (random(10) == 0)
			title = quoted(title " \"" one_of("lot de 10|\303\251dition 2026|nouveau") "\"")
		else if (random(20) == 0)
			title = "  " title "  "
		cents = 30 + random(20000)
		if (random(50) == 0)
			cents += 100000
		stock = random(500)
		fault = random(1000)
		twin = random(1000)
		other = random(100) < changed # drawn in any case, so that the rest of the file stays
		drop = random(30)
		if (other) {
			cents = int(cents * (90 + drop) / 100)
			stock = stock + 1
		}
		price = money(cents)
		weight = (5 + random(2000)) " g"
		if (twin < 50 && row > 1000) {
			ean = ean_of(1 + random(row - 1))
			reference = reference "-B"
		}
		if (fault < 4)
			title = ""
		else if (fault < 8)
			price = one_of("sur demande|N/A|12,3,4|1.2.3|--")
		else if (fault < 12)
			ean = substr(ean_of(row), 1, 12) (check(substr(ean_of(row), 1, 12)) + 3) % 10
		else if (fault < 14)
			stock = one_of("beaucoup|3,5|-12")
		else if (fault < 16)
			ean = "3,40E+12"
		else if (fault < 18)
			reference = reference ";" # one value too many
		else if (fault < 20)
			weight = one_of("lourd|12 parsecs|g")
		printf "%s;%s;%s;%s;%s;%s;%s;EUR;%s;%s;%s;https://images.example.com/%s.jpg\n", reference, ean, title, one_of(brands), one_of(groups), price, money(int(cents * 1.8)), stock, weight, colour, reference
	}
}
