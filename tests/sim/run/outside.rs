//! The world that calls reach: models, tools, checks. It remembers what really happened in it, which no journal can.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flowgate::flow::spec::EffectClass;
use flowgate::ids::{CallId, ExecutionId};
use flowgate::machine::call::{Answer, Call, CallError, Outcome, Request, ToolUse, Usage};
use flowgate::machine::input::Body;
use serde_json::json;

use super::case::Fault;
use super::random::Random;
use super::shell::short;
use super::world::{Failure, Ticket, World};

/// Calls of this process, and what they did.
#[derive(Default)]
pub struct Outside {
    pub running: BTreeMap<(ExecutionId, CallId), Running>,
    /// Requests that left the process, over all its lives.
    sent: BTreeSet<(ExecutionId, CallId)>,
    /// How often a visit's effect happened.
    pub happened: BTreeMap<(ExecutionId, String), u32>,
    /// The key and bytes of every effect that may be repeated.
    keys: BTreeMap<String, Arc<Call>>,
    /// Outcomes that were told, to be told again.
    told: Vec<(ExecutionId, CallId, Outcome)>,
}

pub struct Running {
    name: String,
    request: Arc<Call>,
    aborted: bool,
    stage: Stage,
}

enum Stage {
    Waiting,
    Sent(Outcome),
    Told,
}

impl Outside {
    /// Performs a call unless it is in the register.
    pub fn ensure(&mut self, id: ExecutionId, call: CallId, name: String, request: Arc<Call>) {
        self.running.entry((id, call)).or_insert(Running { name, request, aborted: false, stage: Stage::Waiting });
    }

    pub fn abort(&mut self, id: ExecutionId, call: CallId) {
        if let Some(running) = self.running.get_mut(&(id, call)) {
            running.aborted = true;
        }
    }

    /// As the engine does when it loads an execution: what its journal has settled is broken off.
    pub fn abort_settled(&mut self, id: ExecutionId, is_flying: impl Fn(CallId) -> bool) {
        let settled = self.running.iter_mut().filter(|((owner, call), _)| *owner == id && !is_flying(*call));
        settled.for_each(|(_, running)| running.aborted = true);
    }

    pub fn forget(&mut self, id: ExecutionId, call: CallId) {
        self.running.remove(&(id, call));
    }

    /// The process is gone; what it had sent stays sent.
    pub fn crash(&mut self) {
        self.running.clear();
    }

    pub fn is_idle(&self) -> bool {
        self.running.values().all(|running| matches!(running.stage, Stage::Told))
    }

    /// How often the effect of a visit happened, by the name of one of its attempts.
    pub fn count(&self, id: ExecutionId, attempt: &str) -> u32 {
        self.happened.get(&(id, visit(attempt).to_owned())).copied().unwrap_or(0)
    }
}

/// What models answer where no schema binds them; the last one is JSON in a text.
const TEXTS: [&str; 6] = ["fine", "fine", "fine", "poor", "awful", "{\"ok\": true}"];
/// The tool that whoever starts an execution brings along.
pub const CALLERS: &str = "mine";

fn said(text: &str) -> Answer {
    Answer::Model { text: text.to_owned(), calls: Vec::new() }
}

/// `path/step#visit.attempt` without the attempt.
fn visit(attempt: &str) -> &str {
    attempt.rsplit_once('.').map_or(attempt, |(visit, _)| visit)
}

impl World {
    /// A call that waits is sent, and the world decides what becomes of it.
    pub fn send_call(&mut self) -> Result<(), Failure> {
        let waiting = self.outside.running.iter().filter(|(_, running)| matches!(running.stage, Stage::Waiting));
        let waiting: Vec<_> = waiting.map(|(key, _)| *key).collect();
        let Some(key) = waiting.get(self.random.index(waiting.len())).copied() else { return Ok(()) };
        let Some(running) = self.outside.running.get(&key) else { return Ok(()) };
        let (name, request, aborted) = (running.name.clone(), Arc::clone(&running.request), running.aborted);
        let (id, call) = key;
        let outcome = if aborted {
            // Never sent: its token was tripped before the first byte.
            Outcome::Permanent { error: CallError::new("aborted", "broken off before it was sent") }
        } else {
            self.may_be_sent(id, call, &name)?;
            self.reach(id, &name, &request)?
        };
        self.tell(|_| format!("{} {name} is sent: {}", short(id), super::shell::clip(&format!("{outcome:?}"))));
        if let Some(running) = self.outside.running.get_mut(&key) {
            running.stage = Stage::Sent(outcome);
        }
        Ok(())
    }

    fn may_be_sent(&mut self, id: ExecutionId, call: CallId, name: &str) -> Result<(), Failure> {
        self.tally.calls += 1;
        if !self.outside.sent.insert((id, call)) {
            return Err(format!("G2: call {} ({name}) leaves the process a second time", call.0));
        }
        let watch = self.watches.get(&id).ok_or("G1: a call of an execution that is not durable")?;
        if !watch.owes(call) && !watch.is_ended() {
            return Err(format!("G2: {name} is sent, and its journal owes no such call"));
        }
        if self.cancel_acknowledged.contains(&id) && !name.starts_with("undo") {
            return Err(format!("G10: {name} is sent after the cancel was acknowledged"));
        }
        Ok(())
    }

    /// The request arrives, or not.
    fn reach(&mut self, id: ExecutionId, name: &str, request: &Arc<Call>) -> Result<Outcome, Failure> {
        let fails = self.case.has(Fault::FailingCalls) && !self.healed;
        let fate = if fails { self.random.below(10) } else { 0 };
        let error = |code: &str| CallError::new(code, "the world says no");
        let (happens, outcome) = match fate {
            6 => (false, Outcome::Permanent { error: error("http_400") }),
            7 => (false, Outcome::Retryable { error: error("http_429"), retry_after_ms: self.random.one_in(2).then_some(500) }),
            8 => (false, Outcome::Unknown { error: error("cut") }),
            9 => (true, Outcome::Unknown { error: error("cut") }),
            _ => (true, self.answer_of(id, name, request)),
        };
        if !happens {
            return Ok(outcome);
        }
        if let Some(key) = &request.idempotency_key {
            let before = self.outside.keys.entry(key.clone()).or_insert_with(|| Arc::clone(request));
            if before.request != request.request {
                return Err(format!("G6: {name} comes again with other bytes under the same key"));
            }
        }
        if request.effect == EffectClass::Once {
            let count = self.outside.happened.entry((id, visit(name).to_owned())).or_default();
            *count += 1;
            if *count > 1 {
                return Err(format!("G3: the `once` effect of {name} happened {count} times"));
            }
        }
        Ok(outcome)
    }

    fn answer_of(&mut self, id: ExecutionId, name: &str, request: &Call) -> Outcome {
        let answer = match &request.request {
            Request::Llm(_) if name.contains("/explanation#") => said(["because", ""][self.random.index(2)]),
            Request::Llm(llm) if llm.output.as_ref().is_some_and(|schema| schema["properties"].get("score").is_some()) => self.score(),
            Request::Llm(llm) if !llm.tools.is_empty() => self.model_turn(),
            Request::Llm(llm) if llm.output.is_some() => {
                said(self.one_of(&["{\"ok\": true}", "{\"ok\": true}", "{\"ok\": false}", "no json"]))
            }
            Request::Llm(_) => said(self.one_of(&TEXTS)),
            Request::Http(http) if http.url.ends_with("/judge") => self.verdict_of_the_world(),
            Request::Http(http) if http.url.ends_with("/check") => Answer::Value(json!({"done": self.outside.count(id, name) > 0})),
            Request::Http(_) | Request::Mcp(_) => Answer::Value(json!({"ok": true})),
            Request::Builtin { args, .. } => Answer::Value(args.clone()),
        };
        Outcome::Done { answer, usage: Usage { input_tokens: 3, output_tokens: 2, ..Usage::default() } }
    }

    /// Once everything has healed, the first of them.
    fn one_of(&mut self, texts: &[&'static str]) -> &'static str {
        let index = self.random.index(texts.len());
        texts[if self.healed { 0 } else { index }]
    }

    fn score(&mut self) -> Answer {
        let score = self.one_of(&["0.9", "0.8", "0.9", "0.8", "0.5", "0.1"]);
        let feedback = self.one_of(&["", "warmer"]);
        match self.random.below(10) {
            0 if !self.healed => said("it is good"),
            _ => said(&format!("{{\"score\": {score}, \"feedback\": \"{feedback}\"}}")),
        }
    }

    fn verdict_of_the_world(&mut self) -> Answer {
        Answer::Value(match self.one_of(&["pass", "pass", "pass", "retry", "retry", "stop", "nonsense"]) {
            "nonsense" => json!({"well": "…"}),
            "stop" if self.random.one_in(2) => json!({"verdict": "stop"}),
            verdict => json!({"verdict": verdict, "feedback": "look again"}),
        })
    }

    fn model_turn(&mut self) -> Answer {
        let count = if self.healed { 0 } else { self.random.below(3) };
        if count == 0 {
            return said(self.one_of(&TEXTS));
        }
        let names = ["look", "pay", "other", "nonsense", CALLERS];
        let one = |random: &mut Random, number| {
            let name = names[random.index(names.len())].to_owned();
            ToolUse { id: format!("c{number}"), name, args: json!({}) }
        };
        let calls = (0..count).map(|number| one(&mut self.random, number)).collect();
        Answer::Model { text: "thinking".to_owned(), calls }
    }

    /// The outcome of a call that was sent arrives.
    pub fn answer_call(&mut self) -> Result<(), Failure> {
        let sent: Vec<_> =
            self.outside.running.iter().filter(|(_, running)| matches!(running.stage, Stage::Sent(_))).map(|(key, _)| *key).collect();
        let Some((id, call)) = sent.get(self.random.index(sent.len())).copied() else { return Ok(()) };
        let Some(running) = self.outside.running.get_mut(&(id, call)) else { return Ok(()) };
        let Stage::Sent(mut outcome) = std::mem::replace(&mut running.stage, Stage::Told) else { return Ok(()) };
        if running.aborted && self.random.one_in(2) && !matches!(outcome, Outcome::Permanent { .. } | Outcome::Retryable { .. }) {
            // The connection was closed before the answer was read.
            outcome = Outcome::Unknown { error: CallError::new("aborted", "the connection was closed") };
        }
        self.outside.told.push((id, call, outcome.clone()));
        self.post(id, Body::Outcome { call, outcome }, Ticket::Call(call));
        Ok(())
    }

    /// An outcome comes a second time, maybe long after.
    pub fn repeat_outcome(&mut self) -> Result<(), Failure> {
        if self.outside.told.is_empty() {
            return Ok(());
        }
        let (id, call, outcome) = self.outside.told[self.random.index(self.outside.told.len())].clone();
        // Only a call of this life can answer twice: what another life's call answered, nobody hears.
        if self.watches.get(&id).is_some_and(|watch| !watch.owes(call)) {
            self.post(id, Body::Outcome { call, outcome }, Ticket::Nobody);
        }
        Ok(())
    }
}
