//! Writes dates, times and timestamps in PostgreSQL's ISO style, and in the style of its JSON functions (version 15, section 8.5.2).

use crate::clock::Micros;
use crate::value::numeric::write_integer;
use crate::value::time::calendar::{
    DATE_INFINITY, DATE_MINUS_INFINITY, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY, US_PER_SECOND, civil_from_days, split_micros,
};
use crate::value::time::zone::Zone;

/// What stands between a date and its time, and how an offset is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `2024-01-05 10:00:00+00`.
    Iso,
    /// `2024-01-05T10:00:00+00:00`, as XML Schema and PostgreSQL's JSON functions have it.
    Json,
}

fn push_two(value: i64, out: &mut Vec<u8>) {
    // Callers pass 0 to 99.
    let value = u8::try_from(value).unwrap_or(0);
    out.extend_from_slice(&[b'0' + value / 10, b'0' + value % 10]);
}

/// Writes the day without its era, and answers whether it is before Christ.
fn push_day(days: i64, out: &mut Vec<u8>) -> bool {
    let day = civil_from_days(days);
    let before_christ = day.year <= 0;
    let year = i64::from(if before_christ { 1 - day.year } else { day.year });
    if year < 10_000 {
        push_two(year / 100, out);
        push_two(year % 100, out);
    } else {
        write_integer(year, out);
    }
    out.push(b'-');
    push_two(i64::from(day.month), out);
    out.push(b'-');
    push_two(i64::from(day.day), out);
    before_christ
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
pub(crate) fn write_date(days: i32, out: &mut Vec<u8>) {
    match days {
        DATE_INFINITY => out.extend_from_slice(b"infinity"),
        DATE_MINUS_INFINITY => out.extend_from_slice(b"-infinity"),
        _ => {
            if push_day(i64::from(days), out) {
                out.extend_from_slice(b" BC");
            }
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
    let before_christ = push_day(days, out);
    out.push(match form {
        Form::Iso => b' ',
        Form::Json => b'T',
    });
    write_time(of_day, out);
    if let Some(offset) = offset {
        push_offset(offset, form, out);
    }
    if before_christ {
        out.extend_from_slice(b" BC");
    }
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
