-- json and jsonb: operators, functions, paths, aggregates, casts, errors.

-- Input and output.
SELECT '{"b": 1, "a": 2, "aa": 3, "a": 4}'::jsonb, '{"b": 1,   "a":2}'::json
SELECT '1.10'::jsonb, '1e2'::jsonb, '1E-5'::jsonb, '-0'::jsonb, '-0.0'::jsonb, '100000000000000000000.5'::jsonb, '0.1e1'::jsonb
SELECT '"\u00e4\u0041\n\/\ud83d\ude00"'::jsonb, '"\u00e4\n"'::json
SELECT '"\u0000"'::jsonb
SELECT '"\u0000"'::json
SELECT '"\u0000"'::json ->> 0
SELECT '{"a": "\u0000"}'::json ->> 'a'
SELECT '"\ud83d"'::jsonb
SELECT '"\ude00"'::jsonb
SELECT '"\ud83d\ud83d"'::jsonb
SELECT '"\uZZZZ"'::jsonb
SELECT '"a'::jsonb
SELECT '[1,]'::jsonb
SELECT '{"a"}'::jsonb
SELECT '{1: 2}'::jsonb
SELECT '01'::jsonb
SELECT '1.'::jsonb
SELECT '.1'::jsonb
SELECT '+1'::jsonb
SELECT 'NaN'::jsonb
SELECT 'True'::jsonb
SELECT ''::jsonb
SELECT '  '::json
SELECT ' [ 1 , 2 ] '::jsonb, ' [ 1 , 2 ] '::json
SELECT 'true'::jsonb, 'false'::jsonb, 'null'::jsonb, '"x"'::jsonb, '5'::jsonb
SELECT '[[[[[[]]]]]]'::jsonb, '{"a":{"b":{"c":{}}}}'::jsonb
SELECT '1e131073'::jsonb
SELECT '{"a":1}{"b":2}'::jsonb
SELECT json '[1]', jsonb '{"a":1}'
SELECT '{"z": 1, "aaa": 2, "bb": 3, "": 4}'::jsonb

-- Reading: -> ->> #> #>>.
SELECT '{"a": 1}'::jsonb -> 'a', '{"a": 1}'::jsonb -> 'b', '[1]'::jsonb -> 'a', '1'::jsonb -> 'a', '"x"'::jsonb -> 0
SELECT '[1, 2]'::jsonb -> 0, '[1, 2]'::jsonb -> 2, '[1, 2]'::jsonb -> -2, '[1, 2]'::jsonb -> -3, '{"a": 1}'::jsonb -> 0
SELECT '[1, "x", null, {"a": 1}, [2]]'::jsonb ->> 0, '[1, "x", null]'::jsonb ->> 1, '[1, "x", null]'::jsonb ->> 2
SELECT '{"a": {"b": [1, {"c": "d"}]}}'::jsonb #> '{a,b}', '{"a": {"b": [1, {"c": "d"}]}}'::jsonb #>> '{a,b,1,c}'
SELECT '{"a": [1, 2]}'::jsonb #> '{a,-1}', '{"a": [1, 2]}'::jsonb #> '{a,5}', '{"a": [1, 2]}'::jsonb #> '{a,x}'
SELECT '{"a": 1}'::jsonb #> '{}', '{"a": 1}'::jsonb #>> '{}', '"x"'::jsonb #>> '{}', '1'::jsonb #> '{}'
SELECT '{"a": null}'::jsonb #>> '{a}' IS NULL, '{"a": null}'::jsonb #> '{a}' IS NULL
SELECT '{"a": 1}'::jsonb #> ARRAY['a', NULL]
SELECT NULL::jsonb -> 'a', '{"a": 1}'::jsonb -> NULL, NULL::jsonb #>> '{a}'
SELECT '{"a":  {"b" : 1}}'::json -> 'a', '{"a": [1,  2]}'::json ->> 'a', '{"a": 1, "a": 2}'::json -> 'a'
SELECT '[1, {"a":2}]'::json -> 1, '[1,2]'::json ->> -1, '{"a": {"b": 3}}'::json #> '{a,b}', '{"a": "x\ny"}'::json ->> 'a'
SELECT '{"a": {"b": 3}}'::json #>> '{a,b}', json_extract_path('{"a": {"b": 3}}', 'a'), json_extract_path_text('{"a": {"b": "t"}}', 'a', 'b')
SELECT jsonb_extract_path('{"a": [1, 2]}', 'a', '1'), jsonb_extract_path_text('{"a": ["x"]}', 'a', '0')
SELECT jsonb_typeof('{"a": 1}'::jsonb -> 'a'), json_typeof('[]'), json_typeof('null'), json_typeof('1.5')
SELECT jsonb_array_length('[]'), json_array_length('[1,2,3]')
SELECT json_array_length('{}')
SELECT json_array_length('1')

-- Subscripts.
SELECT ('{"a": {"b": [5, 6]}}'::jsonb)['a'], ('{"a": {"b": [5, 6]}}'::jsonb)['a']['b'][1], ('[1, 2]'::jsonb)[0], ('[1, 2]'::jsonb)[-1]
SELECT ('{"a": 1}'::jsonb)['x'], ('{"1": 2}'::jsonb)[1], ('[1]'::jsonb)['0'], (NULL::jsonb)['a'], ('5'::jsonb)['a']
SELECT j['a']['b'] FROM (SELECT '{"a": {"b": 7}}'::jsonb AS j) t
SELECT j['a'] ->> 'b', (j['a']['b'])::int + 1 FROM (SELECT '{"a": {"b": 7}}'::jsonb AS j) t

-- Containment and existence.
SELECT '{"a": 1, "b": 2}'::jsonb @> '{"a": 1}', '{"a": 1}'::jsonb @> '{"a": 1, "b": 2}', '{}'::jsonb @> '{}', '[]'::jsonb @> '[]'
SELECT '[1, 2, 3]'::jsonb @> '[3, 1]', '[1, 2, 3]'::jsonb @> '[1, 1]', '[1, 2]'::jsonb @> '1', '1'::jsonb @> '[1]', '[[1]]'::jsonb @> '[1]'
SELECT '{"a": [1, {"b": 2, "c": 3}]}'::jsonb @> '{"a": [{"b": 2}]}', '{"a": {"b": 1}}'::jsonb @> '{"a": {}}', '{"a": []}'::jsonb @> '{"a": {}}'
SELECT '{"a": 1.0}'::jsonb @> '{"a": 1}', '[1.00]'::jsonb <@ '[1, 2]', '"a"'::jsonb @> '"a"', 'null'::jsonb @> 'null'
SELECT '{"a": null}'::jsonb @> '{"a": null}', '{"a": null}'::jsonb @> '{"b": null}', '{}'::jsonb @> '[]', '[]'::jsonb @> '{}'
SELECT '{"a": 1}'::jsonb ? 'a', '["a", 1]'::jsonb ? 'a', '["a", 1]'::jsonb ? '1', '"a"'::jsonb ? 'a', '5'::jsonb ? '5', '{"a": {"b": 1}}'::jsonb ? 'b'
SELECT '{"a": 1, "b": 2}'::jsonb ?| '{b,x}', '{"a": 1}'::jsonb ?| '{}', '{"a": 1}'::jsonb ?& '{}', '["a", "b"]'::jsonb ?& ARRAY['a', 'b'], '{"a": 1}'::jsonb ?| ARRAY['x', NULL]
SELECT NULL::jsonb @> '{}', '{}'::jsonb ? NULL
SELECT '{"a": 1}'::json @> '{}'::json
SELECT '{"a": 1}'::json ? 'a'

-- Order and equality.
SELECT '1'::jsonb = '1.0'::jsonb, '1'::jsonb <> '1.0', '{"a": 1.00}'::jsonb = '{"a": 1}', '[]'::jsonb < 'null'::jsonb, 'null'::jsonb < '"a"'::jsonb
SELECT '"a"'::jsonb < '1', '1'::jsonb < 'false', 'false'::jsonb < 'true', 'true'::jsonb < '[1]', '[1]'::jsonb < '{}', '[1, 2]'::jsonb < '[3]', '[1]'::jsonb < '[1, 1]'
SELECT '10'::jsonb > '9', '-10'::jsonb < '-9', '"10"'::jsonb < '"9"', '"B"'::jsonb < '"a"', '1e2'::jsonb = '100', '0.5'::jsonb < '0.50001'
SELECT '{"a": 1}'::jsonb < '{"a": 2}', '{"b": 1}'::jsonb > '{"a": 9}', '{"a": 1, "b": 1}'::jsonb > '{"z": 1}', '{"aa": 1}'::jsonb > '{"b": 1}'
SELECT '1'::jsonb IS DISTINCT FROM '1.0'::jsonb, NULL::jsonb IS DISTINCT FROM '1', '1'::jsonb BETWEEN '0' AND '2', '1'::jsonb IN ('1.0', '2'), '3'::jsonb NOT IN ('1', '2')
SELECT j FROM (VALUES ('[]'::jsonb), ('{}'), ('null'), ('"b"'), ('"a"'), ('10'), ('9'), ('-1.5'), ('true'), ('false'), ('[1]'), ('[0, 0]'), ('{"a": 1}'), ('{"a": 0, "b": 0}'), ('{"b": 0}')) v (j) ORDER BY j
SELECT j FROM (VALUES ('[]'::jsonb), ('{}'), (NULL), ('"b"'), ('10'), ('9'), ('true')) v (j) ORDER BY j DESC
SELECT j FROM (VALUES ('[]'::jsonb), ('{}'), (NULL), ('"b"'), ('10'), ('9'), ('true')) v (j) ORDER BY j DESC NULLS LAST LIMIT 3
SELECT j, count(*) FROM (VALUES ('1'::jsonb), ('1.0'), ('2'), ('{"a": 1}'), ('{"a": 1.0}')) v (j) GROUP BY j ORDER BY j
SELECT j -> 'a' AS k, count(*), sum((j -> 'n')::int) FROM (VALUES ('{"a": "x", "n": 1}'::jsonb), ('{"a": "x", "n": 2}'), ('{"a": "y", "n": 3}')) v (j) GROUP BY j -> 'a' ORDER BY k
SELECT j -> 'a', count(*) FROM (VALUES ('{"a": "x"}'::jsonb), ('{"a": "x"}'), ('{"a": "y"}')) v (j) GROUP BY 1 HAVING count(*) > 1
SELECT DISTINCT j FROM (VALUES ('1'::jsonb), ('1'), ('10'), ('9'), (NULL), (NULL)) v (j) ORDER BY j
SELECT DISTINCT j, n FROM (VALUES ('1.0'::jsonb, 1), ('1', 1), ('10', 2)) v (j, n) ORDER BY n
SELECT DISTINCT ON (j) j, n FROM (VALUES ('1'::jsonb, 1), ('1.0', 2), ('10', 3)) v (j, n) ORDER BY j, n
SELECT count(DISTINCT j), count(j) FROM (VALUES ('1'::jsonb), ('1.0'), ('2'), (NULL)) v (j)
SELECT j FROM (SELECT '1'::jsonb AS j UNION SELECT '1.0' UNION SELECT '2') t ORDER BY j
SELECT j FROM (SELECT '1'::jsonb AS j INTERSECT SELECT '1.0'::jsonb) t
SELECT j FROM (SELECT '1'::jsonb AS j EXCEPT SELECT '1.0'::jsonb) t
SELECT count(*) FROM (SELECT (n || '.0')::jsonb AS j FROM generate_series(1, 3000) n UNION SELECT n::text::jsonb FROM generate_series(1, 3000) n UNION SELECT (n || '.00')::jsonb FROM generate_series(0, 3000) n) t WHERE j::text LIKE '%.0'
SELECT count(*) FROM (SELECT (n || '.0')::jsonb AS j FROM generate_series(1, 3000) n EXCEPT SELECT n::text::jsonb FROM generate_series(2, 3000) n) t WHERE j::text LIKE '%.0'
SELECT '1 mon'::interval AS a, 1 AS a UNION SELECT '30 days', 1 UNION SELECT '720:00', 1
SELECT '1 mon'::interval AS a, 1 AS a INTERSECT SELECT '30 days', 1 EXCEPT SELECT '31 days', 1
SELECT a.n, b.m FROM (VALUES ('1'::jsonb, 1), ('2', 2)) a (j, n) JOIN (VALUES ('1.0'::jsonb, 3), ('5', 4)) b (j, m) ON a.j = b.j
SELECT a.n, b.m FROM (VALUES ('1'::jsonb, 1), ('2', 2)) a (j, n) LEFT JOIN (VALUES ('1.0'::jsonb, 3), ('5', 4)) b (j, m) USING (j) ORDER BY n
SELECT n FROM (VALUES ('1'::jsonb, 1), ('2', 2)) a (j, n) WHERE j IN (SELECT '1.0'::jsonb)
SELECT n, row_number() OVER (ORDER BY j) FROM (VALUES ('10'::jsonb, 1), ('9', 2), ('"a"', 3)) v (j, n) ORDER BY n
SELECT n, count(*) OVER (PARTITION BY j) FROM (VALUES ('1'::jsonb, 1), ('1.0', 2), ('3', 3)) v (j, n) ORDER BY n
SELECT CASE '1.0'::jsonb WHEN '1'::jsonb THEN 'same' ELSE 'other' END
SELECT max(j) FROM (VALUES ('1'::jsonb)) v (j)
SELECT '{}'::json = '{}'::json
SELECT j FROM (VALUES ('1'::json)) v (j) ORDER BY j
SELECT j FROM (VALUES ('1'::json)) v (j) GROUP BY j
SELECT DISTINCT j FROM (VALUES ('1'::json)) v (j)
SELECT count(DISTINCT j) FROM (VALUES ('1'::json)) v (j)
SELECT '1'::jsonb = 'a'::text
SELECT '{}'::jsonb = 1
SELECT '1'::jsonb + 1

-- Changing.
SELECT '{"a": 1}'::jsonb || '{"a": 2, "b": 3}', '[1]'::jsonb || '[2, 3]', '[1]'::jsonb || '{"a": 1}', '{"a": 1}'::jsonb || '[1]', '1'::jsonb || '2'
SELECT '[]'::jsonb || '{}', '{}'::jsonb || '[]', '{}'::jsonb || '{"a": 1}', '[]'::jsonb || '[1]', '{"a": 1}'::jsonb || '5', '"x"'::jsonb || '[]'
SELECT '{"a": {"b": 1}}'::jsonb || '{"a": {"c": 2}}', NULL::jsonb || '{}', '{}'::jsonb || NULL
SELECT '{"a": 1, "b": 2}'::jsonb - 'a', '{"a": 1}'::jsonb - 'x', '["a", "b", "a"]'::jsonb - 'a', '[1, 2]'::jsonb - 'a'
SELECT '[1, 2, 3]'::jsonb - 0, '[1, 2, 3]'::jsonb - -1, '[1, 2, 3]'::jsonb - 5, '[1, 2, 3]'::jsonb - -5
SELECT '{"a": 1, "b": 2, "c": 3}'::jsonb - '{a,c}'::text[], '["a", "b"]'::jsonb - ARRAY['a'], '{"a": 1}'::jsonb - ARRAY[]::text[]
SELECT '{"a": 1}'::jsonb - 0
SELECT '1'::jsonb - 'a'
SELECT '1'::jsonb - 0
SELECT '{"a": [1, 2, {"b": 3}]}'::jsonb #- '{a,2,b}', '{"a": [1, 2]}'::jsonb #- '{a,-1}', '{"a": 1}'::jsonb #- '{x}', '{"a": 1}'::jsonb #- '{}', '[1, 2]'::jsonb #- '{0}'
SELECT '1'::jsonb #- '{a}'
SELECT '[1]'::jsonb #- '{a}'
SELECT jsonb_set('{"a": [1, 2]}', '{a,0}', '9'), jsonb_set('{"a": [1, 2]}', '{a,5}', '9'), jsonb_set('{"a": [1, 2]}', '{a,-5}', '9'), jsonb_set('{"a": [1, 2]}', '{a,-1}', '{"x": 1}')
SELECT jsonb_set('{"a": 1}', '{b,c}', '9'), jsonb_set('{"a": 1}', '{a,c}', '9'), jsonb_set('{"a": 1}', '{}', '9'), jsonb_set('[]', '{0}', '1'), jsonb_set('[]', '{0}', '1', false)
SELECT jsonb_set('{"a": 1}', '{a}', NULL), jsonb_set(NULL, '{a}', '1'), jsonb_set('{"a": 1}', NULL, '1')
SELECT jsonb_set('1', '{a}', '2')
SELECT jsonb_set('[1]', '{a}', '2')
SELECT jsonb_set('{"a": 1}', ARRAY['a', NULL], '2')
SELECT jsonb_set('{"a": {"b": 1}}', ARRAY['a', NULL], '2')
SELECT jsonb_set_lax('{"a": 1, "b": 2}', '{b}', NULL), jsonb_set_lax('{"a": 1, "b": 2}', '{b}', NULL, true, 'delete_key'), jsonb_set_lax('{"a": 1, "b": 2}', '{b}', NULL, true, 'return_target'), jsonb_set_lax('{"a": 1}', '{a}', '5')
SELECT jsonb_set_lax('{"a": 1}', '{a}', NULL, true, 'raise_exception')
SELECT jsonb_set_lax('{"a": 1}', '{a}', NULL, true, 'nonsense')
SELECT jsonb_insert('{"a": [0, 1, 2]}', '{a,1}', '"new"'), jsonb_insert('{"a": [0, 1, 2]}', '{a,1}', '"new"', true), jsonb_insert('{"a": [0, 1, 2]}', '{a,10}', '9'), jsonb_insert('{"a": [0, 1, 2]}', '{a,-10}', '9'), jsonb_insert('{"a": 1}', '{b}', '2')
SELECT jsonb_insert('{"a": [0, 1, 2]}', '{a,-1}', '9', true), jsonb_insert('[]', '{0}', '1'), jsonb_insert('[]', '{5}', '1', true)
SELECT jsonb_insert('{"a": 1}', '{a}', '2')
SELECT jsonb_insert('1', '{a}', '2')
SELECT jsonb_strip_nulls('{"a": null, "b": [null, {"c": null, "d": 1}]}'), json_strip_nulls('{"a": null, "b": [null, {"c": null, "d": 1}], "e":  2}'), jsonb_strip_nulls('null'), jsonb_strip_nulls('[1, null]')
SELECT jsonb_pretty('{"a": [1, {"b": []}], "c": {}, "d": "x"}'), jsonb_pretty('[]'), jsonb_pretty('1'), jsonb_pretty('[[1], [2]]')

-- Making.
SELECT jsonb_build_array(1, 'a', NULL, true, 1.50, '2024-01-02'::date, ARRAY[1, 2], '{"x": 1}'::json, '[1]'::jsonb)
SELECT json_build_array(1, 'a', NULL, true, 1.50, '2024-01-02'::date, ARRAY[1, 2], '{"x": 1}'::json, '[1]'::jsonb)
SELECT jsonb_build_object('a', 1, 'b', NULL, 'a', 3), json_build_object('a', 1, 'b', NULL, 'a', 3), json_build_object(), json_build_array()
SELECT jsonb_build_object(1, 2, true, 3, 1.5, 4), json_build_object(1, 2)
SELECT jsonb_build_object('a', 'NaN'::float8, 'b', 'Infinity'::float8), jsonb_build_object('x', '\x01'::bytea), to_jsonb('a"b\c'::text)
SELECT jsonb_build_object('a', ARRAY['x', NULL], 'b', ARRAY[true, false], 'c', ARRAY['{"a":1}'::jsonb])
SELECT json_build_object('a')
SELECT json_build_object(NULL, 1)
SELECT jsonb_object('{a,1,b,NULL}'), jsonb_object('{}'), jsonb_object('{a,b}', '{1,2}'), json_object('{a,1,b,"x y"}'), json_object('{a,b}', '{1,NULL}')
SELECT jsonb_object('{a}')
SELECT jsonb_object('{a,b}', '{1}')
SELECT jsonb_object('{NULL,1}')
SELECT jsonb_object(ARRAY['a', 'b', 'a', 'c'])
SELECT to_jsonb(1), to_jsonb(1.50), to_jsonb('x'::text), to_jsonb(true), to_jsonb(NULL::text), to_jsonb('2024-01-02 03:04:05.678'::timestamp), to_jsonb('1 day'::interval)
SELECT to_json(1), to_json('a"b'::text), to_json('2024-01-02 03:04:05+00'::timestamptz), to_json('infinity'::timestamptz), to_json('2024-01-02'::date), to_json('{"a":  1}'::json), to_json('{"a":  1}'::jsonb)
SELECT to_json(ARRAY[1, NULL, 3]), to_jsonb(ARRAY['a', 'b"c']), to_json(ARRAY[]::int[]), array_to_json(ARRAY[1, 2]), array_to_json(ARRAY['a', NULL]), array_to_json(ARRAY[1, 2], true), array_to_json(ARRAY[1, 2], false)
SELECT row_to_json(ROW(1, 'foo')), row_to_json(ROW(1, NULL, true)), to_jsonb(ROW(1, 'a'::text))
SELECT row_to_json(t) FROM (SELECT 1 AS a, 'x' AS b) t
SELECT row_to_json(t) FROM (VALUES (1, 'x'), (2, NULL)) t (n, s) ORDER BY n
SELECT to_jsonb(t), to_json(t) FROM (SELECT 1 AS a, '{"k": 1}'::jsonb AS j, '2024-01-02'::date AS d) t
SELECT jsonb_agg(t), json_agg(t) FROM (SELECT 1 AS a, 'x' AS b) t
SELECT row_to_json(t, true) FROM (SELECT 1 AS a, 2 AS b) t

-- Casts.
SELECT '{"a":1, "b" : 2}'::json::jsonb, '{"b":1,"a":2}'::jsonb::json, '{"b":1}'::jsonb::text, '{"b":  1}'::json::text, '{"b":  1}'::text::json, '{"b":  1}'::varchar::jsonb
SELECT '1'::jsonb::int, '1.5'::jsonb::int, '2.5'::jsonb::int, '-1.5'::jsonb::int, '1.5'::jsonb::numeric, '1.5'::jsonb::float8, '1.5'::jsonb::real, '7'::jsonb::bigint, '7'::jsonb::smallint, 'true'::jsonb::bool
SELECT '"1"'::jsonb::int
SELECT 'null'::jsonb::int
SELECT '[1]'::jsonb::int
SELECT '{}'::jsonb::bool
SELECT '1'::jsonb::bool
SELECT 'true'::jsonb::int
SELECT '100000'::jsonb::smallint
SELECT '1e20'::jsonb::bigint
SELECT '1e400'::jsonb::float8
SELECT '"2024-01-01"'::jsonb::date
SELECT '5'::json::int
SELECT 5::jsonb
SELECT true::json
SELECT ('{"a": "2024-01-02"}'::jsonb ->> 'a')::date, ('{"a": "5"}'::jsonb ->> 'a')::numeric + 1

-- Rows out of documents.
SELECT * FROM jsonb_each('{"a": 1, "b": "x", "c": null, "d": [1]}')
SELECT * FROM jsonb_each_text('{"a": 1, "b": "x", "c": null, "d": [1]}')
SELECT * FROM json_each('{"b": 1, "a":  [1,  2], "a": 3}')
SELECT * FROM json_each_text('{"b": "x\ty", "a": null}')
SELECT key, value ->> 'n' FROM jsonb_each('{"a": {"n": 1}, "b": {"n": 2}}') ORDER BY key DESC
SELECT e.key, e.value FROM jsonb_each('{"a": 1}') AS e
SELECT k, v FROM jsonb_each('{"a": 1}') AS e (k, v)
SELECT k, value FROM jsonb_each('{"a": 1}') AS e (k)
SELECT * FROM jsonb_each('{}')
SELECT * FROM jsonb_each(NULL)
SELECT * FROM jsonb_each('[1]')
SELECT * FROM jsonb_each('1')
SELECT * FROM json_each('[1]')
SELECT * FROM json_each('1')
SELECT * FROM jsonb_array_elements('[1, "x", null, {"a": 1}]')
SELECT * FROM jsonb_array_elements_text('[1, "x", null, {"a": 1}]')
SELECT * FROM json_array_elements('[1, "x", {"a":  1}]')
SELECT * FROM json_array_elements_text('[1, "x", null]')
SELECT value -> 'a' FROM jsonb_array_elements('[{"a": 1}, {"a": 2}]')
SELECT e FROM jsonb_array_elements('[{"a": 1}, {"a": 2}]') e
SELECT e ->> 'a', e.value FROM jsonb_array_elements('[{"a": 1}, {"a": 2}]') e WHERE (e ->> 'a')::int > 1
SELECT e.v ->> 'a' FROM jsonb_array_elements('[{"a": 1}]') e (v)
SELECT * FROM jsonb_array_elements('{}')
SELECT * FROM jsonb_array_elements('1')
SELECT * FROM json_array_elements('{}')
SELECT * FROM jsonb_array_elements('[]')
SELECT * FROM jsonb_object_keys('{"b": 1, "aa": 2, "a": 3}')
SELECT k FROM jsonb_object_keys('{"b": 1, "a": 3}') k ORDER BY k
SELECT * FROM json_object_keys('{"b": 1, "a": 3, "b": 2}')
SELECT * FROM jsonb_object_keys('[1]')
SELECT * FROM jsonb_object_keys('1')
SELECT * FROM jsonb_array_elements('["a", "b"]') WITH ORDINALITY
SELECT v, n FROM jsonb_array_elements_text('["a", "b"]') WITH ORDINALITY AS t (v, n) ORDER BY n DESC
SELECT t.n, e.key, e.value FROM (VALUES (1, '{"a": 1, "b": 2}'::jsonb), (2, '{"c": 3}')) t (n, j), jsonb_each(t.j) e ORDER BY 1, 2
SELECT t.n, e FROM (VALUES (1, '[1, 2]'::jsonb), (2, '[]'), (3, '[5]')) t (n, j), jsonb_array_elements(j) e ORDER BY n, e
SELECT t.n, k FROM (VALUES (1, '{"a": 1, "b": 2}'::jsonb), (2, '{"c": 3}')) t (n, j), LATERAL jsonb_object_keys(t.j) k ORDER BY 1, 2
SELECT t.n, e.value FROM (VALUES (1, '[1, 2]'::jsonb), (2, '[]')) t (n, j) CROSS JOIN LATERAL jsonb_array_elements(t.j) AS e ORDER BY 1
SELECT t.n, e.value FROM (VALUES (1, '[1, 2]'::jsonb), (2, '[]')) t (n, j) LEFT JOIN LATERAL jsonb_array_elements(t.j) AS e ON true ORDER BY 1, 2
SELECT a.value ->> 'n' AS n, b FROM jsonb_array_elements('[{"n": 1, "l": [1, 2]}, {"n": 2, "l": [3]}]') a, jsonb_array_elements(a.value -> 'l') b ORDER BY 1, 2
SELECT count(*), sum((e ->> 'n')::int) FROM jsonb_array_elements('[{"n": 1}, {"n": 2}]') e
SELECT e ->> 'k' AS k, count(*) FROM jsonb_array_elements('[{"k": "a"}, {"k": "b"}, {"k": "a"}]') e GROUP BY 1 ORDER BY 1
SELECT (SELECT jsonb_agg(e) FROM jsonb_array_elements('[3, 1]') e)
SELECT n, (SELECT string_agg(k, ',' ORDER BY k) FROM jsonb_object_keys(j) k) FROM (VALUES (1, '{"b": 1, "a": 2}'::jsonb)) t (n, j)
SELECT n FROM (VALUES (1, '["x"]'::jsonb), (2, '["y"]')) t (n, j) WHERE EXISTS (SELECT 1 FROM jsonb_array_elements_text(j) e WHERE e = 'y')
SELECT jsonb_array_elements('[1, 2]')
SELECT jsonb_array_elements_text('["a", null]') AS t
SELECT jsonb_array_elements('[{"a": 1}, {"a": 2}]') -> 'a'
SELECT n, jsonb_array_elements(j) FROM (VALUES (1, '[1, 2]'::jsonb), (2, '[]')) t (n, j) ORDER BY 1, 2
SELECT jsonb_object_keys('{"a": 1, "b": 2}')
SELECT jsonb_each('{"a": 1, "b": "x y"}')
SELECT (jsonb_each('{"a": 1, "b": "x"}')).key
SELECT (jsonb_each_text('{"a": 1, "b": "x"}')).value
SELECT * FROM jsonb_to_recordset('[{"a": 1, "b": "x"}, {"a": "2", "c": 3}, {"b": null}]') AS t (a int, b text)
SELECT a + 1, b FROM jsonb_to_record('{"a": 1, "b": [1, 2], "c": {"d": 1}}') AS t (a int, b jsonb, c text, d date)
SELECT * FROM json_to_recordset('[{"a":1,"b":"x"}]') AS t (a numeric, b varchar)
SELECT * FROM jsonb_to_recordset('[{"t": "2024-01-02T03:04:05Z", "o": true}]') AS t (t timestamptz, o bool)
SELECT * FROM jsonb_to_recordset('[{"a": "x"}]') AS t (a int)
SELECT * FROM jsonb_to_recordset('{"a": 1}') AS t (a int)
SELECT * FROM jsonb_to_recordset('[1]') AS t (a int)
SELECT * FROM jsonb_to_record('[1]') AS t (a int)
SELECT * FROM jsonb_to_recordset('[]')

-- Aggregates.
SELECT jsonb_agg(n ORDER BY n DESC), json_agg(n ORDER BY n), jsonb_agg(n ORDER BY n) FILTER (WHERE n > 1) FROM (VALUES (1), (3), (2)) v (n)
SELECT jsonb_agg(x), json_agg(x) FROM (VALUES ('a'), (NULL)) v (x)
SELECT jsonb_agg(n) IS NULL, json_agg(n) FROM (VALUES (1)) v (n) WHERE n > 5
SELECT jsonb_agg(DISTINCT n), json_agg(DISTINCT n ORDER BY n DESC) FROM (VALUES (3), (1), (3)) v (n)
SELECT jsonb_agg(DISTINCT j) FROM (VALUES ('10'::jsonb), ('9'), ('9.0'), ('"a"')) v (j)
SELECT jsonb_agg(j ORDER BY j) FROM (VALUES ('10'::jsonb), ('9'), ('"a"')) v (j)
SELECT jsonb_agg(j), json_agg(j) FROM (VALUES ('{"a": 1}'::jsonb)) v (j)
SELECT json_agg(a ORDER BY a) FROM (VALUES (ARRAY[1, 2]), (ARRAY[3])) v (a)
SELECT jsonb_agg(t), json_agg(d) FROM (VALUES ('2024-01-02 03:04:05+00'::timestamptz, '2024-01-02'::date)) v (t, d)
SELECT jsonb_object_agg(k, v), json_object_agg(k, v ORDER BY k) FROM (VALUES ('b', 1), ('a', 2)) t (k, v)
SELECT jsonb_object_agg(k, v ORDER BY v) FROM (VALUES ('a', 1), ('a', 2)) t (k, v)
SELECT jsonb_object_agg(k, v) FILTER (WHERE k IS NOT NULL) FROM (VALUES ('a', 1), (NULL, 2)) t (k, v)
SELECT jsonb_object_agg(k, v) FROM (VALUES ('a', 1), (NULL, 2)) t (k, v)
SELECT json_object_agg(n, s) FROM (VALUES (1, 'x'), (2, NULL)) t (n, s)
SELECT jsonb_object_agg(k, v) FROM (VALUES ('a', 1)) t (k, v) WHERE v > 5
SELECT g, jsonb_agg(n ORDER BY n), jsonb_object_agg(n::text, g) FROM (VALUES ('x', 1), ('y', 2), ('x', 3)) v (g, n) GROUP BY g ORDER BY g
SELECT n, jsonb_agg(n) OVER (ORDER BY n) FROM (VALUES (1), (2), (3)) v (n) ORDER BY n
SELECT jsonb_agg(jsonb_build_object('n', n, 'l', ARRAY[n]) ORDER BY n DESC) FROM (VALUES (1), (2)) v (n)
SELECT jsonb_build_object('rows', jsonb_agg(n), 'n', count(*)) FROM (VALUES (1), (2)) v (n)
SELECT jsonb_array_length(jsonb_agg(n)), jsonb_agg(n) -> 0 FROM (VALUES (1), (2)) v (n)

-- Paths: reading and writing the type.
SELECT '$'::jsonpath, '$.a'::jsonpath, 'strict $.a.b[*]'::jsonpath, 'lax $."a b"[0, 2 to last].*'::jsonpath, '$.**'::jsonpath, '$.**{2}.a'::jsonpath, '$.**{1 to last}'::jsonpath, '$.**{last}'::jsonpath
SELECT '$ ? (@.a > 1)'::jsonpath, '$ ? (@.a > 1 && @.b < 2 || !(@.c == 3))'::jsonpath, '$ ? (exists (@.x ? (@ > 1)))'::jsonpath, '$ ? ((@ > 1) is unknown)'::jsonpath
SELECT '$.a + 1 * 2'::jsonpath, '($.a + 1) * 2'::jsonpath, '-$.a'::jsonpath, '-1'::jsonpath, '+$'::jsonpath, '1 - -2'::jsonpath, '$.a / 2 % 3'::jsonpath, '-(1 + 2)'::jsonpath
SELECT '$.a like_regex "^x"'::jsonpath, '$.a like_regex "x" flag "misq"'::jsonpath, '$.a starts with "x"'::jsonpath, '$.a starts with $v'::jsonpath, '$v'::jsonpath, '$"a b"'::jsonpath
SELECT '$.type()'::jsonpath, '$.size().abs().ceiling().floor().double().keyvalue()'::jsonpath, '$.datetime()'::jsonpath, '$.datetime("yyyy-mm-dd")'::jsonpath, '(1).type()'::jsonpath, '"a".type()'::jsonpath
SELECT 'null'::jsonpath, 'true'::jsonpath, '"x\ty"'::jsonpath, '1.50'::jsonpath, '1e3'::jsonpath, '.5'::jsonpath, '5.'::jsonpath, '$.a == "x"'::jsonpath, '$.a <> 1'::jsonpath
SELECT '$.a /* comment */ .b'::jsonpath, ' $ . a [ 1 ] '::jsonpath, '$.to.last.is.exists'::jsonpath, '$.\u0061'::jsonpath, '$[$.n]'::jsonpath, '$[last - 1]'::jsonpath, '$.a?(@.b).c'
SELECT '$.a?(@.b == 1).c?(@ > 2)'::jsonpath, '($.a > 1)'::jsonpath, '$.a > 1'::jsonpath, '!($.a > 1)'::jsonpath, 'exists($.a)'::jsonpath, '($.a)'::jsonpath, '($.a.b).c'::jsonpath, '($.a + 2).b'::jsonpath
SELECT ''::jsonpath
SELECT '$.'::jsonpath
SELECT '$['::jsonpath
SELECT '$[]'::jsonpath
SELECT 'a'::jsonpath
SELECT '$ $'::jsonpath
SELECT '@'::jsonpath
SELECT 'last'::jsonpath
SELECT '$ ? (@.a)'::jsonpath
SELECT '$ ? 1'::jsonpath
SELECT '1a'::jsonpath
SELECT '01'::jsonpath
SELECT '$.a like_regex "("'::jsonpath
SELECT '$.a like_regex "a" flag "y"'::jsonpath
SELECT '$.a like_regex "a" flag "x"'::jsonpath
SELECT '$.a == 1 == 2'::jsonpath
SELECT '"abc'::jsonpath
SELECT '$.a.foo()'::jsonpath
SELECT '$.**{a}'::jsonpath
SELECT '$a$b'::jsonpath
SELECT '$.a #'::jsonpath
SELECT '"\u0000"'::jsonpath

-- Paths: finding.
SELECT jsonb_path_query('{"a": [1, 2, {"b": 3}]}', '$.a[*]')
SELECT * FROM jsonb_path_query('{"a": [1, 2, {"b": 3}]}', '$.a[*] ? (@ > 1)')
SELECT p -> 'b' FROM jsonb_path_query('[{"b": 1}, {"b": 2}]', '$[*]') p
SELECT n, p FROM (VALUES (1, '[1, 2]'::jsonb), (2, '[3]')) t (n, j), jsonb_path_query(j, '$[*] ? (@ >= 2)') p ORDER BY 1, 2
SELECT jsonb_path_query_array('[1, "1", 2, "x", null, true]', '$[*] ? (@ >= 1)'), jsonb_path_query_array('[1, "a", null]', '$[*] ? (@ == null)'), jsonb_path_query_array('[1, "a", null]', '$[*] ? (@ != null)')
SELECT jsonb_path_query_array('{"a": {"b": 1}, "c": [1, {"b": 2}]}', '$.**.b'), jsonb_path_query_array('{"a": {"b": 1}}', '$.**'), jsonb_path_query_array('{"a": {"b": 1}}', '$.**{1}'), jsonb_path_query_array('{"a": {"b": {"c": 1}}}', '$.**{2 to 3}'), jsonb_path_query_array('{"a": {"b": 1}, "c": 2}', '$.**{last}'), jsonb_path_query_array('{"a": {"b": 1}}', 'strict $.**.b')
SELECT jsonb_path_query_array('[1, 2, 3, 4, 5]', '$[1 to 3]'), jsonb_path_query_array('[1, 2, 3]', '$[last]'), jsonb_path_query_array('[1, 2, 3]', '$[last - 1, 0]'), jsonb_path_query_array('[1, 2, 3]', '$[0 to last]'), jsonb_path_query_array('[1, 2, 3]', '$[1.7]'), jsonb_path_query_array('[1, 2, 3]', '$[2 to 1]'), jsonb_path_query_array('[1, 2, 3]', '$[-1]')
SELECT jsonb_path_query_array('{"a": [{"b": 1}, {"b": 2}]}', '$.a.b'), jsonb_path_query_array('[[1, 2], [3]]', '$[*][*]'), jsonb_path_query_array('[[1, 2], [3]]', '$[*]'), jsonb_path_query_array('5', '$[0]'), jsonb_path_query_array('5', '$[*]'), jsonb_path_query_array('{"a": 1, "b": [2]}', '$.*'), jsonb_path_query_array('[{"a": 1}, {"b": 2}]', '$.*')
SELECT jsonb_path_query_array('[1, 2, 3]', '$[*] + 1', '{}', true), jsonb_path_query_array('[2]', '$[0] + 3'), jsonb_path_query_array('{"a": 7}', '$.a * 2'), jsonb_path_query_array('{"a": 7}', '$.a / 2'), jsonb_path_query_array('{"a": 7.5}', '$.a % 2'), jsonb_path_query_array('[1, 2]', '-$[*]'), jsonb_path_query_array('[1.50, 2]', '$[0] * $[1]'), jsonb_path_query_array('1', '1 / 3'), jsonb_path_query_array('1', '2 - 1.50')
SELECT jsonb_path_query_array('[1, -2.5, "a", [1], {"x": 1}, null, true]', '$[*].type()'), jsonb_path_query_array('[1, [1, 2], {}]', '$[*].size()'), jsonb_path_query_array('[-1.5, 2]', '$[*].abs()'), jsonb_path_query_array('[-1.5, 1.5]', '$[*].floor()'), jsonb_path_query_array('[-1.5, 1.5]', '$[*].ceiling()'), jsonb_path_query_array('["1.5", 2, "1e3"]', '$[*].double()')
SELECT jsonb_path_query_array('{"a": 1, "b": "x"}', '$.keyvalue()'), jsonb_path_query_array('{"a": 1, "b": {"c": 2, "d": [{"x": "yy", "z": 1.50}]}}', '$.b.d[*].keyvalue()'), jsonb_path_query_array('{"a": 1}', '$.keyvalue().keyvalue().id'), jsonb_path_query_array('[{"a": 1}, {"b": 2}]', '$[*].keyvalue().key'), jsonb_path_query_array('{}', '$.keyvalue()')
SELECT jsonb_path_query_array('[{"a": {"b": 1, "c": "text"}}, {"d": 123456.789, "e": {"f": [null, true]}}]', '$.**.keyvalue() ? (@.key != "x").id', '{}', true)
SELECT jsonb_path_query_array('["abc", "ABC", "xyz", 1]', '$[*] ? (@ like_regex "^a")'), jsonb_path_query_array('["abc", "ABC", "xyz", 1]', '$[*] ? (@ like_regex "^a" flag "i")'), jsonb_path_query_array('["a.c", "abc"]', '$[*] ? (@ like_regex "a.c" flag "q")'), jsonb_path_query_array('["a\nb", "ab"]', '$[*] ? (@ like_regex "a.b" flag "s")'), jsonb_path_query_array('["a\nb", "ab"]', '$[*] ? (@ like_regex "^b" flag "m")'), jsonb_path_query_array('["a\nb"]', '$[*] ? (@ like_regex "a.b")')
SELECT jsonb_path_query_array('["abc", "xbc", 1, null]', '$[*] ? (@ starts with "ab")'), jsonb_path_query_array('["abc", "xbc"]', '$[*] ? (@ starts with $p)', '{"p": "x"}'), jsonb_path_query_array('[1, 2, 3]', '$[*] ? (@ > $min && @ < $max)', '{"min": 1, "max": 3}')
SELECT jsonb_path_query_array('[{"a": 1}, {"b": 2}, {"a": null}]', '$[*] ? (exists (@.a))'), jsonb_path_query_array('[{"a": 1}, {"b": 2}]', '$[*] ? (!exists (@.a))'), jsonb_path_query_array('[1, "a", true]', '$[*] ? ((@ > 0) is unknown)'), jsonb_path_query_array('[{"a": [1, 2]}, {"a": [5]}]', '$[*] ? (@.a[*] > 3)'), jsonb_path_query_array('[{"a": [1, 2]}, {"a": [5]}]', '$[*] ? (@.a > 3)')
SELECT jsonb_path_query_array('[1, 2, 3]', '$[*] ? (@ > 1) ? (@ < 3)'), jsonb_path_query_array('[1, 2, 3]', '$ ? (@[*] > 2)'), jsonb_path_query_array('[1, 2, 3]', 'strict $ ? (@[*] > 2)'), jsonb_path_query_array('{"a": [1, 2, 3], "b": 2}', '$.a[*] ? (@ == $.b)'), jsonb_path_query_array('{"x": {"y": 1}}', '$.x ? (@.y == 1).y'), jsonb_path_query_array('[1, 2]', '$[*] > 1'), jsonb_path_query_array('["a"]', '$[*] > 1')
SELECT jsonb_path_query_array('[1, 1.0, 1.00, "1"]', '$[*] ? (@ == 1)'), jsonb_path_query_array('["a", "b"]', '$[*] ? (@ < "b")'), jsonb_path_query_array('[true, false]', '$[*] ? (@ == true)'), jsonb_path_query_array('[[1], {"a": 1}]', '$[*] ? (@ == @)'), jsonb_path_query_array('[{}]', '$[*] ? (@ != null)')
SELECT jsonb_path_query_first('[1, 2]', '$[*] ? (@ > 1)'), jsonb_path_query_first('[]', '$[*]'), jsonb_path_query_first('{"a": {"b": "x"}}', '$.a.b') #>> '{}', jsonb_path_query_array('[]', '$[*]'), jsonb_path_query_array('{}', '$.a')
SELECT jsonb_path_exists('{"a": 1}', '$.a'), jsonb_path_exists('{"a": 1}', '$.b'), jsonb_path_exists('{"a": 1}', 'strict $.b', '{}', true), jsonb_path_exists('[1, 2]', '$[*] ? (@ > 5)'), jsonb_path_exists('[1, 2]', '$[*] ? (@ > $x)', '{"x": 1}'), jsonb_path_exists(NULL, '$'), jsonb_path_exists('{}', NULL)
SELECT jsonb_path_match('{"a": 1}', '$.a == 1'), jsonb_path_match('{"a": 1}', '$.a > 1'), jsonb_path_match('{"a": 1}', 'exists($.b)'), jsonb_path_match('{"a": "x"}', '$.a > 1'), jsonb_path_match('{"a": 1}', '$.a', '{}', true), jsonb_path_match('{"a": true}', '$.a')
SELECT '{"a": 1}'::jsonb @? '$.a', '{"a": 1}'::jsonb @? '$.b', '{"a": 1}'::jsonb @? 'strict $.b', '{"a": 1}'::jsonb @@ '$.a == 1', '{"a": 1}'::jsonb @@ '$.a', '[1, 2]'::jsonb @@ '$[*] > 1', '[1, 2]'::jsonb @? '$[*] ? (@ > 5)'
SELECT n FROM (VALUES (1, '{"tags": ["a", "b"]}'::jsonb), (2, '{"tags": ["c"]}')) t (n, j) WHERE j @? '$.tags[*] ? (@ == "c")'
SELECT n FROM (VALUES (1, '{"x": 5}'::jsonb), (2, '{"x": 50}')) t (n, j) WHERE j @@ '$.x > 10'
SELECT jsonb_path_query_array('["2017-03-10", "12:34:56", "12:34:56+3", "2017-03-10 12:34:56", "2017-03-10T12:34:56.789 +3:10"]', '$[*].datetime()'), jsonb_path_query_array('["2017-03-10", "12:34:56", "12:34:56+3", "2017-03-10 12:34:56", "2017-03-10 12:34:56 +3:10"]', '$[*].datetime().type()')
SELECT jsonb_path_query_array('["2017-03-10", "2017-03-11", "2017-03-12 00:00:00"]', '$[*].datetime() ? (@ < "2017-03-11".datetime())'), jsonb_path_query_array('["2017-03-10", "12:00:00"]', '$[*].datetime() ? (@ >= "2017-03-10 00:00:00".datetime())')
SELECT jsonb_path_query_array_tz('["2017-03-10", "2017-03-10 12:00:00+00", "2017-03-11 01:00:00+02"]', '$[*].datetime() ? (@ < "2017-03-11".datetime())'), jsonb_path_exists_tz('["12:00:00+00"]', '$[*].datetime() ? (@ < "13:00:00".datetime())')
SELECT jsonb_path_query_array('["2017-03-10 12:00:00+00"]', '$[*].datetime() ? (@ < "2017-03-11".datetime())')
SELECT jsonb_path_query('"bogus"', '$.datetime()')
SELECT jsonb_path_query('1', '$.datetime()')
SELECT jsonb_path_query('{"a": 1}', 'strict $.b')
SELECT jsonb_path_query('{"a": 1}', 'strict $.a.b')
SELECT jsonb_path_query('{"a": 1}', 'strict $[0]')
SELECT jsonb_path_query('{"a": 1}', 'strict $[*]')
SELECT jsonb_path_query('[1]', 'strict $.*')
SELECT jsonb_path_query('[1]', 'strict $[5]')
SELECT jsonb_path_query('[1]', '$["a"]')
SELECT jsonb_path_query('[1]', '$[10000000000]')
SELECT jsonb_path_query('"a"', '-$')
SELECT jsonb_path_query('"a"', '1 + $')
SELECT jsonb_path_query('[1, 2]', '$[*] + 1')
SELECT jsonb_path_query('1', '$ / 0')
SELECT jsonb_path_query('1', '$ % 0')
SELECT jsonb_path_query('"a"', '$.abs()')
SELECT jsonb_path_query('"a"', '$.double()')
SELECT jsonb_path_query('true', '$.double()')
SELECT jsonb_path_query('"nan"', '$.double()')
SELECT jsonb_path_query('1', 'strict $.size()')
SELECT jsonb_path_query('1', '$.keyvalue()')
SELECT jsonb_path_query('[1]', '$x')
SELECT jsonb_path_query('[1]', '$x', '[]')
SELECT jsonb_path_match('{"a": 1}', '$.a')
SELECT jsonb_path_match('[true, false]', '$[*]')
SELECT jsonb_path_query('{"a": 1}', '$.a ? (')
SELECT jsonb_path_query_array('{"a": 1}', 'strict $.b', '{}', true), jsonb_path_query_first('{"a": 1}', 'strict $.b', '{}', true)
SELECT jsonb_path_query_array('{"a": [{"b": 1}, {"b": [2, 3]}]}', 'strict $.a[*].b'), jsonb_path_query_array('{"a": [{"b": 1}, {"b": [2, 3]}]}', 'lax $.a[*].b[*]')
SELECT jsonb_path_query_array('[{"a": 1}, {"a": "x"}, {}]', 'strict $[*] ? (@.a > 0)'), jsonb_path_query_array('[1, [2, [3]]]', '$.**'), jsonb_path_query_array('[1, [2, [3]]]', 'strict $.**'), jsonb_path_query_array('[1, [2, [3]]]', 'strict $.** ? (@.type() == "number")')

-- The functions behind operators, by their names.
SELECT jsonb_contains('{"a": 1, "b": [1, 2]}', '{"b": [2]}'), jsonb_contained('{"a": 1}', '{"a": 1, "b": 2}'), jsonb_exists('{"k": null}', 'k'), jsonb_exists('["k"]'::jsonb, 'x')
SELECT jsonb_exists_any('{"a": 1}', ARRAY['z', 'a']), jsonb_exists_any('{"a": 1}', '{}'), jsonb_exists_all('{"a": 1, "b": 2}', ARRAY['a', 'b']), jsonb_exists_all('{"a": 1}', '{}'::text[])
SELECT jsonb_delete_path('{"a": [1, {"b": 2}]}', '{a,1,b}'), jsonb_delete_path('[1, 2]', '{-1}'), '[]'::jsonb #- '{x}', '{}'::jsonb #- '{x}', jsonb_set('[]', '{x}', '1', false)
-- Arguments by name.
SELECT jsonb_path_query_array('[1, 2, 3]', '$[*] ? (@ > $low)', vars => '{"low": 1}'), jsonb_path_exists('1', 'strict $.a', silent => true), jsonb_path_match('"x"', '$', silent => true)
SELECT jsonb_path_query_first('[{"a": 5}]', 'strict $[*].b', silent => true), jsonb_path_query(target => '[7]', path => '$[0]')
SELECT jsonb_path_match('1', '$', silent => false)
SELECT jsonb_set_lax('{"a": 1}', '{a}', NULL, null_value_treatment => 'delete_key'), jsonb_set_lax('{"a": 1}', '{a}', NULL, null_value_treatment => 'return_target'), jsonb_set('{"a": 1}', '{b}', '2', create_if_missing => false), jsonb_insert('[1, 2]', '{0}', '9', insert_after => true)
SELECT jsonb_set_lax('{"a": 1}', '{a}', NULL, null_value_treatment => 'raise_exception')
SELECT jsonb_set('{"a": 1}', '{b}', '2', create_it => false)
SELECT make_date(year => 2024, month => 2)
-- Variables that nobody gave, also where nothing is read from them.
SELECT jsonb_path_exists('[1]', '$nobody')
SELECT jsonb '[1]' @? '$[*] ? (@ == $nobody)'
-- Patterns in paths are PostgreSQL's own.
SELECT jsonb_path_query_array('["a\b", "a\\b", "ab", "^a\\b$"]', '$[*] ? (@ like_regex "a\\b")'), jsonb_path_query_array('["a\b", "a\\b"]', '$[*] ? (@ like_regex "a\\\\b")'), jsonb_path_query_array('["a\\b", "^a\\b$"]', '$[*] ? (@ like_regex "^a\\b$" flag "q")')
SELECT jsonb_path_query_array('["abc", "ABC", "a\nb", "xa\nby"]', '$[*] ? (@ like_regex "^A.B" flag "is")'), jsonb_path_query_array('["a\nb", "ab"]', '$[*] ? (@ like_regex "a.b")'), jsonb_path_query_array('["x\nab", "ab"]', '$[*] ? (@ like_regex "^ab$" flag "m")'), jsonb_path_query_array('["aa", "abab"]', '$[*] ? (@ like_regex "^(a.)\\1$")')
SELECT '$ ? (@ like_regex "p" flag "qsmi")'::jsonpath, '$ ? (@ like_regex "p" flag "mxq")'::jsonpath, '$ ? (@ like_regex "a\\d")'::jsonpath
SELECT '$ ? (@ like_regex "(")'::jsonpath
SELECT '$ ? (@ like_regex "a" flag "x")'::jsonpath
-- Templates of dates and times, followed to the letter.
SELECT jsonb_path_query('"09-02-2024"', '$.datetime("dd-mm-yyyy")'), jsonb_path_query('"09-02-2024"', '$.datetime("dd-mm-yyyy").type()'), jsonb_path_query('"9.2.2024 7:05"', '$.datetime("dd.mm.yyyy HH24:MI")')
SELECT jsonb_path_query('"09-02-2024 17:05 +05:20"', '$.datetime("dd-mm-yyyy HH24:MI TZH:TZM")'), jsonb_path_query('"17:05 -05"', '$.datetime("HH24:MI TZH")'), jsonb_path_query('"05:04:03 PM"', '$.datetime("HH12:MI:SS PM").type()'), jsonb_path_query('"2024-02-09T17:05:06"', '$.datetime("yyyy-mm-dd\"T\"HH24:MI:SS")')
SELECT jsonb_path_query('"2024 040"', '$.datetime("yyyy ddd")'), jsonb_path_query('"February 2024"', '$.datetime("Month yyyy")'), jsonb_path_query('"17:05:06.789"', '$.datetime("HH24:MI:SS.FF3")'), jsonb_path_query('"20240209"', '$.datetime("yyyymmdd")')
SELECT jsonb_path_query('"09-02-2024 17:05"', '$.datetime("dd-mm-yyyy")')
SELECT jsonb_path_query('"09-02-2024"', '$.datetime("dd-mm-yyyy HH24")')
SELECT jsonb_path_query('"09/02/2024"', '$.datetime("dd-mm-yyyy")')
SELECT jsonb_path_query('"2024-02-09t17:05:06"', '$.datetime("yyyy-mm-dd\"T\"HH24:MI:SS")')
SELECT jsonb_path_query('"12:34"', '$.datetime("aaa")')
SELECT jsonb_path_query('"aaaa"', '$.datetime("HH24")')
SELECT jsonb_path_query('"x"', '$.datetime("TZ")')
SELECT jsonb_path_query('"2024"', '$.datetime("\"yyyy\"")')
SELECT jsonb_path_query('"2024-02-09 +05"', '$.datetime("yyyy-mm-dd TZH")')
SELECT jsonb_path_query('"2024-02-30"', '$.datetime("yyyy-mm-dd")')
SELECT jsonb '"09-02-2024"' @? '$.datetime("yyyy-mm-dd")', jsonb '"09-02-2024"' @? '$.datetime("dd-mm-yyyy")'
SELECT jsonb_path_query('"1000000-01-01"', '$.datetime() > "2020-01-01 12:00:00".datetime()'), jsonb_path_query('"0044-03-15"', '$.datetime()'), jsonb_path_query('"2024-02-09T01:02:03.4567"', '$.datetime()'), jsonb_path_query('"1000000-01-01"', '$.datetime()')
SELECT jsonb_path_query_tz('["2024-02-09", "2024-02-09 12:00:00", "2024-02-09 12:00:00+00", "12:00:00"]', '$[*].datetime() ? (@ >= "09.02.2024 12:00".datetime("dd.mm.yyyy HH24:MI"))')
-- Keys that are no scalars.
SELECT json_build_object('{a,b}'::text[], 1)
SELECT jsonb_build_object('{"a": 1}'::jsonb, 1)
SELECT jsonb_build_object(json '1', 1)
SELECT json_build_object(1, 2, true, 3, date '2024-02-09', 4, 1.50, 5)
-- VARIADIC.
SELECT json_build_array(VARIADIC ARRAY['a', NULL]), jsonb_build_array(VARIADIC '{1,2}'::int[]), json_build_array(VARIADIC NULL::text[]), json_build_object(VARIADIC '{a,1}'::text[]), json_build_array(VARIADIC '{}'::text[])
SELECT json_build_object(VARIADIC '{a,b,c}'::text[])
SELECT jsonb_extract_path('{"a": {"b": 1}}', VARIADIC ARRAY['a', 'b']), json_extract_path_text('{"a": ["x"]}', VARIADIC '{a,0}')
SELECT x, json_build_array(VARIADIC y) FROM (VALUES (1, ARRAY[2, 3]), (4, NULL), (5, '{}')) v(x, y) ORDER BY x
SELECT jsonb_build_object('k', 1, VARIADIC ARRAY['l', 'm'])
-- Records of a json keep what was written.
SELECT * FROM json_to_record('{"a":1, "b":{"y":2,  "x":[1,2]}}') AS t(a int, b json)
SELECT * FROM json_to_recordset('[{"b":{"y":2,"x":1}},{"b":[1,  2]}]') AS t(b json)
SELECT * FROM jsonb_to_record('{"b":{"y":2,  "x":[1,2]}}') AS t(b jsonb)
-- A json that is looked into is read as a whole.
SELECT json '{"a": "\ud83dX"}' -> 'a'
SELECT json '["\u0000", 1]' -> 1
SELECT json '["\u0041\ud83d\ude04", 1]' -> 0
