//! What was defined of roles and rights stays: over a restart, a crash, and a dump that an empty store reads.

use crate::harness::{PASSWORD, Server, Table, connect_as, folder, run, sqlstate, table};

const DEFINITIONS: &str = "
    CREATE ROLE readers COMMENT_HERE;
    CREATE ROLE ann LOGIN PASSWORD 'only-for-tests' IN ROLE readers CONNECTION LIMIT 7 VALID UNTIL '2040-05-06 07:08:09.5+02';
    CREATE ROLE bob LOGIN PASSWORD 'only-for-tests' NOINHERIT CREATEROLE ADMIN ann;
    ALTER ROLE ann SET search_path = \"$user\", public, hr;
    ALTER ROLE ann SET statement_timeout = '1min';
    ALTER ROLE ALL SET max_rows = 1000000;
    COMMENT ON ROLE ann IS 'it''s ann';
    CREATE SCHEMA hr AUTHORIZATION bob;
    CREATE TABLE hr.salaries (name text, amount integer);
    CREATE TABLE \"Odd name\" (\"Ab\" text, c integer);
    ALTER TABLE \"Odd name\" OWNER TO ann;
    GRANT SELECT (\"Ab\"), INSERT ON \"Odd name\" TO readers WITH GRANT OPTION;
    GRANT ALL ON SCHEMA hr TO ann WITH GRANT OPTION;
    ALTER DEFAULT PRIVILEGES FOR ROLE bob IN SCHEMA hr GRANT SELECT ON TABLES TO readers;
    CREATE FUNCTION f(a integer) RETURNS TABLE (b integer) LANGUAGE sql AS 'SELECT a';
    REVOKE ALL ON FUNCTION f(integer) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION f TO ann;
    CREATE ROLE gone; GRANT SELECT ON hr.salaries TO gone; DROP OWNED BY gone; DROP ROLE gone;
    ALTER ROLE readers RENAME TO \"many readers\";
    REVOKE TEMPORARY ON DATABASE annals FROM PUBLIC;
    CREATE POLICY sees ON \"Odd name\" TO ann USING (c > 1);
    CREATE MASKING POLICY hides ON \"Odd name\" (\"Ab\") TO \"many readers\" USING (mask_all());
    CREATE RETENTION POLICY keeps ON hr.salaries KEEP INTERVAL '9 years';
    CREATE LEGAL HOLD \"Held!\" ON hr.salaries REASON 'case 1';
    COMMENT ON POLICY sees ON \"Odd name\" IS 'what ann''s are';
    COMMENT ON MASKING POLICY hides ON \"Odd name\" IS 'what nobody reads';
    COMMENT ON RETENTION POLICY keeps ON hr.salaries IS 'as long as the law says';
    COMMENT ON LEGAL HOLD \"Held!\" ON hr.salaries IS 'until the case is closed';
    ALTER RETENTION POLICY keeps ON hr.salaries KEEP INTERVAL '10 years';
    ALTER MASKING POLICY hides ON \"Odd name\" RENAME TO covers;
    CREATE VIEW hr.pay WITH (security_invoker = false) AS SELECT name FROM hr.salaries;
    CREATE VIEW hr.lent AS SELECT name FROM hr.salaries;
    ALTER VIEW hr.pay RESET (security_invoker);
    ALTER VIEW hr.lent SET (security_invoker = false);
    ALTER VIEW hr.pay RENAME TO wages;
    ALTER VIEW hr.wages SET SCHEMA public;
    ALTER TABLE \"Odd name\" SET SCHEMA hr;
    ALTER TABLE hr.\"Odd name\" SET SCHEMA public;
";

const TOLD: [&str; 10] = [
    "SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcanlogin, rolconnlimit, rolvaliduntil, rolconfig, rolpassword FROM pg_authid
     JOIN (SELECT oid AS o, rolconfig FROM pg_roles) r ON r.o = oid ORDER BY 1",
    "SELECT pg_get_userbyid(roleid), pg_get_userbyid(member), pg_get_userbyid(grantor), admin_option FROM pg_auth_members ORDER BY 1, 2",
    "SELECT relname, pg_get_userbyid(relowner), relacl FROM pg_class WHERE relname IN ('salaries', 'Odd name', 'mine') ORDER BY 1",
    "SELECT attname, attacl FROM pg_attribute WHERE attacl IS NOT NULL ORDER BY 1",
    "SELECT nspname, pg_get_userbyid(nspowner), nspacl FROM pg_namespace ORDER BY 1",
    "SELECT proname, pg_get_userbyid(proowner), proacl FROM pg_proc WHERE proname = 'f'",
    "SELECT pg_get_userbyid(defaclrole), defaclobjtype, defaclacl FROM pg_default_acl ORDER BY 1",
    "SELECT relname, relnamespace::regnamespace, reloptions FROM pg_class WHERE relname IN ('pay', 'wages', 'lent') ORDER BY 1",
    "SELECT policyname, comment FROM annals.masking_policies WHERE comment IS NOT NULL
     UNION ALL SELECT policyname, comment FROM annals.retention_policies WHERE comment IS NOT NULL
     UNION ALL SELECT holdname, comment FROM annals.legal_holds UNION ALL SELECT polname, obj_description(oid, 'pg_policy') FROM pg_policy
     WHERE obj_description(oid) IS NOT NULL ORDER BY 1",
    "SELECT datacl, (SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = 'ann') FROM pg_database",
];

async fn told(server: &Server) -> Vec<Table> {
    let chief = server.connect().await;
    let mut all = vec![];
    for sql in TOLD {
        let rows = table(&chief, sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert!(!rows.rows.is_empty(), "{sql}");
        all.push(rows);
    }
    all
}

/// Defines it all, partly by the roles themselves.
async fn define(server: &Server) {
    let chief = server.connect().await;
    for sql in DEFINITIONS.replace(" COMMENT_HERE", "").split(';').map(str::trim).filter(|sql| !sql.is_empty()) {
        chief.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
    let bob = connect_as(server.address(), "bob", PASSWORD).await.unwrap();
    bob.batch_execute("CREATE TABLE hr.mine (a integer); GRANT INSERT ON hr.mine TO ann WITH GRANT OPTION").await.unwrap();
    let ann = connect_as(server.address(), "ann", PASSWORD).await.unwrap();
    ann.batch_execute("GRANT INSERT ON hr.mine TO \"many readers\"; CREATE VIEW seen AS SELECT 1 AS one").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_and_rights_outlive_the_server() {
    let folder = folder();
    let server = Server::start(folder.path());
    define(&server).await;
    let before = told(&server).await;
    server.kill9();
    let server = Server::start(folder.path());
    assert_eq!(told(&server).await, before);
    let ann = connect_as(server.address(), "ann", PASSWORD).await.unwrap();
    assert_eq!(sqlstate(&table(&ann, "SELECT c FROM hr.salaries").await.unwrap_err()), "42501");
    assert_eq!(table(&ann, "SELECT \"Ab\" FROM \"Odd name\"").await.unwrap().rows.len(), 0);
    assert_eq!(table(&ann, "SHOW statement_timeout").await.unwrap().rows[0][0].as_deref(), Some("1min"));
    assert_eq!(table(&ann, "SELECT one FROM seen").await.unwrap().rows.len(), 1);
    server.terminate();
    let server = Server::start(folder.path());
    assert_eq!(told(&server).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_makes_the_same_roles_and_rights() {
    let folder_one = folder();
    let server = Server::start(folder_one.path());
    define(&server).await;
    let before = told(&server).await;
    let dump = run(&["dump", "--data", folder_one.path().to_str().unwrap()]).succeeded();
    drop(server);
    let folder_two = folder();
    let server = Server::start(folder_two.path());
    let chief = server.connect().await;
    chief.batch_execute(&dump).await.unwrap_or_else(|error| panic!("{error:?}\n{}", dump));
    assert_eq!(told(&server).await, before);
    connect_as(server.address(), "ann", PASSWORD).await.unwrap();
}
