-- The shape of a config's documents, and what checks them.

CREATE FUNCTION pm_imports.config_schema() RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_set($schema$
{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "documents of pm_imports.import_configs and mapping_templates, by column",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "connection_config": {"$ref": "#/$defs/connection"},
    "schedule_config": {"$ref": "#/$defs/schedule"},
    "field_mapping": {"$ref": "#/$defs/field_mapping"},
    "transformation_rules": {"$ref": "#/$defs/transformation_rules"},
    "default_values": {"$ref": "#/$defs/default_values"},
    "computed_attributes": {"$ref": "#/$defs/computed_attributes"},
    "validation_rules": {"$ref": "#/$defs/validation_rules"},
    "file_options": {"$ref": "#/$defs/file_options"},
    "import_options": {"$ref": "#/$defs/import_options"},
    "mapping_config": {
      "type": ["object", "null"],
      "additionalProperties": false,
      "properties": {
        "transformation_rules": {"$ref": "#/$defs/transformation_rules"},
        "validation_rules": {"$ref": "#/$defs/validation_rules"},
        "file_options": {"$ref": "#/$defs/file_options"},
        "import_options": {"$ref": "#/$defs/import_options"}
      }
    }
  },
  "$defs": {
    "target": {
      "description": "a target, of view pm_imports.targets or technical_specs.CODE",
      "anyOf": [
        {"enum": []},
        {"pattern": "^(technical_specs|attributes)[.][^.]{1,100}$"}
      ]
    },
    "column": {"type": "string", "description": "the name of a column", "minLength": 1, "maxLength": 500},
    "position": {"type": "integer", "description": "the position of a column, from 1", "minimum": 1, "maximum": 2000},
    "columns": {"type": "array", "description": "a list of names", "minItems": 1, "maxItems": 50, "uniqueItems": true, "items": {"$ref": "#/$defs/column"}},
    "scalar": {"type": ["string", "number", "boolean"], "maxLength": 10000},
    "connection": {
      "type": "object",
      "required": ["type"],
      "allOf": [
        {"$ref": "#/$defs/without_secrets"},
        {"if": {"properties": {"type": {"const": "directory"}}},
         "then": {"required": ["path"]}}
      ],
      "properties": {
        "type": {"enum": ["upload", "directory"]},
        "path": {"type": "string", "description": "an absolute path", "pattern": "^/", "maxLength": 1000},
        "settle_seconds": {"type": "integer", "minimum": 0, "maximum": 86400, "default": 60},
        "credential": {"type": "string", "minLength": 1, "maxLength": 100}
      }
    },
    "without_secrets": {
      "type": ["object", "array", "string", "number", "boolean", "null"],
      "propertyNames": {
        "not": {
          "description": "may not hold a secret: {\"credential\": name} names one that is kept elsewhere",
          "pattern": "([Pp][Aa][Ss][Ss]([Ww]|[Pp]|$)|[Pp][Ww][Dd]|[Ss][Ee][Cc][Rr][Ee][Tt]|[Tt][Oo][Kk][Ee][Nn]|[Aa][Pp][Ii]_?[Kk][Ee][Yy]|[Pp][Rr][Ii][Vv][Aa][Tt][Ee]_?[Kk][Ee][Yy])"
        }
      },
      "additionalProperties": {"$ref": "#/$defs/without_secrets"},
      "items": {"$ref": "#/$defs/without_secrets"}
    },
    "schedule": {
      "type": ["object", "null"],
      "required": ["spec"],
      "additionalProperties": false,
      "properties": {
        "spec": {"type": "string", "minLength": 1, "maxLength": 200},
        "missed": {"enum": ["once", "skip", "all"], "default": "once"}
      }
    },
    "field_mapping": {
      "type": ["object", "null"],
      "maxProperties": 500,
      "propertyNames": {"$ref": "#/$defs/target"},
      "additionalProperties": {
        "description": "the name of a column, a list of names, a position from 1, {\"const\": value}, {\"concat\": [...]} or null",
        "anyOf": [
          {"$ref": "#/$defs/column"},
          {"$ref": "#/$defs/columns"},
          {"$ref": "#/$defs/position"},
          {"type": "object", "additionalProperties": false, "minProperties": 1,
           "properties": {
             "const": {"$ref": "#/$defs/scalar"},
             "concat": {"type": "array", "minItems": 1, "maxItems": 50, "items": {"anyOf": [{"$ref": "#/$defs/column"}, {"$ref": "#/$defs/position"}]}},
             "separator": {"type": "string", "maxLength": 20, "default": " "}
           },
           "allOf": [
             {"if": {"required": ["concat"]}, "then": {"properties": {"const": {"not": {"description": "may not stand beside concat"}}}}, "else": {"required": ["const"]}},
             {"if": {"required": ["separator"]}, "then": {"required": ["concat"]}}
           ]},
          {"type": "null"}
        ]
      }
    },
    "transformation_rules": {
      "type": ["object", "null"],
      "maxProperties": 500,
      "propertyNames": {"$ref": "#/$defs/target"},
      "additionalProperties": {
        "type": ["array", "null"],
        "maxItems": 50,
        "items": {
          "description": "the name of a transform, or {name: argument or {argument: value}}",
          "anyOf": [
            {"type": "string", "minLength": 1, "maxLength": 100},
            {"type": "object", "minProperties": 1, "maxProperties": 1}
          ]
        }
      }
    },
    "default_values": {
      "type": ["object", "null"],
      "maxProperties": 500,
      "propertyNames": {"$ref": "#/$defs/target"},
      "additionalProperties": {"type": ["string", "number", "boolean", "null"], "maxLength": 10000}
    },
    "expression": {"type": "string", "description": "an expression of SQL", "minLength": 1, "maxLength": 10000},
    "computed_attributes": {
      "type": ["object", "null"],
      "maxProperties": 200,
      "propertyNames": {"$ref": "#/$defs/target"},
      "additionalProperties": {
        "description": "an expression of SQL, or null",
        "anyOf": [{"$ref": "#/$defs/expression"}, {"type": "null"}]
      }
    },
    "validation_rules": {
      "type": ["array", "null"],
      "maxItems": 500,
      "items": {
        "type": "object",
        "required": ["rule"],
        "additionalProperties": false,
        "properties": {
          "target": {"allOf": [{"type": "string"}, {"$ref": "#/$defs/target"}]},
          "rule": {"enum": ["required", "type", "min", "max", "length", "pattern", "list", "unique", "gtin_confidence", "expression"]},
          "value": true,
          "severity": {"enum": ["error", "warning"], "default": "error"},
          "message": {"type": "string", "minLength": 1, "maxLength": 500}
        },
        "allOf": [
          {"if": {"properties": {"rule": {"const": "expression"}}}, "else": {"required": ["target"]}},
          {"if": {"properties": {"rule": {"enum": ["required", "unique"]}}}, "then": {"properties": {"value": {"const": true}}}, "else": {"required": ["value"]}},
          {"if": {"properties": {"rule": {"const": "type"}}},
           "then": {"properties": {"value": {"enum": ["text", "integer", "number", "boolean", "date", "gtin", "url"]}}}},
          {"if": {"properties": {"rule": {"enum": ["min", "max"]}}}, "then": {"properties": {"value": {"type": "number"}}}},
          {"if": {"properties": {"rule": {"const": "length"}}},
           "then": {"properties": {"value": {
             "type": "object", "additionalProperties": false, "minProperties": 1,
             "properties": {"min": {"type": "integer", "minimum": 0}, "max": {"type": "integer", "minimum": 0}}}}}},
          {"if": {"properties": {"rule": {"const": "pattern"}}}, "then": {"properties": {"value": {"type": "string", "minLength": 1, "maxLength": 1000}}}},
          {"if": {"properties": {"rule": {"const": "list"}}},
           "then": {"properties": {"value": {"type": "array", "minItems": 1, "maxItems": 10000, "items": {"$ref": "#/$defs/scalar"}}}}},
          {"if": {"properties": {"rule": {"const": "gtin_confidence"}}}, "then": {"properties": {"value": {"type": "number", "minimum": 0, "maximum": 1}}}},
          {"if": {"properties": {"rule": {"const": "expression"}}}, "then": {"properties": {"value": {"$ref": "#/$defs/expression"}}}}
        ]
      }
    },
    "file_options": {
      "type": ["object", "null"],
      "additionalProperties": false,
      "properties": {
        "sheet": {"type": ["string", "null"], "minLength": 1, "maxLength": 31},
        "path": {"type": ["string", "null"], "minLength": 1, "maxLength": 500},
        "member": {"type": ["string", "null"], "minLength": 1, "maxLength": 255},
        "header": {"type": ["boolean", "null"]},
        "skip": {"type": ["integer", "null"], "minimum": 0, "maximum": 1000000, "default": 0},
        "quote": {"type": ["string", "null"], "description": "one character, or empty: nothing is quoted", "pattern": "^[!-~]?$"},
        "escape": {"type": ["string", "null"], "description": "one character", "pattern": "^[!-~]$"},
        "joiner": {"type": ["string", "null"], "minLength": 1, "maxLength": 10, "default": "|"},
        "decimal_mark": {"enum": [".", ",", null]},
        "date_order": {"enum": ["dmy", "mdy", "ymd", null]}
      }
    },
    "import_options": {
      "type": ["object", "null"],
      "additionalProperties": false,
      "properties": {
        "key": {"enum": ["gtin", "sku", "supplier_sku", null], "default": "gtin"},
        "content": {"enum": ["own", "always", "never", null], "default": "own"},
        "prices": {"enum": ["own", "ours", "supplier", null], "default": "own"},
        "taxonomy": {"type": ["string", "null"], "minLength": 1, "maxLength": 100, "default": "main"},
        "duplicates": {"enum": ["skip", "reject", null], "default": "skip"},
        "missing": {"enum": ["keep", "deactivate", null], "default": "keep"},
        "missing_ratio": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "default": 0.1},
        "same_file": {"enum": ["skip", "import", null], "default": "skip"},
        "max_errors": {"type": ["integer", "null"], "minimum": 0, "default": null},
        "max_error_ratio": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "default": null},
        "batch_rows": {"type": ["integer", "null"], "minimum": 1, "maximum": 100000, "default": 15000}
      }
    }
  }
}
$schema$::jsonb, '{$defs,target,anyOf,0,enum}', (SELECT jsonb_agg(t.name) FROM pm_imports.targets AS t))
$$;
COMMENT ON FUNCTION pm_imports.config_schema() IS 'the JSON Schema (draft 2020-12) of the documents of a config or template, by column: what every write of them is checked against. A default is what holds where nobody says anything';

-- How messages call what a value is.
CREATE FUNCTION pm_imports._json_kind(value jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE jsonb_typeof(value)
  WHEN 'array' THEN 'a list' WHEN 'object' THEN 'an object' WHEN 'null' THEN 'null'
  ELSE left(value::text, 100) END;

-- The path of a member.
CREATE FUNCTION pm_imports._json_member(path text, member text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN member COLLATE "C" !~ '^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z0-9_]+)*$' THEN format('%s[%s]', path, to_jsonb(left(member, 100)))
  WHEN path = '' THEN member ELSE path || '.' || member END;

-- Is the value of one of the types of a schema?
CREATE FUNCTION pm_imports._json_has_type(types jsonb, value jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN jsonb_typeof(types) = 'string' THEN jsonb_build_array(types) ELSE types END ? jsonb_typeof(value)
  OR CASE WHEN jsonb_typeof(types) = 'string' THEN jsonb_build_array(types) ELSE types END ? 'integer'
     AND CASE jsonb_typeof(value) WHEN 'number' THEN value::numeric = trunc(value::numeric) ELSE false END;

-- All that is wrong with a value under a schema of the root.  The keywords are those that
-- config_schema() uses; another one is an error, so that none is there in vain.  A boolean
-- schema allows everything or nothing.  Where several ways are allowed (anyOf), the
-- mistakes are those of the one way that is open to the value's type, if it is one.
CREATE FUNCTION pm_imports._json_mistakes(root jsonb, schema jsonb, value jsonb, path text, OUT place text, OUT problem text) RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
  kind CONSTANT text := jsonb_typeof(value);
  keyword text;
  argument jsonb;
  ways jsonb[];
  size bigint;
BEGIN
  place := path;
  IF jsonb_typeof(schema) = 'boolean' THEN
    IF schema = 'false' THEN
      problem := 'may not be there';
      RETURN NEXT;
    END IF;
    RETURN;
  END IF;
  size := CASE kind WHEN 'string' THEN length(value #>> '{}') WHEN 'array' THEN jsonb_array_length(value)
          WHEN 'object' THEN (SELECT count(*) FROM jsonb_object_keys(value)) END;

  FOR keyword, argument IN SELECT e.key, e.value FROM jsonb_each(schema) AS e LOOP
    problem := NULL;
    CASE keyword
      WHEN '$schema', '$defs', 'title', 'description', 'default', 'then', 'else' THEN
        NULL;
      WHEN '$ref' THEN
        RETURN QUERY SELECT * FROM pm_imports._json_mistakes(root, root #> string_to_array(substr(argument #>> '{}', 3), '/'), value, path);
      WHEN 'type' THEN
        IF NOT pm_imports._json_has_type(argument, value) THEN
          problem := format('%s is not %s', pm_imports._json_kind(value), coalesce(schema ->> 'description', (
            SELECT string_agg(CASE WHEN t.name = 'null' THEN 'null' WHEN t.name = 'array' THEN 'a list' WHEN t.name ~ '^[aeio]' THEN 'an ' || t.name ELSE 'a ' || t.name END, ' or ')
            FROM jsonb_array_elements_text(CASE jsonb_typeof(argument) WHEN 'string' THEN jsonb_build_array(argument) ELSE argument END) AS t(name))));
        END IF;
      WHEN 'const' THEN
        IF value <> argument THEN
          problem := format('%s is not %s', pm_imports._json_kind(value), argument);
        END IF;
      WHEN 'enum' THEN
        IF NOT EXISTS (SELECT FROM jsonb_array_elements(argument) AS e(one) WHERE e.one = value) THEN
          problem := format('%s is not one of %s', pm_imports._json_kind(value), (SELECT string_agg(e.one::text, ', ') FROM jsonb_array_elements(argument) AS e(one)));
        END IF;
      WHEN 'pattern' THEN
        IF kind = 'string' AND (value #>> '{}') COLLATE "C" !~ (argument #>> '{}') THEN
          problem := format('%s is not %s', pm_imports._json_kind(value), coalesce(schema ->> 'description', 'of the pattern ' || (argument #>> '{}')));
        END IF;
      WHEN 'minLength' THEN
        IF kind = 'string' AND size < argument::bigint THEN
          problem := format('has less than %s characters', argument);
        END IF;
      WHEN 'maxLength' THEN
        IF kind = 'string' AND size > argument::bigint THEN
          problem := format('has %s characters, more than %s', size, argument);
        END IF;
      WHEN 'minimum' THEN
        IF kind = 'number' AND value::numeric < argument::numeric THEN
          problem := format('%s is less than %s', value, argument);
        END IF;
      WHEN 'maximum' THEN
        IF kind = 'number' AND value::numeric > argument::numeric THEN
          problem := format('%s is more than %s', value, argument);
        END IF;
      WHEN 'minItems' THEN
        IF kind = 'array' AND size < argument::bigint THEN
          problem := format('has less than %s elements', argument);
        END IF;
      WHEN 'maxItems' THEN
        IF kind = 'array' AND size > argument::bigint THEN
          problem := format('has %s elements, more than %s', size, argument);
        END IF;
      WHEN 'uniqueItems' THEN
        IF kind = 'array' AND size > (SELECT count(DISTINCT e.one) FROM jsonb_array_elements(value) AS e(one)) THEN
          problem := 'has an element twice';
        END IF;
      WHEN 'minProperties' THEN
        IF kind = 'object' AND size < argument::bigint THEN
          problem := 'is empty';
        END IF;
      WHEN 'maxProperties' THEN
        IF kind = 'object' AND size > argument::bigint THEN
          problem := format('has %s members, more than %s', size, argument);
        END IF;
      WHEN 'required' THEN
        IF kind = 'object' THEN
          RETURN QUERY SELECT pm_imports._json_member(path, r.name), 'is missing'
          FROM jsonb_array_elements_text(argument) AS r(name) WHERE NOT value ? r.name;
        END IF;
      WHEN 'propertyNames' THEN
        IF kind = 'object' THEN
          RETURN QUERY SELECT m.place, m.problem
          FROM jsonb_object_keys(value) AS k(name), pm_imports._json_mistakes(root, argument, to_jsonb(k.name), pm_imports._json_member(path, k.name)) AS m;
        END IF;
      WHEN 'properties' THEN
        IF kind = 'object' THEN
          RETURN QUERY SELECT m.place, m.problem
          FROM jsonb_each(argument) AS p, pm_imports._json_mistakes(root, p.value, value -> p.key, pm_imports._json_member(path, p.key)) AS m WHERE value ? p.key;
        END IF;
      WHEN 'additionalProperties' THEN
        IF kind = 'object' AND argument = 'false' THEN
          RETURN QUERY SELECT pm_imports._json_member(path, k.name), 'is unknown; it is one of ' || (SELECT string_agg(p.name, ', ') FROM jsonb_object_keys(schema -> 'properties') AS p(name))
          FROM jsonb_object_keys(value) AS k(name) WHERE NOT schema -> 'properties' ? k.name;
        ELSIF kind = 'object' THEN
          RETURN QUERY SELECT m.place, m.problem
          FROM jsonb_each(value) AS e, pm_imports._json_mistakes(root, argument, e.value, pm_imports._json_member(path, e.key)) AS m
          WHERE NOT coalesce(schema -> 'properties', '{}') ? e.key;
        END IF;
      WHEN 'items' THEN
        IF kind = 'array' THEN
          RETURN QUERY SELECT m.place, m.problem
          FROM jsonb_array_elements(value) WITH ORDINALITY AS e(one, n), pm_imports._json_mistakes(root, argument, e.one, format('%s[%s]', path, e.n - 1)) AS m;
        END IF;
      WHEN 'allOf' THEN
        RETURN QUERY SELECT m.place, m.problem FROM jsonb_array_elements(argument) AS a(one), pm_imports._json_mistakes(root, a.one, value, path) AS m;
      WHEN 'not' THEN
        IF NOT EXISTS (SELECT FROM pm_imports._json_mistakes(root, argument, value, path)) THEN
          problem := coalesce(argument ->> 'description', 'is not allowed');
        END IF;
      WHEN 'if' THEN
        RETURN QUERY SELECT * FROM pm_imports._json_mistakes(root,
          coalesce(schema -> CASE WHEN EXISTS (SELECT FROM pm_imports._json_mistakes(root, argument, value, path)) THEN 'else' ELSE 'then' END, 'true'), value, path);
      WHEN 'anyOf' THEN
        IF NOT EXISTS (SELECT FROM jsonb_array_elements(argument) AS a(one) WHERE NOT EXISTS (SELECT FROM pm_imports._json_mistakes(root, a.one, value, path))) THEN
          ways := ARRAY(SELECT w.way FROM jsonb_array_elements(argument) AS a(one)
                        CROSS JOIN LATERAL (SELECT coalesce(root #> string_to_array(substr(a.one ->> '$ref', 3), '/'), a.one)) AS w(way)
                        WHERE w.way ? 'type' AND pm_imports._json_has_type(w.way -> 'type', value));
          IF cardinality(ways) = 1 THEN
            RETURN QUERY SELECT * FROM pm_imports._json_mistakes(root, ways[1], value, path);
          ELSE
            problem := format('%s is not %s', pm_imports._json_kind(value), coalesce(schema ->> 'description', 'allowed'));
          END IF;
        END IF;
      ELSE
        RAISE EXCEPTION 'keyword "%" is not known', keyword USING ERRCODE = '0A000';
    END CASE;
    IF problem IS NOT NULL THEN
      place := path;
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION pm_imports.config_schema(), pm_imports._json_kind(jsonb), pm_imports._json_member(text, text), pm_imports._json_has_type(jsonb, jsonb),
  pm_imports._json_mistakes(jsonb, jsonb, jsonb, text) FROM PUBLIC;
