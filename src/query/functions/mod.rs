//! Which functions exist: an allowlist over DataFusion's and our own.
//!
//! A function that is not on the list does not exist for any statement. Functions that tell of the session (`current_user`) are
//! made for each planner from its [`SessionFacts`] and never cached across identities.

mod array;
pub(super) mod cast;
mod catalog;
mod identity;
mod json;
mod number;
pub(super) mod scalar;
mod regex;
mod session;
mod template;
mod text;
mod time;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};

use scalar::Definition;

pub(super) use array::ARRAY_OF_ROWS;
pub(super) use catalog::OID_OF;
pub(super) use session::SessionFacts;

use crate::value::Style;

/// DataFusion's functions that tell of files and plans, or have side effects, and exist for nobody.
const HIDDEN: [&str; 12] = [
    "input_file_name",
    "file_row_index",
    "file_row_number",
    "arrow_cast",
    "arrow_try_cast",
    "arrow_metadata",
    "arrow_typeof",
    "version",
    "uuid",
    "named_struct",
    "union_extract",
    "union_tag",
];

/// Table functions that may stand in FROM.
const TABLE_FUNCTIONS: [&str; 2] = ["generate_series", "range"];

/// Every function a statement can call.
#[derive(Debug)]
pub struct Registry {
    scalars: HashMap<String, Arc<ScalarUDF>>,
    aggregates: HashMap<String, Arc<AggregateUDF>>,
    windows: HashMap<String, Arc<WindowUDF>>,
}

impl Registry {
    /// DataFusion's functions without the hidden ones, and ours.
    pub fn new(state: &SessionState) -> Self {
        let mut scalars: HashMap<String, Arc<ScalarUDF>> = state
            .scalar_functions()
            .iter()
            .filter(|(name, _)| !HIDDEN.contains(&name.as_str()))
            .map(|(name, function)| (name.clone(), function.clone()))
            .collect();
        for function in identity::functions().into_iter().chain(array::functions()) {
            let function = Arc::new(function);
            for alias in function.aliases() {
                scalars.insert(alias.clone(), function.clone());
            }
            scalars.insert(function.name().to_owned(), function);
        }
        if let Some(sign) = scalars.get("signum").cloned() {
            scalars.insert("sign".to_owned(), sign);
        }
        Registry { scalars, aggregates: state.aggregate_functions().clone(), windows: state.window_functions().clone() }
    }

    /// The scalar function of this name for this session.
    pub fn scalar(&self, name: &str, facts: &Arc<SessionFacts>) -> Option<Arc<ScalarUDF>> {
        let name = plain(name);
        session::function(name, facts)
            .or_else(|| catalog::function(name, facts))
            .or_else(|| defined(name).map(|definition| Arc::new(scalar::unbound(definition, &facts.style))))
            .or_else(|| self.scalars.get(name).cloned())
    }

    pub fn aggregate(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.aggregates.get(plain(name)).cloned()
    }

    pub fn window(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.windows.get(plain(name)).cloned()
    }

    /// Whether this table function of DataFusion's may stand in FROM.
    pub fn allows_table_function(&self, name: &str) -> bool {
        TABLE_FUNCTIONS.contains(&name)
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

fn defined(name: &str) -> Option<&'static Definition> {
    static DEFINED: LazyLock<HashMap<&'static str, &'static Definition>> = LazyLock::new(|| {
        let all =
            json::definitions()
            .chain(text::DEFINITIONS.iter())
            .chain(time::DEFINITIONS.iter())
            .chain(number::DEFINITIONS.iter())
            .chain(number::exact::DEFINITIONS.iter())
            .chain(number::float::DEFINITIONS.iter())
            .chain(text::pieces::DEFINITIONS.iter())
            .chain(template::DEFINITIONS.iter())
            .chain(regex::DEFINITIONS.iter());
        all.map(|definition| (definition.name, definition)).collect()
    });
    DEFINED.get(name).copied()
}

/// PostgreSQL's functions may be called with their schema in front.
fn plain(name: &str) -> &str {
    name.strip_prefix("pg_catalog.").unwrap_or(name)
}
