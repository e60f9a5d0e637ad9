-- Reference tables: contents, refresh, going back, refusals.
\set VERBOSITY terse
SET search_path = public, pm_gtin;

SELECT (SELECT count(*) FROM gs1_prefixes) AS prefixes, (SELECT count(*) FROM isbn_ranges) AS isbn_ranges,
       (SELECT count(*) FROM gs1_application_identifiers) AS identifiers;
SELECT prefix_from, prefix_to, class, holder, countries FROM gs1_prefixes WHERE number_space = 'gs1' AND low <= 4006381333931 ORDER BY low DESC LIMIT 1;
SELECT * FROM gs1_application_identifiers WHERE ai_from IN ('01', '10', '3100') ORDER BY ai_from;
-- ranges do not overlap, and the compiled identifiers are the same list
SELECT count(*) AS overlaps FROM isbn_ranges AS a JOIN isbn_ranges AS b ON b.low > a.low AND b.low <= a.high;
SELECT count(*) AS titles_differ
FROM gs1_application_identifiers AS a, gs1_parse('(01)04006381333931(10)A(17)251231(21)S(3103)000001(3922)100(422)250') AS p
WHERE p.ai BETWEEN a.ai_from AND a.ai_to AND length(p.ai) = length(a.ai_from) AND p.title <> a.title;

-- a new set of ISBN ranges, as CSV
BEGIN;
SELECT * FROM refresh_reference('isbn_ranges',
  E'prefix,registration_group,registrant_from,registrant_to,agency\n978,0,00,19,"English ""language"", old"\n978,0,200,227,\n');
TABLE isbn_ranges;
SELECT isbn_format('9780006406150'), isbn_format('9780306406157') AS unknown_now;
-- again, one changed
SELECT * FROM refresh_reference('isbn_ranges', E'prefix,registration_group,registrant_from,registrant_to,agency\r\n978,0,00,19,English\r\n978,0,200,227,\r\n');
-- back to what came with the extension
SELECT * FROM refresh_reference('isbn_ranges', NULL);
SELECT isbn_format('9780306406157');
ROLLBACK;

-- the same as the Agency publishes it
BEGIN;
SELECT * FROM refresh_reference('isbn_ranges', $$<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE ISBNRangeMessage [
  <!ELEMENT ISBNRangeMessage (MessageSource)>
]>
<ISBNRangeMessage>
  <MessageSource>International ISBN Agency</MessageSource>
  <EAN.UCCPrefixes><EAN.UCC><Prefix>978</Prefix><Agency>International ISBN Agency</Agency>
    <Rules><Rule><Range>0000000-5999999</Range><Length>1</Length></Rule></Rules></EAN.UCC></EAN.UCCPrefixes>
  <RegistrationGroups>
    <Group><Prefix>978-0</Prefix><Agency>English language</Agency><Rules>
      <Rule><Range>0000000-1999999</Range><Length>2</Length></Rule>
      <Rule><Range>2000000-2279999</Range><Length>3</Length></Rule>
      <Rule><Range>9900000-9999999</Range><Length>0</Length></Rule></Rules></Group>
    <Group><Prefix>979-8</Prefix><Agency>United States</Agency><Rules>
      <Rule><Range>2000000-2299999</Range><Length>3</Length></Rule></Rules></Group>
  </RegistrationGroups>
</ISBNRangeMessage>$$);
SELECT prefix, registration_group, registrant_from, registrant_to, agency FROM isbn_ranges ORDER BY low;
ROLLBACK;

-- prefixes and identifiers
BEGIN;
SELECT * FROM refresh_reference('gs1_prefixes', E'number_space,prefix_from,prefix_to,class,holder,countries\ngs1,400,440,mo,GS1 Germany,DE\ngs1_8,400,440,mo,,\n');
SELECT gtin_prefix_holder('4006381333931'), gtin_prefix_holder('40170725'), gtin_prefix_class('3014260115531'), is_restricted('2012345678903') AS compiled;
ROLLBACK;
BEGIN;
SELECT * FROM refresh_reference('gs1_application_identifiers',
  E'ai_from,ai_to,fnc1_required,format,requires,excludes,digital_link_attribute,digital_link_key,qualifiers,title\n01,01,false,N14,,,true,true,,GTIN\n');
SELECT * FROM gs1_parse('(01)04006381333931(10)A');
ROLLBACK;

-- refused, and nothing changed
CREATE FUNCTION pg_temp.refusal(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
EXCEPTION WHEN others THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
\set header prefix,registration_group,registrant_from,registrant_to,agency
\pset format unaligned
\pset tuples_only on
SELECT content, r.* FROM (VALUES (1, 'prices', 'x'), (2, 'isbn_ranges', ''), (3, 'isbn_ranges', E'a,b\n1,2'),
  (4, 'isbn_ranges', :'header' || E'\n978,0,00,19'), (5, 'isbn_ranges', :'header' || E'\n978,0,00,19,a"b'),
  (6, 'isbn_ranges', :'header' || E'\n977,0,00,19,x'), (7, 'isbn_ranges', :'header' || E'\n978,0,20,19,x'),
  (8, 'isbn_ranges', :'header' || E'\n978,0,00,19,x\n978,0,150,160,x'), (9, 'isbn_ranges', :'header' || E'\n978,0,00,19,x\n978,0,00,19,x'),
  (10, 'isbn_ranges', :'header'), (11, 'isbn_ranges', '<ISBNRangeMessage/>')) AS v(n, reference, content),
  pg_temp.refusal(format('SELECT pm_gtin.refresh_reference(%L, %L)', reference, content)) AS r ORDER BY n;
SELECT r.state FROM pg_temp.refusal('SELECT pm_gtin.refresh_reference(''isbn_ranges'', ''<not xml'')') AS r;
\pset tuples_only off
\pset format aligned
SELECT (SELECT count(*) FROM isbn_ranges) AS isbn_ranges, (SELECT count(*) FROM pm_gtin._isbn_ranges WHERE NOT shipped) AS users;

-- who may: everybody reads, nobody else writes
CREATE ROLE regress_pm_gtin_reader;
SET ROLE regress_pm_gtin_reader;
SELECT isbn_format('9780306406157'), gtin_prefix_class('4006381333931'), count(*) FROM gs1_prefixes;
SELECT refresh_reference('isbn_ranges', NULL);
DELETE FROM pm_gtin._isbn_ranges;
RESET ROLE;
DROP ROLE regress_pm_gtin_reader;
