//! Keys of the view. Big-endian everywhere, so that byte order is the order people expect; a tenant is length-prefixed, so that no
//! tenant's rows are inside another's range. `tenant | kind | execution | seq`; rows that one process scans over all tenants
//! (`owed`, `due`) stand in a space of their own.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::closings::ClosedAs;
use super::facets::Facet;
use super::stats::{Month, StatsKey};
use crate::ids::{Digest, ExecutionId, QuestionId, Tenant, TimeMs};
use crate::machine::input::Purpose;
use crate::machine::summary::Status;

/// First byte of rows that span tenants.
const GLOBAL: u8 = b'g';
/// First byte of a tenant's rows.
const TENANT: u8 = b't';
/// Where the applier notes how far it is.
pub const PROGRESS: &[u8] = b"m";
/// A tenant's name; its length is one byte of the key.
pub const TENANT_BYTES_MAX: usize = 255;
/// A flow's, server's or tool's name.
pub const NAME_BYTES_MAX: usize = 1_024;
/// A value that stands in an index as it is.
const INDEX_VALUE_BYTES_MAX: usize = 128;
/// What most keys fit into.
const KEY_BYTES_USUAL: usize = 96;
/// In place of the length of a value that does not.
const LONG_VALUE: u16 = u16::MAX;

/// What a row is. Numbers are part of the view's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum RowKind {
    /// (execution, first seq) → where turns stand in the log; see `journal_rows`.
    Journal = 1,
    /// execution → its summary.
    Summary = 2,
    /// (purpose, status, execution) → nothing.
    Status = 3,
    /// (purpose, flow, status, execution) → nothing.
    ByFlow = 4,
    /// (asked at, question) → execution. Open questions only.
    Question = 5,
    /// question → execution. Stays when the question closes, so that late answers find the decision that stands.
    QuestionHome = 6,
    /// Global: (tenant, execution) → nothing.
    Owed = 7,
    /// Global: (deadline, tenant, execution) → nothing.
    Due = 8,
    /// (name, revision) → digest.
    FlowName = 9,
    /// digest → the flow's record.
    FlowSpec = 10,
    /// (server, tool) → digest.
    Consent = 11,
    /// execution → reason.
    Quarantine = 12,
    /// (collection, key) → version and body.
    Document = 13,
    /// (purpose, facet, value, execution) → nothing. What an execution can be found by besides its status; see `facets`.
    Index = 14,
    /// (purpose, flow, month, revision, environment) → counters; see `stats`.
    Stats = 15,
    /// (flow, asked at, question) → execution. Open questions only.
    QuestionOfFlow = 16,
    /// (expires at, question) → execution. Open questions that expire only.
    QuestionExpiry = 17,
    /// (flow, or nothing for all of them) → the number of open questions.
    QuestionCount = 18,
    /// (flow, or nothing for all of them, how closed, closed at, question) → execution. Closed questions; see `closings`.
    Closed = 19,
    /// Global: (tenant, purpose, flow, month, revision, environment) → counters, of purged executions; see `past`.
    Past = 20,
}

impl RowKind {
    const ALL: [Self; 20] = [
        Self::Journal,
        Self::Summary,
        Self::Status,
        Self::ByFlow,
        Self::Question,
        Self::QuestionHome,
        Self::Owed,
        Self::Due,
        Self::FlowName,
        Self::FlowSpec,
        Self::Consent,
        Self::Quarantine,
        Self::Document,
        Self::Index,
        Self::Stats,
        Self::QuestionOfFlow,
        Self::QuestionExpiry,
        Self::QuestionCount,
        Self::Closed,
        Self::Past,
    ];

    /// The kind of the row under `key`; none for the applier's own row and for what is no key of ours.
    #[must_use]
    pub fn of(key: &[u8]) -> Option<Self> {
        let byte = match *key.first()? {
            GLOBAL => *key.get(1)?,
            TENANT => *key.get(2 + usize::from(*key.get(1)?))?,
            _ => return None,
        };
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }
}

/// A key under construction.
struct Key(Vec<u8>);

impl Key {
    fn tenant(tenant: &Tenant, kind: RowKind) -> Self {
        let mut key = Self(Vec::with_capacity(KEY_BYTES_USUAL));
        key.0.push(TENANT);
        key.push_tenant(tenant);
        key.0.push(kind as u8);
        key
    }

    fn global(kind: RowKind) -> Self {
        Self(vec![GLOBAL, kind as u8])
    }

    /// `Store::commit` refuses longer tenants, so the cast keeps every byte.
    #[expect(clippy::cast_possible_truncation, reason = "at most TENANT_BYTES_MAX")]
    fn push_tenant(&mut self, tenant: &Tenant) {
        self.0.push(tenant.as_str().len() as u8);
        self.0.extend_from_slice(tenant.as_str().as_bytes());
    }

    #[expect(clippy::cast_possible_truncation, reason = "at most NAME_BYTES_MAX")]
    fn name(mut self, name: &str) -> Self {
        self.0.extend_from_slice(&(name.len() as u16).to_be_bytes());
        self.0.extend_from_slice(name.as_bytes());
        self
    }

    fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Vec<u8> {
        self.0.extend_from_slice(bytes);
        self.0
    }
}

pub fn journal(tenant: &Tenant, execution: ExecutionId, first_seq: u64) -> Vec<u8> {
    let mut key = journal_prefix(tenant, execution);
    key.extend_from_slice(&first_seq.to_be_bytes());
    key
}

pub fn journal_prefix(tenant: &Tenant, execution: ExecutionId) -> Vec<u8> {
    Key::tenant(tenant, RowKind::Journal).bytes(execution.0.as_bytes())
}

/// The first sequence number of the journal row under `key`.
pub fn journal_seq(key: &[u8]) -> Option<u64> {
    key.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes))
}

pub fn summary(tenant: &Tenant, execution: ExecutionId) -> Vec<u8> {
    Key::tenant(tenant, RowKind::Summary).bytes(execution.0.as_bytes())
}

pub fn summary_prefix(tenant: &Tenant) -> Vec<u8> {
    Key::tenant(tenant, RowKind::Summary).0
}

pub fn status(tenant: &Tenant, purpose: Purpose, status: Status, execution: ExecutionId) -> Vec<u8> {
    ended(status_prefix(tenant, purpose, status), execution)
}

pub fn status_prefix(tenant: &Tenant, purpose: Purpose, status: Status) -> Vec<u8> {
    Key::tenant(tenant, RowKind::Status).bytes(&[purpose_byte(purpose), status_byte(status)])
}

/// A list's prefix with the execution behind it: every list is in the order of the ids.
fn ended(mut prefix: Vec<u8>, execution: ExecutionId) -> Vec<u8> {
    prefix.extend_from_slice(execution.0.as_bytes());
    prefix
}

/// Part of the view's format.
fn purpose_byte(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Production => 1,
        Purpose::Test => 2,
        Purpose::Evaluation => 3,
    }
}

/// The purpose with this number.
fn purpose_of(byte: u8) -> Option<Purpose> {
    Purpose::ALL.into_iter().find(|purpose| purpose_byte(*purpose) == byte)
}

/// Part of the view's format: independent of the order in which the variants are declared.
fn status_byte(status: Status) -> u8 {
    match status {
        Status::Running => 1,
        Status::WaitingPerson => 2,
        Status::WaitingAsync => 3,
        Status::Completed => 4,
        Status::Failed => 5,
        Status::TimedOut => 6,
        Status::Cancelled => 7,
        Status::Rejected => 8,
    }
}

pub fn by_flow(tenant: &Tenant, purpose: Purpose, flow: &str, status: Status, execution: ExecutionId) -> Vec<u8> {
    ended(by_flow_prefix(tenant, purpose, flow, status), execution)
}

pub fn by_flow_prefix(tenant: &Tenant, purpose: Purpose, flow: &str, status: Status) -> Vec<u8> {
    Key::tenant(tenant, RowKind::ByFlow).byte(purpose_byte(purpose)).name(flow).bytes(&[status_byte(status)])
}

pub fn index(tenant: &Tenant, purpose: Purpose, facet: Facet, value: &str, execution: ExecutionId) -> Vec<u8> {
    ended(index_prefix(tenant, purpose, facet, value), execution)
}

/// Of a long value only a digest stands in the key; readers compare with the summary anyway.
pub fn index_prefix(tenant: &Tenant, purpose: Purpose, facet: Facet, value: &str) -> Vec<u8> {
    let key = Key::tenant(tenant, RowKind::Index).byte(purpose_byte(purpose)).byte(facet as u8);
    if value.len() <= INDEX_VALUE_BYTES_MAX {
        return key.name(value).0;
    }
    key.bytes(&[&LONG_VALUE.to_be_bytes(), Digest::of(value.as_bytes()).0.as_slice()].concat())
}

pub fn stats(tenant: &Tenant, of: &StatsKey) -> Vec<u8> {
    let key = Key(stats_month_prefix(tenant, of.purpose, &of.flow, of.month));
    key.bytes(&[&of.revision.to_be_bytes(), of.environment.as_bytes()].concat())
}

/// Statistics of one flow in one month.
pub fn stats_month_prefix(tenant: &Tenant, purpose: Purpose, flow: &str, month: Month) -> Vec<u8> {
    Key(stats_flow_prefix(tenant, purpose, flow)).bytes(&month.number().to_be_bytes())
}

pub fn stats_flow_prefix(tenant: &Tenant, purpose: Purpose, flow: &str) -> Vec<u8> {
    Key(stats_prefix(tenant, purpose)).name(flow).0
}

pub fn stats_prefix(tenant: &Tenant, purpose: Purpose) -> Vec<u8> {
    Key::tenant(tenant, RowKind::Stats).byte(purpose_byte(purpose)).0
}

/// Beside the row of statistics under `key`: what purged executions had added to it.
pub fn past(key: &[u8]) -> Vec<u8> {
    // `t | length | tenant | kind | rest`.
    let (_, named) = key.split_at(1);
    let (tenant, rest) = named.split_at(1 + usize::from(named[0]));
    Key::global(RowKind::Past).bytes(&[tenant, &rest[1..]].concat())
}

pub fn past_prefix() -> Vec<u8> {
    Key::global(RowKind::Past).0
}

/// The past of one flow.
pub fn past_flow_prefix(tenant: &Tenant, purpose: Purpose, flow: &str) -> Vec<u8> {
    past(&stats_flow_prefix(tenant, purpose, flow))
}

/// Whose past the row under `key` is, and what it is about.
pub fn past_parts(key: &[u8]) -> Option<(Tenant, StatsKey)> {
    let (length, rest) = key.strip_prefix(past_prefix().as_slice())?.split_first()?;
    let (tenant, rest) = rest.split_at_checked(usize::from(*length))?;
    let tenant = Tenant::new(std::str::from_utf8(tenant).ok()?);
    let of = stats_parts(&tenant, &Key::tenant(&tenant, RowKind::Stats).bytes(rest))?;
    Some((tenant, of))
}

/// What the row of statistics under `key` is about.
pub fn stats_parts(tenant: &Tenant, key: &[u8]) -> Option<StatsKey> {
    let (purpose, rest) = key.strip_prefix(Key::tenant(tenant, RowKind::Stats).0.as_slice())?.split_first()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (flow, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let (month, rest) = rest.split_first_chunk::<4>()?;
    let (revision, environment) = rest.split_first_chunk::<4>()?;
    Some(StatsKey {
        purpose: purpose_of(*purpose)?,
        flow: std::str::from_utf8(flow).ok()?.to_owned(),
        month: Month::from_number(u32::from_be_bytes(*month)),
        revision: u32::from_be_bytes(*revision),
        environment: std::str::from_utf8(environment).ok()?.to_owned(),
    })
}

pub fn question(tenant: &Tenant, asked_at: TimeMs, question: QuestionId) -> Vec<u8> {
    let mut key = question_prefix(tenant);
    key.extend_from_slice(&asked_at.0.to_be_bytes());
    key.extend_from_slice(question.0.as_bytes());
    key
}

pub fn question_prefix(tenant: &Tenant) -> Vec<u8> {
    Key::tenant(tenant, RowKind::Question).0
}

pub fn question_of_flow(tenant: &Tenant, flow: &str, asked_at: TimeMs, question: QuestionId) -> Vec<u8> {
    Key(question_of_flow_prefix(tenant, flow)).bytes(&[&asked_at.0.to_be_bytes(), question.0.as_bytes().as_slice()].concat())
}

pub fn question_of_flow_prefix(tenant: &Tenant, flow: &str) -> Vec<u8> {
    Key::tenant(tenant, RowKind::QuestionOfFlow).name(flow).0
}

pub fn question_expiry(tenant: &Tenant, expires_at: TimeMs, question: QuestionId) -> Vec<u8> {
    Key(question_expiry_prefix(tenant)).bytes(&[&expires_at.0.to_be_bytes(), question.0.as_bytes().as_slice()].concat())
}

pub fn question_expiry_prefix(tenant: &Tenant) -> Vec<u8> {
    Key::tenant(tenant, RowKind::QuestionExpiry).0
}

/// The open questions of a flow, or of all of them.
pub fn question_count(tenant: &Tenant, flow: Option<&str>) -> Vec<u8> {
    let key = Key::tenant(tenant, RowKind::QuestionCount);
    flow.map_or_else(|| key.0.clone(), |flow| Key(key.0.clone()).name(flow).0)
}

/// Time and question at the end of the key of a row of questions, in whichever order.
pub fn question_parts(key: &[u8]) -> Option<(TimeMs, QuestionId)> {
    let (rest, question) = key.split_last_chunk::<16>()?;
    let time = rest.last_chunk::<8>()?;
    Some((TimeMs(u64::from_be_bytes(*time)), QuestionId(Uuid::from_bytes(*question))))
}

pub fn closed_question(tenant: &Tenant, flow: Option<&str>, closed_as: ClosedAs, at: TimeMs, question: QuestionId) -> Vec<u8> {
    Key(closed_prefix(tenant, flow, closed_as)).bytes(&[&at.0.to_be_bytes(), question.0.as_bytes().as_slice()].concat())
}

/// Closed questions of a flow, or of all; no flow has an empty name.
pub fn closed_prefix(tenant: &Tenant, flow: Option<&str>, closed_as: ClosedAs) -> Vec<u8> {
    Key::tenant(tenant, RowKind::Closed).name(flow.unwrap_or_default()).byte(closed_as as u8).0
}

pub fn question_home(tenant: &Tenant, question: QuestionId) -> Vec<u8> {
    Key::tenant(tenant, RowKind::QuestionHome).bytes(question.0.as_bytes())
}

pub fn owed(tenant: &Tenant, execution: ExecutionId) -> Vec<u8> {
    let mut key = Key::global(RowKind::Owed);
    key.push_tenant(tenant);
    key.bytes(execution.0.as_bytes())
}

pub fn owed_prefix() -> Vec<u8> {
    Key::global(RowKind::Owed).0
}

pub fn due(deadline: TimeMs, tenant: &Tenant, execution: ExecutionId) -> Vec<u8> {
    let mut key = Key(due_prefix());
    key.0.extend_from_slice(&deadline.0.to_be_bytes());
    key.push_tenant(tenant);
    key.bytes(execution.0.as_bytes())
}

pub fn due_prefix() -> Vec<u8> {
    Key::global(RowKind::Due).0
}

/// The first key whose deadline is later than `now`.
pub fn due_after(now: TimeMs) -> Vec<u8> {
    let mut key = due_prefix();
    match now.0.checked_add(1) {
        Some(next) => key.extend_from_slice(&next.to_be_bytes()),
        None => return prefix_end(&key),
    }
    key
}

/// Tenant and execution of an `owed` row.
pub fn owed_parts(key: &[u8]) -> Option<(Tenant, ExecutionId)> {
    tenant_and_execution(key.strip_prefix(owed_prefix().as_slice())?)
}

/// Deadline, tenant and execution of a `due` row.
pub fn due_parts(key: &[u8]) -> Option<(TimeMs, Tenant, ExecutionId)> {
    let (deadline, rest) = key.strip_prefix(due_prefix().as_slice())?.split_first_chunk::<8>()?;
    let (tenant, execution) = tenant_and_execution(rest)?;
    Some((TimeMs(u64::from_be_bytes(*deadline)), tenant, execution))
}

fn tenant_and_execution(bytes: &[u8]) -> Option<(Tenant, ExecutionId)> {
    let (length, rest) = bytes.split_first()?;
    let (tenant, execution) = rest.split_at_checked(usize::from(*length))?;
    let execution: [u8; 16] = execution.try_into().ok()?;
    Some((Tenant::new(std::str::from_utf8(tenant).ok()?), ExecutionId(Uuid::from_bytes(execution))))
}

/// The execution at the end of a summary, status, flow or quarantine key.
pub fn execution_of(key: &[u8]) -> Option<ExecutionId> {
    key.last_chunk::<16>().map(|bytes| ExecutionId(Uuid::from_bytes(*bytes)))
}

pub fn flow_name(tenant: &Tenant, name: &str, revision: u32) -> Vec<u8> {
    let mut key = flow_name_prefix(tenant, name);
    key.extend_from_slice(&revision.to_be_bytes());
    key
}

pub fn flow_name_prefix(tenant: &Tenant, name: &str) -> Vec<u8> {
    Key::tenant(tenant, RowKind::FlowName).name(name).0
}

pub fn flow_names_prefix(tenant: &Tenant) -> Vec<u8> {
    Key::tenant(tenant, RowKind::FlowName).0
}

/// Name and revision of a flow's name row.
pub fn flow_name_parts(tenant: &Tenant, key: &[u8]) -> Option<(String, u32)> {
    let (length, rest) = key.strip_prefix(flow_names_prefix(tenant).as_slice())?.split_first_chunk::<2>()?;
    let (name, revision) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let revision: [u8; 4] = revision.try_into().ok()?;
    Some((std::str::from_utf8(name).ok()?.to_owned(), u32::from_be_bytes(revision)))
}

pub fn flow_spec(tenant: &Tenant, digest: &Digest) -> Vec<u8> {
    Key::tenant(tenant, RowKind::FlowSpec).bytes(&digest.0)
}

pub fn consent(tenant: &Tenant, server: &str, tool: &str) -> Vec<u8> {
    Key::tenant(tenant, RowKind::Consent).name(server).name(tool).0
}

pub fn quarantine(tenant: &Tenant, execution: ExecutionId) -> Vec<u8> {
    Key::tenant(tenant, RowKind::Quarantine).bytes(execution.0.as_bytes())
}

pub fn quarantine_prefix(tenant: &Tenant) -> Vec<u8> {
    Key::tenant(tenant, RowKind::Quarantine).0
}

pub fn document(tenant: &Tenant, collection: &str, key: &str) -> Vec<u8> {
    let mut row = document_prefix(tenant, collection);
    row.extend_from_slice(key.as_bytes());
    row
}

pub fn document_prefix(tenant: &Tenant, collection: &str) -> Vec<u8> {
    Key::tenant(tenant, RowKind::Document).name(collection).0
}

/// The first key behind every key that starts with `prefix`.
pub fn prefix_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            break;
        }
    }
    end
}
