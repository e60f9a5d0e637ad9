#
# 040_health.pl - databases that are dead in every way, and what health() makes of them
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IO::Socket::INET;
use IPC::Run;
use POSIX ();
use PmResolver;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Socket qw(INADDR_LOOPBACK SOCK_STREAM pack_sockaddr_in unpack_sockaddr_in);
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "pm_core.bcrypt_cost = 4\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '" . $node->host . "'\nfsync = off");
my $hba = $node->data_dir . '/pg_hba.conf';
my $rules = slurp_file($hba);
unlink $hba;
append_to_file($hba, "local all locked scram-sha-256\nhost all pm_worker 127.0.0.1/32 trust\n$rules");
{
	local ($ENV{LD_PRELOAD}) = make_resolver();
	$node->start;
}
$node->safe_psql('postgres', $_) foreach 'CREATE DATABASE core', 'CREATE DATABASE busy', 'CREATE DATABASE plain', "CREATE ROLE locked LOGIN PASSWORD 'the right one'",
  'CREATE ROLE pm_reader', 'CREATE ROLE pm_writer', 'CREATE ROLE pm_worker LOGIN BYPASSRLS', 'CREATE ROLE pm_admin';
$node->safe_psql('core', 'CREATE EXTENSION pm_core CASCADE');
$node->safe_psql('busy', 'CREATE EXTENSION pm_xref CASCADE');
foreach my $extension (qw(pm_jobs pm_xref pm_core))
{
	my $grants = slurp_file("$FindBin::RealBin/../../../$extension/sql/grants.sql");
	$node->safe_psql($_, $grants) foreach 'core', $extension eq 'pm_core' ? () : 'busy';
}

# The databases: some that live, some that are dead.
my $nameless = 'x' x 64;    # a label too long for the resolver to ask anybody
my $silent = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1') or die;
socket(my $unheard, Socket::AF_INET, SOCK_STREAM, 0) or die;
bind($unheard, pack_sockaddr_in(0, INADDR_LOOPBACK)) or die;    # nobody listens, and nobody else can
my ($unheard_port) = unpack_sockaddr_in(getsockname $unheard);
my ($host, $port) = ($node->host, $node->port);
my %databases = (
	busy => [ $host, $port, 'busy' ],
	plain => [ '127.0.0.1', $port, 'plain' ],
	named => [ 'localhost', $port, 'plain' ],
	listed => [ "$nameless,$host", $port, 'plain' ],
	absent => [ $host, $port, 'absent' ],
	refused => [ '127.0.0.1', $unheard_port, 'x' ],
	nameless => [ $nameless, $port, 'x' ],
	silent => [ '127.0.0.1', $silent->sockport, 'x' ],
	unnamed => [ 'some.silent', $port, 'x' ],
	uneven => [ "some.silent,$nameless", $port, 'x' ],
	locked => [ $host, $port, 'plain' ]);
$node->safe_psql('core', "SELECT pm_xref.add_database('$_', '$databases{$_}[0]', $databases{$_}[1], '$databases{$_}[2]'); GRANT USAGE ON FOREIGN SERVER $_ TO pm_worker") foreach keys %databases;
$node->safe_psql('core', q{ALTER USER MAPPING FOR pm_worker SERVER locked OPTIONS (SET "user" 'locked', ADD password 'open sesame')});
$node->safe_psql('core', q{ALTER SERVER uneven OPTIONS (SET port '1,2,3')});
my @alive = qw(core busy plain named listed);
my %dead = (
	absent => qr/FATAL: database "absent" does not exist$/,
	refused => qr/^connection to server at "127\.0\.0\.1", port $unheard_port failed: Connection refused Is the server running on that host and accepting TCP\/IP connections\?$/,
	nameless => qr/^could not translate host name "$nameless" to address: /,
	silent => qr/^no connection within 800 ms$/,
	unnamed => qr/^no connection within 800 ms$/,
	uneven => qr/^could not match 3 port numbers to 2 hosts$/,
	locked => qr/FATAL: password authentication failed for user "locked"$/);

# Servers that let anybody in, and then say what no server of PostgreSQL says; which, goes
# by the name of the database.
sub message { my ($type, $content) = @_; return $type . pack('N', 4 + length $content) . $content; }
my $ready = message('Z', 'I');
sub row
{
	my @values = @_;
	return message('T', pack('n', scalar @values) . join '', map { "x\0" . pack('NnNnNn', 0, 0, 25, 65535, 4294967295, 0) } @values)
	  . message('D', pack('n', scalar @values) . join '', map { pack('N/a*', $_) } @values) . message('C', "SELECT 1\0") . $ready;
}
my %lies = (
	overflowing => [ row('15', '{"pm_jobs": "1", "pm_xref": "1"}', '-2147483648', '1'), row('1', '-5 s', '2147483647', ''), row('infinity', '0') ],
	copying => message('H', pack('Cn', 0, 0)),
	counting => row('15', '{}', 'many', '1'),
	short => row('15'),
	mumbling => row("15 \xff", '{}', '1', '1'),
	refusing => message('E', "SFATAL\0C28000\0Mnot \xfe today\0\0"));
sub lie
{
	my ($client) = @_;
	my $take = sub { my ($size) = @_; my $got = ''; while (length $got < $size) { sysread($client, $got, $size - length $got, length $got) or POSIX::_exit(0); } return $got; };
	my $start = '';
	# TLS, which libpq would like, is not to be had
	while (($start = $take->(unpack('N', $take->(4)) - 4)) =~ /^\x04\xd2\x16/) { syswrite $client, 'N'; }
	my ($name) = $start =~ /\0database\0(\w+)\0/;
	my @lies = ref $lies{$name} ? @{ $lies{$name} } : $lies{$name};
	syswrite $client, $name eq 'refusing' ? $lies[0] : message('R', pack('N', 0)) . $ready;
	for (my $n = 0; ; $n++)
	{
		$take->(1);
		$take->(unpack('N', $take->(4)) - 4);
		syswrite $client, $n == 0 ? message('C', "SET\0") . $ready : $lies[ $n <= @lies ? $n - 1 : -1 ];
	}
}
my $liar = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1') or die;
my $liars = fork;
if ($liars == 0)
{
	local $SIG{CHLD} = 'IGNORE';
	while (my $client = $liar->accept)
	{
		my $child = fork;
		eval { lie($client) } if $child == 0;
		POSIX::_exit(0) if $child == 0;
	}
	POSIX::_exit(0);
}

# Asks until the answer comes within a second, the server's clock telling, and those who
# live have all had the time for theirs: the machine may be slow.  Returns the rows by name.
sub ask
{
	my ($name, $role, $settings, @alive) = @_;
	my (%rows, $elapsed);
	foreach (1 .. 20)
	{
		my @lines = split /\n/, $node->safe_psql('core', "SET ROLE $role; $settings
			SELECT h.*, extract(epoch FROM clock_timestamp() - statement_timestamp()) FROM pm_core.health() AS h", extra_params => [ '-F', "\t" ]);
		%rows = map { (split /\t/)[0] => [ split /\t/, $_, -1 ] } @lines;
		$elapsed = pop @{ $rows{core} };
		last if $elapsed < 1 && !grep { $rows{$_}[1] ne 't' } @alive;
	}
	cmp_ok($elapsed, '<', 1, "$name: within a second");
	return %rows;
}

# A call takes no longer than a second: the one in the middle of five.  Those who are silent
# are waited for.
sub is_quick
{
	my ($name) = @_;
	my @elapsed = sort { $a <=> $b } map { $node->safe_psql('core', 'SELECT max(extract(epoch FROM clock_timestamp() - statement_timestamp())) FROM pm_core.health()') } 1 .. 5;
	cmp_ok($elapsed[2], '<', 1, "$name: within a second, most of the time");
	cmp_ok($elapsed[0], '>=', 0.8, "$name: and the silent ones have had their time");
	return;
}

my %rows = ask('all', 'pm_worker', '', @alive);
is_quick('all');
is(join(' ', sort keys %rows), join(' ', sort 'core', keys %databases), 'a row for each');
is(join(' ', map { "$_ $rows{$_}[1]" } @alive), join(' ', map { "$_ t" } @alive), 'who lives is reachable');
is($rows{$_}[13], '', "$_: nothing went wrong") foreach @alive;
foreach my $name (sort keys %dead)
{
	is($rows{$name}[1], 'f', "$name: not reachable");
	like($rows{$name}[13], $dead{$name}, "$name: why");
	is(join('', @{ $rows{$name} }[ 2 .. 12 ]), '', "$name: nothing else is known");
}
unlike(join(' ', map { @$_ } values %rows), qr/sesame/, 'no password is repeated');
is_deeply([ map { $rows{$_}[7] } qw(core busy plain) ], [ 0, 0, '' ], 'queues are asked about where there are any');
like($rows{$_}[4], qr/^\{"pm_jobs": "\d+\.\d+\.\d+", "pm_xref": "\d+\.\d+\.\d+"\}$/, "$_: its extensions") foreach 'busy';
is($rows{plain}[4], '{}', 'plain: no extension of ours');

# With the rights of those who watch, and of nobody else.
%rows = ask('pm_monitor', 'pg_monitor', '', @alive);
is(join(' ', map { $rows{$_}[1] } @alive), 't t t t t', 'who watches asks by the mappings of pm_worker');
%rows = ask('pm_admin', 'pm_admin', '', @alive);
is(join(' ', map { $rows{$_}[1] } @alive), 't t t t t', 'and so do administrators');
like(($node->psql('core', "SET ROLE $_; SELECT FROM pm_core.health()"))[2], qr/permission denied for function health/, "not $_") foreach qw(pm_reader pm_writer);
like(($node->psql('core', "SET ROLE $_; SELECT FROM pm_core._ask_databases('core', '{silent}')"))[2], qr/permission denied for function _ask_databases/, "$_ cannot ask whom it likes")
  foreach qw(pm_admin pm_worker pg_monitor);
is($node->safe_psql('core', 'SET ROLE pm_admin; SELECT count(*) FROM pm_core.health(); SELECT current_user'), "12\npm_admin", 'the caller is who it was');

# A question that waits for a lock: what was answered before is there, and the others are asked.
my $lock = $node->background_psql('busy');
$lock->query_safe('BEGIN; LOCK pm_jobs._queues');
%rows = ask('locked there', 'pm_worker', '', qw(core busy plain));
is($rows{busy}[1] . $rows{busy}[7], 't', 'a lock there: reachable, and its queues unknown');
like($rows{busy}[13], qr/^no answer within 800 ms$|^pm_jobs: canceling statement due to statement timeout/, 'a lock there: is said');
$lock->query_safe('COMMIT');
$lock->quit;
$lock = $node->background_psql('core');
$lock->query_safe('BEGIN; LOCK pm_jobs._queues');
%rows = ask('locked here', 'pm_worker', '', qw(core busy plain));
like("$rows{core}[1] $rows{core}[7] $rows{core}[13]", qr/^t  pm_jobs: no answer within \d+ ms$/, 'a lock here: is said');
is($rows{busy}[7], 0, 'a lock here: the others are asked all the same');
$lock->query_safe('COMMIT');
$lock->quit;

# So does a question that takes long.
$node->safe_psql('core', q{ALTER VIEW pm_jobs.stats RENAME TO stats_kept;
	CREATE VIEW pm_jobs.stats AS SELECT s.ready, s.oldest_ready FROM pm_jobs.stats_kept AS s WHERE (SELECT count(*) FROM (SELECT generate_series(1, 1e12::bigint)) AS n) > 0;
	GRANT SELECT ON pm_jobs.stats TO pm_worker});
%rows = ask('slow here', 'pm_worker', q{SET statement_timeout = '30s'; SET jit = off;}, qw(core busy plain));
like("$rows{core}[3] $rows{core}[7] $rows{core}[13]", qr/^15\S*(?: \(.*\))?  pm_jobs: no answer within \d+ ms\b/, 'slow here: is said, and what was answered is there');
is($rows{busy}[7], 0, 'slow here: the others are asked all the same');
$node->safe_psql('core', 'DROP VIEW pm_jobs.stats; ALTER VIEW pm_jobs.stats_kept RENAME TO stats');

# Lies are text in the row of the liar.
$node->safe_psql('core', "SELECT pm_xref.add_database('$_', '127.0.0.1', " . $liar->sockport . ", '$_'); GRANT USAGE ON FOREIGN SERVER $_ TO pm_worker") foreach keys %lies;
%rows = ask('lies', 'pm_worker', '', @alive, qw(copying counting short mumbling overflowing));
is($rows{$_}[13], 'it says something else than was asked', "lies: $_") foreach qw(copying short);
is("$rows{counting}[3] $rows{counting}[13]", ' invalid input syntax for type integer: "many"', 'lies: no number');
is("$rows{mumbling}[3] $rows{mumbling}[13]", '15 ? ', 'lies: no text');
is(join(' ', @{ $rows{overflowing} }[ 1, 5, 8, 9 ]), 't 0 00:00:00 2147483647', 'lies: no number is out of range, no age negative');
unlike($rows{overflowing}[10], qr/infinity/, 'lies: no check is to come');
like($rows{refusing}[13], qr/FATAL: not \? today$/, 'lies: no text in a message');
is(join(' ', map { "$rows{$_}[1]$rows{$_}[13]" } @alive), join(' ', map { 't' } @alive), 'lies: the others are as before');
$node->safe_psql('core', "DROP SERVER $_ CASCADE") foreach keys %lies;
kill 'TERM', $liars;
waitpid $liars, 0;

# The others have been asked before this one is: whoever is makes it answer.
my $witness = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die;
$node->safe_psql('core', "DROP SERVER $_ CASCADE") foreach qw(silent unnamed);
$node->safe_psql('core', q{SELECT pm_xref.add_database('witness', '127.0.0.1', } . $witness->sockport . q{, 'x'); GRANT USAGE ON FOREIGN SERVER witness TO pm_worker});
$lock = $node->background_psql('core');
$lock->query_safe('BEGIN; LOCK pm_jobs._queues');
my $answer = '';
my $asking = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('core'), '-c', q{SET pm_core.health_timeout = '60s'}, '-c',
	q{SELECT queue_depth, error FROM pm_core.health() WHERE database = 'core'} ], '>', \$answer);
my $asked = $witness->accept;
$lock->query_safe('COMMIT');
$lock->quit;
close $asked;
$asking->finish;
is($answer, "0|\n", 'the others are asked before this one');
$node->safe_psql('core', 'DROP SERVER witness CASCADE');
close $witness;
$node->safe_psql('core', "SELECT pm_xref.add_database('$_', '$databases{$_}[0]', $databases{$_}[1], '$databases{$_}[2]'); GRANT USAGE ON FOREIGN SERVER $_ TO pm_worker") foreach qw(silent unnamed);

# The time is a setting, and is kept; many dead ones take no more of it than one.
$node->safe_psql('core', "SELECT pm_xref.add_database('silent $_', '127.0.0.1', " . $silent->sockport . ", 'x'); GRANT USAGE ON FOREIGN SERVER \"silent $_\" TO pm_worker") foreach 1 .. 20;
%rows = ask('many', 'pm_worker', '', 'core');
is_quick('many');
is(scalar(grep { $_->[13] eq 'no connection within 800 ms' } values %rows), 22, 'all of them are dead');
$node->safe_psql('postgres', q{ALTER DATABASE core SET pm_core.health_timeout = '100ms'});
like($node->safe_psql('core', q{SELECT string_agg(DISTINCT error, ',') FROM pm_core.health() WHERE database LIKE 'silent%'}), qr/^no connection within 100 ms$/, 'the setting counts');

# Cancelled while it waits: an error, and nothing is left open.
sub open_sockets
{
	my ($pid) = @_;
	# files of tables come and go as the server likes
	return scalar(grep { (readlink($_) // '') =~ /^(?:socket|pipe|anon_inode):/ } glob "/proc/$pid/fd/*");
}
my $session = $node->background_psql('core', on_error_stop => 0);
my $pid = $session->query_safe('SELECT pg_backend_pid()');
$session->query_safe('SELECT count(*) FROM pm_core.health()');
my $open = open_sockets($pid);
cmp_ok($open, '>', 0, 'a session has sockets');
$session->query_safe(q{SET pm_core.health_timeout = '1min'; SET statement_timeout = '200ms'});
foreach (1 .. 3)
{
	$session->query('SELECT count(*) FROM pm_core.health()');
	like($session->{stderr}, qr/canceling statement due to statement timeout/, 'cancelled while it waits');
	$session->{stderr} = '';
}
is(open_sockets($pid), $open, 'cancelled: nothing is left open');
$session->query_safe(q{RESET statement_timeout; SET pm_core.health_timeout = '100ms'});
$session->query_safe('SELECT count(*) FROM pm_core.health()') foreach 1 .. 20;
is(open_sockets($pid), $open, 'called again and again: nothing is left open');
# so does any other connection to a host whose name is not answered about
$session->query_safe(q{SET ROLE pm_worker; SET statement_timeout = '200ms'});
$session->query(q{SELECT pm_xref._call('test', 'unnamed', 'SELECT 1')});
like($session->{stderr}, qr/canceling statement due to statement timeout/, 'a name that is not answered about can be cancelled');
$session->quit;
ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'pm_xref'}), 'no session is left elsewhere');
$node->stop;
done_testing();
