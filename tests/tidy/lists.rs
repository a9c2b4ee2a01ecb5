//! Lists that exist twice, for people and for the program: they are the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use flowgate::flow::problem::CODES;

use super::{SourceFile, assert_none, repository};

/// The names in the first column of every table of a document.
fn first_column(document: &str) -> BTreeSet<String> {
    let cells = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    cells.map(|(name, _)| name.to_owned()).collect()
}

/// The codes that the crate's sources give to errors of steps: the first literal of `CallError::new(…)` and `Failure::new(…)`.
fn step_codes(files: &[SourceFile]) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for file in files.iter().filter(|file| file.is_crate() && !file.path.ends_with("/tests.rs") && !file.path.contains("/tests/")) {
        let shipped = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        for call in ["CallError::new(", "Failure::new("] {
            for arguments in shipped.split(call).skip(1) {
                let end = arguments.find(';').unwrap_or(arguments.len());
                let literal = arguments[..end].split('"').nth(1).unwrap_or_default();
                if !literal.is_empty() && literal.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                    codes.insert(literal.to_owned());
                }
            }
        }
    }
    codes
}

/// The codes of problems over HTTP: literals given where the API and the catalog refuse something.
fn problem_codes(files: &[SourceFile]) -> BTreeSet<String> {
    let calls = ["new", "bad_request", "conflict", "refused", "unavailable"];
    let calls = calls.iter().flat_map(|call| [format!("Problem::{call}("), format!("Self::{call}(")]);
    let calls: Vec<String> = calls.chain(["Conflict { code: ".to_owned()]).collect();
    let mut codes = BTreeSet::new();
    for file in files.iter().filter(|file| file.path.starts_with("src/api/") || file.path.starts_with("src/catalog/")) {
        let shipped = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        for rest in calls.iter().flat_map(|call| shipped.split(call.as_str()).skip(1)) {
            // A status may stand before it.
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',' || c.is_whitespace());
            let literal = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')).map_or("", |(literal, _)| literal);
            if !literal.is_empty() && literal.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
                codes.insert(literal.to_owned());
            }
        }
    }
    codes
}

fn dependencies(manifest: &toml::Table) -> BTreeSet<String> {
    let tables = ["dependencies", "dev-dependencies"].iter().filter_map(|name| manifest.get(*name)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn every_code_is_documented() {
    let document = read("docs/errors.md");
    let documented = first_column(&document);
    let missing: Vec<String> = step_codes(&repository()).difference(&documented).cloned().collect();
    assert_none("docs/errors.md lacks codes of steps", &missing);
    let rows = CODES.iter().map(|(code, meaning)| format!("| `{code}` | {meaning} |"));
    let missing: Vec<String> = rows.filter(|row| !document.contains(row.as_str())).collect();
    assert_none("docs/errors.md lacks problems of flows", &missing);
    let missing: Vec<String> = problem_codes(&repository()).difference(&documented).cloned().collect();
    assert_none("docs/errors.md lacks codes of the API", &missing);
}

#[test]
fn a_code_of_the_api_is_found() {
    let text = "Problem::new(\n    409,\n    \"late\", x); Problem::refused(code, \"no\"); Error::Conflict { code: \"taken\", message }; #[cfg(test)] Problem::conflict(\"not_this\", x)";
    let codes = problem_codes(&[SourceFile::new("src/api/a.rs", text), SourceFile::new("src/flow/a.rs", "Self::refused(\"nor_this\")")]);
    assert_eq!(codes, BTreeSet::from(["late".to_owned(), "taken".to_owned()]));
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let documented = first_column(&read("docs/dependencies.md"));
    let used = dependencies(&read("Cargo.toml").parse().unwrap());
    let difference: Vec<String> = used.symmetric_difference(&documented).cloned().collect();
    assert_none("docs/dependencies.md and Cargo.toml differ", &difference);
}

#[test]
fn a_missing_entry_is_found() {
    assert_eq!(first_column("| `a` | x |\n| b | `c` |\n"), BTreeSet::from(["a".to_owned()]));
    let text = "let e = CallError::new(\n    \"lost\", \"gone\");\nFailure::new(Stage::Refused, \"url_invalid\", m);\n#[cfg(test)]\nCallError::new(\"x\")";
    let codes = step_codes(&[SourceFile::new("src/a.rs", text)]);
    assert_eq!(codes, BTreeSet::from(["lost".to_owned(), "url_invalid".to_owned()]));
    let manifest = "[dependencies]\na = \"1\"\n[dev-dependencies]\nb = {version = \"1\"}".parse().unwrap();
    assert_eq!(dependencies(&manifest), BTreeSet::from(["a".to_owned(), "b".to_owned()]));
}
