//! What psql prints of the same objects here and on a PostgreSQL beside us.

use super::{DEFINITIONS, described, shown, shown_at};
use crate::harness::{Peer, Server, folder, table};

/// Every describe command, with patterns that find what both servers have, and with the letters S and + where the command knows them.
const COMMANDS: [&str; 93] = [
    r"\d calls",
    r"\d+ calls",
    r#"\d desk."Agents""#,
    r#"\d desk."Agents_pkey""#,
    r#"\d+ desk."Agents_pkey""#,
    r"\d calls_event_id_note_idx",
    r"\d+ by_details",
    r"\di calls*",
    r"\di *details",
    r"\dd by_details",
    r"\d many_tries",
    r"\d+ many_tries",
    r"\d desk.*",
    r"\d nothing*",
    r"\d information_schema.schemata",
    r"\dt desk.*",
    r"\dt+ nothing*",
    r"\dv many*",
    r"\dv+ many*",
    r"\di desk.*",
    r"\dm desk.*",
    r"\ds desk.*",
    r"\dE desk.*",
    r"\dtvi desk.*",
    r"\dP desk.*",
    r"\dPt desk.*",
    r"\dX",
    r"\dX+",
    r"\dp desk.*",
    r"\z many*",
    r"\ddp",
    r"\ddp nothing",
    r"\drds",
    r"\drds annals",
    r"\df tried",
    r"\df+ tried",
    r"\df tr* integer integer",
    r"\df pg_catalog.lower",
    r"\dfnS now",
    r"\dfaS max anyenum",
    r"\dfwS rank",
    r"\df+ now",
    r"\sf tried",
    r"\sf+ tried",
    r"\sf upper(text)",
    r"\sf pg_catalog.now",
    r"\sv many_tries",
    r"\sv+ many_tries",
    r"\dd tried",
    r"\dd desk.*",
    r"\dn desk",
    r"\dn+ desk",
    r"\dT int4",
    r"\dT+ uuid",
    r"\dTS json*",
    r"\dTS+ pg_catalog.oid",
    r"\dT desk.*",
    r"\dD desk.*",
    r"\da pg_catalog.count",
    r"\daS bool_*",
    r"\do pg_catalog.&& anyarray anyarray",
    r"\do+ ->>",
    r"\doS+ ~~ text text",
    r"\dC uuid",
    r"\dC jsonb",
    r"\dC+ uuid",
    r"\dO desk.*",
    r"\dOS POSIX",
    r"\dx nothing",
    r"\dx+ nothing",
    r"\dF nothing",
    r"\dF+ nothing",
    r"\dFd nothing",
    r"\dFp nothing",
    r"\dFt nothing",
    r"\det",
    r"\des",
    r"\deu",
    r"\dew",
    r"\dRp",
    r"\dRp+ nothing",
    r"\dRs",
    r"\dy",
    r"\dL nothing",
    r"\db",
    r"\dl",
    r"\dconfig search_path",
    r"\dconfig+ statement_timeout",
    r"\dAc btree uuid",
    r"\dAc+ btree int4",
    r"\dAf btree uuid",
    r"\dg nothing",
    r"\l nothing",
];

/// What a line says that is ours, and what stands there in PostgreSQL.
const OURS: [(&str, &str); 4] = [
    // A generated id is another function's there, and the column is as wide as its name.
    ("gen_random_uuid()", "uuidv7()"),
    ("Access method: log", "Access method: heap"),
    // Views read with the reader's rights, which PostgreSQL's do when they are told to.
    ("Options: security_invoker=true\n", ""),
    ("\n WITH (security_invoker='true') AS", " AS"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_are_described_as_in_postgresql() {
    let Some(peer) = Peer::start().await else { return };
    let folder = folder();
    let server = Server::start(folder.path());
    described(&server).await;
    let theirs = DEFINITIONS.replace("USING reference", "").replace("uuidv7()", "gen_random_uuid()");
    // Functions are kept without the spaces around their text.
    let theirs = theirs.replace("AS $$ SELECT", "AS $$SELECT").replace("AND most $$", "AND most$$");
    peer.connect().await.batch_execute(&theirs).await.unwrap();
    let mut found = vec![];
    for command in COMMANDS {
        let Some(ours) = shown(&server, command) else { return };
        let expected = shown_at(peer.address(), &[command]).unwrap();
        let plain = |output: &str| {
            let output = OURS.iter().fold(output.to_owned(), |output, (own, other)| output.replace(own, other));
            // With `+`, lines are numbered, and those of the options are lines more.
            let lines =
                output.lines().map(|line| line.trim_start_matches(|c: char| c.is_ascii_digit() && command.starts_with(r"\sv+")));
            lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ").replace('-', "")).collect::<Vec<_>>()
        };
        let (ours, expected) = (plain(&ours), plain(&expected));
        if ours != expected && !(command == r"\sv+ many_tries" && ours.len() == expected.len() + 1) {
            found.push(format!("{command}\n  here:       {ours:#?}\n  PostgreSQL: {expected:#?}"));
        }
    }
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}

/// Queries of views that are laid out as PostgreSQL's printer does.
const QUERIES: [&str; 22] = [
    "SELECT event_id, tries FROM calls WHERE tries > 3",
    "SELECT * FROM calls",
    "SELECT DISTINCT note, tries + 1 AS next FROM calls ORDER BY note DESC, tries + 1",
    "SELECT note, count(*), sum(price) AS spent FROM calls GROUP BY note HAVING count(*) > 1",
    "SELECT date_trunc('hour', occurred_at) AS hour, count(*) FROM calls GROUP BY 1 ORDER BY 1 DESC",
    "SELECT c.event_id, a.team FROM calls c JOIN desk.\"Agents\" a ON a.id = c.note WHERE a.team = 'one' OR c.tries IS NULL",
    "SELECT c.event_id FROM calls c LEFT JOIN desk.\"Agents\" AS a ON a.id = details ->> 'agent' AND a.team <> 'two'",
    "SELECT details -> 'error' ->> 'code' AS code FROM calls WHERE details ->> 'kind' = 'failure'",
    "SELECT event_id FROM calls WHERE note = 'x' AND (tries = 1 OR tries = 2) AND NOT tries IS NULL",
    "SELECT event_id FROM calls WHERE tries BETWEEN 2 AND 4 AND tries IN (3, 4)",
    "SELECT event_id FROM calls WHERE details ->> 'a' LIKE 'x%' AND details ->> 'b' ILIKE '%y'",
    "SELECT event_id FROM calls WHERE occurred_at > now() - interval '24 hours'",
    "SELECT event_id FROM calls WHERE occurred_at >= '2024-01-01' AND occurred_at < timestamptz '2024-02-01 12:00'",
    "SELECT event_id, price * 2 + 1 AS twice, (tries + 1) * 2 AS more FROM calls WHERE price > 5 AND price < 7.5",
    "SELECT tries::text AS t, details::text AS d, '7'::int AS seven FROM calls",
    "SELECT coalesce(note, 'none') AS n FROM calls WHERE FALSE",
    "SELECT upper(details ->> 'a') AS up, split_part(details ->> 'b', '-', 2) AS part FROM calls",
    "SELECT extract(epoch FROM occurred_at) AS seconds FROM calls",
    "SELECT count(*) FILTER (WHERE tries > 1) AS many, count(DISTINCT note) AS notes FROM calls",
    "SELECT event_id FROM calls ORDER BY occurred_at DESC NULLS LAST, event_id LIMIT 10",
    "SELECT calls.event_id AS id, calls.tries FROM calls, desk.\"Agents\" WHERE calls.details @> '{\"a\": 1}' IS NOT NULL",
    "SELECT (tries - 1) - (tries - 2) AS one, tries % 2 = 1 AS odd FROM calls",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_are_laid_out_as_in_postgresql() {
    let Some(peer) = Peer::start().await else { return };
    let folder = folder();
    let server = Server::start(folder.path());
    described(&server).await;
    let (ours, theirs) = (server.connect().await, peer.connect().await);
    theirs.batch_execute(&DEFINITIONS.replace("USING reference", "").replace("uuidv7()", "gen_random_uuid()")).await.unwrap();
    theirs.batch_execute("SET TimeZone = 'UTC'").await.unwrap();
    let mut found = vec![];
    for (at, query) in QUERIES.iter().enumerate() {
        let view = format!("CREATE VIEW laid_out_{at} AS {query}");
        let shown = format!(
            "SELECT pg_get_viewdef('laid_out_{at}'::regclass, true), definition FROM pg_views WHERE viewname = 'laid_out_{at}'"
        );
        for client in [&ours, &theirs] {
            client.batch_execute(&view).await.unwrap_or_else(|error| panic!("{view}: {error:?}"));
        }
        let [own, wanted] = [table(&ours, &shown).await.unwrap().rows, table(&theirs, &shown).await.unwrap().rows];
        for (own, wanted) in own.into_iter().flatten().zip(wanted.into_iter().flatten()) {
            if own != wanted {
                let [own, wanted] = [own, wanted].map(Option::unwrap_or_default);
                found.push(format!("{query}\n  here:\n{own}\n  PostgreSQL:\n{wanted}"));
            }
        }
    }
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}
