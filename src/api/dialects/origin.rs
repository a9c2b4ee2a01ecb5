//! What started an execution, and who: said in every dialect.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::catalog::numbers::Kind;
use crate::machine::input::{Start, Trigger};

/// What started an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExecutionTriggerEnum {
    Manual,
    Scheduled,
    Event,
    Api,
}

/// What started an execution, and who.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Origin {
    pub trigger_type: ExecutionTriggerEnum,
    /// The integer id of the user whose key started it, or who answers for the trigger.
    pub triggered_by: Option<u64>,
}

impl Origin {
    /// # Errors
    /// When a number cannot be given.
    pub async fn of(call: &Call, start: &Start) -> Result<Self, Problem> {
        let user = call.app.catalog.number_of(Kind::User, &call.tenant, &start.starter.user).await?;
        Ok(Self { trigger_type: trigger_type(start.trigger.as_ref()), triggered_by: Some(user) })
    }
}

/// Without a trigger somebody started it by hand.
#[must_use]
pub fn trigger_type(trigger: Option<&Trigger>) -> ExecutionTriggerEnum {
    let Some(trigger) = trigger else { return ExecutionTriggerEnum::Manual };
    match trigger.kind.to_ascii_lowercase().as_str() {
        "api" => ExecutionTriggerEnum::Api,
        "schedule" | "scheduled" => ExecutionTriggerEnum::Scheduled,
        "event" | "webhook" => ExecutionTriggerEnum::Event,
        _ => ExecutionTriggerEnum::Manual,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_trigger_has_its_word() {
        let of = |kind: &str| json!(trigger_type(Some(&Trigger { kind: kind.to_owned(), id: None })));
        assert_eq!(["API", "SCHEDULE", "EVENT", "MANUAL"].map(of), ["api", "scheduled", "event", "manual"].map(|word| json!(word)));
        assert_eq!(json!(trigger_type(None)), "manual");
    }
}
