//! Cuts a psql script into the pieces that psql sends or does one after the other.
//!
//! Source of the rules: the reference page of psql, PostgreSQL 15, "Entering SQL Commands" and "Meta-Commands".

/// psql's commands that send what was typed before them.
const SENDING: [&str; 6] = ["\\g", "\\gx", "\\gset", "\\gexec", "\\gdesc", "\\crosstabview"];

/// The pieces of a script: statements, each with the command that sends it or the rows that follow it, and psql's other commands.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut lines = text.lines();
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut state = State::default();
    while let Some(line) = lines.next() {
        if state.is_between(&piece) && line.trim_start().starts_with('\\') {
            pieces.push(std::mem::take(&mut piece) + line + "\n");
            continue;
        }
        let mut rest = line;
        while let Some(end) = state.end(rest) {
            piece.push_str(&rest[..end]);
            piece.push('\n');
            rest = &rest[end..];
            if reads_rows(&piece) {
                for row in lines.by_ref() {
                    piece.push_str(row);
                    piece.push('\n');
                    if row == "\\." {
                        break;
                    }
                }
            }
            pieces.push(std::mem::take(&mut piece));
        }
        if !(rest.trim().is_empty() && piece.is_empty()) {
            piece.push_str(rest);
            piece.push('\n');
        }
    }
    if !piece.trim().is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// Whether a statement is followed by its rows.
fn reads_rows(statement: &str) -> bool {
    let words: Vec<String> = statement.split_whitespace().map(str::to_lowercase).collect();
    words.first().is_some_and(|word| word == "copy")
        && words.windows(2).any(|pair| pair[0] == "from" && pair[1].trim_end_matches(';') == "stdin")
}

/// What the reader is inside of.
#[derive(Default)]
struct State {
    /// `'`, `"`, or a dollar quote with its tag; a string with escapes is `e`.
    quote: Option<String>,
    comments: usize,
    parentheses: usize,
}

impl State {
    fn is_between(&self, piece: &str) -> bool {
        let nothing_yet = piece.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with("--"));
        self.quote.is_none() && self.comments == 0 && nothing_yet
    }

    /// Where the first piece of this line ends, behind its semicolon or the command that sends it; `None` if it goes on.
    fn end(&mut self, line: &str) -> Option<usize> {
        let mut at = 0;
        while at < line.len() {
            let rest = &line[at..];
            let next = rest.chars().next().map_or(1, char::len_utf8);
            at += if let Some(quote) = self.quote.clone() {
                self.inside(&quote, rest).unwrap_or(next)
            } else if self.comments > 0 {
                match () {
                    () if rest.starts_with("*/") => {
                        self.comments -= 1;
                        2
                    }
                    () if rest.starts_with("/*") => {
                        self.comments += 1;
                        2
                    }
                    () => next,
                }
            } else if rest.starts_with("--") {
                return None;
            } else if rest.starts_with("/*") {
                self.comments = 1;
                2
            } else if rest.starts_with('\\') {
                let command = rest.split_whitespace().next().unwrap_or("\\");
                if SENDING.contains(&command.trim_end_matches(';')) {
                    return Some(line.len());
                }
                // `\;` separates statements that are sent together.
                2
            } else if let Some(opened) = opening(rest, &line[..at]) {
                let length = opened.len().max(1);
                self.quote = Some(opened.clone());
                if opened == "e" { 1 } else { length }
            } else {
                match rest.as_bytes()[0] {
                    b'(' => self.parentheses += 1,
                    b')' => self.parentheses = self.parentheses.saturating_sub(1),
                    b';' if self.parentheses == 0 => {
                        let sender = rest[1..].trim_start();
                        let sends = sender.starts_with("\\g") || sender.starts_with("\\crosstabview");
                        return Some(if sends { line.len() } else { at + 1 });
                    }
                    _ => {}
                }
                next
            };
        }
        None
    }

    /// How many bytes of `rest` end the quote or belong together in it.
    fn inside(&mut self, quote: &str, rest: &str) -> Option<usize> {
        if quote == "e" && rest.starts_with('\\') {
            return Some(rest.chars().take(2).map(char::len_utf8).sum());
        }
        let closing = if quote == "e" { "'" } else { quote };
        rest.starts_with(closing).then(|| {
            self.quote = None;
            closing.len()
        })
    }
}

/// The quote that begins here: `'`, `"`, a dollar quote, or `e` for a string with escapes.
fn opening(rest: &str, before: &str) -> Option<String> {
    if rest.starts_with('\'') {
        let mut previous = before.chars().rev();
        let escapes =
            matches!(previous.next(), Some('e' | 'E')) && !previous.next().is_some_and(|c| c.is_alphanumeric() || c == '_');
        return Some(if escapes { "e" } else { "'" }.to_owned());
    }
    if rest.starts_with('"') {
        return Some("\"".to_owned());
    }
    let tag = rest.strip_prefix('$')?;
    let end = tag.find('$')?;
    let is_tag = tag[..end].chars().all(|c| c.is_alphanumeric() || c == '_') && !tag.starts_with(|c: char| c.is_ascii_digit());
    let follows_name = before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
    (is_tag && !follows_name).then(|| format!("${}$", &tag[..end]))
}

#[test]
fn scripts_are_cut_where_psql_cuts_them() {
    let script = "-- a remark\nSELECT 1; SELECT ';' AS x,\n  E'\\';', $a$;$a$ /* ; */;\n\\d t\nCOPY t FROM stdin;\n1\t;\n\\.\nSELECT 2 \\gset\nSELECT (1;2);\n";
    let pieces: Vec<String> = split(script).iter().map(|piece| piece.trim().to_owned()).collect();
    assert_eq!(
        pieces,
        [
            "-- a remark\nSELECT 1;",
            "SELECT ';' AS x,\n  E'\\';', $a$;$a$ /* ; */;",
            "\\d t",
            "COPY t FROM stdin;\n1\t;\n\\.",
            "SELECT 2 \\gset",
            "SELECT (1;2);",
        ]
    );
}
