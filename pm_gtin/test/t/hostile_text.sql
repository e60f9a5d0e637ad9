-- What 004_hostile_text.pl asks of every text.

CREATE EXTENSION pm_gtin;
CREATE TABLE inputs (g gtin, input bytea);

-- One call: the SQLSTATE, or "fine", and the answer, or the message.
CREATE FUNCTION attempt(what text, code text, g gtin, OUT state text, OUT answer text) LANGUAGE plpgsql AS $$
BEGIN
  state := 'fine';
  answer := CASE what
    WHEN 'gtin' THEN gtin(code)::text
    WHEN 'gtin_in' THEN gtin_in(code::cstring)::text
    WHEN 'gtin8' THEN code::gtin8::text
    WHEN 'gtin12' THEN code::gtin12::text
    WHEN 'gtin13' THEN code::gtin13::text
    WHEN 'gtin14' THEN code::gtin14::text
    WHEN 'isbn' THEN code::gtin_isbn::text
    WHEN 'issn' THEN code::gtin_issn::text
    WHEN 'ismn' THEN code::gtin_ismn::text
    WHEN 'asin' THEN code::asin::text
    WHEN 'elements' THEN code::gs1_elements::text
    WHEN 'gs1_gtin' THEN gs1_gtin(code)::text
    WHEN 'parse' THEN (SELECT string_agg(format('(%s)%s', p.ai, replace(p.value, '(', '\(')), '')
                       FROM gs1_parse(code) AS p WHERE p.title IS NOT NULL)
    WHEN 'check' THEN gtin_check_digit(code)::text
    WHEN 'complete' THEN gtin_complete(code)::text
    WHEN 'upce' THEN upc_e_to_gtin(code)::text
    WHEN 'upce_short' THEN upc_e_to_gtin(code, true)::text
    WHEN 'link' THEN digital_link_gtin(code)::text
    WHEN 'legacy' THEN digital_link_gtin(code, true)::text
    WHEN 'link_elements' THEN digital_link_elements(code, true)::text
    WHEN 'stem' THEN gs1_gtin(digital_link_elements(gs1_digital_link('(01)04006381333931'::gs1_elements, code)))::text
    WHEN 'batch' THEN gs1_value(digital_link_elements(gs1_digital_link(g, code, code)), '10')
    WHEN 'value' THEN gs1_value('(01)04006381333931', code)
    WHEN 'measure' THEN gtin_measure(g, code)::text
    WHEN 'prefix' THEN (g ^@ code)::text
    WHEN 'resolve' THEN gtin_resolve(code)::text
    -- convert_from() refuses half a character
    WHEN 'resolve_all' THEN (SELECT count(convert_from(convert_to(raw, getdatabaseencoding()), getdatabaseencoding()))::text
                             FROM gtin_resolve_all(code))
  END;
EXCEPTION WHEN OTHERS THEN
  state := SQLSTATE;
  answer := SQLERRM;
END
$$;

-- What is wrong with the answers to one text; NULL if nothing is.
CREATE FUNCTION complaint(code text, g gtin) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  what text;
  a record;
  c jsonb := '{}';
  again text;
  g_try gtin := gtin_try(code);
  r record;
  all_parts bigint;
  good_parts bigint;
  contained boolean;
BEGIN
  FOREACH what IN ARRAY '{gtin,gtin_in,gtin8,gtin12,gtin13,gtin14,isbn,issn,ismn,asin,elements,gs1_gtin,parse,check,
      complete,upce,upce_short,link,legacy,link_elements,stem,batch,value,measure,prefix,resolve,resolve_all}'::text[]
  LOOP
    a := attempt(what, code, g);
    IF a.state !~ '^(fine|22...)$' OR a.state = '22000' OR (a.state <> 'fine' AND what LIKE 'resolve%') THEN
      RETURN format('%s: %s %s', what, a.state, a.answer);
    END IF;
    c := c || jsonb_build_object(what, CASE a.state WHEN 'fine' THEN a.answer END, what || '?', a.state);
    -- what was made of the text is read as the same again
    IF a.state = 'fine'
       AND what IN ('gtin', 'gtin8', 'gtin12', 'gtin13', 'gtin14', 'isbn', 'issn', 'ismn', 'asin', 'elements') THEN
      again := (attempt(what, a.answer, g)).answer;
      IF again <> a.answer THEN
        RETURN format('%s: %s is read as %s again', what, a.answer, again);
      END IF;
    END IF;
  END LOOP;

  again := CASE
    WHEN gtin_valid(code) <> (g_try IS NOT NULL) THEN 'gtin_valid and gtin_try differ'
    WHEN c->>'gtin' IS DISTINCT FROM g_try::text THEN 'the cast and gtin_try differ'
    WHEN c->>'gtin_in' IS DISTINCT FROM g_try::text THEN 'input and gtin_try differ'
    WHEN c->>'gtin14' IS DISTINCT FROM gtin_digits(g_try, 14) THEN 'gtin14 and gtin_try differ'
    WHEN c->>'asin' IS DISTINCT FROM asin_try(code)::text THEN 'asin and asin_try differ'
    WHEN asin_of(asin_isbn(asin_try(code))) <> asin_try(code) THEN 'asin_isbn and asin_of differ'
    WHEN c->>'gs1_gtin?' <> c->>'elements?' OR c->>'parse?' <> c->>'elements?' THEN 'the readers of element strings differ'
    WHEN c->>'link' <> c->>'legacy' THEN 'legacy changes the meaning of a Digital Link'
    WHEN c->>'legacy?' <> c->>'link_elements?' THEN 'the readers of Digital Links differ'
    WHEN c->>'stem' <> '4006381333931' OR c->>'batch' <> code THEN 'our own Digital Link is read otherwise'
    WHEN (c->>'check?' = 'fine') <> (code ~ '^[0-9]+$') THEN 'gtin_check_digit'
    WHEN (c->>'complete?' = 'fine') <> (code ~ '^([0-9]{7}|[0-9]{11,13})$' AND code ~ '[1-9]') THEN 'gtin_complete'
    WHEN left(gtin_digits((c->>'complete')::gtin, 14), 13) <> lpad(code, 13, '0') THEN 'gtin_complete altered digits'
    WHEN c->>'upce?' = 'fine' AND (code !~ '^[01][0-9]{7}$' OR c->>'upce' <> c->>'upce_short') THEN 'upc_e_to_gtin'
    WHEN (c->>'prefix')::boolean <> CASE WHEN code ~ '^[0-9]{0,13}$' AND gtin_kind(g) < 14
                                         THEN starts_with(gtin_digits(g, 13), code) ELSE false END THEN '^@'
  END;
  IF again IS NOT NULL THEN
    RETURN format('%s: %s', again, c);
  END IF;

  r := gtin_resolve(code);
  SELECT count(*), bool_or(x.gtin = r.gtin),
         count(*) FILTER (WHERE strpos(code, x.raw) > 0 AND x.confidence BETWEEN 0 AND 1
                            AND coalesce(gtin(x.gtin::bigint) = x.gtin, true)
                            AND coalesce(gtin(x.suggestion::bigint) = x.suggestion, true)
                            AND (x.method = 'sci_lossy' OR x.low IS NULL AND x.high IS NULL)
                            AND coalesce(gtin(x.low::bigint) <= gtin(x.high::bigint), x.high IS NULL))
  INTO all_parts, contained, good_parts FROM gtin_resolve_all(code) AS x;
  again := CASE
    WHEN gtin(r.gtin::bigint) <> r.gtin OR (r.gtin IS NOT NULL AND gtin_try(r.gtin::text) IS DISTINCT FROM r.gtin)
      THEN 'gtin is none'
    WHEN gtin(r.suggestion::bigint) <> r.suggestion THEN 'suggestion is no gtin'
    WHEN r.confidence NOT BETWEEN CASE WHEN r.gtin IS NULL THEN 0 ELSE 0.5 END AND 1 THEN 'confidence'
    WHEN (gtin_resolve(code, 0)).method <> r.method THEN 'min_confidence changes the method'
    WHEN (gtin_resolve(code, 0)).gtin IS NOT NULL AND r.method IN ('missing_check_digit', 'bad_check_digit', 'sci_lossy',
      'multiple', 'placeholder', 'asin', 'not_a_gtin', 'empty') THEN 'a guess is applied'
    WHEN (gtin_resolve(code, 0.5, ARRAY[code, NULL, ''])).gtin IS NOT NULL AND code ~ '^[!-~]([ -~]*[!-~])?$'
      THEN 'a placeholder is a gtin'
    WHEN r.method = 'exact' AND g_try IS DISTINCT FROM r.gtin THEN 'exact is not'
    -- a 0 beside the code, as an empty cell of a table, may be dropped
    -- digits that are not ASCII may stand between, but none that is written may be missing or change places
    WHEN r.method IN ('exact', 'trim', 'separators', 'quoting')
      AND CASE WHEN code ~ '^[\x01-\x7f]*$'
               THEN regexp_replace(code, '[^1-9]', '', 'g') <> regexp_replace(r.gtin::text, '0', '', 'g')
               ELSE regexp_replace(r.gtin::text, '0', '', 'g')
                    !~ ('^.*' || regexp_replace(regexp_replace(code, '[^1-9]', '', 'g'), '(.)', '\1.*', 'g') || '$') END
      THEN 'silently altered'
    WHEN r.method IN ('exact', 'trim') AND ltrim(regexp_replace(code, '[^0-9]', '', 'g'), '0') <> r.gtin::bigint::text
      THEN 'silently altered'
    WHEN g_try IS NOT NULL AND octet_length(code) <= 4096 AND r.method <> 'placeholder'
      AND g_try IS DISTINCT FROM r.gtin THEN 'gtin_try knows better'
    WHEN good_parts <> all_parts OR all_parts = 0 THEN 'a part is wrong'
    WHEN r.method = 'multiple' AND all_parts < 2 THEN 'multiple is one'
    WHEN r.gtin IS NOT NULL AND contained IS NOT TRUE AND all_parts < 32 THEN 'the parts lack the answer'
  END;
  RETURN format('gtin_resolve, %s: %s %s', again, r, (SELECT array_agg(x) FROM gtin_resolve_all(code) AS x))
         WHERE again IS NOT NULL;
END
$$;
