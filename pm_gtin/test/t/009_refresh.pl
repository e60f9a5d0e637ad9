#
# 009_refresh.pl - hostile files for refresh_reference: all or nothing
#
# Reference files are mutated at random.  A refresh either raises an error of
# class 22 (data) or 23 (a rule of the table) and leaves every row as it was, or
# leaves tables by which every look-up still works.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmGtin qw(seeded soaking one_of digits);
use PmHostile qw(hostile_text);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

seeded();
my $count = soaking() ? 10_000 : 500;
my $dir = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('refresh');

my $group = '<Group><Prefix>978-3</Prefix><Agency>German &amp; language</Agency><Rules><Rule><Range>0000000-0299999</Range>'
  . '<Length>2</Length></Rule><Rule><Range>0300000-0339999</Range><Length>3</Length></Rule></Rules></Group>';
my %files = (
	isbn_ranges => [
		"prefix,registration_group,registrant_from,registrant_to,agency\n978,3,00,02,German language\n978,3,030,033,\"a \"\"b\"\", c\"\n979,10,00,19,\n",
		"<?xml version=\"1.0\"?>\n<!DOCTYPE ISBNRangeMessage [\n<!ELEMENT x (y)>\n]>\n<ISBNRangeMessage><RegistrationGroups>$group</RegistrationGroups></ISBNRangeMessage>",
		'<!DOCTYPE x [<!ENTITY a "' . 'x' x 50 . '"><!ENTITY b "' . '&a;' x 50 . '"><!ENTITY c "' . '&b;' x 50 . '">]>'
		  . "<ISBNRangeMessage><RegistrationGroups>$group</RegistrationGroups><x>&c;</x></ISBNRangeMessage>",
		'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
		  . "<ISBNRangeMessage><RegistrationGroups>@{[ $group =~ s/German/&a;/r ]}</RegistrationGroups></ISBNRangeMessage>" ],
	gs1_prefixes => [
		"number_space,prefix_from,prefix_to,class,holder,countries\ngs1,000,019,mo,GS1 US,US\ngs1,020,029,restricted_geographic,,\r\ngs1_8,100,139,mo,,\n" ],
	gs1_application_identifiers => [
		"ai_from,ai_to,fnc1_required,format,requires,excludes,digital_link_attribute,digital_link_key,qualifiers,title\n"
		  . "00,00,false,N18:csum,,,true,true,,SSCC\n01,01,false,N14:csum,,255 37,true,true,22 10 21|235,GTIN\n" ],);

# A file with a few things changed.
sub mutate
{
	my ($text) = @_;
	my @c = split /(?<=[,\n<>])/, $text;

	foreach (1 .. rand 4)
	{
		my ($at, $way) = (int rand(@c + 1), rand);
		if    ($way < 0.2) { splice @c, $at, 1; }
		elsif ($way < 0.4) { splice @c, $at, 0, splice @c, int rand(@c + 1), 1 + int rand 3; }
		elsif ($way < 0.6) { splice @c, $at, 0, one_of(digits(1 + int rand 8), '-', "''", '"', "\n", ',', '<', '&lt;', '&x;', '0-0', "\\", 'NULL', "'); SELECT 1/0; --"); }
		elsif ($way < 0.8) { splice @c, $at, 1, one_of('', ',', "1,", 'gs1,', "-5,", "99999999999999999999,", 'true,'); }
		else               { splice @c, $at, 0, hostile_text('UTF8'); }
	}
	return join '', @c;
}

open my $list, '>', "$dir/list" or die "could not write $dir/list: $!";
foreach (1 .. $count)
{
	my $name = one_of(sort keys %files);
	my $content = mutate(one_of(@{ $files{$name} }));

	print $list "$name\t\\\\x", unpack('H*', $content), "\n";
}
close $list or die "could not write $dir/list: $!";

$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', 'log_statement = none');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pm_gtin; ALTER DATABASE postgres SET search_path = public, pm_gtin');
my ($status, $out, $error) = $node->psql(
	'postgres', qq{
	CREATE TEMP TABLE list (n serial, name text, content bytea);
	COPY list (name, content) FROM '$dir/list';
	CREATE FUNCTION pg_temp.rows() RETURNS text LANGUAGE sql AS \$\$
	  SELECT md5(string_agg(t, '|' ORDER BY t)) FROM (
	    SELECT x::text FROM _isbn_ranges x UNION ALL SELECT x::text FROM _gs1_prefixes x
	    UNION ALL SELECT x::text FROM _gs1_application_identifiers x) AS u (t) \$\$;
	CREATE FUNCTION pg_temp.refresh(name text, content text) RETURNS text LANGUAGE plpgsql AS \$\$
	DECLARE
	  before text := pg_temp.rows();
	  answers int;
	  r record;
	BEGIN
	  BEGIN
	    r := refresh_reference(name, content);
	  EXCEPTION WHEN OTHERS THEN
	    IF SQLSTATE !~ '^2[23]' THEN RETURN SQLSTATE || ' ' || SQLERRM; END IF;
	    IF pg_temp.rows() <> before THEN RETURN 'rows changed, ' || SQLERRM; END IF;
	    RETURN 'refused';
	  END;
	  SELECT count(isbn_format(g)) + count(gtin_prefix_class(g)) + count(gtin_prefix_holder(g)) INTO answers
	  FROM unnest('{9783161484100,9791034731039,4006381333931,96385074,10000000000007,0000000000017}'::gtin[]) AS g;
	  IF (SELECT count(*) FROM isbn_ranges) * (SELECT count(*) FROM gs1_prefixes) * (SELECT count(*) FROM gs1_application_identifiers) = 0 THEN
	    RETURN 'no rows are left';
	  END IF;
	  RETURN CASE WHEN r.total = 0 THEN 'total is 0' ELSE 'taken' END;
	END \$\$;
	CREATE TEMP TABLE answers AS SELECT n, name, content, pg_temp.refresh(name, convert_from(content, 'UTF8')) AS answer FROM list ORDER BY n;
	SELECT count(DISTINCT answer) >= 2 FROM answers WHERE answer IN ('taken', 'refused');
	SELECT answer, count(*), (array_agg(name || ' ' || encode(content, 'escape') ORDER BY n))[1] FROM answers
	WHERE answer NOT IN ('taken', 'refused') GROUP BY 1 LIMIT 10}, timeout => 3600);
is($status, 0, 'the server has answered') or diag($error);
is($out, 't', 'every refresh was taken whole or refused whole');
is($error, '', 'without a word beside');
$node->safe_psql('postgres', q{SELECT refresh_reference(r, NULL) FROM unnest('{isbn_ranges,gs1_prefixes,gs1_application_identifiers}'::text[]) AS r});
is($node->safe_psql('postgres', 'SELECT count(*) FROM _isbn_ranges WHERE NOT shipped'), '0', 'the shipped rows are back in force');
is($node->safe_psql('postgres', q{SELECT isbn_format('9783161484100')}), '978-3-16-148410-0', 'and work');
$node->stop;
done_testing();
