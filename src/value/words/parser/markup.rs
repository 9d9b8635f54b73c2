//! Markup: tags, comments and entities, of which no word is made.

use super::{At, Parser};

impl Parser<'_> {
    pub(super) fn entity(&mut self, start: usize) -> Option<usize> {
        if !self.may_try() {
            return None;
        }
        let mut at = start;
        let is_hex = |here: At| matches!(here, At::Digit | At::Ascii(b'a'..=b'f' | b'A'..=b'F'));
        match self.look(at) {
            At::Sign(b'#') => {
                let hex = matches!(self.look(at + 1), At::Ascii(b'x' | b'X'));
                let first = if hex { at + 2 } else { at + 1 };
                at = first;
                while if hex { is_hex(self.look(at)) } else { self.look(at) == At::Digit } {
                    at += 1;
                }
                if at == first {
                    return None;
                }
            }
            At::Ascii(_) | At::Sign(b':' | b'_') => loop {
                match self.look(at) {
                    At::Ascii(_) | At::Digit | At::Sign(b':' | b'_' | b'.' | b'-') => at += 1,
                    At::Letter(width) => at += width,
                    At::Sign(_) | At::Mark(_) | At::Other(_) | At::End => break,
                }
            },
            _ => return None,
        }
        if self.look(at) == At::Sign(b';') {
            return Some(at + 1);
        }
        self.wasted += at - start;
        None
    }

    pub(super) fn tag(&mut self, at: usize) -> Option<usize> {
        if !self.may_try() {
            return None;
        }
        match self.look(at) {
            At::Sign(b'/') => match self.look(at + 1) {
                At::Ascii(_) => self.tag_name(at, at + 2),
                _ => None,
            },
            At::Sign(b'!') => match self.look(at + 1) {
                At::Sign(b'-') if self.look(at + 2) == At::Sign(b'-') => {
                    let rest = self.text.get(at + 3..).unwrap_or_default();
                    let found = rest.find("-->").map(|end| at + 3 + end + 3);
                    self.wasted += if found.is_none() { rest.len() } else { 0 };
                    found
                }
                At::Ascii(b'D' | b'd') => self.inside_tag(at + 2),
                _ => None,
            },
            At::Sign(b'?') => match self.look(at + 1) {
                At::Ascii(b'x') => self.inside_tag(at + 2),
                _ => None,
            },
            At::Ascii(_) | At::Sign(b':' | b'_') => self.tag_name(at, at + 1),
            _ => None,
        }
    }

    /// The rest of a tag's name, which began at `start` with or without a slash.
    pub(super) fn tag_name(&mut self, start: usize, mut at: usize) -> Option<usize> {
        loop {
            match self.look(at) {
                At::Sign(b'/') => {
                    let closed = self.look(at + 1) == At::Sign(b'>');
                    self.wasted += if closed { 0 } else { at - start };
                    return closed.then_some(at + 2);
                }
                At::Sign(b'>') => {
                    self.opened(start, at);
                    return Some(at + 1);
                }
                At::Ascii(_) | At::Digit | At::Sign(b':' | b'_' | b'.' | b'-') => at += 1,
                At::Letter(width) => at += width,
                At::Sign(_) | At::Mark(_) | At::Other(_) | At::End => {
                    let Some(width) = self.is_space(at) else {
                        self.wasted += at - start;
                        return None;
                    };
                    self.opened(start, at);
                    return self.inside_tag(at + width);
                }
            }
        }
    }

    /// Notes that a script or a style begins or ends.
    pub(super) fn opened(&mut self, start: usize, end: usize) {
        let name = self.text.get(start..end).unwrap_or_default();
        if ["script", "style"].iter().any(|known| name.eq_ignore_ascii_case(known)) {
            self.ignore = true;
        } else if ["/script", "/style"].iter().any(|known| name.eq_ignore_ascii_case(known)) {
            self.ignore = false;
        }
    }

    pub(super) fn inside_tag(&mut self, start: usize) -> Option<usize> {
        let mut at = start;
        let end = loop {
            match self.look(at) {
                At::Sign(b'>') => break Some(at + 1),
                At::Sign(quote @ (b'\'' | b'"')) => match self.quoted(at + 1, quote) {
                    Some(end) => at = end,
                    None => {
                        at = self.text.len();
                        break None;
                    }
                },
                At::Ascii(_) | At::Digit => at += 1,
                At::Sign(b'=' | b'-' | b'_' | b'#' | b'/' | b':' | b'.' | b'&' | b'?' | b'%' | b'~') => at += 1,
                At::End => break None,
                At::Sign(_) | At::Letter(_) | At::Mark(_) | At::Other(_) => match self.is_space(at) {
                    Some(width) => at += width,
                    None => break None,
                },
            }
        };
        self.wasted += if end.is_none() { at - start } else { 0 };
        end
    }

    /// Where a quoted value of a tag ends, behind its quote. A backslash takes the next character's meaning away, unless it stands
    /// right behind one that has lost its own; a text that ends with such a character has no further words to PostgreSQL.
    pub(super) fn quoted(&mut self, mut at: usize, quote: u8) -> Option<usize> {
        let mut plain = false;
        loop {
            match self.look(at) {
                At::End => {
                    self.lost = plain;
                    return None;
                }
                At::Sign(b'\\') if !plain && at + 1 < self.text.len() => {
                    at += 1 + self.width(at + 1);
                    plain = true;
                    continue;
                }
                At::Sign(sign) if sign == quote => return Some(at + 1),
                _ => at += self.width(at),
            }
            plain = false;
        }
    }
}
