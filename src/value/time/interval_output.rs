//! Writes an `interval` in PostgreSQL's four styles (version 15, section 8.5.5).

use std::io::Write;

use crate::value::style::IntervalStyle;
use crate::value::time::interval::{Clock, Span};

/// An interval split into the fields it is written in. Each has its own sign; the time's parts share one.
struct Fields {
    years: i64,
    months: i64,
    days: i64,
    time: Clock,
    time_us: i64,
}

/// Writes an interval.
pub(crate) fn write_interval(span: Span, style: IntervalStyle, out: &mut Vec<u8>) {
    let fields = Fields {
        years: i64::from(span.months / 12),
        months: i64::from(span.months % 12),
        days: i64::from(span.days),
        time: Clock::of(span.micros),
        time_us: span.micros,
    };
    // Writing to a vector cannot fail.
    let _ = match style {
        IntervalStyle::Postgres => postgres(&fields, out),
        IntervalStyle::PostgresVerbose => verbose(&fields, out),
        IntervalStyle::SqlStandard => sql_standard(&fields, out),
        IntervalStyle::Iso8601 => iso(&fields, out),
    };
}

/// Seconds with as many digits of their fraction as they need.
fn seconds(time: &Clock, fill: bool, out: &mut Vec<u8>) -> std::io::Result<()> {
    if fill {
        write!(out, "{:02}", time.seconds)?;
    } else {
        write!(out, "{}", time.seconds)?;
    }
    if time.micros > 0 {
        let digits = format!("{:06}", time.micros);
        write!(out, ".{}", digits.trim_end_matches('0'))?;
    }
    Ok(())
}

fn postgres(fields: &Fields, out: &mut Vec<u8>) -> std::io::Result<()> {
    let mut first = true;
    // A positive field after a negative one has a sign, so that it is not taken for negative too.
    let mut after_negative = false;
    for (value, unit) in [(fields.years, "year"), (fields.months, "mon"), (fields.days, "day")] {
        if value == 0 {
            continue;
        }
        let blank = if first { "" } else { " " };
        let plus = if after_negative && value > 0 { "+" } else { "" };
        write!(out, "{blank}{plus}{value} {unit}{}", if value == 1 { "" } else { "s" })?;
        after_negative = value < 0;
        first = false;
    }
    if first || fields.time_us != 0 {
        let blank = if first { "" } else { " " };
        let sign = match (fields.time.negative, after_negative) {
            (true, _) => "-",
            (false, true) => "+",
            (false, false) => "",
        };
        write!(out, "{blank}{sign}{:02}:{:02}:", fields.time.hours, fields.time.minutes)?;
        seconds(&fields.time, true, out)?;
    }
    Ok(())
}

fn verbose(fields: &Fields, out: &mut Vec<u8>) -> std::io::Result<()> {
    let time = &fields.time;
    let signed = |size: u64| {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        if time.negative { -size } else { size }
    };
    out.push(b'@');
    let mut first = true;
    let mut ago = false;
    let units = [
        (fields.years, "year"),
        (fields.months, "mon"),
        (fields.days, "day"),
        (signed(time.hours), "hour"),
        (signed(time.minutes), "min"),
    ];
    for (value, unit) in units {
        if value == 0 {
            continue;
        }
        if first {
            ago = value < 0;
        }
        let value = if ago { -value } else { value };
        write!(out, " {value} {unit}{}", if value == 1 { "" } else { "s" })?;
        first = false;
    }
    if time.seconds != 0 || time.micros != 0 {
        out.push(b' ');
        if first {
            ago = time.negative;
        } else if ago != time.negative {
            out.push(b'-');
        }
        seconds(time, false, out)?;
        write!(out, " sec{}", if time.seconds == 1 && time.micros == 0 { "" } else { "s" })?;
        first = false;
    }
    if first {
        out.extend_from_slice(b" 0");
    }
    if ago {
        out.extend_from_slice(b" ago");
    }
    Ok(())
}

fn sql_standard(fields: &Fields, out: &mut Vec<u8>) -> std::io::Result<()> {
    let all = [fields.years, fields.months, fields.days, fields.time_us];
    let negative = all.iter().any(|value| *value < 0);
    let positive = all.iter().any(|value| *value > 0);
    let year_month = fields.years != 0 || fields.months != 0;
    let day_time = fields.days != 0 || fields.time_us != 0;
    let (years, months, days, time) =
        (fields.years.unsigned_abs(), fields.months.unsigned_abs(), fields.days.unsigned_abs(), &fields.time);
    if !negative && !positive {
        out.push(b'0');
        return Ok(());
    }
    if (negative && positive) || (year_month && day_time) {
        // Such a value is not of the standard, so every field has its own sign.
        let sign = |negative| if negative { '-' } else { '+' };
        let year_sign = sign(fields.years < 0 || fields.months < 0);
        write!(out, "{year_sign}{years}-{months} {}{days} ", sign(fields.days < 0))?;
        write!(out, "{}{}:{:02}:", sign(time.negative), time.hours, time.minutes)?;
        return seconds(time, true, out);
    }
    if negative {
        out.push(b'-');
    }
    if year_month {
        return write!(out, "{years}-{months}");
    }
    if fields.days != 0 {
        write!(out, "{days} ")?;
    }
    write!(out, "{}:{:02}:", time.hours, time.minutes)?;
    seconds(time, true, out)
}

fn iso(fields: &Fields, out: &mut Vec<u8>) -> std::io::Result<()> {
    let time = &fields.time;
    out.push(b'P');
    for (value, unit) in [(fields.years, 'Y'), (fields.months, 'M'), (fields.days, 'D')] {
        if value != 0 {
            write!(out, "{value}{unit}")?;
        }
    }
    if fields.time_us != 0 {
        let sign = if time.negative { "-" } else { "" };
        out.push(b'T');
        for (size, unit) in [(time.hours, 'H'), (time.minutes, 'M')] {
            if size != 0 {
                write!(out, "{sign}{size}{unit}")?;
            }
        }
        if time.seconds != 0 || time.micros != 0 {
            out.extend_from_slice(sign.as_bytes());
            seconds(time, false, out)?;
            out.push(b'S');
        }
    } else if out.last() == Some(&b'P') {
        out.extend_from_slice(b"T0S");
    }
    Ok(())
}
