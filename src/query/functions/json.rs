//! jsonb functions that PostgreSQL has and the JSON library has not.

use datafusion::logical_expr::ScalarUDF;

pub(super) fn functions() -> Vec<ScalarUDF> {
    vec![]
}
