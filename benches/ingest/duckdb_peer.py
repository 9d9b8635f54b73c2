"""DuckDB's part of the ingest benchmark: loads a file of rows, or writes the rows of our segments once as zstd Parquet.

Arguments: a folder for spilling, then either
  load FILE DATABASE DEFINITION COLUMNS   the rows of a file in COPY's text format into a new database, with a checkpoint
  parquet FOLDER FILE users|all           the rows of every segment under a table's folder, newest first, into one Parquet file;
                                          `users` leaves out the store's own columns, whose names begin with `_`
Prints how many rows there are and how many seconds it took.
"""

import sys
import time

import duckdb


def quoted(text):
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def load(connection, file, definition, columns):
    connection.execute(definition)
    begun = time.perf_counter()
    connection.execute(
        f"INSERT INTO interaction_logs ({columns}) SELECT * FROM read_csv({quoted(file)}, delim = '\t', header = false, "
        f"quote = '', escape = '', nullstr = '\\N', all_varchar = true, auto_detect = false, columns = "
        "{" + ", ".join(f"{name}: 'VARCHAR'" for name in columns.split(", ")) + "})"
    )
    connection.execute("CHECKPOINT")
    seconds = time.perf_counter() - begun
    return connection.execute("SELECT count(*) FROM interaction_logs").fetchone()[0], seconds


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
    print(rows, f"{seconds:.3f}")


main()
