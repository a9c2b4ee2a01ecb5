//! Signals: first in, first out per name, unique by id, kept if early, consumed by one visit, the lowest path first.

use serde_json::{Value, json};

use super::call::CallError;
use super::decide::{Deciding, Refusal};
use super::event::{Event, Work};
use super::input::Signal;
use super::size;
use crate::flow::plan::{EventStep, Kind, StepIx};
use crate::ids::FrameId;
use crate::limits;

/// What a step fails with when a person stops its waiting.
pub(super) const WAIT_CANCELLED: &str = "wait_cancelled";

impl<'a> Deciding<'a> {
    fn event_spec(&self, frame: FrameId, ix: StepIx) -> Option<&'a EventStep> {
        if let Kind::Event(event) = &self.spec(frame, ix).kind { Some(event) } else { None }
    }

    pub(super) fn enter_event(&mut self, frame: FrameId, ix: StepIx) {
        let Some(spec) = self.event_spec(frame, ix) else { return };
        let step = self.spec(frame, ix);
        let timeout_ms = spec.timeout_ms.into_iter().chain(step.timeout_ms).min();
        let deadline = timeout_ms.map(|timeout_ms| self.now.plus(timeout_ms));
        self.emit(Event::Entered { frame, step: step.id.clone(), attempt: 1, work: Work::Listen, deadline });
    }

    /// A step that has just begun to listen takes the oldest kept signal that fits.
    pub(super) fn look_at_listen(&mut self, frame: FrameId, ix: StepIx) {
        let Some(spec) = self.event_spec(frame, ix) else { return };
        let kept = self.state.signals.iter().find(|signal| self.fits(frame, spec, signal)).cloned();
        if let Some(signal) = kept {
            self.consume(frame, ix, spec, signal);
        }
    }

    /// A signal arrives: taken by the listening step with the lowest path, or kept.
    ///
    /// # Errors
    /// `Ended`; `Signal` when it is too large, not awaited anywhere in the flow, or too many are kept.
    pub(super) fn signal(&mut self, signal: Signal) -> Result<(), Refusal> {
        if self.state.ended.is_some() {
            return Err(Refusal::Ended);
        }
        if self.state.signal_ids.contains(&signal.id) {
            return Ok(());
        }
        let bytes = size(&signal.payload);
        if bytes > limits::SIGNAL_BYTES_MAX {
            return Err(Refusal::Signal(format!("the payload has {bytes} bytes; at most {} are allowed", limits::SIGNAL_BYTES_MAX)));
        }
        let known = self.awaited_names();
        if !known.contains(&signal.name.as_str()) {
            let names = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Refusal::Signal(format!("no step of this flow waits for `{}`; it waits for: {names}", signal.name)));
        }
        let mut listening: Vec<_> = self.state.listening.iter().copied().collect();
        listening.sort_by_cached_key(|(frame, ix)| by_number(&self.state.visit_name(&self.own_place(*frame, *ix))));
        for (frame, ix) in listening {
            let Some(spec) = self.event_spec(frame, ix) else { continue };
            // A turn that ended at its bound may not have given it yet what was kept, which came first.
            self.look_at_listen(frame, ix);
            if self.state.listening.contains(&(frame, ix)) && self.fits(frame, spec, &signal) {
                self.consume(frame, ix, spec, signal);
                return Ok(());
            }
        }
        if self.state.signals.len() >= limits::SIGNALS_KEPT_MAX {
            return Err(Refusal::Signal(format!("{} signals are kept already and nothing has taken them", limits::SIGNALS_KEPT_MAX)));
        }
        let kept: usize = self.state.signals.iter().map(|signal| size(&signal.payload)).sum();
        if kept + bytes > limits::SIGNALS_KEPT_BYTES_MAX {
            return Err(Refusal::Signal(format!("signals of {kept} bytes are kept already and nothing has taken them")));
        }
        self.emit(Event::SignalKept { signal });
        Ok(())
    }

    fn awaited_names(&self) -> Vec<&'a str> {
        let plan: &'a crate::flow::plan::Plan = self.plan;
        let steps = plan.scopes.iter().flat_map(|scope| &scope.steps);
        let mut names: Vec<_> = steps
            .filter_map(|step| if let Kind::Event(event) = &step.kind { Some(event) } else { None })
            .flat_map(|event| event.names.iter().map(String::as_str))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// A check that cannot be evaluated does not hold: the signal is left for others.
    fn fits(&self, frame: FrameId, spec: &EventStep, signal: &Signal) -> bool {
        let is_named = spec.names.contains(&signal.name);
        is_named
            && spec.check.as_ref().is_none_or(|check| {
                let names = self.names(frame).with("payload", signal.payload.clone());
                check.eval_bool(&names).unwrap_or(false)
            })
    }

    fn consume(&mut self, frame: FrameId, ix: StepIx, spec: &EventStep, signal: Signal) {
        let step = self.spec(frame, ix).id.clone();
        let port = if spec.ports { signal.name.clone() } else { "ok".to_owned() };
        let output: Value = if spec.ports { json!({"name": signal.name, "payload": signal.payload}) } else { signal.payload.clone() };
        self.emit(Event::SignalTaken { signal, frame, step });
        self.finish_step(frame, ix, &port, output, None);
    }

    /// A person stops waiting: every step that listens fails, which an `error` edge may take further.
    ///
    /// # Errors
    /// `NotWaiting` when nothing listens, as after the end; during a pause, too, since then nothing goes on.
    pub(super) fn stop_listening(&mut self, reason: &str, by: &str) -> Result<(), Refusal> {
        let listening: Vec<_> = self.state.listening.iter().copied().collect();
        if listening.is_empty() || self.state.ended.is_some() || self.state.is_paused() {
            return Err(Refusal::NotWaiting);
        }
        let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        let message = super::clipped(format!("{by} stopped the waiting{why}"), limits::MESSAGE_BYTES_MAX);
        for (frame, ix) in listening {
            // The failure of one may have ended the others.
            if self.state.listening.contains(&(frame, ix)) {
                self.fail_step(frame, ix, CallError::new(WAIT_CANCELLED, message.clone()), None);
            }
        }
        Ok(())
    }

    /// Nothing came in time.
    pub(super) fn listen_timed_out(&mut self, frame: FrameId, ix: StepIx) {
        let names = self.event_spec(frame, ix).map(|spec| spec.names.join(", ")).unwrap_or_default();
        self.fail_step(frame, ix, CallError::new(super::frames::TIMEOUT, format!("no signal came in time: {names}")), None);
    }
}

/// A path as it is ordered: item 2 before item 10.
fn by_number(path: &str) -> Vec<(u64, String)> {
    let parts = path.split_inclusive(|character: char| !character.is_ascii_digit());
    parts.map(|part| (part.trim_end_matches(|character: char| !character.is_ascii_digit()).parse().unwrap_or(0), part.to_owned())).collect()
}
