//! A session's settings: an allowlist with PostgreSQL's names, defaults and checks. An unknown setting is an error, never a silent OK.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::{PUBLIC_SCHEMA, SYSTEM_SCHEMA};
use crate::error::{Error, Kind, Result};
use crate::query::parse::Setting;
use crate::value::{ByteaOutput, DateOrder, IntervalStyle, Style, Zone};

/// How a setting's values are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Cannot be changed by SET.
    Fixed,
    Text,
    Switch,
    /// A whole number in this range.
    Number(i64, i64),
    /// Milliseconds, written with or without a unit; 0 switches off.
    Milliseconds,
    /// One of these words.
    OneOf(&'static [&'static str]),
    TimeZone,
    DateStyle,
}

/// Name as shown, default, form, and whether clients are told of changes (ParameterStatus).
type Line = (&'static str, &'static str, Form, bool);

const SETTINGS: [Line; 33] = [
    ("application_name", "", Form::Text, true),
    ("backslash_quote", "safe_encoding", Form::OneOf(&["safe_encoding", "on", "off"]), false),
    ("bytea_output", "hex", Form::OneOf(&["hex", "escape"]), false),
    ("check_function_bodies", "on", Form::Switch, false),
    ("client_encoding", "UTF8", Form::OneOf(&["UTF8", "utf8", "utf-8", "UTF-8", "unicode", "UNICODE"]), true),
    (
        "client_min_messages",
        "notice",
        Form::OneOf(&["debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"]),
        false,
    ),
    ("DateStyle", "ISO, MDY", Form::DateStyle, true),
    ("default_text_search_config", "pg_catalog.simple", Form::OneOf(&["pg_catalog.simple", "simple"]), false),
    ("default_transaction_isolation", "read committed", Form::OneOf(ISOLATION), false),
    ("default_transaction_read_only", "off", Form::Switch, true),
    ("extra_float_digits", "1", Form::Number(-15, 3), false),
    ("idle_in_transaction_session_timeout", "0", Form::Milliseconds, false),
    ("idle_session_timeout", "0", Form::Milliseconds, false),
    ("in_hot_standby", "off", Form::Fixed, true),
    ("integer_datetimes", "on", Form::Fixed, true),
    ("IntervalStyle", "postgres", Form::OneOf(&["postgres", "postgres_verbose", "sql_standard", "iso_8601"]), true),
    ("is_superuser", "off", Form::Fixed, true),
    ("lc_collate", "C", Form::Fixed, false),
    ("lc_ctype", "C", Form::Fixed, false),
    ("lock_timeout", "0", Form::Milliseconds, false),
    ("max_identifier_length", "63", Form::Fixed, false),
    ("row_security", "on", Form::Fixed, false),
    ("search_path", "\"$user\", public", Form::Text, false),
    ("server_encoding", "UTF8", Form::Fixed, true),
    ("server_version", "15.0", Form::Fixed, true),
    ("server_version_num", "150000", Form::Fixed, false),
    ("session_authorization", "", Form::Fixed, true),
    ("standard_conforming_strings", "on", Form::OneOf(&["on"]), true),
    ("statement_timeout", "0", Form::Milliseconds, false),
    ("synchronous_commit", "on", Form::OneOf(&["on"]), false),
    ("TimeZone", "UTC", Form::TimeZone, true),
    ("transaction_isolation", "read committed", Form::OneOf(ISOLATION), false),
    ("transaction_read_only", "off", Form::Switch, false),
];

const ISOLATION: &[&str] = &["read committed", "read uncommitted", "repeatable read", "serializable"];

/// One session's settings.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    values: BTreeMap<&'static str, String>,
    defaults: BTreeMap<&'static str, String>,
    zone: Zone,
    /// Every setting with its value in force, in order of name: the same object until one changes.
    all: Arc<[(String, String)]>,
}

impl Settings {
    /// The defaults for this login.
    pub(super) fn new(user: &str, superuser: bool, application: &str) -> Self {
        let mut defaults: BTreeMap<&'static str, String> =
            SETTINGS.iter().map(|(name, default, _, _)| (*name, (*default).to_owned())).collect();
        defaults.insert("session_authorization", user.to_owned());
        defaults.insert("is_superuser", if superuser { "on" } else { "off" }.to_owned());
        defaults.insert("application_name", application.to_owned());
        Settings { all: listed(&defaults), values: defaults.clone(), defaults, zone: Zone::UTC }
    }

    /// The value in force.
    ///
    /// # Errors
    /// 42704 for a setting that does not exist.
    pub(super) fn get(&self, name: &str) -> Result<&str> {
        let (name, _, _, _) = line(name)?;
        Ok(self.values.get(name).map_or("", String::as_str))
    }

    /// Changes a setting; gives the name and value that the client must be told, if it must.
    ///
    /// # Errors
    /// 42704 for a setting that does not exist, 22023 for a value it cannot have, 55P02 for one that is fixed.
    pub(super) fn set(&mut self, setting: &Setting) -> Result<Option<(String, String)>> {
        let (name, default, form, told) = line(&setting.name)?;
        let asked =
            setting.value.clone().unwrap_or_else(|| self.defaults.get(name).cloned().unwrap_or_else(|| (*default).to_owned()));
        let value = self.checked(name, *form, &asked)?;
        self.values.insert(name, value.clone());
        self.all = listed(&self.values);
        Ok(told.then(|| ((*name).to_owned(), value)))
    }

    /// Back to the login's defaults, all or one.
    ///
    /// # Errors
    /// 42704 for a setting that does not exist.
    pub(super) fn reset(&mut self, name: Option<&str>) -> Result<Vec<(String, String)>> {
        let lines: Vec<&Line> = match name {
            Some(name) => vec![line(name)?],
            None => SETTINGS.iter().collect(),
        };
        let mut told = Vec::new();
        for (name, _, form, tell) in lines {
            let Some(default) = self.defaults.get(name).cloned() else { continue };
            if *form == Form::TimeZone {
                self.zone = Zone::parse(&default)?;
            }
            if *tell && self.values.get(name) != Some(&default) {
                told.push(((*name).to_owned(), default.clone()));
            }
            self.values.insert(name, default);
        }
        self.all = listed(&self.values);
        Ok(told)
    }

    /// Every setting with its value in force, in order of name. Two calls give the same object if nothing changed between them.
    pub(super) fn all(&self) -> Arc<[(String, String)]> {
        self.all.clone()
    }

    /// The settings that a client is told at the start.
    pub(super) fn reported(&self) -> Vec<(&'static str, String)> {
        SETTINGS
            .iter()
            .filter(|(_, _, _, told)| *told)
            .map(|(name, ..)| (*name, self.values.get(name).cloned().unwrap_or_default()))
            .collect()
    }

    /// The schemas of `search_path` that a name can be found in, `$user` meaning the role's own.
    pub(super) fn search_path(&self, user: &str) -> Vec<String> {
        let path = self.values.get("search_path").map_or(PUBLIC_SCHEMA, String::as_str);
        path.split(',')
            .map(|part| part.trim().trim_matches('"'))
            .filter(|part| !part.is_empty())
            // The superuser's name is also the system schema's, which is nobody's own.
            .filter(|part| *part != "$user" || user != SYSTEM_SCHEMA)
            .map(|part| if part == "$user" { user.to_owned() } else { part.to_owned() })
            .collect()
    }

    /// A timeout in milliseconds, `None` when it is off.
    pub(super) fn milliseconds(&self, name: &str) -> Option<u64> {
        self.get(name).ok().and_then(parse_milliseconds).filter(|milliseconds| *milliseconds > 0)
    }

    /// How values are written and read as text.
    pub(super) fn style(&self, now_us: i64) -> Style {
        let value = |name: &str| self.values.get(name).map_or("", String::as_str);
        Style {
            timezone: self.zone,
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
            now_us,
        }
    }

    fn checked(&mut self, name: &str, form: Form, asked: &str) -> Result<String> {
        let invalid = || Error::new(Kind::InvalidParameterValue, format!("invalid value for parameter \"{name}\": \"{asked}\""));
        match form {
            Form::Fixed => Err(Error::new(Kind::CantChangeRuntimeParam, format!("parameter \"{name}\" cannot be changed"))),
            Form::Text => Ok(asked.to_owned()),
            Form::Switch => match asked.to_ascii_lowercase().as_str() {
                "on" | "true" | "yes" | "1" => Ok("on".to_owned()),
                "off" | "false" | "no" | "0" => Ok("off".to_owned()),
                _ => Err(Error::new(Kind::InvalidParameterValue, format!("parameter \"{name}\" requires a Boolean value"))),
            },
            Form::Number(low, high) => match asked.parse::<i64>() {
                Ok(number) if (low..=high).contains(&number) => Ok(number.to_string()),
                Ok(number) => Err(Error::new(
                    Kind::InvalidParameterValue,
                    format!("{number} is outside the valid range for parameter \"{name}\" ({low} .. {high})"),
                )),
                Err(_) => Err(invalid()),
            },
            Form::Milliseconds => parse_milliseconds(asked).map(|_| asked.to_owned()).ok_or_else(invalid),
            Form::OneOf(words) => {
                if !words.iter().any(|word| word.eq_ignore_ascii_case(asked)) {
                    return Err(invalid().with_hint(format!("Available values: {}.", words.join(", "))));
                }
                Ok(if name == "client_encoding" { "UTF8".to_owned() } else { asked.to_ascii_lowercase() })
            }
            Form::TimeZone => {
                self.zone = Zone::parse(asked).map_err(|_| invalid())?;
                Ok(asked.to_owned())
            }
            Form::DateStyle => self.date_style(asked).ok_or_else(invalid),
        }
    }

    /// `ISO`, an order, or both; the other output styles of PostgreSQL are refused, so that every client reads the same dates.
    fn date_style(&self, asked: &str) -> Option<String> {
        let mut order = self.values.get("DateStyle").and_then(|value| value.rsplit(", ").next()).unwrap_or("MDY").to_owned();
        for part in asked.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty()) {
            match part.to_ascii_uppercase().as_str() {
                "ISO" => {}
                "MDY" | "US" => order = "MDY".to_owned(),
                "DMY" | "EURO" | "EUROPEAN" => order = "DMY".to_owned(),
                "YMD" => order = "YMD".to_owned(),
                _ => return None,
            }
        }
        Some(format!("ISO, {order}"))
    }
}

fn listed(values: &BTreeMap<&'static str, String>) -> Arc<[(String, String)]> {
    let mut all: Vec<_> = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    all.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    Arc::from(all)
}

fn line(name: &str) -> Result<&'static Line> {
    SETTINGS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)).ok_or_else(|| {
        Error::new(Kind::UndefinedObject, format!("unrecognized configuration parameter \"{name}\""))
            .with_hint("SHOW ALL lists the settings there are.")
    })
}

/// `1500`, `1500ms`, `2s`, `5min`, `1h` (PostgreSQL section 20.1.1).
fn parse_milliseconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let factor = match text.get(digits..)?.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(factor).filter(|milliseconds| *milliseconds <= i32::MAX as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(settings: &mut Settings, name: &str, value: &str) -> Result<Option<(String, String)>> {
        settings.set(&Setting { name: name.to_owned(), value: Some(value.to_owned()), local: false })
    }

    #[test]
    fn unknown_and_fixed_settings_are_refused() {
        let mut settings = Settings::new("annals", true, "");
        assert_eq!(set(&mut settings, "no_such_thing", "1").unwrap_err().sqlstate(), "42704");
        assert_eq!(set(&mut settings, "server_version", "9").unwrap_err().sqlstate(), "55P02");
        assert_eq!(set(&mut settings, "timezone", "Nowhere/Land").unwrap_err().sqlstate(), "22023");
        assert_eq!(set(&mut settings, "statement_timeout", "5 parsecs").unwrap_err().sqlstate(), "22023");
    }

    #[test]
    fn values_are_shown_as_they_are_in_force() {
        let mut settings = Settings::new("annals", true, "");
        assert_eq!(set(&mut settings, "datestyle", "dmy").unwrap(), Some(("DateStyle".to_owned(), "ISO, DMY".to_owned())));
        set(&mut settings, "statement_timeout", "2s").unwrap();
        assert_eq!(settings.milliseconds("statement_timeout"), Some(2_000));
        settings.reset(None).unwrap();
        assert_eq!(settings.milliseconds("statement_timeout"), None);
        assert_eq!(settings.get("datestyle").unwrap(), "ISO, MDY");
        assert_eq!(settings.search_path("annals"), ["public"]);
        assert_eq!(settings.search_path("maria"), ["maria", "public"]);
    }
}
