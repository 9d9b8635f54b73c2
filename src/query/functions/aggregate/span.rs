//! `sum`, `avg`, `min` and `max` of intervals (PostgreSQL's `interval_accum`, `interval_div`).

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, IntervalMonthDayNanoArray};
use datafusion::arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, Time64MicrosecondType};
use datafusion::common::Result;

use super::fold::{Fold, Rows, column, shared};
use crate::error::{Error, Kind};
use crate::query::errors::wrap;
use crate::query::functions::operator::divided_interval;
use crate::query::functions::time::Parts as Length;

/// `sum`, or `avg`.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) average: bool,
}

/// The sums of the parts, which are wider than an interval's.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Parts {
    months: i64,
    days: i64,
    /// `None` where they no longer fit.
    nanos: Option<i64>,
    count: i64,
}

impl Parts {
    fn nanos(&self) -> Option<i64> {
        if self.count == 0 { Some(0) } else { self.nanos }
    }

    fn plus(&self, other: &Parts, sign: i64) -> Parts {
        let nanos = self.nanos().zip(other.nanos()).and_then(|(own, other)| own.checked_add(other.checked_mul(sign)?));
        Parts {
            months: self.months + other.months * sign,
            days: self.days + other.days * sign,
            nanos,
            count: self.count + other.count * sign,
        }
    }

    fn of(span: IntervalMonthDayNano) -> Parts {
        Parts { months: span.months.into(), days: span.days.into(), nanos: Some(span.nanoseconds), count: 1 }
    }

    fn span(&self) -> Option<IntervalMonthDayNano> {
        let narrow = |value: i64| i32::try_from(value).ok();
        Some(IntervalMonthDayNano::new(narrow(self.months)?, narrow(self.days)?, self.nanos()?))
    }
}

impl Fold for Span {
    type Input = IntervalMonthDayNano;
    type State = Parts;
    const INVERTIBLE: bool = true;

    fn scan(&self, columns: &[ArrayRef], rows: &Rows, mut sink: impl FnMut(usize, IntervalMonthDayNano)) -> Result<()> {
        let Some(array) = columns.first() else { return Ok(()) };
        if let Some(times) = array.as_primitive_opt::<Time64MicrosecondType>() {
            rows.visit(|row| sink(row, IntervalMonthDayNano::new(0, 0, times.value(row) * 1_000)));
        } else {
            let spans = array.as_primitive::<IntervalMonthDayNanoType>().values();
            rows.visit(|row| sink(row, spans[row]));
        }
        Ok(())
    }

    fn add(state: &mut Parts, input: IntervalMonthDayNano) {
        *state = state.plus(&Parts::of(input), 1);
    }

    fn remove(state: &mut Parts, input: IntervalMonthDayNano) {
        *state = state.plus(&Parts::of(input), -1);
    }

    fn merge(state: &mut Parts, other: &Parts) {
        *state = state.plus(other, 1);
    }

    fn state_types() -> Vec<DataType> {
        vec![DataType::Int64; 4]
    }

    fn write(states: &[Parts]) -> Result<Vec<ArrayRef>> {
        let column = |of: fn(&Parts) -> Option<i64>| shared(states.iter().map(of).collect::<Int64Array>());
        Ok(vec![column(|of| Some(of.months)), column(|of| Some(of.days)), column(Parts::nanos), column(|of| Some(of.count))])
    }

    fn read(columns: &[ArrayRef], mut sink: impl FnMut(usize, Parts)) -> Result<()> {
        let parts = (0..4).map(|at| column::<Int64Array>(columns, at)).collect::<Result<Vec<_>>>()?;
        let [months, days, nanos, count] = &parts[..] else { return Ok(()) };
        for row in 0..count.len() {
            let nanos = nanos.is_valid(row).then(|| nanos.value(row));
            sink(row, Parts { months: months.value(row), days: days.value(row), nanos, count: count.value(row) });
        }
        Ok(())
    }

    fn finish(&self, states: &[Parts]) -> Result<ArrayRef> {
        let spans = states.iter().map(|state| {
            if state.count == 0 {
                return Ok(None);
            }
            #[allow(clippy::cast_precision_loss, reason = "PostgreSQL divides by the count as double precision")]
            let span = state.span().and_then(|span| match self.average {
                true => divided_interval(span, state.count as f64),
                false => Some(span),
            });
            span.map(Some).ok_or_else(|| wrap(Error::new(Kind::DatetimeFieldOverflow, "interval out of range")))
        });
        Ok(shared(spans.collect::<Result<IntervalMonthDayNanoArray>>()?))
    }
}

/// `min`, or `max`: by how long an interval is.
#[derive(Debug, Clone)]
pub(super) struct Extreme {
    pub(super) greatest: bool,
}

/// The shortest and the longest interval so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds(Option<(IntervalMonthDayNano, IntervalMonthDayNano)>);

fn shorter(left: IntervalMonthDayNano, right: IntervalMonthDayNano) -> bool {
    Length::of(left).length() < Length::of(right).length()
}

impl Fold for Extreme {
    type Input = IntervalMonthDayNano;
    type State = Bounds;
    const INVERTIBLE: bool = false;

    fn scan(&self, columns: &[ArrayRef], rows: &Rows, sink: impl FnMut(usize, IntervalMonthDayNano)) -> Result<()> {
        Span { average: false }.scan(columns, rows, sink)
    }

    fn add(state: &mut Bounds, input: IntervalMonthDayNano) {
        Self::merge(state, &Bounds(Some((input, input))));
    }

    fn remove(_state: &mut Bounds, _input: IntervalMonthDayNano) {}

    fn merge(state: &mut Bounds, other: &Bounds) {
        state.0 = match (state.0, other.0) {
            (Some((least, greatest)), Some((other_least, other_greatest))) => Some((
                if shorter(other_least, least) { other_least } else { least },
                if shorter(greatest, other_greatest) { other_greatest } else { greatest },
            )),
            (own, other) => own.or(other),
        };
    }

    fn state_types() -> Vec<DataType> {
        vec![DataType::Interval(IntervalUnit::MonthDayNano); 2]
    }

    fn write(states: &[Bounds]) -> Result<Vec<ArrayRef>> {
        let least = states.iter().map(|state| state.0.map(|(least, _)| least)).collect::<IntervalMonthDayNanoArray>();
        let greatest = states.iter().map(|state| state.0.map(|(_, greatest)| greatest)).collect::<IntervalMonthDayNanoArray>();
        Ok(vec![shared(least), shared(greatest)])
    }

    fn read(columns: &[ArrayRef], mut sink: impl FnMut(usize, Bounds)) -> Result<()> {
        let (least, greatest): (IntervalMonthDayNanoArray, IntervalMonthDayNanoArray) = (column(columns, 0)?, column(columns, 1)?);
        for (row, (least, greatest)) in least.iter().zip(&greatest).enumerate() {
            sink(row, Bounds(least.zip(greatest)));
        }
        Ok(())
    }

    fn finish(&self, states: &[Bounds]) -> Result<ArrayRef> {
        let chosen = states.iter().map(|state| state.0.map(|(least, greatest)| if self.greatest { greatest } else { least }));
        Ok(shared(chosen.collect::<IntervalMonthDayNanoArray>()))
    }
}
