//! Questions to people: asking them, their answers, reminders, expiry. The rules about who may are in `approval`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::budget::Breach;
use super::call::{Answer, Call, CallError, Request, ToolUse};
use super::decide::{Deciding, Refusal};
use super::event::{Event, Fate, Part, Place};
use super::input::{Mode, Purpose};
use super::pause::Held;
use super::question::{Action, CALLER_TOOL, Decided, Decision, Question, QuestionKind, Shown, Verdict, Vote};
use super::render::{self, DigestScope};
use super::{approval, state::OpenQuestion};
use crate::flow::expr::Expr;
use crate::flow::plan::{Approval, Approvers, Ask, Expiry, Kind, Policy, StepIx, ToolGate};
use crate::flow::schema::Schema;
use crate::flow::spec::{DecisionKind, EffectClass};
use crate::ids::{Digest, FrameId, QuestionId};
use crate::limits;

/// What a question is about, before it has an id, a digest and dates.
struct Draft {
    kind: QuestionKind,
    title: String,
    show: Vec<Shown>,
    action: Option<Action>,
    form: Option<Value>,
    decisions: Vec<DecisionKind>,
    budget: Option<super::event::Budget>,
}

impl<'a> Deciding<'a> {
    pub(super) fn ask_approval(&mut self, frame: FrameId, ix: StepIx, spec: &Approval) {
        let place = self.own_place(frame, ix);
        let names = self.names(frame);
        let title = spec.title.render(&names).map_err(|error| CallError::new("template", error.to_string()));
        let action = spec.action.map(|action| self.action_of(frame, action)).transpose();
        match (title, self.shown(frame, &spec.show), action) {
            (Ok(title), Ok(show), Ok(action)) => {
                let form = spec.form.as_ref().map(|schema| schema.source().clone());
                let decisions = spec.decisions.clone();
                let draft = Draft { kind: QuestionKind::Approval, title, show, action, form, decisions, budget: None };
                self.ask(&place, draft, &spec.policy);
            }
            (Err(error), _, _) | (_, Err(error), _) | (_, _, Err(error)) => self.fail_step(frame, ix, error, None),
        }
    }

    pub(super) fn ask_input(&mut self, frame: FrameId, ix: StepIx, spec: &Ask) {
        let place = self.own_place(frame, ix);
        let title = spec.title.render(&self.names(frame)).map_err(|error| CallError::new("template", error.to_string()));
        match (title, self.shown(frame, &spec.show)) {
            (Ok(title), Ok(show)) => {
                let form = spec.form.as_ref().map(|schema| schema.source().clone());
                let decisions = vec![DecisionKind::Respond];
                let draft = Draft { kind: QuestionKind::Ask, title, show, action: None, form, decisions, budget: None };
                self.ask(&place, draft, &spec.policy);
            }
            (Err(error), _) | (_, Err(error)) => self.fail_step(frame, ix, error, None),
        }
    }

    pub(super) fn ask_tool_approval(&mut self, place: &Place, gate: &ToolGate, call: Arc<Call>) {
        let tool = self.state.slot(place).map_or_else(String::new, |slot| slot.asked.name.clone());
        let args = self.state.slot(place).map(|slot| slot.asked.args.clone()).unwrap_or_default();
        let title = match &gate.title {
            Some(title) => title.render(&self.names(place.frame).with("args", args)).unwrap_or_else(|_| title.source().to_owned()),
            None => format!("Let `{}` call `{tool}`?", place.step),
        };
        let action = Action { step: tool, arguments: render::arguments(&call.request), call };
        let draft = Draft {
            kind: QuestionKind::ToolApproval,
            title,
            show: Vec::new(),
            action: Some(action),
            form: None,
            decisions: gate.decisions.clone(),
            budget: None,
        };
        self.ask(place, draft, &gate.policy);
    }

    /// A call of a tool that the caller has: whoever started the execution answers with what it gave.
    pub(super) fn ask_caller(&mut self, place: &Place, asked: &ToolUse) {
        let starter = self.state.start().map(|start| format!("user:{}", start.starter.user));
        let request = Request::Builtin { name: format!("{CALLER_TOOL}{}", asked.name), args: asked.args.clone() };
        // Nobody here performs it, so it has neither a key nor a script.
        let timeout_ms = limits::CALL_TIMEOUT_DEFAULT_MS;
        let call = Arc::new(Call { request, effect: EffectClass::Once, timeout_ms, idempotency_key: None, script: None });
        let draft = Draft {
            kind: QuestionKind::ToolApproval,
            title: format!("`{}` is the caller's tool: what does it give?", asked.name),
            show: Vec::new(),
            action: Some(Action { step: asked.name.clone(), arguments: asked.args.clone(), call }),
            form: None,
            decisions: vec![DecisionKind::Respond],
            budget: None,
        };
        let approvers = Approvers { any_of: Vec::from_iter(starter), quorum: 1, exclude: Vec::new() };
        self.ask(place, draft, &Policy { approvers, remind_ms: Vec::new(), expires: None });
    }

    pub(super) fn ask_in_doubt(&mut self, place: &Place, error: &CallError) {
        let Some(task) = self.state.task_mut(self.plan, place) else { return };
        let call = Arc::clone(&task.request);
        let (_, step, _) = self.state.place_parts(place);
        let action = Action { step: step.clone(), arguments: render::arguments(&call.request), call };
        let draft = Draft {
            kind: QuestionKind::InDoubt,
            title: format!("`{step}` may have happened ({}). Do it again, record its result, or give it up?", error.message),
            show: Vec::new(),
            action: Some(action),
            form: None,
            decisions: Vec::new(),
            budget: None,
        };
        self.ask(place, draft, &open_to_all());
    }

    pub(super) fn ask_budget(&mut self, place: &Place, breach: Breach) {
        if self.is_paused_for_budget() {
            return;
        }
        let draft = Draft {
            kind: QuestionKind::Budget,
            title: format!("{}. Grant the same amount again?", breach.error().message),
            show: vec![Shown { name: "cost_usd".to_owned(), value: json!(self.state.spent.cost.usd()) }],
            action: None,
            form: None,
            decisions: vec![DecisionKind::Approve, DecisionKind::Reject],
            budget: Some(breach.budget),
        };
        self.ask(place, draft, &open_to_all());
    }

    fn ask(&mut self, place: &Place, draft: Draft, policy: &Policy) {
        let execution = self.state.start().map(|start| start.execution.to_string()).unwrap_or_default();
        let name = self.state.visit_name(place);
        let id = QuestionId::derived(&format!("{execution}\n{name}\n{}", self.state.seq));
        let digest = self.digest_of(place, &draft, policy);
        let attempt = self.state.task_mut(self.plan, place).map_or(1, |task| task.attempt);
        let question = Question {
            id,
            kind: draft.kind,
            place: format!("{name}.{attempt}"),
            step: place.step.to_string(),
            title: super::clipped(draft.title, limits::MESSAGE_BYTES_MAX),
            show: draft.show,
            action: draft.action,
            digest,
            form: draft.form,
            decisions: draft.decisions,
            approvers: policy.approvers.clone(),
            excluded: self.excluded(place.frame, &policy.approvers),
            budget: draft.budget,
            asked_at: self.now,
            expires_at: policy.expires.as_ref().map(|(after_ms, _)| self.now.plus(*after_ms)),
            votes: Vec::new(),
        };
        let remind_at = policy.remind_ms.iter().map(|after_ms| self.now.plus(*after_ms)).collect();
        let deadline = match question.kind {
            QuestionKind::Approval | QuestionKind::Ask => self.step_deadline(place),
            QuestionKind::ToolApproval | QuestionKind::InDoubt | QuestionKind::Budget => None,
        };
        self.emit(Event::Asked { place: place.clone(), question: Arc::new(question), remind_at, deadline });
    }

    fn shown(&self, frame: FrameId, show: &[Expr]) -> Result<Vec<Shown>, CallError> {
        let names = self.names(frame);
        let one = |expr: &Expr| {
            let value = expr.eval(&names).map_err(|error| CallError::new("expression", error.to_string()))?;
            Ok(Shown { name: expr.source().to_owned(), value })
        };
        show.iter().map(one).collect()
    }

    /// Exactly what the approval's action would do, rendered now.
    fn action_of(&self, frame: FrameId, ix: StepIx) -> Result<Action, CallError> {
        let call = self.render_own(frame, ix)?;
        Ok(Action { step: self.spec(frame, ix).id.to_string(), arguments: render::arguments(&call.request), call })
    }

    fn digest_of(&self, place: &Place, draft: &Draft, policy: &Policy) -> Digest {
        let scope = self.digest_scope(place, policy);
        if let Some(action) = &draft.action {
            return render::digest(&scope, &action.call);
        }
        Digest::of_json(&json!({"execution": scope.execution, "path": scope.path, "title": draft.title, "form": draft.form}))
    }

    /// The digest of what an approval released, worked out anew from what is about to be done; none where the step approves nothing.
    pub(super) fn action_digest(&self, asked: &Place, call: &Call) -> Option<Digest> {
        let ix = self.state.step_ix(self.plan, asked.frame, &asked.step);
        let Kind::Approval(spec) = &self.spec(asked.frame, ix).kind else { return None };
        Some(render::digest(&self.digest_scope(asked, &spec.policy), call))
    }

    fn digest_scope(&self, place: &Place, policy: &Policy) -> DigestScope {
        let start = self.state.start();
        let approvers = json!({"any_of": policy.approvers.any_of, "quorum": policy.approvers.quorum, "exclude": policy.approvers.exclude});
        DigestScope {
            tenant: start.map(|start| start.tenant.clone()).unwrap_or_default(),
            execution: start.map_or_else(|| crate::ids::ExecutionId(uuid::Uuid::nil()), |start| start.execution),
            path: self.state.visit_name(place),
            revision: self.plan.digest,
            config: Digest::of_json(&self.state.config),
            policy: Digest::of_json(&approvers),
            mode: start.map_or(Mode::Production, |start| start.mode),
            semantics: start.map_or(0, |start| start.semantics),
        }
    }

    /// Users who may not decide: the starter, named users, and who decided an earlier step.
    fn excluded(&self, frame: FrameId, approvers: &Approvers) -> Vec<String> {
        use crate::flow::names::Names as _;
        let names = self.names(frame);
        let mut users = Vec::new();
        for rule in &approvers.exclude {
            match rule.split_once(':') {
                None if rule == "starter" => users.extend(self.state.start().map(|start| start.starter.user.clone())),
                Some(("user", user)) => users.push(user.to_owned()),
                Some(("decider", step)) => {
                    let output = names.step(step).and_then(|view| view.output);
                    let deciders = output.as_ref().and_then(|output| output.get("deciders")).and_then(Value::as_array);
                    users.extend(deciders.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
                }
                _ => {}
            }
        }
        users
    }

    /// The policy under which an open question was asked.
    fn policy_of(&self, open: &OpenQuestion) -> Option<&'a Policy> {
        let ix = self.state.step_ix(self.plan, open.place.frame, &open.place.step);
        match (&self.spec(open.place.frame, ix).kind, open.question.kind) {
            (Kind::Approval(spec), QuestionKind::Approval) => Some(&spec.policy),
            (Kind::Ask(spec), QuestionKind::Ask) => Some(&spec.policy),
            (Kind::Agent(_), QuestionKind::ToolApproval) => {
                self.tool_of(&open.place).and_then(|tool| tool.approval.as_ref()).map(|gate| &gate.policy)
            }
            _ => None,
        }
    }

    fn form_of(&self, open: &OpenQuestion) -> Option<&'a Schema> {
        let ix = self.state.step_ix(self.plan, open.place.frame, &open.place.step);
        if let Kind::Approval(Approval { form, .. }) | Kind::Ask(Ask { form, .. }) = &self.spec(open.place.frame, ix).kind {
            form.as_ref()
        } else {
            None
        }
    }

    /// One person's answer to an open question.
    ///
    /// # Errors
    /// Why it is not taken.
    pub(super) fn answer(&mut self, decision: &Decision) -> Result<(), Refusal> {
        if self.weigh(decision)?
            && let Some((open, decided)) = self.close(decision)
        {
            match open.question.kind {
                QuestionKind::Approval | QuestionKind::Ask => self.step_answered(&open, &decided),
                QuestionKind::ToolApproval => self.tool_answered(&open, &decided),
                QuestionKind::InDoubt => self.doubt_answered(&open.place, &decided),
                QuestionKind::Budget => self.budget_answered(&open, &decided),
            }
        }
        Ok(())
    }

    /// Nobody needs the answer any more. What somebody was told to have decided, while the execution was held, still stands: it is recorded,
    /// and nothing follows from it.
    pub(super) fn withdraw(&mut self, question: QuestionId) -> Option<Decided> {
        let held = self.state.held.iter().filter_map(|input| {
            let Held::Decision { decision, decided } = input else { return None };
            (decision.question == question).then(|| (decision.clone(), decided.clone()))
        });
        for (decision, decided) in held.collect::<Vec<_>>() {
            self.decided_at = decided.map(|decided| decided.at);
            let closed = if let Ok(true) = self.weigh(&decision) { self.close(&decision) } else { None };
            self.decided_at = None;
            if let Some((_, decided)) = closed {
                return Some(decided);
            }
        }
        self.emit(Event::Withdrawn { question });
        None
    }

    /// Whether this decision settles the question; a vote that is not yet enough, and what an edit changes, are recorded.
    ///
    /// # Errors
    /// Why it is not taken.
    fn weigh(&mut self, decision: &Decision) -> Result<bool, Refusal> {
        let open = self.state.open.get(&decision.question).cloned().ok_or(Refusal::NoQuestion)?;
        let question = &open.question;
        // Nothing that is decided in an evaluation reaches the world; what answers there in the place of people stands for all of them.
        let is_evaluated = self.state.start().is_some_and(|start| start.purpose == Purpose::Evaluation);
        if !(is_evaluated && decision.by.every_role) {
            approval::may_decide(question, &decision.by)?;
        }
        approval::takes(question, &decision.verdict)?;
        if decision.digest != question.digest {
            return Err(Refusal::Digest);
        }
        match &decision.verdict {
            Verdict::Approve => {
                if !approval::reaches_quorum(question, &decision.by)? {
                    let vote = self.vote(decision, question.digest);
                    self.emit(Event::Voted { question: question.id, vote });
                    return Ok(false);
                }
            }
            Verdict::Edit { arguments } => return self.edit(&open, decision, arguments),
            Verdict::Respond { response } => {
                if let Some(form) = self.form_of(&open) {
                    let wrong: Vec<_> = form.mismatches(response).iter().map(ToString::to_string).collect();
                    if !wrong.is_empty() {
                        return Err(Refusal::Answer(wrong.join("; ")));
                    }
                }
            }
            Verdict::Reject | Verdict::Retry | Verdict::Happened { .. } | Verdict::Fail => {}
        }
        Ok(true)
    }

    fn vote(&self, decision: &Decision, digest: Digest) -> Vote {
        Vote { by: decision.by.user.clone(), digest, at: self.now, reason: decision.reason.clone() }
    }

    /// Changed arguments become a new action with a new digest; true when the editor's vote suffices.
    fn edit(&mut self, open: &OpenQuestion, decision: &Decision, arguments: &Value) -> Result<bool, Refusal> {
        let Some(action) = &open.question.action else { return Err(Refusal::Answer("there is no action to edit".to_owned())) };
        if let Some(form) = self.form_of(open) {
            let wrong: Vec<_> = form.mismatches(arguments).iter().map(ToString::to_string).collect();
            if !wrong.is_empty() {
                return Err(Refusal::Answer(wrong.join("; ")));
            }
        }
        if let Some(schema) = self.tool_of(&open.place).and_then(|tool| tool.args.as_ref()).filter(|_| is_direct(action)) {
            let wrong: Vec<_> = schema.mismatches(arguments).iter().map(ToString::to_string).collect();
            if !wrong.is_empty() {
                return Err(Refusal::Answer(wrong.join("; ")));
            }
        }
        let request = render::with_arguments(&action.call.request, arguments).map_err(|error| Refusal::Answer(error.to_string()))?;
        let call = Arc::new(Call { request, ..(*action.call).clone() });
        let changed = Action { step: action.step.clone(), arguments: arguments.clone(), call };
        let policy = self.policy_of(open).cloned().unwrap_or_else(open_to_all);
        let digest = render::digest(&self.digest_scope(&open.place, &policy), &changed.call);
        let vote = self.vote(decision, digest);
        self.emit(Event::ActionEdited { question: open.question.id, action: Box::new(changed), digest, vote });
        Ok(open.question.approvers.quorum <= 1)
    }

    /// The decision stands, for good; what follows from it is the caller's.
    fn close(&mut self, decision: &Decision) -> Option<(OpenQuestion, Decided)> {
        let open = self.state.open.get(&decision.question).cloned()?;
        let digest = open.question.digest;
        let reason = decision.reason.clone().map(|reason| super::clipped(reason, limits::MESSAGE_BYTES_MAX));
        let decided = Decided {
            verdict: decision.verdict.clone(),
            by: decision.by.user.clone(),
            at: self.decided_at.unwrap_or(self.now),
            digest,
            reason,
        };
        self.emit(Event::Answered { question: decision.question, decided: decided.clone() });
        Some((open, decided))
    }

    fn step_answered(&mut self, open: &OpenQuestion, decided: &Decided) {
        let (frame, ix) = (open.place.frame, self.state.step_ix(self.plan, open.place.frame, &open.place.step));
        let mut deciders: Vec<_> = open.question.votes.iter().map(|vote| vote.by.clone()).collect();
        if !deciders.contains(&decided.by) {
            deciders.push(decided.by.clone());
        }
        let (port, name, response) = match &decided.verdict {
            Verdict::Respond { response } if open.question.kind == QuestionKind::Ask => {
                let port = if self.has_port(frame, ix, "responded") { "responded" } else { "ok" };
                return self.finish_step(frame, ix, port, response.clone(), None);
            }
            Verdict::Respond { response } => ("responded", "respond", response.clone()),
            Verdict::Reject => ("rejected", "reject", Value::Null),
            Verdict::Edit { .. } => ("approved", "edit", Value::Null),
            Verdict::Approve | Verdict::Retry | Verdict::Happened { .. } | Verdict::Fail => ("approved", "approve", Value::Null),
        };
        let arguments = open.question.action.as_ref().map(|action| action.arguments.clone());
        let output = json!({
            "decision": name,
            "by": decided.by,
            "deciders": deciders,
            "reason": decided.reason,
            "response": response,
            "arguments": arguments,
            "digest": decided.digest,
            "at_ms": decided.at,
        });
        self.finish_step(frame, ix, port, output, None);
    }

    fn has_port(&self, frame: FrameId, ix: StepIx, port: &str) -> bool {
        let scope = self.scope(frame);
        scope.step(ix).outgoing.iter().any(|edge| scope.edge(*edge).port == port)
    }

    fn tool_answered(&mut self, open: &OpenQuestion, decided: &Decided) {
        let place = &open.place;
        match &decided.verdict {
            Verdict::Respond { response } => self.observe(place, response),
            Verdict::Reject => {
                let why = decided.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
                self.observe_failure(place, &CallError::new("rejected", format!("{} said no{why}", decided.by)));
            }
            Verdict::Approve | Verdict::Edit { .. } | Verdict::Retry | Verdict::Happened { .. } | Verdict::Fail => {
                if let Some(action) = &open.question.action {
                    self.run_tool(place, Arc::clone(&action.call));
                }
            }
        }
    }

    fn doubt_answered(&mut self, place: &Place, decided: &Decided) {
        let is_stopping = self.is_place_stopping(place);
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        match (&decided.verdict, is_stopping) {
            (Verdict::Happened { result }, false) => self.succeeded(place, Answer::Value(result.clone())),
            (Verdict::Happened { result }, true) => self.settle_cancelled(place.frame, ix, Fate::Happened, Some(Arc::new(result.clone()))),
            (Verdict::Retry, false) => self.again(place),
            (_, false) => {
                let message = format!("{} gave it up; whether it happened is not known", decided.by);
                self.failed(place, CallError::new("in_doubt", message));
            }
            (_, true) => self.settle_cancelled(place.frame, ix, Fate::InDoubt, None),
        }
    }

    fn budget_answered(&mut self, open: &OpenQuestion, decided: &Decided) {
        let Some(budget) = open.question.budget else { return };
        if decided.verdict == Verdict::Approve {
            return self.raise_limit(budget);
        }
        let error = CallError::new("budget_exceeded", format!("{} did not grant more", decided.by));
        self.fail_frame(FrameId(0), error);
    }

    /// The time to answer ran out: what the policy says, never an approval.
    pub(super) fn question_expired(&mut self, id: QuestionId) {
        let Some(open) = self.state.open.get(&id).cloned() else { return };
        let Some((after_ms, then)) = self.policy_of(&open).and_then(|policy| policy.expires.clone()) else { return };
        if let (Expiry::Ask(approvers), false) = (&then, open.reassigned) {
            let expires_at = Some(self.now.plus(after_ms));
            return self.emit(Event::Reassigned { question: id, approvers: approvers.clone(), expires_at });
        }
        self.emit(Event::Expired { question: id });
        let place = &open.place;
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        let error = CallError::new("expired", format!("nobody answered `{}` in time", open.question.title));
        if place.part != Part::Own {
            return match then {
                Expiry::Fail | Expiry::Ask(_) => self.fail_agent(place.frame, ix, error),
                Expiry::Reject | Expiry::Branch => self.observe_failure(place, &error),
            };
        }
        let output = json!({"decision": "expired", "by": null, "deciders": [], "reason": error.message, "at_ms": self.now});
        match then {
            Expiry::Reject => self.finish_step(place.frame, ix, "rejected", output, None),
            Expiry::Branch => self.finish_step(place.frame, ix, "expired", output, None),
            Expiry::Fail | Expiry::Ask(_) => self.fail_step(place.frame, ix, error, None),
        }
    }
}

/// Whether a tool's arguments are what a person edits, rather than the body rendered from them.
fn is_direct(action: &Action) -> bool {
    matches!(action.call.request, Request::Mcp(_) | Request::Builtin { .. })
}

fn open_to_all() -> Policy {
    Policy { approvers: Approvers { any_of: Vec::new(), quorum: 1, exclude: Vec::new() }, remind_ms: Vec::new(), expires: None }
}
