//! The house rules that a machine can check: floors, words that belong to one room, openings, sizes, and what must not be written.
//!
//! Each rule is a function from a file to complaints. Each has a test over the whole tree, and one over planted text that breaks it.

mod attacks;
mod source;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use source::{code_only, lines_without_tests, names, rooms_named, without_tests};

/// The floors from the roof down. A file imports only from rooms further down, or from its own.
///
/// A new room is entered here, and in the table of `ARCHITECTURE.md`.
const FLOORS: [(&str, &[&str]); 11] = [
    ("9 house", &["main", "lib", "server", "command", "demo", "pack"]),
    ("8 doors", &["pg", "http", "jobs"]),
    ("7 query", &["query"]),
    ("6 ingest", &["ingest"]),
    ("5 guard", &["guard"]),
    ("4 scan and policy", &["scan", "policy"]),
    ("3 catalog", &["catalog"]),
    ("2 store", &["store"]),
    ("1 ledger", &["ledger"]),
    ("0 ground", &["background", "config", "metrics", "value"]),
    ("0 ground, its foundation", &["error", "clock"]),
];

/// The one floor whose rooms know each other: the house builds everything.
const HOUSE: usize = 0;

/// Which rooms may write a word, or which may not.
enum Rooms {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

/// Words that make the floors visible, and what to write instead.
const WORDS: [(&str, Rooms, &str); 9] = [
    ("datafusion", Rooms::AllBut(&["store", "ledger", "catalog", "value"]), "plan and scan in `query`, `guard` or `scan`"),
    ("pgwire", Rooms::Only(&["pg"]), "translate at the door, in `pg`"),
    ("parquet::", Rooms::Only(&["store"]), "files are the store's: ask `crate::store`"),
    ("deltalake", Rooms::Only(&["store"]), "the Delta log is the store's: ask `crate::store`"),
    ("SystemTime::now", Rooms::Only(&["clock"]), "ask the `Clock` you were given"),
    ("Utc::now", Rooms::Only(&["clock"]), "ask the `Clock` you were given"),
    ("Local::now", Rooms::Only(&["clock"]), "ask the `Clock` you were given"),
    ("Uuid::now_v7", Rooms::Only(&["clock"]), "use `Uuid::new_v7` with the time of the `Clock` you were given"),
    ("TableScan::new", Rooms::Only(&["scan", "guard"]), "every other room reaches rows through the guard"),
];

/// The line count, without unit tests, above which a file must stand in [`OVERGROWN`].
const LINES_MAX: usize = 600;

/// Files above [`LINES_MAX`] with their size when it was last looked at. They may shrink and never grow.
const OVERGROWN: [(&str, usize); 0] = [];

/// Calls that leave something unfinished or skipped. Spelled in pieces, so that this file passes its own check.
const UNFINISHED_CODE: [&str; 4] =
    [concat!("to", "do!"), concat!("unimple", "mented!"), concat!("db", "g!"), concat!("#[ig", "nore")];

/// Marks of unfinished work, wherever text is.
const UNFINISHED_TEXT: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

/// Folders of somebody's machine.
const MACHINE_PATHS: [&str; 4] = [concat!("/wo", "rk"), concat!("/ro", "ot"), concat!("/ho", "me"), concat!("/t", "mp")];

/// Words about how and where the project is made, which it says nothing of.
const WORKSHOP: [&str; 4] =
    [concat!("work", "tree"), concat!("work", "place"), concat!("coding ", "agent"), concat!("coding ", "assistant")];

/// A file of the project: its path from the top, with `/`, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    fn planted(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    /// The folder or file directly under `src` that it belongs to; `None` outside `src`.
    fn room(&self) -> Option<&str> {
        let rest = self.path.strip_prefix("src/")?;
        Some(rest.split_once('/').map_or_else(|| rest.trim_end_matches(".rs"), |(room, _)| room))
    }

    /// How many modules it stands below the crate's root.
    fn depth(&self) -> usize {
        let parts = self.path.trim_end_matches(".rs").split('/').filter(|part| !matches!(*part, "src" | "mod" | "lib" | "main"));
        parts.count()
    }

    /// A source file that exists in tests only, such as `src/query/tests.rs`.
    fn is_unit_test(&self) -> bool {
        self.path.starts_with("src/") && (self.path.ends_with("/tests.rs") || self.path.contains("/tests/"))
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// What a reader of the product's own code sees: no comments, literals or unit tests.
    fn product_code(&self) -> String {
        if self.is_unit_test() { String::new() } else { without_tests(&code_only(&self.text)) }
    }
}

/// Every text file of the project that people write: sources, SQL, scripts and pages.
fn project() -> Vec<File> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pending: Vec<PathBuf> = ["src", "sql", "tests", "benches", ".ci"].iter().map(|folder| top.join(folder)).collect();
    let mut paths: Vec<PathBuf> =
        fs::read_dir(top).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    while let Some(folder) = pending.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() { pending.push(path) } else { paths.push(path) }
        }
    }
    let mut files: Vec<File> = Vec::new();
    for path in paths {
        let name = path.strip_prefix(top).unwrap().to_string_lossy().replace('\\', "/");
        // The lock file and the licence are not ours to word; a `.git` file and compiled Python are not text of the project.
        if matches!(name.as_str(), "Cargo.lock" | "LICENSE" | ".git") || name.contains("__pycache__") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_else(|cause| panic!("could not read {name} as text: {cause}"));
        files.push(File { path: name, text });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Runs one rule over every file and fails with all complaints at once.
fn check(rule: impl Fn(&File) -> Vec<String>) {
    let files = project();
    assert!(files.iter().filter(|file| file.room().is_some()).count() > 5, "the walk did not find the sources");
    let complaints: Vec<String> = files.iter().flat_map(rule).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|(_, rooms)| rooms.contains(&room))
}

/// A room imports only from lower floors.
fn floors(file: &File) -> Vec<String> {
    let Some(room) = file.room() else { return vec![] };
    let unknown = |room: &str| {
        format!("{}: room \"{room}\" stands on no floor: enter it in FLOORS of tests/tidy.rs and in ARCHITECTURE.md", file.path)
    };
    let Some(own) = floor_of(room) else { return vec![unknown(room)] };
    let mut complaints = Vec::new();
    for named in rooms_named(&file.product_code(), file.depth()) {
        match floor_of(&named) {
            None => complaints.push(unknown(&named)),
            Some(_) if named == room || own == HOUSE => {}
            Some(other) if other > own => {}
            Some(other) => complaints.push(format!(
                "{}: \"{room}\" ({}) may not import \"{named}\" ({}): hand it down as a value or a function",
                file.path, FLOORS[own].0, FLOORS[other].0
            )),
        }
    }
    complaints
}

/// A word stays in the rooms that it belongs to.
fn words(file: &File) -> Vec<String> {
    let Some(room) = file.room() else { return vec![] };
    let code = file.product_code();
    let mut complaints = Vec::new();
    for (word, rooms, instead) in &WORDS {
        let allowed = match rooms {
            Rooms::Only(rooms) => rooms.contains(&room),
            Rooms::AllBut(rooms) => !rooms.contains(&room),
        };
        if !allowed && names(&code, word) {
            complaints.push(format!("{}: `{word}` is not for \"{room}\": {instead}", file.path));
        }
    }
    complaints
}

/// Every source file opens by saying what it is.
fn openings(file: &File) -> Vec<String> {
    let mark = match file.path.rsplit_once('.') {
        Some((_, "rs")) => "//! ",
        Some((_, "sql")) => "-- ",
        Some((_, "py")) => "\"\"\"",
        _ => return vec![],
    };
    let first = file.text.lines().next().unwrap_or_default();
    let says = first.strip_prefix(mark).is_some_and(|rest| rest.split_whitespace().count() >= 2);
    if says { vec![] } else { vec![format!("{}: open with a line `{mark}…` that says what the file is", file.path)] }
}

/// No file outgrows one idea; those that already have may only shrink.
fn sizes(file: &File, overgrown: &[(&str, usize)]) -> Vec<String> {
    if !file.is_rust() || file.is_unit_test() {
        return vec![];
    }
    let lines = lines_without_tests(&file.text);
    let path = &file.path;
    match overgrown.iter().find(|(entry, _)| entry == path) {
        None if lines > LINES_MAX => vec![format!("{path}: {lines} lines without tests, {LINES_MAX} allowed: split it by noun")],
        None => vec![],
        Some(_) if lines <= LINES_MAX => vec![format!("{path}: {lines} lines, so its entry in OVERGROWN can go")],
        Some((_, size)) if lines > *size => vec![format!("{path}: grew from {size} to {lines} lines: split it by noun instead")],
        Some((_, size)) if lines < *size => {
            vec![format!("{path}: shrank to {lines} lines: lower its entry in OVERGROWN from {size}")]
        }
        Some(_) => vec![],
    }
}

/// Nothing is left unfinished.
fn unfinished(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    if file.is_rust() {
        let code = code_only(&file.text);
        complaints.extend(
            UNFINISHED_CODE.iter().filter(|word| code.contains(**word)).map(|word| format!("{}: holds `{word}`", file.path)),
        );
    }
    let holds =
        |word: &str| file.text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(|found| found == word);
    complaints
        .extend(UNFINISHED_TEXT.iter().filter(|word| holds(word)).map(|word| format!("{}: holds the mark {word}", file.path)));
    complaints
}

/// The project speaks of itself, not of the machine or the people it was made with.
fn private_matters(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let place = format!("{}:{}", file.path, number + 1);
        for path in MACHINE_PATHS {
            // Only where a path begins: `https://example.com/work` and `size/root` are no folders of a machine.
            let hit = line.match_indices(path).any(|(at, _)| {
                let begins =
                    line[..at].chars().next_back().is_none_or(|before| before.is_whitespace() || "\"'`(=:,<".contains(before));
                let ends =
                    line[at + path.len()..].chars().next().is_none_or(|next| !next.is_alphanumeric() && next != '_' && next != '-');
                begins && ends
            });
            if hit {
                complaints.push(format!("{place}: names the folder {path} of one machine"));
            }
        }
        let lower = line.to_lowercase();
        complaints
            .extend(WORKSHOP.iter().filter(|word| lower.contains(**word)).map(|word| format!("{place}: speaks of a \"{word}\"")));
    }
    complaints
}

/// The commands of the fenced `sh` blocks of a page, in order, without comments.
fn commands(page: &str) -> Vec<&str> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside && !line.trim().is_empty() {
            found.push(line.split(" #").next().unwrap_or_default().trim());
        }
    }
    found
}

/// The README opens with the two commands that are kept working: one by a test of its own, one by the gate itself.
fn readme(page: &str, gate: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let found = commands(page);
    if found.first() != Some(&"cargo run --release -- demo") {
        complaints.push(format!("README.md: the first command must be `cargo run --release -- demo`, not {:?}", found.first()));
    }
    match found.get(1) {
        Some(test) if test.starts_with("cargo test") => {
            let runs = |line: &str| {
                line.split_whitespace().filter(|word| *word != "--locked").collect::<Vec<_>>().join(" ").contains(test)
            };
            if !gate.lines().any(|line| !line.trim_start().starts_with('#') && runs(line)) {
                complaints.push(format!(".ci/run: does not run the README's second command `{test}`"));
            }
        }
        other => complaints.push(format!("README.md: the second command must be `cargo test`, not {other:?}")),
    }
    complaints
}

/// Every package of the lock file comes from the public registry, by the name that everybody has for it.
fn lock(text: &str) -> Vec<String> {
    let public = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    text.lines().filter(|line| line.starts_with("source = ") && *line != public).map(|line| format!("Cargo.lock: {line}")).collect()
}

#[test]
fn rooms_import_only_from_lower_floors() {
    check(floors);
}

#[test]
fn words_stay_in_their_rooms() {
    check(words);
}

#[test]
fn files_open_by_saying_what_they_are() {
    check(openings);
}

#[test]
fn files_do_not_outgrow_one_idea() {
    check(|file| sizes(file, &OVERGROWN));
    let present: BTreeMap<String, File> = project().into_iter().map(|file| (file.path.clone(), file)).collect();
    for (path, _) in OVERGROWN {
        assert!(present.contains_key(path), "{path} is gone: remove its entry from OVERGROWN");
    }
}

#[test]
fn nothing_is_left_unfinished() {
    check(unfinished);
}

#[test]
fn the_project_speaks_only_of_itself() {
    check(private_matters);
}

#[test]
fn the_readme_opens_with_the_commands_that_are_kept_working() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(top.join("README.md")).unwrap();
    let gate = fs::read_to_string(top.join(".ci/run")).unwrap();
    assert_eq!(readme(&page, &gate), Vec::<String>::new());
}

#[test]
fn packages_come_from_the_public_registry() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    assert!(text.contains("name = \"annals\""));
    assert_eq!(lock(&text), Vec::<String>::new());
}

#[test]
fn every_floor_is_in_the_architecture_page() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    for room in FLOORS.iter().flat_map(|(_, rooms)| rooms.iter()) {
        assert!(page.contains(&format!("`{room}`")), "ARCHITECTURE.md does not name the room `{room}`");
    }
}

mod planted {
    //! Text that breaks each rule, so that no rule is one that cannot fail.

    use super::*;

    #[test]
    fn an_import_from_above_or_beside_is_found() {
        let from = |path: &str, code: &str| floors(&File::planted(path, code)).len();
        assert_eq!(from("src/store/wal.rs", "use crate::query::Session;"), 1);
        assert_eq!(from("src/store/mod.rs", "use super::{query::Session, pg};"), 2);
        assert_eq!(from("src/pg/mod.rs", "fn f() { crate::http::serve() }"), 1);
        assert_eq!(from("src/scan/mod.rs", "use crate::policy::Decision;"), 1);
        assert_eq!(from("src/error.rs", "use crate::value::SqlType;"), 1);
        assert_eq!(from("src/query/mod.rs", "use crate::lib::x;"), 1);
        assert_eq!(from("src/store/wal.rs", "use crate::store::spec; use crate::error::Error; use super::spec::X;"), 0);
        assert_eq!(from("src/server.rs", "use crate::command::Serve; use crate::pg;"), 0);
        assert_eq!(from("src/store/wal.rs", "// crate::query\n#[cfg(test)]\nmod tests { use crate::query::x; }"), 0);
        assert_eq!(from("tests/crash.rs", "use crate::query::x;"), 0);
    }

    #[test]
    fn an_unknown_room_is_told_where_to_enter() {
        let complaints = floors(&File::planted("src/cellar/mod.rs", ""));
        assert!(complaints.len() == 1 && complaints[0].contains("FLOORS of tests/tidy.rs"), "{complaints:?}");
        let complaints = floors(&File::planted("src/query/mod.rs", "use crate::cellar::Wine;"));
        assert!(complaints.len() == 1 && complaints[0].contains("\"cellar\""), "{complaints:?}");
    }

    #[test]
    fn a_word_in_the_wrong_room_is_found() {
        let from = |path: &str, code: &str| words(&File::planted(path, code)).len();
        for (word, rooms, _) in &WORDS {
            let room = match rooms {
                Rooms::Only(_) => "metrics",
                Rooms::AllBut(rooms) => rooms[0],
            };
            let allowed = match rooms {
                Rooms::Only(rooms) => rooms[0],
                Rooms::AllBut(_) => "query",
            };
            let code = format!("fn f() {{ {word}x; }}");
            assert_eq!(from(&format!("src/{room}/a.rs"), &code), 1, "{word} in {room}");
            assert_eq!(from(&format!("src/{allowed}/a.rs"), &code), 0, "{word} in {allowed}");
            assert_eq!(from(&format!("src/{room}/a.rs"), &format!("// {code}")), 0, "{word} in a comment");
        }
    }

    #[test]
    fn a_file_that_does_not_introduce_itself_is_found() {
        let from = |path: &str, text: &str| openings(&File::planted(path, text)).len();
        assert_eq!(from("src/a.rs", "use x;\n//! Too late to say."), 1);
        assert_eq!(from("src/a.rs", "//!\n//! An empty first line."), 1);
        assert_eq!(from("tests/a.rs", ""), 1);
        assert_eq!(from("sql/a.sql", "CREATE TABLE a (b int)"), 1);
        assert_eq!(from("sql/a.sql", "-- The tables of everything."), 0);
        assert_eq!(from("benches/a.rs", "//! Measures one thing only.\n"), 0);
    }

    #[test]
    fn a_file_that_grows_or_shrinks_past_its_entry_is_found() {
        let long = |lines: usize| File::planted("src/a.rs", &"fn f() {}\n".repeat(lines));
        let tested =
            File::planted("src/a.rs", &format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", "f();\n".repeat(500), "f();\n".repeat(500)));
        assert_eq!(sizes(&long(LINES_MAX), &[]).len(), 0);
        assert!(sizes(&long(LINES_MAX + 1), &[])[0].contains("split it"));
        assert!(sizes(&long(702), &[("src/a.rs", 701)])[0].contains("grew from 701 to 702"));
        assert!(sizes(&long(700), &[("src/a.rs", 701)])[0].contains("lower its entry"));
        assert!(sizes(&long(600), &[("src/a.rs", 701)])[0].contains("can go"));
        assert_eq!(sizes(&long(701), &[("src/a.rs", 701)]).len(), 0);
        assert_eq!(sizes(&tested, &[]).len(), 0, "unit tests do not count");
    }

    #[test]
    fn unfinished_work_is_found() {
        for word in UNFINISHED_CODE {
            assert_eq!(unfinished(&File::planted("src/a.rs", &format!("fn f() {{ {word} }}"))).len(), 1, "{word}");
        }
        for word in UNFINISHED_TEXT {
            assert_eq!(unfinished(&File::planted("README.md", &format!("({word}: more)"))).len(), 1, "{word}");
        }
        assert_eq!(unfinished(&File::planted("src/a.rs", "fn f() { debug!(); my_todo(); }")).len(), 0);
    }

    #[test]
    fn private_matters_are_found() {
        let from = |text: &str| private_matters(&File::planted("README.md", text)).len();
        for path in MACHINE_PATHS {
            assert_eq!(from(&format!("run {path}/x")), 1, "{path}");
            assert_eq!(from(&format!("in \"{path}\"")), 1, "{path}");
            assert_eq!(from(&format!("https://example.com{path}/x, size{path}, {path}spaces")), 0, "{path}");
        }
        for word in WORKSHOP {
            assert_eq!(from(&format!("our {word} says")), 1, "{word}");
        }
    }

    #[test]
    fn a_readme_that_lost_its_commands_is_found() {
        let page = "# A\n```sh\ncargo run --release -- demo   # a minute\ncargo test\n```\n";
        let gate = "step tests cargo test --locked\n";
        assert_eq!(readme(page, gate), Vec::<String>::new());
        assert_eq!(readme(page, "# cargo test\n").len(), 1);
        assert_eq!(readme("```sh\nls\ncargo test\n```\n", gate).len(), 1);
        assert_eq!(readme("```text\ncargo run --release -- demo\n```\n", gate).len(), 2);
    }

    #[test]
    fn a_package_from_elsewhere_is_found() {
        assert_eq!(lock("source = \"registry+https://mirror.example/index\"\nsource = \"git+https://example.com/x\"").len(), 2);
    }
}
