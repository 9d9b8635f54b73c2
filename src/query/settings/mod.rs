//! A session's settings: an allowlist with PostgreSQL's names, defaults and checks. An unknown setting is an error, never a silent OK.
//!
//! [`Settings`] is a handle: the session, its transaction and the functions of a running statement see the same values. What a
//! transaction sets goes with it when it rolls back, what it sets for itself alone goes with it in any case, and a savepoint is a
//! mark to come back to. The transaction's own characteristics stand beside, because they are shown and set as settings.

mod alike;
mod ceiling;
mod form;
pub(in crate::query) mod known;
mod role;
mod timeout;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::catalog::{Oid, SYSTEM_SCHEMA};
use crate::error::{Error, Kind, Result};
use crate::policy::Limits;
use crate::query::parse::{Isolation, Modes, Setting};
use crate::store::spec::TableKind;
use crate::value::{ByteaOutput, DateOrder, DateOutput, IntervalStyle, Names, Now, Style, Zone};
pub(super) use ceiling::{checked_for_role, is_ceiling, limits, require_known, written};
use form::Form;
use known::{KNOWN, form_of, place, place_of, unknown};
pub(super) use role::Roles;
pub use timeout::Timeout;

/// Settings of their own that a session can have.
const CUSTOM_MAX: usize = 1_000;

/// What holds for one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Characteristics {
    pub isolation: Isolation,
    pub read_only: bool,
    pub deferrable: bool,
}

/// The values in force at one instant, for telling whether they have changed since.
#[derive(Debug, Clone)]
pub(super) struct Version(Arc<Values>);

impl Version {
    /// Whether nothing was changed between the two.
    pub(super) fn is(&self, other: &Version) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// One session's settings. A clone is another handle to the same ones.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// In force.
    current: Arc<Values>,
    /// What stays in force when the transaction commits.
    session: Arc<Values>,
    /// What RESET goes back to.
    defaults: Arc<Values>,
    /// What a rollback goes back to; there while a transaction is.
    before: Option<Arc<Values>>,
    marks: Vec<Mark>,
    transaction: Characteristics,
    /// The transaction has looked at rows, so what it may see is settled.
    queried: bool,
    /// What the client knows.
    told: Arc<Values>,
    /// What the login role is held to, whatever is set.
    held: Limits,
    /// Custom settings that were set once, and are empty rather than unknown since.
    placeholders: BTreeSet<String>,
    /// Made when somebody asks, until something changes.
    all: Option<Arc<Vec<(String, String)>>>,
}

/// A savepoint's settings.
#[derive(Debug, Clone)]
struct Mark {
    current: Arc<Values>,
    session: Arc<Values>,
    transaction: Characteristics,
}

#[derive(Debug, Clone, PartialEq)]
struct Values {
    /// In the order of [`KNOWN`].
    known: Vec<String>,
    custom: BTreeMap<String, String>,
    /// Whom the session's statements run as.
    roles: Roles,
    derived: Derived,
}

/// What statements ask for all the time, read from the texts once.
#[derive(Debug, Clone, PartialEq)]
struct Derived {
    style: Style,
    search_path: Vec<String>,
    defaults: Characteristics,
    /// `row_security = off`.
    refuses_filtered_rows: bool,
    /// In the order of [`Timeout::ALL`].
    timeouts: [Option<u64>; Timeout::ALL.len()],
}

impl Settings {
    /// The defaults for this login.
    pub(super) fn new(user: &str, role: Oid, superuser: bool, application: &str) -> Self {
        let mut known: Vec<String> = KNOWN.iter().map(|known| known.default.to_owned()).collect();
        known[place_of("session_authorization")] = user.to_owned();
        known[place_of("is_superuser")] = if superuser { "on" } else { "off" }.to_owned();
        known[place_of("application_name")] = application.to_owned();
        let derived = Derived {
            style: Style::default(),
            search_path: vec![],
            defaults: Characteristics::default(),
            refuses_filtered_rows: false,
            timeouts: [None; Timeout::ALL.len()],
        };
        let mut values = Values { known, custom: BTreeMap::new(), roles: Roles { session: role, role: None }, derived };
        values.derive();
        let values = Arc::new(values);
        let state = State {
            current: values.clone(),
            session: values.clone(),
            defaults: values.clone(),
            before: None,
            marks: vec![],
            transaction: Characteristics::default(),
            queried: false,
            told: values,
            held: Limits::default(),
            placeholders: BTreeSet::new(),
            all: None,
        };
        Settings { state: Arc::new(Mutex::new(state)) }
    }

    /// The value in force, as SHOW writes it.
    ///
    /// # Errors
    /// 42704 for a setting that does not exist.
    pub(super) fn get(&self, name: &str) -> Result<String> {
        self.lock().get(name)
    }

    /// The name as it is shown above a value.
    ///
    /// # Errors
    /// 42704 for a setting that does not exist.
    pub(super) fn spelled(&self, name: &str) -> Result<String> {
        match place(name) {
            Some(at) => Ok(KNOWN[at].name.to_owned()),
            None => self.lock().get(name).map(|_| name.to_ascii_lowercase()),
        }
    }

    /// Changes a setting, for the session or for the transaction alone.
    ///
    /// # Errors
    /// 42704 for a setting that does not exist, 22023 for a value it cannot have, 55P02 for one that is fixed.
    pub(super) fn set(&self, setting: &Setting) -> Result<()> {
        let form = form_of(&setting.name)?;
        match &setting.values {
            Some(values) => self.set_text(&setting.name, &form.joined(&setting.name, values)?, setting.local),
            None => self.lock().reset(&setting.name, setting.local),
        }
    }

    /// Changes a setting to a value in one text, as `set_config()` and a startup packet give it.
    ///
    /// # Errors
    /// As [`Settings::set`].
    pub(super) fn set_text(&self, name: &str, text: &str, local: bool) -> Result<()> {
        self.lock().set(name, text, local)
    }

    /// Changes a setting and what RESET goes back to.
    ///
    /// # Errors
    /// As [`Settings::set`].
    pub(super) fn set_at_login(&self, name: &str, text: &str) -> Result<()> {
        let mut state = self.lock();
        state.set(name, text, false)?;
        state.defaults = state.current.clone();
        state.told = state.current.clone();
        Ok(())
    }

    /// Back to the login's values, all or one.
    ///
    /// # Errors
    /// 42704 for a setting that does not exist, 55P02 for one that is fixed.
    pub(super) fn reset(&self, name: Option<&str>) -> Result<()> {
        let mut guard = self.lock();
        let state = &mut *guard;
        match name {
            Some(name) => state.reset(name, false),
            None => {
                state.placeholders.extend(state.current.custom.keys().cloned());
                // Who one is does not go with it, as in PostgreSQL.
                let defaults = Arc::new(state.current.roles_kept(&state.defaults));
                (state.current, state.session) = (defaults.clone(), defaults);
                state.all = None;
                Ok(())
            }
        }
    }

    /// Every setting with its value in force, in order of name.
    pub(super) fn all(&self) -> Arc<Vec<(String, String)>> {
        let mut state = self.lock();
        if let Some(all) = &state.all {
            return all.clone();
        }
        let known = KNOWN.iter().map(|known| known.name);
        let custom: Vec<&str> = state.current.custom.keys().map(String::as_str).collect();
        let mut all: Vec<(String, String)> =
            known.chain(custom).map(|name| (name.to_owned(), state.get(name).unwrap_or_default())).collect();
        all.sort_by_key(|(name, _)| name.to_ascii_lowercase());
        let all = Arc::new(all);
        state.all = Some(all.clone());
        all
    }

    /// The version in force.
    pub(super) fn version(&self) -> Version {
        Version(self.lock().current.clone())
    }

    /// The settings that a client is told at the start.
    pub(super) fn reported(&self) -> Vec<(&'static str, String)> {
        let state = self.lock();
        KNOWN
            .iter()
            .zip(&state.current.known)
            .filter(|(known, _)| known.is_reported())
            .map(|(known, value)| (known.name, known.form.shown(value)))
            .collect()
    }

    /// The reported settings whose values the client does not know yet.
    pub(super) fn take_changes(&self) -> Vec<(String, String)> {
        let mut state = self.lock();
        if Arc::ptr_eq(&state.told, &state.current) {
            return vec![];
        }
        let now = state.current.clone();
        let told = std::mem::replace(&mut state.told, now);
        let values = told.known.iter().zip(&state.current.known);
        KNOWN
            .iter()
            .zip(values)
            .filter(|(known, (before, now))| known.is_reported() && before != now)
            .map(|(known, (_, now))| (known.name.to_owned(), known.form.shown(now)))
            .collect()
    }

    /// The schemas of `search_path`, `$user` meaning the role's own.
    pub(super) fn search_path(&self, user: &str) -> Vec<String> {
        let state = self.lock();
        let path = &state.current.derived.search_path;
        // The superuser's name is also the system schema's, which is nobody's own.
        path.iter()
            .filter(|part| *part != "$user" || user != SYSTEM_SCHEMA)
            .map(|part| if part == "$user" { user.to_owned() } else { part.clone() })
            .collect()
    }

    /// How a new table keeps its rows unless its statement says.
    pub(super) fn table_kind(&self) -> TableKind {
        match self.get("default_table_access_method").as_deref() {
            Ok("reference") => TableKind::Reference,
            Ok(_) | Err(_) => TableKind::Log,
        }
    }

    /// Whether rows that policies have filtered are an error (`row_security = off`).
    pub(super) fn refuses_filtered_rows(&self) -> bool {
        self.lock().current.derived.refuses_filtered_rows
    }

    /// A limit in milliseconds, `None` when it is off.
    pub(super) fn milliseconds(&self, timeout: Timeout) -> Option<u64> {
        let state = self.lock();
        let set = state.current.derived.timeouts[timeout as usize];
        match timeout {
            Timeout::Statement => ceiling::least(set, state.held.statement_ms),
            Timeout::Lock | Timeout::IdleInTransaction | Timeout::IdleSession => set,
        }
    }

    /// How values are written and read as text.
    pub(super) fn style(&self, now_us: i64) -> Style {
        self.lock().current.derived.style.clone().at(now_us)
    }

    /// A transaction begins.
    pub(super) fn begin(&self) {
        let mut state = self.lock();
        state.before = Some(state.session.clone());
        state.marks.clear();
        state.transaction = state.current.derived.defaults;
        state.queried = false;
        state.all = None;
    }

    /// The transaction ends: what it set for itself alone goes, and all that it set if it is rolled back.
    pub(super) fn end(&self, committed: bool) {
        let mut state = self.lock();
        let before = state.before.take();
        if let (false, Some(before)) = (committed, before) {
            state.session = before;
        }
        if !Arc::ptr_eq(&state.current, &state.session) {
            let custom: Vec<String> = state.current.custom.keys().cloned().collect();
            if committed {
                state.placeholders.extend(custom);
            }
            state.current = state.session.clone();
        }
        state.marks.clear();
        state.transaction = state.current.derived.defaults;
        state.queried = false;
        state.all = None;
    }

    /// Sets a mark behind `marks` earlier ones.
    pub(super) fn mark(&self) {
        let mut state = self.lock();
        let mark = Mark { current: state.current.clone(), session: state.session.clone(), transaction: state.transaction };
        state.marks.push(mark);
    }

    /// Goes back to a mark, which stays.
    pub(super) fn back_to(&self, mark: usize) {
        let mut state = self.lock();
        if let Some(Mark { current, session, transaction }) = state.marks.get(mark).cloned() {
            (state.current, state.session, state.transaction) = (current, session, transaction);
            state.marks.truncate(mark + 1);
            state.all = None;
        }
    }

    /// Forgets a mark and those behind it.
    pub(super) fn release(&self, mark: usize) {
        self.lock().marks.truncate(mark);
    }

    /// What holds for the transaction, or for the next one.
    pub(super) fn characteristics(&self) -> Characteristics {
        let state = self.lock();
        match state.before {
            Some(_) => state.transaction,
            None => state.current.derived.defaults,
        }
    }

    /// A statement of the transaction looks at rows; gives what the transaction may see.
    pub(super) fn query(&self) -> Isolation {
        let mut state = self.lock();
        state.queried = true;
        state.transaction.isolation
    }

    /// Changes what holds for the transaction.
    ///
    /// # Errors
    /// 25001 when it is too late.
    pub(super) fn set_transaction(&self, modes: Modes) -> Result<()> {
        self.lock().set_transaction(modes)
    }

    /// Changes what later transactions begin with.
    ///
    /// # Errors
    /// None in practice: the values come from the grammar.
    pub(super) fn set_characteristics(&self, modes: Modes) -> Result<()> {
        let mut state = self.lock();
        let switch = |on: bool| if on { "on" } else { "off" };
        if let Some(isolation) = modes.isolation {
            state.set("default_transaction_isolation", isolation.shown(), false)?;
        }
        if let Some(read_only) = modes.read_only {
            state.set("default_transaction_read_only", switch(read_only), false)?;
        }
        if let Some(deferrable) = modes.deferrable {
            state.set("default_transaction_deferrable", switch(deferrable), false)?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves values that are still whole, since each change replaces them in one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn get(&self, name: &str) -> Result<String> {
        let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
        let transaction = if self.before.is_some() { self.transaction } else { self.current.derived.defaults };
        match place(name) {
            Some(at) => Ok(match KNOWN[at].name {
                "transaction_isolation" => transaction.isolation.shown().to_owned(),
                "transaction_read_only" => switch(transaction.read_only),
                "transaction_deferrable" => switch(transaction.deferrable),
                name => KNOWN[at].form.shown(&self.held(name, &self.current.known[at])),
            }),
            None => {
                let name = name.to_ascii_lowercase();
                match self.current.custom.get(&name) {
                    Some(value) => Ok(value.clone()),
                    None if self.placeholders.contains(&name) => Ok(String::new()),
                    None => Err(unknown(&name)),
                }
            }
        }
    }

    fn set(&mut self, name: &str, text: &str, local: bool) -> Result<()> {
        let form = form_of(name)?;
        if let Some(modes) = transaction_modes(name, text)? {
            return self.set_transaction(modes);
        }
        let current = place(name).map_or("", |at| self.current.known[at].as_str());
        let spelled = place(name).map_or(name, |at| KNOWN[at].name);
        let value = form.checked(spelled, text, current)?;
        self.put(name, Some(value), local)
    }

    fn reset(&mut self, name: &str, local: bool) -> Result<()> {
        let form = form_of(name)?;
        if matches!(form, Form::Role | Form::Authorization) {
            self.reset_role(form, local);
            return Ok(());
        }
        let defaults = self.current.derived.defaults;
        let modes = match name.to_ascii_lowercase().as_str() {
            "transaction_isolation" => Some(Modes { isolation: Some(defaults.isolation), ..Modes::default() }),
            "transaction_read_only" => Some(Modes { read_only: Some(defaults.read_only), ..Modes::default() }),
            "transaction_deferrable" => Some(Modes { deferrable: Some(defaults.deferrable), ..Modes::default() }),
            _ => None,
        };
        if let Some(modes) = modes {
            return self.set_transaction(modes);
        }
        if matches!(form, Form::Fixed | Form::Restart) {
            form.checked(place(name).map_or(name, |at| KNOWN[at].name), "", "")?;
        }
        let value = match place(name) {
            Some(at) => Some(self.defaults.known[at].clone()),
            None => {
                self.placeholders.insert(name.to_ascii_lowercase());
                None
            }
        };
        self.put(name, value, local)
    }

    fn put(&mut self, name: &str, value: Option<String>, local: bool) -> Result<()> {
        let was_one = Arc::ptr_eq(&self.current, &self.session);
        let changed = self.current.with(name, value.clone())?;
        self.all = None;
        if !local {
            self.session = if was_one { changed.clone() } else { self.session.with(name, value)? };
        }
        self.current = changed;
        Ok(())
    }

    fn set_transaction(&mut self, modes: Modes) -> Result<()> {
        let late = |message: &str| Err(Error::new(Kind::ActiveSqlTransaction, message));
        let queried = self.queried;
        let own = &mut self.transaction;
        if let Some(isolation) = modes.isolation
            && isolation != own.isolation
        {
            if queried {
                return late("SET TRANSACTION ISOLATION LEVEL must be called before any query");
            }
            if !self.marks.is_empty() {
                return late("SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction");
            }
            own.isolation = isolation;
        }
        if let Some(read_only) = modes.read_only
            && read_only != own.read_only
        {
            if !read_only && self.marks.iter().any(|mark| mark.transaction.read_only) {
                return late("cannot set transaction read-write mode inside a read-only transaction");
            }
            if !read_only && queried {
                return late("transaction read-write mode must be set before any query");
            }
            own.read_only = read_only;
        }
        if let Some(deferrable) = modes.deferrable {
            if queried && deferrable != own.deferrable {
                return late("SET TRANSACTION [NOT] DEFERRABLE must be called before any query");
            }
            own.deferrable = deferrable;
        }
        self.all = None;
        Ok(())
    }
}

impl Values {
    /// The values with one changed, or a custom one gone.
    fn with(&self, name: &str, value: Option<String>) -> Result<Arc<Values>> {
        let mut changed = self.clone();
        match (place(name), value) {
            (Some(at), value) => changed.known[at] = value.unwrap_or_default(),
            (None, Some(value)) => {
                changed.custom.insert(name.to_ascii_lowercase(), value);
                if changed.custom.len() > CUSTOM_MAX {
                    return Err(Error::new(
                        Kind::ConfigurationLimitExceeded,
                        format!("a session can have at most {CUSTOM_MAX} settings of its own"),
                    ));
                }
            }
            (None, None) => {
                changed.custom.remove(&name.to_ascii_lowercase());
            }
        }
        changed.derive();
        Ok(Arc::new(changed))
    }

    fn derive(&mut self) {
        let value = |name: &'static str| self.known[place_of(name)].as_str();
        let style = Style {
            timezone: Zone::parse(value("TimeZone")).unwrap_or(Zone::UTC),
            date_output: match value("DateStyle").split(", ").next() {
                Some("SQL") => DateOutput::Sql,
                Some("Postgres") => DateOutput::Postgres,
                Some("German") => DateOutput::German,
                _ => DateOutput::Iso,
            },
            date_order: match value("DateStyle").rsplit(", ").next() {
                Some("DMY") => DateOrder::Dmy,
                Some("YMD") => DateOrder::Ymd,
                _ => DateOrder::Mdy,
            },
            interval_style: match value("IntervalStyle") {
                "postgres_verbose" => IntervalStyle::PostgresVerbose,
                "sql_standard" => IntervalStyle::SqlStandard,
                "iso_8601" => IntervalStyle::Iso8601,
                _ => IntervalStyle::Postgres,
            },
            bytea_output: if value("bytea_output") == "escape" { ByteaOutput::Escape } else { ByteaOutput::Hex },
            extra_float_digits: value("extra_float_digits").parse().unwrap_or(1),
            now: Now::default(),
            // The session adds the names that its catalog gives.
            names: Names::default(),
        };
        let search_path = form::names(value("search_path")).unwrap_or_default();
        let search_path = search_path.into_iter().filter(|name| !name.is_empty()).collect();
        let defaults = Characteristics {
            isolation: Isolation::named(value("default_transaction_isolation")).unwrap_or_default(),
            read_only: value("default_transaction_read_only") == "on",
            deferrable: value("default_transaction_deferrable") == "on",
        };
        let milliseconds = |timeout: Timeout| value(timeout.setting()).parse().ok().filter(|milliseconds| *milliseconds > 0);
        let timeouts = Timeout::ALL.map(milliseconds);
        let refuses_filtered_rows = value("row_security") == "off";
        self.derived = Derived { style, search_path, defaults, refuses_filtered_rows, timeouts };
    }
}

/// The modes that a setting of the transaction stands for.
fn transaction_modes(name: &str, text: &str) -> Result<Option<Modes>> {
    let at = |name| &KNOWN[place_of(name)];
    let checked = |known: &known::Known| known.form.checked(known.name, text, "");
    Ok(match name.to_ascii_lowercase().as_str() {
        "transaction_isolation" => {
            let isolation = Isolation::named(&checked(at("transaction_isolation"))?);
            Some(Modes { isolation, ..Modes::default() })
        }
        "transaction_read_only" => {
            Some(Modes { read_only: Some(checked(at("transaction_read_only"))? == "on"), ..Modes::default() })
        }
        "transaction_deferrable" => {
            Some(Modes { deferrable: Some(checked(at("transaction_deferrable"))? == "on"), ..Modes::default() })
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::new("annals", 10, true, "")
    }

    fn set(settings: &Settings, name: &str, value: &str) -> Result<()> {
        settings.set(&Setting { name: name.to_owned(), values: Some(vec![value.to_owned()]), local: false })
    }

    #[test]
    fn unknown_and_fixed_settings_are_refused() {
        let settings = settings();
        for (name, value, sqlstate) in [
            ("no_such_thing", "1", "42704"),
            ("server_version", "9", "55P02"),
            ("max_connections", "9", "55P02"),
            ("timezone", "Nowhere/Land", "22023"),
            ("statement_timeout", "5 parsecs", "22023"),
            ("a.1b", "5", "42602"),
            ("client_encoding", "LATIN1", "0A000"),
        ] {
            assert_eq!(set(&settings, name, value).unwrap_err().sqlstate(), sqlstate, "{name}");
        }
    }

    #[test]
    fn values_are_shown_as_they_are_in_force() {
        let settings = settings();
        set(&settings, "datestyle", "dmy").unwrap();
        assert_eq!(settings.take_changes(), [("DateStyle".to_owned(), "ISO, DMY".to_owned())]);
        set(&settings, "statement_timeout", "2000").unwrap();
        assert_eq!(settings.milliseconds(Timeout::Statement), Some(2_000));
        assert_eq!(settings.get("Statement_Timeout").unwrap(), "2s");
        settings.reset(None).unwrap();
        assert_eq!(settings.milliseconds(Timeout::Statement), None);
        assert_eq!(settings.take_changes(), [("DateStyle".to_owned(), "ISO, MDY".to_owned())]);
        assert_eq!(settings.search_path("annals"), ["public"]);
        assert_eq!(settings.search_path("maria"), ["maria", "public"]);
    }

    #[test]
    fn a_transaction_takes_its_settings_with_it() {
        let settings = settings();
        let shown = |settings: &Settings| settings.get("application_name").unwrap();
        settings.begin();
        set(&settings, "application_name", "one").unwrap();
        settings.mark();
        settings.set_text("application_name", "two", true).unwrap();
        assert_eq!(shown(&settings), "two");
        settings.back_to(0);
        assert_eq!(shown(&settings), "one");
        settings.set_text("application_name", "three", true).unwrap();
        settings.release(0);
        assert_eq!(shown(&settings), "three");
        settings.end(true);
        assert_eq!(shown(&settings), "one");
        settings.begin();
        set(&settings, "application_name", "four").unwrap();
        settings.end(false);
        assert_eq!(shown(&settings), "one");
    }

    #[test]
    fn custom_settings_are_empty_once_they_were_set() {
        let settings = settings();
        assert_eq!(settings.get("my.own").unwrap_err().sqlstate(), "42704");
        settings.begin();
        settings.set_text("My.own", "x", true).unwrap();
        assert_eq!(settings.get("my.OWN").unwrap(), "x");
        settings.end(true);
        assert_eq!(settings.get("my.own").unwrap(), "");
    }

    #[test]
    fn what_a_transaction_may_see_is_settled_by_its_first_query() {
        let settings = settings();
        settings.begin();
        set(&settings, "transaction_isolation", "serializable").unwrap();
        assert_eq!(settings.get("transaction_isolation").unwrap(), "serializable");
        assert_eq!(settings.query(), Isolation::Serializable);
        assert_eq!(set(&settings, "transaction_isolation", "read committed").unwrap_err().sqlstate(), "25001");
        set(&settings, "transaction_read_only", "on").unwrap();
        assert_eq!(set(&settings, "transaction_read_only", "off").unwrap_err().sqlstate(), "25001");
        settings.end(true);
        assert_eq!(settings.get("transaction_isolation").unwrap(), "read committed");
        settings.set_characteristics(Modes { isolation: Some(Isolation::RepeatableRead), ..Modes::default() }).unwrap();
        settings.begin();
        assert_eq!(settings.characteristics().isolation, Isolation::RepeatableRead);
    }
}
