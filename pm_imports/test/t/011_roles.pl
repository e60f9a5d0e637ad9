#
# 011_roles.pl - what each role of a deployment may do, with its grants and no others
#
use strict;
use warnings;

use Cwd qw(abs_path);
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $in = abs_path(PostgreSQL::Test::Utils::tempdir());
append_to_file("$in/a.csv", "EAN\n4006381333931\n");
chmod 0755, $in;
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "pm_imports.directories = '$in'");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION pm_imports CASCADE;
CREATE ROLE pm_reader; CREATE ROLE pm_writer; CREATE ROLE pm_worker; CREATE ROLE pm_admin; CREATE ROLE other;
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('run_import', 'public.noop(pm_jobs.job)', false), pm_imports.schedule_upkeep();
SELECT pm_jobs.unschedule(name) FROM pm_jobs.schedules;
SELECT pm_jobs.grant_queue('imports', 'pm_writer'), pm_jobs.grant_queue('imports', 'pm_admin');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping) VALUES ('acme', 'a', '{"gtin": "EAN"}');
SQL
# each role is tried alone: in a deployment pm_writer and pm_worker are members of
# pm_reader, and pm_admin of pm_writer
$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../../../$_/sql/grants.sql")) foreach qw(pm_gtin pm_jobs pm_xref pm_imports);
$node->safe_psql('postgres', "GRANT pg_read_server_files TO $_") foreach qw(pm_writer pm_worker);

# The statements, by what they do, and who may.  OWN is an import of the role, OTHERS one
# of a superuser; both have ended.
my %all = map { $_ => 1 } qw(pm_reader pm_writer pm_worker pm_admin);
my %work = map { $_ => 1 } qw(pm_writer pm_worker pm_admin);
my %upkeep = map { $_ => 1 } qw(pm_worker pm_admin);
my @tables = qw(targets mapping_templates import_configs import_files import_jobs import_batches import_errors import_statistics import_schedules import_logs error_kinds progress job_reports);
my @cases = (
	(map { [ "reads $_", \%all, "SELECT count(*) FROM pm_imports.$_" ] } @tables),
	[ 'reads the schema', \%all, 'SELECT pm_imports.config_schema()' ],
	[ 'reads a report', \%all, q{SELECT pm_imports.job_report('OTHERS')} ],
	[ 'reads rejected rows', \%all, q{SELECT pm_imports.rejected_file('OTHERS')} ],
	[ 'reads contents', \%work, 'SELECT count(*) FROM pm_imports.import_file_chunks' ],
	[ 'keeps configs', \%work, q{INSERT INTO pm_imports.import_configs (supplier_code, config_name, connection_config, schedule_config, field_mapping, computed_attributes, validation_rules)
		VALUES ('x', 'x', '{"type": "directory", "path": "/x"}', '{"spec": "1 day"}', '{"gtin": 1}', '{"price": "cost * 2"}', '[{"target": "sku", "rule": "pattern", "value": "x"}]');
		UPDATE pm_imports.import_configs SET schedule_config = '{"spec": "2 days"}' WHERE config_name = 'x'; DELETE FROM pm_imports.import_configs WHERE config_name = 'x'} ],
	[ 'keeps templates', \%work, q{INSERT INTO pm_imports.mapping_templates (name, field_mapping) VALUES ('x', '{}'); UPDATE pm_imports.mapping_templates SET is_default = true; DELETE FROM pm_imports.mapping_templates} ],
	[ 'is told mistakes', \%work, q{SELECT pm_imports.config_mistakes('{"field_mapping": {"x": 1}, "computed_attributes": {"sku": "x"}}')} ],
	[ 'imports data', \%work, q{SELECT pm_imports.import_data('a', 'x', 'x')} ],
	[ 'imports a large file', \%work, q{SELECT pm_imports.append_upload(pm_imports.begin_upload('x'), 'x')} ],
	[ 'imports a file of the server', { pm_writer => 1, pm_worker => 1 }, "SELECT pm_imports.import_file('a', '$in/a.csv')" ],
	[ 'runs an import', \%work, q{SELECT pm_imports._begin_job(j) FROM (SELECT pm_imports.import_data('a', 'x', 'x') AS j) AS i} ],
	[ 'counts and ends one', \%work, q{CREATE TEMP TABLE i AS SELECT pm_imports.import_data('a', 'x', 'x') AS j; SELECT pm_imports._begin_job(j) FROM i;
		INSERT INTO pm_imports.import_errors (job_id, record, ordinal, line, byte_offset, code, message) SELECT j, 1, 1, 1, 1, 'x', 'x' FROM i;
		SELECT pm_imports._count_batch(ROW(j, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, NULL), 1) FROM i; SELECT pm_imports._end_job(j, 'completed') FROM i} ],
	[ 'asks for decisions about codes', \%work, q{SELECT count(*) FROM pm_imports._codes('OWN', 1, 1)} ],
	[ 'tells how codes were read', \%work, q{SELECT pm_imports._publish_codes('OWN', '[]')} ],
	[ 'cancels its own', \%work, q{SELECT pm_imports.cancel('OWN')} ],
	[ 'cancels that of others', { pm_admin => 1 }, q{SELECT pm_imports.cancel('OTHERS')} ],
	[ 'waits', \%work, q{SELECT pm_imports.wait('OTHERS')} ],
	[ 'retries its own', \%work, q{SELECT pm_imports.retry_rejected('OWN')} ],
	[ 'retries that of others', { pm_admin => 1 }, q{SELECT pm_imports.retry_rejected('OTHERS')} ],
	[ 'settles', \%work, q{SELECT pm_imports._settle()} ],
	[ 'forgets', \%upkeep, q{SELECT pm_imports.forget('0')} ],
	[ 'does what is done each night', \%upkeep, q{SELECT pm_imports._run_nightly(NULL)} ],
	[ 'deletes imports', \%upkeep, 'DELETE FROM pm_imports.import_jobs' ],
	[ 'schedules', { pm_admin => 1 }, 'SELECT pm_imports.schedule_upkeep()' ],
	[ 'truncates', {}, 'TRUNCATE pm_imports.import_jobs CASCADE' ],
	[ 'drops logs of its choice', {}, 'DELETE FROM pm_imports.import_logs' ],
	[ 'writes what others imported', {}, q{UPDATE pm_imports.import_errors SET message = 'x'} ],);

# An import with a rejected row that has ended, of the role or the superuser.
sub ended
{
	my ($role) = @_;
	return $node->safe_psql('postgres', ($role ? "SET ROLE $role;" : '') . <<'SQL');
CREATE TEMP TABLE i AS SELECT pm_imports.import_data('a', 'x', 'x') AS j;
DO $$
DECLARE
  job uuid := (SELECT j FROM i);
BEGIN
  PERFORM pm_imports._begin_job(job);
  INSERT INTO pm_imports.import_errors VALUES (job, 1, 1, 2, 9, 'EAN', 'gtin', 'x', 'bad_gtin', 'is no GTIN', 'error', 'x');
  PERFORM pm_imports._count_batch(ROW(job, 1, 1, 2, 9, 0, 1, 0, 0, 0, 0, 1, 0, NULL), 10);
  PERFORM pm_imports._end_job(job, 'failed');
END
$$;
SELECT j FROM i;
SQL
}
my %own = map { $_ => ended($_) } keys %work;
my $others = ended();
$own{$_} //= $others foreach keys %all, 'other';

foreach my $case (@cases)
{
	my ($name, $may, $sql) = @$case;
	foreach my $role (sort(keys %all), 'other')
	{
		my $statement = $sql =~ s/OWN/$own{$role}/gr =~ s/OTHERS/$others/gr;
		my ($status, $out, $err) = $node->psql('postgres', "BEGIN; SET LOCAL ROLE $role; $statement; ROLLBACK", on_error_stop => 1);

		if ($may->{$role})
		{
			is($status, 0, "$role: $name") or diag($err);
		}
		else
		{
			like($err, qr/permission denied|is of role|may not/, "$role: may not: $name");
		}
	}
}
$node->stop;
done_testing();
