//! Legal holds, compiled: which rows they keep, and who goes on seeing what they keep.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{BooleanArray, RecordBatch};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::PhysicalExpr;

use super::Guard;
use super::rules::{Condition, compiled, holds};
use super::term::Term;
use crate::catalog::Oid;
use crate::policy::Standing;

/// A legal hold, compiled.
#[derive(Debug, Clone)]
pub struct HoldRule {
    pub name: String,
    /// Over the table's columns, as a retention policy's.
    pub condition: Option<Term>,
    /// The roles that see expired rows that it keeps.
    pub roles: Vec<Oid>,
}

/// For whom rows are judged.
#[derive(Debug, Clone, Copy)]
pub enum Viewer<'a> {
    /// To a reader an expired row is there if a hold that keeps it names a role behind it, and one behind whoever gets the answer: what a
    /// view that reads with its owner's rights shows to others is no more than they may see.
    Reader { rights: &'a Standing, answered: &'a Standing },
    /// The store, in which a row stays if any hold keeps it.
    Store,
}

impl Viewer<'_> {
    /// Whether what a hold keeps is there for it.
    pub(super) fn regards(self, hold: &HoldRule) -> bool {
        match self {
            Viewer::Reader { rights, answered } => {
                let named = |standing: &Standing| hold.roles.iter().any(|role| standing.inherited.contains(role));
                named(rights) && named(answered)
            }
            Viewer::Store => true,
        }
    }
}

/// Holds over one layout of columns, their look-ups done.
pub struct Holds {
    schema: SchemaRef,
    conditions: Vec<Option<Arc<dyn PhysicalExpr>>>,
    /// The conditions with what they looked up, by which two of these are compared.
    known: Vec<Option<Expr>>,
}

impl fmt::Debug for Holds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holds").field("conditions", &self.known).finish_non_exhaustive()
    }
}

impl Holds {
    /// Does the holds' look-ups.
    ///
    /// # Errors
    /// Whatever a look-up fails with.
    pub async fn new(
        rules: impl IntoIterator<Item = &HoldRule>,
        state: &dyn Session,
        guard: &Guard,
        schema: &SchemaRef,
    ) -> Result<Holds> {
        let mut holds = Holds { schema: schema.clone(), conditions: vec![], known: vec![] };
        for rule in rules {
            let known = match &rule.condition {
                Some(condition) => Some(condition.known(state, guard).await?),
                None => None,
            };
            holds.conditions.push(known.clone().map(|known| compiled(known, state, schema)).transpose()?);
            holds.known.push(known);
        }
        Ok(holds)
    }

    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether one of them is on every row.
    pub(super) fn hold_all(&self) -> bool {
        self.conditions.iter().any(Option::is_none)
    }

    /// Whether they keep the same rows as others.
    pub(super) fn are(&self, other: &Holds) -> bool {
        self.known == other.known
    }

    /// Which rows are held.
    ///
    /// # Errors
    /// Whatever a condition fails with.
    pub fn held(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let mut held = BooleanBuffer::new_unset(batch.num_rows());
        for condition in &self.conditions {
            match holds(condition.as_ref(), batch, &self.schema)? {
                Condition::Always => return Ok(BooleanArray::new(BooleanBuffer::new_set(batch.num_rows()), None)),
                Condition::For(rows) => held = &held | &rows,
            }
        }
        Ok(BooleanArray::new(held, None))
    }
}
