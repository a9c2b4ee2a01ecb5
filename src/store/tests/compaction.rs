//! Compaction of a store that is used: what is left of the log gives the same view, row for row, statistics of what was purged too; at any
//! moment at which the power may go.

use std::collections::BTreeMap;

use super::stats::answered;
use super::*;
use crate::machine::question::Verdict;
use crate::store::applier::Records;
use crate::store::check::{Reading, read_log};
use crate::store::disk::Disk as _;
use crate::store::log::{frame, recover, segment};
use crate::store::sums::Sums;
use crate::store::value::Extract;
use crate::store::{Error, Faults, MemoryDisk, StatsFilter, Stepped, Unsynced, scan};

/// Small, so that a few hundred records fill several.
const SIZES: Sizes = Sizes { segment_bytes_min: 8 << 10, segment_bytes_max: 32 << 10, free_bytes_low: 0, free_bytes_stop: 0 };
const EXECUTIONS: u64 = 30;
const DOCUMENTS: u64 = 12;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A store, and what must be done to change it further.
struct Used {
    disk: MemoryDisk,
    stepped: Stepped,
    /// The next event of each execution that there is, and its summary.
    executions: BTreeMap<u64, (u64, Summary)>,
    documents: BTreeMap<u64, u64>,
}

impl Used {
    fn new() -> Self {
        let disk = MemoryDisk::new(Faults::default());
        let stepped = Stepped::open(&disk, SIZES).unwrap();
        Self { disk, stepped, executions: BTreeMap::new(), documents: BTreeMap::new() }
    }

    /// Something that people and the server do; what it commits.
    fn entry(&mut self, random: &mut Random) -> Entry {
        let tenant = tenant();
        if random.below(4) == 0 {
            let number = random.below(DOCUMENTS);
            let (collection, key) = ("agents".to_owned(), format!("agent {number}"));
            let expected = self.documents.remove(&number).unwrap_or(0);
            if expected > 0 && random.below(3) == 0 {
                return Entry::Document { tenant, collection, key, expected, body: None };
            }
            self.documents.insert(number, expected + 1);
            // Some stay in the log, and the view says where.
            let length = if random.below(8) == 0 { 40_000 } else { random.below(900) };
            let body = format!("{expected}{}", "x".repeat(usize::try_from(length).unwrap()));
            return Entry::Document { tenant, collection, key, expected, body: Some(body) };
        }
        let number = random.below(EXECUTIONS);
        let execution = execution(number);
        let Some((next_seq, before)) = self.executions.get_mut(&number) else {
            // Its id may have been another's, which was purged.
            let mut begun = summary(Status::Running);
            (begun.flow, begun.revision) =
                (["refund", "mail"][usize::from(number % 2 == 1)].to_owned(), 1 + u32::try_from(random.below(2)).unwrap());
            self.executions.insert(number, (2, begun.clone()));
            return turn(number, 0, 2, Some(begun));
        };
        if before.status.is_final() {
            self.executions.remove(&number);
            return Entry::Purge { tenant, execution };
        }
        let (mut events, mut changed) = (Vec::new(), None);
        match random.below(8) {
            0 => return Entry::Quarantine { tenant, execution, reason: format!("it failed {}", random.below(3)) },
            1 => return Entry::Release { tenant, execution },
            2 if before.waiting_for.is_empty() => {
                before.waiting_for = vec![waiting(number, 3_000 + *next_seq)];
                events.push(event(*next_seq));
                changed = Some(before.clone());
            }
            3 | 4 => {
                before.status = if random.below(2) == 0 { Status::Completed } else { Status::Failed };
                (before.owed, before.cost) = (false, NanoUsd(before.cost.0 + random.below(100)));
                before.ended_at = Some(TimeMs(1_000 + random.below(5_000)));
                before.waiting_for.clear();
                events.push(event(*next_seq));
                changed = Some(before.clone());
            }
            5 if !before.waiting_for.is_empty() => {
                before.waiting_for.clear();
                events.push(answered(number, if random.below(2) == 0 { Verdict::Approve } else { Verdict::Reject }));
                changed = Some(before.clone());
            }
            _ => events.extend([large(usize::try_from(random.below(1_500)).unwrap()), event(*next_seq + 1)]),
        }
        let expected_seq = *next_seq;
        *next_seq += events.len() as u64;
        Entry::Execution { tenant, execution, expected_seq, at: TimeMs(2_000 + expected_seq), events, summary: changed }
    }

    fn settle(&mut self) {
        while self.stepped.commit().unwrap() {
            self.stepped.apply_all().unwrap();
        }
        self.stepped.apply_all().unwrap();
    }

    /// So many changes, some of them in one commit.
    fn go_on(&mut self, random: &mut Random, changes: usize) {
        for _ in 0..changes {
            let entry = self.entry(random);
            let committed = self.stepped.store().commit(entry);
            if random.below(3) == 0 {
                self.settle();
                drop(committed);
            }
        }
        self.settle();
    }

    fn sums(&self) -> Sums {
        scan::sums(self.stepped.store().inner.view.as_ref()).unwrap()
    }

    /// The power goes, and the view is made again from what the log holds then.
    fn restart(&mut self, unsynced: Unsynced, seed: u64) {
        self.disk.set_faults(Faults { unsynced, ..Faults::default() });
        self.disk = self.disk.crash(seed, Faults::default());
        self.stepped = Stepped::open(&self.disk, SIZES).unwrap();
    }

    /// Every journal and document can be read, and nothing that was purged is there.
    fn is_whole(&self) {
        let store = self.stepped.store();
        for number in 0..EXECUTIONS {
            let events = store.events(&tenant(), execution(number), 0, usize::MAX).unwrap();
            let expected = self.executions.get(&number);
            assert_eq!(events.len() as u64, expected.map_or(0, |(next_seq, _)| *next_seq), "execution {number}");
            assert_eq!(store.summary(&tenant(), execution(number)).unwrap().as_ref(), expected.map(|(_, summary)| summary));
        }
        for number in 0..DOCUMENTS {
            let found = store.document(&tenant(), "agents", &format!("agent {number}")).unwrap();
            assert_eq!(found.map_or(0, |row| row.version), self.documents.get(&number).copied().unwrap_or(0), "document {number}");
        }
    }
}

#[test]
fn what_is_left_of_the_log_gives_the_same_view() {
    let mut dropped = 0;
    for seed in 0..40 {
        let (mut random, mut used) = (Random(seed), Used::new());
        for _ in 0..4 {
            used.go_on(&mut random, 200);
            let before = used.sums();
            let report = used.stepped.compact().unwrap();
            dropped += report.records_dropped;
            assert_eq!(report.segments_rewritten > 0, report.bytes_freed > 0);
            // The view has the sums of what was purged in a document more.
            let after = used.sums();
            used.restart(Unsynced::Lost, seed);
            assert_eq!(used.sums(), after, "seed {seed}");
            for (kind, sum) in &before.0 {
                assert!(*kind == crate::store::RowKind::Document || after.0.get(kind) == Some(sum), "seed {seed}: {kind:?} has changed");
            }
            used.is_whole();
        }
    }
    assert!(dropped > 2_000, "{dropped}");
}

/// Every write, every change of a name, and every reading fails once, with all that follows; then the power goes.
#[test]
fn a_round_that_is_cut_short_anywhere_loses_nothing() {
    let kinds: [fn(u64) -> Faults; 4] = [
        |at| Faults { fail_write: Some(at), ..Faults::default() },
        |at| Faults { fail_sync: Some(at), ..Faults::default() },
        |at| Faults { fail_names: Some(at), ..Faults::default() },
        |at| Faults { fail_read: Some(at), ..Faults::default() },
    ];
    let mut cut = 0;
    for (kind, faults) in kinds.iter().enumerate() {
        for at in 1..40 {
            let seed = at * 4 + kind as u64;
            let (mut random, mut used) = (Random(seed), Used::new());
            used.go_on(&mut random, 250);
            used.disk.set_faults(faults(at));
            let outcome = used.stepped.compact();
            let view = used.sums();
            used.restart([Unsynced::Lost, Unsynced::Torn, Unsynced::Kept][usize::try_from(at).unwrap() % 3], seed);
            let rebuilt = used.sums();
            for (kind, sum) in &view.0 {
                // Whether the sums of what was purged had become durable, nobody was told.
                assert!(*kind == crate::store::RowKind::Document || rebuilt.0.get(kind) == Some(sum), "seed {seed}: {kind:?}");
            }
            used.is_whole();
            if outcome.is_err() {
                cut += 1;
                used.go_on(&mut random, 50);
                used.stepped.compact().unwrap();
                used.is_whole();
            }
        }
    }
    assert!(cut > 40, "{cut}");
}

#[test]
fn a_second_round_finds_nothing_and_a_round_can_be_ended() {
    let mut used = Used::new();
    used.go_on(&mut Random(7), 600);
    assert!(used.stepped.compact().unwrap().records_dropped > 0);
    assert_eq!(used.stepped.compact().unwrap().records_dropped, 0);

    let store = Store::open_memory(&MemoryDisk::new(Faults::default())).unwrap();
    for number in 0..60 {
        start(&store, number, summary(Status::Running));
        let at = TimeMs(1);
        let (tenant, execution) = (tenant(), execution(number));
        let (events, done) = (vec![large(30_000)], Some(summary(Status::Completed)));
        store.commit(Entry::Execution { tenant: tenant.clone(), execution, expected_seq: 2, at, events, summary: done }).wait().unwrap();
        store.commit(Entry::Purge { tenant, execution }).wait().unwrap();
    }
    assert_eq!(store.summary(&tenant(), execution(59)).unwrap(), None, "the view has it all");
    assert!(store.meters().buried_bytes() > 60 * 30_000);
    assert!(store.is_worth_compacting().unwrap(), "the first round of a process begins early");
    let mut segments = 0;
    let ended = store.compact(Position(u64::MAX), |_| {
        segments += 1;
        segments < 3
    });
    assert_eq!((ended.unwrap().segments_rewritten, segments), (0, 3));
    assert!(store.is_worth_compacting().unwrap(), "nothing was given back");
    let report = store.compact(Position(u64::MAX), |_| true).unwrap();
    assert!(report.bytes_freed > 20 * 30_000, "{report:?}");
    assert!(!store.is_worth_compacting().unwrap());
    let stats = store.stats(&tenant(), &StatsFilter::default()).unwrap();
    assert_eq!(stats.iter().map(|(_, stats)| stats.completed).sum::<u64>(), 60);
}

/// Starts, ends and purges `numbers`, each with a large event.
fn come_and_go(store: &Store, numbers: std::ops::Range<u64>) {
    for number in numbers {
        ended(store, number);
        store.commit(Entry::Purge { tenant: tenant(), execution: execution(number) }).wait().unwrap();
    }
}

fn ended(store: &Store, number: u64) {
    start(store, number, summary(Status::Running));
    let (tenant, execution, at) = (tenant(), execution(number), TimeMs(1));
    let (events, done) = (vec![large(4_000)], Some(summary(Status::Completed)));
    store.commit(Entry::Execution { tenant, execution, expected_seq: 2, at, events, summary: done }).wait().unwrap();
}

/// Webhooks and mails that are behind would miss what happened.
#[test]
fn what_somebody_has_not_read_yet_stays() {
    let store = Store::open_memory(&MemoryDisk::new(Faults::default())).unwrap();
    let mut feed = store.feed(Position(0)).kept();
    come_and_go(&store, 0..60);
    store.view().unwrap();
    let all = store.position();
    let compact = |until| store.compact(until, |_| true).unwrap().segments_rewritten;
    assert_eq!(compact(all), 0, "a feed is at the beginning");
    assert_eq!(store.meters().compactions(), 0, "that was no round over everything");
    let mut read = Vec::new();
    while feed.position() < all {
        read.extend(feed.read(usize::MAX, usize::MAX).unwrap());
    }
    let ended = |fed: &&crate::store::Fed| format!("{:?}", fed.records).contains("Completed");
    assert_eq!(read.iter().filter(ended).count(), 60);
    assert_eq!(compact(Position(0)), 0, "who was told is at the beginning");
    assert!(compact(all) > 0);
    let begins_later = store.feed(Position(0)).read(1, 1).unwrap();
    assert!(begins_later[0].records.is_empty(), "what nobody had to read any more is gone: {begins_later:?}");
}

/// The first time that a record is asked for, its execution is purged and the log compacted before the answer.
struct PurgedMeanwhile<'a> {
    store: &'a Store,
    asked: std::sync::atomic::AtomicBool,
    then: fn(&Store),
}

impl Records for PurgedMeanwhile<'_> {
    fn extract(&self, extract: &Extract) -> Result<Vec<u8>, Error> {
        if !self.asked.swap(true, std::sync::atomic::Ordering::Relaxed) {
            self.store.commit(Entry::Purge { tenant: tenant(), execution: execution(1) }).wait().unwrap();
            (self.then)(self.store);
            let report = self.store.compact(Position(u64::MAX), |_| true).unwrap();
            assert!(report.segments_rewritten > 0, "{report:?}");
        }
        self.store.inner.records.extract(extract)
    }
}

#[test]
fn who_reads_what_is_purged_and_compacted_meanwhile_finds_no_damage() {
    let again = |store: &Store| assert!(start(store, 1, summary(Status::Running)) > Position(0));
    for (then, expected) in [((|_| ()) as fn(&Store), 0), (again, 2)] {
        let store = Store::open_memory(&MemoryDisk::new(Faults::default())).unwrap();
        ended(&store, 1);
        come_and_go(&store, 100..150);
        assert_eq!(store.events(&tenant(), execution(1), 0, 9).unwrap().len(), 3);
        let records = PurgedMeanwhile { store: &store, asked: false.into(), then };
        let view = store.inner.view.as_ref();
        let found = crate::store::read::events(view, &records, None, &tenant(), execution(1), 0, 9).unwrap();
        assert_eq!(found.len(), expected, "nothing of it is left, and another by its id is found");
    }
}

/// What cannot be read is damage, whatever the view says of what is behind it.
#[test]
fn a_damaged_segment_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let store = Store::open(&options).unwrap();
    come_and_go(&store, 0..60);
    let first = recovery::segments(dir.path()).remove(0);
    let mut bytes = std::fs::read(&first).unwrap();
    bytes[30_000] ^= 1;
    std::fs::write(&first, &bytes).unwrap();
    let compacted = store.compact(Position(u64::MAX), |_| true);
    assert!(matches!(compacted, Err(Error::Damaged { .. })), "{compacted:?}");
    assert_eq!(std::fs::read(&first).unwrap(), bytes);
}

/// A bit of the head of a hole, or of a record: whose events cannot be read is named, and behind a hole nobody's are lost.
#[test]
fn a_bit_of_a_segment_with_holes_costs_nobody_who_is_not_named() {
    let (mut heads, mut lost) = (0, 0);
    for seed in 0..6 {
        let (mut random, mut used) = (Random(seed), Used::new());
        used.go_on(&mut random, 300);
        assert!(used.stepped.compact().unwrap().segments_rewritten > 0);
        let id = recover::read_identity(&used.disk).unwrap().unwrap().id;
        for name in used.disk.names().unwrap().into_iter().filter(|name| segment::number(name).is_some()) {
            let file = used.disk.open(&name).unwrap();
            let mut bytes = vec![0; usize::try_from(file.size().unwrap()).unwrap()];
            file.read_at(&mut bytes, 0).unwrap();
            let used_bytes = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
            let is_hole = |at: &usize| bytes[*at..].first_chunk().copied().and_then(frame::zeros).is_some();
            let holes: Vec<usize> = (segment::HEADER_LENGTH..used_bytes).filter(is_hole).collect();
            let elsewhere = (0..if holes.is_empty() { 0 } else { 40 }).map(|_| (segment::HEADER_LENGTH..used_bytes).len() as u64);
            let elsewhere: Vec<usize> =
                elsewhere.map(|used| segment::HEADER_LENGTH + usize::try_from(random.below(used)).unwrap()).collect();
            for (place, in_hole) in holes.iter().map(|at| (*at, true)).chain(elsewhere.into_iter().map(|at| (at, false))) {
                let place = place + if in_hole { usize::try_from(random.below(8)).unwrap() } else { 0 };
                let harmed = bytes[place] ^ 1 << random.below(8);
                file.write_at(&[harmed], place as u64).unwrap();
                let mut log = read_log(&used.disk, id, Reading::Whole).unwrap();
                log.judge_ends(None);
                for (number, (next_seq, _)) in &used.executions {
                    let found = log.next_seq(&tenant(), execution(*number));
                    assert!(found == *next_seq || !in_hole, "seed {seed}, {name} at {place}: execution {number} is cut");
                    // Whose name in its only turn is harmed has none.
                    let is_named = found == 0 || log.losses.contains_key(&(tenant(), execution(*number)));
                    assert!(found == *next_seq || is_named, "seed {seed}, {name} at {place}: {found} of {next_seq} events of {number}");
                    lost += usize::from(found != *next_seq);
                }
                heads += usize::from(in_hole);
                file.write_at(&bytes[place..=place], place as u64).unwrap();
            }
        }
    }
    assert!(heads > 30 && lost > 10, "{heads} heads of holes, {lost} journals cut");
}

/// sled comes back as it was before the purges: a view that would look for turns which have left the log. Its checkpoint says that it is too old.
#[test]
fn a_view_from_before_a_compaction_is_not_used() {
    let (dir, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options = options(dir.path());
    let store = Store::open(&options).unwrap();
    for number in 0..60 {
        ended(&store, number);
    }
    store.close().unwrap();
    let copy = |from: &Path, to: &Path| {
        std::fs::create_dir_all(to).unwrap();
        assert!(std::process::Command::new("cp").arg("-r").arg(from.join(".")).arg(to).status().unwrap().success());
    };
    copy(&dir.path().join("view"), &old.path().join("view"));
    let store = Store::open(&options).unwrap();
    for number in 0..59 {
        store.commit(Entry::Purge { tenant: tenant(), execution: execution(number) }).wait().unwrap();
    }
    assert!(store.compact(Position(u64::MAX), |_| true).unwrap().segments_rewritten > 0);
    // As after SIGKILL.
    let killed = tempfile::tempdir().unwrap();
    copy(dir.path(), killed.path());
    std::fs::remove_dir_all(killed.path().join("view")).unwrap();
    copy(&old.path().join("view"), &killed.path().join("view"));
    let again = Store::open(&super::options(killed.path())).unwrap();
    assert!(again.rebuilt().is_some());
    for number in 0..60 {
        let left = again.events(&tenant(), execution(number), 0, 9).unwrap().len();
        assert_eq!(left, if number == 59 { 3 } else { 0 });
    }
    let stats = again.stats(&tenant(), &StatsFilter::default()).unwrap();
    assert_eq!(stats.iter().map(|(_, stats)| stats.completed).sum::<u64>(), 60);
}

/// A program that does not know what a later one wrote leaves it alone, also when it is asked to repair.
#[test]
fn a_segment_of_a_later_program_is_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    let options = options(dir.path());
    let store = Store::open(&options).unwrap();
    start(&store, 1, summary(Status::Running));
    store.close().unwrap();
    let first = recovery::segments(dir.path()).remove(0);
    let mut bytes = std::fs::read(&first).unwrap();
    bytes[11] = 3;
    let crc = crc32c::crc32c(&bytes[..52]);
    bytes[52..56].copy_from_slice(&crc.to_be_bytes());
    std::fs::write(&first, &bytes).unwrap();
    let newer = |error: Error| assert!(matches!(error, Error::Newer { found: 3, known: 2, .. }), "{error}");
    newer(Store::open(&options).map(drop).unwrap_err());
    newer(crate::store::check(dir.path()).map(drop).unwrap_err());
    newer(crate::store::rebuild(&options, crate::store::OnDamage::Quarantine).map(drop).unwrap_err());
}
