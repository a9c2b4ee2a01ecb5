//! `flowgate login` and `flowgate logout`: save a server with its key, and forget it. The key comes from standard input or is typed, never
//! from an argument.

use std::io::{BufRead as _, IsTerminal as _};

use serde_json::Value;

use super::args::Context;
use super::client::Client;
use super::error::{Error, Exit};
use super::profiles::{Profile, Profiles};
use super::session;
use super::target::{self, TENANT_DEFAULT, Target};
use crate::present::visible;

/// The profile where none is named.
const NAME_DEFAULT: &str = "default";
/// A key is shorter than this; more is a mistake.
const KEY_BYTES_MAX: usize = 1_024;

/// Save a server and a key for it, so that commands talk to it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The key is read from standard input, or typed; it is tried before it is saved, in a file that only you can read.

Examples:
  flowgate login --url https://flows.example --tenant acme
  printf %s \"$KEY\" | flowgate login --url http://127.0.0.1:7878 --profile local")]
pub struct Login {
    /// The server's address
    #[arg(long, value_name = "URL")]
    url: String,
    /// Save it without asking the server whether the key is valid
    #[arg(long)]
    offline: bool,
}

/// Forget a saved server and its key. The key itself stays valid: `flowgate key revoke` ends it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate logout\n  flowgate logout --profile staging")]
pub struct Logout {}

/// # Errors
/// When there is no key, the server does not take it, or it cannot be saved.
pub fn login(context: &Context, args: &Login) -> Result<Exit, Error> {
    let url = target::base(&args.url)?;
    let flags = &context.target;
    let name = flags.profile.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| NAME_DEFAULT.to_owned());
    let tenant = flags.tenant.clone().filter(|tenant| !tenant.is_empty()).unwrap_or_else(|| TENANT_DEFAULT.to_owned());
    let key = read_key(context)?;
    let target = Target { url: url.clone(), key: Some(key.clone()), tenant: tenant.clone(), profile: None };
    if target::is_open(&url) {
        context.output.note("attention: http to another machine: the key can be read on the way; use https");
    }
    let known = if args.offline { None } else { Some(session::block_on(try_key(&target))?) };
    let mut saved = Profiles::load()?;
    saved.profiles.insert(name.clone(), Profile { url: url.as_str().trim_end_matches('/').to_owned(), tenant: tenant.clone(), key });
    saved.current = Some(name.clone());
    let path = saved.save()?;
    let as_whom = known.and_then(|answer| answer["apiKeyName"].as_str().map(|name| format!(" as `{}`", visible::one_line(name, 80))));
    context.output.note(&format!(
        "logged in to {url}, tenant `{tenant}`{}; saved as profile `{name}` in {}",
        as_whom.unwrap_or_default(),
        path.display()
    ));
    Ok(Exit::Completed)
}

async fn try_key(target: &Target) -> Result<Value, Error> {
    let client = Client::new(target)?;
    Ok(client.get(client.at(&["auth", "health"])?).await?)
}

/// # Errors
/// When there is no such profile, or the profiles cannot be kept.
pub fn logout(context: &Context, _: &Logout) -> Result<Exit, Error> {
    let mut saved = Profiles::load()?;
    let wanted = context.target.profile.clone().filter(|name| !name.is_empty()).or_else(|| saved.current.clone());
    let name = wanted.ok_or_else(|| Error::Usage("no server is in use; name one with --profile".to_owned()))?;
    if saved.profiles.remove(&name).is_none() {
        return Err(Error::Usage(format!("there is no profile `{name}`; `flowgate profile list` shows what is saved")));
    }
    saved.current = saved.current.filter(|current| *current != name);
    saved.save()?;
    context.output.note(&format!("forgot `{name}`"));
    Ok(Exit::Completed)
}

/// One line of standard input.
fn read_key(context: &Context) -> Result<String, Error> {
    let stdin = std::io::stdin();
    let hidden = stdin.is_terminal().then(|| {
        context.output.prompt("key (not shown): ");
        Hidden::new()
    });
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    if hidden.is_some() {
        context.output.note("");
    }
    drop(hidden);
    read.map_err(|error| Error::Failed(format!("the key cannot be read from standard input: {error}")))?;
    let key = line.trim().to_owned();
    let is_plain = key.len() <= KEY_BYTES_MAX && key.chars().all(|c| c.is_ascii_graphic());
    if key.is_empty() || !is_plain {
        return Err(Error::Usage("no key came from standard input: one line of letters, digits and signs is expected".to_owned()));
    }
    Ok(key)
}

/// The terminal without echo, until dropped. By the system's own program: the settings of a terminal are beyond the standard library.
struct Hidden;

impl Hidden {
    fn new() -> Self {
        stty("-echo");
        Self
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        stty("echo");
    }
}

fn stty(setting: &str) {
    // Without the program the key is shown as it is typed, on the screen of whoever types it.
    let _ = std::process::Command::new("stty").arg(setting).stdin(std::process::Stdio::inherit()).status();
}
