//! Counts what leaves the guard for one statement, and ends it when its role's number is passed.
//!
//! Only what leaves is counted, so that the error says nothing of rows that the role may not see.

use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::array::RecordBatch;

use crate::error::{Error, Kind};
use crate::policy::Limits;

/// What has left the guard for one statement, and how much may.
#[derive(Debug)]
pub(super) struct Meter {
    rows_max: Option<u64>,
    bytes_max: Option<u64>,
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Meter {
    /// `None` for a role that is held to no number.
    pub(super) fn of(limits: &Limits) -> Option<Meter> {
        if limits.rows.is_none() && limits.scan_bytes.is_none() {
            return None;
        }
        let (rows, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        Some(Meter { rows_max: limits.rows, bytes_max: limits.scan_bytes, rows, bytes })
    }

    pub(super) fn count(&self, batch: &RecordBatch) -> crate::error::Result<()> {
        let over = |counter: &AtomicU64, more: usize, most: Option<u64>| {
            let more = u64::try_from(more).unwrap_or(u64::MAX);
            let now = counter.fetch_add(more, Ordering::Relaxed).saturating_add(more);
            most.filter(|most| now > *most)
        };
        if let Some(most) = over(&self.rows, batch.num_rows(), self.rows_max) {
            return Err(passed(format!("the statement reads more than {most} rows, which is this role's limit"), "max_rows"));
        }
        if let Some(most) = over(&self.bytes, batch_bytes(batch), self.bytes_max) {
            let message = format!("the statement reads more than {} kB, which is this role's limit", most / 1024);
            return Err(passed(message, "max_scan_bytes"));
        }
        Ok(())
    }
}

/// Bytes of the rows themselves, and not of buffers that they share with others.
fn batch_bytes(batch: &RecordBatch) -> usize {
    batch
        .columns()
        .iter()
        .map(|column| column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size()))
        .sum()
}

fn passed(message: String, setting: &str) -> Error {
    Error::new(Kind::ConfigurationLimitExceeded, message)
        .with_hint(format!("Narrow the statement, for instance by time; an administrator can raise the role's {setting}."))
}
