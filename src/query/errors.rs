//! DataFusion's failures in PostgreSQL's words: which SQLSTATE a user's mistake gets, and that no internal text reaches a user.

use datafusion::arrow::error::ArrowError;
use datafusion::common::{Column, DataFusionError, SchemaError};

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
        DataFusionError::NotImplemented(message) => {
            let line = first_line(&message);
            reworded(&line).unwrap_or_else(|| Error::new(Kind::FeatureNotSupported, line))
        }
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
        ArrowError::InvalidArgumentError(message) if message.contains("too large to store in a Decimal") => {
            Error::new(Kind::NumericValueOutOfRange, "numeric field overflow")
        }
        ArrowError::ArithmeticOverflow(message) => Error::new(Kind::NumericValueOutOfRange, first_line(&message)),
        ArrowError::CastError(message) => Error::new(Kind::InvalidTextRepresentation, first_line(&message)),
        ArrowError::ParseError(message) => Error::new(Kind::InvalidTextRepresentation, first_line(&message)),
        other => worded(&other.to_string()),
    }
}

fn schema(error: &SchemaError) -> Error {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => not_found(field, valid_fields),
        SchemaError::AmbiguousReference { field } => {
            Error::new(Kind::AmbiguousColumn, format!("column reference \"{}\" is ambiguous", field.name))
        }
        SchemaError::DuplicateUnqualifiedField { name } | SchemaError::DuplicateQualifiedField { name, .. } => {
            Error::new(Kind::AmbiguousColumn, format!("column \"{name}\" is specified more than once"))
        }
    }
}

/// A column that there is not, with the one that may have been meant (PostgreSQL's `errorMissingColumn`).
fn not_found(field: &Column, valid: &[Column]) -> Error {
    let table = |column: &Column| column.relation.as_ref().map(|relation| relation.table().to_owned());
    let Some(relation) = table(field) else {
        let error = Error::new(Kind::UndefinedColumn, format!("column \"{}\" does not exist", field.name));
        return hinted(error, field, valid);
    };
    if !valid.iter().any(|column| table(column).as_ref() == Some(&relation)) {
        return Error::new(Kind::UndefinedTable, format!("missing FROM-clause entry for table \"{relation}\""));
    }
    hinted(Error::new(Kind::UndefinedColumn, format!("column {relation}.{} does not exist", field.name)), field, valid)
}

/// Names the nearest column, if it is near enough: at most three letters, and at most half of them, written otherwise.
fn hinted(error: Error, field: &Column, valid: &[Column]) -> Error {
    let wanted = field.relation.as_ref().map(|relation| relation.table());
    let near = valid
        .iter()
        .filter(|column| wanted.is_none() || column.relation.as_ref().map(|relation| relation.table()) == wanted)
        .map(|column| (distance(&field.name, &column.name), column))
        .filter(|(distance, _)| *distance <= 3 && *distance * 2 <= field.name.chars().count())
        .min_by_key(|(distance, _)| *distance);
    match near.and_then(|(_, column)| Some((column.relation.as_ref()?.table().to_owned(), column.name.clone()))) {
        Some((table, column)) => error.with_hint(format!("Perhaps you meant to reference the column \"{table}.{column}\".")),
        None => error,
    }
}

/// How many letters must be put in, left out or changed (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut costs: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.chars().enumerate() {
        let mut diagonal = costs[0];
        costs[0] = row + 1;
        for (at, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = costs[at + 1];
            costs[at + 1] = changed.min(diagonal + 1).min(costs[at] + 1);
        }
    }
    costs[right.len()]
}

/// Complaints whose own words are PostgreSQL's or are put into them here.
fn reworded(line: &str) -> Option<Error> {
    let between = |before: &str, after: &str| Some(line.split_once(before)?.1.split_once(after)?.0.to_owned());
    let (kind, message) = if line.contains("queries have different number of columns") {
        let operation = line.split(' ').next().unwrap_or("UNION");
        (Kind::SyntaxError, format!("each {operation} query must have the same number of columns"))
    } else if line.starts_with("Inconsistent data length across values list") {
        (Kind::SyntaxError, "VALUES lists must all be the same length".to_owned())
    } else if line.starts_with("Inconsistent data type across values list") {
        (Kind::DatatypeMismatch, "VALUES types cannot be matched".to_owned())
    } else if line.starts_with("Too many columns! The subquery should only return one column") {
        (Kind::SyntaxError, "subquery must return only one column".to_owned())
    } else if line.starts_with("Aggregate functions are not allowed in the WHERE") {
        (Kind::GroupingError, "aggregate functions are not allowed in WHERE".to_owned())
    } else if line.starts_with("Aggregate function calls cannot be nested") {
        (Kind::GroupingError, "aggregate function calls cannot be nested".to_owned())
    } else if let Some(column) = between("column \"", "\" must appear in the GROUP BY clause") {
        let message = format!("column \"{column}\" must appear in the GROUP BY clause or be used in an aggregate function");
        (Kind::GroupingError, message)
    } else if line.contains("to grouping function is not in grouping columns") {
        (Kind::GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level".to_owned())
    } else if let Some(name) = between("WITH query name \"", "\" specified more than once") {
        (Kind::DuplicateAlias, format!("WITH query name \"{name}\" specified more than once"))
    } else if let Some(name) = between("The window ", " is not defined") {
        (Kind::UndefinedObject, format!("window \"{name}\" does not exist"))
    } else if line.starts_with("Join condition must be boolean type") {
        (Kind::DatatypeMismatch, "argument of JOIN/ON must be type boolean".to_owned())
    } else if line.starts_with("Cannot create filter with non-boolean predicate") {
        (Kind::DatatypeMismatch, "argument of WHERE must be type boolean".to_owned())
    } else if line.starts_with("Unary operator 'NOT' requires a boolean") {
        (Kind::DatatypeMismatch, "argument of NOT must be type boolean".to_owned())
    } else if line.starts_with("Order by index starts at 1") {
        (Kind::InvalidColumnReference, "ORDER BY position 0 is not in select list".to_owned())
    } else if line.starts_with("Source table contains") {
        (Kind::InvalidColumnReference, "more columns are named than there are".to_owned())
    } else if line.starts_with("SELECT DISTINCT ON expressions must match") {
        (Kind::InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions".to_owned())
    } else if line.contains("SELECT DISTINCT, ORDER BY expressions") {
        let message = "for SELECT DISTINCT, ORDER BY expressions must appear in select list";
        (Kind::InvalidColumnReference, message.to_owned())
    } else if line.starts_with("SELECT * with no tables specified") {
        (Kind::SyntaxError, "SELECT * with no tables specified is not valid".to_owned())
    } else if let Some(name) =
        between("Invalid qualifier ", " ").or_else(|| Some(line.strip_prefix("Invalid qualifier ")?.to_owned()))
    {
        (Kind::UndefinedTable, format!("missing FROM-clause entry for table \"{name}\""))
    } else if line.starts_with("Invalid placeholder, zero") {
        (Kind::UndefinedParameter, "there is no parameter $0".to_owned())
    } else if line.starts_with("Projections require unique expression names") {
        (Kind::DuplicateAlias, "two output columns have one name".to_owned())
    } else if line.starts_with("LIMIT must be >= 0") {
        (Kind::InvalidRowCountInLimit, "LIMIT must not be negative".to_owned())
    } else if line.starts_with("OFFSET must be >=0") {
        (Kind::InvalidRowCountInOffset, "OFFSET must not be negative".to_owned())
    } else if line.contains("does not support logical expression WindowFunction") {
        (Kind::WindowingError, "window functions are not allowed in WHERE".to_owned())
    } else if line.contains("Window function calls cannot be nested") {
        (Kind::WindowingError, "window function calls cannot be nested".to_owned())
    } else if line.contains("RANGE requires exactly one ORDER BY column") {
        (Kind::WindowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column".to_owned())
    } else if line.contains("GROUPS requires an ORDER BY clause") {
        (Kind::WindowingError, "GROUPS mode requires an ORDER BY clause".to_owned())
    } else if line.contains("NTILE requires a positive integer") {
        (Kind::InvalidArgumentForNtile, "argument of ntile must be greater than zero".to_owned())
    } else if line.contains("does not support logical expression AggregateFunction") {
        (Kind::GroupingError, "aggregate functions are not allowed in GROUP BY".to_owned())
    } else if line.starts_with("Only identifiers and literals are supported in tuples") {
        (Kind::FeatureNotSupported, "a row as a value is not supported".to_owned())
    } else if let Some(call) = between("argument types '", "'. You might") {
        let (name, types) = call.split_once('(')?;
        let shown = types.trim_end_matches(')');
        let error = Error::new(Kind::UndefinedFunction, format!("function {name}({}) does not exist", sql_names(shown)));
        return Some(
            error.with_hint("No function matches the given name and argument types. You might need to add explicit type casts."),
        );
    } else if line.starts_with("Expected LIMIT to be") || line.starts_with("Expected OFFSET to be") {
        (Kind::InvalidColumnReference, "argument of LIMIT must not contain variables".to_owned())
    } else if line.starts_with("Invalid window frame")
        || line.starts_with("Unsupported")
        || line.starts_with("Physical plan does not support")
    {
        (Kind::FeatureNotSupported, line.to_owned())
    } else if let Some(column) = between("column \"", "\" must appear in the GROUP BY clause") {
        let message = format!("column \"{column}\" must appear in the GROUP BY clause or be used in an aggregate function");
        (Kind::GroupingError, message)
    } else if line.contains("Cannot run range queries on datatype") {
        (Kind::FeatureNotSupported, "RANGE with offset PRECEDING/FOLLOWING is not supported for this column type".to_owned())
    } else if line.contains("async functions should not be called directly") {
        (Kind::FeatureNotSupported, "a function that sleeps cannot be called in this place".to_owned())
    } else if line.contains("Transformation should return Subquery") {
        (Kind::FeatureNotSupported, "a sub-query cannot be used in this place".to_owned())
    } else if line.contains("to a Decimal") && line.contains("too large") || line.contains("is too large to store in a Decimal") {
        (Kind::NumericValueOutOfRange, "numeric field overflow".to_owned())
    } else {
        return None;
    };
    Some(Error::new(kind, message))
}

/// The functions that exist over windows only.
pub(super) const WINDOW_FUNCTIONS: [&str; 11] = [
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
];

/// Arrow's names of types, as DataFusion lists them, as PostgreSQL's.
fn sql_names(list: &str) -> String {
    let mut depth = 0_usize;
    let parts = list.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    let named = parts.map(|part| match part.trim() {
        "Boolean" => "boolean",
        "Int16" => "smallint",
        "Int32" => "integer",
        "Int64" => "bigint",
        "Float32" => "real",
        "Float64" => "double precision",
        "Utf8" | "Null" => "unknown",
        "Utf8View" => "text",
        "Binary" => "bytea",
        "Date32" => "date",
        "UInt32" => "oid",
        "Timestamp(µs)" => "timestamp without time zone",
        part if part.starts_with("Timestamp") => "timestamp with time zone",
        part if part.starts_with("Time64") => "time without time zone",
        part if part.starts_with("Interval") => "interval",
        part if part.starts_with("Decimal") => "numeric",
        part => part,
    });
    named.collect::<Vec<_>>().join(", ")
}

/// Messages that DataFusion gives as text only, sorted by what they say.
fn worded(message: &str) -> Error {
    let line = first_line(message);
    // What an aggregate does not take is told on a later line, behind everything that it would have taken.
    let called = message.lines().find(|line| line.contains("argument types '"));
    if let Some(error) = reworded(called.unwrap_or(&line)) {
        return error;
    }
    if message.contains("Accessing outer reference columns is not allowed") {
        return Error::new(
            Kind::FeatureNotSupported,
            "a column of a query further out is not supported in this place of a sub-query",
        )
        .with_hint("Join the query that has the column, or give the sub-query the value as a column of its own.");
    }
    let kind = [
        ("Invalid function", Kind::UndefinedFunction),
        ("function signature", Kind::UndefinedFunction),
        ("failed to match any signature", Kind::UndefinedFunction),
        ("No function matches", Kind::UndefinedFunction),
        ("does not support", Kind::UndefinedFunction),
        ("Failed to coerce arguments", Kind::UndefinedFunction),
        ("Cannot infer common argument type", Kind::UndefinedFunction),
        ("Cannot get result type", Kind::UndefinedFunction),
        ("Cannot coerce arithmetic expression", Kind::UndefinedFunction),
        ("Cannot coerce", Kind::DatatypeMismatch),
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
        Some(Kind::UndefinedFunction) if line.starts_with("Invalid function '") => {
            let name = line.split('\'').nth(1).unwrap_or_default();
            if WINDOW_FUNCTIONS.contains(&name) {
                return Error::new(Kind::WrongObjectType, format!("window function {name} requires an OVER clause"));
            }
            Error::new(Kind::UndefinedFunction, format!("function {name} does not exist"))
                .with_hint("No function matches the given name and argument types. You might need to add explicit type casts.")
        }
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
