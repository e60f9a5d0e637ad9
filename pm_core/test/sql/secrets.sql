-- Secrets: set, read, dropped; keys that rotate, go and come back; rows that were changed past the functions.
\set VERBOSITY default
\set SHOW_CONTEXT never
-- secrets stand in these statements, which is warned of
SET client_min_messages = error;
-- no key file
SELECT pm_core.set_secret('shop', 'correct horse');
SELECT pm_core.rotate_secrets();
SELECT pm_core.drop_secret('shop');
SET pm_core.secret_key_file = 'secret_keys';
SET pm_core.secret_key_file = '/nowhere/secret_keys';
SELECT pm_core.set_secret('shop', 'correct horse');
-- a file beside the data directory, written by the server
CREATE FUNCTION pg_temp.write_keys(text, mask text DEFAULT '077', file text DEFAULT current_setting('data_directory') || '_keys') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('COPY (SELECT unnest(string_to_array(%L, E''\n''))) TO PROGRAM %L', $1, format('rm -f %1$L; umask %2$s; cat >%1$L', file, mask));
  RETURN file;
END
$$;
\set a '1111111111111111111111111111111111111111111111111111111111111111'
\set b '22222222222222222222222222222222222222222222222222222222222222BB'
SELECT set_config('pm_core.secret_key_file', pg_temp.write_keys(E'# keys\na ' || :'a'), false) \g /dev/null
SELECT pm_core.set_secret('shop', 'correct horse', 'of the shop'), pm_core.set_secret('été', E'h\u00e9, \u20ac\nsecond line');
SELECT pm_core.get_secret('shop'), pm_core.get_secret('été');
SELECT name, key_id, octet_length(ciphertext), description, created_at = updated_at AS new FROM pm_core.secrets ORDER BY name COLLATE "C";
-- the same value is another ciphertext each time; the description stays unless there is another one
CREATE TEMP TABLE before AS SELECT * FROM pm_core.secrets;
SELECT pm_core.set_secret('shop', 'correct horse');
SELECT s.ciphertext = b.ciphertext AS same, s.description FROM pm_core.secrets AS s JOIN before AS b USING (name) WHERE name = 'shop';
SELECT pm_core.set_secret('shop', 'battery staple', 'of the new shop');
SELECT pm_core.get_secret('shop'), description FROM pm_core.secrets WHERE name = 'shop';
-- sizes
SELECT pm_core.set_secret('long', repeat('é', 32768)), length(pm_core.get_secret('long'));
SELECT pm_core.set_secret('long', repeat('é', 32768) || 'x');
SELECT pm_core.set_secret('short', 'x'), pm_core.get_secret('short');
SELECT pm_core.set_secret('short', '');
SELECT pm_core.set_secret('short', NULL);
-- names: one that is none may be the secret
SELECT pm_core.set_secret(' correct horse', 'shop');
SELECT pm_core.set_secret(NULL, 'shop');
SELECT pm_core.set_secret(repeat('x', 101), 'shop');
SELECT pm_core.get_secret('none');
SELECT pm_core.get_secret(NULL);
SELECT pm_core.drop_secret('long'), pm_core.drop_secret('short'), pm_core.drop_secret('short'), pm_core.drop_secret(NULL);

-- the statement has the secret, or the log
RESET client_min_messages;
PREPARE set_value (text) AS SELECT pm_core.set_secret('told', convert_from(decode($1, 'hex'), 'UTF8'));
EXECUTE set_value (encode('longer than eight', 'hex'));
EXECUTE set_value ('6c6f6e676572207468616e206569676874');
SELECT pm_core.set_secret('told', 'longer than eight');
SET log_parameter_max_length = -1;
SET log_min_duration_statement = '1 h';
EXECUTE set_value ('6c6f6e676572207468616e206569676874');
SET log_parameter_max_length = 0;
EXECUTE set_value ('6c6f6e676572207468616e206569676874');
RESET log_parameter_max_length;
RESET log_min_duration_statement;
LOAD 'auto_explain';
SET auto_explain.log_verbose = on;
EXECUTE set_value ('6c6f6e676572207468616e206569676874');
SET auto_explain.log_min_duration = '1 h';
EXECUTE set_value ('6c6f6e676572207468616e206569676874');
RESET auto_explain.log_min_duration;
SELECT pm_core.drop_secret('told');
SET client_min_messages = error;

-- a new key goes first: secrets are read by the old one, and written by the new one
SELECT pg_temp.write_keys(format(E'b %s\na %s', :'b', :'a')) \g /dev/null
SELECT pm_core.get_secret('shop'), pm_core.set_secret('tax', 'tax office');
SELECT name, key_id FROM pm_core.secrets ORDER BY name COLLATE "C";
SELECT pm_core.rotate_secrets(0);
SELECT pm_core.rotate_secrets(1), pm_core.rotate_secrets(1), pm_core.rotate_secrets(1), pm_core.rotate_secrets(NULL);
SELECT name, key_id, updated_at < now() AS set_before FROM pm_core.secrets ORDER BY name COLLATE "C";
-- the old key is gone
SELECT pg_temp.write_keys('b ' || :'b') \g /dev/null
SELECT pm_core.get_secret('shop'), pm_core.get_secret('tax'), pm_core.get_secret('été');
-- who did what
SELECT name, action, key_id, user_id, role = session_user AS mine FROM pm_core.secret_changes ORDER BY id;
SELECT pm_core.create_default_roles();
SELECT pm_core.create_user('anne@example.com') AS anne \gset
SELECT access_token AS token FROM pm_core.issue_token(:'anne') \gset
SELECT pg_temp.write_keys(format(E'a %s\nb %s', :'a', :'b')) \g /dev/null
BEGIN;
SELECT pm_core.authenticate(:'token') = :'anne' AS anne;
SELECT pm_core.set_secret('hers', 'correct horse');
SELECT pm_core.rotate_secrets(1);
SELECT pm_core.drop_secret('hers');
SELECT action, user_id = :'anne' AS hers FROM pm_core.secret_changes WHERE user_id IS NOT NULL ORDER BY id;
ROLLBACK;
DELETE FROM pm_core.users;
DELETE FROM pm_core.roles;
DELETE FROM pm_core.permissions;
-- a ciphertext that another implementation of AES-256-GCM has made
SELECT pm_core._decrypt_secret('café', 'a', '\xcafebabefacedbaddecaf8889202c01f62c52017abe1aa67b82b2e545ba6a9da38e41e6898313c1b9499d0f7');
SELECT pg_temp.write_keys('b ' || :'b') \g /dev/null

-- a key that is not there, and another one by its name
SELECT pg_temp.write_keys('a ' || :'a') \g /dev/null
SELECT pm_core.get_secret('shop');
SELECT pm_core.rotate_secrets();
SELECT pg_temp.write_keys('b ' || :'a') \g /dev/null
SELECT pm_core.get_secret('shop');
SELECT pm_core.rotate_secrets();
SELECT pg_temp.write_keys('b ' || :'b') \g /dev/null

-- rows that were changed past the functions: each byte, cut, in another row, by another name, as of another key
DROP TABLE before;
CREATE TEMP TABLE before AS SELECT * FROM pm_core.secrets;
CREATE FUNCTION pg_temp.opens(name text, key_id text, ciphertext bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN 'opens: ' || pm_core._decrypt_secret(name, key_id, ciphertext);
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
SELECT pg_temp.opens(name, key_id, ciphertext) FROM before WHERE name = 'shop';
SELECT count(*), pg_temp.opens(name, key_id, set_byte(ciphertext, i, get_byte(ciphertext, i) # (1 << i % 8))) AS changed
FROM before, generate_series(0, octet_length(ciphertext) - 1) AS i WHERE name = 'shop' GROUP BY 2;
SELECT count(*), pg_temp.opens(name, key_id, substr(ciphertext, 1, i)) AS cut FROM before, generate_series(0, octet_length(ciphertext) - 1) AS i WHERE name = 'shop' GROUP BY 2 ORDER BY 2;
SELECT pg_temp.opens(a.name, a.key_id, b.ciphertext) AS swapped FROM before AS a JOIN before AS b ON a.name <> b.name WHERE a.name <> 'été' ORDER BY 1;
SELECT pg_temp.write_keys(format(E'b %s\nc %s', :'b', :'b')) \g /dev/null
SELECT pg_temp.opens(name, 'c', ciphertext) AS as_of_c FROM before WHERE name = 'shop';
UPDATE pm_core.secrets AS s SET ciphertext = b.ciphertext FROM before AS b WHERE (s.name, b.name) IN (('shop', 'tax'), ('tax', 'shop'));
SELECT pm_core.get_secret('shop');
SELECT pm_core.get_secret('tax');
UPDATE pm_core.secrets AS s SET ciphertext = b.ciphertext FROM before AS b WHERE s.name = b.name;
SELECT pm_core.get_secret('shop'), pm_core.get_secret('tax');

-- files that are not as they should be
SELECT pg_temp.write_keys('b ' || :'b', mask => '027') \g /dev/null
SELECT pm_core.get_secret('shop');
SELECT pg_temp.write_keys('b ' || :'b', mask => '073') \g /dev/null
SELECT pm_core.get_secret('shop');
SELECT pg_temp.write_keys(E'# nothing\n') \g /dev/null
SELECT pm_core.get_secret('shop');
SELECT pg_temp.write_keys(E'\nb ' || left(:'b', 63)) \g /dev/null
SELECT pm_core.get_secret('shop');
SELECT pg_temp.write_keys(:'b') \g /dev/null
SELECT pm_core.get_secret('shop');
SELECT pg_temp.write_keys(format(E'b %s\nb %s', :'b', :'a')) \g /dev/null
SELECT pm_core.get_secret('shop');
SELECT pg_temp.write_keys((SELECT string_agg(format('k%s %s', i, :'b'), E'\n') FROM generate_series(1, 65) AS i)) \g /dev/null
SELECT pm_core.get_secret('shop');
SELECT pg_temp.write_keys(repeat(E'#\n', 8192) || 'b ' || :'b') \g /dev/null
SELECT pm_core.get_secret('shop');
SELECT pg_temp.write_keys('b ' || :'b') \g /dev/null
SELECT set_config('pm_core.secret_key_file', current_setting('data_directory'), false) \g /dev/null
SELECT pm_core.get_secret('shop');
SELECT set_config('pm_core.secret_key_file', '/dev/null', false);
SELECT pm_core.get_secret('shop');
SELECT set_config('pm_core.secret_key_file', pg_temp.write_keys('b ' || :'b', file => current_setting('data_directory') || '/../' || substring(current_setting('data_directory') FROM '[^/]*$') || '/pm_core_keys'), false) \g /dev/null
SELECT pm_core.get_secret('shop');
SELECT set_config('pm_core.secret_key_file', current_setting('data_directory') || '_keys', false) \g /dev/null
SELECT pm_core.get_secret('shop');

-- a rollback takes back
BEGIN;
SELECT pm_core.set_secret('shop', 'never mind'), pm_core.get_secret('shop');
ROLLBACK;
SELECT pm_core.get_secret('shop');

-- superusers alone see where the file is, or say it
CREATE ROLE regress_pm_core_anyone;
SET ROLE regress_pm_core_anyone;
SHOW pm_core.secret_key_file;
SET pm_core.secret_key_file = '/tmp/mine';
RESET ROLE;
DROP ROLE regress_pm_core_anyone;
SELECT pm_core.drop_secret(name) FROM pm_core.secrets;
DO $$
BEGIN
  EXECUTE format('COPY (SELECT) TO PROGRAM %L', format('cat >/dev/null; rm -f %1$L_keys %1$L/pm_core_keys', current_setting('data_directory')));
END
$$;
