//! The order of system calls, as strace sees it: what an effect or an answer rests on is written and synced before it leaves.

use std::process::Command;
use std::time::Duration;

use super::recorder::Recorder;
use super::{FLOW, text};

/// One line of the trace that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// Bytes go into a segment of the log.
    Write,
    /// A sync came back without error.
    Synced,
    /// The request of the `once` step leaves.
    Sent,
    /// The result is printed.
    Printed,
}

#[test]
fn what_leaves_the_process_was_synced_before() {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("skipped: strace is not installed (.ci/run installs it)");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(Duration::from_millis(20));
    let trace = directory.path().join("trace");
    let traced = Command::new("strace")
        .args(["-f", "-y", "-s", "48", "-e", "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,fdatasync,fsync", "-o"])
        .arg(&trace)
        .args([env!("CARGO_BIN_EXE_flowgate"), "run", FLOW, "--set", &format!("config.world={}", recorder.address), "-o", "json"])
        .env("FLOWGATE_OUTBOUND_ALLOW", "127.0.0.1")
        .env("FLOWGATE_DATA_DIR", directory.path().join("data"))
        .output()
        .unwrap();
    if text(&traced.stderr).contains("ptrace") {
        eprintln!("skipped: this machine does not allow strace: {}", text(&traced.stderr));
        return;
    }
    assert_eq!(traced.status.code(), Some(0), "{}", text(&traced.stderr));
    let lines = std::fs::read_to_string(&trace).unwrap();
    let calls: Vec<Call> = lines.lines().filter_map(judge).collect();
    for leaving in [Call::Sent, Call::Printed] {
        let left = calls.iter().position(|call| *call == leaving).unwrap_or_else(|| panic!("{leaving:?} is not in the trace:\n{lines}"));
        let before = &calls[..left];
        let written = before.iter().rposition(|call| *call == Call::Write).expect("nothing was written to the log before");
        assert!(before[written..].contains(&Call::Synced), "{leaving:?} although the log's last write was not synced yet:\n{lines}");
    }
    let syncs = calls.iter().filter(|call| **call == Call::Synced).count();
    assert!(syncs >= 10, "a start, five calls and their outcomes were made durable with {syncs} syncs");
}

/// What a line of the trace means; a call that is interrupted by another thread's counts when it begins, a sync when it has come back.
fn judge(line: &str) -> Option<Call> {
    let is_sync =
        line.contains("fdatasync(") || line.contains("fsync(") || line.contains("fdatasync resumed") || line.contains("fsync resumed");
    if is_sync {
        return line.trim_end().ends_with("= 0").then_some(Call::Synced);
    }
    if line.contains("resumed>") {
        return None;
    }
    if line.contains("POST /pay") {
        return Some(Call::Sent);
    }
    if is_segment(line) {
        return Some(Call::Write);
    }
    // The result is the only thing on standard output.
    line.contains("write(1<").then_some(Call::Printed)
}

/// Whether the call's file is a segment of the log: its name ends with sixteen hex digits.
fn is_segment(line: &str) -> bool {
    let Some(path) = line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(path, _)| path) else { return false };
    let name = path.rsplit('/').next().unwrap_or_default();
    let digits = &name[name.len().saturating_sub(16)..];
    name.len() > 16 && digits.chars().all(|digit| digit.is_ascii_hexdigit())
}
