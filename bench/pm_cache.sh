#!/bin/bash
# pm_cache.sh - the cache in one session (pm_cache.sql), and 8 clients that read through it
# or write and invalidate, beside the same without a cache
#
#   bench/pm_cache.sh CALLS SECONDS     on the server that PGHOST and PGPORT name
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
psql -X -q -v "calls=$1" -f "$(dirname "$0")/pm_cache.sql"

psql -X -q <<'SQL'
-- what is worth caching: 50 rows of a group, as one document
CREATE TABLE items (id integer PRIMARY KEY, category integer NOT NULL, price numeric NOT NULL);
INSERT INTO items SELECT n, n % 1000, n * 0.01 FROM generate_series(1, 50000) AS n;
CREATE INDEX ON items (category);
VACUUM ANALYZE items;
CREATE FUNCTION read_rows(c integer) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT jsonb_agg(i ORDER BY i.id) FROM items AS i WHERE i.category = c);
END $$;
CREATE FUNCTION read_through(c integer) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  v jsonb := pm_cache.cache_get('category:' || c || ':');
BEGIN
  IF v IS NULL THEN
    v := read_rows(c);
    PERFORM pm_cache.cache_set('category:' || c || ':', v, 'categories');
  END IF;
  RETURN v;
END $$;
SQL
read='\set c random(0, 999)\nSELECT length(%s(:c)::text);\n'
# shellcheck disable=SC2059 # a format
printf "$read" read_rows >"$dir/rows"
# shellcheck disable=SC2059
printf "$read" read_through >"$dir/through"
cat >"$dir/write" <<'SQL'
\set id random(1, 50000)
BEGIN;
UPDATE items SET price = price + 1 WHERE id = :id;
SELECT pm_cache.cache_invalidate('category:' || :id % 1000 || ':');
COMMIT;
SQL

# run NAME SCRIPT...: 8 clients, transactions a second
run() {
  local name=$1 scripts=()
  shift
  for script in "$@"; do
    scripts+=(-f "$dir/$script")
  done
  pgbench -n -M prepared -c 8 -j 2 -T "$seconds" "${scripts[@]}" 2>&1 | awk -v "name=$name" '/^tps/ { printf "%-44s %10.0f a second\n", name, $3 }'
}
seconds=$2
echo
echo '8 clients, 1 000 documents of 50 rows'
run '8 readers of the rows' rows@1
run '8 readers through the cache' through@1
run '9 of 10 read the rows, 1 writes' rows@9 write@1
run '9 of 10 read through the cache, 1 writes' through@9 write@1
psql -X -q -c '\pset footer off' -c 'SELECT kind, entries, bytes, hits, misses, hit_rate, waits, bypasses, dropped, evictions FROM pm_cache.cache_stats ORDER BY kind'
