//! Scripted answers: a step's `sandbox:` variant, or the entry of a rehearsal file, worked out when the call is rendered.

use serde_json::Value;

use super::call::{Request, Script, ScriptAnswer, ToolUse};
use super::decide::Deciding;
use super::event::{Part, Place};
use super::input::Mode;
use super::state::FrameKind;
use crate::flow::spec::{EffectClass, SandboxSpec, SandboxTurnSpec};
use crate::ids::FrameId;

/// The code of a call that an evaluation does not make.
const EFFECT_IN_EVALUATION: &str = "effect_in_evaluation";

impl Deciding<'_> {
    /// What answers this attempt instead of the world; none: the world does.
    pub(super) fn script_for(&self, place: &Place, request: &Request, effect: EffectClass, attempt: u32) -> Option<Script> {
        let mode = self.state.start().map(|start| start.mode)?;
        if mode == Mode::Production || (mode == Mode::Evaluation && !self.changes_the_world(place, request, effect)) {
            return None;
        }
        let improvise = || unscripted(mode, request);
        if place.part == Part::Undo {
            // Taking back what was only rehearsed has nothing to do.
            let is_outward = !matches!(request, Request::Builtin { .. });
            return is_outward.then_some(Script { answer: ScriptAnswer::Output(Value::Null), delay_ms: 0 });
        }
        if let Part::Check { .. } | Part::Gate { .. } = place.part {
            return self.validator_answer(place, mode, attempt);
        }
        let Some(spec) = self.sandbox_of(place, mode) else { return improvise() };
        match place.part {
            // Nothing is written down for what a model says when it gives up.
            Part::Explain { .. } => improvise(),
            Part::Own | Part::Undo | Part::Check { .. } | Part::Gate { .. } => {
                answer(spec, self.turn_of(place.frame, attempt), attempt).or_else(improvise)
            }
            Part::Model { iteration } => model_turn(spec, iteration).or_else(improvise),
            Part::Tool { iteration, index } => {
                let tool = self.state.slot(place).map(|slot| slot.asked.name.clone())?;
                let of_tool = spec.tools.as_ref().and_then(|tools| tools.get(&tool));
                let nth = (iteration - 1).max(index) as usize;
                of_tool.and_then(|of_tool| answer(of_tool, nth, attempt)).or_else(improvise)
            }
        }
    }

    fn validator_answer(&self, place: &Place, mode: Mode, attempt: u32) -> Option<Script> {
        let of_step = match place.part {
            // The result is no step, so only its validators themselves can have scripts.
            Part::Gate { .. } => None,
            Part::Own | Part::Model { .. } | Part::Tool { .. } | Part::Check { .. } | Part::Explain { .. } | Part::Undo => {
                self.sandbox_of(place, mode).and_then(|spec| spec.validators.as_ref()?.get(self.validator_name(place)?))
            }
        };
        let turn = if let Part::Check { cycle, .. } = place.part { cycle as usize - 1 } else { 0 };
        let scripted = of_step.or(self.validator_script(place)).and_then(|spec| answer(spec, turn, attempt));
        let passes = || Script { answer: ScriptAnswer::Output(self.unscripted_verdict(place)), delay_ms: 0 };
        scripted.or_else(|| match mode {
            Mode::Rehearsal => Some(passes()),
            Mode::Evaluation => Some(not_made()),
            Mode::Production | Mode::Sandbox => None,
        })
    }

    /// Whether an evaluation must not make this call. Models say something and change nothing; so do validators that say so.
    fn changes_the_world(&self, place: &Place, request: &Request, effect: EffectClass) -> bool {
        if matches!(request, Request::Llm(_) | Request::Builtin { .. }) {
            return false;
        }
        match place.part {
            Part::Check { .. } | Part::Gate { .. } => !self.is_harmless(place),
            Part::Undo => true,
            Part::Own | Part::Model { .. } | Part::Tool { .. } | Part::Explain { .. } => effect != EffectClass::Read,
        }
    }

    /// The script of a step: the rehearsal file's where one is given, otherwise the flow's own.
    fn sandbox_of(&self, place: &Place, mode: Mode) -> Option<&SandboxSpec> {
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        let key = self.script_key(place);
        let from_file = self.state.start().and_then(|start| start.script.as_ref()).and_then(|script| script.get(&key));
        match mode {
            Mode::Rehearsal | Mode::Evaluation => from_file.or(self.spec(place.frame, ix).sandbox.as_ref()),
            Mode::Sandbox => self.spec(place.frame, ix).sandbox.as_ref(),
            Mode::Production => None,
        }
    }

    /// `step`, and for map bodies `map/step`.
    fn script_key(&self, place: &Place) -> String {
        let mut key = place.step.to_string();
        let mut next = self.state.frame(place.frame);
        while let Some(frame) = next {
            let parent = frame.parent;
            if let (FrameKind::Item { step, .. }, Some(parent)) = (frame.kind, parent) {
                key = format!("{}/{key}", self.spec(parent, step).id);
            }
            next = parent.and_then(|parent| self.state.frame(parent));
        }
        key
    }

    /// Which of several scripted answers is due: by visit in a loop, by item in a map, otherwise by attempt.
    fn turn_of(&self, frame: FrameId, attempt: u32) -> usize {
        let Some(at) = self.state.frame(frame) else { return 0 };
        match at.kind {
            FrameKind::Visit { .. } => at.visit as usize - 1,
            FrameKind::Item { index, .. } => index as usize,
            FrameKind::Root => attempt as usize - 1,
        }
    }
}

/// The answer to a call that nobody wrote a script for; none: the world answers.
fn unscripted(mode: Mode, request: &Request) -> Option<Script> {
    if matches!(request, Request::Builtin { .. }) {
        return None;
    }
    match mode {
        Mode::Production | Mode::Sandbox => None,
        Mode::Rehearsal => Some(Script { answer: ScriptAnswer::Improvise, delay_ms: 0 }),
        Mode::Evaluation => Some(not_made()),
    }
}

/// What an evaluation says of a call that it does not make.
fn not_made() -> Script {
    let message = "an evaluation changes nothing outside, and nothing is scripted for this call; give it a `sandbox`, or the sample an entry \
                   in `effects`, or say that it is `effect: read`";
    let answer = ScriptAnswer::Error { code: EFFECT_IN_EVALUATION.to_owned(), message: message.to_owned(), retryable: false };
    Script { answer, delay_ms: 0 }
}

fn answer(spec: &SandboxSpec, turn: usize, attempt: u32) -> Option<Script> {
    let delay_ms = spec.delay.map_or(0, |delay| delay.ms);
    if let Some(error) = &spec.error
        && error.times.is_none_or(|times| attempt <= times)
    {
        let message = error.message.clone().unwrap_or_else(|| "scripted failure".to_owned());
        return Some(Script { answer: ScriptAnswer::Error { code: error.code.clone(), message, retryable: error.retryable }, delay_ms });
    }
    let scripted = spec.outputs.as_ref().and_then(|outputs| outputs.get(turn).or(outputs.last()));
    match scripted.or(spec.output.as_ref()) {
        Some(output) => Some(Script { answer: ScriptAnswer::Output(output.clone()), delay_ms }),
        None if delay_ms > 0 => Some(Script { answer: ScriptAnswer::Improvise, delay_ms }),
        None => None,
    }
}

fn model_turn(spec: &SandboxSpec, iteration: u32) -> Option<Script> {
    let delay_ms = spec.delay.map_or(0, |delay| delay.ms);
    let turns = spec.model.as_deref().unwrap_or_default();
    let Some(turn) = turns.get(iteration as usize - 1).or(turns.last()) else { return answer(spec, 0, 1) };
    Some(Script { answer: turn_answer(turn, iteration), delay_ms })
}

fn turn_answer(turn: &SandboxTurnSpec, iteration: u32) -> ScriptAnswer {
    if turn.calls.is_empty() {
        let text = || Value::String(turn.text.clone().unwrap_or_default());
        return ScriptAnswer::Output(turn.output.clone().unwrap_or_else(text));
    }
    let calls = turn.calls.iter().enumerate().map(|(index, call)| ToolUse {
        id: format!("call_{iteration}_{index}"),
        name: call.tool.clone(),
        args: call.args.clone().unwrap_or_else(|| Value::Object(serde_json::Map::new())),
    });
    ScriptAnswer::Turn { text: turn.text.clone().unwrap_or_default(), calls: calls.collect() }
}
