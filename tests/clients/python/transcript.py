"""Prints what a driver gave, one line a fact, so that two servers can be compared line by line.

A line is a name and a value. Errors are their SQLSTATE and message. What must differ between two servers (process ids, times of
now, addresses) is never printed.
"""

import os
import ssl


def say(name, *values):
    """One fact."""
    print(f"{name}: " + " | ".join(str(value) for value in values), flush=True)


def refused(name, sqlstate, message=""):
    """An error that was wanted: the SQLSTATE that the driver shows, and the first line of the message."""
    print(f"{name}: refused with {sqlstate} {message.splitlines()[0] if message else ''}".rstrip(), flush=True)


def failed(name, error):
    """A part of the program that could not go on; the test fails, and the other parts are still tried."""
    print(f"failed: {name}: {type(error).__name__}: {error}".replace("\n", " / "), flush=True)


def done():
    """The last line; without it the program did not come to its end."""
    print("done", flush=True)


def wants_tls():
    """Whether the server under test is to be reached by TLS."""
    return os.environ.get("PGSSLMODE") == "require"


def tls_context():
    """TLS that takes the test's own certificate, or none."""
    if not wants_tls():
        return None
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def server():
    """Where the server is and who logs in, as libpq's variables say."""
    env = os.environ
    return {
        "host": env["PGHOST"],
        "port": int(env["PGPORT"]),
        "user": env["PGUSER"],
        "password": env["PGPASSWORD"],
        "database": env["PGDATABASE"],
    }


# A literal and a type for each type that clients exchange.
LITERALS = [
    ("bool", "true"),
    ("int2", "-32768"),
    ("int4", "2147483647"),
    ("int8", "-9223372036854775808"),
    ("float4", "1.5"),
    ("float8", "-1e-300"),
    ("float8", "NaN"),
    ("numeric", "12345678901234567890.0123456789"),
    ("numeric(12,2)", "-0.05"),
    ("text", "Grüße, 世界 \U0001f980"),
    ("varchar(5)", "abcde"),
    ("bytea", r"\x00ff5c27"),
    ("uuid", "0198c0de-0000-7000-8000-00000000abcd"),
    ("date", "2024-02-29"),
    ("time", "23:59:59.999999"),
    ("timestamp", "2024-02-29 12:34:56.789012"),
    ("timestamptz", "2024-02-29 12:34:56.789012+02"),
    ("interval", "1 day 02:03:04.5"),
    ("json", '{"a" : [1, null, "x"]}'),
    ("jsonb", '{"b": 1.50, "a": [true, null]}'),
    ("int4[]", "{1,NULL,3}"),
    ("text[]", '{a,"b,c",NULL,""}'),
    ("timestamptz[]", '{"2024-02-29 12:34:56+00"}'),
    ("numeric[]", "{1.5,NULL}"),
]
