//! Two processes and one data directory: one has it, the other says who, and the lock goes with its holder, however that ends.

use std::process::{Command, Output};

use super::desk::{TENANT, expect};
use super::harness::Server;
use super::oracle::agent;

const FLOW: &str = "flow: short\nsteps:\n  only: {set: {ok: true}}\n";

/// A command of the same program, over the same directory.
fn command(directory: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowgate"));
    command.args(arguments).args(["--data-dir", "data"]).current_dir(directory).env_clear();
    command.output().unwrap()
}

#[test]
fn a_second_server_is_refused_and_the_first_one_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut first = Server::start_in(directory.path());
    agent(&first.root(), "short", FLOW);
    let holder = format!("process {}", first.pid());
    let said = Server::launch(directory.path(), &[], &[]).map(drop).unwrap_err().join("\n");
    assert!(said.contains("in use by") && said.contains(&holder) && said.contains("flowgate serve"), "{said}");
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["exec", "list"], &["store", "check"], &["store", "rebuild"]] {
        let output = command(directory.path(), arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(&holder), "{arguments:?}: {said}");
    }
    let execute =
        |server: &Server| expect(200, &server.root().json("POST", &format!("{TENANT}/agents/short:execute"), &serde_json::json!({})));
    assert_eq!(execute(&first)["status"], "COMPLETED");
    first.kill();
    assert_eq!(execute(&Server::start_in(directory.path()))["status"], "COMPLETED");
}

#[test]
fn of_servers_that_start_at_once_one_gets_the_directory() {
    const AT_ONCE: usize = 4;
    let directory = tempfile::tempdir().unwrap();
    let started: Vec<_> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| Server::launch(directory.path(), &[], &[]))).collect();
        starting.into_iter().map(|starting| starting.join().unwrap()).collect()
    });
    let serving: Vec<&Server> = started.iter().flatten().collect();
    assert_eq!(serving.len(), 1, "{} serve", serving.len());
    let holder = format!("process {}", serving[0].pid());
    for said in started.iter().filter_map(|started| started.as_ref().err()) {
        // Who asks in the moment between the lock and its text learns that it is taken, if not by whom.
        assert!(said.iter().any(|line| line.contains(&holder) || line.contains("another process")), "{said:#?}");
    }
    assert_eq!(serving[0].root().get("/v1/tenants").status, 200);
}
