//! Finds values inside JSON text that is known to be valid, by its bytes, without reading what lies beside the way.

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

impl Shape {
    /// The shape of a value's text.
    pub(crate) fn of(value: &str) -> Shape {
        match value.trim_start().as_bytes().first() {
            Some(b'{') => Shape::Object,
            Some(b'[') => Shape::Array,
            Some(b'"') => Shape::String,
            Some(b't' | b'f') => Shape::Bool,
            Some(b'n') | None => Shape::Null,
            Some(_) => Shape::Number,
        }
    }

    /// As `jsonb_typeof` names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Shape::Object => "object",
            Shape::Array => "array",
            Shape::String => "string",
            Shape::Number => "number",
            Shape::Bool => "boolean",
            Shape::Null => "null",
        }
    }
}

/// The members of an object, or nothing for any other value: each key as written with its quotes, and its value's text.
pub(crate) struct Members<'a> {
    text: &'a str,
    at: usize,
}

/// The elements of an array, or nothing for any other value.
pub(crate) struct Elements<'a> {
    text: &'a str,
    at: usize,
}

pub(crate) fn members(value: &str) -> Members<'_> {
    let text = value.trim();
    Members { text, at: if text.starts_with('{') { 1 } else { text.len() } }
}

pub(crate) fn elements(value: &str) -> Elements<'_> {
    let text = value.trim();
    Elements { text, at: if text.starts_with('[') { 1 } else { text.len() } }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let key = skip(bytes, self.at, b",");
        if bytes.get(key) != Some(&b'"') {
            self.at = bytes.len();
            return None;
        }
        let key_end = string_end(bytes, key);
        let value = skip(bytes, key_end, b":");
        let value_end = value_end(bytes, value);
        self.at = value_end;
        Some((self.text.get(key..key_end)?, self.text.get(value..value_end)?))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let value = skip(bytes, self.at, b",");
        if matches!(bytes.get(value), None | Some(b']')) {
            self.at = bytes.len();
            return None;
        }
        let value_end = value_end(bytes, value);
        self.at = value_end;
        self.text.get(value..value_end)
    }
}

/// The first byte from `at` on that is neither blank nor one of these.
fn skip(bytes: &[u8], mut at: usize, beside: &[u8]) -> usize {
    while bytes.get(at).is_some_and(|byte| byte.is_ascii_whitespace() || beside.contains(byte)) {
        at += 1;
    }
    at
}

/// Where the string whose quote stands at `at` ends, behind its closing quote.
pub(crate) fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Where the value that starts at `at` ends.
pub(crate) fn value_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'"') => string_end(bytes, at),
        Some(b'{' | b'[') => {
            let mut depth = 0_usize;
            let mut at = at;
            while let Some(byte) = bytes.get(at) {
                match byte {
                    b'"' => {
                        at = string_end(bytes, at);
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return at + 1;
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            bytes.len()
        }
        _ => {
            let rest = bytes.get(at..).unwrap_or_default();
            at + rest.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b'}' | b']')).unwrap_or(rest.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_elements_are_found_past_nested_values_and_quotes() {
        let object = r#" { "a" : [1, {"b": "]}"}], "q\"x":"\\", "n":null } "#;
        let found: Vec<_> = members(object).collect();
        assert_eq!(found, [("\"a\"", r#"[1, {"b": "]}"}]"#), (r#""q\"x""#, r#""\\""#), ("\"n\"", "null")]);
        assert_eq!(elements(r#"[ 1,"a,b" , [2,3],{} ]"#).collect::<Vec<_>>(), ["1", "\"a,b\"", "[2,3]", "{}"]);
        assert_eq!(elements("[]").count() + members("{}").count() + members("[1]").count() + elements("7").count(), 0);
    }
}
