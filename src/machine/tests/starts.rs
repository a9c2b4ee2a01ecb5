//! What a start brings along, and what the summary says of it: history, attachments, labels, what was called and used, and refused starts.

use std::collections::BTreeMap;

use serde_json::json;

use super::drive::{Drive, done, permanent, start_of};
use crate::ids::{Digest, ExecutionId, NanoUsd, TimeMs};
use crate::machine::call::{Answer, CallError, Message, Outcome, Request, ToolUse, Usage};
use crate::machine::decide::Refusal;
use crate::machine::effect::Effect;
use crate::machine::event::Event;
use crate::machine::guidance::Guidance;
use crate::machine::input::{Attachment, Body, Parent, Pin, Price, Purpose, Start, Trigger};
use crate::machine::outstanding;
use crate::machine::summary::{Status, Summary};

fn started(yaml: &str, change: impl FnOnce(&mut Start)) -> Drive {
    let mut drive = Drive::new(yaml);
    let mut start = start_of(&drive.plan, json!({}));
    change(&mut start);
    drive.feed(Body::Start(Box::new(start))).unwrap();
    drive
}

fn summary(drive: &Drive) -> Summary {
    drive.state.summary(&drive.plan).unwrap()
}

fn price() -> Price {
    Price { input: NanoUsd(10), output: NanoUsd(40), cached: NanoUsd(1), version: "v".into() }
}

fn history() -> Vec<Message> {
    let calls = vec![ToolUse { id: "c".into(), name: "look".into(), args: json!({}) }];
    vec![
        Message::System { text: "of then".into() },
        Message::User { text: "Is it late?".into() },
        Message::Assistant { text: "Yes.".into(), calls },
        Message::Tool { id: "c".into(), name: "look".into(), text: "noon".into() },
    ]
}

fn shown(drive: &Drive) -> Vec<Message> {
    let Request::Llm(request) = &drive.calls[0].2.request else { panic!("no model call") };
    request.messages.clone()
}

#[test]
fn models_see_what_was_said_before_between_their_instructions_and_their_prompt() {
    for kind in ["llm", "agent"] {
        let yaml = format!("{{flow: t, steps: {{a: {{{kind}: {{model: openai/gpt-5-mini, system: Be brief., prompt: And now?}}}}}}}}");
        let drive = started(&yaml, |start| start.history = history());
        let expected = [
            Message::System { text: "Be brief.".into() },
            Message::User { text: "Is it late?".into() },
            Message::Assistant { text: "Yes.".into(), calls: Vec::new() },
            Message::User { text: "And now?".into() },
        ];
        assert_eq!(shown(&drive), expected, "{kind}");
    }
}

#[test]
fn a_callers_guidance_joins_the_instructions_and_changes_every_model_call() {
    for kind in ["llm", "agent"] {
        let own = "model: openai/gpt-5-mini, prompt: Hi, temperature: 0.9, max_tokens: 50";
        for (system, expected) in [("system: Be brief., ", "Be brief.\n\nSpeak French."), ("", "Speak French.")] {
            let yaml = format!("{{flow: t, steps: {{a: {{{kind}: {{{system}{own}}}}}}}}}");
            let system = Some("Speak French.".to_owned());
            let guidance =
                Guidance { system, model: Some("x/y".into()), temperature: Some(0.1), max_tokens: Some(500), ..Guidance::default() };
            let drive = started(&yaml, |start| start.guidance = guidance);
            let Request::Llm(request) = &drive.calls[0].2.request else { panic!("no model call") };
            assert_eq!(request.messages[0], Message::System { text: expected.into() }, "{kind}");
            assert_eq!((request.model.as_str(), request.temperature, request.max_tokens), ("x/y", Some(0.1), 50), "{kind}");
        }
    }
}

#[test]
fn a_temperature_of_the_caller_wins_over_the_steps_and_its_default_does_not() {
    for (own, asked, expected) in [("", None, 1.0), (", temperature: 0.5", None, 0.5), (", temperature: 0.5", Some(0.2), 0.2)] {
        let yaml = format!("{{flow: t, steps: {{a: {{llm: {{model: openai/gpt-5-mini, prompt: Hi{own}}}}}}}}}");
        let guidance = Guidance { temperature: asked, temperature_default: Some(1.0), ..Guidance::default() };
        let drive = started(&yaml, |start| start.guidance = guidance);
        let Request::Llm(request) = &drive.calls[0].2.request else { panic!("no model call") };
        assert_eq!(request.temperature, Some(expected), "{own} {asked:?}");
    }
}

#[test]
fn under_a_cost_limit_the_model_that_the_caller_names_needs_a_price_too() {
    let mut drive = Drive::new("{flow: t, limits: {cost_usd: 1}, steps: {a: {llm: {model: openai/gpt-5-mini, prompt: Hi}}}}");
    let mut start = start_of(&drive.plan, json!({}));
    start.prices.insert("openai/gpt-5-mini".into(), price());
    start.guidance.model = Some("x/y".into());
    let refused = drive.feed(Body::Start(Box::new(start.clone()))).err().unwrap();
    assert!(matches!(refused, Refusal::Start { code: "no_price", .. }));
    start.prices.insert("x/y".into(), price());
    drive.feed(Body::Start(Box::new(start))).unwrap();
}

fn attachment() -> Attachment {
    let (id, name, content_type) = ("f1".to_owned(), "note.txt".to_owned(), "text/plain".to_owned());
    Attachment { id, name, content_type, bytes: 5, text: Some("hello".to_owned()) }
}

#[test]
fn attachments_are_read_from_the_context_unless_it_has_that_name_itself() {
    let yaml = "{flow: t, steps: {a: {set: {read: context.attachments}}}}";
    let named = |context| {
        let mut drive = started(yaml, |start| (start.attachments, start.context) = (vec![attachment()], context));
        drive.settle();
        drive.ended().output["read"].clone()
    };
    assert_eq!(named(None)[0]["text"], "hello");
    assert_eq!(named(Some(json!({"user": "kim"})))[0]["name"], "note.txt");
    assert_eq!(named(Some(json!({"attachments": "mine"}))), "mine");
}

#[test]
fn a_refused_start_is_a_record_of_which_nothing_ran() {
    let error = CallError::new("budget_exceeded", "the budget of this agent is used up");
    let refused = Some(error.clone());
    let drive = started("{flow: t, steps: {a: {builtin: noop}}}", |start| start.refused = refused);
    assert_eq!((drive.status(), drive.ended().error.clone()), (Status::Rejected, Some(error)));
    let kinds: Vec<_> = drive.journal.iter().map(|recorded| &recorded.event).collect();
    assert!(matches!(kinds.as_slice(), [Event::Started { .. }, Event::Ended { .. }]), "{kinds:?}");
    assert!(drive.calls.is_empty() && outstanding(&drive.state).is_empty());
    let summary = summary(&drive);
    assert_eq!((summary.status.native(), summary.error_code.as_deref()), ("REJECTED", Some("budget_exceeded")));
    assert!(summary.status.is_final() && !summary.owed && summary.deadline.is_none());
}

#[test]
fn the_summary_says_what_was_started_and_by_whom() {
    let drive = started("{flow: t, steps: {a: {ask: {title: what}}}}", |start| {
        (start.purpose, start.session, start.environment) = (Purpose::Test, Some("s-1".into()), Some("staging".into()));
        start.trigger = Some(Trigger { kind: "webhook".into(), id: None });
        start.labels = BTreeMap::from([("team".to_owned(), "billing".to_owned())]);
    });
    let summary = summary(&drive);
    assert_eq!(
        (summary.purpose, summary.session.as_deref(), summary.environment.as_deref()),
        (Purpose::Test, Some("s-1"), Some("staging"))
    );
    assert_eq!((summary.starter.as_str(), summary.root), ("ana", None));
    assert_eq!(summary.trigger.unwrap().kind, "webhook");
    assert_eq!(summary.labels["team"], "billing");
}

#[test]
fn a_child_has_its_familys_purpose_and_root_and_not_the_roots_labels_and_history() {
    let root = ExecutionId::derived(TimeMs(1), "root");
    let drive = started("{flow: t, steps: {a: {flow: {agent: other}}}}", |start| {
        start.pins.insert("other".to_owned(), Pin::new(1, Digest::of(b"other")));
        (start.purpose, start.session, start.history) = (Purpose::Test, Some("s-1".into()), history());
        start.guidance.system = Some("Be brief.".into());
        start.labels = BTreeMap::from([("team".to_owned(), "billing".to_owned())]);
        start.parent = Some(Parent { execution: ExecutionId::derived(TimeMs(2), "middle"), depth: 2, root: Some(root) });
    });
    let owed = outstanding(&drive.state);
    let [Effect::StartChild { start, .. }] = owed.as_slice() else { panic!("{owed:?}") };
    let child = &start.start;
    assert_eq!((child.purpose, child.session.as_deref()), (Purpose::Test, Some("s-1")));
    assert_eq!(child.parent.as_ref().and_then(Parent::top), Some(root));
    assert!(child.labels.is_empty() && child.history.is_empty() && child.guidance.is_nothing());
    assert_eq!(summary(&drive).root, Some(root));
}

#[test]
fn tokens_and_cost_are_split_by_direction_and_add_up() {
    let mut drive = started("{flow: t, steps: {a: {llm: {model: openai/gpt-5-mini, prompt: hi}}}}", |start| {
        start.prices.insert("openai/gpt-5-mini".to_owned(), price());
    });
    let cost = NanoUsd(80 * 10 + 20 + 7 * 40);
    let usage = Usage { input_tokens: 100, cached_tokens: 20, output_tokens: 7, cost, ..Usage::default() };
    drive.reply("a", Outcome::Done { answer: Answer::Model { text: "yes".into(), calls: Vec::new() }, usage });
    let summary = summary(&drive);
    assert_eq!((summary.input_tokens, summary.output_tokens, summary.cached_tokens), (100, 7, 20));
    assert_eq!((summary.input_cost, summary.output_cost, summary.cost), (NanoUsd(820), NanoUsd(280), cost));
    assert_eq!(drive.ended().used.input_tokens, 100, "a parent is told as well");
    let trace = crate::machine::trace::trace(&drive.plan, &drive.journal).unwrap();
    let attempt = &trace.attempts[0];
    assert_eq!((attempt.model.as_deref(), attempt.usage.output_tokens), (Some("openai/gpt-5-mini"), 7));
    assert!((attempt.input_cost_usd - 820e-9).abs() < 1e-15, "{}", attempt.input_cost_usd);
}

#[test]
fn the_summary_names_the_tools_that_were_called_and_whether_one_failed() {
    let yaml = "
flow: t
steps:
  fetch: {http: {get: 'https://shop.example/1'}}
  again: {http: {get: 'https://shop.example/2'}}
  caught: {set: {ok: 'true'}}
edges: [{from: fetch, to: again}, {from: again, to: caught, on: error}]
";
    let mut drive = Drive::start(yaml, json!({}));
    drive.reply("fetch", done(json!({})));
    assert_eq!((summary(&drive).tools, summary(&drive).tool_errors), (vec!["fetch".to_owned(), "again".to_owned()], false));
    drive.reply("again", permanent("http_404"));
    assert_eq!(drive.status(), Status::Completed);
    assert!(summary(&drive).tool_errors);
}

/// A row that an older version wrote lacks what came later; that is no disagreement. Anything else is.
#[test]
fn a_row_of_an_older_version_agrees_with_its_journal() {
    let mut drive = started("{flow: t, steps: {a: {http: {get: 'https://shop.example/1'}}}}", |start| start.purpose = Purpose::Test);
    drive.reply("a", permanent("http_404"));
    let folded = summary(&drive);
    let mut row = serde_json::to_value(&folded).unwrap();
    for added in ["purpose", "starter", "tools", "tool_errors"] {
        assert!(row.as_object_mut().unwrap().remove(added).is_some(), "{added} was written");
    }
    let old: Summary = serde_json::from_value(row).unwrap();
    assert!(old.agrees(&folded) && !old.says_same(&folded));
    assert!(!Summary { tokens: 1, ..old }.agrees(&folded));
}
