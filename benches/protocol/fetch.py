"""Reads the measured table through psycopg in one of three ways, and prints how many rows or bytes came in how many seconds."""

import sys
import time

import psycopg

PORTION = 20_000


def rows(connection, binary):
    """Every row by a server-side cursor: a client-side one would hold them all."""
    count = 0
    with connection.cursor("portions", binary=binary) as cursor:
        cursor.itersize = PORTION
        cursor.execute("SELECT occurred_at, n, ratio, label FROM fetched")
        while portion := cursor.fetchmany(PORTION):
            count += len(portion)
    return count


def copied(connection):
    """Every row by COPY, as the server writes it."""
    size = 0
    with connection.cursor().copy("COPY fetched TO STDOUT") as copy:
        for block in copy:
            size += len(block)
    return size


def main():
    way = sys.argv[1]
    with psycopg.connect() as connection:
        begun = time.perf_counter()
        amount = copied(connection) if way == "copy" else rows(connection, way == "binary")
        print(amount, time.perf_counter() - begun)


main()
