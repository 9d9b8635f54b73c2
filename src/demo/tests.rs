//! What the demo promises, whatever the seed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Chunk, EVENTS_WITH_INCIDENT, Generator, Log};
use crate::pack;

const END_US: i64 = 1_790_000_000_123_456;

/// Rows by log, each a map from column to value as COPY writes it (`\N` left out).
fn rows(seed: u64, events: u64) -> BTreeMap<Log, Vec<HashMap<&'static str, String>>> {
    let mut by_log: BTreeMap<Log, Vec<HashMap<&'static str, String>>> = BTreeMap::new();
    for Chunk { log, rows, lines } in Generator::new(seed, END_US, events) {
        let lines = String::from_utf8(lines).expect("text");
        assert_eq!(lines.lines().count() as u64, rows, "a chunk counts its lines");
        let columns: Vec<&str> = log.columns().split(", ").collect();
        for line in lines.lines() {
            let values: Vec<&str> = line.split('\t').collect();
            assert_eq!(values.len(), columns.len(), "{}: {line}", log.table());
            let row = columns.iter().zip(values).filter(|(_, value)| *value != "\\N");
            by_log.entry(log).or_default().push(row.map(|(column, value)| (*column, value.replace("\\\\", "\\"))).collect());
        }
    }
    by_log
}

fn of<'a>(row: &'a HashMap<&'static str, String>, column: &str) -> &'a str {
    row.get(column).map_or("", String::as_str)
}

/// The names in the catalogue of the pack, by log.
fn catalogue() -> BTreeSet<(String, String)> {
    let (_, text) = pack::FILES.iter().find(|(name, _)| *name == "03_catalogue.sql").expect("the pack has a catalogue");
    let values = text.lines().filter_map(|line| line.strip_prefix("    ('"));
    values
        .filter_map(|line| {
            let mut parts = line.split("', '");
            Some((parts.next()?.to_owned(), parts.nth(1)?.to_owned()))
        })
        .collect()
}

#[test]
fn the_same_seed_makes_the_same_rows_and_another_seed_others() {
    let make = |seed| -> Vec<Chunk> { Generator::new(seed, END_US, 6_000).collect() };
    assert_eq!(make(1), make(1));
    assert_ne!(make(1), make(2));
}

#[test]
fn exactly_as_many_rows_come_as_were_asked_for() {
    for events in [0, 1, 37, 4_999, 5_000, 12_345] {
        let made: u64 = Generator::new(5, END_US, events).map(|chunk| chunk.rows).sum();
        assert_eq!(made, events);
    }
}

#[test]
fn all_logs_have_rows_in_the_order_of_time_within_the_span() {
    let rows = rows(7, 20_000);
    assert_eq!(rows.keys().copied().collect::<Vec<_>>(), Log::ALL);
    for (log, rows) in &rows {
        assert!(rows.len() > 100, "{}: {} rows", log.table(), rows.len());
        let times: Vec<&str> = rows.iter().map(|row| of(row, "occurred_at")).collect();
        assert!(times.is_sorted(), "{}", log.table());
        let mut first = Vec::new();
        let mut last = Vec::new();
        super::row::write_time(&mut first, END_US - super::SPAN);
        super::row::write_time(&mut last, END_US);
        assert!(times.first().is_some_and(|time| time.as_bytes() >= first.as_slice()));
        assert!(times.last().is_some_and(|time| time.as_bytes() <= last.as_slice()));
        let ids: BTreeSet<&str> = rows.iter().map(|row| of(row, "event_id")).collect();
        assert_eq!(ids.len(), rows.len(), "{}: every id is its own", log.table());
    }
}

#[test]
fn every_event_stands_in_the_catalogue_and_most_of_the_catalogue_happens() {
    let catalogue = catalogue();
    let mut seen = BTreeSet::new();
    for (log, rows) in rows(11, 60_000) {
        let column = if log == Log::Events { "type" } else { "event" };
        seen.extend(rows.iter().map(|row| (log.table().to_owned(), of(row, column).to_owned())));
    }
    let unknown: Vec<_> = seen.difference(&catalogue).collect();
    assert!(unknown.is_empty(), "not in sql/03_catalogue.sql: {unknown:?}");
    assert!(seen.len() * 2 > catalogue.len(), "{} of {} events happen", seen.len(), catalogue.len());
    let audits = |events: &BTreeSet<(String, String)>| events.iter().filter(|(log, _)| log == "audit_logs").count();
    assert_eq!(audits(&catalogue), 43);
    assert!(audits(&seen) >= 38, "{} audit events happen", audits(&seen));
}

#[test]
fn columns_are_those_of_the_tables_and_values_those_they_allow() {
    let (_, logs) = pack::FILES.iter().find(|(file, _)| *file == "01_logs.sql").expect("the logs are in the pack");
    for (log, rows) in rows(13, 20_000) {
        let table = logs.split("CREATE TABLE ").find_map(|part| part.strip_prefix(log.table())).expect("the table is in the pack");
        let table = table.split("\n);").next().expect("the table ends");
        let defined: BTreeSet<&str> = table.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(defined, log.columns().split(", ").collect(), "{}", log.table());
        for line in table.lines() {
            let mut words = line.split_whitespace();
            let (Some(column), nullable) = (words.next(), !line.contains("NOT NULL")) else { continue };
            let allowed: BTreeSet<&str> = match line.split_once(" IN (") {
                Some((_, values)) => values.split('\'').skip(1).step_by(2).collect(),
                None => BTreeSet::new(),
            };
            for row in rows.iter().filter(|_| defined.contains(column)) {
                assert!(nullable || row.contains_key(column), "{}.{column} is NULL", log.table());
                let value = of(row, column);
                assert!(allowed.is_empty() || allowed.contains(value), "{}.{column} is {value}", log.table());
            }
        }
    }
}

#[test]
fn payloads_are_json() {
    for (log, rows) in rows(17, 6_000) {
        let column = log.columns().rsplit(", ").next().expect("a log has columns");
        for row in rows.iter().filter(|row| row.contains_key(column)) {
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(of(row, column));
            assert!(parsed.is_ok(), "{}: {}", log.table(), of(row, column));
        }
    }
}

#[test]
fn the_incident_is_there_with_its_fixed_number_of_rows() {
    for (seed, events) in [(1, EVENTS_WITH_INCIDENT), (2, 30_000)] {
        let rows = rows(seed, events);
        let strange: Vec<_> = rows[&Log::Activities].iter().filter(|row| of(row, "client_address") == "203.0.113.77").collect();
        let outcome = |outcome: &str| strange.iter().filter(|row| of(row, "outcome") == outcome).count();
        assert_eq!((outcome("denied"), outcome("success")), (14, 19));
        let exports = strange.iter().filter(|row| of(row, "event") == "export contacts").count();
        assert_eq!(exports, 6);
        let sender: Vec<&str> =
            rows[&Log::Audits].iter().filter(|row| of(row, "to_value") == "PAYDESK").map(|row| of(row, "event")).collect();
        assert_eq!(sender, ["queue sender added", "queue default sender changed"]);
        let collected = rows[&Log::Activities].iter().filter(|row| of(row, "endpoint").contains("paydesk-help")).count();
        assert!(collected >= 20, "{collected} deliveries went astray");
        let refused = rows[&Log::Interactions].iter().filter(|row| of(row, "details").contains("SENDER_NOT_REGISTERED")).count();
        assert!(refused >= 24, "{refused} messages were refused");
        let reported = rows[&Log::Conversations].iter().filter(|row| of(row, "to_value") == "phishing report").count();
        assert_eq!(reported, 7, "so many customers asked");
    }
}

#[test]
fn a_demo_too_small_for_the_incident_has_none() {
    let rows = rows(1, EVENTS_WITH_INCIDENT - 1);
    assert!(rows[&Log::Activities].iter().all(|row| of(row, "client_address") != "203.0.113.77"));
}

#[test]
fn the_workspaces_are_made_known_with_their_plans() {
    let setup = Generator::new(1, END_US, 10).setup();
    for (id, plan) in [
        ("marlow-finch", "'enterprise'"),
        ("tidewater-energy", "'growth'"),
        ("cobble-grocers", "'starter'"),
        ("lumen-tickets", "NULL"),
    ] {
        assert!(setup.lines().any(|line| line.contains(&format!("'{id}'")) && line.contains(plan)), "{setup}");
    }
}
