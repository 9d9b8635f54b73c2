//! The command line: what was typed, and which command it means.

mod client;
mod demo;
mod dump;
mod ingest;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Config;
use crate::error::Result;

/// A self-hosted SQL store for the logs of conversational and automation platforms, spoken to over the PostgreSQL protocol.
#[derive(Debug, Parser)]
#[command(name = "annals", version, arg_required_else_help = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves a data folder until SIGTERM or Ctrl-C.
    Serve(ServeArgs),
    /// Serves a temporary folder full of believable events, and prints the psql lines to try.
    Demo(DemoArgs),
    /// Loads JSON Lines (also .gz), CSV or Parquet files into a table.
    Ingest(IngestArgs),
    /// Writes every definition made by users as one SQL script.
    Dump(DumpArgs),
    /// Prints the version.
    Version,
}

#[derive(Debug, Args)]
struct ServeArgs {
    #[command(flatten)]
    place: Place,
    /// PEM file of the server's certificate chain.
    #[arg(long, value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
    /// PEM file of the certificate's private key.
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Accept logins from other machines without TLS.
    #[arg(long)]
    insecure: bool,
}

/// Which folder and which address; shared by the commands that have both.
#[derive(Debug, Args)]
struct Place {
    /// The data folder [default: annals-data].
    #[arg(long, env = "ANNALS_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// The address to listen on [default: 127.0.0.1:5454].
    #[arg(long, env = "ANNALS_LISTEN", value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// A TOML file of settings.
    #[arg(long, env = "ANNALS_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Place {
    /// Defaults, then the file, then environment and flags.
    fn config(&self) -> Result<Config> {
        let mut config = match &self.config {
            Some(path) => Config::from_file(path)?,
            None => Config::default(),
        };
        if let Some(data) = &self.data {
            config.data.clone_from(data);
        }
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        Ok(config)
    }
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// How many events.
    #[arg(long, default_value_t = 100_000)]
    events: u64,
    /// The same seed makes the same events, but for their times, which end now.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:5454", value_name = "ADDR")]
    listen: SocketAddr,
    /// Keep the events in this folder instead of a temporary one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct IngestArgs {
    /// The table, as `activity_logs` or `schema.table`.
    table: String,
    /// Files by their ending: .jsonl, .ndjson, .json, .csv, .parquet, the first four also with .gz.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A SELECT from `input(record jsonb)` whose column names are the table's; without it fields go to the columns of their name.
    #[arg(long, value_name = "SQL")]
    map: Option<String>,
    /// Rows sent as one transaction.
    #[arg(long, default_value_t = 50_000, value_name = "ROWS")]
    batch: usize,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct DumpArgs {
    #[command(flatten)]
    place: Place,
}

/// Reads the command line and does what it says.
///
/// # Errors
/// What the command failed with, to be shown as one line.
pub async fn run() -> Result<()> {
    match CommandLine::parse().command {
        Command::Serve(args) => {
            let mut config = args.place.config()?;
            if args.tls_certificate.is_some() || args.tls_key.is_some() {
                config.tls_certificate = args.tls_certificate;
                config.tls_key = args.tls_key;
            }
            config.insecure |= args.insecure;
            serve::serve(&config).await
        }
        Command::Demo(args) => demo::demo(args).await,
        Command::Ingest(args) => ingest::ingest(args).await,
        Command::Dump(args) => dump::dump(&args.place.config()?).await,
        Command::Version => {
            say(&format!("annals {}", env!("CARGO_PKG_VERSION")));
            Ok(())
        }
    }
}

/// Prints a line for the person or script that ran the command; a closed pipe is their decision.
fn say(line: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let _closed = writeln!(out, "{line}").and_then(|()| out.flush());
}
