#
# 060_import_kills.pl - an import into another server that is killed again and again loses nothing and does nothing twice
#
# One server has the imports, another one the catalog.  A dirty file is imported once in
# peace and once while a killer ends, at random moments, the worker, the session that
# merges, or either server, by kill -9, pg_terminate_backend() or an immediate stop.  In
# the end both have the same products, offers, prices, errors, batches and counts, row
# for row, and the records of the file add up.
#
# The seed is printed; PM_SEED=n repeats a run, PM_SOAK=1 makes it long.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my ($kills, $records, $batch_rows) = $ENV{PM_SOAK} ? (100, 200_000, 1000) : (10, 4_000, 100);
my $seed = defined $ENV{PM_SEED} ? $ENV{PM_SEED} : int(time) ^ $$ << 8;
srand($seed);
note("PM_SEED=$seed, $kills kills, $records records in batches of $batch_rows");

my %nodes;
foreach my $name (qw(imports catalog))
{
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\nrestart_after_crash = on\nmax_prepared_transactions = 0\n");
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pm_jobs'\npm_jobs.max_crashes = 100\n") if $name eq 'imports';
	$node->start;
	$nodes{$name} = $node;
}

# Asks until the server is there.
sub ask
{
	my ($name, $database, $sql) = @_;
	my $deadline = time + 120;
	while (time < $deadline)
	{
		# dies when psql is gone before it has read the query
		my ($status, $out) = eval { $nodes{$name}->psql($database, $sql) };
		return $out // '' if defined $status && $status == 0;
	}
	die "server $name did not come back\n";
}

# The file: codes that repeat, codes and prices that are wrong, stray quotes, attributes, lines in quotes.
my $file = "EAN;Name;Brand;Category;Price;Stock;Colour\n";
for my $n (1 .. $records)
{
	my $code = sprintf('4006381%05d', rand() < 0.05 ? int(rand($n)) : $n);
	my $sum = 0;
	$sum += substr($code, $_, 1) * ($_ % 2 ? 3 : 1) for 0 .. 11;
	$code .= (10 - $sum % 10) % 10;
	my $kind = rand();
	$code = 'no code' if $kind < 0.01;
	my $price = $kind > 0.99 ? 'free' : sprintf('%.2f', 1 + int(rand(10_000)) / 100);
	my $name = $kind > 0.98 && $kind < 0.99 ? "a \"stray\" quote" : $kind < 0.05 ? "\"in two\nlines $n\"" : "Product $n";
	$name = '' if $kind > 0.5 && $kind < 0.51;
	$file .= join(';', $code, $name, 'Brand ' . $n % 40, 'Group ' . $n % 5 . ' > Kind ' . $n % 23, $price, $n % 70, $n % 3 ? 'red' : '') . "\n";
}
my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/file", $file);

foreach my $name (qw(peace war))
{
	$nodes{catalog}->safe_psql('postgres', "CREATE DATABASE $name");
	$nodes{catalog}->safe_psql($name, "CREATE EXTENSION pm_catalog CASCADE; INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme')");
	$nodes{imports}->safe_psql('postgres', "CREATE DATABASE $name");
	$nodes{imports}->safe_psql($name, sprintf(<<'SQL', $nodes{catalog}->host, $nodes{catalog}->port, $name, $batch_rows));
CREATE EXTENSION pm_imports CASCADE;
SELECT pm_xref.add_database('db_catalog', '%s', %d, '%s');
SELECT pm_imports.schedule_upkeep();
SELECT pm_jobs.alter_queue('imports', max_attempts => 1000, backoff => '{10 ms}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, validation_rules, import_options)
VALUES ('acme', 'acme', '{"gtin": "EAN", "title": "Name", "brand": "Brand", "category": "Category", "price": "Price", "stock": "Stock", "technical_specs.colour": "Colour"}',
        '[{"target": "price", "rule": "max", "value": 99, "severity": "warning"}]', '{"batch_rows": %d}');
SQL
}

sub begin_import
{
	my ($name) = @_;
	return $nodes{imports}->safe_psql($name, "SELECT pm_imports.import_data('acme', 'file.csv', pg_read_binary_file('$dir/file'))");
}

my $peace = begin_import('peace');
is($nodes{imports}->safe_psql('peace', "SELECT pm_imports.wait('$peace')"), 'completed_with_errors', 'an import in peace');

# The killer: after so many records each, with enough of them left for the last one to find it at work.
my $war = begin_import('war');
my @moments = sort { $a <=> $b } map { int(rand($records * 0.5)) } 1 .. $kills;
my %done;
my $deadline = time + ($ENV{PM_SOAK} ? 3600 : 300);
while (@moments && time < $deadline)
{
	my ($status, $processed) = split /\|/, ask('imports', 'war', "SELECT status, processed_rows FROM pm_imports.import_jobs WHERE id = '$war'");
	last if $status ne 'running' && $status ne 'pending';
	next if $processed < $moments[0];
	my $victim = (qw(worker merge imports catalog))[ int(rand(4)) ];
	my $way = (qw(kill terminate))[ int(rand(2)) ];
	if ($victim eq 'imports' || $victim eq 'catalog')
	{
		if ($way eq 'kill') { $nodes{$victim}->kill9 } else { $nodes{$victim}->stop('immediate') }
		# what it left behind has to be gone before it can start again
		do { $nodes{$victim}->{_pid} = undef } until $nodes{$victim}->start(fail_ok => 1) || time > $deadline;
	}
	else
	{
		my $server = $victim eq 'worker' ? 'imports' : 'catalog';
		my $pid = ask($server, 'war', 'SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND '
			. ($victim eq 'worker' ? "backend_type = 'pm_jobs worker' AND state = 'active' AND query = 'imports'" : "application_name = 'pm_xref'") . ' LIMIT 1');
		next if $pid !~ /^\d+$/;
		if ($way eq 'kill') { next if !kill('KILL', $pid) } else { ask($server, 'war', "SELECT pg_terminate_backend($pid)") }
	}
	$done{"$way $victim"}++;
	shift @moments;
}
note(join(', ', map { "$_: $done{$_}" } sort keys %done));
is(scalar(@moments), 0, 'the import was killed as often as it should be');
is(ask('imports', 'war', "SELECT pm_imports.wait('$war')"), 'completed_with_errors', 'it came to its end all the same');

# The same in both.
my %same = (
	imports => {
		'counts' => q{SELECT status, total_rows, processed_rows, successful_rows, failed_rows, products_created, products_updated, products_unchanged, duplicate_rows, error_count, warning_count FROM pm_imports.import_jobs},
		'batches' => q{SELECT batch, last_record, line, byte_offset, successful_rows, failed_rows, products_created, products_updated, products_unchanged, duplicate_rows, error_count, warning_count FROM pm_imports.import_batches ORDER BY batch},
		'errors' => q{SELECT record, ordinal, line, byte_offset, column_name, target, value, code, message, severity, raw_row FROM pm_imports.import_errors ORDER BY record, ordinal} },
	catalog => {
		'products' => q{SELECT p.gtin, p.title, b.name, c.name, p.technical_specs, p.version, p.status FROM pm_catalog.products AS p LEFT JOIN pm_catalog.brands AS b ON b.id = p.brand_id LEFT JOIN pm_catalog.categories AS c ON c.id = p.category_id ORDER BY 1},
		'offers' => q{SELECT p.gtin, o.stock, o.digest, o.is_active FROM pm_catalog.supplier_products AS o JOIN pm_catalog.products AS p ON p.id = o.product_id ORDER BY 1},
		'prices' => q{SELECT p.gtin, x.price, x.currency, x.valid_until FROM pm_catalog.product_prices AS x JOIN pm_catalog.products AS p ON p.id = x.product_id ORDER BY 1, 2},
		'what is remembered of batches' => q{SELECT count(*) FROM pm_catalog.merges} });
foreach my $server (sort keys %same)
{
	foreach my $what (sort keys %{ $same{$server} })
	{
		my $expected = ask($server, 'peace', $same{$server}{$what});
		my $got = ask($server, 'war', $same{$server}{$what});
		isnt($expected, '', "$what: there are some");
		ok($got eq $expected, "$what: the same as in peace") or diag(substr($got, 0, 500) . "\nand not\n" . substr($expected, 0, 500));
	}
}
is(ask('imports', 'war', 'SELECT total_rows FROM pm_imports.import_jobs'), $records, 'every record is counted');
is(ask('imports', 'war', 'SELECT count(*), count(DISTINCT (job_id, batch)) FROM pm_imports.import_batches'), ask('imports', 'peace', 'SELECT count(*), count(*) FROM pm_imports.import_batches'), 'each batch once');

# The same file again: nothing to do; forced: all is unchanged, as it was said
my $again = $nodes{imports}->safe_psql('war', "SELECT pm_imports.import_data('acme', 'file.csv', pg_read_binary_file('$dir/file'), force => true)");
ask('imports', 'war', "SELECT pm_imports.wait('$again')");
is(ask('imports', 'war', "SELECT a.products_unchanged = w.successful_rows, a.successful_rows, a.failed_rows = w.failed_rows, a.duplicate_rows = w.duplicate_rows FROM pm_imports.import_jobs AS a, pm_imports.import_jobs AS w WHERE a.id = '$again' AND w.id = '$war'"),
	't|0|t|t', 'what was merged is unchanged, what was rejected is not');
$_->stop foreach values %nodes;
done_testing();
