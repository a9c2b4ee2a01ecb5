//! A store as version 1 of the format wrote it, kept in the repository: every later version must open it and read the same from it.

use super::recovery::{copy, fill};
use super::*;
use crate::store::{check, info};

fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/store-v1")
}

#[test]
fn the_golden_store_opens_and_holds_what_it_held() {
    let dir = tempfile::tempdir().unwrap();
    copy(&golden(), dir.path());
    assert!(check(dir.path()).unwrap().sound);
    let store = Store::open(&options(dir.path())).unwrap();
    (0..5).for_each(|number| assert_eq!(seqs(&store, number), [0, 1, 2, 3, 4]));
    assert_eq!(store.consent(&tenant(), "files", "read_file").unwrap(), Some(Digest::of(b"tool")));
    assert_eq!(store.flow(&tenant(), &Digest::of(b"flow")).unwrap().as_deref(), Some("{\"flow\":\"refund\"}"));
    assert_eq!(store.quarantined(&tenant(), execution(4)).unwrap().as_deref(), Some("it panics"));
    assert_eq!(store.events(&tenant(), execution(9), 1, 1).unwrap()[0].event, large(40_000));
    store.commit(turn(0, 5, 1, None)).wait().unwrap();
    store.close().unwrap();
    assert_eq!(info(dir.path()).unwrap().format, 1);
}

/// Writes the golden store of the present format; run by hand, once per format, never over an existing one.
#[test]
#[ignore = "writes into the repository"]
fn write_the_golden_store() {
    assert!(!golden().exists(), "a golden store is never rewritten");
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    (options.sizes.segment_bytes_min, options.sizes.segment_bytes_max) = (64 << 10, 64 << 10);
    let store = Store::open(&options).unwrap();
    fill(&store);
    let (tenant, server, tool) = (tenant(), "files".to_owned(), "read_file".to_owned());
    let entries = [
        Entry::Consent { tenant: tenant.clone(), server, tool, digest: Digest::of(b"tool") },
        Entry::Flow {
            tenant: tenant.clone(),
            name: "refund".to_owned(),
            revision: 1,
            digest: Digest::of(b"flow"),
            spec: "{\"flow\":\"refund\"}".to_owned(),
        },
        Entry::Quarantine { tenant: tenant.clone(), execution: execution(4), reason: "it panics".to_owned() },
        Entry::Execution {
            tenant,
            execution: execution(9),
            expected_seq: 0,
            at: TimeMs(1),
            events: vec![event(0), large(40_000)],
            summary: Some(summary(Status::Completed)),
        },
    ];
    for entry in entries {
        store.commit(entry).wait().unwrap();
    }
    store.close().unwrap();
    std::fs::create_dir_all(golden()).unwrap();
    for name in ["store", "mark", "clean", "log-0000000000000001"] {
        std::fs::copy(dir.path().join(name), golden().join(name)).unwrap();
    }
}
