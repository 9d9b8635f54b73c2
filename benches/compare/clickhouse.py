"""ClickHouse's part of the load: rows of a file into its tables, or the work that is left after the last one.

Arguments: a folder for the database, then either
  load FILE TEAMS   the rows of a file in COPY's text format; the tables are made first where they are not there yet, and TEAMS, a file of two
                    columns, goes into the small table
  finish            merges every partition to one part, as background merges would in time
Prints how many rows there are, how many seconds it took, and the highest resident memory in bytes.
"""

import resource
import sys
import time

from chdb.session import Session

SHORT = "LowCardinality(String)"
COLUMNS = [
    ("event_id", "UUID"),
    ("workspace_id", SHORT),
    ("occurred_at", "DateTime64(6, 'UTC')"),
    ("event", SHORT),
    ("status", SHORT),
    ("occurred_in", SHORT),
    ("object_name", SHORT),
    ("version_id", SHORT),
    ("element", SHORT),
    ("performed_by", SHORT),
    ("person_id", "String"),
    ("interaction_id", "String"),
    ("conversation_id", "Nullable(String)"),
    ("details", "String"),
]
# JSON compresses well, and what is looked up by id needs a Bloom filter.
CODECS = {"details": "CODEC(ZSTD(1))"}
LOOKED_UP = ("event_id", "interaction_id", "person_id", "conversation_id")


def define(session):
    columns = [f"{name} {kind} {CODECS.get(name, '')}" for name, kind in COLUMNS]
    indexes = [f"INDEX by_{name} {name} TYPE bloom_filter(0.01) GRANULARITY 1" for name in LOOKED_UP]
    indexes.append("INDEX by_word JSONExtractString(details, 'text') TYPE text(tokenizer = 'splitByNonAlpha')")
    session.query("CREATE DATABASE IF NOT EXISTS compare")
    # Every INSERT is on the disk before it is answered, as it is with the others.
    session.query(
        f"CREATE TABLE IF NOT EXISTS compare.logs ({', '.join(columns + indexes)}) ENGINE = MergeTree "
        "PARTITION BY toDate(occurred_at) ORDER BY (occurred_at, event_id) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
    )
    session.query("CREATE TABLE IF NOT EXISTS compare.teams (object_name String, team String) ENGINE = MergeTree ORDER BY object_name")


def count(session, table):
    return int(session.query(f"SELECT count() FROM compare.{table}", "TSV").bytes())


def load(session, file, teams):
    define(session)
    if count(session, "teams") == 0:
        session.query(f"INSERT INTO compare.teams SELECT * FROM file('{teams}', 'TSV', 'object_name String, team String')")
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS).replace("'", "\\'")
    begun = time.perf_counter()
    session.query(
        f"INSERT INTO compare.logs SELECT * FROM file('{file}', 'TSV', '{columns}') SETTINGS date_time_input_format = 'best_effort'"
    )
    return time.perf_counter() - begun


def finish(session):
    begun = time.perf_counter()
    session.query("OPTIMIZE TABLE compare.logs FINAL")
    return time.perf_counter() - begun


def main():
    folder, step, *rest = sys.argv[1:]
    session = Session(folder)
    seconds = {"load": load, "finish": finish}[step](session, *rest)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(count(session, "logs"), f"{seconds:.3f}", peak)


main()
