//! The vocabularies of other products over the same engine. A dialect translates paths, fields, states and errors; it has no rule of its
//! own. What is the same for all of them is here: how a problem is put, and how a header names the tenant.

pub mod agentic;
pub mod chat;
pub mod openai;
mod origin;
pub mod react;

use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use super::call::Call;
use super::caller::Caller;
use super::numbered;
use super::problem::Problem;
use super::route::Route;
use crate::catalog::Catalog;
use crate::engine::{self, EngineHandle, Snapshot};
use crate::ids::{ExecutionId, Tenant, TimeMs};

/// Whose words a route speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    #[default]
    Native,
    Agentic,
    Chat,
    /// The completions of one agent among the routes of `Chat`: `OpenAi` in everything but the header.
    ChatCompletions,
    React,
    OpenAi,
}

impl Dialect {
    /// The header that names the tenant.
    fn tenant_header(self) -> Option<&'static str> {
        match self {
            Self::Native | Self::Agentic => None,
            Self::Chat | Self::ChatCompletions => Some(chat::WORKSPACE),
            Self::React => Some(react::TENANT),
            Self::OpenAi => Some(openai::TENANT),
        }
    }

    /// The status and body of a problem; none: as problem details.
    #[must_use]
    pub fn problem(self, problem: &Problem) -> Option<(u16, Value)> {
        match self {
            Self::Native => None,
            Self::Agentic => Some(agentic::errors::answer(problem)),
            Self::Chat => Some(chat::errors::answer(problem)),
            Self::React => Some(react::errors::answer(problem)),
            Self::ChatCompletions | Self::OpenAi => Some(openai::errors::answer(problem)),
        }
    }

    /// The schema of such a body.
    pub fn problem_schema(self, generator: &mut SchemaGenerator) -> Option<Schema> {
        match self {
            Self::Native => None,
            Self::Agentic => Some(generator.subschema_for::<agentic::errors::ErrorBody>()),
            Self::Chat => Some(generator.subschema_for::<chat::errors::ErrorBody>()),
            Self::React => Some(generator.subschema_for::<react::errors::ErrorBody>()),
            Self::ChatCompletions | Self::OpenAi => Some(generator.subschema_for::<openai::errors::ErrorBody>()),
        }
    }
}

/// The tenant that a header of the dialect names.
///
/// # Errors
/// 400 for what is no integer, 403 for a tenant that the key may not use; the same for one that there is not.
pub fn tenant(
    dialect: Dialect,
    catalog: &Catalog,
    caller: &Caller,
    header: impl Fn(&str) -> Option<String>,
) -> Result<Option<Tenant>, Problem> {
    let Some(name) = dialect.tenant_header() else { return Ok(None) };
    let Some(given) = header(name) else { return Ok(None) };
    let given = given.trim();
    let number = numbered::number(given);
    if number.is_none() && dialect != Dialect::OpenAi {
        return Err(Problem::invalid(name, "it must be an integer"));
    }
    let found = match number {
        Some(number) => catalog.numbered_tenant(number)?,
        None => catalog.tenant(given)?.map(|row| Tenant::new(&row.value.id)),
    };
    let usable = found.filter(|found| caller.key.is_root || *found == caller.key.tenant);
    usable.map(Some).ok_or_else(|| {
        Problem::new(403, "foreign_tenant", "Not with this key", format!("the key may not use the tenant `{given}` that `{name}` names"))
    })
}

/// The execution that a path names.
///
/// # Errors
/// 404, or when it cannot be read.
pub async fn execution(call: &Call) -> Result<(EngineHandle, Snapshot), Problem> {
    let text = call.parameter("execution")?;
    let unknown = || Problem::not_found("execution", text);
    let id: ExecutionId = text.parse().map_err(|_| unknown())?;
    let engine = call.app.engine.of(&call.tenant);
    match engine.snapshot(id).await {
        Ok(snapshot) => Ok((engine, snapshot)),
        Err(engine::Error::NotFound { .. }) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}

/// RFC 3339, in UTC, to the microsecond.
pub fn time(at: TimeMs) -> String {
    let stamp = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    stamp.map(|stamp| format!("{stamp:.6}")).unwrap_or_default()
}

/// Every operation of every dialect.
pub fn routes() -> Vec<Route> {
    let mut routes = agentic::routes();
    routes.extend(chat::routes());
    routes.extend(react::routes());
    routes.extend(openai::routes());
    routes
}
