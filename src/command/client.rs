//! A connection for commands that work through the server: to the one that has the folder, or to one of their own.
//!
//! Either way the command speaks SQL over the wire, so there is one way in and out of a store.

use tokio_postgres::{Client, NoTls};

use crate::config::{self, Config};
use crate::error::{Error, Kind, Result};
use crate::policy::SUPERUSER;
use crate::query::plan::names::DATABASE;
use crate::server::{self, Running, Superuser};
use crate::store;

/// A connection, and the server behind it if this process started one.
pub(super) struct Connection {
    pub client: Client,
    own_server: Option<Running>,
}

impl Connection {
    /// Ends the connection and the server of this process.
    pub(super) async fn close(self) -> Result<()> {
        drop(self.client);
        match self.own_server {
            Some(running) => running.stop().await,
            None => Ok(()),
        }
    }
}

/// Connects to the server that has the folder, or opens the folder with a server of this process.
pub(super) async fn connect(settings: &Config) -> Result<Connection> {
    match store::server_of(&settings.data) {
        Some(address) => {
            let password = config::superuser_password().ok_or_else(|| {
                Error::new(Kind::InvalidPassword, format!("a server at {address} has the folder \"{}\"", settings.data.display()))
                    .with_hint("Set ANNALS_PASSWORD to the superuser's password, so that this command can work through it.")
            })?;
            Ok(Connection { client: login(&address, &password).await?, own_server: None })
        }
        None => {
            let password = server::random_password()?;
            let own = Config { listen: ([127, 0, 0, 1], 0).into(), ..settings.clone() };
            let running = server::start(&own, Superuser::Temporary(password.clone())).await?;
            let client = login(&running.address.to_string(), &password).await?;
            Ok(Connection { client, own_server: Some(running) })
        }
    }
}

/// Logs in as the superuser.
pub(super) async fn login(address: &str, password: &str) -> Result<Client> {
    let (host, port) = address
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host.trim_matches(['[', ']']), port.parse::<u16>().ok()?)))
        .ok_or_else(|| Error::internal(format!("\"{address}\" is not an address")))?;
    let host = if host == "0.0.0.0" || host == "::" { "127.0.0.1" } else { host };
    let (client, connection) = tokio_postgres::Config::new()
        .host(host)
        .port(port)
        .user(SUPERUSER)
        .dbname(DATABASE)
        .password(password)
        .application_name("annals")
        .connect(NoTls)
        .await
        .map_err(|error| of_client(&error))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the connection ended");
        }
    });
    Ok(client)
}

/// A server's answer as our own error, for one line on the terminal.
pub(super) fn of_client(error: &tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(answer) => {
            let mut ours = Error::new(Kind::DataException, answer.message());
            if let Some(detail) = answer.detail() {
                ours = ours.with_detail(detail);
            }
            if let Some(hint) = answer.hint() {
                ours = ours.with_hint(hint);
            }
            if let Some(context) = answer.where_() {
                ours = ours.with_context(context);
            }
            ours
        }
        None => Error::new(Kind::IoError, format!("the connection to the server failed: {error}")),
    }
}
