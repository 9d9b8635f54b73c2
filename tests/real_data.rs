//! Real audit events of a cloud account under attack go in whole, and SQL over them finds the intruder.
//!
//! The events are no part of the project: `ANNALS_TEST_DATA` names the folder that holds them.

use std::env;
use std::path::{Path, PathBuf};

use tokio_postgres::Client;

use crate::harness::{Server, count, folder, run, skipped, table};

/// How one event becomes a row of `activity_logs`: a query over the lines of the file.
const MAP: &str = "
    SELECT (record ->> 'eventID')::uuid AS event_id,
    record ->> 'recipientAccountId' AS workspace_id,
    (record ->> 'eventTime')::timestamptz AS occurred_at,
    'API call' AS kind,
    record ->> 'eventName' AS event,
    coalesce(record -> 'userIdentity' ->> 'userName', record -> 'userIdentity' ->> 'arn', record -> 'userIdentity' ->> 'invokedBy', 'System') AS actor,
    'settings' AS module,
    CASE WHEN record ->> 'errorCode' IS NULL THEN 'success'
         WHEN record ->> 'errorCode' LIKE '%AccessDenied%' OR record ->> 'errorCode' LIKE '%UnauthorizedOperation%' THEN 'denied'
         ELSE 'failure' END AS outcome,
    (record ->> 'eventSource') || ' ' || (record ->> 'eventName') AS summary,
    record ->> 'sourceIPAddress' AS client_address,
    record AS details FROM input";

/// Events in the file.
const EVENTS: i64 = 2900;

/// The file, or a line that says that it is not here.
fn events() -> Option<PathBuf> {
    let Some(folder) = env::var_os("ANNALS_TEST_DATA") else {
        skipped("real events", "ANNALS_TEST_DATA names no folder that holds them");
        return None;
    };
    let file = Path::new(&folder).join("cloudtrail-attack.jsonl.gz");
    assert!(file.is_file(), "ANNALS_TEST_DATA is set, and {} is not there", file.display());
    Some(file)
}

fn ingest(data: &Path, file: &Path) -> String {
    let (data, file) = (data.to_str().unwrap(), file.to_str().unwrap());
    run(&["ingest", "activity_logs", file, "--map", MAP, "--data", data]).succeeded()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_goes_in_and_the_intruder_is_found() {
    let Some(file) = events() else { return };
    let folder = folder();
    assert!(Server::start(folder.path()).terminate().success());
    ingest(folder.path(), &file);

    let server = Server::start(folder.path());
    let client = server.connect().await;
    let whole = "SELECT count(*) FROM activity_logs";
    assert_eq!(count(&client, whole).await, EVENTS);
    assert_eq!(count(&client, "SELECT count(DISTINCT event_id) FROM activity_logs").await, EVENTS);
    investigate(&client).await;

    // The same file again, through the running server this time: a file that is in already adds nothing.
    ingest(folder.path(), &file);
    assert_eq!(count(&client, whole).await, EVENTS);
    client.batch_execute("CHECKPOINT").await.unwrap();
    investigate(&client).await;
}

/// The questions of whoever is called in, and their answers.
async fn investigate(client: &Client) {
    // Which calls were denied, to whom, from where? One address stands out.
    answer(
        client,
        "SELECT client_address, event, count(*) FROM activity_logs WHERE outcome = 'denied' GROUP BY 1, 2 ORDER BY 3 DESC, 2",
        &[
            &["192.168.10.20", "GetPasswordData", "29"],
            &["192.168.10.20", "DescribeInstanceAttribute", "15"],
            &["192.168.10.20", "AssumeRole", "13"],
            &["10.8.8.10", "GetCostAndUsage", "1"],
            &["10.8.8.10", "GetCostForecast", "1"],
            &["192.168.10.20", "LeaveOrganization", "1"],
        ],
    )
    .await;
    // Who is behind it? A key of one user, and roles that were taken over from there.
    answer(
        client,
        "SELECT actor, count(*) FROM activity_logs
         WHERE client_address = '192.168.10.20' AND details ->> 'userAgent' LIKE 'stratus-red-team%' AND details ->> 'errorCode' IS NULL
         GROUP BY 1 ORDER BY 2 DESC LIMIT 1",
        &[&["bert-jan", "140"]],
    )
    .await;
    // Which tool, and from how many addresses? One tool that says its name, from one address.
    answer(
        client,
        "SELECT count(*), count(DISTINCT client_address), min(client_address) FROM activity_logs
         WHERE details ->> 'userAgent' LIKE '%stratus-red-team\\_%'",
        &[&["1146", "1", "192.168.10.20"]],
    )
    .await;
    // What did they touch? Accounts that they made or opened for themselves,
    answer(
        client,
        "SELECT details -> 'requestParameters' ->> 'userName' AS made, event, count(*) FROM activity_logs
         WHERE event IN ('CreateUser', 'CreateAccessKey', 'CreateLoginProfile', 'AttachUserPolicy') AND outcome = 'success'
         GROUP BY 1, 2 ORDER BY 1, 2",
        &[
            &["malicious-iam-user", "AttachUserPolicy", "1"],
            &["malicious-iam-user", "CreateAccessKey", "1"],
            &["malicious-iam-user", "CreateUser", "1"],
            &["stratus-red-team-backdoor-u-user", "CreateAccessKey", "1"],
            &["stratus-red-team-backdoor-u-user", "CreateUser", "1"],
            &["stratus-red-team-login-profile-user", "CreateLoginProfile", "1"],
            &["stratus-red-team-login-profile-user", "CreateUser", "1"],
            &["stratus-red-team-nmfalu-gfjyeaypjt", "CreateLoginProfile", "1"],
            &["stratus-red-team-nmfalu-gfjyeaypjt", "CreateUser", "1"],
        ],
    )
    .await;
    // secrets, and the trails that would have told on them.
    answer(
        client,
        "SELECT count(DISTINCT details -> 'requestParameters' ->> 'secretId') FROM activity_logs
         WHERE event = 'GetSecretValue' AND details ->> 'userAgent' LIKE 'stratus-red-team%' AND outcome = 'success'",
        &[&["20"]],
    )
    .await;
    answer(
        client,
        "SELECT event, count(*) FROM activity_logs WHERE event IN ('DeleteTrail', 'StopLogging', 'DeleteFlowLogs') GROUP BY 1 ORDER BY 1",
        &[&["DeleteFlowLogs", "1"], &["DeleteTrail", "3"], &["StopLogging", "3"]],
    )
    .await;
}

async fn answer(client: &Client, sql: &str, expected: &[&[&str]]) {
    let found = table(client, sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).rows;
    let expected: Vec<Vec<Option<String>>> =
        expected.iter().map(|row| row.iter().map(|&cell| Some(cell.to_owned())).collect()).collect();
    assert_eq!(found, expected, "{sql}");
}
