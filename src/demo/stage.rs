//! Where a story is told: it says what happens when, and the stage either writes the rows or only counts them.
//!
//! Counting must give the same number as writing, so what a story decides it draws from [`Stage::random`], and what merely colours a
//! row from the stream that the row's closure is handed.

use super::Log;
use super::cast::{Person, Workspace};
use super::incident::Incident;
use super::outage::Outage;
use super::random::{Random, split_mix};
use super::row::Row;

pub(super) const MILLISECOND: i64 = 1_000;
pub(super) const SECOND: i64 = 1_000 * MILLISECOND;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// What is so for all stories.
pub(super) struct World {
    pub start_us: i64,
    pub end_us: i64,
    /// How many people write to each workspace.
    pub people: u64,
    pub outages: Vec<Outage>,
    pub incident: Option<Incident>,
}

/// A row that waits for its turn in time.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pending {
    pub at_us: i64,
    /// Which story, and which row of it: rows of one microsecond have an order too.
    pub story: u64,
    pub index: u64,
    pub log: Log,
    pub line: Vec<u8>,
}

/// Where one story is told.
pub(super) struct Stage<'a> {
    pub world: &'a World,
    pub workspace: &'static Workspace,
    pub random: Random,
    story: u64,
    seed: u64,
    told: u64,
    /// The time of the latest row as the story gave it, and by how much the row was put off.
    latest: (i64, i64),
    /// `None` only counts.
    rows: Option<Vec<Pending>>,
}

impl<'a> Stage<'a> {
    /// The stage of the `story`th story, which draws from `seed`.
    pub(super) fn new(world: &'a World, workspace: &'static Workspace, story: u64, seed: u64, write: bool) -> Self {
        Stage {
            world,
            workspace,
            random: Random::new(seed),
            story,
            seed,
            told: 0,
            latest: (i64::MIN, 0),
            rows: write.then(Vec::new),
        }
    }

    /// What happens at a time, put off by some microseconds: clocks show more than whole milliseconds, and what a story tells for
    /// the same instant must keep its order. Nothing has happened yet after the end of the demo.
    pub(super) fn tell<R: Row>(&mut self, at_us: i64, row: impl FnOnce(&mut Random) -> R) {
        let mut mix = self.seed ^ self.told;
        let pause = 1 + (split_mix(&mut mix) % 150) as i64;
        self.latest = (at_us, if self.latest.0 == at_us { self.latest.1 + pause } else { pause });
        let at_us = at_us + self.latest.1;
        if at_us > self.world.end_us {
            return;
        }
        let index = self.told;
        self.told += 1;
        if let Some(rows) = &mut self.rows {
            let mut random = Random::part(self.seed, index);
            let id = random.uuid(at_us);
            let mut line = Vec::with_capacity(512);
            row(&mut random).write(&mut line, &id, at_us);
            rows.push(Pending { at_us, story: self.story, index, log: R::LOG, line });
        }
    }

    /// Somebody who writes to the workspace; some write more often than others.
    pub(super) fn person(&mut self) -> Person {
        let index = self.random.mostly_low(0, self.world.people as i64 - 1).unsigned_abs();
        Person::of(self.workspace, index)
    }

    /// One of those who answer: anybody but the administrator.
    pub(super) fn agent(&mut self) -> String {
        let workspace = self.workspace;
        let user = *self.random.pick(&workspace.users[1..]);
        workspace.email(user)
    }

    pub(super) fn administrator(&self) -> String {
        self.workspace.email(self.workspace.users[0])
    }

    pub(super) fn told(&self) -> u64 {
        self.told
    }

    pub(super) fn into_rows(self) -> Vec<Pending> {
        self.rows.unwrap_or_default()
    }
}
