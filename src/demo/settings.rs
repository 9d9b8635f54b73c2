//! Changes of configuration, told in audit logs, and the life of files, datasets, integrations and bots, told in event logs.

use serde_json::{Value, json};

use super::row::{Audit, Event};
use super::stage::{MILLISECOND, MINUTE, SECOND, Stage};

/// A change before it is told.
pub(super) struct Change<'a> {
    pub event: &'a str,
    pub by: &'a str,
    pub by_kind: &'a str,
    pub item_kind: &'a str,
    pub item_id: &'a str,
    pub item_name: &'a str,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub details: Value,
}

/// Writes a change into the audit log.
pub(super) fn tell_change(stage: &mut Stage<'_>, at: i64, change: Change<'_>) {
    let workspace = stage.workspace;
    stage.tell(at, |_| Audit {
        workspace: workspace.id,
        event: change.event,
        done_by: change.by,
        done_by_kind: change.by_kind,
        item_kind: change.item_kind,
        item_id: change.item_id,
        item_name: Some(change.item_name),
        from: change.from,
        to: change.to,
        details: Some(change.details),
    });
}

/// Somebody, or a program, changes the configuration: one to three changes of one item.
pub(super) fn configuration(stage: &mut Stage<'_>, start_us: i64) {
    let workspace = stage.workspace;
    let (by, by_kind) = match stage.random.below(10) {
        0..=6 => (stage.administrator(), "user"),
        7 | 8 => (workspace.email(workspace.clients[0].owner), "API user"),
        _ => ("System".to_owned(), "system"),
    };
    let mut at = start_us;
    for _change in 0..stage.random.between(1, 3) {
        match stage.random.below(10) {
            0 => tag(stage, at, &by, by_kind),
            1..=4 => queue(stage, at, &by, by_kind),
            5 | 6 => capacity(stage, at, &by, by_kind),
            _ => route(stage, at, &by, by_kind),
        }
        at += stage.random.between(5, 120) * SECOND;
    }
}

fn tag(stage: &mut Stage<'_>, at: i64, by: &str, by_kind: &str) {
    let (id, name) = *stage.random.pick(stage.workspace.tags);
    let fresh = stage.random.id("t-");
    let former = format!("{name} (old)");
    let (event, id, from, to) = match stage.random.below(3) {
        0 => ("tag created", fresh.as_str(), None, Some("seasonal")),
        1 => ("tag renamed", id, Some(former.as_str()), Some(name)),
        _ => ("tag deleted", fresh.as_str(), Some("seasonal"), None),
    };
    let item_name = if id == fresh { "seasonal" } else { name };
    tell_change(stage, at, Change { event, by, by_kind, item_kind: "tag", item_id: id, item_name, from, to, details: json!({}) });
}

fn queue(stage: &mut Stage<'_>, at: i64, by: &str, by_kind: &str) {
    let workspace = stage.workspace;
    let (id, name) = *stage.random.pick(workspace.queues);
    let agent = stage.agent();
    let fresh = stage.random.id("q-");
    let sender = *stage.random.pick(&["NEWS", "SERVICE", "SEASONAL"]);
    let former = format!("{name} (old)");
    let (event, from, to) = match stage.random.below(12) {
        0 => ("queue created", None, Some("Seasonal help")),
        1 => ("queue deleted", Some("Seasonal help"), None),
        2 => ("queue renamed", Some(former.as_str()), Some(name)),
        3 | 4 => ("queue working hours changed", Some("Mo-Fr 08:00-18:00"), Some("Mo-Sa 08:00-20:00")),
        5 | 6 => ("queue agent added", None, Some(agent.as_str())),
        7 | 8 => ("queue agent removed", Some(agent.as_str()), None),
        9 => ("queue assignment method changed", Some("round robin"), Some("least busy")),
        10 => ("queue sender added", None, Some(sender)),
        _ => ("queue sender removed", Some(sender), None),
    };
    let (item_id, item_name) =
        if matches!(event, "queue created" | "queue deleted") { (fresh.as_str(), "Seasonal help") } else { (id, name) };
    tell_change(stage, at, Change { event, by, by_kind, item_kind: "queue", item_id, item_name, from, to, details: json!({}) });
}

/// How many conversations an agent holds at once, for the account or for one agent.
fn capacity(stage: &mut Stage<'_>, at: i64, by: &str, by_kind: &str) {
    let channel = *stage.random.pick(&["live messaging", "live chat", "voice", "email"]);
    let agent = stage.agent();
    let (before, after) = (stage.random.between(2, 6).to_string(), stage.random.between(3, 9).to_string());
    let (what, from, to) = match stage.random.below(3) {
        0 => ("created", None, Some(after.as_str())),
        1 => ("changed", Some(before.as_str()), Some(after.as_str())),
        _ => ("deleted", Some(before.as_str()), None),
    };
    let account = stage.random.chance(35);
    let (level, item_kind, item_id) = if account {
        ("account", "account configuration", stage.workspace.id)
    } else {
        ("agent", "agent configuration", agent.as_str())
    };
    let event = format!("{level} capacity for {channel} {what}");
    let details = json!({"channel": channel});
    tell_change(stage, at, Change { event: &event, by, by_kind, item_kind, item_id, item_name: item_id, from, to, details });
}

fn route(stage: &mut Stage<'_>, at: i64, by: &str, by_kind: &str) {
    let workspace = stage.workspace;
    let (id, name) = *stage.random.pick(workspace.routes);
    let (_, one_queue) = *stage.random.pick(workspace.queues);
    let (_, other_queue) = *stage.random.pick(workspace.queues);
    let fresh = stage.random.id("r-");
    let former = format!("{name} (old)");
    let (event, from, to) = match stage.random.below(8) {
        0 => ("route created", None, Some("Weekend")),
        1 => ("route renamed", Some(former.as_str()), Some(name)),
        2 | 3 => ("route destination queue changed", Some(one_queue), Some(other_queue)),
        4 => ("route priority changed", Some("2"), Some("1")),
        5 | 6 => ("route enabled changed", Some("false"), Some("true")),
        _ => ("route only during working hours changed", Some("false"), Some("true")),
    };
    let (item_id, item_name) = if event == "route created" { (fresh.as_str(), "Weekend") } else { (id, name) };
    tell_change(stage, at, Change { event, by, by_kind, item_kind: "route", item_id, item_name, from, to, details: json!({}) });
}

/// An event of the bot platform about something that is not a conversation.
#[derive(Default)]
struct Report<'a> {
    kind: &'a str,
    bot: Option<&'a str>,
    integration: Option<&'a str>,
    dataset: Option<&'a str>,
    skillset: Option<&'a str>,
    file: Option<&'a str>,
    user: Option<&'a str>,
    metadata: Value,
}

fn tell_report(stage: &mut Stage<'_>, at: i64, report: Report<'_>) {
    let workspace = stage.workspace;
    stage.tell(at, |_| Event {
        workspace: workspace.id,
        kind: report.kind,
        bot_id: report.bot,
        conversation_id: None,
        integration_id: report.integration,
        dataset_id: report.dataset,
        skillset_id: report.skillset,
        file_id: report.file,
        user_id: report.user,
        metadata: Some(report.metadata),
    });
}

/// Something happens to what the bots are made of.
pub(super) fn platform(stage: &mut Stage<'_>, start_us: i64) {
    match stage.random.below(10) {
        0..=3 => file(stage, start_us),
        4..=6 => integration(stage, start_us),
        7 => training(stage, start_us),
        _ => sign_in(stage, start_us),
    }
}

/// A file is uploaded, scanned, read and put into a dataset, which is made searchable anew.
fn file(stage: &mut Stage<'_>, start_us: i64) {
    let (file, user) = (stage.random.id("file-"), stage.agent());
    let dataset = format!("ds-{}-help", stage.workspace.id);
    let bytes = stage.random.mostly_low(20_000, 9_000_000);
    let mut at = start_us;
    let about = json!({"file": {"name": "returns-policy.pdf", "bytes": bytes, "type": {"mime": "application/pdf"}}});
    let base = |kind, metadata| Report { kind, file: Some(&file), user: Some(&user), metadata, ..Report::default() };
    tell_report(stage, at, base("file.uploaded", about.clone()));
    at += stage.random.between(1, 9) * SECOND;
    tell_report(stage, at, base("file.scanned", json!({"scan": {"verdict": "clean", "engine": {"name": "scan-1", "version": 7}}})));
    at += stage.random.between(1, 60) * SECOND;
    if stage.random.chance(8) {
        let error = json!({"error": {"code": "ENCRYPTED_PDF", "message": "The file is protected by a password"}, "retry": false});
        tell_report(stage, at, base("file.processing_failed", error));
        return;
    }
    tell_report(stage, at, base("file.processed", json!({"text": {"pages": 12, "characters": bytes / 40}})));
    for record in 1..=stage.random.between(1, 3) {
        at += stage.random.between(100, 900) * MILLISECOND;
        let metadata = json!({"record": {"number": record, "tokens": 180 + record * 7}, "source": {"file": about["file"]["name"]}});
        tell_report(stage, at, Report { dataset: Some(&dataset), ..base("dataset.record_added", metadata) });
    }
    at += stage.random.between(2, 90) * SECOND;
    let failed = stage.random.chance(4);
    let kind = if failed { "dataset.index_failed" } else { "dataset.indexed" };
    let metadata = json!({"index": {"records": stage.random.between(200, 9_000), "took_ms": stage.random.between(300, 90_000)}});
    tell_report(stage, at, Report { kind, dataset: Some(&dataset), metadata, ..Report::default() });
}

fn integration(stage: &mut Stage<'_>, start_us: i64) {
    let name = *stage.random.pick(&["crm", "helpdesk", "calendar", "drive"]);
    let id = format!("in-{}-{name}", stage.workspace.id);
    let bot = stage.workspace.assistant.id;
    let (kind, metadata) = match stage.random.below(12) {
        0 => (
            "integration.sync_failed",
            json!({"sync": {"error": {"code": "HTTP_502", "attempt": 3}}, "integration": {"kind": name}}),
        ),
        1 => (
            "integration.credentials_expired",
            json!({"credentials": {"kind": "oauth", "days_valid": 0}, "integration": {"kind": name}}),
        ),
        2..=6 => ("integration.event_received", json!({"event": {"kind": "updated", "source": name}})),
        _ => {
            let records = stage.random.mostly_low(0, 2_000);
            ("integration.synced", json!({"sync": {"records": records, "window": {"minutes": 60}}, "integration": {"kind": name}}))
        }
    };
    tell_report(stage, start_us, Report { kind, bot: Some(bot), integration: Some(&id), metadata, ..Report::default() });
}

fn training(stage: &mut Stage<'_>, start_us: i64) {
    let (bot, user) = (stage.workspace.assistant.id, stage.agent());
    let base = |kind, metadata| Report { kind, bot: Some(bot), user: Some(&user), metadata, ..Report::default() };
    tell_report(
        stage,
        start_us,
        base("bot.updated", json!({"change": {"field": "instructions", "characters": {"before": 812, "after": 934}}})),
    );
    let mut at = start_us + stage.random.between(1, 20) * MINUTE;
    if stage.random.chance(10) {
        tell_report(stage, at, base("bot.training_failed", json!({"error": {"code": "TOO_FEW_EXAMPLES", "intents": ["other"]}})));
        return;
    }
    tell_report(stage, at, base("bot.trained", json!({"training": {"examples": 412, "score": {"f1": 0.91}}})));
    at += stage.random.between(1, 30) * MINUTE;
    tell_report(stage, at, base("bot.published", json!({"version": {"number": 18, "channel": "production"}})));
}

fn sign_in(stage: &mut Stage<'_>, start_us: i64) {
    let workspace = stage.workspace;
    let name = *stage.random.pick(workspace.users);
    let user = workspace.email(name);
    let metadata = json!({"session": {"address": workspace.address(name), "browser": {"name": "Firefox", "version": 140}}});
    let kind = match stage.random.below(20) {
        0 => "user.sign_in_failed",
        1..=5 => "user.signed_out",
        6 => "organisation.member_invited",
        _ => "user.signed_in",
    };
    tell_report(stage, start_us, Report { kind, user: Some(&user), metadata, ..Report::default() });
}
