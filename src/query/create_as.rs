//! CREATE TABLE AS and SELECT INTO: a definition of a query's columns, and then its rows, in one transaction.

use datafusion::arrow::array::ArrayRef;
use datafusion::sql::sqlparser::ast::helpers::stmt_create_table::CreateTableBuilder;
use datafusion::sql::sqlparser::ast::{ColumnDef, Ident};

use crate::error::{Error, Kind, Result};
use crate::query::insert;
use crate::query::parse::{self, CreateTableAs, Definition};
use crate::query::plan::{Planned, names, output};
use crate::query::session::{Outcome, Session, done};
use crate::value::{BARE_NUMERIC, SqlType};

/// Makes the table and stores the query's rows in it.
///
/// # Errors
/// As CREATE TABLE's and INSERT's; 42601 for more names than columns.
pub(super) async fn create(
    session: &mut Session,
    statement: &CreateTableAs,
    hints: &[Option<SqlType>],
    params: &[ArrayRef],
) -> Result<Outcome> {
    session.refuse_read_only("execute CREATE TABLE AS")?;
    let engine = session.engine.clone();
    session.open_transaction().lock_definitions(&engine).await?;
    let (planned, name, exists) = {
        let planner = session.planner();
        let path: Vec<String> = planner.path.iter().filter(|schema| *schema != "pg_catalog").cloned().collect();
        let name = names::for_creation(&statement.name, &planner.catalog, &path)?;
        let exists = planner.catalog.relation(&name).is_some();
        (planner.query(&statement.query, hints)?, name, exists)
    };
    let create = CreateTableBuilder::new(statement.name.clone())
        .if_not_exists(statement.if_not_exists)
        .columns(columns(&planned, &statement.columns)?)
        .table_options(statement.options.clone())
        .build();
    session.define(&Definition::CreateTable { create: Box::new(create), kind: statement.kind }).await?;
    if exists || !statement.with_data {
        return done("CREATE TABLE AS");
    }
    let table = session.catalog().expect_table(&name)?.clone();
    let rows = insert::fill(session, &table, &planned, params).await?;
    done(format!("SELECT {rows}"))
}

/// The table's columns: called as the query's or as the statement says, each of its type.
fn columns(planned: &Planned, given: &[Ident]) -> Result<Vec<ColumnDef>> {
    let fields = planned.plan.schema().fields();
    if given.len() > fields.len() {
        return Err(Error::new(Kind::SyntaxError, "too many column names were specified"));
    }
    let mut columns = Vec::with_capacity(fields.len());
    for (at, field) in fields.iter().enumerate() {
        let name = given.get(at).cloned().unwrap_or_else(|| Ident::with_quote('"', output::shown(field.name())));
        let of_table = planned.origins.get(at).is_some_and(Option::is_some);
        let data_type = parse::parse_type(&kept(SqlType::of_field(field), of_table).to_string())?;
        columns.push(ColumnDef { name, data_type, options: vec![] });
    }
    Ok(columns)
}

/// A column's type as a table has it: what was worked out has no limit of its own, but the digits that it has are kept.
fn kept(own: SqlType, of_table: bool) -> SqlType {
    match own {
        SqlType::Numeric(_, scale) if !of_table && scale <= BARE_NUMERIC.1 => SqlType::Numeric(BARE_NUMERIC.0, BARE_NUMERIC.1),
        SqlType::Numeric(_, scale) if !of_table => SqlType::Numeric(BARE_NUMERIC.0, scale),
        own => own,
    }
}
