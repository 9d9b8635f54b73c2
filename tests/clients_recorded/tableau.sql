-- What Tableau asks through psqlODBC (and, from 2021 on, pgJDBC): the driver's catalog calls, and Tableau's own wrapping of a query.
-- Source: psqlODBC 13 (info.c: SQLTables, SQLColumns, SQLPrimaryKeys, SQLStatistics, SQLForeignKeys) and pgJDBC 42 (PgDatabaseMetaData,
-- PgResultSetMetaData), as they log at a PostgreSQL 15. Tableau's own source is not public: its probes below are as users' server logs show
-- them.

SET DateStyle = 'ISO';

SET extra_float_digits = 2;

-- same
show transaction_isolation;

select oid, typbasetype from pg_type where typname = 'lo';

-- same
select relname, nspname, relkind::text from pg_catalog.pg_class c, pg_catalog.pg_namespace n where relkind in ('r', 'v', 'm', 'f', 'p') and nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1') and n.oid = relnamespace and nspname = 'desk' order by nspname, relname;

-- same
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind::text, pg_get_expr(d.adbin, d.adrelid) is not null, case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, attidentity::text, c.relhassubclass from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.relname = 'calls' and n.nspname = 'desk') inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid) inner join pg_catalog.pg_type t on t.oid = a.atttypid) left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum;

-- same
select ta.attname, ia.attnum, ic.relname, n.nspname, tc.relname from pg_catalog.pg_attribute ta, pg_catalog.pg_attribute ia, pg_catalog.pg_class tc, pg_catalog.pg_index i, pg_catalog.pg_namespace n, pg_catalog.pg_class ic where tc.relname = 'agents' AND n.nspname = 'desk' AND tc.oid = i.indrelid AND n.oid = tc.relnamespace AND i.indisprimary = 't' AND ia.attrelid = i.indexrelid AND ta.attrelid = i.indrelid AND ta.attnum = i.indkey[ia.attnum-1] AND (NOT ta.attisdropped) AND (NOT ia.attisdropped) AND ic.oid = i.indexrelid order by ia.attnum;

-- same
select c.relname, i.indkey, i.indisunique, i.indisclustered, a.amname, c.relhasrules, n.nspname, d.relhasindex, i.indoption from pg_catalog.pg_index i, pg_catalog.pg_class c, pg_catalog.pg_class d, pg_catalog.pg_am a, pg_catalog.pg_namespace n where d.relname = 'agents' and n.nspname = 'desk' and n.oid = d.relnamespace and d.oid = i.indrelid and i.indexrelid = c.oid and c.relam = a.oid order by i.indisprimary desc, i.indisunique, n.nspname, c.relname;

-- same
SELECT result.TABLE_CAT, result.TABLE_SCHEM, result.TABLE_NAME, result.COLUMN_NAME, result.KEY_SEQ, result.PK_NAME FROM (SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM,   ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME,   (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME,   information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM FROM pg_catalog.pg_class ct   JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid)   JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid)   JOIN pg_catalog.pg_index i ON ( a.attrelid = i.indrelid)   JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) WHERE true  AND n.nspname = 'desk' AND ct.relname = 'agents' AND i.indisprimary  ) result where  result.A_ATTNUM = (result.KEYS).x  ORDER BY result.table_name, result.pk_name, result.key_seq;

-- refused
CREATE TEMPORARY TABLE "#Tableau_1_Connect" ("COL" INTEGER) ON COMMIT PRESERVE ROWS;

-- same
SELECT "calls"."tries" AS "tries" FROM "desk"."calls" "calls" GROUP BY 1;

-- same
SELECT SUM(1) AS "cnt:calls:ok", CAST(DATE_TRUNC('DAY', CAST("calls"."occurred_at" AS TIMESTAMP WITHOUT TIME ZONE)) AS DATE) AS "tdy:occurred_at:ok" FROM "desk"."calls" "calls" GROUP BY 2;

-- Can rows be kept for later by a query? Then it is asked without.
-- refused
SELECT "COL" INTO TEMPORARY TABLE "#Tableau_2_CTAS" FROM (SELECT 1 AS "COL") AS "CHECKTEMP" LIMIT 1;

-- same
SELECT "COL" AS "COL" FROM (SELECT 1 AS "COL") AS "SUBQUERY" GROUP BY 1 HAVING (COUNT(1) > 0) LIMIT 1;

-- same
SELECT "calls"."note" AS "note", "calls"."tries" AS "tries", SUM((CASE WHEN ("calls"."tries" > 3) THEN 1 ELSE 0 END)) AS "sum:many:ok" FROM "desk"."calls" "calls" INNER JOIN (SELECT "calls"."tries" AS "tries", COUNT(1) AS "$__alias__0" FROM "desk"."calls" "calls" GROUP BY 1 ORDER BY 2 DESC, 1 ASC LIMIT 10) "t0" ON (("calls"."tries" = "t0"."tries") OR (("calls"."tries" IS NULL) AND ("t0"."tries" IS NULL))) GROUP BY 1, 2;
