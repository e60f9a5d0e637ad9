-- Connections to Amazon, Odoo and PrestaShop: settings here, what lets us in is a secret that
-- they name.  Several may name one.

-- Where requests to the Product Advertising API 5.0 for a marketplace are signed for; NULL: it is none.
CREATE FUNCTION pm_core._amazon_region(marketplace text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE
  WHEN marketplace IN ('www.amazon.com', 'www.amazon.ca', 'www.amazon.com.mx', 'www.amazon.com.br') THEN 'us-east-1'
  WHEN marketplace IN ('www.amazon.com.au', 'www.amazon.co.jp', 'www.amazon.sg') THEN 'us-west-2'
  WHEN marketplace IN ('www.amazon.ae', 'www.amazon.co.uk', 'www.amazon.com.be', 'www.amazon.com.tr', 'www.amazon.de', 'www.amazon.eg', 'www.amazon.es', 'www.amazon.fr',
    'www.amazon.in', 'www.amazon.it', 'www.amazon.nl', 'www.amazon.pl', 'www.amazon.sa', 'www.amazon.se') THEN 'eu-west-1' END;

-- An address that a secret may be sent to: encrypted unless it stays on the machine, and without a user, password, query or fragment.
CREATE FUNCTION pm_core._is_service_url(url text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN length(url) <= 2048 AND url COLLATE "C"
  ~ '^(https://([A-Za-z0-9]([A-Za-z0-9.-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])|http://(localhost|127[.]0[.]0[.]1|\[::1\]))(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&''()*+,;=:%/-]*)?$';

CREATE TABLE pm_core.amazon_api_configs (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  name text NOT NULL UNIQUE,
  marketplace text NOT NULL,
  host text NOT NULL GENERATED ALWAYS AS ('webservices' || substr(marketplace, 4)) STORED,
  region text GENERATED ALWAYS AS (pm_core._amazon_region(marketplace)) STORED,
  partner_tag text NOT NULL,
  access_key text NOT NULL,
  secret_name text NOT NULL REFERENCES pm_core.secrets,
  requests_per_second numeric(8, 3) NOT NULL DEFAULT 1,
  requests_per_day integer NOT NULL DEFAULT 8640,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid DEFAULT pm_core.current_user_id(),
  created_role name NOT NULL DEFAULT session_user,
  CONSTRAINT name_is_1_to_100_printable_characters CHECK (pm_core._is_line(name, 100)),
  CONSTRAINT marketplace_is_one_of_amazon CHECK (pm_core._amazon_region(marketplace) IS NOT NULL),
  CONSTRAINT partner_tag_is_a_word CHECK (partner_tag COLLATE "C" ~ '^[A-Za-z0-9_-]{1,64}$'),
  CONSTRAINT access_key_is_a_word CHECK (access_key COLLATE "C" ~ '^[A-Za-z0-9]{1,30}$'),
  CONSTRAINT requests_per_second_is_positive CHECK (requests_per_second > 0),
  CONSTRAINT requests_per_day_is_positive CHECK (requests_per_day > 0)
);
CREATE INDEX amazon_api_configs_secret_name ON pm_core.amazon_api_configs (secret_name);
COMMENT ON TABLE pm_core.amazon_api_configs IS 'Accounts at Amazon''s Product Advertising API 5.0';
COMMENT ON COLUMN pm_core.amazon_api_configs.id IS 'a UUID of version 7';
COMMENT ON COLUMN pm_core.amazon_api_configs.name IS 'what get_connection(''amazon'', name) takes';
COMMENT ON COLUMN pm_core.amazon_api_configs.marketplace IS 'www.amazon.fr, one that the API knows';
COMMENT ON COLUMN pm_core.amazon_api_configs.host IS 'where requests go; follows from marketplace, so a secret goes to Amazon alone';
COMMENT ON COLUMN pm_core.amazon_api_configs.region IS 'what requests are signed for; follows from marketplace';
COMMENT ON COLUMN pm_core.amazon_api_configs.partner_tag IS 'the associate''s tag in this marketplace';
COMMENT ON COLUMN pm_core.amazon_api_configs.access_key IS 'id of the pair of keys; read by administrators and workers';
COMMENT ON COLUMN pm_core.amazon_api_configs.secret_name IS 'secret that is the secret key of the pair';
COMMENT ON COLUMN pm_core.amazon_api_configs.requests_per_second IS 'how many requests the account may send';
COMMENT ON COLUMN pm_core.amazon_api_configs.requests_per_day IS 'how many of them a day';
COMMENT ON COLUMN pm_core.amazon_api_configs.is_active IS 'false: get_connection() does not give it';
COMMENT ON COLUMN pm_core.amazon_api_configs.created_at IS 'when it was made';
COMMENT ON COLUMN pm_core.amazon_api_configs.updated_at IS 'when the row was last changed: connection_changes says by whom';
COMMENT ON COLUMN pm_core.amazon_api_configs.created_by IS 'user who was authenticated when it was made; NULL: nobody';
COMMENT ON COLUMN pm_core.amazon_api_configs.created_role IS 'role of the database that made it';

CREATE TABLE pm_core.odoo_configs (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  name text NOT NULL UNIQUE,
  url text NOT NULL,
  database text NOT NULL,
  username text NOT NULL,
  secret_name text NOT NULL REFERENCES pm_core.secrets,
  company_id integer,
  language text NOT NULL DEFAULT 'en_US',
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid DEFAULT pm_core.current_user_id(),
  created_role name NOT NULL DEFAULT session_user,
  CONSTRAINT name_is_1_to_100_printable_characters CHECK (pm_core._is_line(name, 100)),
  CONSTRAINT url_is_https_without_user_or_query CHECK (pm_core._is_service_url(url)),
  CONSTRAINT database_is_1_to_255_printable_characters CHECK (pm_core._is_line(database, 255)),
  CONSTRAINT username_is_1_to_255_printable_characters CHECK (pm_core._is_line(username, 255)),
  CONSTRAINT company_id_is_positive CHECK (company_id > 0),
  CONSTRAINT language_is_a_locale CHECK (language COLLATE "C" ~ '^[a-z]{2,3}(_[A-Z][A-Za-z0-9]{1,3})?(@[a-z]{1,16})?$')
);
CREATE INDEX odoo_configs_secret_name ON pm_core.odoo_configs (secret_name);
COMMENT ON TABLE pm_core.odoo_configs IS 'Servers of Odoo that products go to and come from';
COMMENT ON COLUMN pm_core.odoo_configs.id IS 'a UUID of version 7';
COMMENT ON COLUMN pm_core.odoo_configs.name IS 'what get_connection(''odoo'', name) takes';
COMMENT ON COLUMN pm_core.odoo_configs.url IS 'https://odoo.example.com; http for this machine alone';
COMMENT ON COLUMN pm_core.odoo_configs.database IS 'name of the database of Odoo';
COMMENT ON COLUMN pm_core.odoo_configs.username IS 'login there; read by administrators and workers';
COMMENT ON COLUMN pm_core.odoo_configs.secret_name IS 'secret that is the API key, or the password, of that login';
COMMENT ON COLUMN pm_core.odoo_configs.company_id IS 'company there; NULL: that of the login';
COMMENT ON COLUMN pm_core.odoo_configs.language IS 'of texts: fr_FR, as Odoo names it';
COMMENT ON COLUMN pm_core.odoo_configs.is_active IS 'false: get_connection() does not give it';
COMMENT ON COLUMN pm_core.odoo_configs.created_at IS 'when it was made';
COMMENT ON COLUMN pm_core.odoo_configs.updated_at IS 'when the row was last changed: connection_changes says by whom';
COMMENT ON COLUMN pm_core.odoo_configs.created_by IS 'user who was authenticated when it was made; NULL: nobody';
COMMENT ON COLUMN pm_core.odoo_configs.created_role IS 'role of the database that made it';

CREATE TABLE pm_core.prestashop_configs (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  name text NOT NULL UNIQUE,
  url text NOT NULL,
  secret_name text NOT NULL REFERENCES pm_core.secrets,
  shop_id integer,
  language_id integer NOT NULL DEFAULT 1,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  created_by uuid DEFAULT pm_core.current_user_id(),
  created_role name NOT NULL DEFAULT session_user,
  CONSTRAINT name_is_1_to_100_printable_characters CHECK (pm_core._is_line(name, 100)),
  CONSTRAINT url_is_https_without_user_or_query CHECK (pm_core._is_service_url(url)),
  CONSTRAINT shop_id_is_positive CHECK (shop_id > 0),
  CONSTRAINT language_id_is_positive CHECK (language_id > 0)
);
CREATE INDEX prestashop_configs_secret_name ON pm_core.prestashop_configs (secret_name);
COMMENT ON TABLE pm_core.prestashop_configs IS 'Shops of PrestaShop that products go to';
COMMENT ON COLUMN pm_core.prestashop_configs.id IS 'a UUID of version 7';
COMMENT ON COLUMN pm_core.prestashop_configs.name IS 'what get_connection(''prestashop'', name) takes';
COMMENT ON COLUMN pm_core.prestashop_configs.url IS 'of the shop: https://shop.example.com; http for this machine alone';
COMMENT ON COLUMN pm_core.prestashop_configs.secret_name IS 'secret that is the key of the web service';
COMMENT ON COLUMN pm_core.prestashop_configs.shop_id IS 'shop, where there are several; NULL: the first one';
COMMENT ON COLUMN pm_core.prestashop_configs.language_id IS 'language of texts, as the shop numbers it';
COMMENT ON COLUMN pm_core.prestashop_configs.is_active IS 'false: get_connection() does not give it';
COMMENT ON COLUMN pm_core.prestashop_configs.created_at IS 'when it was made';
COMMENT ON COLUMN pm_core.prestashop_configs.updated_at IS 'when the row was last changed: connection_changes says by whom';
COMMENT ON COLUMN pm_core.prestashop_configs.created_by IS 'user who was authenticated when it was made; NULL: nobody';
COMMENT ON COLUMN pm_core.prestashop_configs.created_role IS 'role of the database that made it';

CREATE TABLE pm_core.connection_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  relation text NOT NULL,
  name text NOT NULL,
  old_value jsonb NOT NULL,
  new_value jsonb,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  user_id uuid,
  role name NOT NULL DEFAULT session_user
);
CREATE INDEX connection_changes_of ON pm_core.connection_changes (relation, name, id);
COMMENT ON TABLE pm_core.connection_changes IS 'What connections were; written by every change, kept. Who made one is in its row';
COMMENT ON COLUMN pm_core.connection_changes.id IS 'number, in the order of the changes';
COMMENT ON COLUMN pm_core.connection_changes.relation IS 'table: amazon_api_configs, odoo_configs, prestashop_configs';
COMMENT ON COLUMN pm_core.connection_changes.name IS 'name of the connection before the change';
COMMENT ON COLUMN pm_core.connection_changes.old_value IS 'the row before; it names a secret and has none';
COMMENT ON COLUMN pm_core.connection_changes.new_value IS 'the row after; NULL: it was deleted';
COMMENT ON COLUMN pm_core.connection_changes.changed_at IS 'when';
COMMENT ON COLUMN pm_core.connection_changes.user_id IS 'user who was authenticated; NULL: nobody';
COMMENT ON COLUMN pm_core.connection_changes.role IS 'role of the database that was logged in';

CREATE FUNCTION pm_core.__note_connection() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO pm_core.connection_changes (relation, name, old_value, new_value, user_id)
  VALUES (TG_TABLE_NAME, OLD.name, to_jsonb(OLD), to_jsonb(NEW), pm_core.current_user_id());
  RETURN NULL;
END
$$;
-- Administrators change connections and do not write the history.
CREATE FUNCTION pm_core._note_connection() RETURNS trigger
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';

-- Errors of constraints show the row: a password in an address, or the secret key in the place
-- of its id, is refused before them, and not shown.
CREATE FUNCTION pm_core._check_connection() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  made jsonb := to_jsonb(NEW);
BEGIN
  IF pm_core._is_service_url(made->>'url') IS FALSE THEN
    RAISE EXCEPTION 'invalid address of a connection'
      USING ERRCODE = '23514', HINT = 'It is https://host/path, without user, password, query and fragment; http is for this machine alone.';
  END IF;
  IF (made->>'access_key') COLLATE "C" !~ '^[A-Za-z0-9]{1,30}$' THEN
    RAISE EXCEPTION 'invalid access key' USING ERRCODE = '23514', HINT = 'It is the id of a pair of keys, of at most 30 characters A-Z a-z 0-9; the other one is a secret: pm_core.set_secret().';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER check_quietly BEFORE INSERT OR UPDATE ON pm_core.amazon_api_configs FOR EACH ROW EXECUTE FUNCTION pm_core._check_connection();
CREATE TRIGGER check_quietly BEFORE INSERT OR UPDATE ON pm_core.odoo_configs FOR EACH ROW EXECUTE FUNCTION pm_core._check_connection();
CREATE TRIGGER check_quietly BEFORE INSERT OR UPDATE ON pm_core.prestashop_configs FOR EACH ROW EXECUTE FUNCTION pm_core._check_connection();
CREATE TRIGGER updated_at BEFORE UPDATE ON pm_core.amazon_api_configs FOR EACH ROW EXECUTE FUNCTION pm_core._set_updated_at();
CREATE TRIGGER updated_at BEFORE UPDATE ON pm_core.odoo_configs FOR EACH ROW EXECUTE FUNCTION pm_core._set_updated_at();
CREATE TRIGGER updated_at BEFORE UPDATE ON pm_core.prestashop_configs FOR EACH ROW EXECUTE FUNCTION pm_core._set_updated_at();
CREATE TRIGGER note AFTER UPDATE OR DELETE ON pm_core.amazon_api_configs FOR EACH ROW EXECUTE FUNCTION pm_core._note_connection();
CREATE TRIGGER note AFTER UPDATE OR DELETE ON pm_core.odoo_configs FOR EACH ROW EXECUTE FUNCTION pm_core._note_connection();
CREATE TRIGGER note AFTER UPDATE OR DELETE ON pm_core.prestashop_configs FOR EACH ROW EXECUTE FUNCTION pm_core._note_connection();

CREATE FUNCTION pm_core.get_connection(kind text, name text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found jsonb;
BEGIN
  CASE kind
    WHEN 'amazon' THEN SELECT to_jsonb(c) INTO found FROM pm_core.amazon_api_configs AS c WHERE c.name = get_connection.name AND c.is_active;
    WHEN 'odoo' THEN SELECT to_jsonb(c) INTO found FROM pm_core.odoo_configs AS c WHERE c.name = get_connection.name AND c.is_active;
    WHEN 'prestashop' THEN SELECT to_jsonb(c) INTO found FROM pm_core.prestashop_configs AS c WHERE c.name = get_connection.name AND c.is_active;
    ELSE RAISE EXCEPTION 'unknown kind of connection: "%"', coalesce(left(kind, 64), 'NULL') USING ERRCODE = '22023', HINT = 'It is amazon, odoo or prestashop.';
  END CASE;
  IF found IS NULL THEN
    RAISE EXCEPTION '% connection "%" does not exist or is not active', kind, coalesce(left(name, 100), 'NULL') USING ERRCODE = '22023';
  END IF;
  RETURN found - '{is_active,created_at,updated_at,created_by,created_role}'::text[] || jsonb_build_object('secret', pm_core.get_secret(found->>'secret_name'));
END
$$;
COMMENT ON FUNCTION pm_core.get_connection(text, text) IS 'the settings of an active connection, with its secret as member "secret": what a job needs to connect. kind is amazon (amazon_api_configs), odoo (odoo_configs) or prestashop (prestashop_configs). Administrators and workers only. Errors: 22023 unknown kind, or no such active connection; those of get_secret()';

REVOKE ALL ON FUNCTION pm_core._amazon_region(text), pm_core._is_service_url(text), pm_core.__note_connection(), pm_core._note_connection(),
  pm_core._check_connection(), pm_core.get_connection(text, text) FROM PUBLIC;
SELECT pg_extension_config_dump('pm_core.amazon_api_configs', '');
SELECT pg_extension_config_dump('pm_core.odoo_configs', '');
SELECT pg_extension_config_dump('pm_core.prestashop_configs', '');
SELECT pg_extension_config_dump('pm_core.connection_changes', '');
SELECT pg_extension_config_dump('pm_core.connection_changes_id_seq', '');
