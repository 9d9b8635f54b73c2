//! Conditions on columns that have an index become row numbers: equality with constants, and what texts must hold.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{BinaryExpr, Column, InListExpr, Literal};
use datafusion::physical_expr::utils::split_conjunction;

use super::{paths, words};
use crate::store::spec::{IndexKind, IndexSpec, TableSpec, path_number};
use crate::store::{PAGE_ROWS, RowRanges, Segment, is_indexable};
use crate::value::json::path::shown_path;
use crate::value::words::TextProbe;

/// Longer lists of values are not looked up: each costs a read a segment.
const VALUES_MAX: usize = 1_000;
/// Where look-ups leave at most one page of so many, rows are picked out of these; where they leave more, all are read.
const SPARSE: usize = 4;
/// Where they leave at most one row of so many, rows are picked out whatever pages they stand on: pages of long texts have fewer rows than
/// others, so that most of these is left out all the same.
const SPARSE_ROWS: u64 = 1_024;

/// What an indexed column must be like.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    index: IndexSpec,
    /// The column's name in the store.
    column: String,
    wanted: Wanted,
}

#[derive(Debug, Clone)]
enum Wanted {
    /// It has one of these values.
    OneOf(ArrayRef),
    /// Its text holds this.
    Text(TextProbe),
}

impl Lookup {
    /// Has read at the same time what each segment's index will be asked for.
    fn expect(&self, segment: &Segment) {
        match &self.wanted {
            Wanted::OneOf(values) => segment.expect_rows_with(self.index, values),
            // Each word of a text says where to read next.
            Wanted::Text(_) => {}
        }
    }

    /// The rows of a segment that can be like that; `None` if it has no such index.
    fn rows(&self, segment: &Segment) -> Option<RowRanges> {
        match &self.wanted {
            Wanted::OneOf(values) => {
                let rows = segment.rows_with(self.index, values)?;
                Some(rows.into_iter().map(|row| row as usize..row as usize + 1).collect())
            }
            Wanted::Text(probe) => segment.pages_with(self.index, probe),
        }
    }
}

/// What the indexes of a segment say of a predicate.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub segment: Arc<Segment>,
    /// `None` if it has no index that helps.
    pub rows: Option<RowRanges>,
}

impl Found {
    /// How many rows can match.
    pub(super) fn rows_left(&self) -> u64 {
        self.rows.as_ref().map_or(self.segment.rows, |rows| rows.rows() as u64)
    }
}

/// What one index has said of all segments.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub index: IndexSpec,
    pub column: String,
    /// Segments that it was asked of.
    pub asked: usize,
    /// Segments that it has ruled out.
    pub ruled_out: usize,
    /// Rows that it has found.
    pub rows: usize,
}

impl Lookup {
    /// The look-ups that a predicate over stored names allows, each of which every row must meet; and whether it asks for a value of a
    /// column that identifies things, which has Bloom filters.
    pub(super) fn of(predicate: &Arc<dyn PhysicalExpr>, spec: &TableSpec) -> Result<(Vec<Lookup>, bool)> {
        let mut lookups = Vec::new();
        let mut needle = false;
        for conjunct in split_conjunction(predicate) {
            if let Some((column, probe)) = words::probe(conjunct, spec) {
                let indexed = spec.columns.iter().find(|known| *known.field.name() == column);
                let index = indexed.map(|known| IndexSpec { column: known.id, kind: IndexKind::Text });
                if let Some(index) = index.filter(|index| spec.indexes.contains(index)) {
                    lookups.push(Lookup { index, column, wanted: Wanted::Text(probe) });
                }
            }
            let Some((value, constants)) = equals(conjunct).filter(|(_, constants)| (1..=VALUES_MAX).contains(&constants.len()))
            else {
                continue;
            };
            let Some(indexed) = Indexed::of(value, spec) else { continue };
            needle |= indexed.bloom;
            let fits = |constant: &ScalarValue| constant.data_type() == indexed.data_type;
            if spec.indexes.contains(&indexed.index) && is_indexable(&indexed.data_type) && constants.iter().all(fits) {
                let wanted = Wanted::OneOf(ScalarValue::iter_to_array(constants)?);
                lookups.push(Lookup { index: indexed.index, column: indexed.column, wanted });
            }
        }
        Ok((lookups, needle))
    }

    /// Asks the indexes of segments. Those in which no row can match are left out.
    pub(super) async fn ask(lookups: Vec<Lookup>, segments: Vec<Arc<Segment>>) -> Result<(Vec<Found>, Vec<Told>)> {
        let work = move || {
            let mut found: Vec<Found> = segments.into_iter().map(|segment| Found { segment, rows: None }).collect();
            let mut told = Vec::with_capacity(lookups.len());
            for lookup in lookups {
                found.iter().for_each(|found| lookup.expect(&found.segment));
                let mut said = Told { index: lookup.index, column: lookup.column.clone(), asked: 0, ruled_out: 0, rows: 0 };
                for found in &mut found {
                    let Some(rows) = lookup.rows(&found.segment) else { continue };
                    said.asked += 1;
                    said.ruled_out += usize::from(rows.is_empty());
                    said.rows += rows.rows();
                    found.rows = Some(found.rows.as_ref().map_or(rows.clone(), |others| others.and(&rows)));
                }
                if let Some(any) = found.first().filter(|_| said.asked > 0) {
                    any.segment.note_lookup(said.index, said.asked, said.ruled_out, said.rows);
                }
                told.push(said);
            }
            found.retain(|found| found.rows.as_ref().is_none_or(|rows| !rows.is_empty()));
            (found, told)
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| DataFusionError::External(Box::new(error)))
    }
}

/// Whether look-ups have left so few pages or rows of a table that rows are picked out.
pub(super) fn is_sparse(found: &[Found], segments: &[Arc<Segment>]) -> bool {
    let pages = |segment: &Segment| usize::try_from(segment.rows).unwrap_or(usize::MAX).div_ceil(PAGE_ROWS);
    let left = |found: &Found| found.rows.as_ref().map_or(pages(&found.segment), |rows| rows.pages(PAGE_ROWS));
    let (left, all): (usize, usize) = (found.iter().map(left).sum(), segments.iter().map(|segment| pages(segment)).sum());
    let rows_left: u64 = found.iter().map(Found::rows_left).sum();
    let rows: u64 = segments.iter().map(|segment| segment.rows).sum();
    left <= all / SPARSE || rows_left <= rows / SPARSE_ROWS
}

/// What an index can be on.
struct Indexed {
    index: IndexSpec,
    /// The column's name in the store, for a path with its steps.
    column: String,
    data_type: DataType,
    /// Whether segments have Bloom filters on it.
    bloom: bool,
}

impl Indexed {
    fn of(value: &Arc<dyn PhysicalExpr>, spec: &TableSpec) -> Option<Indexed> {
        if let Some(named) = value.downcast_ref::<Column>() {
            let column = spec.columns.iter().find(|column| column.field.name() == named.name())?;
            return Some(Indexed {
                index: IndexSpec { column: column.id, kind: IndexKind::Ids },
                column: named.name().to_owned(),
                data_type: column.field.data_type().clone(),
                bloom: column.bloom,
            });
        }
        let (column, steps) = paths::text(value, spec)?;
        let index = IndexSpec { column: column.id, kind: IndexKind::PathIds(path_number(column.id, &steps)) };
        let column = format!("{} {}", column.field.name(), shown_path(&steps));
        Some(Indexed { index, column, data_type: DataType::Utf8View, bloom: false })
    }
}

/// Something and the constants of which it must equal one.
fn equals(filter: &Arc<dyn PhysicalExpr>) -> Option<(&Arc<dyn PhysicalExpr>, Vec<ScalarValue>)> {
    let literal = |expr: &Arc<dyn PhysicalExpr>| expr.downcast_ref::<Literal>().map(|literal| literal.value().clone());
    if let Some(binary) = filter.downcast_ref::<BinaryExpr>() {
        let (left, right) = (binary.left(), binary.right());
        return match binary.op() {
            Operator::Eq => match (literal(left), literal(right)) {
                (None, Some(constant)) => Some((left, vec![constant])),
                (Some(constant), None) => Some((right, vec![constant])),
                (Some(_), Some(_)) | (None, None) => None,
            },
            Operator::Or => {
                let ((value, mut constants), (other, more)) = (equals(left)?, equals(right)?);
                constants.extend(more);
                (value == other).then_some((value, constants))
            }
            _ => None,
        };
    }
    let list = filter.downcast_ref::<InListExpr>().filter(|list| !list.negated())?;
    let constants = list.list().iter().map(literal).collect::<Option<Vec<_>>>()?;
    Some((list.expr(), constants))
}
