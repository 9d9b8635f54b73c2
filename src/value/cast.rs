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

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{BooleanArray, DictionaryArray, Int32Array, StringArray};
    use arrow::datatypes::Int32Type;

    #[test]
    fn strings_become_values_and_values_strings() {
        let style = Style::default();
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some(" 12 "), None, Some("-5")]));
        let numbers = cast_text(&texts, &SqlType::Int4, &style).unwrap();
        assert_eq!(numbers.as_primitive::<Int32Type>(), &Int32Array::from(vec![Some(12), None, Some(-5)]));
        let back = to_text(&numbers, &SqlType::Int4, &style).unwrap();
        assert_eq!(back.iter().collect::<Vec<_>>(), [Some("12"), None, Some("-5")]);
        let dictionary: ArrayRef = Arc::new(vec![Some("1"), Some("x")].into_iter().collect::<DictionaryArray<Int32Type>>());
        let error = cast_text(&dictionary, &SqlType::Int8, &style).unwrap_err();
        assert_eq!(error.message(), "invalid input syntax for type bigint: \"x\"");
    }

    #[test]
    fn booleans_are_cast_to_whole_words() {
        let flags: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]));
        let texts = to_text(&flags, &SqlType::Bool, &Style::default()).unwrap();
        assert_eq!(texts.iter().collect::<Vec<_>>(), [Some("true"), Some("false"), None]);
    }

    #[test]
    fn text_stays_as_it_is() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["{\"b\":1}"]));
        assert_eq!(to_text(&texts, &SqlType::Json, &Style::default()).unwrap().value(0), "{\"b\":1}");
        let canonical = cast_text(&texts, &SqlType::Jsonb, &Style::default()).unwrap();
        assert_eq!(canonical.as_string_view().value(0), "{\"b\": 1}");
    }
}
