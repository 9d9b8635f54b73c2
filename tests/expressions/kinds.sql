-- Values of every type through what hands them on: the type and the value come out as they went in. Several types share one form in
-- memory, and only what is said beside it tells them apart.

-- bool
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, 'f'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE 't' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, 'f') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, 't') FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x)
SELECT x, x = 'f', x < 't', x IN ('f', 't'), x BETWEEN 'f' AND 'f', x IS DISTINCT FROM 't' FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) INTERSECT SELECT 'f' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) a (n, x) JOIN (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, 'f'::bool), (2, 't'), (3, NULL)) s (n, x) ORDER BY n

-- int2
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '-3'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '7' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '-3') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '7') FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x)
SELECT x, x = '-3', x < '7', x IN ('-3', '7'), x BETWEEN '-3' AND '-3', x IS DISTINCT FROM '7' FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) INTERSECT SELECT '-3' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) a (n, x) JOIN (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '-3'::int2), (2, '7'), (3, NULL)) s (n, x) ORDER BY n

-- int4
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '-3'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '7' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '-3') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '7') FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x)
SELECT x, x = '-3', x < '7', x IN ('-3', '7'), x BETWEEN '-3' AND '-3', x IS DISTINCT FROM '7' FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) INTERSECT SELECT '-3' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) a (n, x) JOIN (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '-3'::int4), (2, '7'), (3, NULL)) s (n, x) ORDER BY n

-- int8
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '-3'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '7' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '-3') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '7') FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x)
SELECT x, x = '-3', x < '7', x IN ('-3', '7'), x BETWEEN '-3' AND '-3', x IS DISTINCT FROM '7' FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) INTERSECT SELECT '-3' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) a (n, x) JOIN (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '-3'::int8), (2, '7'), (3, NULL)) s (n, x) ORDER BY n

-- float4
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '-1.5'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '2.25' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '-1.5') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '2.25') FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x)
SELECT x, x = '-1.5', x < '2.25', x IN ('-1.5', '2.25'), x BETWEEN '-1.5' AND '-1.5', x IS DISTINCT FROM '2.25' FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) INTERSECT SELECT '-1.5' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) a (n, x) JOIN (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '-1.5'::float4), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n

-- float8
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '-1.5'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '1e300' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '-1.5') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '1e300') FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x)
SELECT x, x = '-1.5', x < '1e300', x IN ('-1.5', '1e300'), x BETWEEN '-1.5' AND '-1.5', x IS DISTINCT FROM '1e300' FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) INTERSECT SELECT '-1.5' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) a (n, x) JOIN (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '-1.5'::float8), (2, '1e300'), (3, NULL)) s (n, x) ORDER BY n

-- numeric(6,2)
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '-1.50'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '2.25' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '-1.50') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '2.25') FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x)
SELECT x, x = '-1.50', x < '2.25', x IN ('-1.50', '2.25'), x BETWEEN '-1.50' AND '-1.50', x IS DISTINCT FROM '2.25' FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) INTERSECT SELECT '-1.50' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) a (n, x) JOIN (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '-1.50'::numeric(6,2)), (2, '2.25'), (3, NULL)) s (n, x) ORDER BY n

-- text
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, 'a,b'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE 'Z z' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, 'a,b') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, 'Z z') FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x)
SELECT x, x = 'a,b', x < 'Z z', x IN ('a,b', 'Z z'), x BETWEEN 'a,b' AND 'a,b', x IS DISTINCT FROM 'Z z' FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) INTERSECT SELECT 'a,b' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) a (n, x) JOIN (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, 'a,b'::text), (2, 'Z z'), (3, NULL)) s (n, x) ORDER BY n

-- varchar
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, 'a'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE 'b' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, 'a') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, 'b') FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x)
SELECT x, x = 'a', x < 'b', x IN ('a', 'b'), x BETWEEN 'a' AND 'a', x IS DISTINCT FROM 'b' FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) INTERSECT SELECT 'a' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) a (n, x) JOIN (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, 'a'::varchar), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n

-- varchar(4)
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, 'ab'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE 'cd' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, 'ab') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, 'cd') FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x)
SELECT x, x = 'ab', x < 'cd', x IN ('ab', 'cd'), x BETWEEN 'ab' AND 'ab', x IS DISTINCT FROM 'cd' FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) INTERSECT SELECT 'ab' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) a (n, x) JOIN (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, 'ab'::varchar(4)), (2, 'cd'), (3, NULL)) s (n, x) ORDER BY n

-- name
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, 'a'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE 'b' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, 'a') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, 'b') FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x)
SELECT x, x = 'a', x < 'b', x IN ('a', 'b'), x BETWEEN 'a' AND 'a', x IS DISTINCT FROM 'b' FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) INTERSECT SELECT 'a' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) a (n, x) JOIN (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, 'a'::name), (2, 'b'), (3, NULL)) s (n, x) ORDER BY n

-- "char"
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, 'c'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE 'd' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, 'c') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, 'd') FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x)
SELECT x, x = 'c', x < 'd', x IN ('c', 'd'), x BETWEEN 'c' AND 'c', x IS DISTINCT FROM 'd' FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) INTERSECT SELECT 'c' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) a (n, x) JOIN (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, 'c'::"char"), (2, 'd'), (3, NULL)) s (n, x) ORDER BY n

-- bytea
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '\x00'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '\xff' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '\x00') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '\xff') FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x)
SELECT x, x = '\x00', x < '\xff', x IN ('\x00', '\xff'), x BETWEEN '\x00' AND '\x00', x IS DISTINCT FROM '\xff' FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) INTERSECT SELECT '\x00' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) a (n, x) JOIN (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '\x00'::bytea), (2, '\xff'), (3, NULL)) s (n, x) ORDER BY n

-- uuid
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '0198c0de-0000-7000-8000-00000000abcd'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE 'ffffffff-0000-4000-8000-000000000000' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '0198c0de-0000-7000-8000-00000000abcd') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, 'ffffffff-0000-4000-8000-000000000000') FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x)
SELECT x, x = '0198c0de-0000-7000-8000-00000000abcd', x < 'ffffffff-0000-4000-8000-000000000000', x IN ('0198c0de-0000-7000-8000-00000000abcd', 'ffffffff-0000-4000-8000-000000000000'), x BETWEEN '0198c0de-0000-7000-8000-00000000abcd' AND '0198c0de-0000-7000-8000-00000000abcd', x IS DISTINCT FROM 'ffffffff-0000-4000-8000-000000000000' FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) INTERSECT SELECT '0198c0de-0000-7000-8000-00000000abcd' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) a (n, x) JOIN (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '0198c0de-0000-7000-8000-00000000abcd'::uuid), (2, 'ffffffff-0000-4000-8000-000000000000'), (3, NULL)) s (n, x) ORDER BY n

-- date
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '1999-12-31'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '2024-02-29' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '1999-12-31') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '2024-02-29') FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x)
SELECT x, x = '1999-12-31', x < '2024-02-29', x IN ('1999-12-31', '2024-02-29'), x BETWEEN '1999-12-31' AND '1999-12-31', x IS DISTINCT FROM '2024-02-29' FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) INTERSECT SELECT '1999-12-31' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) a (n, x) JOIN (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '1999-12-31'::date), (2, '2024-02-29'), (3, NULL)) s (n, x) ORDER BY n

-- time
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '01:02:03'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '23:59:59.5' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '01:02:03') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '23:59:59.5') FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x)
SELECT x, x = '01:02:03', x < '23:59:59.5', x IN ('01:02:03', '23:59:59.5'), x BETWEEN '01:02:03' AND '01:02:03', x IS DISTINCT FROM '23:59:59.5' FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) INTERSECT SELECT '01:02:03' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) a (n, x) JOIN (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '01:02:03'::time), (2, '23:59:59.5'), (3, NULL)) s (n, x) ORDER BY n

-- timestamp
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '1999-12-31 23:59:59'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '2024-02-29 12:00' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '1999-12-31 23:59:59') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '2024-02-29 12:00') FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x)
SELECT x, x = '1999-12-31 23:59:59', x < '2024-02-29 12:00', x IN ('1999-12-31 23:59:59', '2024-02-29 12:00'), x BETWEEN '1999-12-31 23:59:59' AND '1999-12-31 23:59:59', x IS DISTINCT FROM '2024-02-29 12:00' FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) INTERSECT SELECT '1999-12-31 23:59:59' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) a (n, x) JOIN (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '1999-12-31 23:59:59'::timestamp), (2, '2024-02-29 12:00'), (3, NULL)) s (n, x) ORDER BY n

-- timestamptz
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '1999-12-31 23:59:59+00'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '2024-02-29 12:00+02' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '1999-12-31 23:59:59+00') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '2024-02-29 12:00+02') FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x)
SELECT x, x = '1999-12-31 23:59:59+00', x < '2024-02-29 12:00+02', x IN ('1999-12-31 23:59:59+00', '2024-02-29 12:00+02'), x BETWEEN '1999-12-31 23:59:59+00' AND '1999-12-31 23:59:59+00', x IS DISTINCT FROM '2024-02-29 12:00+02' FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) INTERSECT SELECT '1999-12-31 23:59:59+00' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) a (n, x) JOIN (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '1999-12-31 23:59:59+00'::timestamptz), (2, '2024-02-29 12:00+02'), (3, NULL)) s (n, x) ORDER BY n

-- interval
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '1 day'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '2 mons 01:00' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '1 day') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '2 mons 01:00') FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x)
SELECT x, x = '1 day', x < '2 mons 01:00', x IN ('1 day', '2 mons 01:00'), x BETWEEN '1 day' AND '1 day', x IS DISTINCT FROM '2 mons 01:00' FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) INTERSECT SELECT '1 day' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) a (n, x) JOIN (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '1 day'::interval), (2, '2 mons 01:00'), (3, NULL)) s (n, x) ORDER BY n

-- jsonb
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '{"a": 1}'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '[2, "x"]' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '{"a": 1}') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '[2, "x"]') FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x)
SELECT x, x = '{"a": 1}', x < '[2, "x"]', x IN ('{"a": 1}', '[2, "x"]'), x BETWEEN '{"a": 1}' AND '{"a": 1}', x IS DISTINCT FROM '[2, "x"]' FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) INTERSECT SELECT '{"a": 1}' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) a (n, x) JOIN (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '{"a": 1}'::jsonb), (2, '[2, "x"]'), (3, NULL)) s (n, x) ORDER BY n

-- json
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1) FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, u FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '{"a" :1}'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '[2]' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '{"a" :1}') u ORDER BY n
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '{"a" :1}'::json), (2, '[2]'), (3, NULL)) s (n, x) ORDER BY n

-- inet
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '10.0.0.1'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '192.168.0.0/16' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '10.0.0.1') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '192.168.0.0/16') FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x)
SELECT x, x = '10.0.0.1', x < '192.168.0.0/16', x IN ('10.0.0.1', '192.168.0.0/16'), x BETWEEN '10.0.0.1' AND '10.0.0.1', x IS DISTINCT FROM '192.168.0.0/16' FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) INTERSECT SELECT '10.0.0.1' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) a (n, x) JOIN (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '10.0.0.1'::inet), (2, '192.168.0.0/16'), (3, NULL)) s (n, x) ORDER BY n

-- oid
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, '7'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '4000000000' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '7') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '4000000000') FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x)
SELECT x, x = '7', x < '4000000000', x IN ('7', '4000000000'), x BETWEEN '7' AND '7', x IS DISTINCT FROM '4000000000' FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) INTERSECT SELECT '7' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) a (n, x) JOIN (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '7'::oid), (2, '4000000000'), (3, NULL)) s (n, x) ORDER BY n

-- regclass
SELECT array_agg(x ORDER BY n), array_agg(x ORDER BY n) FILTER (WHERE n > 1), array_agg(x ORDER BY n) = array_agg(x ORDER BY n) FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x)
SELECT ARRAY[x], ARRAY[x, x] || x, x || ARRAY[x], ARRAY[x] || ARRAY[x, NULL], (ARRAY[x, NULL])[1], (ARRAY[x, NULL])[1:1], array_append(ARRAY[x], x), array_prepend(x, ARRAY[x]), array_cat(ARRAY[x], ARRAY[x]), cardinality(ARRAY[x, x]) FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_to_string(ARRAY[x, NULL, x], ', '), array_to_string(ARRAY[x, NULL], ',', '*'), ARRAY(SELECT x FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) ORDER BY n)  FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) ORDER BY n
SELECT array_remove(ARRAY[x, x], x), array_replace(ARRAY[x], x, NULL), array_position(ARRAY[NULL, x], x), array_positions(ARRAY[x, x], x), x = ANY (ARRAY[x]), x <> ALL (ARRAY[x]), ARRAY[x] @> ARRAY[x] FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) WHERE n < 3 ORDER BY n
SELECT n, u FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x), unnest(ARRAY[x, NULL]) u ORDER BY n, u IS NULL
SELECT n, unnest(ARRAY[x, x]) FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) ORDER BY n
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT n, array_agg(x) OVER (ORDER BY n) FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) ORDER BY n
SELECT coalesce(x, 'pg_class'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE 'pg_type' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, 'pg_class') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, 'pg_type') FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x)
SELECT x, x = 'pg_class', x < 'pg_type', x IN ('pg_class', 'pg_type'), x BETWEEN 'pg_class' AND 'pg_class', x IS DISTINCT FROM 'pg_type' FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) INTERSECT SELECT 'pg_class' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) a (n, x) JOIN (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, 'pg_class'::regclass), (2, 'pg_type'), (3, NULL)) s (n, x) ORDER BY n

-- text[]
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT coalesce(x, '{a,NULL}'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '{b}' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '{a,NULL}') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '{b}') FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x)
SELECT x, x = '{a,NULL}', x < '{b}', x IN ('{a,NULL}', '{b}'), x BETWEEN '{a,NULL}' AND '{a,NULL}', x IS DISTINCT FROM '{b}' FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x) INTERSECT SELECT '{a,NULL}' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) a (n, x) JOIN (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '{a,NULL}'::text[]), (2, '{b}'), (3, NULL)) s (n, x) ORDER BY n

-- int4[]
SELECT n, lag(x) OVER w, lag(x, 1, x) OVER w, lead(x, 2) OVER w, first_value(x) OVER w, last_value(x) OVER w, nth_value(x, 2) OVER w FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x) WINDOW w AS (ORDER BY n) ORDER BY n
SELECT coalesce(x, '{1}'), CASE WHEN n = 1 THEN x END, CASE n WHEN 1 THEN x ELSE '{2,3}' END, (SELECT x), (SELECT max(i.n) FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) i (n, x) WHERE i.n = o.n) FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) o (n, x) ORDER BY n
SELECT x FROM (SELECT n, x FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x) UNION ALL SELECT 4, NULL UNION ALL SELECT 5, '{1}') u ORDER BY n
SELECT x, count(*), count(x) FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x) GROUP BY x ORDER BY x NULLS FIRST
SELECT DISTINCT x FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x) ORDER BY x DESC NULLS LAST
SELECT count(DISTINCT x), greatest(x, x), least(x, NULL), nullif(x, '{2,3}') FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x) WHERE n = 1 GROUP BY x
SELECT mode() WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x)
SELECT x, x = '{1}', x < '{2,3}', x IN ('{1}', '{2,3}'), x BETWEEN '{1}' AND '{1}', x IS DISTINCT FROM '{2,3}' FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x) ORDER BY n
SELECT x FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x) INTERSECT SELECT '{1}' ORDER BY 1
SELECT a.n, x FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) a (n, x) JOIN (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) b (n, x) USING (x) ORDER BY x
SELECT DISTINCT ON (x) x, n FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x) ORDER BY x, n
SELECT min(x), max(x), max(x) FILTER (WHERE n = 1) FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x)
SELECT x, sum(n) FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x) GROUP BY GROUPING SETS ((x), ()) ORDER BY x NULLS LAST, 2
WITH RECURSIVE r (n, x) AS (SELECT n, x FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x) UNION ALL SELECT n + 3, x FROM r WHERE n < 4) SELECT x FROM r ORDER BY n
SELECT l.y FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x), LATERAL (SELECT x AS y) l ORDER BY n
SELECT (SELECT x FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x) WHERE n = 2), EXISTS (SELECT x FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x)), pg_typeof(x), x::text, to_jsonb(x) FROM (VALUES (1, '{1}'::int4[]), (2, '{2,3}'), (3, NULL)) s (n, x) ORDER BY n
