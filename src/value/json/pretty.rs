//! Lays JSON out to be read by people, exactly as PostgreSQL's `jsonb_pretty` does.

use crate::error::Result;
use crate::value::json::canonicalise;
use crate::value::json::reader::{Event, Reader, Strictness};

/// The canonical form of a JSON text with each member and element on a line of its own, indented by four blanks a level.
///
/// # Errors
/// As [`canonicalise`].
pub fn pretty(text: &str) -> Result<String> {
    let mut canonical = String::with_capacity(text.len());
    canonicalise(text, &mut canonical)?;
    let mut reader = Reader::new(&canonical, Strictness::Jsonb);
    let mut out = String::with_capacity(canonical.len() * 2);
    let mut first = true;
    let mut after_key = false;
    loop {
        let event = reader.next_event()?;
        let depth = reader.depth();
        match event {
            Event::End => return Ok(out),
            Event::ObjectEnd | Event::ArrayEnd => {
                new_line(&mut out, depth);
                out.push(if event == Event::ObjectEnd { '}' } else { ']' });
                first = false;
                after_key = false;
                continue;
            }
            Event::ObjectStart | Event::ArrayStart => {
                separate(&mut out, depth - 1, first, after_key);
                out.push(if event == Event::ObjectStart { '{' } else { '[' });
                first = true;
                after_key = false;
                continue;
            }
            Event::Key { text, .. } => {
                separate(&mut out, depth, first, false);
                out.push_str(text);
                out.push_str(": ");
                after_key = true;
                continue;
            }
            Event::String { text, .. } | Event::Number(text) => {
                separate(&mut out, depth, first, after_key);
                out.push_str(text);
            }
            Event::Bool(value) => {
                separate(&mut out, depth, first, after_key);
                out.push_str(if value { "true" } else { "false" });
            }
            Event::Null => {
                separate(&mut out, depth, first, after_key);
                out.push_str("null");
            }
        }
        first = false;
        after_key = false;
    }
}

/// Starts a line for a member or element; a member's value stays on its key's line, and the outermost value on the first.
fn separate(out: &mut String, depth: usize, first: bool, after_key: bool) {
    if after_key || depth == 0 {
        return;
    }
    if !first {
        out.push(',');
    }
    new_line(out, depth);
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    for _ in 0..depth {
        out.push_str("    ");
    }
}
