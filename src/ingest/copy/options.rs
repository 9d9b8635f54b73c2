//! The options of COPY, checked as PostgreSQL checks them, and those that only JSON has.

use crate::error::{Error, Kind, Result};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    #[default]
    Text,
    Csv,
    Binary,
    /// JSON Lines: one object a line.
    Json,
}

/// Whether the first line holds the names of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Header {
    #[default]
    No,
    Yes,
    /// It does, and they must be those of the columns (COPY FROM only).
    Match,
}

/// Which columns of CSV output are quoted whatever they hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ForceQuote {
    #[default]
    None,
    All,
    Columns(Vec<String>),
}

/// Which way the rows go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    From,
    To,
}

/// The value of one option as the statement gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionValue {
    /// The option's name alone.
    None,
    /// A word, a number or a quoted string.
    Text(String),
    /// `*`.
    All,
    /// A list of columns in parentheses.
    Columns(Vec<String>),
}

/// How COPY reads or writes rows. Made by [`CopyOptions::new`], which refuses what does not fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyOptions {
    pub format: Format,
    /// Between fields; one byte.
    pub delimiter: u8,
    /// How NULL is written: `\N` in text, nothing in CSV.
    pub null: String,
    pub header: Header,
    /// CSV's quote; one byte.
    pub quote: u8,
    /// What stands before a quote inside quotes; the quote itself unless told otherwise.
    pub escape: u8,
    pub force_quote: ForceQuote,
    /// Columns whose unquoted values are never NULL.
    pub force_not_null: Vec<String>,
    /// Columns whose quoted values may be NULL too.
    pub force_null: Vec<String>,
    /// JSON output is one array instead of lines.
    pub force_array: bool,
    /// SQL that makes columns of each JSON row, which is then read whole as a `jsonb` column called `record`.
    pub map: Option<String>,
}

impl Default for CopyOptions {
    /// PostgreSQL's text format.
    fn default() -> Self {
        CopyOptions {
            format: Format::Text,
            delimiter: b'\t',
            null: "\\N".to_owned(),
            header: Header::No,
            quote: b'"',
            escape: b'"',
            force_quote: ForceQuote::None,
            force_not_null: Vec::new(),
            force_null: Vec::new(),
            force_array: false,
            map: None,
        }
    }
}

/// What the statement gave, before defaults depend on the format.
#[derive(Default)]
struct Given {
    format: Option<Format>,
    delimiter: Option<String>,
    null: Option<String>,
    header: Option<Header>,
    quote: Option<String>,
    escape: Option<String>,
    force_quote: Option<ForceQuote>,
    force_not_null: Option<Vec<String>>,
    force_null: Option<Vec<String>>,
    force_array: Option<bool>,
    map: Option<String>,
    encoding: bool,
}

fn syntax(message: impl Into<String>) -> Error {
    Error::new(Kind::SyntaxError, message)
}

fn unsupported(message: impl Into<String>) -> Error {
    Error::new(Kind::FeatureNotSupported, message)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Kind::InvalidParameterValue, message)
}

/// Sets an option that may be given once.
fn once<T>(slot: &mut Option<T>, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(syntax("conflicting or redundant options")),
    }
}

fn boolean(value: &OptionValue) -> Option<bool> {
    match value {
        OptionValue::None => Some(true),
        OptionValue::Text(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "on" | "1" => Some(true),
            "false" | "off" | "0" => Some(false),
            _ => None,
        },
        OptionValue::All | OptionValue::Columns(_) => None,
    }
}

fn text(name: &str, value: &OptionValue) -> Result<String> {
    match value {
        OptionValue::Text(text) => Ok(text.clone()),
        OptionValue::None | OptionValue::All | OptionValue::Columns(_) => Err(syntax(format!("{name} requires a parameter"))),
    }
}

fn columns(name: &str, value: &OptionValue) -> Result<Vec<String>> {
    match value {
        OptionValue::Columns(columns) => Ok(columns.clone()),
        OptionValue::None | OptionValue::Text(_) | OptionValue::All => {
            Err(invalid(format!("argument to option \"{name}\" must be a list of column names")))
        }
    }
}

impl Given {
    fn set(&mut self, name: &str, value: &OptionValue) -> Result<()> {
        match name {
            "format" => {
                let word = text(name, value)?;
                let format = match word.as_str() {
                    "text" => Format::Text,
                    "csv" => Format::Csv,
                    "binary" => Format::Binary,
                    "json" => Format::Json,
                    _ => return Err(invalid(format!("COPY format \"{word}\" not recognized"))),
                };
                once(&mut self.format, format)
            }
            "delimiter" => once(&mut self.delimiter, text(name, value)?),
            "null" => once(&mut self.null, text(name, value)?),
            "header" => {
                let header = match (boolean(value), value) {
                    (Some(true), _) => Header::Yes,
                    (Some(false), _) => Header::No,
                    (None, OptionValue::Text(word)) if word.eq_ignore_ascii_case("match") => Header::Match,
                    (None, _) => return Err(syntax("header requires a Boolean value or \"match\"")),
                };
                once(&mut self.header, header)
            }
            "quote" => once(&mut self.quote, text(name, value)?),
            "escape" => once(&mut self.escape, text(name, value)?),
            "force_quote" => {
                let forced = match value {
                    OptionValue::All => ForceQuote::All,
                    OptionValue::None | OptionValue::Text(_) | OptionValue::Columns(_) => {
                        ForceQuote::Columns(columns(name, value)?)
                    }
                };
                once(&mut self.force_quote, forced)
            }
            "force_not_null" => once(&mut self.force_not_null, columns(name, value)?),
            "force_null" => once(&mut self.force_null, columns(name, value)?),
            "force_array" => {
                once(&mut self.force_array, boolean(value).ok_or_else(|| syntax("force_array requires a Boolean value"))?)
            }
            "map" => once(&mut self.map, text(name, value)?),
            "encoding" => {
                let encoding = text(name, value)?;
                if std::mem::replace(&mut self.encoding, true) {
                    return Err(syntax("conflicting or redundant options"));
                }
                match encoding.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
                    "utf8" | "unicode" => Ok(()),
                    _ => Err(unsupported(format!("encoding \"{encoding}\" is not supported"))
                        .with_hint("convert the data to UTF8, the only encoding there is")),
                }
            }
            _ => Err(syntax(format!("option \"{name}\" not recognized"))),
        }
    }
}

impl CopyOptions {
    /// Checks options given as name and value, the names in lower case, and fills in the format's defaults.
    ///
    /// # Errors
    /// PostgreSQL's, with its words: 42601 for unknown and repeated options, 22023 and 0A000 for values and combinations it refuses.
    pub fn new(options: &[(String, OptionValue)], direction: Direction) -> Result<CopyOptions> {
        let mut given = Given::default();
        for (name, value) in options {
            given.set(name, value)?;
        }
        let format = given.format.unwrap_or_default();
        check_presence(&given, format)?;
        let one_byte = |text: &str, name: &str| match text.as_bytes() {
            [byte] => Ok(*byte),
            _ => Err(unsupported(format!("COPY {name} must be a single one-byte character"))),
        };
        let csv = format == Format::Csv;
        let delimiter = match &given.delimiter {
            Some(text) => one_byte(text, "delimiter")?,
            None if csv => b',',
            None => b'\t',
        };
        let null = given.null.unwrap_or_else(|| if csv { String::new() } else { "\\N".to_owned() });
        check_separators(format, delimiter, &null)?;
        if given.quote.is_some() && !csv {
            return Err(unsupported("COPY quote available only in CSV mode"));
        }
        let quote = given.quote.as_deref().map_or(Ok(b'"'), |text| one_byte(text, "quote"))?;
        if csv && delimiter == quote {
            return Err(invalid("COPY delimiter and quote must be different"));
        }
        if given.escape.is_some() && !csv {
            return Err(unsupported("COPY escape available only in CSV mode"));
        }
        let escape = given.escape.as_deref().map_or(Ok(quote), |text| one_byte(text, "escape"))?;
        let only = |given: bool, name: &str, way: Direction| match (given, csv, direction == way) {
            (false, _, _) | (true, true, true) => Ok(()),
            (true, false, _) => Err(unsupported(format!("COPY {name} available only in CSV mode"))),
            (true, true, false) => {
                let way = if way == Direction::To { "TO" } else { "FROM" };
                Err(unsupported(format!("COPY {name} only available using COPY {way}")))
            }
        };
        only(given.force_quote.is_some(), "force quote", Direction::To)?;
        only(given.force_not_null.is_some(), "force not null", Direction::From)?;
        only(given.force_null.is_some(), "force null", Direction::From)?;
        if null.as_bytes().contains(&delimiter) && matches!(format, Format::Text | Format::Csv) {
            return Err(unsupported("COPY delimiter must not appear in the NULL specification"));
        }
        if csv && null.as_bytes().contains(&quote) {
            return Err(unsupported("CSV quote character must not appear in the NULL specification"));
        }
        let header = given.header.unwrap_or_default();
        if header == Header::Match && direction == Direction::To {
            return Err(unsupported("cannot use \"match\" with HEADER in COPY TO"));
        }
        check_json(format, direction, given.force_array, given.map.as_deref())?;
        Ok(CopyOptions {
            format,
            delimiter,
            null,
            header,
            quote,
            escape,
            force_quote: given.force_quote.unwrap_or_default(),
            force_not_null: given.force_not_null.unwrap_or_default(),
            force_null: given.force_null.unwrap_or_default(),
            force_array: given.force_array.unwrap_or_default(),
            map: given.map,
        })
    }
}

/// Refuses options that the format has no place for.
fn check_presence(given: &Given, format: Format) -> Result<()> {
    let mode = match format {
        Format::Text | Format::Csv => return Ok(()),
        Format::Binary => "BINARY",
        Format::Json => "JSON",
    };
    if given.delimiter.is_some() {
        return Err(syntax(format!("cannot specify DELIMITER in {mode} mode")));
    }
    if given.null.is_some() {
        return Err(syntax(format!("cannot specify NULL in {mode} mode")));
    }
    if given.header.is_some_and(|header| header != Header::No) {
        return Err(unsupported(format!("cannot specify HEADER in {mode} mode")));
    }
    Ok(())
}

/// Refuses delimiters and NULLs that would be taken for something else.
fn check_separators(format: Format, delimiter: u8, null: &str) -> Result<()> {
    if matches!(delimiter, b'\n' | b'\r') {
        return Err(invalid("COPY delimiter cannot be newline or carriage return"));
    }
    if null.contains(['\n', '\r']) {
        return Err(invalid("COPY null representation cannot use newline or carriage return"));
    }
    let meaningful = matches!(delimiter, b'\\' | b'.' | b'a'..=b'z' | b'0'..=b'9');
    if format != Format::Csv && meaningful {
        return Err(invalid(format!("COPY delimiter cannot be \"{}\"", char::from(delimiter))));
    }
    Ok(())
}

/// Refuses the options of JSON where they mean nothing.
fn check_json(format: Format, direction: Direction, force_array: Option<bool>, map: Option<&str>) -> Result<()> {
    if force_array.is_some() && format != Format::Json {
        return Err(unsupported("COPY FORCE_ARRAY can only be used with JSON mode"));
    }
    if force_array == Some(true) && direction == Direction::From {
        return Err(unsupported("COPY FORCE_ARRAY cannot be used with COPY FROM").with_hint("give one JSON object a line"));
    }
    if map.is_some() && (format != Format::Json || direction == Direction::To) {
        return Err(unsupported("COPY map can only be used with COPY FROM in JSON mode"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(given: &[(&str, &str)], direction: Direction) -> Result<CopyOptions> {
        let given: Vec<(String, OptionValue)> = given
            .iter()
            .map(|(name, value)| {
                let value = match *value {
                    "" => OptionValue::None,
                    "*" => OptionValue::All,
                    list if list.starts_with('(') => {
                        OptionValue::Columns(list.trim_matches(['(', ')']).split(',').map(str::to_owned).collect())
                    }
                    text => OptionValue::Text(text.replace("<empty>", "")),
                };
                ((*name).to_owned(), value)
            })
            .collect();
        CopyOptions::new(&given, direction)
    }

    #[test]
    fn defaults_depend_on_the_format() {
        assert_eq!(options(&[], Direction::From).unwrap(), CopyOptions::default());
        let csv = options(&[("format", "csv"), ("quote", "'")], Direction::From).unwrap();
        assert_eq!((csv.delimiter, csv.null.as_str(), csv.quote, csv.escape), (b',', "", b'\'', b'\''));
        assert_eq!(options(&[("header", "")], Direction::To).unwrap().header, Header::Yes);
        assert_eq!(options(&[("header", "off"), ("encoding", "UTF-8")], Direction::To).unwrap().header, Header::No);
    }

    #[test]
    fn what_postgresql_refuses_is_refused_in_its_words() {
        use Direction::{From, To};
        let csv = ("format", "csv");
        for (given, direction, state, message) in [
            (vec![("format", "xml")], From, "22023", "COPY format \"xml\" not recognized"),
            (vec![("frozen", "")], From, "42601", "option \"frozen\" not recognized"),
            (vec![csv, csv], From, "42601", "conflicting or redundant options"),
            (vec![("delimiter", "ab")], From, "0A000", "COPY delimiter must be a single one-byte character"),
            (vec![("delimiter", "ä")], From, "0A000", "COPY delimiter must be a single one-byte character"),
            (vec![("delimiter", "\n")], From, "22023", "COPY delimiter cannot be newline or carriage return"),
            (vec![("delimiter", "x")], From, "22023", "COPY delimiter cannot be \"x\""),
            (vec![("null", "a\nb")], From, "22023", "COPY null representation cannot use newline or carriage return"),
            (vec![("null", "a\tb")], From, "0A000", "COPY delimiter must not appear in the NULL specification"),
            (vec![csv, ("null", "\"")], From, "0A000", "CSV quote character must not appear in the NULL specification"),
            (vec![csv, ("quote", ",")], From, "22023", "COPY delimiter and quote must be different"),
            (vec![("quote", "'")], From, "0A000", "COPY quote available only in CSV mode"),
            (vec![csv, ("quote", "ab")], From, "0A000", "COPY quote must be a single one-byte character"),
            (vec![("escape", "'")], From, "0A000", "COPY escape available only in CSV mode"),
            (vec![csv, ("escape", "<empty>")], From, "0A000", "COPY escape must be a single one-byte character"),
            (vec![("force_quote", "*")], To, "0A000", "COPY force quote available only in CSV mode"),
            (vec![csv, ("force_quote", "*")], From, "0A000", "COPY force quote only available using COPY TO"),
            (vec![csv, ("force_null", "(a)")], To, "0A000", "COPY force null only available using COPY FROM"),
            (vec![csv, ("force_not_null", "(a)")], To, "0A000", "COPY force not null only available using COPY FROM"),
            (vec![csv, ("force_null", "a")], From, "22023", "argument to option \"force_null\" must be a list of column names"),
            (vec![("format", "binary"), ("delimiter", ",")], From, "42601", "cannot specify DELIMITER in BINARY mode"),
            (vec![("format", "binary"), ("null", "x")], From, "42601", "cannot specify NULL in BINARY mode"),
            (vec![("format", "binary"), ("header", "")], From, "0A000", "cannot specify HEADER in BINARY mode"),
            (vec![("format", "json"), ("header", "")], To, "0A000", "cannot specify HEADER in JSON mode"),
            (vec![csv, ("header", "match")], To, "0A000", "cannot use \"match\" with HEADER in COPY TO"),
            (vec![("header", "maybe")], To, "42601", "header requires a Boolean value or \"match\""),
            (vec![("force_array", "")], To, "0A000", "COPY FORCE_ARRAY can only be used with JSON mode"),
            (vec![("map", "select 1")], From, "0A000", "COPY map can only be used with COPY FROM in JSON mode"),
            (vec![("encoding", "latin1")], From, "0A000", "encoding \"latin1\" is not supported"),
        ] {
            let error = options(&given, direction).unwrap_err();
            assert_eq!((error.sqlstate(), error.message()), (state, message), "{given:?}");
        }
    }
}
