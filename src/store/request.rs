//! Entries on their way into the log: encoded, and refused where they could never be committed.

use super::entry::{Answer, Chain, Claim, CommitError, Entry, Position};
use super::keys;
use crate::journal::{self, Record};

/// The largest record. A turn holds at most a few values of `PAYLOAD_BYTES_MAX`.
pub const RECORD_BYTES_MAX: usize = 32 << 20;

/// Checked entries on their way into the log: all of them, or none.
pub struct Request {
    pub records: Vec<(Record, Vec<u8>)>,
    /// What must hold for each, in order; a later claim may rest on an earlier one.
    pub claims: Vec<Claim>,
    /// What it rests on.
    pub chain: Option<Chain>,
    pub answer: Answer<Position>,
}

impl Request {
    /// None when one of the entries can never be committed: that is the answer then.
    pub fn new(entries: Vec<Entry>, chain: Option<Chain>, answer: Answer<Position>) -> Option<Self> {
        let mut request = Self { records: Vec::with_capacity(entries.len()), claims: Vec::new(), chain, answer };
        for entry in entries {
            let (record, claim) = entry.into_record();
            match encode(&record) {
                Ok(bytes) => request.records.push((record, bytes)),
                Err(refusal) => {
                    request.refuse(CommitError::Refused(refusal));
                    return None;
                }
            }
            request.claims.extend(claim);
        }
        Some(request)
    }

    pub fn refuse(self, error: CommitError) {
        if let Some(chain) = &self.chain {
            chain.break_off();
        }
        let _ = self.answer.send(Err(error));
    }

    /// Of the records, in bytes.
    pub fn size(&self) -> usize {
        self.records.iter().map(|(_, bytes)| bytes.len()).sum()
    }
}

/// The record's bytes, or why it can never be committed.
fn encode(record: &Record) -> Result<Vec<u8>, String> {
    let tenant = record.tenant().as_str();
    if tenant.is_empty() || tenant.len() > keys::TENANT_BYTES_MAX {
        return Err(format!("a tenant's name has 1 to {} bytes, this one has {}", keys::TENANT_BYTES_MAX, tenant.len()));
    }
    let names = match record {
        Record::Execution(turn) if turn.events.is_empty() => return Err("a turn without events has nothing to record".to_owned()),
        Record::Execution(turn) if turn.first_seq == 0 && turn.summary.is_none() => {
            return Err("the turn that creates an execution must carry its summary".to_owned());
        }
        Record::Execution(turn) => turn.summary.iter().map(|summary| summary.flow.as_str()).collect(),
        Record::Flow(flow) if flow.revision == 0 => return Err("revisions count from 1".to_owned()),
        Record::Flow(flow) => vec![flow.name.as_str()],
        Record::Consent(consent) => vec![consent.server.as_str(), consent.tool.as_str()],
        Record::Document(document) => vec![document.collection.as_str(), document.key.as_str()],
        Record::Quarantine(_) | Record::Released(_) | Record::Purged(_) => Vec::new(),
    };
    if let Some(name) = names.into_iter().find(|name| name.len() > keys::NAME_BYTES_MAX) {
        return Err(format!("a name has at most {} bytes, this one has {}", keys::NAME_BYTES_MAX, name.len()));
    }
    let bytes = journal::encode(record).map_err(|error| error.to_string())?;
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(format!("a record of {} bytes is over the limit of {RECORD_BYTES_MAX} (one turn, all its payloads)", bytes.len()));
    }
    Ok(bytes)
}
