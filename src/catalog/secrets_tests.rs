//! Secrets and their master key: what is kept, what opens it, and rotations that are cut at every place.

use std::path::Path;

use super::*;
use crate::store::{DocumentRange, Faults, Store};

const VALUE: &str = "s3cret-value-123";

fn actor() -> Actor {
    Actor { user: "ana".to_owned(), key_id: None, at: TimeMs(5), entropy: crate::clock::entropy() }
}

fn store() -> Store {
    Store::in_memory(Faults::default())
}

fn vault(store: &Store, directory: &Path) -> SecretVault {
    SecretVault::new(Catalog::new(store.clone()), KeySource::new(|_| None, Some(directory)).unwrap())
}

fn value_of(vault: &SecretVault, tenant: &Tenant, agent: &str, name: &str) -> Option<String> {
    let secrets = vault.open(tenant).unwrap();
    secrets.get(name, agent).ok().flatten().map(|secret| secret.reveal().to_owned())
}

async fn with_tenants(store: &Store) -> (Tenant, Tenant) {
    let catalog = Catalog::new(store.clone());
    for tenant in ["one", "two"] {
        catalog.create_tenant(tenant, None, TimeMs(1)).await.unwrap();
    }
    (Tenant::new("one"), Tenant::new("two"))
}

#[tokio::test]
async fn a_secret_is_its_tenant_s_and_only_granted_agents_get_it() {
    let (store, directory) = (store(), tempfile::tempdir().unwrap());
    let ((one, two), vault) = (with_tenants(&store).await, vault(&store, directory.path()));
    vault.prepare().await.unwrap();
    assert!(vault.made_key().is_none(), "no key before the first secret");
    let only = Grant::Agents(vec!["refunds".to_owned()]);
    let row = vault.set(&one, "shop-token", Some(VALUE), only, &actor()).await.unwrap();
    assert!(vault.made_key().is_some());
    assert_eq!((row.version, row.granted_to.as_deref()), (1, Some(["refunds".to_owned()].as_slice())));
    assert_eq!(value_of(&vault, &one, "refunds", "shop_token").as_deref(), Some(VALUE));
    assert_eq!(value_of(&vault, &one, "billing", "shop_token"), None);
    assert_eq!(value_of(&vault, &two, "refunds", "shop_token"), None);
    // Nothing that is kept holds it.
    for collection in ["secrets", "audit", "audit_of", "master_key"] {
        for owner in [&one, &Catalog::system()] {
            let range = DocumentRange { collection, ..DocumentRange::default() };
            for document in store.documents(owner, &range, 99).unwrap() {
                assert!(!document.body.contains(VALUE), "{document:?}");
            }
        }
    }
}

#[tokio::test]
async fn changes_count_at_once_and_a_new_value_is_a_new_version() {
    let (store, directory) = (store(), tempfile::tempdir().unwrap());
    let ((one, _), vault) = (with_tenants(&store).await, vault(&store, directory.path()));
    vault.set(&one, "token", Some(VALUE), Grant::Keep, &actor()).await.unwrap();
    assert_eq!(value_of(&vault, &one, "any", "token").as_deref(), Some(VALUE));
    let row = vault.set(&one, "TOKEN", Some("another-value"), Grant::Keep, &actor()).await.unwrap();
    assert_eq!((row.name.as_str(), row.version), ("token", 2), "the same name, written differently");
    assert_eq!(value_of(&vault, &one, "any", "token").as_deref(), Some("another-value"));
    vault.set(&one, "token", None, Grant::Agents(Vec::new()), &actor()).await.unwrap();
    assert_eq!(value_of(&vault, &one, "any", "token"), None);
    vault.set(&one, "token", None, Grant::Everyone, &actor()).await.unwrap();
    assert_eq!(value_of(&vault, &one, "any", "token").as_deref(), Some("another-value"));
    vault.remove(&one, "token", &actor()).await.unwrap();
    assert_eq!(value_of(&vault, &one, "any", "token"), None);
    assert!(matches!(vault.remove(&one, "token", &actor()).await, Err(Error::NotFound { .. })));
    assert!(matches!(vault.set(&one, "token", None, Grant::Keep, &actor()).await, Err(Error::NotFound { .. })));
    for name in ["", "1st", "a.b", "a/b", "ä"] {
        assert!(matches!(vault.set(&one, name, Some(VALUE), Grant::Keep, &actor()).await, Err(Error::Invalid { .. })), "{name}");
    }
    assert!(matches!(vault.set(&one, "pin", Some("123"), Grant::Keep, &actor()).await, Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn a_sealed_value_cannot_be_moved_to_another_name_or_tenant() {
    let (store, directory) = (store(), tempfile::tempdir().unwrap());
    let ((one, two), vault) = (with_tenants(&store).await, vault(&store, directory.path()));
    let row = vault.set(&one, "token", Some(VALUE), Grant::Keep, &actor()).await.unwrap();
    let keys = vault.keys.in_use(&vault.catalog).unwrap();
    assert_eq!(keys.open(&one, &row).unwrap().as_str(), VALUE);
    assert!(keys.open(&two, &row).is_err());
    assert!(keys.open(&one, &SecretRow { name: "other".to_owned(), ..row.clone() }).is_err());
    assert!(keys.open(&one, &SecretRow { version: 2, ..row }).is_err());
}

#[tokio::test]
async fn a_rotation_that_is_cut_anywhere_loses_nothing_and_is_ended_by_the_next_start() {
    // Cut: before it is announced (0), after that (1), after sealing (2), after everything (3).
    for cut in 0..4 {
        let (store, directory) = (store(), tempfile::tempdir().unwrap());
        let ((one, two), first) = (with_tenants(&store).await, vault(&store, directory.path()));
        for (tenant, value) in [(&one, VALUE), (&two, "value-of-two")] {
            first.set(tenant, "token", Some(value), Grant::Keep, &actor()).await.unwrap();
        }
        let before = first.get(&one, "token").unwrap().key_id;
        match cut {
            0 => drop(first.keys.source().successor(&first.keys.in_use(&first.catalog).unwrap().current).unwrap()),
            3 => assert_eq!(first.rotate(&actor()).await.unwrap().secrets, 2),
            cut => {
                let keys = first.announce().await.unwrap();
                if cut == 2 {
                    assert_eq!(first.reseal(&keys).await.unwrap(), 2);
                }
            }
        }
        drop(first);
        let next = vault(&store, directory.path());
        assert_eq!(value_of(&next, &one, "any", "token").as_deref(), Some(VALUE), "readable before it is ended (cut {cut})");
        let next = vault(&store, directory.path());
        next.prepare().await.unwrap();
        assert_eq!(value_of(&next, &two, "any", "token").as_deref(), Some("value-of-two"), "cut {cut}");
        assert_eq!(next.get(&one, "token").unwrap().key_id != before, cut > 0, "cut {cut}");
        assert_eq!(next.keys.source().candidates().unwrap().len(), 1, "one file is left (cut {cut})");
    }
}

#[tokio::test]
async fn without_its_key_a_store_gives_no_secret_and_says_what_is_missing() {
    let (store, directory, elsewhere) = (store(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, _) = with_tenants(&store).await;
    vault(&store, directory.path()).set(&one, "token", Some(VALUE), Grant::Keep, &actor()).await.unwrap();
    let lost = vault(&store, elsewhere.path());
    let error = lost.prepare().await.unwrap_err();
    assert!(matches!(error, Error::Conflict { code: "master_key_missing", .. }), "{error}");
    assert!(lost.open(&one).is_err() && lost.set(&one, "b", Some(VALUE), Grant::Keep, &actor()).await.is_err());
}
