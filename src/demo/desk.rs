//! Conversations in the inbox: routed, assigned, answered, transferred, closed; told in interaction logs and conversation logs alike.

use serde_json::{Value, json};

use super::activity;
use super::cast::{Person, Topic};
use super::row::{Conversation, Interaction};
use super::stage::{HOUR, MILLISECOND, MINUTE, SECOND, Stage};

/// A conversation of the inbox with whoever holds it at the moment.
pub(super) struct Desk {
    pub id: String,
    pub person: Person,
    pub interaction: String,
    pub channel: &'static str,
    pub queue: &'static str,
}

impl Desk {
    /// A step of the conversation in the interaction log.
    pub(super) fn step(&self, stage: &mut Stage<'_>, at: i64, event: &str, status: &str, by: &str, details: Value) {
        let workspace = stage.workspace;
        stage.tell(at, |_| Interaction {
            workspace: workspace.id,
            event,
            status,
            occurred_in: "conversation",
            object_name: Some(self.queue),
            performed_by: Some(by),
            person_id: Some(&self.person.id),
            interaction_id: Some(&self.interaction),
            conversation_id: Some(&self.id),
            details: Some(details),
            ..Interaction::default()
        });
    }

    /// A change of the conversation in the conversation log.
    pub(super) fn change(&self, stage: &mut Stage<'_>, at: i64, event: &str, by: &str, from: Option<&str>, to: Option<&str>) {
        let workspace = stage.workspace;
        stage.tell(at, |_| Conversation {
            workspace: workspace.id,
            conversation_id: &self.id,
            event,
            done_by: by,
            from,
            to,
            details: Some(json!({"channel": self.channel, "person_id": self.person.id})),
        });
    }

    fn message(&self, text: &str) -> Value {
        json!({"channel": self.channel, "text": text, "person": {"name": self.person.name, "phone": self.person.phone}})
    }
}

/// A person writes to the inbox directly.
pub(super) fn conversation(stage: &mut Stage<'_>, start_us: i64) {
    let person = stage.person();
    let topic = stage.random.pick(stage.workspace.topics);
    let channel = *stage.random.pick(&["WHATSAPP", "WHATSAPP", "LIVE_CHAT", "EMAIL", "SMS"]);
    let (id, interaction) = (stage.random.id("conv-"), stage.random.id("int-"));
    let (_, queue) = stage.workspace.queues[0];
    let desk = Desk { id, person, interaction, channel, queue };
    let text = *stage.random.pick(topic.asks);
    desk.step(stage, start_us, "inbox conversation opened", "success", "person", desk.message(text));
    desk.change(stage, start_us, "conversation opened", "System", None, Some("open"));
    handle(stage, desk, topic, start_us + 80 * MILLISECOND);
}

/// A conversation that has arrived in the inbox is routed, answered and closed.
pub(super) fn handle(stage: &mut Stage<'_>, mut desk: Desk, topic: &Topic, start_us: i64) {
    let mut at = start_us;
    let (_, queue) = *stage.random.pick(stage.workspace.queues);
    let (_, route) = *stage.random.pick(stage.workspace.routes);
    desk.queue = queue;
    desk.step(stage, at, "inbox conversation routed", "success", "platform", json!({"route": route, "queue": queue}));
    desk.change(stage, at + MILLISECOND, "conversation transferred", "System", None, Some(queue));
    if stage.random.chance(4) {
        // Nobody takes it; the person gives up.
        at += stage.random.between(20, 60) * MINUTE;
        desk.step(stage, at, "inbox reply overdue", "failure", "platform", json!({"promised_minutes": 15}));
        desk.change(stage, at, "first reply overdue", "System", Some("15 minutes"), None);
        at += stage.random.between(20, 30) * HOUR;
        desk.change(stage, at, "conversation expired", "System", Some("open"), Some("closed"));
        desk.step(stage, at, "inbox conversation closed", "success", "platform", json!({"reason": "no answer"}));
        return;
    }
    let mut agent = stage.agent();
    at += stage.random.mostly_low(5, 1_500) * SECOND;
    if stage.random.chance(12) {
        desk.change(stage, at, "conversation offered", "System", None, Some(&agent));
        at += 30 * SECOND;
        desk.change(stage, at, "conversation offer timed out", "System", Some(&agent), None);
        agent = stage.agent();
        at += stage.random.between(1, 40) * SECOND;
    }
    desk.change(stage, at, "conversation assigned", "System", None, Some(&agent));
    desk.step(stage, at, "inbox agent assigned", "success", "platform", json!({"agent": agent, "method": "least busy"}));
    talk(stage, &desk, topic, &agent, &mut at);
    if stage.random.chance(18) {
        agent = hand_on(stage, &mut desk, &agent, &mut at);
        talk(stage, &desk, topic, &agent, &mut at);
    }
    settle(stage, &desk, &agent, at);
}

/// Agent and person write to one another.
fn talk(stage: &mut Stage<'_>, desk: &Desk, topic: &Topic, agent: &str, at: &mut i64) {
    let turns = stage.random.between(1, 3);
    for turn in 0..turns {
        *at += stage.random.mostly_low(10, 600) * SECOND;
        let text = if turn + 1 == turns { topic.answer } else { "Thank you, let me look that up for you." };
        desk.step(stage, *at, "inbox reply sent", "success", agent, desk.message(text));
        if stage.random.chance(70) {
            *at += stage.random.mostly_low(8, 900) * SECOND;
            let text =
                *stage.random.pick(&["Thanks!", "Ok, thank you", "That does not help me", "Perfect", "How long will that take?"]);
            desk.step(stage, *at, "inbox message received", "success", "person", desk.message(text));
        }
    }
    if stage.random.chance(25) {
        *at += stage.random.between(5, 40) * SECOND;
        let (_, tag) = *stage.random.pick(stage.workspace.tags);
        desk.change(stage, *at, "tag added", agent, None, Some(tag));
    }
    if stage.random.chance(15) {
        *at += stage.random.between(5, 90) * SECOND;
        desk.change(stage, *at, "note added", agent, None, Some("Called back, will hear tomorrow"));
        desk.step(stage, *at, "inbox note added", "success", agent, json!({"text": "Called back, will hear tomorrow"}));
    }
}

/// The conversation goes to another queue and another agent.
fn hand_on(stage: &mut Stage<'_>, desk: &mut Desk, agent: &str, at: &mut i64) -> String {
    let (_, queue) = *stage.random.pick(stage.workspace.queues);
    let before = std::mem::replace(&mut desk.queue, queue);
    *at += stage.random.between(5, 60) * SECOND;
    desk.change(stage, *at, "conversation transferred", agent, Some(before), Some(queue));
    desk.step(stage, *at, "inbox conversation transferred", "success", agent, json!({"from": before, "to": queue}));
    if stage.random.chance(20) {
        desk.change(stage, *at + SECOND, "priority changed", agent, Some("normal"), Some("high"));
    }
    *at += stage.random.mostly_low(10, 1_200) * SECOND;
    let next = stage.agent();
    let event = if stage.random.chance(30) { "conversation taken over" } else { "conversation assigned" };
    desk.change(stage, *at, event, "System", Some(agent), Some(&next));
    desk.step(stage, *at, "inbox agent assigned", "success", "platform", json!({"agent": next, "method": "least busy"}));
    next
}

/// The conversation is closed, rated, and sometimes opened again.
fn settle(stage: &mut Stage<'_>, desk: &Desk, agent: &str, from: i64) {
    let mut at = from + stage.random.mostly_low(10, 3_600) * SECOND;
    desk.change(stage, at, "conversation solved", agent, Some("open"), Some("solved"));
    at += stage.random.between(1, 60) * MINUTE;
    desk.change(stage, at, "conversation closed", agent, Some("solved"), Some("closed"));
    desk.step(stage, at, "inbox conversation closed", "success", agent, json!({"reason": "solved"}));
    if stage.random.chance(30) {
        let payload = json!({"type": "conversation.closed", "data": {"kind": "conversation", "id": desk.id}});
        activity::delivery_of(stage, at + 300 * MILLISECOND, "conversation.closed", &payload, Some(&desk.person.id));
    }
    if stage.random.chance(40) {
        at += stage.random.between(1, 5) * MINUTE;
        desk.step(stage, at, "inbox survey sent", "in progress", "platform", json!({"survey": "csat-2"}));
        if stage.random.chance(45) {
            at += stage.random.mostly_low(1, 600) * MINUTE;
            let score = 5 - stage.random.mostly_low(0, 4);
            desk.change(stage, at, "survey answered", "person", None, Some(&score.to_string()));
            desk.step(stage, at, "inbox survey answered", "success", "person", json!({"survey": "csat-2", "score": score}));
        }
    }
    if stage.random.chance(5) {
        at += stage.random.between(1, 40) * HOUR;
        desk.change(stage, at, "conversation reopened", "System", Some("closed"), Some("open"));
        desk.step(stage, at, "inbox conversation reopened", "success", "person", desk.message("It has happened again"));
        at += stage.random.between(5, 300) * MINUTE;
        desk.change(stage, at, "conversation closed", agent, Some("open"), Some("closed"));
        desk.step(stage, at, "inbox conversation closed", "success", agent, json!({"reason": "solved"}));
    }
}
