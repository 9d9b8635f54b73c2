//! Rows that a grouping cannot tell apart are read as one with their number, and the answer is the same as if each had been read.

use tokio_postgres::Client;

use crate::harness::{Launch, Server, folder, table, told};

/// Rows in several segments and the tail, with few and with many values, NULLs, equal times and times of many days.
async fn filled(chief: &Client) {
    chief
        .batch_execute(
            "CREATE TABLE e (at timestamptz NOT NULL, kind text, place text, code int, big bigint, day date, done boolean, id text, note varchar(20),
                             details jsonb)",
        )
        .await
        .unwrap();
    for (portion, rows, then) in [(0, 30_000, "CHECKPOINT"), (1, 21_000, "VACUUM e"), (2, 9_500, "CHECKPOINT"), (3, 700, "")] {
        let sql = format!(
            "INSERT INTO e SELECT timestamptz '2026-03-01' + ((n * 7919) % 200000) * interval '3.7 seconds',
                    CASE WHEN n % 11 = 0 THEN NULL ELSE 'k' || (n % 7) END, 'place ' || (n % 400), CASE WHEN n % 5 > 0 THEN n % 13 END,
                    (n % 3) * 5000000000, date '2026-01-01' + n % 20, CASE n % 4 WHEN 0 THEN true WHEN 1 THEN false END, 'id' || n + {portion} * 100000,
                    CASE n % 3 WHEN 0 THEN 'x' END,
                    CASE WHEN n % 17 > 0 THEN jsonb_build_object('error', CASE WHEN n % 6 = 0 THEN jsonb_build_object('code', 'E' || n % 9) END,
                        'n', n % 5, 'list', jsonb_build_array(n % 2, 'b'), 'id', 'id' || n) END
             FROM generate_series(1, {rows}) AS s(n)"
        );
        chief.batch_execute(&sql).await.unwrap();
        chief.batch_execute(then).await.unwrap();
    }
}

/// Statements that count; `@` is true, said so that rows may be taken together or not.
const STATEMENTS: [&str; 52] = [
    "SELECT kind, count(*) FROM e WHERE @ GROUP BY kind",
    "SELECT kind, done, code, count(*), count(kind), count(code) FROM e WHERE @ GROUP BY 1, 2, 3",
    "SELECT place, count(*) AS n, max(code), min(kind) FROM e WHERE @ GROUP BY place ORDER BY n DESC, place LIMIT 20",
    "SELECT count(*) FROM e WHERE @ AND kind = 'k3'",
    "SELECT count(*), count(DISTINCT kind), bool_or(done), bool_and(done) FROM e WHERE @ AND place < 'place 2'",
    "SELECT count(*) FROM e WHERE @ AND at >= '2026-03-02 03:04:05.6' AND at < '2026-03-07 00:00:00.000001'",
    "SELECT kind, count(*) FROM e WHERE @ AND at > '2026-03-02 03:04:05.6' AND at < '2026-03-02 03:04:05.6001' GROUP BY kind",
    "SELECT count(*) FROM e WHERE @ AND at BETWEEN '2026-03-02' AND '2026-03-02 12:00' OR @ AND at > '2026-03-09 01:00'",
    "SELECT count(*) FROM e WHERE @ AND at <> '2026-03-01 02:31:57.1' AND at IS NOT NULL",
    "SELECT kind, count(*) FROM e WHERE @ AND at > '2026-03-05' GROUP BY kind HAVING count(*) > 100",
    "SELECT date_trunc('hour', at) AS h, count(*) FROM e WHERE @ GROUP BY 1 ORDER BY 1",
    "SELECT date_trunc('minute', at) AS h, kind, count(*) FROM e WHERE @ AND kind IN ('k1', 'k2') GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT date_trunc('day', at) AS d, done, count(*), min(code) FROM e WHERE @ AND at < '2026-03-06 11:22:33' GROUP BY 1, 2",
    "SELECT date_trunc('week', at AT TIME ZONE 'Asia/Kathmandu') AS w, count(*) FROM e WHERE @ GROUP BY 1",
    "SELECT date_bin('1 hour', at AT TIME ZONE 'Asia/Kathmandu', '2001-01-01') AS b, count(*) FROM e WHERE @ GROUP BY 1",
    "SELECT extract(hour FROM at AT TIME ZONE '+05:37') AS h, count(*) FROM e WHERE @ GROUP BY 1",
    "SELECT date_trunc('second', at) AS s, count(*) FROM e WHERE @ AND at < '2026-03-01 01:00' GROUP BY 1",
    "SELECT date_bin('5 minutes', at, '2001-01-01') AS b, count(*) FROM e WHERE @ AND code = 3 GROUP BY 1 ORDER BY 1",
    "SELECT date_bin('7 minutes', at, '2001-01-01 00:00:30') AS b, count(*) FROM e WHERE @ GROUP BY 1 ORDER BY 1",
    "SELECT date_bin('90 seconds', at, '2001-01-01') AS b, count(*) FROM e WHERE @ GROUP BY 1 ORDER BY 1",
    "SELECT extract(hour FROM at) AS h, extract(dow FROM at) AS d, count(*) FROM e WHERE @ GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT extract(epoch FROM at)::bigint / 86400 AS d, count(*) FROM e WHERE @ GROUP BY 1 ORDER BY 1",
    "SELECT at, count(*) FROM e WHERE @ AND code = 7 GROUP BY at ORDER BY 2 DESC, 1 LIMIT 20",
    "SELECT min(at), max(at), count(*) FROM e WHERE @",
    "SELECT count(*), sum(code), avg(code) FROM e WHERE @",
    "SELECT upper(kind) AS k, code + 1 AS c, count(*) FROM e WHERE @ AND length(place) > 7 GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT count(*) FILTER (WHERE kind = 'k1') AS one, count(code) FILTER (WHERE done) AS two, count(1), count(NULL) FROM e WHERE @",
    "SELECT DISTINCT kind, done FROM e WHERE @",
    "SELECT count(*) FROM (SELECT DISTINCT place FROM e WHERE @ AND done) AS p",
    "SELECT k, n FROM (SELECT kind AS k, count(*) AS n FROM e WHERE @ GROUP BY kind) AS c WHERE n > 10",
    "SELECT a.kind, a.n, b.n FROM (SELECT kind, count(*) AS n FROM e WHERE @ GROUP BY kind) AS a
     JOIN (SELECT kind, count(*) AS n FROM e AS f WHERE @ AND f.done GROUP BY f.kind) AS b ON a.kind = b.kind",
    "SELECT 'kind' AS facet, kind AS value, count(*) FROM e WHERE @ AND at > '2026-03-04' GROUP BY kind
     UNION ALL SELECT 'place', place, count(*) FROM e WHERE @ AND at > '2026-03-04' GROUP BY place",
    "SELECT day, big, note, count(*) FROM e WHERE @ GROUP BY 1, 2, 3",
    "SELECT kind, done, count(*) FROM e WHERE @ GROUP BY GROUPING SETS ((kind), (done), ())",
    "SELECT id, count(*) FROM e WHERE @ AND kind = 'k2' GROUP BY id ORDER BY 2 DESC, 1 LIMIT 5",
    "SELECT kind, count(DISTINCT id), count(*) FROM e WHERE @ GROUP BY kind",
    "SELECT kind, count(DISTINCT place), count(*), count(code) FILTER (WHERE done), min(id), max(code), bool_or(done) FROM e WHERE @ GROUP BY kind",
    "SELECT count(DISTINCT code), count(*), count(DISTINCT code), max(place) FROM e WHERE @ AND kind = 'nothing'",
    "SELECT count(DISTINCT kind), count(DISTINCT place), count(DISTINCT code) FILTER (WHERE done), count(*) FROM e WHERE @",
    "SELECT date_trunc('day', at) AS d, done, count(DISTINCT upper(place)), count(*) FROM e WHERE @ GROUP BY 1, 2",
    "SELECT details -> 'error' ->> 'code' AS c, count(DISTINCT details ->> 'n'), count(*) FROM e WHERE @ GROUP BY 1",
    "SELECT kind AS k, kind AS l, count(DISTINCT kind), count(*) FROM e WHERE @ GROUP BY kind",
    "SELECT count(*) FROM e WHERE @ AND id = 'id100007'",
    "SELECT count(*) FROM e WHERE @ AND false",
    "SELECT kind, count(*) FROM e WHERE @ AND kind = 'nothing' GROUP BY kind",
    "SELECT details -> 'error' ->> 'code' AS c, count(*) FROM e WHERE @ GROUP BY 1",
    "SELECT date_trunc('hour', at) AS h, details -> 'error' ->> 'code' AS c, count(*) FROM e WHERE @ AND kind = 'k1' GROUP BY 1, 2",
    "SELECT details #>> '{list,0}' AS l, (details ->> 'n')::int + 1 AS n, count(*), count(details -> 'error' ->> 'code') FROM e
     WHERE @ AND details ->> 'n' <> '3' GROUP BY 1, 2",
    "SELECT count(*), count(details) FROM e WHERE @ AND details -> 'error' ->> 'code' = 'E3'",
    "SELECT c, count(*) FROM (SELECT details -> 'error' AS error, kind, details -> 'error' ->> 'code' AS c FROM e WHERE @) AS x
     WHERE error ->> 'code' <> 'E0' GROUP BY c",
    "SELECT details ->> '{list,0}' AS l, details -> '{list}' ->> 0 AS m, details #>> '{list,1}' AS n, count(*) FROM e WHERE @ GROUP BY 1, 2, 3",
    "SELECT details ->> 'id' AS i, count(*) FROM e WHERE @ AND kind = 'k4' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5",
];

async fn compared(reader: &Client, when: &str) {
    for statement in STATEMENTS {
        let answer = async |part: &str| {
            let mut answer = table(reader, &statement.replace('@', part)).await.unwrap();
            answer.rows.sort();
            answer
        };
        let (mut counted, mut read) = (answer("true").await, answer("random() >= 0").await);
        // A row may have expired between the two. What is counted between two readings that agree was the same all the while.
        for _ in 0..20 {
            if counted == read {
                break;
            }
            let before = read;
            counted = answer("true").await;
            read = answer("random() >= 0").await;
            if before == read {
                break;
            }
        }
        assert_eq!(counted, read, "{when}: {statement}");
    }
}

async fn plan(reader: &Client, statement: &str) -> String {
    told(reader, &format!("EXPLAIN {statement}")).await.join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_counted_together_are_counted_right() {
    let data = folder();
    let config = data.path().join("annals.toml");
    // Small segments have their indexes, too.
    std::fs::write(&config, "index_min_rows = 1\n").unwrap();
    let server = Launch::on(&data.path().join("data")).configured(&config).start();
    let chief = server.connect().await;
    filled(&chief).await;
    compared(&chief, "owner").await;
    for statement in STATEMENTS[..7].iter().chain(&STATEMENTS[10..15]).chain([&STATEMENTS[17], &STATEMENTS[20]]) {
        let counted = plan(&chief, &statement.replace('@', "true")).await;
        assert!(counted.contains("CountedExec"), "{statement}: {counted}");
        let read = plan(&chief, &statement.replace('@', "random() >= 0")).await;
        assert!(!read.contains("CountedExec"), "{statement}: {read}");
    }
    for refused in [
        "SELECT kind, sum(code) FROM e GROUP BY kind",
        "SELECT kind, max(at) FROM e GROUP BY kind",
        "SELECT date_trunc('second', at), count(*) FROM e GROUP BY 1",
        "SELECT details ->> 'n', count(*) FROM e GROUP BY 1",
        // A column of which every value is another one is not counted by, once that is known.
        "SELECT id, count(*) FROM e GROUP BY id",
    ] {
        chief.batch_execute(refused).await.unwrap();
        let read = plan(&chief, refused).await;
        assert!(!read.contains("CountedExec"), "{refused}: {read}");
    }
    for zone in ["America/New_York", "Asia/Kathmandu", "+03:07", "XYZ-1:00:01"] {
        chief.batch_execute(&format!("SET TimeZone = '{zone}'")).await.unwrap();
        compared(&chief, zone).await;
    }
    // In Newfoundland the day began anew at one minute past midnight.
    chief
        .batch_execute(
            "SET TimeZone = 'America/St_Johns';
             CREATE TABLE night (at timestamptz NOT NULL);
             INSERT INTO night SELECT timestamptz '2005-10-30 02:20+00' + n * interval '10 seconds' FROM generate_series(1, 400) AS s(n)",
        )
        .await
        .unwrap();
    chief.batch_execute("CHECKPOINT").await.unwrap();
    for told in [
        "extract(day FROM at)",
        "date_trunc('day', at)",
        "extract(hour FROM at)",
        "extract(hour FROM at AT TIME ZONE 'America/St_Johns')",
    ] {
        let statement = |condition: &str| format!("SELECT {told}, count(*) FROM night WHERE {condition} GROUP BY 1 ORDER BY 1");
        assert!(plan(&chief, &statement("true")).await.contains("CountedExec"), "{told}");
        let counted = table(&chief, &statement("true")).await.unwrap().rows;
        assert_eq!(counted, table(&chief, &statement("random() >= 0")).await.unwrap().rows, "{told}");
    }
    chief.batch_execute("RESET TimeZone").await.unwrap();

    // Paths, while their values are not built everywhere, and then.
    chief
        .batch_execute(
            "ALTER TABLE e PROMOTE (details -> 'error' ->> 'code'); ALTER TABLE e PROMOTE (details ->> 'n');
             CREATE INDEX ON e ((details #>> '{list,0}')); CREATE INDEX ON e ((details ->> 'id'))",
        )
        .await
        .unwrap();
    compared(&chief, "while paths are built").await;
    chief.batch_execute("VACUUM e").await.unwrap();
    compared(&chief, "with paths").await;
    let counted = plan(&chief, "SELECT details -> 'error' ->> 'code', count(*) FROM e GROUP BY 1").await;
    assert!(counted.contains("counted by [-> 'error' ->> 'code']"), "{counted}");
    let found = plan(&chief, "SELECT * FROM e WHERE details ->> 'id' = 'id77'").await;
    assert!(found.contains("index on details ->> 'id'"), "{found}");
    chief
        .batch_execute("INSERT INTO e SELECT at, kind, place, code, big, day, done, id, note, details FROM e WHERE code = 5")
        .await
        .unwrap();
    compared(&chief, "with paths and a tail").await;
    chief
        .batch_execute("BEGIN; INSERT INTO e VALUES (now(), 'k1', 'here', 1, 2, NULL, true, 'x', NULL, '{\"n\": 1}')")
        .await
        .unwrap();
    compared(&chief, "in a transaction").await;
    chief.batch_execute("ROLLBACK").await.unwrap();
    chief.batch_execute("ALTER TABLE e ADD COLUMN late text; INSERT INTO e (at, late) VALUES ('2026-03-03', 'l')").await.unwrap();
    compared(&chief, "with a younger column").await;
    let late = "SELECT late, count(*) FROM e WHERE @ GROUP BY late ORDER BY 1";
    let counted = table(&chief, &late.replace('@', "true")).await.unwrap();
    assert_eq!(counted.rows, table(&chief, &late.replace('@', "random() >= 0")).await.unwrap().rows);

    // What is hidden is not counted, what is masked is counted as it is shown.
    chief
        .batch_execute(
            "CREATE ROLE reader LOGIN PASSWORD 'only-for-tests'; GRANT SELECT ON e TO reader;
             ALTER TABLE e ENABLE ROW LEVEL SECURITY; CREATE POLICY some ON e TO reader USING (code % 3 <> 0 AND place <> 'place 17');
             CREATE MASKING POLICY m ON e (kind) TO reader USING ('m' || right(kind, 1)::int % 2)",
        )
        .await
        .unwrap();
    let reader = server.log_in("reader").await;
    compared(&reader, "under policies").await;
    // Some rows of the fifth of March expire while this runs.
    let hours = table(&chief, "SELECT floor(extract(epoch FROM now() - '2026-03-05') / 3600)::int").await.unwrap();
    let hours: i64 = hours.rows[0][0].as_ref().unwrap().parse().unwrap();
    let keep = |name: &str, condition: &str, hours: i64| {
        format!("CREATE RETENTION POLICY {name} ON e {condition} KEEP INTERVAL '{hours} hours'")
    };
    chief.batch_execute(&keep("a_short", "WHERE (done)", hours - 48)).await.unwrap();
    chief.batch_execute(&keep("b_long", "", hours)).await.unwrap();
    compared(&reader, "under retention").await;
    chief
        .batch_execute("CREATE MASKING POLICY d ON e (details) TO reader USING (jsonb_build_object('n', details -> 'n'))")
        .await
        .unwrap();
    compared(&reader, "under a mask of documents").await;
    chief.batch_execute("CREATE POLICY times ON e AS RESTRICTIVE TO reader USING (extract(second FROM at) < 31)").await.unwrap();
    compared(&reader, "under a policy of times").await;
    chief.batch_execute("CREATE MASKING POLICY t ON e (at) TO reader USING (date_trunc('day', at))").await.unwrap();
    compared(&reader, "under a mask of the time").await;
    chief.batch_execute("ALTER TABLE e DEMOTE (details ->> 'n')").await.unwrap();
    compared(&chief, "without a path").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paths_that_are_asked_for_often_are_advised_to_owners_alone() {
    let data = folder();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    chief
        .batch_execute(
            "CREATE TABLE e (at timestamptz NOT NULL, details jsonb); INSERT INTO e VALUES (now(), '{\"a\": {\"b\": 1}}');
             CREATE ROLE reader LOGIN PASSWORD 'only-for-tests'; GRANT SELECT ON e TO reader",
        )
        .await
        .unwrap();
    let reader = server.log_in("reader").await;
    // What is asked again is answered without being planned.
    for n in 0..10 {
        let sql = format!("SELECT count(*) FROM e AS x WHERE x.details -> 'a' ->> 'b' = '{n}'");
        reader.batch_execute(&sql).await.unwrap();
    }
    reader.batch_execute("SELECT details #>> '{a,b}' FROM e").await.unwrap();
    let advice = "SELECT tablename, path, statements, promoted, advice FROM annals.promotion_advice ORDER BY statements DESC, path";
    assert!(told(&reader, advice).await.is_empty());
    let statement = "ALTER TABLE public.e PROMOTE ((details -> 'a'::text) ->> 'b'::text)";
    let first = format!("e|((details -> 'a'::text) ->> 'b'::text)|10|f|{statement}");
    assert_eq!(told(&chief, advice).await, [first, "e|(details #>> '{a,b}'::text[])|1|f|NULL".to_owned()]);
    chief.batch_execute(statement).await.unwrap();
    assert_eq!(told(&chief, advice).await[0], "e|((details -> 'a'::text) ->> 'b'::text)|10|t|NULL");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_counted_by_is_read_ahead_for_other_times() {
    const DAYS: u32 = 20;
    let data = folder();
    let server = Server::start(data.path());
    let chief = server.connect().await;
    chief
        .batch_execute(&format!(
            "CREATE TABLE d (at timestamptz NOT NULL, kind text);
             INSERT INTO d SELECT timestamptz '2026-03-01' + n * interval '1 minute', 'k' || n % 7 FROM generate_series(0, {DAYS} * 1440 - 1) AS s(n)"
        ))
        .await
        .unwrap();
    chief.batch_execute("CHECKPOINT").await.unwrap();
    // Each question reads what it needs itself, unless that has been done behind the one before it.
    let mut read = vec![];
    for day in 1..DAYS {
        let sql = format!(
            "EXPLAIN ANALYZE SELECT kind, count(*) FROM d WHERE at >= '2026-03-{day:02}' AND at < '2026-03-{:02}' GROUP BY kind",
            day + 1
        );
        let plan = told(&chief, &sql).await.join("\n");
        let at = plan.find("columns_read=").unwrap_or_else(|| panic!("{plan}")) + "columns_read=".len();
        read.push(plan[at..].starts_with('1'));
        if read == [true, false] || read.ends_with(&[false, false]) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    assert!(read[0] && read.ends_with(&[false]), "{read:?}");
}
