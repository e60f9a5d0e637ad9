-- Searching: a query becomes lexemes that the index is asked for, what it finds is ranked.

-- The words that a typed one may be meant to be: those with the fewest errors, then
-- those that begin alike, then those that most documents have.
CREATE FUNCTION pm_catalog._near_words(typed text, at_least integer, OUT word text, OUT documents integer) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
  SELECT c.word, c.documents
  FROM (SELECT k.word, k.documents, pm_catalog._spell_distance(typed, k.word) AS distance
        FROM pm_catalog.search_words AS k
        WHERE k.keys && pm_catalog._spell_keys(typed) AND k.documents >= at_least AND k.word <> typed) AS c
  WHERE c.distance IS NOT NULL
  ORDER BY c.distance, left(c.word, 1) <> left(typed, 1), c.documents DESC, c.word
  LIMIT 4
$$;

-- Has any document what the text of a tsquery asks for?
CREATE FUNCTION pm_catalog._is_found(lexemes text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
  SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off SET jit = off
AS $$
BEGIN
  RETURN EXISTS (SELECT FROM pm_catalog.search_documents AS d WHERE d.document @@ lexemes::tsquery);
END
$$;

-- What a query asks the index for.  terms: for ranking, see search_rank.c; plain and
-- tiered: the text of a tsquery, in the second with a # for the figure of the title's
-- length, NULL if there is nothing to look for; documents: how many the rarest word is expected in;
-- is_corrected: was a word taken for another?  correct_all: every word may be another one.
CREATE FUNCTION pm_catalog._search_query(query text, language text, correct_all boolean,
  OUT terms text[], OUT plain text, OUT tiered text, OUT documents bigint, OUT is_corrected boolean)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
  typed record;
  near record;
  lexemes text[];
  variants text[];
  n bigint;
  stem text COLLATE "C";
  forms bigint;
  term_plain text;
  term_tiered text;
BEGIN
  terms := '{}';
  is_corrected := false;
  FOR typed IN
    SELECT w.word, w.is_stop AND NOT bool_and(w.is_stop) OVER () AS is_optional, coalesce(k.documents, 0) AS documents
    FROM (SELECT x.word COLLATE "C" AS word, min(x.n) AS n, bool_and(x.is_stop) AS is_stop
          FROM (SELECT y.word, y.is_stop, y.is_joined, row_number() OVER () AS n FROM pm_catalog._words(left(query, 1000)) AS y) AS x
          WHERE NOT x.is_joined GROUP BY x.word ORDER BY min(x.n) LIMIT 16) AS w
    LEFT JOIN pm_catalog.search_words AS k ON k.word = w.word
    ORDER BY w.n
  LOOP
    lexemes := pm_catalog._word_lexemes(typed.word, language);
    variants := ARRAY['e' || typed.word];
    n := typed.documents;
    -- another form of the word may be there
    IF n = 0 AND NOT correct_all AND lexemes[1] LIKE '~%' AND pm_catalog._is_found((SELECT string_agg(quote_literal(l), '|') FROM unnest(lexemes) AS l)) THEN
      n := 1000;
    END IF;
    -- a rare form of a frequent word: as many are found as have any of its forms
    IF n BETWEEN 1 AND 1000 AND lexemes[1] LIKE '~%' THEN
      stem := (SELECT l FROM unnest(lexemes) AS l ORDER BY length(l), l LIMIT 1);
      stem := left(typed.word, greatest(length(stem) - 2, 3)); -- the last letter of a stem may be another one
      forms := (SELECT sum(k.documents) FROM pm_catalog.search_words AS k
                WHERE k.is_frequent AND k.word >= stem AND k.word < stem || '{' AND k.word <> typed.word AND pm_catalog._word_lexemes(k.word, language) && lexemes);
    ELSE
      forms := NULL;
    END IF;
    IF NOT typed.is_optional AND (correct_all OR n < 3) THEN
      FOR near IN SELECT w.* FROM pm_catalog._near_words(typed.word, CASE WHEN correct_all THEN 1 ELSE 100 * n::integer END) AS w LOOP
        variants := variants || ('c' || near.word);
        lexemes := lexemes || pm_catalog._word_lexemes(near.word, language);
        n := n + near.documents;
        is_corrected := is_corrected OR typed.documents = 0 OR correct_all;
      END LOOP;
    END IF;
    SELECT string_agg(quote_literal(l), '|'),
           string_agg(quote_literal(CASE WHEN l LIKE '~%' THEN '#' || l ELSE '#=' || l END), '|'), variants || array_agg('s' || l) FILTER (WHERE l LIKE '~%')
    INTO term_plain, term_tiered, variants FROM (SELECT DISTINCT l FROM unnest(lexemes) AS l) AS x;
    IF n = 0 AND NOT typed.is_optional THEN
      -- the beginning of a word, or one that occurs nowhere and says nothing about the others
      CONTINUE WHEN length(typed.word) < 3 OR NOT pm_catalog._is_found(quote_literal(typed.word) || ':*');
      variants := variants || ('p' || typed.word);
      term_plain := term_plain || '|' || quote_literal(typed.word) || ':*';
      term_tiered := term_tiered || '|' || quote_literal('#~' || typed.word) || ':*|' || quote_literal('#=' || typed.word) || ':*';
      n := 1000;
    END IF;
    terms := terms || array_to_string(variants, '|');
    CONTINUE WHEN typed.is_optional;
    plain := concat_ws('&', plain, '(' || term_plain || ')');
    tiered := concat_ws('&', tiered, '(' || term_tiered || ')');
    documents := least(documents, n + coalesce(forms, 0));
  END LOOP;
END
$$;

-- The products that a query finds, with their ranks: all of them, or of those with the shortest
-- titles the first 500.
CREATE FUNCTION pm_catalog._search_candidates(terms text[], plain text, tiered text, documents bigint, lexemes text, condition text,
  OUT ids uuid[], OUT ranks real[])
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  most CONSTANT integer := 500;
  branch CONSTANT text := 'SELECT d.product_id, d.title, d.head, d.is_featured FROM pm_catalog.search_documents AS d WHERE d.document @@ %L::tsquery AND %s';
  ranking CONSTANT text := 'SELECT array_agg(c.product_id), array_agg((pm_catalog._search_score(c.title, c.head, $1) + CASE WHEN c.is_featured THEN 0.02 ELSE 0 END)::real)
                            FROM (%s LIMIT %s) AS c';
  filter text := CASE WHEN lexemes <> '' THEN '&' || lexemes ELSE '' END;
  branches text;
  more_ids uuid[];
  more_ranks real[];
BEGIN
  IF documents > most / 2 THEN
    SELECT string_agg(format(branch, replace(tiered, '#', tier::text) || filter, condition), ' UNION ALL ' ORDER BY tier) INTO branches FROM generate_series(0, 8) AS tier;
    EXECUTE format(ranking, branches, most) INTO ids, ranks USING terms;
  END IF;
  -- words of a description have no tier
  IF ids IS NULL OR cardinality(ids) < most THEN
    EXECUTE format(ranking, format(branch, plain || filter, condition || CASE WHEN ids IS NULL THEN '' ELSE ' AND d.product_id <> ALL ($2)' END),
                   most - coalesce(cardinality(ids), 0)) INTO more_ids, more_ranks USING terms, ids;
    ids := ids || more_ids;
    ranks := ranks || more_ranks;
  END IF;
END
$$;

-- What a product is found by if an identifier was typed: its key without blanks and
-- punctuation, and the GTINs of 14 digits that it may be; NULL: by none.
CREATE FUNCTION pm_catalog._matched_identifier(product_id uuid, key text, gtins text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp
AS $$
DECLARE
  p record;
BEGIN
  SELECT r.id, lpad(r.gtin::text, 14, '0') AS gtin, lower(pm_gtin.isbn10(r.gtin)) AS isbn, pm_catalog._code_key(r.sku) AS sku, pm_catalog._code_key(r.asin::text) AS asin,
         pm_catalog._code_key(r.manufacturer_reference) AS reference, pm_catalog._code_key(r.external_id) AS external_id
  INTO p FROM pm_catalog.products AS r WHERE r.id = product_id;
  RETURN CASE
    WHEN p.gtin = ANY (gtins) OR p.isbn = key THEN 'gtin'
    WHEN p.sku = key THEN 'sku'
    WHEN p.asin = key THEN 'asin'
    WHEN p.reference = key THEN 'manufacturer_reference'
    WHEN p.external_id = key THEN 'external_id'
    WHEN EXISTS (SELECT FROM pm_catalog.supplier_products AS s WHERE s.product_id = p.id AND pm_catalog._code_key(s.supplier_sku) = key) THEN 'supplier_sku'
    WHEN EXISTS (SELECT FROM pm_catalog.product_variants AS v
                 WHERE v.product_id = p.id AND (pm_catalog._code_key(v.sku) = key OR lpad(v.gtin::text, 14, '0') = ANY (gtins))) THEN 'variant'
  END;
END
$$;

-- Products with an identifier: by the index, and those with that gtin or sku that are not indexed yet.
CREATE FUNCTION pm_catalog._identified(query text, key text, gtins text[], lexemes text, condition text) RETURNS uuid[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET enable_seqscan = off
AS $$
DECLARE
  codes text := (SELECT string_agg(quote_literal('#' || c), '|') FROM unnest(key || gtins) AS c);
  ids uuid[];
  fresh uuid[];
BEGIN
  EXECUTE format('SELECT array_agg(x.product_id) FROM (SELECT d.product_id FROM pm_catalog.search_documents AS d WHERE d.document @@ %L::tsquery AND %s ORDER BY d.product_id LIMIT 1000) AS x',
                 '(' || codes || ')' || CASE WHEN lexemes <> '' THEN '&' || lexemes ELSE '' END, condition) INTO ids;
  IF ids IS NULL AND lexemes = '' AND condition = 'd.is_live' THEN
    SELECT array_agg(p.id) INTO fresh
    FROM (SELECT g.id, g.status, g.is_active FROM pm_catalog.products AS g WHERE g.gtin = ANY (ARRAY(SELECT pm_gtin.gtin_try(c) FROM unnest(query || gtins) AS c)) AND g.deleted_at IS NULL
          UNION SELECT s.id, s.status, s.is_active FROM pm_catalog.products AS s WHERE s.sku = btrim(query) AND s.deleted_at IS NULL) AS p
    WHERE p.status = 'active' AND p.is_active;
  END IF;
  RETURN coalesce(ids, fresh);
END
$$;

-- Counts of what a query finds, of the first 5 000 products.  matching: the condition on
-- search_documents AS d; tiered: queries of one tier after the other, if more are expected
-- than are counted: then those of long titles need not be looked up.
CREATE FUNCTION pm_catalog._count_facets(matching text, tiered text[], currency text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  most CONSTANT integer := 5000;
  columns CONSTANT text := 'SELECT d.brand_id, d.category_id, d.supplier_id, d.currencies, d.prices FROM pm_catalog.search_documents AS d WHERE ';
  source text := CASE WHEN tiered IS NULL THEN columns || matching ELSE columns || array_to_string(tiered, ' UNION ALL ' || columns) END;
  result jsonb;
BEGIN
  EXECUTE format('
    WITH m AS MATERIALIZED (
      SELECT d.brand_id, d.category_id, d.supplier_id, width_bucket(d.prices[array_position(d.currencies, $1)], $2) AS band
      FROM (%s LIMIT %s) AS d
    ), counts AS MATERIALIZED (
      SELECT m.brand_id, m.category_id, m.supplier_id, m.band, grouping(m.brand_id, m.category_id, m.supplier_id, m.band) AS kind, count(*) AS n
      FROM m GROUP BY GROUPING SETS ((m.brand_id), (m.category_id), (m.supplier_id), (m.band), ())
    )
    SELECT jsonb_build_object(
      ''matches'', (SELECT c.n FROM counts AS c WHERE c.kind = 15),
      ''is_exact'', (SELECT c.n FROM counts AS c WHERE c.kind = 15) < %s,
      ''brands'', (SELECT coalesce(jsonb_agg(jsonb_build_object(''id'', x.id, ''name'', x.name, ''count'', x.n) ORDER BY x.n DESC, x.name, x.id), ''[]'')
                   FROM (SELECT b.id, b.name, c.n FROM counts AS c JOIN pm_catalog.brands AS b ON b.id = c.brand_id WHERE c.kind = 7 ORDER BY c.n DESC, b.name, b.id LIMIT 20) AS x),
      ''categories'', (SELECT coalesce(jsonb_agg(jsonb_build_object(''id'', x.id, ''name'', x.name, ''count'', x.n) ORDER BY x.n DESC, x.name, x.id), ''[]'')
                   FROM (SELECT b.id, b.name, c.n FROM counts AS c JOIN pm_catalog.categories AS b ON b.id = c.category_id WHERE c.kind = 11 ORDER BY c.n DESC, b.name, b.id LIMIT 20) AS x),
      ''suppliers'', (SELECT coalesce(jsonb_agg(jsonb_build_object(''id'', x.id, ''name'', x.name, ''count'', x.n) ORDER BY x.n DESC, x.name, x.id), ''[]'')
                   FROM (SELECT b.id, b.name, c.n FROM counts AS c JOIN pm_catalog.suppliers AS b ON b.id = c.supplier_id WHERE c.kind = 13 ORDER BY c.n DESC, b.name, b.id LIMIT 20) AS x),
      ''prices'', (SELECT coalesce(jsonb_agg(jsonb_build_object(''from'', coalesce(($2)[c.band], 0), ''to'', ($2)[c.band + 1], ''currency'', $1, ''count'', c.n) ORDER BY c.band), ''[]'')
                   FROM counts AS c WHERE c.kind = 14 AND c.band IS NOT NULL))', source, most + 1, most + 1)
  INTO result USING currency, pm_catalog._price_bounds(currency);
  -- fewer than expected: words of descriptions, which have no tier, count as well
  IF tiered IS NOT NULL AND (result ->> 'matches')::integer <= most THEN
    RETURN pm_catalog._count_facets(matching, NULL, currency);
  END IF;
  RETURN result;
END
$$;

-- The tiers of a query of which more products are expected than are counted; else NULL.
CREATE FUNCTION pm_catalog._facet_tiers(tiered text, documents bigint, lexemes text, condition text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN documents > 5000 THEN ARRAY(
  SELECT format('d.document @@ %L::tsquery AND %s', replace(tiered, '#', tier::text) || CASE WHEN lexemes <> '' THEN '&' || lexemes ELSE '' END, condition)
  FROM generate_series(0, 8) AS tier ORDER BY tier) END;

-- A token is where a page ended: rank and id; and of which query, for a rank means nothing to another one.
CREATE FUNCTION pm_catalog._search_token(rank real, product_id uuid, query integer) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN encode(float4send(rank) || uuid_send(product_id) || int4send(query), 'hex');

CREATE FUNCTION pm_catalog._read_search_token(after text, query integer, OUT rank real, OUT product_id uuid)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  bits bigint;
BEGIN
  IF after !~ '^[0-9a-f]{48}$' OR right(after, 8) <> encode(int4send(query), 'hex') THEN
    RAISE EXCEPTION 'invalid token "%"', left(after, 64) USING ERRCODE = '22023', HINT = 'It is the value of column after_this in a row of the page before, of the same query and filters.';
  END IF;
  bits := ('x' || left(after, 8))::bit(32)::bigint;
  -- ranks are from 0 to 3: a float4 without sign, of 8 bits of exponent and 23 of fraction
  rank := CASE WHEN bits >> 23 BETWEEN 1 AND 254 THEN (1 + (bits & 8388607) / 8388608.0::float8) * 2::float8 ^ ((bits >> 23) - 127)::float8 ELSE 0 END;
  product_id := substr(after, 9, 32)::uuid;
END
$$;

-- Waits until no change that was noted before is left to be indexed, but for those of this transaction.
CREATE FUNCTION pm_catalog._wait_for_search(wait interval) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  last_id bigint;
  until timestamptz := clock_timestamp() + wait;
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'search cannot be waited for in a transaction of isolation level "%"', current_setting('transaction_isolation')
      USING ERRCODE = 'active_sql_transaction', HINT = 'What indexers do meanwhile must be seen: use READ COMMITTED.';
  END IF;
  last_id := (SELECT max(p.id) FROM pm_catalog._search_pending AS p WHERE NOT pm_catalog._is_own(p.xmin));
  WHILE EXISTS (SELECT FROM pm_catalog._search_pending AS p WHERE p.id <= last_id AND NOT pm_catalog._is_own(p.xmin)) LOOP
    IF clock_timestamp() >= until THEN
      RAISE EXCEPTION 'search is still behind after %', wait USING ERRCODE = '55P03',
        DETAIL = (SELECT format('%s products are to be indexed.', l.products) FROM pm_catalog.search_lag AS l),
        HINT = 'Jobs of kind catalog_index do it, if schedule_upkeep() was called; or call index_products().';
    END IF;
    PERFORM pg_sleep(0.01);
  END LOOP;
END
$$;

CREATE FUNCTION pm_catalog.search_products(query text, filters jsonb DEFAULT '{}', limit_rows integer DEFAULT 20, after text DEFAULT NULL)
RETURNS TABLE (product_id uuid, title text, highlight text, rank real, matched_by text, after_this text, facets jsonb)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pm_gtin, pg_temp SET enable_seqscan = off
AS $$
DECLARE
  f record := pm_catalog._read_filters(filters);
  q record;
  token record;
  this_query integer := hashtext(concat_ws(E'\n', query, f.lexemes, f.condition, f.language));
  code text;
  key text;
  gtins text[];
  identified uuid[];
  hits record;
  facts jsonb;
BEGIN
  IF limit_rows IS NULL OR limit_rows NOT BETWEEN 1 AND 1000 THEN
    RAISE EXCEPTION 'invalid limit_rows: %', coalesce('"' || limit_rows::text || '"', 'NULL') USING ERRCODE = '22023', HINT = 'It is 1 to 1000.';
  END IF;
  token := pm_catalog._read_search_token(after, this_query);
  IF f.wait IS NOT NULL THEN
    PERFORM pm_catalog._wait_for_search(f.wait);
  END IF;
  IF length(query) <= 255 THEN
    key := nullif(pm_catalog._code_key(query), '');
  END IF;
  IF length(query) <= 2000 THEN
    code := pm_catalog._typed_gtin(query);
  END IF;
  gtins := array_remove(ARRAY[CASE WHEN key ~ '^[0-9]{8,14}$' THEN lpad(key, 14, '0') END, code], NULL);
  IF key IS NOT NULL OR code IS NOT NULL THEN
    identified := pm_catalog._identified(query, key, gtins, f.lexemes, f.condition);
  END IF;

  SELECT NULL::uuid[] AS ids, NULL::real[] AS ranks INTO hits;
  SELECT '{}'::text[] AS terms, NULL::text AS plain, NULL::text AS tiered, NULL::bigint AS documents, false AS is_corrected INTO q;
  -- an element string or a link is no words either, if no product has its GTIN
  IF (identified IS NULL AND (code IS NULL OR key ~ '^[0-9]{8}$')) OR key !~ '[0-9]' THEN
    q := pm_catalog._search_query(query, f.language, false);
    IF q.plain IS NOT NULL THEN
      hits := pm_catalog._search_candidates(q.terms, q.plain, q.tiered, q.documents, f.lexemes, f.condition);
    END IF;
    IF hits.ids IS NULL AND identified IS NULL AND query <> '' THEN
      q := pm_catalog._search_query(query, f.language, true);
      IF q.plain IS NOT NULL THEN
        hits := pm_catalog._search_candidates(q.terms, q.plain, q.tiered, q.documents, f.lexemes, f.condition);
      END IF;
    END IF;
  END IF;

  IF f.facets AND (hits.ids IS NOT NULL OR identified IS NOT NULL) THEN
    facts := pm_catalog._count_facets(concat_ws(' OR ',
      CASE WHEN hits.ids IS NOT NULL THEN format('d.document @@ %L::tsquery AND %s', concat_ws('&', q.plain, nullif(f.lexemes, '')), f.condition) END,
      CASE WHEN identified IS NOT NULL THEN format('d.product_id = ANY (%L::uuid[])', identified) END),
      CASE WHEN identified IS NULL THEN pm_catalog._facet_tiers(q.tiered, q.documents, f.lexemes, f.condition) END, f.currency);
  END IF;

  RETURN QUERY
  SELECT x.id, x.title, pm_catalog._highlight(x.title, q.terms), x.rank,
         CASE WHEN x.rank >= 2 THEN pm_catalog._matched_identifier(x.id, key, gtins) WHEN q.is_corrected THEN 'corrected' ELSE 'words' END,
         pm_catalog._search_token(x.rank, x.id, this_query), CASE WHEN row_number() OVER (ORDER BY x.rank DESC, x.id) = 1 THEN facts END
  FROM (SELECT y.id, y.rank, r.title
        FROM (SELECT i AS id, 2::real AS rank FROM unnest(identified) AS i
              UNION ALL
              SELECT u.id, u.rank FROM unnest(hits.ids, hits.ranks) AS u (id, rank) WHERE identified IS NULL OR u.id <> ALL (identified)) AS y
        CROSS JOIN LATERAL (SELECT p.title FROM pm_catalog.products AS p WHERE p.id = y.id AND p.deleted_at IS NULL OFFSET 0) AS r
        WHERE token.product_id IS NULL OR y.rank < token.rank OR (y.rank = token.rank AND y.id > token.product_id)
        ORDER BY y.rank DESC, y.id LIMIT limit_rows) AS x
  ORDER BY x.rank DESC, x.id;
END
$$;
COMMENT ON FUNCTION pm_catalog.search_products(text, jsonb, integer, text) IS
'products that answer a query, the best first. An identifier (gtin, isbn, asin, sku, manufacturer''s or supplier''s reference ...), however it is spaced, finds exactly its products. Words are found in any form that their language gives them, accents and case aside, and corrected if nothing has them as typed: all words must be there, but for those that say nothing (the, de) and those that occur nowhere. highlight: the title as HTML, escaped, what was asked for within <mark>; A UPC-E, a GS1 element string and a GS1 Digital Link stand for the gtin in them. rank: 2 for identifiers, else 0 to 1.02; matched_by: words, corrected or the identifier''s column (variant: a variant''s sku or gtin); after_this: to be given as after for what follows this row; facets: with {"facets": true} and in the first row, counts as search_facets() gives them. filters: see docs/search.md. Of very many, the 500 with the shortest titles are ranked. Errors: 22023 bad filter, limit_rows (1 to 1000) or token, which is of the same query and filters; 25001 {"wait": ...} above READ COMMITTED; 55P03 search is still behind after {"wait": ...}';

CREATE FUNCTION pm_catalog.search_facets(query text, filters jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pm_gtin, pg_temp SET enable_seqscan = off
AS $$
DECLARE
  f record := pm_catalog._read_filters(filters);
  q record;
BEGIN
  q := pm_catalog._search_query(query, f.language, false);
  RETURN pm_catalog._count_facets(
    CASE WHEN query = '' THEN CASE WHEN f.lexemes = '' THEN f.condition ELSE format('d.document @@ %L::tsquery AND %s', f.lexemes, f.condition) END
         WHEN q.plain IS NULL THEN 'false'
         ELSE format('d.document @@ %L::tsquery AND %s', concat_ws('&', q.plain, nullif(f.lexemes, '')), f.condition) END,
    pm_catalog._facet_tiers(q.tiered, q.documents, f.lexemes, f.condition), f.currency);
END
$$;
COMMENT ON FUNCTION pm_catalog.search_facets(text, jsonb) IS
'counts of what the words of a query find, or of all products that pass the filters if it is empty: {"matches", "is_exact", "brands", "categories", "suppliers": [{"id", "name", "count"}], "prices": [{"from", "to", "currency", "count"}]}, the 20 largest of each. More than 5 000 products: the first of them, those with short titles, are counted, matches is 5001 and is_exact false. Errors: 22023 bad filter';

REVOKE ALL ON FUNCTION pm_catalog._near_words(text, integer), pm_catalog._is_found(text), pm_catalog._search_query(text, text, boolean),
  pm_catalog._search_candidates(text[], text, text, bigint, text, text), pm_catalog._matched_identifier(uuid, text, text[]),
  pm_catalog._identified(text, text, text[], text, text), pm_catalog._count_facets(text, text[], text), pm_catalog._facet_tiers(text, bigint, text, text), pm_catalog._search_token(real, uuid, integer),
  pm_catalog._read_search_token(text, integer), pm_catalog._wait_for_search(interval), pm_catalog.search_products(text, jsonb, integer, text),
  pm_catalog.search_facets(text, jsonb) FROM PUBLIC;
