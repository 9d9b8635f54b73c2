//! Functions on `double precision`: roots, powers, logarithms, angles (PostgreSQL 15, tables 9.5 and 9.7).
//!
//! A `numeric` argument is taken as `double precision`, so that the answer has its digits and not those of PostgreSQL's `numeric`.

use std::f64::consts::{FRAC_PI_4, PI};

use datafusion::arrow::array::{Array, ArrayRef};

use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Argument, Arguments, Definition, floats_of, immutable};
use crate::value::SqlType;

const fn one(name: &'static str, run: fn(&Arguments) -> Result<ArrayRef>) -> Definition {
    immutable(name, one_result, run)
}

const fn two(name: &'static str, run: fn(&Arguments) -> Result<ArrayRef>) -> Definition {
    immutable(name, two_result, run)
}

pub(in crate::query::functions) static DEFINITIONS: [Definition; 38] = [
    one("sqrt", |given| unary(given, sqrt)),
    one("cbrt", |given| unary(given, |x| Ok(x.cbrt()))),
    one("exp", |given| unary(given, |x| finite(x.exp(), x.is_finite()))),
    one("ln", |given| unary(given, |x| positive(x).map(f64::ln))),
    one("log10", |given| unary(given, |x| positive(x).map(f64::log10))),
    immutable(
        "log",
        |types| one_result(types).or_else(|| two_result(types)),
        |given| {
            if given.arrays.len() == 1 {
                unary(given, |x| positive(x).map(f64::log10))
            } else {
                binary(given, |base, x| {
                    let base = positive(base)?.ln();
                    if base == 0.0 {
                        return Err(Error::new(Kind::DivisionByZero, "division by zero"));
                    }
                    Ok(positive(x)?.ln() / base)
                })
            }
        },
    ),
    two("power", |given| binary(given, power)),
    two("pow", |given| binary(given, power)),
    two("dpow", |given| binary(given, power)),
    one("sin", |given| unary(given, |x| angle(x, f64::sin))),
    one("cos", |given| unary(given, |x| angle(x, f64::cos))),
    one("tan", |given| unary(given, |x| angle(x, f64::tan))),
    one("cot", |given| unary(given, |x| angle(x, |x| 1.0 / x.tan()))),
    one("asin", |given| unary(given, |x| within(x, -1.0, 1.0).map(f64::asin))),
    one("acos", |given| unary(given, |x| within(x, -1.0, 1.0).map(f64::acos))),
    one("atan", |given| unary(given, |x| Ok(x.atan()))),
    two("atan2", |given| binary(given, |y, x| Ok(y.atan2(x)))),
    one("sinh", |given| unary(given, |x| Ok(x.sinh()))),
    one("cosh", |given| unary(given, |x| Ok(x.cosh()))),
    one("tanh", |given| unary(given, |x| Ok(x.tanh()))),
    one("asinh", |given| unary(given, |x| Ok(x.asinh()))),
    one("acosh", |given| unary(given, |x| within(x, 1.0, f64::INFINITY).map(f64::acosh))),
    one("atanh", |given| unary(given, |x| within(x, -1.0, 1.0).map(f64::atanh))),
    one("sind", |given| unary(given, |x| angle(x, sind))),
    one("cosd", |given| unary(given, |x| angle(x, cosd))),
    one("tand", |given| unary(given, |x| angle(x, tand))),
    one("cotd", |given| unary(given, |x| angle(x, |x| 1.0 / tand(x)))),
    one("asind", |given| unary(given, |x| within(x, -1.0, 1.0).map(|x| asind_quarter(x.abs()).copysign(x)))),
    one("acosd", |given| {
        unary(given, |x| within(x, -1.0, 1.0).map(|x| if x >= 0.0 { 90.0 - asind_quarter(x) } else { 90.0 + asind_quarter(-x) }))
    }),
    one("atand", |given| unary(given, |x| Ok(x.atan() / FRAC_PI_4 * 45.0))),
    two("atan2d", |given| binary(given, |y, x| Ok(y.atan2(x) / FRAC_PI_4 * 45.0))),
    one("degrees", |given| unary(given, |x| finite(x / (PI / 180.0), x.is_finite()))),
    one("radians", |given| unary(given, |x| Ok(x * (PI / 180.0)))),
    immutable("pi", |types| types.is_empty().then_some(SqlType::Float8), |given| floats_of(given.rows, |_| Ok(Some(PI)))),
    one("dsqrt", |given| unary(given, sqrt)),
    one("dcbrt", |given| unary(given, |x| Ok(x.cbrt()))),
    one("dexp", |given| unary(given, |x| finite(x.exp(), x.is_finite()))),
    one("dlog1", |given| unary(given, |x| positive(x).map(f64::ln))),
];

fn one_result(types: &[Argument]) -> Option<SqlType> {
    matches!(types, [only] if only.is_number()).then_some(SqlType::Float8)
}

fn two_result(types: &[Argument]) -> Option<SqlType> {
    matches!(types, [left, right] if left.is_number() && right.is_number()).then_some(SqlType::Float8)
}

fn unary(given: &Arguments, with: impl Fn(f64) -> Result<f64>) -> Result<ArrayRef> {
    let numbers = given.floats(0)?;
    floats_of(given.rows, |row| if numbers.is_valid(row) { with(numbers.value(row)).map(Some) } else { Ok(None) })
}

fn binary(given: &Arguments, with: impl Fn(f64, f64) -> Result<f64>) -> Result<ArrayRef> {
    let (left, right) = (given.floats(0)?, given.floats(1)?);
    floats_of(given.rows, |row| {
        if left.is_valid(row) && right.is_valid(row) { with(left.value(row), right.value(row)).map(Some) } else { Ok(None) }
    })
}

fn out_of_range() -> Error {
    Error::new(Kind::NumericValueOutOfRange, "input is out of range")
}

/// Refuses an infinite result of what was finite, and 0 of what cannot become it.
fn finite(result: f64, from_finite: bool) -> Result<f64> {
    if from_finite && result.is_infinite() {
        return Err(Error::new(Kind::NumericValueOutOfRange, "value out of range: overflow"));
    }
    Ok(result)
}

fn within(x: f64, from: f64, to: f64) -> Result<f64> {
    if x < from || x > to { Err(out_of_range()) } else { Ok(x) }
}

fn angle(x: f64, with: impl Fn(f64) -> f64) -> Result<f64> {
    if x.is_infinite() { Err(out_of_range()) } else { Ok(with(x)) }
}

fn sqrt(x: f64) -> Result<f64> {
    if x < 0.0 {
        let message = "cannot take square root of a negative number";
        return Err(Error::new(Kind::InvalidArgumentForPowerFunction, message));
    }
    Ok(x.sqrt())
}

fn positive(x: f64) -> Result<f64> {
    if x == 0.0 {
        return Err(Error::new(Kind::InvalidArgumentForLogarithm, "cannot take logarithm of zero"));
    }
    if x < 0.0 {
        return Err(Error::new(Kind::InvalidArgumentForLogarithm, "cannot take logarithm of a negative number"));
    }
    Ok(x)
}

fn power(base: f64, exponent: f64) -> Result<f64> {
    if base == 0.0 && exponent < 0.0 {
        let message = "zero raised to a negative power is undefined";
        return Err(Error::new(Kind::InvalidArgumentForPowerFunction, message));
    }
    if base < 0.0 && exponent.is_finite() && exponent.floor() != exponent {
        let message = "a negative number raised to a non-integer power yields a complex result";
        return Err(Error::new(Kind::InvalidArgumentForPowerFunction, message));
    }
    finite(base.powf(exponent), base.is_finite() && exponent.is_finite())
}

/// The sine of at most a right angle, exact at 30, 60 and 90 degrees.
fn sind_quarter(x: f64) -> f64 {
    let radians = |x: f64| x * (PI / 180.0);
    if x <= 30.0 {
        radians(x).sin() / radians(30.0).sin() / 2.0
    } else {
        1.0 - (1.0 - radians(90.0 - x).cos()) / (1.0 - radians(60.0).cos()) / 2.0
    }
}

fn cosd_quarter(x: f64) -> f64 {
    sind_quarter(90.0 - x)
}

fn sind(x: f64) -> f64 {
    let x = x % 360.0;
    let (x, sign) = if x < 0.0 { (-x, -1.0) } else { (x, 1.0) };
    let (x, sign) = if x > 180.0 { (360.0 - x, -sign) } else { (x, sign) };
    sign * sind_quarter(if x > 90.0 { 180.0 - x } else { x })
}

fn cosd(x: f64) -> f64 {
    let x = (x % 360.0).abs();
    let x = if x > 180.0 { 360.0 - x } else { x };
    if x > 90.0 { -cosd_quarter(180.0 - x) } else { cosd_quarter(x) }
}

fn tand(x: f64) -> f64 {
    let x = x % 360.0;
    let (x, sign) = if x < 0.0 { (-x, -1.0) } else { (x, 1.0) };
    let (x, sign) = if x > 180.0 { (360.0 - x, -sign) } else { (x, sign) };
    let (x, sign) = if x > 90.0 { (180.0 - x, -sign) } else { (x, sign) };
    sign * (sind_quarter(x) / cosd_quarter(x) / (sind_quarter(45.0) / cosd_quarter(45.0)))
}

/// The angle of a sine from 0 to 1.
fn asind_quarter(x: f64) -> f64 {
    if x <= 0.5 { x.asin() / 0.5_f64.asin() * 30.0 } else { 90.0 - x.acos() / 0.5_f64.acos() * 60.0 }
}
