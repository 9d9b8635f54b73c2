"""asyncpg, which speaks the extended protocol and binary only, and reads the catalog for every type that it does not know."""

import asyncio
import datetime as dt
import decimal
import io
import uuid

import asyncpg

from transcript import LITERALS, done, failed, refused, say, server, tls_context


async def types(connection, settings):
    for name, literal in LITERALS:
        statement = await connection.prepare(f"SELECT $1::text::{name} AS v, NULL::{name} AS n")
        row = await statement.fetchrow(literal)
        attribute = statement.get_attributes()[0]
        say(name, repr(row["v"]), row["n"], attribute.type.name, attribute.type.kind, attribute.type.schema)
    values = [
        ("bool", True), ("int2", 7), ("int4", -7), ("int8", 2**62), ("float4", 0.5), ("float8", 1e300), ("numeric", decimal.Decimal("1.2300")),
        ("text", "Grüße"), ("varchar", "v"), ("bytea", b"\x00\xff"), ("uuid", uuid.UUID(int=9)), ("date", dt.date(2024, 2, 29)),
        ("time", dt.time(1, 2, 3, 4)), ("timestamp", dt.datetime(2024, 1, 2, 3, 4, 5, 6)), ("interval", dt.timedelta(days=2, seconds=3)),
        ("timestamptz", dt.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=dt.timezone.utc)), ("jsonb", '{"a": 1}'), ("json", "[1]"),
        ("int4[]", [1, None, 3]), ("text[]", ["a", None, "b,c"]), ("numeric[]", [decimal.Decimal("1.5")]),
    ]
    for name, value in values:
        row = await connection.fetchrow(f"SELECT $1::{name} AS v, ($1::{name})::text AS t, $2::{name} AS n", value, None)
        say(f"parameter {name}", repr(row["v"]), row["t"], row["n"])


async def composite(connection, settings):
    row = await connection.fetchrow("SELECT * FROM client_events WHERE n = $1", 2)
    say("row", {key: value for key, value in row.items() if key != "occurred_at"})
    statement = await connection.prepare("SELECT n, label FROM client_events WHERE n > $1 AND label LIKE $2 ORDER BY n")
    say("parameters", [(p.name, p.kind) for p in statement.get_parameters()])
    say("attributes", [(a.name, a.type.name) for a in statement.get_attributes()])
    say("rows", [tuple(row) for row in await statement.fetch(0, "%")])
    say("status", statement.get_statusmsg())


async def transactions(connection, settings):
    try:
        async with connection.transaction():
            await connection.execute("INSERT INTO client_notes (note) VALUES ('lost')")
            async with connection.transaction():
                await connection.execute("INSERT INTO client_notes (note) VALUES ('lost too')")
            say("inside", await connection.fetchval("SELECT count(*) FROM client_notes"))
            await connection.execute("SELECT 1/0")
    except asyncpg.PostgresError as error:
        refused("transaction", error.sqlstate, error.message)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        say("isolation", await connection.fetchval("SHOW transaction_isolation"), await connection.fetchval("SHOW transaction_read_only"))
    async with connection.transaction():
        await connection.execute("INSERT INTO client_notes (note) VALUES ($1)", "kept")
    say("outside", await connection.fetchval("SELECT count(*) FROM client_notes"))
    for statement in ("SELEC", "SELECT * FROM nowhere", "SELECT $1::int + $2::text", "SELECT 'x'::int", "SELECT no_such()"):
        try:
            await connection.fetch(statement)
        except asyncpg.PostgresError as error:
            refused(statement, error.sqlstate, error.message)
            say("  class and position", type(error).__name__, error.position)


async def cursors(connection, settings):
    async with connection.transaction():
        total = 0
        async for row in connection.cursor("SELECT g FROM generate_series(1, $1::int) AS g", 2500, prefetch=100):
            total += row[0]
        say("iterated", total)
        cursor = await connection.cursor("SELECT g FROM generate_series(1, 100) AS g")
        say("fetched", [row[0] for row in await cursor.fetch(3)], await cursor.forward(10), (await cursor.fetchrow())[0])


async def copies(connection, settings):
    say("records", await connection.copy_records_to_table("client_copied", records=[(1, "one"), (2, None), (3, "drei")], columns=["n", "label"]))
    out = io.BytesIO()
    say("out", await connection.copy_from_query("SELECT n, label FROM client_copied WHERE n < $1 ORDER BY n", 3, output=out, format="csv"), out.getvalue())
    out = io.BytesIO()
    say("table", await connection.copy_from_table("client_copied", columns=["n"], output=out))
    say("in", await connection.copy_to_table("client_copied", source=io.BytesIO(b"7,x\n8,y\n"), columns=["n", "label"], format="csv"))
    await connection.executemany("INSERT INTO client_notes (note) VALUES ($1)", [(f"many {n}",) for n in range(100)])
    say("many", await connection.fetchval("SELECT count(*) FROM client_notes WHERE note LIKE 'many %'"))


async def canceled(connection, settings):
    try:
        await connection.fetch("SELECT pg_sleep(60)", timeout=0.3)
    except asyncio.TimeoutError:
        say("timed out by the driver, which cancels", await connection.fetchval("SELECT 1"))
    try:
        await connection.execute("SET statement_timeout = 200")
        await connection.fetch("SELECT pg_sleep(60)")
    except asyncpg.QueryCanceledError as error:
        refused("timed out", error.sqlstate, error.message)
    await connection.execute("RESET ALL")


async def notifications(connection, settings):
    heard = asyncio.Queue()
    await connection.add_listener("client_news", lambda _, pid, channel, payload: heard.put_nowait((channel, payload)))
    other = await asyncpg.connect(**settings)
    await other.execute("NOTIFY client_news, 'hello'")
    say("notified", *await asyncio.wait_for(heard.get(), 20))
    await connection.reset()
    await other.close()


async def sessions(connection, settings):
    say("server", connection.get_server_version().major, connection.get_settings().client_encoding)
    async with asyncpg.create_pool(min_size=2, max_size=4, **settings) as pool:
        answers = await asyncio.gather(*[pool.fetchval("SELECT $1::int", n) for n in range(20)])
        say("pool", answers)


async def main():
    where = server()
    settings = dict(ssl=tls_context() or False, server_settings={"timezone": "UTC"}, **where)
    for part in (types, composite, transactions, cursors, copies, canceled, notifications, sessions):
        print(f"-- {part.__name__}", flush=True)
        connection = await asyncpg.connect(**settings)
        try:
            await part(connection, settings)
        except Exception as error:
            failed(part.__name__, error)
        await connection.close()
    done()


asyncio.run(main())
