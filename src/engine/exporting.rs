//! An execution taken out of its tenant: as a sample of a dataset and as a rehearsal, without secrets.

use serde_json::{Value, json};

use super::error::Error;
use super::handle::EngineHandle;
use super::request::{Closing, Exported};
use crate::catalog::evaluations::exporting::{self, Past};
use crate::ids::ExecutionId;
use crate::machine::summary::Status;
use crate::runner::Runner;
use crate::runner::vault::CallContext;

/// Reads the execution and takes out whatever is, or looks like, a secret.
pub(super) async fn export(engine: &EngineHandle, runner: &Runner, id: ExecutionId) -> Result<Exported, Error> {
    let snapshot = engine.snapshot(id).await?;
    let attempts = engine.trace(id).await?.attempts;
    let questions = engine.questions_of(id).await?;
    let decisions = questions.into_iter().filter_map(|known| match known.closing {
        Some(Closing::Decided(decided)) => Some((known.asked.question.step, decided.verdict)),
        Some(Closing::Expired { .. } | Closing::Withdrawn { .. }) | None => None,
    });
    let output = snapshot.ended.filter(|ended| ended.status == Status::Completed).map(|ended| ended.output);
    let past = Past { input: snapshot.start.input, output, attempts, decisions: decisions.collect() };
    let exported = tokio::task::spawn_blocking(move || exporting::export(&past)).await.map_err(|_| Error::Stopped)?;
    let mut left_out = exported.left_out;
    if !snapshot.start.attachments.is_empty() {
        left_out.push("the files that came with it are not taken along".to_owned());
    }
    if !snapshot.start.history.is_empty() {
        left_out.push("what was said earlier in its session is not taken along".to_owned());
    }
    if let Some(entry) = &snapshot.start.entry {
        left_out.push(format!("it came in by the entry `{entry}`; a sample begins as the flow says"));
    }
    if !snapshot.start.guidance.is_nothing() {
        left_out.push("what its caller said about model calls (instructions, model, tools) is not taken along".to_owned());
    }
    let whole = json!({"sample": exported.sample, "rehearsal": exported.rehearsal});
    let context = CallContext { tenant: engine.tenant().clone(), flow: snapshot.summary.flow.clone() };
    let cleared = runner.redacted(&context, whole).await;
    let cleared =
        cleared.map_err(|reason| Error::Unfit(format!("nothing is exported while the tenant's secrets cannot be read: {reason}")))?;
    let mut clean = tokio::task::spawn_blocking(move || exporting::cleaned(cleared)).await.map_err(|_| Error::Stopped)?;
    let mut taken = |name: &str| clean.get_mut(name).map(Value::take).unwrap_or_default();
    Ok(Exported { flow: snapshot.summary.flow, sample: taken("sample"), rehearsal: taken("rehearsal"), left_out })
}
