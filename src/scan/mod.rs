//! How are the rows of one table at one instant read? A [`TableScan`] turns one store snapshot of a table into a DataFusion plan
//! over its segments and its tail, leaving out segments whose time bounds cannot match.
//!
//! The room must never know roles: only the guard may construct a scan. Names in the store are physical and fixed for ever; the
//! scan gives columns the names that SQL knows today.

mod ahead;
mod combinations;
mod countable;
mod counted;
mod harmless;
mod in_order;
mod lookup;
mod merge;
mod paths;
mod prune;
mod runs;
mod tail;
pub mod through;
mod undecided;
mod verified;
mod words;

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::Session;
use datafusion::catalog::memory::{DataSourceExec, MemorySourceConfig};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, ColumnStatistics, DFSchema, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::{Expr, utils};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column as PhysicalColumn;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;

use crate::catalog::Table;
use crate::error::{Error, Kind, Result};
use crate::store::spec::{INGEST_COLUMN, ROW_COLUMN};
use crate::store::{Segment, TableView, View};
use counted::CountedExec;
use in_order::{Reading, TimeOrderExec};
use lookup::{Found, Lookup};
use prune::ByTime;
use tail::Tail;

pub use countable::{ROWS, path_column};
pub use counted::{Apart, Together, one_by_one};
pub use harmless::is_harmless;
pub use in_order::End;
pub use paths::steps_of;
pub use runs::SPARE_ROWS;
pub use undecided::{Wanted, decided, time_place};

/// The address under which the store's files are registered with DataFusion.
pub const STORE_URL: &str = "annals://store/";

/// Whether a node reads a table's rows as they are stored.
pub fn is_raw(plan: &dyn ExecutionPlan) -> bool {
    if plan.downcast_ref::<TimeOrderExec>().is_some() || plan.downcast_ref::<CountedExec>().is_some() {
        return true;
    }
    let source = plan.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
    // Nothing else has business with files.
    source.is_some_and(|source| source.downcast_ref::<FileScanConfig>().is_some() || source.downcast_ref::<Tail>().is_some())
}

/// Whether a node that reads in the order of time is likely to read a few rows; `None` of any other.
pub fn reads_few(plan: &dyn ExecutionPlan) -> Option<bool> {
    plan.downcast_ref::<TimeOrderExec>().map(TimeOrderExec::reads_few)
}

/// One table of one store snapshot, ready to be planned.
#[derive(Debug, Clone)]
pub struct TableScan {
    /// What SQL sees.
    schema: SchemaRef,
    /// The same columns with the names and types that the store keeps; `stored[i]` belongs to `schema[i]`.
    stored: SchemaRef,
    /// How many columns at the end are not for statements to see.
    hidden: usize,
    /// The name of the column that tells the time of a row.
    time: String,
    /// Which rows may come as one, if some may: the last column that is shown then says how many one stands for.
    counted: Option<(Together, Apart)>,
    view: TableView,
}

/// What a scan shows beside the table's own columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    /// The time of ingest at the end, if there is no other time.
    Time,
    /// The row numbers of a reference table in front.
    RowNumbers,
}

impl TableScan {
    /// The table's columns as SQL knows them, hidden columns left out.
    ///
    /// # Errors
    /// XX001 when the store holds the table for damaged.
    pub fn new(table: &Table, view: &View) -> Result<Self> {
        Self::build(table, view, Beside::Nothing)
    }

    /// The same, followed by the time of ingest if the table has no column that tells the time of its rows.
    ///
    /// # Errors
    /// As [`TableScan::new`].
    pub fn with_time(table: &Table, view: &View) -> Result<Self> {
        Self::build(table, view, Beside::Time)
    }

    /// The same, led by the row numbers of a reference table, by which its changes name rows.
    ///
    /// # Errors
    /// As [`TableScan::new`].
    pub fn with_row_numbers(table: &Table, view: &View) -> Result<Self> {
        Self::build(table, view, Beside::RowNumbers)
    }

    fn build(table: &Table, view: &View, beside: Beside) -> Result<Self> {
        let view = view.table(&table.spec)?;
        let mut shown: Vec<Arc<Field>> = Vec::new();
        let mut stored: Vec<Arc<Field>> = Vec::new();
        if beside == Beside::RowNumbers {
            let row = table.spec.lead_fields().into_iter().find(|field| field.name() == ROW_COLUMN);
            let row =
                row.ok_or_else(|| Error::new(Kind::WrongObjectType, format!("log table {} has no row numbers", table.name)))?;
            shown.push(row.clone());
            stored.push(row);
        }
        for (column, spec) in table.columns.iter().zip(&table.spec.columns) {
            shown.push(Arc::new(column.sql_type.field(column.name.clone(), !column.not_null)));
            stored.push(spec.field.clone());
        }
        let hidden = usize::from(beside == Beside::Time && table.spec.time_column.is_none());
        if hidden > 0 {
            // NULL for rows of the statement's own transaction, which have not been recorded yet.
            let time = DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")));
            let time = Arc::new(Field::new(INGEST_COLUMN, time, true));
            shown.push(time.clone());
            stored.push(time);
        }
        let time = table.time_column().unwrap_or(INGEST_COLUMN).to_owned();
        Ok(TableScan {
            schema: Arc::new(Schema::new(shown)),
            stored: Arc::new(Schema::new(stored)),
            hidden,
            time,
            counted: None,
            view,
        })
    }

    /// The columns without the hidden one at their end.
    pub fn shown_schema(&self) -> SchemaRef {
        let shown = self.schema.fields().len() - self.hidden;
        Arc::new(Schema::new(self.schema.fields()[..shown].to_vec()))
    }

    /// The name of the column that tells the time of a row.
    pub fn time_column(&self) -> &str {
        &self.time
    }

    /// The columns as SQL sees them.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// A plan that yields at least every row for which all filters hold; whoever asks must filter again.
    pub async fn plan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let projection = projection.unwrap_or(&all);
        let predicate = self.predicate(session, filters)?;
        if let Some((together, apart)) = &self.counted {
            return self.counted_plan(session, projection, predicate.as_ref(), together, apart);
        }
        let reading = Arc::new(self.reading(projection, predicate.as_ref()).await?);
        if reading.sparse {
            return Ok(Arc::new(TimeOrderExec::new(reading, End::Newest, None)));
        }
        let segments: Vec<Arc<Segment>> = reading.found.iter().map(|found| found.segment.clone()).collect();
        let any = self.any_order(session, &segments, projection, predicate, limit.filter(|_| filters.is_empty()))?;
        Ok(undecided::either(any, reading))
    }

    /// What is to be read of which segments: those that neither time nor an index rules out.
    async fn reading(
        &self,
        projection: &[usize],
        predicate: Option<&Arc<dyn PhysicalExpr>>,
    ) -> datafusion::common::Result<Reading> {
        let time_name = self.view.spec.time_column_name();
        let by_time = ByTime::new(predicate, &self.stored, time_name);
        let mut found: Vec<Found> =
            by_time.segments(&self.view.segments)?.into_iter().map(|segment| Found { segment, rows: None }).collect();
        let (lookups, needle) = predicate.map_or(Ok((vec![], false)), |predicate| Lookup::of(predicate, &self.view.spec))?;
        let looked_up = !lookups.is_empty();
        let mut told = Vec::new();
        if looked_up {
            (found, told) = Lookup::ask(lookups, found.into_iter().map(|found| found.segment).collect()).await?;
        }
        let sparse = looked_up && lookup::is_sparse(&found, &self.view.segments);
        let mut fields: Vec<Arc<Field>> = projection.iter().map(|place| self.stored.fields()[*place].clone()).collect();
        let asked = fields.iter().position(|field| field.name() == time_name);
        let time = asked.unwrap_or(fields.len());
        if asked.is_none() {
            let zone = Some(Arc::from("UTC"));
            let known = self.view.spec.columns.iter().find(|column| column.field.name() == time_name);
            let hidden = || Arc::new(Field::new(INGEST_COLUMN, DataType::Timestamp(TimeUnit::Microsecond, zone), true));
            fields.push(known.map_or_else(hidden, |column| column.field.clone()));
        }
        let part = Arc::new(Schema::new(fields));
        Ok(Reading {
            shown: Arc::new(self.schema.project(projection)?),
            time,
            // Bloom filters, by which few row groups are left, help those who read everything.
            ordered: asked.is_some() && self.view.spec.time_column.is_some() && (sparse || !needle),
            sparse,
            found,
            memory: self.memory_batches(&part)?,
            by_time,
            filters: predicate.map_or(Ok(vec![]), |predicate| in_order::filters(predicate, &self.stored))?,
            told,
            segments: self.view.segments.len(),
            rows: self.view.segments.iter().map(|segment| segment.rows).sum(),
            part,
        })
    }

    /// A plan that reads all rows of some segments, and those in memory, in the order that is the quickest.
    fn any_order(
        &self,
        session: &dyn Session,
        segments: &[Arc<Segment>],
        projection: &[usize],
        predicate: Option<Arc<dyn PhysicalExpr>>,
        limit: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let mut inputs = Vec::with_capacity(2);
        if !segments.is_empty() {
            inputs.push(self.segments_plan(session, segments, projection, predicate, limit)?);
        }
        let schema = Arc::new(self.stored.project(projection)?);
        let memory = self.memory_batches(&schema)?;
        if !memory.is_empty() || inputs.is_empty() {
            let rows = MemorySourceConfig::try_new(&[memory], schema, None)?;
            inputs.push(DataSourceExec::from_data_source(Tail::new(rows, self.view.spec.time_column_name())));
        }
        let plan = match inputs.len() {
            1 => inputs.swap_remove(0),
            _ => UnionExec::try_new(inputs)?,
        };
        Ok(verified::before(self.renamed(plan, projection)?, segments))
    }

    /// The filters as one physical predicate over the stored names.
    fn predicate(&self, session: &dyn Session, filters: &[Expr]) -> datafusion::common::Result<Option<Arc<dyn PhysicalExpr>>> {
        let Some(filter) = utils::conjunction(filters.iter().cloned()) else {
            return Ok(None);
        };
        let filter = filter
            .transform(|expr| match &expr {
                Expr::Column(column) => {
                    let place = self.schema.index_of(&column.name)?;
                    Ok(Transformed::yes(Expr::Column(Column::new_unqualified(self.stored.field(place).name()))))
                }
                _ => Ok(Transformed::no(expr)),
            })?
            .data;
        let schema = DFSchema::try_from(self.stored.as_ref().clone())?;
        Ok(Some(session.create_physical_expr(filter, &schema)?))
    }

    fn segments_plan(
        &self,
        session: &dyn Session,
        segments: &[Arc<Segment>],
        projection: &[usize],
        predicate: Option<Arc<dyn PhysicalExpr>>,
        limit: Option<usize>,
    ) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let table_schema = TableSchema::from(self.stored.clone());
        let mut source = ParquetSource::new(table_schema).with_table_parquet_options(session.table_options().parquet.clone());
        if let Some(predicate) = predicate {
            source = source.with_predicate(predicate);
        }
        let partitions = session.config().target_partitions().clamp(1, segments.len());
        let mut groups = vec![Vec::new(); partitions];
        for (at, segment) in segments.iter().enumerate() {
            let file =
                PartitionedFile::new(segment.path.to_string(), segment.bytes).with_statistics(Arc::new(self.statistics(segment)));
            groups[at % partitions].push(file.with_extension(SegmentLease(segment.clone())));
        }
        // They answer count, and the first and the last time; with a predicate they are taken for what they can be at most.
        let known: Vec<Statistics> = segments.iter().map(|segment| self.statistics(segment)).collect();
        let known = match limit {
            None => Statistics::try_merge_iter(&known, &self.stored)?,
            Some(_) => Statistics::new_unknown(&self.stored),
        };
        let url = ObjectStoreUrl::parse(STORE_URL)?;
        let config = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_projection_indices(Some(projection.to_vec()))?
            .with_limit(limit)
            .with_statistics(known)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    /// What is exactly known of a segment without opening it.
    fn statistics(&self, segment: &Segment) -> Statistics {
        let time = self.view.spec.time_column_name();
        let column_statistics = self
            .stored
            .fields()
            .iter()
            .map(|field| {
                if field.name() != time {
                    return ColumnStatistics::new_unknown();
                }
                let bound = |micros: i64| Precision::Exact(ScalarValue::TimestampMicrosecond(Some(micros), Some(Arc::from("UTC"))));
                ColumnStatistics::new_unknown()
                    .with_min_value(bound(segment.time_min))
                    .with_max_value(bound(segment.time_max))
                    .with_null_count(Precision::Exact(0))
            })
            .collect();
        let rows = usize::try_from(segment.rows).unwrap_or(usize::MAX);
        Statistics { num_rows: Precision::Exact(rows), total_byte_size: Precision::Absent, column_statistics }
    }

    /// Some stored columns of the rows in memory: a log's tail, or all of a reference table's rows of today.
    fn memory_batches(&self, schema: &SchemaRef) -> datafusion::common::Result<Vec<RecordBatch>> {
        let pick = |batch: &RecordBatch| -> datafusion::common::Result<RecordBatch> {
            let columns = schema
                .fields()
                .iter()
                .map(|field| match batch.column_by_name(field.name()) {
                    Some(column) => column.clone(),
                    // The batch was written before the column was added.
                    None => datafusion::arrow::array::new_null_array(field.data_type(), batch.num_rows()),
                })
                .collect();
            let options = datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
        };
        self.view.batches.iter().map(pick).collect()
    }

    /// Gives the columns of a plan the names and types that SQL sees, where they differ.
    fn renamed(&self, plan: Arc<dyn ExecutionPlan>, projection: &[usize]) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let shown = self.schema.project(projection)?;
        if shown.fields().iter().zip(plan.schema().fields()).all(|(a, b)| a.name() == b.name()) {
            return Ok(plan);
        }
        let columns = plan
            .schema()
            .fields()
            .iter()
            .enumerate()
            .map(|(at, field)| {
                let column: Arc<dyn PhysicalExpr> = Arc::new(PhysicalColumn::new(field.name(), at));
                (column, shown.field(at).name().clone())
            })
            .collect::<Vec<_>>();
        Ok(Arc::new(ProjectionExec::try_new(columns, plan)?))
    }
}

/// Keeps a segment's file in place while a plan may still read it.
#[derive(Debug, Clone)]
struct SegmentLease(#[expect(dead_code, reason = "held for its lifetime only")] Arc<Segment>);
