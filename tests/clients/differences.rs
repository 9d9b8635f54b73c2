//! Compares two transcripts, and lists what differs on purpose.

/// The catalog's arrays as parameters, which the driver's introspection gives to `= ANY`.
const ANY_PARAMETER: &str = "open fault: `= ANY($1)` finds nothing, so that the driver never learns of a type that is not built in";
/// A series to a bound that is a parameter.
const SERIES_PARAMETER: &str = "open fault: `generate_series` does not take a parameter as its bound";
/// What RowDescription tells beside names and types.
const COLUMN_ORIGIN: &str = "open fault: a result's columns do not name the table and the column they come from";
/// A `numeric` is held at its column's scale, and a bare one at a scale of its own.
const TRAILING_ZEROS: &str = "open fault: a numeric parameter comes back without the zeros at its end";
/// What SQLAlchemy's reflection asks.
const CORRELATED_PARAMETER: &str = "open fault: a parameter inside a correlated sub-query has no value";

/// What Annals tells otherwise than PostgreSQL: the program, how the line begins, and why. Such lines are left out on both sides; a
/// beginning `-- name` leaves out the whole part of that name.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("asyncpg_client.py", "-- types", ANY_PARAMETER),
    ("asyncpg_client.py", "-- cursors", SERIES_PARAMETER),
    ("psycopg_client.py", "-- cursors", SERIES_PARAMETER),
    ("node-postgres", "-- cursors", SERIES_PARAMETER),
    ("sqlalchemy_client.py", "-- reflection", CORRELATED_PARAMETER),
    ("sqlalchemy_client.py", "-- core", CORRELATED_PARAMETER),
    ("sqlalchemy_client.py", "-- frames", CORRELATED_PARAMETER),
    ("node-postgres", "prepared: ", COLUMN_ORIGIN),
    ("pgJDBC", "described: ", COLUMN_ORIGIN),
    ("pgJDBC", "parameter 5 round ", TRAILING_ZEROS),
    ("psycopg_client.py", "parameter Decimal('123.4500') ", TRAILING_ZEROS),
    ("pgx", "prepared: ", COLUMN_ORIGIN),
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
    ("pgcli_client.py", "definition: ", "a view's text is shown as it was stored and not as PostgreSQL's printer writes it"),
];

/// What is left of a transcript without what differs on purpose.
pub(super) fn compared<'a>(program: &str, lines: &'a [String]) -> Vec<&'a str> {
    let meant = |line: &str| DIFFERENCES.iter().any(|(other, begins, _)| *other == program && line.starts_with(begins));
    let mut left_out = false;
    let keeps = |line: &&str| {
        if line.starts_with("-- ") {
            left_out = meant(line);
        }
        // The last line belongs to no part.
        *line == "done" || !left_out && !meant(line)
    };
    lines.iter().map(String::as_str).filter(keeps).collect()
}

/// Fails with every line that one server gave and the other did not, in order.
pub(super) fn compare(program: &str, ours: &[String], theirs: &[String]) {
    let complaint = complaint(&compared(program, ours), &compared(program, theirs));
    assert!(complaint.is_empty(), "{program} is told otherwise by Annals (+) than by PostgreSQL (-):\n{complaint}");
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
fn a_part_is_left_out_up_to_the_next() {
    let lines = ["-- types", "int4: 1", "-- cursors", "failed: cursors", "-- copies", "out: 2", "done"].map(str::to_owned);
    assert_eq!(compared("psycopg_client.py", &lines), ["-- types", "int4: 1", "-- copies", "out: 2", "done"]);
    assert_eq!(compared("another", &lines).len(), lines.len());
}
