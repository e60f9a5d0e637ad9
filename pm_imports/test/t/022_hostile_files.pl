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
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, validation_rules, import_options) VALUES
  ('acme', 'refused', '{"gtin": "EAN", "title": "Name"}', '[{"rule": "expression", "value": "length(title) < 100"}]', '{"max_error_ratio": 1}'),
  ('acme', 'unique', '{"gtin": "EAN", "title": "Name"}', '[{"target": "title", "rule": "unique"}]', '{"max_error_ratio": 1}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, transformation_rules, import_options) VALUES
  ('acme', 'kept', '{"supplier_sku": "Ref", "title": "Name", "description": "Text"}', '{"description": ["upper", "lower", "upper", "lower", "upper", "lower", "upper", "lower", "upper", "lower", "upper", "lower"]}',
   '{"key": "supplier_sku", "missing": "deactivate", "missing_ratio": 1}');
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

# The statement that runs a job.
sub run_of
{
	my ($job) = @_;
	return "CALL pm_imports.run_import(ROW(NULL, 'imports', 'run_import', jsonb_build_object('job', '$job'), 1, 1, now())::pm_jobs.job)";
}

# Imports a file; returns the status of the job, and what was wrong, first of all.
sub import
{
	my ($name, $config) = @_;
	my $job = $session->query_safe("SELECT pm_imports.import_file('" . ($config // 'list') . "', '$top/$name')");
	$session->query_safe(run_of($job));
	my $status = $session->query_safe("SELECT status FROM pm_imports.import_jobs WHERE id = '$job'");
	my $wrong = $session->query_safe("SELECT coalesce((SELECT string_agg(code || ' in line ' || line, ', ' ORDER BY record) FROM (SELECT * FROM pm_imports.import_errors WHERE job_id = '$job' ORDER BY record LIMIT 3) AS e), (SELECT last_error FROM pm_imports.import_jobs WHERE id = '$job'), '')");
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
# texts of a workbook that do not fit into memory, before the server has had a temporary file
{
	my $main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
	my $relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
	my $book = IO::Compress::Zip->new("$top/texts.xlsx", Name => '[Content_Types].xml') or die $ZipError;
	$book->print('<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>');
	my %parts = (
		'_rels/.rels' => qq{<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="$relations/officeDocument" Target="xl/workbook.xml"/></Relationships>},
		'xl/workbook.xml' => qq{<workbook xmlns="$main" xmlns:r="$relations"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>},
		'xl/_rels/workbook.xml.rels' => qq{<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="$relations/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="$relations/sharedStrings" Target="sharedStrings.xml"/></Relationships>},
		'xl/sharedStrings.xml' => qq{<sst xmlns="$main"><si><t>EAN</t></si><si><t>Name</t></si>} . join('', map { sprintf('<si><t>%0100d</t></si>', $_) } 1 .. 200_000) . '<si><t>Book</t></si></sst>',
		'xl/worksheets/sheet1.xml' => qq{<worksheet xmlns="$main"><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row><row><c><v>4006381333962</v></c><c t="s"><v>200002</v></c></row></sheetData></worksheet>});
	foreach my $part (sort keys %parts)
	{
		$book->newStream(Name => $part);
		$book->print($parts{$part});
	}
	$book->close;
}
put('comments.xml', '<list><item><EAN>4006381333931</EAN>', ('<!-- as many as you like -->' x (1 << 20)) x 4, '</item><item><EAN>4006381333979</EAN><Name>Card</Name></item></list>');
# 60 MB of records that a rule refuses
put('refused.csv', "EAN,Name
", map { sprintf("%d,%d%s
", 4006381333931, $_, 'x' x 1000) } 1 .. 60_000);
put('good.csv', "EAN,Name\n4006381333948,Pen\n");

my @outcomes = (
	[ 'texts.xlsx', qr/^completed: $/, 'a workbook of 20 MB of texts' ],
	[ 'comments.xml', qr/^completed_with_errors: record_too_long in line 1$/, 'a record of 100 MB of comments' ],
	[ 'refused.csv', qr/^completed_with_errors: expression in line 2, expression in line 3, /, 'nothing but rejected records', 'refused' ],
	[ 'line.csv', qr/^completed_with_errors: record_too_long in line 2$/, 'a line of a gigabyte' ],
	[ 'zeros.csv', qr/^failed: the file is of none of the formats that can be read$/, 'zero bytes' ],
	[ 'bomb.csv.gz', qr/^failed: .*becomes too large once it is expanded/, 'a gzip bomb' ],
	[ 'bomb.zip', qr/^failed: .*becomes too large once it is expanded/, 'a ZIP bomb' ],
	[ 'bomb.xlsx', qr/^failed: .*becomes too large once it is expanded/, 'a bomb in a workbook' ],
	[ 'laughs.xml', qr/^failed: /, 'entities of entities' ],
	[ 'wide.csv', qr/^completed: $/, '2 000 columns' ],
	[ 'wider.csv', qr/^failed: .*columns/, '2 001 columns' ],
	[ 'good.csv', qr/^completed: $/, 'an ordinary file' ]);
ok(!-d $node->data_dir . '/base/pgsql_tmp', 'nobody has had a temporary file yet');
foreach my $outcome (@outcomes)
{
	my ($name, $expected, $what, $config) = @$outcome;
	like(import($name, $config), $expected, $what);
	note(sprintf('%s: %.0f MB', $name, most_memory()));
}
my $most = most_memory();
cmp_ok($most, '<', $memory_limit, sprintf('all that in %.0f MB', $most));
is($session->query_safe('SELECT string_agg(title, $$ $$ ORDER BY title) FROM pm_catalog.products'), 'Book Card Ink Pen Wide', 'and nothing of it is a product but what is good');

# Values that do not fit together: the key is known all the same, so its offer is not missing.
put('kept.csv', "Ref,Name,Text\nK1,One,a\nK2,Two,b\nK3,Three,c\n");
like(import('kept.csv', 'kept'), qr/^completed: $/, 'three offers');
my $long = 'x' x (3 << 20);
put('long.csv', "Ref,Name,Text\nK1,One,$long\n", "K2,Two,$long$long\n");
like(import('long.csv', 'kept'), qr/^completed_with_errors: 23514 in line 2, values_too_long in line 3$/, 'values that do not fit together');
is($session->query_safe(q{SELECT string_agg(supplier_sku, ' ' ORDER BY supplier_sku) FROM pm_catalog.supplier_products WHERE supplier_sku LIKE 'K_' AND is_active}), 'K1 K2', 'only the offer that the file does not have has ended');

# No room for what a set does not hold: one error, and no file is left in the session.
put('many.csv', "EAN,Name\n", map { "no code,Name $_\n" } 1 .. 250_000);
my $job = $session->query_safe("SELECT pm_imports.import_file('unique', '$top/many.csv')");
my ($status, $left, $said) = $node->psql('postgres', "SET temp_file_limit = '1MB';\n" . run_of($job) . ";\nSELECT count(*) FROM pg_ls_tmpdir()", on_error_stop => 0);
like($said, qr/ERROR:  temporary file size exceeds temp_file_limit/, 'a temporary file that may not grow');
unlike($said, qr/ERROR.*ERROR/s, 'is one error');
is($left, '0', 'and it is gone');

$session->quit;
$node->stop;
done_testing();
