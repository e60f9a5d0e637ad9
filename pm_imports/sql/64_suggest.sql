-- Which column of a file is what: documents of a config, for a person to look at.

CREATE FUNCTION pm_imports._suggest(plan jsonb, path text, content bytea, rows integer) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_imports__suggest';

-- The plan by which a file is looked at that no config is for.
CREATE FUNCTION pm_imports._look_plan(file_options jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_imports._refuse_mistakes('file_options', ARRAY(
    SELECT format('%s: %s', m.place, m.problem) FROM pm_imports.config_mistakes(jsonb_build_object('file_options', file_options)) AS m ORDER BY m.place COLLATE "C", m.problem COLLATE "C"));
  RETURN jsonb_build_object('supplier_code', '-', 'field_mapping', '{"gtin": 1}'::jsonb, 'import_options', pm_imports._defaults('import_options'),
    'file_options', pm_imports._defaults('file_options') || CASE jsonb_typeof(file_options) WHEN 'object' THEN file_options ELSE '{}' END);
END
$$;

-- The unit that numbers without one are in, as the heading of the column says; NULL: not
-- another one than the target's, which goes before any other.  "in" is one where no word
-- follows it, or in brackets.
CREATE FUNCTION pm_imports._heading_unit(heading text, target text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT u.unit
  FROM (VALUES
    (1, true, NULL, 'kgs?|kilos?|kilogram[a-z]*'), (2, true, 'mg', 'mg|milligram[a-z]*|miligramos?'), (3, true, 'g', 'g|gr|grams?|grammes?|gramm|gramos'),
    (4, true, 'lb', 'lbs?|pounds?|livres?|pfund|libras?'), (5, true, 'oz', 'oz|ounces?|onces?|unzen?|onzas?'),
    (1, false, NULL, 'cms?|centimet[a-z]*'), (2, false, 'mm', 'mm|millimet[a-z]*|milimet[a-z]*'), (3, false, 'm', 'm|meters?|metres?|metros?'), (4, false, 'ft', 'ft|feet'),
    (5, false, 'in', 'inch|inches|zoll|pouces?|pulgadas?|["″”]|in(?=[^a-z]*$)|(?<=[[(])in(?=[])])')) AS u(n, is_weight, unit, words)
  WHERE u.is_weight = (target = 'weight') AND target IN ('weight', 'width', 'height', 'depth')
    AND regexp_replace(normalize(heading, NFD) COLLATE "C", '[\u0300-\u036f]', '', 'g') ~* format('(^|[^a-z])(%s)([^a-z]|$)', u.words)
  ORDER BY u.n LIMIT 1);

-- Documents of a config that map what was found.
CREATE FUNCTION pm_imports._suggested(look jsonb, file_options jsonb) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH col AS MATERIALIZED (
    SELECT (e.c ->> 'position')::integer AS position, e.c ->> 'column' AS name, e.c ->> 'target' AS target, e.c AS facts, s.*,
           -- by its name, if no other column has it
           CASE WHEN length(e.c ->> 'column') BETWEEN 1 AND 500 AND count(*) OVER (PARTITION BY e.c ->> 'column') = 1 THEN e.c -> 'column' ELSE e.c -> 'position' END AS source
    FROM jsonb_array_elements(look -> 'columns') AS e(c),
         jsonb_to_record(e.c -> 'seen') AS s(filled bigint, numbers bigint, commas bigint, points bigint, money bigint, quantities bigint, marked_up bigint)
  ), currency AS (
    -- amounts with their currency say which it is
    SELECT c.source FROM col AS c
    WHERE c.target IN ('price', 'cost') AND c.money > 0 AND c.money * 2 >= c.filled AND NOT EXISTS (SELECT FROM col AS o WHERE o.target = 'currency')
    ORDER BY c.target = 'price' DESC LIMIT 1
  ), mark AS (
    SELECT CASE WHEN sum(c.commas) > 0 AND sum(c.points) = 0 THEN ',' WHEN sum(c.points) > 0 AND sum(c.commas) = 0 THEN '.' END AS decimal_mark
    FROM col AS c WHERE c.target IN ('price', 'cost', 'compare_at_amount', 'weight', 'width', 'height', 'depth')
  ), rule AS (
    SELECT c.target, '["html_text"]'::jsonb AS chain FROM col AS c WHERE c.target IN ('title', 'short_description', 'description', 'long_description') AND c.marked_up > 0
    UNION ALL
    SELECT c.target, jsonb_build_array(jsonb_build_object('unit', jsonb_strip_nulls(jsonb_build_object('to', u.unit, 'from', coalesce(h.unit, CASE WHEN c.numbers > 0 THEN u.unit END),
      -- what the catalog keeps of a quantity that has more in another system
      'decimals', CASE WHEN h.unit IN ('lb', 'oz', 'ft', 'in') THEN u.decimals END))))
    FROM col AS c CROSS JOIN LATERAL (SELECT CASE c.target WHEN 'weight' THEN 'kg' ELSE 'cm' END, CASE c.target WHEN 'weight' THEN 3 ELSE 2 END) AS u(unit, decimals)
    CROSS JOIN LATERAL (SELECT pm_imports._heading_unit(c.name, c.target)) AS h(unit)
    WHERE c.target IN ('weight', 'width', 'height', 'depth') AND (c.quantities > c.numbers OR h.unit IS NOT NULL)
    UNION ALL
    SELECT 'currency', '["currency"]' FROM currency
  )
  SELECT jsonb_build_object(
    'field_mapping', coalesce((SELECT jsonb_object_agg(c.target, c.source) FROM col AS c WHERE c.target IS NOT NULL), '{}')
      || coalesce((SELECT jsonb_build_object('currency', u.source) FROM currency AS u), '{}'),
    'transformation_rules', coalesce((SELECT jsonb_object_agg(r.target, r.chain) FROM rule AS r), '{}'),
    'file_options', jsonb_strip_nulls(jsonb_build_object('decimal_mark', (SELECT m.decimal_mark FROM mark AS m),
        'header', CASE WHEN look #>> '{found,format}' IN ('csv', 'xlsx') AND look -> 'rows' <> '0' THEN look #> '{found,header}' END))
      || CASE jsonb_typeof(file_options) WHEN 'object' THEN file_options ELSE '{}' END,
    'import_options', coalesce((SELECT jsonb_build_object('key', c.target) FROM col AS c WHERE c.target IN ('gtin', 'supplier_sku', 'sku')
                                ORDER BY array_position('{gtin,supplier_sku,sku}', c.target) LIMIT 1), '{}'),
    'columns', coalesce((SELECT jsonb_agg(c.facts - 'seen'::text ORDER BY c.position) FROM col AS c), '[]'), 'found', (look -> 'found') - 'columns'::text, 'rows', look -> 'rows')
$$;

CREATE FUNCTION pm_imports.suggest_mapping_file(path text, file_options jsonb DEFAULT '{}', rows integer DEFAULT 200) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_imports._check_preview('path', path IS NULL, rows);
  RETURN pm_imports._suggested(pm_imports._suggest(pm_imports._look_plan(file_options), path, NULL, rows), file_options);
END
$$;
COMMENT ON FUNCTION pm_imports.suggest_mapping_file(text, jsonb, integer) IS
'looks at the first records of a file of the server and suggests documents of a config, for a person to correct: field_mapping, transformation_rules, file_options and import_options, as import_configs takes them; columns says of each column its target, how sure that is (0 to 1), what else it could be and three of its values, and found what the file is. Headings are known in English, French, German and Spanish; GTINs, prices, currencies and addresses of images are known by their values, too; a unit in the heading of a weight or a size becomes a transform. file_options: where records are, as of a config. Errors: 22P04 the file cannot be read, 22023 rows or file_options, 22004 NULL, and those of import_file() about files';

CREATE FUNCTION pm_imports.suggest_mapping_data(content bytea, file_options jsonb DEFAULT '{}', rows integer DEFAULT 200) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_imports._check_preview('content', content IS NULL, rows);
  RETURN pm_imports._suggested(pm_imports._suggest(pm_imports._look_plan(file_options), NULL, content, rows), file_options);
END
$$;
COMMENT ON FUNCTION pm_imports.suggest_mapping_data(bytea, jsonb, integer) IS
'the same of a file from a client, whose beginning is enough if it is plain text. Errors: those of suggest_mapping_file() that are not about files of the server';

REVOKE ALL ON FUNCTION pm_imports._suggest(jsonb, text, bytea, integer), pm_imports._look_plan(jsonb), pm_imports._heading_unit(text, text), pm_imports._suggested(jsonb, jsonb),
  pm_imports.suggest_mapping_file(text, jsonb, integer), pm_imports.suggest_mapping_data(bytea, jsonb, integer) FROM PUBLIC;
