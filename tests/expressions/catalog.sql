-- What tools ask of the catalog, and the forms that they ask it in.

-- Access lists taken apart, in FROM and in a SELECT list, whole and by their fields.
SELECT d.* FROM aclexplode(acldefault('r', 10)) d
SELECT d.grantee, d.privilege_type FROM aclexplode(acldefault('d', 10)) AS d ORDER BY 1, 2
SELECT d.g FROM aclexplode(acldefault('f', 10)) AS d(g)
SELECT (aclexplode(acldefault('T', 10))).grantee, (aclexplode(acldefault('T', 10))).privilege_type
SELECT (d).privilege_type, (d).is_grantable, pg_typeof((d).grantor) FROM (SELECT aclexplode(acldefault('n', 10)) AS d) a ORDER BY 1
SELECT (a.d).grantee::regrole FROM (SELECT pg_catalog.aclexplode(acldefault('s', 10)) AS d) a WHERE (a.d).privilege_type = 'USAGE'
SELECT CASE (d).privilege_type WHEN 'CREATE' THEN 'C' ELSE 'U' END FROM (SELECT aclexplode(acldefault('n', 10)) AS d) a ORDER BY 1
SELECT x.k, d.privilege_type FROM (VALUES ('n'), ('l')) AS x(k), LATERAL aclexplode(acldefault(x.k::"char", 10)) d ORDER BY 1, 2
SELECT n.nspname, d.privilege_type FROM pg_namespace n LEFT JOIN LATERAL aclexplode(NULL) d ON true WHERE n.nspname = 'public'
SELECT count(*) FROM aclexplode(NULL) d
SELECT array_to_string(acldefault('d', 10), ' '), array_to_string(acldefault('c', 10), ' '), array_to_string(acldefault('p', 10), ' ')
SELECT array_to_string(acldefault('t', 10), ' ') || array_to_string(acldefault('F', 10), ' ') || array_to_string(acldefault('L', 10), ' ')
SELECT (relname).x FROM pg_class

-- Types of arguments by name.
SELECT oidvectortypes(proargtypes) FROM pg_proc WHERE proname = 'substr' AND pronargs = 3 ORDER BY 1 LIMIT 1
SELECT oidvectortypes(proargtypes) FROM pg_proc WHERE proname = 'now'

-- Functions of PostgreSQL's schema whose names are words of the grammar.
SELECT pg_catalog.substring('abcdef', 'c.'), pg_catalog.substring('abcdef', 2, 3)
SELECT pg_catalog.position('abc', 'c'), pg_catalog.overlay('abcdef', 'X', 2, 1), pg_catalog.ceil(1.5), pg_catalog.floor(1.5)
SELECT pg_catalog.current_user() = current_user, pg_catalog.current_schema()
SELECT host('10.1.2.3/24'::inet), host('10.1.2.3'::inet)

-- Queries in a sub-query of nothing else, which name what stands two levels out.
SELECT n.nspname, (SELECT array_to_string(ARRAY(SELECT d.defaclobjtype FROM pg_default_acl d WHERE d.defaclnamespace = n.oid), ',')) AS l FROM pg_namespace n WHERE n.nspname = 'public'
SELECT x, (SELECT ARRAY(SELECT y FROM (VALUES (1), (2), (3)) AS v(y) WHERE y <= x ORDER BY y)) AS l FROM generate_series(1, 3) x
SELECT x, ARRAY(SELECT generate_series(1, x)) FROM generate_series(0, 2) x ORDER BY 1
SELECT array_length(ARRAY(SELECT generate_series(1, 3)), 1)
SELECT ARRAY(SELECT jsonb_array_elements_text('["a", "b"]'))
SELECT unnest(ARRAY(SELECT generate_series(1, 2) AS n)) AS attnum
SELECT (SELECT max(a) FROM unnest(ARRAY(SELECT generate_series(1, 4))) AS u(a))

-- An output column that hides what is sorted by.
SELECT upper(c.relname) AS relname FROM pg_class c WHERE c.relname LIKE 'pg\_am%' AND c.relkind = 'r' ORDER BY c.relname
SELECT -x.a AS a, x.b FROM (VALUES (1, 'p'), (3, 'q'), (2, 'r')) AS x(a, b) ORDER BY x.a
SELECT -x.a AS a, x.b AS a FROM (VALUES (1, 3), (3, 1), (2, 2)) AS x(a, b) ORDER BY x.a DESC LIMIT 2
SELECT max(x.b) AS a, count(*) FROM (VALUES (1, 3), (1, 1), (2, 2)) AS x(a, b) GROUP BY x.a ORDER BY x.a
SELECT -x.a AS a FROM (VALUES (1), (3), (2)) AS x(a) ORDER BY x.a % 2, x.a
SELECT 'b' || x.a AS a FROM (VALUES (1), (3), (2)) AS x(a) ORDER BY 1 DESC, x.a
SELECT c.xmin IS NULL, c.tableoid::regclass FROM pg_class c WHERE c.relname = 'pg_class'

-- No row is asked for what would fail.
SELECT has_table_privilege('nothing.there', 'SELECT') WHERE false
SELECT has_table_privilege('nothing.there', 'SELECT') WHERE EXISTS (SELECT 1 FROM pg_class WHERE relname = 'not there')

-- A count beside constants.
SELECT * FROM (SELECT (SELECT count(*) FROM pg_am a WHERE a.amname = t.amname) > 0 AS x FROM pg_am t UNION SELECT false) AS u ORDER BY 1

-- What EXPLAIN is told.
EXPLAIN (ANALYZE maybe) SELECT 1
EXPLAIN (TIMING) SELECT 1
EXPLAIN (WAL on) SELECT 1
EXPLAIN (FORMAT nothing) SELECT 1

-- A sub-query beside DISTINCT ON.
SELECT DISTINCT ON (t.a) t.a, (SELECT count(*) FROM (VALUES (1), (2)) AS v(x) WHERE v.x < t.b), t.* FROM (VALUES (1, 2), (1, 3), (2, 1)) AS t(a, b) ORDER BY t.a, t.b
