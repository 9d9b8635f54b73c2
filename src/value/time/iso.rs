//! The fast path for dates and times in ISO 8601's usual shape, on bytes and without tokens.
//!
//! Whatever is not exactly `YYYY-MM-DD`, `HH:MM[:SS[.f]]` or both joined by a blank or `T`, with an offset or `Z` or nothing behind,
//! and whatever is out of range, is left to the general reader, which also words the error.

use crate::clock::Micros;
use crate::value::time::calendar::{US_PER_DAY, US_PER_SECOND, days_from_civil, days_in_month};

/// Two digits at an index.
fn two(bytes: &[u8], at: usize) -> Option<u32> {
    match bytes.get(at..at + 2)? {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    }
}

/// `YYYY-MM-DD` and nothing behind, in days since 1970.
pub(crate) fn iso_date(bytes: &[u8]) -> Option<i32> {
    if bytes.len() != 10 {
        return None;
    }
    date_at_start(bytes).and_then(|days| i32::try_from(days).ok())
}

fn date_at_start(bytes: &[u8]) -> Option<i64> {
    let year = two(bytes, 0)? * 100 + two(bytes, 2)?;
    let month = two(bytes, 5)?;
    let day = two(bytes, 8)?;
    if bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') || year == 0 || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let year = i32::try_from(year).ok()?;
    if day > days_in_month(year, month) {
        return None;
    }
    Some(days_from_civil(year, month, day))
}

/// `HH:MM[:SS[.ffffff]]` at the start: microseconds of the day and how many bytes it took.
fn time_at_start(bytes: &[u8]) -> Option<(Micros, usize)> {
    let hour = two(bytes, 0)?;
    let minute = two(bytes, 3)?;
    if bytes.get(2) != Some(&b':') || hour > 23 || minute > 59 {
        return None;
    }
    let minutes_us = i64::from(hour * 60 + minute) * 60 * US_PER_SECOND;
    if bytes.get(5) != Some(&b':') {
        // `mm:ss.fff` is something else.
        return if bytes.get(5) == Some(&b'.') { None } else { Some((minutes_us, 5)) };
    }
    let second = two(bytes, 6)?;
    if second > 59 {
        return None;
    }
    let us = minutes_us + i64::from(second) * US_PER_SECOND;
    if bytes.get(8) != Some(&b'.') {
        return Some((us, 8));
    }
    let mut micros = 0_i64;
    let mut digits = 0;
    while let Some(digit @ b'0'..=b'9') = bytes.get(9 + digits) {
        micros = micros * 10 + i64::from(digit - b'0');
        digits += 1;
        if digits > 6 {
            return None;
        }
    }
    for _ in digits..6 {
        micros *= 10;
    }
    Some((us + micros, 9 + digits))
}

/// A time of day and nothing behind, in microseconds since midnight.
pub(crate) fn iso_time(bytes: &[u8]) -> Option<Micros> {
    match time_at_start(bytes)? {
        (us, used) if used == bytes.len() => Some(us),
        _ => None,
    }
}

/// A date, or a date and a time: local microseconds since 1970, and the offset in seconds east where the text names one.
pub(crate) fn iso_timestamp(bytes: &[u8]) -> Option<(Micros, Option<i32>)> {
    let days_us = date_at_start(bytes)? * US_PER_DAY;
    if bytes.len() == 10 {
        return Some((days_us, None));
    }
    if !matches!(bytes.get(10), Some(b' ' | b'T' | b't')) {
        return None;
    }
    let clock = bytes.get(11..)?;
    let (time_us, used) = time_at_start(clock)?;
    let zone = clock.get(used..)?;
    let offset = match zone {
        [] => None,
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), digits @ ..] => {
            let size = match digits.len() {
                2 => two(digits, 0)? * 3600,
                4 => two(digits, 0)? * 3600 + sixty(two(digits, 2)?)? * 60,
                5 if digits.get(2) == Some(&b':') => two(digits, 0)? * 3600 + sixty(two(digits, 3)?)? * 60,
                _ => return None,
            };
            if size >= 16 * 3600 {
                return None;
            }
            let size = i32::try_from(size).ok()?;
            Some(if *sign == b'-' { -size } else { size })
        }
        _ => return None,
    };
    Some((days_us + time_us, offset))
}

fn sixty(minutes: u32) -> Option<u32> {
    (minutes < 60).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_shapes() {
        assert_eq!(iso_date(b"1970-01-02"), Some(1));
        assert_eq!(iso_time(b"00:00:01.5"), Some(1_500_000));
        assert_eq!(iso_time(b"23:59"), Some(86_340_000_000));
        assert_eq!(iso_timestamp(b"1970-01-01T00:00:01Z"), Some((1_000_000, Some(0))));
        assert_eq!(iso_timestamp(b"1970-01-01 00:00:00.000001+02:30"), Some((1, Some(9_000))));
        assert_eq!(iso_timestamp(b"1970-01-01 00:00:00-0800"), Some((0, Some(-28_800))));
        assert_eq!(iso_timestamp(b"1970-01-02"), Some((US_PER_DAY, None)));
    }

    #[test]
    fn everything_else_is_left_to_the_general_reader() {
        for odd in ["2023-02-29", "0000-01-01", "2024-13-01", "2024-1-1", "12024-01-01", "2024-01-01x"] {
            assert_eq!(iso_date(odd.as_bytes()), None, "{odd}");
        }
        for odd in ["24:00:00", "10:20.5", "10:20:60", "10:20:30.1234567", "1:00"] {
            assert_eq!(iso_time(odd.as_bytes()), None, "{odd}");
        }
        for odd in ["2024-01-01 10:00 UTC", "2024-01-01 10:00+16", "2024-01-01 10:00+0", "2024-01-01  10:00", "2024-01-01 "] {
            assert_eq!(iso_timestamp(odd.as_bytes()), None, "{odd}");
        }
    }
}
