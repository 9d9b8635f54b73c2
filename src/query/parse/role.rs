//! CREATE, ALTER and DROP of roles (PostgreSQL 15, reference pages CREATE ROLE to DROP USER), DROP OWNED and REASSIGN OWNED.

use std::fmt;

use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Span, Token};

use super::session::{at_end, expect_word, name, string, unexpected};
use super::setting;
use super::statement::{Definition, unsupported};
use super::{Failure, next_words, take_word};
use crate::catalog::quote_identifier;
use crate::error::{Error, Kind};

/// A role as statements name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleSpec {
    Named(String),
    /// `CURRENT_USER` and `CURRENT_ROLE`.
    Current,
    /// `SESSION_USER`.
    Session,
    /// `PUBLIC`, where everybody is meant.
    Public,
}

impl fmt::Display for RoleSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // An unquoted `public` would be everybody.
            RoleSpec::Named(name) => f.write_str(&quoted(name)),
            RoleSpec::Current => f.write_str("CURRENT_USER"),
            RoleSpec::Session => f.write_str("SESSION_USER"),
            RoleSpec::Public => f.write_str("PUBLIC"),
        }
    }
}

/// A role's name as a statement of roles must write it.
pub fn quoted(name: &str) -> String {
    const WORDS: [&str; 6] = ["public", "none", "current_user", "current_role", "session_user", "user"];
    if WORDS.contains(&name) { format!("\"{name}\"") } else { quote_identifier(name) }
}

/// A password in clear text or a verifier, which no message or list may show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What CREATE ROLE and ALTER ROLE say of a role; `None` is not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleOptions {
    pub superuser: Option<bool>,
    pub inherit: Option<bool>,
    pub create_role: Option<bool>,
    pub create_db: Option<bool>,
    pub login: Option<bool>,
    pub replication: Option<bool>,
    pub bypass_rls: Option<bool>,
    pub connection_limit: Option<i64>,
    /// `Some(None)` is `PASSWORD NULL`.
    pub password: Option<Option<Secret>>,
    pub valid_until: Option<String>,
    /// `IN ROLE`: the roles that it becomes a member of.
    pub in_roles: Vec<RoleSpec>,
    /// `ROLE`: the roles that become its members.
    pub members: Vec<RoleSpec>,
    /// `ADMIN`: the same, with the right to make others members.
    pub admins: Vec<RoleSpec>,
    /// Where in the text the password stands.
    pub secret_at: Option<Span>,
}

/// Whom `ALTER ROLE … SET` is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingChange {
    /// Values as SET takes them.
    Set(String, Vec<String>),
    Reset(String),
    ResetAll,
    /// `FROM CURRENT`: the value that the session has.
    FromCurrent(String),
}

/// A statement about roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleStatement {
    Create {
        name: RoleSpec,
        login: bool,
        options: Box<RoleOptions>,
    },
    Alter {
        role: RoleSpec,
        options: Box<RoleOptions>,
    },
    /// `ALTER GROUP … ADD USER` and `DROP USER`.
    Members {
        group: RoleSpec,
        add: bool,
        members: Vec<RoleSpec>,
    },
    Rename {
        from: String,
        to: String,
    },
    /// `None` is every role.
    Set {
        role: Option<RoleSpec>,
        database: Option<String>,
        change: SettingChange,
    },
    Drop {
        if_exists: bool,
        roles: Vec<RoleSpec>,
    },
    Reassign {
        from: Vec<RoleSpec>,
        to: RoleSpec,
    },
    DropOwned {
        roles: Vec<RoleSpec>,
        cascade: bool,
    },
    Comment {
        role: String,
        comment: Option<String>,
    },
}

/// The words for a role.
const KINDS: [&str; 3] = ["role", "user", "group"];

/// A statement about roles, if one comes next.
pub(super) fn read(parser: &mut Parser<'_>) -> Result<Option<RoleStatement>, Failure> {
    let kind = KINDS.into_iter().find(|kind| ["create", "alter", "drop"].iter().any(|verb| next_words(parser, &[verb, kind])));
    if let Some(kind) = kind {
        if next_words(parser, &["create", "user", "mapping"]) || next_words(parser, &["drop", "user", "mapping"]) {
            return Err(unsupported("a user mapping").into());
        }
        let verb = name(parser)?;
        parser.advance_token();
        return match verb.as_str() {
            "create" => create(parser, kind).map(Some),
            "alter" => alter(parser, kind).map(Some),
            _ => drop_roles(parser).map(Some),
        };
    }
    if next_words(parser, &["drop", "owned"]) {
        parser.advance_token();
        parser.advance_token();
        expect_word(parser, "by")?;
        let roles = roles(parser)?;
        return Ok(Some(RoleStatement::DropOwned { roles, cascade: cascade(parser) }));
    }
    if take_word(parser, "reassign") {
        expect_word(parser, "owned")?;
        expect_word(parser, "by")?;
        let from = roles(parser)?;
        expect_word(parser, "to")?;
        return Ok(Some(RoleStatement::Reassign { from, to: role(parser)? }));
    }
    if next_words(parser, &["comment", "on", "role"]) {
        (0..3).for_each(|_| parser.advance_token());
        let role = name(parser)?;
        expect_word(parser, "is")?;
        let comment = if take_word(parser, "null") { None } else { Some(string(parser)?) };
        return Ok(Some(RoleStatement::Comment { role, comment }));
    }
    Ok(None)
}

/// `CASCADE` or `RESTRICT`, which is also what is meant when neither is said.
pub(super) fn cascade(parser: &mut Parser<'_>) -> bool {
    let cascade = take_word(parser, "cascade");
    if !cascade {
        take_word(parser, "restrict");
    }
    cascade
}

/// One role.
pub(super) fn role(parser: &mut Parser<'_>) -> Result<RoleSpec, Failure> {
    for (word, spec) in [
        ("current_user", RoleSpec::Current),
        ("current_role", RoleSpec::Current),
        ("session_user", RoleSpec::Session),
        ("public", RoleSpec::Public),
    ] {
        if take_word(parser, word) {
            return Ok(spec);
        }
    }
    if next_words(parser, &["none"]) {
        return Err(reserved("none"));
    }
    if next_words(parser, &["user"]) {
        parser.advance_token();
        return unexpected(parser, "a role");
    }
    // In quotes `public` and `none` are what they are without.
    match name(parser)?.as_str() {
        "public" => Ok(RoleSpec::Public),
        "none" => Err(reserved("none")),
        name => Ok(RoleSpec::Named(name.to_owned())),
    }
}

fn reserved(name: &str) -> Failure {
    Failure::Ours(Error::new(Kind::ReservedName, format!("role name \"{name}\" is reserved")))
}

pub(super) fn roles(parser: &mut Parser<'_>) -> Result<Vec<RoleSpec>, Failure> {
    let mut roles = vec![role(parser)?];
    while parser.consume_token(&Token::Comma) {
        roles.push(role(parser)?);
    }
    Ok(roles)
}

fn create(parser: &mut Parser<'_>, kind: &str) -> Result<RoleStatement, Failure> {
    let name = role(parser)?;
    take_word(parser, "with");
    let options = options(parser, true)?;
    Ok(RoleStatement::Create { name, login: kind == "user", options: Box::new(options) })
}

fn alter(parser: &mut Parser<'_>, kind: &str) -> Result<RoleStatement, Failure> {
    let everybody = take_word(parser, "all");
    let subject = if everybody { None } else { Some(role(parser)?) };
    let mut database = None;
    if next_words(parser, &["in", "database"]) {
        parser.advance_token();
        parser.advance_token();
        database = Some(name(parser)?);
    }
    if next_words(parser, &["set"]) || next_words(parser, &["reset"]) {
        return Ok(RoleStatement::Set { role: subject, database, change: setting_change(parser)? });
    }
    let Some(subject) = subject.filter(|_| database.is_none()) else {
        parser.advance_token();
        return unexpected(parser, "SET or RESET");
    };
    if next_words(parser, &["rename"]) {
        parser.advance_token();
        expect_word(parser, "to")?;
        let to = role(parser)?;
        return match (subject, to) {
            (RoleSpec::Named(from), RoleSpec::Named(to)) => Ok(RoleStatement::Rename { from, to }),
            (RoleSpec::Public, _) | (_, RoleSpec::Public) => Err(reserved("public")),
            _ => unexpected(parser, "a role's name"),
        };
    }
    if kind == "group" {
        let add = take_word(parser, "add");
        if !add {
            expect_word(parser, "drop")?;
        }
        expect_word(parser, "user")?;
        return Ok(RoleStatement::Members { group: subject, add, members: roles(parser)? });
    }
    take_word(parser, "with");
    Ok(RoleStatement::Alter { role: subject, options: Box::new(options(parser, false)?) })
}

fn setting_change(parser: &mut Parser<'_>) -> Result<SettingChange, Failure> {
    if take_word(parser, "reset") {
        return Ok(match setting::reset_name(parser)? {
            Some(name) => SettingChange::Reset(name),
            None => SettingChange::ResetAll,
        });
    }
    parser.advance_token();
    if matches!(parser.peek_nth_token(1).token, Token::Word(word) if word.value.eq_ignore_ascii_case("from")) {
        let name = name(parser)?;
        parser.advance_token();
        expect_word(parser, "current")?;
        return Ok(SettingChange::FromCurrent(name));
    }
    let (name, values) = setting::assignment(parser)?;
    Ok(match values {
        Some(values) => SettingChange::Set(name, values),
        None => SettingChange::Reset(name),
    })
}

fn drop_roles(parser: &mut Parser<'_>) -> Result<RoleStatement, Failure> {
    let if_exists = next_words(parser, &["if", "exists"]);
    if if_exists {
        parser.advance_token();
        parser.advance_token();
    }
    Ok(RoleStatement::Drop { if_exists, roles: roles(parser)? })
}

/// The options of a role up to the end of the statement, each at most once.
fn options(parser: &mut Parser<'_>, creating: bool) -> Result<RoleOptions, Failure> {
    let mut options = RoleOptions::default();
    while !at_end(parser) {
        let token = parser.peek_token();
        let Token::Word(word) = &token.token else {
            parser.advance_token();
            return unexpected(parser, "an option of a role");
        };
        let word = word.value.to_ascii_lowercase();
        parser.advance_token();
        match word.as_str() {
            "superuser" | "nosuperuser" => once(&mut options.superuser, word == "superuser")?,
            "inherit" | "noinherit" => once(&mut options.inherit, word == "inherit")?,
            "createrole" | "nocreaterole" | "createuser" | "nocreateuser" => {
                once(&mut options.create_role, !word.starts_with("no"))?
            }
            "createdb" | "nocreatedb" => once(&mut options.create_db, word == "createdb")?,
            "login" | "nologin" => once(&mut options.login, word == "login")?,
            "replication" | "noreplication" => once(&mut options.replication, word == "replication")?,
            "bypassrls" | "nobypassrls" => once(&mut options.bypass_rls, word == "bypassrls")?,
            "connection" => {
                expect_word(parser, "limit")?;
                let limit = whole_number(parser)?;
                once(&mut options.connection_limit, limit)?;
            }
            "encrypted" | "password" => {
                if word == "encrypted" {
                    expect_word(parser, "password")?;
                }
                if take_word(parser, "null") {
                    once(&mut options.password, None)?;
                } else {
                    options.secret_at = Some(parser.peek_token().span);
                    let secret = Secret(string(parser)?);
                    once(&mut options.password, Some(secret))?;
                }
            }
            "unencrypted" => {
                return Err(Failure::Ours(
                    Error::new(Kind::FeatureNotSupported, "UNENCRYPTED PASSWORD is no longer supported")
                        .with_hint("Remove UNENCRYPTED to store the password in encrypted form instead."),
                ));
            }
            "valid" => {
                expect_word(parser, "until")?;
                let until = string(parser)?;
                once(&mut options.valid_until, until)?;
            }
            "in" if creating => {
                if !take_word(parser, "role") {
                    expect_word(parser, "group")?;
                }
                listed(&mut options.in_roles, roles(parser)?)?;
            }
            "role" | "user" if creating || word == "user" => listed(&mut options.members, roles(parser)?)?,
            "admin" if creating => listed(&mut options.admins, roles(parser)?)?,
            "sysid" if creating => {
                whole_number(parser)?;
            }
            _ => {
                if word.starts_with(|c: char| c.is_ascii_alphabetic()) && !["in", "role", "admin", "sysid"].contains(&word.as_str())
                {
                    return Err(Failure::Ours(Error::new(Kind::SyntaxError, format!("unrecognized role option \"{word}\""))));
                }
                return unexpected(parser, "an option of a role");
            }
        }
    }
    Ok(options)
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Failure> {
    if place.replace(value).is_some() {
        return Err(redundant());
    }
    Ok(())
}

fn listed(place: &mut Vec<RoleSpec>, roles: Vec<RoleSpec>) -> Result<(), Failure> {
    if !place.is_empty() {
        return Err(redundant());
    }
    *place = roles;
    Ok(())
}

fn redundant() -> Failure {
    Failure::Ours(Error::new(Kind::SyntaxError, "conflicting or redundant options"))
}

fn whole_number(parser: &mut Parser<'_>) -> Result<i64, Failure> {
    let negative = parser.consume_token(&Token::Minus);
    match parser.next_token().token {
        Token::Number(digits, _) => match digits.parse::<i64>() {
            Ok(number) => Ok(if negative { -number } else { number }),
            Err(_) => unexpected(parser, "a whole number"),
        },
        _ => unexpected(parser, "a whole number"),
    }
}

impl RoleStatement {
    /// Where in the text a password stands.
    pub(super) fn secret_at(&self) -> Option<Span> {
        match self {
            RoleStatement::Create { options, .. } | RoleStatement::Alter { options, .. } => options.secret_at,
            RoleStatement::Members { .. }
            | RoleStatement::Rename { .. }
            | RoleStatement::Set { .. }
            | RoleStatement::Drop { .. }
            | RoleStatement::Reassign { .. }
            | RoleStatement::DropOwned { .. }
            | RoleStatement::Comment { .. } => None,
        }
    }

    /// The command, as PostgreSQL names it in tags.
    pub fn command(&self) -> &'static str {
        match self {
            RoleStatement::Create { .. } => "CREATE ROLE",
            RoleStatement::Alter { .. }
            | RoleStatement::Members { .. }
            | RoleStatement::Rename { .. }
            | RoleStatement::Set { .. } => "ALTER ROLE",
            RoleStatement::Drop { .. } => "DROP ROLE",
            RoleStatement::Reassign { .. } => "REASSIGN OWNED",
            RoleStatement::DropOwned { .. } => "DROP OWNED",
            RoleStatement::Comment { .. } => "COMMENT",
        }
    }
}

impl From<RoleStatement> for Definition {
    fn from(statement: RoleStatement) -> Self {
        Definition::Role(Box::new(statement))
    }
}
