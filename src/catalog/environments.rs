//! Environments: where revisions run, and the configuration that holds there.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::audit::Actor;
use super::tenants::is_slug;
use super::{Catalog, Changes, Error, Kept, Listing, Stored};
use crate::ids::{Tenant, TimeMs};

pub use crate::machine::input::PRODUCTION;

/// A slug in characters.
const SLUG_LENGTH_MAX: usize = 63;
/// Environments of one name.
const SAME_NAMES_MAX: usize = 1_000;

/// One environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentRow {
    pub id: Uuid,
    /// Worked out from the first name; never changes.
    pub slug: String,
    pub display_name: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What several environments have in common, for lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What another system calls it, and which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_source: Option<String>,
    /// Over the defaults of a flow's `config:`; what a flow does not declare does not concern it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Value>,
    pub created_at: TimeMs,
    pub created_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<TimeMs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<TimeMs>,
}

/// What a new environment is to be.
#[derive(Clone, Debug, Default)]
pub struct NewEnvironment {
    pub display_name: String,
    pub description: Option<String>,
    pub group: Option<String>,
    pub external_id: Option<String>,
    pub external_source: Option<String>,
    pub config: Map<String, Value>,
}

impl NewEnvironment {
    fn row(self, slug: String, created_at: TimeMs, created_by: String) -> EnvironmentRow {
        let Self { display_name, description, group, external_id, external_source, config } = self;
        EnvironmentRow {
            id: Uuid::now_v7(),
            slug,
            display_name,
            description,
            group,
            external_id,
            external_source,
            config,
            created_at,
            created_by,
            modified_at: None,
            archived_at: None,
        }
    }
}

impl Kept for EnvironmentRow {
    const COLLECTION: &'static str = "environments";
}

/// `Staging Area` → `staging-area`.
fn slug_of(name: &str) -> String {
    let words: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

impl Catalog {
    /// Adds the environment that every tenant has.
    pub(super) fn first_environment(tenant: &Tenant, now: TimeMs, changes: &mut Changes) {
        let new = NewEnvironment { display_name: "Production".to_owned(), ..NewEnvironment::default() };
        let row = new.row(PRODUCTION.to_owned(), now, "server".to_owned());
        changes.put(tenant, PRODUCTION, 0, &row);
    }

    /// One name can be given several times; the slugs are numbered then.
    ///
    /// # Errors
    /// `Invalid`, `Exists` where a name was given too often, and as a commit.
    pub async fn create_environment(&self, tenant: &Tenant, new: NewEnvironment, actor: &Actor) -> Result<EnvironmentRow, Error> {
        let first = slug_of(&new.display_name);
        if !is_slug(&first, SLUG_LENGTH_MAX) {
            let message =
                format!("`{}` gives no name for paths: it needs a letter first and at most {SLUG_LENGTH_MAX} characters", new.display_name);
            return Err(Error::Invalid { field: "displayName", message });
        }
        self.update(|catalog, changes| {
            let slug = catalog.free_slug(tenant, &first)?;
            let row = new.clone().row(slug.clone(), actor.at, actor.user.clone());
            changes.put(tenant, &slug, 0, &row);
            changes.audit(tenant, actor, "environment.created", &format!("environment:{slug}"), None);
            Ok(row)
        })
        .await
    }

    fn free_slug(&self, tenant: &Tenant, first: &str) -> Result<String, Error> {
        for number in 1..=SAME_NAMES_MAX {
            let slug = if number == 1 { first.to_owned() } else { format!("{first}-{number}") };
            if is_slug(&slug, SLUG_LENGTH_MAX) && self.environment(tenant, &slug)?.is_none() {
                return Ok(slug);
            }
        }
        Err(Error::Exists { what: "environment", name: first.to_owned() })
    }

    /// By slug.
    ///
    /// # Errors
    /// `Store`.
    pub fn environment(&self, tenant: &Tenant, slug: &str) -> Result<Option<Stored<EnvironmentRow>>, Error> {
        self.get(tenant, slug)
    }

    /// One that executions can run in.
    ///
    /// # Errors
    /// `NotFound` (archived ones too), `Store`.
    pub fn usable_environment(&self, tenant: &Tenant, slug: &str) -> Result<EnvironmentRow, Error> {
        let found = self.environment(tenant, slug)?.map(|stored| stored.value).filter(|row| row.archived_at.is_none());
        found.ok_or_else(|| Error::NotFound { what: "environment", name: slug.to_owned() })
    }

    /// By id or slug.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub fn find_environment(&self, tenant: &Tenant, name: &str) -> Result<Stored<EnvironmentRow>, Error> {
        let id = name.parse::<Uuid>().ok();
        let fits = |stored: &Stored<EnvironmentRow>| id.map_or(stored.value.slug == name, |id| stored.value.id == id);
        let all = self.list::<EnvironmentRow>(tenant, Listing::default())?;
        all.into_iter().find(fits).ok_or_else(|| Error::NotFound { what: "environment", name: name.to_owned() })
    }

    /// Every environment, archived ones too.
    ///
    /// # Errors
    /// `Store`.
    pub fn environments(&self, tenant: &Tenant) -> Result<Vec<EnvironmentRow>, Error> {
        Ok(self.list(tenant, Listing::default())?.into_iter().map(|stored| stored.value).collect())
    }

    /// Another name, other configuration, archived or not: `change` says.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` for archiving `production`, and as a commit.
    pub async fn change_environment(
        &self,
        tenant: &Tenant,
        name: &str,
        actor: &Actor,
        mut change: impl FnMut(&mut EnvironmentRow),
    ) -> Result<EnvironmentRow, Error> {
        self.update(|catalog, changes| {
            let mut stored = catalog.find_environment(tenant, name)?;
            change(&mut stored.value);
            stored.value.modified_at = Some(actor.at);
            if stored.value.slug == PRODUCTION && stored.value.archived_at.is_some() {
                return Err(Error::Conflict { code: "production_stays", message: "`production` cannot be archived".to_owned() });
            }
            changes.put(tenant, &stored.key, stored.version, &stored.value);
            changes.audit(tenant, actor, "environment.changed", &format!("environment:{}", stored.value.slug), None);
            Ok(stored.value)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::slug_of;

    #[test]
    fn a_slug_is_made_of_the_name() {
        for (name, slug) in [("Staging", "staging"), ("EU  West / 2", "eu-west-2"), ("ä", ""), ("-x-", "x")] {
            assert_eq!(slug_of(name), slug);
        }
    }
}
