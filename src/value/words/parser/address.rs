//! Addresses: hosts, URLs, e-mail and the paths of files.

use super::{At, Found, Kind, Next, Parser};

/// How many hosts of addresses may be looked for inside one another.
const NESTING_MAX: usize = 8;

impl Parser<'_> {
    /// What follows a host's point.
    pub(super) fn domain(&mut self, at: usize) -> Found {
        match self.look(at) {
            At::Ascii(_) => self.host_from(at + 1, Place::SecondLetter),
            At::Digit => self.host(at + 1),
            _ => None,
        }
    }

    /// What follows a `-` or `_` in a host.
    pub(super) fn host_first(&mut self, at: usize) -> Found {
        match self.look(at) {
            At::Ascii(_) | At::Digit => self.host(at + 1),
            _ => None,
        }
    }

    /// A host that has no domain of two letters yet.
    pub(super) fn host(&mut self, at: usize) -> Found {
        self.host_from(at, Place::Label)
    }

    /// A host from inside one of its labels. What is certain once a domain has two letters is kept while a longer one is tried.
    fn host_from(&mut self, start: usize, mut place: Place) -> Found {
        if !self.may_try() {
            return None;
        }
        let mut at = start;
        let mut certain = None;
        loop {
            let here = self.look(at);
            if place == Place::Domain && !matches!(here, At::Ascii(_) | At::Digit) {
                certain = Some(at);
            }
            match (here, place) {
                (At::Ascii(_), Place::SecondLetter) => place = Place::Domain,
                (At::Ascii(_), Place::Label | Place::Domain) => {}
                (At::Digit, _) => place = Place::Label,
                (At::Sign(b'-' | b'_'), _) if matches!(self.look(at + 1), At::Ascii(_) | At::Digit) => {
                    place = Place::Label;
                    at += 1;
                }
                (At::Sign(b'.'), _) => match self.look(at + 1) {
                    At::Ascii(_) => {
                        place = Place::SecondLetter;
                        at += 1;
                    }
                    At::Digit => {
                        place = Place::Label;
                        at += 1;
                    }
                    _ => break,
                },
                (At::Sign(b'@'), _) => match self.email(at + 1) {
                    None => break,
                    found => return found,
                },
                (At::Sign(b':'), Place::Domain) if self.look(at + 1) == At::Digit => {
                    return Some(self.host_end(self.digits(at + 1)));
                }
                _ => break,
            }
            at += 1;
        }
        self.wasted += at - certain.unwrap_or(start);
        certain.map(|end| self.host_end(end))
    }

    /// A host that ends here, or the URL that it begins.
    pub(super) fn host_end(&mut self, at: usize) -> (Kind, usize) {
        let more = at < self.text.len();
        if more && std::mem::take(&mut self.want_host) {
            self.next = Next::UrlPath;
            return (Kind::Host, at);
        }
        if more && self.look(at) == At::Sign(b'/') {
            let end = self.url_path(at + 1);
            if end > at + 1 {
                return (Kind::Url, end);
            }
        }
        (Kind::Host, at)
    }

    /// Where the characters end that RFC 3986 allows in a URL.
    pub(super) fn url_path(&self, at: usize) -> usize {
        let is_url =
            |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}');
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        at + rest.iter().position(|byte| !is_url(byte)).unwrap_or(rest.len())
    }

    /// What follows an address's `@`.
    pub(super) fn email(&mut self, at: usize) -> Found {
        if std::mem::take(&mut self.want_host) || self.nesting >= NESTING_MAX || !self.may_try() {
            return None;
        }
        let rest = self.text.get(at..)?;
        let mut host = Parser { want_host: true, wasted: self.wasted, nesting: self.nesting + 1, ..Parser::new(rest) };
        let found = host.token();
        self.wasted = host.wasted;
        match found {
            Some((Kind::Host, host)) => Some((Kind::Email, at + host.len())),
            Some((_, other)) => {
                self.wasted += other.len();
                None
            }
            None => None,
        }
    }

    pub(super) fn is_file(here: At) -> bool {
        matches!(here, At::Ascii(_) | At::Digit | At::Sign(b'_'))
    }

    /// What follows a path's slash.
    pub(super) fn file_first(&mut self, start: usize) -> Found {
        if !self.may_try() {
            return None;
        }
        let mut at = start;
        // A path that goes up is one as far as it has been read when what follows is none.
        let mut certain = None;
        loop {
            match self.look(at) {
                here if Parser::is_file(here) => return Some(self.file(at + 1)),
                At::Sign(b'~') => match self.look(at + 1) {
                    here if Parser::is_file(here) => return Some(self.file(at + 2)),
                    At::Sign(b'/') => at += 2,
                    _ => break,
                },
                At::Sign(b'.') => match self.look(at + 1) {
                    here if Parser::is_file(here) => return Some(self.file(at + 2)),
                    At::Sign(b'/') => at += 2,
                    At::Sign(b'.') => match self.look(at + 2) {
                        At::Sign(b'/') => {
                            certain = Some((Kind::File, at + 2));
                            at += 3;
                        }
                        At::End => return Some((Kind::File, at + 2)),
                        _ if self.is_space(at + 2).is_some() => return Some((Kind::File, at + 2)),
                        _ => break,
                    },
                    _ => break,
                },
                _ => break,
            }
        }
        self.wasted += at - start;
        certain
    }

    /// What follows `~`.
    pub(super) fn home(&mut self, at: usize) -> Found {
        match self.look(at) {
            here if Parser::is_file(here) => Some(self.file(at + 1)),
            At::Sign(b'/') => self.file_first(at + 1),
            _ => None,
        }
    }

    /// What follows `..` at a path's beginning.
    pub(super) fn parent(&mut self, at: usize) -> Found {
        match self.look(at) {
            At::End => Some((Kind::File, at)),
            At::Sign(b'/') => Some(self.file_first(at + 1).unwrap_or((Kind::File, at))),
            _ => self.is_space(at).map(|_| (Kind::File, at)),
        }
    }

    /// What follows a word's point, if that makes it the name of a file.
    pub(super) fn file_next(&mut self, at: usize) -> Found {
        Parser::is_file(self.look(at)).then(|| self.file(at + 1))
    }

    pub(super) fn file(&mut self, mut at: usize) -> (Kind, usize) {
        loop {
            match self.look(at) {
                At::Ascii(_) | At::Digit | At::Sign(b'_' | b'-') => at += 1,
                At::Sign(b'.') if Parser::is_file(self.look(at + 1)) => at += 2,
                At::Sign(b'/') => match self.look(at + 1) {
                    here if Parser::is_file(here) => at += 2,
                    _ => return self.file_first(at + 1).unwrap_or((Kind::File, at)),
                },
                At::Sign(_) | At::Letter(_) | At::Mark(_) | At::Other(_) | At::End => return (Kind::File, at),
            }
        }
    }
}

/// Where in a host its reading stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a label that is no domain, at least not as far as it has been read.
    Label,
    /// Behind the first letter of what may be a domain.
    SecondLetter,
    /// Behind two letters or more of one.
    Domain,
}
