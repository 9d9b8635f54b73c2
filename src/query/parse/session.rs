//! Statements about the session itself: its transaction, named statements, cursors and notifications. Settings have [`super::setting`].

use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::setting;
use super::statement::{Statement, read as read_statement};
use super::{Failure, next_words, take_word};
use crate::error::{Error, Kind};
use crate::query::plan::names::fold;

/// Bytes of a channel's name that count; PostgreSQL cuts longer identifiers to this length.
const IDENTIFIER_BYTES_MAX: usize = 63;

/// What a transaction may see of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// Served as [`Isolation::ReadCommitted`], as in PostgreSQL.
    ReadUncommitted,
    /// Each statement reads what was committed before it.
    #[default]
    ReadCommitted,
    /// All statements read what was committed before the first of them.
    RepeatableRead,
    /// Served as [`Isolation::RepeatableRead`].
    Serializable,
}

impl Isolation {
    /// As `SHOW transaction_isolation` writes it.
    pub fn shown(self) -> &'static str {
        match self {
            Isolation::ReadUncommitted => "read uncommitted",
            Isolation::ReadCommitted => "read committed",
            Isolation::RepeatableRead => "repeatable read",
            Isolation::Serializable => "serializable",
        }
    }

    /// The level of this name in any case.
    pub fn named(name: &str) -> Option<Isolation> {
        let all = [Isolation::ReadUncommitted, Isolation::ReadCommitted, Isolation::RepeatableRead, Isolation::Serializable];
        all.into_iter().find(|level| level.shown().eq_ignore_ascii_case(name))
    }

    /// Whether the transaction reads one snapshot from its first statement on.
    pub fn is_one_snapshot(self) -> bool {
        match self {
            Isolation::ReadUncommitted | Isolation::ReadCommitted => false,
            Isolation::RepeatableRead | Isolation::Serializable => true,
        }
    }
}

/// What `BEGIN` and `SET TRANSACTION` say of a transaction; `None` is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modes {
    pub isolation: Option<Isolation>,
    pub read_only: Option<bool>,
    pub deferrable: Option<bool>,
}

/// How a transaction block ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionEnd {
    Commit,
    Rollback,
}

/// A statement about the transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The tag tells `BEGIN` from `START TRANSACTION`.
    Begin {
        modes: Modes,
        tag: &'static str,
    },
    End {
        end: TransactionEnd,
        /// `AND CHAIN`: begins the next one at once.
        chain: bool,
    },
    Savepoint(String),
    RollbackTo(String),
    Release(String),
    SetTransaction(Modes),
    /// `SET SESSION CHARACTERISTICS`: what later transactions begin with.
    SetCharacteristics(Modes),
    /// There are no deferrable constraints, so it changes nothing.
    SetConstraints,
}

/// `DISCARD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discard {
    All,
    Plans,
    Sequences,
    Temporary,
}

impl Discard {
    pub fn tag(self) -> &'static str {
        match self {
            Discard::All => "DISCARD ALL",
            Discard::Plans => "DISCARD PLANS",
            Discard::Sequences => "DISCARD SEQUENCES",
            Discard::Temporary => "DISCARD TEMP",
        }
    }
}

/// `PREPARE name (types) AS statement`.
#[derive(Debug, Clone)]
pub struct Prepare {
    pub name: String,
    pub types: Vec<ast::DataType>,
    pub statement: Statement,
}

/// `EXECUTE name (values)`.
#[derive(Debug, Clone)]
pub struct Execute {
    pub name: String,
    pub values: Vec<ast::Expr>,
}

/// `DECLARE name CURSOR FOR query`.
#[derive(Debug, Clone)]
pub struct Declare {
    pub name: String,
    pub binary: bool,
    /// `NO SCROLL` is `Some(false)`.
    pub scroll: Option<bool>,
    pub hold: bool,
    pub query: Box<ast::Query>,
}

/// How many rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    Rows(i64),
    All,
}

/// Where FETCH and MOVE go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// A negative number goes backward.
    Forward(Count),
    Backward(Count),
    /// To this row, counted from 1, or from the end when negative.
    Absolute(i64),
    Relative(i64),
}

/// `FETCH` or `MOVE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    pub movement: Movement,
    pub cursor: String,
    /// `MOVE`, which gives no rows.
    pub silent: bool,
}

/// A statement about notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    Listen(String),
    /// `None` is every channel.
    Unlisten(Option<String>),
    Notify {
        channel: String,
        payload: String,
    },
}

/// Reads the statement if it is one of the session's, else leaves the parser where it is.
pub(super) fn read(parser: &mut Parser<'_>) -> Result<Option<Statement>, Failure> {
    let Token::Word(word) = parser.peek_token().token else { return Ok(None) };
    if word.quote_style.is_some() {
        return Ok(None);
    }
    let reader: fn(&mut Parser<'_>) -> Result<Statement, Failure> = match word.value.to_ascii_lowercase().as_str() {
        "begin" => begin,
        "start" => start,
        "commit" | "end" => commit,
        "rollback" | "abort" => rollback,
        "savepoint" => |parser| Ok(Statement::Block(Block::Savepoint(name(parser)?))),
        "release" => release,
        "set" => setting::set,
        "show" => setting::show,
        "reset" => setting::reset,
        "discard" => discard,
        "prepare" => prepare,
        "execute" => execute,
        "deallocate" => deallocate,
        "declare" => declare,
        "fetch" => |parser| fetch(parser, false),
        "move" => |parser| fetch(parser, true),
        "close" => |parser| Ok(Statement::Close(all_or_name(parser)?)),
        "listen" => |parser| Ok(Statement::Channel(Channel::Listen(channel(parser)?))),
        "unlisten" => unlisten,
        "notify" => notify,
        _ => return Ok(None),
    };
    parser.advance_token();
    reader(parser).map(Some)
}

/// An identifier, folded.
pub(super) fn name(parser: &mut Parser<'_>) -> Result<String, Failure> {
    match parser.next_token().token {
        Token::Word(word) => Ok(fold(&word.into_ident(datafusion::sql::sqlparser::tokenizer::Span::empty()))),
        _ => unexpected(parser, "a name"),
    }
}

/// Complains of the token that was read last.
pub(super) fn unexpected<T>(parser: &Parser<'_>, wanted: &str) -> Result<T, Failure> {
    Err(Failure::Syntax(
        parser
            .expected::<()>(wanted, parser.get_current_token().clone())
            .err()
            .unwrap_or_else(|| datafusion::sql::sqlparser::parser::ParserError::ParserError(format!("Expected: {wanted}"))),
    ))
}

/// Takes this word or complains.
pub(super) fn expect_word(parser: &mut Parser<'_>, word: &str) -> Result<(), Failure> {
    if take_word(parser, word) {
        return Ok(());
    }
    parser.advance_token();
    unexpected(parser, &word.to_uppercase())
}

/// A string constant.
pub(super) fn string(parser: &mut Parser<'_>) -> Result<String, Failure> {
    match parser.next_token().token {
        Token::SingleQuotedString(text) | Token::EscapedStringLiteral(text) | Token::UnicodeStringLiteral(text) => Ok(text),
        Token::DollarQuotedString(text) => Ok(text.value),
        _ => unexpected(parser, "a string"),
    }
}

/// Whether the statement ends here.
pub(super) fn at_end(parser: &Parser<'_>) -> bool {
    matches!(parser.peek_token().token, Token::EOF | Token::SemiColon)
}

fn begin(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    let _ = take_word(parser, "work") || take_word(parser, "transaction");
    Ok(Statement::Block(Block::Begin { modes: modes(parser)?, tag: "BEGIN" }))
}

fn start(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    expect_word(parser, "transaction")?;
    Ok(Statement::Block(Block::Begin { modes: modes(parser)?, tag: "START TRANSACTION" }))
}

/// Transaction modes, parted by commas or by nothing.
pub(super) fn modes(parser: &mut Parser<'_>) -> Result<Modes, Failure> {
    let mut modes = Modes::default();
    while !at_end(parser) {
        if take_word(parser, "isolation") {
            expect_word(parser, "level")?;
            modes.isolation = Some(isolation(parser)?);
        } else if take_word(parser, "read") {
            modes.read_only = Some(take_word(parser, "only"));
            if modes.read_only == Some(false) {
                expect_word(parser, "write")?;
            }
        } else if take_word(parser, "deferrable") {
            modes.deferrable = Some(true);
        } else if take_word(parser, "not") {
            expect_word(parser, "deferrable")?;
            modes.deferrable = Some(false);
        } else {
            parser.advance_token();
            return unexpected(parser, "a transaction mode");
        }
        if parser.consume_token(&Token::Comma) && at_end(parser) {
            parser.advance_token();
            return unexpected(parser, "a transaction mode");
        }
    }
    Ok(modes)
}

fn isolation(parser: &mut Parser<'_>) -> Result<Isolation, Failure> {
    if take_word(parser, "serializable") {
        return Ok(Isolation::Serializable);
    }
    if take_word(parser, "repeatable") {
        expect_word(parser, "read")?;
        return Ok(Isolation::RepeatableRead);
    }
    expect_word(parser, "read")?;
    if take_word(parser, "uncommitted") {
        return Ok(Isolation::ReadUncommitted);
    }
    expect_word(parser, "committed")?;
    Ok(Isolation::ReadCommitted)
}

fn commit(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    refuse_two_phases(parser)?;
    end(parser, TransactionEnd::Commit)
}

fn rollback(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    refuse_two_phases(parser)?;
    let _ = take_word(parser, "work") || take_word(parser, "transaction");
    if take_word(parser, "to") {
        take_word(parser, "savepoint");
        return Ok(Statement::Block(Block::RollbackTo(name(parser)?)));
    }
    end(parser, TransactionEnd::Rollback)
}

fn end(parser: &mut Parser<'_>, end: TransactionEnd) -> Result<Statement, Failure> {
    let _ = take_word(parser, "work") || take_word(parser, "transaction");
    let mut chain = false;
    if take_word(parser, "and") {
        chain = !take_word(parser, "no");
        expect_word(parser, "chain")?;
    }
    Ok(Statement::Block(Block::End { end, chain }))
}

/// `COMMIT PREPARED` and its kin name transactions that outlive their session, which there are none of.
fn refuse_two_phases(parser: &Parser<'_>) -> Result<(), Failure> {
    if next_words(parser, &["prepared"]) {
        return Err(two_phases());
    }
    Ok(())
}

fn two_phases() -> Failure {
    Failure::Ours(Error::new(Kind::ObjectNotInPrerequisiteState, "prepared transactions are disabled"))
}

fn release(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    take_word(parser, "savepoint");
    Ok(Statement::Block(Block::Release(name(parser)?)))
}

fn discard(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    let what = match name(parser)?.as_str() {
        "all" => Discard::All,
        "plans" => Discard::Plans,
        "sequences" => Discard::Sequences,
        "temp" | "temporary" => Discard::Temporary,
        _ => return unexpected(parser, "ALL, PLANS, SEQUENCES or TEMP"),
    };
    Ok(Statement::Discard(what))
}

fn prepare(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    if next_words(parser, &["transaction"]) {
        return Err(two_phases());
    }
    let name = name(parser)?;
    let mut types = vec![];
    if parser.consume_token(&Token::LParen) {
        types = parser.parse_comma_separated(Parser::parse_data_type)?;
        parser.expect_token(&Token::RParen)?;
    }
    expect_word(parser, "as")?;
    let first = parser.peek_token();
    let statement = read_statement(parser)?;
    match statement {
        Statement::Query(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => {
            Ok(Statement::Prepare(Box::new(Prepare { name, types, statement })))
        }
        _ => Err(Failure::Syntax(
            parser
                .expected::<()>("a query, INSERT, UPDATE or DELETE", first)
                .err()
                .unwrap_or_else(|| datafusion::sql::sqlparser::parser::ParserError::ParserError("Expected: a query".to_owned())),
        )),
    }
}

fn execute(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    let name = name(parser)?;
    let mut values = vec![];
    if parser.consume_token(&Token::LParen) {
        values = parser.parse_comma_separated(Parser::parse_expr)?;
        parser.expect_token(&Token::RParen)?;
    }
    Ok(Statement::Execute(Box::new(Execute { name, values })))
}

fn deallocate(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    if next_words(parser, &["prepare"]) && !matches!(parser.peek_nth_token(1).token, Token::EOF | Token::SemiColon) {
        parser.advance_token();
    }
    Ok(Statement::Deallocate(all_or_name(parser)?))
}

fn all_or_name(parser: &mut Parser<'_>) -> Result<Option<String>, Failure> {
    if take_word(parser, "all") { Ok(None) } else { name(parser).map(Some) }
}

fn declare(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    let name = name(parser)?;
    let (mut binary, mut scroll, mut hold) = (false, None, false);
    loop {
        if take_word(parser, "binary") {
            binary = true;
        } else if take_word(parser, "no") {
            expect_word(parser, "scroll")?;
            scroll = Some(false);
        } else if take_word(parser, "scroll") {
            scroll = Some(true);
        } else if !take_word(parser, "insensitive") && !take_word(parser, "asensitive") {
            // Every cursor reads one snapshot, which is what both words ask for.
            break;
        }
    }
    expect_word(parser, "cursor")?;
    if take_word(parser, "with") {
        expect_word(parser, "hold")?;
        hold = true;
    } else if take_word(parser, "without") {
        expect_word(parser, "hold")?;
    }
    expect_word(parser, "for")?;
    match read_statement(parser)? {
        Statement::Query(query) => Ok(Statement::Declare(Box::new(Declare { name, binary, scroll, hold, query }))),
        _ => unexpected(parser, "a query"),
    }
}

fn fetch(parser: &mut Parser<'_>, silent: bool) -> Result<Statement, Failure> {
    // A cursor may be called as a direction is.
    let alone = matches!(parser.peek_nth_token(1).token, Token::EOF | Token::SemiColon);
    let movement = if alone { None } else { movement(parser)? };
    let _ = take_word(parser, "from") || take_word(parser, "in");
    let cursor = name(parser)?;
    Ok(Statement::Fetch(Fetch { movement: movement.unwrap_or(Movement::Forward(Count::Rows(1))), cursor, silent }))
}

fn movement(parser: &mut Parser<'_>) -> Result<Option<Movement>, Failure> {
    if let Some(rows) = number(parser)? {
        return Ok(Some(Movement::Forward(Count::Rows(rows))));
    }
    let counted = |parser: &mut Parser<'_>| -> Result<Count, Failure> {
        if take_word(parser, "all") {
            return Ok(Count::All);
        }
        Ok(Count::Rows(number(parser)?.unwrap_or(1)))
    };
    let required = |parser: &mut Parser<'_>| -> Result<i64, Failure> {
        match number(parser)? {
            Some(number) => Ok(number),
            None => {
                parser.advance_token();
                unexpected(parser, "a number of rows")
            }
        }
    };
    Ok(Some(if take_word(parser, "next") {
        Movement::Forward(Count::Rows(1))
    } else if take_word(parser, "prior") {
        Movement::Backward(Count::Rows(1))
    } else if take_word(parser, "first") {
        Movement::Absolute(1)
    } else if take_word(parser, "last") {
        Movement::Absolute(-1)
    } else if take_word(parser, "all") {
        Movement::Forward(Count::All)
    } else if take_word(parser, "absolute") {
        Movement::Absolute(required(parser)?)
    } else if take_word(parser, "relative") {
        Movement::Relative(required(parser)?)
    } else if take_word(parser, "forward") {
        Movement::Forward(counted(parser)?)
    } else if take_word(parser, "backward") {
        Movement::Backward(counted(parser)?)
    } else {
        return Ok(None);
    }))
}

/// A whole number with an optional sign, if one comes next.
fn number(parser: &mut Parser<'_>) -> Result<Option<i64>, Failure> {
    let negative = match parser.peek_token().token {
        Token::Minus => true,
        Token::Plus | Token::Number(_, _) => false,
        _ => return Ok(None),
    };
    if matches!(parser.peek_token().token, Token::Minus | Token::Plus) {
        parser.advance_token();
    }
    match parser.next_token().token {
        Token::Number(digits, _) => match digits.parse::<i64>() {
            Ok(number) => Ok(Some(if negative { -number } else { number })),
            Err(_) => unexpected(parser, "a number of rows"),
        },
        _ => unexpected(parser, "a number of rows"),
    }
}

fn channel(parser: &mut Parser<'_>) -> Result<String, Failure> {
    let mut name = name(parser)?;
    name.truncate(name.floor_char_boundary(IDENTIFIER_BYTES_MAX));
    Ok(name)
}

fn unlisten(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    let every = parser.consume_token(&Token::Mul);
    Ok(Statement::Channel(Channel::Unlisten(if every { None } else { Some(channel(parser)?) })))
}

fn notify(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    let channel = channel(parser)?;
    let payload = if parser.consume_token(&Token::Comma) { string(parser)? } else { String::new() };
    Ok(Statement::Channel(Channel::Notify { channel, payload }))
}
