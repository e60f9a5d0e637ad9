#
# 011_roles.pl - what each role of a deployment may do, with its grants and no others
#
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_suppliers CASCADE;
CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE pm_worker; CREATE ROLE pm_admin; CREATE ROLE other;
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('supplier_changed', 'public.noop(pm_jobs.job)'), pm_jobs.create_queue('copies', ordered => true);
SELECT pm_xref.subscribe('suppliers.supplier.changed', NULL, 'copies', 'supplier_changed');
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('acme', 'Acme');
SELECT pm_suppliers.confirm_resolution('acme', 'known', '40170725');
SQL
# each role is tried alone: in a deployment pm_writer and pm_worker are members of
# pm_reader, and pm_admin of pm_writer
$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../../../$_/sql/grants.sql")) foreach qw(pm_gtin pm_jobs pm_xref pm_suppliers);

# The statements, by what they do, and who may.
my %all = map { $_ => 1 } qw(pm_reader pm_writer pm_worker pm_admin);
my %write = map { $_ => 1 } qw(pm_writer pm_admin);
my %work = (%write, pm_worker => 1);
my @cases = (
	[ 'reads suppliers', \%all, 'SELECT count(*) FROM pm_suppliers.suppliers' ],
	[ 'reads contacts', \%all, 'SELECT count(*) FROM pm_suppliers.supplier_contacts' ],
	[ 'reads rules', \%all, 'SELECT count(*) FROM pm_suppliers.identifier_rules' ],
	[ 'reads resolutions', \%all, 'SELECT count(*) FROM pm_suppliers.supplier_ean_resolutions' ],
	[ 'reads shared numbers', \%all, 'SELECT count(*) FROM pm_suppliers.shared_resolutions' ],
	[ 'reads figures', \%all, 'SELECT count(*) FROM pm_suppliers.supplier_quality' ],
	[ 'reads decisions', \%all, q{SELECT count(*) FROM pm_suppliers.decisions('acme')} ],
	[ 'makes keys', \%all, q{SELECT pm_suppliers.code_key('x')} ],
	[ 'makes a supplier', \%write, q{INSERT INTO pm_suppliers.suppliers (code, name, contact_email, contact_phone, country) VALUES ('x', 'x', 'a@b', '123', 'SE')} ],
	[ 'changes a supplier', \%write, q{UPDATE pm_suppliers.suppliers SET name = 'y' WHERE code = 'acme'} ],
	[ 'deletes a supplier', \%write, 'DELETE FROM pm_suppliers.suppliers' ],
	[ 'keeps contacts', \%write, q{INSERT INTO pm_suppliers.supplier_contacts (supplier_id, name, email) SELECT id, 'x', 'a@b' FROM pm_suppliers.suppliers;
		UPDATE pm_suppliers.supplier_contacts SET language = 'fr'; DELETE FROM pm_suppliers.supplier_contacts} ],
	[ 'sets rules', \%write, q{SELECT pm_suppliers.set_identifier_rules('acme', '{"strip_prefixes": ["A"], "check_digit": "always_missing", "none_codes": ["x"]}')} ],
	[ 'writes rules', \%write, 'INSERT INTO pm_suppliers.identifier_rules (supplier_id, min_confidence) SELECT id, 1 FROM pm_suppliers.suppliers; DELETE FROM pm_suppliers.identifier_rules' ],
	[ 'resolves a code', \%work, q{SELECT pm_suppliers.resolve_ean('acme', '4006381333931')} ],
	[ 'resolves a known code', \%work, q{SELECT pm_suppliers.resolve_ean('acme', 'KNOWN')} ],
	[ 'resolves codes', \%work, q{SELECT pm_suppliers.resolve_eans('acme', array_fill('4006381333931'::text, ARRAY[100]))} ],
	[ 'records resolutions', \%work, q{SELECT pm_suppliers.record_resolutions('acme', '[{"code": "x", "method": "exact", "confidence": 1}]')} ],
	[ 'confirms', \%write, q{SELECT pm_suppliers.confirm_resolution('acme', 'x', '40170725')} ],
	[ 'rejects', \%write, q{SELECT pm_suppliers.reject_resolution('acme', 'known', 'why')} ],
	[ 'forgets', \%write, q{SELECT pm_suppliers.forget_resolution('acme', 'known')} ],
	[ 'publishes all', { pm_admin => 1 }, 'SELECT pm_suppliers.publish_suppliers()' ],
	[ 'truncates', {}, 'TRUNCATE pm_suppliers.suppliers CASCADE' ],);
foreach my $case (@cases)
{
	my ($name, $may, $sql) = @$case;
	foreach my $role (sort(keys %all), 'other')
	{
		my ($status, undef, $err) = $node->psql('postgres', "BEGIN;\nSET LOCAL ROLE $role;\n$sql;\nRESET ROLE;\nROLLBACK;\n", on_error_stop => 1, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
		if ($may->{$role})
		{
			is($status, 0, "$role $name") or diag($err);
		}
		else
		{
			like($err, qr/ERROR:  42501: permission denied/, "not $role: $name");
		}
	}
}

# With rows of other roles' there: rules with which codes are read, and a writer's
# supplier that a worker records for.
$node->safe_psql('postgres', <<'SQL');
SET ROLE pm_writer;
INSERT INTO pm_suppliers.suppliers (code, name) VALUES ('ruled', 'Ruled');
SELECT pm_suppliers.set_identifier_rules('ruled', '{"strip_prefixes": ["A"], "strip_suffixes": ["B"], "check_digit": "always_missing", "none_codes": ["x"], "placeholders": ["y"], "allowed_prefixes": ["4"]}');
SQL
is($node->safe_psql('postgres', q{SET ROLE pm_worker; SELECT gtin, method FROM pm_suppliers.resolve_eans('ruled', '{A400638133393B,x,y}')}),
	"4006381333931|missing_check_digit\n|placeholder\n|placeholder", 'pm_worker reads by the rules of pm_writer');
is($node->safe_psql('postgres', q{SELECT decided_by FROM pm_suppliers.supplier_ean_resolutions WHERE original_ean = 'known'}), 'postgres', 'a decision has the role that made it');
is($node->safe_psql('postgres', q{SET ROLE pm_writer; SELECT pm_suppliers.confirm_resolution('ruled', 'z', '40170725'); SELECT decided_by FROM pm_suppliers.supplier_ean_resolutions WHERE original_ean = 'z'}) =~ s/.*\n//r,
	'pm_writer', 'also if that is pm_writer');
isnt($node->psql('postgres', q{SET ROLE pm_worker; UPDATE pm_suppliers.suppliers SET is_active = false}), 0, 'pm_worker, who may lock suppliers, changes none');
$node->stop;
done_testing();
