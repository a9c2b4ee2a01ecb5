//! A directory of its own for each test, the binary in it, and what it says in a form that is the same every time.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;

/// Longer than any command of these tests takes on a loaded machine.
const RUN_TIME_MAX: Duration = Duration::from_secs(60);

/// Two set steps around a question.
pub const GATE: &str = r#"
flow: gate
input: {type: object, required: [amount], properties: {amount: {type: number}, note: {type: string}}}
config: {limit: 100, desk: "front"}
steps:
  before: {set: {amount: "input.amount", desk: "config.desk"}}
  review: {approval: {title: "Pay {{ input.amount }} EUR?", show: [input.amount], decisions: [approve, reject, respond]}}
  paid: {set: {paid: "steps.before.output.amount"}}
  kept: {set: {paid: 0}}
edges:
  - {from: before, to: review}
  - {from: review, to: paid, on: approved}
  - {from: review, to: kept, on: rejected}
"#;

/// A working directory without settings, keys or executions.
pub struct Bench {
    directory: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub fn with(name: &str, content: &str) -> Self {
        let bench = Self::new();
        bench.write(name, content);
        bench
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    /// The binary with these arguments; nothing of the tester's environment reaches it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flowgate"));
        command.args(arguments).current_dir(self.path()).env_clear().env("PATH", "/usr/bin:/bin").env("USER", "ana");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What it says; a command that does not end is killed, so that its test fails instead of standing still.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let child = self.command(arguments).spawn().unwrap();
        let process = child.id().to_string();
        let (ended, over) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            if over.recv_timeout(RUN_TIME_MAX) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-KILL", &process]).status();
            }
        });
        let output = child.wait_with_output().unwrap();
        drop(ended);
        output
    }

    /// Its standard output as JSON; panics with everything it said when that is none.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{}", self.told(&output)))
    }

    /// Exit code, standard output and standard error, for a snapshot.
    pub fn say(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        format!("$ flowgate {}\n{}", self.same(&arguments.join(" ")), self.told(&output))
    }

    pub fn told(&self, output: &Output) -> String {
        let text = |bytes: &[u8]| self.same(&String::from_utf8_lossy(bytes));
        format!(
            "exit: {}\n--- stdout\n{}\n--- stderr\n{}",
            output.status.code().map_or_else(|| "signal".to_owned(), |code| code.to_string()),
            text(&output.stdout).trim_end(),
            text(&output.stderr).trim_end()
        )
    }

    /// The text with everything that differs from run to run replaced; an id keeps its number within the text.
    fn same(&self, text: &str) -> String {
        let text = text.replace(&self.path().display().to_string(), "[dir]");
        let mut ids: Vec<String> = Vec::new();
        let id = Regex::new(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
        let text = id.replace_all(&text, |found: &regex::Captures<'_>| {
            let known = ids.iter().position(|known| known == &found[0]).unwrap_or_else(|| {
                ids.push(found[0].to_owned());
                ids.len() - 1
            });
            format!("[id {}]", known + 1)
        });
        let rules = [
            (r"sha256:[0-9a-f]{64}", "[digest]"),
            (r"\b[0-9a-f]{64}\b", "[key]"),
            (r"approve [0-9a-f]{8} ", "approve [prefix] "),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]"),
            (r"\b\d{13}\b", "[ms]"),
            (r"\b\d+(\.\d+)?(ms|s)\b", "[elapsed]"),
            (r"( · )?\[elapsed\]$", ""),
            (r"\[elapsed\] · ", ""),
            (r"(\S) {2,}", "$1  "),
            (r" +$", ""),
            (r"process \d+", "process [pid]"),
            (r"pid \d+", "pid [pid]"),
        ];
        rules.iter().fold(text.into_owned(), |text, (pattern, replacement)| {
            Regex::new(&format!("(?m){pattern}")).unwrap().replace_all(&text, *replacement).into_owned()
        })
    }
}
