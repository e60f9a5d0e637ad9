#
# 020_cluster.pl - the databases of a deployment on two servers, made and made again
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Cwd qw(abs_path getcwd);
use IPC::Run;
use PmDeploy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir   = PostgreSQL::Test::Utils::tempdir();
my $one   = make_server('one');
my $two   = make_server('two');
my @all   = qw(db_core db_suppliers db_catalog db_imports db_exports db_media db_code2asin db_analytics);
my @there = qw(db_media db_analytics);                                                                     # on the second server
my %node  = map { $_ => $one } @all;
@node{@there} = ($two) x @there;

# What the catalogs of both servers say about a deployment.
sub picture
{
	my $text = '';
	foreach my $node ($one, $two)
	{
		$text .= $node->safe_psql('postgres', <<'SQL') . "\n";
SELECT r.rolname, r.rolcanlogin, r.rolconnlimit, r.rolpassword, ARRAY(SELECT m.roleid::regrole FROM pg_auth_members AS m WHERE m.member = r.oid ORDER BY 1)
FROM pg_authid AS r WHERE r.rolname LIKE 'pm\_%' ORDER BY 1;
SELECT d.datname, d.datconnlimit, pg_encoding_to_char(d.encoding), s.setconfig
FROM pg_database AS d LEFT JOIN pg_db_role_setting AS s ON s.setdatabase = d.oid WHERE d.datname LIKE 'db\_%' ORDER BY 1;
SQL
	}
	foreach my $database (@all)
	{
		$text .= $node{$database}->safe_psql($database, <<'SQL') . "\n";
SELECT e.extname, e.extversion FROM pg_extension AS e ORDER BY 1;
SELECT s.srvname, s.srvoptions, s.srvacl, m.usename, m.umoptions FROM pg_foreign_server AS s LEFT JOIN pg_user_mappings AS m ON m.srvid = s.oid ORDER BY 1, 4;
SELECT c.oid::regclass, c.relacl FROM pg_class AS c WHERE c.relacl IS NOT NULL ORDER BY 1;
SELECT p.oid::regprocedure, p.proacl FROM pg_proc AS p WHERE p.proacl IS NOT NULL ORDER BY 1;
SELECT q::text FROM pm_jobs.queues AS q ORDER BY 1;
SELECT s.name, s.spec, s.queue, s.kind, s.payload, s.missed, s.owner FROM pm_jobs.schedules AS s ORDER BY 1;
SQL
	}
	return $text;
}

# Mistakes in the table: all are named, nothing is made.
my $bad = write_file("$dir/bad.conf", <<'CONF');
database db_core 5 pm_gtin pm_gtin
database db_X 0 pm_gtin,pm_gtin pm_gtin
server db_nowhere localhost 5432
server db_media localhost 70000
server db_media localhost 5432
queue imports 0 pm_imports
queue more 1 pm_nothing
schedule s 1_hour nowhere kind
setting colour red
setting wait long
data db_core
queue back\slash 1 pm_gtin
setting secret_key_file keys
CONF
my ($status, $out, $err) = deploy($one, 'create.sh', '-c', $bad);
is($status, 1, 'mistakes: the exit status');
my $shipped = deploy_dir() . '/databases.conf';
foreach my $message (
	qr{^$bad:1: database "db_core" twice; the first is $shipped:\d+$}m,
	qr{^$bad:2: invalid name of a database: "db_X"}m,
	qr{^$bad:2: invalid pool of database "db_X": "0"; it is a number from 1 to 10000$}m,
	qr{^$bad:2: extension "pm_gtin" twice$}m,
	qr{^$bad:3: unknown database: "db_nowhere"$}m,
	qr{^$bad:4: invalid port of database "db_media": "70000"; it is a number from 1 to 65535$}m,
	qr{^$bad:5: the server of database "db_media" twice; the first is $bad:4$}m,
	qr{^$bad:6: queue "imports" twice; the first is $shipped:\d+$}m,
	qr{^$bad:6: invalid concurrency of queue "imports": "0"}m,
	qr{^$bad:7: unknown extension pm_nothing$}m,
	qr{^$bad:8: unknown queue nowhere$}m,
	qr{^$bad:9: unknown setting: "colour"$}m,
	qr{^$bad:10: invalid setting wait: "long"}m,
	qr{^$bad:11: unknown word "data"}m,
	qr{^$bad:12: a backslash, a double quote or a control character$}m,
	qr{^$bad:13: invalid setting secret_key_file: "keys"; it is an absolute path}m)
{
	like($err, $message, 'mistakes: one is named');
}
is(scalar(() = $err =~ /\n/g), 16, 'and there are no more');

deploy_fails('a missing file', 1, qr/cannot read \S+nothing/, $one, 'create.sh', '-c', "$dir/nothing");
deploy_fails('a folder', 1, qr/cannot read $dir$/m, $one, 'create.sh', '-c', $dir);
deploy_fails('no name for the one database', 1, qr/--one-database needs a value/, $one, 'create.sh', '--one-database', '');
{
	my $here = getcwd();
	write_file("$dir/name=value", "data\n");
	chdir $dir or die;
	deploy_fails('a file that awk could take for an assignment', 1, qr/name=value:1: unknown word "data"/, $one, 'create.sh', '-c', 'name=value');
	chdir $here or die;
}

# Mistakes in the environment.
my $far = write_file("$dir/far.conf", "server db_media 192.0.2.1 5432\n");
foreach my $case (
	[ PGHOST     => "/tmp/o'ne two",  qr/^invalid PGHOST: "\/tmp\/o'ne two"; it is a name, an address or a directory$/m ],
	[ PGPORT     => '5432,5433',      qr/^invalid PGPORT: "5432,5433"; it is a number$/m ],
	[ PGSERVICE  => 'elsewhere',      qr/PGSERVICE would lead all connections to one place: unset it/ ],
	[ PGHOSTADDR => '127.0.0.1',      qr/PGHOSTADDR would lead all connections to one place: unset it/ ],
	[ PGHOST     => '/tmp',           qr/database db_core: server 192\.0\.2\.1 cannot reach \/tmp, which is of one machine/ ],
	[ PGHOST     => 'localhost',      qr/database db_core: server 192\.0\.2\.1 cannot reach localhost, which is of one machine/ ],
	[ PGUSER     => 'no address',     qr/database db_core needs a line "server db_core HOST PORT"/ ])
{
	my ($variable, $value, $message) = @$case;
	my ($out, $err) = ('', '');
	delete local @ENV{qw(PGHOST PGPORT)};
	local $ENV{$variable} = $value;
	IPC::Run::run [ deploy_dir() . '/create.sh', '-c', $far ], '<', \undef, '>', \$out, '2>', \$err;
	is($? >> 8, 1, "$variable=$value: the exit status");
	like($err, $message, "$variable=$value: the message");
}

# Mistakes that only the servers show.
deploy_fails('a server that is down', 1, qr/server \S+:1 cannot be reached/, $one, 'create.sh', '-c',
	write_file("$dir/down.conf", 'server db_media ' . $one->host . " 1\n"));
deploy_fails('one server by two names', 1, qr/are the same server/, $one, 'create.sh', '-c',
	write_file("$dir/twice.conf", 'server db_media ' . $one->host . '/. ' . $one->port . "\n"));
$_->safe_psql('postgres', 'CREATE ROLE plain LOGIN') foreach $one, $two;
{
	local $ENV{PGUSER} = 'plain';
	deploy_fails('a role that is no superuser', 1, qr/is no superuser: set PGUSER/, $one, 'create.sh');
}
is($_->safe_psql('postgres', q{SELECT count(*) FROM pg_roles WHERE rolname LIKE 'pm\_%'}) . $_->safe_psql('postgres', 'SELECT count(*) FROM pg_database'),
	'03', 'nothing was made') foreach $one, $two;

# What each database does again and again, and who does it.
my $schedules = q{SELECT name, owner FROM pm_jobs.schedules ORDER BY name COLLATE "C"};
my %upkeep = (
	db_core      => [ map { "pm_core.$_|pm_worker" } qw(announce expire failures) ],
	db_suppliers => ['pm_xref.deliver pm_worker|pm_worker'],
	db_catalog   => [ map { "$_|pm_worker" } qw(catalog_index pm_catalog.counts pm_catalog.popularity) ],
	db_imports   => [ map { "$_|pm_worker" } 'pm_imports.nightly', 'pm_imports.settle', 'pm_xref.deliver pm_worker' ]);

# Schedules and queues that the functions of the extensions that schedule would add, called
# once more after a first statement.
sub unscheduled
{
	my ($node, $database, $first) = @_;
	return $node->safe_psql($database, "BEGIN; $first\n" . <<'SQL');
CREATE TEMPORARY TABLE there AS SELECT s.name FROM pm_jobs.schedules AS s UNION ALL SELECT q.name FROM pm_jobs.queues AS q;
SELECT format('SELECT FROM %s()', p.oid::regproc) FROM pg_proc AS p
WHERE p.pronamespace::regnamespace::text ~ '^pm_' AND p.proname ~ '^schedule_' AND p.pronargs = p.pronargdefaults
\gexec
SELECT s.name FROM pm_jobs.schedules AS s UNION ALL SELECT q.name FROM pm_jobs.queues AS q EXCEPT ALL TABLE there ORDER BY 1;
ROLLBACK;
SQL
}

# A deployment on two servers.
my $conf = write_file("$dir/two.conf", join('', map { "server $_ " . servers_of($two) . "\n" } @there) . <<'CONF');
queue reading 3 pm_gtin
schedule read-again 1_hour reading read
CONF
my @create = ($one, 'create.sh', '-c', $conf);
$out = deploy_ok('created', @create);
like($out, qr/^create: left out, being not installed: .*\bpm_media\b/m, 'what is not installed is said');
like($out, qr/^create: @all$/m, 'and what was made');
foreach my $database (@all)
{
	my $own = $database =~ s/^db_/pm_/r;
	my $there = $node{$database}->safe_psql('postgres', "SELECT name FROM pg_available_extensions WHERE name = '$own'");
	$there .= ' pgcrypto' if $there eq 'pm_core';
	is($node{$database}->safe_psql($database, q{SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension WHERE extname <> 'plpgsql'}),
		join(' ', sort split / /, "pm_gtin pm_jobs pm_xref pm_cache postgres_fdw $there"), "$database: extensions");
	like($node{$database}->safe_psql($database, 'SHOW search_path'), qr/^"\$user", public, pm_gtin, $own\b/, "$database: search_path");
	is($node{$database}->safe_psql($database, q{SELECT '4006381333931'::gtin = '04006381333931'}), 't', "$database: operators are found");
	is( $node{$database}->safe_psql($database, <<'SQL'), 't|pm_worker|pm_worker|f|t', "$database: servers for all others, mapped for pm_worker without a password");
SELECT count(DISTINCT s.oid) = 7, string_agg(DISTINCT m.usename, ','), string_agg(DISTINCT o.option_value, ',') FILTER (WHERE o.option_name = 'user'),
       bool_or(o.option_name IN ('password', 'passfile', 'sslpassword')), bool_and(has_server_privilege('pm_worker', s.oid, 'USAGE'))
FROM pg_foreign_server AS s LEFT JOIN pg_user_mappings AS m ON m.srvid = s.oid LEFT JOIN pg_options_to_table(m.umoptions) AS o ON true
SQL
	is($node{$database}->safe_psql($database, q{SELECT name, concurrency, granted_to, ordered FROM pm_jobs.queues WHERE name <> 'pm_xref' ORDER BY name}),
		{   db_catalog => "catalog|2|{pm_worker}|f\nreading|3|{pm_worker}|f\nsuppliers|2|{pm_worker}|t",
			db_core    => "core|2|{pm_worker}|f\nreading|3|{pm_worker}|f",
			db_imports => "imports|4|{pm_worker}|f\nreading|3|{pm_worker}|f",
			db_suppliers => "codes|2|{pm_worker}|t\nreading|3|{pm_worker}|f"
		}->{$database} // 'reading|3|{pm_worker}|f',
		"$database: the queues whose extension is there, and no other");
	is($node{$database}->safe_psql($database, $schedules), join("\n", sort @{ $upkeep{$database} // [] }, 'pm_xref.nightly|pm_worker'), "$database: the upkeep of its extensions, and no other schedule");
	is(unscheduled($node{$database}, $database, ''), '', "$database: nothing that an extension would schedule is left out");
}
is(unscheduled($one, 'db_core', q{SELECT pm_jobs.unschedule('pm_core.expire');}), "\npm_core.expire", 'and one that were left out would be seen');
ok($one->poll_query_until('db_core', q{SELECT bool_or(status = 'succeeded') AND bool_and(enqueued_by = 'pm_worker'::regrole) FROM pm_jobs.jobs WHERE kind = 'pm_core.announce'}),
	'workers do the upkeep');
is($one->safe_psql('postgres', q{SELECT string_agg(datname || ' ' || datconnlimit, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'db\_%'}),
	'db_catalog 57 db_code2asin 47 db_core 42 db_exports 47 db_imports 52 db_suppliers 47', 'pool, overflow and the workers of both servers');
is($two->safe_psql('postgres', q{SELECT string_agg(datname || ' ' || datconnlimit, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'db\_%'}),
	'db_analytics 47 db_media 47', 'also there');
is($one->safe_psql('postgres', q{SELECT string_agg(concat_ws(' ', rolname, rolcanlogin, rolconnlimit, rolpassword), ', ' ORDER BY rolname) FROM pg_authid WHERE rolname LIKE 'pm\_%'}),
	'pm_admin f -1, pm_pooler t 12, pm_reader f -1, pm_worker t 156, pm_writer f -1', 'roles, limits, no password');
is($one->safe_psql('postgres', q{SELECT string_agg(m.line, ', ' ORDER BY m.line) FROM (SELECT format('%s in %s', member::regrole, roleid::regrole) FROM pg_auth_members) AS m(line) WHERE m.line LIKE 'pm\_%'}),
	'pm_admin in pm_writer, pm_worker in pm_reader, pm_writer in pm_reader', 'who is a member of what');
is($one->safe_psql('db_core', q{SELECT count(*) FROM pg_class WHERE has_table_privilege('pm_worker', oid, 'INSERT') AND oid = 'pm_xref.checks'::regclass}),
	'1', 'the grants of the extensions');
is($one->safe_psql('db_suppliers', q{SET ROLE pm_writer; INSERT INTO suppliers (code, name) VALUES ('acme', 'Acme'); SELECT gtin FROM resolve_ean('acme', '4006381333931')}),
	'4006381333931', 'and db_suppliers is at work');

# What a supplier is reaches the catalog, by the subscription that the table names, and is
# a reference that is checked.  Databases and their names: where the events are, where they go.
sub supplier_arrives
{
	my ($from, $to, $name) = @_;
	$one->safe_psql($from, 'SET ROLE pm_worker; SELECT pm_xref.deliver()');
	$one->safe_psql($to, q{CALL pm_jobs.run('suppliers')});
	is($one->safe_psql($to, 'SELECT code, name, is_active FROM pm_catalog.suppliers'), 'acme|Acme|t', "$name: a supplier reaches the catalog");
	is($one->safe_psql($to, q{SET ROLE pm_worker; SELECT rows_checked, orphans FROM pm_xref.check('catalog_suppliers')}), '1|0', "$name: and refers to its master row");
	is($one->safe_psql($to, q{SELECT string_agg(name, ' ' ORDER BY name) FROM pm_jobs.schedules WHERE queue = 'catalog' AND owner = 'pm_worker'::regrole}),
		'catalog_index pm_catalog.counts pm_catalog.popularity', "$name: the catalog has its upkeep");
	return;
}
supplier_arrives('db_suppliers', 'db_catalog', 'two databases');
my $codes = 'SELECT topic, server, queue, kind FROM pm_xref.subscriptions WHERE topic ~ $$^imports$$';
is($one->safe_psql('db_imports', $codes), 'imports.codes.resolved|db_suppliers|codes|record_batch', 'what imports read of codes goes back to db_suppliers');

my $settings = deploy_ok('settings', $one, 'settings.sh', '-c', $conf);
is(scalar(() = $settings =~ /^# server /mg), 2, 'a part for each server');
like($settings, qr/^max_connections = 332$/m, 'the sum of its limits and what administration needs');
like($settings, qr/^max_connections = 134$/m, 'of the other, too');
is(scalar(() = $settings =~ m{^pm_core\.secret_key_file = '/etc/postgresql/pm_secret_keys'$}mg), 1, 'the server of db_core knows the keys of secrets');
is($one->safe_psql('db_core', 'SHOW log_parameter_max_length; SHOW log_parameter_max_length_on_error'), "0\n0", 'whose parameters are not logged');

# Again: nothing changes.
my $picture = picture();
deploy_ok('created again', @create);
is(picture(), $picture, 'again: nothing changes');

# The links work, to the same server and to the other, as pm_worker alone.
sub as_worker
{
	my ($database, $sql) = @_;
	my ($status, $out, $err) = $node{$database}->psql($database,
		"BEGIN; GRANT EXECUTE ON FUNCTION pm_xref._call TO pm_worker; SET ROLE pm_worker; $sql; ROLLBACK");
	return $status == 0 ? $out : $err;
}
my $reached = q{SELECT string_agg(c.answer[1], ' ' ORDER BY s.srvname)
FROM pg_foreign_server AS s CROSS JOIN pm_xref._call('test', s.srvname, 'SELECT current_user || ''@'' || current_database()') AS c(answer)};
foreach my $database (@all)
{
	is(as_worker($database, $reached), join(' ', map { "pm_worker\@$_" } grep { $_ ne $database } sort @all), "$database: reaches every other database");
}
$two->safe_psql('db_media', 'CREATE TABLE files (id int PRIMARY KEY, product_id uuid); GRANT SELECT ON files TO pm_reader');
$one->safe_psql('db_catalog', 'CREATE TABLE items (id uuid PRIMARY KEY DEFAULT pm_xref.uuid7()); GRANT SELECT ON items TO pm_reader; INSERT INTO items SELECT FROM generate_series(1, 9)');
my $ids = $one->safe_psql('db_catalog', q{SELECT string_agg(quote_literal(id), ',') FROM items});
$two->safe_psql('db_media', "INSERT INTO files SELECT n, id FROM unnest(ARRAY[$ids, gen_random_uuid()::text]::uuid[]) WITH ORDINALITY AS u(id, n);
	SELECT pm_xref.add_reference('files to items', 'files', 'product_id', 'db_catalog', 'public.items')");
is(as_worker('db_media', 'SELECT rows_checked, orphans FROM pm_xref.check()'), '10|1', 'a reference across servers is checked by pm_worker');
is($one->safe_psql('db_core', q{SET ROLE pm_reader; SELECT string_agg(concat_ws(' ', e.n, r.database, r.schema_name, r.relation), ', ' ORDER BY e.n)
	FROM unnest('{User,Product,Supplier,ImportJob}'::text[]) WITH ORDINALITY AS e(name, n), pm_core.route(e.name) AS r}),
	'1 db_core pm_core users, 2 db_catalog pm_catalog products, 3 db_suppliers pm_suppliers suppliers, 4 db_imports pm_imports import_jobs', 'pm_core knows where entities live');
like(($one->psql('db_core', q{SELECT pm_core.route('ExportJob')}))[2], qr/no database is known to have entity "ExportJob"/, 'and that one is nowhere, its extension being left out');

# The health of all databases, until each has answered in time: the machine may be slow.
sub health
{
	my ($role, $sql) = @_;
	foreach (1 .. 20)
	{
		my @lines = split /\n/, $one->safe_psql('db_core', "SET ROLE $role; CREATE TEMPORARY TABLE h AS SELECT h.*, clock_timestamp() - statement_timestamp() AS elapsed FROM pm_core.health() AS h;
			SELECT $sql FROM h; SELECT bool_and(elapsed < '1 s' AND coalesce(error, '') !~ ' within [0-9]+ ms\$') FROM h");
		return join "\n", @lines if pop @lines eq 't';
	}
	return 'never within a second';
}
my $here = join '', map { "$_|t|t|t|t|t|t|\n" } sort @all;
is(health($_, q{h.database, h.reachable, h.latency_ms > 0, h.extensions->>'pm_jobs' = (SELECT e.default_version FROM pg_available_extensions AS e WHERE e.name = 'pm_jobs'),
	h.connections >= 0, h.connection_limit BETWEEN 30 AND 100, h.queue_depth >= 0, h.error}) . "\n", $here, "$_ sees how all databases are") foreach qw(pm_worker pm_admin pg_monitor);
# What it says of a database on the other server is what is so there: three jobs wait, the
# oldest for an hour, one is to come and one runs; three sessions are open, beside the one
# that asks.
is($two->safe_psql('db_media', 'SET ROLE pm_worker; SELECT orphans FROM pm_xref.check()'), '1', 'there: an orphan');
$two->safe_psql('db_media', <<'SQL');
CREATE FUNCTION hold(job pm_jobs.job) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
SELECT pm_jobs.register_handler('hold', 'hold(pm_jobs.job)'), pm_jobs.create_queue('held'), pm_jobs.create_queue('paused'), pm_jobs.pause_queue('paused');
SELECT pm_jobs.enqueue('paused', 'hold', run_at => CASE n WHEN 4 THEN now() + interval '1 day' END) FROM generate_series(1, 4) AS n;
UPDATE pm_jobs._job SET enqueued_at = enqueued_at - interval '1 hour' WHERE id = (SELECT min(id) FROM pm_jobs._job WHERE queue = 'paused');
SQL
my @sessions = map { $two->background_psql('db_media') } 1 .. 3;
$sessions[0]->query_safe('SELECT pg_advisory_lock(7)');
$two->safe_psql('db_media', q{SELECT pm_jobs.enqueue('held', 'hold')});
ok($two->poll_query_until('db_media', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = 'db_media' AND backend_type = 'pm_jobs worker' AND wait_event = 'advisory'}),
	'there: a job runs in a worker');
my $so = $two->safe_psql('db_media', q{SELECT current_setting('server_version'), 3, 't', 1, 4, max(checked_at), 1 FROM pm_xref._references});
ok( $one->poll_query_until('db_core', q{SELECT version, queue_depth, oldest_job BETWEEN '1 h' AND '2 h', workers, connections, last_check, orphans FROM pm_core.health() WHERE database = 'db_media'},
		$so), 'there: version, jobs, workers, sessions, the last check and its orphans');
$sessions[0]->query_safe('SELECT pg_advisory_unlock(7)');
$_->quit foreach @sessions;
ok( $one->poll_query_until('db_core', q{SELECT queue_depth, connections FROM pm_core.health() WHERE database = 'db_media'}, '3|1'),
	'there: the sessions are gone');

# A call takes no longer than a second, whoever is slow: the one in the middle of nine.
sub is_quick
{
	my ($name) = @_;
	my @elapsed = sort { $a <=> $b } map { $one->safe_psql('db_core', q{SET ROLE pm_worker;
		SELECT max(extract(epoch FROM clock_timestamp() - statement_timestamp())) FROM pm_core.health()}) } 1 .. 9;
	cmp_ok($elapsed[4], '<', 1, "$name: within a second");
	return;
}
is_quick('all are up');

# What people are shown: the lines of health.sql, without alignment, until all have answered
# in time.
sub shown
{
	foreach (1 .. 20)
	{
		my ($out, $err) = ('', '');
		IPC::Run::run [ 'psql', '-XqA', '-d', $one->connstr('db_core'), '-f', deploy_dir() . '/health.sql' ], '<', \undef, '>', \$out, '2>', \$err;
		is("$? $err", '0 ', 'health.sql fails') if $? != 0;
		return split /\n/, $out if $out !~ / within \d+ ms$/m;
	}
	return 'never in time';
}
$one->safe_psql('db_core', q{SELECT pm_core.record_backup('db_media', 'dump', '2026-01-02 03:00', '2026-01-02 03:04', '/backup', 1, true)});
my ($head, @shown) = shown();
is($head, 'database|state|ms|postgres|ext|sessions|jobs|oldest|workers|checked|orphans|backup|error', 'shown: the head');
is(join(' ', map { join '|', (split /\|/)[ 0, 1 ] } @shown), join(' ', map { "$_|up" } sort @all), 'shown: a line for each database');
my ($media) = grep { /^db_media/ } @shown;
my ($postgres, $extensions, $limit, $checked) = split /\|/, $two->safe_psql('db_media', q{SELECT split_part(current_setting('server_version'), ' ', 1),
	(SELECT count(*) FROM pg_extension WHERE extname LIKE 'pm\_%'), (SELECT datconnlimit FROM pg_database WHERE datname = 'db_media'), to_char(max(checked_at), 'MM-DD HH24:MI') FROM pm_xref._references});
like($media, qr/^db_media\|up\|\d+\.\d\|\Q$postgres\E\|$extensions\|\d+\/$limit\|3\|01:\d\d:\d\d\|\d+\|\Q$checked\E\|1\|01-02 03:04\|$/, 'shown: what is known of one');
like(($one->psql('db_core', 'SET ROLE pm_writer; SELECT FROM pm_core.health()'))[2], qr/permission denied for function health/, 'others do not');
$two->safe_psql('postgres', 'CREATE ROLE other IN ROLE pm_writer');
like(($two->psql('db_media', q{SET ROLE other; SELECT pm_xref._call('test', 'db_catalog', 'SELECT 1')}))[2], qr/permission denied/, 'by nobody else');

# Changes: another address, a mapping that is gone, a server made by hand, a limit, a
# new database with an extension that is not ours and a schema with the name of a word of
# SQL's, a handler that is there now; the owner of a database would be a superuser.
$one->safe_psql('db_core', <<'SQL');
CREATE ROLE mallory;
ALTER DATABASE db_core OWNER TO mallory;
SET ROLE mallory;
CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN
    ALTER ROLE mallory SUPERUSER;
  END IF;
  RETURN pg_catalog.format($1, VARIADIC ARRAY[$2]);
END $$;
SQL
$one->safe_psql('db_core', <<'SQL');
ALTER SERVER db_media OPTIONS (SET host '/nowhere', DROP port);
DROP USER MAPPING FOR pm_worker SERVER db_catalog;
DROP SERVER db_imports CASCADE;
CREATE SERVER db_imports FOREIGN DATA WRAPPER postgres_fdw;
ALTER DATABASE db_core CONNECTION LIMIT 1;
ALTER DATABASE db_core SET search_path = public;
ALTER ROLE pm_worker NOLOGIN CONNECTION LIMIT 7;
CREATE FUNCTION read(job pm_jobs.job) RETURNS jsonb LANGUAGE sql RETURN jsonb '{}';
SELECT pm_jobs.register_handler('read', 'read(pm_jobs.job)'), pm_jobs.alter_queue('reading', 5);
SQL
write_file("$dir/new.conf", "database db_new 3 pg_trgm,pm_gtin,pm_jobs,pm_xref pm_gtin,user\n");
deploy_ok('converges', @create, '-c', "$dir/new.conf");
is($one->safe_psql('db_core', q{SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'}), 'f', 'functions of the owner of a database are not called');
is($one->safe_psql('db_new', q{SHOW search_path; SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pg_trgm'}),
	qq{"\$user", public, pm_gtin, "user"\npublic}, 'the new database');
is(as_worker('db_core', $reached), join(' ', map { "pm_worker\@$_" } sort(@all[ 1 .. 7 ], 'db_new')), 'the links are right again, and one to the new database');
is($one->safe_psql('db_core', q{SELECT name, spec, queue, kind, owner FROM pm_jobs.schedules WHERE queue = 'reading'}), 'read-again|1 hour|reading|read|pm_worker',
	'the schedule whose handler is there');
is($one->safe_psql('db_core', q{SELECT concurrency FROM pm_jobs.queues WHERE name = 'reading'}), '5', 'a queue keeps its settings');
is($one->safe_psql('db_catalog', q{SELECT count(*) FROM pm_jobs.schedules WHERE queue = 'reading'}), '0', 'elsewhere there is none');
$picture = picture();
deploy_ok('once more', @create, '-c', "$dir/new.conf");
is(picture(), $picture, 'once more: nothing changes');

# One database cannot be completed: the others are.
$one->safe_psql('db_core', 'DROP USER MAPPING FOR pm_worker SERVER db_catalog');
$one->safe_psql('postgres', 'ALTER DATABASE db_exports ALLOW_CONNECTIONS false');
deploy_fails('one database', 1, qr/^db_exports: psql: error: .*^create\.sh: not everything was created; run it again$/ms, @create, '-c', "$dir/new.conf");
is($one->safe_psql('db_core', q{SELECT count(*) FROM pg_user_mappings WHERE srvname = 'db_catalog' AND usename = 'pm_worker'}), '1', 'the others are completed');
$one->safe_psql('postgres', 'ALTER DATABASE db_exports ALLOW_CONNECTIONS true');

# More sessions than the server takes.
($status, undef, $err) = deploy(@create, '-c', write_file("$dir/more.conf", "setting administration 360\n"), '-c', "$dir/new.conf");
is($status, 0, 'too small a max_connections');
like($err, qr/^create: server \S+ has max_connections 400 and needs 692; deploy\/settings\.sh prints its settings$/m, 'is said');

# Terminated while it waits for a lock: all that it started ends.
{
	my $lock = $one->background_psql('db_core');
	$lock->query_safe('BEGIN; LOCK pm_jobs._queues');
	mkdir "$dir/tmp" or die;
	local @ENV{qw(PGHOST PGPORT TMPDIR)} = ($one->host, $one->port, "$dir/tmp");
	my $run = IPC::Run::start [ deploy_dir() . '/create.sh', '-c', $conf ], '<', \undef, '>', "$dir/create.out", '2>&1';
	ok($one->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) WHERE NOT l.granted AND a.application_name = 'pm_deploy'}), 'TERM: it waits')
	  or diag(slurp_file("$dir/create.out"));
	$run->signal('TERM');
	$run->finish;
	is($run->full_result >> 8, 143, 'TERM: the exit status');
	is(join(' ', glob "$dir/tmp/*"), '', 'TERM: no file is left');
	ok($_->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'pm_deploy'}), 'TERM: no session is left') foreach $one, $two;
	$lock->quit;
}
deploy_ok('run again', @create, '-c', "$dir/new.conf");
is(picture(), $picture, 'run again: all is there');

# A database moves: only the line changes.
my $three = write_file("$dir/three.conf", "server db_analytics " . servers_of($two) . "\nserver db_media " . servers_of($one) . "\n");
deploy_ok('moved', $one, 'create.sh', '-c', $three);
is($one->safe_psql('db_core', q{SELECT option_value FROM pg_foreign_server, pg_options_to_table(srvoptions) WHERE srvname = 'db_media' AND option_name = 'port'}),
	$one->port, 'the others look for it there');

# One server is down: the others answer all the same.
$two->stop;
is(health('pm_worker', q{string_agg(h.database || ' ' || h.reachable, ', ' ORDER BY h.database), bool_and(h.error ~ '^connection to server on socket .* failed: ') FILTER (WHERE NOT h.reachable)}),
	join(', ', map { "$_ " . ($_ eq 'db_analytics' ? 'false' : 'true') } sort @all, 'db_new') . '|t', 'a server is down');

is_quick('a server is down');
my %state = map { (split /\|/)[ 0, 1 ] } @shown = shown();
is(join(' ', map { $state{$_} } @all, 'db_new'), 'up up up up up up up DOWN up', 'shown: which are down');
like((grep { /^db_analytics/ } @shown)[0], qr/^db_analytics\|DOWN\|{11}connection to server on socket ".*" failed: /, 'shown: and why');

# One database: the same extensions, no links.
deploy_ok('one database', $one, 'create.sh', '--one-database', 'everything');
is($one->safe_psql('everything', q{SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension WHERE extname <> 'plpgsql'}),
	'pgcrypto pm_cache pm_catalog pm_core pm_gtin pm_imports pm_jobs pm_suppliers pm_xref postgres_fdw', 'one database: extensions');
is($one->safe_psql('everything', 'SELECT count(*) FROM pg_foreign_server'), '0', 'one database: no links');
is($one->safe_psql('everything', 'SELECT datconnlimit FROM pg_database WHERE datname = current_database()'), '101', 'one database: the pools together');
is($one->safe_psql('everything', 'SHOW search_path'),
	'"$user", public, pm_gtin, pm_core, pm_suppliers, pm_catalog, pm_shop, pm_imports, pm_exports, pm_media, pm_code2asin, pm_analytics',
	'one database: search_path');
my %once = map { $_ => 1 } 'pm_xref.nightly|pm_worker', map { @$_ } values %upkeep;
is($one->safe_psql('everything', $schedules), join("\n", sort keys %once), 'one database: the upkeep of all its extensions');
is(unscheduled($one, 'everything', ''), '', 'one database: nothing that an extension would schedule is left out');
$one->safe_psql('everything', <<'SQL');
CREATE TABLE items (id uuid PRIMARY KEY);
CREATE TABLE files (id int PRIMARY KEY, product_id uuid);
INSERT INTO files VALUES (1, gen_random_uuid()), (2, NULL);
GRANT SELECT ON items, files TO pm_reader;
SELECT pm_xref.add_reference('files to items', 'files', 'product_id', NULL, 'public.items');
SQL
$one->safe_psql('everything', q{INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('acme', 'Acme')});
supplier_arrives('everything', 'everything', 'one database');
is($one->safe_psql('everything', $codes), 'imports.codes.resolved||codes|record_batch', 'one database: what imports read of codes stays here');
is($one->safe_psql('everything', 'SET ROLE pm_worker; SELECT reference, rows_checked, nulls, orphans FROM pm_xref.check() ORDER BY 1'), "catalog_suppliers|1|0|0\nfiles to items|2|1|1\nimport_jobs_created_by|0|0|0", 'one database: references are checked here');

$one->stop;

# The private server of "make run": what a killed initdb left is made anew.
{
	my $home = deploy_dir() . '/../.pm';
	my ($out, $err, $pg_config) = ('', '', $ENV{PG_CONFIG});
	my $fake = "$dir/bin";
	mkdir $fake or die;
	write_file("$fake/pg_config", qq{#!/bin/sh\n[ "\$1" = --bindir ] && echo $fake || exec $pg_config "\$@"\n});
	write_file("$fake/initdb", qq{#!/bin/sh\nmkdir "\$2" && echo 15 >"\$2/PG_VERSION" && kill -KILL \$\$\n});
	chmod 0755, "$fake/pg_config", "$fake/initdb";
	{
		local $ENV{PG_CONFIG} = "$fake/pg_config";
		deploy_fails('a killed initdb', 1, qr/initdb failed/, $one, 'cluster.sh', 'start');
	}
	deploy($one, 'cluster.sh', 'start');
	like(slurp_file("$home/data/postgresql.conf"), qr/^listen_addresses = ''$/m, 'a server that trusts all is open to none by the network');
	is(sprintf('%o', (stat "$home/secret_keys")[2] & 0777), '600', 'the keys of secrets are for its user alone');
	like(slurp_file("$home/data/deploy.conf"), qr{^pm_core\.secret_key_file = '@{[ abs_path("$home/secret_keys") ]}'$}m, 'and it knows them');
	deploy_ok('removed', $one, 'cluster.sh', 'remove');
	ok(!-e $home, 'nothing is left');
}
done_testing();
