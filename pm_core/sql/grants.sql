-- What the roles of a deployment may do.  Everybody who may come in may log in and be
-- authenticated; what is seen then is what row-level security lets through.

GRANT USAGE ON SCHEMA pm_core TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_core._is_inside(), pm_core._is_admin(), pm_core._keeps(), pm_core._sees_all(text), pm_core.current_user_id(),
  pm_core.has_permission(uuid, text, text), pm_core.authorize(uuid, text, text), pm_core.authorize(text, text), pm_core.verify_password(text, text), pm_core.login(text, text),
  pm_core.verify_token(text), pm_core.refresh_token(text), pm_core.revoke_token(text), pm_core.authenticate(text), pm_core.authenticate_request(),
  pm_core.verify_email(text), pm_core.reset_password(text, text), pm_core.get_setting(text, text), pm_core._refuse_setting(text, text),
  pm_core.unread_count(), pm_core.mark_read(uuid[]), pm_core._is_line(text, integer) TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT SELECT (id, email, username, first_name, last_name, role, is_active, is_verified, is_superuser, is_admin, permissions, last_login, created_at, updated_at, erased_at)
  ON pm_core.users TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT SELECT ON pm_core.roles, pm_core.permissions, pm_core.role_permissions, pm_core.user_roles, pm_core.app_settings, pm_core.notifications
  TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT UPDATE (read) ON pm_core.notifications TO pm_reader, pm_writer, pm_worker, pm_admin;

-- Jobs notify users, and do the upkeep.
GRANT EXECUTE ON FUNCTION pm_core.send_notification(uuid, text, text, text, jsonb, interval), pm_core.announce_notifications(), pm_core.forget_expired(),
  pm_core.save_login_failures(), pm_core.save_token_uses(), pm_core._run_announce(pm_jobs.job), pm_core._run_expire(pm_jobs.job), pm_core._run_failures(pm_jobs.job) TO pm_worker, pm_admin;

-- Administrators keep users, rights and settings; hashes of passwords, keys and sessions they do not see.
GRANT EXECUTE ON FUNCTION pm_core.create_default_roles(), pm_core.create_user(text, text, text, text, text, text), pm_core.set_password(uuid, text),
  pm_core.deactivate_user(uuid), pm_core.request_verification(uuid, interval), pm_core.request_password_reset(text, interval), pm_core.issue_token(uuid, interval),
  pm_core.revoke_tokens(uuid), pm_core.rotate_signing_key(), pm_core.signing_jwks(), pm_core.define_setting(text, text, text, jsonb, text),
  pm_core.set_setting(text, text, jsonb), pm_core.reset_setting(text, text), pm_core.schedule_upkeep(text),
  pm_core._changed(), pm_core._set_updated_at(), pm_core._unverify(), pm_core._is_word(text), pm_core._is_email(text), pm_core._are_permissions(jsonb) TO pm_admin;
GRANT SELECT ON pm_core.app_setting_changes TO pm_admin;
GRANT INSERT, UPDATE, DELETE ON pm_core.roles, pm_core.permissions, pm_core.role_permissions, pm_core.user_roles TO pm_admin;
GRANT UPDATE (email, username, first_name, last_name, role, is_active, is_verified, is_superuser, is_admin, permissions), DELETE ON pm_core.users TO pm_admin;
GRANT USAGE ON SEQUENCE pm_core.roles_id_seq, pm_core.permissions_id_seq TO pm_admin;

-- Secrets are for administrators, who set them, and jobs, which connect by them; settings of
-- connections for everybody, but for what one logs in by.
GRANT EXECUTE ON FUNCTION pm_core.get_secret(text), pm_core.get_connection(text, text) TO pm_worker, pm_admin;
GRANT SELECT (name, key_id, description, created_at, updated_at) ON pm_core.secrets TO pm_worker, pm_admin;
GRANT SELECT ON pm_core.amazon_api_configs, pm_core.odoo_configs, pm_core.prestashop_configs TO pm_worker, pm_admin;
GRANT SELECT (id, name, marketplace, host, region, partner_tag, requests_per_second, requests_per_day, is_active, created_at, updated_at)
  ON pm_core.amazon_api_configs TO pm_reader, pm_writer;
GRANT SELECT (id, name, url, database, company_id, language, is_active, created_at, updated_at) ON pm_core.odoo_configs TO pm_reader, pm_writer;
GRANT SELECT (id, name, url, shop_id, language_id, is_active, created_at, updated_at) ON pm_core.prestashop_configs TO pm_reader, pm_writer;
GRANT EXECUTE ON FUNCTION pm_core.set_secret(text, text, text), pm_core.drop_secret(text), pm_core.rotate_secrets(integer),
  pm_core._amazon_region(text), pm_core._is_service_url(text) TO pm_admin;
GRANT SELECT ON pm_core.secret_changes, pm_core.connection_changes TO pm_admin;
GRANT INSERT (name, marketplace, partner_tag, access_key, secret_name, requests_per_second, requests_per_day, is_active),
  UPDATE (name, marketplace, partner_tag, access_key, secret_name, requests_per_second, requests_per_day, is_active), DELETE ON pm_core.amazon_api_configs TO pm_admin;
GRANT INSERT (name, url, database, username, secret_name, company_id, language, is_active),
  UPDATE (name, url, database, username, secret_name, company_id, language, is_active), DELETE ON pm_core.odoo_configs TO pm_admin;
GRANT INSERT (name, url, secret_name, shop_id, language_id, is_active),
  UPDATE (name, url, secret_name, shop_id, language_id, is_active), DELETE ON pm_core.prestashop_configs TO pm_admin;
-- Everybody may ask where an entity lives.  How the databases are is for those who watch them.
GRANT SELECT ON pm_core.databases, pm_core._homes TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_core._entities(), pm_core.route(text) TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT USAGE ON SCHEMA pm_core TO pg_monitor;
GRANT EXECUTE ON FUNCTION pm_core.health() TO pm_worker, pm_admin, pg_monitor;
GRANT SELECT ON pm_core.backups TO pm_worker, pm_admin, pg_monitor;
GRANT INSERT, DELETE ON pm_core.backups TO pm_admin;
GRANT INSERT, UPDATE, DELETE ON pm_core._homes TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_core.record_backup(text, text, timestamptz, timestamptz, text, bigint, boolean), pm_core.set_home(name, name) TO pm_admin;
-- Erasures: pm_admin asks, pm_worker does it.
GRANT EXECUTE ON FUNCTION pm_core.erase_user(uuid, text[]), pm_core.erasure_proof(uuid, text[]) TO pm_admin;
GRANT EXECUTE ON FUNCTION pm_core.erasure_words(uuid, text, integer), pm_core.end_erasure_step(uuid, text, integer, bigint), pm_core.erase_here(uuid, integer), pm_core._run_erasure(pm_jobs.job) TO pm_worker;
GRANT SELECT (user_id, requested_at, round, quiet, finished_at) ON pm_core._erasures TO pm_admin, pm_worker;
GRANT SELECT ON pm_core._erasure_steps, pm_core.erasures TO pm_admin, pm_worker;
