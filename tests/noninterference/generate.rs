//! Statements by chance over the tables of a world, for which every answer is fixed: no clock, no chance of their own, and LIMIT only
//! behind an order of unique values.

use crate::harness::Chance;

/// By which messages a statement goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Simple,
    Extended,
    Copy,
    /// COPY … FROM STDIN with these bytes.
    CopyIn(&'static str),
}

/// One thing that a client sends.
#[derive(Debug, Clone)]
pub(super) struct Act {
    pub sql: String,
    pub way: Way,
    /// Whether the order of the rows is part of the answer.
    pub ordered: bool,
}

impl Act {
    pub(super) fn simple(sql: impl Into<String>) -> Act {
        Act { sql: sql.into(), way: Way::Simple, ordered: false }
    }
}

/// What one draw makes the client do, in order; it leaves the session as it was.
pub(super) fn acts(chance: &mut Chance) -> Vec<Act> {
    match chance.below(25) {
        20 => changes(chance),
        21 => vec![Act::simple(held(chance))],
        22 => channel(chance),
        23 => copied(chance),
        24 => vec![Act::simple(others_statements(chance))],
        0 => catalog(chance),
        1 => failing_insert(chance),
        2 => forbidden(chance),
        3 | 4 => explained(chance),
        5 => {
            let (query, ordered) = query(chance, 2);
            // Binary rows are compared in their order: nothing tells where one ends.
            let formats: &[&str] =
                if ordered { &[" (FORMAT binary)", ""] } else { &["", " (FORMAT csv, HEADER)", " (FORMAT json)"] };
            let format = chance.pick(formats);
            vec![Act { sql: format!("COPY ({query}) TO STDOUT{format}"), way: Way::Copy, ordered }]
        }
        6 => cursor(chance),
        7 => {
            let (query, _) = query(chance, 2);
            let run = "EXECUTE kept";
            [&format!("PREPARE kept AS {query}"), run, run, "DEALLOCATE kept"].into_iter().map(Act::simple).collect()
        }
        8 => {
            let (sql, ordered) = query(chance, 2);
            vec![Act { sql, way: Way::Extended, ordered }]
        }
        _ => {
            let (sql, ordered) = query(chance, 3);
            vec![Act { sql, way: Way::Simple, ordered }]
        }
    }
}

fn cursor(chance: &mut Chance) -> Vec<Act> {
    let (query, ordered) = query(chance, 2);
    let scroll = *chance.pick(&["", "SCROLL ", "NO SCROLL "]);
    let hold = chance.pick(&["", "", " WITH HOLD"]);
    let mut acts = vec![Act::simple("BEGIN"), Act::simple(format!("DECLARE c {scroll}CURSOR{hold} FOR {query}"))];
    // A part of a cursor's rows is the same only if their order is.
    let fetches: &[&str] = match (ordered, scroll) {
        (true, "SCROLL ") => {
            &["FETCH 4 FROM c", "FETCH BACKWARD 2 FROM c", "FETCH LAST FROM c", "MOVE ABSOLUTE 2 IN c", "FETCH ALL FROM c"]
        }
        (true, _) => &["FETCH 3 FROM c", "MOVE 2 IN c", "FETCH ALL FROM c"],
        (false, _) => &["FETCH ALL FROM c"],
    };
    acts.extend(fetches.iter().map(|fetch| Act { ordered, ..Act::simple(*fetch) }));
    acts.push(Act::simple("ROLLBACK"));
    acts
}

fn explained(chance: &mut Chance) -> Vec<Act> {
    let (query, _) = query(chance, 2);
    let options = chance.pick(&["", "VERBOSE ", "ANALYZE ", "(FORMAT JSON) ", "(ANALYZE, VERBOSE) ", "(ANALYZE, FORMAT JSON) "]);
    vec![Act { ordered: true, ..Act::simple(format!("EXPLAIN {options}{query}")) }]
}

/// What the catalog tells. Who is connected and how the server as a whole fares is no secret of a table's, and not asked for.
fn catalog(chance: &mut Chance) -> Vec<Act> {
    let sql = chance.pick(&[
        "SELECT relname, relkind, reltuples, relpages, relacl FROM pg_class WHERE relnamespace = 'public'::regnamespace",
        "SELECT schemaname, tablename, indexname, indexdef FROM pg_indexes",
        "SELECT attrelid::regclass, attname, atttypid::regtype, attnotnull, attacl FROM pg_attribute WHERE attnum > 0 AND attrelid > 16000",
        "SELECT table_schema, table_name, column_name, data_type, column_default FROM information_schema.columns WHERE table_schema <> 'pg_catalog'",
        "SELECT * FROM information_schema.table_privileges WHERE table_schema <> 'pg_catalog'",
        "SELECT * FROM information_schema.column_privileges WHERE table_schema <> 'pg_catalog'",
        "SELECT schemaname, tablename, tableowner FROM pg_tables",
        "SELECT * FROM pg_views WHERE schemaname = 'public'",
        "SELECT * FROM pg_stats",
        "SELECT * FROM pg_policies",
        "SELECT relname, n_live_tup, n_dead_tup, n_tup_ins, seq_scan, seq_tup_read FROM pg_stat_user_tables",
        "SELECT usename, query, client_addr FROM pg_stat_activity WHERE usename = 'other'",
        "SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint",
        "SELECT pg_relation_size('events'), pg_total_relation_size('events'), pg_table_size('people')",
        "SELECT pg_relation_size('hidden')",
        "SELECT has_table_privilege('events', 'SELECT'), has_any_column_privilege('events', 'SELECT'), has_table_privilege('hidden', 'SELECT')",
        "SELECT has_column_privilege('events', 'secret', 'SELECT'), has_column_privilege('people', 'salary', 'SELECT')",
        "SELECT 'events'::regclass::oid, 'people'::regclass::oid",
        "SELECT nspname, nspacl FROM pg_namespace",
        "SELECT rolname, rolsuper, rolconfig FROM pg_roles",
        "SELECT proname, prosrc, proacl FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        "SELECT name, setting FROM pg_settings WHERE name NOT IN ('port', 'data_directory', 'config_file')",
        "SELECT obj_description('events'::regclass), col_description('events'::regclass, 1)",
        "SELECT * FROM pg_prepared_statements",
        "SELECT * FROM pg_cursors",
        "SELECT pg_get_viewdef('regions'::regclass)",
        "EXPLAIN RETENTION events",
        "SELECT * FROM annals.retention_status",
        "SELECT * FROM annals.retention_policies WHERE tablename = 'events'",
        "SELECT * FROM annals.masking_policies",
        "SELECT relrowsecurity, row_security_active('events') FROM pg_class WHERE relname = 'events'",
        "SELECT * FROM annals.catalog_log",
        "SELECT * FROM annals.ledger_status",
        "SELECT size, root FROM annals.checkpoints",
        "SELECT annals.verify_table('events')",
        "SELECT annals.verify_table('hidden')",
        "SELECT id, annals.prove('events', id::text) FROM events",
        "SELECT * FROM annals.prove('held', '00000000-0000-0000-0000-000000000000')",
        "LISTEN annals_checkpoint",
        "SELECT * FROM annals.erasures",
        "SELECT annals.erase('events', '1 / (id - 55) > 0', 'why')",
        "SELECT annals.erase('hidden', 'true', 'why')",
        "SELECT annals.approve_erasure('00000000-0000-0000-0000-000000000000')",
        "SELECT annals.erasure_receipt('00000000-0000-0000-0000-000000000000')",
    ]);
    vec![Act::simple(*sql)]
}

/// Changes of a table of which others' rows are hidden; all of them are taken back. Keys of hidden rows are the same in both worlds,
/// because that a key is taken is told.
fn changes(chance: &mut Chance) -> Vec<Act> {
    let id = chance.pick(&["1", "2", "7", "100", "101", "55", "e.id", "id"]);
    let value = chance.pick(&["note", "'x'", "upper(note)", "(1000 / (floor - 777))::text", "note::integer::text", "NULL"]);
    let condition = chance.pick(&[
        "true",
        "floor > 1",
        "1000 / (floor - 777) < 0",
        "note::integer > 0",
        "owner <> 'reader'",
        "note LIKE '%left%'",
        "id > 50",
    ]);
    let returning = chance.pick(&["", " RETURNING *", " RETURNING id, note", " RETURNING 10 / floor"]);
    let sql = match chance.below(7) {
        0 => format!("UPDATE desks SET note = {value} WHERE {condition}{returning}"),
        1 => format!(
            "UPDATE desks SET floor = floor + 1 WHERE id = (SELECT min(id) FROM events e WHERE e.id = {}){returning}",
            id.replace("id", "e.id").replace("e.e.", "e.")
        ),
        2 => format!("DELETE FROM desks WHERE {condition}{returning}"),
        3 => format!(
            "INSERT INTO desks SELECT e.id, 'reader', 1, e.mail FROM events e WHERE e.id < 60 ON CONFLICT (id) DO UPDATE SET note = {}{returning}",
            value.replace("note", "desks.note").replace("floor", "desks.floor")
        ),
        4 => {
            let fields = |text: &str| {
                ["note", "floor", "owner"].iter().fold(text.to_owned(), |text, name| text.replace(name, &format!("desks.{name}")))
            };
            let key = chance.pick(&["1", "7", "55", "100", "102"]);
            format!(
                "INSERT INTO desks VALUES ({key}, 'reader', 2, 'new') ON CONFLICT (id) DO UPDATE SET note = excluded.note WHERE {}{returning}",
                fields(condition).replace("id >", "desks.id >")
            )
        }
        5 => format!(
            "INSERT INTO desks VALUES (100, 'reader', 2, 'new'), (56, 'reader', 2, 'new') ON CONFLICT (id) DO NOTHING{returning}"
        ),
        _ => format!("SELECT id, {value} FROM desks WHERE {condition} FOR UPDATE"),
    };
    vec![Act::simple("BEGIN"), Act::simple(sql), Act::simple("SELECT count(*), max(note) FROM desks"), Act::simple("ROLLBACK")]
}

/// What is seen of a table of which holds keep expired rows, some of them for the role.
fn held(chance: &mut Chance) -> String {
    let value = chance.pick(&[
        "word",
        "1000 / (n - 777)",
        "word::integer",
        "upper(word)",
        "count(*) OVER ()",
        "occurred_at < now() - interval '50 days'",
    ]);
    let condition = chance.pick(&[
        "true",
        "n > 2",
        "word <> 'left-held'",
        "1000 / (n - 777) < 1000",
        "n IN (1, 2, 3, 777)",
        "word::integer > 1",
    ]);
    chance
        .pick(&[
            &format!("SELECT n, {value} FROM held WHERE {condition}") as &str,
            &format!("SELECT count(*), min(n), max(word) FROM held WHERE {condition}"),
            &format!("SELECT h.n, e.id FROM held h JOIN events e ON e.id = h.n WHERE {condition}"),
            &format!("EXPLAIN ANALYZE SELECT n FROM held WHERE {condition}"),
            "SELECT hold, tablename, reason FROM annals.legal_holds",
            "SELECT * FROM annals.retention_status WHERE tablename = 'held'",
            "EXPLAIN RETENTION held",
        ])
        .to_string()
}

/// What is said and heard on a channel. A session hears itself.
fn channel(chance: &mut Chance) -> Vec<Act> {
    let filter = condition(chance, 2);
    let said = text(chance, 1);
    let speak = match chance.below(4) {
        0 => "NOTIFY heard, 'words'".to_owned(),
        1 => format!("SELECT count(pg_notify('heard', {said})) FROM events e WHERE {filter}"),
        2 => format!("SELECT id FROM events e WHERE pg_notify('heard', e.id::text) IS NULL OR {filter}"),
        _ => "SELECT pg_notify('annals_words', region) FROM events".to_owned(),
    };
    ["LISTEN heard", &speak, "UNLISTEN *"].into_iter().map(Act::simple).collect()
}

/// Whole tables and views out by COPY, and rows in that are not taken.
fn copied(chance: &mut Chance) -> Vec<Act> {
    let table = chance.pick(&[
        "events (id, region, mail, details)",
        "regions",
        "of_owner",
        "people (id, name)",
        "desks",
        "events",
        "hidden",
        "held",
    ]);
    let format = chance.pick(&["", " (FORMAT csv, HEADER)", " (FORMAT json)"]);
    let table = if table.contains("regions") || *table == "of_owner" { format!("(TABLE {table})") } else { (*table).to_owned() };
    let out = Act { sql: format!("COPY {table} TO STDOUT{format}"), way: Way::Copy, ordered: false };
    let (into, bytes) = *chance.pick(&[
        ("inbox", "1\t0\tx\n"),
        ("inbox", "1\t2\tx\n3\tno number\tx\n"),
        ("inbox", "1\t2\tx\n"),
        ("events (occurred_at, id, region, amount)", "2020-01-01\t1\teu\t1\n"),
        ("events (occurred_at, id, region, amount)", "2020-01-01\t1\teu\t5000\n"),
        ("desks", "100\treader\t1\tx\n"),
        ("desks", "57\tother\t1\tx\n"),
    ]);
    let put = Act { sql: format!("COPY {into} FROM STDIN"), way: Way::CopyIn(bytes), ordered: false };
    vec![out, Act::simple("BEGIN"), put, Act::simple("ROLLBACK")]
}

/// What the query log tells of others. What it has of one's own depends on the moment.
fn others_statements(chance: &mut Chance) -> String {
    chance
        .pick(&[
            "SELECT login_role, count(*) FROM annals.query_log WHERE login_role <> 'reader' GROUP BY 1",
            "SELECT max(length(statement)), sum(rows_returned) FROM annals.query_log WHERE login_role IN ('annals', 'other')",
            "SELECT count(*) FROM annals.query_log WHERE 1 / length(replace(login_role, 'other', '')) < 0",
            "SELECT count(*) FROM annals.query_log WHERE CASE WHEN login_role = 'reader' THEN 0 ELSE statement::integer END > 0",
            "SELECT statement FROM annals.query_log WHERE statement LIKE '%left%' AND login_role = 'other'",
            "UPDATE annals.query_log SET statement = ''",
            "INSERT INTO annals.query_log (statement) VALUES ('forged')",
            "SELECT * FROM annals.catalog_log WHERE 1 / length(replace(statement, 'x', '')) < 0",
        ])
        .to_string()
}

/// INSERTs that must not succeed, so that the world stays as it is.
fn failing_insert(chance: &mut Chance) -> Vec<Act> {
    let number = number(chance, 2);
    let sql = match chance.below(9) {
        0 => format!("INSERT INTO inbox SELECT id, -abs({number}) - 1, region FROM events"),
        1 => format!("INSERT INTO inbox SELECT id, 0, 'x' FROM events WHERE {}", condition(chance, 2)),
        2 => "INSERT INTO inbox SELECT id, 1, NULL FROM events ORDER BY id".to_owned(),
        3 => "INSERT INTO inbox VALUES (1, 1 / 0, 'x')".to_owned(),
        4 => format!("INSERT INTO inbox VALUES (1, (SELECT min(amount) - 1000 FROM events WHERE {}), 'x')", condition(chance, 1)),
        5 => "INSERT INTO events (occurred_at, id, region) VALUES ('2020-01-01', 1, 'eu')".to_owned(),
        6 => "INSERT INTO events (occurred_at, id) VALUES ('2020-01-01', 9001) RETURNING secret".to_owned(),
        7 => "INSERT INTO people VALUES (1, 'x', 1)".to_owned(),
        _ => "INSERT INTO inbox SELECT at, 1, word FROM hidden".to_owned(),
    };
    // What was not refused, because no row was left to refuse, is taken back.
    vec![Act::simple("BEGIN"), Act::simple(sql), Act::simple("ROLLBACK")]
}

/// What the role has no right to.
fn forbidden(chance: &mut Chance) -> Vec<Act> {
    let condition = condition(chance, 1);
    let sql = match chance.below(14) {
        0 => "SELECT * FROM events".to_owned(),
        1 => format!("SELECT secret FROM events WHERE {condition}"),
        2 => format!("SELECT id FROM events e WHERE secret = 'left1' AND {condition}"),
        3 => "SELECT max(salary) FROM people".to_owned(),
        4 => "SELECT id FROM people ORDER BY salary".to_owned(),
        5 => "SELECT count(*) FROM hidden".to_owned(),
        6 => "TABLE hidden".to_owned(),
        7 => "SELECT * FROM hr.salaries".to_owned(),
        8 => "SELECT * FROM hr.nothing".to_owned(),
        9 => "EXPLAIN ANALYZE SELECT count(*) FROM hidden".to_owned(),
        10 => "UPDATE people SET name = 'x' WHERE salary > 3".to_owned(),
        11 => "DELETE FROM events".to_owned(),
        12 => "SELECT _li, _ingest_ts FROM events".to_owned(),
        _ => format!("CREATE TABLE mine AS SELECT id FROM events WHERE {condition}"),
    };
    vec![Act::simple(sql)]
}

/// A query, and whether it fixes the order of its rows.
fn query(chance: &mut Chance, depth: u64) -> (String, bool) {
    let filter = condition(chance, depth);
    let (one, two) = (number(chance, depth), text(chance, depth));
    match chance.below(18) {
        0 | 1 => (format!("SELECT id, {one} AS x, {two} AS y FROM events e WHERE {filter}"), false),
        2 => {
            let (limit, offset) = (1 + chance.below(9), chance.below(5));
            (format!("SELECT id, {one} AS x FROM events e WHERE {filter} ORDER BY id DESC LIMIT {limit} OFFSET {offset}"), true)
        }
        3 => {
            let limit = 1 + chance.below(7);
            (format!("SELECT id, region, amount FROM events e WHERE {filter} ORDER BY amount, id LIMIT {limit}"), true)
        }
        4 => (format!("SELECT count(*), min({one}), max(level), sum(amount) FROM events e WHERE {filter}"), false),
        5 => (
            format!(
                "SELECT region, count(*) AS n, sum({one}) AS s FROM events e WHERE {filter} GROUP BY region HAVING count(*) > 1"
            ),
            false,
        ),
        6 => (
            format!(
                "SELECT level, sum(10 / amount) FILTER (WHERE {filter}), string_agg(region, ',' ORDER BY id) FROM events e GROUP BY level"
            ),
            false,
        ),
        7 => (format!("SELECT DISTINCT {two} AS y FROM events e WHERE {filter}"), false),
        8 => (format!("SELECT e.id, p.name FROM events e JOIN people p ON p.id = {one} WHERE {filter}"), false),
        9 => (
            format!(
                "SELECT e.id, f.amount FROM events e LEFT JOIN events f ON e.amount = f.id AND f.level = e.level WHERE {filter}"
            ),
            false,
        ),
        10 => (
            format!(
                "SELECT id, row_number() OVER (PARTITION BY region ORDER BY id), lag(amount) OVER (ORDER BY id) FROM events e WHERE {filter}"
            ),
            false,
        ),
        11 => (
            format!(
                "WITH w AS (SELECT id, amount, level, region, details FROM events e WHERE {filter}) SELECT region, max(amount) FROM w GROUP BY region"
            ),
            false,
        ),
        12 => {
            let other = condition(chance, depth.saturating_sub(1));
            (
                format!(
                    "SELECT region FROM events e WHERE {filter} {} SELECT name FROM people e WHERE id > 3 OR (SELECT count(*) FROM events e WHERE {other}) > 5",
                    chance.pick(&["UNION", "UNION ALL", "EXCEPT", "INTERSECT"])
                ),
                false,
            )
        }
        13 => (
            format!(
                "SELECT details -> 'list' -> 0 AS a, jsonb_array_length(details -> 'list') AS n, details @> '{{\"k\": \"v1\"}}' AS k FROM events e WHERE {filter}"
            ),
            false,
        ),
        14 => (
            chance
                .pick(&[
                    "SELECT * FROM regions",
                    "SELECT * FROM of_region('eu')",
                    "SELECT * FROM of_owner",
                    "SELECT id, mail FROM of_keeper('eu') WHERE 1000 / (amount - 777) < 1000",
                    "SELECT count(*), max(amount) FROM of_keeper('gone')",
                    "SELECT e.id, k.mail FROM events e JOIN of_keeper('us') k ON k.id = e.id WHERE k.mail LIKE 'u%'",
                    "SELECT id FROM events WHERE id IN (SELECT k.amount FROM of_keeper('hq') k)",
                    "SELECT id, note, 1000 / (floor - 777) FROM desks",
                    "SELECT id FROM of_owner WHERE 1000 / (amount - 777) > 0 AND mail <> 'uleft1@example.com'",
                    "SELECT mail, count(*) FROM of_owner o WHERE (o.details ->> 'n')::integer > 2 GROUP BY mail",
                    "SELECT events / (amount - 777) FROM regions",
                    "SELECT count(*) FROM regions r JOIN people p ON p.id = r.events",
                ])
                .to_string(),
            false,
        ),
        15 | 16 => {
            // Rows may be counted together.
            let by =
                chance.pick(&["region", "level, region", "details ->> 'k'", "date_trunc('day', occurred_at), level", "mail", "id"]);
            (
                format!("SELECT {by}, count(*), count(details ->> 'k'), count(amount) FROM events e WHERE {filter} GROUP BY {by}"),
                false,
            )
        }
        _ => (
            format!(
                "SELECT DISTINCT ON (region) region, id, (SELECT count(*) FROM events f WHERE f.amount > e.amount) AS more FROM events e WHERE {filter} ORDER BY region, id"
            ),
            false,
        ),
    }
}

/// A whole number of a row of `e`. Some of these fail on the hidden rows and on no other.
fn number(chance: &mut Chance, depth: u64) -> String {
    if depth == 0 || chance.one_in(3) {
        return chance
            .pick(&["e.id", "e.amount", "e.amount", "1", "7", "777", "e.id % 5", "e.level::integer", "e.bonus"])
            .to_string();
    }
    let (a, b) = (number(chance, depth - 1), number(chance, depth - 1));
    match chance.below(14) {
        0 => "1000 / (e.amount - 777)".to_owned(),
        12 => "1000 % (e.amount - 778)".to_owned(),
        13 => "(e.details ->> 'n')::integer".to_owned(),
        1 => format!("100 / ({b} - 3)"),
        2 => format!("({a} + {b})"),
        3 => format!("({a} * {b})"),
        4 => format!("CASE WHEN {} THEN {a} ELSE {b} END", condition(chance, depth - 1)),
        5 => format!("coalesce({a}, {b})"),
        6 => format!("abs({a} - {b})"),
        7 => format!("length({})", text(chance, depth - 1)),
        8 => format!("({a} % nullif({b}, 0))"),
        9 => format!("({} || '1')::integer", text(chance, depth - 1)),
        10 => format!("({a} * 100000000)"),
        _ => format!("greatest({a}, {b})"),
    }
}

fn text(chance: &mut Chance, depth: u64) -> String {
    if depth == 0 || chance.one_in(3) {
        return chance
            .pick(&[
                "'x'",
                "e.id::text",
                "'gone'",
                "e.level",
                "e.region",
                "'left-level'",
                "e.details ->> 'k'",
                "e.mail",
                "e.details -> 'who' ->> 'name'",
                "e.details::text",
            ])
            .to_string();
    }
    let a = text(chance, depth - 1);
    match chance.below(7) {
        0 => format!("upper({a})"),
        1 => format!("({a} || {})", text(chance, depth - 1)),
        2 => format!("substr({a}, {}, 3)", 1 + chance.below(3)),
        3 => format!("coalesce({a}, 'none')"),
        4 => format!("repeat({a}, {})", number(chance, 0)),
        5 => format!("regexp_replace({a}, '[0-9]+', '#')"),
        _ => format!("split_part({a}, '-', 1)"),
    }
}

fn condition(chance: &mut Chance, depth: u64) -> String {
    if depth == 0 || chance.one_in(4) {
        return chance
            .pick(&[
                "e.id > 5",
                "e.amount <> 777",
                "true",
                "e.id IN (1, 2, 9001, 30)",
                "e.id BETWEEN 8 AND 33",
                "e.region = 'gone'",
                "e.region = 'hq'",
                "e.mail = 'uleft1@example.com'",
                "e.mail LIKE 'uright%'",
                "e.bonus = 20",
                "e.level < '4'",
            ])
            .to_string();
    }
    match chance.below(10) {
        0 => format!("{} > {}", number(chance, depth - 1), number(chance, depth - 1)),
        1 => format!("{} = {}", text(chance, depth - 1), text(chance, depth - 1)),
        2 => format!("({} AND {})", condition(chance, depth - 1), condition(chance, depth - 1)),
        3 => format!("({} OR {})", condition(chance, depth - 1), condition(chance, depth - 1)),
        4 => format!("NOT ({})", condition(chance, depth - 1)),
        5 => format!("{} LIKE '%{}%'", text(chance, depth - 1), chance.pick(&["e", "left", "1"])),
        6 => format!("EXISTS (SELECT 1 FROM events e WHERE {})", condition(chance, depth - 1)),
        7 => format!("{} IN (SELECT e.id FROM events e WHERE {})", number(chance, depth - 1), condition(chance, depth - 1)),
        8 => format!("({}) IS NULL", number(chance, depth - 1)),
        _ => format!("e.details @> '{{\"k\": \"{}\"}}'", chance.pick(&["v1", "left-level"])),
    }
}
