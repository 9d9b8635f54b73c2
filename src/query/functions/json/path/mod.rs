//! SQL/JSON paths over `jsonb`: `@?`, the `@@` of [`words`](super::super::words) where it is asked about a path, `jsonb_path_query` and its kin.

mod item;
mod layout;
mod moment;
mod run;
mod test;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanBuilder, StringViewBuilder};
use datafusion::logical_expr::Volatility;

use super::documents;
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Argument, Arguments, Definition};
use crate::value::json::scan::Shape;
use crate::value::jsonpath::{self, Path};
use crate::value::{ColumnBuilder, SqlType, Zone};

use item::Item;
use run::{Fault, Run};

macro_rules! path_function {
    ($name:literal, $volatility:ident, $result:expr, $run:expr) => {
        Definition { name: $name, volatility: Volatility::$volatility, result: |types| arguments(types, $result), run: $run }
    };
}

pub(super) static DEFINITIONS: [Definition; 11] = [
    path_function!("@?", Immutable, SqlType::Bool, |given| exists(given, false)),
    path_function!("jsonb_path_exists", Immutable, SqlType::Bool, |given| exists(given, false)),
    path_function!("jsonb_path_exists_tz", Stable, SqlType::Bool, |given| exists(given, true)),
    path_function!("jsonb_path_match", Immutable, SqlType::Bool, |given| matches(given, false)),
    path_function!("jsonb_path_match_tz", Stable, SqlType::Bool, |given| matches(given, true)),
    path_function!("jsonb_path_query_first", Immutable, SqlType::Jsonb, |given| first(given, false)),
    path_function!("jsonb_path_query_first_tz", Stable, SqlType::Jsonb, |given| first(given, true)),
    path_function!("jsonb_path_query_array", Immutable, SqlType::Jsonb, |given| array(given, false)),
    path_function!("jsonb_path_query_array_tz", Stable, SqlType::Jsonb, |given| array(given, true)),
    path_function!("jsonb_path_query", Immutable, SqlType::Array(Box::new(SqlType::Jsonb)), |given| list(given, false)),
    path_function!("jsonb_path_query_tz", Stable, SqlType::Array(Box::new(SqlType::Jsonb)), |given| list(given, true)),
];

/// A document, a path, and perhaps variables and whether errors are silent.
fn arguments(types: &[Argument], result: SqlType) -> Option<SqlType> {
    let fits = match types {
        [document, path] => document.is(&SqlType::Jsonb) && path.is(&SqlType::Jsonpath),
        [document, path, vars] => document.is(&SqlType::Jsonb) && path.is(&SqlType::Jsonpath) && vars.is(&SqlType::Jsonb),
        [document, path, vars, silent] => {
            document.is(&SqlType::Jsonb) && path.is(&SqlType::Jsonpath) && vars.is(&SqlType::Jsonb) && silent.is(&SqlType::Bool)
        }
        _ => false,
    };
    fits.then_some(result)
}

/// One row's document and path.
struct Search<'a> {
    path: &'a Path,
    document: &'a str,
    variables: Option<&'a str>,
    silent: bool,
    zone: Option<Zone>,
}

impl Search<'_> {
    fn run(&self) -> Run {
        Run::new(self.path, self.document, self.variables, self.zone)
    }

    /// What was found; `None` where an error was silent.
    fn found<T>(&self, found: Result<T, Fault>) -> Result<Option<T>> {
        match found {
            Ok(found) => Ok(Some(found)),
            Err(Fault::Soft(_)) if self.silent => Ok(None),
            Err(fault) => Err(fault.into_error()),
        }
    }

    /// Everything that was found, or was before a silent error.
    fn items(&self) -> Result<Vec<Item>> {
        let (found, fault) = self.run().query(self.path);
        match fault {
            Some(fault) => self.found::<()>(Err(fault)).map(|_| found),
            None => Ok(found),
        }
    }
}

/// Searches each row that has no NULL; a path that stands for all rows is read once.
fn each(given: &Arguments, zoned: bool, mut take: impl FnMut(Option<&Search<'_>>) -> Result<()>) -> Result<()> {
    let documents_of = documents(given, 0)?;
    let paths = given.texts(1)?;
    let variables = if given.arrays.len() > 2 { Some(super::documents(given, 2)?) } else { None };
    let silent = if given.arrays.len() > 3 { Some(given.as_type(3, &SqlType::Bool)?) } else { None };
    let operator = given.name.starts_with('@');
    let zone = zoned.then_some(given.style.timezone);
    let mut read: Option<(String, Path)> = None;
    for row in 0..given.rows {
        let null = documents_of.is_null(row)
            || paths.is_null(row)
            || variables.as_ref().is_some_and(|variables| variables.is_null(row))
            || silent.as_ref().is_some_and(|silent| silent.is_null(row));
        if null {
            take(None)?;
            continue;
        }
        let text = paths.value(row);
        if read.as_ref().is_none_or(|(known, _)| known != text) {
            read = Some((text.to_owned(), jsonpath::parse(text)?));
        }
        let Some((_, path)) = &read else { continue };
        let variables = variables.as_ref().map_or("{}", |variables| variables.value(row));
        if Shape::of(variables) != Shape::Object {
            return Err(Error::new(Kind::InvalidParameterValue, "\"vars\" argument is not an object")
                .with_detail("Jsonpath parameters should be encoded as key-value pairs of \"vars\" object."));
        }
        let silent = operator || silent.as_ref().is_some_and(|silent| silent.as_boolean().value(row));
        take(Some(&Search { path, document: documents_of.value(row), variables: (!operator).then_some(variables), silent, zone }))?;
    }
    Ok(())
}

fn exists(given: &Arguments, zoned: bool) -> Result<ArrayRef> {
    let mut out = BooleanBuilder::with_capacity(given.rows);
    each(given, zoned, |search| {
        let found = search.map(|search| search.found(search.run().exists(search.path))).transpose()?;
        out.append_option(found.flatten());
        Ok(())
    })?;
    Ok(Arc::new(out.finish()))
}

/// `document @@ path`.
pub(in crate::query::functions) fn operator(given: &Arguments) -> Result<ArrayRef> {
    matches(given, false)
}

fn matches(given: &Arguments, zoned: bool) -> Result<ArrayRef> {
    let mut out = BooleanBuilder::with_capacity(given.rows);
    each(given, zoned, |search| {
        let Some(search) = search else {
            out.append_null();
            return Ok(());
        };
        let found = search.items()?;
        let single = match found.as_slice() {
            [only] => Some(only.json()),
            _ => None,
        };
        match single.as_deref() {
            Some("true") => out.append_value(true),
            Some("false") => out.append_value(false),
            Some("null") => out.append_null(),
            Some(_) | None if search.silent => out.append_null(),
            Some(_) | None => {
                return Err(Error::new(Kind::SingletonSqlJsonItemRequired, "single boolean result is expected"));
            }
        }
        Ok(())
    })?;
    Ok(Arc::new(out.finish()))
}

fn first(given: &Arguments, zoned: bool) -> Result<ArrayRef> {
    let mut out = StringViewBuilder::with_capacity(given.rows);
    each(given, zoned, |search| {
        let found = search.map(Search::items).transpose()?;
        out.append_option(found.as_deref().and_then(<[Item]>::first).map(Item::json));
        Ok(())
    })?;
    Ok(Arc::new(out.finish()))
}

fn array(given: &Arguments, zoned: bool) -> Result<ArrayRef> {
    let mut out = StringViewBuilder::with_capacity(given.rows);
    each(given, zoned, |search| {
        match search {
            Some(search) => {
                let found: Vec<String> = search.items()?.iter().map(Item::json).collect();
                out.append_value(format!("[{}]", found.join(", ")));
            }
            None => out.append_null(),
        }
        Ok(())
    })?;
    Ok(Arc::new(out.finish()))
}

/// What is found as an array, whose elements become rows.
fn list(given: &Arguments, zoned: bool) -> Result<ArrayRef> {
    let mut out = ColumnBuilder::new(&given.result, given.rows);
    each(given, zoned, |search| {
        let Some(found) = search.map(Search::items).transpose()? else {
            out.append_null();
            return Ok(());
        };
        let mut row = out.begin_list()?;
        for item in &found {
            row.append_text(&item.json(), &given.style)?;
        }
        row.end()
    })?;
    Ok(out.finish())
}
