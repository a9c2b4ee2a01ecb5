//! Commands against a running server, and what they do without one: keys, tenants, agents, profiles, settings.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

use super::bench::{Bench, GATE};

const ROOT_KEY: &str = "a-root-key-of-forty-characters-for-tests";

/// A server in a bench's directory; killed when dropped.
pub struct Server<'a> {
    bench: &'a Bench,
    process: Child,
    pub url: String,
}

impl<'a> Server<'a> {
    pub fn start(bench: &'a Bench) -> Self {
        Self::run(bench, &["serve", "--listen", "127.0.0.1:0"])
    }

    pub fn run(bench: &'a Bench, arguments: &[&str]) -> Self {
        let mut process = bench.command(arguments).env("FLOWGATE_ROOT_KEY", ROOT_KEY).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let url = loop {
            let line = lines.next().unwrap_or_else(|| panic!("the server ended: {said:#?}")).unwrap();
            if let Some(at) = line.find("http://") {
                break line[at..].split([',', ' ']).next().unwrap().to_owned();
            }
            said.push(line);
        };
        // Read on, so that the server never stands before a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { bench, process, url }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bench.command(arguments);
        command.env("FLOWGATE_URL", &self.url).env("FLOWGATE_KEY", ROOT_KEY);
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Standard output of a command that succeeds.
    pub fn text(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(output.status.success(), "{arguments:?}\n{}", self.bench.told(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.text(&[arguments, &["-o", "json"]].concat())).unwrap()
    }

    /// The exit code and the error of a command that fails.
    pub fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.output(arguments);
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap().trim().to_owned())
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn keys_and_tenants_are_the_same_with_and_without_a_server() {
    let bench = Bench::new();
    assert_eq!(bench.json(&["key", "list", "-o", "json"]), json!([]));
    assert!(!bench.path().join(".flowgate").exists(), "listing made a data directory");
    let told = bench.json(&["key", "create", "ci", "--preset", "developer", "--expires", "9", "-o", "json"]);
    let key = told["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with(told["prefix"].as_str().unwrap()), "{told}");
    bench.run(&["tenant", "create", "acme", "--name", "Acme Ltd"]);
    let server = Server::start(&bench);
    let names = |listed: &Value| listed.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&server.json(&["tenant", "list"])), ["acme", "default"]);
    // The key of before counts, and may do what it says.
    let output = server.command(&["agent", "list"]).env("FLOWGATE_KEY", &key).output().unwrap();
    assert!(output.status.success(), "{}", bench.told(&output));
    let output = server.command(&["key", "list"]).env("FLOWGATE_KEY", &key).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no scope `keys:read` (insufficient_scope); use a key with"), "{said}");
    // Rotated, revoked.
    let rotated = server.json(&["key", "rotate", "ci"]);
    assert_ne!(rotated["key"], told["key"]);
    let output = server.command(&["agent", "list"]).env("FLOWGATE_KEY", &key).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "the old value still counts");
    server.text(&["key", "revoke", "ci"]);
    let listed = server.json(&["key", "list"]);
    let state = listed.as_array().unwrap().iter().find(|key| key["name"] == "ci").unwrap()["state"].clone();
    assert_eq!(state, "revoked");
    // Of another tenant, with the root key.
    let of_acme = server.json(&["key", "create", "theirs", "--scope", "agents:*", "--tenant", "acme"]);
    assert_eq!(of_acme["scopes"], json!(["agents:read", "agents:write", "agents:deploy"]));
    assert!(server.json(&["key", "list"]).as_array().unwrap().iter().all(|key| key["name"] != "theirs"));
}

#[test]
fn a_data_directory_that_a_server_holds_names_its_address() {
    let bench = Bench::new();
    let server = Server::start(&bench);
    let output = bench.run(&["exec", "list"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains(&format!("talk to it with --server {}", server.url)), "{said}");
    let (exit, said) = server.refused(&["exec", "list", "--data-dir", "x", "--server", "http://127.0.0.1:1"]);
    assert!(exit == 2 && said.contains("exclude each other"), "{said}");
    let (exit, said) = server.refused(&["key", "list", "--server", "http://127.0.0.1:1"]);
    assert!(exit == 1 && said.contains("cannot reach the server at http://127.0.0.1:1"), "{said}");
}

#[test]
fn agents_go_to_a_server_and_come_back_as_they_were() {
    let bench = Bench::with("gate.yaml", &format!("# why\n{}", GATE.trim_start()));
    let server = Server::start(&bench);
    let applied = server.json(&["agent", "apply", "gate.yaml", "--comment", "the first"]);
    assert_eq!(applied[0]["revision"], 1);
    assert_eq!(applied[0]["deployed"], true, "the first revision is deployed: {applied}");
    assert_eq!(server.json(&["agent", "apply", "gate.yaml"])[0]["outcome"], "unchanged");
    let pulled = server.text(&["agent", "pull", "gate"]);
    assert_eq!(pulled, std::fs::read_to_string(bench.path().join("gate.yaml")).unwrap().trim());
    bench.write("gate.yaml", &GATE.replace("limit: 100", "limit: 200"));
    let changed = server.json(&["agent", "apply", "."]);
    assert_eq!((changed[0]["revision"].as_u64(), changed[0]["deployed"].as_bool()), (Some(2), Some(false)));
    let differences = server.text(&["revision", "diff", "gate", "1", "2"]);
    assert!(differences.contains("config.limit") && differences.contains("200"), "{differences}");
    assert_eq!(server.output(&["revision", "diff", "gate", "1", "2", "--exit-code"]).status.code(), Some(1));
    assert_eq!(server.text(&["deploy", "gate", "2", "--reason", "more"]), "production runs gate revision 2 (before: 1)");
    assert_eq!(server.text(&["rollback", "gate"]), "production runs gate revision 1 (before: 2)");
    let revisions = server.json(&["revision", "list", "gate"]);
    let current: Vec<bool> = revisions.as_array().unwrap().iter().map(|row| row["isCurrent"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, true]);
    let (exit, said) = server.refused(&["agent", "show", "nobody"]);
    assert_eq!((exit, said.as_str()), (1, "error: there is no agent `nobody` (not_found)"));
    bench.write("bad.yaml", "flow: bad\nsteps:\n  a: {set: {x: 1}}\nedges:\n  - {from: a, to: b}\n");
    let (exit, said) = server.refused(&["agent", "apply", "gate.yaml", "bad.yaml"]);
    assert!(exit == 4 && said.contains("bad.yaml:5:") && said.contains("[unknown_step]"), "{said}");
}

#[test]
fn a_login_is_kept_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    let server = Server::start(&bench);
    let run = |arguments: &[&str], typed: &str| {
        let mut command = bench.command(arguments);
        let mut child = command.env("XDG_CONFIG_HOME", bench.path().join("config")).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let wrong = run(&["login", "--url", &server.url], "fgk_nonsense\n");
    assert_eq!(wrong.status.code(), Some(1), "{}", bench.told(&wrong));
    assert!(!bench.path().join("config").exists(), "a key that the server does not know was saved");
    let done = run(&["login", "--url", &server.url, "--profile", "here"], &format!("{ROOT_KEY}\n"));
    assert!(done.status.success(), "{}", bench.told(&done));
    let file = bench.path().join("config/flowgate/profiles.toml");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let listed = run(&["key", "list", "-o", "json"], "");
    assert!(String::from_utf8_lossy(&listed.stdout).contains("root"), "{}", bench.told(&listed));
    let shown = run(&["profile", "list"], "");
    assert!(String::from_utf8_lossy(&shown.stdout).contains("here *") && !bench.told(&shown).contains(ROOT_KEY));
    // A data directory on the command line wins over the profile.
    let local = run(&["exec", "list", "--data-dir", "other", "-o", "json"], "");
    assert_eq!(String::from_utf8_lossy(&local.stdout).trim(), "[]", "{}", bench.told(&local));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = run(&["key", "list"], "");
    assert!(open.status.code() == Some(2) && bench.told(&open).contains("chmod 600"), "{}", bench.told(&open));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(run(&["logout"], "").status.success());
    assert!(!std::fs::read_to_string(&file).unwrap().contains(ROOT_KEY));
}

#[test]
fn settings_are_shown_with_where_they_come_from() {
    let bench = Bench::with("flowgate.toml", "[server]\ngrace_seconds = 5\n\n[mcp.files]\ncommand = \"x\"\nenv = {TOKEN = \"hidden\"}\n");
    let output =
        bench.command(&["config", "show", "--origin"]).env("FLOWGATE_LISTEN", "127.0.0.1:81").env("OPENAI_API_KEY", "hidden").output();
    insta::assert_snapshot!(bench.told(&output.unwrap()));
    let said = [
        bench.say(&["agent", "list"]),
        bench.say(&["deploy", "gate", "1"]),
        bench.say(&["profile", "use", "nothing"]),
        bench.say(&["config", "show", "--config", "none.toml"]),
        bench.say(&["key", "create", "ci", "--scope", "agents:fly"]),
    ];
    insta::assert_snapshot!(said.join("\n\n"));
    bench.write("flowgate.toml", "[server]\nlisten = \"here\"\n");
    insta::assert_snapshot!(bench.say(&["serve"]));
}

#[test]
fn dev_deploys_the_flows_of_a_directory() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path().join("flows")).unwrap();
    bench.write("flows/gate.yaml", GATE);
    bench.write("flows/gate.rehearsal.yaml", "{}");
    let server = Server::run(&bench, &["dev", "--listen", "127.0.0.1:0"]);
    let agents = server.json(&["agent", "list"]);
    let row = &agents[0];
    assert_eq!((row["id"].as_str(), row["currentRevision"].as_u64(), agents.as_array().unwrap().len()), (Some("gate"), Some(1), 1));
    assert!(!bench.path().join(".flowgate").exists(), "dev keeps nothing here unless it is told to");
}

#[test]
fn logs_are_json_where_that_is_asked_for() {
    let bench = Bench::new();
    let mut command = bench.command(&["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
    let mut process = command.env("FLOWGATE_LOG", "flowgate=info").env("FLOWGATE_ROOT_KEY", ROOT_KEY).spawn().unwrap();
    let mut stderr = BufReader::new(process.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("serves on") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "the server ended");
    }
    let _ = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
    let told: Vec<String> = stderr.lines().map(Result::unwrap).collect();
    assert!(process.wait().unwrap().success());
    let logged: Vec<Value> = told.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(logged.iter().any(|line| line["message"] == "stopping: nothing new is taken"), "{told:#?}");
    let output = bench.command(&["exec", "list"]).env("FLOWGATE_LOG", "flowgate=loud").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", bench.told(&output));
}

#[test]
fn secrets_are_set_granted_listed_and_removed_on_a_server_that_holds_the_data_directory() {
    let bench = Bench::new();
    let server = Server::start(&bench);
    let set = |arguments: &[&str]| {
        let mut command = server.command(&[&["secret", "set"], arguments, &["-o", "json"]].concat());
        let output = command.env("TOKEN", "a-value-of-the-tests").output().unwrap();
        assert!(output.status.success(), "{}", server.bench.told(&output));
        assert!(!server.bench.told(&output).contains("a-value-of-the-tests"));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let made = set(&["shop_token", "--from-env", "TOKEN", "--agent", "refunds"]);
    assert_eq!((&made[0]["version"], &made[0]["granted_to"]), (&json!(1), &json!(["refunds"])), "{made}");
    assert_eq!(set(&["shop_token", "--keep-value", "--every-agent"])[0]["granted_to"], Value::Null);
    assert_eq!(set(&["shop_token", "--from-env", "TOKEN"])[0]["version"], json!(2));
    let listed = server.json(&["secret", "list"]);
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["name"]), (1, &json!("shop_token")), "{listed}");
    server.text(&["tenant", "create", "acme"]);
    assert_eq!(server.json(&["secret", "list", "--tenant", "acme"]), json!([]), "another tenant's");
    let rotated = server.output(&["secret", "rotate-master"]);
    assert!(String::from_utf8_lossy(&rotated.stderr).contains("1 secrets are sealed"), "{}", server.bench.told(&rotated));
    server.text(&["secret", "remove", "shop_token"]);
    assert_eq!(server.json(&["secret", "list"]), json!([]));
    assert!(!server.output(&["secret", "remove", "shop_token"]).status.success(), "it is gone");
}

#[test]
fn triggers_are_made_fired_and_switched_by_name() {
    let bench = Bench::with("note.yaml", "flow: note\nsteps:\n  only: {set: {n: input.n}}\noutput: steps.only.output\n");
    let server = Server::start(&bench);
    server.text(&["agent", "apply", "note.yaml"]);
    let made = server.json(&[
        "trigger",
        "create",
        "nightly",
        "--agent",
        "note",
        "--cron",
        "30 2 * * *",
        "--time-zone",
        "Europe/Berlin",
        "-p",
        "n=3",
    ]);
    assert_eq!((&made["kind"], &made["schedule"]["catchUp"], &made["parameters"]["n"]), (&"SCHEDULE".into(), &"last".into(), &3.into()));
    let hook =
        server.text(&["trigger", "create", "orders", "--webhook", "--agent", "note", "--map", "n=payload.n", "--filter", "payload.n > 1"]);
    assert!(hook.contains("/hooks/") && hook.contains("whsec_"), "{hook}");
    assert!(!server.text(&["trigger", "show", "orders"]).contains("whsec_"));
    let listed = server.text(&["trigger", "list"]);
    assert!(listed.contains("nightly") && listed.contains("30 2 * * * Europe/Berlin") && listed.contains("note"), "{listed}");
    assert_eq!(server.text(&["trigger", "next", "nightly", "--count", "4"]).lines().count(), 4);
    let fired = server.json(&["trigger", "fire", "orders", "--payload", r#"{"n": 2}"#, "--test"]);
    assert_eq!((&fired["firings"][0]["agentId"], &fired["firings"][0]["origin"]), (&"note".into(), &"TEST".into()));
    assert_eq!(server.json(&["trigger", "fire", "orders", "--payload", r#"{"n": 1}"#])["filtered"], true);
    assert!(server.text(&["trigger", "history", "orders"]).contains("MANUAL"));
    let changed = server.json(&["trigger", "change", "nightly", "--cron", "0 4 * * *", "--overlap", "queue"]);
    assert_eq!(
        (&changed["schedule"]["cron"], &changed["overlap"], &changed["revision"]),
        (&json!("0 4 * * *"), &json!("queue"), &json!(2))
    );
    let revisions = server.json(&["trigger", "revisions", "nightly"]);
    assert_eq!((revisions.as_array().map(Vec::len), &revisions[0]["isCurrent"]), (Some(2), &json!(true)));
    let restored = server.json(&["trigger", "restore", "nightly", "1"]);
    assert_eq!((&restored["revision"], &restored["overlap"]), (&json!(3), &json!("skip")));
    assert!(server.text(&["trigger", "revisions", "nightly"]).contains("current"));
    assert_eq!(server.json(&["trigger", "unbind", "nightly", "note"])["agentIds"], json!([]));
    let bound = server.json(&["trigger", "bind", "nightly", "note", "--environment", "production"]);
    assert_eq!(bound["bindings"][0]["environmentSlug"], "production");
    assert!(server.text(&["trigger", "rotate", "orders", "--overlap", "60"]).contains("whsec_"));
    let (exit, said) = server.refused(&["trigger", "change", "orders"]);
    assert!(exit == 2 && said.contains("nothing is to change"), "{said}");
    assert!(server.text(&["trigger", "disable", "nightly"]).contains("off"));
    let (exit, said) = server.refused(&["trigger", "fire", "nightly"]);
    assert!(exit == 1 && said.contains("trigger_inactive"), "{said}");
    assert!(server.text(&["trigger", "enable", "nightly"]).contains("on"));
    let (exit, said) = server.refused(&["trigger", "create", "x", "--cron", "61 * * * *"]);
    assert!(exit == 4 && said.contains("minute"), "{said}");
    let (exit, said) = server.refused(&["trigger", "show", "nightli"]);
    assert!(exit == 1 && said.contains("nightly"), "{said}");
    server.text(&["trigger", "delete", "nightly"]);
    assert_eq!(server.json(&["trigger", "list"]).as_array().map(Vec::len), Some(1));
}
