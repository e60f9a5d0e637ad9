#
# 070_search_indexers.pl - several indexers beside writers, and a crash: documents are what
# they should be and words are counted once; so also after a restore
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{PM_SEED} // time;
diag "PM_SEED=$seed";
srand $seed;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "fsync = on\nrestart_after_crash = on");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_catalog CASCADE;
CREATE VIEW wrong_words AS
  SELECT word FROM pm_catalog.search_words AS k
  FULL JOIN (SELECT w COLLATE "C" AS word, count(*)::integer AS documents FROM pm_catalog.search_documents, unnest(pm_catalog._document_words(document)) AS w GROUP BY w COLLATE "C") AS c USING (word)
  WHERE k.documents IS DISTINCT FROM c.documents;
CREATE VIEW wrong_documents AS
  SELECT coalesce(d.product_id, s.product_id) AS id FROM pm_catalog.search_documents AS d
  FULL JOIN pm_catalog._search_source(ARRAY(SELECT id FROM pm_catalog.products)) AS s USING (product_id) WHERE d IS DISTINCT FROM s;
INSERT INTO pm_catalog.products (title) SELECT 'word' || i % 10 || ' of' || i % 7 || ' few' || chr(97 + i % 5) FROM generate_series(1, 300) AS i;
SQL

# writers and indexers as pgbench scripts, 2 : 1
my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/write", <<'SQL');
\set what random(1, 6)
\set n random(1, 300)
\set a random(97, 101)
\if :what <= 3
UPDATE pm_catalog.products SET title = chr(:a) || chr(:a) || chr(:a) || chr(:a) || 'x word' || :n % 10 WHERE id IN (SELECT id FROM pm_catalog.products WHERE deleted_at IS NULL ORDER BY id OFFSET :n % 290 LIMIT 5 FOR UPDATE SKIP LOCKED);
\elif :what = 4
INSERT INTO pm_catalog.products (title) SELECT 'added few' || chr(:a) FROM generate_series(1, :n % 4);
\elif :what = 5
UPDATE pm_catalog.products SET deleted_at = now() WHERE id IN (SELECT id FROM pm_catalog.products WHERE deleted_at IS NULL ORDER BY id DESC LIMIT 1 FOR UPDATE SKIP LOCKED);
\else
DELETE FROM pm_catalog.products WHERE id IN (SELECT id FROM pm_catalog.products WHERE deleted_at IS NOT NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED);
\endif
SQL
append_to_file("$dir/index", "\\set n random(1, 60)\nSELECT pm_catalog.index_products(:n);\n");
my @bench = ('pgbench', '-n', '-c', '6', '-j', '2', "--random-seed=$seed", '-f', "$dir/write\@2", '-f', "$dir/index\@1", '-h', $node->host, '-p', $node->port, 'postgres');

sub all_indexed
{
	my $name = shift;
	$node->safe_psql('postgres', 'SELECT pm_catalog.index_products(100000)');
	is($node->safe_psql('postgres', 'SELECT products FROM pm_catalog.search_lag'), '0', "$name: nothing is left");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM wrong_documents'), '0', "$name: documents are what they should be");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM wrong_words'), '0', "$name: words are counted once");
}

my ($out, $err) = run_command([ @bench, '-t', '150' ]);
like($out, qr/transactions actually processed: 900\/900/, 'no writer and no indexer failed') or diag $out, $err;
unlike($node->safe_psql('postgres', 'SELECT count(*) FROM pm_catalog.search_documents'), qr/^0$/, 'documents were made meanwhile');
is($node->safe_psql('postgres', 'SELECT count(*) FROM wrong_words'), '0', 'words are counted once at any time');
all_indexed('after it');

# the server goes down in the middle
my $running = IPC::Run::start([ @bench, '-T', '60' ], '>', \my $o, '2>', \my $e);
$node->poll_query_until('postgres', 'SELECT count(*) > 0 FROM pm_catalog._search_pending') or die 'nothing happens';
$node->stop('immediate');
$running->finish;
$node->start;
is($node->safe_psql('postgres', 'SELECT count(*) FROM wrong_words'), '0', 'words are counted once after a crash');
all_indexed('after a crash');

# a dump has none of it; the first pass makes it again
$node->safe_psql('postgres', 'CREATE DATABASE restored');
command_ok([ 'pg_dump', '-Fc', '-f', "$dir/dump", '-h', $node->host, '-p', $node->port, 'postgres' ], 'dump');
{
	local $ENV{PGOPTIONS} = '-c session_replication_role=replica';
	command_ok([ 'pg_restore', '-d', 'restored', '-h', $node->host, '-p', $node->port, "$dir/dump" ], 'restore');
}
is($node->safe_psql('restored', 'SELECT (SELECT count(*) FROM pm_catalog.search_documents), (SELECT count(*) FROM pm_catalog.search_words)'), '0|0', 'documents and words are not dumped');
$node->safe_psql('restored', 'SELECT pm_catalog.index_products(100000)');
is($node->safe_psql('restored', 'SELECT md5(string_agg(word || documents, chr(32) ORDER BY word)) FROM pm_catalog.search_words'),
	$node->safe_psql('postgres', 'SELECT md5(string_agg(word || documents, chr(32) ORDER BY word)) FROM pm_catalog.search_words'), 'the first pass makes the same words');
is($node->safe_psql('restored', 'SELECT count(*) FROM wrong_documents'), '0', 'and the documents');

$node->stop;
done_testing();
