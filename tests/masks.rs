//! A masking policy shows a role something else than what was recorded, and there is no way to ask that tells what it hides: every part
//! of a statement sees the masked value.

use std::collections::BTreeSet;

use crate::harness::{PASSWORD, Scene, Server, connect_as, count, folder, state, table, told};

/// A log of messages with who wrote them, and a payload with secrets in it.
const DEFINITIONS: &str = "
    CREATE ROLE desk; CREATE ROLE billing; CREATE ROLE privacy;
    CREATE ROLE sue LOGIN PASSWORD 'only-for-tests' IN ROLE desk;
    CREATE ROLE sam LOGIN PASSWORD 'only-for-tests' IN ROLE desk;
    CREATE ROLE bill LOGIN PASSWORD 'only-for-tests' IN ROLE billing;
    CREATE ROLE paul LOGIN PASSWORD 'only-for-tests' IN ROLE desk, privacy;
    CREATE ROLE free LOGIN PASSWORD 'only-for-tests' BYPASSRLS IN ROLE desk;
    CREATE TABLE messages (
        id integer NOT NULL, occurred_at timestamptz NOT NULL DEFAULT now(), email text, phone varchar(20), amount integer, details jsonb);
    INSERT INTO messages (id, email, phone, amount, details) VALUES
        (1, 'vip@example.com', '+41791234567', 100, '{\"message\": {\"text\": \"call me on 555\", \"lang\": \"en\"}, \"headers\": {\"Authorization\": \"Bearer s3cr3t\"}}'),
        (2, 'bob@example.org', '+1', 7, '{\"message\": {\"text\": null}, \"api-key\": \"k-123\", \"list\": [{\"name\": \"Cookie\", \"value\": \"c=1\"}]}'),
        (3, 'nobody', NULL, NULL, '{\"message\": \"plain\"}'),
        (4, NULL, '', 0, NULL);
    GRANT SELECT, INSERT ON messages TO desk, billing";

const MASKS: &str = "
    CREATE MASKING POLICY a_email ON messages (email) TO desk EXCEPT privacy USING (mask_email());
    CREATE MASKING POLICY b_phone ON messages (phone) TO desk EXCEPT privacy USING (mask_keep(4));
    CREATE MASKING POLICY c_text ON messages (details -> 'message' ->> 'text') TO desk EXCEPT privacy USING (mask_all());
    CREATE MASKING POLICY d_keys ON messages (details) TO PUBLIC EXCEPT privacy
        USING (redact_keys(details, ARRAY['authorization', 'api_key', 'cookie']));
    CREATE MASKING POLICY e_amount ON messages (amount) TO desk EXCEPT privacy USING (NULL)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_sees_what_its_masks_show() {
    let scene = Scene::set(&[DEFINITIONS, MASKS]).await;
    let sue = scene.log_in("sue").await;
    let masked = [
        "1|v***@example.com|***4567|NULL|{\"headers\": {\"Authorization\": \"***\"}, \"message\": {\"lang\": \"en\", \"text\": \"***\"}}",
        "2|b***@example.org|***1|NULL|{\"list\": [{\"name\": \"Cookie\", \"value\": \"***\"}], \"api-key\": \"***\", \"message\": {\"text\": null}}",
        "3|***|NULL|NULL|{\"message\": \"plain\"}",
        "4|NULL|***|NULL|NULL",
    ];
    let all = "SELECT id, email, phone, amount, details FROM messages ORDER BY id";
    for when in ["in memory", "in segments"] {
        assert_eq!(told(&sue, all).await, masked, "{when}");
        scene.run("CHECKPOINT").await;
    }
    assert_eq!(told(&scene.log_in("free").await, all).await, masked, "BYPASSRLS is about rows");
    let recorded = told(&scene.chief, all).await;
    assert!(recorded[0].contains("vip@example.com") && recorded[0].contains("Bearer s3cr3t"), "{recorded:?}");
    assert_eq!(told(&scene.log_in("paul").await, all).await, recorded, "a role that is spared");
    let billing = told(&scene.log_in("bill").await, all).await;
    assert!(
        billing[0].contains("vip@example.com") && billing[0].contains("call me") && !billing[0].contains("s3cr3t"),
        "{billing:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a58_a59_a61_a63_a67_every_part_of_a_statement_sees_the_masked_value() {
    let scene = Scene::set(&[DEFINITIONS, MASKS]).await;
    scene.run("CHECKPOINT").await;
    let sue = scene.log_in("sue").await;
    for (sql, answer) in [
        ("SELECT count(*) FROM messages WHERE email = 'vip@example.com'", "0"),
        ("SELECT count(*) FROM messages WHERE email = 'v***@example.com'", "1"),
        ("SELECT count(*) FROM messages WHERE email LIKE 'vip%'", "0"),
        ("SELECT count(*) FROM messages WHERE email IN ('vip@example.com', 'nobody')", "0"),
        ("SELECT count(*) FROM messages WHERE amount BETWEEN 1 AND 1000", "0"),
        ("SELECT count(*) FROM messages WHERE amount IS NULL", "4"),
        ("SELECT count(*) FROM messages WHERE 1 / (amount - 100) = 0", "0"),
        ("SELECT count(*) FROM messages WHERE details ->> 'api-key' = 'k-123'", "0"),
        ("SELECT count(*) FROM messages WHERE details @> '{\"message\": {\"text\": \"call me on 555\"}}'", "0"),
        ("SELECT count(*) FROM messages WHERE details::text LIKE '%s3cr3t%'", "0"),
        ("SELECT count(*) FROM messages m JOIN (VALUES ('vip@example.com')) v(e) ON v.e = m.email", "0"),
        ("SELECT count(*) FROM messages WHERE email = ANY (ARRAY['vip@example.com'])", "0"),
        ("SELECT count(*) FROM messages WHERE EXISTS (SELECT FROM (VALUES ('vip@example.com')) v(e) WHERE e = email)", "0"),
        ("SELECT max(length(phone)) FROM messages", "7"),
        ("SELECT count(DISTINCT amount) FROM messages", "0"),
        ("SELECT sum(amount) FROM messages", "NULL"),
        ("SELECT string_agg(email, ',' ORDER BY email) FROM messages WHERE id < 3", "b***@example.org,v***@example.com"),
        ("SELECT array_agg(phone ORDER BY id) FROM messages WHERE id = 1", "{***4567}"),
        ("SELECT first_value(email) OVER (ORDER BY id) FROM messages LIMIT 1", "v***@example.com"),
        ("SELECT lag(email) OVER (ORDER BY id) FROM messages OFFSET 1 LIMIT 1", "v***@example.com"),
        ("SELECT to_jsonb(m) ->> 'email' FROM messages m WHERE id = 1", "v***@example.com"),
        ("SELECT email FROM (SELECT * FROM messages) t WHERE id = 1", "v***@example.com"),
        ("SELECT id FROM messages ORDER BY amount, id LIMIT 1", "1"),
        ("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) FROM messages", "NULL"),
    ] {
        assert_eq!(told(&sue, sql).await, [answer], "{sql}");
    }
    let prepared = sue.prepare("SELECT count(*) FROM messages WHERE email = $1").await.unwrap();
    assert_eq!(sue.query_one(&prepared, &[&"vip@example.com"]).await.unwrap().get::<_, i64>(0), 0);
    assert_eq!(sue.query_one(&prepared, &[&"v***@example.com"]).await.unwrap().get::<_, i64>(0), 1);
    // The cast's error may quote what the role sees, and nothing else.
    let error = table(&sue, "SELECT email::integer FROM messages WHERE id = 1").await.unwrap_err();
    let told = format!("{error:?}");
    assert!(told.contains("v***@example.com") && !told.contains("vip@"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a65_a71_views_cursors_and_copies_show_the_masked_value() {
    let scene = Scene::set(&[DEFINITIONS, MASKS]).await;
    scene
        .chief
        .batch_execute("CREATE VIEW mails AS SELECT id, lower(email) AS mail FROM messages; GRANT SELECT ON mails TO desk")
        .await
        .unwrap();
    let sue = scene.log_in("sue").await;
    assert_eq!(told(&sue, "SELECT mail FROM mails WHERE id = 1").await, ["v***@example.com"]);
    sue.batch_execute("BEGIN; DECLARE c CURSOR FOR SELECT email FROM messages ORDER BY id").await.unwrap();
    assert_eq!(told(&sue, "FETCH 1 FROM c").await, ["v***@example.com"]);
    sue.batch_execute("COMMIT").await.unwrap();
    let chunks: Vec<bytes::Bytes> =
        futures::TryStreamExt::try_collect(sue.copy_out("COPY messages (id, email) TO STDOUT").await.unwrap()).await.unwrap();
    let copied = String::from_utf8(chunks.concat()).unwrap();
    assert!(copied.contains("v***@example.com") && !copied.contains("vip@"), "{copied}");
    let answered = told(&sue, "INSERT INTO messages (id, email) VALUES (9, 'new@example.com') RETURNING email").await;
    assert_eq!(answered, ["n***@example.com"], "RETURNING is a reading");
    sue.batch_execute("BEGIN; INSERT INTO messages (id, email) VALUES (10, 'own@example.com')").await.unwrap();
    assert_eq!(told(&sue, "SELECT email FROM messages WHERE id = 10").await, ["o***@example.com"], "rows of its own transaction");
    sue.batch_execute("ROLLBACK").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pseudonyms_are_the_same_for_a_role_and_others_for_another() {
    let folder = folder();
    let server = Server::start(folder.path());
    let owner = server.connect().await;
    owner.batch_execute(DEFINITIONS).await.unwrap();
    owner.batch_execute("CREATE MASKING POLICY who ON messages (email) TO desk, billing USING (mask_hash())").await.unwrap();
    let of = |role: &'static str, address| async move {
        let client = connect_as(address, role, PASSWORD).await.unwrap();
        told(&client, "SELECT email FROM messages ORDER BY id").await
    };
    let sue = of("sue", server.address()).await;
    assert_eq!(sue.iter().collect::<BTreeSet<_>>().len(), 4, "{sue:?}");
    assert!(sue[0].len() == 16 && sue[3] == "NULL", "{sue:?}");
    assert_eq!(of("sam", server.address()).await, sue, "colleagues can speak of the same person");
    assert_ne!(of("bill", server.address()).await[0], sue[0]);
    let client = connect_as(server.address(), "sue", PASSWORD).await.unwrap();
    assert_eq!(state(&client, "SELECT mask_hash('vip@example.com')").await, "42883", "nobody finds a name by trying");
    assert_eq!(state(&owner, "SELECT mask_hash('vip@example.com')").await, "42883");
    drop(server);
    let server = Server::start(folder.path());
    assert_eq!(of("sue", server.address()).await, sue, "after a restart");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_masked_is_refused() {
    let scene = Scene::set(&[DEFINITIONS, MASKS]).await;
    scene
        .chief
        .batch_execute(
            "CREATE VIEW v AS SELECT * FROM messages; CREATE TABLE refs (id integer PRIMARY KEY, name text) USING reference",
        )
        .await
        .unwrap();
    for (sql, expected) in [
        ("CREATE MASKING POLICY a_email ON messages (email) USING (NULL)", "42710"),
        ("CREATE MASKING POLICY m ON messages (nothing) USING (NULL)", "42703"),
        ("CREATE MASKING POLICY m ON nothing (email) USING (NULL)", "42P01"),
        ("CREATE MASKING POLICY m ON v (email) USING (NULL)", "42809"),
        ("CREATE MASKING POLICY m ON messages (email) USING (7)", "42804"),
        ("CREATE MASKING POLICY m ON messages (amount) USING (mask_all(email))", "42804"),
        ("CREATE MASKING POLICY m ON messages (email -> 'a') USING (NULL)", "42804"),
        ("CREATE MASKING POLICY m ON messages (lower(email)) USING (NULL)", "42601"),
        ("CREATE MASKING POLICY m ON messages (email) TO nobody_there USING (NULL)", "42704"),
        ("CREATE MASKING POLICY m ON messages (email) USING (current_setting('app.mask'))", "42P17"),
        ("CREATE MASKING POLICY m ON messages (email) USING (random()::text)", "42P17"),
        ("CREATE MASKING POLICY m ON messages (email) USING (missing_function(email))", "42883"),
        ("CREATE MASKING POLICY m ON messages (email) USING ((SELECT email FROM messages LIMIT 1))", "0A000"),
        ("CREATE MASKING POLICY m ON messages (email)", "42601"),
        ("ALTER MASKING POLICY nothing ON messages USING (NULL)", "42704"),
        ("ALTER MASKING POLICY a_email ON messages", "42601"),
        ("DROP MASKING POLICY nothing ON messages", "42704"),
        ("ALTER TABLE messages RENAME COLUMN email TO mail", "2BP01"),
        ("DROP ROLE privacy", "2BP01"),
    ] {
        assert_eq!(state(&scene.chief, sql).await, expected, "{sql}");
    }
    let sue = scene.log_in("sue").await;
    assert_eq!(state(&sue, "CREATE MASKING POLICY m ON messages (email) USING (NULL)").await, "42501");
    assert_eq!(state(&sue, "DROP MASKING POLICY a_email ON messages").await, "42501");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_counts_for_statements_that_start_after_it() {
    let scene = Scene::set(&[DEFINITIONS, MASKS]).await;
    let sue = scene.log_in("sue").await;
    let email = "SELECT email FROM messages WHERE id = 1";
    let prepared = sue.prepare(email).await.unwrap();
    let asked = async || sue.query_one(&prepared, &[]).await.unwrap().get::<_, String>(0);
    assert_eq!(asked().await, "v***@example.com");
    for (sql, shown) in [
        ("ALTER MASKING POLICY a_email ON messages USING (mask_all())", "***"),
        ("ALTER MASKING POLICY a_email ON messages TO billing", "vip@example.com"),
        ("ALTER MASKING POLICY a_email ON messages TO PUBLIC USING ('hidden')", "hidden"),
        ("ALTER MASKING POLICY a_email ON messages RENAME TO z_email", "hidden"),
        ("CREATE MASKING POLICY b_again ON messages (email) USING (email || '!')", "hidden"),
        ("ALTER MASKING POLICY z_email ON messages USING (upper(email))", "VIP@EXAMPLE.COM!"),
        (
            "ALTER MASKING POLICY z_email ON messages USING (CASE WHEN pg_has_role('privacy', 'member') THEN email ELSE left(email, 2) END)",
            "vi",
        ),
        ("GRANT privacy TO sue", "vip@example.com!"),
        ("REVOKE privacy FROM sue", "vi"),
        ("DROP MASKING POLICY z_email ON messages", "vip@example.com!"),
        ("DROP MASKING POLICY b_again ON messages; DROP MASKING POLICY IF EXISTS b_again ON messages", "vip@example.com"),
    ] {
        scene.chief.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert_eq!(asked().await, shown, "{sql}");
    }
    assert_eq!(count(&sue, "SELECT count(*) FROM messages").await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sees_rows_masked_does_not_write_them_back() {
    let scene = Scene::set(&[DEFINITIONS, MASKS]).await;
    scene
        .chief
        .batch_execute(
            "CREATE TABLE people (id integer PRIMARY KEY, name text) USING reference; INSERT INTO people VALUES (1, 'Ada');
             GRANT ALL ON people TO desk; CREATE MASKING POLICY m ON people (name) TO desk USING (mask_all())",
        )
        .await
        .unwrap();
    let sue = scene.log_in("sue").await;
    for sql in [
        "UPDATE people SET name = name",
        "DELETE FROM people",
        "INSERT INTO people VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = people.name",
    ] {
        assert_eq!(state(&sue, sql).await, "42501", "{sql}");
    }
    sue.batch_execute("INSERT INTO people VALUES (2, 'Bo')").await.unwrap();
    assert_eq!(told(&scene.chief, "SELECT name FROM people ORDER BY id").await, ["Ada", "Bo"]);
    assert_eq!(told(&sue, "SELECT name FROM people ORDER BY id").await, ["***", "***"]);
}

/// Masks are put on rows that are about to leave, after comparisons that cannot fail: what is found, and in what order, is the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_ruled_out_before_they_are_masked_are_the_right_ones() {
    let scene = Scene::set(&[
            "CREATE ROLE sue LOGIN PASSWORD 'only-for-tests';
             CREATE TABLE calls (n integer, at timestamptz NOT NULL, room integer, name text, secret integer);
             INSERT INTO calls SELECT i, now() - i * interval '1 second', i % 3, 'name' || i % 100, 7 * i % 20011
                 FROM generate_series(1, 20000) AS g(i);
             INSERT INTO calls VALUES (0, now() + interval '1 second', 1, NULL, NULL);
             GRANT SELECT ON calls TO sue;
             ALTER TABLE calls ENABLE ROW LEVEL SECURITY;
             CREATE POLICY some ON calls TO sue USING (room <> 0);
             CREATE MASKING POLICY name ON calls (name) TO sue USING (upper(name) || room);
             CREATE MASKING POLICY secret ON calls (secret) TO sue USING (secret % 10);
             CREATE VIEW as_sue AS SELECT n, at, room, upper(name) || room AS name, secret % 10 AS secret FROM calls WHERE room <> 0",
    ])
    .await;
    let sue = scene.log_in("sue").await;
    for when in ["in memory", "in segments"] {
        for asked in [
            "SELECT * FROM t ORDER BY at DESC LIMIT 100",
            "SELECT * FROM t ORDER BY at LIMIT 100",
            "SELECT name, secret FROM t ORDER BY at DESC LIMIT 300 OFFSET 5000",
            "SELECT * FROM t WHERE n = 5000",
            "SELECT * FROM t WHERE n IN (1, 4000, 19999) ORDER BY n",
            "SELECT * FROM t WHERE room = 2 AND n > 15000 ORDER BY n DESC LIMIT 7",
            "SELECT * FROM t WHERE secret = 3 AND n BETWEEN 100 AND 9000 ORDER BY at LIMIT 50",
            "SELECT * FROM t WHERE name = 'NAME171' ORDER BY n",
            "SELECT * FROM t WHERE name IS NULL",
            "SELECT * FROM t ORDER BY secret DESC NULLS LAST, n LIMIT 20",
            "SELECT * FROM t ORDER BY name NULLS FIRST, n LIMIT 20",
            "SELECT name, count(*), sum(secret) FROM t WHERE n < 12345 GROUP BY name ORDER BY name LIMIT 30",
            "SELECT t.n, t.name FROM t JOIN (VALUES (77), (15001), (12)) AS v (k) ON v.k = t.n ORDER BY t.n",
            "SELECT a.n, b.name FROM t a JOIN t b ON b.n = a.n + 1 WHERE a.n > 19900 ORDER BY a.n DESC LIMIT 9",
            "SELECT max(secret), min(name), count(*) FROM t WHERE room = 1",
            "SELECT count(*) FROM (SELECT name FROM t LIMIT 11000) AS some",
            "SELECT (SELECT name FROM t WHERE t.n = v.k ORDER BY at LIMIT 1) FROM (VALUES (1), (2), (9998)) AS v (k) ORDER BY v.k",
        ] {
            let own = told(
                &sue,
                &asked.replace("FROM t", "FROM calls t").replace("JOIN t b", "JOIN calls b").replace("calls t a", "calls a"),
            )
            .await;
            let wanted = told(
                &scene.chief,
                &asked.replace("FROM t", "FROM as_sue t").replace("JOIN t b", "JOIN as_sue b").replace("as_sue t a", "as_sue a"),
            )
            .await;
            assert_eq!(own, wanted, "{when}: {asked}");
        }
        scene.run("CHECKPOINT").await;
    }
}
