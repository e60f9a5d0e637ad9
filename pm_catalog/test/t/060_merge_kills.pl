#
# 060_merge_kills.pl - merges of overlapping files at once, some killed: nothing is lost or twice
#
# Four clients merge twenty batches of three suppliers whose rows overlap, each until its
# outcomes have arrived, while a killer ends merges: most by pg_terminate_backend(), some
# with kill -9, after which the server restarts all of its processes.  What a supplier
# says of a product is the same in all of its batches, so in the end the catalog is what
# one client makes of them in turn, but for who came first and owns the product.
#
# The seed is printed; PM_SEED=n repeats a run, PM_SOAK=1 makes it long.
#
use strict;
use warnings;

use POSIX qw(:sys_wait_h _exit);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my ($batches, $rows, $codes, $kills) = $ENV{PM_SOAK} ? (100, 2000, 5000, 100) : (20, 150, 300, 10);
my $seed = defined $ENV{PM_SEED} ? $ENV{PM_SEED} : int(time) ^ $$ << 8;
srand($seed);
note("PM_SEED=$seed, $batches batches, $kills kills");

my $node = PostgreSQL::Test::Cluster->new('node');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\nrestart_after_crash = on\ndeadlock_timeout = 100ms\n");
$node->start;

# the files: of each supplier about as many, each with a random part of the codes, in random order
my $set_up = <<SQL;
CREATE EXTENSION pm_catalog CASCADE;
INSERT INTO pm_catalog.suppliers (id, code, name) SELECT md5(s::text)::uuid, 's' || s, 'Supplier ' || s FROM generate_series(0, 2) AS s;
CREATE TABLE files (file integer, row_no integer, gtin pm_gtin.gtin, supplier_sku text, title text, brand text, category text, cost numeric, stock integer, price numeric, tags text[]);
SQL
my $files = '';
for my $file (1 .. $batches)
{
	my %seen;
	my $supplier = $file % 3;
	while (keys %seen < $rows)
	{
		my $code = 1 + int(rand($codes));
		next if $seen{$code}++;
		$files .= join("\t", $file, scalar(keys %seen), $code, $supplier) . "\n";
	}
}
my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/files", $files);
foreach my $database (qw(at_once in_turn))
{
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, $set_up);
	$node->safe_psql($database, <<SQL);
CREATE TEMP TABLE raw (file integer, row_no integer, code integer, supplier integer);
COPY raw FROM '$dir/files';
INSERT INTO files
SELECT file, row_no, pm_gtin.gtin_complete(lpad(code::text, 12, '0')), format('%s-%s', supplier, code), format('%s of s%s', code, supplier), 'Brand ' || code % 7,
       format('Group %s > Kind %s', code % 3, code % 11), supplier + code, code % 5, supplier * 1000 + code, ARRAY['t' || code % 4]
FROM raw;
DO \$\$ BEGIN
  FOR i IN 1 .. $batches LOOP
    EXECUTE format('CREATE VIEW file_%s AS SELECT row_no, gtin, supplier_sku, title, brand, category, cost, stock, price, tags FROM files WHERE file = %s', i, i);
  END LOOP;
END \$\$;
SQL
}

# What psql returns, status 2 too where it has ended before it read the statement: while the
# server recovers, that is a broken pipe, which throws.
sub run_psql
{
	my @arguments = @_;
	my @answer = eval { $node->psql(@arguments) };

	return @answer ? @answer : (2, '');
}

# Merges a batch; returns psql's exit status and what the outcomes are, with how many rows.
sub merge
{
	my ($database, $file) = @_;
	my ($status, $out) = run_psql($database, sprintf(<<'SQL', $file, $file, $file % 3), on_error_stop => 1);
SELECT string_agg(outcome || ' ' || n, ', ' ORDER BY outcome) FROM (
  SELECT outcome, count(*) AS n FROM pm_catalog.merge_products('01a21d28-7d45-7936-84e2-00000000000a', %d, 'file_%d', md5('%d')::uuid) GROUP BY outcome) AS o
SQL
	return ($status, $out // '');
}

# The four clients, each with every fourth batch.
my $deadline = time + ($ENV{PM_SOAK} ? 3600 : 240);
my %clients;
for my $client (0 .. 3)
{
	my $pid = fork() // die "cannot fork: $!";
	if ($pid == 0)
	{
		my $done = 1;
		foreach my $file (grep { $_ % 4 == $client } 1 .. $batches)
		{
			my ($status, $out) = (1, '');
			($status, $out) = merge('at_once', $file) while $status != 0 && time < $deadline;
			$done = 0 if $status != 0 || $out =~ /conflict/;
		}
		_exit($done ? 0 : 1);
	}
	$clients{$pid} = $client;
}

# The killer: a merge that runs, at a random moment of it.
my ($ended, $crashes) = (0, 0);
my @failed;
while (%clients && time < $deadline)
{
	while ((my $pid = waitpid(-1, WNOHANG)) > 0)
	{
		push @failed, $clients{$pid} if $? != 0 && exists $clients{$pid};
		delete $clients{$pid};
	}
	next if $ended + $crashes >= $kills;
	# chosen and terminated at once: a merge may take less time than another psql
	my $crash = rand() < 0.2;
	my ($status, $hit) = run_psql('postgres', sprintf(
		q{SELECT %s FROM (SELECT pid FROM pg_stat_activity WHERE datname = 'at_once' AND state = 'active' AND query LIKE '%%merge_products%%' AND now() - query_start > random() * interval '300 ms' ORDER BY random() LIMIT 1) AS m},
		$crash ? 'pid' : 'pg_terminate_backend(pid)'));
	next if $status != 0 || ($hit // '') eq '';
	$crashes++ if $crash && kill('KILL', $hit);
	$ended++ if !$crash && $hit eq 't';
}
note("$ended merges terminated, $crashes crashes");
is_deeply([ sort keys %clients ], [], 'all clients have come to an end');
is_deeply(\@failed, [], 'each batch was merged, without a conflict');
cmp_ok($ended + $crashes, '>', 0, 'some merges were killed');
1 while (run_psql('postgres', 'SELECT true'))[0] != 0 && time < $deadline;

is((merge('in_turn', $_))[0], 0, "batch $_ in turn") foreach 1 .. $batches;

# Offers, prices and titles by who said them: a product's own price is that of its owner.
my $said = <<'SQL';
SELECT p.gtin, s.code, o.supplier_sku, o.cost, o.stock, b.name, c.name, string_agg(DISTINCT x.price::text, '/'), count(x.*), string_agg(DISTINCT t.name, '/'), p.title LIKE '% of ' || w.code
FROM pm_catalog.products AS p
JOIN pm_catalog.suppliers AS w ON w.id = p.supplier_id
JOIN pm_catalog.supplier_products AS o ON o.product_id = p.id
JOIN pm_catalog.suppliers AS s ON s.id = o.supplier_id
JOIN pm_catalog.brands AS b ON b.id = p.brand_id
JOIN pm_catalog.categories AS c ON c.id = p.category_id
LEFT JOIN pm_catalog.product_prices AS x ON x.product_id = p.id AND coalesce(x.supplier_id, p.supplier_id) = o.supplier_id
LEFT JOIN pm_catalog.product_tags AS g ON g.product_id = p.id LEFT JOIN pm_catalog.tags AS t ON t.id = g.tag_id
GROUP BY p.id, s.id, w.id, b.id, c.id, o.product_id, o.supplier_id ORDER BY 1, 2
SQL
my $expected = $node->safe_psql('in_turn', $said);
is($node->safe_psql('at_once', $said), $expected, 'the catalog is what one client makes of the files');
my $each = q{SELECT count(DISTINCT gtin), count(DISTINCT (gtin, supplier_sku)) FROM files};
my ($products, $offers) = split /\|/, $node->safe_psql('in_turn', $each);
is($node->safe_psql('at_once', 'SELECT (SELECT count(*) FROM pm_catalog.products), (SELECT count(*) FROM pm_catalog.supplier_products), (SELECT count(*) FROM pm_catalog.product_prices)'),
	"$products|$offers|$offers", 'each code is one product, each supplier has one offer and one price of it');
is($node->safe_psql('at_once', "SELECT count(*), sum(created), sum(created + updated + unchanged) FROM pm_catalog.merges"),
	"$batches|$products|" . $batches * $rows, 'each product was created by one row, each row has one outcome');
is($node->safe_psql('at_once', 'SELECT count(*) FROM pm_catalog.merge_outcomes AS o, unnest(o.product_ids) AS u WHERE NOT EXISTS (SELECT FROM pm_catalog.products AS p WHERE p.id = u)'),
	0, 'every outcome names a product that is there');
is($node->safe_psql('at_once', 'SELECT count(*) FROM pm_catalog.changes AS c WHERE EXISTS (SELECT FROM pm_catalog.merges AS m WHERE m.job = c.job AND m.batch = c.batch) IS NOT TRUE'),
	0, 'what was undone has left no change');
$node->stop;
done_testing();
