//! Lists of executions: every filter, a page at a time, against what the records themselves say; many cancelled by a filter; labels; and
//! which revision an environment runs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::desk::{Desk, TENANT, expect};
use super::harness::{Answer, Client};
use super::model::{Model, Speech, said};

/// Calls the tool that its input names, rightly or wrongly.
const WORK: &str = r#"
flow: work
input: {type: object, required: [what], properties: {what: {type: string}}}
steps:
  say:
    agent:
      model: openai/gpt-5-mini
      prompt: "{{ input.what }}"
      tools:
        - {builtin: echo}
        - {name: picky, description: x, args: {type: object}, http: {get: "http://127.0.0.1:1/closed"}, effect: once}
output: steps.say.output
"#;

fn model() -> Model {
    Model::start(|_, body| {
        let heard = said(body);
        let prompt = &heard[0].1;
        match prompt.as_str() {
            "echo" | "both" if heard.len() == 1 => Speech::calling("echo", json!({})),
            "picky" if heard.len() == 1 => Speech::calling("picky", json!({})),
            "both" if heard.len() == 3 => Speech::calling("picky", json!({})),
            _ => Speech::new(&["done"], 0),
        }
    })
}

/// A server with records of every sort.
struct Archive {
    desk: Desk,
    ann: Client,
    _model: Model,
}

impl Archive {
    fn open() -> Self {
        let model = model();
        let desk = Desk::bare(&model.variables());
        let root = desk.server.root();
        desk.agent("work", WORK);
        expect(200, &root.json("POST", &format!("{TENANT}/agents/work/revisions"), &json!({"flow": format!("{WORK}# again\n")})));
        desk.agent("parent", "flow: parent\nsteps:\n  below: {flow: {agent: work, input: {what: \"'plain'\"}}}\n");
        desk.agent("waits", "flow: waits\nsteps:\n  nap: {event: {name: go, timeout: 1d}}\n");
        desk.agent("asks", "flow: asks\nsteps:\n  which: {ask: {title: Which?}}\n");
        desk.agent("fails", "flow: fails\nsteps:\n  no: {fail: {code: no_data, message: none}}\n");
        desk.agent("poor", "flow: poor\nsteps:\n  a: {set: {x: 1}}\n");
        expect(200, &root.json("PUT", &format!("{TENANT}/agents/poor/budget"), &json!({"amount": 0, "enforceLimit": true})));
        expect(201, &root.json("POST", &format!("{TENANT}/environments"), &json!({"displayName": "Staging"})));
        let ann = desk.person("ann", &[], &["executions:run", "executions:read", "executions:cancel"]);
        let archive = Self { desk, ann, _model: model };
        archive.fill(&root);
        archive
    }

    fn fill(&self, root: &Client) {
        let what = |what: &str| json!({"parameters": {"what": what}});
        let session = |what: &str| json!({"parameters": {"what": what}, "sessionId": "s-1"});
        expect(200, &run(&self.ann, "work:execute", "team=a", &session("plain")));
        expect(200, &run(root, "work:execute", "team=a, run=1", &what("echo")));
        expect(200, &run(root, "work:execute", "team=b", &session("picky")));
        expect(200, &run(&self.ann, "work/revisions/2:execute", "team=a, run=2", &what("both")));
        expect(200, &run(root, "work:execute", "run=1", &json!({"parameters": {"what": "plain"}, "environmentSlug": "staging"})));
        expect(200, &run(root, "parent:execute", "team=b", &json!({})));
        expect(200, &run(root, "work:test", "team=a", &json!({"flow": WORK, "parameters": {"what": "plain"}})));
        expect(200, &run(&self.ann, "work:test", "", &json!({"flow": WORK, "parameters": {"what": "echo"}})));
        expect(200, &run(root, "asks:execute", "", &json!({})));
        expect(200, &run(root, "fails:execute", "", &json!({})));
        assert_eq!(run(root, "poor:execute", "", &json!({})).status, 429);
        for _ in 0..3 {
            let waits = self.desk.begin(root, "waits", &json!({}));
            self.desk.becomes("waits", &waits, "WAITING_FOR_ASYNC");
        }
        let cancelled = self.desk.begin(root, "waits", &json!({}));
        self.desk.becomes("waits", &cancelled, "WAITING_FOR_ASYNC");
        let path = format!("{TENANT}/agents/waits/executionRecords/{cancelled}:cancelRun");
        assert!(matches!(root.json("POST", &path, &json!({})).status, 202 | 204));
        self.desk.becomes("waits", &cancelled, "CANCELLED");
    }

    /// Every page of a list, by twos.
    fn pages(&self, path: &str, query: &str) -> Vec<Value> {
        let (mut found, mut token, mut count) = (Vec::new(), String::new(), 0);
        loop {
            let page = expect(200, &self.desk.server.root().get(&format!("{TENANT}{path}?pageSize=2&{query}&pageToken={token}")));
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2, "{page}");
            found.extend(items.iter().cloned());
            count += 1;
            assert!(count < 50, "{query} never ends");
            match page["nextPageToken"].as_str() {
                Some(next) => next.clone_into(&mut token),
                None => return found,
            }
        }
    }
}

fn run(client: &Client, what: &str, labels: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("x-flowgate-labels", labels)];
    let headers = if labels.is_empty() { &headers[..1] } else { &headers[..] };
    client.request("POST", &format!("{TENANT}/agents/{what}"), headers, body.to_string().as_bytes()).unwrap()
}

fn ids(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["id"].as_str().unwrap()).collect()
}

fn duration(record: &Value) -> Option<u64> {
    Some(record["endTime"].as_u64()? - record["startTime"].as_u64()?)
}

fn has_tool(record: &Value, names: &[&str]) -> bool {
    record["tools"].as_array().unwrap().iter().any(|tool| names.contains(&tool.as_str().unwrap()))
}

type Fits<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

/// A filter, and what it means.
fn filters<'a>(all: &'a [Value]) -> Vec<(String, Fits<'a>)> {
    let is = |field: &'static str, values: &'static [&'static str]| -> Fits<'a> {
        Box::new(move |record| record[field].as_str().is_some_and(|value| values.contains(&value)))
    };
    let label = |name: &'static str, value: &'static str| -> Fits<'a> { Box::new(move |record| record["labels"][name] == value) };
    let middle = all[all.len() / 2]["startTime"].as_u64().unwrap();
    let mut lasted: Vec<u64> = all.iter().filter_map(duration).collect();
    lasted.sort_unstable();
    let median = lasted[lasted.len() / 2];
    let parent = all.iter().find(|record| record["runType"] == "SUB_TASK").unwrap()["rootExecutionId"].clone();
    vec![
        ("status=COMPLETED".to_owned(), is("status", &["COMPLETED"])),
        ("status=FAILED".to_owned(), is("status", &["FAILED"])),
        ("status=CANCELLED&status=REJECTED".to_owned(), is("status", &["CANCELLED", "REJECTED"])),
        ("status=WAITING_FOR_HUMAN".to_owned(), is("status", &["WAITING_FOR_HUMAN"])),
        ("status=WAITING_FOR_ASYNC".to_owned(), is("status", &["WAITING_FOR_ASYNC"])),
        (format!("startTime={middle}"), Box::new(move |record| record["startTime"].as_u64() >= Some(middle))),
        (format!("endTime={middle}"), Box::new(move |record| record["startTime"].as_u64() < Some(middle))),
        ("agentRevision=2".to_owned(), Box::new(|record| record["agentRevision"] == 2)),
        ("agentRevision=1&agentRevision=2".to_owned(), Box::new(|record| record["agentRevision"].as_i64() > Some(0))),
        ("origin=PRODUCTION".to_owned(), is("origin", &["PRODUCTION"])),
        ("sessionId=s-1".to_owned(), is("sessionId", &["s-1"])),
        ("participantId=ann".to_owned(), is("startedBy", &["ann"])),
        ("participantId=ann&participantId=root".to_owned(), is("startedBy", &["ann", "root"])),
        ("tools=echo".to_owned(), Box::new(|record| has_tool(record, &["echo"]))),
        ("tools=echo&tools=picky".to_owned(), Box::new(|record| has_tool(record, &["echo", "picky"]))),
        ("withToolErrors=true".to_owned(), Box::new(|record| record["hasToolErrors"] == true)),
        ("hasToolCalls=true".to_owned(), Box::new(|record| record["tools"] != json!([]))),
        ("hasToolCalls=false".to_owned(), Box::new(|record| record["tools"] == json!([]))),
        ("triggerType=API".to_owned(), Box::new(|record| record["trigger"]["type"] == "API")),
        ("runType=ROOT".to_owned(), is("runType", &["ROOT"])),
        ("runType=SUB_TASK".to_owned(), is("runType", &["SUB_TASK"])),
        ("runType=ROOT&runType=SUB_TASK".to_owned(), is("runType", &["ROOT", "SUB_TASK"])),
        ("environment=staging".to_owned(), is("environmentSlug", &["staging"])),
        ("environment=production".to_owned(), is("environmentSlug", &["production"])),
        (format!("minDurationMs={median}"), Box::new(move |record| duration(record) >= Some(median))),
        (format!("maxDurationMs={median}"), Box::new(move |record| duration(record).is_some_and(|ms| ms <= median))),
        ("label=team%3Da".to_owned(), label("team", "a")),
        ("label=team%3Da&label=run%3D1".to_owned(), Box::new(|record| record["labels"]["team"] == "a" && record["labels"]["run"] == "1")),
        (
            format!("rootExecutionId={}", parent.as_str().unwrap()),
            Box::new(move |record| record["rootExecutionId"] == parent && record["runType"] == "SUB_TASK"),
        ),
        (
            "status=COMPLETED&tools=echo&participantId=ann&label=team%3Da".to_owned(),
            Box::new(|record| {
                record["status"] == "COMPLETED"
                    && has_tool(record, &["echo"])
                    && record["startedBy"] == "ann"
                    && record["labels"]["team"] == "a"
            }),
        ),
    ]
}

#[test]
fn every_filter_holds_what_it_says_a_page_at_a_time() {
    let archive = Archive::open();
    let all = archive.pages("/executionRecords", "");
    let tests = archive.pages("/executionRecords", "origin=TEST");
    assert_eq!((all.len(), tests.len()), (14, 2), "{all:#?}");
    assert!(all.is_sorted_by(|one, next| one["id"].as_str() >= next["id"].as_str()), "newest first");
    assert_eq!(ids(&all).into_iter().collect::<BTreeSet<_>>().len(), all.len(), "none twice");
    assert!(tests.iter().all(|record| record["origin"] == "TEST" && record["agentRevision"] == -1), "{tests:#?}");
    for (query, fits) in filters(&all) {
        let expected: Vec<&str> = all.iter().filter(|record| fits(record)).map(|record| record["id"].as_str().unwrap()).collect();
        assert!(!expected.is_empty(), "{query} has nothing to find");
        assert_eq!(ids(&archive.pages("/executionRecords", &query)), expected, "{query}");
        // Of one agent: those that are its.
        let of_agent: Vec<&str> =
            all.iter().filter(|record| record["agentId"] == "work" && fits(record)).map(|record| record["id"].as_str().unwrap()).collect();
        assert_eq!(ids(&archive.pages("/agents/work/executionRecords", &query)), of_agent, "{query} of one agent");
    }
    for nothing in
        ["runType=CONSULT", "sessionId=x", "label=team%3Dc", "triggerType=SCHEDULE", "triggerId=t", "tools=none", "environment=none"]
    {
        assert_eq!(archive.pages("/executionRecords", nothing), Vec::<Value>::new(), "{nothing}");
    }
    assert_eq!(archive.pages("/executionRecords", "origin=TEST&label=team%3Da&agentRevision=-1").len(), 1);
    let root = archive.desk.server.root();
    let wrong = ["status=DONE", "agentRevision=x", "label=team", "pageToken=!", "rootExecutionId=x", "colour=red", "origin=x", "runType=x"];
    for wrong in wrong {
        let refused = root.get(&format!("{TENANT}/executionRecords?{wrong}"));
        assert!(matches!(refused.status, 400 | 422), "{wrong}: {} {}", refused.status, refused.text());
    }
    // To the later clients waiting for a person is waiting, too.
    let bearer = format!("bearer {}", super::harness::ROOT_KEY).replacen('b', "B", 1);
    let later = Client { key: None, ..root };
    let path = format!("{TENANT}/executionRecords?status=WAITING_FOR_ASYNC&pageSize=50");
    let page = expect(200, &later.request("GET", &path, &[("authorization", &bearer)], b"").unwrap());
    assert_eq!(page["items"].as_array().unwrap().len(), 4, "{page}");
    // A token is a place: what comes meanwhile is newer, and no page repeats anything.
    let first = expect(200, &archive.ann.get(&format!("{TENANT}/executionRecords?pageSize=5")));
    expect(200, &run(&archive.ann, "work:execute", "", &json!({"parameters": {"what": "plain"}})));
    let token = first["nextPageToken"].as_str().unwrap();
    let second = expect(200, &archive.ann.get(&format!("{TENANT}/executionRecords?pageSize=5&pageToken={token}")));
    assert_eq!(ids(second["items"].as_array().unwrap()), ids(&all[5..10]));
}

#[test]
fn many_are_cancelled_by_a_filter_after_a_dry_run() {
    let desk = Desk::bare(&[]);
    let root = desk.server.root();
    for agent in ["waits", "others"] {
        desk.agent(agent, &format!("flow: {agent}\nsteps:\n  nap: {{event: {{name: go, timeout: 1d}}}}\n"));
    }
    let start = |agent: &str, labels: &str| {
        let headers = [("content-type", "application/json"), ("prefer", "respond-async"), ("x-flowgate-labels", labels)];
        let path = format!("{TENANT}/agents/{agent}:execute");
        let started = root.request("POST", &path, &headers, b"{}").unwrap();
        assert!(matches!(started.status, 200 | 202), "{}", started.text());
        let id = started.value()["executionRecordId"].as_str().unwrap().to_owned();
        desk.becomes(agent, &id, "WAITING_FOR_ASYNC");
        id
    };
    let doomed: BTreeSet<String> = (0..3).map(|_| start("waits", "batch=7")).chain([start("others", "batch=7")]).collect();
    let spared = [start("waits", "batch=8"), start("others", "batch=8, more=1")];
    let cancel = |client: &Client, body: &Value| client.json("POST", &format!("{TENANT}/executionRecords:cancel"), body);
    let told = |answer: &Value| -> BTreeSet<String> {
        answer["executions"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    let filter = json!({"label": ["batch=7"]});
    let dry = expect(200, &cancel(&root, &json!({"filter": filter, "dryRun": true})));
    assert_eq!((told(&dry), &dry["dryRun"], &dry["more"], &dry["notCancelled"]), (doomed.clone(), &json!(true), &json!(false), &json!([])));
    assert!(doomed.iter().all(|id| ["waits", "others"].iter().any(|agent| status(&root, agent, id) == "WAITING_FOR_ASYNC")));
    let reader = desk.person("rita", &[], &["executions:read", "executions:run"]);
    assert_eq!(cancel(&reader, &json!({"filter": filter})).status, 403);
    for wrong in
        [json!({}), json!({"filter": {"status": ["DONE"]}}), json!({"filter": {"label": ["x"]}}), json!({"filter": {}, "colour": 1})]
    {
        let refused = cancel(&root, &wrong);
        assert!(matches!(refused.status, 400 | 422), "{wrong}: {}", refused.text());
    }
    // What has ended never fits; one agent's are its own.
    assert_eq!(told(&expect(200, &cancel(&root, &json!({"filter": {"status": ["COMPLETED"]}})))), BTreeSet::new());
    let of_others = expect(200, &cancel(&root, &json!({"filter": filter, "agentId": "others", "dryRun": true})));
    assert_eq!(told(&of_others).len(), 1);
    let done = expect(200, &cancel(&root, &json!({"filter": filter, "reason": "the batch was wrong"})));
    assert_eq!((told(&done), &done["dryRun"], &done["notCancelled"]), (doomed.clone(), &json!(false), &json!([])));
    for id in &doomed {
        super::desk::eventually("it ends", || ["waits", "others"].iter().any(|agent| status(&root, agent, id) == "CANCELLED"));
    }
    assert_eq!(told(&expect(200, &cancel(&root, &json!({"filter": filter})))), BTreeSet::new(), "again: nothing left");
    assert_eq!(status(&root, "waits", &spared[0]), "WAITING_FOR_ASYNC");
    assert_eq!(status(&root, "others", &spared[1]), "WAITING_FOR_ASYNC");
    let labelled = expect(200, &root.get(&format!("{TENANT}/executionRecords?label=batch%3D8&label=more%3D1")));
    assert_eq!(ids(labelled["items"].as_array().unwrap()), [spared[1].as_str()]);
    // A label is a name and a value, and there is an end to them.
    for labels in ["batch", "=7", &format!("{}=1", "n".repeat(201)), &(0..33).map(|n| format!("l{n}=1,")).collect::<String>()] {
        let refused = run(&root, "waits:execute", labels, &json!({}));
        assert!(matches!(refused.status, 400 | 422), "{labels}: {}", refused.text());
    }
}

fn status(client: &Client, agent: &str, id: &str) -> String {
    let answer = client.get(&format!("{TENANT}/agents/{agent}/executionRecords/{id}"));
    if answer.status == 404 { String::new() } else { answer.value()["status"].as_str().unwrap().to_owned() }
}

#[test]
fn an_environment_without_a_deployment_runs_what_production_runs() {
    let desk = Desk::bare(&[]);
    let root = desk.server.root();
    let flow = |word: &str| {
        format!(
            "flow: says\nconfig: {{where: home}}\nsteps:\n  a: {{set: {{said: \"'{word} ' + config.where\"}}}}\noutput: steps.a.output.said\n"
        )
    };
    desk.agent("says", &flow("one"));
    expect(200, &root.json("POST", &format!("{TENANT}/agents/says/revisions"), &json!({"flow": flow("two")})));
    let staging = json!({"displayName": "Staging", "config": {"where": "stage"}});
    expect(201, &root.json("POST", &format!("{TENANT}/environments"), &staging));
    let said = |environment: Option<&str>| {
        let body = environment.map_or_else(|| json!({}), |slug| json!({"environmentSlug": slug}));
        let answer = expect(200, &root.json("POST", &format!("{TENANT}/agents/says:execute"), &body));
        let record = desk.record("says", answer["executionRecordId"].as_str().unwrap());
        assert_eq!(record["environmentSlug"], environment.unwrap_or("production"), "it counts where it ran");
        answer["response"].as_str().unwrap().to_owned()
    };
    let deploy = |revision: u32, environment: &str| {
        let body = json!({"environment": environment, "reason": "test"});
        expect(200, &root.json("POST", &format!("{TENANT}/agents/says/revisions/{revision}:deploy"), &body));
    };
    // Nothing of its own: production's revision, with its own values.
    assert_eq!((said(None), said(Some("staging"))), ("one home".to_owned(), "one stage".to_owned()));
    deploy(2, "production");
    assert_eq!((said(None), said(Some("staging"))), ("two home".to_owned(), "two stage".to_owned()), "it follows production");
    deploy(1, "staging");
    assert_eq!((said(None), said(Some("staging"))), ("two home".to_owned(), "one stage".to_owned()));
    deploy(1, "production");
    deploy(2, "staging");
    assert_eq!((said(None), said(Some("staging"))), ("one home".to_owned(), "two stage".to_owned()), "its own, from then on");
    let unknown = root.json("POST", &format!("{TENANT}/agents/says:execute"), &json!({"environmentSlug": "nowhere"}));
    assert_eq!(unknown.status, 400, "{}", unknown.text());
    // Production itself has nothing to fall back on.
    expect(201, &root.json("POST", &format!("{TENANT}/agents"), &json!({"id": "empty"})));
    for body in [json!({}), json!({"environmentSlug": "staging"})] {
        assert_eq!(root.json("POST", &format!("{TENANT}/agents/empty:execute"), &body).status, 404);
    }
}
