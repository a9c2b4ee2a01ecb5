//! Links: a document that is named exists, and so does the heading that a link points at.

use std::collections::{HashMap, HashSet};

use super::{SourceFile, assert_none, repository};

/// A Markdown text without fenced code and `inline code`, line by line.
fn prose(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        let outside: Vec<&str> = line.split('`').step_by(2).collect();
        lines.push(if fenced || fence { String::new() } else { outside.join("``") });
    }
    lines
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> HashSet<String> {
    let mut fenced = false;
    let mut found = HashSet::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        if fenced || title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = title.trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
        found.insert(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
    }
    found
}

/// `docs/a.md` + `../b.md` → `b.md`.
fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

fn broken_links(files: &[SourceFile], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let known: HashMap<&str, HashSet<String>> =
        files.iter().filter(|file| file.has_extension("md")).map(|file| (file.path.as_str(), anchors(&file.text))).collect();
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("md")) {
        for (number, line) in prose(&file.text).iter().enumerate() {
            for link in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                if link.contains("://") || link.starts_with("mailto:") {
                    continue;
                }
                let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
                let target = if path.is_empty() { file.path.clone() } else { resolve(&file.path, path) };
                if !exists(&target) {
                    violations.push(format!("{}:{}: link to `{target}`, which does not exist", file.path, number + 1));
                } else if !anchor.is_empty() && known.get(target.as_str()).is_some_and(|all| !all.contains(anchor)) {
                    violations.push(format!("{}:{}: `{target}` has no heading `#{anchor}`", file.path, number + 1));
                }
            }
        }
    }
    violations
}

/// Every `docs/NAME.md` that sources and documents mention.
fn missing_documents(files: &[SourceFile], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| !file.path.starts_with("tests/tidy")) {
        for (number, line) in file.text.lines().enumerate() {
            for (at, _) in line.match_indices("docs/") {
                let own = !line[..at].ends_with(|c: char| c.is_alphanumeric() || "/.-_".contains(c));
                let name: String = line[at..].chars().take_while(|c| c.is_alphanumeric() || "/-_.".contains(*c)).collect();
                let name = name.trim_end_matches('.');
                if own && name.ends_with(".md") && !exists(name) {
                    violations.push(format!("{}:{}: mentions `{name}`, which does not exist", file.path, number + 1));
                }
            }
        }
    }
    violations
}

fn on_disk(path: &str) -> bool {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists()
}

#[test]
fn links_lead_somewhere() {
    assert_none("links", &broken_links(&repository(), on_disk));
}

#[test]
fn documents_that_are_mentioned_exist() {
    assert_none("documents", &missing_documents(&repository(), on_disk));
}

#[test]
fn a_broken_link_is_found() {
    let exists = |path: &str| ["docs/a.md", "README.md"].contains(&path);
    let check = |text: &str| {
        let files = [SourceFile::new("docs/a.md", &format!("# One two\n\n{text}\n")), SourceFile::new("README.md", "# Flowgate\n")];
        broken_links(&files, exists).len()
    };
    for text in ["[x](b.md)", "[x](../docs/c.md)", "[x](#three)", "[x](../README.md#nowhere)", "[x](a.md) [y](b.md)"] {
        assert_eq!(check(text), 1, "{text}");
    }
    for text in ["[x](a.md)", "[x](../README.md)", "[x](#one-two)", "[x](https://b.md)", "`[x](b.md)`", "```\n[x](b.md)\n```"] {
        assert_eq!(check(text), 0, "{text}");
    }
}

#[test]
fn a_missing_document_is_found() {
    let mention = [SourceFile::new("src/a.rs", "//! See docs/nowhere.md.")];
    assert_eq!(missing_documents(&mention, |_| false).len(), 1);
    assert_eq!(missing_documents(&mention, |_| true), [""; 0]);
}
