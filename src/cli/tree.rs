//! What the events of one execution look like to somebody watching: which steps begin, how they end, what else is worth a line. A pure
//! fold over the journal; how lines are drawn is in `progress`.

use std::collections::HashMap;

use crate::ids::{CallId, FrameId, NanoUsd, TimeMs};
use crate::machine::call::{Call, Outcome, Request};
use crate::machine::event::{CheckVerdict, Ending, Event, LoopEnding, Opening, Part, Place, Recorded, Work};
pub use crate::present::words::{question_word, verdict_word};

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Done,
    Failed,
    Cancelled,
    Question,
    Note,
}

/// Something to show. `name` says which step or call, stably.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// It runs from here on.
    Began { name: String, detail: String, at: TimeMs },
    /// It has ended.
    Ended { name: String, mark: Mark, detail: String, elapsed_ms: Option<u64>, tokens: u64, cost: NanoUsd },
    /// Something happened to it.
    Said { name: String, mark: Mark, text: String },
}

/// The execution so far, as far as lines need it.
#[derive(Debug, Default)]
pub struct Tree {
    /// In front of every name: the step of the parent that started this child.
    prefix: String,
    frames: HashMap<FrameId, String>,
    began: HashMap<String, Progressing>,
    calls: HashMap<CallId, Place>,
    pub tokens: u64,
    pub cost: NanoUsd,
}

#[derive(Debug, Default)]
struct Progressing {
    at: TimeMs,
    tokens: u64,
    cost: NanoUsd,
}

impl Tree {
    /// For a child execution: `prefix` is the full name of the step that started it.
    #[must_use]
    pub fn of_child(prefix: &str) -> Self {
        Self { prefix: format!("{prefix} ▸ "), ..Self::default() }
    }

    /// The full name of a place.
    #[must_use]
    pub fn name(&self, place: &Place) -> String {
        let step = self.step_name(place.frame, place.step.as_str());
        match place.part {
            Part::Own => step,
            Part::Model { iteration } => format!("{step} model {iteration}"),
            Part::Tool { iteration, index } => format!("{step} tool {iteration}.{index}"),
            Part::Check { cycle, index } => format!("{step} validator {cycle}.{}", index + 1),
            Part::Explain { .. } => format!("{step} explanation"),
            Part::Gate { index } => format!("{}gate validator {}", self.prefix, index + 1),
            Part::Undo => format!("{step} undo"),
        }
    }

    fn step_name(&self, frame: FrameId, step: &str) -> String {
        let path = self.frames.get(&frame).map_or("", String::as_str);
        format!("{}{path}{step}", self.prefix)
    }

    /// Takes one event in; what it gives to show.
    pub fn fold(&mut self, recorded: &Recorded) -> Option<Line> {
        let at = recorded.at;
        match &recorded.event {
            Event::FrameOpened { frame, parent, opening } => {
                self.open_frame(*frame, *parent, opening);
                None
            }
            Event::Entered { frame, step, work, .. } => Some(self.entered(self.step_name(*frame, step.as_str()), work, at)),
            Event::CallStarted { call, place, request, .. } => {
                self.calls.insert(*call, place.clone());
                let name = self.name(place);
                self.began.entry(name.clone()).or_insert_with(|| Progressing { at, ..Progressing::default() });
                Some(Line::Began { name, detail: request_line(request), at })
            }
            Event::CallEnded { call, outcome } => self.call_ended(*call, outcome, at),
            Event::StepEnded { frame, step, ending, .. } => Some(self.step_ended(self.step_name(*frame, step.as_str()), ending, at)),
            other => self.said(other, at),
        }
    }

    fn open_frame(&mut self, frame: FrameId, parent: FrameId, opening: &Opening) {
        let outer = self.frames.get(&parent).cloned().unwrap_or_default();
        let path = match opening {
            // The header stands in its own name; the first visit needs no mark.
            Opening::Visit { visit: 1, .. } => outer,
            Opening::Visit { header, visit } => format!("{outer}{header}#{visit}/"),
            Opening::Item { step, index } => format!("{outer}{step}[{index}]/"),
        };
        self.frames.insert(frame, path);
    }

    fn entered(&mut self, name: String, work: &Work, at: TimeMs) -> Line {
        let detail = match work {
            Work::Agent { .. } => "agent".to_owned(),
            Work::Map { items } => format!("{} items", items.len()),
            Work::Wait { due } => format!("until {}", super::output::instant(*due)),
            Work::Listen => "waits for an event".to_owned(),
        };
        self.began.insert(name.clone(), Progressing { at, ..Progressing::default() });
        Line::Began { name, detail, at }
    }

    /// Of a call beside the step's own (a model or tool call of an agent, a compensation) the end is worth a line.
    fn call_ended(&mut self, call: CallId, outcome: &Outcome, at: TimeMs) -> Option<Line> {
        let place = self.calls.remove(&call)?;
        let name = self.name(&place);
        let mut progressing = self.began.remove(&name).unwrap_or_default();
        if let Outcome::Done { usage, .. } = outcome {
            let tokens = usage.input_tokens + usage.output_tokens;
            self.tokens += tokens;
            self.cost = self.cost.plus(usage.cost);
            progressing.tokens += tokens;
            progressing.cost = progressing.cost.plus(usage.cost);
        }
        let error = match outcome {
            Outcome::Done { .. } => None,
            Outcome::Retryable { error, .. } | Outcome::Permanent { error } | Outcome::Unknown { error } => {
                Some(format!("{}: {}", error.code, error.message))
            }
        };
        let finished = place.part != Part::Own && !matches!(outcome, Outcome::Retryable { .. });
        if !finished {
            self.began.insert(name, progressing);
            return None;
        }
        let mark = if error.is_some() { Mark::Failed } else { Mark::Done };
        Some(ended(name, mark, error.unwrap_or_default(), &progressing, at))
    }

    fn step_ended(&mut self, name: String, ending: &Ending, at: TimeMs) -> Line {
        let progressing = self.began.remove(&name);
        let (mark, detail) = match ending {
            Ending::Done { given: true, .. } => (Mark::Done, "taken over".to_owned()),
            Ending::Done { port, .. } if port == "ok" => (Mark::Done, String::new()),
            Ending::Done { port, .. } => (Mark::Done, port.clone()),
            Ending::Failed { error, .. } => (Mark::Failed, format!("{}: {}", error.code, error.message)),
            Ending::Cancelled { .. } => (Mark::Cancelled, "cancelled".to_owned()),
        };
        match progressing {
            Some(progressing) => ended(name, mark, detail, &progressing, at),
            None => Line::Ended { name, mark, detail, elapsed_ms: None, tokens: 0, cost: NanoUsd::default() },
        }
    }

    fn said(&mut self, event: &Event, at: TimeMs) -> Option<Line> {
        let (name, mark, text) = match event {
            Event::RetryAt { place, due, error } => {
                let again = super::output::duration(due.since(at));
                (self.name(place), Mark::Failed, format!("{}: {} (again in {again})", error.code, error.message))
            }
            Event::CallLost { call } => {
                let place = self.calls.remove(call)?;
                (self.name(&place), Mark::Failed, "was interrupted".to_owned())
            }
            Event::Asked { place, question, .. } => {
                let name = self.name(place);
                (name, Mark::Question, format!("{}: {}", question_word(question.kind), question.title))
            }
            Event::Answered { decided, .. } => (String::new(), Mark::Note, format!("{} by {}", verdict_word(&decided.verdict), decided.by)),
            Event::Expired { .. } => (String::new(), Mark::Note, "a question expired unanswered".to_owned()),
            Event::Validated { place, validator, verdict, feedback, .. } if *verdict != CheckVerdict::Pass => {
                let mark = if *verdict == CheckVerdict::Stop { Mark::Failed } else { Mark::Note };
                (self.name(place), mark, format!("{validator}: {}", feedback.as_deref().unwrap_or_default()))
            }
            Event::Iterated { frame, step, thought, .. } if !thought.is_empty() => {
                (self.step_name(*frame, step.as_str()), Mark::Note, thought.clone())
            }
            Event::SignalTaken { signal, frame, step } => {
                (self.step_name(*frame, step.as_str()), Mark::Note, format!("took signal {}", signal.name))
            }
            Event::LoopEnded { frame, header, ending: LoopEnding::Exhausted, .. } => {
                (self.step_name(*frame, header.as_str()), Mark::Note, "loop exhausted".to_owned())
            }
            Event::CancelAsked { reason, by } => (String::new(), Mark::Cancelled, format!("cancel asked by {by}: {reason}")),
            Event::Undoing => (String::new(), Mark::Note, "taking completed steps back".to_owned()),
            Event::LimitRaised { budget, limit } => {
                (String::new(), Mark::Note, format!("budget of {budget:?} raised to {limit}").to_lowercase())
            }
            _ => return None,
        };
        Some(Line::Said { name, mark, text })
    }
}

fn ended(name: String, mark: Mark, detail: String, progressing: &Progressing, at: TimeMs) -> Line {
    let elapsed_ms = Some(at.since(progressing.at));
    Line::Ended { name, mark, detail, elapsed_ms, tokens: progressing.tokens, cost: progressing.cost }
}

/// A call in a few words.
#[must_use]
pub fn request_line(call: &Call) -> String {
    let words = match &call.request {
        Request::Llm(request) => request.model.clone(),
        Request::Http(request) => format!("{} {}", request.method, request.url),
        Request::Mcp(request) => format!("mcp {}/{}", request.server, request.tool),
        Request::Builtin { name, .. } => format!("builtin {name}"),
    };
    if call.script.is_some() { format!("{words} (rehearsed)") } else { words }
}
