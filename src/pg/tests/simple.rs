//! The simple protocol.

use super::*;

#[tokio::test]
async fn statements_are_answered_one_by_one() {
    let mut client = Server::plain().await.client().await;
    assert_eq!(client.query("select 1").await, ["T", "D 1", "C SELECT 1", "Z I"]);
    assert_eq!(
        client.query("select 1; begin; select 1;").await,
        ["T", "D 1", "C SELECT 1", "C BEGIN", "T", "D 1", "C SELECT 1", "Z T"]
    );
    assert_eq!(client.query("rollback").await, ["C ROLLBACK", "Z I"]);
    assert_eq!(client.query("").await, ["I", "Z I"]);
    assert_eq!(client.query(" ; ").await, ["I", "Z I"]);
}

#[tokio::test]
async fn a_text_is_one_transaction() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    assert_eq!(client.query("insert into t values (1); select 1/0; select 1").await, ["C INSERT 0 1", "T", "E ERROR 22012", "Z I"]);
    assert_eq!(client.query("select count(*) from t").await[1], "D 0");
    assert_eq!(client.query("insert into t values (1); insert into t values (1)").await.last().unwrap(), "Z I");
    assert_eq!(client.query("select count(*) from t").await[1], "D 2");
    assert_eq!(server.stored().await, 2);
}

#[tokio::test]
async fn a_failed_block_stays_failed_until_it_ends() {
    let mut client = Server::plain().await.client().await;
    assert_eq!(client.query("begin").await, ["C BEGIN", "Z T"]);
    // The rows fail after the session has handed them out.
    assert_eq!(client.query("select 1/0").await, ["T", "E ERROR 22012", "Z E"]);
    assert_eq!(client.query("select 1").await, ["E ERROR 25P02", "Z E"]);
    assert_eq!(client.query("commit").await, ["C ROLLBACK", "Z I"]);
}

#[tokio::test]
async fn errors_have_a_position() {
    let mut client = Server::plain().await.client().await;
    client.send(&query("selec 1")).await;
    let error = client.next().await.unwrap();
    assert_eq!(error.field(b'C').as_deref(), Some("42601"));
    assert_eq!(error.field(b'P').as_deref(), Some("1"));
    assert_eq!(client.until('Z').await, ["Z I"]);
}

#[tokio::test]
async fn notices_come_before_the_tag_and_settings_before_the_turn() {
    let mut client = Server::plain().await.client().await;
    let said = client.query("drop table if exists absent").await;
    assert!(said[0].starts_with("N NOTICE"), "{said:?}");
    assert_eq!(said[1..], ["C DROP TABLE", "Z I"]);
    client.send(&query("set timezone to 'asia/tokyo'")).await;
    let mut said = vec![];
    for _ in 0..3 {
        said.push(client.next().await.unwrap());
    }
    assert_eq!(said[0].short(), "C SET");
    assert_eq!((said[1].tag, text(&said[1].body)), ('S', "TimeZone\0Asia/Tokyo\0".to_owned()));
    assert_eq!(said[2].short(), "Z I");
}

#[tokio::test]
async fn many_rows_arrive_whole_and_in_order() {
    let mut client = Server::plain().await.client().await;
    let said = client.query("select * from generate_series(1, 50000)").await;
    assert_eq!(said.len(), 50_003);
    assert!((1..=50_000).all(|row| said[row] == format!("D {row}")));
    assert_eq!(said[50_001], "C SELECT 50000");
}

#[tokio::test]
async fn texts_that_cannot_be_read_are_refused_and_the_session_lives() {
    let mut client = Server::plain().await.client().await;
    client.send(&message(b'Q', b"select '\xff'\0")).await;
    assert_eq!(client.until('Z').await, ["E ERROR 22021", "Z I"]);
    client.send(&message(b'Q', b"select 1\0; insert into t values (1)\0")).await;
    assert_eq!(client.until('Z').await, ["E ERROR 08P01", "Z I"]);
    client.send(&message(b'F', b"\0\0\0\x01")).await;
    assert_eq!(client.until('Z').await, ["E ERROR 0A000", "Z I"]);
    client.send(&message(b'Q', b"begin\0")).await;
    client.until('Z').await;
    client.send(&message(b'Q', b"select '\xff'\0")).await;
    assert_eq!(client.until('Z').await, ["E ERROR 22021", "Z E"]);
}

#[tokio::test]
async fn messages_that_cannot_be_cut_close_the_connection() {
    let server = Server::start(|parts| parts.limits.messages.statement = 1000).await;
    for sent in
        [message(b'?', b""), message(b'p', b"x"), b"Q\0\0\0\x03".to_vec(), b"Q\x3f\xff\xff\xff".to_vec(), b"S\0\0\xff\xff".to_vec()]
    {
        let mut client = server.client().await;
        client.send(&sent).await;
        assert_eq!(client.rest().await, ["E FATAL 08P01"], "{sent:?}");
    }
    let mut client = server.client().await;
    // As large as allowed, and then some more than what is allowed beside the text.
    assert_eq!(client.query(&format!("select 1{}", " ".repeat(900))).await.last().unwrap(), "Z I");
    client.send(&query(&" ".repeat(80_000))).await;
    assert_eq!(client.rest().await, ["E FATAL 08P01"], "the error arrives although the client was still sending");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_64_mib_is_read_and_a_larger_one_refused() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    let text = format!("select 1{}", " ".repeat((64 << 20) - 8));
    // The door takes it; whether it is more than a statement may be is for the parser to say.
    assert_eq!(client.query(&text).await.last().unwrap(), "Z I");
    client.send(b"Q\x04\x10\0\0").await;
    assert_eq!(client.rest().await, ["E FATAL 08P01"]);
}

#[tokio::test]
async fn pipelined_texts_are_answered_in_order() {
    let mut client = Server::plain().await.client().await;
    let sent: Vec<u8> = (0..100).flat_map(|_| query("select 1")).collect();
    client.send(&sent).await;
    for _ in 0..100 {
        assert_eq!(client.until('Z').await, ["T", "D 1", "C SELECT 1", "Z I"]);
    }
}

#[tokio::test]
async fn noise_after_login_does_not_hurt_others() {
    let server = Server::plain().await;
    let mut other = server.client().await;
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..50 {
        let mut client = server.client().await;
        let mut noise = vec![];
        for _ in 0..20 {
            let tag = b"QPBDCEHSdcf"[usize::try_from(next() % 11).unwrap()];
            let body: Vec<u8> = (0..next() % 20).map(|_| u8::try_from(next() % 256).unwrap()).collect();
            noise.extend_from_slice(&message(tag, &body));
        }
        noise.extend_from_slice(&message(b'X', b""));
        client.send(&noise).await;
        client.rest().await;
    }
    assert_eq!(other.query("select 1").await.last().unwrap(), "Z I");
}
