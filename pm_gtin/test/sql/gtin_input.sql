-- Type gtin: what the text form takes and what it refuses, and why.
SET search_path = public, pm_gtin;

-- valid
SELECT code, code::gtin AS gtin, gtin_kind(code::gtin) AS kind, code::gtin::bigint AS number
FROM (VALUES
  (1, '4006381333931'), (2, '04006381333931'), (3, '036000291452'), (4, '0036000291452'), (5, '40170725'),
  (6, '00000040170725'), (7, '14006381333938'), (8, E' \t4006381333931\r\n'), (9, '400-638133393-1'),
  (10, '4 006381 333931'), (11, '4-0-0-6-3-8-1-3-3-3-9-3-1'), (12, '2012345678903'), (13, '99999999999997'),
  (14, '00000017')) AS v(n, code)
ORDER BY n;

-- what a statement is refused with
CREATE FUNCTION pg_temp.refusal(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE statement;
EXCEPTION WHEN others THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;

\pset format unaligned
\pset tuples_only on
-- invalid: syntax
SELECT code, r.* FROM (VALUES (1, ''), (2, '   '), (3, 'abc'), (4, '400638133393x'), (5, '-4006381333931'), (6, '4006381333931-'),
  (7, '400--6381333931'), (8, '400 -6381333931'), (9, E'400\t6381333931'), (10, '4006381333931!'), (11, '４006381333931'),
  (12, '4006381é33931'), (13, U&'\FEFF4006381333931'), (14, '4.006381333931E+12'), (15, '4,00638e12'), (16, '+4006381333931'),
  (17, '0x4006381333931'), (18, repeat('9', 70) || 'x'), (19, repeat('é', 70))) AS v(n, code),
  pg_temp.refusal(format('SELECT %L::gtin', code)) AS r ORDER BY n;
-- invalid: length
SELECT code, r.* FROM (VALUES (1, '1'), (2, '4006381'), (3, '36000291452'), (4, '400638133393100'), (5, '0306406152'), (6, '0-8044-2957-X'),
  (7, repeat('1', 100))) AS v(n, code), pg_temp.refusal(format('SELECT %L::gtin', code)) AS r ORDER BY n;
-- invalid: check digit, zero
SELECT code, r.* FROM (VALUES (1, '4006381333932'), (2, '40170720'), (3, '04252614'), (4, '00000000'), (5, '0000000000000')) AS v(n, code),
  pg_temp.refusal(format('SELECT %L::gtin', code)) AS r ORDER BY n;
-- the cast from text says the same
SELECT r.* FROM pg_temp.refusal('SELECT text ''4006381333932''::gtin') AS r;
\pset tuples_only off
\pset format aligned

-- every one of the ten last digits: exactly one is right
SELECT count(*) FILTER (WHERE gtin_valid('400638133393' || d)) AS valid, count(*) FROM generate_series(0, 9) AS d;
-- every single-digit error is found
SELECT count(*) AS found_valid
FROM generate_series(1, 13) AS p, generate_series(0, 9) AS d
WHERE substr('4006381333931', p, 1) <> d::text AND gtin_valid(overlay('4006381333931' PLACING d::text FROM p FOR 1));

-- NULL instead of an error
SELECT gtin_try('4006381333931'), gtin_try('4006381333932'), gtin_try(''), gtin_try(NULL), gtin_valid('x'), gtin_valid(NULL);
-- the cast from text is input
SELECT text '4006381333931'::gtin, varchar '40170725'::gtin;
