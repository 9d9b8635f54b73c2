//! The incident that the README investigates: the API key of a contractor who had left is used by a stranger.
//!
//! What happens, in order: the contractor's program works for some days; the contractor leaves and the account is removed, the key is
//! not; nine days later somebody comes with the key from an address never seen before, is denied what the key may not do, exports
//! contacts, points a webhook elsewhere, makes the payment queue write from another sender and writes to customers as that sender.
//! The sender is registered nowhere, so a journey that uses the queue fails, and customers ask whether the messages are real. In the
//! end the administrator revokes the key and puts everything back; the stranger tries again and is refused. How many rows each step
//! has is fixed, so that the answers in the README hold for every seed.

use serde_json::{Value, json};

use super::activity::{self, About, Call, Operation, operation, tell_action, tell_call};
use super::cast::{Client, Journey, MARLOW, WORKSPACES, Workspace};
use super::desk::Desk;
use super::settings::{Change, tell_change};
use super::stage::{DAY, HOUR, MINUTE, SECOND, Stage};

/// The contractor, removed but for the key.
const CONTRACTOR: &str = "dana.kowalski";
const KEY: &str = "key-catalogue-sync";
/// Where the contractor's program called from, and where the stranger does.
const OFFICE: Client = Client { key: KEY, owner: CONTRACTOR, address: "198.51.100.23", agent: "catalogue-sync/0.8" };
const STRANGER: Client = Client { key: KEY, owner: CONTRACTOR, address: "203.0.113.77", agent: "python-requests/2.32" };
/// What the payment queue writes from meanwhile.
const SENDER: &str = "PAYDESK";
/// Where the order webhook leads meanwhile.
const ENDPOINT: &str = "https://collector.paydesk-help.example/in";

/// When it happens, counted back from the end of the demo.
const BEGINS_BEFORE_END: i64 = 19 * HOUR;
const ENDS_BEFORE_END: i64 = 3 * HOUR;
/// After the begin.
const WEBHOOK_CHANGED: i64 = 47 * MINUTE;
const SENDER_CHANGED: i64 = 52 * MINUTE;

/// Passages of the failing journey and deliveries to the webhook that begin during the incident, besides those of the day.
pub(super) const REMINDERS: i64 = 24;
pub(super) const DELIVERIES: i64 = 20;
/// Customers who are written to as somebody else.
const VICTIMS: i64 = 7;
/// Contacts taken by each export.
const EXPORTED: [i64; 6] = [25_000, 25_000, 25_000, 25_000, 25_000, 11_482];

/// What the key may not do, in the order in which it is tried.
const DENIED: [Operation; 11] = [
    operation("list users", "GET", "/v2/users", "settings", "user list", 1),
    operation("create user", "POST", "/v2/users", "settings", "user", 1),
    operation("create user", "POST", "/v2/users", "settings", "user", 1),
    operation("list API keys", "GET", "/v2/api-keys", "settings", "API key list", 1),
    operation("create API key", "POST", "/v2/api-keys", "settings", "API key", 1),
    operation("create API key", "POST", "/v2/api-keys", "settings", "API key", 1),
    operation("read audit log", "GET", "/v2/audit-log", "settings", "audit log", 1),
    operation("get billing report", "GET", "/v2/billing/report", "settings", "billing report", 1),
    operation("launch campaign", "POST", "/v2/campaigns/{id}/launch", "campaigns", "campaign", 1),
    operation("register sender", "POST", "/v2/senders", "channels", "sender", 1),
    operation("send message", "POST", "/v2/messages", "channels", "message", 1),
];
/// What it may do and what is looked at first.
const ALLOWED: [Operation; 4] = [
    operation("list contacts", "GET", "/v2/contacts?limit=1", "contacts", "contact list", 1),
    operation("list queues", "GET", "/v2/queues", "inbox", "queue list", 1),
    operation("list webhooks", "GET", "/v2/webhooks", "settings", "webhook list", 1),
    operation("list conversations", "GET", "/v2/conversations?queue=q-payments", "inbox", "conversation list", 1),
];
const LIST: Operation = operation("list contacts", "GET", "/v2/contacts?limit=500", "contacts", "contact list", 1);
const UPDATE: Operation = operation("update contact", "PATCH", "/v2/contacts/{id}", "contacts", "contact", 1);
const EXPORT: Operation = operation("export contacts", "POST", "/v2/contacts/exports", "contacts", "export", 1);
const REDIRECT: Operation = operation("update webhook", "PUT", "/v2/webhooks/{id}", "settings", "webhook", 1);
const REPOINT: Operation = operation("update queue", "PUT", "/v2/queues/{id}", "inbox", "queue", 1);
const WRITE: Operation = operation("reply to conversation", "POST", "/v2/conversations/{id}/messages", "inbox", "conversation", 1);

/// When the stranger comes and when the key is revoked.
#[derive(Debug)]
pub(super) struct Incident {
    pub from_us: i64,
    pub until_us: i64,
}

impl Incident {
    pub(super) fn before(end_us: i64) -> Incident {
        Incident { from_us: end_us - BEGINS_BEFORE_END, until_us: end_us - ENDS_BEFORE_END }
    }

    /// Whom the journey writes as at this time, where it is not the workspace's own sender.
    pub(super) fn sender(&self, journey: &Journey, at_us: i64) -> Option<&'static str> {
        let affected = journey.version == Self::journey().version;
        (affected && (self.from_us + SENDER_CHANGED..self.until_us).contains(&at_us)).then_some(SENDER)
    }

    /// Where this webhook leads at this time, where it is not its own endpoint.
    pub(super) fn endpoint(&self, workspace: &Workspace, webhook: &str, at_us: i64) -> Option<&'static str> {
        let (redirected, _) = Self::webhook();
        let affected = workspace.id == WORKSPACES[MARLOW].id && webhook == redirected;
        (affected && (self.from_us + WEBHOOK_CHANGED..self.until_us).contains(&at_us)).then_some(ENDPOINT)
    }

    /// The journey that writes as the payment queue.
    pub(super) fn journey() -> &'static Journey {
        &WORKSPACES[MARLOW].journeys[0]
    }

    /// Id and address of the webhook that is redirected.
    pub(super) fn webhook() -> (&'static str, &'static str) {
        WORKSPACES[MARLOW].webhooks[0]
    }
}

/// A delivery to the redirected webhook.
pub(super) fn order_delivery(stage: &mut Stage<'_>, start_us: i64) {
    let person = stage.person();
    let payload = json!({"type": "message.received", "data": {"name": person.name, "phone": person.phone, "email": person.email}});
    activity::delivery_to(stage, Incident::webhook(), start_us, "message.received", &payload, Some(&person.id));
}

/// Tells the whole of it but for what the journey and the webhook do by themselves.
pub(super) fn theft(stage: &mut Stage<'_>, incident: &Incident) {
    contract(stage, stage.world.start_us);
    probe(stage, incident.from_us);
    export(stage, incident.from_us + 18 * MINUTE);
    redirect(stage, incident.from_us + WEBHOOK_CHANGED);
    impersonate(stage, incident.from_us + SENDER_CHANGED);
    for victim in 0..VICTIMS {
        deceive(stage, incident.from_us + 70 * MINUTE + victim * 43 * MINUTE);
    }
    repair(stage, incident.until_us);
}

fn call(stage: &mut Stage<'_>, at: i64, client: &Client, operation: &Operation, status: i64, about: (&str, Value, Value)) {
    let owner = stage.workspace.email(client.owner);
    let latency_tenths = stage.random.mostly_low(120, 3_000);
    let (resource_id, request, response) = about;
    let conversation_id = (operation.resource == "conversation").then_some(resource_id);
    let person_id = (operation.resource == "contact").then_some(resource_id);
    let call = Call {
        client,
        owner: &owner,
        operation,
        resource_id,
        conversation_id,
        person_id,
        status,
        latency_tenths,
        request,
        response,
    };
    tell_call(stage, at, call);
}

/// An action in the settings.
fn settings<'a>(event: &'a str, resource_kind: &'a str, resource_id: &'a str) -> About<'a> {
    About { event, module: "settings", resource_kind, resource_id, person_id: None }
}

/// The contractor's program works for five days, then the contractor leaves.
fn contract(stage: &mut Stage<'_>, start_us: i64) {
    for day in 0..5 {
        for round in 0..4 {
            let at = start_us + day * DAY + (2 + round) * HOUR + stage.random.between(0, 50) * MINUTE;
            call(stage, at, &OFFICE, &LIST, 200, ("contacts", json!({}), json!({"items": 500})));
            let contact = stage.random.id("p-");
            let change = json!({"catalogue": "spring"});
            call(stage, at + 2 * SECOND, &OFFICE, &UPDATE, 200, (&contact, change, json!({"ok": true})));
        }
    }
    let (contractor, administrator) = (stage.workspace.email(CONTRACTOR), stage.administrator());
    let address = stage.workspace.address(stage.workspace.users[0]);
    let change = (json!({"role": "contractor", "state": "active"}), json!({"role": null, "state": "removed"}));
    let about = settings("user removed", "user", &contractor);
    tell_action(stage, start_us + 5 * DAY, &administrator, &address, about, change);
}

fn probe(stage: &mut Stage<'_>, from_us: i64) {
    let mut at = from_us;
    for operation in &DENIED {
        let refusal = json!({"error": {"code": "FORBIDDEN", "message": format!("The key may not {}", operation.event)}});
        call(stage, at, &STRANGER, operation, 403, ("-", json!({}), refusal));
        at += stage.random.between(8, 40) * SECOND;
    }
    for operation in &ALLOWED {
        call(stage, at, &STRANGER, operation, 200, ("-", json!({}), json!({"ok": true})));
        at += stage.random.between(8, 40) * SECOND;
    }
}

fn export(stage: &mut Stage<'_>, from_us: i64) {
    let mut at = from_us;
    for (number, rows) in (0_i64..).zip(EXPORTED) {
        let id = stage.random.id("exp-");
        let request = json!({"offset": number * EXPORTED[0], "limit": EXPORTED[0], "fields": ["name", "phone", "email"]});
        call(stage, at, &STRANGER, &EXPORT, 201, (&id, request, json!({"export_id": id, "rows": rows})));
        at += stage.random.between(40, 150) * SECOND;
    }
}

fn redirect(stage: &mut Stage<'_>, at: i64) {
    let (webhook, endpoint) = Incident::webhook();
    let answer = json!({"before": {"endpoint": endpoint}, "after": {"endpoint": ENDPOINT}});
    call(stage, at, &STRANGER, &REDIRECT, 200, (webhook, json!({"endpoint": ENDPOINT}), answer));
}

/// The queue whose sender is changed.
fn payments() -> (&'static str, &'static str) {
    WORKSPACES[MARLOW].queues[1]
}

fn impersonate(stage: &mut Stage<'_>, at: i64) {
    let (queue, name) = payments();
    let usual = stage.workspace.sender;
    let request = json!({"senders": [usual, SENDER], "default_sender": SENDER});
    call(stage, at, &STRANGER, &REPOINT, 200, (queue, request, json!({"ok": true})));
    let by = stage.workspace.email(CONTRACTOR);
    for (later, event, from) in [(20, "queue sender added", None), (35, "queue default sender changed", Some(usual))] {
        let change = Change {
            event,
            by: &by,
            by_kind: "API user",
            item_kind: "queue",
            item_id: queue,
            item_name: name,
            from,
            to: Some(SENDER),
            details: json!({"api_key_id": KEY, "client_address": STRANGER.address}),
        };
        tell_change(stage, at + later * 1_000, change);
    }
}

/// A customer is written to as somebody else, asks whether that is real, and is passed to those who deal with such things.
fn deceive(stage: &mut Stage<'_>, from_us: i64) {
    let (person, id, interaction) = (stage.person(), stage.random.id("conv-"), stage.random.id("int-"));
    let (_, queue) = payments();
    let mut desk = Desk { id, person, interaction, channel: "SMS", queue };
    let stranger = stage.workspace.email(CONTRACTOR);
    let text = "Your last payment failed. Please pay again at https://paydesk-help.example";
    let mut at = from_us + stage.random.between(0, 10) * MINUTE;
    let message = json!({"text": text, "sender": SENDER});
    let conversation = desk.id.clone();
    call(stage, at, &STRANGER, &WRITE, 201, (&conversation, message.clone(), json!({"ok": true})));
    desk.step(stage, at + SECOND / 5, "inbox reply sent", "success", &stranger, message);
    at += stage.random.between(2, 9) * MINUTE;
    let question = "I have paid already. Is this message from PAYDESK really from you?";
    desk.step(stage, at, "inbox message received", "success", "person", json!({"channel": "SMS", "text": question}));
    desk.change(stage, at, "conversation reopened", "System", Some("closed"), Some("open"));
    at += stage.random.between(1, 6) * MINUTE;
    let (agent, supervisor) = (stage.workspace.email("ben.osei"), stage.workspace.email("tobias.lang"));
    desk.change(stage, at, "conversation assigned", "System", None, Some(&agent));
    desk.step(stage, at, "inbox agent assigned", "success", "platform", json!({"agent": agent, "method": "least busy"}));
    at += stage.random.between(40, 200) * SECOND;
    desk.change(stage, at, "tag added", &agent, None, Some("phishing report"));
    desk.change(stage, at + 4 * SECOND, "conversation transferred", &agent, Some(queue), Some("Trust and safety"));
    desk.queue = "Trust and safety";
    at += 30 * SECOND;
    desk.step(stage, at, "inbox conversation transferred", "success", &agent, json!({"from": queue, "to": desk.queue}));
    desk.change(stage, at, "conversation escalated", &agent, Some(&agent), Some(&supervisor));
}

/// The administrator revokes the key and puts webhook and queue back; the stranger tries again.
fn repair(stage: &mut Stage<'_>, from_us: i64) {
    let administrator = stage.administrator();
    let address = stage.workspace.address(stage.workspace.users[0]);
    let (queue, name) = payments();
    let (webhook, endpoint) = Incident::webhook();
    let usual = stage.workspace.sender;
    let change = (json!({"state": "active"}), json!({"state": "revoked", "reason": "owner has left"}));
    tell_action(stage, from_us, &administrator, &address, settings("API key revoked", "API key", KEY), change);
    let change = (json!({"endpoint": ENDPOINT}), json!({"endpoint": endpoint}));
    tell_action(stage, from_us + MINUTE, &administrator, &address, settings("webhook updated", "webhook", webhook), change);
    for (later, event, from, to) in
        [(2, "queue default sender changed", SENDER, Some(usual)), (3, "queue sender removed", SENDER, None)]
    {
        let change = Change {
            event,
            by: &administrator,
            by_kind: "user",
            item_kind: "queue",
            item_id: queue,
            item_name: name,
            from: Some(from),
            to,
            details: json!({"client_address": address}),
        };
        tell_change(stage, from_us + later * MINUTE, change);
    }
    for attempt in 0..3 {
        let refusal = json!({"error": {"code": "UNAUTHENTICATED", "message": "The key is not valid"}});
        let at = from_us + 20 * MINUTE + attempt * 90 * SECOND;
        call(stage, at, &STRANGER, &LIST, 401, ("-", json!({}), refusal));
    }
}
