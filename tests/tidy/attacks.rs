//! The list of attacks is whole: each has a test that is there, or a reason why it cannot be tried.

use super::{File, project};

/// `number | what is tried | tests, or a dash and a reason`, comments behind `#`.
const LIST: &str = include_str!("../roles/attacks.txt");

/// The numbers of the list. Those between are another name for one that is here.
const NUMBERS: [u16; 105] = [
    1, 2, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 19, 20, 21, 22, 24, 25, 26, 28, 29, 30, 32, 33, 34, 35, 36, 37, 38, 39, 41, 42,
    43, 44, 46, 47, 49, 50, 51, 53, 54, 56, 57, 58, 59, 61, 63, 64, 65, 67, 69, 70, 71, 72, 74, 75, 77, 78, 79, 80, 81, 83, 84, 85,
    86, 88, 89, 91, 92, 93, 95, 96, 98, 99, 100, 102, 103, 104, 105, 106, 107, 108, 109, 111, 112, 113, 114, 115, 116, 117, 118,
    119, 121, 122, 123, 124, 126, 127, 128, 130, 131, 132, 134, 135,
];

/// Words that a reason has at least.
const REASON_WORDS_MIN: usize = 8;

/// What is wrong with the list, `is_test` being whether there is a test of a name.
fn complaints(list: &str, numbers: &[u16], is_test: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut listed = Vec::new();
    for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let parts: Vec<&str> = line.split(" | ").collect();
        let [number, tried, shown] = parts.as_slice() else {
            complaints.push(format!("not `number | what is tried | tests`: {line}"));
            continue;
        };
        listed.extend(number.strip_prefix('A').and_then(|number| number.parse::<u16>().ok()));
        if tried.split_whitespace().count() < 2 {
            complaints.push(format!("{number}: says too little of what is tried"));
        }
        match shown.strip_prefix("- ") {
            Some(reason) if reason.split_whitespace().count() >= REASON_WORDS_MIN => {}
            Some(_) => complaints.push(format!("{number}: gives no reason why it cannot be tried")),
            None => {
                let missing = shown.split(", ").filter(|name| !is_test(name));
                complaints.extend(missing.map(|name| format!("{number}: there is no test `{name}`")));
            }
        }
    }
    if listed != numbers {
        let lacking = numbers.iter().filter(|number| !listed.contains(number));
        let order = lacking.map(|number| format!("A{number} is not listed")).collect::<Vec<_>>().join(", ");
        complaints.push(format!("the list is not the whole one, in order: {order}"));
    }
    complaints
}

/// Whether a file holds a test of this name.
fn holds(file: &File, name: &str) -> bool {
    let begins = format!("fn {name}(");
    let mut lines = file.text.lines().map(str::trim).collect::<Vec<_>>().into_iter();
    let mut marked = false;
    lines.any(|line| {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
            return false;
        }
        let found = marked && line.trim_start_matches("async ").starts_with(&begins);
        // Between the mark and the function stand other attributes and comments alone.
        marked = marked && (line.starts_with('#') || line.starts_with("//"));
        found
    })
}

#[test]
fn every_attack_has_its_test_or_its_reason() {
    let files: Vec<File> = project().into_iter().filter(File::is_rust).collect();
    let found = complaints(LIST, &NUMBERS, |name| files.iter().any(|file| holds(file, name)));
    assert!(found.is_empty(), "tests/roles/attacks.txt:\n{}", found.join("\n"));
}

#[test]
fn a_hole_in_the_list_of_attacks_is_found() {
    let from = |list: &str| complaints(list, &[1, 2], |name| name == "there").len();
    let good = "# A comment\nA1 | what is tried | there\nA2 | what is tried | - it cannot be tried at all for some good reason\n";
    assert_eq!(from(good), 0);
    assert_eq!(from("A1 | what is tried | there\n"), 1);
    assert_eq!(from(&good.replace("there", "there, not_there")), 1);
    assert_eq!(from(&good.replace("what is tried", "")), 2);
    assert_eq!(from(&good.replace("it cannot be tried at all for some good reason", "no")), 1);
    assert_eq!(from(&good.replace(" | there", "")), 2);
    let file = File::planted(
        "tests/a.rs",
        "#[tokio::test(flavor = \"x\")]\n// Why.\nasync fn one() {}\nfn two() {}\n    #[test]\n    fn three() {\n",
    );
    assert_eq!(["one", "two", "three", "four"].map(|name| holds(&file, name)), [true, false, true, false]);
}
