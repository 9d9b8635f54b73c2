//! PostgreSQL's dialect as sqlparser reads it, with an end to its attempts.
//!
//! Where sqlparser cannot tell what comes it reads on, goes back and reads again another way. Attempts inside attempts double the work
//! with each level, so a short text could keep a thread for hours. Here each beginning of an expression is counted, and a text that
//! takes far more of them than it has tokens is refused.

use std::any::TypeId;
use std::cell::Cell;

use datafusion::sql::sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart};
use datafusion::sql::sqlparser::dialect::{Dialect, PostgreSqlDialect, Precedence};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::subscripts::SUBSCRIPTS;
use super::{forms, variadic};

/// Expressions that may be begun for each token of a text, attempts that lead nowhere included. What people write stays below three.
const ATTEMPTS_PER_TOKEN: usize = 50;
/// What a text of few tokens may take, some milliseconds of work.
const ATTEMPTS_MIN: usize = 20_000;

const INNER: PostgreSqlDialect = PostgreSqlDialect {};

/// The dialect for one text.
#[derive(Debug)]
pub(super) struct Postgres {
    attempts_left: Cell<usize>,
}

impl Postgres {
    /// For a text of so many tokens.
    pub(super) fn of_tokens(tokens: usize) -> Postgres {
        Postgres { attempts_left: Cell::new(tokens.saturating_mul(ATTEMPTS_PER_TOKEN).max(ATTEMPTS_MIN)) }
    }
}

/// Words that the grammar has forms of its own for, and that are functions behind the name of PostgreSQL's schema.
const FUNCTIONS: [&str; 8] = ["ceil", "current_schema", "current_user", "extract", "floor", "overlay", "position", "substring"];

/// `pg_catalog.substring(a, b)`, a call like any other, in which sqlparser looks for the form of its own behind the dot.
fn of_catalog(parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
    let word = |at: usize| match &parser.peek_nth_token_ref(at).token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_lowercase()),
        _ => None,
    };
    let name = word(2).filter(|name| FUNCTIONS.contains(&name.as_str()))?;
    let called = parser.peek_nth_token_ref(1).token == Token::Period && parser.peek_nth_token_ref(3).token == Token::LParen;
    if !called || word(0)? != "pg_catalog" {
        return None;
    }
    for _ in 0..3 {
        parser.next_token();
    }
    Some(parser.parse_function(ObjectName::from(vec![Ident::new("pg_catalog"), Ident::new(name)])))
}

impl Dialect for Postgres {
    /// sqlparser asks for PostgreSQL in many places.
    fn dialect(&self) -> TypeId {
        INNER.dialect()
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        match self.attempts_left.get().checked_sub(1) {
            Some(left) => {
                self.attempts_left.set(left);
                variadic::prefix(parser)
                    .or_else(|| of_catalog(parser))
                    .or_else(|| forms::current_role(parser).or_else(|| forms::prefix(parser)).map(Ok))
            }
            None => Some(Err(ParserError::RecursionLimitExceeded)),
        }
    }

    fn parse_infix(&self, parser: &mut Parser<'_>, expr: &Expr, _precedence: u8) -> Option<Result<Expr, ParserError>> {
        forms::infix(self, parser, expr)
    }

    /// A function's argument has a word for its name. With expressions there, as `json_object('a': 1)` of later versions has them,
    /// every argument would be read twice, and so 2ⁿ times at depth n.
    fn supports_named_fn_args_with_expr_name(&self) -> bool {
        false
    }

    /// `a JOIN b JOIN c ON … ON …`: the inner join is the second one. After NATURAL, whose join has no condition of its own, the library
    /// then takes a further join for an inner one as well.
    fn supports_left_associative_joins_without_parens(&self) -> bool {
        false
    }

    /// FOR, before the strength of a lock, names a column only behind AS.
    fn is_column_alias(&self, kw: &Keyword, parser: &mut Parser<'_>) -> bool {
        *kw != Keyword::FOR && INNER.is_column_alias(kw, parser)
    }

    /// The subscripts of what is assigned to.
    fn is_identifier_generating_function_name(&self, ident: &Ident, _name_parts: &[ObjectNamePart]) -> bool {
        ident.value == SUBSCRIPTS
    }

    fn identifier_quote_style(&self, _identifier: &str) -> Option<char> {
        INNER.identifier_quote_style(_identifier)
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        INNER.is_delimited_identifier_start(ch)
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        INNER.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        INNER.is_identifier_part(ch)
    }

    fn supports_unicode_string_literal(&self) -> bool {
        INNER.supports_unicode_string_literal()
    }

    fn is_reserved_for_identifier(&self, kw: Keyword) -> bool {
        INNER.is_reserved_for_identifier(kw)
    }

    fn is_custom_operator_part(&self, ch: char) -> bool {
        INNER.is_custom_operator_part(ch)
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        forms::precedence(parser).map(Ok).or_else(|| INNER.get_next_precedence(parser))
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        INNER.supports_filter_during_aggregation()
    }

    fn supports_group_by_expr(&self) -> bool {
        INNER.supports_group_by_expr()
    }

    fn prec_value(&self, prec: Precedence) -> u8 {
        INNER.prec_value(prec)
    }

    fn allow_extract_custom(&self) -> bool {
        INNER.allow_extract_custom()
    }

    fn allow_extract_single_quotes(&self) -> bool {
        INNER.allow_extract_single_quotes()
    }

    fn supports_create_index_with_clause(&self) -> bool {
        INNER.supports_create_index_with_clause()
    }

    fn supports_explain_with_utility_options(&self) -> bool {
        INNER.supports_explain_with_utility_options()
    }

    fn supports_listen_notify(&self) -> bool {
        INNER.supports_listen_notify()
    }

    fn supports_factorial_operator(&self) -> bool {
        INNER.supports_factorial_operator()
    }

    fn supports_bitwise_shift_operators(&self) -> bool {
        INNER.supports_bitwise_shift_operators()
    }

    fn supports_comment_on(&self) -> bool {
        INNER.supports_comment_on()
    }

    fn supports_load_extension(&self) -> bool {
        INNER.supports_load_extension()
    }

    fn supports_named_fn_args_with_colon_operator(&self) -> bool {
        INNER.supports_named_fn_args_with_colon_operator()
    }

    fn supports_empty_projections(&self) -> bool {
        INNER.supports_empty_projections()
    }

    fn supports_nested_comments(&self) -> bool {
        INNER.supports_nested_comments()
    }

    fn supports_string_escape_constant(&self) -> bool {
        INNER.supports_string_escape_constant()
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        INNER.supports_numeric_literal_underscores()
    }

    fn supports_array_typedef_with_brackets(&self) -> bool {
        INNER.supports_array_typedef_with_brackets()
    }

    fn supports_geometric_types(&self) -> bool {
        INNER.supports_geometric_types()
    }

    fn supports_set_names(&self) -> bool {
        INNER.supports_set_names()
    }

    fn supports_alter_column_type_using(&self) -> bool {
        INNER.supports_alter_column_type_using()
    }

    fn supports_notnull_operator(&self) -> bool {
        INNER.supports_notnull_operator()
    }

    fn supports_interval_options(&self) -> bool {
        INNER.supports_interval_options()
    }

    fn supports_insert_table_alias(&self) -> bool {
        INNER.supports_insert_table_alias()
    }

    fn supports_create_table_like_parenthesized(&self) -> bool {
        INNER.supports_create_table_like_parenthesized()
    }

    fn supports_select_wildcard_with_alias(&self) -> bool {
        INNER.supports_select_wildcard_with_alias()
    }

    fn supports_comma_separated_trim(&self) -> bool {
        INNER.supports_comma_separated_trim()
    }

    fn supports_xml_expressions(&self) -> bool {
        INNER.supports_xml_expressions()
    }

    fn supports_comment_optimizer_hint(&self) -> bool {
        INNER.supports_comment_optimizer_hint()
    }
}
