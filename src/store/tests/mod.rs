//! The promises of the store as a whole: what was acknowledged is there exactly once, whatever happened in between.

mod damage;
mod death;
mod encode;
mod index;
mod keeping;
mod leaves;
mod ledger;
mod lives;
mod load;
mod purge;
mod resume;
mod rows;
mod texts;

use super::samples::{self, NOON, leaves, log_batch, log_spec, numbers, options};
use super::spec::{ColumnSpec, TableId, TableSpec};
use super::*;
use crate::value::SqlType;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn define(spec: &TableSpec) -> Commit {
    Commit { define: vec![spec.clone()], ..Commit::default() }
}

fn rows(spec: &TableSpec, batch: RecordBatch) -> Commit {
    Commit { rows: vec![(spec.id, batch)], ..Commit::default() }
}

async fn append(store: &Store, spec: &TableSpec, first: i64, count: usize) {
    store.commit(rows(spec, log_batch(spec, first, count))).await.unwrap();
}

/// Rows are numbered like leaves from 1, so that one list says everything: nothing lost, nothing twice, order kept.
async fn assert_whole(store: &Store, table: TableId, count: i64) {
    let batches = store.scan_all(table).await.unwrap();
    let expected: Vec<i64> = (1..=count).collect();
    assert_eq!(leaves(&batches), expected);
    assert_eq!(numbers(&batches), expected);
    let state = store.snapshot().table(table).cloned().unwrap();
    assert_eq!(state.next_leaf, count + 1);
    assert_eq!(state.rows(), count as u64);
}

fn state(store: &Store, spec: &TableSpec) -> Arc<TableState> {
    store.snapshot().table(spec.id).cloned().unwrap()
}

fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Parquet files of rows, without those of Delta checkpoints.
fn segment_files(dir: &Path) -> Vec<PathBuf> {
    files(dir, ".parquet").into_iter().filter(|path| !path.to_string_lossy().contains("_delta_log")).collect()
}

/// Copies a folder as a crash would leave it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(drop).unwrap() }
    }
}

async fn loaded(store: &Store, spec: &TableSpec, first: i64, batches: usize, count: usize) -> Load {
    let mut load = store.load(spec.id).unwrap();
    for turn in 0..batches {
        load.push(log_batch(spec, first + (turn * count) as i64, count)).await.unwrap();
    }
    load
}

fn load_of(load: Load) -> Commit {
    Commit { loads: vec![load], ..Commit::default() }
}

/// A small generator of numbers, so that a failing run can be repeated by its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}
