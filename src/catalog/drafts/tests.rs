//! Drafts over a real store: versions, the history's texts, publishing.

use serde_json::{Value, json};

use super::*;
use crate::catalog::agents::NewAgent;
use crate::store::{Faults, MemoryDisk, Store};

const FLOW: &str = "flow: helper\nsteps:\n  a: {builtin: noop}\n";

fn actor() -> Actor {
    Actor::without_key("ana")
}

fn place(base_revision: u32) -> DraftPlace {
    DraftPlace { tenant: Tenant::default(), agent: "helper".to_owned(), base_revision }
}

fn new_revision() -> NewRevision {
    let (plan, _) = crate::flow::compile::load(FLOW).unwrap();
    NewRevision { spec: (*plan.spec).clone(), sent: json!({"flow": FLOW}), comment: None, tool: None }
}

async fn catalog() -> Catalog {
    let catalog = Catalog::new(Store::in_memory(Faults::default()));
    let new = NewAgent { id: "helper".to_owned(), ..NewAgent::default() };
    catalog.create_agent(&Tenant::default(), new, &actor()).await.unwrap();
    catalog
}

async fn edit(catalog: &Catalog, base: u32, edit: Edit, version: Option<u64>) -> Result<(u64, String), Error> {
    let actor = actor();
    let editor = Editor { version, tool: None, actor: &actor };
    let stored = catalog.edit_draft(&place(base), &edit, &editor).await?;
    Ok((stored.version, stored.value.content.unwrap()))
}

fn put(text: &str) -> Edit {
    Edit::Put(text.to_owned())
}

fn texts(catalog: &Catalog) -> usize {
    catalog.list::<Text>(&Tenant::default(), Listing::default()).unwrap().len()
}

#[tokio::test]
async fn undo_and_redo_give_back_exactly_what_was_sent() {
    let catalog = catalog().await;
    let (first, second) = ("{\"b\": 1.00, \"a\": 1e5}", "{\"b\":2}");
    assert_eq!(edit(&catalog, 0, put(first), None).await.unwrap(), (1, first.to_owned()));
    assert_eq!(edit(&catalog, 0, put(second), Some(1)).await.unwrap(), (2, second.to_owned()));
    assert_eq!(edit(&catalog, 0, Edit::Undo, Some(2)).await.unwrap(), (3, first.to_owned()));
    assert!(matches!(edit(&catalog, 0, Edit::Undo, None).await, Err(Error::Conflict { code: "nothing_to_undo", .. })));
    assert_eq!(edit(&catalog, 0, Edit::Redo, None).await.unwrap(), (4, second.to_owned()));
    assert!(matches!(edit(&catalog, 0, Edit::Redo, None).await, Err(Error::Conflict { code: "nothing_to_redo", .. })));
    assert_eq!(texts(&catalog), 2);
    edit(&catalog, 0, Edit::Undo, None).await.unwrap();
    edit(&catalog, 0, put("{}"), None).await.unwrap();
    assert_eq!(texts(&catalog), 2, "what could be redone is gone with its text");
}

#[tokio::test]
async fn a_writer_who_knows_another_version_is_stale_also_after_a_removal() {
    let catalog = catalog().await;
    assert!(matches!(edit(&catalog, 0, put("{}"), Some(0)).await, Err(Error::Stale)), "there is no version to know yet");
    edit(&catalog, 0, put("{}"), None).await.unwrap();
    assert!(matches!(edit(&catalog, 0, put("{}"), Some(7)).await, Err(Error::Stale)));
    assert!(matches!(catalog.remove_draft(&place(0), Some(7), &actor()).await, Err(Error::Stale)));
    assert_eq!(catalog.remove_draft(&place(0), Some(1), &actor()).await.unwrap(), 2);
    assert!(catalog.draft(&Tenant::default(), "helper", 0).unwrap().is_none());
    assert_eq!((texts(&catalog), catalog.drafts(&Tenant::default(), "helper").unwrap().len()), (0, 0));
    assert!(matches!(edit(&catalog, 0, Edit::Undo, None).await, Err(Error::NotFound { .. })));
    assert_eq!(edit(&catalog, 0, put("{}"), None).await.unwrap().0, 3, "a version is never given twice");
    assert!(matches!(edit(&catalog, 0, put("{}"), Some(1)).await, Err(Error::Stale)));
}

#[tokio::test]
async fn a_draft_departs_from_a_revision_that_is_there() {
    let catalog = catalog().await;
    assert!(matches!(edit(&catalog, 1, put("{}"), None).await, Err(Error::NotFound { what: "revision", .. })));
    edit(&catalog, 0, put("{\"kept\":1}"), None).await.unwrap();
    catalog.create_revision(&Tenant::default(), "helper", new_revision(), &actor()).await.unwrap();
    edit(&catalog, 1, put("{}"), None).await.unwrap();
    assert_eq!(edit(&catalog, 0, put("{}"), None).await.unwrap().0, 2, "what was begun before can be finished");
    catalog.remove_draft(&place(0), None, &actor()).await.unwrap();
    assert!(matches!(edit(&catalog, 0, put("{}"), None).await, Err(Error::NotFound { what: "revision", .. })));
    let (_, body) = edit(&catalog, 1, Edit::Reset, None).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), json!({"flow": FLOW}));
    assert_eq!(edit(&catalog, 1, Edit::Undo, None).await.unwrap().1, "{}", "a reset can be undone");
}

#[tokio::test]
async fn publishing_takes_the_version_that_was_looked_at_and_ends_the_draft() {
    let catalog = catalog().await;
    edit(&catalog, 0, put("{}"), None).await.unwrap();
    edit(&catalog, 0, put("{\"a\":1}"), None).await.unwrap();
    let stale = catalog.publish_draft(&place(0), 1, new_revision(), false, &actor()).await;
    assert!(matches!(stale, Err(Error::Stale)));
    assert_eq!(catalog.agent(&Tenant::default(), "helper").unwrap().value.last_revision, 0, "nothing was published");
    let (row, ended) = catalog.publish_draft(&place(0), 2, new_revision(), false, &actor()).await.unwrap();
    assert_eq!((row.revision, ended), (1, 3));
    assert!(catalog.draft(&Tenant::default(), "helper", 0).unwrap().is_none());
    for (deployed, current) in [(false, 1), (true, 3)] {
        let (version, _) = edit(&catalog, 1, put("{}"), None).await.unwrap();
        catalog.publish_draft(&place(1), version, new_revision(), deployed, &actor()).await.unwrap();
        assert_eq!(catalog.agent(&Tenant::default(), "helper").unwrap().value.current_revision, current);
    }
}

#[tokio::test]
async fn of_writers_who_know_the_same_version_one_goes_through() {
    let catalog = catalog().await;
    edit(&catalog, 0, put("{}"), None).await.unwrap();
    let racing = (0..8).map(|writer| {
        let catalog = catalog.clone();
        async move { edit(&catalog, 0, put(&format!("{{\"w\":{writer}}}")), Some(1)).await.is_ok() }
    });
    let won = futures::future::join_all(racing).await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_restart_keeps_content_version_and_history() {
    let disk = MemoryDisk::new(Faults::default());
    let store = Store::open_memory(&disk).unwrap();
    let before = Catalog::new(store.clone());
    let new = NewAgent { id: "helper".to_owned(), ..NewAgent::default() };
    before.create_agent(&Tenant::default(), new, &actor()).await.unwrap();
    edit(&before, 0, put("{\"x\": 1.0}"), None).await.unwrap();
    edit(&before, 0, put("{}"), None).await.unwrap();
    let kept = before.draft(&Tenant::default(), "helper", 0).unwrap().unwrap();
    store.close().unwrap();
    drop(before);
    let after = Catalog::new(Store::open_memory(&disk).unwrap());
    assert_eq!(after.draft(&Tenant::default(), "helper", 0).unwrap().unwrap(), kept);
    assert_eq!(edit(&after, 0, Edit::Undo, Some(2)).await.unwrap(), (3, "{\"x\": 1.0}".to_owned()));
}
