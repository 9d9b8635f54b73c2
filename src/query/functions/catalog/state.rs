//! What the server tells of its state: sizes, row counts, addresses, when it started, which transaction runs.

use super::SqlTypeName::{Bool, Inet, Int4, Int4s, Int8, Oid, Text, Timestamptz};
use super::{Arg, Line, arg, line};
use crate::catalog::{Relation, Table};
use crate::error::{Error, Kind, Result};
use crate::query::plan::names::DATABASE;
use crate::query::system::rows::Cell;
use crate::query::system::world::{DATABASE_OID, DEFAULT_TABLESPACE, GLOBAL_TABLESPACE, World};

pub(super) const LINES: [Line; 39] = [
    line("pg_relation_size", (1, 2), Int8, relation_size),
    line("pg_table_size", (1, 1), Int8, relation_size),
    line("pg_total_relation_size", (1, 1), Int8, total_size),
    line("pg_indexes_size", (1, 1), Int8, indexes_size),
    line("pg_database_size", (1, 1), Int8, database_size),
    line("pg_tablespace_size", (1, 1), Int8, tablespace_size),
    line("pg_relation_filenode", (1, 1), Oid, |world, args| Ok(table(world, args)?.map(|table| table.oid).into())),
    line("pg_relation_filepath", (1, 1), Text, |world, args| {
        Ok(table(world, args)?.map(|table| format!("tables/{}", table.store_id())).into())
    }),
    line("pg_stat_get_live_tuples", (1, 1), Int8, |world, args| {
        Ok(table(world, args)?.and_then(|table| world.row_count(table)).into())
    }),
    line("pg_stat_get_dead_tuples", (1, 1), Int8, zero),
    line("pg_stat_get_tuples_inserted", (1, 1), Int8, |world, args| {
        Ok(table(world, args)?.and_then(|table| world.rows_ever(table)).into())
    }),
    line("pg_stat_get_tuples_updated", (1, 1), Int8, zero),
    line("pg_stat_get_tuples_deleted", (1, 1), Int8, zero),
    line("pg_stat_get_numscans", (1, 1), Int8, |world, args| {
        let found = world.index(arg(args, 0).relation(world)?);
        Ok(found.and_then(|found| world.index_uses(&found)).map(|uses| uses.idx_scan).into())
    }),
    line("pg_stat_get_last_vacuum_time", (1, 1), Timestamptz, |_, _| Ok(Cell::Null)),
    line("pg_stat_get_last_analyze_time", (1, 1), Timestamptz, |_, _| Ok(Cell::Null)),
    line("pg_stat_get_last_autovacuum_time", (1, 1), Timestamptz, |_, _| Ok(Cell::Null)),
    line("pg_stat_get_last_autoanalyze_time", (1, 1), Timestamptz, |_, _| Ok(Cell::Null)),
    line("pg_postmaster_start_time", (0, 0), Timestamptz, |world, _| Ok(Cell::Micros(world.facts.system.started_us))),
    line("pg_conf_load_time", (0, 0), Timestamptz, |world, _| Ok(Cell::Micros(world.facts.system.started_us))),
    line("host", (1, 1), Text, |_, args| {
        let address = arg(args, 0).text();
        Ok(address.split_once('/').map_or(address.as_str(), |(host, _)| host).into())
    }),
    line("inet_client_addr", (0, 0), Inet, |world, _| Ok(client(world).map(|address| address.ip().to_string()).into())),
    line("inet_client_port", (0, 0), Int4, |world, _| Ok(client(world).map(|address| i32::from(address.port())).into())),
    line("pg_is_in_recovery", (0, 0), Bool, |_, _| Ok(false.into())),
    line("pg_is_wal_replay_paused", (0, 0), Bool, |_, _| {
        Err(Error::new(Kind::ObjectNotInPrerequisiteState, "recovery is not in progress")
            .with_hint("Recovery control functions can only be executed during recovery."))
    }),
    line("pg_last_xact_replay_timestamp", (0, 0), Timestamptz, |_, _| Ok(Cell::Null)),
    line("pg_last_wal_receive_lsn", (0, 0), Text, |_, _| Ok(Cell::Null)),
    line("pg_last_wal_replay_lsn", (0, 0), Text, |_, _| Ok(Cell::Null)),
    line("pg_is_other_temp_schema", (1, 1), Bool, |_, _| Ok(false.into())),
    line("pg_jit_available", (0, 0), Bool, |_, _| Ok(false.into())),
    line("pg_tablespace_location", (1, 1), Text, |_, _| Ok("".into())),
    line("pg_blocking_pids", (1, 1), Int4s, |_, _| Ok(Cell::List(vec![]))),
    line("pg_safe_snapshot_blocking_pids", (1, 1), Int4s, |_, _| Ok(Cell::List(vec![]))),
    // A statement's number is the store's version that it sees: what was published later has a higher one.
    line("txid_current", (0, 0), Int8, |world, _| Ok(i64::try_from(world.facts.snapshot.version).unwrap_or(i64::MAX).into())),
    // What is seen of the catalog is always the newest.
    line("age of transaction", (1, 1), Int4, |_, _| Ok(0.into())),
    line("txid_current_if_assigned", (0, 0), Int8, |_, _| Ok(Cell::Null)),
    line("pg_notification_queue_usage", (0, 0), super::SqlTypeName::Float8, |_, _| Ok(0.into())),
    line("pg_table_is_partition", (1, 1), Bool, |_, _| Ok(false.into())),
    line("pg_trigger_depth", (0, 0), Int4, |_, _| Ok(0.into())),
];

fn zero(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    Ok(table(world, args)?.map(|_| 0).into())
}

/// The table given by id or by name; `None` for another relation or an unknown id.
fn table<'a>(world: &World<'a>, args: &[Arg]) -> Result<Option<&'a Table>> {
    let oid = arg(args, 0).relation(world)?;
    Ok(match world.catalog.relation_by_oid(oid) {
        Some(Relation::Table(table)) => Some(table),
        Some(Relation::View(_)) | None => None,
    })
}

/// Bytes of a table without its indexes, or of an index; a view takes none, an id of nothing is NULL.
fn relation_size(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let oid = arg(args, 0).relation(world)?;
    Ok(match (table(world, args)?, world.index(oid)) {
        (Some(table), _) => world.bytes(table).into(),
        (None, Some(found)) => world.index_bytes(&found).into(),
        (None, None) => world.relation_name(oid).map(|_| 0).into(),
    })
}

/// Bytes of a table's indexes; anything else has none.
fn indexes_size(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let oid = arg(args, 0).relation(world)?;
    Ok(match table(world, args)? {
        Some(table) => world.bytes_of_indexes(table).into(),
        None => world.relation_name(oid).map(|_| 0).into(),
    })
}

/// Bytes of a table with its indexes; of anything else as it has none.
fn total_size(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    match table(world, args)? {
        Some(table) => Ok((world.bytes(table) + world.bytes_of_indexes(table)).into()),
        None => relation_size(world, args),
    }
}

fn all_bytes(world: &World<'_>) -> i64 {
    world.tables().map(|table| world.bytes(table) + world.bytes_of_indexes(table)).sum()
}

fn database_size(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let given = arg(args, 0);
    match given.oid() {
        Some(oid) => Ok((oid == DATABASE_OID).then(|| all_bytes(world)).into()),
        None if given.text() == DATABASE => Ok(all_bytes(world).into()),
        None => Err(Error::new(Kind::InvalidCatalogName, format!("database \"{}\" does not exist", given.text()))),
    }
}

fn tablespace_size(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let given = arg(args, 0);
    match (given.oid(), given.text().as_str()) {
        (Some(DEFAULT_TABLESPACE), _) | (None, "pg_default") => Ok(all_bytes(world).into()),
        (Some(GLOBAL_TABLESPACE), _) | (None, "pg_global") => Ok(0.into()),
        (Some(_), _) => Ok(Cell::Null),
        (None, name) => Err(Error::new(Kind::UndefinedObject, format!("tablespace \"{name}\" does not exist"))),
    }
}

/// Where the client connects from; `None` for the server's own sessions.
fn client(world: &World<'_>) -> Option<std::net::SocketAddr> {
    world.facts.remote.parse().ok()
}
