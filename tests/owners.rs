//! What reads with its owner's rights gives its readers that and no more: a view WITH (security_invoker = false) and a function that is
//! SECURITY DEFINER are walls, and policies may look through them.

use tokio_postgres::Client;

use crate::harness::{Scene, sqlstate, told};

const DEFINITIONS: &str = "
    CREATE ROLE keeper LOGIN PASSWORD 'only-for-tests'; CREATE ROLE ann LOGIN PASSWORD 'only-for-tests';
    CREATE ROLE bob LOGIN PASSWORD 'only-for-tests';
    CREATE TABLE events (id integer NOT NULL, occurred_at timestamptz NOT NULL DEFAULT now(), region text, amount integer, mail text);
    INSERT INTO events (id, region, amount, mail) VALUES
        (1, 'eu', 10, 'a@example.com'), (2, 'us', 7, 'secret@example.com'), (3, 'eu', 30, 'c@example.com');
    GRANT SELECT ON events TO keeper;
    GRANT CREATE ON SCHEMA public TO keeper";

/// The scene, and who keeps it.
async fn set() -> (Scene, Client) {
    let scene = Scene::set(&[DEFINITIONS]).await;
    let keeper = scene.log_in("keeper").await;
    (scene, keeper)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a33_a34_a_view_of_its_owners_is_a_wall() {
    let (scene, keeper) = set().await;
    keeper
        .batch_execute(
            "CREATE VIEW public.eu WITH (security_invoker = false) AS SELECT id, amount, mail FROM events WHERE region = 'eu';
             CREATE VIEW public.eu_asked AS SELECT id, amount FROM events WHERE region = 'eu';
             CREATE VIEW public.outer_asked AS SELECT id FROM eu;
             CREATE VIEW public.shares WITH (security_invoker = false) AS SELECT id, 10 / (amount - 7) AS share FROM events WHERE region = 'eu';
             GRANT SELECT ON eu, eu_asked, outer_asked, shares TO ann",
        )
        .await
        .unwrap();
    let ann = scene.log_in("ann").await;
    for when in ["in memory", "in segments"] {
        for (sql, answer) in [
            ("SELECT id FROM eu ORDER BY id", &["1", "3"][..]),
            ("SELECT count(*) FROM eu", &["2"]),
            ("SELECT id FROM eu WHERE amount = 30", &["3"]),
            ("SELECT id FROM eu WHERE amount = 7", &[]),
            ("SELECT id FROM eu WHERE 1 / (amount - 7) >= 0 ORDER BY id", &["1", "3"]),
            ("SELECT id FROM eu WHERE mail::integer > 0", &["22P02"]),
            ("SELECT sum(amount) FROM eu WHERE id IN (1, 2)", &["10"]),
            ("SELECT e.id FROM eu e JOIN (VALUES (2), (3)) v(i) ON v.i = e.id", &["3"]),
            ("SELECT id FROM eu ORDER BY amount DESC LIMIT 1", &["3"]),
            ("SELECT id FROM shares WHERE share = 3", &["1"]),
            ("SELECT id FROM shares WHERE share > 100", &[]),
            ("SELECT s.id FROM shares s JOIN (VALUES (3), (4)) v(n) ON v.n = s.share", &["1"]),
            ("SELECT id FROM shares ORDER BY share DESC LIMIT 1", &["1"]),
            ("SELECT id FROM eu_asked", &["42501"]),
            ("SELECT id FROM outer_asked ORDER BY 1", &["1", "3"]),
            ("SELECT id FROM events", &["42501"]),
        ] {
            assert_eq!(told(&ann, sql).await, answer, "{when}: {sql}");
        }
        scene.run("CHECKPOINT").await;
    }
    keeper.batch_execute("GRANT SELECT (id) ON eu TO bob").await.unwrap();
    let bob = scene.log_in("bob").await;
    assert_eq!(told(&bob, "SELECT id FROM eu ORDER BY id").await, ["1", "3"]);
    assert_eq!(told(&bob, "SELECT amount FROM eu").await, ["42501"]);
    let prepared = ann.prepare("SELECT count(*) FROM eu WHERE amount > $1").await.unwrap();
    assert_eq!(ann.query_one(&prepared, &[&20]).await.unwrap().get::<_, i64>(0), 1);
    scene.run("INSERT INTO events (id, region, amount) VALUES (4, 'eu', 50), (5, 'us', 60)").await;
    assert_eq!(ann.query_one(&prepared, &[&20]).await.unwrap().get::<_, i64>(0), 2, "at its own snapshot");
    scene.run("REVOKE SELECT ON events FROM keeper").await;
    assert_eq!(told(&ann, "SELECT count(*) FROM eu").await, ["42501"], "the owner may no longer");
    let options = "SELECT reloptions::text FROM pg_class WHERE relname IN ('eu', 'eu_asked') ORDER BY relname";
    assert_eq!(told(&scene.chief, options).await, ["{security_invoker=false}", "{security_invoker=true}"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a33_a65_the_owners_policies_and_the_readers_masks_count() {
    let (scene, keeper) = set().await;
    scene
        .chief
        .batch_execute(
            "ALTER TABLE events ENABLE ROW LEVEL SECURITY;
             CREATE POLICY k ON events TO keeper USING (region = 'eu'); CREATE POLICY a ON events TO ann USING (region = 'us');
             CREATE MASKING POLICY m ON events (mail) TO ann USING (mask_all());
             CREATE MASKING POLICY who ON events (region) TO keeper USING (mask_all())",
        )
        .await
        .unwrap();
    keeper
        .batch_execute(
            "CREATE VIEW public.theirs WITH (security_invoker = off) AS SELECT id, mail, region, current_user AS who FROM events;
             CREATE VIEW public.asked AS SELECT id, mail, region FROM events; GRANT SELECT ON theirs, asked TO ann",
        )
        .await
        .unwrap();
    let ann = scene.log_in("ann").await;
    assert_eq!(told(&ann, "SELECT * FROM theirs ORDER BY id").await, ["1|***|eu|ann", "3|***|eu|ann"]);
    assert_eq!(told(&ann, "SELECT * FROM asked").await, ["42501"]);
    scene.run("GRANT SELECT ON events TO ann").await;
    assert_eq!(told(&ann, "SELECT * FROM asked ORDER BY id").await, ["2|***|us"]);
    assert_eq!(told(&keeper, "SELECT id, region FROM theirs ORDER BY id").await, ["1|***", "3|***"]);
}

/// A statement that has begun goes on with the rights that it began with, unless it is stopped; the next one has the new ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_is_read_with_other_rights_from_the_commit_on_that_says_so() {
    let (scene, keeper) = set().await;
    keeper
        .batch_execute(
            "CREATE VIEW public.eu WITH (security_invoker = false) AS SELECT id FROM events WHERE region = 'eu'; GRANT SELECT ON eu TO ann",
        )
        .await
        .unwrap();
    let (ann, cursor) = (scene.log_in("ann").await, scene.log_in("ann").await);
    let prepared = ann.prepare("SELECT count(*) FROM eu").await.unwrap();
    let counted = "SELECT count(*) FROM eu";
    assert_eq!(told(&ann, counted).await, ["2"]);
    keeper.batch_execute("BEGIN; ALTER VIEW eu SET (security_invoker = true)").await.unwrap();
    assert_eq!(told(&ann, counted).await, ["2"], "nothing was committed");
    keeper.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(told(&ann, counted).await, ["2"]);
    keeper.batch_execute("ALTER VIEW eu SET (security_invoker = true)").await.unwrap();
    assert_eq!(told(&ann, counted).await, ["42501"]);
    assert_eq!(sqlstate(&ann.query(&prepared, &[]).await.unwrap_err()), "42501", "also what was prepared before");
    // What an open cursor has not read yet it does not read.
    scene.run("INSERT INTO events (id, region) SELECT g, 'eu' FROM generate_series(10, 60000) g; CHECKPOINT").await;
    for (change, back) in [
        ("REVOKE SELECT ON eu FROM ann", "GRANT SELECT ON eu TO ann"),
        (
            "CREATE OR REPLACE VIEW eu WITH (security_invoker = false) AS SELECT id FROM events WHERE region = 'eu' AND id > 1",
            "SELECT 1",
        ),
        ("ALTER VIEW eu SET (security_invoker = true)", "ALTER VIEW eu SET (security_invoker = false)"),
    ] {
        scene.run("ALTER VIEW eu SET (security_invoker = false)").await;
        cursor.batch_execute("BEGIN; DECLARE c CURSOR FOR SELECT id FROM eu; FETCH 5 FROM c").await.unwrap();
        scene.run(change).await;
        assert_eq!(told(&cursor, "FETCH ALL FROM c").await, ["40001"], "{change}");
        cursor.batch_execute("ROLLBACK").await.unwrap();
        scene.run(back).await;
    }
    keeper.batch_execute("ALTER VIEW eu SET (security_invoker = false); ALTER VIEW eu RENAME TO europe").await.unwrap();
    assert_eq!(told(&ann, "SELECT count(*) > 2 FROM europe").await, ["t"]);
    assert_eq!(told(&ann, counted).await, ["42P01"]);
    // A readers' own schema is for views, and what is moved out of it is asked about as what is made elsewhere.
    keeper.batch_execute("ALTER VIEW europe SET SCHEMA keeper").await.unwrap();
    assert_eq!(told(&ann, "SELECT count(*) FROM keeper.europe").await, ["42501"]);
    ann.batch_execute("CREATE VIEW mine AS SELECT 1 AS one").await.unwrap();
    assert_eq!(told(&ann, "ALTER VIEW mine SET SCHEMA public").await, ["42501"]);
    assert_eq!(told(&ann, "ALTER VIEW mine SET SCHEMA keeper").await, ["42501"]);
    assert_eq!(told(&scene.chief, "ALTER TABLE events SET SCHEMA ann").await, ["42501"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_of_its_owners_is_called_with_constants() {
    let (scene, keeper) = set().await;
    keeper
        .batch_execute(
            "CREATE FUNCTION public.from_region(wanted text) RETURNS TABLE (id integer, who name) LANGUAGE sql SECURITY DEFINER
                 AS $$ SELECT id, current_user FROM events WHERE region = wanted $$;
             CREATE FUNCTION public.asked(wanted text) RETURNS TABLE (id integer) LANGUAGE sql AS $$ SELECT id FROM events WHERE region = wanted $$;
             REVOKE EXECUTE ON FUNCTION from_region(text) FROM PUBLIC; GRANT EXECUTE ON FUNCTION from_region(text) TO ann",
        )
        .await
        .unwrap();
    let ann = scene.log_in("ann").await;
    assert_eq!(told(&ann, "SELECT * FROM from_region('eu') ORDER BY id").await, ["1|keeper", "3|keeper"]);
    assert_eq!(told(&ann, "SELECT id FROM from_region('e' || 'u') WHERE 1 / (id - 2) >= -1 ORDER BY id").await, ["1", "3"]);
    assert_eq!(told(&ann, "SELECT * FROM asked('eu')").await, ["42501"]);
    assert_eq!(told(&ann, "SELECT f.id FROM (VALUES ('eu')) v(r), LATERAL from_region(v.r) f").await, ["0A000"]);
    assert_eq!(told(&scene.log_in("bob").await, "SELECT * FROM from_region('eu')").await, ["42501"]);
    let shown = told(&scene.chief, "SELECT pg_get_functiondef('from_region'::regproc) LIKE '%SECURITY DEFINER%'").await;
    assert_eq!(shown, ["t"]);
}

/// Rows of a running conversation stay hidden until it has ended: the end is an event in another log, which the reader may not read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_looks_through_a_function_into_a_log() {
    let (scene, _) = set().await;
    scene
        .chief
        .batch_execute(
            "CREATE TABLE ends (conversation_id text, occurred_at timestamptz NOT NULL);
             CREATE TABLE bot (conversation_id text, body text);
             INSERT INTO bot VALUES ('c1', 'one'), ('c2', 'two'), ('c3', 'three'), (NULL, 'none');
             INSERT INTO ends VALUES ('c1', now() - interval '1 hour'), ('c2', now() - interval '1 minute');
             CREATE FUNCTION ended(ago interval) RETURNS TABLE (conversation_id text) LANGUAGE sql SECURITY DEFINER
                 AS $$ SELECT conversation_id FROM ends WHERE occurred_at < now() - ago $$;
             REVOKE EXECUTE ON FUNCTION ended(interval) FROM PUBLIC;
             ALTER TABLE bot ENABLE ROW LEVEL SECURITY; GRANT SELECT ON bot TO ann;
             CREATE POLICY after_the_end ON bot USING (conversation_id IN (SELECT conversation_id FROM ended(interval '15 minutes')))",
        )
        .await
        .unwrap();
    let ann = scene.log_in("ann").await;
    let prepared = ann.prepare("SELECT count(*) FROM bot").await.unwrap();
    assert_eq!(told(&ann, "SELECT body FROM bot").await, ["one"]);
    assert_eq!(ann.query_one(&prepared, &[]).await.unwrap().get::<_, i64>(0), 1);
    assert_eq!(told(&ann, "SELECT * FROM ended('1 day')").await, ["42501"]);
    scene.run("INSERT INTO ends VALUES ('c3', now() - interval '20 minutes')").await;
    assert_eq!(ann.query_one(&prepared, &[]).await.unwrap().get::<_, i64>(0), 2, "what has ended since");
    // So many that they are not listed one by one.
    scene
        .chief
        .batch_execute(
            "INSERT INTO ends SELECT 'n' || g, now() - interval '1 hour' FROM generate_series(1, 5000) g;
             INSERT INTO bot SELECT 'n' || g, 'many' FROM generate_series(4000, 6000) g",
        )
        .await
        .unwrap();
    assert_eq!(told(&ann, "SELECT body, count(*) FROM bot GROUP BY body ORDER BY body").await, ["many|1001", "one|1", "three|1"]);
}
