//! `tsvector`: the lexemes of a text in order of their bytes, each with its positions and their weights.

use std::fmt::Write;
use std::ops::ControlFlow;

use super::letters::is_space;
use super::{LEXEME_BYTES_MAX, POSITION_MAX};
use crate::error::{Error, Kind, Result};

/// Positions of one lexeme that are kept.
const POSITIONS_MAX: usize = 255;
/// Bytes of a vector, as PostgreSQL counts them.
const BYTES_MAX: usize = (1 << 20) - 1;

/// A position and its weight: 0 is D, 3 is A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) position: u16,
    pub(crate) weight: u8,
}

/// A lexeme with its places in order; without any if it was stripped of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) lexeme: String,
    pub(crate) places: Vec<Place>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Vector {
    pub(crate) entries: Vec<Entry>,
}

impl Vector {
    /// The vector of the lexemes that `each` visits.
    ///
    /// # Errors
    /// 54000 for more than a mebibyte.
    pub(crate) fn of(each: impl FnOnce(&mut dyn FnMut(&str, u32) -> ControlFlow<()>)) -> Result<Vector> {
        let mut found: Vec<(String, u16)> = vec![];
        each(&mut |lexeme, position| {
            let position = u16::try_from(position.min(POSITION_MAX)).unwrap_or(u16::MAX);
            found.push((lexeme.to_owned(), position));
            ControlFlow::Continue(())
        });
        found.sort_unstable();
        let mut entries: Vec<Entry> = vec![];
        for (lexeme, position) in found {
            let place = Place { position, weight: 0 };
            match entries.last_mut() {
                Some(last) if last.lexeme == lexeme => add(&mut last.places, place),
                _ => entries.push(Entry { lexeme, places: vec![place] }),
            }
        }
        Vector { entries }.checked()
    }

    fn checked(self) -> Result<Vector> {
        let mut bytes = 0;
        for entry in &self.entries {
            bytes += entry.lexeme.len();
            if !entry.places.is_empty() {
                bytes = bytes.next_multiple_of(2) + 2 + 2 * entry.places.len();
            }
        }
        if bytes > BYTES_MAX {
            let message = format!("string is too long for tsvector ({bytes} bytes, max {BYTES_MAX} bytes)");
            return Err(Error::new(Kind::ProgramLimitExceeded, message));
        }
        Ok(self)
    }

    /// Reads PostgreSQL's text form.
    ///
    /// # Errors
    /// 42601 for what is none, 54000 for what is too long.
    pub(crate) fn parse(text: &str) -> Result<Vector> {
        let mut entries: Vec<Entry> = vec![];
        let mut scan = Scan { whole: text, rest: text };
        while let Some(lexeme) = scan.word()? {
            if lexeme.len() >= LEXEME_BYTES_MAX {
                let message = format!("word is too long ({} bytes, max {} bytes)", lexeme.len(), LEXEME_BYTES_MAX - 1);
                return Err(Error::new(Kind::ProgramLimitExceeded, message));
            }
            entries.push(Entry { lexeme, places: scan.places()? });
        }
        entries.sort_by(|one, other| one.lexeme.cmp(&other.lexeme));
        entries.dedup_by(|next, kept| {
            let same = next.lexeme == kept.lexeme;
            if same {
                kept.places.append(&mut next.places);
            }
            same
        });
        for entry in &mut entries {
            // Of two weights at one position the higher counts.
            entry.places.sort_unstable_by(|one, other| (one.position, other.weight).cmp(&(other.position, one.weight)));
            let mut places = vec![];
            entry.places.drain(..).for_each(|place| add(&mut places, place));
            entry.places = places;
        }
        Vector { entries }.checked()
    }

    /// Without positions.
    pub(crate) fn stripped(mut self) -> Vector {
        self.entries.iter_mut().for_each(|entry| entry.places.clear());
        self
    }

    /// The entries whose lexeme is this, or begins with it.
    pub(crate) fn found(&self, lexeme: &str, prefix: bool) -> &[Entry] {
        let start = self.entries.partition_point(|entry| entry.lexeme.as_str() < lexeme);
        let rest = self.entries.get(start..).unwrap_or_default();
        let fits = |entry: &Entry| if prefix { entry.lexeme.starts_with(lexeme) } else { entry.lexeme == lexeme };
        let count = rest.iter().take_while(|entry| fits(entry)).count();
        rest.get(..count).unwrap_or_default()
    }

    /// The wire form of `tsvectorsend`.
    pub(crate) fn write_binary(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&u32::try_from(self.entries.len()).unwrap_or(u32::MAX).to_be_bytes());
        for entry in &self.entries {
            out.extend_from_slice(entry.lexeme.as_bytes());
            out.push(0);
            out.extend_from_slice(&u16::try_from(entry.places.len()).unwrap_or(u16::MAX).to_be_bytes());
            for place in &entry.places {
                out.extend_from_slice(&(u16::from(place.weight) << 14 | place.position).to_be_bytes());
            }
        }
    }
}

/// Adds a place that comes after all before, unless that is one of them, or there are enough.
fn add(places: &mut Vec<Place>, place: Place) {
    let last = places.last().map_or(0, |last| last.position);
    if last != place.position && places.len() < POSITIONS_MAX && u32::from(last) != POSITION_MAX {
        places.push(place);
    }
}

impl std::fmt::Display for Vector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, entry) in self.entries.iter().enumerate() {
            if at > 0 {
                f.write_char(' ')?;
            }
            write_quoted(&entry.lexeme, f)?;
            for (at, place) in entry.places.iter().enumerate() {
                f.write_char(if at == 0 { ':' } else { ',' })?;
                write!(f, "{}", place.position)?;
                f.write_str(["", "C", "B", "A"].get(usize::from(place.weight)).copied().unwrap_or(""))?;
            }
        }
        Ok(())
    }
}

/// A lexeme between quotes, with quotes and backslashes doubled.
pub(super) fn write_quoted(lexeme: &str, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    f.write_char('\'')?;
    for letter in lexeme.chars() {
        if matches!(letter, '\'' | '\\') {
            f.write_char(letter)?;
        }
        f.write_char(letter)?;
    }
    f.write_char('\'')
}

/// Reads the text form of a vector.
struct Scan<'a> {
    whole: &'a str,
    rest: &'a str,
}

impl Scan<'_> {
    fn error(&self) -> Error {
        Error::new(Kind::SyntaxError, format!("syntax error in tsvector: \"{}\"", self.whole))
    }

    fn word(&mut self) -> Result<Option<String>> {
        self.rest = self.rest.trim_start_matches(is_space);
        if self.rest.is_empty() {
            return Ok(None);
        }
        match quoted_or_plain(self.whole, self.rest, |letter| letter == ':')? {
            Some((word, rest)) if !word.is_empty() => {
                self.rest = rest;
                Ok(Some(word))
            }
            _ => Err(self.error()),
        }
    }

    /// What follows a word: `:1,2A`, or nothing.
    fn places(&mut self) -> Result<Vec<Place>> {
        let mut places = vec![];
        let Some(rest) = self.rest.strip_prefix(':') else { return Ok(places) };
        self.rest = rest;
        loop {
            let digits = self.rest.len() - self.rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
            let (number, rest) = self.rest.split_at(digits);
            if number.is_empty() {
                return Err(self.error());
            }
            let position = number.parse::<u32>().unwrap_or(u32::MAX).min(POSITION_MAX);
            if position == 0 {
                let message = format!("wrong position info in tsvector: \"{}\"", self.whole);
                return Err(Error::new(Kind::SyntaxError, message));
            }
            let mut letters = rest.chars();
            let mut weight = 0;
            loop {
                let before = letters.as_str();
                let given = match letters.next() {
                    Some('a' | 'A' | '*') => 3,
                    Some('b' | 'B') => 2,
                    Some('c' | 'C') => 1,
                    Some('d' | 'D') => 0,
                    Some(',') => {
                        self.rest = letters.as_str();
                        break;
                    }
                    None => {
                        self.rest = "";
                        places.push(Place { position: u16::try_from(position).unwrap_or(u16::MAX), weight });
                        return Ok(places);
                    }
                    Some(space) if is_space(space) => {
                        self.rest = before;
                        places.push(Place { position: u16::try_from(position).unwrap_or(u16::MAX), weight });
                        return Ok(places);
                    }
                    Some(_) => return Err(self.error()),
                };
                if weight != 0 {
                    return Err(self.error());
                }
                weight = given;
            }
            places.push(Place { position: u16::try_from(position).unwrap_or(u16::MAX), weight });
        }
    }
}

/// A word of a vector's or query's text form and what follows it: between quotes, or up to a blank or what `ends` it; a backslash
/// takes the next character's meaning away. `None` where a quote is not closed.
///
/// # Errors
/// 42601 for a backslash at the end.
pub(super) fn quoted_or_plain<'a>(whole: &str, text: &'a str, ends: impl Fn(char) -> bool) -> Result<Option<(String, &'a str)>> {
    let mut word = String::new();
    let mut letters = text.chars();
    let quoted = text.starts_with('\'');
    if quoted {
        letters.next();
    }
    loop {
        let before = letters.as_str();
        match letters.next() {
            None => return Ok((!quoted).then_some((word, ""))),
            Some('\\') => match letters.next() {
                Some(letter) => word.push(letter),
                None => {
                    let message = format!("there is no escaped character: \"{whole}\"");
                    return Err(Error::new(Kind::SyntaxError, message));
                }
            },
            Some('\'') if quoted => match letters.as_str().strip_prefix('\'') {
                Some(rest) => {
                    word.push('\'');
                    letters = rest.chars();
                }
                None => return Ok(Some((word, letters.as_str()))),
            },
            Some(letter) if !quoted && (is_space(letter) || ends(letter)) => return Ok(Some((word, before))),
            Some(letter) => word.push(letter),
        }
    }
}
