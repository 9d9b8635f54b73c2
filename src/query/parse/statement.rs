//! The one list of statements that Annals runs. A statement that is not on it is refused, so nothing runs by accident.

use datafusion::sql::sqlparser::ast::{self, ObjectName};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{IsOptional, Parser};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::comment::{self, Comment};
use super::copy::{self, Copy};
use super::derived::{self, CreateTableAs};
use super::explain::Explain;
use super::grant::{self, GrantStatement};
use super::hold::{self, LegalHold};
use super::index::{self, IndexStatement};
use super::policy::{self, PolicyStatement};
use super::relation::{self, AlterRelation};
use super::retention::{self, RetentionPolicy};
use super::role::{self, RoleSpec, RoleStatement};
use super::session::{self, Block, Channel, Declare, Discard, Execute, Fetch, Prepare};
use super::setting::Setting;
use super::{Failure, next_words, take_word};
use crate::error::{Error, Kind};
use crate::store::spec::TableKind;

/// A statement that Annals runs.
#[derive(Debug, Clone)]
pub enum Statement {
    Query(Box<ast::Query>),
    Explain {
        shown: Explain,
        query: Box<ast::Query>,
    },
    Insert(Box<ast::Insert>),
    Update(Box<Change<ast::Update>>),
    Delete(Box<Change<ast::Delete>>),
    Truncate(Vec<ObjectName>),
    /// The table that a MERGE would change; none can be.
    Merge(ObjectName),
    Copy(Box<Copy>),
    Define(Box<Definition>),
    CreateTableAs(Box<CreateTableAs>),
    Block(Block),
    Set(Setting),
    /// A setting's name in lower case, or `all`.
    Show(String),
    /// `RESET name`, or `RESET ALL` without one.
    Reset(Option<String>),
    Discard(Discard),
    Prepare(Box<Prepare>),
    Execute(Box<Execute>),
    /// `DEALLOCATE name`, or `DEALLOCATE ALL` without one.
    Deallocate(Option<String>),
    Declare(Box<Declare>),
    Fetch(Fetch),
    /// `CLOSE name`, or `CLOSE ALL` without one.
    Close(Option<String>),
    Channel(Channel),
    Checkpoint,
    Vacuum(Option<ObjectName>),
    /// `EXPLAIN RETENTION [ON] table`: what its policies would remove now.
    ExplainRetention(ObjectName),
    /// The tables, each with the columns that were named; all of them when there is none.
    Analyze(Vec<(ObjectName, Vec<ast::Ident>)>),
}

/// An UPDATE or DELETE with the queries that stand in front of it.
#[derive(Debug, Clone)]
pub struct Change<T> {
    pub with: Option<ast::With>,
    pub change: T,
}

/// A statement that changes the catalog.
#[derive(Debug, Clone)]
pub enum Definition {
    /// Without a name it is the owner's.
    CreateSchema {
        name: Option<String>,
        if_not_exists: bool,
        owner: Option<RoleSpec>,
    },
    /// Without a `kind` the setting `default_table_access_method` says it.
    CreateTable {
        create: Box<ast::CreateTable>,
        kind: Option<TableKind>,
    },
    CreateView(Box<ast::CreateView>),
    CreateFunction(Box<ast::CreateFunction>),
    AlterTable(Box<ast::AlterTable>),
    AlterRelation(Box<AlterRelation>),
    Comment(Box<Comment>),
    Drop {
        kind: ast::ObjectType,
        if_exists: bool,
        names: Vec<ObjectName>,
        cascade: bool,
    },
    DropFunction(ast::DropFunction),
    Role(Box<RoleStatement>),
    Grant(Box<GrantStatement>),
    Retention(RetentionPolicy),
    Hold(LegalHold),
    Index(IndexStatement),
    Policy(Box<PolicyStatement>),
}

impl Definition {
    /// The command, as PostgreSQL names it in tags.
    pub fn command(&self) -> String {
        match self {
            Definition::CreateSchema { .. } => "CREATE SCHEMA".to_owned(),
            Definition::CreateTable { .. } => "CREATE TABLE".to_owned(),
            Definition::CreateView(_) => "CREATE VIEW".to_owned(),
            Definition::CreateFunction(_) => "CREATE FUNCTION".to_owned(),
            Definition::AlterTable(_) => "ALTER TABLE".to_owned(),
            Definition::AlterRelation(alter) => alter.tag().to_owned(),
            Definition::Comment(_) => "COMMENT".to_owned(),
            Definition::Drop { kind, .. } => format!("DROP {kind}"),
            Definition::DropFunction(_) => "DROP FUNCTION".to_owned(),
            Definition::Role(role) => role.command().to_owned(),
            Definition::Grant(grant) => grant.command().to_owned(),
            Definition::Retention(policy) => policy.tag().to_owned(),
            Definition::Hold(hold) => hold.tag().to_owned(),
            Definition::Index(index) => index.tag().to_owned(),
            Definition::Policy(policy) => policy.tag().to_owned(),
        }
    }
}

pub(super) fn read(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    if let Some(statement) = session::read(parser)? {
        return Ok(statement);
    }
    if next_words(parser, &["copy"]) {
        return Ok(Statement::Copy(Box::new(copy::read(parser)?)));
    }
    if take_word(parser, "checkpoint") {
        return Ok(Statement::Checkpoint);
    }
    if take_word(parser, "table") {
        // With a name behind it `TABLE t` has been written out as the query that it is.
        parser.parse_object_name(false)?;
        return session::unexpected(parser, "a query");
    }
    if next_words(parser, &["vacuum"]) {
        return vacuum(parser);
    }
    if take_word(parser, "analyze") || take_word(parser, "analyse") {
        return analyze(parser);
    }
    if let Some(made) = derived::read(parser)? {
        return Ok(Statement::CreateTableAs(Box::new(made)));
    }
    if let Some(statement) = role::read(parser)? {
        return Ok(define(statement.into()));
    }
    if let Some(statement) = grant::read(parser)? {
        return Ok(define(statement.into()));
    }
    if let Some(statement) = index::read(parser)? {
        return Ok(define(statement.into()));
    }
    if let Some(statement) = comment::read(parser)? {
        return Ok(define(statement.into()));
    }
    if let Some(statement) = relation::read(parser)? {
        return Ok(define(statement.into()));
    }
    if let Some(statement) = retention::statement(parser)? {
        return Ok(statement);
    }
    if let Some(statement) = hold::statement(parser)? {
        return Ok(statement);
    }
    if let Some(statement) = policy::read(parser)? {
        return Ok(define(Definition::Policy(Box::new(statement))));
    }
    if next_words(parser, &["create", "schema"]) {
        return create_schema(parser);
    }
    let statement = parser.parse_statement()?;
    let statement = match statement {
        ast::Statement::CreateTable(create) => {
            let kind = table_kind(parser)?;
            return Ok(define(Definition::CreateTable { create: Box::new(create), kind }));
        }
        other => other,
    };
    Ok(accept(statement)?)
}

/// `VACUUM [(option, …)] [FULL] [VERBOSE] [ANALYZE] [table]`; the options change nothing here.
fn vacuum(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    parser.advance_token();
    skip_options(parser)?;
    for word in ["full", "freeze", "verbose", "analyze"] {
        take_word(parser, word);
    }
    let named = matches!(parser.peek_token().token, Token::Word(_));
    let table = if named { Some(parser.parse_object_name(false)?) } else { None };
    Ok(Statement::Vacuum(table))
}

/// `ANALYZE [(option, …)] [VERBOSE] [table [(column, …)], …]`; statistics are exact here, so there is nothing to gather.
fn analyze(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    skip_options(parser)?;
    take_word(parser, "verbose");
    if !matches!(parser.peek_token().token, Token::Word(_)) {
        return Ok(Statement::Analyze(vec![]));
    }
    let tables = parser.parse_comma_separated(|parser| {
        let table = parser.parse_object_name(false)?;
        let listed = parser.peek_token().token == Token::LParen;
        let columns = if listed { parser.parse_parenthesized_column_list(IsOptional::Mandatory, false)? } else { vec![] };
        Ok((table, columns))
    })?;
    Ok(Statement::Analyze(tables))
}

/// Options in parentheses, which change nothing here.
fn skip_options(parser: &mut Parser<'_>) -> Result<(), Failure> {
    if parser.consume_token(&Token::LParen) {
        while !parser.consume_token(&Token::RParen) {
            if parser.peek_token().token == Token::EOF {
                parser.expect_token(&Token::RParen)?;
            }
            parser.advance_token();
        }
    }
    Ok(())
}

/// `CREATE SCHEMA [IF NOT EXISTS] [name] [AUTHORIZATION role]`.
fn create_schema(parser: &mut Parser<'_>) -> Result<Statement, Failure> {
    parser.advance_token();
    parser.advance_token();
    let if_not_exists = parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]);
    let name = if next_words(parser, &["authorization"]) { None } else { Some(session::name(parser)?) };
    let owner = if take_word(parser, "authorization") { Some(role::role(parser)?) } else { None };
    if name.is_none() && owner.is_none() {
        return session::unexpected(parser, "a schema's name");
    }
    if !session::at_end(parser) {
        return Err(unsupported("CREATE SCHEMA with definitions in it").into());
    }
    Ok(define(Definition::CreateSchema { name, if_not_exists, owner }))
}

/// `USING reference` behind a CREATE TABLE.
pub(super) fn table_kind(parser: &mut Parser<'_>) -> Result<Option<TableKind>, Failure> {
    if !parser.parse_keyword(Keyword::USING) {
        return Ok(None);
    }
    let method = parser.parse_identifier()?;
    match method.value.to_ascii_lowercase().as_str() {
        "reference" => Ok(Some(TableKind::Reference)),
        "log" => Ok(Some(TableKind::Log)),
        other => Err(Failure::Ours(
            Error::new(Kind::UndefinedObject, format!("access method \"{other}\" does not exist"))
                .with_hint("A table is USING log (append-only, the default) or USING reference (small and mutable)."),
        )),
    }
}

fn define(definition: Definition) -> Statement {
    Statement::Define(Box::new(definition))
}

/// Sorts what sqlparser read into our own list; all that is not named here is refused.
fn accept(statement: ast::Statement) -> Result<Statement, Error> {
    Ok(match statement {
        ast::Statement::Query(query) => select(query)?,
        ast::Statement::Explain { analyze, verbose, statement, options, .. } => explain(analyze, verbose, *statement, options)?,
        ast::Statement::Insert(insert) => Statement::Insert(Box::new(insert)),
        ast::Statement::Update(change) => Statement::Update(Box::new(Change { with: None, change })),
        ast::Statement::Delete(change) => Statement::Delete(Box::new(Change { with: None, change })),
        ast::Statement::Truncate(truncate) => {
            Statement::Truncate(truncate.table_names.into_iter().map(|target| target.name).collect())
        }
        ast::Statement::Merge(merge) => match merge.table {
            ast::TableFactor::Table { name, .. } => Statement::Merge(name),
            _ => return Err(unsupported("MERGE into anything but a table")),
        },
        ast::Statement::CreateView(view) => define(Definition::CreateView(Box::new(view))),
        ast::Statement::CreateFunction(function) => define(Definition::CreateFunction(Box::new(function))),
        ast::Statement::AlterTable(alter) => define(Definition::AlterTable(Box::new(alter))),
        ast::Statement::Drop { object_type, if_exists, names, cascade, .. } => {
            define(Definition::Drop { kind: object_type, if_exists, names, cascade })
        }
        ast::Statement::DropFunction(drop) => define(Definition::DropFunction(drop)),
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            return Err(unsupported(&words.join(" ")));
        }
    })
}

/// SELECT INTO makes a table, and behind WITH a change may stand; any other query is one.
fn select(mut query: Box<ast::Query>) -> Result<Statement, Error> {
    let nothing = || Box::new(ast::SetExpr::Values(ast::Values { explicit_row: false, value_keyword: false, rows: vec![] }));
    let with = query.with.take();
    match *std::mem::replace(&mut query.body, nothing()) {
        ast::SetExpr::Insert(ast::Statement::Insert(insert)) => return inserted(insert, with),
        ast::SetExpr::Update(ast::Statement::Update(change)) => {
            return Ok(Statement::Update(Box::new(Change { with, change })));
        }
        ast::SetExpr::Delete(ast::Statement::Delete(change)) => {
            return Ok(Statement::Delete(Box::new(Change { with, change })));
        }
        body => (query.with, query.body) = (with, Box::new(body)),
    }
    Ok(match derived::of_select(query)? {
        Ok(made) => Statement::CreateTableAs(Box::new(made)),
        Err(query) => Statement::Query(query),
    })
}

/// `WITH … INSERT INTO t query`: the queries in front are the query's, before its own.
fn inserted(mut insert: ast::Insert, with: Option<ast::With>) -> Result<Statement, Error> {
    if let (Some(with), Some(source)) = (with, &mut insert.source) {
        match &mut source.with {
            Some(own) => {
                own.recursive |= with.recursive;
                own.cte_tables.splice(0..0, with.cte_tables);
            }
            own @ None => *own = Some(with),
        }
    }
    Ok(Statement::Insert(Box::new(insert)))
}

fn explain(
    analyze: bool,
    verbose: bool,
    statement: ast::Statement,
    options: Option<Vec<ast::UtilityOption>>,
) -> Result<Statement, Error> {
    let shown = Explain::of(analyze, verbose, &options.unwrap_or_default())?;
    match statement {
        ast::Statement::Query(query) => Ok(Statement::Explain { shown, query }),
        _ => Err(unsupported("EXPLAIN of anything but a query")),
    }
}

/// The error for a statement or clause that PostgreSQL has and Annals does not.
pub(crate) fn unsupported(what: &str) -> Error {
    Error::new(Kind::FeatureNotSupported, format!("{what} is not supported"))
}
