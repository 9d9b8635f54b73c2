//! COPY against PostgreSQL's own answers, against itself with chunks cut anywhere, and JSON Lines.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Schema;

use super::*;
use crate::error::{Error, Result};
use crate::ingest::ROW_BYTES_MAX;
use crate::value::{SqlType, Style};

type Columns = Vec<(String, SqlType)>;

fn columns(given: &[(&str, &str)]) -> Columns {
    given.iter().map(|(name, sql_type)| ((*name).to_owned(), SqlType::parse(sql_type).unwrap())).collect()
}

fn options(given: &[(&str, &str)], direction: Direction) -> CopyOptions {
    let value = |text: &str| match text {
        "" => OptionValue::None,
        "*" => OptionValue::All,
        list if list.starts_with('(') => OptionValue::Columns(list[1..list.len() - 1].split(',').map(str::to_owned).collect()),
        text => OptionValue::Text(text.to_owned()),
    };
    let given: Vec<_> = given.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect();
    CopyOptions::new(&given, direction).unwrap()
}

/// Reads data in chunks of the sizes that `chunk` gives, taking batches of at least three rows.
fn read_chunks(options: &CopyOptions, columns: &Columns, data: &[u8], mut chunk: impl FnMut() -> usize) -> Result<Vec<CopyBatch>> {
    let mut reader = CopyReader::new(options.clone(), columns.clone(), "t".to_owned(), Style::default())?;
    let mut batches = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (head, tail) = rest.split_at(chunk().clamp(1, rest.len()));
        reader.push(head)?;
        batches.extend(reader.take_batch(3));
        rest = tail;
    }
    batches.push(reader.finish()?);
    Ok(batches)
}

fn read(given: &[(&str, &str)], columns: &Columns, data: &[u8]) -> Result<CopyBatch> {
    let options = options(given, Direction::From);
    let mut reader = CopyReader::new(options, columns.clone(), "t".to_owned(), Style::default())?;
    reader.push(data)?;
    reader.finish()
}

fn write(options: &CopyOptions, columns: &Columns, batches: &[CopyBatch]) -> Vec<u8> {
    let schema = Arc::new(Schema::new(columns.iter().map(|(name, sql_type)| sql_type.field(name, true)).collect::<Vec<_>>()));
    let mut writer = CopyWriter::new(options.clone(), columns, Style::default()).unwrap();
    let mut out = Vec::new();
    writer.header(&mut out);
    for batch in batches {
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.rows));
        let batch = RecordBatch::try_new_with_options(schema.clone(), batch.columns.clone(), &rows).unwrap();
        writer.write_batch(&batch, &mut out).unwrap();
    }
    writer.trailer(&mut out);
    out
}

fn told(error: &Error) -> String {
    let report = error.report();
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let lines = [report.message.clone(), part(&report.detail), part(&report.hint), part(&report.context)];
    format!("ERR {}\n{}", error.sqlstate(), lines.join("\n"))
}

/// Undoes the escapes of the table of answers.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        (rest, _) = match (first, after) {
            (b'\\', [b'x', a, b, after @ ..]) => {
                let digits = [*a, *b];
                (after, bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()))
            }
            (b'\\', [b'\\', after @ ..]) => (after, bytes.push(b'\\')),
            _ => (after, bytes.push(*first)),
        };
    }
    bytes
}

#[test]
fn every_answer_is_postgresqls() {
    let mut checked = 0;
    for line in include_str!("golden.tsv").lines().skip(1) {
        let [given, from, to, data, expected] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("bad line {line}") };
        let given: Vec<(&str, &str)> = given.split(';').filter_map(|column| column.split_once(':')).collect();
        let columns = columns(&given);
        let parsed = |text: &str, direction| {
            let text = String::from_utf8(unescaped(text)).unwrap();
            let pairs: Vec<(&str, &str)> = text
                .split(';')
                .filter(|option| !option.is_empty())
                .map(|option| option.split_once('=').unwrap_or((option, "")))
                .collect();
            options(&pairs, direction)
        };
        let (from, to) = (parsed(from, Direction::From), parsed(to, Direction::To));
        for size in [1, 2, 5, usize::MAX] {
            let found = match read_chunks(&from, &columns, &unescaped(data), || size) {
                Ok(batches) => [b"OK\n".to_vec(), write(&to, &columns, &batches)].concat(),
                Err(error) => told(&error).trim_end().as_bytes().to_vec(),
            };
            let expected = unescaped(expected);
            assert_eq!(
                String::from_utf8_lossy(&found),
                String::from_utf8_lossy(&expected),
                "{data:?} as {given:?} by {from:?} in chunks of {size}"
            );
        }
        checked += 1;
    }
    assert!(checked > 200, "the table has only {checked} answers");
}

/// A small generator of numbers, the same in every run (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

fn sample() -> (Columns, Vec<CopyBatch>) {
    let columns = columns(&[
        ("id", "bigint"),
        ("name", "text"),
        ("occurred_at", "timestamptz"),
        ("details", "jsonb"),
        ("tags", "text[]"),
        ("amount", "numeric(12,2)"),
        ("raw", "bytea"),
        ("ok", "boolean"),
    ]);
    let mut dice = Dice(7);
    let mut text = String::new();
    for _ in 0..200 {
        let fields = [
            dice.pick(&["1", "-5", "9223372036854775807", "\\N"]).to_owned(),
            dice.pick(&[
                "plain",
                "",
                "tab\\tand\\nline",
                "quote \"x\" and 'y', comma",
                "\\\\.",
                "é😀",
                "\\N",
                "back\\\\slash",
                "\\r\\n",
            ])
            .to_owned(),
            dice.pick(&["2024-02-29 12:00:00.123456+00", "infinity", "1969-12-31 23:59:59.999999+00", "\\N"]).to_owned(),
            dice.pick(&["{\"b\":[1.50,null],\"a\":\"x\\\\n\\\\u00e9\"}", "[]", "\"s\"", "\\N"]).to_owned(),
            dice.pick(&["{}", "{a,\"b c\",NULL,\"\"}", "{\"q\\\\\"\",\"\\\\\\\\\"}", "\\N"]).to_owned(),
            dice.pick(&["0.00", "-1.50", "9999999999.99", "\\N"]).to_owned(),
            dice.pick(&["\\\\x", "\\\\x00ff5c", "\\N"]).to_owned(),
            dice.pick(&["t", "f", "\\N"]).to_owned(),
        ];
        text.push_str(&fields.join("\t"));
        text.push('\n');
    }
    let batches = read_chunks(&CopyOptions::default(), &columns, text.as_bytes(), || usize::MAX).unwrap();
    (columns, batches)
}

fn joined(batches: &[CopyBatch], column: usize) -> ArrayRef {
    let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.columns[column].as_ref()).collect();
    arrow::compute::concat(&parts).unwrap()
}

#[test]
fn any_cut_into_chunks_gives_the_same_rows() {
    let (columns, rows) = sample();
    let mut dice = Dice(11);
    for given in [
        &[("format", "text")][..],
        &[("format", "csv")],
        &[("format", "csv"), ("escape", "\\"), ("delimiter", ";"), ("null", "NIL"), ("header", "")],
        &[("format", "binary")],
        &[("format", "json")],
    ] {
        let data = write(&options(given, Direction::To), &columns, &rows);
        for largest in [1, 2, 3, 7, 40, 1_000] {
            let batches = read_chunks(&options(given, Direction::From), &columns, &data, || 1 + dice.below(largest)).unwrap();
            assert_eq!(batches.iter().map(|batch| batch.rows).sum::<usize>(), 200);
            for (column, (name, _)) in columns.iter().enumerate() {
                assert_eq!(&joined(&batches, column), &joined(&rows, column), "{given:?}, column {name}");
            }
        }
    }
}

#[test]
fn batches_come_when_they_are_large_enough() {
    let mut reader = CopyReader::new(CopyOptions::default(), columns(&[("a", "int")]), "t".to_owned(), Style::default()).unwrap();
    assert!(reader.take_batch(0).is_none());
    reader.push(b"1\n2\n3").unwrap();
    assert_eq!((reader.rows(), reader.batch_bytes()), (2, 5));
    assert!(reader.take_batch(3).is_none());
    let batch = reader.take_batch(2).unwrap();
    assert_eq!((batch.rows, batch.lines.as_slice(), reader.batch_bytes()), (2, &[1, 2][..], 0));
    let batch = reader.finish().unwrap();
    assert_eq!((batch.rows, batch.lines.as_slice()), (1, &[3][..]));
}

#[test]
fn a_row_has_a_largest_size_in_every_format() {
    let columns = columns(&[("a", "text")]);
    let long = vec![b'x'; ROW_BYTES_MAX + 1];
    let quoted = [b"\"", long.as_slice()].concat();
    let mut tuple = [&b"PGCOPY\n\xff\r\n\0"[..], &[0; 8], &[0, 1], &0x7fff_ffff_u32.to_be_bytes()].concat();
    tuple.extend_from_slice(&long);
    for (format, data) in [("text", &long), ("csv", &quoted), ("json", &quoted), ("binary", &tuple)] {
        let mut reader =
            CopyReader::new(options(&[("format", format)], Direction::From), columns.clone(), "t".to_owned(), Style::default())
                .unwrap();
        let error = data.chunks(1 << 20).find_map(|chunk| reader.push(chunk).err()).unwrap();
        assert_eq!(error.sqlstate(), "54000", "{format}");
        assert!(error.message().contains("16 MiB"), "{error}");
        assert_eq!(error.report().context.as_deref(), Some("COPY t, line 1"));
    }
}

#[test]
fn options_must_name_columns_of_the_copy() {
    let given = options(&[("format", "csv"), ("force_null", "(b)")], Direction::From);
    let error = CopyReader::new(given, columns(&[("a", "int")]), "t".to_owned(), Style::default()).err().unwrap();
    assert_eq!((error.sqlstate(), error.message()), ("42P10", "FORCE_NULL column \"b\" not referenced by COPY"));
    let given = options(&[("format", "csv"), ("force_quote", "(b)")], Direction::To);
    let error = CopyWriter::new(given, &columns(&[("a", "int")]), Style::default()).err().unwrap();
    assert_eq!((error.sqlstate(), error.message()), ("42P10", "FORCE_QUOTE column \"b\" not referenced by COPY"));
}

#[test]
fn malformed_binary_data_is_refused() {
    let columns = columns(&[("a", "int"), ("b", "text")]);
    let header = [&b"PGCOPY\n\xff\r\n\0"[..], &[0; 8]].concat();
    let with = |rest: &[u8]| [header.as_slice(), rest].concat();
    let field = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let row = |a: &[u8], b: &[u8]| [&[0, 2][..], &field(a), &field(b)].concat();
    for (data, state, message, context) in [
        (b"PGCOPY\n".to_vec(), "22P04", "COPY file signature not recognized", ""),
        (b"hello, world".to_vec(), "22P04", "COPY file signature not recognized", ""),
        (header[..13].to_vec(), "22P04", "invalid COPY file header (missing flags)", ""),
        ([&header[..11], &[0, 1, 0, 0]].concat(), "22P04", "invalid COPY file header (WITH OIDS)", ""),
        ([&header[..11], &[0, 2, 0, 0]].concat(), "22P04", "unrecognized critical flags in COPY file header", ""),
        (with(&[0, 3]), "22P04", "row field count is 3, expected 2", "COPY t, line 1"),
        (with(&[0, 2, 0, 0]), "22P04", "unexpected EOF in COPY data", "COPY t, line 1"),
        (with(&[0, 2, 0xff, 0xff, 0xff, 0xfe]), "22P04", "invalid field size", "COPY t, line 1"),
        (with(&row(&[0, 0, 1], b"x")), "08P01", "insufficient data left in message", "COPY t, line 1, column a"),
        (
            with(&row(&[0, 0, 0, 1], b"\xff")),
            "22021",
            "invalid byte sequence for encoding \"UTF8\": 0xff",
            "COPY t, line 1, column b",
        ),
        (with(&[0xff, 0xff, 0]), "22P04", "received copy data after EOF marker", "COPY t, line 1"),
    ] {
        let error = read(&[("format", "binary")], &columns, &data).unwrap_err();
        assert_eq!((error.sqlstate(), error.message()), (state, message));
        assert_eq!(error.report().context.as_deref().unwrap_or_default(), context, "{message}");
    }
    // The trailer may be missing, as it is when a client only sends rows.
    assert_eq!(read(&[("format", "binary")], &columns, &with(&row(&[0, 0, 0, 1], b"x"))).unwrap().rows, 1);
}

const JSON: &[(&str, &str)] = &[("format", "json")];

fn texts(batch: &CopyBatch, column: usize) -> Vec<Option<&str>> {
    batch.columns[column].as_string_view().iter().collect()
}

#[test]
fn json_fields_find_their_columns() {
    let columns = columns(&[("a", "text"), ("n", "int"), ("tags", "text[]"), ("details", "jsonb")]);
    let data = concat!(
        "\u{feff}{\"a\":\"x\\u00e9\\n\",\"n\":5,\"tags\":[\"p\",null,1,{\"q\":2}],\"details\":{\"z\":1,\"y\":\"\\u0041\"}}\r\n",
        "\n   \n",
        "{\"n\":\"6\",\"\\u0061\":{\"k\": [1]},\"tags\":\"{u,v}\",\"details\":null}\n",
        "{\"a\":1.50,\"a\":true}"
    );
    let batch = read(JSON, &columns, data.as_bytes()).unwrap();
    assert_eq!(texts(&batch, 0), [Some("xé\n"), Some("{\"k\": [1]}"), Some("true")]);
    assert_eq!(texts(&batch, 3), [Some("{\"y\": \"A\", \"z\": 1}"), None, None]);
    assert_eq!(batch.lines, [1, 4, 5]);
    let text = write(&CopyOptions::default(), &columns, std::slice::from_ref(&batch));
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("\t{p,NULL,1,\"{\\\\\"q\\\\\":2}\"}\t"), "{text}");
    assert!(text.contains("\t{u,v}\t"), "{text}");
}

#[test]
fn json_absent_is_not_null() {
    let columns = columns(&[("a", "text"), ("b", "text"), ("details", "jsonb")]);
    let batch = read(JSON, &columns, b"{\"a\":null}\n{\"a\":\"x\",\"b\":null}\n").unwrap();
    let marks = |column: usize| batch.absent[column].as_ref().map(|marks| marks.iter().collect::<Vec<_>>());
    assert_eq!(texts(&batch, 0), [None, Some("x")]);
    assert_eq!(texts(&batch, 1), [None, None]);
    assert_eq!(marks(0), None);
    assert_eq!(marks(1), Some(vec![true, false]));
    assert_eq!(marks(2), Some(vec![true, true]));
}

#[test]
fn json_fields_that_are_no_columns_go_to_the_details() {
    let details = |names: &[(&str, &str)], data: &str| {
        let columns = columns(names);
        let batch = read(JSON, &columns, data.as_bytes())?;
        let last = columns.len() - 1;
        let text = texts(&batch, last)[0].map(str::to_owned);
        assert_eq!(batch.absent[last], None);
        Ok::<_, Error>(text)
    };
    let both = &[("a", "int"), ("payload", "jsonb"), ("details", "jsonb")];
    assert_eq!(
        details(both, "{\"a\":1,\"x\":{\"q\":[]},\"y\":\"z\"}").unwrap().as_deref(),
        Some("{\"x\": {\"q\": []}, \"y\": \"z\"}")
    );
    // What the row gives for the column itself is kept and wins.
    let given = "{\"x\":1,\"details\": {\"x\":2,\"w\":3} ,\"y\":4}";
    assert_eq!(details(both, given).unwrap().as_deref(), Some("{\"w\": 3, \"x\": 2, \"y\": 4}"));
    assert_eq!(details(both, "{\"x\":1,\"details\":null}").unwrap().as_deref(), Some("{\"x\": 1}"));
    assert_eq!(details(both, "{\"x\":1,\"details\":{}}").unwrap().as_deref(), Some("{\"x\": 1}"));
    let only = &[("a", "int"), ("body", "jsonb")];
    assert_eq!(details(only, "{\"x\":1}").unwrap().as_deref(), Some("{\"x\": 1}"));
    let error = details(both, "{\"x\":1,\"details\":[1]}").unwrap_err();
    assert_eq!(error.sqlstate(), "22P02");
    assert!(error.report().context.as_deref().is_some_and(|context| context.contains("line 1, column details")), "{error}");
    for none in [&[("a", "int")][..], &[("a", "int"), ("p", "jsonb"), ("q", "jsonb")]] {
        let error = read(JSON, &columns(none), b"{\"a\":1}\n{\"a\":1,\"no\\u0070e\":2}\n").unwrap_err();
        assert_eq!((error.sqlstate(), error.message()), ("42703", "column \"nope\" of relation \"t\" does not exist"));
        assert_eq!(error.report().context.as_deref(), Some("COPY t, line 2"));
    }
}

#[test]
fn malformed_json_tells_its_line_and_reason() {
    let columns = columns(&[("a", "int"), ("details", "jsonb")]);
    for (line, state, detail, context) in [
        ("{\"a\":1", "22P02", Some("The input string ended unexpectedly."), "JSON data, line 1: {\"a\":1\nCOPY t, line 2"),
        ("{\"a\":1} x", "22P02", Some("Token \"x\" is invalid."), "JSON data, line 1: {\"a\":1} x\nCOPY t, line 2"),
        ("[1]", "22P04", None, "COPY t, line 2"),
        ("{\"a\":\"x\"}", "22P02", None, "COPY t, line 2, column a: \"\"x\"\""),
        ("{\"a\":1.5}", "22P02", None, "COPY t, line 2, column a: \"1.5\""),
        (
            "{\"details\":\"\\u0000\"}",
            "22P05",
            Some("\\u0000 cannot be converted to text."),
            "JSON data, line 1: \"\\u0000...\nCOPY t, line 2, column details: \"\"\\u0000\"\"",
        ),
    ] {
        let error = read(JSON, &columns, format!("{{}}\n{line}\n{{}}\n").as_bytes()).unwrap_err();
        assert_eq!(error.sqlstate(), state, "{line}");
        assert_eq!(error.report().detail.as_deref(), detail, "{line}");
        assert_eq!(error.report().context.as_deref(), Some(context), "{line}");
    }
    let error = read(JSON, &columns, b"{\"a\":1}\n{\"a\":\"\xff\"}\n").unwrap_err();
    assert_eq!((error.sqlstate(), error.report().context.as_deref()), ("22021", Some("COPY t, line 2")));
}

#[test]
fn with_a_map_each_line_is_one_record() {
    let given = &[("format", "json"), ("map", "select record ->> 'x' from input")];
    let batch = read(given, &columns(&[("a", "int")]), b"{\"b\":1,\"a\":2}\n[3]\n").unwrap();
    assert_eq!(batch.columns.len(), 1);
    assert_eq!(texts(&batch, 0), [Some("{\"a\": 2, \"b\": 1}"), Some("[3]")]);
}

#[test]
fn json_output_is_lines_or_one_array() {
    let columns = columns(&[("a \"b\"", "int"), ("t", "timestamptz"), ("j", "jsonb"), ("s", "text"), ("f", "double precision")]);
    let data = b"1\t2024-01-05 10:00:00+00\t{\"k\": 1}\tx\"y\t1.5\n\\N\tinfinity\t\\N\t\\N\tNaN\n";
    let batch = read(&[], &columns, data).unwrap();
    let rows = concat!(
        "{\"a \\\"b\\\"\":1,\"t\":\"2024-01-05T10:00:00+00:00\",\"j\":{\"k\": 1},\"s\":\"x\\\"y\",\"f\":1.5}\n",
        "{\"a \\\"b\\\"\":null,\"t\":\"infinity\",\"j\":null,\"s\":null,\"f\":\"NaN\"}\n"
    );
    let lines = write(&options(JSON, Direction::To), &columns, std::slice::from_ref(&batch));
    assert_eq!(String::from_utf8(lines).unwrap(), rows);
    let array = options(&[("format", "json"), ("force_array", "")], Direction::To);
    let (first, second) = rows.split_once('\n').unwrap();
    assert_eq!(String::from_utf8(write(&array, &columns, &[batch])).unwrap(), format!("[\n {first}\n,{second}]\n"));
    assert_eq!(String::from_utf8(write(&array, &columns, &[])).unwrap(), "[\n]\n");
}

#[test]
fn json_output_keeps_each_row_on_one_line() {
    let columns = columns(&[("j", "json"), ("js", "json[]")]);
    let batch = read(&[], &columns, b"{\\n \"a\":\\r\\n\"x\\\\n\"}\t{\"[1,\\n2]\"}\n").unwrap();
    let lines = write(&options(JSON, Direction::To), &columns, &[batch]);
    assert_eq!(String::from_utf8(lines).unwrap(), "{\"j\":{  \"a\":  \"x\\n\"},\"js\":[[1, 2]]}\n");
}

#[test]
fn rows_of_every_length_are_the_same_wherever_the_data_is_cut() {
    let columns = columns(&[("id", "int4"), ("t", "text"), ("j", "jsonb")]);
    let mut text = String::new();
    for row in 0..60 {
        let long = "a tab\\t and a line\\n ".repeat(row * row % 230);
        text.push_str(&format!("{row}\t{long}\t{{\"row\": {row}}}\n"));
    }
    let whole = read(&[], &columns, text.as_bytes()).unwrap();
    for format in ["text", "csv", "binary", "json"] {
        let given = [("format", format)];
        let data = write(&options(&given, Direction::To), &columns, std::slice::from_ref(&whole));
        let from = options(&given, Direction::From);
        for size in [1, 700, 1_023, 1_024, 1_025, 4_099, 100_000] {
            let batches = read_chunks(&from, &columns, &data, || size).unwrap();
            assert_eq!(write(&options(&given, Direction::To), &columns, &batches), data, "{format}, pieces of {size}");
            assert_eq!(batches.iter().map(|batch| batch.rows).sum::<usize>(), whole.rows);
        }
    }
}
