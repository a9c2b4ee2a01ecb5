//! Which module may use which, and which crate may be named where.

use super::scan::{line_of, split, words};
use super::{SourceFile, assert_none, repository};

/// Top-level modules from the bottom up: a module uses only modules of a lower row. The first four rows are pure.
const LAYERS: [&[&str]; 14] = [
    &["ids", "limits"],
    &["flow"],
    &["machine"],
    &["journal"],
    &["clock", "crash"],
    &["config", "telemetry", "present"],
    &["store"],
    &["runner"],
    &["catalog"],
    &["engine"],
    &["notify"],
    &["api", "console"],
    &["cli"],
    &["main", "lib"],
];

/// The crates that are named only in these places (path prefixes).
const FENCES: [(&str, &[&str]); 6] = [
    ("sled", &["src/store/sled"]),
    ("actix", &["src/engine/"]),
    ("actix_web", &["src/api/", "src/console/"]),
    ("reqwest", &["src/runner/outbound", "src/cli/client"]),
    ("lettre", &["src/runner/notify"]),
    ("petgraph", &["src/flow/"]),
];

/// What the pure modules never name: async, I/O, the clock and randomness as crates.
const PURE: [&str; 4] = ["src/flow/", "src/machine/", "src/journal/", "src/ids"];
const SHELL_CRATES: [&str; 10] = ["tokio", "futures", "tracing", "genai", "rmcp", "fs4", "clap", "indicatif", "async_trait", "tokio_util"];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

/// `src/flow/spec/mod.rs` → `flow`; `src/ids.rs` → `ids`.
fn top_module(path: &str) -> &str {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    inner.split('/').next().unwrap_or(inner).trim_end_matches(".rs")
}

/// How many modules lie between the file and the crate's root: 1 for `src/flow/mod.rs`, 2 for `src/flow/plan.rs`.
fn depth(path: &str) -> usize {
    let levels = path.trim_start_matches("src/").split('/').count();
    if path.ends_with("/mod.rs") { levels - 1 } else { levels }
}

/// The top-level modules that the code names, each with its line.
fn used_modules(path: &str, code: &str) -> Vec<(usize, String)> {
    let mut used = Vec::new();
    for (at, word) in words(code) {
        let from_root = word == "crate" || (word == "flowgate" && top_module(path) == "main");
        let climbs = word == "super" && !code[..at].ends_with("super::");
        let rest = if from_root {
            &code[at + word.len()..]
        } else if climbs && code[at..].matches("super::").count() > 0 {
            let supers = code[at..].split("::").take_while(|part| *part == "super").count();
            if supers < depth(path) {
                continue;
            }
            &code[at + supers * "super::".len() - "::".len()..]
        } else {
            continue;
        };
        for module in first_segments(rest) {
            used.push((line_of(code, at), module));
        }
    }
    used
}

/// `::a::b` → a; `::{a::b, c::{d, e}}` → a and c.
fn first_segments(rest: &str) -> Vec<String> {
    let Some(rest) = rest.strip_prefix("::") else { return Vec::new() };
    let Some(group) = rest.trim_start().strip_prefix('{') else {
        return words(rest).take(1).map(|(_, word)| word.to_owned()).collect();
    };
    let mut segments = Vec::new();
    let mut depth = 0;
    let mut item = String::new();
    for character in group.chars() {
        match character {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => segments.push(std::mem::take(&mut item)),
            _ if depth == 0 => item.push(character),
            _ => {}
        }
    }
    segments.push(item);
    segments.iter().filter_map(|item| words(item).next().map(|(_, word)| word.to_owned())).collect()
}

fn upward_uses(files: &[SourceFile]) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_crate()) {
        let own = top_module(&file.path);
        let Some(own_layer) = layer(own) else {
            violations.push(format!("{}: module `{own}` has no layer; add it to LAYERS in tests/tidy/layering.rs", file.path));
            continue;
        };
        for (line, used) in used_modules(&file.path, &split(&file.text).code) {
            if used != own && layer(&used).is_some_and(|used_layer| used_layer >= own_layer) {
                violations.push(format!("{}:{line}: `{own}` must not use `{used}`: dependencies point down", file.path));
            }
        }
    }
    violations
}

/// The lines on which `code` names the crate `name`: in a path that starts with it, or in `use name`.
fn lines_naming(code: &str, name: &str) -> Vec<usize> {
    let local = ["mod", "pub mod"].iter().any(|keyword| code.contains(&format!("{keyword} {name};")));
    let mut lines = Vec::new();
    for (at, _) in words(code).filter(|(_, word)| *word == name) {
        let before = code[..at].trim_end();
        let after = &code[at + name.len()..];
        let absolute = before.ends_with("::") && !before.trim_end_matches("::").ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let starts_path = !before.ends_with("::") && !before.ends_with('.') && !local;
        let is_path = after.starts_with("::") || before.ends_with("use") || before.ends_with("extern crate");
        if (absolute || starts_path) && is_path {
            lines.push(line_of(code, at));
        }
    }
    lines
}

fn fence_breaks(files: &[SourceFile]) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_crate()) {
        let code = split(&file.text).code;
        for (name, places) in FENCES {
            if !places.iter().any(|place| file.path.starts_with(place)) {
                for line in lines_naming(&code, name) {
                    violations.push(format!("{}:{line}: `{name}` is used only in {}", file.path, places.join(", ")));
                }
            }
        }
        if PURE.iter().any(|place| file.path.starts_with(place)) {
            for name in SHELL_CRATES {
                for line in lines_naming(&code, name) {
                    violations.push(format!("{}:{line}: a pure module must not use `{name}`", file.path));
                }
            }
        }
    }
    violations
}

#[test]
fn dependencies_point_down() {
    assert_none("layers", &upward_uses(&repository()));
}

#[test]
fn crates_stay_behind_their_fences() {
    assert_none("fences", &fence_breaks(&repository()));
}

#[test]
fn an_upward_use_is_found_however_it_is_written() {
    for text in [
        "use crate::store::Handle;",
        "use crate::{ids::StepId, store::{self, Handle}};",
        "fn f() { crate::store::open() }",
        "use super::super::store::Handle;",
    ] {
        let found = upward_uses(&[SourceFile::new("src/flow/plan.rs", text)]);
        assert_eq!(found, ["src/flow/plan.rs:1: `flow` must not use `store`: dependencies point down"], "{text}");
    }
}

#[test]
fn a_downward_use_a_comment_and_a_sibling_are_fine() {
    for text in ["use crate::ids::StepId;", "// see crate::store", "use super::store::X;", "use crate::flow::names;", "\"crate::store\";"] {
        assert_eq!(upward_uses(&[SourceFile::new("src/flow/plan.rs", text)]), [""; 0], "{text}");
    }
}

#[test]
fn a_module_without_a_layer_is_found() {
    assert_eq!(upward_uses(&[SourceFile::new("src/helpers.rs", "")]).len(), 1);
}

#[test]
fn a_broken_fence_is_found() {
    for text in ["use sled::Db;", "fn f() -> sled::Db {}", "use ::sled::Db;"] {
        assert_eq!(fence_breaks(&[SourceFile::new("src/store/committer.rs", text)]).len(), 1, "{text}");
    }
    assert_eq!(fence_breaks(&[SourceFile::new("src/machine/decide.rs", "use tokio::spawn;")]).len(), 1);
}

#[test]
fn a_fence_lets_in_whom_it_names_and_modules_of_the_same_name() {
    for (path, text) in [
        ("src/store/sled.rs", "use sled::Db;"),
        ("src/store/mod.rs", "mod sled;\npub use sled::SledBackend;"),
        ("src/engine/mod.rs", "use crate::store::sled::SledBackend;"),
        ("src/runner/mod.rs", "// sled::Db is not used here"),
    ] {
        assert_eq!(fence_breaks(&[SourceFile::new(path, text)]), [""; 0], "{path}");
    }
}
