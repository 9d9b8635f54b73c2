//! PostgreSQL's forms of calls that DataFusion plans otherwise, as calls of our functions: `substring(a FROM b)`, `a ~ b`,
//! `a SIMILAR TO b`, `(a, b) OVERLAPS (c, d)`, `f(name => value)`, and functions that answer with a set of rows.

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, ObjectName, TrimWhereField, Value,
};

use super::names;
use crate::error::{Error, Kind, Result};
use crate::query::errors::WINDOW_FUNCTIONS;
use crate::query::functions::variadic_of_array;
use crate::query::parse::VARIADIC;

/// What stands for an expression, where it is not planned as it is. The many kinds that are planned as they are need no naming.
///
/// # Errors
/// 42883 for arguments of names that the function has not.
pub(super) fn rewritten(expr: &Expr) -> Result<Option<Expr>> {
    let copied = |expr: &Expr| expr.clone();
    Ok(match expr {
        Expr::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
            let start = substring_from.as_deref().map_or_else(|| number(1), copied);
            let mut args = vec![copied(expr), start];
            args.extend(substring_for.as_deref().map(copied));
            Some(call("substring", args))
        }
        Expr::Trim { expr, trim_where, trim_what, trim_characters } => {
            let name = match trim_where {
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
                Some(TrimWhereField::Both) | None => "btrim",
            };
            let set = trim_what.as_deref().map(copied).or_else(|| trim_characters.as_ref().and_then(|set| set.first()).map(copied));
            Some(call(name, std::iter::once(copied(expr)).chain(set).collect()))
        }
        Expr::Position { expr, r#in } => Some(call("position", vec![copied(r#in), copied(expr)])),
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            let mut args = vec![copied(expr), copied(overlay_what), copied(overlay_from)];
            args.extend(overlay_for.as_deref().map(copied));
            Some(call("overlay", args))
        }
        Expr::SimilarTo { negated, expr, pattern, escape_char } => {
            let escape = escape_char.as_ref().map(|escape| Expr::Value(escape.clone()));
            let pattern = call("similar_to_escape", std::iter::once(copied(pattern)).chain(escape).collect());
            Some(call(if *negated { "!~" } else { "~" }, vec![copied(expr), pattern]))
        }
        Expr::Like { negated, any: false, expr, pattern, escape_char: Some(escape) } => {
            let pattern = Box::new(call("like_escape", vec![copied(pattern), Expr::Value(escape.clone())]));
            Some(Expr::Like { negated: *negated, any: false, expr: expr.clone(), pattern, escape_char: None })
        }
        Expr::ILike { negated, any: false, expr, pattern, escape_char: Some(escape) } => {
            let pattern = Box::new(call("like_escape", vec![copied(pattern), Expr::Value(escape.clone())]));
            Some(Expr::ILike { negated: *negated, any: false, expr: expr.clone(), pattern, escape_char: None })
        }
        Expr::BinaryOp { left, op: BinaryOperator::Overlaps, right } => match (left.as_ref(), right.as_ref()) {
            (Expr::Tuple(one), Expr::Tuple(other)) if one.len() == 2 && other.len() == 2 => {
                Some(call("overlaps", one.iter().chain(other).map(copied).collect()))
            }
            _ => return Err(Error::new(Kind::SyntaxError, "wrong number of parameters on one side of OVERLAPS expression")),
        },
        Expr::BinaryOp { left, op, right } => operator(op).map(|name| call(name, vec![copied(left), copied(right)])),
        Expr::Function(function) => {
            require_window(function)?;
            let alone = of_catalog(function)?;
            let function = alone.as_ref().unwrap_or(function);
            if let Some(function) = of_array(function)?.map_or_else(|| positional(function), |function| Ok(Some(function)))? {
                return Ok(Some(Expr::Function(function)));
            }
            if let Some(other) = shifted(function)?.or(called_type(function)?) {
                return Ok(Some(other));
            }
            set_in_select(function)?.or(alone.map(Expr::Function))
        }
        _ => None,
    })
}

/// A function that the planner calls and PostgreSQL does not have.
const PLANNED_ONLY: &str = "array_has";

fn require_window(function: &Function) -> Result<()> {
    let parts = names::parts(&function.name)?;
    match parts.last() {
        Some(name) if name == PLANNED_ONLY => Err(Error::new(Kind::UndefinedFunction, format!("function {name} does not exist"))),
        Some(name) if function.over.is_none() && function.within_group.is_empty() && WINDOW_FUNCTIONS.contains(&name.as_str()) => {
            Err(Error::new(Kind::WrongObjectType, format!("window function {name} requires an OVER clause")))
        }
        _ => Ok(()),
    }
}

/// Types whose names may be called as functions, which casts to them (`func_get_detail` in PostgreSQL's `parse_func.c`).
const CALLED_TYPES: [&str; 17] = [
    "bool",
    "bpchar",
    "bytea",
    "date",
    "float4",
    "float8",
    "inet",
    "int2",
    "int4",
    "int8",
    "json",
    "jsonb",
    "name",
    "oid",
    "text",
    "timestamptz",
    "uuid",
];

/// `date(x)` as a cast to the type.
fn called_type(function: &Function) -> Result<Option<Expr>> {
    let parts = names::parts(&function.name)?;
    let FunctionArguments::List(list) = &function.args else { return Ok(None) };
    let name = match &parts[..] {
        [name] => name,
        [schema, name] if schema == "pg_catalog" => name,
        _ => return Ok(None),
    };
    let plain =
        function.over.is_none() && function.filter.is_none() && list.duplicate_treatment.is_none() && list.clauses.is_empty();
    match &list.args[..] {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(value))] if plain && CALLED_TYPES.contains(&name.as_str()) => {
            Ok(Some(Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(value.clone()),
                data_type: DataType::Custom(ObjectName::from(vec![Ident::new(name.as_str())]), vec![]),
                array: false,
                format: None,
            }))
        }
        _ => Ok(None),
    }
}

/// `lag(x, n, default) OVER w` or `lead` with a default of each row's own, which DataFusion does not take, as a choice between what
/// stands there and the default: `lag(1, n)` is NULL just where no row stands.
fn shifted(function: &Function) -> Result<Option<Expr>> {
    let parts = names::parts(&function.name)?;
    let FunctionArguments::List(list) = &function.args else { return Ok(None) };
    let [
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(offset)),
        FunctionArg::Unnamed(FunctionArgExpr::Expr(default)),
    ] = &list.args[..]
    else {
        return Ok(None);
    };
    let constant = match default {
        Expr::UnaryOp { expr, .. } => matches!(expr.as_ref(), Expr::Value(_)),
        other => matches!(other, Expr::Value(_)),
    };
    if constant || function.over.is_none() || parts.last().is_none_or(|name| name != "lag" && name != "lead") {
        return Ok(None);
    }
    let with = |value: Expr| {
        let mut function = function.clone();
        function.args = arguments(vec![value, offset.clone()]);
        Expr::Function(function)
    };
    Ok(Some(Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![CaseWhen { condition: Expr::IsNull(Box::new(with(number(1)))), result: default.clone() }],
        else_result: Some(Box::new(with(value.clone()))),
    }))
}

/// A set-returning function among expressions, as the rows of an array.
fn set_in_select(function: &Function) -> Result<Option<Expr>> {
    let parts = names::parts(&function.name)?;
    let name = match &parts[..] {
        [name] => name,
        [schema, name] if schema == "pg_catalog" => name,
        _ => return Ok(None),
    };
    let Some(array) = array_function(name) else { return Ok(None) };
    let mut inner = function.clone();
    inner.name = ObjectName::from(vec![Ident::with_quote('"', array)]);
    Ok(Some(call("unnest", vec![Expr::Function(inner)])))
}

/// The function of an operator on text.
fn operator(op: &BinaryOperator) -> Option<&'static str> {
    Some(match op {
        BinaryOperator::PGRegexMatch => "~",
        BinaryOperator::PGRegexIMatch => "~*",
        BinaryOperator::PGRegexNotMatch => "!~",
        BinaryOperator::PGRegexNotIMatch => "!~*",
        BinaryOperator::PGStartsWith => "^@",
        _ => return None,
    })
}

/// What stands for an argument that a call by name leaves out.
#[derive(Clone, Copy)]
enum LeftOut {
    /// It cannot be left out.
    Required,
    Number(i64),
    Text(&'static str),
    Bool(bool),
}

use LeftOut::{Bool, Number, Required, Text};

/// The arguments of functions that may be called by name.
type Named = (&'static str, &'static [(&'static str, LeftOut)]);

/// Those of the functions that search a document by a path.
const PATH: &[(&str, LeftOut)] = &[("target", Required), ("path", Required), ("vars", Text("{}")), ("silent", Bool(false))];

const NAMED: [Named; 19] = [
    (
        "make_interval",
        &[
            ("years", Number(0)),
            ("months", Number(0)),
            ("weeks", Number(0)),
            ("days", Number(0)),
            ("hours", Number(0)),
            ("mins", Number(0)),
            ("secs", Number(0)),
        ],
    ),
    ("make_date", &[("year", Required), ("month", Required), ("day", Required)]),
    ("make_time", &[("hour", Required), ("min", Required), ("sec", Required)]),
    (
        "make_timestamp",
        &[("year", Required), ("month", Required), ("mday", Required), ("hour", Required), ("min", Required), ("sec", Required)],
    ),
    (
        "make_timestamptz",
        &[("year", Required), ("month", Required), ("mday", Required), ("hour", Required), ("min", Required), ("sec", Required)],
    ),
    ("jsonb_insert", &[("jsonb_in", Required), ("path", Required), ("replacement", Required), ("insert_after", Bool(false))]),
    ("jsonb_set", &[("jsonb_in", Required), ("path", Required), ("replacement", Required), ("create_if_missing", Bool(true))]),
    (
        "jsonb_set_lax",
        &[
            ("jsonb_in", Required),
            ("path", Required),
            ("replacement", Required),
            ("create_if_missing", Bool(true)),
            ("null_value_treatment", Text("use_json_null")),
        ],
    ),
    ("jsonb_path_exists", PATH),
    ("jsonb_path_exists_tz", PATH),
    ("jsonb_path_match", PATH),
    ("jsonb_path_match_tz", PATH),
    ("jsonb_path_query", PATH),
    ("jsonb_path_query_tz", PATH),
    ("jsonb_path_query_array", PATH),
    ("jsonb_path_query_array_tz", PATH),
    ("jsonb_path_query_first", PATH),
    ("jsonb_path_query_first_tz", PATH),
    ("parse_ident", &[("str", Required), ("strict", Bool(true))]),
];

/// `pg_catalog.unnest(…)`, whose name the planner must find alone, and names behind the schema in capitals, which it does not fold.
fn of_catalog(function: &Function) -> Result<Option<Function>> {
    let parts = names::parts(&function.name)?;
    let [schema, name] = &parts[..] else { return Ok(None) };
    let written = function.name.to_string();
    if schema != "pg_catalog" || name != "unnest" && written == format!("{schema}.{name}") {
        return Ok(None);
    }
    let mut function = function.clone();
    function.name = match name.as_str() {
        "unnest" => ObjectName::from(vec![Ident::new(name)]),
        _ if written.contains('"') => return Ok(None),
        _ => ObjectName::from(vec![Ident::new(schema), Ident::new(name)]),
    };
    Ok(Some(function))
}

/// A call whose last argument is an array behind VARIADIC, as one of the function that takes the array.
fn of_array(function: &Function) -> Result<Option<Function>> {
    let FunctionArguments::List(list) = &function.args else { return Ok(None) };
    let Some((FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Function(last))), leading)) = list.args.split_last() else {
        return Ok(None);
    };
    let FunctionArguments::List(array) = &last.args else { return Ok(None) };
    if names::parts(&last.name)?.last().map(String::as_str) != Some(VARIADIC) {
        return Ok(None);
    }
    let name = names::parts(&function.name)?.pop().unwrap_or_default();
    let own = variadic_of_array(&name).ok_or_else(|| {
        Error::new(Kind::UndefinedFunction, format!("function {name} does not exist with a VARIADIC argument"))
            .with_hint("No function matches the given name and argument types. You might need to add explicit type casts.")
    })?;
    let mut called = function.clone();
    called.name = ObjectName::from(vec![Ident::with_quote('"', own)]);
    let args = leading.iter().chain(&array.args).cloned().collect();
    called.args = FunctionArguments::List(FunctionArgumentList { args, ..list.clone() });
    Ok(Some(called))
}

/// A call whose arguments are named, with all of them in their places.
fn positional(function: &Function) -> Result<Option<Function>> {
    let FunctionArguments::List(list) = &function.args else { return Ok(None) };
    // `name := value` comes as an assignment.
    let assigned = |arg: &FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::BinaryOp { left, op: BinaryOperator::Assignment, right })) => {
            match left.as_ref() {
                Expr::Identifier(name) => Some((name.clone(), right.as_ref().clone())),
                _ => None,
            }
        }
        _ => None,
    };
    let named = |arg: &FunctionArg| matches!(arg, FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. });
    if !list.args.iter().any(|arg| named(arg) || assigned(arg).is_some()) {
        return Ok(None);
    }
    let parts = names::parts(&function.name)?;
    let Some((name, known)) = parts.last().and_then(|last| NAMED.iter().find(|(name, _)| name == last)) else { return Ok(None) };
    let mut values: Vec<Option<Expr>> = vec![None; known.len()];
    for (at, arg) in list.args.iter().enumerate() {
        let assignment = assigned(arg);
        let (place, value) = match arg {
            _ if assignment.is_some() => {
                let (name, value) = assignment
                    .as_ref()
                    .map_or_else(|| (String::new(), arg_null()), |(name, value)| (names::fold(name), value.clone()));
                (known.iter().position(|(known, _)| *known == name), value)
            }
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => (Some(at), value.clone()),
            FunctionArg::Named { name, arg: FunctionArgExpr::Expr(value), .. } => {
                let wanted = names::fold(name);
                (known.iter().position(|(known, _)| *known == wanted), value.clone())
            }
            FunctionArg::ExprNamed { name: Expr::Identifier(name), arg: FunctionArgExpr::Expr(value), .. } => {
                let wanted = names::fold(name);
                (known.iter().position(|(known, _)| *known == wanted), value.clone())
            }
            _ => (None, arg_null()),
        };
        *place.and_then(|place| values.get_mut(place)).ok_or_else(|| no_such_call(name, list))? = Some(value);
    }
    let args = values.into_iter().zip(known.iter()).map(|(value, (_, left_out))| match (value, left_out) {
        (Some(value), _) => Ok(value),
        (None, Required) => Err(no_such_call(name, list)),
        (None, Number(default)) => Ok(number(*default)),
        (None, Text(default)) => Ok(Expr::Value(Value::SingleQuotedString((*default).to_owned()).into())),
        (None, Bool(default)) => Ok(Expr::Value(Value::Boolean(*default).into())),
    });
    let args = args.collect::<Result<_>>()?;
    let mut function = function.clone();
    function.args = arguments(args);
    Ok(Some(function))
}

fn no_such_call(name: &str, list: &FunctionArgumentList) -> Error {
    Error::new(Kind::UndefinedFunction, format!("function {name}({list}) does not exist"))
        .with_hint("No function matches the given name and argument types. You might need to add explicit type casts.")
}

fn arg_null() -> Expr {
    Expr::Value(Value::Null.into())
}

fn number(value: i64) -> Expr {
    Expr::Value(Value::Number(value.to_string(), false).into())
}

/// Arguments in their places.
pub(super) fn arguments(args: Vec<Expr>) -> FunctionArguments {
    FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: None,
        args: args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect(),
        clauses: vec![],
    })
}

/// A call of a function of this very name.
pub(in crate::query) fn call(name: &str, args: Vec<Expr>) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::with_quote('"', name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: arguments(args),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}

/// Functions that answer with a row for each element of what another function answers with.
const SETS: [(&str, &str); 4] = [
    ("regexp_matches", "regexp_matches"),
    ("regexp_split_to_table", "regexp_split_to_array"),
    ("string_to_table", "string_to_array"),
    ("generate_subscripts", "generate_subscripts"),
];

/// The function whose array holds the rows that a set-returning function answers with.
pub(super) fn array_function(name: &str) -> Option<&'static str> {
    SETS.iter().find(|(set, _)| *set == name).map(|(_, array)| *array)
}
