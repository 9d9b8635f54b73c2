//! What the guard does to every row of a table before a statement sees it: hide what has expired, but for whom a legal hold names, and
//! what row policies and masks ([`super::protection`]) hide.
//!
//! The query room compiles a table's policies to [`Rules`] once. Each statement turns them into a [`Sieve`] over the columns that it
//! reads: look-ups in reference tables become plain lists of values then, as they stand in the statement's own snapshot.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BooleanArray, BooleanBufferBuilder, RecordBatch, RecordBatchOptions};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, Result, internal_err};
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::PhysicalExpr;

use super::Guard;
use super::holds::{HoldRule, Holds, Viewer};
use super::lookups::unqualified;
use super::protection::{MaskRule, RowRules};
use super::term::Term;
use crate::catalog::Keep;
use crate::clock::Micros;
use crate::scan::Apart;

/// A table's rules, compiled. The same for every statement of one epoch of the catalog.
#[derive(Debug, Default)]
pub struct Rules {
    /// In order of name: the first whose condition is true decides.
    pub retention: Vec<RetentionRule>,
    /// They matter to rows that have expired alone.
    pub holds: Vec<HoldRule>,
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
    pub condition: Option<Term>,
    pub keep: Keep,
}

impl Rules {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.retention.is_empty() && self.rows.is_none() && self.masks.is_empty()
    }

    /// What row policies and masks say.
    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        let rows = self.rows.iter().flat_map(|rows| &rows.0).flat_map(|rule| rule.using.iter().chain(&rule.check));
        rows.chain(self.masks.iter().map(|mask| &mask.value))
    }

    fn holds_for(&self, viewer: Viewer<'_>) -> impl Iterator<Item = &HoldRule> {
        self.holds.iter().filter(move |hold| viewer.regards(hold))
    }

    /// The columns that retention looks at for a viewer, beside the one that tells the time.
    pub fn columns(&self, viewer: Viewer<'_>) -> BTreeSet<String> {
        let policies = self.retention.iter().filter_map(|rule| rule.condition.as_ref());
        let holds = self.holds_for(viewer).filter_map(|hold| hold.condition.as_ref());
        policies.chain(holds).flat_map(|term| term.expr().column_refs()).map(|column| column.name.clone()).collect()
    }

    /// The time up to which no row is there for a viewer, whatever else it says; `None` while some rows may be.
    pub(super) fn gone_by(&self, now: Micros, viewer: Viewer<'_>) -> Option<Micros> {
        if self.holds_for(viewer).next().is_some() {
            return None;
        }
        let all = self.retention.iter().position(|rule| rule.condition.is_none())?;
        self.retention[..=all].iter().map(|rule| rule.keep.horizon(now)).min()
    }

    /// Which rows must be judged one by one: all where more than retention looks at the time, and those that expire about now.
    pub(super) fn apart(&self, now: Micros, time_is_looked_at: bool) -> Apart {
        /// A statement that counts rows runs no longer than this.
        const WHILE: Micros = 2 * 3_600_000_000;
        if time_is_looked_at || self.is_volatile() {
            return Apart::All;
        }
        let horizons = self.retention.iter().map(|rule| rule.keep.horizon(now));
        Apart::Times(horizons.map(|horizon| horizon.saturating_sub(WHILE)..horizon.saturating_add(WHILE)).collect())
    }

    /// Whether one of the rules can say something else of the same row.
    fn is_volatile(&self) -> bool {
        let conditions = self.retention.iter().filter_map(|rule| rule.condition.as_ref());
        let holds = self.holds.iter().filter_map(|hold| hold.condition.as_ref());
        self.terms().chain(conditions).chain(holds).any(|term| term.expr().is_volatile())
    }

    /// The rules over rows of this layout as they are for a viewer, their look-ups done.
    ///
    /// # Errors
    /// Whatever a look-up fails with.
    pub async fn sieve(&self, state: &dyn Session, guard: &Guard, layout: &Layout, viewer: Viewer<'_>) -> Result<Sieve> {
        let mut rules = Vec::with_capacity(self.retention.len());
        for rule in &self.retention {
            let known = match &rule.condition {
                Some(condition) => Some(condition.known(state, guard).await?),
                None => None,
            };
            let condition = known.clone().map(|known| compiled(known, state, &layout.schema)).transpose()?;
            rules.push(SievedRule { name: rule.name.clone(), known, condition, keep: rule.keep });
        }
        let holds = Holds::new(self.holds_for(viewer), state, guard, &layout.schema).await?;
        Ok(Sieve { schema: layout.schema.clone(), time: layout.time, rules, holds })
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
    /// Those that keep expired rows for the viewer.
    holds: Holds,
}

struct SievedRule {
    name: String,
    /// The condition with what it looked up.
    known: Option<Expr>,
    condition: Option<Arc<dyn PhysicalExpr>>,
    keep: Keep,
}

impl fmt::Debug for Sieve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sieve").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

impl Sieve {
    /// Whether it lets the same rows through as another one at any time.
    pub fn is(&self, other: &Sieve) -> bool {
        let same = |(one, other): (&SievedRule, &SievedRule)| one.keep == other.keep && one.known == other.known;
        self.rules.len() == other.rules.len() && self.rules.iter().zip(&other.rules).all(same) && self.holds.are(&other.holds)
    }

    /// Which rows are there for the viewer: those that have not expired, and those that are held.
    ///
    /// # Errors
    /// Whatever a condition fails with.
    pub fn kept(&self, batch: &RecordBatch, now: Micros) -> Result<BooleanArray> {
        let lasting = self.lasting(batch, now)?;
        if self.holds.is_empty() || lasting.true_count() == lasting.len() {
            return Ok(lasting);
        }
        let mut held = self.held_among(batch, &BooleanArray::new(!lasting.values(), None))?.into_iter();
        let kept = lasting.values().iter().map(|lasts| lasts || held.next().unwrap_or(false));
        Ok(BooleanArray::new(kept.collect(), None))
    }

    /// Of some rows, whether each is held. Holds are asked about these alone: they may fail for others.
    fn held_among(&self, batch: &RecordBatch, rows: &BooleanArray) -> Result<Vec<bool>> {
        let expired = filter_record_batch(batch, rows)?;
        Ok(self.holds.held(&expired)?.values().iter().collect())
    }

    /// Which rows have not expired.
    fn lasting(&self, batch: &RecordBatch, now: Micros) -> Result<BooleanArray> {
        let horizons: Vec<Micros> = self.rules.iter().map(|rule| rule.keep.horizon(now)).collect();
        let times = self.times(batch)?;
        if let ([SievedRule { condition: None, .. }], 0) = (self.rules.as_slice(), times.null_count()) {
            return Ok(BooleanArray::from_unary(times, |time| time > horizons[0]));
        }
        let deciding = self.deciding(batch)?;
        let mut lasting = BooleanBufferBuilder::new(batch.num_rows());
        for (row, rule) in deciding.iter().enumerate() {
            // A row without a time is one of the statement's own transaction: it has not been recorded yet.
            lasting.append(rule.is_none_or(|rule| times.is_null(row) || times.value(row) > horizons[rule]));
        }
        Ok(BooleanArray::new(lasting.finish(), None))
    }

    /// The first row that is not there for the viewer, because it has expired already, with the name and the period of the policy that says so.
    ///
    /// # Errors
    /// As [`Sieve::kept`].
    pub fn first_expired(&self, batch: &RecordBatch, now: Micros) -> Result<Option<(usize, &str, Keep)>> {
        let kept = self.kept(batch, now)?;
        let Some(row) = (0..kept.len()).find(|row| !kept.value(*row)) else { return Ok(None) };
        let rule = self.deciding(&batch.slice(row, 1))?.first().copied().flatten();
        Ok(rule.map(|rule| (row, self.rules[rule].name.as_str(), self.rules[rule].keep)))
    }

    /// How many policies there are.
    pub fn policies(&self) -> usize {
        self.rules.len()
    }

    /// The time after which no row has expired.
    pub fn kept_after(&self, now: Micros) -> Micros {
        self.rules.iter().map(|rule| rule.keep.horizon(now)).max().unwrap_or(Micros::MIN)
    }

    /// What each policy decides about rows of which nothing is known but their number and the bounds of their times; `None` if that
    /// takes a look at them.
    pub fn tally_of(&self, rows: u64, (earliest, latest): (Micros, Micros), now: Micros) -> Option<Vec<Tally>> {
        let first = self.rules.first().filter(|rule| rule.condition.is_none())?;
        let horizon = first.keep.horizon(now);
        let mut tallies = vec![Tally::default(); self.rules.len()];
        tallies[0] = if earliest > horizon {
            Tally { kept: rows, next: earliest, ..Tally::default() }
        } else if latest > horizon {
            return None;
        } else if self.holds.is_empty() {
            Tally { expired: rows, oldest: earliest, ..Tally::default() }
        } else if self.holds.hold_all() {
            Tally { held: rows, ..Tally::default() }
        } else {
            return None;
        };
        Some(tallies)
    }

    /// Whether what was counted before is still so.
    pub fn holds_good(&self, tallies: &[Tally], now: Micros) -> bool {
        self.rules.iter().zip(tallies).all(|(rule, tally)| tally.next > rule.keep.horizon(now))
    }

    /// Adds up what each policy decides about the rows of a batch.
    ///
    /// # Errors
    /// As [`Sieve::kept`].
    pub fn tally(&self, batch: &RecordBatch, now: Micros, into: &mut [Tally]) -> Result<()> {
        let times = self.times(batch)?;
        let horizons: Vec<Micros> = self.rules.iter().map(|rule| rule.keep.horizon(now)).collect();
        let deciding = self.deciding(batch)?;
        let expired = |row: usize| deciding[row].filter(|rule| times.is_valid(row) && times.value(row) <= horizons[*rule]);
        let gone: BooleanArray = (0..batch.num_rows()).map(|row| Some(expired(row).is_some())).collect();
        let mut held = match self.holds.is_empty() {
            true => vec![],
            false => self.held_among(batch, &gone)?,
        }
        .into_iter();
        for (row, rule) in deciding.iter().enumerate() {
            let Some(tally) = rule.and_then(|rule| into.get_mut(rule)) else { continue };
            let time = if times.is_valid(row) { times.value(row) } else { Micros::MAX };
            if expired(row).is_none() {
                tally.kept += 1;
                tally.next = tally.next.min(time);
            } else if held.next().unwrap_or(false) {
                tally.held += 1;
            } else {
                tally.expired += 1;
                tally.oldest = tally.oldest.min(time);
            }
        }
        Ok(())
    }

    /// Which rule decides about each row.
    fn deciding(&self, batch: &RecordBatch) -> Result<Vec<Option<usize>>> {
        let mut deciding = vec![None; batch.num_rows()];
        let mut open = batch.num_rows();
        for (number, rule) in self.rules.iter().enumerate() {
            if open == 0 {
                break;
            }
            let holds = holds(rule.condition.as_ref(), batch, &self.schema)?;
            for (row, decided) in deciding.iter_mut().enumerate() {
                if decided.is_none() && holds.is_for(row) {
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

/// What one policy has decided about rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub kept: u64,
    /// Expired, and to be removed.
    pub expired: u64,
    /// Expired, and kept by a hold.
    pub held: u64,
    /// The earliest time among those to be removed; the end of time if there is none.
    pub oldest: Micros,
    /// The earliest time among those that are kept, which expires next; the end of time if there is none.
    pub next: Micros,
}

impl Default for Tally {
    fn default() -> Self {
        Tally { kept: 0, expired: 0, held: 0, oldest: Micros::MAX, next: Micros::MAX }
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.kept += other.kept;
        self.expired += other.expired;
        self.held += other.held;
        self.oldest = self.oldest.min(other.oldest);
        self.next = self.next.min(other.next);
    }
}

/// For which rows a condition is true.
pub(super) enum Condition {
    Always,
    For(BooleanBuffer),
}

impl Condition {
    fn is_for(&self, row: usize) -> bool {
        match self {
            Condition::Always => true,
            Condition::For(rows) => rows.value(row),
        }
    }
}

/// Works a condition out; there being none is true for every row, and unknown is not true.
pub(super) fn holds(condition: Option<&Arc<dyn PhysicalExpr>>, batch: &RecordBatch, schema: &SchemaRef) -> Result<Condition> {
    let Some(condition) = condition else { return Ok(Condition::Always) };
    // Callers' batches may carry stored names; conditions know columns by their place.
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let batch = RecordBatch::try_new_with_options(schema.clone(), batch.columns().to_vec(), &options)?;
    let array = condition.evaluate(&batch)?.into_array(batch.num_rows())?;
    let Some(booleans) = array.as_boolean_opt() else {
        return internal_err!("a policy yielded {} instead of booleans", array.data_type());
    };
    Ok(Condition::For(match booleans.nulls() {
        Some(known) => booleans.values() & known.inner(),
        None => booleans.values().clone(),
    }))
}

/// A condition whose look-ups are done, over columns of this schema.
pub(super) fn compiled(known: Expr, state: &dyn Session, schema: &SchemaRef) -> Result<Arc<dyn PhysicalExpr>> {
    let schema = DFSchema::try_from(schema.as_ref().clone())?;
    state.create_physical_expr(unqualified(known)?, &schema)
}
