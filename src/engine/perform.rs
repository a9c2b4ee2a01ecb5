//! The calls that are running: each a task on the runtime with a token of its own, unless it only computes. A call stays in the register until
//! its outcome is durable, so that a reloaded execution does not perform it a second time in this process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::Addr;
use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;

use super::directory::Directory;
use super::messages::{Deliver, Key, Shared, Sink};
use super::notice::Notice;
use super::shared::payload_text;
use crate::crash;
use crate::flow::spec::EffectClass;
use crate::ids::CallId;
use crate::machine::call::{Call, CallError, Outcome, Request};
use crate::machine::input::Body;
use crate::runner::Runner;
use crate::runner::vault::CallContext;

pub(super) struct Performer {
    pub runner: Runner,
    running: Mutex<Register>,
    /// Set: only `once` calls still begin (they would be in doubt, although they never began); everything else is begun again after the
    /// next start.
    closing: AtomicBool,
}

type Register = HashMap<Key, HashMap<CallId, Running>>;

/// One call to perform.
pub(super) struct Work {
    pub call: CallId,
    /// The execution's flow, whose secrets it may use.
    pub flow: String,
    /// The attempt's name.
    pub name: String,
    pub request: Arc<Call>,
}

struct Running {
    cancel: CancellationToken,
    stage: Stage,
    /// What a model has said so far, for whoever begins to listen in the middle of it.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    UnderWay,
    /// The outcome is on its way into the journal.
    Over,
    /// Broken off because the engine ends. What it answers now is the engine's doing and no outcome: the next start finds the call lost.
    Cut,
    /// Its outcome was turned away with its execution (quarantine): as good as lost, and not to be performed again as if nothing had been.
    TurnedAway,
}

impl Performer {
    pub(super) fn new(runner: Runner) -> Self {
        Self { runner, running: Mutex::new(HashMap::new()), closing: AtomicBool::new(false) }
    }

    /// Performs the call unless it is in the register; its outcome goes to the directory.
    pub(super) fn ensure(&self, shared: &Shared, directory: &Addr<Directory>, lineage: &[Key], work: Work) {
        let Work { call, flow, name, request } = work;
        let Some(key) = lineage.first().cloned() else { return };
        if self.closing.load(Ordering::Acquire) && request.effect != EffectClass::Once {
            return;
        }
        let cancel = CancellationToken::new();
        {
            let mut running = self.register();
            let Entry::Vacant(place) = running.entry(key.clone()).or_default().entry(call) else { return };
            place.insert(Running { cancel: cancel.clone(), stage: Stage::UnderWay, text: String::new() });
        }
        let (shared, directory, lineage) = (Arc::clone(shared), directory.clone(), lineage.to_vec());
        let runtime = shared.runtime.clone();
        let is_immediate = request.script.is_some() || matches!(request.request, Request::Builtin { .. });
        let mut performing = Box::pin(async move {
            let work = Work { call, flow, name, request };
            crash::point("call.before");
            let outcome = perform(&shared, &lineage, &work, cancel).await;
            crash::point("call.after");
            if shared.performer.is_over(&key, call) {
                directory.do_send(Deliver { key, body: Body::Outcome { call, outcome }, sink: Sink::Call(call) });
            }
        });
        // What only computes is over at once, without another thread; a tool that sleeps goes on there.
        let _inside = runtime.enter();
        if !is_immediate || performing.as_mut().now_or_never().is_none() {
            runtime.spawn(performing);
        }
    }

    /// Trips the call's token: nothing is sent from here on, an open connection is closed.
    pub(super) fn abort(&self, key: &Key, call: CallId) {
        if let Some(running) = self.register().get(key).and_then(|calls| calls.get(&call)) {
            running.cancel.cancel();
        }
    }

    /// Breaks off those calls of an execution that its journal does not know as under way any more: whoever decided that may have been gone
    /// before it could say so.
    pub(super) fn abort_settled(&self, key: &Key, is_flying: impl Fn(CallId) -> bool) {
        let register = self.register();
        let settled = register.get(key).into_iter().flatten().filter(|(call, _)| !is_flying(**call));
        settled.for_each(|(_, running)| running.cancel.cancel());
    }

    /// The outcome is durable.
    pub(super) fn forget(&self, key: &Key, call: CallId) {
        let mut register = self.register();
        let Some(calls) = register.get_mut(key) else { return };
        calls.remove(&call);
        if calls.is_empty() {
            register.remove(key);
        }
    }

    /// The outcome could not be decided.
    pub(super) fn turn_away(&self, key: &Key, call: CallId) {
        if let Some(running) = self.register().get_mut(key).and_then(|calls| calls.get_mut(&call)) {
            running.stage = Stage::TurnedAway;
        }
    }

    pub(super) fn is_turned_away(&self, key: &Key, call: CallId) -> bool {
        self.register().get(key).and_then(|calls| calls.get(&call)).is_some_and(|running| running.stage == Stage::TurnedAway)
    }

    /// No new calls, apart from `once` ones.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// Breaks off whatever still runs, and says how many that were.
    pub(super) fn cut(&self) -> usize {
        let mut count = 0;
        for call in self.register().values_mut().flat_map(HashMap::values_mut).filter(|call| call.stage == Stage::UnderWay) {
            call.stage = Stage::Cut;
            call.cancel.cancel();
            count += 1;
        }
        count
    }

    /// Calls whose outcome is not there yet.
    pub(super) fn running(&self) -> usize {
        self.register().values().flat_map(HashMap::values).filter(|call| call.stage == Stage::UnderWay).count()
    }

    /// Keeps a piece of a model's answer; where in the answer it begins.
    fn said(&self, key: &Key, call: CallId, text: &str) -> usize {
        match self.register().get_mut(key).and_then(|calls| calls.get_mut(&call)) {
            Some(running) => {
                running.text.push_str(text);
                running.text.len() - text.len()
            }
            None => 0,
        }
    }

    /// What the models of an execution are in the middle of saying.
    pub(super) fn texts(&self, key: &Key) -> Vec<(CallId, String)> {
        let register = self.register();
        let said = register.get(key).into_iter().flatten().filter(|(_, running)| !running.text.is_empty());
        said.map(|(call, running)| (*call, running.text.clone())).collect()
    }

    /// The call has answered; true when that is its outcome.
    fn is_over(&self, key: &Key, call: CallId) -> bool {
        match self.register().get_mut(key).and_then(|calls| calls.get_mut(&call)) {
            Some(running) if running.stage == Stage::UnderWay => {
                running.stage = Stage::Over;
                true
            }
            _ => false,
        }
    }

    fn register(&self) -> MutexGuard<'_, Register> {
        // A panic while it was held leaves a map that is whole.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the call; a panic in the runner is an outcome too.
async fn perform(shared: &Shared, lineage: &[Key], work: &Work, cancel: CancellationToken) -> Outcome {
    let Work { call, flow, name, request } = work;
    let context = CallContext { tenant: lineage[0].tenant.clone(), flow: flow.clone() };
    let mut chunks = |text: &str| {
        let offset = shared.performer.said(&lineage[0], *call, text);
        let execution = lineage[0].execution;
        shared.hub.publish(lineage, || Notice::Chunk { execution, call: *call, name: name.clone(), offset, text: text.to_owned() });
    };
    let performing = shared.performer.runner.perform(&context, name, request, cancel, &mut chunks);
    match AssertUnwindSafe(performing).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(panic) => {
            let message = format!("the call broke inside the engine: {}", payload_text(panic.as_ref()));
            Outcome::Unknown { error: CallError::new("engine_fault", message) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ids::{ExecutionId, Tenant, TimeMs};
    use crate::runner::{Settings, settings};

    #[test]
    fn what_a_journal_has_settled_is_broken_off_and_nothing_else() {
        let settings = Settings::new(&BTreeMap::new(), settings::File::default()).unwrap();
        let performer = Performer::new(Runner::new(settings).unwrap());
        let key = |name: &str| Key::new(&Tenant::default(), ExecutionId::derived(TimeMs(1), name));
        let begun = |name: &str, call: u64| {
            let cancel = CancellationToken::new();
            let running = Running { cancel: cancel.clone(), stage: Stage::UnderWay, text: String::new() };
            performer.register().entry(key(name)).or_default().insert(CallId(call), running);
            cancel
        };
        let (flying, settled, others) = (begun("one", 1), begun("one", 2), begun("other", 2));
        performer.abort_settled(&key("one"), |call| call == CallId(1));
        assert_eq!([flying, settled, others].map(|cancel| cancel.is_cancelled()), [false, true, false]);
        performer.forget(&key("one"), CallId(1));
        performer.forget(&key("one"), CallId(2));
        assert_eq!(performer.register().len(), 1, "nothing is kept of an execution without calls");
    }
}
