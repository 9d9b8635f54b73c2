//! `annals demo`: a server over believable events, and what to type.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures::SinkExt;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_postgres::Client;

use crate::clock::Clock;
use crate::command::client::{self, of_client};
use crate::command::serve::End;
use crate::command::{DemoArgs, say};
use crate::config::{self, Config};
use crate::demo::Generator;
use crate::error::{Error, Result};
use crate::server::{self, Superuser};

/// Makes the events, serves them, and removes a temporary folder at the end.
pub(super) async fn demo(args: DemoArgs) -> Result<()> {
    let temporary = match &args.data {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("annals-demo-").tempdir().map_err(|error| {
            Error::io("make a folder in", &PathBuf::from("the temporary folder"), &error).with_hint("Give a folder with --data.")
        })?),
    };
    let data = match (&args.data, &temporary) {
        (Some(data), _) => data.clone(),
        (None, Some(folder)) => folder.path().to_owned(),
        (None, None) => return Err(Error::internal("the demo has no folder")),
    };
    let password = config::superuser_password().map_or_else(server::random_password, Ok)?;
    let config = Config { data, listen: args.listen, ..Config::default() };
    let mut end = End::listen()?;
    let running = server::start(&config, Superuser::Password(password.clone())).await?;
    let address = running.address;
    let filled = async {
        let client = client::login(&address.to_string(), &password).await?;
        fill(&client, &args).await
    };
    let outcome = match filled.await {
        Ok(()) => {
            invite(address, &password);
            end.wait().await;
            Ok(())
        }
        Err(error) => Err(error),
    };
    let stopped = running.stop().await;
    drop(temporary);
    outcome.and(stopped)
}

/// Loads the made-up events; a folder that has some already is left as it is.
async fn fill(client: &Client, args: &DemoArgs) -> Result<()> {
    let there = client.query_one("SELECT count(*) FROM interaction_logs", &[]).await.map_err(|error| of_client(&error))?;
    let there: i64 = there.try_get(0).map_err(|error| of_client(&error))?;
    if there > 0 {
        say("annals: the folder has events already; none were added");
        return Ok(());
    }
    let generator = Generator::new(args.seed, Clock::System.now_us(), args.events);
    client.batch_execute(&generator.setup()).await.map_err(|error| of_client(&error))?;
    let bar = ProgressBar::new(args.events);
    let style = ProgressStyle::with_template("making events [{bar:30}] {pos}/{len}, {per_sec}, {eta} left")
        .map_err(|error| Error::internal(error.to_string()))?;
    bar.set_style(style.progress_chars("=> "));
    bar.enable_steady_tick(Duration::from_millis(250));
    for chunk in generator {
        let sink = client.copy_in::<_, Bytes>(&chunk.log.copy_statement()).await.map_err(|error| of_client(&error))?;
        futures::pin_mut!(sink);
        bar.inc(chunk.rows);
        sink.send(Bytes::from(chunk.lines)).await.map_err(|error| of_client(&error))?;
        sink.finish().await.map_err(|error| of_client(&error))?;
    }
    bar.finish_and_clear();
    client.batch_execute("CHECKPOINT").await.map_err(|error| of_client(&error))
}

/// What to try, ready to be pasted.
fn invite(address: SocketAddr, password: &str) {
    let psql = format!("PGPASSWORD={password} psql -h {} -p {} -U annals annals", address.ip(), address.port());
    say(&format!("annals: listening on {address}"));
    say("");
    say("In another terminal:");
    say("");
    say(&format!("  {psql}"));
    for (what, sql) in [
        ("the last day of automations, newest first", "SELECT * FROM interaction_logs_24h LIMIT 20"),
        ("webhook deliveries that failed", "SELECT * FROM failed_webhook_deliveries LIMIT 20"),
        ("what each workspace used, day by day", "SELECT * FROM usage_by_workspace_and_day LIMIT 20"),
        ("every event that can be recorded", "SELECT * FROM log_events LIMIT 20"),
    ] {
        say(&format!("  {psql} -c '{sql}'    # {what}"));
    }
    say("");
    say("README.md walks through an incident hidden in these events. Ctrl-C ends the demo and removes them.");
}
