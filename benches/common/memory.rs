//! What a server's processes hold: of one process, or of a whole family, shared pages by their share.

use std::fs;

use crate::common::Result;

/// Bytes of memory of a process and its descendants, each page divided by the number of its users (Linux, `smaps_rollup`, "Pss").
pub(crate) fn family(process: u32) -> Result<u64> {
    let mut bytes = proportional(process)?;
    let mut pending = vec![process];
    while let Some(parent) = pending.pop() {
        for child in children(parent) {
            // A child may end meanwhile.
            bytes += proportional(child).unwrap_or(0);
            pending.push(child);
        }
    }
    Ok(bytes)
}

fn children(process: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| text.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
        .collect()
}

fn proportional(process: u32) -> Result<u64> {
    let path = format!("/proc/{process}/smaps_rollup");
    let text = fs::read_to_string(&path).map_err(|cause| format!("could not read {path}: {cause}"))?;
    let kib = text.lines().find_map(|line| line.strip_prefix("Pss:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    Ok(kib.ok_or_else(|| format!("{path} tells no Pss"))? * 1024)
}
