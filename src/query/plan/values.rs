//! Expressions that choose among values, and what they choose keeps its SQL type: CASE, COALESCE, NULLIF, GREATEST, LEAST.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::functions_nested::expr_fn::{array_position, make_array};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Case, Expr, ExprSchemable};

use super::answers::{self, needs_keeping};
use super::casts::{boolean, cast_to, is_unknown, resolve_as, type_of};
use super::{jsonb, resolution};
use crate::error::{Error, Kind};
use crate::query::errors::wrap;
use crate::query::functions::{self, cast, scalar};
use crate::value::{SqlType, Style};

/// Functions that answer with one of their arguments.
const CHOOSING: [&str; 6] = ["coalesce", "nullif", "greatest", "least", "nvl", "ifnull"];

/// Brings expressions among which one is chosen to the type that they share; gives that type, or `None` where none has one. `what`
/// names the construct.
fn unify(
    places: &mut [&mut Expr],
    what: &str,
    schema: &DFSchema,
    style: &Style,
    changed: &mut bool,
) -> datafusion::common::Result<Option<SqlType>> {
    let types: Vec<SqlType> = places.iter().filter_map(|place| type_of(place, schema)).collect();
    let Some(target) = resolution::common(&types, what).map_err(wrap)? else { return Ok(None) };
    for place in places {
        let unknown = is_unknown(place);
        let own = type_of(place, schema);
        if unknown || own.is_some_and(|own| own != target) {
            let expr = std::mem::take(&mut **place);
            **place = cast_to(expr, &target, schema, style)?;
            *changed = true;
        }
    }
    Ok(Some(target))
}

/// Leaves the keeping of a type to the outermost of nested choices. DataFusion asks a CASE for its type and then for whether it may be
/// NULL, and both go down through everything that keeps a type: kept at each level, n levels would take 2ⁿ steps.
fn kept_once(places: &mut [&mut Expr], target: Option<&SqlType>) {
    let Some(target) = target.filter(|target| needs_keeping(target)) else { return };
    for place in places {
        let kept = cast::typed_as(place) == Some(target);
        if let Expr::ScalarFunction(call) = &mut **place
            && kept
            && matches!(&call.args[..], [inner] if is_choice(inner))
        {
            **place = call.args.swap_remove(0);
        }
    }
}

fn is_choice(expr: &Expr) -> bool {
    match expr {
        Expr::Case(_) => true,
        Expr::ScalarFunction(call) => CHOOSING.contains(&call.func.name()),
        _ => false,
    }
}

pub(super) fn lower_case(case: Case, schema: &DFSchema, style: &Style) -> datafusion::common::Result<Transformed<Expr>> {
    let mut changed = false;
    let Case { mut expr, mut when_then_expr, mut else_expr } = case;
    if let Some(operand) = &mut expr {
        // An operand of no type is text, whatever it is compared with.
        let (text, did) = resolve_as(std::mem::take(operand.as_mut()), SqlType::Text, style)?;
        changed |= did;
        let own = type_of(&text, schema).or_else(|| is_unknown(&text).then_some(SqlType::Text));
        **operand = text;
        for (when, _) in &when_then_expr {
            if let (Some(own), Some(other)) = (&own, type_of(when, schema)) {
                resolution::comparison(own, "=", &other).map_err(wrap)?;
            }
        }
        let operands = std::iter::once(operand.as_mut()).chain(when_then_expr.iter_mut().map(|(when, _)| when.as_mut()));
        unify(&mut operands.collect::<Vec<_>>(), "CASE", schema, style, &mut changed)?;
        let operands = std::iter::once(operand.as_mut()).chain(when_then_expr.iter_mut().map(|(when, _)| when.as_mut()));
        changed |= jsonb::operands(operands, schema, style)?;
    } else {
        for (when, _) in &mut when_then_expr {
            let (condition, did) = boolean(std::mem::take(when.as_mut()), "CASE/WHEN", schema, style)?;
            **when = condition;
            changed |= did;
        }
    }
    let results = else_expr.iter_mut().map(AsMut::as_mut).chain(when_then_expr.iter_mut().map(|(_, then)| then.as_mut()));
    let mut results = results.collect::<Vec<_>>();
    let target = unify(&mut results, "CASE", schema, style, &mut changed)?;
    kept_once(&mut results, target.as_ref());
    let whole = Expr::Case(Case { expr, when_then_expr, else_expr });
    match target {
        Some(target) if needs_keeping(&target) => Ok(Transformed::yes(cast::typed(whole, target))),
        _ => Ok(Transformed::new_transformed(whole, changed)),
    }
}

/// A function of DataFusion's that answers with one of its arguments.
pub(super) fn lower_call(call: ScalarFunction, schema: &DFSchema, style: &Style) -> datafusion::common::Result<Transformed<Expr>> {
    let ScalarFunction { func, mut args } = call;
    // What an earlier lowering kept needs no second keeping.
    if let [inner] = args.as_slice()
        && cast::typed_as(inner).is_some()
        && cast::typed_as(&func.call(args.clone())) == cast::typed_as(inner)
    {
        return Ok(Transformed::yes(args.remove(0)));
    }
    if func.name() == "make_array" {
        if !args.iter().any(|arg| type_of(arg, schema).is_some_and(|own| needs_keeping(&own))) {
            return Ok(Transformed::no(Expr::ScalarFunction(ScalarFunction { func, args })));
        }
        let mut changed = false;
        let element = unify(&mut args.iter_mut().collect::<Vec<_>>(), "ARRAY", schema, style, &mut changed)?;
        let whole = Expr::ScalarFunction(ScalarFunction { func, args });
        return Ok(match element.filter(needs_keeping) {
            Some(element) => Transformed::yes(cast::typed(whole, SqlType::Array(Box::new(element)))),
            None => Transformed::new_transformed(whole, changed),
        });
    }
    if !CHOOSING.contains(&func.name()) {
        let answer = answers::of_call(func.name(), &args, schema);
        let (func, changed) = match functions::bounded(&func) {
            Some(bounded) => (bounded, true),
            None => (func, false),
        };
        let whole = Expr::ScalarFunction(ScalarFunction { func, args });
        return Ok(match answer {
            Some(answer) => Transformed::yes(cast::typed(whole, answer)),
            None => Transformed::new_transformed(whole, changed),
        });
    }
    let mut changed = false;
    let what = func.name().to_uppercase();
    if let ("nullif", [left, right]) = (func.name(), args.as_slice())
        && let (Some(left), Some(right)) = (type_of(left, schema), type_of(right, schema))
    {
        resolution::comparison(&left, "=", &right).map_err(wrap)?;
    }
    let mut places = args.iter_mut().collect::<Vec<_>>();
    let target = unify(&mut places, &what, schema, style, &mut changed)?;
    kept_once(&mut places, target.as_ref());
    // What NULLIF answers has been through the operator that compares it.
    let target = match target {
        Some(SqlType::Varchar(_)) if func.name() == "nullif" => Some(SqlType::Text),
        target => target,
    };
    let whole = Expr::ScalarFunction(ScalarFunction { func, args });
    match target {
        Some(target) if needs_keeping(&target) => Ok(Transformed::yes(cast::typed(whole, target))),
        _ => Ok(Transformed::new_transformed(whole, changed)),
    }
}

/// PostgreSQL's `MAXDIM`.
pub(super) const DIMENSIONS_MAX: usize = 6;

pub(super) fn too_many_dimensions(dimensions: usize) -> Error {
    let message = format!("number of array dimensions ({dimensions}) exceeds the maximum allowed ({DIMENSIONS_MAX})");
    Error::new(Kind::ProgramLimitExceeded, message)
}

fn dimensions(sql_type: &SqlType) -> usize {
    match sql_type {
        SqlType::Array(element) => 1 + dimensions(element),
        _ => 0,
    }
}

/// `ARRAY[…]`, whose elements take the type that they share.
pub(super) fn array(elements: Vec<Expr>, schema: &DFSchema, style: &Style) -> datafusion::common::Result<Expr> {
    let types: Vec<SqlType> = elements.iter().filter_map(|element| type_of(element, schema)).collect();
    let target = resolution::common(&types, "ARRAY").map_err(wrap)?.unwrap_or(SqlType::Text);
    let dimensions = 1 + dimensions(&target);
    if dimensions > DIMENSIONS_MAX {
        return Err(wrap(too_many_dimensions(dimensions)));
    }
    let elements = elements.into_iter().map(|element| cast_to(element, &target, schema, style));
    let array = make_array(elements.collect::<datafusion::common::Result<_>>()?);
    Ok(cast::typed(array, SqlType::Array(Box::new(target))))
}

/// Refuses an operator on text whose operands are none.
pub(super) fn expect_text(left: &Expr, operator: &str, right: &Expr, schema: &DFSchema) -> datafusion::common::Result<()> {
    text_operands(type_of(left, schema).as_ref(), operator, type_of(right, schema).as_ref()).map_err(wrap)
}

/// As [`expect_text`], of types.
pub(super) fn text_operands(left: Option<&SqlType>, operator: &str, right: Option<&SqlType>) -> Result<(), Error> {
    let text = |side: Option<&SqlType>| side.is_none_or(resolution::is_text);
    let fits = match operator {
        // Whatever stands beside text becomes text; arrays and bytes are joined with their like.
        "||" => {
            let joins = |side: Option<&SqlType>| matches!(side, Some(SqlType::Array(_) | SqlType::Bytea | SqlType::Jsonb));
            text(left) || text(right) || joins(left) || joins(right)
        }
        _ => text(left) && text(right),
    };
    if fits {
        return Ok(());
    }
    let shown = |side: Option<&SqlType>| side.map_or_else(|| "unknown".to_owned(), SqlType::without_modifier);
    Err(resolution::no_operator(&shown(left), operator, &shown(right)))
}

/// Whether the array of `x = ANY (array)` may have a NULL in it, which then leaves open what is not found. A parameter's is not looked
/// for: it is put in its place later, and files are left out by what it holds.
pub(super) fn may_hold_null(call: &ScalarFunction) -> bool {
    fn constant(array: &Expr) -> bool {
        match array {
            Expr::Literal(ScalarValue::List(list), _) => list.values().null_count() == 0,
            Expr::Literal(value, _) => !value.is_null(),
            Expr::Placeholder(_) => true,
            Expr::Cast(cast) => constant(&cast.expr),
            Expr::ScalarFunction(call) => call.args.iter().all(constant),
            _ => false,
        }
    }
    call.args.first().is_some_and(|array| !constant(array))
}

/// `array_has(array, x)`, which is NULL where `x` is not found beside a NULL.
pub(super) fn open_by_null(call: ScalarFunction) -> Expr {
    let Some(array) = call.args.first().cloned() else { return Expr::ScalarFunction(call) };
    let found = Expr::ScalarFunction(call);
    let null = Expr::Literal(ScalarValue::Null, None);
    let holds_null = array_position(array, null, Expr::Literal(ScalarValue::Int64(Some(1)), None)).is_not_null();
    let open = Expr::Literal(ScalarValue::Boolean(None), None);
    let yes = Expr::Literal(ScalarValue::Boolean(Some(true)), None);
    let cases = vec![(Box::new(found.clone()), Box::new(yes)), (Box::new(holds_null), Box::new(open))];
    Expr::Case(Case { expr: None, when_then_expr: cases, else_expr: Some(Box::new(found)) })
}

/// Whether what is compared with patterns is text.
pub(super) fn of_text(call: &ScalarFunction, schema: &DFSchema) -> bool {
    call.args.first().is_some_and(|subject| type_of(subject, schema).is_none_or(|own| resolution::is_text(&own)))
}

/// The error for patterns beside what is no text.
pub(super) fn no_patterns(call: &ScalarFunction, schema: &DFSchema) -> Error {
    let own = call.args.first().and_then(|subject| type_of(subject, schema));
    let own = own.map_or_else(|| "unknown".to_owned(), |own| own.without_modifier());
    let symbol = match call.args.get(2) {
        Some(Expr::Literal(value, _)) => value.try_as_str().flatten().unwrap_or_default().to_owned(),
        Some(_) | None => String::new(),
    };
    resolution::no_operator(&own, &symbol, "text")
}

/// A constant LIKE pattern with the backslash for its escape character, which is DataFusion's only one.
pub(super) fn with_backslashes(pattern: Expr, escape: Option<char>) -> (Expr, Option<char>) {
    let (Some(escape), Expr::Literal(value, metadata)) = (escape, &pattern) else { return (pattern, escape) };
    let Some(text) = value.try_as_str().flatten().filter(|_| escape != '\\') else { return (pattern, Some(escape)) };
    let mut letters = text.chars();
    let mut rewritten = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        match letter {
            letter if letter == escape => {
                rewritten.push('\\');
                rewritten.extend(letters.next());
            }
            '\\' => rewritten.push_str("\\\\"),
            letter => rewritten.push(letter),
        }
    }
    (Expr::Literal(ScalarValue::Utf8View(Some(rewritten)), metadata.clone()), None)
}

/// How long an interval is, which decides about its order: a month has thirty days, and a day twenty-four hours.
pub(super) fn length(span: Expr, schema: &DFSchema, style: &Style) -> datafusion::common::Result<Expr> {
    let call = functions::operator(functions::LENGTH_OF_INTERVAL, style).map(|function| function.call(vec![span.clone()]));
    let Some(Expr::ScalarFunction(call)) = call else { return Ok(span) };
    match scalar::bind(&call, schema) {
        Some(bound) => bound.map_err(wrap),
        None => Ok(span),
    }
}

/// An operand of `||` as text, written as PostgreSQL's cast writes it.
pub(super) fn as_text(expr: Expr, schema: &DFSchema, style: &Style) -> datafusion::common::Result<(Expr, bool)> {
    let field = scalar::field_of(&expr, schema)?;
    let source = SqlType::of_field(&field);
    let stays = matches!(source, SqlType::Array(_)) || *field.data_type() == DataType::Null || source.arrow() == DataType::Utf8View;
    if stays { Ok((expr, false)) } else { Ok((cast::call(expr, source, SqlType::Text, style), true)) }
}

/// An element of an array. Those of an `oidvector` or `int2vector` are counted from 0; such a vector becomes an array, so that a second
/// look does not count again.
pub(super) fn element(mut call: ScalarFunction, schema: &DFSchema, style: &Style) -> datafusion::common::Result<Transformed<Expr>> {
    let [vector, at] = &call.args[..] else { return Ok(Transformed::no(Expr::ScalarFunction(call))) };
    let (_, field) = vector.to_field(schema)?;
    let SqlType::Vector(element) = SqlType::of_field(&field) else { return lower_call(call, schema, style) };
    let array = super::types::cast(vector.clone(), &SqlType::Array(element));
    let at = super::types::cast(at.clone(), &SqlType::Int8) + Expr::Literal(ScalarValue::Int64(Some(1)), None);
    call.args = vec![array, at];
    Ok(Transformed::yes(Expr::ScalarFunction(call)))
}
