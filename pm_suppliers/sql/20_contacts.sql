-- Persons at a supplier.

CREATE TABLE pm_suppliers.supplier_contacts (
  id uuid PRIMARY KEY DEFAULT pm_xref.uuid7(),
  supplier_id uuid NOT NULL REFERENCES pm_suppliers.suppliers ON DELETE CASCADE,
  role text NOT NULL DEFAULT 'general',
  name text NOT NULL,
  email text,
  phone text,
  language text,
  is_primary boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT role_is_1_to_50_printable_characters CHECK (pm_suppliers._is_line(role, 50)),
  CONSTRAINT name_is_1_to_255_printable_characters CHECK (pm_suppliers._is_line(name, 255)),
  CONSTRAINT email_is_like_name_at_domain CHECK (pm_suppliers._is_email(email)),
  CONSTRAINT phone_is_3_to_50_digits_and_separators CHECK (pm_suppliers._is_phone(phone)),
  CONSTRAINT contact_has_email_or_phone CHECK (email IS NOT NULL OR phone IS NOT NULL),
  CONSTRAINT language_is_a_tag_like_fr CHECK (language COLLATE "C" ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2}|-[0-9]{3})?$')
);
CREATE INDEX supplier_contacts_supplier ON pm_suppliers.supplier_contacts (supplier_id);
CREATE UNIQUE INDEX supplier_has_one_primary_contact ON pm_suppliers.supplier_contacts (supplier_id) WHERE is_primary;
COMMENT ON TABLE pm_suppliers.supplier_contacts IS 'Persons and desks at a supplier; they go with the supplier.';
COMMENT ON COLUMN pm_suppliers.supplier_contacts.id IS 'a UUID of version 7';
COMMENT ON COLUMN pm_suppliers.supplier_contacts.supplier_id IS 'the supplier';
COMMENT ON COLUMN pm_suppliers.supplier_contacts.role IS 'what they are asked about, such as orders, data or claims';
COMMENT ON COLUMN pm_suppliers.supplier_contacts.name IS 'name of the person or desk';
COMMENT ON COLUMN pm_suppliers.supplier_contacts.email IS 'address; this or the number has to be there';
COMMENT ON COLUMN pm_suppliers.supplier_contacts.phone IS 'number';
COMMENT ON COLUMN pm_suppliers.supplier_contacts.language IS 'what they are written to in: a tag of BCP 47 of language, script and region, such as fr, pt-BR';
COMMENT ON COLUMN pm_suppliers.supplier_contacts.is_primary IS 'whom to ask first; one of a supplier at most';
COMMENT ON COLUMN pm_suppliers.supplier_contacts.created_at IS 'when the row was made';
COMMENT ON COLUMN pm_suppliers.supplier_contacts.updated_at IS 'when it was last changed';

CREATE TRIGGER set_updated_at BEFORE UPDATE ON pm_suppliers.supplier_contacts
FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION pm_suppliers._set_updated_at();

SELECT pg_extension_config_dump('pm_suppliers.supplier_contacts', '');
