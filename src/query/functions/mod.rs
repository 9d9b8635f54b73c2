//! Which functions exist: an allowlist over DataFusion's and our own.
//!
//! A function that is not on the list does not exist for any statement. Functions that tell of the session (`current_user`) are
//! made for each planner from its [`SessionFacts`] and never cached across identities.

mod aggregate;
mod array;
pub(super) mod cast;
mod catalog;
mod identity;
mod json;
mod ledger;
mod mask;
pub(super) mod missing;
mod number;
mod operator;
mod ordered_set;
mod regex;
pub(super) mod scalar;
mod series;
mod session;
mod sleep;
mod template;
mod text;
mod time;
mod variadic;
mod words;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, Volatility, WindowUDF};

use scalar::Definition;

pub(super) use aggregate::bind as bind_aggregate;
pub(super) use array::{ARRAY_OF_ROWS, ITEM, NUMBERED, ROWS_OF_LISTS, SECTION, bounded};
pub(super) use cast::VALUE;
pub(super) use catalog::ACL_COLUMNS;
pub(super) use json::{
    ASSIGNED, EACH_KEYS, EACH_VALUES, ORDINALS, RECORD_COLUMN, ROW_OF_FIELDS, SORT_KEY, SUBSCRIPT, WHOLE_ROW,
    bind_aggregate as bind_json_aggregate, row,
};
pub(super) use mask::PseudonymKey;
pub use mask::PseudonymSecret;
pub(super) use mask::arguments as mask_arguments;
pub(super) use operator::{
    ARRAY_LIKE, ARRAY_OF, CAST_AS, LENGTH_OF_INTERVAL, VALUE_LIKE, folded as fold_operator, meeting as meeting_of_numbers,
};
pub(super) use regex::many::OF_PATTERNS;
pub(super) use series::of_moments as series_of_moments;
pub(super) use session::SessionFacts;
pub(super) use text::joined::TEXTS;
pub(super) use time::precision::ROUNDED;
pub(super) use variadic::of_array as variadic_of_array;
pub(super) use words::{SIMPLE_CONFIG, TO_TSVECTOR, require_simple};

use crate::value::Style;

/// DataFusion's scalar functions that answer as PostgreSQL's do, under PostgreSQL's names. All others exist for nobody: what was not
/// compared may answer otherwise, or tell of files and plans.
const SCALARS: [(&str, &str); 14] = [
    ("array_append", "array_append"),
    ("array_cat", "array_concat"),
    ("array_position", "array_position"),
    // `= ANY` is planned as a call of it; typed, it is refused.
    ("array_has", "array_has"),
    ("array_positions", "array_positions"),
    ("array_prepend", "array_prepend"),
    ("array_remove", "array_remove_all"),
    ("array_replace", "array_replace_all"),
    ("coalesce", "coalesce"),
    ("greatest", "greatest"),
    ("least", "least"),
    ("nullif", "nullif"),
    ("random", "random"),
    ("current_time", "current_time"),
];

/// DataFusion's aggregates likewise.
const AGGREGATES: [(&str, &str); 15] = [
    ("array_agg", "array_agg"),
    ("bit_and", "bit_and"),
    ("bit_or", "bit_or"),
    ("bit_xor", "bit_xor"),
    ("bool_and", "bool_and"),
    ("bool_or", "bool_or"),
    ("count", "count"),
    ("every", "bool_and"),
    ("first_value", "first_value"),
    ("grouping", "grouping"),
    ("last_value", "last_value"),
    ("max", "max"),
    ("min", "min"),
    ("nth_value", "nth_value"),
    ("string_agg", "string_agg"),
];

/// Whether an aggregate has this name.
pub(super) fn is_aggregate(name: &str) -> bool {
    let name = plain(name).to_ascii_lowercase();
    AGGREGATES.iter().any(|(known, _)| *known == name) || aggregate::names().any(|known| known == name)
}

/// Whether a function may answer otherwise each time that it is called within a statement.
pub(super) fn is_volatile(name: &str) -> bool {
    const OTHERS: [&str; 6] = ["gen_random_uuid", "pg_sleep", "pg_sleep_for", "pg_sleep_until", "random", "uuidv7"];
    let by_definition = defined(name).is_some_and(|definition| definition.volatility == Volatility::Volatile);
    by_definition || OTHERS.contains(&name) || catalog::has_effect(name)
}

/// The functions among an engine's that are on a list, under the names that the list gives them.
fn allowed<F: ?Sized>(list: &[(&str, &str)], all: &HashMap<String, Arc<F>>) -> HashMap<String, Arc<F>> {
    list.iter().filter_map(|(name, own)| all.get(*own).map(|function| ((*name).to_owned(), function.clone()))).collect()
}

/// Functions that are planned as something else.
const REWRITTEN: [&str; 8] = [
    "unnest",
    "extract",
    "generate_series",
    "pg_options_to_table",
    "pg_listening_channels",
    "aclexplode",
    "regexp_split_to_table",
    "string_to_table",
];

/// Every function a statement can call.
#[derive(Debug)]
pub struct Registry {
    scalars: HashMap<String, Arc<ScalarUDF>>,
    aggregates: HashMap<String, Arc<AggregateUDF>>,
    windows: HashMap<String, Arc<WindowUDF>>,
}

impl Registry {
    /// DataFusion's functions that are allowed, and ours.
    pub fn new(state: &SessionState) -> Self {
        let mut scalars = allowed(&SCALARS, state.scalar_functions());
        let own = identity::functions().into_iter().chain(array::functions()).chain(json::functions());
        for function in own.chain([cast::value()]) {
            scalars.insert(function.name().to_owned(), Arc::new(function));
        }
        if let Some(row) = scalars.get(ROW_OF_FIELDS).cloned() {
            scalars.insert("row".to_owned(), row);
        }
        let mut aggregates = allowed(&AGGREGATES, state.aggregate_functions());
        for function in ordered_set::functions().into_iter().chain(aggregate::functions()) {
            aggregates.insert(function.name().to_owned(), Arc::new(function));
        }
        for aggregate in json::aggregates() {
            aggregates.insert(aggregate.name().to_owned(), Arc::new(aggregate));
        }
        Registry { scalars, aggregates, windows: state.window_functions().clone() }
    }

    /// The scalar function of this name for this session, called by a statement or `inside` of what it names.
    pub fn scalar(&self, name: &str, facts: &Arc<SessionFacts>, inside: bool) -> Option<Arc<ScalarUDF>> {
        let name = plain(name);
        session::function(name, facts)
            .or_else(|| mask::hash(name, facts.pseudonyms.as_ref()))
            .or_else(|| sleep::function(name, facts))
            .or_else(|| ledger::function(name, facts, inside))
            .or_else(|| defined(name).map(|definition| Arc::new(scalar::unbound(definition, &facts.style))))
            .or_else(|| catalog::function(name, facts))
            .or_else(|| self.scalars.get(name).cloned())
    }

    /// Something to plan in the place of a function that there is not, until its arguments' types are known; `None` for a name that an
    /// aggregate or window function has.
    pub fn missing(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        let known = self.aggregate(name).is_some() || self.window(name).is_some() || plain(name) == "unnest";
        (!known && plain(name) != "grouping").then(|| Arc::new(missing::missing_function(name)))
    }

    /// Whether a name is that of a function of one row's values, whoever asks.
    pub(super) fn is_scalar(&self, name: &str) -> bool {
        defined(name).is_some() || self.scalars.contains_key(name)
    }

    pub fn aggregate(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.aggregates.get(plain(name)).cloned()
    }

    pub fn window(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.windows.get(plain(name)).cloned()
    }

    /// Every name that a call can have: of scalar, aggregate, window and table functions.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let own = session::NAMES.into_iter().chain(catalog::names()).chain(defined_names()).chain(REWRITTEN).chain(row_functions());
        let theirs = self.scalars.keys().chain(self.aggregates.keys()).chain(self.windows.keys());
        own.map(str::to_owned).chain(theirs.cloned()).collect()
    }

    pub fn scalar_names(&self) -> Vec<String> {
        self.scalars.keys().cloned().collect()
    }

    pub fn aggregate_names(&self) -> Vec<String> {
        self.aggregates.keys().cloned().collect()
    }

    pub fn window_names(&self) -> Vec<String> {
        self.windows.keys().cloned().collect()
    }
}

/// The function behind an operator, which no name that can be typed reaches.
pub(super) fn operator(name: &str, style: &Style) -> Option<ScalarUDF> {
    defined(name).map(|definition| scalar::unbound(definition, style))
}

/// Every function of ours that is defined by a [`Definition`], by name.
static DEFINED: LazyLock<HashMap<&'static str, &'static Definition>> = LazyLock::new(|| {
    let all = json::definitions()
        .chain(text::DEFINITIONS.iter())
        .chain(mask::DEFINITIONS.iter())
        .chain(time::DEFINITIONS.iter())
        .chain(time::precision::DEFINITIONS.iter())
        .chain(number::DEFINITIONS.iter())
        .chain(number::exact::DEFINITIONS.iter())
        .chain(number::float::DEFINITIONS.iter())
        .chain(text::joined::DEFINITIONS.iter())
        .chain(text::pieces::DEFINITIONS.iter())
        .chain(text::normal::DEFINITIONS.iter())
        .chain(template::DEFINITIONS.iter())
        .chain(array::DEFINITIONS.iter())
        .chain(series::DEFINITIONS.iter())
        .chain(operator::DEFINITIONS.iter())
        .chain(regex::DEFINITIONS.iter())
        .chain([&regex::many::DEFINITION])
        .chain(cast::DEFINITIONS.iter())
        .chain(variadic::DEFINITIONS.iter())
        .chain(words::DEFINITIONS.iter());
    all.map(|definition| (definition.name, definition)).collect()
});

/// Whether a function tells of who asks and of nothing that they can set.
pub(super) fn tells_of_reader(name: &str) -> bool {
    ["current_user", "user", "current_role", "session_user", "system_user", "pg_has_role"].contains(&plain(name))
}

/// Whether a function depends on its arguments, the style that it was planned in, and the time.
pub(super) fn is_by_style(name: &str) -> bool {
    name == cast::NAME || defined(name).is_some_and(|definition| definition.volatility == Volatility::Stable)
}

/// Functions that tell the time.
const CLOCKS: [&str; 9] = [
    "now",
    "current_timestamp",
    "transaction_timestamp",
    "statement_timestamp",
    "localtimestamp",
    "localtime",
    "current_date",
    "current_time",
    "age",
];

/// Whether a function of that kind may tell what time it was planned at.
pub(super) fn tells_time(function: &ScalarUDF) -> bool {
    CLOCKS.contains(&plain(function.name())) || cast::reads_moments(function)
}

/// Whether a function says the same of the same arguments whenever the same role asks it under the same settings and by the same catalog.
/// One that reads moments from text may find `now` in it, which is known to whoever planned it ([`crate::value::Now`]).
pub(super) fn says_the_same(function: &ScalarUDF) -> bool {
    let name = plain(function.name());
    match function.signature().volatility {
        Volatility::Immutable => true,
        // The bounds of a series are worked out while it is planned, from whatever they were.
        Volatility::Stable => tells_of_reader(name) || is_by_style(name) && !CLOCKS.contains(&name) && name != "generate_series",
        Volatility::Volatile => false,
    }
}

fn defined(name: &str) -> Option<&'static Definition> {
    DEFINED.get(name).copied()
}

/// Functions in FROM that answer with rows of the catalog.
fn row_functions() -> impl Iterator<Item = &'static str> {
    super::system::ROW_FUNCTIONS.into_iter().map(|(name, _)| name)
}

/// The names of [`DEFINED`] that can be typed: operators stand there too.
fn defined_names() -> impl Iterator<Item = &'static str> {
    let can_be_typed = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    DEFINED.keys().copied().filter(can_be_typed)
}

/// PostgreSQL's functions may be called with their schema in front.
fn plain(name: &str) -> &str {
    name.strip_prefix("pg_catalog.").unwrap_or(name)
}
