//! Reads values in PostgreSQL's wire form, as its receive functions do: parameters in binary format and binary COPY.

use crate::error::{Error, Kind, Result};
use crate::value::builder::{ColumnBuilder, Lists, Values, append_bytes, append_uuid, month_day_nano};
use crate::value::inet::Inet;
use crate::value::time::calendar::{
    DATE_INFINITY, DATE_MINUS_INFINITY, DAYS_TO_2000, FIRST_DAY, FIRST_TIMESTAMP, LAST_DATE, TIMESTAMP_INFINITY,
    TIMESTAMP_MINUS_INFINITY, US_PER_DAY, US_TO_2000,
};
use crate::value::time::interval::Span;
use crate::value::{json, jsonpath, numeric, scalar};

/// The version of the wire form of `jsonb`: a byte before its text.
pub(crate) const JSONB_VERSION: u8 = 1;

/// Of an array (PostgreSQL's MAXDIM).
const DIMENSIONS_MAX: i32 = 6;

/// Of an array (PostgreSQL's MaxArraySize).
const ELEMENTS_MAX: i32 = 134_217_727;

fn malformed() -> Error {
    Error::new(Kind::InvalidBinaryRepresentation, "incorrect binary data format")
}

/// Bytes that end before the value does are a broken message to PostgreSQL, not a bad value.
fn cut_off() -> Error {
    Error::new(Kind::ProtocolViolation, "insufficient data left in message")
}

fn exact<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| if bytes.len() < N { cut_off() } else { malformed() })
}

/// Text as UTF-8 without a zero byte.
///
/// # Errors
/// 22021, worded as PostgreSQL words it.
pub fn checked_text(bytes: &[u8]) -> Result<&str> {
    let invalid = |bytes: &[u8]| {
        let shown: Vec<String> = bytes.iter().map(|byte| format!("0x{byte:02x}")).collect();
        Error::new(Kind::CharacterNotInRepertoire, format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" ")))
    };
    match std::str::from_utf8(bytes) {
        Ok(text) if !bytes.contains(&0) => Ok(text),
        Ok(_) => Err(invalid(&[0])),
        Err(fault) => {
            let rest = bytes.get(fault.valid_up_to()..).unwrap_or_default();
            // PostgreSQL shows as many bytes as the first one promises.
            let promised = match rest.first() {
                Some(0xc0..=0xdf) => 2,
                Some(0xe0..=0xef) => 3,
                Some(0xf0..=0xf7) => 4,
                _ => 1,
            };
            Err(invalid(rest.get(..promised.min(rest.len())).unwrap_or_default()))
        }
    }
}

/// A wire timestamp, microseconds since 2000, as microseconds since 1970.
fn timestamp(bytes: &[u8]) -> Result<i64> {
    let out_of_range = || Error::new(Kind::DatetimeFieldOverflow, "timestamp out of range");
    match i64::from_be_bytes(exact(bytes)?) {
        i64::MAX => Ok(TIMESTAMP_INFINITY),
        i64::MIN => Ok(TIMESTAMP_MINUS_INFINITY),
        since_2000 => match since_2000.checked_add(US_TO_2000) {
            Some(us) if (FIRST_TIMESTAMP..TIMESTAMP_INFINITY).contains(&us) => Ok(us),
            _ => Err(out_of_range()),
        },
    }
}

fn date(bytes: &[u8]) -> Result<i32> {
    match i32::from_be_bytes(exact(bytes)?) {
        i32::MAX => Ok(DATE_INFINITY),
        i32::MIN => Ok(DATE_MINUS_INFINITY),
        since_2000 => {
            let days = i64::from(since_2000) + DAYS_TO_2000;
            i32::try_from(days)
                .ok()
                .filter(|_| (FIRST_DAY..=LAST_DATE).contains(&days))
                .ok_or_else(|| Error::new(Kind::DatetimeFieldOverflow, "date out of range"))
        }
    }
}

fn time(bytes: &[u8]) -> Result<i64> {
    let us = i64::from_be_bytes(exact(bytes)?);
    if (0..=US_PER_DAY).contains(&us) { Ok(us) } else { Err(Error::new(Kind::DatetimeFieldOverflow, "time out of range")) }
}

fn interval(bytes: &[u8]) -> Result<Span> {
    let bytes: [u8; 16] = exact(bytes)?;
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = bytes;
    let micros = i64::from_be_bytes([a, b, c, d, e, f, g, h]);
    if micros.checked_mul(1_000).is_none() {
        return Err(Error::new(Kind::DatetimeFieldOverflow, "interval out of range"));
    }
    Ok(Span { months: i32::from_be_bytes([m, n, o, p]), days: i32::from_be_bytes([i, j, k, l]), micros })
}

impl ColumnBuilder {
    /// Appends a value in PostgreSQL's wire form.
    ///
    /// # Errors
    /// 08P01 for too few bytes, 22P03 for bytes that are no value of the type, else those of [`ColumnBuilder::append_text`].
    pub fn append_binary(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.values {
            Values::Bool(values) => values.append_value(exact::<1>(bytes)? != [0]),
            Values::Int2(values) => values.append_value(i16::from_be_bytes(exact(bytes)?)),
            Values::Int4(values) => values.append_value(i32::from_be_bytes(exact(bytes)?)),
            Values::Int8(values) => values.append_value(i64::from_be_bytes(exact(bytes)?)),
            Values::Float4(values) => values.append_value(f32::from_be_bytes(exact(bytes)?)),
            Values::Float8(values) => values.append_value(f64::from_be_bytes(exact(bytes)?)),
            Values::Numeric { values, precision, scale } => {
                self.scratch.clear();
                numeric::text_of_binary(bytes, &mut self.scratch)
                    .ok_or_else(|| if numeric::is_cut_off(bytes) { cut_off() } else { malformed() })?;
                values.append_value(numeric::numeric(&self.scratch, *precision, *scale)?);
            }
            Values::Text(values) => values.append_value(checked_text(bytes)?),
            Values::Varchar { values, limit } => values.append_value(scalar::varchar(checked_text(bytes)?, *limit)?),
            Values::Bpchar { values, limit } => values.append_value(scalar::bpchar(checked_text(bytes)?, *limit)?),
            Values::Name(values) => values.append_value(scalar::name(checked_text(bytes)?)),
            Values::Char(values) => values.append_value(scalar::char_text(exact::<1>(bytes)?[0])),
            Values::Uuid(values) => append_uuid(values, exact(bytes)?),
            Values::Json(values) => {
                let text = checked_text(bytes)?;
                json::validate(text)?;
                values.append_value(text);
            }
            Values::Jsonb { values, canonical } => {
                let text = match bytes {
                    [JSONB_VERSION, text @ ..] => checked_text(text)?,
                    [version, ..] => {
                        return Err(Error::new(
                            Kind::InvalidBinaryRepresentation,
                            format!("unsupported jsonb version number {version}"),
                        ));
                    }
                    [] => return Err(malformed()),
                };
                self.scratch.clear();
                canonical.append(text, &mut self.scratch)?;
                values.append_value(&self.scratch);
            }
            Values::Tsvector(_) | Values::Tsquery(_) => {
                let error = Error::new(Kind::FeatureNotSupported, format!("the binary form of {} is not read", self.sql_type()));
                return Err(error.with_hint("Send it as text."));
            }
            Values::Jsonpath(values) => match bytes {
                [JSONB_VERSION, text @ ..] => values.append_value(jsonpath::parse(checked_text(text)?)?.to_string()),
                [version, ..] => {
                    return Err(Error::new(Kind::InternalError, format!("unsupported jsonpath version number: {version}")));
                }
                [] => return Err(malformed()),
            },
            Values::Inet(values) => values.append_value(Inet::of_binary(bytes).ok_or_else(malformed)?.text()),
            Values::Bytea { values, .. } => append_bytes(values, bytes)?,
            Values::Date(values) => values.append_value(date(bytes)?),
            Values::Time(values) => values.append_value(time(bytes)?),
            Values::Timestamp(values) | Values::Timestamptz(values) => values.append_value(timestamp(bytes)?),
            Values::Interval(values) => values.append_value(month_day_nano(interval(bytes)?)),
            Values::Oid(values) | Values::Reg { values, .. } => values.append_value(u32::from_be_bytes(exact(bytes)?)),
            Values::Array(lists) => lists.append_binary(bytes)?,
        }
        Ok(())
    }
}

/// The bytes of an array that are still to be read.
struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    fn next(&mut self) -> Result<i32> {
        let (word, rest) = self.0.split_first_chunk::<4>().ok_or_else(cut_off)?;
        self.0 = rest;
        Ok(i32::from_be_bytes(*word))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(cut_off)?;
        self.0 = rest;
        Ok(taken)
    }
}

impl Lists {
    /// Reads dimensions, whether there are NULLs, the element's type, length and lower bound, then each element with its length.
    fn append_binary(&mut self, bytes: &[u8]) -> Result<()> {
        let mut words = Words(bytes);
        let dimensions = words.next()?;
        if dimensions > DIMENSIONS_MAX {
            return Err(Error::new(
                Kind::ProgramLimitExceeded,
                format!("number of array dimensions ({dimensions}) exceeds the maximum allowed ({DIMENSIONS_MAX})"),
            ));
        }
        let flags = words.next()?;
        let element = words.next()?.cast_unsigned();
        if !(0..=1).contains(&flags) {
            return Err(malformed());
        }
        if element != self.element.oid() {
            return Err(Error::new(
                Kind::DatatypeMismatch,
                format!(
                    "binary data has array element type {element} instead of expected {} ({})",
                    self.element.oid(),
                    self.element
                ),
            ));
        }
        match dimensions {
            0 => {}
            1 => {
                let count = words.next()?;
                if !(0..=ELEMENTS_MAX).contains(&count) {
                    return Err(Error::new(
                        Kind::ProgramLimitExceeded,
                        format!("array size exceeds the maximum allowed ({ELEMENTS_MAX})"),
                    ));
                }
                if words.next()? != i32::from(!self.vector) {
                    return Err(Error::new(Kind::FeatureNotSupported, "only arrays that begin at 1 are supported"));
                }
                for _ in 0..count {
                    match words.next()? {
                        -1 => self.elements.append_null(),
                        length => {
                            let length = usize::try_from(length).map_err(|_| malformed())?;
                            self.elements.append_binary(words.take(length)?)?;
                        }
                    }
                }
            }
            _ => return Err(Error::new(Kind::FeatureNotSupported, "arrays of more than one dimension are not supported")),
        }
        if !words.0.is_empty() {
            return Err(malformed());
        }
        self.check_room()?;
        self.end_row(true);
        Ok(())
    }
}
