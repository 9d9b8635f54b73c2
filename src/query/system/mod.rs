//! What do clients see of the catalog? PostgreSQL's own relations, `pg_catalog` and `information_schema`, over one snapshot.

use std::sync::Arc;

use datafusion::logical_expr::TableSource;

use crate::catalog::{Catalog, Name};
use crate::error::{Error, Kind, Result};
use crate::query::functions::SessionFacts;

/// Whether there is a system relation of this name.
pub fn exists(_name: &Name) -> bool {
    false
}

/// The system relation of this name, filled from the snapshot.
///
/// # Errors
/// 42P01 when there is none of this name.
pub fn source(name: &Name, _catalog: &Arc<Catalog>, _facts: &Arc<SessionFacts>) -> Result<Arc<dyn TableSource>> {
    Err(Error::new(Kind::UndefinedTable, format!("relation \"{}.{}\" does not exist", name.schema, name.name)))
}
