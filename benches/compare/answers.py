"""Do two systems say the same? Their rows as plain values, and the first difference.

A time is microseconds since 1970, a UUID its text, a JSON document what it holds, a number a number; floats may differ in their last digits.
"""

import json
import math
import re
from datetime import date, datetime, timezone
from decimal import Decimal
from uuid import UUID

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def microseconds(moment):
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def plain(value):
    """A value without what only one driver says of it."""
    match value:
        case None | bool() | int():
            return value
        case float() | Decimal():
            return float(value)
        case UUID():
            return str(value)
        case datetime():
            return ("time", microseconds(value))
        case date():
            return ("time", microseconds(datetime(value.year, value.month, value.day)))
        case str() if value[:1] == "{":
            return json.loads(value)
        case str() if TIME.fullmatch(value) or DAY.fullmatch(value):
            return ("time", microseconds(datetime.fromisoformat(value)))
        case _:
            return value


def table(rows, ordered):
    rows = [tuple(plain(value) for value in row) for row in rows]
    return rows if ordered else sorted(rows, key=repr)


def alike(one, other):
    if isinstance(one, float) or isinstance(other, float):
        numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
        return numbers and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other


def difference(one, other):
    """The first difference of two tables in words; `None` when there is none."""
    for number, (left, right) in enumerate(zip(one, other)):
        if len(left) != len(right) or not all(map(alike, left, right)):
            return f"row {number + 1}: {left!r} and {right!r}"
    if len(one) != len(other):
        longer = one if len(one) > len(other) else other
        return f"{len(one)} and {len(other)} rows; the first that only one has: {longer[min(len(one), len(other))]!r}"
    return None
