//! The runner against small servers on 127.0.0.1 that answer, cut, drip, redirect and lie.

mod http;
mod llm;
mod mcp;
mod outbound;
mod server;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::settings::File;
use super::vault::CallContext;
use super::{Runner, Settings};
use crate::flow::spec::EffectClass;
use crate::machine::call::{Answer, Call, CallError, HttpRequest, Outcome, Request};

const SECRET: &str = "canary-9f8e7d6c5b4a";
const ALLOWED: (&str, &str) = ("FLOWGATE_OUTBOUND_ALLOW", "127.0.0.1");

fn runner(variables: &[(&str, &str)]) -> Runner {
    let mut variables: BTreeMap<String, String> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    variables.insert("FLOWGATE_SECRET_SHOP_TOKEN".to_owned(), SECRET.to_owned());
    Runner::new(Settings::new(&variables, File::default()).unwrap()).unwrap()
}

fn get(url: &str) -> HttpRequest {
    HttpRequest { method: "GET".to_owned(), url: url.to_owned(), headers: Vec::new(), query: Vec::new(), body: None }
}

fn call(request: Request, effect: EffectClass) -> Call {
    Call { request, effect, timeout_ms: 5_000, idempotency_key: None, script: None }
}

async fn perform(runner: &Runner, call: &Call) -> Outcome {
    runner.perform(&CallContext::default(), "step#1.1", call, CancellationToken::new(), &mut |_| {}).await
}

/// `done`, `retryable`, `permanent` or `unknown`, and the error's code.
fn kind(outcome: &Outcome) -> (&'static str, &str) {
    match outcome {
        Outcome::Done { .. } => ("done", ""),
        Outcome::Retryable { error, .. } => ("retryable", &error.code),
        Outcome::Permanent { error } => ("permanent", &error.code),
        Outcome::Unknown { error } => ("unknown", &error.code),
    }
}

fn error(outcome: Outcome) -> CallError {
    match outcome {
        Outcome::Done { .. } => panic!("done: {outcome:?}"),
        Outcome::Retryable { error, .. } | Outcome::Permanent { error } | Outcome::Unknown { error } => error,
    }
}

fn value(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Done { answer: Answer::Value(value), .. } => value,
        other => panic!("{other:?}"),
    }
}

/// The engine runs calls as tasks.
#[tokio::test]
async fn performing_can_be_a_task() {
    let runner = runner(&[]);
    let call = call(Request::Builtin { name: "echo".to_owned(), args: Value::from(1) }, EffectClass::Read);
    let task = tokio::spawn(async move { perform(&runner, &call).await });
    assert_eq!(value(task.await.unwrap()), Value::from(1));
}

#[tokio::test]
async fn a_delayed_script_ends_when_it_is_cancelled() {
    use crate::machine::call::{Script, ScriptAnswer};
    let mut call = call(Request::Http(get("https://shop.example/")), EffectClass::Once);
    call.script = Some(Script { answer: ScriptAnswer::Output(Value::Null), delay_ms: 60_000 });
    let cancel = CancellationToken::new();
    let trip = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        trip.cancel();
    });
    let outcome = runner(&[]).perform(&CallContext::default(), "step#1.1", &call, cancel, &mut |_| {}).await;
    assert_eq!(kind(&outcome), ("retryable", "cancelled"));
}
