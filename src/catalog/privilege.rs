//! What may be done to an object, and by whom: privileges, and the lists of them that objects carry.
//!
//! An *access list* holds items: a *grantor* has given a *grantee* some privileges, some of them with the *grant option*, the right
//! to give them on. The arithmetic is PostgreSQL's (`acl.c`): a right to grant goes with all that was granted by it.

use std::fmt;

use crate::catalog::Oid;
use crate::error::{Error, Kind, Result};

/// The grantee that stands for every role.
pub const EVERYBODY: Oid = 0;

/// One thing that may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Privilege {
    Insert,
    Select,
    Update,
    Delete,
    Truncate,
    References,
    Trigger,
    Execute,
    Usage,
    Create,
    Temporary,
    Connect,
}

impl Privilege {
    /// In PostgreSQL's order.
    pub const ALL: [Privilege; 12] = [
        Privilege::Insert,
        Privilege::Select,
        Privilege::Update,
        Privilege::Delete,
        Privilege::Truncate,
        Privilege::References,
        Privilege::Trigger,
        Privilege::Execute,
        Privilege::Usage,
        Privilege::Create,
        Privilege::Temporary,
        Privilege::Connect,
    ];

    /// Its word in GRANT.
    pub fn word(self) -> &'static str {
        match self {
            Privilege::Insert => "INSERT",
            Privilege::Select => "SELECT",
            Privilege::Update => "UPDATE",
            Privilege::Delete => "DELETE",
            Privilege::Truncate => "TRUNCATE",
            Privilege::References => "REFERENCES",
            Privilege::Trigger => "TRIGGER",
            Privilege::Execute => "EXECUTE",
            Privilege::Usage => "USAGE",
            Privilege::Create => "CREATE",
            Privilege::Temporary => "TEMPORARY",
            Privilege::Connect => "CONNECT",
        }
    }

    /// The privilege of this word in any case.
    pub fn named(word: &str) -> Option<Privilege> {
        if word.eq_ignore_ascii_case("temp") {
            return Some(Privilege::Temporary);
        }
        Privilege::ALL.into_iter().find(|privilege| privilege.word().eq_ignore_ascii_case(word))
    }

    /// Its letter in an access list's text.
    fn letter(self) -> char {
        match self {
            Privilege::Insert => 'a',
            Privilege::Select => 'r',
            Privilege::Update => 'w',
            Privilege::Delete => 'd',
            Privilege::Truncate => 'D',
            Privilege::References => 'x',
            Privilege::Trigger => 't',
            Privilege::Execute => 'X',
            Privilege::Usage => 'U',
            Privilege::Create => 'C',
            Privilege::Temporary => 'T',
            Privilege::Connect => 'c',
        }
    }
}

/// A set of privileges.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Privileges(u16);

impl Privileges {
    pub const NONE: Privileges = Privileges(0);

    pub const fn of(privilege: Privilege) -> Privileges {
        Privileges(1 << privilege as u16)
    }

    pub fn contains(self, privilege: Privilege) -> bool {
        self.0 & Privileges::of(privilege).0 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    #[must_use]
    pub const fn and(self, other: Privileges) -> Privileges {
        Privileges(self.0 & other.0)
    }

    #[must_use]
    pub const fn or(self, other: Privileges) -> Privileges {
        Privileges(self.0 | other.0)
    }

    #[must_use]
    pub const fn without(self, other: Privileges) -> Privileges {
        Privileges(self.0 & !other.0)
    }

    pub fn iter(self) -> impl Iterator<Item = Privilege> {
        Privilege::ALL.into_iter().filter(move |privilege| self.contains(*privilege))
    }
}

impl From<Privilege> for Privileges {
    fn from(privilege: Privilege) -> Self {
        Privileges::of(privilege)
    }
}

impl FromIterator<Privilege> for Privileges {
    fn from_iter<I: IntoIterator<Item = Privilege>>(privileges: I) -> Self {
        privileges.into_iter().fold(Privileges::NONE, |all, one| all.or(one.into()))
    }
}

impl fmt::Debug for Privileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Kinds of objects that carry access lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ObjectKind {
    /// Tables and views.
    Relation,
    Column,
    Schema,
    Function,
    Database,
}

impl ObjectKind {
    /// All that can be granted on an object of the kind.
    pub fn privileges(self) -> Privileges {
        use Privilege::{
            Connect, Create, Delete, Execute, Insert, References, Select, Temporary, Trigger, Truncate, Update, Usage,
        };
        match self {
            ObjectKind::Relation => [Insert, Select, Update, Delete, Truncate, References, Trigger].into_iter().collect(),
            ObjectKind::Column => [Insert, Select, Update, References].into_iter().collect(),
            ObjectKind::Schema => [Usage, Create].into_iter().collect(),
            ObjectKind::Function => Execute.into(),
            ObjectKind::Database => [Create, Temporary, Connect].into_iter().collect(),
        }
    }

    /// What everybody may do with a new object of the kind.
    fn everybodys(self) -> Privileges {
        match self {
            ObjectKind::Relation | ObjectKind::Column | ObjectKind::Schema => Privileges::NONE,
            ObjectKind::Function => Privilege::Execute.into(),
            ObjectKind::Database => [Privilege::Temporary, Privilege::Connect].into_iter().collect(),
        }
    }
}

/// An object that carries an access list, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Object {
    Relation(Oid),
    /// A relation's column by its number.
    Column(Oid, u32),
    Schema(Oid),
    Function(Oid),
    Database,
}

impl Object {
    pub fn kind(self) -> ObjectKind {
        match self {
            Object::Relation(_) => ObjectKind::Relation,
            Object::Column(_, _) => ObjectKind::Column,
            Object::Schema(_) => ObjectKind::Schema,
            Object::Function(_) => ObjectKind::Function,
            Object::Database => ObjectKind::Database,
        }
    }
}

/// What one role has given one other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AclItem {
    pub grantee: Oid,
    pub grantor: Oid,
    pub privileges: Privileges,
    /// Those of them that may be granted on.
    pub grantable: Privileges,
}

/// Adding to an access list, or taking away from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Grant,
    Revoke {
        /// Takes what depends on it away as well.
        cascade: bool,
    },
}

/// An object's access list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acl {
    pub items: Vec<AclItem>,
}

impl Acl {
    /// What an object of this kind carries that nobody has granted anything on.
    pub fn default_of(kind: ObjectKind, owner: Oid) -> Acl {
        let mut items = Vec::new();
        let everybodys = kind.everybodys();
        if !everybodys.is_empty() {
            items.push(AclItem { grantee: EVERYBODY, grantor: owner, privileges: everybodys, grantable: Privileges::NONE });
        }
        if kind != ObjectKind::Column {
            items.push(AclItem { grantee: owner, grantor: owner, privileges: kind.privileges(), grantable: Privileges::NONE });
        }
        Acl { items }
    }

    /// Which of these privileges a role has whose rights are those of `roles`.
    pub fn held(&self, roles: impl Fn(Oid) -> bool, wanted: Privileges) -> Privileges {
        let own = self.items.iter().filter(|item| item.grantee == EVERYBODY || roles(item.grantee));
        own.fold(Privileges::NONE, |held, item| held.or(item.privileges)).and(wanted)
    }

    /// Which of these privileges it may grant; the owner may grant all of them.
    pub fn grantable(&self, roles: impl Fn(Oid) -> bool, owner: Oid, wanted: Privileges) -> Privileges {
        if roles(owner) {
            return wanted;
        }
        let own = self.items.iter().filter(|item| roles(item.grantee));
        own.fold(Privileges::NONE, |held, item| held.or(item.grantable)).and(wanted)
    }

    /// Whether an item names the role, as grantee or as grantor.
    pub fn names(&self, role: Oid) -> bool {
        self.items.iter().any(|item| item.grantee == role || item.grantor == role)
    }

    /// The list with an item's privileges added or taken away. `change.privileges` and `change.grantable` are those to change.
    ///
    /// # Errors
    /// 0LP01 when a right to grant would come back to who gave it; 2BP01 when something was granted by a right that is revoked.
    pub fn changed(&self, change: AclItem, mode: Mode, owner: Oid) -> Result<Acl> {
        let mut acl = self.clone();
        if mode == Mode::Grant && !change.grantable.is_empty() {
            acl.refuse_circle(change, owner)?;
        }
        let same = |item: &AclItem| item.grantee == change.grantee && item.grantor == change.grantor;
        let at = acl.items.iter().position(same).unwrap_or_else(|| {
            acl.items.push(AclItem { privileges: Privileges::NONE, grantable: Privileges::NONE, ..change });
            acl.items.len() - 1
        });
        let Some(item) = acl.items.get_mut(at) else { return Ok(acl) };
        let before = item.grantable;
        match mode {
            Mode::Grant => {
                item.privileges = item.privileges.or(change.privileges);
                item.grantable = item.grantable.or(change.grantable);
            }
            Mode::Revoke { .. } => {
                item.privileges = item.privileges.without(change.privileges);
                item.grantable = item.grantable.without(change.grantable);
            }
        }
        let lost = before.without(item.grantable);
        if item.privileges.is_empty() && item.grantable.is_empty() {
            acl.items.remove(at);
        }
        if let (Mode::Revoke { cascade }, false) = (mode, lost.is_empty() || change.grantee == EVERYBODY) {
            acl = acl.without_granted_by(change.grantee, lost, owner, cascade)?;
        }
        Ok(acl)
    }

    /// The list without what a role granted by rights that it has no more.
    fn without_granted_by(self, role: Oid, lost: Privileges, owner: Oid, cascade: bool) -> Result<Acl> {
        let lost = lost.without(self.grantable(|other| other == role, owner, lost));
        let mut acl = self;
        if lost.is_empty() {
            return Ok(acl);
        }
        while let Some(item) = acl.items.iter().find(|item| item.grantor == role && !item.privileges.and(lost).is_empty()).copied()
        {
            if !cascade {
                return Err(Error::new(Kind::DependentObjectsStillExist, "dependent privileges exist")
                    .with_hint("Use CASCADE to revoke them too."));
            }
            let change = AclItem { privileges: lost, grantable: lost, ..item };
            acl = acl.changed(change, Mode::Revoke { cascade }, owner)?;
        }
        Ok(acl)
    }

    /// A right to grant may not come back to who gave it, or revoking it would go in a circle.
    fn refuse_circle(&self, change: AclItem, owner: Oid) -> Result<()> {
        if change.grantor == owner {
            return Ok(());
        }
        // Without the grantee's own rights to grant the grantor must still have what it gives.
        let mut rest = self.clone();
        while let Some(item) = rest.items.iter().find(|item| item.grantee == change.grantee && !item.grantable.is_empty()).copied()
        {
            let gone = AclItem { privileges: Privileges::NONE, ..item };
            rest = rest.changed(gone, Mode::Revoke { cascade: true }, owner)?;
        }
        let own = rest.grantable(|role| role == change.grantor, owner, change.grantable);
        if change.grantable.without(own).is_empty() {
            return Ok(());
        }
        Err(Error::new(Kind::InvalidGrantOperation, "grant options cannot be granted back to your own grantor"))
    }

    /// The list after its object has gone from one owner to another: what the old one had or gave is the new one's.
    #[must_use]
    pub fn passed_on(&self, from: Oid, to: Oid) -> Acl {
        let heir = |role: Oid| if role == from { to } else { role };
        let mut acl = Acl::default();
        for item in &self.items {
            let moved = AclItem { grantee: heir(item.grantee), grantor: heir(item.grantor), ..*item };
            match acl.items.iter_mut().find(|item| item.grantee == moved.grantee && item.grantor == moved.grantor) {
                Some(same) => {
                    same.privileges = same.privileges.or(moved.privileges);
                    same.grantable = same.grantable.or(moved.grantable);
                }
                None => acl.items.push(moved),
            }
        }
        acl
    }

    /// The same list in the order in which PostgreSQL keeps default privileges: by grantee and grantor.
    #[must_use]
    pub fn sorted(mut self) -> Acl {
        self.items.sort_by_key(|item| (item.grantee, item.grantor));
        self
    }

    /// The items as PostgreSQL writes `aclitem`: `grantee=privileges/grantor`, a star behind what may be granted on.
    pub fn shown(&self, name: impl Fn(Oid) -> String) -> Vec<String> {
        self.items.iter().map(|item| item.shown(&name)).collect()
    }
}

impl AclItem {
    fn shown(&self, name: impl Fn(Oid) -> String) -> String {
        let grantee = if self.grantee == EVERYBODY { String::new() } else { quoted(&name(self.grantee)) };
        let mut letters = String::new();
        for privilege in self.privileges.or(self.grantable).iter() {
            letters.push(privilege.letter());
            if self.grantable.contains(privilege) {
                letters.push('*');
            }
        }
        format!("{grantee}={letters}/{}", quoted(&name(self.grantor)))
    }
}

/// A name as it stands in an item: quoted unless it is letters, digits and underscores (`putid`).
fn quoted(name: &str) -> String {
    if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Oid = 10;

    fn item(grantee: Oid, grantor: Oid, privilege: Privilege, grantable: bool) -> AclItem {
        let grantable = if grantable { privilege.into() } else { Privileges::NONE };
        AclItem { grantee, grantor, privileges: privilege.into(), grantable }
    }

    #[test]
    fn a_right_to_grant_goes_with_what_was_granted_by_it() {
        let acl = Acl::default_of(ObjectKind::Relation, OWNER);
        let acl = acl.changed(item(20, OWNER, Privilege::Select, true), Mode::Grant, OWNER).unwrap();
        let acl = acl.changed(item(30, 20, Privilege::Select, false), Mode::Grant, OWNER).unwrap();
        let names = |oid: Oid| format!("r{oid}");
        assert_eq!(acl.shown(names), ["r10=arwdDxt/r10", "r20=r*/r10", "r30=r/r20"]);
        let gone = item(20, OWNER, Privilege::Select, true);
        assert_eq!(acl.changed(gone, Mode::Revoke { cascade: false }, OWNER).unwrap_err().sqlstate(), "2BP01");
        let acl = acl.changed(gone, Mode::Revoke { cascade: true }, OWNER).unwrap();
        assert_eq!(acl.shown(names), ["r10=arwdDxt/r10"]);
    }

    #[test]
    fn a_right_to_grant_does_not_come_back() {
        let acl = Acl::default_of(ObjectKind::Relation, OWNER);
        let acl = acl.changed(item(20, OWNER, Privilege::Select, true), Mode::Grant, OWNER).unwrap();
        let acl = acl.changed(item(30, 20, Privilege::Select, true), Mode::Grant, OWNER).unwrap();
        let back = acl.changed(item(20, 30, Privilege::Select, true), Mode::Grant, OWNER);
        assert_eq!(back.unwrap_err().sqlstate(), "0LP01");
    }

    #[test]
    fn names_in_items_are_quoted_where_they_must_be() {
        let acl = Acl { items: vec![item(EVERYBODY, 10, Privilege::Usage, false), item(20, 10, Privilege::Create, true)] };
        let names = |oid: Oid| if oid == 10 { "a-b".to_owned() } else { "x\"y".to_owned() };
        assert_eq!(acl.shown(names), ["=U/\"a-b\"", "\"x\"\"y\"=C*/\"a-b\""]);
    }
}
