//! Why a date, time or interval could not be read, and how PostgreSQL words it.

use crate::error::{Error, Kind};

/// What is wrong with a date, time or interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not of any known form.
    Format,
    /// A field is out of its range.
    Overflow,
    /// A month or day is out of its range, perhaps because the order of the fields is another.
    DateOrder,
    /// A field of an interval is out of its range.
    Interval,
    /// An offset from UTC beyond fifteen hours.
    Displacement,
    /// No such time zone.
    Zone(String),
    /// The fields are right, but the type cannot hold the result.
    Range,
}

impl Fault {
    /// The error for this input to this type, named as PostgreSQL names it.
    pub(crate) fn error(self, type_name: &str, input: &str) -> Error {
        match self {
            Fault::Format => {
                Error::new(Kind::InvalidDatetimeFormat, format!("invalid input syntax for type {type_name}: \"{input}\""))
            }
            Fault::Overflow => Error::new(Kind::DatetimeFieldOverflow, format!("date/time field value out of range: \"{input}\"")),
            Fault::DateOrder => Error::new(Kind::DatetimeFieldOverflow, format!("date/time field value out of range: \"{input}\""))
                .with_hint("Perhaps you need a different \"datestyle\" setting."),
            Fault::Interval => Error::new(Kind::IntervalFieldOverflow, format!("interval field value out of range: \"{input}\"")),
            Fault::Displacement => {
                Error::new(Kind::InvalidTimeZoneDisplacement, format!("time zone displacement out of range: \"{input}\""))
            }
            Fault::Zone(name) => Error::new(Kind::InvalidParameterValue, format!("time zone \"{name}\" not recognized")),
            Fault::Range => match type_name {
                "interval" => Error::new(Kind::DatetimeFieldOverflow, "interval out of range"),
                "date" => Error::new(Kind::DatetimeFieldOverflow, format!("date out of range: \"{input}\"")),
                _ => Error::new(Kind::DatetimeFieldOverflow, format!("timestamp out of range: \"{input}\"")),
            },
        }
    }
}
