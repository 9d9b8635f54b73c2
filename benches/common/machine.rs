//! What a table says of where it comes from, and how it writes its numbers.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::process::output;

const KIB_A_GIB: f64 = 1024.0 * 1024.0;

/// Cores, memory and file system.
pub(crate) fn machine(folder: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let processor = line("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory =
        memory_bytes().map_or_else(|| "unknown".to_owned(), |bytes| format!("{:.1} GiB", bytes as f64 / KIB_A_GIB / 1024.0));
    let disk = output(Command::new("stat").args(["-f", "-c", "%T"]).arg(folder)).unwrap_or_else(|_| "unknown".to_owned());
    format!("{cores} cores ({processor}), {memory} of memory, file system {disk}")
}

/// Bytes of memory that the machine has (Linux, proc(5)).
pub(crate) fn memory_bytes() -> Option<u64> {
    line("/proc/meminfo", "MemTotal")?.trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib * 1024)
}

fn line(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| Some(line.strip_prefix(key)?.split_once(':')?.1.trim().to_owned()))
}

/// The commit, with a mark when the files differ from it.
pub(crate) fn commit() -> String {
    let git = |arguments: &[&str]| output(Command::new("git").arg("-C").arg(env!("CARGO_MANIFEST_DIR")).args(arguments));
    match (git(&["rev-parse", "--short=12", "HEAD"]), git(&["status", "--porcelain"])) {
        (Ok(commit), Ok(changes)) if changes.is_empty() => commit,
        (Ok(commit), _) => format!("{commit}, with changes"),
        (Err(_), _) => "unknown".to_owned(),
    }
}

/// A whole number with commas.
pub(crate) fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The middle value, the upper one of two; not a number when there is none.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
