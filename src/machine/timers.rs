//! Deadlines: each fires once, never early, also after downtime; those due together in a fixed order.

use serde_json::json;

use super::call::CallError;
use super::decide::Deciding;
use super::event::Event;
use super::frames::TIMEOUT;
use super::state::{Running, Timer};
use crate::flow::plan::{Node, StepIx};
use crate::ids::FrameId;

impl Deciding<'_> {
    pub(super) fn timers(&mut self) {
        let due: Vec<_> = self.state.timers.range(..=(self.now, Timer::Last)).cloned().collect();
        for timer in due {
            // An earlier one of this turn may have made it void.
            if self.state.ended.is_none() && self.state.timers.contains(&timer) {
                self.fire(timer.1);
            }
        }
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Execution => self.execution_timed_out(),
            Timer::Step(frame, ix) => self.step_timed_out(frame, ix),
            Timer::Wait(frame, ix) => self.reenter(frame, ix),
            Timer::Retry(place) => self.retry_due(&place),
            Timer::Remind(question, number) => self.emit(Event::Reminded { question, number }),
            Timer::Expire(question) => self.question_expired(question),
            Timer::Last => {}
        }
    }

    pub(super) fn execution_timed_out(&mut self) {
        // The deadline may be the parent's, which is nearer.
        let took_ms = self.now.since(self.state.started_at);
        let own_ms = self.plan.limits.timeout_ms.filter(|own_ms| *own_ms <= took_ms).unwrap_or(took_ms);
        let message = format!("the execution took longer than its limit of {own_ms} ms");
        let error = CallError { data: Some(json!({"limit_ms": own_ms})), ..CallError::new(TIMEOUT, message) };
        self.emit(Event::DeadlinePassed);
        self.fail_frame(FrameId(0), error);
    }

    fn step_timed_out(&mut self, frame: FrameId, ix: StepIx) {
        let node = Node::Step(ix);
        let step = self.spec(frame, ix);
        let timeout_ms = step.timeout_ms.unwrap_or_default();
        let error = CallError::new(TIMEOUT, format!("`{}` took longer than its {timeout_ms} ms", step.id));
        match self.state.run(frame, node).map(|run| &run.work) {
            Some(Running::Listen) => self.listen_timed_out(frame, ix),
            Some(_) => {
                self.emit(Event::StepDeadlinePassed { frame, step: step.id.clone() });
                self.stop_run(frame, node, Some(error));
            }
            None => {}
        }
    }
}
