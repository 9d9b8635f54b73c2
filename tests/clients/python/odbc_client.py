"""psqlODBC through unixODBC, the road of Power BI, Excel and Tableau: catalog functions, parameters, transactions, both fetch modes."""

import datetime as dt
import decimal
import sys

import pyodbc

from transcript import LITERALS, done, failed, refused, say, server, wants_tls


def text_of(value):
    return bytes(value) if isinstance(value, (bytes, bytearray)) else repr(value)


def connect(**options):
    where = server()
    parts = {
        "Driver": sys.argv[1], "Server": where["host"], "Port": where["port"], "Database": where["database"], "Uid": where["user"],
        "Pwd": where["password"], "SSLmode": "require" if wants_tls() else "disable", "ConnSettings": "SET TIME ZONE 'UTC'", **options,
    }
    return pyodbc.connect(";".join(f"{name}={value}" for name, value in parts.items()), autocommit=True)


def metadata(connection):
    """SQLTables, SQLColumns, SQLPrimaryKeys and the rest, as a BI tool asks them when its user clicks on a table."""
    cursor = connection.cursor()
    say("product", connection.getinfo(pyodbc.SQL_DBMS_NAME), connection.getinfo(pyodbc.SQL_DBMS_VER).split(".")[0])
    say("tables", sorted((row.table_schem, row.table_name, row.table_type) for row in cursor.tables() if row.table_name.startswith("client_")))
    say("only views", sorted(row.table_name for row in cursor.tables(schema="public", tableType="VIEW") if row.table_name.startswith("client_")))
    for table in ("client_events", "client_places", "client_recent"):
        for row in cursor.columns(table=table, schema="public"):
            say(f"column of {table}", row.column_name, row.data_type, row.type_name, row.column_size, row.decimal_digits, row.nullable, row.column_def, row.remarks, row.ordinal_position)
        say(f"key of {table}", [(row.column_name, row.key_seq, row.pk_name) for row in cursor.primaryKeys(table=table, schema="public")])
        say(f"statistics of {table}", [(row.index_name, row.column_name, row.non_unique) for row in cursor.statistics(table=table, schema="public") if row.index_name])
        say(f"foreign keys of {table}", list(cursor.foreignKeys(table=table, schema="public")))
    say("types", sorted({row.type_name for row in cursor.getTypeInfo()}))
    say("procedures", [row.procedure_name for row in cursor.procedures(procedure="client_none")])
    say("schemas", "public" in [row[1] for row in cursor.tables(schema="%", catalog="", table="")])


def values(connection):
    cursor = connection.cursor()
    for name, literal in LITERALS:
        if name == "interval":
            name = "text"
        quoted = literal.replace("'", "''")
        cursor.execute(f"SELECT '{quoted}'::{name} AS v, NULL::{name} AS n")
        row = cursor.fetchone()
        column = cursor.description[0]
        say(name, text_of(row.v), row.n, column[1].__name__, column[3:])
    for value in [True, 7, -(2**40), 1.5, decimal.Decimal("12.50"), "Grüße", b"\x00\xff", dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 1, 2, 3, 4000), None]:
        cursor.execute("SELECT count(*) FROM client_events WHERE label <> ? OR label IS NULL", value if isinstance(value, str) else "x")
        say(f"parameter {value!r}", cursor.fetchone()[0])
    cursor.execute("INSERT INTO client_copied (n, label, occurred_at, raw) VALUES (?, ?, ?, ?)", 5, "odbc", dt.datetime(2024, 2, 29, 1, 2, 3), b"\x00\x01")
    cursor.execute("SELECT n, label, raw FROM client_copied WHERE n = ?", 5)
    say("inserted", [text_of(value) for value in cursor.fetchone()])
    cursor.executemany("INSERT INTO client_notes (note) VALUES (?)", [(f"many {n}",) for n in range(20)])
    say("many", cursor.execute("SELECT count(*) FROM client_notes").fetchone()[0])


def transactions(connection):
    connection.autocommit = False
    cursor = connection.cursor()
    cursor.execute("INSERT INTO client_notes (note) VALUES ('lost')")
    connection.rollback()
    for text in ("SELECT * FROM nowhere", "SELECT 1/0", "SELEC", "INSERT INTO client_notes (note) VALUES (NULL)"):
        try:
            cursor.execute(text)
        except pyodbc.Error as error:
            refused(text, error.args[0])
        connection.rollback()
    connection.autocommit = True
    say("count", connection.cursor().execute("SELECT count(*) FROM client_notes").fetchone()[0])


def portions(connection):
    """Cursors by DECLARE and FETCH: how a report reads a large table."""
    cursor = connection.cursor().execute("SELECT g, 'row ' || g FROM generate_series(1, 1234) AS g")
    say("declared and fetched", sum(row[0] for row in cursor))
    cursor = connection.cursor().execute("SELECT n, label FROM client_events ORDER BY n")
    say("rows", [tuple(row) for row in cursor])


def main():
    for part, options in [
        (values, {"UseServerSidePrepare": 0}), (transactions, {"UseServerSidePrepare": 0}), (values, {"UseServerSidePrepare": 1}),
        (transactions, {"UseServerSidePrepare": 1}), (portions, {"UseDeclareFetch": 1, "Fetch": 100}), (metadata, {}),
    ]:
        print(f"-- {part.__name__} {options}", flush=True)
        try:
            with connect(**options) as connection:
                part(connection)
        except Exception as error:
            failed(part.__name__, error)
    done()


main()
