//! What values a setting can have, how they are written down, and how they are shown (PostgreSQL 15, section 20.1.1).

use crate::error::{Error, Kind, Result};
use crate::value::Zone;

/// Encodings that PostgreSQL knows and Annals does not convert to.
const FOREIGN_ENCODINGS: [&str; 12] =
    ["latin1", "iso88591", "latin9", "iso885915", "win1252", "windows1252", "win1251", "eucjp", "sjis", "gbk", "gb18030", "big5"];

/// Characters of a name that is shown to others.
const PRINTABLE_MAX: usize = 63;

/// How a setting's values are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum Form {
    /// Never changes.
    Fixed,
    /// Decided when the server starts.
    Restart,
    /// A short text that is shown to others: what is not printable ASCII becomes a question mark.
    Printable,
    Switch,
    Integer {
        low: i64,
        high: i64,
    },
    /// A number that is at least this.
    Real {
        low: i32,
    },
    /// A time, with or without a unit, kept in milliseconds.
    Milliseconds {
        low: i64,
    },
    /// An amount of memory, with or without a unit, kept in kilobytes.
    Kilobytes {
        low: i64,
    },
    /// An amount of data, with or without a unit, kept in bytes.
    Bytes,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of names.
    Names,
    SearchConfig,
    Encoding,
    TimeZone,
    DateStyle,
    Role,
    Authorization,
    /// A setting of the user's own, `prefix.name`.
    Custom,
}

const TIMES: [(&str, f64); 6] = [("us", 0.001), ("ms", 1.0), ("s", 1e3), ("min", 6e4), ("h", 3.6e6), ("d", 8.64e7)];
const SIZES: [(&str, f64); 5] = [("B", 1.0 / 1024.0), ("kB", 1.0), ("MB", 1024.0), ("GB", 1_048_576.0), ("TB", 1_073_741_824.0)];

const BYTES: [(&str, f64); 5] =
    [("B", 1.0), ("kB", 1024.0), ("MB", 1_048_576.0), ("GB", 1_073_741_824.0), ("TB", 1_099_511_627_776.0)];

/// The largest number that a setting of whole numbers holds.
pub(super) const INTEGER_MAX: i64 = i32::MAX as i64;
/// The largest amount of data that a setting holds: a number that a float holds exactly.
const BYTES_MAX: i64 = 1 << 50;

impl Form {
    /// The values of a SET as one text.
    ///
    /// # Errors
    /// 22023 for several values of a setting that takes one.
    pub(super) fn joined(self, name: &str, values: &[String]) -> Result<String> {
        match (self, values) {
            (Form::Names, values) => Ok(values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", ")),
            (Form::DateStyle, values) => Ok(values.join(", ")),
            (_, [only]) => Ok(only.clone()),
            (_, _) => Err(Error::new(Kind::InvalidParameterValue, format!("SET {name} takes only one argument"))),
        }
    }

    /// The value that is kept for a text.
    ///
    /// # Errors
    /// 22023 for a value that the setting cannot have, 55P02 for a setting that cannot be changed, 0A000 for one that PostgreSQL
    /// has and Annals does not.
    pub(super) fn checked(self, name: &str, asked: &str, current: &str) -> Result<String> {
        let invalid = || Error::new(Kind::InvalidParameterValue, format!("invalid value for parameter \"{name}\": \"{asked}\""));
        match self {
            Form::Fixed => Err(Error::new(Kind::CantChangeRuntimeParam, format!("parameter \"{name}\" cannot be changed"))),
            Form::Restart => Err(Error::new(
                Kind::CantChangeRuntimeParam,
                format!("parameter \"{name}\" cannot be changed without restarting the server"),
            )),
            Form::Printable => {
                let shown = |c: char| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' };
                Ok(asked.chars().take(PRINTABLE_MAX).map(shown).collect())
            }
            Form::Custom => Ok(asked.to_owned()),
            Form::Switch => switch(asked)
                .map(|on| if on { "on" } else { "off" }.to_owned())
                .ok_or_else(|| Error::new(Kind::InvalidParameterValue, format!("parameter \"{name}\" requires a Boolean value"))),
            Form::Integer { low, high } => whole(name, asked, &[], "", low, high).transpose().unwrap_or_else(|| Err(invalid())),
            Form::Milliseconds { low } => whole(name, asked, &TIMES, "ms", low, INTEGER_MAX)
                .transpose()
                .unwrap_or_else(|| Err(with_units(invalid(), asked, "\"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\""))),
            Form::Kilobytes { low } => whole(name, asked, &SIZES, "kB", low, INTEGER_MAX)
                .transpose()
                .unwrap_or_else(|| Err(with_units(invalid(), asked, "\"B\", \"kB\", \"MB\", \"GB\", and \"TB\""))),
            Form::Bytes => whole(name, asked, &BYTES, "B", 0, BYTES_MAX)
                .transpose()
                .unwrap_or_else(|| Err(with_units(invalid(), asked, "\"B\", \"kB\", \"MB\", \"GB\", and \"TB\""))),
            Form::Real { low } => match asked.trim().parse::<f64>() {
                Ok(number) if number.is_finite() && number >= f64::from(low) => Ok(number.to_string()),
                Ok(_) | Err(_) => Err(invalid()),
            },
            Form::OneOf(words) => one_of(words, asked)
                .ok_or_else(|| invalid().with_hint(format!("Available values: {}.", words.join(", ").trim_start_matches(", ")))),
            Form::Names => names(asked).map(|_| asked.to_owned()).ok_or_else(|| invalid().with_detail("List syntax is invalid.")),
            Form::SearchConfig => match asked.to_ascii_lowercase().as_str() {
                "simple" | "pg_catalog.simple" => Ok("pg_catalog.simple".to_owned()),
                _ => Err(invalid().with_hint("Available values: simple.")),
            },
            Form::Encoding => encoding(name, asked),
            Form::TimeZone => time_zone(asked).ok_or_else(invalid),
            Form::DateStyle => date_style(asked, current).map_err(|because| invalid().with_detail(because)),
            Form::Role | Form::Authorization => {
                if asked == current || self == Form::Role && asked.eq_ignore_ascii_case("none") {
                    return Ok(asked.to_ascii_lowercase());
                }
                Err(Error::new(Kind::FeatureNotSupported, format!("changing \"{name}\" is not supported"))
                    .with_hint("Connect as the role that you want to be."))
            }
        }
    }

    /// A kept value with the unit that says it shortest, as SHOW writes it.
    pub(super) fn shown(self, kept: &str) -> String {
        let units: &[(&str, i64)] = match self {
            Form::Milliseconds { .. } => &[("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)],
            Form::Kilobytes { .. } => &[("TB", 1 << 30), ("GB", 1 << 20), ("MB", 1 << 10), ("kB", 1)],
            Form::Bytes => &[("TB", 1 << 40), ("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10), ("B", 1)],
            Form::Fixed
            | Form::Restart
            | Form::Printable
            | Form::Switch
            | Form::Integer { .. }
            | Form::Real { .. }
            | Form::OneOf(_)
            | Form::Names
            | Form::SearchConfig
            | Form::Encoding
            | Form::TimeZone
            | Form::DateStyle
            | Form::Role
            | Form::Authorization
            | Form::Custom => return kept.to_owned(),
        };
        match kept.parse::<i64>() {
            Ok(number) if number > 0 => units
                .iter()
                .find(|(_, size)| number % size == 0)
                .map_or_else(|| kept.to_owned(), |(unit, size)| format!("{}{unit}", number / size)),
            Ok(_) | Err(_) => kept.to_owned(),
        }
    }
}

/// A number whose unit is none of these is told them.
fn with_units(error: Error, asked: &str, units: &str) -> Error {
    if asked.trim().starts_with(|c: char| c.is_ascii_digit()) {
        return error.with_hint(format!("Valid units for this parameter are {units}."));
    }
    error
}

/// A truth value by any beginning of its words that is no beginning of another's.
fn switch(text: &str) -> Option<bool> {
    let text = text.trim().to_ascii_lowercase();
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    match text.as_str() {
        "1" => Some(true),
        "0" => Some(false),
        _ if begins("true", 1) || begins("yes", 1) || begins("on", 2) => Some(true),
        _ if begins("false", 1) || begins("no", 1) || begins("off", 2) => Some(false),
        _ => None,
    }
}

/// A word in the spelling of its list. Lists of truth values take all of their spellings.
fn one_of(words: &'static [&'static str], asked: &str) -> Option<String> {
    let found = words.iter().find(|word| word.eq_ignore_ascii_case(asked));
    let switched = || switch(asked).map(|on| if on { "on" } else { "off" }).filter(|word| words.contains(word));
    found.copied().or_else(switched).map(str::to_owned)
}

/// A whole number, rounded, in the setting's own unit; `None` if it is no number or has no unit of these.
fn whole(name: &str, asked: &str, units: &[(&str, f64)], own: &str, low: i64, high: i64) -> Result<Option<String>> {
    let text = asked.trim();
    let end = text
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (matches!(c, '-' | '+') && *at == 0)))
        .map_or(text.len(), |(at, _)| at);
    let (digits, unit) = text.split_at(end);
    let Ok(number) = digits.parse::<f64>() else { return Ok(None) };
    let factor = match unit.trim() {
        "" => 1.0,
        unit => match units.iter().find(|(known, _)| *known == unit) {
            Some((_, factor)) => *factor,
            None => return Ok(None),
        },
    };
    let number = (number * factor).round_ties_even();
    // Every bound is far below 2^53, so the comparison and the conversion behind it are exact.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    if number < low as f64 || number > high as f64 {
        let space = if own.is_empty() { "" } else { " " };
        return Err(Error::new(
            Kind::InvalidParameterValue,
            format!("{number}{space}{own} is outside the valid range for parameter \"{name}\" ({low} .. {high})"),
        ));
    }
    Ok(Some(format!("{number}")))
}

fn quoted(name: &str) -> String {
    let plain = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// The names of a list, unquoted ones folded; `None` if it cannot be read.
pub(super) fn names(text: &str) -> Option<Vec<String>> {
    let mut names = vec![];
    let mut chars = text.trim().chars().peekable();
    if chars.peek().is_none() {
        return Some(names);
    }
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let mut name = String::new();
        if chars.next_if_eq(&'"').is_some() {
            loop {
                match chars.next()? {
                    '"' if chars.next_if_eq(&'"').is_some() => name.push('"'),
                    '"' => break,
                    other => name.push(other),
                }
            }
        } else {
            while let Some(c) = chars.next_if(|c| *c != ',' && !c.is_whitespace()) {
                name.extend(c.to_lowercase());
            }
            if name.is_empty() {
                return None;
            }
        }
        names.push(name);
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        match chars.next() {
            None => return Some(names),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

/// Text is UTF-8 in the store. `SQL_ASCII` leaves it as it is.
fn encoding(name: &str, asked: &str) -> Result<String> {
    let letters: String = asked.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match letters.as_str() {
        "utf8" | "unicode" => Ok("UTF8".to_owned()),
        "sqlascii" => Ok("SQL_ASCII".to_owned()),
        known if FOREIGN_ENCODINGS.contains(&known) => Err(Error::new(
            Kind::FeatureNotSupported,
            format!("conversion between {} and UTF8 is not supported", asked.to_uppercase()),
        )
        .with_hint("Set client_encoding to UTF8.")),
        _ => Err(Error::new(Kind::InvalidParameterValue, format!("invalid value for parameter \"{name}\": \"{asked}\""))),
    }
}

/// A zone as it is shown: a name in its own spelling, hours as a POSIX offset.
fn time_zone(asked: &str) -> Option<String> {
    let zone = Zone::parse(asked).ok()?;
    let is_number = asked.trim().parse::<f64>().is_ok();
    Some(match zone {
        Zone::Named(zone) => zone.name().to_owned(),
        Zone::Fixed(east) if is_number => {
            let (hours, minutes) = (east.abs() / 3600, east.abs() % 3600 / 60);
            let (own, posix) = if east < 0 { ('-', '+') } else { ('+', '-') };
            let digits = if minutes == 0 { format!("{hours:02}") } else { format!("{hours:02}:{minutes:02}") };
            format!("<{own}{digits}>{posix}{digits}")
        }
        // As it was typed, in capitals.
        Zone::Fixed(_) | Zone::Posix(_) => asked.trim().to_ascii_uppercase(),
    })
}

/// An output style, a field order, or both; what is not named stays as it is, but a German date is read day first.
///
/// # Errors
/// Why it cannot be, as PostgreSQL words it.
fn date_style(asked: &str, current: &str) -> Result<String, String> {
    let (mut output, mut order) = (None, None);
    let put = |known: &mut Option<&'static str>, new: &'static str| {
        if known.is_some_and(|known| known != new) {
            return Err("Conflicting \"datestyle\" specifications.".to_owned());
        }
        *known = Some(new);
        Ok(())
    };
    for part in asked.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty()) {
        match part.to_ascii_uppercase().as_str() {
            "ISO" => put(&mut output, "ISO")?,
            "SQL" => put(&mut output, "SQL")?,
            "GERMAN" => put(&mut output, "German")?,
            style if style.starts_with("POSTGRES") => put(&mut output, "Postgres")?,
            "YMD" => put(&mut order, "YMD")?,
            "MDY" | "US" => put(&mut order, "MDY")?,
            "DMY" => put(&mut order, "DMY")?,
            order_named if order_named.starts_with("EURO") => put(&mut order, "DMY")?,
            order_named if order_named.starts_with("NONEURO") => put(&mut order, "MDY")?,
            "DEFAULT" => {
                output = output.or(Some("ISO"));
                order = order.or(Some("MDY"));
            }
            _ => return Err(format!("Unrecognized key word: \"{part}\".")),
        }
    }
    let (output_now, order_now) = current.split_once(", ").unwrap_or(("ISO", "MDY"));
    let order_now = if output == Some("German") { "DMY" } else { order_now };
    Ok(format!("{}, {}", output.unwrap_or(output_now), order.unwrap_or(order_now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Result<String> {
        Form::Milliseconds { low: 0 }.checked("t", text, "0")
    }

    #[test]
    fn numbers_have_units_and_bounds() {
        for (text, kept) in [("2s", "2000"), ("1.5s", "1500"), ("5 min", "300000"), ("0", "0"), ("1500us", "2"), ("7", "7")] {
            assert_eq!(time(text).unwrap(), kept);
        }
        for text in ["5 parsecs", "", "x", "2S", "-1", "30d 1"] {
            assert_eq!(time(text).unwrap_err().sqlstate(), "22023", "{text}");
        }
        assert_eq!(time("-1").unwrap_err().message(), "-1 ms is outside the valid range for parameter \"t\" (0 .. 2147483647)");
        assert_eq!(Form::Kilobytes { low: 0 }.checked("m", "1GB", "0").unwrap(), "1048576");
    }

    #[test]
    fn numbers_are_shown_in_the_largest_unit_that_fits() {
        for (kept, shown) in
            [("0", "0"), ("2000", "2s"), ("90000", "90s"), ("60000", "1min"), ("1500", "1500ms"), ("86400000", "1d")]
        {
            assert_eq!(Form::Milliseconds { low: 0 }.shown(kept), shown);
        }
        assert_eq!(Form::Kilobytes { low: 0 }.shown("4096"), "4MB");
        assert_eq!(Form::Integer { low: 0, high: 9 }.shown("4"), "4");
    }

    #[test]
    fn truth_values_have_many_spellings() {
        for (text, on) in
            [("on", Some(true)), ("t", Some(true)), ("YES", Some(true)), ("of", Some(false)), ("o", None), ("2", None)]
        {
            assert_eq!(switch(text), on, "{text}");
        }
    }

    #[test]
    fn lists_of_names_are_quoted_and_read() {
        assert_eq!(names("\"$user\", public").unwrap(), ["$user", "public"]);
        assert_eq!(names(" A , \"B\"\"c\" ").unwrap(), ["a", "B\"c"]);
        assert_eq!(names("").unwrap(), [""; 0]);
        assert!(names("a,,b").is_none() && names("a b").is_none() && names("\"a").is_none());
        let values = ["a b".to_owned(), "c".to_owned()];
        assert_eq!(Form::Names.joined("p", &values).unwrap(), "\"a b\", c");
        assert_eq!(Form::Switch.joined("p", &values).unwrap_err().message(), "SET p takes only one argument");
    }

    #[test]
    fn zones_and_encodings_are_shown_in_their_own_spelling() {
        for (asked, shown) in [("europe/berlin", "Europe/Berlin"), ("2", "<+02>-02"), ("-3.5", "<-03:30>+03:30"), ("utc", "UTC")] {
            assert_eq!(time_zone(asked).unwrap(), shown);
            assert_eq!(Zone::parse(shown).unwrap().offset_at(0), Zone::parse(asked).unwrap().offset_at(0));
        }
        assert_eq!(encoding("e", "sql-ascii").unwrap(), "SQL_ASCII");
        assert_eq!(encoding("e", "LATIN1").unwrap_err().sqlstate(), "0A000");
        assert_eq!(encoding("e", "klingon").unwrap_err().sqlstate(), "22023");
    }
}
