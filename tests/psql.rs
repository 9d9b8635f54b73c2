//! psql's describe commands answer with what is there, and none with an error.
//!
//! What psql sends is its own business: the tests look only at what a person would read.

mod compared;
mod terminal;

use std::net::SocketAddr;
use std::process::Command;

use crate::harness::{PASSWORD, Peer, Server, Table, count, folder, psql, run_to_end, sqlstate, table};

/// One object of each kind.
const DEFINITIONS: &str = "
    CREATE SCHEMA desk;
    COMMENT ON SCHEMA desk IS 'about the desk';
    CREATE TABLE calls (event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, tries int CHECK (tries > 0),
        note varchar(20), price numeric(12, 2), tags text[], details jsonb DEFAULT '{}');
    COMMENT ON TABLE calls IS 'every call';
    COMMENT ON COLUMN calls.tries IS 'how often';
    CREATE TABLE desk.\"Agents\" (id text PRIMARY KEY, team text NOT NULL) USING reference;
    CREATE INDEX ON calls (event_id, note DESC);
    CREATE INDEX by_details ON calls USING gin (details jsonb_path_ops) WITH (fastupdate = off);
    COMMENT ON INDEX by_details IS 'for needles';
    CREATE INDEX ON desk.\"Agents\" USING hash (team);
    CREATE VIEW many_tries AS SELECT event_id, tries FROM calls WHERE tries > 3;
    COMMENT ON VIEW many_tries IS 'calls that were hard';
    CREATE FUNCTION tried(fewest int, most int DEFAULT 9) RETURNS TABLE (event_id uuid, tries int) LANGUAGE sql
        AS $$ SELECT event_id, tries FROM calls WHERE tries BETWEEN fewest AND most $$;
    COMMENT ON FUNCTION tried(int, int) IS 'calls by tries'";

/// What a command prints, aligned as a person sees it; `None` when there is no psql.
fn shown(server: &Server, command: &str) -> Option<String> {
    shown_at(server.address(), &[command])
}

/// What several commands print, one after the other in one psql.
fn shown_at(address: SocketAddr, commands: &[&str]) -> Option<String> {
    let output = psql(address, "SELECT 1")?;
    output.succeeded();
    let mut psql = Command::new("psql");
    psql.args(["-X", "-U", "annals", "-d", "annals"])
        .args(["-h", &address.ip().to_string(), "-p", &address.port().to_string()])
        .env("PGPASSWORD", PASSWORD)
        .env("PGCONNECT_TIMEOUT", "30")
        .env("EDITOR", "cat");
    let folder = folder();
    let script = folder.path().join("commands.sql");
    std::fs::write(&script, format!("{}\n", commands.join("\n"))).unwrap();
    psql.arg("-f").arg(&script);
    let ended = run_to_end(&mut psql);
    assert!(!ended.stderr.contains("ERROR"), "{commands:?}: {}", ended.stderr);
    Some(ended.stdout)
}

async fn described(server: &Server) {
    server.connect().await.batch_execute(DEFINITIONS).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn describe_commands_show_what_is_there() {
    let folder = folder();
    let server = Server::start(folder.path());
    described(&server).await;
    for (command, contained) in [
        (r"\d", &["calls", "table", "many_tries", "view", "interaction_logs"][..]),
        (r"\dt", &["calls", "activity_logs", "workspaces"]),
        (r"\dt+", &["every call", "log", "reference", "permanent"]),
        (r"\dt desk.*", &["Agents"]),
        (r"\dv", &["many_tries"]),
        (r"\dv+", &["calls that were hard"]),
        (r"\dn", &["annals", "desk", "public"]),
        (r"\dn+", &["about the desk"]),
        (r"\df", &["tried", "fewest integer, most integer DEFAULT 9", "TABLE(event_id uuid, tries integer)"]),
        (r"\df+", &["calls by tries", "sql"]),
        (r"\l", &["annals", "UTF8"]),
        (r"\l+", &["annals", "kB", "pg_default"]),
        (r"\db", &["pg_default", "pg_global"]),
        (r"\dL", &[]),
        (r"\da sum", &["pg_catalog", "numeric", "bigint"]),
        (r"\do &&", &["anyarray", "overlaps"]),
        (r"\dC jsonb", &["jsonb", "integer"]),
        (r"\dAc btree uuid", &["uuid_ops"]),
        (r"\df uuidv7", &["uuidv7", "uuid"]),
        (r"\df+ upper", &["text", "immutable", "uppercase"]),
        (r"\sf format_type", &["CREATE OR REPLACE FUNCTION pg_catalog.format_type(oid, integer)", "STABLE PARALLEL SAFE"]),
        (r"\dconfig statement_timeout", &["statement_timeout", "0"]),
        (r"\dO", &[]),
        (r"\dOS", &["POSIX", "libc"]),
        (r"\du", &["annals", "Superuser"]),
        (r"\di desk.*", &["Agents_pkey", "index"]),
        (r"\dp", &["calls"]),
        (
            r"\sf tried",
            &["CREATE OR REPLACE FUNCTION public.tried(fewest integer, most integer DEFAULT 9)", "BETWEEN fewest AND most"],
        ),
        (r"\sv many_tries", &["CREATE OR REPLACE VIEW public.many_tries", "tries > 3"]),
        (r"\d many_tries", &["View \"public.many_tries\"", "event_id", "integer"]),
        (r"\d+ many_tries", &["View definition:", "tries > 3"]),
        (r"\d pg_class", &["relname", "name", "not null", "pg_node_tree"]),
        (r"\dd tried", &[]),
    ] {
        let Some(output) = shown(&server, command) else { return };
        for part in contained {
            assert!(output.contains(part), "{command} does not show {part:?}:\n{output}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_described_column_by_column() {
    let folder = folder();
    let server = Server::start(folder.path());
    described(&server).await;
    let Some(output) = shown(&server, r"\d+ calls") else { return };
    let squeezed: Vec<String> = output.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "event_id | uuid | | not null | uuidv7() | plain | | |",
        "occurred_at | timestamp with time zone | | not null | | plain | | |",
        "tries | integer | | | | plain | | | how often",
        "note | character varying(20) | | | | extended | | |",
        "price | numeric(12,2) | | | | main | | |",
        "tags | text[] | | | | extended | | |",
        "\"calls_tries_check\" CHECK (tries > 0)",
        "Access method: log",
    ] {
        assert!(squeezed.iter().any(|shown| shown == line), "no line {line:?} in:\n{output}");
    }
    let output = shown(&server, r#"\d desk."Agents""#).unwrap();
    assert!(output.contains("\"Agents_pkey\" PRIMARY KEY, btree (id)"), "{output}");
}

/// Every describe command of psql 15.
const COMMANDS: &str = r"\d \dS \da \da+ \dA \dA+ \dAc \dAf \dAo \dAp \db \db+ \dc \dc+ \dconfig \dconfig+ \dC \dC+ \dd \dD \dD+ \ddp \dE
    \dE+ \des \des+ \det \det+ \deu \deu+ \dew \dew+ \df \df+ \dF \dF+ \dFd \dFd+ \dFp \dFp+ \dFt \dFt+ \dg \dg+ \di \di+ \dl \dL \dL+
    \dm \dm+ \dn \dn+ \do \do+ \dO \dO+ \dp \dP \dP+ \drds \dRp \dRp+ \dRs \dRs+ \ds \ds+ \dt \dt+ \dT \dT+ \du \du+ \dv \dv+ \dx \dx+
    \dX \dy \dy+ \l \l+ \z \dtS \dvS \diS \dfS \dTS \dOS \doS \daS \dnS+ \dLS \lo_list \conninfo \encoding";

/// Describe commands with patterns and arguments, in psql's own spelling.
const PATTERNS: [&str; 16] = [
    r"\dt *.*",
    r"\d pg_catalog.pg_class",
    r"\d+ information_schema.tables",
    r"\df+ x*",
    r"\df format_type",
    r"\sf format_type",
    r"\dT int*",
    r"\dC int*",
    r"\do +",
    r"\do && anyarray",
    r"\da sum",
    r"\dconfig work*",
    r"\dD information_schema.*",
    r"\dt annals.public.*",
    r"\dp public.*",
    r"\dOS+ C",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_describe_command_ends_in_an_error() {
    let folder = folder();
    let server = Server::start(folder.path());
    for command in COMMANDS.split_whitespace().chain(PATTERNS) {
        let Some(_) = shown(&server, command) else { return };
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_and_ids_stand_for_one_another() {
    let folder = folder();
    let server = Server::start(folder.path());
    described(&server).await;
    let client = server.connect().await;
    for sql in [
        "SELECT count(*) FROM pg_class WHERE oid = 'calls'::regclass AND relname = 'calls'",
        "SELECT count(*) FROM pg_class WHERE oid = 'desk.\"Agents\"'::regclass AND oid::regclass::text = 'desk.\"Agents\"'",
        "SELECT count(*) FROM (SELECT 1) AS one WHERE 'integer'::regtype::oid = 23 AND format_type(1043, 24) = 'character varying(20)'",
        "SELECT count(*) FROM pg_proc WHERE oid = 'tried'::regproc AND pg_function_is_visible(oid)",
        "SELECT count(*) FROM (SELECT 1) AS one WHERE to_regclass('no_such_table') IS NULL AND has_table_privilege('calls', 'SELECT')",
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'calls' AND column_name = 'price' AND numeric_precision = 12",
        "SELECT count(*) FROM pg_description WHERE objoid = 'calls'::regclass AND objsubid = 0 AND description = 'every call'",
    ] {
        assert_eq!(count(&client, sql).await, 1, "{sql}");
    }
    for (sql, state) in [
        ("SELECT 'no_such_table'::regclass", "42P01"),
        ("SELECT has_table_privilege('no_such_table', 'SELECT')", "42P01"),
        ("SELECT has_table_privilege('calls', 'FLY')", "22023"),
        ("SELECT current_setting('no.such')", "42704"),
        ("SELECT (SELECT relname FROM pg_class c WHERE c.relnamespace = n.oid) FROM pg_namespace n", "21000"),
    ] {
        assert_eq!(sqlstate(&table(&client, sql).await.unwrap_err()), state, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn system_relations_have_postgresqls_columns() {
    let Some(peer) = Peer::start().await else { return };
    let folder = folder();
    let server = Server::start(folder.path());
    let columns = "SELECT n.nspname AS schema, c.relname AS relation, a.attname AS name, a.attnum AS number,
            pg_catalog.format_type(a.atttypid, -1) AS type, a.attnotnull AS required
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') AND a.attnum > 0
            AND c.relname NOT LIKE '\\_%' AND c.relname <> 'pg_statistic_ext_data'
        ORDER BY 1, 2, 4";
    let ours = table(&server.connect().await, columns).await.unwrap();
    let theirs = table(&peer.connect().await, columns).await.unwrap();
    assert_eq!(ours.columns, theirs.columns);
    assert!(theirs.rows.len() > 1_900, "the comparison is of {} columns", theirs.rows.len());
    let only = |here: &Table, there: &Table| here.rows.iter().filter(|row| !there.rows.contains(row)).cloned().collect::<Vec<_>>();
    assert_eq!(only(&ours, &theirs), only(&theirs, &ours));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn psqls_own_ways_with_results_work() {
    let folder = folder();
    let server = Server::start(folder.path());
    described(&server).await;
    let file = folder.path().join("agents.csv");
    let copy_out = format!(r#"\copy desk."Agents" to '{}' csv"#, file.display());
    let copy_in = format!(r#"\copy desk."Agents" from '{}' csv"#, file.display());
    for (commands, contained) in [
        (&[r#"INSERT INTO desk."Agents" VALUES ('a', 'one');"#, &copy_out][..], &["COPY 1"][..]),
        (&[r#"DELETE FROM desk."Agents";"#, &copy_in], &["DELETE 1", "COPY 1"]),
        (&[r"SELECT 1 AS one, 'x'::text AS two \gdesc"], &["one", "integer", "two", "text"]),
        (&[r"SELECT 1 AS one \gx"], &["-[ RECORD 1 ]", "one | 1"]),
        (&[r"SELECT 'loud' \g |tr a-z A-Z"], &["LOUD"]),
        (
            &[r"SELECT n % 2 AS odd, n AS n, n * n AS square FROM generate_series(1, 3) AS n \crosstabview odd n square"],
            &["odd", "9"],
        ),
        (&[r"\timing on", "SELECT 1;"], &["Timing is on.", "Time: "]),
        (&[r"\ev many_tries"], &["CREATE OR REPLACE VIEW public.many_tries", "tries > 3"]),
        (&[r"\ef tried"], &["CREATE OR REPLACE FUNCTION public.tried"]),
        (&[r"\encoding"], &["UTF8"]),
        (&[r"\conninfo"], &["You are connected to database \"annals\" as user \"annals\""]),
        (&[r"\sv many_tries"], &["many_tries"]),
    ] {
        let Some(output) = shown_at(server.address(), commands) else { return };
        for part in contained {
            assert!(output.contains(part), "{commands:?} does not show {part:?}:\n{output}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_outlive_a_restart_and_sizes_follow_the_rows() {
    let folder = folder();
    let server = Server::start(folder.path());
    described(&server).await;
    let client = server.connect().await;
    let ids = "SELECT oid, relname FROM pg_class UNION ALL SELECT oid, proname FROM pg_proc UNION ALL SELECT oid, conname FROM pg_constraint
        UNION ALL SELECT oid, rulename FROM pg_rewrite UNION ALL SELECT oid, nspname FROM pg_namespace ORDER BY 1, 2";
    let before = table(&client, ids).await.unwrap();
    let distinct = "SELECT count(*) - count(DISTINCT oid) FROM pg_class";
    assert_eq!(count(&client, distinct).await, 0, "two relations have one id");
    assert_eq!(count(&client, "SELECT count(*) - count(DISTINCT oid) FROM pg_proc").await, 0, "two functions have one id");
    assert_eq!(count(&client, "SELECT pg_total_relation_size('calls')").await, 0);
    client.batch_execute("INSERT INTO calls (occurred_at, tries) VALUES (now(), 1), (now(), 2)").await.unwrap();
    assert_eq!(count(&client, "SELECT reltuples::bigint FROM pg_class WHERE relname = 'calls'").await, 2);
    assert_eq!(count(&client, "SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'calls'").await, 2);
    assert!(count(&client, "SELECT pg_total_relation_size('calls')").await > 0);
    assert!(count(&client, "SELECT pg_database_size(current_database())").await > 0);
    drop(client);
    drop(server);
    let server = Server::start(folder.path());
    let after = table(&server.connect().await, ids).await.unwrap();
    assert_eq!(before, after);
}
