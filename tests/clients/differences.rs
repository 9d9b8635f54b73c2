//! Compares two transcripts, and lists what differs on purpose.

/// A `numeric` is held at its column's scale, and a bare one at a scale of its own.
const TRAILING_ZEROS: &str = "open fault: a numeric parameter comes back without the zeros at its end";

/// What Annals tells otherwise than PostgreSQL: the program, how the line begins, and why. Such lines are left out on both sides.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("asyncpg_client.py", "parameter numeric: ", TRAILING_ZEROS),
    ("pgJDBC", "parameter 5 round ", TRAILING_ZEROS),
    ("psycopg_client.py", "parameter Decimal('123.4500') ", TRAILING_ZEROS),
    (
        "pg8000_client.py",
        "  fields: ['C', 'M', 'P', 'S', 'V'] | 1 ",
        "PostgreSQL's syntax errors have no detail; ours say what was expected",
    ),
    ("pg8000_client.py", "  fields: ['C', 'D', 'M', 'P', 'S', 'V'] | 1 ", "the same line of ours"),
    (
        "pgcli_client.py",
        "casing: ",
        "the words of SQL functions outside pg_catalog: a new store has some, an empty PostgreSQL none",
    ),
];

/// The beginnings of a program's lines that differ on purpose.
fn excused(program: &str) -> Vec<&'static str> {
    DIFFERENCES.iter().filter(|(other, _, _)| *other == program).map(|(_, begins, _)| *begins).collect()
}

/// What is left of a transcript without the lines that begin so.
fn without<'a>(lines: &'a [String], excused: &[&str]) -> Vec<&'a str> {
    lines.iter().map(String::as_str).filter(|line| !excused.iter().any(|begins| line.starts_with(begins))).collect()
}

/// Fails with every line that one server gave and the other did not, in order; and where a listed difference is none any more.
pub(super) fn compare(program: &str, ours: &[String], theirs: &[String]) {
    let excused = excused(program);
    let complaint = |excused: &[&str]| complaint(&without(ours, excused), &without(theirs, excused));
    let found = complaint(&excused);
    assert!(found.is_empty(), "{program} is told otherwise by Annals (+) than by PostgreSQL (-):\n{found}");
    for stale in &excused {
        let others: Vec<&str> = excused.iter().copied().filter(|begins| begins != stale).collect();
        assert!(!complaint(&others).is_empty(), "{program}: \"{stale}\" no longer differs; take it off the list");
    }
}

/// The differing lines: a longest common subsequence would be nicer to read, but the next equal line is enough to go on from.
fn complaint(ours: &[&str], theirs: &[&str]) -> String {
    let (mut at, mut there) = (0, 0);
    let mut complaint = String::new();
    while at < ours.len() || there < theirs.len() {
        if at < ours.len() && there < theirs.len() && ours[at] == theirs[there] {
            (at, there) = (at + 1, there + 1);
            continue;
        }
        // The pair of equal lines that is nearest.
        let meeting = (0..ours.len() + theirs.len() - at - there).find_map(|distance| {
            (0..=distance).map(|step| (at + step, there + distance - step)).find(|(here, other)| {
                let (here, other) = (ours.get(*here), theirs.get(*other));
                here.is_some() && here == other
            })
        });
        let (next, next_there) = meeting.unwrap_or((ours.len(), theirs.len()));
        theirs[there..next_there].iter().for_each(|line| complaint.push_str(&format!("- {line}\n")));
        ours[at..next].iter().for_each(|line| complaint.push_str(&format!("+ {line}\n")));
        (at, there) = (next, next_there);
    }
    complaint
}

#[test]
fn a_planted_difference_is_found() {
    let theirs = ["a: 1", "b: 2", "c: 3", "done"];
    assert_eq!(complaint(&theirs, &theirs), "");
    assert_eq!(complaint(&["a: 1", "b: 3", "c: 3", "done"], &theirs), "- b: 2\n+ b: 3\n");
    assert_eq!(complaint(&["a: 1", "c: 3", "done"], &theirs), "- b: 2\n");
    assert_eq!(complaint(&["a: 1", "b: 2", "x: 0", "c: 3"], &theirs), "+ x: 0\n- done\n");
}

#[test]
fn listed_beginnings_are_left_out() {
    let lines = ["int4: 1", "numeric: 1.50", "done"].map(str::to_owned);
    assert_eq!(without(&lines, &["numeric: "]), ["int4: 1", "done"]);
    assert_eq!(without(&lines, &[]).len(), lines.len());
}
