//! What a record tells of the journal that it belongs to, read without building its events: opening a store follows many records only
//! to learn where journals end, and a rebuild looks through all of them for gaps. A view, too, needs the events of few turns.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::codec::{self, Error, SCHEMA_VERSION};
use super::record::{Kind, Record, Turn};
use crate::ids::{ExecutionId, Tenant, TimeMs};
use crate::machine::summary::{Status, Summary};

/// Kind and owner of a record; of a turn also what it adds to its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    pub kind: Kind,
    pub tenant: Tenant,
    /// The execution that owns the record, if one does.
    pub execution: Option<ExecutionId>,
    /// Of a turn.
    pub extent: Option<Extent>,
}

/// Which events a turn holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Number of the first event.
    pub first_seq: u64,
    /// Number that the next turn's first event will have.
    pub next_seq: u64,
    /// The execution is final after it.
    pub ends: bool,
}

/// The outline of the record in `bytes`. Where [`codec::decode`] succeeds, this is the outline of what it returns. A record that does not
/// decode may have one all the same: what is inside its events is not looked at.
///
/// # Errors
/// As [`codec::decode`].
pub fn outline(bytes: &[u8]) -> Result<Outline, Error> {
    let (schema, kind, json) = codec::split(bytes)?;
    // Steps of older schemas may move anything, so those are lifted first; and whatever this reading does not understand, the full one
    // says what is wrong with.
    if schema == SCHEMA_VERSION
        && let Some(outline) = Kind::from_byte(kind).and_then(|kind| read(kind, json).ok())
    {
        return Ok(outline);
    }
    codec::decode(bytes).map(|record| record.outline())
}

/// The record in `bytes`, and its outline, for who makes a view. A turn comes without its events, unless one of them closes a question or holds
/// a decision of one: how many there are, the outline says. A record that does not decode may have a gist all the same, as with [`outline`].
///
/// # Errors
/// As [`codec::decode`].
pub fn gist(bytes: &[u8]) -> Result<(Record, Outline), Error> {
    let (schema, kind, json) = codec::split(bytes)?;
    if schema == SCHEMA_VERSION
        && kind == Kind::Execution as u8
        && let Ok(TurnGist { tenant, execution, first_seq, at, events, summary }) = serde_json::from_slice(json)
        && events.iter().all(|Tagged { event }| matches!(event, Tag::Other))
    {
        let ends = summary.as_ref().is_some_and(|summary| summary.status.is_final());
        let extent = Extent { first_seq, next_seq: first_seq.saturating_add(events.len() as u64), ends };
        let outline = Outline { kind: Kind::Execution, tenant: tenant.clone(), execution: Some(execution), extent: Some(extent) };
        return Ok((Record::Execution(Turn { tenant, execution, first_seq, at, events: Vec::new(), summary }), outline));
    }
    let record = codec::decode(bytes)?;
    let outline = record.outline();
    Ok((record, outline))
}

fn read(kind: Kind, json: &[u8]) -> Result<Outline, serde_json::Error> {
    match kind {
        Kind::Execution => serde_json::from_slice(json).map(|turn: TurnText| {
            let Events(count) = turn.events;
            let ends = turn.summary.is_some_and(|summary| summary.status.is_final());
            let extent = Extent { first_seq: turn.first_seq, next_seq: turn.first_seq.saturating_add(count), ends };
            Outline { kind, tenant: turn.tenant, execution: Some(turn.execution), extent: Some(extent) }
        }),
        Kind::Quarantine | Kind::Released | Kind::Purged => serde_json::from_slice(json).map(|owned: OwnedText| Outline {
            kind,
            tenant: owned.tenant,
            execution: Some(owned.execution),
            extent: None,
        }),
        Kind::Flow | Kind::Consent | Kind::Document => {
            serde_json::from_slice(json).map(|common: CommonText| Outline { kind, tenant: common.tenant, execution: None, extent: None })
        }
    }
}

/// The fields of a `Turn`, in its order: serde also takes structs that are written as arrays.
#[derive(Deserialize)]
struct TurnText {
    tenant: Tenant,
    execution: ExecutionId,
    first_seq: u64,
    #[serde(rename = "at")]
    _at: IgnoredAny,
    events: Events,
    #[serde(default)]
    summary: Option<SummaryText>,
}

/// The fields of a `Summary` up to the one that is needed, in its order.
#[derive(Deserialize)]
struct SummaryText {
    #[serde(rename = "flow")]
    _flow: IgnoredAny,
    #[serde(rename = "revision")]
    _revision: IgnoredAny,
    #[serde(rename = "digest")]
    _digest: IgnoredAny,
    status: Status,
}

#[derive(Deserialize)]
struct OwnedText {
    tenant: Tenant,
    execution: ExecutionId,
}

#[derive(Deserialize)]
struct CommonText {
    tenant: Tenant,
}

/// How many there are.
struct Events(u64);

impl<'de> Deserialize<'de> for Events {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Counting)
    }
}

struct Counting;

impl<'de> Visitor<'de> for Counting {
    type Value = Events;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut events: A) -> Result<Events, A::Error> {
        let mut count = 0;
        while events.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Events(count))
    }
}

/// The fields of a `Turn`, in its order.
#[derive(Deserialize)]
struct TurnGist {
    tenant: Tenant,
    execution: ExecutionId,
    first_seq: u64,
    at: TimeMs,
    events: Vec<Tagged>,
    #[serde(default)]
    summary: Option<Summary>,
}

/// An event, as far as it tells whether a view needs it.
#[derive(Deserialize)]
struct Tagged {
    event: Tag,
}

/// The events that a view needs.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Tag {
    Answered,
    Expired,
    Withdrawn,
    Held,
    #[serde(other)]
    Other,
}

impl Record {
    /// What it tells of the journal that it belongs to.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let extent = match self {
            Self::Execution(turn) => Some(Extent {
                first_seq: turn.first_seq,
                next_seq: turn.next_seq(),
                ends: turn.summary.as_ref().is_some_and(|summary| summary.status.is_final()),
            }),
            _ => None,
        };
        Outline { kind: self.kind(), tenant: self.tenant().clone(), execution: self.execution(), extent }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::machine::event::Event;

    const RECORDS: &str = include_str!("../../tests/golden/records-v1.ndjson");
    const EVENTS: &str = include_str!("../../tests/golden/events-v1.ndjson");

    fn bytes_of(schema: u16, kind: Kind, json: &Value) -> Vec<u8> {
        let mut bytes = schema.to_be_bytes().to_vec();
        bytes.push(kind as u8);
        bytes.extend(serde_json::to_vec(json).unwrap());
        bytes
    }

    /// Every golden record.
    fn golden() -> Vec<(Kind, Value)> {
        let lines = RECORDS.lines().filter(|line| !line.trim().is_empty());
        lines
            .map(|line| {
                let mut line: Value = serde_json::from_str(line).unwrap();
                (serde_json::from_value(line["kind"].take()).unwrap(), line["record"].take())
            })
            .collect()
    }

    /// A turn with some of the golden events, and a summary of this status.
    fn turn(first_seq: u64, events: &[usize], status: Option<&str>) -> Value {
        let all: Vec<Value> = EVENTS.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let events: Vec<&Value> = events.iter().map(|index| &all[index % all.len()]).collect();
        let execution = "0192d3a0-1f00-7abc-8def-0123456789ab";
        let mut turn = json!({"tenant": "ac\"me\n", "execution": execution, "first_seq": first_seq, "at": 7, "events": events});
        if let Some(status) = status {
            let (_, golden) =
                golden().into_iter().find(|(kind, record)| *kind == Kind::Execution && record["summary"].is_object()).unwrap();
            turn["summary"] = golden["summary"].clone();
            turn["summary"]["status"] = status.into();
        }
        turn
    }

    /// Where the full reading succeeds, all agree; none panics.
    fn agrees(bytes: &[u8]) -> bool {
        match (codec::decode(bytes), outline(bytes), gist(bytes)) {
            (Ok(record), Ok(outline), Ok((gist, outline_too))) => {
                record.outline() == outline && outline == outline_too && gist == without_events(record)
            }
            (Ok(_), ..) => false,
            (Err(_), ..) => true,
        }
    }

    /// If a view does not need them.
    fn without_events(mut record: Record) -> Record {
        if let Record::Execution(turn) = &mut record {
            let tells = |event: &Event| {
                matches!(event, Event::Answered { .. } | Event::Expired { .. } | Event::Withdrawn { .. } | Event::Held { .. })
            };
            if !turn.events.iter().any(tells) {
                turn.events.clear();
            }
        }
        record
    }

    #[test]
    fn every_golden_record_has_the_outline_of_what_it_decodes_to_without_being_decoded() {
        for (kind, record) in golden() {
            let bytes = bytes_of(SCHEMA_VERSION, kind, &record);
            let full = codec::decode(&bytes).unwrap().outline();
            assert_eq!(outline(&bytes).unwrap(), full, "{record}");
            assert_eq!(read(kind, &bytes[codec::HEADER_BYTES..]).unwrap(), full, "the short reading does not understand {record}");
            assert!(agrees(&bytes), "{record}");
        }
    }

    #[test]
    fn events_are_counted_and_not_looked_at() {
        let mut record = turn(4, &[0, 1, 2], Some("completed"));
        let extent = Some(Extent { first_seq: 4, next_seq: 7, ends: true });
        assert_eq!(outline(&bytes_of(SCHEMA_VERSION, Kind::Execution, &record)).unwrap().extent, extent);
        record["events"][1] = json!({"no such event": [[{}, "]"], "\"}"]});
        let bytes = bytes_of(SCHEMA_VERSION, Kind::Execution, &record);
        assert!(codec::decode(&bytes).is_err());
        assert_eq!(outline(&bytes).map(|outline| outline.extent).ok(), Some(extent));
    }

    #[test]
    fn what_is_no_record_of_this_program_is_refused_as_by_the_full_reading() {
        let record = turn(0, &[0], None);
        for (schema, kind) in [(9, 1), (0, 1), (SCHEMA_VERSION, 77)] {
            let mut bytes = bytes_of(schema, Kind::Execution, &record);
            bytes[2] = kind;
            assert_eq!(outline(&bytes).unwrap_err().to_string(), codec::decode(&bytes).unwrap_err().to_string());
        }
        assert!(matches!(outline(&[0, 1]), Err(Error::Short(2))));
        assert!(matches!(outline(&[0, 1, 1]), Err(Error::Shape { .. })));
    }

    #[test]
    fn a_struct_as_an_array_reads_as_in_the_full_reading() {
        let object = turn(3, &[0, 5], Some("failed"));
        let array = |value: &Value| Value::Array(value.as_object().unwrap().values().cloned().collect());
        let whole = bytes_of(SCHEMA_VERSION, Kind::Execution, &array(&object));
        assert!(agrees(&whole));
        let mut inner = object;
        inner["summary"] = array(&inner["summary"]);
        inner["summary"][0] = "running".into();
        assert!(agrees(&bytes_of(SCHEMA_VERSION, Kind::Execution, &inner)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        /// Turns of any length and status; then cut, and with bytes changed.
        #[test]
        fn it_is_the_outline_of_what_the_full_reading_returns(
            first_seq in prop_oneof![0_u64..100, Just(u64::MAX)],
            events in prop::collection::vec(any::<usize>(), 0..8),
            status in prop::option::of(prop_oneof![Just("running"), Just("waiting_person"), Just("completed"), Just("cancelled")]),
            harm in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = bytes_of(SCHEMA_VERSION, Kind::Execution, &turn(first_seq, &events, status));
            prop_assert!(codec::decode(&bytes).is_ok() && agrees(&bytes));
            for (place, byte) in harm {
                *place.get_mut(&mut bytes) = byte;
                prop_assert!(agrees(&bytes));
            }
            prop_assert!(agrees(&bytes[..cut.index(bytes.len())]));
        }
    }
}
