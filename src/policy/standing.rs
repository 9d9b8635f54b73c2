//! Which roles' rights a role has, and what these let it do to an object.

use std::collections::BTreeSet;

use crate::catalog::role::{READ_ALL_DATA, WRITE_ALL_DATA};
use crate::catalog::{Catalog, EVERYBODY, Object, Oid, Privilege, Privileges, Relation};

/// A role with the roles that stand behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Standing {
    pub role: Oid,
    pub superuser: bool,
    /// The roles whose rights it has, itself among them.
    pub inherited: BTreeSet<Oid>,
    /// The roles that it may become, itself among them.
    pub joined: BTreeSet<Oid>,
}

impl Standing {
    /// What the role has behind it in this snapshot. A role that is gone has nothing but itself.
    pub fn of(catalog: &Catalog, role: Oid) -> Standing {
        Standing {
            role,
            superuser: catalog.role(role).is_some_and(|role| role.superuser),
            inherited: catalog.roles_inherited(role),
            joined: catalog.roles_joined(role),
        }
    }

    /// What everybody may.
    pub fn everybody() -> Standing {
        Standing { role: EVERYBODY, superuser: false, inherited: BTreeSet::new(), joined: BTreeSet::new() }
    }

    /// Whether it has the rights of a role.
    pub fn has_rights_of(&self, role: Oid) -> bool {
        self.superuser || self.inherited.contains(&role)
    }

    /// Whether it may become a role.
    pub fn may_become(&self, role: Oid) -> bool {
        self.superuser || self.joined.contains(&role)
    }
}

/// Which of these privileges a role has on an object. Those on a column are the column's own alone.
pub fn held(standing: &Standing, catalog: &Catalog, object: Object, wanted: Privileges) -> Privileges {
    if standing.superuser {
        return wanted;
    }
    let by_membership = predefined(standing, catalog, object).and(wanted);
    let has = |role: Oid| standing.inherited.contains(&role);
    let by_list = match catalog.acl(object) {
        Some(acl) => acl.held(has, wanted),
        None => catalog.acl_in_force(object).held(has, wanted),
    };
    by_list.or(by_membership)
}

/// Which of these privileges it may grant.
pub fn grantable(standing: &Standing, catalog: &Catalog, object: Object, wanted: Privileges) -> Privileges {
    let has = |role: Oid| standing.has_rights_of(role);
    catalog.acl_in_force(object).grantable(has, catalog.owner(object), wanted)
}

/// Whether it has the rights of the object's owner.
pub fn owns(standing: &Standing, catalog: &Catalog, object: Object) -> bool {
    standing.has_rights_of(catalog.owner(object))
}

/// What members of `pg_read_all_data` and `pg_write_all_data` may do, which no list says. What Annals
/// itself writes is for the superuser, and for those to whom it is granted by name.
fn predefined(standing: &Standing, catalog: &Catalog, object: Object) -> Privileges {
    let reads = standing.inherited.contains(&READ_ALL_DATA);
    let writes = standing.inherited.contains(&WRITE_ALL_DATA);
    if !reads && !writes {
        return Privileges::NONE;
    }
    match object {
        Object::Relation(oid) => {
            if matches!(catalog.relation_by_oid(oid), Some(Relation::Table(table)) if table.internal) {
                return Privileges::NONE;
            }
            let read = if reads { Privilege::Select.into() } else { Privileges::NONE };
            let write = [Privilege::Insert, Privilege::Update, Privilege::Delete].into_iter().collect();
            if writes { read.or(write) } else { read }
        }
        Object::Schema(_) => Privilege::Usage.into(),
        Object::Column(_, _) | Object::Function(_) | Object::Database => Privileges::NONE,
    }
}
