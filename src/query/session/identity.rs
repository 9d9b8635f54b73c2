//! Whom the session's statements run as: found for each statement from the catalog of that moment and from SET ROLE.

use std::sync::Arc;

use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt;

use super::{Outcome, Session};
use crate::catalog::Catalog;
use crate::error::{Error, Kind, Result};
use crate::policy::{Identity, Standing};
use crate::query::functions::SessionFacts;
use crate::query::parse::{Setting, Statement};
use crate::query::settings::{self, Settings};
use crate::query::usage::Turn;

impl Session {
    /// The catalog that says what roles may do: the transaction's own if it has defined something, else the newest, whatever the
    /// transaction sees of the rest. So a right that is gone is gone for the next statement of every session.
    pub(in crate::query) fn rights(&self) -> Arc<Catalog> {
        let own = self.transaction.as_ref().and_then(|transaction| transaction.own_catalog());
        own.unwrap_or_else(|| self.engine.catalog())
    }

    /// What of the catalog the role may know.
    pub(super) fn visible(&self) -> Arc<Catalog> {
        match self.identity.superuser {
            true => self.catalog(),
            false => self.engine.system.visible(&self.rights(), &self.identity.standing),
        }
    }

    /// Finds who the next statement runs as.
    pub(super) fn identify(&mut self) {
        let (rights, version) = (self.rights(), self.settings.version());
        if let Some((known, settings)) = &self.identified
            && Arc::ptr_eq(known, &rights)
            && settings.is(&version)
        {
            return;
        }
        if !self.login.system {
            let roles = self.settings.roles();
            self.settings.hold(match rights.role(self.login.role) {
                Some(role) if !role.superuser => settings::limits(&role.settings, rights.everyones_settings()),
                Some(_) | None => crate::policy::Limits::default(),
            });
            self.identity = Identity::of(&rights, roles.session, roles.effective(), &self.login.user);
            self.identity.limits = self.settings.limits_in_force();
        }
        self.identified = Some((rights, version));
    }

    /// The settings that the role was given by ALTER ROLE. One that has become impossible is left out.
    pub(super) fn take_role_settings(&mut self, catalog: &Catalog) {
        let Some(role) = catalog.role(self.login.role).filter(|_| !self.login.system) else { return };
        let (superuser, own) = (role.superuser, role.settings.clone());
        // What a role is held to is looked up for each statement, and is no value of the session's.
        let held = |name: &str| !superuser && settings::is_ceiling(name);
        for (name, value) in catalog.everyones_settings().iter().chain(&own).filter(|(name, _)| !held(name)) {
            if let Err(error) = self.settings.set_at_login(name, value) {
                tracing::warn!(role = ?self.login.user, setting = name, %error, "a role's setting cannot be made");
            }
        }
    }

    /// SET ROLE and SET SESSION AUTHORIZATION; false for another setting.
    pub(super) fn set_role(&self, setting: &Setting) -> Result<bool> {
        let value = match &setting.values {
            Some(values) => match &values[..] {
                [only] => Some(only.as_str()),
                _ => return Ok(false),
            },
            None => None,
        };
        let who = Who { catalog: &self.rights(), login: self.login.role, settings: &self.settings };
        who.set(&setting.name, value, setting.local)
    }

    /// Lets a statement begin if its role may run one more.
    pub(super) fn turn(&self, statement: &Statement) -> Result<Option<Turn>> {
        let counts = match statement {
            Statement::Query(_)
            | Statement::Explain { .. }
            | Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::Truncate(_)
            | Statement::Merge(_)
            | Statement::Copy(_)
            | Statement::Define(_)
            | Statement::CreateTableAs(_)
            | Statement::Execute(_)
            | Statement::Declare(_)
            | Statement::Checkpoint
            | Statement::Vacuum(_)
            | Statement::Analyze(_)
            | Statement::ExplainRetention(_) => true,
            // They must go on working for a session that has had enough.
            Statement::Block(_)
            | Statement::Set(_)
            | Statement::Show(_)
            | Statement::Reset(_)
            | Statement::Discard(_)
            | Statement::Prepare(_)
            | Statement::Deallocate(_)
            | Statement::Fetch(_)
            | Statement::Close(_)
            | Statement::Channel(_) => false,
        };
        if counts || matches!(statement, Statement::Fetch(_)) {
            self.record.admit(self.identity.superuser)?;
        }
        if !counts {
            return Ok(None);
        }
        self.engine.usage.begin(self.login.role, &self.identity.limits, self.engine.clock.now_us())
    }
}

impl Outcome {
    /// The same, which counts as running until its rows have come.
    pub(super) fn during(self, turn: Option<Turn>) -> Outcome {
        let Some(turn) = turn else { return self };
        let held = |rows: datafusion::execution::SendableRecordBatchStream| {
            let schema = rows.schema();
            // It ends with the last row, before the client is told so and may send its next statement.
            let end = futures::stream::once(async move { drop(turn) }).filter_map(|()| async { None });
            let held = rows.chain(end);
            Box::pin(RecordBatchStreamAdapter::new(schema, held)) as datafusion::execution::SendableRecordBatchStream
        };
        match self {
            Outcome::Rows { columns, rows, tag } => Outcome::Rows { columns, rows: held(rows), tag },
            Outcome::CopyOut { columns, rows, options } => Outcome::CopyOut { columns, rows: held(rows), options },
            Outcome::Empty | Outcome::Done { .. } | Outcome::CopyIn(_) => self,
        }
    }
}

/// Who may become whom.
pub(in crate::query) struct Who<'a> {
    pub catalog: &'a Catalog,
    /// The role that has logged in, whatever the session has become since.
    pub login: crate::catalog::Oid,
    pub settings: &'a Settings,
}

impl<'a> Who<'a> {
    /// Of a running statement, for `set_config()`.
    pub(in crate::query) fn of(facts: &'a SessionFacts) -> Self {
        Who { catalog: &facts.catalog, login: facts.login, settings: &facts.settings }
    }

    /// Takes a role on if the setting is about that; false for another one. `None` is the default.
    ///
    /// # Errors
    /// 22023 for a role that does not exist, 42501 for one that may not be taken on.
    pub(in crate::query) fn set(&self, name: &str, value: Option<&str>, local: bool) -> Result<bool> {
        let (catalog, settings) = (self.catalog, self.settings);
        let unknown = |name: &str| Error::new(Kind::InvalidParameterValue, format!("role \"{name}\" does not exist"));
        let is_superuser = |oid| catalog.role(oid).is_some_and(|role| role.superuser);
        match (name.to_ascii_lowercase().as_str(), value) {
            ("role" | "session_authorization", None) => settings.reset(Some(name))?,
            ("role", Some("none")) => settings.take_role(None, is_superuser(settings.roles().session), local),
            ("role", Some(value)) => {
                let role = catalog.role_named(value).ok_or_else(|| unknown(value))?;
                if !Standing::of(catalog, settings.roles().session).may_become(role.oid) {
                    return Err(Error::new(Kind::InsufficientPrivilege, format!("permission denied to set role \"{value}\"")));
                }
                settings.take_role(Some((role.oid, value)), role.superuser, local);
            }
            ("session_authorization", Some(value)) => {
                let role = catalog.role_named(value).ok_or_else(|| unknown(value))?;
                if role.oid != self.login && !is_superuser(self.login) {
                    return Err(Error::new(Kind::InsufficientPrivilege, "permission denied to set session authorization"));
                }
                settings.take_session(role.oid, value, role.superuser, local);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
