-- Aggregates: which there are, their types and values, with DISTINCT, FILTER and in windows.
SELECT sum(x), avg(x) FROM (VALUES (1::smallint), (2), (NULL)) v (x)
SELECT sum(x) FROM (VALUES (9223372036854775807), (1)) v (x)
SELECT sum(x), avg(x), sum(x) FILTER (WHERE x > 1) FROM (VALUES (1.5::float4), (2.25), (NULL)) v (x)
SELECT sum(x), avg(x), stddev(x), stddev_pop(x), variance(x), var_pop(x), var_samp(x), stddev_samp(x) FROM (VALUES (1.5::float8), (2.25), (7.125)) v (x)
SELECT avg(x), stddev(x), stddev_pop(x), variance(x), var_pop(x), var_samp(x), stddev_samp(x) FROM (VALUES (1), (2), (4)) v (x)
SELECT avg(x), stddev(x), stddev_pop(x), variance(x), var_pop(x) FROM (VALUES (1.50), (2.25), (4.75)) v (x)
SELECT avg(x), stddev(x), stddev_pop(x), variance(x), var_pop(x) FROM (VALUES (1000::bigint), (2345)) v (x)
SELECT sum(x), avg(x), stddev(x), var_pop(x), count(x) FROM (VALUES (NULL::int)) v (x)
SELECT sum(x), avg(x), min(x), max(x) FROM (VALUES ('1 day'::interval), ('2 mons 01:00'), (NULL)) v (x)
SELECT avg(x) FROM (VALUES ('1 mon'::interval), ('1 day'), ('00:00:01')) v (x)
SELECT sum(x), avg(x) FROM (VALUES ('01:00'::time), ('02:30')) v (x)
SELECT min(x), max(x) FROM (VALUES ('1 mon'::interval), ('31 days'), ('29 days'), ('720:00:00')) v (x)
SELECT corr(y, x), covar_pop(y, x), covar_samp(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_count(y, x) FROM (VALUES (1, 2.5), (2, 3), (4, 7.25), (NULL, 1)) v (y, x)
SELECT regr_intercept(y, x), regr_r2(y, x), regr_slope(y, x), regr_sxx(y, x), regr_sxy(y, x), regr_syy(y, x) FROM (VALUES (1, 2.5), (2, 3), (4, 7.25), (NULL, 1)) v (y, x)
SELECT corr(y, x), regr_r2(y, x), regr_slope(y, x), covar_samp(y, x), regr_count(y, x) FROM (VALUES (1, 2)) v (y, x)
SELECT corr(y, x), regr_count(y, x), regr_sxx(y, x) FROM (VALUES (NULL::int, 2)) v (y, x)
SELECT corr('1', 2)
SELECT corr(true, 2)
SELECT sum('1')
SELECT sum(NULL)
SELECT avg('1'::text)
SELECT sum(true)
SELECT sum(now())
SELECT stddev('1 day'::interval)
SELECT sum(1, 2)
SELECT sum()
SELECT count(*), count(DISTINCT x), sum(DISTINCT y), avg(DISTINCT y) FROM (VALUES (1, 1.5), (1, 2.5), (2, 1.5), (NULL, NULL)) v (x, y)
SELECT k, count(*), count(DISTINCT x), sum(DISTINCT x), min(x) FROM (VALUES ('a', 1), ('a', 1), ('b', 2), ('b', 3), ('c', NULL)) v (k, x) GROUP BY k ORDER BY k
SELECT k, count(DISTINCT t), count(DISTINCT n) FROM (VALUES ('a', 'x', 1.5), ('a', 'y', 1.50), ('b', NULL, 2), ('b', 'z', 3)) v (k, t, n) GROUP BY k ORDER BY k
SELECT k, count(DISTINCT x) FILTER (WHERE x > 1), count(DISTINCT x) FROM (VALUES ('a', 1), ('a', 2), ('a', 2), ('b', 1)) v (k, x) GROUP BY k ORDER BY k
SELECT count(DISTINCT x), count(*) FROM (VALUES ('1 mon'::interval), ('30 days'), ('1 day')) v (x)
SELECT count(DISTINCT x), count(*) FROM (VALUES (ARRAY[1, 2]), (ARRAY[1, 2]), (ARRAY[3])) v (x)
SELECT count(DISTINCT x), count(*) FROM (VALUES (true), (false), (true), (NULL)) v (x)
SELECT count(DISTINCT x), count(*) FROM (VALUES ('{"a": 1}'::jsonb), ('{"a": 1.0}'), ('[]')) v (x)
SELECT count(DISTINCT x), count(*) FROM (VALUES (0.0::float8), ('-0'), ('NaN'), ('NaN')) v (x)
SELECT corr(DISTINCT y, x), count(*) FROM (VALUES (1, 2), (1, 2), (2, 5), (3, 1)) v (y, x)
SELECT x, count(DISTINCT x) OVER () FROM (VALUES (1)) v (x)
SELECT x, sum(x) OVER w, avg(x) OVER w, stddev(x) OVER w FROM (VALUES (1.5::float8), (2.25), (4), ('Infinity'), (7)) v (x) WINDOW w AS (ORDER BY x DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY x
SELECT x, sum(x) OVER (ORDER BY x ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING), sum(x) FILTER (WHERE x > 1) OVER (ORDER BY x) FROM (VALUES (1), (2), (4)) v (x) ORDER BY x
SELECT k, sum(sum(x)) OVER (), avg(sum(x)) OVER (ORDER BY k), sum(count(*)) OVER (ORDER BY k) FROM (VALUES ('a', 1), ('a', 5), ('b', 2)) v (k, x) GROUP BY k ORDER BY k
SELECT bit_and(x), bit_or(x), bit_xor(x) FROM (VALUES (7::bigint), (5), (NULL)) v (x)
SELECT bit_and(1.5)
SELECT bit_or('1')
SELECT bool_and(x), bool_or(x), every(x) FROM (VALUES (true), (false), (NULL)) v (x)
SELECT bool_and(1)
SELECT every('t')
SELECT max(true)
SELECT min('\x00'::bytea)
SELECT max('0198c0de-0000-7000-8000-00000000abcd'::uuid)
SELECT max('{}'::jsonb)
SELECT max('{}'::json)
SELECT max(NULL), min('a')
SELECT max(1, 2)
SELECT count(1, 2)
SELECT max(x), min(x) FROM (VALUES (ARRAY[1, 2]), (ARRAY[1, 3])) v (x)
SELECT max(x), min(x) FROM (VALUES ('10.0.0.1'::inet), ('9.0.0.1')) v (x)
SELECT max(x), pg_typeof(max(x)), pg_typeof(min(x::varchar)) FROM (VALUES ('b'::name), ('a')) v (x)
SELECT pg_typeof(sum(1)), pg_typeof(sum(1::bigint)), pg_typeof(avg(1)), pg_typeof(stddev(1::float4)), pg_typeof(count(*)), pg_typeof(sum(1::float4))
SELECT sum(x) FROM (VALUES (1e300::float8), (1e308), (1e308)) v (x)
SELECT sum(x), avg(x) FROM (VALUES ('Infinity'::float8), (1)) v (x)
SELECT sum(x), avg(x), stddev(x) FROM (VALUES ('NaN'::float8), (1)) v (x)
SELECT sum(x) + 1, sum(x) * 2, sum(x) / 2, avg(x) * 2 FROM (VALUES (1::bigint), (4)) v (x)
SELECT sum(x) = 5, sum(x) > 4.5, sum(x) IN (5, 6), sum(x) BETWEEN 1 AND 9 FROM (VALUES (1::bigint), (4)) v (x)
SELECT k, sum(x) FROM (VALUES ('a', 1::bigint), ('b', 4)) v (k, x) GROUP BY k HAVING sum(x) > 1 ORDER BY sum(x) DESC
SELECT k, sum(x), grouping(k) FROM (VALUES ('a', 1::bigint), ('b', 4)) v (k, x) GROUP BY ROLLUP (k) ORDER BY k
SELECT (SELECT sum(x) FROM (VALUES (1::bigint), (2)) v (x)), (SELECT avg(x) FROM (VALUES (1), (2)) v (x))
SELECT count(*), count(NULL), count(1), sum(NULL::int), max(NULL::text) FROM (VALUES (1), (2)) v (n)
SELECT sum(length(x)), sum(length(x)::bigint) FROM (VALUES ('ab'), ('c')) v (x)
SELECT x, ntile(3) OVER (ORDER BY x), row_number() OVER (ORDER BY x) FROM generate_series(1, 7) x ORDER BY x
SELECT pg_typeof(ntile(2) OVER ()), pg_typeof(rank() OVER ()), pg_typeof(percent_rank() OVER ()), pg_typeof(lag(1) OVER ())
SELECT sum(x)::int, sum(x)::float8, sum(x)::text FROM (VALUES (1::bigint), (41)) v (x)
SELECT round(avg(x), 2), round(stddev(x), 3), trunc(avg(x), 1) FROM (VALUES (1), (2), (2)) v (x)
SELECT to_jsonb(sum(x)), jsonb_agg(x), json_build_object('s', sum(x), 'a', avg(x)) FROM (VALUES (1::bigint), (2)) v (x)
SELECT count(*), count(1) FROM (VALUES (1)) v (n)
SELECT count(*), count(NULL) FROM (VALUES (1)) v (n)
SELECT count(1), count(NULL) FROM (VALUES (1)) v (n)
SELECT count(1), count('a'), count(2) FROM (VALUES (1)) v (n)
SELECT sum(1), sum(1::bigint)
SELECT sum(n), sum(n::bigint) FROM (VALUES (1)) v (n)
SELECT max('a'), max('a'::varchar) FROM (VALUES (1)) v (n)
SELECT count(*) AS a, count(*) AS b, count(*) + 1, count(1) FROM (VALUES (1)) v (n)
SELECT avg(DISTINCT x), sum(DISTINCT x), count(DISTINCT x) FROM (VALUES (1), (1), (2), (NULL)) v (x)
SELECT x, sum(x) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING), avg(x) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM (VALUES (2), (3), (7), (NULL)) v (x) ORDER BY x
SELECT x, sum(x) OVER (ORDER BY x ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING), count(x) OVER (ORDER BY x ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) FROM (VALUES (1.25), (2.25), (4.50)) v (x) ORDER BY x
SELECT x, sum(x) OVER w, sum(x) OVER (PARTITION BY x % 2) FROM (VALUES (1::bigint), (2), (4), (5)) v (x) WINDOW w AS (ORDER BY x RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) ORDER BY x
SELECT x, min(x) OVER w, max(x) OVER w, sum(x) OVER w FROM (VALUES ('1 mon'::interval), ('31 days'), ('800:00:00')) v (x) WINDOW w AS (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) ORDER BY x
SELECT bit_and(x), bit_or(x), bit_xor(x) FROM (VALUES (7::smallint), (5::smallint)) v (x)
SELECT k, sum(x), count(DISTINCT x) FROM (VALUES ('a', 1), ('b', 4), ('b', 4)) v (k, x) GROUP BY GROUPING SETS ((k), ()) ORDER BY k
SELECT coalesce(sum(x), 0), coalesce(max(x), 0) FROM (VALUES (1::bigint)) v (x) WHERE false
SELECT count(DISTINCT x), count(DISTINCT y), sum(x), max(y) FROM (VALUES (1, 'a'), (1, 'b'), (2, NULL)) v (x, y)
SELECT k, count(DISTINCT x), sum(x), sum(x::float4), sum(x::numeric(9,2)) FROM (VALUES ('a', 1::bigint), ('a', 1), ('b', 3)) v (k, x) GROUP BY k ORDER BY k
SELECT count(DISTINCT x), sum(y), min(y) FROM (VALUES (1, 10::bigint), (1, 20), (2, 30)) v (x, y)
SELECT sum(DISTINCT x), sum(y) FROM (VALUES (1::bigint, 1.5), (1, 2.5)) v (x, y)
SELECT string_agg(DISTINCT x, ','), count(DISTINCT x), array_agg(DISTINCT x ORDER BY x) FROM (VALUES ('b'), ('a'), ('b')) v (x)
SELECT sum(x) FROM (VALUES ('170000000 years'::interval), ('170000000 years')) v (x)
SELECT sum(n) OVER (), sum(1) OVER (), count(1) OVER (), count(*) OVER () FROM (VALUES (1), (2)) v (n)
SELECT stddev(x::numeric(20,4)) FROM (VALUES (1.5), (2.5), (4.0)) v (x)
-- Intervals are as long as they are, however their parts are.
SELECT x FROM (VALUES ('1 mon'::interval), ('31 days'), ('800:00:00'), (NULL), ('1 day')) v (x) ORDER BY x
SELECT x FROM (VALUES ('1 mon'::interval), ('31 days'), ('800:00:00'), (NULL), ('1 day')) v (x) ORDER BY x DESC NULLS LAST
SELECT count(*) FROM (SELECT DISTINCT x FROM (VALUES ('1 mon'::interval), ('30 days'), ('720:00:00')) v (x)) d
SELECT sum(n) FROM (VALUES ('1 mon'::interval, 1), ('30 days', 2), ('1 day', 4)) v (x, n) GROUP BY x ORDER BY 1
SELECT count(*) FROM (VALUES ('1 mon'::interval)) a (x) JOIN (VALUES ('30 days'::interval)) b (x) ON a.x = b.x
SELECT '1 mon'::interval IN ('30 days', '1 day'), '1 mon'::interval IN (SELECT '720:00:00'::interval), '1 mon'::interval NOT IN ('31 days')
SELECT x, rank() OVER (ORDER BY x), count(*) OVER (PARTITION BY x) FROM (VALUES ('1 mon'::interval), ('1 mon'), ('31 days'), ('800:00:00')) v (x) ORDER BY 2
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY x), percentile_cont(0.5) WITHIN GROUP (ORDER BY x DESC), mode() WITHIN GROUP (ORDER BY x) FROM (VALUES ('1 mon'::interval), ('31 days'), ('800:00:00')) v (x)
SELECT array_agg(x ORDER BY x DESC) FROM (VALUES ('1 mon'::interval), ('31 days'), ('800:00:00')) v (x)
-- An order of distinct values is one of the arguments.
SELECT string_agg(DISTINCT x, ',' ORDER BY x), array_agg(DISTINCT x ORDER BY x) FROM (VALUES ('b'), ('a'), ('b')) v (x)
SELECT string_agg(DISTINCT x, ',' ORDER BY y) FROM (VALUES ('b', 1), ('a', 2)) v (x, y)
SELECT array_agg(DISTINCT x ORDER BY x + 1) FROM (VALUES (2), (1)) v (x)
SELECT jsonb_agg(DISTINCT x ORDER BY y) FROM (VALUES (2, 1), (1, 2)) v (x, y)
