#
# 005_crash.pl - kill -9 and immediate stops while indexed gtin tables change
#
# At a random moment of a COPY, INSERT, UPDATE or REINDEX, known from what the
# server reports of its progress, the working backend is killed, or the server
# is stopped without a checkpoint.  After recovery the table has exactly the
# committed rows, every index agrees with it, and every number is a GTIN.
#
use strict;
use warnings;

use FindBin;
use IPC::Run;
use lib $FindBin::RealBin;
use PmGtin qw(seeded soaking one_of);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

seeded();
my $kills = soaking() ? 200 : 10;
my $batch = 10_000;    # rows of a statement that is to be interrupted
my $stay = 1_000;      # rows that are committed before
my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('crash');

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "log_statement = none\nshared_buffers = 4MB\nautovacuum_naptime = 1s");
$node->start;

# Rows of even batches are committed; odd ones, one statement each, may be.
$node->safe_psql(
	'postgres', qq{
	ALTER DATABASE postgres SET search_path = public, pm_gtin;
	SET search_path = public, pm_gtin;
	CREATE EXTENSION amcheck;
	CREATE EXTENSION pm_gtin;
	CREATE TABLE growing (code gtin PRIMARY KEY, code14 gtin14, many gtin[], batch int);
	CREATE INDEX by_code14 ON growing USING hash (code14);
	CREATE INDEX by_range ON growing USING brin (code) WITH (pages_per_range = 4);
	CREATE INDEX by_many ON growing USING gin (many);
	CREATE INDEX by_inner ON growing (gtin_inner(code14)) WHERE code ^@ '1001';
	CREATE SEQUENCE made;
	CREATE SEQUENCE begun MINVALUE 0;
	CREATE FUNCTION make_rows(batch int, n int) RETURNS SETOF growing LANGUAGE sql AS \$\$
	  SELECT g, gtin_with_indicator(g, 5), ARRAY[g, gtin_with_indicator(g, 1)], batch
	  FROM (SELECT gtin_complete('100' || reverse(lpad((batch * $batch + i)::text, 9, '0'))) AS g
	        FROM generate_series(1, n) AS i WHERE nextval('made') > 0 OFFSET 0) AS made \$\$});

# What is done, and whether it has come far enough; w is the worker's pid.
my %work = (
	COPY => [ "COPY growing FROM '$dir/rows'",
		'EXISTS (SELECT FROM pg_stat_progress_copy WHERE pid = w AND tuples_processed > MOMENT)' ],
	INSERT => [ 'INSERT INTO growing SELECT * FROM make_rows(BATCH, ROWS)', '(SELECT last_value > MOMENT FROM made)' ],
	UPDATE => [ q{UPDATE growing SET many = many || code WHERE nextval('made') > 0}, '(SELECT last_value > MOMENT FROM made)' ],
	REINDEX => [ 'REINDEX TABLE growing', q{EXISTS (SELECT FROM pg_stat_progress_create_index
		WHERE pid = w AND index_relid::regclass::text = 'INDEX')} ],);
my @indexes = ('growing_pkey', 'by_code14', 'by_range', 'by_many', 'by_inner');

# Waits without sleeping until the worker has come so far, and kills from within
# the server; gives up when the worker has gone after it had begun.
my $watch = q{
	SET statement_timeout = '60s';
	DO $$
	DECLARE
	  w int;
	  begun boolean;
	BEGIN
	  LOOP
	    PERFORM pg_stat_clear_snapshot();
	    begun := (SELECT last_value >= ROUND FROM public.begun);
	    w := (SELECT pid FROM pg_stat_activity WHERE application_name = 'worker');
	    IF w IS NOT NULL AND REACHED THEN
	      EXECUTE format('COPY (SELECT WHERE false) TO PROGRAM %L', 'kill ' || VICTIM);
	      RETURN;
	    END IF;
	    IF begun AND w IS NULL THEN
	      RAISE NOTICE 'too late';
	      RETURN;
	    END IF;
	  END LOOP;
	END $$};

# What must hold after each recovery; an error or a false value tells which does not.
my $check = q{
	SELECT count(*) = COMMITTED FROM growing WHERE batch % 2 = 0;
	SELECT coalesce(bool_and(n = ROWS), true) FROM (SELECT count(*) AS n FROM growing WHERE batch % 2 = 1 GROUP BY batch) AS b;
	SELECT count(*) = 0 FROM verify_heapam('growing');
	SELECT bool_and(bt_index_check(i, true) IS NOT NULL) FROM unnest('{growing_pkey,by_inner}'::regclass[]) AS i;
	SELECT coalesce(bool_and(gtin_try(code::text) = code AND gtin_kind(code) = 13 AND gtin_inner(code14) = code
		AND gtin_try(many[2]::text) = gtin_with_indicator(code, 1)), true) FROM growing;
	SET enable_seqscan = off;
	SELECT bool_and((SELECT count(*) FROM growing AS b WHERE b.code14 = a.code14) = 1
		AND (SELECT count(*) FROM growing AS b WHERE b.many @> ARRAY[a.code]) = 1)
		FROM (SELECT * FROM growing ORDER BY md5(code::text) LIMIT 100) AS a;
	SET enable_indexscan = off; SET enable_indexonlyscan = off;
	SELECT bool_and((SELECT count(*) FROM growing AS b WHERE b.code >= a.code AND b.code <= a.code) = 1)
		FROM (SELECT code FROM growing ORDER BY batch DESC, md5(code::text) LIMIT 20) AS a};

my ($committed, %done, $late) = (0);
foreach my $round (1 .. $kills)
{
	my $kind = one_of(sort keys %work);
	my $way = one_of('backend', 'server');
	my ($statement, $reached) = @{ $work{$kind} };
	my $moment = int rand($kind eq 'UPDATE' ? $committed + $stay : $batch);
	my $index = one_of(@indexes);

	($node->safe_psql('postgres', 'TRUNCATE growing'), $committed = 0) if $round % 20 == 0;
	$node->safe_psql('postgres', "INSERT INTO growing SELECT * FROM make_rows(2 * $round, $stay);
		COPY (SELECT * FROM make_rows(2 * $round + 1, $batch)) TO '$dir/rows'; SELECT setval('made', 1)");
	$committed += $stay;

	s/BATCH/2 * $round + 1/, s/ROWS/$batch/, s/MOMENT/$moment/, s/INDEX'/$index'/ foreach $statement, $reached;
	my $victim = $way eq 'backend' ? q{'-KILL ' || w}
	  : q{'-QUIT ' || split_part(pg_read_file('postmaster.pid'), E'\n', 1)};

	my $connection = $node->connstr('postgres') . ' application_name=worker';
	my $output = '';
	my $worker = IPC::Run::start([ 'psql', '-Xq', '-d', $connection, '-c', "SELECT setval('begun', $round)", '-c', $statement ],
		'<', \undef, '>&', \$output);
	my ($status, $out, $error) = $node->psql('postgres', $watch =~ s/REACHED/$reached/r =~ s/VICTIM/$victim/r =~ s/ROUND/$round/r);
	$worker->finish;
	$late++ if $error =~ /too late/;
	$done{"$kind, $way"}++;

	# Without restart_after_crash, both ways end the server.
	$node->stop('immediate', fail_ok => 1);
	$node->start;
	($status, $out, $error) = $node->psql('postgres', $check =~ s/COMMITTED/$committed/r =~ s/ROWS/$batch/r);
	is("$out$error", join("\n", ('t') x 7), "round $round: $kind at $moment, $way killed") or last;
}
note(join '; ', (map { "$_: $done{$_}" } sort keys %done), ($late // 0) . ' too late');
cmp_ok($late // 0, '<', $kills / 2, 'most kills hit the work');
$node->stop;
done_testing();
