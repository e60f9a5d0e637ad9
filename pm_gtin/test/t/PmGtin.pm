#
# PmGtin.pm - what the TAP tests of pm_gtin share: random codes, a database that
# uses every type in every place, and a picture of it to compare
#
package PmGtin;

use strict;
use warnings;

use Exporter 'import';
use Test::More;

our @EXPORT_OK = qw(
  seeded soaking one_of digits check10 random_gtin
  fill_database picture index_faults
);

# Seeds rand() from PM_SEED, or anew, and prints the seed.
sub seeded
{
	my $seed = defined $ENV{PM_SEED} ? $ENV{PM_SEED} : time ^ $$ << 8;

	srand($seed);
	note("PM_SEED=$seed");
	return $seed;
}

# Are the full numbers asked for?
sub soaking { return $ENV{PM_SOAK} ? 1 : 0; }

sub one_of { return $_[ int rand @_ ]; }
sub digits { return join '', map { int rand 10 } 1 .. $_[0]; }

# The modulo-10 check digit of GS1, as the standard words it.
sub check10
{
	my ($payload) = @_;
	my ($sum, $weight) = (0, 3);

	foreach my $digit (reverse split //, $payload)
	{
		$sum += $digit * $weight;
		$weight = 4 - $weight;
	}
	return (10 - $sum % 10) % 10;
}

# A valid GTIN of this many digits, or of any form.
sub random_gtin
{
	my ($width) = @_;
	my $payload = digits(($width || one_of(8, 12, 13, 14)) - 1);

	$payload =~ s/^./1/ if $payload =~ /^0+$/;
	return $payload . check10($payload);
}

# Types, tables, indexes and rows.  search_path is what deploy/ sets.
my $schema = <<'SQL';
CREATE TABLE every_type (
  id int PRIMARY KEY, g gtin, g8 gtin8, g12 gtin12, g13 gtin13, g14 gtin14,
  isbn gtin_isbn, issn gtin_issn, ismn gtin_ismn, asin asin, elements gs1_elements,
  many gtin[], many13 gtin13[], asins asin[], strings gs1_elements[]);

-- over gtin itself: pg_upgrade makes domains before the casts of a subtype
CREATE DOMAIN sold AS gtin CHECK (NOT is_restricted(VALUE) AND NOT is_coupon(VALUE));
CREATE DOMAIN ean AS gtin13 DEFAULT '4006381333931' NOT NULL;
CREATE TYPE pack AS (item gtin, count int, label gs1_elements);
CREATE TYPE block AS RANGE (subtype = gtin);

CREATE TABLE items (
  code gtin PRIMARY KEY DEFAULT '4006381333931' CHECK (NOT is_coupon(code)),
  sold sold, digits text NOT NULL GENERATED ALWAYS AS (gtin_digits(code, 14)) STORED,
  inner_code gtin GENERATED ALWAYS AS (gtin_inner(code)) STORED,
  again gtin13 UNIQUE REFERENCES items, plain ean, pack pack, block block,
  EXCLUDE USING gist (block WITH &&));
CREATE TABLE by_hash (code gtin PRIMARY KEY REFERENCES items, n int) PARTITION BY HASH (code);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE by_range (code gtin14 PRIMARY KEY, n int) PARTITION BY RANGE (code);
CREATE TABLE by_range_low PARTITION OF by_range FOR VALUES FROM (MINVALUE) TO ('5000000000005');
CREATE TABLE by_range_high PARTITION OF by_range FOR VALUES FROM ('5000000000005') TO (MAXVALUE);

INSERT INTO every_type
SELECT i, g, gtin_complete('1' || substr(d, 1, 6)), gtin_complete('1' || substr(d, 2, 10)),
       gtin_complete('4' || substr(d, 1, 11)), gtin_complete('6' || substr(d, 1, 12)),
       gtin_complete('978' || substr(d, 1, 9)), gtin_complete('977' || substr(d, 1, 9)),
       gtin_complete('9790' || substr(d, 1, 8)),
       CASE i % 3 WHEN 0 THEN asin_of(gtin_complete('978' || substr(d, 1, 9)))
                  WHEN 1 THEN ('B0' || upper(substr(md5(d), 1, 8)))::asin END,
       ('(01)' || gtin_digits(g, 14) || '(10)' || substr(md5(d), 1, 4) || '\(' || i)::gs1_elements,
       ARRAY[g, NULL, gtin_complete(substr(d, 1, 7))], ARRAY[gtin_complete('5' || substr(d, 1, 11))],
       ARRAY['B00BLLINKI', NULL]::asin[], ARRAY['(00)006141411234567890', '(01)09506000134352']::gs1_elements[]
FROM (SELECT i, d, gtin_complete(substr(d, 1, (ARRAY[7, 11, 12, 13])[1 + i % 4])) AS g
      FROM (SELECT i, lpad(floor(random() * 1e12 + 1)::bigint::text, 13, '1') AS d
            FROM generate_series(1, :rows) AS i) AS a OFFSET 0) AS b;
INSERT INTO every_type (id) VALUES (0);
INSERT INTO items (code, sold, pack, block)
SELECT g, CASE WHEN NOT is_restricted(g13) AND NOT is_coupon(g13) THEN g13 END,
       (g, id, elements)::pack, block(g, lead(g) OVER (ORDER BY g))
FROM (SELECT DISTINCT ON (g) * FROM every_type WHERE NOT is_coupon(g) ORDER BY g, id) AS e;
INSERT INTO items DEFAULT VALUES ON CONFLICT DO NOTHING;
UPDATE items SET again = code WHERE code >= '1000000000009' AND code < '10000000000007' AND digits LIKE '%1';
INSERT INTO by_hash SELECT code, row_number() OVER (ORDER BY code) FROM items;
INSERT INTO by_range SELECT code, n FROM by_hash;

CREATE INDEX ON every_type (g, asin DESC NULLS FIRST) INCLUDE (g13);
CREATE INDEX ON every_type USING hash (g);
CREATE INDEX ON every_type USING hash (g13);
CREATE INDEX ON every_type USING hash (asin);
CREATE INDEX ON every_type USING hash (elements);
CREATE INDEX ON every_type USING brin (g, asin, elements) WITH (pages_per_range = 1);
CREATE UNIQUE INDEX ON every_type (elements);
CREATE INDEX ON every_type USING gin (many, many13, asins, strings);
CREATE INDEX ON every_type (gtin_inner(g)) WHERE g ^@ '4';
CREATE INDEX ON every_type (isbn10(isbn), gs1_gtin(elements));
CREATE INDEX ON every_type USING gist (block(g8, g14));
CREATE STATISTICS gtin_statistics ON g, g13, asin FROM every_type;
CREATE VIEW sold_view AS SELECT code, gtin_kind(code), code ^@ '400' AS stabilo FROM items WHERE code > '00000000000017';
CREATE MATERIALIZED VIEW kinds AS SELECT gtin_kind(g) AS kind, count(*), min(g), max(g) FROM every_type GROUP BY 1;
CREATE TABLE guarded (code gtin, CONSTRAINT in_range CHECK (code ^@ '4' OR code >= '5000000000005'));
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON guarded USING (code ^@ '40');
INSERT INTO guarded SELECT g13 FROM every_type;

SELECT pm_gtin.refresh_reference('isbn_ranges', E'prefix,registration_group,registrant_from,registrant_to,agency\n978,3,1,8,"Test, ""land"""\n979,10,00,99,\n');
SELECT pm_gtin.refresh_reference('gs1_prefixes', (SELECT E'number_space,prefix_from,prefix_to,class,holder,countries\n' ||
  string_agg(format('%s,%s,%s,%s,"%s",%s', number_space, prefix_from, prefix_to, class, holder || ' (ours)', countries), E'\n')
  FROM pm_gtin.gs1_prefixes WHERE number_space = 'gs1'));
SQL

# Makes a database with the extension and that many rows of each kind.
sub fill_database
{
	my ($node, $database, $rows, $seed) = @_;

	$node->safe_psql('postgres', qq{CREATE DATABASE $database;
		ALTER DATABASE $database SET search_path = "\$user", public, pm_gtin});
	$node->safe_psql($database, 'CREATE EXTENSION pm_gtin; CREATE EXTENSION amcheck');
	$node->safe_psql($database, sprintf('SELECT setseed(%.6f);', $seed % 1_000_000 / 1e6) .
		  ($schema =~ s/:rows/$rows/r));
	return;
}

# All that a copy of the database must have too, as text: rows, definitions,
# the reference data in force and what it makes of ISBNs, answers by index.
sub picture
{
	my ($node, $database) = @_;
	my $picture = $node->safe_psql(
		$database, q{
		SELECT c.oid::regclass, c.relkind, pg_get_indexdef(c.oid), i.indisvalid, pg_get_partkeydef(c.oid),
		       pg_get_expr(c.relpartbound, c.oid), CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END
		FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace ORDER BY c.oid::regclass::text COLLATE "C";
		SELECT conrelid::regclass, contypid::regtype, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
		WHERE connamespace = 'public'::regnamespace ORDER BY conrelid::regclass::text COLLATE "C", conname COLLATE "C";
		SELECT attrelid::regclass, attnum, attname, atttypid::regtype, pg_get_expr(d.adbin, d.adrelid), attgenerated
		FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = attrelid AND d.adnum = attnum
		WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'p'))
		  AND attnum > 0 ORDER BY attrelid::regclass::text COLLATE "C", attnum;
		SELECT polname, pg_get_expr(polqual, polrelid) FROM pg_policy;
		SELECT extname, extversion FROM pg_extension ORDER BY 1});
	my @tables = split /\n/, $node->safe_psql(
		$database, q{
		SELECT format('SELECT %L, t::text FROM %s AS t ORDER BY t::text COLLATE "C"', c.oid::regclass, c.oid::regclass)
		FROM pg_class c WHERE c.relkind IN ('r', 'v', 'm', 'p') AND c.relnamespace IN ('public'::regnamespace, 'pm_gtin'::regnamespace)
		ORDER BY c.oid::regclass::text COLLATE "C"});

	$picture .= $node->safe_psql($database, "$_;") . "\n" foreach @tables;
	$picture .= $node->safe_psql(
		$database, q{
		SELECT isbn_format(isbn), gtin_prefix_class(g), gtin_prefix_holder(g) FROM every_type ORDER BY id;
		SET enable_seqscan = off;
		SELECT g, (SELECT count(*) FROM every_type b WHERE b.g = a.g),
		       (SELECT count(*) FROM every_type b WHERE b.g13 = a.g13),
		       (SELECT count(*) FROM every_type b WHERE b.asin = a.asin),
		       (SELECT count(*) FROM every_type b WHERE b.elements = a.elements),
		       (SELECT count(*) FROM every_type b WHERE b.many @> ARRAY[a.g]),
		       (SELECT count(*) FROM by_range b WHERE b.code = a.g) FROM every_type a ORDER BY id;
		SELECT n, (SELECT count(*) FROM every_type WHERE g ^@ n::text) FROM generate_series(0, 9) n});
	return $picture;
}

# What amcheck says of the heaps and btree indexes of a database, one complaint
# a line; the empty string if it finds nothing wrong.
sub index_faults
{
	my ($node, $database) = @_;
	my ($status, $out, $error) = $node->psql(
		$database, q{
		SELECT c.oid::regclass, v.* FROM pg_class c, verify_heapam(c.oid) v
		WHERE c.relkind IN ('r', 'm') AND c.relnamespace IN ('public'::regnamespace, 'pm_gtin'::regnamespace);
		SELECT count(bt_index_parent_check(c.oid, true, true)) = -1 FROM pg_class c JOIN pg_am a ON a.oid = c.relam
		WHERE c.relkind = 'i' AND a.amname = 'btree' AND c.relnamespace IN ('public'::regnamespace, 'pm_gtin'::regnamespace)});
	return $status == 0 && $out eq 'f' ? '' : "$out$error";
}

1;
