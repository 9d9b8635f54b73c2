"""The four systems as the driver asks them: servers over psycopg, libraries in a process of their own.

Each answers a statement with the seconds until its last row was there, as values of Python, and the rows. A statement that takes too long
ends as `TooLong`, one whose form the system does not know as `NotSupported`.
"""

import json
import multiprocessing
import time

import psycopg

# PostgreSQL's classes for what a server does not know: features, names, syntax.
UNKNOWN_FORMS = ("0A", "42")
STATEMENT_TIMEOUT = "57014"


class TooLong(Exception):
    """The statement did not end in time."""


class NotSupported(Exception):
    """The system does not know this form."""


class Server:
    """A server that speaks PostgreSQL's protocol; the password comes from the environment."""

    def __init__(self, name, place, seconds_max):
        self.name = name
        self.connection = psycopg.connect(
            host=place["host"], port=place["port"], user="annals", dbname="annals", sslmode="disable", autocommit=True, prepare_threshold=None
        )
        # The payload stays text, as it does in the libraries: whoever wants a document parses it.
        for kind in ("json", "jsonb"):
            self.connection.adapters.register_loader(kind, psycopg.types.string.TextLoader)
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute(f"SET statement_timeout = {int(seconds_max * 1000)}")

    def ask(self, sql):
        with self.connection.cursor() as cursor:
            begun = time.perf_counter()
            try:
                cursor.execute(sql)
                rows = cursor.fetchall()
            except psycopg.Error as error:
                if error.sqlstate == STATEMENT_TIMEOUT:
                    raise TooLong from error
                if self.name == "annals" and (error.sqlstate or "").startswith(UNKNOWN_FORMS):
                    raise NotSupported(str(error).strip().splitlines()[0]) from error
                raise
            return time.perf_counter() - begun, rows

    def memory(self):
        """Who started the server watches it."""
        return None

    def close(self):
        self.connection.close()


def duckdb_asker(path):
    import duckdb

    connection = duckdb.connect(path, read_only=True)
    connection.execute("SET TimeZone = 'UTC'")
    return lambda sql: connection.execute(sql).fetchall()


def clickhouse_asker(path):
    from chdb.session import Session

    session = Session(path)
    session.query("USE compare")

    def ask(sql):
        answer = session.query(sql, "JSONCompactEachRow").bytes()
        return [json.loads(line) for line in answer.splitlines()]

    return ask


ASKERS = {"duckdb": duckdb_asker, "clickhouse": clickhouse_asker}


def received(pipe):
    """The next statement; `None` at the end, also when the driver was ended."""
    try:
        return pipe.recv()
    except EOFError:
        return None


def serve(name, path, pipe):
    """The other end of `Library`: asks, measures, and sends what came."""
    ask = ASKERS[name](path)
    pipe.send("ready")
    while (sql := received(pipe)) is not None:
        begun = time.perf_counter()
        try:
            rows = ask(sql)
            pipe.send((time.perf_counter() - begun, rows, None))
        # Every library has an error of its own.
        except Exception as error:  # noqa: BLE001
            pipe.send((0.0, [], f"{type(error).__name__}: {error}"))


class Library:
    """A library in a process of its own, which is ended when a statement takes too long, and started anew."""

    def __init__(self, name, place, seconds_max):
        self.name, self.path, self.seconds_max = name, place["path"], seconds_max
        self.peak = 0
        self.start()

    def start(self):
        spawning = multiprocessing.get_context("spawn")
        self.pipe, other = spawning.Pipe()
        self.process = spawning.Process(target=serve, args=(self.name, self.path, other), daemon=True)
        self.process.start()
        other.close()
        self.pipe.recv()

    def ask(self, sql):
        self.pipe.send(sql)
        if not self.pipe.poll(self.seconds_max):
            self.memory()
            self.process.kill()
            self.process.join()
            self.start()
            raise TooLong
        seconds, rows, complaint = self.pipe.recv()
        if complaint:
            raise RuntimeError(complaint)
        return seconds, rows

    def memory(self):
        """The highest resident memory so far, in bytes (Linux, proc(5)); Python itself is in it."""
        with open(f"/proc/{self.process.pid}/status") as status:
            kib = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
        self.peak = max(self.peak, kib * 1024)
        return self.peak

    def close(self):
        self.pipe.send(None)
        self.process.join(30)
        if self.process.is_alive():
            self.process.kill()


def connect(name, place, seconds_max):
    kind = Server if "port" in place else Library
    return kind(name, place, seconds_max)

