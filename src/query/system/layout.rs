//! A view's query laid out as PostgreSQL's printer lays it out (`ruleutils.c` of version 15): a column a line, each clause on a line of
//! its own, columns with their tables, literals with their types.
//!
//! The printer works from the tree that was parsed and a look at the columns of the tables it names. What it would need a plan for (a
//! sub-query, a set operation, a function whose arguments' types it does not know) it leaves alone: then the text is shown as stored.

mod expression;

use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, GroupByExpr, JoinConstraint, JoinOperator, LimitClause, ObjectName, OrderByKind, Query, Select, SelectItem,
    SetExpr, TableFactor, TableWithJoins, Value,
};

use super::world::Lookup;
use crate::catalog::{Name, PUBLIC_SCHEMA, View, quote_identifier};
use crate::query::parse;
use crate::query::plan::names;
use crate::value::SqlType;

/// One relation of FROM: what it is known as, and its columns.
struct Source {
    known_as: String,
    columns: Vec<(String, SqlType)>,
}

/// What a query's names mean, and whether parentheses that are not needed are left out.
struct Layout<'a> {
    lookup: &'a Lookup<'a>,
    sources: Vec<Source>,
    pretty: bool,
}

/// The view's query with its semicolon; `None` where it is not one of those that can be laid out.
pub(super) fn view(view: &View, lookup: &Lookup<'_>, pretty: bool) -> Option<String> {
    let query = parse::parse_query(&view.query).ok()?;
    let mut layout = Layout { lookup, sources: vec![], pretty };
    let Query { with: None, body, order_by, limit_clause, fetch: None, locks, .. } = query.as_ref() else { return None };
    let SetExpr::Select(select) = body.as_ref() else { return None };
    if !locks.is_empty() || !is_plain(select) {
        return None;
    }
    let from = layout.from(&select.from)?;
    let mut text = String::from(" SELECT ");
    match &select.distinct {
        None => {}
        Some(Distinct::Distinct) => text.push_str("DISTINCT "),
        Some(_) => return None,
    }
    let items = items(select, &layout)?;
    if items.len() != view.columns.len() {
        return None;
    }
    let mut written = Vec::with_capacity(items.len());
    for (expr, (name, _)) in items.iter().zip(&view.columns) {
        written.push(layout.item(expr, name)?);
    }
    text.push_str(&written.join(",\n    "));
    text.push_str(&from);
    if let Some(condition) = &select.selection {
        text.push_str(&format!("\n  WHERE {}", layout.whole(condition)?));
    }
    // An expression of GROUP BY and ORDER BY may be named by an output column, or by its number.
    let meant = |expr: &Expr| -> Option<Expr> {
        match expr {
            Expr::Value(value) => match &value.value {
                Value::Number(number, _) => items.get(number.parse::<usize>().ok()?.checked_sub(1)?).cloned(),
                _ => None,
            },
            Expr::Identifier(name) if layout.column(expr).is_none() => {
                let at = view.columns.iter().position(|(own, _)| *own == names::fold(name))?;
                items.get(at).cloned()
            }
            other => Some(other.clone()),
        }
    };
    match &select.group_by {
        GroupByExpr::Expressions(exprs, modifiers) if modifiers.is_empty() => {
            let keys = exprs.iter().map(|expr| layout.key(&meant(expr)?)).collect::<Option<Vec<_>>>()?;
            if !keys.is_empty() {
                text.push_str(&format!("\n  GROUP BY {}", keys.join(", ")));
            }
        }
        GroupByExpr::Expressions(..) | GroupByExpr::All(_) => return None,
    }
    if let Some(condition) = &select.having {
        text.push_str(&format!("\n HAVING {}", layout.whole(condition)?));
    }
    if let Some(order_by) = order_by {
        let OrderByKind::Expressions(sorts) = &order_by.kind else { return None };
        let mut keys = Vec::with_capacity(sorts.len());
        for sort in sorts {
            let output = match &sort.expr {
                Expr::Identifier(name) => view.columns.iter().position(|(own, _)| *own == names::fold(name)),
                _ => None,
            };
            let expr = match output {
                Some(at) => items.get(at).cloned()?,
                None => meant(&sort.expr)?,
            };
            let descending = sort.options.asc == Some(false);
            let nulls = match sort.options.nulls_first {
                Some(first) if first != descending => {
                    if first {
                        " NULLS FIRST"
                    } else {
                        " NULLS LAST"
                    }
                }
                _ => "",
            };
            keys.push(format!("{}{}{nulls}", layout.key(&expr)?, if descending { " DESC" } else { "" }));
        }
        text.push_str(&format!("\n  ORDER BY {}", keys.join(", ")));
    }
    match limit_clause {
        None => {}
        Some(LimitClause::LimitOffset { limit, offset, limit_by }) if limit_by.is_empty() => {
            if let Some(offset) = offset {
                text.push_str(&format!("\n OFFSET {}", number(&offset.value)?));
            }
            if let Some(limit) = limit {
                text.push_str(&format!("\n LIMIT {}", number(limit)?));
            }
        }
        Some(_) => return None,
    }
    text.push(';');
    Some(text)
}

/// Whether a SELECT has none of the clauses that are left alone.
fn is_plain(select: &Select) -> bool {
    select.qualify.is_none() && select.named_window.is_empty() && select.top.is_none() && select.into.is_none()
}

fn number(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) if number.bytes().all(|byte| byte.is_ascii_digit()) => Some(number.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The values of the output columns, stars among them written out.
fn items(select: &Select, layout: &Layout<'_>) -> Option<Vec<Expr>> {
    let mut items = Vec::with_capacity(select.projection.len());
    let column = |source: &Source, name: &str| {
        let ident = |name: &str| datafusion::sql::sqlparser::ast::Ident::with_quote('"', name);
        Expr::CompoundIdentifier(vec![ident(&source.known_as), ident(name)])
    };
    for item in &select.projection {
        match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => items.push(expr.clone()),
            SelectItem::Wildcard(_) => {
                items.extend(
                    layout
                        .sources
                        .iter()
                        .flat_map(|source| source.columns.iter().map(move |(name, _)| column(source, name)).collect::<Vec<_>>()),
                );
            }
            SelectItem::QualifiedWildcard(..) | SelectItem::ExprWithAliases { .. } => return None,
        }
    }
    Some(items)
}

impl Layout<'_> {
    /// FROM with its joins; what it names is known from then on.
    fn from(&mut self, from: &[TableWithJoins]) -> Option<String> {
        let mut written = Vec::with_capacity(from.len());
        for TableWithJoins { relation, joins } in from {
            let mut text = self.source(relation)?;
            for join in joins {
                let (word, constraint) = match &join.join_operator {
                    JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => ("JOIN", Some(constraint)),
                    JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => ("LEFT JOIN", Some(constraint)),
                    JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => ("RIGHT JOIN", Some(constraint)),
                    JoinOperator::FullOuter(constraint) => ("FULL JOIN", Some(constraint)),
                    JoinOperator::CrossJoin(JoinConstraint::None) => ("CROSS JOIN", None),
                    _ => return None,
                };
                let right = self.source(&join.relation)?;
                let on = match constraint {
                    None => String::new(),
                    Some(JoinConstraint::On(condition)) => {
                        let condition = self.whole(condition)?;
                        if self.pretty { format!(" ON {condition}") } else { format!(" ON ({condition})") }
                    }
                    Some(JoinConstraint::Using(_) | JoinConstraint::Natural | JoinConstraint::None) => return None,
                };
                text = format!("{text}\n     {word} {right}{on}");
                if !self.pretty {
                    text = format!("({text})");
                }
            }
            written.push(text);
        }
        Some(if written.is_empty() { String::new() } else { format!("\n   FROM {}", written.join(",\n    ")) })
    }

    fn source(&mut self, factor: &TableFactor) -> Option<String> {
        let TableFactor::Table { name, alias, args: None, sample: None, .. } = factor else { return None };
        let own = self.relation(name)?;
        let relation = self.lookup.catalog.relation(&own)?;
        let columns = relation.columns().into_iter().map(|(name, sql_type, _)| (name.to_owned(), sql_type.clone())).collect();
        let shown = if self.lookup.relation_is_visible(&own) { quote_identifier(&own.name) } else { own.to_string() };
        let (known_as, text) = match alias {
            Some(alias) if !alias.columns.is_empty() => return None,
            Some(alias) if names::fold(&alias.name) != own.name => {
                let known_as = names::fold(&alias.name);
                let text = format!("{shown} {}", quote_identifier(&known_as));
                (known_as, text)
            }
            Some(_) | None => (own.name.clone(), shown),
        };
        self.sources.push(Source { known_as, columns });
        Some(text)
    }

    /// The relation of a name in a view, which is looked for by the default path.
    fn relation(&self, name: &ObjectName) -> Option<Name> {
        match &names::parts(name).ok()?[..] {
            [only] => Some(Name::new(PUBLIC_SCHEMA, only.clone())),
            [schema, only] => Some(Name::new(schema.clone(), only.clone())),
            _ => None,
        }
    }

    /// One item of the SELECT list, named where its own name is another.
    fn item(&self, expr: &Expr, name: &str) -> Option<String> {
        let text = self.text(expr)?;
        let own = self.column(expr).map(|(_, column, _)| column);
        let named = own.as_deref() == Some(name) || own.is_none() && name == "?column?";
        Some(if named { text } else { format!("{text} AS {}", quote_identifier(name)) })
    }

    /// A key of GROUP BY or ORDER BY: all but columns stand in parentheses.
    fn key(&self, expr: &Expr) -> Option<String> {
        let text = self.text(expr)?;
        let own = self.column(expr).is_some() || !self.pretty && !expression::is_call(expr);
        Some(if own { text } else { format!("({text})") })
    }

    /// The source, name and type of the column that an expression is.
    fn column(&self, expr: &Expr) -> Option<(&Source, String, &SqlType)> {
        let (table, name) = match expr {
            Expr::Nested(inner) => return self.column(inner),
            Expr::Identifier(name) => (None, names::fold(name)),
            Expr::CompoundIdentifier(parts) => match &parts[..] {
                [table, name] => (Some(names::fold(table)), names::fold(name)),
                _ => return None,
            },
            _ => return None,
        };
        let mut found =
            self.sources.iter().filter(|source| table.as_ref().is_none_or(|table| *table == source.known_as)).filter_map(
                |source| source.columns.iter().find(|(own, _)| *own == name).map(|(_, sql_type)| (source, name.clone(), sql_type)),
            );
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }
}
