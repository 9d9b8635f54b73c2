//! What expressions make of the time of a row: comparisons with constants and the starts of minutes, hours and days can be known for many
//! rows at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringViewArray};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::expr::{InList, ScalarFunction};
use datafusion::logical_expr::{Between, BinaryExpr, Expr};

use super::documents::{Documents, Promoted};
use crate::clock::Micros;
use crate::query::plan::is_comparison;
use crate::scan::Together;
use crate::value::json::path::Step;
use crate::value::{SqlType, Style, Zone, cast_text};

/// Constants that the time may be compared with; each is a cut through the rows.
const CUTS_MAX: usize = 64;
const MICROS_PER_MINUTE: i64 = 60_000_000;
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Minutes of a quarter of an hour, an hour and a day.
const QUARTER: i64 = 15;
const HOUR: i64 = 60;
const DAY: i64 = 1_440;

/// How expressions use the time of a row.
#[derive(Debug, Clone)]
pub(super) struct Uses {
    /// How the session reads constants, and the zone in which it tells the time.
    style: Style,
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
    pub(super) fn new(style: &Style) -> Self {
        Uses { style: style.clone(), cuts: BTreeSet::new(), step: None, promoted: Promoted::new(), paths: BTreeSet::new() }
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
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(*op) => match (is_time(left), is_time(right)) {
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
        let zoned = |expr: &Expr| zone_of(expr, time);
        let steady = |named: Option<Zone>| hours_in(named.unwrap_or(self.style.timezone));
        let step = match (call.name(), call.args.as_slice()) {
            ("date_trunc", [unit, moment]) => {
                zoned(moment).map(|zone| steady(zone).and_then(|hours| Some(common(hours, begun(text(unit)?)?))))
            }
            ("extract" | "date_part", [part, moment]) => {
                zoned(moment).map(|zone| steady(zone).and_then(|hours| Some(common(hours, told(text(part)?)?))))
            }
            ("date_bin", [stride, moment, origin]) => zoned(moment).map(|zone| {
                let stride = self.stride_minutes(stride, origin, zone.is_some())?;
                // Bins of moments are counted from UTC; those of local times move with the zone's offset.
                zone.map_or(Some(stride), |zone| Some(common(stride, hours_in(zone)?)))
            }),
            _ => None,
        };
        match step {
            None if Expr::ScalarFunction(call.clone()).is_volatile_node() => Part::Refused,
            None => Part::Looked,
            Some(None) => Part::Refused,
            Some(Some(step)) => {
                self.step = Some(self.step.map_or(step, |before| common(before, step)));
                Part::Known
            }
        }
    }
}

impl Uses {
    /// Minutes in which `date_bin` stays the same: those that its steps and their origin have in common.
    fn stride_minutes(&self, stride: &Expr, origin: &Expr, local: bool) -> Option<i64> {
        let ScalarValue::IntervalMonthDayNano(Some(stride)) = self.constant(stride, &SqlType::Interval)? else { return None };
        if stride.months != 0 {
            return None;
        }
        let micros = i64::from(stride.days).checked_mul(MICROS_PER_DAY)?.checked_add(stride.nanoseconds / 1_000)?;
        let of = if local { SqlType::Timestamp } else { SqlType::Timestamptz };
        let ScalarValue::TimestampMicrosecond(Some(origin), _) = self.constant(origin, &of)? else { return None };
        let whole = |micros: i64| (micros % MICROS_PER_MINUTE == 0).then_some(micros / MICROS_PER_MINUTE);
        let (stride, origin) = (whole(micros)?, whole(origin)?);
        (stride > 0).then(|| common(stride, origin.rem_euclid(stride)))
    }

    /// A constant, which may still be a text that the function reads as this type.
    fn constant(&self, expr: &Expr, sql_type: &SqlType) -> Option<ScalarValue> {
        let Expr::Literal(value, _) = expr else { return None };
        let Some(text) = value.try_as_str() else { return Some(value.clone()) };
        let text: ArrayRef = Arc::new(StringViewArray::from_iter_values([text?]));
        ScalarValue::try_from_array(&cast_text(&text, sql_type, &self.style).ok()?, 0).ok()
    }
}

/// Whether an expression is the time of a row, and in which zone it is told, if one is named; `None` for any other.
fn zone_of(expr: &Expr, time: Option<&Column>) -> Option<Option<Zone>> {
    match expr {
        Expr::Column(column) => (Some(column) == time).then_some(None),
        Expr::ScalarFunction(call) => match (call.name(), call.args.as_slice()) {
            ("timezone", [zone, Expr::Column(column)]) if Some(column) == time => Zone::parse(text(zone)?).ok().map(Some),
            _ => None,
        },
        _ => None,
    }
}

/// Minutes, counted from 1970, in which a zone's time goes on evenly, and at whose start its own minutes of such a number start as well.
/// Since 1980 zones have changed at whole minutes, some of them at one minute past midnight; `None` where seconds matter.
fn hours_in(zone: Zone) -> Option<i64> {
    match zone {
        zone if zone.is_utc() => Some(DAY),
        Zone::Fixed(seconds) if seconds % 3_600 == 0 => Some(HOUR),
        Zone::Fixed(seconds) if seconds % 900 == 0 => Some(QUARTER),
        Zone::Fixed(seconds) if seconds % 60 == 0 => Some(1),
        Zone::Named(_) => Some(1),
        Zone::Fixed(_) | Zone::Posix(_) => None,
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

/// Minutes in which `date_trunc` to a unit stays the same.
fn begun(unit: &str) -> Option<i64> {
    match unit.to_ascii_lowercase().as_str() {
        "minute" => Some(1),
        "hour" => Some(HOUR),
        "day" | "week" | "month" | "quarter" | "year" => Some(DAY),
        _ => None,
    }
}

/// Minutes in which a part of a time stays the same.
fn told(part: &str) -> Option<i64> {
    match part.to_ascii_lowercase().as_str() {
        "minute" => Some(1),
        "hour" => Some(HOUR),
        "day" | "dow" | "isodow" | "doy" | "week" | "month" | "quarter" | "year" | "isoyear" => Some(DAY),
        _ => None,
    }
}

/// The greatest common divisor.
fn common(one: i64, other: i64) -> i64 {
    if other == 0 { one } else { common(other, one % other) }
}
