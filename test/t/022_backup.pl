#
# 022_backup.pl - backup of the databases of two servers, and restore into a third
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmDeploy;
use IO::Socket::INET;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::RecursiveCopy;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir   = PostgreSQL::Test::Utils::tempdir();
my ($one, $two, $new) = map { make_server($_) } qw(one two new);
my @all   = qw(db_core db_catalog db_media);
my %node  = (db_core => $one, db_catalog => $one, db_media => $two);

# Three databases are enough; referring ones come last in the table.
$ENV{PM_DATABASES} = write_file("$dir/databases.conf", join("\n", map { "database $_ 5 pm_gtin,pm_jobs,pm_xref" . ($_ eq 'db_core' ? ',pm_core' : '') . ' pm_gtin' } @all)
	  . "\n" . join("\n", slurp_file(deploy_dir() . '/databases.conf') =~ /^setting .*/mg) . "\n");
my $conf = write_file("$dir/two.conf", 'server db_media ' . servers_of($two) . "\n");
deploy_ok('created', $one, 'create.sh', '-c', $conf);

# Something of everything: a self-reference, partitions, sequences, a trigger that a
# restore must not fire, a queue, settings, references across the servers.
$one->safe_psql('postgres', q{CREATE ROLE keeper LOGIN PASSWORD 'not to be seen' IN ROLE pm_reader; ALTER DATABASE db_catalog SET work_mem = '7MB'; ALTER DATABASE db_core OWNER TO keeper; CREATE ROLE "o'ne $pm$ two"; CREATE ROLE anna;
	ALTER DATABASE db_catalog SET pm_jobs.enabled = on});
$two->safe_psql('postgres', q{ALTER DATABASE db_media SET pm_jobs.enabled = off; ALTER DATABASE db_media SET datestyle = 'SQL, DMY'});
$one->safe_psql('db_core', <<'SQL');
CREATE TABLE users (id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(), name text);
INSERT INTO users (name) SELECT 'user ' || n FROM generate_series(1, 50) AS n;
GRANT SELECT ON users TO pm_reader;
SQL
$one->safe_psql('db_catalog', <<'SQL');
CREATE TABLE items (id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(), part_of uuid REFERENCES items, code gtin, number serial, created_by uuid);
INSERT INTO items (code) SELECT gtin_complete((400000000000 + n)::text) FROM generate_series(1, 2000) AS n;
UPDATE items SET part_of = (SELECT id FROM items ORDER BY number LIMIT 1) WHERE number % 2 = 0;
GRANT SELECT ON items TO pm_reader;
CREATE TABLE prices (item int, day date, price numeric) PARTITION BY RANGE (day);
CREATE TABLE prices_old PARTITION OF prices FOR VALUES FROM ('2020-01-01') TO ('2025-01-01');
CREATE TABLE prices_new PARTITION OF prices FOR VALUES FROM ('2025-01-01') TO ('2030-01-01');
INSERT INTO prices SELECT n, date '2024-12-01' + n % 60, n FROM generate_series(1, 500) AS n;
CREATE TABLE history (n serial, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.history (what) VALUES (TG_OP); RETURN NEW; END';
CREATE TRIGGER note AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION note();
CREATE FUNCTION work(job pm_jobs.job) RETURNS jsonb LANGUAGE sql RETURN job.payload;
SELECT pm_jobs.create_queue('q'), pm_jobs.pause_queue('q'), pm_jobs.register_handler('work', 'work(pm_jobs.job)'), pm_jobs.enqueue('q', 'work', '{"left": 1}');
SELECT pm_xref.add_reference('items to users', 'items', 'created_by', 'db_core', 'public.users');
SQL
my @users = split /\n/, $one->safe_psql('db_core', 'SELECT id FROM users');
$one->safe_psql('db_catalog', "UPDATE items SET created_by = '$users[0]' WHERE number < 100");
my @items = split /\n/, $one->safe_psql('db_catalog', 'SELECT id FROM items ORDER BY number LIMIT 100');
$two->safe_psql('db_media', 'CREATE TABLE files (id int PRIMARY KEY, item uuid); GRANT SELECT ON files TO pm_reader;
	INSERT INTO files VALUES ' . join(', ', map { "($_, '$items[$_]')" } 1 .. 99) . q{, (0, '00000000-0000-7000-8000-000000000000');
	SELECT pm_xref.add_reference('files to items', 'files', 'item', 'db_catalog', 'public.items')});

# All rows of all tables (what a check writes, what is known of backups, and what the other server is called apart), all sequences.
# Jobs of db_core come and go: pm_core has some every few seconds.
sub picture
{
	my ($node, $database) = @_;
	my $picture = '';
	foreach my $row (split /\n/, $node->safe_psql($database, q{SELECT c.oid::regclass, CASE c.relkind WHEN 'S' THEN 'last_value, is_called' ELSE '*' END FROM pg_class AS c WHERE c.relkind IN ('r', 'S')
		AND c.relnamespace::regnamespace::text !~ '^(pg_|information_schema|pg_toast)' AND c.oid::regclass::text NOT IN ('pm_xref.checks', 'pm_xref.orphans', 'pm_xref._references', 'pm_core.backups')
		AND NOT (current_database() = 'db_core' AND c.oid::regclass::text ~ '^pm_jobs\._(attempts|buckets|finished|job|schedules)') ORDER BY c.oid::regclass::text}))
	{
		my ($table, $columns) = split /\|/, $row;
		$picture .= "$table " . $node->safe_psql($database, "SELECT count(*), md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM (SELECT $columns FROM $table) AS t") . "\n";
	}
	return $picture
	  . $node->safe_psql($database, q{SELECT name, local_table, local_column, server, remote_table FROM pm_xref._references ORDER BY 1})
	  . $node->safe_psql('postgres', qq{SELECT datdba::regrole, s.setconfig FROM pg_database AS d, pg_db_role_setting AS s WHERE s.setdatabase = d.oid AND datname = '$database'});
}

# A mapping with a password: nothing is dumped.
my @backup = ($one, 'backup.sh', '-c', $conf);
$one->safe_psql('db_catalog', q{CREATE USER MAPPING FOR keeper SERVER db_core OPTIONS (password 'not to be seen')});
deploy_fails('a password in a mapping', 1, qr/^db_catalog: the user mapping of keeper on server "db_core" holds a password/m, @backup, "$dir/refused");
ok(!-e "$dir/refused" && !-e "$dir/refused.incomplete", 'and nothing is there');
is($one->safe_psql('db_core', 'SELECT string_agg(DISTINCT database, \' \'), bool_or(ok) FROM pm_core.backups'), 'db_catalog db_core db_media|f', 'its failure is recorded');
$one->safe_psql('db_catalog', 'DROP USER MAPPING FOR keeper SERVER db_core');

$one->safe_psql('db_catalog', q{CREATE SUBSCRIPTION news CONNECTION 'host=nowhere password=secret' PUBLICATION news WITH (connect = false)});
deploy_fails('a password in a subscription', 1, qr/^db_catalog: subscription "news" holds a password/m, @backup, "$dir/refused");
$one->safe_psql('db_catalog', 'ALTER SUBSCRIPTION news SET (slot_name = NONE); DROP SUBSCRIPTION news');

# Killed while it dumps: a locked table holds it there.
my $lock = $one->background_psql('db_catalog');
foreach my $signal (qw(TERM KILL))
{
	$lock->query_safe('BEGIN; LOCK history');
	local $ENV{PGHOST} = $one->host;
	local $ENV{PGPORT} = $one->port;
	my $run = IPC::Run::start [ deploy_dir() . '/backup.sh', '-c', $conf, '--no-check', "$dir/killed" ], '<', \undef, '>', "$dir/killed.out", '2>&1';
	ok($one->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) WHERE NOT l.granted AND a.application_name = 'pm_deploy'}), "$signal: it dumps")
	  or diag(slurp_file("$dir/killed.out"));
	$run->signal($signal);
	eval { $run->finish };
	ok(!-e "$dir/killed", "$signal: no backup is there");
	if ($signal eq 'TERM')
	{
		ok(!-e "$dir/killed.incomplete", 'TERM: nor an incomplete one');
		ok($_->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'pm_deploy'}), 'TERM: no session is left') foreach $one, $two;
		$lock->query_safe('COMMIT');
	}
}
$lock->query_safe('COMMIT');
$lock->quit;
ok($_->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'pm_deploy'}), 'KILL: what it had started ends') foreach $one, $two;
deploy_fails('what a killed one left', 1, qr/is no complete backup: it has no manifest/, $new, 'restore.sh', "$dir/killed.incomplete");
deploy_fails('nor is it taken for a new one', 1, qr{/killed\.incomplete is there already}, @backup, "$dir/killed");

# Killed while it writes the manifest, by the program that measures the second dump.
mkdir "$dir/bin" or die;
write_file("$dir/bin/du", qq{#!/bin/sh\ncase \$2 in */db_catalog) kill -KILL "\$(cut -d ' ' -f 4 /proc/\$PPID/stat)" ;; esac\nexec /usr/bin/du "\$@"\n});
chmod 0755, "$dir/bin/du";
{
	local $ENV{PATH} = "$dir/bin:$ENV{PATH}";
	eval { deploy(@backup, '--no-check', "$dir/partly") };
}
ok(-e "$dir/partly.incomplete/db_core/toc.dat", 'killed over the manifest');
deploy_fails('what it left', 1, qr/is no complete backup: it has no manifest/, $new, 'restore.sh', "$dir/partly.incomplete");

# A good one, of references with an orphan.
my $out = deploy_ok('backup', @backup, "$dir/first");
like($out, qr/^db_media: reference "files to items" has 1 orphans$/m, 'the references are checked first');
deploy_fails('never over another', 1, qr/is there already/, @backup, "$dir/first");
is(sprintf('%o', (stat "$dir/first")[2] & 07777), '700', 'nobody else may read it');
my %time = slurp_file("$dir/first/manifest") =~ /^database\t(\w+)\t[^\t]*\t([^\t]*)/mg;
is(join(' ', sort { $time{$a} cmp $time{$b} } keys %time), 'db_media db_catalog db_core', 'who refers is snapshot before what it refers to');
like($time{$_}, qr/^\d{4}-\d\d-\d\d \d\d:\d\d:[\d.]+[+-]\d\d/, "$_: a time that means the same elsewhere") foreach @all;
my $secrets = '';
IPC::Run::run [ 'grep', '-rliE', 'not to be seen|scram-sha', "$dir/first" ], '>', \$secrets;
is($secrets, '', 'no password in it');
my %picture = map { $_ => picture($node{$_}, $_) } @all;

# A clean one, and one after rows came and went.
$two->safe_psql('db_media', 'DELETE FROM files WHERE id = 0');
deploy_ok('backup of sound references', @backup, '-j', '3', "$dir/sound");
my ($status, $err);
my $untold = "$dir/unt\xf4ld";    # what is no text in UTF-8 cannot be told
($status, undef, $err) = deploy(@backup, '--no-check', $untold);
is($status, 0, 'pm_core will not be told');
like($err, qr/^backup\.sh: pm_core does not know of the dump of db_media$/m, 'which is said');
ok(-e "$untold/manifest", 'and is no reason to have no backup');
$two->safe_psql('db_media', 'DELETE FROM files WHERE id = 50');
$one->safe_psql('db_catalog', "DELETE FROM items WHERE id = '$items[50]'");
$one->safe_psql('db_catalog', q{ALTER TABLE items ADD cover int; SELECT pm_xref.add_reference('circle', 'items', 'cover', 'db_media', 'public.files')});
($status, undef, $err) = deploy(@backup, '--no-check', "$dir/later");
is($status, 0, 'a circle');
like($err, qr/^backup: db_catalog db_media refer to each other in a circle/m, 'is said');
is($one->safe_psql('db_core', q{SELECT count(*), bool_and(ok), bool_and(size > 1000), bool_and(finished_at > started_at) FROM pm_core.backups WHERE location LIKE '%/sound'}), '3|t|t|t', 'recorded');
is($one->safe_psql('db_core', q{SELECT count(*), bool_and(h.last_backup = (SELECT max(b.finished_at) FROM pm_core.backups AS b WHERE b.database = h.database AND b.ok)) FROM pm_core.health() AS h}), '3|t', 'health() knows the last good one of each');
# One with a reference to a server that answers when it has to, and no sooner.
my $silent = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', Timeout => $PostgreSQL::Test::Utils::timeout_default) or die;
$one->safe_psql('db_catalog', q{SELECT pm_xref.add_database('silent', '127.0.0.1', } . $silent->sockport . q{, 'x'); GRANT USAGE ON FOREIGN SERVER silent TO pm_worker;
	SELECT pm_xref.add_reference('to silence', 'items', 'created_by', 'silent', 'public.users')});
like((deploy(@backup, '--no-check', "$dir/silent"))[2], qr/^backup: db_catalog refers to database x, which is not in the table$/m, 'a database that is not in the backup');
my $next = join ' ', $one->safe_psql('db_catalog', q{SELECT nextval('items_number_seq'), nextval('history_n_seq'), pm_jobs.enqueue('q', 'work')});
$_->stop foreach $one, $two;

# Restored elsewhere, all on one server, the old ones being gone.
sub start_again
{
	$new->safe_psql('postgres', "DROP DATABASE $_ WITH (FORCE)") foreach @all;
}
($status, $out, $err) = deploy($new, 'restore.sh', "$dir/first");
is($status, 4, 'restored, with an orphan') or diag($err);
like($out, qr/^db_media: reference "files to items": 1 rows are orphans$/m, 'which is reported');
like($out, qr/^db_catalog: reference "items to users": 2000 rows, no orphan$/m, 'and what is sound');
is(picture($new, $_), $picture{$_}, "$_: row for row the same, with its settings") foreach @all;
is($new->safe_psql('db_catalog', q{SELECT nextval('items_number_seq'), nextval('history_n_seq'), pm_jobs.enqueue('q', 'work')}), $next, 'the next values of sequences');
foreach my $database (@all)
{
	is($new->safe_psql($database, q{SELECT string_agg(DISTINCT o.option_value, ' ') FROM pg_foreign_server, pg_options_to_table(srvoptions) AS o WHERE o.option_name IN ('host', 'port')}),
		join(' ', sort $new->host, $new->port), "$database: the links lead to this server");
	is($new->safe_psql($database, 'SHOW pm_jobs.enabled'), $database eq 'db_media' ? 'off' : 'on', "$database: jobs run if they did");
}
is($new->safe_psql('db_catalog', q{SELECT pm_jobs.resume_queue('q'); SELECT string_agg(pm_jobs.wait(id), ' ') FROM pm_jobs.jobs WHERE queue = 'q'}) =~ s/^\s+//r,
	'succeeded succeeded', 'and so does the one that was left');
is($new->safe_psql('postgres', q{SELECT rolcanlogin, rolpassword, pg_has_role('keeper', 'pm_reader', 'USAGE') FROM pg_authid WHERE rolname = 'keeper'}), 't||t', 'roles, without passwords');
is($new->safe_psql('db_core', q{SELECT string_agg(database || ' ' || ok, ', ' ORDER BY database) FROM pm_core.backups WHERE kind = 'restore'}), 'db_catalog true, db_core true, db_media false',
	'recorded');
is($new->safe_psql('postgres', q{SELECT count(*) FROM pg_roles WHERE rolname = 'o''ne $pm$ two'}), '1', 'any name of a role');
deploy_fails('not into what is there', 1, qr/^db_media: is there already.*^restore\.sh: nothing was restored$/ms, $new, 'restore.sh', "$dir/sound");

# A sound one, by a superuser who was none where it comes from.
start_again();
$new->safe_psql('postgres', 'ALTER ROLE anna SUPERUSER LOGIN');
{
	local $ENV{PGUSER} = 'anna';
	like(deploy_ok('restored, sound', $new, 'restore.sh', '-j', '3', "$dir/sound"), qr/^db_media: reference "files to items": 99 rows, no orphan$/m, 'as is reported');
}
is($new->safe_psql('db_catalog', q{SELECT count(*) FROM history}), '0', 'no trigger has fired');

# Onto two servers, one of which has been there before.
start_again();
$two->start;
$two->safe_psql('postgres', 'DROP DATABASE db_media; DROP ROLE pm_pooler');
is($two->safe_psql('postgres', q{SELECT count(*) FROM pg_roles WHERE rolname = 'keeper'}), '0', 'two servers: a role that only the other one had');
like(deploy_ok('two servers: restored', $new, 'restore.sh', '-c', $conf, "$dir/sound"), qr/^db_media: reference "files to items": 99 rows, no orphan$/m,
	'two servers: references between them');
is($_->safe_psql('postgres', q{SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'db\_%'}), $_ == $two ? 'db_media' : 'db_catalog db_core',
	'two servers: ' . $_->name . ' has its databases') foreach $new, $two;
is($_->safe_psql('postgres', q{SELECT pg_has_role('keeper', 'pm_reader', 'USAGE')}), 't', 'two servers: ' . $_->name . ' has the roles') foreach $new, $two;
foreach my $link ([ db_core => $two ], [ db_catalog => $two ], [ db_media => $new ])
{
	my ($from, $to) = @$link;
	is( ($from eq 'db_media' ? $two : $new)->safe_psql($from, q{SELECT string_agg(DISTINCT o.option_value, ' ') FROM pg_foreign_server AS s, pg_options_to_table(srvoptions) AS o
		WHERE s.srvname = } . ($from eq 'db_media' ? q{'db_core'} : q{'db_media'}) . q{ AND o.option_name IN ('host', 'port')}),
		join(' ', sort $to->host, $to->port), "two servers: $from looks for the other server");
}
$two->safe_psql('postgres', 'DROP DATABASE db_media WITH (FORCE)');
deploy_fails('one server has a database', 1, qr/^db_core: is there already.*^restore\.sh: nothing was restored$/ms, $new, 'restore.sh', '-c', $conf, "$dir/sound");
is($two->safe_psql('postgres', q{SELECT count(*) FROM pg_database WHERE datname = 'db_media'}), '0', 'the other gets none');
$two->stop;
$new->safe_psql('postgres', 'DROP DATABASE db_core WITH (FORCE); DROP DATABASE db_catalog WITH (FORCE)');

# pm_core is not told: the exit status says what became of the references.
like((deploy($new, 'restore.sh', $untold))[2], qr/^restore\.sh: pm_core does not know of the restore of db_media$/m, 'restored, untold');
start_again();
is((deploy($new, 'restore.sh', $untold))[0], 0, 'which does not count');

# Terminated during the check of the references.
start_again();
{
	local @ENV{qw(PGHOST PGPORT)} = ($new->host, $new->port);
	my $run = IPC::Run::start [ deploy_dir() . '/restore.sh', "$dir/silent" ], '<', \undef, '>', "$dir/silent.out", '2>&1';
	my $asked = $silent->accept;
	ok(defined $asked, 'TERM: it checks') or diag(slurp_file("$dir/silent.out"));
	$run->signal('TERM');
	$run->finish;
	is($run->full_result >> 8, 143, 'TERM: the exit status');
	ok($new->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'pm_deploy'}), 'TERM: no session is left');
}
is(slurp_file("$dir/silent.out"), "restore: interrupted: restored, but not checked, and jobs are off\n", 'TERM: what is there is said');
is($new->safe_psql($_, 'SHOW pm_jobs.enabled'), 'off', "TERM: $_: jobs are off") foreach @all;
is($new->safe_psql('db_catalog', 'SELECT count(*) FROM items'), '1999', 'TERM: the rows are there');
close $silent;
deploy_fails('TERM: it is not taken for new', 1, qr/^db_core: is there already/m, $new, 'restore.sh', "$dir/silent");
start_again();
($status, $out, $err) = deploy($new, 'restore.sh', "$dir/silent");
is($status, 4, 'run again: one reference cannot be checked');
like($out, qr/^db_catalog: reference "to silence": it could not be checked: .+/m, 'run again: which is reported');
like($out, qr/^db_catalog: reference "items to users": 1999 rows, no orphan$/m, 'run again: the others are');
is($new->safe_psql($_, 'SHOW pm_jobs.enabled'), $_ eq 'db_media' ? 'off' : 'on', "run again: $_: jobs run if they did") foreach @all;

# The parent's dump is of a later instant: as if its snapshot had come late.
start_again();
rename "$dir/sound/db_catalog", "$dir/sound/old" or die;
PostgreSQL::Test::RecursiveCopy::copypath("$dir/later/db_catalog", "$dir/sound/db_catalog");
($status, $out, $err) = deploy($new, 'restore.sh', "$dir/sound");
is($status, 3, 'restored, with skew');
like($out, qr/^db_media: reference "files to items": 1 rows are skew/m, 'which is told from orphans');
unlike($out, qr/orphans/, 'of which there are none');

# Had the backup not checked, it could not tell.
start_again();
my $manifest = slurp_file("$dir/sound/manifest");
write_file("$dir/sound/manifest", $manifest =~ s/^(database\tdb_media)\t[^\t]*/$1\t2100-01-01 00:00:00+00/mr);
($status, $out, $err) = deploy($new, 'restore.sh', "$dir/sound");
is($status, 4, 'unchecked before: they count as orphans');
like($out, qr/^db_media: reference "files to items": 1 rows are orphans$/m, 'and are called so');

# Damage is noticed before anything is made.
start_again();
truncate "$dir/sound/db_core/toc.dat", 2000 or die;
deploy_fails('a table of contents is cut', 1, qr/^db_core: pg_restore: error: .*^restore\.sh: nothing was restored$/ms, $new, 'restore.sh', "$dir/sound");
unlink "$dir/sound/db_core/toc.dat";
deploy_fails('a database is lacking', 1, qr/^db_core: pg_restore: error: .*toc\.dat.*^restore\.sh: nothing was restored/ms, $new, 'restore.sh', "$dir/sound");
truncate "$dir/sound/roles-2.sql", 500 or die;
deploy_fails('the roles are cut', 1, qr{lacks \S+/roles-2\.sql or a part of it}, $new, 'restore.sh', "$dir/sound");
unlink "$dir/sound/manifest";
deploy_fails('the manifest is lacking', 1, qr/is no complete backup/, $new, 'restore.sh', "$dir/sound");
is($new->safe_psql('postgres', q{SELECT count(*) FROM pg_database WHERE datname LIKE 'db\_%'}), '0', 'nothing was made');

# One database.
deploy_ok('one database', $new, 'create.sh', '--one-database', 'whole');
$new->safe_psql('whole', q{CREATE TABLE items (id uuid PRIMARY KEY); CREATE TABLE files (id int, item uuid); INSERT INTO items VALUES (gen_random_uuid()); INSERT INTO files SELECT 1, id FROM items;
	GRANT SELECT ON items, files TO pm_reader; SELECT pm_xref.add_reference('here', 'files', 'item', NULL, 'public.items')});
$new->safe_psql('postgres', q{ALTER DATABASE whole SET statement_timeout = '1ms'; ALTER DATABASE whole SET default_transaction_read_only = on});
deploy_ok('one database: backup, whatever is set for it', $new, 'backup.sh', '--one-database', 'whole', "$dir/whole");

# The disk is full when the roles are written, which no other file is as large as.
$new->safe_psql('postgres', q{DO $$BEGIN FOR n IN 1 .. 1000 LOOP EXECUTE format('CREATE ROLE %I', repeat('many', 10) || n); END LOOP; END$$});
{
	local @ENV{qw(PGHOST PGPORT)} = ($new->host, $new->port);
	($out, $err) = ('', '');
	IPC::Run::run [ 'bash', '-c', q{trap '' XFSZ; ulimit -f 150; exec "$@"}, 'bash', deploy_dir() . '/backup.sh', '--one-database', 'whole', "$dir/full" ],
	  '<', \undef, '>', \$out, '2>', \$err;
	is($? >> 8, 1, 'a full disk');
	like($err, qr/^backup\.sh: the roles of server \S+ could not be written$/m, 'is noticed');
	ok(!-e "$dir/full" && !-e "$dir/full.incomplete", 'and leaves nothing');
}
$new->safe_psql('postgres', 'DROP DATABASE whole WITH (FORCE)');
like(deploy_ok('one database: restored', $new, 'restore.sh', '--one-database', 'whole', "$dir/whole"), qr/^whole: reference "here": 1 rows, no orphan$/m, 'one database: sound');
deploy_fails('a database that the table does not name', 1, qr/database whole is not in the table: add a line for it/, $new, 'restore.sh', "$dir/whole");
$new->stop;
done_testing();
