//! `flowgate exec export`: a past execution as a sample of a dataset, or as a rehearsal file.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::Named;
use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::{remote, session};
use crate::engine::Resume;

/// Turn a past execution into a sample of a dataset or a rehearsal file. Secrets are taken out; look at what is left before you share it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate exec export last --to sample >> samples.jsonl
  flowgate exec export last --to sample | flowgate eval dataset import support-triage golden -
  flowgate exec export 0198c0de --to rehearsal --file flows/support-triage.rehearsal.yaml")]
pub struct Args {
    #[command(flatten)]
    named: Named,
    /// What it becomes
    #[arg(long, value_enum, default_value_t, value_name = "SHAPE")]
    to: Shape,
    /// Write it there instead of to standard output; a file that is there stays
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    /// One line of JSON, as a dataset takes it.
    #[default]
    Sample,
    /// What models and tools answered, by step.
    Rehearsal,
}

/// An execution as it was exported.
pub struct Exported {
    pub sample: Value,
    pub rehearsal: Value,
    pub left_out: Vec<String>,
}

/// # Errors
/// When there is no such execution, or the store cannot be opened or read.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let exported = match context.server()? {
        Some(target) => remote::exec::export(&target, &args.named.id).await?,
        None => local(context, &args.named.id).await?,
    };
    for note in &exported.left_out {
        context.output.note(&crate::present::visible::visible(note));
    }
    let (value, is_sample) = match args.to {
        Shape::Sample => (&exported.sample, true),
        Shape::Rehearsal => (&exported.rehearsal, false),
    };
    match &args.file {
        None if is_sample => context.output.json_line(value),
        None => context.output.data(&pretty(value)),
        Some(file) => {
            let text = if is_sample { value.to_string() } else { pretty(value) };
            let written =
                std::fs::File::create_new(file).and_then(|mut made| std::io::Write::write_all(&mut made, format!("{text}\n").as_bytes()));
            written.map_err(|error| Error::Failed(format!("cannot write {}: {error}", file.display())))?;
            context.output.note(&format!("written to {}", file.display()));
        }
    }
    Ok(Exit::Completed)
}

/// JSON, which is YAML too.
fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| json!({}).to_string())
}

async fn local(context: &Context, name: &str) -> Result<Exported, Error> {
    let session = session::open_existing(context, Resume::Nothing, name)?;
    let id = session.engine.find_execution(name).await.map_err(Error::from)?;
    let exported = session.engine.export(id).await.map_err(Error::from)?;
    session.close(std::time::Duration::ZERO).await;
    Ok(Exported { sample: exported.sample, rehearsal: exported.rehearsal, left_out: exported.left_out })
}
