-- One statement a line; each must answer as PostgreSQL 15 does: column names, values as text, or the SQLSTATE.

-- Names of output columns.
SELECT 1
SELECT 'a'
SELECT true
SELECT NULL
SELECT 1 + 1
SELECT -1
SELECT upper('a')
SELECT pg_catalog.upper('a')
SELECT 'a'::text
SELECT '1'::int
SELECT 1::bigint
SELECT 1::smallint, 1::real, 1::double precision, 1::numeric, true::boolean
SELECT '2020-01-01'::timestamp with time zone
SELECT 'x'::varchar
SELECT upper('x')::varchar
SELECT x::text FROM (SELECT 1 AS x) t
SELECT t.x FROM (SELECT 1 AS x) t
SELECT t.x, x FROM (SELECT 1 AS x) t
SELECT x, x FROM (SELECT 1 AS x) t
SELECT *, x FROM (SELECT 1 AS x, 2 AS y) t
SELECT t.*, x FROM (SELECT 1 AS x, 2 AS y) t
SELECT a.x, b.x FROM (SELECT 1 AS x) a, (SELECT 2 AS x) b
SELECT a.*, b.* FROM (SELECT 1 AS x) a, (SELECT 2 AS x) b
SELECT 1, 1
SELECT 1, 2, 'a', NULL
SELECT NULL::text, NULL::text
SELECT count(*), count(*) FROM (SELECT 1) t
SELECT 1 AS a, 2 AS a
SELECT 1 AS "A b", 2 AS a
SELECT CASE WHEN true THEN 1 END
SELECT CASE WHEN true THEN 1 ELSE x END FROM (SELECT 5 AS x) t
SELECT COALESCE(NULL, 1), NULLIF(1, 2), GREATEST(1, 2), LEAST(1, 2)
SELECT (SELECT 5 AS five)
SELECT (SELECT max(x) FROM (SELECT 1 AS x) t)
SELECT EXISTS (SELECT 1)
SELECT NOT EXISTS (SELECT 1)
SELECT 1 IN (1, 2), 1 = 1, 1 IS NULL, NOT true
SELECT ARRAY[1, 2]
SELECT interval '1 day'
SELECT date '2020-01-01'
SELECT trim('  a '), ltrim(' a'), rtrim('a ')
SELECT substring('abc' from 2), position('b' in 'abc'), overlay('abc' placing 'X' from 2)
SELECT ceil(1.5), floor(1.5), ceil(-1.5), floor(-1.5), ceil(2), floor(2.5::float8), ceiling(1.1)
SELECT mod(7.5, 2), mod(-7, 3), mod(7, 0)
SELECT trunc(-1.9), trunc(1.239, 2), trunc(2.9::float8), trunc(129.9, -1)
SELECT mod(7.5, 2), mod(-7, 3), mod(7::bigint, 4)
SELECT EXTRACT(year FROM timestamp '2024-02-29 01:02:03')
SELECT timestamptz '2024-01-01 00:00:00+00' AT TIME ZONE 'UTC'
SELECT 1 UNION ALL SELECT 2 ORDER BY 1
SELECT 'x' AS a UNION SELECT 'y' ORDER BY a
WITH c AS (SELECT 1, upper('x')) SELECT * FROM c
WITH c(a, b) AS (SELECT 1, upper('x')) SELECT * FROM c
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v (n, t) ORDER BY n
SELECT count(*) FILTER (WHERE n > 1) FROM (VALUES (1), (2)) v (n)
SELECT sum(n), min(n), max(n) FROM (VALUES (1), (2)) v (n)
SELECT row_number() OVER (ORDER BY n), lag(n) OVER (ORDER BY n), n FROM (VALUES (1), (2)) v (n) ORDER BY n
SELECT count(*) FROM (VALUES ('a'), ('b'), ('a')) v (k) GROUP BY k ORDER BY count(*) DESC
SELECT k, count(*) FROM (VALUES ('a'), ('b'), ('a')) v (k) GROUP BY 1 ORDER BY 2 DESC, 1
SELECT upper(k), count(*) FROM (VALUES ('a'), ('b'), ('A')) v (k) GROUP BY upper(k) ORDER BY upper(k)
SELECT DISTINCT upper(k) FROM (VALUES ('a'), ('b'), ('A')) v (k) ORDER BY upper(k)
SELECT DISTINCT upper(k) FROM (VALUES ('a'), ('b'), ('A')) v (k) ORDER BY 1 DESC
SELECT n::text FROM (VALUES (10), (9)) v (n) ORDER BY n
SELECT max(n) FROM (VALUES (10), (9)) v (n) HAVING max(n) > 3

-- jsonb: reading.
SELECT '{"a": {"b": 2}}'::jsonb -> 'a'
SELECT '{"a": {"b": 2}}'::jsonb -> 'a' ->> 'b'
SELECT '{"a": {"b": 2}}'::jsonb -> 'a' -> 'b'
SELECT '{"a": "x\"y"}'::jsonb ->> 'a', '{"a": "x\"y"}'::jsonb -> 'a'
SELECT '{"a": null}'::jsonb -> 'a', '{"a": null}'::jsonb ->> 'a', '{"a": null}'::jsonb -> 'b'
SELECT '{"a": null}'::jsonb -> 'a' IS NULL, '{"a": null}'::jsonb ->> 'a' IS NULL, '{"a": null}'::jsonb -> 'b' IS NULL
SELECT '[1, 2, 3]'::jsonb -> 0, '[1, 2, 3]'::jsonb -> -1, '[1, 2, 3]'::jsonb -> 5, '[1, 2, 3]'::jsonb ->> 1
SELECT '[1, 2, 3]'::jsonb -> '0', '{"0": 1}'::jsonb -> 0
SELECT '{"a": [1, {"b": "c"}]}'::jsonb #> '{a,1,b}', '{"a": [1, {"b": "c"}]}'::jsonb #>> '{a,1,b}'
SELECT '{"a": [1, {"b": "c"}]}'::jsonb #> ARRAY['a', '-1'], '{"a": 1}'::jsonb #> '{}'
SELECT '{"a": [1, {"b": "c"}]}'::jsonb #>> '{a,x}'
SELECT ('{"n": 5}'::jsonb ->> 'n')::int + 1
SELECT ('{"n": 5}'::jsonb -> 'n')::int + 1
SELECT ('{"n": 5.5}'::jsonb -> 'n')::int, ('{"n": -5.5}'::jsonb -> 'n')::bigint, ('{"n": 5.5}'::jsonb -> 'n')::float8
SELECT ('{"n": true}'::jsonb -> 'n')::boolean
SELECT ('{"n": "5"}'::jsonb -> 'n')::int
SELECT ('{"n": "x"}'::jsonb ->> 'n')::int
SELECT '{"x": 1}'::jsonb -> 'x' = '1'::jsonb, '{"x": 1.0}'::jsonb -> 'x' = '1', '{"x": 1}'::jsonb -> 'x' <> '2'
SELECT '{"b": 1, "a": 2}'::jsonb = '{"a": 2, "b": 1}'::jsonb
SELECT '{"a": 1}'::jsonb ? 'a', '{"a": 1}'::jsonb ? 'b', '["a"]'::jsonb ? 'a', '"a"'::jsonb ? 'a'
SELECT '{"a": 1, "b": 2}'::jsonb ?| ARRAY['x', 'b'], '{"a": 1, "b": 2}'::jsonb ?& ARRAY['a', 'b'], '{"a": 1}'::jsonb ?& ARRAY['a', 'b']
SELECT '{"a": 1, "b": {"c": [1, 2]}}'::jsonb @> '{"b": {"c": [2]}}', '{"a": 1}'::jsonb <@ '{"a": 1, "b": 2}'
SELECT '[1, 2, [3]]'::jsonb @> '[3]'::jsonb, '[1, 2, [3]]'::jsonb @> '[[3]]'::jsonb, '["a"]'::jsonb @> '"a"'::jsonb
SELECT jsonb_typeof('{}'), jsonb_typeof('[]'), jsonb_typeof('"a"'), jsonb_typeof('1'), jsonb_typeof('true'), jsonb_typeof('null'), jsonb_typeof(NULL)
SELECT jsonb_array_length('[1, [2, 3], {"a": 4}]')
SELECT jsonb_array_length('{"a": 1}')
SELECT jsonb_array_length('1')
SELECT jsonb_extract_path('{"a": {"b": [5, 6]}}', 'a', 'b', '1'), jsonb_extract_path_text('{"a": {"b": "x"}}', 'a', 'b')
SELECT '{"a": 1}'::json -> 'a', '{"a":  {"b" :1}}'::json -> 'a', '{"a": "x"}'::json ->> 'a'
SELECT 'x'::text -> 'a'
SELECT 1 -> 'a'
SELECT '{"a":1}'::jsonb -> 1.5
SELECT '{bad'::jsonb
SELECT x -> 'a' FROM (SELECT CASE WHEN true THEN '{"a": 1}'::jsonb END AS x) t
SELECT x -> 'a' FROM (SELECT COALESCE(NULL, '{"a": 1}'::jsonb) AS x) t
SELECT x ->> 'a' AS v, count(*) FROM (VALUES ('{"a": 1}'::jsonb), ('{"a": 1}'::jsonb)) t (x) GROUP BY x ->> 'a'
SELECT x ->> 'a' FROM (SELECT '{"a": 1}'::jsonb AS x UNION ALL SELECT '{"a": 2}'::jsonb) t ORDER BY 1
SELECT '{"a": 1}'::jsonb::text, '{"a":1}'::json::text, '{"a":1}'::json::jsonb, '{"b":1,"a":[1.50,1e2]}'::jsonb

-- jsonb: making and changing.
SELECT jsonb_build_object('a', 1, 'b', 'text', 'c', NULL, 'd', true, 'e', 1.5, 'f', 2.5::float8)
SELECT jsonb_build_object('b', '{"x": [1]}'::jsonb, 'a', '{"y":2}'::json)
SELECT jsonb_build_object('t', '2024-01-02 03:04:05.6+00'::timestamptz, 'd', '2024-01-02'::date, 'i', '1 day'::interval, 'u', '00000000-0000-0000-0000-000000000001'::uuid)
SELECT jsonb_build_object()
SELECT jsonb_build_object('a')
SELECT jsonb_build_object(NULL, 1)
SELECT jsonb_build_object('outer', jsonb_build_object('inner', jsonb_build_array(1, 'x', NULL)))
SELECT jsonb_build_array(), jsonb_build_array(1, 'a', true, NULL, '{"a":1}'::jsonb)
SELECT json_build_object('a', 1, 'b', 'x'), json_build_array(1, 'x', NULL)
SELECT jsonb_build_object('c', CASE WHEN true THEN '{"a":1}'::jsonb END)
SELECT to_jsonb(1), to_jsonb('x'::text), to_jsonb(true), to_jsonb(1.50), to_jsonb('{"a":1}'::json), to_jsonb(ARRAY[1, 2])
SELECT to_json('x'::text), to_json(ARRAY['a', 'b'])
SELECT to_jsonb(NULL::int)
SELECT jsonb_pretty('{"b": [1, {"c": null}], "a": {}}')
SELECT jsonb_pretty(jsonb_build_object('a', jsonb_build_object('b', 1)))
SELECT jsonb_pretty(1)
SELECT jsonb_strip_nulls('{"a": null, "b": {"c": null, "d": 1}, "e": [null, {"f": null}]}')
SELECT '{"a": 1}'::jsonb || '{"b": 2, "a": 3}'::jsonb, '[1]'::jsonb || '[2]'::jsonb, '[1]'::jsonb || '2'::jsonb, '{"a": 1}'::jsonb || '[2]'::jsonb
SELECT '{"a": 1, "b": 2}'::jsonb - 'a', '["a", "b"]'::jsonb - 'a', '[1, 2, 3]'::jsonb - 1, '[1, 2, 3]'::jsonb - -1
SELECT '{"a": 1, "b": 2, "c": 3}'::jsonb - ARRAY['a', 'b'], '{"a": {"b": 1, "c": 2}}'::jsonb #- '{a,b}'
SELECT jsonb_set('{"a": {"b": 1}}', '{a,b}', '2'), jsonb_set('{"a": 1}', '{x}', '"new"'), jsonb_set('{"a": 1}', '{x}', '2', false), jsonb_set('[1, 2]', '{0}', '9')
SELECT jsonb_object('{a, 1, b, "x y"}')

-- Text and bytes.
SELECT encode('hello world'::bytea, 'base64'), encode('\x00ff'::bytea, 'hex'), encode('a\\b'::bytea, 'escape')
SELECT encode(convert_to(repeat('x', 57), 'UTF8'), 'base64'), encode(convert_to(repeat('x', 58), 'UTF8'), 'base64')
SELECT encode(''::bytea, 'base64'), decode('', 'base64')
SELECT decode('aGVsbG8=', 'base64'), decode('00ff', 'hex')
SELECT convert_from(decode('aGVsbG8=', 'base64'), 'UTF8'), convert_from('\xc3a4'::bytea, 'utf-8')
SELECT convert_from('\xff'::bytea, 'UTF8')
SELECT decode('aGVsbG8', 'base64')
SELECT decode('aG*sbG8=', 'base64')
SELECT decode('zz', 'hex')
SELECT encode('a'::bytea, 'rot13')
SELECT convert_to('ä', 'UTF8')
SELECT convert_to('a', 'NOPE')
SELECT concat_ws(' ', 'a', NULL, 'b'), concat_ws(',', 1, 2.5, true), concat_ws(',', NULL), concat_ws(NULL, 'a', 'b')
SELECT concat('a', NULL, 1, true), 'a' || 1, 1 || 'a', 'x' || true, 'n' || NULL
SELECT 'at ' || '2024-01-02 03:04:05+00'::timestamptz, 'on ' || '2024-01-02'::date, 1.50 || ''
SELECT split_part('a|b|c', '|', 1), split_part('a|b|c', '|', 3), split_part('a|b|c', '|', 4), split_part('a|b|c', '|', -1)
SELECT split_part('a', '|', 0)
SELECT chr(65), chr(10), chr(228), chr(128512)
SELECT chr(0)
SELECT chr(-1)
SELECT format('Hello %s, %L and %I', 'you', 'it''s', 'a b'), format('%2$s %1$s', 'a', 'b'), format('%%'), format('[%5s] [%-5s]', 'a', 'b')
SELECT format('%s')
SELECT format('%x', 1)
SELECT replace('aXbX', 'X', '-'), replace('a', NULL, 'b'), length('äb'), octet_length('äb'), reverse('abc'), repeat('ab', 3)
SELECT left('abc', 2), right('abc', 2), left('abc', -1), lpad('7', 3, '0'), rpad('7', 3, '.'), initcap('hello world')
SELECT strpos('abc', 'c'), substr('abcdef', 2, 3), ascii('A'), md5('a'), starts_with('abc', 'ab'), translate('abc', 'ac', 'xz')
SELECT 'abc' LIKE 'a%', 'abc' ILIKE 'A%', 'abc' NOT LIKE '%z', 'abc' ~ '^a', 'abc' ~* 'B', 'abc' !~ 'x', 'a_b' LIKE 'a\_b'
SELECT regexp_replace('abcabc', 'b', 'X'), regexp_replace('abcabc', 'b', 'X', 'g')

-- Rows.
SELECT (1, 2) < (1, 3), (1, 2) < (1, 2), (1, 2) <= (1, 2), (2, 1) > (1, 9), (1, 2) >= (1, 3)
SELECT (1, 2) = (1, 2), (1, 2) <> (1, 3), (1, NULL) = (1, 2), (1, NULL) = (2, 2), (1, NULL) < (2, 1), (NULL, 1) < (2, 1)
SELECT ROW(1, 'a') = ROW(1, 'a'), (1, 2, 3) < (1, 2, 4)
SELECT (1, 2) = (1, 2, 3)
SELECT (1, 'a') IN ((1, 'a'), (2, 'b')), (1, 'b') NOT IN ((1, 'a'), (2, 'b'))
SELECT n FROM (VALUES (1, 'a'), (2, 'b'), (2, 'c')) v (n, t) WHERE (n, t) > (2, 'b') ORDER BY n
SELECT t FROM (VALUES ('2024-01-01'::timestamptz, 1), ('2024-01-02', 2)) v (t, n) WHERE (t, n) < ('2024-01-02', 2)
SELECT (1, NULL) IS NULL, (NULL, NULL) IS NULL, (1, 2) IS NOT NULL

-- Times.
SELECT '2024-01-03 12:00+00'::timestamptz - '2024-01-01 10:30+00'::timestamptz
SELECT '2024-01-01 10:30+00'::timestamptz - '2024-01-03 12:00+00'::timestamptz
SELECT ('2024-01-03 12:00'::timestamp - '2024-01-01 10:30'::timestamp)::interval
SELECT '2024-01-03'::date - '2024-01-01'::date, '2024-01-03'::date + 1, '2024-01-03'::date - 1, 1 + '2024-01-03'::date
SELECT '2024-01-03 12:00+00'::timestamptz - interval '24 hours', '2024-01-31 00:00+00'::timestamptz + interval '1 month'
SELECT '2024-01-31'::date + interval '1 month', '2024-01-03 12:00+00'::timestamptz + interval '1 day 2:03:04.5'
SELECT '2024-01-03 12:00+00'::timestamptz > '2024-01-03', '2024-01-03'::date = '2024-01-03'
SELECT interval '1' day, interval '1 year 2 mons', interval '90 minutes', '36:00'::interval
SELECT ('2024-06-01 12:00+00'::timestamptz AT TIME ZONE 'Europe/Berlin'), ('2024-06-01 12:00'::timestamp AT TIME ZONE 'Europe/Berlin')
SELECT ('2024-06-01 23:30+00'::timestamptz AT TIME ZONE 'Europe/Berlin')::date, ('2024-06-01 23:30+00'::timestamptz AT TIME ZONE 'UTC')::date
SELECT '2024-06-01 12:00+00'::timestamptz AT TIME ZONE 'Nowhere/Nothing'
SELECT timezone('UTC', '2024-06-01 12:00+02'::timestamptz)
SELECT date_trunc('day', '2024-02-29 13:14:15.678+00'::timestamptz), date_trunc('hour', '2024-02-29 13:14:15.678'::timestamp), date_trunc('week', '2024-02-29'::date)
SELECT date_trunc('month', '2024-02-29 13:14:15+00'::timestamptz, 'America/New_York'), date_trunc('quarter', '2024-05-29 13:14:15+00'::timestamptz)
SELECT date_trunc('year', interval '3 years 5 mons 2 days'), date_trunc('hour', interval '1 day 3:04:05')
SELECT date_trunc('nonsense', '2024-02-29'::timestamptz)
SELECT extract(year from '2024-02-29 13:14:15.678+00'::timestamptz), extract(month from '2024-02-29'::date), extract(second from '2024-02-29 13:14:15.678+00'::timestamptz)
SELECT extract(epoch from '2024-02-29 13:14:15.678+00'::timestamptz), extract(dow from '2024-03-03'::date), extract(isodow from '2024-03-03'::date), extract(doy from '2024-03-03'::date)
SELECT extract(week from '2024-12-30'::date), extract(isoyear from '2024-12-30'::date), extract(quarter from '2024-12-30'::date), extract(century from '2000-12-30'::date), extract(decade from '1999-12-30'::date)
SELECT extract(epoch from interval '1 day 2 hours'), extract(hour from interval '27 hours'), extract(day from interval '3 days 4 hours'), extract(milliseconds from interval '1.5 seconds')
SELECT extract(hour from '2024-02-29'::date)
SELECT date_part('epoch', '2024-02-29 13:14:15.5+00'::timestamptz), date_part('year', '2024-02-29'::date)
SELECT age('2001-04-10'::timestamp, '1957-06-13'::timestamp), age('2024-03-01 10:00+00'::timestamptz, '2024-02-28 12:00+00'::timestamptz)
SELECT age('2024-01-31'::date, '2024-03-01'::date)
SELECT now() = current_timestamp, now() = transaction_timestamp(), now()::date = current_date
SELECT now() > '2020-01-01', now() - interval '1 day' < now(), (now() - now())::text
SELECT t - lag(t) OVER (ORDER BY t) FROM (VALUES ('2024-01-01 00:00+00'::timestamptz), ('2024-01-02 01:00+00')) v (t) ORDER BY t

-- Choosing, comparing, casting.
SELECT CASE WHEN true THEN '2024-01-01'::timestamptz ELSE '2025-01-01' END, COALESCE(NULL::uuid, '00000000-0000-0000-0000-00000000000A')
SELECT CASE 'a' WHEN 'a' THEN 1 WHEN 'b' THEN 2 END, CASE WHEN NULL THEN 1 ELSE 2 END, CASE WHEN false THEN 'x' END
SELECT CASE '00000000-0000-0000-0000-00000000000a'::uuid WHEN '00000000-0000-0000-0000-00000000000A' THEN 'same' END
SELECT '00000000-0000-0000-0000-00000000000A'::uuid, '{00000000-0000-0000-0000-00000000000a}'::uuid = '00000000-0000-0000-0000-00000000000a'
SELECT 'x'::uuid
SELECT (1 = 2) IS NOT TRUE, (NULL = 1) IS NOT TRUE, NULL IS NOT TRUE, (1 = 1) IS TRUE, (NULL = 1) IS UNKNOWN
SELECT 1 = 1.0, 1 < 2.5, 'a' < 'b', 1 BETWEEN 0 AND 2, NULL = NULL, 1 IS DISTINCT FROM NULL, NULL IS NOT DISTINCT FROM NULL
SELECT 1 IN (2, NULL), 1 NOT IN (2, NULL), 1 IN (1, NULL)
SELECT 7 / 2, -7 / 2, 7 % 3, -7 % 3, 2 ^ 3, 7.5 * 2, 7.25 - 1
SELECT 1 / 0
SELECT 1.5::int, 2.5::int, -1.5::int, 0.5::float8::int, 1.5::float8::int, 2.5::float8::int
SELECT 3000000000::int
SELECT 32768::smallint
SELECT '12'::int + '3'::bigint, '1.50'::numeric(5,2), 1.005::numeric(5,2), '  7 '::int
SELECT 'abc'::int
SELECT 'yes'::boolean, 'off'::boolean, 't'::boolean::text, 1::boolean, true::int
SELECT 'maybe'::boolean
SELECT round(2.5), round(-2.5), round(1.005, 2), trunc(1.9), abs(-1), sign(-2), mod(7, 3), power(2, 3), sqrt(4)
SELECT sum(n) / count(*), 100 * count(*) FILTER (WHERE n > 1) / count(*) FROM (VALUES (1), (2), (3)) v (n)
SELECT count(DISTINCT k), count(k), count(*) FROM (VALUES ('a'), ('a'), (NULL)) v (k)
SELECT sum(n), sum(n)::bigint FROM (VALUES (1::bigint), (2)) v (n)
SELECT sum(n), avg(n), min(n), max(n) FROM (VALUES (1.5::float8), (2)) v (n)
SELECT bool_and(b), bool_or(b), string_agg(k, ',' ORDER BY k) FROM (VALUES (true, 'b'), (false, 'a')) v (b, k)
SELECT array_agg(n ORDER BY n DESC) FROM (VALUES (1), (2)) v (n)
SELECT ARRAY[1, 2] || 3, (ARRAY['a', 'b'])[1], array_length(ARRAY[1, 2], 1), 1 = ANY (ARRAY[1, 2])
SELECT n FROM generate_series(1, 3) n ORDER BY n
SELECT nosuch(1)
SELECT upper(1, 2)
SELECT nosuch FROM (SELECT 1 AS x) t
SELECT x FROM (SELECT 1 AS x) a, (SELECT 2 AS x) b
SELECT x, count(*) FROM (SELECT 1 AS x) t
SELECT * FROM nosuch
SELECT 1 + 'a'
SELECT 1 = 'a'
SELECT true + 1
SELECT sum('a'::text)
SELECT (SELECT x FROM (VALUES (1), (2)) v (x))
SELECT 1 UNION SELECT 'a'
SELECT 1, 2 UNION SELECT 1
SELECT 1 ORDER BY 2
SELECT '5 apples'::interval
SELECT '2024-13-01'::date
SELECT '2024-02-30'::date
SELECT 'nonsense'::timestamptz
