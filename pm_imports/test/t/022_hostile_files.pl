#
# 022_hostile_files.pl - files that are made to exhaust who reads them: each has a clear outcome, and little memory is used
#
# A line of a gigabyte, bombs in gzip, ZIP, XLSX and XML, 2 000 columns and one more, and then
# an ordinary file in the same session.
#
use strict;
use warnings;

use Cwd qw(abs_path);
use IO::Compress::Gzip qw($GzipError);
use IO::Compress::Zip qw($ZipError);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $memory_limit = 128;    # MB of its own that an import may take
my $top = abs_path(PostgreSQL::Test::Utils::tempdir());
chmod 0755, $top;

my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init;
$node->append_conf('postgresql.conf', "pm_imports.directories = '$top'");
$node->start;
$node->safe_psql('postgres', <<SQL);
SET client_min_messages = warning;
CREATE EXTENSION pm_catalog CASCADE;
CREATE EXTENSION pm_imports CASCADE;
SELECT pm_imports.schedule_upkeep(), pm_jobs.pause_queue('imports');
INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-06bc7f30a5bb', 'acme', 'Acme');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping) VALUES ('acme', 'list', '{"gtin": "EAN", "title": "Name"}');
SQL
my $session = $node->background_psql('postgres');
my $pid = $session->query_safe('SELECT pg_backend_pid()');

# Writes a file.
sub put
{
	my ($name, @parts) = @_;
	open my $file, '>:raw', "$top/$name" or die "$name: $!";
	print $file $_ foreach @parts;
	close $file or die "$name: $!";
}

# MB of its own that the session has had at most since it was asked last.
sub most_memory
{
	my ($most) = slurp_file("/proc/$pid/status") =~ /^VmHWM:\s+(\d+)/m;
	my ($shared) = slurp_file("/proc/$pid/status") =~ /^RssShmem:\s+(\d+)/m;
	return ($most - $shared) / 1024;
}

# Imports a file; returns the status of the job, and what was wrong.
sub import
{
	my ($name) = @_;
	my $job = $session->query_safe("SELECT pm_imports.import_file('list', '$top/$name')");
	$session->query_safe("CALL pm_imports.run_import(ROW(NULL, 'imports', 'run_import', jsonb_build_object('job', '$job'), 1, 1, now())::pm_jobs.job)");
	my $status = $session->query_safe("SELECT status FROM pm_imports.import_jobs WHERE id = '$job'");
	my $wrong = $session->query_safe("SELECT coalesce((SELECT string_agg(code || ' in line ' || line, ', ' ORDER BY record) FROM pm_imports.import_errors WHERE job_id = '$job'), (SELECT last_error FROM pm_imports.import_jobs WHERE id = '$job'), '')");
	return "$status: $wrong";
}

my $much = 'x' x (64 << 20);
put('line.csv', "EAN,Name\n4006381333931,", ($much) x 16, "\n4006381333955,Ink\n");
# what is expanded counts above 100 MB
my $bomb = "EAN,Name\n" . "4006381333931,$much\n" x 2;
IO::Compress::Gzip::gzip(\$bomb => "$top/bomb.csv.gz") or die $GzipError;
IO::Compress::Zip::zip(\$bomb => "$top/bomb.zip", Name => 'list.csv') or die $ZipError;
put('zeros.csv', "EAN,Name\n4006381333931,", "\0" x 1024, "\n");
{
	my $book = IO::Compress::Zip->new("$top/bomb.xlsx", Name => '[Content_Types].xml') or die $ZipError;
	$book->print('<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>');
	$book->newStream(Name => 'xl/workbook.xml');
	$book->print('<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' . '<x/>' x (32 << 20) . '</workbook>');
	$book->close;
}
put('laughs.xml', '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">', (map { my $b = chr(ord('a') + $_); "<!ENTITY $b \"" . ('&' . chr(ord('a') + $_ - 1) . ';') x 10 . '">' } 1 .. 12),
	']><list><item><EAN>4006381333931</EAN><Name>&m;</Name></item></list>');
put('wide.csv', join(',', 'EAN', 'Name', map { "c$_" } 3 .. 2000), "\n4006381333931,Wide", ',' x 1998, "\n");
put('wider.csv', join(',', 'EAN', 'Name', map { "c$_" } 3 .. 2001), "\n4006381333931,Wider", ',' x 1999, "\n");
put('good.csv', "EAN,Name\n4006381333948,Pen\n");

my @outcomes = (
	[ 'line.csv', qr/^completed_with_errors: record_too_long in line 2$/, 'a line of a gigabyte' ],
	[ 'zeros.csv', qr/^failed: the file is of none of the formats that can be read$/, 'zero bytes' ],
	[ 'bomb.csv.gz', qr/^failed: .*becomes too large once it is expanded/, 'a gzip bomb' ],
	[ 'bomb.zip', qr/^failed: .*becomes too large once it is expanded/, 'a ZIP bomb' ],
	[ 'bomb.xlsx', qr/^failed: .*becomes too large once it is expanded/, 'a bomb in a workbook' ],
	[ 'laughs.xml', qr/^failed: /, 'entities of entities' ],
	[ 'wide.csv', qr/^completed: $/, '2 000 columns' ],
	[ 'wider.csv', qr/^failed: .*columns/, '2 001 columns' ],
	[ 'good.csv', qr/^completed: $/, 'an ordinary file' ]);
foreach my $outcome (@outcomes)
{
	my ($name, $expected, $what) = @$outcome;
	like(import($name), $expected, $what);
}
my $most = most_memory();
cmp_ok($most, '<', $memory_limit, sprintf('all that in %.0f MB', $most));
is($session->query_safe('SELECT string_agg(title, $$ $$ ORDER BY title) FROM pm_catalog.products'), 'Ink Pen Wide', 'and nothing of it is a product but what is good');

$session->quit;
$node->stop;
done_testing();
