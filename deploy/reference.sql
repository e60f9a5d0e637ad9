-- reference.sql - declares a reference of this database to another, if its column is
-- there and it is not declared: name, table, column, server, other_table, other_column
SELECT to_regclass('pm_xref._references') IS NOT NULL AND to_regclass(:'table') IS NOT NULL AS linked
\gset
\if :linked
SELECT NOT EXISTS (SELECT FROM pm_xref._references AS r WHERE r.name = :'name') AS missing
\gset
\if :missing
SELECT pm_xref.add_reference(:'name', :'table', :'column', nullif(:'server', ''), :'other_table', :'other_column') \g /dev/null
\endif
\endif
