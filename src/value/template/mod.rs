//! PostgreSQL's template patterns: moments, intervals and numbers written by a template and read by one (version 15, section 9.8).
//!
//! A template is a list of [`Piece`]s: fields, such as `YYYY`, and what stands between them.

pub(crate) mod field;
pub(crate) mod moment;
pub(crate) mod number;
mod number_output;
pub(crate) mod reader;

/// The ending of an ordinal number: `st`, `nd`, `rd` or `th`.
fn ordinal(digits: &str, upper: bool) -> &'static str {
    let mut letters = digits.bytes().rev();
    let (last, before) = (letters.next(), letters.next());
    match (last, before == Some(b'1'), upper) {
        (Some(b'1'), false, true) => "ST",
        (Some(b'1'), false, false) => "st",
        (Some(b'2'), false, true) => "ND",
        (Some(b'2'), false, false) => "nd",
        (Some(b'3'), false, true) => "RD",
        (Some(b'3'), false, false) => "rd",
        (_, _, true) => "TH",
        (_, _, false) => "th",
    }
}
