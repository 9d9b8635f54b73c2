//! Statements about indexes (PostgreSQL 15, the pages of CREATE INDEX, ALTER INDEX and DROP INDEX).

use datafusion::sql::sqlparser::ast::{Expr, ObjectName};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::retention::skip;
use super::session::{expect_word, name, unexpected};
use super::statement::{Definition, unsupported};
use super::{Failure, next_words, take_word};

/// A statement that makes, renames or drops indexes.
#[derive(Debug, Clone)]
pub enum IndexStatement {
    Create(Box<CreateIndex>),
    /// `ALTER INDEX [IF EXISTS] name RENAME TO name`.
    Rename {
        name: ObjectName,
        if_exists: bool,
        to: String,
    },
    /// `DROP INDEX [CONCURRENTLY] [IF EXISTS] name, … [CASCADE | RESTRICT]`.
    Drop {
        names: Vec<ObjectName>,
        concurrently: bool,
        if_exists: bool,
        cascade: bool,
    },
    /// `ALTER TABLE table DEMOTE (path)`.
    Demote {
        table: ObjectName,
        of: Box<KeyPart>,
    },
}

/// `CREATE [UNIQUE] INDEX [CONCURRENTLY] [[IF NOT EXISTS] name] ON [ONLY] table [USING method] (key, …) [INCLUDE (…)]
/// [NULLS [NOT] DISTINCT] [WITH (…)] [TABLESPACE name] [WHERE condition]`.
#[derive(Debug, Clone)]
pub struct CreateIndex {
    /// Whether it was written as `ALTER TABLE table PROMOTE (path)`.
    pub promotes: bool,
    /// Without one it is made from the table's and the columns'.
    pub name: Option<String>,
    pub table: ObjectName,
    pub unique: bool,
    pub concurrently: bool,
    pub if_not_exists: bool,
    pub method: Option<String>,
    pub keys: Vec<KeyPart>,
    pub includes: bool,
    pub one_null: bool,
    /// Names in lower case, with the value if one was given.
    pub options: Vec<(String, Option<String>)>,
    pub tablespace: Option<String>,
    pub partial: bool,
}

/// `column | (expression) [COLLATE name] [class [(option = value, …)]] [ASC | DESC] [NULLS {FIRST | LAST}]`.
#[derive(Debug, Clone)]
pub struct KeyPart {
    pub of: KeyTarget,
    /// The last part of the name; all collations are in one schema.
    pub collation: Option<String>,
    /// So of the operator class.
    pub class: Option<String>,
    pub class_options: bool,
    pub descending: Option<bool>,
    pub nulls_first: Option<bool>,
}

/// What a key is made of.
#[derive(Debug, Clone)]
pub enum KeyTarget {
    Column(String),
    Expression(Box<Expr>),
}

impl IndexStatement {
    /// The command tag.
    pub fn tag(&self) -> &'static str {
        match self {
            IndexStatement::Create(create) if create.promotes => "ALTER TABLE",
            IndexStatement::Create(_) => "CREATE INDEX",
            IndexStatement::Demote { .. } => "ALTER TABLE",
            IndexStatement::Rename { .. } => "ALTER INDEX",
            IndexStatement::Drop { .. } => "DROP INDEX",
        }
    }

    /// What it is called where it says CONCURRENTLY, which no transaction block allows.
    pub fn alone(&self) -> Option<&'static str> {
        match self {
            IndexStatement::Create(create) => create.concurrently.then_some("CREATE INDEX CONCURRENTLY"),
            IndexStatement::Rename { .. } | IndexStatement::Demote { .. } => None,
            IndexStatement::Drop { concurrently, .. } => concurrently.then_some("DROP INDEX CONCURRENTLY"),
        }
    }
}

/// Such a statement, if one comes next.
pub(super) fn read(parser: &mut Parser<'_>) -> Result<Option<IndexStatement>, Failure> {
    if next_words(parser, &["create", "index"]) || next_words(parser, &["create", "unique", "index"]) {
        return create(parser).map(|create| Some(IndexStatement::Create(Box::new(create))));
    }
    if next_words(parser, &["alter", "index"]) {
        skip(parser, 2);
        return alter(parser).map(Some);
    }
    if next_words(parser, &["drop", "index"]) {
        skip(parser, 2);
        return drop(parser).map(Some);
    }
    if next_words(parser, &["alter", "table"])
        && let Some(promoted) = parser.maybe_parse(promoted)?
    {
        return Ok(Some(promoted));
    }
    if next_words(parser, &["reindex"]) {
        let hint = "An index is written with each file, and a file that has none gets it by itself.";
        return Err(unsupported("REINDEX").with_hint(hint).into());
    }
    Ok(None)
}

/// `ALTER TABLE table {PROMOTE | DEMOTE} (path)`.
fn promoted(parser: &mut Parser<'_>) -> Result<IndexStatement, ParserError> {
    skip(parser, 2);
    let table = parser.parse_object_name(false)?;
    let promotes = take_word(parser, "promote");
    if !promotes && !take_word(parser, "demote") {
        return parser.expected_ref("PROMOTE or DEMOTE", parser.peek_token_ref());
    }
    parser.expect_token(&Token::LParen)?;
    let of = KeyTarget::Expression(Box::new(parser.parse_expr()?));
    parser.expect_token(&Token::RParen)?;
    let of = KeyPart { of, collation: None, class: None, class_options: false, descending: None, nulls_first: None };
    if !promotes {
        return Ok(IndexStatement::Demote { table, of: Box::new(of) });
    }
    Ok(IndexStatement::Create(Box::new(CreateIndex {
        promotes,
        name: None,
        table,
        unique: false,
        concurrently: false,
        if_not_exists: false,
        method: None,
        keys: vec![of],
        includes: false,
        one_null: false,
        options: vec![],
        tablespace: None,
        partial: false,
    })))
}

fn create(parser: &mut Parser<'_>) -> Result<CreateIndex, Failure> {
    skip(parser, 1);
    let unique = take_word(parser, "unique");
    skip(parser, 1);
    let concurrently = take_word(parser, "concurrently");
    let if_not_exists = parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]);
    let named = match (next_words(parser, &["on"]), if_not_exists) {
        (true, false) => None,
        (true, true) => {
            parser.advance_token();
            return unexpected(parser, "the name of an index");
        }
        (false, _) => Some(name(parser)?),
    };
    expect_word(parser, "on")?;
    take_word(parser, "only");
    let table = parser.parse_object_name(false)?;
    let method = if take_word(parser, "using") { Some(name(parser)?) } else { None };
    let keys = listed(parser, key)?;
    let includes = take_word(parser, "include");
    if includes {
        listed(parser, key)?;
    }
    let mut one_null = false;
    if take_word(parser, "nulls") {
        one_null = take_word(parser, "not");
        expect_word(parser, "distinct")?;
    }
    let options = if take_word(parser, "with") { listed(parser, option)? } else { vec![] };
    let tablespace = if take_word(parser, "tablespace") { Some(name(parser)?) } else { None };
    let partial = take_word(parser, "where");
    if partial {
        parser.parse_expr()?;
    }
    Ok(CreateIndex {
        promotes: false,
        name: named,
        table,
        unique,
        concurrently,
        if_not_exists,
        method,
        keys,
        includes,
        one_null,
        options,
        tablespace,
        partial,
    })
}

/// `(item, …)`, one at least.
fn listed<T>(parser: &mut Parser<'_>, item: impl Fn(&mut Parser<'_>) -> Result<T, Failure>) -> Result<Vec<T>, Failure> {
    parser.expect_token(&Token::LParen)?;
    let mut items = vec![item(parser)?];
    while parser.consume_token(&Token::Comma) {
        items.push(item(parser)?);
    }
    parser.expect_token(&Token::RParen)?;
    Ok(items)
}

fn key(parser: &mut Parser<'_>) -> Result<KeyPart, Failure> {
    let of = match (parser.peek_token().token, parser.peek_nth_token(1).token) {
        (Token::LParen, _) => {
            parser.advance_token();
            let expression = parser.parse_expr()?;
            parser.expect_token(&Token::RParen)?;
            KeyTarget::Expression(Box::new(expression))
        }
        (Token::Word(_), Token::LParen | Token::Period) => KeyTarget::Expression(Box::new(parser.parse_prefix()?)),
        _ => KeyTarget::Column(name(parser)?),
    };
    let collation = if take_word(parser, "collate") { Some(qualified(parser)?) } else { None };
    let ordered = ["asc", "desc", "nulls"].iter().any(|word| next_words(parser, &[word]));
    let class = match parser.peek_token().token {
        Token::Word(_) if !ordered => Some(qualified(parser)?),
        _ => None,
    };
    let class_options = class.is_some() && parser.peek_token().token == Token::LParen;
    if class_options {
        listed(parser, option)?;
    }
    let descending = match (take_word(parser, "asc"), take_word(parser, "desc")) {
        (_, true) => Some(true),
        (true, false) => Some(false),
        (false, false) => None,
    };
    let nulls_first = if take_word(parser, "nulls") {
        let first = take_word(parser, "first");
        if !first {
            expect_word(parser, "last")?;
        }
        Some(first)
    } else {
        None
    };
    Ok(KeyPart { of, collation, class, class_options, descending, nulls_first })
}

/// The last part of a name.
fn qualified(parser: &mut Parser<'_>) -> Result<String, Failure> {
    let mut last = name(parser)?;
    while parser.consume_token(&Token::Period) {
        last = name(parser)?;
    }
    Ok(last)
}

/// `name [= value]`.
fn option(parser: &mut Parser<'_>) -> Result<(String, Option<String>), Failure> {
    let option = name(parser)?;
    if !parser.consume_token(&Token::Eq) {
        return Ok((option, None));
    }
    let sign = if parser.consume_token(&Token::Minus) { "-" } else { "" };
    let value = match parser.next_token().token {
        Token::Word(word) => word.value.to_lowercase(),
        Token::SingleQuotedString(text) => text,
        Token::Number(number, _) => number,
        _ => return unexpected(parser, "a value"),
    };
    Ok((option, Some(format!("{sign}{value}"))))
}

fn alter(parser: &mut Parser<'_>) -> Result<IndexStatement, Failure> {
    let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
    let index = parser.parse_object_name(false)?;
    if next_words(parser, &["rename", "to"]) {
        skip(parser, 2);
        return Ok(IndexStatement::Rename { name: index, if_exists, to: name(parser)? });
    }
    let refused = |what: &str, hint: &str| Err(unsupported(&format!("ALTER INDEX ... {what}")).with_hint(hint).into());
    if next_words(parser, &["owner", "to"]) {
        return refused("OWNER TO", "An index belongs to whom its table belongs to.");
    }
    for (words, what) in [
        (&["set", "tablespace"][..], "SET TABLESPACE"),
        (&["attach", "partition"], "ATTACH PARTITION"),
        (&["depends", "on"], "DEPENDS ON EXTENSION"),
        (&["no", "depends"], "NO DEPENDS ON EXTENSION"),
        (&["alter"], "ALTER COLUMN"),
        (&["reset"], "RESET"),
    ] {
        if next_words(parser, words) {
            return refused(what, "An index can get another name; for anything else drop it and create it anew.");
        }
    }
    if next_words(parser, &["set"]) && parser.peek_nth_token(1).token == Token::LParen {
        return refused("SET", "Storage parameters change nothing here.");
    }
    // PostgreSQL knows no other SET, and complains of what is set.
    take_word(parser, "set");
    parser.advance_token();
    unexpected(parser, "RENAME TO")
}

fn drop(parser: &mut Parser<'_>) -> Result<IndexStatement, Failure> {
    let concurrently = take_word(parser, "concurrently");
    let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
    let names = parser.parse_comma_separated(|parser| parser.parse_object_name(false))?;
    let cascade = take_word(parser, "cascade");
    if !cascade {
        take_word(parser, "restrict");
    }
    Ok(IndexStatement::Drop { names, concurrently, if_exists, cascade })
}

impl From<IndexStatement> for Definition {
    fn from(statement: IndexStatement) -> Self {
        Definition::Index(statement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse::{Statement, parse};

    fn read(sql: &str) -> IndexStatement {
        let mut parsed = parse(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        match std::sync::Arc::unwrap_or_clone(parsed.remove(0).statement) {
            Statement::Define(definition) => match *definition {
                Definition::Index(index) => index,
                other => panic!("{sql}: {other:?}"),
            },
            other => panic!("{sql}: {other:?}"),
        }
    }

    fn created(sql: &str) -> CreateIndex {
        match read(sql) {
            IndexStatement::Create(create) => *create,
            other => panic!("{sql}: {other:?}"),
        }
    }

    #[test]
    fn every_clause_is_read() {
        let create = created(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON ONLY s.t USING GIN (a COLLATE pg_catalog.\"C\" public.gin_trgm_ops DESC NULLS LAST, \
             (b), lower(c) text_ops (x = 1) NULLS FIRST) INCLUDE (d) NULLS NOT DISTINCT WITH (fastupdate, limit_ = -5) TABLESPACE x WHERE a > 1",
        );
        assert!(
            create.concurrently && create.if_not_exists && create.includes && create.one_null && create.partial && !create.unique
        );
        assert_eq!((create.name.as_deref(), create.method.as_deref()), (Some("i"), Some("gin")));
        assert_eq!(create.options, [("fastupdate".to_owned(), None), ("limit_".to_owned(), Some("-5".to_owned()))]);
        let [a, b, c] = &create.keys[..] else { panic!("{:?}", create.keys) };
        assert_eq!((a.collation.as_deref(), a.class.as_deref()), (Some("C"), Some("gin_trgm_ops")));
        assert_eq!((a.descending, a.nulls_first), (Some(true), Some(false)));
        assert!(matches!((&a.of, &b.of), (KeyTarget::Column(name), KeyTarget::Expression(_)) if name == "a"));
        assert!(matches!(&c.of, KeyTarget::Expression(_)) && c.class_options && c.nulls_first == Some(true));
        let create = created("create unique index on t (on_, \"Asc\" asc)");
        assert!(create.unique && create.name.is_none() && create.keys[1].descending == Some(false));
        assert_eq!(read("DROP INDEX CONCURRENTLY IF EXISTS a, s.b CASCADE").alone(), Some("DROP INDEX CONCURRENTLY"));
        assert_eq!(read("ALTER INDEX IF EXISTS s.a RENAME TO \"B\"").tag(), "ALTER INDEX");
    }

    #[test]
    fn what_does_not_fit_is_pointed_at() {
        for (sql, place) in [
            ("CREATE INDEX IF NOT EXISTS ON t (a)", 28),
            ("CREATE INDEX s.i ON t (a)", 15),
            ("CREATE INDEX ON t ()", 20),
            ("CREATE INDEX ON t USING (a)", 25),
            ("CREATE INDEX ON t (a NULLS LATE)", 28),
            ("ALTER INDEX i SET SCHEMA s", 19),
        ] {
            let error = parse(sql).unwrap_err();
            assert_eq!((error.sqlstate(), error.report().position), ("42601", Some(place)), "{sql}");
        }
    }
}
