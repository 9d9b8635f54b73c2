"""SQLAlchemy 2 over psycopg and asyncpg's own dialects' SQL: reflection, Core, ORM; and pandas, which reads and writes through it."""

import datetime as dt
import os

import pandas
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from transcript import done, failed, refused, say, server

where = server()
URL = sa.URL.create("postgresql+psycopg", where["user"], where["password"], where["host"], where["port"], where["database"])


def reflection(engine):
    """What tools that build on SQLAlchemy, Superset among them, ask of a database."""
    inspector = sa.inspect(engine)
    ours = lambda names: sorted(name for name in names if name.startswith("client_"))
    say("default schema", inspector.default_schema_name)
    say("schemas", "public" in inspector.get_schema_names(), "information_schema" in inspector.get_schema_names())
    say("tables", ours(inspector.get_table_names()), ours(inspector.get_table_names("public")))
    say("views", ours(inspector.get_view_names()), ours(inspector.get_materialized_view_names()))
    say("has", inspector.has_table("client_events"), inspector.has_table("client_recent"), inspector.has_table("nowhere"))
    for table in ("client_events", "client_places", "client_recent"):
        for column in inspector.get_columns(table):
            say(f"column of {table}", column["name"], repr(column["type"]), column["nullable"], column["default"], column.get("comment"))
        say(f"keys of {table}", inspector.get_pk_constraint(table), inspector.get_foreign_keys(table), inspector.get_unique_constraints(table))
        say(f"indexes of {table}", inspector.get_indexes(table), inspector.get_check_constraints(table))
    say("comments", inspector.get_table_comment("client_events"), inspector.get_table_comment("client_places"))
    say("options", inspector.get_enums(), inspector.get_domains(), inspector.get_sequence_names())
    metadata = sa.MetaData()
    metadata.reflect(engine, only=lambda name, _: name.startswith("client_"), views=True)
    say("reflected", sorted(metadata.tables), [key.name for key in metadata.tables["client_places"].primary_key])


def core(engine):
    """Statements that SQLAlchemy writes."""
    events = sa.Table("client_events", sa.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        query = sa.select(events.c.n, events.c.label).where(events.c.n.in_([1, 2, 3]), events.c.label.ilike("%O%")).order_by(events.c.n.desc()).limit(5).offset(0)
        say("select", connection.execute(query).all())
        grouped = sa.select(events.c.flag, sa.func.count(), sa.func.max(events.c.amount)).group_by(events.c.flag).order_by(sa.nulls_last(events.c.flag))
        say("grouped", connection.execute(grouped).all())
        say("json", connection.execute(sa.select(events.c.doc["a"].astext, events.c.doc["list"][1].as_integer()).where(events.c.n == 1)).all())
        say("array", connection.execute(sa.select(events.c.n).where(events.c.tags.any("x"))).all())
        cte = sa.select(sa.func.generate_series(1, 5).label("g")).cte("numbers")
        say("cte", connection.execute(sa.select(sa.func.sum(cte.c.g))).scalar())
        over = sa.select(events.c.n, sa.func.row_number().over(order_by=events.c.n)).order_by(events.c.n)
        say("window", connection.execute(over).all())
        say("trunc", connection.execute(sa.select(sa.func.date_trunc("day", sa.literal(dt.datetime(2024, 2, 29, 13))))).all())
        result = connection.execution_options(stream_results=True, yield_per=300).execute(sa.text("SELECT g FROM generate_series(1, 1000) AS g"))
        say("streamed", [len(part) for part in result.partitions()])
        try:
            connection.execute(sa.text("SELECT * FROM nowhere"))
        except sa.exc.ProgrammingError as error:
            refused("text", error.orig.sqlstate, str(error.orig))
    made = sa.Index("client_events_by_day", events.c.day, events.c.code.desc())
    made.create(engine)
    made.create(engine, checkfirst=True)
    say("made", [index for index in sa.inspect(engine).get_indexes("client_events") if index["name"] == made.name])
    made.drop(engine)
    say("dropped", made.name in [index["name"] for index in sa.inspect(engine).get_indexes("client_events")])


class Base(DeclarativeBase):
    pass


class Place(Base):
    __tablename__ = "client_places"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    region: Mapped[str | None]


def orm(engine):
    """The unit of work over a reference table."""
    with Session(engine) as session:
        session.add_all([Place(id=10, name="Berlin", region="eu"), Place(id=11, name="Oslo", region=None)])
        session.commit()
        place = session.get(Place, 10)
        place.name = "Potsdam"
        session.commit()
        say("changed", session.scalars(sa.select(Place.name).where(Place.id >= 10).order_by(Place.id)).all())
        session.delete(session.get(Place, 11))
        session.commit()
        say("left", session.query(Place).filter(Place.id >= 10).count())
        session.add(Place(id=10, name="twice"))
        try:
            session.commit()
        except sa.exc.IntegrityError as error:
            refused("twice", error.orig.sqlstate)
            session.rollback()


def frames(engine):
    """pandas reads queries and tables, and writes a new one."""
    frame = pandas.read_sql("SELECT n, label, amount, flag, day, moment FROM client_events ORDER BY n", engine, parse_dates=["day"])
    say("read_sql", frame.shape, frame.dtypes.astype(str).to_dict())
    for line in frame.to_csv(index=False).splitlines():
        say("  ", line)
    frame = pandas.read_sql(sa.text("SELECT * FROM client_events WHERE n >= :least"), engine, params={"least": 2})
    say("with parameters", frame.shape)
    table = pandas.read_sql_table("client_recent", engine, columns=["n", "label"])
    say("read_sql_table", table.sort_values("n").values.tolist())
    chunks = pandas.read_sql("SELECT g FROM generate_series(1, 250) AS g", engine, chunksize=100)
    say("chunks", [len(chunk) for chunk in chunks])
    new = pandas.DataFrame({"n": [1, 2, 3], "at": pandas.date_range("2024-01-01", periods=3, tz="UTC"), "name": ["a", None, "c"], "x": [0.5, None, 2.0]})
    say("to_sql", new.to_sql("client_frame", engine, index=False))
    say("again", pandas.read_sql("SELECT * FROM client_frame ORDER BY n", engine).values.tolist())
    say("appended", new.to_sql("client_frame", engine, index=False, if_exists="append", method="multi"))
    say("count", pandas.read_sql("SELECT count(*) AS c FROM client_frame", engine)["c"].tolist())


def main():
    os.environ.setdefault("PGOPTIONS", "-c TimeZone=UTC")
    engine = sa.create_engine(URL, pool_pre_ping=True)
    with engine.connect() as connection:
        say("server", engine.dialect.server_version_info[0], connection.get_isolation_level(), connection.scalar(sa.text("SHOW TimeZone")))
    for part in (orm, frames, reflection, core):
        print(f"-- {part.__name__}", flush=True)
        try:
            part(engine)
        except Exception as error:
            failed(part.__name__, error)
    serializable = engine.execution_options(isolation_level="AUTOCOMMIT")
    with serializable.connect() as connection:
        say("autocommit", connection.scalar(sa.text("SELECT 1")))
    engine.dispose()
    try:
        by_asyncpg()
    except Exception as error:
        failed("asyncpg", error)
    done()


def by_asyncpg():
    """The other dialect's SQL casts every parameter by itself."""
    import asyncio
    from sqlalchemy.ext.asyncio import create_async_engine

    from transcript import tls_context

    async def run():
        engine = create_async_engine(URL.set(drivername="postgresql+asyncpg"), connect_args={"ssl": tls_context() or False})
        async with engine.connect() as connection:
            result = await connection.execute(sa.text("SELECT n, label FROM client_events WHERE n > :n AND label <> :l ORDER BY n"), {"n": 0, "l": "x"})
            say("asyncpg dialect", result.all())
            names = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
            say("asyncpg tables", sorted(name for name in names if name.startswith("client_")))
        await engine.dispose()

    asyncio.run(run())


main()
