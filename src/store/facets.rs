//! What an execution can be found by besides its status: a pure function of its summary. Each value of each facet has a list of executions in
//! the order of their ids, and a filter is an intersection of such lists.

use crate::ids::ExecutionId;
use crate::machine::input::{PRODUCTION, Purpose};
use crate::machine::summary::Summary;

/// One property. Numbers are part of the view's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Facet {
    /// Never changes, unlike the rows by flow and status, so that a list of a flow's executions misses none whose status changes meanwhile.
    Flow = 1,
    Revision = 2,
    Session = 3,
    /// Where it is not production, where nearly everything runs.
    Environment = 4,
    /// Of the execution at the top; only of those below it.
    Root = 5,
    Starter = 6,
    TriggerKind = 7,
    Trigger = 8,
    Label = 9,
    Tool = 10,
    /// Any tool was called.
    ToolCalls = 11,
    /// A tool's call failed.
    ToolErrors = 12,
    /// For tests and evaluations, which are few among all of a tenant's executions.
    Test = 13,
}

/// The facets of one summary.
pub fn of(summary: &Summary) -> Vec<(Facet, String)> {
    let mut facets = vec![(Facet::Flow, summary.flow.clone()), (Facet::Revision, revision(&summary.flow, summary.revision))];
    facets.extend(summary.session.clone().map(|session| (Facet::Session, session)));
    if summary.environment() != PRODUCTION {
        facets.push((Facet::Environment, summary.environment().to_owned()));
    }
    facets.extend(summary.root.map(|root| (Facet::Root, self::root(root))));
    if !summary.starter.is_empty() {
        facets.push((Facet::Starter, summary.starter.clone()));
    }
    if let Some(trigger) = &summary.trigger {
        facets.push((Facet::TriggerKind, trigger.kind.clone()));
        facets.extend(trigger.id.clone().map(|id| (Facet::Trigger, id)));
    }
    facets.extend(summary.labels.iter().map(|(key, value)| (Facet::Label, label(key, value))));
    facets.extend(summary.tools.iter().map(|tool| (Facet::Tool, tool.clone())));
    if !summary.tools.is_empty() {
        facets.push((Facet::ToolCalls, String::new()));
    }
    if summary.tool_errors {
        facets.push((Facet::ToolErrors, String::new()));
    }
    if summary.purpose != Purpose::Production {
        facets.push((Facet::Test, String::new()));
    }
    facets
}

pub fn revision(flow: &str, revision: u32) -> String {
    format!("{flow}@{revision}")
}

/// Two labels may read the same here (`a=b` is `c`, `a` is `b=c`): whoever reads the list compares with the summary.
pub fn label(key: &str, value: &str) -> String {
    format!("{key}={value}")
}

pub fn root(execution: ExecutionId) -> String {
    execution.to_string()
}
