#
# 010_page.pl - the statements of docs/pm_suppliers.md run, in their order, and answer what
# the page says
#
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../../../test/t";
use PmPage;
use PostgreSQL::Test::Cluster;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('page');
$node->init;
$node->start;
page_answers($node, 'pm_suppliers.md', 10);
$node->stop;
done_testing();
