//! Functions that tell of the catalog: `format_type`, `pg_get_viewdef`, `has_table_privilege`, `'x'::regclass` and their kin.
//!
//! Each is a line in a flat table: a name, how many arguments it takes, what it returns, and a plain function from one row's
//! arguments to a value over the [`World`]. They are made for each planner from its [`SessionFacts`] and hold its snapshot.

mod acl;
mod definitions;
mod effects;
mod privileges;
mod registered;
mod state;
mod told;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, new_empty_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::SessionFacts;
use super::scalar::only_value;
use crate::catalog::Oid;
use crate::error::{Error, Kind};
use crate::query::errors::wrap;
use crate::query::system::rows::Cell;
use crate::query::system::world::{World, name_parts};
use crate::value::{ColumnBuilder, Reg, SqlType};
pub(in crate::query) use acl::ACL_COLUMNS;

/// One line of a table of functions.
struct Line {
    name: &'static str,
    /// The fewest and the most arguments.
    arguments: (usize, usize),
    returns: SqlTypeName,
    /// Whether a NULL argument makes the result NULL without a call.
    strict: bool,
    call: Call,
}

type Call = fn(&World<'_>, &[Arg]) -> crate::error::Result<Cell>;

/// The result types that the tables use, which a constant can hold.
#[derive(Clone, Copy)]
enum SqlTypeName {
    Bool,
    Int4,
    Int8,
    Text,
    Name,
    Oid,
    Names,
    Texts,
    Int4s,
    Oids,
    Bools,
    Float8,
    Timestamptz,
    Inet,
    Reg(Reg),
}

impl SqlTypeName {
    fn sql_type(self) -> SqlType {
        match self {
            SqlTypeName::Bool => SqlType::Bool,
            SqlTypeName::Int4 => SqlType::Int4,
            SqlTypeName::Int8 => SqlType::Int8,
            SqlTypeName::Text => SqlType::Text,
            SqlTypeName::Name => SqlType::Name,
            SqlTypeName::Oid => SqlType::Oid,
            SqlTypeName::Names => SqlType::Array(Box::new(SqlType::Name)),
            SqlTypeName::Texts => registered::texts(),
            SqlTypeName::Float8 => SqlType::Float8,
            SqlTypeName::Int4s => SqlType::Array(Box::new(SqlType::Int4)),
            SqlTypeName::Oids => SqlType::Array(Box::new(SqlType::Oid)),
            SqlTypeName::Bools => SqlType::Array(Box::new(SqlType::Bool)),
            SqlTypeName::Timestamptz => SqlType::Timestamptz,
            SqlTypeName::Inet => SqlType::Inet,
            SqlTypeName::Reg(reg) => SqlType::Reg(reg),
        }
    }
}

const fn line(name: &'static str, arguments: (usize, usize), returns: SqlTypeName, call: Call) -> Line {
    Line { name, arguments, returns, strict: true, call }
}

/// One argument of one row.
#[derive(Debug, Clone, PartialEq)]
enum Arg {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Arg>),
}

impl Arg {
    /// An object id, given as a number or as digits.
    fn oid(&self) -> Option<Oid> {
        match self {
            Arg::Int(number) => Oid::try_from(*number).ok(),
            Arg::Text(text) => text.trim().parse().ok(),
            Arg::Null | Arg::Bool(_) | Arg::List(_) => None,
        }
    }

    fn int(&self) -> Option<i64> {
        match self {
            Arg::Int(number) => Some(*number),
            Arg::Text(text) => text.trim().parse().ok(),
            Arg::Null | Arg::Bool(_) | Arg::List(_) => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Arg::Null | Arg::List(_) => String::new(),
            Arg::Bool(value) => value.to_string(),
            Arg::Int(number) => number.to_string(),
            Arg::Text(text) => text.clone(),
        }
    }

    fn is_true(&self) -> bool {
        match self {
            Arg::Bool(value) => *value,
            Arg::Text(text) => matches!(text.as_str(), "t" | "true" | "on"),
            Arg::Null | Arg::Int(_) | Arg::List(_) => false,
        }
    }

    /// The id of a relation given by id or by name.
    fn relation(&self, world: &World<'_>) -> crate::error::Result<Oid> {
        match self.oid() {
            Some(oid) => Ok(oid),
            None => {
                let text = self.text();
                world
                    .find_relation(&name_parts(&text))
                    .ok_or_else(|| Error::new(Kind::UndefinedTable, format!("relation \"{text}\" does not exist")))
            }
        }
    }
}

/// Argument `at`, or NULL when it was not given.
fn arg(args: &[Arg], at: usize) -> &Arg {
    args.get(at).unwrap_or(&Arg::Null)
}

/// Every line of every table.
fn lines() -> impl Iterator<Item = &'static Line> {
    let tables: [&'static [Line]; 6] =
        [&acl::LINES, &definitions::LINES, &privileges::LINES, &registered::LINES, &state::LINES, &told::LINES];
    tables.into_iter().flatten()
}

/// The catalog functions' names, of those that can be typed.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    lines().chain(&effects::LINES).map(|line| line.name).filter(|name| !name.contains(' '))
}

/// Whether the function of this name does something beside answering.
pub(super) fn has_effect(name: &str) -> bool {
    effects::LINES.iter().any(|line| line.name == name)
}

/// The catalog function of this name for this session.
pub(super) fn function(name: &str, facts: &Arc<SessionFacts>) -> Option<Arc<ScalarUDF>> {
    let effect = effects::LINES.iter().find(|line| line.name == name);
    let line = effect.or_else(|| lines().find(|line| line.name == name))?;
    let volatility = if effect.is_some() { Volatility::Volatile } else { Volatility::Stable };
    let signature = Signature::one_of(vec![TypeSignature::Nullary, TypeSignature::VariadicAny], volatility);
    Some(Arc::new(ScalarUDF::new_from_impl(CatalogFunction { line, facts: facts.clone(), signature })))
}

struct CatalogFunction {
    line: &'static Line,
    facts: Arc<SessionFacts>,
    signature: Signature,
}

impl std::fmt::Debug for CatalogFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CatalogFunction").field("name", &self.line.name).finish_non_exhaustive()
    }
}

impl PartialEq for CatalogFunction {
    fn eq(&self, other: &Self) -> bool {
        self.line.name == other.line.name && Arc::ptr_eq(&self.facts, &other.facts)
    }
}

impl Eq for CatalogFunction {}

impl Hash for CatalogFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.line.name.hash(state);
    }
}

impl ScalarUDFImpl for CatalogFunction {
    fn name(&self) -> &str {
        self.line.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.line.returns.sql_type().arrow())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let (fewest, most) = self.line.arguments;
        if !(fewest..=most).contains(&args.arg_fields.len()) {
            let given = args.arg_fields.len();
            let error =
                Error::new(Kind::UndefinedFunction, format!("function {} with {given} arguments does not exist", self.name()));
            return Err(wrap(error.with_hint(format!("It takes {fewest} to {most} arguments."))));
        }
        Ok(Arc::new(self.line.returns.sql_type().field(self.name(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        // Of no rows nothing is asked, which might fail.
        if args.number_rows == 0 {
            return Ok(ColumnarValue::Array(new_empty_array(args.return_field.data_type())));
        }
        let scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let count = if scalar { 1 } else { args.number_rows };
        let columns = args.args.iter().map(|arg| Column::new(&arg.to_array(count)?)).collect::<Result<Vec<_>>>()?;
        let returns = SqlType::of_field(&args.return_field);
        let world = World::new(&self.facts.visible, &self.facts);
        let style = &self.facts.style;
        let mut output = ColumnBuilder::new(&returns, count);
        for row in 0..count {
            let row: Vec<Arg> = columns.iter().map(|column| column.get(row)).collect();
            let cell = if self.line.strict && row.contains(&Arg::Null) {
                Cell::Null
            } else {
                (self.line.call)(&world, &row).map_err(wrap)?
            };
            cell.append(&mut output, style).map_err(wrap)?;
        }
        let output = output.finish();
        if !scalar {
            return Ok(ColumnarValue::Array(output));
        }
        Ok(ColumnarValue::Scalar(only_value(&output)?))
    }
}

/// One argument's column in one of few forms.
enum Column {
    Bool(ArrayRef),
    Int(ArrayRef),
    Text(ArrayRef),
    /// Lists, and what they hold.
    List(ArrayRef, Box<Column>),
    /// NULLs, and types that no catalog function looks into.
    Other,
}

impl Column {
    fn new(array: &ArrayRef) -> Result<Column> {
        let data_type = array.data_type();
        Ok(if *data_type == DataType::Boolean {
            Column::Bool(array.clone())
        } else if data_type.is_numeric() {
            Column::Int(cast(array, &DataType::Int64)?)
        } else if data_type.is_string() {
            Column::Text(cast(array, &DataType::Utf8View)?)
        } else if let Some(lists) = array.as_list_opt::<i32>() {
            Column::List(array.clone(), Box::new(Column::new(lists.values())?))
        } else {
            Column::Other
        })
    }

    fn get(&self, row: usize) -> Arg {
        match self {
            Column::Bool(array) if array.is_valid(row) => Arg::Bool(array.as_boolean().value(row)),
            Column::Int(array) if array.is_valid(row) => Arg::Int(array.as_primitive::<Int64Type>().value(row)),
            Column::Text(array) if array.is_valid(row) => Arg::Text(array.as_string_view().value(row).to_owned()),
            Column::List(array, elements) if array.is_valid(row) => {
                let offsets = array.as_list::<i32>().value_offsets();
                let at = |row: usize| offsets.get(row).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0);
                Arg::List((at(row)..at(row + 1)).map(|element| elements.get(element)).collect())
            }
            Column::Bool(_) | Column::Int(_) | Column::Text(_) | Column::List(..) | Column::Other => Arg::Null,
        }
    }
}
