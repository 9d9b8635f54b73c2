//! What our own scalar functions share: PostgreSQL's types in, one of PostgreSQL's types out.
//!
//! A function is a [`Definition`]: which types it takes and gives, and what it does to columns. DataFusion plans it *unbound*, while
//! the SQL types of its arguments may still be unknown; lowering the plan *binds* it ([`bind`]): then its argument types are certain,
//! kept, and no longer depend on what an optimiser does with metadata.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int32Array, Int64Array, StringViewArray, StringViewBuilder,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, FieldRef, Float64Type, Int64Type};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{Placeholder, ScalarFunction};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::number::exact::kept_scale;
use crate::error::{Error, Kind, Result};
use crate::query::errors::{unwrap, wrap};
use crate::value::{self, ColumnBuilder, Formatter, SqlType, Style, TYPE_KEY};

/// The type of an argument, as far as it has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Argument {
    /// A literal or NULL whose type its place decides.
    Unknown,
    Of(SqlType),
}

impl Argument {
    /// Whether it may stand where text is wanted.
    pub(super) fn is_text(&self) -> bool {
        let text =
            |own: &SqlType| matches!(own, SqlType::Text | SqlType::Varchar(_) | SqlType::Bpchar(_) | SqlType::Name | SqlType::Char);
        match self {
            Argument::Unknown => true,
            Argument::Of(own) => text(own),
        }
    }

    pub(super) fn is_integer(&self) -> bool {
        matches!(self, Argument::Unknown | Argument::Of(SqlType::Int2 | SqlType::Int4 | SqlType::Int8))
    }

    /// Whether it is this type or may become it.
    pub(super) fn is(&self, wanted: &SqlType) -> bool {
        match self {
            Argument::Unknown => true,
            Argument::Of(own) => own == wanted,
        }
    }

    /// Whether a call may give it where this type is wanted: as it is, or by one of PostgreSQL's implicit casts.
    pub(super) fn fits(&self, wanted: &SqlType) -> bool {
        let Argument::Of(own) = self else { return true };
        let number = |sql_type: &SqlType| match sql_type {
            SqlType::Int2 => Some(0),
            SqlType::Int4 => Some(1),
            SqlType::Int8 => Some(2),
            SqlType::Numeric(_, _) => Some(3),
            SqlType::Float4 => Some(4),
            SqlType::Float8 => Some(5),
            _ => None,
        };
        let moment = |sql_type: &SqlType| match sql_type {
            SqlType::Date => Some(0),
            SqlType::Timestamp => Some(1),
            SqlType::Timestamptz => Some(2),
            _ => None,
        };
        match (own, wanted) {
            (SqlType::Array(_), SqlType::Array(element)) if **element == SqlType::Text => self.is_text_array(),
            (_, SqlType::Text) => self.is_text(),
            (SqlType::Time, SqlType::Interval) => true,
            _ if own == wanted => true,
            _ => match (number(own), number(wanted), moment(own), moment(wanted)) {
                (Some(own), Some(wanted), _, _) | (_, _, Some(own), Some(wanted)) => own <= wanted,
                _ => false,
            },
        }
    }

    pub(super) fn is_number(&self) -> bool {
        self.fits(&SqlType::Float8)
    }

    pub(super) fn is_numeric(&self) -> bool {
        matches!(self, Argument::Of(SqlType::Numeric(_, _)))
    }

    pub(super) fn is_text_array(&self) -> bool {
        match self {
            Argument::Unknown => true,
            Argument::Of(SqlType::Array(element)) => {
                matches!(**element, SqlType::Text | SqlType::Varchar(_) | SqlType::Bpchar(_) | SqlType::Name)
            }
            Argument::Of(_) => false,
        }
    }
}

/// Whether a call with these arguments may mean a function of these.
pub(super) fn takes(types: &[Argument], wanted: &[SqlType]) -> bool {
    types.len() == wanted.len() && types.iter().zip(wanted).all(|(own, wanted)| own.fits(wanted))
}

/// As [`takes`], where the arguments from `required` on may be left out.
pub(super) fn takes_some(types: &[Argument], wanted: &[SqlType], required: usize) -> bool {
    (required..=wanted.len()).contains(&types.len()) && types.iter().zip(wanted).all(|(own, wanted)| own.fits(wanted))
}

/// One of our functions.
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) volatility: Volatility,
    /// The type it gives for these arguments; `None` where there is no such function.
    pub(super) result: fn(&[Argument]) -> Option<SqlType>,
    pub(super) run: fn(&Arguments) -> Result<ArrayRef>,
}

/// A function of its arguments alone.
pub(super) const fn immutable(
    name: &'static str,
    result: fn(&[Argument]) -> Option<SqlType>,
    run: fn(&Arguments) -> Result<ArrayRef>,
) -> Definition {
    Definition { name, volatility: Volatility::Immutable, result, run }
}

/// The columns that a function is given.
pub(super) struct Arguments {
    pub(super) name: &'static str,
    pub(super) types: Vec<Argument>,
    pub(super) arrays: Vec<Given>,
    pub(super) rows: usize,
    pub(super) style: Style,
    pub(super) result: SqlType,
}

/// An argument's column. One that is the same for all rows becomes a column when it is asked for.
pub(super) struct Given {
    value: ColumnarValue,
    whole: OnceLock<ArrayRef>,
}

impl From<ArrayRef> for Given {
    fn from(array: ArrayRef) -> Self {
        ColumnarValue::Array(array).into()
    }
}

impl From<ColumnarValue> for Given {
    fn from(value: ColumnarValue) -> Self {
        Given { value, whole: OnceLock::new() }
    }
}

impl Given {
    fn array(&self, rows: usize) -> datafusion::common::Result<&ArrayRef> {
        if let ColumnarValue::Array(array) = &self.value {
            return Ok(array);
        }
        if let Some(whole) = self.whole.get() {
            return Ok(whole);
        }
        // Bytes are copied for each row, and text is not: more than there may be has no place in one column.
        if let ColumnarValue::Scalar(ScalarValue::Binary(Some(bytes))) = &self.value
            && bytes.len().saturating_mul(rows) > TEXT_BYTES_MAX
        {
            return Err(wrap(too_long()));
        }
        let whole = self.value.to_array(rows)?;
        Ok(self.whole.get_or_init(|| whole))
    }
}

impl Arguments {
    /// The type that an argument is held to be; one of no type is text.
    pub(super) fn sql_type(&self, at: usize) -> SqlType {
        match self.types.get(at) {
            Some(Argument::Of(sql_type)) => sql_type.clone(),
            Some(Argument::Unknown) | None => SqlType::Text,
        }
    }

    pub(super) fn array(&self, at: usize) -> Result<&ArrayRef> {
        let given = self.arrays.get(at).ok_or_else(|| Error::internal(format!("{} lacks argument {}", self.name, at + 1)))?;
        given.array(self.rows).map_err(unwrap)
    }

    /// The values of an argument as text, whatever its type.
    pub(super) fn texts(&self, at: usize) -> Result<StringViewArray> {
        value::to_text(self.array(at)?, &self.sql_type(at), &self.style)
    }

    /// The values of an argument as a type: a literal's text is read, anything else converted.
    pub(super) fn as_type(&self, at: usize, wanted: &SqlType) -> Result<ArrayRef> {
        self.typed(self.array(at)?, at, wanted)
    }

    /// An argument as a type in one row, if it is the same for all.
    pub(super) fn constant_as(&self, at: usize, wanted: &SqlType) -> Result<Option<ArrayRef>> {
        let Some(ColumnarValue::Scalar(value)) = self.arrays.get(at).map(|given| &given.value) else { return Ok(None) };
        let array = value.to_array().map_err(unwrap)?;
        self.typed(&array, at, wanted).map(Some)
    }

    fn typed(&self, array: &ArrayRef, at: usize, wanted: &SqlType) -> Result<ArrayRef> {
        let unknown = matches!(self.types.get(at), Some(Argument::Unknown) | None);
        if unknown && *array.data_type() != DataType::Null && !matches!(wanted, SqlType::Text) {
            return value::cast_text(array, wanted, &self.style);
        }
        if *array.data_type() == wanted.arrow() {
            return Ok(array.clone());
        }
        cast(array, &wanted.arrow()).map_err(|cause| {
            Error::new(Kind::NumericValueOutOfRange, format!("{}: argument {} does not fit: {cause}", self.name, at + 1))
        })
    }

    /// The whole numbers of an argument.
    pub(super) fn ints(&self, at: usize) -> Result<Int64Array> {
        Ok(self.as_type(at, &SqlType::Int8)?.as_primitive::<Int64Type>().clone())
    }

    /// The numbers of an argument as floating point.
    pub(super) fn floats(&self, at: usize) -> Result<Float64Array> {
        Ok(self.as_type(at, &SqlType::Float8)?.as_primitive::<Float64Type>().clone())
    }

    /// The writer of an argument's values.
    pub(super) fn formatter(&self, at: usize) -> Result<Formatter> {
        Formatter::new(self.array(at)?, &self.sql_type(at), &self.style)
    }
}

/// A row's text, unless it is NULL.
pub(super) fn text(column: &StringViewArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// A row's whole number, unless it is NULL.
pub(super) fn int(column: &Int64Array, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}

/// Bytes of text that one call may make for the rows of a batch together. It is as much as PostgreSQL allows one value; without a bound for
/// all of them a short statement would take the machine's memory, of which no pool knows.
pub(super) const TEXT_BYTES_MAX: usize = 0x3fff_ffff;

/// The error for text that would be longer than [`TEXT_BYTES_MAX`].
pub(super) fn too_long() -> Error {
    Error::new(Kind::ProgramLimitExceeded, "requested length too large")
}

/// A column of texts, each made from its row.
///
/// # Errors
/// 54000 for more than [`TEXT_BYTES_MAX`] bytes together.
pub(super) fn texts_of(rows: usize, mut with: impl FnMut(usize) -> Result<Option<String>>) -> Result<ArrayRef> {
    let mut out = StringViewBuilder::with_capacity(rows);
    let mut bytes = 0_usize;
    for row in 0..rows {
        let text = with(row)?;
        bytes = bytes.saturating_add(text.as_ref().map_or(0, String::len));
        if bytes > TEXT_BYTES_MAX {
            return Err(too_long());
        }
        out.append_option(text);
    }
    Ok(Arc::new(out.finish()))
}

/// A column of `integer`, each made from its row.
pub(super) fn ints_of(rows: usize, with: impl FnMut(usize) -> Result<Option<i32>>) -> Result<ArrayRef> {
    Ok(Arc::new((0..rows).map(with).collect::<Result<Int32Array>>()?))
}

/// A column of `boolean`, each made from its row.
pub(super) fn bools_of(rows: usize, with: impl FnMut(usize) -> Result<Option<bool>>) -> Result<ArrayRef> {
    Ok(Arc::new((0..rows).map(with).collect::<Result<BooleanArray>>()?))
}

/// A column of `double precision`, each made from its row.
pub(super) fn floats_of(rows: usize, with: impl FnMut(usize) -> Result<Option<f64>>) -> Result<ArrayRef> {
    Ok(Arc::new((0..rows).map(with).collect::<Result<Float64Array>>()?))
}

/// A column of `text[]`, each made from its row.
pub(super) fn text_lists_of(rows: usize, mut with: impl FnMut(usize) -> Result<Option<Vec<Option<String>>>>) -> Result<ArrayRef> {
    let style = Style::default();
    let mut out = ColumnBuilder::new(&SqlType::Array(Box::new(SqlType::Text)), rows);
    for row in 0..rows {
        match with(row)? {
            None => out.append_null(),
            Some(elements) => {
                let mut list = out.begin_list()?;
                for element in elements {
                    match element {
                        Some(element) => list.append_text(&element, &style)?,
                        None => list.append_null(),
                    }
                }
                list.end()?;
            }
        }
    }
    Ok(out.finish())
}

/// What is certain once the types of the arguments are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Bound {
    types: Vec<Argument>,
    result: SqlType,
}

/// The function as DataFusion sees it.
struct Function {
    definition: &'static Definition,
    style: Style,
    bound: Option<Bound>,
    signature: Signature,
}

impl Function {
    /// The type that a call has for all that is known before it is bound: a column whose type is not settled may be a document.
    fn likely(&self, types: Vec<Argument>) -> SqlType {
        let result = self.definition.result;
        let mut guess = vec![Argument::Unknown; types.len()];
        let known = result(&types).or_else(|| result(&guess));
        known.unwrap_or_else(|| {
            if let Some(first) = guess.first_mut() {
                *first = Argument::Of(SqlType::Jsonb);
            }
            result(&guess).unwrap_or(SqlType::Text)
        })
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.definition.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.definition.name == other.definition.name && self.style == other.style && self.bound == other.bound
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition.name.hash(state);
        self.bound.hash(state);
    }
}

/// A function that is planned and not yet bound.
pub(super) fn unbound(definition: &'static Definition, style: &Style) -> ScalarUDF {
    let signature = Signature::variadic_any(definition.volatility);
    let signature =
        Signature::one_of(vec![signature.type_signature, datafusion::logical_expr::TypeSignature::Nullary], definition.volatility);
    ScalarUDF::new_from_impl(Function { definition, style: style.clone(), bound: None, signature })
}

/// Binds a call of one of our functions to the types of its arguments; `None` for any other function, or one that is bound.
///
/// # Errors
/// 42883 where there is no function of this name for these types.
pub(crate) fn bind(call: &ScalarFunction, schema: &DFSchema) -> Option<Result<Expr>> {
    let function = call.func.inner().downcast_ref::<Function>()?;
    if function.bound.is_some() {
        return None;
    }
    Some(bound(function, call, schema))
}

fn bound(function: &Function, call: &ScalarFunction, schema: &DFSchema) -> Result<Expr> {
    let mut types = argument_types(&call.args, schema)?;
    let definition = function.definition;
    if definition.name == super::cast::TYPEOF
        && let Some(Expr::Placeholder(Placeholder { id, field: None })) = call.args.first()
    {
        return Err(Error::new(Kind::IndeterminateDatatype, format!("could not determine data type of parameter {id}")));
    }
    // A column of an outer query that was computed may have had no type yet when it was named here; text that no function of this
    // name takes is a document then.
    if (definition.result)(&types).is_none() {
        for (own, arg) in types.iter_mut().zip(&call.args) {
            if matches!(arg, Expr::OuterReferenceColumn(field, _) if !field.metadata().contains_key(TYPE_KEY))
                && *own == Argument::Of(SqlType::Text)
            {
                *own = Argument::Of(SqlType::Jsonb);
            }
        }
    }
    let Some(result) = (definition.result)(&types) else { return Err(missing(definition.name, &types)) };
    let places = match call.args.get(1) {
        Some(Expr::Literal(ScalarValue::Int64(places), _)) => *places,
        Some(Expr::Literal(ScalarValue::Int32(places), _)) => places.map(i64::from),
        Some(Expr::Negative(inner)) if matches!(inner.as_ref(), Expr::Literal(..)) => Some(0),
        _ => None,
    };
    let result = kept_scale(definition.name, &types, places).unwrap_or(result);
    let bound = Function {
        definition,
        style: function.style.clone(),
        bound: Some(Bound { types, result }),
        signature: function.signature.clone(),
    };
    Ok(ScalarUDF::new_from_impl(bound).call(call.args.clone()))
}

/// The type of an expression, as a field. A bound call of one of our functions has it at hand; DataFusion names each argument of each argument to
/// tell it, which took twenty seconds for a chain of three hundred `||`.
///
/// # Errors
/// DataFusion's, for what has no type.
pub(crate) fn field_of(expr: &Expr, schema: &DFSchema) -> datafusion::common::Result<FieldRef> {
    if let Expr::ScalarFunction(call) = expr
        && let Some(Function { definition, bound: Some(bound), .. }) = call.func.inner().downcast_ref::<Function>()
    {
        return Ok(Arc::new(bound.result.field(definition.name, true)));
    }
    expr.to_field(schema).map(|(_, field)| field)
}

/// What a bound call of one of our functions is given in one row; `None` for any other call.
pub(super) fn given(call: &ScalarFunction, arrays: Vec<ArrayRef>) -> Option<Arguments> {
    let function = call.func.inner().downcast_ref::<Function>()?;
    let Bound { types, result } = function.bound.clone()?;
    let arrays = arrays.into_iter().map(Given::from).collect();
    Some(Arguments { name: function.definition.name, types, arrays, rows: 1, style: function.style.clone(), result })
}

pub(super) fn argument_types(args: &[Expr], schema: &DFSchema) -> Result<Vec<Argument>> {
    args.iter()
        .map(|arg| {
            let field = field_of(arg, schema).map_err(crate::query::errors::unwrap)?;
            Ok(match arg {
                // The planner holds every whole number to be `bigint`.
                Expr::Literal(ScalarValue::Int64(Some(value)), None) if i32::try_from(*value).is_ok() => {
                    Argument::Of(SqlType::Int4)
                }
                _ => argument(&field, matches!(arg, Expr::Literal(..))),
            })
        })
        .collect()
}

pub(super) fn argument(field: &FieldRef, literal: bool) -> Argument {
    let untyped = !field.metadata().contains_key(TYPE_KEY);
    match field.data_type() {
        DataType::Null => Argument::Unknown,
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 if literal && untyped => Argument::Unknown,
        _ => match SqlType::of_field(field) {
            // The catalog's vectors are arrays to every function.
            SqlType::Vector(element) => Argument::Of(SqlType::Array(element)),
            own => Argument::Of(own),
        },
    }
}

/// The names of arguments' types, as messages give them.
fn shown(types: &[Argument]) -> Vec<String> {
    let name = |argument: &Argument| match argument {
        Argument::Unknown => "unknown".to_owned(),
        Argument::Of(sql_type) => sql_type.without_modifier(),
    };
    types.iter().map(name).collect()
}

/// The error for a call that several functions of a name could be.
pub(super) fn not_unique(name: &str, types: &[Argument]) -> Error {
    Error::new(Kind::AmbiguousFunction, format!("function {name}({}) is not unique", shown(types).join(", ")))
        .with_hint("Could not choose a best candidate function. You might need to add explicit type casts.")
}

/// The error for a call of a function that there is not for these types.
pub(super) fn missing(name: &str, types: &[Argument]) -> Error {
    let shown = shown(types);
    let is_operator = !name.starts_with(|c: char| c.is_ascii_alphabetic());
    let (message, hint) = match shown.as_slice() {
        [left, right] if is_operator => (
            format!("operator does not exist: {left} {name} {right}"),
            "No operator matches the given name and argument types. You might need to add explicit type casts.",
        ),
        [operand] if is_operator => (
            format!("operator does not exist: {name} {operand}"),
            "No operator matches the given name and argument type. You might need to add an explicit type cast.",
        ),
        _ => (
            format!("function {name}({}) does not exist", shown.join(", ")),
            "No function matches the given name and argument types. You might need to add explicit type casts.",
        ),
    };
    Error::new(Kind::UndefinedFunction, message).with_hint(hint)
}

/// The one value of an array; a list with what its field says, which the general way forgets.
pub(super) fn only_value(array: &ArrayRef) -> datafusion::common::Result<ScalarValue> {
    match array.as_list_opt::<i32>() {
        Some(list) if list.len() == 1 => Ok(ScalarValue::List(Arc::new(list.clone()))),
        _ => ScalarValue::try_from_array(array, 0),
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.definition.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> datafusion::common::Result<DataType> {
        datafusion::common::internal_err!("{} tells its type by its field", self.definition.name)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> datafusion::common::Result<FieldRef> {
        let sql_type = match &self.bound {
            Some(bound) => bound.result.clone(),
            // Not certain yet: what does not fit is refused when the call is bound.
            None => {
                let types: Vec<Argument> = args
                    .arg_fields
                    .iter()
                    .zip(args.scalar_arguments)
                    .map(|(field, literal)| argument(field, literal.is_some()))
                    .collect();
                self.likely(types)
            }
        };
        Ok(Arc::new(sql_type.field(self.definition.name, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> datafusion::common::Result<ColumnarValue> {
        let scalar = !args.args.is_empty() && args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if scalar { 1 } else { args.number_rows };
        let arrays = args.args.into_iter().map(Given::from).collect();
        let types = match &self.bound {
            Some(bound) => bound.types.clone(),
            None => args.arg_fields.iter().map(|field| argument(field, false)).collect(),
        };
        let result = SqlType::of_field(&args.return_field);
        let given = Arguments { name: self.definition.name, types, arrays, rows, style: self.style.clone(), result };
        let output = (self.definition.run)(&given).map_err(wrap)?;
        if scalar { Ok(ColumnarValue::Scalar(only_value(&output)?)) } else { Ok(ColumnarValue::Array(output)) }
    }
}
