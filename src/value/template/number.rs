//! The fields of templates for numbers, and numbers read by one (`to_number`).

use crate::error::{Error, Kind, Result};

/// A field of a number's template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Comma,
    Point,
    Zero,
    Nine,
    Blank,
    LocalePoint,
    Exponent,
    Fill,
    Group,
    Currency,
    Minus,
    Plus,
    Brackets,
    Roman { upper: bool },
    PlusOrMinus,
    Ordinal { upper: bool },
    Sign,
    Shift,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Key(Key),
    Text(char),
}

/// Where the sign of `S` stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum SignPlace {
    #[default]
    None,
    Before,
    After,
}

/// A template for numbers, with what its fields add up to.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)]
pub(crate) struct Template {
    pub(super) tokens: Vec<Token>,
    /// Digits before and after the point, and how many digits `V` shifts by.
    pub(super) pre: usize,
    pub(super) post: usize,
    pub(super) multi: usize,
    pub(super) sign: SignPlace,
    pub(super) digits_before_sign: usize,
    /// Where the zeros begin and end, counted in digits; 0 is nowhere.
    pub(super) zero_start: usize,
    pub(super) zero_end: usize,
    pub(super) decimal: bool,
    pub(super) fill: bool,
    pub(super) signed: bool,
    pub(super) brackets: bool,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) zero: bool,
    pub(super) roman: bool,
    pub(super) shifted: bool,
    pub(super) exponent: bool,
}

const KEYS: [(&str, Key); 37] = [
    (",", Key::Comma),
    (".", Key::Point),
    ("0", Key::Zero),
    ("9", Key::Nine),
    ("B", Key::Blank),
    ("C", Key::Blank),
    ("D", Key::LocalePoint),
    ("EEEE", Key::Exponent),
    ("FM", Key::Fill),
    ("G", Key::Group),
    ("L", Key::Currency),
    ("MI", Key::Minus),
    ("PL", Key::Plus),
    ("PR", Key::Brackets),
    ("RN", Key::Roman { upper: true }),
    ("SG", Key::PlusOrMinus),
    ("SP", Key::Blank),
    ("S", Key::Sign),
    ("TH", Key::Ordinal { upper: true }),
    ("V", Key::Shift),
    ("b", Key::Blank),
    ("c", Key::Blank),
    ("d", Key::LocalePoint),
    ("eeee", Key::Exponent),
    ("fm", Key::Fill),
    ("g", Key::Group),
    ("l", Key::Currency),
    ("mi", Key::Minus),
    ("pl", Key::Plus),
    ("pr", Key::Brackets),
    ("rn", Key::Roman { upper: false }),
    ("sg", Key::PlusOrMinus),
    ("sp", Key::Blank),
    ("s", Key::Sign),
    ("th", Key::Ordinal { upper: false }),
    ("v", Key::Shift),
    ("\u{0}", Key::Blank),
];

fn refused(message: &str) -> Error {
    Error::new(Kind::SyntaxError, message)
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// 42601 for fields that do not go together.
    pub(crate) fn parse(text: &str) -> Result<Template> {
        let mut template = Template::default();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            if let Some((word, key)) = KEYS.iter().find(|(word, _)| rest.starts_with(word)) {
                rest = rest.get(word.len()..).unwrap_or_default();
                template.add(*key)?;
                template.tokens.push(Token::Key(*key));
                continue;
            }
            if letter == '"' {
                rest = template.quoted(rest);
                continue;
            }
            let escaped = rest.starts_with("\\\"");
            template.tokens.push(Token::Text(if escaped { '"' } else { letter }));
            rest = rest.get(if escaped { 2 } else { letter.len_utf8() }..).unwrap_or_default();
        }
        Ok(template)
    }

    fn quoted<'t>(&mut self, text: &'t str) -> &'t str {
        let mut letters = text.char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => return text.get(at + 1..).unwrap_or_default(),
                '\\' => self.tokens.push(Token::Text(letters.next().map_or('\\', |(_, quoted)| quoted))),
                plain => self.tokens.push(Token::Text(plain)),
            }
        }
        ""
    }

    /// What a field adds to the template.
    fn add(&mut self, key: Key) -> Result<()> {
        if self.exponent && key != Key::Exponent {
            return Err(refused("\"EEEE\" must be the last pattern used"));
        }
        match key {
            Key::Nine => {
                if self.brackets {
                    return Err(refused("\"9\" must be ahead of \"PR\""));
                }
                if self.shifted {
                    self.multi += 1;
                } else if self.decimal {
                    self.post += 1;
                } else {
                    self.pre += 1;
                }
            }
            Key::Zero => {
                if self.brackets {
                    return Err(refused("\"0\" must be ahead of \"PR\""));
                }
                if !self.zero && !self.decimal {
                    self.zero = true;
                    self.zero_start = self.pre + 1;
                }
                if self.decimal {
                    self.post += 1;
                } else {
                    self.pre += 1;
                }
                self.zero_end = self.pre + self.post;
            }
            Key::LocalePoint | Key::Point => {
                if self.decimal {
                    return Err(refused("multiple decimal points"));
                }
                if self.shifted {
                    return Err(refused("cannot use \"V\" and decimal point together"));
                }
                self.decimal = true;
            }
            Key::Fill => self.fill = true,
            Key::Sign => self.add_sign()?,
            Key::Minus | Key::Plus | Key::PlusOrMinus => {
                if self.signed {
                    let name = match key {
                        Key::Minus => "MI",
                        Key::Plus => "PL",
                        _ => "SG",
                    };
                    return Err(refused(&format!("cannot use \"S\" and \"{name}\" together")));
                }
                self.minus |= key != Key::Plus;
                self.plus |= key != Key::Minus;
            }
            Key::Brackets => {
                if self.signed || self.plus || self.minus {
                    return Err(refused("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together"));
                }
                self.brackets = true;
            }
            Key::Roman { .. } => self.roman = true,
            Key::Shift => {
                if self.decimal {
                    return Err(refused("cannot use \"V\" and decimal point together"));
                }
                self.shifted = true;
            }
            Key::Exponent => {
                if self.exponent {
                    return Err(refused("cannot use \"EEEE\" twice"));
                }
                if self.fill || self.signed || self.brackets || self.minus || self.plus || self.roman || self.shifted {
                    return Err(refused("\"EEEE\" is incompatible with other formats")
                        .with_detail("\"EEEE\" may only be used together with digit and decimal point patterns."));
                }
                self.exponent = true;
            }
            Key::Comma | Key::Blank | Key::Group | Key::Currency | Key::Ordinal { .. } => {}
        }
        Ok(())
    }

    fn add_sign(&mut self) -> Result<()> {
        if self.signed {
            return Err(refused("cannot use \"S\" twice"));
        }
        if self.plus || self.minus || self.brackets {
            return Err(refused("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together"));
        }
        if self.decimal {
            if self.sign == SignPlace::None {
                self.sign = SignPlace::After;
            }
        } else {
            self.sign = SignPlace::Before;
            self.digits_before_sign = self.pre;
        }
        self.signed = true;
        Ok(())
    }

    /// Digits behind the point that are written.
    pub(crate) fn scale(&self) -> usize {
        self.post
    }

    /// By how many digits `V` shifts the number.
    pub(crate) fn shift(&self) -> usize {
        self.multi
    }

    pub(crate) fn is_roman(&self) -> bool {
        self.roman
    }

    pub(crate) fn is_scientific(&self) -> bool {
        self.exponent
    }

    /// Reads a number from a text: what the input function of `numeric` is to be given.
    ///
    /// # Errors
    /// 0A000 for fields that are only written.
    pub(crate) fn read(&self, text: &str) -> Result<String> {
        if self.exponent {
            return Err(Error::new(Kind::FeatureNotSupported, "\"EEEE\" not supported for input"));
        }
        if self.roman {
            return Err(Error::new(Kind::FeatureNotSupported, "\"RN\" not supported for input"));
        }
        let mut reader = NumberReader {
            template: self,
            letters: text.chars().collect(),
            at: 0,
            sign: ' ',
            digits: String::new(),
            before: 0,
            after: 0,
            point: false,
        };
        for token in &self.tokens {
            if reader.at >= reader.letters.len() {
                break;
            }
            reader.token(*token);
        }
        let digits = reader.digits.strip_suffix('.').unwrap_or(&reader.digits);
        Ok(format!("{}{digits}", reader.sign))
    }
}

struct NumberReader<'t> {
    template: &'t Template,
    letters: Vec<char>,
    at: usize,
    /// A blank until a sign was read.
    sign: char,
    digits: String,
    before: usize,
    after: usize,
    point: bool,
}

impl NumberReader<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn token(&mut self, token: Token) {
        let Token::Key(key) = token else {
            self.at += 1;
            return;
        };
        match key {
            Key::Nine | Key::Zero | Key::Point | Key::LocalePoint => {
                self.digit(key);
                self.at += 1;
            }
            Key::Comma | Key::Group => {
                if self.peek() == Some(',') {
                    self.at += 1;
                }
            }
            Key::Currency => self.pass_over(1),
            Key::Ordinal { .. } => {
                if !self.template.decimal && self.sign != '-' {
                    self.pass_over(2);
                }
            }
            Key::Minus => self.sign_or_other(&['-']),
            Key::Plus => self.sign_or_other(&['+']),
            Key::PlusOrMinus => self.sign_or_other(&['-', '+']),
            Key::Blank | Key::Exponent | Key::Fill | Key::Brackets | Key::Roman { .. } | Key::Sign | Key::Shift => {}
        }
    }

    fn sign_or_other(&mut self, signs: &[char]) {
        match self.peek() {
            Some(sign) if signs.contains(&sign) => {
                self.sign = sign;
                self.at += 1;
            }
            _ => self.pass_over(1),
        }
    }

    /// Passes over characters that can be no part of a number.
    fn pass_over(&mut self, most: usize) {
        for _ in 0..most {
            match self.peek() {
                Some(letter) if !"0123456789.,+-".contains(letter) => self.at += 1,
                _ => return,
            }
        }
    }

    /// Reads a digit or the point, and a sign before or behind; leaves its place at the last character used.
    fn digit(&mut self, key: Key) {
        if self.peek() == Some(' ') {
            self.at += 1;
        }
        let Some(mut letter) = self.peek() else { return };
        if self.sign == ' ' && matches!(key, Key::Nine | Key::Zero) && self.before + self.after == 0 {
            let anchored = self.template.signed && self.template.sign == SignPlace::Before;
            match letter {
                '-' => self.sign = '-',
                '+' => self.sign = '+',
                '<' if self.template.brackets && !anchored => self.sign = '-',
                _ => {}
            }
            if self.sign != ' ' {
                self.at += 1;
                match self.peek() {
                    Some(next) => letter = next,
                    None => return,
                }
            }
        }
        let mut read = false;
        if letter.is_ascii_digit() {
            if self.point && self.after == self.template.post {
                return;
            }
            self.digits.push(letter);
            *(if self.point { &mut self.after } else { &mut self.before }) += 1;
            read = true;
        } else if self.template.decimal && !self.point && letter == '.' {
            self.digits.push('.');
            self.point = true;
            read = true;
        }
        if self.sign != ' ' || self.before + self.after == 0 {
            return;
        }
        let next = self.letters.get(self.at + 1).copied();
        if self.template.signed && read {
            if let Some(sign @ ('-' | '+')) = next {
                self.sign = sign;
                self.at += 1;
            }
        } else if !read && !self.template.signed && !self.template.plus && !self.template.minus && matches!(letter, '-' | '+') {
            self.sign = letter;
        }
    }
}
