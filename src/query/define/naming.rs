//! Which predicates name a table or a column: they are kept as text, so that what they name must keep its name.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Ident, Visit, Visitor};

use crate::catalog::{Catalog, Name, Oid, Relation, Table, quote_identifier};
use crate::error::Result;
use crate::query::parse;
use crate::query::plan::names;

/// A predicate with what it belongs to, in words.
struct Predicate<'a> {
    of: String,
    text: Option<&'a str>,
    /// The reference tables that it looks into.
    reads: &'a [Oid],
}

fn predicates(table: &Table) -> impl Iterator<Item = Predicate<'_>> {
    let policies = table.retention.iter().map(|policy| Predicate {
        of: format!("retention policy {}", quote_identifier(&policy.name)),
        text: policy.predicate.as_deref(),
        reads: &policy.reads,
    });
    let holds = table.holds.iter().map(|hold| Predicate {
        of: format!("legal hold {}", quote_identifier(&hold.name)),
        text: hold.predicate.as_deref(),
        reads: &hold.reads,
    });
    let checks = table.checks.iter().map(|check| Predicate {
        of: format!("constraint {}", quote_identifier(&check.name)),
        text: Some(&check.predicate),
        reads: &[],
    });
    let rows = table.protection.policies.iter().flat_map(|policy| {
        [&policy.using, &policy.check].map(|text| Predicate {
            of: format!("policy {}", quote_identifier(&policy.name)),
            text: text.as_deref(),
            reads: &policy.reads,
        })
    });
    let masks = table.protection.masks.iter().flat_map(|mask| {
        [&mask.target, &mask.value].map(|text| Predicate {
            of: format!("masking policy {}", quote_identifier(&mask.name)),
            text: Some(text),
            reads: &mask.reads,
        })
    });
    policies.chain(holds).chain(checks).chain(rows).chain(masks)
}

/// The first policy, hold or constraint that names the table, or this column of it.
///
/// # Errors
/// What a recorded predicate that cannot be read fails with.
pub(super) fn predicate_naming(catalog: &Catalog, name: &Name, column: Option<&str>) -> Result<Option<String>> {
    let word = column.unwrap_or(&name.name);
    for relation in catalog.relations() {
        let Relation::Table(table) = relation else { continue };
        for predicate in predicates(table) {
            let own = table.name == *name;
            let looked_up = catalog.relation(name).is_some_and(|relation| predicate.reads.contains(&relation.oid()));
            let named = match predicate.text {
                Some(text) if own || looked_up => names_word(text, word)?,
                Some(_) | None => false,
            };
            // A look-up has the table's name where expressions have none.
            if named || looked_up && column.is_none() {
                return Ok(Some(format!("{} on {}", predicate.of, table.name)));
            }
        }
    }
    Ok(None)
}

/// Whether an expression's text has a name in it.
fn names_word(text: &str, word: &str) -> Result<bool> {
    struct Words<'a>(&'a str);
    impl Visitor for Words<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let is = |ident: &Ident| names::fold(ident) == self.0;
            let named = match expr {
                Expr::Identifier(ident) => is(ident),
                Expr::CompoundIdentifier(parts) => parts.iter().any(is),
                _ => false,
            };
            if named { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    Ok(parse::parse_expression(text)?.visit(&mut Words(word)).is_break())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_they_stand() {
        for (text, named) in [
            ("tenant = 'x'", true),
            ("Tenant = 'x'", true),
            ("notes.tenant IS NULL", true),
            ("\"Tenant\" = 'x'", false),
            ("id IN (SELECT id FROM tenants WHERE tenant > 1)", true),
            ("kind = 'tenant'", false),
        ] {
            assert_eq!(names_word(text, "tenant").unwrap(), named, "{text}");
        }
    }
}
