//! `flowgate flow graph`: a flow as a drawing.

use std::path::PathBuf;

use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::loading;
use crate::flow::render;

/// In which language a graph is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Language {
    #[default]
    Mermaid,
    Dot,
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Self::Mermaid => "mermaid",
            Self::Dot => "dot",
        }
    }
}

/// Draw a flow as a graph.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate flow graph flow.yaml
  flowgate flow graph flow.yaml --format dot | dot -Tsvg > flow.svg")]
pub struct Args {
    /// The flow, YAML or JSON
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The drawing's language
    #[arg(long, value_enum, default_value_t)]
    format: Language,
}

/// # Errors
/// `Refused` when the flow cannot be read or does not compile.
pub fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let plan = loading::compile(&args.file)?;
    let drawing = match args.format {
        Language::Mermaid => render::mermaid(&plan),
        Language::Dot => render::dot(&plan),
    };
    let drawing = drawing.trim_end();
    if context.output.is_text() {
        context.output.data(drawing);
    } else {
        context.output.json(&serde_json::json!({"flow": plan.name, "format": args.format.name(), "graph": drawing}));
    }
    Ok(Exit::Completed)
}
