//! Functions that do something beside answering: they set, notify and stop. They are called once a row, never ahead of it.

use super::SqlTypeName::{Bool, Text};
use super::{Arg, Line, arg, line};
use crate::error::{Error, Kind, Result};
use crate::query::backends::Signal;
use crate::query::session::Who;
use crate::query::system::rows::Cell;
use crate::query::system::world::World;

pub(super) static LINES: [Line; 5] = [
    Line { name: "set_config", arguments: (3, 3), returns: Text, strict: false, call: set_config },
    // PostgreSQL's returns void, which is written as the empty text.
    Line { name: "pg_notify", arguments: (2, 2), returns: Text, strict: false, call: notify },
    // There is no function by which a session could take such a lock, so that it has none to give back.
    line("pg_advisory_unlock_all", (0, 0), Text, |_, _| Ok("".into())),
    line("pg_cancel_backend", (1, 1), Bool, |world, args| signal(world, args, Signal::Cancel)),
    line("pg_terminate_backend", (1, 2), Bool, |world, args| signal(world, args, Signal::Terminate)),
];

/// Sets a setting, for the transaction alone if the third argument says so; gives the value in force. NULL resets it.
fn set_config(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    let settings = &world.facts.settings;
    let (name, local) = (arg(args, 0).text(), arg(args, 2).is_true());
    let value = match arg(args, 1) {
        Arg::Null => None,
        value => Some(value.text()),
    };
    match (arg(args, 0), arg(args, 1)) {
        (Arg::Null, _) => {
            return Err(Error::new(Kind::InvalidParameterValue, "SET requires parameter name"));
        }
        _ if Who::of(world.facts).set(&name, value.as_deref(), local)? => {}
        (_, Arg::Null) => settings.reset(Some(&name))?,
        (_, value) => settings.set_text(&name, &value.text(), local)?,
    }
    settings.get(&name).map(Cell::from)
}

fn notify(world: &World<'_>, args: &[Arg]) -> Result<Cell> {
    world.facts.effects.notify(&arg(args, 0).text(), &arg(args, 1).text())?;
    Ok("".into())
}

fn signal(world: &World<'_>, args: &[Arg], signal: Signal) -> Result<Cell> {
    let pid = arg(args, 0).int().and_then(|pid| i32::try_from(pid).ok()).unwrap_or(0);
    let facts = world.facts;
    facts.effects.signal(pid, signal, &facts.identity.standing, &facts.catalog).map(Cell::from)
}
