//! The roles, policies and masks that a new store begins with let each login see what the log products ask for, and no more.

use std::collections::BTreeSet;

use tokio_postgres::Client;

use crate::harness::{Scene, count, sqlstate, table};

const LOGS: [&str; 6] = ["interaction_logs", "conversation_logs", "audit_logs", "event_logs", "activity_logs", "bot_logs"];

/// A login of each kind, in one of two workspaces; each log has an event of both.
const DEFINITIONS: &str = "
    INSERT INTO workspaces (workspace_id, name, plan) VALUES ('one', 'One', 'starter'), ('two', 'Two', NULL);
    CREATE ROLE agnes LOGIN PASSWORD 'only-for-tests' IN ROLE agent;
    CREATE ROLE connie LOGIN PASSWORD 'only-for-tests' IN ROLE conversations_setup;
    CREATE ROLE sid LOGIN PASSWORD 'only-for-tests' IN ROLE supervisor;
    CREATE ROLE both LOGIN PASSWORD 'only-for-tests' IN ROLE supervisor, conversations_setup;
    CREATE ROLE sue LOGIN PASSWORD 'only-for-tests' IN ROLE support;
    CREATE ROLE priya LOGIN PASSWORD 'only-for-tests' IN ROLE support, privacy_officer;
    CREATE ROLE audrey LOGIN PASSWORD 'only-for-tests' IN ROLE auditor;
    CREATE ROLE writer LOGIN PASSWORD 'only-for-tests' IN ROLE log_writer;
    CREATE ROLE stray LOGIN PASSWORD 'only-for-tests' IN ROLE support, supervisor, conversations_setup;
    INSERT INTO workspace_members (workspace_id, member)
        SELECT 'one', member FROM (VALUES ('agnes'), ('connie'), ('sid'), ('both'), ('sue'), ('priya')) AS m (member)";

const EVENTS: &str = "
    INSERT INTO interaction_logs (workspace_id, occurred_at, event, status, occurred_in, details)
        SELECT w, now(), 'message sent', 'success', 'journey', '{\"message\": {\"text\": \"hello\"}, \"headers\": {\"Authorization\": \"Bearer s3cr3t\"}}'
        FROM (VALUES ('one'), ('two')) AS v (w);
    INSERT INTO conversation_logs (workspace_id, occurred_at, conversation_id, event, done_by)
        SELECT w, now(), 'c1', 'assigned', 'System' FROM (VALUES ('one'), ('two')) AS v (w);
    INSERT INTO audit_logs (workspace_id, occurred_at, event, done_by, done_by_kind, item_kind, item_id, details)
        SELECT w, now(), 'tag created', 'x@example.com', 'user', 'tag', 't1', '{\"email\": \"x@example.com\"}' FROM (VALUES ('one'), ('two')) AS v (w);
    INSERT INTO event_logs (workspace_id, occurred_at, type, metadata)
        SELECT w, now(), 'dataset.indexed', '{\"api-key\": \"k-1\"}' FROM (VALUES ('one'), ('two')) AS v (w);
    INSERT INTO activity_logs (workspace_id, occurred_at, kind, event, actor, module, outcome, summary, details)
        SELECT w, now(), 'API call', 'list contacts', 'System', 'contacts', 'success', 'x', '{\"request\": {\"headers\": [{\"name\": \"Cookie\", \"value\": \"s3cr3t\"}]}}'
        FROM (VALUES ('one'), ('two')) AS v (w);
    INSERT INTO bot_logs (workspace_id, occurred_at, environment, conversation_id, line, payload)
        SELECT w, now(), 'sandbox', 'b1', 'line', '{\"password\": \"s3cr3t\"}' FROM (VALUES ('one'), ('two')) AS v (w)";

/// The SQLSTATE with which a statement is refused, or nothing.
async fn done(client: &Client, sql: &str) -> String {
    match client.batch_execute(sql).await {
        Ok(()) => String::new(),
        Err(error) => sqlstate(&error).to_owned(),
    }
}

/// What a login sees of a log: the workspaces, or the SQLSTATE.
async fn workspaces(client: &Client, log: &str) -> BTreeSet<String> {
    match table(client, &format!("SELECT workspace_id FROM {log}")).await {
        Ok(answer) => answer.rows.into_iter().filter_map(|row| row[0].clone()).collect(),
        Err(error) => BTreeSet::from([sqlstate(&error).to_owned()]),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_reads_its_logs_of_its_workspaces() {
    let scene = Scene::set(&[DEFINITIONS, EVENTS]).await;
    let (one, all, no, none) = (&["one"][..], &["one", "two"][..], &["42501"][..], &[][..]);
    for (login, seen) in [
        ("agnes", [no, no, no, no, no, no]),
        ("connie", [no, no, one, no, no, no]),
        ("sid", [no, one, no, no, no, no]),
        ("both", [no, one, one, no, no, no]),
        ("sue", [one, no, no, one, one, one]),
        ("priya", [one, no, no, one, one, one]),
        ("audrey", [all, all, all, all, all, all]),
        ("writer", [no, no, no, no, no, no]),
        ("stray", [none, none, none, none, none, none]),
    ] {
        let client = scene.log_in(login).await;
        for (log, expected) in LOGS.iter().zip(seen) {
            let expected: BTreeSet<String> = expected.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(workspaces(&client, log).await, expected, "{login} reads {log}");
            let view = format!("{log}_24h");
            assert_eq!(workspaces(&client, &view).await, expected, "{login} reads {view}");
        }
    }
    let sue = scene.log_in("sue").await;
    assert_eq!(workspaces(&sue, "workspaces").await, BTreeSet::from(["one".to_owned()]));
    assert_eq!(count(&sue, "SELECT count(*) FROM workspace_members").await, 1, "its own");
    assert_eq!(done(&sue, "INSERT INTO workspace_members (workspace_id, member) VALUES ('two', 'sue')").await, "42501");
    scene.run("INSERT INTO workspace_members (workspace_id, member) VALUES ('two', 'sue')").await;
    assert_eq!(workspaces(&sue, "interaction_logs").await.len(), 2, "a membership counts at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payloads_show_keys_and_personal_data_to_privacy_officers_alone() {
    let scene = Scene::set(&[DEFINITIONS, EVENTS]).await;
    let secrets = ["s3cr3t", "k-1"];
    let payloads = "SELECT coalesce(string_agg(details::text, ' '), '') FROM interaction_logs
        UNION ALL SELECT string_agg(metadata::text, ' ') FROM event_logs
        UNION ALL SELECT string_agg(details::text, ' ') FROM activity_logs
        UNION ALL SELECT string_agg(payload::text, ' ') FROM bot_logs";
    for (login, shown) in [("sue", false), ("audrey", false), ("priya", true)] {
        let rows = table(&scene.log_in(login).await, payloads).await.unwrap().rows;
        let told = format!("{rows:?}");
        for secret in secrets {
            assert_eq!(told.contains(secret), shown, "{login}: {secret} in {told}");
        }
        assert!(told.contains("hello"), "{login}: {told}");
    }
    let connie = scene.log_in("connie").await;
    assert_eq!(count(&connie, "SELECT count(*) FROM audit_logs WHERE details ->> 'email' = 'x@example.com'").await, 0);
    scene.run("INSERT INTO redacted_keys (key, reason) VALUES ('text', 'a message')").await;
    let text = table(&scene.log_in("sue").await, "SELECT details -> 'message' ->> 'text' FROM interaction_logs").await.unwrap();
    assert_eq!(text.rows, [[Some("***".to_owned())]], "a key that was added");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_production_bot_is_read_when_its_conversation_has_ended() {
    let scene = Scene::set(&[DEFINITIONS, EVENTS]).await;
    scene
        .chief
        .batch_execute(
            "INSERT INTO bot_logs (workspace_id, occurred_at, environment, conversation_id, event, line) VALUES
                ('one', now() - interval '2 hours', 'production', 'over', 'line logged', 'ended long ago'),
                ('one', now() - interval '1 hour', 'production', 'over', 'conversation ended', 'the end'),
                ('one', now() - interval '20 minutes', 'production', 'fresh', 'line logged', 'ended just now'),
                ('one', now() - interval '10 minutes', 'production', 'fresh', 'conversation ended', 'the end'),
                ('one', now() - interval '3 hours', 'production', 'running', 'line logged', 'not ended'),
                ('one', now() - interval '3 hours', 'staging', 'running', 'line logged', 'in staging'),
                ('two', now() - interval '3 hours', 'production', 'running', 'conversation ended', 'of another workspace')",
        )
        .await
        .unwrap();
    let lines = "SELECT line FROM bot_logs ORDER BY line";
    let seen = |rows: Vec<Vec<Option<String>>>| rows.into_iter().filter_map(|row| row[0].clone()).collect::<Vec<_>>();
    let sue = seen(table(&scene.log_in("sue").await, lines).await.unwrap().rows);
    assert_eq!(sue, ["ended long ago", "in staging", "line", "the end"]);
    let audrey = seen(table(&scene.log_in("audrey").await, lines).await.unwrap().rows);
    assert_eq!(audrey.len(), 9, "an auditor does not wait: {audrey:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_records_and_reads_nothing() {
    let scene = Scene::set(&[DEFINITIONS, EVENTS]).await;
    let writer = scene.log_in("writer").await;
    let insert = "INSERT INTO event_logs (workspace_id, occurred_at, type) VALUES ('three', now(), 'file.added')";
    writer.batch_execute(insert).await.unwrap();
    assert_eq!(done(&writer, &format!("{insert} RETURNING type")).await, "42501");
    assert_eq!(done(&writer, "INSERT INTO workspaces (workspace_id, name) VALUES ('three', 'x')").await, "42501");
    assert_eq!(count(&scene.chief, "SELECT count(*) FROM event_logs WHERE workspace_id = 'three'").await, 1);
    assert_eq!(done(&scene.log_in("sue").await, insert).await, "42501");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_are_kept_by_plan_and_each_login_sees_for_how_long() {
    let scene = Scene::set(&[DEFINITIONS, EVENTS]).await;
    let too_late = "INSERT INTO LOG (workspace_id, occurred_at, REST) SELECT 'W', now() - interval 'AGE days', VALUES";
    let put = async |log: &str, workspace: &str, age: u32| {
        let (rest, values) = match log {
            "interaction_logs" => ("event, status, occurred_in", "'e', 'success', 'journey'"),
            "event_logs" => ("type", "'t'"),
            _ => ("kind, event, actor, module, outcome, summary", "'API call', 'e', 'a', 'inbox', 'success', 's'"),
        };
        let sql = too_late.replace("LOG", log).replace("REST", rest).replace("VALUES", values).replace("AGE", &age.to_string());
        done(&scene.chief, &sql.replace("'W'", &format!("'{workspace}'"))).await
    };
    assert_eq!(put("interaction_logs", "one", 13).await, "");
    assert_eq!(put("interaction_logs", "two", 15).await, "22008");
    for log in ["activity_logs", "event_logs"] {
        assert_eq!(put(log, "one", 29).await, "", "{log}");
        assert_eq!(put(log, "one", 31).await, "22008", "{log}");
        assert_eq!(put(log, "two", 4000).await, "", "{log} without a plan");
    }
    let kept = "SELECT log, workspace_id, plan, days_kept FROM my_retention ORDER BY 1, 2";
    let shown = async |login: &str| {
        let rows = table(&scene.log_in(login).await, kept).await.unwrap().rows;
        rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join("|")).collect::<Vec<_>>()
    };
    assert_eq!(
        shown("sue").await,
        ["activity_logs|one|starter|30", "bot_logs|one|starter|", "event_logs|one|starter|30", "interaction_logs|one|starter|14"]
    );
    assert_eq!(shown("sid").await, ["conversation_logs|one|starter|"]);
    assert_eq!(shown("stray").await, [""; 0]);
    let audrey = shown("audrey").await;
    assert!(
        audrey.contains(&"activity_logs|two||".to_owned()) && audrey.contains(&"interaction_logs|two||14".to_owned()),
        "{audrey:?}"
    );
    scene.run("ALTER RETENTION POLICY starter ON event_logs KEEP INTERVAL '45 days'").await;
    assert!(shown("sue").await.contains(&"event_logs|one|starter|45".to_owned()), "it tells of the policy in force");
}
