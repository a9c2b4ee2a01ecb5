//! Where things stand in a flow file: JSON pointers to lines and columns, so that every problem names its place.

use std::collections::HashMap;

use super::problem::{Problem, Severity};

/// A place in the text, 1-based; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// The places of one node of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Of its key; none for list items and the root.
    pub key: Option<Position>,
    pub value: Position,
    /// A value without children: problems point at it rather than at its key.
    pub scalar: bool,
}

/// The text of a flow and where its nodes stand.
#[derive(Clone, Debug, Default)]
pub struct Source {
    pub text: String,
    pub positions: HashMap<String, Spot>,
}

impl Source {
    /// The place to show for a node: a scalar itself, otherwise its key; for a node that is not there, the nearest one around it.
    #[must_use]
    pub fn position(&self, pointer: &str) -> Position {
        let Some(spot) = self.nearest(pointer) else { return Position { line: 1, column: 1 } };
        if spot.scalar { spot.value } else { spot.key.unwrap_or(spot.value) }
    }

    /// The place of a node's key.
    #[must_use]
    pub fn key_position(&self, pointer: &str) -> Position {
        let Some(spot) = self.nearest(pointer) else { return Position { line: 1, column: 1 } };
        spot.key.unwrap_or(spot.value)
    }

    fn nearest(&self, pointer: &str) -> Option<&Spot> {
        let mut pointer = pointer;
        loop {
            if let Some(spot) = self.positions.get(pointer) {
                return Some(spot);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }

    /// A problem at a node.
    #[must_use]
    pub fn problem(&self, code: &'static str, pointer: &str, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        let Position { line, column } = self.position(pointer);
        Problem { code, severity: Severity::Error, line, column, pointer: pointer.to_owned(), message: message.into(), hint: hint.into() }
    }
}

/// One more level of a JSON pointer (RFC 6901).
#[must_use]
pub fn child(pointer: &str, key: impl std::fmt::Display) -> String {
    let key = key.to_string().replace('~', "~0").replace('/', "~1");
    format!("{pointer}/{key}")
}

/// The closest of `known` to a misspelt word, as a hint; a list of all where none is close.
#[must_use]
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    const LISTED_MAX: usize = 24;
    let length = word.chars().count();
    let mut known: Vec<&str> = known.into_iter().collect();
    let close = known.iter().map(|name| (strsim::damerau_levenshtein(word, name), *name)).min();
    match close {
        Some((distance, name)) if distance < length && distance <= 1 + length / 3 => format!("did you mean `{name}`?"),
        _ if known.is_empty() => String::new(),
        _ => {
            known.sort_unstable();
            let more = if known.len() > LISTED_MAX { ", …" } else { "" };
            known.truncate(LISTED_MAX);
            format!("known here: {}{more}", known.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_their_keys() {
        assert_eq!(child("/steps", "a/b~c"), "/steps/a~1b~0c");
    }

    #[test]
    fn a_close_word_is_proposed_and_a_distant_one_gets_the_list() {
        assert_eq!(did_you_mean("promt", ["prompt", "model"]), "did you mean `prompt`?");
        assert_eq!(did_you_mean("zzzzzz", ["prompt", "model"]), "known here: model, prompt");
    }

    #[test]
    fn an_absent_node_is_shown_at_the_nearest_one_around_it() {
        let at = |line| Position { line, column: 1 };
        let mut source = Source::default();
        source.positions.insert(String::new(), Spot { key: None, value: at(1), scalar: false });
        source.positions.insert("/steps".into(), Spot { key: Some(at(3)), value: at(4), scalar: false });
        assert_eq!(source.position("/steps/gone/llm").line, 3);
        assert_eq!(source.position("/other").line, 1);
    }
}
