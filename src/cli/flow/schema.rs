//! `flowgate flow schema`: the JSON Schema of flow files, for editors.

use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::flow::json_schema::json_schema;

/// Print the JSON Schema of flow files, with which editors complete and check.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate flow schema > flow.schema.json
  and on top of a flow:  # yaml-language-server: $schema=flow.schema.json")]
pub struct Args {}

/// # Errors
/// None today; the signature is that of every command.
#[expect(clippy::unnecessary_wraps, reason = "the signature of every command")]
pub fn execute(context: &Context, _: &Args) -> Result<Exit, Error> {
    context.output.json(&json_schema());
    Ok(Exit::Completed)
}
