//! What is asked, by whom and under which settings: all on which the meaning of a statement depends beside the catalog. And whether an answer
//! depends on nothing else than that and what it rests on.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Volatility, WindowFunctionDefinition};

use crate::guard::{Footing, plans};
use crate::policy::{Identity, Limits};
use crate::query::functions;
use crate::query::plan::Planned;
use crate::query::session::Session;
use crate::query::settings::Version;
use crate::value::SqlType;

/// A statement as somebody has put it.
#[derive(Debug)]
pub(super) struct Question {
    text: Arc<str>,
    parameters: Vec<(SqlType, ScalarValue)>,
    /// The roles, all that stands behind them, and what they are held to.
    identity: Identity,
    settings: Version,
}

impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
            && self.parameters == other.parameters
            && self.identity == other.identity
            && self.settings.answers_as(&other.settings)
    }
}

impl Eq for Question {}

impl Hash for Question {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Settings that answer alike need not be the same, and questions that differ in them alone are few.
        self.text.hash(state);
        self.parameters.iter().for_each(|(_, value)| value.hash(state));
        self.identity.hash(state);
    }
}

impl Question {
    /// Memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.parameters.iter().map(|(_, value)| value.size()).sum::<usize>()
    }
}

/// A question that can be answered by what was answered before, and what its answer would rest on.
#[derive(Debug, Clone)]
pub(in crate::query) struct Asked {
    pub(super) question: Arc<Question>,
    pub(super) footing: Footing,
}

impl Asked {
    /// A statement that was planned and is about to run, with the plan of this run; `None` for one whose answer is not kept.
    pub(in crate::query) fn of(
        session: &Session,
        text: &Arc<str>,
        planned: &Planned,
        parameters: &[ArrayRef],
        bound: &LogicalPlan,
    ) -> Option<Asked> {
        let identity = &session.identity;
        // What leaves the guard is counted for a role that is held to a number, and nothing leaves it for an answer that is known.
        let counted = identity.limits.rows.is_some() || identity.limits.scan_bytes.is_some();
        if !session.engine.answers.are_kept() || counted || !session.has_changed_nothing() || planned.now.is_asked() {
            return None;
        }
        let footing = Footing::of(bound, &session.catalog())?;
        if !plans::all(bound, &mut says_the_same) {
            return None;
        }
        let values = parameters.iter().map(|parameter| ScalarValue::try_from_array(parameter, 0).ok());
        let values: Option<Vec<ScalarValue>> = values.collect();
        let question = Question {
            text: text.clone(),
            parameters: planned.parameters.iter().cloned().zip(values?).collect(),
            // How long it may take changes no answer.
            identity: Identity { limits: Limits { statement_ms: None, ..identity.limits }, ..identity.clone() },
            settings: session.settings.version(),
        };
        Some(Asked { question: Arc::new(question), footing })
    }
}

/// Whether a node gives the same for the same rows, whenever it is asked by the same role under the same settings.
fn says_the_same(node: &LogicalPlan) -> bool {
    let known = match node {
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Aggregate(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Join(_)
        | LogicalPlan::Repartition(_)
        | LogicalPlan::Union(_)
        // Of what it reads the footing knows.
        | LogicalPlan::TableScan(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Values(_)
        | LogicalPlan::Distinct(_)
        | LogicalPlan::Unnest(_) => true,
        LogicalPlan::Statement(_)
        | LogicalPlan::Explain(_)
        | LogicalPlan::Analyze(_)
        | LogicalPlan::Extension(_)
        | LogicalPlan::Dml(_)
        | LogicalPlan::Ddl(_)
        | LogicalPlan::Copy(_)
        | LogicalPlan::DescribeTable(_)
        | LogicalPlan::RecursiveQuery(_) => false,
    };
    let mut same = known;
    let walked = node.apply_expressions(|expr| {
        same = same && !expr.exists(|inner| Ok(!is_the_same(inner)))?;
        Ok(if same { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    same && walked.is_ok()
}

/// The same of an expression, its arguments apart.
fn is_the_same(expr: &Expr) -> bool {
    match expr {
        Expr::ScalarFunction(call) => functions::says_the_same(&call.func),
        Expr::AggregateFunction(call) => call.func.signature().volatility != Volatility::Volatile,
        Expr::WindowFunction(call) => match &call.fun {
            WindowFunctionDefinition::AggregateUDF(aggregate) => aggregate.signature().volatility != Volatility::Volatile,
            WindowFunctionDefinition::WindowUDF(window) => window.signature().volatility == Volatility::Immutable,
        },
        Expr::Alias(_)
        | Expr::Column(_)
        | Expr::Literal(..)
        | Expr::BinaryExpr(_)
        | Expr::Like(_)
        | Expr::SimilarTo(_)
        | Expr::Not(_)
        | Expr::IsNotNull(_)
        | Expr::IsNull(_)
        | Expr::IsTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNotFalse(_)
        | Expr::IsNotUnknown(_)
        | Expr::Negative(_)
        | Expr::Between(_)
        | Expr::Case(_)
        | Expr::Cast(_)
        | Expr::TryCast(_)
        | Expr::InList(_)
        | Expr::Exists(_)
        | Expr::InSubquery(_)
        | Expr::SetComparison(_)
        | Expr::ScalarSubquery(_)
        | Expr::GroupingSet(_)
        | Expr::OuterReferenceColumn(..)
        | Expr::Unnest(_) => true,
        _ => false,
    }
}
