//! What a draft has been, and where in it the draft stands: undo and redo, and what goes when there is too much. Pure; the texts
//! themselves are documents of their own, named by the version that brought them.

use serde::{Deserialize, Serialize};

use crate::ids::TimeMs;

/// Contents that are kept of one draft. More than anybody undoes.
pub const ENTRIES_MAX: usize = 200;
/// Bytes of all contents that are kept; the oldest go first. The present one always stays.
pub const BYTES_MAX: usize = 4 << 20;

/// How a content came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Somebody sent it.
    Put,
    /// It is the base revision's body.
    Reset,
}

/// One content, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Of the draft, as the content came; names its text.
    pub version: u64,
    pub bytes: usize,
    pub source: Source,
    pub at: TimeMs,
    pub by: String,
    /// The program that it was written with, where that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
}

/// Contents in the order in which they came, and which of them is the present one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    pub lines: Vec<Line>,
    /// Index of the present one; what is behind it can be redone.
    pub head: usize,
}

impl History {
    /// A new content becomes the present one. Returns the versions whose texts are kept no longer.
    pub fn push(&mut self, line: Line) -> Vec<u64> {
        let mut gone: Vec<Line> = self.lines.split_off(self.lines.len().min(self.head + 1));
        self.lines.push(line);
        let mut bytes: usize = self.lines.iter().map(|line| line.bytes).sum();
        let mut oldest = 0;
        while oldest + 1 < self.lines.len() && (self.lines.len() - oldest > ENTRIES_MAX || bytes > BYTES_MAX) {
            bytes -= self.lines[oldest].bytes;
            oldest += 1;
        }
        gone.extend(self.lines.drain(..oldest));
        self.head = self.lines.len() - 1;
        gone.into_iter().map(|line| line.version).collect()
    }

    /// The content before the present one becomes it; none: there is none before.
    pub fn undo(&mut self) -> Option<&Line> {
        self.head = self.head.checked_sub(1)?;
        self.lines.get(self.head)
    }

    /// The content behind the present one becomes it; none: there is none behind.
    pub fn redo(&mut self) -> Option<&Line> {
        let next = self.head + 1;
        let line = self.lines.get(next)?;
        self.head = next;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(version: u64, bytes: usize) -> Line {
        Line { version, bytes, source: Source::Put, at: TimeMs(version), by: "ana".to_owned(), tool: None }
    }

    #[derive(Clone, Debug)]
    enum Move {
        Put(usize),
        Undo,
        Redo,
    }

    /// Two piles of texts; the present one lies on top of the first.
    #[derive(Default)]
    struct Piles {
        past: Vec<(u64, usize)>,
        future: Vec<(u64, usize)>,
    }

    impl Piles {
        fn make(&mut self, step: &Move, version: u64) -> bool {
            match step {
                Move::Put(bytes) => {
                    self.future.clear();
                    self.past.push((version, *bytes));
                    while self.past.len() > ENTRIES_MAX
                        || (self.past.len() > 1 && self.past.iter().map(|one| one.1).sum::<usize>() > BYTES_MAX)
                    {
                        self.past.remove(0);
                    }
                    true
                }
                Move::Undo if self.past.len() > 1 => {
                    self.future.extend(self.past.pop());
                    true
                }
                Move::Redo if !self.future.is_empty() => {
                    self.past.extend(self.future.pop());
                    true
                }
                Move::Undo | Move::Redo => false,
            }
        }

        fn kept(&self) -> Vec<u64> {
            self.past.iter().chain(self.future.iter().rev()).map(|one| one.0).collect()
        }
    }

    fn moves() -> impl Strategy<Value = Vec<Move>> {
        let bytes = prop_oneof![8 => 1_usize..2_000, 1 => Just(BYTES_MAX / 3), 1 => Just(BYTES_MAX / 2)];
        let one = prop_oneof![4 => bytes.prop_map(Move::Put), 2 => Just(Move::Undo), 1 => Just(Move::Redo)];
        proptest::collection::vec(one, 0..400)
    }

    proptest! {
        #[test]
        fn undo_and_redo_are_two_piles(moves in moves()) {
            let (mut history, mut piles) = (History::default(), Piles::default());
            let mut texts = std::collections::BTreeSet::new();
            for (step, version) in moves.iter().zip(1_u64..) {
                let moved = match step {
                    Move::Put(bytes) => {
                        texts.insert(version);
                        for gone in history.push(line(version, *bytes)) {
                            prop_assert!(texts.remove(&gone), "{gone} goes twice");
                        }
                        true
                    }
                    // Before the first content there is nothing to move in.
                    Move::Undo => history.undo().is_some(),
                    Move::Redo => history.redo().is_some(),
                };
                prop_assert_eq!(moved, piles.make(step, version), "{:?}", step);
                let kept: Vec<u64> = history.lines.iter().map(|line| line.version).collect();
                prop_assert_eq!(&kept, &piles.kept());
                prop_assert_eq!(history.lines.get(history.head).map(|line| line.version), piles.past.last().map(|one| one.0));
                prop_assert_eq!(&kept, &texts.iter().copied().collect::<Vec<_>>(), "each content has its text, and no text is left over");
            }
        }
    }

    #[test]
    fn the_oldest_go_by_number_and_by_bytes_and_the_present_one_stays() {
        let mut history = History::default();
        for version in 1..=ENTRIES_MAX as u64 {
            assert!(history.push(line(version, 1)).is_empty());
        }
        assert_eq!(history.push(line(1_000, 1)), [1]);
        assert_eq!(history.push(line(1_001, BYTES_MAX + 1)).len(), ENTRIES_MAX);
        assert_eq!((history.lines.len(), history.head), (1, 0));
    }
}
