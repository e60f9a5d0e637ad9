-- Completing what is being typed.

CREATE FUNCTION pm_catalog.suggest(prefix text, limit_rows integer DEFAULT 10) RETURNS TABLE (suggestion text, documents integer)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
  SET enable_seqscan = off SET enable_indexscan = off SET enable_indexonlyscan = off SET jit = off
AS $$
DECLARE
  few CONSTANT integer := 1000;
  typed text := left(prefix, 200);
  last_word record;
  before text;
  q record;
  all_documents float8;
BEGIN
  IF limit_rows IS NULL OR limit_rows NOT BETWEEN 1 AND 100 THEN
    RAISE EXCEPTION 'invalid limit_rows: %', coalesce('"' || limit_rows::text || '"', 'NULL') USING ERRCODE = '22023', HINT = 'It is 1 to 100.';
  END IF;
  SELECT x.word, x.spelling INTO last_word
  FROM (SELECT y.word, y.spelling, row_number() OVER () AS n FROM pm_catalog._words(typed) AS y WHERE NOT y.is_joined) AS x ORDER BY x.n DESC LIMIT 1;
  -- nothing typed, or the last word is finished
  IF last_word.word IS NULL OR typed ~ '\s$' THEN
    RETURN;
  END IF;
  before := left(typed, length(typed) - strpos(reverse(typed), reverse(last_word.spelling)) + 1 - length(last_word.spelling));
  q := pm_catalog._search_query(before, NULL, false);
  all_documents := (SELECT greatest(c.reltuples, 1) FROM pg_class AS c WHERE c.oid = 'pm_catalog.search_documents'::regclass);
  IF q.documents <= few THEN
    -- what the few products have, all of it
    RETURN QUERY
    SELECT before || k.spelling, k.documents
    FROM (SELECT DISTINCT w FROM (SELECT d.document FROM pm_catalog.search_documents AS d WHERE d.document @@ q.plain::tsquery LIMIT few) AS f,
            unnest(pm_catalog._document_words(f.document, last_word.word)) AS w) AS x
    JOIN pm_catalog.search_words AS k ON k.word = x.w
    ORDER BY k.documents DESC, k.word LIMIT limit_rows;
    RETURN;
  END IF;
  RETURN QUERY
  SELECT before || x.spelling, x.documents
  FROM (
    -- the frequent ones, and if these are too few the others as well
    (SELECT k.word, k.spelling, k.documents FROM pm_catalog.search_words AS k WHERE k.is_frequent AND k.word ^@ last_word.word COLLATE "C"
     ORDER BY k.documents DESC, k.word LIMIT 20)
    UNION ALL
    (SELECT k.word, k.spelling, k.documents FROM pm_catalog.search_words AS k WHERE NOT k.is_frequent AND k.word ^@ last_word.word COLLATE "C"
     ORDER BY k.documents DESC, k.word LIMIT 20)
    LIMIT 20) AS x,
  LATERAL (
    SELECT CASE WHEN q.plain IS NOT NULL THEN (q.plain || '&' || quote_literal(x.word))::tsquery END AS together,
           CASE WHEN x.documents <= few THEN quote_literal(x.word)::tsquery END AS alone
    OFFSET 0) AS y
  -- only what is found together with the words before: what both very many have is taken
  -- to be, and of a rare word the products are read, which is cheaper than to look for each in a long list
  WHERE q.plain IS NULL OR q.documents * x.documents >= 10 * all_documents
     OR EXISTS (SELECT FROM pm_catalog.search_documents AS d WHERE d.document @@ coalesce(y.alone, y.together) AND ts_match_vq(d.document, y.together))
  LIMIT limit_rows;
END
$$;
COMMENT ON FUNCTION pm_catalog.suggest(text, integer) IS
'completes the last word of what is typed, by words that products have, the most frequent first; after other words only by such as products have together with them: if more than 1 000 have these, among the 20 most frequent, and two that so many have that 10 products would have both by chance are taken to be. documents: how many products have the completed word. No rows if nothing or a blank was typed last. Error 22023 if limit_rows is not 1 to 100';

REVOKE ALL ON FUNCTION pm_catalog.suggest(text, integer) FROM PUBLIC;
