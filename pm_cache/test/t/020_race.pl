#
# 020_race.pl - many sessions change rows and invalidate, many read through the cache: no
# reader sees a value that is older than a commit it could see
#
# Each row has a version that only grows.  A reader looks at the row, which says what is
# committed, and then asks the cache in a later statement: what that returns must be at
# least as new.  So each iteration compares with the newest commit there is, in the moment
# between the commit and its callback too.  Rows are few, so that all meet; a writer rolls
# back now and then, by savepoint or as a whole, and some read by one snapshot for long.
#
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PmCache;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PM_SOAK} ? 3000 : 100;
my $clients = 16;

foreach my $way (ways())
{
	my ($name, $shared) = @$way;
	my $node = make_node($shared ? 'shared' : 'tables', $shared, "deadlock_timeout = 100ms\n");

	$node->safe_psql('postgres', <<'SQL');
CREATE TABLE items (id integer PRIMARY KEY, version bigint NOT NULL) WITH (fillfactor = 20);
INSERT INTO items SELECT n, 0 FROM generate_series(1, 4) AS n;
CREATE SEQUENCE found;
CREATE SEQUENCE changed;
CREATE FUNCTION key_of(item integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT 'item:' || item || ':'$$;

CREATE FUNCTION through_cache(item integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  v jsonb := pm_cache.cache_get(key_of(item));
BEGIN
  IF v IS NULL THEN
    v := (SELECT to_jsonb(version) FROM items WHERE id = item);
    PERFORM pm_cache.cache_set(key_of(item), v, 'products');
  ELSE
    PERFORM nextval('found');
  END IF;
  RETURN v::bigint;
END $$;
CREATE FUNCTION compare(got bigint, committed bigint, how text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF got < committed THEN
    RAISE EXCEPTION 'stale: % is older than % (%)', got, committed, how;
  END IF;
END $$;
CREATE FUNCTION linger(iterations integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. iterations LOOP NULL; END LOOP;
  RETURN true;
END $$;

-- One look at the row and one through the cache, many times.
CREATE PROCEDURE read_through(item integer, times integer) LANGUAGE plpgsql AS $$
DECLARE
  got bigint;
  committed bigint;
BEGIN
  FOR i IN 1 .. times LOOP
    SELECT version INTO committed FROM items WHERE id = item;
    got := through_cache(item);
    PERFORM compare(got, committed, 'read');
    -- nor is it newer than what is committed by then
    SELECT version INTO committed FROM items WHERE id = item;
    PERFORM compare(committed, got, 'not committed');
    COMMIT;
  END LOOP;
END $$;
-- The load is part of a statement whose snapshot is older than the miss.
CREATE PROCEDURE read_late(item integer, times integer) LANGUAGE plpgsql AS $$
DECLARE
  committed bigint;
BEGIN
  FOR i IN 1 .. times LOOP
    PERFORM CASE WHEN linger(20000) AND pm_cache.cache_get(key_of(item)) IS NULL
                 THEN pm_cache.cache_set(key_of(item), (SELECT to_jsonb(version) FROM items WHERE id = item), 'products') END;
    SELECT version INTO committed FROM items WHERE id = item;
    PERFORM compare(pm_cache.cache_get(key_of(item))::bigint, committed, 'late');
    COMMIT;
  END LOOP;
END $$;
-- By one snapshot: the same version each time, with the cache and without.
CREATE FUNCTION read_steadily(item integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  committed bigint;
BEGIN
  SELECT version INTO committed FROM items WHERE id = item;
  PERFORM linger(50000);
  IF through_cache(item) <> committed THEN
    RAISE EXCEPTION 'not repeatable';
  END IF;
END $$;
-- What came of the change, for the caller: as committed, or rolled back to a savepoint.
CREATE PROCEDURE change(item integer, how integer) LANGUAGE plpgsql AS $$
DECLARE
  mine bigint;
BEGIN
  IF how = 1 THEN
    BEGIN
      UPDATE items SET version = version + 1000000 WHERE id = item;
      PERFORM pm_cache.cache_invalidate(key_of(item)), through_cache(item);
      RAISE EXCEPTION 'undone';
    EXCEPTION WHEN raise_exception THEN
      NULL;
    END;
  END IF;
  -- what it reads of its own change must not get out before the commit
  UPDATE items SET version = version + 1 WHERE id = item RETURNING version INTO mine;
  IF how >= 2 THEN
    PERFORM through_cache(item);
  END IF;
  PERFORM pm_cache.cache_invalidate(key_of(item));
  IF through_cache(item) <> mine THEN
    RAISE EXCEPTION 'does not see its own change';
  END IF;
  IF how = 3 THEN
    ROLLBACK;
  ELSE
    COMMIT;
    PERFORM compare(through_cache(item), mine, 'own');
    PERFORM nextval('changed');
  END IF;
END $$;
SQL
	$node->pgbench(
		"--no-vacuum --client=$clients --jobs=2 --transactions=$rounds",
		0,
		[ qr/number of transactions actually processed: @{[ $clients * $rounds ]}\/@{[ $clients * $rounds ]}/, qr/number of failed transactions: 0 / ],
		[qr/^$/],
		"$name: no reader sees a stale value",
		{
			'write@8' => "\\set item random(1, 4)\n\\set how random(0, 5)\nCALL change(:item, :how);\n",
			'read@5' => "\\set item random(1, 4)\nCALL read_through(:item, 50);\n",
			'late@2' => "\\set item random(1, 4)\nCALL read_late(:item, 5);\n",
			'steady@1' => "\\set item random(1, 4)\nBEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT read_steadily(:item);\nCOMMIT;\n",
		});
	my $found = $node->safe_psql('postgres', 'SELECT last_value FROM found');
	cmp_ok($found, '>', $clients * $rounds, "$name: values were found ($found)");
	cmp_ok($node->safe_psql('postgres', 'SELECT sum(version) FROM items'), '>', $clients * $rounds / 5, "$name: and invalidated");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM items WHERE version >= 1000000'), '0', "$name: what was undone is");
	foreach my $item (1 .. 4)
	{
		is($node->safe_psql('postgres', "SELECT through_cache($item)"), $node->safe_psql('postgres', "SELECT version FROM items WHERE id = $item"), "$name: item $item at the end");
	}
	$node->stop;
}
done_testing();
