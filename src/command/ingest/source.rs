//! Files as streams of JSON records: JSON Lines as they are, CSV and Parquet turned into objects by column name.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value};

use crate::error::{Error, Kind, Result};
use crate::ingest::ROW_BYTES_MAX;
use crate::ingest::copy::{CopyOptions, CopyWriter, Direction, OptionValue};
use crate::store::foreign;
use crate::value::{SqlType, Style, json};

/// Some records of a file.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// One object a line.
    pub lines: Vec<u8>,
    pub records: u64,
    /// The 1-based number of the first record within the file.
    pub first_record: u64,
}

/// A file being read.
pub(super) struct Source {
    path: PathBuf,
    format: Format,
    bytes_total: u64,
    bytes_read: Arc<AtomicU64>,
    records: u64,
}

enum Format {
    Lines { reader: Box<dyn BufRead + Send>, line: u64 },
    Csv { reader: Box<csv::Reader<Box<dyn BufRead + Send>>>, names: Vec<String> },
    Parquet { batches: foreign::ForeignParquet, waiting: Vec<u8>, waiting_records: u64 },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Lines,
    Csv,
    Parquet,
}

impl Source {
    /// Whether the file is there and of a kind that can be read.
    pub(super) fn check(path: &Path) -> Result<()> {
        ending(path)?;
        File::open(path).map(|_| ()).map_err(|error| Error::io("open", path, &error))
    }

    pub(super) fn open(path: &Path) -> Result<Self> {
        let (kind, gzip) = ending(path)?;
        let bytes_total = std::fs::metadata(path).map_err(|error| Error::io("read", path, &error))?.len();
        let bytes_read = Arc::new(AtomicU64::new(0));
        let reader = || -> Result<Box<dyn BufRead + Send>> {
            let file = File::open(path).map_err(|error| Error::io("open", path, &error))?;
            let counted = Counted { inner: file, bytes: bytes_read.clone() };
            Ok(if gzip {
                Box::new(BufReader::with_capacity(1 << 20, MultiGzDecoder::new(BufReader::new(counted))))
            } else {
                Box::new(BufReader::with_capacity(1 << 20, counted))
            })
        };
        let format = match kind {
            Ending::Lines => Format::Lines { reader: reader()?, line: 0 },
            Ending::Csv => {
                let mut csv = csv::ReaderBuilder::new().flexible(false).from_reader(reader()?);
                let names = csv.headers().map_err(|error| bad_csv(path, &error))?.iter().map(str::to_owned).collect();
                Format::Csv { reader: Box::new(csv), names }
            }
            Ending::Parquet => {
                Format::Parquet { batches: foreign::read_parquet(path, 8_192)?, waiting: Vec::new(), waiting_records: 0 }
            }
        };
        Ok(Source { path: path.to_owned(), format, bytes_total, bytes_read, records: 0 })
    }

    pub(super) fn bytes_total(&self) -> u64 {
        self.bytes_total
    }

    /// How far reading has come, in bytes of the file as it lies on disk.
    pub(super) fn bytes_read(&self) -> u64 {
        match self.format {
            Format::Lines { .. } | Format::Csv { .. } => self.bytes_read.load(Ordering::Relaxed),
            // Parquet is read here and there; rows tell how far.
            Format::Parquet { ref batches, .. } => self.bytes_total * self.records / batches.rows().max(1),
        }
    }

    /// Leaves out records that an earlier run has loaded; gives how many there were.
    pub(super) fn skip(&mut self, records: u64) -> Result<u64> {
        let mut left = records;
        while left > 0 {
            let batch = self.next_batch(usize::try_from(left.min(100_000)).unwrap_or(100_000))?;
            if batch.records == 0 {
                break;
            }
            left -= batch.records;
        }
        Ok(records - left)
    }

    /// The next records, at most this many; none at the end of the file.
    pub(super) fn next_batch(&mut self, records_max: usize) -> Result<Batch> {
        let mut batch = Batch { first_record: self.records + 1, ..Batch::default() };
        let records_max = records_max as u64;
        match &mut self.format {
            Format::Lines { reader, line } => read_lines(&self.path, reader, line, records_max, &mut batch)?,
            Format::Csv { reader, names } => read_csv(&self.path, reader, names, records_max, &mut batch)?,
            Format::Parquet { batches, waiting, waiting_records } => {
                while *waiting_records < records_max {
                    let Some(rows) = batches.next().transpose()? else { break };
                    *waiting_records += rows.num_rows() as u64;
                    write_rows(&rows, waiting)?;
                }
                take_lines(waiting, waiting_records, records_max, &mut batch);
            }
        }
        self.records += batch.records;
        Ok(batch)
    }
}

fn read_lines(
    path: &Path,
    reader: &mut (impl BufRead + ?Sized),
    line: &mut u64,
    records_max: u64,
    batch: &mut Batch,
) -> Result<()> {
    let mut text = Vec::new();
    while batch.records < records_max {
        text.clear();
        let limit = ROW_BYTES_MAX as u64 + 2;
        let length =
            Read::take(&mut *reader, limit).read_until(b'\n', &mut text).map_err(|error| Error::io("read", path, &error))?;
        if length == 0 {
            return Ok(());
        }
        *line += 1;
        let place = || format!("line {line} of \"{}\"", path.display());
        if length as u64 >= limit {
            return Err(Error::new(Kind::ProgramLimitExceeded, format!("a record is larger than {ROW_BYTES_MAX} bytes (16 MiB)"))
                .with_context(place()));
        }
        let text = text.trim_ascii();
        let text = if *line == 1 { text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text) } else { text };
        if text.is_empty() {
            continue;
        }
        let text = std::str::from_utf8(text).map_err(|error| {
            Error::new(Kind::CharacterNotInRepertoire, format!("invalid byte sequence for encoding \"UTF8\": {error}"))
                .with_context(place())
        })?;
        json::validate(text).map_err(|error| error.with_context(place()))?;
        batch.lines.extend_from_slice(text.as_bytes());
        batch.lines.push(b'\n');
        batch.records += 1;
    }
    Ok(())
}

fn read_csv(
    path: &Path,
    reader: &mut csv::Reader<Box<dyn BufRead + Send>>,
    names: &[String],
    records_max: u64,
    batch: &mut Batch,
) -> Result<()> {
    let mut record = csv::StringRecord::new();
    while batch.records < records_max && reader.read_record(&mut record).map_err(|error| bad_csv(path, &error))? {
        // An empty field is no value, as in most exports.
        let fields = names.iter().zip(&record).filter(|(_, value)| !value.is_empty());
        let object: Map<String, Value> = fields.map(|(name, value)| (name.clone(), Value::String(value.to_owned()))).collect();
        serde_json::to_writer(&mut batch.lines, &object).map_err(|error| Error::internal(error.to_string()))?;
        batch.lines.push(b'\n');
        batch.records += 1;
    }
    Ok(())
}

fn write_rows(rows: &arrow::array::RecordBatch, lines: &mut Vec<u8>) -> Result<()> {
    let columns: Vec<(String, SqlType)> =
        rows.schema().fields().iter().map(|field| (field.name().clone(), SqlType::of_field(field))).collect();
    let json = CopyOptions::new(&[("format".to_owned(), OptionValue::Text("json".to_owned()))], Direction::To)?;
    let mut writer = CopyWriter::new(json, &columns, Style::default())?;
    writer.write_batch(rows, lines)
}

/// Moves whole lines from what waits into a batch.
fn take_lines(waiting: &mut Vec<u8>, waiting_records: &mut u64, records_max: u64, batch: &mut Batch) {
    let take = records_max.min(*waiting_records);
    let end = if take == *waiting_records {
        waiting.len()
    } else {
        let ends = waiting.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        ends.take(usize::try_from(take).unwrap_or(usize::MAX)).last().unwrap_or(0)
    };
    let rest = waiting.split_off(end);
    batch.lines = std::mem::replace(waiting, rest);
    batch.records = take;
    *waiting_records -= take;
}

/// What a file is, by its ending, and whether it is compressed.
fn ending(path: &Path) -> Result<(Ending, bool)> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
    let (plain, gzip) = name.strip_suffix(".gz").map_or((name.as_str(), false), |plain| (plain, true));
    let kind = match plain.rsplit('.').next() {
        Some("jsonl" | "ndjson" | "json") => Ending::Lines,
        Some("csv") => Ending::Csv,
        Some("parquet") if !gzip => Ending::Parquet,
        _ => {
            return Err(Error::new(Kind::InvalidParameterValue, format!("\"{}\" has no ending that can be read", path.display()))
                .with_hint("Endings: .jsonl, .ndjson, .json, .csv, each also with .gz, and .parquet."));
        }
    };
    Ok((kind, gzip))
}

/// What tells a file again in a later run: its size and a checksum of its first megabyte. Its name may change, its content not.
pub(super) fn identity(path: &Path) -> Result<String> {
    let failed = |error: std::io::Error| Error::io("read", path, &error);
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut head = Vec::new();
    file.by_ref().take(1 << 20).read_to_end(&mut head).map_err(failed)?;
    Ok(format!("{length}-{:08x}", crc32c::crc32c(&head)))
}

fn bad_csv(path: &Path, error: &csv::Error) -> Error {
    let line = error.position().map_or_else(String::new, |position| format!(", line {}", position.line()));
    let reason = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!("{len} fields instead of {expected_len}"),
        _ => error.to_string(),
    };
    Error::new(Kind::BadCopyFileFormat, format!("\"{}\"{line} is not valid CSV: {reason}", path.display()))
}

/// Counts what is read through it, for the progress bar.
struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
