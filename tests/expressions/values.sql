-- Types: input, output, casts, arithmetic, arrays, limits.

-- Numbers.
SELECT round(2.5), round(3.5), round(-2.5), round(2.5::float8), round(3.5::float8), round(-2.5::float8), round(1.255, 2), round(1234.5, -2), round(5, 0), round(2.4::float4), round(NULL::numeric), round(1.5, 3), round(15, -1)
SELECT trunc(2.567, 2), trunc(-2.567, 1), trunc(1234.5, -2), trunc(-2.5), trunc(2.5::float8), ceil(-0.5), ceil(-0.5::float8), floor(-0.5), ceiling(1.2), floor(5), ceil(NULL::numeric)
SELECT div(7, 2), div(-7, 2), div(7.5, 2), mod(7, -3), mod(-7.5, 2), 7 % 3, gcd(12, 18), lcm(4, 6), gcd(0, 0), gcd(-12, 18), lcm(0, 5), gcd(12.5, 2.5), lcm(2.5, 1), factorial(5), factorial(0), factorial(20)
SELECT div(1, 0)
SELECT mod(1, 0)
SELECT mod(1.5, 0)
SELECT factorial(-1)
SELECT sign(-5), sign(2.5), sign(0), sign(-2.5::float8), abs(-5), abs(-2.5), abs(-2.5::float8), abs(-5::bigint), @ -5
SELECT abs((-2147483648)::int)
SELECT power(2, 10), power(2::float8, 0.5), power(2, -1), 2 ^ 10, pow(2, 3), power(0, 0)
SELECT power(0, -1)
SELECT power(-1, 0.5)
SELECT power(10::float8, 400)
SELECT sqrt(16), sqrt(2::float8), |/ 25, cbrt(-8), exp(1), exp(0), ln(1), log(100), log10(1000), ln(10::float8), log(10::float8)
SELECT sqrt(-1)
SELECT ln(0)
SELECT ln(-1)
SELECT log(0)
SELECT log(-1::float8)
SELECT exp(1000::float8)
SELECT sin(0), cos(0), tan(0), asin(1), acos(1), atan(1), atan2(1, 1), cot(1), sind(30), cosd(60), tand(45), asind(0.5), acosd(0.5), atand(1), atan2d(1, 1), cotd(45), sinh(0), cosh(0), tanh(0), asinh(0), acosh(1), atanh(0), degrees(pi()), radians(180), pi()
SELECT asin(2)
SELECT acosh(0.5)
SELECT atanh(2)
SELECT width_bucket(5.35, 0.024, 10.06, 5), width_bucket(5.35::float8, 0.024, 10.06, 5), width_bucket(-1, 0, 10, 5), width_bucket(11, 0, 10, 5), width_bucket(5, 10, 0, 5), width_bucket(10, ARRAY[1, 5, 10, 20]), width_bucket(0, ARRAY[1, 5]), width_bucket(timestamp '2024-01-15', ARRAY[timestamp '2024-01-01', timestamp '2024-02-01'])
SELECT width_bucket(5, 0, 10, 0)
SELECT width_bucket(5, 1, 1, 3)
SELECT scale(8.4100), min_scale(8.4100), trim_scale(8.4100), scale(5), scale(NULL::numeric), trim_scale(1000.00)
SELECT 91 & 15, 32 | 3, 17 # 5, ~1, 1 << 4, 8 >> 2, 5::bigint & 3, -1 >> 1, bit_count('\xff01'::bytea)
SELECT greatest(1, 2, NULL), least(1, 2.5, 0.5), greatest('a', 'b'), least(NULL, NULL), greatest(date '2024-01-01', date '2024-02-01'), num_nulls(1, NULL, 2), num_nonnulls(1, NULL, 2)
SELECT random() >= 0 AND random() < 1, gen_random_uuid() <> gen_random_uuid(), length(gen_random_uuid()::text)
SELECT pg_size_pretty(1234567890123), pg_size_pretty(1000000.5), pg_size_pretty(9223372036854775807), pg_size_bytes('1 kB'), pg_size_bytes('1.5 MB'), pg_size_bytes('10'), pg_size_bytes(' 2GB ')
SELECT pg_size_bytes('1 XB')
SELECT substr(version(), 1, 13), version() LIKE '%'
SELECT to_hex(10), bool 'true' = true

-- Aggregates.
SELECT sum(n), avg(n), min(n), max(n), count(n) FROM (VALUES (1), (2), (NULL)) v (n)
SELECT avg(n) FROM (VALUES (1), (2), (4)) v (n)
SELECT sum(n) FROM (VALUES (10000::bigint), (20001)) v (n)
SELECT avg(n), sum(n) FROM (VALUES (1.5), (2.25)) v (n)
SELECT avg(n), sum(n) FROM (VALUES (1::smallint), (2)) v (n)
SELECT avg(n), sum(n) FROM (VALUES (1.5::float4), (2)) v (n)
SELECT sum(n), avg(n), max(n), count(n), count(*), array_agg(n), bool_and(n > 1) FROM (VALUES (1)) v (n) WHERE false
SELECT avg(n) FROM generate_series(1, 100) n
SELECT round(avg(n), 2), avg(n)::int, avg(n) * 2 > 3 FROM (VALUES (1), (2), (4)) v (n)
SELECT bool_and(b), bool_or(b), every(b), bool_and(NULL::bool) FROM (VALUES (true), (false), (NULL)) v (b)
SELECT bit_and(n), bit_or(n), bit_xor(n) FROM (VALUES (7), (5), (NULL)) v (n)
SELECT stddev_pop(n), var_pop(n) FROM (VALUES (1.5::float8), (2.5), (4)) v (n)
SELECT stddev(n), var_pop(n) FROM (VALUES (1::float8)) v (n)
SELECT stddev(n), variance(n) FROM (VALUES (1)) v (n)
SELECT corr(y, x), covar_pop(y, x), covar_samp(y, x), regr_slope(y, x), regr_r2(y, x), regr_count(y, x), regr_avgx(y, x), regr_avgy(y, x), regr_syy(y, x), regr_sxy(y, x) FROM (VALUES (1::float8, 2::float8), (2, 4), (3, 7)) v (y, x)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n), percentile_disc(0.5) WITHIN GROUP (ORDER BY n), mode() WITHIN GROUP (ORDER BY n) FROM (VALUES (1), (2), (2), (10)) v (n)
SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY n), percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY n) FROM (VALUES (1), (2), (3), (10)) v (n)
SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY n DESC), percentile_disc(0) WITHIN GROUP (ORDER BY n), percentile_disc(1) WITHIN GROUP (ORDER BY n) FROM (VALUES (1.5::float8), (2.5), (NULL)) v (n)
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY t), mode() WITHIN GROUP (ORDER BY t) FROM (VALUES ('a'), ('b'), ('b')) v (t)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i) FROM (VALUES (interval '1 day'), (interval '2 days')) v (i)
SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY n) FROM (VALUES (1), (2)) v (n)
SELECT percentile_cont(NULL) WITHIN GROUP (ORDER BY n), percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FILTER (WHERE n > 5) FROM (VALUES (1), (2)) v (n)
SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FROM (VALUES ('a', 1), ('a', 4), ('b', 7)) v (g, n) GROUP BY g ORDER BY g
SELECT sum(n) FILTER (WHERE n > 1), avg(n) FILTER (WHERE n > 1), string_agg(n::text, ',' ORDER BY n) FILTER (WHERE n > 1), count(*) FILTER (WHERE n IS NULL) FROM (VALUES (1), (2), (3)) v (n)
SELECT sum(DISTINCT n), count(DISTINCT n), avg(DISTINCT n), array_agg(DISTINCT n ORDER BY n) FROM (VALUES (1), (1), (2)) v (n)
SELECT sum(true)
SELECT array_agg(a) FROM (VALUES (ARRAY[1, 2])) v (a)
SELECT any_value(1)
SELECT median(1)
SELECT approx_distinct(1)
SELECT first_value(1)
SELECT array_concat(ARRAY[1], ARRAY[2])
SELECT make_array(1, 2)
SELECT list_append(ARRAY[1], 2)
SELECT to_unixtime(1)
SELECT isnan(1.5::float8)
SELECT nvl(NULL, 1)
SELECT ifnull(NULL, 1)
SELECT arrow_typeof(1)
SELECT date_format(now(), 'a')
SELECT levenshtein('a', 'b')
SELECT regexp_nosuch('a', 'b')
SELECT nosuch(1, 'a', NULL, 1.5)
SELECT struct(1, 2)
SELECT now(1)
SELECT upper(1)
SELECT sum()

-- Windows.
SELECT n, row_number() OVER w, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w, ntile(2) OVER w FROM (VALUES (1), (2), (2), (4)) v (n) WINDOW w AS (ORDER BY n) ORDER BY 1, 2
SELECT n, lag(n) OVER w, lead(n) OVER w, lag(n, 2) OVER w, lag(n, 1, 0) OVER w, lead(n, 1, -1) OVER w, first_value(n) OVER w, last_value(n) OVER w, nth_value(n, 2) OVER w FROM (VALUES (1), (2), (3)) v (n) WINDOW w AS (ORDER BY n) ORDER BY 1
SELECT n, sum(n) OVER (ORDER BY n), count(*) OVER (), sum(n) OVER (PARTITION BY n % 2), max(n) OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM (VALUES (1), (2), (3)) v (n) ORDER BY 1
SELECT n, sum(n) OVER (ORDER BY n RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING), sum(n) OVER (ORDER BY n GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW), string_agg(n::text, ',') OVER (ORDER BY n), array_agg(n) OVER (ORDER BY n) FROM (VALUES (1), (2), (4)) v (n) ORDER BY 1
SELECT row_number()
SELECT sum(n) FILTER (WHERE n > 1) OVER (ORDER BY n) FROM (VALUES (1), (2)) v (n) ORDER BY 1

-- Arrays.
SELECT array_length(ARRAY[1, 2, 3], 1), array_length(ARRAY[1], 2), array_length('{}'::int[], 1), array_dims(ARRAY[1, 2]), array_upper(ARRAY[1, 2], 1), array_lower(ARRAY[1, 2], 1), array_ndims(ARRAY[1]), array_ndims('{}'::int[]), cardinality(ARRAY[1, 2]), cardinality('{}'::int[]), cardinality(NULL::int[])
SELECT array_position(ARRAY['a', 'b', 'a'], 'a'), array_position(ARRAY['a', 'b', 'a'], 'a', 2), array_position(ARRAY[1, NULL], NULL), array_position(ARRAY[1], 5), array_positions(ARRAY['a', 'b', 'a'], 'a'), array_positions(ARRAY[1], 5), array_remove(ARRAY[1, 2, 1], 1), array_replace(ARRAY[1, 2, 1], 1, 9), array_replace(ARRAY[1, NULL], NULL, 0)
SELECT array_append(ARRAY[1], 2), array_append(NULL, 1), array_prepend(0, ARRAY[1]), array_cat(ARRAY[1], ARRAY[2, 3]), ARRAY[1] || ARRAY[2], ARRAY[1] || 2, 0 || ARRAY[1], ARRAY[1] || NULL::int, NULL::int[] || ARRAY[1]
SELECT 1 = ANY (ARRAY[1, 2]), 3 = ANY (ARRAY[1, 2]), 1 < ALL (ARRAY[2, 3]), 1 = ANY (NULL::int[]), 'a' = ANY (ARRAY['a']), 1 <> ALL (ARRAY[2, 3]), 2 > ANY (ARRAY[1, 5])
SELECT ARRAY[1, 2] @> ARRAY[1], ARRAY[1] <@ ARRAY[1, 2], ARRAY[]::int[] <@ ARRAY[1], ARRAY[1, 2] = ARRAY[1, 2], ARRAY[1, 2] < ARRAY[1, 3]
SELECT (ARRAY[1, 2, 3])[1:2], (ARRAY[1, 2, 3])[5], (ARRAY[1, 2, 3])[0], (ARRAY[1, 2, 3])[2:1], (ARRAY['a', NULL])[2], ('{5,6}'::int[])[2]
SELECT unnest(ARRAY[1, 2])
SELECT unnest(ARRAY[1, 2]), unnest(ARRAY['a', 'b', 'c'])
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS t(n, s)
SELECT * FROM unnest('{}'::int[])
SELECT x FROM unnest(ARRAY[3, 1, 2]) x ORDER BY x
SELECT ARRAY['a', NULL], ARRAY[]::text[], '{1,NULL,3}'::int[], '{"a b","c,d"}'::text[], ARRAY[true], ARRAY[date '2024-01-01']
SELECT ARRAY[1, 2]::text[], ARRAY['1', '2']::int[], ARRAY[1, 2]::text
SELECT array_length(1, 1)
SELECT array_to_json(ARRAY[1, 2]), array_agg(x) FROM unnest(ARRAY[1, 2]) x GROUP BY 1
SELECT array_shuffle(ARRAY[1])
SELECT string_to_array('a,b', ',') || ARRAY['c'], (string_to_array('a b c', ' '))[2], array_length(string_to_array('a,b', ','), 1), 'b' = ANY (string_to_array('a,b', ','))
SELECT 't'::bool, 'off'::bool, '32767'::int2, '-2147483648'::int4, '9223372036854775807'::int8, '4294967295'::oid
SELECT '32768'::int2
SELECT '2147483648'::int4
SELECT '9223372036854775808'::int8
SELECT ''::int4
SELECT 'NaN'::float8, 'Infinity'::float8, '-inf'::float4, '-0'::float8, '1e15'::float8, '1e16'::float8, '1e-5'::float8, '0.1'::float4, '16777217'::float4
SELECT '1e400'::float8
SELECT '1e-400'::float8
SELECT '1.005'::numeric(5,2), '-1.005'::numeric(5,2), '1e2'::numeric(5,2), '0'::numeric(5,2)
SELECT '12345'::numeric(5,2)
SELECT 'abc  '::varchar(3), 'äöü'::varchar(3)
SELECT 'abc'::"char", ''::"char", '\101'::"char"
SELECT 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid, '{a0eebc999c0b4ef8bb6d6bb9bd380a11}'::uuid, 'a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11'::uuid
SELECT 'a0eebc99'::uuid
SELECT '\x00FF'::bytea, 'abc'::bytea, '\001\\'::bytea, ''::bytea
SELECT '\xzz'::bytea
SELECT '2024-02-29'::date, '0044-03-15 BC'::date, 'infinity'::date, 'epoch'::date, '5874897-12-31'::date
SELECT '2023-02-29'::date
SELECT '24:00:00'::time, '12:34:56.789012'::time, '1:02 PM'::time, '23:59:60'::time
SELECT '25:00'::time
SELECT '2024-02-29 12:34:56.789'::timestamp, '0001-01-01 00:00:00 BC'::timestamp, 'infinity'::timestamp, '2024-01-01 23:59:60'::timestamp, '20240105T101112'::timestamp
SELECT '2024-02-29 12:34:56.789+02'::timestamptz, '2024-06-01 12:00 Europe/Berlin'::timestamptz, '2024-06-01 12:00 EST'::timestamptz, '-infinity'::timestamptz
SELECT '2024-06-01 12:00 Nowhere/Land'::timestamptz
SELECT '1 year 2 mons 3 days 04:05:06.789'::interval, 'P1Y2M3DT4H5M6S'::interval, '1-2'::interval, '1 12:59:10'::interval, '1.5 hours'::interval, '@ 1 minute ago'::interval
SELECT '127.0.0.1'::inet, '10.0.0.0/8'::inet, '::1'::inet, '2001:db8::/32'::inet
SELECT '300.0.0.1'::inet
SELECT '{1,NULL,-3}'::int4[], '{}'::int4[], '{a,"b c",NULL,"NULL",""}'::text[], '{t,f}'::bool[], '{1.5,NaN}'::float8[]
SELECT '{1,x}'::int4[]
SELECT '{1'::int4[]
SELECT '{"{\"a\": 1}",NULL}'::jsonb[], ARRAY['{"b":1}'::jsonb, '[1]'], ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid]
SELECT NULL::int4, NULL::text[], NULL::jsonb, NULL::interval, NULL::jsonpath
