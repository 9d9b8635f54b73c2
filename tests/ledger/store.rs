//! A store with a history behind it, whose files are changed and checked.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use tokio_postgres::Client;

use super::{checkpoint, copy, public_key, report, text};
use crate::harness::{Server, folder};

/// Types of columns that are added later, with two values of each.
const COLUMNS: [(&str, &str, &str); 26] = [
    ("boolean", "true", "false"),
    ("smallint", "-2", "32767"),
    ("integer", "258", "-1"),
    ("bigint", "-9223372036854775808", "0"),
    ("real", "'1.1'", "'-Infinity'"),
    ("double precision", "'NaN'", "'-0'"),
    ("numeric", "-12345.6789", "0"),
    ("numeric(20,3)", "0.128", "-99999999999999999.999"),
    ("text", "''", "'é😀'"),
    ("character varying(9)", "'x'", "' y '"),
    ("character(4)", "'ab'", "''"),
    ("bytea", "'\\x00ff'", "''"),
    ("uuid", "'00112233-4455-6677-8899-aabbccddeeff'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
    ("date", "'1969-12-31'", "'2400-02-29'"),
    ("time", "'23:59:59.999999'", "'00:00'"),
    ("timestamp", "'2001-02-03 04:05:06.000007'", "'1901-01-01'"),
    ("timestamptz", "'2001-02-03 04:05:06.000007+05'", "'1969-12-31 23:59:59.999999+00'"),
    ("interval", "'1 mon -2 days 00:00:03.000004'", "'-00:00:00.5'"),
    ("json", "'{ \"b\" : 1.0 }'", "'null'"),
    ("jsonb", "'{\"b\": [1, null, 1.0]}'", "'{}'"),
    ("inet", "'10.0.0.1/8'", "'::1'"),
    ("integer[]", "'{7,NULL,-1}'", "'{}'"),
    ("text[]", "'{a,NULL,\"\"}'", "'{NULL}'"),
    ("numeric(9,2)[]", "'{1.25,NULL}'", "'{-0.01}'"),
    ("timestamptz[]", "'{2001-02-03 04:05:06+00,NULL}'", "'{}'"),
    ("uuid[]", "'{00112233-4455-6677-8899-aabbccddeeff}'", "'{NULL}'"),
];

/// Adds them, and rows that fill them.
async fn add_every_type(client: &Client) {
    for (at, (kind, ..)) in COLUMNS.iter().enumerate() {
        client.batch_execute(&format!("ALTER TABLE evidence ADD COLUMN c{at} {kind}")).await.unwrap();
    }
    let names: Vec<String> = (0..COLUMNS.len()).map(|at| format!("c{at}")).collect();
    let (ones, others): (Vec<&str>, Vec<&str>) = COLUMNS.iter().map(|(_, one, other)| (*one, *other)).unzip();
    let (names, ones, others) = (names.join(", "), ones.join(", "), others.join(", "));
    let sql = format!("INSERT INTO evidence (occurred_at, {names}) VALUES (now(), {ones}), (now(), {others})");
    client.batch_execute(&sql).await.unwrap();
}

/// A store with rewrites, added columns, a purge, a legal hold, another table and a restart behind it.
pub(super) struct Store {
    pub(super) folder: TempDir,
    /// A checkpoint that was kept outside before the last rows came.
    pub(super) kept: PathBuf,
    pub(super) key: String,
}

pub(super) async fn fill(client: &Client, from: i64, count: i64) {
    let columns = "occurred_at, note, amount";
    // The last ones come late, when a policy refuses what is old.
    let row = "now() - (CASE WHEN g < 2000 THEN g % 5 ELSE 0 END) * interval '1 day', CASE WHEN g % 7 = 0 THEN 'short ' ELSE 'long ' END || g, g * 1.25";
    for table in ["evidence", "other"] {
        let to = from + count - 1;
        let sql = format!("INSERT INTO {table} ({columns}) SELECT {row} FROM generate_series({from}, {to}) g");
        client.batch_execute(&sql).await.unwrap();
    }
}

impl Store {
    pub(super) async fn build() -> Store {
        let folder = folder();
        let data = folder.path().join("data");
        let server = Server::start(&data);
        let client = server.connect().await;
        let columns = "event_id uuid NOT NULL DEFAULT uuidv7(), occurred_at timestamptz NOT NULL, note text, amount numeric(12,2)";
        client.batch_execute(&format!("CREATE TABLE evidence ({columns}); CREATE TABLE other ({columns})")).await.unwrap();
        fill(&client, 1, 1500).await;
        client.batch_execute("CHECKPOINT").await.unwrap();
        fill(&client, 1501, 700).await;
        for sql in ["CHECKPOINT", "VACUUM evidence", "ALTER TABLE evidence ADD COLUMN code text"] {
            client.batch_execute(sql).await.unwrap();
        }
        client.batch_execute("CREATE LEGAL HOLD kept ON evidence WHERE (note = 'short 7') REASON 'a case'").await.unwrap();
        client
            .batch_execute("CREATE RETENTION POLICY short ON evidence WHERE (note LIKE 'short%') KEEP INTERVAL '36 hours'")
            .await
            .unwrap();
        client.batch_execute("VACUUM evidence").await.unwrap();
        add_every_type(&client).await;
        assert!(server.terminate().success());
        let kept = folder.path().join("kept");
        fs::copy(checkpoint(&data), &kept).unwrap();
        let server = Server::start(&data);
        let client = server.connect().await;
        fill(&client, 2201, 300).await;
        client.batch_execute("INSERT INTO evidence (occurred_at, note, code) VALUES (now(), 'with a code', 'c')").await.unwrap();
        assert!(server.terminate().success());
        let key = public_key(&data);
        Store { folder, kept, key }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A copy of the folder, to be changed.
    pub(super) fn copied(&self, name: &str) -> PathBuf {
        let to = self.folder.path().join(name.replace(' ', "-"));
        copy(&self.data(), &to);
        to
    }

    pub(super) fn findings(&self, data: &Path) -> (Vec<Value>, i32) {
        let (report, code) = report(data, &["--checkpoint", text(&self.kept), "--public-key", &self.key]);
        (report["findings"].as_array().unwrap().clone(), code)
    }
}
