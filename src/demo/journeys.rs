//! Passages of people through journeys: a dozen steps over days, with messages that do not arrive and calls that fail and are retried.

use serde_json::{Value, json};

use super::activity;
use super::cast::{Element, Journey, Person};
use super::row::Interaction;
use super::stage::{HOUR, MILLISECOND, MINUTE, SECOND, Stage};

/// What a step knows of the passage it belongs to.
struct Passage {
    journey: &'static Journey,
    person: Person,
    id: String,
}

/// Whether the passage goes on after an element.
#[derive(PartialEq, Eq)]
enum After {
    GoesOn,
    Ends,
}

/// A person goes through a journey of the workspace.
pub(super) fn passage(stage: &mut Stage<'_>, start_us: i64) {
    let journey = stage.random.pick(stage.workspace.journeys);
    passage_of(stage, journey, start_us);
}

/// A person goes through this journey.
pub(super) fn passage_of(stage: &mut Stage<'_>, journey: &'static Journey, start_us: i64) {
    let passage = Passage { journey, person: stage.person(), id: stage.random.id("int-") };
    let mut at = start_us;
    if stage.random.chance(2) {
        step(stage, &passage, at, "journey entry refused", "failure", None, json!({"reason": "entered in the last 30 days"}));
        return;
    }
    step(stage, &passage, at, "journey entered", "success", None, json!({"trigger": "segment", "segment": "due"}));
    for element in journey.elements {
        at += stage.random.mostly_low(20, 4_000) * MILLISECOND;
        let after = match element {
            Element::Condition { element, question, yes_percent } => {
                let yes = stage.random.chance(*yes_percent);
                let details = json!({"question": question, "answer": yes, "branch": if yes { "yes" } else { "no" }});
                step(stage, &passage, at, "condition evaluated", "success", Some(element), details);
                if yes {
                    After::GoesOn
                } else {
                    step(
                        stage,
                        &passage,
                        at + 5 * MILLISECOND,
                        "exit rule met",
                        "success",
                        Some(element),
                        json!({"rule": question}),
                    );
                    After::Ends
                }
            }
            Element::Split { element } => {
                let group = *stage.random.pick(&["A", "B", "control"]);
                step(stage, &passage, at, "split assigned", "success", Some(element), json!({"group": group}));
                After::GoesOn
            }
            Element::Attribute { element, name, value } => {
                let details = json!({"attribute": name, "before": null, "after": value});
                step(stage, &passage, at, "person attribute updated", "success", Some(element), details);
                After::GoesOn
            }
            Element::Wait { element, hours } => wait(stage, &passage, element, *hours, &mut at),
            Element::Send { element, channel, text } => send(stage, &passage, element, channel, text, &mut at),
            Element::Call { element, url } => call(stage, &passage, element, url, &mut at),
        };
        if after == After::Ends {
            return;
        }
    }
    at += stage.random.between(5, 400) * MILLISECOND;
    if stage.random.chance(35) {
        step(stage, &passage, at, "goal reached", "success", None, json!({"goal": "converted"}));
        at += MILLISECOND;
    }
    step(stage, &passage, at, "journey completed", "success", None, json!({"elements": journey.elements.len()}));
}

fn step(stage: &mut Stage<'_>, passage: &Passage, at: i64, event: &str, status: &str, element: Option<&str>, details: Value) {
    let workspace = stage.workspace;
    stage.tell(at, |_| Interaction {
        workspace: workspace.id,
        event,
        status,
        occurred_in: "journey",
        object_name: Some(passage.journey.name),
        version_id: Some(passage.journey.version),
        element,
        performed_by: Some("platform"),
        person_id: Some(&passage.person.id),
        interaction_id: Some(&passage.id),
        conversation_id: None,
        details: Some(details),
    });
}

fn wait(stage: &mut Stage<'_>, passage: &Passage, element: &str, hours: i64, at: &mut i64) -> After {
    step(stage, passage, *at, "wait started", "in progress", Some(element), json!({"hours": hours}));
    *at += hours * HOUR + stage.random.mostly_low(0, 90) * SECOND;
    if stage.random.chance(6) {
        *at += stage.random.between(1, 9) * HOUR;
        step(stage, passage, *at, "quiet hours observed", "in progress", Some(element), json!({"until": "09:00"}));
        *at += MINUTE;
    }
    step(stage, passage, *at, "wait ended", "success", Some(element), json!({"hours": hours}));
    After::GoesOn
}

/// A message with what becomes of it. A passage goes on whether it arrives or not; the last resort is another channel.
fn send(stage: &mut Stage<'_>, passage: &Passage, element: &str, channel: &str, text: &str, at: &mut i64) -> After {
    let message = stage.random.id("msg-");
    let usual = stage.workspace.sender;
    let sender = stage.world.incident.as_ref().and_then(|incident| incident.sender(passage.journey, *at)).unwrap_or(usual);
    let to = if channel == "EMAIL" { &passage.person.email } else { &passage.person.phone };
    let details = |attempt: u64| {
        json!({"channel": channel, "sender": sender, "to": to, "text": text, "message_id": message, "attempt": attempt,
               "person": {"name": passage.person.name}})
    };
    step(stage, passage, *at, "message accepted", "in progress", Some(element), details(1));
    let refused = channel == "SMS" && sender != usual && stage.random.chance(92);
    for attempt in 1..=3 {
        *at += stage.random.mostly_low(30, 2_500) * MILLISECOND;
        if refused {
            let error =
                json!({"code": "SENDER_NOT_REGISTERED", "message": format!("Sender {sender} is not registered with the operator")});
            step(stage, passage, *at, "message rejected", "failure", Some(element), with(details(attempt), "error", error));
        } else {
            step(stage, passage, *at, "message sent", "in progress", Some(element), details(attempt));
            *at += stage.random.mostly_low(400, 45_000) * MILLISECOND;
            if !stage.random.chance(5) {
                delivered(stage, passage, element, details(attempt), at);
                return After::GoesOn;
            }
            let (code, message) = *stage.random.pick(&[
                ("ABSENT_SUBSCRIBER", "The handset was switched off or out of reach"),
                ("OPERATOR_TIMEOUT", "The operator did not answer in time"),
                ("BLOCKED_BY_RECIPIENT", "The recipient does not take messages from this sender"),
                ("RATE_LIMITED", "The channel asked to send more slowly"),
            ]);
            let error = json!({"code": code, "message": message});
            step(stage, passage, *at, "message undelivered", "failure", Some(element), with(details(attempt), "error", error));
        }
        if attempt < 3 {
            *at += stage.random.between(2, 10) * MINUTE;
            step(stage, passage, *at, "message retried", "in progress", Some(element), details(attempt + 1));
        }
    }
    *at += SECOND;
    step(
        stage,
        passage,
        *at,
        "element failed",
        "failure",
        Some(element),
        json!({"reason": "no attempt was delivered", "attempts": 3}),
    );
    if channel == "SMS" && !refused {
        *at += SECOND;
        let details = json!({"from": channel, "to": "EMAIL", "message_id": message});
        step(stage, passage, *at, "message failed over", "success", Some(element), details);
    }
    After::GoesOn
}

fn delivered(stage: &mut Stage<'_>, passage: &Passage, element: &str, details: Value, at: &mut i64) {
    let message = details["message_id"].clone();
    step(stage, passage, *at, "message delivered", "success", Some(element), details);
    if stage.random.chance(9) {
        let payload = json!({"message_id": message, "status": "DELIVERED", "person_id": passage.person.id});
        activity::delivery_of(stage, *at + 200 * MILLISECOND, "message.delivered", &payload, Some(&passage.person.id));
    }
    let mut later = *at;
    for (event, percent) in [("message read", 55), ("message link clicked", 22), ("opt-out received", 1)] {
        if !stage.random.chance(percent) {
            return;
        }
        later += stage.random.mostly_low(5, 5_400) * SECOND;
        step(stage, passage, later, event, "success", Some(element), json!({"message_id": message}));
    }
}

/// A call to another system: tried three times before the passage is given up.
fn call(stage: &mut Stage<'_>, passage: &Passage, element: &str, url: &str, at: &mut i64) -> After {
    for attempt in 1..=3 {
        let event = if attempt == 1 { "HTTP request sent" } else { "HTTP request retried" };
        let request = json!({"method": "POST", "url": url, "body": {"person_id": passage.person.id, "interaction_id": passage.id}});
        step(stage, passage, *at, event, "in progress", Some(element), json!({"request": request, "attempt": attempt}));
        if stage.random.chance(1) {
            // The worker is lost and nobody notices: one of those that `stuck_interactions` shows.
            return After::Ends;
        }
        let failed = stage.random.chance(if attempt == 1 { 6 } else { 35 });
        let latency = if failed { stage.random.between(900, 10_000) } else { stage.random.mostly_low(40, 1_800) };
        *at += latency * MILLISECOND;
        if !failed {
            let response = json!({"status": 200, "latency_ms": latency, "body": {"ok": true}});
            step(
                stage,
                passage,
                *at,
                "HTTP request answered",
                "success",
                Some(element),
                json!({"response": response, "attempt": attempt}),
            );
            return After::GoesOn;
        }
        let (status, code, message) = *stage.random.pick(&[
            (Some(503), "UPSTREAM_UNAVAILABLE", "Service unavailable"),
            (Some(500), "UPSTREAM_ERROR", "Internal server error"),
            (None, "UPSTREAM_TIMEOUT", "No answer within ten seconds"),
        ]);
        let details = json!({"response": {"status": status, "latency_ms": latency}, "attempt": attempt,
                             "error": {"code": code, "message": message}});
        step(stage, passage, *at, "HTTP request failed", "failure", Some(element), details);
        *at += stage.random.between(20, 60) * SECOND * attempt;
    }
    step(stage, passage, *at, "element failed", "failure", Some(element), json!({"reason": "three attempts failed"}));
    step(stage, passage, *at + MILLISECOND, "journey failed", "failure", Some(element), json!({"reason": "an element failed"}));
    After::Ends
}

/// The object with one more member.
fn with(mut object: Value, key: &str, value: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert(key.to_owned(), value);
    }
    object
}
