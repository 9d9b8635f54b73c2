//! The recorded form of a definition: printed from its tree with every name qualified, and proved to read back as the same tree.

use datafusion::sql::sqlparser::ast::{Ident, ObjectName};

use crate::catalog::Name;
use crate::query::parse;

/// A name as the tree holds it, both parts quoted where needed.
pub(in crate::query) fn object_name(name: &Name) -> ObjectName {
    let ident = |part: &str| {
        let shown = crate::catalog::quote_identifier(part);
        if shown == part { Ident::new(part) } else { Ident::with_quote('"', part) }
    };
    ObjectName::from(vec![ident(&name.schema), ident(&name.name)])
}

/// The printed query if it reads back as it was, else the text that was typed.
pub(super) fn query_text(query: &datafusion::sql::sqlparser::ast::Query) -> crate::error::Result<String> {
    let printed = query.to_string();
    parse::parse_query(&printed)?;
    Ok(printed)
}
