//! What every file says on top, and what no file says.

use super::scan::{line_of, split, words};
use super::{SourceFile, assert_none, repository};

const BANNED_MACROS: [&str; 3] = ["dbg", "todo", "unimplemented"];
const PRINTING_MACROS: [&str; 4] = ["print", "println", "eprint", "eprintln"];
const PRINTER: &str = "src/cli/output";

fn missing_headers(files: &[SourceFile]) -> Vec<String> {
    let rust = files.iter().filter(|file| file.is_rust());
    let bare = rust.filter(|file| !file.text.starts_with("//! "));
    bare.map(|file| format!("{}: starts with no `//!`: say what lives here and what must not", file.path)).collect()
}

/// `TODO(tag): reason` is a plan; a bare one is a wish.
fn untagged_notes(files: &[SourceFile]) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let comments = split(&file.text).comments;
        for (at, word) in words(&comments) {
            let tagged = word == "TODO" && comments[at..].starts_with("TODO(") && comments[at..].contains("): ");
            if ["TODO", "FIXME", "XXX"].contains(&word) && !tagged {
                let line = line_of(&comments, at);
                violations.push(format!("{}:{line}: untagged {word}; write `TODO(tag): reason`, or do it", file.path));
            }
        }
    }
    violations
}

fn banned_macros(files: &[SourceFile]) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let code = split(&file.text).code;
        for (at, word) in words(&code).filter(|(at, word)| code[at + word.len()..].starts_with('!')) {
            let shipped = file.is_crate() && !file.path.contains("/tests");
            let prints = shipped && PRINTING_MACROS.contains(&word) && !file.path.starts_with(PRINTER);
            if prints {
                violations.push(format!("{}:{}: `{word}!` is used only in {PRINTER}.rs", file.path, line_of(&code, at)));
            }
            if BANNED_MACROS.contains(&word) {
                violations.push(format!("{}:{}: `{word}!` is never committed", file.path, line_of(&code, at)));
            }
        }
    }
    violations
}

/// Paths that exist on one machine only. Put together here, so that this file does not contain them.
fn machine_paths(files: &[SourceFile]) -> Vec<String> {
    let marks: Vec<String> = ["home", "root", "Users", "work"].iter().map(|directory| format!("/{directory}/")).collect();
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock" && file.path != "LICENSE") {
        for (number, line) in file.text.lines().enumerate() {
            for mark in &marks {
                let starts_path = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "./_-}~>".contains(c));
                if line.match_indices(mark.as_str()).any(|(at, _)| starts_path(at)) {
                    violations.push(format!("{}:{}: a path of one machine: {}", file.path, number + 1, line.trim()));
                }
            }
        }
    }
    violations
}

#[test]
fn every_file_says_what_it_is() {
    assert_none("headers", &missing_headers(&repository()));
}

#[test]
fn no_note_is_untagged() {
    assert_none("notes", &untagged_notes(&repository()));
}

#[test]
fn no_banned_macro_is_called() {
    assert_none("macros", &banned_macros(&repository()));
}

#[test]
fn no_path_belongs_to_one_machine() {
    assert_none("paths", &machine_paths(&repository()));
}

#[test]
fn a_missing_header_is_found() {
    assert_eq!(missing_headers(&[SourceFile::new("src/a.rs", "use b;\n//! late")]).len(), 1);
    assert_eq!(missing_headers(&[SourceFile::new("src/a.rs", "//! Here.")]), [""; 0]);
}

#[test]
fn an_untagged_note_is_found() {
    let notes = ["// TODO later", "/* FIXME */", "fn f() {} // XXX", "// TODO: soon"];
    for text in notes {
        assert_eq!(untagged_notes(&[SourceFile::new("src/a.rs", text)]).len(), 1, "{text}");
    }
    for text in ["// TODO(store): retention needs the server's clock", "let s = \"TODO\";"] {
        assert_eq!(untagged_notes(&[SourceFile::new("src/a.rs", text)]), [""; 0], "{text}");
    }
}

#[test]
fn a_banned_macro_is_found() {
    let call = |path: &str, name: &str| banned_macros(&[SourceFile::new(path, &format!("fn f() {{ {name}!(1) }}"))]);
    for name in BANNED_MACROS {
        assert_eq!(call("tests/a.rs", name).len(), 1, "{name}");
    }
    for name in PRINTING_MACROS {
        assert_eq!(call("src/engine/a.rs", name).len(), 1, "{name}");
        assert_eq!(call("src/cli/output.rs", name), [""; 0], "{name}");
    }
    assert_eq!(banned_macros(&[SourceFile::new("src/a.rs", "// never todo!()")]), [""; 0]);
}

#[test]
fn a_path_of_one_machine_is_found() {
    let path = format!("see {}home/ana/notes.md", '/');
    assert_eq!(machine_paths(&[SourceFile::new("docs/a.md", &path)]).len(), 1);
    assert_eq!(machine_paths(&[SourceFile::new("docs/a.md", "GET https://x.example/home/1")]), [""; 0]);
}
