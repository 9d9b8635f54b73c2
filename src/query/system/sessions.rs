//! What sessions do and keep: pg_stat_activity over all of them, pg_prepared_statements and pg_cursors of one's own.

use std::net::SocketAddr;

use super::rows::{Cell, Rows};
use super::world::{DATABASE_OID, World};
use crate::catalog::role::READ_ALL_STATS;
use crate::error::Result;
use crate::query::plan::names::DATABASE;
use crate::value::SqlType;

/// Bytes of a statement's text that are shown (`track_activity_query_size`), its end not counted.
const QUERY_BYTES: usize = 1_023;

/// Every session; what it does is for its own role to see, for members of that and for those who watch over the server.
pub(super) fn activity(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for backend in world.facts.effects.backends.all() {
        let activity = backend.activity();
        let peer: Option<SocketAddr> = backend.remote.parse().ok();
        let mut cells: Vec<(&str, Cell)> = vec![
            ("datid", DATABASE_OID.into()),
            ("datname", DATABASE.into()),
            ("pid", backend.pid.into()),
            ("usesysid", backend.role.into()),
            ("usename", backend.user.as_str().into()),
            ("application_name", backend.application().into()),
        ];
        let standing = &world.facts.identity.standing;
        if standing.has_rights_of(backend.role) || standing.has_rights_of(READ_ALL_STATS) {
            let query = activity.query.get(..activity.query.floor_char_boundary(QUERY_BYTES)).unwrap_or_default();
            cells.extend([
                ("client_addr", peer.map(|peer| peer.ip().to_string()).into()),
                ("client_port", peer.map(|peer| i32::from(peer.port())).into()),
                ("backend_start", moment(Some(backend.started))),
                ("xact_start", moment(activity.transaction_start)),
                ("query_start", moment(activity.query_start)),
                ("state_change", moment(activity.state_change)),
                ("state", activity.state.shown().into()),
                ("query", query.into()),
                ("backend_type", "client backend".into()),
            ]);
        } else {
            cells.push(("query", "<insufficient privilege>".into()));
        }
        rows.add(&cells)?;
    }
    Ok(())
}

pub(super) fn prepared_statements(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for (name, named) in world.facts.effects.statements() {
        let prepared = named.prepared.as_ref();
        let types = prepared.map_or(&[][..], |prepared| prepared.parameters.as_slice()).iter().map(SqlType::oid);
        rows.add(&[
            ("name", name.into()),
            ("statement", prepared.map_or("", |prepared| prepared.parsed.text.as_ref()).into()),
            ("prepare_time", moment(Some(named.since))),
            ("parameter_types", Cell::list(types)),
            ("from_sql", named.from_sql.into()),
            ("generic_plans", 0.into()),
            ("custom_plans", 0.into()),
        ])?;
    }
    Ok(())
}

pub(super) fn cursors(world: &World<'_>, rows: &mut Rows<'_>) -> Result<()> {
    for cursor in &world.facts.cursors {
        rows.add(&[
            ("name", cursor.name.as_str().into()),
            ("statement", cursor.statement.as_ref().into()),
            ("is_holdable", cursor.is_holdable.into()),
            ("is_binary", cursor.is_binary.into()),
            ("is_scrollable", cursor.is_scrollable.into()),
            ("creation_time", moment(Some(cursor.since))),
        ])?;
    }
    Ok(())
}

fn moment(micros: Option<i64>) -> Cell {
    let instant = micros.and_then(chrono::DateTime::from_timestamp_micros);
    instant.map(|instant| instant.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string()).into()
}
