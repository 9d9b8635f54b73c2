//! Interaction logs in bulk, for measurements: as many rows as wanted, about 400 bytes each, faster than anything can take them.
//!
//! Rows come in the order of time, evenly over the thirteen and a half days before the end. Each belongs to one of some ten thousands of interactions that
//! go on at the same time, so that the rows of an interaction lie hours apart, as they do in life. Persons, objects and words follow
//! a skewed distribution; one row in about thirty is a failure with an error code.

use super::cast::WORKSPACES;
use super::random::{Random, split_mix};
use super::row::{Line, write_time};
use super::{Chunk, Log, SPAN};

/// Size of a chunk; the last line may reach over it.
const CHUNK_BYTES: usize = 1024 * 1024;
/// How many interactions go on at the same time, at most.
const LIVE: u64 = 65_536;
/// How many persons there are for a million rows.
const PERSONS_A_MILLION: u64 = 40_000;
const OBJECTS: usize = 60;

/// The steps of an interaction: event, status, element. The last one ends it.
const STEPS: [(&str, &str, &str); 12] = [
    ("journey entered", "success", "entry"),
    ("condition evaluated", "success", "condition-1"),
    ("message accepted", "in progress", "send-sms-1"),
    ("message sent", "in progress", "send-sms-1"),
    ("message delivered", "success", "send-sms-1"),
    ("wait started", "in progress", "wait-1"),
    ("wait ended", "success", "wait-1"),
    ("HTTP request sent", "in progress", "http-1"),
    ("HTTP request answered", "success", "http-1"),
    ("message sent", "in progress", "send-whatsapp-2"),
    ("message read", "success", "send-whatsapp-2"),
    ("journey completed", "success", "exit"),
];
const FAILED: (&str, &str) = ("element failed", "failure");
const ERRORS: [(&str, &str); 8] = [
    ("OPERATOR_TIMEOUT", "The operator did not answer in time"),
    ("ABSENT_SUBSCRIBER", "The handset was switched off or out of reach"),
    ("UPSTREAM_UNAVAILABLE", "Service unavailable"),
    ("RATE_LIMITED", "The channel asked to send more slowly"),
    ("UPSTREAM_TIMEOUT", "No answer within ten seconds"),
    ("BLOCKED_BY_RECIPIENT", "The recipient does not take messages from this sender"),
    ("TEMPLATE_REJECTED", "The template has not been approved"),
    ("INVALID_NUMBER", "Not a telephone number"),
];
const PLACES: [(&str, &str); 4] = [("journey", "jv"), ("chatbot", "cv"), ("AI agent", "av"), ("conversation", "qv")];
const SUBJECTS: [&str; 15] = [
    "Payment",
    "Booking",
    "Delivery",
    "Welcome",
    "Renewal",
    "Survey",
    "Refund",
    "Outage",
    "Loyalty",
    "Appointment",
    "Invoice",
    "Meter",
    "Cart",
    "Birthday",
    "Feedback",
];
const WORDS: [&str; 96] = [
    "your",
    "order",
    "the",
    "parcel",
    "today",
    "payment",
    "please",
    "confirm",
    "delivery",
    "invoice",
    "thank",
    "you",
    "account",
    "link",
    "click",
    "here",
    "track",
    "tomorrow",
    "booking",
    "reference",
    "number",
    "update",
    "status",
    "ready",
    "pickup",
    "store",
    "driver",
    "arrives",
    "between",
    "refund",
    "processed",
    "card",
    "ending",
    "balance",
    "due",
    "reminder",
    "appointment",
    "doctor",
    "clinic",
    "results",
    "flight",
    "gate",
    "boarding",
    "delayed",
    "baggage",
    "seat",
    "upgrade",
    "points",
    "offer",
    "discount",
    "voucher",
    "expires",
    "soon",
    "renew",
    "subscription",
    "plan",
    "change",
    "password",
    "code",
    "verify",
    "security",
    "signed",
    "device",
    "help",
    "agent",
    "reply",
    "stop",
    "weekend",
    "sale",
    "new",
    "collection",
    "size",
    "colour",
    "return",
    "label",
    "warehouse",
    "shipped",
    "customs",
    "meter",
    "reading",
    "outage",
    "restored",
    "crew",
    "street",
    "power",
    "tariff",
    "usage",
    "month",
    "survey",
    "feedback",
    "rate",
    "experience",
    "minutes",
    "welcome",
    "family",
    "friend",
];

/// What one message in sixty-four ends with: whoever writes to the world writes in its scripts, and a search has to find it.
const ABROAD: [&str; 4] = ["订单已发货", "退款正在处理", "ご注文を発送しました", "배송이 완료되었습니다"];

/// An interaction that has not ended.
#[derive(Clone, Copy)]
struct Live {
    id: u64,
    person: u64,
    workspace: u8,
    object: u8,
    step: u8,
}

/// Interaction logs in bulk; iterate to get them.
pub struct Bulk {
    random: Random,
    start_us: i64,
    step_us: i64,
    row: u64,
    rows: u64,
    persons: u64,
    live: Vec<Live>,
    /// What follows the status of a row of each object: where, name, version, each with its tab.
    objects: Vec<Vec<u8>>,
}

impl Bulk {
    /// `rows` rows of the thirteen and a half days before `end_us` (microseconds since 1970 UTC).
    pub fn new(seed: u64, end_us: i64, rows: u64) -> Bulk {
        let mut random = Random::new(seed);
        let persons = (rows * PERSONS_A_MILLION / 1_000_000).max(100);
        let live = (0..(rows / 24).clamp(1, LIVE)).map(|_| Live::begin(&mut random, persons)).collect();
        let objects = (0..OBJECTS).map(object).collect();
        let step_us = (SPAN / rows.max(1) as i64).max(1);
        Bulk { random, start_us: end_us - step_us * rows as i64, step_us, row: 0, rows, persons, live, objects }
    }

    /// Appends one line.
    fn line(&mut self, out: &mut Vec<u8>) {
        let random = &mut self.random;
        let at_us = self.start_us + self.row as i64 * self.step_us + random.below(self.step_us as u64) as i64;
        self.row += 1;
        let slot = random.index(self.live.len());
        let live = &mut self.live[slot];
        let (event, status, element) = STEPS[usize::from(live.step)];
        let dice = random.bits();
        let failed = dice.is_multiple_of(31);
        let (event, status) = if failed { FAILED } else { (event, status) };

        out.extend_from_slice(&random.uuid(at_us));
        out.push(b'\t');
        out.extend_from_slice(WORKSPACES[usize::from(live.workspace)].id.as_bytes());
        out.push(b'\t');
        write_time(out, at_us);
        for text in [event, status] {
            out.push(b'\t');
            out.extend_from_slice(text.as_bytes());
        }
        out.extend_from_slice(&self.objects[usize::from(live.object)]);
        out.extend_from_slice(element.as_bytes());
        out.extend_from_slice(b"\tplatform\tp-");
        base32(out, live.person);
        out.extend_from_slice(b"\tint-");
        base32(out, live.id);
        // One interaction in four has a conversation.
        if live.id.is_multiple_of(4) {
            out.extend_from_slice(b"\tconv-");
            base32(out, !live.id);
        } else {
            out.extend_from_slice(b"\t\\N");
        }
        details(out, random, dice, failed);

        live.step += 1;
        if failed && dice.is_multiple_of(5) || usize::from(live.step) == STEPS.len() {
            *live = Live::begin(random, self.persons);
        }
    }
}

impl Iterator for Bulk {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let first = self.row;
        let mut lines = Vec::with_capacity(CHUNK_BYTES + 1024);
        while self.row < self.rows && lines.len() < CHUNK_BYTES {
            self.line(&mut lines);
        }
        let rows = self.row - first;
        (rows > 0).then_some(Chunk { log: Log::Interactions, rows, lines })
    }
}

impl Live {
    fn begin(random: &mut Random, persons: u64) -> Live {
        let mut person = random.mostly_low(0, persons as i64 - 1).unsigned_abs();
        Live {
            id: random.bits(),
            person: split_mix(&mut person),
            workspace: random.weighted(WORKSPACES.iter().map(|workspace| workspace.weight)) as u8,
            object: random.mostly_low(0, OBJECTS as i64 - 1) as u8,
            step: 0,
        }
    }
}

/// Appends twelve letters and digits that stand for a number.
fn base32(out: &mut Vec<u8>, number: u64) {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut text = [0; 12];
    for (place, byte) in text.iter_mut().enumerate() {
        *byte = DIGITS[((number >> (5 * place)) & 31) as usize];
    }
    out.extend_from_slice(&text);
}

fn object(number: usize) -> Vec<u8> {
    let (place, prefix) = PLACES[number / SUBJECTS.len() % PLACES.len()];
    let subject = SUBJECTS[number % SUBJECTS.len()];
    let mut text = vec![b'\t'];
    let mut line = Line::begin(&mut text);
    line.text(place).text(&format!("{subject} {place}")).text(&format!("{prefix}-{}-{}", subject.to_lowercase(), 3 + number % 7));
    text.push(b'\t');
    text
}

/// Appends the payload and ends the line: nothing in it has to be escaped.
fn details(out: &mut Vec<u8>, random: &mut Random, dice: u64, failed: bool) {
    let channel: &[u8] = [b"SMS".as_slice(), b"WHATSAPP", b"EMAIL", b"PUSH"][(dice >> 8 & 3) as usize];
    out.extend_from_slice(b"\t{\"channel\": \"");
    out.extend_from_slice(channel);
    out.extend_from_slice(b"\", \"to\": \"+447700900");
    decimal(out, dice >> 16 & 511, 3);
    out.extend_from_slice(b"\", \"message_id\": \"msg-");
    base32(out, dice.rotate_left(17));
    out.extend_from_slice(b"\", \"attempt\": ");
    decimal(out, 1 + u64::from(dice >> 30 & 7 == 0), 1);
    out.extend_from_slice(b", \"latency_ms\": ");
    decimal(out, 100 + (dice >> 34 & 511), 3);
    out.extend_from_slice(b", \"text\": \"");
    // The smaller of two draws makes the first words common and the last ones rare.
    let mut draws = [random.bits(), random.bits(), random.bits()];
    let words = 9 + (dice >> 44 & 7);
    for word in 0..words {
        let draw = &mut draws[(word % 3) as usize];
        let index = (*draw & 127).min(*draw >> 7 & 127) as usize % WORDS.len();
        *draw >>= 10;
        if word > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(WORDS[index].as_bytes());
    }
    if dice >> 56 & 63 == 0 {
        out.push(b' ');
        out.extend_from_slice(ABROAD[(dice >> 62) as usize].as_bytes());
    }
    out.push(b'"');
    if failed {
        let (code, message) = ERRORS[((dice >> 50 & 7) & (dice >> 53 & 7)) as usize];
        for part in [", \"error\": {\"code\": \"", code, "\", \"message\": \"", message, "\"}"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
    out.extend_from_slice(b"}\n");
}

fn decimal(out: &mut Vec<u8>, number: u64, width: u32) {
    for place in (0..width).rev() {
        out.push(b'0' + (number / 10_u64.pow(place) % 10) as u8);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const END_US: i64 = 1_790_000_000_000_000;

    fn lines(rows: u64) -> (Vec<u8>, u64) {
        let mut all = Vec::new();
        let mut counted = 0;
        for chunk in Bulk::new(3, END_US, rows) {
            all.extend_from_slice(&chunk.lines);
            counted += chunk.rows;
        }
        (all, counted)
    }

    #[test]
    fn as_many_rows_come_as_were_asked_for_about_400_bytes_each() {
        let (all, counted) = lines(20_000);
        let lines = all.split(|&byte| byte == b'\n').count() - 1;
        assert_eq!((lines, counted), (20_000, 20_000));
        let mean = all.len() / lines;
        assert!((370..430).contains(&mean), "{mean} bytes a row");
        assert!(Bulk::new(3, END_US, 0).next().is_none());
    }

    #[test]
    fn the_same_seed_makes_the_same_rows() {
        assert_eq!(lines(3_000), lines(3_000));
    }

    #[test]
    fn rows_are_whole_and_in_the_order_of_time() {
        let (all, _) = lines(20_000);
        let all = String::from_utf8(all).expect("text");
        let mut before = "";
        let mut of_interaction: HashMap<&str, u64> = HashMap::new();
        let (mut failures, mut abroad) = (0, 0);
        for line in all.lines() {
            let values: Vec<&str> = line.split('\t').collect();
            assert_eq!(values.len(), Log::Interactions.columns().split(", ").count(), "{line}");
            assert!(before < values[2], "{before} is before {}", values[2]);
            before = values[2];
            *of_interaction.entry(values[11]).or_default() += 1;
            failures += u64::from(values[4] == "failure");
            let details: serde_json::Value = serde_json::from_str(values[13]).expect("JSON");
            assert_eq!(details["error"]["code"].is_string(), values[4] == "failure");
            abroad += u64::from(details["text"].as_str().is_some_and(|text| !text.is_ascii()));
        }
        assert!((400..1_000).contains(&failures), "{failures} failures");
        assert!((200..450).contains(&abroad), "{abroad} messages in other scripts");
        let mean = 20_000 / of_interaction.len();
        assert!((6..=12).contains(&mean), "{mean} rows an interaction");
    }
}
