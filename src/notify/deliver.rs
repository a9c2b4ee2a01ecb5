//! The deliverer: sends what is due and records what came of it; whose turn it is `fair` says. It keeps nothing in memory that a restart
//! would miss.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::fair::{Again, Fair};
use super::settings::{self, Recipient};
use super::{Parts, backoff, letter, sign};
use crate::catalog::deliveries::{Attempt, DeliveryRow, DueRow, Settling, Target};
use crate::catalog::links::NewLink;
use crate::catalog::webhooks::{Happening, WebhookRow};
use crate::catalog::{self, Stored};
use crate::clock;
use crate::crash;
use crate::engine::{self, Snapshot};
use crate::ids::{Tenant, TimeMs};
use crate::machine::question::{Person, Question};
use crate::runner::notify::{Mail, WebhookCall};

/// With nothing due, it looks again after this.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// What was not looked at in one round is looked at in the next one, after this.
const NEXT_ROUND_PAUSE: Duration = Duration::from_millis(200);
/// A delivery whose result cannot be recorded (a full disk) is not sent again at once.
const UNRECORDED_PAUSE: Duration = Duration::from_secs(30);

pub(super) struct Deliverer {
    parts: Arc<Parts>,
    is_due: Arc<Notify>,
    fair: Fair,
    tasks: JoinSet<()>,
    /// What each task sends. A task that panics has no other trace.
    sending: HashMap<Id, Sending>,
}

struct Sending {
    due: Stored<DueRow>,
    /// The delivery broke, and that is being recorded.
    is_broken: bool,
}

impl Deliverer {
    pub fn new(parts: Arc<Parts>, is_due: Arc<Notify>) -> Self {
        Self { parts, is_due, fair: Fair::default(), tasks: JoinSet::new(), sending: HashMap::new() }
    }

    /// Until it is stopped; what is under way then is broken off, and sent again by the next one.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let pause = match self.start_due().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "deliveries cannot be read; they wait");
                    PAUSE_MAX
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.is_due.notified() => {}
                () = tokio::time::sleep(pause) => {}
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
            }
        }
    }

    /// Starts what is due as far as there is room. How long nothing else will be due.
    async fn start_due(&mut self) -> Result<Duration, catalog::Error> {
        if self.fair.is_full() {
            return Ok(PAUSE_MAX);
        }
        let (catalog, fair, now) = (self.parts.catalog.clone(), std::mem::take(&mut self.fair), clock::now());
        let looking = tokio::task::spawn_blocking(move || {
            let mut fair = fair;
            let found = fair.choose(&catalog, now);
            (fair, found)
        });
        let (fair, found) = looking.await.map_err(|error| catalog::Error::Store(error.to_string()))?;
        self.fair = fair;
        let found = found?;
        self.parts.meters.looked(found.oldest_due_at);
        for due in found.rows {
            let (parts, sent) = (Arc::clone(&self.parts), due.clone());
            self.send(Sending { due, is_broken: false }, async move { deliver(&parts, &sent).await });
        }
        Ok(match found.next_at {
            _ if found.is_cut => NEXT_ROUND_PAUSE,
            Some(at) => Duration::from_millis(at.since(now)).min(PAUSE_MAX),
            None => PAUSE_MAX,
        })
    }

    fn send(&mut self, sending: Sending, work: impl Future<Output = Result<(), catalog::Error>> + Send + 'static) {
        let delivery = sending.due.value.key.clone();
        let task = self.tasks.spawn(async move {
            if let Err(error) = work.await {
                tracing::error!(%error, delivery, "what came of a delivery cannot be recorded; it is sent again");
                tokio::time::sleep(UNRECORDED_PAUSE).await;
            }
        });
        self.sending.insert(task.id(), sending);
        self.parts.meters.sending(self.sending.len());
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
        let Some(Sending { due, is_broken }) = self.sending.remove(&id) else { return };
        self.parts.meters.sending(self.sending.len());
        match ended {
            // It counts like an attempt that failed, and keeps its place until that is recorded.
            Err(error) if !is_broken => {
                tracing::error!(%error, delivery = due.value.key, "a delivery broke; it is tried again later");
                let (parts, broken) = (Arc::clone(&self.parts), due.clone());
                self.send(Sending { due, is_broken: true }, async move { record_broken(&parts, &broken).await });
            }
            Err(error) => {
                tracing::error!(%error, delivery = due.value.key, "a delivery broke and cannot be recorded; it waits for a restart");
                self.fair.release(&due, Again::Never);
            }
            Ok(_) => self.fair.release(&due, Again::WhenDue),
        }
    }
}

async fn record_broken(parts: &Parts, due: &Stored<DueRow>) -> Result<(), catalog::Error> {
    let DueRow { tenant, key, .. } = &due.value;
    let Some(row) = parts.catalog.delivery_at(tenant, key)? else { return parts.catalog.forget_due(due).await };
    let error = Some("sending it broke; the log of the server says more".to_owned());
    let attempt = Attempt { at: clock::now(), latency_ms: 0, status: None, error, answer: String::new() };
    let Outcome { attempt, settling } = Outcome::again(&row.value, attempt, None);
    parts.meters.settled(&settling);
    parts.catalog.settle_delivery(tenant, key, attempt, settling, clock::now()).await
}

/// What came of one attempt: the attempt, if there was one, and how it goes on.
struct Outcome {
    attempt: Option<Attempt>,
    settling: Settling,
}

impl Outcome {
    fn dropped(note: &str) -> Self {
        Self { attempt: None, settling: Settling::Dropped { note: note.to_owned() } }
    }

    fn failed(note: &str) -> Self {
        Self { attempt: None, settling: Settling::Failed { note: note.to_owned() } }
    }

    /// After an attempt that did not work.
    fn again(row: &DeliveryRow, attempt: Attempt, asked_ms: Option<u64>) -> Self {
        let tries = row.tries + 1;
        let settling = match backoff::pause_ms(tries, asked_ms, clock::entropy()) {
            Some(pause_ms) => Settling::Again { at: clock::now().plus(pause_ms) },
            None => Settling::Failed { note: format!("given up after {tries} attempts") },
        };
        Self { attempt: Some(attempt), settling }
    }
}

async fn deliver(parts: &Parts, due: &Stored<DueRow>) -> Result<(), catalog::Error> {
    let DueRow { at, tenant, key, .. } = &due.value;
    let Some(row) = parts.catalog.delivery_at(tenant, key)?.filter(|row| row.value.due_at == Some(*at)) else {
        return parts.catalog.forget_due(due).await;
    };
    let row = row.value;
    let outcome = match &row.target {
        Target::Webhook { key } => match parts.catalog.get::<WebhookRow>(tenant, key)? {
            None => Outcome::failed("the webhook was removed"),
            Some(hook) if !hook.value.is_active => Outcome::failed("the webhook is switched off"),
            Some(hook) => call(parts, tenant, &row, &hook).await?,
        },
        Target::Mail { approver, address } => {
            mail(parts, tenant, &row, Recipient { approver: approver.clone(), address: address.clone() }).await?
        }
    };
    crash::point("delivery.sent");
    if let Settling::Failed { note } = &outcome.settling {
        tracing::warn!(delivery = row.id, tenant = tenant.as_str(), note, "a delivery failed for good");
    }
    parts.meters.settled(&outcome.settling);
    parts.catalog.settle_delivery(tenant, key, outcome.attempt, outcome.settling, clock::now()).await
}

async fn call(parts: &Parts, tenant: &Tenant, row: &DeliveryRow, stored: &Stored<WebhookRow>) -> Result<Outcome, catalog::Error> {
    let hook = &stored.value;
    let mut body = row.body.clone();
    if let (Some(approver), Happening::ApprovalRequested) = (&hook.links_for, row.event)
        && let Ok(Some((_, question))) = open_question(parts, tenant, row).await
        // Who calls with the link of a role is nobody that can be told from others.
        && (approver.starts_with("user:") || !settings::asks_who(&question))
        && let Ok(Value::Object(mut fields)) = serde_json::from_str(&body)
    {
        let link = link(parts, tenant, row, &question, approver_of_hook(hook, approver)).await?;
        if let Some(data) = fields.get_mut("data") {
            data["decisionLink"] = link.into();
        }
        body = Value::Object(fields).to_string();
    }
    let at = clock::now();
    let headers = sign::headers(&parts.vault.signing_secrets(tenant, stored, at)?, &row.id, at, &body);
    let began = Instant::now();
    let answered = parts.runner.call_webhook(WebhookCall { url: hook.url.clone(), headers, body }).await;
    let latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let is_taken = answered.status.is_some_and(|status| (200..300).contains(&status));
    let attempt = Attempt { at, latency_ms, status: answered.status, error: answered.error, answer: answered.answer };
    if is_taken {
        return Ok(Outcome { attempt: Some(attempt), settling: Settling::Done });
    }
    Ok(Outcome::again(row, attempt, answered.retry_after_ms))
}

/// In whose name the links of a webhook decide.
fn approver_of_hook(hook: &WebhookRow, approver: &str) -> Person {
    match approver.split_once(':') {
        Some(("role", role)) => Person { user: format!("webhook:{}", hook.id), roles: vec![role.to_owned()], every_role: false },
        Some((_, user)) => Person { user: user.to_owned(), ..Person::default() },
        None => Person::default(),
    }
}

async fn mail(parts: &Parts, tenant: &Tenant, row: &DeliveryRow, recipient: Recipient) -> Result<Outcome, catalog::Error> {
    let Some(mailer) = parts.settings.mailer() else { return Ok(Outcome::failed("there is no mail server in the settings any more")) };
    let (snapshot, question) = match open_question(parts, tenant, row).await {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Outcome::dropped("the question was closed, or its action changed")),
        Err(error) => {
            let attempt = Attempt { at: clock::now(), latency_ms: 0, status: None, error: Some(error.to_string()), answer: String::new() };
            return Ok(Outcome::again(row, attempt, None));
        }
    };
    if let Some(reason) = parts.settings.keeps_out(tenant, &recipient.address, &question) {
        return Ok(Outcome::dropped(reason));
    }
    let person = parts.settings.person(tenant, &recipient);
    let link = link(parts, tenant, row, &question, person).await?;
    let (subject, text) = letter::write(&snapshot, &question, &link);
    let at = clock::now();
    let began = Instant::now();
    let sent = mailer.send(&Mail { id: row.id.clone(), to: recipient.address, subject, text }).await;
    let latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let attempt = Attempt { at, latency_ms, status: None, error: sent.err(), answer: String::new() };
    if attempt.error.is_none() {
        return Ok(Outcome { attempt: Some(attempt), settling: Settling::Done });
    }
    Ok(Outcome::again(row, attempt, None))
}

/// The question that a delivery is about, if it is still open and still releases what it released then.
async fn open_question(parts: &Parts, tenant: &Tenant, row: &DeliveryRow) -> Result<Option<(Snapshot, Question)>, engine::Error> {
    let Some((id, digest)) = row.question else { return Ok(None) };
    let snapshot = match parts.engine_of(tenant).snapshot(row.execution).await {
        Ok(snapshot) => snapshot,
        Err(engine::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let question = snapshot.questions.iter().find(|question| question.id == id && question.digest == digest).cloned();
    Ok(question.map(|question| (snapshot, question)))
}

/// A fresh link for each attempt: its token is kept nowhere, so the one of an earlier attempt cannot be sent again.
async fn link(parts: &Parts, tenant: &Tenant, row: &DeliveryRow, question: &Question, approver: Person) -> Result<String, catalog::Error> {
    let now: TimeMs = clock::now();
    let new = NewLink {
        tenant: tenant.clone(),
        execution: row.execution,
        question: question.id,
        digest: question.digest,
        approver,
        question_expires_at: question.expires_at,
    };
    let token = parts.catalog.mint_link(new, now).await?;
    Ok(format!("{}/decide/{token}", parts.base_url))
}

#[cfg(test)]
#[path = "deliver_tests.rs"]
mod tests;
