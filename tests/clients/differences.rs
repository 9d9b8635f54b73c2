//! Compares two transcripts, and lists what differs on purpose.

/// What Annals tells otherwise than PostgreSQL: the program, how the line begins, and why. Such lines are left out on both sides.
const DIFFERENCES: [(&str, &str, &str); 0] = [];

/// Fails with every line that one server gave and the other did not, in order.
pub(super) fn compare(program: &str, ours: &[String], theirs: &[String]) {
    let complaint = complaint(&without(program, ours), &without(program, theirs));
    assert!(complaint.is_empty(), "{program} is told otherwise by Annals (+) than by PostgreSQL (-):\n{complaint}");
}

fn without<'a>(program: &str, lines: &'a [String]) -> Vec<&'a str> {
    let meant = |line: &str| DIFFERENCES.iter().any(|(other, begins, _)| *other == program && line.starts_with(begins));
    lines.iter().map(String::as_str).filter(|line| !meant(line)).collect()
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
