//! Unicode's normal forms: `normalize` and `IS NORMALIZED`.

use datafusion::arrow::array::ArrayRef;
use unicode_normalization::UnicodeNormalization;

use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Arguments, Definition, bools_of, immutable, takes_some, text, texts_of};
use crate::value::SqlType;

const T: SqlType = SqlType::Text;

pub(in crate::query::functions) static DEFINITIONS: [Definition; 2] = [
    immutable(
        "normalize",
        |types| takes_some(types, &[T, T], 1).then_some(T),
        |given| {
            let (texts, forms) = (given.texts(0)?, forms(given)?);
            texts_of(given.rows, |row| {
                let (Some(text), Some(form)) = (text(&texts, row), forms(row)) else { return Ok(None) };
                normal(text, form).map(Some)
            })
        },
    ),
    immutable("is_normalized", |types| takes_some(types, &[T, T], 1).then_some(SqlType::Bool), is_normalized),
];

fn is_normalized(given: &Arguments) -> Result<ArrayRef> {
    let (texts, forms) = (given.texts(0)?, forms(given)?);
    bools_of(given.rows, |row| {
        let (Some(text), Some(form)) = (text(&texts, row), forms(row)) else { return Ok(None) };
        Ok(Some(normal(text, form)? == text))
    })
}

/// The form that is asked for, of a row; NFC where none is.
fn forms(given: &Arguments) -> Result<impl Fn(usize) -> Option<&'static str>> {
    let forms = if given.arrays.len() > 1 { Some(given.texts(1)?) } else { None };
    Ok(move |row: usize| match &forms {
        None => Some("NFC"),
        Some(forms) => text(forms, row)
            .map(|form| ["NFC", "NFD", "NFKC", "NFKD"].into_iter().find(|known| known.eq_ignore_ascii_case(form)).unwrap_or("")),
    })
}

fn normal(text: &str, form: &str) -> Result<String> {
    Ok(match form {
        "NFC" => text.nfc().collect(),
        "NFD" => text.nfd().collect(),
        "NFKC" => text.nfkc().collect(),
        "NFKD" => text.nfkd().collect(),
        _ => return Err(Error::new(Kind::InvalidParameterValue, "invalid normalization form")),
    })
}
