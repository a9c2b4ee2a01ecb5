//! The order of system calls, as strace sees it: what an effect or an answer rests on is written and synced before it leaves.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use super::recorder::Recorder;
use super::{FLOW, text};

/// Requests before which nothing else is on its way to the disk; the two in the middle of the flow run side by side.
const ALONE: [&str; 3] = ["GET /look", "POST /pay", "POST /note"];

/// Bytes of each write that are in the trace.
const SHOWN_BYTES: usize = 48;

/// One line of the trace that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// A frame goes into a segment of the log.
    Write,
    /// A sync of a segment came back without error; a sync of another file says nothing about the log.
    Synced,
    /// One of `ALONE` leaves.
    Sent(&'static str),
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
        .args([
            "-f",
            "-y",
            "-s",
            &SHOWN_BYTES.to_string(),
            "-e",
            "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,fdatasync,fsync",
            "-o",
        ])
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
    let calls = calls(&lines);
    for leaving in ALONE.map(Call::Sent).into_iter().chain([Call::Printed]) {
        let left = calls.iter().position(|call| *call == leaving).unwrap_or_else(|| panic!("{leaving:?} is not in the trace:\n{lines}"));
        let before = &calls[..left];
        let written = before.iter().rposition(|call| *call == Call::Write).expect("nothing was written to the log before");
        assert!(before[written..].contains(&Call::Synced), "{leaving:?} although the log's last write was not synced yet:\n{lines}");
    }
    let syncs = calls.iter().filter(|call| **call == Call::Synced).count();
    assert!(syncs >= 10, "a start, five calls and their outcomes were made durable with {syncs} syncs");
}

/// What the lines mean; a call that is interrupted by another thread's counts when it begins, a sync when it has come back.
fn calls(lines: &str) -> Vec<Call> {
    // Threads whose sync of a segment has begun and not come back: strace names the file only at the beginning.
    let mut syncing = BTreeSet::new();
    let (mut calls, zeros) = (Vec::new(), format!("\"{}\"", "\\0".repeat(SHOWN_BYTES)));
    for line in lines.lines() {
        let thread = line.split(' ').next().unwrap_or_default();
        if line.contains("sync(") && is_segment(line) {
            syncing.insert(thread);
        }
        let has_returned = !line.contains("<unfinished");
        if line.contains("sync(") || line.contains("sync resumed") {
            if has_returned && syncing.remove(thread) && line.trim_end().ends_with("= 0") {
                calls.push(Call::Synced);
            }
            continue;
        }
        if line.contains("resumed>") {
            continue;
        }
        if let Some(request) = ALONE.into_iter().find(|request| line.contains(request)) {
            calls.push(Call::Sent(request));
        } else if is_segment(line) {
            // Zeros are those with which the next segment is prepared, whenever there is time.
            if !line.contains(&zeros) {
                calls.push(Call::Write);
            }
        } else if line.contains("write(1<") {
            // The result is the only thing on standard output.
            calls.push(Call::Printed);
        }
    }
    calls
}

/// Whether the call's file is a segment of the log: its name ends with sixteen hex digits.
fn is_segment(line: &str) -> bool {
    let Some(path) = line.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(path, _)| path) else { return false };
    let name = path.rsplit('/').next().unwrap_or_default();
    let digits = &name[name.len().saturating_sub(16)..];
    name.len() > 16 && digits.chars().all(|digit| digit.is_ascii_hexdigit())
}
