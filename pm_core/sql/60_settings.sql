-- Settings of the product, with type, default and history.

CREATE FUNCTION pm_core._is_of_type(value jsonb, type text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE type
  WHEN 'json' THEN true
  WHEN 'text' THEN jsonb_typeof(value) = 'string'
  WHEN 'integer' THEN jsonb_typeof(value) = 'number' AND (value #>> '{}')::numeric % 1 = 0
  ELSE jsonb_typeof(value) = type END;

CREATE TABLE pm_core.app_settings (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  category text NOT NULL,
  key text NOT NULL,
  value jsonb NOT NULL,
  description text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  type text NOT NULL DEFAULT 'json',
  default_value jsonb NOT NULL,
  UNIQUE (category, key),
  CONSTRAINT category_is_1_to_100_printable_characters CHECK (pm_core._is_line(category, 100)),
  CONSTRAINT key_is_1_to_255_printable_characters CHECK (pm_core._is_line(key, 255)),
  CONSTRAINT type_is_known CHECK (type IN ('text', 'integer', 'number', 'boolean', 'array', 'object', 'json')),
  CONSTRAINT value_is_of_its_type CHECK (pm_core._is_of_type(value, type)),
  CONSTRAINT default_value_is_of_its_type CHECK (pm_core._is_of_type(default_value, type))
);
COMMENT ON TABLE pm_core.app_settings IS 'Settings of the product; no place for secrets, since every reader may read them';
COMMENT ON COLUMN pm_core.app_settings.id IS 'a UUID of version 7';
COMMENT ON COLUMN pm_core.app_settings.category IS 'modules, general, notifications ...';
COMMENT ON COLUMN pm_core.app_settings.key IS 'name within the category';
COMMENT ON COLUMN pm_core.app_settings.value IS 'the value in force';
COMMENT ON COLUMN pm_core.app_settings.description IS 'what it is for';
COMMENT ON COLUMN pm_core.app_settings.created_at IS 'when it was defined';
COMMENT ON COLUMN pm_core.app_settings.updated_at IS 'when the row was last changed';
COMMENT ON COLUMN pm_core.app_settings.type IS 'what values are allowed: text, integer, number, boolean, array, object, or json, which is any';
COMMENT ON COLUMN pm_core.app_settings.default_value IS 'what reset_setting() puts back';

CREATE TABLE pm_core.app_setting_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  category text NOT NULL,
  key text NOT NULL,
  old_value jsonb,
  new_value jsonb,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  user_id uuid,
  role name NOT NULL DEFAULT session_user
);
CREATE INDEX app_setting_changes_of ON pm_core.app_setting_changes (category, key, id);
COMMENT ON TABLE pm_core.app_setting_changes IS 'What settings were; written by every change of a value, kept';
COMMENT ON COLUMN pm_core.app_setting_changes.id IS 'number, in the order of the changes';
COMMENT ON COLUMN pm_core.app_setting_changes.category IS 'category of the setting';
COMMENT ON COLUMN pm_core.app_setting_changes.key IS 'its key';
COMMENT ON COLUMN pm_core.app_setting_changes.old_value IS 'value before; NULL: it was defined';
COMMENT ON COLUMN pm_core.app_setting_changes.new_value IS 'value after; NULL: it was dropped';
COMMENT ON COLUMN pm_core.app_setting_changes.changed_at IS 'when';
COMMENT ON COLUMN pm_core.app_setting_changes.user_id IS 'user who was authenticated; NULL: nobody';
COMMENT ON COLUMN pm_core.app_setting_changes.role IS 'role of the database that was logged in';

CREATE TRIGGER updated_at BEFORE UPDATE ON pm_core.app_settings FOR EACH ROW EXECUTE FUNCTION pm_core._set_updated_at();

CREATE FUNCTION pm_core._note_setting() RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (OLD.category, OLD.key, OLD.value) IS DISTINCT FROM (NEW.category, NEW.key, NEW.value) THEN
    INSERT INTO pm_core.app_setting_changes (category, key, old_value, new_value, user_id)
    VALUES (coalesce(NEW.category, OLD.category), coalesce(NEW.key, OLD.key), OLD.value, NEW.value, pm_core.current_user_id());
  END IF;
  RETURN NULL;
END
$$;
-- Not of INSERT: a restore inserts, and define_setting() notes what it makes.
CREATE TRIGGER note AFTER UPDATE OR DELETE ON pm_core.app_settings FOR EACH ROW EXECUTE FUNCTION pm_core._note_setting();

CREATE FUNCTION pm_core._define_setting(category text, key text, type text, default_value jsonb, description text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO pm_core.app_settings AS s (category, key, value, description, type, default_value)
  VALUES (category, key, default_value, description, type, default_value)
  ON CONFLICT ON CONSTRAINT app_settings_category_key_key DO NOTHING;
  IF FOUND THEN
    INSERT INTO pm_core.app_setting_changes (category, key, new_value, user_id) VALUES (category, key, default_value, pm_core.current_user_id());
    RETURN true;
  END IF;
  UPDATE pm_core.app_settings AS s
  SET value = CASE WHEN s.value = s.default_value THEN _define_setting.default_value ELSE s.value END,
    description = _define_setting.description, type = _define_setting.type, default_value = _define_setting.default_value
  WHERE s.category = _define_setting.category AND s.key = _define_setting.key;
  RETURN false;
END
$$;

-- Raises that there is no such setting.
CREATE FUNCTION pm_core._refuse_setting(category text, key text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION 'setting "%" of category "%" does not exist', coalesce(left(key, 64), 'NULL'), coalesce(left(category, 64), 'NULL')
    USING ERRCODE = '22023', HINT = 'pm_core.define_setting() makes one.';
END
$$;

CREATE FUNCTION pm_core._set_setting(category text, key text, value jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  old pm_core.app_settings;
BEGIN
  SELECT * INTO old FROM pm_core.app_settings AS s WHERE s.category = _set_setting.category AND s.key = _set_setting.key FOR NO KEY UPDATE;
  IF old.id IS NULL THEN
    PERFORM pm_core._refuse_setting(category, key);
  END IF;
  IF pm_core._is_of_type(value, old.type) IS NOT TRUE THEN
    RAISE EXCEPTION 'invalid value for setting "%": "%"', left(key, 64), coalesce(left(value::text, 64), 'NULL')
      USING ERRCODE = '22023', HINT = format('It is of type %s.', old.type);
  END IF;
  UPDATE pm_core.app_settings AS s SET value = _set_setting.value WHERE s.id = old.id;
  RETURN old.value;
END
$$;

CREATE FUNCTION pm_core._reset_setting(category text, key text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reset jsonb;
BEGIN
  UPDATE pm_core.app_settings AS s SET value = s.default_value
  WHERE s.category = _reset_setting.category AND s.key = _reset_setting.key RETURNING s.value INTO reset;
  IF reset IS NULL THEN
    PERFORM pm_core._refuse_setting(category, key);
  END IF;
  RETURN reset;
END
$$;

CREATE FUNCTION pm_core.define_setting(category text, key text, type text, default_value jsonb, description text DEFAULT NULL) RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.define_setting(text, text, text, jsonb, text) IS 'makes a setting whose value is the default; or, where it is there, gives it this type, default and description: a value that was the default follows it, another one stays. True: it is new. Errors: 23514 unknown type, value or default not of it; 23502 a NULL';

CREATE FUNCTION pm_core.get_setting(category text, key text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found jsonb;
BEGIN
  SELECT s.value INTO found FROM pm_core.app_settings AS s WHERE s.category = get_setting.category AND s.key = get_setting.key;
  IF found IS NULL THEN
    PERFORM pm_core._refuse_setting(category, key);
  END IF;
  RETURN found;
END
$$;
COMMENT ON FUNCTION pm_core.get_setting(text, text) IS 'the value in force. Errors: 22023 there is no such setting';

CREATE FUNCTION pm_core.set_setting(category text, key text, value jsonb) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.set_setting(text, text, jsonb) IS 'sets the value and returns the one before; app_setting_changes keeps both. Errors: 22023 there is no such setting, or the value is not of its type';

CREATE FUNCTION pm_core.reset_setting(category text, key text) RETURNS jsonb
LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'pm_core_as_owner';
COMMENT ON FUNCTION pm_core.reset_setting(text, text) IS 'sets the value to the default, which it returns. Errors: 22023 there is no such setting';

REVOKE ALL ON FUNCTION pm_core._is_of_type(jsonb, text), pm_core._note_setting(), pm_core._define_setting(text, text, text, jsonb, text), pm_core._refuse_setting(text, text),
  pm_core._set_setting(text, text, jsonb), pm_core._reset_setting(text, text), pm_core.define_setting(text, text, text, jsonb, text), pm_core.get_setting(text, text),
  pm_core.set_setting(text, text, jsonb), pm_core.reset_setting(text, text) FROM PUBLIC;
SELECT pg_extension_config_dump('pm_core.app_settings', '');
SELECT pg_extension_config_dump('pm_core.app_setting_changes', '');
SELECT pg_extension_config_dump('pm_core.app_setting_changes_id_seq', '');
