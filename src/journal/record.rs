//! The records: the facts that are made durable. Everything else that the store can answer is computed from these.

use serde::{Deserialize, Serialize};

use crate::ids::{Digest, ExecutionId, Tenant, TimeMs};
use crate::machine::event::Event;
use crate::machine::summary::Summary;

/// One durable fact.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every record is a turn")]
pub enum Record {
    Execution(Turn),
    Flow(FlowRevision),
    Consent(Consent),
    Quarantine(Quarantined),
    Released(Released),
    Purged(Purged),
    Document(Document),
}

/// The kind byte of a record's header. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Kind {
    Execution = 1,
    Flow = 2,
    Consent = 3,
    Quarantine = 4,
    Released = 5,
    Purged = 6,
    Document = 7,
}

impl Kind {
    /// Every kind, in the order of the numbers.
    pub const ALL: [Self; 7] = [Self::Execution, Self::Flow, Self::Consent, Self::Quarantine, Self::Released, Self::Purged, Self::Document];

    /// The kind with this number.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// What one turn of one execution decided: its events in order, and the summary if the turn changed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    pub tenant: Tenant,
    pub execution: ExecutionId,
    /// Number of the first event; 0 creates the execution.
    pub first_seq: u64,
    pub at: TimeMs,
    pub events: Vec<Event>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
}

impl Turn {
    /// Number that the next turn's first event will have.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.first_seq.saturating_add(self.events.len() as u64)
    }
}

/// One revision of one flow in the local catalog. Immutable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRevision {
    pub tenant: Tenant,
    pub name: String,
    /// 1 for the first content under this name, and so on without gaps.
    pub revision: u32,
    pub digest: Digest,
    /// The normalised flow as JSON text.
    pub spec: String,
}

/// A person accepted this definition of a tool of an MCP server; a different one needs consent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub tenant: Tenant,
    pub server: String,
    pub tool: String,
    pub digest: Digest,
}

/// An execution that keeps failing, or whose journal is damaged: it is left alone until released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    pub tenant: Tenant,
    pub execution: ExecutionId,
    pub reason: String,
}

/// The quarantine is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    pub tenant: Tenant,
    pub execution: ExecutionId,
}

/// Retention removed a finished execution: nothing that was recorded of it before counts any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    pub tenant: Tenant,
    pub execution: ExecutionId,
}

/// What stands under a name of a tenant's catalog (an agent, a key, a draft, …) from now on. The store keeps documents and does not look
/// into them; what they mean is the catalog's business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub tenant: Tenant,
    pub collection: String,
    pub key: String,
    /// 1 for the first content under this name, and so on; a removed document begins anew.
    pub version: u64,
    /// JSON text; none removes the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl Record {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Execution(_) => Kind::Execution,
            Self::Flow(_) => Kind::Flow,
            Self::Consent(_) => Kind::Consent,
            Self::Quarantine(_) => Kind::Quarantine,
            Self::Released(_) => Kind::Released,
            Self::Purged(_) => Kind::Purged,
            Self::Document(_) => Kind::Document,
        }
    }

    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        match self {
            Self::Execution(record) => &record.tenant,
            Self::Flow(record) => &record.tenant,
            Self::Consent(record) => &record.tenant,
            Self::Quarantine(record) => &record.tenant,
            Self::Released(record) => &record.tenant,
            Self::Purged(record) => &record.tenant,
            Self::Document(record) => &record.tenant,
        }
    }

    /// The execution that owns this record, if one does.
    #[must_use]
    pub fn execution(&self) -> Option<ExecutionId> {
        match self {
            Self::Execution(record) => Some(record.execution),
            Self::Quarantine(record) => Some(record.execution),
            Self::Released(record) => Some(record.execution),
            Self::Purged(record) => Some(record.execution),
            Self::Flow(_) | Self::Consent(_) | Self::Document(_) => None,
        }
    }
}
