//! `…/changes:subscribe`: which lists of a tenant may look different from before. Hints without contents: whoever hears one reads again
//! what it shows. Woken by what the store records; what comes close together is told together.

use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch;

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::places::Place;
use crate::api::problem::Problem;
use crate::api::route::{Access, Content, Route};
use crate::api::sse;
use crate::catalog::Kept;
use crate::catalog::agents::AgentRow;
use crate::catalog::approvals::{ClaimRow, CommentRow};
use crate::catalog::audit::AuditLine;
use crate::catalog::budgets::BudgetRow;
use crate::catalog::deliveries::DeliveryRow;
use crate::catalog::deployments::{DeployRow, DeploymentRow};
use crate::catalog::drafts::DraftRow;
use crate::catalog::environments::EnvironmentRow;
use crate::catalog::evaluations::rows::RunRow;
use crate::catalog::revisions::RevisionRow;
use crate::catalog::scopes::Scope;
use crate::catalog::secrets::SecretRow;
use crate::catalog::triggers::rows::{CursorRow, FiringRow, TriggerRow};
use crate::catalog::webhooks::WebhookRow;
use crate::store::Touched;

/// So long more is waited for after the first change, and no stream is told more often.
const GATHER: Duration = Duration::from_millis(250);

/// What may have changed: a kind of list. Keys are none: the store keeps them beside the tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Topic {
    /// Records of executions, what is counted from them, quarantine.
    Executions,
    /// Questions to people, what is said about them, doubts.
    Approvals,
    /// Agents, their revisions and drafts.
    Agents,
    Deployments,
    /// Triggers and when they are due.
    Triggers,
    /// What triggers did.
    Firings,
    Evaluations,
    Environments,
    Budgets,
    Secrets,
    /// Webhooks of the tenant and what was delivered to them.
    Webhooks,
    Audit,
}

impl Topic {
    const ALL: [Self; 12] = [
        Self::Executions,
        Self::Approvals,
        Self::Agents,
        Self::Deployments,
        Self::Triggers,
        Self::Firings,
        Self::Evaluations,
        Self::Environments,
        Self::Budgets,
        Self::Secrets,
        Self::Webhooks,
        Self::Audit,
    ];

    /// What reading these lists needs.
    fn scope(self) -> Scope {
        match self {
            Self::Executions | Self::Firings | Self::Evaluations | Self::Budgets => Scope::ExecutionsRead,
            Self::Approvals => Scope::ApprovalsRead,
            Self::Agents | Self::Deployments | Self::Triggers | Self::Environments => Scope::AgentsRead,
            Self::Secrets => Scope::SecretsRead,
            Self::Webhooks | Self::Audit => Scope::Admin,
        }
    }

    /// Whose documents it shows.
    fn collections(self) -> &'static [&'static str] {
        match self {
            Self::Executions => &[],
            Self::Approvals => &[CommentRow::COLLECTION, ClaimRow::COLLECTION],
            Self::Agents => &[AgentRow::COLLECTION, RevisionRow::COLLECTION, DraftRow::COLLECTION],
            Self::Deployments => &[DeploymentRow::COLLECTION, DeployRow::COLLECTION],
            // A trigger says when it last fired.
            Self::Triggers => &[TriggerRow::COLLECTION, CursorRow::COLLECTION, FiringRow::COLLECTION],
            Self::Firings => &[FiringRow::COLLECTION],
            Self::Evaluations => &[RunRow::COLLECTION],
            Self::Environments => &[EnvironmentRow::COLLECTION],
            Self::Budgets => &[BudgetRow::COLLECTION],
            Self::Secrets => &[SecretRow::COLLECTION],
            Self::Webhooks => &[WebhookRow::COLLECTION, DeliveryRow::COLLECTION],
            Self::Audit => &[AuditLine::COLLECTION],
        }
    }

    fn has_changed(self, before: &Touched, now: &Touched) -> bool {
        let of_executions = match self {
            Self::Executions => before.executions != now.executions,
            Self::Approvals => before.questions != now.questions,
            _ => false,
        };
        of_executions || self.collections().iter().any(|name| before.documents(name) != now.documents(name))
    }
}

/// Why a stream says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ChangeKind {
    /// The stream begins: everything may be different from what was read before.
    Sync,
    Changed,
}

/// The data of an event `changes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Told {
    change_kind: ChangeKind,
    /// At first, all that this reader may read.
    topics: Vec<Topic>,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/tenants/{tenant}/changes:subscribe",
            "subscribeChanges",
            "Events `changes` with `{changeKind, topics}`: `sync` first, then which lists may have `changed`; only those that the key may read",
        )
        .access(Access::Key)
        .answers_with(200, Content::Events)
        .to(subscribe),
    ]
}

/// Somebody who shows lists of a tenant.
struct Watching {
    heard: watch::Receiver<Touched>,
    /// What was told of already; none: nothing was said yet.
    seen: Option<Touched>,
    /// Those that it may read.
    topics: Vec<Topic>,
    _place: Place,
}

impl Watching {
    async fn next(&mut self) -> Option<Told> {
        let Some(mut seen) = self.seen.take() else {
            self.seen = Some(self.heard.borrow_and_update().clone());
            return Some(Told { change_kind: ChangeKind::Sync, topics: self.topics.clone() });
        };
        loop {
            self.heard.changed().await.ok()?;
            tokio::time::sleep(GATHER).await;
            let now = self.heard.borrow_and_update().clone();
            let topics: Vec<Topic> = self.topics.iter().copied().filter(|topic| topic.has_changed(&seen, &now)).collect();
            seen = now;
            if !topics.is_empty() {
                self.seen = Some(seen);
                return Some(Told { change_kind: ChangeKind::Changed, topics });
            }
        }
    }
}

async fn subscribe(call: Call) -> Result<Answer, Problem> {
    let caller = call.caller()?;
    let topics: Vec<Topic> = Topic::ALL.into_iter().filter(|topic| caller.key.may(topic.scope())).collect();
    if topics.is_empty() {
        caller.must(Scope::ExecutionsRead)?;
    }
    let place = call.app.change_watchers.take_for_stream(&call.tenant, "changes")?;
    let watching = Watching { heard: call.app.catalog.store().touches(&call.tenant), seen: None, topics, _place: place };
    let told = stream::unfold(watching, |mut watching| async move { watching.next().await.map(|told| (told, watching)) });
    let frames = told.map(|told| sse::frame(None, "changes", &told));
    Ok(Answer::events(sse::stream(frames, call.app.closing.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::places::Places;
    use crate::catalog::Catalog;
    use crate::catalog::audit::Actor;
    use crate::catalog::keys::NewKey;
    use crate::clock;
    use crate::ids::Tenant;
    use crate::store::{Faults, Store};

    fn watching(store: &Store, tenant: &Tenant, topics: Vec<Topic>) -> Watching {
        let place = Places::new(1, 1).take(tenant).unwrap();
        Watching { heard: store.touches(tenant), seen: None, topics, _place: place }
    }

    #[tokio::test]
    async fn a_reader_is_told_everything_at_first_then_what_changed_of_what_it_may_read() {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let tenant = Tenant::default();
        let mut all = watching(catalog.store(), &tenant, Topic::ALL.to_vec());
        let mut few = watching(catalog.store(), &tenant, vec![Topic::Audit, Topic::Agents]);
        let sync = Told { change_kind: ChangeKind::Sync, topics: Topic::ALL.to_vec() };
        assert_eq!(all.next().await, Some(sync));
        assert_eq!(few.next().await.unwrap().topics, [Topic::Audit, Topic::Agents]);
        let actor = Actor { at: clock::now(), entropy: clock::entropy(), ..Actor::without_key("ana") };
        catalog.mint_key(&tenant, NewKey { name: "one".to_owned(), ..NewKey::default() }, &actor).await.unwrap();
        let told = all.next().await.unwrap();
        assert_eq!((told.change_kind, told.topics), (ChangeKind::Changed, vec![Topic::Audit]));
        assert_eq!(few.next().await.unwrap().topics, [Topic::Audit]);
    }
}
