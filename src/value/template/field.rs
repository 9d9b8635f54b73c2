//! The fields of templates for dates and times, and how a template is split into them.

/// How letters of a name are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Upper,
    Capital,
    Lower,
}

/// A part of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Era {
        dots: bool,
    },
    Meridian {
        dots: bool,
    },
    Century,
    DayName,
    DayShort,
    DayOfYear,
    DayOfMonth,
    DayOfWeek,
    IsoDayOfYear,
    IsoDayOfWeek,
    IsoWeek,
    /// The last digits of the ISO year, 4 being all.
    IsoYear(usize),
    Fraction(usize),
    Fixed,
    Hour24,
    Hour12,
    Julian,
    Minute,
    Month,
    MonthName,
    MonthShort,
    Milliseconds,
    Microseconds,
    Offset,
    Quarter,
    RomanMonth,
    SecondsOfDay,
    Second,
    ZoneHours,
    ZoneMinutes,
    Zone,
    Week,
    WeekOfMonth,
    YearWithComma,
    Year(usize),
}

impl Field {
    /// Whether it is read as digits.
    pub(super) fn is_digit(self) -> bool {
        !matches!(
            self,
            Field::Era { .. }
                | Field::Meridian { .. }
                | Field::DayName
                | Field::DayShort
                | Field::Fixed
                | Field::MonthName
                | Field::MonthShort
                | Field::Offset
                | Field::RomanMonth
                | Field::ZoneHours
                | Field::Zone
        )
    }
}

/// How the letters of a keyword may be typed, as PostgreSQL's table lists them: in upper case, in lower, and names also capitalised.
const KEYWORDS: [(&str, Field); 47] = [
    ("A.D.", Field::Era { dots: true }),
    ("A.M.", Field::Meridian { dots: true }),
    ("AD", Field::Era { dots: false }),
    ("AM", Field::Meridian { dots: false }),
    ("B.C.", Field::Era { dots: true }),
    ("BC", Field::Era { dots: false }),
    ("CC", Field::Century),
    ("DAY", Field::DayName),
    ("DDD", Field::DayOfYear),
    ("DD", Field::DayOfMonth),
    ("DY", Field::DayShort),
    ("D", Field::DayOfWeek),
    ("FF1", Field::Fraction(1)),
    ("FF2", Field::Fraction(2)),
    ("FF3", Field::Fraction(3)),
    ("FF4", Field::Fraction(4)),
    ("FF5", Field::Fraction(5)),
    ("FF6", Field::Fraction(6)),
    ("FX", Field::Fixed),
    ("HH24", Field::Hour24),
    ("HH12", Field::Hour12),
    ("HH", Field::Hour12),
    ("IDDD", Field::IsoDayOfYear),
    ("ID", Field::IsoDayOfWeek),
    ("IW", Field::IsoWeek),
    ("IYYY", Field::IsoYear(4)),
    ("IYY", Field::IsoYear(3)),
    ("IY", Field::IsoYear(2)),
    ("I", Field::IsoYear(1)),
    ("J", Field::Julian),
    ("MI", Field::Minute),
    ("MM", Field::Month),
    ("MONTH", Field::MonthName),
    ("MON", Field::MonthShort),
    ("MS", Field::Milliseconds),
    ("OF", Field::Offset),
    ("P.M.", Field::Meridian { dots: true }),
    ("PM", Field::Meridian { dots: false }),
    ("Q", Field::Quarter),
    ("RM", Field::RomanMonth),
    ("SSSSS", Field::SecondsOfDay),
    ("SSSS", Field::SecondsOfDay),
    ("SS", Field::Second),
    ("TZH", Field::ZoneHours),
    ("TZM", Field::ZoneMinutes),
    ("TZ", Field::Zone),
    ("US", Field::Microseconds),
];

const MORE_KEYWORDS: [(&str, Field); 7] = [
    ("WW", Field::Week),
    ("W", Field::WeekOfMonth),
    ("Y,YYY", Field::YearWithComma),
    ("YYYY", Field::Year(4)),
    ("YYY", Field::Year(3)),
    ("YY", Field::Year(2)),
    ("Y", Field::Year(1)),
];

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Field(Place),
    /// Printable ASCII that is neither letter nor digit.
    Separator(char),
    Space(char),
    Text(char),
}

/// A field with what stands around it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) field: Field,
    /// The keyword as it was typed.
    pub(crate) typed: &'static str,
    pub(crate) case: Case,
    /// `FM`: no padding.
    pub(crate) fill: bool,
    /// `TM`: names as the locale has them.
    pub(crate) localised: bool,
    /// `TH` is true, `th` false.
    pub(crate) ordinal: Option<bool>,
}

pub(super) fn is_separator(letter: char) -> bool {
    letter.is_ascii_graphic() && !letter.is_ascii_alphanumeric()
}

/// Splits a template.
pub(crate) fn pieces(template: &str) -> Vec<Piece> {
    let mut out = vec![];
    let mut rest = template;
    while let Some(letter) = rest.chars().next() {
        let (mut fill, mut localised) = (false, false);
        loop {
            if let Some(after) = rest.strip_prefix("FM").or_else(|| rest.strip_prefix("fm")) {
                (fill, rest) = (true, after);
            } else if let Some(after) = rest.strip_prefix("TM").or_else(|| rest.strip_prefix("tm")) {
                (localised, rest) = (true, after);
            } else {
                break;
            }
        }
        if let Some((typed, field, case)) = keyword(rest) {
            rest = rest.get(typed.len()..).unwrap_or_default();
            let mut ordinal = None;
            if let Some(after) = rest.strip_prefix("TH") {
                (ordinal, rest) = (Some(true), after);
            } else if let Some(after) = rest.strip_prefix("th") {
                (ordinal, rest) = (Some(false), after);
            }
            out.push(Piece::Field(Place { field, typed, case, fill, localised, ordinal }));
            continue;
        }
        if fill || localised {
            continue;
        }
        if letter == '"' {
            rest = quoted(rest, &mut out);
            continue;
        }
        let letter = if rest.starts_with("\\\"") { '"' } else { letter };
        let length = if rest.starts_with("\\\"") { 2 } else { letter.len_utf8() };
        rest = rest.get(length..).unwrap_or_default();
        out.push(if is_separator(letter) {
            Piece::Separator(letter)
        } else if letter.is_ascii_whitespace() {
            Piece::Space(letter)
        } else {
            Piece::Text(letter)
        });
    }
    out
}

/// Takes a quoted text, in which a backslash quotes the character behind it.
fn quoted<'t>(template: &'t str, out: &mut Vec<Piece>) -> &'t str {
    let mut letters = template.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return template.get(at + 1..).unwrap_or_default(),
            '\\' => match letters.next() {
                Some((_, quoted)) => out.push(Piece::Text(quoted)),
                None => out.push(Piece::Text('\\')),
            },
            plain => out.push(Piece::Text(plain)),
        }
    }
    ""
}

/// The longest keyword at the start of a text, and how it was typed.
fn keyword(text: &str) -> Option<(&'static str, Field, Case)> {
    let all = || KEYWORDS.iter().chain(&MORE_KEYWORDS);
    for (capital, field) in
        [("Month", Field::MonthName), ("Mon", Field::MonthShort), ("Day", Field::DayName), ("Dy", Field::DayShort)]
    {
        if text.starts_with(capital) {
            return Some((capital, field, Case::Capital));
        }
    }
    let longest = |lower: bool| {
        all()
            .filter(|(word, _)| {
                text.get(..word.len()).is_some_and(|start| {
                    start.eq_ignore_ascii_case(word)
                        && start
                            .chars()
                            .all(|letter| if lower { !letter.is_ascii_uppercase() } else { !letter.is_ascii_lowercase() })
                })
            })
            .max_by_key(|(word, _)| word.len())
    };
    match (longest(false), longest(true)) {
        (Some((word, field)), _) => Some((word, *field, Case::Upper)),
        (None, Some((word, field))) => Some((word, *field, Case::Lower)),
        (None, None) => None,
    }
}
