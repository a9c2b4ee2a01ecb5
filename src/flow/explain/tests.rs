//! Explanations, read as a person would.

use super::*;
use crate::flow::compile::load;
use crate::ids::NanoUsd;

fn plan(text: &str) -> Plan {
    load(text).expect("compiles").0
}

const FLOW: &str = r#"
flow: letters
title: Letters
input: {type: object, required: [topic], properties: {topic: {type: string}, tone: {type: string}}}
limits: {cost_usd: 0.5, timeout: 3d, steps: 50}
start: draft
steps:
  draft:
    llm: {model: openai/small, prompt: "Write about {{ input.topic }}", max_tokens: 100}
    visits: 3
    retry: {attempts: 2}
    sandbox: {output: x}
  review: {approval: {title: Good?}}
  release:
    approval:
      title: Send it?
      action: send
      approvers: {any_of: ["role:editor"], quorum: 2, exclude: [starter]}
      expires: {after: 2d, then: reject}
  send:
    http: {post: "https://mail.example", json: {text: "{{ steps.draft.output }}"}}
    sandbox: {output: 1}
edges:
  - {from: draft, to: review}
  - {from: review, to: draft, on: rejected}
  - {from: review, to: release, on: approved}
  - {from: release, to: send, on: approved}
"#;

#[test]
fn a_flow_is_told_in_plain_words() {
    let prices = BTreeMap::from([("openai/small".to_owned(), ModelPrice { input: NanoUsd(1_000), output: NanoUsd(4_000) })]);
    insta::assert_snapshot!("letters", explain(&plan(FLOW), &prices));
}

#[test]
fn worst_cases_multiply_visits_attempts_and_turns() {
    let text = r#"
flow: nested
defaults: {model: openai/a}
steps:
  each:
    map:
      over: input.list
      body:
        start: h
        steps:
          h: {llm: {prompt: x, max_tokens: 10, output: {type: object}}, visits: 5, sandbox: {output: {}}}
          x: {agent: {model: openai/b, prompt: x, max_iterations: 4}, retry: {attempts: 3}, sandbox: {output: y}}
        edges: [{from: h, to: h, when: "1 > 2"}, {from: h, to: x, otherwise: true}]
"#;
    let worst = worst_case(&plan(text));
    assert_eq!(worst["openai/a"], WorstCase { calls: 10, answer_tokens: 100, per_item: true });
    assert_eq!(worst["openai/b"], WorstCase { calls: 12, answer_tokens: 12 * 4_096, per_item: true });
}

#[test]
fn a_flow_without_models_and_people_says_so() {
    let told = explain(&plan("flow: small\nsteps: {a: {builtin: noop}}\n"), &BTreeMap::new());
    assert!(told.contains("No model is called"), "{told}");
    assert!(told.contains("Nobody, as long as nothing is in doubt."), "{told}");
}
