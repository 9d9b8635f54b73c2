//! A server of a test's own with something in it, and who logs in to look at that.

use std::path::Path;

use tempfile::TempDir;
use tokio_postgres::Client;

use super::{Launch, Server, folder, sqlstate, table};

/// A server, its superuser's session, and the folder that goes with both.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) chief: Client,
    _folder: TempDir,
}

impl Scene {
    /// A server on a new folder, where the superuser has run these scripts.
    pub(crate) async fn set(scripts: &[&str]) -> Scene {
        Scene::launched(Launch::on, scripts).await
    }

    /// The same under a server that is launched in another way.
    pub(crate) async fn launched(launch: impl FnOnce(&Path) -> Launch, scripts: &[&str]) -> Scene {
        let folder = folder();
        let server = launch(folder.path()).start();
        let chief = server.connect().await;
        let scene = Scene { server, chief, _folder: folder };
        for script in scripts {
            scene.run(script).await;
        }
        scene
    }

    /// The same folder under a new server; the old one is killed.
    pub(crate) async fn restarted(self) -> Scene {
        let Scene { server, chief, _folder } = self;
        let data = server.data().to_owned();
        drop(chief);
        server.kill9();
        let server = Server::start(&data);
        let chief = server.connect().await;
        Scene { server, chief, _folder }
    }

    /// What the superuser does; it must succeed.
    pub(crate) async fn run(&self, sql: &str) {
        self.chief.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// A session of a role that has the password of all tests.
    pub(crate) async fn log_in(&self, role: &str) -> Client {
        self.server.log_in(role).await
    }
}

/// The SQLSTATE and message of what must fail.
pub(crate) async fn failure(client: &Client, sql: &str) -> (String, String) {
    let Err(error) = table(client, sql).await else { panic!("{sql}: was answered") };
    let told = error.as_db_error().unwrap_or_else(|| panic!("{sql}: the server did not answer: {error:?}"));
    (told.code().code().to_owned(), told.message().to_owned())
}

/// The SQLSTATE of what must fail.
pub(crate) async fn state(client: &Client, sql: &str) -> String {
    failure(client, sql).await.0
}

/// The rows of an answer, one text each, columns apart by a bar; or the SQLSTATE.
pub(crate) async fn told(client: &Client, sql: &str) -> Vec<String> {
    match table(client, sql).await {
        Ok(answer) => {
            let cell = |cell: Option<String>| cell.unwrap_or("NULL".to_owned());
            answer.rows.into_iter().map(|row| row.into_iter().map(cell).collect::<Vec<_>>().join("|")).collect()
        }
        Err(error) => vec![sqlstate(&error).to_owned()],
    }
}
