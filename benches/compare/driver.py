"""Asks every system the same questions in turn, compares their answers, and writes down how long each took.

Argument: a file with the plan in JSON: `seed`, `rounds`, `patience` and `limit` (seconds), `start_us`, `end_us`, `samples` (rows in COPY's text
format), `queries` (words of which a name or group must have one; empty: all), `peers` (name -> host and port, or path), `statements` (how many of
each look-up, page and dashboard to write down for the mixed load), and `out`, the file for what was found.
"""

import json
import statistics
import sys
from datetime import datetime

from answers import difference, microseconds, table
from dialects import DIALECTS
from peers import NotSupported, TooLong, connect
from queries import QUERIES, Draw

# Turns whose time does not count, because nobody had the pages in memory yet.
WARM = 1
# Measured turns of who takes longer than the patience.
SLOW_TURNS = 2


def say(line):
    print(line, file=sys.stderr, flush=True)


def samples(path):
    """Rows of the load, from which the parameters are drawn."""
    rows = []
    with open(path, encoding="utf-8") as lines:
        columns = next(lines).rstrip("\n").split("\t")
        for line in lines:
            row = dict(zip(columns, (None if value == "\\N" else value for value in line.rstrip("\n").split("\t"))))
            details = json.loads(row["details"])
            row["text"], row["channel"], row["message_id"] = details["text"], details["channel"], details["message_id"]
            row["code"] = details.get("error", {}).get("code")
            row["occurred_at"] = microseconds(datetime.fromisoformat(row["occurred_at"]))
            rows.append(row)
    return rows


class Result:
    """What came of one query: times by peer, and what went wrong."""

    def __init__(self, query):
        self.query = query
        self.seconds = {}
        self.rows = []
        self.unsupported, self.failed, self.too_long = {}, {}, {}

    def out(self, peer):
        """Whether the peer takes no further turn."""
        return peer in self.unsupported or peer in self.failed or peer in self.too_long

    def done(self):
        peers = {
            peer: {"ms": statistics.median_high(seconds) * 1000, "all_ms": [round(each * 1000, 3) for each in seconds]}
            for peer, seconds in self.seconds.items()
            if seconds
        }
        for kind, said in (("unsupported", self.unsupported), ("failed", self.failed), ("too_long", self.too_long)):
            for peer, words in said.items():
                peers[peer] = {kind: words}
        return {
            "name": self.query.name,
            "group": self.query.group,
            "targets": self.query.targets,
            "rows": statistics.median_high(self.rows) if self.rows else 0,
            "peers": peers,
        }


class Driver:
    def __init__(self, plan):
        self.plan = plan
        self.samples = samples(plan["samples"])
        self.peers = {name: connect(name, place, plan["limit"]) for name, place in plan["peers"].items()}
        self.disagreements, self.disagreeing = [], set()
        self.mixed = self.statements()

    def draw(self, query, turn):
        return Draw(self.plan["seed"], query.name, turn, self.samples, self.plan["start_us"], self.plan["end_us"])

    def sql(self, query, peer, draw):
        draw.restart()
        return query.text(DIALECTS[peer], draw)

    def turn(self, result, turn):
        """One turn of every peer; who begins changes from turn to turn."""
        query, draw = result.query, self.draw(result.query, turn)
        names = list(self.peers)
        names = names[turn % len(names) :] + names[: turn % len(names)]
        told = {}
        for name in names:
            measured = result.seconds.setdefault(name, [])
            if result.out(name) or len(measured) >= SLOW_TURNS and max(measured) > self.plan["patience"]:
                continue
            sql = self.sql(query, name, draw)
            try:
                seconds, rows = self.peers[name].ask(sql)
            except NotSupported as error:
                result.unsupported[name] = str(error)
            except TooLong:
                result.too_long[name] = self.plan["limit"]
            # Any other complaint is a failed step, which the end of the run tells.
            except Exception as error:  # noqa: BLE001
                result.failed[name] = str(error).strip()
                say(f"{name} failed in \"{query.name}\": {error}\n  {sql}")
            else:
                told[name] = table(rows, query.ordered)
                if turn >= WARM:
                    measured.append(seconds)
        self.compare(query, draw, told)
        if told:
            result.rows.append(len(next(iter(told.values()))))

    def compare(self, query, draw, told):
        """Everybody against the first of those that answered; one disagreement of two systems in a query says enough."""
        names = [name for name in ("postgres", "duckdb", "clickhouse", "annals") if name in told]
        for name in names[1:]:
            pair = (query.name, names[0], name)
            if pair not in self.disagreeing and (found := difference(told[names[0]], told[name])):
                self.disagreeing.add(pair)
                words = f"\"{query.name}\" with {draw.told}: {names[0]} and {name} disagree, {found}"
                say(words + f"\n  {self.sql(query, name, draw)}")
                self.disagreements.append(words)

    def measure(self, query):
        result = Result(query)
        for turn in range(WARM + self.plan["rounds"]):
            self.turn(result, turn)
        done = result.done()
        said = ", ".join(
            f"{peer} {found['ms']:.1f}" if "ms" in found else f"{peer} {next(iter(found))}" for peer, found in done["peers"].items()
        )
        say(f"{query.name}: {said} ms, {done['rows']} rows")
        return done

    def statements(self):
        """Fresh statements for the mixed load, by group."""
        wanted = {"look-up": ("one event by id", "one interaction's timeline"), "page": ("newest 100", "keyset page of 500")}
        wanted["dashboard"] = ("facets of 24 h over 5 columns", "count by status, three objects")
        by_name = {query.name: query for query in QUERIES}
        return {
            group: [
                self.sql(by_name[name], "annals", self.draw(by_name[name], 10_000 + number))
                for number in range(self.plan["statements"])
                for name in names
            ]
            for group, names in wanted.items()
        }

    def run(self):
        parts = self.plan["queries"]
        chosen = [query for query in QUERIES if not parts or any(part in query.name or part == query.group for part in parts)]
        found = {}
        # Those with a target first: who stops a long run keeps what was found.
        for query in sorted(chosen, key=lambda query: not query.targets):
            found[query.name] = self.measure(query)
            self.write([found[query.name] for query in chosen if query.name in found])
        self.write([found[query.name] for query in chosen])
        for peer in self.peers.values():
            peer.close()

    def write(self, found):
        memory = {name: peak for name, peer in self.peers.items() if (peak := peer.memory()) is not None}
        out = {"queries": found, "disagreements": self.disagreements, "memory": memory, "statements": self.mixed}
        with open(self.plan["out"], "w", encoding="utf-8") as file:
            json.dump(out, file, ensure_ascii=False, indent=1)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        Driver(json.load(file)).run()


# The libraries' processes import this file anew.
if __name__ == "__main__":
    main()
