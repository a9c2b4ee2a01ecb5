//! Messages between executions: a child is started, a child is cancelled, a child has ended. Each is owed by its sender's journal until it
//! is answered, and deciding one twice is harmless.

use serde_json::Value;

use super::error::Error;
use super::messages::{Answer, Deliver, Key, Sink};
use super::shared::Shared;
use crate::flow::plan::Plan;
use crate::ids::ExecutionId;
use crate::machine::effect::Effect;
use crate::machine::input::{Body, Start};
use crate::machine::question::Person;
use crate::machine::{Refusal, State};

/// Who cancels a child: its parent's engine, not a person.
const PARENT: &str = "parent";

/// Fills in what the machine leaves to the shell: the child's configuration, and tools, prices and script of its parent.
pub(super) fn complete(shared: &Shared, parent: &State, parent_plan: Option<&Plan>, child: &mut Start) {
    let Some(parent) = parent.start() else { return };
    if child.tools.is_empty() {
        child.tools.clone_from(&parent.tools);
    }
    if child.prices.is_empty() {
        child.prices.clone_from(&parent.prices);
    }
    if child.script.is_none() {
        child.script.clone_from(&parent.script);
    }
    // A plan that cannot be had is found again, and refused, when the child is started.
    if let Ok(plan) = shared.revisions.plan(&child.tenant, &child.digest, &child.flow) {
        let defaults = parent_plan.map(|plan| &plan.spec.config);
        let mut config = plan.spec.config.clone();
        for (name, value) in &mut config {
            // Only what was overridden for the parent: its own defaults say nothing about its children.
            let given = parent.config.get(name);
            if let Some(given) = given.filter(|given| defaults.and_then(|defaults| defaults.get(name)) != Some(*given)) {
                value.clone_from(given);
            }
        }
        child.config = Value::Object(config);
    }
}

/// The input that an effect between executions becomes, and whom its answer concerns.
pub(super) fn deliver(from: &Key, effect: Effect) -> Option<Deliver> {
    Some(match effect {
        Effect::StartChild { child, start } => {
            Deliver { key: from.of(child), body: Body::Start(Box::new(start.start)), sink: Sink::ChildStart { parent: from.execution } }
        }
        Effect::CancelChild { child, reason } => {
            let by = Person { user: PARENT.to_owned(), roles: Vec::new(), every_role: false };
            Deliver { key: from.of(child), body: Body::Cancel { reason, by }, sink: Sink::ChildCancel { parent: from.execution } }
        }
        Effect::TellParent { parent, ended } => Deliver {
            key: from.of(parent),
            body: Body::ChildEnded { child: from.execution, ended },
            sink: Sink::ChildEnd { child: from.execution },
        },
        Effect::Perform { .. } | Effect::Abort { .. } | Effect::Continue => return None,
    })
}

/// What the parent hears about a child that it started.
pub(super) fn child_started(parent: ExecutionId, child: &Key, answer: &Answer) -> Option<Deliver> {
    let (parent, child) = (child.of(parent), child.execution);
    let body = match answer {
        Ok(_) | Err(Error::Refused(Refusal::Exists | Refusal::Ended)) => Body::ChildAccepted { child },
        Err(Error::Refused(Refusal::Start { code, message })) => {
            Body::ChildRefused { child, code: (*code).to_owned(), message: message.clone() }
        }
        Err(Error::Refused(refusal @ Refusal::Input(_))) => {
            Body::ChildRefused { child, code: "input_refused".to_owned(), message: refusal.to_string() }
        }
        Err(error @ (Error::Refused(_) | Error::NotFound { .. } | Error::Flow { .. })) => {
            Body::ChildRefused { child, code: "start_refused".to_owned(), message: error.to_string() }
        }
        // The store or the engine is in trouble: it is still owed and comes again.
        Err(_) => return None,
    };
    Some(Deliver { key: parent, body, sink: Sink::Nobody })
}

/// What the parent hears about a child that it cancelled. One that exists tells its end itself; one that does not was refused.
pub(super) fn child_cancelled(parent: ExecutionId, child: &Key, answer: &Answer) -> Option<Deliver> {
    let Err(Error::Refused(Refusal::Unknown)) = answer else { return None };
    let message = "it was cancelled before it was started".to_owned();
    Some(Deliver {
        key: child.of(parent),
        body: Body::ChildRefused { child: child.execution, code: "cancelled".to_owned(), message },
        sink: Sink::Nobody,
    })
}

/// What a child hears when its parent knows of its end, or is past knowing.
pub(super) fn parent_told(child: Key, answer: &Answer) -> Option<Deliver> {
    match answer {
        Ok(_) | Err(Error::Refused(_)) => Some(Deliver { key: child, body: Body::ParentTold, sink: Sink::Nobody }),
        Err(_) => None,
    }
}
