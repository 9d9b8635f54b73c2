//! EXPLAIN: the plan that would run, in lines or as JSON, and what its run measured if it is to run.
//!
//! The lines are DataFusion's. The JSON has PostgreSQL's names where a thing is the same there, by which tools draw it; costs are in no
//! unit here and are left out. A plan ends where rows leave the guard, for everybody but the owner of the table: what lies below tells of
//! files, rules, and rows that are hidden.

use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::ArrayRef;
use datafusion::common::stats::Precision;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::metrics::{MetricValue, MetricsSet};
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};
use futures::StreamExt;
use regex::{Captures, Regex};
use serde::Serialize;

use super::execute::{bind, optimised, physical, text_column, text_rows};
use super::parse::{Explain, Format};
use super::session::{Column, Outcome, Session};
use crate::error::{Error, Result};
use crate::guard::exit;
use crate::query::errors::unwrap;
use crate::query::plan::Planned;
use crate::query::priority;
use crate::value::SqlType;

/// The column of the answer.
pub(super) fn column(explain: &Explain) -> Column {
    let sql_type = match explain.format {
        Format::Text => SqlType::Text,
        Format::Json => SqlType::Json,
    };
    Column { sql_type, ..text_column("QUERY PLAN") }
}

/// Shows a plan, after running it if asked to.
pub(super) async fn explain(session: &Session, planned: &Planned, params: &[ArrayRef], shown: Explain) -> Result<Outcome> {
    let clock = &session.engine.clock;
    let begun = clock.now_us();
    let bound = bind(planned, params)?;
    let (plan, context) = physical(session, &optimised(session, &bound)?).await?;
    let plan = if shown.analyze { exit::measured(plan).map_err(unwrap)? } else { plan };
    let ready = clock.now_us();
    if shown.analyze {
        let mut stream = priority::execute(plan.clone(), context, session.engine.store.background())?;
        while let Some(batch) = stream.next().await {
            batch.map_err(unwrap)?;
        }
    }
    let planning = shown.summary.then(|| milliseconds(ready - begun));
    let execution = (shown.summary && shown.analyze).then(|| milliseconds(clock.now_us() - ready));
    let lines = match shown.format {
        Format::Text => {
            let mut lines = Vec::new();
            write_lines(plan.as_ref(), 0, shown, &mut lines);
            let times = [("Planning Time", planning), ("Execution Time", execution)];
            let times = times.into_iter().filter_map(|(name, time)| Some(format!("{name}: {:.3} ms", time?)));
            lines.extend(times);
            lines
        }
        Format::Json => {
            let whole = [Whole { plan: node(&plan, None, shown)?, planning, execution }];
            let text =
                serde_json::to_string_pretty(&whole).map_err(|error| Error::internal(format!("a plan is no JSON: {error}")))?;
            vec![text]
        }
    };
    let mut numbers = Numbers::default();
    let lines = lines.into_iter().map(|line| vec![numbers.own(&line)]);
    text_rows(vec![column(&shown)], lines.collect(), "EXPLAIN")
}

/// Names that the planner has numbered, like `__common_expr_7`. It counts for all sessions together, which would tell of the others: here
/// they count from 1 for each plan.
#[derive(Default)]
struct Numbers(Vec<String>);

impl Numbers {
    fn own(&mut self, line: &str) -> String {
        static NUMBERED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("__[a-z]+(?:_[a-z]+)*_[0-9]+").ok());
        let Some(numbered) = NUMBERED.as_ref() else { return line.to_owned() };
        let renamed = numbered.replace_all(line, |found: &Captures<'_>| {
            let name = found[0].to_owned();
            let at = self.0.iter().position(|known| *known == name).unwrap_or_else(|| {
                self.0.push(name.clone());
                self.0.len() - 1
            });
            format!("{}{}", name.trim_end_matches(|c: char| c.is_ascii_digit()), at + 1)
        });
        // Columns of our own have names that nobody can write.
        renamed.replace('\u{1}', "").replace("\\u0001", "")
    }
}

/// A node and those below it, a line each.
fn write_lines(plan: &dyn ExecutionPlan, depth: usize, shown: Explain, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    if exit::is_veiled(plan) {
        lines.push(format!("{indent}{}", DisplayableExecutionPlan::new(plan).one_line().to_string().trim_end()));
        return;
    }
    let written = match shown.analyze {
        true => DisplayableExecutionPlan::with_metrics(plan),
        false => DisplayableExecutionPlan::new(plan),
    };
    // Only a whole tree is written verbosely; its first line is this node's.
    lines.extend(written.indent(shown.verbose).to_string().lines().next().map(|line| format!("{indent}{line}")));
    for child in plan.children() {
        write_lines(child.as_ref(), depth + 1, shown, lines);
    }
}

#[expect(clippy::cast_precision_loss, reason = "no statement runs for centuries")]
fn milliseconds(micros: i64) -> f64 {
    micros as f64 / 1_000.0
}

#[derive(Serialize)]
struct Whole {
    #[serde(rename = "Plan")]
    plan: Node,
    #[serde(rename = "Planning Time", skip_serializing_if = "Option::is_none")]
    planning: Option<f64>,
    #[serde(rename = "Execution Time", skip_serializing_if = "Option::is_none")]
    execution: Option<f64>,
}

/// One node of the plan. What is not known is not there.
#[derive(Serialize)]
struct Node {
    #[serde(rename = "Node Type")]
    kind: String,
    #[serde(rename = "Relation Name", skip_serializing_if = "Option::is_none")]
    relation: Option<String>,
    #[serde(rename = "Parent Relationship", skip_serializing_if = "Option::is_none")]
    relationship: Option<&'static str>,
    #[serde(rename = "Plan Rows", skip_serializing_if = "Option::is_none")]
    rows: Option<usize>,
    #[serde(rename = "Actual Total Time", skip_serializing_if = "Option::is_none")]
    time: Option<f64>,
    #[serde(rename = "Actual Rows", skip_serializing_if = "Option::is_none")]
    actual_rows: Option<usize>,
    #[serde(rename = "Actual Loops", skip_serializing_if = "Option::is_none")]
    loops: Option<usize>,
    #[serde(rename = "Output", skip_serializing_if = "Option::is_none")]
    output: Option<Vec<String>>,
    /// What DataFusion says of the node in a line.
    #[serde(rename = "Details", skip_serializing_if = "Option::is_none")]
    details: Option<String>,
    #[serde(rename = "Plans", skip_serializing_if = "Vec::is_empty")]
    plans: Vec<Node>,
}

impl Node {
    /// A node of which no more is said than its kind.
    fn of(kind: String) -> Node {
        Node {
            kind,
            relation: None,
            relationship: None,
            rows: None,
            time: None,
            actual_rows: None,
            loops: None,
            output: None,
            details: None,
            plans: vec![],
        }
    }
}

fn node(plan: &Arc<dyn ExecutionPlan>, relationship: Option<&'static str>, shown: Explain) -> Result<Node> {
    let relation = exit::leaving(plan.as_ref()).map(str::to_owned);
    if exit::is_veiled(plan.as_ref()) {
        return Ok(Node { relation, relationship, ..Node::of(kind(plan.name())) });
    }
    let measured = plan.metrics().filter(|_| shown.analyze);
    let expected = match shown.costs {
        true => StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new()).map_err(unwrap)?.num_rows,
        false => Precision::Absent,
    };
    let line = DisplayableExecutionPlan::new(plan.as_ref()).one_line().to_string();
    let details = line.trim().split_once(": ").map(|(_, details)| details.to_owned());
    let output = || plan.schema().fields().iter().map(|field| field.name().clone()).collect();
    let children = plan.children();
    let sides = ["Outer", "Inner"].into_iter().chain(std::iter::repeat("Member"));
    let plans = children.into_iter().zip(sides).map(|(child, side)| node(child, Some(side), shown)).collect::<Result<_>>()?;
    Ok(Node {
        kind: kind(plan.name()),
        relation,
        relationship,
        rows: expected.get_value().copied(),
        time: measured.as_ref().filter(|_| shown.timing).and_then(time),
        actual_rows: measured.as_ref().and_then(MetricsSet::output_rows),
        loops: shown.analyze.then_some(1),
        output: shown.verbose.then(output),
        details,
        plans,
    })
}

/// Milliseconds from a node's first start to its last end, what it waited for included, as PostgreSQL counts.
fn time(measured: &MetricsSet) -> Option<f64> {
    let moments = |of: fn(&MetricValue) -> Option<i64>| measured.iter().filter_map(move |metric| of(metric.value()));
    let start = moments(|value| match value {
        MetricValue::StartTimestamp(start) => start.value()?.timestamp_nanos_opt(),
        _ => None,
    });
    let end = moments(|value| match value {
        MetricValue::EndTimestamp(end) => end.value()?.timestamp_nanos_opt(),
        _ => None,
    });
    Some(milliseconds((end.max()? - start.min()?) / 1_000))
}

/// PostgreSQL's name of a kind of node; one that it has not is named in the same manner.
fn kind(name: &str) -> String {
    let bare = name.strip_suffix("Exec").unwrap_or(name);
    match bare {
        "DataSource" => return "Seq Scan".to_owned(),
        "GlobalLimit" | "LocalLimit" => return "Limit".to_owned(),
        "NestedLoopJoin" | "CrossJoin" => return "Nested Loop".to_owned(),
        "PlaceholderRow" | "Empty" => return "Result".to_owned(),
        "SortMergeJoin" => return "Merge Join".to_owned(),
        "SortPreservingMerge" => return "Gather Merge".to_owned(),
        "CoalescePartitions" => return "Gather".to_owned(),
        "Union" => return "Append".to_owned(),
        "WindowAgg" | "BoundedWindowAgg" => return "WindowAgg".to_owned(),
        _ => {}
    }
    let mut words = String::new();
    for c in bare.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{Numbers, kind};

    #[test]
    fn numbers_of_the_planner_s_names_are_the_plan_s_own() {
        let mut numbers = Numbers::default();
        assert_eq!(
            numbers.own("a__common_expr_84@0 AS b, __common_expr_86, __common_expr_84"),
            "a__common_expr_1@0 AS b, __common_expr_2, __common_expr_1"
        );
        assert_eq!(numbers.own("__scalar_sq_9.x = __common_expr_86"), "__scalar_sq_3.x = __common_expr_2");
    }

    #[test]
    fn nodes_are_named_in_words() {
        for (own, shown) in [("HashJoinExec", "Hash Join"), ("SortExec", "Sort"), ("DataSourceExec", "Seq Scan")] {
            assert_eq!(kind(own), shown);
        }
    }
}
