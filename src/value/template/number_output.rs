//! Writes numbers by a template, place by place as PostgreSQL does.

use super::number::{Key, SignPlace, Template, Token};
use super::ordinal;

/// How wide a Roman number is written, in which 3999 is the last.
const ROMAN_WIDTH: usize = 15;

impl Template {
    /// Writes a number given as text `[-]digits[.digits]`, rounded to the template's scale.
    pub(crate) fn write(&self, number: &str) -> String {
        let negative = number.starts_with('-');
        let digits = number.trim_start_matches('-');
        let whole = digits.find('.').unwrap_or(digits.len());
        let pre = self.pre + self.multi;
        let (digits, spaces) = if whole > pre {
            // It does not fit.
            (format!("{}.{}", "#".repeat(pre), "#".repeat(self.post)), 0)
        } else {
            (digits.to_owned(), pre - whole)
        };
        Writer::new(self, pre, &digits, negative, spaces).write()
    }

    /// Writes a number that has only a scientific form, such as `1.2e+03`.
    pub(crate) fn write_scientific(&self, number: &str) -> String {
        if number.starts_with('-') { number.to_owned() } else { format!(" {number}") }
    }

    /// What stands for a number that has no scientific form.
    pub(crate) fn no_scientific(&self) -> String {
        let mut text: Vec<char> = vec!['#'; self.pre + self.post + 6];
        text[0] = ' ';
        if let Some(point) = text.get_mut(self.pre + 1) {
            *point = '.';
        }
        text.into_iter().collect()
    }

    /// Writes a Roman number.
    pub(crate) fn write_roman(&self, number: Option<u32>) -> String {
        let roman = match number {
            Some(number @ 1..=3_999) => roman(number),
            _ => "#".repeat(ROMAN_WIDTH),
        };
        let mut out = String::new();
        for token in &self.tokens {
            match token {
                Token::Key(Key::Roman { upper }) => {
                    let text = if *upper { roman.clone() } else { roman.to_ascii_lowercase() };
                    out.push_str(&if self.fill { text } else { format!("{text:>ROMAN_WIDTH$}") });
                }
                Token::Text(letter) => out.push(*letter),
                Token::Key(_) => {}
            }
        }
        out
    }
}

fn roman(mut number: u32) -> String {
    const VALUES: [(u32, &str); 13] = [
        (1_000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let mut out = String::new();
    for (value, letters) in VALUES {
        while number >= value {
            out.push_str(letters);
            number -= value;
        }
    }
    out
}

#[allow(clippy::struct_excessive_bools)]
struct Writer<'t> {
    template: &'t Template,
    number: Vec<u8>,
    /// Where in the number the next digit stands.
    at: usize,
    /// The last digit that says something, where `FM` drops those behind it.
    last: Option<usize>,
    negative: bool,
    sign: SignPlace,
    brackets: bool,
    sign_written: bool,
    /// Places before the first digit.
    spaces: usize,
    /// Places in all, and which is next.
    count: usize,
    place: usize,
    zero_start: usize,
    /// Whether a digit has been written.
    inside: bool,
    out: String,
}

impl<'t> Writer<'t> {
    fn new(template: &'t Template, pre: usize, number: &str, negative: bool, spaces: usize) -> Writer<'t> {
        let mut brackets = template.brackets;
        let mut sign = template.sign;
        let sign_written = if template.plus || template.minus {
            !template.plus || template.minus
        } else {
            if !negative && template.fill {
                brackets = false;
            }
            if sign == SignPlace::Before && pre == template.digits_before_sign {
                sign = SignPlace::After;
            }
            !negative && template.fill && !template.signed
        };
        let mut last = None;
        if template.fill && template.decimal {
            last = number.find('.').map(|point| {
                let trimmed = number.trim_end_matches('0').len();
                trimmed.saturating_sub(1).max(point)
            });
            if let Some(relevant) = last
                && template.zero_end > spaces
            {
                let zero = (number.len().saturating_sub(1)).min(template.zero_end - spaces);
                last = Some(relevant.max(zero));
            }
        }
        let count = (template.post + pre + usize::from(!sign_written && spaces == 0)).saturating_sub(1);
        Writer {
            template,
            number: number.as_bytes().to_vec(),
            at: 0,
            last,
            negative,
            sign,
            brackets,
            sign_written,
            spaces,
            count,
            place: 0,
            zero_start: template.zero_start.saturating_sub(1),
            inside: false,
            out: String::new(),
        }
    }

    fn sign(&self) -> char {
        if self.negative { '-' } else { '+' }
    }

    fn blank(&mut self) {
        if !self.template.fill {
            self.out.push(' ');
        }
    }

    fn write(mut self) -> String {
        let template = self.template;
        for token in &template.tokens {
            let key = match token {
                Token::Text(letter) => {
                    self.out.push(*letter);
                    continue;
                }
                Token::Key(key) => *key,
            };
            match key {
                Key::Nine | Key::Zero | Key::Point | Key::LocalePoint => self.digit(key),
                Key::Comma | Key::Group => {
                    if self.inside {
                        self.out.push(',');
                    } else {
                        self.blank();
                    }
                }
                // There is no currency in the locale.
                Key::Currency => self.out.push(' '),
                Key::Ordinal { upper } => {
                    if self.number.first() != Some(&b'#') && !self.negative && !template.decimal {
                        let digits = String::from_utf8_lossy(&self.number).into_owned();
                        self.out.push_str(ordinal(&digits, upper));
                    }
                }
                Key::Minus => {
                    if self.negative {
                        self.out.push('-');
                    } else {
                        self.blank();
                    }
                }
                Key::Plus => {
                    if self.negative {
                        self.blank();
                    } else {
                        self.out.push('+');
                    }
                }
                Key::PlusOrMinus => {
                    let sign = self.sign();
                    self.out.push(sign);
                }
                Key::Blank | Key::Exponent | Key::Fill | Key::Brackets | Key::Roman { .. } | Key::Sign | Key::Shift => {}
            }
        }
        self.out
    }

    /// Whether the zero before the point is left away, as `9.9` does it.
    fn leaves_zero(&self) -> bool {
        !self.template.zero && self.at == 0 && self.number.first() == Some(&b'0') && self.template.post != 0
    }

    /// Whether nothing behind the point says anything.
    fn last_is_point(&self) -> bool {
        self.last.is_some_and(|last| self.number.get(last) == Some(&b'.'))
    }

    fn digit(&mut self, key: Key) {
        self.inside = false;
        let zero_place = self.template.zero && self.zero_start == self.place;
        if !self.sign_written && (self.place >= self.spaces || zero_place) && (!self.leaves_zero() || self.last_is_point()) {
            self.write_sign();
        }
        if self.place < self.spaces && (self.zero_start > self.place || !self.template.zero) {
            self.blank();
        } else if self.template.zero && self.place < self.spaces && self.zero_start <= self.place {
            self.out.push('0');
            self.inside = true;
        } else {
            self.own_digit(key);
        }
        let mut end = self.count + usize::from(self.spaces > 0) + usize::from(self.template.decimal);
        if self.last == Some(self.at) {
            end = self.place;
        }
        if self.place + 1 == end {
            if self.sign_written && self.brackets {
                self.out.push(if self.negative { '>' } else { ' ' });
            } else if self.template.signed && self.sign == SignPlace::After {
                let sign = self.sign();
                self.out.push(sign);
            }
        }
        self.place += 1;
    }

    fn write_sign(&mut self) {
        if self.template.signed {
            if self.sign == SignPlace::Before {
                let sign = self.sign();
                self.out.push(sign);
                self.sign_written = true;
            }
        } else if self.brackets {
            self.out.push(if self.negative { '<' } else { ' ' });
            self.sign_written = true;
        } else if self.negative {
            self.out.push('-');
            self.sign_written = true;
        } else {
            self.blank();
            self.sign_written = true;
        }
    }

    fn own_digit(&mut self, key: Key) {
        match self.number.get(self.at).copied() {
            Some(b'.') => {
                if !self.last_is_point() || self.template.fill {
                    self.out.push('.');
                }
            }
            digit => {
                if self.last.is_some_and(|last| self.at > last) && key != Key::Zero {
                    // Dropped.
                } else if self.leaves_zero() {
                    if !self.template.fill {
                        self.out.push(' ');
                    } else if self.last_is_point() {
                        self.out.push('0');
                    }
                } else if let Some(digit) = digit {
                    self.out.push(char::from(digit));
                    self.inside = true;
                }
            }
        }
        if self.at < self.number.len() {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(number: &str, template: &str) -> String {
        Template::parse(template).unwrap().write(number)
    }

    #[test]
    fn numbers_are_written_as_postgresql_does() {
        for (number, template, text) in [
            ("485", "999", " 485"),
            ("-485", "999", "-485"),
            ("1485", "9,999", " 1,485"),
            ("485", "9,999", "   485"),
            ("0.10", "9.99", "  .10"),
            ("0.10", "0.99", " 0.10"),
            ("12", "0000", " 0012"),
            ("-485", "999PR", "<485>"),
            ("-485", "999S", "485-"),
            ("-485", "S999", "-485"),
            ("148.5", "FM999.9", "148.5"),
            ("1234", "999", " ###."),
        ] {
            assert_eq!(shown(number, template).trim_end_matches('.'), text.trim_end_matches('.'), "{number} by {template}");
        }
    }
}
