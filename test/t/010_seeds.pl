#
# 010_seeds.pl - every part of the seed documents has a home
#
# docs/seeds.md says where each table, column, index, routine, task and setting
# of the seeds lives.  This test holds that page to three things:
#
#   the page itself   every row is well formed, names a known extension, and no
#                     part of a seed is listed twice
#   the server        what the page calls "here" exists, and what it calls "to
#                     come" does not exist yet
#   the seeds         the parts are extracted from the seeds by their notation
#                     (SQL, SQLAlchemy, bullet lists, Python, trees); the page
#                     lists all of them and nothing else
#
# The seeds are not part of the repository.  They are read from $PM_SHARED/seeds
# or ../shared/seeds beside the repository; without them the third part is
# skipped.
#
use strict;
use warnings;
use utf8;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $root   = "$FindBin::RealBin/../..";
my $page   = "$root/docs/seeds.md";
my $shared = $ENV{PM_SHARED} || "$root/../shared";

# The extensions of the design, and the folder that holds no extension.
my @extensions = qw(pm_gtin pm_jobs pm_http pm_xref pm_cache pm_core
  pm_suppliers pm_catalog pm_shop pm_imports pm_exports pm_media pm_code2asin
  pm_analytics deploy);
my %is_extension = map { $_ => 1 } @extensions;

# Pass when a list of complaints is empty; else print them, a line each.
sub none
{
	my ($complaints, $name) = @_;
	my $text = join "\n", @$complaints;

	utf8::encode($text);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($text, '', $name);
}

# The whole text of a UTF-8 file.
sub slurp
{
	my ($path) = @_;
	open my $file, '<:encoding(UTF-8)', $path or die "could not open $path: $!";
	local $/;
	my $text = <$file>;
	close $file;
	return $text;
}

# ---------------------------------------------------------------------------
# The page
# ---------------------------------------------------------------------------

# Read the page.  Returns a hash:
#   states    extension => "here" or "to come"
#   seeds     seed number => file name
#   entries   list of { line, seed, part, homes, columns, state, type }, where
#             part is "kind name" ("column users.email") and columns maps a
#             column of the seed to the column of its home
#   mistakes  list of messages
sub read_page
{
	my ($text) = @_;
	my %page = (states => {}, seeds => {}, entries => [], mistakes => []);
	my ($seed, $heading, $number) = (0, '', 0);

	foreach my $line (split /\n/, $text)
	{
		$number++;
		my $mistake = sub { push @{ $page{mistakes} }, "line $number: $_[0]"; };

		if ($line =~ /^## Seed (\d): (\S+)$/)
		{
			$seed = $1;
			$page{seeds}{$1} = $2;
		}
		elsif ($line =~ /^\| (Extension|Table|Kind) \|/)
		{
			$heading = $1;
		}
		elsif ($line !~ /^\|/)
		{
			$heading = '';
		}
		elsif ($line !~ /^\|[-|]+\|$/)
		{
			my @cells = map { s/^\s+|\s+$//gr } split /\|/, $line =~ s/^\|//r, -1;
			pop @cells;

			if ($heading eq 'Extension')
			{
				if (@cells != 4 || $cells[0] !~ /^`(\w+)`$/ || !$is_extension{$1})
				{
					$mistake->('not a row of the table of extensions');
				}
				elsif ($cells[3] !~ /^(here|to come)$/)
				{
					$mistake->("unknown state \"$cells[3]\"");
				}
				else
				{
					$page{states}{ $cells[0] =~ s/`//gr } = $cells[3];
				}
			}
			elsif ($heading eq '' || !$seed || @cells != 5)
			{
				$mistake->('a row needs five cells, a heading above and a seed');
			}
			else
			{
				read_row(\%page, $number, $seed, $heading, \@cells, $mistake);
			}
		}
	}
	return \%page;
}

# One row of a seed's tables: the parts it lists, with their common home.
sub read_row
{
	my ($page, $number, $seed, $heading, $cells, $mistake) = @_;
	my ($what, $names, $home, $state, $note) = @$cells;
	my @names = $names =~ /`([^`]+)`/g;
	my @homes = $home =~ /`([^`]+)`/g;
	my (%columns, @parts, $type);

	$mistake->('no names') unless @names;
	$mistake->("text between the names: \"$1\"")
	  if $names =~ s/`[^`]+`//gr =~ /([^\s,]+)/;

	if ($state =~ /^(here|to come)(?:; type `(\w+\.\w+)` here)?$/)
	{
		($state, $type) = ($1, $2);
		$mistake->("no home: \"$home\"") unless @homes;
		foreach (@homes)
		{
			$mistake->("\"$_\" is in no known extension")
			  unless m{^(\w+)(?:\.\w+)?$} && $is_extension{$1} || m{^deploy(?:/|$)};
		}
	}
	elsif ($state eq 'outside')
	{
		$mistake->('a part outside needs a reason')
		  unless $home eq 'outside' && $note =~ /\w+\W+\w+\W+\w+/;
	}
	else
	{
		$mistake->("unknown state \"$state\"");
	}

	if ($heading eq 'Table')
	{
		$mistake->("not a table: $what") unless $what =~ /^`(\w+)`$/;
		my $table = $1 // '';
		foreach (@names)
		{
			$mistake->("not a column: \"$_\"") unless /^(\w+)(?: → (\w+))?$/;
			my ($old, $new) = ($1 // $_, $2 // $1 // $_);
			$columns{$old} = $new;
			push @parts, "column $table.$old";
		}
	}
	else
	{
		$mistake->("not a kind: $what") unless $what =~ /^[a-z]+$/;
		push @parts, "$what $_" foreach @names;
	}

	push @{ $page->{entries} },
	  {
		line    => $number,
		seed    => $seed,
		parts   => \@parts,
		homes   => \@homes,
		columns => \%columns,
		state   => $state,
		type    => $type
	  };
	return;
}

# ---------------------------------------------------------------------------
# The seeds
# ---------------------------------------------------------------------------

# Split at the commas that stand outside parentheses; trims, drops empty parts.
sub split_list
{
	my ($list) = @_;
	my ($depth, @parts) = (0, '');

	foreach my $c (split //, $list)
	{
		$depth++ if $c eq '(';
		$depth-- if $c eq ')';
		if ($c eq ',' && $depth == 0)
		{
			push @parts, '';
			next;
		}
		$parts[-1] .= $c;
	}
	s/^\s+|\s+$//g foreach @parts;
	return grep { $_ ne '' } @parts;
}

# The text inside the parenthesis that opens at an offset.
sub inside
{
	my ($text, $at) = @_;
	my $depth = 0;

	foreach my $i ($at .. length($text) - 1)
	{
		my $c = substr($text, $i, 1);
		$depth++ if $c eq '(';
		$depth-- if $c eq ')';
		return substr($text, $at + 1, $i - $at - 1) if $depth == 0;
	}
	return substr($text, $at + 1);
}

# The block of lines from one that matches to the next line that starts with
# the closing text.
sub block
{
	my ($text, $open, $close) = @_;
	return $text =~ /$open(.*?)^\Q$close\E/ms ? $1 : '';
}

# Tables, columns, value lists and indexes, in every notation the seeds use.
sub table_parts
{
	my ($text, $found) = @_;
	my $add = sub {
		my ($table, @columns) = @_;
		$found->{"column $table.$_"} = 1 foreach @columns;
	};

	# SQL
	while ($text =~ /^CREATE TABLE (\w+) (?=\()/mg)
	{
		my $table = $1;
		my $body  = inside($text, pos $text);
		foreach my $part (split_list($body =~ s/--.*$//mgr))
		{
			next if $part =~ /^(?:PRIMARY|UNIQUE|FOREIGN|CHECK|CONSTRAINT)\b|^\W/;
			$add->($table, $part =~ /^(\w+)/);
		}
		while ($body =~ /^\s+(\w+) .*-- ((?:’\w+’(?:, )?){2,})/mg)
		{
			my ($column, $values) = ($1, $2);
			$found->{"enum $table.$column: " . join ', ', $values =~ /(\w+)/g} = 1;
		}
		$found->{"reference $table.$1"} = 1
		  while $body =~ /^\s+(\w+) .*-- Reference cross-DB/mg;
	}
	$found->{"index $1"} = 1 while $text =~ /^CREATE INDEX (\w+)/mg;

	# SQLAlchemy and Alembic
	while ($text =~ /__tablename__ = "(\w+)"(.*?)^```/msg)
	{
		my ($table, $body) = ($1, $2);
		$add->($table, $1) while $body =~ /^\s+(\w+) = (?:Column|relationship)\(/mg;
		$add->($1,     $2) while $body =~ /ForeignKey\("(\w+)\.(\w+)"/g;
		$found->{"index $1"} = 1 while $body =~ /Index\('(\w+)'/g;
	}
	while ($text =~ /op\.create_table\(\s+'(\w+)',(.*?)^def/msg)
	{
		my ($table, $body) = ($1, $2);
		$add->($table, $1) while $body =~ /sa\.Column\('(\w+)'/g;
	}

	# Lists: `table(column, column TYPE, column NULL)`
	my %known;
	while ($text =~ /`(\w+)\(((?:\w+[^`()]*, )+\w+[^`()]*)\)`/g)
	{
		my ($table, $list) = ($1, $2);
		next if $table =~ /^[A-Z]/;
		$known{$table} = 1;
		$add->($table, map { /^(\w+)/ } split_list($list));
	}
	while ($text =~ /`(\w+)\((\w+)\b[^`,]*\)`/g)
	{
		$add->($1, $2) if $known{$1};
	}
	while ($text =~ /`(\w+)\.(\w+)`/g)
	{
		$add->($1, $2) if $known{$1};
	}
	$add->('product', $1) while $text =~ /`(\w+) tsvector`/g;

	# The relational model: a bullet per table, its columns in the lines below
	while ($text =~ /^- \*\*(\w+)\*\*\n((?:  - .*\n)+)/mg)
	{
		my ($table, $body) = ($1, $2);
		$known{$table} = 1;
		$add->($table, 'id') if $body =~ /PK UUID/;
		$add->($table, 'role') if $body =~ /rôle en enum/;
		$add->($table, $1) while $body =~ /`(\w+) (?:NUMERIC|INTEGER|BOOLEAN|TIMESTAMPTZ|JSONB)\b/g;
		while ($body =~ /`(\w+) -> (\w+)\((\w+)\)`/g)
		{
			$add->($table, $1);
			$add->($2,     $3);
		}
		$add->($table, split_list($1)) while $body =~ /`UNIQUE\((.*?)\)`/g;
		$add->($table, $body =~ /`(\w+)`/g) if $body =~ /colonnes de capture/;
		$add->($table, $1) while $body =~ /PK UUID, `(\w+)`/g;
	}
	while ($text =~ /`(\w+)(?: USING GIN)? ?\((\w+)([^`]*)\)(?: WHERE[^`]*)?`/g)
	{
		my ($table, $first, $rest) = ($1, $2, $3);
		$add->($table, $first, $rest =~ /, (\w+)/g) if $known{$table};
	}
	while ($text =~ /`(\w+)\.(\w+)`/g)
	{
		$add->($1, $2) if $known{$1};
	}
	$found->{"column orders.$1"} = 1 while $text =~ /`(payment_intent_id)`/g;
	$found->{"enum $1: " . join(', ', "$2$3" =~ /`(\w+)`/g)} = 1
	  while $text =~ /num `(\w+)`: ((?:`\w+`, )+)(`\w+`)/g;
	$found->{'enum role: ' . join(', ', $1 =~ /(\w+)/g)} = 1
	  while $text =~ /(?:rôle en enum|`role\(.*?\)`) \((.*?)\)/g;

	# Indexes given as table(columns)
	foreach my $line ($text =~ /^> \*\*Indexation.*$|^\d+\. `\w+.*\(.*$/mg)
	{
		$line =~ s/FTS \(.*?\)//;
		$found->{"index $_"} = 1 foreach grep { /[.(]/ } $line =~ /`(.*?)`/g;
	}

	# Tables named without their columns
	$found->{"table $1"} = 1 while $text =~ /^- `(\w+)` - /mg;
	$found->{"table $1"} = 1 while $text =~ /\b([a-z]+_\*)/g;
	foreach my $line ($text =~ /^\| \*\*db_.*$/mg)
	{
		$found->{"database $1"} = 1 while $line =~ /\*\*(db_\w+)\*\*/g;
	}
	foreach my $line ($text =~ /^\* \*\*Materialized views.*$/mg)
	{
		$found->{"view $1"} = 1 while $line =~ /`(\w+)`/g;
	}
	$found->{"trigger $1"} = 1 while $text =~ /trigger sur `(.*?)`/g;
	return;
}

# Routines, classes, tasks, queues, lifetimes, settings, requests.
sub program_parts
{
	my ($text, $found) = @_;
	my $add = sub {
		my ($kind, @names) = @_;
		$found->{"$kind $_"} = 1 foreach @names;
	};

	$add->('routine', $text =~ /^\s*(?:async )?def (\w+)\(/mg);
	$add->('routine', $text =~ /await (\w+)\(/g);
	$add->('routine', $text =~ /\b(get_\w+_db)\b/g);
	$add->('routine', $text =~ /(\w+)\(db, /g);
	$add->('routine', $text =~ /`(\w+)\(\)`/g);
	$add->('routine', $text =~ /"task": "[\w.]*?(\w+)"/g);

	$add->('model', $text =~ /^class (\w+)/mg);
	$add->('model', $text =~ /\b([A-Z]\w+(?:Error|Create|Response))\b/g);
	$add->('model', block($text, 'db_mappings = ', '    }') =~ /"([A-Z]\w+)"/g);

	$add->('task', map { s/": \{.*?"schedule": (\d+)\.\d.*/: $1/sr }
		  block($text, 'beat_schedule = ', '}') =~ /"([\w-]+": \{.*?\d\.\d)/sg);
	$add->('queue', map { s/ queue\].* x/ x/r }
		  $text =~ /\[(\w+ queue\] --> \[[^\]]* x\d)/g);
	$add->('route', $text =~ /"(api\.[\w.]+\.\*)"/g);
	$add->('ttl', map { s/":/:/r }
		  block($text, 'DEFAULT_TTLS = ', '}') =~ /"(\w+": \d+)/g);
	$add->('pool', map { s/":/:/r }
		  block($text, 'pool_sizes = ', '}') =~ /"(\w+": \d+)/g);
	$add->('cache', $text =~ /^\[(L\d: [\w -]+)\]/mg);
	$add->('key', $text =~ /"([a-z]+:[a-z_{}]+)"/g);
	$add->('bucket', $text =~ /^([\w-]+\/) +-->/mg);
	$add->('size', map { s/\*\* : /: /r } $text =~ /^- \*\*(\w+\*\* : \d+x\d+)/mg);
	$add->('reference', map { s/`//gr } $text =~ /^- (`\w+\.\w+` -> `\w+\.\w+`)/mg);

	while ($text =~ /\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)( = [\w".:\/]+)?/g)
	{
		my $name = defined $2 ? "$1$2" : $1;
		$add->('setting', $name);
	}

	while ($text =~ /\b(GET|POST|PUT|PATCH|DELETE) (\/[\w\/{}?=&.]+)/g)
	{
		$add->('request', "$1 $2");
	}
	$add->('request', map { 'GET ' . $_ }
		  $text =~ /(?:\@router\.get\("|^- `)(\/[\w\/{}]+)["`]/mg);

	$add->('component', $text =~ /(\w[\w\/]*\.jsx)/g);
	$add->('operation', $text =~ /^\| ([^|]+?) \| <[^|]*\| </mg);
	while ($text =~ /^### M[eé]triques(?: Cl[eé]s)?\n\n?((?:- .*\n)+)/mg)
	{
		$add->('metric', map { s/ ?:.*//r } $1 =~ /^- (.*)$/mg);
	}
	while ($text =~ /^### Tâches (\w+)\n((?:\d\. .*\n)+)/mg)
	{
		my ($list, $period) = ($2, $1);
		$add->('maintenance', map { "$period: $_" } $list =~ /^\d\. (.*)$/mg);
	}
	return;
}

# The files of the directory trees, with their paths, and the classes that the
# trees' comments name.
sub tree_parts
{
	my ($text, $found) = @_;
	my %base;

	while ($text =~ /^(\w+)\/\n((?:\s*[├│└].*\n)+)/mg)
	{
		my (@path, $tree);
		$tree = $2;
		foreach my $line (split /\n/, $tree)
		{
			next unless $line =~ /^(.*?[├└]─+ )([\w.]+)(\/?)\s*(?:#\s*(.*))?$/;
			my ($column, $name, $folder, $comment) = (length $1, $2, $3, $4);
			pop @path while @path && $path[-1][0] >= $column;
			my $path = join '/', (map { $_->[1] } @path), $name;
			push @path, [ $column, $name ];
			next unless $name =~ /\w\.\w/;
			$found->{"file $path"} = 1;
			$base{$name} = 1;
			if ($path =~ /^models\// && defined $comment && $comment =~ /^[A-Z][\w, ()\/]+$/)
			{
				$found->{"model $_"} = 1
				  foreach grep { /^[A-Z]\w+$/ } split /, /, $comment =~ s/ \([^)]*\)//gr;
			}
		}
	}

	# Files named elsewhere
	while ($text =~ /(?:^# |`)((?:\w+\/)*[\w-]+\.(?:py|sh|ini|sql|md))\b/mg)
	{
		my $path = $1;
		$found->{"file $path"} = 1 unless $base{ $path =~ s/.*\///r };
	}
	return;
}

# Every part of a seed that its notation marks as one: { "kind name" => 1 }.
sub seed_parts
{
	my ($text) = @_;
	my %found;

	table_parts($text, \%found);
	program_parts($text, \%found);
	tree_parts($text, \%found);
	return \%found;
}

# ---------------------------------------------------------------------------
# The tests
# ---------------------------------------------------------------------------

my $read    = read_page(slurp($page));
my @entries = @{ $read->{entries} };

subtest 'the page is well formed' => sub {
	none($read->{mistakes}, 'every row reads');
	is(join(' ', sort keys %{ $read->{states} }),
		join(' ', sort @extensions), 'every extension of the design is listed');
	is(join(' ', sort keys %{ $read->{seeds} }), '1 2 3 4 5', 'five seeds');

	my (%lines, @twice);
	foreach my $entry (@entries)
	{
		foreach my $part (@{ $entry->{parts} })
		{
			my $key = "seed $entry->{seed}: $part";
			push @twice, "$key (lines $lines{$key} and $entry->{line})" if $lines{$key};
			$lines{$key} = $entry->{line};
		}
	}
	none(\@twice, 'no part is listed twice');
	cmp_ok(scalar(keys %lines), '>', 500, 'parts were read');

	foreach my $extension (grep { $_ ne 'deploy' } @extensions)
	{
		my $state = -e "$root/$extension/$extension.control" ? 'here' : 'to come';
		is($read->{states}{$extension}, $state, "state of $extension");
	}
};

subtest 'the page and the seeds agree' => sub {
	plan skip_all => "the seeds are not at $shared/seeds (PM_SHARED names their parent)"
	  unless -d "$shared/seeds";

	foreach my $seed (sort keys %{ $read->{seeds} })
	{
		my $text  = slurp("$shared/seeds/$read->{seeds}{$seed}");
		my $parts = seed_parts($text);
		my %listed = map { $_ => 1 }
		  map { @{ $_->{parts} } } grep { $_->{seed} == $seed } @entries;

		# A rule is a sentence of the seed; it is found by its words.
		my @rules = grep { /^rule / } keys %listed;
		my $words = $text =~ s/\s+/ /gr;
		delete @listed{@rules};

		none([ sort grep { !$listed{$_} } keys %$parts ],
			"seed $seed: everything it names is on the page");
		none([ sort grep { !$parts->{$_} } keys %listed ],
			"seed $seed: everything on the page is in it");
		none([ sort grep { index($words, s/^rule //r) < 0 } @rules ],
			"seed $seed: its rules are in its own words");
	}
};

subtest 'the page and the server agree' => sub {
	my @here = sort grep { $read->{states}{$_} eq 'here' && /^pm_/ }
	  keys %{ $read->{states} };
	my $node = PostgreSQL::Test::Cluster->new('seeds');

	$node->init;
	$node->start;
	$node->safe_psql('postgres', "CREATE EXTENSION IF NOT EXISTS $_ CASCADE")
	  foreach @here;

	# Every object of these extensions by name, and the columns of relations.
	my %objects = map { $_ => 1 } split /\n/, $node->safe_psql(
		'postgres', q{
		SELECT n.nspname || '.' || c.relname
		  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		UNION SELECT n.nspname || '.' || t.typname
		  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
		UNION SELECT n.nspname || '.' || p.proname
		  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		UNION SELECT n.nspname || '.' || c.relname || '.' || a.attname
		  FROM pg_attribute a
		  JOIN pg_class c ON c.oid = a.attrelid
		  JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE a.attnum > 0 AND NOT a.attisdropped
		UNION SELECT nspname FROM pg_namespace});
	my (@missing, @early, $checked);

	foreach my $entry (@entries)
	{
		my @homes = grep { /^pm_/ } @{ $entry->{homes} };

		push @missing, "line $entry->{line}: type $entry->{type}"
		  if $entry->{type} && !$objects{ $entry->{type} };
		$checked++ if $entry->{type} || $entry->{state} eq 'here';

		foreach my $home (@homes)
		{
			if ($entry->{state} eq 'here')
			{
				push @missing, "line $entry->{line}: $_"
				  foreach grep { !$objects{$_} } $home,
				  map { "$home.$_" } values %{ $entry->{columns} };
			}
			elsif ($home =~ /\./ && $objects{$home} && !%{ $entry->{columns} })
			{
				push @early, "line $entry->{line}: $home";
			}
			push @early, "line $entry->{line}: $home.$_" foreach grep {
				$entry->{state} eq 'to come' && $objects{"$home.$_"}
			} values %{ $entry->{columns} };
		}
	}
	cmp_ok($checked, '>', 0, 'objects were looked up');
	none(\@missing, 'what the page calls "here" exists');
	none(\@early, 'what the page calls "to come" does not exist yet');
	$node->stop;
};

done_testing();
