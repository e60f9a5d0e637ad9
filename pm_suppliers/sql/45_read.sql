-- Reading one code by a supplier's rules.

CREATE FUNCTION pm_suppliers.code_key(code text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN upper(btrim(code, E' \t\n\x0B\f\r') COLLATE "C");
COMMENT ON FUNCTION pm_suppliers.code_key(text) IS
'what two writings of one code have in common: ASCII white space around it taken off, a to z in upper case; all else counts';

-- The code without the longest prefix and suffix that fit.
CREATE FUNCTION pm_suppliers._strip(code text, prefixes text[], suffixes text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT left(f.rest, length(f.rest) - coalesce((SELECT max(length(s.suffix)) FROM unnest(suffixes) AS s(suffix)
            WHERE upper(right(f.rest, length(s.suffix)) COLLATE "C") = upper(s.suffix COLLATE "C")), 0))
  FROM (SELECT substr(code, 1 + coalesce((SELECT max(length(p.prefix)) FROM unnest(prefixes) AS p(prefix)
            WHERE starts_with(upper(code COLLATE "C"), upper(p.prefix COLLATE "C"))), 0))) AS f(rest));

-- 7, 11, 12 or 13 digits, blanks, dots and hyphens aside, with the check digit; else NULL.
CREATE FUNCTION pm_suppliers._with_check_digit(code text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN translate(code, ' .-', '') ~ '^([0-9]{7}|[0-9]{11,13})$'
            THEN translate(code, ' .-', '') || pm_gtin.gtin_check_digit(translate(code, ' .-', '')) END;

-- reason is the rule by which a number was held back or, though gtin_resolve() would
-- hold it back, taken.  A single SELECT, so that it becomes part of the query that calls
-- it; OFFSET 0 keeps what is used several times from being computed several times.
CREATE FUNCTION pm_suppliers._read(code text, rules pm_suppliers.identifier_rules)
RETURNS TABLE (gtin pm_gtin.gtin, method text, confidence real, suggestion pm_gtin.gtin, reason text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT CASE WHEN v.taken THEN v.number END, CASE WHEN v.none THEN 'placeholder' ELSE v.method END, CASE WHEN v.none THEN 0::real ELSE v.confidence END,
         CASE WHEN NOT v.taken AND NOT v.none THEN v.number END,
         CASE WHEN v.none THEN 'none_codes'
              WHEN NOT v.allowed THEN 'allowed_prefixes'
              WHEN v.method = 'missing_check_digit' THEN 'check_digit'
              WHEN v.refused OR v.accepted AND v.unsure THEN 'zero_padding'
              WHEN v.unsure THEN 'min_confidence' END
  FROM (
    SELECT n.number, n.method, n.confidence, w.none, w.allowed, w.refused, w.accepted, w.unsure,
           NOT w.none AND w.allowed AND NOT w.refused
             AND CASE WHEN n.method = 'missing_check_digit' THEN (rules).check_digit IS NOT NULL ELSE w.accepted OR NOT w.unsure END AS taken
    FROM (SELECT CASE WHEN (rules).strip_prefixes IS NULL AND (rules).strip_suffixes IS NULL THEN code
                      ELSE pm_suppliers._strip(btrim(code, E' \t\n\x0B\f\r'), (rules).strip_prefixes, (rules).strip_suffixes) END OFFSET 0) AS s(code)
    CROSS JOIN LATERAL (SELECT CASE WHEN (rules).check_digit = 'always_missing' THEN pm_suppliers._with_check_digit(s.code) END OFFSET 0) AS c(completed)
    -- everything is a finding here; min_confidence is applied below
    CROSS JOIN LATERAL pm_gtin.gtin_resolve(coalesce(c.completed, s.code), 0, (rules).placeholders) AS r
    CROSS JOIN LATERAL (SELECT coalesce(r.gtin, r.suggestion),
                               CASE WHEN c.completed IS NOT NULL AND r.gtin IS NOT NULL THEN 'missing_check_digit' ELSE r.method END,
                               CASE WHEN c.completed IS NOT NULL AND r.gtin IS NOT NULL THEN 0.45::real ELSE r.confidence END) AS n(number, method, confidence)
    CROSS JOIN LATERAL (SELECT
        (rules).none_codes IS NOT NULL AND (
          pm_suppliers.code_key(code) = ANY (ARRAY(SELECT pm_suppliers.code_key(u.word) FROM unnest((rules).none_codes) AS u(word)))
          OR coalesce(n.number OPERATOR(pm_gtin.=) ANY (ARRAY(SELECT pm_gtin.gtin_try(u.word) FROM unnest((rules).none_codes) AS u(word)
                                                              WHERE pm_gtin.gtin_valid(u.word))), false)),
        coalesce(n.number OPERATOR(pm_gtin.^@) ANY ((rules).allowed_prefixes), true),
        n.number IS NOT NULL AND n.method = 'zero_pad' AND (rules).zero_padding IS NOT DISTINCT FROM 'refuse',
        n.number IS NOT NULL AND n.method = 'zero_pad' AND (rules).zero_padding IS NOT DISTINCT FROM 'accept',
        n.number IS NOT NULL AND n.confidence < coalesce((rules).min_confidence, 0.5::real)) AS w(none, allowed, refused, accepted, unsure)
  ) AS v;
END;

REVOKE ALL ON FUNCTION pm_suppliers.code_key(text), pm_suppliers._strip(text, text[], text[]), pm_suppliers._with_check_digit(text),
  pm_suppliers._read(text, pm_suppliers.identifier_rules) FROM PUBLIC;
