//! Logs: where they go and how much is said. Logs go to standard error, never to standard output; spans and exporters come here later.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Starts logging. `FLOWGATE_LOG` (the syntax of `RUST_LOG`) wins over `verbose`, which counts `-v` flags: warnings, info, debug, trace.
/// Starting twice is harmless: the first one stays.
pub fn start(verbose: u8) {
    let level = match verbose {
        // The model library logs answers that we report ourselves, with bodies that are not for everybody's eyes.
        0 => "warn,genai=off",
        1 => "flowgate=info,warn,genai=off",
        2 => "flowgate=debug,info,genai=off",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("FLOWGATE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    // An error means that somebody (a test) has set a subscriber before; theirs is as good.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).with_ansi(color).try_init();
}
