//! Check, rebuild, backup and restore, compaction.

use super::recovery::{closed, flip, is_intact, segment, segments};
use super::*;
use crate::store::{Error, OnDamage, ViewState, backup, check, compact, info, rebuild, restore, scan};

/// Offset of the first byte of `needle` in the file.
fn find(path: &Path, needle: &str) -> usize {
    let bytes = std::fs::read(path).unwrap();
    bytes.windows(needle.len()).position(|window| window == needle.as_bytes()).unwrap()
}

#[test]
fn a_sound_store_is_found_sound() {
    let dir = closed();
    let report = check(dir.path()).unwrap();
    assert!(report.sound && report.damage.is_empty() && report.losses.is_empty() && !report.torn_tail);
    assert_eq!(report.view, ViewState::Sound);
    assert_eq!(report.records[&crate::journal::Kind::Execution].count, 10);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["records"]["execution"]["count"], 10);
    let info = info(dir.path()).unwrap();
    assert!(info.clean && info.position == report.position && info.segments == 1);
    assert_eq!(info.checkpoint.unwrap().unfinished_executions, 5);
}

#[test]
fn a_check_names_the_execution_and_the_loss_and_changes_nothing() {
    let dir = closed();
    // Inside the second turn of execution 3.
    let place = find(&segment(dir.path()), &format!("{}\",\"first_seq\":2", execution(3))) + 80;
    flip(&segment(dir.path()), place);
    for _ in 0..2 {
        let report = check(dir.path()).unwrap();
        assert!(!report.sound);
        assert_eq!(report.damage.len(), 1, "{:?}", report.damage);
        let lost: Vec<_> = report.losses.iter().map(|loss| (loss.execution, loss.what.as_str())).collect();
        assert_eq!(lost, [(execution(3), "events 2 to 4 are missing")]);
    }
    assert!(matches!(Store::open(&options(dir.path())).map(drop), Err(Error::Damaged { .. })));
}

#[test]
fn a_rebuild_goes_on_without_what_is_lost_only_when_asked_to() {
    let dir = closed();
    let place = find(&segment(dir.path()), &format!("{}\",\"first_seq\":2", execution(3))) + 80;
    flip(&segment(dir.path()), place);
    let options = options(dir.path());
    assert!(matches!(rebuild(&options, OnDamage::Refuse), Err(Error::Damaged { .. })));
    let report = rebuild(&options, OnDamage::Quarantine).unwrap();
    assert_eq!(report.quarantined.iter().map(|loss| loss.execution).collect::<Vec<_>>(), [execution(3)]);
    let store = Store::open(&options).unwrap();
    assert!(store.quarantined(&tenant(), execution(3)).unwrap().unwrap().contains("events 2 to 4 are missing"));
    for number in [0, 1, 2, 4] {
        assert_eq!(seqs(&store, number), [0, 1, 2, 3, 4]);
    }
    store.close().unwrap();
    assert!(check(dir.path()).unwrap().sound);
}

/// Its journal ends where the checkpoint says: only the numbers tell what is missing before.
#[test]
fn a_gap_within_a_journal_is_named_by_a_check_and_by_a_rebuild() {
    let dir = closed();
    let options = options(dir.path());
    let store = Store::open(&options).unwrap();
    store.commit(turn(3, 5, 2, None)).wait().unwrap();
    store.close().unwrap();
    let log = segment(dir.path());
    flip(&log, find(&log, &format!("{}\",\"first_seq\":2", execution(3))) + 80);
    let checked = check(dir.path()).unwrap().losses;
    assert_eq!(checked.iter().map(|loss| loss.what.as_str()).collect::<Vec<_>>(), ["events 2 to 4 are missing"]);
    assert_eq!(rebuild(&options, OnDamage::Quarantine).unwrap().quarantined, checked);
}

/// Killed after the repair: nothing shows the damage any more, but the next opening knows.
#[test]
fn a_rebuild_that_was_cut_short_still_sets_aside_what_lost_something() {
    let dir = closed();
    let losses = [crate::store::Loss { tenant: tenant(), execution: execution(3), what: "events 5 to 9 are missing".to_owned() }];
    let bytes = crate::store::small::encode(&losses).unwrap();
    std::fs::write(dir.path().join("losses"), &bytes).unwrap();
    for _ in 0..2 {
        let store = Store::open(&options(dir.path())).unwrap();
        let reason = store.quarantined(&tenant(), execution(3)).unwrap().unwrap();
        assert!(crate::store::has_lost_events(&reason) && reason.contains("events 5 to 9"), "{reason}");
        assert_eq!(store.quarantine(&tenant()).unwrap().iter().filter(|(id, _)| *id == execution(3)).count(), 1);
        store.close().unwrap();
        assert!(!dir.path().join("losses").exists());
    }
    std::fs::write(dir.path().join("losses"), &bytes[..bytes.len() - 1]).unwrap();
    assert!(matches!(Store::open(&options(dir.path())).map(drop), Err(Error::Damaged { .. })));
}

/// What is left of it says that it runs, so going on would do again what it had done.
#[test]
fn what_ended_in_frames_that_cannot_be_read_is_set_aside() {
    for has_checkpoint in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let options = options(dir.path());
        let store = Store::open(&options).unwrap();
        start(&store, 1, summary(Status::Running));
        start(&store, 2, summary(Status::Running));
        store.commit(turn(1, 2, 1, Some(summary(Status::Completed)))).wait().unwrap();
        store.close().unwrap();
        // The last frame, names and all.
        let log = segment(dir.path());
        let place = find(&log, &format!("{}\",\"first_seq\":2", execution(1)));
        let mut bytes = std::fs::read(&log).unwrap();
        bytes[place - 40..].fill(0);
        std::fs::write(&log, bytes).unwrap();
        if !has_checkpoint {
            std::fs::remove_file(dir.path().join("checkpoint")).unwrap();
        }
        let report = rebuild(&options, OnDamage::Quarantine).unwrap();
        let quarantined: Vec<_> = report.quarantined.iter().map(|loss| loss.execution).collect();
        // Without a checkpoint nobody knows that the other one is whole.
        let expected = if has_checkpoint { vec![execution(1)] } else { vec![execution(1), execution(2)] };
        assert_eq!(quarantined, expected, "{report:?}");
        let reason = Store::open(&options).unwrap().quarantined(&tenant(), execution(1)).unwrap().unwrap();
        assert!(crate::store::has_lost_events(&reason), "{reason}");
    }
}

#[test]
fn a_damaged_header_and_a_missing_segment_are_named_and_survived() {
    let harm: [fn(&Path); 3] = [
        |path| flip(path, 20),
        |path| std::fs::remove_file(path).unwrap(),
        |path| std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(4096 + 700).unwrap(),
    ];
    for (index, harm) in harm.into_iter().enumerate() {
        let (dir, options) = many_segments();
        harm(&segments(dir.path())[2]);
        let report = check(dir.path()).unwrap();
        assert!(!report.sound);
        assert_eq!(report.losses.is_empty(), index == 0, "{:?}", report.losses);
        rebuild(&options, OnDamage::Quarantine).unwrap();
        let store = Store::open(&options).unwrap();
        assert_eq!(store.quarantine(&tenant()).unwrap().is_empty(), index == 0);
        store.commit(turn(77, 0, 1, Some(summary(Status::Running)))).wait().unwrap();
        store.close().unwrap();
        assert!(check(dir.path()).unwrap().sound);
    }
}

/// A store of more than ten small segments.
pub fn many_segments() -> (tempfile::TempDir, Options) {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    (options.sizes.segment_bytes_min, options.sizes.segment_bytes_max) = (8 << 10, 8 << 10);
    let store = Store::open(&options).unwrap();
    for number in 0..40 {
        start(&store, number, summary(Status::Running));
        for seq in 2..6 {
            store.commit(turn(number, seq, 1, None)).wait().unwrap();
        }
    }
    store.close().unwrap();
    assert!(segments(dir.path()).len() > 10);
    (dir, options)
}

#[test]
fn a_backup_restored_equals_its_source() {
    let dir = closed();
    let to = tempfile::tempdir().unwrap();
    let (saved, restored) = (to.path().join("saved"), to.path().join("restored"));
    let report = backup(&options(dir.path()), &saved).unwrap();
    assert!(matches!(backup(&options(dir.path()), &saved), Err(Error::Refused(_))), "a backup is not written over");
    assert_eq!(restore(&saved, &options(&restored)).unwrap(), report);
    let (source, copy) = (Store::open(&options(dir.path())).unwrap(), Store::open(&options(&restored)).unwrap());
    assert_eq!(source.position(), copy.position());
    assert_eq!(scan::sums(source.inner.view.as_ref()).unwrap(), scan::sums(copy.inner.view.as_ref()).unwrap());
    assert!(is_intact(&copy));
    copy.commit(turn(0, 5, 1, None)).wait().unwrap();
}

#[test]
fn a_backup_under_load_holds_what_was_acknowledged_and_a_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    (options.sizes.segment_bytes_min, options.sizes.segment_bytes_max) = (16 << 10, 32 << 10);
    let store = Store::open(&options).unwrap();
    let to = tempfile::tempdir().unwrap();
    let mut reports = Vec::new();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|number| {
                let store = store.clone();
                scope.spawn(move || {
                    start(&store, number, summary(Status::Running));
                    for seq in 2..150 {
                        store.commit(turn(number, seq, 1, None)).wait().unwrap();
                    }
                })
            })
            .collect();
        for round in 0..4 {
            let acknowledged = store.position();
            let report = store.backup(&to.path().join(round.to_string())).unwrap();
            assert!(report.position >= acknowledged);
            reports.push(report);
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        for writer in writers {
            writer.join().unwrap();
        }
    });
    for (round, report) in reports.iter().enumerate() {
        let mut target = options.clone();
        target.dir = to.path().join(format!("restored-{round}"));
        assert_eq!(&restore(&to.path().join(round.to_string()), &target).unwrap(), report);
        let copy = Store::open(&target).unwrap();
        assert_eq!(copy.position(), report.position);
        for number in 0..4 {
            let prefix = seqs(&copy, number);
            assert_eq!(prefix, (0..prefix.len() as u64).collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_damaged_backup_is_refused() {
    let dir = closed();
    let to = tempfile::tempdir().unwrap();
    let saved = to.path().join("saved");
    backup(&options(dir.path()), &saved).unwrap();
    let log = segment(&saved);
    let size = usize::try_from(std::fs::metadata(&log).unwrap().len()).unwrap();
    for (round, place) in [0, 30, 4100, 5000, size - 1].into_iter().enumerate() {
        flip(&log, place);
        let restored = to.path().join(round.to_string());
        assert!(restore(&saved, &options(&restored)).is_err(), "bit flipped at {place}");
        flip(&log, place);
    }
    restore(&saved, &options(&to.path().join("whole"))).unwrap();
}

#[test]
fn compaction_gives_back_what_was_purged() {
    let (dir, mut options) = many_segments();
    (options.sizes.segment_bytes_min, options.sizes.segment_bytes_max) = (32 << 10, 32 << 10);
    let store = Store::open(&options).unwrap();
    let (tenant_of, at) = (tenant(), TimeMs(1));
    for number in 200..240 {
        let (tenant, execution) = (tenant(), execution(number));
        start(&store, number, summary(Status::Running));
        let (events, done) = (vec![large(4_000)], Some(summary(Status::Completed)));
        let ends = Entry::Execution { tenant: tenant.clone(), execution, expected_seq: 2, at, events, summary: done };
        store.commit(ends).wait().unwrap();
        store.commit(Entry::Purge { tenant, execution }).wait().unwrap();
    }
    store.commit(turn(100, 0, 2, Some(summary(Status::Running)))).wait().unwrap();
    let big =
        Entry::Execution { tenant: tenant_of, execution: execution(100), expected_seq: 2, at, events: vec![large(100_000)], summary: None };
    store.commit(big).wait().unwrap();
    for number in 0..40 {
        if number % 8 != 0 {
            store.commit(turn(number, 6, 1, Some(summary(Status::Completed)))).wait().unwrap();
            let (tenant, execution) = (tenant(), execution(number));
            store.commit(Entry::Purge { tenant, execution }).wait().unwrap();
        }
    }
    store.close().unwrap();
    let compact = || compact(&options, all_is_read).unwrap().log;
    let report = compact();
    assert!(report.segments_rewritten > 3 && report.records_dropped > 100 && report.bytes_freed > 30_000, "{report:?}");
    let report = check(dir.path()).unwrap();
    assert!(report.sound && report.view == ViewState::Sound, "{report:?}");
    let store = Store::open(&options).unwrap();
    for number in 0..40 {
        let left = if number % 8 == 0 { vec![0, 1, 2, 3, 4, 5] } else { Vec::new() };
        assert_eq!(seqs(&store, number), left);
    }
    assert_eq!(store.events(&tenant(), execution(100), 2, 1).unwrap()[0].event, large(100_000));
    store.close().unwrap();
    assert_eq!(compact().records_dropped, 0, "nothing is left to drop");
}
