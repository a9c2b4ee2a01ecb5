//! What comes between two turns of one piece of work.

use serde_json::{Map, Value, json};

use super::drive::Drive;
use crate::ids::BootId;
use crate::machine::decide;
use crate::machine::event::Event;
use crate::machine::input::{Body, Input, Signal};

/// Waits, then does `more` steps and the items of a map, and then listens.
fn long_work(more: usize) -> String {
    let set = json!({"set": {"x": "1"}});
    let chain = |names: &[String]| -> Vec<Value> { names.windows(2).map(|two| json!({"from": two[0], "to": two[1]})).collect() };
    let body: Vec<String> = (0..10).map(|number| format!("b{number}")).collect();
    let items: Vec<usize> = (0..82).collect();
    let inner: Map<String, Value> = body.iter().map(|name| (name.clone(), set.clone())).collect();
    let map = json!({"over": json!(items).to_string(), "concurrency": 100, "body": {"steps": inner, "edges": chain(&body)}});
    let mut names = vec!["w".to_owned(), "m".to_owned()];
    names.extend((0..more).map(|number| format!("s{number}")));
    names.push("e".to_owned());
    let mut steps: Map<String, Value> = names.iter().map(|name| (name.clone(), set.clone())).collect();
    steps.insert("w".to_owned(), json!({"wait": {"for": "1h"}}));
    steps.insert("m".to_owned(), json!({"map": map}));
    steps.insert("e".to_owned(), json!({"event": {"name": "go"}}));
    json!({"flow": "t", "steps": steps, "edges": chain(&names)}).to_string()
}

/// The turn's bound may be reached between a step's beginning to listen and its look at what was kept for it.
#[test]
fn a_kept_signal_is_taken_before_one_that_comes_between_two_turns() {
    let mut met = 0;
    for more in 8..16 {
        let mut drive = Drive::start(&long_work(more), json!({}));
        drive.signal("first", "go", json!(1)).unwrap();
        drive.now = drive.now.plus(3_600_000);
        let now = drive.now;
        let input = |body| Input { now, entropy: 7, boot: BootId(1), body };
        let turn = decide(&mut drive.state, &drive.plan, input(Body::Timers)).unwrap();
        let last: Vec<_> = turn.events.iter().rev().take(2).map(|recorded| &recorded.event).collect();
        if !matches!(last[..], [Event::Yielded, Event::Entered { .. }]) {
            continue;
        }
        met += 1;
        let second = Signal { id: "second".to_owned(), name: "go".to_owned(), payload: json!(2) };
        let turn = decide(&mut drive.state, &drive.plan, input(Body::Signal(second))).unwrap();
        let of = |event: &Event| match event {
            Event::SignalTaken { signal, .. } => Some((signal.id.clone(), "taken")),
            Event::SignalKept { signal } => Some((signal.id.clone(), "kept")),
            _ => None,
        };
        let signals: Vec<_> = turn.events.iter().filter_map(|recorded| of(&recorded.event)).collect();
        assert_eq!(signals, [("first".to_owned(), "taken"), ("second".to_owned(), "kept")]);
    }
    assert_eq!(met, 1, "one length of the work ends its turn between the two");
}
