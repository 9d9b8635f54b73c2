//! Sums, averages, deviations and regressions of floating point, by the steps of PostgreSQL's `float.c` (Youngs and Cramer), so that
//! they round as PostgreSQL's do.

use datafusion::arrow::array::{ArrayRef, AsArray, Float32Array, Float64Array, Int64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::Result;

use super::fold::{Fold, Rows, column, shared};
use crate::error::{Error, Kind};
use crate::query::errors::wrap;

fn floats(columns: &[ArrayRef], at: usize) -> Result<Float64Array> {
    let Some(array) = columns.get(at) else { return datafusion::common::internal_err!("an aggregate lacks argument {at}") };
    Ok(cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
}

fn out_of_range() -> Error {
    Error::new(Kind::NumericValueOutOfRange, "value out of range: overflow")
}

/// A number that became infinite though nothing in it was.
fn finite(value: f64, given: bool) -> Result<f64> {
    if value.is_infinite() && !given { Err(wrap(out_of_range())) } else { Ok(value) }
}

/// `sum` of `double precision`.
#[derive(Debug, Clone)]
pub(super) struct DoubleSum;

/// The sum, whether there is one, and whether something infinite went in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum<T> {
    value: T,
    seen: bool,
    infinite: bool,
}

macro_rules! float_sum {
    ($fold:ident, $native:ty, $arrow:ty, $array:ty, $data_type:expr) => {
        impl Fold for $fold {
            type Input = $native;
            type State = Sum<$native>;
            const INVERTIBLE: bool = false;

            fn scan(&self, columns: &[ArrayRef], rows: &Rows, mut sink: impl FnMut(usize, $native)) -> Result<()> {
                let Some(array) = columns.first() else { return Ok(()) };
                let array = cast(array, &$data_type)?;
                let values = array.as_primitive::<$arrow>().values();
                rows.visit(|row| sink(row, values[row]));
                Ok(())
            }

            fn add(state: &mut Self::State, input: $native) {
                let value = if state.seen { state.value + input } else { input };
                *state = Sum { value, seen: true, infinite: state.infinite || !input.is_finite() };
            }

            fn remove(_state: &mut Self::State, _input: $native) {}

            fn merge(state: &mut Self::State, other: &Self::State) {
                if other.seen {
                    Self::add(state, other.value);
                    state.infinite |= other.infinite;
                }
            }

            fn state_types() -> Vec<DataType> {
                vec![$data_type, DataType::Boolean]
            }

            fn write(states: &[Self::State]) -> Result<Vec<ArrayRef>> {
                let values = states.iter().map(|state| state.seen.then_some(state.value)).collect::<$array>();
                let infinite = states.iter().map(|state| Some(state.infinite)).collect::<datafusion::arrow::array::BooleanArray>();
                Ok(vec![shared(values), shared(infinite)])
            }

            fn read(columns: &[ArrayRef], mut sink: impl FnMut(usize, Self::State)) -> Result<()> {
                let values: $array = column(columns, 0)?;
                let infinite: datafusion::arrow::array::BooleanArray = column(columns, 1)?;
                for (row, value) in values.iter().enumerate() {
                    let state = Sum { value: value.unwrap_or_default(), seen: value.is_some(), infinite: infinite.value(row) };
                    sink(row, state);
                }
                Ok(())
            }

            fn finish(&self, states: &[Self::State]) -> Result<ArrayRef> {
                let sums = states.iter().map(|state| {
                    if state.seen && state.value.is_infinite() && !state.infinite {
                        return Err(wrap(out_of_range()));
                    }
                    Ok(state.seen.then_some(state.value))
                });
                Ok(shared(sums.collect::<Result<$array>>()?))
            }
        }
    };
}

/// `sum` of `real`, which rounds at every step.
#[derive(Debug, Clone)]
pub(super) struct RealSum;

float_sum!(DoubleSum, f64, Float64Type, Float64Array, DataType::Float64);
float_sum!(RealSum, f32, Float32Type, Float32Array, DataType::Float32);

/// What is told of one variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfOne {
    Average,
    VariancePopulation,
    VarianceSample,
    DeviationPopulation,
    DeviationSample,
}

/// Count, sum, and the sum of the squared distances from the mean.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

/// Averages and deviations of `double precision`.
#[derive(Debug, Clone)]
pub(super) struct One {
    pub(super) told: OfOne,
}

impl Fold for One {
    type Input = f64;
    type State = Moments;
    const INVERTIBLE: bool = false;

    fn scan(&self, columns: &[ArrayRef], rows: &Rows, mut sink: impl FnMut(usize, f64)) -> Result<()> {
        let values = floats(columns, 0)?;
        let values = values.values();
        rows.visit(|row| sink(row, values[row]));
        Ok(())
    }

    fn add(state: &mut Moments, input: f64) {
        let before = state.count;
        let count = before + 1.0;
        let sum = state.sum + input;
        let squares = if before > 0.0 {
            let distance = input * count - sum;
            state.squares + distance * distance / (count * before)
        } else if input.is_finite() {
            state.squares
        } else {
            f64::NAN
        };
        *state = Moments { count, sum, squares };
    }

    fn remove(_state: &mut Moments, _input: f64) {}

    fn merge(state: &mut Moments, other: &Moments) {
        if state.count == 0.0 {
            *state = *other;
        } else if other.count != 0.0 {
            let count = state.count + other.count;
            let distance = state.sum / state.count - other.sum / other.count;
            let squares = state.squares + other.squares + state.count * other.count * distance * distance / count;
            *state = Moments { count, sum: state.sum + other.sum, squares };
        }
    }

    fn state_types() -> Vec<DataType> {
        vec![DataType::Float64; 3]
    }

    fn write(states: &[Moments]) -> Result<Vec<ArrayRef>> {
        let column = |of: fn(&Moments) -> f64| shared(Float64Array::from_iter_values(states.iter().map(of)));
        Ok(vec![column(|state| state.count), column(|state| state.sum), column(|state| state.squares)])
    }

    fn read(columns: &[ArrayRef], mut sink: impl FnMut(usize, Moments)) -> Result<()> {
        let (counts, sums): (Float64Array, Float64Array) = (column(columns, 0)?, column(columns, 1)?);
        let squares: Float64Array = column(columns, 2)?;
        for row in 0..counts.values().len() {
            sink(row, Moments { count: counts.value(row), sum: sums.value(row), squares: squares.value(row) });
        }
        Ok(())
    }

    fn finish(&self, states: &[Moments]) -> Result<ArrayRef> {
        let told = states.iter().map(|state| {
            let Moments { count, sum, squares } = *state;
            let sample = matches!(self.told, OfOne::VarianceSample | OfOne::DeviationSample);
            if count == 0.0 || (sample && count <= 1.0) {
                return Ok(None);
            }
            Ok(Some(match self.told {
                // Nothing infinite went in where the squares are numbers.
                OfOne::Average => finite(sum, squares.is_nan())? / count,
                OfOne::VariancePopulation => finite(squares, false)? / count,
                OfOne::VarianceSample => finite(squares, false)? / (count - 1.0),
                OfOne::DeviationPopulation => (finite(squares, false)? / count).sqrt(),
                OfOne::DeviationSample => (finite(squares, false)? / (count - 1.0)).sqrt(),
            }))
        });
        Ok(shared(told.collect::<Result<Float64Array>>()?))
    }
}

/// What is told of a pair of variables (PostgreSQL 15, table 9.61).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfTwo {
    Correlation,
    CovariancePopulation,
    CovarianceSample,
    AverageX,
    AverageY,
    Count,
    Intercept,
    R2,
    Slope,
    Sxx,
    Sxy,
    Syy,
}

/// The moments of pairs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PairMoments {
    count: f64,
    x: f64,
    xx: f64,
    y: f64,
    yy: f64,
    xy: f64,
}

/// Correlations and regressions; the dependent variable comes first.
#[derive(Debug, Clone)]
pub(super) struct Two {
    pub(super) told: OfTwo,
}

impl Fold for Two {
    type Input = (f64, f64);
    type State = PairMoments;
    const INVERTIBLE: bool = false;

    fn scan(&self, columns: &[ArrayRef], rows: &Rows, mut sink: impl FnMut(usize, (f64, f64))) -> Result<()> {
        let (dependent, independent) = (floats(columns, 0)?, floats(columns, 1)?);
        let (dependent, independent) = (dependent.values(), independent.values());
        rows.visit(|row| sink(row, (dependent[row], independent[row])));
        Ok(())
    }

    fn add(state: &mut PairMoments, (y, x): (f64, f64)) {
        let before = state.count;
        let mut next = PairMoments { count: before + 1.0, x: state.x + x, y: state.y + y, ..*state };
        if before > 0.0 {
            let (of_x, of_y) = (x * next.count - next.x, y * next.count - next.y);
            let scale = 1.0 / (next.count * before);
            next.xx += of_x * of_x * scale;
            next.yy += of_y * of_y * scale;
            next.xy += of_x * of_y * scale;
        } else {
            if !x.is_finite() {
                (next.xx, next.xy) = (f64::NAN, f64::NAN);
            }
            if !y.is_finite() {
                (next.yy, next.xy) = (f64::NAN, f64::NAN);
            }
        }
        *state = next;
    }

    fn remove(_state: &mut PairMoments, _input: (f64, f64)) {}

    fn merge(state: &mut PairMoments, other: &PairMoments) {
        if state.count == 0.0 {
            *state = *other;
        } else if other.count != 0.0 {
            let count = state.count + other.count;
            let of_x = state.x / state.count - other.x / other.count;
            let of_y = state.y / state.count - other.y / other.count;
            let weight = state.count * other.count;
            *state = PairMoments {
                count,
                x: state.x + other.x,
                xx: state.xx + other.xx + weight * of_x * of_x / count,
                y: state.y + other.y,
                yy: state.yy + other.yy + weight * of_y * of_y / count,
                xy: state.xy + other.xy + weight * of_x * of_y / count,
            };
        }
    }

    fn state_types() -> Vec<DataType> {
        vec![DataType::Float64; 6]
    }

    fn write(states: &[PairMoments]) -> Result<Vec<ArrayRef>> {
        let parts: [fn(&PairMoments) -> f64; 6] = [|of| of.count, |of| of.x, |of| of.xx, |of| of.y, |of| of.yy, |of| of.xy];
        Ok(parts.iter().map(|part| shared(Float64Array::from_iter_values(states.iter().map(part)))).collect())
    }

    fn read(columns: &[ArrayRef], mut sink: impl FnMut(usize, PairMoments)) -> Result<()> {
        let parts = (0..6).map(|at| column::<Float64Array>(columns, at)).collect::<Result<Vec<_>>>()?;
        let [count, x, xx, y, yy, xy] = &parts[..] else { return Ok(()) };
        for row in 0..count.values().len() {
            let state = PairMoments {
                count: count.value(row),
                x: x.value(row),
                xx: xx.value(row),
                y: y.value(row),
                yy: yy.value(row),
                xy: xy.value(row),
            };
            sink(row, state);
        }
        Ok(())
    }

    fn finish(&self, states: &[PairMoments]) -> Result<ArrayRef> {
        if self.told == OfTwo::Count {
            #[allow(clippy::cast_possible_truncation, reason = "a count of rows is a whole number")]
            return Ok(shared(Int64Array::from_iter_values(states.iter().map(|state| state.count as i64))));
        }
        Ok(shared(states.iter().map(|state| self.of(state)).collect::<Float64Array>()))
    }
}

impl Two {
    fn of(&self, state: &PairMoments) -> Option<f64> {
        let PairMoments { count, x, xx, y, yy, xy } = *state;
        if count < 1.0 {
            return None;
        }
        match self.told {
            OfTwo::Count => Some(count),
            OfTwo::Sxx => Some(xx),
            OfTwo::Syy => Some(yy),
            OfTwo::Sxy => Some(xy),
            OfTwo::AverageX => Some(x / count),
            OfTwo::AverageY => Some(y / count),
            OfTwo::CovariancePopulation => Some(xy / count),
            OfTwo::CovarianceSample => (count >= 2.0).then(|| xy / (count - 1.0)),
            OfTwo::Correlation => (xx != 0.0 && yy != 0.0).then(|| xy / (xx * yy).sqrt()),
            OfTwo::R2 if xx == 0.0 => None,
            OfTwo::R2 if yy == 0.0 => Some(1.0),
            OfTwo::R2 => Some(xy * xy / (xx * yy)),
            OfTwo::Slope => (xx != 0.0).then(|| xy / xx),
            OfTwo::Intercept => (xx != 0.0).then(|| (y - x * xy / xx) / count),
        }
    }
}
