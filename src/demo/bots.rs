//! Conversations with chatbots and AI agents: their steps, the lines of their consoles, and what the bot platform reports of them.

use serde_json::{Value, json};

use super::cast::{Bot, Person, Topic};
use super::desk::{Desk, handle};
use super::row::{Console, Event, Interaction};
use super::stage::{MILLISECOND, MINUTE, SECOND, Stage};

/// A session of a person with a bot.
struct Session {
    bot: &'static Bot,
    occurred_in: &'static str,
    environment: &'static str,
    person: Person,
    conversation: String,
    interaction: String,
    topic: &'static Topic,
}

impl Session {
    fn begin(stage: &mut Stage<'_>, bot: &'static Bot, occurred_in: &'static str, environment: &'static str) -> Session {
        Session {
            bot,
            occurred_in,
            environment,
            person: stage.person(),
            conversation: stage.random.id("conv-"),
            interaction: stage.random.id("int-"),
            topic: stage.random.pick(stage.workspace.topics),
        }
    }

    /// A step in the interaction log.
    fn step(&self, stage: &mut Stage<'_>, at: i64, event: &str, status: &str, element: &str, details: Value) {
        let workspace = stage.workspace;
        let by = if event.ends_with("received") || event == "button pressed" { "person" } else { self.bot.name };
        stage.tell(at, |_| Interaction {
            workspace: workspace.id,
            event,
            status,
            occurred_in: self.occurred_in,
            object_name: Some(self.bot.name),
            version_id: Some(self.bot.version),
            element: Some(element),
            performed_by: Some(by),
            person_id: Some(&self.person.id),
            interaction_id: Some(&self.interaction),
            conversation_id: Some(&self.conversation),
            details: Some(details),
        });
    }

    /// A line of the console.
    fn line(&self, stage: &mut Stage<'_>, at: i64, (node, event, level): (&str, &str, &str), line: &str, payload: Value) {
        let workspace = stage.workspace;
        stage.tell(at, |_| Console {
            workspace: workspace.id,
            environment: self.environment,
            conversation_id: &self.conversation,
            bot_id: self.bot.id,
            flow: Some(self.topic.flow),
            node: Some(node),
            event,
            level,
            line: line.to_owned(),
            payload: Some(payload),
        });
    }

    /// An event of the bot platform.
    fn report(&self, stage: &mut Stage<'_>, at: i64, kind: &str, dataset: Option<&str>, skillset: Option<&str>, metadata: Value) {
        let workspace = stage.workspace;
        stage.tell(at, |_| Event {
            workspace: workspace.id,
            kind,
            bot_id: Some(self.bot.id),
            conversation_id: Some(&self.conversation),
            dataset_id: dataset,
            skillset_id: skillset,
            metadata: Some(metadata),
            ..Event::default()
        });
    }

    /// The inbox takes the conversation over.
    fn hand_over(self, stage: &mut Stage<'_>, at: i64) {
        let (_, queue) = stage.workspace.queues[0];
        let desk = Desk { id: self.conversation, person: self.person, interaction: self.interaction, channel: "LIVE_CHAT", queue };
        desk.change(stage, at, "conversation opened", "System", None, Some("open"));
        desk.change(stage, at + MILLISECOND, "bot handed over", self.bot.name, Some(self.bot.name), Some(queue));
        desk.step(stage, at, "inbox conversation opened", "success", "platform", json!({"from": self.bot.name}));
        handle(stage, desk, self.topic, at + 50 * MILLISECOND);
    }
}

/// A person talks to the chatbot of the workspace.
pub(super) fn chatbot(stage: &mut Stage<'_>, start_us: i64) {
    let session = Session::begin(stage, &stage.workspace.chatbot, "chatbot", "production");
    let mut at = start_us;
    session.step(stage, at, "chatbot session started", "success", "welcome", json!({"channel": "LIVE_CHAT"}));
    session.line(stage, at, ("welcome", "conversation started", "info"), "conversation started", json!({"channel": "LIVE_CHAT"}));
    if !understand(stage, &session, &mut at) {
        give_up(stage, session, at);
        return;
    }
    at += stage.random.mostly_low(20, 400) * MILLISECOND;
    session.step(stage, at, "dialog entered", "success", session.topic.flow, json!({"dialog": session.topic.flow}));
    session.line(stage, at, ("ask-number", "flow entered", "info"), "entered flow", json!({"flow": session.topic.flow}));
    ask_number(stage, &session, &mut at);
    if !look_up(stage, &session, &mut at) {
        give_up(stage, session, at);
        return;
    }
    at += stage.random.mostly_low(50, 700) * MILLISECOND;
    session.step(stage, at, "chatbot reply sent", "success", "show-result", json!({"text": session.topic.answer}));
    session.line(stage, at, ("show-result", "message sent", "info"), session.topic.answer, json!({"buttons": ["Thanks", "Agent"]}));
    at += stage.random.mostly_low(4, 240) * SECOND;
    if stage.random.chance(20) {
        session.step(stage, at, "button pressed", "success", "show-result", json!({"button": "Agent"}));
        give_up(stage, session, at);
        return;
    }
    let event = if stage.random.chance(12) { "chatbot session expired" } else { "chatbot session ended" };
    session.step(stage, at, event, "success", "goodbye", json!({"solved": true}));
    session.line(stage, at, ("goodbye", "conversation ended", "info"), "conversation ended", json!({"solved": true}));
}

/// The person says what it is about; the bot understands, or asks once more, or does not understand.
fn understand(stage: &mut Stage<'_>, session: &Session, at: &mut i64) -> bool {
    for attempt in 1..=2 {
        *at += stage.random.mostly_low(3, 60) * SECOND;
        let text = *stage.random.pick(session.topic.asks);
        session.step(stage, *at, "chatbot message received", "success", "welcome", json!({"text": text}));
        session.line(stage, *at, ("welcome", "message received", "info"), text, json!({"attempt": attempt}));
        *at += stage.random.between(40, 300) * MILLISECOND;
        let confidence = f64::from(u8::try_from(stage.random.between(35, 99)).unwrap_or(99)) / 100.0;
        let details = json!({"intent": session.topic.intent, "confidence": confidence});
        if confidence >= 0.5 {
            session.step(stage, *at, "intent recognised", "success", "classify", details.clone());
            let line = format!("intent: {}", session.topic.intent);
            session.line(stage, *at, ("classify", "intent recognised", "debug"), &line, details);
            return true;
        }
        session.step(stage, *at, "intent not recognised", "failure", "classify", details.clone());
        session.line(stage, *at, ("classify", "intent not recognised", "warning"), "no intent above 0.5", details);
    }
    *at += 20 * MILLISECOND;
    session.step(stage, *at, "fallback reached", "success", "fallback", json!({"attempts": 2}));
    false
}

fn ask_number(stage: &mut Stage<'_>, session: &Session, at: &mut i64) {
    session.step(stage, *at, "chatbot reply sent", "success", "ask-number", json!({"text": "What is your number, please?"}));
    *at += stage.random.mostly_low(5, 90) * SECOND;
    if stage.random.chance(14) {
        session.step(
            stage,
            *at,
            "answer rejected",
            "failure",
            "ask-number",
            json!({"text": "I do not have it", "expected": "number"}),
        );
        session.line(stage, *at, ("ask-number", "line logged", "warning"), "answer is not a number", json!({"attempt": 1}));
        *at += stage.random.mostly_low(5, 90) * SECOND;
    }
    let number = stage.random.between(10_000, 99_999);
    session.step(stage, *at, "answer captured", "success", "ask-number", json!({"attribute": "number", "value": number}));
    session.line(stage, *at, ("ask-number", "variable set", "debug"), &format!("number = {number}"), json!({"number": number}));
}

/// The bot asks another system, twice if need be.
fn look_up(stage: &mut Stage<'_>, session: &Session, at: &mut i64) -> bool {
    let url = "https://api.shop.example/v1/lookup";
    for attempt in 1..=2 {
        let event = if attempt == 1 { "chatbot API call sent" } else { "chatbot API call retried" };
        session.step(stage, *at, event, "in progress", "look-up", json!({"method": "GET", "url": url, "attempt": attempt}));
        session.line(stage, *at, ("look-up", "request sent", "debug"), &format!("GET {url}"), json!({"attempt": attempt}));
        let failed = stage.random.chance(8);
        let latency = if failed { stage.random.between(2_000, 8_000) } else { stage.random.mostly_low(60, 2_400) };
        *at += latency * MILLISECOND;
        if !failed {
            let details = json!({"status": 200, "latency_ms": latency});
            session.step(stage, *at, "chatbot API call answered", "success", "look-up", details.clone());
            session.line(stage, *at, ("look-up", "request answered", "debug"), &format!("200 in {latency} ms"), details);
            return true;
        }
        let error = json!({"error": {"code": "UPSTREAM_ERROR", "message": "Bad gateway"}, "status": 502, "latency_ms": latency});
        session.step(stage, *at, "chatbot API call failed", "failure", "look-up", error.clone());
        session.line(stage, *at, ("look-up", "request failed", "error"), "502 Bad Gateway", error);
        *at += SECOND;
    }
    false
}

/// The chatbot asks for an agent; mostly one takes over.
fn give_up(stage: &mut Stage<'_>, session: Session, from: i64) {
    let mut at = from + stage.random.between(50, 400) * MILLISECOND;
    session.step(stage, at, "chatbot handover requested", "in progress", "offer-agent", json!({"reason": "asked for a person"}));
    session.line(stage, at, ("offer-agent", "handover requested", "info"), "asking for an agent", json!({}));
    at += stage.random.mostly_low(1, 30) * SECOND;
    let taken = stage.random.chance(88);
    let (event, status) = if taken { ("chatbot handover accepted", "success") } else { ("chatbot handover failed", "failure") };
    session.step(stage, at, event, status, "offer-agent", json!({"waited_ms": 1_000}));
    session.line(stage, at, ("offer-agent", "conversation ended", "info"), "conversation ended", json!({"handed_over": taken}));
    if taken {
        session.hand_over(stage, at + MILLISECOND);
    } else {
        session.step(stage, at + MILLISECOND, "chatbot session ended", "failure", "goodbye", json!({"solved": false}));
    }
}

/// A person talks to the AI agent of the workspace.
pub(super) fn assistant(stage: &mut Stage<'_>, start_us: i64) {
    let session = Session::begin(stage, &stage.workspace.assistant, "AI agent", "production");
    let (dataset, skillset) = (format!("ds-{}-help", stage.workspace.id), format!("sk-{}-orders", stage.workspace.id));
    let mut at = start_us;
    session.step(stage, at, "AI agent started", "success", "session", json!({"channel": "WHATSAPP"}));
    session.report(stage, at, "conversation.created", None, None, json!({"channel": {"kind": "WHATSAPP", "locale": "en-GB"}}));
    let turns = stage.random.between(1, 3);
    for turn in 1..=turns {
        at += stage.random.mostly_low(4, 120) * SECOND;
        let text = *stage.random.pick(session.topic.asks);
        session.step(stage, at, "AI agent message received", "success", "session", json!({"text": text, "turn": turn}));
        session.report(
            stage,
            at,
            "conversation.message_received",
            None,
            None,
            json!({"message": {"length": text.len()}, "turn": turn}),
        );
        search(stage, &session, &dataset, &mut at);
        if stage.random.chance(55) {
            use_tool(stage, &session, &skillset, &mut at);
        }
        if !complete(stage, &session, &mut at) {
            session.step(stage, at, "AI agent failed", "failure", "session", json!({"error": {"code": "MODEL_UNAVAILABLE"}}));
            session.report(stage, at, "conversation.closed", None, None, json!({"reason": "failed"}));
            return;
        }
        session.step(stage, at, "AI agent reply sent", "success", "session", json!({"text": session.topic.answer, "turn": turn}));
        session.report(
            stage,
            at,
            "conversation.message_sent",
            None,
            None,
            json!({"message": {"length": session.topic.answer.len()}}),
        );
    }
    at += stage.random.mostly_low(10, 600) * SECOND;
    if stage.random.chance(22) {
        session.step(stage, at, "AI agent handover requested", "in progress", "session", json!({"reason": "confidence too low"}));
        session.report(
            stage,
            at,
            "conversation.escalated",
            None,
            None,
            json!({"reason": {"code": "low_confidence", "score": 0.41}}),
        );
        at += stage.random.mostly_low(1, 40) * SECOND;
        session.step(stage, at, "AI agent handover accepted", "success", "session", json!({}));
        session.hand_over(stage, at + MILLISECOND);
        return;
    }
    let event = if stage.random.chance(20) { "AI agent timed out" } else { "AI agent ended" };
    session.step(stage, at, event, "success", "session", json!({"turns": turns}));
    session.report(stage, at, "conversation.closed", None, None, json!({"reason": "done", "turns": turns}));
}

fn search(stage: &mut Stage<'_>, session: &Session, dataset: &str, at: &mut i64) {
    *at += stage.random.between(20, 90) * MILLISECOND;
    session.step(stage, *at, "knowledge searched", "in progress", "knowledge", json!({"query": session.topic.intent}));
    *at += stage.random.mostly_low(30, 600) * MILLISECOND;
    let hits = stage.random.between(0, 6);
    let (event, status) = if hits > 0 { ("knowledge found", "success") } else { ("knowledge not found", "failure") };
    session.step(stage, *at, event, status, "knowledge", json!({"passages": hits}));
    let metadata = json!({"search": {"query": session.topic.intent, "hits": hits, "top": {"score": 0.4 + 0.1 * hits as f64}}});
    session.report(stage, *at, "dataset.searched", Some(dataset), None, metadata);
}

fn use_tool(stage: &mut Stage<'_>, session: &Session, skillset: &str, at: &mut i64) {
    for attempt in 1..=2 {
        let event = if attempt == 1 { "tool called" } else { "tool call retried" };
        session.step(stage, *at, event, "in progress", "look-up-order", json!({"tool": "look-up-order", "attempt": attempt}));
        let failed = stage.random.chance(7);
        *at += stage.random.mostly_low(80, 3_000) * MILLISECOND;
        let metadata = json!({"ability": {"name": "look-up-order", "attempt": attempt, "ok": !failed}});
        if !failed {
            session.step(stage, *at, "tool answered", "success", "look-up-order", json!({"tool": "look-up-order"}));
            session.report(stage, *at, "skillset.ability_called", None, Some(skillset), metadata);
            return;
        }
        let error = json!({"error": {"code": "TOOL_TIMEOUT", "message": "No answer within three seconds"}});
        session.step(stage, *at, "tool failed", "failure", "look-up-order", error);
        session.report(stage, *at, "skillset.ability_failed", None, Some(skillset), metadata);
        *at += 200 * MILLISECOND;
    }
}

/// The language model answers, at the second or third attempt if it is busy.
fn complete(stage: &mut Stage<'_>, session: &Session, at: &mut i64) -> bool {
    for attempt in 1..=3 {
        let event = if attempt == 1 { "model called" } else { "model call retried" };
        let prompt = stage.random.between(600, 6_000);
        session.step(
            stage,
            *at,
            event,
            "in progress",
            "model",
            json!({"model": "large-2", "prompt_tokens": prompt, "attempt": attempt}),
        );
        *at += stage.random.mostly_low(400, 9_000) * MILLISECOND;
        if !stage.random.chance(5) {
            let answer = stage.random.between(20, 400);
            let usage = json!({"model": "large-2", "usage": {"prompt_tokens": prompt, "completion_tokens": answer}});
            session.step(stage, *at, "model answered", "success", "model", usage.clone());
            session.report(stage, *at, "bot.completion", None, None, usage);
            return true;
        }
        let error = json!({"error": {"code": "MODEL_OVERLOADED", "message": "Too many requests"}, "attempt": attempt});
        session.step(stage, *at, "model throttled", "failure", "model", error.clone());
        session.report(stage, *at, "bot.completion_failed", None, None, error);
        *at += stage.random.between(1, 4) * SECOND;
    }
    false
}

/// Somebody tries the chatbot out in the sandbox or in staging, where code still fails.
pub(super) fn trial(stage: &mut Stage<'_>, start_us: i64) {
    let environment = if stage.random.chance(65) { "sandbox" } else { "staging" };
    let session = Session::begin(stage, &stage.workspace.chatbot, "chatbot", environment);
    let tester = stage.agent();
    let mut at = start_us;
    session.line(stage, at, ("welcome", "conversation started", "info"), "conversation started", json!({"tester": tester}));
    let rounds = stage.random.between(1, 4);
    for round in 1..=rounds {
        at += stage.random.mostly_low(2, 40) * SECOND;
        let text = *stage.random.pick(session.topic.asks);
        session.line(stage, at, ("welcome", "message received", "info"), text, json!({"round": round}));
        at += stage.random.between(20, 200) * MILLISECOND;
        session.line(stage, at, ("classify", "node entered", "debug"), "entered node classify", json!({"round": round}));
        let sure = stage.random.between(40, 99);
        let line = format!("is confidence {sure} above 50?");
        session.line(stage, at, ("classify", "condition evaluated", "debug"), &line, json!({"confidence": sure}));
        at += stage.random.between(5, 80) * MILLISECOND;
        if stage.random.chance(if environment == "sandbox" { 30 } else { 8 }) {
            let payload = json!({"error": {"name": "TypeError", "message": "order is undefined", "at": "format-result.js:14:9"}});
            session.line(stage, at, ("format-result", "code failed", "error"), "TypeError: order is undefined", payload);
            continue;
        }
        let payload = json!({"text": session.topic.answer});
        session.line(stage, at, ("show-result", "message sent", "info"), session.topic.answer, payload);
    }
    at += stage.random.between(1, 10) * MINUTE;
    if stage.random.chance(30) {
        session.line(stage, at, ("show-result", "node timed out", "warning"), "no answer for ten minutes", json!({}));
        at += MILLISECOND;
    }
    session.line(stage, at, ("goodbye", "conversation ended", "info"), "conversation ended", json!({"rounds": rounds}));
}
