//! Casts between text and the other types, by the same input and output functions that the protocol uses.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;

use crate::error::{Error, Result};
use crate::value::SqlType;
use crate::value::builder::ColumnBuilder;
use crate::value::output::Formatter;
use crate::value::style::Style;

/// Reads every string of an array (plain, large, view or dictionary) as a type.
///
/// # Errors
/// Those of [`ColumnBuilder::append_text`], for the first string that is no value of the type.
pub fn cast_text(array: &ArrayRef, sql_type: &SqlType, style: &Style) -> Result<ArrayRef> {
    let texts = strings(array)?;
    if matches!(sql_type, SqlType::Text | SqlType::Varchar(None)) {
        return Ok(Arc::new(texts));
    }
    let mut column = ColumnBuilder::new(sql_type, texts.len());
    for text in &texts {
        match text {
            None => column.append_null(),
            Some(text) => column.append_text(text, style)?,
        }
    }
    Ok(column.finish())
}

/// Writes every value of an array as text, as PostgreSQL's cast to `text` does.
///
/// # Errors
/// Those of [`Formatter::new`].
pub fn to_text(array: &ArrayRef, sql_type: &SqlType, style: &Style) -> Result<StringViewArray> {
    let plain = matches!(array.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    if plain && sql_type.arrow() == DataType::Utf8View {
        return strings(array);
    }
    let formatter = Formatter::new(array, sql_type, style)?;
    let bool_words = *formatter.sql_type() == SqlType::Bool;
    let mut texts = StringViewBuilder::with_capacity(array.len());
    let mut text = Vec::new();
    for row in 0..array.len() {
        if formatter.is_null(row) {
            texts.append_null();
            continue;
        }
        text.clear();
        formatter.write_text(row, &mut text);
        if bool_words {
            // The cast writes the whole word, unlike the output function.
            text = if text == b"t" { b"true".to_vec() } else { b"false".to_vec() };
        }
        texts.append_value(std::str::from_utf8(&text).map_err(|_| Error::internal("a value's text is not UTF-8"))?);
    }
    Ok(texts.finish())
}

/// Strings of any physical form as views.
fn strings(array: &ArrayRef) -> Result<StringViewArray> {
    let views = match array.data_type() {
        DataType::Utf8View => array.clone(),
        DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Dictionary(_, _) => {
            cast(array, &DataType::Utf8View).map_err(|cause| Error::internal(format!("reading strings: {cause}")))?
        }
        other => return Err(Error::internal(format!("an array of {other} holds no strings"))),
    };
    views.as_string_view_opt().cloned().ok_or_else(|| Error::internal("strings did not become views"))
}
