//! Reads dates, times and timestamps as PostgreSQL's input functions do: ISO 8601 on a fast path, everything else by tokens.

use crate::clock::Micros;
use crate::error::Result;
use crate::value::style::Style;
use crate::value::time::abbreviation::{Abbreviation, abbreviation};
use crate::value::time::calendar::{
    DATE_INFINITY, DATE_MINUS_INFINITY, FIRST_DAY, FIRST_TIMESTAMP, LAST_DATE, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY,
    US_PER_DAY, US_PER_SECOND, civil_from_days, split_micros,
};
use crate::value::time::fault::Fault;
use crate::value::time::fields::{
    DATE, DAY, DAYLIGHT, DateFields, ERA, MERIDIAN, MONTH, Mask, RESERVED, TIME, WEEKDAY, ZONE, fraction, leading_int,
};
use crate::value::time::iso::{iso_date, iso_time, iso_timestamp};
use crate::value::time::keyword::{Keyword, keyword};
use crate::value::time::token::{Shape, Token, tokens};
use crate::value::time::zone::Zone;

/// Reads a `date`: days since 1970, or one of the two infinities.
pub(crate) fn date(text: &str, style: &Style) -> Result<i32> {
    if let Some(days) = iso_date(text.as_bytes()) {
        return Ok(days);
    }
    let read = || {
        let moment = decode(&tokens(text)?, false, style)?;
        let days = match moment {
            Moment::At(fields, _) => fields.days(),
            Moment::Epoch => 0,
            Moment::Infinity => return Ok(DATE_INFINITY),
            Moment::MinusInfinity => return Ok(DATE_MINUS_INFINITY),
        };
        if !(FIRST_DAY..=LAST_DATE).contains(&days) {
            return Err(Fault::Range);
        }
        i32::try_from(days).map_err(|_| Fault::Range)
    };
    read().map_err(|fault: Fault| fault.error("date", text))
}

/// Reads a `time`: microseconds since midnight, 24:00:00 included. A zone is read and ignored.
pub(crate) fn time(text: &str, style: &Style) -> Result<Micros> {
    if let Some(us) = iso_time(text.as_bytes()) {
        return Ok(us);
    }
    let read = || match decode(&tokens(text)?, true, style)? {
        Moment::At(fields, _) => Ok(fields.time_us()),
        Moment::Epoch | Moment::Infinity | Moment::MinusInfinity => Err(Fault::Format),
    };
    read().map_err(|fault: Fault| fault.error("time", text))
}

/// Reads a `timestamp`: microseconds since 1970, or one of the two infinities. A zone is read and ignored.
pub(crate) fn timestamp(text: &str, style: &Style) -> Result<Micros> {
    if let Some((local_us, _)) = iso_timestamp(text.as_bytes()) {
        return Ok(local_us);
    }
    let read = || match decode(&tokens(text)?, false, style)? {
        Moment::At(fields, _) => in_range(fields.days(), fields.time_us(), 0),
        Moment::Epoch => Ok(0),
        Moment::Infinity => Ok(TIMESTAMP_INFINITY),
        Moment::MinusInfinity => Ok(TIMESTAMP_MINUS_INFINITY),
    };
    read().map_err(|fault: Fault| fault.error("timestamp", text))
}

/// Reads a `timestamptz`: microseconds since 1970 UTC, or one of the two infinities. Without a zone it is the session's time.
pub(crate) fn timestamptz(text: &str, style: &Style) -> Result<Micros> {
    if let Some((local_us, offset)) = iso_timestamp(text.as_bytes()) {
        let offset = offset.unwrap_or_else(|| style.timezone.offset_of_local(local_us));
        return Ok(local_us - i64::from(offset) * US_PER_SECOND);
    }
    let read = || match decode(&tokens(text)?, false, style)? {
        Moment::At(fields, offset) => {
            // At the ends of the range the local time may not fit where the instant does.
            let local_us = in_range(fields.days(), fields.time_us(), 0).unwrap_or(0);
            let offset = offset.at(local_us, style);
            in_range(fields.days(), fields.time_us(), offset)
        }
        Moment::Epoch => Ok(0),
        Moment::Infinity => Ok(TIMESTAMP_INFINITY),
        Moment::MinusInfinity => Ok(TIMESTAMP_MINUS_INFINITY),
    };
    read().map_err(|fault: Fault| fault.error("timestamp with time zone", text))
}

/// Microseconds since 1970 UTC of a local day and time at an offset, where 64 bits and PostgreSQL's first day allow it.
fn in_range(days: i64, time_us: i64, offset: i32) -> Result<Micros, Fault> {
    let us = i128::from(days) * i128::from(US_PER_DAY) + i128::from(time_us) - i128::from(offset) * i128::from(US_PER_SECOND);
    match i64::try_from(us) {
        Ok(us) if (FIRST_TIMESTAMP..TIMESTAMP_INFINITY).contains(&us) => Ok(us),
        _ => Err(Fault::Range),
    }
}

/// What a text means.
enum Moment {
    At(DateFields, Offset),
    Epoch,
    Infinity,
    MinusInfinity,
}

/// Which zone a text names.
#[derive(Debug, Clone, Copy)]
enum Offset {
    /// None: the session's.
    Session,
    /// Seconds east of UTC.
    East(i32),
    Zone(Zone),
    /// A zone on one of its abbreviations, in lower case.
    Abbreviated(Zone, &'static str),
}

impl Offset {
    /// Seconds east of UTC at a local time, if one offset can be told.
    fn at(self, local_us: Micros, style: &Style) -> i32 {
        match self {
            Offset::East(east) => east,
            Offset::Zone(zone) => zone.offset_of_local(local_us),
            Offset::Abbreviated(zone, name) => zone.offset_of_abbreviation(local_us, name),
            Offset::Session => style.timezone.offset_of_local(local_us),
        }
    }
}

/// What the token before a number says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    None,
    Julian,
    Time,
}

/// The state of reading one text.
struct Decoder<'a> {
    style: &'a Style,
    /// Reading a `time`, where a date is allowed only in few places.
    time_only: bool,
    fields: DateFields,
    label: Label,
    offset: Offset,
    /// Seconds that `dst` adds to the zone named before it.
    daylight: i32,
    meridian: Option<Keyword>,
    before_christ: bool,
    special: Option<Moment>,
}

fn decode(tokens: &[Token], time_only: bool, style: &Style) -> Result<Moment, Fault> {
    let mut decoder = Decoder {
        style,
        time_only,
        fields: DateFields { order: style.date_order, ..DateFields::default() },
        label: Label::None,
        offset: Offset::Session,
        daylight: 0,
        meridian: None,
        before_christ: false,
        special: None,
    };
    for at in 0..tokens.len() {
        let found = decoder.token(tokens, at)?;
        decoder.fields.add(found)?;
    }
    decoder.finish()
}

impl Decoder<'_> {
    /// What counts as found when a number is read: a `time` pretends to have its date.
    fn mask(&self) -> Mask {
        if self.time_only { self.fields.mask | DATE } else { self.fields.mask }
    }

    /// Reads one token and answers which fields it gave.
    fn token(&mut self, tokens: &[Token], at: usize) -> Result<Mask, Fault> {
        let Some(token) = tokens.get(at) else { return Ok(0) };
        let text = token.text.as_str();
        match token.shape {
            Shape::Date => self.date_token(tokens, at, text),
            Shape::Time => {
                match std::mem::replace(&mut self.label, Label::None) {
                    Label::None | Label::Time => {}
                    Label::Julian => return Err(Fault::Format),
                }
                self.fields.time(text)
            }
            Shape::Signed => {
                self.offset = Offset::East(offset(text)?);
                Ok(ZONE)
            }
            Shape::Number if self.label != Label::None => self.labelled_number(text),
            Shape::Number if self.time_only => self.time_number(tokens, at, text),
            Shape::Number => {
                let mask = self.fields.mask;
                match text.find('.') {
                    Some(_) if mask & DATE == 0 => self.fields.joined_date(text),
                    Some(point) if point > 2 => self.fields.run_together(text, mask),
                    None if text.len() >= 6 && (mask & DATE == 0 || mask & TIME == 0) => self.fields.run_together(text, mask),
                    Some(_) | None => {
                        let word_month = self.fields.word_month;
                        self.fields.number(text, word_month, mask)
                    }
                }
            }
            Shape::Word | Shape::Special => self.word(tokens, at, text),
        }
    }

    /// A number in a `time`.
    fn time_number(&mut self, tokens: &[Token], at: usize, text: &str) -> Result<Mask, Fault> {
        let mask = self.mask();
        match text.find('.') {
            Some(_) if at == 0 && tokens.len() >= 2 && tokens.last().is_some_and(|last| last.shape == Shape::Date) => {
                self.fields.joined_date(text)
            }
            Some(point) if point > 2 => self.fields.run_together(text, mask),
            Some(_) => Err(Fault::Format),
            None if text.len() > 4 => self.fields.run_together(text, mask),
            None => self.fields.number(text, false, mask),
        }
    }

    /// A token with joined fields: a date, a time with a zone, or the name of a zone.
    fn date_token(&mut self, tokens: &[Token], at: usize, text: &str) -> Result<Mask, Fault> {
        if self.label == Label::Julian && !self.time_only {
            // A whole Julian day with a zone behind it, as in J2460000-08.
            self.label = Label::None;
            let (julian, zone) = leading_int(text)?;
            self.set_julian(julian)?;
            self.offset = Offset::East(offset(zone)?);
            return Ok(DATE | TIME | ZONE);
        }
        let as_date = if self.time_only {
            at == 0
                && tokens.len() >= 2
                && (tokens.last().is_some_and(|last| last.shape == Shape::Date)
                    || tokens.get(1).is_some_and(|next| next.shape == Shape::Time))
        } else {
            self.label == Label::None && self.fields.mask & (MONTH | DAY) != MONTH | DAY
        };
        if as_date {
            return self.fields.joined_date(text);
        }
        if text.starts_with(|first: char| first.is_ascii_digit()) || (self.label != Label::None && !self.time_only) {
            match std::mem::replace(&mut self.label, Label::None) {
                Label::None | Label::Time => {}
                Label::Julian => return Err(Fault::Format),
            }
            if self.fields.mask & TIME != 0 {
                return Err(Fault::Format);
            }
            let Some(minus) = text.find('-') else { return Err(Fault::Format) };
            let (digits, zone) = text.split_at(minus);
            self.offset = Offset::East(offset(zone)?);
            let mask = self.mask();
            return Ok(self.fields.run_together(digits, mask)? | ZONE);
        }
        self.offset = Offset::Zone(Zone::named(text).ok_or_else(|| Fault::Zone(text.to_owned()))?);
        Ok(ZONE)
    }

    /// A number that the token before it labels.
    #[allow(clippy::cast_possible_truncation)]
    fn labelled_number(&mut self, text: &str) -> Result<Mask, Fault> {
        let (value, rest) = leading_int(text)?;
        if !(rest.is_empty() || rest.starts_with('.')) {
            return Err(Fault::Format);
        }
        match std::mem::replace(&mut self.label, Label::None) {
            Label::None => Err(Fault::Format),
            Label::Julian => {
                self.set_julian(value)?;
                if rest.is_empty() {
                    return Ok(DATE);
                }
                // A fraction below one of a day's microseconds.
                let us = (fraction(rest)? * US_PER_DAY as f64) as i64;
                self.set_time(us);
                Ok(DATE | TIME)
            }
            Label::Time => {
                let mask = self.fields.mask | DATE;
                match self.fields.run_together(text, mask)? {
                    TIME => Ok(TIME),
                    _ => Err(Fault::Format),
                }
            }
        }
    }

    fn set_julian(&mut self, julian: i32) -> Result<(), Fault> {
        if julian < 0 {
            return Err(Fault::Overflow);
        }
        self.fields.set_day(civil_from_days(i64::from(julian) + FIRST_DAY));
        self.fields.julian = true;
        Ok(())
    }

    fn set_time(&mut self, of_day_us: i64) {
        let seconds = of_day_us / US_PER_SECOND;
        self.fields.hour = i32::try_from(seconds / 3600).unwrap_or(0);
        self.fields.minute = i32::try_from(seconds / 60 % 60).unwrap_or(0);
        self.fields.second = i32::try_from(seconds % 60).unwrap_or(0);
        self.fields.micros = of_day_us % US_PER_SECOND;
    }

    /// The session's local day and time of day at "now".
    fn now(&self) -> (i64, i64, i32) {
        let now_us = self.style.now.us();
        let offset = self.style.timezone.offset_at(now_us);
        let (days, of_day) = split_micros(now_us + i64::from(offset) * US_PER_SECOND);
        (days, of_day, offset)
    }

    fn day_from_now(&mut self, days: i64) -> Mask {
        let (today, _, _) = self.now();
        self.fields.set_day(civil_from_days(today + days));
        DATE
    }

    /// A word: the abbreviation of a zone before anything else, then a keyword, then the name of a zone.
    fn word(&mut self, tokens: &[Token], at: usize, text: &str) -> Result<Mask, Fault> {
        match abbreviation(text) {
            Some(Abbreviation::Offset(east)) => {
                self.offset = Offset::East(east);
                return Ok(ZONE);
            }
            Some(Abbreviation::Zone(short, name)) => {
                let zone = Zone::named(name).ok_or_else(|| Fault::Zone(name.to_owned()))?;
                self.offset = Offset::Abbreviated(zone, short);
                return Ok(ZONE);
            }
            None => {}
        }
        let known = keyword(text);
        match known {
            Keyword::Month(_)
            | Keyword::Weekday
            | Keyword::Today
            | Keyword::Tomorrow
            | Keyword::Yesterday
            | Keyword::Epoch
            | Keyword::Infinity
            | Keyword::MinusInfinity => self.date_word(known),
            Keyword::Filler => Ok(0),
            Keyword::Am | Keyword::Pm => {
                self.meridian = Some(known);
                Ok(MERIDIAN)
            }
            Keyword::Ad | Keyword::Bc => {
                self.before_christ = known == Keyword::Bc;
                Ok(ERA)
            }
            Keyword::Now => Ok(self.set_now()),
            Keyword::Zulu => {
                self.set_time(0);
                self.offset = Offset::East(0);
                Ok(TIME | ZONE)
            }
            Keyword::IsoTime => {
                let next = tokens.get(at + 1).map(|next| next.shape);
                let dated = self.time_only || self.fields.mask & DATE == DATE;
                if !dated || !matches!(next, Some(Shape::Number | Shape::Time | Shape::Date)) {
                    return Err(Fault::Format);
                }
                self.label = Label::Time;
                Ok(0)
            }
            Keyword::Julian if self.label == Label::None => {
                self.label = Label::Julian;
                Ok(0)
            }
            Keyword::Julian | Keyword::Unit => Err(Fault::Format),
            Keyword::DaylightSaving => {
                self.daylight = 3600;
                Ok(DAYLIGHT)
            }
            Keyword::Unknown => {
                self.offset = Offset::Zone(Zone::named(text).ok_or(Fault::Format)?);
                Ok(ZONE)
            }
        }
    }

    /// A word that says something about the day, which a `time` has no place for.
    fn date_word(&mut self, known: Keyword) -> Result<Mask, Fault> {
        match known {
            _ if self.time_only => Err(Fault::Format),
            Keyword::Month(month) => Ok(self.month(month)),
            Keyword::Today => Ok(self.day_from_now(0)),
            Keyword::Tomorrow => Ok(self.day_from_now(1)),
            Keyword::Yesterday => Ok(self.day_from_now(-1)),
            Keyword::Epoch => Ok(self.special(Moment::Epoch)),
            Keyword::Infinity => Ok(self.special(Moment::Infinity)),
            Keyword::MinusInfinity => Ok(self.special(Moment::MinusInfinity)),
            _ => Ok(WEEKDAY),
        }
    }

    fn set_now(&mut self) -> Mask {
        let (days, of_day, offset) = self.now();
        self.set_time(of_day);
        if self.time_only {
            return TIME;
        }
        self.fields.set_day(civil_from_days(days));
        self.fields.julian = true;
        self.offset = Offset::East(offset);
        DATE | TIME | ZONE
    }

    fn special(&mut self, moment: Moment) -> Mask {
        // Whatever else the text says is read and has no effect.
        self.special = Some(moment);
        RESERVED
    }

    /// A month as a word. A number taken for the month before was the day, as in `5 Jan`.
    fn month(&mut self, month: i32) -> Mask {
        let fields = &mut self.fields;
        let swap = fields.mask & MONTH != 0 && !fields.word_month && fields.mask & DAY == 0 && (1..=31).contains(&fields.month);
        if swap {
            fields.day = fields.month;
        }
        fields.word_month = true;
        fields.month = month;
        if swap { DAY } else { MONTH }
    }

    fn finish(mut self) -> Result<Moment, Fault> {
        if self.label != Label::None {
            return Err(Fault::Format);
        }
        if let Some(moment) = self.special {
            return Ok(moment);
        }
        self.fields.complete_date(self.before_christ)?;
        match self.meridian {
            Some(_) if self.fields.hour > 12 => return Err(Fault::Overflow),
            Some(Keyword::Am) if self.fields.hour == 12 => self.fields.hour = 0,
            Some(Keyword::Pm) if self.fields.hour != 12 => self.fields.hour += 12,
            Some(_) | None => {}
        }
        if self.time_only {
            self.fields.check_time()?;
        }
        let needed = if self.time_only { TIME } else { DATE };
        if self.fields.mask & needed != needed {
            return Err(Fault::Format);
        }
        if self.fields.mask & DAYLIGHT != 0 {
            match self.offset {
                Offset::East(east) => self.offset = Offset::East(east + self.daylight),
                Offset::Session | Offset::Zone(_) | Offset::Abbreviated(..) => return Err(Fault::Format),
            }
        }
        if self.time_only && self.fields.mask & DATE != DATE && matches!(self.offset, Offset::Zone(Zone::Named(_))) {
            // Which offset the zone has then cannot be known without a date; a zone without summer time would do.
            return Err(Fault::Format);
        }
        Ok(Moment::At(self.fields, self.offset))
    }
}

/// Reads `+hh`, `-hhmm`, `+hh:mm` or `+hh:mm:ss`: seconds east of UTC.
fn offset(text: &str) -> Result<i32, Fault> {
    let east = match text.as_bytes().first() {
        Some(b'+') => true,
        Some(b'-') => false,
        _ => return Err(Fault::Format),
    };
    let part = |text| leading_int(text).map_err(|_| Fault::Displacement);
    let (mut hours, mut rest) = part(text.get(1..).unwrap_or_default())?;
    let (mut minutes, mut seconds) = (0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        (minutes, rest) = part(after)?;
        if let Some(after) = rest.strip_prefix(':') {
            (seconds, rest) = part(after)?;
        }
    } else if rest.is_empty() && text.len() > 3 {
        minutes = hours % 100;
        hours /= 100;
    }
    if hours > 15 || minutes > 59 || seconds > 59 {
        return Err(Fault::Displacement);
    }
    if !rest.is_empty() {
        return Err(Fault::Format);
    }
    let size = (hours * 60 + minutes) * 60 + seconds;
    Ok(if east { size } else { -size })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-03-10 23:30:15.5 UTC, which is the 11th in Berlin.
    const NOW: Micros = 1_710_113_415_500_000;

    fn style(zone: &str) -> Style {
        Style { timezone: Zone::parse(zone).unwrap(), ..Style::default().at(NOW) }
    }

    #[test]
    fn words_for_now_follow_the_session_zone() {
        let (utc, berlin) = (style("UTC"), style("Europe/Berlin"));
        let hour = 3600 * US_PER_SECOND;
        let midnight = NOW - NOW % US_PER_DAY;
        assert_eq!(timestamptz("now", &utc).unwrap(), NOW);
        assert_eq!(timestamptz("now", &berlin).unwrap(), NOW);
        assert_eq!(timestamp("now", &berlin).unwrap(), NOW + hour);
        assert_eq!(time("now", &berlin).unwrap(), (NOW + hour) % US_PER_DAY);
        assert_eq!(timestamptz("today", &utc).unwrap(), midnight);
        assert_eq!(timestamptz("today", &berlin).unwrap(), midnight + US_PER_DAY - hour);
        assert_eq!(timestamp("tomorrow 10:00", &utc).unwrap(), midnight + US_PER_DAY + 10 * hour);
        assert_eq!(date("yesterday", &utc).unwrap(), 19_791);
        assert_eq!(date("TODAY", &berlin).unwrap(), 19_793);
        assert_eq!(date("epoch", &berlin).unwrap(), 0);
    }

    #[test]
    fn what_64_bits_cannot_hold_is_refused() {
        let utc = style("UTC");
        assert_eq!(timestamp("294247-01-10 04:00:54.775806", &utc).unwrap(), i64::MAX - 1);
        for text in ["294247-01-10 04:00:54.775807", "294276-12-31", "4714-11-23 BC"] {
            let error = timestamp(text, &utc).unwrap_err();
            assert_eq!((error.sqlstate(), error.message()), ("22008", format!("timestamp out of range: \"{text}\"").as_str()));
        }
        assert_eq!(timestamptz("4714-11-24 00:00+01 BC", &utc).unwrap_err().sqlstate(), "22008");
        assert_eq!(
            timestamptz("4714-11-24 00:00-01 BC", &utc).unwrap(),
            crate::value::time::calendar::FIRST_TIMESTAMP + 3_600_000_000
        );
    }

    #[test]
    fn the_fast_path_agrees_with_the_general_one() {
        let berlin = style("Europe/Berlin");
        for text in ["2024-02-29 23:59:59.25", "2024-03-31T02:30", "2024-10-27 02:30:00Z", "1969-12-31 00:00:00-0330", "0001-01-01"]
        {
            // A blank in front is enough to leave the fast path.
            let slow = format!(" {text}");
            assert_eq!(timestamptz(text, &berlin).unwrap(), timestamptz(&slow, &berlin).unwrap(), "{text}");
            assert_eq!(timestamp(text, &berlin).unwrap(), timestamp(&slow, &berlin).unwrap(), "{text}");
        }
    }
}
