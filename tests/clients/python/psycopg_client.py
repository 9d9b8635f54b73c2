"""psycopg 3 as people use it: types both ways, transactions, pipelines, server-side cursors, COPY, cancel, notifications."""

import asyncio
import datetime as dt
import decimal
import threading
import uuid

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from transcript import LITERALS, done, failed, refused, say


def attempt(connection, name, statement, parameters=None):
    """Runs a statement that must fail, and says how."""
    try:
        connection.execute(statement, parameters)
        say(name, "went through")
    except psycopg.Error as error:
        refused(name, error.sqlstate, error.diag.message_primary or str(error))


def types(connection):
    """Values out, text and binary; NULL of every type."""
    for binary in (False, True):
        for name, literal in LITERALS:
            cursor = connection.cursor(binary=binary)
            cursor.execute(sql.SQL("SELECT {}::" + name + " AS v, NULL::" + name + " AS n").format(sql.Literal(literal)))
            value, null = cursor.fetchone()
            column = cursor.description[0]
            say(f"{name} binary={binary}", repr(value), null, column.type_code, column.precision, column.scale)


def parameters(connection):
    """Values in, text and binary, through the types that the server infers."""
    values = [
        True, 7, -(2**40), 1.25, decimal.Decimal("123.4500"), b"\x00\xff", uuid.UUID(int=5),
        dt.date(2024, 2, 29), dt.time(1, 2, 3), dt.datetime(2024, 2, 29, 1, 2, 3, 4), dt.timedelta(days=1, seconds=5),
        dt.datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=dt.timezone.utc), Jsonb({"k": [1, 2]}), [1, 2, 3],
    ]
    for value in values:
        for form in ("%t", "%b"):
            cursor = connection.execute(f"SELECT {form} AS v, pg_typeof({form})::text", (value, value))
            say(f"parameter {value!r} {form}", *cursor.fetchone())
    for name, value in [("text", "typed"), ("text", None), ("text[]", ["a", None]), ("int4", None), ("varchar", "v")]:
        row = connection.execute(f"SELECT %s::{name}, pg_typeof(%b::{name})::text", (value, value)).fetchone()
        say(f"parameter {value!r} as {name}", *row)
    attempt(connection, "a parameter without a type", "SELECT %s, pg_typeof(%s)", ("a", "b"))
    row = connection.execute("SELECT n FROM client_events WHERE n = %s AND label = %s", (2, "two")).fetchone()
    say("parameters in WHERE", row)
    row = connection.execute("SELECT count(*) FROM client_events WHERE n = ANY(%s)", ([1, 2, 9],)).fetchone()
    say("ANY of an array", row)


def prepared(connection):
    """A statement that is prepared at once and used many times, then dropped."""
    answers = [connection.execute("SELECT %s::int + 1", (n,), prepare=True).fetchone()[0] for n in range(8)]
    say("prepared", answers)
    connection.execute("SELECT %s::int + 1", (1,), prepare=False)
    say("prepared now", connection.execute("SELECT count(*) > 0 FROM pg_prepared_statements").fetchone())


def transactions(connection):
    """Commit, rollback, savepoints, and a failed transaction until its end."""
    count = "SELECT count(*) FROM client_notes"
    with connection.transaction():
        connection.execute("INSERT INTO client_notes (note) VALUES ('kept')")
        try:
            with connection.transaction():
                connection.execute("INSERT INTO client_notes (note) VALUES ('lost')")
                say("inside the savepoint", connection.execute(count).fetchone())
                connection.execute("SELECT 1/0")
        except psycopg.errors.DivisionByZero as error:
            refused("inside the savepoint", error.sqlstate)
        say("after the savepoint", connection.execute(count).fetchone())
    say("after commit", connection.execute(count).fetchone())
    try:
        with connection.transaction():
            connection.execute("INSERT INTO client_notes (note) VALUES ('lost')")
            raise psycopg.Rollback()
    except psycopg.Rollback:
        pass
    say("after rollback", connection.execute(count).fetchone())
    connection.autocommit = False
    connection.execute("SELECT 1")
    say("status", connection.info.transaction_status.name)
    attempt(connection, "an error", "SELECT nothing FROM client_notes")
    say("status", connection.info.transaction_status.name)
    attempt(connection, "in a failed transaction", "SELECT 1")
    connection.rollback()
    connection.read_only = True
    attempt(connection, "a write in a read-only transaction", "INSERT INTO client_notes (note) VALUES ('no')")
    connection.rollback()
    connection.read_only = None
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    say("isolation", connection.execute("SHOW transaction_isolation").fetchone())
    connection.rollback()
    connection.isolation_level = None
    connection.autocommit = True


def errors(connection):
    """The SQLSTATEs of ordinary mistakes, with position where there is one."""
    for statement in [
        "SELEC 1", "SELECT 1 +", "SELECT * FROM nowhere", "SELECT nothing FROM client_events", "SELECT no_function(1)", "SELECT 1/0",
        "SELECT 'x'::int", "SELECT 99999999999::int", "SELECT '2024-02-30'::date", "SELECT 'a' || 1 + 2", "SELECT 1 + true",
        "INSERT INTO client_notes (note) VALUES (NULL)", "SELECT n FROM client_events GROUP BY label",
        "SELECT * FROM client_events a, client_events b WHERE n = 1", "SELECT $1::int", "EXECUTE never_prepared",
        "FETCH 1 FROM no_cursor", "CREATE TABLE client_events (n int)", "SET no_such_setting = 1", "SELECT sum(label) FROM client_events",
    ]:
        try:
            connection.execute(statement)
            say(statement, "went through")
        except psycopg.Error as error:
            refused(statement, error.sqlstate, error.diag.message_primary or "")
            say("  position", error.diag.statement_position)


def cursors(connection):
    """Server-side cursors: portions, scrolling, and one that outlives its transaction; rows that are streamed."""
    with connection.transaction():
        with connection.cursor("in_portions") as cursor:
            cursor.itersize = 100
            cursor.execute("SELECT g, g::text FROM generate_series(1, 1050) AS g")
            say("portion", len(cursor.fetchmany(400)), len(cursor.fetchmany(400)), len(cursor.fetchmany(400)), cursor.fetchone())
        with connection.cursor("iterated", binary=True) as cursor:
            cursor.itersize = 64
            cursor.execute("SELECT g FROM generate_series(1, %s) AS g", (1000,))
            say("iterated", sum(row[0] for row in cursor))
        with connection.cursor("scrolled", scrollable=True) as cursor:
            cursor.execute("SELECT g FROM generate_series(1, 20) AS g")
            cursor.scroll(10)
            forwards = cursor.fetchone()
            cursor.scroll(-5)
            say("scrolled", forwards, cursor.fetchone())
    with connection.cursor("held", withhold=True) as cursor:
        cursor.execute("SELECT g FROM generate_series(1, 5) AS g")
        say("held", cursor.fetchall())
    cursor = connection.cursor()
    say("streamed", sum(row[0] for row in cursor.stream("SELECT g FROM generate_series(1, 5000) AS g")))
    say("streamed in portions", sum(row[0] for row in cursor.stream("SELECT g FROM generate_series(1, 5000) AS g", size=700)))


def pipelines(connection):
    """Many statements on the way at once, and an error in their midst."""
    with connection.pipeline():
        cursors_on_the_way = [connection.execute("SELECT %s::int * 2", (n,)) for n in range(20)]
        connection.execute("INSERT INTO client_notes (note) VALUES (%s)", ("by pipeline",))
    say("pipeline", [cursor.fetchone()[0] for cursor in cursors_on_the_way])
    try:
        with connection.pipeline() as pipeline:
            connection.execute("INSERT INTO client_notes (note) VALUES ('goes with the error')")
            connection.execute("SELECT 1/0")
            connection.execute("INSERT INTO client_notes (note) VALUES ('never runs')")
            pipeline.sync()
    except psycopg.Error as error:
        refused("pipeline with an error", error.sqlstate, error.diag.message_primary)
    say("notes after pipelines", sorted(row[0] for row in connection.execute("SELECT note FROM client_notes")))
    cursor = connection.cursor()
    cursor.executemany("INSERT INTO client_notes (note) VALUES (%s)", [(f"many {n}",) for n in range(50)])
    say("executemany", cursor.rowcount)
    cursor.executemany("INSERT INTO client_notes (note) VALUES (%s) RETURNING note", [("r1",), ("r2",)], returning=True)
    first = cursor.fetchone()
    cursor.nextset()
    say("executemany returning", first, cursor.fetchone())


def copies(connection):
    """COPY in and out, text, binary and CSV, whole and row by row."""
    rows = [(1, "a\tb", dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc), b"\x00\x01"), (2, None, dt.datetime(2024, 1, 2, tzinfo=dt.timezone.utc), None)]
    columns = "(n, label, occurred_at, raw)"
    for form in ("text", "binary"):
        cursor = connection.cursor()
        with cursor.copy(f"COPY client_copied {columns} FROM STDIN (FORMAT {form})") as copy:
            copy.set_types(["int4", "text", "timestamptz", "bytea"])
            for row in rows:
                copy.write_row(row)
        say(f"copied in, {form}", cursor.rowcount)
        with cursor.copy(f"COPY (SELECT n, label, occurred_at, raw FROM client_copied ORDER BY n, label) TO STDOUT (FORMAT {form})") as copy:
            copy.set_types(["int4", "text", "timestamptz", "bytea"])
            for row in copy.rows():
                say(f"copied out, {form}", row)
    with connection.cursor().copy("COPY (SELECT n, label FROM client_copied ORDER BY n, label) TO STDOUT (FORMAT csv, HEADER)") as copy:
        say("csv", b"".join(bytes(chunk) for chunk in copy))
    try:
        with connection.cursor().copy("COPY client_copied (n) FROM STDIN") as copy:
            copy.write("1\nx\n")
    except psycopg.Error as error:
        refused("a bad COPY", error.sqlstate, error.diag.message_primary)
        say("  where", error.diag.context)
    try:
        with connection.cursor().copy("COPY client_copied (n) FROM STDIN") as copy:
            copy.write("1\n")
            raise ValueError("the client thinks better of it")
    except ValueError:
        say("an abandoned COPY", connection.execute("SELECT count(*) FROM client_copied").fetchone(), connection.info.transaction_status.name)


def canceled(connection):
    """A statement that is stopped from another thread, twice over: by request and by the session's own limit."""
    timer = threading.Timer(0.3, connection.cancel)
    timer.start()
    attempt(connection, "canceled", "SELECT pg_sleep(60)")
    timer.join()
    timer = threading.Timer(0.3, connection.cancel_safe)
    timer.start()
    attempt(connection, "canceled safely", "SELECT count(*) FROM generate_series(1, 1000000000000) AS g")
    timer.join()
    connection.execute("SET statement_timeout = '200ms'")
    attempt(connection, "timed out", "SELECT pg_sleep(60)")
    connection.execute("RESET statement_timeout")
    say("afterwards", connection.execute("SELECT 1").fetchone())


def notifications(connection):
    """A notification from another session reaches this one while it is idle, and one of its own."""
    connection.execute("LISTEN client_news")
    with psycopg.connect(autocommit=True) as other:
        other.execute("NOTIFY client_news, 'from the other'")
        other.execute("SELECT pg_notify('client_news', 'by function')")
    for notice in connection.notifies(timeout=20, stop_after=2):
        say("notified", notice.channel, notice.payload)
    with connection.transaction():
        connection.execute("NOTIFY client_news, 'own'")
    for notice in connection.notifies(timeout=20, stop_after=1):
        say("notified", notice.channel, notice.payload, notice.pid == connection.info.backend_pid)
    connection.execute("UNLISTEN *")


def sessions(connection):
    """What the driver knows of the session."""
    info = connection.info
    say("server", info.server_version // 10000, info.encoding, info.dbname, info.user, info.status.name)
    for name in ["server_encoding", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone", "integer_datetimes", "standard_conforming_strings", "session_authorization", "is_superuser", "in_hot_standby", "default_transaction_read_only"]:
        say(name, info.parameter_status(name))
    connection.execute("SET TIME ZONE 'Asia/Kolkata'")
    say("TimeZone", info.parameter_status("TimeZone"), connection.execute("SELECT '2024-02-29 12:00+00'::timestamptz").fetchone())
    connection.execute("RESET TIME ZONE")
    connection.execute("SELECT set_config('application_name', 'clients', false)")
    say("application", info.parameter_status("application_name"))


async def asynchronous():
    """The same driver without blocking: two connections side by side."""
    async with await psycopg.AsyncConnection.connect(autocommit=True) as one, await psycopg.AsyncConnection.connect(autocommit=True) as two:
        first, second = await asyncio.gather(one.execute("SELECT pg_sleep(0.1), 1"), two.execute("SELECT 2"))
        say("asynchronous", (await first.fetchone())[1], await second.fetchone())


def main():
    for part in (sessions, types, parameters, prepared, transactions, errors, cursors, pipelines, copies, canceled, notifications):
        print(f"-- {part.__name__}", flush=True)
        try:
            with psycopg.connect(autocommit=True, options="-c TimeZone=UTC") as connection:
                part(connection)
        except Exception as error:
            failed(part.__name__, error)
    asyncio.run(asynchronous())
    done()


main()
