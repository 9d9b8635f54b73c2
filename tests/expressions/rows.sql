-- Rows as values, text of a length, times of a precision, arrays of several dimensions.
SELECT ROW(1,'a,b',NULL,'','x"y','\','('), ROW(), ROW(NULL), ROW(ROW(1,2),3), ROW(ARRAY[1,2],true)
SELECT v FROM (VALUES (1, 'a b'), (NULL, '')) AS v (n, t)
SELECT v FROM (SELECT 1 AS n, now() - now() AS d) v
SELECT v, n FROM (VALUES (1)) AS v (v), (VALUES (2)) AS w (n)
SELECT (1, 2) = (SELECT 1, 3), (1, 2) < (SELECT 1, 3), (1, NULL) = (SELECT 1, 2), (1, 2) = (SELECT 1, 2 WHERE false)
SELECT n FROM (VALUES (1, 'a'), (2, 'b')) v (n, t) WHERE (n, t) = (SELECT 2, 'b')
SELECT n FROM (VALUES (1, 'a'), (2, 'b')) v (n, t) WHERE (n, t) IN (SELECT 2, 'b' UNION SELECT 1, 'x')
SELECT ROW(1, 2) = ROW(1, 'a')
SELECT pg_typeof(ROW(1, 2)), pg_typeof((1, 2))
SELECT row_to_json(v), to_jsonb(v) FROM (VALUES (1, 'a'), (2, NULL)) v (n, t)
SELECT row_to_json(ROW(1, 'a')), to_json((1, 2)), jsonb_agg((1, 'x'))
SELECT array_agg(v) FROM (VALUES (1, 'a'), (2, NULL)) v (n, t)
SELECT ROW(1, 2) IS NULL, ROW(NULL, NULL) IS NULL, (1, NULL) IS NOT NULL
SELECT CASE WHEN true THEN ROW(1, 2) END
SELECT count(*) FROM (VALUES (1, 2), (1, 2)) v (a, b) GROUP BY (a, b)
SELECT ROW(1.50, date '2024-01-02', interval '1 day', '{"a": 1}'::jsonb, '\x00'::bytea, 'a'::char(3))
SELECT ROW(1, 2)::text, ROW('a b', NULL)::text
SELECT char_length('ab'::char(5)), 'ab'::char(5) || 'c', 'ab'::char(5) = 'ab', 'ab'::char(5) = 'ab   ', 'ab ' = 'ab'::char(2), upper('ab'::char(5)), 'ab'::char(5)::text || '|'
SELECT 'ab'::char(5) < 'ac', 'ab'::char(5) IN ('ab ', 'x'), 'ab'::char(5) <> 'ab    x', 'b'::char(3) BETWEEN 'a' AND 'c'
SELECT pg_typeof('ab'::char(5)), pg_typeof(max('a'::char(3))), format_type(1042, 9), pg_typeof('ab'::char(5) || 'c')
SELECT coalesce(NULL, 'a'::char(3)), CASE WHEN true THEN 'a'::char(3) END, greatest('a'::char(3), 'b'), nullif('a'::char(3), 'b')
SELECT 'x'::char(0)
SELECT 'ü€a'::char(2), 'ü€'::char(4), length('ü€'::char(4))
SELECT '{{1,2},{3,4}}'::int[], ARRAY[[1,2],[3,4]]::text[], ARRAY[1, 2]::int[][], ARRAY[1, 2]::bigint[][]
SELECT '{{1,2},{3}}'::int[]
SELECT '{{1,2},3}'::int[]
SELECT '{{a,"b,{c"},{NULL,"d\"e"}}'::text[]
SELECT '{{{1},{2}},{{3},{4}}}'::int[], '{{}}'::int[]
SELECT '{{1,2},{3,4}'::int[]
SELECT pg_typeof('{{1,2}}'::int[]), array_dims(ARRAY[1, 2])
SELECT n FROM (VALUES (1, 'a'), (2, 'b')) v (n, t) WHERE (n, t) IN (SELECT 2, 'b')
SELECT n FROM (VALUES (1, 'a'), (2, 'b')) v (n, t) WHERE (n, t) IN (SELECT a, b FROM (VALUES (2, 'b')) w (a, b))
SELECT n FROM (VALUES (1, 'a'), (2, 'b')) v (n, t) WHERE (n, t) NOT IN (SELECT a, b FROM (VALUES (2, 'b')) w (a, b))
SELECT n FROM (VALUES (1, 'a'), (2, 'b')) v (n, t) WHERE EXISTS (SELECT 1 FROM (SELECT 2 AS a, 'b' AS b UNION SELECT 1, 'x') r WHERE n = a AND t = b)
SELECT jsonb_agg((1, 'x'))
SELECT 'abcdef'::char(3), 'abc'::char, cast('abcdef' as bpchar)
SELECT x, count(*) FROM (VALUES ('a'::char(3)), ('a  '::char(3)), ('b'::char(3))) v (x) GROUP BY x ORDER BY x
SELECT '{a,b}'::char(2)[], ('{ab,c}'::char(3)[])[2], to_json('a'::char(3)), quote_literal('a'::char(3))
SELECT concat('a'::char(3), 'b'), format('%s|', 'a'::char(3)), octet_length('a'::char(3))
SELECT '2024-01-02 03:04:05.5'::timestamp(0), '1999-12-31 23:59:59.9999'::timestamp(3), '2024-01-02 03:04:05.123456'::timestamp(6), '23:59:59.9'::time(0), '1969-12-31 23:59:58.5'::timestamp(0)
SELECT '-1.55 seconds'::interval(1), '1 day 00:00:01.449'::interval(1), 'infinity'::timestamp(0), NULL::timestamp(2)
SELECT t::timestamp(1), t::time(0), t::date FROM (VALUES ('2024-01-02 03:04:05.678'::timestamp)) v (t)
SELECT pg_typeof(now()::timestamptz(3)), pg_typeof('01:00'::time(2)), pg_typeof('1 day'::interval(0))
SELECT '25:30'::interval::time, '-1 hour'::interval::time, '03:04:05.6'::time::interval, CAST('1 day 02:00' AS interval)::time
SELECT 'abcdef'::varchar(3) || 'x', length('abc   '::varchar(5)), 'äöü'::varchar(2), NULL::varchar(2), 12345::varchar(3), true::varchar(2)
SELECT x FROM (SELECT 'a' AS x) s WHERE x = 'a'
SELECT x || 'b', pg_typeof(x) FROM (SELECT 'a' AS x) s
SELECT pg_typeof(x) FROM (SELECT 'a' AS x UNION SELECT 'b') s ORDER BY x
