//! ALTER VIEW, and ALTER TABLE … SET SCHEMA.

use super::alter::moved;
use super::{Defined, Scope, view};
use crate::catalog::{Change, Name, Relation, View, quote_identifier};
use crate::error::{Error, Kind, Result};
use crate::query::parse::{AlterRelation, RelationAction, unsupported};
use crate::query::plan::names;

pub(super) fn alter(alter: &AlterRelation, scope: &Scope<'_>) -> Result<Defined> {
    let name = scope.named(&alter.name)?;
    let mut defined = Defined { tag: alter.tag(), object: name.to_string(), ..Defined::default() };
    if alter.if_exists && scope.catalog.relation(&name).is_none() {
        defined.notices.push((Kind::SuccessfulCompletion, format!("relation \"{}\" does not exist, skipping", name.name)));
        return Ok(defined);
    }
    let relation = scope.catalog.expect_relation(&name)?;
    scope.require_relation_owner(relation)?;
    if alter.is_view && !relation.is_view() {
        return Err(Error::new(Kind::WrongObjectType, format!("\"{}\" is not a view", name.name)));
    }
    let said = match &alter.action {
        RelationAction::Set(options) => {
            let view = with_options(relation, options)?;
            let invoker = view::security_invoker(options)?.unwrap_or(!view.definer);
            defined.changes = rights(view, !invoker);
            format!("SET (security_invoker = {invoker})")
        }
        RelationAction::Reset(options) => {
            let view = with_options(relation, options)?;
            let named = options.iter().any(|option| names::fold(option) == "security_invoker");
            defined.changes = rights(view, view.definer && !named);
            "RESET (security_invoker)".to_owned()
        }
        RelationAction::Rename(to) => {
            defined.changes = moved(&name, Name::new(name.schema.clone(), to.clone()), scope)?;
            format!("RENAME TO {}", quote_identifier(to))
        }
        RelationAction::SetSchema(schema) => {
            let to = Name::new(schema.clone(), name.name.clone());
            if to != name {
                defined.changes = moved(&name, to, scope)?;
            }
            format!("SET SCHEMA {}", quote_identifier(schema))
        }
    };
    defined.text = format!("ALTER {} {name} {said}", if relation.is_view() { "VIEW" } else { "TABLE" });
    Ok(defined)
}

/// The view whose options are changed; a table has none.
fn with_options<'a, T: std::fmt::Display>(relation: &'a Relation, options: &[T]) -> Result<&'a View> {
    match relation {
        Relation::View(view) => Ok(view),
        Relation::Table(_) => {
            let listed = options.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Err(unsupported(&format!("ALTER TABLE ... SET ({listed})"))
                .with_hint("What a table is made WITH stays; settings of the server say when its rows become files."))
        }
    }
}

fn rights(view: &View, definer: bool) -> Vec<Change> {
    let change = (view.definer != definer).then(|| Change::SetDefiner { view: view.name.clone(), definer });
    change.into_iter().collect()
}
