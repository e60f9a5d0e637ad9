#
# 024_erasure.pl - a user is erased from all databases of a deployment, whatever fails meanwhile
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmDeploy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir  = PostgreSQL::Test::Utils::tempdir();
my $one  = make_server('one');
my $two  = make_server('two');
my @all  = qw(db_core db_suppliers db_catalog db_imports db_exports db_media db_code2asin db_analytics);
my %node = map { $_ => $one } @all;
my $conf = write_file("$dir/two.conf", 'server db_imports ' . servers_of($two) . "\n");
$node{db_imports} = $two;

deploy_ok('the databases', $one, 'create.sh', '-c', $conf);

sub sql
{
	my ($database, $statement) = @_;
	return $node{$database}->safe_psql($database, $statement);
}

# What looks as if it could be about persons, by its type or its name, and is not declared.
my $undeclared = <<'SQL';
SELECT format('%s.%s.%s', e.extname, c.relname, a.attname)
FROM pg_extension AS e
JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
JOIN pg_class AS c ON c.oid = d.objid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE e.extname LIKE 'pm\_%'
  AND (a.atttypid IN ('json'::regtype, 'jsonb'::regtype, 'xml'::regtype, 'inet'::regtype)
    OR a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'name'::regtype, 'bytea'::regtype, 'uuid'::regtype, 'date'::regtype)
      AND a.attname ~ '(^|_)(e?mail|user|user_?name|login|(first|last|full|sur|nick)_?name|phone|mobile|address|street|birth\w*|avatar|photo|ip|password|contact|person|author|by|payload|message|detail|hint|context|reason|raw_row|last_error|content)($|_)'
        AND NOT (a.atttypid = 'uuid'::regtype AND a.attname !~ '(^|_)(user|person|by|author)($|_)'))
  AND NOT EXISTS (SELECT FROM pm_xref.personal_columns() AS p WHERE p.relation = c.oid AND p.column_name = a.attname)
ORDER BY 1
SQL
foreach my $database (@all)
{
	is(sql($database, $undeclared), '', "$database: what looks personal is declared");
	is(sql($database, <<'SQL'), '', "$database: what is declared is there, and an action is known");
SELECT p.relation, p.column_name, p.action FROM pm_xref.personal_columns() AS p
LEFT JOIN pg_attribute AS a ON a.attrelid = p.relation AND a.attname = p.column_name AND NOT a.attisdropped
WHERE a.attname IS NULL OR p.action NOT IN ('row', 'document', 'text', 'message', 'name', 'clear', 'delete', 'cached', 'tombstone', 'keep') OR p.action = 'keep' AND p.note IS NULL
SQL
}
is($one->safe_psql('db_catalog', "BEGIN; ALTER TABLE pm_catalog.brands ADD COLUMN contact_email text, ADD COLUMN extra jsonb; $undeclared; ROLLBACK"),
	"pm_catalog.brands.contact_email\npm_catalog.brands.extra", 'and a column that is not would be seen');

# A user, of whom every database knows something.
sql('db_core', 'SELECT pm_core.create_default_roles()');
my ($user, $other) = map { sql('db_core', "SELECT pm_core.create_user('$_\@example.com', 'correct horse', '$_', '$_', 'Person', 'user')") } qw(gertrude hildegard);
my ($token) = split /\|/, sql('db_core', q{SELECT access_token FROM pm_core.login('gertrude', 'correct horse')});
sql('db_core', qq{SELECT pm_core.send_notification('$user', 'Hello', 'Gertrude'), pm_core.send_notification('$other', 'From gertrude\@example.com', 'x')});
foreach my $database (@all)
{
	sql($database, <<SQL);
SELECT pm_jobs.create_queue('later');
INSERT INTO pm_jobs._handlers VALUES ('later', 'pm_xref._nightly(pm_jobs.job)', true, 'postgres');
SELECT pm_jobs.enqueue('later', 'later', '{"user_id": "$user", "first_name": "Gertrude", "cc": ["GERTRUDE\@example.com", "hildegard\@example.com"]}', run_at => 'infinity');
INSERT INTO pm_xref._events (epoch, topic, key, payload) VALUES (0, 'old', '$user', '{"login": "gertrude"}');
SELECT pm_cache.cache_get('user:gertrude'), pm_cache.cache_set('user:gertrude', '{"email": "gertrude\@example.com"}', 'products', '1 day');
SQL
}
sql('db_suppliers', q{INSERT INTO pm_suppliers._resolutions (supplier_id, original_ean, resolution_method, confidence, reason, status, decided_by, decided_at)
	VALUES (pm_xref.uuid7(), 'x', 'rejected', 0, 'gertrude@example.com said so', 'rejected', 'Gertrude', now())});
sql('db_catalog', qq{INSERT INTO pm_catalog.changes (changed_at, role, user_id, reason) VALUES (now(), 'x', '$user', 'asked by gertrude\@example.com')});
sql('db_imports', <<SQL);
INSERT INTO pm_imports.import_files (file_name, uploaded_by) VALUES ('a.csv', 'postgres');
INSERT INTO pm_imports.import_jobs (config_name, supplier_code, import_type, file_id, plan, created_by) SELECT 'c', 's', 'products', f.id, '{}', '$user' FROM pm_imports.import_files AS f;
INSERT INTO pm_imports.import_errors (job_id, record, ordinal, line, byte_offset, code, message, value, raw_row)
SELECT j.id, 1, 1, 1, 0, 'x', 'x', 'gertrude\@example.com', '1;"gertrude\@example.com";2' FROM pm_imports.import_jobs AS j;
SELECT pm_imports._log(NULL, 'info', 'mailed to gertrude\@example.com', '{"to": "gertrude\@example.com"}');
SQL

my $proof = qq{FROM pm_core.erasure_proof('$user', '{gertrude\@example.com,gertrude}')};
sub as_admin
{
	return sql('db_core', "SET ROLE pm_admin; $_[0]");
}
# where there is a mention, from all those who could have asked
sub dumped
{
	my $count = 0;
	foreach my $node ($one, $two)
	{
		my $dump = '';
		$node->run_log([ 'pg_dumpall', '-h', $node->host, '-p', $node->port, '-f', "$dir/dump" ]);
		$count += () = slurp_file("$dir/dump") =~ /gertrude/gi;
	}
	return $count;
}
is(as_admin("SELECT count(*) $proof AND found > 0" =~ s/ AND / WHERE /r) > 30, 1, 'before: the proof finds it');
is(as_admin("SELECT count(DISTINCT database) $proof WHERE found > 0"), 8, 'in each database');
cmp_ok(dumped(), '>', 30, 'and so does who looks into dumps');

# The cache is in shared memory, and holds a value that mentions the user.
my $cached = q{SELECT count(*), pm_cache._is_shared() FROM pm_cache._values() WHERE value::text LIKE '%gertrude%'};
is(sql($_, $cached), '1|t', "$_: the cache has it") foreach @all;

# Tries come soon.
sql('db_core', q{SELECT pm_jobs.create_queue('pm_core.erasure', max_attempts => 100, backoff => '{1 s}'), pm_jobs.grant_queue('pm_core.erasure', 'pm_worker')});

# Begun while one server is down, and the row of another database is locked.
$two->stop;
my $holder = $one->background_psql('db_catalog');
$holder->query_safe(qq{BEGIN; SELECT FROM pm_catalog.changes WHERE user_id = '$user' FOR UPDATE});
is(as_admin("SELECT pm_core.erase_user('$user')"), 8, 'erased by an administrator, who waits for no database but this one');
is(sql('db_core', q{SELECT pm_core.verify_password('gertrude', 'correct horse')}), '', 'at once: no login');
my ($rc, undef, $err) = $one->psql('db_core', "SELECT pm_core.verify_token('$token')");
like("$rc $err", qr/^3 .*token was revoked/, 'at once: no token');
is(sql('db_core', "SELECT count(*) FROM pm_xref.find_person('$user', '{gertrude\@example.com}') WHERE found > 0"), 0, 'at once: nothing here');
ok($one->poll_query_until('db_core', "SELECT pending @> '{db_catalog,db_imports}' AND cardinality(pending) = 2 FROM pm_core.erasures WHERE user_id = '$user'"),
	'the others have answered');
is(sql($_, $cached), '0|t', "$_: the cache has lost it") foreach grep { !/^db_(catalog|imports)$/ } @all;
ok($one->poll_query_until('db_catalog', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%erase_on_request%' AND wait_event_type = 'Lock' AND datname = 'db_catalog'}),
	'one waits for the row');

# A crash meanwhile.
$one->stop('immediate');
$two->start;
$one->start;
eval { $holder->quit };
ok($one->poll_query_until('db_core', "SELECT finished_at IS NOT NULL AND round > 2 FROM pm_core.erasures WHERE user_id = '$user'"), 'after a crash it goes on by itself, to the end')
  or diag($one->safe_psql('db_core', 'SELECT * FROM pm_core.erasures; SELECT * FROM pm_jobs.attempts ORDER BY started_at DESC LIMIT 3'));

# The proof, and another one that knows nothing of the list.
is(as_admin("SELECT sum(found), count(DISTINCT database), count(*) > 100 $proof"), '0|8|t', 'the proof: nothing is left');
is(dumped(), 0, 'nor do dumps have it');
is(sql($_, $cached), '0|t', "$_: nor the cache") foreach @all;
is(sql('db_core', "SELECT words IS NULL FROM pm_core._erasures WHERE user_id = '$user'"), 't', 'nor is it remembered what was searched for');

# What is left of it holds, and others are as they were.
is(sql('db_imports', 'SET ROLE pm_worker; SELECT orphans FROM pm_xref.check()'), 0, 'references to the user are whole');
is(sql('db_imports', "SELECT created_by = '$user' FROM pm_imports.import_jobs"), 't', 'the id is there');
is(sql('db_imports', 'SELECT value, raw_row FROM pm_imports.import_errors'), '[erased]|1;"[erased]";2', 'what stood around it, too');
is(sql('db_suppliers', q{SELECT decided_by, reason FROM pm_suppliers._resolutions WHERE original_ean = 'x'}), '[erased]|[erased] said so', 'names of who decided');
is(sql($_, q{SELECT payload->'cc' FROM pm_jobs._job WHERE queue = 'later'}), '["[erased]", "hildegard@example.com"]', "$_: others stay") foreach @all;
is(sql('db_core', q{SELECT pm_core.verify_password('hildegard', 'correct horse') IS NOT NULL}), 't', 'another user logs in');

# Once more, with a name that was forgotten.
sql('db_analytics', q{INSERT INTO pm_xref._events (epoch, topic, key, payload) VALUES (0, 'old', 'x', '{"to": "trudi@example.com"}')});
is(as_admin("SELECT pm_core.erase_user('$user', '{trudi\@example.com}')"), 8, 'called again');
ok($one->poll_query_until('db_core', "SELECT finished_at IS NOT NULL FROM pm_core.erasures WHERE user_id = '$user'"), 'and it ends again');
is(sql('db_analytics', q{SELECT payload FROM pm_xref._events WHERE key = 'x'}), '{"to": "[erased]"}', 'having found it');

done_testing();
