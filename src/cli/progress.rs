//! Steps as they happen, on standard error: a spinner per running step on a terminal, plain lines elsewhere.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::output::{Accent, Output, dollars, duration};
use super::tree::{Line, Mark, Tree};
use crate::ids::{ExecutionId, NanoUsd};
use crate::machine::event::{Event, Recorded};
use crate::present::visible::{one_line, visible};

/// How much of a detail fits behind a step's name.
const DETAIL_CHARACTERS_MAX: usize = 100;
/// Spinners shown at once; a wide map shows its first ones.
const SPINNERS_MAX: usize = 12;

/// Shows an execution and its children while they run.
pub struct Progress {
    output: Output,
    /// Present on a terminal.
    terminal: Option<MultiProgress>,
    /// Lines are printed; without it (JSON into a pipe) only the trees are kept.
    lines: bool,
    trees: HashMap<ExecutionId, Tree>,
    /// The number of the next event of each execution, so that what is read twice is shown once.
    next_seq: HashMap<ExecutionId, u64>,
    spinners: HashMap<(ExecutionId, String), ProgressBar>,
    /// Model text that has no line end yet, by call.
    texts: HashMap<(ExecutionId, String), String>,
}

impl Progress {
    #[must_use]
    pub fn new(output: Output) -> Self {
        let terminal = std::io::stderr().is_terminal().then(MultiProgress::new);
        let lines = terminal.is_some() || output.is_text();
        let (trees, next_seq, spinners, texts) = Default::default();
        Self { output, terminal, lines, trees, next_seq, spinners, texts }
    }

    /// The number of the first event of `execution` that was not shown yet.
    #[must_use]
    pub fn next_seq(&self, execution: ExecutionId) -> u64 {
        self.next_seq.get(&execution).copied().unwrap_or(0)
    }

    /// Executions seen so far: the one that is watched, and its children.
    pub fn executions(&self) -> impl Iterator<Item = ExecutionId> + '_ {
        self.trees.keys().copied()
    }

    /// Tokens and cost of everything seen so far.
    #[must_use]
    pub fn spent(&self) -> (u64, NanoUsd) {
        let sum = |(tokens, cost): (u64, NanoUsd), tree: &Tree| (tokens + tree.tokens, cost.plus(tree.cost));
        self.trees.values().fold((0, NanoUsd::default()), sum)
    }

    /// Takes events in without showing them: what happened before this process.
    pub fn catch_up(&mut self, execution: ExecutionId, events: &[Recorded]) {
        for recorded in events {
            self.fold(execution, recorded);
        }
    }

    /// Shows new events; those shown before are left out. Gives back the new ones.
    pub fn committed<'a>(&mut self, execution: ExecutionId, events: &'a [Recorded]) -> Vec<&'a Recorded> {
        let next = self.next_seq(execution);
        let new: Vec<&Recorded> = events.iter().filter(|recorded| recorded.seq >= next).collect();
        for recorded in &new {
            if let Some(line) = self.fold(execution, recorded) {
                self.show(execution, line);
            }
        }
        new
    }

    fn fold(&mut self, execution: ExecutionId, recorded: &Recorded) -> Option<Line> {
        if recorded.seq < self.next_seq(execution) {
            return None;
        }
        self.next_seq.insert(execution, recorded.seq + 1);
        let tree = self.trees.entry(execution).or_default();
        if let Event::ChildStarted { place, child, .. } = &recorded.event {
            let name = tree.name(place);
            self.trees.entry(*child).or_insert_with(|| Tree::of_child(&name));
            return None;
        }
        tree.fold(recorded)
    }

    fn show(&mut self, execution: ExecutionId, line: Line) {
        match line {
            Line::Began { name, detail, .. } => self.began(execution, &name, &detail),
            Line::Ended { name, mark, detail, elapsed_ms, tokens, cost } => {
                self.flush_text(execution, &name);
                self.finish(execution, &name);
                let mut tail = Vec::new();
                tail.extend((!detail.is_empty()).then(|| one_line(&detail, DETAIL_CHARACTERS_MAX)));
                tail.extend(elapsed_ms.filter(|ms| *ms > 0).map(duration));
                tail.extend((tokens > 0).then(|| format!("{tokens} tokens")));
                tail.extend((cost.0 > 0).then(|| dollars(cost.usd())));
                let tail = self.output.accent(Accent::Faint, &tail.join(" · "));
                self.line(format!("{} {}  {tail}", self.symbol(mark), visible(&name)).trim_end());
            }
            Line::Said { name, mark, text } => {
                let name = if name.is_empty() { String::new() } else { format!("{} ", visible(&name)) };
                self.line(&format!("{} {name}{}", self.symbol(mark), one_line(&text, 2 * DETAIL_CHARACTERS_MAX)));
            }
        }
    }

    fn began(&mut self, execution: ExecutionId, name: &str, detail: &str) {
        let detail = one_line(detail, DETAIL_CHARACTERS_MAX);
        match &self.terminal {
            Some(multi) if self.spinners.len() < SPINNERS_MAX => {
                let spinner = self.spinners.entry((execution, name.to_owned())).or_insert_with(|| {
                    let spinner = multi.add(ProgressBar::new_spinner());
                    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {wide_msg} {elapsed}") {
                        spinner.set_style(style);
                    }
                    spinner.enable_steady_tick(Duration::from_millis(100));
                    spinner
                });
                spinner.set_prefix(visible(name).into_owned());
                spinner.set_message(detail);
            }
            Some(_) => {}
            None => self.line(&format!("{} {}  {}", self.symbol(Mark::Note), visible(name), self.output.accent(Accent::Faint, &detail))),
        }
    }

    fn finish(&mut self, execution: ExecutionId, name: &str) {
        if let Some(spinner) = self.spinners.remove(&(execution, name.to_owned())) {
            spinner.finish_and_clear();
        }
    }

    /// A piece of a model's answer: shown line by line.
    pub fn chunk(&mut self, execution: ExecutionId, call: &str, text: &str) {
        if !self.lines {
            return;
        }
        // The call's name ends with `#visit.attempt`; the tree's does not.
        let name = call.rsplit_once('#').map_or(call, |(name, _)| name);
        let held = self.texts.entry((execution, name.to_owned())).or_default();
        held.push_str(text);
        let Some(end) = held.rfind('\n') else { return };
        let rest = held.split_off(end + 1);
        let whole = std::mem::replace(held, rest);
        self.say_text(name, &whole);
    }

    fn flush_text(&mut self, execution: ExecutionId, name: &str) {
        let rest = self.texts.remove(&(execution, name.to_owned()));
        if let Some(text) = rest.filter(|text| !text.is_empty()) {
            self.say_text(name, &text);
        }
    }

    fn say_text(&self, name: &str, text: &str) {
        for line in visible(text).lines() {
            self.line(&format!("  {} {line}", self.output.accent(Accent::Faint, &format!("{name} │"))));
        }
    }

    /// Clears the spinners, for a question on the terminal or the end. They come back with the next event of their step.
    pub fn pause(&mut self) {
        for spinner in self.spinners.drain().map(|(_, spinner)| spinner) {
            spinner.finish_and_clear();
        }
    }

    fn line(&self, text: &str) {
        match &self.terminal {
            Some(multi) => multi.suspend(|| self.output.note(text)),
            None if self.lines => self.output.note(text),
            None => {}
        }
    }

    fn symbol(&self, mark: Mark) -> String {
        match mark {
            Mark::Done => self.output.accent(Accent::Good, "✓"),
            Mark::Failed => self.output.accent(Accent::Bad, "✗"),
            Mark::Cancelled => self.output.accent(Accent::Attention, "○"),
            Mark::Question => self.output.accent(Accent::Attention, "?"),
            Mark::Note => self.output.accent(Accent::Faint, "·"),
        }
    }
}
