//! Tables whose rows are counted rather than read: which can be, by what, and the plan that does it.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::{Result, internal_err};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;

use super::counted::{Apart, Coded, CountedExec, Counting, Source, Together};
use super::prune::ByTime;
use super::{TableScan, combinations, in_order};
use crate::store::spec::{IndexKind, IndexSpec};
use crate::store::{Segment, is_codable};
use crate::value::SqlType;

/// The column in which a counted scan says for how many rows one stands. No column has a name like this.
pub const ROWS: &str = "\u{1}rows";

/// The column in which a counted scan says what a path leads to. No column has a name like this.
pub fn path_column(number: u64) -> String {
    format!("\u{1}path {number:016x}")
}

/// Rows are not counted by a column that has no codes in more than one of so many rows.
const UNCODED: u64 = 8;
/// Rows are read where fewer than so many have the same values on the average: they would be counted for nothing.
const REPEATS: usize = 2;

impl TableScan {
    /// The same, in which one row may stand for many that nothing above can tell apart; how many is told in the last column, [`ROWS`], and
    /// before it stands what some paths lead to ([`path_column`]).
    #[must_use]
    pub fn counted(self, together: &Together, paths: &BTreeSet<u64>) -> Self {
        let at = self.schema.fields().len() - self.hidden;
        let with_rows = |schema: &SchemaRef| {
            let shown = paths.iter().map(|path| SqlType::Text.field(path_column(*path), true));
            let added = shown.chain([Field::new(ROWS, DataType::Int64, false)]).map(Arc::new);
            let mut fields = schema.fields().to_vec();
            fields.splice(at..at, added);
            Arc::new(Schema::new(fields))
        };
        let (schema, stored) = (with_rows(&self.schema), with_rows(&self.stored));
        TableScan { schema, stored, counted: Some((together.clone(), Apart::None)), ..self }
    }

    /// The same, in which some rows stand for themselves.
    #[must_use]
    pub fn apart(self, apart: Apart) -> Self {
        TableScan { counted: self.counted.map(|(together, _)| (together, apart)), ..self }
    }

    /// Whether counting rows by some columns, told by their names in SQL, has a chance to read less than the rows. Rows with certain values of
    /// a column are found by its index, if it has one; whole documents seldom repeat.
    pub fn counts_by(&self, columns: &BTreeSet<String>, sought: &BTreeSet<String>, paths: &BTreeSet<u64>) -> bool {
        let all: u64 = self.view.segments.iter().map(|segment| segment.rows).sum();
        let rows_of = |lacks: &dyn Fn(&Segment) -> bool| -> u64 {
            self.view.segments.iter().filter(|segment| lacks(segment)).map(|segment| segment.rows).sum()
        };
        let lacking = |column: &str| rows_of(&|segment| segment.lacks_codes(column));
        let known = self.paths(paths).into_iter().all(|index| rows_of(&|segment| segment.lacks_path(index)) <= all / UNCODED);
        let coded = |(shown, stored): (&Arc<Field>, &Arc<Field>)| {
            !columns.contains(shown.name())
                || *shown.name() == self.time
                || (is_codable(stored.data_type())
                    && !matches!(SqlType::of_field(stored), SqlType::Json | SqlType::Jsonb)
                    && !(sought.contains(shown.name()) && self.is_found(stored.name()))
                    && lacking(stored.name()) <= all / UNCODED)
        };
        all > 0 && known && self.schema.fields().iter().zip(self.stored.fields()).all(coded) && self.repeats(columns, paths)
    }

    /// Whether rows of the same values in some columns come often enough, as far as that can be told without reading anything.
    fn repeats(&self, columns: &BTreeSet<String>, paths: &BTreeSet<u64>) -> bool {
        let Some(largest) = self.view.segments.iter().max_by_key(|segment| segment.rows) else { return true };
        let shown = self.schema.fields().iter().zip(self.stored.fields());
        let counted = shown.filter(|(shown, _)| columns.contains(shown.name()) && *shown.name() != self.time);
        let codes = counted.map(|(_, stored)| largest.codes_at_hand(stored.name()));
        let codes = codes.chain(self.paths(paths).into_iter().map(|index| largest.path_codes_at_hand(index)));
        codes.collect::<Option<Vec<_>>>().is_none_or(|codes| combinations::rows_for_each(&codes) >= REPEATS)
    }

    /// The indexes that know what some paths lead to.
    fn paths(&self, paths: &BTreeSet<u64>) -> Vec<IndexSpec> {
        let of = |path: &u64| self.view.spec.indexes.iter().find(|index| index.kind == IndexKind::PathValues(*path));
        paths.iter().filter_map(of).copied().collect()
    }

    /// Whether rows are found by the values of a column, told by its name in the store.
    fn is_found(&self, column: &str) -> bool {
        let column = self.view.spec.columns.iter().find(|known| known.field.name() == column);
        let indexed = |id| self.view.spec.indexes.contains(&IndexSpec { column: id, kind: IndexKind::Ids });
        column.is_some_and(|column| column.bloom || indexed(column.id))
    }

    /// A plan in which one row may stand for many.
    pub(super) fn counted_plan(
        &self,
        session: &dyn Session,
        projection: &[usize],
        predicate: Option<&Arc<dyn PhysicalExpr>>,
        together: &Together,
        apart: &Apart,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let time_name = self.view.spec.time_column_name();
        let by_time = ByTime::new(predicate, &self.stored, time_name);
        let (mut sources, mut coded, mut part, mut time) = (Vec::new(), Vec::new(), Vec::new(), None);
        for place in projection {
            let field = self.stored.field(*place);
            if field.name() == ROWS {
                sources.push(Source::Rows);
                continue;
            }
            let path = self.view.spec.indexes.iter().find(|index| match index.kind {
                IndexKind::PathValues(path) => *field.name() == path_column(path),
                IndexKind::Ids | IndexKind::Text | IndexKind::PathIds(_) => false,
            });
            let (code, column) = match path {
                Some(index) => self.document(*index)?,
                None => (Coded::Column(Arc::new(field.clone())), Arc::new(field.clone())),
            };
            let at = part.iter().position(|known: &FieldRef| known.name() == column.name()).unwrap_or(part.len());
            if field.name() == time_name {
                sources.push(Source::Time { part: at });
                time = Some(column.clone());
            } else {
                sources.push(Source::Coded { code: coded.len(), part: at });
                coded.push(code);
            }
            if at == part.len() {
                part.push(column);
            }
        }
        let part = Arc::new(Schema::new(part));
        let segments = by_time.segments(&self.view.segments)?;
        let is_other = |segment: &&Arc<Segment>| !segments.iter().any(|asked| Arc::ptr_eq(asked, segment));
        let counting = Counting {
            shown: Arc::new(self.schema.project(projection)?),
            sources,
            coded,
            time,
            others: self.view.segments.iter().filter(is_other).cloned().collect(),
            segments,
            memory: self.memory_batches(&part)?,
            part,
            by_time,
            filters: predicate.map_or(Ok(vec![]), |predicate| in_order::filters(predicate, &self.stored))?,
            together: together.clone(),
            apart: apart.clone(),
        };
        Ok(Arc::new(CountedExec::new(counting, session.config().target_partitions())))
    }

    /// What an index of a path knows, and the column whose documents it leads into.
    fn document(&self, index: IndexSpec) -> Result<(Coded, FieldRef)> {
        let steps = match index.kind {
            IndexKind::PathValues(path) => self.view.spec.paths.get(&path),
            IndexKind::Ids | IndexKind::Text | IndexKind::PathIds(_) => None,
        };
        let column = self.view.spec.columns.iter().find(|column| column.id == index.column);
        match steps.zip(column) {
            Some((steps, column)) => Ok((Coded::Path { index, steps: steps.clone() }, column.field.clone())),
            None => internal_err!("an index leads nowhere"),
        }
    }
}
