//! The flows that are measured. Nothing here runs them.
#![allow(dead_code, reason = "each bench takes what it needs of it")]

/// A step that is durable and does nothing outside.
pub const TRIVIAL: &str = "{builtin: noop}";

/// Steps one after the other, each with the same body.
pub fn chain(steps: usize, body: &str) -> String {
    let bodies: String = (0..steps).map(|step| format!("  s{step}: {body}\n")).collect();
    let edges: String = (1..steps).map(|step| format!("  - {{from: s{}, to: s{step}}}\n", step - 1)).collect();
    format!("flow: chain\nsteps:\n{bodies}edges:\n{edges}")
}

/// Two steps or more that only compute and branch, one after the other; the other branch of each is dead.
pub fn branches(steps: usize) -> String {
    let bodies: String = (0..steps).map(|step| format!("  s{step}: {{set: {{number: '{step}'}}}}\n")).collect();
    let step = |step: usize| {
        let from = step - 1;
        format!(
            "  - {{from: s{from}, to: s{step}, when: 'int(steps.s{from}.output.number) == {from}'}}\n  - {{from: s{from}, to: x, otherwise: true}}\n"
        )
    };
    let edges: String = (1..steps).map(step).collect();
    format!("flow: branches\nstart: s0\nsteps:\n{bodies}  x: {{set: {{lost: 'true'}}}}\nedges:\n{edges}")
}

/// One step, `width` after it side by side, and one that joins them.
pub fn fan(width: usize) -> String {
    let steps: String = (0..width).map(|step| format!("  p{step}: {TRIVIAL}\n")).collect();
    let edges: String = (0..width).map(|step| format!("  - {{from: s, to: p{step}}}\n  - {{from: p{step}, to: j}}\n")).collect();
    format!("flow: fan\nsteps:\n  s: {TRIVIAL}\n{steps}  j: {TRIVIAL}\nedges:\n{edges}")
}

/// A map over as many items, so many of them at once.
pub fn map(items: usize, concurrency: usize, body: &str) -> String {
    let items: Vec<String> = (0..items).map(|item| item.to_string()).collect();
    let body = format!("{{steps: {{work: {body}}}}}");
    format!(
        "flow: map\nlimits: {{steps: 1000000}}\nconfig: {{items: [{}]}}\nsteps:\n  each: {{map: {{over: config.items, concurrency: {concurrency}, body: {body}}}}}\n",
        items.join(", ")
    )
}

/// A loop of one step that goes round so often, then a question, and one step behind it.
pub fn long(visits: usize) -> String {
    format!(
        "flow: long\nstart: turn\nlimits: {{steps: 1000000}}\nsteps:\n  turn: {{builtin: noop, visits: {visits}}}\n  out: {{set: {{done: 'true'}}}}\n  \
         review: {{approval: {{title: 'Go on?'}}}}\n  done: {{set: {{done: 'true'}}}}\nedges:\n  - {{from: turn, to: turn, when: 'true'}}\n  \
         - {{from: turn, to: out, otherwise: true}}\n  - {{from: turn, to: review, on: exhausted}}\n  - {{from: review, to: done, on: approved}}\n"
    )
}
