//! Columns that joins merge: `USING` and what stands for them.
//!
//! DataFusion knows a merged column as the left table's, and gives `*` in the order of the tables. PostgreSQL's merged columns come
//! first, and have the value of whichever side has one. So where the tables' names say enough, a merged column is written out as an
//! expression wherever it is named alone, `*` as the merged columns and what is left of each table, and a RIGHT or FULL JOIN as one with ON.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, BinaryOperator, ExcludeSelectItem, Expr, Ident, JoinConstraint, JoinOperator, ObjectName, OrderByKind, Query, Select,
    SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableFactor, VisitMut, VisitorMut, WildcardAdditionalOptions,
};

use super::dialect::call;
use super::{names, output};
use crate::error::Result;
use crate::query::parse::unsupported;

/// Which side a join takes its merged columns from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Either,
}

/// Writes out the merged columns of a query's SELECT.
///
/// # Errors
/// 0A000 for a RIGHT or FULL JOIN of more tables, or by NATURAL.
pub(super) fn written_out(query: &mut Query) -> Result<()> {
    let Query { body, order_by, .. } = query;
    let SetExpr::Select(select) = body.as_mut() else { return Ok(()) };
    let merged = merged(select)?;
    if merged.is_empty() {
        return Ok(());
    }
    wildcards(select, &merged);
    let mut outputs: Vec<String> = Vec::new();
    for item in &mut select.projection {
        match item {
            // An output column is called as it was written.
            SelectItem::UnnamedExpr(expr @ Expr::Identifier(_)) => {
                let name = output::name_of(expr);
                if merged.iter().any(|(own, _)| *own == name) {
                    *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', &name) };
                }
                outputs.push(name);
            }
            SelectItem::UnnamedExpr(expr) => outputs.push(output::name_of(expr)),
            SelectItem::ExprWithAlias { alias, .. } => outputs.push(names::fold(alias)),
            SelectItem::ExprWithAliases { .. } | SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => {}
        }
    }
    let mut naming = Naming { merged: &merged, depth: 0 };
    let Select { projection, selection, group_by, having, qualify, .. } = select.as_mut();
    let _: ControlFlow<()> = projection.visit(&mut naming);
    let _: ControlFlow<()> = selection.visit(&mut naming);
    let _: ControlFlow<()> = group_by.visit(&mut naming);
    let _: ControlFlow<()> = having.visit(&mut naming);
    let _: ControlFlow<()> = qualify.visit(&mut naming);
    if let Some(OrderByKind::Expressions(sorts)) = order_by.as_mut().map(|order_by| &mut order_by.kind) {
        for sort in sorts {
            let of_output = matches!(&sort.expr, Expr::Identifier(name) if outputs.contains(&names::fold(name)));
            if !of_output {
                let _: ControlFlow<()> = sort.expr.visit(&mut naming);
            }
        }
    }
    Ok(())
}

/// The merged columns by name, each with what stands for it, where every join of the FROM merges the same ones.
fn merged(select: &mut Select) -> Result<Vec<(String, Expr)>> {
    let of_other = |join: &ast::Join| match used(&join.join_operator) {
        Some((side, _)) => side != Side::Left,
        None => matches!(
            join.join_operator,
            JoinOperator::FullOuter(JoinConstraint::Natural)
                | JoinOperator::RightOuter(JoinConstraint::Natural)
                | JoinOperator::Right(JoinConstraint::Natural)
        ),
    };
    let others = select.from.iter().flat_map(|from| &from.joins).any(of_other);
    let refused = || Err(unsupported("RIGHT or FULL JOIN of this kind").with_hint("Write ON, and COALESCE of both columns."));
    let [from] = &mut select.from[..] else { return if others { refused() } else { Ok(vec![]) } };
    let uses: Option<Vec<(Side, Vec<Ident>)>> = from.joins.iter().map(|join| used(&join.join_operator)).collect();
    let tables: Option<Vec<Ident>> =
        std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)).map(called).collect();
    let (Some(uses), Some(tables)) = (uses, tables) else { return if others { refused() } else { first_merged(select) } };
    let Some((side, columns)) = uses.first() else { return Ok(vec![]) };
    let same = |(_, other): &(Side, Vec<Ident>)| {
        other.len() == columns.len() && other.iter().all(|own| columns.iter().any(|column| names::fold(column) == names::fold(own)))
    };
    if others && uses.len() > 1 {
        return refused();
    }
    if !uses.iter().all(same) {
        return first_merged(select);
    }
    let of = |table: &Ident, column: &Ident| Expr::CompoundIdentifier(vec![table.clone(), column.clone()]);
    let [left, right, ..] = &tables[..] else { return Ok(vec![]) };
    let merged = columns.iter().map(|column| {
        let both = || vec![of(left, column), of(right, column)];
        let value = match side {
            Side::Left => of(left, column),
            Side::Right => of(right, column),
            Side::Either => call(ObjectName::from(vec![Ident::new("coalesce")]), both()),
        };
        (names::fold(column), value)
    });
    let merged: Vec<(String, Expr)> = merged.collect();
    if *side != Side::Left {
        let equal = |column: &Ident| Expr::BinaryOp {
            left: Box::new(of(left, column)),
            op: BinaryOperator::Eq,
            right: Box::new(of(right, column)),
        };
        let both = |one: Expr, other: Expr| Expr::BinaryOp { left: Box::new(one), op: BinaryOperator::And, right: Box::new(other) };
        let condition = columns.iter().map(equal).reduce(both);
        if let (Some(condition), Some(join)) = (condition, from.joins.first_mut())
            && let JoinOperator::FullOuter(constraint) | JoinOperator::RightOuter(constraint) | JoinOperator::Right(constraint) =
                &mut join.join_operator
        {
            *constraint = JoinConstraint::On(condition);
        }
    }
    Ok(merged)
}

/// The columns that several of the joins merge, each the first table's: DataFusion knows columns that one join merges.
fn first_merged(select: &Select) -> Result<Vec<(String, Expr)>> {
    let [from] = &select.from[..] else { return Ok(vec![]) };
    let uses: Vec<Vec<Ident>> =
        from.joins.iter().filter_map(|join| used(&join.join_operator)).map(|(_, columns)| columns).collect();
    let (Some(first), Some(table)) = (uses.first(), called(&from.relation)) else { return Ok(vec![]) };
    let again = |column: &&Ident| uses[1..].iter().any(|other| other.iter().any(|own| names::fold(own) == names::fold(column)));
    let of_table = |column: &Ident| Expr::CompoundIdentifier(vec![table.clone(), column.clone()]);
    Ok(first.iter().filter(again).map(|column| (names::fold(column), of_table(column))).collect())
}

/// The columns that a join merges by USING, and whose they are.
fn used(operator: &JoinOperator) -> Option<(Side, Vec<Ident>)> {
    let (side, constraint) = match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint) => (Side::Left, constraint),
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => (Side::Right, constraint),
        JoinOperator::FullOuter(constraint) => (Side::Either, constraint),
        _ => return None,
    };
    let JoinConstraint::Using(columns) = constraint else { return None };
    let columns = columns.iter().map(|column| column.0.last()?.as_ident().cloned());
    columns.collect::<Option<Vec<_>>>().map(|columns| (side, columns))
}

/// What a relation in FROM is called.
fn called(factor: &TableFactor) -> Option<Ident> {
    match factor {
        TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. }
        | TableFactor::Function { alias: Some(alias), .. } => Some(alias.name.clone()),
        TableFactor::Table { name, alias: None, .. } => name.0.last()?.as_ident().cloned(),
        _ => None,
    }
}

/// `*` as the merged columns, and then each table without them. It stays as it is where not every join merges all of them.
fn wildcards(select: &mut Select, merged: &[(String, Expr)]) {
    let [from] = &select.from[..] else { return };
    let all = from.joins.iter().all(|join| match &join.join_operator {
        JoinOperator::FullOuter(JoinConstraint::On(_))
        | JoinOperator::RightOuter(JoinConstraint::On(_))
        | JoinOperator::Right(JoinConstraint::On(_)) => true,
        other => used(other).is_some_and(|(_, columns)| columns.len() == merged.len()),
    });
    let tables: Option<Vec<Ident>> =
        std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)).map(called).collect();
    let Some(tables) = tables.filter(|_| all) else { return };
    let mut items = Vec::with_capacity(select.projection.len());
    for item in std::mem::take(&mut select.projection) {
        let SelectItem::Wildcard(options) = &item else {
            items.push(item);
            continue;
        };
        if options.opt_exclude.is_some() || options.opt_except.is_some() || options.opt_replace.is_some() {
            items.push(item);
            continue;
        }
        items.extend(
            merged
                .iter()
                .map(|(name, value)| SelectItem::ExprWithAlias { expr: value.clone(), alias: Ident::with_quote('"', name) }),
        );
        let excluded = merged.iter().map(|(name, _)| ObjectName::from(vec![Ident::with_quote('"', name)])).collect();
        let options = WildcardAdditionalOptions { opt_exclude: Some(ExcludeSelectItem::Multiple(excluded)), ..Default::default() };
        items.extend(tables.iter().map(|table| {
            let table = ObjectName::from(vec![table.clone()]);
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(table), options.clone())
        }));
    }
    select.projection = items;
}

/// Puts what stands for merged columns in their place, but not in the queries inside.
struct Naming<'a> {
    merged: &'a [(String, Expr)],
    depth: usize,
}

impl VisitorMut for Naming<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Identifier(column) = expr
            && self.depth == 0
            && let Some((_, value)) = self.merged.iter().find(|(name, _)| *name == names::fold(column))
        {
            *expr = value.clone();
        }
        ControlFlow::Continue(())
    }
}
