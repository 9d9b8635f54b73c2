//! Who gets in: by a verifier, while the role may log in, is not expired and has sessions left; and nobody learns which roles exist.

use tokio_postgres::Client;

use crate::harness::{PASSWORD, Server, connect_as, count, folder, sqlstate, table};

/// The SQLSTATE and text of a refused login.
async fn refused(server: &Server, role: &str, password: &str) -> (String, String) {
    let Err(error) = connect_as(server.address(), role, password).await else { panic!("{role} got in") };
    let told = error.as_db_error().unwrap_or_else(|| panic!("the server did not answer: {error:?}"));
    (told.code().code().to_owned(), told.message().replace(role, "ROLE"))
}

async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_logs_in_by_its_verifier() {
    let folder = folder();
    let server = Server::start(folder.path());
    let chief = server.connect().await;
    run(&chief, "CREATE ROLE ann LOGIN PASSWORD 'secret of ann'; CREATE ROLE silent LOGIN; CREATE ROLE empty LOGIN PASSWORD ''")
        .await;
    run(&chief, "CREATE ROLE team PASSWORD 'known'; CREATE ROLE old LOGIN PASSWORD 'known' VALID UNTIL '2001-01-01'").await;
    let ann = connect_as(server.address(), "ann", "secret of ann").await.unwrap();
    let who = table(&ann, "SELECT current_user, session_user, current_setting('is_superuser')").await.unwrap();
    assert_eq!(who.rows[0], ["ann", "ann", "off"].map(|text| Some(text.to_owned())));
    // Nobody is told more than that this did not work.
    let wrong = refused(&server, "ann", "another").await;
    assert_eq!(wrong.0, "28P01");
    for (role, password) in [("nobody", "another"), ("silent", ""), ("silent", "x"), ("empty", ""), ("old", "known"), ("team", "x")]
    {
        assert_eq!(refused(&server, role, password).await, wrong, "{role} with \"{password}\"");
    }
    assert_eq!(refused(&server, "team", "known").await.0, "28000", "only who knows the password is told why");
    run(&chief, "ALTER ROLE team LOGIN; ALTER ROLE ann PASSWORD NULL").await;
    connect_as(server.address(), "team", "known").await.unwrap();
    assert_eq!(refused(&server, "ann", "secret of ann").await.0, "28P01");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verifier_is_taken_as_it_is() {
    let folder = folder();
    let server = Server::start(folder.path());
    let chief = server.connect().await;
    run(&chief, "CREATE ROLE ann LOGIN PASSWORD 'one password'").await;
    let kept = table(&chief, "SELECT rolpassword FROM pg_authid WHERE rolname = 'ann'").await.unwrap().rows[0][0].clone().unwrap();
    assert!(kept.starts_with("SCRAM-SHA-256$10000:"), "{kept}");
    run(&chief, &format!("CREATE ROLE bob LOGIN PASSWORD '{kept}'")).await;
    connect_as(server.address(), "bob", "one password").await.unwrap();
    let weak = kept.replace("$10000:", "$4096:");
    let error = chief.batch_execute(&format!("CREATE ROLE weak LOGIN PASSWORD '{weak}'")).await.unwrap_err();
    assert_eq!(sqlstate(&error), "22023");
    let hash = "md5d41d8cd98f00b204e9800998ecf8427e";
    let error = chief.batch_execute(&format!("CREATE ROLE weak LOGIN PASSWORD '{hash}'")).await.unwrap_err();
    assert_eq!(sqlstate(&error), "0A000");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_of_a_role_are_counted() {
    let folder = folder();
    let server = Server::start(folder.path());
    let chief = server.connect().await;
    run(&chief, &format!("CREATE ROLE ann LOGIN PASSWORD '{PASSWORD}' CONNECTION LIMIT 1")).await;
    let first = connect_as(server.address(), "ann", PASSWORD).await.unwrap();
    assert_eq!(refused(&server, "ann", PASSWORD).await.0, "53300");
    assert_eq!(count(&first, "SELECT 1").await, 1);
    run(&chief, "REVOKE CONNECT ON DATABASE annals FROM PUBLIC; ALTER ROLE ann CONNECTION LIMIT -1").await;
    assert_eq!(refused(&server, "ann", PASSWORD).await.0, "42501");
    run(&chief, "GRANT CONNECT ON DATABASE annals TO ann").await;
    connect_as(server.address(), "ann", PASSWORD).await.unwrap();
}

/// The clear text of a password stands nowhere: not in lists, not in the record, not in the files.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_kept_nowhere() {
    let folder = folder();
    let server = Server::start(folder.path());
    let chief = server.connect().await;
    let other = server.connect().await;
    let planted = "Zebra-4711-planted";
    run(&chief, &format!("CREATE ROLE ann LOGIN PASSWORD '{planted}'")).await;
    let seen = table(&other, "SELECT query FROM pg_stat_activity").await.unwrap();
    assert!(format!("{seen:?}").contains("CREATE ROLE ann LOGIN PASSWORD '********'"), "{seen:?}");
    run(&chief, &format!("SELECT 1; ALTER ROLE ann /* α */ ENCRYPTED PASSWORD '{planted}' CREATEROLE; SELECT 2")).await;
    run(&chief, &format!("CREATE USER bob PASSWORD $${planted}$$")).await;
    for sql in [
        "SELECT query FROM pg_stat_activity",
        "SELECT statement FROM annals.catalog_log",
        "SELECT rolpassword FROM pg_authid",
        "SELECT rolpassword FROM pg_roles",
        "SELECT statement FROM pg_prepared_statements",
    ] {
        let said = format!("{:?}", table(&other, sql).await.unwrap());
        assert!(!said.contains(planted), "{sql}: {said}");
    }
    run(&chief, "CHECKPOINT").await;
    assert!(!server.said().contains(planted));
    let mut pending = vec![folder.path().to_owned()];
    while let Some(path) = pending.pop() {
        for entry in std::fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                let found = bytes.windows(planted.len()).any(|window| window == planted.as_bytes());
                assert!(!found, "{} holds the password", path.display());
            }
        }
    }
}
