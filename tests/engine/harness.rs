//! An engine on a store in memory or on disk, and waiting for executions to come to rest.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use flowgate::engine::{EngineHandle, FlowRef, Notice, Notices, Options, Resume, Snapshot, StartRequest};
use flowgate::flow::compile;
use flowgate::ids::ExecutionId;
use flowgate::machine::event::{Event, Recorded};
use flowgate::machine::input::Mode;
use flowgate::machine::question::Person;
use flowgate::runner::{Runner, Settings};
use flowgate::store::{self, Faults, Store};
use serde_json::{Value, json};

/// Far above what anything here takes, so that a hang is a failure and not a stuck suite.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub fn runner() -> Runner {
    Runner::new(Settings::new(&BTreeMap::new(), flowgate::runner::settings::File::default()).unwrap()).unwrap()
}

pub fn in_memory() -> EngineHandle {
    EngineHandle::spawn(Store::in_memory(Faults::default()), runner(), Options::default()).unwrap()
}

pub fn on_disk(dir: &Path, resume: Resume) -> EngineHandle {
    // A test may remove its directory while the store still writes what came last: that must not end the others.
    let options = store::Options { dir: dir.to_owned(), on_fatal: store::OnFatal::stop_only(), ..store::Options::default() };
    EngineHandle::spawn(Store::open(&options).unwrap(), runner(), Options { resume, ..Options::default() }).unwrap()
}

pub fn operator() -> Person {
    person("operator")
}

pub fn person(user: &str) -> Person {
    Person { user: user.to_owned(), roles: Vec::new(), every_role: true }
}

pub async fn publish(engine: &EngineHandle, yaml: &str) -> FlowRef {
    let (plan, _) = compile::load(yaml).unwrap_or_else(|problems| panic!("{problems:#?}"));
    engine.register(plan.spec.as_ref().clone()).await.unwrap()
}

/// Sandbox mode: `sandbox:` variants answer, everything else runs.
pub fn request(flow: &FlowRef) -> StartRequest {
    StartRequest { mode: Mode::Sandbox, ..StartRequest::new(flow.clone(), json!({}), operator()) }
}

pub async fn start(engine: &EngineHandle, flow: &FlowRef) -> ExecutionId {
    engine.start(request(flow)).await.unwrap()
}

/// Waits until nothing moves the execution; the snapshot then.
pub async fn rest(engine: &EngineHandle, id: ExecutionId) -> Snapshot {
    let mut notices = engine.subscribe(id);
    let snapshot = engine.snapshot(id).await.unwrap();
    if !snapshot.live {
        return snapshot;
    }
    idle(&mut notices).await;
    engine.snapshot(id).await.unwrap()
}

/// Waits until the execution has ended, over any number of rests.
pub async fn end(engine: &EngineHandle, id: ExecutionId) -> Snapshot {
    let mut notices = engine.subscribe(id);
    loop {
        let snapshot = engine.snapshot(id).await.unwrap();
        if snapshot.summary.status.is_final() && !snapshot.live {
            return snapshot;
        }
        idle(&mut notices).await;
    }
}

pub async fn idle(notices: &mut Notices) {
    let waiting = async {
        loop {
            match notices.next().await {
                Some(Notice::Idle { .. } | Notice::Quarantined { .. }) => return,
                Some(_) => {}
                None => panic!("the engine is gone"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it never came to rest");
}

pub async fn journal(engine: &EngineHandle, id: ExecutionId) -> Vec<Recorded> {
    engine.events(id, 0, usize::MAX).await.unwrap()
}

pub fn count(events: &[Recorded], wanted: impl Fn(&Event) -> bool) -> usize {
    events.iter().filter(|recorded| wanted(&recorded.event)).count()
}

pub fn output(snapshot: &Snapshot) -> Value {
    snapshot.ended.as_ref().expect("it has ended").output.clone()
}

/// Ten steps that do nothing, one after the other.
pub fn ten_steps() -> String {
    let steps: String = (0..10).map(|step| format!("  s{step}: {{builtin: noop}}\n")).collect();
    let edges: String = (1..10).map(|step| format!("  - {{from: s{}, to: s{step}}}\n", step - 1)).collect();
    format!("flow: ten\nsteps:\n{steps}edges:\n{edges}")
}
