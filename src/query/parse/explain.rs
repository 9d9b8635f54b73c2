//! EXPLAIN's options (PostgreSQL 15, `ExplainQuery`).

use datafusion::sql::sqlparser::ast;

use super::statement::unsupported;
use crate::error::{Error, Kind, Result};

/// What EXPLAIN shows of a plan.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own in PostgreSQL's grammar")]
pub struct Explain {
    /// Runs the statement and shows what was measured.
    pub analyze: bool,
    pub verbose: bool,
    /// How many rows are expected.
    pub costs: bool,
    /// How long each node took; only with `analyze`.
    pub timing: bool,
    /// How long planning and running took.
    pub summary: bool,
    pub format: Format,
}

/// How the plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

impl Explain {
    /// Reads the options that stand in parentheses; `analyze` and `verbose` may stand without them.
    ///
    /// # Errors
    /// 42601 for an option that there is none of or that takes a Boolean value, 22023 for one that wants ANALYZE, 0A000 for XML and YAML.
    pub(super) fn of(analyze: bool, verbose: bool, options: &[ast::UtilityOption]) -> Result<Explain> {
        let mut explain = Explain { analyze, verbose, costs: true, timing: true, summary: false, format: Format::Text };
        let (mut timing, mut summary, mut wal) = (None, None, false);
        for option in options {
            match option.name.value.to_ascii_lowercase().as_str() {
                "analyze" => explain.analyze = boolean(option)?,
                "verbose" => explain.verbose = boolean(option)?,
                "costs" => explain.costs = boolean(option)?,
                "timing" => timing = Some(boolean(option)?),
                "summary" => summary = Some(boolean(option)?),
                "wal" => wal = boolean(option)?,
                // There is no cache of pages whose hits could be counted, and no setting of the planner to tell of.
                "buffers" | "settings" => _ = boolean(option)?,
                "format" => explain.format = format(option)?,
                other => return Err(Error::new(Kind::SyntaxError, format!("unrecognized EXPLAIN option \"{other}\""))),
            }
        }
        for (given, name) in [(wal, "WAL"), (timing == Some(true), "TIMING")] {
            if given && !explain.analyze {
                return Err(Error::new(Kind::InvalidParameterValue, format!("EXPLAIN option {name} requires ANALYZE")));
            }
        }
        explain.timing = timing.unwrap_or(explain.analyze);
        explain.summary = summary.unwrap_or(explain.analyze);
        Ok(explain)
    }
}

fn value(option: &ast::UtilityOption) -> Option<String> {
    option.arg.as_ref().map(|value| value.to_string().trim_matches(['\'', '"']).to_ascii_lowercase())
}

fn boolean(option: &ast::UtilityOption) -> Result<bool> {
    match value(option).as_deref() {
        None | Some("true" | "on" | "1") => Ok(true),
        Some("false" | "off" | "0") => Ok(false),
        Some(_) => {
            Err(Error::new(Kind::SyntaxError, format!("{} requires a Boolean value", option.name.value.to_ascii_lowercase())))
        }
    }
}

fn format(option: &ast::UtilityOption) -> Result<Format> {
    match value(option).as_deref() {
        Some("text") => Ok(Format::Text),
        Some("json") => Ok(Format::Json),
        Some(other @ ("xml" | "yaml")) => Err(unsupported(&format!("EXPLAIN (FORMAT {})", other.to_ascii_uppercase()))),
        other => {
            let given = other.unwrap_or_default();
            let message = format!("unrecognized value for EXPLAIN option \"format\": \"{given}\"");
            Err(Error::new(Kind::InvalidParameterValue, message))
        }
    }
}
