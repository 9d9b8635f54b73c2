-- Settings, transactions and other state of a session, as far as one statement shows it.
SHOW transaction_isolation
SHOW transaction_read_only
SHOW TRANSACTION ISOLATION LEVEL
SHOW no_such_setting
SHOW search_path
SET no_such_setting = 1
SET statement_timeout = '5 parsecs'
SET extra_float_digits = 4
RESET no_such_setting
SELECT current_setting('no.such', true)
SELECT current_setting('no.such')
SELECT set_config('annals_test.own', 'x', true)
SELECT set_config('no_such_setting', 'x', false)
SAVEPOINT s
ROLLBACK TO s
RELEASE s
COMMIT AND CHAIN
FETCH NEXT FROM nobody
MOVE 3 IN nobody
CLOSE nobody
EXECUTE nobody
DEALLOCATE nobody
DECLARE c CURSOR FOR SELECT 1
SELECT pg_sleep(0)::text
SELECT pg_notify('', 'x')
SELECT pg_cancel_backend(1)
SELECT count(*) FROM pg_listening_channels()
SELECT count(*) FROM pg_cursors
-- Every style of dates, under both orders of day and month.
SET TimeZone = 'America/Los_Angeles'
SET DateStyle = 'SQL, MDY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'SQL, DMY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'Postgres, MDY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'Postgres, DMY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'German'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'Postgres, YMD'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'ISO, DMY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET TimeZone = 5.5
SET DateStyle = 'SQL, MDY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'SQL, DMY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'Postgres, MDY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'Postgres, DMY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'German'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'Postgres, YMD'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'ISO, DMY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET TimeZone = 'Asia/Kathmandu'
SET DateStyle = 'SQL, MDY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'SQL, DMY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'Postgres, MDY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'Postgres, DMY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'German'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'Postgres, YMD'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SET DateStyle = 'ISO, DMY'
SELECT date '2024-01-05', date '0044-03-15 BC', date '12024-12-31', date 'infinity', timestamp '2024-01-05 10:00:00.120', timestamp '0001-01-01 00:00:00 BC', timestamptz '2024-07-05 23:59:59.999999+00', timestamptz '1850-01-01 00:00+00', timestamptz '-infinity', to_json(date '2024-01-05'), to_json(timestamp '2024-01-05 10:00'), (timestamptz '2024-01-05 10:00+00')::text
SHOW DateStyle
SELECT date '1/2/2024', timestamp '5.6.2024 7:08'
SET DateStyle = 'German'
SHOW DateStyle
SET DateStyle = 'sql'
SHOW DateStyle
SET DateStyle = 'postgresql, european'
SHOW DateStyle
SET DateStyle = 'ISO, SQL'
SET DateStyle = 'DMY, MDY'
SET DateStyle = 'German, nonsense'
SET DateStyle = 'default'
SHOW DateStyle
RESET DateStyle
RESET TimeZone
-- Settings of PostgreSQL's that tools set.
SELECT set_config('TimeZone', '+02:00', true), set_config('TimeZone', 'utc+3', true), set_config('TimeZone', 'CST7CDT,M4.1.0,M10.5.0', true), set_config('TimeZone', '-00:30', true), set_config('TimeZone', '00:30', true)
SELECT set_config('TimeZone', 'CST7CDT,M4', true)
SELECT set_config('max_stack_depth', '100kB', true), set_config('jit_above_cost', '-1', true), set_config('default_toast_compression', 'lz4', true), set_config('log_min_duration_statement', '-1', true), set_config('vacuum_cost_delay', '0', true), set_config('track_activities', 'off', true), set_config('debug_print_plan', 'on', true)
SELECT set_config('jit_above_cost', '-2', true)
SELECT set_config('max_stack_depth', '5kB', true)
SELECT set_config('log_statement', 'some', true)
SELECT name, setting, unit, vartype FROM pg_settings WHERE name IN ('max_stack_depth', 'geqo_effort', 'jit_above_cost', 'log_min_messages', 'gin_pending_list_limit', 'vacuum_cost_limit', 'xmlbinary') ORDER BY name
ANALYZE no_such_table
ANALYZE (VERBOSE) no_such_table (x)
