#
# 020_files.pl - files of the server: which may be read, and directories that are looked into
#
use strict;
use warnings;

use Cwd qw(abs_path);
use Digest::SHA qw(sha256_hex);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top = abs_path(PostgreSQL::Test::Utils::tempdir());
chmod 0755, $top;
mkdir "$top/$_" or die foreach qw(in in/deep out inside);
symlink 'in', "$top/link" or die;
symlink "$top/out/secret.csv", "$top/in/escapes.csv" or die;
symlink "$top/in/good.csv", "$top/out/comes_back.csv" or die;
symlink "$top/out", "$top/in/way_out" or die;
system('mkfifo', "$top/in/pipe") == 0 or die;

# Writes a file that was last written so many seconds ago.
sub put
{
	my ($name, $content, $age) = @_;
	open my $file, '>', "$top/$name" or die "$name: $!";
	print $file $content;
	close $file;
	my $then = time - ($age // 1000);
	utime $then, $then, "$top/$name" or die;
}
put('in/good.csv', "EAN\n1\n");
put('in/deep/x.csv', "EAN\n2\n");
put("in/deep/a\tb", "EAN\n2\n");
put('out/secret.csv', 'secret');
put('inside/not.csv', 'x');

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "pm_imports.directories = '/nowhere:$top/link:relative:'");
$node->start;
$node->safe_psql('postgres', <<SQL);
CREATE EXTENSION pm_imports CASCADE;
CREATE FUNCTION noop(job pm_jobs.job) RETURNS jsonb LANGUAGE sql AS 'SELECT NULL::jsonb';
SELECT pm_jobs.register_handler('run_import', 'public.noop(pm_jobs.job)', false), pm_imports.schedule_upkeep();
INSERT INTO pm_imports.import_configs (supplier_code, config_name, field_mapping) VALUES ('acme', 'a', '{"gtin": "EAN"}');
INSERT INTO pm_imports.import_configs (supplier_code, config_name, connection_config, schedule_config, file_pattern, field_mapping)
VALUES ('acme', 'poll', '{"type": "directory", "path": "$top/in"}', '{"spec": "1 day"}', '*.csv', '{"gtin": "EAN"}');
SQL

# What an import of the path is refused with; '' if it is not.
sub refused
{
	my ($path, $settings) = @_;
	my ($status, $out, $err) = $node->psql('postgres', ($settings // '') . "SELECT count(pm_imports.import_file('a', '$path'))");
	return $status == 0 ? '' : $err =~ s/^.*?ERROR:  ([^\n]*).*/$1/sr =~ s/\Q$top\E/TOP/gr;
}

# Which files
is(refused("$top/in/good.csv"), '', 'a file of the directory');
is(refused("$top/in/../link/./good.csv"), '', 'by another way to it');
is(refused("$top/out/comes_back.csv"), '', 'a link that leads there');
is(refused("$top/in/deep/x.csv"), '', 'a file below it');
is($node->safe_psql('postgres', 'SELECT DISTINCT file_name, path, size, encode(sha256, \'hex\') FROM pm_imports.import_files WHERE file_name = \'good.csv\'') =~ s/\Q$top\E/TOP/gr,
	'good.csv|TOP/in/good.csv|6|' . sha256_hex("EAN\n1\n"), 'is known by where it is, once');
is(refused("$top/out/secret.csv"), 'file "TOP/out/secret.csv" is not in a directory of imports', 'a file elsewhere');
is(refused("$top/in/../out/secret.csv"), 'file "TOP/in/../out/secret.csv" is not in a directory of imports', 'by ..');
is(refused("$top/in/escapes.csv"), 'file "TOP/in/escapes.csv" is not in a directory of imports', 'by a link');
is(refused("$top/in/way_out/secret.csv"), 'file "TOP/in/way_out/secret.csv" is not in a directory of imports', 'by a link to a directory');
is(refused("$top/inside/not.csv"), 'file "TOP/inside/not.csv" is not in a directory of imports', 'a directory of which that is the beginning of the name');
is(refused("$top/in"), '"TOP/in" is not a regular file', 'a directory');
is(refused("$top/in/pipe"), '"TOP/in/pipe" is not a regular file', 'a pipe, which is not waited for');
is(refused("$top/in/none.csv"), 'could not open file "TOP/in/none.csv": No such file or directory', 'none');
is(refused("$top/in/deep/a\tb"), "file name \"a\tb\" is not possible", 'a name with a control character');
is(refused('good.csv'), 'path is not absolute: "good.csv"', 'a relative path');
is(refused("$top/in/good.csv", "SET pm_imports.directories = '';"), 'file "TOP/in/good.csv" is not in a directory of imports', 'no directory');
$node->safe_psql('postgres', q{CREATE ROLE someone; GRANT ALL ON SCHEMA pm_imports TO someone; GRANT ALL ON ALL TABLES IN SCHEMA pm_imports TO someone; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pm_imports TO someone});
is(refused("$top/in/good.csv", 'SET ROLE someone;'), 'role "someone" may not read files of the server', 'a role that may not');
like(($node->psql('postgres', "SET ROLE someone; SELECT pm_imports._setting('catalog'); SET pm_imports.directories = '/'"))[2],
	qr/permission denied to set parameter/, 'who is no superuser cannot add directories');
unlike(($node->psql('postgres', "SET SESSION AUTHORIZATION someone; SET pm_imports.directories = '/'; SELECT pm_imports._setting('directories')"))[1],
	qr|^/\n?\z|, 'nor before the module is there');

# Directories
$node->safe_psql('postgres', q{DELETE FROM pm_imports.import_jobs; DELETE FROM pm_imports.import_files});

# Looks into the directory; returns the names of files whose imports began, and what
# import_schedules says.
sub look
{
	my ($config) = @_;
	$config //= 'poll';
	return $node->safe_psql('postgres', <<SQL) =~ s/\Q$top\E/TOP/gr;
CREATE TEMP TABLE i AS SELECT * FROM pm_imports.poll_directory('$config') AS p(id);
SELECT string_agg(f.file_name, ' ' ORDER BY j.created_at, j.id) || ';' FROM i JOIN pm_imports.import_jobs AS j USING (id) JOIN pm_imports.import_files AS f ON f.id = j.file_id;
SELECT s.last_files, s.last_imports, s.last_error FROM pm_imports.import_schedules AS s;
SQL
}

# Lets what waits be imported.
sub import_all
{
	$node->safe_psql('postgres', q{SELECT pm_imports._end_job(b.id, 'completed') FROM (SELECT pm_imports._begin_job(id) AS j FROM pm_imports.import_jobs WHERE status = 'pending' ORDER BY id) AS j, LATERAL (SELECT (j.j).id, (j.j).status) AS b WHERE b.status = 'running'});
}
put('in/older.csv', "EAN\n3\n", 2000);
put('in/not_this.txt', "EAN\n4\n");
put('in/.hidden.csv', "EAN\n4\n");
put('in/written.csv', "EAN\n5\n", 0);
is(look(), "older.csv good.csv;\n3|2|", 'new files, oldest first; not the one that is being written, nor links and others');
is(look(), "\n3|0|", 'again: nothing');
import_all();
is(look(), "\n3|0|", 'nor once they were imported');
put('in/written.csv', "EAN\n5\n", 61);
is(look(), "written.csv;\n3|1|", 'the one that was being written, a minute later');
put('in/good.csv', "EAN\n1\n", 900);
import_all();
is(look(), "\n3|0|", 'a file that was only touched');
put('in/good.csv', "EAN\n11\n", 800);
is(look(), "good.csv;\n3|1|", 'one with other content');
import_all();
put('in/good.csv', "EAN\n1\n", 700);
is(look(), "good.csv;\n3|1|", 'and back: it is not what was imported last');
import_all();
put('in/copy.csv', "EAN\n1\n", 600);
is(look(), "\n4|0|", 'a copy of what was imported last');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pm_imports.import_jobs WHERE same_as IS NOT NULL}), '0', 'none was imported for nothing');
is($node->safe_psql('postgres', qq{INSERT INTO pm_imports.import_configs (supplier_code, config_name, connection_config, file_pattern, field_mapping)
	VALUES ('other', 'second', '{"type": "directory", "path": "$top/in", "settle_seconds": 0}', 'g*', '{"gtin": "EAN"}'); SELECT count(*) FROM pm_imports.poll_directory('second')}),
	'1', 'another config of the same directory has its own imports');

# What cannot be taken is said, and the others are
put('in/unreadable.csv', "EAN\n6\n");
put('in/readable.csv', "EAN\n7\n", 500);
SKIP:
{
	skip 'the server may read everything', 1 if $> == 0;
	chmod 0, "$top/in/unreadable.csv";
	is(look(), "readable.csv;\n6|1|could not open file \"TOP/in/unreadable.csv\": Permission denied", 'a file that cannot be read');
	chmod 0644, "$top/in/unreadable.csv";
}
# the job of the schedule does the same
is($node->safe_psql('postgres', q{SELECT jsonb_array_length(pm_imports._run_poll(ROW(1, 'imports', 'pm_imports.poll', jsonb_build_object('config', id), 1, 1, now())) -> 'imports') FROM pm_imports.import_configs WHERE config_name = 'poll'}),
	'1', 'the job of the schedule');
$node->safe_psql('postgres', qq{UPDATE pm_imports.import_configs SET connection_config = '{"type": "directory", "path": "$top/out"}' WHERE config_name = 'poll'});
like(($node->psql('postgres', q{SELECT pm_imports.poll_directory('poll')}))[2], qr/directory ".*out" is not in a directory of imports/, 'a directory that is not listed');

$node->stop;
done_testing();
