-- What a config comes to with all that it inherits, and what is wrong with it.

-- A document with attributes.CODE as technical_specs.CODE, which it is.
CREATE FUNCTION pm_imports._normal_targets(document jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_object_agg(regexp_replace(e.key, '^attributes[.]', 'technical_specs.'), e.value), '{}')
        FROM jsonb_each(CASE jsonb_typeof(document) WHEN 'object' THEN document END) AS e);

-- What an object of a schema is where nobody says anything.
CREATE FUNCTION pm_imports._defaults(definition text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_object_agg(p.key, p.value -> 'default')
  FROM jsonb_each(pm_imports.config_schema() #> ARRAY['$defs', definition, 'properties']) AS p WHERE p.value ? 'default'
$$;

-- The type that a target's values are of; NULL: it is no target.
CREATE FUNCTION pm_imports._target_type(target text) RETURNS regtype
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN target ~ '^(technical_specs|attributes)[.][^.]' THEN 'text'::regtype
         ELSE (SELECT t.type FROM pm_imports.targets AS t WHERE t.name = target) END
$$;

-- What is wrong with an expression; NULL: nothing.
CREATE FUNCTION pm_imports._expression_mistake(expression text, type regtype) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_imports._check_expression(expression, type);
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLERRM;
END
$$;

-- What is wrong with a regular expression; NULL: nothing.
CREATE FUNCTION pm_imports._pattern_mistake(pattern text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM '' ~ pattern;
  RETURN NULL;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLERRM;
END
$$;

-- What is wrong with a plan as a job would find it, and where, if that is known; NULL: nothing.
CREATE FUNCTION pm_imports._compile_mistake(plan jsonb, OUT place text, OUT problem text)
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_imports._check_plan(plan);
EXCEPTION WHEN invalid_parameter_value OR feature_not_supported OR invalid_regular_expression THEN
  place := substring(SQLERRM FROM '^(.*) of the plan ');
  problem := regexp_replace(SQLERRM, '^.* of the plan ', '');
END
$$;

-- What is wrong with a transform of a target's values; NULL: nothing.
CREATE FUNCTION pm_imports._transform_mistake(target text, transform jsonb) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT m.problem FROM pm_imports._compile_mistake(jsonb_build_object('supplier_code', '-', 'field_mapping', jsonb_build_object('gtin', 1, target, 1),
    'transformation_rules', jsonb_build_object(target, jsonb_build_array(transform)), 'file_options', pm_imports._defaults('file_options'),
    'import_options', pm_imports._defaults('import_options'))) AS m
$$;

-- What is wrong with the values that documents have themselves.  How a constant is
-- transformed, and what an attribute must be, they say too.
CREATE FUNCTION pm_imports._value_mistakes(documents jsonb, OUT place text, OUT problem text) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH constant AS (
    SELECT e.key, e.value FROM jsonb_each(documents -> 'field_mapping') AS e WHERE jsonb_typeof(e.value) = 'object' AND e.value ? 'const'
  ), other AS (
    SELECT e.key, e.value FROM jsonb_each(CASE jsonb_typeof(documents -> 'default_values') WHEN 'object' THEN documents -> 'default_values' END) AS e
    WHERE jsonb_typeof(e.value) IN ('string', 'number', 'boolean') AND pm_imports._target_type(e.key) IS NOT NULL
  )
  SELECT pm_imports._json_member(v.document, v.target),
         format('%s: %s', pm_imports._json_kind(CASE v.document WHEN 'field_mapping' THEN documents #> ARRAY['field_mapping', v.target, 'const'] ELSE documents #> ARRAY['default_values', v.target] END), v.problem)
  FROM pm_imports._check_values(jsonb_build_object('supplier_code', '-',
    'field_mapping', '{"gtin": 1}' || coalesce((SELECT jsonb_object_agg(c.key, c.value) FROM constant AS c), '{}'),
    'transformation_rules', coalesce((SELECT jsonb_object_agg(c.key, documents #> ARRAY['transformation_rules', c.key]) FROM constant AS c WHERE documents -> 'transformation_rules' ? c.key), '{}'),
    'default_values', coalesce((SELECT jsonb_object_agg(o.key, o.value) FROM other AS o), '{}'),
    'validation_rules', coalesce((SELECT jsonb_agg(r.rule) FROM jsonb_array_elements(documents -> 'validation_rules') AS r(rule) WHERE r.rule ->> 'rule' IN ('type', 'gtin_confidence')), '[]'),
    'file_options', coalesce(documents -> 'file_options', '{}'), 'import_options', '{}'::jsonb)) AS v
$$;

CREATE FUNCTION pm_imports.config_mistakes(documents jsonb) RETURNS TABLE (place text, problem text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH schema AS (
    SELECT pm_imports.config_schema() AS root
  ), rule AS (
    SELECT d.path || format('[%s].value', r.n - 1) AS place, r.rule ->> 'rule' AS kind, r.rule -> 'value' AS value
    FROM (VALUES ('validation_rules', documents -> 'validation_rules'),
                 ('mapping_config.validation_rules', documents #> '{mapping_config,validation_rules}')) AS d(path, rules)
    CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(d.rules) WHEN 'array' THEN d.rules END) WITH ORDINALITY AS r(rule, n)
    WHERE jsonb_typeof(r.rule) = 'object'
  )
  SELECT m.place, m.problem FROM schema AS s, pm_imports._json_mistakes(s.root, s.root, documents, '') AS m
  UNION ALL
  SELECT pm_imports._json_member('computed_attributes', c.key), pm_imports._expression_mistake(c.value #>> '{}', pm_imports._target_type(c.key))
  FROM jsonb_each(CASE jsonb_typeof(documents -> 'computed_attributes') WHEN 'object' THEN documents -> 'computed_attributes' END) AS c
  WHERE jsonb_typeof(c.value) = 'string' AND length(c.value #>> '{}') BETWEEN 1 AND 10000 AND pm_imports._target_type(c.key) IS NOT NULL
    AND pm_imports._expression_mistake(c.value #>> '{}', pm_imports._target_type(c.key)) IS NOT NULL
  UNION ALL
  SELECT format('%s[%s]', pm_imports._json_member(d.path, t.key), e.n - 1), m.problem
  FROM (VALUES ('transformation_rules', documents -> 'transformation_rules'),
               ('mapping_config.transformation_rules', documents #> '{mapping_config,transformation_rules}')) AS d(path, rules)
  CROSS JOIN LATERAL jsonb_each(CASE jsonb_typeof(d.rules) WHEN 'object' THEN d.rules END) AS t
  CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(t.value) WHEN 'array' THEN t.value END) WITH ORDINALITY AS e(one, n)
  CROSS JOIN LATERAL (SELECT CASE WHEN pm_imports._target_type(t.key) IS NOT NULL AND CASE jsonb_typeof(e.one)
      WHEN 'string' THEN e.one <> '""' WHEN 'object' THEN (SELECT count(*) FROM jsonb_object_keys(e.one)) = 1 END
    THEN pm_imports._transform_mistake(t.key, e.one) END) AS m(problem)
  WHERE m.problem IS NOT NULL
  UNION ALL
  SELECT * FROM pm_imports._value_mistakes(jsonb_build_object('default_values', documents -> 'default_values'))
  UNION ALL
  SELECT r.place, m.problem
  FROM rule AS r
  CROSS JOIN LATERAL (SELECT CASE r.kind
    WHEN 'expression' THEN CASE WHEN length(r.value #>> '{}') BETWEEN 1 AND 10000 THEN pm_imports._expression_mistake(r.value #>> '{}', 'boolean') END
    WHEN 'pattern' THEN CASE WHEN length(r.value #>> '{}') BETWEEN 1 AND 1000 THEN pm_imports._pattern_mistake(r.value #>> '{}') END END) AS m(problem)
  WHERE jsonb_typeof(r.value) = 'string' AND m.problem IS NOT NULL
  UNION ALL
  SELECT r.place, 'min is more than max' FROM rule AS r
  WHERE r.kind = 'length' AND jsonb_typeof(r.value -> 'min') = 'number' AND jsonb_typeof(r.value -> 'max') = 'number' AND r.value -> 'min' > r.value -> 'max'
$$;
COMMENT ON FUNCTION pm_imports.config_mistakes(jsonb) IS 'all that is wrong with documents of a config or template, given by column, such as {"field_mapping": {...}}: where, as field_mapping.title or validation_rules[0].value, and what. No row: nothing';

-- The documents that a config inherits and its own, in the order in which they count.
CREATE FUNCTION pm_imports._layers(config pm_imports.import_configs, OUT layer bigint, OUT documents jsonb) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN n.layer IS NOT NULL THEN n.layer WHEN t.supplier_code IS NULL THEN -1 ELSE 0 END,
         jsonb_build_object('field_mapping', t.field_mapping, 'default_values', t.default_values, 'computed_attributes', t.computed_attributes)
         || CASE jsonb_typeof(t.mapping_config) WHEN 'object' THEN t.mapping_config ELSE '{}' END
  FROM pm_imports.mapping_templates AS t
  LEFT JOIN LATERAL (SELECT max(u.n) AS layer FROM unnest(config.templates) WITH ORDINALITY AS u(name, n) WHERE u.name = t.name) AS n ON true
  WHERE n.layer IS NOT NULL OR t.is_default AND (t.supplier_code IS NULL OR upper(t.supplier_code) = upper(config.supplier_code))
  UNION ALL
  SELECT 1000000, jsonb_build_object('field_mapping', config.field_mapping, 'transformation_rules', config.transformation_rules, 'default_values', config.default_values,
    'computed_attributes', config.computed_attributes, 'validation_rules', config.validation_rules, 'file_options', config.file_options, 'import_options', config.import_options)
  ORDER BY 1
$$;

-- May an import of a type with a key have the target?
CREATE FUNCTION pm_imports._has_target(import_type text, key text, target text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN import_type = 'products' OR target IN (key, 'supplier_sku') OR target = ANY (CASE import_type
  WHEN 'prices' THEN '{cost,price,compare_at_amount,price_type,price_min_quantity,currency,min_quantity}'::text[]
  WHEN 'stocks' THEN '{stock,lead_time_days,min_quantity,on_hand,location,low_stock_threshold}' END);

-- The plan as all layers together say.  Each document has the last word of each member, without
-- those that are null; rules of the same target and kind take the place of earlier ones,
-- expressions are all kept.  Options have their defaults.
CREATE FUNCTION pm_imports._stacked(config pm_imports.import_configs) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH layer AS MATERIALIZED (
    SELECT l.layer, l.documents FROM pm_imports._layers(config) AS l
  ), member AS (
    SELECT DISTINCT ON (d.name, e.key) d.name, e.key, e.value
    FROM layer AS l
    CROSS JOIN unnest('{field_mapping,transformation_rules,default_values,computed_attributes,file_options,import_options}'::text[]) AS d(name)
    CROSS JOIN LATERAL jsonb_each(pm_imports._normal_targets(l.documents -> d.name)) AS e
    ORDER BY d.name, e.key, l.layer DESC
  ), own_rule AS (
    SELECT l.layer, r.n, r.rule || CASE WHEN r.rule ? 'target' THEN jsonb_build_object('target', regexp_replace(r.rule ->> 'target', '^attributes[.]', 'technical_specs.')) ELSE '{}' END
                                || jsonb_build_object('severity', coalesce(r.rule ->> 'severity', 'error')) AS rule
    FROM layer AS l
    CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(l.documents -> 'validation_rules') WHEN 'array' THEN l.documents -> 'validation_rules' END)
      WITH ORDINALITY AS r(rule, n)
  ), rule AS (
    -- the last layer that has any of a target and kind has all of them
    SELECT r.layer, r.n, r.rule
    FROM (SELECT o.*, max(o.layer) OVER (PARTITION BY o.rule ->> 'target', o.rule ->> 'rule', CASE o.rule ->> 'rule' WHEN 'expression' THEN o.rule ->> 'value' END) AS last
          FROM own_rule AS o) AS r
    WHERE r.layer = r.last
  )
  SELECT jsonb_build_object('config', config.config_name, 'supplier_code', config.supplier_code, 'import_type', config.import_type,
           'file_format', config.file_format, 'encoding', config.encoding, 'delimiter', config.delimiter,
           'field_mapping', '{}'::jsonb, 'transformation_rules', '{}'::jsonb, 'default_values', '{}'::jsonb, 'computed_attributes', '{}'::jsonb,
           'file_options', pm_imports._defaults('file_options'), 'import_options', pm_imports._defaults('import_options'),
           'validation_rules', coalesce((SELECT jsonb_agg(r.rule ORDER BY r.layer, r.n) FROM rule AS r), '[]'))
    || coalesce((SELECT jsonb_object_agg(g.name, CASE WHEN g.name IN ('file_options', 'import_options') THEN pm_imports._defaults(g.name) ELSE '{}' END || g.members)
                 FROM (SELECT m.name, jsonb_object_agg(m.key, m.value) FILTER (WHERE m.value <> 'null') AS members FROM member AS m GROUP BY m.name) AS g(name, members)
                 WHERE g.members IS NOT NULL), '{}')
$$;

-- The plan: what a job runs by.  Of what is inherited only that which its type may have.
CREATE FUNCTION pm_imports._merged(config pm_imports.import_configs) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  WITH stack AS MATERIALIZED (
    SELECT s.plan, s.plan #>> '{import_options,key}' AS key FROM pm_imports._stacked(config) AS s(plan)
  )
  SELECT s.plan || (
      SELECT jsonb_object_agg(d.name, coalesce((
        SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(s.plan -> d.name) AS e
        WHERE pm_imports._has_target(config.import_type, s.key, e.key) OR pm_imports._normal_targets(d.own) ? e.key), '{}'))
      FROM (VALUES ('field_mapping', config.field_mapping), ('transformation_rules', config.transformation_rules), ('default_values', config.default_values),
                   ('computed_attributes', config.computed_attributes)) AS d(name, own))
    || jsonb_build_object('validation_rules', coalesce((
      SELECT jsonb_agg(r.rule ORDER BY r.n) FROM jsonb_array_elements(s.plan -> 'validation_rules') WITH ORDINALITY AS r(rule, n)
      WHERE NOT r.rule ? 'target' OR pm_imports._has_target(config.import_type, s.key, r.rule ->> 'target')), '[]'))
  FROM stack AS s
$$;

-- All that is wrong with a config as it would be with what it inherits.
CREATE FUNCTION pm_imports._plan_mistakes(config pm_imports.import_configs, plan jsonb, OUT place text, OUT problem text) RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('templates[%s]', u.n - 1), CASE WHEN t.id IS NULL THEN format('there is no template "%s"', left(u.name, 100)) ELSE format('template "%s" is of supplier "%s"', t.name, t.supplier_code) END
  FROM unnest(config.templates) WITH ORDINALITY AS u(name, n) LEFT JOIN pm_imports.mapping_templates AS t ON t.name = u.name
  WHERE t.id IS NULL OR upper(t.supplier_code) <> upper(config.supplier_code)
  UNION ALL
  SELECT 'schedule_config', 'there is nothing to look into: connection_config has the type "upload"'
  WHERE jsonb_typeof(config.schedule_config) = 'object' AND config.connection_config ->> 'type' = 'upload'
  UNION ALL
  SELECT 'field_mapping', format('nothing becomes %s, which is the key', plan #>> '{import_options,key}')
  WHERE NOT (plan -> 'field_mapping' ? (plan #>> '{import_options,key}') OR plan -> 'computed_attributes' ? (plan #>> '{import_options,key}'))
  UNION ALL
  SELECT pm_imports._json_member(d.name, k.target), format('is no target of an import of %s', config.import_type)
  FROM unnest('{field_mapping,transformation_rules,default_values,computed_attributes}'::text[]) AS d(name) CROSS JOIN LATERAL jsonb_object_keys(plan -> d.name) AS k(target)
  WHERE NOT pm_imports._has_target(config.import_type, plan #>> '{import_options,key}', k.target)
  UNION ALL
  SELECT pm_imports._json_member('field_mapping', m.key), 'names a column, and the file has no header'
  FROM jsonb_each(plan -> 'field_mapping') AS m
  WHERE plan #>> '{file_options,header}' = 'false' AND coalesce(plan ->> 'file_format', 'csv') IN ('csv', 'xlsx')
    AND (jsonb_typeof(m.value) IN ('string', 'array') OR EXISTS (
      SELECT FROM jsonb_array_elements(CASE jsonb_typeof(m.value -> 'concat') WHEN 'array' THEN m.value -> 'concat' END) AS c(one) WHERE jsonb_typeof(c.one) = 'string'))
  UNION ALL
  SELECT * FROM pm_imports._value_mistakes(plan)
$$;

-- Throws what is wrong, if anything is: "config "x" has 2 mistakes", one a line of the detail.
CREATE FUNCTION pm_imports._refuse_mistakes(what text, mistakes text[]) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  n integer := cardinality(mistakes);
BEGIN
  IF n > 0 THEN
    RAISE EXCEPTION '% has % %', what, n, CASE n WHEN 1 THEN 'mistake' ELSE 'mistakes' END
      USING ERRCODE = '22023',
        DETAIL = array_to_string(mistakes[1:100], E'\n') || CASE WHEN n > 100 THEN format(E'\nand %s more', n - 100) ELSE '' END,
        HINT = 'pm_imports.config_schema() says what documents may be, view pm_imports.targets what there is to map to.';
  END IF;
END
$$;

-- The documents of a row of either table, by column.
CREATE FUNCTION pm_imports._documents(config jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT coalesce(jsonb_object_agg(e.key, e.value), '{}') FROM jsonb_each(config) AS e
        WHERE e.key IN ('connection_config', 'schedule_config', 'field_mapping', 'transformation_rules', 'default_values', 'computed_attributes', 'validation_rules',
          'file_options', 'import_options', 'mapping_config'));

-- The plan of a config, with what it inherits; throws what is wrong.  What only the whole of
-- it shows is looked for in one that is good by parts.
CREATE FUNCTION pm_imports._checked_plan(config pm_imports.import_configs) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  plan jsonb := pm_imports._merged(config);
  mistakes text[] := ARRAY(SELECT format('%s: %s', m.place, m.problem) FROM pm_imports._plan_mistakes(config, plan) AS m ORDER BY m.place COLLATE "C", m.problem COLLATE "C");
BEGIN
  IF cardinality(mistakes) = 0 THEN
    mistakes := ARRAY(SELECT concat_ws(': ', m.place, m.problem) FROM pm_imports._compile_mistake(plan) AS m WHERE m.problem IS NOT NULL);
  END IF;
  IF cardinality(mistakes) = 0 THEN
    mistakes := ARRAY(SELECT format('%s: of the default %s', pm_imports._json_member('transformation_rules', v.target), v.problem)
                      FROM pm_imports._check_values(plan) AS v WHERE v.document = 'transformation_rules' ORDER BY 1);
  END IF;
  PERFORM pm_imports._refuse_mistakes(format('config "%s"', config.config_name), mistakes);
  RETURN plan;
END
$$;

CREATE FUNCTION pm_imports._check_config() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_imports._refuse_mistakes(format('config "%s"', NEW.config_name),
    ARRAY(SELECT format('%s: %s', m.place, m.problem) FROM pm_imports.config_mistakes(pm_imports._documents(to_jsonb(NEW))) AS m ORDER BY m.place COLLATE "C", m.problem COLLATE "C"));
  PERFORM pm_imports._checked_plan(NEW);
  RETURN NEW;
END
$$;
CREATE TRIGGER check_config BEFORE INSERT OR UPDATE ON pm_imports.import_configs
FOR EACH ROW EXECUTE FUNCTION pm_imports._check_config();

CREATE FUNCTION pm_imports._check_template() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_imports._refuse_mistakes(format('template "%s"', NEW.name),
    ARRAY(SELECT format('%s: %s', m.place, m.problem) FROM pm_imports.config_mistakes(pm_imports._documents(to_jsonb(NEW))) AS m ORDER BY m.place COLLATE "C", m.problem COLLATE "C"));
  RETURN NEW;
END
$$;
CREATE TRIGGER check_template BEFORE INSERT OR UPDATE ON pm_imports.mapping_templates
FOR EACH ROW EXECUTE FUNCTION pm_imports._check_template();

-- A template that configs name stays, under its name and for their suppliers.
CREATE FUNCTION pm_imports._keep_template() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  users text := (SELECT string_agg(format('"%s"', c.config_name), ', ' ORDER BY c.config_name) FROM pm_imports.import_configs AS c WHERE OLD.name = ANY (c.templates));
BEGIN
  IF users IS NOT NULL THEN
    RAISE EXCEPTION 'template "%" is named by configs', OLD.name
      USING ERRCODE = '23503', DETAIL = format('They are %s.', users), HINT = 'Take it out of their templates first.';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER keep_deleted BEFORE DELETE ON pm_imports.mapping_templates
FOR EACH ROW EXECUTE FUNCTION pm_imports._keep_template();
CREATE TRIGGER keep_renamed BEFORE UPDATE OF name, supplier_code ON pm_imports.mapping_templates
FOR EACH ROW WHEN (OLD.name <> NEW.name OR OLD.supplier_code IS DISTINCT FROM NEW.supplier_code) EXECUTE FUNCTION pm_imports._keep_template();

-- The config that a person names; 23503 if there is none.
CREATE FUNCTION pm_imports._config(config text) RETURNS pm_imports.import_configs
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c pm_imports.import_configs;
BEGIN
  SELECT * INTO c FROM pm_imports.import_configs AS s WHERE s.config_name = config;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'config % does not exist', coalesce('"' || left(config, 100) || '"', 'NULL')
      USING ERRCODE = '23503', HINT = 'Table pm_imports.import_configs has them, by config_name.';
  END IF;
  RETURN c;
END
$$;

-- The plan of a config as it is now; 22023 if a template that it inherits has broken it.
CREATE FUNCTION pm_imports._plan(config text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT pm_imports._checked_plan(pm_imports._config(config))
$$;

REVOKE ALL ON FUNCTION pm_imports._normal_targets(jsonb), pm_imports._defaults(text), pm_imports._target_type(text),
  pm_imports._expression_mistake(text, regtype), pm_imports._pattern_mistake(text), pm_imports._compile_mistake(jsonb), pm_imports._transform_mistake(text, jsonb), pm_imports._value_mistakes(jsonb), pm_imports.config_mistakes(jsonb), pm_imports._layers(pm_imports.import_configs),
  pm_imports._has_target(text, text, text), pm_imports._stacked(pm_imports.import_configs), pm_imports._merged(pm_imports.import_configs), pm_imports._plan_mistakes(pm_imports.import_configs, jsonb), pm_imports._refuse_mistakes(text, text[]),
  pm_imports._documents(jsonb), pm_imports._checked_plan(pm_imports.import_configs), pm_imports._check_config(), pm_imports._check_template(), pm_imports._keep_template(), pm_imports._config(text), pm_imports._plan(text) FROM PUBLIC;
