#
# 010_page.pl - the statements of docs/pm_imports.md run, in their order, and answer what
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
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pm_jobs'");
$node->start;
$node->safe_psql('postgres', q{CREATE EXTENSION pm_catalog CASCADE; CREATE EXTENSION pm_imports; INSERT INTO pm_catalog.suppliers (id, code, name) VALUES (pm_xref.uuid7(), 'acme', 'Acme')});
page_answers($node, 'pm_imports.md', 9);
$node->stop;
done_testing();
