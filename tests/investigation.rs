//! The README's investigation is true: every statement in it gives the answer printed under it, on a demonstration of any seed.

use crate::harness::{Launch, count, table};

const README: &str = include_str!("../README.md");

/// A statement of the README and the cells that it prints under it.
#[derive(Debug, PartialEq)]
struct Shown {
    sql: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The pairs of `sql` and `text` blocks in the section of this name.
fn shown(page: &str, section: &str) -> Vec<Shown> {
    let heading = format!("## {section}");
    let mut lines = page.lines().skip_while(|line| *line != heading).skip(1).take_while(|line| !line.starts_with("## "));
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line != "```sql" {
            continue;
        }
        let sql: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let answer: Vec<&str> =
            lines.by_ref().skip_while(|line| *line != "```text").skip(1).take_while(|line| *line != "```").collect();
        let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect();
        let rows = answer.iter().skip(2).filter(|line| !line.starts_with('(')).map(|line| cells(line)).collect();
        found.push(Shown { sql: sql.join("\n"), columns: cells(answer.first().copied().unwrap_or_default()), rows });
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demonstration_is_as_the_readme_tells_it() {
    let demo = Launch::demo(&["--events", "6000", "--seed", "7"]).start();
    let client = demo.connect().await;
    for log in ["interaction_logs", "conversation_logs", "audit_logs", "event_logs", "activity_logs", "bot_logs"] {
        assert!(count(&client, &format!("SELECT count(*) FROM {log}")).await > 0, "{log} is empty");
    }
    let said = demo.said();
    assert!(said.contains("psql") && said.contains(&demo.address().port().to_string()), "it prints the lines to try: {said}");

    let steps = shown(README, "An investigation");
    assert!(steps.len() >= 6, "the README shows {} statements", steps.len());
    for step in steps {
        let answer = table(&client, &step.sql).await.unwrap_or_else(|error| panic!("{}: {error:?}", step.sql));
        assert_eq!(answer.columns, step.columns, "{}", step.sql);
        let rows: Vec<Vec<String>> =
            answer.rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect();
        assert_eq!(rows, step.rows, "{}", step.sql);
    }
    assert!(demo.terminate().success());
}

#[test]
fn a_page_is_read_as_it_is_printed() {
    let page = "## Other\n```sql\nSELECT 0;\n```\n## An investigation\nFirst:\n```sql\nSELECT 1 AS a,\n  NULL AS b;\n```\n```text\n a | b \n---+---\n 1 | \n(1 row)\n```\n## Next\n```sql\nSELECT 2;\n```\n";
    let expected = Shown {
        sql: "SELECT 1 AS a,\n  NULL AS b;".to_owned(),
        columns: vec!["a".to_owned(), "b".to_owned()],
        rows: vec![vec!["1".to_owned(), String::new()]],
    };
    assert_eq!(shown(page, "An investigation"), [expected]);
}
