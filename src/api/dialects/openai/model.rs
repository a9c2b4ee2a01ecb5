//! The name of a model: `agent`, `agent@revision` or `agent@environment`.

use crate::api::native::execute::Origin;
use crate::api::numbered;
use crate::api::problem::Problem;
use crate::catalog::environments::PRODUCTION;
use crate::catalog::numbers::Kind;
use crate::catalog::{self, Catalog};
use crate::clock;
use crate::ids::Tenant;

/// An agent's and an environment's name, and what is between them.
const NAME_BYTES_MAX: usize = 256;

/// What a model's name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// As it was sent.
    pub name: String,
    pub agent: String,
    pub which: Which,
}

/// Which revision of the agent runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// What `production` runs.
    Deployed,
    Revision(u32),
    /// What this environment runs.
    Environment(String),
}

impl Model {
    /// Reads a name; the agent may be named by its number.
    ///
    /// # Errors
    /// 422 for what is too long to be one, or when the catalog cannot be read.
    pub fn read(name: &str, catalog: &Catalog, tenant: &Tenant) -> Result<Self, Problem> {
        if name.len() > NAME_BYTES_MAX {
            return Err(Problem::unfit("model", format!("a name has at most {NAME_BYTES_MAX} bytes")));
        }
        let (agent, which) = match name.split_once('@') {
            None => (name, Which::Deployed),
            Some((agent, which)) => match which.parse() {
                Ok(revision) => (agent, Which::Revision(revision)),
                Err(_) => (agent, Which::Environment(which.to_owned())),
            },
        };
        let numbered = numbered::number(agent).map(|number| catalog.named(Kind::Agent, tenant, number)).transpose()?.flatten();
        Ok(Self { name: name.to_owned(), agent: numbered.unwrap_or_else(|| agent.to_owned()), which })
    }

    #[must_use]
    pub fn origin(&self) -> Origin {
        match self.which {
            Which::Revision(revision) => Origin::Revision(revision),
            Which::Deployed | Which::Environment(_) => Origin::Deployed,
        }
    }

    #[must_use]
    pub fn environment(&self) -> Option<String> {
        if let Which::Environment(slug) = &self.which { Some(slug.clone()) } else { None }
    }

    /// 404, as the clients know it.
    #[must_use]
    pub fn unknown(&self) -> Problem {
        let detail = format!("The model `{}` does not exist or you do not have access to it.", self.name);
        Problem::new(404, "model_not_found", "Not found", detail)
    }

    /// A problem of the start in the words of models: what is not there, not deployed or switched off is no model.
    #[must_use]
    pub fn or_unknown(&self, problem: Problem) -> Problem {
        let names_environment = problem.errors.contains_key("environmentSlug");
        if problem.status == 404 || names_environment || problem.code == "agent_inactive" { self.unknown() } else { problem }
    }

    /// The revision that a start would run now, and when it was made.
    ///
    /// # Errors
    /// 404 `model_not_found`.
    pub fn stands(&self, catalog: &Catalog, tenant: &Tenant) -> Result<crate::ids::TimeMs, Problem> {
        let look = || -> Result<_, catalog::Error> {
            let agent = catalog.living_agent(tenant, &self.agent)?.value;
            let chosen = match &self.which {
                Which::Revision(revision) => catalog.revision_of(tenant, &agent.id, *revision)?,
                Which::Deployed => catalog.choose(tenant, &agent.id, PRODUCTION, None, clock::entropy())?,
                Which::Environment(slug) => {
                    let environment = catalog.usable_environment(tenant, slug)?;
                    catalog.choose(tenant, &agent.id, &environment.slug, None, clock::entropy())?
                }
            };
            let made = catalog.revision(tenant, &agent.id, chosen.revision)?.value.created_at;
            Ok(agent.enabled.then_some(made))
        };
        match look() {
            Ok(Some(made)) => Ok(made),
            Ok(None) | Err(catalog::Error::NotFound { .. } | catalog::Error::Invalid { .. } | catalog::Error::Conflict { .. }) => {
                Err(self.unknown())
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Faults, Store};

    #[tokio::test]
    async fn a_name_is_an_agent_with_a_revision_or_an_environment() {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let read = |name: &str| {
            let Model { agent, which, .. } = Model::read(name, &catalog, &Tenant::default()).unwrap();
            (agent, which)
        };
        assert_eq!(read("helper"), ("helper".to_owned(), Which::Deployed));
        assert_eq!(read("helper@7"), ("helper".to_owned(), Which::Revision(7)));
        assert_eq!(read("helper@staging"), ("helper".to_owned(), Which::Environment("staging".to_owned())));
        assert_eq!(read("12"), ("12".to_owned(), Which::Deployed), "a number that stands for nothing stays");
    }
}
