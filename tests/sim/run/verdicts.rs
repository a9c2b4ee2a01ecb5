//! The naive model of validators, from docs/semantics.md and docs/flow-format.md: what each says of an answer, and what must follow. It reads the
//! flow file; answers, scores and verdicts that came from outside it takes from the outcomes in the journal.

use flowgate::flow::spec::{FlowSpec, OnFail, StepSpec, ValidatorSpec};
use flowgate::ids::FrameId;
use flowgate::machine::call::{Answer, Call, Message, Outcome, Request};
use flowgate::machine::event::{CheckVerdict, Ending, Event, NodeName, Part, Place, Role};
use serde_json::Value;

use super::graph::Graph;
use super::oracle::{Model, require};

/// Correction cycles where the flow does not say.
const RETRIES: u32 = 3;
/// The score from which an answer passes where the flow does not say.
const THRESHOLD: f64 = 0.7;
/// Codes that only validators give.
const CODES: [&str; 3] = ["validation_failed", "max_retries_exceeded", "validator_failed"];

/// One validator of a list.
#[derive(Clone, Copy)]
pub struct One<'a> {
    index: usize,
    spec: &'a ValidatorSpec,
    retries: u32,
}

/// Where the judging of one step, or of the result, stands.
pub struct Judging<'a> {
    list: Vec<One<'a>>,
    phase: Phase,
    cycle: u32,
    /// What the model must be shown in its next call: its answer, and what was wrong with it.
    shows: Option<(String, String)>,
}

enum Phase {
    /// The model has to answer.
    Working,
    /// It has, and the judging has to begin.
    Answered(Value),
    Judging {
        output: Value,
        next: usize,
        told: Told,
    },
    /// Another try has to be asked for.
    Correct {
        output: Value,
        feedback: String,
    },
    /// No more tries: the model may explain.
    Explain {
        feedback: String,
        explanation: String,
    },
    /// This failure has to follow.
    Refused {
        code: String,
        message: String,
    },
    Accepted(Value),
    /// The step is being stopped.
    Stopped,
}

/// What has come from outside for the validator that is asked.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Nothing,
    /// An answer of a judge or an http validator.
    Value(Value),
    /// Its call failed; another attempt may follow.
    Failed,
}

/// What a validator says.
enum Says {
    /// The feedback where it is known to the letter.
    Verdict(CheckVerdict, Option<String>),
    /// Somebody outside must be asked.
    Asks,
    /// It cannot judge.
    CannotJudge,
}

/// Validators of a flow or of an entry.
pub fn list(specs: &[ValidatorSpec], retries: Option<u32>) -> Vec<One<'_>> {
    let retries = retries.unwrap_or(RETRIES);
    specs.iter().enumerate().map(|(index, spec)| One { index, spec, retries }).collect()
}

/// What judges the result of an execution that began by this entry.
pub fn gate<'a>(spec: &'a FlowSpec, entry: Option<&str>) -> Vec<One<'a>> {
    let mut gate = list(&spec.validators, spec.max_retries);
    if let Some(entry) = entry.and_then(|entry| spec.entries.get(entry)) {
        gate.extend(list(&entry.validators, entry.max_retries.or(spec.max_retries)));
    }
    gate
}

/// The model step that the result comes from, if it is one.
pub fn result_step(spec: &FlowSpec, graph: &Graph<'_>) -> Option<String> {
    let name = match &spec.output {
        Some(output) => output.strip_prefix("steps.")?.strip_suffix(".output")?.to_owned(),
        None => {
            let mut ends = graph.steps.iter().filter(|(name, step)| can_end(graph, name, step)).map(|(name, _)| name.clone());
            ends.next().filter(|_| ends.next().is_none())?
        }
    };
    let step = graph.steps.get(&name)?;
    ((step.llm.is_some() || step.agent.is_some()) && graph.level(&name).is_none()).then_some(name)
}

/// The flow can end at this step: nothing leads on from its success, or it is there to end the flow.
fn can_end(graph: &Graph<'_>, name: &str, step: &StepSpec) -> bool {
    let leads_on = |port: &str| graph.edges.iter().any(|edge| edge.from == name && edge.on.as_deref().unwrap_or("ok") == port);
    let is_choice = step.approval.is_some() || step.event.as_ref().is_some_and(|event| event.any_of.is_some());
    if is_choice || step.fail.is_some() { !graph.edges.iter().any(|edge| edge.from == name) } else { !leads_on("ok") }
}

fn kind(spec: &ValidatorSpec) -> &'static str {
    match spec {
        ValidatorSpec { json_schema: Some(_), .. } => "json_schema",
        ValidatorSpec { cel: Some(_), .. } => "cel",
        ValidatorSpec { regex: Some(_), .. } => "regex",
        ValidatorSpec { judge: Some(_), .. } => "judge",
        _ => "http",
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl One<'_> {
    fn name(&self) -> String {
        self.spec.name.clone().unwrap_or_else(|| format!("{}_{}", kind(self.spec), self.index + 1))
    }

    /// What it says of an answer; the vocabulary is that of `generate`.
    fn says(&self, output: &Value, told: &Told, n: f64) -> Result<Says, String> {
        let passes = match self.spec {
            ValidatorSpec { json_schema: Some(schema), .. } => {
                let read = output.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| output.clone());
                match schema["enum"].as_array() {
                    Some(all) => all.contains(&read),
                    None if schema["type"] == "object" => read.is_object(),
                    None => return Err(format!("the model does not know {schema}")),
                }
            }
            ValidatorSpec { regex: Some(pattern), .. } => {
                let start = pattern.strip_prefix('^').ok_or_else(|| format!("the model does not know `{pattern}`"))?;
                text_of(output).starts_with(&start.replace('\\', ""))
            }
            ValidatorSpec { cel: Some(cel), .. } => match cel.as_str() {
                "output == \"fine\"" => output == "fine",
                "output != \"poor\"" => output != "poor",
                "output.ok" => match output["ok"].as_bool() {
                    Some(holds) => holds,
                    None => return Ok(Says::CannotJudge),
                },
                "input.n > 1" => n > 1.0,
                _ => return Err(format!("the model does not know `{cel}`")),
            },
            ValidatorSpec { judge: Some(judge), .. } => return Ok(self.scores(told, judge.threshold.unwrap_or(THRESHOLD))),
            _ => return Ok(Self::answered(told)),
        };
        Ok(if passes { Says::Verdict(CheckVerdict::Pass, None) } else { self.refuses(None) })
    }

    fn refuses(&self, own: Option<String>) -> Says {
        let verdict = if self.spec.on_fail == Some(OnFail::Stop) { CheckVerdict::Stop } else { CheckVerdict::Retry };
        Says::Verdict(verdict, self.spec.feedback.clone().or(own))
    }

    fn scores(&self, told: &Told, threshold: f64) -> Says {
        let Told::Value(value) = told else { return Says::Asks };
        let read = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let Some(score) = read.as_ref().and_then(|read| read["score"].as_f64()) else { return Says::CannotJudge };
        let feedback = read.and_then(|read| read["feedback"].as_str().map(str::to_owned)).filter(|text| !text.is_empty());
        if score >= threshold { Says::Verdict(CheckVerdict::Pass, feedback) } else { self.refuses(feedback) }
    }

    /// What an http validator answered.
    fn answered(told: &Told) -> Says {
        let Told::Value(value) = told else { return Says::Asks };
        let feedback = value["feedback"].as_str().map(str::to_owned);
        match value["verdict"].as_str() {
            Some("pass") => Says::Verdict(CheckVerdict::Pass, feedback),
            Some("retry") => Says::Verdict(CheckVerdict::Retry, feedback),
            Some("stop") => Says::Verdict(CheckVerdict::Stop, feedback),
            _ => Says::CannotJudge,
        }
    }
}

impl<'a> Judging<'a> {
    fn new(list: Vec<One<'a>>) -> Self {
        Self { list, phase: Phase::Working, cycle: 0, shows: None }
    }

    pub fn accepted(&self) -> Option<&Value> {
        if let Phase::Accepted(output) = &self.phase { Some(output) } else { None }
    }

    /// The code that the failure must have.
    pub fn refused(&self) -> Option<&str> {
        match &self.phase {
            Phase::Refused { code, .. } => Some(code),
            // It could not judge.
            Phase::Judging { .. } => Some("validator_failed"),
            _ => None,
        }
    }

    fn begins(&mut self, cycle: u32, output: &Value, names: &[String]) -> Result<(), String> {
        let own: Vec<String> = self.list.iter().map(One::name).collect();
        require(own == names, || format!("{names:?} judge, the flow says {own:?}"))?;
        require(cycle == self.cycle + 1, || format!("answer {cycle} is judged after answer {}", self.cycle))?;
        (self.cycle, self.phase) = (cycle, Phase::Judging { output: output.clone(), next: 0, told: Told::Nothing });
        Ok(())
    }

    fn calls(&mut self, index: u32, request: &Call) -> Result<(), String> {
        let Phase::Judging { output, next, told } = &mut self.phase else {
            return Err("a validator is asked although nothing is judged".to_owned());
        };
        require(*next == index as usize, || format!("validator {index} is asked before validator {next}"))?;
        let one = self.list.get(*next).ok_or("a validator is asked that is none")?;
        require(matches!(kind(one.spec), "judge" | "http"), || format!("`{}` needs nobody, and asks", one.name()))?;
        let sent = serde_json::to_value(request).map_err(|error| error.to_string())?.to_string();
        let shown = Value::String(text_of(output)).to_string();
        require(sent.contains(shown.trim_matches('"')) || sent.contains(&escaped(&shown)), || {
            format!("`{}` is not shown the answer {shown}: {sent}", one.name())
        })?;
        *told = Told::Nothing;
        Ok(())
    }

    fn hears(&mut self, outcome: Option<&Outcome>) {
        if let Phase::Judging { told, .. } = &mut self.phase {
            *told = match outcome {
                Some(Outcome::Done { answer: Answer::Value(value), .. }) => Told::Value(value.clone()),
                Some(Outcome::Done { answer: Answer::Model { text, .. }, .. }) => Told::Value(Value::String(text.clone())),
                _ => Told::Failed,
            };
        }
    }

    /// A verdict is recorded; `retries`: another try is possible at all.
    fn judged(&mut self, index: u32, verdict: CheckVerdict, feedback: Option<&String>, n: f64, retries: bool) -> Result<(), String> {
        let Phase::Judging { output, next, told } = &mut self.phase else { return Err("a verdict on nothing".to_owned()) };
        require(*next == index as usize, || format!("verdict {index} comes where {next} is next"))?;
        let one = *self.list.get(*next).ok_or("a verdict of nobody")?;
        let Says::Verdict(expected, words) = one.says(output, told, n)? else {
            return Err(format!("`{}` says {verdict:?} although it cannot know: {told:?}", one.name()));
        };
        require(expected == verdict, || format!("`{}` says {verdict:?} of {output}, the rules say {expected:?}", one.name()))?;
        require(words.is_none() || words.as_ref() == feedback, || format!("`{}` says {feedback:?}, not {words:?}", one.name()))?;
        let (output, feedback) = (output.clone(), feedback.cloned().unwrap_or_default());
        require(verdict == CheckVerdict::Pass || !feedback.is_empty(), || format!("`{}` refuses without a word", one.name()))?;
        self.phase = match verdict {
            CheckVerdict::Pass if *next + 1 == self.list.len() => Phase::Accepted(output),
            CheckVerdict::Pass => Phase::Judging { output, next: *next + 1, told: Told::Nothing },
            CheckVerdict::Retry if retries && self.cycle <= one.retries => Phase::Correct { output, feedback },
            CheckVerdict::Retry if retries => Phase::Explain { feedback, explanation: String::new() },
            CheckVerdict::Retry | CheckVerdict::Stop => {
                let code = one.spec.code.clone().unwrap_or_else(|| CODES[0].to_owned());
                Phase::Refused { code, message: feedback }
            }
        };
        Ok(())
    }

    fn corrected(&mut self, cycle: u32, message: &str) -> Result<(), String> {
        let Phase::Correct { output, feedback } = &self.phase else { return Err("a correction that nobody asked for".to_owned()) };
        require(cycle == self.cycle, || format!("correction {cycle} of answer {}", self.cycle))?;
        require(message.contains(feedback), || format!("the model is told {message:?}, and not {feedback:?}"))?;
        (self.shows, self.phase) = (Some((text_of(output), message.to_owned())), Phase::Working);
        Ok(())
    }

    /// The model is called: for an answer, or for an explanation.
    fn asks(&mut self, request: &Call, explains: bool) -> Result<(), String> {
        match &mut self.phase {
            Phase::Explain { explanation, .. } if explains => {
                explanation.clear();
                Ok(())
            }
            Phase::Working if !explains => match (&self.shows, &request.request) {
                (Some((answer, message)), Request::Llm(llm)) => {
                    let is_both = llm.messages.windows(2).any(|two| match two {
                        [Message::Assistant { text, .. }, Message::User { text: told }] => text == answer && told == message,
                        _ => false,
                    });
                    require(is_both, || format!("the model is not shown {answer:?} and {message:?}"))
                }
                _ => Ok(()),
            },
            _ => Err("a model is called while its answer is judged, or after".to_owned()),
        }
    }

    fn explains(&mut self, outcome: Option<&Outcome>) {
        if let (Phase::Explain { explanation, .. }, Some(Outcome::Done { answer: Answer::Model { text, .. }, .. })) =
            (&mut self.phase, outcome)
        {
            explanation.clone_from(text);
        }
    }

    /// The model has answered; an answer that does not fit its schema is repaired, or fails the step.
    fn answers(&mut self, text: &str, schema: Option<&Value>) {
        if !matches!(self.phase, Phase::Working) {
            return;
        }
        let read = serde_json::from_str::<Value>(text).ok().filter(|read| read.get("ok").is_some());
        let answer = if schema.is_some() { read } else { Some(Value::String(text.to_owned())) };
        if let Some(answer) = answer {
            self.phase = Phase::Answered(answer);
        }
    }

    /// The step ends; `n` as in the input.
    fn ends(&self, ending: &Ending, n: f64) -> Result<(), String> {
        match ending {
            Ending::Cancelled { .. } => Ok(()),
            Ending::Done { output, .. } => {
                require(self.accepted() == Some(&**output), || format!("{output} is the output, and nobody has accepted it"))
            }
            Ending::Failed { error, .. } => {
                let code = error.code.as_str();
                let fits = match &self.phase {
                    Phase::Working | Phase::Stopped => !CODES.contains(&code),
                    Phase::Answered(_) | Phase::Correct { .. } => false,
                    Phase::Judging { output, next, told } => {
                        let says = self.list.get(*next).map(|one| one.says(output, told, n)).transpose()?;
                        let could_not = *told == Told::Failed || matches!(says, Some(Says::CannotJudge));
                        matches!(code, "budget_exceeded" | "timeout") || (code == CODES[2] && could_not)
                    }
                    Phase::Explain { feedback, explanation } => {
                        let words = if explanation.trim().is_empty() { feedback } else { explanation };
                        code == "timeout" || (code == CODES[1] && error.message == *words)
                    }
                    Phase::Refused { code: wanted, message } => code == wanted && error.message == *message,
                    Phase::Accepted(_) => matches!(code, "routing" | "template"),
                };
                require(fits, || format!("the step fails with `{code}`, the validators say something else"))
            }
        }
    }
}

/// As it stands in a text that stands in JSON.
fn escaped(shown: &str) -> String {
    let twice = Value::String(shown.trim_matches('"').to_owned()).to_string();
    twice.trim_matches('"').to_owned()
}

impl<'a> Model<'a> {
    /// What judges the answers of a step.
    fn judges(&self, frame: FrameId, step: &str) -> Result<Vec<One<'a>>, String> {
        let spec = self.step(frame, step)?;
        let mut judges = list(&spec.validators, spec.max_retries);
        if frame == FrameId(0) && self.result.as_deref() == Some(step) {
            judges.extend(self.gate_list.iter().copied());
        }
        Ok(judges)
    }

    fn judging(&mut self, place: &Place) -> Result<&mut Judging<'a>, String> {
        let list = self.judges(place.frame, place.step.as_str())?;
        Ok(self.judging.entry((place.frame, place.step.to_string())).or_insert_with(|| Judging::new(list)))
    }

    /// Everything that validators have to do with; called before the walk looks at the event.
    pub(super) fn see_verdicts(&mut self, event: &Event) -> Result<(), String> {
        let n = self.n;
        match event {
            // An agent that is tried again begins anew.
            Event::Entered { frame, step, .. } => drop(self.judging.remove(&(*frame, step.to_string()))),
            Event::CallStarted { call, place, role: Role::Act, request, .. } => {
                self.calls.insert(*call, place.clone());
                match place.part {
                    Part::Gate { index } => {
                        let gate = self.gate.as_mut().ok_or("the gate is asked before there is a result")?;
                        gate.calls(index, request)?;
                    }
                    Part::Check { index, .. } => self.judging(place)?.calls(index, request)?,
                    Part::Explain { .. } => self.judging(place)?.asks(request, true)?,
                    Part::Own | Part::Model { .. } if self.is_judged(place)? => self.judging(place)?.asks(request, false)?,
                    _ => {}
                }
            }
            Event::CallEnded { call, outcome } => self.call_ended(*call, Some(outcome))?,
            Event::CallLost { call } => self.call_ended(*call, None)?,
            Event::Checking { place, cycle, output, validators } => self.checking(place, *cycle, output, validators)?,
            Event::Validated { place, index, verdict, feedback, .. } => {
                require(!self.stopping, || "a verdict on what is being stopped".to_owned())?;
                if let Part::Gate { .. } = place.part {
                    let gate = self.gate.as_mut().ok_or("a verdict on no result")?;
                    gate.judged(*index, *verdict, feedback.as_ref(), n, false)?;
                } else {
                    require(!self.frame_is_stopping(place.frame)?, || "a verdict in a frame that stops".to_owned())?;
                    self.judging(place)?.judged(*index, *verdict, feedback.as_ref(), n, true)?;
                }
            }
            Event::StepStopping { frame, node: NodeName::Step(step), .. } => {
                if let Some(judging) = self.judging.get_mut(&(*frame, step.to_string())) {
                    judging.phase = Phase::Stopped;
                }
            }
            Event::Corrected { place, cycle, message } => self.judging(place)?.corrected(*cycle, message)?,
            Event::StepEnded { frame, step, ending, .. } => {
                let place = Place { frame: *frame, step: step.clone(), part: Part::Own };
                let began = self.judging.contains_key(&(*frame, step.to_string()));
                if self.is_judged(&place)? && (began || matches!(ending, Ending::Done { .. })) {
                    self.judging(&place)?.ends(ending, n)?;
                }
                if let (Ending::Done { output, .. } | Ending::Failed { output: Some(output), .. }, FrameId(0)) = (ending, frame) {
                    self.outputs.insert(step.to_string(), Value::clone(output));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_judged(&self, place: &Place) -> Result<bool, String> {
        Ok(!self.judges(place.frame, place.step.as_str())?.is_empty())
    }

    fn call_ended(&mut self, call: flowgate::ids::CallId, outcome: Option<&Outcome>) -> Result<(), String> {
        let Some(place) = self.calls.remove(&call) else { return Ok(()) };
        match place.part {
            Part::Gate { .. } => {
                if let Some(gate) = &mut self.gate {
                    gate.hears(outcome);
                }
            }
            Part::Check { .. } => self.judging(&place)?.hears(outcome),
            Part::Explain { .. } => self.judging(&place)?.explains(outcome),
            Part::Own | Part::Model { .. } if self.is_judged(&place)? && !self.frame_is_stopping(place.frame)? => {
                let spec = self.step(place.frame, place.step.as_str())?;
                let schema = spec.llm.as_ref().and_then(|llm| llm.output.as_ref());
                if let Some(Outcome::Done { answer: Answer::Model { text, calls }, .. }) = outcome
                    && (calls.is_empty() || spec.llm.is_some())
                {
                    self.judging(&place)?.answers(text, schema);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn checking(&mut self, place: &Place, cycle: u32, output: &Value, names: &[String]) -> Result<(), String> {
        if let Part::Gate { .. } = place.part {
            require(self.gate.is_none(), || "the result is judged a second time".to_owned())?;
            require(!self.gate_list.is_empty(), || "a result is judged by nobody".to_owned())?;
            require(!self.is_accepted(output), || "what has passed the gate is judged again".to_owned())?;
            self.may_give_a_result()?;
            let mut gate = Judging::new(self.gate_list.clone());
            gate.begins(cycle, output, names)?;
            self.gate = Some(gate);
            return Ok(());
        }
        let judging = self.judging(place)?;
        let is_the_answer = matches!(&judging.phase, Phase::Answered(answer) if answer == output);
        require(is_the_answer, || format!("`{}` is judged for {output}, which its model did not answer", place.step))?;
        judging.begins(cycle, output, names)
    }

    /// Whether the gate has passed this result, as a step's answer or at the end.
    pub(super) fn is_accepted(&self, output: &Value) -> bool {
        let step = self.result.as_ref().and_then(|step| self.judging.get(&(FrameId(0), step.clone())));
        let by_step = step.and_then(Judging::accepted) == Some(output);
        by_step || self.gate.as_ref().and_then(Judging::accepted) == Some(output)
    }
}
