#
# 021_pgbouncer.pl - the generated pgbouncer.ini, with pgbouncer itself
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmDeploy;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($pgbouncer) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin';
plan skip_all => 'pgbouncer is not installed' unless defined $pgbouncer;

my $dir  = PostgreSQL::Test::Utils::tempdir();
my $sock = PostgreSQL::Test::Utils::tempdir_short();
my $port = PostgreSQL::Test::Cluster::get_free_port();
my @all  = qw(db_core db_suppliers db_catalog db_imports db_exports db_media db_code2asin db_analytics);

# A server that lets nobody in without a password but this user, also as pm_pooler and
# pm_worker.
my $node = make_server('main');
my $user = getpwuid $<;
unlink $node->data_dir . '/pg_hba.conf';
write_file($node->data_dir . '/pg_hba.conf', "local all pm_pooler,pm_worker peer map=pm\nlocal all $user trust\nlocal all all scram-sha-256\n");
write_file($node->data_dir . '/pg_ident.conf', "pm $user pm_pooler\npm $user pm_worker\n");
$node->reload;

my $conf = write_file("$dir/pool.conf", <<CONF);
database db_small 2 pm_gtin,pm_jobs,pm_xref pm_gtin
setting overflow 1
setting wait 120
setting pooler_port $port
setting pooler_socket $sock
CONF
deploy_ok('created', $node, 'create.sh', '-c', $conf);
my $ini = write_file("$dir/pgbouncer.ini", deploy_ok('pgbouncer.ini', $node, 'pgbouncer.sh', '-c', $conf) . "logfile = $dir/pgbouncer.log\n");
unlike(slurp_file($ini), qr/password|secret'|auth_file/i, 'no password stands in it');
$node->safe_psql('postgres', q{CREATE ROLE shop LOGIN PASSWORD 'right' IN ROLE pm_writer; CREATE ROLE super SUPERUSER LOGIN PASSWORD 'right';
	CREATE ROLE late LOGIN PASSWORD 'right' VALID UNTIL '2001-01-01'; CREATE ROLE copying LOGIN REPLICATION PASSWORD 'right'; CREATE ROLE shops PASSWORD 'right'});
$node->safe_psql($_, q{SELECT pm_jobs.create_queue('q'), pm_jobs.grant_queue('q', 'shop');
	CREATE FUNCTION work(job pm_jobs.job) RETURNS jsonb LANGUAGE sql RETURN job.payload; SELECT pm_jobs.register_handler('work', 'work(pm_jobs.job)')})
  foreach @all;

# Scripts ask for no password.
{
	local $ENV{PGUSER} = 'super';
	deploy_fails('no password', 1, qr/no password supplied/, $node, 'create.sh', '-c', $conf);
	local $ENV{PGPASSWORD} = 'right';
	deploy_ok('a password in the environment', $node, 'create.sh', '-c', $conf);
}

my $bouncer = IPC::Run::start [ $pgbouncer, '-q', $ini ], '<', \undef, '>', "$dir/out", '2>&1';
END
{
	my $status = $?;
	$bouncer->signal('INT') if defined $bouncer;
	$bouncer->finish if defined $bouncer;
	$? = $status;
}

# A connection string by the pooler.
sub by_pooler
{
	my ($database, $role, $password) = @_;
	return "host=$sock port=$port dbname=$database user=$role password=" . ($password // 'right');
}

# The output of a statement by the pooler, or its error.
sub ask
{
	my ($connection, $sql) = @_;
	my ($out, $err);

	IPC::Run::run [ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $connection ], '<', \$sql, '>', \$out, '2>', \$err;
	chomp($out, $err);
	return $? == 0 ? $out : $err;
}

# A session by the pooler that stays.
sub session
{
	my ($database, $role) = @_;
	return $node->background_psql($database, extra_params => [ '-d', by_pooler($database, $role) ]);
}

# Asks again until the answer matches.
sub wait_for
{
	my ($what, $pattern, $question) = @_;
	my $answer;
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;

	while (time < $deadline)
	{
		$answer = $question->();
		last if $answer =~ $pattern;
		select undef, undef, undef, 0.05;
	}
	like($answer, $pattern, $what);
}

# pgbouncer's console, for its own user
my $console = "host=$sock port=$port dbname=pgbouncer user=pgbouncer";
wait_for('pgbouncer runs', qr/PgBouncer/, sub { ask($console, 'SHOW VERSION') });

# Every database, and what is ours in it.
foreach my $database (@all)
{
	my $shop = by_pooler($database, 'shop');
	is(ask($shop, q{SELECT current_database(), session_user, '4006381333931'::gtin = '04006381333931'}), "$database|shop|t", "$database: connects by SCRAM, search_path");
	is(ask($shop, q{BEGIN; SELECT pm_jobs.enqueue('q', 'work', '{"a": 1}') AS id \gset
		COMMIT; SELECT pm_jobs.wait(:id)}), 'succeeded', "$database: a job is enqueued, run by a worker and waited for");
}
is(ask(by_pooler('db_core', 'shop'), 'SELECT bool_and(new > old) FROM (SELECT id, lag(id) OVER (ORDER BY n) FROM (SELECT n, pm_xref.uuid7() FROM generate_series(1, 1000) AS n) AS u(n, id)) AS s(new, old)'),
	't', 'uuid7 grows');

# Who does not get in.
like(ask(by_pooler('db_core', 'shop', 'wrong'), 'SELECT 1'), qr/password authentication failed|SASL authentication failed/, 'not with a wrong password');
like(ask(by_pooler('db_core', 'super'), 'SELECT 1'), qr/FATAL/, 'not a superuser');
like(ask(by_pooler('db_core', 'late'), 'SELECT 1'), qr/FATAL/, 'not with a password that has expired');
like(ask(by_pooler('db_core', 'nobody'), 'SELECT 1'), qr/FATAL/, 'nobody unknown');
like(ask(by_pooler('postgres', 'shop'), 'SELECT 1'), qr/FATAL/, 'no database that is not in the table');
is($node->safe_psql('db_core', q{SELECT string_agg(s.name, ' ') FROM pg_roles AS r CROSS JOIN LATERAL pm_pooler.secret(r.rolname) AS s WHERE s.secret IS NOT NULL}),
	'shop', 'whose secret pgbouncer learns');
is($node->safe_psql('db_core', q{SELECT has_function_privilege('shop', 'pm_pooler.secret(text)', 'EXECUTE')}), 'f', 'nobody else reads secrets');

# The links need no password either.
is($node->safe_psql('db_core', q{BEGIN; GRANT EXECUTE ON FUNCTION pm_xref._call TO pm_worker; SET ROLE pm_worker; SELECT c.a[1] FROM pm_xref._call('test', 'db_media', 'SELECT current_user') AS c(a)}),
	'pm_worker', 'pm_worker by peer');

# Transaction pooling: what a session set is there for others; in a transaction all
# holds.
my ($a, $b) = map { session('db_small', 'shop') } 1, 2;
my $server = $a->query_safe('SELECT pg_backend_pid()');
is($b->query_safe('SELECT pg_backend_pid()'), $server, 'two clients take turns in one session');
$a->query_safe('LISTEN news; PREPARE p AS SELECT 1');
is($b->query_safe('SELECT pg_listening_channels()'), 'news', 'LISTEN is the session\'s, not the client\'s: listen past the pooler');
is($b->query_safe('EXECUTE p'), '1', 'so are prepared statements: prepare none by the pooler');
is($a->query_safe(q{BEGIN; SET LOCAL search_path = pg_catalog; SELECT pg_backend_pid()}), $server, 'a transaction');
isnt($b->query_safe('SELECT pg_backend_pid()'), $server, 'keeps its session for itself');
is($a->query_safe('SHOW search_path'), 'pg_catalog', 'with what it SET LOCAL');
$a->query_safe('COMMIT');

# The limits: a pool of two and one more; the fourth waits for its turn.
my @busy = ($a, $b, session('db_small', 'shop'));
$_->query_safe('BEGIN; SELECT 1') foreach @busy;
my $sessions = q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'db_small' AND usename = 'shop'};
is($node->safe_psql('postgres', $sessions), '3', 'pool and overflow');
my ($out, $err) = ('', '');
my $fourth = IPC::Run::start [ 'psql', '-XAtq', '-d', by_pooler('db_small', 'shop'), '-c', q{SELECT 'at last'} ], '<', \undef, '>', \$out, '2>', \$err;
wait_for('the fourth waits', qr/^db_small\|shop\|3\|1\|/m, sub { ask($console, 'SHOW POOLS') });
is($node->safe_psql('postgres', $sessions), '3', 'no more sessions');
$busy[0]->query_safe('COMMIT');
$fourth->finish;
is("$out$err", "at last\n", 'it has its turn when one is free');
$busy[$_]->query_safe('COMMIT') foreach 1, 2;
$_->quit foreach @busy;

# The server's own limit holds for who goes past the pooler: all of the table's limit,
# and not one more.
my $direct = $node->connstr('db_small') . ' user=shop password=right';
my @direct = map { $node->background_psql('db_small', extra_params => [ '-d', $direct ]) } 1 .. 17 - $node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'db_small' AND backend_type = 'client backend'});
like(ask($direct, 'SELECT 1'), qr/too many connections for database "db_small"/, 'the database is full at pool, overflow, workers and pooler');
is($node->safe_psql('db_small', 'SELECT 1'), '1', 'not for a superuser');
$_->quit foreach @direct;
$node->stop('fast');
done_testing();
