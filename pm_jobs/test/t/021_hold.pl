#
# 021_hold.pl - workers never get in the way of statements about databases and the extension
#
# Each statement is run while a worker sits idle in the database and while one runs a
# job that would take a minute: it must end in less than 2 s, and what it undid of the
# job must be done afterwards if the database is still there.
#
use strict;
use warnings;

use File::Copy qw(copy);
use File::Path qw(make_path);
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use PmJobs;

# what a DROP ... CASCADE drops is no complaint
$ENV{PGOPTIONS} = '-c client_min_messages=warning';
my $node = make_node('hold', "allow_in_place_tablespaces = on\npm_jobs.poll_interval = 1h\npm_jobs.idle_exit = 1h");

# A place for the extension of our own, with an update script that needs every table for itself.
chomp(my $share = `$ENV{PG_CONFIG} --sharedir`);
chomp(my $lib = `$ENV{PG_CONFIG} --pkglibdir`);
my $stage = defined $ENV{PM_STAGE} ? $ENV{PM_STAGE} : '';
my $place = PostgreSQL::Test::Utils::tempdir();
make_path("$place$share/extension", "$place$lib");
foreach my $file (glob("$stage$share/extension/pm_jobs*"), "$stage$lib/pm_jobs.so")
{
	copy($file, $place . substr($file, length $stage)) or die "cannot copy $file: $!\n";
}
my ($version) = slurp_file("$place$share/extension/pm_jobs.control") =~ /^default_version\s*=\s*'([^']+)'/m;
append_to_file("$place$share/extension/pm_jobs--$version--$version.next.sql", <<'SQL');
DO $$
DECLARE
  t regclass;
BEGIN
  FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'pm_jobs'::regnamespace AND relkind IN ('r', 'p') LOOP
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', t);
  END LOOP;
END $$;
SQL
$node->append_conf('postgresql.conf', <<CONF);
extension_destdir = '$place'
dynamic_library_path = '$place$lib:\$libdir'
CONF
$node->start;
$node->safe_psql('postgres', q{CREATE TABLESPACE elsewhere LOCATION ''; CREATE ROLE keeper SUPERUSER});

# A new database d with a worker: idle, or running a stuck job.  Returns the id of that.
sub fresh
{
	my ($how) = @_;
	$node->safe_psql('postgres', 'CREATE DATABASE d');
	set_up($node, 'd', 'keeper');
	return enqueue_stuck($node, 'd') if $how eq 'busy';
	run_job($node, 'd');
	return;
}

# Statements after which the database is gone, or has this name.
my @statements = (
	[ 'DROP DATABASE', 'DROP DATABASE d', '' ],
	[ 'DROP DATABASE (FORCE)', 'DROP DATABASE d WITH (FORCE)', '' ],
	[ 'ALTER DATABASE RENAME', 'ALTER DATABASE d RENAME TO e', 'e' ],
	[ 'ALTER DATABASE SET TABLESPACE', 'ALTER DATABASE d SET TABLESPACE elsewhere', 'd' ],
	[ 'CREATE DATABASE TEMPLATE', 'CREATE DATABASE e TEMPLATE d', 'd' ],);
foreach my $how (qw(idle busy))
{
	foreach my $case (@statements)
	{
		my ($name, $sql, $after) = @$case;
		my $id = fresh($how);

		quickly($node, 'postgres', $sql, "$name, $how worker");
		if ($after ne '')
		{
			is($node->safe_psql($after, "SELECT pm_jobs.wait($id, '10 s')"), 'succeeded', "$name: the job runs afterwards") if defined $id;
			cmp_ok(run_job($node, $after), '<', 2, "$name: so do others");
			is($node->safe_psql($after, 'SELECT count(*), count(DISTINCT id) FROM done'), '2|2', "$name: once each");
		}
		foreach my $database (qw(d e))
		{
			$node->safe_psql('postgres', "DROP DATABASE IF EXISTS $database");
		}
	}
}

# workers of other databases are not in the way, whatever they do; one may be about to look
# into the new database
fresh('busy');
$node->safe_psql('postgres', 'CREATE DATABASE e');
set_up($node, 'e');
run_job($node, 'e');
foreach my $round (1 .. 5)
{
	in_time(4, 'CREATE and DROP one after the other', sub {
		$node->safe_psql('postgres', 'CREATE DATABASE f');
		quickly($node, 'postgres', 'DROP DATABASE f', 'DROP DATABASE of another one');
	});
}
$node->safe_psql('postgres', 'DROP DATABASE d');
$node->safe_psql('postgres', 'DROP DATABASE e');

# --- a DROP DATABASE that fails

fresh('idle');
my $other = $node->background_psql('d');
my ($status, $out, $err) = $node->psql('postgres', 'DROP DATABASE d');
like($err, qr/is being accessed by other users\nDETAIL:  There is 1 other session/, 'DROP DATABASE fails: of a session only');
$other->quit;
cmp_ok(run_job($node, 'd'), '<', 2, 'after it workers are there');

# --- who may not run the statement disturbs nobody

$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN CREATEDB');
my $id = enqueue_stuck($node, 'd');
my @before = workers_of($node, 'd');
foreach my $sql ('DROP DATABASE d', 'DROP DATABASE d WITH (FORCE)', 'ALTER DATABASE d RENAME TO e',
	'ALTER DATABASE d SET TABLESPACE elsewhere', 'CREATE DATABASE e TEMPLATE d', 'ALTER DATABASE d SET pm_jobs.enabled = off')
{
	($status, $out, $err) = $node->psql('postgres', "SET ROLE mallory; $sql");
	like($err, qr/must be owner|permission denied/, "refused: $sql");
}
foreach my $sql ('DROP EXTENSION pm_jobs CASCADE', 'ALTER EXTENSION pm_jobs UPDATE', 'DROP SCHEMA pm_jobs CASCADE', 'DROP OWNED BY postgres')
{
	($status, $out, $err) = $node->psql('d', "SET ROLE mallory; $sql");
	like($err, qr/must be owner|permission denied/, "refused: $sql");
}
is(join(' ', workers_of($node, 'd')), "@before", 'the workers did not notice');

# --- the extension

# a job that alters the extension it runs in does not wait for itself
$node->safe_psql('postgres', 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $$d$$ AND backend_type = $$pm_jobs worker$$');
is($node->safe_psql('d', "SELECT pm_jobs.wait($id)"), 'succeeded', 'the job is run by another one');
in_time(2, 'ALTER EXTENSION in a job', sub { run_job($node, 'd', '{"sql": "ALTER EXTENSION pm_jobs UPDATE"}') });

# what leaves the extension in place
my @changes = (
	[ 'ALTER EXTENSION UPDATE, to the same version', 'ALTER EXTENSION pm_jobs UPDATE' ],
	[ 'ALTER EXTENSION UPDATE', "ALTER EXTENSION pm_jobs UPDATE TO '$version.next'" ],
	[ 'ALTER EXTENSION DROP and ADD', 'BEGIN; ALTER EXTENSION pm_jobs DROP FUNCTION pm_jobs.purge(); ALTER EXTENSION pm_jobs ADD FUNCTION pm_jobs.purge(); COMMIT' ],
	[ 'DROP EXTENSION, rolled back', 'BEGIN; DROP EXTENSION pm_jobs CASCADE; ROLLBACK' ],
	[ 'DROP EXTENSION, failed', 'DO $$BEGIN DROP EXTENSION pm_jobs; EXCEPTION WHEN dependent_objects_still_exist THEN NULL; END$$' ],
	[ 'DROP OWNED, rolled back', 'BEGIN; DROP OWNED BY keeper CASCADE; ROLLBACK' ],
	[ 'DROP SCHEMA, refused', 'DO $$BEGIN DROP SCHEMA pm_jobs; EXCEPTION WHEN dependent_objects_still_exist THEN NULL; END$$' ],);
$node->safe_psql('postgres', 'DROP DATABASE d');
foreach my $how (qw(idle busy))
{
	foreach my $case (@changes)
	{
		my ($name, $sql) = @$case;

		$id = fresh($how);
		quickly($node, 'd', $sql, "$name, $how worker");
		is($node->safe_psql('d', "SELECT pm_jobs.wait($id, '10 s')"), 'succeeded', "$name: the job runs afterwards") if defined $id;
		cmp_ok(run_job($node, 'd'), '<', 2, "$name: so do others");
		is($node->safe_psql('d', 'SELECT count(*), count(DISTINCT id) FROM done'), '2|2', "$name: once each");
		$node->safe_psql('postgres', 'DROP DATABASE d');
	}
}

# what drops it; afterwards nobody is there, and when it is made again its jobs run: its
# numbers begin anew
foreach my $sql ('DROP EXTENSION pm_jobs CASCADE', 'DROP OWNED BY keeper CASCADE')
{
	foreach my $how (qw(idle busy))
	{
		fresh('idle');
		enqueue_in($node, 'd', '{}', 50);
		run_job($node, 'd');
		enqueue_stuck($node, 'd') if $how eq 'busy';
		quickly($node, 'd', $sql, "$sql, $how worker");
		ok(wait_for(sub { !workers_of($node, 'd') }), 'no worker stays');
		$node->safe_psql('d', 'DROP TABLE done; DROP SEQUENCE tries');
		set_up($node, 'd');
		cmp_ok(run_job($node, 'd'), '<', 2, 'made again: a job runs');
		$node->safe_psql('postgres', 'DROP DATABASE d');
	}
}

# --- held for long

$node->safe_psql('postgres', 'CREATE DATABASE e');
set_up($node, 'e');
foreach my $end ('ROLLBACK', 'the end of the session')
{
	fresh('idle');
	my $session = $node->background_psql('d');
	my $pid = $session->query('SELECT pg_backend_pid()');

	$session->query('BEGIN');
	$session->query('DROP EXTENSION pm_jobs CASCADE');
	$node->safe_psql('d', 'NOTIFY pm_jobs');
	run_job($node, 'e');
	is(scalar workers_of($node, 'd'), 0, 'held: no worker, whoever asks for one');
	if ($end eq 'ROLLBACK')
	{
		$session->query('ROLLBACK');
	}
	else
	{
		$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid, 10000)");
	}
	cmp_ok(run_job($node, 'd'), '<', 2, "$end: workers are there");
	eval { $session->quit };
	$node->safe_psql('postgres', 'DROP DATABASE d');
}
$node->stop;
done_testing();
