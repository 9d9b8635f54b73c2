//! Aggregates over numbers and spans of time, with PostgreSQL's types and values (PostgreSQL 15, section 9.21), and DISTINCT.
//!
//! DataFusion's sum of `bigint` goes round at its end, its sum of `real` is a `double precision` and its deviations of exact numbers are
//! floating point. Like our scalar functions these are planned while their arguments' types are open, and *bound* to them when the plan
//! is lowered ([`bind`]).

mod distinct;
mod exact;
mod float;
mod fold;
mod span;

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DFSchema, Result};
use datafusion::functions_aggregate::count::Count;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, Signature, TypeSignature, Volatility,
};

use self::distinct::{Distinct, Ungrouped};
use self::float::{OfOne, OfTwo};
use self::fold::{Alone, Fold, Grouped};
use super::scalar::{Argument, argument_types, missing, not_unique};
use crate::error::Error;
use crate::value::{BARE_NUMERIC, SqlType};

/// The digits behind the point of an average or a deviation of exact numbers.
const SCALE: i8 = 16;

/// What an aggregate tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Count,
    Sum,
    Of(OfOne),
    OfPairs(OfTwo),
    /// The least or the greatest interval.
    Extreme {
        greatest: bool,
    },
}

/// The aggregates of this room that are planned. Others are DataFusion's until they are bound: DISTINCT of `count`, and `min` and `max` of
/// intervals, which DataFusion compares part by part.
const NAMED: [(&str, Told); 20] = [
    ("sum", Told::Sum),
    ("avg", Told::Of(OfOne::Average)),
    ("stddev", Told::Of(OfOne::DeviationSample)),
    ("stddev_pop", Told::Of(OfOne::DeviationPopulation)),
    ("stddev_samp", Told::Of(OfOne::DeviationSample)),
    ("var_pop", Told::Of(OfOne::VariancePopulation)),
    ("var_samp", Told::Of(OfOne::VarianceSample)),
    ("variance", Told::Of(OfOne::VarianceSample)),
    ("corr", Told::OfPairs(OfTwo::Correlation)),
    ("covar_pop", Told::OfPairs(OfTwo::CovariancePopulation)),
    ("covar_samp", Told::OfPairs(OfTwo::CovarianceSample)),
    ("regr_avgx", Told::OfPairs(OfTwo::AverageX)),
    ("regr_avgy", Told::OfPairs(OfTwo::AverageY)),
    ("regr_count", Told::OfPairs(OfTwo::Count)),
    ("regr_intercept", Told::OfPairs(OfTwo::Intercept)),
    ("regr_r2", Told::OfPairs(OfTwo::R2)),
    ("regr_slope", Told::OfPairs(OfTwo::Slope)),
    ("regr_sxx", Told::OfPairs(OfTwo::Sxx)),
    ("regr_sxy", Told::OfPairs(OfTwo::Sxy)),
    ("regr_syy", Told::OfPairs(OfTwo::Syy)),
];

/// The names by which these are called.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    NAMED.into_iter().map(|(name, _)| name)
}

pub(super) fn functions() -> impl Iterator<Item = AggregateUDF> {
    NAMED.into_iter().map(|(name, told)| AggregateUDF::new_from_impl(Aggregate::new(name, told, None)))
}

impl Told {
    /// The type of the answer for arguments of these types; `None` where there is no such aggregate.
    fn result(self, types: &[Argument]) -> Option<SqlType> {
        use SqlType as T;
        let of_exact = |scale: i8| T::Numeric(38, SCALE.max(scale));
        match (self, types) {
            (Told::Count, [_]) => Some(T::Int8),
            (Told::Extreme { .. }, [Argument::Of(T::Interval)]) => Some(T::Interval),
            (Told::Sum | Told::Of(_), [Argument::Of(own)]) => match (self, own) {
                (Told::Sum, T::Int2 | T::Int4) => Some(T::Int8),
                (Told::Sum, T::Int8) => Some(T::Numeric(37, 0)),
                (Told::Sum, T::Numeric(precision, scale)) if (*precision, *scale) == BARE_NUMERIC => Some(own.clone()),
                (Told::Sum, T::Numeric(_, scale)) => Some(T::Numeric(37, *scale)),
                (Told::Sum, T::Float4 | T::Float8) => Some(own.clone()),
                (Told::Sum | Told::Of(OfOne::Average), T::Interval | T::Time) => Some(T::Interval),
                (_, T::Int2 | T::Int4 | T::Int8) => Some(of_exact(0)),
                (_, T::Numeric(_, scale)) => Some(of_exact(*scale)),
                (_, T::Float4 | T::Float8) => Some(T::Float8),
                _ => None,
            },
            (Told::OfPairs(OfTwo::Count), [left, right]) if left.is_number() && right.is_number() => Some(T::Int8),
            (Told::OfPairs(_), [left, right]) if left.is_number() && right.is_number() => Some(T::Float8),
            _ => None,
        }
    }
}

/// Binds a call to the types of its arguments; `None` for an aggregate that is not of this room, or that is bound.
///
/// # Errors
/// 42883 where there is no aggregate of this name for these types, 42725 where there are several.
pub(in crate::query) fn bind(call: &AggregateFunction, schema: &DFSchema) -> Option<Result<AggregateFunction, Error>> {
    let (name, told) = match call.func.inner().downcast_ref::<Aggregate>() {
        Some(own) if own.bound.is_some() => return None,
        Some(own) => (own.name, own.told),
        None => match expected(call, schema) {
            Ok(Some(other)) => other,
            Ok(None) => return None,
            Err(error) => return Some(Err(error)),
        },
    };
    let bound = argument_types(&call.params.args, schema).and_then(|types| match told.result(&types) {
        Some(result) => Ok(result),
        None if types.contains(&Argument::Unknown) && types.len() == 1 => Err(not_unique(name, &types)),
        None => Err(missing(name, &types)),
    });
    Some(bound.map(|result| {
        let func = Arc::new(AggregateUDF::new_from_impl(Aggregate::new(name, told, Some(result))));
        AggregateFunction { func, params: call.params.clone() }
    }))
}

/// What stands for one of DataFusion's aggregates, if it does not do itself.
///
/// # Errors
/// 42883 for what DataFusion's take and PostgreSQL's do not.
fn expected(call: &AggregateFunction, schema: &DFSchema) -> Result<Option<(&'static str, Told)>, Error> {
    use SqlType as T;
    let takes: fn(&SqlType) -> bool = match call.func.name() {
        "min" | "max" => |own| {
            !matches!(
                own,
                T::Bool | T::Bytea | T::Uuid | T::Json | T::Jsonb | T::Jsonpath | T::Tsvector | T::Tsquery | T::Vector(_)
            )
        },
        "bit_and" | "bit_or" | "bit_xor" => |own| matches!(own, T::Int2 | T::Int4 | T::Int8),
        "bool_and" | "bool_or" => |own| *own == T::Bool,
        "count" if call.params.args.len() == 1 => return Ok(call.params.distinct.then_some(("count", Told::Count))),
        "count" => |_| true,
        _ => return Ok(None),
    };
    let types = argument_types(&call.params.args, schema)?;
    match &types[..] {
        [Argument::Of(T::Interval)] if call.func.name() == "min" => Ok(Some(("min", Told::Extreme { greatest: false }))),
        [Argument::Of(T::Interval)] if call.func.name() == "max" => Ok(Some(("max", Told::Extreme { greatest: true }))),
        [Argument::Of(own)] if !takes(own) => Err(missing(call.func.name(), &types)),
        [Argument::Unknown] if call.func.name().starts_with("bit_") => Err(not_unique(call.func.name(), &types)),
        [_] => Ok(None),
        _ => Err(missing(call.func.name(), &types)),
    }
}

#[derive(Debug)]
struct Aggregate {
    name: &'static str,
    told: Told,
    /// The type of the answer, once the arguments' types are certain.
    bound: Option<SqlType>,
    signature: Signature,
    counter: Count,
}

impl PartialEq for Aggregate {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.bound == other.bound
    }
}

impl Eq for Aggregate {}

impl std::hash::Hash for Aggregate {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.bound.hash(state);
    }
}

/// What is made of a fold.
trait Made {
    type Out;

    fn of<F: Fold>(self, fold: F) -> Self::Out;
}

struct MadeGrouped;

impl Made for MadeGrouped {
    type Out = Box<dyn GroupsAccumulator>;

    fn of<F: Fold>(self, fold: F) -> Self::Out {
        Box::new(Grouped::new(fold))
    }
}

struct MadeAlone {
    sliding: bool,
}

impl Made for MadeAlone {
    type Out = Box<dyn Accumulator>;

    fn of<F: Fold>(self, fold: F) -> Self::Out {
        Box::new(Alone::new(fold, self.sliding))
    }
}

struct StateTypes;

impl Made for StateTypes {
    type Out = Vec<DataType>;

    fn of<F: Fold>(self, _fold: F) -> Self::Out {
        F::state_types()
    }
}

impl Aggregate {
    fn new(name: &'static str, told: Told, bound: Option<SqlType>) -> Self {
        let signature = Signature::one_of(vec![TypeSignature::VariadicAny, TypeSignature::Nullary], Volatility::Immutable);
        Aggregate { name, told, bound, signature, counter: Count::new() }
    }

    fn made<M: Made>(&self, input: Option<&DataType>, made: M) -> Result<M::Out> {
        let Some(result) = self.bound.clone() else {
            return datafusion::common::internal_err!("{} is not bound to a type", self.name);
        };
        let scale = match input {
            Some(DataType::Decimal128(_, scale)) => *scale,
            Some(_) | None => 0,
        };
        let spread = |population, root| exact::Spread { scale, population, root, result: result.clone() };
        Ok(match (self.told, &result) {
            (Told::Sum, SqlType::Float4) => made.of(float::RealSum),
            (Told::Sum, SqlType::Float8) => made.of(float::DoubleSum),
            (Told::Sum, SqlType::Interval) => made.of(span::Span { average: false }),
            (Told::Of(OfOne::Average), SqlType::Interval) => made.of(span::Span { average: true }),
            (Told::Extreme { greatest }, _) => made.of(span::Extreme { greatest }),
            (Told::Sum | Told::Count, _) => made.of(exact::Sum { result }),
            (Told::Of(told), SqlType::Float8) => made.of(float::One { told }),
            (Told::Of(OfOne::Average), _) => made.of(exact::Average { scale, result }),
            (Told::Of(OfOne::VariancePopulation), _) => made.of(spread(true, false)),
            (Told::Of(OfOne::VarianceSample), _) => made.of(spread(false, false)),
            (Told::Of(OfOne::DeviationPopulation), _) => made.of(spread(true, true)),
            (Told::Of(OfOne::DeviationSample), _) => made.of(spread(false, true)),
            (Told::OfPairs(told), _) => made.of(float::Two { told }),
        })
    }

    fn distinct(&self, args: AccumulatorArgs) -> Result<Distinct> {
        let types: Vec<DataType> = args.expr_fields.iter().map(|field| field.data_type().clone()).collect();
        let inner = match self.told {
            Told::Count => self.counter.create_groups_accumulator(AccumulatorArgs { is_distinct: false, ..args })?,
            _ => self.made(types.first(), MadeGrouped)?,
        };
        Distinct::new(types, inner)
    }
}

impl AggregateUDFImpl for Aggregate {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        datafusion::common::internal_err!("{} tells its type by its field", self.name)
    }

    fn return_field(&self, arg_fields: &[FieldRef]) -> Result<FieldRef> {
        // What does not fit is refused when the call is bound.
        let likely = || {
            let types: Vec<Argument> = arg_fields.iter().map(|field| Argument::Of(SqlType::of_field(field))).collect();
            self.told.result(&types).unwrap_or(SqlType::Float8)
        };
        let result = self.bound.clone().unwrap_or_else(likely);
        Ok(Arc::new(result.field(self.name, self.is_nullable())))
    }

    fn is_nullable(&self) -> bool {
        !matches!(self.told, Told::Count | Told::OfPairs(OfTwo::Count))
    }

    fn default_value(&self, data_type: &DataType) -> Result<datafusion::common::ScalarValue> {
        match self.told {
            Told::Count | Told::OfPairs(OfTwo::Count) => self.counter.default_value(data_type),
            Told::Sum | Told::Of(_) | Told::OfPairs(_) | Told::Extreme { .. } => {
                datafusion::common::ScalarValue::try_from(data_type)
            }
        }
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let inputs = || args.input_fields.iter().map(|field| field.data_type());
        let types = match self.told {
            _ if args.is_distinct => inputs().map(distinct::state_type).collect(),
            Told::Count => vec![DataType::Int64],
            Told::Sum | Told::Of(_) | Told::OfPairs(_) | Told::Extreme { .. } => self.made(inputs().next(), StateTypes)?,
        };
        let field =
            |(at, of): (usize, DataType)| Arc::new(Field::new(format_state_name(args.name, &format!("part {at}")), of, true));
        Ok(types.into_iter().enumerate().map(field).collect())
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return Ok(Box::new(Ungrouped::new(self.distinct(args)?)?));
        }
        match self.told {
            Told::Count => self.counter.accumulator(args),
            Told::Sum | Told::Of(_) | Told::OfPairs(_) | Told::Extreme { .. } => {
                self.made(args.expr_fields.first().map(|field| field.data_type()), MadeAlone { sliding: false })
            }
        }
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.made(args.expr_fields.first().map(|field| field.data_type()), MadeAlone { sliding: true })
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        if args.is_distinct {
            return Ok(Box::new(self.distinct(args)?));
        }
        match self.told {
            Told::Count => self.counter.create_groups_accumulator(args),
            Told::Sum | Told::Of(_) | Told::OfPairs(_) | Told::Extreme { .. } => {
                self.made(args.expr_fields.first().map(|field| field.data_type()), MadeGrouped)
            }
        }
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}
