//! DataFusion's failures in PostgreSQL's words: which SQLSTATE a user's mistake gets, and that no internal text reaches a user.

use datafusion::arrow::error::ArrowError;
use datafusion::common::{DataFusionError, SchemaError};

use crate::error::{Error, Kind};

/// Carries one of our errors through DataFusion, to be found again by [`unwrap`].
pub(crate) fn wrap(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// The error behind a DataFusion failure, ours if it carried one.
pub(crate) fn unwrap(error: DataFusionError) -> Error {
    match error {
        DataFusionError::External(inner) => external(inner),
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => unwrap(*inner),
        DataFusionError::Shared(inner) => match std::sync::Arc::try_unwrap(inner) {
            Ok(inner) => unwrap(inner),
            Err(shared) => find(&shared).unwrap_or_else(|| worded(&shared.to_string())),
        },
        DataFusionError::Collection(mut errors) if !errors.is_empty() => unwrap(errors.swap_remove(0)),
        DataFusionError::ArrowError(inner, _) => arrow(*inner),
        DataFusionError::SchemaError(inner, _) => schema(&inner),
        DataFusionError::ResourcesExhausted(message) => {
            Error::new(Kind::OutOfMemory, message).with_hint("Narrow the query, or raise the server's query memory.")
        }
        DataFusionError::NotImplemented(message) => Error::new(Kind::FeatureNotSupported, first_line(&message)),
        DataFusionError::SQL(inner, _) => Error::new(Kind::SyntaxError, inner.to_string()),
        DataFusionError::Plan(message) | DataFusionError::Execution(message) | DataFusionError::Configuration(message) => {
            worded(&message)
        }
        DataFusionError::ObjectStore(inner) => Error::new(Kind::IoError, format!("could not read a segment: {inner}"))
            .with_hint("Check the data folder's disk; `annals serve` names damaged files at start."),
        DataFusionError::ParquetError(inner) => Error::new(Kind::DataCorrupted, format!("a segment could not be read: {inner}")),
        other => worded(&other.to_string()),
    }
}

fn external(inner: Box<dyn std::error::Error + Send + Sync>) -> Error {
    match inner.downcast::<Error>() {
        Ok(ours) => *ours,
        Err(inner) => match inner.downcast::<DataFusionError>() {
            Ok(inner) => unwrap(*inner),
            Err(inner) => worded(&inner.to_string()),
        },
    }
}

/// One of our errors inside a failure that is shared and can only be looked at.
fn find(error: &DataFusionError) -> Option<Error> {
    match error {
        DataFusionError::External(inner) => inner.downcast_ref::<Error>().cloned(),
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => find(inner),
        DataFusionError::Shared(inner) => find(inner),
        DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
            ArrowError::ExternalError(inner) => {
                inner.downcast_ref::<Error>().cloned().or_else(|| inner.downcast_ref::<DataFusionError>().and_then(find))
            }
            _ => None,
        },
        _ => None,
    }
}

fn arrow(error: ArrowError) -> Error {
    match error {
        ArrowError::ExternalError(inner) => external(inner),
        ArrowError::DivideByZero => Error::new(Kind::DivisionByZero, "division by zero"),
        ArrowError::ArithmeticOverflow(message) => Error::new(Kind::NumericValueOutOfRange, first_line(&message)),
        ArrowError::CastError(message) => Error::new(Kind::InvalidTextRepresentation, first_line(&message)),
        ArrowError::ParseError(message) => Error::new(Kind::InvalidTextRepresentation, first_line(&message)),
        other => worded(&other.to_string()),
    }
}

fn schema(error: &SchemaError) -> Error {
    match error {
        SchemaError::FieldNotFound { field, .. } => {
            let shown = match &field.relation {
                Some(relation) => format!("column {}.{} does not exist", relation.table(), field.name),
                None => format!("column \"{}\" does not exist", field.name),
            };
            Error::new(Kind::UndefinedColumn, shown)
        }
        SchemaError::AmbiguousReference { field } => {
            Error::new(Kind::AmbiguousColumn, format!("column reference \"{}\" is ambiguous", field.name))
        }
        SchemaError::DuplicateUnqualifiedField { name } | SchemaError::DuplicateQualifiedField { name, .. } => {
            Error::new(Kind::AmbiguousColumn, format!("column \"{name}\" is specified more than once"))
        }
    }
}

/// Messages that DataFusion gives as text only, sorted by what they say.
fn worded(message: &str) -> Error {
    let line = first_line(message);
    let kind = [
        ("Invalid function", Kind::UndefinedFunction),
        ("function signature", Kind::UndefinedFunction),
        ("No function matches", Kind::UndefinedFunction),
        ("does not support", Kind::UndefinedFunction),
        ("Cannot infer common argument type", Kind::UndefinedFunction),
        ("Cannot get result type", Kind::UndefinedFunction),
        ("Cannot coerce arithmetic expression", Kind::UndefinedFunction),
        ("Cannot coerce", Kind::DatatypeMismatch),
        ("UNION queries have different number of columns", Kind::SyntaxError),
        ("LIMIT must be", Kind::InvalidParameterValue),
        ("OFFSET must be", Kind::InvalidParameterValue),
        ("Order by column out of bounds", Kind::InvalidColumnReference),
        ("Cannot find column with position", Kind::InvalidColumnReference),
        ("must appear in the GROUP BY", Kind::GroupingError),
        ("could not be resolved from available columns", Kind::GroupingError),
        ("ivide by zero", Kind::DivisionByZero),
        ("verflow", Kind::NumericValueOutOfRange),
        ("Cannot cast string", Kind::InvalidTextRepresentation),
        ("Error parsing timestamp", Kind::InvalidDatetimeFormat),
        ("Cast error", Kind::InvalidTextRepresentation),
        ("returned more than one row", Kind::CardinalityViolation),
        ("not supported", Kind::FeatureNotSupported),
        ("not implemented", Kind::FeatureNotSupported),
    ]
    .into_iter()
    .find_map(|(part, kind)| message.contains(part).then_some(kind));
    match kind {
        Some(Kind::UndefinedFunction) => Error::new(Kind::UndefinedFunction, line).with_hint(
            "No function or operator matches the given name and argument types. You might need to add explicit type casts.",
        ),
        Some(Kind::DivisionByZero) => Error::new(Kind::DivisionByZero, "division by zero"),
        Some(kind) => Error::new(kind, line),
        None => Error::new(Kind::InternalError, line),
    }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or("").trim_end_matches('.').to_owned()
}
