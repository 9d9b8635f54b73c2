//! Decides for each scan whether its rows come in the order of time: where a statement sorts them so, no sort is needed then, and one with
//! a LIMIT reads no further than it must.
//!
//! The first of the planner's rules on physical plans, so that those after it see a scan that has an order, or has none.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

use crate::guard;
use crate::scan::{self, End, Wanted};

/// The rule.
#[derive(Debug)]
pub(super) struct Decisions;

impl PhysicalOptimizerRule for Decisions {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        decide(plan, None)
    }

    fn name(&self) -> &str {
        "time_order"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// What a sort above a node asks of it.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// The place of the column that it sorts by.
    place: usize,
    end: End,
    /// How many of the first rows are wanted, if not all.
    first: Option<usize>,
}

fn decide(plan: Arc<dyn ExecutionPlan>, asked: Option<Asked>) -> Result<Arc<dyn ExecutionPlan>> {
    let wanted = match asked {
        Some(Asked { place, end, first }) if scan::time_place(plan.as_ref()) == Some(place) => Wanted::InTime { end, first },
        Some(_) | None => Wanted::All,
    };
    if let Some(decided) = scan::decided(plan.as_ref(), wanted) {
        return Ok(decided);
    }
    let below = below(plan.as_ref(), asked);
    let children = plan.children().into_iter().map(|child| decide(child.clone(), below)).collect::<Result<Vec<_>>>()?;
    let same = children.iter().zip(plan.children()).all(|(new, old)| Arc::ptr_eq(new, old));
    if same {
        return Ok(plan);
    }
    let plan = plan.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))?;
    match below.and_then(|asked| asked.first) {
        Some(first) => hands_on_early(plan, first),
        None => Ok(plan),
    }
}

/// A filter gathers rows before it hands them on: of those that come in order no more than a sort above needs to see that it has the first.
fn hands_on_early(plan: Arc<dyn ExecutionPlan>, first: usize) -> Result<Arc<dyn ExecutionPlan>> {
    match plan.downcast_ref::<FilterExec>() {
        Some(filter) if plan.output_ordering().is_some() => {
            let rows = first.saturating_add(scan::SPARE_ROWS).min(filter.batch_size());
            Ok(Arc::new(filter.with_batch_size(rows)?))
        }
        Some(_) | None => Ok(plan),
    }
}

/// What a node asks of the one below it.
fn below(plan: &dyn ExecutionPlan, asked: Option<Asked>) -> Option<Asked> {
    if let Some(sort) = plan.downcast_ref::<SortExec>() {
        let first = sort.expr().first();
        let place = first.expr.downcast_ref::<Column>()?.index();
        let end = if first.options.descending { End::Newest } else { End::Oldest };
        return Some(Asked { place, end, first: sort.fetch() });
    }
    let asked = asked?;
    if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
        let place = projection.expr().get(asked.place)?.expr.downcast_ref::<Column>()?.index();
        return Some(Asked { place, ..asked });
    }
    if let Some(filter) = plan.downcast_ref::<FilterExec>() {
        let place = filter.projection().as_ref().map_or(Some(asked.place), |places| places.get(asked.place).copied())?;
        return Some(Asked { place, ..asked });
    }
    guard::keeps_place(plan, asked.place).then_some(asked)
}
