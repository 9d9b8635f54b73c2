//! What is asked of the platform and what it does by itself: API calls, user actions, system events and webhook deliveries.

use serde_json::{Value, json};

use super::cast::Client;
use super::random::Random;
use super::row::Activity;
use super::stage::{HOUR, MILLISECOND, MINUTE, SECOND, Stage};

/// An operation of the API: event, method, path, module, kind of resource, how often.
pub(super) struct Operation {
    pub event: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub module: &'static str,
    pub resource: &'static str,
    pub weight: u64,
}

pub(super) const fn operation(
    event: &'static str,
    method: &'static str,
    path: &'static str,
    module: &'static str,
    resource: &'static str,
    weight: u64,
) -> Operation {
    Operation { event, method, path, module, resource, weight }
}

/// What the programs of a workspace call day by day.
const OPERATIONS: [Operation; 24] = [
    operation("send message", "POST", "/v2/messages", "channels", "message", 30),
    operation("get message status", "GET", "/v2/messages/{id}", "channels", "message", 18),
    operation("get contact", "GET", "/v2/contacts/{id}", "contacts", "contact", 16),
    operation("update contact", "PATCH", "/v2/contacts/{id}", "contacts", "contact", 12),
    operation("list contacts", "GET", "/v2/contacts?limit=100", "contacts", "contact list", 8),
    operation("create contact", "POST", "/v2/contacts", "contacts", "contact", 7),
    operation("trigger journey", "POST", "/v2/journeys/{id}/entries", "campaigns", "journey", 7),
    operation("list conversations", "GET", "/v2/conversations?status=open", "inbox", "conversation list", 6),
    operation("get conversation", "GET", "/v2/conversations/{id}", "inbox", "conversation", 5),
    operation("reply to conversation", "POST", "/v2/conversations/{id}/messages", "inbox", "conversation", 4),
    operation("list segments", "GET", "/v2/segments", "contacts", "segment list", 3),
    operation("list campaigns", "GET", "/v2/campaigns", "campaigns", "campaign list", 3),
    operation("get campaign report", "GET", "/v2/campaigns/{id}/report", "campaigns", "campaign", 3),
    operation("list channels", "GET", "/v2/channels", "channels", "channel list", 2),
    operation("list senders", "GET", "/v2/senders", "channels", "sender list", 2),
    operation("list queues", "GET", "/v2/queues", "inbox", "queue list", 2),
    operation("list agents", "GET", "/v2/agents", "inbox", "agent list", 2),
    operation("assign conversation", "PUT", "/v2/conversations/{id}/agent", "inbox", "conversation", 2),
    operation("close conversation", "POST", "/v2/conversations/{id}/close", "inbox", "conversation", 2),
    operation("import contacts", "POST", "/v2/contacts/imports", "contacts", "import", 1),
    operation("delete contact", "DELETE", "/v2/contacts/{id}", "contacts", "contact", 1),
    operation("create campaign", "POST", "/v2/campaigns", "campaigns", "campaign", 1),
    operation("list templates", "GET", "/v2/templates", "campaigns", "template list", 1),
    operation("get account", "GET", "/v2/account", "settings", "account", 1),
];

/// A call as the log keeps it; what differs from call to call.
pub(super) struct Call<'a> {
    pub client: &'a Client,
    pub owner: &'a str,
    pub operation: &'a Operation,
    pub resource_id: &'a str,
    pub conversation_id: Option<&'a str>,
    pub person_id: Option<&'a str>,
    pub status: i64,
    pub latency_tenths: i64,
    pub request: Value,
    pub response: Value,
}

/// A program of the workspace calls the API; what the platform could not answer is asked again.
pub(super) fn api_call(stage: &mut Stage<'_>, start_us: i64) {
    let workspace = stage.workspace;
    let client = stage.random.pick(workspace.clients);
    let operation = &OPERATIONS[stage.random.weighted(OPERATIONS.iter().map(|operation| operation.weight))];
    let (resource_id, person_id) = resource(stage, operation.resource);
    let owner = workspace.email(client.owner);
    let mut at = start_us;
    for _attempt in 1..=3 {
        let status = match stage.random.below(1000) {
            0..=5 => 500,
            6..=9 => 503,
            10..=19 => 429,
            20..=31 => 404,
            32..=39 => 422,
            40..=42 => 403,
            _ if operation.method == "POST" => 201,
            _ => 200,
        };
        let slowest = if status >= 500 || stage.random.chance(2) { 90_000 } else { 6_000 };
        let latency_tenths = stage.random.mostly_low(80, slowest);
        let (request, response) = (json!({"id": resource_id}), answer(status, operation, &resource_id));
        let call = Call {
            client,
            owner: &owner,
            operation,
            resource_id: &resource_id,
            conversation_id: None,
            person_id: person_id.as_deref(),
            status,
            latency_tenths,
            request,
            response,
        };
        tell_call(stage, at, call);
        if !matches!(status, 429 | 500 | 503) {
            return;
        }
        at += latency_tenths * MILLISECOND / 10 + stage.random.between(1, 30) * SECOND;
    }
}

/// The id of something of this kind that is touched, and of the person that it is, where it is one.
fn resource(stage: &mut Stage<'_>, kind: &str) -> (String, Option<String>) {
    if kind == "contact" {
        let person = stage.person();
        (person.id.clone(), Some(person.id))
    } else {
        (stage.random.id(&format!("{}-", kind[..1].to_lowercase())), None)
    }
}

fn answer(status: i64, operation: &Operation, resource_id: &str) -> Value {
    match status {
        403 => json!({"error": {"code": "FORBIDDEN", "message": format!("The key may not {}", operation.event)}}),
        404 => json!({"error": {"code": "NOT_FOUND", "message": format!("No such {}: {resource_id}", operation.resource)}}),
        422 => json!({"error": {"code": "INVALID_ARGUMENT", "message": "phone: not a telephone number"}}),
        429 => json!({"error": {"code": "TOO_MANY_REQUESTS", "message": "Try again later"}}),
        500 | 503 => json!({"error": {"code": "INTERNAL", "message": "Something went wrong on our side"}}),
        _ => json!({"id": resource_id, "ok": true}),
    }
}

/// Writes a call into the activity log.
pub(super) fn tell_call(stage: &mut Stage<'_>, at: i64, call: Call<'_>) {
    let workspace = stage.workspace;
    let url = call.operation.path.replace("{id}", call.resource_id);
    stage.tell(at, |random| {
        let outcome = match call.status {
            401 | 403 => "denied",
            200..=399 => "success",
            _ => "failure",
        };
        let request_id = random.id("req-");
        let details = json!({
            "api_key_id": call.client.key,
            "request": {
                "headers": {
                    "authorization": format!("Bearer {}.{}", call.client.key, random.id("secret")),
                    "user-agent": call.client.agent,
                    "content-type": "application/json",
                    "x-request-id": request_id,
                },
                "body": call.request,
            },
            "response": {"headers": {"content-type": "application/json", "x-request-id": request_id}, "body": call.response},
        });
        Activity {
            workspace: workspace.id,
            kind: "API call",
            event: call.operation.event,
            actor: call.owner,
            module: call.operation.module,
            outcome,
            summary: format!("{} {url} answered {}", call.operation.method, call.status),
            resource_kind: Some(call.operation.resource),
            resource_id: Some(call.resource_id),
            conversation_id: call.conversation_id,
            person_id: call.person_id,
            client_address: Some(call.client.address),
            method: Some(call.operation.method),
            url: Some(&url),
            status_code: Some(call.status),
            latency_tenths: Some(call.latency_tenths),
            details: Some(details),
            ..Activity::default()
        }
    });
}

/// What users do by hand: event, module, kind of resource, a member that changes with its values before and after.
const ACTIONS: [(&str, &str, &str, &str, &str, &str); 26] = [
    ("user signed in", "settings", "user", "signed_in", "false", "true"),
    ("user signed in", "settings", "user", "signed_in", "false", "true"),
    ("user signed in", "settings", "user", "signed_in", "false", "true"),
    ("user signed out", "settings", "user", "signed_in", "true", "false"),
    ("user sign-in refused", "settings", "user", "reason", "", "wrong password"),
    ("contact updated", "contacts", "contact", "city", "Lisbon", "Porto"),
    ("contact created", "contacts", "contact", "source", "", "by hand"),
    ("contacts merged", "contacts", "contact", "duplicates", "2", "1"),
    ("contacts imported", "contacts", "import", "rows", "0", "1840"),
    ("segment updated", "contacts", "segment", "filter", "country = 'PT'", "country IN ('PT', 'ES')"),
    ("segment created", "contacts", "segment", "filter", "", "last_order < 90 days"),
    ("campaign created", "campaigns", "campaign", "state", "", "draft"),
    ("campaign updated", "campaigns", "campaign", "subject", "Our spring offers", "Spring is here"),
    ("campaign launched", "campaigns", "campaign", "state", "draft", "running"),
    ("campaign paused", "campaigns", "campaign", "state", "running", "paused"),
    ("campaign resumed", "campaigns", "campaign", "state", "paused", "running"),
    ("template updated", "campaigns", "template", "body", "Hi {{name}}", "Hello {{name}}"),
    ("journey published", "campaigns", "journey", "version", "6", "7"),
    ("chatbot published", "inbox", "chatbot", "version", "17", "18"),
    ("AI agent published", "inbox", "AI agent", "version", "5", "6"),
    ("canned reply updated", "inbox", "canned reply", "text", "Hi!", "Hello, how can we help?"),
    ("conversations exported", "inbox", "export", "conversations", "0", "250"),
    ("channel updated", "channels", "channel", "throughput", "20", "40"),
    ("sender requested", "channels", "sender", "state", "", "in review"),
    ("user role changed", "settings", "user", "role", "agent", "supervisor"),
    ("API key rotated", "settings", "API key", "generation", "3", "4"),
];

/// A user does something by hand.
pub(super) fn user_action(stage: &mut Stage<'_>, start_us: i64) {
    let workspace = stage.workspace;
    let user = *stage.random.pick(workspace.users);
    let (event, module, resource_kind, member, before, after) = *stage.random.pick(&ACTIONS);
    let (touched, person_id) = resource(stage, resource_kind);
    let resource_id = if resource_kind == "user" { workspace.email(user) } else { touched };
    let address =
        if stage.random.chance(2) { format!("192.0.2.{}", stage.random.between(128, 250)) } else { workspace.address(user) };
    let about = About { event, module, resource_kind, resource_id: &resource_id, person_id: person_id.as_deref() };
    let change = (json!({ member: before }), json!({ member: after }));
    tell_action(stage, start_us, &workspace.email(user), &address, about, change);
}

/// What an action is and what it touches.
pub(super) struct About<'a> {
    pub event: &'a str,
    pub module: &'a str,
    pub resource_kind: &'a str,
    pub resource_id: &'a str,
    pub person_id: Option<&'a str>,
}

/// Writes an action into the activity log, with the state before and after.
pub(super) fn tell_action(
    stage: &mut Stage<'_>,
    at: i64,
    actor: &str,
    address: &str,
    about: About<'_>,
    (before, after): (Value, Value),
) {
    let workspace = stage.workspace;
    stage.tell(at, |random| Activity {
        workspace: workspace.id,
        kind: "user action",
        event: about.event,
        actor,
        module: about.module,
        outcome: if about.event == "user sign-in refused" { "denied" } else { "success" },
        summary: format!("{}: {} {}", about.event, about.resource_kind, about.resource_id),
        resource_kind: Some(about.resource_kind),
        resource_id: Some(about.resource_id),
        person_id: about.person_id,
        client_address: Some(address),
        details: Some(
            json!({"before": before, "after": after, "session": {"cookie": random.id("sid="), "browser": "Firefox 140"}}),
        ),
        ..Activity::default()
    });
}

/// What the platform does by itself: event, module, job, kind of resource, what set it off, outcome, result, weight.
const JOBS: [(&str, &str, &str, &str, &str, &str, &str, u64); 20] = [
    ("segment refreshed", "contacts", "segment-refresh", "segment", "schedule", "success", "membership up to date", 24),
    ("segment refresh failed", "contacts", "segment-refresh", "segment", "schedule", "failure", "timed out after 300 s", 1),
    ("contact import finished", "contacts", "contact-import", "import", "user", "success", "all rows taken", 8),
    ("contact import failed", "contacts", "contact-import", "import", "user", "failure", "row 118: not a telephone number", 1),
    ("scheduled export finished", "contacts", "nightly-export", "export", "schedule", "success", "file written", 6),
    ("scheduled export failed", "contacts", "nightly-export", "export", "schedule", "failure", "bucket refused the file", 1),
    ("campaign sending started", "campaigns", "campaign-sender", "campaign", "user", "success", "queued", 6),
    ("campaign sending finished", "campaigns", "campaign-sender", "campaign", "event", "success", "all sent", 6),
    ("campaign sending failed", "campaigns", "campaign-sender", "campaign", "event", "failure", "template was withdrawn", 1),
    ("report generated", "campaigns", "weekly-report", "report", "schedule", "success", "mailed to 4 readers", 5),
    ("report failed", "campaigns", "weekly-report", "report", "schedule", "failure", "no data for the period", 1),
    ("template review finished", "campaigns", "template-review", "template", "channel", "success", "approved", 3),
    ("conversations auto-closed", "inbox", "auto-close", "queue", "schedule", "success", "closed after 72 h of silence", 8),
    (
        "channel health check failed",
        "channels",
        "channel-health",
        "channel",
        "schedule",
        "failure",
        "no answer from the operator",
        1,
    ),
    ("channel recovered", "channels", "channel-health", "channel", "schedule", "success", "answers again", 1),
    ("sender verified", "channels", "sender-review", "sender", "channel", "success", "approved by the operator", 1),
    ("quota nearly reached", "settings", "quota-watch", "quota", "schedule", "success", "91 percent used", 1),
    ("expired data removed", "settings", "retention", "policy", "schedule", "success", "removed what has expired", 3),
    ("certificate renewed", "settings", "certificates", "certificate", "schedule", "success", "good for 90 days", 1),
    ("API key expired", "settings", "key-watch", "API key", "schedule", "success", "expired as planned", 1),
];

/// The platform does something by itself: always one row.
pub(super) fn system_event(stage: &mut Stage<'_>, start_us: i64) {
    let workspace = stage.workspace;
    let (event, module, job, resource_kind, triggered_by, outcome, result, _) =
        JOBS[stage.random.weighted(JOBS.iter().map(|job| job.7))];
    let (resource_id, person_id) = resource(stage, resource_kind);
    let duration_tenths = stage.random.mostly_low(300, 3_000_000);
    stage.tell(start_us, |random| Activity {
        workspace: workspace.id,
        kind: "system event",
        event,
        actor: "System",
        module,
        outcome,
        summary: format!("{job}: {result}"),
        resource_kind: Some(resource_kind),
        resource_id: Some(&resource_id),
        person_id: person_id.as_deref(),
        job: Some(job),
        triggered_by: Some(triggered_by),
        result: Some(result),
        duration_tenths: Some(duration_tenths),
        details: Some(json!({"worker": format!("worker-{}", random.below(12)), "items": random.mostly_low(1, 50_000)})),
        ..Activity::default()
    });
}

/// An endpoint is told of something; in an outage many deliveries pile up at once.
pub(super) fn delivery(stage: &mut Stage<'_>, start_us: i64) {
    let (event_type, resource_kind) = *stage.random.pick(&[
        ("contact.updated", "contact"),
        ("conversation.closed", "conversation"),
        ("conversation.opened", "conversation"),
        ("message.delivered", "message"),
        ("message.received", "message"),
        ("campaign.finished", "campaign"),
    ]);
    let (resource_id, person_id) = resource(stage, resource_kind);
    let payload = json!({"type": event_type, "data": {"kind": resource_kind, "id": resource_id}});
    delivery_of(stage, start_us, event_type, &payload, person_id.as_deref());
}

/// How long the platform waits before each further attempt.
const PAUSES: [i64; 5] = [MINUTE, 5 * MINUTE, 20 * MINUTE, HOUR, 3 * HOUR];

/// An endpoint of the workspace is told of this, again and again until it takes it or the platform gives up.
pub(super) fn delivery_of(stage: &mut Stage<'_>, start_us: i64, event_type: &str, payload: &Value, person_id: Option<&str>) {
    let webhook = *stage.random.pick(stage.workspace.webhooks);
    delivery_to(stage, webhook, start_us, event_type, payload, person_id);
}

/// This endpoint of the workspace is told.
pub(super) fn delivery_to(
    stage: &mut Stage<'_>,
    (webhook, usual_endpoint): (&str, &str),
    start_us: i64,
    event_type: &str,
    payload: &Value,
    person_id: Option<&str>,
) {
    let workspace = stage.workspace;
    let delivery = stage.random.id("dlv-");
    let mut history = Vec::new();
    let mut at = start_us;
    for attempt in 0..=PAUSES.len() {
        let incident = stage.world.incident.as_ref();
        let endpoint = incident.and_then(|incident| incident.endpoint(workspace, webhook, at)).unwrap_or(usual_endpoint);
        let down = stage.world.outages.iter().any(|outage| outage.covers(workspace, webhook, at));
        let status = if down { if stage.random.chance(40) { None } else { Some(503) } } else { chance_status(&mut stage.random) };
        let latency_tenths = if status.is_none() { 100_000 } else { stage.random.mostly_low(250, 9_000) };
        let taken = status.is_some_and(|status| status < 300);
        let event = match (taken, attempt) {
            (true, 0) => "webhook delivered",
            (true, _) => "webhook delivered after retries",
            (false, last) if last == PAUSES.len() => "webhook given up",
            (false, _) => "webhook attempt failed",
        };
        let said = status.map_or_else(|| "did not answer".to_owned(), |status| format!("answered {status}"));
        let details = json!({"delivery_id": delivery, "payload": payload, "history": history});
        stage.tell(at, |_| Activity {
            workspace: workspace.id,
            kind: "webhook delivery",
            event,
            actor: "System",
            module: module_of(event_type),
            outcome: if taken { "success" } else { "failure" },
            summary: format!("{event_type} to {endpoint}: {said}"),
            resource_kind: Some("webhook"),
            resource_id: Some(webhook),
            person_id,
            latency_tenths: Some(latency_tenths),
            event_type: Some(event_type),
            endpoint: Some(endpoint),
            response_status: status,
            retry_count: Some(attempt as i64),
            details: Some(details),
            ..Activity::default()
        });
        if taken {
            return;
        }
        history.push(json!({"attempt": attempt, "response_status": status, "latency_ms": latency_tenths / 10}));
        at += PAUSES.get(attempt).copied().unwrap_or_default() + stage.random.between(0, 900) * MILLISECOND;
    }
}

/// What an endpoint answers that is not down.
fn chance_status(random: &mut Random) -> Option<i64> {
    match random.below(200) {
        0 => Some(500),
        1 => Some(429),
        2 => None,
        _ => Some(200),
    }
}

fn module_of(event_type: &str) -> &'static str {
    match event_type.split('.').next() {
        Some("contact") => "contacts",
        Some("conversation") => "inbox",
        Some("campaign") => "campaigns",
        _ => "channels",
    }
}
