//! `flowgate run`: starts an execution of a flow file and walks it.

use std::path::PathBuf;

use serde_json::json;

use super::args::Context;
use super::error::{Error, Exit};
use super::loading;
use super::output::{Accent, Format};
use super::progress::Progress;
use super::session::{self, Session};
use super::walk::{self, Watched};
use super::{values, view};
use crate::clock;
use crate::engine::{self, FlowRef, Resume, StartRequest};
use crate::machine::input::Mode;
use crate::runner::llm::provider;

/// Run a flow file, durably.
///
/// Every decision is written down before it is acted on: stop the process at any moment and `flowgate exec resume` goes on. Without a key
/// for a model's provider the whole run is a rehearsal and says so: steps are answered by the flow's `sandbox:` and FILE.rehearsal.yaml.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate run flows/refund-review.yaml -p order_id=A-1001 -p message=\"It arrived broken\"
  flowgate run flow.yaml --input @order.json -o json
  flowgate run flow.yaml --rehearse --approve all
  flowgate run flow.yaml --set config.shop_url=https://shop.example --approve none
  FLOWGATE_SECRET_SHOP_TOKEN=… OPENAI_API_KEY=… flowgate run flow.yaml")]
pub struct Args {
    /// The flow, YAML or JSON
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A field of the input; typed by the flow's input schema
    #[arg(short, long = "param", value_name = "KEY=VALUE")]
    parameter: Vec<String>,
    /// The input: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// Come in by this entry of the flow
    #[arg(long, value_name = "KEY")]
    entry: Option<String>,
    /// Answer every outward step from a script; nothing leaves this machine
    #[arg(long)]
    rehearse: bool,
    /// Override a configuration value of the flow
    #[arg(long, value_name = "config.NAME=VALUE")]
    set: Vec<String>,
    /// Agree to the changed tools of these MCP servers
    #[arg(long, value_name = "SERVER", value_delimiter = ',')]
    accept_tools: Vec<String>,
    /// Start durably, print the id, and leave it to `exec resume` to walk it
    #[arg(long)]
    detach: bool,
    #[command(flatten)]
    walk: walk::Options,
}

/// # Errors
/// `Refused` for a flow or an input that is not accepted; what the engine says otherwise.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let loaded = loading::load(&args.file)?;
    let spec = &loaded.plan.spec;
    let schema = args.entry.as_ref().and_then(|key| spec.entries.get(key)).and_then(|entry| entry.input.as_ref()).or(spec.input.as_ref());
    let input = values::input(args.input.as_deref(), &args.parameter, schema)?;
    let config = values::config(&args.set, &loaded.plan.spec.config)?;
    let moves = if args.detach { Resume::Nothing } else { Resume::Asked };
    let session = session::open(context, moves)?;
    let (flow, agents) = loaded.register(&session).await?;
    let mode = if args.rehearse { Mode::Rehearsal } else { possible_mode(context, &session, &flow, &agents).await? };
    if args.rehearse {
        let attention = context.output.accent(Accent::Attention, "rehearsal:");
        context.output.note(&format!("{attention} nothing leaves this machine; steps are answered by scripts"));
    }
    let id = clock::execution_id();
    let request = StartRequest {
        entry: args.entry.clone(),
        config,
        mode,
        script: loaded.script.filter(|_| mode == Mode::Rehearsal),
        execution: Some(id),
        agents,
        accept_tools: args.accept_tools.clone(),
        ..StartRequest::new(flow, input, context.person.clone())
    };
    let notices = session.engine.subscribe(id);
    session.engine.start(request).await.map_err(not_startable)?;
    if args.detach {
        return detached(context, session, id).await;
    }
    context.output.note(&context.output.accent(Accent::Faint, &format!("execution {id}")));
    walk::walk(context, session, Watched { id, notices, progress: Progress::new(context.output) }, &args.walk).await
}

/// Rehearsal when a model that the flow can reach cannot be called from here, and says so.
async fn possible_mode(context: &Context, session: &Session, flow: &FlowRef, agents: &[FlowRef]) -> Result<Mode, Error> {
    let closed = session.engine.unreachable_models(flow, agents).await.map_err(not_startable)?;
    let Some(model) = closed.first() else { return Ok(Mode::Production) };
    let (attention, how) = (context.output.accent(Accent::Attention, "rehearsal:"), provider::how_to_open(model));
    context.output.note(&format!(
        "{attention} there is no key or base URL for {model}, so nothing leaves this machine and steps are answered by scripts\n  to run it for real, {how}"
    ));
    Ok(Mode::Rehearsal)
}

/// A flow that names a child which is nowhere is a flow that is refused.
fn not_startable(error: engine::Error) -> Error {
    match error {
        engine::Error::NotFound { name, .. } => Error::Refused(format!(
            "the flow starts agent `{name}`, but there is no {name}.yaml beside the file and no flow of that name has run here before"
        )),
        other => other.into(),
    }
}

async fn detached(context: &Context, session: Session, id: crate::ids::ExecutionId) -> Result<Exit, Error> {
    let snapshot = session.engine.snapshot(id).await.map_err(Error::from)?;
    session.close(std::time::Duration::ZERO).await;
    match context.output.format {
        Format::Text => context.output.data(&id.to_string()),
        Format::Json => context.output.json(&view::execution(&snapshot)),
        Format::Ndjson => context.output.json_line(&json!(view::execution(&snapshot))),
    }
    context.output.note(&format!("started, and waiting for:\n  {}", context.command(&format!("exec resume {id}"))));
    Ok(Exit::Completed)
}
