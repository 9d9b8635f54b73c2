//! The settings of a session that change how a value is read or written, with PostgreSQL's defaults.
//!
//! A style is plain data that is copied into every reader and writer of values, so that a statement reads and writes all of its
//! values by one time zone and one idea of "now".

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::clock::Micros;
use crate::value::reg::Names;
use crate::value::time::zone::Zone;

/// How values are read from text and written as text (PostgreSQL 15, section 20.11.2 and 20.11.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// `TimeZone`: in which zone a `timestamptz` is written, and read when it names no zone itself.
    pub timezone: Zone,
    /// The first half of `DateStyle`: how dates and timestamps are written.
    pub date_output: DateOutput,
    /// The second half of `DateStyle`: how `1/2/2024` is read, and which of day and month is written first.
    pub date_order: DateOrder,
    /// `IntervalStyle`.
    pub interval_style: IntervalStyle,
    /// `bytea_output`.
    pub bytea_output: ByteaOutput,
    /// `extra_float_digits`: above 0 floats are written in the fewest digits that read back the same (the default, 1); otherwise
    /// in 15 (`double precision`) or 6 (`real`) digits plus this number, which is then 0 or negative.
    pub extra_float_digits: i32,
    /// What `now`, `today`, `tomorrow` and `yesterday` mean: the start of the transaction.
    pub now: Now,
    /// By which names the `reg…` types know the catalog's objects.
    pub names: Names,
}

/// The order of the fields of an ambiguous date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateOrder {
    #[default]
    Mdy,
    Dmy,
    Ymd,
}

/// How a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateOutput {
    /// `2024-01-05 10:00:00+00`.
    #[default]
    Iso,
    /// `01/05/2024 10:00:00 UTC`.
    Sql,
    /// `Fri Jan 05 10:00:00 2024 UTC`.
    Postgres,
    /// `05.01.2024 10:00:00 UTC`.
    German,
}

/// How an interval is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IntervalStyle {
    /// `1 year 2 mons 3 days 04:05:06`.
    #[default]
    Postgres,
    /// `@ 1 year 2 mons 3 days 4 hours 5 mins 6 secs`.
    PostgresVerbose,
    /// `+1-2 +3 +4:05:06`.
    SqlStandard,
    /// `P1Y2M3DT4H5M6S`.
    Iso8601,
}

/// How a `bytea` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ByteaOutput {
    /// `\x` and two digits a byte.
    #[default]
    Hex,
    /// Printable ASCII as it is, other bytes as `\ooo`.
    Escape,
}

impl Default for Style {
    /// PostgreSQL's defaults in UTC; "now" is 1970 until [`Style::at`] says otherwise.
    fn default() -> Self {
        Style {
            timezone: Zone::UTC,
            date_output: DateOutput::default(),
            date_order: DateOrder::default(),
            interval_style: IntervalStyle::default(),
            bytea_output: ByteaOutput::default(),
            extra_float_digits: 1,
            now: Now::default(),
            names: Names::default(),
        }
    }
}

impl Style {
    /// The same style at another "now".
    #[must_use]
    pub fn at(mut self, now_us: Micros) -> Self {
        self.now = Now::at(now_us);
        self
    }
}

/// What the time is, and whether anybody has asked. All copies of one know of each other's being asked, so that whoever made a style for a
/// statement can tell afterwards whether the statement depends on the time, in whatever way it came to ask.
#[derive(Debug, Clone, Default)]
pub struct Now {
    us: Micros,
    asked: Arc<AtomicBool>,
}

impl PartialEq for Now {
    fn eq(&self, other: &Self) -> bool {
        self.us == other.us
    }
}

impl Now {
    /// This instant, which nobody has asked for yet.
    pub fn at(us: Micros) -> Now {
        Now { us, asked: Arc::default() }
    }

    /// The instant in microseconds since 1970 UTC, for something that depends on it.
    pub fn us(&self) -> Micros {
        // Whoever looks has waited for the work to end, which orders all that it wrote.
        self.asked.store(true, Ordering::Relaxed);
        self.us
    }

    /// The same for who hands it on, of which nothing follows yet.
    pub fn unasked_us(&self) -> Micros {
        self.us
    }

    /// Whether something depends on it.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}
