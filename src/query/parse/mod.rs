//! Text in, statements out: PostgreSQL's grammar with what Annals adds, as one [`Statement`] enum.
//!
//! sqlparser reads queries, expressions and most definitions. What it lacks is looked for at the head of a statement and read here,
//! delegating the queries inside; text is never edited and never parsed a second time in another form.

mod comment;
mod copy;
mod derived;
mod dialect;
mod explain;
mod forms;
mod grant;
mod hold;
mod index;
mod limits;
mod place;
mod policy;
mod redacted;
mod relation;
mod retention;
mod role;
mod session;
mod setting;
mod statement;
mod subscripts;
mod variadic;

pub use comment::{Comment, CommentTarget};
pub use copy::{Copy, CopyDirection, CopySource};
pub use derived::CreateTableAs;
pub use explain::{Explain, Format};
pub(super) use forms::{NO_COLUMNS, ORDERED_USING, ROWS_FROM};
pub use grant::{GrantStatement, Owned, Signature, Targets, Terms, Wanted};
pub use hold::LegalHold;
pub use index::{CreateIndex, IndexStatement, KeyPart, KeyTarget};
pub use policy::{Addressees, PolicyKind, PolicyStatement, PolicyTerms};
pub use redacted::redacted_unread;
pub use relation::{AlterRelation, RelationAction};
pub use retention::RetentionPolicy;
pub use role::{RoleOptions, RoleSpec, RoleStatement, Secret, SettingChange, quoted};
pub use session::{Block, Channel, Count, Declare, Discard, Execute, Fetch, Isolation, Modes, Movement, Prepare, TransactionEnd};
pub use setting::Setting;
pub(crate) use statement::unsupported;
pub use statement::{Change, Definition, Statement};
pub(crate) use subscripts::SUBSCRIPTS;
pub(crate) use variadic::VARIADIC;

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, TokenizerError};

use crate::error::{Error, Kind, Result};

/// One statement of a text, with the part of the text it came from.
#[derive(Debug, Clone)]
pub struct Parsed {
    pub statement: Arc<Statement>,
    /// The statement's own text without the semicolon.
    pub text: Arc<str>,
    /// How many characters of the client's text stand before it.
    offset: usize,
    /// The line and column at which it begins there.
    start: (u64, u64),
    /// Whether it is a query that locks rows.
    pub(super) locks: bool,
    /// The text as it may be kept, made when somebody asks.
    recorded: Arc<OnceLock<Arc<str>>>,
}

impl Parsed {
    /// The statement's own text without its literals.
    pub fn recorded(&self) -> Arc<str> {
        self.recorded.get_or_init(|| redacted::redacted(&self.text)).clone()
    }

    /// A statement that stands inside this one, as in PREPARE.
    pub(super) fn within(&self, statement: Statement) -> Parsed {
        Parsed { locks: locks_rows(&statement), statement: Arc::new(statement), ..self.clone() }
    }
}

/// What a text is made of; how its statements are read is [`dialect`]'s.
const DIALECT: PostgreSqlDialect = PostgreSqlDialect {};

/// Nesting that sqlparser may follow before it gives up with 54001.
const DEPTH_MAX: usize = 128;

/// Reads every statement of a text. Empty statements are left out.
///
/// # Errors
/// 42601 with the position of the token that does not fit, 54001 for a statement over the limits, 0A000 for a statement that
/// PostgreSQL has and Annals does not.
pub fn parse(sql: &str) -> Result<Vec<Parsed>> {
    let tokens = tokens(sql)?;
    let dialect = dialect::Postgres::of_tokens(tokens.len());
    let mut parser = Parser::new(&dialect).with_recursion_limit(DEPTH_MAX).with_tokens_with_locations(tokens);
    let mut statements = Vec::new();
    loop {
        while parser.consume_token(&Token::SemiColon) {}
        let first = parser.peek_token();
        if first.token == Token::EOF {
            return Ok(statements);
        }
        let statement = statement::read(&mut parser).map_err(|error| positioned(sql, &parser, error))?;
        let after = parser.peek_token();
        if after.token != Token::EOF && after.token != Token::SemiColon {
            return Err(syntax_error_at(sql, &after));
        }
        let text = told(sql, slice(sql, &first, &after), &statement, &first);
        let start = (first.span.start.line, first.span.start.column);
        let offset = position_of(sql, start.0, start.1) - 1;
        let locks = locks_rows(&statement);
        statements.push(Parsed { statement: Arc::new(statement), text, offset, start, locks, recorded: Arc::default() });
    }
}

/// Whether a statement is a query with FOR UPDATE or FOR SHARE anywhere in it.
fn locks_rows(statement: &Statement) -> bool {
    struct Locks;
    impl ast::Visitor for Locks {
        type Break = ();
        fn pre_visit_query(&mut self, query: &ast::Query) -> ControlFlow<()> {
            if query.locks.is_empty() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        }
    }
    match statement {
        Statement::Query(query) => ast::Visit::visit(query.as_ref(), &mut Locks).is_break(),
        _ => false,
    }
}

/// The tokens of a text that is within the limits.
fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>> {
    let mut tokens = Tokenizer::new(&DIALECT, sql).tokenize_with_location().map_err(|error| tokenizer_error(sql, &error))?;
    limits::check(&tokens)?;
    if let Some((token, shown)) = limits::junk(&tokens) {
        let start = token.span.start;
        let message = format!("trailing junk after numeric literal at or near \"{shown}\"");
        return Err(Error::new(Kind::SyntaxError, message).with_position(position_of(sql, start.line, start.column)));
    }
    limits::cut_names(&mut tokens);
    forms::join_words(&mut tokens);
    forms::shorten_locks(&mut tokens);
    forms::write_out_tables(&mut tokens);
    forms::leave_out_stars(&mut tokens);
    subscripts::name_targets(&mut tokens);
    Ok(tokens)
}

/// Reads one query, as the text of a view or the body of a function must be.
///
/// # Errors
/// 42601 when the text is not exactly one query.
pub fn parse_query(sql: &str) -> Result<Box<ast::Query>> {
    let mut statements = parse(sql)?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Parsed { statement, .. }), true) => match Arc::unwrap_or_clone(statement) {
            Statement::Query(query) => Ok(query),
            _ => Err(Error::new(Kind::SyntaxError, "only a query may stand here")),
        },
        _ => Err(Error::new(Kind::SyntaxError, "exactly one query must stand here")),
    }
}

/// `SELECT * FROM name`, built as a tree.
///
/// # Errors
/// None in practice: the text it starts from is fixed.
pub fn select_all(name: ast::ObjectName) -> Result<Box<ast::Query>> {
    let mut query = parse_query("SELECT * FROM t")?;
    if let ast::SetExpr::Select(select) = query.body.as_mut()
        && let Some(from) = select.from.first_mut()
        && let ast::TableFactor::Table { name: place, .. } = &mut from.relation
    {
        *place = name;
    }
    Ok(query)
}

/// A query that is this body and nothing more.
pub fn query_of(body: ast::SetExpr) -> Box<ast::Query> {
    Box::new(ast::Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: vec![],
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: vec![],
    })
}

/// Reads one expression, as a CHECK constraint's text.
///
/// # Errors
/// 42601 when the text is not exactly one expression.
pub fn parse_expression(sql: &str) -> Result<ast::Expr> {
    let tokens = tokens(sql)?;
    let dialect = dialect::Postgres::of_tokens(tokens.len());
    let mut parser = Parser::new(&dialect).with_recursion_limit(DEPTH_MAX).with_tokens_with_locations(tokens);
    let expression = parser.parse_expr().map_err(|error| positioned(sql, &parser, Failure::Syntax(error)))?;
    match parser.peek_token() {
        end if end.token == Token::EOF => Ok(expression),
        other => Err(syntax_error_at(sql, &other)),
    }
}

/// Reads a type's name.
///
/// # Errors
/// 42601 when the text is none.
pub fn parse_type(sql: &str) -> Result<ast::DataType> {
    let tokens = tokens(sql)?;
    let dialect = dialect::Postgres::of_tokens(tokens.len());
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(tokens);
    parser.parse_data_type().map_err(|error| positioned(sql, &parser, Failure::Syntax(error)))
}

/// What reading a statement can fail with: sqlparser's complaint, or one of ours that needs no position.
enum Failure {
    Syntax(ParserError),
    Ours(Error),
}

impl From<ParserError> for Failure {
    fn from(error: ParserError) -> Self {
        Failure::Syntax(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Ours(error)
    }
}

/// Turns sqlparser's complaint into PostgreSQL's words with the position of the token it stopped at.
fn positioned(sql: &str, parser: &Parser<'_>, failure: Failure) -> Error {
    match failure {
        Failure::Ours(error) => error,
        Failure::Syntax(ParserError::RecursionLimitExceeded) => Error::new(Kind::StatementTooComplex, "stack depth limit exceeded")
            .with_hint(format!("At most {DEPTH_MAX} levels of nesting are read; use fewer parentheses or sub-queries.")),
        Failure::Syntax(ParserError::TokenizerError(message)) => Error::new(Kind::SyntaxError, message),
        Failure::Syntax(ParserError::ParserError(message)) => {
            let token = found_token(parser, &message);
            let error = syntax_error_at(sql, &token);
            match message.split_once(", found") {
                Some((expected, _)) => error.with_detail(expected.to_owned()),
                None => error.with_detail(message),
            }
        }
    }
}

/// The token the parser complained of: the next one, except when it had consumed it already.
fn found_token(parser: &Parser<'_>, message: &str) -> TokenWithSpan {
    let (next, current) = (parser.peek_token(), parser.get_current_token());
    if let Some(place) = told_place(message) {
        let is_there = |token: &TokenWithSpan| (token.span.start.line, token.span.start.column) == place;
        if let Some(token) = [&next, current].into_iter().find(|token| is_there(token)) {
            return token.clone();
        }
    }
    // The text's last word may be the one that does not fit.
    let last = message.split_once("found: ").is_some_and(|(_, found)| !found.starts_with("EOF"));
    if next.token == Token::EOF && current.token != Token::SemiColon && !last { next } else { current.clone() }
}

/// The line and column at the end of sqlparser's complaint.
fn told_place(message: &str) -> Option<(u64, u64)> {
    let (line, column) = message.rsplit_once(" at Line: ")?.1.split_once(", Column: ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

fn syntax_error_at(sql: &str, token: &TokenWithSpan) -> Error {
    let message = match &token.token {
        Token::EOF => "syntax error at end of input".to_owned(),
        shown => format!("syntax error at or near \"{shown}\""),
    };
    let position = match token.token {
        Token::EOF => sql.chars().count() + 1,
        _ => position_of(sql, token.span.start.line, token.span.start.column),
    };
    Error::new(Kind::SyntaxError, message).with_position(position)
}

fn tokenizer_error(sql: &str, error: &TokenizerError) -> Error {
    let message = match error.message.as_str() {
        message if message.starts_with("Unterminated string literal") => "unterminated quoted string".to_owned(),
        message => message.to_owned(),
    };
    Error::new(Kind::SyntaxError, message).with_position(position_of(sql, error.location.line, error.location.column))
}

/// The 1-based character position of a line and column, which sqlparser counts from 1.
pub(crate) fn position_of(sql: &str, line: u64, column: u64) -> usize {
    let before: usize =
        sql.split_inclusive('\n').take(usize::try_from(line.saturating_sub(1)).unwrap_or(0)).map(|l| l.chars().count()).sum();
    before + usize::try_from(column.max(1)).unwrap_or(1)
}

/// The text from one token up to, but without, another.
fn slice<'a>(sql: &'a str, first: &TokenWithSpan, after: &TokenWithSpan) -> &'a str {
    let byte = |token: &TokenWithSpan| match token.token {
        Token::EOF => sql.len(),
        _ => {
            let position = position_of(sql, token.span.start.line, token.span.start.column) - 1;
            sql.char_indices().nth(position).map_or(sql.len(), |(at, _)| at)
        }
    };
    sql.get(byte(first)..byte(after)).unwrap_or(sql).trim()
}

/// The statement's text as sessions, logs and lists may show it: without the password that it holds.
fn told(sql: &str, text: &str, statement: &Statement, first: &TokenWithSpan) -> Arc<str> {
    let secret = match statement {
        Statement::Define(definition) => match definition.as_ref() {
            Definition::Role(role) => role.secret_at(),
            _ => None,
        },
        _ => None,
    };
    let Some(secret) = secret else { return Arc::from(text) };
    let begin = position_of(sql, first.span.start.line, first.span.start.column);
    let place = |line, column| position_of(sql, line, column).saturating_sub(begin);
    let (from, to) = (place(secret.start.line, secret.start.column), place(secret.end.line, secret.end.column));
    let before: String = text.chars().take(from).collect();
    let behind: String = text.chars().skip(to).collect();
    Arc::from(format!("{before}'********'{behind}"))
}

/// Whether the next words are these, which sqlparser may not know as keywords. Consumes nothing.
fn next_words(parser: &Parser<'_>, words: &[&str]) -> bool {
    words.iter().enumerate().all(|(at, word)| match parser.peek_nth_token(at).token {
        Token::Word(found) => found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word),
        _ => false,
    })
}

/// Consumes one unquoted word if it comes next.
fn take_word(parser: &mut Parser<'_>, word: &str) -> bool {
    let found = next_words(parser, &[word]);
    if found {
        parser.advance_token();
    }
    found
}

/// Consumes one of these keywords or complains as sqlparser does.
fn expect_one_of(parser: &mut Parser<'_>, keywords: &[Keyword]) -> std::result::Result<Keyword, ParserError> {
    parser.expect_one_of_keywords(keywords)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_split_with_their_own_text() {
        let parsed = parse(" SELECT 1 ;; select ';' -- end\n ; ").unwrap();
        assert_eq!(parsed.len(), 2);
        assert_eq!(&*parsed[0].text, "SELECT 1");
        assert!(parsed[1].text.starts_with("select ';'"));
    }

    #[test]
    fn errors_say_where() {
        let error = parse("SELECT 1;\nSELEC 2").unwrap_err();
        assert_eq!(error.sqlstate(), "42601");
        assert_eq!(error.message(), "syntax error at or near \"SELEC\"");
        assert_eq!(error.report().position, Some(11));
        let error = parse("SELEC").unwrap_err();
        assert_eq!((error.message(), error.report().position), ("syntax error at or near \"SELEC\"", Some(1)));
        let error = parse("CREATE MASKING POLICY m ON t email USING (mask_email())").unwrap_err();
        assert_eq!((error.message(), error.report().position), ("syntax error at or near \"email\"", Some(30)));
        let error = parse("CREATE RETENTION POLICY k ON t WHERE region = 'eu' KEEP INTERVAL '3 days'").unwrap_err();
        assert_eq!((error.message(), error.report().position), ("syntax error at or near \"region\"", Some(38)));
        let error = parse("SELECT (1").unwrap_err();
        assert_eq!(error.message(), "syntax error at end of input");
    }

    #[test]
    fn deep_nesting_and_long_chains_are_refused() {
        let deep = format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000));
        assert_eq!(parse(&deep).unwrap_err().sqlstate(), "54001");
        let calls = |times: usize| format!("SELECT {}1{}", "abs(".repeat(times), ")".repeat(times));
        assert!(parse(&calls(60)).is_ok(), "each argument is read once");
        let attempts = format!("SELECT {}1", "EXISTS (SELECT EXTRACT(".repeat(40));
        assert!(["54001", "42601"].contains(&parse(&attempts).unwrap_err().sqlstate()), "attempts end");
        let chain = format!("SELECT 1 WHERE {}true", "false OR ".repeat(20_000));
        assert_eq!(parse(&chain).unwrap_err().sqlstate(), "54001");
    }
}
