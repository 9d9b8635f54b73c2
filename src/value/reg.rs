//! Types whose values are objects of a catalog: `regclass`, `regtype`, `regproc` and their kin (PostgreSQL 15, section 8.19).
//!
//! Such a value is an object id. It is read from a name and written as one by the [`Names`] of a [`Style`](super::Style), because
//! only a catalog knows them; this room does not.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Kind, Result};

/// Which objects the ids of a `reg…` type stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reg {
    Class,
    Type,
    Proc,
    Procedure,
    Namespace,
    Role,
    Collation,
    Oper,
    Operator,
    Config,
    Dictionary,
}

impl Reg {
    /// All of them.
    pub const ALL: [Reg; 11] = [
        Reg::Class,
        Reg::Type,
        Reg::Proc,
        Reg::Procedure,
        Reg::Namespace,
        Reg::Role,
        Reg::Collation,
        Reg::Oper,
        Reg::Operator,
        Reg::Config,
        Reg::Dictionary,
    ];

    /// The type's name.
    pub fn name(self) -> &'static str {
        match self {
            Reg::Class => "regclass",
            Reg::Type => "regtype",
            Reg::Proc => "regproc",
            Reg::Procedure => "regprocedure",
            Reg::Namespace => "regnamespace",
            Reg::Role => "regrole",
            Reg::Collation => "regcollation",
            Reg::Oper => "regoper",
            Reg::Operator => "regoperator",
            Reg::Config => "regconfig",
            Reg::Dictionary => "regdictionary",
        }
    }

    /// PostgreSQL's ids of the type and of its array type (`pg_type.dat`).
    pub(super) fn oids(self) -> (u32, u32) {
        match self {
            Reg::Class => (2205, 2210),
            Reg::Type => (2206, 2211),
            Reg::Proc => (24, 1008),
            Reg::Procedure => (2202, 2207),
            Reg::Namespace => (4089, 4090),
            Reg::Role => (4096, 4097),
            Reg::Collation => (4191, 4192),
            Reg::Oper => (2203, 2208),
            Reg::Operator => (2204, 2209),
            Reg::Config => (3734, 3735),
            Reg::Dictionary => (3769, 3770),
        }
    }
}

/// What knows the objects' names.
pub trait ObjectNames: Send + Sync {
    /// The name under which SQL finds the object, `None` when there is none of this id.
    fn name(&self, kind: Reg, oid: u32) -> Option<String>;

    /// The id of the object of a name.
    ///
    /// # Errors
    /// 42P01, 42883, 42704 or 3F000 when there is none, 42725 when there are several.
    fn oid(&self, kind: Reg, name: &str) -> Result<u32>;
}

/// The names that a style knows; by default none.
#[derive(Clone, Default)]
pub struct Names(Option<Arc<dyn ObjectNames>>);

impl Names {
    pub fn new(names: Arc<dyn ObjectNames>) -> Self {
        Names(Some(names))
    }

    /// Reads an object: `-` is none, digits are an id, anything else is a name.
    ///
    /// # Errors
    /// As [`ObjectNames::oid`]; 0A000 where no catalog is known.
    pub(crate) fn read(&self, kind: Reg, text: &str) -> Result<u32> {
        let text = super::scalar::trimmed(text);
        if text == "-" {
            return Ok(0);
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return super::scalar::oid(text);
        }
        match &self.0 {
            Some(names) => names.oid(kind, text),
            None => Err(Error::new(Kind::FeatureNotSupported, format!("\"{text}\" cannot be read as {} here", kind.name()))),
        }
    }

    /// Writes an object's name; an id of nothing is written as it is.
    pub(super) fn write(&self, kind: Reg, oid: u32) -> String {
        if oid == 0 {
            return "-".to_owned();
        }
        self.0.as_ref().and_then(|names| names.name(kind, oid)).unwrap_or_else(|| oid.to_string())
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Names(..)" } else { "Names" })
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One;

    impl ObjectNames for One {
        fn name(&self, _kind: Reg, oid: u32) -> Option<String> {
            (oid == 7).then(|| "seven".to_owned())
        }

        fn oid(&self, _kind: Reg, name: &str) -> Result<u32> {
            if name == "seven" { Ok(7) } else { Err(Error::new(Kind::UndefinedTable, "no")) }
        }
    }

    #[test]
    fn objects_are_read_and_written_by_name() {
        let names = Names::new(Arc::new(One));
        assert_eq!(names.read(Reg::Class, " seven ").unwrap(), 7);
        assert_eq!(names.read(Reg::Class, "12").unwrap(), 12);
        assert_eq!(names.read(Reg::Class, "-").unwrap(), 0);
        assert_eq!(names.read(Reg::Class, "eight").unwrap_err().sqlstate(), "42P01");
        assert_eq!([0, 7, 8].map(|oid| names.write(Reg::Class, oid)), ["-", "seven", "8"]);
        assert_eq!(Names::default().read(Reg::Class, "seven").unwrap_err().sqlstate(), "0A000");
    }
}
