//! `annals verify`: was anything changed?

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{VerifyArgs, say};
use crate::config::object_store_settings;
use crate::error::{Error, Kind, Result};
use crate::ledger::note::VerifierKey;
use crate::ledger::proof;
use crate::store::audit::{Audit, Class, Progress, Report, audit, place};
use crate::store::public_key;

/// Verifies a folder, or the proof of one row.
pub(super) async fn verify(args: VerifyArgs) -> Result<ExitCode> {
    let data = args.data.clone().unwrap_or_else(|| crate::config::Config::default().data);
    let key = args.public_key.as_deref().map(given_key).transpose()?;
    if let Some(path) = &args.proof {
        let key = match key {
            Some(key) => key,
            None => public_key(&data, None)?,
        };
        return one_row(path, &key);
    }
    let checkpoint = args.checkpoint.as_deref().map(text_of).transpose()?;
    let threads = args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, std::num::NonZero::get));
    let asked = Audit { data, checkpoint, public_key: key, table: args.table.clone(), threads };
    let report = watched(asked).await?;
    if args.json {
        let text = serde_json::to_string_pretty(&report)
            .map_err(|cause| Error::internal(format!("could not write the report: {cause}")))?;
        say(&text);
    } else {
        say(report.text().trim_end());
    }
    Ok(ExitCode::from(report.exit_code()))
}

/// Runs a verification beside a progress bar.
async fn watched(asked: Audit) -> Result<Report> {
    let progress = Arc::new(Progress::default());
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    if std::io::stderr().is_terminal() {
        let style = ProgressStyle::with_template("verifying [{bar:40}] {bytes}/{total_bytes} {eta}")
            .map_err(|cause| Error::internal(format!("could not draw a progress bar: {cause}")))?;
        bar.set_style(style.progress_chars("=> "));
    } else {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let seen = progress.clone();
    let work = async move {
        let place = place(&asked.data, object_store_settings(), &seen).await?;
        let asked = Audit { data: place.dir().to_owned(), ..asked };
        let done = tokio::task::spawn_blocking(move || audit(&asked, &seen)).await;
        drop(place);
        done.map_err(|cause| Error::internal(format!("the verification ended early: {cause}")))?
    };
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                bar.finish_and_clear();
                return done;
            }
            () = tokio::time::sleep(Duration::from_millis(100)) => {
                bar.set_length(progress.bytes.load(Ordering::Relaxed));
                bar.set_position(progress.done.load(Ordering::Relaxed));
            }
        }
    }
}

/// The text of a file, or of the standard input for `-`. It ends with one new line, however it came here: `psql` adds one of its own.
fn text_of(path: &Path) -> Result<String> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().read_to_string(&mut text).map(drop)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text)).map(drop)
    };
    read.map_err(|cause| Error::io("read", path, &cause))?;
    Ok(format!("{}\n", text.trim_end()))
}

/// A public key that was typed, or stands in a file.
fn given_key(given: &str) -> Result<VerifierKey> {
    match VerifierKey::parse(given) {
        Ok(key) => Ok(key),
        Err(error) => match std::fs::read_to_string(given) {
            Ok(text) => VerifierKey::parse(&text),
            Err(_) => Err(error),
        },
    }
}

fn one_row(path: &Path, key: &VerifierKey) -> Result<ExitCode> {
    match proof::check(&text_of(path)?, std::slice::from_ref(key)) {
        Ok(proven) => {
            let moment = chrono::DateTime::from_timestamp_micros(proven.ingest).unwrap_or_default();
            say(&format!("the row is in {}", proven.checkpoint.origin));
            say(&format!(
                "  leaf {} of {}, taken in {}",
                proven.leaf,
                proven.checkpoint.size,
                moment.format("%Y-%m-%d %H:%M:%S%.6f UTC")
            ));
            for value in proven.values() {
                say(&format!("  {value}"));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            say(&format!("not proved: {error}"));
            let class = if error.kind() == Kind::InvalidAuthorization { Class::Signature } else { Class::Changed };
            Ok(ExitCode::from(class.exit_code()))
        }
    }
}
