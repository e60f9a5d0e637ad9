#
# 063_mergers.pl - processes that merge in one database: what ends them, and imports without them
#
# A session that holds a lock stops them while they merge.  Whatever happens to them or to
# the import then, the file is imported exactly once in the end, and no process is left.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $records = 3_000;
my $node = PostgreSQL::Test::Cluster->new('mergers');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nrestart_after_crash = on\nshared_preload_libraries = 'pm_jobs'\npm_jobs.max_workers = 2\n");
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/file", join('', "Ref;Name;Stock\n", map { sprintf("R%d;Product %d of the file that is imported;%d\n", $_, $_, $_ % 70) } 1 .. $records));
cmp_ok(-s "$dir/file", '>', 65536, 'the file is worth processes that merge');

$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', <<'SQL');
CREATE EXTENSION pm_catalog CASCADE;
CREATE EXTENSION pm_imports CASCADE;
INSERT INTO pm_catalog.suppliers (id, code, name) SELECT pm_xref.uuid7(), 's' || n, 'Supplier ' || n FROM generate_series(1, 9) AS n;
SELECT pm_imports.schedule_upkeep();
SELECT pm_jobs.alter_queue('imports', max_attempts => 3, backoff => '{10 ms}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, import_options)
SELECT 's' || n, 's' || n, '{"supplier_sku": "Ref", "title": "Name", "stock": "Stock"}', '{"key": "supplier_sku", "batch_rows": 100}' FROM generate_series(1, 9) AS n;
CREATE ROLE quiet SUPERUSER NOLOGIN;
SQL

my $mergers = q{FROM pg_stat_activity WHERE backend_type = 'pm_imports merger'};
my $attempts = 'SELECT count(*) > 0 FROM pm_jobs.attempts ';
my $holder;

# Begins an import of a supplier's, which cannot go on; returns its id.
sub begin_held
{
	my ($supplier, $role) = @_;

	$holder = $node->background_psql('shop');
	$holder->query_safe('BEGIN; LOCK TABLE pm_catalog.products IN SHARE MODE');
	return $node->safe_psql('shop', ($role ? "SET ROLE $role; " : '') . "SELECT pm_imports.import_data('$supplier', 'file.csv', pg_read_binary_file('$dir/file'))");
}

sub let_go
{
	$holder->query_safe('COMMIT');
	$holder->quit;
}

# An import ends like this, with all products and batches once, and no process is left.
sub ends
{
	my ($supplier, $job, $name) = @_;

	is($node->safe_psql('shop', "SELECT pm_imports.wait('$job')"), 'completed', "$name: it is imported");
	is($node->safe_psql('shop', "SELECT products_created, failed_rows, (SELECT count(*) FROM pm_imports.import_batches AS b WHERE b.job_id = j.id) FROM pm_imports.import_jobs AS j WHERE id = '$job'"),
		"$records|0|" . $records / 100, "$name: each record and each batch once");
	is($node->safe_psql('shop', "SELECT count(*), count(DISTINCT supplier_sku), sum(stock) FROM pm_catalog.supplier_products AS o JOIN pm_catalog.suppliers AS s ON s.id = o.supplier_id WHERE s.code = '$supplier'"),
		join('|', $records, $records, eval { my $sum = 0; $sum += $_ % 70 for 1 .. $records; $sum }), "$name: and each is there");
	ok($node->poll_query_until('shop', "SELECT count(*) = 0 $mergers"), "$name: no process is left");
}

# Two of them, sessions of the import's role.
my $job = begin_held('s1');
ok($node->poll_query_until('shop', "SELECT count(*) = 2 AND bool_and(usename = current_user AND datname = 'shop' AND application_name = 'pm_imports') AND bool_or(wait_event_type = 'Lock') $mergers"), 'two processes merge');
let_go();
ends('s1', $job, 'in peace');

# One that is ended: the job is tried again.
$job = begin_held('s2');
ok($node->poll_query_until('shop', "SELECT count(*) > 0 $mergers AND wait_event_type = 'Lock'"), 'one waits');
is($node->safe_psql('shop', "SELECT pg_terminate_backend(pid, 10000) $mergers AND wait_event_type = 'Lock' LIMIT 1"), 't', 'it is ended');
ok($node->poll_query_until('shop', $attempts . q{WHERE sqlstate = '08006' AND message = 'the process that merges batches of the import has ended'}), 'which is the error of the attempt');
let_go();
ends('s2', $job, 'a process was ended');

# One that is cancelled: what it says is the error of the attempt.
$job = begin_held('s3');
ok($node->poll_query_until('shop', "SELECT count(*) > 0 $mergers AND wait_event_type = 'Lock'"), 'one waits');
is($node->safe_psql('shop', "SELECT pg_cancel_backend(pid) $mergers AND wait_event_type = 'Lock' LIMIT 1"), 't', 'it is cancelled');
ok($node->poll_query_until('shop', $attempts . q{WHERE sqlstate = '57014' AND message = 'canceling statement due to user request' AND context ~ 'merge_batch'}), 'which is the error of the attempt');
let_go();
ends('s3', $job, 'a process was cancelled');

# One that is killed takes all sessions of the server with it.
$job = begin_held('s4');
ok($node->poll_query_until('shop', "SELECT count(*) > 0 $mergers AND wait_event_type = 'Lock'"), 'one waits');
my $pid = $node->safe_psql('shop', "SELECT pid $mergers AND wait_event_type = 'Lock' LIMIT 1");
is(kill('KILL', $pid), 1, 'it is killed');
$node->poll_query_until('shop', "SELECT NOT EXISTS (SELECT $mergers AND pid = $pid)");
eval { $holder->quit };
ends('s4', $job, 'a process was killed');

# The import is ended: its processes do not wait for the lock.
$job = begin_held('s5');
ok($node->poll_query_until('shop', "SELECT count(*) = 2 AND bool_or(wait_event_type = 'Lock') $mergers"), 'one waits');
my $pids = $node->safe_psql('shop', "SELECT array_agg(pid) $mergers");
is($node->safe_psql('shop', q{SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE backend_type = 'pm_jobs worker' AND state = 'active' AND query = 'imports'}), 't', 'the import is ended');
ok($node->poll_query_until('shop', "SELECT count(*) = 0 $mergers AND pid = ANY ('$pids')"), 'so are its processes');
let_go();
ends('s5', $job, 'the import was ended');

# It is cancelled: what was merged stays, and no process does.
$job = begin_held('s6');
ok($node->poll_query_until('shop', "SELECT count(*) > 0 $mergers AND wait_event_type = 'Lock'"), 'one waits');
$node->safe_psql('shop', "SELECT pm_imports.cancel('$job')");
let_go();
is($node->safe_psql('shop', "SELECT pm_imports.wait('$job')"), 'cancelled', 'it is cancelled');
is($node->safe_psql('shop', "SELECT j.products_created = (SELECT count(*) FROM pm_catalog.supplier_products AS o JOIN pm_catalog.suppliers AS s ON s.id = o.supplier_id WHERE s.code = 's6') FROM pm_imports.import_jobs AS j WHERE j.id = '$job'"), 't', 'cancelled: what is there is counted');
ok($node->poll_query_until('shop', "SELECT count(*) = 0 $mergers"), 'cancelled: no process is left');

# What the catalog throws is the error of the import.
$node->safe_psql('shop', <<'SQL');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not on Sundays' USING ERRCODE = 'PM001', DETAIL = 'It is Sunday.', HINT = 'Come back.'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON pm_catalog.products FOR EACH STATEMENT EXECUTE FUNCTION refuse();
SQL
$job = $node->safe_psql('shop', "SELECT pm_imports.import_data('s7', 'file.csv', pg_read_binary_file('$dir/file'))");
is($node->safe_psql('shop', "SELECT pm_imports.wait('$job')"), 'failed', 'the catalog refuses');
like($node->safe_psql('shop', "SELECT last_error FROM pm_imports.import_jobs WHERE id = '$job'"), qr/not on Sundays/, 'and says why');
is($node->safe_psql('shop', $attempts . q{WHERE (sqlstate, message, detail, hint) = ('PM001', 'not on Sundays', 'It is Sunday.', 'Come back.') AND context ~ 'refuse'}), 't', 'in all parts');
is($node->safe_psql('shop', "SELECT count(*) FROM pm_catalog.supplier_products AS o JOIN pm_catalog.suppliers AS s ON s.id = o.supplier_id WHERE s.code = 's7'"), '0', 'nothing is there');
$node->safe_psql('shop', 'DROP TRIGGER refuse ON pm_catalog.products');

# A role that may not log in has no process: read and merged by turns.
my $turns = q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'pm_jobs worker' AND wait_event_type = 'Lock'};
$job = begin_held('s8', 'quiet');
ok($node->poll_query_until('shop', $turns), 'a role that may not log in: the import itself merges');
is($node->safe_psql('shop', "SELECT count(*) $mergers"), '0', 'alone');
let_go();
ends('s8', $job, 'by turns');

# Nor is there one where the server has no room.
$node->append_conf('postgresql.conf', 'max_worker_processes = 3');
$node->restart;
$job = begin_held('s9');
ok($node->poll_query_until('shop', $turns), 'no room: the import itself merges');
is($node->safe_psql('shop', "SELECT count(*) $mergers"), '0', 'alone');
let_go();
ends('s9', $job, 'without room');
$node->stop;
done_testing();
