//! Which characters a bracket expression, a class escape or a plain character stands for.

use std::fmt::Write;

/// A named class of characters, as PostgreSQL has it in the locale C.UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Alnum,
    Alpha,
    Blank,
    Cntrl,
    Digit,
    Graph,
    Lower,
    Print,
    Punct,
    Space,
    Upper,
    Word,
    Xdigit,
}

impl Named {
    pub(super) fn parse(name: &str) -> Option<Named> {
        Some(match name {
            "alnum" => Named::Alnum,
            "alpha" => Named::Alpha,
            "blank" => Named::Blank,
            "cntrl" => Named::Cntrl,
            "digit" => Named::Digit,
            "graph" => Named::Graph,
            "lower" => Named::Lower,
            "print" => Named::Print,
            "punct" => Named::Punct,
            "space" => Named::Space,
            "upper" => Named::Upper,
            "word" => Named::Word,
            "xdigit" => Named::Xdigit,
            _ => return None,
        })
    }

    fn has(self, letter: char) -> bool {
        match self {
            Named::Alnum => letter.is_alphabetic() || letter.is_ascii_digit(),
            Named::Alpha => letter.is_alphabetic(),
            Named::Blank => matches!(letter, ' ' | '\t') || (!letter.is_ascii() && is_space(letter)),
            Named::Cntrl => letter.is_control(),
            Named::Digit => letter.is_ascii_digit(),
            Named::Graph => !letter.is_control() && !is_space(letter),
            Named::Lower => letter.is_lowercase(),
            Named::Print => !letter.is_control() && (letter == ' ' || !letter.is_ascii_whitespace()),
            Named::Punct => !letter.is_control() && !is_space(letter) && !Named::Alnum.has(letter),
            Named::Space => is_space(letter),
            Named::Upper => letter.is_uppercase(),
            Named::Word => letter == '_' || Named::Alnum.has(letter),
            Named::Xdigit => letter.is_ascii_hexdigit(),
        }
    }

    /// What stands for it between the brackets of the `regex` crate, where that is the same set.
    fn translated(self) -> Option<&'static str> {
        match self {
            Named::Alnum => Some("\\p{Alphabetic}0-9"),
            Named::Alpha => Some("\\p{Alphabetic}"),
            Named::Digit => Some("0-9"),
            Named::Lower => Some("\\p{Lowercase}"),
            Named::Space => Some(SPACES),
            Named::Upper => Some("\\p{Uppercase}"),
            Named::Word => Some("\\p{Alphabetic}0-9_"),
            Named::Xdigit => Some("0-9A-Fa-f"),
            Named::Blank | Named::Cntrl | Named::Graph | Named::Print | Named::Punct => None,
        }
    }
}

/// The spaces of the locale C.UTF-8, which leave out those that do not break.
const SPACES: &str = "\\t-\\r \\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200A}\\x{2028}\\x{2029}\\x{205F}\\x{3000}";

fn is_space(letter: char) -> bool {
    matches!(
        letter,
        '\t'..='\r' | ' ' | '\u{1680}' | '\u{2000}'..='\u{2006}' | '\u{2008}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{205f}' | '\u{3000}'
    )
}

pub(super) fn is_word(letter: char) -> bool {
    Named::Word.has(letter)
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Range(char, char),
    Named { class: Named, negated: bool },
}

/// A set of characters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Class {
    pub(super) items: Vec<Item>,
    pub(super) negated: bool,
    /// Whether upper and lower case are the same.
    pub(super) fold: bool,
    /// Whether a line break is left out whatever the items say.
    pub(super) no_newline: bool,
}

impl Class {
    pub(super) fn of(items: Vec<Item>, negated: bool, fold: bool) -> Class {
        Class { items, negated, fold, no_newline: false }
    }

    pub(super) fn letter(letter: char, fold: bool) -> Class {
        Class::of(vec![Item::Range(letter, letter)], false, fold)
    }

    pub(super) fn has(&self, letter: char) -> bool {
        if self.no_newline && letter == '\n' {
            return false;
        }
        let listed = self.lists(letter) || (self.fold && variants(letter).any(|variant| self.lists(variant)));
        listed != self.negated
    }

    fn lists(&self, letter: char) -> bool {
        self.items.iter().any(|item| match item {
            Item::Range(from, to) => (*from..=*to).contains(&letter),
            Item::Named { class, negated } => class.has(letter) != *negated,
        })
    }

    /// Appends it in the syntax of the `regex` crate; `None` where that has no equal.
    pub(super) fn translate(&self, out: &mut String) -> Option<()> {
        if self.fold {
            out.push_str("(?i:");
        }
        if self.items.is_empty() {
            // Every character but perhaps a line break.
            out.push_str(if self.no_newline { "[^\\n]" } else { "[\\x{0}-\\x{10FFFF}]" });
        } else {
            out.push_str(if self.negated { "[^" } else { "[" });
            for item in &self.items {
                match item {
                    // Writing to a string cannot fail.
                    Item::Range(from, to) => {
                        let _ = write!(out, "\\x{{{:x}}}-\\x{{{:x}}}", u32::from(*from), u32::from(*to));
                    }
                    Item::Named { class, negated: false } => out.push_str(class.translated()?),
                    Item::Named { class, negated: true } => {
                        let _ = write!(out, "[^{}]", class.translated()?);
                    }
                }
            }
            if self.no_newline {
                if !self.negated {
                    return None;
                }
                out.push_str("\\n");
            }
            out.push(']');
        }
        if self.fold {
            out.push(')');
        }
        Some(())
    }
}

fn variants(letter: char) -> impl Iterator<Item = char> {
    let single = |mut letters: Box<dyn Iterator<Item = char>>| {
        let first = letters.next();
        if letters.next().is_some() { None } else { first }
    };
    let lower = single(Box::new(letter.to_lowercase()));
    let upper = single(Box::new(letter.to_uppercase()));
    lower.into_iter().chain(upper)
}
