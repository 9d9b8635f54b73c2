-- What psql's own commands make of a server: \copy, \gdesc, \gset, \gexec, \watch's road, FETCH_COUNT, savepoints of ON_ERROR_ROLLBACK.
\pset pager off
SELECT n, label, amount FROM client_events ORDER BY n \gdesc
SELECT 1 AS one, 'two' AS two \gset
\echo :one :two
SELECT 'SELECT ' || g || ' AS g' FROM generate_series(1, 2) AS g \gexec
\copy client_copied (n, label) FROM pstdin (FORMAT csv)
\copy (SELECT n, label FROM client_copied ORDER BY n) TO STDOUT
SELECT 1/0;
SELECT * FROM nowhere;
\echo :LAST_ERROR_SQLSTATE :LAST_ERROR_MESSAGE :ROW_COUNT
PREPARE double (int) AS SELECT $1 * 2 AS double;
EXECUTE double(21);
DEALLOCATE double;
\set FETCH_COUNT 100
SELECT count(*) FROM (SELECT g FROM generate_series(1, 1050) AS g) AS numbers;
SELECT g FROM generate_series(1, 250) AS g \g (format=unaligned tuples_only=on) | wc -l
\set FETCH_COUNT 0
\set ON_ERROR_ROLLBACK on
BEGIN;
SELECT 1/0;
INSERT INTO client_notes (note) VALUES ('kept');
COMMIT;
SELECT note FROM client_notes;
\set ON_ERROR_ROLLBACK off
BEGIN \; SELECT 1 AS a \; SELECT 2 AS b \; COMMIT;
SELECT n, flag, amount FROM client_events ORDER BY n \crosstabview
\x on
SELECT * FROM client_events WHERE n = 1;
\x off
\timing on
\timing off
\encoding
\d client_places
\d client_recent
\dv client_*
\echo :ENCODING :DBNAME :USER
