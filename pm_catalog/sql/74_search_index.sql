-- Indexing: documents and words are made of what is noted.

-- What is to be known of these products; one that is deleted has no row.
CREATE FUNCTION pm_catalog._search_source(ids uuid[]) RETURNS SETOF pm_catalog.search_documents
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
  SELECT p.id, p.brand_id, p.category_id, p.supplier_id, p.status = 'active' AND p.is_active, p.is_active, p.is_featured,
         EXISTS (SELECT FROM pm_catalog.product_stocks AS s WHERE s.product_id = p.id AND s.available > 0),
         p.status, p.created_at, p.title, h.head, r.currencies, r.prices, r.look_again_at,
         pm_catalog._search_document(p.title, h.head, concat_ws(' ', p.short_description, left(p.description, 4000), e.words),
           c.lexemes || ARRAY['@b' || p.brand_id, '@f' || p.family_id, '@s' || nullif(p.status, 'active'),
                 '#' || lpad(p.gtin::text, 14, '0'), '#' || pm_gtin.isbn10(p.gtin), '#' || pm_catalog._code_key(p.asin::text), '#' || pm_catalog._code_key(p.sku),
                 '#' || pm_catalog._code_key(p.manufacturer_reference), '#' || pm_catalog._code_key(p.external_id)]
           || o.lexemes || v.lexemes)
  FROM unnest(ids) AS u
  JOIN pm_catalog.products AS p ON p.id = u AND p.deleted_at IS NULL
  LEFT JOIN pm_catalog.brands AS b ON b.id = p.brand_id
  CROSS JOIN LATERAL (
    SELECT string_agg(DISTINCT x.name, ' ') AS names, array_agg(DISTINCT '@c' || n) AS lexemes
    FROM (SELECT k.name, k.path FROM pm_catalog.categories AS k WHERE k.id = p.category_id
          UNION ALL SELECT k.name, k.path FROM pm_catalog.product_categories AS m JOIN pm_catalog.categories AS k ON k.id = m.category_id WHERE m.product_id = p.id) AS x,
         unnest(x.path) AS n) AS c
  CROSS JOIN LATERAL (
    SELECT array_agg(x.lexeme) AS lexemes
    FROM (SELECT '@p' || p.supplier_id AS lexeme
          UNION SELECT '@p' || s.supplier_id FROM pm_catalog.supplier_products AS s WHERE s.product_id = p.id AND s.is_active
          UNION SELECT '#' || pm_catalog._code_key(s.supplier_sku) FROM pm_catalog.supplier_products AS s WHERE s.product_id = p.id) AS x) AS o
  CROSS JOIN LATERAL (
    SELECT string_agg(a.name, ' ') AS names, array_agg('#' || pm_catalog._code_key(a.sku)) || array_agg('#' || lpad(a.gtin::text, 14, '0')) AS lexemes
    FROM pm_catalog.product_variants AS a WHERE a.product_id = p.id) AS v
  CROSS JOIN LATERAL (
    SELECT string_agg(t.name, ' ') AS names FROM pm_catalog.product_tags AS m JOIN pm_catalog.tags AS t ON t.id = m.tag_id WHERE m.product_id = p.id) AS g
  CROSS JOIN LATERAL (
    SELECT string_agg(concat_ws(' ', s.meta_title, array_to_string(s.meta_keywords, ' ')), ' ') AS words FROM pm_catalog.product_seo AS s WHERE s.product_id = p.id) AS e
  CROSS JOIN LATERAL (
    SELECT left(string_agg(a.alias, ' ' ORDER BY a.alias_key), 500) AS names FROM pm_catalog.brand_aliases AS a WHERE a.brand_id = b.id AND a.alias <> b.name) AS l
  CROSS JOIN LATERAL (SELECT left(nullif(concat_ws(' ', b.name, l.names, c.names, g.names, v.names), ''), 2000) AS head) AS h
  CROSS JOIN LATERAL (
    SELECT array_agg(x.currency ORDER BY x.currency) FILTER (WHERE x.is_current) AS currencies,
           array_agg(x.price ORDER BY x.currency) FILTER (WHERE x.is_current) AS prices, min(x.change_at) AS look_again_at
    FROM (SELECT q.currency, q.price, q.valid_from <= now() AS is_current, CASE WHEN q.valid_from > now() THEN q.valid_from ELSE q.valid_until END AS change_at
          FROM pm_catalog.product_prices AS q
          WHERE q.product_id = p.id AND q.price_type = 'retail' AND q.min_quantity = 1 AND q.supplier_id IS NULL AND q.variant_id IS NULL AND q.is_active
            AND (q.valid_until IS NULL OR q.valid_until > now())) AS x) AS r
$$;

-- Adds to the counts of words: each of the first list counts the documents that have it
-- now, each of the second those that had it.  Words are taken in order, by every
-- indexer, so that none waits for one that waits for it.
CREATE FUNCTION pm_catalog._count_words(now_in text[], was_in text[], lines text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  gone text[];
  bare text[];
BEGIN
  WITH net AS MATERIALIZED (
    SELECT x.word, sum(x.n)::integer AS n
    FROM (SELECT a AS word, 1 AS n FROM unnest(now_in) AS a UNION ALL SELECT b, -1 FROM unnest(was_in) AS b) AS x
    GROUP BY x.word HAVING sum(x.n) <> 0
  ), fresh AS MATERIALIZED (
    SELECT n.word FROM net AS n WHERE n.n > 0 AND NOT EXISTS (SELECT FROM pm_catalog.search_words AS k WHERE k.word = n.word)
  ), spelled AS (
    SELECT DISTINCT ON (w.word) w.word, lower(w.spelling) AS spelling
    FROM unnest(lines) WITH ORDINALITY AS l (line, n), pm_catalog._words(l.line) AS w
    WHERE w.word IN (SELECT f.word FROM fresh AS f)
    ORDER BY w.word, l.n
  ), counted AS (
    INSERT INTO pm_catalog.search_words (word, documents, spelling, keys)
    SELECT n.word, n.n, coalesce(s.spelling, n.word), CASE WHEN f.word IS NULL THEN '{}' ELSE pm_catalog._spell_keys(n.word) END
    FROM net AS n LEFT JOIN fresh AS f USING (word) LEFT JOIN spelled AS s USING (word)
    ORDER BY n.word
    ON CONFLICT (word) DO UPDATE SET documents = search_words.documents + excluded.documents,
      keys = CASE WHEN search_words.keys = '{}' THEN excluded.keys ELSE search_words.keys END
    RETURNING word, documents, keys = '{}' AND xmax = 0 AS is_bare
  )
  SELECT array_agg(c.word) FILTER (WHERE c.documents = 0), array_agg(c.word) FILTER (WHERE c.is_bare) INTO gone, bare FROM counted AS c;
  DELETE FROM pm_catalog.search_words AS k WHERE k.word = ANY (gone) AND k.documents = 0;
  -- a word that was there, and which another indexer removed before we came to it
  UPDATE pm_catalog.search_words AS k
  SET keys = pm_catalog._spell_keys(k.word),
      spelling = coalesce((SELECT lower(w.spelling) FROM unnest(lines) WITH ORDINALITY AS l (line, n), pm_catalog._words(l.line) AS w WHERE w.word = k.word ORDER BY l.n LIMIT 1), k.spelling)
  WHERE k.word = ANY (bare) AND pm_catalog._spell_keys(k.word) <> '{}';
END
$$;

-- Notes all products that are not noted.
CREATE FUNCTION pm_catalog._index_all() RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_catalog._note_products(ARRAY(
    (SELECT p.id FROM pm_catalog.products AS p WHERE p.deleted_at IS NULL UNION SELECT d.product_id FROM pm_catalog.search_documents AS d)
    EXCEPT SELECT u FROM pm_catalog._search_pending AS n, unnest(n.product_ids) AS u));
END
$$;

CREATE FUNCTION pm_catalog._all_pending() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_catalog._index_all();
  RETURN NULL;
END
$$;
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY '{products,supplier_products,product_prices,product_stocks,product_tags,product_categories,product_variants,product_seo,brand_aliases}'::text[] LOOP
    EXECUTE format('CREATE TRIGGER search_truncated AFTER TRUNCATE ON pm_catalog.%I FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._all_pending()', name);
  END LOOP;
END
$$;

CREATE FUNCTION pm_catalog.index_products(max integer DEFAULT 5000) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  notes CURSOR FOR SELECT p.id, p.product_ids FROM pm_catalog._search_pending AS p ORDER BY p.id FOR UPDATE SKIP LOCKED;
  pending record;
  taken bigint[] := '{}';
  wanted uuid[] := '{}';
  present uuid[];
  added uuid[];
  deleted uuid[];
  left_over uuid[];
  was_in text[];
  now_in text[];
  lines text[];
BEGIN
  IF max IS NULL OR max < 1 OR max > 100000 THEN
    RAISE EXCEPTION 'invalid number of products to index: %', coalesce('"' || max::text || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It is 1 to 100000: all of them are indexed in one transaction.';
  END IF;
  -- after a restore nothing is known, and noted no more than what changed since
  IF NOT EXISTS (SELECT FROM pm_catalog.search_documents) THEN
    PERFORM pm_catalog._index_all();
  END IF;

  PERFORM pm_catalog._forget_noted();
  -- what is noted and no other indexer has taken; one by one, so that the rest is left to others
  OPEN notes;
  WHILE cardinality(wanted) < max LOOP
    FETCH notes INTO pending;
    EXIT WHEN NOT FOUND;
    taken := taken || pending.id;
    wanted := wanted || pending.product_ids;
  END LOOP;
  CLOSE notes;
  wanted := ARRAY(
    SELECT u FROM unnest(wanted) AS u
    UNION
    (SELECT d.product_id FROM pm_catalog.search_documents AS d WHERE d.look_again_at <= now()
     ORDER BY d.look_again_at LIMIT greatest(max - cardinality(wanted), 0)));
  IF cardinality(wanted) = 0 THEN
    RETURN 0;
  END IF;

  -- documents that are there, locked so that their words are counted by one indexer at a time
  WITH here AS MATERIALIZED (
    SELECT d.product_id, d.document FROM pm_catalog.search_documents AS d WHERE d.product_id = ANY (wanted) FOR UPDATE SKIP LOCKED
  )
  SELECT (SELECT coalesce(array_agg(h.product_id), '{}') FROM here AS h),
         (SELECT array_agg(w) FROM here AS h, unnest(pm_catalog._document_words(h.document)) AS w)
  INTO present, was_in;

  -- read after the notes were taken: what they tell of is seen
  WITH source AS MATERIALIZED (
    SELECT s.* FROM pm_catalog._search_source(present) AS s
  ), written AS (
    UPDATE pm_catalog.search_documents AS d
    SET brand_id = s.brand_id, category_id = s.category_id, supplier_id = s.supplier_id, is_live = s.is_live, is_active = s.is_active,
        is_featured = s.is_featured, in_stock = s.in_stock, status = s.status, created_at = s.created_at, title = s.title, head = s.head, currencies = s.currencies,
        prices = s.prices, look_again_at = s.look_again_at, document = s.document
    FROM source AS s WHERE d.product_id = s.product_id AND d.document <> s.document
  ), beside AS (
    UPDATE pm_catalog.search_documents AS d
    SET brand_id = s.brand_id, category_id = s.category_id, supplier_id = s.supplier_id, is_live = s.is_live, is_active = s.is_active,
        is_featured = s.is_featured, in_stock = s.in_stock, status = s.status, created_at = s.created_at, title = s.title, head = s.head, currencies = s.currencies,
        prices = s.prices, look_again_at = s.look_again_at
    FROM source AS s
    WHERE d.product_id = s.product_id AND d.document = s.document
      AND (d.brand_id, d.category_id, d.supplier_id, d.is_live, d.is_active, d.is_featured, d.in_stock, d.status, d.created_at, d.title, d.head, d.currencies, d.prices, d.look_again_at)
        IS DISTINCT FROM (s.brand_id, s.category_id, s.supplier_id, s.is_live, s.is_active, s.is_featured, s.in_stock, s.status, s.created_at, s.title, s.head, s.currencies, s.prices, s.look_again_at)
  ), removed AS (
    DELETE FROM pm_catalog.search_documents AS d
    WHERE d.product_id = ANY (present) AND d.product_id NOT IN (SELECT s.product_id FROM source AS s)
  )
  SELECT (SELECT array_agg(w) FROM source AS s, unnest(pm_catalog._document_words(s.document)) AS w),
         (SELECT array_agg(concat_ws(' ', s.title, s.head)) FROM source AS s)
  INTO now_in, lines;

  -- the others, in order: an indexer that has just added one is waited for, and then has
  -- it at hand.  One that is deleted is added as well, and taken out again: so it is
  -- seen whether somebody is about to add what he read before.
  WITH new_ids AS MATERIALIZED (
    SELECT w AS id FROM unnest(wanted) AS w
    WHERE NOT EXISTS (SELECT FROM pm_catalog.search_documents AS d WHERE d.product_id = w)
  ), source AS MATERIALIZED (
    SELECT s.* FROM pm_catalog._search_source(ARRAY(SELECT n.id FROM new_ids AS n)) AS s
  ), new_ones AS (
    INSERT INTO pm_catalog.search_documents (product_id, brand_id, category_id, supplier_id, is_live, is_active, is_featured, in_stock, status, created_at, title,
      head, currencies, prices, look_again_at, document)
    SELECT n.id, s.brand_id, s.category_id, s.supplier_id, coalesce(s.is_live, false), coalesce(s.is_active, false), coalesce(s.is_featured, false),
      coalesce(s.in_stock, false), coalesce(s.status, 'draft'), coalesce(s.created_at, now()), coalesce(s.title, ''), s.head, s.currencies, s.prices, s.look_again_at, coalesce(s.document, '')
    FROM new_ids AS n LEFT JOIN source AS s ON s.product_id = n.id ORDER BY n.id
    ON CONFLICT (product_id) DO NOTHING RETURNING product_id, title, head, document
  )
  SELECT (SELECT coalesce(array_agg(n.product_id), '{}') FROM new_ones AS n),
         (SELECT array_agg(n.product_id) FROM new_ones AS n WHERE n.document = ''),
         now_in || (SELECT array_agg(w) FROM new_ones AS n, unnest(pm_catalog._document_words(n.document)) AS w),
         lines || (SELECT array_agg(concat_ws(' ', n.title, n.head)) FROM new_ones AS n)
  INTO added, deleted, now_in, lines;
  DELETE FROM pm_catalog.search_documents AS d WHERE d.product_id = ANY (deleted);

  -- what another session has at hand stays noted as it was: it waits since then
  left_over := ARRAY(SELECT w FROM unnest(wanted) AS w EXCEPT SELECT a FROM unnest(present || added) AS a);
  UPDATE pm_catalog._search_pending AS p SET product_ids = ARRAY(SELECT u FROM unnest(p.product_ids) AS u WHERE u = ANY (left_over))
  WHERE p.id = ANY (taken) AND p.product_ids && left_over;
  DELETE FROM pm_catalog._search_pending AS p WHERE p.id = ANY (taken) AND NOT p.product_ids && left_over;
  PERFORM pm_catalog._count_words(now_in, was_in, lines);
  RETURN cardinality(wanted) - cardinality(left_over);
END
$$;
COMMENT ON FUNCTION pm_catalog.index_products(integer) IS
'makes the documents and words of search of so many products that changed, and of up to 999 more (what a statement noted is taken whole), and returns how many were done; 0: none is left that another session does not have at hand. Several may run at once. Jobs of kind catalog_index call it: see schedule_upkeep(). Error 22023 if max is not 1 to 100 000';

-- The handler.  One pass, small enough that a search that waits sees it soon; what is
-- left is for the next job.
CREATE FUNCTION pm_catalog._run_indexing(job pm_jobs.job) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  done integer := pm_catalog.index_products();
BEGIN
  IF done > 0 AND EXISTS (SELECT FROM pm_catalog._search_pending) THEN
    PERFORM pm_jobs.enqueue(job.queue, job.kind, dedup_key => 'more');
  END IF;
  RETURN CASE WHEN done > 0 THEN jsonb_build_object('products', done) END;
END
$$;

INSERT INTO pm_catalog._upkeep (kind, handler, spec) VALUES ('catalog_index', 'pm_catalog._run_indexing(pm_jobs.job)', '2 s');

CREATE FUNCTION pm_catalog.rebuild_search() RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  indexes text[];
  index text;
  rows bigint;
BEGIN
  LOCK TABLE pm_catalog.search_documents, pm_catalog.search_words IN ACCESS EXCLUSIVE MODE;
  DELETE FROM pm_catalog._search_pending;
  PERFORM pm_catalog._forget_noted();
  TRUNCATE pm_catalog.search_documents, pm_catalog.search_words;
  -- indexes are made of all rows at once, and are then as they were
  indexes := ARRAY(SELECT pg_get_indexdef(i.indexrelid) FROM pg_index AS i
                   WHERE i.indrelid IN ('pm_catalog.search_documents'::regclass, 'pm_catalog.search_words'::regclass) AND NOT i.indisprimary ORDER BY i.indexrelid);
  FOR index IN SELECT i.indexrelid::regclass FROM pg_index AS i
               WHERE i.indrelid IN ('pm_catalog.search_documents'::regclass, 'pm_catalog.search_words'::regclass) AND NOT i.indisprimary LOOP
    EXECUTE 'DROP INDEX ' || index;
  END LOOP;
  INSERT INTO pm_catalog.search_documents
  SELECT s.* FROM pm_catalog._search_source(ARRAY(SELECT p.id FROM pm_catalog.products AS p WHERE p.deleted_at IS NULL)) AS s;
  GET DIAGNOSTICS rows = ROW_COUNT;
  INSERT INTO pm_catalog.search_words (word, documents, spelling, keys)
  SELECT w.word, w.documents, coalesce(s.spelling, w.word), pm_catalog._spell_keys(w.word)
  FROM (SELECT x.word COLLATE "C" AS word, count(*) AS documents FROM pm_catalog.search_documents AS d, unnest(pm_catalog._document_words(d.document)) AS x (word)
        GROUP BY x.word COLLATE "C") AS w
  LEFT JOIN (SELECT split_part(y.pair, E'\t', 1) COLLATE "C" AS word, min(lower(split_part(y.pair, E'\t', 2))) AS spelling
             FROM (SELECT DISTINCT x COLLATE "C" AS pair FROM pm_catalog.search_documents AS d, unnest(pm_catalog._spellings(concat_ws(' ', d.title, d.head))) AS x) AS y
             GROUP BY 1) AS s USING (word)
  ORDER BY w.word;
  FOREACH index IN ARRAY indexes LOOP
    EXECUTE index;
  END LOOP;
  ANALYZE pm_catalog.search_documents, pm_catalog.search_words;
  RETURN rows;
END
$$;
COMMENT ON FUNCTION pm_catalog.rebuild_search() IS
'makes the documents and words of all products anew, at once, and returns how many products there are; faster than index_products() for very many, but nobody can search meanwhile. For after a restore or a bulk load. Error 42501: the caller does not own the tables';

REVOKE ALL ON FUNCTION pm_catalog._search_source(uuid[]), pm_catalog._count_words(text[], text[], text[]), pm_catalog._index_all(), pm_catalog._all_pending(),
  pm_catalog.index_products(integer), pm_catalog._run_indexing(pm_jobs.job), pm_catalog.rebuild_search() FROM PUBLIC;
