"""Reads one Delta table with other people's readers and compares it with what the server says, row for row.

Arguments: the table's folder, and `all` (the files hold every row), `growing` (the server may have newer rows) or `renamed` (as `all`,
after the column `small` was renamed to `tiny` and `later` was added). Prints one line for each reader; ends with 1 at the first
difference.
"""

import datetime
import decimal
import os
import struct
import sys
import uuid

import deltalake
import duckdb
import polars
import psycopg

COLUMNS = (
    "event_id occurred_at small n big amount bare ratio narrow ok note code day at clock span doc verbatim raw tags "
    "counts ids moments prices docs flags spans"
).split()
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def plain(value):
    """One value as text that does not depend on who read it."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case datetime.datetime():
            value = value if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
            return f"us:{(value - EPOCH) // datetime.timedelta(microseconds=1)}"
        case datetime.time():
            return str(((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond)
        case datetime.date():
            return value.isoformat()
        case decimal.Decimal():
            return format(value.normalize(), "f")
        case float():
            return "f:" + struct.pack(">d", value).hex()
        case bytes() | bytearray() | memoryview():
            return "x:" + bytes(value).hex()
        case list() | tuple():
            return [plain(item) for item in value]
        case uuid.UUID() | int() | str():
            return str(value)
    raise TypeError(f"{type(value)}: {value!r}")


def narrow(value):
    """A float4 that a reader has widened, as the float4 that it was."""
    return None if value is None else struct.unpack(">f", struct.pack(">f", value))[0]


def span(text):
    """An interval's months, days and microseconds, from PostgreSQL's text or from the stored one."""
    months = days = microseconds = 0
    words = (text or "").split()
    while words:
        word = words.pop(0)
        if ":" in word:
            sign = -1 if word.startswith("-") else 1
            hours, minutes, seconds = word.lstrip("+-").split(":")
            microseconds += sign * ((int(hours) * 60 + int(minutes)) * 60_000_000 + int(decimal.Decimal(seconds) * 1_000_000))
            continue
        unit = words.pop(0).rstrip("s")
        match unit:
            case "year":
                months += 12 * int(word)
            case "mon":
                months += int(word)
            case "day":
                days += int(word)
            case "sec":
                microseconds += int(decimal.Decimal(word) * 1_000_000)
            case _:
                raise ValueError(f"{unit} in {text!r}")
    return None if text is None else (months, days, microseconds)


def row(values, columns):
    cells = dict(zip(columns, values))
    cells["span"] = str(span(cells["span"]))
    cells["spans"] = None if cells["spans"] is None else [str(span(text)) for text in cells["spans"]]
    cells["narrow"] = narrow(cells["narrow"])
    return tuple(str(plain(cells[column])) for column in columns)


def of_server(columns, sql_names):
    # Intervals and JSON are text in the files; the server's own text is what they must say.
    as_text = {"span": "text", "doc": "text", "verbatim": "text", "docs": "text[]", "spans": "text[]"}
    chosen = ", ".join(f'"{name}"' + (f"::{as_text[column]}" if column in as_text else "") for column, name in zip(columns, sql_names))
    with psycopg.connect("") as connection:
        return [row(values, columns) for values in connection.execute(f"SELECT {chosen} FROM every_type")]


def of_deltalake(folder, columns):
    table = deltalake.DeltaTable(folder).to_pyarrow_table(columns=columns)
    return [row((cells[column] for column in columns), columns) for cells in table.to_pylist()]


def of_polars(folder, columns):
    return [row(values, columns) for values in polars.read_delta(folder).select(columns).rows()]


def of_duckdb(folder, columns):
    files = [uri.removeprefix("file://") for uri in deltalake.DeltaTable(folder).file_uris()]
    connection = duckdb.connect()
    # Moments leave as timestamps without a zone, because DuckDB hands those with one to a package of their own.
    moments = {"occurred_at", "at"}
    without_zone = {column: f'make_timestamp(epoch_us("{column}"))' for column in moments}
    without_zone["moments"] = '[make_timestamp(epoch_us(x)) for x in "moments"]'
    chosen = ", ".join(without_zone.get(column, f'"{column}"') for column in columns)
    relation = connection.execute(f"SELECT {chosen} FROM read_parquet(?, union_by_name = true)", [files])
    return [row(values, columns) for values in relation.fetchall()]


def of_leaves(folder):
    return sorted(deltalake.DeltaTable(folder).to_pyarrow_table(columns=["_li"])["_li"].to_pylist())


def opened(reader, *arguments):
    """What a reader finds. It opens the table again where a merge has replaced a file that it was about to read."""
    for _ in range(4):
        try:
            return reader(*arguments)
        except Exception as error:  # noqa: BLE001, because each library has its own
            if not any(words in str(error).lower() for words in ("not found", "no such file", "no files found")):
                raise
    return reader(*arguments)


def main():
    folder, mode = sys.argv[1:]
    columns, sql_names = list(COLUMNS), list(COLUMNS)
    if mode == "renamed":
        columns.append("later")
        sql_names = ["tiny" if column == "small" else column for column in columns]
    # The files are read first: whatever they hold then, the server holds when it is asked afterwards.
    found = {reader.__name__.removeprefix("of_"): opened(reader, folder, columns) for reader in (of_deltalake, of_polars, of_duckdb)}
    served = of_server(columns, sql_names)
    served_by_id = {cells[0]: cells for cells in served}
    if len(served_by_id) != len(served):
        sys.exit("the server gave a row twice")
    for reader, rows in found.items():
        if len({cells[0] for cells in rows}) != len(rows):
            sys.exit(f"{reader} found a row twice")
        for cells in rows:
            expected = served_by_id.get(cells[0])
            if cells != expected:
                pairs = [(c, a, b) for c, a, b in zip(columns, cells, expected or ()) if a != b]
                sys.exit(f"{reader} differs from the server in {cells[0]}: {pairs or 'the server has no such row'}")
        if mode != "growing" and len(rows) != len(served):
            sys.exit(f"{reader} found {len(rows)} rows, the server {len(served)}")
        print(f"{reader} {len(rows)} rows agree")

    # The hidden numbers that the ledger will stand on: dense from 1, whatever files the rows are in.
    leaves = opened(of_leaves, folder)
    if leaves != list(range(1, len(leaves) + 1)):
        sys.exit("the leaf numbers are not dense from 1")


main()
# The readers' thread pools do not always end in peace when the interpreter does; what they found has been said.
sys.stdout.flush()
os._exit(0)
