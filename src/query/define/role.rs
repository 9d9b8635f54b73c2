//! CREATE, ALTER and DROP of roles, as PostgreSQL 15 checks them (`user.c`), and what a login role gets: a schema of its own.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::TimestampMicrosecondType;

use super::{Defined, Scope, membership, owned};
use crate::catalog::{Change, Object, Oid, Role, SUPERUSER_OID, ValidUntil};
use crate::error::{Error, Kind, Result};
use crate::policy::Verifier;
use crate::query::parse::{RoleOptions, RoleSpec, RoleStatement, Secret, SettingChange, quoted, unsupported};
use crate::query::settings;
use crate::value::{ColumnBuilder, SqlType, Style};

pub(super) fn define(statement: &RoleStatement, scope: &Scope<'_>) -> Result<Defined> {
    match statement {
        RoleStatement::Create { name, login, options } => create(name, *login, options, scope),
        RoleStatement::Alter { role, options } => alter(role, options, scope),
        RoleStatement::Members { group, add, members } => membership::group(group, *add, members, scope),
        RoleStatement::Rename { from, to } => rename(from, to, scope),
        RoleStatement::Set { role, database, change } => set(role.as_ref(), database.as_deref(), change, scope),
        RoleStatement::Drop { if_exists, roles } => drop(*if_exists, roles, scope),
        RoleStatement::Reassign { from, to } => owned::reassign(from, to, scope),
        RoleStatement::DropOwned { roles, cascade } => owned::drop(roles, *cascade, scope),
        RoleStatement::Comment { role, comment } => comment_on(role, comment.as_deref(), scope),
    }
}

fn denied(message: impl Into<String>) -> Error {
    Error::new(Kind::InsufficientPrivilege, message)
}

/// What the role that defines may do to roles.
struct Power {
    superuser: bool,
    create_role: bool,
}

fn power(scope: &Scope<'_>) -> Power {
    // What was recorded was allowed.
    if scope.guard().is_none() {
        return Power { superuser: true, create_role: true };
    }
    let superuser = scope.standing().superuser;
    Power { superuser, create_role: superuser || scope.catalog.role(scope.actor()).is_some_and(|role| role.create_role) }
}

/// A name that a role may be given.
fn new_name(spec: &RoleSpec) -> Result<&str> {
    let reserved = |name: &str| Error::new(Kind::ReservedName, format!("role name \"{name}\" is reserved"));
    match spec {
        RoleSpec::Named(name) if name.starts_with("pg_") => {
            Err(reserved(name).with_detail("Role names starting with \"pg_\" are reserved."))
        }
        RoleSpec::Named(name) if !name.chars().all(|c| c.is_ascii() && !c.is_ascii_control()) => {
            Err(Error::new(Kind::InvalidName, "the name of a role must be of printable ASCII characters")
                .with_detail("Different letters that look alike would be different roles."))
        }
        RoleSpec::Named(name) => Ok(name),
        RoleSpec::Public => Err(reserved("public")),
        RoleSpec::Current | RoleSpec::Session => {
            Err(Error::new(Kind::ReservedName, format!("{spec} cannot be used as a role name here")))
        }
    }
}

fn create(name: &RoleSpec, login: bool, options: &RoleOptions, scope: &Scope<'_>) -> Result<Defined> {
    let may = power(scope);
    if options.superuser == Some(true) && !may.superuser {
        return Err(denied("must be superuser to create superusers"));
    }
    if options.replication == Some(true) && !may.superuser {
        return Err(denied("must be superuser to create replication users"));
    }
    if options.bypass_rls == Some(true) && !may.superuser {
        return Err(denied("must be superuser to create bypassrls users"));
    }
    if !may.create_role {
        return Err(denied("permission denied to create role"));
    }
    scope.authorize();
    let name = new_name(name)?;
    if scope.catalog.role_named(name).is_some() {
        return Err(Error::new(Kind::DuplicateObject, format!("role \"{name}\" already exists")));
    }
    let mut defined = Defined { tag: "CREATE ROLE", object: format!("ROLE {}", quoted(name)), ..Defined::default() };
    let mut role = Role { login, ..Role::new(name) };
    take_options(&mut role, options, scope, &mut defined)?;
    let oid = scope.catalog.next_oid();
    let mut text = vec![format!("CREATE ROLE {}", quoted(name))];
    text.extend(printed(&role, None));
    defined.changes.push(Change::CreateRole(role.clone()));
    role.oid = oid;
    own_schema(&role, scope, &mut defined);
    let after = super::applied(scope.catalog, &defined.changes)?;
    let upon = scope.upon(&after);
    for (word, roles) in [("IN ROLE", &options.in_roles), ("ROLE", &options.members), ("ADMIN", &options.admins)] {
        if roles.is_empty() {
            continue;
        }
        text.push(format!("{word} {}", scope.recorded(roles)?));
        for other in roles {
            let other = scope.role(other)?;
            let (role, member) = if word == "IN ROLE" { (other, oid) } else { (oid, other) };
            membership::grant(role, member, word == "ADMIN", &upon, &mut defined)?;
        }
    }
    defined.text = text.join(" ");
    Ok(defined)
}

/// A login role gets a schema of its own if the name is free, in which it may create views.
fn own_schema(role: &Role, scope: &Scope<'_>, defined: &mut Defined) {
    let free = scope.catalog.schema(&role.name).is_none() && !crate::query::plan::names::is_builtin_schema(&role.name);
    if role.login && free && scope.catalog.own_schema_of(role.oid).is_none() {
        defined.changes.push(Change::CreateSchema { name: role.name.clone(), own_of: Some(role.oid) });
        defined.owners.push((role.name.clone(), role.oid));
    }
}

/// Takes what the options say over into a role.
fn take_options(role: &mut Role, options: &RoleOptions, scope: &Scope<'_>, defined: &mut Defined) -> Result<()> {
    let take = |place: &mut bool, said: Option<bool>| *place = said.unwrap_or(*place);
    take(&mut role.superuser, options.superuser);
    take(&mut role.inherit, options.inherit);
    take(&mut role.create_role, options.create_role);
    take(&mut role.create_db, options.create_db);
    take(&mut role.login, options.login);
    take(&mut role.replication, options.replication);
    take(&mut role.bypass_rls, options.bypass_rls);
    if let Some(limit) = options.connection_limit {
        role.connection_limit = i32::try_from(limit)
            .ok()
            .filter(|limit| *limit >= -1)
            .ok_or_else(|| Error::new(Kind::InvalidParameterValue, format!("invalid connection limit: {limit}")))?;
    }
    if let Some(until) = &options.valid_until {
        role.valid_until = Some(valid_until(until, scope)?);
    }
    if let Some(password) = &options.password {
        role.verifier = verifier(password.as_ref(), defined)?;
    }
    Ok(())
}

/// What is kept of a password.
fn verifier(password: Option<&Secret>, defined: &mut Defined) -> Result<Option<String>> {
    let Some(Secret(text)) = password else { return Ok(None) };
    if text.is_empty() {
        let notice = "empty string is not a valid password, clearing password";
        defined.notices.push((Kind::SuccessfulCompletion, notice.to_owned()));
        return Ok(None);
    }
    Verifier::of_given(text).map(|verifier| Some(verifier.to_string()))
}

fn valid_until(text: &str, scope: &Scope<'_>) -> Result<ValidUntil> {
    if text.trim().eq_ignore_ascii_case("infinity") {
        return Ok(ValidUntil { micros: None, text: "infinity".to_owned() });
    }
    let style = match scope.source {
        super::Source::Statement(planner) => planner.facts.style.clone(),
        super::Source::Replay(_) => Style::default(),
    };
    let mut builder = ColumnBuilder::new(&SqlType::Timestamptz, 1);
    builder.append_text(text, &style)?;
    let value = builder.finish();
    let micros = value.as_primitive_opt::<TimestampMicrosecondType>().map(|values| values.value(0));
    let moment = micros.and_then(chrono::DateTime::from_timestamp_micros);
    let moment = moment.ok_or_else(|| Error::new(Kind::DatetimeFieldOverflow, format!("timestamp out of range: \"{text}\"")))?;
    Ok(ValidUntil { micros, text: moment.format("%Y-%m-%d %H:%M:%S%.f+00").to_string() })
}

/// The options of a role as a statement writes them: all that are not the default, or that differ from what was before.
fn printed(role: &Role, before: Option<&Role>) -> Vec<String> {
    let fresh = Role::new(&role.name);
    let old = before.unwrap_or(&fresh);
    let mut words = Vec::new();
    let mut switch = |now: bool, was: bool, word: &str| {
        if now != was {
            words.push(if now { word.to_owned() } else { format!("NO{word}") });
        }
    };
    switch(role.superuser, old.superuser, "SUPERUSER");
    switch(role.inherit, old.inherit, "INHERIT");
    switch(role.create_role, old.create_role, "CREATEROLE");
    switch(role.create_db, old.create_db, "CREATEDB");
    switch(role.login, old.login, "LOGIN");
    switch(role.replication, old.replication, "REPLICATION");
    switch(role.bypass_rls, old.bypass_rls, "BYPASSRLS");
    if role.connection_limit != old.connection_limit {
        words.push(format!("CONNECTION LIMIT {}", role.connection_limit));
    }
    if role.verifier != old.verifier {
        words.push(role.verifier.as_ref().map_or("PASSWORD NULL".to_owned(), |verifier| format!("PASSWORD '{verifier}'")));
    }
    if let Some(until) = role.valid_until.as_ref().filter(|_| role.valid_until != old.valid_until) {
        words.push(format!("VALID UNTIL '{}'", until.text));
    }
    words
}

fn alter(spec: &RoleSpec, options: &RoleOptions, scope: &Scope<'_>) -> Result<Defined> {
    let before = existing(spec, scope)?.clone();
    let may = power(scope);
    if (before.superuser || options.superuser.is_some()) && !may.superuser {
        return Err(denied("must be superuser to alter superuser roles or change superuser attribute"));
    }
    if (before.replication || options.replication.is_some()) && !may.superuser {
        return Err(denied("must be superuser to alter replication roles or change replication attribute"));
    }
    if options.bypass_rls.is_some() && !may.superuser {
        return Err(denied("must be superuser to change bypassrls attribute"));
    }
    if !may.create_role {
        let only_password = RoleOptions { password: None, secret_at: None, ..options.clone() } == RoleOptions::default();
        if before.oid != scope.actor() || !only_password || options.password.is_none() {
            return Err(denied("permission denied"));
        }
    }
    scope.authorize();
    if before.oid == SUPERUSER_OID {
        require_unchanged_chief(options)?;
    }
    let mut defined = Defined { tag: "ALTER ROLE", object: format!("ROLE {}", quoted(&before.name)), ..Defined::default() };
    let mut role = before.clone();
    take_options(&mut role, options, scope, &mut defined)?;
    if role == before {
        return Ok(defined);
    }
    defined.text = format!("ALTER ROLE {} {}", quoted(&role.name), printed(&role, Some(&before)).join(" "));
    defined.changes.push(Change::AlterRole(role.clone()));
    own_schema(&role, scope, &mut defined);
    Ok(defined)
}

/// The server's own role cannot be made less, and its password stands in a file.
fn require_unchanged_chief(options: &RoleOptions) -> Result<()> {
    if options.password.is_some() {
        return Err(unsupported("changing the superuser's password by a statement")
            .with_hint("Start the server with ANNALS_PASSWORD set to the new one."));
    }
    let less = [options.superuser, options.login, options.create_role].contains(&Some(false));
    if less || options.valid_until.is_some() || options.connection_limit.is_some_and(|limit| limit != -1) {
        return Err(Error::new(Kind::FeatureNotSupported, "the superuser \"annals\" cannot be restricted")
            .with_hint("Everything in the store can be reached by it alone when all else has failed."));
    }
    Ok(())
}

/// A role that a statement may change: there, and none of the predefined ones.
fn existing<'a>(spec: &RoleSpec, scope: &Scope<'a>) -> Result<&'a Role> {
    let oid = scope.role(spec)?;
    let role = scope.catalog.role(oid).ok_or_else(|| Error::new(Kind::UndefinedObject, format!("role {spec} does not exist")))?;
    if role.is_predefined() {
        return Err(Error::new(Kind::ReservedName, format!("role name \"{}\" is reserved", role.name))
            .with_detail("Cannot alter reserved roles."));
    }
    Ok(role)
}

fn rename(from: &str, to: &str, scope: &Scope<'_>) -> Result<Defined> {
    let spec = RoleSpec::Named(from.to_owned());
    let role = existing(&spec, scope)?;
    if scope.guard().is_some() {
        if role.oid == scope.session() {
            return Err(Error::new(Kind::FeatureNotSupported, "session user cannot be renamed"));
        }
        if role.oid == scope.actor() {
            return Err(Error::new(Kind::FeatureNotSupported, "current user cannot be renamed"));
        }
    }
    let renamed = RoleSpec::Named(to.to_owned());
    let to = new_name(&renamed)?;
    if scope.catalog.role_named(to).is_some() {
        return Err(Error::new(Kind::DuplicateObject, format!("role \"{to}\" already exists")));
    }
    let may = power(scope);
    if role.superuser && !may.superuser {
        return Err(denied("must be superuser to rename superusers"));
    }
    if !may.create_role {
        return Err(denied("permission denied to rename role"));
    }
    scope.authorize();
    if role.oid == SUPERUSER_OID {
        return Err(Error::new(Kind::FeatureNotSupported, "the superuser \"annals\" cannot be renamed"));
    }
    Ok(Defined {
        tag: "ALTER ROLE",
        object: format!("ROLE {}", quoted(from)),
        text: format!("ALTER ROLE {} RENAME TO {}", quoted(from), quoted(to)),
        changes: vec![Change::AlterRole(Role { name: to.to_owned(), ..role.clone() })],
        ..Defined::default()
    })
}

fn set(spec: Option<&RoleSpec>, database: Option<&str>, change: &SettingChange, scope: &Scope<'_>) -> Result<Defined> {
    if database.is_some() {
        return Err(unsupported("ALTER ROLE ... IN DATABASE").with_hint("There is one database; leave IN DATABASE away."));
    }
    let role = spec.map(|spec| existing(spec, scope)).transpose()?;
    let may = power(scope);
    match role {
        Some(role) if role.superuser && !may.superuser => return Err(denied("must be superuser to alter superusers")),
        Some(role) if !may.create_role && role.oid != scope.actor() => return Err(denied("permission denied")),
        None if !may.superuser => return Err(denied("must be superuser to alter settings globally")),
        Some(_) | None => {}
    }
    // A role that could change what it is held to would be held to nothing.
    let own = role.is_some_and(|role| role.oid == scope.actor() || role.oid == scope.session());
    let guards = |name: &str| !may.superuser && own && settings::is_ceiling(name);
    let subject = role.map_or("ALL".to_owned(), |role| quoted(&role.name));
    let mut values = role.map_or_else(|| scope.catalog.everyones_settings().clone(), |role| role.settings.clone());
    let before = values.clone();
    let clause = match change {
        SettingChange::Set(name, given) => {
            let value = settings::checked_for_role(name, given)?;
            values.insert(name.clone(), value.clone());
            format!("SET {} TO {}", quoted_setting(name), settings::written(name, &value))
        }
        SettingChange::FromCurrent(name) => {
            let super::Source::Statement(planner) = scope.source else {
                return Err(Error::internal("a recorded setting is no value"));
            };
            let value = settings::checked_for_role(name, &[planner.facts.settings.get(name)?])?;
            values.insert(name.clone(), value.clone());
            format!("SET {} TO {}", quoted_setting(name), settings::written(name, &value))
        }
        SettingChange::Reset(name) => {
            settings::require_known(name)?;
            values.remove(name);
            format!("RESET {}", quoted_setting(name))
        }
        SettingChange::ResetAll => {
            values.clear();
            "RESET ALL".to_owned()
        }
    };
    let changed = before.iter().filter(|(name, value)| values.get(*name) != Some(value)).chain(&values);
    if let Some((name, _)) = changed
        .filter(|(name, value)| before.get(*name) != Some(value) || !values.contains_key(*name))
        .find(|(name, _)| guards(name))
    {
        return Err(denied(format!("permission denied to set parameter \"{name}\""))
            .with_detail("The role is held to it, so that another one must change it."));
    }
    scope.authorize();
    let changes = match role {
        Some(role) => vec![Change::AlterRole(Role { settings: values, ..role.clone() })],
        None => {
            let names: std::collections::BTreeSet<&String> = before.keys().chain(values.keys()).collect();
            let change = |name: &String| Change::SetForEveryRole { setting: name.clone(), value: values.get(name).cloned() };
            names.into_iter().map(change).collect()
        }
    };
    Ok(Defined {
        tag: "ALTER ROLE",
        object: format!("ROLE {subject}"),
        text: format!("ALTER ROLE {subject} {clause}"),
        changes,
        ..Defined::default()
    })
}

/// A setting's name, which may be of two parts.
fn quoted_setting(name: &str) -> String {
    name.split('.').map(crate::catalog::quote_identifier).collect::<Vec<_>>().join(".")
}

fn drop(if_exists: bool, specs: &[RoleSpec], scope: &Scope<'_>) -> Result<Defined> {
    let may = power(scope);
    if !may.create_role {
        return Err(denied("permission denied to drop role"));
    }
    scope.authorize();
    let mut defined = Defined { tag: "DROP ROLE", ..Defined::default() };
    let mut dropped: Vec<Oid> = Vec::new();
    let mut names = Vec::new();
    for spec in specs {
        let name = match spec {
            RoleSpec::Named(name) => name.as_str(),
            RoleSpec::Public | RoleSpec::Current | RoleSpec::Session => {
                return Err(Error::new(Kind::InvalidParameterValue, "cannot use special role specifier in DROP ROLE"));
            }
        };
        let Some(role) = scope.catalog.role_named(name) else {
            if if_exists {
                defined.notices.push((Kind::SuccessfulCompletion, format!("role \"{name}\" does not exist, skipping")));
                continue;
            }
            return Err(Error::new(Kind::UndefinedObject, format!("role \"{name}\" does not exist")));
        };
        if scope.guard().is_some() {
            let in_use = |what: &str| Error::new(Kind::ObjectInUse, format!("{what} user cannot be dropped"));
            if role.oid == scope.actor() {
                return Err(in_use("current"));
            }
            if role.oid == scope.session() {
                return Err(in_use("session"));
            }
        }
        if role.superuser && !may.superuser {
            return Err(denied("must be superuser to drop superusers"));
        }
        if role.oid == SUPERUSER_OID || role.is_predefined() {
            return Err(Error::new(
                Kind::DependentObjectsStillExist,
                format!("cannot drop role {name} because it is required by the database system"),
            ));
        }
        if !dropped.contains(&role.oid) {
            dropped.push(role.oid);
            names.push(quoted(name));
            defined.changes.push(Change::DropRole { oid: role.oid });
        }
    }
    defined.object = format!("ROLE {}", names.join(", "));
    defined.text = format!("DROP ROLE {}", names.join(", "));
    Ok(defined)
}

fn comment_on(name: &str, comment: Option<&str>, scope: &Scope<'_>) -> Result<Defined> {
    let role = scope.catalog.expect_role(name)?;
    let may = power(scope);
    if role.superuser && !may.superuser {
        return Err(denied("must be superuser"));
    }
    if !may.create_role {
        return Err(denied("must have CREATEROLE privilege"));
    }
    scope.authorize();
    let literal = comment.map_or("NULL".to_owned(), |comment| format!("'{}'", comment.replace('\'', "''")));
    Ok(Defined {
        tag: "COMMENT",
        object: format!("ROLE {}", quoted(name)),
        text: format!("COMMENT ON ROLE {} IS {literal}", quoted(name)),
        changes: vec![Change::AlterRole(Role { comment: comment.map(str::to_owned), ..role.as_ref().clone() })],
        ..Defined::default()
    })
}

/// The object that a schema's name stands for.
pub(super) fn schema_object(name: &str, scope: &Scope<'_>) -> Result<Object> {
    let undefined = || Error::new(Kind::InvalidSchemaName, format!("schema \"{name}\" does not exist"));
    scope.catalog.schema(name).map(|schema| Object::Schema(schema.oid)).ok_or_else(undefined)
}
