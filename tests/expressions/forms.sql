-- Forms of queries that DataFusion or sqlparser lacks. One statement a line.

-- Sub-queries in ON, behind NOT IN, and wherever else they stand.
SELECT a.n, b.m FROM (VALUES (1), (2), (3)) a (n) JOIN (VALUES (1, 10), (2, 20), (4, 40)) b (n, m) ON a.n = b.n AND EXISTS (SELECT 1 FROM (VALUES (10)) c (m) WHERE c.m = b.m)
SELECT a.n, b.m FROM (VALUES (1), (2), (3)) a (n) JOIN (VALUES (1, 10), (2, 20), (4, 40)) b (n, m) ON a.n = b.n AND b.m IN (SELECT c.m FROM (VALUES (1, 10), (2, 21)) c (n, m) WHERE c.n = a.n) ORDER BY 1
SELECT a.n, b.m FROM (VALUES (1), (2), (3), (NULL)) a (n) LEFT JOIN (VALUES (1, 10), (2, 20), (4, 40)) b (n, m) ON a.n = b.n AND EXISTS (SELECT 1 FROM (VALUES (10)) c (m) WHERE c.m = b.m) ORDER BY 1
SELECT a.n, b.m FROM (VALUES (1), (2), (3), (NULL)) a (n) LEFT JOIN (VALUES (1, 10), (2, 20), (4, 40)) b (n, m) ON a.n = b.n AND EXISTS (SELECT 1 FROM (VALUES (1), (3)) c (m) WHERE c.m = a.n) ORDER BY 1
SELECT a.n, b.m FROM (VALUES (1), (2), (3), (NULL)) a (n) LEFT JOIN (VALUES (1, 10), (2, 20), (4, 40)) b (n, m) ON EXISTS (SELECT 1 FROM (VALUES (11), (42)) c (m) WHERE c.m = a.n + b.m) ORDER BY 1, 2
SELECT a.n, b.m FROM (VALUES (1), (2), (3), (NULL)) a (n) RIGHT JOIN (VALUES (1, 10), (2, 20), (4, 40)) b (n, m) ON EXISTS (SELECT 1 FROM (VALUES (11), (42)) c (m) WHERE c.m = a.n + b.m) ORDER BY 1, 2
SELECT a.n, b.m FROM (VALUES (1), (2), (3), (NULL)) a (n) RIGHT JOIN (VALUES (1, 10), (2, 20), (4, 40)) b (n, m) ON a.n = b.n AND b.m = (SELECT max(c.m) FROM (VALUES (11), (20)) c (m)) ORDER BY 1, 2
SELECT a.n, b.m FROM (VALUES (1), (2), (3), (NULL)) a (n) FULL JOIN (VALUES (1, 10), (2, 20), (4, 40)) b (n, m) ON a.n = b.n AND b.m = (SELECT max(c.m) FROM (VALUES (11), (20)) c (m)) ORDER BY 1, 2
SELECT a.n, b.m FROM (VALUES (1), (2), (3), (NULL)) a (n) FULL JOIN (VALUES (1, 10), (2, 20), (4, 40)) b (n, m) ON a.n = b.n AND EXISTS (SELECT 1 FROM (VALUES (1), (3)) c (m) WHERE c.m = a.n) AND b.m > ALL (SELECT 5) ORDER BY 1, 2
SELECT a.n, b.m FROM (VALUES (1), (2), (3), (NULL)) a (n) LEFT JOIN (VALUES (1, 10), (2, 20), (4, 40)) b (n, m) ON a.n = b.n AND a.n NOT IN (SELECT c.m FROM (VALUES (1), (NULL)) c (m)) ORDER BY 1, 2
SELECT a.n FROM (VALUES (1, 1), (2, 1), (3, NULL), (NULL, 2)) a (n, k) WHERE a.n NOT IN (SELECT b.n FROM (VALUES (1, 1), (3, 2), (NULL, 3)) b (n, k) WHERE b.k = a.k) ORDER BY 1
SELECT a.n FROM (VALUES (1, 1), (2, 1), (3, 3), (NULL, 2), (NULL, 9)) a (n, k) WHERE a.n NOT IN (SELECT b.n FROM (VALUES (1, 1), (3, 2), (NULL, 3)) b (n, k) WHERE b.k = a.k) ORDER BY 1
SELECT a.n FROM (VALUES (1), (2), (NULL)) a (n) WHERE (a.n NOT IN (SELECT 1 UNION ALL SELECT NULL)) OR a.n = 2
SELECT a.n FROM (VALUES (1), (2), (NULL)) a (n) WHERE (a.n NOT IN (SELECT 1 UNION ALL SELECT NULL)) OR a.n = 1
SELECT a.n FROM (VALUES (1), (2), (NULL)) a (n) WHERE NOT (a.n IN (SELECT 1 UNION ALL SELECT NULL) OR a.n = 3)
SELECT a.n FROM (VALUES (1), (2), (NULL)) a (n) WHERE (a.n IN (SELECT 1 UNION ALL SELECT NULL)) IS NULL ORDER BY 1
SELECT a.n FROM (VALUES (1), (2), (NULL)) a (n) WHERE NOT (a.n IN (SELECT 1)) ORDER BY 1
SELECT a.n FROM (VALUES (1), (2), (NULL)) a (n) WHERE a.n IN (SELECT 1) OR a.n IS NULL ORDER BY 1
SELECT a.n FROM (VALUES (1), (2), (NULL)) a (n) WHERE CASE WHEN a.n IN (SELECT 1) THEN false ELSE true END ORDER BY 1
SELECT a.n, (SELECT count(*) FROM (VALUES (1), (2)) b (m) WHERE EXISTS (SELECT 1 FROM (VALUES (1, 1), (2, 3)) c (k, l) WHERE c.k = a.n AND c.l = b.m)) FROM (VALUES (1), (2)) a (n) ORDER BY 1
SELECT a.n FROM (VALUES (1), (2)) a (n) WHERE a.n NOT IN (SELECT b.m FROM (VALUES (1), (2)) b (m) WHERE EXISTS (SELECT 1 FROM (VALUES (1)) c (k) WHERE c.k = a.n)) ORDER BY 1
SELECT sum((SELECT max(b.m) FROM (VALUES (1, 10), (2, 20)) b (n, m) WHERE b.n = a.n)) FROM (VALUES (1), (2), (3)) a (n)
SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM (VALUES (1)) b (m) WHERE b.m = a.n)) FROM (VALUES (1), (2), (3)) a (n)
SELECT CASE WHEN EXISTS (SELECT 1 FROM (VALUES (1)) b (m) WHERE b.m = a.n) THEN 'y' ELSE (SELECT 'n' || b.m::text FROM (VALUES (2)) b (m) WHERE b.m = a.n) END FROM (VALUES (1), (2), (3)) a (n) ORDER BY a.n
SELECT a.n FROM (VALUES (1), (2), (3)) a (n) ORDER BY (SELECT -b.m FROM (VALUES (1), (2), (3)) b (m) WHERE b.m = a.n)
SELECT (SELECT b.m FROM (VALUES (1), (2)) b (m) WHERE b.m = a.n) AS q, count(*) FROM (VALUES (1), (2), (2), (3)) a (n) GROUP BY (SELECT b.m FROM (VALUES (1), (2)) b (m) WHERE b.m = a.n) ORDER BY 1
SELECT (SELECT b.m FROM (VALUES (1), (2)) b (m) WHERE b.m = a.n) AS q, count(*) FROM (VALUES (1), (2), (2), (3)) a (n) GROUP BY 1 ORDER BY 1
SELECT a.n, count(*) FROM (VALUES (1), (2), (2), (3)) a (n) GROUP BY a.n HAVING count(*) = (SELECT max(b.m) FROM (VALUES (1, 1), (2, 2)) b (n, m) WHERE b.n = a.n) ORDER BY 1
SELECT a.n, count(*) FROM (VALUES (1), (2), (2), (3)) a (n) GROUP BY a.n HAVING EXISTS (SELECT 1 FROM (VALUES (1, 1), (2, 2)) b (n, m) WHERE b.n = a.n AND b.m = count(*)) ORDER BY 1
SELECT a.n, sum(a.n) OVER (ORDER BY (SELECT -b.m FROM (VALUES (1), (2), (3)) b (m) WHERE b.m = a.n)) FROM (VALUES (1), (2), (3)) a (n) ORDER BY 1
SELECT a.n, (SELECT string_agg(b.m::text, ',' ORDER BY b.m) FROM (VALUES (1), (2), (3)) b (m) WHERE b.m < a.n) FROM (VALUES (1), (2), (3)) a (n) ORDER BY 1
SELECT a.n, ARRAY(SELECT b.m FROM (VALUES (1), (2), (3)) b (m) WHERE b.m < a.n ORDER BY b.m DESC) FROM (VALUES (1), (2), (3)) a (n) ORDER BY 1
SELECT a.n, (SELECT b.m FROM (VALUES (1), (2), (3)) b (m) WHERE b.m <= a.n ORDER BY b.m DESC LIMIT 1) FROM (VALUES (1), (2), (3)) a (n) ORDER BY 1
SELECT a.n, (SELECT a.n + x.s FROM (SELECT sum(b.m) AS s FROM (VALUES (1), (2), (3)) b (m)) x) FROM (VALUES (1), (2), (3)) a (n) ORDER BY 1

-- INTERSECT and EXCEPT, which count rows with ALL.
SELECT n FROM (VALUES (1), (2), (2), (2), (NULL), (NULL)) v (n) EXCEPT ALL SELECT n FROM (VALUES (2), (NULL)) w (n) ORDER BY 1
SELECT n FROM (VALUES (1), (2), (2), (NULL), (NULL)) v (n) INTERSECT ALL SELECT n FROM (VALUES (2), (2), (2), (NULL)) w (n) ORDER BY n
SELECT n FROM (VALUES (1), (2), (2), (NULL), (NULL)) v (n) INTERSECT SELECT n FROM (VALUES (2), (2), (2), (NULL)) w (n) ORDER BY n
SELECT n FROM (VALUES (1), (2), (2), (NULL), (NULL)) v (n) EXCEPT SELECT n FROM (VALUES (2), (2), (2)) w (n) ORDER BY n
SELECT 1 AS a EXCEPT SELECT 'x'::text
SELECT 1 AS a INTERSECT SELECT 'x'
SELECT 1 AS a, 2 AS a INTERSECT ALL SELECT 1, 2
SELECT 1, 2 EXCEPT SELECT 1
SELECT '1' INTERSECT SELECT 1
SELECT NULL INTERSECT SELECT NULL
SELECT count(*) FROM (SELECT n, x FROM (VALUES (1, '{"a": 1.0}'::jsonb), (1, '{"a": 1}'), (2, NULL)) v (n, x) INTERSECT ALL SELECT 1, '{"a":1.00}'::jsonb) t
SELECT x FROM (VALUES ('1'::json)) v (x) INTERSECT SELECT '1'
SELECT n FROM generate_series(1, 5) n EXCEPT (SELECT 2 UNION SELECT 3) INTERSECT SELECT 3 ORDER BY 1
(SELECT 1 UNION ALL SELECT 1) EXCEPT ALL SELECT 1
SELECT count(*) FROM (SELECT n % 3 FROM generate_series(1, 30) n INTERSECT ALL SELECT n % 5 FROM generate_series(1, 30) n) t
WITH t AS (SELECT 1 AS n INTERSECT SELECT 1) SELECT n + 1 FROM t
SELECT 1 AS a WHERE 1 IN (SELECT 1 INTERSECT ALL SELECT 1)
SELECT a.n FROM (VALUES (1), (2)) a (n) WHERE EXISTS (SELECT a.n INTERSECT SELECT 1)

-- Comparisons of other extents.
SELECT 2 BETWEEN ASYMMETRIC 3 AND 1, NULL BETWEEN SYMMETRIC 1 AND 2, 1 BETWEEN SYMMETRIC NULL AND 0, 'b' BETWEEN SYMMETRIC 'c' AND 'a', 1 NOT BETWEEN SYMMETRIC NULL AND 2
SELECT 2 BETWEEN SYMMETRIC 3 AND 1 AND false, date '2024-01-02' BETWEEN SYMMETRIC '2024-02-01' AND '2024-01-01'
SELECT 1 IS DISTINCT FROM 2 AND true, 1 IS NOT DISTINCT FROM 1 OR false, NULL IS DISTINCT FROM 1 + 1

-- ORDER BY ... USING.
SELECT n FROM (VALUES (2), (3), (1), (NULL)) v (n) ORDER BY n USING >
SELECT n FROM (VALUES (2), (3), (1), (NULL)) v (n) ORDER BY n USING < NULLS FIRST
SELECT n FROM (VALUES (2), (3), (1)) v (n) ORDER BY 1 USING >
SELECT n FROM (VALUES (2), (3), (1)) v (n) ORDER BY n USING >=
SELECT array_agg(n ORDER BY n USING >) FROM (VALUES (2), (3), (1)) v (n)
SELECT n, sum(n) OVER (ORDER BY n USING >) FROM (VALUES (2), (3), (1)) v (n) ORDER BY n
SELECT n, sum(n) OVER w FROM (VALUES (2), (3), (1)) v (n) WINDOW w AS (ORDER BY n USING >) ORDER BY n
SELECT n FROM (VALUES (2), (3), (1)) v (n) ORDER BY n USING < DESC

-- SELECT lists without columns.
SELECT WHERE false
SELECT EXISTS (SELECT), EXISTS (SELECT WHERE false), NOT EXISTS (SELECT FROM (VALUES (1)) v (n) WHERE n = 2)
SELECT UNION ALL SELECT
SELECT DISTINCT
SELECT DISTINCT FROM (VALUES (1)) v (n)
SELECT * FROM (SELECT) t
SELECT (SELECT)
SELECT 1 WHERE 1 IN (SELECT)

-- What is refused by the tree alone.
SELECT DISTINCT v.n FROM (VALUES (1), (2)) v (n) ORDER BY n
SELECT DISTINCT n + 1 FROM (VALUES (1), (2)) v (n) ORDER BY (v.n + 1)
SELECT n FROM (VALUES (1)) v (n) ORDER BY 1.5
SELECT n FROM (VALUES (1)) v (n) ORDER BY NULL
SELECT n FROM (VALUES (1)) v (n) ORDER BY NULL::int
SELECT n FROM (VALUES (1)) v (n) ORDER BY true
SELECT n FROM (VALUES (1)) v (n) GROUP BY 'a'
SELECT 1 AS a, 1 AS a ORDER BY a
SELECT 1 AS a UNION SELECT 2 ORDER BY 1, a DESC
SELECT upper(DISTINCT 'a')
SELECT upper('a') FILTER (WHERE true)
SELECT nosuch('a') OVER ()
SELECT now() OVER ()
SELECT 1 FROM generate_series(1, 2), generate_series(1, 3)
SELECT 1 FROM pg_class, pg_class
SELECT 1 FROM pg_class c, pg_class LIMIT 0
