-- Forms of queries and their mistakes. One statement a line.

-- SELECT lists and FROM.
SELECT
SELECT FROM (VALUES (1), (2)) v (n)
SELECT count(*) FROM (SELECT FROM (VALUES (1), (2)) v (n)) t
TABLE (VALUES (1))
VALUES (1, 'a'), (2, 'b')
VALUES (1), (2.5), (NULL) ORDER BY 1 DESC NULLS LAST LIMIT 2
VALUES (1), ('2')
VALUES (1), ('a')
VALUES (1), ('a'::text)
VALUES (1), (true)
VALUES (1, 2), (3)
VALUES (NULL), ('a')
SELECT * FROM (VALUES (1, 'a')) AS v
SELECT * FROM (VALUES (1, 'a')) AS v (n)
SELECT * FROM (VALUES (1, 'a')) AS v (n, t, x)
SELECT v.* FROM (VALUES (1, 'a')) AS v (n, t)
SELECT v FROM (VALUES (1, 'a')) AS v (n, t)
SELECT n FROM (VALUES (1)) v (n) WHERE n > 0 AND n < 2
SELECT *
SELECT x.* FROM (SELECT 1 AS n) t
SELECT t.nosuch FROM (SELECT 1 AS n) t
SELECT nosuch.n FROM (SELECT 1 AS n) t
SELECT nmae FROM (SELECT 1 AS name) t
SELECT 1 FROM nosuch.t
SELECT 1 FROM pg_catalog.nosuch
SELECT n FROM (SELECT 1 AS n) a, (SELECT 2 AS n) b
SELECT a.n, b.n FROM (SELECT 1 AS n) a, (SELECT 2 AS n) a
SELECT 1 FROM (SELECT 1)
SELECT n FROM (SELECT 1 AS n, 2 AS n) t
SELECT nosuch()
SELECT nosuch(1, 'a', now())
SELECT upper()
SELECT upper(1)
SELECT pg_catalog.nosuch(1)
SELECT nosuch.upper('a')

-- Syntax errors.
SELEC 1
SELECT 1 FROM
SELECT 1 +
SELECT (1
SELECT 1)
SELECT 1,, 2
SELECT 1 WHERE
SELECT 1 FROM a b c d
SELECT CASE END
SELECT * FROM (VALUES (1)) v (n) GROUP
SELECT 'a' 5
SELECT 1 LIMIT
INSERT INTO
SELECT ARRAY[1, 2
SELECT 1 AS
SELECT FROM WHERE
SELECT 1 ORDER 1
SELECT * * FROM t
SELECT $1 +
;
SELECT 1; SELECT 2

-- DISTINCT.
SELECT DISTINCT n FROM (VALUES (1), (2), (1)) v (n) ORDER BY n
SELECT DISTINCT ON (k) k, n FROM (VALUES ('a', 1), ('a', 2), ('b', 3)) v (k, n) ORDER BY k, n DESC
SELECT DISTINCT ON (k) n FROM (VALUES ('a', 1), ('a', 2), ('b', 3)) v (k, n) ORDER BY k, n
SELECT DISTINCT ON (1) k, n FROM (VALUES ('a', 1), ('a', 2), ('b', 3)) v (k, n) ORDER BY 1, 2
SELECT DISTINCT ON (upper(k)) k FROM (VALUES ('a', 1), ('A', 2), ('b', 3)) v (k, n) ORDER BY upper(k), n
SELECT DISTINCT ON (k) k FROM (VALUES ('a', 1), ('b', 3)) v (k, n) ORDER BY n
SELECT DISTINCT n FROM (VALUES (1), (2)) v (n) ORDER BY -n
SELECT DISTINCT n + 1 AS m FROM (VALUES (1), (2)) v (n) ORDER BY m DESC
SELECT count(DISTINCT n), count(DISTINCT n % 2), sum(DISTINCT n) FROM (VALUES (1), (2), (1), (3)) v (n)
SELECT DISTINCT n, m FROM (VALUES (1, NULL), (1, NULL)) v (n, m)
SELECT ALL n FROM (VALUES (1), (1)) v (n)

-- ORDER BY, LIMIT.
SELECT n FROM (VALUES (2), (NULL), (1)) v (n) ORDER BY n
SELECT n FROM (VALUES (2), (NULL), (1)) v (n) ORDER BY n DESC
SELECT n FROM (VALUES (2), (NULL), (1)) v (n) ORDER BY n NULLS FIRST
SELECT n FROM (VALUES (2), (NULL), (1)) v (n) ORDER BY n DESC NULLS LAST
SELECT n FROM (VALUES (2), (3), (1)) v (n) ORDER BY n USING >
SELECT n FROM (VALUES (2), (3), (1)) v (n) ORDER BY n USING <
SELECT n AS m FROM (VALUES (2), (3), (1)) v (n) ORDER BY m
SELECT -n AS n FROM (VALUES (2), (3), (1)) v (n) ORDER BY n
SELECT -n AS n FROM (VALUES (2), (3), (1)) v (n) ORDER BY -n
SELECT -n AS n FROM (VALUES (2), (3), (1)) v (n) ORDER BY n + 1
SELECT -n AS n FROM (VALUES (2), (3), (1)) v (n) ORDER BY (n)
SELECT g, max(n) AS n FROM (VALUES (1, 2), (1, 5), (2, 4)) v (g, n) GROUP BY g ORDER BY g + 1, max(n)
SELECT g, max(n) AS n FROM (VALUES (1, 2), (1, 5), (2, 4)) v (g, n) GROUP BY g ORDER BY -g, max(n), n
SELECT g, -max(n) AS n FROM (VALUES (1, 2), (1, 5), (2, 4)) v (g, n) GROUP BY g ORDER BY max(n)
SELECT g, -max(n) AS n FROM (VALUES (1, 2), (1, 5), (2, 4)) v (g, n) GROUP BY g ORDER BY abs(max(n)), n DESC
SELECT g AS n, max(n) FROM (VALUES (1, 2), (1, 5), (2, 4)) v (g, n) GROUP BY g ORDER BY max(n) + 0
SELECT n % 2 AS n, count(*) FROM (VALUES (1), (2), (3)) v (n) GROUP BY n % 2 ORDER BY n % 2 + 1
SELECT n FROM (VALUES (2), (3), (1)) v (n) ORDER BY -n
SELECT n FROM (VALUES (2, 'a'), (3, 'b'), (1, 'c')) v (n, t) ORDER BY t DESC
SELECT n FROM (VALUES (2), (3), (1)) v (n) ORDER BY 1 DESC
SELECT n FROM (VALUES (1)) v (n) ORDER BY 2
SELECT n FROM (VALUES (1)) v (n) ORDER BY 0
SELECT n FROM (VALUES (1)) v (n) ORDER BY 'a'
SELECT n FROM (VALUES (1)) v (n) ORDER BY nosuch
SELECT n, n AS m FROM (VALUES (1)) v (n) ORDER BY n, m
SELECT 1 AS a, 2 AS a ORDER BY a
SELECT n FROM generate_series(1, 5) AS g (n) ORDER BY n LIMIT 2
SELECT n FROM generate_series(1, 5) AS g (n) ORDER BY n OFFSET 3
SELECT n FROM generate_series(1, 5) AS g (n) ORDER BY n LIMIT 2 OFFSET 1
SELECT n FROM generate_series(1, 5) AS g (n) ORDER BY n OFFSET 1 LIMIT 2
SELECT n FROM generate_series(1, 5) AS g (n) ORDER BY n OFFSET 1 ROW FETCH NEXT 2 ROWS ONLY
SELECT n FROM generate_series(1, 5) AS g (n) ORDER BY n FETCH FIRST ROW ONLY
SELECT n FROM generate_series(1, 5) AS g (n) ORDER BY n FETCH FIRST 2 ROWS ONLY
SELECT n FROM (VALUES (1), (2), (2), (3)) v (n) ORDER BY n FETCH FIRST 2 ROWS WITH TIES
SELECT n FROM (VALUES (1), (2), (2), (3)) v (n) FETCH FIRST 2 ROWS WITH TIES
SELECT n FROM generate_series(1, 3) AS g (n) ORDER BY n LIMIT ALL
SELECT n FROM generate_series(1, 3) AS g (n) ORDER BY n LIMIT NULL
SELECT n FROM generate_series(1, 3) AS g (n) ORDER BY n LIMIT 0
SELECT n FROM generate_series(1, 3) AS g (n) ORDER BY n LIMIT 1 + 1
SELECT n FROM generate_series(1, 3) AS g (n) ORDER BY n LIMIT (SELECT 2)
SELECT n FROM generate_series(1, 3) AS g (n) ORDER BY n LIMIT -1
SELECT n FROM generate_series(1, 3) AS g (n) ORDER BY n OFFSET -1
SELECT n FROM generate_series(1, 3) AS g (n) ORDER BY n LIMIT 'a'
SELECT n FROM generate_series(1, 3) AS g (n) ORDER BY n LIMIT '2'
SELECT n FROM generate_series(1, 3) AS g (n) ORDER BY n LIMIT n
SELECT 1 FOR UPDATE

-- Grouping.
SELECT k, sum(n) FROM (VALUES ('a', 1), ('b', 2), ('a', 3)) v (k, n) GROUP BY k ORDER BY k
SELECT k AS g, sum(n) FROM (VALUES ('a', 1), ('b', 2), ('a', 3)) v (k, n) GROUP BY g ORDER BY g
SELECT upper(k), sum(n) + 1 FROM (VALUES ('a', 1), ('b', 2), ('a', 3)) v (k, n) GROUP BY 1 ORDER BY 1
SELECT n % 2, count(*) FROM generate_series(1, 5) AS g (n) GROUP BY n % 2 ORDER BY 1
SELECT n % 2 + 1 FROM generate_series(1, 5) AS g (n) GROUP BY n % 2 ORDER BY 1
SELECT k, n FROM (VALUES ('a', 1)) v (k, n) GROUP BY k
SELECT k, sum(n) FROM (VALUES ('a', 1)) v (k, n)
SELECT sum(n) FROM (VALUES ('a', 1)) v (k, n) WHERE sum(n) > 1
SELECT sum(sum(n)) FROM (VALUES (1)) v (n)
SELECT k FROM (VALUES ('a', 1), ('b', 2)) v (k, n) GROUP BY k HAVING sum(n) > 1
SELECT count(*) FROM (VALUES (1)) v (n) HAVING count(*) > 5
SELECT n FROM (VALUES (1)) v (n) HAVING n > 5
SELECT count(*) FROM (VALUES (1)) v (n) GROUP BY 2
SELECT count(*) FROM (VALUES (1)) v (n) GROUP BY count(*)
SELECT count(*) FILTER (WHERE n > 1), sum(n) FILTER (WHERE n < 3) FROM (VALUES (1), (2), (3)) v (n)
SELECT a, b, sum(n) FROM (VALUES ('x', 1, 1), ('x', 2, 2), ('y', 1, 3)) v (a, b, n) GROUP BY ROLLUP (a, b) ORDER BY a, b
SELECT a, b, sum(n) FROM (VALUES ('x', 1, 1), ('x', 2, 2), ('y', 1, 3)) v (a, b, n) GROUP BY CUBE (a, b) ORDER BY a, b
SELECT a, b, sum(n) FROM (VALUES ('x', 1, 1), ('x', 2, 2), ('y', 1, 3)) v (a, b, n) GROUP BY GROUPING SETS ((a), (b), ()) ORDER BY a, b
SELECT a, b, grouping(a), grouping(a, b), sum(n) FROM (VALUES ('x', 1, 1), ('x', 2, 2)) v (a, b, n) GROUP BY ROLLUP (a, b) ORDER BY 3, 4, 1, 2
SELECT a, grouping(b) FROM (VALUES ('x', 1)) v (a, b) GROUP BY a
SELECT a, b, count(*) FROM (VALUES ('x', 1), ('y', 2)) v (a, b) GROUP BY a, ROLLUP (b) ORDER BY 1, 2
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n), percentile_disc(0.5) WITHIN GROUP (ORDER BY n) FROM (VALUES (1), (2), (4)) v (n)
SELECT mode() WITHIN GROUP (ORDER BY k) FROM (VALUES ('a'), ('b'), ('a')) v (k)
SELECT string_agg(k, ',' ORDER BY k DESC), array_agg(k ORDER BY k) FROM (VALUES ('a'), ('b')) v (k)
SELECT string_agg(DISTINCT k, ',' ORDER BY k) FROM (VALUES ('a'), ('b'), ('a')) v (k)
SELECT count(*), count(NULL), count(1), sum(NULL::int), max(NULL::text) FROM (VALUES (1), (2)) v (n)
SELECT sum(n), avg(n), min(n), max(n), count(n) FROM (VALUES (1)) v (n) WHERE false
SELECT bool_and(n > 0), every(n > 0), bool_or(n > 1), bit_and(n), bit_or(n) FROM (VALUES (1), (3)) v (n)
SELECT sum(n + 1) * 2, max(n) - min(n) FROM (VALUES (1), (3)) v (n)
SELECT max(DISTINCT k), min(k) FROM (VALUES ('a'), ('b')) v (k)
SELECT 1 FROM (VALUES (1), (2)) v (n) GROUP BY ()
SELECT sum(*) FROM (VALUES (1)) v (n)
SELECT count() FROM (VALUES (1)) v (n)

-- Joins.
SELECT a.n, b.m FROM (VALUES (1), (2)) a (n) JOIN (VALUES (2), (3)) b (m) ON a.n = b.m
SELECT a.n, b.m FROM (VALUES (1), (2)) a (n) LEFT JOIN (VALUES (2), (3)) b (m) ON a.n = b.m ORDER BY 1
SELECT a.n, b.m FROM (VALUES (1), (2)) a (n) RIGHT OUTER JOIN (VALUES (2), (3)) b (m) ON a.n = b.m ORDER BY 2
SELECT a.n, b.m FROM (VALUES (1), (2)) a (n) FULL JOIN (VALUES (2), (3)) b (m) ON a.n = b.m ORDER BY 1, 2
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) a (n, t) JOIN (VALUES (2, 'x')) b (n, u) USING (n)
SELECT n, a.n, b.n FROM (VALUES (1), (2)) a (n) FULL JOIN (VALUES (2), (3)) b (n) USING (n) ORDER BY 1
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) a (n, t) NATURAL JOIN (VALUES (2, 'x')) b (n, u)
SELECT * FROM (VALUES (1)) a (n) NATURAL LEFT JOIN (VALUES (2, 'x')) b (n, u)
SELECT * FROM (VALUES (1), (2)) a (n) CROSS JOIN (VALUES ('x')) b (t) ORDER BY n
SELECT * FROM ((VALUES (1)) a (n) JOIN (VALUES (1)) b (m) ON n = m) JOIN (VALUES (1)) c (k) ON k = m
SELECT j.* FROM ((VALUES (1)) a (n) JOIN (VALUES (1)) b (m) ON n = m) AS j
SELECT * FROM (VALUES (1)) a (n) JOIN (VALUES (1.0)) b (m) ON n = m
SELECT * FROM (VALUES (1)) a (n) JOIN (VALUES ('1')) b (m) ON n = m
SELECT * FROM (VALUES (1)) a (n) JOIN (VALUES (1)) b (n) USING (nosuch)
SELECT * FROM (VALUES (1)) a (n) JOIN (VALUES (1)) b (n) ON 1
SELECT * FROM (VALUES (1)) a (n) JOIN (VALUES (1)) b (n) ON true
SELECT a.n, x.m FROM (VALUES (1), (2)) a (n) JOIN LATERAL (SELECT a.n * 10 AS m) x ON true ORDER BY 1
SELECT a.n, x.m FROM (VALUES (1), (2)) a (n), LATERAL (SELECT sum(g) AS m FROM generate_series(1, a.n) g) x ORDER BY 1
SELECT a.n, x.m FROM (VALUES (1), (2)) a (n) LEFT JOIN LATERAL (SELECT a.n AS m WHERE a.n > 1) x ON true ORDER BY 1
SELECT a.n, x.m FROM (VALUES (1), (2)) a (n) CROSS JOIN LATERAL (VALUES (a.n), (a.n + 10)) x (m) ORDER BY 1, 2
SELECT a.n, x.m FROM (VALUES (1)) a (n), (SELECT a.n AS m) x
SELECT a.k, x.n FROM (VALUES ('a', 1), ('b', 2)) a (k, n), LATERAL (SELECT m AS n FROM (VALUES (1), (2), (3)) v (m) WHERE m >= a.n ORDER BY m LIMIT 2) x ORDER BY 1, 2

-- Functions in FROM and in the SELECT list.
SELECT * FROM generate_series(1, 3)
SELECT * FROM generate_series(3, 1, -1) AS n
SELECT g.n FROM generate_series(1, 3) AS g (n)
SELECT * FROM generate_series(1, 5, 2) WITH ORDINALITY
SELECT * FROM generate_series(1, 5, 2) WITH ORDINALITY AS g (n, i)
SELECT * FROM generate_series(1, 3, 0)
SELECT * FROM generate_series(1::bigint, 2)
SELECT * FROM generate_series(1.0, 2.0, 0.5)
SELECT * FROM generate_series(timestamp '2024-01-01', timestamp '2024-01-02', interval '12 hours') AS t
SELECT * FROM generate_series(timestamptz '2024-01-01 00:00+00', timestamptz '2024-01-02 00:00+00', '12 hours')
SELECT * FROM unnest(ARRAY[1, 2])
SELECT * FROM unnest(ARRAY[1, 2]) AS x
SELECT x FROM unnest(ARRAY['a', 'b']) AS u (x)
SELECT * FROM unnest(ARRAY['a', 'b']) WITH ORDINALITY
SELECT * FROM unnest(ARRAY['a', 'b']) WITH ORDINALITY AS u (x, i)
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS u (n, t)
SELECT * FROM ROWS FROM (generate_series(1, 2), generate_series(1, 3)) AS r (a, b)
SELECT t.k, u.x FROM (VALUES ('a', ARRAY[1, 2]), ('b', ARRAY[3])) t (k, arr), unnest(t.arr) AS u (x) ORDER BY 1, 2
SELECT t.k, u.x, u.i FROM (VALUES ('a', ARRAY[5, 6]), ('b', ARRAY[7])) t (k, arr), unnest(t.arr) WITH ORDINALITY AS u (x, i) ORDER BY 1, 2
SELECT t.k, x FROM (VALUES ('a', ARRAY[1, 2]), ('b', NULL)) t (k, arr) LEFT JOIN unnest(t.arr) AS x ON true ORDER BY 1, 2
SELECT t.n, g FROM (VALUES (1), (2)) t (n), generate_series(1, t.n) g ORDER BY 1, 2
SELECT t.n, g FROM (VALUES (1), (2)) t (n) CROSS JOIN LATERAL generate_series(1, t.n) AS g ORDER BY 1, 2
SELECT unnest(ARRAY[1, 2, 3])
SELECT unnest(ARRAY[1, 2]) AS x, 'a' AS k
SELECT unnest(ARRAY[1, 2]), unnest(ARRAY['a', 'b', 'c'])
SELECT generate_series(1, 3)
SELECT generate_series(1, 3) AS n ORDER BY n DESC
SELECT k, generate_series(1, n) FROM (VALUES ('a', 1), ('b', 2)) v (k, n) ORDER BY 1, 2
SELECT generate_series(1, 2) + 10
SELECT count(*) FROM (SELECT generate_series(1, 10)) t
SELECT * FROM upper('a')
SELECT * FROM upper('a') AS u
SELECT * FROM current_date
SELECT * FROM nosuch(1)
SELECT 1 FROM generate_series(1, 3) WHERE false

-- WITH.
WITH a AS (SELECT 1 AS n), b AS (SELECT n + 1 AS n FROM a) SELECT a.n, b.n FROM a, b
WITH a (x, y) AS (VALUES (1, 'a'), (2, 'b')) SELECT y FROM a WHERE x = 2
WITH a AS MATERIALIZED (SELECT 1 AS n) SELECT * FROM a
WITH a AS NOT MATERIALIZED (SELECT 1 AS n) SELECT * FROM a
WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT n FROM t ORDER BY n
WITH RECURSIVE t (n) AS (SELECT 1 UNION SELECT (n + 1) % 3 FROM t) SELECT n FROM t ORDER BY n
WITH RECURSIVE t (n, path) AS (SELECT 1, ARRAY[1] UNION ALL SELECT n + 1, path || (n + 1) FROM t WHERE n < 3) SELECT * FROM t ORDER BY n
WITH RECURSIVE t (n, s) AS (SELECT 1, 'a'::text UNION ALL SELECT n + 1, s || 'b' FROM t WHERE n < 3) SELECT * FROM t ORDER BY n
WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1.5 FROM t WHERE n < 3) SELECT n FROM t
WITH RECURSIVE e (a, b) AS (VALUES (1, 2), (2, 3), (3, 4)), r (a, b) AS (SELECT a, b FROM e UNION SELECT r.a, e.b FROM r JOIN e ON r.b = e.a) SELECT * FROM r ORDER BY 1, 2
WITH a AS (SELECT 1) SELECT * FROM nosuch
WITH a AS (SELECT 1 AS n), a AS (SELECT 2 AS n) SELECT * FROM a
WITH a (x, y) AS (SELECT 1) SELECT * FROM a
WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a
WITH a AS (SELECT n FROM (VALUES (1), (2)) v (n)) SELECT (SELECT max(n) FROM a), n FROM a ORDER BY n
WITH a AS (WITH b AS (SELECT 1 AS n) SELECT n + 1 AS m FROM b) SELECT m FROM a
SELECT (WITH a AS (SELECT 5 AS n) SELECT n FROM a)
WITH t AS (SELECT 1 AS n) TABLE t

-- Set operations.
SELECT 1 UNION SELECT 2 UNION SELECT 1 ORDER BY 1
SELECT 1 UNION ALL SELECT 1
SELECT 1 UNION SELECT 2.5 ORDER BY 1
SELECT 1::smallint UNION SELECT 2::bigint ORDER BY 1
SELECT 'a' UNION SELECT 'b' ORDER BY 1
SELECT NULL UNION SELECT 1 ORDER BY 1
SELECT 1 UNION SELECT NULL ORDER BY 1 NULLS FIRST
SELECT NULL UNION SELECT NULL
SELECT 1 UNION SELECT '2' ORDER BY 1
SELECT 1 UNION SELECT 'a'::text
SELECT 1 UNION SELECT true
SELECT date '2024-01-01' UNION SELECT timestamp '2024-01-02' ORDER BY 1
SELECT '2024-01-01' UNION SELECT date '2024-01-02' ORDER BY 1
SELECT 'a'::varchar(5) UNION SELECT 'b'::text ORDER BY 1
SELECT 1, 'a' UNION SELECT 2
SELECT n FROM (VALUES (1), (2), (2)) v (n) INTERSECT SELECT n FROM (VALUES (2), (3)) w (n)
SELECT n FROM (VALUES (1), (2), (2)) v (n) INTERSECT ALL SELECT n FROM (VALUES (2), (2), (2)) w (n)
SELECT n FROM (VALUES (1), (2), (2)) v (n) EXCEPT SELECT n FROM (VALUES (2)) w (n)
SELECT n FROM (VALUES (1), (2), (2), (2)) v (n) EXCEPT ALL SELECT n FROM (VALUES (2)) w (n) ORDER BY 1
SELECT 1 INTERSECT SELECT 1.0
SELECT 1 UNION SELECT 2 INTERSECT SELECT 2 ORDER BY 1
(SELECT 1 UNION SELECT 2) INTERSECT SELECT 2
(SELECT n FROM (VALUES (3), (1), (2)) v (n) ORDER BY n LIMIT 2) UNION ALL (SELECT 9) ORDER BY 1 DESC
SELECT n AS a FROM (VALUES (2), (1)) v (n) UNION SELECT 3 ORDER BY a
SELECT 1 AS a UNION SELECT 2 ORDER BY nosuch
SELECT 1 AS a UNION SELECT 2 AS b ORDER BY b
SELECT 1 AS a UNION SELECT 2 ORDER BY a + 1
SELECT x + 1 FROM (SELECT 1 AS x UNION SELECT 2.5) t ORDER BY 1
SELECT x || '!' FROM (SELECT NULL AS x UNION SELECT 'a') t ORDER BY 1
VALUES (1) UNION VALUES (2) ORDER BY 1
SELECT * FROM (VALUES (1)) v (n) UNION ALL TABLE nosuch

-- Sub-queries.
SELECT (SELECT 1), (SELECT 1 WHERE false), (SELECT n FROM (VALUES (5)) v (n))
SELECT (SELECT 1, 2)
SELECT 1 IN (SELECT 1, 2)
SELECT (SELECT n FROM (VALUES (1), (2)) v (n))
SELECT n FROM (VALUES (1), (2), (3)) v (n) WHERE n IN (SELECT m FROM (VALUES (2), (3)) w (m)) ORDER BY n
SELECT n FROM (VALUES (1), (2), (3)) v (n) WHERE n NOT IN (SELECT m FROM (VALUES (2), (NULL)) w (m)) ORDER BY n
SELECT n FROM (VALUES (1), (2), (3)) v (n) WHERE EXISTS (SELECT 1 FROM (VALUES (2)) w (m) WHERE m = n)
SELECT n FROM (VALUES (1), (2), (3)) v (n) WHERE n = (SELECT max(m) FROM (VALUES (1), (2)) w (m) WHERE m < v.n) + 1 ORDER BY n
SELECT n, (SELECT count(*) FROM (VALUES (1), (2), (3)) w (m) WHERE m < v.n) FROM (VALUES (1), (3)) v (n) ORDER BY n
SELECT n, (SELECT m FROM (VALUES (1, 'x'), (2, 'y')) w (k, m) WHERE k = v.n) FROM (VALUES (1), (3)) v (n) ORDER BY n
SELECT n, EXISTS (SELECT 1 FROM (VALUES (1)) w (m) WHERE m = v.n) FROM (VALUES (1), (3)) v (n) ORDER BY n
SELECT n, n IN (SELECT m FROM (VALUES (1)) w (m)) FROM (VALUES (1), (3)) v (n) ORDER BY n
SELECT n, n IN (SELECT m FROM (VALUES (1)) w (m) WHERE m >= v.n) FROM (VALUES (1), (3)) v (n) ORDER BY n
SELECT n, CASE WHEN EXISTS (SELECT 1 FROM (VALUES (1)) w (m) WHERE m = v.n) THEN 'yes' ELSE 'no' END FROM (VALUES (1), (3)) v (n) ORDER BY n
SELECT n FROM (VALUES (1), (3)) v (n) ORDER BY (SELECT -v.n)
SELECT k, sum(n) FROM (VALUES ('a', 1), ('b', 5)) v (k, n) GROUP BY k HAVING sum(n) > (SELECT 2)
SELECT k, (SELECT count(*) FROM (VALUES ('a'), ('a')) w (x) WHERE x = v.k) FROM (VALUES ('a', 1), ('b', 5)) v (k, n) GROUP BY k ORDER BY k
SELECT sum((SELECT m FROM (VALUES (1, 10), (2, 20)) w (k, m) WHERE k = v.n)) FROM (VALUES (1), (2)) v (n)
SELECT n FROM (VALUES (1), (2)) v (n) WHERE n > ALL (SELECT m FROM (VALUES (1)) w (m) WHERE m <= v.n)
SELECT n FROM (VALUES (1), (2)) v (n) WHERE n = ANY (SELECT m + 1 FROM (VALUES (1)) w (m))
SELECT n, (SELECT array_agg(m ORDER BY m) FROM (VALUES (1), (2), (3)) w (m) WHERE m > v.n) FROM (VALUES (1), (2)) v (n) ORDER BY n
SELECT n, ARRAY(SELECT m FROM (VALUES (1), (2), (3)) w (m) WHERE m > v.n ORDER BY m) FROM (VALUES (1), (3)) v (n) ORDER BY n
SELECT n, (SELECT m FROM (VALUES (3), (2), (1)) w (m) WHERE m > v.n ORDER BY m LIMIT 1) FROM (VALUES (1), (3)) v (n) ORDER BY n
SELECT n FROM (VALUES (1), (2)) v (n) WHERE (SELECT v.n > 1)
SELECT n, (SELECT (SELECT v.n + 1)) FROM (VALUES (1), (2)) v (n) ORDER BY n
SELECT (SELECT max(m) FROM (SELECT v.n + g AS m FROM generate_series(1, 2) g) x) FROM (VALUES (1)) v (n)
SELECT n FROM (VALUES (1), (2)) v (n) WHERE (n, n) IN (SELECT m, m FROM (VALUES (2)) w (m))
SELECT n FROM (VALUES (1)) v (n) WHERE n = (SELECT nosuch FROM (VALUES (1)) w (m))

-- Windows.
SELECT n, sum(n) OVER (ORDER BY n), sum(n) OVER () FROM (VALUES (1), (2), (3)) v (n) ORDER BY n
SELECT k, n, rank() OVER w, dense_rank() OVER w, row_number() OVER w FROM (VALUES ('a', 1), ('a', 1), ('b', 2)) v (k, n) WINDOW w AS (ORDER BY n) ORDER BY 1, 5
SELECT k, n, first_value(n) OVER w, last_value(n) OVER w, nth_value(n, 2) OVER w FROM (VALUES ('a', 1), ('a', 2), ('b', 3)) v (k, n) WINDOW w AS (PARTITION BY k ORDER BY n) ORDER BY 1, 2
SELECT n, lag(n) OVER (ORDER BY n), lag(n, 2, 0) OVER (ORDER BY n), lead(n, 1, -1) OVER (ORDER BY n) FROM (VALUES (1), (2), (3)) v (n) ORDER BY n
SELECT count(*) FROM (SELECT DISTINCT k, sum(n) OVER (PARTITION BY k) FROM (VALUES ('a', 1), ('b', 2), ('b', 4), ('c', 3)) v (k, n) LIMIT 2) t
SELECT count(*) FROM (SELECT DISTINCT k, sum(n) OVER (ORDER BY k) FROM (VALUES ('a', 1), ('b', 2), ('b', 4), ('c', 3)) v (k, n) LIMIT 9) t
SELECT count(*) FROM (SELECT k, s FROM (SELECT k, sum(n) OVER (PARTITION BY k) AS s FROM (VALUES ('a', 1), ('b', 2), ('b', 4), ('c', 3)) v (k, n)) w GROUP BY k, s OFFSET 1 LIMIT 5) t
SELECT n, ntile(2) OVER (ORDER BY n), percent_rank() OVER (ORDER BY n), cume_dist() OVER (ORDER BY n) FROM (VALUES (1), (2), (3), (4)) v (n) ORDER BY n
SELECT n, sum(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM (VALUES (1), (2), (3)) v (n) ORDER BY n
SELECT n, sum(n) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING), sum(n) OVER (ORDER BY n ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM (VALUES (1), (2), (3)) v (n) ORDER BY n
SELECT n, sum(n) OVER (ORDER BY n RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (VALUES (1), (2), (4)) v (n) ORDER BY n
SELECT n, sum(n) OVER (ORDER BY n GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (VALUES (1), (2), (2), (4)) v (n) ORDER BY n, 2
SELECT n, sum(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM (VALUES (1), (2), (3)) v (n) ORDER BY n
SELECT n, sum(n) OVER (w ROWS UNBOUNDED PRECEDING) FROM (VALUES (1), (2)) v (n) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT k, sum(sum(n)) OVER (ORDER BY k) FROM (VALUES ('a', 1), ('b', 2)) v (k, n) GROUP BY k ORDER BY k
SELECT n, count(*) FILTER (WHERE n > 1) OVER (ORDER BY n) FROM (VALUES (1), (2)) v (n) ORDER BY n
SELECT n FROM (VALUES (1)) v (n) WHERE row_number() OVER () = 1
SELECT sum(n) OVER nosuch FROM (VALUES (1)) v (n)
SELECT row_number() FROM (VALUES (1)) v (n)
SELECT upper('a') OVER ()
SELECT n, row_number() OVER (PARTITION BY n % 2 ORDER BY n DESC) AS r FROM generate_series(1, 4) g (n) ORDER BY n

-- Parameters and other marks.
SELECT $1
SELECT $0

-- Rows, COLLATE, samples, locks.
SELECT ROW(1, 'a'), (1, 'a')
SELECT (1, 2) < (1)
SELECT n FROM (VALUES (1)) v (n) TABLESAMPLE BERNOULLI (50)
SELECT count(*) >= 0 FROM pg_class TABLESAMPLE SYSTEM (100)
SELECT 1 FROM pg_class TABLESAMPLE BERNOULLI (101)
SELECT 1 FROM pg_class TABLESAMPLE nosuch (10)
-- A star behind a table's name is for its heirs, and multiplies elsewhere.
SELECT count(*) FROM pg_class * WHERE relname = 'pg_class'
SELECT c.relname FROM pg_class * AS c, pg_namespace* n WHERE c.relname = 'pg_class' AND n.nspname = 'pg_catalog' AND n.oid = c.relnamespace
SELECT count(*) FROM pg_catalog.pg_class* JOIN pg_catalog.pg_namespace* n ON n.oid = relnamespace WHERE relname = 'pg_class'
WITH w AS (SELECT 1 AS n) SELECT n FROM w *
SELECT n FROM (TABLE nosuch *) t
SELECT extract(year FROM a * 2) FROM (VALUES (interval '1 year')) v (a)
SELECT substring(t FROM n * 2 FOR n * 3), overlay(t PLACING 'x' FROM n * 2), 1 IS DISTINCT FROM n * 1 FROM (VALUES ('abcdef', 1)) v (t, n)
SELECT 1 FROM (VALUES (1)) v (n) *
SELECT 1 FROM pg_class * *
SELECT n FROM generate_series(1, 2) *
DELETE FROM nosuch *
UPDATE nosuch * SET a = 1
SELECT 'b' < 'a' COLLATE "C", 'b' COLLATE "POSIX" > 'a', upper('ä' COLLATE "default")
SELECT count(*) > 0 FROM pg_class FOR SHARE

-- Tables: reference tables and logs take the same statements.
DELETE FROM nosuch
UPDATE nosuch SET a = 1
INSERT INTO nosuch VALUES (1)
SELECT 1 INTO nosuch.t

-- Joins without parentheses around the inner one, and queries in VALUES.
select * from (values ((select 1), 2), (3, (select 4)), (null, null)) v(a,b) order by 1
values ((select max(oid) > 5::oid from pg_class)), (exists (select 1)), (1 in (select 1))
select 1 from pg_class a join pg_type b join pg_proc c on true on true limit 1
select a.x, b.x, c.x from (values (1)) a(x) left join (values (1)) b(x) join (values (2)) c(x) on b.x < c.x on a.x = b.x
select a.x from (values (1)) a(x) join (values (1)) b(x) on a.x=b.x join (values (1)) c(x) on c.x = a.x
select a.x from (values (1)) a(x) cross join (values (1)) b(x) join (values (1)) c(x) on c.x=a.x
select a.x from (values (1)) a(x) cross join (values (1)) b(x) left join (values (1)) c(x) on c.x=a.x join (values (1)) d(x) on d.x = a.x

-- A column that several joins merge.
SELECT x FROM (VALUES (1)) a (x) JOIN (VALUES (1)) b (x) USING (x) JOIN (VALUES (1)) c (x) USING (x)
SELECT x, count(*), max(z) FROM (VALUES (1, 2), (1, 5)) a (x, y) JOIN (VALUES (1, 3)) b (x, z) USING (x) LEFT JOIN (VALUES (2, 4)) c (x, w) USING (x) WHERE x > 0 GROUP BY x HAVING x < 5 ORDER BY x
SELECT x + 1, (SELECT x FROM (VALUES (7)) d (x)) FROM (VALUES (1)) a (x) JOIN (VALUES (1)) b (x) USING (x) JOIN (VALUES (1)) c (x) USING (x) ORDER BY x
SELECT y FROM (VALUES (1, 2)) a (x, y) JOIN (VALUES (1, 3)) b (x, z) USING (x) JOIN (VALUES (2, 4)) c (y, w) USING (y)
SELECT * FROM (VALUES (1, 2)) a (x, y) JOIN (VALUES (1, 3)) b (x, z) USING (x) JOIN (VALUES (1, 4)) c (x, w) USING (x)
SELECT b.x, a.x FROM (VALUES (1)) a (x) JOIN (VALUES (1)) b (x) USING (x) JOIN (VALUES (1)) c (x) USING (x)

-- Casts that tell expressions apart.
SELECT t::date, t::time, count(*) FROM (VALUES (timestamp '2024-01-01 10:00')) v (t) GROUP BY 1, 2
SELECT t::date AS d, count(*) FROM (VALUES (timestamp '2024-01-01 10:00')) v (t) GROUP BY t::date, t::timestamptz
SELECT t, t::date, count(*) FROM (VALUES (timestamp '2024-01-01 10:00')) v (t) GROUP BY t, t::date
SELECT sum(x), sum(x::bigint), sum(x::numeric), sum(x::float8) FROM (VALUES (1), (2), (4)) a (x)
SELECT sum(x) OVER (), sum(x::numeric) OVER () FROM (VALUES (1), (2)) a (x)
SELECT min(t), min(t::date), max(t::text) FROM (VALUES (timestamp '2024-01-01 10:00')) v (t)
SELECT count(x::int), count(DISTINCT x), count(DISTINCT x::int) FROM (VALUES ('1'), ('01'), ('2')) v (x)
SELECT x FROM (VALUES ('1'), ('01'), ('2')) v (x) ORDER BY x::int, x
SELECT DISTINCT x::int FROM (VALUES ('1'), ('01'), ('2')) v (x) ORDER BY 1
SELECT rank() OVER (ORDER BY x::int), rank() OVER (ORDER BY x) FROM (VALUES ('1'), ('01'), ('2')) v (x) ORDER BY 1, 2
SELECT lag(x) OVER (ORDER BY x::int), lag(x) OVER (ORDER BY x::text) FROM (VALUES ('1'), ('10'), ('2')) v (x) ORDER BY 1, 2
SELECT sum(x) FILTER (WHERE x::text = '1'), sum(x) FILTER (WHERE x = 1), sum(x) FILTER (WHERE x::numeric > 1) FROM (VALUES (1), (2)) v (x)
SELECT CASE WHEN x::int > 1 THEN 'a' END, CASE WHEN x > '1' THEN 'a' END, sum(CASE WHEN x::int > 1 THEN 1 END), sum(CASE WHEN x > '1' THEN 1 END) FROM (VALUES ('1'), ('10')) v (x) GROUP BY 1, 2 ORDER BY 1, 2

-- What pgAdmin asks: functions behind their schema, in capitals too, and a database that is no system's.
SELECT pg_catalog.unnest(ARRAY[1, 2])
SELECT pg_catalog.SPLIT_PART('a b', ' ', 1), pg_catalog.AVG(x), pg_catalog.DATE(timestamp '2024-01-02 10:00'), pg_catalog.SUM(x) FROM (VALUES (1), (2)) v (x)
SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_is_wal_replay_paused() ELSE false END
SELECT pg_is_wal_replay_paused()
SELECT oid > 16383 FROM pg_database WHERE datname = current_database()

-- LATERAL queries that only filter, and others.
SELECT a.x, l.y FROM (VALUES (1), (2), (3)) a (x), LATERAL (SELECT b.y FROM (VALUES (1, 'p'), (2, 'q'), (2, 'r')) b (x, y) WHERE b.x = a.x) l ORDER BY 1, 2
SELECT a.x, l.* FROM (VALUES (1), (2), (3)) a (x) LEFT JOIN LATERAL (SELECT * FROM (VALUES (1, 'p'), (2, 'q')) b (x, y) WHERE b.x = a.x AND b.y <> 'p') l ON true ORDER BY 1
SELECT a.x, l.x FROM (VALUES (1), (2)) a (x) LEFT JOIN LATERAL (SELECT b.y AS x FROM (VALUES (1, 10), (2, 20)) b (x, y) WHERE b.x < a.x) l ON l.x > 5 ORDER BY 1
SELECT a.x, l.z FROM (VALUES (1), (2)) a (x), LATERAL (SELECT a.x + b.y AS z FROM (VALUES (10), (20)) b (y) WHERE b.y > a.x * 10) l ORDER BY 1, 2
SELECT a.x, l.n FROM (VALUES (1), (2)) a (x), LATERAL (SELECT count(*) AS n FROM (VALUES (1), (1)) b (y) WHERE b.y = a.x) l ORDER BY 1
SELECT a.x, l.y FROM (VALUES (1), (2)) a (x), LATERAL (SELECT b.y FROM (VALUES (1, 5), (1, 6), (2, 7)) b (x, y) WHERE b.x = a.x ORDER BY b.y DESC LIMIT 1) l ORDER BY 1
-- Series without an end.
SELECT generate_series(timestamp '2024-01-31', 'infinity', '1 month') LIMIT 4
SELECT * FROM generate_series(timestamp '2024-01-03', '2024-01-01', '-1 day')
SELECT generate_series(timestamp '2024-01-03', '2024-01-05', '36 hours') AS t
SELECT * FROM generate_series(timestamp '2024-01-03', '2024-01-05', '0 hours')
SELECT * FROM generate_series(timestamp '2024-01-03', NULL, '1 hour')
SELECT generate_series(1, 3000000000) LIMIT 2
SELECT generate_series(3, 1, -1) AS n
SELECT count(*), min(s), max(s) FROM generate_series('2024-01-01'::timestamptz, '2024-12-31', '1 day') s
-- Windows that cannot be.
SELECT sum(x) OVER (PARTITION BY x RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM (VALUES (1)) v (x)
SELECT sum(x) OVER (PARTITION BY x GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM (VALUES (1)) v (x)
SELECT rank() OVER (ORDER BY rank() OVER (ORDER BY x)) FROM (VALUES (1)) v (x)
SELECT ntile(0) OVER (ORDER BY x) FROM (VALUES (1)) v (x)
SELECT '{1,2}'::_int4, NULL::_text, '{a}'::_varchar
SELECT '{1,2}'::_int
-- What recursion begins with is text, whatever form DataFusion gives a literal.
WITH RECURSIVE t (n) AS (SELECT 'foo' UNION ALL SELECT n || ' bar' FROM t WHERE length(n) < 20) SELECT n FROM t
WITH RECURSIVE t (n, p) AS (SELECT 1, 'a'::text UNION ALL SELECT n + 1, p || n FROM t WHERE n < 4) SELECT n, p FROM t ORDER BY n
WITH RECURSIVE t (n) AS (VALUES ('x') UNION SELECT upper(n) FROM t) SELECT n FROM t ORDER BY n
