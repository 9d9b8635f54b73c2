//! Parquet files that others wrote, as `annals ingest` reads them.

use std::fs::File;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use crate::error::{Error, Kind, Result};

/// The rows of a foreign Parquet file, batch by batch.
pub struct ForeignParquet {
    path: String,
    schema: SchemaRef,
    rows: u64,
    reader: ParquetRecordBatchReader,
}

impl ForeignParquet {
    /// The file's columns as Arrow sees them.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows in the whole file, as its footer says.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

impl Iterator for ForeignParquet {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?;
        Some(
            batch
                .map_err(|cause| Error::new(Kind::BadCopyFileFormat, format!("\"{}\" cannot be read further: {cause}", self.path))),
        )
    }
}

/// Opens a Parquet file for reading in batches of `batch_rows` rows.
///
/// # Errors
/// `IoError` if it cannot be opened, `BadCopyFileFormat` if it is no Parquet file.
pub fn read_parquet(path: &Path, batch_rows: usize) -> Result<ForeignParquet> {
    let file = File::open(path).map_err(|cause| Error::io("open", path, &cause))?;
    let broken =
        |cause| Error::new(Kind::BadCopyFileFormat, format!("\"{}\" is not a readable Parquet file: {cause}", path.display()));
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(broken)?;
    let schema = builder.schema().clone();
    let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let reader = builder.with_batch_size(batch_rows.max(1)).build().map_err(broken)?;
    Ok(ForeignParquet { path: path.display().to_string(), schema, rows, reader })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_parquet_file_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.parquet");
        std::fs::write(&path, "not parquet").unwrap();
        let error = read_parquet(&path, 10).err().unwrap();
        assert_eq!(error.kind(), Kind::BadCopyFileFormat);
        assert!(error.message().contains("x.parquet"));
    }
}
