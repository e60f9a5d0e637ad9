-- What the roles of a deployment may do: pm_reader reads; pm_writer keeps suppliers, and
-- resolves and decides codes; pm_worker resolves and records; pm_admin republishes.

GRANT USAGE ON SCHEMA pm_suppliers TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT SELECT ON pm_suppliers.suppliers, pm_suppliers.supplier_contacts, pm_suppliers.identifier_rules, pm_suppliers._resolutions, pm_suppliers._code_counts,
  pm_suppliers.supplier_ean_resolutions, pm_suppliers.shared_resolutions, pm_suppliers.supplier_quality TO pm_reader, pm_writer, pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_suppliers._supplier(text), pm_suppliers.decisions(text), pm_suppliers.code_key(text) TO pm_reader, pm_writer, pm_worker, pm_admin;

-- Suppliers, contacts and rules, with what checks them and tells others.
GRANT INSERT, UPDATE, DELETE ON pm_suppliers.suppliers, pm_suppliers.supplier_contacts, pm_suppliers.identifier_rules TO pm_writer, pm_admin;
GRANT EXECUTE ON FUNCTION pm_suppliers._is_country(text), pm_suppliers._is_line(text, integer), pm_suppliers._is_email(text), pm_suppliers._is_phone(text),
  pm_suppliers._publish(uuid, text, text, boolean, jsonb), pm_suppliers._refuse_rule(text, text, text), pm_suppliers._check_words(text, text[], text, text),
  pm_suppliers.set_identifier_rules(text, jsonb) TO pm_writer, pm_admin;

-- Codes.  Whoever records holds the supplier's row, for which some UPDATE right is needed.
GRANT UPDATE (updated_at) ON pm_suppliers.suppliers TO pm_worker;
GRANT INSERT, UPDATE ON pm_suppliers._resolutions, pm_suppliers._code_counts TO pm_writer, pm_worker, pm_admin;
GRANT USAGE ON TYPE pm_suppliers._reading TO pm_writer, pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_suppliers._hold_supplier(text), pm_suppliers._strip(text, text[], text[]), pm_suppliers._with_check_digit(text), pm_suppliers._read(text, pm_suppliers.identifier_rules),
  pm_suppliers._max_code(), pm_suppliers._hold_counts(uuid), pm_suppliers._record(uuid, text[], pm_suppliers.identifier_rules, pm_suppliers._reading[]), pm_suppliers.resolve_eans(text, text[]),
  pm_suppliers.resolve_ean(text, text), pm_suppliers.record_resolutions(text, jsonb), pm_suppliers.record_batch(pm_jobs.job) TO pm_writer, pm_worker, pm_admin;
GRANT EXECUTE ON FUNCTION pm_suppliers._code(text), pm_suppliers._decide(text, text, text, pm_gtin.gtin, text, text),
  pm_suppliers.confirm_resolution(text, text, pm_gtin.gtin, text), pm_suppliers.reject_resolution(text, text, text, text),
  pm_suppliers.forget_resolution(text, text) TO pm_writer, pm_admin;
GRANT DELETE ON pm_suppliers._resolutions TO pm_writer, pm_admin;
GRANT EXECUTE ON FUNCTION pm_suppliers.publish_suppliers(), pm_suppliers.receive_codes(text) TO pm_admin;
