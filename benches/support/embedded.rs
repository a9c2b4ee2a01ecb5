//! The engine in this process, over a store on disk, with the defaults of the server.
#![allow(dead_code, reason = "each bench takes what it needs of it")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use flowgate::engine::{EngineHandle, FlowRef, Notice, Notices, Options, Resume, StartRequest};
use flowgate::flow::compile;
use flowgate::ids::ExecutionId;
use flowgate::machine::question::Person;
use flowgate::machine::summary::Summary;
use flowgate::runner::{Runner, Settings, settings};
use flowgate::store::{self, Store};
use serde_json::{Value, json};

/// How long what runs gets to end when the engine is closed.
const GRACE: Duration = Duration::from_secs(5);

pub struct Embedded {
    pub engine: EngineHandle,
    pub store: Store,
}

impl Embedded {
    /// Opens the store in the directory, or makes one; nothing in it moves unless asked.
    pub fn open(directory: &Path) -> Self {
        let options = store::Options { dir: directory.to_owned(), ..store::Options::default() };
        let store = Store::open(&options).expect("a store");
        let settings = Settings::new(&BTreeMap::new(), settings::File::default()).expect("settings");
        let runner = Runner::new(settings).expect("a runner");
        let engine = EngineHandle::spawn(store.clone(), runner, Options { resume: Resume::Asked, ..Options::default() });
        Self { engine: engine.expect("an engine"), store }
    }

    pub async fn publish(&self, yaml: &str) -> FlowRef {
        let (plan, _) = compile::load(yaml).unwrap_or_else(|problems| panic!("{problems:#?}"));
        self.engine.register(plan.spec.as_ref().clone()).await.expect("a flow")
    }

    pub async fn close(self) {
        let Self { engine, store } = self;
        drop(store);
        engine.shutdown(GRACE).await;
    }
}

/// One execution, until it has ended or waits: everything that it did is durable then.
pub async fn execute(engine: &EngineHandle, flow: &FlowRef) -> (ExecutionId, Summary) {
    let id = flowgate::clock::execution_id();
    let notices = engine.subscribe_rest(id);
    let request = StartRequest { execution: Some(id), ..StartRequest::new(flow.clone(), json!({}), operator()) };
    engine.start(request).await.expect("a start");
    (id, rest(notices).await)
}

/// Where the execution stands when nothing moves it any more.
pub async fn rest(mut notices: Notices) -> Summary {
    loop {
        match notices.next().await.expect("the engine lives") {
            Notice::Idle { summary, .. } => return *summary,
            Notice::Quarantined { reason, .. } => panic!("{reason}"),
            Notice::Committed { .. } | Notice::Chunk { .. } | Notice::Missed { .. } => {}
        }
    }
}

pub fn operator() -> Person {
    Person { user: "bench".to_owned(), roles: Vec::new(), every_role: true }
}

/// What went in, for flows that take nothing.
pub fn nothing() -> Value {
    json!({})
}
