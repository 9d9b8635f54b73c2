//! Endpoints that do not answer for a while, so that deliveries pile up and storm in when they are back.

use super::cast::{WORKSPACES, Workspace};
use super::random::Random;
use super::stage::{DAY, HOUR, MINUTE};

/// One endpoint, down for a time.
#[derive(Debug)]
pub(super) struct Outage {
    pub workspace: &'static str,
    pub webhook: &'static str,
    pub from_us: i64,
    pub until_us: i64,
}

impl Outage {
    /// The outages of the demo: one of Sunline's endpoints on the last day, the others at any time before.
    pub(super) fn plan(random: &mut Random, start_us: i64, end_us: i64) -> Vec<Outage> {
        let (airline, _) = WORKSPACES[1].webhooks[0];
        let from_us = end_us - 8 * HOUR - random.between(0, 90) * MINUTE;
        let last = Outage { workspace: WORKSPACES[1].id, webhook: airline, from_us, until_us: from_us + 55 * MINUTE };
        let mut outages = vec![last];
        for workspace in &WORKSPACES {
            let (webhook, _) = random.pick(workspace.webhooks);
            let from_us = random.between(start_us, (end_us - 2 * DAY).max(start_us));
            let until_us = from_us + random.between(20, 150) * MINUTE;
            outages.push(Outage { workspace: workspace.id, webhook, from_us, until_us });
        }
        outages
    }

    /// Whether it keeps this endpoint from answering at this time.
    pub(super) fn covers(&self, workspace: &Workspace, webhook: &str, at_us: i64) -> bool {
        self.workspace == workspace.id && self.webhook == webhook && (self.from_us..self.until_us).contains(&at_us)
    }
}
