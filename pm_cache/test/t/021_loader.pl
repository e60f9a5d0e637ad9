#
# 021_loader.pl - one session loads a missing value, the others wait for it: until it is
# there, until the loader fails or dies, and no longer than load_timeout
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run ();
use PmCache;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = make_node('main', 1);
my @server = ('psql', '-XqAt', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '-v', 'ON_ERROR_STOP=0');

# A session that takes statements one by one.
sub session
{
	my $self = { in => '', out => '', err => '' };

	$self->{run} = IPC::Run::start([ @server, '-f', '-' ], '<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err}, IPC::Run::timeout(60));
	return $self;
}

# Sends statements, and waits for their answer.
sub ask
{
	my ($self, $sql) = @_;

	send_to($self, $sql);
	return answer($self);
}

sub send_to
{
	my ($self, $sql) = @_;

	$self->{out} = $self->{err} = '';
	$self->{in} .= "$sql;\n\\echo done\n";
	$self->{run}->pump_nb;
	return;
}

sub answer
{
	my ($self) = @_;

	$self->{run}->pump until $self->{out} =~ /^done\n/m;
	return $self->{out} =~ s/\n?done\n//r;
}

# Waits until so many sessions wait for a value.
sub waiting
{
	my ($count) = @_;
	return $node->poll_query_until('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'Extension' AND query LIKE '%cache_get%'}, $count);
}

my @all = map { session() } 1 .. 9;
my ($loader, @others) = @all;

# The value reaches all that wait.
is(ask($loader, q{SELECT pm_cache.cache_get('a')}), '', 'the first one is to load');
send_to($_, q{SELECT pm_cache.cache_get('a')}) foreach @others;
ok(waiting(8), 'the others wait');
is(ask($loader, q{SELECT pm_cache.cache_set('a', '1', 'products')}), 't', 'it stores');
is(join(' ', map { answer($_) } @others), join(' ', (1) x 8), 'all have its value');

# All figures, of the kind and of all.
sub figures_are
{
	my ($kind, $all, $name) = @_;
	is($node->safe_psql('postgres', 'SELECT entries, hits, misses, hit_rate, waits, bypasses, stored, dropped, evictions, invalidated FROM pm_cache.cache_stats ORDER BY kind'), "$kind\n$all", $name);
	return;
}
figures_are('1|8|1|0.8889|||1|0|0|0', '1|8|1|0.8889|8|0|1|0|0|0', 'one miss');
is($node->safe_psql('postgres', q{BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT pm_cache.cache_get('a'); COMMIT}), '', 'who is serializable reads for itself');
figures_are('1|8|1|0.8889|||1|0|0|0', '1|8|2|0.8000|8|1|1|0|0|0', 'a bypass is a miss');
is($node->safe_psql('postgres', q{SELECT pm_cache.cache_get('large'), pm_cache.cache_set('large', to_jsonb(repeat('x', 2000000)), 'products')}), '|f', 'what is too large is not stored');
figures_are('2|8|2|0.8000|||1|1|0|0', '2|8|3|0.7273|8|1|1|1|0|0', 'it is dropped, and leaves a mark');
$node->safe_psql('postgres', q{BEGIN; SELECT pm_cache.cache_invalidate('a'); ROLLBACK});
figures_are('2|8|2|0.8000|||1|1|0|0', '2|8|3|0.7273|8|1|1|1|0|0', 'a rollback invalidates nothing');
$node->safe_psql('postgres', q{SELECT pm_cache.cache_invalidate('a')});
figures_are('1|8|2|0.8000|||1|1|0|1', '1|8|3|0.7273|8|1|1|1|0|1', 'a commit does');

# It fails, and one of the others is the next.
sub next_loads
{
	my ($name, $key, $fail) = @_;

	ask($loader, "SELECT pm_cache.cache_get('$key')");
	send_to($_, "SELECT coalesce(pm_cache.cache_get('$key'), to_jsonb(CASE WHEN pm_cache.cache_set('$key', '2', 'products') THEN 'loaded'::text END))") foreach @others;
	ok(waiting(8), "$name: the others wait");
	$fail->();
	my $answers = join ' ', sort map { answer($_) } @others;
	is($answers, '"loaded"' . ' 2' x 7, "$name: one of them loads");
	return;
}
next_loads('an error', 'b', sub { ask($loader, 'SELECT 1 / 0') });
next_loads('given back', 'c', sub { ask($loader, q{SELECT pm_cache.cache_set('c', NULL, 'products')}) });
next_loads('an abort', 'd', sub { ask($loader, 'BEGIN; ROLLBACK') });
next_loads('terminated', 'e', sub { $node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . ask($loader, 'SELECT pg_backend_pid()') . ')') });
$loader = session();
next_loads('disconnected', 'f', sub { $loader->{in} .= "\\q\n"; $loader->{run}->finish });
$loader = session();

# An invalidation wakes them; who had begun before it reads for itself.
is(ask($loader, q{SELECT pm_cache.cache_get('g')}), '', 'invalidated meanwhile: the first one is to load');
send_to($_, q{SELECT pm_cache.cache_get('g')}) foreach @others;
ok(waiting(8), 'invalidated meanwhile: the others wait');
$node->safe_psql('postgres', q{SELECT pm_cache.cache_invalidate('g')});
is(join('', map { answer($_) } @others), '', 'invalidated meanwhile: they go on without a value');
is(ask($loader, q{SELECT pm_cache.cache_set('g', '1', 'products')}), 'f', 'invalidated meanwhile: nothing is stored');
is($node->safe_psql('postgres', q{SELECT pm_cache.cache_get('g')}), '', 'invalidated meanwhile: nothing is there');

# Not longer than it takes: the next one has a right of its own, and the first value counts.
ask($loader, q{SET pm_cache.load_timeout = '300 ms'; SELECT pm_cache.cache_get('h')});
my $started = time;
is(ask($others[0], q{SELECT pm_cache.cache_get('h')}), '', 'a loader that does not come back');
my $seconds = time - $started;
ok($seconds < 3, sprintf('is waited for as long as it said (%.2f s)', $seconds));
is(ask($others[0], q{SELECT pm_cache.cache_set('h', '2', 'products')}), 't', 'the next one stores');
is(ask($loader, q{SELECT pm_cache.cache_set('h', '1', 'products')}), 'f', 'the first is too late');
is(ask($loader, q{SELECT pm_cache.cache_get('h')}), '2', 'and finds that value');
ask($loader, q{RESET pm_cache.load_timeout; SELECT pm_cache.cache_get('i')});
is(ask($others[0], q{SET pm_cache.load_timeout = 0; SELECT pm_cache.cache_get('i')}), '', 'a session that does not want to wait does not');
ask($others[0], 'RESET pm_cache.load_timeout');

# Who could be waited for does not wait.
ask($loader, q{SELECT pm_cache.cache_get('j')});
ask($others[0], q{SELECT pm_cache.cache_get('k')});
is(ask($others[0], q{SELECT pm_cache.cache_get('j')}), '', 'a session that loads itself does not wait');
is(ask($others[1], q{BEGIN; CREATE TEMP TABLE written (); SELECT pm_cache.cache_get('j')}), '', 'nor one that has written');
ask($others[1], 'ROLLBACK');
# a statement that waits can be cancelled
send_to($others[2], q{SELECT pm_cache.cache_get('j')});
ok(waiting(1), 'one waits');
$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'Extension' AND query LIKE '%cache_get%'});
answer($others[2]);
like($others[2]->{err}, qr/canceling statement/, 'and is cancelled');

# Who may not store gets no right to, so that nobody waits for it.
$node->safe_psql('postgres', 'CREATE ROLE looks; GRANT USAGE ON SCHEMA pm_cache TO looks; GRANT EXECUTE ON FUNCTION pm_cache.cache_get(text) TO looks');
is(ask($others[3], q{SET ROLE looks; SELECT pm_cache.cache_get('l')}), '', 'a role that may only look');
is(ask($others[4], q{SELECT pm_cache.cache_get('l'); SELECT pm_cache.cache_set('l', '1', 'products')}), "\nt", 'keeps nobody from loading');
is(ask($others[3], q{SELECT pm_cache.cache_get('l')}), '1', 'and finds what is there');

# Values that are too large make nobody wait.
ask($loader, q{SELECT pm_cache.cache_get('m')});
send_to($_, q{SELECT pm_cache.cache_get('m')}) foreach @others[5 .. 7];
ok(waiting(3), 'three wait for a value');
is(ask($loader, q{SELECT pm_cache.cache_set('m', to_jsonb(repeat('x', 2000000)), 'products')}), 'f', 'which is too large');
is(join('', map { answer($_) } @others[5 .. 7]), '', 'and go on without it at once');
is(ask($others[5], q{SELECT pm_cache.cache_get('m')}), '', 'who comes later, too');

foreach my $session ($loader, @others)
{
	$session->{in} .= "\\q\n";
	$session->{run}->finish;
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'Extension' AND query LIKE '%cache_get%'}), '0', 'nobody waits');
$node->stop;
done_testing();
