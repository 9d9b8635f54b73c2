//! Changing a `jsonb`: `||`, `-`, `#-`, `jsonb_set`.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewBuilder};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::logical_expr::Volatility;

use super::documents;
use super::get::{index, key_is, paths};
use super::scan::{Shape, elements, members};
use crate::error::{Error, Kind, Result};
use crate::query::functions::scalar::{Argument, Arguments, Definition};
use crate::value::SqlType;
use crate::value::json::canonicalise;
use crate::value::json::string::write_string;

pub(super) static DEFINITIONS: [Definition; 4] = [
    Definition {
        name: "jsonb_concat",
        volatility: Volatility::Immutable,
        result: |types| match types {
            [left, right] if left.is(&SqlType::Jsonb) && right.is(&SqlType::Jsonb) => Some(SqlType::Jsonb),
            _ => None,
        },
        run: concat,
    },
    Definition {
        name: "jsonb_delete",
        volatility: Volatility::Immutable,
        result: |types| match types {
            [Argument::Of(SqlType::Jsonb), key] if key.is_text() || key.is_integer() || key.is_text_array() => Some(SqlType::Jsonb),
            _ => None,
        },
        run: delete,
    },
    Definition {
        name: "#-",
        volatility: Volatility::Immutable,
        result: |types| match types {
            [Argument::Of(SqlType::Jsonb), path] if path.is_text_array() => Some(SqlType::Jsonb),
            _ => None,
        },
        run: delete_path,
    },
    Definition {
        name: "jsonb_set",
        volatility: Volatility::Immutable,
        result: |types| match types {
            [document, path, new] | [document, path, new, _]
                if document.is(&SqlType::Jsonb) && path.is_text_array() && new.is(&SqlType::Jsonb) =>
            {
                Some(SqlType::Jsonb)
            }
            _ => None,
        },
        run: set,
    },
];

/// The canonical form of what was put together.
fn canonical(built: &str) -> Result<String> {
    let mut out = String::with_capacity(built.len());
    canonicalise(built, &mut out)?;
    Ok(out)
}

fn array_of(parts: &[&str]) -> String {
    format!("[{}]", parts.join(", "))
}

fn object_of(parts: &[(&str, &str)]) -> String {
    let members: Vec<String> = parts.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", members.join(", "))
}

fn concat(given: &Arguments) -> Result<ArrayRef> {
    let left = documents(given, 0)?;
    let right = documents(given, 1)?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for pair in left.iter().zip(&right) {
        match pair {
            (Some(left), Some(right)) => out.append_value(concatenated(left, right)?),
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// Objects are merged, the right one's members last; anything else is joined as arrays.
fn concatenated(left: &str, right: &str) -> Result<String> {
    if (Shape::of(left), Shape::of(right)) == (Shape::Object, Shape::Object) {
        let parts: Vec<_> = members(left).chain(members(right)).collect();
        return canonical(&object_of(&parts));
    }
    let parts = |value| -> Vec<&str> { if Shape::of(value) == Shape::Array { elements(value).collect() } else { vec![value] } };
    Ok(array_of(&[parts(left), parts(right)].concat()))
}

fn delete(given: &Arguments) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    let wanted = given.types.get(1);
    if wanted.is_some_and(Argument::is_text) {
        let keys = given.texts(1)?;
        for pair in documents.iter().zip(&keys) {
            match pair {
                (Some(document), Some(key)) => out.append_value(without_keys(document, &[key])?),
                _ => out.append_null(),
            }
        }
    } else if wanted.is_some_and(Argument::is_integer) {
        let indexes = given.as_type(1, &SqlType::Int8)?;
        for pair in documents.iter().zip(indexes.as_primitive::<Int64Type>()) {
            match pair {
                (Some(document), Some(index)) => out.append_value(without_index(document, index)?),
                _ => out.append_null(),
            }
        }
    } else {
        for pair in documents.iter().zip(paths(given, 1)?) {
            match pair {
                (Some(document), Some(keys)) => {
                    let keys: Vec<&str> = keys.iter().flatten().map(String::as_str).collect();
                    out.append_value(without_keys(document, &keys)?);
                }
                _ => out.append_null(),
            }
        }
    }
    Ok(Arc::new(out.finish()))
}

fn without_keys(document: &str, keys: &[&str]) -> Result<String> {
    match Shape::of(document) {
        Shape::Object => {
            let kept: Vec<_> = members(document).filter(|(own, _)| !keys.iter().any(|key| key_is(own, key))).collect();
            Ok(object_of(&kept))
        }
        Shape::Array => {
            let gone = |element: &&str| Shape::of(element) == Shape::String && keys.iter().any(|key| key_is(element, key));
            let kept: Vec<&str> = elements(document).filter(|element| !gone(element)).collect();
            Ok(array_of(&kept))
        }
        Shape::String | Shape::Number | Shape::Bool | Shape::Null => {
            Err(Error::new(Kind::InvalidParameterValue, "cannot delete from scalar"))
        }
    }
}

/// The place that an index means among `count` elements.
fn place(index: i64, count: usize) -> Option<usize> {
    let at = if index < 0 { index + i64::try_from(count).unwrap_or(i64::MAX) } else { index };
    usize::try_from(at).ok().filter(|at| *at < count)
}

fn without_index(document: &str, index: i64) -> Result<String> {
    match Shape::of(document) {
        Shape::Array => {
            let mut parts: Vec<&str> = elements(document).collect();
            if let Some(at) = place(index, parts.len()) {
                parts.remove(at);
            }
            Ok(array_of(&parts))
        }
        Shape::Object => Err(Error::new(Kind::InvalidParameterValue, "cannot delete from object using integer index")),
        Shape::String | Shape::Number | Shape::Bool | Shape::Null => {
            Err(Error::new(Kind::InvalidParameterValue, "cannot delete from scalar"))
        }
    }
}

fn delete_path(given: &Arguments) -> Result<ArrayRef> {
    let documents = documents(given, 0)?;
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for pair in documents.iter().zip(paths(given, 1)?) {
        match pair {
            (Some(document), Some(path)) => {
                if !matches!(Shape::of(document), Shape::Object | Shape::Array) {
                    return Err(Error::new(Kind::InvalidParameterValue, "cannot delete path in scalar"));
                }
                out.append_value(canonical(&changed(document, &path, None, false)?)?);
            }
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

fn set(given: &Arguments) -> Result<ArrayRef> {
    let documents_of = documents(given, 0)?;
    let new = documents(given, 2)?;
    let create = match given.arrays.len() {
        4 => Some(given.as_type(3, &SqlType::Bool)?),
        _ => None,
    };
    let mut out = StringViewBuilder::with_capacity(given.rows);
    for (row, ((document, path), new)) in documents_of.iter().zip(paths(given, 1)?).zip(&new).enumerate() {
        let create = match &create {
            Some(create) if create.is_null(row) => None,
            Some(create) => Some(create.as_boolean().value(row)),
            None => Some(true),
        };
        match (document, path, new, create) {
            (Some(document), Some(path), Some(new), Some(create)) => {
                if !matches!(Shape::of(document), Shape::Object | Shape::Array) {
                    return Err(Error::new(Kind::InvalidParameterValue, "cannot set path in scalar"));
                }
                out.append_value(canonical(&changed(document, &path, Some(new), create)?)?);
            }
            _ => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// The document with what stands at the path replaced, or removed where nothing replaces it.
fn changed(document: &str, path: &[Option<String>], new: Option<&str>, create: bool) -> Result<String> {
    let Some((step, rest)) = path.split_first() else {
        return Ok(document.to_owned());
    };
    let Some(step) = step else {
        return Err(Error::new(Kind::InvalidParameterValue, "path element at position 1 is null"));
    };
    match Shape::of(document) {
        Shape::Object => {
            let mut parts = Vec::new();
            let mut found = false;
            for (key, value) in members(document) {
                if !key_is(key, step) {
                    parts.push(format!("{key}: {value}"));
                    continue;
                }
                found = true;
                match (rest.is_empty(), new) {
                    (true, Some(new)) => parts.push(format!("{key}: {new}")),
                    (true, None) => {}
                    (false, _) => parts.push(format!("{key}: {}", changed(value, rest, new, create)?)),
                }
            }
            if let (false, true, true, Some(new)) = (found, rest.is_empty(), create, new) {
                let mut key = String::new();
                write_string(step, &mut key);
                parts.push(format!("{key}: {new}"));
            }
            Ok(format!("{{{}}}", parts.join(", ")))
        }
        Shape::Array => changed_array(document, step, rest, new, create),
        Shape::String | Shape::Number | Shape::Bool | Shape::Null => Ok(document.to_owned()),
    }
}

fn changed_array(document: &str, step: &str, rest: &[Option<String>], new: Option<&str>, create: bool) -> Result<String> {
    let Some(index) = index(step) else {
        return Err(Error::new(
            Kind::InvalidTextRepresentation,
            format!("path element at position 1 is not an integer: \"{step}\""),
        ));
    };
    let mut parts: Vec<String> = elements(document).map(str::to_owned).collect();
    match (place(index, parts.len()), rest.is_empty(), new) {
        (Some(at), true, Some(new)) => parts[at] = new.to_owned(),
        (Some(at), true, None) => {
            parts.remove(at);
        }
        (Some(at), false, _) => parts[at] = changed(&parts[at], rest, new, create)?,
        (None, true, Some(new)) if create && index < 0 => parts.insert(0, new.to_owned()),
        (None, true, Some(new)) if create => parts.push(new.to_owned()),
        (None, _, _) => {}
    }
    Ok(format!("[{}]", parts.join(", ")))
}
