-- Completing what is being typed.

CREATE FUNCTION pm_catalog.suggest(prefix text, limit_rows integer DEFAULT 10) RETURNS TABLE (suggestion text, documents integer)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  typed text := left(prefix, 200);
  last_word record;
  before text;
  q record;
  all_documents float8;
  n integer := 0;
  w record;
BEGIN
  IF limit_rows IS NULL OR limit_rows NOT BETWEEN 1 AND 100 THEN
    RAISE EXCEPTION 'invalid limit_rows: %', coalesce('"' || limit_rows::text || '"', 'NULL') USING ERRCODE = '22023', HINT = 'It is 1 to 100.';
  END IF;
  SELECT x.word, x.spelling INTO last_word
  FROM (SELECT y.word, y.spelling, row_number() OVER () AS n FROM pm_catalog._words(typed) AS y WHERE NOT y.is_joined) AS x ORDER BY x.n DESC LIMIT 1;
  -- nothing typed, or the last word is finished
  IF last_word.word IS NULL OR right(typed, 1) = ' ' THEN
    RETURN;
  END IF;
  before := left(typed, length(typed) - strpos(reverse(typed), reverse(last_word.spelling)) + 1 - length(last_word.spelling));
  q := pm_catalog._search_query(before, NULL, false);
  all_documents := (SELECT greatest(c.reltuples, 1) FROM pg_class AS c WHERE c.oid = 'pm_catalog.search_documents'::regclass);
  FOR w IN
    -- the frequent ones, and if these are too few the others as well
    SELECT x.* FROM (
      SELECT k.word, k.spelling, k.documents FROM pm_catalog.search_words AS k WHERE k.is_frequent AND k.word ^@ last_word.word COLLATE "C"
      ORDER BY k.documents DESC, k.word LIMIT 20) AS x
    UNION ALL
    SELECT x.* FROM (
      SELECT k.word, k.spelling, k.documents FROM pm_catalog.search_words AS k WHERE NOT k.is_frequent AND k.word ^@ last_word.word COLLATE "C"
      ORDER BY k.documents DESC, k.word LIMIT 20) AS x
    LIMIT 20
  LOOP
    -- only what is found together with the words before; what both very many have is taken to be
    CONTINUE WHEN q.plain IS NOT NULL AND (q.documents <= 1000 OR q.documents * w.documents < 10 * all_documents)
      AND NOT pm_catalog._is_found(q.plain || '&' || quote_literal(w.word));
    suggestion := before || w.spelling;
    documents := w.documents;
    RETURN NEXT;
    n := n + 1;
    EXIT WHEN n >= limit_rows;
  END LOOP;
END
$$;
COMMENT ON FUNCTION pm_catalog.suggest(text, integer) IS
'completes the last word of what is typed, by words that products have, the most frequent first; after other words only by such as are found together with them, among the 20 most frequent (two that so many have that 10 products would have both by chance are taken to be). documents: how many products have the completed word. No rows if nothing or a blank was typed last. Error 22023 if limit_rows is not 1 to 100';

REVOKE ALL ON FUNCTION pm_catalog.suggest(text, integer) FROM PUBLIC;
