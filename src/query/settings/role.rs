//! Whom a session's statements run as: SET ROLE and SET SESSION AUTHORIZATION, kept among the settings because they come and go with
//! transactions and savepoints as these do.
//!
//! Here a change is only kept. Whether it may be is asked by [`super::super::session`], which alone calls these; SET by any other way
//! is refused by the setting's form.

use std::sync::Arc;

use super::form::Form;
use super::known::place_of;
use super::{Settings, State, Values};
use crate::catalog::Oid;

/// The roles of a session, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) struct Roles {
    /// The role that logged in, or that SET SESSION AUTHORIZATION put in its place.
    pub session: Oid,
    /// What SET ROLE chose.
    pub role: Option<Oid>,
}

impl Roles {
    /// The effective role.
    pub(in crate::query) fn effective(self) -> Oid {
        self.role.unwrap_or(self.session)
    }
}

impl Settings {
    /// The roles in force.
    pub(in crate::query) fn roles(&self) -> Roles {
        self.lock().current.roles
    }

    /// Takes on a role, or with `None` that of the session again. `superuser` says whether the role in force then is one.
    pub(in crate::query) fn take_role(&self, role: Option<(Oid, &str)>, superuser: bool, local: bool) {
        let name = role.map_or("none", |(_, name)| name).to_owned();
        self.lock().change_roles(local, |values| {
            values.roles.role = role.map(|(oid, _)| oid);
            values.known[place_of("role")].clone_from(&name);
            values.say_superuser(superuser);
        });
    }

    /// Takes on another role as that of the session.
    pub(in crate::query) fn take_session(&self, oid: Oid, name: &str, superuser: bool, local: bool) {
        self.lock().change_roles(local, |values| {
            values.roles = Roles { session: oid, role: None };
            values.known[place_of("role")] = "none".to_owned();
            values.known[place_of("session_authorization")] = name.to_owned();
            values.say_superuser(superuser);
        });
    }
}

impl State {
    /// Goes back to whom the session was at login, or from a role to that of the session.
    pub(super) fn reset_role(&mut self, form: Form, local: bool) {
        let defaults = self.defaults.clone();
        let superuser = defaults.known[place_of("is_superuser")].clone();
        self.change_roles(local, |values| {
            values.roles.role = defaults.roles.role;
            values.known[place_of("role")].clone_from(&defaults.known[place_of("role")]);
            if form == Form::Authorization {
                values.roles = defaults.roles;
                values.known[place_of("session_authorization")].clone_from(&defaults.known[place_of("session_authorization")]);
            }
            if values.roles == defaults.roles {
                values.known[place_of("is_superuser")].clone_from(&superuser);
            }
        });
    }

    fn change_roles(&mut self, local: bool, change: impl Fn(&mut Values)) {
        let changed = |values: &Arc<Values>| {
            let mut values = values.as_ref().clone();
            change(&mut values);
            Arc::new(values)
        };
        self.all = None;
        let was_one = Arc::ptr_eq(&self.current, &self.session);
        let current = changed(&self.current);
        if !local {
            self.session = if was_one { current.clone() } else { changed(&self.session) };
        }
        self.current = current;
    }
}

impl Values {
    fn say_superuser(&mut self, superuser: bool) {
        self.known[place_of("is_superuser")] = if superuser { "on" } else { "off" }.to_owned();
    }

    /// Other values with the roles of these.
    pub(super) fn roles_kept(&self, others: &Values) -> Values {
        let mut kept = Values { roles: self.roles, ..others.clone() };
        for name in ["role", "session_authorization", "is_superuser"] {
            kept.known[place_of(name)].clone_from(&self.known[place_of(name)]);
        }
        kept
    }
}
