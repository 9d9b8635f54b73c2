//! A series that is a whole SELECT list, which needs not be made before it is read.

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, Ident, Select, SelectItem, TableAlias,
    TableFactor, TableFunctionArgs, TableWithJoins, UnaryOperator, Value,
};

use super::dialect::is_named;

/// A SELECT list of one series between constants and nothing else, with the series in FROM, where its rows come as they are asked for.
/// Gives what stands in FROM now.
pub(super) fn alone(select: &mut Select) -> Option<&mut TableFactor> {
    let bare = select.from.is_empty() && select.selection.is_none() && select.having.is_none() && select.distinct.is_none();
    let ungrouped = matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    let [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] = &mut select.projection[..] else { return None };
    let Expr::Function(Function { name, args: FunctionArguments::List(list), over: None, filter: None, .. }) = &*expr else {
        return None;
    };
    let constant = |arg: &FunctionArg| matches!(arg, FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) if is_constant(value));
    if !bare || !ungrouped || !is_named(name, "generate_series") || !list.args.iter().all(constant) {
        return None;
    }
    let column = Ident::new("generate_series");
    let relation = TableFactor::Table {
        name: name.clone(),
        alias: Some(TableAlias { explicit: true, name: column.clone(), columns: vec![], at: None }),
        args: Some(TableFunctionArgs { args: list.args.clone(), settings: None }),
        with_hints: vec![],
        version: None,
        with_ordinality: false,
        partitions: vec![],
        json_path: None,
        sample: None,
        index_hints: vec![],
    };
    *expr = Expr::Identifier(column);
    select.from = vec![TableWithJoins { relation, joins: vec![] }];
    select.from.first_mut().map(|from| &mut from.relation)
}

/// Whether an expression is a value that stands there, NULL aside.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => matches!(value.value, Value::Number(..) | Value::SingleQuotedString(_)),
        Expr::TypedString(_) => true,
        Expr::Interval(interval) => is_constant(&interval.value),
        Expr::Cast { expr, .. } | Expr::Nested(expr) | Expr::UnaryOp { op: UnaryOperator::Minus, expr } => is_constant(expr),
        _ => false,
    }
}
