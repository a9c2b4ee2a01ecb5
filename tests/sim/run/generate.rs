//! Random flows that are valid by construction: blocks inside blocks, every choice read from bytes. Conditions come from a small vocabulary
//! (`true`, `false`, `input.n > K`, `!has(previous.HEADER)`), which the naive model in `oracle` reads without an expression engine.

use flowgate::flow::spec::FlowSpec;
use serde_json::{Map, Value, json};

/// A source of choices; exhausted it always chooses the first.
struct Choices<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Choices<'_> {
    fn below(&mut self, bound: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % bound.max(1)
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

const MODEL: &str = "openai/gpt-5-mini";
const JUDGE: &str = "openai/judge";
/// The name of a flow's entry, if it has one.
pub const ENTRY: &str = "late";

/// One way in, and the steps (with the port) from which the block is left.
struct Block {
    entry: String,
    exits: Vec<(String, Option<&'static str>)>,
}

impl Block {
    fn of(id: String) -> Self {
        Self { entry: id.clone(), exits: vec![(id, None)] }
    }
}

#[derive(Default)]
struct Scope {
    steps: Map<String, Value>,
    edges: Vec<Value>,
}

struct Generator<'a> {
    choices: Choices<'a>,
    scope: Scope,
    next: usize,
    depth: usize,
    loops: usize,
    /// Only steps that need nobody: no children, no questions.
    leaf: bool,
    /// A map may have so many items that one turn does not get through them.
    crowded: bool,
}

/// A turn makes 1,000 transitions at most: so many items of a map, of so many steps each, make more.
const CROWD: usize = 120;
const CHAIN: usize = 8;

/// A flow of every kind of step. `number` makes revisions of one name differ.
pub fn flow(bytes: &[u8], name: &str, number: usize) -> FlowSpec {
    build(bytes, name, number, false)
}

/// A flow without children.
pub fn leaf_flow(bytes: &[u8], name: &str) -> FlowSpec {
    build(bytes, name, 0, true)
}

fn build(bytes: &[u8], name: &str, number: usize, leaf: bool) -> FlowSpec {
    let mut choices = Choices { bytes, at: 0 };
    let crowded = !leaf && choices.below(12) == 11;
    let steps_max = if choices.below(10) == 9 { 8 } else { 2_000 };
    let timeout = choices.pick(&["30d", "30d", "30d", "2h"]);
    let on_breach = choices.pick(&["fail", "ask"]);
    let tokens = choices.pick(&[None, None, None, None, None, Some(6_000), Some(30_000)]);
    let mut generator = Generator { choices, scope: Scope::default(), next: 0, depth: 0, loops: 0, leaf, crowded };
    let mut whole = generator.whole();
    let Scope { steps, edges } = generator.scope;
    let mut limits = json!({"steps": steps_max, "on_breach": on_breach, "timeout": timeout});
    if let Some(tokens) = tokens {
        limits["tokens"] = json!(tokens);
    }
    whole.extend([
        ("flow".to_owned(), json!(name)),
        ("description".to_owned(), json!(format!("generated, revision {number}"))),
        ("limits".to_owned(), limits),
        ("steps".to_owned(), Value::Object(steps)),
        ("edges".to_owned(), json!(edges)),
    ]);
    serde_json::from_value(Value::Object(whole)).expect("the generator writes the format")
}

impl Generator<'_> {
    fn add(&mut self, kind: &str, step: Value) -> String {
        let id = format!("{kind}{}", self.next);
        self.next += 1;
        self.scope.steps.insert(id.clone(), step);
        id
    }

    fn set(&mut self, name: &str) -> String {
        self.add(name, json!({"set": {"x": "1"}}))
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
            self.edge(from, to, port.map_or_else(|| json!({}), |port| json!({"on": port})));
        }
    }

    fn condition(&mut self) -> String {
        let n = self.choices.below(4);
        self.choices.pick(&["true".to_owned(), "false".to_owned(), format!("input.n > {n}"), format!("input.n > {n}")])
    }

    /// The flow's first step, what judges its result, the ways into it, and what its output is.
    fn whole(&mut self) -> Map<String, Value> {
        let mut parts = vec![self.block()];
        for _ in 0..self.choices.below(4) {
            let next = self.block();
            self.lead(&parts[parts.len() - 1], &next.entry);
            parts.push(next);
        }
        let mut whole = Map::new();
        whole.insert("start".to_owned(), json!(parts[0].entry));
        let ending = self.choices.below(8);
        if ending < 3 {
            let answer = self.answering();
            let answer = self.add("answer", answer);
            self.lead(&parts[parts.len() - 1], &answer);
            if ending == 0 {
                whole.insert("output".to_owned(), json!(format!("steps.{answer}.output")));
            }
            parts.push(Block::of(answer));
        }
        if self.choices.below(5) == 4 {
            whole.insert("validators".to_owned(), self.gate("gate"));
            whole.insert("max_retries".to_owned(), json!(self.choices.below(3)));
        }
        if !self.leaf && self.choices.below(3) == 2 {
            let part = self.choices.below(parts.len());
            let mut entry = json!({"start": parts[part].entry});
            if self.choices.below(3) == 2 {
                entry["validators"] = self.gate("entry");
                entry["failure_codes"] = json!(["too_few"]);
                entry["max_retries"] = json!(self.choices.below(3));
            }
            whole.insert("entries".to_owned(), json!({ENTRY: entry}));
        }
        whole
    }

    /// A model step whose answer can be the flow's result.
    fn answering(&mut self) -> Value {
        let step = match self.choices.below(3) {
            0 => self.agent(),
            1 => json!({"llm": {"model": MODEL, "prompt": "hi", "output": {"type": "object", "required": ["ok"]}}}),
            _ => json!({"llm": {"model": MODEL, "prompt": "hi"}}),
        };
        self.validated(step)
    }

    /// What judges a result of any kind; `name` keeps the flow's and the entry's apart.
    fn gate(&mut self, name: &str) -> Value {
        let mut one = self.choices.pick(&[
            json!({"json_schema": {"type": "object"}}),
            json!({"json_schema": {"enum": ["fine", 7]}, "feedback": "Say fine."}),
            json!({"regex": "^f"}),
            json!({"cel": "input.n > 1", "code": "too_few"}),
            json!({"judge": {"model": JUDGE, "rubric": "good"}, "retry": {"attempts": 2, "backoff": "1s..2s"}}),
            json!({"http": {"post": "https://a.example/judge"}}),
        ]);
        one["name"] = json!(name);
        let stops = one.get("http").is_none() && self.choices.below(2) == 1;
        if stops {
            one["on_fail"] = json!("stop");
        }
        json!([one])
    }

    /// The answers of a model step are judged: by what needs no call, by a judge, by an http call, or not at all.
    fn validated(&mut self, mut step: Value) -> Value {
        let is_text = step.get("llm").is_none_or(|llm| llm.get("output").is_none());
        let count = [0, 0, 1, 1, 2, 3][self.choices.below(6)];
        if count == 0 {
            return step;
        }
        let validators: Vec<_> = (0..count).map(|_| self.validator(is_text)).collect();
        step["validators"] = json!(validators);
        if self.choices.below(4) > 0 {
            step["max_retries"] = json!(self.choices.below(3));
        }
        step
    }

    fn validator(&mut self, is_text: bool) -> Value {
        let retry = json!({"attempts": 2, "backoff": "1s..2s"});
        let mut one = match self.choices.below(9) {
            0 if is_text => {
                self.choices.pick(&[json!({"json_schema": {"enum": ["fine", "poor"]}}), json!({"json_schema": {"enum": ["fine"]}})])
            }
            0 | 1 => json!({"json_schema": {"type": "object"}}),
            2 if is_text => self.choices.pick(&[json!({"cel": "output == \"fine\""}), json!({"cel": "output != \"poor\""})]),
            // Of a text it is an expression that fails.
            2 | 3 => json!({"cel": "output.ok"}),
            4 if is_text => self.choices.pick(&[json!({"regex": "^f"}), json!({"regex": "^p", "on_fail": "stop", "code": "no_letter"})]),
            4 => json!({"regex": "^\\{"}),
            5 | 6 => json!({"judge": {"model": JUDGE, "rubric": "good", "threshold": self.choices.pick(&[0.3, 0.7, 0.9])}, "retry": retry}),
            7 => json!({"judge": {"model": JUDGE, "rubric": "good"}}),
            _ => json!({"http": {"post": "https://a.example/judge"}, "retry": retry}),
        };
        let is_http = one.get("http").is_some();
        match self.choices.below(5) {
            3 if !is_http => one["on_fail"] = json!("stop"),
            4 => one["feedback"] = json!("Better, please."),
            _ => {}
        }
        one
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
        if self.crowded && self.loops == 0 && self.choices.below(3) == 0 {
            (self.crowded, self.depth) = (false, self.depth - 1);
            return self.crowd();
        }
        let block = match if deep { 0 } else { self.choices.below(12) } {
            0..=4 => self.step(),
            5 | 6 => self.fan(),
            7 => self.choice(),
            8 if self.loops < 2 => self.repeat(),
            9 => self.map(),
            10 => self.approved_action(),
            _ => self.question(),
        };
        self.depth -= 1;
        block
    }

    fn step(&mut self) -> Block {
        let (kind, step) = match self.choices.below(13) {
            0 => ("set", json!({"set": {"x": "1 + 1"}})),
            1 | 2 => ("http", self.http()),
            3 => ("builtin", json!({"builtin": {"name": "echo", "args": {"a": 1}}, "compensate": {"builtin": "noop"}})),
            4 => {
                let step = json!({"llm": {"model": MODEL, "prompt": "hi"}, "retry": {"attempts": 3, "backoff": "1s..4s"}});
                ("llm", self.validated(step))
            }
            5 => ("wait", json!({"wait": {"for": self.choices.pick(&["5s", "1h"])}})),
            6 => return self.event(),
            7 => ("mcp", json!({"mcp": {"server": "files", "tool": "read", "args": {}}, "effect": self.class()})),
            8 if !self.leaf => ("flow", self.child()),
            9 => {
                let step = self.agent();
                ("agent", self.validated(step))
            }
            10 => return self.ending(),
            11 => {
                let step = json!({"llm": {"model": MODEL, "prompt": "hi", "output": {"type": "object", "required": ["ok"]}}});
                ("llm", self.validated(step))
            }
            _ => (
                "http",
                json!({"http": {"get": "https://a.example"}, "effect": "read", "retry": {"attempts": 2, "backoff": "1s..2s"}, "timeout": "10s"}),
            ),
        };
        let id = self.add(kind, step);
        if self.choices.below(5) == 4 {
            return self.rescued(id);
        }
        Block::of(id)
    }

    fn child(&mut self) -> Value {
        let mut step = json!({"flow": {"agent": "other", "input": {"n": "input.n"}}});
        match self.choices.below(5) {
            3 => step["timeout"] = json!("2h"),
            4 => step["retry"] = json!({"attempts": 2, "backoff": "1s..2s"}),
            _ => {}
        }
        step
    }

    fn class(&mut self) -> &'static str {
        self.choices.pick(&["read", "idempotent", "once"])
    }

    fn http(&mut self) -> Value {
        let class = self.class();
        let mut step = json!({"http": {"post": "https://a.example", "json": {"n": "{{ input.n }}"}}, "effect": class});
        if class == "once" {
            step["in_doubt"] = self.choices.pick(&[
                json!("ask"),
                json!("ask"),
                json!("fail"),
                json!({"check": {"http": {"get": "https://a.example/check"}}, "done_when": "output.done == true"}),
            ]);
        } else {
            step["retry"] = json!({"attempts": 2, "backoff": "1s..2s"});
        }
        if self.choices.below(3) == 2 {
            step["compensate"] = json!({"http": {"delete": "https://a.example"}});
        }
        step
    }

    /// What fails is caught, and both ways meet again.
    fn rescued(&mut self, id: String) -> Block {
        let rescue = self.add("rescue", json!({"set": {"caught": format!("steps.{id}.error.code")}}));
        let (after, join) = (self.set("after"), self.add("join", json!({"set": {"x": "1"}, "join": "any"})));
        self.edge(&id, &rescue, json!({"on": "error"}));
        self.edge(&id, &after, json!({}));
        self.edge(&rescue, &join, json!({}));
        self.edge(&after, &join, json!({}));
        Block { entry: id, exits: vec![(join, None)] }
    }

    fn agent(&mut self) -> Value {
        let mut tools = vec![
            json!({"name": "look", "http": {"get": "https://a.example"}, "effect": "read"}),
            json!({"name": "pay", "http": {"post": "https://a.example", "json": {"sum": 1}}, "effect": "once", "approval": {}}),
        ];
        if !self.leaf {
            tools.push(json!({"name": "other", "flow": {"agent": "other", "input": {"n": "input.n"}}}));
        }
        let mut step = json!({"agent": {"model": MODEL, "prompt": "hi", "max_iterations": 4, "tools": tools}});
        match self.choices.below(6) {
            3 | 4 => step["agent"]["caller_tools"] = json!(true),
            5 => step["timeout"] = json!("40m"),
            _ => {}
        }
        if self.choices.below(3) == 2 {
            step["retry"] = json!({"attempts": 2, "backoff": "1s..2s"});
        }
        step
    }

    fn event(&mut self) -> Block {
        if self.choices.below(2) == 0 {
            return Block::of(self.add("event", json!({"event": {"name": "go", "timeout": "1d"}})));
        }
        let event = self.add("event", json!({"event": {"any_of": ["go", "stop"], "timeout": "1d"}}));
        let (go, stop) = (self.set("go"), self.set("stop"));
        self.edge(&event, &go, json!({"on": "go"}));
        self.edge(&event, &stop, json!({"on": "stop"}));
        let merge = self.add("merge", json!({"set": {"x": "1"}, "join": "any"}));
        self.edge(&go, &merge, json!({}));
        self.edge(&stop, &merge, json!({}));
        Block { entry: event, exits: vec![(merge, None)] }
    }

    /// `end` or `fail` on a side branch; the block goes on beside it.
    fn ending(&mut self) -> Block {
        if self.loops > 0 {
            return Block::of(self.set("set"));
        }
        let gate = self.set("gate");
        let ending = match self.choices.below(2) {
            0 => self.add("end", json!({"end": {"output": "7"}})),
            _ => self.add("fail", json!({"fail": {"code": "no_data"}})),
        };
        let on = self.set("on");
        let when = self.condition();
        self.edge(&gate, &ending, json!({"when": when}));
        self.edge(&gate, &on, json!({"otherwise": true}));
        Block { entry: gate, exits: vec![(on, None)] }
    }

    fn fan(&mut self) -> Block {
        let split = self.set("split");
        let width = 2 + self.choices.below(2);
        let mut join = self.choices.pick(&[
            json!({}),
            json!({"join": "any"}),
            json!({"join": {"n": 2}}),
            json!({"join": "any", "rest": "cancel"}),
            json!({"join": {"n": 2}, "rest": "cancel"}),
        ]);
        join["set"] = json!({"x": "1"});
        let branches: Vec<_> = (0..width).map(|_| self.sequence()).collect();
        let join = self.add("join", join);
        for branch in &branches {
            let when = if self.choices.below(5) == 4 { json!({"when": self.condition()}) } else { json!({}) };
            // One edge without a condition keeps the token.
            let more = if branch.entry == branches[0].entry { json!({}) } else { when };
            self.edge(&split, &branch.entry, more);
            let last = self.add("last", json!({"set": {"x": "1"}, "join": "any"}));
            self.lead(branch, &last);
            self.edge(&last, &join, json!({}));
        }
        Block { entry: split, exits: vec![(join, None)] }
    }

    fn choice(&mut self) -> Block {
        let select = self.choices.pick(&["first", "all"]);
        let gate = self.add("gate", json!({"set": {"x": "1"}, "select": select}));
        let (a, b, c) = (self.sequence(), self.sequence(), self.set("other"));
        let (first, second) = (self.condition(), self.condition());
        self.edge(&gate, &a.entry, json!({"when": first}));
        self.edge(&gate, &b.entry, json!({"when": second}));
        self.edge(&gate, &c, json!({"otherwise": true}));
        let merge = self.add("merge", json!({"set": {"x": "1"}, "join": "any"}));
        self.lead(&a, &merge);
        self.lead(&b, &merge);
        self.edge(&c, &merge, json!({}));
        Block { entry: gate, exits: vec![(merge, None)] }
    }

    fn repeat(&mut self) -> Block {
        let header = self.add("header", json!({"set": {"x": "1"}, "visits": 3}));
        self.loops += 1;
        let body = self.sequence();
        self.loops -= 1;
        // Repeat and exit may both be live.
        let both = self.choices.below(3) == 2;
        let select = if both { "all" } else { "first" };
        let decide = self.add("decide", json!({"set": {"x": "1"}, "join": "any", "select": select}));
        self.edge(&header, &body.entry, json!({}));
        self.lead(&body, &decide);
        let again =
            self.choices.pick(&[format!("!has(previous.{header})"), "true".to_owned(), "false".to_owned(), "input.n > 1".to_owned()]);
        let out = self.add("out", json!({"set": {"x": "1"}, "join": "any"}));
        self.edge(&decide, &header, json!({"when": again}));
        self.edge(&decide, &out, json!({"otherwise": true}));
        if both {
            let (aside, when) = (self.set("aside"), self.condition());
            self.edge(&decide, &aside, json!({"when": when}));
            self.edge(&aside, &out, json!({}));
        }
        self.edge(&header, &out, json!({"on": "exhausted"}));
        Block { entry: header, exits: vec![(out, None)] }
    }

    /// More pure work than one turn gets through.
    fn crowd(&mut self) -> Block {
        let over = json!((0..CROWD).collect::<Vec<_>>()).to_string();
        let last = self.choices.pick(&[json!({"set": {"x": "1"}}), json!({"end": {"output": "7"}}), json!({"fail": {"code": "no_data"}})]);
        let (mut steps, mut edges) = (Map::new(), Vec::new());
        for number in 0..CHAIN {
            steps.insert(format!("c{number}"), json!({"set": {"x": "1"}}));
            edges.push(json!({"from": format!("c{number}"), "to": format!("c{}", number + 1)}));
        }
        steps.insert(format!("c{CHAIN}"), last);
        let body = json!({"start": "c0", "steps": steps, "edges": edges});
        let policy = self.choices.pick(&["continue", "collect"]);
        Block::of(self.add("crowd", json!({"map": {"over": over, "concurrency": 50, "on_item_error": policy, "body": body}})))
    }

    fn map(&mut self) -> Block {
        let outer = std::mem::take(&mut self.scope);
        let (loops, crowded) = (std::mem::take(&mut self.loops), std::mem::take(&mut self.crowded));
        let body = self.sequence();
        (self.loops, self.crowded) = (loops, crowded);
        let inner = std::mem::replace(&mut self.scope, outer);
        let policy = self.choices.pick(&["fail_fast", "continue", "collect"]);
        let over = self.choices.pick(&["[1, 2, 3]", "[1]", "[1, 2, 3, 4, 5]"]);
        let body = json!({"start": body.entry, "steps": inner.steps, "edges": inner.edges});
        let mut step = json!({"map": {"over": over, "concurrency": 2, "on_item_error": policy, "body": body}});
        if self.choices.below(6) == 5 {
            step["timeout"] = json!("30m");
        }
        Block::of(self.add("map", step))
    }

    /// An approval that releases exactly the call behind it.
    fn approved_action(&mut self) -> Block {
        let quorum = 1 + self.choices.below(2);
        let act = self.add("act", json!({"http": {"post": "https://a.example/pay", "json": {"sum": 5}}, "effect": "once"}));
        let ask = self.add("gated", json!({"approval": {"title": "pay?", "action": act, "approvers": {"quorum": quorum}}}));
        let no = self.set("no");
        self.edge(&ask, &act, json!({"on": "approved"}));
        self.edge(&ask, &no, json!({"on": "rejected"}));
        Block { entry: ask, exits: vec![(act, None), (no, None)] }
    }

    fn question(&mut self) -> Block {
        if self.choices.below(3) == 2 {
            let expires = self.choices.pick(&[json!("fail"), json!({"ask": {"any_of": ["role:boss"]}})]);
            return Block::of(self.add("ask", json!({"ask": {"title": "what?", "expires": {"after": "2d", "then": expires}}})));
        }
        let then = self.choices.pick(&["reject", "branch"]);
        let approval = json!({"approval": {"title": "ok?", "expires": {"after": "2d", "then": then}, "remind": ["1h", "3h"]}});
        let ask = self.add("approval", approval);
        let (yes, no) = (self.set("yes"), self.set("no"));
        self.edge(&ask, &yes, json!({"on": "approved"}));
        self.edge(&ask, &no, json!({"on": "rejected"}));
        let mut exits = vec![(yes, None), (no, None)];
        if then == "branch" {
            let late = self.set("late");
            self.edge(&ask, &late, json!({"on": "expired"}));
            exits.push((late, None));
        }
        Block { entry: ask, exits }
    }
}
