//! Where a value stands in PostgreSQL's binary form of a `jsonb`, which is the `id` that `.keyvalue()` tells objects apart by
//! (its `jsonb.h`): a header of four bytes, four for each key and value, keys, then values; numbers and containers at multiples of
//! four.

use crate::value::json::scan::{Shape, elements, members};
use crate::value::json::string::unescape;

/// The offset in bytes of the container that begins at this place of a canonical document.
pub(super) fn offset(document: &str, place: usize) -> Option<usize> {
    let mut walk = Walk { document, place, at: 0 };
    walk.value(document)
}

struct Walk<'a> {
    document: &'a str,
    place: usize,
    /// How many bytes have been laid out.
    at: usize,
}

impl Walk<'_> {
    fn pad(&mut self) {
        self.at = self.at.next_multiple_of(4);
    }

    /// Lays a value out; the answer is where the wanted container begins, if it is in here.
    fn value(&mut self, text: &str) -> Option<usize> {
        match Shape::of(text) {
            Shape::Null | Shape::Bool => None,
            Shape::String => {
                self.at += string_length(text);
                None
            }
            Shape::Number => {
                self.pad();
                self.at += number_length(text);
                None
            }
            Shape::Array | Shape::Object => {
                self.pad();
                if text.as_ptr().addr() - self.document.as_ptr().addr() == self.place {
                    return Some(self.at);
                }
                let pairs = members(text);
                let keys: Vec<&str> = pairs.map(|(key, _)| key).collect();
                self.at += 4 + 8 * keys.len() + 4 * elements(text).count();
                self.at += keys.iter().map(|key| string_length(key)).sum::<usize>();
                let values = members(text).map(|(_, value)| value).chain(elements(text));
                for value in values {
                    if let Some(found) = self.value(value) {
                        return Some(found);
                    }
                }
                None
            }
        }
    }
}

fn string_length(quoted: &str) -> usize {
    if !quoted.contains('\\') {
        return quoted.len().saturating_sub(2);
    }
    let mut plain = String::with_capacity(quoted.len());
    unescape(quoted, &mut plain);
    plain.len()
}

/// The bytes of a `numeric`: its length word, a header of two or four bytes, and two for each group of four digits that is not zero
/// at either end.
fn number_length(number: &str) -> usize {
    let size = number.trim_start_matches('-');
    let (whole, part) = size.split_once('.').unwrap_or((size, ""));
    let whole = whole.trim_start_matches('0');
    let mut groups: Vec<String> = Vec::new();
    let front = (4 - whole.len() % 4) % 4;
    let padded = format!("{}{whole}", "0".repeat(front));
    groups.extend(padded.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()));
    let mut weight = i64::try_from(groups.len()).unwrap_or(0) - 1;
    let padded = format!("{part}{}", "0".repeat((4 - part.len() % 4) % 4));
    groups.extend(padded.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()));
    let zeros = groups.iter().take_while(|group| *group == "0000").count();
    weight -= i64::try_from(zeros).unwrap_or(0);
    let used = groups.iter().rposition(|group| group != "0000").map_or(0, |last| last + 1 - zeros);
    let short = part.len() <= 63 && (used == 0 || (-64..=63).contains(&weight));
    4 + if short { 2 } else { 4 } + 2 * used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_those_of_the_binary_form() {
        let document = r#"{"a": 1, "b": {"c": 2, "d": [{"x": "yy", "z": 1.50}]}}"#;
        let at = |part: &str| offset(document, document.find(part).unwrap());
        assert_eq!(offset(document, 0), Some(0));
        assert_eq!(at(r#"{"c""#), Some(32));
        assert_eq!(at(r#"{"x""#), Some(72));
        assert_eq!(at("[{"), Some(64));
    }

    #[test]
    fn numbers_have_the_length_of_numeric() {
        for (number, length) in [("0", 6), ("1", 8), ("10000", 8), ("10001", 10), ("0.0001", 8), ("1.5", 10), ("-12345678", 10)] {
            assert_eq!(number_length(number), length, "{number}");
        }
    }
}
