//! COPY in both directions.

use super::*;

fn data(bytes: &str) -> Vec<u8> {
    message(b'd', bytes.as_bytes())
}

fn done() -> Vec<u8> {
    message(b'c', b"")
}

#[tokio::test]
async fn rows_come_in() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    client.send(&query("copy t from stdin")).await;
    let response = client.next().await.unwrap();
    assert_eq!((response.tag, &response.body[..]), ('G', &b"\0\0\x01\0\0"[..]));
    client.send(&[data("1\n2\n"), data("3\n"), done()].concat()).await;
    assert_eq!(client.until('Z').await, ["C COPY 3", "Z I"]);
    assert_eq!(server.stored().await, 3);
}

#[tokio::test]
async fn a_copy_that_fails_stores_nothing_and_its_rest_is_ignored() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    for (sent, error) in [
        ([data("1\n"), message(b'f', b"changed my mind\0")].concat(), "E ERROR 57014"),
        ([data("1\n"), data("bad\n"), data("2\n"), done()].concat(), "E ERROR 22P02"),
    ] {
        client.send(&query("copy t from stdin")).await;
        client.send(&sent).await;
        assert_eq!(client.until('Z').await, ["G", error, "Z I"]);
        assert_eq!(client.query("select count(*) from t").await[1], "D 0");
    }
}

#[tokio::test]
async fn a_client_that_leaves_half_way_stores_nothing() {
    for farewell in [vec![], message(b'X', b"")] {
        let house = House::build().await;
        let (mut client, serving) = house.pipe("127.0.0.1:1", |_| {});
        client.log_in("annals", "annals").await;
        client.send(&[query("copy t from stdin"), data("1\n"), farewell].concat()).await;
        client.until('G').await;
        drop(client);
        ended(serving).await;
        let (mut other, _serving) = house.pipe("127.0.0.1:1", |_| {});
        other.log_in("annals", "annals").await;
        assert_eq!(other.query("select count(*) from t").await[1], "D 0");
    }
}

#[tokio::test]
async fn another_message_in_a_copy_closes_the_connection() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    client.send(&[query("copy t from stdin"), data("1\n"), query("select 1")].concat()).await;
    assert_eq!(client.rest().await, ["G", "E FATAL 08P01"]);
    assert_eq!(server.stored().await, 0);
}

#[tokio::test]
async fn a_copy_in_the_extended_protocol_forgives_an_early_sync() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    let start = [
        message(b'P', b"\0copy t from stdin\0\0\0"),
        message(b'B', b"\0\0\0\0\0\0\0\0"),
        message(b'E', b"\0\0\0\0\0"),
        message(b'S', b""),
    ];
    client.send(&start.concat()).await;
    assert_eq!(client.until('G').await, ["1", "2", "G"]);
    client.send(&[data("1\n"), done(), message(b'S', b"")].concat()).await;
    assert_eq!(client.until('Z').await, ["C COPY 1", "Z I"]);
    client.send(&start.concat()).await;
    client.until('G').await;
    client.send(&[data("bad\n"), data("1\n"), done(), message(b'S', b"")].concat()).await;
    assert_eq!(client.until('Z').await, ["E ERROR 22P02", "Z I"]);
    assert_eq!(server.stored().await, 1);
}

#[tokio::test]
async fn rows_go_out_one_in_a_message() {
    let mut client = Server::plain().await.client().await;
    let said = client.query("copy (select * from generate_series(1, 3)) to stdout").await;
    assert_eq!(said, ["H", "d 1\n", "d 2\n", "d 3\n", "c", "C COPY 3", "Z I"]);
    let said = client.query("copy (select * from generate_series(1, 50000)) to stdout").await;
    assert_eq!(said.len(), 50_004);
    assert_eq!(said[50_000], "d 50000\n");
}

#[tokio::test]
async fn a_binary_header_comes_with_the_first_row() {
    let mut client = Server::plain().await.client().await;
    client.send(&query("copy (select * from generate_series(1, 2)) to stdout (format binary)")).await;
    let mut said = vec![];
    while said.last().is_none_or(|last: &Said| last.tag != 'Z') {
        said.push(client.next().await.unwrap());
    }
    assert_eq!(&said[0].body[..], b"\x01\0\x01\0\x01");
    let header = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
    assert_eq!(&said[1].body[..], [&header[..], b"\0\x01\0\0\0\x04\0\0\0\x01"].concat());
    assert_eq!(&said[2].body[..], b"\0\x01\0\0\0\x04\0\0\0\x02");
    assert_eq!(&said[3].body[..], b"\xff\xff");
}
