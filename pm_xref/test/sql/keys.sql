-- Types of keys: which engine takes them, and that the engines agree.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION pm_gtin;
SELECT pm_xref.add_database('back', split_part(current_setting('unix_socket_directories'), ', ', 1), current_setting('port')::int, current_database());
ALTER SERVER back OPTIONS (ADD extensions 'pm_gtin');
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

-- Makes two tables of these types with these values, and says how many orphans each
-- engine finds, here and through the server.
CREATE FUNCTION try(child_type text, child_values text[], parent_type text, parent_values text[]) RETURNS TABLE(place text, engine text, orphans text)
LANGUAGE plpgsql AS $$
DECLARE
  hint text;
  detail text;
BEGIN
  FOREACH place IN ARRAY ARRAY['here', 'there'] LOOP
    FOREACH engine IN ARRAY ARRAY['stream', 'fdw'] LOOP
      BEGIN
        SELECT string_agg(f.key, ' ' ORDER BY f.key COLLATE "C") INTO orphans FROM pm_xref.find_orphans(place, engine) AS f;
      EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        orphans := concat_ws(' / ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
      END;
      RETURN NEXT;
    END LOOP;
  END LOOP;
END $$;
-- the tables have to be committed before they are seen through the server
CREATE PROCEDURE make(child_type text, child_values text[], parent_type text, parent_values text[])
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TABLE child (id int PRIMARY KEY, k %s)', child_type);
  EXECUTE format('CREATE TABLE parent (id %s)', parent_type);
  EXECUTE format('INSERT INTO child SELECT n, v::%s FROM unnest($1) WITH ORDINALITY AS u(v, n)', split_part(child_type, ' COLLATE', 1)) USING child_values;
  EXECUTE format('INSERT INTO parent SELECT v::%s FROM unnest($1) AS v', split_part(parent_type, ' COLLATE', 1)) USING parent_values;
  PERFORM pm_xref.add_reference('here', 'child', 'k', NULL, 'public.parent'), pm_xref.add_reference('there', 'child', 'k', 'back', 'public.parent');
END $$;
CREATE PROCEDURE forget() LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pm_xref.drop_reference('here'), pm_xref.drop_reference('there');
  DROP TABLE child, parent;
END $$;

\set run 'SELECT * FROM try(:child, :children, :parent, :parents)'
\set child '''bigint'''
\set children '''{0,1,-1,9223372036854775807,-9223372036854775808,7,NULL}'''
\set parent '''bigint'''
\set parents '''{0,-1,9223372036854775807,NULL}'''
CALL make(:child, :children, :parent, :parents);
:run;
CALL forget();
-- integers of different sizes
\set parent '''integer'''
\set parents '''{0,-1,NULL}'''
CALL make(:child, :children, :parent, :parents);
:run;
CALL forget();
\set child '''smallint'''
\set children '''{0,-1,5,NULL}'''
CALL make(:child, :children, :parent, :parents);
:run;
CALL forget();
-- text, compared by its bytes
\set child '''text'''
\set children '''{"",a,A,"a ",é,NULL,a''''b}'''
\set parent '''varchar(5)'''
\set parents '''{a,"",NULL}'''
CALL make(:child, :children, :parent, :parents);
:run;
CALL forget();
-- trade items: the same number in another form is the same key
\set child '''pm_gtin.gtin14'''
\set children '''{4006381333931,14006381333938,036000291452,NULL}'''
\set parent '''pm_gtin.gtin13'''
\set parents '''{4006381333931}'''
CALL make(:child, :children, :parent, :parents);
:run;
CALL forget();
\set child '''pm_gtin.asin'''
\set children '''{B000000001,B00000000Z}'''
\set parent '''pm_gtin.asin'''
\set parents '''{B000000001}'''
CALL make(:child, :children, :parent, :parents);
:run;
CALL forget();
-- what does not compare by its bytes
\set child '''numeric'''
\set children '''{1.00,2,3.5,NULL}'''
\set parent '''numeric'''
\set parents '''{1,2.0}'''
CALL make(:child, :children, :parent, :parents);
:run;
SELECT used FROM pm_xref._scan('there', NULL, false) WHERE row_key IS NULL;
CALL forget();
\set child '''char(5)'''
\set children '''{a,b}'''
\set parent '''char(3)'''
\set parents '''{a}'''
CALL make(:child, :children, :parent, :parents);
:run;
CALL forget();
\set child '''text COLLATE any_case'''
\set children '''{abc,xyz}'''
\set parent '''text'''
\set parents '''{ABC}'''
CALL make(:child, :children, :parent, :parents);
:run;
CALL forget();
\set child '''date'''
\set children '''{2026-01-01,2026-01-02}'''
\set parent '''date'''
\set parents '''{2026-01-01}'''
CALL make(:child, :children, :parent, :parents);
:run;
CALL forget();
-- types that cannot match
\set child '''uuid'''
\set children '''{00000000-0000-0000-0000-000000000000}'''
\set parent '''text'''
\set parents '''{00000000-0000-0000-0000-000000000000}'''
CALL make(:child, :children, :parent, :parents);
:run;
CALL forget();

DROP PROCEDURE make, forget;
DROP FUNCTION try;
DROP SERVER back CASCADE;
DROP COLLATION any_case;
DROP EXTENSION pm_gtin;
