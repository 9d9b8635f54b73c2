//! What is done to a syntax tree before it is planned: output columns are named, and constructs that the planner lacks or reads
//! otherwise than PostgreSQL are put in terms of others.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, CastKind, CharacterLength, DataType, Distinct, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    GroupByExpr, Ident, Interval, ObjectName, OrderByKind, Query, Select, SelectItem, SetExpr, Subscript, TableFactor,
    UnaryOperator, Value, Values, VisitMut, VisitorMut,
};

use super::dialect::{self, finish};
use super::values::{DIMENSIONS_MAX, too_many_dimensions};
use super::{calls, forms, joins, orders, output, refused, resolution, rows, spans, types};
use crate::error::{Error, Kind, Result};
use crate::query::functions::{ARRAY_OF, CAST_AS, ROUNDED, SECTION, VALUE_LIKE, is_aggregate};
use crate::query::parse::{NO_COLUMNS, unsupported};
use crate::value::SqlType;

/// The query as it is planned.
///
/// # Errors
/// 42601 for rows of different lengths.
pub(super) fn prepared(query: &Query) -> Result<Query> {
    let mut query = query.clone();
    if let SetExpr::Select(select) = query.body.as_mut() {
        output::keep_from_wildcards(select);
    }
    output::keep_from_sorts(&mut query);
    finish(query.visit(&mut Choices::default()))?;
    finish(query.visit(&mut Rewriter))?;
    Ok(query)
}

/// The expression as it is planned.
///
/// # Errors
/// As [`prepared`].
pub(super) fn prepared_expression(expr: &Expr) -> Result<Expr> {
    let mut expr = expr.clone();
    finish(expr.visit(&mut Choices::default()))?;
    finish(expr.visit(&mut Rewriter))?;
    Ok(expr)
}

/// How many CASEs may stand in one another with other operations between them. DataFusion asks a CASE twice for what its branches are,
/// so each doubles the work of those inside; CASE directly in CASE does not count.
const CHOICES_MAX: usize = 12;

/// How many `ROW(…)` may stand in one another: each doubles the quotes that those inside are written with.
const ROWS_MAX: usize = 16;

/// Counts the CASEs and rows around an expression.
#[derive(Default)]
struct Choices {
    /// What each expression around the present one is.
    around: Vec<Around>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Case,
    Parentheses,
    Row,
    Operation,
}

impl VisitorMut for Choices {
    type Break = Error;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        self.around.push(match expr {
            Expr::Case { .. } => Around::Case,
            Expr::Nested(_) => Around::Parentheses,
            Expr::Function(function) if dialect::is_named(&function.name, "row") => Around::Row,
            _ => Around::Operation,
        });
        if self.around.iter().filter(|around| **around == Around::Row).count() > ROWS_MAX {
            let error = Error::new(Kind::StatementTooComplex, "stack depth limit exceeded")
                .with_hint(format!("At most {ROWS_MAX} rows may stand inside one another."));
            return ControlFlow::Break(error);
        }
        let mut nested = 0;
        let mut before = Around::Operation;
        for around in self.around.iter().filter(|around| **around != Around::Parentheses) {
            nested += usize::from(*around == Around::Case && before != Around::Case);
            before = *around;
        }
        if nested > CHOICES_MAX {
            let error = Error::new(Kind::StatementTooComplex, "stack depth limit exceeded")
                .with_hint(format!("At most {CHOICES_MAX} CASE expressions may stand inside operations inside one another."));
            return ControlFlow::Break(error);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _expr: &mut Expr) -> ControlFlow<Error> {
        self.around.pop();
        ControlFlow::Continue(())
    }
}

/// Tables in one FROM. Each join's columns are those of all before it, which the planner copies again and again.
const TABLES_MAX: usize = 200;

struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Error> {
        if let Err(error) = orders::of_select(select).and_then(|()| refused::in_select(select)) {
            return ControlFlow::Break(error);
        }
        let nothing =
            |item: &SelectItem| matches!(item, SelectItem::UnnamedExpr(Expr::Identifier(name)) if name.value == NO_COLUMNS);
        select.projection.retain(|item| !nothing(item));
        for item in &mut select.projection {
            // `x ISNULL` reads as an alias, which the word cannot be without AS.
            if let SelectItem::ExprWithAlias { expr, alias } = item
                && alias.quote_style.is_none()
                && alias.value.eq_ignore_ascii_case("isnull")
            {
                let inner = std::mem::replace(expr, Expr::value(Value::Null));
                *item = SelectItem::UnnamedExpr(Expr::IsNull(Box::new(inner)));
            }
        }
        forms::group_all(select);
        if let GroupByExpr::Expressions(groups, _) = &mut select.group_by {
            *groups =
                std::mem::take(groups).into_iter().flat_map(|group| rows::parts(&group).unwrap_or_else(|| vec![group])).collect();
        }
        output::name_items(select);
        if select.from.iter().map(|from| 1 + from.joins.len()).sum::<usize>() > TABLES_MAX {
            let error = Error::new(Kind::StatementTooComplex, "stack depth limit exceeded")
                .with_hint(format!("At most {TABLES_MAX} tables may be joined in one FROM."));
            return ControlFlow::Break(error);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        if let Err(error) = orders::of_query(query).and_then(|()| refused::in_body(&query.body)) {
            return ControlFlow::Break(error);
        }
        if let SetExpr::Values(values) = query.body.as_mut() {
            type_values(values);
        }
        joins::written_out(query).map_or_else(ControlFlow::Break, ControlFlow::Continue)
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        order_by_output(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        refused::in_factor(factor).map_or_else(ControlFlow::Break, ControlFlow::Continue)
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        match expr {
            Expr::Function(function) => orders::of_call(function).map_or_else(ControlFlow::Break, ControlFlow::Continue),
            _ => ControlFlow::Continue(()),
        }
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        match rewritten(expr) {
            Ok(Some(other)) => {
                *expr = other;
                ControlFlow::Continue(())
            }
            Ok(None) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(error),
        }
    }
}

/// What stands for an expression, where it is not planned as it is. The many kinds that are planned as they are need no naming.
fn rewritten(expr: &Expr) -> Result<Option<Expr>> {
    match expr {
        Expr::BinaryOp { left, op, right } => match (rows::parts(left), rows::parts(right)) {
            (Some(left), Some(right)) => rows::compare(&left, op, &right),
            (Some(left), None) => rows::compare_query(&left, op, right),
            (None, Some(_)) | (None, None) => Ok(None),
        },
        Expr::InList { expr, list, negated } => {
            let rows: Option<Vec<Vec<Expr>>> = list.iter().map(rows::parts).collect();
            match (rows::parts(expr), rows) {
                (Some(left), Some(list)) => rows::in_list(&left, &list, *negated),
                _ => Ok(None),
            }
        }
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => match (rows::parts(left), rows::parts(right)) {
            (Some(left), Some(right)) => rows::distinct(&left, &right, matches!(expr, Expr::IsNotDistinctFrom(..))).map(Some),
            _ => Ok(likened(left, right).map(|(left, right)| {
                let (left, right) = (Box::new(left), Box::new(right));
                match expr {
                    Expr::IsDistinctFrom(..) => Expr::IsDistinctFrom(left, right),
                    _ => Expr::IsNotDistinctFrom(left, right),
                }
            })),
        },
        Expr::Between { expr, negated, low, high } => match (rows::parts(expr), rows::parts(low), rows::parts(high)) {
            (Some(row), Some(low), Some(high)) => rows::between(&row, &low, &high, *negated),
            _ => Ok(None),
        },
        Expr::Subquery(query) if refused::is_without_columns(query) => {
            Err(Error::new(Kind::SyntaxError, "subquery must return only one column"))
        }
        Expr::InSubquery { subquery, .. } if refused::is_without_columns(subquery) => {
            Err(Error::new(Kind::SyntaxError, "subquery has too few columns"))
        }
        Expr::InSubquery { expr, subquery, negated } => match rows::parts(expr) {
            Some(row) => rows::in_query(&row, subquery, *negated).map(Some),
            None => Ok(None),
        },
        Expr::IsNull(inner) => Ok(rows::parts(inner).map(|parts| rows::is_null(&parts, false))),
        Expr::IsNotNull(inner) => Ok(rows::parts(inner).map(|parts| rows::is_null(&parts, true))),
        // PostgreSQL's grammar turns it into this function as well.
        Expr::AtTimeZone { timestamp, time_zone } => {
            Ok(Some(call("timezone", vec![time_zone.as_ref().clone(), timestamp.as_ref().clone()])))
        }
        Expr::Extract { field, expr, .. } => {
            let field = field.to_string().trim_matches('\'').to_lowercase();
            // How many digits stand behind the point depends on the field.
            let function = match field.as_str() {
                "second" | "seconds" | "epoch" => "extract_seconds",
                "millisecond" | "milliseconds" => "extract_milliseconds",
                _ => "extract",
            };
            Ok(Some(call(function, vec![Expr::value(Value::SingleQuotedString(field)), expr.as_ref().clone()])))
        }
        Expr::CompoundFieldAccess { root, access_chain } if access_chain.len() > DIMENSIONS_MAX && is_array(root) => {
            Err(too_many_dimensions(access_chain.len()))
        }
        Expr::CompoundFieldAccess { root, access_chain } => section(root, access_chain),
        Expr::IsNormalized { expr, form, negated } => {
            let form = Expr::value(Value::SingleQuotedString(form.map_or_else(|| "NFC".to_owned(), |form| form.to_string())));
            let test = calls::call("is_normalized", vec![expr.as_ref().clone(), form]);
            Ok(Some(if *negated { Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(test) } } else { test }))
        }
        Expr::Interval(interval) => interval_literal(interval),
        Expr::Cast { expr: inner, data_type, .. } => Ok(match (cut_off(expr).or_else(|| rounded(expr)), is_constant(inner)) {
            (Some(cut), true) => Some(cut),
            (Some(cut), false) => Some(calls::call(CAST_AS, vec![cut, type_name(data_type)])),
            (None, true) => None,
            (None, false) => Some(named_cast(expr)),
        }),
        Expr::Array(array) if !array.elem.is_empty() => Ok(Some(calls::call(ARRAY_OF, array.elem.clone()))),
        Expr::Function(function) if dialect::is_named(&function.name, "normalize") => Ok(normal_form(function).map(Expr::Function)),
        Expr::Function(function) if CHOICES.iter().any(|name| dialect::is_named(&function.name, name)) => {
            Ok(likened_choices(function).map(Expr::Function))
        }
        Expr::Function(function) => Ok(told_apart(function).map(Expr::Function)),
        _ => Ok(None),
    }
}

/// Whether an expression says its value itself.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::TypedString(_) | Expr::Interval(_) => true,
        Expr::Nested(inner) | Expr::UnaryOp { expr: inner, .. } | Expr::Cast { expr: inner, .. } => is_constant(inner),
        _ => false,
    }
}

/// An aggregate of constants by a name of its own: DataFusion calls `count(1)` and `count(*)`, or `sum(1)` and `sum(1::bigint)`, the same,
/// and then finds a column twice.
fn told_apart(function: &Function) -> Option<Function> {
    let FunctionArguments::List(list) = &function.args else { return None };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(value))] = &list.args[..] else { return None };
    let value_is = |null: bool| matches!(value, Expr::Value(value) if matches!(value.value, Value::Null) == null);
    let mut function = function.clone();
    let FunctionArguments::List(list) = &mut function.args else { return None };
    if dialect::is_named(&function.name, "count") && value_is(false) && list.duplicate_treatment.is_none() {
        let open = matches!(value, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)));
        list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Wildcard)];
        return (!open).then_some(function);
    }
    match value {
        Expr::Cast { expr: inner, .. } if is_constant(inner) && is_aggregate(&function.name.to_string()) => {
            list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(named_cast(value)))];
            Some(function)
        }
        _ => None,
    }
}

/// A cast by a name of its own.
fn named_cast(cast: &Expr) -> Expr {
    let Expr::Cast { data_type, .. } = cast else { return cast.clone() };
    calls::call(CAST_AS, vec![cast.clone(), type_name(data_type)])
}

fn type_name(data_type: &DataType) -> Expr {
    Expr::value(Value::SingleQuotedString(data_type.to_string()))
}

/// A written cast to a type of times with a precision.
fn rounded(cast: &Expr) -> Option<Expr> {
    let Expr::Cast { kind, expr, data_type, array, format } = cast else { return None };
    let (digits, whole) = match data_type {
        DataType::Time(Some(digits), zone) => (digits, DataType::Time(None, *zone)),
        DataType::Timestamp(Some(digits), zone) => (digits, DataType::Timestamp(None, *zone)),
        DataType::Interval { fields, precision: Some(digits) } => (digits, DataType::Interval { fields: *fields, precision: None }),
        _ => return None,
    };
    let cast = Expr::Cast { kind: kind.clone(), expr: expr.clone(), data_type: whole, array: *array, format: format.clone() };
    Some(calls::call(ROUNDED, vec![cast, Expr::value(Value::Number(digits.to_string(), false))]))
}

/// A written cast to `varchar(n)` or `char(n)`, which cuts off what is longer, where an assignment refuses it.
fn cut_off(cast: &Expr) -> Option<Expr> {
    let Expr::Cast { kind, expr, data_type, array, format } = cast else { return None };
    let length = match data_type {
        DataType::Varchar(length) | DataType::CharVarying(length) | DataType::CharacterVarying(length) => length.as_ref()?,
        DataType::Char(length) | DataType::Character(length) => {
            length.as_ref().unwrap_or(&CharacterLength::IntegerLength { length: 1, unit: None })
        }
        _ => return None,
    };
    let CharacterLength::IntegerLength { length, .. } = length else { return None };
    let inner =
        Expr::Cast { kind: CastKind::Cast, expr: expr.clone(), data_type: DataType::Varchar(None), array: false, format: None };
    let length = Expr::value(Value::Number(length.to_string(), false));
    let expr = Box::new(calls::call("left", vec![inner, length]));
    Some(Expr::Cast { kind: kind.clone(), expr, data_type: data_type.clone(), array: *array, format: format.clone() })
}

/// Functions that answer with one of their arguments.
const CHOICES: [&str; 4] = ["coalesce", "greatest", "least", "nullif"];

fn is_string(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)))
}

/// A string of no type as a value like another: DataFusion's planner refuses it beside a truth value or a time before lowering has
/// looked at it.
fn like(string: &Expr, other: &Expr) -> Expr {
    calls::call(VALUE_LIKE, vec![string.clone(), other.clone()])
}

/// Two operands of which one is a string of no type.
fn likened(left: &Expr, right: &Expr) -> Option<(Expr, Expr)> {
    let bare = |expr: &Expr| matches!(expr, Expr::Value(_));
    match (left, right) {
        (left, right) if is_string(right) && !bare(left) => Some((left.clone(), like(right, left))),
        (left, right) if is_string(left) && !bare(right) => Some((like(left, right), right.clone())),
        _ => None,
    }
}

/// A choice among arguments of which some are strings of no type.
fn likened_choices(function: &Function) -> Option<Function> {
    let FunctionArguments::List(list) = &function.args else { return None };
    let values = list.args.iter().map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(value),
        _ => None,
    });
    let values = values.collect::<Option<Vec<_>>>()?;
    let other = values.iter().find(|value| !matches!(value, Expr::Value(_)))?;
    if !values.iter().any(|value| is_string(value)) {
        return None;
    }
    let mut function = function.clone();
    let args = values.iter().map(|value| if is_string(value) { like(value, other) } else { (*value).clone() });
    function.args = calls::arguments(args.collect());
    Some(function)
}

/// `normalize(x, NFD)`, whose form is a word.
fn normal_form(function: &Function) -> Option<Function> {
    let FunctionArguments::List(list) = &function.args else { return None };
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(text)), FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(form)))] =
        &list.args[..]
    else {
        return None;
    };
    let mut function = function.clone();
    let form = Expr::value(Value::SingleQuotedString(form.value.clone()));
    function.args = calls::arguments(vec![text.clone(), form]);
    Some(function)
}

/// `array[from:to]`, of which either may be left out.
fn section(root: &Expr, access_chain: &[AccessExpr]) -> Result<Option<Expr>> {
    let slice = |access: &AccessExpr| matches!(access, AccessExpr::Subscript(Subscript::Slice { .. }));
    let [AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride: None })] = access_chain else {
        return if access_chain.iter().any(slice) { Err(unsupported("a slice of several dimensions")) } else { Ok(None) };
    };
    let bound = |given: &Option<Expr>, left_out: i32| {
        given.clone().unwrap_or_else(|| Expr::value(Value::Number(left_out.to_string(), false)))
    };
    let args = vec![root.clone(), bound(lower_bound, 1), bound(upper_bound, i32::MAX)];
    Ok(Some(calls::call(SECTION, args)))
}

fn is_array(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_array(inner),
        Expr::Function(function) => dialect::is_named(&function.name, ARRAY_OF),
        _ => false,
    }
}

/// Literals of VALUES take the type that another row gives their column.
fn type_values(values: &mut Values) {
    let width = values.rows.iter().map(|row| row.len()).max().unwrap_or(0);
    for column in 0..width {
        let typed = values.rows.iter().find_map(|row| match row.get(column) {
            Some(Expr::Cast { data_type, .. }) => Some(data_type.clone()),
            Some(Expr::TypedString(typed)) => Some(typed.data_type.clone()),
            _ => None,
        });
        let Some(data_type) = typed else {
            like_its_peer(values, column);
            continue;
        };
        for row in &mut values.rows {
            if let Some(value) = row.get_mut(column)
                && becomes(value, &data_type)
            {
                let expr = Box::new(std::mem::replace(value, Expr::value(Value::Null)));
                *value = Expr::Cast { kind: CastKind::Cast, expr, data_type: data_type.clone(), array: false, format: None };
            }
        }
    }
}

/// Strings of no type in a column of VALUES are as the first value there that has one.
fn like_its_peer(values: &mut Values, column: usize) {
    let typed = |value: &&Expr| match value {
        Expr::Value(value) => matches!(value.value, Value::Boolean(_)),
        Expr::UnaryOp { expr, .. } => !matches!(expr.as_ref(), Expr::Value(_)),
        _ => true,
    };
    let Some(peer) = values.rows.iter().filter_map(|row| row.get(column)).find(typed).cloned() else { return };
    for value in values.rows.iter_mut().filter_map(|row| row.get_mut(column)).filter(|value| is_string(value)) {
        *value = like(value, &peer);
    }
}

/// Whether a literal may become this type without being refused: what is none of its kind is left to the rules for types.
fn becomes(expr: &Expr, data_type: &DataType) -> bool {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(..) => types::of_sql(data_type).is_ok_and(|own| resolution::is_number(&own)),
            Value::Boolean(_) => types::of_sql(data_type).is_ok_and(|own| own == SqlType::Bool),
            Value::Placeholder(_) => false,
            _ => true,
        },
        Expr::UnaryOp { expr, .. } => matches!(expr.as_ref(), Expr::Value(_)) && becomes(expr, data_type),
        _ => false,
    }
}

/// What SELECT DISTINCT is ordered by is one of its output columns, and is named as such.
fn order_by_output(query: &mut Query) {
    let SetExpr::Select(select) = query.body.as_ref() else { return };
    if !matches!(select.distinct, Some(Distinct::Distinct)) {
        return;
    }
    let Some(OrderByKind::Expressions(sorts)) = query.order_by.as_mut().map(|order_by| &mut order_by.kind) else { return };
    for sort in sorts {
        let wanted = orders::plain(&sort.expr);
        let named = select.projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if orders::plain(expr) == wanted => Some(alias.clone()),
            _ => None,
        });
        if let Some(alias) = named {
            sort.expr = Expr::Identifier(alias);
        }
    }
}

fn call(name: &str, args: Vec<Expr>) -> Expr {
    dialect::call(ObjectName::from(vec![Ident::new(name)]), args)
}

/// `interval '1 day'` as a cast, which PostgreSQL's own input function reads, of the fields that are written behind it.
fn interval_literal(interval: &Interval) -> Result<Option<Expr>> {
    let Expr::Value(value) = interval.value.as_ref() else { return Ok(None) };
    let Value::SingleQuotedString(text) = &value.value else { return Ok(None) };
    let text = spans::of_literal(text, interval)?;
    Ok(Some(Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(Expr::value(Value::SingleQuotedString(text))),
        data_type: DataType::Interval { fields: None, precision: None },
        array: false,
        format: None,
    }))
}
