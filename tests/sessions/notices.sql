-- Notifications and signals within one session.
listen foo; notify foo; notify foo, 'bar'; select pg_notify('foo','baz'); begin; notify foo,'1'; notify foo,'1'; savepoint s; notify foo,'2'; rollback to s; commit;
select * from pg_listening_channels(); unlisten foo; notify foo; select pg_notify('',''); select pg_notify('x', repeat('a',8000)); select length(pg_notify('x', repeat('a',7999))::text) as n; select pg_notify(repeat('a',64), '');
begin; listen bar; rollback; select count(*) from pg_listening_channels(); unlisten *; unlisten nothing;
begin read only; notify foo; listen foo; commit; begin; notify foo, 'gone'; rollback; notify "Foo"; listen "Foo"; notify "Foo", 'x'; discard all; notify foo;
select pg_sleep(0.01); select pg_sleep_for('10 ms'); select pg_sleep_until(now() + interval '10 ms'); select pg_sleep(null) is null as n; select pg_sleep(0);
set statement_timeout=50; select pg_sleep(5); select count(*) from generate_series(1,100000) a(x), generate_series(1,100000) b(y) where x*y = -1; reset statement_timeout;
begin; set local statement_timeout=50; select pg_sleep(5); rollback;
select pg_cancel_backend(1), pg_terminate_backend(99999999);
select pg_cancel_backend(pg_backend_pid()); select 1 as x;
select state, query like 'select state%' as q, usename = current_user as own from pg_stat_activity where pid = pg_backend_pid();
