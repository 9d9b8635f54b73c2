-- What Apache Superset 6.1.0 asks by SQLAlchemy 1.4 and psycopg2 2.9: a new connection with its schemas, tables and their metadata,
-- datasets on a table, a reference table, a view and a query, SQL Lab, charts of every time grain with filters, series and samples.
-- Source: its application, driven by its REST interface against PostgreSQL 15, each different statement once as that server logged it,
-- but for those that define and write.

-- same
SELECT t.oid, typarray
FROM pg_type t JOIN pg_namespace ns
    ON typnamespace = ns.oid
WHERE typname = 'hstore';

select pg_catalog.version();

-- same
select current_schema();

-- same
show transaction isolation level;

-- same
show standard_conforming_strings;

-- same
SELECT 1;

SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' ORDER BY nspname;

SELECT datname FROM pg_database
WHERE datistemplate = false;

-- same
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'desk' AND c.relkind in ('r', 'p');

-- same
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'desk' AND c.relkind = 'f';

-- same
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'desk' AND c.relkind IN ('v', 'm');

-- same
SELECT c.oid
            FROM pg_catalog.pg_class c
            LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE (n.nspname = 'desk')
            AND c.relname = 'calls' AND c.relkind in
            ('r', 'v', 'm', 'f', 'p');

-- same
SELECT a.attname,
              pg_catalog.format_type(a.atttypid, a.atttypmod),
              (
                SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid)
                FROM pg_catalog.pg_attrdef d
                WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum
                AND a.atthasdef
              ) AS DEFAULT,
              a.attnotnull,
              a.attrelid as table_oid,
              pgd.description as comment,
              a.attgenerated as generated,
                              (SELECT json_build_object(
                    'always', a.attidentity = 'a',
                    'start', s.seqstart,
                    'increment', s.seqincrement,
                    'minvalue', s.seqmin,
                    'maxvalue', s.seqmax,
                    'cache', s.seqcache,
                    'cycle', s.seqcycle)
                FROM pg_catalog.pg_sequence s
                JOIN pg_catalog.pg_class c on s.seqrelid = c."oid"
                WHERE c.relkind = 'S'
                AND a.attidentity != ''
                AND s.seqrelid = pg_catalog.pg_get_serial_sequence(
                    a.attrelid::regclass::text, a.attname
                )::regclass::oid
                ) as identity_options
            FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_description pgd ON (
                pgd.objoid = a.attrelid AND pgd.objsubid = a.attnum)
            WHERE a.attrelid = 'desk.calls'::regclass
            AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum;

SELECT t.typname as "name",
               pg_catalog.format_type(t.typbasetype, t.typtypmod) as "attype",
               not t.typnotnull as "nullable",
               t.typdefault as "default",
               pg_catalog.pg_type_is_visible(t.oid) as "visible",
               n.nspname as "schema"
            FROM pg_catalog.pg_type t
               LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
            WHERE t.typtype = 'd';

-- same
SELECT t.typname as "name",
               -- no enum defaults in 8.4 at least
               -- t.typdefault as "default",
               pg_catalog.pg_type_is_visible(t.oid) as "visible",
               n.nspname as "schema",
               e.enumlabel as "label"
            FROM pg_catalog.pg_type t
                 LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
                 LEFT JOIN pg_catalog.pg_enum e ON t.oid = e.enumtypid
            WHERE t.typtype = 'e'
        ORDER BY "schema", "name", e.oid;

-- same
SELECT a.attname
                FROM pg_attribute a JOIN (
                    SELECT unnest(ix.indkey) attnum,
                           generate_subscripts(ix.indkey, 1) ord
                    FROM pg_index ix
                    WHERE ix.indrelid = 'desk.calls'::regclass AND ix.indisprimary
                    ) k ON a.attnum=k.attnum
                WHERE a.attrelid = 'desk.calls'::regclass
                ORDER BY k.ord;

-- same
SELECT conname
           FROM  pg_catalog.pg_constraint r
           WHERE r.conrelid = 'desk.calls'::regclass AND r.contype = 'p'
           ORDER BY 1;

-- same
SELECT r.conname,
                pg_catalog.pg_get_constraintdef(r.oid, true) as condef,
                n.nspname as conschema
          FROM  pg_catalog.pg_constraint r,
                pg_namespace n,
                pg_class c
          WHERE r.conrelid = 'desk.calls'::regclass AND
                r.contype = 'f' AND
                c.oid = confrelid AND
                n.oid = c.relnamespace
          ORDER BY 1;

-- same
SELECT
                  i.relname as relname,
                  ix.indisunique, ix.indexprs,
                  a.attname, a.attnum, c.conrelid, ix.indkey::varchar,
                  ix.indoption::varchar, i.reloptions, am.amname,
                  pg_get_expr(ix.indpred, ix.indrelid),
                  ix.indnkeyatts as indnkeyatts
              FROM
                  pg_class t
                        join pg_index ix on t.oid = ix.indrelid
                        join pg_class i on i.oid = ix.indexrelid
                        left outer join
                            pg_attribute a
                            on t.oid = a.attrelid and a.attnum = ANY(ix.indkey)
                        left outer join
                            pg_constraint c
                            on (ix.indrelid = c.conrelid and
                                ix.indexrelid = c.conindid and
                                c.contype in ('p', 'u', 'x'))
                        left outer join
                            pg_am am
                            on i.relam = am.oid
              WHERE
                  t.relkind IN ('r', 'v', 'f', 'm', 'p')
                  and t.oid = 'desk.calls'::regclass
                  and ix.indisprimary = 'f'
              ORDER BY
                  t.relname,
                  i.relname;

-- same
SELECT
                pgd.description as table_comment
            FROM
                pg_catalog.pg_description pgd
            WHERE
                pgd.objsubid = 0 AND
                pgd.objoid = 'desk.calls'::regclass;

-- same
set search_path = "desk";

SELECT pg_backend_pid();

-- same
SELECT
  *
FROM desk.calls
LIMIT 1001;

-- same
SELECT
  COUNT(*),
  SUM(tries)
FROM desk.calls
LIMIT 1001;

-- same
SELECT
  *
FROM GENERATE_SERIES(1, 5000) AS n
LIMIT 101;

SELECT
  CURRENT_TIMESTAMP AS at,
  'x' AS x,
  1.5 AS n,
  NULL AS nothing,
  TRUE AS b,
  ARRAY[1, 2] AS a,
  details
FROM desk.calls
LIMIT 1001;

-- same
SHOW search_path;

EXPLAIN SELECT
  *
FROM desk.calls;

-- same
SELECT
                cons.conname as name,
                cons.conkey as key,
                a.attnum as col_num,
                a.attname as col_name
            FROM
                pg_catalog.pg_constraint cons
                join pg_attribute a
                  on cons.conrelid = a.attrelid AND
                    a.attnum = ANY(cons.conkey)
            WHERE
                cons.conrelid = 'desk.calls'::regclass AND
                cons.contype = 'u';

-- same
SELECT
                cons.conname as name,
                pg_get_constraintdef(cons.oid) as src
            FROM
                pg_catalog.pg_constraint cons
            WHERE
                cons.conrelid = 'desk.calls'::regclass AND
                cons.contype = 'c';

-- same
select relname from pg_class c join pg_namespace n on n.oid=c.relnamespace where n.nspname='desk' and relname='calls';

-- same
SELECT
  COUNT(*) AS count
FROM desk.calls
LIMIT 100;

-- same
SELECT
  event_id AS event_id,
  occurred_at AS occurred_at,
  tries AS tries,
  note AS note,
  price AS price,
  tags AS tags,
  details AS details
FROM desk.calls
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('SECOND', occurred_at) AS __timestamp,
  DATE_TRUNC('SECOND', occurred_at) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('SECOND', occurred_at),
  DATE_TRUNC('SECOND', occurred_at)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('MINUTE', occurred_at) + INTERVAL '5 SECONDS' * FLOOR(EXTRACT(SECOND FROM occurred_at) / 5) AS __timestamp,
  DATE_TRUNC('MINUTE', occurred_at) + INTERVAL '5 SECONDS' * FLOOR(EXTRACT(SECOND FROM occurred_at) / 5) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('MINUTE', occurred_at) + INTERVAL '5 SECONDS' * FLOOR(EXTRACT(SECOND FROM occurred_at) / 5),
  DATE_TRUNC('MINUTE', occurred_at) + INTERVAL '5 SECONDS' * FLOOR(EXTRACT(SECOND FROM occurred_at) / 5)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('MINUTE', occurred_at) + INTERVAL '30 SECONDS' * FLOOR(EXTRACT(SECOND FROM occurred_at) / 30) AS __timestamp,
  DATE_TRUNC('MINUTE', occurred_at) + INTERVAL '30 SECONDS' * FLOOR(EXTRACT(SECOND FROM occurred_at) / 30) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('MINUTE', occurred_at) + INTERVAL '30 SECONDS' * FLOOR(EXTRACT(SECOND FROM occurred_at) / 30),
  DATE_TRUNC('MINUTE', occurred_at) + INTERVAL '30 SECONDS' * FLOOR(EXTRACT(SECOND FROM occurred_at) / 30)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('MINUTE', occurred_at) AS __timestamp,
  DATE_TRUNC('MINUTE', occurred_at) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('MINUTE', occurred_at),
  DATE_TRUNC('MINUTE', occurred_at)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '5 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 5) AS __timestamp,
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '5 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 5) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '5 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 5),
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '5 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 5)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '10 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 10) AS __timestamp,
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '10 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 10) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '10 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 10),
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '10 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 10)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '15 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 15) AS __timestamp,
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '15 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 15) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '15 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 15),
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '15 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 15)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '30 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 30) AS __timestamp,
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '30 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 30) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '30 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 30),
  DATE_TRUNC('HOUR', occurred_at) + INTERVAL '30 MINUTES' * FLOOR(EXTRACT(MINUTE FROM occurred_at) / 30)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('HOUR', occurred_at) AS __timestamp,
  DATE_TRUNC('HOUR', occurred_at) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('HOUR', occurred_at),
  DATE_TRUNC('HOUR', occurred_at)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('DAY', occurred_at) AS __timestamp,
  DATE_TRUNC('DAY', occurred_at) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('DAY', occurred_at),
  DATE_TRUNC('DAY', occurred_at)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('WEEK', occurred_at) AS __timestamp,
  DATE_TRUNC('WEEK', occurred_at) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('WEEK', occurred_at),
  DATE_TRUNC('WEEK', occurred_at)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('MONTH', occurred_at) AS __timestamp,
  DATE_TRUNC('MONTH', occurred_at) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('MONTH', occurred_at),
  DATE_TRUNC('MONTH', occurred_at)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('QUARTER', occurred_at) AS __timestamp,
  DATE_TRUNC('QUARTER', occurred_at) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('QUARTER', occurred_at),
  DATE_TRUNC('QUARTER', occurred_at)
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('YEAR', occurred_at) AS __timestamp,
  DATE_TRUNC('YEAR', occurred_at) AS occurred_at,
  COUNT(*) AS count
FROM desk.calls
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
GROUP BY
  DATE_TRUNC('YEAR', occurred_at),
  DATE_TRUNC('YEAR', occurred_at)
LIMIT 100;

-- same
SELECT
  note AS note,
  COUNT(*) AS count
FROM desk.calls
WHERE
  tries > 1 AND note IS NULL
GROUP BY
  note
ORDER BY
  count DESC
LIMIT 100;

-- same
SELECT
  tries AS tries,
  COUNT(*) AS count
FROM desk.calls
WHERE
  tries IN (5, 6) AND note IS NULL
GROUP BY
  tries
LIMIT 100;

-- same
SELECT
  COUNT(*) AS count
FROM desk.calls
WHERE
  note ILIKE '%a%' AND note LIKE 'a%'
LIMIT 100;

-- same
SELECT
  DATE_TRUNC('DAY', occurred_at) AS __timestamp,
  tries AS tries,
  AVG(tries) AS "AVG",
  SUM(tries) AS "SUM",
  MIN(tries) AS "MIN",
  MAX(tries) AS "MAX",
  COUNT(tries) AS "COUNT",
  COUNT(DISTINCT tries) AS "COUNT_DISTINCT"
FROM desk.calls
JOIN (
  SELECT
    tries AS tries__,
    AVG(tries) AS mme_inner__
  FROM desk.calls
  WHERE
    (
      tries > 0
    )
    AND occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
    AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  GROUP BY
    tries
  ORDER BY
    COUNT(*) DESC
  LIMIT 5
) AS series_limit
  ON tries = tries__
WHERE
  occurred_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND occurred_at < TO_TIMESTAMP('2024-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
  AND (
    tries > 0
  )
GROUP BY
  tries,
  DATE_TRUNC('DAY', occurred_at)
HAVING
  (
    COUNT(*) > 0
  )
LIMIT 100;

-- same
SELECT
  occurred_at AS occurred_at,
  tries AS tries
FROM desk.calls
ORDER BY
  occurred_at ASC
LIMIT 100;

-- same
SELECT
  COUNT(*) AS rowcount
FROM (
  SELECT
    COUNT(*) AS count
  FROM desk.calls
  LIMIT 100
) AS rowcount_qry;

-- same
SELECT DISTINCT note AS column_values
FROM desk.calls
 LIMIT 10000;

-- same
SELECT
  COUNT(*) AS count
FROM desk.agents
LIMIT 100;

-- same
SELECT
  id AS id,
  team AS team
FROM desk.agents
LIMIT 100;

-- same
SELECT
  COUNT(*) AS count
FROM desk.many_tries
LIMIT 100;

-- same
SELECT
  event_id AS event_id,
  tries AS tries
FROM desk.many_tries
LIMIT 100;

-- same
SELECT
  tries,
  COUNT(*) AS n
FROM desk.calls
GROUP BY
  1
LIMIT 1;

-- same
SELECT
  tries AS tries,
  COUNT(*) AS count
FROM (
  SELECT
    tries,
    COUNT(*) AS n
  FROM desk.calls
  GROUP BY
    1
) AS virtual_table
GROUP BY
  tries
LIMIT 10;
