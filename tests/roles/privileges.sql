-- Roles and what they may do, in the order in which it happens. `@name` goes on in a session of that role; every session stays open.
@annals
CREATE ROLE staff NOLOGIN
CREATE ROLE chief NOLOGIN NOINHERIT IN ROLE staff
CREATE USER ann PASSWORD 'only-for-tests'
CREATE ROLE bob LOGIN PASSWORD 'only-for-tests' IN ROLE staff
CREATE ROLE carl LOGIN PASSWORD 'only-for-tests' NOINHERIT IN ROLE staff
CREATE USER dora PASSWORD 'only-for-tests' CREATEROLE
CREATE GROUP old_group
ALTER GROUP old_group ADD USER ann
ALTER GROUP old_group DROP USER ann
CREATE ROLE staff
CREATE ROLE pg_mine
CREATE ROLE public
CREATE ROLE none
CREATE ROLE "public"
CREATE ROLE current_user
CREATE ROLE twice LOGIN NOLOGIN
CREATE ROLE twice CONNECTION LIMIT -2
CREATE ROLE twice FLY
CREATE ROLE twice IN ROLE nobody_there
CREATE ROLE lasting VALID UNTIL '2030-01-02 03:04:05+00' CONNECTION LIMIT 3
SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcanlogin, rolbypassrls, rolconnlimit, rolvaliduntil, rolconfig FROM pg_roles WHERE rolname IN ('staff', 'chief', 'ann', 'bob', 'carl', 'dora', 'lasting') ORDER BY 1
SELECT usename, usesuper, passwd, valuntil FROM pg_user WHERE usename IN ('ann', 'bob') ORDER BY 1
SELECT groname FROM pg_group WHERE groname IN ('staff', 'chief', 'ann') ORDER BY 1
SELECT r.rolname, m.rolname, a.admin_option FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member WHERE r.rolname IN ('staff', 'chief') ORDER BY 1, 2
SELECT rolpassword IS NULL, rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname IN ('ann', 'staff') ORDER BY rolname
GRANT staff TO staff
GRANT chief TO staff
GRANT staff TO chief WITH ADMIN OPTION
GRANT nobody_there TO ann
GRANT staff TO nobody_there
GRANT staff TO PUBLIC
REVOKE staff FROM ann
REVOKE ADMIN OPTION FOR staff FROM chief
ALTER ROLE nobody_there LOGIN
ALTER ROLE lasting RENAME TO renamed
ALTER ROLE renamed RENAME TO staff
ALTER ROLE renamed RENAME TO pg_renamed
ALTER ROLE pg_monitor LOGIN
ALTER ROLE annals RENAME TO other
DROP ROLE annals
DROP ROLE pg_read_all_data
DROP ROLE nobody_there
DROP ROLE IF EXISTS nobody_there
DROP ROLE renamed
COMMENT ON ROLE staff IS 'who works here'
SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = 'staff'
CREATE TABLE notes (id integer PRIMARY KEY, body text, secret text) USING reference
INSERT INTO notes VALUES (1, 'one', 's1'), (2, 'two', 's2')
CREATE VIEW note_bodies WITH (security_invoker = true) AS SELECT id, body FROM notes
CREATE SCHEMA hr
CREATE TABLE hr.salaries (name text, amount integer)
INSERT INTO hr.salaries VALUES ('ann', 10)
@ann
SELECT current_user, session_user
SELECT * FROM notes
SELECT count(*) FROM notes
SELECT 1 FROM notes
SELECT * FROM note_bodies
INSERT INTO notes VALUES (3, 'x', 'y')
UPDATE notes SET body = 'x'
DELETE FROM notes
TRUNCATE notes
COPY notes TO STDOUT
COPY (SELECT * FROM notes) TO STDOUT
EXPLAIN SELECT * FROM notes
PREPARE p AS SELECT * FROM notes
SELECT * FROM hr.salaries
SELECT * FROM hr.nothing_there
SELECT * FROM nothing_there
INSERT INTO hr.salaries VALUES ('x', 1)
DROP TABLE notes
ALTER TABLE notes ADD COLUMN more text
ALTER TABLE notes RENAME TO other
COMMENT ON TABLE notes IS 'mine'
CREATE TABLE mine (a integer)
CREATE TABLE hr.mine (a integer)
CREATE SCHEMA mine
CREATE ROLE eve
DROP ROLE bob
ALTER ROLE ann CREATEROLE
ALTER ROLE ann BYPASSRLS
ALTER ROLE ann SUPERUSER
ALTER ROLE bob PASSWORD 'x'
ALTER ROLE ann PASSWORD 'only-for-tests'
ALTER ROLE bob SET search_path = public
ALTER ROLE ann SET search_path = public
ALTER ROLE ann RESET search_path
ALTER ROLE ALL SET search_path = public
ALTER ROLE bob RENAME TO robert
GRANT staff TO ann
GRANT pg_read_all_data TO ann
GRANT SELECT ON notes TO ann
REVOKE SELECT ON notes FROM bob
SET ROLE staff
SET ROLE annals
SET ROLE nobody_there
SET ROLE ann
SET ROLE none
SET SESSION AUTHORIZATION annals
SET SESSION AUTHORIZATION ann
SELECT set_config('role', 'staff', false)
SELECT set_config('session_authorization', 'annals', false)
SELECT rolpassword FROM pg_authid
SELECT passwd FROM pg_shadow
SHOW is_superuser
SELECT has_table_privilege('notes', 'SELECT'), has_table_privilege('annals', 'notes', 'SELECT'), has_table_privilege('notes', 'INSERT, SELECT')
SELECT has_table_privilege('hr.salaries', 'SELECT')
SELECT has_table_privilege('notes', 'FLY')
SELECT has_table_privilege('nobody_there', 'notes', 'SELECT')
SELECT has_table_privilege('nothing_there', 'SELECT')
SELECT has_schema_privilege('hr', 'USAGE'), has_schema_privilege('public', 'USAGE'), has_schema_privilege('public', 'CREATE')
SELECT has_database_privilege(current_database(), 'CONNECT'), has_database_privilege(current_database(), 'CREATE')
SELECT pg_has_role('staff', 'MEMBER'), pg_has_role('bob', 'staff', 'MEMBER'), pg_has_role('carl', 'staff', 'USAGE'), pg_has_role('carl', 'staff', 'MEMBER')
@annals
GRANT SELECT ON notes TO staff
@bob
SELECT * FROM notes ORDER BY id
SELECT n.body FROM notes n JOIN notes m USING (id) ORDER BY 1
SELECT has_table_privilege('notes', 'SELECT'), has_table_privilege('notes', 'SELECT WITH GRANT OPTION')
SELECT * FROM note_bodies
INSERT INTO notes VALUES (3, 'x', 'y')
@carl
SELECT * FROM notes
SET ROLE staff
SELECT current_user, session_user
SELECT * FROM notes ORDER BY id
RESET ROLE
SELECT * FROM notes
BEGIN
SET LOCAL ROLE staff
SELECT count(*) FROM notes
COMMIT
SELECT current_user
BEGIN
SET ROLE staff
ROLLBACK
SELECT current_user
@annals
GRANT SELECT ON note_bodies TO staff
@bob
SELECT * FROM note_bodies ORDER BY id
@annals
REVOKE SELECT ON notes FROM staff
@bob
SELECT * FROM note_bodies
SELECT count(*) FROM notes
@annals
GRANT SELECT (id, body), INSERT (id, body), UPDATE (body) ON notes TO ann
GRANT SELECT (nothing_there) ON notes TO ann
GRANT DELETE (body) ON notes TO ann
GRANT USAGE ON notes TO ann
GRANT FLY ON notes TO ann
GRANT SELECT ON nothing_there TO ann
GRANT SELECT ON SCHEMA public TO ann
@ann
SELECT id, body FROM notes ORDER BY id
SELECT id FROM notes WHERE body = 'one'
SELECT * FROM notes
SELECT secret FROM notes
SELECT id FROM notes WHERE secret = 's1'
SELECT id FROM notes ORDER BY secret
SELECT count(*) FROM notes
SELECT count(secret) FROM notes
SELECT max(id) FROM notes GROUP BY secret
SELECT id FROM (SELECT id, secret FROM notes) AS inner_query
SELECT (SELECT n.secret) FROM notes n
SELECT a.id FROM notes a JOIN notes b ON a.secret = b.secret
SELECT a.id FROM notes a JOIN notes b USING (id) ORDER BY 1
WITH w AS (SELECT * FROM notes) SELECT id FROM w
SELECT id FROM notes WHERE id IN (SELECT id FROM notes WHERE secret IS NULL)
SELECT id FROM notes UNION ALL SELECT length(secret) FROM notes
SELECT id, body FROM notes UNION SELECT 9, 'nine' ORDER BY 1
INSERT INTO notes (id, body) VALUES (3, 'three')
INSERT INTO notes (id, body, secret) VALUES (4, 'four', 's4')
INSERT INTO notes VALUES (4, 'four', 's4')
INSERT INTO notes (id, body) VALUES (5, 'five') RETURNING id
INSERT INTO notes (id, body) VALUES (6, 'six') RETURNING secret
UPDATE notes SET body = 'drei' WHERE id = 3
UPDATE notes SET body = secret WHERE id = 3
UPDATE notes SET body = 'x' WHERE secret = 's1'
UPDATE notes SET secret = 'x' WHERE id = 3
UPDATE notes SET body = upper(body)
DELETE FROM notes WHERE id = 3
COPY notes (id, body) TO STDOUT
COPY notes TO STDOUT
SELECT has_table_privilege('notes', 'SELECT'), has_any_column_privilege('notes', 'SELECT'), has_column_privilege('notes', 'body', 'SELECT'), has_column_privilege('notes', 'secret', 'SELECT')
SELECT has_column_privilege('notes', 'nothing_there', 'SELECT')
SELECT column_name, privilege_type FROM information_schema.column_privileges WHERE table_name = 'notes' AND grantee = 'ann' ORDER BY 1, 2
@annals
SELECT attname, attacl FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attnum > 0 ORDER BY attnum
SELECT relacl FROM pg_class WHERE relname = 'notes'
REVOKE SELECT ON notes FROM ann
SELECT attname, attacl FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attnum > 0 ORDER BY attnum
GRANT DELETE ON notes TO ann
@ann
DELETE FROM notes WHERE id = 5
DELETE FROM notes
@annals
SELECT count(*) FROM notes
INSERT INTO notes VALUES (1, 'one', 's1'), (2, 'two', 's2')
REVOKE ALL ON notes FROM ann
SELECT attname, attacl FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attnum > 0 ORDER BY attnum
GRANT SELECT ON notes TO ann WITH GRANT OPTION
@ann
GRANT SELECT ON notes TO carl WITH GRANT OPTION
GRANT INSERT ON notes TO carl
GRANT SELECT, INSERT ON notes TO bob
@carl
GRANT SELECT ON notes TO dora
GRANT SELECT ON notes TO ann WITH GRANT OPTION
@annals
SELECT relacl FROM pg_class WHERE relname = 'notes'
REVOKE SELECT ON notes FROM ann
REVOKE GRANT OPTION FOR SELECT ON notes FROM ann
REVOKE GRANT OPTION FOR SELECT ON notes FROM ann CASCADE
SELECT relacl FROM pg_class WHERE relname = 'notes'
REVOKE SELECT ON notes FROM ann, bob, carl CASCADE
SELECT relacl FROM pg_class WHERE relname = 'notes'
GRANT SELECT ON notes TO PUBLIC WITH GRANT OPTION
GRANT SELECT ON notes TO PUBLIC
@dora
SELECT count(*) FROM notes
CREATE ROLE hired IN ROLE staff
CREATE ROLE boss SUPERUSER
CREATE ROLE boss BYPASSRLS
GRANT staff TO dora
GRANT annals TO dora
SELECT * FROM note_bodies ORDER BY id
DROP ROLE hired
DROP ROLE annals
DROP ROLE dora
ALTER ROLE dora RENAME TO theodora
ALTER ROLE annals NOLOGIN
ALTER ROLE bob CONNECTION LIMIT 5
ALTER ROLE bob SET statement_timeout = '1min'
@annals
SELECT rolconfig, rolconnlimit FROM pg_roles WHERE rolname = 'bob'
SELECT setconfig FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole WHERE rolname = 'bob'
ALTER ROLE bob RESET ALL
SELECT rolconfig FROM pg_roles WHERE rolname = 'bob'
ALTER ROLE bob SET no_such_setting = 1
ALTER ROLE bob SET statement_timeout = 'soon'
REVOKE SELECT ON notes FROM PUBLIC
GRANT USAGE ON SCHEMA hr TO staff
@bob
SELECT * FROM hr.salaries
SELECT * FROM hr.nothing_there
SELECT has_schema_privilege('hr', 'USAGE'), has_schema_privilege('hr', 'CREATE')
@annals
GRANT SELECT ON ALL TABLES IN SCHEMA hr TO staff
GRANT SELECT ON ALL TABLES IN SCHEMA nothing_there TO staff
@bob
SELECT * FROM hr.salaries
SELECT table_name, privilege_type, is_grantable FROM information_schema.table_privileges WHERE table_schema = 'hr' ORDER BY 1, 2
SELECT nspacl FROM pg_namespace WHERE nspname = 'hr'
CREATE TABLE hr.mine (a integer)
@annals
GRANT CREATE ON SCHEMA hr TO bob
@bob
CREATE TABLE hr.mine (a integer)
INSERT INTO hr.mine VALUES (7)
SELECT * FROM hr.mine
GRANT SELECT ON hr.mine TO ann
DROP TABLE hr.salaries
ALTER TABLE hr.mine OWNER TO ann
ALTER TABLE hr.mine OWNER TO staff
SELECT tableowner FROM pg_tables WHERE tablename = 'mine'
@ann
SELECT * FROM hr.mine
@annals
DROP ROLE bob
DROP ROLE staff
SELECT relname, relacl, pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'mine'
ALTER TABLE hr.mine OWNER TO bob
SELECT relname, relacl, pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'mine'
@bob
REVOKE ALL ON hr.mine FROM bob
SELECT * FROM hr.mine
GRANT SELECT ON hr.mine TO bob
SELECT * FROM hr.mine
@annals
ALTER DEFAULT PRIVILEGES FOR ROLE bob IN SCHEMA hr GRANT SELECT ON TABLES TO ann
ALTER DEFAULT PRIVILEGES FOR ROLE bob GRANT ALL ON TABLES TO staff WITH GRANT OPTION
ALTER DEFAULT PRIVILEGES FOR ROLE bob REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC
ALTER DEFAULT PRIVILEGES IN SCHEMA hr GRANT USAGE ON SCHEMAS TO ann
ALTER DEFAULT PRIVILEGES IN SCHEMA nothing_there GRANT SELECT ON TABLES TO ann
SELECT r.rolname, coalesce(n.nspname, ''), d.defaclobjtype, d.defaclacl FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace ORDER BY 1, 2, 3
@bob
CREATE TABLE hr.later (a integer)
@annals
SELECT relacl FROM pg_class WHERE relname = 'later'
@ann
ALTER DEFAULT PRIVILEGES FOR ROLE bob GRANT SELECT ON TABLES TO ann
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO bob
@annals
ALTER DEFAULT PRIVILEGES FOR ROLE bob IN SCHEMA hr REVOKE SELECT ON TABLES FROM ann
ALTER DEFAULT PRIVILEGES FOR ROLE bob REVOKE ALL ON TABLES FROM staff
ALTER DEFAULT PRIVILEGES FOR ROLE bob GRANT EXECUTE ON FUNCTIONS TO PUBLIC
ALTER DEFAULT PRIVILEGES FOR ROLE ann REVOKE SELECT ON TABLES FROM bob
SELECT count(*) FROM pg_default_acl
CREATE FUNCTION one_note(wanted integer) RETURNS TABLE (body text) LANGUAGE sql AS 'SELECT body FROM notes WHERE id = wanted'
REVOKE EXECUTE ON FUNCTION one_note(integer) FROM PUBLIC
GRANT SELECT ON notes TO ann, bob
GRANT EXECUTE ON FUNCTION one_note(integer) TO ann
GRANT EXECUTE ON FUNCTION nothing_there(integer) TO ann
SELECT proacl FROM pg_proc WHERE proname = 'one_note'
@ann
SELECT * FROM one_note(1)
SELECT has_function_privilege('one_note(integer)', 'EXECUTE')
DROP FUNCTION one_note(integer)
@bob
SELECT * FROM one_note(1)
SELECT has_function_privilege('one_note(integer)', 'EXECUTE')
@annals
REVOKE SELECT ON notes FROM ann
@ann
SELECT * FROM one_note(1)
@annals
GRANT pg_read_all_data TO ann
@ann
SELECT count(*) FROM notes
SELECT * FROM hr.salaries
INSERT INTO notes VALUES (8, 'x', 'y')
SELECT has_table_privilege('hr.salaries', 'SELECT'), has_table_privilege('hr.salaries', 'INSERT'), has_schema_privilege('hr', 'USAGE')
@annals
REVOKE pg_read_all_data FROM ann
GRANT pg_write_all_data TO ann
@ann
INSERT INTO notes VALUES (8, 'x', 'y')
SELECT * FROM notes
UPDATE notes SET body = 'z' WHERE id = 8
@annals
REVOKE pg_write_all_data FROM ann
PREPARE kept AS SELECT count(*) FROM notes
SET ROLE ann
EXECUTE kept
RESET ROLE
EXECUTE kept
SET SESSION AUTHORIZATION bob
SELECT current_user, session_user
SET ROLE annals
SET ROLE staff
SELECT current_user, session_user
RESET SESSION AUTHORIZATION
SELECT current_user, session_user
CREATE SCHEMA ours AUTHORIZATION bob
SELECT pg_get_userbyid(nspowner), nspacl FROM pg_namespace WHERE nspname = 'ours'
ALTER SCHEMA ours OWNER TO staff
ALTER SCHEMA ours OWNER TO nobody_there
SELECT pg_get_userbyid(nspowner), nspacl FROM pg_namespace WHERE nspname = 'ours'
DROP ROLE staff
REASSIGN OWNED BY staff TO ann
SELECT pg_get_userbyid(nspowner), nspacl FROM pg_namespace WHERE nspname = 'ours'
DROP OWNED BY staff
DROP ROLE staff
DROP OWNED BY bob, ann
SELECT count(*) FROM pg_class WHERE relname IN ('mine', 'later')
REVOKE CONNECT ON DATABASE annals FROM PUBLIC
SELECT datacl FROM pg_database WHERE datname = 'annals'
GRANT CONNECT ON DATABASE annals TO PUBLIC
GRANT CONNECT ON DATABASE nothing_there TO PUBLIC
DROP ROLE bob
CREATE ROLE bob LOGIN PASSWORD 'only-for-tests'
SELECT has_table_privilege('bob', 'notes', 'SELECT'), pg_has_role('bob', 'chief', 'MEMBER')
DROP ROLE ann, bob, carl, dora, chief, old_group
SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid WHERE r.rolname NOT LIKE 'pg%'
-- Locks ask for the right to change; grantors; PostgreSQL's own relations.
@annals
CREATE ROLE zoe LOGIN PASSWORD 'only-for-tests'
CREATE ROLE group_a
CREATE TABLE locked (id integer PRIMARY KEY, n integer) USING reference
INSERT INTO locked VALUES (1, 1)
GRANT SELECT ON locked TO zoe
GRANT group_a TO zoe WITH ADMIN OPTION GRANTED BY current_role
REVOKE ADMIN OPTION FOR group_a FROM zoe GRANTED BY zoe
GRANT group_a TO zoe WITH ADMIN OPTION GRANTED BY zoe
SELECT m.grantor::regrole FROM pg_auth_members m WHERE roleid = 'group_a'::regrole
SET SESSION AUTHORIZATION group_a
GRANT group_a TO bob
RESET SESSION AUTHORIZATION
@zoe
SELECT current_role, current_user
SELECT * FROM locked FOR UPDATE
SELECT * FROM locked FOR SHARE
GRANT group_a TO annals GRANTED BY annals
UPDATE pg_catalog.pg_class SET relname = 'x'
DELETE FROM pg_catalog.pg_class
@annals
GRANT UPDATE (n) ON locked TO zoe
@zoe
SELECT * FROM locked FOR UPDATE
@annals
DROP OWNED BY zoe
DROP ROLE zoe, group_a
-- Notices change nothing; what is granted twice is granted once. Old sessions are of roles that are gone, so there are new ones.
@annals
CREATE ROLE ada LOGIN PASSWORD 'only-for-tests'
CREATE ROLE eve LOGIN PASSWORD 'only-for-tests'
CREATE ROLE team
GRANT team TO ada WITH ADMIN OPTION
GRANT team TO ada
SELECT admin_option FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid WHERE rolname = 'team'
CREATE TABLE things (id integer PRIMARY KEY, "Odd" text, n integer) USING reference
INSERT INTO things VALUES (1, 'a', 10), (2, 'b', 20)
GRANT SELECT, SELECT ON things TO team
GRANT SELECT ON things TO team
GRANT SELECT ("Odd") ON things TO eve
SELECT relacl FROM pg_class WHERE relname = 'things'
@ada
GRANT team TO eve
REVOKE team FROM eve
GRANT team TO eve WITH ADMIN OPTION
REVOKE ADMIN OPTION FOR team FROM eve
@eve
SELECT id FROM things ORDER BY id
GRANT team TO eve
REVOKE team FROM eve
SELECT pg_has_role('team', 'USAGE'), pg_has_role('team', 'MEMBER WITH ADMIN OPTION'), pg_has_role('ada', 'team', 'USAGE WITH ADMIN OPTION')
SELECT role_name FROM information_schema.enabled_roles ORDER BY 1
SELECT grantee, role_name, is_grantable FROM information_schema.applicable_roles ORDER BY 1, 2
@ada
REVOKE team FROM eve
@eve
SELECT "Odd" FROM things ORDER BY 1
SELECT odd FROM things
SELECT t.* FROM things t
SELECT t."Odd" FROM things t WHERE EXISTS (SELECT 1 FROM things u WHERE u.n = t.n)
SELECT "Odd", row_number() OVER (ORDER BY n) FROM things
SELECT "Odd", row_number() OVER (ORDER BY "Odd") FROM things ORDER BY 1
SELECT count(*) FILTER (WHERE n > 1) FROM things
SELECT DISTINCT "Odd" FROM things ORDER BY 1
SELECT CASE WHEN n > 1 THEN 1 END FROM things
SELECT count(*) FROM things t CROSS JOIN things u
SELECT t."Odd" FROM things t NATURAL JOIN things u
SELECT sum(1) FROM things HAVING max(n) > 1
SELECT "Odd" FROM things GROUP BY "Odd" HAVING count(*) = 1 ORDER BY 1
SELECT x FROM (SELECT "Odd" AS x FROM things) AS t ORDER BY 1
SELECT 1 WHERE 'a' IN (SELECT "Odd" FROM things)
SELECT (SELECT max(n) FROM things)
SELECT (SELECT max("Odd") FROM things)
EXPLAIN SELECT n FROM things
DECLARE c CURSOR WITH HOLD FOR SELECT n FROM things
INSERT INTO things SELECT 3, 'c', 3
INSERT INTO things DEFAULT VALUES
@annals
GRANT INSERT ON things TO eve
@eve
INSERT INTO things VALUES (3, 'c', 30)
INSERT INTO things VALUES (4, 'd', 40) RETURNING "Odd"
INSERT INTO things VALUES (5, 'e', 50) RETURNING id
INSERT INTO things VALUES (3, 'c', 30) ON CONFLICT DO NOTHING
INSERT INTO things VALUES (3, 'c', 30) ON CONFLICT (id) DO NOTHING
INSERT INTO things VALUES (3, 'c', 30) ON CONFLICT (id) DO UPDATE SET n = 31
@annals
GRANT UPDATE (n) ON things TO eve
@eve
UPDATE things SET n = 5
UPDATE things SET n = n + 1
UPDATE things SET n = 6 WHERE "Odd" = 'a'
UPDATE things SET n = 6 WHERE id = 1
UPDATE things SET n = length("Odd")
UPDATE things SET id = 9
DELETE FROM things
@annals
GRANT DELETE, TRUNCATE ON things TO eve
@eve
DELETE FROM things WHERE "Odd" = 'a'
DELETE FROM things WHERE n = 5
TRUNCATE things
@annals
SELECT count(*) FROM things
CREATE VIEW v AS SELECT id, n FROM things
GRANT SELECT (n) ON v TO ada
@ada
SELECT n FROM v
SELECT id FROM v
SELECT count(*) FROM v
@annals
GRANT INSERT ON v TO ada
ALTER VIEW v OWNER TO ada
ALTER VIEW things OWNER TO ada
ALTER TABLE v OWNER TO annals
ALTER TABLE nothing_there OWNER TO ada
ALTER TABLE IF EXISTS nothing_there OWNER TO ada
ALTER TABLE things OWNER TO ada
@ada
GRANT SELECT ON things TO eve
ALTER TABLE things RENAME TO items
COMMENT ON TABLE items IS 'mine now'
ALTER TABLE items OWNER TO eve
ALTER TABLE items OWNER TO team
@annals
SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'items'
GRANT CREATE ON SCHEMA public TO team
@ada
ALTER TABLE items OWNER TO team
CREATE TABLE ours (a integer)
CREATE VIEW our_view AS SELECT a FROM ours
DROP VIEW our_view
DROP TABLE v
@eve
DROP TABLE items
DROP TABLE ours
REASSIGN OWNED BY ada TO eve
DROP OWNED BY ada
REASSIGN OWNED BY eve TO eve
@annals
REASSIGN OWNED BY ada TO eve
SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relname IN ('items', 'ours') ORDER BY 1
DROP ROLE eve
DROP OWNED BY eve CASCADE
DROP OWNED BY ada, team CASCADE
DROP ROLE eve, ada, team
SELECT count(*) FROM pg_class WHERE relname IN ('items', 'ours')
REVOKE CREATE ON SCHEMA public FROM nobody_there
SET ROLE pg_monitor
SELECT current_user
RESET ROLE
SET ROLE 'none'
SHOW role
GRANT pg_database_owner TO annals
GRANT SELECT ON pg_class TO PUBLIC
CREATE ROLE vera LOGIN PASSWORD 'only-for-tests'
CREATE ROLE walt LOGIN PASSWORD 'only-for-tests'
CREATE SCHEMA veras AUTHORIZATION vera
CREATE SCHEMA walts AUTHORIZATION walt
CREATE TABLE entries (id integer, word text)
INSERT INTO entries VALUES (1, 'one'), (2, 'two')
GRANT SELECT ON entries TO vera
GRANT USAGE ON SCHEMA veras, walts TO PUBLIC
@vera
CREATE VIEW veras.lent WITH (security_invoker = false) AS SELECT id, word FROM entries
GRANT SELECT ON veras.lent TO walt
@walt
SELECT id FROM veras.lent ORDER BY id
ALTER VIEW veras.lent SET (security_invoker = true)
ALTER VIEW veras.lent RESET (security_invoker)
ALTER VIEW veras.lent RENAME TO mine
ALTER VIEW veras.lent SET SCHEMA walts
ALTER VIEW veras.lent OWNER TO walt
COMMENT ON VIEW veras.lent IS 'mine'
@vera
ALTER VIEW veras.lent SET (security_invoker = true)
SELECT reloptions FROM pg_class WHERE relname = 'lent'
@walt
SELECT id FROM veras.lent ORDER BY id
@vera
ALTER VIEW veras.lent SET (security_invoker = off, security_barrier = true)
@walt
SELECT id FROM veras.lent ORDER BY id
@vera
ALTER VIEW veras.lent SET (security_invoker)
@walt
SELECT id FROM veras.lent ORDER BY id
@vera
ALTER VIEW veras.lent SET (security_invoker = maybe)
ALTER VIEW veras.lent SET (nonsense = 1)
ALTER VIEW veras.lent SET ()
ALTER VIEW veras.lent SET
ALTER VIEW veras.lent
ALTER VIEW veras.lent RESET (nonsense)
ALTER VIEW veras.nothing_there SET (security_invoker = true)
ALTER VIEW IF EXISTS veras.nothing_there SET (security_invoker = true)
ALTER VIEW IF EXISTS veras.nothing_there RENAME TO something
ALTER VIEW entries RENAME TO others
ALTER VIEW veras.lent RENAME TO given
ALTER VIEW veras.given SET SCHEMA walts
ALTER VIEW veras.given SET SCHEMA nowhere
ALTER VIEW veras.given SET SCHEMA veras
ALTER VIEW veras.given SET SCHEMA public
ALTER TABLE veras.given SET (security_invoker = false)
ALTER TABLE veras.given RENAME TO lent
ALTER VIEW veras.lent OWNER TO walt
COMMENT ON VIEW veras.lent IS 'from vera'
COMMENT ON TABLE veras.lent IS 'from vera'
COMMENT ON VIEW entries IS 'none of hers'
SELECT obj_description('veras.lent'::regclass, 'pg_class')
@annals
GRANT CREATE ON SCHEMA walts TO vera
ALTER VIEW entries SET (security_invoker = true)
ALTER VIEW entries RENAME TO others
ALTER VIEW entries SET SCHEMA walts
@vera
ALTER VIEW veras.lent SET SCHEMA walts
SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relname = 'lent'
CREATE VIEW veras.lent AS SELECT 1 AS one
ALTER VIEW veras.lent SET SCHEMA walts
ALTER VIEW walts.lent RENAME TO lent
@walt
SELECT id FROM walts.lent ORDER BY id
@annals
CREATE POLICY p ON entries USING (true)
COMMENT ON POLICY p ON entries IS 'everybody'
COMMENT ON POLICY q ON entries IS 'nobody'
COMMENT ON POLICY p ON nothing_there IS 'nobody'
SELECT obj_description(oid, 'pg_policy'), obj_description(oid, 'pg_class') FROM pg_policy WHERE polname = 'p'
SELECT description FROM pg_description d JOIN pg_policy p ON p.oid = d.objoid AND d.classoid = 'pg_policy'::regclass WHERE d.objsubid = 0
ALTER POLICY p ON entries RENAME TO q
SELECT obj_description(oid, 'pg_policy') FROM pg_policy WHERE polname = 'q'
@vera
COMMENT ON POLICY q ON entries IS 'mine'
@annals
COMMENT ON POLICY q ON entries IS NULL
SELECT obj_description(oid, 'pg_policy') FROM pg_policy WHERE polname = 'q'
COMMENT ON POLICY q IS 'of what'
COMMENT ON NOTHING q IS 'what'
COMMENT ON ROLE vera IS 'true'
SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = 'vera'
CREATE TABLE loose (a integer)
ALTER TABLE loose SET SCHEMA veras
SELECT count(*) FROM veras.loose
SELECT count(*) FROM loose
ALTER TABLE veras.loose SET SCHEMA public
ALTER TABLE IF EXISTS veras.loose SET SCHEMA public
