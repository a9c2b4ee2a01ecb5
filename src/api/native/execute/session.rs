//! Conversations: what was said before goes to the models of the next turn, and what happens to a message while an earlier one is
//! being answered is the agent's choice. A session is nothing that is kept: it is the executions that bear its name.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use super::result::response_text;
use super::said::message_input;
use super::wait::{Patience, settle};
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::catalog::agents::{AgentRow, AgentSettings, WhenBusy};
use crate::engine::{EngineHandle, ListRequest};
use crate::ids::{ExecutionId, Tenant};
use crate::machine::call::Message;
use crate::machine::input::{Purpose, Start};
use crate::machine::summary::Status;
use crate::store::{Filter, RunKind};

/// How long a message waits for its turn.
const TURN_SECONDS_MAX: u64 = 100;
/// Between two looks at whether the turn has come, where nothing can be heard.
const TURN_POLL: Duration = Duration::from_millis(50);
/// Inputs that are what a person says, the likeliest first.
const MESSAGE_NAMES: [&str; 6] = ["message", "question", "query", "prompt", "input", "text"];
/// Sessions whose order is kept in memory, before those nobody holds are dropped.
const LOCKS_KEPT: usize = 10_000;

/// How the names of sessions begin that take no message: behind it stands the one execution that the session is of.
const READ_ONLY: &str = "execution:";

/// Messages of one session that wait for their turn; a person types no faster, and each holds a request.
const WAITING_MAX: usize = 32;
/// When one that was refused may ask again.
const RETRY_SECONDS: u64 = 5;

/// The session of an execution that nobody talks to.
#[must_use]
pub fn read_only(execution: ExecutionId) -> String {
    format!("{READ_ONLY}{execution}")
}

/// The execution of a session that takes no message; none for every other session.
#[must_use]
pub fn of_read_only(session: &str) -> Option<ExecutionId> {
    session.strip_prefix(READ_ONLY)?.parse().ok()
}

/// The session that a request names.
///
/// # Errors
/// 400 for what is no name, 409 for a session that takes no message, whether there is one or not.
pub fn named(session: String) -> Result<String, Problem> {
    if session.is_empty() || session.len() > 200 || session.chars().any(char::is_control) {
        return Err(Problem::invalid("sessionId", "it must have 1 to 200 bytes, without control characters"));
    }
    if session.starts_with(READ_ONLY) {
        return Err(Problem::conflict("session_read_only", format!("session `{session}` is of one execution and takes no message")));
    }
    Ok(session)
}

type Lock = Arc<tokio::sync::Mutex<()>>;

/// One message of a session at a time is let in, in the order of arrival.
#[derive(Default)]
pub struct SessionLocks {
    locks: Mutex<HashMap<(Tenant, String, String), Lock>>,
}

impl SessionLocks {
    /// # Errors
    /// 409 `session_busy` where too many wait already, or the turn has not come at `until`.
    async fn of(&self, tenant: &Tenant, agent: &str, session: &str, until: Instant) -> Result<OwnedMutexGuard<()>, Problem> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            if locks.len() >= LOCKS_KEPT {
                locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            }
            Arc::clone(locks.entry((tenant.clone(), agent.to_owned(), session.to_owned())).or_default())
        };
        // The map has one, whoever's turn it is another, and the rest wait, this message among them.
        if Arc::strong_count(&lock) > WAITING_MAX + 2 {
            return Err(crowded("too many messages of this session wait for their turn"));
        }
        let turn = tokio::time::timeout_at(until, lock.lock_owned()).await;
        turn.map_err(|_| crowded("the messages before this one took too long"))
    }
}

/// A message that may start, and what was said before it. Held until its start is durable.
pub struct Turn {
    pub history: Vec<Message>,
    _order: OwnedMutexGuard<()>,
}

/// Lets a message of a session in, or says why not.
///
/// # Errors
/// 409 `session_busy`, with `Retry-After` where only the order of messages stands in the way.
pub async fn admit(call: &Call, engine: &EngineHandle, agent: &AgentRow, session: &str, purpose: Purpose) -> Result<Turn, Problem> {
    let until = Instant::now() + Duration::from_secs(TURN_SECONDS_MAX);
    let order = call.app.sessions.of(&call.tenant, &agent.id, session, until).await?;
    loop {
        let mut running = unfinished(engine, agent, session, purpose).await?;
        // What an earlier attempt at this very request has begun is no other message.
        running.retain(|execution| call.reserved.is_none_or(|reserved| reserved.execution != *execution));
        let Some(first) = running.first().copied() else { break };
        match agent.settings.when_busy {
            WhenBusy::Parallel => break,
            WhenBusy::Reject => return Err(busy(first, "an earlier message of this session is not answered yet")),
            WhenBusy::Interrupt => {
                for execution in running {
                    match engine.cancel(execution, "interrupted by the next message of its session", call.person()?).await {
                        Ok(()) | Err(crate::engine::Error::Refused(crate::machine::Refusal::Ended)) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
            WhenBusy::Enqueue => {}
        }
        if Instant::now() >= until {
            return Err(busy(first, "the earlier message of this session took too long"));
        }
        let left = until.saturating_duration_since(Instant::now()).as_secs().max(1);
        let rest = settle(call, engine, first, Patience::Seconds(left)).await?;
        if !rest.snapshot.summary.status.is_final() {
            // It waits for a person or an event: its end is not near, and may be.
            tokio::time::sleep(TURN_POLL).await;
        }
    }
    let history = history(call, engine, agent, (session, purpose)).await?;
    Ok(Turn { history, _order: order })
}

fn crowded(message: &str) -> Problem {
    let mut problem = Problem::conflict("session_busy", message);
    problem.retry_after_seconds = Some(RETRY_SECONDS);
    problem
}

fn busy(execution: ExecutionId, message: &str) -> Problem {
    Problem::conflict("session_busy", message).with("executionRecordId", execution)
}

fn of_session(agent: &AgentRow, session: &str, purpose: Purpose, statuses: BTreeSet<Status>) -> Filter {
    Filter {
        statuses,
        purpose: Some(purpose),
        flow: Some(agent.id.clone()),
        session: Some(session.to_owned()),
        runs: BTreeSet::from([RunKind::Root]),
        ..Filter::default()
    }
}

async fn unfinished(engine: &EngineHandle, agent: &AgentRow, session: &str, purpose: Purpose) -> Result<Vec<ExecutionId>, Problem> {
    let statuses = BTreeSet::from([Status::Running, Status::WaitingPerson, Status::WaitingAsync]);
    let filter = of_session(agent, session, purpose, statuses);
    let page = engine.list(ListRequest { filter, before: None, limit: 0 }).await?;
    Ok(page.rows.into_iter().rev().map(|row| row.id).collect())
}

/// What was said in the session, oldest first, as much as the agent wants.
///
/// # Errors
/// When the store cannot be read.
async fn history(
    call: &Call,
    engine: &EngineHandle,
    agent: &AgentRow,
    (session, purpose): (&str, Purpose),
) -> Result<Vec<Message>, Problem> {
    let AgentSettings { session_turns_max, session_characters_max, .. } = agent.settings;
    let limit = session_turns_max as usize;
    if limit == 0 {
        return Ok(Vec::new());
    }
    let filter = of_session(agent, session, purpose, BTreeSet::from([Status::Completed]));
    let page = engine.list(ListRequest { filter, before: None, limit }).await?;
    let (mut turns, mut left) = (Vec::new(), session_characters_max as usize);
    let (count, is_all, mut before) = (page.rows.len(), page.next.is_none(), Vec::new());
    for (index, row) in page.rows.into_iter().enumerate() {
        let snapshot = engine.snapshot(row.id).await?;
        let said = told(call, &snapshot.start);
        let answered = snapshot.ended.as_ref().map(|ended| response_text(&ended.output)).unwrap_or_default();
        let characters = said.chars().count() + answered.chars().count();
        if characters > left {
            break;
        }
        left -= characters;
        turns.push([Message::User { text: said }, Message::Assistant { text: answered, calls: Vec::new() }]);
        // The first turn may have brought along what was said before it.
        if index + 1 == count && is_all && count < limit {
            before = recent(snapshot.start.turns().collect(), limit - count, left);
        }
    }
    turns.reverse();
    before.extend(turns.into_iter().flatten());
    Ok(before)
}

/// The latest turns of a conversation that is told whole, as many and as long as there is room for; a turn begins with what a person said.
#[must_use]
pub fn recent(mut messages: Vec<Message>, turns_max: usize, characters_max: usize) -> Vec<Message> {
    let (mut turns, mut left, mut first) = (turns_max, characters_max, messages.len());
    for (index, message) in messages.iter().enumerate().rev() {
        let (Message::User { text } | Message::Assistant { text, .. } | Message::System { text } | Message::Tool { text, .. }) = message;
        let characters = text.chars().count();
        if turns == 0 || characters > left {
            break;
        }
        left -= characters;
        if matches!(message, Message::User { .. }) {
            (turns, first) = (turns - 1, index);
        }
    }
    messages.split_off(first)
}

/// What was said to an agent: the input that messages become, or whatever looks like it.
#[must_use]
pub fn told(call: &Call, start: &Start) -> String {
    let parameters = call.app.parameters.of(&call.app.catalog, &call.tenant, &start.flow, start.revision).ok();
    let named = parameters.and_then(|parameters| message_input(&parameters));
    let told = named.and_then(|name| start.input[&name].as_str().map(str::to_owned));
    told.unwrap_or_else(|| message(&start.input))
}

/// What a person said, among the parameters: the one that is called so, or the only text; else all of them.
#[must_use]
pub fn message(input: &Value) -> String {
    let texts = || input.as_object().into_iter().flatten().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let named = MESSAGE_NAMES.iter().find_map(|wanted| texts().find(|(name, _)| name == wanted));
    let only = || {
        let mut all = texts();
        all.next().filter(|_| all.next().is_none())
    };
    named.or_else(only).map_or_else(|| input.to_string(), |(_, text)| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn a_message_waits_for_its_turn_no_longer_than_it_may_and_in_no_crowd() {
        let locks = Arc::new(SessionLocks::default());
        let soon = |ms| Instant::now() + Duration::from_millis(ms);
        let take = |until| {
            let locks = Arc::clone(&locks);
            async move { locks.of(&Tenant::default(), "a", "s", until).await }
        };
        let first = take(soon(60_000)).await.unwrap();
        let refused = take(soon(10)).await.unwrap_err();
        assert_eq!((refused.status, refused.code.as_str(), refused.retry_after_seconds), (409, "session_busy", Some(RETRY_SECONDS)));
        assert!(locks.of(&Tenant::default(), "a", "other", soon(10)).await.is_ok(), "another session has its own order");
        let waiting: Vec<_> = (0..WAITING_MAX).map(|_| tokio::spawn(take(soon(60_000)))).collect();
        let is_full = || Arc::strong_count(locks.locks.lock().unwrap().values().max_by_key(|lock| Arc::strong_count(lock)).unwrap());
        while is_full() < WAITING_MAX + 2 {
            tokio::task::yield_now().await;
        }
        assert!(take(soon(60_000)).await.unwrap_err().detail.contains("too many"), "refused at once");
        drop(first);
        for one in waiting {
            drop(one.await.unwrap().unwrap());
        }
    }

    #[test]
    fn of_a_whole_conversation_the_latest_turns_are_kept_that_the_agent_wants() {
        let user = |text: &str| Message::User { text: text.to_owned() };
        let said = |text: &str| Message::Assistant { text: text.to_owned(), calls: Vec::new() };
        let all = vec![user("one"), said("1"), user("two"), user("three"), said("3")];
        let kept = |turns_max, characters_max| recent(all.clone(), turns_max, characters_max);
        assert_eq!(kept(10, 1_000), all);
        assert_eq!(kept(1, 1_000), [user("three"), said("3")]);
        assert_eq!(kept(10, 9), [user("two"), user("three"), said("3")]);
        assert_eq!(kept(10, 5), [], "no turn without what was asked");
        assert_eq!(kept(0, 1_000), []);
    }

    #[test]
    fn the_session_of_one_execution_takes_no_message() {
        let execution = crate::clock::execution_id();
        let session = read_only(execution);
        assert_eq!(of_read_only(&session), Some(execution));
        assert_eq!(of_read_only("s-1"), None);
        assert_eq!(named(session).unwrap_err().code, "session_read_only");
        assert_eq!(named("execution:".to_owned()).unwrap_err().code, "session_read_only", "nor what looks like one");
        assert_eq!(named("s-1".to_owned()).unwrap(), "s-1");
        assert_eq!(named(String::new()).unwrap_err().status, 400);
    }

    #[test]
    fn the_message_is_found_by_its_name_or_because_it_is_the_only_text() {
        assert_eq!(message(&json!({"tone": "kind", "message": "Hi"})), "Hi");
        assert_eq!(message(&json!({"ticket": "It broke", "number": 3})), "It broke");
        assert_eq!(message(&json!({"a": "1", "b": "2"})), r#"{"a":"1","b":"2"}"#);
    }
}
