"""How each system says what the queries mean: literals, JSON paths, words of a text, buckets of time, percentiles.

The queries of `queries.py` are written once and ask a dialect for the forms that differ. Each form is what a user of that system would
write for its indexes; none is a translation that only looks alike.
"""

from datetime import datetime, timezone


def quoted(text):
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def moment(us):
    """Microseconds since 1970 as text in UTC."""
    return datetime.fromtimestamp(us // 1_000_000, timezone.utc).strftime("%Y-%m-%d %H:%M:%S") + f".{us % 1_000_000:06d}"


class Postgres:
    """PostgreSQL 15; Annals is asked in the same words."""

    message = "(details->>'text')"
    code = "(details->'error'->>'code')"
    channel = "(details->>'channel')"
    message_id = "(details->>'message_id')"
    latency = "(details->>'latency_ms')::int"
    payload = "details::text"

    def time(self, us):
        return f"TIMESTAMPTZ '{moment(us)}+00'"

    def uuid(self, text):
        return quoted(text)

    def words(self, words, but=(), phrase=False):
        """All words in the message, in any order or as a phrase, and none of the others."""
        wanted = '"' + " ".join(words) + '"' if phrase else " ".join(words)
        wanted += "".join(f" -{word}" for word in but)
        return f"to_tsvector('simple', details->>'text') @@ websearch_to_tsquery('simple', {quoted(wanted)})"

    def prefix(self, prefix):
        """A word in the message begins so."""
        return f"to_tsvector('simple', details->>'text') @@ to_tsquery('simple', {quoted(prefix + ':*')})"

    def anywhere(self, words, but):
        """All words somewhere in the payload and none of the others."""
        wanted = " ".join([*words, *(f"-{word}" for word in but)])
        return f"to_tsvector('simple', details) @@ websearch_to_tsquery('simple', {quoted(wanted)})"

    def before(self, us, event_id):
        """The rows after this one in the order of newest first."""
        return f"(occurred_at, event_id) < ({self.time(us)}, {self.uuid(event_id)})"

    def trunc(self, unit):
        return f"date_trunc('{unit}', occurred_at)"

    def five_minutes(self):
        return "date_bin(INTERVAL '5 minutes', occurred_at, TIMESTAMPTZ '2000-01-01 00:00:00+00')"

    def distinct(self, column):
        return f"count(DISTINCT {column})"

    def percentiles(self, value):
        """The 50th, 95th and 99th percentile, interpolated, as three columns."""
        return ", ".join(f"percentile_cont({p}) WITHIN GROUP (ORDER BY {value})" for p in (0.5, 0.95, 0.99))

    def latest_by(self, column, columns, condition):
        """The newest row for each value of a column."""
        return f"SELECT DISTINCT ON ({column}) {columns} FROM logs WHERE {condition} ORDER BY {column}, occurred_at DESC"

    def ilike(self, column, pattern):
        return f"{column} ILIKE {quoted(pattern)}"

    def later(self, moment_expression, hours):
        return f"{moment_expression} + INTERVAL '{hours} hours'"

    def seconds(self, later, earlier):
        return f"extract(epoch FROM {later} - {earlier})"


class Annals(Postgres):
    """The same words, and `search` over the whole payload."""

    def anywhere(self, words, but):
        wanted = " ".join([*words, *(f"-{word}" for word in but)])
        return f"search(details, {quoted(wanted)})"


class Duckdb(Postgres):
    """DuckDB: no text index that loads without a network, so words are matched by regular expressions."""

    code = "json_extract_string(details, '$.error.code')"
    payload = "details::varchar"

    def uuid(self, text):
        # A row comparison converts no literal.
        return f"{quoted(text)}::UUID"

    def matches(self, pattern):
        return f"regexp_matches({self.message}, {quoted(pattern)})"

    def words(self, words, but=(), phrase=False):
        patterns = [" ".join(words)] if phrase else words
        wanted = [self.matches(rf"\b{pattern}\b") for pattern in patterns]
        return " AND ".join([*wanted, *("NOT " + self.matches(rf"\b{word}\b") for word in but)])

    def prefix(self, prefix):
        return self.matches(rf"\b{prefix}")

    def anywhere(self, words, but):
        found = "regexp_matches(details::varchar, {}, 'i')"
        wanted = [found.format(quoted(rf"\b{word}\b")) for word in words]
        return " AND ".join([*wanted, *("NOT " + found.format(quoted(rf"\b{word}\b")) for word in but)])

    def before(self, us, event_id):
        # The row comparison alone would prune nothing.
        return f"occurred_at <= {self.time(us)} AND {super().before(us, event_id)}"

    def five_minutes(self):
        return "time_bucket(INTERVAL '5 minutes', occurred_at)"

    def percentiles(self, value):
        return ", ".join(f"quantile_cont({value}, {p})" for p in (0.5, 0.95, 0.99))


class Clickhouse(Postgres):
    """ClickHouse: JSON as String, words by the text index, `LIMIT 1 BY` for the newest of each."""

    message = "JSONExtractString(details, 'text')"
    code = "JSONExtractString(details, 'error', 'code')"
    channel = "JSONExtractString(details, 'channel')"
    message_id = "JSONExtractString(details, 'message_id')"
    latency = "JSONExtractInt(details, 'latency_ms')"
    payload = "details"

    def time(self, us):
        return f"toDateTime64('{moment(us)}', 6, 'UTC')"

    def uuid(self, text):
        return f"toUUID({quoted(text)})"

    def words(self, words, but=(), phrase=False):
        listed = "[" + ", ".join(quoted(word) for word in words) + "]"
        wanted = f"hasPhrase({self.message}, {quoted(' '.join(words))})" if phrase else f"hasAllTokens({self.message}, {listed})"
        return " AND ".join([wanted, *(f"NOT hasToken({self.message}, {quoted(word)})" for word in but)])

    def prefix(self, prefix):
        # A backslash begins an escape in its literals.
        boundary = "\\\\b"
        return f"match({self.message}, {quoted(boundary + prefix)})"

    def anywhere(self, words, but):
        # What errors say, unlike the messages, has capitals.
        wanted = [f"hasTokenCaseInsensitive(details, {quoted(word)})" for word in words]
        return " AND ".join([*wanted, *(f"NOT hasTokenCaseInsensitive(details, {quoted(word)})" for word in but)])

    def before(self, us, event_id):
        # The row comparison alone would not use the primary key.
        return f"occurred_at <= {self.time(us)} AND {super().before(us, event_id)}"

    def five_minutes(self):
        return "toStartOfInterval(occurred_at, INTERVAL 5 MINUTE)"

    def distinct(self, column):
        return f"uniqExact({column})"

    def percentiles(self, value):
        return ", ".join(f"quantileExactInclusive({p})({value})" for p in (0.5, 0.95, 0.99))

    def latest_by(self, column, columns, condition):
        return f"SELECT {columns} FROM logs WHERE {condition} ORDER BY {column}, occurred_at DESC LIMIT 1 BY {column}"

    def later(self, moment_expression, hours):
        return f"{moment_expression} + toIntervalHour({hours})"

    def seconds(self, later, earlier):
        return f"(toUnixTimestamp64Micro({later}) - toUnixTimestamp64Micro({earlier})) / 1e6"


DIALECTS = {"annals": Annals(), "postgres": Postgres(), "duckdb": Duckdb(), "clickhouse": Clickhouse()}
