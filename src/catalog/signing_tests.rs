//! Webhooks and what signs their calls: where they belong, that nothing stands in the clear, and master keys that change.

use serde_json::json;

use super::*;
use crate::catalog::master_key::KeySource;
use crate::catalog::webhooks::Happening;
use crate::catalog::{Catalog, Kept as _};
use crate::store::{DocumentRange, Faults, Store};

fn vault() -> (SecretVault, Catalog) {
    let catalog = Catalog::new(Store::in_memory(Faults::default()));
    (SecretVault::new(catalog.clone(), KeySource::default()), catalog)
}

fn new(url: &str) -> NewWebhook {
    NewWebhook { url: url.to_owned(), ..NewWebhook::default() }
}

#[tokio::test]
async fn webhooks_stay_with_what_they_listen_to() {
    let (vault, catalog) = vault();
    let (tenant, actor) = (Tenant::default(), Actor::without_key("ana"));
    assert!(!catalog.is_anybody_hooked().unwrap());
    let agent = Reach::Agent("shop".to_owned());
    let (hook, secret) = vault.create_webhook(&tenant, &agent, new("https://a.example/x"), &actor).await.unwrap();
    assert_eq!(hook.events, Happening::ALL);
    assert!(webhooks::secret_bytes(&secret).is_some());
    for elsewhere in [Reach::Tenant, Reach::Agent("sho".to_owned()), Reach::Agent("shop2".to_owned())] {
        assert!(catalog.webhooks(&tenant, &elsewhere).unwrap().is_empty());
        assert!(matches!(catalog.webhook(&tenant, &elsewhere, &hook.id), Err(Error::NotFound { .. })));
    }
    let other = Tenant::new("other");
    assert!(catalog.webhooks(&other, &agent).unwrap().is_empty() && !catalog.is_hooked(&other).unwrap());
    assert!(catalog.is_hooked(&tenant).unwrap() && catalog.is_anybody_hooked().unwrap());
    catalog.remove_webhook(&tenant, &agent, &hook.id, &actor).await.unwrap();
    assert!(catalog.webhooks(&tenant, &agent).unwrap().is_empty());
}

#[tokio::test]
async fn two_attempts_at_one_start_share_its_webhook() {
    let (vault, catalog) = vault();
    let (tenant, actor, execution) = (Tenant::default(), Actor::without_key("ana"), crate::clock::execution_id());
    let hook = || vault.hook_execution(&tenant, execution, new("https://a.example"), &actor);
    let (first, second) = (hook().await.unwrap(), hook().await.unwrap());
    assert_eq!(first.1, second.1);
    assert!(matches!(catalog.unhook_refused(&tenant, &first.0).await, Err(Error::Stale)), "the second attempt counts on it");
    assert_eq!(catalog.webhooks(&tenant, &Reach::Execution(execution)).unwrap().len(), 1);
    catalog.unhook_refused(&tenant, &second.0).await.unwrap();
    assert!(catalog.webhooks(&tenant, &Reach::Execution(execution)).unwrap().is_empty());
}

#[tokio::test]
async fn a_rotation_signs_with_both_until_its_end() {
    let (vault, catalog) = vault();
    let (tenant, actor) = (Tenant::default(), Actor::without_key("ana"));
    let (row, first) = vault.create_webhook(&tenant, &Reach::Tenant, new("https://a.example"), &actor).await.unwrap();
    let (_, second) = vault.rotate_webhook(&tenant, (&Reach::Tenant, &row.id), None, Some(TimeMs(9)), &actor).await.unwrap();
    let hook = catalog.webhook(&tenant, &Reach::Tenant, &row.id).unwrap();
    assert_eq!(vault.signing_secrets(&tenant, &hook, TimeMs(8)).unwrap(), [second.clone(), first]);
    assert_eq!(vault.signing_secrets(&tenant, &hook, TimeMs(9)).unwrap(), [second]);
}

/// The only webhook of the tenant, as it stands in the store.
fn text(catalog: &Catalog) -> String {
    let range = DocumentRange { collection: WebhookRow::COLLECTION, ..DocumentRange::default() };
    catalog.store().documents(&Tenant::default(), &range, 9).unwrap().pop().unwrap().body
}

#[tokio::test]
async fn a_sealed_secret_is_nowhere_and_belongs_to_its_webhook() {
    let (vault, catalog) = vault();
    let (tenant, actor) = (Tenant::default(), Actor::without_key("ana"));
    let (row, secret) = vault.create_webhook(&tenant, &Reach::Tenant, new("https://a.example"), &actor).await.unwrap();
    let (_, next) = vault.rotate_webhook(&tenant, (&Reach::Tenant, &row.id), None, Some(TimeMs(9)), &actor).await.unwrap();
    let text = text(&catalog);
    assert!(!text.contains("whsec_") && !text.contains(&secret[6..]) && !text.contains(&next[6..]), "{text}");
    let hook = catalog.webhook(&tenant, &Reach::Tenant, &row.id).unwrap();
    let elsewhere = Stored { key: Reach::Tenant.key("other"), ..hook.clone() };
    assert!(vault.signing_secrets(&tenant, &elsewhere, TimeMs(1)).is_err());
    assert!(vault.signing_secrets(&Tenant::new("acme"), &hook, TimeMs(1)).is_err());
}

#[tokio::test]
async fn a_new_master_key_seals_again_what_signs_and_leaves_the_old_key_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = Catalog::new(Store::in_memory(Faults::default()));
    let source = || KeySource::new(|_| None, Some(directory.path())).unwrap();
    let vault = SecretVault::new(catalog.clone(), source());
    let (tenant, actor, execution) = (Tenant::default(), Actor::without_key("ana"), crate::clock::execution_id());
    let (row, first) = vault.create_webhook(&tenant, &Reach::Tenant, new("https://a.example"), &actor).await.unwrap();
    let (_, second) = vault.rotate_webhook(&tenant, (&Reach::Tenant, &row.id), None, Some(TimeMs(9)), &actor).await.unwrap();
    let (own, own_secret) = vault.hook_execution(&tenant, execution, new("https://a.example"), &actor).await.unwrap();
    assert_eq!(vault.rotate(&actor).await.unwrap().secrets, 2);
    let other = SecretVault::new(catalog.clone(), source());
    other.prepare().await.unwrap();
    for vault in [&vault, &other] {
        let hook = catalog.webhook(&tenant, &Reach::Tenant, &row.id).unwrap();
        assert_eq!(vault.signing_secrets(&tenant, &hook, TimeMs(8)).unwrap(), [second.clone(), first.clone()]);
        let hook = catalog.get::<WebhookRow>(&tenant, &own.key).unwrap().unwrap();
        assert_eq!(vault.signing_secrets(&tenant, &hook, TimeMs(8)).unwrap(), std::slice::from_ref(&own_secret));
    }
    assert_eq!(vault.rotate(&actor).await.unwrap().secrets, 2, "each time");
}

#[tokio::test]
async fn what_was_written_in_the_clear_signs_and_is_sealed_by_the_next_start() {
    let (vault, catalog) = vault();
    let (tenant, actor) = (Tenant::default(), Actor::without_key("ana"));
    let clear = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let old = json!({"id": "h", "url": "https://a.example/", "events": ["execution.failed"], "is_active": true, "secret": clear,
        "previous": {"secret": clear, "until": 9}, "created_at": 1, "created_by": "ana", "updated_at": 1});
    let row: WebhookRow = serde_json::from_value(old).unwrap();
    catalog.add_webhook(&tenant, &Reach::Tenant, &row, &actor).await.unwrap();
    assert!(text(&catalog).contains(clear), "as an older version wrote it");
    vault.prepare().await.unwrap();
    assert!(!text(&catalog).contains(clear));
    let hook = catalog.webhook(&tenant, &Reach::Tenant, "h").unwrap();
    let signing = vault.signing_secrets(&tenant, &hook, TimeMs(8)).unwrap();
    assert_eq!(signing.iter().map(|secret| secret.as_str()).collect::<Vec<_>>(), [clear, clear]);
    vault.prepare().await.unwrap();
    assert_eq!(catalog.webhook(&tenant, &Reach::Tenant, "h").unwrap().version, hook.version, "once");
}

#[tokio::test]
async fn what_cannot_be_called_or_signed_is_refused() {
    let (vault, _) = vault();
    let (tenant, actor) = (Tenant::default(), Actor::without_key("ana"));
    for url in ["ftp://a.example", "a.example", "https://u:p@a.example/", "https://"] {
        let refused = vault.create_webhook(&tenant, &Reach::Tenant, new(url), &actor).await;
        assert!(matches!(refused, Err(Error::Invalid { field: "url", .. })), "{url}");
    }
    for secret in ["abc", "whsec_AAAA", "whsec_!!"] {
        let wanted = NewWebhook { secret: Some(secret.to_owned()), ..new("https://a.example") };
        let refused = vault.create_webhook(&tenant, &Reach::Tenant, wanted, &actor).await;
        assert!(matches!(refused, Err(Error::Invalid { field: "secret", .. })), "{secret}");
    }
    for _ in 0..webhooks::WEBHOOKS_MAX {
        vault.create_webhook(&tenant, &Reach::Tenant, new("https://a.example"), &actor).await.unwrap();
    }
    let refused = vault.create_webhook(&tenant, &Reach::Tenant, new("https://a.example"), &actor).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })));
}
