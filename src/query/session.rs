//! A session of a toy engine with the interface of the real one: it knows a dozen statements by their text.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::Schema;
use bytes::Bytes;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;

pub use super::stub::{CopyFormat, CopyOptions};
use crate::error::{Error, Kind, Report, Result};
use crate::value::{SqlType, Style};

#[derive(Default)]
pub struct Engine {
    /// Rows of the one table `t`.
    pub rows: AtomicU64,
}

pub struct Login {
    pub user: String,
    pub application: String,
}

impl Login {
    pub fn new(user: impl Into<String>, application: impl Into<String>, _remote: impl Into<String>, _backend_pid: i32) -> Self {
        Login { user: user.into(), application: application.into() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionStatus {
    Idle,
    Open,
    Failed,
}

pub struct Notice {
    pub severity: &'static str,
    pub report: Report,
}

#[derive(Clone)]
pub struct Parsed {
    text: String,
}

#[derive(Clone)]
pub struct Prepared {
    pub parameters: Vec<SqlType>,
    pub columns: Option<Vec<Column>>,
    text: String,
}

impl Prepared {
    /// Whether it ends a transaction, and so must not be dropped half-way: nobody would know then whether it was kept.
    pub fn must_finish(&self) -> bool {
        matches!(self.text.to_lowercase().as_str(), "commit" | "rollback")
    }
}

#[derive(Clone)]
pub struct Column {
    pub name: String,
    pub sql_type: SqlType,
    pub table_oid: u32,
    pub attribute: i16,
}

pub enum Outcome {
    Empty,
    Rows { columns: Vec<Column>, rows: SendableRecordBatchStream, tag: &'static str },
    Done { tag: String },
    CopyOut { columns: Vec<Column>, rows: SendableRecordBatchStream, options: CopyOptions },
    CopyIn(Box<CopyIn>),
}

pub struct CopyIn {
    options: CopyOptions,
    lines: u64,
}

impl CopyIn {
    pub fn options(&self) -> &CopyOptions {
        &self.options
    }

    pub fn column_count(&self) -> usize {
        1
    }

    pub async fn push(&mut self, bytes: Bytes) -> Result<()> {
        if bytes.starts_with(b"bad") {
            return Err(Error::new(Kind::InvalidTextRepresentation, "invalid input syntax for type integer: \"bad\""));
        }
        self.lines += u64::try_from(bytes.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(0);
        Ok(())
    }
}

pub struct Session {
    engine: Arc<Engine>,
    login: Login,
    status: TransactionStatus,
    pending: u64,
    notices: Vec<Notice>,
    changes: Vec<(String, String)>,
    timeouts: HashMap<String, u64>,
    implicit: bool,
}

impl Session {
    pub fn new(engine: Arc<Engine>, login: Login) -> Session {
        Session {
            engine,
            login,
            status: TransactionStatus::Idle,
            pending: 0,
            notices: vec![],
            changes: vec![],
            timeouts: HashMap::new(),
            implicit: false,
        }
    }

    pub fn parse(&self, sql: &str) -> Result<Vec<Parsed>> {
        let texts = sql.split(';').map(str::trim).filter(|text| !text.is_empty());
        texts
            .map(|text| {
                if text.starts_with("selec ") {
                    return Err(Error::new(Kind::SyntaxError, "syntax error at or near \"selec\"").with_position(1));
                }
                Ok(Parsed { text: text.to_owned() })
            })
            .collect()
    }

    pub async fn prepare(&mut self, parsed: &Parsed, hints: &[Option<SqlType>]) -> Result<Prepared> {
        let text = parsed.text.clone();
        if self.status == TransactionStatus::Failed && !matches!(text.to_lowercase().as_str(), "rollback" | "commit") {
            return Err(Error::new(
                Kind::InFailedSqlTransaction,
                "current transaction is aborted, commands ignored until end of transaction block",
            ));
        }
        let lower = text.to_lowercase();
        let (mut parameters, columns) = if let Some(cast) = lower.strip_prefix("select $1::") {
            let declared = SqlType::parse(cast)?;
            (vec![declared.clone()], Some(vec![column(cast, declared)]))
        } else if lower == "select 1" {
            (vec![], Some(vec![column("?column?", SqlType::Int8)]))
        } else if lower.starts_with("select") {
            (vec![], Some(vec![column("generate_series", SqlType::Int8)]))
        } else if lower.starts_with("show") {
            (vec![], Some(vec![column("setting", SqlType::Text)]))
        } else {
            (vec![], None)
        };
        for (own, hint) in parameters.iter_mut().zip(hints) {
            if let Some(hint) = hint {
                *own = hint.clone();
            }
        }
        Ok(Prepared { parameters, columns, text })
    }

    pub async fn run(&mut self, prepared: &Prepared, params: &[ArrayRef]) -> Result<Outcome> {
        let text = prepared.text.to_lowercase();
        let columns = prepared.columns.clone().unwrap_or_default();
        if let Some(array) = params.first() {
            return Ok(rows(columns, vec![Ok(array.clone())]));
        }
        if let Some(count) = series(&text, "select * from generate_series(1, ") {
            return Ok(Outcome::Rows { columns, rows: numbers(count), tag: "SELECT" });
        }
        if let Some(count) = series(&text, "copy (select * from generate_series(1, ") {
            let format = if text.contains("binary") { CopyFormat::Binary } else { CopyFormat::Text };
            let columns = vec![column("generate_series", SqlType::Int8)];
            return Ok(Outcome::CopyOut { columns, rows: numbers(count), options: CopyOptions { format } });
        }
        if let Some(seconds) = text.strip_prefix("select pg_sleep(") {
            let seconds: f64 = seconds.trim_end_matches(')').parse().unwrap_or(0.0);
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
            return Ok(rows(columns, vec![]));
        }
        if let Some(assignment) = text.strip_prefix("set ") {
            let (name, value) = assignment.split_once(" to ").unwrap_or_default();
            self.set_at_login(name.trim_matches('"'), value.trim_matches('\''))?;
            return Ok(Outcome::Done { tag: "SET".to_owned() });
        }
        let done = |tag: &str| Ok(Outcome::Done { tag: tag.to_owned() });
        match text.as_str() {
            "select 1" => Ok(rows(columns, vec![Ok(Arc::new(Int64Array::from(vec![1])))])),
            "select 1/0" => Ok(rows(columns, vec![Err(Error::new(Kind::DivisionByZero, "division by zero"))])),
            "select count(*) from t" => {
                let count = self.engine.rows.load(Ordering::SeqCst) + self.pending;
                Ok(rows(columns, vec![Ok(Arc::new(Int64Array::from(vec![i64::try_from(count).unwrap_or(0)])))]))
            }
            "insert into t values (1)" => {
                self.pending += 1;
                self.settle();
                done("INSERT 0 1")
            }
            "copy t from stdin" => {
                Ok(Outcome::CopyIn(Box::new(CopyIn { options: CopyOptions { format: CopyFormat::Text }, lines: 0 })))
            }
            "begin" | "start transaction" => {
                self.implicit = false;
                self.status = TransactionStatus::Open;
                done("BEGIN")
            }
            "commit" | "rollback" => {
                if text == "commit" && self.status != TransactionStatus::Failed {
                    self.engine.rows.fetch_add(self.pending, Ordering::SeqCst);
                }
                self.pending = 0;
                let tag = if self.status == TransactionStatus::Failed { "ROLLBACK".to_owned() } else { text.to_uppercase() };
                self.status = TransactionStatus::Idle;
                done(&tag)
            }
            "drop table if exists absent" => {
                self.notices.push(Notice {
                    severity: "NOTICE",
                    report: Error::new(Kind::UndefinedTable, "table \"absent\" does not exist, skipping").report().clone(),
                });
                done("DROP TABLE")
            }
            _ => Err(Error::new(Kind::UndefinedTable, format!("relation of \"{text}\" does not exist"))),
        }
    }

    pub fn set_at_login(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "statement_timeout" | "idle_in_transaction_session_timeout" | "idle_session_timeout" => {
                self.timeouts.insert(name.to_owned(), value.trim_end_matches("ms").parse().unwrap_or(0));
            }
            "timezone" if value == "nowhere" => {
                return Err(Error::new(Kind::InvalidParameterValue, "invalid value for parameter \"TimeZone\": \"nowhere\""));
            }
            "timezone" => self.changes.push(("TimeZone".to_owned(), value.to_owned())),
            _ => {}
        }
        Ok(())
    }

    pub async fn finish_copy(&mut self, copy: Box<CopyIn>) -> Result<String> {
        self.pending += copy.lines;
        self.settle();
        Ok(format!("COPY {}", copy.lines))
    }

    pub fn begin_implicit(&mut self) {
        self.implicit = true;
    }

    pub fn fail(&mut self) {
        self.implicit = false;
        match self.status {
            TransactionStatus::Idle => self.pending = 0,
            TransactionStatus::Open | TransactionStatus::Failed => self.status = TransactionStatus::Failed,
        }
    }

    fn settle(&mut self) {
        if self.status == TransactionStatus::Idle && !self.implicit {
            self.engine.rows.fetch_add(std::mem::take(&mut self.pending), Ordering::SeqCst);
        }
    }

    pub fn transaction_status(&self) -> TransactionStatus {
        self.status
    }

    pub async fn finish_implicit(&mut self, failed: bool) -> Result<()> {
        if failed && self.status == TransactionStatus::Idle {
            self.pending = 0;
        }
        self.implicit = false;
        self.settle();
        Ok(())
    }

    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    pub fn take_parameter_changes(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.changes)
    }

    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        [
            ("server_version", "15.0"),
            ("server_encoding", "UTF8"),
            ("client_encoding", "UTF8"),
            ("application_name", self.login.application.as_str()),
            ("session_authorization", self.login.user.as_str()),
            ("integer_datetimes", "on"),
        ]
        .map(|(name, value)| (name, value.to_owned()))
        .to_vec()
    }

    pub fn style(&self) -> Style {
        Style::default()
    }

    pub fn timeout_ms(&self, name: &str) -> Option<u64> {
        self.timeouts.get(name).copied().filter(|limit| *limit > 0)
    }
}

fn series(text: &str, prefix: &str) -> Option<i64> {
    let rest = text.strip_prefix(prefix)?;
    rest[..rest.find(')')?].parse().ok()
}

fn column(name: &str, sql_type: SqlType) -> Column {
    Column { name: name.to_owned(), sql_type, table_oid: 0, attribute: 0 }
}

fn batch(array: ArrayRef) -> RecordBatch {
    RecordBatch::try_from_iter([("c", array)]).unwrap_or_else(|_| RecordBatch::new_empty(Arc::new(Schema::empty())))
}

fn rows(columns: Vec<Column>, batches: Vec<Result<ArrayRef>>) -> Outcome {
    let batches = batches.into_iter().map(|array| match array {
        Ok(array) => Ok(batch(array)),
        Err(error) => Err(datafusion::error::DataFusionError::External(Box::new(error))),
    });
    let rows = Box::pin(RecordBatchStreamAdapter::new(Arc::new(Schema::empty()), futures::stream::iter(batches)));
    Outcome::Rows { columns, rows, tag: "SELECT" }
}

fn numbers(count: i64) -> SendableRecordBatchStream {
    let batches = futures::stream::unfold(1, move |from| async move {
        tokio::task::yield_now().await;
        let to = (from + 1000).min(count + 1);
        (from <= count).then(|| (Ok(batch(Arc::new(Int64Array::from_iter_values(from..to)))), to))
    });
    Box::pin(RecordBatchStreamAdapter::new(Arc::new(Schema::empty()), batches))
}
