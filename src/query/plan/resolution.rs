//! PostgreSQL's rules for which type expressions share: implicit casts, categories, CASE and its like (PostgreSQL 15, sections 10.2 and
//! 10.5).

use crate::error::{Error, Kind};
use crate::query::functions::meeting_of_numbers;
use crate::value::{BARE_NUMERIC, SqlType};

/// `pg_type.typcategory`: only types of one category can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Category {
    Boolean,
    Number,
    Text,
    Moment,
    Span,
    Address,
    Array,
    /// Types that meet nothing but themselves.
    Own,
}

fn category(sql_type: &SqlType) -> Category {
    match sql_type {
        SqlType::Bool => Category::Boolean,
        SqlType::Int2
        | SqlType::Int4
        | SqlType::Int8
        | SqlType::Float4
        | SqlType::Float8
        | SqlType::Numeric(_, _)
        | SqlType::Oid
        | SqlType::Reg(_) => Category::Number,
        SqlType::Text | SqlType::Varchar(_) | SqlType::Bpchar(_) | SqlType::Name | SqlType::Char => Category::Text,
        SqlType::Date | SqlType::Time | SqlType::Timestamp | SqlType::Timestamptz => Category::Moment,
        SqlType::Interval => Category::Span,
        SqlType::Inet => Category::Address,
        SqlType::Array(_) | SqlType::Vector(_) => Category::Array,
        SqlType::Bytea
        | SqlType::Uuid
        | SqlType::Json
        | SqlType::Jsonb
        | SqlType::Jsonpath
        | SqlType::Tsvector
        | SqlType::Tsquery
        | SqlType::Record(_) => Category::Own,
    }
}

/// Whether a value of one type stands for another without a cast being written (`pg_cast` with `castcontext = 'i'`).
fn casts_implicitly(from: &SqlType, to: &SqlType) -> bool {
    use SqlType as T;
    let number = |sql_type: &T| match sql_type {
        T::Int2 => Some(1),
        T::Int4 => Some(2),
        T::Int8 => Some(3),
        T::Numeric(_, _) => Some(4),
        T::Float4 => Some(5),
        T::Float8 => Some(6),
        _ => None,
    };
    if from == to {
        return true;
    }
    match (from, to) {
        (T::Int2 | T::Int4 | T::Int8, T::Oid | T::Reg(_)) | (T::Oid, T::Reg(_)) | (T::Reg(_), T::Oid) => true,
        (T::Vector(from), T::Array(to)) => from == to,
        (T::Text | T::Varchar(_) | T::Bpchar(_) | T::Name | T::Char, T::Text | T::Varchar(_)) => true,
        (T::Text | T::Varchar(_) | T::Bpchar(_), T::Bpchar(_)) | (T::Text | T::Varchar(_), T::Name) => true,
        (T::Date, T::Timestamp | T::Timestamptz) | (T::Timestamp, T::Timestamptz) | (T::Time, T::Interval) => true,
        (T::Array(from), T::Array(to)) => casts_implicitly(from, to),
        _ => matches!((number(from), number(to)), (Some(from), Some(to)) if from <= to),
    }
}

fn is_preferred(sql_type: &SqlType) -> bool {
    matches!(
        sql_type,
        SqlType::Bool | SqlType::Float8 | SqlType::Oid | SqlType::Text | SqlType::Timestamptz | SqlType::Interval | SqlType::Inet
    )
}

/// The type that all of these become where one is chosen among them; `None` where none has a type. `what` names the construct.
///
/// # Errors
/// 42804 for two types that cannot meet.
pub(super) fn common(types: &[SqlType], what: &str) -> Result<Option<SqlType>, Error> {
    let mut types = types.iter();
    let Some(first) = types.next() else { return Ok(None) };
    let mut chosen = first.clone();
    for next in types {
        if *next == chosen {
            continue;
        }
        if let (SqlType::Numeric(_, _), SqlType::Numeric(_, _)) = (&chosen, next) {
            chosen = wider_numeric(&chosen, next);
            continue;
        }
        let elements = match (&chosen, next) {
            (SqlType::Array(chosen), SqlType::Array(next)) => Some((chosen, next)),
            _ => None,
        };
        if category(&chosen) != category(next)
            || category(next) == Category::Own
            || elements.is_some_and(|(chosen, next)| category(chosen) != category(next))
        {
            return Err(Error::new(
                Kind::DatatypeMismatch,
                format!("{what} types {} and {} cannot be matched", chosen.without_modifier(), next.without_modifier()),
            ));
        }
        if !is_preferred(&chosen) && casts_implicitly(&chosen, next) && !casts_implicitly(next, &chosen) {
            chosen = next.clone();
        } else if !casts_implicitly(next, &chosen) {
            let message = format!("{what} could not convert type {} to {}", next.without_modifier(), chosen.without_modifier());
            return Err(Error::new(Kind::CannotCoerce, message));
        } else if let (SqlType::Varchar(_), SqlType::Varchar(_)) = (&chosen, next) {
            chosen = SqlType::Varchar(None);
        } else if let (SqlType::Bpchar(_), SqlType::Bpchar(_)) = (&chosen, next) {
            chosen = SqlType::Bpchar(None);
        }
    }
    Ok(Some(chosen))
}

/// A numeric for the digits of both.
fn wider_numeric(left: &SqlType, right: &SqlType) -> SqlType {
    match (left, right) {
        (SqlType::Numeric(_, left), SqlType::Numeric(_, right)) if *left.max(right) != BARE_NUMERIC.1 => {
            SqlType::Numeric(37, *left.max(right))
        }
        _ => SqlType::Numeric(BARE_NUMERIC.0, BARE_NUMERIC.1),
    }
}

/// How two types are compared: in this common type, or, for `None`, as they are.
///
/// # Errors
/// 42883 where PostgreSQL has no such operator.
pub(super) fn comparison(left: &SqlType, operator: &str, right: &SqlType) -> Result<Option<SqlType>, Error> {
    use SqlType as T;
    if let Some(met) = meeting_of_numbers(left, right) {
        // Whole numbers and numerics keep their digits.
        return Ok(match met {
            T::Numeric(_, _) => None,
            met if met == *left && met == *right => None,
            met => Some(met),
        });
    }
    let fits = match (left, right) {
        (T::Json, T::Json) => false,
        (left, right) if left == right => true,
        (T::Oid | T::Reg(_), T::Int2 | T::Int4 | T::Int8) | (T::Int2 | T::Int4 | T::Int8, T::Oid | T::Reg(_)) => true,
        (T::Oid, T::Reg(_)) | (T::Reg(_), T::Oid) => true,
        (T::Time, T::Interval) | (T::Interval, T::Time) => return Ok(Some(T::Interval)),
        // By the session's clock, and without DataFusion's detour over nanoseconds, which end in 2262.
        (T::Date | T::Timestamp, T::Timestamptz) | (T::Timestamptz, T::Date | T::Timestamp) => return Ok(Some(T::Timestamptz)),
        (T::Date, T::Timestamp) | (T::Timestamp, T::Date) => return Ok(Some(T::Timestamp)),
        (T::Time, _) | (_, T::Time) => false,
        (T::Array(left), T::Array(right)) => category(left) == category(right),
        (left, right) => category(left) == category(right) && category(left) != Category::Own,
    };
    if fits { Ok(None) } else { Err(no_operator(&left.without_modifier(), operator, &right.without_modifier())) }
}

/// Whether a cast may be written between two types (`pg_cast`, and the text forms that every type has).
///
/// # Errors
/// 42846 where there is none.
pub(super) fn expect_cast(from: &SqlType, to: &SqlType) -> Result<(), Error> {
    use SqlType as T;
    let number = |sql_type: &T| category(sql_type) == Category::Number && !matches!(sql_type, T::Oid | T::Reg(_));
    let fits = match (from, to) {
        (from, to) if from == to => true,
        (from, to) if category(from) == Category::Text || category(to) == Category::Text => true,
        (T::Array(from), T::Array(to)) => return expect_cast(from, to),
        (from, to) if number(from) && number(to) => true,
        (T::Bool, T::Int4) | (T::Int4, T::Bool) => true,
        (T::Oid | T::Reg(_), T::Int4 | T::Int8) | (T::Int2 | T::Int4 | T::Int8, T::Oid | T::Reg(_)) => true,
        (T::Oid | T::Reg(_), T::Oid | T::Reg(_)) => true,
        // Oid vectors are arrays in all but their first subscript.
        (T::Vector(from), T::Array(to)) => return expect_cast(from, to),
        (T::Date, T::Timestamp | T::Timestamptz) => true,
        (T::Timestamp | T::Timestamptz, T::Date | T::Time | T::Timestamp | T::Timestamptz) => true,
        (T::Time, T::Interval) | (T::Interval, T::Time) => true,
        (T::Jsonb, T::Bool) | (T::Json, T::Jsonb) | (T::Jsonb, T::Json) => true,
        (T::Jsonb, to) => number(to),
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let message = format!("cannot cast type {} to {}", from.without_modifier(), to.without_modifier());
    Err(Error::new(Kind::CannotCoerce, message))
}

/// The error for an operator between types that have none.
pub(super) fn no_operator(left: &str, operator: &str, right: &str) -> Error {
    Error::new(Kind::UndefinedFunction, format!("operator does not exist: {left} {operator} {right}"))
        .with_hint("No operator matches the given name and argument types. You might need to add explicit type casts.")
}

/// Whether values of this type are numbers to PostgreSQL's operators.
pub(super) fn is_number(sql_type: &SqlType) -> bool {
    category(sql_type) == Category::Number
}

/// Whether values of this type are text to PostgreSQL's operators on text.
pub(super) fn is_text(sql_type: &SqlType) -> bool {
    category(sql_type) == Category::Text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_meet_in_the_wider_one() {
        use SqlType as T;
        let met = |types: &[T]| common(types, "CASE").unwrap().unwrap();
        assert_eq!(met(&[T::Int2, T::Int8, T::Int4]), T::Int8);
        assert_eq!(met(&[T::Int4, T::Numeric(2, 1)]), T::Numeric(2, 1));
        assert_eq!(met(&[T::Numeric(2, 1), T::Float4]), T::Float4);
        assert_eq!(met(&[T::Varchar(Some(3)), T::Text]), T::Varchar(Some(3)));
        assert_eq!((met(&[T::Name, T::Text]), met(&[T::Text, T::Name])), (T::Name, T::Text));
        assert_eq!(met(&[T::Date, T::Timestamptz]), T::Timestamptz);
        let error = common(&[T::Int4, T::Text], "UNION").unwrap_err();
        assert_eq!((error.sqlstate(), error.message()), ("42804", "UNION types integer and text cannot be matched"));
    }

    #[test]
    fn only_types_of_one_kind_are_compared() {
        use SqlType as T;
        assert_eq!(comparison(&T::Int4, "=", &T::Int8).unwrap(), Some(T::Int8));
        assert_eq!(comparison(&T::Numeric(3, 1), "=", &T::Float4).unwrap(), Some(T::Float8));
        assert_eq!(comparison(&T::Text, "=", &T::Varchar(None)).unwrap(), None);
        let error = comparison(&T::Text, "=", &T::Int4).unwrap_err();
        assert_eq!((error.sqlstate(), error.message()), ("42883", "operator does not exist: text = integer"));
        assert!(comparison(&T::Json, "=", &T::Json).is_err());
    }
}
