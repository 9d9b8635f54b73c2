//! Row policies and masks at work: which rows a batch keeps, what its masked columns show, and which rows may be written.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::{and, cast, filter_record_batch, prep_null_mask_filter};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, DataFusionError, Result, internal_err};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, lit};
use datafusion::physical_expr::PhysicalExpr;

use super::Guard;
use super::holds::Viewer;
use super::lookups::unqualified;
use super::rules::{Layout, Rules, Sieve};
use super::term::Term;
use crate::catalog::PolicyCommand;
use crate::clock::Micros;
use crate::error::{Error, Kind};

/// The row policies of a table that are about one reader, compiled.
#[derive(Debug)]
pub struct RowRules(pub Vec<RowRule>);

/// A row policy, compiled.
#[derive(Debug)]
pub struct RowRule {
    pub name: String,
    pub restrictive: bool,
    pub command: PolicyCommand,
    pub using: Option<Term>,
    pub check: Option<Term>,
}

/// A masking policy that is about one reader, compiled: the value that a column shows.
#[derive(Debug, Clone)]
pub struct MaskRule {
    pub column: String,
    pub value: Term,
}

impl RowRules {
    fn of(&self, command: PolicyCommand, restrictive: bool) -> impl Iterator<Item = &RowRule> {
        let is_about = move |rule: &&RowRule| rule.command == PolicyCommand::All || rule.command == command;
        self.0.iter().filter(is_about).filter(move |rule| rule.restrictive == restrictive)
    }

    /// The commands whose policies are about a row that a command reads: what is changed is read first.
    fn commands(command: PolicyCommand) -> &'static [PolicyCommand] {
        match command {
            PolicyCommand::Update => &[PolicyCommand::Update, PolicyCommand::Select],
            PolicyCommand::Delete => &[PolicyCommand::Delete, PolicyCommand::Select],
            PolicyCommand::All => &[PolicyCommand::All],
            PolicyCommand::Select => &[PolicyCommand::Select],
            PolicyCommand::Insert => &[PolicyCommand::Insert],
        }
    }

    /// The columns that they look at when a command reads rows.
    fn columns(&self, command: PolicyCommand) -> impl Iterator<Item = String> {
        let concerned = |command: &PolicyCommand| self.of(*command, false).chain(self.of(*command, true));
        let terms = Self::commands(command).iter().flat_map(concerned).filter_map(|rule| rule.using.as_ref());
        terms.flat_map(|term| term.expr().column_refs()).map(|column| column.name.clone())
    }

    /// What must be true of a row that a command reads: one permissive policy, and every restrictive one. Nothing is let through where no
    /// policy lets it through.
    async fn visible(&self, command: PolicyCommand, state: &dyn Session, guard: &Guard) -> Result<Expr> {
        let mut visible = Vec::new();
        for command in Self::commands(command) {
            let mut permitted = Vec::new();
            for rule in self.of(*command, false) {
                permitted.push(known(rule.using.as_ref(), state, guard).await?);
            }
            visible.push(permitted.into_iter().reduce(Expr::or).unwrap_or_else(|| lit(false)));
            for rule in self.of(*command, true) {
                visible.push(known(rule.using.as_ref(), state, guard).await?);
            }
        }
        Ok(visible.into_iter().reduce(Expr::and).unwrap_or_else(|| lit(false)))
    }

    /// What must be true of a row that a command writes; the name is a restrictive policy's.
    async fn checks(&self, command: PolicyCommand, state: &dyn Session, guard: &Guard) -> Result<Vec<(Option<String>, Expr)>> {
        let check = |rule: &RowRule| rule.check.clone().or_else(|| rule.using.clone());
        let mut permitted = Vec::new();
        for rule in self.of(command, false) {
            permitted.push(known(check(rule).as_ref(), state, guard).await?);
        }
        let mut checks = vec![(None, permitted.into_iter().reduce(Expr::or).unwrap_or_else(|| lit(false)))];
        for rule in self.of(command, true) {
            checks.push((Some(rule.name.clone()), known(check(rule).as_ref(), state, guard).await?));
        }
        Ok(checks)
    }
}

/// What a policy says of a row, its look-ups done; one that says nothing lets every row through.
async fn known(term: Option<&Term>, state: &dyn Session, guard: &Guard) -> Result<Expr> {
    match term {
        Some(term) => unqualified(term.known(state, guard).await?),
        None => Ok(lit(true)),
    }
}

impl Rules {
    /// The columns that the rules look at when a command reads these, beside the one that tells the time.
    pub(super) fn columns_for(&self, command: PolicyCommand, viewer: Viewer<'_>, shown: &BTreeSet<&str>) -> BTreeSet<String> {
        let rows = self.rows.iter().flat_map(|rows| rows.columns(command));
        let masks = self.masks.iter().filter(|mask| shown.contains(mask.column.as_str()));
        let masks = masks.flat_map(|mask| mask.value.expr().column_refs()).map(|column| column.name.clone());
        rows.chain(masks).chain(self.columns(viewer)).collect()
    }

    /// The rules over rows of this layout, of which the first columns are shown; their look-ups are done. With them comes what a scan may
    /// leave out because the row policies would.
    ///
    /// # Errors
    /// Whatever a look-up fails with.
    pub(super) async fn screen(
        &self,
        command: PolicyCommand,
        state: &dyn Session,
        guard: &Guard,
        layout: &Layout,
        viewer: Viewer<'_>,
        shown: usize,
    ) -> Result<(Screen, Vec<Expr>)> {
        let schema = DFSchema::try_from(layout.schema.as_ref().clone())?;
        let expiry = if self.retention.is_empty() { None } else { Some(self.sieve(state, guard, layout, viewer).await?) };
        let mut prunes = Vec::new();
        let visible = match &self.rows {
            Some(rows) => {
                let known = rows.visible(command, state, guard).await?;
                prunes.extend(split_conjunction(&known).into_iter().cloned());
                Some(state.create_physical_expr(known, &schema)?)
            }
            None => None,
        };
        let mut masks = Vec::new();
        for mask in &self.masks {
            let place = layout.schema.index_of(&mask.column).ok().filter(|place| *place < shown);
            if let Some(place) = place {
                let value = known(Some(&mask.value), state, guard).await?;
                masks.push((place, state.create_physical_expr(value, &schema)?));
            }
        }
        Ok((Screen { schema: layout.schema.clone(), shown, expiry, visible, masks, wall: false }, prunes))
    }

    /// What rows that a command writes must be like, over rows of this layout.
    ///
    /// # Errors
    /// Whatever a look-up fails with.
    pub async fn checks(
        &self,
        command: PolicyCommand,
        state: &dyn Session,
        guard: &Guard,
        layout: &Layout,
    ) -> Result<Option<RowChecks>> {
        let Some(rows) = &self.rows else { return Ok(None) };
        let schema = DFSchema::try_from(layout.schema.as_ref().clone())?;
        let mut checks = Vec::new();
        for (name, check) in rows.checks(command, state, guard).await? {
            checks.push((name, state.create_physical_expr(check, &schema)?));
        }
        Ok(Some(RowChecks { schema: layout.schema.clone(), checks }))
    }
}

impl Rules {
    /// Rows of this layout with masks over them, as they would be read.
    ///
    /// # Errors
    /// Whatever a look-up or a mask fails with.
    pub async fn masked(
        &self,
        state: &dyn Session,
        guard: &Guard,
        layout: &Layout,
        rows: Vec<RecordBatch>,
    ) -> Result<Vec<RecordBatch>> {
        if self.masks.is_empty() {
            return Ok(rows);
        }
        let masks = Rules { masks: self.masks.clone(), ..Rules::default() };
        let width = layout.schema.fields().len();
        let (screen, _) = masks.screen(PolicyCommand::Select, state, guard, layout, Viewer::Store, width).await?;
        let now = guard.clock.now_us();
        rows.iter()
            .map(|batch| {
                let rows = match screen.passing(batch, now)? {
                    (rows, Some(passing)) => filter_record_batch(&rows, &passing)?,
                    (rows, None) => rows,
                };
                screen.masked(&rows)
            })
            .collect()
    }
}

/// What happens to rows of one layout on their way to a statement.
pub(super) struct Screen {
    schema: SchemaRef,
    /// How many of the columns are shown; those behind them are for the rules alone.
    shown: usize,
    expiry: Option<Sieve>,
    visible: Option<Arc<dyn PhysicalExpr>>,
    /// Places of columns, each with what it shows; several of one column are applied one after the other.
    masks: Vec<(usize, Arc<dyn PhysicalExpr>)>,
    /// Whether no column may be taken for what it is below.
    wall: bool,
}

impl Screen {
    /// One that lets all rows pass, and no question of what its columns are below.
    pub(super) fn wall(schema: SchemaRef) -> Screen {
        let shown = schema.fields().len();
        Screen { schema, shown, expiry: None, visible: None, masks: vec![], wall: true }
    }

    /// The columns that are shown.
    pub(super) fn shown_schema(&self) -> Result<SchemaRef> {
        Ok(Arc::new(self.schema.project(&self.shown_places())?))
    }

    /// The columns of rows that have passed: those that are shown first, and what masks may look at.
    pub(super) fn passed_schema(&self) -> Result<SchemaRef> {
        if self.masks.is_empty() { self.shown_schema() } else { Ok(self.schema.clone()) }
    }

    fn shown_places(&self) -> Vec<usize> {
        (0..self.shown).collect()
    }

    /// Whether any column shows something else than what was recorded.
    pub(super) fn is_masked(&self) -> bool {
        !self.masks.is_empty()
    }

    /// Places of the columns that do not show what stands below, or of which that is not known.
    pub(super) fn masked_places(&self) -> BTreeSet<usize> {
        if self.wall {
            return (0..self.shown).collect();
        }
        self.masks.iter().map(|(place, _)| *place).collect()
    }

    /// The rows of a batch, their masks still to be put on, and which of them the rules let through: all where nothing is said.
    pub(super) fn passing(&self, batch: &RecordBatch, now: Micros) -> Result<(RecordBatch, Option<BooleanArray>)> {
        self.judged(batch, now).map_err(|error| not_worked_out(&error))
    }

    /// What a statement sees of rows that have passed.
    pub(super) fn masked(&self, passed: &RecordBatch) -> Result<RecordBatch> {
        if self.masks.is_empty() {
            return Ok(passed.clone());
        }
        let masked = self.masked_rows(passed).map_err(|error| not_worked_out(&error))?;
        Ok(masked.project(&self.shown_places())?)
    }

    fn judged(&self, batch: &RecordBatch, now: Micros) -> Result<(RecordBatch, Option<BooleanArray>)> {
        let batch = in_layout(batch, &self.schema)?;
        let living = self.expiry.as_ref().map(|sieve| sieve.kept(&batch, now)).transpose()?;
        let visible = self.visible.as_ref().map(|visible| truths(visible, &batch)).transpose()?;
        let kept = match (living, visible) {
            (Some(living), Some(visible)) => Some(and(&living, &visible)?),
            (kept, None) | (None, kept) => kept,
        };
        // Masks may look at columns that are not shown.
        let batch = if self.masks.is_empty() { batch.project(&self.shown_places())? } else { batch };
        Ok((batch, kept.filter(|kept| kept.true_count() < kept.len())))
    }

    fn masked_rows(&self, recorded: &RecordBatch) -> Result<RecordBatch> {
        let mut columns = recorded.columns().to_vec();
        for (place, value) in &self.masks {
            // A mask reads the row as it was recorded, but for its own column, which masks before it may have changed.
            let mut seen = recorded.columns().to_vec();
            seen[*place] = columns[*place].clone();
            let seen = with_columns(recorded, seen)?;
            let array = value.evaluate(&seen)?.into_array(seen.num_rows())?;
            columns[*place] = cast(&array, self.schema.field(*place).data_type())?;
        }
        with_columns(recorded, columns)
    }
}

/// What a policy fails with may tell of hidden rows: it goes to the log, and the statement hears only that it failed.
fn not_worked_out(error: &DataFusionError) -> DataFusionError {
    tracing::error!(%error, "a policy could not be worked out");
    let failed = Error::new(Kind::InvalidObjectDefinition, "a policy on a table of this statement could not be worked out");
    DataFusionError::External(Box::new(failed.with_hint("The server's log tells its owner why.")))
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").field("masks", &self.masks.len()).finish_non_exhaustive()
    }
}

/// What written rows must be like.
pub struct RowChecks {
    schema: SchemaRef,
    checks: Vec<(Option<String>, Arc<dyn PhysicalExpr>)>,
}

impl fmt::Debug for RowChecks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowChecks").field("checks", &self.checks.len()).finish_non_exhaustive()
    }
}

impl RowChecks {
    /// The first row that is not allowed, with the name of the restrictive policy that says so, if one does.
    ///
    /// # Errors
    /// Whatever a predicate fails with.
    pub fn first_refused(&self, batch: &RecordBatch) -> Result<Option<(usize, Option<&str>)>> {
        let batch = in_layout(batch, &self.schema)?;
        for (name, check) in &self.checks {
            let allowed = truths(check, &batch)?;
            if let Some(row) = (0..allowed.len()).find(|row| !allowed.value(*row)) {
                return Ok(Some((row, name.as_deref())));
            }
        }
        Ok(None)
    }
}

/// Of which rows a predicate is true; NULL is not.
pub(super) fn truths(predicate: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BooleanArray> {
    let array = predicate.evaluate(batch)?.into_array(batch.num_rows())?;
    let Some(booleans) = array.as_boolean_opt() else {
        return internal_err!("a policy yielded {} instead of booleans", array.data_type());
    };
    Ok(if booleans.null_count() == 0 { booleans.clone() } else { prep_null_mask_filter(booleans) })
}

/// The batch under the names by which predicates know its columns: callers' batches may carry stored names.
fn in_layout(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().get(..schema.fields().len()).unwrap_or(batch.columns()).to_vec();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
}

fn with_columns(batch: &RecordBatch, columns: Vec<datafusion::arrow::array::ArrayRef>) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns, &options)?)
}
