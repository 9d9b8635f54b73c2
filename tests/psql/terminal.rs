//! psql as a person types into it: what TAB completes is what PostgreSQL's psql completes.

use super::{DEFINITIONS, described};
use crate::harness::{Peer, Server, folder, python};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tab_completes_as_in_postgresql() {
    let Some(peer) = Peer::start().await else { return };
    let folder = folder();
    let server = Server::start(folder.path());
    described(&server).await;
    let theirs = DEFINITIONS.replace("USING reference", "").replace("uuidv7()", "gen_random_uuid()");
    peer.connect().await.batch_execute(&theirs).await.unwrap();
    let Some(ours) = python("terminal.py", server.address(), &[]) else { return };
    let expected = python("terminal.py", peer.address(), &[]).unwrap();
    assert!(ours.lines().count() >= 24, "few lines were typed:\n{ours}");
    assert_eq!(ours, expected);
}
