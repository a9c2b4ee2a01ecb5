//! Integer ids: per installation, from 1, never used again. Executions get theirs with their first event, agents and tenants with their
//! row; everything else, and what an older version has made, when somebody first asks.

use serde::{Deserialize, Serialize};

use super::agents::AgentRow;
use super::{Catalog, Changes, Error, Kept};
use crate::ids::Tenant;
use crate::store::Store;
pub use crate::store::{Kind, Numbered};

/// The last number given to a kind of row.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Counter {
    last: u64,
}

impl Kept for Counter {
    const COLLECTION: &'static str = "counters";
}

impl Catalog {
    /// The number of the row `key`, which is about to be made with the rest of `changes`.
    pub(super) fn number_row(&self, collection: &str, kind: Kind, tenant: &Tenant, key: &str, changes: &mut Changes) -> Result<u64, Error> {
        let stored = self.get::<Counter>(&Self::system(), collection)?;
        let (version, last) = stored.map_or((0, 0), |stored| (stored.version, stored.value.last));
        let number = last + 1;
        changes.put(&Self::system(), collection, version, &Counter { last: number });
        for entry in Store::numbering(kind, number, tenant, key) {
            changes.entry(entry);
        }
        Ok(number)
    }

    /// The number of something that is there; given now, if it has none yet.
    ///
    /// # Errors
    /// As a commit.
    pub async fn number_of(&self, kind: Kind, tenant: &Tenant, key: &str) -> Result<u64, Error> {
        loop {
            if let Some(number) = self.store().number_of(kind, tenant, key)? {
                return Ok(number);
            }
            let (number, entries) = self.store().next_number(kind, tenant, key)?;
            let mut changes = Changes::default();
            for entry in entries {
                changes.entry(entry);
            }
            match self.commit_beside(changes).await {
                Ok(_) => return Ok(number),
                // Somebody else asked at the same time.
                Err(Error::Stale) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// What is called so goes with the rest of `changes`: its number stands for nothing from then on.
    pub(super) fn unnumber(&self, kind: Kind, tenant: &Tenant, key: &str, changes: &mut Changes) -> Result<(), Error> {
        for gone in self.store().without_number(kind, tenant, key)? {
            changes.entry(gone);
        }
        Ok(())
    }

    /// What has this number in `tenant`; none for what is another tenant's.
    ///
    /// # Errors
    /// `Store`.
    pub fn named(&self, kind: Kind, tenant: &Tenant, number: u64) -> Result<Option<String>, Error> {
        match self.store().numbered(kind, number)? {
            Some(found) => Ok((found.tenant == *tenant).then_some(found.key)),
            None if kind == Kind::Agent => Ok(self.older_agent(tenant, number)?.map(|row| row.id)),
            None => Ok(None),
        }
    }

    /// The tenant with this number.
    ///
    /// # Errors
    /// `Store`.
    pub fn numbered_tenant(&self, number: u64) -> Result<Option<Tenant>, Error> {
        let found = self.named(Kind::Tenant, &Self::system(), number)?;
        let older = || Ok::<_, Error>(self.tenants()?.into_iter().find(|row| row.number == number).map(|row| row.id));
        Ok(found.map_or_else(older, |id| Ok(Some(id)))?.map(|id| Tenant::new(&id)))
    }

    /// One whose number was given before numbers could be looked up.
    fn older_agent(&self, tenant: &Tenant, number: u64) -> Result<Option<AgentRow>, Error> {
        Ok(self.agents(tenant, None, 0)?.into_iter().find(|row| row.number == number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::agents::NewAgent;
    use crate::catalog::audit::Actor;
    use crate::ids::TimeMs;
    use crate::store::{Faults, Store};

    async fn agent(catalog: &Catalog, tenant: &Tenant, id: &str) -> u64 {
        let new = NewAgent { id: id.to_owned(), ..NewAgent::default() };
        catalog.create_agent(tenant, new, &Actor::without_key("ana")).await.unwrap().number
    }

    #[tokio::test]
    async fn a_number_finds_what_it_stands_for_in_its_own_tenant_alone() {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let acme = catalog.create_tenant("acme", None, TimeMs(1)).await.unwrap();
        let (here, there) = (Tenant::default(), Tenant::new("acme"));
        assert_eq!((agent(&catalog, &here, "one").await, agent(&catalog, &there, "two").await), (1, 2));
        assert_eq!(catalog.named(Kind::Agent, &there, 2).unwrap().as_deref(), Some("two"));
        assert_eq!(catalog.named(Kind::Agent, &here, 2).unwrap(), None, "another tenant's");
        assert_eq!(catalog.named(Kind::Agent, &here, 3).unwrap(), None);
        assert_eq!(catalog.numbered_tenant(acme.number).unwrap(), Some(there));
        assert_eq!(catalog.numbered_tenant(99).unwrap(), None);
    }

    #[tokio::test]
    async fn what_an_older_version_numbered_is_found_too() {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let tenant = Tenant::default();
        agent(&catalog, &tenant, "one").await;
        let mut row = catalog.agent(&tenant, "one").unwrap().value;
        (row.id, row.number) = ("old".to_owned(), 70);
        let mut changes = Changes::default();
        changes.put(&tenant, "old", 0, &row);
        catalog.commit(changes).await.unwrap();
        assert_eq!(catalog.named(Kind::Agent, &tenant, 70).unwrap().as_deref(), Some("old"));
    }

    #[tokio::test]
    async fn two_who_ask_at_once_get_the_same_number() {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let tenant = Tenant::default();
        let ask = || catalog.number_of(Kind::Session, &tenant, "chat/s");
        let (one, other) = tokio::join!(ask(), ask());
        assert_eq!(one.unwrap(), other.unwrap());
        assert_eq!(
            catalog.named(Kind::Session, &tenant, catalog.number_of(Kind::Session, &tenant, "chat/s").await.unwrap()).unwrap().as_deref(),
            Some("chat/s")
        );
    }
}
