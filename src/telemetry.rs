//! Logs: where they go, how they look and how much is said. Logs go to standard error, never to standard output; spans and exporters
//! come here later.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// The variable that says what is logged, in the syntax of `RUST_LOG`.
const FILTER_VARIABLE: &str = "FLOWGATE_LOG";

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line, for what collects logs.
    Json,
}

/// Logging that cannot be set up as asked.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {FILTER_VARIABLE} is refused: {0}")]
pub struct Error(#[from] tracing_subscriber::filter::ParseError);

/// Starts logging. `FLOWGATE_LOG` wins over `verbose`, which counts `-v` flags: warnings, info, debug, trace. Starting twice is harmless:
/// the first one stays.
///
/// # Errors
/// When `FLOWGATE_LOG` is no filter.
pub fn start(verbose: u8, format: Format) -> Result<(), Error> {
    let level = match verbose {
        // The model library logs answers that we report ourselves, with bodies that are not for everybody's eyes.
        0 => "warn,genai=off",
        1 => "flowgate=info,warn,genai=off",
        2 => "flowgate=debug,info,genai=off",
        _ => "trace",
    };
    let filter = match std::env::var(FILTER_VARIABLE) {
        Ok(filter) if !filter.is_empty() => EnvFilter::try_new(filter)?,
        _ => EnvFilter::new(level),
    };
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).with_ansi(color);
    // An error means that somebody (a test) has set a subscriber before; theirs is as good.
    let _ = match format {
        Format::Text => builder.try_init(),
        Format::Json => builder.json().flatten_event(true).with_target(true).try_init(),
    };
    Ok(())
}
