//! `f(a, VARIADIC array)`: the array's elements as arguments. sqlparser's tree has no place for it, so the array stands in it as the
//! argument of a call that nobody can type, until `plan::calls` takes it out.

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::forms;

/// The call round an array behind VARIADIC.
pub(crate) const VARIADIC: &str = "\u{1}variadic";

/// VARIADIC behind the parenthesis or comma of a call.
pub(super) fn prefix(parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
    if !matches!(&parser.peek_token_ref().token, Token::Word(word) if word.keyword == Keyword::VARIADIC && word.quote_style.is_none())
    {
        return None;
    }
    let before = (0..=parser.get_current_index()).rev().map(|at| &parser.token_at(at).token);
    let before = before.into_iter().find(|token| !matches!(token, Token::Whitespace(_)));
    if !matches!(before, Some(Token::LParen | Token::Comma)) {
        return None;
    }
    parser.advance_token();
    Some(parser.parse_expr().map(|array| forms::call(VARIADIC, vec![array])))
}
