//! Random flows that are valid by construction: blocks inside blocks, every choice read from a string of bytes, so that fewer and smaller
//! bytes mean a smaller flow.

use serde_json::{Map, Value, json};

use crate::flow::spec::FlowSpec;

/// A source of choices; exhausted it always chooses the first.
pub(crate) struct Choices<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % bound.max(1)
    }

    pub(crate) fn is_exhausted(&self) -> bool {
        self.at >= self.bytes.len()
    }
}

/// One way in, and the steps (with the port) from which the block is left.
struct Block {
    entry: String,
    exits: Vec<(String, Option<&'static str>)>,
}

struct Scope {
    steps: Map<String, Value>,
    edges: Vec<Value>,
}

struct Generator<'a, 'b> {
    choices: &'a mut Choices<'b>,
    scope: Scope,
    next: usize,
    depth: usize,
    in_loop: bool,
}

/// A flow; steps are named after their kind so that tests can answer by kind.
pub(crate) fn flow(choices: &mut Choices<'_>) -> FlowSpec {
    let on_breach = ["fail", "ask"][choices.below(2)];
    let steps_max = if choices.below(8) == 7 { 6 } else { 400 };
    let mut generator = Generator { choices, scope: Scope { steps: Map::new(), edges: Vec::new() }, next: 0, depth: 0, in_loop: false };
    let block = generator.sequence();
    let Scope { steps, edges } = generator.scope;
    let limits = json!({"steps": steps_max, "on_breach": on_breach, "timeout": "30d"});
    let mut whole = json!({"flow": "generated", "start": block.entry, "limits": limits, "steps": steps, "edges": edges});
    if choices.below(4) == 3 {
        whole["validators"] = json!([{"name": "gate", "judge": {"model": "openai/judge", "rubric": "good"}}]);
    }
    serde_json::from_value(whole).expect("the generator writes the format")
}

impl Generator<'_, '_> {
    fn add(&mut self, kind: &str, step: Value) -> String {
        let id = format!("{kind}{}", self.next);
        self.next += 1;
        self.scope.steps.insert(id.clone(), step);
        id
    }

    fn edge(&mut self, from: &str, to: &str, more: Value) {
        let mut edge = json!({"from": from, "to": to});
        if let (Some(edge), Value::Object(more)) = (edge.as_object_mut(), more) {
            edge.extend(more);
        }
        self.scope.edges.push(edge);
    }

    fn lead(&mut self, block: &Block, to: &str) {
        for (from, port) in &block.exits {
            let more = port.map_or_else(|| json!({}), |port| json!({"on": port}));
            self.edge(from, to, more);
        }
    }

    fn sequence(&mut self) -> Block {
        let mut whole = self.block();
        for _ in 0..self.choices.below(4) {
            let next = self.block();
            self.lead(&whole, &next.entry);
            whole.exits = next.exits;
        }
        whole
    }

    fn block(&mut self) -> Block {
        self.depth += 1;
        let deep = self.depth > 3;
        let block = match if deep { 0 } else { self.choices.below(9) } {
            0..=3 => self.step(),
            4 => self.fan(),
            5 => self.choice(),
            6 if !self.in_loop => self.repeat(),
            7 => self.map(),
            _ => self.question(),
        };
        self.depth -= 1;
        block
    }

    fn step(&mut self) -> Block {
        let effect = ["read", "idempotent", "once"][self.choices.below(3)];
        let retry = json!({"attempts": 2, "backoff": "1s..2s"});
        let (kind, step) = match self.choices.below(10) {
            0 => ("set", json!({"set": {"x": "1 + 1"}})),
            1 if effect == "once" => ("http", json!({"http": {"post": "https://a.example"}, "effect": "once"})),
            1 => ("http", json!({"http": {"post": "https://a.example"}, "effect": effect, "retry": retry})),
            2 => ("builtin", json!({"builtin": {"name": "echo", "args": {"a": 1}}, "compensate": {"builtin": "noop"}})),
            3 => ("llm", self.validated(json!({"llm": {"model": "openai/gpt-5-mini", "prompt": "hi"}, "retry": retry}))),
            4 => ("wait", json!({"wait": {"for": "5s"}})),
            5 => ("event", json!({"event": {"name": "go", "timeout": "1d"}})),
            6 => ("mcp", json!({"mcp": {"server": "files", "tool": "read", "args": {}}, "effect": effect})),
            7 => ("flow", json!({"flow": {"agent": "other"}})),
            8 => ("agent", self.validated(Self::agent())),
            _ => return self.ending(),
        };
        let id = self.add(kind, step);
        if !self.in_loop && self.choices.below(6) == 5 {
            let rescue = self.add("rescue", json!({"set": {"caught": format!("steps.{id}.error.code")}}));
            let after = self.add("after", json!({"set": {}}));
            self.edge(&id, &rescue, json!({"on": "error"}));
            self.edge(&id, &after, json!({}));
            let join = self.add("join", json!({"set": {}, "join": "any"}));
            self.edge(&rescue, &join, json!({}));
            self.edge(&after, &join, json!({}));
            return Block { entry: id, exits: vec![(join, None)] };
        }
        Block { entry: id.clone(), exits: vec![(id, None)] }
    }

    /// The answer is judged: by what needs no call, by a judge, by an http call, or not at all.
    fn validated(&mut self, mut step: Value) -> Value {
        let validators = match self.choices.below(5) {
            1 => json!([{"regex": "^f"}]),
            2 => json!([{"cel": "output != \"text\""}, {"judge": {"model": "openai/judge", "rubric": "good"}}]),
            3 => json!([{"http": {"post": "https://a.example"}, "retry": {"attempts": 2, "backoff": "1s..2s"}}]),
            4 => json!([{"judge": {"model": "openai/judge", "rubric": "good"}, "on_fail": "stop"}]),
            _ => return step,
        };
        step["validators"] = validators;
        step["max_retries"] = json!(self.choices.below(3));
        step
    }

    fn agent() -> Value {
        let tools = json!([
            {"name": "look", "http": {"get": "https://a.example"}, "effect": "read"},
            {"name": "pay", "http": {"post": "https://a.example"}, "effect": "once", "approval": {}},
        ]);
        json!({"agent": {"model": "openai/gpt-5-mini", "prompt": "hi", "max_iterations": 3, "tools": tools}})
    }

    /// `end` or `fail` on a side branch; the block goes on beside it.
    fn ending(&mut self) -> Block {
        if self.in_loop {
            let id = self.add("set", json!({"set": {}}));
            return Block { entry: id.clone(), exits: vec![(id, None)] };
        }
        let gate = self.add("gate", json!({"set": {"x": "1"}}));
        let ends = self.choices.below(2) == 0;
        let ending =
            if ends { self.add("end", json!({"end": {"output": "7"}})) } else { self.add("fail", json!({"fail": {"code": "no_data"}})) };
        let on = self.add("on", json!({"set": {}}));
        let when = if self.choices.below(3) == 2 { "true" } else { "false" };
        self.edge(&gate, &ending, json!({"when": when}));
        self.edge(&gate, &on, json!({"otherwise": true}));
        Block { entry: gate, exits: vec![(on, None)] }
    }

    fn fan(&mut self) -> Block {
        let split = self.add("split", json!({"set": {}}));
        let width = 2 + self.choices.below(2);
        let join = match self.choices.below(4) {
            0 => json!({"set": {}}),
            1 => json!({"set": {}, "join": "any"}),
            2 => json!({"set": {}, "join": {"n": 2}}),
            _ => json!({"set": {}, "join": "any", "rest": "cancel"}),
        };
        let branches: Vec<_> = (0..width).map(|_| self.sequence()).collect();
        let join = self.add("join", join);
        for branch in &branches {
            self.edge(&split, &branch.entry, json!({}));
            // A branch with several ways out must arrive as one token.
            let last = self.add("last", json!({"set": {}, "join": "any"}));
            self.lead(branch, &last);
            self.edge(&last, &join, json!({}));
        }
        Block { entry: split, exits: vec![(join, None)] }
    }

    fn choice(&mut self) -> Block {
        let select = ["first", "all"][self.choices.below(2)];
        let gate = self.add("gate", json!({"set": {"x": "1"}, "select": select}));
        let (a, b) = (self.sequence(), self.sequence());
        let when = ["true", "false"][self.choices.below(2)];
        self.edge(&gate, &a.entry, json!({"when": when}));
        self.edge(&gate, &b.entry, json!({"otherwise": true}));
        let merge = self.add("merge", json!({"set": {}, "join": "any"}));
        self.lead(&a, &merge);
        self.lead(&b, &merge);
        Block { entry: gate, exits: vec![(merge, None)] }
    }

    fn repeat(&mut self) -> Block {
        self.in_loop = true;
        let header = self.add("header", json!({"set": {}, "visits": 3}));
        let body = self.sequence();
        let decide = self.add("decide", json!({"set": {}, "join": "any"}));
        self.edge(&header, &body.entry, json!({}));
        self.lead(&body, &decide);
        self.in_loop = false;
        let again = [format!("!has(previous.{header})"), "true".to_owned(), "false".to_owned()][self.choices.below(3)].clone();
        let out = self.add("out", json!({"set": {}, "join": "any"}));
        self.edge(&decide, &header, json!({"when": again}));
        self.edge(&decide, &out, json!({"otherwise": true}));
        self.edge(&header, &out, json!({"on": "exhausted"}));
        Block { entry: header, exits: vec![(out, None)] }
    }

    fn map(&mut self) -> Block {
        let outer = std::mem::replace(&mut self.scope, Scope { steps: Map::new(), edges: Vec::new() });
        let was_in_loop = std::mem::replace(&mut self.in_loop, false);
        let body = self.sequence();
        self.in_loop = was_in_loop;
        let inner = std::mem::replace(&mut self.scope, outer);
        let policy = ["fail_fast", "continue", "collect"][self.choices.below(3)];
        let body = json!({"start": body.entry, "steps": inner.steps, "edges": inner.edges});
        let id = self.add("map", json!({"map": {"over": "[1, 2, 3]", "concurrency": 2, "on_item_error": policy, "body": body}}));
        Block { entry: id.clone(), exits: vec![(id, None)] }
    }

    fn question(&mut self) -> Block {
        if self.choices.below(3) == 2 {
            let id = self.add("ask", json!({"ask": {"title": "what?", "expires": {"after": "2d", "then": "fail"}}}));
            return Block { entry: id.clone(), exits: vec![(id, None)] };
        }
        let ask =
            self.add("approval", json!({"approval": {"title": "ok?", "expires": {"after": "2d", "then": "reject"}, "remind": ["1h"]}}));
        let (yes, no) = (self.add("yes", json!({"set": {}})), self.add("no", json!({"set": {}})));
        self.edge(&ask, &yes, json!({"on": "approved"}));
        self.edge(&ask, &no, json!({"on": "rejected"}));
        Block { entry: ask, exits: vec![(yes, None), (no, None)] }
    }
}
