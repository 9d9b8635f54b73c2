-- Numbers, their types and limits; conditions; choosing among values; casts; literals. One statement a line.

-- Literals.
SELECT 1, 2147483647, 2147483648, -2147483648, 9223372036854775807, 9223372036854775808
SELECT 1.5, .5, 5., 1e3, 1.5e-3, 1E+2, 0.00
SELECT -1, - 1, +1, -(-1), - -1, -1.5
SELECT 1_000
SELECT 123abc
SELECT 'it''s', E'a\tb\\', E'\u00e4\x41', U&'\0061\+000062', $$dollar ' quoted$$, $tag$a $$ b$tag$
SELECT 'a' 'b'
SELECT 'unterminated
SELECT "unterminated
SELECT /* nested /* comment */ still */ 1 -- end
SELECT TRUE, False, NULL, 't'::bool
SELECT 1 AS "quoted ""name""", 2 AS Folded, 3 AS "Kept"
SELECT 1 AS a23456789012345678901234567890123456789012345678901234567890123456789
SELECT B'101'

-- Whole numbers.
SELECT 1 + 1, 1::smallint + 1::smallint, 1::smallint + 1, 1 + 1::bigint, 1::bigint * 2::smallint
SELECT 2147483647 + 1
SELECT 2147483647 * 2
SELECT -2147483648 - 1::int
SELECT (-2147483648)::int - 1
SELECT 32767::smallint + 1::smallint
SELECT 9223372036854775807 + 1
SELECT 9223372036854775807 * 2
SELECT -(-9223372036854775807 - 1)
SELECT (-9223372036854775807 - 1) / -1
SELECT (-9223372036854775807 - 1) % -1
SELECT (-2147483647 - 1) / -1
SELECT 7 / 2, -7 / 2, 7 / -2, 7 % 3, -7 % 3, 7 % -3
SELECT 1 / 0
SELECT 1 % 0
SELECT 1::bigint / 0
SELECT n, 10 / n, 10 % n, 10 - n, n * n FROM (VALUES (1), (3), (-4)) v (n)
SELECT 10 / n FROM (VALUES (1), (0)) v (n)
SELECT 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 4, 256 >> 4, 5::bigint & 3, ~1::smallint
SELECT 1 << 31, 1 << 32, 1::bigint << 40
SELECT @ -5, @ -5.5, |/ 25, ||/ 27
SELECT |/ -1
SELECT 2 ^ 10, 2 ^ -1, 2.5 ^ 2::float8, 4 ^ 0.5::float8
SELECT 0 ^ -1
SELECT (-8) ^ (1.0::float8 / 3)
SELECT 1.5 & 1
SELECT 1 << 1::bigint

-- Numerics.
SELECT 1.5 + 2, 1.50 + 2.5, 1.5 - 0.25, 1.5 * 1.5, 1.50 * 2, 2 * 0.5
SELECT 1 / 3.0, 10 / 3.0, 100 / 3.0, 10000 / 3.0, 100000 / 3.0, 1.0 / 7, 7.0 / 2, 22 / 7.0000
SELECT 1.0 / 0
SELECT 1.0 % 0
SELECT 7.5 % 2, -7.5 % 2, 7 % 2.5, 1e10 / 3, 0.001 / 3, 1 / 0.003
SELECT (1.0 / 3) * 3, 2.0 * (1 / 8.0)
SELECT -1.5, -(1.50), + 2.5
SELECT 12345678901234567890 + 1, 12345678901234567890 * 10
SELECT 1.5::numeric, '1.50'::numeric, 1::numeric, 1.005::numeric(5,2), '12.345'::numeric(4,1)
SELECT 12345.6::numeric(4,1)
SELECT n * 2, n + 1, n - 0.5, -n FROM (VALUES (1.5), (2.25)) v (n)
SELECT n / 4 FROM (VALUES (1), (6)) v (n)
SELECT 1.5 = 1.50, 1.5 = '1.50', 1 = 1.0, 1.1 > 1, 2 <> 2.0
SELECT 1.5 + '1.25', '10' - 4, 3 * '4'
SELECT 1 + '1.5'
SELECT 1.5 + 'x'

-- Floating point.
SELECT 1.5::float8 + 1, 1.5::float8 * 1.5, 1::real + 1::real, 1::real + 1, 1::real * 1.5, 1.5::float4 / 2::float8
SELECT 1e308::float8 * 10
SELECT 1e-300::float8 * 1e-300::float8
SELECT 1::float8 / 0
SELECT 'inf'::float8 - 'inf'::float8, 'nan'::float8 = 'nan'::float8, 'nan'::float8 > 1, '-0'::float8
SELECT 1::float8 % 2
SELECT 0.1::float8 + 0.2::float8, 0.1::real + 0.2::real, 1::float8 / 3, 1::real / 3::real
SELECT 3.7::float8::int, -3.5::float8::int, 1e20::float8::bigint
SELECT 1e40::real
SELECT 1e30::float8::real, 1e-50::float8

-- Operators that there are not.
SELECT 'a'::text = 1
SELECT 1 = 'a'::text
SELECT true = 1
SELECT 1 = true
SELECT now() = 1
SELECT 'a'::text + 1
SELECT 1 + true
SELECT true + true
SELECT - true
SELECT - 'a'::text
SELECT 1 || 2
SELECT true || false
SELECT 1 LIKE 'a'
SELECT 1 ~ 'a'
SELECT current_date + current_date
SELECT now() + now()
SELECT now() + 1
SELECT now() * 2
SELECT 'a' + 'b'
SELECT '1' + '2'
SELECT '{}'::json = '{}'::json
SELECT interval '1 day' = 1
SELECT '00000000-0000-0000-0000-000000000001'::uuid = 1
SELECT '00000000-0000-0000-0000-000000000001'::uuid = 'a'::text
SELECT 1 IN ('a'::text)
SELECT 1 IN (1, 'a')
SELECT 1 BETWEEN 'a' AND 2
SELECT 1 BETWEEN 0 AND 'b'::text
SELECT NOT 1
SELECT 1 AND true
SELECT true OR 'x'
SELECT 't' AND true, 'f' OR false, NOT 'f'
SELECT 1 WHERE 1
SELECT 1 WHERE 'x'
SELECT 1 WHERE 't'
SELECT CASE WHEN 1 THEN 2 END
SELECT 1 <-> 2
SELECT !! 5
SELECT 'x'::nosuch
SELECT nosuch '1'
SELECT 1::nosuch.type

-- Times.
SELECT current_date + 1 > current_date, date '2024-01-31' + 1, date '2024-01-31' - 31, 1 + date '2024-01-31'
SELECT date '2024-01-31' - date '2024-01-01', date '2024-01-31' + interval '1 month', date '2024-01-31' - interval '1 day'
SELECT date '2024-01-31' + time '10:30', time '10:30' + date '2024-01-31'
SELECT time '10:30' + interval '20 hours', time '10:30' - interval '11 hours', time '10:30' - time '09:00'
SELECT timestamp '2024-01-31 10:00' - timestamp '2024-01-01 12:00', timestamp '2024-01-31 10:00' + interval '1 mon 1 day'
SELECT interval '1 day' + interval '2 hours', interval '1 day' - interval '2 hours', - interval '1 day 2 hours'
SELECT interval '1 day' * 2, 2 * interval '1 day', interval '1 day' / 2, interval '1 month' / 2, interval '1 month' * 1.5, interval '1 year' / 7
SELECT interval '1 hour' * 1.5, 0.5 * interval '1 hour 1 second', interval '00:00:01' / 3
SELECT interval '1 day' / 0
SELECT interval '1 day' * interval '1 day'
SELECT interval '24 hours' = interval '1 day', interval '1 month' = interval '30 days', interval '1 month' > interval '29 days'
SELECT date '2024-01-31' = timestamp '2024-01-31 00:00', date '2024-01-31' < timestamptz '2024-02-01 00:00+00'
SELECT date '2024-01-31' < '2024-02-01', '2024-01-01' < date '2024-01-31', timestamp '2024-01-01' = '2024-01-01 00:00'
SELECT time '10:00' < '11:00', time '10:00' = date '2024-01-01'
SELECT timestamptz '2024-01-31 10:00+00' - interval '1 month', timestamptz '2024-01-31 10:00+00' - date '2024-01-01'
SELECT date '2024-01-31' + '1 day'
SELECT now() - '1 day'

-- Conditions.
SELECT true AND NULL, false AND NULL, true OR NULL, false OR NULL, NOT NULL
SELECT 1 = NULL, NULL = NULL, NULL <> 1, NULL IS NULL, 1 IS NOT NULL, 1 ISNULL, 1 NOTNULL
SELECT 1 IS DISTINCT FROM 2, 1 IS DISTINCT FROM NULL, NULL IS NOT DISTINCT FROM NULL, 1 IS NOT DISTINCT FROM 1.0
SELECT true IS TRUE, NULL IS TRUE, false IS NOT TRUE, NULL IS UNKNOWN, true IS NOT UNKNOWN, NULL IS NOT FALSE
SELECT 1 IS TRUE
SELECT 2 BETWEEN 1 AND 3, 2 NOT BETWEEN 1 AND 3, 2 BETWEEN 3 AND 1, 2 BETWEEN SYMMETRIC 3 AND 1, 5 NOT BETWEEN SYMMETRIC 3 AND 1
SELECT 1 IN (1, 2), 1 IN (2, 3), 1 IN (2, NULL), 1 NOT IN (2, NULL), NULL IN (1, 2), 1.0 IN (1, 2)
SELECT 'a' < 'B', 'a' COLLATE "C" < 'B', 'a' < 'b' COLLATE "C"
SELECT 'abc' LIKE 'a_c', 'abc' LIKE 'A%', 'abc' ILIKE 'A%', 'a%c' LIKE 'a\%c', 'a%c' LIKE 'a!%c' ESCAPE '!', 'abc' NOT LIKE 'b%'
SELECT 'abc' SIMILAR TO '(a|b)bc', 'abc' NOT SIMILAR TO 'a', 'abc' ~ 'B', 'abc' ~* 'B', 'abc' !~ 'x', 'abc' !~* 'B'
SELECT 'a' COLLATE "de_DE"
SELECT (1, 2) = (1, 2), (1, 2) < (1, 3), ROW(1, 'a') = ROW(1, 'a'), (1, NULL) = (1, NULL), (1, 2) IS DISTINCT FROM (1, 3)
SELECT (1, 2) IN ((1, 2), (3, 4)), (1, 2) NOT IN ((1, 3)), (1, 2) IN (SELECT 1, 2), (1, 2) = (SELECT 1, 2)
SELECT (1, 2) BETWEEN (1, 1) AND (1, 3)
SELECT 3 = ANY (ARRAY[1, 2, 3]), 3 <> ALL (ARRAY[1, 2]), 3 > ANY (ARRAY[1, 5]), 3 > ALL (ARRAY[1, 5]), 3 = SOME (ARRAY[3])
SELECT 3 = ANY ('{1,2,3}'), 'a' = ANY ('{a,b}'::text[]), 1 = ANY (NULL::int[]), NULL = ANY (ARRAY[1])
SELECT 3 = ANY (SELECT 3), 3 > ALL (SELECT n FROM (VALUES (1), (2)) v (n)), 3 <> ALL (SELECT 3), 2 < SOME (SELECT n FROM (VALUES (1), (2)) v (n))
SELECT 'abc' LIKE ANY (ARRAY['a%', 'x%']), 'abc' LIKE ALL (ARRAY['a%', 'x%']), 'abc' ~ ANY (ARRAY['b'])
SELECT (date '2024-01-01', date '2024-02-01') OVERLAPS (date '2024-01-15', date '2024-03-01'), (timestamp '2024-01-01', interval '1 day') OVERLAPS (timestamp '2024-01-02', interval '1 day')
SELECT 'a' IS NORMALIZED, U&'\0061\0308' IS NFC NORMALIZED, 'a' IS NOT NORMALIZED
SELECT EXISTS (SELECT 1 WHERE false), NOT EXISTS (SELECT 1)

-- Choosing among values.
SELECT CASE WHEN true THEN 1 ELSE 2.5 END, CASE WHEN false THEN 1 ELSE 2.5 END
SELECT CASE WHEN true THEN 1 ELSE 'a' END
SELECT CASE WHEN true THEN 'a' ELSE 1 END
SELECT CASE WHEN true THEN 1 ELSE 'a'::text END
SELECT CASE WHEN true THEN now() ELSE true END
SELECT CASE WHEN true THEN 1::smallint ELSE 2::bigint END, CASE WHEN true THEN 1 ELSE 2::float8 END, CASE WHEN true THEN 1 ELSE NULL END
SELECT CASE WHEN true THEN date '2024-01-01' ELSE timestamp '2024-01-02 03:04' END, CASE WHEN false THEN 'a' END
SELECT CASE 1 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END, CASE 3 WHEN 1 THEN 'one' ELSE 'other' END, CASE NULL WHEN NULL THEN 1 ELSE 2 END
SELECT CASE 1 WHEN 'a' THEN 1 END
SELECT CASE 1 WHEN 1.0 THEN 'same' END, CASE '1' WHEN 1 THEN 'same' END
SELECT CASE WHEN n = 0 THEN 0 ELSE 10 / n END FROM (VALUES (0), (2)) v (n)
SELECT CASE WHEN n = 0 THEN NULL ELSE 10 / n END FROM (VALUES (0), (3)) v (n)
SELECT CASE WHEN 1 = 0 THEN 1/0 WHEN 1 = 1 THEN 1 ELSE 2/0 END
SELECT COALESCE(NULL, NULL), COALESCE(NULL, 2), COALESCE(1, 1/0), COALESCE(1, 2.5), COALESCE(NULL, 'a')
SELECT COALESCE(1, 'a')
SELECT COALESCE(1, 'a'::text)
SELECT COALESCE('5', 1), COALESCE(NULL, date '2024-01-01', timestamp '2024-01-02')
SELECT NULLIF(1, 1), NULLIF(1, 2), NULLIF('a', 'a'), NULLIF(1, 1.0), NULLIF(1.5, 1), NULLIF(NULL, 1)
SELECT NULLIF(1, 'a'::text)
SELECT GREATEST(1, 2.5, 2), LEAST(1, 2.5), GREATEST('a', 'b'), GREATEST(NULL, 1), LEAST(NULL, NULL), GREATEST(1, '3')
SELECT GREATEST(1, 'a'::text)
SELECT GREATEST(date '2024-01-01', timestamp '2024-01-02'), LEAST(1::smallint, 2::bigint)
SELECT ARRAY[1, 2.5], ARRAY[1, NULL], ARRAY['a', 'b'], ARRAY[1::smallint, 2::bigint], ARRAY[]::int[], ARRAY[date '2024-01-01']
SELECT ARRAY[1, 'a']
SELECT ARRAY[1, 'a'::text]
SELECT ARRAY[]
SELECT ARRAY[1, '2']
SELECT (ARRAY[1, 2, 3])[2], (ARRAY[1, 2, 3])[2:3], (ARRAY[1, 2, 3])[5], ('{a,b}'::text[])[1], (ARRAY[1, 2, 3])[:2]
SELECT ARRAY[1, 2] || ARRAY[3], ARRAY[1, 2] || 3, 0 || ARRAY[1], ARRAY[1, 2] @> ARRAY[1], ARRAY[1] <@ ARRAY[1, 2], ARRAY[1, 2] && ARRAY[2, 3]
SELECT ARRAY[1, 2] = ARRAY[1, 2], ARRAY[1, 2] < ARRAY[1, 3], ARRAY[1] = ARRAY['a'::text]

-- Casts.
SELECT 1::text, 1.50::text, true::text, NULL::text, '5'::int, ' 5 '::int, '5'::text::int, CAST('5' AS int), int '5', int4 '5'
SELECT '1.5'::int
SELECT ''::int
SELECT '99999999999'::int
SELECT '40000'::smallint
SELECT 99999::smallint
SELECT 1.5::int, 2.5::int, -1.5::int, 1.4::bigint, 0.5::int, '1e2'::numeric, '1e2'::float8::int
SELECT 1::bool, 0::bool, true::int, 'on'::bool, 'no'::bool
SELECT 1.5::bool
SELECT 1::bigint::bool
SELECT now()::int
SELECT true::float8
SELECT 1::uuid
SELECT 1::date
SELECT 'abc'::varchar(2), 'abc'::char(5), 'ab'::char(2), 'abc'::varchar, 'abc'::text::varchar(1), 123::varchar(2), 'abc'::"char"
SELECT 'abc'::varchar(0)
SELECT 1234.567::numeric(6,1), 1234.567::numeric(6), 0.5::numeric(1,1)
SELECT 1234.567::numeric(50,60)
SELECT '2024-01-02 03:04:05.678'::timestamp(0), '2024-01-02 03:04:05.678'::timestamptz(1) AT TIME ZONE 'UTC', '03:04:05.678'::time(2), interval '1.2345 seconds'::interval(2)
SELECT '2024-01-02'::date::timestamp, '2024-01-02 03:04'::timestamp::date, '2024-01-02 03:04'::timestamp::time, '03:04'::time::interval
SELECT interval '1' year, interval '2-3' year to month, interval '1 2' day to hour, interval '90' minute, interval(0) '1.6 seconds'
SELECT '{1,2}'::int[], '{a,"b c",NULL}'::text[], '{1,2}'::int[]::text[], ARRAY[1, 2]::bigint[], ARRAY['1', '2']::int[]
SELECT '{1,2'::int[]
SELECT '{1,x}'::int[]
SELECT 'pg_class'::regclass, 'pg_class'::regclass::oid, 'int4'::regtype, 23::regtype, 1259::regclass, 'nosuch'::regtype
SELECT 'nosuch'::regclass
SELECT 'pg_class'::regclass::text, 'pg_catalog.pg_class'::regclass, 'integer'::regtype::oid
SELECT '1'::oid, 1::oid, 1::oid = 1, 4294967295::oid
SELECT 'abc'::bytea, '\x616263'::bytea, 'a'::name, repeat('x', 70)::name
SELECT 1::int2, 1::int4, 1::int8, 1::float4, 1::float8, 1::float(10), 1::float(30), 1::decimal, 1::dec(3), 1::real
