//! Every value of a table of PostgreSQL's own answers: read from text, written as text, in the wire form and as JSON, or refused with
//! the same words.

use crate::error::Error;
use crate::value::{ColumnBuilder, DateOrder, Formatter, IntervalStyle, SqlType, Style, Zone};

/// Undoes the escapes of the table's columns.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.push(match (letter, letter == '\\') {
            (_, true) => match letters.next().unwrap() {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            },
            (plain, false) => plain,
        });
    }
    plain
}

fn style(zone: &str, orders: &str) -> Style {
    let (date_order, interval_style) = orders.split_once('/').unwrap_or((orders, "postgres"));
    Style {
        timezone: Zone::parse(zone).unwrap(),
        date_order: match date_order {
            "MDY" => DateOrder::Mdy,
            "DMY" => DateOrder::Dmy,
            "YMD" => DateOrder::Ymd,
            other => panic!("date order {other}"),
        },
        interval_style: match interval_style {
            "postgres" => IntervalStyle::Postgres,
            "postgres_verbose" => IntervalStyle::PostgresVerbose,
            "sql_standard" => IntervalStyle::SqlStandard,
            "iso_8601" => IntervalStyle::Iso8601,
            other => panic!("interval style {other}"),
        },
        ..Style::default()
    }
}

/// The error in the table's spelling.
fn told(error: &Error) -> String {
    let report = error.report();
    let detail = report.detail.as_deref().unwrap_or_default();
    let context = report.context.as_deref().unwrap_or_default();
    format!("E:{}:{}:{detail}:{context}", error.sqlstate(), report.message)
}

fn answer(sql_type: &SqlType, text: &str, style: &Style) -> String {
    let mut column = ColumnBuilder::new(sql_type, 1);
    if let Err(error) = column.append_text(text, style) {
        return told(&error);
    }
    let array = column.finish();
    assert_eq!(array.data_type(), &sql_type.arrow());
    let formatter = Formatter::new(&array, sql_type, style).unwrap();
    let (mut shown, mut wire, mut json) = (Vec::new(), Vec::new(), Vec::new());
    formatter.write_text(0, &mut shown);
    formatter.write_binary(0, &mut wire);
    formatter.write_json(0, &mut json);
    let mut again = ColumnBuilder::new(sql_type, 1);
    again.append_binary(&wire).unwrap();
    let mut shown_again = Vec::new();
    Formatter::new(&again.finish(), sql_type, style).unwrap().write_text(0, &mut shown_again);
    assert_eq!(shown, shown_again, "the wire form of {text:?} reads back as another value");
    let wire: String = wire.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}\t{wire}\t{}", String::from_utf8(shown).unwrap(), String::from_utf8(json).unwrap())
}

#[test]
fn every_answer_is_postgresqls() {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for line in include_str!("golden.tsv").lines().skip(1) {
        let columns: Vec<&str> = line.splitn(5, '\t').collect();
        let [type_name, zone, orders, input, expected] = columns[..] else { panic!("bad line {line}") };
        let sql_type = SqlType::parse(type_name).unwrap();
        let expected: String = expected.split('\t').map(unescaped).collect::<Vec<_>>().join("\t");
        let found = answer(&sql_type, &unescaped(input), &style(zone, orders));
        checked += 1;
        if found != expected {
            wrong.push(format!("{type_name} {zone} {orders} {input}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {checked} answers differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(checked > 2_000, "the table has only {checked} answers");
}
