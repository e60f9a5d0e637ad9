#
# 051_family_roles.pl - the examples of docs/families.md, and who may do what
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('catalog');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pm_catalog CASCADE; CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE pm_admin; CREATE ROLE pm_worker;
	GRANT USAGE ON SCHEMA pm_xref, pm_gtin TO pm_reader, pm_writer, pm_admin, pm_worker');
$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../../sql/grants.sql"));

# The blocks of SQL of a section.
my $page = slurp_file("$FindBin::RealBin/../../../docs/families.md");
sub blocks
{
	my ($section) = @_;
	my ($text) = $page =~ /^## \Q$section\E$(.*?)(?:^## |\z)/ms or die "no section $section";
	return $text =~ /^```sql\n(.*?)^```/msg;
}
sub as
{
	my ($role, $sql) = @_;
	my ($status, $out, $err) = $node->psql('postgres', "\\set ON_ERROR_STOP 1\n\\set VERBOSITY verbose\nSET ROLE $role;\n$sql");
	return $status == 0 ? $out : $err;
}

my %role = ('Declare' => 'pm_admin', 'Write products' => 'pm_writer', 'See what is missing' => 'pm_reader', 'Declare anew' => 'pm_admin', "EngraveDetect's lenses" => 'pm_admin');
foreach my $section ('Declare', 'Write products', 'See what is missing', 'Declare anew', "EngraveDetect's lenses")
{
	foreach my $block (blocks($section))
	{
		my $name = (split /\n/, $block)[0];
		unlike(as($role{$section}, $block), qr/ERROR|FATAL/, "$role{$section}: $name");
	}
}

# what the page shows is what happens
my ($shown) = (blocks('See what is missing'))[0] =~ /\| +missing\n(.*?)^SELECT/ms;
$shown = join "\n", map { s/^--\s*//r =~ s/\s*\|\s*/|/gr } split /\n/, $shown;
like(as('pm_reader', (split /^SELECT family/m, (blocks('See what is missing'))[0])[0]), qr/^\Q$shown\E$/m, 'completeness as the page shows it');
my ($faults) = $page =~ /^DETAIL:  (.*?)^```/ms;
my $error = as('pm_writer', q{UPDATE pm_catalog.products SET technical_specs = '{"power": 8.55, "socket": "E40", "height_min": 70, "height_max": 60}' WHERE sku = 'L-1'});
like($error, qr/ERROR:  23514: product .* "Aurora" does not fit its family "lamp"/, 'an error as the page shows it');
like($error, qr/^\Q$_\E$/m, $_) foreach map { s/^DETAIL:  //r } grep { $_ !~ /^technical_specs.power/ } split /\n/, $faults;
like($error, qr/DETAIL:  .*technical_specs.power = "8.55": must have at most 1 decimal \(decimals\)/s, 'and the first fault');

# lenses are for who writes products; families are not
unlike(as('pm_writer', $_), qr/ERROR/, "pm_writer: $_") foreach (
	q{INSERT INTO pm_catalog.categories (name) VALUES ('Passing'); DELETE FROM pm_catalog.categories WHERE name = 'Passing'},
	q{INSERT INTO pm_catalog.categories (name) VALUES ('Lasting'); INSERT INTO pm_catalog.product_categories SELECT p.id, c.id FROM pm_catalog.products AS p, pm_catalog.categories AS c; DELETE FROM pm_catalog.categories},
	q{INSERT INTO pm_catalog.verres (nom, indice) VALUES ('Test', 1.5)}, q{UPDATE pm_catalog.verres SET indice = 1.6},
	q{INSERT INTO pm_catalog.series (nom) VALUES ('Comfort')}, q{UPDATE pm_catalog.series SET nom = 'Easy'}, q{DELETE FROM pm_catalog.series WHERE nom = 'Easy'},
	q{UPDATE pm_catalog.product_attributes SET attributes = '{}'}, q{DELETE FROM pm_catalog.verres});
like(as('pm_writer', $_), qr/ERROR:  55000/, "nobody: $_") foreach (
	q{INSERT INTO pm_catalog._category_deltas (category_id) VALUES (pm_xref.uuid7())}, q{INSERT INTO pm_catalog.product_numbers (product_id) SELECT id FROM pm_catalog.products});
like(as('pm_writer', $_), qr/ERROR:  42501/, "not pm_writer: $_") foreach (
	q{UPDATE pm_catalog.family_attributes SET is_required = false}, q{INSERT INTO pm_catalog.families (code, name) VALUES ('x', 'x')}, q{SELECT pm_catalog.create_family_verre()});
like(as('pm_reader', $_), qr/ERROR:  42501/, "not pm_reader: $_") foreach (
	q{INSERT INTO pm_catalog.verres (nom, indice) VALUES ('Test', 1.5)}, q{INSERT INTO pm_catalog.materiaux (nom) VALUES ('x')}, q{UPDATE pm_catalog.product_attributes SET attributes = '{}'});

# a dump keeps what is declared and what follows from it; the restored database goes on
$node->safe_psql('postgres', q{UPDATE pm_catalog.family_attributes SET is_unique = true, max_length = 60 WHERE code = 'claim'});
my $all = join ";\n", map { "SELECT * FROM pm_catalog.$_ AS t ORDER BY t::text" } qw(locales channels families family_attributes family_options family_rules products product_attributes _unique_values product_numbers product_completeness);
my $before = $node->safe_psql('postgres', $all);
my $dump = PostgreSQL::Test::Utils::tempdir() . '/catalog.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE again');
$node->command_ok([ 'env', 'PGOPTIONS=-c session_replication_role=replica', 'pg_restore', '-e', '-d', $node->connstr('again'), $dump ], 'restored');
is($node->safe_psql('again', $all), $before, 'row for row');
is($node->safe_psql('again', q{INSERT INTO pm_catalog.verres (nom, indice) VALUES ('Next', 1.5) RETURNING id > (SELECT max(number) FROM pm_catalog.product_numbers)}), 't', 'the next number follows');
isnt($node->psql('again', q{INSERT INTO pm_catalog.product_attributes (product_id, locale, attributes) SELECT id, 'fr', '{"claim": 5}' FROM pm_catalog.products WHERE sku = 'L-1'}),
	0, 'values are checked there');
$node->stop;
done_testing();
