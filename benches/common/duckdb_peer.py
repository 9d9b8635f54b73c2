"""DuckDB's part of a measurement: loads a file of rows, or writes the rows of our segments once as zstd Parquet.

Arguments: a folder for spilling, then either
  load FILE DATABASE TABLE DEFINITION COLUMNS   the rows of a file in COPY's text format into a table, with a checkpoint; the definition is
                                          what to run before
  parquet FOLDER FILE users|all           the rows of every segment under a table's folder, newest first, into one Parquet file;
                                          `users` leaves out the store's own columns, whose names begin with `_`
Prints how many rows there are, how many seconds it took, and the highest resident memory in bytes.
"""

import resource
import sys
import time

import duckdb


def quoted(text):
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def load(connection, file, table, definition, columns):
    if definition:
        connection.execute(definition)
    begun = time.perf_counter()
    connection.execute(
        f"INSERT INTO {table} ({columns}) SELECT * FROM read_csv({quoted(file)}, delim = '\t', header = false, "
        f"quote = '', escape = '', nullstr = '\\N', all_varchar = true, auto_detect = false, columns = "
        "{" + ", ".join(f"{name}: 'VARCHAR'" for name in columns.split(", ")) + "})"
    )
    connection.execute("CHECKPOINT")
    seconds = time.perf_counter() - begun
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0], seconds


def parquet(connection, folder, file, which):
    columns = "COLUMNS('^[^_]')" if which == "users" else "*"
    segments = f"read_parquet({quoted(folder + '/_day=*/*.parquet')}, hive_partitioning = false)"
    begun = time.perf_counter()
    connection.execute(
        f"COPY (SELECT {columns} FROM {segments} ORDER BY occurred_at DESC) TO {quoted(file)} (FORMAT parquet, COMPRESSION zstd)"
    )
    seconds = time.perf_counter() - begun
    return connection.execute(f"SELECT count(*) FROM read_parquet({quoted(file)})").fetchone()[0], seconds


def main():
    spill, step, *rest = sys.argv[1:]
    database = rest.pop(1) if step == "load" else ":memory:"
    connection = duckdb.connect(database)
    connection.execute(f"SET temp_directory = {quoted(spill)}")
    connection.execute("SET TimeZone = 'UTC'")
    rows, seconds = {"load": load, "parquet": parquet}[step](connection, *rest)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(rows, f"{seconds:.3f}", peak)


main()
