//! A small scanner of Rust text: separates code from comments and literals, and finds functions. It knows tokens, not grammar.

/// The text with everything but code, or everything but comments, blanked; both keep every line break, so line numbers stay.
pub struct Split {
    pub code: String,
    pub comments: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Code,
    LineComment,
    BlockComment { depth: u32 },
    Text,
    RawText { hashes: usize },
}

/// Separates code from comments; the contents of string and character literals belong to neither.
pub fn split(text: &str) -> Split {
    let chars: Vec<char> = text.chars().collect();
    let mut split = Split { code: String::with_capacity(text.len()), comments: String::new() };
    let mut place = Place::Code;
    let mut at = 0;
    while at < chars.len() {
        let (next, width) = step(&chars, at, place);
        for &character in &chars[at..(at + width).min(chars.len())] {
            let blank = if character == '\n' { '\n' } else { ' ' };
            let in_code = place == Place::Code && next == Place::Code;
            let in_comment = matches!(place, Place::LineComment | Place::BlockComment { .. });
            split.code.push(if in_code && width == 1 { character } else { blank });
            split.comments.push(if in_comment { character } else { blank });
        }
        at += width;
        place = next;
    }
    split
}

/// Where the text goes on after `chars[at]`, and how many characters that took.
fn step(chars: &[char], at: usize, place: Place) -> (Place, usize) {
    let starts = |pattern: &str| pattern.chars().enumerate().all(|(offset, wanted)| chars.get(at + offset) == Some(&wanted));
    match place {
        Place::Code if starts("//") => (Place::LineComment, 2),
        Place::Code if starts("/*") => (Place::BlockComment { depth: 1 }, 2),
        Place::Code => code_step(chars, at),
        Place::LineComment => (if chars[at] == '\n' { Place::Code } else { place }, 1),
        Place::BlockComment { depth } if starts("/*") => (Place::BlockComment { depth: depth + 1 }, 2),
        Place::BlockComment { depth: 1 } if starts("*/") => (Place::Code, 2),
        Place::BlockComment { depth } if starts("*/") => (Place::BlockComment { depth: depth - 1 }, 2),
        Place::BlockComment { .. } => (place, 1),
        Place::Text if chars[at] == '\\' => (place, 2),
        Place::Text => (if chars[at] == '"' { Place::Code } else { place }, 1),
        Place::RawText { hashes } => {
            let closes = chars[at] == '"' && (1..=hashes).all(|offset| chars.get(at + offset) == Some(&'#'));
            if closes { (Place::Code, 1 + hashes) } else { (place, 1) }
        }
    }
}

/// One step inside code: enters literals, and skips character literals as a whole (a lifetime is code).
fn code_step(chars: &[char], at: usize) -> (Place, usize) {
    let after_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    let raw_prefix = |from: usize| chars[from..].iter().take_while(|character| **character == '#').count();
    match chars[at] {
        '"' => (Place::Text, 1),
        'r' if !after_word || chars[at - 1] == 'b' => {
            let hashes = raw_prefix(at + 1);
            if chars.get(at + 1 + hashes) == Some(&'"') { (Place::RawText { hashes }, 2 + hashes) } else { (Place::Code, 1) }
        }
        '\'' if chars.get(at + 1) == Some(&'\\') => {
            let close = chars.get(at + 3..).and_then(|rest| rest.iter().position(|character| *character == '\''));
            (Place::Code, close.map_or(1, |offset| offset + 4))
        }
        '\'' if chars.get(at + 2) == Some(&'\'') => (Place::Code, 3),
        _ => (Place::Code, 1),
    }
}

/// A function with a body.
#[derive(Debug, PartialEq)]
pub struct Function {
    pub name: String,
    /// From 1.
    pub line: usize,
    /// From `fn` to the closing brace.
    pub lines: usize,
}

/// Every function with a body, nested ones too, in order of appearance. `code` is what `split` made of a file.
pub fn functions(code: &str) -> Vec<Function> {
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    for (start, _) in words(code).filter(|(_, word)| *word == "fn") {
        let name: String = code[start + 2..].trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(open) = body_start(bytes, start).filter(|_| !name.is_empty()) else { continue };
        let close = matching_brace(bytes, open).unwrap_or(bytes.len() - 1);
        found.push(Function { name, line: line_of(code, start), lines: line_of(code, close) - line_of(code, start) + 1 });
    }
    found
}

/// The `{` that opens the body of the function at `from`; none for a declaration or a function type.
fn body_start(bytes: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at),
            b';' if depth == 0 => return None,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    None
}

fn matching_brace(bytes: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The identifiers and keywords of `code`, each with its byte offset.
pub fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let start = at + code[at..].find(is_word)?;
        let end = code[start..].find(|c: char| !is_word(c)).map_or(code.len(), |length| start + length);
        at = end;
        Some((start, &code[start..end]))
    })
}

/// The line, from 1, that the byte offset `at` lies on.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let text = "let a = \"fn x() { // no\"; // fn y() {\n/* fn z /* nested */ { */ let b = '{'; let c: &'static str = r#\"}\"#;";
        let split = split(text);
        let code: Vec<&str> = words(&split.code).map(|(_, word)| word).collect();
        assert_eq!(code, ["let", "a", "let", "b", "let", "c", "static", "str"]);
        assert!(!split.code.contains(['{', '}']));
        assert!(split.comments.contains("fn y() {") && split.comments.contains("fn z") && !split.comments.contains("no"));
        assert_eq!(split.code.lines().count(), 2);
    }

    #[test]
    fn functions_are_measured_from_signature_to_closing_brace() {
        let text = "trait T { fn declared(&self); }\nfn one() {}\nfn two(\n    f: fn(u8) -> [u8; 2],\n) -> u8 {\n    if true { 1 } else { 2 }\n}\n";
        let found: Vec<(String, usize, usize)> = functions(&split(text).code).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
        assert_eq!(found, [("one".to_owned(), 2, 1), ("two".to_owned(), 3, 5)]);
    }
}
