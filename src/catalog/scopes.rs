//! What a key may do. A scope is `resource:action`; presets are bundles for people.

use serde::{Deserialize, Serialize};

/// One permission. The text forms are part of the API and of the format on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Scope {
    #[serde(rename = "agents:read")]
    AgentsRead,
    #[serde(rename = "agents:write")]
    AgentsWrite,
    #[serde(rename = "agents:deploy")]
    AgentsDeploy,
    #[serde(rename = "executions:run")]
    ExecutionsRun,
    #[serde(rename = "executions:read")]
    ExecutionsRead,
    #[serde(rename = "executions:cancel")]
    ExecutionsCancel,
    #[serde(rename = "approvals:read")]
    ApprovalsRead,
    #[serde(rename = "approvals:decide")]
    ApprovalsDecide,
    #[serde(rename = "keys:read")]
    KeysRead,
    #[serde(rename = "keys:write")]
    KeysWrite,
    #[serde(rename = "secrets:read")]
    SecretsRead,
    #[serde(rename = "secrets:write")]
    SecretsWrite,
    /// Everything of its tenant, and what only operators do.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    pub const ALL: [Self; 13] = [
        Self::AgentsRead,
        Self::AgentsWrite,
        Self::AgentsDeploy,
        Self::ExecutionsRun,
        Self::ExecutionsRead,
        Self::ExecutionsCancel,
        Self::ApprovalsRead,
        Self::ApprovalsDecide,
        Self::KeysRead,
        Self::KeysWrite,
        Self::SecretsRead,
        Self::SecretsWrite,
        Self::Admin,
    ];

    /// `resource:action`; `admin` alone.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AgentsRead => "agents:read",
            Self::AgentsWrite => "agents:write",
            Self::AgentsDeploy => "agents:deploy",
            Self::ExecutionsRun => "executions:run",
            Self::ExecutionsRead => "executions:read",
            Self::ExecutionsCancel => "executions:cancel",
            Self::ApprovalsRead => "approvals:read",
            Self::ApprovalsDecide => "approvals:decide",
            Self::KeysRead => "keys:read",
            Self::KeysWrite => "keys:write",
            Self::SecretsRead => "secrets:read",
            Self::SecretsWrite => "secrets:write",
            Self::Admin => "admin",
        }
    }

    /// For people: what a key with it can do.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::AgentsRead => "See agents, revisions and drafts",
            Self::AgentsWrite => "Create and change agents, revisions and drafts",
            Self::AgentsDeploy => "Deploy and roll back revisions",
            Self::ExecutionsRun => "Start executions, signal them, go on with them",
            Self::ExecutionsRead => "See executions, traces and costs",
            Self::ExecutionsCancel => "Cancel executions",
            Self::ApprovalsRead => "See questions to people",
            Self::ApprovalsDecide => "Decide questions to people",
            Self::KeysRead => "See keys, without their values",
            Self::KeysWrite => "Create, rotate and revoke keys",
            Self::SecretsRead => "See the names of secrets, never their values",
            Self::SecretsWrite => "Set and remove secrets",
            Self::Admin => "Everything in this tenant",
        }
    }

    /// # Errors
    /// A text that names no scope is given back. `resource:*` stands for several; see [`parse`].
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Whether whoever holds `self` may do `wanted`.
    #[must_use]
    pub fn covers(self, wanted: Self) -> bool {
        self == Self::Admin || self == wanted
    }
}

/// Scopes by name; `agents:*` is every action of `agents`, `*` is `admin`.
///
/// # Errors
/// The name that is no scope.
pub fn parse(names: &[String]) -> Result<Vec<Scope>, String> {
    let mut scopes = Vec::new();
    for name in names {
        let fitting: Vec<Scope> = match name.strip_suffix(":*") {
            Some(resource) => Scope::ALL.into_iter().filter(|scope| scope.name().split(':').next() == Some(resource)).collect(),
            None if name == "*" => vec![Scope::Admin],
            None => Scope::of(name).into_iter().collect(),
        };
        if fitting.is_empty() {
            return Err(name.clone());
        }
        scopes.extend(fitting);
    }
    scopes.sort_unstable();
    scopes.dedup();
    Ok(scopes)
}

/// A bundle of scopes with a name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    pub id: &'static str,
    pub label: &'static str,
    pub tagline: &'static str,
    pub scopes: &'static [Scope],
}

/// Every preset, the most careful first.
pub const PRESETS: [Preset; 5] = [
    Preset {
        id: "viewer",
        label: "Viewer",
        tagline: "Looks at everything, changes nothing",
        scopes: &[Scope::AgentsRead, Scope::ExecutionsRead, Scope::ApprovalsRead],
    },
    Preset {
        id: "runner",
        label: "Runner",
        tagline: "An application that runs agents",
        scopes: &[Scope::ExecutionsRun, Scope::ExecutionsRead, Scope::ExecutionsCancel],
    },
    Preset {
        id: "approver",
        label: "Approver",
        tagline: "A person who decides",
        scopes: &[Scope::ApprovalsRead, Scope::ApprovalsDecide, Scope::ExecutionsRead],
    },
    Preset {
        id: "developer",
        label: "Developer",
        tagline: "Designs, tests, runs and deploys agents",
        scopes: &[
            Scope::AgentsRead,
            Scope::AgentsWrite,
            Scope::AgentsDeploy,
            Scope::ExecutionsRun,
            Scope::ExecutionsRead,
            Scope::ExecutionsCancel,
            Scope::ApprovalsRead,
        ],
    },
    Preset { id: "admin", label: "Administrator", tagline: "Everything in this tenant", scopes: &[Scope::Admin] },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_variants_agree() {
        for scope in Scope::ALL {
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.name());
            assert_eq!(Scope::of(scope.name()), Some(scope));
        }
    }

    #[test]
    fn a_star_stands_for_every_action() {
        assert_eq!(parse(&["keys:*".to_owned()]).unwrap(), [Scope::KeysRead, Scope::KeysWrite]);
        assert_eq!(parse(&["*".to_owned()]).unwrap(), [Scope::Admin]);
        assert_eq!(parse(&["agents:read".to_owned(), "agents:fly".to_owned()]).unwrap_err(), "agents:fly");
        assert_eq!(parse(&["nothing:*".to_owned()]).unwrap_err(), "nothing:*");
    }
}
