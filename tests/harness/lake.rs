//! The files of one table, found from outside as any reader of the folder would find them.

use std::fs;
use std::path::{Path, PathBuf};

/// The Delta folder of a table under `<data>/tables`, known by the label in its metadata, for example `public.orders`.
pub(crate) fn delta_folder(data: &Path, label: &str) -> PathBuf {
    let wanted = format!("\"{label}\"");
    let mut seen = Vec::new();
    for entry in fs::read_dir(data.join("tables")).unwrap_or_else(|cause| panic!("no tables under {}: {cause}", data.display())) {
        let folder = entry.unwrap().path();
        for commit in commits(&folder) {
            // The metadata is in the first commit, and again in later ones that changed it.
            if fs::read_to_string(&commit)
                .is_ok_and(|text| text.lines().any(|line| line.contains("metaData") && line.contains(&wanted)))
            {
                return folder;
            }
        }
        seen.push(folder);
    }
    panic!("no Delta table says that it is {label}; there are {seen:?}")
}

/// The JSON commits of a Delta table in order.
pub(crate) fn commits(folder: &Path) -> Vec<PathBuf> {
    files(&folder.join("_delta_log"), "json")
}

/// The Parquet files of a Delta table, those that a rewrite has replaced too, by name.
pub(crate) fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "_delta_log") {
            found.extend(files(&path, "parquet"));
        }
    }
    found.extend(files(folder, "parquet"));
    found.sort();
    found
}

/// The indexes that the newest definition of a table in the write-ahead log tells of, each as a column's number and a kind.
pub(crate) fn indexes(data: &Path, label: &str) -> Vec<String> {
    let wanted = format!("\"label\":\"{label}\"");
    for file in wal(data).into_iter().rev() {
        let text = String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
        let Some(at) = text.rfind(&wanted) else { continue };
        let definition = text[at..].split("\"fields\"").next().unwrap_or_default();
        let Some((_, listed)) = definition.split_once("\"indexes\":[") else { return vec![] };
        let listed = listed.split(']').next().unwrap_or_default();
        let plain = listed.replace("{\"column\":", "").replace(",\"kind\":\"", " ").replace("\"}", "");
        return plain.split(',').map(str::to_owned).collect();
    }
    panic!("no definition in the write-ahead log says that it is of {label}");
}

/// The files of the write-ahead log in order.
pub(crate) fn wal(data: &Path) -> Vec<PathBuf> {
    files(&data.join("wal"), "wal")
}

/// The name of a file without its folders, as a message must show it.
pub(crate) fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("our files have plain names")
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    found
}
