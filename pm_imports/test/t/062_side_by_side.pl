#
# 062_side_by_side.pl - batches that are merged at the same time leave what merging one after the other leaves
#
# Files whose batches want the same codes, brands, categories and tags, and take codes from
# one another, are imported by turns in one database, and by two processes there; in two databases by one session; by
# four sessions; and by two sessions of a server that leads to the database itself.  All have the same products,
# offers, prices, versions, errors, batches and counts, row for row.  Batches were merged at
# the same time, and committed in their order; some were ahead in vain.
#
# The seed is printed; PM_SEED=n repeats a run, PM_SOAK=1 makes it long.
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my ($rounds, $records, $batch_rows) = $ENV{PM_SOAK} ? (20, 6_000, 60) : (2, 1_500, 40);
my $seed = defined $ENV{PM_SEED} ? $ENV{PM_SEED} : int(time) ^ $$ << 8;
srand($seed);
note("PM_SEED=$seed, $rounds rounds, $records records in batches of $batch_rows");

my $node = PostgreSQL::Test::Cluster->new('side_by_side');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\ntrack_commit_timestamp = on\nshared_preload_libraries = 'pm_jobs'");
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();

# Who merges in which database: how many sessions, and whether the catalog is another one.
my %ways = (
	turns => { sessions => 0 },
	processes => { sessions => 2, here => 1 },
	one => { sessions => 1, apart => 1 },
	four => { sessions => 4, apart => 1 },
	itself => { sessions => 2 });

# A GTIN-13.
sub gtin
{
	my $code = sprintf('4006381%05d', shift);
	my $sum = 0;
	$sum += substr($code, $_, 1) * ($_ % 2 ? 3 : 1) for 0 .. 11;
	return $code . (10 - $sum % 10) % 10;
}

# A file.  Wild rows have codes, brands, categories and tags that others want, too; there are
# more of them towards its end.
sub make_file
{
	my ($file, $key) = @_;
	my $few = $records / 4;
	my $text = "EAN;Sku;Ref;Name;Brand;Category;Tags;Price;Stock\n";
	for my $n (1 .. $records)
	{
		my $wild = rand() < 0.3 * ($n / $records)**4;
		my $number = $wild ? 1 + int(rand($records)) : $n;
		my $ean = $key eq 'gtin' || rand() < 0.5 ? gtin($number) : '';
		my $sku = !$wild ? "S$n" : rand() < 0.5 ? 'S' . (1 + int(rand($few))) : '';
		my $reference = !$wild ? "R$n" : $key eq 'supplier_sku' || rand() < 0.5 ? 'R' . (1 + int(rand($records))) : '';
		my $name = $wild && rand() < 0.1 ? '' : "Product $number " . int(rand(3));
		my $group = $wild ? int(rand($few)) : $n % 20;
		my $brand = (rand() < 0.5 ? 'Brand ' : $wild && rand() < 0.1 ? "\tbrand " : 'BRAND-') . $group;
		my $category = 'Group ' . $group % 9 . ' > ' . (rand() < 0.5 ? 'Kind ' : 'kind-') . $group;
		$text .= join(';', $ean, $sku, $reference, $name, $brand, $category, "tag$group,t" . $n % 5, sprintf('%.2f', 1 + rand(90)), int(rand(40))) . "\n";
	}
	append_to_file("$dir/$file", $text);
}

foreach my $way (sort keys %ways)
{
	my $catalog = $ways{$way}{catalog} = $ways{$way}{apart} ? "catalog_$way" : $way;
	$node->safe_psql('postgres', "CREATE DATABASE $_") foreach $ways{$way}{apart} ? ($way, $catalog) : $way;
	$node->safe_psql('postgres', "ALTER DATABASE $way SET pm_imports.merge_sessions = $ways{$way}{sessions}");
	$node->safe_psql($catalog, "CREATE EXTENSION pm_catalog CASCADE; INSERT INTO pm_catalog.suppliers (id, code, name) VALUES ('01a21d28-7d45-7936-84e2-000000000001', 'acme', 'Acme')");
	$node->safe_psql($way, 'CREATE EXTENSION pm_imports CASCADE; SELECT pm_imports.schedule_upkeep()');
	$node->safe_psql($way, sprintf("SELECT pm_xref.add_database('db_catalog', '%s', %d, '%s')", $node->host, $node->port, $catalog))
		if $ways{$way}{sessions} > 0 && !$ways{$way}{here};
	foreach my $key (qw(gtin supplier_sku))
	{
		$node->safe_psql($way, <<SQL);
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping, import_options)
VALUES ('acme', '$key', '{"gtin": "EAN", "sku": "Sku", "supplier_sku": "Ref", "title": "Name", "brand": "Brand", "category": "Category", "tags": "Tags", "price": "Price", "stock": "Stock"}',
        '{"key": "$key", "batch_rows": $batch_rows}');
SQL
	}
}
# Who waits for its turn is not idle.
$node->safe_psql('postgres', "ALTER DATABASE itself SET idle_in_transaction_session_timeout = '10ms'");

# What is compared.
my %imports = (
	'counts' => q{SELECT status, total_rows, processed_rows, successful_rows, failed_rows, products_created, products_updated, products_unchanged, duplicate_rows, error_count FROM pm_imports.import_jobs ORDER BY created_at},
	'batches' => q{SELECT b.batch, b.last_record, b.successful_rows, b.failed_rows, b.products_created, b.products_updated, b.products_unchanged, b.duplicate_rows FROM pm_imports.import_batches AS b JOIN pm_imports.import_jobs AS j ON j.id = b.job_id ORDER BY j.created_at, b.batch},
	'errors' => q{SELECT e.record, e.ordinal, e.line, e.target, e.code, e.message, e.raw_row FROM pm_imports.import_errors AS e JOIN pm_imports.import_jobs AS j ON j.id = e.job_id ORDER BY j.created_at, e.record, e.ordinal});
my %catalog = (
	'products' => q{SELECT p.gtin, p.sku, p.title, b.name, g.name, c.name, p.version, (SELECT string_agg(t.name, ' ' ORDER BY t.name) FROM pm_catalog.product_tags AS x JOIN pm_catalog.tags AS t ON t.id = x.tag_id WHERE x.product_id = p.id)
		FROM pm_catalog.products AS p LEFT JOIN pm_catalog.brands AS b ON b.id = p.brand_id LEFT JOIN pm_catalog.categories AS c ON c.id = p.category_id LEFT JOIN pm_catalog.categories AS g ON g.id = c.parent_id ORDER BY 1, 2, 3, 4, 5, 6},
	'offers' => q{SELECT p.gtin, p.sku, p.title, o.supplier_sku, o.stock, o.digest, o.is_active FROM pm_catalog.supplier_products AS o JOIN pm_catalog.products AS p ON p.id = o.product_id ORDER BY 1, 2, 3, 4},
	'prices' => q{SELECT p.gtin, p.sku, p.title, x.price, x.valid_until IS NULL FROM pm_catalog.product_prices AS x JOIN pm_catalog.products AS p ON p.id = x.product_id ORDER BY 1, 2, 3, x.valid_from, 4},
	'versions' => q{SELECT p.gtin, p.sku, p.title, v.version, h.batch FROM pm_catalog.product_versions AS v JOIN pm_catalog.products AS p ON p.id = v.product_id JOIN pm_catalog.changes AS h ON h.id = v.change_id ORDER BY 1, 2, 3, 4, 5},
	'groups' => q{SELECT 'brand', b.name FROM pm_catalog.brands AS b UNION ALL SELECT 'category', c.name || ' ' || c.depth FROM pm_catalog.categories AS c UNION ALL SELECT 'tag', t.name || ' ' || t.slug FROM pm_catalog.tags AS t ORDER BY 1, 2});

# Batches in their order: when each began and was committed.
my $batches = q{SELECT h.job, h.batch, max(h.changed_at) AS began, max(pg_xact_commit_timestamp(h.xmin)) AS ended FROM pm_catalog.changes AS h WHERE h.batch IS NOT NULL GROUP BY 1, 2};

foreach my $key (qw(gtin supplier_sku))
{
	for my $round (1 .. $rounds)
	{
		make_file("$key$round", $key);
		foreach my $way (sort keys %ways)
		{
			my $job = $node->safe_psql($way, "SELECT pm_imports.import_data('$key', 'file.csv', pg_read_binary_file('$dir/$key$round'))");
			is($node->safe_psql($way, "SELECT pm_imports.wait('$job')"), 'completed_with_errors', "$key, file $round: $way");
		}
		foreach my $way (grep { $_ ne 'turns' } sort keys %ways)
		{
			foreach ([ \%imports, 'turns', $way ], [ \%catalog, 'turns', $ways{$way}{catalog} ])
			{
				my ($questions, $here, $there) = @$_;
				foreach my $what (sort keys %$questions)
				{
					my $expected = $node->safe_psql($here, $questions->{$what});
					my $got = $node->safe_psql($there, $questions->{$what});
					isnt($expected, '', "$key, file $round, $what: there are some") if $what ne 'versions' || $round > 1;
					next if ok($got eq $expected, "$key, file $round, $way: the same $what");
					my %is = map { $_ => 1 } split /\n/, $got;
					my %was = map { $_ => 1 } split /\n/, $expected;
					diag(join "\n", (map { "- $_" } grep { !$is{$_} } sort keys %was), (map { "+ $_" } grep { !$was{$_} } sort keys %is));
				}
			}
		}
	}
}

foreach my $way (sort keys %ways)
{
	my ($disorder, $beside) = split /\|/, $node->safe_psql($ways{$way}{catalog},
		"WITH b AS ($batches), n AS (SELECT b.*, lead(b.began) OVER w AS next_began, lead(b.ended) OVER w AS next_ended FROM b WINDOW w AS (PARTITION BY b.job ORDER BY b.batch)) "
		. 'SELECT count(*) FILTER (WHERE n.next_ended <= n.ended), count(*) FILTER (WHERE n.next_began < n.ended) FROM n');
	is($disorder, 0, "$way: batches were committed in their order");
	if ($ways{$way}{sessions} > 1) { cmp_ok($beside, '>', 0, "$way: some were merged at the same time") } else { is($beside, 0, "$way: none were merged at the same time") }
	note("$way: $beside beside others");
}
is($node->safe_psql('postgres', q{SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_stat_database WHERE datname IN ('catalog_one', 'catalog_four') AND xact_rollback > 0}), 'catalog_four', 'some were ahead in vain');

# The first batch waits for a session that waits for the second one, which is merged and
# waits for the first one: the second one makes way.
my $file = "EAN;Name\n4006381333931;One\n5901234123457;Two\n";
foreach my $version (1, 2)
{
	my $other;
	if ($version > 1)
	{
		$file =~ s/(One|Two)/Another $1/g;
		$other = $node->background_psql('catalog_four');
		$other->query_safe(q{BEGIN; SELECT id FROM pm_catalog.products WHERE gtin::text = '4006381333931' FOR UPDATE});
	}
	my $job = $node->safe_psql('four', <<SQL);
UPDATE pm_imports.import_configs SET import_options = '{"batch_rows": 1}' WHERE config_name = 'gtin';
SELECT pm_imports.import_data('gtin', 'two.csv', '$file')
SQL
	if ($version > 1)
	{
		ok($node->poll_query_until('catalog_four', q{SELECT count(*) FILTER (WHERE wait_event_type = 'Lock') = 1 AND count(*) FILTER (WHERE state LIKE 'idle in transaction') = 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pm_xref'}),
			'one waits for the other session, one for its turn');
		is($other->query_safe(q{SELECT title FROM pm_catalog.products WHERE gtin::text = '5901234123457' FOR UPDATE}), 'Two', 'the other session gets what is merged and not committed, as it was');
		$other->query_safe('COMMIT');
		$other->quit;
	}
	is($node->safe_psql('four', "SELECT pm_imports.wait('$job')"), 'completed', 'both are merged');
	is($node->safe_psql('catalog_four', q{SELECT string_agg(title, ', ' ORDER BY gtin) FROM pm_catalog.products WHERE gtin::text IN ('4006381333931', '5901234123457')}), $version == 1 ? 'One, Two' : 'Another One, Another Two', 'as the file has them');
}

# A row that could be refused before the first batch is committed: another product has its SKU,
# and gives it up in the first batch.
$node->safe_psql('four', q{UPDATE pm_imports.import_configs SET import_options = '{"key": "supplier_sku", "batch_rows": 1}' WHERE config_name = 'supplier_sku'});
my $job = $node->safe_psql('four', "SELECT pm_imports.import_data('supplier_sku', 'two.csv', 'Ref;EAN;Sku;Name;Brand\nX1;2000000000008;K1;Three;\nX2;2000000000015;K2;Four;\n')");
is($node->safe_psql('four', "SELECT pm_imports.wait('$job')"), 'completed', 'both products are there');
my $other = $node->background_psql('catalog_four');
$other->query_safe('BEGIN; LOCK TABLE pm_catalog.brands IN SHARE ROW EXCLUSIVE MODE');
$job = $node->safe_psql('four', "SELECT pm_imports.import_data('supplier_sku', 'two.csv', 'Ref;EAN;Sku;Name;Brand\nX1;2000000000008;K3;Three;New brand\nX2;2000000000015;K1;Four;\n')");
ok($node->poll_query_until('catalog_four', q{SELECT count(*) FILTER (WHERE wait_event_type = 'Lock') = 1 AND count(*) FILTER (WHERE state LIKE 'idle%') = 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pm_xref'}),
	'the first one waits, the second one does not');
$other->query_safe('COMMIT');
$other->quit;
is($node->safe_psql('four', "SELECT pm_imports.wait('$job')"), 'completed', 'no row is refused');
is($node->safe_psql('catalog_four', q{SELECT string_agg(p.title || ' ' || p.sku, ', ' ORDER BY p.gtin) FROM pm_catalog.products AS p WHERE p.gtin::text LIKE '%2000000000008' OR p.gtin::text LIKE '%2000000000015'}), 'Three K3, Four K1', 'the second row has what the first one has given up');
$node->stop;
done_testing();
