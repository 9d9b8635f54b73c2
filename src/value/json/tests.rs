//! What PostgreSQL's own answers (`value/golden.tsv`) do not show: limits, layout, and that canonical text stays as it is.

use super::*;

fn canonical(text: &str) -> String {
    let mut out = String::new();
    canonicalise(text, &mut out).unwrap();
    out
}

#[test]
fn canonical_text_stays_as_it_is() {
    let text = canonical(r#"{"b": [1, {"z":null,"y":"\u00e9\n"}], "aa": {}, "a": 1.50}"#);
    assert_eq!(text, r#"{"a": 1.50, "b": [1, {"y": "é\n", "z": null}], "aa": {}}"#);
    assert_eq!(canonical(&text), text);
}

#[test]
fn an_error_leaves_the_output_as_it_was() {
    let mut out = "before".to_owned();
    assert!(canonicalise("[1, 2, x]", &mut out).is_err());
    assert_eq!(out, "before");
    canonicalise("[1]", &mut out).unwrap();
    assert_eq!(out, "before[1]");
}

#[test]
fn nesting_is_limited_and_costs_no_stack() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(validate(&nested(DEPTH_MAX)).is_ok());
    let error = validate(&nested(DEPTH_MAX + 1)).unwrap_err();
    assert_eq!((error.sqlstate(), error.message()), ("54001", "stack depth limit exceeded"));
    assert_eq!(validate(&"{\"a\":".repeat(1_000_000)).unwrap_err().sqlstate(), "54001");
}

#[test]
fn numbers_cannot_blow_a_value_up() {
    let numbers = vec!["1e131000"; 1_000].join(",");
    let error = canonicalise(&format!("[{numbers}]"), &mut String::new()).unwrap_err();
    assert_eq!(error.sqlstate(), "54000");
    assert_eq!(canonicalise("1e131072", &mut String::new()).unwrap_err().sqlstate(), "22003");
}

#[test]
fn a_late_duplicate_wins_at_every_depth() {
    assert_eq!(canonical(r#"{"k":{"a":1,"a":2},"k":{"b":1,"a":[],"b":{"c":1,"c":2}}}"#), r#"{"k": {"a": [], "b": {"c": 2}}}"#);
}

#[test]
fn laid_out_as_jsonb_pretty_does() {
    let expected = "{\n    \"a\": {\n    },\n    \"b\": [\n    ],\n    \"c\": [\n        1,\n        {\n            \"x\": \"y\"\n        }\n    ]\n}";
    assert_eq!(pretty(r#"{"b":[],"a":{},"c":[1,{"x":"y"}]}"#).unwrap(), expected);
    assert_eq!(pretty("1e2").unwrap(), "100");
    assert_eq!(pretty("[]").unwrap(), "[\n]");
    assert_eq!(pretty("[{}]").unwrap(), "[\n    {\n    }\n]");
    assert_eq!(pretty("[").unwrap_err().sqlstate(), "22P02");
}

#[test]
fn strings_are_unescaped_and_written() {
    let mut text = String::new();
    string::unescape(r#""a\u00e9\ud83d\ude00\n\/\"\\""#, &mut text);
    assert_eq!(text, "aé😀\n/\"\\");
    let mut written = String::new();
    string::write_string("a\"\\\u{1}\u{8}\n\u{7f}é", &mut written);
    assert_eq!(written, "\"a\\\"\\\\\\u0001\\b\\n\u{7f}é\"");
}
