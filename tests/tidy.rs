//! The rules of the house, as tests: who may use whom, how large things get, what never appears. Each rule lives beside a test that
//! shows it can fail. docs/ARCHITECTURE.md explains the rules; the tables here decide.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc, reason = "a test binary: a panic is its way of reporting")]

#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/layering.rs"]
mod layering;
#[path = "tidy/lists.rs"]
mod lists;
#[path = "tidy/scan.rs"]
mod scan;
#[path = "tidy/sizes.rs"]
mod sizes;
#[path = "tidy/wording.rs"]
mod wording;

use std::fs;
use std::path::Path;

/// One text file of the repository.
pub struct SourceFile {
    /// From the repository's root, with `/`.
    pub path: String,
    pub text: String,
}

impl SourceFile {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    pub fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// Part of the shipped crate (as opposed to tests and benches).
    pub fn is_crate(&self) -> bool {
        self.is_rust() && self.path.starts_with("src/")
    }
}

const SKIPPED_DIRECTORIES: [&str; 5] = ["target", ".git", "node_modules", ".flowgate", "dist"];
const TEXT_EXTENSIONS: [&str; 10] = ["rs", "md", "toml", "yaml", "yml", "json", "sh", "js", "ts", "lock"];

/// Every text file of the repository, sorted by path.
pub fn repository() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(root, root, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.iter().filter(|file| file.is_crate()).count() > 10, "the walk must find the crate's sources");
    files
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<SourceFile>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED_DIRECTORIES.contains(&name.as_str()) {
                collect(root, &path, files);
            }
            continue;
        }
        let known = path.extension().is_some_and(|extension| TEXT_EXTENSIONS.iter().any(|known| extension == *known));
        let script = path.extension().is_none() && matches!(name.as_str(), "run" | "README" | "LICENSE");
        if !known && !script {
            continue;
        }
        if let Ok(text) = fs::read_to_string(&path) {
            files.push(SourceFile { path: path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/"), text });
        }
    }
}

/// Fails with every violation at once.
#[track_caller]
pub fn assert_none(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{rule}: {} violation(s)\n  {}\n", violations.len(), violations.join("\n  "));
}
