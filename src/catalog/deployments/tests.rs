//! Agents, revisions and deployments as a story, and what must hold between them.

use serde_json::json;

use super::*;
use crate::catalog::agents::NewAgent;
use crate::catalog::revisions::NewRevision;
use crate::flow::compile;
use crate::store::{Faults, Store};

const AGENT: &str = "greeter";

struct World {
    catalog: Catalog,
    tenant: Tenant,
}

fn at(ms: u64) -> Actor {
    Actor { at: TimeMs(ms), entropy: ms, ..Actor::without_key("ana") }
}

fn revision(greeting: &str) -> NewRevision {
    let flow = json!({"flow": AGENT, "steps": {"greet": {"set": {"text": format!("'{greeting}'")}}}});
    let (plan, _) = compile::load(&flow.to_string()).unwrap();
    NewRevision { spec: (*plan.spec).clone(), sent: json!({"flow": flow}), comment: None, tool: None }
}

impl World {
    /// An agent with `count` revisions.
    async fn new(count: u32) -> Self {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        catalog.create_tenant("acme", None, TimeMs(1)).await.unwrap();
        let tenant = Tenant::new("acme");
        catalog.create_agent(&tenant, NewAgent { id: AGENT.to_owned(), ..NewAgent::default() }, &at(2)).await.unwrap();
        for number in 1..=count {
            let row = catalog.create_revision(&tenant, AGENT, revision(&number.to_string()), &at(u64::from(number) * 10)).await.unwrap();
            assert_eq!(row.revision, number);
        }
        Self { catalog, tenant }
    }

    async fn deploy(&self, split: &[(u32, u32)], ms: u64) -> Result<DeployRow, Error> {
        let split = split.iter().map(|(revision, weight)| Share { revision: *revision, weight: *weight }).collect();
        self.catalog.deploy(&self.tenant, AGENT, &wanted(split), &at(ms)).await
    }

    async fn roll_back(&self, ms: u64) -> Result<u32, Error> {
        let row = self.catalog.roll_back(&self.tenant, AGENT, None, wanted(Vec::new()), &at(ms)).await?;
        Ok(row.target_revision)
    }

    fn current(&self) -> u32 {
        self.catalog.agent(&self.tenant, AGENT).unwrap().value.current_revision
    }
}

fn wanted(split: Vec<Share>) -> Deploy {
    Deploy { environment: PRODUCTION.to_owned(), split, reason: None, tool: None, is_rollback: false }
}

#[tokio::test]
async fn the_first_revision_is_deployed_and_later_ones_wait() {
    let world = World::new(3).await;
    assert_eq!(world.current(), 1);
    let history = world.catalog.deploys(&world.tenant, AGENT, None, 0).unwrap();
    assert_eq!(history.iter().map(|row| (row.previous_revision, row.target_revision)).collect::<Vec<_>>(), [(0, 1)]);
    let listed = world.catalog.revisions(&world.tenant, AGENT, None, 2).unwrap();
    assert_eq!(listed.iter().map(|row| row.revision).collect::<Vec<_>>(), [3, 2], "newest first, a page at a time");
    let listed = world.catalog.revisions(&world.tenant, AGENT, Some(2), 2).unwrap();
    assert_eq!(listed.iter().map(|row| row.revision).collect::<Vec<_>>(), [1]);
    let spec = world.catalog.flow_spec(&world.tenant, &listed[0]).unwrap();
    assert_eq!(digest_of(&spec), listed[0].digest);
}

fn digest_of(spec: &crate::flow::spec::FlowSpec) -> Digest {
    crate::flow::digest::of(spec)
}

#[tokio::test]
async fn a_rollback_goes_back_one_step_each_time() {
    let world = World::new(3).await;
    world.deploy(&[(2, 1)], 100).await.unwrap();
    world.deploy(&[(3, 1)], 101).await.unwrap();
    assert_eq!(world.roll_back(102).await.unwrap(), 2);
    assert_eq!(world.roll_back(103).await.unwrap(), 1, "not forward to 3 again");
    assert!(matches!(world.roll_back(104).await, Err(Error::Conflict { code: "nothing_before", .. })));
    assert_eq!(world.current(), 1);
}

#[tokio::test]
async fn a_split_is_kept_for_a_session_and_shared_by_weight() {
    let world = World::new(2).await;
    world.deploy(&[(1, 3), (2, 1)], 100).await.unwrap();
    let choose =
        |session: Option<&str>, entropy| world.catalog.choose(&world.tenant, AGENT, PRODUCTION, session, entropy).unwrap().revision;
    for session in ["a", "b", "c"] {
        let first = choose(Some(session), 0);
        assert!((1..50).all(|entropy| choose(Some(session), entropy) == first));
    }
    let second = (0..1_000).filter(|number| choose(Some(&number.to_string()), 0) == 2).count();
    assert!((200..300).contains(&second), "about a quarter of the sessions: {second}");
    assert_eq!((0..4).filter(|entropy| choose(None, *entropy) == 2).count(), 1, "exactly a quarter of what is drawn evenly");
}

#[tokio::test]
async fn what_is_not_there_or_makes_no_sense_is_refused() {
    let world = World::new(1).await;
    assert!(matches!(world.deploy(&[(2, 1)], 100).await, Err(Error::NotFound { what: "revision", .. })));
    assert!(matches!(world.deploy(&[], 100).await, Err(Error::Invalid { .. })));
    assert!(matches!(world.deploy(&[(1, 1), (1, 2)], 100).await, Err(Error::Invalid { .. })));
    assert!(matches!(world.deploy(&[(1, 0)], 100).await, Err(Error::Invalid { .. })));
    let elsewhere = Deploy { environment: "moon".to_owned(), ..wanted(vec![Share { revision: 1, weight: 1 }]) };
    assert!(matches!(
        world.catalog.deploy(&world.tenant, AGENT, &elsewhere, &at(101)).await,
        Err(Error::NotFound { what: "environment", .. })
    ));
    assert!(world.catalog.choose(&Tenant::new("other"), AGENT, PRODUCTION, None, 0).is_err(), "another tenant's agent is not there");
    assert_eq!(world.catalog.deploys(&world.tenant, AGENT, None, 0).unwrap().len(), 1, "a refused change leaves nothing behind");
}

#[tokio::test]
async fn two_writers_get_numbers_of_their_own() {
    let world = World::new(0).await;
    let tasks: Vec<_> = (0..8_u64)
        .map(|number| {
            let (catalog, tenant) = (world.catalog.clone(), world.tenant.clone());
            tokio::spawn(async move {
                catalog.create_revision(&tenant, AGENT, revision(&number.to_string()), &at(100 + number)).await.unwrap().revision
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.push(task.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_deleted_agent_runs_nothing_and_can_be_taken_back() {
    let world = World::new(1).await;
    world.catalog.delete_agent(&world.tenant, AGENT, &at(100)).await.unwrap();
    assert!(matches!(world.deploy(&[(1, 1)], 101).await, Err(Error::NotFound { what: "agent", .. })));
    let again = world.catalog.create_agent(&world.tenant, NewAgent { id: AGENT.to_owned(), ..NewAgent::default() }, &at(102)).await;
    assert!(matches!(again, Err(Error::Exists { .. })), "its name stays taken");
    world.catalog.restore_agent(&world.tenant, AGENT, &at(103)).await.unwrap();
    assert!(matches!(world.catalog.restore_agent(&world.tenant, AGENT, &at(104)).await, Err(Error::Invalid { .. })));
    world.deploy(&[(1, 1)], 105).await.unwrap();
}
