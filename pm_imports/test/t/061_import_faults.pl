#
# 061_import_faults.pl - an import while the disk of either server is full, or while its connection is lost; and undo() on another server
#
# One server has the imports, another one the catalog.  The disk is full for a server when
# its files may not grow any more: a soft limit on the size of files, which is lifted
# later.  Whatever happens, the import is tried again and ends as one that nothing
# happened to, row for row.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

plan skip_all => 'prlimit is not installed' if system('prlimit --version >/dev/null 2>&1') != 0;

my $records = 6_000;
my %nodes;
foreach my $name (qw(imports catalog))
{
	my $node = PostgreSQL::Test::Cluster->new($name);
	# files of WAL have to fit into the limit
	$node->init(extra => ['--wal-segsize=1']);
	$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\nautovacuum = off\nmax_prepared_transactions = 0\nmin_wal_size = 2MB\nmax_wal_size = 64MB\n");
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pm_jobs'\n") if $name eq 'imports';
	$node->start;
	$nodes{$name} = $node;
}

# Asks until the answer is as expected; returns whether it came to be.
sub comes
{
	my ($name, $database, $sql, $expected) = @_;
	my $deadline = time + 120;
	my $out = '';
	while (time < $deadline)
	{
		$out = $nodes{$name}->safe_psql($database, $sql);
		return 1 if $out =~ $expected;
	}
	diag("$sql gives $out");
	return 0;
}

# Sets the largest size of files for a server, with what runs in it: new sessions have it
# from the postmaster.
sub limit_files
{
	my ($name, $size) = @_;
	my ($postmaster) = slurp_file($nodes{$name}->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	chomp(my @children = `ps -o pid= --ppid $postmaster`);
	foreach my $pid ($postmaster, @children)
	{
		# one that has ended since is not missed
		system("prlimit --pid $pid --fsize=$size: 2>/dev/null") == 0 or $pid != $postmaster or die "prlimit failed\n";
	}
	return;
}

# The file: duplicates, bad codes and prices, what the catalog refuses, and much that is wrong.
sub code
{
	my ($n) = @_;
	my $code = sprintf('4006381%05d', $n);
	my $sum = 0;
	$sum += substr($code, $_, 1) * ($_ % 2 ? 3 : 1) for 0 .. 11;
	return $code . (10 - $sum % 10) % 10;
}
my $file = "EAN;Name;Brand;Price;Stock\n";
for my $n (1 .. $records)
{
	$file .= join(';', $n % 3 == 0 ? 'no code ' . 'x' x 300 : code($n % 20 == 1 ? 1 : $n), $n % 100 == 2 ? 'x' x 1000 : "Product $n", 'Brand ' . $n % 40, $n % 50 == 7 ? 'free' : $n / 100, $n % 70) . "\n";
}
my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/file", $file);

foreach my $name (qw(peace full_there full_here lost dry))
{
	$nodes{catalog}->safe_psql('postgres', "CREATE DATABASE $name");
	$nodes{catalog}->safe_psql($name, "CREATE EXTENSION pm_catalog CASCADE; INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme')");
	$nodes{imports}->safe_psql('postgres', "CREATE DATABASE $name");
	$nodes{imports}->safe_psql($name, sprintf(<<'SQL', $nodes{catalog}->host, $nodes{catalog}->port, $name));
CREATE EXTENSION pm_imports CASCADE;
SELECT pm_xref.add_database('db_catalog', '%s', %d, '%s');
SELECT pm_imports.schedule_upkeep();
SELECT pm_jobs.alter_queue('imports', max_attempts => 100000, backoff => '{10 ms}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, validation_rules, import_options)
VALUES ('acme', 'acme', jsonb '{"gtin": "EAN", "title": "Name", "brand": "Brand", "price": "Price", "stock": "Stock"}' || jsonb_build_object('description', jsonb_build_object('const', repeat('long ', 60))), '[{"target": "price", "rule": "max", "value": 55, "severity": "warning"}]', '{"batch_rows": 500}');
SQL
}

sub begin_import
{
	my ($name) = @_;
	return $nodes{imports}->safe_psql($name, "SELECT pm_imports.import_data('acme', 'file.csv', pg_read_binary_file('$dir/file'), force => true)");
}
sub ends
{
	my ($name, $job, $what) = @_;
	is($nodes{imports}->safe_psql($name, "SELECT pm_imports.wait('$job')"), 'completed_with_errors', $what);
	return;
}

# What is compared.
my %same = (
	imports => {
		'counts' => q{SELECT status, total_rows, processed_rows, successful_rows, failed_rows, products_created, products_updated, products_unchanged, duplicate_rows, error_count, warning_count FROM pm_imports.import_jobs},
		'batches' => q{SELECT batch, last_record, line, byte_offset, successful_rows, failed_rows, products_created, products_updated, products_unchanged, duplicate_rows, error_count, warning_count FROM pm_imports.import_batches ORDER BY batch},
		'errors' => q{SELECT record, ordinal, line, byte_offset, column_name, target, value, code, message, severity, raw_row FROM pm_imports.import_errors ORDER BY record, ordinal} },
	catalog => {
		'products' => q{SELECT p.gtin, p.title, b.name, p.version FROM pm_catalog.products AS p LEFT JOIN pm_catalog.brands AS b ON b.id = p.brand_id ORDER BY 1},
		'offers' => q{SELECT p.gtin, o.stock, o.digest, o.is_active FROM pm_catalog.supplier_products AS o JOIN pm_catalog.products AS p ON p.id = o.product_id ORDER BY 1},
		'prices' => q{SELECT p.gtin, x.price, x.currency, x.valid_until FROM pm_catalog.product_prices AS x JOIN pm_catalog.products AS p ON p.id = x.product_id ORDER BY 1, 2},
		'what is remembered of batches' => q{SELECT count(*) FROM pm_catalog.merges} });
sub compare
{
	my ($name) = @_;
	foreach my $server (sort keys %same)
	{
		foreach my $what (sort keys %{ $same{$server} })
		{
			my $expected = $nodes{$server}->safe_psql('peace', $same{$server}{$what});
			my $got = $nodes{$server}->safe_psql($name, $same{$server}{$what});
			isnt($expected, '', "$what: there are some");
			ok($got eq $expected, "$name: $what: the same as in peace") or diag(substr($got, 0, 500) . "\nand not\n" . substr($expected, 0, 500));
		}
	}
	is($nodes{imports}->safe_psql($name, 'SELECT bool_and(successful_rows + failed_rows + products_unchanged + duplicate_rows = total_rows AND total_rows = ' . $records . ') FROM pm_imports.import_jobs'), 't', "$name: every record is counted once");
	return;
}

my $peace = begin_import('peace');
ends('peace', $peace, 'an import in peace');
is($nodes{imports}->safe_psql('peace', 'SELECT min(failed_rows) > 2000 AND min(duplicate_rows) > 100 AND min(products_created) > 3000 FROM pm_imports.import_jobs'), 't', 'it has records of all kinds');
is($nodes{imports}->safe_psql('peace', q{SELECT count(*) > 30 FROM pm_imports.import_errors WHERE code ~ '^2'}), 't', 'some of which the catalog refused');

# The disk of either server is full, after some batches.
my %full = (
	full_there => [ 'catalog', q{SELECT pg_relation_size('pm_catalog.products')} ],
	full_here => [ 'imports', q{SELECT pg_relation_size('pm_imports.import_errors') + pg_relation_size((SELECT reltoastrelid FROM pg_class WHERE oid = 'pm_imports.import_errors'::regclass))} ]);
foreach my $name (sort keys %full)
{
	my ($server, $size_of) = @{ $full{$name} };
	my $size = $nodes{$server}->safe_psql('peace', $size_of);
	# WAL files have one MB
	cmp_ok($size, '>', 1_060_000, "$name: what is written is larger than the limit");
	# the file has to be there before, and is smaller
	$nodes{imports}->safe_psql($name, q{SELECT pm_jobs.pause_queue('imports')});
	my $job = begin_import($name);
	limit_files($server, 1_060_000);
	$nodes{imports}->safe_psql($name, q{SELECT pm_jobs.resume_queue('imports')});
	ok(comes('imports', $name, "SELECT q.attempts > 3 AND q.last_error ~ 'could not (extend|write)', q.attempts, q.last_error FROM pm_jobs.jobs AS q JOIN pm_imports.import_jobs AS j ON j.job_id = q.id", qr/^t/), "$name: it is tried again and again");
	is($nodes{imports}->safe_psql($name, "SELECT status, processed_rows > 0 AND processed_rows < $records FROM pm_imports.import_jobs"), 'running|t', "$name: and has counted what came before");
	limit_files($server, 'unlimited');
	ends($name, $job, "$name: it comes to its end once there is room");
	compare($name);
}

# The worker that imports: another one may look at the time meanwhile.
my $at_work = q{backend_type = 'pm_jobs worker' AND state = 'active' AND query = 'imports'};

# A dry run says what the import in peace did, also if its session ends after some batches:
# what their rows would have left is lost with it, so it begins again.
my $counting = $nodes{imports}->background_psql('dry');
$counting->query_safe('BEGIN; LOCK TABLE pm_imports.import_batches IN SHARE MODE');
my $dry = $nodes{imports}->safe_psql('dry', "SELECT pm_imports.import_data('acme', 'file.csv', pg_read_binary_file('$dir/file'), dry_run => true)");
ok(comes('imports', 'dry', q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'dry' AND backend_type = 'pm_jobs worker' AND wait_event_type = 'Lock'}, qr/^1$/), 'a batch was tried and is to be counted');
my $trying = $nodes{catalog}->background_psql('dry');
$trying->query_safe('BEGIN; LOCK TABLE pm_catalog.brand_aliases IN ACCESS EXCLUSIVE MODE');
$counting->query_safe('COMMIT');
$counting->quit;
ok(comes('catalog', 'dry', q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'dry' AND application_name = 'pm_xref' AND wait_event_type = 'Lock'}, qr/^1$/), 'a later one is being tried');
is($nodes{imports}->safe_psql('dry', 'SELECT processed_rows > 0 FROM pm_imports.import_jobs'), 't', 'and those before it are counted');
is($nodes{imports}->safe_psql('dry', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $at_work AND datname = 'dry'"), 't', 'when the session ends');
$trying->query_safe('COMMIT');
$trying->quit;
ends('dry', $dry, 'the dry run comes to its end');
is($nodes{imports}->safe_psql('dry', q{SELECT count(*) FROM pm_imports.import_logs WHERE message = 'begins again'}), '1', 'it began again');
foreach my $what (sort keys %{ $same{imports} })
{
	my ($told, $done) = map { [ split /\n/, $nodes{imports}->safe_psql($_, $same{imports}{$what}) ] } qw(dry peace);
	my ($first) = grep { ($told->[$_] // '') ne ($done->[$_] // '') } 0 .. ($#$told > $#$done ? $#$told : $#$done);
	ok(!defined $first, "a dry run: $what: those of the import") or diag(join("\nand not\n", map { substr($_->[$first] // 'nothing', 0, 500) } $told, $done));
}
is($nodes{catalog}->safe_psql('dry', 'SELECT (SELECT count(*) FROM pm_catalog.products) + (SELECT count(*) FROM pm_catalog.brands) + (SELECT count(*) FROM pm_catalog.merges)'), '0', 'and the catalog is as it was');

# Connections are lost while batches are merged: the catalog goes on with them alone, and
# who tries again waits for that.
my $lock = $nodes{catalog}->background_psql('lost');
$lock->query_safe('BEGIN; LOCK TABLE pm_catalog.brands IN ACCESS EXCLUSIVE MODE');
my $lost = begin_import('lost');
my $merging = q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'lost' AND application_name = 'pm_xref' AND wait_event_type = 'Lock'};
ok(comes('catalog', 'lost', $merging, qr/^2$/), 'two batches are being merged');
my $worker = $nodes{imports}->safe_psql('lost', "SELECT pid FROM pg_stat_activity WHERE $at_work AND datname = 'lost'");
is($nodes{imports}->safe_psql('lost', "SELECT pg_terminate_backend($worker)"), 't', 'whose import loses its connections');
ok(comes('catalog', 'lost', $merging, qr/^4$/), 'it is tried again, and waits for the same batches');
$lock->query_safe('COMMIT');
$lock->quit;
ends('lost', $lost, 'and comes to its end');
is($nodes{imports}->safe_psql('lost', q{SELECT count(*) > 0 FROM pm_imports.import_logs WHERE message = 'goes on'}), 't', 'it went on');
compare('lost');

# The same file again: a record that was rejected, here or by the catalog, is never unchanged.
my $again = begin_import('lost');
ends('lost', $again, 'the same file again');
is($nodes{imports}->safe_psql('lost', "SELECT a.products_unchanged = w.successful_rows, a.successful_rows, a.failed_rows = w.failed_rows, a.duplicate_rows = w.duplicate_rows FROM pm_imports.import_jobs AS a, pm_imports.import_jobs AS w WHERE a.id = '$again' AND w.id = '$lost'"),
	't|0|t|t', 'what was merged is unchanged, what was rejected is not');
is($nodes{imports}->safe_psql('lost', "SELECT count(*) FROM (SELECT record, ordinal, code, message FROM pm_imports.import_errors WHERE job_id = '$again' EXCEPT SELECT record, ordinal, code, message FROM pm_imports.import_errors WHERE job_id = '$lost') AS d"), '0', 'for the same reasons');

# It is taken back, on the other server, in several transactions there.
my ($edited, $title) = split /\|/, $nodes{catalog}->safe_psql('lost', q{UPDATE pm_catalog.products SET title = title || ' edited' WHERE id = (SELECT id FROM pm_catalog.products ORDER BY id LIMIT 1) RETURNING gtin, title});
is($nodes{imports}->safe_psql('lost', "SELECT outcome, count(*) FROM pm_imports.undo('$lost') GROUP BY outcome ORDER BY outcome"),
	"deleted|" . ($nodes{catalog}->safe_psql('peace', 'SELECT count(*) FROM pm_catalog.products') - 1) . "\nkept|1", 'undo() on another server');
is($nodes{catalog}->safe_psql('lost', 'SELECT gtin, title FROM pm_catalog.products WHERE deleted_at IS NULL'), "$edited|$title", 'what somebody has edited is there, nothing else');
is($nodes{imports}->safe_psql('lost', "SELECT status FROM pm_imports.import_jobs WHERE id = '$lost'"), 'undone', 'it is undone');
is($nodes{imports}->safe_psql('lost', "SELECT outcome, count(*) FROM pm_imports.undo('$lost') GROUP BY outcome ORDER BY outcome"),
	"deleted|" . ($nodes{catalog}->safe_psql('peace', 'SELECT count(*) FROM pm_catalog.products') - 1) . "\nkept|1", 'a second time changes nothing and says the same');
# a catalog that cannot be reached: nothing is said to be undone
$nodes{catalog}->stop('fast');
my (undef, undef, $err) = $nodes{imports}->psql('full_here', q{SELECT count(*) FROM pm_imports.import_jobs AS j, pm_imports.undo(j.id)});
like($err, qr/ERROR:  undo import "[^"]+": /, 'a catalog that is away: an error');
is($nodes{imports}->safe_psql('full_here', 'SELECT status FROM pm_imports.import_jobs'), 'completed_with_errors', 'and the import is not undone');
$nodes{imports}->stop;
done_testing();
