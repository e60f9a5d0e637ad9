#
# 012_page.pl - the statements of docs/pm_cache.md run, in their order, and answer what the
# page says, with shared memory
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../../../test/t";
use PmCache;
use PmPage;
use PostgreSQL::Test::Cluster;
use Test::More;

my $node = make_node('page', 1);
$node->safe_psql('postgres', 'DROP EXTENSION pm_cache');
page_answers($node, 'pm_cache.md', 7);
$node->stop;
done_testing();
