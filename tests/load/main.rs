//! How much one process carries: many executions at work at once, and very many that wait for a person. A store on disk, the real engine.
//!
//! `FLOWGATE_LOAD_RUNNING` (1,000) and `FLOWGATE_LOAD_WAITING` (10,000; 1,000 in an unoptimised build) set how many.
#![allow(clippy::large_futures, reason = "one future per execution under test; their size is not what is measured")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test binary: a panic is its way of reporting")]

mod running;
mod waiting;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use flowgate::engine::{EngineHandle, FlowRef, Notice, Options, Resume, StartRequest};
use flowgate::flow::compile;
use flowgate::ids::ExecutionId;
use flowgate::machine::question::Person;
use flowgate::machine::summary::Summary;
use flowgate::runner::{Runner, Settings, settings};
use flowgate::store::{self, Store};
use serde_json::Value;
use tokio::task::JoinSet;

/// Far above what anything here takes, so that a hang is a failure and not a stuck suite.
const PATIENCE: Duration = Duration::from_secs(120);

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn engine(dir: &Path, resume: Resume) -> EngineHandle {
    let store = Store::open(&store::Options { dir: dir.to_owned(), ..store::Options::default() }).unwrap();
    let runner = Runner::new(Settings::new(&BTreeMap::new(), settings::File::default()).unwrap()).unwrap();
    EngineHandle::spawn(store, runner, Options { resume, ..Options::default() }).unwrap()
}

async fn publish(engine: &EngineHandle, yaml: &str) -> FlowRef {
    let (plan, _) = compile::load(yaml).unwrap_or_else(|problems| panic!("{problems:#?}"));
    engine.register(plan.spec.as_ref().clone()).await.unwrap()
}

fn operator() -> Person {
    Person { user: "operator".to_owned(), roles: Vec::new(), every_role: true }
}

/// Starts an execution and waits until nothing moves it any more.
async fn start_and_rest(engine: &EngineHandle, flow: &FlowRef, input: Value) -> (ExecutionId, Summary) {
    let id = flowgate::clock::execution_id();
    let summary =
        rest_after(engine, id, engine.start(StartRequest { execution: Some(id), ..StartRequest::new(flow.clone(), input, operator()) }));
    (id, summary.await)
}

/// Subscribes, does what `act` does, and waits until the execution comes to rest after it.
async fn rest_after<T>(engine: &EngineHandle, id: ExecutionId, act: impl Future<Output = Result<T, flowgate::engine::Error>>) -> Summary {
    let mut notices = engine.subscribe(id);
    act.await.unwrap();
    let resting = async {
        loop {
            match notices.next().await.expect("the engine is gone") {
                Notice::Idle { summary, .. } => return *summary,
                Notice::Quarantined { reason, .. } => panic!("{id} was set aside: {reason}"),
                Notice::Committed { .. } | Notice::Chunk { .. } | Notice::Missed { .. } => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, resting).await.unwrap_or_else(|_| panic!("{id} never came to rest"))
}

/// Runs `one` for each number below `count`, at most `at_once` of them at the same time; the results in order.
async fn for_each<T: Send + 'static, F>(count: usize, at_once: usize, one: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = (usize, T)> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    let mut results = Vec::with_capacity(count);
    for index in 0..count {
        if tasks.len() >= at_once {
            results.push(tasks.join_next().await.unwrap().unwrap());
        }
        tasks.spawn(one(index));
    }
    while let Some(result) = tasks.join_next().await {
        results.push(result.unwrap());
    }
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
