//! What others may hear of, read off one recorded turn. Pure: the same turn gives the same happenings under the same names.

use serde_json::{Map, Value, json};

use crate::catalog::webhooks::Happening;
use crate::ids::{Digest, ExecutionId, QuestionId, Tenant, TimeMs};
use crate::journal::Turn;
use crate::machine::event::{Event, Work};
use crate::machine::question::{Decided, Question, QuestionKind, Verdict};
use crate::machine::summary::{Status, Summary, WaitingFor};

/// One thing that a webhook can be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    pub what: Happening,
    /// Execution, number of the event, what: the same whenever the turn is read.
    pub name: String,
    pub question: Option<(QuestionId, Digest)>,
    /// What is told of it.
    pub data: Value,
}

/// A question that people are told of.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub name: String,
    pub question: (QuestionId, Digest),
    pub any_of: Vec<String>,
}

/// Everything of one turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Happenings {
    pub happened: Vec<Happened>,
    pub told: Vec<Told>,
}

/// `summary`: the turn's own, or, where it changed nothing of it, the one that stands.
#[must_use]
pub fn of(turn: &Turn, summary: &Summary) -> Happenings {
    let mut found = Happenings::default();
    for (seq, event) in (turn.first_seq..).zip(&turn.events) {
        of_event(turn, summary, (seq, event), &mut found);
    }
    let last = turn.next_seq().saturating_sub(1);
    if turn.events.iter().any(|event| matches!(event, Event::Ended { .. })) {
        let what = match summary.status {
            Status::Completed => Happening::ExecutionCompleted,
            Status::Cancelled => Happening::ExecutionCancelled,
            _ => Happening::ExecutionFailed,
        };
        found.happened.push(of_execution(turn, summary, last, what));
    } else if turn.summary.as_ref().is_some_and(|own| is_waiting(own.status)) && turn.events.iter().any(moves) {
        found.happened.push(of_execution(turn, summary, last, Happening::ExecutionWaiting));
    }
    found
}

fn is_waiting(status: Status) -> bool {
    matches!(status, Status::WaitingPerson | Status::WaitingAsync)
}

/// Whether something moved, so that waiting now is news: a vote or a reminder while it waits is none.
fn moves(event: &Event) -> bool {
    matches!(
        event,
        Event::Asked { .. }
            | Event::Entered { work: Work::Wait { .. } | Work::Listen, .. }
            | Event::CallEnded { .. }
            | Event::CallLost { .. }
            | Event::ChildEnded { .. }
            | Event::StepEnded { .. }
            | Event::Continued
    )
}

fn name(execution: ExecutionId, seq: u64, what: &str) -> String {
    format!("{execution}/{seq}/{what}")
}

fn of_execution(turn: &Turn, summary: &Summary, seq: u64, what: Happening) -> Happened {
    let mut data = common(turn.execution, summary);
    let more = json!({
        "status": summary.status.native(),
        "startedAt": summary.started_at,
        "endedAt": summary.ended_at,
        "errorCode": summary.error_code,
        "totalTokens": summary.tokens,
        "totalCost": summary.cost.usd(),
        "waitingFor": summary.waiting_for.iter().map(waiting).collect::<Vec<_>>(),
    });
    add(&mut data, more);
    Happened { what, name: name(turn.execution, seq, what.name()), question: None, data: Value::Object(data) }
}

fn waiting(waiting: &WaitingFor) -> Value {
    match waiting {
        WaitingFor::Question { id, question, step, expires_at, .. } => {
            json!({"kind": kind_name(*question), "stepIdentifier": step, "approvalRequestId": id, "expiresAt": expires_at})
        }
        WaitingFor::Event { step, names } => json!({"kind": "EVENT", "stepIdentifier": step, "names": names}),
        WaitingFor::Timer { step, due } => json!({"kind": "TIMER", "stepIdentifier": step, "expiresAt": due}),
        WaitingFor::Child { step, execution } => json!({"kind": "SUBTASK", "stepIdentifier": step, "executionId": execution}),
    }
}

fn of_event(turn: &Turn, summary: &Summary, (seq, event): (u64, &Event), found: &mut Happenings) {
    match event {
        Event::Asked { question, .. } => {
            requested(turn, summary, seq, &Open::of(question), found);
            if question.caller_tool().is_some() {
                // A program answers it, within the conversation that it was asked in.
                found.told.pop();
            }
        }
        // Another action under the same question: whoever was told of the first has to be told again.
        Event::ActionEdited { question, .. } => {
            if let Some(open) = Open::find(summary, *question) {
                requested(turn, summary, seq, &open, found);
            }
        }
        // A reminder, or others are asked from now on.
        Event::Reminded { question, .. } | Event::Reassigned { question, .. } => {
            if let Some(open) = Open::find(summary, *question) {
                found.told.push(open.told(turn.execution, seq));
            }
        }
        Event::Answered { question, decided } => {
            closed(turn, summary, seq, *question, &("RESPONDED", Some(decided)), found);
        }
        Event::Expired { question } => closed(turn, summary, seq, *question, &("EXPIRED", None), found),
        Event::Withdrawn { question } => closed(turn, summary, seq, *question, &("CANCELLED", None), found),
        _ => {}
    }
}

/// What is told of an open question.
struct Open<'a> {
    id: QuestionId,
    kind: QuestionKind,
    step: &'a str,
    title: &'a str,
    digest: Digest,
    any_of: &'a [String],
    asked_at: TimeMs,
    expires_at: Option<TimeMs>,
}

impl<'a> Open<'a> {
    fn of(question: &'a Question) -> Self {
        Self {
            id: question.id,
            kind: question.kind,
            step: &question.step,
            title: &question.title,
            digest: question.digest,
            any_of: &question.approvers.any_of,
            asked_at: question.asked_at,
            expires_at: question.expires_at,
        }
    }

    fn find(summary: &'a Summary, wanted: QuestionId) -> Option<Self> {
        summary.waiting_for.iter().find_map(|waiting| match waiting {
            WaitingFor::Question { id, question, step, title, digest, approvers, asked_at, expires_at } if *id == wanted => Some(Self {
                id: *id,
                kind: *question,
                step,
                title,
                digest: *digest,
                any_of: &approvers.any_of,
                asked_at: *asked_at,
                expires_at: *expires_at,
            }),
            _ => None,
        })
    }

    fn told(&self, execution: ExecutionId, seq: u64) -> Told {
        Told { name: name(execution, seq, "told"), question: (self.id, self.digest), any_of: self.any_of.to_vec() }
    }
}

fn requested(turn: &Turn, summary: &Summary, seq: u64, open: &Open<'_>, found: &mut Happenings) {
    let what = Happening::ApprovalRequested;
    let mut data = common(turn.execution, summary);
    let more = json!({
        "approvalRequestId": open.id,
        "gateType": kind_name(open.kind),
        "stepIdentifier": open.step,
        "title": open.title,
        "digest": open.digest,
        "authorizedApprovers": open.any_of,
        "createdAt": open.asked_at,
        "expiresAt": open.expires_at,
        "status": "PENDING",
    });
    add(&mut data, more);
    let question = Some((open.id, open.digest));
    found.happened.push(Happened { what, name: name(turn.execution, seq, what.name()), question, data: Value::Object(data) });
    found.told.push(open.told(turn.execution, seq));
}

fn closed(
    turn: &Turn,
    summary: &Summary,
    seq: u64,
    question: QuestionId,
    (status, decided): &(&str, Option<&Decided>),
    found: &mut Happenings,
) {
    let what = Happening::ApprovalDecided;
    let mut data = common(turn.execution, summary);
    let more = json!({
        "approvalRequestId": question,
        "status": status,
        "decision": decided.map(|decided| verdict_name(&decided.verdict)),
        "respondedBy": decided.map(|decided| decided.by.as_str()),
        "respondedAt": decided.map_or(turn.at, |decided| decided.at),
        "reason": decided.and_then(|decided| decided.reason.as_deref()),
        "digest": decided.map(|decided| decided.digest),
    });
    add(&mut data, more);
    let name = name(turn.execution, seq, what.name());
    found.happened.push(Happened { what, name, question: None, data: Value::Object(data) });
}

fn common(execution: ExecutionId, summary: &Summary) -> Map<String, Value> {
    let mut data = Map::new();
    add(
        &mut data,
        json!({
            "executionRecordId": execution,
            "agentId": summary.flow,
            "agentRevision": summary.revision,
            "parentExecutionRecordId": summary.parent,
        }),
    );
    data
}

fn add(data: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        data.extend(more);
    }
}

fn kind_name(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::Approval => "APPROVAL",
        QuestionKind::ToolApproval => "TOOL_APPROVAL",
        QuestionKind::Ask => "ASK",
        QuestionKind::InDoubt => "IN_DOUBT",
        QuestionKind::Budget => "BUDGET",
    }
}

fn verdict_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "APPROVE",
        Verdict::Edit { .. } => "EDIT",
        Verdict::Reject => "REJECT",
        Verdict::Respond { .. } => "RESPOND",
        Verdict::Retry => "RETRY",
        Verdict::Happened { .. } => "HAPPENED",
        Verdict::Fail => "FAIL",
    }
}

/// What a webhook is sent of a happening at `at`, without a link.
#[must_use]
pub fn body(happened: &Happened, tenant: &Tenant, at: TimeMs) -> String {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    let timestamp = jiff::Timestamp::from_millisecond(ms).map(|stamp| stamp.to_string()).unwrap_or_default();
    let mut data = happened.data.clone();
    data["tenant"] = tenant.as_str().into();
    json!({"type": happened.what.name(), "timestamp": timestamp, "data": data}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{FrameId, NanoUsd, StepId};
    use crate::machine::question::Vote;

    fn question() -> QuestionId {
        QuestionId::derived("q")
    }

    fn summary(status: Status) -> Summary {
        serde_json::from_value(json!({
            "flow": "shop", "revision": 2, "digest": Digest::of(b"f"), "status": status, "started_at": 1, "updated_at": 9,
            "owed": false, "tokens": 3, "cost": NanoUsd(0),
            "waiting_for": [{"kind": "question", "id": question(), "question": "approval", "step": "gate", "title": "Pay?",
                "digest": Digest::of(b"a"), "approvers": {"any_of": ["role:finance"], "quorum": 1, "exclude": []}, "asked_at": 5}],
        }))
        .unwrap()
    }

    fn turn(status: Option<Status>, events: Vec<Event>) -> Turn {
        let execution = ExecutionId(uuid::Uuid::nil());
        Turn { tenant: Tenant::default(), execution, first_seq: 7, at: TimeMs(9), events, summary: status.map(summary) }
    }

    fn names(status: Status, events: Vec<Event>) -> (Vec<String>, usize) {
        let found = of(&turn(Some(status), events), &summary(status));
        let names = found.happened.iter().map(|one| one.name.split_once('/').unwrap().1.to_owned()).collect();
        (names, found.told.len())
    }

    fn ended(status: Status) -> Event {
        serde_json::from_value(json!({"event": "ended", "ended": {"status": status, "tokens": 0, "cost": 0}})).unwrap()
    }

    fn listening() -> Event {
        Event::Entered { frame: FrameId(0), step: StepId::new("wait"), attempt: 1, work: Work::Listen, deadline: None }
    }

    #[test]
    fn ends_are_told_by_their_status() {
        for (status, name) in [
            (Status::Completed, "8/execution.completed"),
            (Status::Failed, "8/execution.failed"),
            (Status::TimedOut, "8/execution.failed"),
            (Status::Cancelled, "8/execution.cancelled"),
        ] {
            assert_eq!(names(status, vec![Event::Continued, ended(status)]), (vec![name.to_owned()], 0));
        }
        assert_eq!(names(Status::Completed, vec![Event::ParentTold]), (vec![], 0), "what comes behind the end is no end");
    }

    #[test]
    fn waiting_is_news_only_when_something_moved() {
        assert_eq!(names(Status::WaitingAsync, vec![listening()]).0, ["7/execution.waiting"]);
        let vote = Vote { by: "bo".to_owned(), digest: Digest::of(b"a"), at: TimeMs(9), reason: None };
        assert_eq!(names(Status::WaitingPerson, vec![Event::Voted { question: question(), vote }]), (vec![], 0));
        assert_eq!(names(Status::Running, vec![listening()]).0, [""; 0]);
    }

    #[test]
    fn people_are_reminded_by_mail_and_webhooks_are_not() {
        assert_eq!(names(Status::WaitingPerson, vec![Event::Reminded { question: question(), number: 0 }]), (vec![], 1));
        let unknown = Event::Reminded { question: QuestionId::derived("other"), number: 0 };
        assert_eq!(names(Status::WaitingPerson, vec![unknown]), (vec![], 0), "closed meanwhile");
    }

    #[test]
    fn closed_questions_are_told_however_they_were_closed() {
        let decided = Decided { verdict: Verdict::Reject, by: "ana".to_owned(), at: TimeMs(9), digest: Digest::of(b"a"), reason: None };
        let events = vec![Event::Answered { question: question(), decided }, Event::Expired { question: question() }];
        let found = of(&turn(Some(Status::Running), events), &summary(Status::Running));
        let told: Vec<_> = found.happened.iter().map(|one| (one.data["status"].clone(), one.data["decision"].clone())).collect();
        assert_eq!(told, [("RESPONDED".into(), "REJECT".into()), ("EXPIRED".into(), Value::Null)]);
        let body: Value = serde_json::from_str(&body(&found.happened[0], &Tenant::default(), TimeMs(1_000))).unwrap();
        assert_eq!((&body["type"], &body["timestamp"]), (&"approval.decided".into(), &"1970-01-01T00:00:01Z".into()));
        assert_eq!((&body["data"]["agentId"], &body["data"]["tenant"]), (&"shop".into(), &"default".into()));
    }
}
