//! The command line: what was typed, and which command it means.

mod client;
mod demo;
mod dump;
mod ingest;
mod keys;
mod serve;
mod verify;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

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
    /// Checks offline that nothing was changed: hashes every row of a folder that no server has open, and compares with what was signed.
    Verify(VerifyArgs),
    /// Shows or replaces the key that signs the ledger's checkpoints.
    Keys(KeysArgs),
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

/// Exits with 0 if nothing was changed, with 1 if it could not verify, and with the code of the gravest finding otherwise: README.md
/// lists them.
#[derive(Debug, Args)]
struct VerifyArgs {
    /// The data folder, or where a copy of it lies, as s3://bucket/folder [default: annals-data].
    #[arg(long, env = "ANNALS_DATA", value_name = "DIR|URL")]
    data: Option<PathBuf>,
    /// A checkpoint that was kept outside: a file, or - for the standard input.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// The public key to believe, as annals keys show prints it, or a file that holds it. Without it the folder is asked.
    #[arg(long, value_name = "KEY")]
    public_key: Option<String>,
    /// Only this table, as `activity_logs` or `schema.table`.
    #[arg(long)]
    table: Option<String>,
    /// Check the proof of one row, which needs no folder if the public key is given.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["checkpoint", "table"])]
    proof: Option<PathBuf>,
    /// Report as JSON.
    #[arg(long)]
    json: bool,
    /// Threads that read and hash [default: the machine's cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Debug, Args)]
struct KeysArgs {
    #[command(subcommand)]
    action: KeysAction,
}

#[derive(Debug, Subcommand)]
enum KeysAction {
    /// Prints the public key.
    Show(KeysPlace),
    /// Makes a new key, and lets the old one sign for it. The server must be stopped.
    Rotate(KeysPlace),
}

#[derive(Debug, Args)]
struct KeysPlace {
    #[command(flatten)]
    place: Place,
}

/// Reads the command line and does what it says; gives what the process exits with.
///
/// # Errors
/// What the command failed with, to be shown as one line.
pub async fn run() -> Result<ExitCode> {
    let done = match CommandLine::parse().command {
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
        Command::Verify(args) => return verify::verify(args).await,
        Command::Keys(args) => keys::keys(args.action).await,
        Command::Version => {
            say(&format!("annals {}", env!("CARGO_PKG_VERSION")));
            Ok(())
        }
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// Prints a line for the person or script that ran the command; a closed pipe is their decision.
fn say(line: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let _closed = writeln!(out, "{line}").and_then(|()| out.flush());
}
