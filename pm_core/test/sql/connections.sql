-- Connections to Amazon, Odoo and PrestaShop: settings, their secrets, who changed what.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = error;
SELECT set_config('pm_core.secret_key_file', current_setting('data_directory') || '_keys', false) \g /dev/null
DO $$
BEGIN
  EXECUTE format('COPY (SELECT ''k '' || repeat(''1'', 64)) TO PROGRAM %L', format('umask 077; cat >%L', current_setting('pm_core.secret_key_file')));
END
$$;
SELECT pm_core.set_secret('amazon pair', 'a+/a'), pm_core.set_secret('odoo key', 'o o'), pm_core.set_secret('shop key', 's"s');
INSERT INTO pm_core.amazon_api_configs (name, marketplace, partner_tag, access_key, secret_name) VALUES
  ('france', 'www.amazon.fr', 'shop-21', 'AKIA1', 'amazon pair'), ('japan', 'www.amazon.co.jp', 'shop-22', 'AKIA1', 'amazon pair'), ('us', 'www.amazon.com', 'shop-20', 'AKIA1', 'amazon pair');
INSERT INTO pm_core.odoo_configs (name, url, database, username, secret_name, company_id, language) VALUES ('main', 'https://odoo.example.com', 'prod', 'bot@example.com', 'odoo key', 2, 'fr_FR');
INSERT INTO pm_core.prestashop_configs (name, url, secret_name, shop_id) VALUES ('main', 'http://localhost:8080/shop/', 'shop key', 3);
SELECT name, host, region FROM pm_core.amazon_api_configs ORDER BY name;
-- with the secret, for jobs
SELECT pm_core.get_connection('amazon', 'france') - 'id';
SELECT pm_core.get_connection('odoo', 'main') - 'id';
SELECT pm_core.get_connection('prestashop', 'main') - 'id';
UPDATE pm_core.odoo_configs SET is_active = false;
SELECT pm_core.get_connection('odoo', 'main');
SELECT pm_core.get_connection('amazon', 'main');
SELECT pm_core.get_connection('amazon', NULL);
SELECT pm_core.get_connection('shopify', 'main');
SELECT pm_core.get_connection(NULL, 'main');
-- a secret that is named stays, and one that is not there is not named
SELECT pm_core.drop_secret('amazon pair');
UPDATE pm_core.prestashop_configs SET secret_name = 'none';
-- what a message might show: a password in an address, the secret key in the place of its id, whatever else is wrong with the row
UPDATE pm_core.odoo_configs SET url = 'https://bot:secret@odoo.example.com', name = '';
INSERT INTO pm_core.prestashop_configs (url) VALUES ('https://secret@shop.example.com');
INSERT INTO pm_core.amazon_api_configs (access_key) VALUES ('secret+key/secret+key/secret+key/secret+');
INSERT INTO pm_core.amazon_api_configs (access_key) VALUES (repeat('x', 40));
-- addresses
SELECT url, pm_core._is_service_url(url) FROM unnest('{https://a,https://a.example.com:8069/odoo/,"https://[2001:db8::1]/",http://127.0.0.1,"http://[::1]:80/a",http://localhost/a,
  http://a.example.com,http://localhost.example.com,http://127.0.0.1.example.com,http://localhost@example.com,https://user@a,https://a/?key=x,https://a/#x,https:///a,https://,ftp://a,HTTPS://a,"https://a b",https://-a,""}'::text[]) AS url;
SELECT pm_core._is_service_url(E'https://a\n'), pm_core._is_service_url('https://a/' || repeat('x', 2039)), pm_core._is_service_url(NULL) IS NULL;
-- settings that are none
\set VERBOSITY terse
UPDATE pm_core.amazon_api_configs SET marketplace = 'www.example.com' WHERE name = 'us';
UPDATE pm_core.amazon_api_configs SET host = 'www.example.com' WHERE name = 'us';
UPDATE pm_core.amazon_api_configs SET partner_tag = 'a b' WHERE name = 'us';
UPDATE pm_core.amazon_api_configs SET requests_per_second = 0 WHERE name = 'us';
UPDATE pm_core.amazon_api_configs SET requests_per_day = -1 WHERE name = 'us';
UPDATE pm_core.amazon_api_configs SET name = 'japan' WHERE name = 'us';
UPDATE pm_core.odoo_configs SET language = 'french';
UPDATE pm_core.odoo_configs SET company_id = 0;
UPDATE pm_core.odoo_configs SET database = '';
UPDATE pm_core.odoo_configs SET username = E'a\nb';
UPDATE pm_core.prestashop_configs SET shop_id = 0;
UPDATE pm_core.prestashop_configs SET language_id = 0;
-- what was changed, by whom
UPDATE pm_core.amazon_api_configs SET marketplace = 'www.amazon.com.mx', name = 'mexico' WHERE name = 'us';
DELETE FROM pm_core.amazon_api_configs WHERE name = 'mexico';
SELECT relation, name, old_value->>'name' AS old, old_value->>'is_active' AS was_active, new_value->>'name' AS new, new_value->>'host' AS host, user_id, role = session_user AS mine
FROM pm_core.connection_changes ORDER BY id;
SELECT name, created_by, created_role = session_user AS mine, updated_at > created_at AS changed FROM pm_core.odoo_configs;
BEGIN;
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@example.com') AS anne \gset
SELECT access_token AS token FROM pm_core.issue_token(:'anne') \gset
SELECT pm_core.authenticate(:'token') = :'anne' AS anne;
INSERT INTO pm_core.prestashop_configs (name, url, secret_name) SELECT 'hers', 'https://a', min(name) FROM pm_core.secrets;
INSERT INTO pm_core.odoo_configs (name, url, database, username, secret_name) SELECT 'hers', 'https://a', 'x', 'x', min(name) FROM pm_core.secrets;
INSERT INTO pm_core.amazon_api_configs (name, marketplace, partner_tag, access_key, secret_name) SELECT 'hers', 'www.amazon.fr', 'x', 'x', min(name) FROM pm_core.secrets;
UPDATE pm_core.prestashop_configs SET shop_id = 2 WHERE name = 'hers';
DELETE FROM pm_core.odoo_configs WHERE name = 'hers';
SELECT p.created_by = :'anne' AS hers, a.created_by = :'anne' AS hers FROM pm_core.prestashop_configs AS p, pm_core.amazon_api_configs AS a WHERE p.name = 'hers' AND a.name = 'hers';
SELECT relation, old_value->>'created_by' = :'anne' AS made, user_id = :'anne' AS changed FROM pm_core.connection_changes WHERE name = 'hers' ORDER BY id;
ROLLBACK;
-- an administrator changes connections, and neither the history nor who made them
\set VERBOSITY default
CREATE ROLE regress_pm_core_admin;
GRANT USAGE ON SCHEMA pm_core, pm_xref TO regress_pm_core_admin;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA pm_xref TO regress_pm_core_admin;
GRANT SELECT, UPDATE (shop_id), DELETE ON pm_core.prestashop_configs TO regress_pm_core_admin;
GRANT EXECUTE ON FUNCTION pm_core._is_service_url(text), pm_core._is_line(text, integer) TO regress_pm_core_admin;
SET ROLE regress_pm_core_admin;
UPDATE pm_core.prestashop_configs SET shop_id = 4 WHERE name = 'main';
DELETE FROM pm_core.prestashop_configs;
UPDATE pm_core.connection_changes SET name = 'x';
SELECT pm_core.get_connection('odoo', 'main');
RESET ROLE;
SELECT relation, old_value->>'shop_id' AS old, new_value->>'shop_id' AS new FROM pm_core.connection_changes WHERE relation = 'prestashop_configs' ORDER BY id;
DROP OWNED BY regress_pm_core_admin;
DROP ROLE regress_pm_core_admin;
DELETE FROM pm_core.amazon_api_configs;
DELETE FROM pm_core.odoo_configs;
SELECT count(*) FILTER (WHERE pm_core.drop_secret(name)) FROM pm_core.secrets;
DO $$
BEGIN
  EXECUTE format('COPY (SELECT) TO PROGRAM %L', format('cat >/dev/null; rm -f %L', current_setting('pm_core.secret_key_file')));
END
$$;
