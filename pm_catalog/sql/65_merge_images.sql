-- Merging: the images that rows name.

-- Gives each product the images of its row as those of the supplier; NULL leaves them.
CREATE FUNCTION pm_catalog._merge_images(merge pm_catalog._merge, low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  said CONSTANT text := format(
    '(SELECT w.pos, k.product_id, w.new_id, w.images FROM pg_temp._merge_rows AS w LEFT JOIN pg_temp._merge_known AS k USING (pos) '
    'WHERE w.pos BETWEEN %s AND %s AND w.new_id IS NOT NULL AND w.reason IS NULL AND w.images IS NOT NULL)', low, high);
  -- of one that is named twice the first place counts
  images CONSTANT text := format(
    'SELECT coalesce(s.product_id, s.new_id) AS product_id, %L::uuid AS supplier_id, i.url COLLATE "C" AS url, min(i.position)::integer AS position '
    'FROM %s AS s, unnest(s.images) WITH ORDINALITY AS i(url, position) WHERE i.url IS NOT NULL AND (s.product_id IS NULL) = %%L '
    'GROUP BY s.pos, s.product_id, s.new_id, i.url ORDER BY s.pos, 4', merge.supplier, said);
BEGIN
  EXECUTE format('DELETE FROM pm_catalog.product_images AS t USING %s AS s '
                 'WHERE t.product_id = s.product_id AND t.supplier_id = %L AND NOT EXISTS (SELECT FROM unnest(s.images) AS i(url) WHERE i.url = t.url)', said, merge.supplier);
  EXECUTE format('INSERT INTO pm_catalog.product_images AS t (product_id, supplier_id, url, position) %s '
                 'ON CONFLICT (product_id, supplier_id, url) DO UPDATE SET position = excluded.position WHERE t.position <> excluded.position', format(images, false));
  PERFORM pm_catalog._bulk_insert('{pm_catalog.product_images}', ARRAY[format(images, true)]);
END
$$;

REVOKE ALL ON FUNCTION pm_catalog._merge_images(pm_catalog._merge, bigint, bigint) FROM PUBLIC;
