#
# 005_page.pl - the statements of docs/pm_core.md run, in their order, and answer what the
# page says
#
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../../../test/t";
use PmPage;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $keys = PostgreSQL::Test::Utils::tempdir() . '/keys';
append_to_file($keys, 'k1 ' . '1a' x 32 . "\n");
chmod 0600, $keys;
my $node = PostgreSQL::Test::Cluster->new('page');
$node->init;
$node->append_conf('postgresql.conf', "pm_core.secret_key_file = '$keys'");
$node->start;
page_answers($node, 'pm_core.md', 12);
$node->stop;
done_testing();
