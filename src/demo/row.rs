//! A row of each log as a line of PostgreSQL's COPY text format (COPY, "Text Format"): tabs between values, `\N` for NULL.

use serde_json::Value;

use super::Log;

/// Writes the values of one line in the order of the log's columns.
pub(super) struct Line<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Line<'a> {
    pub(super) fn begin(out: &'a mut Vec<u8>) -> Self {
        Line { out, first: true }
    }

    fn value(&mut self) -> &mut Vec<u8> {
        if !self.first {
            self.out.push(b'\t');
        }
        self.first = false;
        self.out
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        escape(self.value(), text.as_bytes());
        self
    }

    fn maybe(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    fn null(&mut self) -> &mut Self {
        self.value().extend_from_slice(b"\\N");
        self
    }

    fn number(&mut self, number: Option<i64>) -> &mut Self {
        match number {
            Some(number) => self.text(&number.to_string()),
            None => self.null(),
        }
    }

    /// Milliseconds with one digit after the point, given in tenths.
    fn tenths(&mut self, tenths: Option<i64>) -> &mut Self {
        match tenths {
            Some(tenths) => self.text(&format!("{}.{}", tenths / 10, tenths % 10)),
            None => self.null(),
        }
    }

    fn json(&mut self, value: Option<&Value>) -> &mut Self {
        match value {
            Some(value) => self.text(&value.to_string()),
            None => self.null(),
        }
    }

    fn time(&mut self, at_us: i64) -> &mut Self {
        write_time(self.value(), at_us);
        self
    }

    fn end(&mut self) {
        self.out.push(b'\n');
    }
}

/// Appends bytes of a value with what COPY reads as markup escaped.
pub(super) fn escape(out: &mut Vec<u8>, value: &[u8]) {
    for &byte in value {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            other => out.push(other),
        }
    }
}

/// Appends a time as `2026-01-31 09:30:00.123456+00`.
pub(super) fn write_time(out: &mut Vec<u8>, at_us: i64) {
    let (year, month, day) = civil(at_us.div_euclid(86_400_000_000));
    let rest = at_us.rem_euclid(86_400_000_000);
    digits(out, year, 4);
    out.push(b'-');
    digits(out, month, 2);
    out.push(b'-');
    digits(out, day, 2);
    out.push(b' ');
    digits(out, rest / 3_600_000_000, 2);
    out.push(b':');
    digits(out, rest / 60_000_000 % 60, 2);
    out.push(b':');
    digits(out, rest / 1_000_000 % 60, 2);
    out.push(b'.');
    digits(out, rest % 1_000_000, 6);
    out.extend_from_slice(b"+00");
}

fn digits(out: &mut Vec<u8>, number: i64, width: u32) {
    for place in (0..width).rev() {
        out.push(b'0' + (number / 10_i64.pow(place) % 10) as u8);
    }
}

/// Year, month and day of a day counted from 1970, in the proleptic Gregorian calendar: eras of 400 years of 146,097 days, years
/// that begin in March so that the leap day comes last.
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day_of_month)
}

/// A row of one of the logs, without the identity and time that every log has.
pub(super) trait Row {
    const LOG: Log;
    /// Writes the workspace, then the columns after `occurred_at`.
    fn workspace(&self) -> &str;
    fn columns(&self, line: &mut Line<'_>);

    /// Appends the whole line.
    fn write(&self, out: &mut Vec<u8>, event_id: &[u8; 36], at_us: i64) {
        let mut line = Line::begin(out);
        line.value().extend_from_slice(event_id);
        line.text(self.workspace()).time(at_us);
        self.columns(&mut line);
        line.end();
    }
}

#[derive(Default)]
pub(super) struct Interaction<'a> {
    pub workspace: &'a str,
    pub event: &'a str,
    pub status: &'a str,
    pub occurred_in: &'a str,
    pub object_name: Option<&'a str>,
    pub version_id: Option<&'a str>,
    pub element: Option<&'a str>,
    pub performed_by: Option<&'a str>,
    pub person_id: Option<&'a str>,
    pub interaction_id: Option<&'a str>,
    pub conversation_id: Option<&'a str>,
    pub details: Option<Value>,
}

impl Row for Interaction<'_> {
    const LOG: Log = Log::Interactions;

    fn workspace(&self) -> &str {
        self.workspace
    }

    fn columns(&self, line: &mut Line<'_>) {
        line.text(self.event).text(self.status).text(self.occurred_in);
        line.maybe(self.object_name).maybe(self.version_id).maybe(self.element).maybe(self.performed_by);
        line.maybe(self.person_id).maybe(self.interaction_id).maybe(self.conversation_id).json(self.details.as_ref());
    }
}

#[derive(Default)]
pub(super) struct Conversation<'a> {
    pub workspace: &'a str,
    pub conversation_id: &'a str,
    pub event: &'a str,
    pub done_by: &'a str,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub details: Option<Value>,
}

impl Row for Conversation<'_> {
    const LOG: Log = Log::Conversations;

    fn workspace(&self) -> &str {
        self.workspace
    }

    fn columns(&self, line: &mut Line<'_>) {
        line.text(self.conversation_id).text(self.event).text(self.done_by);
        line.maybe(self.from).maybe(self.to).json(self.details.as_ref());
    }
}

#[derive(Default)]
pub(super) struct Audit<'a> {
    pub workspace: &'a str,
    pub event: &'a str,
    pub done_by: &'a str,
    pub done_by_kind: &'a str,
    pub item_kind: &'a str,
    pub item_id: &'a str,
    pub item_name: Option<&'a str>,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub details: Option<Value>,
}

impl Row for Audit<'_> {
    const LOG: Log = Log::Audits;

    fn workspace(&self) -> &str {
        self.workspace
    }

    fn columns(&self, line: &mut Line<'_>) {
        line.text(self.event).text(self.done_by).text(self.done_by_kind).text(self.item_kind).text(self.item_id);
        line.maybe(self.item_name).maybe(self.from).maybe(self.to).json(self.details.as_ref());
    }
}

#[derive(Default)]
pub(super) struct Event<'a> {
    pub workspace: &'a str,
    pub kind: &'a str,
    pub bot_id: Option<&'a str>,
    pub conversation_id: Option<&'a str>,
    pub integration_id: Option<&'a str>,
    pub dataset_id: Option<&'a str>,
    pub skillset_id: Option<&'a str>,
    pub file_id: Option<&'a str>,
    pub user_id: Option<&'a str>,
    pub metadata: Option<Value>,
}

impl Row for Event<'_> {
    const LOG: Log = Log::Events;

    fn workspace(&self) -> &str {
        self.workspace
    }

    fn columns(&self, line: &mut Line<'_>) {
        line.text(self.kind).maybe(self.bot_id).maybe(self.conversation_id).maybe(self.integration_id);
        line.maybe(self.dataset_id).maybe(self.skillset_id).maybe(self.file_id).maybe(self.user_id);
        line.text(&format!("org-{}", self.workspace)).json(self.metadata.as_ref());
    }
}

#[derive(Default)]
pub(super) struct Activity<'a> {
    pub workspace: &'a str,
    pub kind: &'a str,
    pub event: &'a str,
    pub actor: &'a str,
    pub module: &'a str,
    pub outcome: &'a str,
    pub summary: String,
    pub resource_kind: Option<&'a str>,
    pub resource_id: Option<&'a str>,
    pub conversation_id: Option<&'a str>,
    pub person_id: Option<&'a str>,
    pub client_address: Option<&'a str>,
    pub method: Option<&'a str>,
    pub url: Option<&'a str>,
    pub status_code: Option<i64>,
    /// In tenths of a millisecond.
    pub latency_tenths: Option<i64>,
    pub job: Option<&'a str>,
    pub triggered_by: Option<&'a str>,
    pub result: Option<&'a str>,
    /// In tenths of a millisecond.
    pub duration_tenths: Option<i64>,
    pub event_type: Option<&'a str>,
    pub endpoint: Option<&'a str>,
    pub response_status: Option<i64>,
    pub retry_count: Option<i64>,
    pub details: Option<Value>,
}

impl Row for Activity<'_> {
    const LOG: Log = Log::Activities;

    fn workspace(&self) -> &str {
        self.workspace
    }

    fn columns(&self, line: &mut Line<'_>) {
        line.text(self.kind).text(self.event).text(self.actor).text(self.module).text(self.outcome).text(&self.summary);
        line.maybe(self.resource_kind).maybe(self.resource_id).maybe(self.conversation_id).maybe(self.person_id);
        line.maybe(self.client_address).maybe(self.method).maybe(self.url).number(self.status_code).tenths(self.latency_tenths);
        line.maybe(self.job).maybe(self.triggered_by).maybe(self.result).tenths(self.duration_tenths);
        line.maybe(self.event_type).maybe(self.endpoint).number(self.response_status).number(self.retry_count);
        line.json(self.details.as_ref());
    }
}

#[derive(Default)]
pub(super) struct Console<'a> {
    pub workspace: &'a str,
    pub environment: &'a str,
    pub conversation_id: &'a str,
    pub bot_id: &'a str,
    pub flow: Option<&'a str>,
    pub node: Option<&'a str>,
    pub event: &'a str,
    pub level: &'a str,
    pub line: String,
    pub payload: Option<Value>,
}

impl Row for Console<'_> {
    const LOG: Log = Log::Bots;

    fn workspace(&self) -> &str {
        self.workspace
    }

    fn columns(&self, line: &mut Line<'_>) {
        line.text(self.environment).text(self.conversation_id).text(self.bot_id).maybe(self.flow).maybe(self.node);
        line.text(self.event).text(self.level).text(&self.line).json(self.payload.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_postgresql_writes_them() {
        for (at_us, text) in [
            (0, "1970-01-01 00:00:00.000000+00"),
            (-1, "1969-12-31 23:59:59.999999+00"),
            (951_782_400_000_001, "2000-02-29 00:00:00.000001+00"),
            (1_709_251_199_999_999, "2024-02-29 23:59:59.999999+00"),
            (4_107_542_400_000_000, "2100-03-01 00:00:00.000000+00"),
        ] {
            let mut out = Vec::new();
            write_time(&mut out, at_us);
            assert_eq!(String::from_utf8_lossy(&out), text);
        }
    }

    #[test]
    fn what_copy_reads_as_markup_is_escaped() {
        let mut out = Vec::new();
        escape(&mut out, b"a\\N\tb\nc\r");
        assert_eq!(out, b"a\\\\N\\tb\\nc\\r");
    }
}
