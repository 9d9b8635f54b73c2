//! The words that PostgreSQL knows in dates, times and intervals (PostgreSQL 15, appendix B.2).

/// What a word means in a date or time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    /// 1 to 12.
    Month(i32),
    Weekday,
    /// `at`, `on`: no meaning.
    Filler,
    Am,
    Pm,
    Ad,
    Bc,
    Now,
    Today,
    Tomorrow,
    Yesterday,
    Epoch,
    Infinity,
    MinusInfinity,
    /// `allballs`: midnight UTC.
    Zulu,
    /// `t` before a time.
    IsoTime,
    /// `j`, `jd`, `julian` before a Julian day.
    Julian,
    /// A unit that labels the number after it, as in `y2024m01d05`; not supported, as in PostgreSQL from version 16 on.
    Unit,
    /// `dst` after a zone.
    DaylightSaving,
    Unknown,
}

/// Looks a lower-case word up.
pub(crate) fn keyword(word: &str) -> Keyword {
    match word {
        "jan" | "january" => Keyword::Month(1),
        "feb" | "february" => Keyword::Month(2),
        "mar" | "march" => Keyword::Month(3),
        "apr" | "april" => Keyword::Month(4),
        "may" => Keyword::Month(5),
        "jun" | "june" => Keyword::Month(6),
        "jul" | "july" => Keyword::Month(7),
        "aug" | "august" => Keyword::Month(8),
        "sep" | "sept" | "september" => Keyword::Month(9),
        "oct" | "october" => Keyword::Month(10),
        "nov" | "november" => Keyword::Month(11),
        "dec" | "december" => Keyword::Month(12),
        "mon" | "monday" | "tue" | "tues" | "tuesday" | "wed" | "weds" | "wednesday" | "thu" | "thur" | "thurs" | "thursday"
        | "fri" | "friday" | "sat" | "saturday" | "sun" | "sunday" => Keyword::Weekday,
        "at" | "on" => Keyword::Filler,
        "am" => Keyword::Am,
        "pm" => Keyword::Pm,
        "ad" => Keyword::Ad,
        "bc" => Keyword::Bc,
        "now" => Keyword::Now,
        "today" => Keyword::Today,
        "tomorrow" => Keyword::Tomorrow,
        "yesterday" => Keyword::Yesterday,
        "epoch" => Keyword::Epoch,
        "infinity" => Keyword::Infinity,
        "-infinity" => Keyword::MinusInfinity,
        "allballs" => Keyword::Zulu,
        "t" => Keyword::IsoTime,
        "j" | "jd" | "julian" => Keyword::Julian,
        "d" | "dow" | "doy" | "h" | "isodow" | "isoyear" | "m" | "mm" | "s" | "y" => Keyword::Unit,
        "dst" => Keyword::DaylightSaving,
        _ => Keyword::Unknown,
    }
}

/// A unit of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    /// Known, but an interval has none.
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    /// Turns the whole interval round.
    Ago,
}

/// How many letters of a unit count; longer words are compared by their beginning.
const UNIT_LETTERS: usize = 10;

/// Looks a lower-case unit up; like PostgreSQL it compares ten letters.
pub(crate) fn unit(word: &str) -> Option<Unit> {
    Some(match word.get(..UNIT_LETTERS).unwrap_or(word) {
        "us" | "usec" | "usecond" | "useconds" | "usecs" | "microsecon" => Unit::Microsecond,
        "ms" | "msec" | "msecond" | "mseconds" | "msecs" | "millisecon" => Unit::Millisecond,
        "s" | "sec" | "second" | "seconds" | "secs" => Unit::Second,
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
        "h" | "hour" | "hours" | "hr" | "hrs" => Unit::Hour,
        "d" | "day" | "days" => Unit::Day,
        "w" | "week" | "weeks" => Unit::Week,
        "mon" | "mons" | "month" | "months" => Unit::Month,
        "qtr" | "quarter" => Unit::Quarter,
        "y" | "year" | "years" | "yr" | "yrs" => Unit::Year,
        "dec" | "decade" | "decades" | "decs" => Unit::Decade,
        "c" | "cent" | "centuries" | "century" => Unit::Century,
        "mil" | "mils" | "millennia" | "millennium" => Unit::Millennium,
        "ago" => Unit::Ago,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_units_are_compared_by_their_beginning() {
        assert_eq!(unit("microseconds"), Some(Unit::Microsecond));
        assert_eq!(unit("milliseconds"), Some(Unit::Millisecond));
        assert_eq!(unit("millenniums"), Some(Unit::Millennium));
        assert_eq!(unit("fortnight"), None);
    }
}
