//! `flowgate signal`: a named message to an execution.

use serde_json::{Value, json};

use super::args::Context;
use super::error::{Error, Exit};
use super::{exec, remote, session, values, walk};
use crate::engine::Resume;
use crate::machine::input::Signal;

/// Send a named signal to an execution; it is kept if nothing waits for it yet.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Records the signal, and moves nothing: `flowgate exec resume` goes on with the execution (or use --resume).

Examples:
  flowgate signal last payment --payload '{\"paid\": true}'
  flowgate signal 0198c0de cancelled --id order-7-cancelled --resume")]
pub struct Args {
    #[command(flatten)]
    named: exec::Named,
    /// The signal's name, as the flow's `event` step knows it
    #[arg(value_name = "NAME")]
    name: String,
    /// What it carries: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    payload: Option<String>,
    /// Makes a repeated signal harmless: the same id is taken once
    #[arg(long = "id", value_name = "SIGNAL_ID")]
    signal_id: Option<String>,
    /// Go on with the execution afterwards, as `exec resume`
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    walk: walk::Options,
}

/// # Errors
/// When there is no such execution, it has ended, or the payload does not fit.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let payload = args.payload.as_deref().map(|text| values::document(text, "--payload")).transpose()?.unwrap_or(Value::Null);
    if let Some(target) = context.server()? {
        let signal_id = args.signal_id.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let signal = Signal { id: signal_id, name: args.name.clone(), payload };
        return remote::exec::signal(context, &target, &args.named.id, &signal, args.resume.then_some(&args.walk)).await;
    }
    let moves = if args.resume { Resume::Asked } else { Resume::Nothing };
    let session = session::open_existing(context, moves, &args.named.id)?;
    let id = session.engine.find_execution(&args.named.id).await.map_err(Error::from)?;
    let signal =
        Signal { id: args.signal_id.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string()), name: args.name.clone(), payload };
    let signal_id = signal.id.clone();
    session.engine.signal(id, signal).await.map_err(Error::from)?;
    if args.resume {
        return exec::go_on(context, session, id, &args.walk).await;
    }
    session.close(std::time::Duration::ZERO).await;
    if context.output.is_text() {
        context.output.data(&signal_id);
    } else {
        context.output.json(&json!({"execution": id, "signal": signal_id, "name": args.name}));
    }
    context.output.note(&format!("taken; go on with:\n  {}", context.command(&format!("exec resume {id}"))));
    Ok(Exit::Completed)
}
