//! LISTEN, UNLISTEN and NOTIFY of a session: what they ask for happens at COMMIT.

use super::{Outcome, Session, done};
use crate::error::Result;
use crate::query::notify::{self, Change, Ear};
use crate::query::parse::Channel;

impl Session {
    pub(super) fn channel(&mut self, channel: &Channel) -> Result<Outcome> {
        self.open_transaction();
        match channel {
            Channel::Listen(name) => {
                notify::permit(name, &self.identity, &self.rights())?;
                let change = Change::Listen(name.clone());
                let exchange = self.effects.exchange.clone();
                exchange.admit(&self.ear(), self.effects.pending().changes(), &change)?;
                self.effects.change(change);
                done("LISTEN")
            }
            Channel::Unlisten(name) => {
                self.effects.change(name.clone().map_or(Change::UnlistenAll, Change::Unlisten));
                done("UNLISTEN")
            }
            Channel::Notify { channel, payload } => {
                self.effects.notify(channel, payload)?;
                done("NOTIFY")
            }
        }
    }

    /// Who listens when this session does.
    pub(super) fn ear(&self) -> Ear<'_> {
        let most = self.settings.limits_in_force().subscriptions;
        Ear { pid: self.effects.pid, inbox: &self.effects.inbox, role: self.login.role, most }
    }
}
