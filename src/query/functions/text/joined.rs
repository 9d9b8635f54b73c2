//! One value behind the other: `||` on text and bytes, `concat` and `concat_ws`. What the rows of a batch make together is bounded.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringViewArray, StringViewBuilder};
use datafusion::logical_expr::Volatility;

use super::pieces::{bytes, bytes_of, value};
use crate::error::Result;
use crate::query::functions::scalar::{
    Argument, Arguments, Definition, TEXT_BYTES_MAX, immutable, takes, text, texts_of, too_long,
};
use crate::value::SqlType;

/// The function behind `||` on text.
pub(in crate::query) const TEXTS: &str = "textcat";

pub(in crate::query::functions) static DEFINITIONS: [Definition; 4] = [
    immutable(TEXTS, |types| takes(types, &[SqlType::Text, SqlType::Text]).then_some(SqlType::Text), both_texts),
    immutable("byteacat", |types| takes(types, &[SqlType::Bytea, SqlType::Bytea]).then_some(SqlType::Bytea), both_bytes),
    Definition {
        name: "concat",
        volatility: Volatility::Stable,
        result: |types| (!types.is_empty()).then_some(SqlType::Text),
        run: concat,
    },
    Definition { name: "concat_ws", volatility: Volatility::Stable, result: concat_ws_result, run: concat_ws },
];

fn both_texts(given: &Arguments) -> Result<ArrayRef> {
    let (left, right) = (given.texts(0)?, given.texts(1)?);
    let mut out = StringViewBuilder::with_capacity(given.rows);
    let (mut whole, mut bytes) = (String::new(), 0_usize);
    for row in 0..given.rows {
        match (text(&left, row), text(&right, row)) {
            (Some(left), Some(right)) => {
                bytes = bytes.saturating_add(left.len()).saturating_add(right.len());
                if bytes > TEXT_BYTES_MAX {
                    return Err(too_long());
                }
                whole.clear();
                whole.push_str(left);
                whole.push_str(right);
                out.append_value(&whole);
            }
            (None, _) | (_, None) => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

fn both_bytes(given: &Arguments) -> Result<ArrayRef> {
    let (left, right) = (bytes(given, 0)?, bytes(given, 1)?);
    bytes_of(given.rows, |row| Ok(value(&left, row).zip(value(&right, row)).map(|(left, right)| [left, right].concat())))
}

fn concat_ws_result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [separator, _, ..] if separator.is_text() => Some(SqlType::Text),
        _ => None,
    }
}

/// Values written as their output functions write them, one behind the other; NULL is nothing.
fn concat(given: &Arguments) -> Result<ArrayRef> {
    let values: Vec<StringViewArray> = (0..given.arrays.len()).map(|at| shown(given, at)).collect::<Result<_>>()?;
    texts_of(given.rows, |row| joined(&values, row, "").map(Some))
}

/// Values written as their output functions write them, NULLs left out.
fn concat_ws(given: &Arguments) -> Result<ArrayRef> {
    let separators = given.texts(0)?;
    let values: Vec<StringViewArray> = (1..given.arrays.len()).map(|at| shown(given, at)).collect::<Result<_>>()?;
    texts_of(given.rows, |row| text(&separators, row).map(|separator| joined(&values, row, separator)).transpose())
}

/// A row's values that are not NULL, with a separator between them.
fn joined(values: &[StringViewArray], row: usize, separator: &str) -> Result<String> {
    let present: Vec<&str> = values.iter().filter_map(|values| text(values, row)).collect();
    let bytes = present.iter().fold(0_usize, |bytes, text| bytes.saturating_add(text.len()).saturating_add(separator.len()));
    if bytes > TEXT_BYTES_MAX { Err(too_long()) } else { Ok(present.join(separator)) }
}

/// The values of an argument as their output function writes them: `t` and not `true`.
pub(super) fn shown(given: &Arguments, at: usize) -> Result<StringViewArray> {
    if given.sql_type(at) != SqlType::Bool {
        return given.texts(at);
    }
    let formatter = given.formatter(at)?;
    Ok((0..given.rows)
        .map(|row| {
            (!formatter.is_null(row)).then(|| {
                let mut text = Vec::new();
                formatter.write_text(row, &mut text);
                if text == b"t" { "t" } else { "f" }
            })
        })
        .collect())
}
