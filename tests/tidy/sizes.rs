//! How large files and functions get.

use super::scan::{functions, split};
use super::{SourceFile, assert_none, repository};

const CRATE_FILE_LINES: usize = 600;
const TEST_FILE_LINES: usize = 1_000;
const FUNCTION_LINES: usize = 70;

fn is_test(path: &str) -> bool {
    !path.starts_with("src/") || path.ends_with("/tests.rs") || path.contains("/tests/")
}

fn file_sizes(files: &[SourceFile]) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let limit = if is_test(&file.path) { TEST_FILE_LINES } else { CRATE_FILE_LINES };
        let lines = file.text.lines().count();
        if lines >= limit {
            violations.push(format!("{}: {lines} lines, the limit is {limit}: split it by idea", file.path));
        }
    }
    violations
}

fn function_sizes(files: &[SourceFile]) -> Vec<String> {
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        for function in functions(&split(&file.text).code) {
            if function.lines >= FUNCTION_LINES {
                let (path, line, name, lines) = (&file.path, function.line, &function.name, function.lines);
                violations.push(format!("{path}:{line}: `{name}` has {lines} lines, the limit is {FUNCTION_LINES}"));
            }
        }
    }
    violations
}

#[test]
fn files_stay_small() {
    assert_none("file size", &file_sizes(&repository()));
}

#[test]
fn functions_fit_on_a_screen() {
    assert_none("function size", &function_sizes(&repository()));
}

#[test]
fn a_long_file_is_found_and_tests_may_be_longer() {
    let long = "// line\n".repeat(CRATE_FILE_LINES);
    let files = [SourceFile::new("src/a.rs", &long), SourceFile::new("src/a/tests.rs", &long), SourceFile::new("tests/a.rs", &long)];
    let found = file_sizes(&files);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("src/a.rs"));
    assert_eq!(file_sizes(&[SourceFile::new("tests/a.rs", &"//\n".repeat(TEST_FILE_LINES))]).len(), 1);
}

#[test]
fn a_long_function_is_found() {
    let body = "    call();\n".repeat(FUNCTION_LINES - 2);
    let found = function_sizes(&[SourceFile::new("src/a.rs", &format!("fn short() {{}}\n\nfn long() {{\n{body}}}\n"))]);
    assert_eq!(found, [format!("src/a.rs:3: `long` has {FUNCTION_LINES} lines, the limit is {FUNCTION_LINES}")]);
}
