#
# 021_file_changes.pl - a file of the server between the moment an import of it is asked for and the one when it is read
#
use strict;
use warnings;

use Cwd qw(abs_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes;

my $top = abs_path(PostgreSQL::Test::Utils::tempdir());
chmod 0755, $top;
my $path = "$top/list.csv";

# Writes the file, as if that had been at another time; when it changed is what it is.
sub put
{
	my ($content) = @_;
	open my $file, '>', $path or die "$path: $!";
	print $file $content;
	close $file;
	utime 1_700_000_000, 1_700_000_000, $path or die;
	return (Time::HiRes::stat($path))[10];
}
my ($list, $other) = ("EAN,Name\n4006381333931,Pen\n", "EAN,Name\n4006381333931,Ink\n");
put($list);

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
my $shared = $node->config_data('--sharedir');
$node->append_conf('postgresql.conf', "pm_imports.directories = '$top:$shared'");
$node->start;
$node->safe_psql('postgres', <<SQL);
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
CREATE EXTENSION pm_imports CASCADE;
SELECT pm_imports.schedule_upkeep(), pm_jobs.pause_queue('imports');
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bb', 'acme', 'Acme');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping) VALUES ('acme', 'a', '{"gtin": "EAN", "title": "Name"}');
SQL

# What becomes of an import of the file, of which this is noted, and which is changed then.
sub outcome
{
	my ($noted, $change) = @_;
	my $job = $node->safe_psql('postgres', "SELECT pm_imports.import_file('a', '$path', force => true)");
	$node->safe_psql('postgres', "UPDATE pm_imports.import_files AS f SET $noted FROM pm_imports.import_jobs AS j WHERE j.id = '$job' AND f.id = j.file_id");
	$change->() if $change;
	$node->safe_psql('postgres', "CALL pm_imports.run_import(ROW(NULL, 'imports', 'run_import', jsonb_build_object('job', '$job'), 1, 1, now())::pm_jobs.job)");
	my $outcome = $node->safe_psql('postgres', "SELECT concat_ws(': ', status, last_error) FROM pm_imports.import_jobs WHERE id = '$job'");
	$node->safe_psql('postgres', 'DELETE FROM pm_imports.import_jobs; DELETE FROM pm_imports.import_files');
	return $outcome;
}
my $settled = "changed_at = (pm_imports._file_facts('$path')).changed_at";
my $differs = 'failed: 55000: the file is not the one that the import was made for: its SHA-256 differs';

is(outcome('changed_at = NULL'), 'completed', 'a file that has just been written');
is(outcome("changed_at = NULL, sha256 = sha256('x')"), $differs, 'is read for its SHA-256 again');
is(outcome($settled), 'completed', 'a file of which the file system says that it has not changed since');
is(outcome("$settled, sha256 = sha256('x')"), 'completed', 'is not read for it again');
is(outcome($settled, sub { chmod 0640, $path or die; chmod 0644, $path or die }), 'completed', 'one that changed, but not its bytes');
is(
	outcome($settled, sub {
		my $before = (Time::HiRes::stat($path))[10];
		# clocks of file systems are slow
		1 while put($other) == $before;
	}),
	$differs, 'one that has other bytes, though its size and the time when it was written say no');
put($list);
is(outcome($settled, sub { put("$list\n") }), 'failed: 55000: the file is not the one that the import was made for: its size has changed', 'one of another size');

# What is noted when an import is asked for
my $old = "$shared/timezonesets/Default";
is($node->safe_psql('postgres', "SELECT pm_imports.import_file('a', '$old') IS NOT NULL; SELECT changed_at = (pm_imports._file_facts('$old')).changed_at FROM pm_imports.import_files"),
	"t\nt", 'of a file that has been there for long: when it changed');
$node->safe_psql('postgres', 'UPDATE pm_imports.import_files SET changed_at = NULL');
is($node->safe_psql('postgres', "SELECT pm_imports.import_file('a', '$old') IS NOT NULL; SELECT count(*), count(changed_at) FROM pm_imports.import_files"),
	"t\n1|1", 'also once it is met again');
is($node->safe_psql('postgres', "SELECT pm_imports.import_file('a', '$path') IS NOT NULL; SELECT coalesce(changed_at < clock_timestamp() - interval '2 seconds', true) FROM pm_imports.import_files WHERE file_name = 'list.csv'"),
	"t\nt", 'of one that changed in the last two seconds: nothing');

$node->stop;
done_testing();
