-- Row policies, in the order in which it happens. `@name` goes on in a session of that role; every session stays open.
@annals
CREATE ROLE desk NOLOGIN
CREATE ROLE keeper LOGIN PASSWORD 'only-for-tests'
CREATE ROLE ann LOGIN PASSWORD 'only-for-tests' IN ROLE desk
CREATE ROLE bob LOGIN PASSWORD 'only-for-tests' IN ROLE desk
CREATE ROLE carl LOGIN PASSWORD 'only-for-tests'
CREATE ROLE free LOGIN PASSWORD 'only-for-tests' BYPASSRLS
CREATE ROLE lax LOGIN PASSWORD 'only-for-tests' NOINHERIT IN ROLE desk
CREATE SCHEMA office
GRANT ALL ON SCHEMA office TO keeper
GRANT USAGE ON SCHEMA office TO PUBLIC
@keeper
CREATE TABLE office.members (login text, workspace text) USING reference
INSERT INTO office.members VALUES ('ann', 'w1'), ('ann', 'w2'), ('bob', 'w2'), ('carl', 'w3'), (NULL, 'w4')
GRANT SELECT ON office.members TO PUBLIC
CREATE TABLE office.cases (id integer PRIMARY KEY, workspace text, level integer, author text, body text) USING reference
INSERT INTO office.cases VALUES (1, 'w1', 1, 'ann', 'one'), (2, 'w1', 2, 'bob', 'two'), (3, 'w2', 1, 'bob', 'three'), (4, 'w2', 3, 'ann', 'four'), (5, 'w3', 1, 'carl', 'five'), (6, NULL, 1, 'ann', 'six')
GRANT ALL ON office.cases TO PUBLIC
CREATE TABLE office.plain (id integer, note text) USING reference
INSERT INTO office.plain VALUES (1, 'a'), (2, 'b')
GRANT ALL ON office.plain TO PUBLIC
CREATE POLICY p_own ON office.cases USING (author = current_user)
SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'cases'
@ann
SELECT id FROM office.cases ORDER BY id
@keeper
ALTER TABLE office.cases ENABLE ROW LEVEL SECURITY
SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'cases'
SELECT rowsecurity FROM pg_tables WHERE tablename = 'cases'
SELECT id FROM office.cases ORDER BY id
SELECT row_security_active('office.cases')
@ann
SELECT id FROM office.cases ORDER BY id
SELECT count(*) FROM office.cases
SELECT row_security_active('office.cases'), row_security_active('office.plain')
SELECT id FROM office.cases WHERE author = 'bob'
SELECT id FROM office.cases WHERE id = 2
SELECT max(id), min(id), sum(level) FROM office.cases
SELECT author, count(*) FROM office.cases GROUP BY author
SELECT DISTINCT author FROM office.cases
SELECT c.id, m.workspace FROM office.cases c JOIN office.members m ON m.workspace = c.workspace AND m.login = c.author ORDER BY 1, 2
SELECT id FROM office.cases WHERE 1 / (id - 2) > 5
SELECT id FROM office.cases WHERE 1 / (id - 1) > 5
SELECT (SELECT count(*) FROM office.cases c WHERE c.level = p.id) FROM office.plain p ORDER BY 1
WITH c AS (SELECT * FROM office.cases) SELECT id FROM c ORDER BY id
SELECT id FROM office.plain WHERE id IN (SELECT id FROM office.cases) ORDER BY id
SELECT id FROM office.plain p WHERE NOT EXISTS (SELECT FROM office.cases c WHERE c.id = p.id)
COPY office.cases (id) TO STDOUT
COPY (SELECT id FROM office.cases ORDER BY id) TO STDOUT
PREPARE q AS SELECT id FROM office.cases ORDER BY id
EXECUTE q
@bob
SELECT id FROM office.cases ORDER BY id
SELECT row_security_active('office.cases')
@carl
SELECT id FROM office.cases ORDER BY id
@free
SELECT id FROM office.cases ORDER BY id
SELECT row_security_active('office.cases')
@annals
SELECT id FROM office.cases ORDER BY id
@lax
SELECT id FROM office.cases ORDER BY id
SET ROLE desk
SELECT current_user, id FROM office.cases
RESET ROLE
@keeper
CREATE POLICY p_own ON office.cases USING (true)
CREATE POLICY p_bad ON office.cases USING (1)
CREATE POLICY p_bad ON office.cases USING (nothing = 1)
CREATE POLICY p_bad ON office.cases USING (author = 1)
CREATE POLICY p_bad ON office.cases USING (id = $1)
CREATE POLICY p_bad ON office.cases FOR INSERT USING (true)
CREATE POLICY p_bad ON office.cases FOR SELECT WITH CHECK (true)
CREATE POLICY p_bad ON office.cases FOR DELETE USING (true) WITH CHECK (true)
CREATE POLICY p_bad ON office.cases FOR TRUNCATE USING (true)
CREATE POLICY p_bad ON office.cases TO nobody_there USING (true)
CREATE POLICY p_bad ON office.nothing USING (true)
CREATE POLICY p_bad ON office.cases AS LAX USING (true)
CREATE POLICY p_bad ON office.cases USING true
CREATE POLICY p_bad ON office.cases USING (count(*) > 1)
ALTER POLICY p_none ON office.cases USING (true)
DROP POLICY p_none ON office.cases
DROP POLICY IF EXISTS p_none ON office.cases
CREATE VIEW office.case_ids WITH (security_invoker = true) AS SELECT id FROM office.cases
CREATE POLICY p_view ON office.case_ids USING (true)
ALTER TABLE office.case_ids ENABLE ROW LEVEL SECURITY
GRANT SELECT ON office.case_ids TO PUBLIC
@ann
SELECT id FROM office.case_ids ORDER BY id
CREATE POLICY p_mine ON office.cases USING (true)
ALTER TABLE office.cases DISABLE ROW LEVEL SECURITY
ALTER POLICY p_own ON office.cases USING (true)
DROP POLICY p_own ON office.cases
@keeper
CREATE POLICY p_team ON office.cases FOR SELECT TO desk USING (workspace IN (SELECT workspace FROM office.members WHERE login = session_user))
SELECT polname, polcmd, polpermissive FROM pg_policy WHERE polrelid = 'office.cases'::regclass ORDER BY 1
SELECT tablename, policyname, permissive, roles, cmd FROM pg_policies WHERE tablename = 'cases' ORDER BY 2
@ann
SELECT id FROM office.cases ORDER BY id
EXECUTE q
SELECT id FROM office.cases WHERE level > 1 ORDER BY id
SELECT workspace, count(*) FROM office.cases GROUP BY workspace ORDER BY 1
SELECT id, row_number() OVER (ORDER BY id) FROM office.cases ORDER BY id
SELECT id FROM office.cases ORDER BY id DESC LIMIT 1
SELECT id FROM office.cases ORDER BY id OFFSET 2
@bob
SELECT id FROM office.cases ORDER BY id
@carl
SELECT id FROM office.cases ORDER BY id
@lax
SELECT id FROM office.cases ORDER BY id
SET ROLE desk
SELECT id FROM office.cases ORDER BY id
RESET ROLE
@keeper
CREATE POLICY p_low ON office.cases AS RESTRICTIVE FOR SELECT USING (level < 3)
@ann
SELECT id FROM office.cases ORDER BY id
EXECUTE q
@bob
SELECT id FROM office.cases ORDER BY id
@free
SELECT count(*) FROM office.cases
@keeper
SELECT count(*) FROM office.cases
ALTER TABLE office.cases FORCE ROW LEVEL SECURITY
SELECT count(*) FROM office.cases
SELECT row_security_active('office.cases')
SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'cases'
@annals
SELECT count(*) FROM office.cases
@keeper
ALTER TABLE office.cases NO FORCE ROW LEVEL SECURITY
SELECT count(*) FROM office.cases
ALTER POLICY p_low ON office.cases USING (level < 2)
@ann
SELECT id FROM office.cases ORDER BY id
@keeper
ALTER POLICY p_low ON office.cases TO carl
@ann
SELECT id FROM office.cases ORDER BY id
@keeper
ALTER POLICY p_low ON office.cases RENAME TO p_own
ALTER POLICY p_low ON office.cases RENAME TO p_lowest
ALTER POLICY p_lowest ON office.cases TO PUBLIC
ALTER POLICY p_own ON office.cases WITH CHECK (author = current_user)
ALTER POLICY p_lowest ON office.cases WITH CHECK (true)
DROP POLICY p_own ON office.cases
DROP POLICY p_team ON office.cases
@ann
SELECT id FROM office.cases ORDER BY id
@keeper
DROP POLICY p_lowest ON office.cases
@ann
SELECT id FROM office.cases ORDER BY id
INSERT INTO office.cases VALUES (10, 'w1', 1, 'ann', 'ten')
UPDATE office.cases SET body = 'x'
DELETE FROM office.cases
@keeper
SELECT count(*) FROM office.cases
CREATE POLICY p_read ON office.cases FOR SELECT USING (true)
CREATE POLICY p_add ON office.cases FOR INSERT WITH CHECK (author = current_user)
CREATE POLICY p_change ON office.cases FOR UPDATE USING (author = current_user AND level < 3)
CREATE POLICY p_remove ON office.cases FOR DELETE USING (author = current_user AND level = 1)
@ann
INSERT INTO office.cases VALUES (10, 'w1', 1, 'ann', 'ten')
INSERT INTO office.cases VALUES (11, 'w1', 1, 'bob', 'eleven')
INSERT INTO office.cases VALUES (12, 'w1', 1, NULL, 'twelve')
INSERT INTO office.cases SELECT id + 20, workspace, level, current_user, body FROM office.cases WHERE id < 3
INSERT INTO office.cases SELECT id + 30, workspace, level, author, body FROM office.cases WHERE id < 3
INSERT INTO office.cases VALUES (13, 'w1', 1, 'ann', 'thirteen') RETURNING id, body
INSERT INTO office.cases VALUES (13, 'w1', 1, 'ann', 'again')
INSERT INTO office.cases VALUES (13, 'w1', 1, 'ann', 'again') ON CONFLICT DO NOTHING
UPDATE office.cases SET body = upper(body) WHERE id < 6
SELECT id, body FROM office.cases ORDER BY id
UPDATE office.cases SET author = 'bob' WHERE id = 10
UPDATE office.cases SET level = 3 WHERE id = 10
UPDATE office.cases SET level = 2 WHERE id = 10 RETURNING id, level
UPDATE office.cases SET body = 'x' WHERE author = 'bob'
DELETE FROM office.cases WHERE id IN (1, 2, 3, 4, 10)
DELETE FROM office.cases WHERE id = 21 RETURNING id
SELECT id, level, author, body FROM office.cases ORDER BY id
@bob
UPDATE office.cases SET body = 'bob was here'
DELETE FROM office.cases WHERE level = 1 RETURNING id
SELECT id, body FROM office.cases ORDER BY id
@keeper
CREATE POLICY p_add_low ON office.cases AS RESTRICTIVE FOR INSERT WITH CHECK (level < 2)
DROP POLICY p_read ON office.cases
CREATE POLICY p_read ON office.cases FOR SELECT USING (workspace = 'w1')
@ann
INSERT INTO office.cases VALUES (41, 'w1', 2, 'ann', 'x')
INSERT INTO office.cases VALUES (41, 'w1', 1, 'ann', 'x')
INSERT INTO office.cases VALUES (42, 'w9', 1, 'ann', 'x')
INSERT INTO office.cases VALUES (43, 'w9', 1, 'ann', 'x') RETURNING id
UPDATE office.cases SET workspace = 'w9' WHERE id = 41
UPDATE office.cases SET body = 'y' WHERE id = 42
SELECT id, workspace FROM office.cases ORDER BY id
@keeper
SELECT id, workspace, author FROM office.cases ORDER BY id
CREATE POLICY p_all ON office.plain USING (id = 1) WITH CHECK (note = 'ok')
ALTER TABLE office.plain ENABLE ROW LEVEL SECURITY
@ann
SELECT * FROM office.plain ORDER BY id
UPDATE office.plain SET note = 'ok'
UPDATE office.plain SET note = 'no'
UPDATE office.plain SET id = 7
INSERT INTO office.plain VALUES (8, 'ok')
INSERT INTO office.plain VALUES (9, 'no')
INSERT INTO office.plain VALUES (9, NULL)
SELECT * FROM office.plain ORDER BY id
@keeper
SELECT * FROM office.plain ORDER BY id
ALTER TABLE office.plain DISABLE ROW LEVEL SECURITY
@ann
SELECT * FROM office.plain ORDER BY id
@keeper
ALTER TABLE office.plain ENABLE ROW LEVEL SECURITY
DROP POLICY p_all ON office.plain
CREATE POLICY p_role ON office.plain USING (pg_has_role(current_user, 'desk', 'member'))
@ann
SELECT count(*) FROM office.plain
@carl
SELECT count(*) FROM office.plain
@annals
GRANT desk TO carl
@carl
SELECT count(*) FROM office.plain
@annals
REVOKE desk FROM carl
@carl
SELECT count(*) FROM office.plain
@keeper
ALTER POLICY p_role ON office.plain USING (EXISTS (SELECT 1 FROM office.members m WHERE m.login = current_user AND m.workspace = 'w' || plain.id))
@ann
SELECT id FROM office.plain ORDER BY id
@bob
SELECT id FROM office.plain ORDER BY id
@keeper
ALTER POLICY p_role ON office.plain USING (NOT EXISTS (SELECT FROM office.members m WHERE m.workspace = note AND m.login = session_user))
@ann
SELECT id FROM office.plain ORDER BY id
@keeper
ALTER POLICY p_role ON office.plain USING (id = (SELECT count(*) FROM office.members WHERE login = current_user))
@ann
SELECT id FROM office.plain ORDER BY id
@bob
SELECT id FROM office.plain ORDER BY id
@keeper
ALTER POLICY p_role ON office.plain USING (id NOT IN (SELECT level FROM office.cases))
@ann
SELECT id FROM office.plain ORDER BY id
@keeper
ALTER POLICY p_role ON office.plain USING (now() > '2020-01-01' AND id = 2)
@ann
SELECT id FROM office.plain ORDER BY id
@keeper
ALTER POLICY p_role ON office.plain USING (id / (id - 2) < 9)
@ann
SELECT id FROM office.plain WHERE id = 1
@keeper
ALTER POLICY p_role ON office.plain USING (NULL)
@ann
SELECT id FROM office.plain
SET row_security = off
SELECT id FROM office.plain
SELECT count(*) FROM office.members
@free
SET row_security = off
SELECT count(*) FROM office.plain
@ann
RESET row_security
SELECT id FROM office.plain
@keeper
CREATE TABLE office.trail (id integer, workspace text, amount integer)
INSERT INTO office.trail SELECT g, 'w' || (g % 4), g * 10 FROM generate_series(1, 40) g
GRANT SELECT, INSERT ON office.trail TO PUBLIC
ALTER TABLE office.trail ENABLE ROW LEVEL SECURITY
@ann
SELECT count(*) FROM office.trail
INSERT INTO office.trail VALUES (1, 'w1', 1)
@keeper
CREATE POLICY t_team ON office.trail USING (workspace IN (SELECT workspace FROM office.members WHERE login = current_user))
CREATE POLICY t_add ON office.trail FOR INSERT TO carl WITH CHECK (amount > 0)
@ann
SELECT workspace, count(*), sum(amount) FROM office.trail GROUP BY workspace ORDER BY 1
INSERT INTO office.trail VALUES (41, 'w1', 410), (42, 'w2', 420)
INSERT INTO office.trail VALUES (43, 'w1', 430), (44, 'w3', 440)
SELECT count(*) FROM office.trail
SELECT id FROM office.trail ORDER BY amount DESC, id LIMIT 3
SELECT count(*) FILTER (WHERE 100 / (amount - 30) >= 0) FROM office.trail
SELECT count(*) FROM office.trail WHERE 100 / (amount - 10) >= 0
SELECT count(*) FROM office.trail t JOIN office.members m USING (workspace)
SELECT id FROM office.trail UNION SELECT id FROM office.plain ORDER BY 1 LIMIT 3
@carl
SELECT count(*) FROM office.trail
INSERT INTO office.trail VALUES (50, 'w0', 5)
INSERT INTO office.trail VALUES (51, 'w0', -5)
INSERT INTO office.trail VALUES (52, 'w3', -5)
SELECT count(*) FROM office.trail
BEGIN
INSERT INTO office.trail VALUES (60, 'w0', 5)
SELECT count(*) FROM office.trail
INSERT INTO office.trail VALUES (61, 'w3', 5)
SELECT count(*) FROM office.trail
ROLLBACK
SELECT count(*) FROM office.trail
@keeper
SELECT count(*) FROM office.trail
DELETE FROM office.members WHERE login = 'ann' AND workspace = 'w2'
@ann
SELECT workspace, count(*) FROM office.trail GROUP BY workspace ORDER BY 1
SELECT count(*) FROM office.trail WHERE workspace = 'w2'
@annals
DROP ROLE carl
CREATE ROLE gone NOLOGIN
@keeper
CREATE POLICY t_gone ON office.trail FOR SELECT TO gone USING (true)
@annals
DROP ROLE gone
DROP OWNED BY gone
DROP ROLE gone
SELECT policyname, roles FROM pg_policies WHERE tablename = 'trail' ORDER BY 1
@keeper
DROP TABLE office.members
ALTER TABLE office.trail DISABLE ROW LEVEL SECURITY
@bob
SELECT count(*) FROM office.trail
@keeper
DROP VIEW office.case_ids
DROP TABLE office.cases
SELECT count(*) FROM pg_policies WHERE tablename = 'cases'
@annals
CREATE ROLE dee LOGIN PASSWORD 'only-for-tests'
@keeper
CREATE TABLE office.desks (id integer PRIMARY KEY, owner text, floor integer, note text) USING reference
INSERT INTO office.desks VALUES (1, 'ann', 1, 'a'), (2, 'bob', 1, 'b'), (3, 'ann', 9, 'high'), (4, 'dee', 2, 'd')
GRANT ALL ON office.desks TO PUBLIC
ALTER TABLE office.desks ENABLE ROW LEVEL SECURITY
CREATE POLICY d_see ON office.desks FOR SELECT USING (owner IN ('ann', current_user))
CREATE POLICY d_put ON office.desks FOR INSERT WITH CHECK (floor < 5)
CREATE POLICY d_change ON office.desks FOR UPDATE USING (owner = current_user) WITH CHECK (floor < 4)
@ann
INSERT INTO office.desks VALUES (1, 'ann', 2, 'new') ON CONFLICT (id) DO UPDATE SET note = excluded.note, floor = excluded.floor
INSERT INTO office.desks VALUES (1, 'ann', 2, 'same') ON CONFLICT (id) DO UPDATE SET note = 'again' WHERE desks.floor > 5
INSERT INTO office.desks VALUES (2, 'ann', 2, 'taken') ON CONFLICT (id) DO UPDATE SET note = excluded.note
INSERT INTO office.desks VALUES (2, 'ann', 2, 'taken') ON CONFLICT (id) DO UPDATE SET note = excluded.note WHERE false
INSERT INTO office.desks VALUES (2, 'ann', 2, 'taken') ON CONFLICT (id) DO UPDATE SET note = excluded.note WHERE desks.note = 'x'
INSERT INTO office.desks VALUES (2, 'ann', 2, 'taken') ON CONFLICT (id) DO UPDATE SET note = excluded.note WHERE 1 / length(replace(desks.note, 'b', '')) > 0
INSERT INTO office.desks VALUES (2, 'ann', 2, 'taken') ON CONFLICT (id) DO NOTHING
INSERT INTO office.desks VALUES (1, 'ann', 6, 'too high') ON CONFLICT (id) DO UPDATE SET note = 'x'
INSERT INTO office.desks VALUES (1, 'ann', 6, 'too high') ON CONFLICT (id) DO NOTHING
INSERT INTO office.desks VALUES (1, 'ann', 4, 'as high') ON CONFLICT (id) DO UPDATE SET floor = excluded.floor
INSERT INTO office.desks VALUES (1, 'ann', 2, 'away') ON CONFLICT (id) DO UPDATE SET owner = 'bob'
INSERT INTO office.desks VALUES (1, 'bob', 2, 'not seen') ON CONFLICT (id) DO UPDATE SET note = 'x'
INSERT INTO office.desks VALUES (1, 'bob', 2, 'not seen') ON CONFLICT (id) DO NOTHING
INSERT INTO office.desks VALUES (1, 'bob', 2, 'not seen') ON CONFLICT DO NOTHING
INSERT INTO office.desks VALUES (7, 'bob', 2, 'not seen') ON CONFLICT DO NOTHING
INSERT INTO office.desks VALUES (8, 'bob', 2, 'not seen') ON CONFLICT (id) DO NOTHING
INSERT INTO office.desks VALUES (3, 'ann', 3, 'down') ON CONFLICT (id) DO UPDATE SET floor = excluded.floor RETURNING id, floor, note
INSERT INTO office.desks VALUES (5, 'ann', 1, 'five'), (1, 'ann', 1, 'one') ON CONFLICT (id) DO UPDATE SET note = desks.note || excluded.note RETURNING id, note
INSERT INTO office.desks VALUES (6, 'ann', 1, 'six'), (2, 'ann', 1, 'two') ON CONFLICT (id) DO UPDATE SET note = 'x'
PREPARE put (integer, text) AS INSERT INTO office.desks VALUES ($1, 'ann', 1, $2) ON CONFLICT (id) DO UPDATE SET note = $2 RETURNING id, note
EXECUTE put (1, 'prepared')
EXECUTE put (2, 'prepared')
EXECUTE put (9, 'prepared')
SELECT id, owner, floor, note FROM office.desks ORDER BY id
@dee
INSERT INTO office.desks VALUES (1, 'dee', 1, 'x') ON CONFLICT (id) DO UPDATE SET note = 'dee was here'
INSERT INTO office.desks VALUES (4, 'dee', 1, 'x') ON CONFLICT (id) DO UPDATE SET note = 'dee was here'
SELECT id, owner, floor, note FROM office.desks ORDER BY id
@keeper
CREATE POLICY d_low ON office.desks AS RESTRICTIVE FOR UPDATE USING (floor < 2)
@ann
INSERT INTO office.desks VALUES (3, 'ann', 1, 'x') ON CONFLICT (id) DO UPDATE SET note = 'low'
INSERT INTO office.desks VALUES (5, 'ann', 1, 'x') ON CONFLICT (id) DO UPDATE SET note = 'low'
@keeper
INSERT INTO office.desks VALUES (2, 'bob', 9, 'by the owner') ON CONFLICT (id) DO UPDATE SET note = excluded.note, floor = excluded.floor
SELECT id, owner, floor, note FROM office.desks ORDER BY id
CREATE FUNCTION office.floors() RETURNS TABLE (floor integer) LANGUAGE sql SECURITY DEFINER AS 'SELECT 1 UNION SELECT 2'
CREATE TABLE office.rooms (id integer, floor integer)
INSERT INTO office.rooms VALUES (1, 1), (2, 2), (3, 3)
GRANT SELECT ON office.rooms TO PUBLIC
ALTER TABLE office.rooms ENABLE ROW LEVEL SECURITY
CREATE POLICY r_low ON office.rooms USING (floor IN (SELECT floor FROM office.floors()))
CREATE VIEW office.low AS SELECT floor FROM office.floors()
CREATE VIEW office.lower AS SELECT floor FROM office.low WHERE floor < 2
@ann
SELECT id FROM office.rooms ORDER BY id
@keeper
DROP FUNCTION office.floors()
DROP VIEW office.low CASCADE
DROP FUNCTION office.floors()
ALTER POLICY r_low ON office.rooms USING (floor < 3)
DROP FUNCTION office.floors()
CREATE FUNCTION office.floors() RETURNS TABLE (floor integer) LANGUAGE sql AS 'SELECT 1'
ALTER POLICY r_low ON office.rooms USING (floor IN (SELECT f.floor FROM office.floors() f))
CREATE VIEW office.low AS SELECT floor FROM office.floors()
CREATE VIEW office.lower AS SELECT floor FROM office.low WHERE floor < 2
DROP FUNCTION office.floors() CASCADE
SELECT count(*) FROM pg_policies WHERE tablename = 'rooms'
SELECT count(*) FROM pg_class WHERE relname IN ('low', 'lower')
@ann
SELECT id FROM office.rooms ORDER BY id
