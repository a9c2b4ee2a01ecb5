//! The journal told in the contract's words: a fold from entries to events of a stream. Pure; who listens and waits is in `stream`.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::result::response_text;
use super::steps::StepResult;
use crate::flow::spec::FlowSpec;
use crate::ids::{CallId, FrameId, StepId, TimeMs};
use crate::machine::call::{self, Outcome, Request, ToolUse, Usage};
use crate::machine::event::{Ending, Event, Part, Place, Recorded};

/// A place in the stream: an entry of the journal, a part of what follows from it, and how much was told by then of a text that is still
/// being generated. Rises from event to event, also where a text and other steps go on side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub seq: u64,
    pub part: u32,
    /// In bytes; 0: no text is under way, or nothing of it was told.
    pub text: usize,
}

impl Position {
    /// `SEQ`, `SEQ.PART` or `SEQ.PART.TEXT`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let seq = parts.next()?.parse().ok()?;
        let part = parts.next().map_or(Some(0), |part| part.parse().ok())?;
        let text = parts.next().map_or(Some(0), |text| text.parse().ok())?;
        Some(Self { seq, part, text })
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.text {
            0 => write!(f, "{}.{}", self.seq, self.part),
            text => write!(f, "{}.{}.{text}", self.seq, self.part),
        }
    }
}

/// The part of a piece of text that is not in the journal yet: it comes behind everything that follows from the last entry.
const PIECE: u32 = 9;

/// Which part an event is of what follows from one entry: always the same one, whatever else the entry gives to tell a reader. An entry
/// gives each of them at most once.
fn part(event: &str) -> u32 {
    match event {
        "text" => 2,
        "usage" => 3,
        "error" => 4,
        _ => 1,
    }
}

/// One event of the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub at: Position,
    pub event: &'static str,
    pub data: Value,
}

/// What has been told so far, as far as what follows depends on it.
pub struct Teller {
    /// The step whose text is the response, where the flow says so and the text is it unchanged.
    answering: Option<StepId>,
    /// What the reader had before: told again, it would be a repetition.
    after: Option<Position>,
    next_seq: u64,
    /// Calls under way.
    calls: HashMap<CallId, Calling>,
    /// When steps began.
    began: HashMap<(FrameId, StepId), TimeMs>,
    /// What models asked for, by iteration.
    asked: HashMap<(FrameId, StepId, u32), Vec<ToolUse>>,
    used: Usage,
    /// The text of the response, once it is complete.
    text: Option<String>,
    /// Bytes of text told that may not count.
    told_bytes: usize,
}

struct Calling {
    place: Place,
    /// Shown as a tool call.
    is_tool: bool,
    /// Its text is told as it comes.
    is_answer: bool,
    /// Bytes of its text that were told.
    told_bytes: usize,
}

impl Teller {
    #[must_use]
    pub fn new(spec: &FlowSpec, after: Option<Position>) -> Self {
        Self {
            answering: answering(spec),
            after,
            next_seq: 0,
            calls: HashMap::new(),
            began: HashMap::new(),
            asked: HashMap::new(),
            used: Usage::default(),
            text: None,
            told_bytes: 0,
        }
    }

    /// The number of the entry that it has to be told next.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// What one entry gives to tell. Entries come in order; one that was told is ignored.
    pub fn tell(&mut self, recorded: &Recorded) -> Vec<Told> {
        if recorded.seq != self.next_seq {
            return Vec::new();
        }
        self.next_seq += 1;
        let mut events = Vec::new();
        // The reader's own count stands at this entry: before it for what was told with it, after it for what it began.
        self.take_up(recorded.seq);
        self.read(recorded, &mut events);
        self.take_up(recorded.seq);
        let (seq, text) = (recorded.seq, self.text_under_way());
        let told = events.into_iter().map(|(event, data)| Told { at: Position { seq, part: part(event), text }, event, data });
        told.filter(|told| self.is_new(told.at)).collect()
    }

    /// Where the reader is before it is told of the next entry.
    #[must_use]
    pub fn before_next(&self) -> Position {
        Position { seq: self.next_seq, part: 0, text: self.text_under_way() }
    }

    /// Whether something has to be read before this piece can be told: the call is not known, or an earlier piece was not heard.
    #[must_use]
    pub fn lacks(&self, call: CallId, offset: usize) -> bool {
        self.calls.get(&call).is_none_or(|calling| calling.is_answer && offset > calling.told_bytes)
    }

    fn text_under_way(&self) -> usize {
        self.calls.values().find(|calling| calling.is_answer).map_or(0, |calling| calling.told_bytes)
    }

    /// A reader that comes back has the beginning of the text that was under way then.
    fn take_up(&mut self, seq: u64) {
        let Some(after) = self.after.filter(|after| after.seq == seq) else { return };
        if let Some(calling) = self.calls.values_mut().find(|calling| calling.is_answer) {
            calling.told_bytes = after.text;
            self.told_bytes = after.text;
        }
    }

    /// A piece of what a model is saying: what of it is new.
    pub fn chunk(&mut self, call: CallId, offset: usize, text: &str) -> Option<Told> {
        let calling = self.calls.get_mut(&call).filter(|calling| calling.is_answer)?;
        let new = text.get(calling.told_bytes.checked_sub(offset)?..).filter(|new| !new.is_empty())?.to_owned();
        calling.told_bytes += new.len();
        self.told_bytes = calling.told_bytes;
        let at = Position { seq: self.next_seq.saturating_sub(1), part: PIECE, text: self.told_bytes };
        Some(Told { at, event: "text", data: json!({"chunk": new}) })
    }

    fn is_new(&self, at: Position) -> bool {
        self.after.is_none_or(|after| (at.seq, at.part) > (after.seq, after.part))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only what readers of a stream are told about")]
    fn read(&mut self, recorded: &Recorded, events: &mut Vec<(&'static str, Value)>) {
        let at = recorded.at;
        match &recorded.event {
            Event::Entered { frame, step, .. } => self.begin(*frame, step, at),
            Event::CallStarted { call, place, request, .. } => {
                self.begin(place.frame, &place.step, at);
                self.call_started(*call, place, request, at, events);
            }
            Event::CallEnded { call, outcome } => self.call_ended(*call, outcome, at, events),
            Event::CallLost { call } => {
                if let Some(calling) = self.calls.remove(call) {
                    self.take_back(&calling, events);
                }
            }
            Event::Iterated { frame, step, iteration, calls, .. } => {
                self.asked.insert((*frame, step.clone(), *iteration), calls.clone());
            }
            Event::Asked { place, question, .. } => {
                self.begin(place.frame, &place.step, at);
                let data = json!({"status": "WAITING_FOR_HUMAN", "humanApprovalRequestId": question.id, "title": question.title});
                events.push(("status", data));
            }
            Event::Answered { question, .. } | Event::Expired { question } | Event::Withdrawn { question } => {
                events.push(("status", json!({"status": "IN_PROGRESS", "humanApprovalRequestId": question})));
            }
            Event::StepEnded { frame, step, ending, .. } => {
                let began = self.began.remove(&(*frame, step.clone())).unwrap_or(at);
                let status = match ending {
                    Ending::Done { .. } => "SUCCESS",
                    Ending::Failed { .. } => "ERROR",
                    Ending::Cancelled { .. } => "CANCELLED",
                };
                let data = json!({"id": step, "displayName": step, "type": "FLOW_STEP", "status": status, "duration": at.since(began)});
                events.push(("step_trace", data));
            }
            Event::Ended { ended, .. } => {
                self.complete(&response_text(&ended.output), events);
                if let Some(error) = &ended.error {
                    events.push(("error", json!({"message": error.message, "code": error.code})));
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, frame: FrameId, step: &StepId, at: TimeMs) {
        self.began.entry((frame, step.clone())).or_insert(at);
    }

    fn call_started(&mut self, call: CallId, place: &Place, request: &call::Call, at: TimeMs, events: &mut Vec<(&'static str, Value)>) {
        let judges = matches!(place.part, Part::Check { .. } | Part::Explain { .. } | Part::Gate { .. });
        let is_tool = !judges && !matches!(request.request, Request::Llm(_));
        let is_answer = match &request.request {
            Request::Llm(llm) => {
                let is_plain = llm.tools.is_empty() && llm.output.is_none() && place.part == Part::Own && place.frame == FrameId::default();
                is_plain && self.answering.as_ref() == Some(&place.step)
            }
            Request::Http(_) | Request::Mcp(_) | Request::Builtin { .. } => false,
        };
        self.calls.insert(call, Calling { place: place.clone(), is_tool, is_answer, told_bytes: 0 });
        if is_tool {
            events.push(("tool_call", self.tool_call(call, place, &request.request, at)));
        }
    }

    fn tool_call(&self, call: CallId, place: &Place, request: &Request, at: TimeMs) -> Value {
        let asked = match place.part {
            Part::Tool { iteration, index } => {
                let calls = self.asked.get(&(place.frame, place.step.clone(), iteration));
                calls.and_then(|calls| calls.get(index as usize))
            }
            Part::Own | Part::Model { .. } | Part::Check { .. } | Part::Explain { .. } | Part::Gate { .. } | Part::Undo => None,
        };
        let (tool_type, arguments, integration) = match request {
            Request::Llm(_) => ("llm", Value::Null, None),
            Request::Http(http) => ("http", json!({"method": http.method, "url": http.url}), None),
            Request::Mcp(mcp) => ("mcp", mcp.args.clone(), Some(mcp.server.clone())),
            Request::Builtin { args, .. } => ("builtin", args.clone(), None),
        };
        let name = asked.map_or_else(|| place.step.to_string(), |asked| asked.name.clone());
        let arguments = asked.map_or(arguments, |asked| asked.args.clone());
        json!({
            "id": format!("call-{}", call.0),
            "startTime": at,
            "arguments": arguments,
            "toolTrace": {
                "displayName": name,
                "toolType": tool_type,
                "parameters": arguments,
                "tool": {"id": name, "name": name, "integrationId": integration},
            },
        })
    }

    fn call_ended(&mut self, call: CallId, outcome: &Outcome, at: TimeMs, events: &mut Vec<(&'static str, Value)>) {
        let Some(calling) = self.calls.remove(&call) else { return };
        if let Outcome::Done { usage, .. } = outcome
            && usage.input_tokens + usage.output_tokens > 0
        {
            self.used.input_tokens += usage.input_tokens;
            self.used.output_tokens += usage.output_tokens;
            self.used.cached_tokens += usage.cached_tokens;
            self.used.reasoning_tokens += usage.reasoning_tokens;
        }
        if calling.is_tool {
            events.push(("tool_result", tool_result(call, outcome, at)));
        }
        match outcome {
            Outcome::Done { answer: call::Answer::Model { text, .. }, .. } if calling.is_answer => {
                let rest = text.get(calling.told_bytes..).unwrap_or_default();
                if !rest.is_empty() {
                    events.push(("text", json!({"chunk": rest})));
                }
                self.told_bytes = text.len();
                self.text = Some(text.clone());
            }
            _ => self.take_back(&calling, events),
        }
        if let Outcome::Done { answer: call::Answer::Model { .. }, .. } = outcome {
            let used = &self.used;
            events.push((
                "usage",
                json!({
                    "inputTokens": used.input_tokens, "outputTokens": used.output_tokens,
                    "cachedTokens": used.cached_tokens, "thinkingTokens": used.reasoning_tokens,
                }),
            ));
        }
    }

    /// An attempt came to nothing: what was told of its text does not count.
    fn take_back(&mut self, calling: &Calling, events: &mut Vec<(&'static str, Value)>) {
        if calling.told_bytes > 0 {
            events.push(("text_reset", json!({"step": calling.place.step})));
            self.told_bytes = 0;
        }
    }

    /// The response is known: what is missing of it is told.
    fn complete(&mut self, response: &str, events: &mut Vec<(&'static str, Value)>) {
        if self.text.as_deref() == Some(response) {
            return;
        }
        if self.told_bytes > 0 {
            events.push(("text_reset", json!({})));
        }
        if !response.is_empty() {
            events.push(("text", json!({"chunk": response})));
        }
    }
}

fn tool_result(call: CallId, outcome: &Outcome, at: TimeMs) -> Value {
    let (status, result) = match outcome {
        Outcome::Done { answer: call::Answer::Value(value), .. } => ("succeeded", StepResult::of(value)),
        Outcome::Done { answer: call::Answer::Model { text, .. }, .. } => ("succeeded", StepResult::of(&Value::String(text.clone()))),
        Outcome::Retryable { error, .. } | Outcome::Permanent { error } | Outcome::Unknown { error } => {
            let status = if error.code == "cancelled" { "cancelled" } else { "failed" };
            (status, StepResult::of(&Value::String(format!("{}: {}", error.code, error.message))))
        }
    };
    json!({"id": format!("call-{}", call.0), "status": status, "endTime": at, "result": result})
}

/// The step whose output is the flow's: named by `output:`, or the only one behind which nothing comes. None where it may run more than
/// once: only its last text is the response, and nobody knows beforehand which one that is.
fn answering(spec: &FlowSpec) -> Option<StepId> {
    let named = spec.output.as_ref().map(|output| {
        let inner = output.as_str().trim().strip_prefix("steps.")?.strip_suffix(".output")?;
        inner.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-').then_some(inner)
    });
    let step = match named {
        Some(named) => named?,
        None => {
            let mut ends = spec.steps.keys().filter(|step| !spec.edges.iter().any(|edge| edge.from == **step));
            match (ends.next(), ends.next()) {
                (Some(only), None) => only.as_str(),
                _ => return None,
            }
        }
    };
    // An answer that a validator may refuse is no response yet.
    let is_judged = !spec.validators.is_empty()
        || spec.entries.values().any(|entry| !entry.validators.is_empty())
        || spec.steps.get(step).is_some_and(|step| !step.validators.is_empty());
    (!is_judged && !is_in_a_loop(spec, step)).then(|| StepId::new(step))
}

fn is_in_a_loop(spec: &FlowSpec, step: &str) -> bool {
    let (mut open, mut seen) = (vec![step], BTreeSet::new());
    while let Some(from) = open.pop() {
        for edge in spec.edges.iter().filter(|edge| edge.from == from) {
            if edge.to == step {
                return true;
            }
            if seen.insert(edge.to.as_str()) {
                open.push(&edge.to);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::compile;

    #[test]
    fn places_are_written_and_read() {
        for (text, seq, part, bytes) in [("7", 7, 0, 0), ("7.2", 7, 2, 0), ("7.9.120", 7, 9, 120)] {
            assert_eq!(Position::read(text), Some(Position { seq, part, text: bytes }));
        }
        assert_eq!(Position { seq: 7, part: 9, text: 120 }.to_string(), "7.9.120");
        for text in ["", "x", "7.", "7.x", "7.1.", "7.1.2.3", "-1", "7.1.-2"] {
            assert_eq!(Position::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_is_told_as_it_comes_where_it_is_surely_the_response() {
        let model = "llm: {model: openai/gpt-5-mini, prompt: x}";
        let two = format!("{{s: {{set: {{x: 'true'}}}}, a: {{{model}}}, b: {{{model}}}}}");
        let beside = "[{from: s, to: a}, {from: s, to: b}]";
        let table = [
            (format!("{{a: {{{model}}}}}"), "[]", "", Some("a")),
            (two.clone(), beside, "", None),
            (two.clone(), beside, "output: steps.a.output", Some("a")),
            (two, beside, "output: steps.a.output + '!'", None),
            (
                format!(
                    "{{a: {{{model}, visits: 3}}, b: {{approval: {{title: Good?}}}}, c: {{set: {{ok: true}}}}, d: {{fail: {{code: no}}}}}}"
                ),
                "[{from: a, to: b}, {from: b, to: a, on: rejected}, {from: b, to: c, on: approved}, {from: a, to: d, on: exhausted}]",
                "start: a\noutput: steps.a.output",
                None,
            ),
        ];
        for (steps, edges, output, expected) in table {
            let text = format!("flow: f\nsteps: {steps}\nedges: {edges}\n{output}\n");
            let (plan, _) = compile::load(&text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
            assert_eq!(answering(&plan.spec), expected.map(StepId::new), "{text}");
        }
    }
}
