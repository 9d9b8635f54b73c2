"""Puts queries to DuckDB over the files that a Delta log lists, and writes the answers as text.

Arguments: the Delta table's folder, a file with a JSON list of queries, and the file for the answers: for each query its rows, each
cell a text or null, as PostgreSQL's simple protocol would write it.
"""

import json
import sys

import deltalake
import duckdb


def cell(value):
    match value:
        case None:
            return None
        case bool():
            return "t" if value else "f"
        case float() if value.is_integer():
            return str(int(value))
    return str(value)


def main():
    folder, asked, answered = sys.argv[1:]
    files = [uri.removeprefix("file://") for uri in deltalake.DeltaTable(folder).file_uris()]
    connection = duckdb.connect()
    # Epochs in microseconds make a timestamp without a zone, which needs none of DuckDB's extensions.
    connection.execute(
        "CREATE TABLE answers AS SELECT event_id, make_timestamp(epoch_us(occurred_at)) AS occurred_at, kind, person, n, small, ratio, ok,"
        " note FROM read_parquet(?)",
        [files],
    )
    with open(asked, encoding="utf-8") as file:
        queries = json.load(file)
    answers = []
    for query in queries:
        try:
            rows = connection.execute(query).fetchall()
        except duckdb.Error as error:
            sys.exit(f"DuckDB: {error}\n{query}")
        answers.append([[cell(value) for value in row] for row in rows])
    with open(answered, "w", encoding="utf-8") as file:
        json.dump(answers, file)


main()
