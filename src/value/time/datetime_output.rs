//! Writes dates, times and timestamps in PostgreSQL's styles, and in that of its JSON functions (version 15, section 8.5.2).

use crate::clock::Micros;
use crate::value::numeric::write_integer;
use crate::value::style::{DateOrder, DateOutput, Style};
use crate::value::time::calendar::{
    DATE_INFINITY, DATE_MINUS_INFINITY, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY, US_PER_SECOND, civil_from_days, split_micros,
};
use crate::value::time::zone::Zone;

/// How a date stands before its time, and how an offset is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `2024-01-05 10:00:00+00`.
    Iso,
    /// `2024-01-05T10:00:00+00:00`, as XML Schema and PostgreSQL's JSON functions have it.
    Json,
    /// `01/05/2024 10:00:00 UTC`, the day before the month if asked for.
    Sql { day_first: bool },
    /// `Fri Jan 05 10:00:00 2024 UTC`, the day before the month if asked for; a date alone is `01-05-2024`.
    Postgres { day_first: bool },
    /// `05.01.2024 10:00:00 UTC`.
    German,
}

impl Form {
    /// The form that a session's `DateStyle` asks for.
    pub(crate) fn of(style: &Style) -> Form {
        let day_first = style.date_order == DateOrder::Dmy;
        match style.date_output {
            DateOutput::Iso => Form::Iso,
            DateOutput::Sql => Form::Sql { day_first },
            DateOutput::Postgres => Form::Postgres { day_first },
            DateOutput::German => Form::German,
        }
    }
}

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn push_two(value: i64, out: &mut Vec<u8>) {
    // Callers pass 0 to 99.
    let value = u8::try_from(value).unwrap_or(0);
    out.extend_from_slice(&[b'0' + value / 10, b'0' + value % 10]);
}

/// A day as styles write it: its year counted from the era's beginning, and whether that is the one before Christ.
struct Shown {
    year: i64,
    month: u32,
    day: u32,
    before_christ: bool,
}

impl Shown {
    fn new(days: i64) -> Shown {
        let day = civil_from_days(days);
        let before_christ = day.year <= 0;
        let year = i64::from(if before_christ { 1 - day.year } else { day.year });
        Shown { year, month: day.month, day: day.day, before_christ }
    }

    fn push_year(&self, out: &mut Vec<u8>) {
        if self.year < 10_000 {
            push_two(self.year / 100, out);
            push_two(self.year % 100, out);
        } else {
            write_integer(self.year, out);
        }
    }

    /// Writes day and month in this order, or the other way round, with this between them.
    fn push_day_and_month(&self, day_first: bool, between: u8, out: &mut Vec<u8>) {
        let (first, second) = if day_first { (self.day, self.month) } else { (self.month, self.day) };
        push_two(i64::from(first), out);
        out.push(between);
        push_two(i64::from(second), out);
    }

    /// Writes the whole day but for its era.
    fn push(&self, form: Form, out: &mut Vec<u8>) {
        match form {
            Form::Iso | Form::Json => {
                self.push_year(out);
                out.push(b'-');
                self.push_day_and_month(false, b'-', out);
            }
            Form::Sql { day_first } => self.push_numbers(day_first, b'/', out),
            Form::Postgres { day_first } => self.push_numbers(day_first, b'-', out),
            Form::German => self.push_numbers(true, b'.', out),
        }
    }

    fn push_numbers(&self, day_first: bool, between: u8, out: &mut Vec<u8>) {
        self.push_day_and_month(day_first, between, out);
        out.push(between);
        self.push_year(out);
    }

    fn push_era(&self, out: &mut Vec<u8>) {
        if self.before_christ {
            out.extend_from_slice(b" BC");
        }
    }
}

/// Writes a time of day, its fraction without trailing zeros.
pub(crate) fn write_time(us: Micros, out: &mut Vec<u8>) {
    let seconds = us / US_PER_SECOND;
    push_two(seconds / 3600, out);
    out.push(b':');
    push_two(seconds / 60 % 60, out);
    out.push(b':');
    push_two(seconds % 60, out);
    let mut part = us % US_PER_SECOND;
    if part == 0 {
        return;
    }
    let mut digits = 6;
    while part % 10 == 0 {
        part /= 10;
        digits -= 1;
    }
    out.push(b'.');
    let end = out.len() + digits;
    out.resize(end, b'0');
    for digit in out.iter_mut().rev().take(digits) {
        *digit = b'0' + u8::try_from(part % 10).unwrap_or(0);
        part /= 10;
    }
}

/// Writes a date, given in days since 1970.
pub(crate) fn write_date(days: i32, form: Form, out: &mut Vec<u8>) {
    match days {
        DATE_INFINITY => out.extend_from_slice(b"infinity"),
        DATE_MINUS_INFINITY => out.extend_from_slice(b"-infinity"),
        _ => {
            let day = Shown::new(i64::from(days));
            day.push(form, out);
            day.push_era(out);
        }
    }
}

/// Writes a timestamp without a zone.
pub(crate) fn write_timestamp(us: Micros, form: Form, out: &mut Vec<u8>) {
    write_moment(us, None, form, out);
}

/// Writes a timestamp as a zone's local time with its offset.
pub(crate) fn write_timestamptz(us: Micros, zone: Zone, form: Form, out: &mut Vec<u8>) {
    write_moment(us, Some(zone), form, out);
}

fn write_moment(us: Micros, zone: Option<Zone>, form: Form, out: &mut Vec<u8>) {
    match us {
        TIMESTAMP_INFINITY => return out.extend_from_slice(b"infinity"),
        TIMESTAMP_MINUS_INFINITY => return out.extend_from_slice(b"-infinity"),
        _ => {}
    }
    let offset = zone.map(|zone| i64::from(zone.offset_at(us)));
    // The offset is added to the split parts, because at the ends of the range the sum would not fit.
    let (mut days, mut of_day) = split_micros(us);
    of_day += offset.unwrap_or(0) * US_PER_SECOND;
    let (carried, of_day) = split_micros(of_day);
    days += carried;
    let day = Shown::new(days);
    match form {
        Form::Iso | Form::Json | Form::Sql { .. } | Form::German => {
            day.push(form, out);
            out.push(if form == Form::Json { b'T' } else { b' ' });
            write_time(of_day, out);
        }
        Form::Postgres { day_first } => {
            // 1970 began on a Thursday.
            out.extend_from_slice(named(&WEEKDAYS, (days + 4).rem_euclid(7)));
            let month = named(&MONTHS, i64::from(day.month) - 1);
            out.push(b' ');
            if day_first {
                push_two(i64::from(day.day), out);
                out.push(b' ');
                out.extend_from_slice(month);
            } else {
                out.extend_from_slice(month);
                out.push(b' ');
                push_two(i64::from(day.day), out);
            }
            out.push(b' ');
            write_time(of_day, out);
            out.push(b' ');
            day.push_year(out);
        }
    }
    match (form, zone, offset) {
        (Form::Iso | Form::Json, _, Some(offset)) => push_offset(offset, form, out),
        (Form::Sql { .. } | Form::Postgres { .. } | Form::German, Some(zone), _) => {
            out.push(b' ');
            out.extend_from_slice(zone.abbreviation_at(us).as_bytes());
        }
        (_, None, _) | (_, _, None) => {}
    }
    day.push_era(out);
}

fn named(names: &[&'static str], at: i64) -> &'static [u8] {
    usize::try_from(at).ok().and_then(|at| names.get(at)).map_or(&[], |name| name.as_bytes())
}

fn push_offset(offset: i64, form: Form, out: &mut Vec<u8>) {
    out.push(if offset < 0 { b'-' } else { b'+' });
    let size = offset.abs();
    push_two(size / 3600, out);
    let (minutes, seconds) = (size / 60 % 60, size % 60);
    if minutes != 0 || seconds != 0 || form == Form::Json {
        out.push(b':');
        push_two(minutes, out);
    }
    if seconds != 0 {
        out.push(b':');
        push_two(seconds, out);
    }
}
