//! The extended protocol.

use super::*;

fn parse(name: &str, sql: &str, types: &[u32]) -> Vec<u8> {
    let mut body = [name.as_bytes(), b"\0", sql.as_bytes(), b"\0"].concat();
    body.put_u16(u16::try_from(types.len()).unwrap());
    for oid in types {
        body.put_u32(*oid);
    }
    message(b'P', &body)
}

fn bind(portal: &str, statement: &str, formats: &[u16], values: &[Option<&[u8]>], results: &[u16]) -> Vec<u8> {
    let mut body = [portal.as_bytes(), b"\0", statement.as_bytes(), b"\0"].concat();
    body.put_u16(u16::try_from(formats.len()).unwrap());
    formats.iter().for_each(|format| body.put_u16(*format));
    body.put_u16(u16::try_from(values.len()).unwrap());
    for value in values {
        match value {
            Some(value) => {
                body.put_u32(u32::try_from(value.len()).unwrap());
                body.put_slice(value);
            }
            None => body.put_i32(-1),
        }
    }
    body.put_u16(u16::try_from(results.len()).unwrap());
    results.iter().for_each(|format| body.put_u16(*format));
    message(b'B', &body)
}

fn describe(kind: u8, name: &str) -> Vec<u8> {
    message(b'D', &[&[kind], name.as_bytes(), b"\0"].concat())
}

fn execute(portal: &str, most: u32) -> Vec<u8> {
    message(b'E', &[portal.as_bytes(), b"\0", &most.to_be_bytes()].concat())
}

fn close(kind: u8, name: &str) -> Vec<u8> {
    message(b'C', &[&[kind], name.as_bytes(), b"\0"].concat())
}

fn sync() -> Vec<u8> {
    message(b'S', b"")
}

impl Client {
    async fn pipeline(&mut self, messages: &[Vec<u8>]) -> Vec<String> {
        self.send(&messages.concat()).await;
        self.send(&sync()).await;
        self.until('Z').await
    }
}

#[tokio::test]
async fn a_parameter_goes_there_and_back_in_both_formats() {
    let mut client = Server::plain().await.client().await;
    let said = client
        .pipeline(&[
            parse("s", "select $1::int4", &[]),
            describe(b'S', "s"),
            bind("", "s", &[], &[Some(b"42")], &[]),
            describe(b'P', ""),
            execute("", 0),
        ])
        .await;
    assert_eq!(said, ["1", "t", "T", "2", "T", "D 42", "C SELECT 1", "Z I"]);
    let said = client.pipeline(&[bind("", "s", &[1], &[Some(b"\0\0\0\x2a")], &[1]), execute("", 0)]).await;
    assert_eq!(said, ["2", "D \0\0\0*", "C SELECT 1", "Z I"]);
    let said = client.pipeline(&[bind("", "s", &[], &[None], &[]), execute("", 0)]).await;
    assert_eq!(said, ["2", "D NULL", "C SELECT 1", "Z I"]);
}

#[tokio::test]
async fn describe_tells_types_and_formats() {
    let mut client = Server::plain().await.client().await;
    client.send(&[parse("", "select $1::int4", &[]), describe(b'S', ""), sync()].concat()).await;
    let said = [client.next().await.unwrap(), client.next().await.unwrap(), client.next().await.unwrap()];
    assert_eq!(&said[1].body[..], b"\0\x01\0\0\0\x17");
    // One column; behind its name: no table, no number there, int4 of four bytes without a modifier, text.
    assert!(said[2].body.starts_with(b"\0\x01"));
    assert!(said[2].body.ends_with(b"\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0"), "{:?}", said[2]);
    client.until('Z').await;
    client.send(&[bind("", "", &[], &[Some(b"1")], &[1]), describe(b'P', ""), sync()].concat()).await;
    client.next().await.unwrap();
    assert!(client.next().await.unwrap().body.ends_with(b"\0\x01"));
    client.until('Z').await;
    assert_eq!(client.pipeline(&[parse("", "begin", &[]), describe(b'S', "")]).await, ["1", "t", "n", "Z I"]);
    // An empty text is a statement, too.
    let said = client.pipeline(&[parse("", "", &[]), bind("", "", &[], &[], &[]), describe(b'P', ""), execute("", 0)]).await;
    assert_eq!(said, ["1", "2", "n", "I", "Z I"]);
}

#[tokio::test]
async fn rows_come_in_portions() {
    let mut client = Server::plain().await.client().await;
    client.query("begin").await;
    let said = client
        .pipeline(&[parse("", "select * from generate_series(1, 5)", &[]), bind("p", "", &[], &[], &[]), execute("p", 3)])
        .await;
    assert_eq!(said, ["1", "2", "D 1", "D 2", "D 3", "s", "Z T"]);
    // The portal lives on behind the Sync, since its transaction is still open.
    assert_eq!(client.pipeline(&[execute("p", 3), execute("p", 3)]).await, ["D 4", "D 5", "C SELECT 2", "C SELECT 0", "Z T"]);
    client.query("commit").await;
    assert_eq!(client.pipeline(&[execute("p", 3)]).await, ["E ERROR 34000", "Z I"]);
}

#[tokio::test]
async fn a_portion_that_ends_with_the_rows_does_not_know_it() {
    let mut client = Server::plain().await.client().await;
    let said = client
        .pipeline(&[
            parse("", "select * from generate_series(1, 3)", &[]),
            bind("", "", &[], &[], &[]),
            execute("", 3),
            execute("", 3),
            execute("", 0),
        ])
        .await;
    assert_eq!(said, ["1", "2", "D 1", "D 2", "D 3", "s", "C SELECT 0", "C SELECT 0", "Z I"]);
}

#[tokio::test]
async fn a_portal_streams() {
    // Were rows collected first, the first portion of so many would never come.
    let mut client = Server::plain().await.client().await;
    let said = client
        .pipeline(&[parse("", "select * from generate_series(1, 1000000000000)", &[]), bind("", "", &[], &[], &[]), execute("", 2)])
        .await;
    assert_eq!(said, ["1", "2", "D 1", "D 2", "s", "Z I"]);
}

#[tokio::test]
async fn after_an_error_everything_up_to_sync_is_skipped() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    let said = client
        .pipeline(&[
            parse("", "insert into t values (1)", &[]),
            bind("", "", &[], &[], &[]),
            execute("", 0),
            parse("", "selec 1", &[]),
            bind("", "", &[], &[], &[]),
            query("insert into t values (1)"),
            execute("", 0),
        ])
        .await;
    assert_eq!(said, ["1", "2", "C INSERT 0 1", "E ERROR 42601", "Z I"]);
    assert_eq!(client.query("select count(*) from t").await[1], "D 0", "the pipeline is one transaction");
}

#[tokio::test]
async fn a_pipeline_commits_at_its_sync() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    let insert = [parse("", "insert into t values (1)", &[]), bind("", "", &[], &[], &[]), execute("", 0)];
    client.send(&[insert.concat(), message(b'H', b"")].concat()).await;
    assert_eq!(client.until('C').await, ["1", "2", "C INSERT 0 1"]);
    let mut other = server.client().await;
    assert_eq!(other.query("select count(*) from t").await[1], "D 0");
    client.send(&sync()).await;
    client.until('Z').await;
    assert_eq!(other.query("select count(*) from t").await[1], "D 1");
}

#[tokio::test]
async fn mistakes_have_their_errors() {
    let mut client = Server::plain().await.client().await;
    client.pipeline(&[parse("s", "select $1::int4", &[]), parse("q", "select 1", &[])]).await;
    for (messages, expected) in [
        (vec![parse("s", "select 1", &[])], "42P05"),
        (vec![parse("", "select 1; select 1", &[])], "42601"),
        (vec![parse("", "select $1::int4", &[999_999])], "42704"),
        (vec![bind("", "absent", &[], &[], &[])], "26000"),
        (vec![bind("", "s", &[], &[], &[])], "08P01"),
        (vec![bind("", "s", &[], &[Some(b"1"), Some(b"2")], &[])], "08P01"),
        (vec![bind("", "s", &[0, 0], &[Some(b"1")], &[])], "08P01"),
        (vec![bind("", "s", &[7], &[Some(b"1")], &[])], "22023"),
        (vec![bind("", "s", &[], &[Some(b"1")], &[0, 0])], "08P01"),
        (vec![bind("", "s", &[], &[Some(b"1")], &[7])], "22023"),
        (vec![bind("", "s", &[], &[Some(b"x")], &[])], "22P02"),
        (vec![bind("", "s", &[1], &[Some(b"x")], &[])], "08P01"),
        (vec![bind("", "s", &[], &[Some(b"\xff")], &[])], "22021"),
        (vec![describe(b'S', "absent")], "26000"),
        (vec![describe(b'P', "absent")], "34000"),
        (vec![execute("absent", 0)], "34000"),
        (vec![message(b'B', b"\0")], "08P01"),
        (vec![message(b'D', b"X\0")], "08P01"),
    ] {
        let said = client.pipeline(&messages).await;
        assert_eq!(said, [format!("E ERROR {expected}"), "Z I".to_owned()], "{messages:?}");
    }
    client.query("begin").await;
    let said = client.pipeline(&[bind("p", "q", &[], &[], &[]), bind("p", "q", &[], &[], &[])]).await;
    assert_eq!(said, ["2", "E ERROR 42P03", "Z E"]);
}

#[tokio::test]
async fn closing_is_never_an_error_and_frees_the_name() {
    let mut client = Server::plain().await.client().await;
    let said = client
        .pipeline(&[
            close(b'S', "absent"),
            close(b'P', "absent"),
            parse("s", "select 1", &[]),
            close(b'S', "s"),
            parse("s", "select 1", &[]),
        ])
        .await;
    assert_eq!(said, ["3", "3", "1", "3", "1", "Z I"]);
}

#[tokio::test]
async fn a_statement_that_is_done_is_not_run_again() {
    let server = Server::plain().await;
    let mut client = server.client().await;
    let said = client
        .pipeline(&[parse("", "insert into t values (1)", &[]), bind("", "", &[], &[], &[]), execute("", 0), execute("", 0)])
        .await;
    assert_eq!(said[..3], ["1", "2", "C INSERT 0 1"]);
    assert!(said[3].starts_with("E ERROR"), "{said:?}");
}

#[tokio::test]
async fn names_are_limited() {
    let server = Server::start(|parts| {
        parts.limits.statements = 2;
        parts.limits.portals = 1;
    })
    .await;
    let mut client = server.client().await;
    let said = client.pipeline(&[parse("a", "select 1", &[]), parse("b", "select 1", &[]), parse("c", "select 1", &[])]).await;
    assert_eq!(said, ["1", "1", "E ERROR 53400", "Z I"]);
    let said = client.pipeline(&[bind("a", "a", &[], &[], &[]), bind("b", "a", &[], &[], &[])]).await;
    assert_eq!(said, ["2", "E ERROR 53400", "Z I"]);
}
