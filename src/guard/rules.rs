//! What the guard does to every row of a table before a statement sees it: hide what has expired, and what row policies and masks
//! ([`super::protection`]) hide.
//!
//! The query room compiles a table's policies to [`Rules`] once. Each statement turns them into a [`Sieve`] over the columns that it
//! reads: look-ups in reference tables become plain lists of values then, as they stand in the statement's own snapshot.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch};
use datafusion::arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, Result, internal_err};
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::PhysicalExpr;

use super::Guard;
use super::lookups::{unqualified, with_values};
use super::protection::{MaskRule, RowRules};
use crate::catalog::Keep;
use crate::clock::Micros;

/// A table's rules, compiled. The same for every statement of one epoch of the catalog.
#[derive(Debug, Default)]
pub struct Rules {
    /// In order of name: the first whose condition is true decides.
    pub retention: Vec<RetentionRule>,
    /// `None` where row policies are not about the reader.
    pub rows: Option<RowRules>,
    /// In the order in which they are applied.
    pub masks: Vec<MaskRule>,
    /// Whether they say the same to a later statement of the same reader by the same catalog.
    pub lasting: bool,
}

/// A retention policy, compiled.
#[derive(Debug)]
pub struct RetentionRule {
    pub name: String,
    /// Over the table's columns; it may hold sub-queries, which name no column of the table.
    pub condition: Option<Expr>,
    pub keep: Keep,
}

impl Rules {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.retention.is_empty() && self.rows.is_none() && self.masks.is_empty()
    }

    /// The columns that retention looks at, beside the one that tells the time.
    pub(super) fn columns(&self) -> BTreeSet<String> {
        let conditions = self.retention.iter().filter_map(|rule| rule.condition.as_ref());
        conditions.flat_map(Expr::column_refs).map(|column| column.name.clone()).collect()
    }

    /// The time up to which every row has expired, whatever else it says; `None` while some rows are kept for ever.
    pub(super) fn expired_by(&self, now: Micros) -> Option<Micros> {
        let all = self.retention.iter().position(|rule| rule.condition.is_none())?;
        self.retention[..=all].iter().map(|rule| rule.keep.horizon(now)).min()
    }

    /// The time after which no row has expired.
    pub fn kept_after(&self, now: Micros) -> Micros {
        self.retention.iter().map(|rule| rule.keep.horizon(now)).max().unwrap_or(Micros::MIN)
    }

    /// The rules over rows of this layout, their look-ups done.
    ///
    /// # Errors
    /// Whatever a look-up fails with.
    pub async fn sieve(&self, state: &dyn Session, guard: &Guard, layout: &Layout) -> Result<Sieve> {
        let schema = DFSchema::try_from(layout.schema.as_ref().clone())?;
        let mut rules = Vec::with_capacity(self.retention.len());
        for rule in &self.retention {
            let condition = match &rule.condition {
                Some(condition) => {
                    let known = with_values(condition.clone(), state, guard).await?;
                    Some(state.create_physical_expr(unqualified(known)?, &schema)?)
                }
                None => None,
            };
            rules.push(SievedRule { name: rule.name.clone(), condition, keep: rule.keep });
        }
        Ok(Sieve { schema: layout.schema.clone(), time: layout.time, rules })
    }
}

/// Which columns a batch has, and which of them tells the time of its rows.
#[derive(Debug, Clone)]
pub struct Layout {
    pub schema: SchemaRef,
    pub time: usize,
}

/// Rules over one layout of columns.
pub struct Sieve {
    schema: SchemaRef,
    time: usize,
    rules: Vec<SievedRule>,
}

struct SievedRule {
    name: String,
    condition: Option<Arc<dyn PhysicalExpr>>,
    keep: Keep,
}

impl fmt::Debug for Sieve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sieve").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

impl Sieve {
    /// Which rows have not expired.
    ///
    /// # Errors
    /// Whatever a condition fails with.
    pub fn kept(&self, batch: &RecordBatch, now: Micros) -> Result<BooleanArray> {
        let horizons: Vec<Micros> = self.rules.iter().map(|rule| rule.keep.horizon(now)).collect();
        let times = self.times(batch)?;
        if let ([SievedRule { condition: None, .. }], 0) = (self.rules.as_slice(), times.null_count()) {
            return Ok(BooleanArray::from_unary(times, |time| time > horizons[0]));
        }
        let deciding = self.deciding(batch)?;
        let mut kept = BooleanBufferBuilder::new(batch.num_rows());
        for (row, rule) in deciding.iter().enumerate() {
            // A row without a time is one of the statement's own transaction: it has not been recorded yet.
            kept.append(rule.is_none_or(|rule| times.is_null(row) || times.value(row) > horizons[rule]));
        }
        Ok(BooleanArray::new(kept.finish(), None))
    }

    /// The first row that has expired already, with the name and the period of the policy that says so.
    ///
    /// # Errors
    /// As [`Sieve::kept`].
    pub fn first_expired(&self, batch: &RecordBatch, now: Micros) -> Result<Option<(usize, &str, Keep)>> {
        let kept = self.kept(batch, now)?;
        let Some(row) = (0..kept.len()).find(|row| !kept.value(*row)) else { return Ok(None) };
        let rule = self.deciding(&batch.slice(row, 1))?.first().copied().flatten();
        Ok(rule.map(|rule| (row, self.rules[rule].name.as_str(), self.rules[rule].keep)))
    }

    /// How many rows each policy has let expire, and counts those that it keeps as well: `(kept, expired)` by policy.
    ///
    /// # Errors
    /// As [`Sieve::kept`].
    pub fn tally(&self, batch: &RecordBatch, now: Micros, into: &mut [(u64, u64)]) -> Result<()> {
        let times = self.times(batch)?.clone();
        let horizons: Vec<Micros> = self.rules.iter().map(|rule| rule.keep.horizon(now)).collect();
        for (row, rule) in self.deciding(batch)?.into_iter().enumerate() {
            let Some(rule) = rule else { continue };
            let expired = times.is_valid(row) && times.value(row) <= horizons[rule];
            let (kept, gone) = &mut into[rule];
            *(if expired { gone } else { kept }) += 1;
        }
        Ok(())
    }

    /// Which rule decides about each row.
    fn deciding(&self, batch: &RecordBatch) -> Result<Vec<Option<usize>>> {
        let mut deciding = vec![None; batch.num_rows()];
        let mut open = batch.num_rows();
        // Callers' batches may carry stored names; conditions know columns by their place.
        let batch = RecordBatch::try_new_with_options(
            self.schema.clone(),
            batch.columns().to_vec(),
            &datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows())),
        )?;
        for (number, rule) in self.rules.iter().enumerate() {
            if open == 0 {
                break;
            }
            let holds = match &rule.condition {
                Some(condition) => {
                    let array = condition.evaluate(&batch)?.into_array(batch.num_rows())?;
                    match array.as_boolean_opt() {
                        Some(booleans) => Some(booleans.clone()),
                        None => return internal_err!("a policy yielded {} instead of booleans", array.data_type()),
                    }
                }
                None => None,
            };
            for (row, decided) in deciding.iter_mut().enumerate() {
                let holds = holds.as_ref().is_none_or(|holds| holds.is_valid(row) && holds.value(row));
                if decided.is_none() && holds {
                    *decided = Some(number);
                    open -= 1;
                }
            }
        }
        Ok(deciding)
    }

    fn times<'a>(&self, batch: &'a RecordBatch) -> Result<&'a datafusion::arrow::array::TimestampMicrosecondArray> {
        match batch.columns().get(self.time).and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>()) {
            Some(times) => Ok(times),
            None => internal_err!("a sieve was given rows without their time"),
        }
    }
}
