//! `x LIKE ANY (patterns)`, `x ~ ALL (patterns)` and their like: a value compared with each pattern of an array.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use datafusion::arrow::compute::kernels::comparison::{ilike, like, nilike, nlike};

use super::{Compiled, text};
use crate::error::{Error, Result};
use crate::query::functions::scalar::{Argument, Arguments, Definition, bools_of, immutable};
use crate::value::regex::Flags;
use crate::value::{self, SqlType};

/// The function's name, which nobody types.
pub(in crate::query) const OF_PATTERNS: &str = "compared with patterns";

pub(in crate::query::functions) static DEFINITION: Definition = immutable(OF_PATTERNS, result, run);

fn result(types: &[Argument]) -> Option<SqlType> {
    match types {
        [subject, patterns, symbol, all] => {
            let fits = subject.is_text() && patterns.is_text_array() && symbol.is_text() && all.is(&SqlType::Bool);
            fits.then_some(SqlType::Bool)
        }
        _ => None,
    }
}

fn run(given: &Arguments) -> Result<ArrayRef> {
    let subjects = given.texts(0)?;
    let lists = given.array(1)?.as_list_opt::<i32>().ok_or_else(|| Error::internal("patterns are held as a list"))?;
    let symbols = given.texts(2)?;
    let all = given.array(3)?.as_boolean_opt().ok_or_else(|| Error::internal("ALL is a truth value"))?;
    let mut compiled = Compiled::default();
    bools_of(given.rows, |row| {
        let (true, Some(symbol)) = (lists.is_valid(row), text(&symbols, row)) else { return Ok(None) };
        let (all, patterns) = (all.value(row), lists.value(row));
        // Nothing is compared with an empty array, a NULL neither.
        if patterns.is_empty() {
            return Ok(Some(all));
        }
        let Some(subject) = text(&subjects, row) else { return Ok(None) };
        let patterns = value::to_text(&patterns, &SqlType::Text, &given.style)?;
        let mut open = false;
        for held in matches(subject, &patterns, symbol, &mut compiled)? {
            match held {
                None => open = true,
                Some(held) if held != all => return Ok(Some(held)),
                Some(_) => {}
            }
        }
        Ok(if open { None } else { Some(all) })
    })
}

/// Whether the operator holds for each pattern; NULL for one that is.
fn matches(subject: &str, patterns: &StringViewArray, symbol: &str, compiled: &mut Compiled) -> Result<Vec<Option<bool>>> {
    let left = StringViewArray::new_scalar(subject);
    let held = match symbol {
        "~~" => like(&left, patterns),
        "!~~" => nlike(&left, patterns),
        "~~*" => ilike(&left, patterns),
        "!~~*" => nilike(&left, patterns),
        _ => {
            let flags = Flags { fold: symbol.ends_with('*'), ..Flags::default() };
            let negated = symbol.starts_with('!');
            let held = patterns.iter().map(|pattern| {
                let Some(pattern) = pattern else { return Ok(None) };
                Ok(Some(compiled.pattern(pattern, flags)?.matches(subject)? != negated))
            });
            return held.collect();
        }
    };
    let held = held.map_err(|error| Error::internal(format!("patterns cannot be compared: {error}")))?;
    Ok(held.iter().collect())
}
