"""pg8000, the driver in Python alone: text format, unnamed and named statements, COPY, notifications."""

import datetime as dt
import decimal
import io
import uuid

import pg8000.dbapi
import pg8000.native

from transcript import LITERALS, done, failed, refused, say, server, tls_context


def native(where):
    connection = pg8000.native.Connection(ssl_context=tls_context() or False, **where)
    connection.run("SET TIME ZONE 'UTC'")
    for name, literal in LITERALS:
        (row,) = connection.run(f"SELECT CAST(CAST(:v AS text) AS {name}), CAST(NULL AS {name})", v=literal)
        say(name, repr(row[0]), row[1], connection.columns[0]["type_oid"])
    values = [
        True, 7, 2**40, 1.5, decimal.Decimal("1.20"), "text", b"\x01\x02", uuid.UUID(int=3), dt.date(2024, 2, 29), dt.time(1, 2),
        dt.datetime(2024, 1, 1, 2, 3, 4), dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc), dt.timedelta(hours=3), [1, 2], {"a": 1},
    ]
    for value in values:
        try:
            say(f"parameter {value!r}", connection.run("SELECT :v", v=value))
        except pg8000.native.DatabaseError as error:
            refused(f"parameter {value!r}", error.args[0]["C"], error.args[0]["M"])
    statement = connection.prepare("SELECT n, label FROM client_events WHERE n >= :n ORDER BY n")
    say("prepared", statement.run(n=1), statement.run(n=3))
    statement.close()
    for text in ("SELEC", "SELECT * FROM nowhere", "SELECT 1/0", "INSERT INTO client_notes (note) VALUES (NULL)"):
        try:
            connection.run(text)
        except pg8000.native.DatabaseError as error:
            report = error.args[0]
            refused(text, report["C"], report["M"])
            say("  fields", sorted(set(report) - {"F", "L", "R"}), report.get("P"), report.get("c"))
    connection.run("START TRANSACTION")
    connection.run("INSERT INTO client_notes (note) VALUES ('lost')")
    connection.run("ROLLBACK")
    say("rolled back", connection.run("SELECT count(*) FROM client_notes"), connection.row_count)
    connection.run("COPY client_copied (n, label) FROM STDIN", stream=io.StringIO("1\tone\n2\t\\N\n"))
    say("copied in", connection.row_count)
    out = io.BytesIO()
    connection.run("COPY (SELECT n, label FROM client_copied ORDER BY n) TO STDOUT (FORMAT csv)", stream=out)
    say("copied out", out.getvalue())
    connection.run("LISTEN client_news")
    connection.run("NOTIFY client_news, 'own'")
    connection.run("SELECT 1")
    say("notified", [(channel, payload) for _, channel, payload in connection.notifications])
    connection.close()


def database_api(where):
    connection = pg8000.dbapi.connect(ssl_context=tls_context() or False, **where)
    cursor = connection.cursor()
    cursor.execute("SELECT n, label FROM client_events WHERE label = %s", ("two",))
    say("DB-API", cursor.fetchall(), [column[:2] for column in cursor.description])
    cursor.executemany("INSERT INTO client_notes (note) VALUES (%s)", [("a",), ("b",)])
    connection.rollback()
    cursor.execute("SELECT count(*) FROM client_notes")
    say("DB-API after rollback", cursor.fetchone())
    connection.close()


for part in (native, database_api):
    try:
        part(server())
    except Exception as error:
        failed(part.__name__, error)
done()
