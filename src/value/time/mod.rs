//! When is a moment, and how long is a span? Dates, times, timestamps, intervals and time zones, read and written as PostgreSQL does.
//!
//! Words: a *moment* is what a text such as `2024-01-05 10:00 PST` or `tomorrow` means. A *span* is an interval: months, days and
//! microseconds, which cannot be converted into one another. A *token* is a run of letters or digits of a text before its meaning is
//! known. A *fault* is why a text could not be read. Days are counted from 1970-01-01, times in microseconds.

pub(crate) mod abbreviation;
pub(crate) mod calendar;
pub(crate) mod datetime;
pub(crate) mod datetime_output;
mod fault;
mod fields;
pub(crate) mod interval;
mod interval_iso;
pub(crate) mod interval_output;
mod iso;
pub(crate) mod keyword;
mod posix;
pub(crate) mod token;
pub(crate) mod zone;
