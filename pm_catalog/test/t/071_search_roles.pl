#
# 071_search_roles.pl - who may search, note and index; rows that a role must not see; waiting
# for another session, and being interrupted; the SQL of docs/search.md, word by word
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../../..";
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\n");
$node->start;
$node->safe_psql('postgres', 'SET client_min_messages = warning; CREATE EXTENSION pm_catalog CASCADE');
$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN") foreach qw(pm_reader pm_writer pm_admin pm_worker other);
$node->safe_psql('postgres', slurp_file("$top/$_/sql/grants.sql")) foreach qw(pm_jobs pm_xref pm_catalog);

sub as
{
	my ($role, $sql) = @_;
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql", extra_params => [ '-U', $role ]);
	return $status == 0 ? $out : $err;
}

# each role does its part
is(as('pm_writer', "INSERT INTO pm_catalog.products (title) VALUES ('Lampe de table'), ('Lampe de poche'); SELECT products FROM pm_catalog.search_lag"), '2', 'pm_writer writes, which is noted');
is(as('pm_worker', 'SELECT pm_catalog.index_products()'), '2', 'pm_worker indexes');
is(as('pm_worker', 'SELECT pm_catalog._fold_events()'), '0', 'and adds up events, also in a session that has done nothing else');
foreach my $role (qw(pm_reader pm_writer pm_admin pm_worker))
{
	is(as($role, "SELECT count(*), min(matched_by) FROM pm_catalog.search_products('lampes', '{\"facets\": true, \"wait\": \"1 s\"}')"), '2|words', "$role searches");
	is(as($role, "SELECT count(*), min(matched_by) FROM pm_catalog.search_products('lmape')"), '2|corrected', "$role makes typos");
	is(as($role, "SELECT pm_catalog.search_facets('lampe') -> 'matches', (SELECT count(*) FROM pm_catalog.suggest('lampe t')), (SELECT count(*) FROM pm_catalog.list_products())"), '2|1|2', "$role counts, completes and lists");
}
foreach my $call ("search_products('x')", "search_facets('x')", "suggest('x')", 'list_products()', 'index_products()', 'rebuild_search()', "_words('x')", "_is_found('x')", "_typed_gtin('x')", "_price_bounds('EUR')", "_is_own('1')")
{
	like(as('other', "SELECT pm_catalog.$call"), qr/42501/, "others do not call $call");
}
foreach my $role (qw(pm_reader pm_writer))
{
	like(as($role, 'SELECT pm_catalog.index_products()'), qr/42501/, "$role does not index");
	like(as($role, "UPDATE pm_catalog.search_documents SET title = 'x'"), qr/42501/, "$role writes no documents");
	like(as($role, 'DELETE FROM pm_catalog._search_pending'), qr/42501/, "$role removes no notes");
	like(as($role, "INSERT INTO pm_catalog.price_bands VALUES ('JPY', '{1000}')"), qr/42501/, "$role sets no bands");
}
like(as('pm_worker', 'SELECT pm_catalog.rebuild_search()'), qr/42501/, 'rebuild_search() is the owner\'s');
is(as('pm_admin', "INSERT INTO pm_catalog.price_bands VALUES ('JPY', '{1000}')"), '', 'pm_admin sets bands');

# rows that a role must not see: products alone hide what is found, the documents what is counted, too
$node->safe_psql('postgres', <<'SQL');
ALTER TABLE pm_catalog.products ENABLE ROW LEVEL SECURITY;
CREATE POLICY no_pocket ON pm_catalog.products TO pm_reader USING (title NOT LIKE '%poche');
SQL
is(as('pm_reader', "SELECT string_agg(title, '|') FROM pm_catalog.search_products('lampe')"), 'Lampe de table', 'a product that a policy hides is not found');
is(as('pm_reader', "SELECT string_agg(title, '|') FROM pm_catalog.list_products()"), 'Lampe de table', 'nor listed');
is(as('pm_reader', "SELECT pm_catalog.search_facets('lampe') -> 'matches'"), '2', 'but counted, as documents are not hidden');
$node->safe_psql('postgres', <<'SQL');
ALTER TABLE pm_catalog.search_documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY no_pocket ON pm_catalog.search_documents TO pm_reader USING (title NOT LIKE '%poche');
CREATE POLICY all_of_them ON pm_catalog.search_documents TO pm_worker USING (true);
CREATE POLICY all_of_them ON pm_catalog.products TO pm_worker, pm_writer USING (true);
SQL
is(as('pm_reader', "SELECT pm_catalog.search_facets('lampe') -> 'matches'"), '1', 'a policy on these hides it there, too');
is(as('pm_reader', "SELECT count(*) FROM pm_catalog.search_products('poche')"), '0', 'and whether a word is found');
is(as('pm_reader', "SELECT count(*) FROM pm_catalog.suggest('lampe p')"), '0', 'and what is found together');
is(as('pm_writer', "UPDATE pm_catalog.products SET title = 'Lampe de poches' WHERE title LIKE '%poche'; SELECT products FROM pm_catalog.search_lag"), '1', 'changes are noted');
is(as('pm_worker', 'SELECT pm_catalog.index_products()'), '1', 'and indexed');
$node->safe_psql('postgres', 'ALTER TABLE pm_catalog.products DISABLE ROW LEVEL SECURITY; ALTER TABLE pm_catalog.search_documents DISABLE ROW LEVEL SECURITY');

# one waits until another has indexed
$node->safe_psql('postgres', "INSERT INTO pm_catalog.products (title) VALUES ('Lanterne')");
my ($out, $err) = ('', '');
my $waiting = IPC::Run::start([ 'psql', '-XAtq', '-h', $node->host, '-p', $node->port, '-U', 'pm_reader', '-c', "SELECT title FROM pm_catalog.search_products('lanterne', '{\"wait\": \"1 min\"}')", 'postgres' ], '>', \$out, '2>', \$err);
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'pm_reader' AND wait_event = 'PgSleep'"), 'a search waits');
is(as('pm_worker', 'SELECT pm_catalog.index_products()'), '1', 'another session indexes');
$waiting->finish;
is($out, "Lanterne\n", 'and the search finds it');
$node->safe_psql('postgres', "INSERT INTO pm_catalog.products (title) VALUES ('Bougie')");
like(as('pm_reader', "SELECT count(*) FROM pm_catalog.search_products('bougie', '{\"wait\": \"50 ms\"}')"), qr/55P03.*1 products are to be indexed/s, 'nobody indexes: it says so');
like(as('pm_reader', "SET statement_timeout = '100 ms'; SELECT count(*) FROM pm_catalog.search_products('bougie', '{\"wait\": \"1 min\"}')"), qr/57014/, 'it can be interrupted');

# what is large can be interrupted, too
like(as('postgres', "SET statement_timeout = '100 ms'; SELECT length(pm_catalog.fold(repeat(chr(233), 400000000)))"), qr/57014/, 'fold()');
like(as('postgres', "SET statement_timeout = '100 ms'; SELECT count(*) FROM pm_catalog._words(repeat('ab ', 10000000))"), qr/57014/, 'the words of a text');

# the page: what an administrator or the owner does by a superuser, the rest by pm_reader
$node->safe_psql('postgres', "INSERT INTO pm_catalog.products (title) SELECT 'Chocolat noir ' || i FROM generate_series(1, 30) AS i; SELECT pm_catalog.index_products()");
my ($blocks, $failed) = (0, 0);
foreach my $block (slurp_file("$top/docs/search.md") =~ /^```sql\n(.*?)^```/msg)
{
	my $role = $block =~ /schedule_upkeep|index_products|rebuild_search|price_bands/ ? 'postgres' : 'pm_reader';
	my ($status, undef, $error) = $node->psql('postgres', $block, on_error_stop => 1, extra_params => [ '-U', $role ]);
	$blocks++;
	next if $status == 0;
	diag("$block$error");
	$failed++;
}
cmp_ok($blocks, '>', 10, 'the page has SQL');
is($failed, 0, 'all of it works');

$node->stop;
done_testing();
