//! A plan as a drawing: Mermaid for documents and chats, DOT for Graphviz. Map bodies are boxes of their own; loops show their bound at
//! the header, and their back edges are dotted.

use std::fmt::Write as _;

use super::plan::{Edge, Kind, Plan, Scope, ScopeIx, Step, StepIx};

/// What a step does in a word or two, for its second line.
#[must_use]
pub fn kind_text(kind: &Kind) -> String {
    use super::plan::CallTemplate;
    match kind {
        Kind::Llm(llm) => format!("model {}", llm.model),
        Kind::Agent(agent) => format!("agent {}", agent.llm.model),
        Kind::Call(CallTemplate::Http(http)) => format!("http {}", http.method),
        Kind::Call(CallTemplate::Mcp { server, tool, .. }) => format!("mcp {server}/{tool}"),
        Kind::Call(CallTemplate::Builtin { name, .. }) => format!("builtin {name}"),
        Kind::Approval(_) => "approval".to_owned(),
        Kind::Ask(_) => "question".to_owned(),
        Kind::Map(_) => "for each item".to_owned(),
        Kind::Child(child) => format!("flow {}", child.agent),
        Kind::Wait(_) => "wait".to_owned(),
        Kind::Event(event) => format!("event {}", event.names.join(" or ")),
        Kind::Set(_) => "set".to_owned(),
        Kind::Fail { code, .. } => format!("fail {code}"),
        Kind::End { .. } => "end".to_owned(),
    }
}

/// How the step looks: people are hexagons, waiting is round, endings are circles.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Work,
    Person,
    Waiting,
    Ending,
}

fn form(kind: &Kind) -> Form {
    match kind {
        Kind::Approval(_) | Kind::Ask(_) => Form::Person,
        Kind::Wait(_) | Kind::Event(_) => Form::Waiting,
        Kind::Fail { .. } | Kind::End { .. } => Form::Ending,
        Kind::Llm(_) | Kind::Agent(_) | Kind::Call(_) | Kind::Map(_) | Kind::Child(_) | Kind::Set(_) => Form::Work,
    }
}

/// Ids of the drawing: a step's own id could be a word of the drawing's language.
fn name(scope: ScopeIx, step: StepIx) -> String {
    format!("s{}_{}", scope.0, step.0)
}

fn lines(scope: &Scope, step: &Step) -> Vec<String> {
    let mut lines = vec![step.id.to_string(), kind_text(&step.kind)];
    if let Some(headed) = step.heads {
        lines.push(format!("up to {} visits", scope.loop_(headed).visits));
    }
    lines
}

/// Port and condition; nothing for the plain way on.
fn label(edge: &Edge) -> String {
    let mut parts = Vec::new();
    if edge.port != "ok" {
        parts.push(edge.port.clone());
    }
    if let Some(when) = &edge.when {
        parts.push(format!("when {}", when.source()));
    }
    if edge.otherwise {
        parts.push("otherwise".to_owned());
    }
    parts.join(", ")
}

fn body(step: &Step) -> Option<ScopeIx> {
    match &step.kind {
        Kind::Map(map) => Some(map.body),
        _ => None,
    }
}

/// For Mermaid: entities instead of the characters that end or start something.
fn mermaid_text(text: &str) -> String {
    text.chars().fold(String::new(), |mut safe, c| {
        match c {
            '"' => safe.push_str("#quot;"),
            '#' => safe.push_str("#35;"),
            '<' => safe.push_str("#lt;"),
            '>' => safe.push_str("#gt;"),
            '&' => safe.push_str("#amp;"),
            '`' => safe.push_str("#96;"),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
        safe
    })
}

/// The plan as a Mermaid flowchart.
#[must_use]
pub fn mermaid(plan: &Plan) -> String {
    let mut out = "flowchart TD\n".to_owned();
    mermaid_scope(plan, plan.scope(ScopeIx(0)), 1, &mut out);
    out
}

fn mermaid_scope(plan: &Plan, scope: &Scope, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for step in &scope.steps {
        let lines: Vec<String> = lines(scope, step).iter().map(|line| mermaid_text(line)).collect();
        let text = lines.join("<br/>");
        let (open, close) = match form(&step.kind) {
            Form::Work => ("[", "]"),
            Form::Person => ("{{", "}}"),
            Form::Waiting => ("([", "])"),
            Form::Ending => ("((", "))"),
        };
        let _ = writeln!(out, "{indent}{}{open}\"{text}\"{close}", name(scope.ix, step.ix));
        if let Some(body) = body(step) {
            let _ = writeln!(out, "{indent}subgraph b{} [\"each item of {}\"]", body.0, mermaid_text(step.id.as_str()));
            mermaid_scope(plan, plan.scope(body), depth + 1, out);
            let _ = writeln!(out, "{indent}end");
            let _ = writeln!(out, "{indent}{} -.- b{}", name(scope.ix, step.ix), body.0);
        }
    }
    for edge in &scope.edges {
        let label = mermaid_text(&label(edge));
        let arrow = if edge.back { "-.->" } else { "-->" };
        let label = if label.is_empty() { String::new() } else { format!("|\"{label}\"|") };
        let _ = writeln!(out, "{indent}{} {arrow}{label} {}", name(scope.ix, edge.from), name(scope.ix, edge.to));
    }
}

/// For DOT: a quoted text.
fn dot_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => safe.push_str("\\\""),
            '\\' => safe.push_str("\\\\"),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

/// The plan as a DOT digraph.
#[must_use]
pub fn dot(plan: &Plan) -> String {
    let mut out = format!("digraph \"{}\" {{\n  node [fontname=\"sans-serif\"];\n", dot_text(&plan.name));
    dot_scope(plan, plan.scope(ScopeIx(0)), 1, &mut out);
    out.push_str("}\n");
    out
}

fn dot_scope(plan: &Plan, scope: &Scope, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for step in &scope.steps {
        let lines: Vec<String> = lines(scope, step).iter().map(|line| dot_text(line)).collect();
        let shape = match form(&step.kind) {
            Form::Work => "box",
            Form::Person => "hexagon",
            Form::Waiting => "ellipse",
            Form::Ending => "doublecircle",
        };
        let _ = writeln!(out, "{indent}{} [label=\"{}\", shape={shape}];", name(scope.ix, step.ix), lines.join("\\n"));
        if let Some(body) = body(step) {
            let _ = writeln!(out, "{indent}subgraph cluster_{} {{", body.0);
            let _ = writeln!(out, "{indent}  label=\"each item of {}\";", dot_text(step.id.as_str()));
            dot_scope(plan, plan.scope(body), depth + 1, out);
            let _ = writeln!(out, "{indent}}}");
            let entry = plan.scope(body).entry(plan.scope(body).start);
            let _ = writeln!(out, "{indent}{} -> {} [style=dotted, arrowhead=none];", name(scope.ix, step.ix), name(body, entry.ix));
        }
    }
    for edge in &scope.edges {
        let label = dot_text(&label(edge));
        let style = if edge.back { ", style=dashed" } else { "" };
        let _ = writeln!(out, "{indent}{} -> {} [label=\"{label}\"{style}];", name(scope.ix, edge.from), name(scope.ix, edge.to));
    }
}

#[cfg(test)]
mod tests {
    use super::super::compile::load;
    use super::*;

    const FLOW: &str = "flow: drawn\nstart: draft\nsteps:\n  draft: {builtin: noop, visits: 3}\n  review: {approval: {title: ok?}}\n  each: {map: {over: input.list, body: {steps: {one: {wait: {for: 1s}}}}}}\n  done: {end: {}}\nedges:\n  - {from: draft, to: review}\n  - {from: review, to: draft, on: rejected}\n  - {from: review, to: each, when: \"1 < 2 && 'x' == 'x'\"}\n  - {from: review, to: done, otherwise: true}\n";

    fn plan() -> Plan {
        load(FLOW).expect("compiles").0
    }

    #[test]
    fn mermaid_shows_steps_loops_bodies_and_conditions() {
        let expected = "flowchart TD\n  s0_0[\"draft<br/>builtin noop<br/>up to 3 visits\"]\n  s0_1{{\"review<br/>approval\"}}\n  s0_2[\"each<br/>for each item\"]\n  subgraph b1 [\"each item of each\"]\n    s1_0([\"one<br/>wait\"])\n  end\n  s0_2 -.- b1\n  s0_3((\"done<br/>end\"))\n  s0_0 --> s0_1\n  s0_1 -.->|\"rejected\"| s0_0\n  s0_1 -->|\"approved, when 1 #lt; 2 #amp;#amp; 'x' == 'x'\"| s0_2\n  s0_1 -->|\"approved, otherwise\"| s0_3\n";
        assert_eq!(mermaid(&plan()), expected);
    }

    #[test]
    fn dot_quotes_and_nests() {
        let drawn = dot(&plan());
        assert!(drawn.starts_with("digraph \"drawn\" {\n"), "{drawn}");
        assert!(drawn.contains("  s0_1 [label=\"review\\napproval\", shape=hexagon];\n"), "{drawn}");
        assert!(drawn.contains("  subgraph cluster_1 {\n    label=\"each item of each\";\n"), "{drawn}");
        assert!(drawn.contains("  s0_1 -> s0_0 [label=\"rejected\", style=dashed];\n"), "{drawn}");
        assert_eq!(drawn.matches('{').count(), drawn.matches('}').count());
        assert_eq!(dot_text("a\"b\\c\n"), "a\\\"b\\\\c ");
    }
}
