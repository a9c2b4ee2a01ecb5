//! One small bad flow per code: exactly which problems, and on which line. `check(flow, "code@line …")`.

use std::fmt::Write as _;

use crate::flow::compile::load;
use crate::flow::problem::{CODES, Problem};

/// All problems of a flow, warnings about missing sandboxes aside.
fn problems(text: &str) -> Vec<Problem> {
    let found = match load(text) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    found.into_iter().filter(|problem| problem.code != "missing_sandbox").collect()
}

fn listed(text: &str) -> String {
    problems(text).iter().map(|problem| format!("{}@{}", problem.code, problem.line)).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let found = problems(text);
    let mut shown = String::new();
    for problem in &found {
        let _ = writeln!(shown, "{problem}");
        assert!(CODES.iter().any(|(code, _)| *code == problem.code), "{} is not in the list of codes", problem.code);
    }
    assert_eq!(listed(text), expected, "\n{shown}");
}

/// A flow of `noop` steps: `a b c` and edges as flow-style YAML, each on its own line from `edges:` on.
fn graph(head: &str, steps: &[&str], edges: &[&str]) -> String {
    let mut text = format!("flow: test\n{head}steps:\n");
    for step in steps {
        let (id, rest) = step.split_once(' ').unwrap_or((step, "builtin: noop"));
        let _ = writeln!(text, "  {id}: {{{rest}}}");
    }
    text.push_str("edges:\n");
    for edge in edges {
        let _ = writeln!(text, "  - {{{edge}}}");
    }
    text
}

#[test]
fn a_sound_flow_has_no_problems() {
    check(&graph("", &["a", "b", "c"], &["from: a, to: b", "from: b, to: c"]), "");
}

mod ids_and_ways {
    use super::*;

    #[test]
    fn edges_must_lead_from_and_to_steps() {
        check(&graph("", &["a", "b"], &["from: a, to: b", "from: a, to: nowhere", "from: gone, to: b"]), "unknown_step@7 unknown_step@8");
    }

    #[test]
    fn ids_are_unique_and_well_formed() {
        check("flow: test\nstart: a\nsteps:\n  a: {builtin: noop}\n  a: {builtin: noop}\n", "duplicate_id@5");
        check(&graph("", &["1a"], &[]).replace("edges:\n", ""), "bad_name@3");
        check("flow: Bad Name\nsteps: {a: {builtin: noop}}\n", "bad_name@1");
        let nested =
            "flow: test\nsteps:\n  a:\n    map:\n      over: input.list\n      body:\n        steps:\n          a: {builtin: noop}\n";
        check(nested, "duplicate_id@8");
    }

    #[test]
    fn the_start_is_clear() {
        check(&graph("", &["a", "b"], &["from: a, to: b", "from: b, to: b, when: \"true\""]), "loop_without_bound@4 no_way_out@4");
        check(&graph("", &["a", "b", "c"], &["from: a, to: c", "from: b, to: c"]), "ambiguous_start@2");
        check(&graph("start: x\n", &["a builtin: noop, visits: 3"], &[]).replace("edges:\n", ""), "unknown_step@2 visits_without_loop@4");
        check("flow: test\nsteps: {}\n", "no_steps@2");
    }

    #[test]
    fn counter_example_a_a_cycle_without_entry() {
        let text = graph("", &["draft", "review"], &["from: draft, to: review", "from: review, to: draft"]);
        check(&text, "cycle_without_entry@2");
        assert!(problems(&text)[0].message.contains("draft → review"), "{:?}", problems(&text));
    }

    #[test]
    fn every_step_is_reached() {
        check(&graph("start: a\n", &["a", "b", "c"], &["from: b, to: c"]), "unreachable@5 unreachable@6");
    }

    #[test]
    fn an_edge_is_given_once() {
        check(&graph("", &["a", "b"], &["from: a, to: b", "from: a, to: b"]), "duplicate_edge@7");
        check(&graph("", &["a", "b"], &["from: a, to: b", "from: a, to: b, on: error"]), "");
    }

    #[test]
    fn conditions_and_otherwise() {
        check(&graph("", &["a", "b"], &["from: a, to: b, otherwise: true"]), "otherwise_without_when@6");
        check(
            &graph("", &["a", "b", "c"], &["from: a, to: b, when: \"true\", otherwise: true", "from: a, to: c, when: \"true\""]),
            "when_and_otherwise@7",
        );
    }
}

mod ports {
    use super::*;

    #[test]
    fn a_step_has_only_its_ports() {
        check(&graph("", &["a", "b"], &["from: a, to: b, on: approved"]), "unknown_port@6");
        check(&graph("", &["a fail: {code: no}", "b"], &["from: a, to: b"]), "unknown_port@6");
        check(&graph("", &["a fail: {code: no}", "b"], &["from: a, to: b, on: error"]), "");
        check(&graph("", &["a end: {}", "b"], &["from: a, to: b"]), "edge_from_end@6");
    }

    #[test]
    fn events_name_their_ports() {
        let event = "a event: {any_of: [paid, cancelled]}";
        check(&graph("", &[event, "b"], &["from: a, to: b, on: paid", "from: a, to: b, on: cancelled"]), "");
        check(&graph("", &[event, "b"], &["from: a, to: b, on: paid", "from: a, to: b"]), "unhandled_port@3 unknown_port@7");
    }
}

mod loops {
    use super::*;

    #[test]
    fn a_loop_needs_a_bound_and_only_a_header_has_one() {
        let edges = ["from: a, to: b", "from: b, to: a, when: \"1 > 2\"", "from: b, to: c, otherwise: true"];
        check(&graph("start: a\n", &["a", "b", "c"], &edges), "loop_without_bound@4");
        check(&graph("start: a\n", &["a builtin: noop, visits: 3", "b", "c"], &edges), "");
        check(&graph("start: a\n", &["a builtin: noop, visits: 3", "b builtin: noop, visits: 2", "c"], &edges), "visits_without_loop@5");
    }

    #[test]
    fn a_cycle_has_one_entry() {
        let edges =
            ["from: s, to: a", "from: s, to: b", "from: a, to: b", "from: b, to: a, when: \"1 > 2\"", "from: b, to: c, otherwise: true"];
        let text = graph("", &["s", "a", "b", "c"], &edges);
        check(&text, "irreducible_cycle@10");
        assert!(problems(&text)[0].message.contains("a → b, b → a"), "{:?}", problems(&text));
    }

    #[test]
    fn counter_example_c_an_unconditional_exit_never_repeats() {
        let steps = ["h builtin: noop, visits: 3, select: all", "a", "b", "x"];
        let conditional = ["from: h, to: a", "from: h, to: b, when: \"1 > 2\"", "from: a, to: h", "from: b, to: x"];
        check(&graph("start: h\n", &steps, &conditional), "");
        let unconditional = ["from: h, to: a", "from: h, to: b", "from: a, to: h", "from: b, to: x"];
        check(&graph("start: h\n", &steps, &unconditional), "never_repeats@10");
    }

    #[test]
    fn counter_example_d_a_dead_end_side_step_is_an_exit() {
        let steps = ["h builtin: noop, visits: 3", "side", "a", "x"];
        let edges = ["from: h, to: side", "from: h, to: a", "from: a, to: h, when: \"1 > 2\"", "from: a, to: x, otherwise: true"];
        check(&graph("start: h\n", &steps, &edges), "never_repeats@9");
    }

    #[test]
    fn an_exit_by_another_port_than_the_way_back_is_fine() {
        let edges = ["from: h, to: out", "from: h, to: h, on: error"];
        check(&graph("start: h\n", &["h builtin: noop, visits: 3", "out"], &edges), "");
    }

    #[test]
    fn a_loop_can_be_left() {
        let edges = ["from: a, to: b", "from: b, to: a"];
        check(&graph("start: a\n", &["a builtin: noop, visits: 3", "b"], &edges), "no_way_out@4");
        let exhausted = ["from: a, to: b", "from: b, to: a", "from: a, to: c, on: exhausted"];
        check(&graph("start: a\n", &["a builtin: noop, visits: 3", "b", "c"], &exhausted), "");
    }

    #[test]
    fn exhausted_leaves_a_header_for_outside() {
        let steps = ["a builtin: noop, visits: 3", "b", "c"];
        let edges = ["from: a, to: b", "from: b, to: a, when: \"1 > 2\"", "from: b, to: c, otherwise: true"];
        let with = |edge: &str| graph("start: a\n", &steps, &[&edges[..], &[edge]].concat());
        check(&with("from: a, to: c, on: exhausted"), "");
        check(&with("from: b, to: c, on: exhausted"), "exhausted_not_header@11");
        check(&with("from: a, to: b, on: exhausted"), "exhausted_inside@11");
    }
}

mod joins {
    use super::*;

    const EDGES: [&str; 4] = ["from: s, to: a", "from: s, to: b", "from: a, to: j", "from: b, to: j"];

    #[test]
    fn a_join_can_fire() {
        check(&graph("", &["s", "a", "b", "j builtin: noop, join: {n: 2}"], &EDGES), "");
        check(&graph("", &["s", "a", "b", "j builtin: noop, join: {n: 3}"], &EDGES), "join_never@6");
        check(&graph("", &["s", "a", "b", "j builtin: noop, join: {n: 0}"], &EDGES), "bad_limit@6");
        check(&graph("", &["s builtin: noop, join: any", "a", "b", "j"], &EDGES), "join_without_edges@3");
    }

    #[test]
    fn counter_example_b_a_back_edge_is_not_joined() {
        let edges = ["from: s, to: h", "from: h, to: a", "from: a, to: h, when: \"1 > 2\"", "from: a, to: x, otherwise: true"];
        let text = graph("", &["s", "h builtin: noop, visits: 3, join: {n: 2}", "a", "x"], &edges);
        check(&text, "join_never@4");
    }

    #[test]
    fn stragglers_in_a_loop_are_a_warning() {
        let edges = [
            "from: h, to: a",
            "from: h, to: b",
            "from: a, to: j",
            "from: b, to: j",
            "from: j, to: h, when: \"1 > 2\"",
            "from: j, to: x, otherwise: true",
        ];
        let text = |join: &str| graph("start: h\n", &["h builtin: noop, visits: 3", "a", "b", join, "x"], &edges);
        check(&text("j builtin: noop, join: any"), "leave_in_loop@7");
        check(&text("j builtin: noop, join: any, rest: cancel"), "");
    }
}

mod data;

mod keys {
    use super::*;

    fn one(step: &str) -> String {
        format!("flow: test\nsteps:\n  a: {{{step}}}\n")
    }

    #[test]
    fn a_step_is_one_thing() {
        check(&one("title: x"), "no_kind@3");
        check(&one("builtin: noop, set: {x: 1}"), "many_kinds@3");
        check(&one("builtin: nop"), "unknown_builtin@3");
    }

    #[test]
    fn keys_stand_where_they_mean_something() {
        check(&one("set: {x: 1}, retry: {attempts: 2}"), "misplaced_key@3");
        check(&one("set: {x: 1}, timeout: 3s"), "misplaced_key@3");
        check(&one("set: {x: 1}, effect: once"), "misplaced_key@3");
        check(&one("wait: {for: 1s}, sandbox: {output: 1}"), "misplaced_key@3");
        check(&one("builtin: noop, sandbox: {tools: {}}"), "misplaced_key@3");
        check(&one("builtin: noop, sandbox: {output: 1, outputs: [1]}"), "contradiction@3");
        check(&one("builtin: noop, visits: 2"), "visits_without_loop@3");
        check(&one("wait: {}"), "contradiction@3");
        check(&one("event: {check: payload.x}"), "contradiction@3");
    }

    #[test]
    fn numbers_stay_in_their_limits() {
        check(&one("builtin: noop, retry: {attempts: 0}"), "bad_limit@3");
        check(&one("builtin: noop, timeout: 0s"), "bad_limit@3");
        check(&one("map: {over: input.x, concurrency: 0, body: {steps: {b: {builtin: noop}}}}"), "bad_limit@3");
        check(&format!("limits: {{steps: 0, tokens: 0}}\n{}", one("builtin: noop")), "bad_limit@1 bad_limit@1");
    }

    #[test]
    fn once_is_never_repeated_blindly() {
        check(&one("builtin: noop, effect: once, retry: {attempts: 2}"), "once_blind_retry@3");
        check(&one("builtin: noop, effect: once, retry: {attempts: 1}"), "");
        check(&one("builtin: noop, effect: idempotent, retry: {attempts: 2}"), "");
        let checked = "builtin: noop, effect: once, retry: {attempts: 2}, in_doubt: {check: {builtin: now}, done_when: output == 1}";
        check(&one(checked), "");
        check(&one("builtin: noop, in_doubt: ask"), "in_doubt_without_once@3");
    }

    #[test]
    fn expressions_and_schemas_compile() {
        check(&one("set: {x: \"1 +\"}"), "bad_expression@3");
        check(&format!("input: {{type: 7}}\n{}", one("builtin: noop")), "bad_schema@1");
    }

    #[test]
    fn everything_is_reported_at_once() {
        let text = "flow: test\nsteps:\n  a: {builtin: nop}\n  b: {lmm: x, timeout: soon}\n  c: {set: {x: steps.q.output}, retry: {attempts: 3}}\nedges:\n  - {from: a, to: b}\n  - {from: a, to: d}\n  - {from: c, to: b, on: never}\n";
        check(
            text,
            "ambiguous_start@2 unknown_builtin@3 unknown_field@4 bad_value@4 unknown_step@5 misplaced_key@5 unknown_step@8 unknown_port@9",
        );
    }
}

mod people {
    use super::*;

    const REVIEW: &str = "review approval: {title: ok?, action: pay}";
    const PAY: &str = "pay http: {post: \"https://x.example/{{ steps.look.output.id }}\"}";

    #[test]
    fn an_action_behind_its_approval_is_fine() {
        check(&graph("", &["look", REVIEW, PAY], &["from: look, to: review", "from: review, to: pay"]), "");
    }

    #[test]
    fn counter_example_i_a_path_around_the_approval() {
        let edges = ["from: look, to: review, when: \"1 > 2\"", "from: look, to: pay, otherwise: true", "from: review, to: pay"];
        let text = graph("", &["look", REVIEW, PAY], &edges);
        check(&text, "action_without_approval@4");
        assert!(problems(&text)[0].message.contains("look → pay"), "{:?}", problems(&text));
        let rejected = ["from: look, to: review", "from: review, to: pay", "from: review, to: pay, on: rejected"];
        check(&graph("", &["look", REVIEW, PAY], &rejected), "action_without_approval@4");
    }

    #[test]
    fn an_action_is_a_call_downstream_of_one_approval() {
        let edges = ["from: look, to: review", "from: review, to: other", "from: review, to: pay, on: rejected"];
        check(&graph("", &["look", REVIEW, PAY, "other"], &edges), "action_not_downstream@4");
        check(&graph("", &["look", REVIEW, "pay set: {x: 1}"], &["from: look, to: review", "from: review, to: pay"]), "action_kind@4");
        let twice = ["from: look, to: review", "from: review, to: again", "from: again, to: pay"];
        let again = "again approval: {title: sure?, action: pay}";
        check(&graph("", &["look", REVIEW, again, PAY], &twice), "action_shared@5");
        check(
            &graph("", &["look", "review approval: {title: ok?, action: pya}", PAY], &["from: look, to: review", "from: review, to: pay"]),
            "unknown_step@4",
        );
    }

    #[test]
    fn an_approval_and_its_action_share_a_loop() {
        let edges = ["from: look, to: review", "from: review, to: pay", "from: pay, to: pay, on: error", "from: pay, to: end"];
        let pay = "pay http: {post: \"https://x.example\"}, visits: 3";
        check(&graph("", &["look", REVIEW, pay, "end"], &edges), "action_other_frame@4");
    }

    #[test]
    fn what_is_approved_is_known_when_it_is_asked() {
        let edges = ["from: look, to: review", "from: review, to: more", "from: more, to: pay"];
        let pay = |from: &str| format!("pay http: {{post: \"https://x.example\", json: {{id: \"{{{{ steps.{from}.output }}}}\"}}}}");
        check(&graph("", &["look", REVIEW, "more", &pay("look")], &edges), "");
        check(&graph("", &["look", REVIEW, "more", &pay("more")], &edges), "action_input_unknown@6");
        check(&graph("", &["look", REVIEW, "more", &pay("review")], &edges), "action_input_unknown@6");
    }

    #[test]
    fn enough_people_may_decide() {
        let review = |rest: &str| graph("", &[&format!("review approval: {{title: ok?, {rest}}}")], &[]).replace("edges:\n", "");
        check(&review("approvers: {any_of: [user:ana, user:bo], quorum: 2}"), "");
        check(&review("approvers: {any_of: [user:ana, user:bo], quorum: 3}"), "impossible_quorum@3");
        check(&review("approvers: {any_of: [user:ana, user:bo], quorum: 2, exclude: [user:bo]}"), "impossible_quorum@3");
        check(&review("approvers: {any_of: [user:ana, role:x], quorum: 9}"), "");
        check(&review("approvers: {any_of: [ana]}"), "bad_approver@3");
        check(&review("approvers: {exclude: [ana]}"), "bad_exclude@3");
        check(&review("approvers: {exclude: [\"decider:nobody\"]}"), "unknown_step@3");
        check(&review("decisions: [reject]"), "bad_decisions@3");
        check(&review("decisions: [approve, edit]"), "bad_decisions@3");
        check(&review("decisions: [approve, respond]"), "unhandled_port@3");
        check(&review("expires: {after: 1d, then: branch}"), "unhandled_port@3");
        check(&review("approvers: {quorum: 0}"), "bad_limit@3");
    }

    #[test]
    fn questions_have_ports() {
        let edges = ["from: review, to: a, on: expired", "from: review, to: a, on: responded"];
        check(&graph("start: review\n", &["review approval: {title: ok?}", "a"], &edges), "unknown_port@7 unknown_port@8");
        let open = "review approval: {title: ok?, decisions: [approve, reject, respond], expires: {after: 1d, then: branch}}";
        check(&graph("start: review\n", &[open, "a"], &edges), "");
    }
}

mod calls {
    use super::*;

    fn one(step: &str) -> String {
        format!("flow: test\nsteps:\n  a:\n    {step}\n")
    }

    #[test]
    fn an_http_call_has_one_method() {
        check(&one("http: {headers: {A: b}}"), "no_method@4");
        check(&one("http: {get: \"https://x.example\", post: \"https://x.example\"}"), "no_method@4");
        check(&one("http: {get: \"https://x.example\", json: {}}"), "contradiction@4");
        check(&one("http: {post: \"https://x.example\", json: {}, body: x}"), "contradiction@4");
        check(&one("http: {get: \"https://x.example\", query: {a: [1]}}"), "bad_value@4");
    }

    #[test]
    fn templates_compile_and_keep_secrets_in_their_places() {
        check(&one("http: {get: \"https://x.example/{{ input. }}\"}"), "bad_template@4");
        check(&one("http: {get: \"https://x.example/{{ secret.key }}\"}"), "secret_place@4");
        check(&one("http: {get: \"https://x.example\", headers: {A: \"Bearer {{ secret.key }}\"}}"), "");
        check(&one("llm: {model: openai/x, prompt: \"{{ steps.b.output }}\"}"), "unknown_step@4");
    }

    #[test]
    fn models_are_named() {
        check(&one("llm: {prompt: hi}"), "no_model@4");
        check(&one("llm: {model: gpt, prompt: hi}"), "bad_model@4");
        check(&format!("defaults: {{model: gpt}}\n{}", one("llm: {prompt: hi}")), "bad_model@1");
        check(&one("llm: {model: openai/x, prompt: hi, temperature: 3, max_tokens: 0}"), "bad_limit@4 bad_limit@4");
    }

    #[test]
    fn tools_are_one_thing_each() {
        let agent = |tools: &str| one(&format!("agent: {{model: openai/x, prompt: hi, tools: [{tools}]}}"));
        check(&agent("{builtin: now}, {mcp: files, allow: [read]}, {name: get, http: {get: \"https://x.example/{{ args.id }}\"}}"), "");
        check(&agent("{builtin: now, mcp: files}"), "no_tool_kind@4");
        check(&agent("{name: x}"), "no_tool_kind@4");
        check(&agent("{http: {get: \"https://x.example\"}}"), "missing_field@4");
        check(&agent("{builtin: now}, {name: now, builtin: echo}"), "duplicate_tool@4");
        check(&agent("{builtin: now, allow: [x]}"), "misplaced_key@4");
        check(&agent("{name: pay, http: {post: \"https://x.example\"}, retry: {attempts: 3}}"), "once_blind_retry@4");
    }

    #[test]
    fn model_outputs_have_only_declared_fields() {
        let text = |output: &str, read: &str| {
            format!(
                "flow: test\nsteps:\n  a: {{llm: {{model: openai/x, prompt: hi{output}}}}}\n  b: {{set: {{x: {read}}}}}\nedges: [{{from: a, to: b}}]\n"
            )
        };
        let schema = ", output: {type: object, properties: {refund: {type: boolean}}}";
        check(&text(schema, "steps.a.output.refund"), "");
        check(&text(schema, "steps.a.output.refunds"), "excluded_field@4");
        check(&text("", "steps.a.output.refund"), "excluded_field@4");
    }

    #[test]
    fn what_calls_out_can_be_rehearsed() {
        let text = one("llm: {model: openai/x, prompt: hi}");
        let (_, warnings) = load(&text).expect("compiles");
        assert_eq!(warnings.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["missing_sandbox"]);
    }
}

mod validators_and_entries {
    use super::*;

    fn judged(validators: &str) -> String {
        format!("flow: test\nsteps:\n  a: {{llm: {{model: openai/x, prompt: hi}}, validators: [{validators}]}}\n")
    }

    #[test]
    fn a_validator_is_one_kind_and_has_what_its_kind_needs() {
        let fine = "{cel: size(output) > 1}, {regex: '^a'}, {json_schema: {type: string}}, {judge: {model: openai/y, rubric: good}}, {http: {post: 'https://x.example'}}";
        check(&judged(fine), "");
        check(&judged("{name: x}"), "no_validator_kind@3");
        check(&judged("{cel: 'true', regex: a}"), "no_validator_kind@3");
        check(&judged("{cel: 'outptu > 1'}"), "unknown_name@3");
        check(&judged("{regex: '(?=a)b'}"), "bad_value@3");
        check(&judged("{json_schema: {type: strin}}"), "bad_schema@3");
        check(&judged("{judge: {rubric: good}}"), "no_model@3");
        check(&judged("{judge: {model: openai/y, rubric: good, threshold: 2}}"), "bad_limit@3");
        check(&judged("{http: {get: 'https://x.example'}}"), "bad_value@3");
        check(&judged("{cel: 'true', timeout: 1s}"), "misplaced_key@3");
        check(&judged("{name: a, cel: 'true'}, {name: a, cel: 'true'}"), "bad_name@3");
        check("flow: test\nsteps:\n  a: {builtin: noop, validators: [{cel: 'true'}]}\n", "misplaced_key@3");
    }

    #[test]
    fn a_gate_can_only_ask_again_where_one_model_step_makes_the_result() {
        let gated = |step: &str, validator: &str| format!("flow: test\nvalidators: [{validator}]\nsteps:\n  a: {{{step}}}\n");
        let llm = "llm: {model: openai/x, prompt: hi}";
        check(&gated(llm, "{cel: 'true'}"), "");
        check(&gated("builtin: noop", "{cel: 'true', on_fail: stop}"), "");
        check(&gated("builtin: noop", "{cel: 'true'}"), "gate_cannot_retry@2");
    }

    #[test]
    fn an_entry_begins_where_an_execution_can_begin() {
        let entry = |entry: &str| {
            let head = format!("start: a\nentries: {{other: {{{entry}}}}}\n");
            let steps = ["a", "b builtin: noop, visits: 3", "c", "d set: {x: steps.a.output}"];
            graph(&head, &steps, &["from: a, to: b", "from: b, to: c", "from: c, to: b, when: 'false'", "from: c, to: d, otherwise: true"])
        };
        check(&entry("start: a"), "");
        check(&entry("start: nowhere"), "unknown_step@3");
        check(&entry("start: c"), "entry_in_loop@3 unavailable@8");
        // The loop may be entered at its first step, but `a` never runs then.
        check(&entry("start: b"), "unavailable@8");
        check(&entry("validators: [{cel: 'true', on_fail: stop, code: mine}]"), "undeclared_failure_code@3");
        check(&entry("failure_codes: [unknown]"), "bad_name@3");
    }

    #[test]
    fn an_entry_does_not_lead_around_an_approval() {
        let steps = ["ask approval: {title: ok, action: pay}", "pay builtin: {name: noop}"];
        check(&graph("start: ask\nentries: {late: {start: pay}}\n", &steps, &["from: ask, to: pay"]), "action_without_approval@5");
    }
}

/// Codes that no flow of these files raises have a reason here.
#[test]
fn every_code_has_a_flow_that_raises_it() {
    const ELSEWHERE: &[&str] = &["syntax", "too_large", "duplicate_key", "missing_sandbox"];
    let own = [include_str!("tests.rs"), include_str!("tests/data.rs")].concat();
    let untested: Vec<_> =
        CODES.iter().map(|(code, _)| *code).filter(|code| !ELSEWHERE.contains(code) && !own.contains(&format!("{code}@"))).collect();
    assert!(untested.is_empty(), "no flow raises {untested:?}");
}
