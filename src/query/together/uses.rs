//! What expressions make of the time of a row: comparisons with constants and the starts of minutes, hours and days can be known for many
//! rows at once.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::expr::{InList, ScalarFunction};
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};

use super::documents::{Documents, Promoted};
use crate::clock::Micros;
use crate::scan::Together;
use crate::value::Zone;
use crate::value::json::path::Step;

/// Constants that the time may be compared with; each is a cut through the rows.
const CUTS_MAX: usize = 64;
const MICROS_PER_MINUTE: i64 = 60_000_000;
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Minutes in which no hour, day, week or year begins but at their start, in any time zone of today.
const QUARTER: i64 = 15;

/// How expressions use the time of a row.
#[derive(Debug, Clone)]
pub(super) struct Uses {
    /// Whether the session's time zone is a multiple of a quarter of an hour away from UTC.
    even: bool,
    cuts: BTreeSet<Micros>,
    step: Option<i64>,
    /// What indexes know of documents.
    pub promoted: Promoted,
    /// What of that is asked for.
    pub paths: BTreeSet<(String, Vec<Step>)>,
}

/// What columns of a node are.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// The one that tells the time of a row.
    pub time: Option<Column>,
    pub documents: Documents,
}

impl Uses {
    pub(super) fn new(zone: Zone) -> Self {
        Uses { even: is_even(zone), cuts: BTreeSet::new(), step: None, promoted: Promoted::new(), paths: BTreeSet::new() }
    }

    /// Takes an expression in; `false` if it can tell rows apart for which it would have to be asked one by one.
    pub(super) fn allow(&mut self, expr: &Expr, names: &Names) -> bool {
        let mut allowed = true;
        let walked = expr.apply(|inner| {
            Ok(match self.part(inner, names) {
                Part::Known => TreeNodeRecursion::Jump,
                Part::Looked => TreeNodeRecursion::Continue,
                Part::Refused => {
                    allowed = false;
                    TreeNodeRecursion::Stop
                }
            })
        });
        allowed && walked.is_ok() && self.cuts.len() <= CUTS_MAX
    }

    /// Which rows may be taken together.
    pub(super) fn together(&self) -> Together {
        Together { cuts: self.cuts.iter().copied().collect(), step: self.step }
    }

    fn part(&mut self, expr: &Expr, names: &Names) -> Part {
        let time = names.time.as_ref();
        let is_time = |expr: &Expr| matches!((expr, time), (Expr::Column(column), Some(time)) if column == time);
        let constants: Option<Vec<Micros>> = match expr {
            Expr::Column(_) if is_time(expr) => return Part::Refused,
            Expr::Column(column) if names.documents.holds(column) => return Part::Refused,
            Expr::OuterReferenceColumn(..)
            | Expr::ScalarSubquery(_)
            | Expr::InSubquery(_)
            | Expr::Exists(_)
            | Expr::SetComparison(_) => {
                return Part::Refused;
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if compares(*op) => match (is_time(left), is_time(right)) {
                (true, false) => moment(right).map(|moment| vec![moment]),
                (false, true) => moment(left).map(|moment| vec![moment]),
                (true, true) | (false, false) => return Part::Looked,
            },
            Expr::Between(Between { expr, low, high, .. }) if is_time(expr) => {
                [low, high].into_iter().map(|at| moment(at)).collect()
            }
            Expr::InList(InList { expr, list, .. }) if is_time(expr) => list.iter().map(moment).collect(),
            // A row that was recorded has a time.
            Expr::IsNull(inner) | Expr::IsNotNull(inner) if is_time(inner) => return Part::Known,
            Expr::ScalarFunction(call) => {
                return match names.documents.text(expr) {
                    Some(way) if self.promoted.contains_key(&way) => {
                        self.paths.insert(way);
                        Part::Known
                    }
                    Some(_) | None => self.call(call, time),
                };
            }
            _ => return if expr.is_volatile_node() { Part::Refused } else { Part::Looked },
        };
        let Some(constants) = constants else { return Part::Refused };
        // All times from one of these up to the next compare alike, whatever the comparison is.
        self.cuts.extend(constants.iter().flat_map(|at| [*at, at.saturating_add(1)]));
        Part::Known
    }

    fn call(&mut self, call: &ScalarFunction, time: Option<&Column>) -> Part {
        let step = match (call.name(), call.args.as_slice()) {
            ("date_trunc", [unit, moment]) if self.is_moment(moment, time) => text(unit).and_then(begun),
            ("extract" | "date_part", [part, moment]) if self.is_moment(moment, time) => text(part).and_then(told),
            ("date_bin", [stride, moment, origin]) if self.is_moment(moment, time) => stride_minutes(stride, origin),
            _ => return if Expr::ScalarFunction(call.clone()).is_volatile_node() { Part::Refused } else { Part::Looked },
        };
        match step {
            Some(step) => {
                self.step = Some(self.step.map_or(step, |before| common(before, step)));
                Part::Known
            }
            None => Part::Refused,
        }
    }

    /// Whether an expression is the time, in a zone of today.
    fn is_moment(&self, expr: &Expr, time: Option<&Column>) -> bool {
        match expr {
            Expr::Column(column) => self.even && Some(column) == time,
            Expr::ScalarFunction(call) => match (call.name(), call.args.as_slice()) {
                ("timezone", [zone, moment]) => {
                    let even = text(zone).and_then(|zone| Zone::parse(zone).ok()).is_some_and(is_even);
                    even && self.is_moment(moment, time)
                }
                _ => false,
            },
            _ => false,
        }
    }
}

/// What is to be done with a part of an expression.
enum Part {
    /// It is known for many rows at once.
    Known,
    /// Its own parts decide.
    Looked,
    /// It has to be asked row by row.
    Refused,
}

fn compares(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    )
}

fn moment(constant: &Expr) -> Option<Micros> {
    match constant {
        Expr::Literal(ScalarValue::TimestampMicrosecond(moment, _), _) => *moment,
        _ => None,
    }
}

fn text(constant: &Expr) -> Option<&str> {
    match constant {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    }
}

fn is_even(zone: Zone) -> bool {
    match zone {
        Zone::Fixed(seconds) => seconds % 900 == 0,
        Zone::Named(_) => true,
        Zone::Posix(_) => false,
    }
}

/// Minutes in which `date_trunc` to a unit stays the same.
fn begun(unit: &str) -> Option<i64> {
    match unit.to_ascii_lowercase().as_str() {
        "minute" => Some(1),
        "hour" | "day" | "week" | "month" | "quarter" | "year" => Some(QUARTER),
        _ => None,
    }
}

/// Minutes in which a part of a time stays the same.
fn told(part: &str) -> Option<i64> {
    match part.to_ascii_lowercase().as_str() {
        "minute" => Some(1),
        "hour" | "day" | "dow" | "isodow" | "doy" | "week" | "month" | "quarter" | "year" | "isoyear" => Some(QUARTER),
        _ => None,
    }
}

/// Minutes in which `date_bin` stays the same: those that its steps and their origin have in common.
fn stride_minutes(stride: &Expr, origin: &Expr) -> Option<i64> {
    let Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(stride)), _) = stride else { return None };
    if stride.months != 0 {
        return None;
    }
    let micros = i64::from(stride.days).checked_mul(MICROS_PER_DAY)?.checked_add(stride.nanoseconds / 1_000)?;
    let origin = moment(origin)?;
    let whole = |micros: i64| (micros % MICROS_PER_MINUTE == 0).then_some(micros / MICROS_PER_MINUTE);
    let (stride, origin) = (whole(micros)?, whole(origin)?);
    (stride > 0).then(|| common(stride, origin.rem_euclid(stride)))
}

/// The greatest common divisor.
fn common(one: i64, other: i64) -> i64 {
    if other == 0 { one } else { common(other, one % other) }
}
