-- Text search in the configuration simple: vectors, queries, matching.

SELECT to_tsvector('simple', 'The Fat  Rats-and-cats at 10.5 km/h, dana@example.com https://api.example.com/v1/items?q=1#x /var/log/syslog -7 1e5'), to_tsvector('one two one'), to_tsvector(NULL), to_tsvector('simple', NULL), to_tsvector(NULL, 'a'), to_tsvector('')
SELECT to_tsvector('pg_catalog.simple', 'A'), to_tsvector('simple'::regconfig, 'A'), 'simple'::regconfig, 'pg_catalog.simple'::regconfig::oid
SELECT to_tsvector('simple', '{"a": "The Cat", "b": ["sat", {"c": "on it"}], "d": 17, "e": true, "f": null}'::jsonb), to_tsvector('{"b": "x y", "a": "z\u00e4\n\"q\""}'::json), to_tsvector('[]'::jsonb)
SELECT to_tsvector('支付失败了 ok'), to_tsvector('Straße İstanbul ΣΑΣ K'), to_tsvector('<a href="x">b</a> &amp; c <!-- d --> e'), to_tsvector('日本語123abc'), to_tsvector('🙂a🙂 ')
SELECT to_tsquery('simple', 'fat & (rat | !cat) <-> x:*'), to_tsquery('Foo-Bar:*B & it''s'), to_tsquery('pg_class'), plainto_tsquery('The foo-bar of'), phraseto_tsquery('simple', 'The Cat'), websearch_to_tsquery('simple', 'fat -"sad cat" or dog'), websearch_to_tsquery('a:b "c d')
SELECT to_tsquery(''), plainto_tsquery('  '), websearch_to_tsquery('-'), phraseto_tsquery(NULL), to_tsquery('!'' ''')
SELECT to_tsquery('a &')
SELECT to_tsquery('a b')
SELECT to_tsquery('(a')
SELECT to_tsquery('a <17000> b')
SELECT to_tsvector('nosuch', 'a')
SELECT to_tsvector(1)
SELECT to_tsquery(1)
SELECT 'b:2A,1 a:3 c ''x y'':4'::tsvector, 'a & b | !c'::tsquery, 'a:1,1,2'::tsvector, ''::tsvector, ''::tsquery, 'a <-> (b <2> c)'::tsquery, 'a:*AC'::tsquery
SELECT 'a:0'::tsvector
SELECT 'a &'::tsquery
SELECT ''''::tsvector
SELECT numnode('a & !b'::tsquery), numnode(''::tsquery), querytree('a & !b'::tsquery), querytree('!a'::tsquery), strip('a:1A b:2'::tsvector), length('a:1 b c'::tsvector), length(to_tsvector('a b a'))
SELECT to_tsvector('a b c') @@ to_tsquery('a & c'), to_tsquery('a <-> c') @@ to_tsvector('a b c'), to_tsvector('a b c') @@ 'b', 'a b c'::text @@ 'C b'::text, 'a b c'::text @@ 'b <-> c'::tsquery, 'a b' @@ 'b', to_tsvector('a') @@ NULL, NULL::tsvector @@ 'a'
SELECT strip(to_tsvector('a b')) @@ 'a <-> b', 'a:1A'::tsvector @@ 'a:B', 'a:1A'::tsvector @@ 'a:AB', to_tsvector('a') @@ 'a:A', to_tsvector('a') @@ 'a:D', to_tsvector('abc') @@ 'ab:*', to_tsvector('a') @@ ''
SELECT '{"a": "x y"}'::jsonb @@ '$.a == "x y"', to_tsvector('{"a": "x y"}'::jsonb) @@ 'y', to_tsvector('{"y": "x"}'::jsonb) @@ 'y', to_tsvector('["a", "b"]'::jsonb) @@ 'a <-> b', to_tsvector('["a b"]'::json) @@ 'a <-> b'
SELECT t, to_tsvector('simple', t) @@ to_tsquery('simple', 'payment & !refund'), to_tsvector(t) @@ phraseto_tsquery('payment failed') FROM (VALUES ('Payment failed'), ('payment refund'), ('the failed PAYMENT'), (NULL)) v (t) ORDER BY t
SELECT q, to_tsvector('simple', 'time out timeout') @@ q::tsquery FROM (VALUES ('time:*'), ('time <-> out'), ('!timeout'), ('out | x')) v (q) ORDER BY q
SELECT pg_typeof(to_tsvector('a')), pg_typeof(to_tsquery('a')), pg_typeof(to_tsvector('a') @@ 'a'), to_tsvector('a b')::text, to_tsquery('a & b')::text || '', 'a b'::text::tsvector
SELECT 1 @@ 'a'
SELECT 'a'::tsquery @@ 'a'::tsquery
SELECT to_tsvector('a') = to_tsvector('A'), 'a & b'::tsquery = 'a&b', to_tsvector('a') <> 'b'::tsvector
SELECT ARRAY[to_tsvector('a b'), NULL]
SELECT lower('İSTANBUL')
