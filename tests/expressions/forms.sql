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

-- Subscripts, intervals with fields, patterns in arrays, ties, merged columns, locks.
SELECT (ARRAY[1, 2, 3])[2:3]
SELECT (ARRAY[1, 2, 3])[:2]
SELECT (ARRAY[1, 2, 3])[2:]
SELECT (ARRAY[1, 2, 3])[:]
SELECT (ARRAY[1, 2, 3])[5]
SELECT (ARRAY[1, 2, 3])[0]
SELECT (ARRAY[1, 2, 3])[-1]
SELECT (ARRAY[1, 2, 3])[3:2]
SELECT (ARRAY[1, 2, 3])[0:1]
SELECT (ARRAY[1, 2, 3])[-5:1]
SELECT (ARRAY[1, 2, 3])[2:9]
SELECT (ARRAY[1, 2, 3])[NULL], (ARRAY[1, 2, 3])[NULL:2], (ARRAY[1, 2, 3])[1:NULL], (NULL::int[])[1], (NULL::int[])[1:2]
SELECT ('{a,b}'::text[])[1]
SELECT ('{a,b}'::text[])[1:1]
SELECT (ARRAY['a', 'b'])[n] FROM generate_series(0, 3) n ORDER BY n
SELECT (ARRAY['a', 'b'])[n:n + 1] FROM generate_series(0, 3) n ORDER BY n
SELECT x[1], x[2:2] FROM (VALUES (ARRAY[1, 2]), (NULL), (ARRAY[3])) v (x)
SELECT (string_to_array('a,b,c', ','))[2], (string_to_array('a,b,c', ','))[2:]
SELECT (ARRAY[1, 2])[1.6], (ARRAY[1, 2])['1']
SELECT (ARRAY[1, 2])['x']
SELECT (1)[1]
SELECT ('[1,2]'::jsonb)[0], ('{"a": {"b": 1}}'::jsonb)['a']['b']
SELECT (ARRAY[date '2024-01-01'])[1], (ARRAY['{"a":1}'::jsonb])[1] -> 'a'
SELECT (ARRAY[[1, 2], [3, 4]])[1][2]
SELECT interval '1' year
SELECT interval '2-3' year to month
SELECT interval '1 2' day to hour
SELECT interval '90' minute
SELECT interval(0) '1.6 seconds'
SELECT interval '1.6' second(0), interval '1' month, interval '1' day, interval '2' hour
SELECT interval '1 2:03' day to minute, interval '1 2:03:04.567' day to second, interval '2:03' hour to minute, interval '2:03:04' hour to second, interval '3:04' minute to second
SELECT interval '1 2:03:04.567' day to second(1)
SELECT interval '1 day 2 hours' day, interval '1 year 2 months' year, interval '5 days 3 hours' hour
SELECT normalize(U&'\0061\0308')
SELECT count(*) FROM (VALUES (1), (2)) v (n) GROUP BY ()
SELECT count(*), n FROM (VALUES (1), (2)) v (n) GROUP BY (), n ORDER BY n
SELECT * FROM (VALUES (1, 2)) a (x, n) JOIN (VALUES (2, 5)) b (n, y) USING (n)
SELECT * FROM (VALUES (1, 2)) a (x, n) LEFT JOIN (VALUES (2, 5)) b (n, y) USING (n)
SELECT * FROM (VALUES (1, 2)) a (x, n) RIGHT JOIN (VALUES (2, 5), (3, 6)) b (n, y) USING (n)
SELECT a.*, b.* FROM (VALUES (1, 2)) a (x, n) JOIN (VALUES (2, 5)) b (n, y) USING (n)
SELECT 1 FOR SHARE
SELECT count(*) FROM pg_class FOR SHARE
SELECT 5 = ALL ('{}'::int[]), 5 <> ALL ('{}'::int[]), 1 = ANY (NULL::int[]), 5 >= ALL (ARRAY[1, NULL]), 0 >= ALL (ARRAY[1, NULL])
SELECT n = ANY (x) FROM (VALUES (1, ARRAY[1]), (2, ARRAY[1, NULL]), (NULL, ARRAY[1]), (1, NULL), (1, '{}')) v (n, x)
SELECT n FROM (VALUES (1, 'a'), (2, 'b')) v (n, t) WHERE t LIKE ANY (ARRAY['a%', NULL])
SELECT a.*, b.n AS m FROM (VALUES (1)) a (n) CROSS JOIN (VALUES (2)) b (n)
SELECT n FROM (VALUES (1), (2), (2), (3)) v (n) ORDER BY n OFFSET 1 FETCH NEXT 1 ROW WITH TIES
SELECT n, m FROM (VALUES (1, 'a'), (2, 'b'), (2, 'c'), (3, 'd')) v (n, m) ORDER BY n DESC, length(m) FETCH FIRST 2 ROWS WITH TIES
SELECT m FROM (VALUES (1, 'a'), (2, 'b'), (2, 'c'), (NULL, 'd'), (NULL, 'e')) v (n, m) ORDER BY n DESC FETCH FIRST 1 ROW WITH TIES
SELECT count(*), n % 2 AS k FROM generate_series(1, 9) n GROUP BY 2 ORDER BY 1 DESC FETCH FIRST ROW WITH TIES
SELECT count(*) FROM (SELECT n % 3 AS k FROM generate_series(1, 9) n ORDER BY k FETCH FIRST 2 ROWS WITH TIES) t
SELECT n FROM (VALUES (1)) v (n) FETCH FIRST 1 ROW WITH TIES
SELECT 1 AS a UNION ALL SELECT 1 UNION ALL SELECT 2 ORDER BY a FETCH FIRST 1 ROW WITH TIES
SELECT n FROM generate_series(1, 5) n ORDER BY n DESC LIMIT (SELECT 2) OFFSET (SELECT 1)
SELECT n FROM generate_series(1, 5) n ORDER BY n LIMIT (SELECT NULL::int)
SELECT n FROM generate_series(1, 5) n ORDER BY n LIMIT (SELECT max(x) FROM (VALUES (1), (3)) v (x))
SELECT a.n, (SELECT m FROM generate_series(1, 5) m ORDER BY m LIMIT 1 OFFSET (SELECT 2)) FROM generate_series(1, 2) a (n) ORDER BY 1
SELECT 'abc' NOT LIKE ALL (ARRAY['a%', 'x%']), 'abc' NOT LIKE ANY (ARRAY['a%', 'x%']), 'ABC' ILIKE ANY (ARRAY['a%', NULL]), 'abc' LIKE SOME ('{b%,c%}'), 'abc' ~* ALL (ARRAY['A', 'B'])
SELECT 'abc' LIKE ANY (ARRAY['x', NULL]), 'abc' LIKE ALL (ARRAY['a%', NULL]), NULL LIKE ANY (ARRAY['a']), 'a' LIKE ANY (NULL::text[]), NULL LIKE ANY ('{}'::text[]), 'a' LIKE ALL ('{}'::text[])
SELECT t FROM (VALUES ('apple'), ('berry'), ('cherry'), (NULL)) v (t) WHERE t LIKE ANY (ARRAY['a%', '%rry']) ORDER BY t
SELECT t FROM (VALUES ('apple'), ('berry')) v (t) WHERE t LIKE ANY (SELECT p FROM (VALUES ('a%'), (NULL)) w (p)) ORDER BY t
SELECT t FROM (VALUES ('apple'), ('berry')) v (t) WHERE t !~ ALL (ARRAY['^a', 'z'])
SELECT 1 LIKE ANY (ARRAY['a'])
SELECT 'a' ~ ANY (ARRAY['('])
SELECT x[1:1], x[5:9], x[n] FROM (VALUES (ARRAY['a', NULL, 'c'], 2), ('{}', 1), (NULL, 3)) v (x, n)
SELECT (ARRAY['0198c0de-0000-7000-8000-00000000abcd'::uuid])[1], (ARRAY['0198c0de-0000-7000-8000-00000000abcd'::uuid])[1:1]
SELECT (indkey)[0] FROM pg_index LIMIT 0
SELECT interval '1:30' minute to second, interval '-1' day, interval '1.5' hour, interval '' year
SELECT interval '1' hour to day
SELECT interval '1' second(3), interval '1.23456' second(3), interval(3) '1.23456 s'
SELECT count(*) FROM (VALUES (1), (2)) v (n) GROUP BY () HAVING count(*) > 5
SELECT n FROM (VALUES (1), (2)) v (n) GROUP BY ()
SELECT * FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY['a', 'b', 'c'])) WITH ORDINALITY AS r (a, b, o)
SELECT r.a FROM (VALUES (1)) v (n), ROWS FROM (generate_series(1, 2)) AS r (a)
SELECT rows FROM (SELECT 1 AS rows) t
SELECT count(*) rows FROM (SELECT 1) t
SELECT * FROM ROWS FROM (upper('a'), generate_series(1, 2)) AS r (a, b)
SELECT n, x FROM (VALUES (1, 2), (9, 9)) a (x, n) RIGHT JOIN (VALUES (2, 5), (3, 6)) b (n, y) USING (n) ORDER BY n
SELECT x FROM (VALUES (1, 2), (9, 9)) a (x, n) FULL JOIN (VALUES (2, 5), (3, 6)) b (n, y) USING (n) ORDER BY n
SELECT n + 1 AS m, count(*) FROM (VALUES (1, 2), (9, 9)) a (x, n) FULL JOIN (VALUES (2, 5), (3, 6)) b (n, y) USING (n) WHERE n > 2 GROUP BY n ORDER BY n DESC
SELECT * FROM (VALUES (1, 2), (9, 9)) a (x, n) FULL JOIN (VALUES (2, 5), (3, 6)) b (n, y) USING (n) ORDER BY 1
SELECT *, a.x AS again FROM (VALUES (1, 2)) a (x, n) JOIN (VALUES (2, 5)) b (n, y) USING (n)
SELECT * FROM (VALUES (1, 2, 3)) a (x, n, m) JOIN (VALUES (2, 5, 3)) b (n, y, m) USING (m, n)
SELECT * FROM (VALUES (1, 2)) a (x, n) JOIN (VALUES (2, 5)) b (n, y) USING (n) LEFT JOIN (VALUES (2, 7)) c (n, z) USING (n)
SELECT count(*) FROM (SELECT * FROM (VALUES (1, 2)) a (x, n) JOIN (VALUES (2, 5)) b (n, y) USING (n)) t WHERE n = 2
SELECT a.n, b.n, n FROM (VALUES (1), (2)) a (n) LEFT JOIN (VALUES (2), (3)) b (n) USING (n) ORDER BY n
SELECT relname FROM pg_class JOIN pg_attribute a ON a.attrelid = pg_class.oid AND a.attname = 'relname' WHERE relname = 'pg_class' FOR SHARE OF a
SELECT n FROM (VALUES (1)) v (n) FOR UPDATE
VALUES (1) FOR UPDATE
SELECT unnest(ARRAY[1]) FOR UPDATE
SELECT normalize(U&'\0061\0308'), normalize(U&'\00E4', NFD) = U&'\0061\0308', normalize(NULL), U&'\00E4' IS NFD NORMALIZED, NULL IS NORMALIZED, 'ﬁ' IS NFKC NORMALIZED, normalize('ﬁ', NFKD)
SELECT n FROM (VALUES (1), (2), (5)) v (n) WHERE NOT (n = ANY (ARRAY[1, NULL]))
SELECT 5 = ANY (ARRAY[1, NULL]), 5 = ANY (ARRAY[5, NULL]), NULL = ANY (ARRAY[1]), 5 = ANY ('{}'::int[]), 5 <> ALL (ARRAY[1, NULL]), 5 > ANY (ARRAY[1, NULL])
SELECT n = ANY (x), n <> ALL (x) FROM (VALUES (1, ARRAY['1', NULL]), (2, ARRAY[NULL]), (3, '{3}')) v (m, x), (VALUES ('1'), ('2')) w (n) ORDER BY m, n
