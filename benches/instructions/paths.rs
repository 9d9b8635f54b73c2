//! The hot paths, each as work that can be done again and again by one thread and says how many rows or calls it was.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as Folder;
use std::sync::Arc;

use annals::demo::{Bulk, Log};
use annals::ingest::copy::{CopyOptions, CopyReader, CopyWriter, Direction, Format, OptionValue};
use annals::pg;
use annals::query::parse::parse;
use annals::store::spec::{ColumnSpec, IndexKind, IndexSpec, TableId, TableKind, TableSpec};
use annals::store::{Commit, Segment, Store, StoreOptions};
use annals::value::words::TextProbe;
use annals::value::{ColumnBuilder, SqlType, Style};
use arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringViewArray};
use arrow::compute::concat_batches;
use arrow::datatypes::Schema;
use uuid::Uuid;

use crate::common::Result;

/// What is done, and how many rows or calls it was.
pub(crate) type Work = Box<dyn FnMut() -> Result<u64>>;

/// A hot path.
pub(crate) struct Path {
    pub name: &'static str,
    /// What its count is for.
    pub unit: &'static str,
    /// Makes it ready; the folder is that of [`build_store`].
    pub prepare: fn(&Folder) -> Result<Work>,
}

pub(crate) const PATHS: [Path; 19] = [
    Path { name: "COPY text", unit: "row", prepare: |_| copy_in(Format::Text) },
    Path { name: "COPY CSV", unit: "row", prepare: |_| copy_in(Format::Csv) },
    Path { name: "COPY binary", unit: "row", prepare: |_| copy_in(Format::Binary) },
    Path { name: "COPY JSON Lines", unit: "row", prepare: |_| copy_in(Format::Json) },
    Path { name: "rows to the wire, text", unit: "row", prepare: |_| to_the_wire(pg::Format::Text) },
    Path { name: "rows to the wire, binary", unit: "row", prepare: |_| to_the_wire(pg::Format::Binary) },
    Path { name: "id index", unit: "probe", prepare: id_probes },
    Path { name: "text index, word", unit: "probe", prepare: |store| text_probes(store, |text| TextProbe::Word(text.to_owned())) },
    Path {
        name: "text index, inside",
        unit: "probe",
        prepare: |store| text_probes(store, |text| TextProbe::Inside(text.to_owned())),
    },
    Path { name: "value text", unit: "value", prepare: |_| values(SqlType::Text, &["message delivered", "Payment journey"]) },
    Path { name: "value bigint", unit: "value", prepare: |_| values(SqlType::Int8, &["0", "-73", "9007199254740993"]) },
    Path { name: "value numeric", unit: "value", prepare: |_| values(SqlType::Numeric(20, 4), &["0", "-73.25", "123456789.1234"]) },
    Path { name: "value double", unit: "value", prepare: |_| values(SqlType::Float8, &["0", "-0.25", "6.02214076e23"]) },
    Path { name: "value boolean", unit: "value", prepare: |_| values(SqlType::Bool, &["t", "false"]) },
    Path {
        name: "value timestamptz",
        unit: "value",
        prepare: |_| values(SqlType::Timestamptz, &["2026-01-31 12:00:00.123456+00", "2026-01-31T12:00:00Z"]),
    },
    Path { name: "value uuid", unit: "value", prepare: |_| values(SqlType::Uuid, &["019c13b5-7c00-7abc-8def-0123456789ab"]) },
    Path {
        name: "value jsonb",
        unit: "value",
        prepare: |_| values(SqlType::Jsonb, &["{\"channel\": \"SMS\", \"attempt\": 1, \"error\": {\"code\": \"RATE_LIMITED\"}}"]),
    },
    Path { name: "parse SELECT", unit: "statement", prepare: |_| statements(SELECT) },
    Path { name: "parse INSERT", unit: "statement", prepare: |_| statements(INSERT) },
];

const SEED: u64 = 7;
/// 2026-01-31 12:00:00 UTC.
const END_US: i64 = 1_769_860_800_000_000;
/// Rows of a COPY and of a result.
const ROWS: u64 = 4_096;
/// Rows of the store: sixteen pages of one segment.
const STORE_ROWS: u64 = 65_536;
/// A table's identity, the same for whoever builds the store and whoever probes it.
const TABLE: TableId = TableId(Uuid::from_u128(0x019c_13b5_7c00_7000_8000_0000_0000_0001));
/// Data comes in pieces of this size, cut anywhere, as from a client.
const PIECE_BYTES: usize = 32 * 1024;
const VALUES: usize = 1_024;
const STATEMENTS: u64 = 16;
const SELECT: &str = "SELECT event_id, occurred_at, event, status, details ->> 'channel' AS channel FROM interaction_logs \
                      WHERE person_id = 'p-abcdefghjkmn' AND occurred_at >= now() - interval '7 days' AND status <> 'success' \
                      ORDER BY occurred_at DESC, event_id DESC LIMIT 100";
const INSERT: &str = "INSERT INTO interaction_logs (workspace_id, occurred_at, event, status, occurred_in, details) \
                      VALUES ($1, $2, $3, $4, $5, $6), ('w', now(), 'journey entered', 'success', 'journey', '{\"attempt\": 1}')";

/// The columns of the rows, named as in the generator's lines.
fn columns() -> Vec<(String, SqlType)> {
    let kind = |name: &str| match name {
        "event_id" => SqlType::Uuid,
        "occurred_at" => SqlType::Timestamptz,
        "details" => SqlType::Jsonb,
        _ => SqlType::Text,
    };
    Log::Interactions.columns().split(", ").map(|name| (name.to_owned(), kind(name))).collect()
}

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(columns().iter().map(|(name, kind)| kind.field(name, true)).collect::<Vec<_>>()))
}

fn options(format: Format, direction: Direction) -> Result<CopyOptions> {
    let name = match format {
        Format::Text => "text",
        Format::Csv => "csv",
        Format::Binary => "binary",
        Format::Json => "json",
    };
    Ok(CopyOptions::new(&[("format".to_owned(), OptionValue::Text(name.to_owned()))], direction)?)
}

/// So many rows as one batch.
fn rows(count: u64) -> Result<RecordBatch> {
    let mut reader = CopyReader::new(CopyOptions::default(), columns(), "interaction_logs".to_owned(), Style::default())?;
    let mut batches = Vec::new();
    for chunk in Bulk::new(SEED, END_US, count) {
        reader.push(&chunk.lines)?;
        if let Some(batch) = reader.take_batch(1) {
            batches.push(RecordBatch::try_new(schema(), batch.columns)?);
        }
    }
    batches.push(RecordBatch::try_new(schema(), reader.finish()?.columns)?);
    Ok(concat_batches(&schema(), &batches)?)
}

/// The rows as COPY data.
fn copy_data(format: Format) -> Result<Vec<u8>> {
    let mut writer = CopyWriter::new(options(format, Direction::To)?, &columns(), Style::default())?;
    let mut data = Vec::new();
    writer.header(&mut data);
    writer.write_batch(&rows(ROWS)?, &mut data)?;
    writer.trailer(&mut data);
    Ok(data)
}

/// Reads COPY data into columns.
fn copy_in(format: Format) -> Result<Work> {
    let data = copy_data(format)?;
    let options = options(format, Direction::From)?;
    Ok(Box::new(move || {
        let mut reader = CopyReader::new(options.clone(), columns(), "interaction_logs".to_owned(), Style::default())?;
        for piece in data.chunks(PIECE_BYTES) {
            reader.push(piece)?;
        }
        let read = u64::try_from(reader.finish()?.rows)?;
        if read == ROWS { Ok(read) } else { Err(format!("{read} rows were read of {ROWS}").into()) }
    }))
}

/// Writes rows as the messages that a client gets.
fn to_the_wire(format: pg::Format) -> Result<Work> {
    let batch = rows(ROWS)?;
    let types: Vec<SqlType> = columns().into_iter().map(|(_, kind)| kind).collect();
    let mut out = Vec::new();
    Ok(Box::new(move || {
        out.clear();
        pg::data_rows(&batch, &types, format, &Style::default(), &mut out)?;
        Ok(ROWS)
    }))
}

fn values(kind: SqlType, texts: &'static [&'static str]) -> Result<Work> {
    let style = Style::default();
    Ok(Box::new(move || {
        let mut column = ColumnBuilder::new(&kind, 0);
        for text in texts.iter().cycle().take(VALUES) {
            column.append_text(text, &style)?;
        }
        Ok(u64::try_from(column.finish().len())?)
    }))
}

fn statements(sql: &'static str) -> Result<Work> {
    Ok(Box::new(move || {
        for _ in 0..STATEMENTS {
            parse(sql)?;
        }
        Ok(STATEMENTS)
    }))
}

/// The id of a column, counted from 1 as tables do.
fn column_id(name: &str) -> Result<u32> {
    let place = columns().iter().position(|(column, _)| column == name).ok_or("there is no such column")?;
    Ok(u32::try_from(place + 1)?)
}

fn spec() -> Result<TableSpec> {
    let column =
        |(id, (name, kind)): (u32, (String, SqlType))| ColumnSpec { id, field: Arc::new(kind.field(name, true)), bloom: false };
    Ok(TableSpec {
        id: TABLE,
        kind: TableKind::Log,
        label: "public.interaction_logs".to_owned(),
        columns: (1..).zip(columns()).map(column).collect(),
        // By the time of ingest all rows are of one day, and so of one segment.
        time_column: None,
        indexes: BTreeSet::from([
            IndexSpec { column: column_id("interaction_id")?, kind: IndexKind::Ids },
            IndexSpec { column: column_id("details")?, kind: IndexKind::Text },
        ]),
        paths: BTreeMap::new(),
    })
}

fn store_options(folder: &Folder) -> StoreOptions {
    StoreOptions { background: false, ledger: None, ..StoreOptions::new(folder) }
}

/// Makes the folder of a store with one segment and its indexes.
pub(crate) fn build_store(folder: &Folder) -> Result<()> {
    let batch = rows(STORE_ROWS)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(store_options(folder)).await?;
        let spec = spec()?;
        let batch = RecordBatch::try_new(spec.commit_schema(), batch.columns().to_vec())?;
        store.commit(Commit { define: vec![spec], rows: vec![(TABLE, batch)], ..Commit::default() }).await?;
        store.checkpoint().await?;
        store.close().await?;
        Ok(())
    })
}

/// The segment of [`build_store`], and some values of its columns.
fn opened(folder: &Folder) -> Result<Arc<Segment>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(store_options(folder)).await?;
        let snapshot = store.snapshot();
        let segments = &snapshot.table(TABLE).ok_or("the store has no table")?.segments;
        let [segment] = segments.as_ref() else { return Err(format!("{} segments instead of one", segments.len()).into()) };
        let segment = segment.clone();
        store.close().await?;
        Ok(segment)
    })
}

/// Looks up ids that are there and ids that are not, in turn, one at a time.
fn id_probes(folder: &Folder) -> Result<Work> {
    let segment = opened(folder)?;
    let index = IndexSpec { column: column_id("interaction_id")?, kind: IndexKind::Ids };
    let some = rows(64)?;
    let ids = some.column_by_name("interaction_id").ok_or("the rows have no such column")?.as_string_view();
    let probes: Vec<ArrayRef> = (ids.iter().flatten())
        .flat_map(|id| [id.to_owned(), format!("{id}x")])
        .map(|id| Arc::new(StringViewArray::from_iter_values([id])) as ArrayRef)
        .collect();
    Ok(Box::new(move || {
        for probe in &probes {
            segment.rows_with(index, probe).ok_or("the segment has no index of ids")?;
        }
        Ok(u64::try_from(probes.len())?)
    }))
}

/// Looks up common words, rare ones and ones that are nowhere.
fn text_probes(folder: &Folder, probe: fn(&str) -> TextProbe) -> Result<Work> {
    const TEXTS: [&str; 8] = ["payment", "parcel", "absent_subscriber", "sms", "whatsapp", "weekend", "zebra", "unheard"];
    let segment = opened(folder)?;
    let index = IndexSpec { column: column_id("details")?, kind: IndexKind::Text };
    let probes = TEXTS.map(probe);
    Ok(Box::new(move || {
        for probe in &probes {
            segment.pages_with(index, probe).ok_or("the segment has no index of words")?;
        }
        Ok(u64::try_from(probes.len())?)
    }))
}
