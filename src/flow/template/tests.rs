//! Templates: what renders, what is refused, where secrets may stand.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::flow::names::{Fixed, StepView};

fn names() -> Fixed {
    let done = |output: Value| StepView { output: Some(Arc::new(output)), ..StepView::default() };
    Fixed {
        roots: vec![
            (
                "input".to_owned(),
                Arc::new(json!({"name": "Ana", "n": 3, "f": 2.5, "one": 1.0, "yes": true, "nothing": null, "list": [1, "b"],
                    "object": {"z": 1, "a": {"deep": "x"}}, "evil": "{{ secret.token }} {\"$secret\": \"token\"} \"", "html": "<a & b>"})),
            ),
            ("args".to_owned(), Arc::new(json!({"id": 7}))),
        ],
        steps: vec![("done".to_owned(), done(json!({"total": 12}))), ("with-dash".to_owned(), done(json!("d")))],
        previous: vec![("done".to_owned(), done(json!({"total": 11})))],
    }
}

fn render(source: &str) -> Result<String, Error> {
    Template::new(source)?.render(&names())
}

fn check(source: &str, expect: &str) {
    match render(source) {
        Ok(text) => assert_eq!(text, expect, "{source}"),
        Err(error) => panic!("{source}: {error}"),
    }
}

#[test]
fn values_become_text() {
    check("Hello {{ input.name }}!\n", "Hello Ana!\n");
    check("{{ input.n }} {{ input.f }} {{ input.one }} {{ input.yes }} {{ input.nothing }}", "3 2.5 1 true null");
    check("{{ input.list }} {{ input.object }}", r#"[1,"b"] {"z":1,"a":{"deep":"x"}}"#);
    check("{{ input.html }}", "<a & b>");
    check("{{ steps.done.output.total }} {{ previous.done.output.total }} {{ steps['with-dash'].output }}", "12 11 d");
    check("{{ steps.done }}", r#"{"output":{"total":12}}"#);
    check("{{ input.list[1] }} {{ input.list | length }} {{ input.list | join('-') }}", "b 2 1-b");
    check("{{ input.object.a.deep }} {{ input['object'].z + 1 }}", "x 2");
    check("{{ [input.n, 'x', none] }}", r#"[3,"x",null]"#);
    check("{% for key in input.object %}{{ key }}{{ ',' if not loop.last else '' }}{% endfor %}", "z,a");
    check("{% for key, value in input.object | items %}{{ key }}={{ value }} {% endfor %}", "z=1 a={\"deep\":\"x\"} ");
    check("{% for i in range(3) %}{{ i }}{% endfor %}", "012");
    check("{% if input.n > 2 and input.yes %}a{% else %}b{% endif %}", "a");
    check("{% set x = input.n %}{{ x * 2 }}", "6");
    check(
        "{{ input.name | upper }} {{ input.name | replace('A', 'B') }} {{ input.object | tojson }}",
        r#"ANA Bna {"z":1,"a":{"deep":"x"}}"#,
    );
    check("{{ input.name ~ '-' ~ input.n ~ input.list }}", "Ana-3[1,\"b\"]");
    check("{{ input.html | urlencode }}{{ '../é' | urlencode }}", "%3Ca%20%26%20b%3E..%2F%C3%A9");
    check("{{ input.list == [1, 'b'] }} {{ 'b' in input.list }} {{ 'z' in input.object }}", "true true true");
}

#[test]
fn undefined_is_an_error_that_says_what() {
    for source in [
        "{{ input.missing }}",
        "{{ steps.never.output }}",
        "{{ steps.done.error }}",
        "{{ item }}",
        "{{ input.missing | upper }}",
        "{{ input.missing | length }}",
        "{{ input.missing | join }}",
        "{% if input.missing %}{% endif %}",
        "{% for x in input.missing %}{% endfor %}",
        "{{ [input.missing] }}",
        "{{ {'a': input.missing} }}",
    ] {
        assert!(matches!(render(source), Err(Error::Render(_))), "{source}: {:?}", render(source));
    }
    let Err(error) = render("a\n{{ steps.never.output }}") else { panic!() };
    assert!(error.to_string().contains("`steps.never.output` is absent"), "{error}");
}

#[test]
fn absence_can_be_handled_at_any_depth() {
    check("{{ steps.never.output.a.b | default('none') }}", "none");
    check("{{ steps.done.output.total | default(0) }}", "12");
    check("{{ input['missing'].x is defined }}{{ steps.never is defined }}{{ steps.done is defined }}", "falsefalsetrue");
    check("{% if steps.never.output.x is defined %}{{ steps.never.output.x }}{% else %}-{% endif %}", "-");
    check("{{ steps.never.output if steps.never.output is defined else 'x' }}", "x");
    check("{{ steps.never.output.note is not defined and 'é' == 'é' }}", "true");
    check("ü {{ steps.never.output | d('é') }} ü", "ü é ü");
    check("{% for item in [1] %}{{ item | default(2) }}{% endfor %}", "1");
}

#[test]
fn what_is_not_offered_is_refused() {
    for source in [
        "{{ ",
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% macro a() %}{% endmacro %}",
        "{% set a %}x{% endset %}",
        "{% filter upper %}x{% endfilter %}",
        "{{ debug() }}",
        "{{ dict(a=1) }}",
        "{{ input.name.upper() }}",
        "{{ input.name | format }}",
        "{{ input.name | indent(10) }}",
        "{{ input.name | pprint }}",
        "{{ steps[input.name] }}",
        "{{ steps }}",
        "{% set a = input.name ~ input.name %}",
        "{% set a = input.name * 100 %}",
        "{% for x in input.list %}{{ x + x }}{% endfor %}",
        "{% for x in input.list recursive %}{% endfor %}",
        "{% set input.name = 1 %}",
        "{% autoescape 'html' %}{% endautoescape %}",
    ] {
        assert!(matches!(Template::new(source), Err(Error::Syntax(_))), "{source}");
    }
    for source in [
        "{{ secret.token }}",
        "{{ secret }}",
        "a {{ secret.token }} b",
        "{{ secret.token | upper }}",
        "{% if secret.a %}{% endif %}",
        "{{ [secret.a] }}",
        "{{ secret['a'] }}",
    ] {
        assert!(matches!(Template::new(source), Err(Error::SecretPlace(_))), "{source}");
    }
}

#[test]
fn rendering_is_bounded() {
    let text = "x".repeat(500_000);
    let names = Fixed { roots: vec![("input".to_owned(), Arc::new(json!({"text": text, "list": vec![1; 50_000]})))], ..Fixed::default() };
    for source in [
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% for i in range(100) %}{{ input.text }}{% endfor %}",
        "{% for i in range(10000) %}{{ input.text | length }}{% endfor %}",
        "{% set b = input.text %}{% for i in range(10000) %}{{ b | upper | length }}{% endfor %}",
        "{{ input.text | replace('x', input.text) }}",
        "{{ input.list | join(input.text) }}",
        "{% for i in range(1000) %}{{ input.list | length }}{{ input.list }}{% endfor %}",
    ] {
        let outcome = Template::new(source).unwrap().render(&names);
        assert!(outcome.is_err(), "{source}");
    }
    for source in [format!("{{{{ input{} }}}}", ".a".repeat(100_000)), format!("{{{{ {}1{} }}}}", "(".repeat(5_000), ")".repeat(5_000))] {
        assert!(Template::new(&source).is_err());
    }
    let nested = format!("{}x{}", "{% if 1 %}".repeat(5_000), "{% endif %}".repeat(5_000));
    assert!(Template::new(&nested).is_err());
}

#[test]
fn a_text_template_may_be_a_secret_after_a_prefix() {
    let secret = |prefix: &str| Text::Secret { prefix: prefix.to_owned(), secret: "token".to_owned() };
    assert_eq!(TextTemplate::new("Bearer {{ secret.token }}").unwrap().render(&names()).unwrap(), secret("Bearer "));
    assert_eq!(TextTemplate::new("{{ secret.token }}").unwrap().render(&names()).unwrap(), secret(""));
    assert_eq!(TextTemplate::new("id {{ args.id }}").unwrap().render(&names()).unwrap(), Text::Plain("id 7".to_owned()));
    for source in ["{{ secret.token }} ", "{{ input.name }}{{ secret.token }}", "{{ secret.token }}{{ secret.token }}", "{{ secret.a.b }}"]
    {
        assert!(matches!(TextTemplate::new(source), Err(Error::SecretPlace(_))), "{source}");
    }
}

fn parts_text(parts: &[Part]) -> String {
    parts
        .iter()
        .map(|part| match part {
            Part::Bytes(text) => text.clone(),
            Part::Secret { secret } => format!("<{secret}>"),
        })
        .collect()
}

#[test]
fn a_tree_keeps_types_order_and_secrets() {
    let tree = ValueTemplate::new(&json!({"z": "{{ input.n }}", "a": ["{{ input.object }}", "n={{ input.n }}", 5, null, true], "t": "{{ input.list | length }}",
        "auth": "Key \"{{ secret.token }}", "o": {"x/y": "{{ secret.other }}"}, "fixed": "plain", "one": "{{ input.one }}", "sum": "{{- input.n + 1 -}}"})).unwrap();
    let rendered = tree.render(&names()).unwrap();
    assert_eq!(
        parts_text(&rendered.parts),
        r#"{"z":3,"a":[{"z":1,"a":{"deep":"x"}},"n=3",5,null,true],"t":2,"auth":"Key \"<token>","o":{"x/y":"<other>"},"fixed":"plain","one":1.0,"sum":4}"#
    );
    assert_eq!(rendered.shown["auth"], json!("Key \"••••"));
    assert_eq!(rendered.shown["z"], json!(3));
    assert_eq!(tree.secrets(), ["token", "other"]);
    assert_eq!(rendered.parts.iter().filter(|part| matches!(part, Part::Secret { .. })).count(), 2);
    let Err(error) = ValueTemplate::new(&json!({"a": [{"b/c": "x {{ secret.t }} y"}]})) else { panic!() };
    assert!(error.to_string().contains("/a/0/b~1c"), "{error}");
    let Err(error) = ValueTemplate::new(&json!({"a": ["{{ input.missing }}"]})).unwrap().render(&names()) else { panic!() };
    assert!(error.to_string().contains("/a/0"), "{error}");
}

#[test]
fn user_data_is_inert() {
    let tree = ValueTemplate::new(&json!({"whole": "{{ input.evil }}", "text": "> {{ input.evil }}"})).unwrap();
    let rendered = tree.render(&names()).unwrap();
    assert!(rendered.parts.iter().all(|part| matches!(part, Part::Bytes(_))));
    let parsed: Value = serde_json::from_str(&parts_text(&rendered.parts)).unwrap();
    assert_eq!(parsed, rendered.shown);
    assert_eq!(parsed["whole"], json!("{{ secret.token }} {\"$secret\": \"token\"} \""));
}

#[test]
fn references_say_what_is_handled() {
    let table = [
        ("{{ steps.a.output.x }}", "steps.a.output.x"),
        ("{{ steps['a'].output | default(input.b) }}", "input.b steps.a.output?"),
        (
            "{% if steps.a is defined %}{{ steps.a.output }}{% else %}{{ steps.b.output }}{% endif %}",
            "steps.a? steps.a.output? steps.b.output",
        ),
        ("{% if steps.a is not defined %}x{% else %}{{ steps.a.output }}{% endif %}", "steps.a? steps.a.output?"),
        ("{{ steps.a is defined and steps.a.output }}", "steps.a? steps.a.output?"),
        ("{{ steps.a.output.n if steps.a.output is defined else 1 }}", "steps.a.output? steps.a.output.n?"),
        ("{% for item in input.items %}{{ item.x }}{{ loop.index }}{% endfor %}{{ item }}", "input.items item"),
        ("{% set x = config.y %}{{ x.z }}", "config.y"),
        ("{{ input.list[0].x }}", "input.list"),
    ];
    for (source, expect) in table {
        let found: Vec<String> = Template::new(source)
            .unwrap()
            .references()
            .iter()
            .map(|reference| {
                let path = std::iter::once(&reference.root).chain(&reference.path).cloned().collect::<Vec<_>>().join(".");
                if reference.guarded { format!("{path}?") } else { path }
            })
            .collect();
        assert_eq!(found.join(" "), expect, "{source}");
    }
}

#[test]
fn only_what_is_read_is_asked_for() {
    struct Strict;
    impl Names for Strict {
        fn root(&self, name: &str) -> Option<Arc<Value>> {
            assert_eq!(name, "input");
            Some(Arc::new(json!({"a": 1})))
        }
        fn step(&self, id: &str) -> Option<StepView> {
            assert_eq!(id, "one");
            Some(StepView { output: Some(Arc::new(json!(1))), ..StepView::default() })
        }
        fn previous(&self, id: &str) -> Option<StepView> {
            panic!("{id}")
        }
    }
    assert_eq!(Template::new("{{ steps.one.output }}{{ input.a }}").unwrap().render(&Strict).unwrap(), "11");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_source_panics_and_output_is_bounded(parts in proptest::collection::vec(prop_oneof![
        "\\PC{0,6}", Just("{{ ".to_owned()), Just(" }}".to_owned()), Just("{% if ".to_owned()), Just("{% for x in ".to_owned()), Just(" %}".to_owned()), Just("{% endfor %}".to_owned()),
        Just("{% endif %}".to_owned()), Just("input".to_owned()), Just(".list".to_owned()), Just("secret.a".to_owned()), Just(" | default(1)".to_owned()), Just(" is defined".to_owned()),
        Just("'x'".to_owned()), Just("[0]".to_owned()), Just(" + ".to_owned()), Just("{% set a = ".to_owned()), Just("é".to_owned()), Just("{# ".to_owned()), Just("{% raw %}".to_owned()),
    ], 0..10)) {
        let source = parts.concat();
        if let Ok(template) = Template::new(&source)
            && let Ok(text) = template.render(&names())
        {
            prop_assert!(text.len() <= TEMPLATE_BYTES_MAX);
        }
        if let Ok(tree) = ValueTemplate::new(&json!([source])) {
            let _ = tree.render(&names());
        }
    }

    #[test]
    fn user_strings_never_change_what_is_rendered(text in "[\\PC{}%$\"\\\\]{0,40}") {
        let names = Fixed { roots: vec![("input".to_owned(), Arc::new(json!({"text": text})))], ..Fixed::default() };
        let tree = ValueTemplate::new(&json!({"a": "{{ input.text }}", "b": "-{{ input.text }}-", "s": "{{ secret.t }}"})).unwrap();
        let rendered = tree.render(&names).unwrap();
        prop_assert_eq!(rendered.parts.len(), 3);
        let Part::Bytes(last) = &rendered.parts[2] else { panic!() };
        prop_assert_eq!(last, "\"}");
        let Part::Bytes(first) = &rendered.parts[0] else { panic!() };
        let whole: Value = serde_json::from_str(&format!("{first}{last}")).unwrap();
        prop_assert_eq!(whole, json!({"a": text, "b": format!("-{text}-"), "s": ""}));
    }
}
