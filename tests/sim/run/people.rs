//! People and clients: who starts, decides, signals, cancels, holds and publishes.

use std::collections::BTreeMap;

use flowgate::flow::compile;
use flowgate::flow::spec::{DecisionKind, FlowSpec, StepSpec, Table};
use flowgate::ids::ExecutionId;
use flowgate::machine::call::ToolDefinition;
use flowgate::machine::guidance::Guidance;
use flowgate::machine::input::{Body, Mode, Pin, Purpose, Signal, Start};
use flowgate::machine::question::{Decision, Person, Question, QuestionKind, Verdict};
use flowgate::store::Entry;
use serde_json::json;

use super::case::Fault;
use super::outside::CALLERS;
use super::shell::short;
use super::world::{Failure, Ticket, World};

/// Whether a step lets its model call tools of whoever starts the execution.
fn hands_tools_through(steps: &Table<StepSpec>) -> bool {
    steps.values().any(|step| {
        let agent = step.agent.as_ref().is_some_and(|agent| agent.caller_tools);
        agent || step.map.as_ref().is_some_and(|map| hands_tools_through(&map.body.steps))
    })
}

/// Nobody but the caller knows what its tool gave.
fn is_callers(question: &Question) -> bool {
    question.kind == QuestionKind::ToolApproval && question.decisions == [DecisionKind::Respond]
}

fn person(user: &str) -> Person {
    Person { user: user.to_owned(), roles: Vec::new(), every_role: true }
}

impl World {
    /// The flows that everything begins with.
    pub fn publish_first(&mut self) -> Result<(), Failure> {
        let (child, first) = (self.case.child.clone(), self.case.flows[0].clone());
        self.child = self.commit_revision("other", 1, &child)?;
        let first = self.commit_revision("flow", 1, &first)?;
        self.published.push(first);
        Ok(())
    }

    fn commit_revision(&mut self, name: &str, revision: u32, spec: &FlowSpec) -> Result<flowgate::ids::Digest, Failure> {
        let plan = compile::plan(spec).map_err(|problems| format!("case: the flow is refused: {problems:?}"))?;
        let digest = plan.digest;
        let text = serde_json::to_string(spec).map_err(|error| error.to_string())?;
        let (tenant, name) = (World::tenant(), name.to_owned());
        let store = self.store.as_mut().ok_or("no store")?;
        let pending = store.store().commit(Entry::Flow { tenant, name, revision, digest, spec: text.clone() });
        self.commit_everything()?;
        match futures::FutureExt::now_or_never(pending) {
            Some(Ok(_)) => {
                self.specs.insert(digest, (text, spec.clone()));
                self.plans.insert(digest, std::sync::Arc::new(plan));
                Ok(digest)
            }
            Some(Err(error)) => Err(format!("publish: {error}")),
            None => Err("publish: the committer says nothing".to_owned()),
        }
    }

    pub fn commit_everything(&mut self) -> Result<(), Failure> {
        while let Some(store) = &mut self.store {
            if store.is_stopped() || !store.commit().map_err(|error| error.to_string())? {
                break;
            }
            self.learn()?;
        }
        Ok(())
    }

    /// A new revision becomes current, or an old one becomes current again.
    pub fn publish(&mut self) -> Result<(), Failure> {
        let number = self.published.len();
        if self.random.one_in(2) || number >= self.case.flows.len() || self.store.as_ref().is_some_and(|store| store.is_stopped()) {
            self.current = self.random.index(number);
            return Ok(());
        }
        let spec = self.case.flows[number].clone();
        let revision = u32::try_from(number + 1).unwrap_or(1);
        match self.commit_revision("flow", revision, &spec) {
            Ok(digest) => {
                if !self.published.contains(&digest) {
                    self.published.push(digest);
                }
                self.current = self.published.len() - 1;
                Ok(())
            }
            // The disk is full or has failed: nobody was told that it is published.
            Err(reason) if reason.starts_with("publish:") => {
                self.case.flows.truncate(number);
                Ok(())
            }
            Err(reason) => Err(reason),
        }
    }

    /// A client asks for its start, again if it was not told that it is durable.
    pub fn start_client(&mut self) -> Result<(), Failure> {
        let waiting: Vec<usize> = (0..self.clients.len()).filter(|number| !self.clients[*number].acknowledged).collect();
        let Some(number) = waiting.get(self.random.index(waiting.len())).copied() else { return Ok(()) };
        let execution = self.clients[number].execution;
        if self.mails.values().any(|mail| mail.ticket == Ticket::Start(number)) {
            return Ok(());
        }
        let digest = self.published[self.current.min(self.published.len() - 1)];
        let revision = u32::try_from(self.current + 1).unwrap_or(1);
        let tool = |name: &str| ToolDefinition { name: name.to_owned(), description: String::new(), args: json!({}) };
        let (entry, callers) = match self.specs.get(&digest) {
            Some((_, spec)) => (spec.entries.keys().next().cloned(), hands_tools_through(&spec.steps)),
            None => (None, false),
        };
        // A client that asks again asks for the same.
        let wants = execution.0.as_bytes()[15];
        let guidance = Guidance { tools: Vec::from_iter((callers && wants & 1 == 0).then(|| tool(CALLERS))), ..Guidance::default() };
        let start = Start {
            tenant: World::tenant(),
            execution,
            flow: "flow".to_owned(),
            entry: entry.filter(|_| wants & 2 == 0),
            revision,
            digest,
            semantics: 1,
            input: json!({"n": number % 4}),
            config: json!({}),
            mode: Mode::Production,
            script: None,
            starter: person("ana"),
            environment: None,
            session: None,
            context: None,
            parent: None,
            pins: BTreeMap::from([("other".to_owned(), Pin::new(1, self.child))]),
            tools: BTreeMap::from([("files".to_owned(), vec![tool("read")])]),
            prices: BTreeMap::new(),
            allowance: None,
            origin: None,
            purpose: Purpose::Production,
            trigger: None,
            labels: BTreeMap::new(),
            history: Vec::new(),
            guidance,
            attachments: Vec::new(),
            refused: None,
        };
        self.post(execution, Body::Start(Box::new(start)), Ticket::Start(number));
        Ok(())
    }

    /// Somebody decides something that is open; several at once where they race.
    pub fn people(&mut self) -> Result<(), Failure> {
        let open = self.watches.iter().flat_map(|(id, watch)| watch.state.questions().into_iter().map(|question| (*id, question.clone())));
        let open: Vec<(ExecutionId, Question)> = open.collect();
        let Some((id, question)) = open.get(self.random.index(open.len())).cloned() else { return Ok(()) };
        let count = if self.case.has(Fault::RacingDeciders) && !self.healed { 1 + self.random.below(4) } else { 1 };
        for _ in 0..count {
            self.decide_question(id, &question);
        }
        Ok(())
    }

    pub fn decide_question(&mut self, id: ExecutionId, question: &Question) {
        let verdict = self.verdict(id, question);
        let by = person(["ben", "eva", "tom"][self.random.index(3)]);
        let by = if is_callers(question) && (self.healed || !self.random.one_in(4)) { person("ana") } else { by };
        let ticket = Ticket::Decision(question.id, by.user.clone(), question.digest);
        let decision = Decision { question: question.id, digest: question.digest, verdict, by, reason: None };
        self.post(id, Body::Decide(decision), ticket);
    }

    /// Who is asked what became of an effect looks, and tells the truth.
    fn verdict(&mut self, id: ExecutionId, question: &Question) -> Verdict {
        let choice = if self.healed { 0 } else { self.random.below(6) };
        match question.kind {
            QuestionKind::InDoubt if choice == 5 => Verdict::Fail,
            QuestionKind::InDoubt if self.outside.count(id, &question.place) > 0 => Verdict::Happened { result: json!({"ok": true}) },
            QuestionKind::InDoubt => Verdict::Retry,
            QuestionKind::ToolApproval if is_callers(question) && choice < 4 => Verdict::Respond { response: json!("from outside") },
            QuestionKind::Ask => Verdict::Respond { response: json!("hello") },
            QuestionKind::Budget => [Verdict::Approve, Verdict::Approve, Verdict::Reject][self.random.index(3)].clone(),
            QuestionKind::Approval | QuestionKind::ToolApproval => match choice {
                4 => Verdict::Reject,
                5 if question.action.is_some() && question.decisions.contains(&DecisionKind::Edit) => {
                    Verdict::Edit { arguments: json!({"sum": self.random.below(3)}) }
                }
                _ => Verdict::Approve,
            },
        }
    }

    pub fn some_unfinished(&mut self) -> Option<ExecutionId> {
        let ids: Vec<ExecutionId> = self.watches.iter().filter(|(_, watch)| !watch.is_ended()).map(|(id, _)| *id).collect();
        ids.get(self.random.index(ids.len())).copied()
    }

    pub fn signal(&mut self) -> Result<(), Failure> {
        let Some(id) = self.some_unfinished() else { return Ok(()) };
        let name = ["go", "stop"][self.random.index(2)].to_owned();
        let signal = Signal { id: format!("s{}", self.random.below(20)), name, payload: json!({}) };
        self.post(id, Body::Signal(signal), Ticket::Nobody);
        Ok(())
    }

    pub fn cancel(&mut self) -> Result<(), Failure> {
        let Some(id) = self.some_unfinished() else { return Ok(()) };
        if self.random.one_in(4) {
            self.post(id, Body::CancelWait { reason: "no more waiting".to_owned(), by: person("ana") }, Ticket::Nobody);
        } else {
            self.tell(|_| format!("{} is to be cancelled", short(id)));
            self.post(id, Body::Cancel { reason: "changed my mind".to_owned(), by: person("ana") }, Ticket::Cancel);
        }
        Ok(())
    }

    pub fn pause(&mut self) -> Result<(), Failure> {
        let Some(id) = self.some_unfinished() else { return Ok(()) };
        let is_paused = self.watches.get(&id).is_some_and(|watch| watch.state.is_paused());
        let by = person("ana");
        let body = if is_paused { Body::Unpause { by } } else { Body::Pause { reason: "hold on".to_owned(), by } };
        self.post(id, body, Ticket::Nobody);
        Ok(())
    }

    /// Everything that is held goes on, and what waits for a signal gets one.
    pub fn let_go(&mut self, number: usize, signals: bool) {
        let unfinished = self.watches.iter().filter(|(_, watch)| !watch.is_ended());
        let unfinished: Vec<(ExecutionId, bool)> = unfinished.map(|(id, watch)| (*id, watch.state.is_paused())).collect();
        for (id, is_paused) in unfinished {
            if is_paused {
                self.post(id, Body::Unpause { by: person("ana") }, Ticket::Nobody);
            }
            if signals {
                let signal = Signal { id: format!("heal{number}"), name: "go".to_owned(), payload: json!({}) };
                self.post(id, Body::Signal(signal), Ticket::Nobody);
            }
        }
    }
}
