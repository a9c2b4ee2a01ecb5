//! Golden files: records as they were once written, decoded for ever. `tests/golden/records-v1.ndjson` holds one record per line (its
//! kind and its JSON), in the schema that its name says. Lines are added, never changed: a line that no longer decodes to what the
//! companion test expects is a journal that someone can no longer open.

use super::*;
use crate::ids::{Digest, ExecutionId, Tenant, TimeMs};
use serde_json::Value;

const V1: &str = include_str!("../../tests/golden/records-v1.ndjson");

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
    let (name, digest, spec) = ("refund-review".to_owned(), Digest::of(b"flow"), "{\"flow\":\"refund-review\"}".to_owned());
    assert!(records.contains(&Record::Flow(FlowRevision { tenant, name, revision: 3, digest, spec })));
}
