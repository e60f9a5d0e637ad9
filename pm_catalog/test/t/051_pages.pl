#
# 051_pages.pl - the SQL of docs/prices.md and docs/categories.md, word by word, as a
# role that has no more than what grants.sql gives pm_writer
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = "$FindBin::RealBin/../../..";
my $node = PostgreSQL::Test::Cluster->new('pages');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pm_catalog CASCADE');
$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN; ALTER ROLE $_ SET search_path = public, pm_gtin") foreach qw(pm_admin pm_worker pm_reader pm_writer);
$node->safe_psql('postgres', slurp_file("$top/$_/sql/grants.sql")) foreach qw(pm_jobs pm_xref pm_catalog);

# Runs the blocks of a page in a session each, as pm_writer, or as a superuser where the
# page asks for an administrator; returns the number of those that failed.
sub run_page
{
	my ($page) = @_;
	my $failed = 0;
	foreach my $block (slurp_file("$top/docs/$page") =~ /^```sql\n(.*?)^```/msg)
	{
		my @as = $block =~ /schedule_upkeep/ ? () : (extra_params => [ '-U', 'pm_writer' ]);
		my ($status, $out, $err) = $node->psql('postgres', $block, on_error_stop => 1, @as);
		next if $status == 0;
		diag("$page:\n$block$err");
		$failed++;
	}
	return $failed;
}

# What a query gives pm_reader.
sub reader_sees
{
	my ($query) = @_;
	my ($status, $out, $err) = $node->psql('postgres', $query, extra_params => [ '-U', 'pm_reader' ]);
	return $status == 0 ? $out : $err;
}

is(run_page('prices.md'), 0, 'prices.md: every block runs');
is(reader_sees(q{SELECT r.price, r.lowest_price, r.is_prior_price, (pm_catalog.current_price(p.id)).price FROM pm_catalog.price_reductions AS r JOIN pm_catalog.products AS p ON p.id = r.product_id}),
	'15.00|18.00|t|15.00', 'the reduction is as announced');
is(reader_sees(q{SELECT on_hand, reserved FROM pm_catalog.product_availability}), '7|0', 'stock was received, reserved, shipped and moved');

is(run_page('categories.md'), 0, 'categories.md: every block runs');
is(reader_sees(q{SELECT count(*) FROM pm_catalog.category_counts}), '5', 'five categories: three, and two by an alias');
is(reader_sees(q{SELECT string_agg(DISTINCT a.alias || ' is ' || c.name, ', ') FROM pm_catalog.category_aliases AS a JOIN pm_catalog.categories AS c ON c.id = a.category_id}), 'Bureau > Stylos is Pens', 'an alias of a path');
is(reader_sees(q{SELECT DISTINCT b.name FROM pm_catalog.brand_aliases AS a JOIN pm_catalog.brands AS b ON b.id = a.brand_id}), 'HP', 'one brand is left');
is(reader_sees(q{SELECT pm_catalog.bundle_availability(b.id) FROM pm_catalog.product_bundles AS b}), '4', 'four sets can be made');
is(reader_sees(q{SELECT count(*) FROM pm_catalog.products AS p WHERE p.title = 'Pen' AND pm_catalog.record_event(p.id, 'view') IS NULL}) =~ /permission denied/ ? 'denied' : 'allowed',
	'denied', 'pm_reader records nothing');

# the upkeep runs as pm_worker, with what it was given
$node->safe_psql('postgres', q{SET ROLE pm_worker; SELECT pm_catalog._fold_counts(), pm_catalog._fold_events()});
is(reader_sees(q{SELECT round(score) FROM pm_catalog.popular_products}), '11', 'a view and an order were folded');

done_testing();
