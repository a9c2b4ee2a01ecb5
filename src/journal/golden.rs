//! Golden files: records as they were once written, decoded for ever. `tests/golden/records-v1.ndjson` holds one record per line (its
//! kind and its JSON), `events-v1.ndjson` every kind of event in every shape that was met, in the schema that their names say. Lines are added, never changed: a line that no longer decodes to what the
//! companion test expects is a journal that someone can no longer open.

use super::*;
use crate::ids::{Digest, ExecutionId, Tenant, TimeMs};
use crate::machine::event::Event;
use serde_json::{Value, json};

const V1: &str = include_str!("../../tests/golden/records-v1.ndjson");
const EVENTS_V1: &str = include_str!("../../tests/golden/events-v1.ndjson");

/// The name of an event's kind, and every name: a kind that is missing here does not compile, one without a golden line fails.
macro_rules! kinds_of_event {
    ($($kind:ident)*) => {
        fn kind_of(event: &Event) -> &'static str {
            match event { $(Event::$kind { .. } => stringify!($kind),)* }
        }
        const EVENT_KINDS: &[&str] = &[$(stringify!($kind)),*];
    };
}

kinds_of_event! {
    Started FrameOpened Entered CallStarted CallEnded CallLost AbortAsked
    Late RetryAt Asked Voted ActionEdited Reminded Reassigned
    Answered Expired Withdrawn Iterated Observed Checking Validated Corrected ChildStarted ChildAccepted
    ChildCancelAsked ChildEnded SignalKept SignalTaken StepEnded LoopEnded Died
    Skipped FrameStopping StepStopping DeadlinePassed StepDeadlinePassed ItemEnded CancelAsked
    Paused Held Unpaused HeldTaken Undoing UndoEnded LimitRaised Yielded Continued Ended ParentTold
}

/// A turn of schema 1 that holds `event`, as bytes.
fn turn_of(event: &Value) -> Vec<u8> {
    let execution = "0192d3a0-1f00-7abc-8def-0123456789ab";
    let turn = json!({"tenant": "acme", "execution": execution, "first_seq": 1, "at": 1_730_000_000_000_u64, "events": [event]});
    let mut bytes = vec![0, 1, Kind::Execution as u8];
    bytes.extend(serde_json::to_vec(&turn).unwrap());
    bytes
}

/// Every kind of event that can stand in a journal has golden lines; each decodes, and is written again as it was.
#[test]
fn every_kind_of_event_has_golden_lines_that_still_decode() {
    let mut met = std::collections::BTreeSet::new();
    for line in EVENTS_V1.lines() {
        let golden: Value = serde_json::from_str(line).unwrap();
        let record = decode(&turn_of(&golden)).unwrap_or_else(|error| panic!("{error}: {line}"));
        let again: Value = serde_json::from_slice(&encode(&record).unwrap()[codec::HEADER_BYTES..]).unwrap();
        assert_eq!(again["events"][0], golden);
        let Record::Execution(turn) = record else { panic!("a turn comes back as a turn: {line}") };
        met.insert(kind_of(&turn.events[0]));
    }
    let missing: Vec<&&str> = EVENT_KINDS.iter().filter(|kind| !met.contains(**kind)).collect();
    assert!(missing.is_empty(), "no golden event of these kinds: {missing:?}");
}

/// The bytes of each record of a golden file.
fn records(text: &str, schema: u16) -> Vec<(Kind, Value, Vec<u8>)> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            let kind: Kind = serde_json::from_value(line["kind"].take()).unwrap();
            let record = line["record"].take();
            let mut bytes = schema.to_be_bytes().to_vec();
            bytes.push(kind as u8);
            bytes.extend(serde_json::to_vec(&record).unwrap());
            (kind, record, bytes)
        })
        .collect()
}

#[test]
fn every_golden_record_still_decodes() {
    let records = records(V1, 1);
    for (kind, json, bytes) in &records {
        let record = decode(bytes).unwrap_or_else(|error| panic!("{error}: {json}"));
        assert_eq!(record.kind(), *kind);
    }
    for kind in Kind::ALL {
        assert!(records.iter().any(|(found, _, _)| *found == kind), "no golden record of kind {kind:?}");
    }
}

/// What this version writes is what the golden file holds: nothing is dropped, renamed or reordered without a new schema.
#[test]
fn golden_records_of_this_schema_are_written_as_they_were() {
    assert_eq!(codec::SCHEMA_VERSION, 1, "a new schema needs a golden file of its own; then name it here");
    for (_, json, bytes) in records(V1, 1) {
        let again = encode(&decode(&bytes).unwrap()).unwrap();
        let again: Value = serde_json::from_slice(&again[codec::HEADER_BYTES..]).unwrap();
        assert_eq!(again, json);
    }
}

#[test]
fn golden_records_mean_what_they_meant() {
    let records: Vec<Record> = records(V1, 1).iter().map(|(_, _, bytes)| decode(bytes).unwrap()).collect();
    let tenant = Tenant::new("acme");
    let execution: ExecutionId = "0192d3a0-1f00-7abc-8def-0123456789ab".parse().unwrap();
    let Record::Execution(first) = &records[0] else { panic!("the first golden record is a turn") };
    assert_eq!((&first.tenant, first.execution, first.first_seq, first.at), (&tenant, execution, 0, TimeMs(1_730_000_000_000)));
    assert_eq!(first.next_seq(), first.events.len() as u64);
    assert!(first.summary.as_ref().is_some_and(|summary| summary.flow == "refund-review" && summary.waiting_for.len() == 4));
    assert!(records.contains(&Record::Purged(Purged { tenant: tenant.clone(), execution })));
    assert!(records.contains(&Record::Released(Released { tenant: tenant.clone(), execution })));
    let reason = "the step panicked three times".to_owned();
    assert!(records.contains(&Record::Quarantine(Quarantined { tenant: tenant.clone(), execution, reason })));
    let digest = Digest::of(b"tool");
    assert!(records.contains(&Record::Consent(Consent {
        tenant: tenant.clone(),
        server: "files".into(),
        tool: "read_file".into(),
        digest
    })));
    let (collection, key) = ("agents".to_owned(), "refund-review".to_owned());
    let body = Some("{\"id\":\"refund-review\"}".to_owned());
    let document = Document { tenant: tenant.clone(), collection, key, version: 2, body };
    assert!(records.contains(&Record::Document(document.clone())));
    assert!(records.contains(&Record::Document(Document { version: 3, body: None, ..document })));
    let (name, digest, spec) = ("refund-review".to_owned(), Digest::of(b"flow"), "{\"flow\":\"refund-review\"}".to_owned());
    assert!(records.contains(&Record::Flow(FlowRevision { tenant, name, revision: 3, digest, spec })));
}
