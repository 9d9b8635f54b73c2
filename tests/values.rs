//! A value of every type goes in and comes out as in PostgreSQL: as a parameter in text and in the binary form, and as a result in
//! both, byte by byte; and what is no value is refused with the same SQLSTATE.

use bytes::{BufMut, BytesMut};
use tokio_postgres::Client;
use tokio_postgres::types::{Format, FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::harness::{Peer, Server, folder, sqlstate, table};

/// A parameter's bytes, in the format that they are in.
#[derive(Debug)]
struct Sent {
    bytes: Vec<u8>,
    binary: bool,
}

impl ToSql for Sent {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.put_slice(&self.bytes);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        if self.binary { Format::Binary } else { Format::Text }
    }

    to_sql_checked!();
}

/// A result's bytes, as the binary form has them.
struct Received(Option<Vec<u8>>);

impl<'a> FromSql<'a> for Received {
    fn from_sql(_: &Type, bytes: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Received(Some(bytes.to_vec())))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Received(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Types, and texts that each is given.
const VALUES: [(&str, &[&str]); 32] = [
    ("bool", &["t", "false", "on", "0", " yes ", "maybe", ""]),
    ("int2", &["0", "-32768", "32767", "32768", " 7 ", "1.5", "x"]),
    ("int4", &["0", "-2147483648", "2147483647", "2147483648", "+5", ""]),
    ("int8", &["0", "-9223372036854775808", "9223372036854775807", "9223372036854775808"]),
    ("float4", &["0", "-0", "1.5", "3.4028235e38", "1e-45", "NaN", "-Infinity", "1e39", "0.1", "16777217"]),
    ("float8", &["0", "-0", "1.5", "1.7976931348623157e308", "5e-324", "NaN", "Infinity", "-inf", "1e400", "0.1", "1e15", "1e16"]),
    ("numeric", &["0", "1", "-12345.6789", "0.0001", "1e5", "99999999999999999999", "x"]),
    ("numeric(10,2)", &["1.005", "-1.50", "12345678.99", "123456789", "0", "1e3"]),
    ("text", &["", "abc", "ä€😀", "a\tb", "NULL"]),
    ("varchar", &["", "abc  ", "ä"]),
    ("varchar(3)", &["abc", "abc  ", "äöü"]),
    ("\"char\"", &["a", "", "\\101", "abc"]),
    ("name", &["pg_class", "a234567890123456789012345678901234567890123456789012345678901234567890"]),
    ("oid", &["0", "4294967295", "-1", "x"]),
    ("bytea", &["\\x00ff", "\\x", "abc", "\\001\\\\", "\\xzz", "\\"]),
    (
        "uuid",
        &[
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "{a0eebc999c0b4ef8bb6d6bb9bd380a11}",
            "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
            "x",
        ],
    ),
    (
        "date",
        &[
            "2024-02-29",
            "0044-03-15 BC",
            "infinity",
            "-infinity",
            "epoch",
            "5874897-12-31",
            "2024-02-30",
            "1/2/2024",
            "4714-11-24 BC",
        ],
    ),
    ("time", &["00:00:00", "24:00:00", "12:34:56.789012", "1:02 PM", "23:59:60", "25:00", "allballs"]),
    (
        "timestamp",
        &[
            "2024-02-29 12:34:56.789",
            "0001-01-01 00:00:00 BC",
            "infinity",
            "-infinity",
            "epoch",
            "2024-01-01 23:59:60",
            "x",
            "20240105T101112",
        ],
    ),
    (
        "timestamptz",
        &[
            "2024-02-29 12:34:56.789+02",
            "2024-06-01 12:00 Europe/Berlin",
            "2024-06-01 12:00 EST",
            "infinity",
            "-infinity",
            "4714-11-24 00:00:00 BC",
            "epoch",
            "2024-06-01T12:00:00Z",
            "2024-06-01 12:00 Nowhere/Land",
        ],
    ),
    (
        "interval",
        &[
            "1 year 2 mons 3 days 04:05:06.789",
            "-1 day",
            "P1Y2M3DT4H5M6S",
            "1-2",
            "1 12:59:10",
            "1.5 hours",
            "@ 1 minute ago",
            "x",
            "0",
            "1 week",
        ],
    ),
    ("json", &["{\"a\":  1}", "[1, 2]", "null", "\"x\"", "{bad"]),
    ("jsonb", &["{\"b\":1, \"a\":  [1.50, 1e2]}", "[]", "null", "\"\\u00e4\"", "\"\\u0000\"", "{bad"]),
    ("jsonpath", &["$.a[*] ? (@ > 1)", "strict $", "$."]),
    ("inet", &["127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "300.0.0.1"]),
    ("int4[]", &["{}", "{1,2,3}", "{1,NULL,-3}", "{ 1 , 2 }", "{1,x}", "{1", "1,2"]),
    ("text[]", &["{}", "{a,\"b c\",NULL,\"NULL\",\"\"}", "{\"a\\\"b\",\"c\\\\d\"}", "{a,b}x"]),
    ("bool[]", &["{t,f,NULL}"]),
    ("float8[]", &["{1.5,NaN,Infinity}"]),
    ("uuid[]", &["{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,NULL}"]),
    ("jsonb[]", &["{\"{\\\"a\\\": 1}\",NULL,\"[1]\"}"]),
    ("timestamptz[]", &["{\"2024-01-01 00:00:00+00\",NULL,infinity}"]),
];

/// What differs, and why it must: a type, its value, the reason.
const DIFFERENT: [(&str, &str, &str); 0] = [];

/// What a server makes of a value: as text, and in the binary form from a parameter in text and from one in binary.
#[derive(Debug, PartialEq)]
struct Outcome {
    text: Result<Option<String>, String>,
    from_text: Result<Option<Vec<u8>>, String>,
    from_binary: Result<Option<Vec<u8>>, String>,
}

async fn round_trip(client: &Client, sql_type: &str, sent: &Sent) -> Result<Option<Vec<u8>>, String> {
    let sql = format!("SELECT $1::{sql_type}");
    let row = client.query_one(&sql, &[sent]).await.map_err(|error| sqlstate(&error).to_owned())?;
    Ok(row.get::<_, Received>(0).0)
}

/// `binary` is PostgreSQL's own binary form of the value, if it is one.
async fn outcome(client: &Client, sql_type: &str, value: &str, binary: Option<&[u8]>) -> Outcome {
    let literal = value.replace('\'', "''");
    let shown = table(client, &format!("SELECT '{literal}'::{sql_type}")).await;
    let text = shown.map(|table| table.rows[0][0].clone()).map_err(|error| sqlstate(&error).to_owned());
    let from_text = round_trip(client, sql_type, &Sent { bytes: value.as_bytes().to_vec(), binary: false }).await;
    let from_binary = match binary {
        Some(bytes) => round_trip(client, sql_type, &Sent { bytes: bytes.to_vec(), binary: true }).await,
        None => Ok(None),
    };
    Outcome { text, from_text, from_binary }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_go_in_and_out_as_in_postgresql() {
    let Some(peer) = Peer::start().await else { return };
    let folder = folder();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let theirs = peer.connect().await;
    let mut wrong = Vec::new();
    let mut checked = 0;
    for client in [&ours, &theirs] {
        client.batch_execute("SET TimeZone = 'Europe/Berlin'").await.unwrap();
    }
    for (sql_type, values) in VALUES {
        for value in values {
            let binary = round_trip(&theirs, sql_type, &Sent { bytes: value.as_bytes().to_vec(), binary: false }).await;
            let binary = binary.ok().flatten();
            let expected = outcome(&theirs, sql_type, value, binary.as_deref()).await;
            let own = outcome(&ours, sql_type, value, binary.as_deref()).await;
            let excused = DIFFERENT.iter().any(|(of, listed, _)| (of, listed) == (&sql_type, value));
            if (own == expected) == excused {
                let what = if excused { "no longer differs" } else { "differs" };
                wrong.push(format!("{sql_type} {value:?} {what}\n  here:       {own:?}\n  PostgreSQL: {expected:?}"));
            }
            checked += 1;
        }
        let null = ours.query_one(&format!("SELECT NULL::{sql_type}"), &[]).await.unwrap();
        assert!(null.get::<_, Received>(0).0.is_none(), "NULL of {sql_type}");
    }
    assert!(checked > 150, "only {checked} values were compared");
    assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
}
