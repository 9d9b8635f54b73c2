//! Splits a line of CSV data into its fields.

use crate::error::{Error, Kind, Result};
use crate::ingest::copy::options::CopyOptions;
use crate::ingest::copy::text::{Field, Fields};
use crate::value::scan::find_any;

/// Splits a line, which may hold line ends inside quotes, at its delimiters.
///
/// Quotes may begin and end anywhere in a field; a field with quotes is never NULL.
///
/// # Errors
/// 22P04 where a quote is not closed.
pub(super) fn split(line: &str, options: &CopyOptions, fields: &mut Fields) -> Result<()> {
    fields.clear();
    let bytes = line.as_bytes();
    let (delimiter, quote) = (options.delimiter, options.quote);
    let mut start = 0;
    loop {
        let rest = bytes.get(start..).unwrap_or_default();
        let stop = find_any(rest, [delimiter, quote]).map_or(bytes.len(), |at| start + at);
        let quoted = bytes.get(stop) == Some(&quote);
        let end = if quoted {
            quoted_field(bytes, start, stop, options, fields)?
        } else {
            let raw = bytes.get(start..stop).unwrap_or_default();
            fields.list.push(if raw == options.null.as_bytes() { Field::Null } else { Field::Plain(start..stop) });
            stop
        };
        if end == bytes.len() {
            return Ok(());
        }
        start = end + 1;
    }
}

/// Reads a field that has quotes, the first at `at`, and answers where its delimiter is, or the end of the line.
fn quoted_field(bytes: &[u8], start: usize, mut at: usize, options: &CopyOptions, fields: &mut Fields) -> Result<usize> {
    let whole = at == start;
    let (delimiter, quote, escape) = (options.delimiter, options.quote, options.escape);
    // The usual case: quotes round the whole field and nothing special between them.
    if whole {
        let inside = bytes.get(start + 1..).unwrap_or_default();
        if let Some(length) = find_any(inside, [quote, escape]) {
            let close = start + 1 + length;
            let after = bytes.get(close + 1);
            if bytes.get(close) == Some(&quote) && after.is_none_or(|byte| *byte == delimiter) {
                fields.list.push(Field::Plain(start + 1..close));
                return Ok(close + 1);
            }
        }
    }
    let mark = fields.mark();
    fields.extend(bytes.get(start..at).unwrap_or_default());
    let mut in_quotes = false;
    loop {
        // Bytes that mean nothing here are copied run by run.
        let rest = bytes.get(at..).unwrap_or_default();
        let plain = find_any(rest, if in_quotes { [quote, escape] } else { [quote, delimiter] }).unwrap_or(rest.len());
        fields.extend(rest.get(..plain).unwrap_or_default());
        at += plain;
        let Some(byte) = bytes.get(at).copied() else { break };
        at += 1;
        if !in_quotes {
            if byte == delimiter {
                let field = fields.since(mark);
                fields.list.push(field);
                return Ok(at - 1);
            }
            in_quotes = true;
            continue;
        }
        if byte == escape
            && let Some(next) = bytes.get(at).copied().filter(|next| *next == escape || *next == quote)
        {
            fields.push(next);
            at += 1;
        } else if byte == quote {
            in_quotes = false;
        } else {
            fields.push(byte);
        }
    }
    if in_quotes {
        return Err(Error::new(Kind::BadCopyFileFormat, "unterminated CSV quoted field"));
    }
    let field = fields.since(mark);
    fields.list.push(field);
    Ok(bytes.len())
}
