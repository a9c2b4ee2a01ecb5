//! Rendering of calls: bytes, masks, edits, digests.

use std::sync::Arc;

use super::*;
use crate::flow::names::Fixed;
use crate::flow::spec::EffectClass;
use crate::flow::template::Template;
use crate::machine::call::{LlmRequest, Message};

fn names() -> Fixed {
    Fixed {
        roots: vec![
            ("config".to_owned(), Arc::new(json!({"shop_url": "https://shop.example"}))),
            (
                "args".to_owned(),
                Arc::new(json!({"id": 7, "note": "a \"b\"", "evil": "x\r\nX-Admin: 1", "mask": "••••", "marker": "secret"})),
            ),
        ],
        ..Fixed::default()
    }
}

fn http(url: &str, headers: &[(&str, &str)], query: &[(&str, &str)], body: Option<BodyTemplate>) -> CallTemplate {
    let texts = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, text)| ((*name).to_owned(), TextTemplate::new(text).unwrap())).collect();
    CallTemplate::Http(HttpTemplate {
        method: "POST".to_owned(),
        url: Template::new(url).unwrap(),
        headers: texts(headers),
        query: texts(query),
        body,
    })
}

fn json_body(tree: &Value) -> BodyTemplate {
    BodyTemplate::Json(ValueTemplate::new(tree).unwrap())
}

fn refund() -> Request {
    let body = json_body(
        &json!({"id": "{{ args.id }}", "auth": {"key": "Key {{ secret.shop }}", "list": ["{{ secret.other }}"]}, "mask": "{{ args.mask }}",
        "marker": "{{ args.marker }}"}),
    );
    let template = http(
        "{{ config.shop_url }}/refunds/{{ args.id }}",
        &[("Authorization", "Bearer {{ secret.shop }}"), ("X-Id", "{{ args.id }}")],
        &[("q", "{{ args.note }}")],
        Some(body),
    );
    call(&template, &names()).unwrap()
}

fn with_effect(request: Request) -> Call {
    Call { request, effect: EffectClass::Once, timeout_ms: 1_000, idempotency_key: None, script: None }
}

fn scope() -> DigestScope {
    DigestScope {
        tenant: Tenant::new("t"),
        execution: ExecutionId(uuid::Uuid::nil()),
        path: "refund#1".to_owned(),
        revision: Digest::of(b"r"),
        config: Digest::of(b"c"),
        policy: Digest::of(b"p"),
        mode: Mode::Production,
        semantics: 2,
    }
}

#[test]
fn a_call_is_rendered_to_the_byte() {
    let Request::Http(request) = refund() else { panic!() };
    assert_eq!(request.url, "https://shop.example/refunds/7");
    assert_eq!(request.headers[0].1, Text::Secret { prefix: "Bearer ".to_owned(), secret: "shop".to_owned() });
    assert_eq!(request.query, [("q".to_owned(), Text::Plain("a \"b\"".to_owned()))]);
    let body = request.body.unwrap();
    assert_eq!(body.content_type, "application/json; charset=utf-8");
    assert_eq!(body.parts.len(), 5);
    assert_eq!(body.parts[0], Part::Bytes(r#"{"id":7,"auth":{"key":"Key "#.to_owned()));
    let text = http("https://a.example", &[], &[], Some(BodyTemplate::Text(Template::new("n={{ args.id }}").unwrap())));
    let Request::Http(request) = call(&text, &names()).unwrap() else { panic!() };
    assert_eq!(request.body.unwrap(), Body { content_type: PLAIN_TEXT.to_owned(), parts: vec![Part::Bytes("n=7".to_owned())] });
}

#[test]
fn what_cannot_be_sent_is_refused() {
    for url in [
        "/refunds",
        "ftp://a.example",
        "file:///etc/passwd",
        "https://",
        "https://ana:pw@a.example",
        "https://a.example/a b",
        "https://a.example/{{ args.evil }}",
        "javascript:1",
    ] {
        assert!(matches!(call(&http(url, &[], &[], None), &names()), Err(RenderError::Url { .. })), "{url}");
    }
    for (name, value) in [("X-Note", "{{ args.evil }}"), ("X Note", "a"), ("", "a"), ("X-Note:", "a")] {
        let template = http("https://a.example", &[(name, value)], &[], None);
        assert!(matches!(call(&template, &names()), Err(RenderError::Header { .. })), "{name}");
    }
    let args = Some(ValueTemplate::new(&json!({"key": "{{ secret.shop }}"})).unwrap());
    let mcp = CallTemplate::Mcp { server: "s".to_owned(), tool: "t".to_owned(), args: args.clone() };
    assert!(matches!(call(&mcp, &names()), Err(RenderError::SecretPlace { .. })));
    assert!(matches!(call(&CallTemplate::Builtin { name: "now".to_owned(), args }, &names()), Err(RenderError::SecretPlace { .. })));
    let missing = http("https://a.example", &[("X-A", "{{ args.none }}")], &[], None);
    assert!(call(&missing, &names()).unwrap_err().to_string().starts_with("headers.X-A: "));
}

#[test]
fn people_see_masks() {
    let shown = shown(&with_effect(refund()));
    assert_eq!(shown["http"]["headers"]["Authorization"], json!("Bearer ••••"));
    assert_eq!(shown["http"]["body"]["auth"], json!({"key": "Key ••••", "list": ["••••"]}));
    assert_eq!(shown["effect"], json!("once"));
    assert!(!shown.to_string().contains("shop\""), "{shown}");
}

#[test]
fn an_edit_without_changes_is_the_same_call() {
    let request = refund();
    let same = with_arguments(&request, &arguments(&request)).unwrap();
    assert_eq!(same, request);
    assert_eq!(digest(&scope(), &with_effect(same)), digest(&scope(), &with_effect(request)));
}

#[test]
fn an_edit_keeps_secrets_in_their_places() {
    let request = refund();
    let mut edit = arguments(&request);
    edit["id"] = json!(8);
    edit["auth"]["key"] = json!("plain");
    edit["new"] = json!("{{ secret.shop }}");
    let Request::Http(changed) = with_arguments(&request, &edit).unwrap() else { panic!() };
    let parts = changed.body.unwrap().parts;
    assert_eq!(parts.iter().filter(|part| matches!(part, Part::Secret { .. })).count(), 1);
    assert_eq!(parts[1], Part::Secret { secret: "other".to_owned() });
    let Part::Bytes(first) = &parts[0] else { panic!() };
    assert_eq!(first, r#"{"id":8,"auth":{"key":"plain","list":[""#);
    let mut moved = arguments(&request);
    moved["new"] = json!("Key ••••");
    assert!(matches!(with_arguments(&request, &moved), Err(RenderError::Edit(_))));
    let mut changed_prefix = arguments(&request);
    changed_prefix["auth"]["key"] = json!("Other ••••");
    assert!(matches!(with_arguments(&request, &changed_prefix), Err(RenderError::Edit(_))));
}

#[test]
fn without_a_body_the_query_is_edited() {
    let template = http("https://a.example", &[], &[("id", "{{ args.id }}"), ("key", "{{ secret.shop }}")], None);
    let request = call(&template, &names()).unwrap();
    assert_eq!(arguments(&request), json!({"id": "7", "key": "••••"}));
    let Request::Http(changed) = with_arguments(&request, &json!({"id": 9, "key": "••••"})).unwrap() else { panic!() };
    assert_eq!(changed.query[0].1, Text::Plain("9".to_owned()));
    assert_eq!(changed.query[1].1, Text::Secret { prefix: String::new(), secret: "shop".to_owned() });
    assert!(with_arguments(&request, &json!({"other": "••••"})).is_err());
    assert!(with_arguments(&request, &json!({"id": [1]})).is_err());
    assert!(with_arguments(&request, &json!("x")).is_err());
}

#[test]
fn the_digest_covers_every_field() {
    let base = with_effect(refund());
    let original = digest(&scope(), &base);
    assert_eq!(original, digest(&scope(), &base.clone()));
    let scopes: [fn(&mut DigestScope); 7] = [
        |scope| scope.tenant = Tenant::new("u"),
        |scope| scope.execution = ExecutionId(uuid::Uuid::max()),
        |scope| scope.path = "refund#2".to_owned(),
        |scope| scope.revision = Digest::of(b"r2"),
        |scope| scope.config = Digest::of(b"c2"),
        |scope| scope.policy = Digest::of(b"p2"),
        |scope| scope.mode = Mode::Sandbox,
    ];
    for (index, change) in scopes.iter().enumerate() {
        let mut changed = scope();
        change(&mut changed);
        assert_ne!(digest(&changed, &base), original, "scope {index}");
    }
    let calls: [fn(&mut HttpRequest); 12] = [
        |request| request.method = "PUT".to_owned(),
        |request| request.url.push('x'),
        |request| request.headers[0].0 = "X-Other".to_owned(),
        |request| request.headers[0].1 = Text::Secret { prefix: "Bearer ".to_owned(), secret: "other".to_owned() },
        |request| request.headers[0].1 = Text::Plain(masked("Bearer ")),
        |request| request.headers.swap(0, 1),
        |request| request.query[0].1 = Text::Plain("z".to_owned()),
        |request| request.query.clear(),
        |request| request.body = None,
        |request| request.body.as_mut().unwrap().content_type = PLAIN_TEXT.to_owned(),
        |request| request.body.as_mut().unwrap().parts[1] = Part::Secret { secret: "other".to_owned() },
        |request| request.body.as_mut().unwrap().parts[1] = Part::Bytes(r#"{"secret":"shop"}"#.to_owned()),
    ];
    for (index, change) in calls.iter().enumerate() {
        let mut changed = base.clone();
        let Request::Http(request) = &mut changed.request else { panic!() };
        change(request);
        assert_ne!(digest(&scope(), &changed), original, "call {index}");
    }
    let mut changed = base.clone();
    changed.effect = EffectClass::Idempotent;
    assert_ne!(digest(&scope(), &changed), original);
}

#[test]
fn the_digest_covers_other_calls_too() {
    let mcp = |change: fn(&mut McpRequest)| {
        let mut request = McpRequest { server: "s".to_owned(), tool: "t".to_owned(), args: json!({"a": 1}), definition: None };
        change(&mut request);
        digest(&scope(), &with_effect(Request::Mcp(request)))
    };
    let llm = |text: &str| {
        let messages = vec![Message::User { text: text.to_owned() }];
        let request = LlmRequest { model: "a/b".to_owned(), messages, tools: Vec::new(), output: None, temperature: None, max_tokens: 1 };
        digest(&scope(), &with_effect(Request::Llm(request)))
    };
    let builtin = |name: &str, args: Value| digest(&scope(), &with_effect(Request::Builtin { name: name.to_owned(), args }));
    let mut all = vec![
        mcp(|_| {}),
        mcp(|request| request.server = "x".to_owned()),
        mcp(|request| request.tool = "x".to_owned()),
        mcp(|request| request.args = json!({"a": 2})),
        mcp(|request| request.definition = Some(Digest::of(b"d"))),
        llm("a"),
        llm("b"),
        builtin("a", json!({})),
        builtin("b", json!({})),
        builtin("a", json!({"a": 1})),
    ];
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
    assert_eq!(mcp(|_| {}), mcp(|request| request.args = json!({"a": 1})));
}

#[test]
fn how_a_body_was_cut_says_nothing() {
    let part = |text: &str| Part::Bytes(text.to_owned());
    assert_eq!(body_digest(&[part("ab")]), body_digest(&[part("a"), part("b")]));
    assert_ne!(body_digest(&[part("ab")]), body_digest(&[part("a"), Part::Secret { secret: "b".to_owned() }]));
}

#[test]
fn what_was_asked_under_older_rules_keeps_its_digest() {
    let args: Value = serde_json::from_str(r#"{"amount": 100.0, "id": 9007199254740993}"#).unwrap();
    let call = with_effect(Request::Builtin { name: "echo".to_owned(), args });
    // As the first version said it, in the journals that it wrote.
    let before = digest(&DigestScope { semantics: 1, ..scope() }, &call);
    assert_eq!(before.to_string(), "sha256:63604968ada1dbd02625859bfe0384e83b80cb3ede2b5ace84674ede6fa4afca");
    assert_ne!(before, digest(&scope(), &call), "later ones tell the numbers apart");
}

#[test]
fn numbers_that_are_one_double_are_two_actions() {
    let digest = |text: &str| arguments_digest(&serde_json::from_str(text).unwrap());
    assert_ne!(digest(r#"{"id": 9007199254740992}"#), digest(r#"{"id": 9007199254740993}"#));
    assert_ne!(digest("[18446744073709551615, 1]"), digest("[18446744073709551614, 1]"));
    assert_ne!(digest(r#"{"amount": 1.0}"#), digest(r#"{"amount": 1}"#), "sent as other bytes");
    assert_ne!(digest(r#"{"a": {"b": 9007199254740993}}"#), digest(r#"{"a/b": 9007199254740993}"#));
    assert_eq!(digest(r#"{"b": 1.5, "a": 7}"#), digest(r#"{"a": 7, "b": 1.5}"#));
    assert_eq!(digest(r#"{"a": 7}"#), Digest::of_json(&serde_json::json!({"a": 7})), "as before where nothing is lost");
}
