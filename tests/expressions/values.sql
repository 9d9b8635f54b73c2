-- Types: input, output, casts, arithmetic, arrays, limits.
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
