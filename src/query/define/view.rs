//! CREATE [OR REPLACE] VIEW.

use datafusion::sql::sqlparser::ast::{self, CreateTableOptions, SqlOption};

use super::{Defined, Facts, Scope, Source, canonical};
use crate::catalog::{Change, View};
use crate::error::{Error, Kind, Result};
use crate::query::parse::{self, unsupported};
use crate::query::plan::{names, output};
use crate::value::SqlType;

pub(super) fn create(create: &ast::CreateView, scope: &Scope<'_>) -> Result<Defined> {
    let refused = [(create.materialized, "CREATE MATERIALIZED VIEW"), (create.temporary, "CREATE TEMPORARY VIEW")];
    if let Some((_, what)) = refused.into_iter().find(|(present, _)| *present) {
        return Err(unsupported(what));
    }
    let definer = !reads_as_invoker(&create.options)?;
    let name = scope.creation(&create.name, true)?;
    let mut defined = Defined { tag: "CREATE VIEW", object: name.to_string(), ..Defined::default() };
    if create.if_not_exists && scope.catalog.relation(&name).is_some() {
        defined.notices.push((Kind::DuplicateTable, format!("relation \"{}\" already exists, skipping", name.name)));
        return Ok(defined);
    }
    if let (true, Some(old)) = (create.or_replace, scope.catalog.relation(&name)) {
        scope.require_relation_owner(old)?;
    }
    let query = canonical::query_text(&create.query)?;
    let facts = match &scope.source {
        Source::Replay(facts) => (*facts).clone(),
        Source::Statement(planner) => {
            // The text that is kept is the text that is planned, so what works now works after a restart.
            let planner = planner.inner()?;
            let planned = planner.query(parse::parse_query(&query)?.as_ref(), &[])?;
            if !planned.parameters.is_empty() {
                return Err(Error::new(Kind::UndefinedParameter, "there is no parameter $1"));
            }
            let mut columns: Vec<(String, String)> = planned
                .plan
                .schema()
                .fields()
                .iter()
                .map(|field| (output::shown(field.name()).to_owned(), SqlType::of_field(field).to_string()))
                .collect();
            rename(&mut columns, &create.columns)?;
            Facts { columns, reads: planner.reads(), ..Facts::default() }
        }
    };
    let columns = facts.typed_columns()?;
    let mut seen = std::collections::HashSet::new();
    for (column, _) in &columns {
        if !seen.insert(column) {
            return Err(Error::new(Kind::DuplicateColumn, format!("column \"{column}\" specified more than once")));
        }
    }
    let view =
        View { oid: 0, name: name.clone(), query: query.clone(), columns, definer, reads: facts.reads.clone(), comment: None };
    let listed = if create.columns.is_empty() {
        String::new()
    } else {
        format!(" ({})", create.columns.iter().map(|column| column.name.to_string()).collect::<Vec<_>>().join(", "))
    };
    let replace = if create.or_replace { "OR REPLACE " } else { "" };
    let rights = if definer { " WITH (security_invoker = false)" } else { "" };
    defined.text = format!("CREATE {replace}VIEW {name}{listed}{rights} AS {query}");
    defined.facts = facts;
    defined.changes.push(Change::CreateView { view, replace: create.or_replace });
    Ok(defined)
}

/// Whether a view reads with the reader's rights: unless its options say otherwise it does.
fn reads_as_invoker(options: &CreateTableOptions) -> Result<bool> {
    let listed = match options {
        CreateTableOptions::None => return Ok(true),
        CreateTableOptions::With(listed)
        | CreateTableOptions::Options(listed)
        | CreateTableOptions::Plain(listed)
        | CreateTableOptions::TableProperties(listed) => listed,
    };
    Ok(security_invoker(listed)?.unwrap_or(true))
}

/// What a view's options say of whose rights it reads with.
///
/// # Errors
/// 22023 for an option that no view has, or that is neither on nor off.
pub(super) fn security_invoker(options: &[SqlOption]) -> Result<Option<bool>> {
    let mut invoker = None;
    for option in options {
        let (key, value) = match option {
            SqlOption::KeyValue { key, value } => (names::fold(key), value.to_string().to_ascii_lowercase()),
            SqlOption::Ident(key) => (names::fold(key), "true".to_owned()),
            other => return Err(Error::new(Kind::InvalidParameterValue, format!("unrecognized parameter \"{other}\""))),
        };
        let set = match value.trim_matches('\'') {
            "true" | "on" | "1" | "yes" => true,
            "false" | "off" | "0" | "no" => false,
            other => {
                let message = format!("invalid value for boolean option \"{key}\": {other}");
                return Err(Error::new(Kind::InvalidParameterValue, message));
            }
        };
        match key.as_str() {
            "security_invoker" => invoker = Some(set),
            // Whatever reads with its owner's rights is a barrier here.
            "security_barrier" => {}
            _ => return Err(Error::new(Kind::InvalidParameterValue, format!("unrecognized parameter \"{key}\""))),
        }
    }
    Ok(invoker)
}

/// `CREATE VIEW v (a, b)`: the first columns take these names.
fn rename(columns: &mut [(String, String)], wanted: &[ast::ViewColumnDef]) -> Result<()> {
    if wanted.len() > columns.len() {
        return Err(Error::new(Kind::SyntaxError, "CREATE VIEW specifies more column names than columns"));
    }
    for (column, wanted) in columns.iter_mut().zip(wanted) {
        column.0 = names::fold(&wanted.name);
    }
    Ok(())
}
