//! The leaf of a row is the same wherever the row stands and however it is written: in memory, in the write-ahead log, and in Parquet
//! after any number of rewrites, with dictionaries or plain, in large row groups or small, before and after columns were added.
//!
//! Tables, rows and what happens to them are made by chance from a seed, which a failure names.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array, Int32Array,
    Int64Array, IntervalMonthDayNanoArray, ListArray, StringViewArray, Time64MicrosecondArray, TimestampMicrosecondArray,
    UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalUnit, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use uuid::Uuid;

use super::*;
use crate::ledger::Hash;
use crate::ledger::salt::ChunkSeeds;
use crate::store::keeper::rows::{Seeds, TableHasher};
use crate::store::read::open_segment;
use crate::store::spec::TableKind;

const SEEDS: std::ops::Range<u64> = 0..6;

fn types() -> Vec<SqlType> {
    let plain = vec![
        SqlType::Bool,
        SqlType::Int2,
        SqlType::Int4,
        SqlType::Int8,
        SqlType::Oid,
        SqlType::Float4,
        SqlType::Float8,
        SqlType::Numeric(38, 10),
        SqlType::Numeric(9, 2),
        SqlType::Text,
        SqlType::Varchar(Some(40)),
        SqlType::Bytea,
        SqlType::Uuid,
        SqlType::Date,
        SqlType::Time,
        SqlType::Timestamp,
        SqlType::Timestamptz,
        SqlType::Interval,
        SqlType::Json,
        SqlType::Jsonb,
        SqlType::Inet,
    ];
    let arrays: Vec<SqlType> = plain.iter().map(|item| SqlType::Array(Box::new(item.clone()))).collect();
    plain.into_iter().chain(arrays).collect()
}

impl Dice {
    /// A number of any size, small ones often.
    fn number(&mut self, bits: u64) -> i64 {
        let width = self.roll(bits) as u32;
        let word = (self.roll(1 << 31) << 31 | self.roll(1 << 31)) as i64;
        let kept = word & ((1i64 << width) - 1);
        if self.roll(2) == 0 { kept } else { -1 - kept }
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 8] = ["", "a", "long enough to be no inline view ", "\u{e9}", "\u{1f600}", "\0", "\"{},\\", " "];
        (0..self.roll(4)).map(|_| PARTS[self.roll(8) as usize]).collect()
    }
}

/// Values of a type, some of them NULL.
fn values(sql: &SqlType, kind: &DataType, rows: usize, dice: &mut Dice) -> ArrayRef {
    macro_rules! some {
        ($array:ty, $value:expr) => {
            (0..rows).map(|_| (dice.roll(5) != 0).then(|| $value(&mut *dice))).collect::<$array>()
        };
    }
    const MOMENT_BITS: u64 = 57;
    match kind {
        DataType::Boolean => Arc::new(some!(BooleanArray, |dice: &mut Dice| dice.roll(2) == 0)),
        DataType::Int16 => Arc::new(some!(Int16Array, |dice: &mut Dice| dice.number(16) as i16)),
        DataType::Int32 => Arc::new(some!(Int32Array, |dice: &mut Dice| dice.number(32) as i32)),
        DataType::Int64 => Arc::new(some!(Int64Array, |dice: &mut Dice| dice.number(62))),
        DataType::UInt32 => Arc::new(some!(UInt32Array, |dice: &mut Dice| dice.number(32) as u32)),
        DataType::Float32 => Arc::new(some!(Float32Array, |dice: &mut Dice| match dice.roll(6) {
            0 => f32::from_bits(0xffc0_0001),
            1 => -0.0,
            2 => f32::NEG_INFINITY,
            _ => dice.number(62) as f32 / 7.0,
        })),
        DataType::Float64 => Arc::new(some!(Float64Array, |dice: &mut Dice| match dice.roll(6) {
            0 => f64::from_bits(0x7ff8_0000_0000_1234),
            1 => -0.0,
            2 => f64::INFINITY,
            _ => dice.number(62) as f64 / 7.0,
        })),
        DataType::Decimal128(precision, scale) => {
            let bits = if *precision > 18 { 62 } else { 29 };
            let array = some!(Decimal128Array, |dice: &mut Dice| i128::from(dice.number(bits)));
            Arc::new(array.with_precision_and_scale(*precision, *scale).unwrap())
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let array = some!(TimestampMicrosecondArray, |dice: &mut Dice| dice.number(MOMENT_BITS));
            Arc::new(array.with_timezone_opt(zone.clone()))
        }
        DataType::Time64(TimeUnit::Microsecond) => Arc::new(some!(Time64MicrosecondArray, |dice: &mut Dice| dice.number(36).abs())),
        DataType::Date32 => Arc::new(some!(Date32Array, |dice: &mut Dice| dice.number(20) as i32)),
        DataType::Interval(IntervalUnit::MonthDayNano) => Arc::new(some!(IntervalMonthDayNanoArray, |dice: &mut Dice| {
            IntervalMonthDayNano::new(dice.number(31) as i32, dice.number(31) as i32, dice.number(52) * 1000)
        })),
        DataType::Binary => {
            Arc::new((0..rows).map(|_| (dice.roll(5) != 0).then(|| dice.text().into_bytes().repeat(2))).collect::<BinaryArray>())
        }
        DataType::Utf8View => Arc::new(some!(StringViewArray, |dice: &mut Dice| match sql {
            SqlType::Uuid => Uuid::from_u128(dice.number(62) as u128).to_string(),
            SqlType::Json => format!("{{ \"n\" : {} }}", dice.number(9)),
            SqlType::Jsonb => format!("{{\"n\": {}}}", dice.number(9)),
            SqlType::Inet => format!("10.0.0.{}", dice.roll(256)),
            _ => dice.text(),
        })),
        DataType::List(item) => {
            let SqlType::Array(sql) = sql else { panic!("{sql} is no array") };
            let lengths: Vec<usize> = (0..rows).map(|_| dice.roll(4) as usize).collect();
            let items = values(sql, item.data_type(), lengths.iter().sum(), dice);
            let nulls = NullBuffer::from((0..rows).map(|_| dice.roll(5) != 0).collect::<Vec<bool>>());
            Arc::new(ListArray::new(item.clone(), OffsetBuffer::from_lengths(lengths), items, Some(nulls)))
        }
        other => panic!("no values of {other}"),
    }
}

/// A table with some columns of any types behind its time column.
fn table(dice: &mut Dice) -> TableSpec {
    let mut columns = vec![ColumnSpec { id: 1, field: Arc::new(SqlType::Timestamptz.field("at", false)), bloom: false }];
    for _ in 0..4 + dice.roll(8) {
        columns.push(column(&columns, dice));
    }
    TableSpec {
        id: TableId(Uuid::new_v4()),
        kind: TableKind::Log,
        label: "public.chance".to_owned(),
        columns,
        time_column: Some(1),
        indexes: BTreeSet::new(),
        paths: BTreeMap::new(),
    }
}

fn column(known: &[ColumnSpec], dice: &mut Dice) -> ColumnSpec {
    let (types, id) = (types(), known.last().unwrap().id + 1 + dice.roll(3) as u32);
    let sql = &types[dice.roll(types.len() as u64) as usize];
    ColumnSpec { id, field: Arc::new(sql.field(format!("c{id}"), true)), bloom: dice.roll(2) == 0 }
}

fn batch(spec: &TableSpec, rows: usize, dice: &mut Dice) -> RecordBatch {
    let columns = spec.columns.iter().map(|column| match column.id {
        1 => Arc::new(
            TimestampMicrosecondArray::from_iter_values((0..rows).map(|_| NOON - dice.number(38).abs())).with_timezone("UTC"),
        ),
        _ => values(&SqlType::of_field(&column.field), column.field.data_type(), rows, dice),
    });
    RecordBatch::try_new(spec.commit_schema(), columns.collect()).unwrap()
}

/// The leaves of some batches in the stored schema.
fn leaves_in(spec: &TableSpec, batches: &[RecordBatch]) -> BTreeMap<u64, Hash> {
    let (hasher, seeds) = (TableHasher::new(spec).unwrap(), Seeds::from([(0, ChunkSeeds::new([7; 32]))]));
    let mut leaves = BTreeMap::new();
    for batch in batches {
        let mut take = |leaf, hash| {
            assert_eq!(leaves.insert(leaf, hash), None, "row {leaf} is there once");
            Ok(())
        };
        hasher.leaves(batch, &seeds, &(0..u64::MAX), &mut take).unwrap();
    }
    leaves
}

/// A file written anew in another way, as the store reads it.
fn rewritten(spec: &TableSpec, file: &Path, to: &Path, dice: &mut Dice) -> Vec<RecordBatch> {
    let batches: Vec<RecordBatch> = open_segment(file, 100).unwrap().map(Result::unwrap).collect();
    let rows = 1 + dice.roll(40) as usize;
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(dice.roll(2) == 0)
        .set_max_row_group_row_count(Some(rows))
        .set_data_page_row_count_limit(1 + dice.roll(20) as usize)
        .set_writer_version(if dice.roll(2) == 0 { WriterVersion::PARQUET_1_0 } else { WriterVersion::PARQUET_2_0 })
        .set_compression(
            [Compression::UNCOMPRESSED, Compression::ZSTD(ZstdLevel::default()), Compression::SNAPPY][dice.roll(3) as usize],
        );
    let properties = if dice.roll(2) == 0 { properties } else { properties.set_encoding(Encoding::PLAIN) };
    let mut writer = ArrowWriter::try_new(fs::File::create(to).unwrap(), batches[0].schema(), Some(properties.build())).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.close().unwrap();
    let read = open_segment(to, 1 + dice.roll(50) as usize).unwrap();
    read.map(|batch| physical::to_stored(&batch.unwrap(), &spec.stored_schema()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaf_is_the_same_wherever_its_row_stands() {
    for seed in SEEDS {
        let mut dice = Dice(seed);
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut spec = table(&mut dice);
        let mut store = Store::open(options(dir.path())).await.unwrap();
        store.commit(define(&spec)).await.unwrap();
        let mut known = BTreeMap::new();
        for turn in 0..14 {
            let about = match dice.roll(7) {
                0 => {
                    store.checkpoint().await.unwrap();
                    "a flush"
                }
                1 => {
                    store.vacuum(Some(spec.id)).await.unwrap();
                    "a rewrite"
                }
                2 => {
                    spec.columns.push(column(&spec.columns, &mut dice));
                    store.commit(define(&spec)).await.unwrap();
                    "a column"
                }
                3 => {
                    store.kill().await;
                    store = Store::open(options(dir.path())).await.unwrap();
                    "a crash"
                }
                _ => {
                    let count = 1 + dice.roll(120) as usize;
                    let batch = batch(&spec, count, &mut dice);
                    store.commit(rows(&spec, batch)).await.unwrap();
                    "rows"
                }
            };
            let found = leaves_in(&spec, &store.scan_all(spec.id).await.unwrap());
            for (leaf, hash) in &known {
                assert_eq!(found.get(leaf), Some(hash), "seed {seed}, turn {turn}: row {leaf} after {about}");
            }
            known = found;
        }
        store.checkpoint().await.unwrap();
        let mut found = BTreeMap::new();
        for file in segment_files(&dir.path().join("tables").join(spec.id.to_string())) {
            found.extend(leaves_in(&spec, &rewritten(&spec, &file, &elsewhere.path().join("file.parquet"), &mut dice)));
        }
        assert_eq!(found, known, "seed {seed}: in files that were written anew");
        assert!(!known.is_empty(), "seed {seed} has rows");
        store.close().await.unwrap();
    }
}
