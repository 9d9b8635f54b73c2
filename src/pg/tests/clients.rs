//! Real clients: tokio-postgres, and psql where it is installed.

use futures::{SinkExt, StreamExt, TryStreamExt};
use tokio_postgres::{NoTls, SimpleQueryMessage};

use x509_certificate::{EcdsaCurve, KeyAlgorithm};

use super::super::tls::tests::certificate;
use super::*;

async fn connect(server: &Server) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::Config::new()
        .host("127.0.0.1")
        .port(server.address.port())
        .user("annals")
        .password("annals")
        .dbname("annals")
        .connect(NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn tokio_postgres_queries_and_copies() {
    let server = Server::plain().await;
    let mut client = connect(&server).await;
    let row = client.query_one("select $1::int4", &[&42_i32]).await.unwrap();
    assert_eq!(row.get::<_, i32>(0), 42);
    let row = client.query_one("select $1::int4", &[&None::<i32>]).await.unwrap();
    assert_eq!(row.get::<_, Option<i32>>(0), None);
    let messages = client.simple_query("select 1; select 1").await.unwrap();
    assert_eq!(messages.iter().filter(|message| matches!(message, SimpleQueryMessage::Row(_))).count(), 2);
    let error = client.simple_query("select 1/0").await.unwrap_err();
    assert_eq!(error.code().unwrap().code(), "22012");

    let sink = client.copy_in::<_, Bytes>("copy t from stdin").await.unwrap();
    let mut sink = std::pin::pin!(sink);
    sink.send(Bytes::from_static(b"1\n2\n")).await.unwrap();
    assert_eq!(sink.finish().await.unwrap(), 2);
    let out = client.copy_out("copy (select * from generate_series(1, 3)) to stdout").await.unwrap();
    let chunks: Vec<Bytes> = out.try_collect().await.unwrap();
    assert_eq!(chunks.concat(), b"1\n2\n3\n");

    let transaction = client.transaction().await.unwrap();
    let portal = transaction.bind("select * from generate_series(1, 5)", &[]).await.unwrap();
    assert_eq!(transaction.query_portal(&portal, 3).await.unwrap().len(), 3);
    assert_eq!(transaction.query_portal(&portal, 3).await.unwrap().len(), 2);
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn tokio_postgres_cancels() {
    let server = Server::plain().await;
    let client = connect(&server).await;
    let token = client.cancel_token();
    let rows = client.query_raw("select * from generate_series(1, 1000000000000)", Vec::<i64>::new()).await.unwrap();
    let mut rows = std::pin::pin!(rows);
    rows.next().await.unwrap().unwrap();
    token.cancel_query(NoTls).await.unwrap();
    let error = loop {
        match rows.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error.code().unwrap().code(), "57014");
}

/// Runs psql against the server; `None` where it is not installed.
async fn psql(server: &Server, options: &str, commands: &[&str]) -> Option<(String, String)> {
    if tokio::process::Command::new("psql").arg("--version").output().await.is_err() {
        eprintln!("psql is not installed, so it was not tried");
        return None;
    }
    let connection = format!("host=127.0.0.1 port={} user=annals dbname=annals {options}", server.address.port());
    let output = tokio::process::Command::new("psql")
        .args(["-X", "-At", "-d", &connection])
        .args(commands.iter().flat_map(|command| ["-c", command]))
        .env("PGPASSWORD", "annals")
        .output()
        .await
        .unwrap();
    Some((text(&output.stdout), text(&output.stderr)))
}

#[tokio::test]
async fn psql_connects_queries_and_copies() {
    let server = Server::plain().await;
    let commands = ["select 1", "copy (select * from generate_series(1, 3)) to stdout", "select 1/0"];
    if let Some((answer, errors)) = psql(&server, "sslmode=prefer", &commands).await {
        assert_eq!(answer, "1\n1\n2\n3\n");
        assert_eq!(errors, "ERROR:  division by zero\n");
    }
}

#[tokio::test]
async fn psql_binds_its_login_to_the_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(folder.path(), KeyAlgorithm::Ecdsa(EcdsaCurve::Secp384r1));
    let tls = Tls::load(&certificate, &key).unwrap();
    let server = Server::start(|parts| parts.tls = Some(tls)).await;
    if let Some((answer, errors)) = psql(&server, "sslmode=require channel_binding=require", &["select 1"]).await {
        assert_eq!((answer.as_str(), errors.as_str()), ("1\n", ""));
    }
}
