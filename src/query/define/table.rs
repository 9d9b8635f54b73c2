//! CREATE TABLE and CREATE SCHEMA.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{self, ColumnOption, CreateTableOptions, SqlOption, TableConstraint};
use uuid::Uuid;

use super::{Defined, Facts, Scope, Source, canonical};
use crate::catalog::{Change, Check, Column, Default, Name, Object, Privilege, Protection, Table, quote_identifier};
use crate::error::{Error, Kind, Result};
use crate::policy;
use crate::query::checks;
use crate::query::parse::{RoleSpec, quoted, unsupported};
use crate::query::plan::{names, types};
use crate::store::spec::{ColumnSpec, TableId, TableKind, TableSpec};
use crate::value::{ColumnBuilder, SqlType, Style};

/// Columns a table may have, as in PostgreSQL.
const COLUMNS_MAX: usize = 1_600;

pub(super) fn create_schema(
    name: Option<&str>,
    if_not_exists: bool,
    owner: Option<&RoleSpec>,
    scope: &Scope<'_>,
) -> Result<Defined> {
    let owner = owner.map_or_else(|| Ok(scope.actor()), |spec| scope.role(spec))?;
    let owners_name = scope.catalog.role_name(owner);
    let name = name.unwrap_or(&owners_name);
    if scope.guard().is_some() {
        let standing = scope.standing();
        if policy::held(&standing, scope.catalog, Object::Database, Privilege::Create.into()).is_empty() {
            return Err(policy::denied("database", names::DATABASE));
        }
        if !standing.may_become(owner) {
            return Err(Error::new(Kind::InsufficientPrivilege, format!("must be member of role \"{owners_name}\"")));
        }
        scope.authorize();
    }
    let mut defined = Defined { tag: "CREATE SCHEMA", object: name.to_owned(), ..Defined::default() };
    if if_not_exists && scope.catalog.schema(name).is_some() {
        defined.notices.push((Kind::DuplicateSchema, format!("schema \"{name}\" already exists, skipping")));
        return Ok(defined);
    }
    defined.changes.push(Change::CreateSchema { name: name.to_owned(), own_of: None });
    defined.text = format!("CREATE SCHEMA {}", quote_identifier(name));
    if owner != scope.actor() {
        defined.text.push_str(&format!(" AUTHORIZATION {}", quoted(&owners_name)));
        defined.owners.push((name.to_owned(), owner));
    }
    Ok(defined)
}

pub(super) fn create(create: &ast::CreateTable, kind: TableKind, scope: &Scope<'_>) -> Result<Defined> {
    refuse_unsupported(create)?;
    let name = scope.creation(&create.name, false)?;
    let mut defined = Defined { tag: "CREATE TABLE", object: name.to_string(), ..Defined::default() };
    if create.if_not_exists && scope.catalog.relation(&name).is_some() {
        defined.notices.push((Kind::DuplicateTable, format!("relation \"{}\" already exists, skipping", name.name)));
        return Ok(defined);
    }
    if create.columns.len() > COLUMNS_MAX {
        return Err(Error::new(Kind::TooManyColumns, format!("tables can have at most {COLUMNS_MAX} columns")));
    }
    let mut draft = Draft::new(name, kind);
    for column in &create.columns {
        draft.column(column)?;
    }
    for constraint in &create.constraints {
        draft.constraint(constraint)?;
    }
    let time_column = draft.time_column(&options(&create.table_options)?)?;
    let id = match &scope.source {
        Source::Statement(_) => TableId(Uuid::new_v4()),
        Source::Replay(facts) => facts.table.ok_or_else(|| Error::new(Kind::DataCorrupted, "a recorded table has no identity"))?,
    };
    let table = draft.finish(id, time_column)?;
    if let Source::Statement(planner) = &scope.source {
        checks::compile(&table, planner)?;
    }
    let mut text = create.clone();
    text.name = canonical::object_name(&table.name);
    text.if_not_exists = false;
    defined.text = match kind {
        TableKind::Log => text.to_string(),
        TableKind::Reference => format!("{text} USING reference"),
    };
    defined.facts = Facts { table: Some(id), ..Facts::default() };
    defined.specs.push(table.spec.as_ref().clone());
    defined.changes.push(Change::CreateTable(table));
    Ok(defined)
}

fn refuse_unsupported(create: &ast::CreateTable) -> Result<()> {
    let refused = [
        // With a query it is a statement of its own.
        (create.query.is_some(), "CREATE TABLE with columns and a query"),
        (create.temporary, "CREATE TEMPORARY TABLE"),
        (create.external, "CREATE EXTERNAL TABLE"),
        (create.or_replace, "CREATE OR REPLACE TABLE"),
        (create.like.is_some(), "CREATE TABLE ... LIKE"),
        (create.partition_by.is_some(), "PARTITION BY; tables are partitioned by day on their own, so it"),
    ];
    match refused.into_iter().find(|(present, _)| *present) {
        Some((_, what)) => Err(unsupported(what)),
        None => Ok(()),
    }
}

/// `WITH (name = value, …)` as text pairs.
fn options(options: &CreateTableOptions) -> Result<Vec<(String, String)>> {
    let listed = match options {
        CreateTableOptions::None => return Ok(vec![]),
        CreateTableOptions::With(listed)
        | CreateTableOptions::Options(listed)
        | CreateTableOptions::Plain(listed)
        | CreateTableOptions::TableProperties(listed) => listed,
    };
    listed
        .iter()
        .map(|option| match option {
            SqlOption::KeyValue { key, value } => {
                let value = match value {
                    ast::Expr::Value(value) => value.value.clone().into_string().unwrap_or_else(|| value.value.to_string()),
                    ast::Expr::Identifier(name) => names::fold(name),
                    other => other.to_string(),
                };
                Ok((names::fold(key), value))
            }
            other => Err(Error::new(Kind::InvalidParameterValue, format!("unrecognized parameter \"{other}\""))),
        })
        .collect()
}

/// A table while its parts are read.
pub(super) struct Draft {
    name: Name,
    kind: TableKind,
    columns: Vec<Column>,
    checks: Vec<Check>,
    primary_key: Vec<String>,
}

impl Draft {
    fn new(name: Name, kind: TableKind) -> Self {
        Draft { name, kind, columns: vec![], checks: vec![], primary_key: vec![] }
    }

    /// A draft of one more column for an existing table.
    pub(super) fn of(table: &Table) -> Self {
        Draft {
            name: table.name.clone(),
            kind: table.kind(),
            columns: table.columns.clone(),
            checks: table.checks.clone(),
            primary_key: vec![],
        }
    }

    /// The column and the check that reading a definition added last.
    pub(super) fn into_last(mut self, checks_before: usize) -> Option<(Column, Vec<Check>)> {
        let checks = self.checks.split_off(checks_before);
        self.columns.pop().map(|column| (column, checks))
    }

    pub(super) fn column(&mut self, definition: &ast::ColumnDef) -> Result<()> {
        let name = names::fold(&definition.name);
        names::require_user_column(&name)?;
        if self.columns.iter().any(|column| column.name == name) {
            return Err(Error::new(Kind::DuplicateColumn, format!("column \"{name}\" specified more than once")));
        }
        let id = self.columns.iter().map(|column| column.id).max().unwrap_or(0) + 1;
        let sql_type = types::of_sql(&definition.data_type)?;
        refuse_unstorable(&sql_type, &name)?;
        let mut column = Column { id, name: name.clone(), sql_type, not_null: false, default: None, comment: None };
        for option in &definition.options {
            match &option.option {
                ColumnOption::Null => {}
                ColumnOption::NotNull => column.not_null = true,
                ColumnOption::Default(expression) => column.default = default(expression, &column.sql_type)?,
                ColumnOption::Check(check) => {
                    let constraint = option.name.as_ref().or(check.name.as_ref());
                    self.check(constraint, &check.expr, Some(&name));
                }
                ColumnOption::PrimaryKey(_) => {
                    self.refuse_key_on_log("PRIMARY KEY")?;
                    self.primary_key.push(name.clone());
                    column.not_null = true;
                }
                ColumnOption::Unique(_) => {
                    return Err(unsupported("UNIQUE").with_hint("A reference table may have one PRIMARY KEY."));
                }
                ColumnOption::ForeignKey(_) => return Err(unsupported("REFERENCES")),
                other => return Err(unsupported(&format!("column option {other}"))),
            }
        }
        self.columns.push(column);
        Ok(())
    }

    fn constraint(&mut self, constraint: &TableConstraint) -> Result<()> {
        match constraint {
            TableConstraint::Check(check) => {
                self.check(check.name.as_ref(), &check.expr, None);
                Ok(())
            }
            TableConstraint::PrimaryKey(key) => {
                self.refuse_key_on_log("PRIMARY KEY")?;
                for part in &key.columns {
                    let ast::Expr::Identifier(ident) = &part.column.expr else {
                        return Err(unsupported("a PRIMARY KEY over expressions"));
                    };
                    let name = names::fold(ident);
                    let column = self.columns.iter_mut().find(|column| column.name == name).ok_or_else(|| {
                        Error::new(Kind::UndefinedColumn, format!("column \"{name}\" named in key does not exist"))
                    })?;
                    column.not_null = true;
                    self.primary_key.push(name);
                }
                Ok(())
            }
            other => Err(unsupported(&other.to_string())),
        }
    }

    /// Adds a CHECK under its own name or the one PostgreSQL would give it.
    pub(super) fn check(&mut self, name: Option<&ast::Ident>, predicate: &ast::Expr, column: Option<&str>) {
        let base = match (name, column) {
            (Some(name), _) => names::fold(name),
            (None, Some(column)) => format!("{}_{column}_check", self.name.name),
            (None, None) => format!("{}_check", self.name.name),
        };
        let taken = |candidate: &str| self.checks.iter().any(|check| check.name == candidate);
        let mut unique = base.clone();
        let mut number = 1;
        while taken(&unique) {
            unique = format!("{base}{number}");
            number += 1;
        }
        self.checks.push(Check { name: unique, predicate: predicate.to_string() });
    }

    fn refuse_key_on_log(&self, what: &str) -> Result<()> {
        match self.kind {
            TableKind::Reference => Ok(()),
            TableKind::Log => Err(unsupported(&format!("{what} on a log table")).with_hint(
                "Events are not looked up by a unique key; for a small mutable table write CREATE TABLE ... USING reference.",
            )),
        }
    }

    /// The column that says when an event happened: named, else `occurred_at`, else the first `timestamptz NOT NULL`.
    fn time_column(&self, options: &[(String, String)]) -> Result<Option<u32>> {
        let mut named = None;
        for (option, value) in options {
            match option.as_str() {
                "time_column" => named = Some(value.as_str()),
                other => return Err(Error::new(Kind::InvalidParameterValue, format!("unrecognized parameter \"{other}\""))),
            }
        }
        if self.kind == TableKind::Reference {
            return match named {
                Some(_) => Err(Error::new(Kind::InvalidParameterValue, "a reference table has no time column")),
                None => Ok(None),
            };
        }
        let fits = |column: &&Column| column.sql_type == SqlType::Timestamptz && column.not_null;
        match named {
            Some(name) => match self.columns.iter().find(|column| column.name == name) {
                Some(column) if fits(&column) => Ok(Some(column.id)),
                Some(_) => Err(Error::new(
                    Kind::InvalidTableDefinition,
                    format!("time column \"{name}\" must be timestamp with time zone NOT NULL"),
                )),
                None => Err(Error::new(Kind::UndefinedColumn, format!("time column \"{name}\" does not exist"))),
            },
            None => {
                let usual = self.columns.iter().filter(|column| column.name == "occurred_at").find(fits);
                Ok(usual.or_else(|| self.columns.iter().find(fits)).map(|column| column.id))
            }
        }
    }

    fn finish(self, id: TableId, time_column: Option<u32>) -> Result<Table> {
        let columns: Vec<ColumnSpec> = self.columns.iter().map(|column| column_spec(column, column.name.clone())).collect();
        let primary_key =
            self.columns.iter().filter(|column| self.primary_key.contains(&column.name)).map(|column| column.id).collect();
        let spec = TableSpec {
            id,
            kind: self.kind,
            label: self.name.to_string(),
            columns,
            time_column,
            indexes: BTreeSet::new(),
            paths: BTreeMap::new(),
        };
        Ok(Table {
            oid: 0,
            name: self.name,
            spec: Arc::new(spec),
            columns: self.columns,
            checks: self.checks,
            primary_key,
            retention: vec![],
            protection: Protection::default(),
            holds: vec![],
            indexes: vec![],
            comment: None,
            internal: false,
        })
    }
}

/// How a column is stored. Columns that identify things get bloom filters, since they are what needles are found by.
pub(super) fn column_spec(column: &Column, physical: String) -> ColumnSpec {
    let bloom = column.sql_type == SqlType::Uuid || (column.sql_type == SqlType::Text && column.name.ends_with("_id"));
    ColumnSpec { id: column.id, field: Arc::new(column.sql_type.field(physical, !column.not_null)), bloom }
}

/// Whether a value of this type has a place in a file.
fn is_storable(sql_type: &SqlType) -> bool {
    match sql_type {
        SqlType::Array(element) => !matches!(element.as_ref(), SqlType::Array(_)) && is_storable(element),
        SqlType::Char
        | SqlType::Oid
        | SqlType::Reg(_)
        | SqlType::Vector(_)
        | SqlType::Record(_)
        | SqlType::Tsvector
        | SqlType::Tsquery => false,
        SqlType::Bool
        | SqlType::Int2
        | SqlType::Int4
        | SqlType::Int8
        | SqlType::Float4
        | SqlType::Float8
        | SqlType::Numeric(_, _)
        | SqlType::Text
        | SqlType::Varchar(_)
        | SqlType::Bpchar(_)
        | SqlType::Name
        | SqlType::Bytea
        | SqlType::Uuid
        | SqlType::Date
        | SqlType::Time
        | SqlType::Timestamp
        | SqlType::Timestamptz
        | SqlType::Interval
        | SqlType::Json
        | SqlType::Jsonb
        | SqlType::Jsonpath
        | SqlType::Inet => true,
    }
}

fn refuse_unstorable(sql_type: &SqlType, column: &str) -> Result<()> {
    if is_storable(sql_type) {
        return Ok(());
    }
    let error = Error::new(Kind::FeatureNotSupported, format!("column \"{column}\" cannot be of type {sql_type}"));
    Err(match sql_type {
        SqlType::Array(_) => error.with_hint("Arrays of one dimension can be stored; keep deeper lists in a jsonb column."),
        SqlType::Tsvector | SqlType::Tsquery => {
            error.with_hint("Keep the text, and search it by to_tsvector('simple', …) @@ … or search(…, '…').")
        }
        _ => error,
    })
}

/// Sorts a DEFAULT's expression into the forms that cost no plan.
pub(super) fn default(expression: &ast::Expr, sql_type: &SqlType) -> Result<Option<Default>> {
    let default = match expression {
        ast::Expr::Nested(inner) => return default(inner, sql_type),
        ast::Expr::Cast { expr, data_type, .. } if types::of_sql(data_type).is_ok_and(|cast| cast == *sql_type) => {
            return default(expr, sql_type);
        }
        ast::Expr::Function(function) => {
            let name = function.name.to_string().to_ascii_lowercase();
            match name.strip_prefix("pg_catalog.").unwrap_or(&name) {
                "now"
                | "current_timestamp"
                | "transaction_timestamp"
                | "statement_timestamp"
                | "clock_timestamp"
                | "localtimestamp" => Default::Now,
                "uuidv7" => Default::UuidV7,
                "gen_random_uuid" | "uuidv4" => Default::UuidV4,
                _ => return Err(unsupported_default(expression)),
            }
        }
        ast::Expr::Value(value) => match &value.value {
            ast::Value::Null => return Ok(None),
            ast::Value::SingleQuotedString(text) => Default::Constant(format!("'{}'", text.replace('\'', "''"))),
            ast::Value::Number(number, _) => Default::Constant(number.clone()),
            ast::Value::Boolean(value) => Default::Constant(value.to_string()),
            _ => return Err(unsupported_default(expression)),
        },
        ast::Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr } => match expr.as_ref() {
            ast::Expr::Value(value) => match &value.value {
                ast::Value::Number(number, _) => Default::Constant(format!("-{number}")),
                _ => return Err(unsupported_default(expression)),
            },
            _ => return Err(unsupported_default(expression)),
        },
        _ => return Err(unsupported_default(expression)),
    };
    let fits = match &default {
        Default::Now => matches!(
            sql_type,
            SqlType::Timestamptz
                | SqlType::Timestamp
                | SqlType::Date
                | SqlType::Time
                | SqlType::Text
                | SqlType::Varchar(_)
                | SqlType::Name
        ),
        Default::UuidV7 | Default::UuidV4 => *sql_type == SqlType::Uuid,
        Default::Constant(literal) => {
            let text = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            let text = text.map_or_else(|| literal.clone(), |text| text.replace("''", "'"));
            ColumnBuilder::new(sql_type, 1).append_text(&text, &Style::default())?;
            true
        }
    };
    if fits {
        return Ok(Some(default));
    }
    Err(Error::new(Kind::DatatypeMismatch, format!("the default {} does not fit type {sql_type}", default.sql())))
}

fn unsupported_default(expression: &ast::Expr) -> Error {
    unsupported(&format!("DEFAULT {expression}"))
        .with_hint("A default is now(), uuidv7(), gen_random_uuid() or a literal; compute anything else where the row is made.")
}
