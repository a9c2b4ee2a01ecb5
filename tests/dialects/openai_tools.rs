//! The OpenAI-compatible front door: tools of the caller, which an agent hands to its model and the caller answers.

use std::path::Path;

use serde_json::{Value, json};

use super::harness::{Answer, Client, Server};
use super::model::{Turn, answers};
use super::openai::{COMPLETIONS, Seen, deploy, frames, natively, ok, refusal, serve, user};

const RESPONSES: &str = "/v1/responses";

fn hands_through() -> Value {
    json!({
        "input": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
        "steps": {"work": {"agent": {
            "model": "openai/gpt-5-mini", "prompt": "{{ input.message }}", "caller_tools": true, "tools": [{"builtin": "echo"}],
        }}},
    })
}

/// Asks for the weather in two cities at once, then says what it heard.
fn forecaster(request: &Value) -> Turn {
    match answers(request) {
        0 => Turn::Calls("", vec![("weather", json!({"city": "Rome"})), ("weather", json!({"city": "Oslo"}))]),
        _ => Turn::Says("Sunny and cold."),
    }
}

fn parameters() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
}

fn tools() -> Value {
    json!([{"type": "function", "function": {"name": "weather", "description": "Today's.", "parameters": parameters(), "strict": false}}])
}

fn forecast(directory: &Path) -> (Server, Seen, Client) {
    let (server, seen) = serve(directory, forecaster);
    let client = server.root();
    deploy(&client, "forecast", &hands_through());
    (server, seen, client)
}

fn complete(client: &Client, messages: &Value, more: &Value) -> Answer {
    let mut body = json!({"model": "forecast", "messages": messages, "tools": tools()});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.json("POST", COMPLETIONS, &body)
}

fn answered(asked: &Value, texts: &[&str]) -> Value {
    let calls = asked["tool_calls"].as_array().unwrap();
    let answers = calls.iter().zip(texts).map(|(call, text)| json!({"role": "tool", "tool_call_id": call["id"], "content": text}));
    [user("Weather?"), asked.clone()].into_iter().chain(answers).collect()
}

#[test]
fn tool_calls_are_answered_by_the_next_request_within_the_same_execution() {
    let directory = tempfile::tempdir().unwrap();
    let (_server, seen, client) = forecast(directory.path());
    let asked = ok(&complete(&client, &json!([user("Weather?")]), &json!({})));
    let choice = &asked["choices"][0];
    assert_eq!((&choice["finish_reason"], &choice["message"]["content"]), (&json!("tool_calls"), &Value::Null));
    assert_eq!((&asked["flowgate"]["status"], asked["flowgate"].get("approvals")), (&json!("waiting"), None), "it is nobody's approval");
    let calls = choice["message"]["tool_calls"].as_array().unwrap();
    for (call, city) in calls.iter().zip(["Rome", "Oslo"]) {
        assert_eq!((&call["type"], &call["function"]["name"]), (&json!("function"), &json!("weather")));
        assert_eq!(serde_json::from_str::<Value>(call["function"]["arguments"].as_str().unwrap()).unwrap(), json!({"city": city}));
        assert!(call["id"].as_str().unwrap().starts_with("call_"));
    }
    assert_ne!(calls[0]["id"], calls[1]["id"]);
    let shown = seen.lock().unwrap()[0]["tools"].clone();
    let names: Vec<&Value> = shown.as_array().unwrap().iter().map(|tool| &tool["function"]["name"]).collect();
    assert_eq!(names, [&json!("echo"), &json!("weather")], "the model sees the flow's own and the caller's");
    assert_eq!(shown[1]["function"]["parameters"], parameters());
    let messages = answered(&choice["message"], &["sunny", "cold"]);
    let done = ok(&complete(&client, &messages, &json!({})));
    assert_eq!((&done["id"], &done["choices"][0]["message"]["content"]), (&asked["id"], &json!("Sunny and cold.")));
    let heard: Vec<String> = seen.lock().unwrap()[1]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["role"] == "tool")
        .map(|one| one["content"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(heard, ["sunny", "cold"]);
    let (record, trace) = natively(&client, &done);
    assert_eq!((&record["status"], &done["usage"]["prompt_tokens"]), (&json!("COMPLETED"), &trace["inputTokens"]), "usage of both calls");
    assert_eq!(done["usage"]["total_tokens"], 30);
    assert_eq!(ok(&complete(&client, &messages, &json!({}))), done, "the same answers again are harmless");
    assert_eq!(seen.lock().unwrap().len(), 2, "the model was asked once for each turn");
}

#[test]
fn a_stream_tells_tool_calls_and_goes_on_with_the_answer() {
    let directory = tempfile::tempdir().unwrap();
    let (_server, _, client) = forecast(directory.path());
    let streamed = frames(&complete(&client, &json!([user("Weather?")]), &json!({"stream": true})));
    let mut calls = vec![json!({}), json!({})];
    for delta in streamed.iter().filter_map(|frame| frame["choices"][0]["delta"]["tool_calls"][0].as_object()) {
        let call = &mut calls[usize::try_from(delta["index"].as_u64().unwrap()).unwrap()];
        if let Some(id) = delta.get("id") {
            assert_eq!((&delta["type"], &delta["function"]["arguments"]), (&json!("function"), &json!("")));
            *call = json!({"id": id, "type": "function", "function": {"name": delta["function"]["name"], "arguments": ""}});
        } else {
            call["function"]["arguments"] = delta["function"]["arguments"].clone();
        }
    }
    let end = &streamed[streamed.len() - 2];
    assert_eq!(end["choices"][0]["finish_reason"], "tool_calls");
    let message = json!({"role": "assistant", "content": null, "tool_calls": calls});
    let done = frames(&complete(&client, &answered(&message, &["sunny", "cold"]), &json!({"stream": true})));
    let text: String = done.iter().filter_map(|frame| frame["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!((text.as_str(), &done[0]["id"], done.last()), ("Sunny and cold.", &streamed[0]["id"], Some(&json!("[DONE]"))));
}

#[test]
fn answers_that_answer_nothing_or_not_everything_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (server, seen, client) = forecast(directory.path());
    deploy(&client, "other", &hands_through());
    let asked = ok(&complete(&client, &json!([user("Weather?")]), &json!({})))["choices"][0]["message"].clone();
    let both = answered(&asked, &["sunny", "cold"]);
    let tool = json!("tool_call_id");
    let refused = |client: &Client, messages: &Value, more: &Value| {
        let (status, code, param) = refusal(&complete(client, messages, more));
        assert_eq!(status, 400, "{code}");
        (code, param)
    };
    let none = json!({});
    assert_eq!(refused(&client, &answered(&asked, &["sunny"]), &none), ("tool_calls".to_owned(), tool.clone()), "one is missing");
    for id in ["call_x".to_owned(), format!("call_{}", "0".repeat(32)), "other".to_owned()] {
        let messages = json!([user("Weather?"), {"role": "tool", "tool_call_id": id, "content": "x"}]);
        assert_eq!(refused(&client, &messages, &none), ("unknown_tool_call".to_owned(), tool.clone()), "{id}");
    }
    let twice = json!([user("Weather?"), both[2], both[2]]);
    assert_eq!(refused(&client, &twice, &none), ("tool_calls".to_owned(), tool.clone()), "twice in one request");
    assert_eq!(refused(&client, &both, &json!({"model": "other"})), ("wrong_model".to_owned(), json!("model")));
    let key =
        client.json("POST", "/v1/tenants/default/apiKeys:generate", &json!({"name": "ben", "user": "ben", "scopes": ["executions:run"]}));
    let stranger = server.client(key.value()["apiKey"].as_str().unwrap_or_else(|| panic!("{}", key.text())));
    assert_eq!(refusal(&complete(&stranger, &both, &none)).0, 403, "whoever started it answers");
    let foreign = server.tenant("beta");
    assert_eq!(refused(&foreign, &both, &none).0, "unknown_tool_call", "another tenant's call is like none");
    ok(&complete(&client, &both, &none));
    assert_eq!(
        refused(&client, &answered(&asked, &["sunny", "warm"]), &none),
        ("tool_call_answered".to_owned(), tool),
        "what was answered stays"
    );
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[test]
fn who_only_repeats_an_answer_is_told_what_the_model_has_asked_for_since() {
    let directory = tempfile::tempdir().unwrap();
    let (server, seen) = serve(directory.path(), |request| match answers(request) {
        0 => Turn::Calls("", vec![("weather", json!({"city": "Rome"}))]),
        1 => Turn::Calls("", vec![("weather", json!({"city": "Oslo"}))]),
        _ => Turn::Says("Sunny and cold."),
    });
    let client = server.root();
    deploy(&client, "forecast", &hands_through());
    let first = ok(&complete(&client, &json!([user("Weather?")]), &json!({})))["choices"][0]["message"].clone();
    let answer = answered(&first, &["sunny"]);
    let second = ok(&complete(&client, &answer, &json!({})));
    assert_eq!(second["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(ok(&complete(&client, &answer, &json!({}))), second, "the answer got lost, and is asked for again");
    let mut more = answer.as_array().unwrap().clone();
    more.push(second["choices"][0]["message"].clone());
    more.push(json!({"role": "tool", "tool_call_id": second["choices"][0]["message"]["tool_calls"][0]["id"], "content": "cold"}));
    assert_eq!(ok(&complete(&client, &json!(more), &json!({})))["choices"][0]["message"]["content"], "Sunny and cold.");
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[test]
fn tool_choice_none_shows_no_tools_and_names_must_differ_from_the_flows() {
    let directory = tempfile::tempdir().unwrap();
    let (server, seen) = serve(directory.path(), |_| Turn::Says("Fine."));
    let client = server.root();
    deploy(&client, "forecast", &hands_through());
    ok(&complete(&client, &json!([user("Hi")]), &json!({"tool_choice": "none"})));
    assert_eq!(seen.lock().unwrap()[0]["tools"].as_array().unwrap().len(), 1);
    let taken = json!({"tools": [{"type": "function", "function": {"name": "echo"}}]});
    assert_eq!(refusal(&complete(&client, &json!([user("Hi")]), &taken)), (400, "tool_taken".to_owned(), json!("tools")));
}

#[test]
fn a_call_outlives_the_server_and_is_answered_once() {
    let directory = tempfile::tempdir().unwrap();
    let (mut server, _, client) = forecast(directory.path());
    let asked = ok(&complete(&client, &json!([user("Weather?")]), &json!({})))["choices"][0]["message"].clone();
    server.kill();
    let (server, seen) = serve(directory.path(), forecaster);
    let done = ok(&complete(&server.root(), &answered(&asked, &["sunny", "cold"]), &json!({})));
    assert_eq!(done["choices"][0]["message"]["content"], "Sunny and cold.");
    assert_eq!(seen.lock().unwrap().len(), 1, "the first turn was not asked again");
}

#[test]
fn responses_carry_function_calls_and_their_outputs() {
    let directory = tempfile::tempdir().unwrap();
    let (_server, _, client) = forecast(directory.path());
    let tools = json!([{"type": "function", "name": "weather", "description": "Today's.", "parameters": parameters(), "strict": true}]);
    let body = |input: Value| json!({"model": "forecast", "tools": tools, "input": input});
    let asked = ok(&client.json("POST", RESPONSES, &body(json!("Weather?"))));
    assert_eq!(
        (&asked["status"], &asked["tools"][0]["name"], &asked["tools"][0]["type"]),
        (&json!("completed"), &json!("weather"), &json!("function"))
    );
    let outputs: Vec<Value> = asked["output"]
        .as_array()
        .unwrap()
        .iter()
        .zip(["sunny", "cold"])
        .map(|(item, text)| {
            assert_eq!((&item["type"], &item["name"], &item["status"]), (&json!("function_call"), &json!("weather"), &json!("completed")));
            assert!(item["id"].as_str().unwrap().starts_with("fc_") && item["arguments"].as_str().unwrap().contains("city"));
            json!({"type": "function_call_output", "call_id": item["call_id"], "output": text})
        })
        .collect();
    let mut answer = body(json!(outputs));
    answer["previous_response_id"] = asked["id"].clone();
    answer["stream"] = json!(true);
    let events = frames(&client.json("POST", RESPONSES, &answer));
    let done = &events.last().unwrap()["response"];
    assert_eq!(
        (&done["id"], &done["output"][0]["content"][0]["text"]),
        (&asked["id"], &json!("Sunny and cold.")),
        "the same execution goes on"
    );
    assert_eq!(events.iter().filter(|event| event["type"] == "response.output_text.delta").count(), 1);
    let mut again = body(json!("Weather?"));
    again["stream"] = json!(true);
    let events = frames(&client.json("POST", RESPONSES, &again));
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let call = [
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
    ];
    let expected = [&["response.created", "response.in_progress"], &call[..], &call[..], &["response.completed"]].concat();
    assert_eq!(kinds, expected);
    assert_eq!((&events[6]["output_index"], &events[9]["item"]["status"]), (&json!(1), &json!("completed")));
}
