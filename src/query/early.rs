//! Groupings that stop early, once they have as many groups as a LIMIT above them asks for.
//!
//! DataFusion 55.2 tells a grouping without aggregates that it may, and later gives the plan its sorts. A grouping that has thereby got
//! an order, as one over a window's columns has, takes the number of groups for a request for the first ones in an order that nobody
//! has named, and fails. It need not be told: its groups come one after the other, and the limit stops it.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::AggregateExec;

/// Takes the number of groups from those that cannot go by it, in a finished plan.
#[derive(Debug)]
pub(super) struct EarlyEnds;

impl PhysicalOptimizerRule for EarlyEnds {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            Ok(match node.downcast_ref::<AggregateExec>() {
                Some(grouping) if lacks_order(grouping) => Transformed::yes(Arc::new(grouping.with_new_limit_options(None))),
                Some(_) | None => Transformed::no(node),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "early_ends"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Whether a grouping was given a number of groups that it would take for the first in an order, and no order.
fn lacks_order(grouping: &AggregateExec) -> bool {
    grouping.limit_options().is_some_and(|limit| limit.descending().is_none())
        && grouping.get_minmax_desc().is_none()
        && !grouping.is_unordered_unfiltered_group_by_distinct()
}
