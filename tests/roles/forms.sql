-- The forms of statements that read or change tables, each by roles with no right, with rights to some columns, and with one right alone.
-- `@name` goes on in a session of that role; every session stays open.
@annals
CREATE ROLE nina LOGIN PASSWORD 'only-for-tests'
CREATE ROLE cole LOGIN PASSWORD 'only-for-tests'
CREATE ROLE ines LOGIN PASSWORD 'only-for-tests'
CREATE ROLE uma LOGIN PASSWORD 'only-for-tests'
CREATE ROLE dan LOGIN PASSWORD 'only-for-tests'
CREATE ROLE wes LOGIN PASSWORD 'only-for-tests'
CREATE TABLE papers (id integer PRIMARY KEY, body text, secret text DEFAULT 'none') USING reference
CREATE TABLE others (paper integer PRIMARY KEY, tag text, hidden text) USING reference
CREATE TABLE lines (at integer, line text, hidden text)
INSERT INTO papers VALUES (1, 'one', 's1'), (2, 'two', 's2'), (3, 'three', 's3')
INSERT INTO others VALUES (1, 'red', 'h1'), (2, 'blue', 'h2')
INSERT INTO lines VALUES (1, 'a', 'x'), (1, 'b', 'y'), (2, 'c', 'z')
CREATE SCHEMA lab
GRANT USAGE, CREATE ON SCHEMA lab TO nina, cole, ines
GRANT SELECT (id, body) ON papers TO cole
GRANT SELECT (paper, tag) ON others TO cole
GRANT SELECT (at, line) ON lines TO cole
GRANT INSERT ON papers, lines TO ines
GRANT SELECT (id, body), UPDATE (body) ON papers TO uma
GRANT SELECT (paper, tag) ON others TO uma
GRANT SELECT (id), DELETE ON papers TO dan
GRANT SELECT (paper) ON others TO dan
GRANT SELECT, INSERT, UPDATE, DELETE ON papers TO wes
-- A role with no right.
@nina
CREATE TABLE lab.n1 AS SELECT * FROM papers
CREATE TABLE lab.n1 AS TABLE papers
CREATE TABLE IF NOT EXISTS lab.n1 AS SELECT count(*) FROM papers
CREATE TABLE lab.empty AS SELECT id FROM papers WITH NO DATA
SELECT * INTO lab.n1 FROM papers
SELECT 1 AS one INTO lab.n2
SELECT one FROM lab.n2
CREATE TABLE public.n1 AS SELECT 1 AS one
SELECT 1 AS one INTO public.n1
CREATE TABLE lab.n3 AS SELECT p.id FROM papers p, lab.n2
CREATE TABLE lab.n3 AS VALUES (1), (2)
SELECT count(*) FROM lab.n3
SELECT to_regclass('lab.n1') IS NULL
INSERT INTO papers VALUES (9, 'x', 'y') RETURNING id
INSERT INTO papers VALUES (9, 'x', 'y') RETURNING 1
INSERT INTO papers DEFAULT VALUES RETURNING *
INSERT INTO lab.n2 SELECT id FROM papers
CREATE TABLE lab.wide (a integer, b text, c text)
INSERT INTO lab.wide TABLE papers
INSERT INTO lab.wide (a, b, c) TABLE papers
INSERT INTO lab.n2 VALUES ((SELECT max(id) FROM papers))
INSERT INTO lab.n2 VALUES (2) RETURNING (SELECT max(id) FROM papers)
INSERT INTO lab.n2 VALUES (3) RETURNING one
UPDATE papers SET body = 'x' RETURNING id
UPDATE papers SET body = 'x' FROM others WHERE paper = id
UPDATE papers SET body = DEFAULT
UPDATE lab.n2 SET one = id FROM papers
UPDATE lab.n2 SET one = (SELECT max(id) FROM papers)
DELETE FROM papers RETURNING id
DELETE FROM papers USING others WHERE paper = id
DELETE FROM papers WHERE false
DELETE FROM lab.n2 USING papers WHERE one = id
DELETE FROM lab.n2 WHERE one IN (SELECT id FROM papers)
MERGE INTO papers USING others ON paper = id WHEN MATCHED THEN DELETE
TRUNCATE papers
SELECT * FROM papers FOR UPDATE
SELECT * FROM papers FOR SHARE
SELECT 1 FROM papers FOR KEY SHARE
SELECT * FROM lab.n2 FOR UPDATE
SELECT one FROM lab.n2, LATERAL (SELECT id FROM papers WHERE id = one) AS p
SELECT * FROM lab.n2 LEFT JOIN LATERAL (SELECT 1 FROM papers) AS p ON true
SELECT (SELECT count(*) FROM papers)
SELECT EXISTS (SELECT FROM papers)
SELECT ARRAY(SELECT id FROM papers)
SELECT 1 IN (SELECT id FROM papers)
SELECT 1 = ANY (SELECT id FROM papers)
SELECT CASE WHEN false THEN (SELECT id FROM papers) END
SELECT 1 WHERE false AND EXISTS (SELECT FROM papers)
SELECT * FROM lab.n2 WHERE one = (SELECT max(id) FROM papers)
TABLE papers
TABLE papers ORDER BY 1 LIMIT 1
(TABLE papers)
TABLE lab.n2 UNION TABLE lab.n2
SELECT one FROM lab.n2 UNION SELECT id FROM papers
SELECT one FROM lab.n2 EXCEPT SELECT id FROM papers
SELECT one FROM lab.n2 INTERSECT SELECT id FROM papers
WITH w AS (TABLE papers) SELECT 1
WITH w AS (TABLE papers) SELECT * FROM w
WITH w AS (SELECT * FROM papers) SELECT 1
WITH w AS MATERIALIZED (SELECT * FROM papers) SELECT 1
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r, papers WHERE n < 3) SELECT n FROM r
WITH papers AS (SELECT 1 AS id) SELECT id FROM papers
WITH papers AS (SELECT 1 AS id) TABLE papers
SELECT * FROM papers TABLESAMPLE BERNOULLI (100)
SELECT * FROM papers TABLESAMPLE SYSTEM (0)
SELECT DISTINCT ON (id) id, body FROM papers ORDER BY id
SELECT id, count(*) FROM papers GROUP BY GROUPING SETS ((id), ())
SELECT id, count(*) FROM papers GROUP BY ROLLUP (id)
SELECT count(*) FROM papers GROUP BY CUBE (body)
SELECT sum(id) OVER w FROM papers WINDOW w AS (ORDER BY id)
SELECT count(*) FILTER (WHERE secret = 's1') FROM papers
SELECT * FROM papers NATURAL JOIN lab.n2
SELECT * FROM ONLY papers
SELECT p FROM papers p
SELECT row_to_json(p) FROM papers p
SELECT count(p) FROM papers p
SELECT count(p.*) FROM papers p
SELECT FROM papers
SELECT * FROM papers FETCH FIRST 1 ROW ONLY
SELECT * FROM papers LIMIT 0
SELECT * FROM papers WHERE false
VALUES ((SELECT max(id) FROM papers))
COPY papers TO STDOUT
COPY (SELECT * FROM papers) TO STDOUT
COPY (TABLE papers) TO STDOUT
COPY (WITH w AS (SELECT * FROM papers) SELECT 1) TO STDOUT
COPY (VALUES ((SELECT max(id) FROM papers))) TO STDOUT
COPY (INSERT INTO papers VALUES (9, 'x', 'y') RETURNING id) TO STDOUT
EXPLAIN SELECT * FROM papers
EXPLAIN (FORMAT JSON) SELECT 1 FROM papers
EXPLAIN ANALYZE SELECT * FROM papers
EXPLAIN INSERT INTO papers VALUES (9, 'x', 'y')
EXPLAIN UPDATE papers SET body = 'x'
EXPLAIN DELETE FROM papers
EXPLAIN CREATE TABLE lab.n4 AS SELECT * FROM papers
BEGIN
DECLARE c CURSOR FOR SELECT * FROM papers
ROLLBACK
BEGIN
DECLARE c SCROLL CURSOR FOR TABLE papers
ROLLBACK
DECLARE c CURSOR WITH HOLD FOR SELECT 1 FROM papers
BEGIN
DECLARE c CURSOR FOR SELECT one FROM lab.n2 WHERE one IN (SELECT id FROM papers)
ROLLBACK
PREPARE n_insert AS INSERT INTO papers VALUES ($1, 'x', 'y') RETURNING id
EXECUTE n_insert(9)
CREATE VIEW lab.n_view AS SELECT 1 AS one
SELECT * FROM lab.n_view
SELECT count(*) FROM lab.n2
DROP VIEW lab.n_view
DROP TABLE lab.n2, lab.n3, lab.wide
-- Rights to some columns.
@cole
CREATE TABLE lab.c1 AS SELECT id, body FROM papers
SELECT * FROM lab.c1 ORDER BY id
CREATE TABLE lab.c2 AS SELECT * FROM papers
CREATE TABLE lab.c2 AS TABLE papers
CREATE TABLE lab.none AS SELECT id, secret FROM papers WITH NO DATA
CREATE TABLE lab.c2 AS SELECT id FROM papers WHERE secret = 's1'
CREATE TABLE lab.c2 (number) AS SELECT id FROM papers WHERE body <> 'one'
SELECT number FROM lab.c2 ORDER BY 1
SELECT id, tag INTO lab.c3 FROM papers JOIN others ON paper = id
SELECT * FROM lab.c3 ORDER BY id
SELECT id, hidden INTO lab.c4 FROM papers JOIN others ON paper = id
SELECT * INTO lab.c4 FROM papers
SELECT to_regclass('lab.c4') IS NULL
INSERT INTO lab.c2 SELECT id + 10 FROM papers
INSERT INTO lab.c2 SELECT length(secret) FROM papers
INSERT INTO lab.c2 VALUES (20) RETURNING number, (SELECT max(id) FROM papers)
INSERT INTO lab.c2 VALUES (21) RETURNING number, (SELECT max(secret) FROM papers)
SELECT id, body FROM papers FOR UPDATE
SELECT id FROM papers FOR SHARE
SELECT p.id, t.tag FROM papers p, LATERAL (SELECT tag FROM others WHERE paper = p.id) AS t ORDER BY 1
SELECT p.id, t.tag FROM papers p, LATERAL (SELECT tag FROM others WHERE hidden = p.secret) AS t
SELECT p.id FROM papers p, LATERAL (SELECT p.secret) AS t
SELECT p.id, t.hidden FROM papers p, LATERAL (SELECT hidden FROM others WHERE paper = p.id) AS t
SELECT p.id FROM papers p, LATERAL (SELECT hidden FROM others WHERE paper = p.id) AS t
SELECT p.id, t.b FROM papers p CROSS JOIN LATERAL (SELECT upper(p.body) AS b) AS t ORDER BY 1
SELECT p.id, g FROM papers p, generate_series(1, p.id) AS g ORDER BY 1, 2
SELECT p.id, g FROM papers p, generate_series(1, length(p.secret)) AS g
SELECT p.id FROM papers p LEFT JOIN LATERAL (SELECT 1 FROM others o WHERE o.paper = p.id) AS t ON true ORDER BY 1
TABLE papers
TABLE lab.c2 ORDER BY 1
TABLE lab.c2 ORDER BY number DESC LIMIT 2
WITH w AS (TABLE papers) SELECT id FROM w
WITH w AS (TABLE lab.c1) SELECT id, body FROM w ORDER BY id
WITH w AS (TABLE lab.c1), x AS (TABLE w) SELECT count(*) FROM x
WITH w (a, b) AS (TABLE lab.c1) TABLE w ORDER BY a
SELECT * FROM (TABLE lab.c1) AS t ORDER BY id
SELECT id FROM lab.c1 WHERE id IN (TABLE lab.c2) ORDER BY 1
SELECT id FROM lab.c1 WHERE EXISTS (TABLE papers)
SELECT ARRAY(TABLE lab.c2 ORDER BY number)
(TABLE lab.c2) UNION (TABLE lab.c2) ORDER BY 1
TABLE lab.c2 UNION ALL TABLE lab.c2 ORDER BY 1
TABLE lab.c2 EXCEPT SELECT 2 ORDER BY 1
WITH w AS (SELECT id, body FROM papers) TABLE w ORDER BY id
WITH w AS (SELECT id, secret FROM papers) SELECT id FROM w
WITH w AS (SELECT secret FROM papers) SELECT 1
WITH w AS MATERIALIZED (SELECT id FROM papers) SELECT id FROM w ORDER BY 1
WITH w AS NOT MATERIALIZED (SELECT id FROM papers WHERE secret IS NULL) SELECT id FROM w ORDER BY 1
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r JOIN papers ON id = n WHERE n < 5) SELECT n FROM r ORDER BY n
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r JOIN papers ON length(secret) = n WHERE n < 5) SELECT n FROM r
SELECT id FROM papers TABLESAMPLE BERNOULLI (100) ORDER BY id
SELECT p.body FROM papers AS p TABLESAMPLE SYSTEM (100) ORDER BY 1
SELECT secret FROM papers TABLESAMPLE BERNOULLI (100)
SELECT * FROM papers TABLESAMPLE BERNOULLI (0)
SELECT count(*) FROM papers TABLESAMPLE BERNOULLI (100)
SELECT id FROM papers TABLESAMPLE BERNOULLI (100) WHERE secret = 's1'
SELECT DISTINCT ON (body) id FROM papers ORDER BY body
SELECT DISTINCT ON (secret) id FROM papers ORDER BY secret
SELECT DISTINCT ON (id) id FROM papers ORDER BY id, secret
SELECT DISTINCT ON (at) at, line FROM lines ORDER BY at, line DESC
SELECT DISTINCT secret FROM papers
SELECT id, count(*) FROM papers GROUP BY GROUPING SETS ((id), ()) ORDER BY 1
SELECT count(*) FROM papers GROUP BY GROUPING SETS ((secret), ())
SELECT at, line, count(*), grouping(at, line) FROM lines GROUP BY CUBE (at, line) ORDER BY 1, 2, 3, 4
SELECT at, count(hidden) FROM lines GROUP BY ROLLUP (at)
SELECT at, count(*) FROM lines GROUP BY ROLLUP (at, hidden)
SELECT at, count(*) FROM lines GROUP BY at HAVING min(hidden) = 'x'
SELECT at, count(*) FROM lines GROUP BY at ORDER BY min(hidden)
SELECT at, count(*) FROM lines GROUP BY at ORDER BY at
SELECT sum(id) OVER w FROM papers WINDOW w AS (ORDER BY id) ORDER BY 1
SELECT sum(id) OVER w FROM papers WINDOW w AS (ORDER BY secret)
SELECT sum(id) OVER w FROM papers WINDOW w AS (PARTITION BY secret)
SELECT lag(secret) OVER (ORDER BY id) FROM papers
SELECT string_agg(body, ',' ORDER BY id) FROM papers
SELECT string_agg(body, ',' ORDER BY secret) FROM papers
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY secret) FROM papers
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY body) FROM papers
SELECT count(*) FILTER (WHERE id > 1) FROM papers
SELECT count(*) FILTER (WHERE secret = 's1') FROM papers
SELECT p FROM papers p
SELECT row_to_json(p) FROM papers p
SELECT count(p) FROM papers p
SELECT count(p.*) FROM papers p
SELECT p.id FROM papers p WHERE p IS NOT NULL
SELECT p.id FROM papers p ORDER BY p
SELECT json_agg(l) FROM lines l
SELECT row_to_json(t) FROM (SELECT id, body FROM papers) AS t ORDER BY id
SELECT row_to_json(t) FROM (SELECT * FROM papers) AS t
SELECT FROM papers
SELECT 1 FROM papers, others
SELECT p.id FROM papers p JOIN others o ON o.paper = p.id ORDER BY 1
SELECT p.id FROM papers p JOIN others o ON o.hidden = p.body
SELECT * FROM papers NATURAL JOIN others
SELECT id FROM papers NATURAL JOIN lab.c1 ORDER BY 1
SELECT a.id FROM papers a JOIN papers b USING (id, body) ORDER BY 1
SELECT a.id FROM papers a JOIN papers b USING (id, secret)
SELECT x.a FROM papers AS x (a, b, c) ORDER BY 1
SELECT x.c FROM papers AS x (a, b, c)
SELECT x.a FROM papers AS x (a, b, c) WHERE c IS NULL
SELECT x.a, y.b FROM (papers AS x (a, b, c) JOIN others AS y (a, b, c) USING (a)) ORDER BY 1
SELECT x.a FROM papers AS x (a, b, c) JOIN others AS y (a, d, e) USING (a) WHERE e = 'h1'
SELECT x.* FROM papers AS x (a, b, c)
SELECT id FROM papers FETCH FIRST 1 ROW ONLY
SELECT id FROM papers ORDER BY secret FETCH FIRST 1 ROW WITH TIES
SELECT id FROM papers ORDER BY id LIMIT (SELECT count(*) - 2 FROM papers)
SELECT id FROM papers LIMIT (SELECT length(min(secret)) FROM papers)
SELECT id FROM papers WHERE (id, body) = (SELECT id, body FROM papers WHERE id = 1)
SELECT id FROM papers WHERE (id, secret) = (1, 's1')
SELECT id FROM papers WHERE id = ANY (SELECT paper FROM others) ORDER BY 1
SELECT id FROM papers WHERE id > ALL (SELECT length(hidden) FROM others) ORDER BY 1
SELECT id FROM papers p WHERE EXISTS (SELECT FROM others o WHERE o.paper = p.id) ORDER BY 1
SELECT id FROM papers p WHERE EXISTS (SELECT hidden FROM others o WHERE o.paper = p.id) ORDER BY 1
SELECT id FROM papers p WHERE EXISTS (SELECT * FROM others o WHERE o.paper = p.id) ORDER BY 1
SELECT id FROM papers p WHERE NOT EXISTS (SELECT FROM others o WHERE o.hidden = p.body)
SELECT (SELECT tag FROM others WHERE paper = id) FROM papers ORDER BY 1
SELECT (SELECT max(hidden) FROM others WHERE paper = id) FROM papers
SELECT ARRAY(SELECT secret FROM papers)
SELECT COALESCE(body, secret) FROM papers
SELECT CASE WHEN true THEN id ELSE length(secret) END FROM papers
SELECT id FROM papers WHERE true OR secret = 's1'
SELECT id FROM papers WHERE false AND secret = 's1'
SELECT secret FROM papers LIMIT 0
SELECT id FROM papers UNION SELECT paper FROM others ORDER BY 1
SELECT id FROM papers UNION SELECT length(hidden) FROM others
SELECT body FROM papers INTERSECT SELECT secret FROM papers
VALUES ((SELECT max(id) FROM papers)), ((SELECT min(paper) FROM others)) ORDER BY 1
VALUES ((SELECT max(secret) FROM papers))
COPY papers (id, body) TO STDOUT
COPY papers (id, secret) TO STDOUT
COPY (SELECT id, body FROM papers) TO STDOUT
COPY (SELECT id FROM papers ORDER BY secret) TO STDOUT
COPY (TABLE papers) TO STDOUT
COPY (TABLE lab.c1) TO STDOUT
COPY (WITH w AS (TABLE lab.c1) TABLE w) TO STDOUT
COPY (SELECT (SELECT max(secret) FROM papers)) TO STDOUT
BEGIN
DECLARE c CURSOR FOR SELECT id, body FROM papers ORDER BY id
FETCH 1 FROM c
FETCH ALL FROM c
COMMIT
BEGIN
DECLARE c CURSOR FOR SELECT secret FROM papers
COMMIT
BEGIN
DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT id FROM papers ORDER BY id
FETCH LAST FROM c
COMMIT
FETCH FIRST FROM c
CLOSE c
DECLARE d CURSOR WITH HOLD FOR SELECT id FROM papers ORDER BY secret
BEGIN
DECLARE c CURSOR FOR SELECT id, body FROM papers FOR UPDATE
COMMIT
PREPARE c_read (integer) AS SELECT id, body FROM papers WHERE id = $1
EXECUTE c_read(1)
CREATE TABLE lab.c5 AS EXECUTE c_read(1)
PREPARE c_table AS TABLE lab.c1
EXECUTE c_table
EXPLAIN EXECUTE c_read(1)
DEALLOCATE ALL
EXPLAIN SELECT id FROM papers WHERE secret = 's1'
EXPLAIN SELECT id, secret FROM papers
@annals
REVOKE SELECT (body) ON papers FROM cole
@cole
PREPARE c_again AS SELECT id FROM papers ORDER BY id
EXECUTE c_again
SELECT body FROM papers
@annals
REVOKE SELECT (id) ON papers FROM cole
@cole
EXECUTE c_again
SELECT id FROM papers
SELECT 1 FROM papers
SELECT paper FROM others ORDER BY 1
-- The right to insert alone.
@ines
INSERT INTO papers VALUES (11, 'eleven', 's11')
INSERT INTO papers VALUES (12, 'twelve', 's12') RETURNING id
INSERT INTO papers VALUES (12, 'twelve', 's12') RETURNING *
INSERT INTO papers VALUES (12, 'twelve', 's12') RETURNING papers
INSERT INTO papers VALUES (12, 'twelve', 's12') RETURNING 1
INSERT INTO papers VALUES (13, 'x', 'y') RETURNING now() IS NOT NULL, current_user
INSERT INTO papers VALUES (14, 'x', 'y') RETURNING (SELECT count(*) FROM papers)
INSERT INTO papers (id) VALUES (15) RETURNING secret
INSERT INTO papers SELECT 16, 'x', 'y'
INSERT INTO papers SELECT id + 100, body, secret FROM papers
INSERT INTO papers SELECT count(*) + 100, 'x', 'y' FROM papers
INSERT INTO papers SELECT 101, 'x', 'y' WHERE EXISTS (SELECT FROM papers)
INSERT INTO papers VALUES (17, (SELECT max(body) FROM papers), 'y')
INSERT INTO papers TABLE papers
WITH w AS (SELECT 18 AS id) INSERT INTO papers SELECT id, 'w', 'w' FROM w
WITH w AS (SELECT max(id) + 1 AS id FROM papers) INSERT INTO papers SELECT id, 'w', 'w' FROM w
WITH w AS (SELECT max(id) + 1 AS id FROM papers) INSERT INTO papers VALUES (19, 'w', 'w')
INSERT INTO papers VALUES (11, 'x', 'y') ON CONFLICT DO NOTHING
INSERT INTO papers VALUES (11, 'x', 'y') ON CONFLICT (id) DO NOTHING
INSERT INTO papers VALUES (11, 'x', 'y') ON CONFLICT (id) DO UPDATE SET body = 'x'
INSERT INTO papers VALUES (11, 'x', 'y') ON CONFLICT DO NOTHING RETURNING 1
INSERT INTO papers VALUES (1, 'x', 'y')
INSERT INTO papers AS p VALUES (20, 'x', 'y') RETURNING p.id
INSERT INTO lines VALUES (3, 'd', 'w')
INSERT INTO lines VALUES (3, 'd', 'w') RETURNING at
INSERT INTO lines VALUES (3, 'd', 'w') RETURNING 'kept'
INSERT INTO lines SELECT * FROM lines
INSERT INTO lines SELECT at, line, hidden FROM lines LIMIT 0
SELECT * FROM papers
SELECT count(*) FROM lines
TABLE papers
UPDATE papers SET body = 'x'
DELETE FROM papers
CREATE TABLE lab.i1 AS SELECT 1 FROM papers
COPY papers TO STDOUT
COPY (INSERT INTO papers VALUES (21, 'x', 'y') RETURNING 1) TO STDOUT
COPY (INSERT INTO papers VALUES (22, 'x', 'y') RETURNING id) TO STDOUT
PREPARE i_put AS INSERT INTO papers VALUES ($1, $2, 's') RETURNING $1 + 1
EXECUTE i_put(23, 'x')
PREPARE i_back AS INSERT INTO papers VALUES ($1, $2, 's') RETURNING body
EXECUTE i_back(24, 'x')
MERGE INTO papers USING (SELECT 1 AS a) AS m ON a = id WHEN NOT MATCHED THEN INSERT VALUES (25, 'x', 'y')
@annals
DELETE FROM papers WHERE id IN (19, 21)
SELECT id FROM papers ORDER BY id
DELETE FROM papers WHERE id > 10
GRANT SELECT (id) ON papers TO ines
GRANT SELECT (at) ON lines TO ines
@ines
INSERT INTO papers VALUES (31, 'x', 'y') RETURNING id
INSERT INTO papers VALUES (32, 'x', 'y') RETURNING id + 1 AS next, papers.id
INSERT INTO papers AS p VALUES (33, 'x', 'y') RETURNING p.id
INSERT INTO papers VALUES (34, 'x', 'y') RETURNING id, body
INSERT INTO papers VALUES (34, 'x', 'y') RETURNING *
INSERT INTO papers VALUES (34, 'x', 'y') RETURNING papers.*
INSERT INTO papers VALUES (34, 'x', 'y') RETURNING (SELECT max(p.id) FROM papers p)
INSERT INTO papers VALUES (35, 'x', 'y') RETURNING (SELECT max(p.body) FROM papers p)
INSERT INTO papers VALUES (36, 'x', 'y') RETURNING (SELECT papers.secret)
INSERT INTO papers VALUES (31, 'x', 'y') ON CONFLICT (id) DO NOTHING RETURNING id
INSERT INTO lines VALUES (4, 'e', 'v') RETURNING at
INSERT INTO lines VALUES (4, 'e', 'v') RETURNING line
INSERT INTO lines SELECT at, 'f', 'u' FROM lines WHERE at = 4 RETURNING at
PREPARE i_id AS INSERT INTO papers VALUES ($1, 'x', 'y') RETURNING id
EXECUTE i_id(37)
-- Rights to read some columns and to change one.
@uma
UPDATE papers SET body = 'eins' WHERE id = 1 RETURNING id, body
UPDATE papers SET body = 'eins' WHERE id = 1 RETURNING *
UPDATE papers SET body = 'eins' WHERE id = 1 RETURNING secret
UPDATE papers SET body = 'eins' WHERE id = 1 RETURNING 1
UPDATE papers p SET body = upper(p.body) WHERE p.id = 2 RETURNING p.id, p.body
UPDATE papers SET body = tag FROM others WHERE paper = id
UPDATE papers SET body = tag FROM others WHERE paper = id RETURNING id, body
UPDATE papers SET body = tag FROM others WHERE paper = id RETURNING id, tag
UPDATE papers SET body = tag FROM others WHERE paper = id RETURNING *
UPDATE papers SET body = tag FROM others o WHERE o.paper = id RETURNING o.tag, papers.body
UPDATE papers SET body = tag FROM others WHERE paper = id RETURNING hidden
UPDATE papers SET body = hidden FROM others WHERE paper = id
UPDATE papers SET body = 'x' FROM others WHERE hidden = 'h1' AND paper = id
UPDATE papers SET body = 'x' FROM others WHERE paper = id AND secret = 's1'
UPDATE papers SET body = t.tag FROM (SELECT paper, tag FROM others) AS t WHERE t.paper = id RETURNING id, t.tag
UPDATE papers SET body = t.tag FROM (SELECT * FROM others) AS t WHERE t.paper = id
UPDATE papers SET body = (SELECT tag FROM others WHERE paper = id) WHERE id = 1 RETURNING body
UPDATE papers SET body = (SELECT hidden FROM others WHERE paper = id) WHERE id = 1
UPDATE papers SET body = DEFAULT WHERE id = 3 RETURNING id, body
UPDATE papers SET secret = DEFAULT WHERE id = 3
UPDATE papers SET (body) = ROW ('zwei') WHERE id = 2
UPDATE papers SET (body, secret) = ROW ('zwei', 's') WHERE id = 2
UPDATE papers SET (body, secret) = ('a', 'b') WHERE id = 2
UPDATE papers SET body = 'x' WHERE id IN (SELECT paper FROM others WHERE tag = 'red') RETURNING id
UPDATE papers SET body = 'x' WHERE id IN (SELECT paper FROM others WHERE hidden = 'h1') RETURNING id
WITH w AS (SELECT paper FROM others WHERE tag = 'blue') UPDATE papers SET body = 'w' WHERE id IN (SELECT paper FROM w) RETURNING id
WITH w AS (SELECT paper FROM others WHERE hidden = 'h1') UPDATE papers SET body = 'w' WHERE id IN (SELECT paper FROM w) RETURNING id
UPDATE others SET tag = 'x'
DELETE FROM papers WHERE id = 1
SELECT id, body FROM papers WHERE id < 10 ORDER BY id FOR UPDATE
SELECT id FROM papers WHERE id = 1 FOR NO KEY UPDATE
SELECT id FROM papers WHERE id = 1 FOR KEY SHARE
SELECT p.id FROM papers p JOIN others o ON o.paper = p.id ORDER BY 1 FOR UPDATE OF p
SELECT p.id FROM papers p JOIN others o ON o.paper = p.id ORDER BY 1 FOR UPDATE
SELECT p.id FROM papers p JOIN others o ON o.paper = p.id ORDER BY 1 FOR UPDATE OF o
SELECT p.id FROM papers p WHERE p.id IN (SELECT paper FROM others) ORDER BY 1 FOR UPDATE OF p
SELECT secret FROM papers WHERE id = 1 FOR UPDATE
SELECT * FROM papers WHERE id = 1 FOR UPDATE
PREPARE u_set AS UPDATE papers SET body = $2 WHERE id = $1 RETURNING body
EXECUTE u_set(1, 'prepared')
COPY (UPDATE papers SET body = 'copied' WHERE id = 99 RETURNING id, body) TO STDOUT
COPY (UPDATE papers SET body = 'copied' WHERE id = 99 RETURNING secret) TO STDOUT
-- Rights to read one column and to delete.
@dan
DELETE FROM papers WHERE id = 31 RETURNING id
DELETE FROM papers WHERE id = 32 RETURNING body
DELETE FROM papers WHERE id = 32 RETURNING *
DELETE FROM papers WHERE id = 32 RETURNING 'gone'
DELETE FROM papers WHERE secret = 'y'
DELETE FROM papers WHERE id = 33 AND body = 'x'
DELETE FROM papers USING others WHERE paper = id - 32 RETURNING id
DELETE FROM papers USING others WHERE paper = id - 32 RETURNING id, paper
DELETE FROM papers USING others WHERE tag = 'red' AND paper = id - 33
DELETE FROM papers USING others WHERE paper = id - 33 RETURNING tag
DELETE FROM papers p USING others o WHERE o.paper = p.id - 33 RETURNING p.*
DELETE FROM papers p USING papers q WHERE p.id = q.id AND q.body = 'x'
DELETE FROM papers p USING papers q WHERE p.id = q.id AND p.id = 35 RETURNING q.id
WITH w AS (SELECT 36 AS n) DELETE FROM papers USING w WHERE id = n RETURNING id
DELETE FROM papers WHERE id IN (SELECT paper + 36 FROM others) RETURNING id
UPDATE papers SET body = 'x'
SELECT id FROM papers FOR UPDATE
TRUNCATE papers
COPY (DELETE FROM papers WHERE id = 99 RETURNING id) TO STDOUT
-- All rights on one table, none on the other.
@wes
INSERT INTO papers VALUES (41, 'x', 'y') RETURNING *
INSERT INTO papers SELECT paper + 50, tag, tag FROM others
INSERT INTO papers VALUES (42, 'x', 'y') RETURNING (SELECT max(tag) FROM others)
UPDATE papers SET body = 'w' WHERE id = 41 RETURNING *
UPDATE papers SET body = 'w' FROM others WHERE paper = id
UPDATE papers SET body = 'w' WHERE id = 41 RETURNING (SELECT max(tag) FROM others)
UPDATE papers SET body = 'v' WHERE id = 41 RETURNING (SELECT max(id) FROM papers)
UPDATE papers SET body = 'w' FROM (VALUES (99, 'from')) AS v (n, t) WHERE n = id RETURNING papers.*, v.t
UPDATE papers SET body = 'w' FROM (VALUES (99, 'from')) AS v (n, t) WHERE n = id RETURNING *
DELETE FROM papers USING (VALUES (99)) AS v (n) WHERE n = id RETURNING *
DELETE FROM papers USING others WHERE paper = id
DELETE FROM papers WHERE id IN (SELECT paper FROM others)
SELECT * FROM papers WHERE id < 10 ORDER BY id FOR UPDATE
SELECT * FROM papers p, others o FOR UPDATE OF p
TABLE papers ORDER BY id FOR UPDATE
COPY (TABLE papers ORDER BY id) TO STDOUT
@annals
SELECT id, body, secret FROM papers ORDER BY id
SELECT at, line, hidden FROM lines ORDER BY at, line
-- Views: what they read is asked of their reader here, and of their owner in PostgreSQL unless they say so.
CREATE VIEW paper_ids WITH (security_invoker = true) AS SELECT id, secret FROM papers
CREATE VIEW line_counts WITH (security_invoker = true) AS SELECT at, count(*) AS lines FROM lines GROUP BY at
GRANT SELECT ON paper_ids, line_counts TO nina, uma
GRANT SELECT (at) ON line_counts TO cole
@nina
SELECT id FROM paper_ids
TABLE paper_ids
WITH w AS (TABLE line_counts) SELECT 1
CREATE TABLE lab.n5 AS TABLE paper_ids
COPY (TABLE paper_ids) TO STDOUT
@uma
SELECT id FROM paper_ids
SELECT id FROM paper_ids FOR UPDATE
UPDATE papers SET body = 'v' FROM line_counts WHERE at = id
@cole
SELECT at FROM line_counts ORDER BY 1
SELECT lines FROM line_counts
SELECT DISTINCT ON (at) at FROM line_counts ORDER BY at
WITH w AS (SELECT at FROM line_counts) TABLE w ORDER BY 1
COPY (SELECT at FROM line_counts ORDER BY lines) TO STDOUT
@annals
DROP VIEW paper_ids, line_counts
DROP TABLE papers, others, lines
DROP OWNED BY nina, cole, ines, uma, dan, wes
DROP SCHEMA lab CASCADE
DROP ROLE nina, cole, ines, uma, dan, wes
