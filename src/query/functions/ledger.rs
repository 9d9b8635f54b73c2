//! `annals.prove` and `annals.verify_table`: what an auditor asks the ledger while the server runs; `annals.erase` and what goes with it:
//! rows that are removed because somebody asks and another approves.

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{Array, AsArray, StringViewBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::logical_expr::async_udf::{AsyncScalarUDF, AsyncScalarUDFImpl};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use uuid::Uuid;

use super::SessionFacts;
use crate::catalog::{Relation, Table};
use crate::error::{Error, Kind, Result};
use crate::policy::{self, Identity};
use crate::query::engine::Engine;
use crate::query::errors::wrap;
use crate::query::parse::unsupported;
use crate::query::retention::erasure;
use crate::query::session::{Login, Session};
use crate::query::{execute, parse};
use crate::value::{Reg, SqlType};

/// The column by whose value a row is named.
const ID_COLUMN: &str = "event_id";

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Question {
    /// The proof that a row is in its table's tree, by table and event id.
    Prove,
    /// Whether the rows of a table are what was recorded.
    VerifyTable,
    /// That rows of a table be erased, by predicate and reason.
    Erase,
    /// That an erasure, by its id, be carried out.
    ApproveErasure,
    /// That it be forgotten.
    WithdrawErasure,
    /// The proof that it was carried out.
    ErasureReceipt,
}

impl Question {
    const ALL: [Question; 6] = [
        Question::Prove,
        Question::VerifyTable,
        Question::Erase,
        Question::ApproveErasure,
        Question::WithdrawErasure,
        Question::ErasureReceipt,
    ];

    fn name(self) -> &'static str {
        match self {
            Question::Prove => "annals.prove",
            Question::VerifyTable => "annals.verify_table",
            Question::Erase => "annals.erase",
            Question::ApproveErasure => "annals.approve_erasure",
            Question::WithdrawErasure => "annals.withdraw_erasure",
            Question::ErasureReceipt => "annals.erasure_receipt",
        }
    }

    fn arguments(self) -> usize {
        match self {
            Question::Prove => 2,
            Question::Erase => 3,
            Question::VerifyTable | Question::ApproveErasure | Question::WithdrawErasure | Question::ErasureReceipt => 1,
        }
    }

    fn answer(self) -> SqlType {
        match self {
            Question::Erase => SqlType::Uuid,
            Question::Prove
            | Question::VerifyTable
            | Question::ApproveErasure
            | Question::WithdrawErasure
            | Question::ErasureReceipt => SqlType::Text,
        }
    }

    /// Whether it removes rows or makes that they are.
    fn decides(self) -> bool {
        match self {
            Question::Erase | Question::ApproveErasure | Question::WithdrawErasure => true,
            Question::Prove | Question::VerifyTable | Question::ErasureReceipt => false,
        }
    }
}

/// The function of this name. What stands `inside` of a view, a function or a policy was written by another than who reads it: there
/// nobody can be made to approve something by looking at it.
pub(super) fn function(name: &str, facts: &Arc<SessionFacts>, inside: bool) -> Option<Arc<ScalarUDF>> {
    let question = Question::ALL.into_iter().find(|question| question.name() == name)?;
    let signature = Signature::new(TypeSignature::Any(question.arguments()), Volatility::Volatile);
    let refused = inside && question.decides();
    let ask = Ask { question, facts: facts.clone(), refused, signature };
    Some(Arc::new(AsyncScalarUDF::new(Arc::new(ask)).into_scalar_udf()))
}

#[derive(Debug)]
struct Ask {
    question: Question,
    facts: Arc<SessionFacts>,
    /// It stands where it must not be asked.
    refused: bool,
    signature: Signature,
}

impl PartialEq for Ask {
    fn eq(&self, other: &Self) -> bool {
        self.question == other.question && Arc::ptr_eq(&self.facts, &other.facts)
    }
}

impl Eq for Ask {}

impl Hash for Ask {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.question.hash(state);
    }
}

impl ScalarUDFImpl for Ask {
    fn name(&self) -> &str {
        self.question.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> datafusion::common::Result<DataType> {
        Ok(self.question.answer().arrow())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> datafusion::common::Result<FieldRef> {
        if self.refused {
            return Err(wrap(
                unsupported(&format!("{} in a view, a function or a policy", self.name()))
                    .with_detail("Who reads it may not know what it does: a statement calls it by name."),
            ));
        }
        Ok(Arc::new(self.question.answer().field(self.name(), true)))
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> datafusion::common::Result<ColumnarValue> {
        datafusion::common::internal_err!("{} is only called to be waited for", self.name())
    }
}

#[async_trait]
impl AsyncScalarUDFImpl for Ask {
    async fn invoke_async_with_args(&self, args: ScalarFunctionArgs) -> datafusion::common::Result<ColumnarValue> {
        let mut arguments = Vec::with_capacity(args.args.len());
        for argument in &args.args {
            arguments.push(cast(&argument.to_array(args.number_rows)?, &DataType::Utf8View)?);
        }
        let mut answers = StringViewBuilder::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let given: Option<Vec<&str>> =
                arguments.iter().map(|argument| argument.is_valid(row).then(|| argument.as_string_view().value(row))).collect();
            match given {
                Some(given) => answers.append_value(self.answer(&given).await.map_err(wrap)?),
                None => answers.append_null(),
            }
        }
        Ok(ColumnarValue::Array(Arc::new(answers.finish())))
    }
}

impl Ask {
    async fn answer(&self, given: &[&str]) -> Result<String> {
        let facts = &self.facts;
        match (self.question, given) {
            (Question::Prove, [table, id]) => self.prove(table, id).await,
            (Question::VerifyTable, [table]) => self.verify(table).await,
            (Question::Erase, [table, predicate, reason]) => {
                erasure::ask(facts, self.table(table)?, predicate, reason).await.map(|id| id.to_string())
            }
            (Question::ApproveErasure, [id]) => erasure::approve(facts, uuid(id)?).await,
            (Question::WithdrawErasure, [id]) => erasure::withdraw(facts, uuid(id)?).await,
            (Question::ErasureReceipt, [id]) => erasure::receipt(facts, uuid(id)?).await,
            (question, given) => Err(Error::internal(format!("{} was given {} values", question.name(), given.len()))),
        }
    }

    /// The table of a name, if the role may be told of all its rows: their number in the tree says how many there are.
    fn table(&self, name: &str) -> Result<&Arc<Table>> {
        let (catalog, standing) = (&self.facts.visible, &self.facts.identity.standing);
        let found = catalog.relation_by_oid(self.facts.style.names.read(Reg::Class, name)?);
        match found {
            Some(Relation::Table(table)) if policy::oversees(standing, catalog, table.oid) => Ok(table),
            Some(Relation::Table(table)) => {
                Err(policy::denied("table", &table.name.name)
                    .with_hint("A table's owner and auditors may ask the ledger about it."))
            }
            Some(Relation::View(view)) => Err(Error::new(Kind::WrongObjectType, format!("\"{}\" is not a table", view.name.name))),
            None => Err(Error::new(Kind::UndefinedTable, format!("relation \"{name}\" does not exist"))),
        }
    }

    async fn prove(&self, table: &str, id: &str) -> Result<String> {
        let table = self.table(table)?;
        let place = table.columns.iter().position(|column| column.name == ID_COLUMN);
        let column = place.and_then(|place| table.spec.columns.get(place)).ok_or_else(|| {
            Error::new(Kind::UndefinedColumn, format!("table \"{}\" has no column \"{ID_COLUMN}\"", table.name.name))
        })?;
        // As it is stored.
        let id = match SqlType::of_field(&column.field) {
            SqlType::Uuid => uuid(id)?.to_string(),
            _ => id.to_owned(),
        };
        let unknown =
            || Error::new(Kind::UndefinedObject, format!("table \"{}\" has no row with {ID_COLUMN} {id}", table.name.name));
        let engine = self.engine()?;
        if !self.sees(&engine, &self.facts.identity, table, &id).await? {
            return Err(unknown());
        }
        let leaves = engine.store.find_leaves(table.store_id(), column.field.name(), &id).await?;
        let leaf = match leaves.as_slice() {
            [] => return Err(unknown()),
            [leaf] => *leaf,
            // Another row of the same id may be one that the reader does not see.
            _ => {
                let message = format!("table \"{}\" has more than one row with {ID_COLUMN} {id}", table.name.name);
                return Err(Error::new(Kind::CardinalityViolation, message));
            }
        };
        let proof = engine.store.prove(table.store_id(), leaf).await?;
        let opens = self.sees_as_recorded(&engine, table, &id).await?;
        Ok(if opens { proof.text() } else { proof.closed().text() })
    }

    /// Whether the proof may show what the row holds: to who sees the whole row as it was recorded. Where a view or a function reads with
    /// its owner's rights, whoever gets the answer must be one as well.
    async fn sees_as_recorded(&self, engine: &Arc<Engine>, table: &Arc<Table>, id: &str) -> Result<bool> {
        let (identity, catalog) = (&self.facts.identity, engine.catalog());
        let login = Identity::of(&catalog, self.facts.login, self.facts.login, &self.facts.session_user);
        if [identity, &login].iter().any(|who| !policy::masks(who, &catalog, table).is_empty()) {
            return Ok(false);
        }
        if identity.oid() == login.oid() {
            return Ok(true);
        }
        match self.sees(engine, &login, table, id).await {
            Err(error) if error.kind() == Kind::InsufficientPrivilege => Ok(false),
            seen => seen,
        }
    }

    async fn verify(&self, table: &str) -> Result<String> {
        let table = self.table(table)?;
        let (report, findings) = self.engine()?.store.verify_table(table.store_id()).await?;
        let mut text = format!(
            "{} rows compared, {} removed by recorded purges, {} not covered yet",
            report.rows, report.removed, report.uncovered
        );
        if findings.is_empty() {
            text.push_str("; nothing was changed");
        }
        for finding in findings {
            let _ = write!(text, "\n{finding}");
        }
        Ok(text)
    }

    /// Whether somebody sees a row, through the guard as in any statement: what has expired, what policies hide and what is not granted
    /// is not there.
    async fn sees(&self, engine: &Arc<Engine>, identity: &Identity, table: &Table, id: &str) -> Result<bool> {
        let login = Login::new(&self.facts.session_user, self.facts.login, "annals", &self.facts.remote, self.facts.backend_pid);
        let mut session = Session::new(engine.clone(), login);
        session.identity = identity.clone();
        let query = format!("SELECT * FROM {} WHERE {ID_COLUMN} = '{}'", table.name, id.replace('\'', "''"));
        let query = parse::parse_query(&query)?;
        let planned = session.planner().query(query.as_ref(), &[])?;
        let rows = execute::collect(&session, &planned.plan).await?;
        Ok(rows.iter().any(|rows| rows.num_rows() > 0))
    }

    fn engine(&self) -> Result<Arc<Engine>> {
        self.facts.engine.upgrade().ok_or_else(|| Error::new(Kind::AdminShutdown, "the server is stopping"))
    }
}

fn uuid(text: &str) -> Result<Uuid> {
    let invalid = |_| Error::new(Kind::InvalidTextRepresentation, format!("invalid input syntax for type uuid: \"{text}\""));
    Uuid::parse_str(text).map_err(invalid)
}
