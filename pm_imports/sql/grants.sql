-- What the roles of a deployment may do.

GRANT USAGE ON SCHEMA pm_imports TO pm_reader, pm_writer, pm_worker, pm_admin;
