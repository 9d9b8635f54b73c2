//! Row policies and masking policies: which rows of a table a role sees, and what stands in the place of values that it may not see.

use std::collections::BTreeSet;

use crate::catalog::{EVERYBODY, Oid};

/// What protects a table's rows and values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Protection {
    /// `ENABLE ROW LEVEL SECURITY`: rows that no policy lets through are not seen.
    pub enabled: bool,
    /// `FORCE ROW LEVEL SECURITY`: the owner is held to the policies as well.
    pub forced: bool,
    /// In order of name.
    pub policies: Vec<RowPolicy>,
    /// In order of name, which is the order in which they are applied to a column.
    pub masks: Vec<Mask>,
}

/// A row policy (PostgreSQL 15, CREATE POLICY).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPolicy {
    pub name: String,
    /// Whether it must be true beside the others; of permissive ones one is enough.
    pub restrictive: bool,
    pub command: PolicyCommand,
    pub subjects: Subjects,
    /// The SQL text of what must be true of a row that is read or changed.
    pub using: Option<String>,
    /// The same for a row that is written.
    pub check: Option<String>,
    /// Oids of the relations that the predicates look into.
    pub reads: Vec<Oid>,
    pub comment: Option<String>,
}

/// The statements that a row policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyCommand {
    All,
    Select,
    Insert,
    Update,
    Delete,
}

impl PolicyCommand {
    pub fn sql(self) -> &'static str {
        match self {
            PolicyCommand::All => "ALL",
            PolicyCommand::Select => "SELECT",
            PolicyCommand::Insert => "INSERT",
            PolicyCommand::Update => "UPDATE",
            PolicyCommand::Delete => "DELETE",
        }
    }

    /// `pg_policy.polcmd`.
    pub fn code(self) -> char {
        match self {
            PolicyCommand::All => '*',
            PolicyCommand::Select => 'r',
            PolicyCommand::Insert => 'a',
            PolicyCommand::Update => 'w',
            PolicyCommand::Delete => 'd',
        }
    }
}

/// A masking policy: what a column, or a place in its JSON, shows instead of what was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    pub name: String,
    /// The number of the column.
    pub column: u32,
    /// The SQL text of what is masked: the column's name, or a path of `->`, `->>` into it.
    pub target: String,
    pub subjects: Subjects,
    /// The SQL text of what is shown.
    pub value: String,
    /// Oids of the relations that it looks into.
    pub reads: Vec<Oid>,
    pub comment: Option<String>,
}

/// The roles that a policy is about, by id; [`EVERYBODY`] is all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subjects {
    pub roles: Vec<Oid>,
    /// Roles among them that it spares, with all who have their rights.
    pub except: Vec<Oid>,
}

impl Subjects {
    /// The role by which the policy is about somebody with the rights of these.
    pub fn applying(&self, has_rights_of: impl Fn(Oid) -> bool) -> Option<Oid> {
        let spared = self.except.iter().any(|role| has_rights_of(*role));
        self.roles.iter().copied().find(|role| !spared && (*role == EVERYBODY || has_rights_of(*role)))
    }

    fn names(&self, role: Oid) -> bool {
        self.roles.contains(&role) || self.except.contains(&role)
    }

    /// The same without a role; `None` if nobody is left.
    fn without(&self, role: Oid) -> Option<Subjects> {
        let keep = |roles: &[Oid]| roles.iter().copied().filter(|own| *own != role).collect::<Vec<_>>();
        let left = Subjects { roles: keep(&self.roles), except: keep(&self.except) };
        (!left.roles.is_empty()).then_some(left)
    }
}

impl Protection {
    /// The policies that name a role, in PostgreSQL's words.
    pub fn naming(&self, role: Oid) -> impl Iterator<Item = String> {
        let policies = self.policies.iter().filter(move |policy| policy.subjects.names(role));
        let masks = self.masks.iter().filter(move |mask| mask.subjects.names(role));
        policies.map(|policy| format!("policy {}", policy.name)).chain(masks.map(|mask| format!("masking policy {}", mask.name)))
    }

    /// The policies that look into a relation.
    pub fn reading(&self, relation: Oid) -> Option<String> {
        let policy = self.policies.iter().find(|policy| policy.reads.contains(&relation));
        let mask = || self.masks.iter().find(|mask| mask.reads.contains(&relation));
        policy
            .map(|policy| format!("policy {}", policy.name))
            .or_else(|| mask().map(|mask| format!("masking policy {}", mask.name)))
    }

    /// The same with a role named nowhere: policies for that role alone are gone, as DROP OWNED wants it.
    pub fn without_role(&self, role: Oid) -> Protection {
        let mut left = self.clone();
        left.policies.retain_mut(|policy| policy.subjects.without(role).map(|subjects| policy.subjects = subjects).is_some());
        left.masks.retain_mut(|mask| mask.subjects.without(role).map(|subjects| mask.subjects = subjects).is_some());
        left
    }

    /// Numbers of the columns that have a mask.
    pub fn masked_columns(&self) -> BTreeSet<u32> {
        self.masks.iter().map(|mask| mask.column).collect()
    }
}
