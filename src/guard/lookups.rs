//! What the rules of a table look up in other tables: worked out once for a statement, at its own snapshot.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, new_empty_array};
use datafusion::arrow::compute::{concat, sort};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::metadata::FieldMetadata;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, ScalarValue, internal_err, not_impl_err};
use datafusion::logical_expr::expr::InSubquery;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Subquery, Volatility, lit,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{Column, InListExpr};
use datafusion::physical_plan::collect;

use super::{Guard, plans};

/// Values that one look-up may yield; each is kept in memory while the statement runs.
const VALUES_MAX: usize = 1_000_000;

/// More values than this are not listed one by one, where they could prune files, but looked up by their hashes.
const LISTED_MAX: usize = 1_000;

/// The expression with values in the place of each sub-query, and about how many bytes they take.
pub(super) async fn with_values(condition: Expr, state: &dyn Session, guard: &Guard) -> Result<(Expr, usize)> {
    let mut lookups: Vec<Subquery> = Vec::new();
    condition.apply(|inner| {
        if let Expr::InSubquery(InSubquery { subquery, .. }) | Expr::ScalarSubquery(subquery) = inner {
            lookups.push(subquery.clone());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    let mut known = Vec::with_capacity(lookups.len());
    for lookup in &lookups {
        known.push(values(&lookup.subquery, state, guard).await?);
    }
    let bytes = known.iter().map(bytes).sum();
    let mut known = known.into_iter();
    let mut next =
        || known.next().ok_or_else(|| DataFusionError::Internal("a policy has more look-ups than were found".to_owned()));
    let replaced = condition.transform_down(|inner| match inner {
        Expr::InSubquery(InSubquery { expr, negated, .. }) => Ok(Transformed::yes(within(*expr, &next()?, negated)?)),
        Expr::ScalarSubquery(subquery) => {
            let values = next()?;
            let field = subquery.subquery.schema().field(0).clone();
            let value = match values.len() {
                0 => ScalarValue::try_from(field.data_type())?,
                1 => ScalarValue::try_from_array(&values, 0)?,
                _ => return not_impl_err!("more than one row returned by a subquery used as an expression"),
            };
            Ok(Transformed::yes(Expr::Literal(value, Some(FieldMetadata::from(field.as_ref())))))
        }
        Expr::Exists(_) | Expr::SetComparison(_) => {
            not_impl_err!("a policy looks values up by column IN (SELECT ...) only")
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok((replaced.data, bytes))
}

/// About what values take in an expression: the literals that list them, or the hashes beside them.
fn bytes(values: &ArrayRef) -> usize {
    let each = if values.len() <= LISTED_MAX { size_of::<Expr>() + size_of::<ScalarValue>() } else { 32 };
    2 * values.get_array_memory_size() + each * values.len()
}

/// `expr [NOT] IN (values)`.
fn within(expr: Expr, values: &ArrayRef, negated: bool) -> Result<Expr> {
    if values.len() <= LISTED_MAX {
        let listed = (0..values.len()).map(|row| ScalarValue::try_from_array(values, row).map(lit));
        return Ok(expr.in_list(listed.collect::<Result<Vec<_>>>()?, negated));
    }
    Ok(ScalarUDF::new_from_impl(Members::new(values, negated)?).call(vec![expr]))
}

/// The values that a query over reference tables yields at the statement's snapshot.
async fn values(query: &LogicalPlan, state: &dyn Session, guard: &Guard) -> Result<ArrayRef> {
    let plan = plans::reopened(query, guard).map_err(|error| DataFusionError::External(Box::new(error)))?;
    let physical = state.create_physical_plan(&plan).await?;
    let data_type = physical.schema().field(0).data_type().clone();
    let batches = collect(physical, state.task_ctx()).await?;
    if batches.iter().map(RecordBatch::num_rows).sum::<usize>() > VALUES_MAX {
        return not_impl_err!("a policy's look-up yields more than {VALUES_MAX} values");
    }
    let columns: Vec<_> = batches.iter().filter_map(|batch| batch.columns().first().map(AsRef::as_ref)).collect();
    let found = if columns.is_empty() { new_empty_array(&data_type) } else { concat(&columns)? };
    // In one order, whatever order they were found in, so that two look-ups can be compared.
    if data_type.is_nested() { Ok(found) } else { Ok(sort(&found, None)?) }
}

/// The expression with its columns known by name alone.
pub(super) fn unqualified(expr: Expr) -> Result<Expr> {
    let transformed = expr.transform(|inner| match inner {
        Expr::Column(column) => {
            Ok(Transformed::yes(Expr::Column(datafusion::common::Column::new_unqualified(column.name.clone()))))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(transformed.data)
}

/// Whether a value is one of many, as a function: DataFusion's own list of as many literals is slow to plan.
#[derive(Debug)]
struct Members {
    values: ArrayRef,
    negated: bool,
    /// Of a batch of one column.
    test: InListExpr,
    schema: SchemaRef,
    signature: Signature,
}

impl Members {
    fn new(values: &ArrayRef, negated: bool) -> Result<Members> {
        let schema = Arc::new(Schema::new(vec![Field::new("value", values.data_type().clone(), true)]));
        let test = InListExpr::try_new_from_array(Arc::new(Column::new("value", 0)), values.clone(), negated, &schema)?;
        let signature = Signature::exact(vec![values.data_type().clone()], Volatility::Immutable);
        let values = values.clone();
        Ok(Members { values, negated, test, schema, signature })
    }
}

impl PartialEq for Members {
    fn eq(&self, other: &Self) -> bool {
        self.negated == other.negated && self.values.as_ref() == other.values.as_ref()
    }
}

impl Eq for Members {}

impl Hash for Members {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.values.len().hash(state);
    }
}

impl ScalarUDFImpl for Members {
    fn name(&self) -> &str {
        "is_member"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let Some(value) = args.args.into_iter().next() else { return internal_err!("is_member lacks its argument") };
        let batch = RecordBatch::try_new(self.schema.clone(), vec![value.into_array(rows)?])?;
        self.test.evaluate(&batch)
    }
}
