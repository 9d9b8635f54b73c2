//! Predicates of a path, in three-valued logic: what cannot be compared is unknown, and so is what fails.

use std::cmp::Ordering;

use crate::error::{Error, Kind};
use crate::value::json::scan::Shape;
use crate::value::jsonpath::{Chain, Comparison, Step};

use super::item::Item;
use super::run::{Fault, Run};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    pub(super) fn json(self) -> &'static str {
        match self {
            Truth::True => "true",
            Truth::False => "false",
            Truth::Unknown => "null",
        }
    }

    fn of(value: bool) -> Truth {
        if value { Truth::True } else { Truth::False }
    }
}

/// The truth of a chain that is one predicate.
pub(super) fn chain_truth(run: &mut Run, chain: &Chain, item: &Item) -> Result<Truth, Fault> {
    match chain.first() {
        Some(step) => truth(run, step, item),
        None => Ok(Truth::Unknown),
    }
}

pub(super) fn truth(run: &mut Run, step: &Step, item: &Item) -> Result<Truth, Fault> {
    match step {
        Step::And(sides) => {
            let left = chain_truth(run, &sides.0, item)?;
            if left == Truth::False {
                return Ok(Truth::False);
            }
            let right = chain_truth(run, &sides.1, item)?;
            Ok(if right == Truth::True { left } else { right })
        }
        Step::Or(sides) => {
            let left = chain_truth(run, &sides.0, item)?;
            if left == Truth::True {
                return Ok(Truth::True);
            }
            let right = chain_truth(run, &sides.1, item)?;
            Ok(if right == Truth::False { left } else { right })
        }
        Step::Not(inner) => Ok(match chain_truth(run, inner, item)? {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        }),
        Step::IsUnknown(inner) => Ok(Truth::of(chain_truth(run, inner, item)? == Truth::Unknown)),
        Step::Exists(inner) => {
            // A strict path must be followed to its end, in case there is an error.
            let found = if run.lax {
                run.steps(inner, item, &mut None)
            } else {
                let mut found = Vec::new();
                run.steps(inner, item, &mut Some(&mut found)).map(|_| !found.is_empty())
            };
            match found {
                Ok(found) => Ok(Truth::of(found)),
                Err(Fault::Soft(_)) => Ok(Truth::Unknown),
                Err(hard) => Err(hard),
            }
        }
        Step::Compare(operator, sides) => pairs(run, &sides.0, Some((&sides.1, true)), item, |run, left, right| {
            right.map_or(Ok(Truth::Unknown), |right| compare(run, *operator, left, right))
        }),
        Step::StartsWith(sides) => pairs(run, &sides.0, Some((&sides.1, false)), item, |_, left, right| {
            Ok(match (left.as_string(), right.and_then(Item::as_string)) {
                (Some(whole), Some(initial)) => Truth::of(whole.starts_with(&initial)),
                _ => Truth::Unknown,
            })
        }),
        Step::LikeRegex { text, expression } => pairs(run, text, None, item, |_, left, _| match left.as_string() {
            Some(text) => expression.matches(&text).map(Truth::of).map_err(Fault::Hard),
            None => Ok(Truth::Unknown),
        }),
        // The parser lets no value stand where a predicate must.
        _ => Err(Fault::Hard(Error::internal("a jsonpath predicate is a value"))),
    }
}

/// A test of every pair of what two chains find, the right one's arrays unwrapped or not.
fn pairs(
    run: &mut Run,
    left: &Chain,
    right: Option<(&Chain, bool)>,
    item: &Item,
    holds: impl Fn(&Run, &Item, Option<&Item>) -> Result<Truth, Fault>,
) -> Result<Truth, Fault> {
    let known = |found: Result<Vec<Item>, Fault>| match found {
        Ok(found) => Ok(Some(found)),
        Err(Fault::Soft(_)) => Ok(None),
        Err(hard) => Err(hard),
    };
    let Some(lefts) = known(run.operand(left, item, true))? else { return Ok(Truth::Unknown) };
    let rights = match right {
        Some((right, unwrap)) => match known(run.operand(right, item, unwrap))? {
            Some(rights) => rights.into_iter().map(Some).collect(),
            None => return Ok(Truth::Unknown),
        },
        None => vec![None],
    };
    let mut found = false;
    let mut unknown = false;
    for left in &lefts {
        for right in &rights {
            match holds(run, left, right.as_ref())? {
                Truth::Unknown if !run.lax => return Ok(Truth::Unknown),
                Truth::Unknown => unknown = true,
                Truth::True if run.lax => return Ok(Truth::True),
                Truth::True => found = true,
                Truth::False => {}
            }
        }
    }
    Ok(match (found, unknown) {
        (true, _) => Truth::True,
        (false, true) => Truth::Unknown,
        (false, false) => Truth::False,
    })
}

fn compare(run: &Run, operator: Comparison, left: &Item, right: &Item) -> Result<Truth, Fault> {
    let order = match (left, right) {
        (Item::Moment(a), Item::Moment(b)) => match a.compare(b, run.zone) {
            Ok(Some(order)) => order,
            Ok(None) => return Ok(Truth::Unknown),
            Err((from, to)) => {
                return Err(Fault::Hard(
                    Error::new(
                        Kind::FeatureNotSupported,
                        format!("cannot convert value from {from} to {to} without time zone usage"),
                    )
                    .with_hint("Use *_tz() function for time zone support."),
                ));
            }
        },
        (Item::Json(a), Item::Json(b)) => match (a.shape(), b.shape()) {
            (Shape::Null, Shape::Null) => Ordering::Equal,
            (Shape::Null, _) | (_, Shape::Null) => return Ok(Truth::of(operator == Comparison::NotEqual)),
            (Shape::Bool, Shape::Bool) => a.text().starts_with('t').cmp(&b.text().starts_with('t')),
            (Shape::Number, Shape::Number) => match (left.as_number(), right.as_number()) {
                (Some(a), Some(b)) => a.compare(&b),
                _ => return Ok(Truth::Unknown),
            },
            (Shape::String, Shape::String) => left.as_string().cmp(&right.as_string()),
            _ => return Ok(Truth::Unknown),
        },
        (Item::Json(json), Item::Moment(_)) | (Item::Moment(_), Item::Json(json)) => {
            let null = json.shape() == Shape::Null;
            return Ok(if null { Truth::of(operator == Comparison::NotEqual) } else { Truth::Unknown });
        }
    };
    Ok(Truth::of(match operator {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::Greater => order.is_gt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }))
}
