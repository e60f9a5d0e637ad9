-- Filters of search_products(), search_facets() and list_products(): a JSON object, of which
-- every key is known and every value of the right type, or it is an error.

CREATE FUNCTION pm_catalog._refuse_filter(name text, value jsonb, expected text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'invalid filter "%": %', left(name, 64), left(value::text, 100) USING ERRCODE = '22023', HINT = expected;
END
$$;

-- The ids that a filter names: one, or a list of up to 100.
CREATE FUNCTION pm_catalog._filter_ids(name text, value jsonb) RETURNS uuid[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  items jsonb := CASE WHEN jsonb_typeof(value) = 'array' THEN value ELSE jsonb_build_array(value) END;
BEGIN
  IF jsonb_array_length(items) NOT BETWEEN 1 AND 100
    OR EXISTS (SELECT FROM jsonb_array_elements(items) AS i WHERE NOT (jsonb_typeof(i) = 'string' AND i #>> '{}' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')) THEN
    PERFORM pm_catalog._refuse_filter(name, value, 'It is an id (uuid) or a list of 1 to 100 of them.');
  END IF;
  RETURN ARRAY(SELECT i::uuid FROM jsonb_array_elements_text(items) AS i);
END
$$;

-- A filter's price, boolean or text of a type; NULL if it is not given.
CREATE FUNCTION pm_catalog._filter_value(filters jsonb, name text, type text, expected text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT filters ? name THEN
    RETURN NULL;
  END IF;
  IF jsonb_typeof(filters -> name) <> type THEN
    PERFORM pm_catalog._refuse_filter(name, filters -> name, expected);
  END IF;
  RETURN filters ->> name;
END
$$;

-- What filters mean: lexemes that documents must have (the text of a tsquery, '' for
-- none), and a condition on the columns of search_documents AS d; brand: the one that is
-- asked for, if it is one, and beside_brand: the lexemes without it.
CREATE FUNCTION pm_catalog._read_filters(filters jsonb, OUT lexemes text, OUT brand uuid, OUT beside_brand text, OUT condition text, OUT language text, OUT facets boolean, OUT wait interval, OUT currency text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known CONSTANT text[] := ARRAY['brand', 'category', 'supplier', 'family', 'status', 'active', 'in_stock', 'min_price', 'max_price', 'currency', 'language', 'facets', 'wait'];
  key text;
  price numeric;
  parts text[] := '{}';
  conditions text[] := '{}';
  statuses text[];
  value text;
BEGIN
  IF filters IS NULL OR jsonb_typeof(filters) <> 'object' THEN
    RAISE EXCEPTION 'filters are no JSON object: %', coalesce(left(filters::text, 100), 'NULL')
      USING ERRCODE = '22023', HINT = 'Write for example {"in_stock": true}; {} for none.';
  END IF;
  FOR key IN SELECT k FROM jsonb_object_keys(filters) AS k WHERE k <> ALL (known) ORDER BY k LIMIT 1 LOOP
    RAISE EXCEPTION 'unknown filter "%"', left(key, 64)
      USING ERRCODE = '22023', HINT = 'Filters are ' || array_to_string(known, ', ') || '.';
  END LOOP;

  FOR key, value IN SELECT * FROM (VALUES ('brand', '@b'), ('supplier', '@p'), ('family', '@f')) AS v LOOP
    IF filters ? key THEN
      parts := parts || (SELECT '(' || string_agg(quote_literal(value || i), '|') || ')' FROM unnest(pm_catalog._filter_ids(key, filters -> key)) AS i);
    END IF;
  END LOOP;
  IF filters ? 'category' THEN
    parts := parts || (SELECT '(' || coalesce(string_agg(quote_literal('@c' || c.number), '|'), quote_literal('@c0')) || ')'
                       FROM pm_catalog.categories AS c WHERE c.id = ANY (pm_catalog._filter_ids('category', filters -> 'category')));
  END IF;

  IF filters ? 'status' THEN
    statuses := ARRAY(SELECT DISTINCT jsonb_array_elements_text(CASE WHEN jsonb_typeof(filters -> 'status') = 'array' THEN filters -> 'status' ELSE jsonb_build_array(filters -> 'status') END));
    IF NOT statuses <@ ARRAY['draft', 'active', 'inactive', 'discontinued'] OR statuses = '{}' OR array_position(statuses, NULL) IS NOT NULL THEN
      PERFORM pm_catalog._refuse_filter('status', filters -> 'status', 'It is draft, active, inactive or discontinued, or a list of these.');
    END IF;
    conditions := conditions || format('d.status = ANY (%L)', statuses);
    IF NOT 'active' = ANY (statuses) THEN
      parts := parts || (SELECT '(' || string_agg(quote_literal('@s' || s), '|') || ')' FROM unnest(statuses) AS s);
    END IF;
  END IF;
  value := pm_catalog._filter_value(filters, 'active', 'boolean', 'It is true or false.');
  IF value IS NOT NULL THEN
    conditions := conditions || CASE WHEN value::boolean THEN 'd.is_active' ELSE 'NOT d.is_active' END;
  END IF;
  IF NOT filters ?| ARRAY['status', 'active'] THEN
    conditions := conditions || 'd.is_live'::text;
  END IF;
  value := pm_catalog._filter_value(filters, 'in_stock', 'boolean', 'It is true or false.');
  IF value IS NOT NULL THEN
    conditions := conditions || CASE WHEN value::boolean THEN 'd.in_stock' ELSE 'NOT d.in_stock' END;
  END IF;

  currency := coalesce(pm_catalog._filter_value(filters, 'currency', 'string', 'It is the code of a currency, such as EUR.'), 'EUR');
  IF NOT pm_catalog.is_currency(currency) THEN
    PERFORM pm_catalog._refuse_filter('currency', filters -> 'currency', 'It is the code of a currency, such as EUR.');
  END IF;
  FOREACH key IN ARRAY ARRAY['min_price', 'max_price'] LOOP
    price := pm_catalog._filter_value(filters, key, 'number', 'It is an amount of money: 0 to below 10^12.')::numeric;
    IF price < 0 OR price >= 1000000000000 THEN
      PERFORM pm_catalog._refuse_filter(key, filters -> key, 'It is an amount of money: 0 to below 10^12.');
    END IF;
    IF price IS NOT NULL THEN
      conditions := conditions || format('d.prices[array_position(d.currencies, %L)] %s %s', currency, CASE key WHEN 'min_price' THEN '>=' ELSE '<=' END, price);
    END IF;
  END LOOP;

  language := pm_catalog._filter_value(filters, 'language', 'string', 'It is fr, en, de, es, it or simple.');
  IF language NOT IN ('fr', 'en', 'de', 'es', 'it', 'simple') THEN
    PERFORM pm_catalog._refuse_filter('language', filters -> 'language', 'It is fr, en, de, es, it or simple.');
  END IF;
  facets := coalesce(pm_catalog._filter_value(filters, 'facets', 'boolean', 'It is true or false.')::boolean, false);
  value := pm_catalog._filter_value(filters, 'wait', 'string', 'It is a time, such as 2 s, of at most 1 minute.');
  -- nothing that interval would not take: a subtransaction to catch that is not for parallel queries
  IF value !~ '^([0-9]{1,5}(\.[0-9]{1,6})? ?(ms|milliseconds?|s|sec|secs|seconds?|min|mins|minutes?)|00:0[01]:[0-5][0-9](\.[0-9]{1,6})?)$' OR value::interval > '1 min' THEN
    PERFORM pm_catalog._refuse_filter('wait', filters -> 'wait', 'It is a time, such as 2 s, of at most 1 minute.');
  END IF;
  wait := value::interval;
  lexemes := array_to_string(parts, '&');
  IF filters ? 'brand' AND cardinality(pm_catalog._filter_ids('brand', filters -> 'brand')) = 1 THEN
    brand := (pm_catalog._filter_ids('brand', filters -> 'brand'))[1];
    beside_brand := array_to_string(parts[2:], '&');
  END IF;
  condition := coalesce(nullif(array_to_string(conditions, ' AND '), ''), 'true');
END
$$;

REVOKE ALL ON FUNCTION pm_catalog._refuse_filter(text, jsonb, text), pm_catalog._filter_ids(text, jsonb), pm_catalog._filter_value(jsonb, text, text, text),
  pm_catalog._read_filters(jsonb) FROM PUBLIC;
