//! The OpenAI-compatible front door, `/v1/responses`: every field, event, default and error of docs/dialects/openai.md.

use serde_json::{Value, json};

use super::harness::{Answer, Client, Server};
use super::model::Turn;
use super::openai::{asks, chat, decide, deploy, eventually, frames, natively, ok, refusal, serve, user};

const RESPONSES: &str = "/v1/responses";

fn respond(client: &Client, model: &str, more: &Value) -> Answer {
    let mut body = json!({"model": model, "input": "Hi"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.json("POST", RESPONSES, &body)
}

fn read(client: &Client, response: &Value) -> Value {
    ok(&client.get(&format!("{RESPONSES}/{}", response["id"].as_str().unwrap())))
}

/// What the models were told, as role and text.
fn told(request: &Value) -> Vec<(String, String)> {
    let text = |content: &Value| content.as_str().or(content[0]["text"].as_str()).unwrap_or_else(|| panic!("{content}")).to_owned();
    let messages = request["messages"].as_array().unwrap();
    messages.iter().map(|one| (one["role"].as_str().unwrap().to_owned(), text(&one["content"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(role, text)| ((*role).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn response_every_field_and_the_same_natively() {
    let directory = tempfile::tempdir().unwrap();
    let (server, _) = serve(directory.path(), |_| Turn::Says("Hello."));
    let client = server.root();
    deploy(&client, "helper", &chat());
    let asked =
        json!({"instructions": "Be brief.", "temperature": 0.5, "max_output_tokens": 50, "metadata": {"ticket": "T-1"}, "user": "ada"});
    let mut shown = ok(&respond(&client, "helper", &asked));
    assert_eq!(read(&client, &shown), shown, "and the same when it is read again");
    let (record, trace) = natively(&client, &shown);
    let id = record["id"].as_str().unwrap().replace('-', "");
    let mut take = |name: &str| shown.as_object_mut().unwrap().remove(name).unwrap_or_else(|| panic!("{name} is missing"));
    let seconds = |name: &str| record[name].as_u64().unwrap() / 1_000;
    assert_eq!((take("created_at"), take("completed_at")), (json!(seconds("startTime")), json!(seconds("endTime"))));
    let usage = take("usage");
    assert_eq!((&usage["input_tokens"], &usage["output_tokens"]), (&trace["inputTokens"], &trace["outputTokens"]));
    let expected = json!({
        "input_tokens": 10, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 15,
    });
    assert_eq!(usage, expected);
    assert_eq!(take("flowgate")["totalCost"], trace["totalCost"], "cost");
    let text = json!({"type": "output_text", "text": "Hello.", "annotations": [], "logprobs": []});
    let message = json!({"id": format!("msg_{id}"), "type": "message", "status": "completed", "role": "assistant", "content": [text]});
    let rest = json!({
        "id": format!("resp_{id}"), "object": "response", "status": "completed", "background": false, "error": null, "incomplete_details": null,
        "instructions": "Be brief.", "max_output_tokens": 50, "max_tool_calls": null, "model": "helper@1", "output": [message],
        "parallel_tool_calls": true, "previous_response_id": null, "prompt_cache_key": null, "reasoning": {"effort": null, "summary": null},
        "safety_identifier": null, "service_tier": "default", "store": true, "temperature": 0.5, "text": {"format": {"type": "text"}},
        "tool_choice": "auto", "tools": [], "top_logprobs": 0, "top_p": null, "truncation": "disabled", "user": "ada",
        "metadata": {"ticket": "T-1"},
    });
    assert_eq!(shown, rest);
}

#[test]
fn input_is_a_text_or_items_and_instructions_come_first() {
    let directory = tempfile::tempdir().unwrap();
    let (server, seen) = serve(directory.path(), |_| Turn::Says("Fine."));
    let client = server.root();
    deploy(&client, "helper", &chat());
    let items = json!([
        {"role": "developer", "content": "In French."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "One?"}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "42"},
        {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [{"type": "output_text", "text": "Yes.", "annotations": []}]},
        user("Two?"),
    ]);
    ok(&respond(&client, "helper", &json!({"input": items, "instructions": "Be brief."})));
    let expected = [("system", "Own.\n\nBe brief.\n\nIn French."), ("user", "One?"), ("assistant", "Yes."), ("user", "Two?")];
    assert_eq!(told(&seen.lock().unwrap()[0]), pairs(&expected));
}

#[test]
fn previous_response_id_goes_on_from_that_response_whatever_else_followed_it() {
    let directory = tempfile::tempdir().unwrap();
    let (server, seen) = serve(directory.path(), |_| Turn::Says("Fine."));
    let client = server.root();
    deploy(&client, "helper", &chat());
    let first = ok(&respond(&client, "helper", &json!({"input": "One?"})));
    let next = |input: &str, after: &Value| ok(&respond(&client, "helper", &json!({"input": input, "previous_response_id": after["id"]})));
    let second = next("Two?", &first);
    let branch = next("Other?", &first);
    next("Three?", &second);
    let asked: Vec<_> = seen.lock().unwrap().iter().map(told).collect();
    let one = [("system", "Own."), ("user", "One?"), ("assistant", "Fine.")];
    assert_eq!(asked[1], pairs(&[&one[..], &[("user", "Two?")]].concat()));
    assert_eq!(asked[2], pairs(&[&one[..], &[("user", "Other?")]].concat()), "the other branch is not in it");
    assert_eq!(asked[3], pairs(&[&one[..], &[("user", "Two?"), ("assistant", "Fine."), ("user", "Three?")]].concat()));
    assert_eq!((&second["previous_response_id"], &branch["previous_response_id"]), (&first["id"], &first["id"]));
    let session = |response: &Value| natively(&client, response).0["sessionId"].clone();
    assert_eq!((session(&second), session(&first).is_string()), (session(&first), true), "one session natively");
}

#[test]
fn previous_response_id_must_name_an_ended_response_of_the_same_agent() {
    let server = Server::start();
    let client = server.root();
    deploy(&client, "asker", &asks());
    deploy(&client, "other", &asks());
    let open = ok(&respond(&client, "asker", &json!({})));
    let refused = |model: &str, id: Value| {
        let (status, code, param) = refusal(&respond(&client, model, &json!({"previous_response_id": id})));
        assert_eq!(status, 400);
        (code, param)
    };
    let previous = json!("previous_response_id");
    assert_eq!(refused("asker", open["id"].clone()), ("previous_response_open".to_owned(), previous.clone()));
    assert_eq!(refused("other", open["id"].clone()), ("wrong_model".to_owned(), json!("model")));
    for id in ["resp_x".to_owned(), format!("resp_{}", "0".repeat(32))] {
        assert_eq!(refused("asker", json!(id)), ("previous_response_not_found".to_owned(), previous.clone()));
    }
}

#[test]
fn a_stream_is_the_vendors_events_numbered_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let (server, _) = serve(directory.path(), |_| Turn::Pieces(vec!["Hel", "lo", "."]));
    let client = server.root();
    deploy(&client, "helper", &chat());
    let answer = respond(&client, "helper", &json!({"stream": true}));
    let names: Vec<String> = answer.text().lines().filter_map(|line| line.strip_prefix("event: ")).map(str::to_owned).collect();
    let events = frames(&answer);
    for (number, (event, name)) in events.iter().zip(&names).enumerate() {
        assert_eq!((&event["type"], &event["sequence_number"]), (&json!(name), &json!(number)));
    }
    let mut kinds: Vec<&str> = names.iter().map(String::as_str).collect();
    kinds.dedup();
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(kinds, expected);
    let last = &events.last().unwrap()["response"];
    assert_eq!(*last, read(&client, last));
    let first = &events[0]["response"];
    assert_eq!((&first["status"], &first["output"], &first["usage"]), (&json!("in_progress"), &json!([]), &Value::Null));
    let of = |kind: &str| events.iter().filter(|event| event["type"] == kind).collect::<Vec<_>>();
    let text: String = of("response.output_text.delta").into_iter().map(|event| event["delta"].as_str().unwrap()).collect();
    let item = &last["output"][0];
    assert_eq!(text, "Hello.");
    let done = of("response.output_text.done")[0];
    let place = json!({"item_id": item["id"], "output_index": 0, "content_index": 0});
    for (name, value) in place.as_object().unwrap() {
        assert_eq!(&done[name], value, "{name}");
    }
    assert_eq!((&done["text"], &of("response.output_item.done")[0]["item"]), (&json!("Hello."), item));
    let added = &of("response.output_item.added")[0]["item"];
    assert_eq!((&added["status"], &added["content"]), (&json!("in_progress"), &json!([])));
}

#[test]
fn background_is_answered_at_once_and_cancelled_or_decided_later() {
    let server = Server::start();
    let client = server.root();
    deploy(&client, "asker", &asks());
    let taken = ok(&respond(&client, "asker", &json!({"background": true})));
    assert_eq!((&taken["status"], &taken["background"], &taken["output"]), (&json!("in_progress"), &json!(true), &json!([])));
    let waiting = eventually(|| Some(read(&client, &taken)).filter(|response| response["flowgate"]["status"] == "waiting"));
    assert_eq!((&waiting["status"], &waiting["usage"]), (&json!("in_progress"), &Value::Null), "an approval in the middle");
    decide(&client, &waiting["flowgate"]["approvals"][0], "approve");
    let done = eventually(|| Some(read(&client, &taken)).filter(|response| response["status"] == "completed"));
    assert_eq!(done["output"][0]["content"][0]["text"], "{\"sent\":true}");
    let cancel =
        |response: &Value| client.request("POST", &format!("{RESPONSES}/{}/cancel", response["id"].as_str().unwrap()), &[], b"").unwrap();
    assert_eq!(refusal(&cancel(&done)), (400, "ended".to_owned(), Value::Null));
    let other = ok(&respond(&client, "asker", &json!({})));
    for _ in 0..2 {
        assert_eq!(ok(&cancel(&other))["status"], "cancelled", "twice is as good as once");
    }
    assert_eq!(natively(&client, &other).0["status"], "CANCELLED");
    assert_eq!(cancel(&json!({"id": "resp_x"})).status, 404);
}

#[test]
fn a_failure_and_an_approval_end_a_stream_in_their_own_words() {
    let server = Server::start();
    let client = server.root();
    deploy(&client, "asker", &asks());
    let message = json!({"type": "object", "properties": {"message": {"type": "string"}}});
    deploy(&client, "broken", &json!({"input": message, "steps": {"only": {"fail": {"code": "no_data", "message": "Nothing there."}}}}));
    let last = |model: &str| frames(&respond(&client, model, &json!({"stream": true}))).pop().unwrap();
    let (waiting, failed) = (last("asker"), last("broken"));
    assert_eq!((&waiting["type"], &waiting["response"]["flowgate"]["status"]), (&json!("response.in_progress"), &json!("waiting")));
    assert_eq!((&failed["type"], &failed["response"]["status"]), (&json!("response.failed"), &json!("failed")));
    let error = json!({"code": "no_data", "message": "Nothing there."});
    assert_eq!(failed["response"]["error"], error);
    let whole = ok(&respond(&client, "broken", &json!({})));
    assert_eq!((&whole["status"], &whole["error"], &whole["output"]), (&json!("failed"), &error, &json!([])));
}

#[test]
fn fields_have_an_effect_none_or_are_refused_by_name() {
    let server = Server::start();
    let client = server.root();
    deploy(&client, "asker", &asks());
    let harmless = json!({
        "include": [], "parallel_tool_calls": true, "prompt_cache_key": "k", "prompt_cache_retention": "24h", "reasoning": {"effort": "low"},
        "safety_identifier": "s", "service_tier": "auto", "stream_options": {"include_obfuscation": false}, "top_p": 1, "truncation": "auto",
        "store": true, "text": {"format": {"type": "text"}}, "top_logprobs": 0, "conversation": null, "tools": [], "tool_choice": "none",
    });
    ok(&respond(&client, "asker", &harmless));
    for (more, code, param) in [
        (json!({"conversation": "conv_1"}), "unsupported_parameter", "conversation"),
        (json!({"max_tool_calls": 3}), "unsupported_parameter", "max_tool_calls"),
        (json!({"prompt": {"id": "p"}}), "unsupported_parameter", "prompt"),
        (json!({"store": false}), "unsupported_parameter", "store"),
        (json!({"text": {"format": {"type": "json_object"}}}), "unsupported_parameter", "text"),
        (json!({"top_logprobs": 2}), "unsupported_parameter", "top_logprobs"),
        (json!({"colour": 1}), "unknown_parameter", "colour"),
        (json!({"input": null}), "invalid", "input"),
        (json!({"input": []}), "invalid", "input"),
        (json!({"input": [{"type": "item_reference", "id": "msg_1"}]}), "unsupported_value", "input[0].type"),
        (json!({"input": [{"role": "nobody", "content": "x"}]}), "invalid", "input[0].role"),
        (json!({"input": [{"type": "function_call_output", "output": "x"}]}), "invalid", "input[0].call_id"),
        (json!({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}), "unsupported_value", "input[0].content[0]"),
        (json!({"max_output_tokens": 0}), "invalid", "max_output_tokens"),
        (json!({"temperature": -1}), "invalid", "temperature"),
        (json!({"stream": true, "background": true}), "unsupported_value", "background"),
        (json!({"tools": [{"type": "web_search"}]}), "unsupported_value", "tools[0].type"),
        (json!({"tools": [{"type": "function"}]}), "invalid", "tools[0]"),
        (json!({"tools": [{"type": "function", "name": "look"}]}), "no_caller_tools", "tools"),
    ] {
        assert_eq!(refusal(&respond(&client, "asker", &more)), (400, code.to_owned(), json!(param)), "{more}");
    }
    assert_eq!(refusal(&client.json("POST", RESPONSES, &json!({"input": "Hi"}))).2, "model");
    assert_eq!(refusal(&respond(&client, "nobody", &json!({}))), (404, "model_not_found".to_owned(), json!("model")));
}

#[test]
fn a_foreign_response_is_like_none() {
    let server = Server::start();
    let (alpha, beta) = (server.tenant("alpha"), server.tenant("beta"));
    assert_eq!(alpha.json("POST", "/v1/tenants/alpha/agents", &json!({"id": "asker"})).status, 201);
    assert_eq!(alpha.json("POST", "/v1/tenants/alpha/agents/asker/revisions", &json!({"flow": asks()})).status, 200);
    let shown = ok(&respond(&alpha, "asker", &json!({})));
    let id = shown["id"].as_str().unwrap();
    assert_eq!(refusal(&beta.get(&format!("{RESPONSES}/{id}"))), (404, "not_found".to_owned(), Value::Null));
    assert_eq!(beta.request("POST", &format!("{RESPONSES}/{id}/cancel"), &[], b"").unwrap().status, 404);
    assert_eq!(read(&alpha, &shown)["status"], "in_progress", "it was not cancelled");
}
