//! Paths into documents, as physical expressions say them: `details -> 'error' ->> 'code'`.

use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::common::ScalarValue;
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use crate::store::spec::{ColumnSpec, TableSpec};
use crate::value::SqlType;
use crate::value::json::path::{Step, listed};

/// The column of `jsonb` and the way into it, if an expression over stored names is the text there.
pub(super) fn text<'a>(value: &Arc<dyn PhysicalExpr>, spec: &'a TableSpec) -> Option<(&'a ColumnSpec, Vec<Step>)> {
    let call = value.downcast_ref::<ScalarFunctionExpr>().filter(|call| ["->>", "#>>"].contains(&call.name()))?;
    led(call, spec)
}

fn part<'a>(value: &Arc<dyn PhysicalExpr>, spec: &'a TableSpec) -> Option<(&'a ColumnSpec, Vec<Step>)> {
    if let Some(named) = value.downcast_ref::<Column>() {
        let column = spec.columns.iter().find(|column| column.field.name() == named.name())?;
        return (SqlType::of_field(&column.field) == SqlType::Jsonb).then(|| (column, vec![]));
    }
    let call = value.downcast_ref::<ScalarFunctionExpr>().filter(|call| ["->", "#>"].contains(&call.name()))?;
    led(call, spec)
}

fn led<'a>(call: &ScalarFunctionExpr, spec: &'a TableSpec) -> Option<(&'a ColumnSpec, Vec<Step>)> {
    let [document, way] = call.args() else { return None };
    let (column, mut steps) = part(document, spec)?;
    steps.extend(steps_of(call.name(), way.downcast_ref::<Literal>()?.value())?);
    Some((column, steps))
}

/// The steps that a constant on the right of an operator means.
pub fn steps_of(operator: &str, way: &ScalarValue) -> Option<Vec<Step>> {
    if let Some(text) = way.try_as_str() {
        return if operator.starts_with('#') { listed(text?) } else { Some(vec![Step::Key(text?.to_owned())]) };
    }
    match way {
        ScalarValue::Int16(Some(index)) => Some(vec![Step::Element(i32::from(*index))]),
        ScalarValue::Int32(Some(index)) => Some(vec![Step::Element(*index)]),
        ScalarValue::Int64(Some(index)) => Some(vec![Step::Element(i32::try_from(*index).ok()?)]),
        ScalarValue::List(list) => {
            let keys = list.value(0);
            keys.as_string_view_opt()?.iter().map(|key| Some(Step::Either(key?.to_owned()))).collect()
        }
        _ => None,
    }
}
