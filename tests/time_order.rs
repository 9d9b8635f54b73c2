//! Rows that a statement wants in the order of time come so from where they stand, and are the same rows as if they had been sorted.

use tokio_postgres::Client;

use crate::harness::{Server, Table, folder, table, told};

/// Rows in several segments and the tail, whose times overlap, some of them equal.
async fn filled(chief: &Client) {
    chief
        .batch_execute("CREATE TABLE e (occurred_at timestamptz NOT NULL, n int, who text, kind text, details jsonb)")
        .await
        .unwrap();
    for (portion, rows, then) in
        [(0, 30_000, "CHECKPOINT"), (1, 12_000, "CHECKPOINT"), (2, 9_000, "VACUUM e"), (3, 9_500, "CHECKPOINT"), (4, 700, "")]
    {
        let sql = format!(
            "INSERT INTO e SELECT timestamptz '2026-03-01' + ((n * 7919) % 200000) * interval '2 seconds', n + {portion} * 100000,
                    CASE WHEN n % 11 = 0 THEN NULL ELSE 'p' || (n % 997) END, CASE n % 40 WHEN 0 THEN 'failure' ELSE 'success' END,
                    jsonb_build_object('code', n % 13, 'text', repeat('x', n % 50))
             FROM generate_series(1, {rows}) AS s(n)"
        );
        chief.batch_execute(&sql).await.unwrap();
        chief.batch_execute(then).await.unwrap();
    }
}

/// What stands between SELECT and ORDER BY, and what follows the order.
const STATEMENTS: [(&str, &str); 20] = [
    ("* FROM e WHERE n = 12345", ""),
    ("occurred_at, n FROM e WHERE who = 'p5'", "LIMIT 70"),
    ("occurred_at, n, kind FROM e WHERE n IN (5, 100007, 300005, 400100, -3) AND who = 'p5'", ""),
    ("occurred_at, n FROM e WHERE (who = 'p5' OR who = 'p6') AND occurred_at < '2026-03-03'", "LIMIT 10"),
    ("* FROM e", "LIMIT 100"),
    ("* FROM e", "LIMIT 1"),
    ("* FROM e", "LIMIT 3000 OFFSET 17"),
    ("n, occurred_at FROM e", ""),
    ("occurred_at, n, who FROM e WHERE kind = 'failure'", "LIMIT 50"),
    ("occurred_at, n FROM e WHERE kind = 'failure' AND who IS NULL", "LIMIT 200"),
    ("occurred_at, n, details FROM e WHERE who IN ('p5', 'p17', 'p996', 'nobody')", ""),
    ("occurred_at, n FROM e WHERE occurred_at < '2026-03-02 07:00'", "LIMIT 500"),
    ("occurred_at, n FROM e WHERE (occurred_at, n) < ('2026-03-03 01:00', 12345)", "LIMIT 500"),
    ("occurred_at, n FROM e WHERE occurred_at BETWEEN '2026-03-02' AND '2026-03-02 00:10' AND kind <> 'failure'", ""),
    ("occurred_at, n FROM e WHERE details ->> 'code' = '7' AND kind = 'success'", "LIMIT 40"),
    ("occurred_at, n FROM e WHERE 1000 / n > 2 OR who = 'p9'", "LIMIT 40"),
    ("occurred_at, n FROM e WHERE who = 'nobody'", "LIMIT 40"),
    ("occurred_at, n FROM (SELECT occurred_at, n, kind FROM e WHERE kind = 'failure') AS f WHERE n % 3 = 1", "LIMIT 40"),
    ("a.occurred_at, a.n FROM e AS a JOIN e AS b ON a.n = b.n + 100000 WHERE b.kind = 'failure'", "LIMIT 40"),
    ("occurred_at, max(n) AS n FROM e WHERE kind = 'failure' GROUP BY occurred_at", "LIMIT 40"),
];

async fn compared(reader: &Client, when: &str) {
    for (what, then) in STATEMENTS {
        let (time, number) = if what.starts_with("a.") { ("a.occurred_at", "a.n") } else { ("occurred_at", "n") };
        let by = |order: &str| format!("SELECT {what} ORDER BY {order} {then}");
        for end in ["DESC", "ASC"] {
            let sorted = table(reader, &by(&format!("{time} + interval '0 seconds' {end}, {number}"))).await.unwrap();
            let streamed = table(reader, &by(&format!("{time} {end}, {number}"))).await.unwrap();
            assert_eq!(streamed, sorted, "{when}: {what} {end} {then}");
            // Without a second column equal times come in any order.
            let times = |rows: &Table| {
                let place = rows.columns.iter().position(|column| column == "occurred_at").unwrap();
                rows.rows.iter().map(|row| row[place].clone()).collect::<Vec<_>>()
            };
            let alone = table(reader, &by(&format!("{time} {end}"))).await.unwrap();
            assert_eq!(times(&alone), times(&sorted), "{when}: {what} {end} {then}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_in_order_are_the_same_as_sorted() {
    let data = folder();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    filled(&chief).await;
    let plan = told(&chief, "EXPLAIN SELECT * FROM e ORDER BY occurred_at DESC LIMIT 100").await.join("\n");
    assert!(plan.contains("TimeOrderExec") && !plan.contains("SortExec"), "{plan}");
    let plan = told(&chief, "EXPLAIN SELECT count(*), kind FROM e GROUP BY kind").await.join("\n");
    assert!(!plan.contains("TimeOrderExec"), "{plan}");
    compared(&chief, "owner").await;
    // Declared now: the tail and small segments have none of them, and others have none yet.
    chief.batch_execute("CREATE INDEX ON e (who); CREATE INDEX ON e (n)").await.unwrap();
    compared(&chief, "while indexes are built").await;
    chief.batch_execute("VACUUM e").await.unwrap();
    compared(&chief, "with indexes").await;
    chief
        .batch_execute("INSERT INTO e SELECT occurred_at, n + 1000000, who, kind, details FROM e WHERE n % 500 = 0")
        .await
        .unwrap();
    compared(&chief, "with indexes and a tail").await;
    let plan = told(&chief, "EXPLAIN SELECT * FROM e WHERE n = 12345").await.join("\n");
    assert!(plan.contains("index on n: 1 rows"), "{plan}");
    // Rows of a transaction's own are the newest that there are.
    chief.batch_execute("BEGIN; INSERT INTO e VALUES (now(), -1, 'p5', 'failure', '{}')").await.unwrap();
    compared(&chief, "in a transaction").await;
    chief.batch_execute("ROLLBACK").await.unwrap();
    chief
        .batch_execute(
            "CREATE ROLE reader LOGIN PASSWORD 'only-for-tests'; GRANT SELECT ON e TO reader;
             ALTER TABLE e ENABLE ROW LEVEL SECURITY; CREATE POLICY some ON e TO reader USING (n % 3 <> 0 AND who <> 'p17');
             CREATE MASKING POLICY m ON e (who) TO reader USING ('p' || length(who)::text)",
        )
        .await
        .unwrap();
    let reader = server.log_in("reader").await;
    compared(&reader, "under policies").await;
    chief
        .batch_execute(
            "CREATE ROLE outsider LOGIN PASSWORD 'only-for-tests'; GRANT SELECT ON e TO outsider;
             CREATE POLICY few ON e TO outsider USING (n % 400 = 1)",
        )
        .await
        .unwrap();
    compared(&server.log_in("outsider").await, "under a policy that hides nearly all").await;
    chief.batch_execute("CREATE RETENTION POLICY short ON e WHERE (kind = 'failure') KEEP INTERVAL '20 days'").await.unwrap();
    compared(&reader, "under retention").await;
    chief.batch_execute("VACUUM e").await.unwrap();
    compared(&chief, "after a purge").await;
    // The time of rows that the reader sees masked is not the time by which they stand.
    chief
        .batch_execute(
            "CREATE MASKING POLICY t ON e (occurred_at) TO reader USING (date_trunc('day', occurred_at) - n * interval '1 s')",
        )
        .await
        .unwrap();
    compared(&reader, "under a mask of the time").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_is_told_to_the_owner() {
    let data = folder();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    filled(&chief).await;
    chief.batch_execute("VACUUM e").await.unwrap();
    for end in ["DESC", "ASC"] {
        let sql = format!("EXPLAIN (ANALYZE, TIMING off) SELECT * FROM e ORDER BY occurred_at {end} LIMIT 10");
        let plan = told(&chief, &sql).await.join("\n");
        let read = |what: &str| {
            let at = plan.find(&format!("{what}=")).unwrap_or_else(|| panic!("{plan}")) + what.len() + 1;
            plan[at..].split([',', ']', ' ']).next().unwrap().parse::<u64>().unwrap()
        };
        assert!(read("segments_read") <= 2 && read("pages_read") <= 2 && read("rows_read") <= 512, "{plan}");
        // A filter looks at whole pages, of which no more rows are read than a page of the keyset needs.
        let (than, from) = if end == "DESC" { ('<', "2026-03-05") } else { ('>', "2026-03-02") };
        let sql = format!(
            "EXPLAIN (ANALYZE, TIMING off) SELECT * FROM e WHERE (occurred_at, n) {than} ('{from}', 0) ORDER BY occurred_at {end}, n {end} LIMIT 10"
        );
        let plan = told(&chief, &sql).await.join("\n");
        let scan = plan.lines().find(|line| line.contains("TimeOrderExec")).unwrap_or_else(|| panic!("{plan}"));
        let rows = scan.split("output_rows=").nth(1).and_then(|rows| rows.split(',').next()).unwrap();
        assert!(rows.parse::<u64>().unwrap() <= 300, "{plan}");
    }
}

/// Conditions on texts.
const TEXTS: [&str; 29] = [
    "search(details, 'alpha')",
    "search(details, '\"beta gamma\" -delta')",
    "search(details, 'absentword')",
    "search(details, 'rare*')",
    "search(details, 'rarest or absentword')",
    "search(details, '失败')",
    "search(message, 'number 4711')",
    "to_tsvector('simple', message) @@ websearch_to_tsquery('simple', 'number 12345')",
    "to_tsvector('simple', message) @@ to_tsquery('simple', 'num:* & !number')",
    "to_tsvector('simple', details ->> 'text') @@ plainto_tsquery('simple', 'rarest alpha')",
    "to_tsvector('simple', details ->> 'text') @@ to_tsquery('simple', 'absentword')",
    "to_tsvector('simple', details ->> 'inner') @@ plainto_tsquery('simple', 'path')",
    "to_tsvector('simple', details ->> 'inner') @@ plainto_tsquery('simple', 'c')",
    "to_tsvector('simple', details #>> '{}') @@ plainto_tsquery('simple', 'inner')",
    "to_tsvector('simple', details #>> '{inner}') @@ plainto_tsquery('simple', 'path')",
    "to_tsvector('simple', details::text) @@ plainto_tsquery('simple', 'text')",
    "to_tsvector('simple', details) @@ to_tsquery('simple', 'rarest | beta <-> gamma')",
    "message LIKE '%er 4711'",
    "message LIKE 'Message number 12345%'",
    "message ILIKE '%NUMBER 777 %'",
    "message NOT LIKE '%number%'",
    "message LIKE '%ab%' OR message LIKE '%mber 99%'",
    "details::text ILIKE '%RAREST%'",
    "details::text LIKE '%\"n\": 4711,%'",
    "details ->> 'text' ILIKE '%RaReSt a%'",
    "details ->> 'n' = '4711'",
    "details -> 'inner' ->> 'path' = 'a/b\"c'",
    "details -> 'n' = '4711.0'",
    "details #>> '{inner,path}' LIKE '%/b\"c'",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_are_the_same_with_and_without_indexes() {
    let data = folder();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    let filled = "INSERT INTO w SELECT timestamptz '2026-03-01' + n * interval '1 second', n, 'Message number ' || n || ' of all',
            jsonb_build_object('n', n, 'text', CASE n % 4 WHEN 0 THEN 'alpha beta gamma' WHEN 1 THEN 'beta gamma delta'
                    WHEN 2 THEN 'Zustellung 失败 ' || md5(n::text) ELSE 'Gamma, alpha' END || CASE WHEN n % 9000 = 17 THEN ' rarest alpha' ELSE '' END,
                'inner', CASE WHEN n % 5000 = 3 THEN jsonb_build_object('path', 'a/b\"c') END)";
    for name in ["w", "plain"] {
        let sql = format!("CREATE TABLE {name} (occurred_at timestamptz NOT NULL, n int, message text, details jsonb)");
        chief.batch_execute(&sql).await.unwrap();
    }
    chief.batch_execute(&format!("{filled} FROM generate_series(1, 40000) AS s(n)")).await.unwrap();
    chief.batch_execute("INSERT INTO plain SELECT * FROM w; CHECKPOINT").await.unwrap();
    chief.batch_execute("CREATE INDEX ON w USING gin (message gin_trgm_ops); CREATE INDEX ON w USING gin (details)").await.unwrap();
    for when in ["before they are built", "with indexes", "with a tail"] {
        for condition in TEXTS {
            for end in ["ORDER BY n", "ORDER BY occurred_at DESC LIMIT 20"] {
                let sql = |name: &str| format!("SELECT n FROM {name} WHERE {condition} {end}");
                let (indexed, plain) = (table(&chief, &sql("w")).await.unwrap(), table(&chief, &sql("plain")).await.unwrap());
                assert_eq!(indexed, plain, "{when}: {condition}");
            }
        }
        if when == "before they are built" {
            chief.batch_execute("VACUUM w").await.unwrap();
        } else {
            let more = format!("{filled} FROM generate_series(50001, 50040) AS s(n)");
            chief.batch_execute(&more).await.unwrap();
            chief.batch_execute(&more.replace("INTO w", "INTO plain")).await.unwrap();
        }
    }
    let plan = told(&chief, "EXPLAIN ANALYZE SELECT n FROM w WHERE search(details, '4711')").await.join("\n");
    assert!(plan.contains("index on details: ") && plan.contains("TimeOrderExec"), "{plan}");
}
