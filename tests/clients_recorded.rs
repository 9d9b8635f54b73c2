//! The opening queries of tools that are not installed here: each is asked of Annals and of a PostgreSQL beside it.
//!
//! The statements stand in `clients_recorded/`, a file a tool, with where they are known from. None may end in an error; columns have
//! PostgreSQL's names and types, but for the [`HELD_AS`] ones; and where both hold the same, the rows are PostgreSQL's.

use std::collections::{BTreeSet, HashMap};

use tokio_postgres::Client;

use crate::harness::{Peer, Server, folder, sqlstate, table};

/// The same objects in both. What makes a table one of ours is added below.
const DEFINITIONS: &str = "
    CREATE SCHEMA desk;
    CREATE TABLE desk.calls (event_id uuid NOT NULL DEFAULT gen_random_uuid(), occurred_at timestamptz NOT NULL,
        tries int CHECK (tries > 0), note varchar(20), price numeric(12, 2), tags text[], details jsonb DEFAULT '{}');
    CREATE TABLE desk.agents (id text PRIMARY KEY, team text NOT NULL) REFERENCE;
    COMMENT ON TABLE desk.calls IS 'every call';
    COMMENT ON COLUMN desk.calls.tries IS 'how often';
    CREATE INDEX calls_by_event ON desk.calls (event_id, note DESC);
    COMMENT ON INDEX desk.calls_by_event IS 'one call';
    CREATE INDEX ON desk.agents USING hash (team);
    CREATE VIEW desk.many_tries AS SELECT event_id, tries FROM desk.calls WHERE tries > 3;
    CREATE FUNCTION desk.tried(fewest int, most int DEFAULT 9) RETURNS TABLE (event_id uuid, tries int) LANGUAGE sql
        AS $$ SELECT event_id, tries FROM desk.calls WHERE tries BETWEEN fewest AND most $$;
    INSERT INTO desk.calls (event_id, occurred_at, tries) VALUES ('00000000-0000-0000-0000-000000000001', '2024-01-01 10:00+00', 5);
    INSERT INTO desk.agents VALUES ('a', 'one');";

/// PostgreSQL's types that Annals sends as another: what each is held as, and PostgreSQL's own name of it.
///
/// An access list, a node tree and a place in a log are text, a transaction's number an id. Nothing tells them apart in text, in which tools read them.
const HELD_AS: [(&str, &str); 6] = [
    ("_text", "_aclitem"),
    ("text", "pg_node_tree"),
    ("oid", "xid"),
    ("text", "anyarray"),
    ("text", "unknown"),
    ("text", "pg_lsn"),
];

/// How statements begin whose columns differ for a reason.
const DIFFERENT_COLUMNS: [(&str, &str); 11] = [
    ("show DateStyle", "SHOW names its column as it was typed"),
    ("show timezone", "SHOW names its column as it was typed"),
    ("select t.oid as id, t.xmin", "integer literals of CASE are bigint"),
    ("select pronamespace as schemaId", "array_length is bigint"),
    ("with languages as", "NATURAL JOIN gives the common columns in their place, not first"),
    ("select T.oid table_id, relkind", "ARRAY of a sub-query of varchar is of text"),
    ("SELECT current_setting", "integer arithmetic is bigint"),
    ("SELECT * from (\n(SELECT", "a name chosen by COALESCE among groups is text in a UNION"),
    ("SELECT NULL", "integer literals of CASE are bigint"),
    ("SELECT tmp.TABLE_CAT", "integer literals of CASE are bigint"),
    ("SELECT current_database() AS FUNCTION_CAT", "integer literals of CASE are bigint"),
];

/// What the ids of a server's objects stand for: where a cell is one, the rows of both servers are compared by it.
const OBJECTS: &str = "
    SELECT oid::text, 'class ' || oid::regclass FROM pg_class WHERE relnamespace = 'desk'::regnamespace
    UNION ALL SELECT oid::text, 'function ' || oid::regproc FROM pg_proc WHERE pronamespace = 'desk'::regnamespace
    UNION ALL SELECT oid::text, 'schema ' || nspname FROM pg_namespace WHERE nspname IN ('desk', 'information_schema')
    UNION ALL SELECT oid::text, 'database' FROM pg_database WHERE datname = current_database()
    UNION ALL SELECT oid::text, 'constraint ' || conname FROM pg_constraint WHERE connamespace = 'desk'::regnamespace
    UNION ALL SELECT d.oid::text, 'default ' || d.adrelid::regclass || d.adnum FROM pg_attrdef d
        JOIN pg_class c ON c.oid = d.adrelid WHERE c.relnamespace = 'desk'::regnamespace
    UNION ALL SELECT r.oid::text, 'rule ' || r.ev_class::regclass FROM pg_rewrite r
        JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = 'desk'::regnamespace";

/// One of the servers, with what its objects' ids stand for.
struct Side {
    client: Client,
    objects: HashMap<String, String>,
}

impl Side {
    async fn new(client: Client) -> Side {
        let rows = table(&client, OBJECTS).await.unwrap().rows;
        let pair = |row: Vec<Option<String>>| <[Option<String>; 2]>::try_from(row).unwrap().map(Option::unwrap_or_default).into();
        let objects = rows.into_iter().map(pair).collect();
        Side { client, objects }
    }

    /// The rows without their order, by names instead of ids.
    fn named(&self, rows: &[Vec<Option<String>>]) -> BTreeSet<Vec<Option<String>>> {
        let named = |cell: &Option<String>| cell.as_ref().map(|cell| self.objects.get(cell).unwrap_or(cell).clone());
        rows.iter().map(|row| row.iter().map(named).collect()).collect()
    }
}

/// One statement of a file.
struct Recorded {
    sql: String,
    /// Its rows are PostgreSQL's too.
    same: bool,
    /// It is refused as not supported, which the tool takes for an answer.
    refused: bool,
}

fn recorded(file: &str) -> Vec<Recorded> {
    let mut all = Vec::new();
    let mut next = Recorded { sql: String::new(), same: false, refused: false };
    for line in file.lines() {
        match line.trim_end() {
            "-- same" => next.same = true,
            "-- refused" => next.refused = true,
            remark if remark.starts_with("--") => {}
            text => {
                next.sql.push_str(text);
                next.sql.push('\n');
                if text.ends_with(';') {
                    all.push(std::mem::replace(&mut next, Recorded { sql: String::new(), same: false, refused: false }));
                }
            }
        }
    }
    assert!(next.sql.trim().is_empty(), "the last statement has no end: {}", next.sql);
    all
}

/// The names and types of a statement's columns.
async fn columns(client: &Client, sql: &str) -> Vec<(String, String)> {
    let prepared = client.prepare(sql).await.unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
    prepared.columns().iter().map(|column| (column.name().to_owned(), column.type_().name().to_owned())).collect()
}

/// Runs a file on both; gives what differs.
async fn differences(name: &str, file: &str, here: &Side, there: Option<&Side>) -> Vec<String> {
    let ours = &here.client;
    let mut found = Vec::new();
    for Recorded { sql, same, refused } in recorded(file) {
        let own = table(ours, &sql).await;
        if refused {
            let state = own.map_err(|error| sqlstate(&error).to_owned()).err();
            if state.as_deref() != Some("0A000") {
                found.push(format!("{name}: {sql}  was not refused but {state:?}"));
            }
            continue;
        }
        let own = match own {
            Ok(own) => own,
            Err(error) => {
                found.push(format!("{name}: {sql}  {error:?}"));
                continue;
            }
        };
        let Some(there) = there else { continue };
        let theirs = &there.client;
        let expected = table(theirs, &sql).await.unwrap_or_else(|error| panic!("PostgreSQL refuses {sql}: {error:?}"));
        let (shape, wanted) = (columns(ours, &sql).await, columns(theirs, &sql).await);
        let fits = |((name, own), (wanted_name, wanted)): (&(String, String), &(String, String))| {
            name == wanted_name && (own == wanted || HELD_AS.contains(&(own.as_str(), wanted.as_str())))
        };
        let known = DIFFERENT_COLUMNS.iter().any(|(beginning, _)| sql.trim_start().starts_with(beginning));
        if shape.len() != wanted.len() || !(known || shape.iter().zip(&wanted).all(fits)) {
            let different: Vec<_> = shape.iter().zip(&wanted).filter(|pair| !fits(*pair)).collect();
            found.push(format!("{name}: {sql}  {} and {} columns, of which differ: {different:?}", shape.len(), wanted.len()));
        }
        if same && here.named(&own.rows) != there.named(&expected.rows) {
            found.push(format!("{name}: {sql}  here:       {:?}\n  PostgreSQL: {:?}", own.rows, expected.rows));
        }
    }
    found
}

async fn check(name: &str, file: &str) {
    let folder = folder();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    ours.batch_execute(&DEFINITIONS.replace("REFERENCE", "USING reference")).await.unwrap();
    let peer = Peer::start().await;
    let theirs = match &peer {
        Some(peer) => {
            let client = peer.connect().await;
            client.batch_execute(&DEFINITIONS.replace("REFERENCE", "")).await.unwrap();
            Some(Side::new(client).await)
        }
        None => None,
    };
    assert!(recorded(file).len() >= 7, "{name} holds few statements");
    let found = differences(name, file, &Side::new(ours).await, theirs.as_ref()).await;
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn datagrip_opens() {
    check("DataGrip", include_str!("clients_recorded/datagrip.sql")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dbeaver_opens() {
    check("DBeaver", include_str!("clients_recorded/dbeaver.sql")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grafana_opens() {
    check("Grafana", include_str!("clients_recorded/grafana.sql")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metabase_opens() {
    check("Metabase", include_str!("clients_recorded/metabase.sql")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pgadmin_browses() {
    check("pgAdmin", include_str!("clients_recorded/pgadmin.sql")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pgjdbc_tells_of_its_metadata() {
    check("pgJDBC", include_str!("clients_recorded/pgjdbc.sql")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_bi_opens() {
    check("Power BI", include_str!("clients_recorded/powerbi.sql")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn superset_explores() {
    check("Superset", include_str!("clients_recorded/superset.sql")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tableau_opens() {
    check("Tableau", include_str!("clients_recorded/tableau.sql")).await;
}
