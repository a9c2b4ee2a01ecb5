//! Two texts line by line: prompts and other strings of more than one line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::limits::{DIFF_CONTEXT_LINES, DIFF_EFFORT_MAX};

/// Neighbouring lines that differ, with the lines around them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hunk {
    /// The number of its first line in the text before, from 1.
    pub before_line: usize,
    /// The number of its first line in the text after, from 1.
    pub after_line: usize,
    pub lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    pub kind: LineKind,
    /// Without its line end.
    pub text: String,
    /// The text's last line, without a line end: two texts may differ in nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// In both.
    Kept,
    Removed,
    Added,
}

/// What is left of the work that one difference may do on lines.
#[derive(Debug)]
pub(super) struct Effort(usize);

impl Default for Effort {
    fn default() -> Self {
        Self(DIFF_EFFORT_MAX)
    }
}

impl Effort {
    /// Whether there was enough left.
    fn spend(&mut self, steps: usize) -> bool {
        match self.0.checked_sub(steps) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => false,
        }
    }
}

/// Nothing for values that are not both texts, for two texts of one line, and for texts that are too long to compare.
pub(super) fn hunks(before: &Value, after: &Value, effort: &mut Effort) -> Vec<Hunk> {
    let (Value::String(before), Value::String(after)) = (before, after) else { return Vec::new() };
    if !before.contains('\n') && !after.contains('\n') {
        return Vec::new();
    }
    // The algorithm takes at most the square of the lines of both.
    let lines = before.lines().count() + after.lines().count();
    if !effort.spend(lines.saturating_mul(lines)) {
        return Vec::new();
    }
    let (before, after): (Vec<&str>, Vec<&str>) = (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    let diff = TextDiff::from_slices(&before, &after);
    diff.grouped_ops(DIFF_CONTEXT_LINES)
        .iter()
        .map(|group| Hunk {
            before_line: group.first().map_or(0, |first| first.old_range().start) + 1,
            after_line: group.first().map_or(0, |first| first.new_range().start) + 1,
            lines: group.iter().flat_map(|op| diff.iter_changes(op)).map(|change| line(change.tag(), change.value())).collect(),
        })
        .collect()
}

fn line(tag: ChangeTag, text: &str) -> Line {
    let kind = match tag {
        ChangeTag::Equal => LineKind::Kept,
        ChangeTag::Delete => LineKind::Removed,
        ChangeTag::Insert => LineKind::Added,
    };
    let ended = text.strip_suffix('\n');
    Line { kind, text: ended.unwrap_or(text).to_owned(), unended: ended.is_none() }
}
