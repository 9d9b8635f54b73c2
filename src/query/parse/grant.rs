//! GRANT, REVOKE, ALTER DEFAULT PRIVILEGES and OWNER TO (PostgreSQL 15, reference pages of these names).

use datafusion::sql::sqlparser::ast::{DataType, Ident, ObjectName};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{IsOptional, Parser};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::role::{RoleSpec, cascade, role, roles};
use super::session::{expect_word, name, unexpected};
use super::statement::{Definition, unsupported};
use super::{Failure, next_words, take_word};
use crate::catalog::{DefaultKind, Privilege};
use crate::error::{Error, Kind};

/// A privilege with the columns that it is for; none is the whole object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// `None` is `ALL`.
    pub privilege: Option<Privilege>,
    pub columns: Vec<Ident>,
}

/// A function by its name and, where it is not the only one, its argument types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub name: ObjectName,
    pub arguments: Option<Vec<DataType>>,
}

/// What is granted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    Relations(Vec<ObjectName>),
    Schemas(Vec<String>),
    Functions(Vec<Signature>),
    Databases(Vec<String>),
    AllRelations(Vec<String>),
    AllFunctions(Vec<String>),
}

/// Who is given or loses what, behind the objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub grant: bool,
    /// `WITH GRANT OPTION`, or `GRANT OPTION FOR`.
    pub option: bool,
    pub grantees: Vec<RoleSpec>,
    pub grantor: Option<RoleSpec>,
    pub cascade: bool,
}

/// A statement about rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantStatement {
    /// Membership: `option` is the admin option.
    Roles {
        roles: Vec<RoleSpec>,
        terms: Terms,
    },
    Objects {
        wanted: Vec<Wanted>,
        targets: Targets,
        terms: Terms,
    },
    Defaults {
        owners: Vec<RoleSpec>,
        schemas: Vec<String>,
        wanted: Vec<Wanted>,
        kind: DefaultKind,
        terms: Terms,
    },
    Owner {
        object: Owned,
        owner: RoleSpec,
    },
}

/// What gets another owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owned {
    Table { name: ObjectName, if_exists: bool },
    View { name: ObjectName, if_exists: bool },
    Schema(String),
    Function(Signature),
    Database(String),
}

impl GrantStatement {
    /// The command, as PostgreSQL names it in tags.
    pub fn command(&self) -> &'static str {
        match self {
            GrantStatement::Roles { terms, .. } if terms.grant => "GRANT ROLE",
            GrantStatement::Roles { .. } => "REVOKE ROLE",
            GrantStatement::Objects { terms, .. } if terms.grant => "GRANT",
            GrantStatement::Objects { .. } => "REVOKE",
            GrantStatement::Defaults { .. } => "ALTER DEFAULT PRIVILEGES",
            GrantStatement::Owner { object, .. } => match object {
                Owned::Table { .. } => "ALTER TABLE",
                Owned::View { .. } => "ALTER VIEW",
                Owned::Schema(_) => "ALTER SCHEMA",
                Owned::Function(_) => "ALTER FUNCTION",
                Owned::Database(_) => "ALTER DATABASE",
            },
        }
    }
}

/// A statement about rights, if one comes next.
pub(super) fn read(parser: &mut Parser<'_>) -> Result<Option<GrantStatement>, Failure> {
    if take_word(parser, "grant") {
        return grant(parser, true).map(Some);
    }
    if take_word(parser, "revoke") {
        return grant(parser, false).map(Some);
    }
    if next_words(parser, &["alter", "default", "privileges"]) {
        (0..3).for_each(|_| parser.advance_token());
        return defaults(parser).map(Some);
    }
    if next_words(parser, &["alter"]) {
        return owner(parser);
    }
    Ok(None)
}

fn grant(parser: &mut Parser<'_>, is_grant: bool) -> Result<GrantStatement, Failure> {
    let mut option = false;
    if !is_grant {
        for kind in ["grant", "admin"] {
            if next_words(parser, &[kind, "option", "for"]) {
                (0..3).for_each(|_| parser.advance_token());
                option = true;
            }
        }
    }
    // Both lists are words; what stands behind them tells roles from privileges.
    let mut wanted = vec![];
    let mut named = vec![];
    loop {
        let quoted = matches!(&parser.peek_token().token, Token::Word(word) if word.quote_style.is_some());
        if !quoted && let Some(word) = privilege_word(parser) {
            parser.advance_token();
            let privilege = Privilege::named(&word);
            if word == "all" {
                take_word(parser, "privileges");
            }
            let columns = if parser.peek_token().token == Token::LParen {
                parser.parse_parenthesized_column_list(IsOptional::Mandatory, false)?
            } else {
                vec![]
            };
            if word != "all" && privilege.is_none() {
                named.push(RoleSpec::Named(word));
                wanted.push(None);
            } else {
                named.push(RoleSpec::Named(word));
                wanted.push(Some(Wanted { privilege, columns }));
            }
        } else {
            named.push(role(parser)?);
            wanted.push(None);
        }
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    if take_word(parser, "on") {
        let unknown = wanted.iter().zip(&named).find(|(wanted, _)| wanted.is_none());
        if let Some((_, named)) = unknown {
            return Err(Failure::Ours(Error::new(Kind::SyntaxError, format!("unrecognized privilege type \"{named}\""))));
        }
        let targets = targets(parser)?;
        let terms = terms(parser, is_grant, option, "grant")?;
        return Ok(GrantStatement::Objects { wanted: wanted.into_iter().flatten().collect(), targets, terms });
    }
    let terms = terms(parser, is_grant, option, "admin")?;
    Ok(GrantStatement::Roles { roles: named, terms })
}

/// The next word in lower case, if it is one that is no special name of a role.
fn privilege_word(parser: &Parser<'_>) -> Option<String> {
    match &parser.peek_token().token {
        Token::Word(word) => {
            let word = word.value.to_ascii_lowercase();
            (word == "all" || Privilege::named(&word).is_some()).then_some(word)
        }
        _ => None,
    }
}

fn targets(parser: &mut Parser<'_>) -> Result<Targets, Failure> {
    if take_word(parser, "all") {
        let what = name(parser)?;
        expect_word(parser, "in")?;
        expect_word(parser, "schema")?;
        let schemas = names(parser)?;
        return match what.as_str() {
            "tables" => Ok(Targets::AllRelations(schemas)),
            "functions" | "routines" | "procedures" => Ok(Targets::AllFunctions(schemas)),
            // There are none, so that there is nothing to grant on.
            "sequences" => Ok(Targets::AllFunctions(vec![])),
            _ => unexpected(parser, "TABLES, FUNCTIONS or SEQUENCES"),
        };
    }
    if take_word(parser, "schema") {
        return Ok(Targets::Schemas(names(parser)?));
    }
    if take_word(parser, "database") {
        return Ok(Targets::Databases(names(parser)?));
    }
    for word in ["function", "routine", "procedure"] {
        if take_word(parser, word) {
            let mut functions = vec![signature(parser)?];
            while parser.consume_token(&Token::Comma) {
                functions.push(signature(parser)?);
            }
            return Ok(Targets::Functions(functions));
        }
    }
    for word in ["sequence", "language", "tablespace", "type", "domain", "large", "parameter", "foreign"] {
        // A table may be called so, and then no name follows.
        let follows = matches!(parser.peek_nth_token(1).token, Token::Word(next) if !["to", "from"].contains(&next.value.to_ascii_lowercase().as_str()));
        if next_words(parser, &[word]) && follows {
            return Err(unsupported(&format!("GRANT on {}", word.to_uppercase())).into());
        }
    }
    if next_words(parser, &["table"]) {
        parser.advance_token();
    }
    Ok(Targets::Relations(parser.parse_comma_separated(|parser| parser.parse_object_name(false))?))
}

fn names(parser: &mut Parser<'_>) -> Result<Vec<String>, Failure> {
    let mut names = vec![name(parser)?];
    while parser.consume_token(&Token::Comma) {
        names.push(name(parser)?);
    }
    Ok(names)
}

/// `name [(types)]`.
pub(super) fn signature(parser: &mut Parser<'_>) -> Result<Signature, Failure> {
    let name = parser.parse_object_name(false)?;
    if !parser.consume_token(&Token::LParen) {
        return Ok(Signature { name, arguments: None });
    }
    let arguments =
        if parser.peek_token().token == Token::RParen { vec![] } else { parser.parse_comma_separated(Parser::parse_data_type)? };
    parser.expect_token(&Token::RParen)?;
    Ok(Signature { name, arguments: Some(arguments) })
}

/// `TO roles [WITH … OPTION] [GRANTED BY role]`, or `FROM roles [GRANTED BY role] [CASCADE | RESTRICT]`.
fn terms(parser: &mut Parser<'_>, grant: bool, mut option: bool, with: &str) -> Result<Terms, Failure> {
    expect_word(parser, if grant { "to" } else { "from" })?;
    let mut grantees = vec![grantee(parser)?];
    while parser.consume_token(&Token::Comma) {
        grantees.push(grantee(parser)?);
    }
    if grant && next_words(parser, &["with", with, "option"]) {
        (0..3).for_each(|_| parser.advance_token());
        option = true;
    }
    let mut grantor = None;
    if next_words(parser, &["granted", "by"]) {
        parser.advance_token();
        parser.advance_token();
        grantor = Some(role(parser)?);
    }
    let cascade = !grant && cascade(parser);
    Ok(Terms { grant, option, grantees, grantor, cascade })
}

/// A role, with the word `GROUP` of old in front or without.
fn grantee(parser: &mut Parser<'_>) -> Result<RoleSpec, Failure> {
    if next_words(parser, &["group"]) && matches!(parser.peek_nth_token(1).token, Token::Word(_)) {
        parser.advance_token();
    }
    role(parser)
}

fn defaults(parser: &mut Parser<'_>) -> Result<GrantStatement, Failure> {
    let (mut owners, mut schemas) = (vec![], vec![]);
    loop {
        if next_words(parser, &["for", "role"]) || next_words(parser, &["for", "user"]) {
            parser.advance_token();
            parser.advance_token();
            owners = roles(parser)?;
        } else if next_words(parser, &["in", "schema"]) {
            parser.advance_token();
            parser.advance_token();
            schemas = names(parser)?;
        } else {
            break;
        }
    }
    let is_grant = take_word(parser, "grant");
    if !is_grant {
        expect_word(parser, "revoke")?;
    }
    let mut option = false;
    if !is_grant && next_words(parser, &["grant", "option", "for"]) {
        (0..3).for_each(|_| parser.advance_token());
        option = true;
    }
    let mut wanted = vec![];
    loop {
        let Some(word) = privilege_word(parser) else {
            let word = name(parser)?;
            return Err(Failure::Ours(Error::new(Kind::SyntaxError, format!("unrecognized privilege type \"{word}\""))));
        };
        parser.advance_token();
        if word == "all" {
            take_word(parser, "privileges");
        }
        if parser.peek_token().token == Token::LParen {
            return Err(Failure::Ours(Error::new(Kind::InvalidGrantOperation, "default privileges cannot be set for columns")));
        }
        wanted.push(Wanted { privilege: Privilege::named(&word), columns: vec![] });
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    expect_word(parser, "on")?;
    let kind = match name(parser)?.as_str() {
        "tables" => DefaultKind::Relations,
        "functions" | "routines" => DefaultKind::Functions,
        "schemas" => DefaultKind::Schemas,
        what @ ("sequences" | "types") => {
            return Err(unsupported(&format!("ALTER DEFAULT PRIVILEGES ... ON {}", what.to_uppercase())).into());
        }
        _ => return unexpected(parser, "TABLES, FUNCTIONS or SCHEMAS"),
    };
    let terms = terms(parser, is_grant, option, "grant")?;
    Ok(GrantStatement::Defaults { owners, schemas, wanted, kind, terms })
}

/// `ALTER kind name OWNER TO role`; any other ALTER is left to be read elsewhere.
fn owner(parser: &mut Parser<'_>) -> Result<Option<GrantStatement>, Failure> {
    let kind = ["table", "view", "schema", "function", "routine", "database"]
        .into_iter()
        .find(|kind| next_words(parser, &["alter", kind]));
    let Some(kind) = kind else { return Ok(None) };
    let statement = parser.maybe_parse(|parser| {
        parser.advance_token();
        parser.advance_token();
        let mut if_exists = false;
        if matches!(kind, "table" | "view") {
            if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
            let _only = parser.parse_keyword(Keyword::ONLY);
        }
        let signature = signature(parser).map_err(syntax)?;
        if !(take_word(parser, "owner") && take_word(parser, "to")) {
            return parser.expected_ref("OWNER TO", parser.peek_token_ref());
        }
        Ok((signature, if_exists))
    })?;
    let Some((signature, if_exists)) = statement else { return Ok(None) };
    let owner = role(parser)?;
    let single = |signature: Signature| crate::query::plan::names::single(&signature.name);
    let object = match kind {
        "table" => Owned::Table { name: signature.name, if_exists },
        "view" => Owned::View { name: signature.name, if_exists },
        "schema" => Owned::Schema(single(signature)?),
        "database" => Owned::Database(single(signature)?),
        _ => Owned::Function(signature),
    };
    Ok(Some(GrantStatement::Owner { object, owner }))
}

fn syntax(failure: Failure) -> datafusion::sql::sqlparser::parser::ParserError {
    match failure {
        Failure::Syntax(error) => error,
        Failure::Ours(error) => datafusion::sql::sqlparser::parser::ParserError::ParserError(error.message().to_owned()),
    }
}

impl From<GrantStatement> for Definition {
    fn from(statement: GrantStatement) -> Self {
        Definition::Grant(Box::new(statement))
    }
}
