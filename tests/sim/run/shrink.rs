//! From a case that fails to a small one that fails for the same reason: fewer faults, fewer steps, fewer executions, a smaller flow.

use flowgate::flow::compile;
use flowgate::flow::spec::{EdgeSpec, FlowSpec, StepSpec, Table};

use super::batch;
use super::case::Case;

/// Runs that shrinking may take.
const RUNS_MAX: usize = 3_000;
/// Other chances that a smaller flow is given to fail in the same way.
const CHANCES: u64 = 6;

struct Shrinker {
    best: Case,
    kind: String,
    runs: usize,
}

/// The smallest case found that fails like `case` does.
pub fn shrink(case: &Case, reason: &str) -> Case {
    let mut shrinker = Shrinker { best: case.clone(), kind: kind(reason), runs: 0 };
    loop {
        let before = shrinker.size();
        shrinker.numbers();
        shrinker.faults();
        shrinker.flows();
        if shrinker.size() >= before || shrinker.runs >= RUNS_MAX {
            return shrinker.best;
        }
    }
}

/// What makes two failures the same: the guarantee and the first words, without ids and numbers.
fn kind(reason: &str) -> String {
    let words = reason.split_whitespace().filter(|word| word.chars().all(|letter| letter.is_alphabetic() || letter == ':'));
    let guarantee = reason.split(':').next().unwrap_or(reason);
    format!("{guarantee} {}", words.take(5).collect::<Vec<_>>().join(" "))
}

impl Shrinker {
    fn size(&self) -> usize {
        let flows = self.best.flows.iter().chain([&self.best.child]).map(|flow| count(&flow.steps)).sum::<usize>();
        flows * 100 + self.best.steps as usize + self.best.faults.len() * 50 + self.best.starts as usize * 50
    }

    fn try_case(&mut self, case: Case) -> bool {
        self.runs += 1;
        let fails = self.runs < RUNS_MAX && batch::run(&case, false).result.is_err_and(|reason| kind(&reason) == self.kind);
        if fails {
            self.best = case;
        }
        fails
    }

    fn numbers(&mut self) {
        for starts in 1..self.best.starts {
            if self.try_case(Case { starts, ..self.best.clone() }) {
                break;
            }
        }
        let mut cut = self.best.steps / 2;
        while cut > 0 {
            if !self.try_case(Case { steps: self.best.steps.saturating_sub(cut), ..self.best.clone() }) {
                cut /= 2;
            }
            cut = cut.min(self.best.steps);
        }
    }

    fn faults(&mut self) {
        for fault in self.best.faults.clone() {
            let faults = self.best.faults.iter().copied().filter(|other| *other != fault).collect();
            self.try_case(Case { faults, ..self.best.clone() });
        }
    }

    fn flows(&mut self) {
        while self.best.flows.len() > 1 {
            let mut smaller = self.best.clone();
            smaller.flows.pop();
            if !self.try_case(smaller) {
                break;
            }
        }
        for flow in 0..=self.best.flows.len() {
            while self.one_step_less(flow) {}
        }
    }

    /// Leaves one step of a flow out, wherever it is, with other chances if need be.
    fn one_step_less(&mut self, flow: usize) -> bool {
        let whole = if flow < self.best.flows.len() { self.best.flows[flow].clone() } else { self.best.child.clone() };
        for smaller in without_one(&whole) {
            if compile::plan(&smaller).is_err() {
                continue;
            }
            for chance in 0..CHANCES {
                let mut case = self.best.clone();
                case.seed = case.seed.wrapping_add(chance);
                *(if flow < case.flows.len() { &mut case.flows[flow] } else { &mut case.child }) = smaller.clone();
                if self.try_case(case) {
                    return true;
                }
            }
        }
        false
    }
}

fn count(steps: &Table<StepSpec>) -> usize {
    steps.values().map(|step| 1 + step.map.as_ref().map_or(0, |map| count(&map.body.steps))).sum()
}

/// Every flow with one step fewer.
fn without_one(flow: &FlowSpec) -> Vec<FlowSpec> {
    let graph = Graph { start: flow.start.clone(), steps: flow.steps.clone(), edges: flow.edges.clone() };
    let smaller = graph.without_one().into_iter();
    smaller.map(|Graph { start, steps, edges }| FlowSpec { start, steps, edges, ..flow.clone() }).collect()
}

struct Graph {
    start: Option<String>,
    steps: Table<StepSpec>,
    edges: Vec<EdgeSpec>,
}

impl Graph {
    fn without_one(&self) -> Vec<Self> {
        let mut all = Vec::new();
        for (name, step) in &self.steps {
            all.extend(self.without(name));
            let Some(map) = &step.map else { continue };
            let body = Self { start: map.body.start.clone(), steps: map.body.steps.clone(), edges: map.body.edges.clone() };
            for Self { start, steps, edges } in body.without_one() {
                let mut changed = step.clone();
                if let Some(map) = &mut changed.map {
                    (map.body.start, map.body.steps, map.body.edges) = (start, steps, edges);
                }
                let mut whole = Self { start: self.start.clone(), steps: self.steps.clone(), edges: self.edges.clone() };
                whole.steps.insert(name.clone(), changed);
                all.push(whole);
            }
        }
        all
    }

    /// Without one step; what led to it leads to what it led to. Also with everything behind it, where nothing else leads there.
    fn without(&self, name: &str) -> Vec<Self> {
        let after: Vec<&EdgeSpec> = self.edges.iter().filter(|edge| edge.from == name && edge.to != name).collect();
        let mut variants = vec![None];
        variants.extend(after.iter().map(|edge| Some(edge.to.clone())));
        let of = |next: Option<String>| {
            let mut steps = self.steps.clone();
            steps.shift_remove(name);
            let bridge = |edge: &EdgeSpec| match (&next, edge.to == name) {
                (_, false) => Some(edge.clone()),
                (Some(next), true) => Some(EdgeSpec { to: next.clone(), ..edge.clone() }),
                (None, true) => None,
            };
            let kept = self.edges.iter().filter(|edge| edge.from != name).filter_map(bridge).collect();
            let start = if self.start.as_deref() == Some(name) { next.clone() } else { self.start.clone() };
            Self { start, steps, edges: kept }.reachable()
        };
        variants.into_iter().map(of).collect()
    }

    fn reachable(mut self) -> Self {
        let Some(start) = self.start.clone() else { return self };
        let mut seen = vec![start];
        let mut at = 0;
        while at < seen.len() {
            let from = seen[at].clone();
            let next = self.edges.iter().filter(|edge| edge.from == from).map(|edge| edge.to.clone());
            for to in next.collect::<Vec<_>>() {
                if !seen.contains(&to) {
                    seen.push(to);
                }
            }
            at += 1;
        }
        self.steps.retain(|name, _| seen.contains(name));
        self.edges.retain(|edge| seen.contains(&edge.from) && seen.contains(&edge.to));
        self
    }
}
