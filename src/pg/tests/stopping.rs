//! What ends a statement, a session and the server.

use super::*;

/// A session's process id and key for cancel requests.
fn key(said: &[Said]) -> Bytes {
    said.iter().find(|said| said.tag == 'K').unwrap().body.clone()
}

fn cancel_request(key: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + key.len()).unwrap();
    [&length.to_be_bytes()[..], &80_877_102_u32.to_be_bytes(), key].concat()
}

#[tokio::test]
async fn a_streaming_statement_is_canceled() {
    let server = Server::plain().await;
    for version in [V3_0, V3_2] {
        let mut client = Client::connect(server.address).await;
        let said = client.log_in_with(version, &[("user", "annals"), ("database", "annals")], "annals").await;
        client.send(&query("select * from generate_series(1, 1000000000000)")).await;
        client.until('D').await;
        let mut wrong = key(&said).to_vec();
        *wrong.last_mut().unwrap() ^= 1;
        for request in [wrong, key(&said).to_vec()] {
            let mut canceler = Client::connect(server.address).await;
            canceler.send(&cancel_request(&request)).await;
            assert_eq!(canceler.rest().await, [""; 0], "whatever the key, there is no answer");
        }
        let said = client.until('Z').await;
        assert_eq!(said[said.len() - 2..], ["E ERROR 57014", "Z I"]);
        assert_eq!(client.query("select 1").await.last().unwrap(), "Z I");
    }
}

#[tokio::test]
async fn a_cancel_request_may_come_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let (server, der) = super::login::secure_server(folder.path()).await;
    let mut client = super::login::upgrade(&server, &der).await;
    let said = client.log_in("annals", "annals").await;
    client.send(&query("select * from generate_series(1, 1000000000000)")).await;
    client.until('D').await;
    let mut canceler = super::login::upgrade(&server, &der).await;
    canceler.send(&cancel_request(&key(&said))).await;
    let said = client.until('Z').await;
    assert_eq!(said[said.len() - 2..], ["E ERROR 57014", "Z I"]);
}

#[tokio::test]
async fn a_waiting_statement_and_a_copy_are_canceled() {
    let server = Server::plain().await;
    for sql in [ENDLESS, "copy t from stdin"] {
        let mut client = Client::connect(server.address).await;
        let said = client.log_in("annals", "annals").await;
        client.send(&query(sql)).await;
        // A request that comes before the statement runs is forgotten, so it is repeated until it hits.
        let request = cancel_request(&key(&said));
        let answered = async {
            let said = client.until('Z').await;
            assert_eq!(said[said.len() - 2..], ["E ERROR 57014", "Z I"]);
        };
        tokio::pin!(answered);
        loop {
            let mut canceler = Client::connect(server.address).await;
            canceler.send(&request).await;
            if tokio::time::timeout(Duration::from_millis(20), &mut answered).await.is_ok() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_statement_has_a_time_limit() {
    let mut client = Server::plain().await.client().await;
    client.query("set statement_timeout to '20ms'").await;
    let said = client.query(ENDLESS).await;
    assert_eq!(said[said.len() - 2..], ["E ERROR 57014", "Z I"]);
    let said = client.query("select * from generate_series(1, 1000000000000)").await;
    assert_eq!(said[said.len() - 2..], ["E ERROR 57014", "Z I"]);
    assert_eq!(client.query("select 1").await.last().unwrap(), "Z I");
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_statement() {
    let house = House::build().await;
    let (mut client, serving) = house.pipe("127.0.0.1:1", |_| {});
    client.log_in("annals", "annals").await;
    client.send(&query(ENDLESS)).await;
    tokio::task::yield_now().await;
    drop(client);
    ended(serving).await;
}

#[tokio::test]
async fn silent_clients_are_sent_away() {
    let server = Server::start(|parts| {
        parts.limits.idle_session = Some(Duration::from_millis(50));
        parts.limits.idle_in_transaction = Some(Duration::from_millis(50));
    })
    .await;
    assert_eq!(server.client().await.rest().await, ["E FATAL 57P05"]);
    let mut client = server.client().await;
    client.send(&query("begin")).await;
    assert_eq!(client.rest().await.last().unwrap(), "E FATAL 25P03");
    // What is left of a failed COPY does not make a session busy.
    let mut client = server.client().await;
    client.send(&message(b'c', b"")).await;
    assert_eq!(client.rest().await, ["E FATAL 57P05"]);
    let mut client = Client::connect(server.address).await;
    let parameters = [("user", "annals"), ("database", "annals"), ("options", "-c idle_session_timeout=600000ms")];
    client.log_in_with(V3_0, &parameters, "annals").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(client.query("select 1").await.last().unwrap(), "Z I", "the session's own limit counts");
}

#[tokio::test]
async fn a_closing_server_lets_statements_end() {
    let server = Server::plain().await;
    let mut idle = server.client().await;
    let mut busy = server.client().await;
    busy.send(&query("select count(*) from generate_series(1, 1000000); select 1")).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.stop.cancel();
    assert_eq!(idle.rest().await, ["E FATAL 57P01"]);
    assert_eq!(busy.rest().await, ["T", "D 1000000", "C SELECT 1", "T", "D 1", "C SELECT 1", "Z I", "E FATAL 57P01"]);
    ended(server.listening).await;
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_closing_server_cancels_what_does_not_end() {
    let server = Server::start(|parts| parts.limits.drain = Duration::from_millis(50)).await;
    let mut working = server.client().await;
    working.send(&query(ENDLESS)).await;
    let mut copying = server.client().await;
    copying.send(&query("copy t from stdin")).await;
    copying.until('G').await;
    server.stop.cancel();
    assert_eq!(working.rest().await.last().unwrap(), "E FATAL 57P01");
    assert_eq!(copying.rest().await, ["E FATAL 57P01"]);
    ended(server.listening).await;
}

#[tokio::test]
async fn a_slow_reader_does_not_make_rows_pile_up() {
    // The pipe holds 64 KiB and nobody reads: the server must stop taking rows from the statement.
    let house = House::build().await;
    let (mut client, serving) = house.pipe("127.0.0.1:1", |_| {});
    client.log_in("annals", "annals").await;
    client.send(&query("select * from generate_series(1, 1000000000000)")).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!serving.is_finished());
    assert_eq!(client.until('D').await, ["T", "D 1"]);
    drop(client);
    ended(serving).await;
}
