//! Text search: `to_tsvector`, `to_tsquery` and its kin, `@@`, and `search` (PostgreSQL 15, chapter 12).
//!
//! There is one configuration, `simple`. A query that is the same for all rows is read once for each batch, and a text is held against
//! it without a vector being made, also where `to_tsvector(…) @@ …` asks for one: the planner puts [`MATCH`] in the place of the pair.

use std::ops::ControlFlow;

use datafusion::arrow::array::{Array, ArrayRef, StringViewArray};

use super::json::path_matches;
use super::scalar::{Argument, Arguments, Definition, bools_of, immutable, ints_of, takes, text, texts_of};
use crate::error::{Error, Kind, Result};
use crate::value::words::{
    MATCH, Matcher, Query, Reading, SEARCH, Values, Vector, each, each_of_json, matches_vector, read_query, searched,
};
use crate::value::{Reg, SqlType};

/// The function that makes a vector, which the planner looks for beside `@@`.
pub(in crate::query) const TO_TSVECTOR: &str = "to_tsvector";

const T: SqlType = SqlType::Text;
const V: SqlType = SqlType::Tsvector;
const Q: SqlType = SqlType::Tsquery;

pub(super) static DEFINITIONS: [Definition; 15] = [
    immutable(TO_TSVECTOR, |types| document(behind_config(types)).then_some(V), to_tsvector),
    immutable("to_tsquery", query_result, |given| to_tsquery(given, Reading::Operators)),
    immutable("plainto_tsquery", query_result, |given| to_tsquery(given, Reading::Plain)),
    immutable("phraseto_tsquery", query_result, |given| to_tsquery(given, Reading::Phrase)),
    immutable("websearch_to_tsquery", query_result, |given| to_tsquery(given, Reading::Web)),
    immutable("@@", match_result, operator),
    immutable(
        MATCH,
        |types| match types {
            [own, query] if document(std::slice::from_ref(own)) && query.is(&Q) => Some(SqlType::Bool),
            _ => None,
        },
        |given| matched(given, (0, 1), |query| Ok(Matcher::new(&Query::parse(query)?))),
    ),
    immutable(
        SEARCH,
        |types| match types {
            [own, query] if document(std::slice::from_ref(own)) && query.is_text() => Some(SqlType::Bool),
            _ => None,
        },
        |given| matched(given, (0, 1), |query| Ok(Matcher::for_search(&searched(query)?))),
    ),
    immutable(
        "numnode",
        |types| takes(types, &[Q]).then_some(SqlType::Int4),
        |given| {
            let queries = given.texts(0)?;
            ints_of(given.rows, |row| {
                let nodes = text(&queries, row).map(|query| Query::parse(query).map(|query| query.nodes())).transpose()?;
                Ok(nodes.map(|nodes| i32::try_from(nodes).unwrap_or(i32::MAX)))
            })
        },
    ),
    immutable(
        "querytree",
        |types| takes(types, &[Q]).then_some(T),
        |given| {
            let queries = given.texts(0)?;
            texts_of(given.rows, |row| text(&queries, row).map(|query| Query::parse(query).map(|query| query.tree())).transpose())
        },
    ),
    immutable(
        "strip",
        |types| takes(types, &[V]).then_some(V),
        |given| {
            let vectors = given.texts(0)?;
            texts_of(given.rows, |row| {
                text(&vectors, row).map(|vector| Vector::parse(vector).map(|vector| vector.stripped().to_string())).transpose()
            })
        },
    ),
    immutable("ts_rank", |types| ranked(types).then_some(SqlType::Float4), |given| unsupported(given, RANK_HINT)),
    immutable("ts_rank_cd", |types| ranked(types).then_some(SqlType::Float4), |given| unsupported(given, RANK_HINT)),
    immutable(
        "ts_headline",
        |types| {
            let fits = |types: &[Argument]| matches!(types, [own, query, ..] if types.len() <= 3 && document(std::slice::from_ref(own)) && query.is(&Q));
            (fits(types) || fits(behind_config(types))).then_some(T)
        },
        |given| unsupported(given, "Select the text itself; its words are found by @@ and search."),
    ),
    immutable(
        "setweight",
        |types| match types {
            [vector, weight] if vector.is(&V) && weight.is_text() => Some(V),
            _ => None,
        },
        |given| unsupported(given, "Words of all columns count alike here."),
    ),
];

const RANK_HINT: &str = "Order by time, the newest first.";

fn ranked(types: &[Argument]) -> bool {
    takes(types, &[V, Q]) || takes(types, &[V, Q, SqlType::Int4])
}

fn unsupported(given: &Arguments, hint: &str) -> Result<ArrayRef> {
    Err(Error::new(Kind::FeatureNotSupported, format!("{} is not supported", given.name)).with_hint(hint))
}

/// Whether one argument is left and it is something with words.
fn document(types: &[Argument]) -> bool {
    matches!(types, [own] if own.is_text() || own.is(&SqlType::Json) || own.is(&SqlType::Jsonb))
}

/// The arguments behind a configuration, if one is named.
fn behind_config(types: &[Argument]) -> &[Argument] {
    match types {
        [Argument::Of(SqlType::Reg(Reg::Config)), rest @ ..] => rest,
        [Argument::Unknown, rest @ ..] if !rest.is_empty() => rest,
        _ => types,
    }
}

fn query_result(types: &[Argument]) -> Option<SqlType> {
    matches!(behind_config(types), [own] if own.is_text()).then_some(Q)
}

fn match_result(types: &[Argument]) -> Option<SqlType> {
    use Argument::{Of, Unknown};
    let fits = match types {
        [Of(SqlType::Tsvector), query] => query.is(&Q),
        [Of(SqlType::Tsquery), vector] => vector.is(&V),
        [Of(SqlType::Jsonb), path] => path.is(&SqlType::Jsonpath),
        [Unknown, Of(SqlType::Jsonpath | SqlType::Tsvector)] => true,
        [own, query] => own.is_text() && (query.is_text() || query.is(&Q)),
        _ => false,
    };
    fits.then_some(SqlType::Bool)
}

/// The id of the configuration that there is (`pg_ts_config.dat`).
pub(in crate::query) const SIMPLE_CONFIG: u32 = 3_748;

/// PostgreSQL's other configurations.
const OTHERS: [&str; 29] = [
    "arabic",
    "armenian",
    "basque",
    "catalan",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "nepali",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
    "yiddish",
    "default",
];

/// Refuses every configuration but the one that there is.
///
/// # Errors
/// 0A000 for one of PostgreSQL's, 42704 for any other name.
pub(in crate::query) fn require_simple(name: &str) -> Result<()> {
    let plain = name.trim().strip_prefix("pg_catalog.").unwrap_or(name.trim()).to_lowercase();
    if plain == "simple" {
        return Ok(());
    }
    if OTHERS.contains(&plain.as_str()) {
        let message = format!("text search configuration \"{plain}\" is not supported");
        return Err(Error::new(Kind::FeatureNotSupported, message)
            .with_hint("Words are kept as they are, in lower case: use the configuration simple."));
    }
    Err(Error::new(Kind::UndefinedObject, format!("text search configuration \"{name}\" does not exist")))
}

/// What is searched or read, behind a configuration that is checked; where that is NULL, so is every row.
struct Input {
    configs: Option<StringViewArray>,
    texts: StringViewArray,
    json: bool,
}

impl Input {
    fn new(given: &Arguments) -> Result<Input> {
        let at = given.arrays.len() - 1;
        let configs = if at > 0 { Some(given.texts(0)?) } else { None };
        Ok(Input { configs, texts: given.texts(at)?, json: is_json(given, at) })
    }

    fn row(&self, row: usize) -> Result<Option<&str>> {
        if let Some(configs) = &self.configs {
            let Some(config) = text(configs, row) else { return Ok(None) };
            require_simple(config)?;
        }
        Ok(text(&self.texts, row))
    }
}

fn is_json(given: &Arguments, at: usize) -> bool {
    matches!(given.types.get(at), Some(Argument::Of(SqlType::Json | SqlType::Jsonb)))
}

fn to_tsvector(given: &Arguments) -> Result<ArrayRef> {
    let input = Input::new(given)?;
    texts_of(given.rows, |row| {
        let Some(text) = input.row(row)? else { return Ok(None) };
        let vector = Vector::of(|visit| {
            let mut visit = |lexeme: &str, at: u32| visit(lexeme, at);
            let _: ControlFlow<()> =
                if input.json { each_of_json(text, Values::Strings, &mut 0, &mut visit) } else { each(text, &mut 0, &mut visit) };
        })?;
        Ok(Some(vector.to_string()))
    })
}

fn to_tsquery(given: &Arguments, reading: Reading) -> Result<ArrayRef> {
    let input = Input::new(given)?;
    texts_of(given.rows, |row| match input.row(row)? {
        Some(text) => Ok(Some(read_query(text, reading)?.to_string())),
        None => Ok(None),
    })
}

/// Something made of a text, kept for as long as the text is the same: most columns have one for all rows.
struct Kept<T> {
    last: Option<(String, T)>,
    make: fn(&str) -> Result<T>,
}

impl<T> Kept<T> {
    fn new(make: fn(&str) -> Result<T>) -> Self {
        Kept { last: None, make }
    }

    fn of(&mut self, text: &str) -> Result<&T> {
        if self.last.as_ref().is_none_or(|(known, _)| known != text) {
            self.last = Some((text.to_owned(), (self.make)(text)?));
        }
        self.last.as_ref().map(|(_, made)| made).ok_or_else(|| Error::internal("nothing was made of a text"))
    }
}

/// Puts the queries of one argument to the texts or documents of another.
fn matched(given: &Arguments, (texts, queries): (usize, usize), make: fn(&str) -> Result<Matcher>) -> Result<ArrayRef> {
    let json = is_json(given, texts);
    let (texts, queries) = (given.texts(texts)?, given.texts(queries)?);
    let mut matcher = Kept::new(make);
    bools_of(given.rows, |row| {
        let (Some(own), Some(query)) = (text(&texts, row), text(&queries, row)) else { return Ok(None) };
        let matcher = matcher.of(query)?;
        Ok(Some(if json { matcher.matches_json(own)? } else { matcher.matches(own)? }))
    })
}

fn operator(given: &Arguments) -> Result<ArrayRef> {
    use Argument::{Of, Unknown};
    let (vector, query) = match given.types.as_slice() {
        [Of(SqlType::Jsonb), _] | [_, Of(SqlType::Jsonpath)] => return path_matches(given),
        [Of(SqlType::Tsvector), _] => (0, 1),
        [_, Of(SqlType::Tsvector)] | [Of(SqlType::Tsquery), Unknown] => (1, 0),
        [_, Of(SqlType::Tsquery)] => return matched(given, (0, 1), |query| Ok(Matcher::new(&Query::parse(query)?))),
        _ => return matched(given, (0, 1), |query| Ok(Matcher::new(&read_query(query, Reading::Plain)?))),
    };
    let (vectors, queries) = (given.texts(vector)?, given.texts(query)?);
    let mut read = Kept::new(Query::parse);
    bools_of(given.rows, |row| {
        let (Some(vector), Some(query)) = (text(&vectors, row), text(&queries, row)) else { return Ok(None) };
        Ok(Some(matches_vector(&Vector::parse(vector)?, read.of(query)?)))
    })
}

/// `length(tsvector)`: how many lexemes it has.
pub(super) fn length(given: &Arguments) -> Result<ArrayRef> {
    let vectors = given.texts(0)?;
    debug_assert!(vectors.len() == given.rows, "a column has a value for each row");
    ints_of(given.rows, |row| {
        let count = text(&vectors, row).map(|vector| Vector::parse(vector).map(|vector| vector.entries.len())).transpose()?;
        Ok(count.map(|count| i32::try_from(count).unwrap_or(i32::MAX)))
    })
}
