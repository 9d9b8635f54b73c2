//! From a row to the hash of its leaf. The hash depends on the row's values alone: not on files, encodings, batches, or columns that
//! were added later.
//!
//! A row's *payload* is, for each column that is not NULL, in ascending order of column ids:
//!
//! ```text
//! column id u32be | type tag u8 | length u32be | value
//! ```
//!
//! | tag  | type                       | value                                                                      |
//! |------|----------------------------|-----------------------------------------------------------------------------|
//! | 0x01 | boolean                    | one byte, 0 or 1                                                           |
//! | 0x10 | smallint, integer, bigint  | i64be                                                                      |
//! | 0x11 | oid and its kin            | u64be                                                                      |
//! | 0x20 | real, double precision     | IEEE 754 binary64, big-endian; every NaN is 0x7ff8000000000000; -0 is kept |
//! | 0x30 | numeric                    | scale i8, then the digits as the shortest big-endian two's complement      |
//! | 0x40 | timestamp                  | i64be, microseconds since 1970                                             |
//! | 0x41 | timestamptz                | i64be, microseconds since 1970 UTC                                         |
//! | 0x42 | time                       | i64be, microseconds since midnight                                         |
//! | 0x43 | date                       | i32be, days since 1970                                                     |
//! | 0x44 | interval                   | months i32be, days i32be, microseconds i64be                               |
//! | 0x50 | text and its kin, inet     | the UTF-8 bytes as stored                                                  |
//! | 0x51 | bytea                      | the bytes                                                                  |
//! | 0x52 | uuid                       | 16 bytes                                                                   |
//! | 0x60 | json                       | the UTF-8 text as stored                                                   |
//! | 0x61 | jsonb                      | the UTF-8 text as stored                                                   |
//! | 0x70 | an array                   | count u32be, then for each element: tag u8, length u32be, value             |
//!
//! An element that is NULL has the tag 0 and no value. The two leading columns of a reference table have the ids [`OP_ID`] and
//! [`ROW_ID`].
//!
//! ```text
//! commitment = SHA-256("LC1\0" | table uuid, 16 bytes | salt, 16 bytes | payload)
//! record     = version u8 = 1 | kind u8 | 0 u16be | 0 u16be | leaf index u64be | ingest time i64be | commitment      (54 bytes)
//! leaf hash  = SHA-256(0x00 | record)
//! ```
//!
//! The kind of a row is 0. Leaf 0 of each table has kind 1 and commits to where the table begins ([`genesis`]). Kind 2 is a row that
//! was removed before the ledger knew it; it commits to nothing.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int16Array,
    Int32Array, Int64Array, IntervalMonthDayNanoArray, ListArray, StringViewArray, Time64MicrosecondArray,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt32Type,
};
use uuid::Uuid;

use super::salt::Salt;
use super::{Hash, sha256, tree};
use crate::clock::Micros;
use crate::error::{Error, Kind, Result};
use crate::value::SqlType;

/// The column id of a reference table's operation.
pub const OP_ID: u32 = u32::MAX - 1;
/// The column id of the row that a reference table's operation is about.
pub const ROW_ID: u32 = u32::MAX;

/// What a leaf is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafKind {
    Row,
    Genesis,
    /// A row that was removed before the ledger knew it.
    Absent,
}

impl LeafKind {
    fn byte(self) -> u8 {
        match self {
            LeafKind::Row => 0,
            LeafKind::Genesis => 1,
            LeafKind::Absent => 2,
        }
    }
}

/// Bytes of a leaf record.
pub const RECORD_BYTES: usize = 54;

/// A leaf record: what is hashed into the tree.
pub fn record(kind: LeafKind, leaf: u64, ingest: Micros, commitment: &Hash) -> [u8; RECORD_BYTES] {
    let mut bytes = [0; RECORD_BYTES];
    bytes[0] = 1;
    bytes[1] = kind.byte();
    bytes[6..14].copy_from_slice(&leaf.to_be_bytes());
    bytes[14..22].copy_from_slice(&ingest.to_be_bytes());
    bytes[22..].copy_from_slice(commitment);
    bytes
}

/// The hash of the leaf of a row.
pub fn row_leaf(leaf: u64, ingest: Micros, commitment: &Hash) -> Hash {
    tree::leaf_hash(&record(LeafKind::Row, leaf, ingest, commitment))
}

/// The hash of the leaf of a row that was removed before the ledger knew it.
pub fn absent_leaf(leaf: u64) -> Hash {
    tree::leaf_hash(&record(LeafKind::Absent, leaf, 0, &[0; 32]))
}

/// The hash of a table's leaf 0, which binds it to its store and to the moment of its making.
pub fn genesis(table: Uuid, origin: &str, made: Micros) -> Hash {
    let mut bytes = b"LG1\0".to_vec();
    bytes.extend_from_slice(table.as_bytes());
    bytes.extend_from_slice(origin.as_bytes());
    tree::leaf_hash(&record(LeafKind::Genesis, 0, made, &sha256(&bytes)))
}

/// What a row's payload is hidden by, and what reveals it.
pub fn commitment(table: Uuid, salt: &Salt, payload: &[u8]) -> Hash {
    let mut bytes = Vec::with_capacity(HEAD_BYTES + payload.len());
    bytes.extend_from_slice(b"LC1\0");
    bytes.extend_from_slice(table.as_bytes());
    bytes.extend_from_slice(salt);
    bytes.extend_from_slice(payload);
    sha256(&bytes)
}

/// Bytes before the payload in what a commitment hashes.
const HEAD_BYTES: usize = 36;
const SALT_AT: std::ops::Range<usize> = 20..36;

/// One kind of value of [the table of tags](self).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tag {
    Bool = 0x01,
    Integer = 0x10,
    Unsigned = 0x11,
    Float = 0x20,
    Numeric = 0x30,
    Timestamp = 0x40,
    Timestamptz = 0x41,
    Time = 0x42,
    Date = 0x43,
    Interval = 0x44,
    Text = 0x50,
    Bytea = 0x51,
    Uuid = 0x52,
    Json = 0x60,
    Jsonb = 0x61,
    Array = 0x70,
}

/// A column's tag, and its elements' if it holds arrays.
#[derive(Debug, Clone, Copy)]
struct Shape {
    tag: Tag,
    item: Tag,
}

impl Shape {
    fn of(field: &Field) -> Result<Self> {
        let sql = SqlType::of_field(field);
        let strange = || {
            Error::new(
                Kind::FeatureNotSupported,
                format!("column \"{}\" of type {} has no place in the ledger", field.name(), field.data_type()),
            )
        };
        if let DataType::List(item) = field.data_type() {
            let item_type = match &sql {
                SqlType::Array(item) | SqlType::Vector(item) => (**item).clone(),
                _ => SqlType::of_arrow(item.data_type()),
            };
            return Ok(Shape { tag: Tag::Array, item: tag(item.data_type(), &item_type).ok_or_else(strange)? });
        }
        let tag = tag(field.data_type(), &sql).ok_or_else(strange)?;
        Ok(Shape { tag, item: tag })
    }
}

fn tag(arrow: &DataType, sql: &SqlType) -> Option<Tag> {
    Some(match arrow {
        DataType::Boolean => Tag::Bool,
        DataType::Int16 | DataType::Int32 | DataType::Int64 => Tag::Integer,
        DataType::UInt32 => Tag::Unsigned,
        DataType::Float32 | DataType::Float64 => Tag::Float,
        DataType::Decimal128(..) => Tag::Numeric,
        DataType::Timestamp(TimeUnit::Microsecond, None) => Tag::Timestamp,
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => Tag::Timestamptz,
        DataType::Time64(TimeUnit::Microsecond) => Tag::Time,
        DataType::Date32 => Tag::Date,
        DataType::Interval(IntervalUnit::MonthDayNano) => Tag::Interval,
        DataType::Binary => Tag::Bytea,
        DataType::Utf8View => match sql {
            SqlType::Uuid => Tag::Uuid,
            SqlType::Json => Tag::Json,
            SqlType::Jsonb => Tag::Jsonb,
            _ => Tag::Text,
        },
        _ => return None,
    })
}

/// Hashes the rows of one table.
#[derive(Debug, Clone)]
pub struct RowHasher {
    table: Uuid,
    columns: Vec<(u32, Shape)>,
}

impl RowHasher {
    /// For rows whose columns are these, with their ids, ascending.
    ///
    /// # Errors
    /// `FeatureNotSupported` for a type that is not stored.
    pub fn new<'a>(table: Uuid, columns: impl IntoIterator<Item = (u32, &'a Field)>) -> Result<Self> {
        let columns = columns.into_iter().map(|(id, field)| Ok((id, Shape::of(field)?)));
        Ok(RowHasher { table, columns: columns.collect::<Result<_>>()? })
    }

    /// Rows of some columns, in the order of [`RowHasher::new`].
    ///
    /// # Errors
    /// An internal error if they are not of those types.
    pub fn rows<'a>(&self, columns: &'a [ArrayRef]) -> Result<Rows<'a>> {
        if columns.len() != self.columns.len() {
            return Err(Error::internal(format!("{} columns to hash instead of {}", columns.len(), self.columns.len())));
        }
        let mut head = b"LC1\0".to_vec();
        head.extend_from_slice(self.table.as_bytes());
        head.extend_from_slice(&[0; 16]);
        let cells = self.columns.iter().zip(columns).map(|((id, shape), array)| {
            Ok((
                *id,
                *shape,
                Cells::of(array).ok_or_else(|| Error::internal(format!("no rows of {} are hashed", array.data_type())))?,
            ))
        });
        Ok(Rows { cells: cells.collect::<Result<_>>()?, bytes: head })
    }
}

/// Rows that are about to be hashed.
pub struct Rows<'a> {
    cells: Vec<(u32, Shape, Cells<'a>)>,
    /// What a commitment hashes; used again for each row.
    bytes: Vec<u8>,
}

impl Rows<'_> {
    /// The hash of the leaf of one row.
    ///
    /// # Errors
    /// `DataCorrupted` for a text that is not what its type promises.
    pub fn leaf(&mut self, row: usize, leaf: u64, ingest: Micros, salt: &Salt) -> Result<Hash> {
        self.write(row)?;
        self.bytes[SALT_AT].copy_from_slice(salt);
        Ok(row_leaf(leaf, ingest, &sha256(&self.bytes)))
    }

    /// The payload of one row, which with its salt opens the commitment.
    ///
    /// # Errors
    /// As [`Rows::leaf`].
    pub fn payload(&mut self, row: usize) -> Result<&[u8]> {
        self.write(row)?;
        Ok(&self.bytes[HEAD_BYTES..])
    }

    fn write(&mut self, row: usize) -> Result<()> {
        self.bytes.truncate(HEAD_BYTES);
        for (id, shape, cells) in &self.cells {
            if cells.is_null(row) {
                continue;
            }
            self.bytes.extend_from_slice(&id.to_be_bytes());
            write_tagged(cells, shape, row, &mut self.bytes)?;
        }
        Ok(())
    }
}

/// Writes tag, length and value.
fn write_tagged(cells: &Cells<'_>, shape: &Shape, row: usize, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.push(shape.tag as u8);
    let at = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    cells.write(shape, row, bytes)?;
    let length = u32::try_from(bytes.len() - at - 4)
        .map_err(|_| Error::new(Kind::ProgramLimitExceeded, "a value of more than 4 GiB cannot be hashed"))?;
    bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// A column as what it is.
enum Cells<'a> {
    Bool(&'a BooleanArray),
    Int16(&'a Int16Array),
    Int32(&'a Int32Array),
    Int64(&'a Int64Array),
    UInt32(&'a UInt32Array),
    Float32(&'a Float32Array),
    Float64(&'a Float64Array),
    Decimal(&'a Decimal128Array),
    Timestamp(&'a TimestampMicrosecondArray),
    Time(&'a Time64MicrosecondArray),
    Date(&'a Date32Array),
    Interval(&'a IntervalMonthDayNanoArray),
    Text(&'a StringViewArray),
    Binary(&'a BinaryArray),
    List(&'a ListArray, Box<Cells<'a>>),
}

impl<'a> Cells<'a> {
    fn of(array: &'a ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Boolean => Cells::Bool(array.as_boolean()),
            DataType::Int16 => Cells::Int16(array.as_primitive::<Int16Type>()),
            DataType::Int32 => Cells::Int32(array.as_primitive::<Int32Type>()),
            DataType::Int64 => Cells::Int64(array.as_primitive::<Int64Type>()),
            DataType::UInt32 => Cells::UInt32(array.as_primitive::<UInt32Type>()),
            DataType::Float32 => Cells::Float32(array.as_primitive::<Float32Type>()),
            DataType::Float64 => Cells::Float64(array.as_primitive::<Float64Type>()),
            DataType::Decimal128(..) => Cells::Decimal(array.as_primitive::<Decimal128Type>()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Cells::Timestamp(array.as_primitive::<TimestampMicrosecondType>()),
            DataType::Time64(TimeUnit::Microsecond) => Cells::Time(array.as_primitive::<Time64MicrosecondType>()),
            DataType::Date32 => Cells::Date(array.as_primitive::<Date32Type>()),
            DataType::Interval(IntervalUnit::MonthDayNano) => Cells::Interval(array.as_primitive::<IntervalMonthDayNanoType>()),
            DataType::Utf8View => Cells::Text(array.as_string_view()),
            DataType::Binary => Cells::Binary(array.as_binary::<i32>()),
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Cells::List(list, Box::new(Cells::of(list.values())?))
            }
            _ => return None,
        })
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Cells::Bool(array) => array.is_null(row),
            Cells::Int16(array) => array.is_null(row),
            Cells::Int32(array) => array.is_null(row),
            Cells::Int64(array) => array.is_null(row),
            Cells::UInt32(array) => array.is_null(row),
            Cells::Float32(array) => array.is_null(row),
            Cells::Float64(array) => array.is_null(row),
            Cells::Decimal(array) => array.is_null(row),
            Cells::Timestamp(array) => array.is_null(row),
            Cells::Time(array) => array.is_null(row),
            Cells::Date(array) => array.is_null(row),
            Cells::Interval(array) => array.is_null(row),
            Cells::Text(array) => array.is_null(row),
            Cells::Binary(array) => array.is_null(row),
            Cells::List(array, _) => array.is_null(row),
        }
    }

    fn write(&self, shape: &Shape, row: usize, bytes: &mut Vec<u8>) -> Result<()> {
        match self {
            Cells::Bool(array) => bytes.push(u8::from(array.value(row))),
            Cells::Int16(array) => bytes.extend_from_slice(&i64::from(array.value(row)).to_be_bytes()),
            Cells::Int32(array) => bytes.extend_from_slice(&i64::from(array.value(row)).to_be_bytes()),
            Cells::Int64(array) => bytes.extend_from_slice(&array.value(row).to_be_bytes()),
            Cells::UInt32(array) => bytes.extend_from_slice(&u64::from(array.value(row)).to_be_bytes()),
            Cells::Float32(array) => bytes.extend_from_slice(&float_bits(f64::from(array.value(row)))),
            Cells::Float64(array) => bytes.extend_from_slice(&float_bits(array.value(row))),
            Cells::Decimal(array) => {
                bytes.extend_from_slice(&array.scale().to_be_bytes());
                write_shortest(array.value(row), bytes);
            }
            Cells::Timestamp(array) => bytes.extend_from_slice(&array.value(row).to_be_bytes()),
            Cells::Time(array) => bytes.extend_from_slice(&array.value(row).to_be_bytes()),
            Cells::Date(array) => bytes.extend_from_slice(&array.value(row).to_be_bytes()),
            Cells::Interval(array) => {
                let interval = array.value(row);
                bytes.extend_from_slice(&interval.months.to_be_bytes());
                bytes.extend_from_slice(&interval.days.to_be_bytes());
                bytes.extend_from_slice(&(interval.nanoseconds / 1000).to_be_bytes());
            }
            Cells::Text(array) if shape.tag == Tag::Uuid => {
                let uuid =
                    Uuid::parse_str(array.value(row)).map_err(|_| Error::new(Kind::DataCorrupted, "a stored uuid is none"))?;
                bytes.extend_from_slice(uuid.as_bytes());
            }
            Cells::Text(array) => bytes.extend_from_slice(array.value(row).as_bytes()),
            Cells::Binary(array) => bytes.extend_from_slice(array.value(row)),
            Cells::List(array, items) => {
                let offsets = array.value_offsets();
                let (from, to) = (offsets[row] as usize, offsets[row + 1] as usize);
                let count = u32::try_from(to - from).map_err(|_| Error::internal("an array has no more than 2^31 elements"))?;
                bytes.extend_from_slice(&count.to_be_bytes());
                let shape = Shape { tag: shape.item, item: shape.item };
                for item in from..to {
                    if items.is_null(item) {
                        bytes.extend_from_slice(&[0; 5]);
                    } else {
                        write_tagged(items, &shape, item, bytes)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn float_bits(value: f64) -> [u8; 8] {
    let bits = if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() };
    bits.to_be_bytes()
}

/// Values of a payload for people, as `column 3, text: hello`; `None` if it is none.
pub(crate) fn read_payload(payload: &[u8]) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut left = payload;
    while !left.is_empty() {
        let (id, rest) = left.split_first_chunk::<4>()?;
        let (value, rest) = read_value(rest)?;
        values.push(format!("column {}, {value}", u32::from_be_bytes(*id)));
        left = rest;
    }
    Some(values)
}

/// One tagged value for people, and what follows it.
fn read_value(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    let number = || Some(i64::from_be_bytes(value.try_into().ok()?));
    let text = || String::from_utf8_lossy(value).into_owned();
    let hex = || value.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let shown = match *tag {
        0x00 => "NULL".to_owned(),
        0x01 => format!("boolean: {}", value == [1]),
        0x10 => format!("integer: {}", number()?),
        0x11 => format!("oid: {}", u64::from_be_bytes(value.try_into().ok()?)),
        0x20 => format!("double precision: {}", f64::from_be_bytes(value.try_into().ok()?)),
        0x30 => {
            let (scale, digits) = value.split_first()?;
            let sign = if *digits.first()? & 0x80 == 0 { 0 } else { -1 };
            let digits = digits.iter().fold(i128::from(sign), |sum, byte| sum << 8 | i128::from(*byte));
            format!("numeric: {digits} with {scale} digits after the point")
        }
        0x40 | 0x41 => {
            let moment = chrono::DateTime::from_timestamp_micros(number()?)?;
            let kind = if *tag == 0x41 { "timestamptz" } else { "timestamp" };
            format!("{kind}: {}", moment.format("%Y-%m-%d %H:%M:%S%.6f"))
        }
        0x42 => format!("time: {} microseconds", number()?),
        0x43 => format!("date: {} days since 1970", i32::from_be_bytes(value.try_into().ok()?)),
        0x44 => format!("interval: {}", hex()),
        0x50 => format!("text: {}", text()),
        0x51 => format!("bytea: {}", hex()),
        0x52 => format!("uuid: {}", Uuid::from_slice(value).ok()?),
        0x60 => format!("json: {}", text()),
        0x61 => format!("jsonb: {}", text()),
        0x70 => {
            let (_, mut items) = value.split_first_chunk::<4>()?;
            let mut shown = Vec::new();
            while !items.is_empty() {
                let (item, rest) = read_value(items)?;
                shown.push(item);
                items = rest;
            }
            format!("array: [{}]", shown.join(", "))
        }
        _ => return None,
    };
    Some((shown, rest))
}

/// The shortest big-endian two's complement of a number, at least one byte.
fn write_shortest(value: i128, bytes: &mut Vec<u8>) {
    let all = value.to_be_bytes();
    let sign = if value < 0 { 0xff } else { 0 };
    let spare = all.windows(2).take_while(|pair| pair[0] == sign && (pair[1] ^ sign) & 0x80 == 0).count();
    bytes.extend_from_slice(&all[spare..]);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Builder, ListBuilder};
    use arrow::datatypes::IntervalMonthDayNano;

    use super::*;

    const TABLE: Uuid = Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn field(sql: SqlType) -> Field {
        sql.field("c", true)
    }

    /// One of each type, with the bytes that the table of tags says.
    fn vectors() -> Vec<(SqlType, ArrayRef, &'static str)> {
        let text = |text: &str| Arc::new(StringViewArray::from(vec![text])) as ArrayRef;
        let mut list = ListBuilder::new(Int32Builder::new());
        list.append_value([Some(7), None, Some(-1)]);
        vec![
            (SqlType::Bool, Arc::new(BooleanArray::from(vec![true])), "01 00000001 01"),
            (SqlType::Int2, Arc::new(Int16Array::from(vec![-2])), "10 00000008 fffffffffffffffe"),
            (SqlType::Int4, Arc::new(Int32Array::from(vec![258])), "10 00000008 0000000000000102"),
            (SqlType::Int8, Arc::new(Int64Array::from(vec![i64::MIN])), "10 00000008 8000000000000000"),
            (SqlType::Oid, Arc::new(UInt32Array::from(vec![u32::MAX])), "11 00000008 00000000ffffffff"),
            (SqlType::Float4, Arc::new(Float32Array::from(vec![1.5])), "20 00000008 3ff8000000000000"),
            (SqlType::Float8, Arc::new(Float64Array::from(vec![-0.0])), "20 00000008 8000000000000000"),
            (SqlType::Float8, Arc::new(Float64Array::from(vec![-f64::NAN])), "20 00000008 7ff8000000000000"),
            (
                SqlType::Numeric(12, 2),
                Arc::new(Decimal128Array::from(vec![-12345]).with_precision_and_scale(12, 2).unwrap()),
                "30 00000003 02 cfc7",
            ),
            (
                SqlType::Numeric(12, 0),
                Arc::new(Decimal128Array::from(vec![128]).with_precision_and_scale(12, 0).unwrap()),
                "30 00000003 00 0080",
            ),
            (
                SqlType::Numeric(12, 0),
                Arc::new(Decimal128Array::from(vec![-128]).with_precision_and_scale(12, 0).unwrap()),
                "30 00000002 00 80",
            ),
            (SqlType::Timestamp, Arc::new(TimestampMicrosecondArray::from(vec![1])), "40 00000008 0000000000000001"),
            (
                SqlType::Timestamptz,
                Arc::new(TimestampMicrosecondArray::from(vec![1_700_000_000_000_000]).with_timezone("UTC")),
                "41 00000008 00060a24181e4000",
            ),
            (SqlType::Time, Arc::new(Time64MicrosecondArray::from(vec![86_399_999_999])), "42 00000008 000000141dd75fff"),
            (SqlType::Date, Arc::new(Date32Array::from(vec![-1])), "43 00000004 ffffffff"),
            (
                SqlType::Interval,
                Arc::new(IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, -2, 3_000_000)])),
                "44 00000010 00000001 fffffffe 0000000000000bb8",
            ),
            (SqlType::Text, text("é"), "50 00000002 c3a9"),
            (SqlType::Inet, text("10.0.0.1"), "50 00000008 31302e302e302e31"),
            (SqlType::Bytea, Arc::new(BinaryArray::from(vec![&[0u8, 255][..]])), "51 00000002 00ff"),
            (SqlType::Uuid, text("00112233-4455-6677-8899-aabbccddeeff"), "52 00000010 00112233445566778899aabbccddeeff"),
            (SqlType::Json, text("{ }"), "60 00000003 7b207d"),
            (SqlType::Jsonb, text("{}"), "61 00000002 7b7d"),
            (
                SqlType::Array(Box::new(SqlType::Int4)),
                Arc::new(list.finish()),
                "70 00000023 00000003 10 00000008 0000000000000007 00 00000000 10 00000008 ffffffffffffffff",
            ),
        ]
    }

    #[test]
    fn each_type_is_written_as_the_table_says() {
        for (sql, array, expected) in vectors() {
            let hasher = RowHasher::new(TABLE, [(9, &field(sql.clone()))]).unwrap();
            let columns = [array];
            let mut rows = hasher.rows(&columns).unwrap();
            let payload = rows.payload(0).unwrap();
            assert_eq!(hex(payload), format!("00000009{}", expected.replace(' ', "")), "{sql:?}");
            assert_eq!(read_payload(payload).map(|values| values.len()), Some(1), "{sql:?}");
            assert_eq!(read_payload(&payload[..payload.len() - 1]), None, "{sql:?}");
        }
    }

    /// The whole way to a leaf, so that the format cannot change unnoticed. The hashes were computed with Python's hashlib.
    #[test]
    fn a_leaf_is_what_it_always_was() {
        let fields = [field(SqlType::Int4), field(SqlType::Text)];
        let hasher = RowHasher::new(TABLE, [(1, &fields[0]), (2, &fields[1])]).unwrap();
        let columns: [ArrayRef; 2] = [Arc::new(Int32Array::from(vec![42])), Arc::new(StringViewArray::from(vec!["hello"]))];
        let mut rows = hasher.rows(&columns).unwrap();
        let payload = rows.payload(0).unwrap().to_vec();
        let salt = [5; 16];
        let leaf = rows.leaf(0, 1, 1_700_000_000_000_000, &salt).unwrap();
        assert_eq!(leaf, row_leaf(1, 1_700_000_000_000_000, &commitment(TABLE, &salt, &payload)));
        assert_eq!(hex(&leaf), "27d0fc356729a5829618df21aff8611cd9e014509b1979170674f84b89e20bb9");
        assert_eq!(hex(&genesis(TABLE, "annals/test", 7)), "ddea8489dcac96e5b407465c53c20ff53eabd77e8409e380a91fb9b4cf268973");
        assert_eq!(hex(&absent_leaf(3)), "4d68f00db5702289835ac10ef24cf5306aee20a908e9ec8b1cacca675237dba7");
    }

    #[test]
    fn a_column_without_a_value_leaves_no_trace() {
        let (number, text) = (field(SqlType::Int4), field(SqlType::Text));
        let narrow = RowHasher::new(TABLE, [(1, &number)]).unwrap();
        let wide = RowHasher::new(TABLE, [(1, &number), (2, &text)]).unwrap();
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![42, 43]));
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec![None, Some("")]));
        let (few, more) = ([numbers.clone()], [numbers, texts]);
        let (mut narrow, mut wide) = (narrow.rows(&few).unwrap(), wide.rows(&more).unwrap());
        assert_eq!(narrow.payload(0).unwrap(), wide.payload(0).unwrap());
        assert_ne!(narrow.payload(1).unwrap(), wide.payload(1).unwrap(), "an empty text is not NULL");
    }

    #[test]
    fn another_salt_place_time_or_table_makes_another_leaf() {
        let number = field(SqlType::Int4);
        let columns: [ArrayRef; 1] = [Arc::new(Int32Array::from(vec![42]))];
        let leaf = |table, leaf, ingest, salt: u8| {
            RowHasher::new(table, [(1, &number)]).unwrap().rows(&columns).unwrap().leaf(0, leaf, ingest, &[salt; 16]).unwrap()
        };
        let all =
            [leaf(TABLE, 1, 1, 1), leaf(TABLE, 2, 1, 1), leaf(TABLE, 1, 2, 1), leaf(TABLE, 1, 1, 2), leaf(Uuid::nil(), 1, 1, 1)];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), 5);
        assert_eq!(leaf(TABLE, 1, 1, 1), all[0]);
    }
}
