-- Images of products, as addresses: files of them are the media database's.

CREATE TABLE pm_catalog.product_images (
  product_id uuid NOT NULL REFERENCES pm_catalog.products ON DELETE CASCADE,
  supplier_id uuid NOT NULL REFERENCES pm_catalog.suppliers,
  url text COLLATE "C" NOT NULL CONSTRAINT url_is_of_the_web CHECK (url ~ '^[Hh][Tt][Tt][Pp][Ss]?://[^\x01- \x7F]+$' AND length(url) <= 2000),
  position integer NOT NULL DEFAULT 1 CONSTRAINT position_is_positive CHECK (position > 0),
  found_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (product_id, supplier_id, url)
);
CREATE INDEX product_images_supplier_id ON pm_catalog.product_images (supplier_id);
COMMENT ON TABLE pm_catalog.product_images IS 'addresses of images of products, by supplier; each new one, and each new place of one, is an event catalog.image.found';
COMMENT ON COLUMN pm_catalog.product_images.product_id IS 'the product';
COMMENT ON COLUMN pm_catalog.product_images.supplier_id IS 'who says so';
COMMENT ON COLUMN pm_catalog.product_images.url IS 'the address (http or https), without blanks, up to 2000 characters';
COMMENT ON COLUMN pm_catalog.product_images.position IS 'place among the supplier''s images of the product, the first one shown first';
COMMENT ON COLUMN pm_catalog.product_images.found_at IS 'when the supplier first said so';

SELECT pg_extension_config_dump('pm_catalog.product_images', '');

-- A query that publishes images of another one (product_id, supplier_id, url, position), and says how many.
CREATE FUNCTION pm_catalog._image_events(source text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format($query$
    SELECT coalesce(sum(pm_xref.publish_many('catalog.image.found', g.keys, g.payloads)), 0)::bigint FROM (
    SELECT array_agg(e.key ORDER BY e.n) AS keys, array_agg(e.payload ORDER BY e.n) AS payloads
    FROM (SELECT i.product_id::text AS key, row_number() OVER (ORDER BY i.product_id, i.supplier_id, i.position, i.url) AS n,
                 jsonb_build_object('id', i.product_id, 'url', i.url, 'position', i.position, 'supplier_id', i.supplier_id) AS payload
          FROM (%s) AS i) AS e
    GROUP BY (e.n - 1) / 1000 ORDER BY (e.n - 1) / 1000) AS g$query$, source)
$$;

CREATE FUNCTION pm_catalog._note_images() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
  IF pm_xref.is_subscribed('catalog.image.found') THEN
    EXECUTE pm_catalog._image_events(CASE TG_OP WHEN 'INSERT' THEN 'SELECT n.* FROM new_rows AS n'
      ELSE 'SELECT n.* FROM new_rows AS n LEFT JOIN old_rows AS o USING (product_id, supplier_id, url, position) WHERE o.url IS NULL' END);
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER images_inserted AFTER INSERT ON pm_catalog.product_images
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_images();
CREATE TRIGGER images_updated AFTER UPDATE ON pm_catalog.product_images
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION pm_catalog._note_images();

CREATE FUNCTION pm_catalog.publish_images() RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  published bigint;
BEGIN
  EXECUTE pm_catalog._image_events('SELECT t.* FROM pm_catalog.product_images AS t JOIN pm_catalog.products AS p ON p.id = t.product_id WHERE p.deleted_at IS NULL') INTO published;
  RETURN published;
END
$$;
COMMENT ON FUNCTION pm_catalog.publish_images() IS
'publishes an event catalog.image.found for each image of products that are not deleted, for a subscriber that is new or has lost its own; returns how many. Error: 42501';

REVOKE ALL ON FUNCTION pm_catalog._image_events(text), pm_catalog._note_images(), pm_catalog.publish_images() FROM PUBLIC;
