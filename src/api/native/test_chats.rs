//! `…/agents/{agent}/testChats`: conversations in which somebody tries an agent out. A test chat is a session of executions whose purpose
//! is testing; its messages are what went in and what came out of them.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::page;
use crate::api::places::Place;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::api::sse;
use crate::catalog::Kept as _;
use crate::catalog::scopes::Scope;
use crate::catalog::test_chats::HiddenTestChat;
use crate::engine::{EngineHandle, ListRequest, Listed};
use crate::ids::{Tenant, TimeMs};
use crate::journal::{Document, Record, Turn};
use crate::machine::input::Purpose;
use crate::store::{Feed, Filter, RunKind};

/// Executions of test chats that are looked through, newest first; older chats are not shown.
const EXECUTIONS_SEEN_MAX: usize = 10_000;
/// Executions read at a time.
const CHUNK: usize = 500;
/// Executions whose messages are shown, the newest ones.
const MESSAGES_OF_MAX: usize = 200;
/// Characters of the first message that name a chat.
const NAME_CHARACTERS_MAX: usize = 80;
/// What begins the name of a person who writes; the vendor's clients tell people from agents by it.
const PERSON: &str = "fruxon:";
/// Commits that a watcher reads at a time.
/// Bytes after which no more of them are read.
const BYTES_PER_READ: usize = 4 << 20;
const COMMITS_PER_READ: usize = 64;
/// Between two looks at a store that has nothing to say.
const PAUSE: Duration = Duration::from_secs(1);

/// A test chat.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TestChat {
    /// The session's id.
    id: String,
    /// How it began.
    name: String,
    messages_count: usize,
    last_message_created_at: TimeMs,
}

/// An array, or a page of it where one was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum TestChats {
    All(Vec<TestChat>),
    #[serde(rename_all = "camelCase")]
    Page {
        items: Vec<TestChat>,
        next_page_token: Option<String>,
    },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    /// Chats of a page; the answer is then an object.
    #[serde(default)]
    page_size: Option<usize>,
    #[serde(default)]
    page_token: Option<String>,
}

/// What was said.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TestMessage {
    /// `fruxon:USER` for a person, otherwise the agent.
    from: String,
    /// Text as it is, anything else as JSON.
    content: String,
    created_at: TimeMs,
    execution_record_id: Uuid,
}

/// The data of an event `testChat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Told {
    /// `sync` once at first; then `UPDATED`, `DELETED`.
    change_kind: &'static str,
    conversation_id: Option<String>,
}

const ALL: &str = "/v1/tenants/{tenant}/agents/{agent}/testChats";

pub fn routes() -> Vec<Route> {
    vec![
        Route::get(ALL, "listTestChats", "Conversations that try the agent out, the latest first")
            .scope(Scope::ExecutionsRead)
            .query::<ListQuery>()
            .answers::<TestChats>(200)
            .to(list),
        Route::get("/v1/tenants/{tenant}/agents/{agent}/testChats/{chat}/messages", "listTestMessages", "What was said, oldest first")
            .scope(Scope::ExecutionsRead)
            .answers::<Vec<TestMessage>>(200)
            .to(messages),
        Route::delete("/v1/tenants/{tenant}/agents/{agent}/testChats/{chat}", "deleteTestChat", "Show it no longer; its executions stay")
            .scope(Scope::ExecutionsRun)
            .answers_with(204, Content::Nothing)
            .to(delete),
        Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/testChats:subscribe",
            "subscribeTestChats",
            "Events `testChat` with `{changeKind, conversationId}`: `sync` first, then every change",
        )
        .scope(Scope::ExecutionsRead)
        .answers_with(200, Content::Events)
        .to(subscribe),
    ]
}

/// The agent's executions that are tests in a session (in this one, if it is named), newest first.
async fn test_executions(engine: &EngineHandle, agent: &str, session: Option<&str>) -> Result<Vec<Listed>, Problem> {
    let filter = Filter {
        flow: Some(agent.to_owned()),
        purpose: Some(Purpose::Test),
        runs: BTreeSet::from([RunKind::Root]),
        session: session.map(str::to_owned),
        ..Filter::default()
    };
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = engine.list(ListRequest { filter: filter.clone(), before, limit: CHUNK }).await?;
        found.extend(page.rows.into_iter().filter(|row| row.summary.session.is_some()));
        before = page.next;
        if before.is_none() || found.len() >= EXECUTIONS_SEEN_MAX {
            return Ok(found);
        }
    }
}

/// A test chat's executions, newest first; never empty.
struct Chat {
    session: String,
    executions: Vec<Listed>,
}

/// By session, the latest first, without what was deleted.
fn chats(tests: Vec<Listed>, hidden: &[HiddenTestChat]) -> Vec<Chat> {
    let hidden: HashMap<&str, TimeMs> = hidden.iter().map(|row| (row.session.as_str(), row.hidden_at)).collect();
    let (mut chats, mut places): (Vec<Chat>, HashMap<String, usize>) = (Vec::new(), HashMap::new());
    for row in tests {
        let Some(session) = row.summary.session.clone() else { continue };
        if hidden.get(session.as_str()).is_some_and(|at| row.summary.started_at <= *at) {
            continue;
        }
        let place = *places.entry(session.clone()).or_insert_with(|| {
            chats.push(Chat { session, executions: Vec::new() });
            chats.len() - 1
        });
        chats[place].executions.push(row);
    }
    chats
}

impl Chat {
    /// Every execution took a message in; one that has ended gave one out.
    fn messages_count(&self) -> usize {
        self.executions.iter().map(|row| 1 + usize::from(row.summary.status.is_final())).sum()
    }

    fn last_message_at(&self) -> TimeMs {
        let times = self.executions.iter().map(|row| row.summary.ended_at.unwrap_or(row.summary.started_at));
        times.max().unwrap_or_default()
    }
}

/// What an input or output says: a text, the only text in an object, or JSON.
fn content(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Object(fields) => match fields.values().next() {
            Some(Value::String(text)) if fields.len() == 1 => text.clone(),
            _ => value.to_string(),
        },
        value => value.to_string(),
    }
}

/// The agent's chats; only this one, if it is named.
async fn found_chats(call: &Call, session: Option<&str>) -> Result<Vec<Chat>, Problem> {
    let agent = call.parameter("agent")?;
    call.app.catalog.agent(&call.tenant, agent)?;
    let tests = test_executions(&call.app.engine.of(&call.tenant), agent, session).await?;
    Ok(chats(tests, &call.app.catalog.hidden_test_chats(&call.tenant, agent)?))
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: ListQuery = call.query()?;
    let is_page = query.page_size.is_some() || query.page_token.is_some();
    let size = if is_page { page::size(query.page_size) } else { page::SIZE_MAX };
    let mut chats = found_chats(&call, None).await?;
    if let Some(last) = page::read(query.page_token.as_deref())? {
        // A chat that was written in meanwhile has moved to the front, and was seen or will be at the next look from there.
        let place = chats.iter().position(|chat| chat.session == last);
        chats.drain(..place.map_or(0, |place| place + 1));
    }
    let more = chats.len() > size;
    chats.truncate(size);
    let engine = call.app.engine.of(&call.tenant);
    let mut items = Vec::with_capacity(chats.len());
    for chat in chats {
        let name = match chat.executions.last() {
            Some(first) => {
                super::execute::message(&engine.snapshot(first.id).await?.start.input).chars().take(NAME_CHARACTERS_MAX).collect()
            }
            None => String::new(),
        };
        items.push(TestChat {
            name,
            messages_count: chat.messages_count(),
            last_message_created_at: chat.last_message_at(),
            id: chat.session,
        });
    }
    let next_page_token = more.then(|| items.last().map(|last| page::token(&last.id))).flatten();
    Answer::json(&if is_page { TestChats::Page { items, next_page_token } } else { TestChats::All(items) })
}

async fn one_chat(call: &Call) -> Result<Chat, Problem> {
    let id = call.parameter("chat")?;
    let found = found_chats(call, Some(id)).await?.into_iter().next();
    found.ok_or_else(|| Problem::not_found("test chat", id))
}

async fn messages(call: Call) -> Result<Answer, Problem> {
    let chat = one_chat(&call).await?;
    let engine = call.app.engine.of(&call.tenant);
    let mut messages = Vec::new();
    for row in chat.executions.iter().take(MESSAGES_OF_MAX).rev() {
        let snapshot = engine.snapshot(row.id).await?;
        messages.push(TestMessage {
            from: format!("{PERSON}{}", row.summary.starter),
            content: super::execute::message(&snapshot.start.input),
            created_at: row.summary.started_at,
            execution_record_id: row.id.0,
        });
        messages.extend(snapshot.ended.map(|ended| TestMessage {
            from: row.summary.flow.clone(),
            content: ended.error.map_or_else(|| content(&ended.output), |error| format!("{}: {}", error.code, error.message)),
            created_at: snapshot.summary.ended_at.unwrap_or(row.summary.updated_at),
            execution_record_id: row.id.0,
        }));
    }
    Answer::json(&messages)
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let chat = one_chat(&call).await?;
    call.app.catalog.hide_test_chat(&call.tenant, call.parameter("agent")?, &chat.session, &call.actor()?).await?;
    Ok(Answer::empty(204))
}

/// Somebody who watches an agent's test chats: reads everything that is recorded, and picks out what concerns them.
struct Watching {
    /// None while it is being read.
    feed: Option<Feed>,
    tenant: Tenant,
    agent: String,
    ready: VecDeque<Told>,
    _place: Place,
}

impl Watching {
    async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.ready.pop_front() {
                return Some(told);
            }
            let mut feed = self.feed.take()?;
            feed.grown().await;
            let reading = tokio::task::spawn_blocking(move || (feed.read(COMMITS_PER_READ, BYTES_PER_READ), feed));
            let (read, feed) = reading.await.ok()?;
            self.feed = Some(feed);
            let commits = read.inspect_err(|error| tracing::error!(%error, "a watcher of test chats cannot read on")).ok()?;
            if commits.is_empty() {
                tokio::time::sleep(PAUSE).await;
            }
            for record in commits.into_iter().flat_map(|commit| commit.records) {
                self.ready.extend(told(&self.tenant, &self.agent, record));
            }
        }
    }
}

/// What a record tells those who watch an agent's test chats.
fn told(tenant: &Tenant, agent: &str, record: Record) -> Option<Told> {
    match record {
        Record::Execution(Turn { tenant: of, first_seq, summary: Some(summary), .. }) if of == *tenant && summary.flow == agent => {
            let is_message = first_seq == 0 || summary.status.is_final();
            let is_test = summary.purpose == Purpose::Test && summary.parent.is_none();
            let session = summary.session.filter(|_| is_message && is_test)?;
            Some(Told { change_kind: "UPDATED", conversation_id: Some(session) })
        }
        Record::Document(Document { tenant: of, collection, body: Some(body), .. })
            if of == *tenant && collection == HiddenTestChat::COLLECTION =>
        {
            let hidden: HiddenTestChat = serde_json::from_str(&body).ok()?;
            (hidden.agent == agent).then_some(Told { change_kind: "DELETED", conversation_id: Some(hidden.session) })
        }
        _ => None,
    }
}

async fn subscribe(call: Call) -> Result<Answer, Problem> {
    let agent = call.parameter("agent")?.to_owned();
    call.app.catalog.agent(&call.tenant, &agent)?;
    let place = call.app.chat_watchers.take_for_stream(&call.tenant, "test chats")?;
    let store = call.app.catalog.store();
    let ready = VecDeque::from([Told { change_kind: "sync", conversation_id: None }]);
    let watching = Watching { feed: Some(store.feed(store.position())), tenant: call.tenant.clone(), agent, ready, _place: place };
    let told = stream::unfold(watching, |mut watching| async move { watching.next().await.map(|told| (told, watching)) });
    let frames = told.map(|told| sse::frame(None, "testChat", &told));
    Ok(Answer::events(sse::stream(frames, call.app.closing.clone())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::engine::{FlowRef, Options, StartRequest};
    use crate::flow::compile;
    use crate::machine::question::Person;
    use crate::runner::{Runner, Settings};
    use crate::store::{Faults, Store};

    const FLOW: &str = "flow: helper\nsteps:\n  a: {set: {said: \"'you said ' + input.question\"}}\n";

    #[test]
    fn a_message_is_the_text_where_there_is_one() {
        for (value, said) in [
            (json!("hi"), "hi"),
            (json!({"question": "why?"}), "why?"),
            (json!({"a": "x", "b": 1}), r#"{"a":"x","b":1}"#),
            (json!({"n": 1}), r#"{"n":1}"#),
            (json!(null), ""),
            (json!([1]), "[1]"),
        ] {
            assert_eq!(content(&value), said);
        }
    }

    async fn say(engine: &EngineHandle, flow: &FlowRef, session: &str, question: &str, purpose: Purpose) {
        let starter = Person { user: "ana".to_owned(), roles: Vec::new(), every_role: true };
        let request = StartRequest::new(flow.clone(), json!({"question": question}), starter);
        let id = engine.start(StartRequest { session: Some(session.to_owned()), purpose, ..request }).await.unwrap();
        while !engine.snapshot(id).await.unwrap().summary.status.is_final() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn sessions(chats: &[Chat]) -> Vec<(&str, usize)> {
        chats.iter().map(|chat| (chat.session.as_str(), chat.messages_count())).collect()
    }

    #[tokio::test]
    async fn a_chat_is_a_session_of_tests_the_latest_first_and_deleted_ones_are_gone() {
        let store = Store::in_memory(Faults::default());
        let settings = Settings::new(&BTreeMap::new(), crate::runner::settings::File::default()).unwrap();
        let engine = EngineHandle::spawn(store.clone(), Runner::new(settings).unwrap(), Options::default()).unwrap();
        let (plan, _) = compile::load(FLOW).unwrap();
        let flow = engine.register(plan.spec.as_ref().clone()).await.unwrap();
        let mut feed = store.feed(store.position());
        for (session, question, purpose) in [
            ("first", "one", Purpose::Test),
            ("second", "two", Purpose::Test),
            ("real", "three", Purpose::Production),
            ("first", "four", Purpose::Test),
        ] {
            say(&engine, &flow, session, question, purpose).await;
        }
        assert_eq!(test_executions(&engine, "helper", Some("second")).await.unwrap().len(), 1);
        let tests = test_executions(&engine, "helper", None).await.unwrap();
        let found = chats(tests.clone(), &[]);
        assert_eq!(sessions(&found), [("first", 4), ("second", 2)]);
        let began = engine.snapshot(found[0].executions.last().unwrap().id).await.unwrap();
        assert_eq!(content(&began.start.input), "one");
        assert_eq!(content(&began.ended.unwrap().output), "you said one");
        let hidden_at = found[0].executions[1].summary.started_at;
        let hidden = |session: &str| HiddenTestChat { agent: "helper".to_owned(), session: session.to_owned(), hidden_at };
        let later = chats(tests, &[hidden("first")]);
        assert_eq!(sessions(&later), [("first", 2), ("second", 2)], "what was said after the deletion is shown");
        let records = feed.read(usize::MAX, usize::MAX).unwrap().into_iter().flat_map(|fed| fed.records);
        let told: Vec<Option<String>> =
            records.filter_map(|record| told(&Tenant::default(), "helper", record)).map(|told| told.conversation_id).collect();
        let named: Vec<&str> = told.iter().flatten().map(String::as_str).collect();
        assert!(named.len() >= 3 && named.len() <= 6, "a beginning and an end each, in one commit or two: {named:?}");
        assert!(!named.contains(&"real") && named.first() == Some(&"first") && named.last() == Some(&"first"));
    }
}
