//! The translation over whole bodies: what the clients document compiles, what means nothing is refused by name, and text stays text.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::parameters::{from_schema, input_schema};
use super::*;
use crate::flow::compile;
use crate::flow::names::{Fixed, StepView};
use crate::flow::schema::Schema;
use crate::flow::spec::StepSpec;
use crate::flow::template::Template;

mod values;

fn entry(parameters: &Value) -> Value {
    json!({"type": "ENTRY_POINT", "identifier": "entry", "parametersMetadata": parameters})
}

fn agent(id: &str, prompt: &str) -> Value {
    json!({"type": "AGENT", "identifier": id, "provider": {"providerId": "openai", "model": "m"}, "userPrompt": {"template": prompt}})
}

fn exit() -> Value {
    json!({"type": "EXIT_POINT", "identifier": "exit"})
}

fn edges(path: &str) -> Value {
    let edge = |pair: &str| {
        let (source, target) = pair.split_once('>').unwrap();
        json!({"source": source, "target": target})
    };
    path.split_whitespace().map(edge).collect()
}

/// entry → the step → exit, with the parameter `topic`.
fn one(step: &Value) -> Value {
    let id = step["identifier"].as_str().unwrap().to_owned();
    let parameters = json!([{"name": "topic", "type": "string", "required": true}]);
    json!({"flow": {"steps": [entry(&parameters), step, exit()], "edges": edges(&format!("entry>{id} {id}>exit"))}})
}

fn with(mut body: Value, pointer: &str, key: &str, value: Value) -> Value {
    body.pointer_mut(pointer).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
    body
}

fn good(body: &Value) -> Translated {
    let translated = translate("a", body).unwrap_or_else(|problems| panic!("{body}: {problems:#?}"));
    compile::plan(&translated.spec).unwrap();
    translated
}

/// Code and place of every problem.
fn found(body: &Value) -> Vec<(&'static str, String)> {
    translate("a", body).err().into_iter().flatten().map(|problem| (problem.code, problem.pointer)).collect()
}

fn step(translated: &Translated, id: &str) -> StepSpec {
    translated.spec.steps[id].clone()
}

/// Two agents in a row, one with the provider's search, as the guide for building agents shows it.
fn research() -> Value {
    json!({
        "comment": "first",
        "flow": {
            "steps": [
                entry(&json!([{"name": "topic", "type": "string", "required": true}, {"name": "tone", "type": "string", "defaultValue": "plain"}])),
                {"type": "AGENT", "identifier": "research", "name": "Research",
                 "provider": {"providerId": "anthropic", "model": "claude", "builtInTools": [{"toolKey": {"integrationId": "", "id": "web_search"}}]},
                 "systemPrompt": {"template": "Find out."}, "userPrompt": {"template": "About {{param.topic}}"}},
                {"type": "AGENT", "identifier": "summary", "provider": {"providerId": "google", "model": "flash"},
                 "systemPrompt": {"template": "In a {{ param.tone }} tone."}, "userPrompt": {"template": "Notes:\n{{step.research}}"}},
                exit(),
            ],
            "edges": edges("entry>research research>summary summary>exit"),
        },
    })
}

#[test]
fn two_agents_in_a_row() {
    let translated = good(&research());
    let spec = &translated.spec;
    assert_eq!((spec.start.as_deref(), spec.output.as_deref()), (Some("research"), Some("steps.summary.output")));
    assert_eq!(spec.edges.len(), 1);
    let research = step(&translated, "research");
    assert_eq!(research.title.as_deref(), Some("Research"));
    let research = research.agent.unwrap();
    assert_eq!(research.model.as_deref(), Some("anthropic/claude"));
    assert_eq!((research.system.as_deref(), research.prompt.as_str()), (Some("Find out."), "About {{ input.topic }}"));
    assert_eq!(
        (research.tools[0].mcp.as_deref(), research.tools[0].allow.as_deref()),
        (Some("web_search"), Some(&["web_search".to_owned()][..]))
    );
    let summary = step(&translated, "summary").llm.unwrap();
    assert_eq!(summary.model.as_deref(), Some("gemini/flash"));
    assert_eq!(
        (summary.system.as_deref(), summary.prompt.as_str()),
        (Some("In a {{ input.tone }} tone."), "Notes:\n{{ steps.research.output }}")
    );
    let names: Vec<&str> = translated.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(names, ["topic", "tone"]);
}

/// The later shape: one agent, an integration's tool through a slot, inputs at the top.
fn digest() -> Value {
    let slot = "11111111-1111-1111-1111-111111111111";
    json!({
        "comment": "first",
        "parametersMetadata": [
            {"name": "repo", "type": "STRING", "required": true, "description": "owner/name"},
            {"name": "depth", "type": "OPTION", "defaultValue": "short", "options": [{"value": "short", "label": "Short"}, {"value": "long"}]}],
        "integrationSlots": [{"id": slot, "integrationId": "github", "displayName": "GitHub", "tenantConfigId": "22222222-1111-1111-1111-111111111111"}],
        "integrationBindings": {"github": slot},
        "assets": [], "subAgents": null,
        "definition": {
            "description": "Digests commits.",
            "provider": {"providerId": "openai", "model": "m", "tenantConfigId": "33333333-1111-1111-1111-111111111111",
                "builtInTools": [{"toolKey": {"integrationId": "", "id": "approval_request"}}, {"toolKey": {"integrationId": "", "id": "now"}}]},
            "tools": [
                {"toolKey": {"integrationId": "github", "id": "list_commits"}, "integrationConfigId": slot},
                {"toolKey": {"integrationId": "github", "id": "merge"}, "humanApproval": {"slotName": "ops_lead"}}],
            "systemPrompt": {"template": "Be brief."}, "userPrompt": {"template": "Digest {{param.repo}} ({{depth}})."},
            "maxToolLoops": 20, "memoryConfig": {"enabled": false, "notes": 3}, "sessionConfig": {"enabled": true},
            "outputContract": {"format": "JSON"}},
        "slots": [{"name": "ops_lead", "displayName": "Ops", "description": "when it merges", "requiredKind": "ANY"}],
    })
}

#[test]
fn one_agent_with_tools() {
    let translated = good(&digest());
    let agent = step(&translated, "agent").agent.unwrap();
    assert_eq!(agent.prompt, "Digest {{ input.repo }} ({{ input.depth }}).");
    assert_eq!((agent.max_iterations, agent.output), (Some(20), Some(json!({"type": "object"}))));
    let names: Vec<Option<&str>> = agent.tools.iter().map(|tool| tool.name.as_deref().or(tool.builtin.as_deref())).collect();
    assert_eq!(names, [Some("github_list_commits"), Some("github_merge"), Some("approval_request"), Some("now")]);
    assert_eq!(agent.tools[0].approval, None);
    assert_eq!(agent.tools[1].approval.as_ref().unwrap().approvers.as_ref().unwrap().any_of, ["role:ops_lead"]);
    assert_eq!(agent.tools[2].approval.as_ref().unwrap().title.as_deref(), Some("{{ args.message }}"));
    let metadata = serde_json::to_value(&translated.parameters).unwrap();
    assert_eq!((&metadata[0]["type"], &metadata[1]["type"]), (&json!("STRING"), &json!("OPTION")));
    assert_eq!(metadata[1]["options"], json!([{"value": "short", "label": "Short"}, {"value": "long", "label": null}]));
    assert_eq!(metadata[1]["defaultValue"], "short");
}

#[test]
fn a_tool_step_is_a_call_without_a_model() {
    let tool = json!({"type": "TOOL", "identifier": "post", "toolKey": {"integrationId": "slack", "id": "send_message"},
        "parameters": {"channel": "#{{param.topic}}", "blocks": [{"text": "{% raw %}"}], "count": 3}});
    let call = step(&good(&one(&tool)), "post").mcp.unwrap();
    assert_eq!((call.server.as_str(), call.tool.as_str()), ("slack", "send_message"));
    let args = call.args.unwrap();
    assert_eq!((&args["channel"], &args["count"]), (&json!("#{{ input.topic }}"), &json!(3)));
    assert_eq!(rendered(args["blocks"][0]["text"].as_str().unwrap()), "{% raw %}");
    let own = with(one(&tool), "/flow/steps/1", "toolKey", json!({"integrationId": "", "id": "echo"}));
    assert!(step(&good(&own), "post").builtin.is_some());
}

#[test]
fn an_entry_that_leads_to_several_steps_starts_them_all() {
    let steps = json!([
        entry(&json!([])),
        agent("a", "x"),
        agent("b", "y"),
        agent("c-d", "{{step.a}} {{step.b}}"),
        agent("e", "{{step.c-d}}"),
        exit()
    ]);
    let body = json!({"flow": {"steps": steps, "edges": edges("entry>a entry>b a>c-d b>c-d c-d>e c-d>exit")}});
    let translated = good(&body);
    assert_eq!(translated.spec.start.as_deref(), Some("entry"));
    assert_eq!(step(&translated, "e").llm.unwrap().prompt, "{{ steps[\"c-d\"].output }}");
    assert_eq!(translated.spec.output.as_deref(), Some("steps[\"c-d\"].output"));
}

#[test]
fn names_that_are_words_of_our_languages_are_names() {
    let words = [
        "in", "not", "if", "for", "true", "none", "loop", "and", "is", "null", "input", "steps", "as", "let", "_x", "package", "void",
        "items", "self",
    ];
    for word in words {
        let mut body = one(&agent(word, &format!("{{{{param.{word}}}}}")));
        body["flow"]["steps"][0]["parametersMetadata"] = json!([{"name": word, "type": "string"}]);
        let translated = good(&body);
        let names = Fixed { roots: vec![("input".to_owned(), Arc::new(json!({word: "value"})))], ..Fixed::default() };
        let prompt = step(&translated, word).llm.unwrap().prompt;
        assert_eq!(Template::new(&prompt).unwrap().render(&names).unwrap(), "value", "{word}");
    }
}

#[test]
fn the_bodys_parameters_count_where_the_entry_has_none() {
    let body = with(one(&agent("a", "{{param.x}}")), "", "parametersMetadata", json!([{"name": "x"}]));
    assert_eq!(found(&body), [("bad_placeholder", "/flow/steps/1/userPrompt/template".to_owned())]);
    for none in [Value::Null, json!([])] {
        good(&with(body.clone(), "/flow/steps/0", "parametersMetadata", none));
    }
}

#[test]
fn what_servers_stamp_and_what_is_empty_is_ignored() {
    let mut body = research();
    for key in STAMPED {
        body[key] = json!("2026-01-01");
    }
    for key in ["subAgents", "connectors", "llmConfigs", "jobPolicyConfigs", "assets", "slots", "integrationConfigs", "anything"] {
        body[key] = json!([]);
    }
    body["flow"]["ui"] = json!({"zoom": 0, "open": false, "nodes": [{}, null, ""]});
    body["definition"] = Value::Null;
    good(&body);
}

/// A sound body with one field changed.
fn change(pointer: &str, key: &str, value: Value) -> Value {
    with(one(&agent("a", "{{param.topic}}")), pointer, key, value)
}

/// The whole list of problems of each body: code and place.
fn expect(cases: Vec<(Value, Vec<(&str, &str)>)>) {
    for (body, expected) in cases {
        let expected: Vec<(&str, String)> = expected.into_iter().map(|(code, pointer)| (code, pointer.to_owned())).collect();
        assert_eq!(found(&body), expected, "{body}");
    }
}

#[test]
fn fields_of_a_body_that_mean_nothing_here_are_refused_by_name() {
    let slot = json!([{"id": "s", "integrationId": "github"}]);
    expect(vec![
        (json!([]), vec![("bad_value", "")]),
        (json!({}), vec![("missing_field", "/flow")]),
        (change("", "definition", json!({"provider": {}})), vec![("contradiction", "/definition")]),
        (change("", "subAgents", json!([{"id": "x"}])), vec![("unsupported", "/subAgents")]),
        (change("", "connectors", json!({"slack": true})), vec![("unsupported", "/connectors")]),
        (change("", "llmConfigs", json!([{"id": "x"}])), vec![("unsupported", "/llmConfigs")]),
        (change("", "jobPolicyConfigs", json!({"a": 1})), vec![("unsupported", "/jobPolicyConfigs")]),
        (change("", "assets", json!([{"id": "x"}])), vec![("unsupported", "/assets")]),
        (change("", "parameters", json!([{"name": "x"}])), vec![("unsupported", "/parameters")]),
        (change("", "slots", json!([{"name": "ana"}])), vec![("unsupported", "/slots/0")]),
        (change("", "integrationBindings", json!({"github": "s"})), vec![("bad_value", "/integrationBindings/github")]),
        (
            change("", "integrationConfigs", json!([{"id": "s", "integrationId": "github", "auth": {"key": "x"}}])),
            vec![("unsupported", "/integrationConfigs/0/auth")],
        ),
        (
            change("", "integrationSlots", json!([slot[0], {"id": "t", "integrationId": "github"}])),
            vec![("unsupported", "/integrationSlots/1/integrationId")],
        ),
        (change("/flow", "policy", json!("x")), vec![("unsupported", "/flow/policy")]),
    ]);
}

#[test]
fn fields_of_a_step_that_mean_nothing_here_are_refused_by_name() {
    expect(vec![
        (change("/flow/steps/0", "parameters", json!(["x"])), vec![("unsupported", "/flow/steps/0/parameters")]),
        (change("/flow/steps/1", "memoryConfig", json!({"enabled": true})), vec![("unsupported", "/flow/steps/1/memoryConfig")]),
        (change("/flow/steps/1", "allowedSecretIds", json!(["x"])), vec![("unsupported", "/flow/steps/1/allowedSecretIds")]),
        (
            change("/flow/steps/1", "sessionConfig", json!({"enabled": true, "turns": 4})),
            vec![("unsupported", "/flow/steps/1/sessionConfig/turns")],
        ),
        (change("/flow/steps/1", "outputContract", json!({"format": "XML"})), vec![("unsupported", "/flow/steps/1/outputContract/format")]),
        (change("/flow/steps/1", "maxToolLoops", json!("many")), vec![("bad_value", "/flow/steps/1/maxToolLoops")]),
        (change("/flow/steps/1", "type", json!("CLAUDE_BOX")), vec![("no_steps", "/flow/steps"), ("unsupported", "/flow/steps/1/type")]),
        (change("/flow/steps/1", "type", json!(7)), vec![("bad_value", "/flow/steps/1/type")]),
        (
            change("/flow/steps/1", "identifier", json!("exit")),
            vec![
                ("duplicate_id", "/flow/steps/2/identifier"),
                ("unknown_step", "/flow/edges/0/target"),
                ("unknown_step", "/flow/edges/1/source"),
            ],
        ),
        (change("/flow/steps/1", "provider", Value::Null), vec![("missing_field", "/flow/steps/1/provider")]),
        (change("/flow/steps/1/provider", "model", json!("")), vec![("missing_field", "/flow/steps/1/provider/model")]),
        (change("/flow/steps/1/provider", "model", json!("a b")), vec![("bad_model", "/flow/steps/1/provider")]),
        (change("/flow/steps/1/provider", "temperature", json!(0.5)), vec![("unsupported", "/flow/steps/1/provider/temperature")]),
        (
            change("/flow/steps/1", "userPrompt", json!({"template": " ", "placeholders": ["x"]})),
            vec![("missing_field", "/flow/steps/1/userPrompt/template"), ("unsupported", "/flow/steps/1/userPrompt/placeholders")],
        ),
        (change("/flow/steps/1", "userPrompt", Value::Null), vec![("missing_field", "/flow/steps/1/userPrompt")]),
        (change("/flow/steps/1", "userPrompt", json!("x")), vec![("bad_value", "/flow/steps/1/userPrompt")]),
    ]);
}

#[test]
fn tools_that_cannot_be_called_are_refused_by_name() {
    let tool = |tool: Value| change("/flow/steps/1", "tools", json!([tool]));
    let github = json!({"toolKey": {"integrationId": "github", "id": "merge"}});
    expect(vec![
        (tool(json!({"toolKey": {"integrationId": "", "id": "web_search"}})), vec![("misplaced_key", "/flow/steps/1/tools/0")]),
        (
            tool(json!({"toolKey": {"integrationId": "sub_agent", "id": "x"}})),
            vec![("unsupported", "/flow/steps/1/tools/0/toolKey/integrationId")],
        ),
        (tool(json!({"toolKey": {"integrationId": "github"}})), vec![("missing_field", "/flow/steps/1/tools/0/toolKey/id")]),
        (tool(json!({})), vec![("missing_field", "/flow/steps/1/tools/0/toolKey")]),
        (
            tool(with(github.clone(), "", "integrationConfigId", json!("s"))),
            vec![("bad_value", "/flow/steps/1/tools/0/integrationConfigId")],
        ),
        (
            tool(with(github.clone(), "", "humanApproval", json!({"policy": "x"}))),
            vec![("unsupported", "/flow/steps/1/tools/0/humanApproval/policy")],
        ),
        (change("/flow/steps/1", "tools", json!([github, github])), vec![("duplicate_tool", "/flow/steps/1/tools/1")]),
    ]);
}

#[test]
fn parameters_that_cannot_be_read_are_refused() {
    expect(vec![
        (
            change("/flow/steps/0", "parametersMetadata", json!([{"name": "topic"}, {"name": "topic"}])),
            vec![("bad_parameter", "/flow/steps/0/parametersMetadata/1/name")],
        ),
        (
            change("/flow/steps/0", "parametersMetadata", json!([{"name": "topic", "type": "ASSET"}])),
            vec![("bad_parameter", "/flow/steps/0/parametersMetadata/0/type"), ("bad_placeholder", "/flow/steps/1/userPrompt/template")],
        ),
        (
            change("/flow/steps/0", "parametersMetadata", json!([{"name": "topic", "type": "integer", "defaultValue": "x"}])),
            vec![("bad_parameter", "/flow/steps/0/parametersMetadata/0/defaultValue")],
        ),
        (
            change("/flow/steps/0", "parametersMetadata", json!([{"name": "topic", "required": "yes", "secret": true}])),
            vec![
                ("bad_value", "/flow/steps/0/parametersMetadata/0/required"),
                ("unsupported", "/flow/steps/0/parametersMetadata/0/secret"),
            ],
        ),
    ]);
}

#[test]
fn edges_must_lead_from_the_entry_to_the_exit() {
    let flow = |steps: Value, path: &str| json!({"flow": {"steps": steps, "edges": edges(path)}});
    let both = || json!([entry(&json!([])), agent("a", "x"), agent("b", "x"), exit()]);
    let cases = [
        (flow(json!([agent("a", "x")]), ""), vec![("bad_boundary", "/flow/steps"), ("bad_boundary", "/flow/steps")]),
        (flow(json!([entry(&json!([])), exit()]), "entry>exit"), vec![("no_steps", "/flow/steps"), ("bad_boundary", "/flow/edges/0")]),
        (
            flow(json!([entry(&json!([])), entry(&json!([])), agent("a", "x"), exit(), exit()]), "entry>a a>exit"),
            vec![
                ("duplicate_id", "/flow/steps/1/identifier"),
                ("bad_boundary", "/flow/steps/1"),
                ("duplicate_id", "/flow/steps/4/identifier"),
                ("bad_boundary", "/flow/steps/4"),
            ],
        ),
        (flow(both(), ""), vec![("bad_boundary", "/flow/steps/0"), ("bad_boundary", "/flow/steps/3")]),
        (flow(both(), "entry>a entry>b a>exit b>exit"), vec![("bad_boundary", "/flow/edges/3")]),
        (flow(both(), "entry>a a>b b>exit a>b"), vec![("duplicate_edge", "/flow/edges/3")]),
        (flow(both(), "entry>a a>b b>exit b>entry"), vec![("bad_boundary", "/flow/edges/3/target")]),
        (flow(both(), "entry>a a>b b>exit exit>b"), vec![("bad_boundary", "/flow/edges/3/source")]),
        (flow(both(), "entry>a a>c a>b b>exit"), vec![("unknown_step", "/flow/edges/1/target")]),
        (flow(both(), "entry>a a>exit"), vec![("unreachable", "/flow/steps/2")]),
        (flow(both(), "entry>a a>b b>a b>exit"), vec![("loop_without_bound", "/flow/steps/1")]),
        (
            with(flow(both(), "entry>a a>b b>exit"), "/flow/edges/1", "condition", json!("x")),
            vec![("unsupported", "/flow/edges/1/condition")],
        ),
        (
            flow(json!([entry(&json!([])), agent("a", "{{step.b}}"), agent("b", "x"), exit()]), "entry>a a>b b>exit"),
            vec![("never_available", "/flow/steps/1/userPrompt/template")],
        ),
        (flow(json!([entry(&json!([])), agent("1a", "x"), exit()]), "entry>1a 1a>exit"), vec![("bad_name", "/flow/steps/1")]),
    ];
    for (body, expected) in cases {
        let found: Vec<(&str, String)> = found(&body).into_iter().filter(|(code, _)| *code != "no_way_out").collect();
        // The two missing ends of the first case stand at one place.
        let expected: Vec<(&str, String)> = expected.into_iter().map(|(code, pointer)| (code, pointer.to_owned())).collect();
        let mut sorted = (found, expected);
        sorted.0.sort();
        sorted.1.sort();
        assert_eq!(sorted.0, sorted.1, "{body}");
    }
}

#[test]
fn every_problem_is_reported_at_once_in_the_order_of_the_body() {
    let mut body = research();
    body["flow"]["steps"][1]["userPrompt"]["template"] = json!("{{param.nope}} {{step.gone}} {{slack.list()}}");
    body["flow"]["steps"][2]["provider"] = json!({"providerId": "openai"});
    body["flow"]["edges"][0]["target"] = json!("reserch");
    body["assets"] = json!([{"id": "x"}]);
    let problems = translate("a", &body).unwrap_err();
    let at: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    let prompt = "/flow/steps/1/userPrompt/template";
    assert_eq!(at[..5], [prompt, prompt, prompt, "/flow/steps/2/provider/model", "/flow/edges/0/target"]);
    assert_eq!(at.last(), Some(&"/assets"));
    assert!(problems.iter().any(|problem| problem.hint.contains("did you mean `research`")), "{problems:#?}");
}

#[test]
fn every_code_is_one_that_is_listed() {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/vendor-flows.md")).unwrap();
    for (code, meaning) in CODES {
        assert!(document.contains(&format!("| `{code}` | {meaning} |")), "docs/vendor-flows.md lacks `{code}`");
        assert_eq!(crate::flow::problem::explain_code(code), None, "{code}");
    }
}

/// A template without names, rendered.
fn rendered(template: &str) -> String {
    let names = Fixed {
        roots: vec![("input".to_owned(), Arc::new(json!({"topic": "T", "a b": "AB"})))],
        steps: vec![("s".to_owned(), StepView { output: Some(Arc::new(json!("S"))), ..StepView::default() })],
        ..Fixed::default()
    };
    Template::new(template).unwrap_or_else(|error| panic!("{template}: {error}")).render(&names).unwrap()
}

/// A prompt translated and rendered; the parameters are `topic` and `a b`, the step is `s`.
fn shown(text: &str) -> Result<String, Vec<Problem>> {
    let parameters = ["topic", "a b"].map(|name| from_schema(&json!({"properties": {name: {"type": "string"}}})).remove(0));
    let known = placeholders::Known { parameters: &parameters, steps: &["s"] };
    let mut problems = Problems::default();
    let template = placeholders::template(text, known, "", &mut problems);
    if problems.is_empty() { Ok(rendered(&template)) } else { Err(problems.sorted(&Value::Null)) }
}

#[test]
fn placeholders_are_found_among_text_that_looks_like_templates() {
    for (text, expected) in [
        ("{{param.topic}}|{{ param.topic }}|{{\n\tparam.topic\n}}", "T|T|T"),
        ("{{step.s}} {{ s }} {{topic}} {{param.a b}}", "S S T AB"),
        ("{{{param.topic}}}", "{T}"),
        ("{{{{param.topic}}}}", "{{T}}"),
        ("{{ {{param.topic}}", "{{ T"),
        ("{x} {% if %} {# note #} {%- raw -%}", "{x} {% if %} {# note #} {%- raw -%}"),
        ("{{}} {{ }} {{ \"a\": {\"b\": 1} }}", "{{}} {{ }} {{ \"a\": {\"b\": 1} }}"),
        ("{{ your name here }} {{-x-}} {{ 1 + 1 }}", "{{ your name here }} {{-x-}} {{ 1 + 1 }}"),
        ("open {{ and {", "open {{ and {"),
        ("%} }} #} \\ \" ' \r\n", "%} }} #} \\ \" ' \r\n"),
    ] {
        assert_eq!(shown(text), Ok(expected.to_owned()), "{text}");
    }
}

#[test]
fn a_placeholder_that_nothing_answers_is_refused() {
    for text in [
        "{{param.nope}}",
        "{{step.nope}}",
        "{{nope}}",
        "{{parameters.topic}}",
        "{{param.topic.x}}",
        "{{secret.KEY}}",
        "{{web_search('news')}}",
        "{{slack.list_channels()}}",
        "{{param.topic | upper()}}",
        "{{a() | b()}}",
        "{{step.}}",
    ] {
        let problems = shown(text).expect_err(text);
        assert_eq!((problems[0].code, problems.len()), ("bad_placeholder", 1), "{text}");
        assert!(problems[0].message.contains(text), "{text}: {}", problems[0].message);
    }
    for long in ["param.", "step.", "", "secret.", "call('"].map(|start| format!("{{{{{start}{}')}}}}", "é".repeat(90_000))) {
        let message = shown(&long).err().map_or_else(String::new, |problems| problems[0].message.clone());
        assert!(message.len() < 400, "{}", message.len());
    }
    assert!(shown(&format!("{{{{{}}}}}", "x".repeat(90_000))).unwrap_err()[0].message.len() < 400);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn text_without_placeholders_renders_to_itself(text in "([{}%#\"'\\\\ \n\r-]|raw|endraw|\\PC){0,40}") {
        // A name between double braces is a placeholder; everything else is text.
        if let Ok(shown) = shown(&text) {
            let placeholder = ["{{topic}}", "{{s}}"].iter().any(|name| text.replace(' ', "").contains(name));
            prop_assert!(placeholder || shown == text, "{text:?} became {shown:?}");
        } else {
            prop_assert!(text.contains("{{") && text.contains("}}"), "{text:?} was refused");
        }
    }

    #[test]
    fn text_around_placeholders_renders_to_itself(before in "[{a%#} \n]{0,6}", after in "[{a%#} \n]{0,6}") {
        let text = format!("{before}{{{{param.topic}}}}{after}");
        if let Ok(shown) = shown(&text) {
            prop_assert_eq!(shown, format!("{before}T{after}"));
        }
    }
}
