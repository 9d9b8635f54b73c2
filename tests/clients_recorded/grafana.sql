-- What Grafana's PostgreSQL data source asks: the query editor's version, schemas, tables and columns, and a panel.
-- Source: grafana/grafana, public/app/plugins/datasource/grafana-postgresql-datasource/postgresMetaQuery.ts, and the macros of
-- pkg/tsdb/grafana-postgresql-datasource. A statement ends at a line that ends with a semicolon; `-- same` says that its rows are
-- PostgreSQL's too.

-- same
SELECT current_setting('server_version_num')::int/10000 as version;

SELECT extversion FROM pg_extension WHERE extname = 'timescaledb';

SELECT schema_name AS "name"
    FROM information_schema.schemata
    WHERE schema_name NOT IN ('information_schema',
                              'pg_catalog',
                              'pg_toast',
                              '_timescaledb_cache',
                              '_timescaledb_catalog',
                              '_timescaledb_internal',
                              '_timescaledb_config',
                              'timescaledb_information',
                              'timescaledb_experimental')
    ORDER BY schema_name;

-- same
SELECT quote_ident(table_name) AS "table"
      FROM information_schema.tables
      WHERE quote_ident(table_schema) = 'desk'
      ORDER BY 1;

SELECT
    CASE WHEN quote_ident(table_schema) IN (
          SELECT
            CASE WHEN trim(s[i]) = '"$user"' THEN user ELSE trim(s[i]) END
          FROM
            generate_series(
              array_lower(string_to_array(current_setting('search_path'),','),1),
              array_upper(string_to_array(current_setting('search_path'),','),1)
            ) as i,
            string_to_array(current_setting('search_path'),',') s
          )
      THEN quote_ident(table_name)
      ELSE quote_ident(table_schema) || '.' || quote_ident(table_name)
    END AS "table"
    FROM information_schema.tables
    WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog')
    ORDER BY 1;

-- same
SELECT quote_ident(column_name) AS "column", data_type AS "type"
    FROM information_schema.columns
    WHERE
      CASE WHEN array_length(parse_ident('desk.calls'),1) = 2
        THEN quote_ident(table_schema) = (parse_ident('desk.calls'))[1]
          AND quote_ident(table_name) = (parse_ident('desk.calls'))[2]
        ELSE quote_ident(table_name) = 'desk.calls'
      END;

-- same
SELECT floor(extract(epoch from occurred_at)/300)*300 AS "time", count(event_id) AS "value"
    FROM desk.calls
    WHERE occurred_at BETWEEN '2024-01-01T00:00:00Z' AND '2024-01-02T00:00:00Z'
    GROUP BY 1 ORDER BY 1;

-- The macros of panels, expanded: $__time, $__timeFilter, $__timeGroupAlias, $__timeEpoch, $__unixEpochFilter, $__unixEpochGroupAlias.
-- same
SELECT occurred_at AS "time", tries AS "value", note AS "metric"
    FROM desk.calls
    WHERE occurred_at BETWEEN '2024-01-01T00:00:00Z' AND '2024-01-02T00:00:00Z'
    ORDER BY 1,2;

-- same
SELECT floor(extract(epoch from occurred_at)/60)*60 AS "time", note AS "metric", avg(tries) AS "tries", max(price) AS "price"
    FROM desk.calls
    WHERE occurred_at BETWEEN '2024-01-01T00:00:00Z' AND '2024-01-02T00:00:00Z' AND tries IN (5,6)
    GROUP BY time, metric
    ORDER BY 1,2;

-- same
SELECT extract(epoch from occurred_at) as "time", tries
    FROM desk.calls
    WHERE extract(epoch from occurred_at) >= 1704067200 AND extract(epoch from occurred_at) <= 1704153600
    ORDER BY time ASC LIMIT 50;

-- same
SELECT floor((extract(epoch from occurred_at))/300)*300 AS "time", count(*) AS "value"
    FROM desk.calls
    GROUP BY 1 ORDER BY 1;

-- A variable's values.
-- same
SELECT DISTINCT note::text AS __text, tries AS __value FROM desk.calls ORDER BY 1;
