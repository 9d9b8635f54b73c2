//! Functions that tell of the session: who asks, where names are looked for, what is set.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::mask::PseudonymKey;
use crate::catalog::{Catalog, Oid};
use crate::policy::Identity;
use crate::query::engine::Engine;
use crate::query::plan::names::{DATABASE, is_builtin_schema};
use crate::query::retention::Memory;
use crate::query::session::{CursorFacts, Effects};
use crate::query::settings::Settings;
use crate::query::system::Shared;
use crate::store::Snapshot;
use crate::value::{SqlType, Style};

/// What functions and plans may know of the session they run in.
#[derive(Debug, Clone)]
pub struct SessionFacts {
    /// The effective role.
    pub current_user: String,
    /// The role that logged in.
    pub session_user: String,
    /// The role that has logged in, whatever the session has become since.
    pub login: Oid,
    /// Who the statement runs as.
    pub identity: Identity,
    pub backend_pid: i32,
    /// Schemas in which unqualified names are looked for.
    pub search_path: Vec<String>,
    /// How values are written and read as text.
    pub style: Style,
    /// The settings, live.
    pub(in crate::query) settings: Settings,
    /// What functions may do to the session beside answering.
    pub(in crate::query) effects: Arc<Effects>,
    pub superuser: bool,
    /// What pseudonyms are made with, while a masking policy is planned.
    pub(in crate::query) pseudonyms: Option<Arc<PseudonymKey>>,
    /// The session's cursors.
    pub cursors: Vec<CursorFacts>,
    /// What exists, as the statement sees it.
    pub catalog: Arc<Catalog>,
    /// What of it the role may know.
    pub visible: Arc<Catalog>,
    /// What the store holds, for sizes and counts.
    pub snapshot: Arc<Snapshot>,
    /// Where the client connects from, as an address and a port where it has them.
    pub remote: String,
    /// What all sessions share of the system relations.
    pub(in crate::query) system: Arc<Shared>,
    /// What is remembered of purges.
    pub(in crate::query) retention: Arc<Memory>,
    /// Where the ledger is asked. Plans are kept by the engine, so that they must not keep it.
    pub(in crate::query) engine: Weak<Engine>,
}

/// What `version()` answers: it begins as PostgreSQL's does, since clients look there for the features they may use.
pub(super) fn version() -> String {
    format!("PostgreSQL 15.0 (Annals {}) on {}, DataFusion, Delta Lake", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH)
}

/// The session functions' names.
pub(super) const NAMES: [&str; 10] = [
    "version",
    "current_user",
    "user",
    "current_role",
    "session_user",
    "system_user",
    "current_database",
    "current_catalog",
    "current_schema",
    "pg_backend_pid",
];

/// The session function of this name, which answers with a constant.
pub(super) fn function(name: &str, facts: &Arc<SessionFacts>) -> Option<Arc<ScalarUDF>> {
    let text = |value: String| (SqlType::Text, ScalarValue::Utf8View(Some(value)));
    let named = |value: String| (SqlType::Name, ScalarValue::Utf8View(Some(value)));
    let (sql_type, value) = match name {
        "version" => text(version()),
        "current_user" | "user" | "current_role" => named(facts.current_user.clone()),
        "session_user" | "system_user" => named(facts.session_user.clone()),
        "current_database" | "current_catalog" => named(DATABASE.to_owned()),
        "current_schema" => (SqlType::Name, ScalarValue::Utf8View(current_schema(facts))),
        "pg_backend_pid" => (SqlType::Int4, ScalarValue::Int32(Some(facts.backend_pid))),
        _ => return None,
    };
    let function = Told { name: name.to_owned(), sql_type, value, signature: Signature::nullary(Volatility::Stable) };
    Some(Arc::new(ScalarUDF::new_from_impl(function)))
}

/// The first schema of the path that is there for the role.
fn current_schema(facts: &SessionFacts) -> Option<String> {
    let there = |schema: &&String| is_builtin_schema(schema) || facts.visible.schema(schema).is_some();
    facts.search_path.iter().find(there).cloned()
}

#[derive(Debug, Clone)]
struct Told {
    name: String,
    sql_type: SqlType,
    value: ScalarValue,
    signature: Signature,
}

impl PartialEq for Told {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.value == other.value
    }
}

impl Eq for Told {}

impl Hash for Told {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.value.hash(state);
    }
}

impl ScalarUDFImpl for Told {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(self.sql_type.arrow())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(self.sql_type.field(self.name.clone(), true)))
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }
}
