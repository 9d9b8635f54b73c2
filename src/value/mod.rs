//! One value of an SQL type: which Arrow type holds it, how PostgreSQL writes it, how a text or binary form is read.
//!
//! Words: an [`SqlType`] is PostgreSQL's type; a *field* is an Arrow field that remembers its SQL type in its metadata, because
//! several SQL types share one Arrow type (`text`, `uuid`, `jsonb` are all strings). A [`Style`] is the session's settings that change
//! how values are read and written. A *wire form* is PostgreSQL's binary one. The room knows nothing of tables or rows.
//!
//! A `char(n)` is kept without the blanks at its end, which say nothing in comparisons, and written with them. A [`ColumnBuilder`] takes values as text or in the wire form and makes a column; a [`Formatter`] writes a column's values as text, in
//! the wire form or as JSON; [`cast_text`] and [`to_text`] are the casts made of the two. What they write and refuse is held to a table
//! of PostgreSQL's own answers (`golden.tsv`).
//!
//! What PostgreSQL can hold and this cannot: `NaN` in a `numeric` and more than 38 digits; a timestamp after the year 294247; an
//! interval of more than 2,562,047 hours; arrays of more than one dimension or with a lower bound other than 1; JSON nested deeper than
//! [`json::DEPTH_MAX`]. Each is refused by name. A `numeric` without a precision keeps ten digits after the point and is written without
//! trailing zeros.

mod array;
mod binary;
mod builder;
mod bytea;
mod cast;
pub(crate) mod decimal;
mod float;
#[cfg(test)]
mod golden;
mod inet;
pub mod json;
pub(crate) mod jsonpath;
mod numeric;
mod output;
mod physical;
mod reg;
pub(crate) mod regex;
mod scalar;
pub(crate) mod scan;
mod style;
pub(crate) mod template;
pub(crate) mod time;
pub mod words;

pub(crate) use array::dimensions as array_dimensions;
pub use binary::checked_text;
pub use builder::{ColumnBuilder, ListBuilder};
pub use cast::{cast_text, to_text};
pub use output::Formatter;
pub use reg::{Names, ObjectNames, Reg};
pub use style::{ByteaOutput, DateOrder, DateOutput, IntervalStyle, Now, Style};
pub(crate) use time::keyword::{Unit as SpanUnit, unit as span_unit};
pub use time::zone::Zone;

/// Reads a `double precision`.
///
/// # Errors
/// 22P02 for what is no number, 22003 for one that would become 0 or infinite.
pub(crate) fn read_double(text: &str) -> Result<f64> {
    scalar::float(text)
}

/// A `double precision` in the fifteen digits that a cast to `numeric` keeps.
pub(crate) fn double_digits(value: f64) -> String {
    let mut digits = Vec::new();
    float::write_f64(value, 0, &mut digits);
    String::from_utf8(digits).unwrap_or_default()
}

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, IntervalUnit, TimeUnit};

use crate::error::{Error, Kind, Result};

/// The key in an Arrow field's metadata under which the SQL type's canonical name stands.
pub const TYPE_KEY: &str = "annals.type";

/// Precision and scale of a bare `numeric`, which Arrow must know beforehand.
pub const BARE_NUMERIC: (u8, i8) = (38, 10);

/// A type of PostgreSQL that Annals stores or answers with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SqlType {
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    /// Precision (digits in all, at most 38) and scale (digits after the point).
    Numeric(u8, i8),
    Text,
    /// `varchar(n)`: at most n characters; `None` is `varchar` without a limit.
    Varchar(Option<u32>),
    /// `character(n)`, filled up with blanks where it is written; `None` is `bpchar` without a length.
    Bpchar(Option<u32>),
    /// PostgreSQL's identifier type, 63 bytes, used by `pg_catalog`.
    Name,
    /// The one-byte `"char"` of `pg_catalog`.
    Char,
    Bytea,
    Uuid,
    Date,
    Time,
    /// Microseconds without a time zone.
    Timestamp,
    /// Microseconds since 1970 UTC.
    Timestamptz,
    Interval,
    /// JSON kept as it was written.
    Json,
    /// JSON in PostgreSQL's canonical form.
    Jsonb,
    /// An SQL/JSON path in PostgreSQL's canonical form.
    Jsonpath,
    /// The words of a text in PostgreSQL's canonical form.
    Tsvector,
    /// A query for words in PostgreSQL's canonical form.
    Tsquery,
    Inet,
    Oid,
    /// An object id that is read and written as the object's name.
    Reg(Reg),
    /// A one-dimensional array.
    Array(Box<SqlType>),
    /// `oidvector` or `int2vector`: an array of the catalog that is counted from 0 and written without braces.
    Vector(Box<SqlType>),
    /// A row of named fields, which no column can be of.
    Record(Vec<(String, SqlType)>),
}

/// What the metadata of a row's field says.
const RECORD: &str = "record";

/// Spellings of types that are SQL's and not the catalog's.
const SPELLINGS: [&str; 11] =
    ["boolean", "smallint", "int", "integer", "bigint", "real", "float", "decimal", "dec", "double precision", "character varying"];

impl SqlType {
    /// The Arrow type that holds it in memory.
    pub fn arrow(&self) -> DataType {
        match self {
            SqlType::Bool => DataType::Boolean,
            SqlType::Int2 => DataType::Int16,
            SqlType::Int4 => DataType::Int32,
            SqlType::Int8 => DataType::Int64,
            SqlType::Float4 => DataType::Float32,
            SqlType::Float8 => DataType::Float64,
            SqlType::Numeric(precision, scale) => DataType::Decimal128(*precision, *scale),
            SqlType::Text
            | SqlType::Varchar(_)
            | SqlType::Bpchar(_)
            | SqlType::Name
            | SqlType::Char
            | SqlType::Uuid
            | SqlType::Json
            | SqlType::Jsonb
            | SqlType::Jsonpath
            | SqlType::Tsvector
            | SqlType::Tsquery
            | SqlType::Inet => DataType::Utf8View,
            SqlType::Bytea => DataType::Binary,
            SqlType::Date => DataType::Date32,
            SqlType::Time => DataType::Time64(TimeUnit::Microsecond),
            SqlType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            SqlType::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
            SqlType::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
            SqlType::Oid | SqlType::Reg(_) => DataType::UInt32,
            SqlType::Array(element) | SqlType::Vector(element) => DataType::List(element.item()),
            SqlType::Record(fields) => {
                DataType::Struct(fields.iter().map(|(name, own)| Arc::new(own.field(name.clone(), true))).collect())
            }
        }
    }

    /// The Arrow field of an array's elements of this type. It says nothing of the SQL type, which only the array's own field remembers:
    /// what computes with lists makes others out of them and drops what their elements' field says.
    pub fn item(&self) -> FieldRef {
        Arc::new(Field::new("item", self.arrow(), true))
    }

    /// An Arrow field of this type, which remembers the SQL type.
    pub fn field(&self, name: impl Into<String>, nullable: bool) -> Field {
        Field::new(name, self.arrow(), nullable).with_metadata(HashMap::from([(TYPE_KEY.to_owned(), self.to_string())]))
    }

    /// The SQL type of an Arrow field: what its metadata says while that fits the Arrow type, else the nearest of the Arrow type.
    pub fn of_field(field: &Field) -> SqlType {
        if let Some(rows) = field.metadata().get(TYPE_KEY).and_then(|name| SqlType::of_rows(name, field.data_type())) {
            return rows;
        }
        match field.metadata().get(TYPE_KEY).and_then(|name| SqlType::parse(name).ok()) {
            Some(sql) if sql.holds(field.data_type()) => sql,
            _ => SqlType::of_arrow(field.data_type()),
        }
    }

    /// The type of rows, or of arrays of rows, whose fields only the Arrow type tells.
    fn of_rows(name: &str, arrow: &DataType) -> Option<SqlType> {
        match arrow {
            DataType::Struct(fields) if name == RECORD => {
                Some(SqlType::Record(fields.iter().map(|field| (field.name().clone(), SqlType::of_field(field))).collect()))
            }
            DataType::List(item) => Some(SqlType::Array(Box::new(SqlType::of_rows(name.strip_suffix("[]")?, item.data_type())?))),
            _ => None,
        }
    }

    /// Whether an Arrow array of this type can carry the SQL type: strings and timestamps come in several physical forms.
    fn holds(&self, arrow: &DataType) -> bool {
        let own = self.arrow();
        own == *arrow
            || matches!(
                (&own, arrow),
                (DataType::Utf8View, DataType::Utf8 | DataType::LargeUtf8)
                    | (DataType::Binary, DataType::BinaryView | DataType::LargeBinary)
                    | (DataType::List(_), DataType::List(_) | DataType::LargeList(_))
            )
    }

    /// The SQL type nearest to an Arrow type that carries no metadata, as a computed column does not.
    pub fn of_arrow(arrow: &DataType) -> SqlType {
        match arrow {
            DataType::Boolean => SqlType::Bool,
            DataType::Int8 | DataType::Int16 | DataType::UInt8 => SqlType::Int2,
            DataType::Int32 | DataType::UInt16 => SqlType::Int4,
            DataType::Int64 | DataType::UInt32 | DataType::UInt64 => SqlType::Int8,
            DataType::Float16 | DataType::Float32 => SqlType::Float4,
            DataType::Float64 => SqlType::Float8,
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale)
            | DataType::Decimal256(precision, scale) => SqlType::Numeric(*precision, *scale),
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => SqlType::Bytea,
            DataType::Date32 | DataType::Date64 => SqlType::Date,
            DataType::Time32(_) | DataType::Time64(_) => SqlType::Time,
            DataType::Timestamp(_, None) => SqlType::Timestamp,
            DataType::Timestamp(_, Some(_)) => SqlType::Timestamptz,
            DataType::Interval(_) | DataType::Duration(_) => SqlType::Interval,
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                SqlType::Array(Box::new(SqlType::of_field(item)))
            }
            DataType::Dictionary(_, value) => SqlType::of_arrow(value),
            DataType::Struct(_) | DataType::Map(_, _) | DataType::Union(_, _) => SqlType::Json,
            DataType::Null
            | DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::ListView(_)
            | DataType::LargeListView(_)
            | DataType::RunEndEncoded(_, _) => SqlType::Text,
        }
    }

    /// The type's name as PostgreSQL's messages give it: without a length or precision.
    pub fn without_modifier(&self) -> String {
        match self {
            SqlType::Numeric(_, _) => "numeric".to_owned(),
            SqlType::Varchar(_) => "character varying".to_owned(),
            SqlType::Bpchar(_) => "character".to_owned(),
            SqlType::Array(element) => format!("{}[]", element.without_modifier()),
            other => other.to_string(),
        }
    }

    /// Reads a canonical type name or one of PostgreSQL's aliases, for example `timestamp with time zone` or `varchar(20)[]`.
    ///
    /// # Errors
    /// 42704 when the name is not a type, 22023 for precisions out of range.
    pub fn parse(name: &str) -> Result<SqlType> {
        let name = name.trim();
        if let Some(element) = name.strip_suffix("[]") {
            return Ok(SqlType::Array(Box::new(SqlType::parse(element)?)));
        }
        let (base, modifier) = match name.split_once('(') {
            Some((base, rest)) => match rest.split_once(')') {
                Some((modifier, after)) => (format!("{}{after}", base.trim_end()), Some(modifier)),
                None => return Err(unknown_type(name)),
            },
            None => (name.to_owned(), None),
        };
        let base = base.to_ascii_lowercase();
        match base.as_str() {
            "bool" | "boolean" => Ok(SqlType::Bool),
            "int2" | "smallint" => Ok(SqlType::Int2),
            "int4" | "int" | "integer" => Ok(SqlType::Int4),
            "int8" | "bigint" => Ok(SqlType::Int8),
            "float4" | "real" => Ok(SqlType::Float4),
            "float8" | "double precision" | "float" => Ok(SqlType::Float8),
            "numeric" | "decimal" | "dec" => numeric(modifier),
            "text" => Ok(SqlType::Text),
            "varchar" | "character varying" => Ok(SqlType::Varchar(modifier.map(|given| length(given, "varchar")).transpose()?)),
            "bpchar" => Ok(SqlType::Bpchar(modifier.map(|given| length(given, "bpchar")).transpose()?)),
            "char" | "character" => Ok(SqlType::Bpchar(Some(modifier.map_or(Ok(1), |given| length(given, "char"))?))),
            "name" => Ok(SqlType::Name),
            "\"char\"" => Ok(SqlType::Char),
            "bytea" => Ok(SqlType::Bytea),
            "uuid" => Ok(SqlType::Uuid),
            "date" => Ok(SqlType::Date),
            "time" | "time without time zone" => Ok(SqlType::Time),
            "timestamp" | "timestamp without time zone" => Ok(SqlType::Timestamp),
            "timestamptz" | "timestamp with time zone" => Ok(SqlType::Timestamptz),
            "interval" => Ok(SqlType::Interval),
            "json" => Ok(SqlType::Json),
            "jsonb" => Ok(SqlType::Jsonb),
            "jsonpath" => Ok(SqlType::Jsonpath),
            "tsvector" => Ok(SqlType::Tsvector),
            "tsquery" => Ok(SqlType::Tsquery),
            "inet" => Ok(SqlType::Inet),
            "oid" => Ok(SqlType::Oid),
            "oidvector" => Ok(SqlType::Vector(Box::new(SqlType::Oid))),
            "int2vector" => Ok(SqlType::Vector(Box::new(SqlType::Int2))),
            other => match (Reg::ALL.into_iter().find(|reg| reg.name() == other), other.strip_prefix('_')) {
                (Some(reg), _) => Ok(SqlType::Reg(reg)),
                // The catalog's own name of an array, over the catalog's own name of its element.
                (None, Some(element)) if !element.starts_with('_') && !SPELLINGS.contains(&element) => {
                    Ok(SqlType::Array(Box::new(SqlType::parse(element).map_err(|_| unknown_type(name))?)))
                }
                (None, _) => Err(unknown_type(name)),
            },
        }
    }

    /// PostgreSQL's fixed object id of the type (`pg_type.dat`).
    pub fn oid(&self) -> u32 {
        match self {
            SqlType::Bool => 16,
            SqlType::Bytea => 17,
            SqlType::Char => 18,
            SqlType::Name => 19,
            SqlType::Int8 => 20,
            SqlType::Int2 => 21,
            SqlType::Int4 => 23,
            SqlType::Text => 25,
            SqlType::Oid => 26,
            SqlType::Json => 114,
            SqlType::Float4 => 700,
            SqlType::Float8 => 701,
            SqlType::Inet => 869,
            SqlType::Bpchar(_) => 1042,
            SqlType::Varchar(_) => 1043,
            SqlType::Record(_) => 2249,
            SqlType::Date => 1082,
            SqlType::Time => 1083,
            SqlType::Timestamp => 1114,
            SqlType::Timestamptz => 1184,
            SqlType::Interval => 1186,
            SqlType::Numeric(_, _) => 1700,
            SqlType::Uuid => 2950,
            SqlType::Jsonb => 3802,
            SqlType::Reg(reg) => reg.oids().0,
            SqlType::Jsonpath => 4072,
            SqlType::Tsvector => 3614,
            SqlType::Tsquery => 3615,
            SqlType::Array(element) => element.array_oid(),
            SqlType::Vector(element) => {
                if **element == SqlType::Oid {
                    30
                } else {
                    22
                }
            }
        }
    }

    /// The object id of the array type over this element.
    fn array_oid(&self) -> u32 {
        match self {
            SqlType::Bool => 1000,
            SqlType::Bytea => 1001,
            SqlType::Char => 1002,
            SqlType::Name => 1003,
            SqlType::Int2 => 1005,
            SqlType::Int4 => 1007,
            SqlType::Text => 1009,
            SqlType::Bpchar(_) => 1014,
            SqlType::Varchar(_) => 1015,
            SqlType::Int8 => 1016,
            SqlType::Float4 => 1021,
            SqlType::Float8 => 1022,
            SqlType::Oid => 1028,
            SqlType::Inet => 1041,
            SqlType::Record(_) => 2287,
            SqlType::Timestamp => 1115,
            SqlType::Date => 1182,
            SqlType::Time => 1183,
            SqlType::Timestamptz => 1185,
            SqlType::Interval => 1187,
            SqlType::Numeric(_, _) => 1231,
            SqlType::Json => 199,
            SqlType::Uuid => 2951,
            SqlType::Jsonb => 3807,
            SqlType::Reg(reg) => reg.oids().1,
            SqlType::Jsonpath => 4073,
            SqlType::Tsvector => 3643,
            SqlType::Tsquery => 3645,
            SqlType::Array(inner) => inner.array_oid(),
            SqlType::Vector(element) => {
                if **element == SqlType::Oid {
                    1013
                } else {
                    1006
                }
            }
        }
    }

    /// The type with this object id, as a client names a parameter's type; 0 and unknown ids are `None`.
    pub fn from_oid(oid: u32) -> Option<SqlType> {
        const PLAIN: [SqlType; 26] = [
            SqlType::Bool,
            SqlType::Bytea,
            SqlType::Char,
            SqlType::Name,
            SqlType::Int8,
            SqlType::Int2,
            SqlType::Int4,
            SqlType::Text,
            SqlType::Oid,
            SqlType::Json,
            SqlType::Float4,
            SqlType::Float8,
            SqlType::Inet,
            SqlType::Varchar(None),
            SqlType::Bpchar(None),
            SqlType::Date,
            SqlType::Time,
            SqlType::Timestamp,
            SqlType::Timestamptz,
            SqlType::Interval,
            SqlType::Numeric(BARE_NUMERIC.0, BARE_NUMERIC.1),
            SqlType::Uuid,
            SqlType::Jsonb,
            SqlType::Jsonpath,
            SqlType::Tsvector,
            SqlType::Tsquery,
        ];
        // `unknown` comes from drivers for any string.
        if oid == 705 {
            return Some(SqlType::Text);
        }
        let vectors = [SqlType::Oid, SqlType::Int2].map(|element| SqlType::Vector(Box::new(element)));
        PLAIN.into_iter().chain(Reg::ALL.map(SqlType::Reg)).chain(vectors).find_map(|plain| {
            if plain.oid() == oid {
                Some(plain)
            } else if plain.array_oid() == oid {
                Some(SqlType::Array(Box::new(plain)))
            } else {
                None
            }
        })
    }

    /// Bytes of a fixed-width type, -1 for variable width (`pg_type.typlen`).
    pub fn length(&self) -> i16 {
        match self {
            SqlType::Bool | SqlType::Char => 1,
            SqlType::Int2 => 2,
            SqlType::Int4 | SqlType::Float4 | SqlType::Date | SqlType::Oid | SqlType::Reg(_) => 4,
            SqlType::Int8 | SqlType::Float8 | SqlType::Time | SqlType::Timestamp | SqlType::Timestamptz => 8,
            SqlType::Uuid | SqlType::Interval => 16,
            SqlType::Name => 64,
            SqlType::Numeric(_, _)
            | SqlType::Text
            | SqlType::Varchar(_)
            | SqlType::Bpchar(_)
            | SqlType::Bytea
            | SqlType::Json
            | SqlType::Jsonb
            | SqlType::Jsonpath
            | SqlType::Tsvector
            | SqlType::Tsquery
            | SqlType::Inet
            | SqlType::Array(_)
            | SqlType::Vector(_)
            | SqlType::Record(_) => -1,
        }
    }

    /// PostgreSQL's type modifier (`atttypmod`), -1 where there is none.
    pub fn modifier(&self) -> i32 {
        match self {
            SqlType::Varchar(Some(length)) | SqlType::Bpchar(Some(length)) => {
                i32::try_from(*length).map_or(-1, |length| length + 4)
            }
            SqlType::Numeric(precision, scale) if (*precision, *scale) != BARE_NUMERIC => {
                ((i32::from(*precision) << 16) | (i32::from(*scale) & 0x7ff)) + 4
            }
            SqlType::Array(element) => element.modifier(),
            _ => -1,
        }
    }
}

fn numeric(modifier: Option<&str>) -> Result<SqlType> {
    let Some(modifier) = modifier else {
        return Ok(SqlType::Numeric(BARE_NUMERIC.0, BARE_NUMERIC.1));
    };
    let (precision, scale) = modifier.split_once(',').unwrap_or((modifier, "0"));
    match (precision.trim().parse::<u8>(), scale.trim().parse::<i8>()) {
        (Ok(precision @ 1..=38), Ok(scale)) if scale >= 0 && scale.unsigned_abs() <= precision => {
            Ok(SqlType::Numeric(precision, scale))
        }
        _ => Err(Error::new(
            Kind::InvalidParameterValue,
            format!("numeric({modifier}) is out of range: precision is 1 to 38, scale 0 to the precision"),
        )),
    }
}

fn length(modifier: &str, name: &str) -> Result<u32> {
    match modifier.trim().parse() {
        Ok(length) if length > 0 => Ok(length),
        _ => Err(Error::new(Kind::InvalidParameterValue, format!("length for type {name} must be at least 1"))),
    }
}

fn unknown_type(name: &str) -> Error {
    Error::new(Kind::UndefinedObject, format!("type \"{name}\" does not exist"))
}

impl fmt::Display for SqlType {
    /// PostgreSQL's canonical name, as `format_type` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            SqlType::Bool => "boolean",
            SqlType::Int2 => "smallint",
            SqlType::Int4 => "integer",
            SqlType::Int8 => "bigint",
            SqlType::Float4 => "real",
            SqlType::Float8 => "double precision",
            SqlType::Numeric(precision, scale) if (*precision, *scale) == BARE_NUMERIC => "numeric",
            SqlType::Numeric(precision, scale) => return write!(f, "numeric({precision},{scale})"),
            SqlType::Text => "text",
            SqlType::Varchar(None) => "character varying",
            SqlType::Varchar(Some(length)) => return write!(f, "character varying({length})"),
            SqlType::Bpchar(None) => "bpchar",
            SqlType::Bpchar(Some(length)) => return write!(f, "character({length})"),
            SqlType::Record(_) => RECORD,
            SqlType::Name => "name",
            SqlType::Char => "\"char\"",
            SqlType::Bytea => "bytea",
            SqlType::Uuid => "uuid",
            SqlType::Date => "date",
            SqlType::Time => "time without time zone",
            SqlType::Timestamp => "timestamp without time zone",
            SqlType::Timestamptz => "timestamp with time zone",
            SqlType::Interval => "interval",
            SqlType::Json => "json",
            SqlType::Jsonb => "jsonb",
            SqlType::Jsonpath => "jsonpath",
            SqlType::Tsvector => "tsvector",
            SqlType::Tsquery => "tsquery",
            SqlType::Inet => "inet",
            SqlType::Oid => "oid",
            SqlType::Reg(reg) => reg.name(),
            SqlType::Array(element) => return write!(f, "{element}[]"),
            SqlType::Vector(element) => {
                if **element == SqlType::Oid {
                    "oidvector"
                } else {
                    "int2vector"
                }
            }
        };
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_canonical_name_reads_back() {
        for name in [
            "boolean",
            "smallint",
            "integer",
            "bigint",
            "real",
            "double precision",
            "numeric",
            "numeric(12,2)",
            "text",
            "character varying",
            "character varying(20)",
            "character(20)",
            "bpchar",
            "name",
            "\"char\"",
            "bytea",
            "uuid",
            "date",
            "time without time zone",
            "timestamp without time zone",
            "timestamp with time zone",
            "interval",
            "json",
            "jsonb",
            "jsonpath",
            "tsvector",
            "tsquery",
            "inet",
            "oid",
            "regclass",
            "regproc",
            "oidvector",
            "int2vector",
            "text[]",
        ] {
            let parsed = SqlType::parse(name).unwrap();
            assert_eq!(parsed.to_string(), name);
            assert_eq!(SqlType::of_field(&parsed.field("c", true)), parsed);
            let from_oid = SqlType::from_oid(parsed.oid()).unwrap();
            assert_eq!(from_oid.oid(), parsed.oid());
        }
    }

    #[test]
    fn metadata_that_no_longer_fits_is_ignored() {
        let field = SqlType::Uuid.field("c", true).with_data_type(DataType::Int64);
        assert_eq!(SqlType::of_field(&field), SqlType::Int8);
    }

    #[test]
    fn bad_types_are_refused() {
        assert_eq!(SqlType::parse("money").unwrap_err().sqlstate(), "42704");
        assert_eq!(SqlType::parse("numeric(50,2)").unwrap_err().sqlstate(), "22023");
    }
}
