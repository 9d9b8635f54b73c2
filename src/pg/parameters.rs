//! A statement's parameters on their way in: the bytes of a Bind become single-row arrays of the types that the statement has.

use arrow::array::ArrayRef;
use bytes::Bytes;

use super::frame::utf8;
use super::rows::Format;
use crate::error::{Error, Kind, Result};
use crate::value::{ColumnBuilder, SqlType, Style};

/// Decodes all parameters.
///
/// # Errors
/// 08P01 for a wrong number of format codes, 22P02, 22P03, 22021 and their like for a value that its type cannot have, naming the
/// parameter.
pub(super) fn decode(
    values: &[Option<Bytes>],
    codes: &[i16],
    types: &[SqlType],
    style: &Style,
    portal: &str,
) -> Result<Vec<ArrayRef>> {
    let format = |index: usize| match codes {
        [] => Ok(Format::Text),
        [code] => Format::of_code(*code),
        codes if codes.len() == values.len() => Format::of_code(codes[index]),
        codes => Err(Error::new(
            Kind::ProtocolViolation,
            format!("bind message has {} parameter formats but {} parameters", codes.len(), values.len()),
        )),
    };
    // Wrong numbers of codes are an error even where there is no parameter to read.
    if values.is_empty() && codes.len() > 1 {
        format(0)?;
    }
    values
        .iter()
        .zip(types)
        .enumerate()
        .map(|(index, (value, sql_type))| {
            single(value.as_deref(), format(index)?, sql_type, style).map_err(|error| {
                let portal = if portal.is_empty() { "unnamed portal".to_owned() } else { format!("portal \"{portal}\"") };
                error.with_context(format!("{portal} parameter ${}", index + 1))
            })
        })
        .collect()
}

fn single(value: Option<&[u8]>, format: Format, sql_type: &SqlType, style: &Style) -> Result<ArrayRef> {
    let mut builder = ColumnBuilder::new(sql_type, 1);
    match (value, format) {
        (None, _) => builder.append_null(),
        (Some(bytes), Format::Text) => builder.append_text(utf8(bytes)?, style)?,
        (Some(bytes), Format::Binary) => builder.append_binary(bytes)?,
    }
    Ok(builder.finish())
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::Int32Type;

    use super::*;

    fn values(texts: &[Option<&'static [u8]>]) -> Vec<Option<Bytes>> {
        texts.iter().map(|text| text.map(Bytes::from_static)).collect()
    }

    #[test]
    fn text_binary_and_null_are_read() {
        let types = [SqlType::Int4, SqlType::Int4, SqlType::Int4];
        let arrays = decode(&values(&[Some(b"7"), Some(b"\0\0\0\x08"), None]), &[0, 1, 1], &types, &Style::default(), "").unwrap();
        assert_eq!(arrays[0].as_primitive::<Int32Type>().value(0), 7);
        assert_eq!(arrays[1].as_primitive::<Int32Type>().value(0), 8);
        assert!(arrays[2].is_null(0) && arrays[2].len() == 1);
    }

    #[test]
    fn bad_values_name_their_parameter() {
        let types = [SqlType::Int4, SqlType::Int4];
        let error = decode(&values(&[Some(b"7"), Some(b"x")]), &[], &types, &Style::default(), "").unwrap_err();
        assert_eq!(error.sqlstate(), "22P02");
        assert!(error.report().context.as_deref().is_some_and(|context| context.contains("unnamed portal parameter $2")));
        let error = decode(&values(&[Some(b"7"), Some(b"\0")]), &[1], &types, &Style::default(), "c").unwrap_err();
        assert_eq!(error.sqlstate(), "08P01", "as PostgreSQL says of a message with too few bytes");
        let error = decode(&values(&[Some(b"\xff")]), &[0], &[SqlType::Text], &Style::default(), "c").unwrap_err();
        assert_eq!(error.sqlstate(), "22021");
    }

    #[test]
    fn the_number_of_codes_must_fit() {
        let types = [SqlType::Int4];
        assert_eq!(decode(&values(&[Some(b"7")]), &[0, 0], &types, &Style::default(), "").unwrap_err().sqlstate(), "08P01");
        assert_eq!(decode(&[], &[0, 0], &[], &Style::default(), "").unwrap_err().sqlstate(), "08P01");
        assert_eq!(decode(&values(&[Some(b"7")]), &[3], &types, &Style::default(), "").unwrap_err().sqlstate(), "22023");
    }
}
