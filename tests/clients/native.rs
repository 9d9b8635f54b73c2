//! tokio-postgres, the driver of this project's own tests: binary both ways, portals in portions, COPY, cancel, notifications.

use std::pin::pin;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures::{SinkExt, StreamExt, TryStreamExt};
use tokio_postgres::types::{IsNull, ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, NoTls};

use super::{annals, postgresql};
use crate::harness::{PASSWORD, folder, sqlstate};

/// Every value as the driver sends and receives it: bytes in the binary format.
#[derive(Debug)]
struct Raw(Option<Vec<u8>>);

impl<'a> tokio_postgres::types::FromSql<'a> for Raw {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Raw, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(Some(raw.to_vec())))
    }

    fn from_sql_null(_: &Type) -> Result<Raw, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Raw(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Raw {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match &self.0 {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

/// A literal of each type that clients exchange.
const LITERALS: [(&str, &str); 26] = [
    ("bool", "true"),
    ("int2", "-32768"),
    ("int4", "2147483647"),
    ("int8", "-9223372036854775808"),
    ("float4", "1.5"),
    ("float8", "-1e-300"),
    ("numeric", "-12345678901234567890.0123456789"),
    ("numeric(12,2)", "0.05"),
    ("numeric", "10000"),
    ("text", "Grüße, 世界"),
    ("varchar(5)", "abcde"),
    ("bytea", "\\x00ff5c27"),
    ("uuid", "0198c0de-0000-7000-8000-00000000abcd"),
    ("date", "2024-02-29"),
    ("date", "1969-12-31"),
    ("time", "23:59:59.999999"),
    ("timestamp", "2024-02-29 12:34:56.789012"),
    ("timestamptz", "1999-12-31 12:34:56.789012+02"),
    ("interval", "-1 mon +2 days 03:04:05.6"),
    ("json", "{\"a\" : [1, null]}"),
    ("jsonb", "{\"b\": 1.50, \"a\": [true]}"),
    ("int4[]", "{1,NULL,3}"),
    ("text[]", "{a,NULL,\"b,c\"}"),
    ("uuid[]", "{0198c0de-0000-7000-8000-00000000abcd}"),
    ("timestamptz[]", "{\"2024-02-29 12:34:56+00\"}"),
    ("jsonb[]", "{\"{\\\"a\\\": 1}\"}"),
];

/// What the server sent for each literal, and for the same bytes given back to it as a parameter.
async fn exchanged(client: &Client) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, literal) in LITERALS {
        let literal = literal.replace('\'', "''");
        let sql = format!("SELECT '{literal}'::{name} AS v, NULL::{name} AS n");
        let row = client.query_one(&sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let (value, null) = (row.get::<_, Raw>(0), row.get::<_, Raw>(1));
        let sql = format!("SELECT $1::{name}, $2::{name}, ($1::{name})::text");
        let back = client.query_one(&sql, &[&value, &null]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        lines.push(format!("{name} {:?} {value:?} {null:?}", row.columns()[0].type_()));
        lines.push(format!(
            "{name} {:?} {:?} {:?}",
            back.get::<_, Raw>(0),
            back.get::<_, Raw>(1),
            back.get::<_, Option<String>>(2)
        ));
        assert_eq!(back.get::<_, Raw>(0).0, value.0, "{name} does not come back as it was sent");
    }
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_has_postgresqls_bytes_both_ways() {
    let data = folder();
    let server = annals(data.path()).await;
    let ours = exchanged(&server.connect().await).await;
    let Some(peer) = postgresql().await else { return };
    let theirs = exchanged(&peer.connect().await).await;
    assert_eq!(ours, theirs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokio_postgres_does_what_it_can() {
    let data = folder();
    let server = annals(data.path()).await;
    let mut client = server.connect().await;

    let statement = client.prepare("SELECT n, label FROM client_events WHERE n >= $1 ORDER BY n").await.unwrap();
    assert_eq!(statement.params(), [Type::INT4]);
    assert_eq!(statement.columns().iter().map(|column| column.type_().clone()).collect::<Vec<_>>(), [Type::INT4, Type::TEXT]);
    let (two, three) = tokio::join!(client.query(&statement, &[&2]), client.query(&statement, &[&3]));
    assert_eq!((two.unwrap().len(), three.unwrap().len()), (2, 1), "two statements on the way at once");

    let mut transaction = client.transaction().await.unwrap();
    let portal = transaction.bind("SELECT g FROM generate_series(1, 250) AS g", &[]).await.unwrap();
    for expected in [100, 100, 50, 0] {
        assert_eq!(transaction.query_portal(&portal, 100).await.unwrap().len(), expected);
    }
    let savepoint = transaction.savepoint("here").await.unwrap();
    savepoint.execute("INSERT INTO client_notes (note) VALUES ('lost')", &[]).await.unwrap();
    assert_eq!(sqlstate(&savepoint.query("SELECT 1/0", &[]).await.unwrap_err()), "22012");
    assert_eq!(sqlstate(&savepoint.query("SELECT 1", &[]).await.unwrap_err()), "25P02");
    savepoint.rollback().await.unwrap();
    assert_eq!(transaction.execute("INSERT INTO client_notes (note) VALUES ('kept')", &[]).await.unwrap(), 1);
    transaction.commit().await.unwrap();
    let kept = client.query_one("SELECT string_agg(note, ',') FROM client_notes", &[]).await.unwrap();
    assert_eq!(kept.get::<_, &str>(0), "kept");

    let mut sink = pin!(client.copy_in::<_, Bytes>("COPY client_copied (n, label) FROM STDIN").await.unwrap());
    sink.send(Bytes::from_static(b"1\tone\n2\t\\N\n")).await.unwrap();
    assert_eq!(sink.finish().await.unwrap(), 2);
    let out = client.copy_out("COPY (SELECT n, label FROM client_copied ORDER BY n) TO STDOUT").await.unwrap();
    assert_eq!(out.try_collect::<Vec<Bytes>>().await.unwrap().concat(), b"1\tone\n2\t\\N\n");

    let moment = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let row = client.query_one("SELECT $1::timestamptz, $2::text[]", &[&moment, &vec!["a", "b"]]).await.unwrap();
    assert_eq!((row.get::<_, SystemTime>(0), row.get::<_, Vec<String>>(1)), (moment, vec!["a".to_owned(), "b".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokio_postgres_cancels_and_listens() {
    let data = folder();
    let server = annals(data.path()).await;
    let client = server.connect().await;
    let token = client.cancel_token();
    let canceling = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        token.cancel_query(NoTls).await.unwrap();
    };
    let (stopped, ()) = tokio::join!(client.batch_execute("SELECT pg_sleep(60)"), canceling);
    assert_eq!(sqlstate(&stopped.unwrap_err()), "57014");

    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(server.address().port()).user("annals").dbname("annals").password(PASSWORD);
    let (listener, mut connection) = config.connect(NoTls).await.unwrap();
    let mut messages = Box::pin(futures::stream::poll_fn(move |cx| connection.poll_message(cx)));
    let heard = async {
        loop {
            match messages.next().await.unwrap().unwrap() {
                AsyncMessage::Notification(notification) => return notification,
                _ => continue,
            }
        }
    };
    let told = async {
        listener.batch_execute("LISTEN client_news").await.unwrap();
        client.batch_execute("NOTIFY client_news, 'hello'").await.unwrap();
        std::future::pending::<()>().await;
    };
    let notification = tokio::select! {
        notification = heard => notification,
        () = told => unreachable!("it waits for ever"),
        () = tokio::time::sleep(Duration::from_secs(30)) => panic!("the idle client was not told"),
    };
    assert_eq!((notification.channel(), notification.payload()), ("client_news", "hello"));
}
