-- Suppliers.  ARCHITECTURE.md says who writes which table.

-- ISO 3166-1 alpha-2, and XK, which the standard leaves to its users and trade uses for Kosovo.
CREATE FUNCTION pm_suppliers._is_country(code text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN code = ANY (string_to_array('AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD '
  'CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF '
  'GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN '
  'KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA '
  'NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI '
  'SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI '
  'VN VU WF WS XK YE YT ZA ZM ZW', ' '));

-- A name, a code: some characters, none of them a control character, no white space around.
CREATE FUNCTION pm_suppliers._is_line(value text, most integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN length(value) BETWEEN 1 AND most AND value = btrim(value) AND value COLLATE "C" !~ '[\x01-\x1f\x7f]';

CREATE FUNCTION pm_suppliers._is_email(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN length(value) <= 254 AND value COLLATE "C" ~ '^[^@\s\x01-\x1f\x7f]+@[^@\s\x01-\x1f\x7f]+$';

CREATE FUNCTION pm_suppliers._is_phone(value text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN length(value) <= 50 AND value COLLATE "C" ~ '^[+(]?[0-9][-0-9 ()./,;x]{2,}$';

CREATE TABLE pm_suppliers.suppliers (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  code text NOT NULL UNIQUE,
  name text NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  contact_email text,
  contact_phone text,
  address text,
  country text DEFAULT 'FR',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT code_is_1_to_50_printable_characters CHECK (pm_suppliers._is_line(code, 50)),
  CONSTRAINT name_is_1_to_255_printable_characters CHECK (pm_suppliers._is_line(name, 255)),
  CONSTRAINT contact_email_is_like_name_at_domain CHECK (pm_suppliers._is_email(contact_email)),
  CONSTRAINT contact_phone_is_3_to_50_digits_and_separators CHECK (pm_suppliers._is_phone(contact_phone)),
  CONSTRAINT country_is_iso_3166_alpha_2 CHECK (pm_suppliers._is_country(country))
);
CREATE UNIQUE INDEX suppliers_code_in_any_case ON pm_suppliers.suppliers (upper(code COLLATE "C"));
CREATE INDEX suppliers_is_active ON pm_suppliers.suppliers (is_active);
COMMENT ON TABLE pm_suppliers.suppliers IS 'The suppliers. What happens to id, code, name and is_active is published as suppliers.supplier.changed; other databases keep copies of these four.';
COMMENT ON COLUMN pm_suppliers.suppliers.id IS 'a UUID of version 7';
COMMENT ON COLUMN pm_suppliers.suppliers.code IS 'short name, as it was entered; unique without regard to the case of a to z, and found so by functions. May be changed: nothing here refers to it';
COMMENT ON COLUMN pm_suppliers.suppliers.name IS 'name, for people';
COMMENT ON COLUMN pm_suppliers.suppliers.is_active IS 'false: nothing is bought from them any more; better than deleting';
COMMENT ON COLUMN pm_suppliers.suppliers.contact_email IS 'general address; persons are in pm_suppliers.supplier_contacts';
COMMENT ON COLUMN pm_suppliers.suppliers.contact_phone IS 'general number';
COMMENT ON COLUMN pm_suppliers.suppliers.address IS 'postal address, lines separated by line ends, without the country';
COMMENT ON COLUMN pm_suppliers.suppliers.country IS 'ISO 3166-1 alpha-2 in upper case, or XK for Kosovo';
COMMENT ON COLUMN pm_suppliers.suppliers.created_at IS 'when the row was made';
COMMENT ON COLUMN pm_suppliers.suppliers.updated_at IS 'when it was last changed';

CREATE FUNCTION pm_suppliers._set_updated_at() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER set_updated_at BEFORE UPDATE ON pm_suppliers.suppliers
FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION pm_suppliers._set_updated_at();

CREATE FUNCTION pm_suppliers._refuse_id() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'the id of supplier "%" cannot change', OLD.code
    USING ERRCODE = '55000', DETAIL = format('It is %s.', OLD.id), HINT = 'Other databases know the supplier by it. Change code or name instead.';
END
$$;
CREATE TRIGGER refuse_id BEFORE UPDATE OF id ON pm_suppliers.suppliers
FOR EACH ROW WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION pm_suppliers._refuse_id();

-- The id of the supplier that a person names; 23503 if there is none.
CREATE FUNCTION pm_suppliers._supplier(supplier_code text) RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found_id uuid;
BEGIN
  SELECT s.id INTO found_id FROM pm_suppliers.suppliers AS s WHERE upper(s.code COLLATE "C") = upper(btrim(supplier_code) COLLATE "C");
  IF NOT FOUND THEN
    RAISE EXCEPTION 'supplier % does not exist', coalesce('"' || left(supplier_code, 64) || '"', 'NULL')
      USING ERRCODE = '23503',
        HINT = 'Table pm_suppliers.suppliers has the codes; make one with INSERT INTO pm_suppliers.suppliers (code, name).';
  END IF;
  RETURN found_id;
END
$$;

-- The same, and it cannot be deleted until the transaction ends.
CREATE FUNCTION pm_suppliers._hold_supplier(supplier_code text) RETURNS uuid
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  held_id uuid;
BEGIN
  SELECT s.id INTO held_id FROM pm_suppliers.suppliers AS s WHERE upper(s.code COLLATE "C") = upper(btrim(supplier_code) COLLATE "C") FOR KEY SHARE;
  RETURN coalesce(held_id, pm_suppliers._supplier(supplier_code));
END
$$;

SELECT pg_extension_config_dump('pm_suppliers.suppliers', '');

REVOKE ALL ON FUNCTION pm_suppliers._is_country(text), pm_suppliers._is_line(text, integer), pm_suppliers._is_email(text), pm_suppliers._is_phone(text),
  pm_suppliers._set_updated_at(), pm_suppliers._refuse_id(), pm_suppliers._supplier(text), pm_suppliers._hold_supplier(text) FROM PUBLIC;
