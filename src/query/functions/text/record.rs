//! `ROW(…)` as PostgreSQL writes it out (section 8.16.6). There is no type of rows, so the value is its text.

use datafusion::arrow::array::{ArrayRef, StringViewArray};

use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Arguments, text, texts_of};

/// How long one row's text may become: each row in a row doubles the quotes of those inside.
const BYTES_MAX: usize = 16 << 20;

pub(super) fn row(given: &Arguments) -> Result<ArrayRef> {
    let fields: Vec<StringViewArray> = (0..given.arrays.len()).map(|at| given.texts(at)).collect::<Result<_>>()?;
    texts_of(given.rows, |row| written(fields.iter().map(|field| text(field, row))).map(Some))
}

fn written<'v>(fields: impl Iterator<Item = Option<&'v str>>) -> Result<String> {
    let mut out = String::from("(");
    for (at, field) in fields.enumerate() {
        if at > 0 {
            out.push(',');
        }
        let Some(field) = field else { continue };
        if field.is_empty() || field.contains(|c: char| "\"\\(),".contains(c) || c.is_ascii_whitespace() || c == '\u{b}') {
            out.push('"');
            out.push_str(&field.replace('\\', "\\\\").replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(field);
        }
        if out.len() > BYTES_MAX {
            let message = format!("a row's text would be longer than {BYTES_MAX} bytes");
            return Err(Error::new(Kind::ProgramLimitExceeded, message));
        }
    }
    out.push(')');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let shown = |fields: &[Option<&str>]| written(fields.iter().copied()).unwrap();
        assert_eq!(shown(&[Some("1"), None, Some("")]), "(1,,\"\")");
        assert_eq!(shown(&[Some("a b"), Some("say \"hi\"\\")]), "(\"a b\",\"say \"\"hi\"\"\\\\\")");
        assert_eq!(shown(&[]), "()");
        assert_eq!(shown(&[Some("(1,2)")]), "(\"(1,2)\")");
    }
}
