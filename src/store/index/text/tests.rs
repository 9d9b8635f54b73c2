//! No page is left out that holds a row, whatever the texts and whatever is asked; and the index is worth its bytes.

use std::cell::Cell;

use super::*;
use crate::value::words::{Matcher, Query, Reading, read_query, searched};

/// SplitMix64, so that a failure can be run again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % end.max(1) as u64) as usize
    }

    fn pieces(&mut self, from: &[&str], most: usize) -> String {
        (0..=self.below(most)).map(|_| from[self.below(from.len())]).collect()
    }
}

const PIECES: [&str; 64] = [
    "error",
    "Timeout",
    "refund",
    "b",
    "x9",
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
    "K",
    "k",
    "ſ",
    "S",
    "ß",
    "ẞ",
    "İ",
    "i",
    "ı",
    "ς",
    "Σ",
    "ﬅ",
    "ﬆ",
    "ΐ",
    "ΐ",
    ".",
    "-",
    "-",
    "_",
    "/",
    "@",
    ":",
    "//",
    "%",
    " ",
    " ",
    " ",
    " ",
    "  ",
    "\n",
    "\"",
    "'",
    "\\",
    "<b>",
    "example.com",
    "foo-bar",
    "a1b2c3",
    "1a",
    "http://ex.org/p?q=1",
    "user@example.com",
    "/var/log",
    "10.0.0.1",
    "ไทย",
    "支",
    "付失",
    "rate_limited",
    "X",
    "é-ü",
    "失败-x",
];

fn built(content: Content, pages: &[Vec<Option<String>>]) -> Vec<u8> {
    let mut builder = TextBuilder::new(content, POSTINGS_MAX);
    for page in pages {
        builder.page(page.iter().map(Option::as_deref)).unwrap();
    }
    let mut bytes = vec![];
    let length = builder.finish(&mut bytes).unwrap();
    assert_eq!(length, bytes.len() as u64);
    bytes
}

fn reader(bytes: &[u8]) -> impl Fn(u64, usize) -> Result<Bytes> + '_ {
    |at, length| {
        let at = usize::try_from(at).unwrap();
        bytes.get(at..at + length).map(Bytes::copy_from_slice).ok_or_else(|| damaged("its length"))
    }
}

/// Pages of few texts, some of them NULL and some pages empty, as `content`.
fn pages(dice: &mut Dice, content: Content) -> Vec<Vec<Option<String>>> {
    let text = |dice: &mut Dice| {
        let text = dice.pieces(&PIECES, 8);
        match content {
            Content::Text => text,
            Content::Document => {
                let other = dice.pieces(&PIECES, 3);
                let mut value = serde_json::to_string(&text).unwrap();
                if dice.below(3) == 0 {
                    // As a `json` may be written.
                    value = value.replace('e', "\\u0065").replace('/', "\\/").replace('é', "\\u00e9").replace('失', "\\u5931");
                }
                format!(
                    "{{\"key\": {value}, \"n\": {}, \"list\": [true, {}]}}",
                    dice.below(50),
                    serde_json::to_string(&other).unwrap()
                )
            }
        }
    };
    (0..1 + dice.below(40)).map(|_| (0..dice.below(4)).map(|_| (dice.below(6) > 0).then(|| text(dice))).collect()).collect()
}

fn like(pattern: &str, fold: bool) -> regex::Regex {
    let mut out = String::from("^");
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '\\' => out.push_str(&regex::escape(&letters.next().map_or(String::new(), String::from))),
            other => out.push_str(&regex::escape(&other.to_string())),
        }
    }
    regex::RegexBuilder::new(&format!("{out}$")).case_insensitive(fold).dot_matches_new_line(true).build().unwrap()
}

fn assert_kept(found: &PageSet, pages: &[Vec<Option<String>>], what: &str, matches: impl Fn(&str) -> bool) {
    for (page, rows) in pages.iter().enumerate() {
        for row in rows.iter().flatten() {
            assert!(!matches(row) || found.contains(page as u32), "{what:?} is in page {page}: {row:?}");
        }
    }
}

#[test]
fn every_page_that_holds_a_row_is_found() {
    let mut dice = Dice(4711);
    let mut ruled_out = 0;
    for round in 0..80 {
        let content = if round % 2 == 0 { Content::Text } else { Content::Document };
        let pages = pages(&mut dice, content);
        let bytes = built(content, &pages);
        let read = reader(&bytes);
        let index = TextIndex::open(bytes.len() as u64, &read).unwrap();
        assert_eq!(index.pages() as usize, pages.len());
        let matches = |matcher: &Matcher, row: &str| match content {
            Content::Text => matcher.matches(row).unwrap(),
            Content::Document => matcher.matches_json(row).unwrap(),
        };
        for _ in 0..20 {
            let mut asked = dice.pieces(&PIECES, 2);
            asked.push_str(["", "", "*", " -x9", " or refund"][dice.below(5)]);
            let query = searched(&asked).unwrap();
            let found = index.find(&TextProbe::of_search(&query), &read).unwrap();
            let matcher = Matcher::for_search(&query);
            assert_kept(&found, &pages, &asked, |row| matches(&matcher, row));
            ruled_out += pages.len() - found.len();

            let reading = [Reading::Plain, Reading::Phrase, Reading::Web][dice.below(3)];
            let query = read_query(&asked, reading).unwrap();
            let found = index.find(&TextProbe::of_query(&query), &read).unwrap();
            let matcher = Matcher::new(&query);
            assert_kept(&found, &pages, &asked, |row| matches(&matcher, row));

            let word = dice.pieces(&PIECES, 0).to_lowercase();
            let query = Query::parse(&format!("'{}':*", word.replace(['\\', '\''], "").trim())).unwrap_or_default();
            let found = index.find(&TextProbe::of_query(&query), &read).unwrap();
            let matcher = Matcher::new(&query);
            assert_kept(&found, &pages, &word, |row| matches(&matcher, row));

            let pattern = format!("%{}%", dice.pieces(&PIECES, 2));
            for fold in [false, true] {
                let found = index.find(&TextProbe::of_like(&pattern, false), &read).unwrap();
                let regex = like(&pattern, fold);
                assert_kept(&found, &pages, &pattern, |row| regex.is_match(row));
                if content == Content::Document {
                    let found = index.find(&TextProbe::of_like(&pattern, true), &read).unwrap();
                    let value =
                        |row: &str| serde_json::from_str::<serde_json::Value>(row).unwrap()["key"].as_str().unwrap().to_owned();
                    assert_kept(&found, &pages, &pattern, |row| regex.is_match(&value(row)));
                }
            }
        }
    }
    assert!(ruled_out > 2_000, "only {ruled_out} pages were ruled out");
}

#[test]
fn words_are_looked_up_by_one_read_and_rule_out_nearly_every_page() {
    let mut dice = Dice(7);
    let id = |dice: &mut Dice| (0..12).map(|_| char::from(b"0123456789abcdefghjkmnpqrstvwxyz"[dice.below(32)])).collect::<String>();
    let pages: Vec<Vec<Option<String>>> = (0..200)
        .map(|_| (0..64).map(|_| Some(format!("The payment {} of msg-{} failed", dice.below(90), id(&mut dice)))).collect())
        .collect();
    let bytes = built(Content::Text, &pages);
    let reads = Cell::new(0);
    let whole = reader(&bytes);
    let read = |at: u64, length: usize| {
        reads.set(reads.get() + 1);
        whole(at, length)
    };
    let index = TextIndex::open(bytes.len() as u64, &read).unwrap();
    assert!(index.memory_bytes() < 64 * 1024);
    let known = pages[77][3].as_deref().unwrap().split(['-', ' ']).nth(5).unwrap().to_owned();
    reads.set(0);
    let found = index.find(&TextProbe::Word(known.clone()), &read).unwrap();
    assert_eq!((found.iter().collect::<Vec<_>>(), reads.get()), (vec![77], 1));
    // The compound word is found by its parts.
    let found = index.find(&TextProbe::of_search(&searched(&format!("MSG-{known}")).unwrap()), &read).unwrap();
    assert_eq!(found.iter().collect::<Vec<_>>(), [77]);
    assert_eq!(index.find(&TextProbe::Word("payment".into()), &read).unwrap().len(), 200);
    let absent = (0..1_000).filter(|_| !index.find(&TextProbe::Word(id(&mut dice)), &read).unwrap().is_empty()).count();
    assert!(absent < 20, "{absent} of a thousand words that are nowhere were found");
    let found = index.find(&TextProbe::of_like(&format!("%{}%", &known[1..11]), false), &read).unwrap();
    assert!(found.contains(77) && found.len() < 10, "{} pages", found.len());
    assert_eq!(index.find(&TextProbe::ANYTHING, &read).unwrap().len(), 200);
    assert!(index.find(&TextProbe::Any(vec![]), &read).unwrap().is_empty());
}

#[test]
fn a_bit_that_turned_is_noticed_when_it_is_read() {
    let pages = vec![vec![Some("one two".to_owned())], vec![None], vec![], vec![Some("three".to_owned())]];
    let whole = built(Content::Text, &pages);
    let probe = TextProbe::All(vec![TextProbe::Word("three".into()), TextProbe::Inside("three".into())]);
    let ask = |bytes: &[u8]| {
        let read = reader(bytes);
        TextIndex::open(bytes.len() as u64, &read).and_then(|index| index.find(&probe, &read))
    };
    let answer = ask(&whole).unwrap();
    assert_eq!(answer.iter().collect::<Vec<_>>(), [3]);
    let mut noticed = 0;
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        match ask(&bytes) {
            Ok(found) => assert_eq!(found, answer, "byte {at}"),
            Err(error) => {
                assert_eq!(error.sqlstate(), "XX001");
                noticed += 1;
            }
        }
    }
    assert!(noticed > FOOTER_BYTES);
    for length in 0..whole.len().min(200) {
        assert!(ask(&whole[..length]).is_err());
    }
}

#[test]
fn a_column_without_a_row_has_no_pages() {
    let bytes = built(Content::Text, &[]);
    let read = reader(&bytes);
    let index = TextIndex::open(bytes.len() as u64, &read).unwrap();
    for probe in [TextProbe::ANYTHING, TextProbe::Word("a".into()), TextProbe::Inside("abc".into())] {
        assert!(index.find(&probe, &read).unwrap().is_empty());
    }
}

#[test]
fn an_index_with_more_words_than_its_share_keeps_none_and_leaves_no_page_out() {
    let mut builder = TextBuilder::new(Content::Text, 3);
    for text in ["one two three", "four"] {
        builder.page([Some(text)].into_iter()).unwrap();
    }
    let mut bytes = vec![];
    builder.finish(&mut bytes).unwrap();
    let read = reader(&bytes);
    let index = TextIndex::open(bytes.len() as u64, &read).unwrap();
    let pages = |probe| index.find(&probe, &read).unwrap().iter().collect::<Vec<_>>();
    assert_eq!(pages(TextProbe::Word("four".into())), [0, 1]);
    assert_eq!(pages(TextProbe::Inside("four".into())), [1]);
}
