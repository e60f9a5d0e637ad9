-- Settings: types, defaults, history.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT pm_core.define_setting('general', 'currency', 'text', '"EUR"', 'of prices'), pm_core.define_setting('general', 'page', 'integer', '50'), pm_core.define_setting('modules', 'shop', 'boolean', 'true'),
  pm_core.define_setting('modules', 'any', 'json', 'null'), pm_core.define_setting('modules', 'list', 'array', '[]'), pm_core.define_setting('modules', 'tree', 'object', '{}'), pm_core.define_setting('general', 'rate', 'number', '0.2');
SELECT pm_core.get_setting('general', 'currency'), pm_core.get_setting('modules', 'any');
SELECT pm_core.set_setting('general', 'currency', '"CHF"') AS before;
SELECT pm_core.get_setting('general', 'currency');
SELECT pm_core.reset_setting('general', 'currency');
-- of its type
SELECT pm_core.set_setting('general', 'page', '1.5');
SELECT pm_core.set_setting('general', 'page', '"50"');
SELECT pm_core.set_setting('general', 'page', NULL);
SELECT pm_core.set_setting('modules', 'shop', '1');
SELECT pm_core.set_setting('modules', 'list', '{}');
SELECT pm_core.set_setting('general', 'page', '1e2');
\set VERBOSITY terse
UPDATE pm_core.app_settings SET value = '"x"' WHERE key = 'page';
-- none
SELECT pm_core.get_setting('general', 'none');
SELECT pm_core.get_setting(NULL, NULL);
SELECT pm_core.set_setting('general', 'none', '1');
SELECT pm_core.reset_setting('general', 'none');
SELECT pm_core.define_setting('general', 'x', 'date', '1');
SELECT pm_core.define_setting('general', 'x', 'integer', '"1"');
SELECT pm_core.define_setting('general', NULL, 'integer', '1');
-- defined again: a value that was the default follows it, another one stays
SELECT pm_core.define_setting('general', 'currency', 'text', '"USD"', 'of all prices'), pm_core.define_setting('general', 'page', 'integer', '20');
SELECT category, key, type, value, default_value, description FROM pm_core.app_settings ORDER BY category, key;
-- history: what changed a value, and nothing else
UPDATE pm_core.app_settings SET description = 'other' WHERE key = 'page';
DELETE FROM pm_core.app_settings WHERE key = 'rate';
SELECT category, key, old_value, new_value, user_id, role = session_user AS mine FROM pm_core.app_setting_changes ORDER BY id;
-- by whom
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@example.com') AS anne \gset
SELECT access_token AS token FROM pm_core.issue_token(:'anne') \gset
BEGIN;
SELECT pm_core.authenticate(:'token') = :'anne' AS anne;
SELECT pm_core.set_setting('general', 'page', '30');
UPDATE pm_core.app_settings SET value = '31' WHERE key = 'page';
SELECT pm_core.reset_setting('general', 'page');
DELETE FROM pm_core.app_settings WHERE key = 'page';
COMMIT;
SELECT old_value, new_value, user_id = :'anne' AS hers FROM pm_core.app_setting_changes WHERE user_id IS NOT NULL ORDER BY id;
DELETE FROM pm_core.users;
DELETE FROM pm_core.roles;
DELETE FROM pm_core.permissions;
DELETE FROM pm_core.app_settings;
