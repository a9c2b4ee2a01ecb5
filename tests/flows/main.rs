//! The flows that the repository ships: each reads, is well formed, says what it is for, and can be rehearsed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test binary: a panic is its way of reporting")]

mod rehearsed;

use std::fs;
use std::path::{Path, PathBuf};

use flowgate::flow::spec::{BodySpec, FlowSpec, RehearsalSpec, StepSpec};
use flowgate::flow::{compile, parse};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("flows")
}

/// Every flow file of `flows/`, without the rehearsals beside them, sorted.
fn shipped() -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.strip_suffix(".yaml").is_some_and(|stem| !stem.ends_with(".rehearsal")));
    names.sort();
    names
}

fn read(name: &str) -> (String, FlowSpec) {
    let text = fs::read_to_string(directory().join(name)).unwrap();
    let read = parse::read(&text);
    let spec = read.spec.unwrap_or_else(|| panic!("{name}: {:#?}", read.problems));
    (text, spec)
}

fn rehearsal(name: &str) -> RehearsalSpec {
    let path = directory().join(name.replace(".yaml", ".rehearsal.yaml"));
    if !path.exists() {
        return RehearsalSpec::new();
    }
    serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every step with its name as a rehearsal writes it: `map/step` inside a map's body.
fn steps(spec: &FlowSpec) -> Vec<(String, &StepSpec)> {
    fn inside<'a>(prefix: &str, body: &'a BodySpec, found: &mut Vec<(String, &'a StepSpec)>) {
        for (id, step) in &body.steps {
            add(format!("{prefix}/{id}"), step, found);
        }
    }
    fn add<'a>(name: String, step: &'a StepSpec, found: &mut Vec<(String, &'a StepSpec)>) {
        if let Some(map) = &step.map {
            inside(&name, &map.body, found);
        }
        found.push((name, step));
    }
    let mut found = Vec::new();
    for (id, step) in &spec.steps {
        add(id.clone(), step, &mut found);
    }
    found
}

fn is_outward(step: &StepSpec) -> bool {
    step.llm.is_some() || step.agent.is_some() || step.http.is_some() || step.mcp.is_some()
}

#[test]
fn there_are_at_least_eight() {
    assert!(shipped().len() >= 8, "{:?}", shipped());
}

#[test]
fn every_flow_is_named_like_its_file_and_says_how_to_run_it() {
    for name in shipped() {
        let (text, spec) = read(&name);
        assert_eq!(format!("{}.yaml", spec.flow), name);
        let header: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
        assert!(header.len() >= 4, "{name}: the header says what it does, for whom, and how to run it");
        let command = format!("flowgate run flows/{name}");
        assert!(header.iter().any(|line| line.contains(&command)), "{name}: the header shows `{command}`");
    }
}

#[test]
fn every_outward_step_has_an_answer_for_rehearsals() {
    for name in shipped() {
        let (_, spec) = read(&name);
        let beside = rehearsal(&name);
        for (step_name, step) in steps(&spec).into_iter().filter(|(_, step)| is_outward(step)) {
            assert!(step.sandbox.is_some() || beside.contains_key(&step_name), "{name}: `{step_name}` has no scripted answer");
        }
        for scripted in beside.keys() {
            assert!(steps(&spec).iter().any(|(step_name, _)| step_name == scripted), "{name}: its rehearsal names `{scripted}`");
        }
    }
}

#[test]
fn a_flow_reads_the_same_after_it_was_written() {
    for name in shipped() {
        let (_, spec) = read(&name);
        let again: FlowSpec = serde_json::from_value(serde_json::to_value(&spec).unwrap()).unwrap();
        assert_eq!(spec, again, "{name}");
    }
}

#[test]
fn the_checker_finds_nothing_to_say() {
    let mut said = Vec::new();
    for name in shipped() {
        let (text, _) = read(&name);
        let problems = match compile::load(&text) {
            Ok((_, warnings)) => warnings,
            Err(problems) => problems,
        };
        let beside = !rehearsal(&name).is_empty();
        said.extend(
            problems.iter().filter(|problem| !(beside && problem.code == "missing_sandbox")).map(|problem| format!("{name}:{problem}")),
        );
    }
    assert!(said.is_empty(), "\n{}", said.join("\n"));
}
