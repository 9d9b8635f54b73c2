//! Cuts a text into tokens as PostgreSQL's default parser does (PostgreSQL 15, section 12.5): words, compound words, numbers,
//! addresses, paths, tags.
//!
//! That parser is an automaton that backs up: it tries what may be longest, an address of a host say, and falls back to the word that
//! the text certainly begins with. Here each kind of token is a method that answers where its token ends, or that there is none.
//! What was tried in vain is counted: a text that is made to be tried again and again (`<a "<a "<a "…`) gets no more trials behind a
//! limit that others do not reach, and is cut into plain words from there on, so that every text takes time in proportion to its length.

mod address;
mod markup;

use super::letters::{is_letter, is_mark, is_space};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    AsciiWord,
    Word,
    NumWord,
    Email,
    Url,
    Host,
    Scientific,
    Version,
    HyphenNumPart,
    HyphenPart,
    HyphenAsciiPart,
    Blank,
    Tag,
    Protocol,
    HyphenNumWord,
    HyphenAsciiWord,
    HyphenWord,
    UrlPath,
    File,
    Decimal,
    SignedInt,
    UnsignedInt,
    Entity,
}

impl Kind {
    /// Whether the configuration `simple` makes a lexeme of it.
    pub(crate) fn is_indexed(self) -> bool {
        !matches!(self, Kind::Blank | Kind::Tag | Kind::Protocol | Kind::Entity)
    }
}

/// How the next token begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Anything,
    /// The path behind a host that was a URL's.
    UrlPath,
    /// The parts of a compound word that was given whole.
    Part,
    /// A number whose sign was none.
    Number,
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    End,
    /// An ASCII letter.
    Ascii(u8),
    /// A letter beyond ASCII, of so many bytes.
    Letter(usize),
    Digit,
    /// A mark that goes on with a word, of so many bytes.
    Mark(usize),
    /// Any other ASCII character.
    Sign(u8),
    /// Any other character, of so many bytes.
    Other(usize),
}

/// Bytes tried in vain for each byte of a text, and at least.
const WASTE_FACTOR: usize = 16;
const WASTE_MIN: usize = 65_536;

/// Cuts one text.
#[derive(Debug)]
pub(crate) struct Parser<'a> {
    text: &'a str,
    at: usize,
    next: Next,
    /// Inside `<script>` and `<style>`.
    ignore: bool,
    /// A host is wanted for itself, as the one of a URL that was given whole.
    want_host: bool,
    /// The rest of the text has no words.
    lost: bool,
    wasted: usize,
    nesting: usize,
}

type Found = Option<(Kind, usize)>;

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Parser { text, at: 0, next: Next::Anything, ignore: false, want_host: false, lost: false, wasted: 0, nesting: 0 }
    }

    fn look(&self, at: usize) -> At {
        match self.text.as_bytes().get(at) {
            None => At::End,
            Some(byte) if byte.is_ascii_alphabetic() => At::Ascii(*byte),
            Some(byte) if byte.is_ascii_digit() => At::Digit,
            Some(byte) if byte.is_ascii() => At::Sign(*byte),
            Some(_) => match self.text.get(at..).and_then(|rest| rest.chars().next()) {
                Some(letter) if is_letter(letter) => At::Letter(letter.len_utf8()),
                Some(letter) if is_mark(letter) => At::Mark(letter.len_utf8()),
                Some(letter) => At::Other(letter.len_utf8()),
                None => At::End,
            },
        }
    }

    fn is_space(&self, at: usize) -> Option<usize> {
        let letter = self.text.get(at..)?.chars().next()?;
        is_space(letter).then(|| letter.len_utf8())
    }

    /// Whether something may be tried that may be in vain.
    fn may_try(&self) -> bool {
        self.wasted <= self.text.len().saturating_mul(WASTE_FACTOR).max(WASTE_MIN)
    }

    /// The next token: what it is, and its text.
    pub(crate) fn token(&mut self) -> Option<(Kind, &'a str)> {
        let start = self.at;
        if start >= self.text.len() {
            return None;
        }
        let next = std::mem::replace(&mut self.next, Next::Anything);
        let (kind, end) = match next {
            Next::Anything => self.anything(start),
            Next::UrlPath => (Kind::UrlPath, self.url_path(start + self.width(start))),
            Next::Part => self.part(start),
            Next::Number => self.unsigned(start),
        };
        if self.lost {
            self.at = self.text.len();
            return None;
        }
        // A text always goes on: an empty token would be one for ever.
        let end = end.max(start + 1);
        match kind {
            Kind::Url => self.want_host = true,
            Kind::HyphenAsciiWord | Kind::HyphenWord | Kind::HyphenNumWord => self.next = Next::Part,
            _ => self.at = end,
        }
        self.text.get(start..end).map(|token| (kind, token))
    }

    fn width(&self, at: usize) -> usize {
        self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    }

    fn anything(&mut self, at: usize) -> (Kind, usize) {
        let here = self.look(at);
        if here == At::Sign(b'<')
            && let Some(end) = self.tag(at + 1)
        {
            return (Kind::Tag, end);
        }
        if self.ignore {
            return (Kind::Blank, self.blank(at + self.width(at)));
        }
        let tried = match here {
            At::Ascii(_) => return self.ascii_word(at + 1),
            At::Letter(width) => return self.word(at + width),
            At::Digit => return self.unsigned(at + 1),
            At::Sign(b'-' | b'+') if self.look(at + 1) == At::Digit => return self.signed(at, at + 2),
            At::Sign(b'&') => self.entity(at + 1).map(|end| (Kind::Entity, end)),
            At::Sign(b'~') => self.home(at + 1),
            At::Sign(b'/') => self.file_first(at + 1),
            At::Sign(b'.') => match self.look(at + 1) {
                At::Sign(b'.') => self.parent(at + 2),
                At::Sign(b'/') => self.file_first(at + 2),
                _ => None,
            },
            At::Sign(_) | At::Mark(_) | At::Other(_) | At::End => None,
        };
        tried.unwrap_or_else(|| (Kind::Blank, self.blank(at + self.width(at))))
    }

    fn blank(&self, mut at: usize) -> usize {
        loop {
            match self.look(at) {
                At::End | At::Sign(b'<') => return at,
                _ if self.ignore => at += self.width(at),
                At::Sign(b'-' | b'+' | b'&' | b'/') | At::Ascii(_) | At::Letter(_) | At::Digit => return at,
                At::Sign(_) => at += 1,
                At::Mark(width) | At::Other(width) => at += width,
            }
        }
    }

    /// A word that so far has ASCII letters only.
    fn ascii_word(&mut self, mut at: usize) -> (Kind, usize) {
        loop {
            let tried = match self.look(at) {
                At::Ascii(_) => {
                    at += 1;
                    continue;
                }
                At::Letter(width) | At::Mark(width) => return self.word(at + width),
                At::Digit => match self.host(at + 1) {
                    None => return self.num_word(at + 1),
                    found => found,
                },
                At::Sign(b'.') => self.domain(at + 1).or_else(|| self.file_next(at + 1)),
                At::Sign(b'-') => self.host_first(at + 1).or_else(|| self.hyphenated(Kind::HyphenAsciiWord, at)),
                At::Sign(b'_') => self.host_first(at + 1),
                At::Sign(b'@') => self.email(at + 1),
                At::Sign(b':') => self.text.get(at + 1..at + 3).filter(|next| *next == "//").map(|_| (Kind::Protocol, at + 3)),
                At::Sign(b'/') => self.file_first(at + 1),
                At::Sign(_) | At::Other(_) | At::End => None,
            };
            return tried.unwrap_or((Kind::AsciiWord, at));
        }
    }

    fn word(&mut self, mut at: usize) -> (Kind, usize) {
        loop {
            match self.look(at) {
                At::Ascii(_) => at += 1,
                At::Letter(width) | At::Mark(width) => at += width,
                At::Digit => return self.num_word(at + 1),
                At::Sign(b'-') => return self.hyphenated(Kind::HyphenWord, at).unwrap_or((Kind::Word, at)),
                At::Sign(_) | At::Other(_) | At::End => return (Kind::Word, at),
            }
        }
    }

    fn num_word(&mut self, mut at: usize) -> (Kind, usize) {
        loop {
            let tried = match self.look(at) {
                At::Ascii(_) | At::Digit => {
                    at += 1;
                    continue;
                }
                At::Letter(width) | At::Mark(width) => {
                    at += width;
                    continue;
                }
                At::Sign(b'@') => self.email(at + 1),
                At::Sign(b'/') => self.file_first(at + 1),
                At::Sign(b'.') => self.file_next(at + 1),
                At::Sign(b'-') => self.hyphenated(Kind::HyphenNumWord, at),
                At::Sign(_) | At::Other(_) | At::End => None,
            };
            return tried.unwrap_or((Kind::NumWord, at));
        }
    }

    fn unsigned(&mut self, mut at: usize) -> (Kind, usize) {
        loop {
            let tried = match self.look(at) {
                At::Digit => {
                    at += 1;
                    continue;
                }
                At::Sign(b'.') => self.domain(at + 1).or_else(|| self.fraction(at)),
                At::Ascii(letter) => {
                    let exponent = if letter.eq_ignore_ascii_case(&b'e') { self.exponent(at) } else { None };
                    match exponent.or_else(|| self.host(at + 1)) {
                        None => return self.num_word(at + 1),
                        found => found,
                    }
                }
                At::Letter(width) | At::Mark(width) => return self.num_word(at + width),
                At::Sign(b'-' | b'_') => self.host_first(at + 1),
                At::Sign(b'@') => self.email(at + 1),
                At::Sign(b'/') => self.file_first(at + 1),
                At::Sign(_) | At::Other(_) | At::End => None,
            };
            return tried.unwrap_or((Kind::UnsignedInt, at));
        }
    }

    fn digits(&self, mut at: usize) -> usize {
        while self.look(at) == At::Digit {
            at += 1;
        }
        at
    }

    /// What follows a number at the letter `e`: a power of ten.
    fn exponent(&self, at: usize) -> Found {
        let sign = matches!(self.look(at + 1), At::Sign(b'+' | b'-'));
        let first = if sign { at + 2 } else { at + 1 };
        (self.look(first) == At::Digit).then(|| (Kind::Scientific, self.digits(first)))
    }

    fn exponent_here(&self, at: usize) -> Found {
        matches!(self.look(at), At::Ascii(b'e' | b'E')).then(|| self.exponent(at)).flatten()
    }

    /// What follows a number at a point: a fraction, or further points of a version.
    fn fraction(&self, at: usize) -> Found {
        if self.look(at + 1) != At::Digit {
            return None;
        }
        let mut end = self.digits(at + 1);
        if let Some(scientific) = self.exponent_here(end) {
            return Some(scientific);
        }
        let mut kind = Kind::Decimal;
        while self.look(end) == At::Sign(b'.') && self.look(end + 1) == At::Digit {
            end = self.digits(end + 1);
            kind = Kind::Version;
        }
        Some((kind, end))
    }

    /// A number behind a sign. A version has none, so before one the sign stands for itself.
    fn signed(&mut self, start: usize, at: usize) -> (Kind, usize) {
        let whole = self.digits(at);
        if let Some(scientific) = self.exponent_here(whole) {
            return scientific;
        }
        if self.look(whole) != At::Sign(b'.') || self.look(whole + 1) != At::Digit {
            return (Kind::SignedInt, whole);
        }
        let end = self.digits(whole + 1);
        if self.look(end) == At::Sign(b'.') && self.look(end + 1) == At::Digit {
            self.next = Next::Number;
            return (Kind::Blank, start + 1);
        }
        self.exponent_here(end).unwrap_or((Kind::Decimal, end))
    }

    /// A compound word whose first hyphen stands at `hyphen`, behind a part of this kind.
    fn hyphenated(&mut self, mut kind: Kind, mut hyphen: usize) -> Found {
        let mut found = None;
        loop {
            // Digits alone are no part: letters must follow them.
            let first = hyphen + 1;
            let digits = self.digits(first);
            let mut at = match self.look(digits) {
                At::Ascii(_) | At::Letter(_) if digits == first => digits,
                At::Letter(_) | At::Ascii(_) | At::Mark(_) if digits > first => digits,
                _ => return found,
            };
            if digits > first {
                kind = Kind::HyphenNumWord;
            }
            loop {
                match self.look(at) {
                    At::Ascii(_) => at += 1,
                    At::Letter(width) | At::Mark(width) => {
                        at += width;
                        if kind == Kind::HyphenAsciiWord {
                            kind = Kind::HyphenWord;
                        }
                    }
                    At::Digit => {
                        at += 1;
                        kind = Kind::HyphenNumWord;
                    }
                    At::Sign(_) | At::Other(_) | At::End => break,
                }
            }
            found = Some((kind, at));
            if self.look(at) != At::Sign(b'-') {
                return found;
            }
            hyphen = at;
        }
    }

    /// The next part of a compound word, or what follows it.
    fn part(&mut self, start: usize) -> (Kind, usize) {
        let mut kind = match self.look(start) {
            At::Ascii(_) => Kind::HyphenAsciiPart,
            At::Letter(_) => Kind::HyphenPart,
            At::Digit => match self.look(self.digits(start)) {
                At::Ascii(_) | At::Letter(_) | At::Mark(_) => Kind::HyphenNumPart,
                _ => return self.anything(start),
            },
            At::Sign(b'-') if matches!(self.look(start + 1), At::Ascii(_) | At::Digit | At::Letter(_) | At::Mark(_)) => {
                self.next = Next::Part;
                return (Kind::Blank, start + 1);
            }
            At::Sign(_) | At::Mark(_) | At::Other(_) | At::End => return self.anything(start),
        };
        let mut at = start;
        loop {
            match self.look(at) {
                At::Ascii(_) => at += 1,
                At::Letter(width) | At::Mark(width) => {
                    at += width;
                    if kind == Kind::HyphenAsciiPart {
                        kind = Kind::HyphenPart;
                    }
                }
                At::Digit => {
                    at += 1;
                    kind = Kind::HyphenNumPart;
                }
                At::Sign(_) | At::Other(_) | At::End => break,
            }
        }
        self.next = Next::Part;
        (kind, at)
    }
}
