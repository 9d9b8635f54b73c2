//! What comparing a value with the values of a query tells: `x IN (SELECT …)`, `x < ALL (SELECT …)`.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Operator;

use crate::error::{Error, Kind};
use crate::query::errors::wrap;

/// The values of a query, and how others are compared with them.
#[derive(Debug, Clone)]
pub(super) struct Values {
    values: ArrayRef,
    op: Operator,
    /// Whether all comparisons must hold, and not one of them.
    all: bool,
    negated: bool,
    /// What finds a value without comparing it with all, where equality decides.
    known: Option<Arc<HashSet<ScalarValue>>>,
}

impl Values {
    pub(super) fn new(values: ArrayRef, op: Operator, all: bool, negated: bool) -> Result<Values> {
        // Floating point has values that are equal and not the same.
        let same = op == Operator::Eq && !all && !values.data_type().is_floating();
        let valid = || (0..values.len()).filter(|row| values.is_valid(*row));
        let known = if same {
            Some(Arc::new(valid().map(|row| ScalarValue::try_from_array(&values, row)).collect::<Result<_>>()?))
        } else {
            None
        };
        Ok(Values { values, op, all, negated, known })
    }

    /// What comparing one value tells; NULL where a NULL leaves it open.
    pub(super) fn compare(&self, value: &ScalarValue) -> Result<ScalarValue> {
        let Values { values, op, all, negated, known } = self;
        if value.is_null() {
            return Ok(ScalarValue::Boolean(values.is_empty().then_some(all != negated)));
        }
        if let Some(known) = known {
            let found = known.contains(&value.cast_to(values.data_type())?);
            let open = !found && values.null_count() > 0;
            return Ok(ScalarValue::Boolean(if open { None } else { Some(found != *negated) }));
        }
        for row in (0..values.len()).filter(|row| values.is_valid(*row)) {
            let other = ScalarValue::try_from_array(values, row)?;
            let order = value.cast_to(&other.data_type())?.try_cmp(&other)?;
            let holds = match op {
                Operator::Eq => order.is_eq(),
                Operator::NotEq => order.is_ne(),
                Operator::Lt => order.is_lt(),
                Operator::LtEq => order.is_le(),
                Operator::Gt => order.is_gt(),
                Operator::GtEq => order.is_ge(),
                _ => return Err(wrap(Error::new(Kind::FeatureNotSupported, format!("{op} with a sub-query is not supported")))),
            };
            if holds != *all {
                return Ok(ScalarValue::Boolean(Some(holds != *negated)));
            }
        }
        Ok(ScalarValue::Boolean(if values.null_count() > 0 { None } else { Some(all != negated) }))
    }
}
