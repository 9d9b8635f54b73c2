//! The one error type: what went wrong, as a kind that decides what the caller does, and a message that says what to do.
//!
//! Every room returns [`Error`]. Its [`Kind`] maps in one table ([`Kind::sqlstate`]) to PostgreSQL's SQLSTATE (PostgreSQL 15,
//! appendix A). `impl From` of a library's error lives in the room that knows the cause.

use std::fmt;

/// The result of everything fallible in Annals.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure it is, named after PostgreSQL's condition names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What notices carry that tell of nothing unusual.
    SuccessfulCompletion,
    Warning,
    PrivilegeNotGranted,
    PrivilegeNotRevoked,
    InvalidGrantOperation,
    InvalidGrantor,
    SyntaxError,
    UndefinedTable,
    UndefinedColumn,
    UndefinedFunction,
    UndefinedObject,
    UndefinedParameter,
    InvalidSchemaName,
    InvalidCatalogName,
    AmbiguousColumn,
    AmbiguousFunction,
    DatatypeMismatch,
    IndeterminateDatatype,
    CannotCoerce,
    GroupingError,
    WindowingError,
    WrongObjectType,
    InvalidObjectDefinition,
    InvalidTableDefinition,
    InvalidFunctionDefinition,
    InvalidColumnReference,
    ReservedName,
    InvalidName,
    DuplicateTable,
    DuplicateColumn,
    DuplicateSchema,
    DuplicateFunction,
    DuplicateObject,
    DuplicateAlias,
    DuplicateCursor,
    DuplicatePreparedStatement,
    DependentObjectsStillExist,
    InsufficientPrivilege,
    DivisionByZero,
    InvalidUseOfEscapeCharacter,
    InvalidEscapeSequence,
    InvalidArgumentForLogarithm,
    InvalidArgumentForPowerFunction,
    InvalidArgumentForWidthBucket,
    InvalidArgumentForNtile,
    InvalidArgumentForNthValue,
    SubstringError,
    InvalidTextRepresentation,
    InvalidBinaryRepresentation,
    BadCopyFileFormat,
    NumericValueOutOfRange,
    InvalidDatetimeFormat,
    DatetimeFieldOverflow,
    IntervalFieldOverflow,
    InvalidTimeZoneDisplacement,
    UntranslatableCharacter,
    CharacterNotInRepertoire,
    StringDataRightTruncation,
    InvalidParameterValue,
    InvalidArgumentForPower,
    InvalidRowCountInLimit,
    InvalidRowCountInOffset,
    InvalidTablesampleArgument,
    CardinalityViolation,
    DataException,
    InvalidRegularExpression,
    NullValueNotAllowed,
    ArraySubscriptError,
    InvalidSqlJsonDatetime,
    InvalidSqlJsonSubscript,
    NonNumericSqlJsonItem,
    SingletonSqlJsonItemRequired,
    SqlJsonArrayNotFound,
    SqlJsonMemberNotFound,
    SqlJsonNumberNotFound,
    SqlJsonObjectNotFound,
    NotNullViolation,
    CheckViolation,
    UniqueViolation,
    FeatureNotSupported,
    ActiveSqlTransaction,
    NoActiveSqlTransaction,
    InFailedSqlTransaction,
    ReadOnlySqlTransaction,
    IdleInTransactionSessionTimeout,
    InvalidSavepointSpecification,
    SerializationFailure,
    InvalidSqlStatementName,
    InvalidCursorName,
    CantChangeRuntimeParam,
    ObjectNotInPrerequisiteState,
    LockNotAvailable,
    ObjectInUse,
    InvalidAuthorization,
    InvalidPassword,
    ProtocolViolation,
    DiskFull,
    OutOfMemory,
    TooManyConnections,
    ConfigurationLimitExceeded,
    ProgramLimitExceeded,
    TooManyColumns,
    StatementTooComplex,
    QueryCanceled,
    AdminShutdown,
    IdleSessionTimeout,
    CannotConnectNow,
    IoError,
    DataCorrupted,
    ConfigFileError,
    InternalError,
}

impl Kind {
    /// The five-character SQLSTATE that PostgreSQL gives this condition.
    pub const fn sqlstate(self) -> &'static str {
        match self {
            Kind::SuccessfulCompletion => "00000",
            Kind::Warning => "01000",
            Kind::PrivilegeNotGranted => "01007",
            Kind::PrivilegeNotRevoked => "01006",
            Kind::InvalidGrantOperation => "0LP01",
            Kind::InvalidGrantor => "0L000",
            Kind::SyntaxError => "42601",
            Kind::UndefinedTable => "42P01",
            Kind::UndefinedColumn => "42703",
            Kind::UndefinedFunction => "42883",
            Kind::UndefinedObject => "42704",
            Kind::UndefinedParameter => "42P02",
            Kind::InvalidSchemaName => "3F000",
            Kind::InvalidCatalogName => "3D000",
            Kind::AmbiguousColumn => "42702",
            Kind::AmbiguousFunction => "42725",
            Kind::DatatypeMismatch => "42804",
            Kind::IndeterminateDatatype => "42P18",
            Kind::CannotCoerce => "42846",
            Kind::GroupingError => "42803",
            Kind::WindowingError => "42P20",
            Kind::WrongObjectType => "42809",
            Kind::InvalidObjectDefinition => "42P17",
            Kind::InvalidTableDefinition => "42P16",
            Kind::InvalidFunctionDefinition => "42P13",
            Kind::InvalidColumnReference => "42P10",
            Kind::ReservedName => "42939",
            Kind::InvalidName => "42602",
            Kind::DuplicateTable => "42P07",
            Kind::DuplicateColumn => "42701",
            Kind::DuplicateSchema => "42P06",
            Kind::DuplicateFunction => "42723",
            Kind::DuplicateObject => "42710",
            Kind::DuplicateAlias => "42712",
            Kind::DuplicateCursor => "42P03",
            Kind::DuplicatePreparedStatement => "42P05",
            Kind::DependentObjectsStillExist => "2BP01",
            Kind::InsufficientPrivilege => "42501",
            Kind::DivisionByZero => "22012",
            Kind::InvalidUseOfEscapeCharacter => "2200C",
            Kind::InvalidEscapeSequence => "22025",
            Kind::InvalidArgumentForLogarithm => "2201E",
            Kind::InvalidArgumentForPowerFunction => "2201F",
            Kind::InvalidArgumentForWidthBucket => "2201G",
            Kind::InvalidArgumentForNtile => "22014",
            Kind::InvalidArgumentForNthValue => "22016",
            Kind::SubstringError => "22011",
            Kind::InvalidTextRepresentation => "22P02",
            Kind::InvalidBinaryRepresentation => "22P03",
            Kind::BadCopyFileFormat => "22P04",
            Kind::NumericValueOutOfRange => "22003",
            Kind::InvalidDatetimeFormat => "22007",
            Kind::DatetimeFieldOverflow => "22008",
            Kind::IntervalFieldOverflow => "22015",
            Kind::InvalidTimeZoneDisplacement => "22009",
            Kind::UntranslatableCharacter => "22P05",
            Kind::CharacterNotInRepertoire => "22021",
            Kind::StringDataRightTruncation => "22001",
            Kind::InvalidParameterValue => "22023",
            Kind::InvalidArgumentForPower => "2201F",
            Kind::InvalidRowCountInLimit => "2201W",
            Kind::InvalidRowCountInOffset => "2201X",
            Kind::InvalidTablesampleArgument => "2202H",
            Kind::CardinalityViolation => "21000",
            Kind::DataException => "22000",
            Kind::InvalidRegularExpression => "2201B",
            Kind::NullValueNotAllowed => "22004",
            Kind::ArraySubscriptError => "2202E",
            Kind::InvalidSqlJsonDatetime => "22031",
            Kind::InvalidSqlJsonSubscript => "22033",
            Kind::NonNumericSqlJsonItem => "22036",
            Kind::SingletonSqlJsonItemRequired => "22038",
            Kind::SqlJsonArrayNotFound => "22039",
            Kind::SqlJsonMemberNotFound => "2203A",
            Kind::SqlJsonNumberNotFound => "2203B",
            Kind::SqlJsonObjectNotFound => "2203C",
            Kind::NotNullViolation => "23502",
            Kind::CheckViolation => "23514",
            Kind::UniqueViolation => "23505",
            Kind::FeatureNotSupported => "0A000",
            Kind::ActiveSqlTransaction => "25001",
            Kind::NoActiveSqlTransaction => "25P01",
            Kind::InFailedSqlTransaction => "25P02",
            Kind::ReadOnlySqlTransaction => "25006",
            Kind::IdleInTransactionSessionTimeout => "25P03",
            Kind::InvalidSavepointSpecification => "3B001",
            Kind::SerializationFailure => "40001",
            Kind::InvalidSqlStatementName => "26000",
            Kind::InvalidCursorName => "34000",
            Kind::CantChangeRuntimeParam => "55P02",
            Kind::ObjectNotInPrerequisiteState => "55000",
            Kind::LockNotAvailable => "55P03",
            Kind::ObjectInUse => "55006",
            Kind::InvalidAuthorization => "28000",
            Kind::InvalidPassword => "28P01",
            Kind::ProtocolViolation => "08P01",
            Kind::DiskFull => "53100",
            Kind::OutOfMemory => "53200",
            Kind::TooManyConnections => "53300",
            Kind::ConfigurationLimitExceeded => "53400",
            Kind::ProgramLimitExceeded => "54000",
            Kind::TooManyColumns => "54011",
            Kind::StatementTooComplex => "54001",
            Kind::QueryCanceled => "57014",
            Kind::AdminShutdown => "57P01",
            Kind::IdleSessionTimeout => "57P05",
            Kind::CannotConnectNow => "57P03",
            Kind::IoError => "58030",
            Kind::DataCorrupted => "XX001",
            Kind::ConfigFileError => "F0000",
            Kind::InternalError => "XX000",
        }
    }
}

/// A failure that a user or an operator can act on. Boxed inside, so that a `Result` stays one word.
#[derive(Clone)]
pub struct Error(Box<Report>);

/// What an [`Error`] says, field by field as in PostgreSQL's `ErrorResponse` (protocol section 55.8).
#[derive(Debug, Clone)]
pub struct Report {
    /// Decides the SQLSTATE and what the caller does.
    pub kind: Kind,
    /// One line without a full stop, naming the object.
    pub message: String,
    /// More facts, never rows the reader may not see.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// 1-based character position in the statement's text.
    pub position: Option<usize>,
    /// The line and column of the statement's text, both from 1, from which the position is worked out.
    pub place: Option<(u64, u64)>,
    /// The string literal of the statement that cannot be read as its type; its place becomes the position.
    pub literal: Option<String>,
    /// Where it happened, for example `COPY activity_logs, line 7, column occurred_at`.
    pub context: Option<String>,
    /// The constraint, column or table concerned, where PostgreSQL names one.
    pub schema: Option<String>,
    pub table: Option<String>,
    pub column: Option<String>,
    pub constraint: Option<String>,
}

impl Error {
    /// A failure of this kind with this message.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error(Box::new(Report {
            kind,
            message: message.into(),
            detail: None,
            hint: None,
            position: None,
            place: None,
            literal: None,
            context: None,
            schema: None,
            table: None,
            column: None,
            constraint: None,
        }))
    }

    /// A state that the code holds impossible; the message is for whoever mends it.
    pub fn internal(message: impl Into<String>) -> Self {
        Error::new(Kind::InternalError, message)
    }

    /// An operation on a file or folder that the operating system refused.
    ///
    /// A full disk has a kind of its own, because the remedy differs.
    pub fn io(doing: impl fmt::Display, path: &std::path::Path, cause: &std::io::Error) -> Self {
        let kind = match cause.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Kind::DiskFull,
            _ => Kind::IoError,
        };
        Error::new(kind, format!("could not {doing} \"{}\": {cause}", path.display()))
    }

    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Sets where it happened; an inner room's context is kept in front, as PostgreSQL stacks them.
    pub fn with_context(mut self, context: impl Into<String>) -> Self {
        let outer = context.into();
        self.0.context = Some(match self.0.context.take() {
            Some(inner) => format!("{inner}\n{outer}"),
            None => outer,
        });
        self
    }

    /// Sets the 1-based character position in the statement.
    pub fn with_position(mut self, position: usize) -> Self {
        self.0.position = Some(position);
        self
    }

    /// Sets the line and column of the text that the statement was read from; 0, as what was not read has, are none.
    pub fn with_place(mut self, line: u64, column: u64) -> Self {
        if line > 0 {
            self.0.place = Some((line, column));
        }
        self
    }

    /// Names the string literal of the statement that it is about.
    pub fn with_literal(mut self, text: impl Into<String>) -> Self {
        self.0.literal = Some(text.into());
        self
    }

    pub fn with_table(mut self, schema: impl Into<String>, table: impl Into<String>) -> Self {
        self.0.schema = Some(schema.into());
        self.0.table = Some(table.into());
        self
    }

    pub fn with_column(mut self, column: impl Into<String>) -> Self {
        self.0.column = Some(column.into());
        self
    }

    pub fn with_constraint(mut self, constraint: impl Into<String>) -> Self {
        self.0.constraint = Some(constraint.into());
        self
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether a row's value has failed, a part of which its message may hold: PostgreSQL's class 22, data exceptions.
    pub fn tells_of_value(&self) -> bool {
        self.sqlstate().starts_with("22")
    }

    pub fn sqlstate(&self) -> &'static str {
        self.0.kind.sqlstate()
    }

    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Every field, for the doors that send them on.
    pub fn report(&self) -> &Report {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(detail) = &self.0.detail {
            write!(f, "; {detail}")?;
        }
        if let Some(hint) = &self.0.hint {
            write!(f, " (hint: {hint})")?;
        }
        if let Some(context) = &self.0.context {
            write!(f, " [{context}]")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}: {self}", self.sqlstate(), self.0.kind)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_has_its_own_sqlstate() {
        let cause = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let error = Error::io("write", std::path::Path::new("/data/wal"), &cause);
        assert_eq!(error.sqlstate(), "53100");
        assert!(error.to_string().contains("/data/wal"));
    }

    #[test]
    fn context_stacks_from_the_inside_out() {
        let error = Error::new(Kind::InvalidTextRepresentation, "bad").with_context("column a").with_context("COPY t, line 3");
        assert_eq!(error.report().context.as_deref(), Some("column a\nCOPY t, line 3"));
    }
}
