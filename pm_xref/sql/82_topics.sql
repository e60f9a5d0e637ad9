-- Topics and the schemas of their payloads.

INSERT INTO pm_xref._topics (topic, description, schema, shipped)
SELECT t.topic, t.description,
       jsonb_build_object('$schema', 'https://json-schema.org/draft/2020-12/schema', 'type', 'object', 'required', to_jsonb(t.required),
         'properties', (SELECT jsonb_object_agg(p.name, p.schema) FROM jsonb_each(t.properties) AS p(name, schema))),
       true
FROM (VALUES
  ('catalog.product.created', 'a product was created; key: its id', '{id,gtin,name}'::text[],
   '{"id": {"type": "string", "format": "uuid"}, "gtin": {"type": ["string", "null"]}, "sku": {"type": ["string", "null"]}, "name": {"type": "string"}, "supplier_id": {"type": ["string", "null"], "format": "uuid"}}'::jsonb),
  ('catalog.product.updated', 'columns of a product changed; key: its id', '{id,changed}',
   '{"id": {"type": "string", "format": "uuid"}, "changed": {"type": "object", "description": "new values by column; none: values per locale and channel"}}'),
  ('catalog.product.deleted', 'a product was deleted; key: its id', '{id}',
   '{"id": {"type": "string", "format": "uuid"}, "gtin": {"type": ["string", "null"]}}'),
  ('catalog.price.changed', 'a price of a product changed; key: the product''s id', '{id,amount,currency}',
   '{"id": {"type": "string", "format": "uuid"}, "amount": {"type": ["number", "null"], "description": "null: there is none any more"}, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"}, "previous": {"type": ["number", "null"]}, "valid_from": {"type": "string", "format": "date-time"}, "price_type": {"type": "string"}, "min_quantity": {"type": "integer"}, "supplier_id": {"type": ["string", "null"], "format": "uuid"}, "variant_id": {"type": ["string", "null"], "format": "uuid"}}'),
  ('catalog.stock.low', 'the stock of a product fell to its threshold; key: the product''s id', '{id,quantity,threshold}',
   '{"id": {"type": "string", "format": "uuid"}, "quantity": {"type": "number"}, "threshold": {"type": "number"}, "warehouse": {"type": ["string", "null"]}, "variant_id": {"type": ["string", "null"], "format": "uuid"}}'),
  ('catalog.image.found', 'an image of a product was found at an address; key: the product''s id', '{id,url}',
   '{"id": {"type": "string", "format": "uuid"}, "url": {"type": "string", "format": "uri"}, "position": {"type": ["integer", "null"]}, "supplier_id": {"type": ["string", "null"], "format": "uuid"}}'),
  ('suppliers.supplier.changed', 'a supplier was created, changed or deleted; key: its id', '{id,code,name,is_active}',
   '{"id": {"type": "string", "format": "uuid"}, "code": {"type": "string"}, "name": {"type": "string"}, "is_active": {"type": "boolean"}, "deleted": {"type": "boolean", "description": "true: there is none any more"}}')
  UNION ALL
  VALUES ('imports.codes.resolved', 'codes of a supplier were read by an import; key: the supplier''s code', '{supplier_code,rows}'::text[],
   '{"supplier_code": {"type": "string"}, "job": {"type": "string", "format": "uuid"}, "rows": {"type": "array", "items": {"type": "object"}, "description": "as pm_suppliers.record_resolutions() takes them"}}'::jsonb)
  UNION ALL
  SELECT 'imports.job.' || e.name, 'an import ' || e.what || '; key: its id', '{id,status}',
   '{"id": {"type": "string", "format": "uuid"}, "config": {"type": "string"}, "supplier_code": {"type": "string"}, "status": {"type": "string"}, "dry_run": {"type": "boolean"}, "total_rows": {"type": ["integer", "null"], "description": "null: not known before the end of the file"}, "processed_rows": {"type": "integer"}, "successful_rows": {"type": "integer"}, "failed_rows": {"type": "integer"}, "products_unchanged": {"type": "integer"}, "duplicate_rows": {"type": "integer"}, "products_created": {"type": "integer"}, "products_updated": {"type": "integer"}, "error_count": {"type": "integer"}, "last_error": {"type": ["string", "null"]}, "fraction": {"type": ["number", "null"], "description": "0 to 1, by bytes of the file"}, "rows_per_second": {"type": ["number", "null"]}, "eta": {"type": ["string", "null"], "format": "date-time", "description": "when it should end; null: it has"}}'
  FROM (VALUES ('started', 'began to run'), ('progress', 'has counted a batch'), ('finished', 'ended'), ('undone', 'was undone')) AS e(name, what)
) AS t(topic, description, required, properties);

CREATE VIEW pm_xref.topics WITH (security_invoker = true) AS
SELECT t.topic, t.description, t.schema, t.shipped FROM pm_xref._topics AS t;
COMMENT ON VIEW pm_xref.topics IS 'What events can be about.';
COMMENT ON COLUMN pm_xref.topics.topic IS 'its name';
COMMENT ON COLUMN pm_xref.topics.description IS 'what happened, and what the key is';
COMMENT ON COLUMN pm_xref.topics.schema IS 'JSON Schema of the payload; publish() checks that it is an object with the required members';
COMMENT ON COLUMN pm_xref.topics.shipped IS 'did it come with the extension? Such topics cannot be changed';

-- Refuses a name that no topic can have, and to change one that was shipped.
CREATE FUNCTION pm_xref._check_topic(topic text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF (topic <> '' AND length(topic) <= 200 AND topic !~ '[*\s]') IS NOT TRUE THEN
    RAISE EXCEPTION 'invalid name of a topic: %', coalesce('"' || left(topic, 64) || '"', 'NULL')
      USING ERRCODE = '22023', HINT = 'It has 1 to 200 characters, neither spaces nor *, such as "catalog.product.created".';
  END IF;
  IF EXISTS (SELECT FROM pm_xref._topics AS t WHERE t.topic = _check_topic.topic AND t.shipped) THEN
    RAISE EXCEPTION 'topic "%" came with the extension and cannot be changed', topic
      USING ERRCODE = '42710', HINT = 'Define one of another name.';
  END IF;
END
$$;

CREATE FUNCTION pm_xref.define_topic(topic text, description text, schema jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM pm_xref._check_topic(topic);
  IF description IS NULL OR jsonb_typeof(schema) IS DISTINCT FROM 'object' THEN
    RAISE EXCEPTION 'invalid % of topic "%": %', CASE WHEN description IS NULL THEN 'description' ELSE 'schema' END, topic,
                    CASE WHEN description IS NULL THEN 'NULL' ELSE coalesce('"' || left(schema::text, 64) || '"', 'NULL') END
      USING ERRCODE = '22023', HINT = 'A schema is a JSON Schema, such as {"required": ["id"]}; {} asks for an object only.';
  END IF;
  INSERT INTO pm_xref._topics (topic, description, schema) VALUES (define_topic.topic, define_topic.description, define_topic.schema)
  ON CONFLICT (topic) DO UPDATE SET description = excluded.description, schema = excluded.schema;
END
$$;
COMMENT ON FUNCTION pm_xref.define_topic(text, text, jsonb) IS
'makes a topic, or changes one that was made so. schema: JSON Schema of the payload, of which publish() checks the required members. Errors: 42710 the topic came with the extension, 22023';

CREATE FUNCTION pm_xref.drop_topic(topic text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM pm_xref._check_topic(topic);
  DELETE FROM pm_xref._topics AS t WHERE t.topic = drop_topic.topic;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'topic "%" does not exist', topic USING ERRCODE = '42704', HINT = 'View pm_xref.topics lists the topics.';
  END IF;
END
$$;
COMMENT ON FUNCTION pm_xref.drop_topic(text) IS
'drops a topic made by define_topic(): nothing more can be published in it; what has been is delivered. Errors: 42704 no such topic, 42710 it came with the extension, 22023';

REVOKE ALL ON FUNCTION pm_xref._check_topic(text), pm_xref.define_topic(text, text, jsonb), pm_xref.drop_topic(text) FROM PUBLIC;
