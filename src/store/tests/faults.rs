//! Planned faults: what was acknowledged survives a power cut, whatever was torn or failed, and nothing else appears.

use proptest::prelude::*;

use super::*;
use crate::store::{Chain, CommitError, Faults, MemoryDisk, Unsynced};

/// How many events of each execution had been acknowledged, and how many had been handed over.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    acknowledged: u64,
    handed: u64,
}

/// Writes until something fails; `known` grows with what was handed over and acknowledged.
fn write(store: &Store, known: &mut [Known], steps: &[(usize, u64)]) {
    let mut pending = Vec::new();
    for (index, count) in steps {
        let number = *index % known.len();
        let seq = known[number].handed;
        let first = (seq == 0).then(|| summary(Status::Running));
        pending.push((number, seq + count, store.commit(turn(number as u64, seq, *count, first))));
        known[number].handed += count;
        // Answers are awaited in groups, so that commits hold one entry or many.
        if pending.len() as u64 > seq % 5 && !settle(known, &mut pending) {
            return;
        }
    }
    settle(known, &mut pending);
}

fn settle(known: &mut [Known], pending: &mut Vec<(usize, u64, crate::store::Pending<Position>)>) -> bool {
    let mut alive = true;
    for (number, next, pending) in pending.drain(..) {
        match pending.wait() {
            Ok(_) => known[number].acknowledged = next,
            Err(_) => alive = false,
        }
    }
    alive
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Commit, cut the power or fail a sync, open again; several times over.
    #[test]
    fn acknowledged_turns_survive_and_no_others_appear(
        lives in prop::collection::vec(
            (
                prop::collection::vec((0_usize..4, 1_u64..4), 1..60),
                prop::option::of(1_u64..80),
                prop_oneof![Just(Unsynced::Lost), Just(Unsynced::Torn), Just(Unsynced::Kept)],
                any::<u64>(),
            ),
            1..6,
        )
    ) {
        let mut disk = MemoryDisk::new(Faults::default());
        let mut known = [Known::default(); 4];
        for (steps, fail_sync, unsynced, seed) in lives {
            let store = Store::open_memory(&disk).unwrap();
            disk.set_faults(Faults { fail_sync, unsynced, ..Faults::default() });
            write(&store, &mut known, &steps);
            disk = disk.crash(seed, Faults::default());
            drop(store);

            let store = Store::open_memory(&disk).unwrap();
            for (number, known) in known.iter_mut().enumerate() {
                let found = seqs(&store, number as u64).len() as u64;
                prop_assert!(found >= known.acknowledged, "{} acknowledged, {found} found", known.acknowledged);
                prop_assert!(found <= known.handed, "{} handed over, {found} found", known.handed);
                *known = Known { acknowledged: found, handed: found };
            }
            disk = disk.crash(seed, Faults::default());
            drop(store);
        }
    }
}

#[test]
fn a_failed_sync_stops_the_store_and_acknowledges_nothing_more() {
    let store = Store::in_memory(Faults { fail_sync: Some(3), ..Faults::default() });
    let results: Vec<_> = (0..6).map(|number| store.commit(turn(number, 0, 1, Some(summary(Status::Running)))).wait()).collect();
    let acknowledged = results.iter().filter(|result| result.is_ok()).count();
    assert!((1..3).contains(&acknowledged), "{results:?}");
    assert!(results[acknowledged..].iter().all(|result| matches!(result, Err(CommitError::Stopped(_)))), "{results:?}");
    assert!(store.close().is_err(), "it must not be marked as cleanly closed");
}

#[test]
fn a_full_disk_refuses_starts_first_and_then_everything() {
    let store = Store::in_memory(Faults { capacity_bytes: Some(1 << 20), ..Faults::default() });
    start(&store, 1, summary(Status::Running));
    let fill = |number: u64, seq: u64, summary: Option<Summary>| {
        let (tenant, at, events) = (tenant(), TimeMs(1), vec![large(20_000)]);
        store.commit(Entry::Execution { tenant, execution: execution(number), expected_seq: seq, at, events, summary }).wait()
    };
    let mut refused_at = None;
    let mut seq = 2;
    let end = loop {
        match fill(1, seq, None) {
            Ok(_) => seq += 1,
            Err(error) => break error,
        }
        if refused_at.is_none() {
            // Preparation happens on another thread; give it the chance to fail.
            std::thread::sleep(std::time::Duration::from_millis(2));
            match fill(1_000 + seq, 0, Some(summary(Status::Running))) {
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error, CommitError::Full);
                    refused_at = Some(seq);
                }
            }
        }
        assert!(seq < 1_000, "a disk of 1 MiB never filled");
    };
    assert_eq!(end, CommitError::Full);
    let refused_at = refused_at.expect("starts are refused before the end");
    assert!(seq > refused_at, "outcomes still fit when starts do not: {refused_at}, {seq}");
    assert_eq!(store.events(&tenant(), execution(1), 0, usize::MAX).unwrap().len() as u64, seq, "reads go on");
    store.close().unwrap();
}

#[test]
fn what_rests_on_a_refused_commit_is_refused_although_its_number_fits() {
    let store = Store::in_memory(Faults::default());
    store.commit(turn(1, 0, 1, Some(summary(Status::Running)))).wait().unwrap();
    // Two have read one event. The first to write is faster, and writes as many events as the other's first commit has.
    let (faster, slower) = (Chain::default(), Chain::default());
    store.commit_in(&faster, vec![turn(1, 1, 2, None)]).wait().unwrap();
    let first = store.commit_in(&slower, vec![turn(1, 1, 2, None)]);
    let second = store.commit_in(&slower, vec![turn(1, 3, 1, None)]);
    assert!(matches!(first.wait(), Err(CommitError::Stale { expected: 1, found: 3 })));
    assert!(matches!(second.wait(), Err(CommitError::Stale { .. })), "it was decided on events that never were");
    store.commit_in(&faster, vec![turn(1, 3, 1, None)]).wait().unwrap();
}
