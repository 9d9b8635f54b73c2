//! Ordered-set aggregates: `percentile_cont`, `percentile_disc` and `mode` (PostgreSQL 15, section 9.21, table 9.62).
//!
//! The values of a group are kept and sorted at its end. A fraction may be an array, and so the answer is one.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray, UInt32Array, make_comparator, new_empty_array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{SortOptions, cast, concat, filter, is_not_null, sort_to_indices, take};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, IntervalMonthDayNanoType};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, TypeSignature, Volatility};

use super::time::Parts;
use crate::error::{Error, Kind};
use crate::query::errors::wrap;
use crate::value::SqlType;

pub(super) fn functions() -> Vec<AggregateUDF> {
    [Which::Continuous, Which::Discrete, Which::Mode]
        .into_iter()
        .map(|which| {
            let signature = Signature::one_of(vec![TypeSignature::VariadicAny, TypeSignature::Nullary], Volatility::Immutable);
            AggregateUDF::new_from_impl(OrderedSet { which, signature })
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Which {
    /// A value between two where none stands at the place.
    Continuous,
    Discrete,
    /// The most frequent value.
    Mode,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct OrderedSet {
    which: Which,
    signature: Signature,
}

impl OrderedSet {
    /// The type of one answer for values of a type.
    fn answer(&self, values: &SqlType) -> std::result::Result<SqlType, Error> {
        let number = matches!(
            values,
            SqlType::Int2 | SqlType::Int4 | SqlType::Int8 | SqlType::Float4 | SqlType::Float8 | SqlType::Numeric(_, _)
        );
        match (self.which, values) {
            (Which::Discrete | Which::Mode, own) => Ok(own.clone()),
            (Which::Continuous, SqlType::Interval) => Ok(SqlType::Interval),
            (Which::Continuous, _) if number => Ok(SqlType::Float8),
            (Which::Continuous, own) => Err(Error::new(
                Kind::UndefinedFunction,
                format!("function percentile_cont(double precision, {own}) does not exist"),
            )),
        }
    }

    fn fields(&self, given: &[FieldRef]) -> Result<(SqlType, SqlType)> {
        let wanted = if self.which == Which::Mode { 1 } else { 2 };
        match given {
            [values, ..] if given.len() == wanted => {
                let own = SqlType::of_field(values);
                let answer = self.answer(&own).map_err(wrap)?;
                Ok((own, answer))
            }
            _ => {
                let message = format!("WITHIN GROUP is required for ordered-set aggregate {}", self.name());
                Err(wrap(Error::new(Kind::WrongObjectType, message)))
            }
        }
    }
}

fn is_list(field: Option<&FieldRef>) -> bool {
    field.is_some_and(|field| matches!(field.data_type(), DataType::List(_)))
}

impl AggregateUDFImpl for OrderedSet {
    fn name(&self) -> &'static str {
        match self.which {
            Which::Continuous => "percentile_cont",
            Which::Discrete => "percentile_disc",
            Which::Mode => "mode",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        datafusion::common::internal_err!("{} tells its type by its field", self.name())
    }

    fn return_field(&self, arg_fields: &[FieldRef]) -> Result<FieldRef> {
        let (_, answer) = self.fields(arg_fields)?;
        let answer = if is_list(arg_fields.get(1)) { SqlType::Array(Box::new(answer)) } else { answer };
        Ok(Arc::new(answer.field(self.name(), true)))
    }

    fn supports_within_group_clause(&self) -> bool {
        true
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let values = args.input_fields.first().map_or(DataType::Null, |field| field.data_type().clone());
        let list =
            |name: &str, of: DataType| Arc::new(Field::new(name, DataType::List(Arc::new(Field::new("item", of, true))), true));
        Ok(vec![list("values", values), list("fractions", DataType::Float64)])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let fields: Vec<FieldRef> = args.expr_fields.to_vec();
        let (own, answer) = self.fields(&fields)?;
        let options = args.order_bys.first().map_or(SortOptions::default(), |order| order.options);
        let physical = fields.first().map_or(DataType::Null, |field| field.data_type().clone());
        let listed = is_list(fields.get(1));
        Ok(Box::new(Collected { which: self.which, own, answer, listed, physical, options, batches: vec![], fractions: None }))
    }
}

/// The values of a group so far.
#[derive(Debug)]
struct Collected {
    which: Which,
    own: SqlType,
    answer: SqlType,
    /// Whether the fraction is an array.
    listed: bool,
    physical: DataType,
    options: SortOptions,
    batches: Vec<ArrayRef>,
    /// The fractions wanted, once a row has told them; one may be NULL.
    fractions: Option<Float64Array>,
}

impl Collected {
    fn values(&self) -> Result<ArrayRef> {
        if self.batches.is_empty() {
            return Ok(new_empty_array(&self.physical));
        }
        let batches: Vec<&dyn Array> = self.batches.iter().map(AsRef::as_ref).collect();
        Ok(concat(&batches)?)
    }

    /// The value at a place in order, as floating point.
    fn between(&self, sorted: &ArrayRef, fraction: f64) -> Result<ScalarValue> {
        #[allow(clippy::cast_precision_loss)]
        let place = fraction * (sorted.len() - 1) as f64;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let (low, high) = (place.floor() as usize, place.ceil() as usize);
        let part = place - place.floor();
        if self.answer == SqlType::Interval {
            let spans = sorted.as_primitive::<IntervalMonthDayNanoType>();
            let (low, high) = (Parts::of(spans.value(low)), Parts::of(spans.value(high)));
            let span = low.towards(high, part).map_err(wrap)?;
            return Ok(ScalarValue::IntervalMonthDayNano(Some(span.arrow().map_err(wrap)?)));
        }
        let numbers = cast(sorted, &DataType::Float64)?;
        let numbers = numbers.as_primitive::<Float64Type>();
        let (low, high) = (numbers.value(low), numbers.value(high));
        Ok(ScalarValue::Float64(Some(if part == 0.0 { low } else { low + part * (high - low) })))
    }

    fn at_fraction(&self, sorted: &ArrayRef, fraction: Option<f64>) -> Result<ScalarValue> {
        let null = || ScalarValue::try_from(&self.answer.arrow());
        let Some(fraction) = fraction else { return null() };
        if !(0.0..=1.0).contains(&fraction) {
            let message = format!("percentile value {fraction} is not between 0 and 1");
            return Err(wrap(Error::new(Kind::NumericValueOutOfRange, message)));
        }
        if sorted.is_empty() {
            return null();
        }
        if self.which == Which::Continuous {
            return self.between(sorted, fraction);
        }
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let place = ((fraction * sorted.len() as f64).ceil() as usize).max(1) - 1;
        ScalarValue::try_from_array(sorted, place)
    }

    fn most_frequent(&self, sorted: &ArrayRef) -> Result<ScalarValue> {
        if sorted.is_empty() {
            return ScalarValue::try_from(&self.answer.arrow());
        }
        let same = make_comparator(sorted, sorted, SortOptions::default())?;
        let (mut best, mut best_count, mut start) = (0, 0, 0);
        for at in 1..=sorted.len() {
            if at == sorted.len() || same(start, at).is_ne() {
                if at - start > best_count {
                    (best, best_count) = (start, at - start);
                }
                start = at;
            }
        }
        ScalarValue::try_from_array(sorted, best)
    }
}

/// The places of values in order.
fn in_order(values: &ArrayRef, options: SortOptions) -> Result<UInt32Array> {
    if let Some(spans) = values.as_primitive_opt::<IntervalMonthDayNanoType>() {
        // By how long they are, and not part by part.
        let lengths: Vec<i128> = spans.values().iter().map(|span| Parts::of(*span).length()).collect();
        let mut places: Vec<u32> = (0_u32..).take(lengths.len()).collect();
        places.sort_by(|left, right| {
            let length = |place: &u32| usize::try_from(*place).ok().and_then(|place| lengths.get(place));
            if options.descending { length(right).cmp(&length(left)) } else { length(left).cmp(&length(right)) }
        });
        return Ok(UInt32Array::from(places));
    }
    if !matches!(values.data_type(), DataType::List(_)) {
        return Ok(sort_to_indices(values, Some(options), None)?);
    }
    // Arrow sorts lists of numbers only.
    let compare = make_comparator(values, values, options)?;
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|left, right| compare(*left, *right));
    Ok(places.into_iter().filter_map(|place| u32::try_from(place).ok()).collect())
}

impl Accumulator for Collected {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [own, rest @ ..] = values else { return Ok(()) };
        // What a mode is ordered by stands where the others have their fraction.
        if let (None, Some(fractions)) = (&self.fractions, rest.first())
            && self.which != Which::Mode
            && !fractions.is_empty()
        {
            let fractions = match fractions.as_list_opt::<i32>() {
                Some(lists) => lists.value(0),
                None => fractions.slice(0, 1),
            };
            self.fractions = Some(cast(&fractions, &DataType::Float64)?.as_primitive::<Float64Type>().clone());
        }
        self.batches.push(filter(own, &is_not_null(own)?)?);
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [values, fractions] = states else { return Ok(()) };
        for row in 0..values.len() {
            self.batches.push(values.as_list::<i32>().value(row));
            let fractions = fractions.as_list::<i32>();
            if self.fractions.is_none() && fractions.is_valid(row) {
                self.fractions = Some(fractions.value(row).as_primitive::<Float64Type>().clone());
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let list = |values: ArrayRef, valid: bool| {
            let item = Arc::new(Field::new("item", values.data_type().clone(), true));
            let nulls = (!valid).then(|| vec![false].into());
            ScalarValue::List(Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([values.len()]), values, nulls)))
        };
        let known = self.fractions.is_some();
        let fractions = self.fractions.clone().unwrap_or_else(|| Float64Array::from(Vec::<f64>::new()));
        Ok(vec![list(self.values()?, true), list(Arc::new(fractions), known)])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let values = self.values()?;
        let indices = in_order(&values, SortOptions { nulls_first: false, ..self.options })?;
        let sorted = cast(&take(&values, &indices, None)?, &self.own.arrow())?;
        if self.which == Which::Mode {
            return self.most_frequent(&sorted);
        }
        let Some(fractions) = self.fractions.clone() else {
            let whole = if self.listed { SqlType::Array(Box::new(self.answer.clone())) } else { self.answer.clone() };
            return ScalarValue::try_from(&whole.arrow());
        };
        let answers = fractions.iter().map(|fraction| self.at_fraction(&sorted, fraction)).collect::<Result<Vec<_>>>()?;
        if !self.listed {
            return answers.into_iter().next().map_or_else(|| ScalarValue::try_from(&self.answer.arrow()), Ok);
        }
        if sorted.is_empty() {
            return ScalarValue::try_from(&SqlType::Array(Box::new(self.answer.clone())).arrow());
        }
        let elements =
            if answers.is_empty() { new_empty_array(&self.answer.arrow()) } else { ScalarValue::iter_to_array(answers)? };
        let item = self.answer.item();
        Ok(ScalarValue::List(Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([elements.len()]), elements, None))))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.batches.iter().map(|batch| batch.get_array_memory_size()).sum::<usize>()
    }
}
