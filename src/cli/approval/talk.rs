//! `flowgate approval claim | release | comment`: what people tell each other about a question on a server. Nothing of it decides.

use super::Named;
use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::remote;
use crate::flow::spec::Duration;

/// Tell the others that you are looking at a question; nobody is kept from deciding.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate approval claim 5f0c\n  flowgate approval claim 5f0c --for 1h")]
pub struct Claim {
    #[command(flatten)]
    named: Named,
    /// For how long; it ends by itself [default: 15m]
    #[arg(long = "for", value_name = "DURATION")]
    lasts: Option<Duration>,
}

/// Give a claim back.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate approval release 5f0c")]
pub struct Release {
    #[command(flatten)]
    named: Named,
}

/// Say something about a question, or read what was said.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate approval comment 5f0c \"who is ACME?\"\n  flowgate approval comment 5f0c")]
pub struct Comment {
    #[command(flatten)]
    named: Named,
    /// What to say; without it, what was said so far is printed
    #[arg(value_name = "TEXT")]
    text: Option<String>,
}

/// # Errors
/// When there is no server, or what it says.
pub async fn claim(context: &Context, args: &Claim) -> Result<Exit, Error> {
    let target = context.needed_server("approval claim")?;
    let seconds = args.lasts.as_ref().map(|lasts| lasts.ms.div_ceil(1_000));
    remote::approval::claim(context, &target, &args.named.id, seconds).await
}

/// # Errors
/// As `claim`.
pub async fn release(context: &Context, args: &Release) -> Result<Exit, Error> {
    let target = context.needed_server("approval release")?;
    remote::approval::release(context, &target, &args.named.id).await
}

/// # Errors
/// As `claim`.
pub async fn comment(context: &Context, args: &Comment) -> Result<Exit, Error> {
    let target = context.needed_server("approval comment")?;
    match &args.text {
        Some(text) => remote::approval::comment(context, &target, &args.named.id, text).await,
        None => remote::approval::comments(context, &target, &args.named.id).await,
    }
}
