//! The command line: one file per command, `args` for its shape, `output` for everything that is printed. Uses the engine through
//! `engine::EngineHandle` only; no rules of flows, executions or storage live here.

mod agent;
mod approval;
mod args;
mod ask;
mod client;
mod completions;
mod config;
mod deploy;
mod dev;
mod doctor;
mod error;
mod eval;
mod exec;
mod flow;
mod init;
mod key;
mod loading;
mod login;
mod output;
mod profile;
mod profiles;
mod progress;
mod question;
mod remote;
mod revision;
mod run;
mod secret;
mod serve;
mod session;
mod signal;
mod store;
mod target;
mod tenant;
mod tree;
mod trigger;
mod values;
mod view;
mod walk;

use std::process::ExitCode;

use clap::Parser as _;

pub use args::Cli;
use args::{Command, Context};
use error::{Error, Exit};
use output::Output;

use crate::config::Config;
use crate::machine::question::Person;
use crate::telemetry;

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    // Prints help (0) and usage errors (2) itself, with suggestions for what was mistyped.
    let cli = Cli::parse();
    let output = Output::new(cli.global.output, cli.global.no_color);
    let format = match cli.global.log_format {
        args::LogFormat::Text => telemetry::Format::Text,
        args::LogFormat::Json => telemetry::Format::Json,
    };
    let logging = telemetry::start(cli.global.verbose, format).map_err(|error| Error::Usage(error.to_string()));
    let ended = logging.and_then(|()| context(&cli.global, output)).and_then(|context| execute(&context, &cli.command));
    let exit = ended.unwrap_or_else(|error| {
        output.error(&error.to_string());
        error.exit()
    });
    exit.into()
}

fn context(global: &args::Global, output: Output) -> Result<Context, Error> {
    let config = Config::load(global.config.as_deref(), global.data_dir.as_deref(), &session::variables());
    let config = config.map_err(|error| Error::Usage(error.to_string()))?;
    // Refused before anything is done, whatever the command: a mistyped key would otherwise be a setting that silently does not apply.
    session::settings_file(&config)?;
    let user = global.user.clone().or_else(|| std::env::var("USER").ok()).filter(|user| !user.is_empty());
    let person = Person { user: user.unwrap_or_else(|| "operator".to_owned()), roles: Vec::new(), every_role: true };
    let data_dir_flag = match &global.data_dir {
        Some(directory) if std::env::var_os("FLOWGATE_DATA_DIR").is_none_or(|set| set != directory.as_os_str()) => {
            format!(" --data-dir {}", shell_word(&directory.display().to_string()))
        }
        _ => String::new(),
    };
    Ok(Context { output, config, person, data_dir_flag, target: global.target.clone() })
}

fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    match command {
        Command::Run(args) => session::block_on(run::execute(context, args)),
        Command::Exec(command) => exec::execute(context, command),
        Command::Approval(command) => approval::execute(context, command),
        Command::Signal(args) => session::block_on(signal::execute(context, args)),
        Command::Flow(command) => flow::execute(context, command),
        Command::Secret(command) => secret::execute(context, command),
        Command::Store(command) => store::execute(context, command),
        Command::Serve(args) => serve::execute(context, args),
        Command::Dev(args) => dev::execute(context, args),
        Command::Agent(command) => agent::execute(context, command),
        Command::Revision(command) => revision::execute(context, command),
        Command::Deploy(args) => deploy::deploy(context, args),
        Command::Rollback(args) => deploy::rollback(context, args),
        Command::Eval(command) => eval::execute(context, command),
        Command::Trigger(command) => trigger::execute(context, command),
        Command::Key(command) => key::execute(context, command),
        Command::Tenant(command) => tenant::execute(context, command),
        Command::Login(args) => login::login(context, args),
        Command::Logout(args) => login::logout(context, args),
        Command::Profile(command) => profile::execute(context, command),
        Command::Config(command) => Ok(config::execute(context, command)),
        Command::Init(args) => init::execute(context, args),
        Command::Doctor(args) => doctor::execute(context, args),
        Command::Completions(args) => completions::execute(context, args),
    }
}

/// The text as one word of a POSIX shell.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
