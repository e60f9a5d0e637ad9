-- What the roles of a deployment may do beyond PUBLIC: read types, functions and
-- reference data everybody may; only pm_admin refreshes the reference data.

GRANT EXECUTE ON FUNCTION pm_gtin.refresh_reference(text, text) TO pm_admin;
GRANT INSERT, DELETE ON pm_gtin._gs1_prefixes, pm_gtin._isbn_ranges, pm_gtin._gs1_application_identifiers TO pm_admin;
