//! `flowgate doctor`: whether this machine and these settings can run flows. Says what is there, never a key's value.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::args::Context;
use super::error::{Error, Exit};
use super::output::{Accent, Output};
use super::session;
use crate::present::visible::visible;
use crate::runner::Runner;
use crate::store::{self, Store};

/// An MCP server that does not list its tools in this time counts as broken.
const SERVER_LIMIT: Duration = Duration::from_secs(15);
/// Synced writes that are timed.
const SYNCS: u32 = 8;
/// A synced write that takes longer makes every step of every execution slow.
const SYNC_SLOW: Duration = Duration::from_millis(50);

/// Check this machine and the settings: data directory, disk, model keys, MCP servers, outbound policy.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exits 1 when something is broken.\n\nExamples:\n  flowgate doctor\n  flowgate doctor -o json")]
pub struct Args {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    Ok,
    /// Works, and is worth knowing.
    Note,
    Broken,
}

#[derive(Debug, Serialize)]
struct Finding {
    check: String,
    health: Health,
    detail: String,
}

/// # Errors
/// When the settings cannot be used at all.
pub fn execute(context: &Context, _: &Args) -> Result<Exit, Error> {
    let settings = session::settings(&context.config)?;
    let mut findings = vec![versions(context)];
    data_directory(&context.config.data_dir, &mut findings);
    providers(&settings.providers, &mut findings);
    findings.push(outbound(context));
    let runner = Runner::new(settings).map_err(|error| Error::Usage(error.to_string()))?;
    findings.extend(session::block_on(servers(&runner))?);
    print(context.output, &findings);
    let is_broken = findings.iter().any(|finding| finding.health == Health::Broken);
    Ok(if is_broken { Exit::Failed } else { Exit::Completed })
}

fn print(output: Output, findings: &[Finding]) {
    if !output.is_text() {
        output.json_list(findings);
        return;
    }
    for finding in findings {
        let symbol = match finding.health {
            Health::Ok => output.accent(Accent::Good, "✓"),
            Health::Note => output.accent(Accent::Attention, "·"),
            Health::Broken => output.accent(Accent::Bad, "✗"),
        };
        output.data(&format!("{symbol} {:<16} {}", visible(&finding.check), visible(&finding.detail)));
    }
}

fn finding(check: &str, health: Health, detail: impl Into<String>) -> Finding {
    Finding { check: check.to_owned(), health, detail: detail.into() }
}

fn versions(context: &Context) -> Finding {
    let file =
        context.config.file.as_ref().map_or_else(|| "no settings file".to_owned(), |file| format!("settings from {}", file.display()));
    let (version, system, machine) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    finding("flowgate", Health::Ok, format!("{version} on {system} {machine}, {file}"))
}

fn data_directory(directory: &Path, findings: &mut Vec<Finding>) {
    let shown = directory.display();
    // A directory that is not there yet is made by the first run: what counts is whether it can be.
    let existing = directory.ancestors().find(|ancestor| !ancestor.as_os_str().is_empty() && ancestor.is_dir()).unwrap_or(Path::new("."));
    match sync_latency(existing) {
        Err(error) => findings.push(finding("data directory", Health::Broken, format!("{shown} cannot be written: {error}"))),
        Ok(latency) => {
            let state = if directory.is_dir() { "is writable" } else { "will be made by the first run" };
            findings.push(finding("data directory", Health::Ok, format!("{shown} {state}")));
            let health = if latency > SYNC_SLOW { Health::Note } else { Health::Ok };
            let ms = latency.as_secs_f64() * 1e3;
            findings.push(finding("disk", health, format!("a synced write takes {ms:.2} ms; each commit waits for one")));
        }
    }
    if std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) {
        let opened = Store::open(&store::Options { dir: directory.to_path_buf(), ..store::Options::default() });
        findings.push(match opened.and_then(Store::close) {
            Ok(()) => finding("store", Health::Ok, "opens, and nobody else holds it"),
            Err(error) => finding("store", Health::Broken, error.to_string()),
        });
    }
}

/// The median time of a small write that is synced.
fn sync_latency(directory: &Path) -> std::io::Result<Duration> {
    let path = directory.join(format!(".flowgate-doctor-{}", uuid::Uuid::new_v4()));
    let mut file = std::fs::File::create_new(&path)?;
    let timed = (0..SYNCS).map(|_| {
        let begun = Instant::now();
        file.write_all(&[0; 512])?;
        file.sync_data()?;
        Ok(begun.elapsed())
    });
    let timed: std::io::Result<Vec<Duration>> = timed.collect();
    std::fs::remove_file(&path)?;
    let mut timed = timed?;
    timed.sort_unstable();
    Ok(timed[timed.len() / 2])
}

/// Providers that the environment opens, by what is set for them.
fn providers(providers: &crate::runner::llm::provider::Providers, findings: &mut Vec<Finding>) {
    let mut open: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, what) in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).flat_map(|name| {
        let key = name.strip_suffix("_API_KEY").map(|provider| (provider.to_lowercase(), "key"));
        let base = name.strip_suffix("_BASE_URL").map(|provider| (provider.to_lowercase(), "base URL"));
        [key, base].into_iter().flatten().collect::<Vec<_>>()
    }) {
        if providers.of(&format!("{name}/any")).is_some() {
            open.entry(name).or_default().push(what);
        }
    }
    if open.is_empty() {
        let detail = "no key and no base URL is set: flows with model steps are rehearsed (set OPENAI_API_KEY, ANTHROPIC_API_KEY, …)";
        findings.push(finding("models", Health::Note, detail));
    }
    for (name, mut what) in open {
        what.sort_unstable();
        findings.push(finding("models", Health::Ok, format!("{name}: {} set", what.join(" and "))));
    }
}

fn outbound(context: &Context) -> Finding {
    let from_file = session::settings_file(&context.config).map(|file| file.outbound.allow).unwrap_or_default();
    let from_environment = std::env::var("FLOWGATE_OUTBOUND_ALLOW").unwrap_or_default();
    let listed = from_environment.split(',').map(str::trim).filter(|host| !host.is_empty()).map(str::to_owned);
    let allowed: Vec<String> = from_file.into_iter().chain(listed).collect();
    if allowed.is_empty() {
        return finding("outbound", Health::Ok, "flows reach public addresses only");
    }
    finding("outbound", Health::Note, format!("flows reach public addresses, and also {}", allowed.join(", ")))
}

async fn servers(runner: &Runner) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let names: Vec<String> = runner.mcp_servers().map(str::to_owned).collect();
    for name in names {
        let found = match tokio::time::timeout(SERVER_LIMIT, runner.tools(&name)).await {
            Ok(Ok(tools)) => finding("MCP server", Health::Ok, format!("{name}: {} tools", tools.len())),
            Ok(Err(error)) => finding("MCP server", Health::Broken, format!("{name}: {error}")),
            Err(_) => finding("MCP server", Health::Broken, format!("{name}: no answer within {} s", SERVER_LIMIT.as_secs())),
        };
        findings.push(found);
    }
    runner.shutdown().await;
    Ok(findings)
}
