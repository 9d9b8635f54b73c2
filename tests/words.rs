//! Words are found as PostgreSQL finds them in the configuration `simple`, whatever the text; and `search` finds what it promises.
//!
//! Texts by chance, of pieces that make a parser of words think: addresses, paths, tags, numbers, scripts. A seed decides them
//! (`ANNALS_WORDS_SEED`).

use tokio_postgres::Client;

use crate::harness::{Chance, Peer, Server, count, folder, sqlstate, table};

/// Texts of one run; each is cut into words, read as a query four ways, and asked.
const TEXTS: usize = 4_000;
/// Texts of one statement.
const BATCH: usize = 200;

const PIECES: [&str; 96] = [
    "error",
    "Timeout",
    "a",
    "b",
    "x",
    "1",
    "12",
    "007",
    "é",
    "Ä",
    "支付",
    "失败",
    "한국",
    "🙂",
    "\u{301}",
    "\u{fe0f}",
    "\u{200d}",
    "²",
    "٣",
    ".",
    "..",
    "-",
    "_",
    "/",
    "@",
    ":",
    "//",
    "://",
    "+",
    "e",
    "E",
    "e5",
    "<",
    "</",
    ">",
    "<!--",
    "-->",
    "&",
    "&amp;",
    ";",
    "#",
    "#x",
    "~",
    " ",
    " ",
    "  ",
    "\n",
    "\t",
    "\"",
    "'",
    "\\",
    "=",
    "?",
    "%",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "!",
    "$",
    "^",
    "`",
    "|",
    "http",
    "https://",
    "www.",
    "example.com",
    "foo-bar",
    "a1",
    "1a",
    "10.0.0.1",
    "1.5",
    "-3",
    "script",
    "<script>",
    "</style>",
    "<b>",
    "<?x",
    "<!D",
    "<br/>",
    "user@example.com",
    "/var/log",
    "İ",
    "ß",
    "ſ",
    "K",
    "Σ",
    "\u{a0}",
    "\u{3000}",
    "550e8400-e29b-41d4-a716-446655440000",
    "item_id",
    "co.uk",
    "8080",
];

const QUERY_PIECES: [&str; 30] = [
    "a", "b", "'c d'", "foo-bar", "or", "OR", "-", "\"", "&", "|", "!", "(", ")", "<->", "<2>", ":*", ":AB", "*", " ", " ", " ",
    "é", "'", "\\", "x_y", "失败", ":", ".", "1.5", "<0>",
];

fn of_pieces(chance: &mut Chance, pieces: &[&str], most: u64) -> String {
    (0..=chance.below(most)).map(|_| *chance.pick(pieces)).collect()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Each text beside what a server says to `question` of it, where `t` is the text.
async fn answers(client: &Client, texts: &[String], question: &str) -> Vec<Vec<Option<String>>> {
    let rows: Vec<String> = texts.iter().enumerate().map(|(at, text)| format!("({at}, {})", quoted(text))).collect();
    let sql = format!("SELECT {question} FROM (VALUES {}) v (n, t) ORDER BY n", rows.join(", "));
    table(client, &sql).await.unwrap_or_else(|error| panic!("{question}: {error:?}")).rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_by_chance_have_the_words_that_postgresql_finds() {
    let Some(peer) = Peer::start().await else { return };
    let theirs = peer.connect().await;
    let folder = folder();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let (seed, mut chance) = Chance::from_environment("ANNALS_WORDS_SEED", 15);
    println!("ANNALS_WORDS_SEED={seed}");
    let question = "to_tsvector('simple', t), plainto_tsquery('simple', t), phraseto_tsquery('simple', t), \
         websearch_to_tsquery('simple', t), to_tsvector('simple', to_jsonb(t)), \
         to_tsvector('simple', t) @@ websearch_to_tsquery('simple', 'error or \"foo bar\" or -失败 or 007')";
    for _ in 0..TEXTS / BATCH {
        let texts: Vec<String> = (0..BATCH).map(|_| of_pieces(&mut chance, &PIECES, 14)).collect();
        let (own, expected) = tokio::join!(answers(&ours, &texts, question), answers(&theirs, &texts, question));
        for ((text, own), expected) in texts.iter().zip(&own).zip(&expected) {
            assert_eq!(own, expected, "{text:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_by_chance_are_read_and_answered_as_in_postgresql() {
    let Some(peer) = Peer::start().await else { return };
    let theirs = peer.connect().await;
    let folder = folder();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let (seed, mut chance) = Chance::from_environment("ANNALS_WORDS_SEED", 16);
    println!("ANNALS_WORDS_SEED={seed}");
    for _ in 0..TEXTS / 4 {
        let query = quoted(&of_pieces(&mut chance, &QUERY_PIECES, 9));
        let sql = format!(
            "SELECT to_tsquery('simple', {query}), {query}::tsquery, numnode({query}), querytree({query}), \
             to_tsvector('simple', 'a b foo-bar c d x y 失败') @@ to_tsquery('simple', {query})"
        );
        let (own, expected) = tokio::join!(table(&ours, &sql), table(&theirs, &sql));
        match (own, expected) {
            (Ok(own), Ok(expected)) => assert_eq!(own.rows, expected.rows, "{sql}"),
            (Err(own), Err(expected)) => assert_eq!(sqlstate(&own), sqlstate(&expected), "{sql}"),
            (own, expected) => panic!("{sql}\n  here: {own:?}\n  PostgreSQL: {expected:?}"),
        }
    }
}

/// A phrase of parts that match nothing, or all but something, has widths that PostgreSQL reckons in its own way.
fn condition(chance: &mut Chance, depth: u64) -> String {
    if depth == 0 || chance.one_in(4) {
        return (*chance.pick(&["a", "b", "c", "d", "a:*", "e", "a:A", "b:D"])).to_owned();
    }
    let operator = *chance.pick(&["&", "|", "<->", "<2>", "<0>", "!"]);
    if operator == "!" {
        return format!("!({})", condition(chance, depth - 1));
    }
    format!("({} {operator} {})", condition(chance, depth - 1), condition(chance, depth - 1))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_by_chance_match_what_they_match_in_postgresql() {
    let Some(peer) = Peer::start().await else { return };
    let theirs = peer.connect().await;
    let folder = folder();
    let server = Server::start(folder.path());
    let ours = server.connect().await;
    let (seed, mut chance) = Chance::from_environment("ANNALS_WORDS_SEED", 17);
    println!("ANNALS_WORDS_SEED={seed}");
    for _ in 0..40 {
        let texts: Vec<String> = (0..BATCH).map(|_| of_pieces(&mut chance, &["a ", "b ", "c ", "d "], 12)).collect();
        let query = quoted(&condition(&mut chance, 3));
        // A constant query is put to the text, one of each row to a vector.
        let question =
            format!("to_tsvector('simple', t) @@ {query}, (t || '')::tsvector IS NOT NULL, strip(to_tsvector(t)) @@ {query}");
        let (own, expected) = tokio::join!(answers(&ours, &texts, &question), answers(&theirs, &texts, &question));
        for ((text, own), expected) in texts.iter().zip(&own).zip(&expected) {
            assert_eq!(own, expected, "{text:?} @@ {query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn search_finds_words_phrases_beginnings_and_parts_of_unspaced_text() {
    let folder = folder();
    let server = Server::start(folder.path());
    let client = server.connect().await;
    client
        .batch_execute(
            "CREATE TABLE notes (n int, occurred_at timestamptz NOT NULL DEFAULT now(), message text, details jsonb);
             INSERT INTO notes (n, message, details) VALUES
                 (1, 'The Payment failed again', '{\"error\": {\"code\": \"RATE_LIMITED\", \"status\": 429}, \"tags\": [\"late\", \"night\"]}'),
                 (2, 'payment is fine', '{\"retry\": true, \"payment\": \"none\"}'),
                 (3, '订单12345支付失败了', NULL),
                 (4, NULL, '{\"message\": \"Error发生 \\u00e9t\\u00e9\"}');",
        )
        .await
        .unwrap();
    for (condition, expected) in [
        ("search(message, 'PAYMENT')", "1,2"),
        ("search(message, 'payment -fine')", "1"),
        ("search(message, '\"payment failed\"')", "1"),
        ("search(message, '\"failed payment\"')", ""),
        ("search(message, 'pay*')", "1,2"),
        ("search(message, 'fine or failed')", "1,2"),
        ("search(message, '支付')", "3"),
        ("search(message, '\"12345\"')", "3"),
        ("search(message, '付支')", ""),
        ("search(message, '')", ""),
        ("search(message, '-nothing')", "1,2,3"),
        ("NOT search(message, 'payment')", "3"),
        ("search(message, NULL)", ""),
        ("search(details, 'rate limited')", "1"),
        ("search(details, '429')", "1"),
        ("search(details, 'true')", "2"),
        // Keys are not searched, and a phrase does not reach from one value into another.
        ("search(details, 'payment')", ""),
        ("search(details, '\"late night\"')", ""),
        ("search(details, 'late night')", "1"),
        ("search(details -> 'error', 'late')", ""),
        ("search(details ->> 'payment', 'none')", "2"),
        ("search(details, 'error')", "4"),
        ("search(details, 'ÉTÉ')", "4"),
        ("search(message, n::text)", ""),
    ] {
        let sql = format!("SELECT coalesce(string_agg(n::text, ',' ORDER BY n), '') FROM notes WHERE {condition}");
        let rows = table(&client, &sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).rows;
        assert_eq!(rows[0][0].as_deref(), Some(expected), "{condition}");
    }
    assert_eq!(count(&client, "SELECT count(*) FROM notes WHERE search(message, 'a') IS NULL").await, 1);
    for (sql, expected) in [
        ("SELECT search(1, 'a')", "42883"),
        ("SELECT to_tsvector('english', 'a')", "0A000"),
        ("SELECT ts_rank(to_tsvector('a'), 'a')", "0A000"),
        ("SELECT ts_headline('a', 'a')", "0A000"),
        ("CREATE TABLE vectors (occurred_at timestamptz NOT NULL, words tsvector)", "0A000"),
        ("SET default_text_search_config = 'english'", "22023"),
    ] {
        let error = table(&client, sql).await.unwrap_err();
        assert_eq!(sqlstate(&error), expected, "{sql}");
    }
}
