#
# 001_dump_restore.pl - dump, restore and pg_upgrade carry configs, imports, files and logs,
# and what is there goes on
#
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('old');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE original');
$node->safe_psql('original', <<'SQL');
CREATE EXTENSION pm_imports CASCADE;
CREATE ROLE "who Asks";
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('run_import', 'public.noop(pm_jobs.job)'), pm_imports.schedule_upkeep();
INSERT INTO pm_imports.mapping_templates (name, field_mapping, is_default) VALUES ('all', '{"title": ["Name", "Titre é"]}', true);
INSERT INTO pm_imports.import_configs (supplier_code, config_name, connection_config, schedule_config, file_pattern, templates, field_mapping, computed_attributes, created_at)
VALUES ('acme', 'a "quoted" \ config', '{"type": "directory", "path": "/srv"}', '{"spec": "1 hour"}', '*.csv', '{all}', '{"gtin": "EAN", "cost": 3}', '{"price": "cost * 2"}', '2020-02-02'),
  ('acme', 'other', '{"type": "upload"}', NULL, NULL, '{}', '{"gtin": "EAN"}', NULL, now());
-- an upload under way, a job with everything, one that waits, and a file of the server
SELECT pm_imports.append_upload(pm_imports.begin_upload('half.csv'), '\x00ff0a');
SELECT pm_imports.import_data('other', 'done.csv', 'x'), pm_imports.import_data('other', 'waits.csv', 'y', force => true);
DO $$
DECLARE
  job uuid := (SELECT j.id FROM pm_imports.import_jobs AS j JOIN pm_imports.import_files AS f ON f.id = j.file_id WHERE f.file_name = 'done.csv');
BEGIN
  PERFORM pm_imports._begin_job(job);
  INSERT INTO pm_imports.import_errors VALUES (job, 1, 1, 2, 9, 'EAN', 'gtin', 'x', 'bad_gtin', E'is\tno GTIN', 'error', E'x;"y\n"'), (job, 1, 2, 2, 9, NULL, NULL, NULL, 'required', 'is missing', 'error', NULL);
  PERFORM pm_imports._count_batch(ROW(job, 1, 1, 2, 9, 0, 1, 0, 0, 0, 0, 2, 0, NULL), 10);
  PERFORM pm_imports._end_job(job, 'completed');
END
$$;
UPDATE pm_imports.import_jobs SET role = '"who Asks"' WHERE status <> 'pending';
INSERT INTO pm_imports.import_files (file_name, path, device, inode, sha256, finished_at, polled_for)
SELECT 'x', '/srv/x', 1, 2, sha256('x'), now(), id FROM pm_imports.import_configs WHERE config_name = 'other';
-- months that no fresh extension makes
CREATE TABLE pm_imports.import_logs_2021_05 (LIKE pm_imports.import_logs INCLUDING ALL);
ALTER TABLE pm_imports.import_logs ATTACH PARTITION pm_imports.import_logs_2021_05 FOR VALUES FROM ('2021-05-01 00:00+00') TO ('2021-06-01 00:00+00');
INSERT INTO pm_imports.import_logs (logged_at, message) VALUES ('2021-05-05', 'long ago');
SQL

# Every row of every table.
sub picture
{
	my ($on, $database) = @_;
	return join "\n", map { "$_\n" . $on->safe_psql($database, "SELECT t::text FROM $_ AS t ORDER BY 1") }
	  map { "pm_imports.$_" }
	  qw(mapping_templates import_configs import_files import_file_chunks import_jobs import_batches import_errors import_statistics import_schedules import_logs);
}

my $picture = picture($node, 'original');
like($picture, qr/,completed_with_errors,/, 'an import that ended');
like($picture, qr/,pending,/, 'one that waits');
like($picture, qr/long ago/, 'a line of a month long ago');
like($picture, qr/who Asks/, 'a role that has to be quoted');

# Tests that everything goes on from there.
sub goes_on
{
	my ($on, $database, $name) = @_;
	is($on->safe_psql($database, q{SELECT pm_imports._plan('a "quoted" \ config') -> 'computed_attributes'}), '{"price": "cost * 2"}', "$name: a plan");
	is($on->safe_psql($database, q{SELECT pm_imports.append_upload(id, 'zz', 3) FROM pm_imports.import_files WHERE file_name = 'half.csv'}), '5', "$name: an upload goes on");
	is($on->safe_psql($database, q{SELECT pm_imports._upload_sha256(id) = sha256('\x00ff0a7a7a') FROM pm_imports.import_files WHERE file_name = 'half.csv'}), 't', "$name: with its first part");
	is($on->safe_psql($database, q{SELECT convert_from(pm_imports.rejected_file(id), 'UTF8') FROM pm_imports.import_jobs WHERE failed_rows > 0}), qq{x;"y\n"\n}, "$name: rejected rows");
	is($on->safe_psql($database, q{SELECT count(*) FROM pm_imports.import_jobs AS j JOIN pm_jobs.jobs AS q ON q.id = j.job_id WHERE j.status = 'pending'}), '1', "$name: what waits has its job");
	is($on->safe_psql($database, q{SELECT pm_imports.cancel(id) FROM pm_imports.import_jobs WHERE status = 'pending'}), 't', "$name: and can be cancelled");
	is($on->safe_psql($database, q{UPDATE pm_imports.import_configs SET is_active = false; SELECT count(*) FROM pm_jobs.schedules WHERE kind = 'pm_imports.poll'}), '0', "$name: a schedule ends with its config");
	is($on->safe_psql($database, q{SELECT pm_imports._run_nightly(NULL) -> 'log_months'}), '1', "$name: an old month goes");
	isnt($on->psql($database, q{UPDATE pm_imports.import_jobs SET status = 'running' WHERE failed_rows > 0}), 0, "$name: states hold");
	isnt($on->psql($database, q{UPDATE pm_imports.import_configs SET field_mapping = '{"x": 1}'}), 0, "$name: and so does the schema");
}

my %ways = (
	plain  => [ ['-Fp'], [ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain", '-d' ] ],
	custom => [ ['-Fc'], [ 'pg_restore', '-e', "$dir/custom", '-d' ] ],);
foreach my $way (sort keys %ways)
{
	my ($dump, $restore) = @{ $ways{$way} };
	my @server = ('-h', $node->host, '-p', $node->port);

	$node->command_ok([ 'pg_dump', @server, '-f', "$dir/$way", @$dump, 'original' ], "$way: dumped");
	$node->safe_psql('postgres', "CREATE DATABASE $way TEMPLATE template0");
	{
		local $ENV{PGOPTIONS} = '-c session_replication_role=replica';
		$node->command_ok([ $restore->[0], @server, @$restore[ 1 .. $#$restore ], $way ], "$way: restored");
	}
	is(picture($node, $way), $picture, "$way: row for row the same");
	goes_on($node, $way, $way);
}
$node->stop;

# pg_upgrade writes where it is started
my $new = PostgreSQL::Test::Cluster->new('new');
chomp(my $bindir = `$ENV{PG_CONFIG} --bindir`);
chdir $dir or die "could not change directory: $!";
$new->init;
command_ok(
	[
		'pg_upgrade', '--no-sync', '-d', $node->data_dir, '-D', $new->data_dir, '-b', $bindir, '-B', $bindir,
		'-s', $new->host, '-p', $node->port, '-P', $new->port
	],
	'pg_upgrade');
$new->start;
is(picture($new, 'original'), $picture, 'pg_upgrade: row for row the same');
goes_on($new, 'original', 'pg_upgrade');
$new->stop;
done_testing();
