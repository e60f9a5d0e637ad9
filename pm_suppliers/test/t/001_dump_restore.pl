#
# 001_dump_restore.pl - dump, restore and pg_upgrade carry suppliers, contacts, rules,
# resolutions and counts, and nothing is published by them
#
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../../../test/t";
use PmRestore;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('old');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->safe_psql('original', <<'SQL');
CREATE EXTENSION pm_suppliers CASCADE;
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('supplier_changed', 'public.noop(pm_jobs.job)'), pm_jobs.create_queue('copies', ordered => true);
SELECT pm_xref.subscribe('suppliers.supplier.changed', NULL, 'copies', 'supplier_changed');
INSERT INTO pm_suppliers.suppliers (code, name, is_active, contact_email, contact_phone, address, country, created_at)
VALUES ('Acme', 'Acme "quoted" \ SARL', true, 'a@b', '+33 1', E'a\tb\nc', 'FR', '2020-02-02'), ('Zoë', 'Zoë', false, NULL, NULL, NULL, NULL, now()), ('gone', 'Gone', true, NULL, NULL, NULL, NULL, now());
INSERT INTO pm_suppliers.supplier_contacts (supplier_id, role, name, email, language, is_primary)
SELECT id, 'orders', 'Anne', 'anne@b', 'fr', true FROM pm_suppliers.suppliers WHERE code <> 'gone';
SELECT pm_suppliers.set_identifier_rules('acme', '{"min_confidence": 0.7, "check_digit": "sometimes_missing", "strip_prefixes": ["A,\"{"], "none_codes": ["x"], "allowed_prefixes": ["4"]}');
SELECT count(*) FROM pm_suppliers.resolve_eans('acme', ARRAY['4006381333931', '400638133393', E'a\tb', 'é "q" {x}', NULL, '036000291452']);
SELECT pm_suppliers.resolve_ean('Zoë', '4006381333931'), pm_suppliers.resolve_ean('gone', '4006381333931');
SELECT pm_suppliers.confirm_resolution('acme', 'é "q" {x}', '40170725', 'anne'), pm_suppliers.reject_resolution('acme', '4006381333931', 'no', 'bob');
UPDATE pm_suppliers._code_counts SET day = '2026-01-05' WHERE supplier_id = pm_suppliers._supplier('Zoë');
SELECT pm_xref.deliver();
DELETE FROM pm_suppliers.suppliers WHERE code = 'gone';
UPDATE pm_suppliers.suppliers SET name = 'Zoé' WHERE code = 'Zoë';
SQL

# Every row of every table, and what is still to be told.
sub picture
{
	my ($on, $database) = @_;
	return join "\n", map { "$_\n" . $on->safe_psql($database, "SELECT t::text FROM $_ AS t ORDER BY 1") }
	  qw(pm_suppliers.suppliers pm_suppliers.supplier_contacts pm_suppliers.identifier_rules pm_suppliers._resolutions pm_suppliers._code_counts pm_xref._events);
}

my $picture = picture($node, 'original');
like($picture, qr/,confirmed,anne,/, 'a code that was confirmed');
like($picture, qr/,rejected,bob,/, 'one that was rejected');
like($picture, qr/""deleted"": true/, 'a supplier that went');

# Tests that everything goes on from there.
sub goes_on
{
	my ($on, $database, $name) = @_;
	is($on->safe_psql($database, 'SELECT undelivered FROM pm_xref.outbox_lag'), '2', "$name: what was not delivered waits, and nothing else");
	is($on->safe_psql($database, q{SELECT gtin, status FROM pm_suppliers.resolve_eans('acme', ARRAY['É "q" {x}', 'é "Q" {X}', '4006381333931', '400638133393', 'x'])}),
		"|automatic\n40170725|confirmed\n|rejected\n4006381333931|automatic\n|automatic", "$name: decisions and rules hold");
	is($on->safe_psql($database, q{SELECT seen FROM pm_suppliers.supplier_ean_resolutions WHERE original_ean = '400638133393'}), '2', "$name: codes are counted on");
	is($on->safe_psql($database, q{SELECT sum(codes) FROM pm_suppliers.supplier_quality WHERE period = 'day' AND supplier_code = 'Acme'}), '11', "$name: and in the figures");
	isnt($on->psql($database, q{INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('ACME', 'x')}), 0, "$name: codes are unique in any case");
	is($on->safe_psql($database, q{INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('new', 'x'); SELECT pm_xref.deliver()}), '3', "$name: and events follow");
	$on->safe_psql($database, 'DELETE FROM pm_suppliers.suppliers');
	is($on->safe_psql($database, 'SELECT count(*) FROM pm_suppliers._resolutions'), '0', "$name: what is known goes with a supplier");
}

# as anybody may restore, and as deploy does
survives_restore($node, 'original', \&picture, \&goes_on, ways => ['plain']);
survives_restore($node, 'original', \&picture, \&goes_on, ways => ['custom'], replica => 1);
survives_upgrade($node, 'original', \&picture, \&goes_on);
done_testing();
