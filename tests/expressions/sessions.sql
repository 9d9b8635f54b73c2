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
