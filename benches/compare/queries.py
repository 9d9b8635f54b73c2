"""What users of the five log products ask: look-ups, pages, searches and dashboards, each with parameters drawn anew for every turn.

A query is a function of a dialect and a draw. Those with a target say how many times the peer's time ours may
take; `columnar` is the better of DuckDB and ClickHouse, `best` the best of all peers.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Callable

from dialects import quoted

HOUR = 3_600_000_000
DAY = 24 * HOUR
PAGE = "event_id, occurred_at, event, status, occurred_in, object_name, element, person_id, interaction_id, details"
BRIEF = "event_id, occurred_at, event, status, object_name, person_id, interaction_id"
NEEDLE = {"postgres": 5.0, "duckdb": 1.0, "clickhouse": 1.0}
SCAN = {"columnar": 1.0}
# Words that are also keys of the payload would be found by who searches its text as a whole.
KEYS = {"code", "status", "message", "text", "error", "channel", "attempt", "to"}


@dataclass(frozen=True)
class Query:
    """One of them: its place in the tables, what it is, and how it is said."""

    name: str
    group: str
    text: Callable
    ordered: bool
    targets: dict = field(default_factory=dict)


QUERIES = []


def query(name, group, ordered=True, targets=None):
    """Enters a function of a dialect and a draw into the list."""

    def enter(text):
        QUERIES.append(Query(name, group, text, ordered, targets or {}))
        return text

    return enter


class Draw:
    """The parameters of one turn: the same for every peer, others in the next turn."""

    def __init__(self, seed, name, turn, samples, start_us, end_us):
        self.seed = (seed, name, turn)
        self.samples, self.start_us, self.end_us = samples, start_us, end_us
        self.restart()

    def restart(self):
        """Begins anew, so that the next dialect gets the same values."""
        self.random = Random(repr(self.seed))
        self.told = []

    def tell(self, value):
        """Keeps a value for who is told of a disagreement."""
        self.told.append(value)
        return value

    def row(self):
        return self.random.choice(self.samples)

    def rows(self, number):
        return self.random.sample(self.samples, min(number, len(self.samples)))

    def value(self, column):
        while (value := self.row()[column]) is None:
            pass
        return self.tell(value)

    def values(self, column, number):
        """Different values, in the order of their drawing."""
        return self.tell(list(dict.fromkeys(row[column] for row in self.rows(4 * number) if row[column] is not None))[:number])

    def window(self, length):
        """A stretch of time inside of what was loaded."""
        since = self.random.randrange(self.start_us, max(self.start_us + 1, self.end_us - length))
        return self.tell((since, since + length))

    def latest(self, length):
        """About so long before the end."""
        return self.tell(self.end_us - length + self.random.randrange(HOUR // 60))

    def words(self, number):
        """Different words of one message, so that they occur together at least once."""
        while True:
            words = [word for word in dict.fromkeys(self.row()["text"].split()) if word.isascii() and word not in KEYS]
            if len(words) >= number:
                return self.tell(self.random.sample(words, number))

    def neighbours(self):
        """Two words that stand beside one another somewhere."""
        while True:
            words = [word for word in self.row()["text"].split() if word.isascii()]
            at = self.random.randrange(len(words) - 1)
            pair = words[at : at + 2]
            # A word twice in a row is no phrase that anybody looks for.
            if pair[0] != pair[1]:
                return self.tell(pair)


def within(d, window):
    return f"occurred_at >= {d.time(window[0])} AND occurred_at < {d.time(window[1])}"


def listed(values):
    return "(" + ", ".join(quoted(value) for value in values) + ")"


# Look-ups: a few rows by an id.


@query("one event by id", "look-up", targets=NEEDLE)
def event_by_id(d, p):
    return f"SELECT {PAGE} FROM logs WHERE event_id = {d.uuid(p.value('event_id'))}"


@query("one interaction's timeline", "look-up", targets=NEEDLE)
def timeline(d, p):
    return f"SELECT {PAGE} FROM logs WHERE interaction_id = {quoted(p.value('interaction_id'))} ORDER BY occurred_at"


@query("one person, 7 days, newest 500", "look-up", targets=NEEDLE)
def person(d, p):
    person, window = p.value("person_id"), p.window(7 * DAY)
    return f"SELECT {PAGE} FROM logs WHERE person_id = {quoted(person)} AND {within(d, window)} ORDER BY occurred_at DESC LIMIT 500"


@query("an event id that is not there", "look-up")
def absent_event(d, p):
    event_id = p.value("event_id")
    missing = p.tell(event_id[:-12] + f"{p.random.randrange(16**12):012x}")
    return f"SELECT {PAGE} FROM logs WHERE event_id = {d.uuid(missing)}"


@query("an interaction that is not there", "look-up")
def absent_interaction(d, p):
    missing = p.tell(f"int-{p.random.randrange(16**12):012x}")
    return f"SELECT {PAGE} FROM logs WHERE interaction_id = {quoted(missing)} ORDER BY occurred_at"


@query("twenty events by id", "look-up")
def events_by_ids(d, p):
    ids = ", ".join(d.uuid(event_id) for event_id in p.values("event_id", 20))
    return f"SELECT {PAGE} FROM logs WHERE event_id IN ({ids}) ORDER BY occurred_at DESC"


@query("last state of thirty interactions", "look-up")
def last_states(d, p):
    condition = f"interaction_id IN {listed(p.values('interaction_id', 30))}"
    return d.latest_by("interaction_id", "interaction_id, occurred_at, event, status", condition)


@query("one conversation's timeline", "look-up")
def conversation(d, p):
    return f"SELECT {PAGE} FROM logs WHERE conversation_id = {quoted(p.value('conversation_id'))} ORDER BY occurred_at"


@query("one person's steps and the time between", "look-up")
def gaps(d, p):
    person = quoted(p.value("person_id"))
    before = "lag(occurred_at) OVER (PARTITION BY interaction_id ORDER BY occurred_at)"
    return (
        f"SELECT interaction_id, occurred_at, event, {d.seconds('occurred_at', 'earlier')} FROM "
        f"(SELECT interaction_id, occurred_at, event, {before} AS earlier, "
        f"row_number() OVER (PARTITION BY interaction_id ORDER BY occurred_at) AS step "
        f"FROM logs WHERE person_id = {person}) AS steps WHERE step > 1 ORDER BY interaction_id, occurred_at"
    )


@query("a message id inside of the payload", "look-up")
def message_id(d, p):
    return f"SELECT {PAGE} FROM logs WHERE {d.message_id} = {quoted(p.value('message_id'))}"


# Pages: the newest rows, with and without filters.


@query("newest 100", "page", targets=NEEDLE)
def newest(d, p):
    return f"SELECT {PAGE} FROM logs ORDER BY occurred_at DESC LIMIT 100"


@query("newest 100 failures of 24 h", "page", targets=NEEDLE)
def newest_failures(d, p):
    since = d.time(p.latest(DAY))
    return f"SELECT {PAGE} FROM logs WHERE status = 'failure' AND occurred_at >= {since} ORDER BY occurred_at DESC LIMIT 100"


@query("keyset page of 500", "page", targets=NEEDLE)
def keyset(d, p):
    row = p.row()
    p.tell(row["event_id"])
    after = d.before(row["occurred_at"], row["event_id"])
    return f"SELECT {PAGE} FROM logs WHERE {after} ORDER BY occurred_at DESC, event_id DESC LIMIT 500"


@query("page of 50 after 10,000 (OFFSET)", "page")
def offset(d, p):
    skipped = p.tell(10_000 + p.random.randrange(1_000))
    return f"SELECT {BRIEF} FROM logs ORDER BY occurred_at DESC LIMIT 50 OFFSET {skipped}"


@query("first 100 from a time on, oldest first", "page")
def oldest_first(d, p):
    return f"SELECT {PAGE} FROM logs WHERE occurred_at >= {d.time(p.window(DAY)[0])} ORDER BY occurred_at LIMIT 100"


@query("30 s around an event", "page")
def around(d, p):
    at = p.tell(p.row()["occurred_at"])
    return f"SELECT {BRIEF} FROM logs WHERE {within(d, (at - 15_000_000, at + 15_000_000))} ORDER BY occurred_at"


@query("newest 100 of one element of one object", "page")
def element(d, p):
    row = p.row()
    name, element = p.tell((row["object_name"], row["element"]))
    return (
        f"SELECT {PAGE} FROM logs WHERE object_name = {quoted(name)} AND element = {quoted(element)} "
        f"AND occurred_at >= {d.time(p.latest(DAY))} ORDER BY occurred_at DESC LIMIT 100"
    )


@query("newest 100 with negated filters", "page")
def negated(d, p):
    row = p.row()
    workspace, event = p.tell((row["workspace_id"], row["event"]))
    return (
        f"SELECT {BRIEF} FROM logs WHERE status <> 'success' AND event <> {quoted(event)} AND occurred_in NOT IN ('journey', 'chatbot') "
        f"AND workspace_id <> {quoted(workspace)} ORDER BY occurred_at DESC LIMIT 100"
    )


@query("newest 100 objects by prefix, any case (ILIKE)", "page")
def prefix_of_object(d, p):
    prefix = p.tell(p.row()["object_name"][:3].lower())
    return f"SELECT {BRIEF} FROM logs WHERE {d.ilike('object_name', prefix + '%')} ORDER BY occurred_at DESC LIMIT 100"


@query("newest 100 by channel and error code (JSON)", "page")
def json_equality(d, p):
    code = p.value("code")
    channel = p.value("channel")
    return (
        f"SELECT {PAGE} FROM logs WHERE {d.code} = {quoted(code)} AND {d.channel} = {quoted(channel)} "
        f"ORDER BY occurred_at DESC LIMIT 100"
    )


@query("newest 50 of the rarest error code (JSON)", "page")
def rare_code(d, p):
    return (
        f"SELECT {PAGE} FROM logs WHERE {d.code} = 'INVALID_NUMBER' AND occurred_at < {d.time(p.window(DAY)[1])} "
        f"ORDER BY occurred_at DESC LIMIT 50"
    )


@query("export of one workspace's hour, every column", "page")
def export(d, p):
    row, window = p.row(), p.window(HOUR)
    return (
        f"SELECT event_id, workspace_id, occurred_at, event, status, occurred_in, object_name, version_id, element, performed_by, "
        f"person_id, interaction_id, conversation_id, details FROM logs WHERE workspace_id = {quoted(p.tell(row['workspace_id']))} "
        f"AND {within(d, window)} ORDER BY occurred_at"
    )


# Searches: words and parts of words in the message or in the whole payload.


@query("two words in the message, newest 50", "search", targets={"clickhouse": 1.0, "duckdb": 0.1})
def two_words(d, p):
    return f"SELECT {PAGE} FROM logs WHERE {d.words(p.words(2))} ORDER BY occurred_at DESC LIMIT 50"


@query("substring count over all payloads", "search", targets=SCAN)
def substring(d, p):
    part = " ".join(p.neighbours())[1:-1]
    return f"SELECT count(*) FROM logs WHERE {d.payload} LIKE {quoted('%' + part + '%')}"


@query("a phrase in the message, newest 50", "search")
def phrase(d, p):
    return f"SELECT {PAGE} FROM logs WHERE {d.words(p.neighbours(), phrase=True)} ORDER BY occurred_at DESC LIMIT 50"


@query("a word and not another, newest 50", "search")
def word_but_not(d, p):
    word, other = p.words(2)
    return f"SELECT {PAGE} FROM logs WHERE {d.words([word], but=[other])} ORDER BY occurred_at DESC LIMIT 50"


@query("a word that no message has", "search")
def absent_word(d, p):
    word = p.tell("".join(p.random.choice("qxzjkv") for _ in range(9)))
    return f"SELECT {PAGE} FROM logs WHERE {d.words([word])} ORDER BY occurred_at DESC LIMIT 50"


@query("the beginning of a word, count of 24 h", "search")
def prefix(d, p):
    start = p.tell(max(p.words(1)[0:1], key=len)[:4])
    return f"SELECT count(*) FROM logs WHERE {d.prefix(start)} AND {within(d, p.window(DAY))}"


@query("three words in the message, count", "search")
def three_words(d, p):
    return f"SELECT count(*) FROM logs WHERE {d.words(p.words(3))}"


@query("words anywhere in the payload, newest 50 (search)", "search")
def anywhere(d, p):
    first, second, other = p.words(3)
    return f"SELECT {PAGE} FROM logs WHERE {d.anywhere([first, second], [other])} ORDER BY occurred_at DESC LIMIT 50"


@query("part of a word, any case (ILIKE), newest 50", "search")
def ilike(d, p):
    part = p.tell(" ".join(p.neighbours())[1:-1].upper())
    return f"SELECT {PAGE} FROM logs WHERE {d.ilike(d.message, '%' + part + '%')} ORDER BY occurred_at DESC LIMIT 50"


@query("Chinese, Japanese or Korean words, newest 50", "search")
def abroad(d, p):
    part = p.tell(p.random.choice(["已发货", "退款正在", "ご注文", "発送しました", "완료되었습니다"]))
    before = d.time(p.window(DAY)[1])
    return (
        f"SELECT {PAGE} FROM logs WHERE {d.message} LIKE {quoted('%' + part + '%')} AND occurred_at < {before} "
        f"ORDER BY occurred_at DESC LIMIT 50"
    )


# Dashboards: aggregates.


@query("facets of 24 h over 5 columns", "dashboard", ordered=False, targets=SCAN)
def facets(d, p):
    condition = within(d, p.window(DAY))
    return " UNION ALL ".join(
        f"SELECT '{column}' AS facet, {column} AS value, count(*) AS events FROM logs WHERE {condition} GROUP BY {column}"
        for column in ("event", "status", "occurred_in", "object_name", "element")
    )


@query("failures per hour and JSON error code", "dashboard", targets={"best": 0.3})
def failures_per_hour(d, p):
    until = d.time(p.latest(DAY))
    return (
        f"SELECT {d.trunc('hour')} AS hour, {d.code} AS code, count(*) AS failures FROM logs "
        f"WHERE status = 'failure' AND occurred_at < {until} GROUP BY 1, 2 ORDER BY 1, 2"
    )


@query("top objects with distinct interactions", "dashboard", targets=SCAN)
def top_objects(d, p):
    until = d.time(p.latest(HOUR))
    return (
        f"SELECT object_name, count(*) AS events, {d.distinct('interaction_id')} AS interactions FROM logs "
        f"WHERE occurred_at < {until} GROUP BY object_name ORDER BY 2 DESC, 1 LIMIT 20"
    )


@query("count by status, three objects", "dashboard", targets=SCAN)
def by_status(d, p):
    return f"SELECT status, count(*) AS events FROM logs WHERE object_name IN {listed(p.values('object_name', 3))} GROUP BY status ORDER BY 1"


@query("count of everything", "dashboard")
def count_all(d, p):
    return "SELECT count(*) FROM logs"


@query("first and last time", "dashboard")
def first_and_last(d, p):
    return "SELECT min(occurred_at), max(occurred_at) FROM logs"


@query("object and status, 7 days", "dashboard")
def two_levels(d, p):
    return (
        f"SELECT object_name, status, count(*) AS events FROM logs WHERE {within(d, p.window(7 * DAY))} "
        f"GROUP BY object_name, status ORDER BY 1, 2"
    )


@query("distinct persons of each day", "dashboard")
def persons_a_day(d, p):
    until = d.time(p.latest(HOUR))
    return f"SELECT {d.trunc('day')} AS day, {d.distinct('person_id')} AS persons FROM logs WHERE occurred_at < {until} GROUP BY 1 ORDER BY 1"


@query("5-minute buckets of a week by status", "dashboard")
def five_minutes(d, p):
    return (
        f"SELECT {d.five_minutes()} AS bucket, status, count(*) AS events FROM logs WHERE {within(d, p.window(7 * DAY))} "
        f"GROUP BY 1, 2 ORDER BY 1, 2"
    )


@query("latency percentiles by channel, 24 h (JSON)", "dashboard")
def percentiles(d, p):
    return (
        f"SELECT {d.channel} AS channel, {d.percentiles(d.latency)} FROM logs WHERE {within(d, p.window(DAY))} GROUP BY 1 ORDER BY 1"
    )


@query("slow steps of 24 h by element (JSON number)", "dashboard")
def slow_steps(d, p):
    least = p.tell(500 + p.random.randrange(100))
    return (
        f"SELECT element, count(*) AS steps FROM logs WHERE {d.latency} >= {least} AND {within(d, p.window(DAY))} "
        f"GROUP BY element ORDER BY 2 DESC, 1"
    )


@query("failures by team, 7 days (join)", "dashboard")
def by_team(d, p):
    return (
        f"SELECT t.team, count(*) AS failures FROM logs AS l JOIN teams AS t ON t.object_name = l.object_name "
        f"WHERE l.status = 'failure' AND {within(d, p.window(7 * DAY))} GROUP BY t.team ORDER BY 1"
    )


@query("newest event of each object, 24 h", "dashboard")
def newest_of_each(d, p):
    return d.latest_by("object_name", "object_name, occurred_at, event, status", within(d, p.window(DAY)))


@query("usage by day and workspace", "dashboard")
def usage(d, p):
    until = d.time(p.latest(HOUR))
    return (
        f"SELECT {d.trunc('day')} AS day, workspace_id, count(*) AS events, {d.distinct('conversation_id')} AS conversations FROM logs "
        f"WHERE occurred_at < {until} GROUP BY 1, 2 ORDER BY 1, 2"
    )


@query("persons with most failures, 7 days (HAVING)", "dashboard")
def worst_persons(d, p):
    return (
        f"SELECT person_id, count(*) AS failures FROM logs WHERE status = 'failure' AND {within(d, p.window(7 * DAY))} "
        f"GROUP BY person_id HAVING count(*) >= 2 ORDER BY 2 DESC, 1 LIMIT 20"
    )


@query("failure rate by object, two windows compared", "dashboard")
def rates(d, p):
    since, until = p.window(2 * DAY)
    middle = d.time(since + DAY)
    return (
        f"SELECT object_name, count(*) FILTER (WHERE status = 'failure' AND occurred_at < {middle}) AS before, "
        f"count(*) FILTER (WHERE status = 'failure' AND occurred_at >= {middle}) AS after, count(*) AS events "
        f"FROM logs WHERE {within(d, (since, until))} GROUP BY object_name ORDER BY 1"
    )


@query("failures that went on within a day (self-join)", "dashboard")
def retried(d, p):
    since, until = p.window(6 * HOUR)
    return (
        f"SELECT f.object_name, count(*) AS went_on FROM logs AS f JOIN logs AS r ON r.interaction_id = f.interaction_id "
        f"WHERE f.status = 'failure' AND r.status = 'success' AND f.occurred_at >= {d.time(since)} AND f.occurred_at < {d.time(until)} "
        f"AND r.occurred_at > f.occurred_at AND r.occurred_at < {d.later('f.occurred_at', 24)} "
        f"AND r.occurred_at >= {d.time(since)} AND r.occurred_at < {d.time(until + DAY)} "
        f"GROUP BY f.object_name ORDER BY 1"
    )


@query("interactions entered and completed, 3 days", "dashboard")
def funnel(d, p):
    condition = within(d, p.window(3 * DAY))
    return (
        f"SELECT count(*) AS began, count(*) FILTER (WHERE exits > 0) AS ended FROM "
        f"(SELECT interaction_id, count(*) FILTER (WHERE event = 'journey entered') AS entries, "
        f"count(*) FILTER (WHERE event = 'journey completed') AS exits FROM logs WHERE {condition} GROUP BY interaction_id) AS i "
        f"WHERE entries > 0"
    )
