-- pm_imports_record.sql - records of a supplier's file, 12 columns of about 395 bytes; with faults 2 % are bad and 5 % have a
-- code that was there before; changed: a tenth of them
CREATE FUNCTION record(changed boolean, faults boolean, low bigint, high bigint) RETURNS TABLE (row_no bigint, ean text, no text, name text, text text, brand text, category text, weight text, cost text, price text, stock text, colour text, on_hand text)
LANGUAGE sql AS $$
  SELECT i, CASE WHEN faults AND i % 100 = 7 THEN 'none' ELSE pm_gtin.gtin_complete(lpad((((i - CASE WHEN i % 20 = 3 THEN 3 ELSE 0 END)::bigint * 618033988749) % 899999999981 + 100000000000)::text, 12, '0'))::text END,
         'AC-' || i, (ARRAY['Cordless drill', 'Reading glasses', 'Desk lamp', 'Espresso cups', 'Garden hose', 'Running shoes', 'Fountain pen', 'Winter gloves'])[1 + i % 8] || ' model ' || substr(md5(i::text), 1, 6)
           || CASE WHEN changed AND i % 10 = 0 THEN ' II' ELSE '' END,
         repeat('A sturdy product for every day, easy to clean and made to last. ', (2 + i % 5)::integer), 'Brand ' || hashint4(i::integer) % 1000 + 1000, 'Range ' || i % 10 || ' > Group ' || i % 100 || ' > Kind ' || i % 2900,
         round((i % 5000)::numeric / 1000, 3)::text, round((i % 90000)::numeric / 100, 2)::text, CASE WHEN faults AND i % 100 = 11 THEN 'on request' ELSE round((i % 90000)::numeric / 60 + 1, 2)::text END,
         (i % 200)::text, 'colour ' || i % 9, (i % 50)::text
  FROM generate_series(low, high) AS i
$$;
