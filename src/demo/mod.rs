//! What does a busy platform's log look like? Rows for all six logs, made up but believable, the same for the same seed.
//!
//! Words: a *story* is one thing that happens, such as a passage through a journey, with all rows it leaves in whichever logs; a
//! *plot* is a story before it is told (when, where, which seed); the *stage* is where it is told. Plots are few bytes each and are
//! made first, so that the number of rows is known; stories are told one after the other in the order of their beginning, and
//! their rows wait in a heap for their turn, so that each log comes out in the order of time without all of it in memory.
//!
//! The room knows the columns of the built-in tables and nothing of the server: what it makes are lines for COPY.

mod activity;
mod bots;
mod bulk;
mod cast;
mod desk;
mod incident;
mod journeys;
mod outage;
mod random;
mod row;
mod settings;
mod stage;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;

pub use bulk::Bulk;
use cast::{MARLOW, WORKSPACES, Workspace};
use incident::Incident;
use outage::Outage;
use random::Random;
use stage::{DAY, HOUR, MINUTE, Pending, Stage, World};

/// How far back the demo reaches.
const SPAN: i64 = 13 * DAY + 12 * HOUR;
/// From this many rows on there is room for the incident.
const EVENTS_WITH_INCIDENT: u64 = 5_000;
/// Size from which lines of a log are handed out.
const CHUNK_BYTES: usize = 256 * 1024;

/// One of the six built-in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Log {
    Interactions,
    Conversations,
    Audits,
    Events,
    Activities,
    Bots,
}

impl Log {
    /// All six, in the order of their table in the pack.
    pub const ALL: [Log; 6] = [Log::Interactions, Log::Conversations, Log::Audits, Log::Events, Log::Activities, Log::Bots];

    /// The name of the table.
    pub const fn table(self) -> &'static str {
        match self {
            Log::Interactions => "interaction_logs",
            Log::Conversations => "conversation_logs",
            Log::Audits => "audit_logs",
            Log::Events => "event_logs",
            Log::Activities => "activity_logs",
            Log::Bots => "bot_logs",
        }
    }

    /// The columns of a line, in its order; every log begins with event_id, workspace_id, occurred_at.
    pub const fn columns(self) -> &'static str {
        match self {
            Log::Interactions => {
                "event_id, workspace_id, occurred_at, event, status, occurred_in, object_name, version_id, element, performed_by, \
                 person_id, interaction_id, conversation_id, details"
            }
            Log::Conversations => {
                "event_id, workspace_id, occurred_at, conversation_id, event, done_by, from_value, to_value, details"
            }
            Log::Audits => {
                "event_id, workspace_id, occurred_at, event, done_by, done_by_kind, item_kind, item_id, item_name, from_value, \
                 to_value, details"
            }
            Log::Events => {
                "event_id, workspace_id, occurred_at, type, bot_id, conversation_id, integration_id, dataset_id, skillset_id, \
                 file_id, user_id, organisation_id, metadata"
            }
            Log::Activities => {
                "event_id, workspace_id, occurred_at, kind, event, actor, module, outcome, summary, resource_kind, resource_id, \
                 conversation_id, person_id, client_address, method, url, status_code, latency_ms, job, triggered_by, result, \
                 duration_ms, event_type, endpoint, response_status, retry_count, details"
            }
            Log::Bots => {
                "event_id, workspace_id, occurred_at, environment, conversation_id, bot_id, flow, node, event, level, line, payload"
            }
        }
    }

    /// The statement that takes its lines.
    pub fn copy_statement(self) -> String {
        format!("COPY {} ({}) FROM STDIN", self.table(), self.columns())
    }
}

/// Some lines of one log in the order of time, in the text format of COPY.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub log: Log,
    /// How many lines there are.
    pub rows: u64,
    /// Whole lines, each with its line feed.
    pub lines: Vec<u8>,
}

/// What kind of story it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Journey,
    Chatbot,
    Assistant,
    Conversation,
    Configuration,
    ApiCall,
    UserAction,
    SystemEvent,
    Delivery,
    Platform,
    Trial,
    Theft,
    /// A passage of the journey and a delivery to the webhook that the theft affects.
    Reminder,
    OrderDelivery,
}

/// How often each story of everyday life happens.
const EVERYDAY: [(Kind, u64); 11] = [
    (Kind::Journey, 190),
    (Kind::Chatbot, 70),
    (Kind::Assistant, 42),
    (Kind::Conversation, 60),
    (Kind::Configuration, 46),
    (Kind::ApiCall, 1_000),
    (Kind::UserAction, 160),
    (Kind::SystemEvent, 180),
    (Kind::Delivery, 220),
    (Kind::Platform, 70),
    (Kind::Trial, 26),
];

/// A story before it is told.
#[derive(Debug, Clone, Copy)]
struct Plot {
    start_us: i64,
    seed: u64,
    workspace: usize,
    kind: Kind,
}

/// Makes the rows of a demo; iterate to get them.
pub struct Generator {
    world: World,
    /// In the order of their beginning, the last one first.
    plots: Vec<Plot>,
    told: u64,
    pending: BinaryHeap<Reverse<Pending>>,
    /// Lines that are not yet enough for a chunk, by log.
    buffers: [Chunk; 6],
}

impl Generator {
    /// Exactly `events` rows of the thirteen and a half days before `end_us` (microseconds since 1970 UTC).
    ///
    /// The incident is among them from 5,000 rows on.
    pub fn new(seed: u64, end_us: i64, events: u64) -> Generator {
        let mut random = Random::new(seed);
        let start_us = end_us - SPAN;
        let incident = (events >= EVENTS_WITH_INCIDENT).then(|| Incident::before(end_us));
        let outages = Outage::plan(&mut random, start_us, end_us);
        let world = World { start_us, end_us, people: (events / 40).max(50), outages, incident };
        let plots = plots(&world, &mut random, events);
        let buffers = Log::ALL.map(|log| Chunk { log, rows: 0, lines: Vec::new() });
        Generator { world, plots, told: 0, pending: BinaryHeap::new(), buffers }
    }

    /// The statements that make the workspaces of the demo known.
    pub fn setup(&self) -> String {
        let mut sql = String::from("INSERT INTO workspaces (workspace_id, name, plan, created_at) VALUES");
        for (number, workspace) in WORKSPACES.iter().enumerate() {
            let plan = workspace.plan.map_or_else(|| "NULL".to_owned(), |plan| format!("'{plan}'"));
            let mut created = Vec::new();
            row::write_time(&mut created, self.world.start_us - (400 + 50 * number as i64) * DAY);
            let comma = if number == 0 { "" } else { "," };
            // Writing to a string cannot fail.
            let _ = write!(
                sql,
                "{comma}\n    ('{}', '{}', {plan}, '{}')",
                workspace.id,
                workspace.name,
                String::from_utf8_lossy(&created)
            );
        }
        sql.push_str(";\n");
        sql
    }

    /// Tells the next story and lets its rows wait.
    fn tell(&mut self, plot: Plot) {
        let story = self.told;
        self.told += 1;
        self.pending.extend(act(&self.world, plot, story, true).into_rows().into_iter().map(Reverse));
    }

    fn buffer(&mut self, log: Log) -> &mut Chunk {
        &mut self.buffers[log as usize]
    }

    /// What a log has ready, leaving its buffer empty.
    fn hand_out(&mut self, log: Log) -> Chunk {
        std::mem::replace(self.buffer(log), Chunk { log, rows: 0, lines: Vec::new() })
    }
}

impl Iterator for Generator {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        loop {
            let next_story_us = self.plots.last().map(|plot| plot.start_us);
            let next_row_us = self.pending.peek().map(|Reverse(row)| row.at_us);
            match (next_row_us, next_story_us) {
                (Some(row_us), story_us) if story_us.is_none_or(|story_us| row_us < story_us) => {
                    let Some(Reverse(row)) = self.pending.pop() else { continue };
                    let buffer = self.buffer(row.log);
                    buffer.lines.extend_from_slice(&row.line);
                    buffer.rows += 1;
                    if buffer.lines.len() >= CHUNK_BYTES {
                        return Some(self.hand_out(row.log));
                    }
                }
                (_, Some(_)) => {
                    if let Some(plot) = self.plots.pop() {
                        self.tell(plot);
                    }
                }
                (_, None) => {
                    let left = Log::ALL.into_iter().find(|&log| self.buffer(log).rows > 0)?;
                    return Some(self.hand_out(left));
                }
            }
        }
    }
}

/// Plots that together have exactly this many rows, the last to begin first.
fn plots(world: &World, random: &mut Random, events: u64) -> Vec<Plot> {
    let mut plots = Vec::new();
    let mut left = events;
    let mut add = |plot: Plot, left: &mut u64| {
        let rows = act(world, plot, 0, false).told();
        if rows > *left {
            return false;
        }
        *left -= rows;
        plots.push(plot);
        true
    };
    for plot in incident_plots(world, random) {
        add(plot, &mut left);
    }
    while left > 0 {
        let (kind, _) = EVERYDAY[random.weighted(EVERYDAY.iter().map(|(_, weight)| *weight))];
        let workspace = random.weighted(WORKSPACES.iter().map(|workspace| workspace.weight));
        let start_us = begin(world, random, kind, &WORKSPACES[workspace]);
        let plot = Plot { start_us, seed: random.bits(), workspace, kind };
        if !add(plot, &mut left) {
            // A story too long for what is left gives way to one that is always one row.
            add(Plot { kind: Kind::SystemEvent, ..plot }, &mut left);
        }
    }
    plots.sort_by_key(|plot| Reverse((plot.start_us, plot.seed)));
    plots
}

fn incident_plots(world: &World, random: &mut Random) -> Vec<Plot> {
    let Some(incident) = &world.incident else { return Vec::new() };
    let mut plots = vec![Plot { start_us: world.start_us, seed: random.bits(), workspace: MARLOW, kind: Kind::Theft }];
    for (kind, count) in [(Kind::Reminder, incident::REMINDERS), (Kind::OrderDelivery, incident::DELIVERIES)] {
        for _ in 0..count {
            let start_us = random.between(incident.from_us + HOUR, incident.until_us - HOUR);
            plots.push(Plot { start_us, seed: random.bits(), workspace: MARLOW, kind });
        }
    }
    plots
}

/// When a story begins: people by day and less at the weekend, programs nearly always, deliveries also all at once in an outage.
fn begin(world: &World, random: &mut Random, kind: Kind, workspace: &Workspace) -> i64 {
    if kind == Kind::Delivery && random.chance(30) {
        let outages: Vec<&Outage> = world.outages.iter().filter(|outage| outage.workspace == workspace.id).collect();
        if let Some(outage) = (!outages.is_empty()).then(|| *random.pick(&outages)) {
            return random.between(outage.from_us, outage.until_us.min(world.end_us)).max(world.start_us);
        }
    }
    let by_hand = matches!(kind, Kind::UserAction | Kind::Configuration | Kind::Trial);
    loop {
        let at = random.between(world.start_us, world.end_us - MINUTE);
        let local_hours = at.div_euclid(HOUR) + workspace.offset_hours;
        let percent = match (local_hours.rem_euclid(24), by_hand) {
            (8..18, _) => 100,
            (7 | 18..21, true) => 20,
            (_, true) => 3,
            (6..8 | 18..22, false) => 65,
            (_, false) => 28,
        };
        // 1970 began with a Thursday.
        let weekend = (local_hours.div_euclid(24) + 3).rem_euclid(7) >= 5;
        if random.chance(percent) && (!weekend || random.chance(if by_hand { 15 } else { 60 })) {
            return at;
        }
    }
}

/// Tells a story on a stage of its own.
fn act(world: &World, plot: Plot, story: u64, write: bool) -> Stage<'_> {
    let mut stage = Stage::new(world, &WORKSPACES[plot.workspace], story, plot.seed, write);
    let start_us = plot.start_us;
    match plot.kind {
        Kind::Journey => journeys::passage(&mut stage, start_us),
        Kind::Chatbot => bots::chatbot(&mut stage, start_us),
        Kind::Assistant => bots::assistant(&mut stage, start_us),
        Kind::Conversation => desk::conversation(&mut stage, start_us),
        Kind::Configuration => settings::configuration(&mut stage, start_us),
        Kind::ApiCall => activity::api_call(&mut stage, start_us),
        Kind::UserAction => activity::user_action(&mut stage, start_us),
        Kind::SystemEvent => activity::system_event(&mut stage, start_us),
        Kind::Delivery => activity::delivery(&mut stage, start_us),
        Kind::Platform => settings::platform(&mut stage, start_us),
        Kind::Trial => bots::trial(&mut stage, start_us),
        Kind::Theft => {
            if let Some(incident) = &world.incident {
                incident::theft(&mut stage, incident);
            }
        }
        Kind::Reminder => journeys::passage_of(&mut stage, Incident::journey(), start_us),
        Kind::OrderDelivery => incident::order_delivery(&mut stage, start_us),
    }
    stage
}

#[cfg(test)]
mod tests;
