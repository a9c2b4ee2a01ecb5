//! Documents: versions, ranges, all-or-nothing commits; the log as a feed; all of it over a restart.

use super::recovery::segments;
use super::*;
use crate::journal::Record;
use crate::store::{DocumentRange, Faults, MemoryDisk, check, compact};

fn put(key: &str, expected: u64, body: &str) -> Entry {
    Entry::Document { tenant: tenant(), collection: "agents".to_owned(), key: key.to_owned(), expected, body: Some(body.to_owned()) }
}

fn remove(key: &str, expected: u64) -> Entry {
    Entry::Document { tenant: tenant(), collection: "agents".to_owned(), key: key.to_owned(), expected, body: None }
}

fn keys(store: &Store, wanted: &DocumentRange<'_>) -> Vec<String> {
    store.documents(&tenant(), wanted, 9).unwrap().into_iter().map(|row| row.key).collect()
}

fn get(store: &Store, key: &str) -> Option<(u64, String)> {
    store.document(&tenant(), "agents", key).unwrap().map(|row| (row.version, row.body))
}

#[test]
fn of_two_writers_one_is_stale() {
    let store = Store::in_memory(Faults::default());
    store.commit(put("a", 0, "1")).wait().unwrap();
    assert_eq!(stale(store.commit(put("a", 0, "2")).wait()), (0, 1));
    store.commit(put("a", 1, "2")).wait().unwrap();
    assert_eq!(get(&store, "a"), Some((2, "2".to_owned())));
    store.commit(remove("a", 2)).wait().unwrap();
    assert_eq!(get(&store, "a"), None);
    assert_eq!(stale(store.commit(remove("a", 2)).wait()), (2, 0));
    store.commit(put("a", 0, "3")).wait().unwrap();
    assert_eq!(get(&store, "a"), Some((1, "3".to_owned())));
}

#[test]
fn several_entries_are_one() {
    let store = Store::in_memory(Faults::default());
    store.commit(put("a", 0, "1")).wait().unwrap();
    assert_eq!(stale(store.commit_all(vec![put("b", 0, "1"), put("a", 0, "2")]).wait()), (0, 1));
    assert_eq!(get(&store, "b"), None, "nothing of a refused commit is there");
    store.commit_all(vec![put("b", 0, "1"), put("b", 1, "2"), put("a", 1, "2")]).wait().unwrap();
    assert_eq!((get(&store, "a"), get(&store, "b")), (Some((2, "2".to_owned())), Some((2, "2".to_owned()))));
}

#[test]
fn a_range_goes_both_ways_and_stays_in_its_collection() {
    let store = Store::in_memory(Faults::default());
    store.commit_all(["a1", "a2", "a3", "b1"].map(|key| put(key, 0, "{}")).to_vec()).wait().unwrap();
    let other = Entry::Document { tenant: tenant(), collection: "agentsx".into(), key: "a9".into(), expected: 0, body: Some("1".into()) };
    let foreign =
        Entry::Document { tenant: Tenant::new("b"), collection: "agents".into(), key: "a9".into(), expected: 0, body: Some("1".into()) };
    store.commit_all(vec![other, foreign]).wait().unwrap();
    let range = DocumentRange { collection: "agents", prefix: "a", ..DocumentRange::default() };
    assert_eq!(keys(&store, &range), ["a1", "a2", "a3"]);
    assert_eq!(keys(&store, &DocumentRange { after: Some("a1"), ..range }), ["a2", "a3"]);
    assert_eq!(keys(&store, &DocumentRange { after: Some("a3"), ..range }), [""; 0]);
    assert_eq!(keys(&store, &DocumentRange { descending: true, ..range }), ["a3", "a2", "a1"]);
    assert_eq!(keys(&store, &DocumentRange { after: Some("a3"), descending: true, ..range }), ["a2", "a1"]);
    assert_eq!(keys(&store, &DocumentRange { prefix: "", ..range }), ["a1", "a2", "a3", "b1"]);
}

#[test]
fn documents_of_any_size_survive_a_restart_and_a_rebuild() {
    let disk = MemoryDisk::new(Faults::default());
    let large = format!("\"{}\"", "x".repeat(100_000));
    let store = Store::open_memory(&disk).unwrap();
    store.commit_all(vec![put("small", 0, "1"), put("large", 0, &large), put("gone", 0, "1")]).wait().unwrap();
    store.commit(remove("gone", 1)).wait().unwrap();
    store.close().unwrap();
    let store = Store::open_memory(&disk).unwrap();
    assert_eq!(get(&store, "small"), Some((1, "1".to_owned())));
    assert_eq!(get(&store, "large"), Some((1, large)));
    assert_eq!(get(&store, "gone"), None);
    assert_eq!(stale(store.commit(put("small", 0, "2")).wait()), (0, 1), "versions are known after a restart");
}

/// What a feed gives, as keys of documents.
fn fed(feed: &mut crate::store::Feed, frames_max: usize) -> Vec<String> {
    let frames = feed.read(frames_max, usize::MAX).unwrap();
    let records = frames.into_iter().flat_map(|frame| frame.records);
    records.map(|record| if let Record::Document(document) = record { document.key } else { String::new() }).collect()
}

#[test]
fn a_feed_gives_every_commit_once_over_segments_and_restarts() {
    let disk = MemoryDisk::new(Faults::default());
    let store = Store::open_memory(&disk).unwrap();
    let bulk = format!("\"{}\"", "x".repeat(30_000));
    let mut feed = store.feed(Position(0));
    assert_eq!(fed(&mut feed, 9), [""; 0]);
    let expected: Vec<String> = (0..40).map(|number| format!("k{number:02}")).collect();
    for key in &expected {
        store.commit(put(key, 0, &bulk)).wait().unwrap();
    }
    store.summary(&tenant(), execution(1)).unwrap();
    assert_eq!(fed(&mut feed, 3), expected[..3], "as many as asked for");
    let mut seen = fed(&mut feed, 99);
    assert_eq!(seen, expected[3..], "over {} segments", 40 * 30 / 64);
    assert_eq!(fed(&mut feed, 9), [""; 0]);
    let position = feed.position();
    drop(feed);
    store.close().unwrap();
    let store = Store::open_memory(&disk).unwrap();
    store.commit(put("late", 0, "1")).wait().unwrap();
    store.summary(&tenant(), execution(1)).unwrap();
    assert_eq!(fed(&mut store.feed(position), 9), ["late"]);
    seen = fed(&mut store.feed(Position(20)), 99);
    assert_eq!(seen.first().map(String::as_str), Some("k20"));
}

#[tokio::test]
async fn a_feed_wakes_whoever_waits() {
    let store = Store::in_memory(Faults::default());
    let mut feed = store.feed(Position(0));
    let writer = store.clone();
    let waiting = tokio::spawn(async move {
        feed.grown().await;
        fed(&mut feed, 9)
    });
    writer.commit(put("a", 0, "1")).await.unwrap();
    assert_eq!(waiting.await.unwrap(), ["a"]);
}

#[test]
fn compaction_gives_back_what_was_written_again_or_removed() {
    let (dir, mut options) = maintenance::many_segments();
    // From here on, so that they have more than a block or two.
    (options.sizes.segment_bytes_min, options.sizes.segment_bytes_max) = (32 << 10, 32 << 10);
    let store = Store::open(&options).unwrap();
    let commit = |entry| store.commit(entry).wait().unwrap();
    let body = |name: &str, version: u64| format!("{name} {version} {}", "x".repeat(2_000));
    commit(put("stays", 0, &body("stays", 1)));
    commit(put("returns", 0, &body("returns", 1)));
    commit(remove("returns", 1));
    let late = |number: usize| format!("late {number}");
    for number in 0..200 {
        commit(put(&late(number), 0, &"x".repeat(500)));
    }
    for version in 0..40 {
        commit(put("changes", version, &body("changes", version + 1)));
        let goes = format!("goes {version}");
        commit(put(&goes, 0, &body(&goes, 1)));
        commit(remove(&goes, 1));
    }
    commit(put("returns", 0, &body("returns again", 1)));
    // Whole segments of nothing else.
    for number in 0..200 {
        commit(remove(&late(number), 1));
    }
    // None of these is in the newest segment any more, which stays as it is.
    for seq in 0..20 {
        let (tenant, execution, at) = (tenant(), execution(0), TimeMs(1));
        commit(Entry::Execution { tenant, execution, expected_seq: 6 + seq, at, events: vec![large(4_000)], summary: None });
    }
    store.close().unwrap();
    let report = compact(&options, all_is_read).unwrap().log;
    // But for those that share a segment with as much that stays, or a block of it.
    let dead = 39 + 2 * 40 + 2 + 2 * 200;
    assert!((dead / 2..=dead).contains(&report.records_dropped), "{report:?}");
    assert!(check(dir.path()).unwrap().sound);
    let log: Vec<u8> = segments(dir.path()).iter().flat_map(|path| std::fs::read(path).unwrap()).collect();
    let holds = |text: &str| log.windows(text.len()).any(|window| window == text.as_bytes());
    let left: Vec<&str> = ["changes 40 ", "changes 20 ", "goes 7 ", "late 100"].into_iter().filter(|text| holds(text)).collect();
    assert_eq!(left, ["changes 40 "]);
    let store = Store::open(&options).unwrap();
    let kept = [("stays", "stays", 1), ("changes", "changes", 40), ("returns", "returns again", 1)];
    for (key, name, version) in kept {
        assert_eq!(get(&store, key), Some((version, body(name, version))));
    }
    assert_eq!(keys(&store, &DocumentRange { collection: "agents", ..DocumentRange::default() }), ["changes", "returns", "stays"]);
    store.close().unwrap();
    assert_eq!(compact(&options, all_is_read).unwrap().log.records_dropped, 0, "nothing is left to drop");
    Store::open(&options).unwrap().commit(put("changes", 40, "next")).wait().unwrap();
}
