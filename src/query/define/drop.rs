//! DROP TABLE, VIEW, SCHEMA and FUNCTION, with CASCADE.

use datafusion::sql::sqlparser::ast::{self, ObjectType};

use super::{Defined, Scope, index};
use crate::catalog::{Catalog, Change, Function, Name, Object, Relation, quote_identifier};
use crate::error::{Error, Kind, Result};
use crate::query::parse::unsupported;
use crate::query::plan::{names, types};

pub(super) fn relations(
    kind: &ObjectType,
    if_exists: bool,
    targets: &[ast::ObjectName],
    cascade: bool,
    scope: &Scope<'_>,
) -> Result<Defined> {
    let tag = match kind {
        ObjectType::Table => "DROP TABLE",
        ObjectType::View => "DROP VIEW",
        ObjectType::Schema => "DROP SCHEMA",
        other => return Err(unsupported(&format!("DROP {other}"))),
    };
    let mut defined = Defined { tag, ..Defined::default() };
    let mut catalog = scope.catalog.clone();
    let mut dropped = Vec::new();
    for target in targets {
        let changes = if *kind == ObjectType::Schema {
            let schema = names::single(target)?;
            if if_exists && catalog.schema(&schema).is_none() {
                defined.notices.push((Kind::SuccessfulCompletion, format!("schema \"{schema}\" does not exist, skipping")));
                continue;
            }
            scope.require_schema_owner(&schema)?;
            refuse_own(&catalog, &schema)?;
            dropped.push(quote_identifier(&schema));
            schema_changes(&catalog, schema, cascade)
        } else {
            let name = scope.upon(&catalog).named(target)?;
            let Some(relation) = catalog.relation(&name) else {
                let what = if tag == "DROP VIEW" { "view" } else { "table" };
                if let Some(error) = index::wrong_kind(&name, what, &catalog) {
                    return Err(error.with_hint("Use DROP INDEX to remove an index."));
                }
                if if_exists {
                    defined
                        .notices
                        .push((Kind::SuccessfulCompletion, format!("{what} \"{}\" does not exist, skipping", name.name)));
                    continue;
                }
                return Err(Error::new(Kind::UndefinedTable, format!("{what} \"{}\" does not exist", name.name)));
            };
            require_kind(kind, relation)?;
            require_owner(relation, scope)?;
            dropped.push(name.to_string());
            relation_changes(&catalog, &name, cascade)
        };
        take(changes, &mut catalog, &mut defined)?;
    }
    let suffix = if cascade { " CASCADE" } else { "" };
    defined.object = dropped.join(", ");
    defined.text = format!("{tag} {}{suffix}", defined.object);
    Ok(defined)
}

/// Takes changes in, telling the store which tables go.
pub(super) fn take(changes: Vec<Change>, catalog: &mut Catalog, defined: &mut Defined) -> Result<()> {
    for change in changes {
        if let Change::DropRelation { name } = &change
            && let Some(Relation::Table(table)) = catalog.relation(name)
        {
            defined.drops.push(table.store_id());
        }
        *catalog = catalog.apply(change.clone())?;
        defined.changes.push(change);
    }
    Ok(())
}

/// Whether the role may drop the relation: it or its schema is the role's.
fn require_owner(relation: &Relation, scope: &Scope<'_>) -> Result<()> {
    let internal = matches!(relation, Relation::Table(table) if table.internal);
    let schema = scope.catalog.schema(&relation.name().schema).map(|schema| Object::Schema(schema.oid));
    if let (Some(guard), Some(schema), false) = (scope.guard(), schema, internal)
        && guard.permit_owner(schema, "schema", &relation.name().schema).is_ok()
    {
        scope.authorize();
        return Ok(());
    }
    scope.require_relation_owner(relation)
}

/// A role's own schema goes with the role.
fn refuse_own(catalog: &Catalog, schema: &str) -> Result<()> {
    match catalog.schema(schema).and_then(|schema| schema.own_of) {
        Some(role) => Err(Error::new(
            Kind::DependentObjectsStillExist,
            format!("cannot drop schema {schema} because role {} needs it", catalog.role_name(role)),
        )
        .with_hint("It goes when the role is dropped.")),
        None => Ok(()),
    }
}

fn require_kind(kind: &ObjectType, relation: &Relation) -> Result<()> {
    let name = &relation.name().name;
    match (kind, relation) {
        (ObjectType::View, Relation::Table(_)) => {
            Err(Error::new(Kind::WrongObjectType, format!("\"{name}\" is not a view"))
                .with_hint("Use DROP TABLE to remove a table."))
        }
        (ObjectType::Table, Relation::View(_)) => {
            Err(Error::new(Kind::WrongObjectType, format!("\"{name}\" is not a table"))
                .with_hint("Use DROP VIEW to remove a view."))
        }
        (_, Relation::Table(_) | Relation::View(_)) => Ok(()),
    }
}

/// The relation and, with CASCADE, every view above it, the topmost first.
pub(super) fn relation_changes(catalog: &Catalog, name: &Name, cascade: bool) -> Vec<Change> {
    let mut order = vec![name.clone()];
    if cascade {
        let mut at = 0;
        while at < order.len() {
            let oid = catalog.relation(&order[at]).map(Relation::oid);
            for relation in catalog.relations() {
                if let Relation::View(view) = relation
                    && oid.is_some_and(|oid| view.reads.contains(&oid))
                {
                    order.retain(|earlier| *earlier != view.name);
                    order.push(view.name.clone());
                }
            }
            at += 1;
        }
    }
    order.into_iter().rev().map(|name| Change::DropRelation { name }).collect()
}

pub(super) fn schema_changes(catalog: &Catalog, schema: String, cascade: bool) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    if cascade {
        for relation in catalog.relations().filter(|relation| relation.name().schema == schema) {
            for change in relation_changes(catalog, relation.name(), true) {
                let known = changes.iter().any(|earlier| same_drop(earlier, &change));
                if !known {
                    changes.push(change);
                }
            }
        }
        // What a change does not fit is told by whoever takes it in.
        let after = |catalog: Catalog, change: &Change| catalog.apply(change.clone()).unwrap_or(catalog);
        let mut left = changes.iter().fold(catalog.clone(), after);
        for function in catalog.functions().filter(|function| function.name.schema == schema) {
            let own = function_changes(&left, function, true);
            left = own.iter().fold(left, after);
            changes.extend(own);
        }
    }
    changes.push(Change::DropSchema { name: schema });
    changes
}

/// The function and, with CASCADE, every view above it and every row policy that calls it, as in PostgreSQL. Masks, retention policies and
/// holds stay, and keep it: without a mask values would show, and that is for their own DROP to say.
pub(super) fn function_changes(catalog: &Catalog, function: &Function, cascade: bool) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for relation in catalog.relations().filter(|_| cascade) {
        match relation {
            Relation::View(view) if view.reads.contains(&function.oid) => {
                for change in relation_changes(catalog, &view.name, true) {
                    if !changes.iter().any(|earlier| same_drop(earlier, &change)) {
                        changes.push(change);
                    }
                }
            }
            Relation::Table(table) if table.protection.policies.iter().any(|policy| policy.reads.contains(&function.oid)) => {
                let mut protection = table.protection.clone();
                protection.policies.retain(|policy| !policy.reads.contains(&function.oid));
                changes.push(Change::Protect { table: table.name.clone(), protection });
            }
            Relation::View(_) | Relation::Table(_) => {}
        }
    }
    changes.push(Change::DropFunction { name: function.name.clone(), oid: function.oid });
    changes
}

fn same_drop(a: &Change, b: &Change) -> bool {
    matches!((a, b), (Change::DropRelation { name: a }, Change::DropRelation { name: b }) if a == b)
}

pub(super) fn functions(drop: &ast::DropFunction, scope: &Scope<'_>) -> Result<Defined> {
    let mut defined = Defined { tag: "DROP FUNCTION", ..Defined::default() };
    let cascade = matches!(drop.drop_behavior, Some(ast::DropBehavior::Cascade));
    let mut catalog = scope.catalog.clone();
    let mut dropped = Vec::new();
    for target in &drop.func_desc {
        let arguments = target.args.as_ref().map(|args| args.iter().map(|arg| arg.data_type.clone()).collect::<Vec<_>>());
        match find(&target.name, arguments.as_deref(), scope)? {
            Some(function) => {
                scope.require_function_owner(function)?;
                dropped.push(signature(function));
                let changes = function_changes(&catalog, function, cascade);
                take(changes, &mut catalog, &mut defined)?;
            }
            None if drop.if_exists => {
                defined.notices.push((Kind::SuccessfulCompletion, format!("function {}() does not exist, skipping", target.name)));
            }
            None => {
                return Err(Error::new(Kind::UndefinedFunction, format!("could not find a function named \"{}\"", target.name)));
            }
        }
    }
    defined.object = dropped.join(", ");
    defined.text = format!("DROP FUNCTION {}{}", defined.object, if cascade { " CASCADE" } else { "" });
    Ok(defined)
}

/// The one function of this name, told apart by its argument types where several share it.
pub(super) fn find<'a>(
    name: &ast::ObjectName,
    arguments: Option<&[ast::DataType]>,
    scope: &Scope<'a>,
) -> Result<Option<&'a Function>> {
    let parts = names::parts(name)?;
    let candidates: Vec<Name> = match parts.as_slice() {
        [object] => scope.path.iter().map(|schema| Name::new(schema.clone(), object.clone())).collect(),
        [.., schema, object] => {
            if let Some(guard) = scope.guard() {
                guard.permit_schema(schema)?;
            }
            vec![Name::new(schema.clone(), object.clone())]
        }
        [] => vec![],
    };
    let wanted = arguments.map(|types| types.iter().map(types::of_sql).collect::<Result<Vec<_>>>()).transpose()?;
    let mut found = candidates.iter().flat_map(|name| scope.catalog.functions_named(name)).filter(|function| match &wanted {
        None => true,
        Some(wanted) => function.arguments.iter().map(|argument| &argument.sql_type).eq(wanted.iter()),
    });
    let first = found.next().map(std::convert::AsRef::as_ref);
    if found.next().is_some() {
        return Err(Error::new(Kind::AmbiguousFunction, format!("function name \"{name}\" is not unique"))
            .with_hint("Specify the argument list to select the function unambiguously."));
    }
    Ok(first)
}

/// `schema.name(type, …)`, which names exactly one function.
pub(super) fn signature(function: &Function) -> String {
    let types = function.arguments.iter().map(|argument| argument.sql_type.to_string()).collect::<Vec<_>>().join(", ");
    format!("{}({types})", function.name)
}
