//! `flowgate flow explain`: a flow in plain words.

use std::path::PathBuf;

use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::{loading, session};
use crate::flow::explain::{self, ModelPrice};
use crate::present::visible::visible;
use crate::runner::Runner;

/// Say in plain words what a flow does: what runs when, who is asked, what can go wrong, worst-case cost.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate flow explain flow.yaml")]
pub struct Args {
    /// The flow, YAML or JSON
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// # Errors
/// `Refused` when the flow cannot be read or does not compile.
pub fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let plan = loading::compile(&args.file)?;
    let runner = Runner::new(session::settings(&context.config)?).map_err(|error| Error::Usage(error.to_string()))?;
    let with_price = |model: String| runner.price(&model).map(|price| (model, ModelPrice { input: price.input, output: price.output }));
    let prices = explain::worst_case(&plan).into_keys().filter_map(with_price).collect();
    let text = explain::explain(&plan, &prices);
    if context.output.is_text() {
        context.output.data(visible(text.trim_end()).as_ref());
    } else {
        context.output.json(&serde_json::json!({"flow": plan.name, "text": text.trim_end()}));
    }
    Ok(Exit::Completed)
}
