//! Queries by chance over the table `answers`, in SQL that means the same in PostgreSQL and in DuckDB.
//!
//! What the engines are known to differ in is left out on purpose: division of integers, averages (their last digit depends on the
//! order of addition), the place of NULL in an order that does not say it, and the text of timestamps.

use crate::harness::Chance;

/// Whose spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Annals,
    /// Its view of the table has timestamps without a zone, because the arithmetic of zones is an extension there.
    DuckDb,
}

/// One query. A moment is written `@2025-01-03 10:00:00@` in its text until a dialect is asked for.
#[derive(Debug, Clone)]
pub(super) struct Query {
    text: String,
    ordered: bool,
}

/// Seconds since 1970, which every engine writes as the same digits.
const SECONDS: &str = "CAST(extract(epoch FROM occurred_at) AS bigint)";

impl Query {
    pub(super) fn generate(chance: &mut Chance) -> Query {
        match chance.below(10) {
            0 | 1 => newest(chance),
            2 => listed(chance),
            3 | 4 => grouped(chance),
            5 => totals(chance),
            6 => joined(chance),
            7 => ranked(chance),
            8 => bucketed(chance),
            _ => combined(chance),
        }
    }

    /// Whether the order of the rows is part of the answer.
    pub(super) fn is_ordered(&self) -> bool {
        self.ordered
    }

    pub(super) fn text(&self, dialect: Dialect) -> String {
        let mut text = String::new();
        for (index, part) in self.text.split('@').enumerate() {
            match (index % 2 == 1, dialect) {
                (false, _) => text.push_str(part),
                (true, Dialect::Annals) => text.push_str(&format!("timestamptz '{part}+00'")),
                (true, Dialect::DuckDb) => text.push_str(&format!("TIMESTAMP '{part}'")),
            }
        }
        text
    }
}

/// The log viewer's query: newest first, filtered, a page of them.
fn newest(chance: &mut Chance) -> Query {
    let filter = predicate(chance, 2);
    let text = format!(
        "SELECT event_id, {SECONDS} AS seconds, kind, person, n, note FROM answers WHERE {filter}
         ORDER BY occurred_at DESC, event_id LIMIT {} OFFSET {}",
        1 + chance.below(60),
        chance.below(3) * 20
    );
    Query { text, ordered: true }
}

/// Some columns and expressions, in an order of their own.
fn listed(chance: &mut Chance) -> Query {
    let filter = predicate(chance, 3);
    let order = *chance.pick(&[
        "n DESC NULLS LAST",
        "n NULLS FIRST",
        "ratio DESC NULLS FIRST",
        "kind NULLS LAST",
        "small DESC",
        "note NULLS FIRST",
    ]);
    let text = format!(
        "SELECT event_id, {}, {}, ok FROM answers WHERE {filter} ORDER BY {order}, event_id LIMIT {}",
        expression(chance),
        expression(chance),
        1 + chance.below(100)
    );
    Query { text, ordered: true }
}

fn grouped(chance: &mut Chance) -> Query {
    let filter = predicate(chance, 2);
    let key = *chance.pick(&[
        "kind",
        "person",
        "ok",
        "small",
        "kind, ok",
        "coalesce(kind, 'none')",
        "small % 7",
        "upper(kind)",
        "substr(person, 1, 2)",
    ]);
    let having = if chance.one_in(3) { format!(" HAVING count(*) > {}", chance.below(60)) } else { String::new() };
    let text =
        format!("SELECT {key}, {}, {} FROM answers WHERE {filter} GROUP BY {key}{having}", aggregate(chance), aggregate(chance));
    Query { text, ordered: false }
}

fn totals(chance: &mut Chance) -> Query {
    let filter = predicate(chance, 3);
    let text = format!("SELECT {}, {}, {} FROM answers WHERE {filter}", aggregate(chance), aggregate(chance), aggregate(chance));
    Query { text, ordered: true }
}

/// Events beside what is known of their person, or beside the person's other events.
fn joined(chance: &mut Chance) -> Query {
    let (outer, inner) = (predicate(chance, 2), predicate(chance, 1));
    let kind = *chance.pick(&["JOIN", "LEFT JOIN"]);
    let text = format!(
        "SELECT a.event_id, a.n, p.events, p.largest FROM (SELECT * FROM answers WHERE {outer}) AS a {kind}
         (SELECT person, count(*) AS events, max(n) AS largest FROM answers WHERE {inner} GROUP BY person) AS p ON a.person = p.person
         ORDER BY a.event_id LIMIT {}",
        1 + chance.below(80)
    );
    Query { text, ordered: true }
}

/// The first few of each group.
fn ranked(chance: &mut Chance) -> Query {
    let filter = predicate(chance, 2);
    let by = *chance.pick(&["kind", "person", "ok", "small % 5"]);
    let order = *chance.pick(&["occurred_at DESC", "n DESC NULLS LAST", "ratio NULLS FIRST"]);
    let text = format!(
        "SELECT * FROM (SELECT event_id, {by} AS grp, row_number() OVER (PARTITION BY {by} ORDER BY {order}, event_id) AS place,
         sum(small) OVER (PARTITION BY {by} ORDER BY {order}, event_id) AS running FROM answers WHERE {filter}) AS r WHERE place <= {}",
        1 + chance.below(4)
    );
    Query { text, ordered: false }
}

/// A chart: events in buckets of time.
fn bucketed(chance: &mut Chance) -> Query {
    let filter = predicate(chance, 2);
    let unit = *chance.pick(&["hour", "day", "minute"]);
    let text = format!(
        "SELECT CAST(extract(epoch FROM date_trunc('{unit}', occurred_at)) AS bigint) AS bucket, {} FROM answers WHERE {filter}
         GROUP BY 1 ORDER BY 1 DESC LIMIT {}",
        aggregate(chance),
        10 + chance.below(200)
    );
    Query { text, ordered: true }
}

/// Set operations, subqueries and DISTINCT.
fn combined(chance: &mut Chance) -> Query {
    let (first, second) = (predicate(chance, 2), predicate(chance, 2));
    let text = match chance.below(5) {
        0 => format!("SELECT person FROM answers WHERE {first} UNION SELECT person FROM answers WHERE {second}"),
        1 => format!("SELECT kind, person FROM answers WHERE {first} UNION ALL SELECT kind, 'all' FROM answers WHERE {second}"),
        2 => format!("SELECT person FROM answers WHERE {first} EXCEPT SELECT person FROM answers WHERE {second}"),
        3 => format!("SELECT DISTINCT kind, ok, small % 10 FROM answers WHERE {first}"),
        _ => format!(
            "SELECT event_id FROM answers WHERE {first} AND person IN (SELECT person FROM answers WHERE {second} AND small < {})",
            chance.below(20)
        ),
    };
    Query { text, ordered: false }
}

fn expression(chance: &mut Chance) -> String {
    match chance.below(9) {
        0 => "n + small * 3".to_owned(),
        1 => "coalesce(n, -1) % 10".to_owned(),
        2 => "ratio * 2 - 1".to_owned(),
        3 => "CASE WHEN n > 500 THEN 'many' WHEN n IS NULL THEN 'none' ELSE 'few' END".to_owned(),
        4 => "upper(coalesce(kind, 'none'))".to_owned(),
        5 => "length(note)".to_owned(),
        6 => "person || '/' || coalesce(kind, '?')".to_owned(),
        7 => "nullif(kind, 'read')".to_owned(),
        _ => format!("abs(n - {})", chance.below(900)),
    }
}

fn aggregate(chance: &mut Chance) -> String {
    let plain = *chance.pick(&[
        "count(*)",
        "count(n)",
        "count(DISTINCT person)",
        "count(DISTINCT kind)",
        "sum(n)",
        "sum(ratio)",
        "min(n)",
        "max(n)",
        "min(ratio)",
        "max(ratio)",
        "min(event_id)",
        "max(note)",
        "min(kind)",
        "sum(CASE WHEN ok THEN 1 ELSE 0 END)",
        "max(extract(epoch FROM occurred_at))",
        "bool_or(ok)",
    ]);
    if chance.one_in(5) && !plain.contains("CASE") { format!("{plain} FILTER (WHERE {})", atom(chance)) } else { plain.to_owned() }
}

/// A condition of up to 2^depth atoms.
fn predicate(chance: &mut Chance, depth: u32) -> String {
    if depth == 0 || chance.one_in(3) {
        return atom(chance);
    }
    let (left, right) = (predicate(chance, depth - 1), predicate(chance, depth - 1));
    match chance.below(5) {
        0 => format!("NOT ({left})"),
        1 | 2 => format!("({left} OR {right})"),
        _ => format!("({left} AND {right})"),
    }
}

fn atom(chance: &mut Chance) -> String {
    match chance.below(18) {
        0 => format!("n > {}", chance.below(1500)),
        1 => format!("n BETWEEN {} AND {}", chance.below(300), 300 + chance.below(900)),
        2 => format!("n <= -{}", chance.below(400)),
        3 => "n IS NULL".to_owned(),
        4 => format!("kind = '{}'", chance.pick(&["sent", "failed", "read", "absent"])),
        5 => "kind IN ('sent', 'failed', 'retried')".to_owned(),
        6 => "kind NOT IN ('sent', 'read')".to_owned(),
        7 => "kind IS NOT NULL".to_owned(),
        8 => chance.pick(&["ok", "NOT ok", "ok IS NULL", "ok IS NOT TRUE"]).to_string(),
        9 => format!("note LIKE '%{}%'", chance.pick(&["timeout", "queue node", "zürich", "quote''s", "r", "100", "agent"])),
        10 => format!("note ILIKE '%{}%'", chance.pick(&["AGENT", "Retry", "queue"])),
        11 => format!("note NOT LIKE '{}%'", chance.pick(&["timeout", "e", "_nd"])),
        12 => format!("person = 'p{}'", chance.below(160)),
        13 => format!("person IN ('p{}', 'p{}', 'p{}')", chance.below(150), chance.below(150), chance.below(150)),
        14 => format!("occurred_at >= @2025-01-{:02} {:02}:00:00@", 1 + chance.below(9), chance.below(24)),
        15 => {
            let day = 1 + chance.below(8);
            format!("(occurred_at >= @2025-01-{day:02} 00:00:00@ AND occurred_at < @2025-01-{:02} 12:30:00@)", day + 1)
        }
        16 => format!("ratio < {}.25", chance.below(1000)),
        _ => {
            format!("event_id IN ('e{:06}', 'e{:06}', 'e{:06}')", chance.below(12_000), chance.below(12_000), chance.below(13_000))
        }
    }
}
