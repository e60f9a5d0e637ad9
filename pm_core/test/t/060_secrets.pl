#
# 060_secrets.pl - a secret that came as a parameter is in no log, message, statistics, dump
# or file of the server; it is read after a restart, and by the same sessions all through a
# rotation of keys; without the key file nothing else stops
#
use strict;
use warnings;

use FindBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../../..";
my $dir = PostgreSQL::Test::Utils::tempdir();
my $keys = "$dir/keys";
my $scripts = 0;

# Runs deploy/secret_key.sh, which makes the file or puts a new key into it; the key's id.
sub new_key
{
	my ($out, $err) = run_command([ "$top/deploy/secret_key.sh", $keys ]);
	die $err if $out eq '';
	return $out;
}

my $first = new_key();
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# all that logs statements, but for log_statement: parameters are what is looked for
$node->append_conf('postgresql.conf', <<CONF);
pm_core.secret_key_file = '$keys'
shared_preload_libraries = 'pm_jobs, pm_core, pg_stat_statements, auto_explain'
pg_stat_statements.track = all
auto_explain.log_min_duration = 0
auto_explain.log_nested_statements = on
auto_explain.log_analyze = on
log_min_duration_statement = 0
log_error_verbosity = verbose
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_core CASCADE;
CREATE EXTENSION pg_stat_statements;
CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE pm_worker; CREATE ROLE pm_admin;
ALTER DATABASE postgres SET log_parameter_max_length = 0;
SQL
$node->safe_psql('postgres', slurp_file("$top/$_/sql/grants.sql")) foreach qw(pm_jobs pm_xref pm_core);

# Runs a statement as a role, :v being a parameter of the protocol: exit status, errors.
sub with_parameter
{
	my ($role, $sql, $value) = @_;
	my $script = "$dir/script" . $scripts++;
	append_to_file($script, "SET ROLE $role;\n$sql;\n");
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'pgbench', '-n', '-t', '1', '-M', 'extended', '-D', "v=$value", '-f', $script, $node->connstr('postgres') ], '>', \$out, '2>', \$err);
	return ($?, "$out$err");
}

my $secret = 'Gx7-hQ2_vT9-nK4_wL8';
my $said = '';
my ($status, $text);
foreach my $case (
	[ 'set', 'pm_admin', q{SELECT pm_core.set_secret('shop', :v, 'of the shop')}, '' ],
	[ 'changed', 'pm_admin', q{SELECT pm_core.set_secret('shop', :v)}, '' ],
	[ 'read', 'pm_worker', q{SELECT 1 / (pm_core.get_secret('shop') = :v)::int}, '' ],
	[ 'with a connection', 'pm_worker', q{SELECT 1 / (pm_core.get_connection('prestashop', 'main')->>'secret' = :v)::int}, 'does not exist' ],
	[ 'too long', 'pm_admin', q{SELECT pm_core.set_secret('shop', repeat(:v, 10000))}, '1 to 65536 bytes' ],
	[ 'no name', 'pm_admin', q{SELECT pm_core.set_secret(NULL, :v)}, 'invalid name' ],
	[ 'in the place of its name', 'pm_admin', q{SELECT pm_core.set_secret(:v || E'\n', 'x')}, 'invalid name' ],
	[ 'in an address', 'pm_admin', q{INSERT INTO pm_core.prestashop_configs (name, url, secret_name) VALUES ('main', 'https://' || :v || '@a.example.com', 'shop')}, 'invalid address' ],
	[ 'not by a writer', 'pm_writer', q{SELECT pm_core.set_secret('shop', :v)}, 'permission denied for function set_secret' ],
	[ 'not by a worker', 'pm_worker', q{SELECT pm_core.set_secret('shop', :v)}, 'permission denied for function set_secret' ],
	[ 'not for a reader', 'pm_reader', q{SELECT pm_core.get_secret('shop') = :v}, 'permission denied for function get_secret' ],
	[ 'nor its ciphertext', 'pm_admin', q{SELECT ciphertext, :v::text FROM pm_core.secrets}, 'permission denied for table secrets' ],)
{
	my ($name, $role, $sql, $refusal) = @$case;
	($status, $text) = with_parameter($role, $sql, $secret);
	is($status == 0 ? '' : $text =~ /\Q$refusal\E/ ? $refusal : $text, $refusal, "parameter: $name");
	$said .= $text;
}
unlike($said, qr/\Q$secret\E/, 'no message has it');

# a secret in the place of its name: no message has it, a plan would
($status, $text) = with_parameter('pm_worker', 'SELECT pm_core.get_secret(:v)', 'Asked-Zx9-for');
like($text, qr/there is no secret of this name/, 'asked for by itself');
unlike($text, qr/Asked-Zx9/, 'and not repeated');

# from a file of the server
append_to_file("$dir/pasted", "$secret\n");
is($node->safe_psql('postgres', qq{SELECT pm_core.set_secret('shop', rtrim(pg_read_file('$dir/pasted'), E'\\n')); SELECT pm_core.get_secret('shop') = rtrim(pg_read_file('$dir/pasted'), E'\\n')}), "f\nt", 'from a file of the server');
(undef, undef, $text) = $node->psql('postgres', q{DO $$ BEGIN PERFORM pm_core.set_secret('literal', 'Utility-Zx9-secret'); END $$});
like($text, qr/WARNING:  the secret stands in the statement/, 'a literal in DO is warned of');
like($node->safe_psql('postgres', 'SELECT query FROM pg_stat_statements'), qr/Utility-Zx9/, 'for statistics have it word for word');

# The lines that have it, as it is or as hexadecimal digits.
sub found
{
	my ($where) = @_;
	my $digits = unpack('H*', $secret);
	return join "\n", grep { /\Q$secret\E|$digits/i } split /\n/, $where;
}
# one that may be there, to see that it would be
with_parameter("NONE;\nSET log_parameter_max_length = -1", 'SELECT length(:v)', 'Parameter-Zx9-logged');
my $log = slurp_file($node->logfile);
ok($log =~ /Parameter-Zx9-logged/, 'the log has parameters, unless told otherwise');
ok($log =~ /duration: .* bind .*SELECT pm_core\.set_secret\('shop', \$1/, 'the log has the statement');
ok($log =~ /Query Text: SELECT pm_core\.set_secret\('shop', \$1/, 'and its plan');
is(found($log), '', 'and no secret');
my $statements = $node->safe_psql('postgres', 'SELECT query FROM pg_stat_statements');
like($statements, qr/set_secret\(\$2, \$1/, 'statistics of statements have the statement');
is(found($statements), '', 'and no secret');
$node->safe_psql('postgres', q{SELECT pm_core.set_secret('literal', 'Literal-Zx9-secret')});
unlike($node->safe_psql('postgres', 'SELECT query FROM pg_stat_statements'), qr/Literal-Zx9/, 'nor one that was a literal');
foreach my $options ([], ['--inserts'], ['--column-inserts'])
{
	my ($dump, $err) = run_command([ 'pg_dump', @$options, $node->connstr('postgres') ]);
	like($dump, qr/pm_core\.secrets.*\\x[0-9a-f]{60}/s, "dump @$options: has the ciphertext");
	is(found($dump), '', "dump @$options: and no secret");
	unlike($dump, qr/@{[ substr(slurp_file($keys), -65, 64) ]}/, "dump @$options: and no key");
}
is(substr(slurp_file($keys), 0, length $first), $first, 'the key file begins with the id of the key');

# the files of the server: tables, log of changes, statistics
$node->safe_psql('postgres', 'CHECKPOINT');
$node->stop;
my $files = 0;
foreach my $file (split /\n/, (run_command([ 'find', $node->data_dir, '-type', 'f', '-size', '+0' ]))[0])
{
	$files++;
	my $content = slurp_file($file);
	fail("$file has the secret") if $content =~ /\Q$secret\E/;
	fail("$file has the key") if index($content, substr(slurp_file($keys), -65, 64)) >= 0 || index($content, pack('H*', substr(slurp_file($keys), -65, 64))) >= 0;
}
cmp_ok($files, '>', 500, 'no file of the server has the secret, or the key');

# a restart, without preload; then without the file
$node->append_conf('postgresql.conf', "log_min_duration_statement = -1\nshared_preload_libraries = ''");
$node->start;
is($node->safe_psql('postgres', q{SELECT pm_core.get_secret('shop')}), $secret, 'restart: it is read');
rename $keys, "$keys.away" or die $!;
(undef, undef, my $err) = $node->psql('postgres', q{SELECT pm_core.get_secret('shop')});
like($err, qr/ERROR:  key file of secrets could not be opened: No such file/, 'no file: an error says it');
unlike($err, qr/\Q$keys\E/, 'no file: and not where it should be');
is($node->safe_psql('postgres', q{SELECT pm_core.define_setting('a', 'b', 'text', '"x"'), count(*) FROM pm_core.secrets}), 't|2', 'no file: all else goes on');
rename "$keys.away", $keys or die $!;
symlink $keys, "$dir/link" or die $!;
is($node->safe_psql('postgres', qq{SET pm_core.secret_key_file = '$dir/link'; SELECT pm_core.get_secret('shop')}), $secret, 'a link is followed');
rename $keys, $node->data_dir . '/keys' or die $!;
unlink "$dir/link";
symlink $node->data_dir . '/keys', "$dir/link" or die $!;
(undef, undef, $err) = $node->psql('postgres', qq{SET pm_core.secret_key_file = '$dir/link'; SELECT pm_core.get_secret('shop')});
like($err, qr/ERROR:  key file of secrets is in the data directory/, 'and not into the data directory');
rename $node->data_dir . '/keys', $keys or die $!;
# a pipe in its place is refused, and not waited for
require POSIX;
POSIX::mkfifo("$dir/pipe", 0600) or die $!;
(undef, undef, $err) = $node->psql('postgres', qq{SET pm_core.secret_key_file = '$dir/pipe'; SELECT pm_core.get_secret('shop')});
like($err, qr/ERROR:  key file of secrets is not a regular file/, 'a pipe is none');

# before the module is loaded its setting is anybody's
$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN IN ROLE pm_worker');
(undef, my $out, $err) = $node->psql('postgres', q{SET pm_core.secret_key_file = '/tmp/mine'; SELECT pm_core.get_secret('shop')}, extra_params => [ '-U', 'mallory' ]);
is($out, $secret, 'a user does not choose the file') or diag($err);

# Rotation: sessions read all the while, as keys come, secrets are moved to them in batches
# and are changed.
$node->safe_psql('postgres', q{SELECT count(pm_core.set_secret('s' || i, 'value ' || i)) FROM generate_series(1, 50) AS i});
append_to_file("$dir/read", "\\set i random(1, 50)\nSELECT 1 / (pm_core.get_secret('s' || :i) = 'value ' || :i)::int;\n");
append_to_file("$dir/write", "\\set i random(1, 50)\nSELECT pm_core.set_secret('s' || :i, 'value ' || :i);\n");
my $said_by_readers = '';
my $readers = IPC::Run::start([ 'pgbench', '-n', '-c', '3', '-t', '300', '-f', "$dir/read\@9", '-f', "$dir/write\@1", $node->connstr('postgres') ], '>&', \$said_by_readers);
my $newest;
my $rotations = 0;
do
{
	$newest = new_key();
	1 while $node->safe_psql('postgres', 'SELECT pm_core.rotate_secrets(20)') > 0;
	$readers->pump_nb;
	$rotations++;
} while ($readers->pumpable && $rotations < 50);
ok($readers->finish, 'rotation: every read found the value') or diag($said_by_readers);
like($said_by_readers, qr{number of transactions actually processed: 900/900}, 'rotation: none failed');
note("$rotations rotations");
$node->safe_psql('postgres', 'SELECT pm_core.rotate_secrets(NULL)');
is($node->safe_psql('postgres', 'SELECT string_agg(DISTINCT key_id, $$ $$), count(*) FROM pm_core.secrets'), "$newest|52", 'rotation: all are of the newest key');
my ($line) = split /\n/, slurp_file($keys);
unlink $keys;
append_to_file($keys, "$line\n");
chmod 0600, $keys;
new_key() foreach 2 .. 64;
is($node->safe_psql('postgres', q{SELECT pm_core.get_secret('shop')}), $secret, '64 keys: as many as the server reads');
my $all = slurp_file($keys);
like((run_command([ "$top/deploy/secret_key.sh", $keys ]))[1], qr/has 64 keys: /, '64 keys: another one is refused');
is(slurp_file($keys), $all, '64 keys: and the file is as it was');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pm_core.secrets AS s WHERE pm_core.get_secret(s.name) <> ''}), '52', 'rotation: and need no other one');
is($node->safe_psql('postgres', q{SELECT pm_core.get_secret('shop')}), $secret, 'rotation: the value is the same');
$node->stop;
done_testing();
