//! Who there is: roles under PostgreSQL's several names for them. Only the superuser exists until roles do.

use super::rows::{Cell, Rows};
use super::world::{SUPERUSER_OID, World};
use crate::error::Result;
use crate::policy::SUPERUSER;

/// What stands where a password would: nobody reads one from here.
const HIDDEN: &str = "********";

pub(super) fn authid(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let mut cells: Vec<(&str, Cell)> = attributes().to_vec();
    // The verifier stands in a file of the server's, which SQL does not read.
    cells.extend([("oid", SUPERUSER_OID.into()), ("rolpassword", Cell::Null)]);
    rows.add(&cells)
}

pub(super) fn roles(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let mut cells: Vec<(&str, Cell)> = attributes().to_vec();
    cells.extend([("oid", SUPERUSER_OID.into()), ("rolpassword", HIDDEN.into())]);
    rows.add(&cells)
}

fn attributes() -> [(&'static str, Cell); 9] {
    [
        ("rolname", SUPERUSER.into()),
        ("rolsuper", true.into()),
        ("rolinherit", true.into()),
        ("rolcreaterole", true.into()),
        // There is one database and no replication.
        ("rolcreatedb", false.into()),
        ("rolcanlogin", true.into()),
        ("rolreplication", false.into()),
        ("rolbypassrls", true.into()),
        ("rolconnlimit", (-1).into()),
    ]
}

pub(super) fn user(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    user_row(rows, HIDDEN.into())
}

pub(super) fn shadow(_world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    user_row(rows, Cell::Null)
}

fn user_row(rows: &mut Rows<'_>, password: Cell) -> Result<()> {
    rows.add(&[
        ("usename", SUPERUSER.into()),
        ("usesysid", SUPERUSER_OID.into()),
        ("usecreatedb", false.into()),
        ("usesuper", true.into()),
        ("userepl", false.into()),
        ("usebypassrls", true.into()),
        ("passwd", password),
    ])
}
