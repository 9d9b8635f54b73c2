//! What the parser and the queries do, by examples of PostgreSQL's own answers.

use super::*;

fn vector(text: &str) -> String {
    Vector::of(|visit| {
        let _: ControlFlow<()> = each(text, &mut 0, &mut |lexeme, at| visit(lexeme, at));
    })
    .unwrap()
    .to_string()
}

#[test]
fn words_are_cut_as_postgresql_cuts_them() {
    for (text, expected) in [
        ("", ""),
        ("The quick  Brown fox", "'brown':3 'fox':4 'quick':2 'the':1"),
        ("foo-bar", "'bar':3 'foo':2 'foo-bar':1"),
        ("a@b.com http://x.yz/z?q=1", "'/z?q=1':4 'a@b.com':1 'x.yz':3 'x.yz/z?q=1':2"),
        ("/var/log/messages 1.5 -3 10.0.0.1", "'-3':3 '/var/log/messages':1 '1.5':2 '10.0.0.1':4"),
        ("支付失败 ok", "'ok':2 '支付失败':1"),
        ("<b>bold</b> &amp; it's", "'bold':1 'it':2 's':3"),
    ] {
        assert_eq!(vector(text), expected, "{text}");
    }
}

#[test]
fn every_text_is_cut_in_time_in_proportion_to_its_length() {
    for part in ["<a \"", "<!--", "a1@", "a-b_", "/~", "./", "&a:", "1.a-", "a.1@b.", "<a '\\", "+1.1.1"] {
        let text = part.repeat(300_000);
        let _: ControlFlow<()> = each(&text, &mut 0, &mut |_, _| ControlFlow::Continue(()));
    }
}

#[test]
fn queries_print_as_in_postgresql() {
    for (text, expected) in [
        ("a & b|c", "'a' & 'b' | 'c'"),
        ("a & (b|c)", "'a' & ( 'b' | 'c' )"),
        ("!(a|b)", "!( 'a' | 'b' )"),
        ("a <-> (b <-> c)", "'a' <-> ( 'b' <-> 'c' )"),
        ("(a <-> b) <2> c:*BA", "'a' <-> 'b' <2> 'c':*AB"),
        ("'it''s' & b\\&c", "'it''s' & 'b&c'"),
    ] {
        assert_eq!(Query::parse(text).unwrap().to_string(), expected);
    }
    assert_eq!(Query::parse("a &").unwrap_err().sqlstate(), "42601");
    assert_eq!(Query::parse(&"(".repeat(100_000)).unwrap_err().sqlstate(), "54001");
    assert_eq!(Query::parse(&"!".repeat(100_000)).unwrap_err().sqlstate(), "54001");
    let long = vec!["a"; 100_000].join(" & ");
    assert_eq!(Query::parse(&long).unwrap().nodes(), 199_999);
}

#[test]
fn what_people_type_becomes_a_query() {
    let web = |text| read_query(text, Reading::Web).unwrap().to_string();
    assert_eq!(web("fat -rat or \"sad cat\""), "'fat' & !'rat' | 'sad' <-> 'cat'");
    assert_eq!(web("foo:bar http://x.y/z"), "'foo' & 'bar' & 'http' & '/x.y/z'");
    assert_eq!(web("  "), "");
    assert_eq!(searched("time* -\"not here*\"").unwrap().to_string(), "'time':* & !( 'not' <-> 'here':* )");
}

#[test]
fn what_is_kept_of_a_document_has_the_words_of_all_its_parts() {
    let mut seed = 7u64;
    let mut dice = move |sides: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % sides
    };
    let bits = [
        "a", "Bc", "7", "-", "/", ".", " ", "<", ">", "<b ", "</b>", "'", "\\\"", "\\\\", "\\n", "&lt;", "é", "失败", "http://",
        "@", "_", "{", "[",
    ];
    fn value(dice: &mut impl FnMut(usize) -> usize, bits: &[&str], depth: usize, parts: &mut Vec<String>) -> String {
        let string = |dice: &mut dyn FnMut(usize) -> usize| {
            let length = dice(7);
            format!("\"{}\"", (0..length).map(|_| bits[dice(bits.len())]).collect::<String>())
        };
        let text = match dice(if depth < 4 { 8 } else { 4 }) {
            0..=1 => return string(dice),
            2 => return ["-1.5e3", "12", "0.7"][dice(3)].to_owned(),
            3 => return ["true", "false", "null"][dice(3)].to_owned(),
            4..=5 => {
                let blank = ["", " "][dice(2)];
                let members = (0..dice(4)).map(|_| value(dice, bits, depth + 1, parts)).collect::<Vec<_>>();
                format!("[{}]", members.join(&format!(",{blank}")))
            }
            _ => {
                let members =
                    (0..dice(4)).map(|_| format!("{}: {}", string(dice), value(dice, bits, depth + 1, parts))).collect::<Vec<_>>();
                format!("{{{}}}", members.join(", "))
            }
        };
        if depth > 0 {
            parts.push(text.clone());
        }
        text
    }
    let mut looked = 0;
    for _ in 0..20_000 {
        let mut parts = vec![];
        let document = value(&mut dice, &bits, 0, &mut parts);
        let _: ControlFlow<()> = each_text(&document, Values::Scalars, &mut |text| {
            parts.push(text.to_owned());
            ControlFlow::Continue(())
        });
        let mut kept = std::collections::HashSet::new();
        each_kept_of_json(&document, &mut |word| _ = kept.insert(word.to_owned()));
        for lexeme in parts.iter().flat_map(|part| lexemes(part)) {
            let is_kept = asked_as(&lexeme).iter().any(|way| way.iter().all(|word| kept.contains(*word)));
            assert!(is_kept, "{lexeme:?} of {document}");
            looked += 1;
        }
    }
    assert!(looked > 50_000);
}

#[test]
fn words_are_found_where_a_document_writes_them_as_escapes() {
    let found = |document: &str, query: &str| Matcher::for_search(&searched(query).unwrap()).matches_json(document).unwrap();
    assert!(found(r#"{"a": "\u0065rror"}"#, "error"));
    assert!(found(r#"{"a": "see /var\/log\/syslog"}"#, "/var/log/syslog"));
    assert!(found(r#"{"a": "one\ntwo"}"#, "two"));
    assert!(!found(r#"{"error": 1}"#, "error"));
    assert!(found(r#"{"error": [1.5, true]}"#, "1.5 true"));
}

#[test]
fn search_finds_parts_of_words_without_blanks() {
    let found = |text: &str, query: &str| Matcher::for_search(&searched(query).unwrap()).matches(text).unwrap();
    assert!(found("订单12345支付失败了", "失败"));
    assert!(found("订单12345支付失败了", "12345"));
    assert!(found("Error发生", "error"));
    assert!(!found("订单支付失败了", "败失"));
    assert!(found("the payment failed again", "\"payment failed\" -never"));
    assert!(!found("the payment never failed", "\"payment failed\""));
    assert!(!found("anything", ""));
}
