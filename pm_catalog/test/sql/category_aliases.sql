-- Categories under all their paths: aliases, and names that differ in how they are written.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET search_path = pm_catalog, pm_gtin, public;
CREATE FUNCTION pg_temp.path_of(id uuid) RETURNS text LANGUAGE sql AS
$$ SELECT c.taxonomy || ': ' || string_agg(a.name, ' > ' ORDER BY a.depth) FROM categories AS c JOIN categories AS a ON a.number = ANY (c.path) WHERE c.id = $1 GROUP BY c.id $$;
CREATE VIEW pg_temp.tree AS SELECT pg_temp.path_of(id) AS branch FROM categories ORDER BY pg_temp.path_of(id) COLLATE "C";
-- what the spellings of a path have in common
SELECT path, category_key(path) FROM unnest('{Office > Pens,office>pens," Büro >STIFTE & Co.",A,A>>B,-->B,>,""}'::text[]) AS path;
SELECT category_key(NULL) IS NULL;
-- spellings are one category, at each level, and the first in the alphabet is its name
SELECT path, pg_temp.path_of(category_id) FROM ensure_categories('main', '{Office > Pens,office>pens,OFFICE > Fountain-pens,Öffice > fountain pens > Gold,office,NULL}') ORDER BY path COLLATE "C";
SELECT pg_temp.path_of(ensure_category('main', '{" office",PENS}')), ensure_category('main', '{Office,Pens}') = ensure_category('main', '{O.F.F.I.C.E,pens™}') AS same;
SELECT count(*) FROM ensure_categories('main', '{}');
TABLE pg_temp.tree;
-- names without letter or digit are what they are; what is no label is like no other
SELECT path, pg_temp.path_of(category_id) FROM ensure_categories('signs', '{--,-,!! > a,"!! >A",!!!>a}') ORDER BY path COLLATE "C";
\set VERBOSITY terse
SELECT ensure_category('main', ARRAY[E'Off\tice', 'Pens']);
SELECT ensure_categories('main', ARRAY['Office > Pens', E'Of\tfice > Pens']);
SELECT ensure_category('main', ARRAY['Office', '']);
\set VERBOSITY default
-- siblings that differ in case alone: the exact name, or else the oldest
INSERT INTO categories (taxonomy, name) VALUES ('twins', 'PAPER'), ('twins', 'Paper');
INSERT INTO categories (taxonomy, name, parent_id) SELECT taxonomy, 'A4', id FROM categories WHERE name = 'Paper';
SELECT path, pg_temp.path_of(category_id) FROM ensure_categories('twins', '{Paper,PAPER,paper,Paper > a4,paper > a4}') ORDER BY path COLLATE "C";
-- an alias means the category, with what is below, whether its path is there or not
INSERT INTO category_aliases (alias, category_id) VALUES ('Bureau', ensure_category('main', '{Office}')), ('bureau > stylos', ensure_category('main', '{Office,Pens}'));
SELECT path, pg_temp.path_of(category_id) FROM ensure_categories('main', '{Bureau,BUREAU > Stylos,Bureau>Stylos>Or,Bureau > pens,Bureau > Encre > Noire,Bureaux,Bureau 2 > Stylos}') ORDER BY path COLLATE "C";
SELECT pg_temp.path_of(ensure_category('main', '{Bureau,stylos,or}')), ensure_category('other', '{Bureau}') IN (SELECT category_id FROM category_aliases) AS of_another_taxonomy;
INSERT INTO category_aliases (alias, category_id) VALUES ('Fountain pens', ensure_category('main', '{Office,Fountain pens}'));
SELECT pg_temp.path_of(ensure_category('main', '{Fountain Pens,gold}'));
-- also in the place of a category that was made before, and of one below it
INSERT INTO category_aliases (alias, category_id) VALUES ('Bureaux', ensure_category('main', '{Office}'));
SELECT path, pg_temp.path_of(category_id) FROM ensure_categories('main', '{Bureaux,Bureaux > Pens}') ORDER BY path COLLATE "C";
-- an alias is in its taxonomy once, and a path of names
INSERT INTO category_aliases (alias, category_id) SELECT 'BUREAU>Stylos', id FROM categories WHERE taxonomy = 'main' AND name = 'OFFICE';
\set VERBOSITY terse
INSERT INTO category_aliases (taxonomy, alias, category_id) SELECT 'other', 'Bureau > Stylos', id FROM categories WHERE taxonomy = 'main' AND name = 'OFFICE';
INSERT INTO category_aliases (alias, category_id) SELECT 'Bureau > ', id FROM categories WHERE taxonomy = 'main' AND name = 'OFFICE';
INSERT INTO category_aliases (alias, category_id) SELECT repeat('a>', 51) || 'a', id FROM categories WHERE taxonomy = 'main' AND name = 'OFFICE';
INSERT INTO category_aliases (alias, category_id) SELECT E'Bureau\n> Stylos', id FROM categories WHERE taxonomy = 'main' AND name = 'OFFICE';
\set VERBOSITY default
-- 50 above one are enough, with those above the alias's category
INSERT INTO category_aliases (taxonomy, alias, category_id) SELECT 'deep', 'short', ensure_category('deep', ARRAY(SELECT 'n' || i FROM generate_series(1, 50) AS i));
SELECT count(DISTINCT category_id) FROM ensure_categories('deep', '{short > a,n1}');
SELECT max(depth) FROM categories WHERE taxonomy = 'deep';
SELECT ensure_category('deep', '{short,a,b}');
SELECT ensure_categories('deep', ARRAY['n1', repeat('a>', 51) || 'a']);
-- a tree that changes its taxonomy or is renamed takes its aliases along; they go with the category
UPDATE categories SET taxonomy = 'moved' WHERE id IN (SELECT s.id FROM categories AS c, category_subtree(c.id) AS s WHERE c.taxonomy = 'main' AND c.name = 'OFFICE');
UPDATE categories SET name = 'Writing' WHERE taxonomy = 'moved' AND name = 'OFFICE';
SELECT taxonomy, alias_key, alias, pg_temp.path_of(category_id) FROM category_aliases WHERE taxonomy <> 'deep' ORDER BY 1, 2;
DELETE FROM categories WHERE pg_temp.path_of(id) = 'moved: Writing > Pens > Or';
DELETE FROM categories WHERE pg_temp.path_of(id) = 'moved: Writing > Pens';
SELECT alias FROM category_aliases WHERE taxonomy = 'moved' ORDER BY alias_key;
-- one statement makes many, and finds them again
SELECT array_agg(format('Top %s > Mid %s > Leaf %s', i % 3, i % 12, i)) AS paths FROM generate_series(1, 300) AS i \gset
SELECT count(DISTINCT category_id), bool_and(pg_temp.path_of(category_id) = 'many: ' || path) AS as_written FROM ensure_categories('many', :'paths');
SELECT count(*), count(*) FILTER (WHERE depth = 0) AS top, bool_and(parent_id IS NULL OR path[:depth] = (SELECT p.path FROM categories AS p WHERE p.id = c.parent_id)) AS paths FROM categories AS c WHERE taxonomy = 'many';
SELECT count(DISTINCT category_id) FROM ensure_categories('many', upper(:'paths')::text[]);
SELECT count(*) FROM categories WHERE taxonomy = 'many';
DROP VIEW pg_temp.tree;
DELETE FROM categories;
SELECT count(*) FROM category_aliases;
