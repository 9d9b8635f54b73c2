//! Does a hot path take more instructions than it did? Wall time on a shared machine is noise, and a count of instructions is not.
//!
//! `cargo bench --bench instructions -- [--record] [--only WORDS,…]`
//!
//! # Life of a run
//!
//! 1. [`paths::build_store`] makes a folder with a segment and its indexes, which the probes are asked of.
//! 2. For each path of [`paths::PATHS`] the program starts itself under Valgrind's callgrind, which counts what [`counted`] does and
//!    nothing else: the path was prepared and has run once before, so that tables are there and buffers have grown.
//! 3. The counts, for each row, value, probe or statement, are compared with `benches/instructions/baseline.txt`, or written there.
//!
//! The exit code is 1 when a path has grown by more than [`TOLERANCE`]. `benches/README.md` says what each path is.

mod common;
#[path = "instructions/paths.rs"]
mod paths;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;
use tempfile::TempDir;

use common::Result;
use common::process::say;
use paths::{PATHS, Work, build_store};

/// The server's allocator, whose instructions count as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How much a path may grow before that is a fault. Random seeds of hash tables move a count by less than one in a hundred.
const TOLERANCE: f64 = 0.03;
/// Which function callgrind counts, by a part of its name that no other has.
const COUNTED: &str = "--toggle-collect=*counted_by_callgrind*";

/// Counts the instructions of hot paths and compares them with what was recorded.
#[derive(Debug, Parser)]
#[command(name = "instructions")]
struct Flags {
    /// Writes the counts down instead of comparing them; those of other paths stay.
    #[arg(long)]
    record: bool,
    /// Only the paths with one of these words in their name.
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    only: Vec<String>,
    /// Runs one path in this process, as the program does under Valgrind.
    #[arg(long, hide = true, requires = "store")]
    run: Option<String>,
    /// The folder of the store that probes are asked of.
    #[arg(long, hide = true)]
    store: Option<PathBuf>,
    /// What `cargo bench` adds by itself.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let flags = Flags::parse();
    let done = match (&flags.run, &flags.store) {
        (Some(name), Some(store)) => run(name, store).map(|()| true),
        _ => compare(&flags),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("could not count: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs a path twice, the second time counted, and prints how many rows or calls that were.
fn run(name: &str, store: &Path) -> Result<()> {
    let path = PATHS.iter().find(|path| path.name == name).ok_or_else(|| format!("there is no path \"{name}\""))?;
    let mut work = (path.prepare)(store)?;
    work()?;
    let units = counted_by_callgrind(&mut work)?;
    writeln!(std::io::stdout().lock(), "{units}")?;
    Ok(())
}

/// What callgrind counts. It must stay a function of its own, and not end in a jump into the work.
#[inline(never)]
fn counted_by_callgrind(work: &mut Work) -> Result<u64> {
    black_box(work())
}

/// Counts all chosen paths; `false` if one has grown too much or was never recorded.
fn compare(flags: &Flags) -> Result<bool> {
    let recorded = baseline();
    let before = match std::fs::read_to_string(&recorded) {
        Ok(text) => counts_of(&text)?,
        Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(error.into()),
    };
    let folder = TempDir::with_prefix("annals-bench-")?;
    build_store(folder.path())?;
    let mut counts = before.clone();
    let mut well = true;
    let chosen = |name: &str| flags.only.is_empty() || flags.only.iter().any(|word| name.contains(word.as_str()));
    tell(&format!("{:<28} {:>10} {:>12} {:>12} {:>8}", "path", "each", "recorded", "now", "change"))?;
    for path in PATHS.iter().filter(|path| chosen(path.name)) {
        let now = count(path.name, folder.path())?;
        counts.insert(path.name.to_owned(), now);
        let known = before.get(path.name).copied();
        let change = known.map(|known| now / known - 1.0);
        let grown = change.is_none_or(|change| change > TOLERANCE);
        well &= flags.record || !grown;
        let recorded = known.map_or("-".to_owned(), |known| format!("{known:.0}"));
        let shown = change.map_or("new".to_owned(), |change| format!("{:+.1} %", 100.0 * change));
        let mark = if grown && !flags.record { "  ← too much" } else { "" };
        tell(&format!("{:<28} {:>10} {recorded:>12} {now:>12.0} {shown:>8}{mark}", path.name, path.unit))?;
    }
    if flags.record {
        counts.retain(|name, _| PATHS.iter().any(|path| path.name == name));
        std::fs::write(&recorded, written(&counts))?;
        say(&format!("recorded in {}", recorded.display()));
    } else if !well {
        say(&format!(
            "a path takes over {:.0} % more instructions than recorded, or was not recorded: find out why, or record it with --record",
            100.0 * TOLERANCE
        ));
    }
    Ok(well)
}

fn tell(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

fn baseline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions/baseline.txt")
}

/// Instructions of one path for each of its rows or calls.
fn count(name: &str, store: &Path) -> Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", COUNTED])
        .arg(std::env::current_exe()?)
        .args(["--run", name, "--store"])
        .arg(store)
        .output();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err("valgrind is not on the PATH; install it (Debian: apt install valgrind)".into());
        }
        other => other?,
    };
    let (units, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(format!("path \"{name}\" failed under valgrind:\n{told}").into());
    }
    let collected = told.lines().find_map(|line| line.split_once("Collected :")).map(|(_, count)| count.trim());
    let collected: f64 = collected.ok_or_else(|| format!("valgrind counted nothing for \"{name}\":\n{told}"))?.parse()?;
    let units: f64 = units.trim().parse()?;
    if collected < units || units < 1.0 {
        return Err(format!("{collected} instructions for {units} of \"{name}\": valgrind did not find what to count").into());
    }
    Ok(collected / units)
}

/// Reads lines of a name and a number.
fn counts_of(text: &str) -> Result<BTreeMap<String, f64>> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (name, count) = line.rsplit_once(' ').ok_or_else(|| format!("the baseline has a line without a number: {line}"))?;
            Ok((name.trim_end().to_owned(), count.parse()?))
        })
        .collect()
}

fn written(counts: &BTreeMap<String, f64>) -> String {
    let mut text = String::from(
        "# Instructions for each row, value, probe or statement, as `cargo bench --bench instructions -- --record` counted them.\n\
         # They belong to one compiler and one kind of processor: record them anew before a change, where either is another.\n",
    );
    for (name, count) in counts {
        let _infallible = writeln!(text, "{name:<28} {count:>12.1}");
    }
    text
}
