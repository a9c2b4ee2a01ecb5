//! Secrets of tenants, and what one call may use of them: its tenant's own ones that are granted to its agent, and, in the tenant
//! `default` alone, the operator's from the environment. Values are looked up when the call is about to be sent, and taken out of
//! whatever comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::secrets::{Error, Secret, Secrets, variable_of};
use crate::ids::Tenant;

/// Whose call it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallContext {
    pub tenant: Tenant,
    /// The execution's flow, which is its agent: grants name it.
    pub flow: String,
}

/// Where the secrets of tenants are kept. The layer above implements it.
pub trait Vault: fmt::Debug + Send + Sync {
    /// The tenant's secrets, where they are at hand without reading anything.
    fn at_hand(&self, tenant: &Tenant) -> Option<Arc<TenantSecrets>>;

    /// The tenant's secrets. Blocking.
    ///
    /// # Errors
    /// Why they cannot be opened; never with a value in it.
    fn open(&self, tenant: &Tenant) -> Result<Arc<TenantSecrets>, String>;
}

/// The secrets of one tenant, in the clear.
#[derive(Clone, Debug, Default)]
pub struct TenantSecrets {
    by_variable: BTreeMap<String, Kept>,
    /// Knows every spelling of every value.
    hidden: Secrets,
}

#[derive(Clone, Debug)]
struct Kept {
    value: Secret,
    /// None: every agent of the tenant.
    granted_to: Option<BTreeSet<String>>,
}

impl TenantSecrets {
    /// Adds a secret; `granted_to` lists agents, none means all.
    pub fn add(&mut self, name: &str, value: Secret, granted_to: Option<&[String]>) {
        self.hidden.hide(std::slice::from_ref(&value));
        let granted_to = granted_to.map(|agents| agents.iter().cloned().collect());
        self.by_variable.insert(variable_of(name), Kept { value, granted_to });
    }

    /// The value for an agent; none when the tenant has no such secret.
    ///
    /// # Errors
    /// `NotGranted`.
    pub fn get(&self, name: &str, agent: &str) -> Result<Option<Secret>, Error> {
        let Some(kept) = self.by_variable.get(&variable_of(name)) else { return Ok(None) };
        if kept.granted_to.as_ref().is_none_or(|agents| agents.contains(agent)) {
            return Ok(Some(kept.value.clone()));
        }
        Err(Error::NotGranted { name: name.to_owned(), agent: agent.to_owned() })
    }
}

/// What one call may use, and what must not be in its outcome.
pub(super) struct CallSecrets {
    context: CallContext,
    operator: Secrets,
    tenant: Result<Arc<TenantSecrets>, String>,
}

impl CallSecrets {
    /// Looks the tenant's secrets up, on a thread that may block where that is needed.
    pub(super) async fn of(context: &CallContext, operator: &Secrets, vault: Option<&Arc<dyn Vault>>) -> Self {
        let tenant = match vault {
            None => Ok(Arc::default()),
            Some(vault) => match vault.at_hand(&context.tenant) {
                Some(secrets) => Ok(secrets),
                None => {
                    let (vault, tenant) = (Arc::clone(vault), context.tenant.clone());
                    let opening = tokio::task::spawn_blocking(move || vault.open(&tenant));
                    opening.await.unwrap_or_else(|_| Err("reading them broke".to_owned()))
                }
            },
        };
        Self { context: context.clone(), operator: operator.clone(), tenant }
    }

    /// The value of `name` as a flow writes it.
    ///
    /// # Errors
    /// `Missing`, `MissingInTenant`, `NotGranted`, `Unavailable`.
    pub(super) fn get(&self, name: &str) -> Result<Secret, Error> {
        let tenant = self.tenant.as_ref().map_err(|reason| Error::Unavailable { name: name.to_owned(), reason: reason.clone() })?;
        // Not granted is final: an operator's secret of the same name is another one.
        if let Some(value) = tenant.get(name, &self.context.flow)? {
            return Ok(value);
        }
        if self.context.tenant == Tenant::default() {
            return self.operator.get(name);
        }
        Err(Error::MissingInTenant { name: name.to_owned(), tenant: self.context.tenant.to_string() })
    }

    /// The text without any secret. The operator's go first: no value that a tenant chooses can cut one of theirs in two.
    pub(super) fn redact(&self, text: &str) -> String {
        let text = self.operator.redact(text);
        self.tenant.as_ref().map_or(text.clone(), |tenant| tenant.hidden.redact(&text))
    }

    /// As `redact_json`, where every secret is known.
    ///
    /// # Errors
    /// Why the tenant's are not.
    pub(super) fn cleared(&self, value: Value) -> Result<Value, String> {
        self.tenant.as_ref().map_err(Clone::clone)?;
        Ok(self.redact_json(value))
    }

    pub(super) fn redact_json(&self, value: Value) -> Value {
        let value = self.operator.redact_json(value);
        match &self.tenant {
            Ok(tenant) => tenant.hidden.redact_json(value),
            Err(_) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::secrets::PREFIX;

    #[derive(Debug)]
    struct Fixed(Result<TenantSecrets, String>);

    impl Vault for Fixed {
        fn at_hand(&self, _: &Tenant) -> Option<Arc<TenantSecrets>> {
            None
        }

        fn open(&self, tenant: &Tenant) -> Result<Arc<TenantSecrets>, String> {
            if *tenant == Tenant::new("empty") { Ok(Arc::default()) } else { self.0.clone().map(Arc::new) }
        }
    }

    async fn secrets(tenant: &str, flow: &str) -> CallSecrets {
        let mut kept = TenantSecrets::default();
        kept.add("shop-token", Secret::new("tenant-value".to_owned()), Some(&["refunds".to_owned()]));
        kept.add("open_to_all", Secret::new("shared-value".to_owned()), None);
        let vault: Arc<dyn Vault> = Arc::new(Fixed(Ok(kept)));
        let variables = ["SHOP_TOKEN", "OTHER"].map(|name| (format!("{PREFIX}{name}"), format!("operator-{name}")));
        let operator = Secrets::from_variables(&BTreeMap::from(variables)).unwrap();
        let context = CallContext { tenant: Tenant::new(tenant), flow: flow.to_owned() };
        CallSecrets::of(&context, &operator, Some(&vault)).await
    }

    fn value(found: Result<Secret, Error>) -> String {
        found.map_or_else(|error| error.code().to_owned(), |secret| secret.reveal().to_owned())
    }

    #[tokio::test]
    async fn a_tenant_has_its_own_and_only_the_default_one_the_operator_s() {
        let default = secrets("default", "refunds").await;
        assert_eq!(value(default.get("shop_token")), "tenant-value", "its own wins");
        assert_eq!(value(default.get("other")), "operator-OTHER");
        let empty = secrets("empty", "refunds").await;
        assert_eq!(value(empty.get("shop_token")), "secret_missing");
        assert_eq!(value(empty.get("other")), "secret_missing");
    }

    #[tokio::test]
    async fn what_is_not_granted_is_refused_and_not_replaced_by_another() {
        let elsewhere = secrets("default", "billing").await;
        assert_eq!(value(elsewhere.get("shop_token")), "secret_not_granted");
        assert_eq!(value(elsewhere.get("open_to_all")), "shared-value");
        assert_eq!(elsewhere.redact("a tenant-value"), "a ••••", "hidden all the same");
    }

    #[tokio::test]
    async fn a_vault_that_does_not_open_gives_nothing() {
        let vault: Arc<dyn Vault> = Arc::new(Fixed(Err("no key".to_owned())));
        let closed = CallSecrets::of(&CallContext::default(), &Secrets::default(), Some(&vault)).await;
        assert_eq!(value(closed.get("shop_token")), "secret_unavailable");
    }
}
