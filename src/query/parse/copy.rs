//! COPY's own grammar (PostgreSQL 15, reference page COPY), with the newer options that Annals adds: `FORMAT json`, `FORCE_ARRAY`
//! and `MAP`.

use datafusion::sql::sqlparser::ast::{self, Ident, ObjectName};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::{Failure, expect_one_of, next_words, take_word};
use crate::error::{Error, Kind};
use crate::ingest::copy::OptionValue;

/// A COPY statement; only STDIN and STDOUT can be its other end.
#[derive(Debug, Clone)]
pub struct Copy {
    pub source: CopySource,
    pub direction: CopyDirection,
    /// Option names in lower case with their values as text, in order.
    pub options: Vec<(String, OptionValue)>,
}

/// What rows are copied.
#[derive(Debug, Clone)]
pub enum CopySource {
    Table { name: ObjectName, columns: Vec<Ident> },
    Query(Box<ast::Query>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyDirection {
    FromStdin,
    ToStdout,
}

pub(super) fn read(parser: &mut Parser<'_>) -> Result<Copy, Failure> {
    parser.expect_keyword(Keyword::COPY)?;
    let source = if parser.consume_token(&Token::LParen) {
        let query = parser.parse_query()?;
        parser.expect_token(&Token::RParen)?;
        CopySource::Query(query)
    } else {
        let name = parser.parse_object_name(false)?;
        let columns = if parser.peek_token().token == Token::LParen {
            parser.parse_parenthesized_column_list(ast_optional(), false)?
        } else {
            vec![]
        };
        CopySource::Table { name, columns }
    };
    let direction = match expect_one_of(parser, &[Keyword::FROM, Keyword::TO])? {
        Keyword::FROM => CopyDirection::FromStdin,
        _ => CopyDirection::ToStdout,
    };
    endpoint(parser, direction)?;
    let _optional = parser.parse_keyword(Keyword::WITH);
    let options = if parser.consume_token(&Token::LParen) { listed_options(parser)? } else { legacy_options(parser)? };
    if direction == CopyDirection::FromStdin && matches!(source, CopySource::Query(_)) {
        return Err(Failure::Ours(Error::new(Kind::SyntaxError, "COPY FROM needs a table, not a query")));
    }
    Ok(Copy { source, direction, options })
}

fn ast_optional() -> datafusion::sql::sqlparser::parser::IsOptional {
    datafusion::sql::sqlparser::parser::IsOptional::Optional
}

/// STDIN or STDOUT; a file or a program would let a statement reach the server's own files.
fn endpoint(parser: &mut Parser<'_>, direction: CopyDirection) -> Result<(), Failure> {
    let word = match direction {
        CopyDirection::FromStdin => "stdin",
        CopyDirection::ToStdout => "stdout",
    };
    if take_word(parser, word) {
        return Ok(());
    }
    let refused = match parser.peek_token().token {
        Token::SingleQuotedString(_) => Some("COPY to or from a file on the server is not allowed"),
        _ if next_words(parser, &["program"]) => Some("COPY to or from an external program is not allowed"),
        _ => None,
    };
    match refused {
        Some(message) => Err(Failure::Ours(
            Error::new(Kind::InsufficientPrivilege, message)
                .with_hint("Use STDIN and STDOUT, or psql's \\copy, which reads and writes the client's files."),
        )),
        None => Ok(parser.expected_ref(&word.to_uppercase(), parser.peek_token_ref())?),
    }
}

/// `(name [value], …)`.
fn listed_options(parser: &mut Parser<'_>) -> Result<Vec<(String, OptionValue)>, Failure> {
    let mut options = Vec::new();
    loop {
        let name = parser.parse_identifier()?.value.to_ascii_lowercase();
        let value = match parser.peek_token().token {
            Token::Comma | Token::RParen => OptionValue::None,
            Token::Mul => {
                parser.advance_token();
                OptionValue::All
            }
            Token::LParen => OptionValue::Columns(column_names(parser)?),
            _ => OptionValue::Text(scalar(parser)?),
        };
        options.push((name, value));
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    parser.expect_token(&Token::RParen)?;
    Ok(options)
}

/// The syntax before PostgreSQL 9.0 that psql's `\copy` users still type: `CSV HEADER DELIMITER ';'`.
fn legacy_options(parser: &mut Parser<'_>) -> Result<Vec<(String, OptionValue)>, Failure> {
    let mut options = Vec::new();
    loop {
        let name = match parser.peek_token().token {
            Token::Word(word) => word.value.to_ascii_lowercase(),
            _ => return Ok(options),
        };
        match name.as_str() {
            "binary" | "csv" | "text" | "json" => {
                parser.advance_token();
                options.push(("format".to_owned(), OptionValue::Text(name)));
            }
            "header" => {
                parser.advance_token();
                options.push((name, OptionValue::None));
            }
            "delimiter" | "null" | "quote" | "escape" | "encoding" => {
                parser.advance_token();
                take_word(parser, "as");
                options.push((name, OptionValue::Text(scalar(parser)?)));
            }
            "force" => {
                parser.advance_token();
                options.push(legacy_force(parser)?);
            }
            _ => return Ok(options),
        }
    }
}

fn legacy_force(parser: &mut Parser<'_>) -> Result<(String, OptionValue), Failure> {
    let name = if take_word(parser, "quote") {
        "force_quote"
    } else if take_word(parser, "not") {
        parser.expect_keyword(Keyword::NULL)?;
        "force_not_null"
    } else {
        parser.expect_keyword(Keyword::NULL)?;
        "force_null"
    };
    if parser.consume_token(&Token::Mul) {
        return Ok((name.to_owned(), OptionValue::All));
    }
    let names = parser.parse_comma_separated(|p| p.parse_identifier())?;
    Ok((name.to_owned(), OptionValue::Columns(names.iter().map(crate::query::plan::names::fold).collect())))
}

fn column_names(parser: &mut Parser<'_>) -> Result<Vec<String>, Failure> {
    let names = parser.parse_parenthesized_column_list(datafusion::sql::sqlparser::parser::IsOptional::Mandatory, false)?;
    Ok(names.iter().map(crate::query::plan::names::fold).collect())
}

fn scalar(parser: &mut Parser<'_>) -> Result<String, Failure> {
    match parser.peek_token().token {
        Token::Word(word) => {
            parser.advance_token();
            Ok(word.value)
        }
        Token::DollarQuotedString(text) => {
            parser.advance_token();
            Ok(text.value)
        }
        Token::Number(number, _) => {
            parser.advance_token();
            Ok(number)
        }
        _ => Ok(parser.parse_literal_string()?),
    }
}
