//! Opening what a crash, a bad disk or another version left.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::world::CountingView;
use super::*;
use crate::store::Error;
use crate::store::applier::Applier;
use crate::store::applier::Records as _;
use crate::store::check;
use crate::store::disk::{Disk, RealDisk};
use crate::store::journal_rows::{self, Found};
use crate::store::log::{Reader, recover};
use crate::store::replay::replay;
use crate::store::value;
use crate::store::view::{Order, Range, Row, View, Write};

/// A store that was closed cleanly with a few executions in it.
pub fn closed() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(dir.path())).unwrap();
    fill(&store);
    store.close().unwrap();
    dir
}

pub fn fill(store: &Store) {
    for number in 0..5 {
        start(store, number, summary(Status::Running));
        store.commit(turn(number, 2, 3, Some(summary(Status::WaitingAsync)))).wait().unwrap();
    }
}

pub fn is_intact(store: &Store) -> bool {
    (0..5).all(|number| seqs(store, number) == [0, 1, 2, 3, 4])
        && store.executions(&tenant(), &crate::store::Filter::default(), None, 99).is_ok_and(|found| found.rows.len() == 5)
}

/// Every regular file under `dir`, the lock aside.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.ends_with("lock") {
            found.push(path);
        }
    }
    found.sort();
    found
}

pub fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&file, &target).unwrap();
    }
}

/// The segment in use: the one with the lowest number here.
pub fn segment(dir: &Path) -> PathBuf {
    segments(dir).remove(0)
}

pub fn segments(dir: &Path) -> Vec<PathBuf> {
    files(dir).into_iter().filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("log-")).collect()
}

pub fn flip(path: &Path, place: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[place] ^= 4;
    std::fs::write(path, bytes).unwrap();
}

/// Where the last frame ends.
fn used(path: &Path) -> usize {
    std::fs::read(path).unwrap().iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

fn open(dir: &Path) -> Result<Store, Error> {
    Store::open(&options(dir))
}

/// Who looks for what is wrong with a store that is refused finds it.
fn is_found(dir: &Path) -> bool {
    match check(dir) {
        Ok(report) => !report.sound && !report.damage.is_empty(),
        Err(Error::NotAStore { .. } | Error::Damaged { .. }) => true,
        Err(_) => false,
    }
}

/// Places of each file that are harmed: `FLOWGATE_FLIPS`, or else the default.
fn places(default: u64) -> u64 {
    std::env::var("FLOWGATE_FLIPS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn a_flipped_bit_in_any_file_is_repaired_or_refused() {
    let flips = places(12);
    let original = closed();
    let mut outcomes = (0_u32, 0_u32);
    let mut coin = 0x9e37_79b9_7f4a_7c15_u64;
    for file in files(original.path()) {
        let size = std::fs::metadata(&file).unwrap().len();
        let name = file.strip_prefix(original.path()).unwrap();
        // Dense where the file means something, sparse in the zeros.
        let used = used(&file) as u64;
        let mut places: Vec<u64> = (0..flips).map(|step| used.max(1) * step / flips).collect();
        places.extend([used.saturating_sub(1), used, size.saturating_sub(1)]);
        for place in places.into_iter().filter(|place| *place < size) {
            let dir = tempfile::tempdir().unwrap();
            copy(original.path(), dir.path());
            coin = coin.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let mut bytes = std::fs::read(&file).unwrap();
            bytes[usize::try_from(place).unwrap()] ^= 1 << (coin >> 61);
            std::fs::write(dir.path().join(name), bytes).unwrap();
            match open(dir.path()) {
                Ok(store) => {
                    assert!(is_intact(&store), "bit flipped at {place} of {}", name.display());
                    outcomes.0 += 1;
                }
                Err(Error::Damaged { .. } | Error::NotAStore { .. }) => {
                    assert!(is_found(dir.path()), "bit flipped at {place} of {}: refused, and found sound", name.display());
                    outcomes.1 += 1;
                }
                Err(error) => panic!("bit flipped at {place} of {}: {error}", name.display()),
            }
        }
    }
    println!("{} stores were whole, {} were refused", outcomes.0, outcomes.1);
    assert!(outcomes.0 > 10 && outcomes.1 > 10, "repaired and refused: {outcomes:?}");
}

#[test]
fn a_cut_file_is_repaired_or_refused() {
    let original = closed();
    for file in files(original.path()) {
        let name = file.strip_prefix(original.path()).unwrap();
        let (size, cuts) = (std::fs::metadata(&file).unwrap().len(), places(2));
        let used = used(&file) as u64;
        // Where the file means something, and in the zeros behind it.
        let within = (0..cuts).map(|step| used * step / cuts);
        let lengths: BTreeSet<u64> = within.chain([1, 200, used.saturating_sub(1), used, size / 2, size.saturating_sub(1)]).collect();
        for left in lengths.into_iter().filter(|left| *left < size) {
            let dir = tempfile::tempdir().unwrap();
            copy(original.path(), dir.path());
            let cut = std::fs::OpenOptions::new().write(true).open(dir.path().join(name)).unwrap();
            cut.set_len(left).unwrap();
            drop(cut);
            match open(dir.path()) {
                Ok(store) => assert!(is_intact(&store), "{} cut to {left}", name.display()),
                Err(Error::Damaged { .. } | Error::NotAStore { .. }) => assert!(is_found(dir.path()), "{} cut to {left}", name.display()),
                Err(error) => panic!("{} cut to {left}: {error}", name.display()),
            }
        }
        let dir = tempfile::tempdir().unwrap();
        copy(original.path(), dir.path());
        std::fs::remove_file(dir.path().join(name)).unwrap();
        match open(dir.path()) {
            Ok(store) => assert!(is_intact(&store), "{} removed", name.display()),
            Err(Error::Damaged { .. } | Error::NotAStore { .. }) => assert!(is_found(dir.path()), "{} removed", name.display()),
            Err(error) => panic!("{} removed: {error}", name.display()),
        }
    }
}

/// A store as a power cut leaves it: no clean marker, the mark at what `acknowledged` says.
fn crashed_with_tail(garbage: &[u8]) -> tempfile::TempDir {
    let dir = closed();
    std::fs::remove_file(dir.path().join("clean")).unwrap();
    let segment = segment(dir.path());
    let mut bytes = std::fs::read(&segment).unwrap();
    let end = used(&segment);
    bytes[end..end + garbage.len()].copy_from_slice(garbage);
    std::fs::write(&segment, bytes).unwrap();
    dir
}

#[test]
fn a_torn_tail_is_cut_off_and_writing_goes_on() {
    for garbage in [&[7_u8; 3][..], &[0xff; 900], &[0, 0, 0, 40, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 11, 0, 0, 0, 1, 9]] {
        let dir = crashed_with_tail(garbage);
        let store = open(dir.path()).unwrap();
        assert!(is_intact(&store));
        store.commit(turn(0, 5, 2, None)).wait().unwrap();
        store.close().unwrap();
        assert_eq!(seqs(&open(dir.path()).unwrap(), 0).len(), 7);
    }
}

#[test]
fn what_the_mark_covers_is_not_a_torn_tail() {
    let dir = closed();
    std::fs::remove_file(dir.path().join("clean")).unwrap();
    let segment = segment(dir.path());
    let mut bytes = std::fs::read(&segment).unwrap();
    let end = used(&segment);
    bytes[end - 5..end].fill(0);
    std::fs::write(&segment, bytes).unwrap();
    let error = open(dir.path()).map(drop).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("had been acknowledged"), "{error}");
}

#[test]
fn a_bad_frame_with_a_whole_one_behind_it_is_damage() {
    let dir = closed();
    for name in ["clean", "mark"] {
        std::fs::remove_file(dir.path().join(name)).unwrap();
    }
    // A mark that knows nothing, as if the last 100 ms had held everything.
    let disk = RealDisk::new(dir.path());
    let id = recover::read_identity(&disk).unwrap().unwrap().id;
    crate::store::log::mark::Mark::create(&disk, id).unwrap();
    let segment = segment(dir.path());
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[4096 + 40] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let error = open(dir.path()).map(drop).unwrap_err();
    assert!(error.to_string().contains("a whole frame follows it"), "{error}");
}

#[test]
fn without_a_clean_close_and_after_a_reboot_the_view_is_made_again() {
    let dir = closed();
    std::fs::remove_file(dir.path().join("clean")).unwrap();
    let store = open(dir.path()).unwrap();
    assert_eq!(store.rebuilt(), None, "the same boot: the page cache has what was written");
    assert!(is_intact(&store));
    store.close().unwrap();

    std::fs::remove_file(dir.path().join("clean")).unwrap();
    let disk = RealDisk::new(dir.path());
    let mut checkpoint: crate::store::checkpoint::Checkpoint = crate::store::small::read(&disk, "checkpoint").unwrap().unwrap().unwrap();
    checkpoint.machine_boot = Some("another".to_owned());
    crate::store::small::write(&disk, "checkpoint", &checkpoint).unwrap();
    let store = open(dir.path()).unwrap();
    assert!(store.rebuilt().is_some_and(|reason| reason.contains("machine stopped")));
    assert!(is_intact(&store));
}

#[test]
fn a_view_that_lost_the_end_of_a_journal_is_not_served() {
    let dir = closed();
    let store = open(dir.path()).unwrap();
    let Found { key, mut tail, .. } =
        journal_rows::before(store.inner.view.as_ref(), &tenant(), execution(3), u64::MAX, 1).unwrap().remove(0);
    tail.row.turns.pop().unwrap();
    let kept = tail.row.turns.iter().map(|turn| store.inner.records.extract(&turn.extract).unwrap());
    tail.row.chain = kept.fold([0; 32], |chain, record| value::chain(&chain, &record));
    store.inner.view.apply(vec![(key.clone(), Some(value::seal(&key, tail.row.write())))]).unwrap();
    let error = store.events(&tenant(), execution(3), 0, 99).unwrap_err();
    assert!(matches!(error, Error::JournalDamaged { .. }), "{error}");
    store.close().unwrap();
    let store = open(dir.path()).unwrap();
    assert!(store.rebuilt().is_some(), "the sums tell at the next opening");
    assert!(is_intact(&store));
}

/// Rot in what nobody opens again: it is that journal's damage, and nobody else's.
#[test]
fn a_turn_that_the_log_lost_is_its_journal_s_damage_and_can_be_purged() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    for number in [1, 2] {
        start(&store, number, summary(Status::Running));
        store.commit(turn(number, 2, 1, Some(summary(Status::Completed)))).wait().unwrap();
    }
    let Found { tail, .. } = journal_rows::before(store.view().unwrap(), &tenant(), execution(1), u64::MAX, 1).unwrap().remove(0);
    let place = tail.row.turns[0].extract.place;
    flip(&dir.path().join(crate::store::log::segment::name(place.segment)), usize::try_from(place.offset).unwrap() + 5);
    let error = store.events(&tenant(), execution(1), 0, 99).unwrap_err();
    assert!(matches!(error, Error::JournalDamaged { .. }), "{error}");
    assert_eq!(store.events(&tenant(), execution(2), 0, 99).unwrap().len(), 3);
    store.commit(Entry::Purge { tenant: tenant(), execution: execution(1) }).wait().unwrap();
    assert_eq!(store.summary(&tenant(), execution(1)).unwrap(), None);
    assert_eq!(store.event_count(&tenant(), execution(1)).unwrap(), 0);
    start(&store, 3, summary(Status::Running));
}

/// What its lost turn had asked stays in the view; another with its id, which asks the same, is taken for what it is.
#[test]
fn after_a_turn_was_lost_and_purged_its_id_can_be_another_s() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let asking = Summary { waiting_for: vec![waiting(1, 3_000)], ..summary(Status::WaitingPerson) };
    start(&store, 1, asking.clone());
    store.commit(turn(1, 2, 1, Some(summary(Status::Completed)))).wait().unwrap();
    let Found { tail, .. } = journal_rows::before(store.view().unwrap(), &tenant(), execution(1), u64::MAX, 1).unwrap().remove(0);
    let place = tail.row.turns[0].extract.place;
    flip(&dir.path().join(crate::store::log::segment::name(place.segment)), usize::try_from(place.offset).unwrap() + 5);
    store.commit(Entry::Purge { tenant: tenant(), execution: execution(1) }).wait().unwrap();
    store.view().unwrap();
    start(&store, 1, asking);
    crate::store::scan::compare(store.view().unwrap(), &crate::store::applier::mark(store.view().unwrap()).unwrap().sums).unwrap();
}

/// What nobody was told of does not become durable by a repair, and costs nobody anything.
#[test]
fn a_torn_frame_behind_a_harmed_one_is_not_repaired() {
    let dir = closed();
    std::fs::remove_file(dir.path().join("clean")).unwrap();
    let disk = RealDisk::new(dir.path());
    let id = recover::read_identity(&disk).unwrap().unwrap().id;
    let segment = segment(dir.path());
    let last = (1..99).take_while(|lsn| find_frame(&segment, *lsn).is_some()).last().unwrap();
    let (begin, end) = (frame_at(&segment, last), used(&segment));
    let (record, _) = turn(77, 0, 1, Some(summary(Status::Running))).into_record();
    let (mut torn, _) = crate::store::log::frame::encode(id, last + 1, 1, &[&crate::journal::encode(&record).unwrap(), b"and another"]);
    *torn.last_mut().unwrap() ^= 1;
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[end..end + torn.len()].copy_from_slice(&torn);
    bytes[begin + 60] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let losses = check(dir.path()).unwrap().losses;
    assert_eq!(losses.len(), 1, "{losses:?}");
    assert_eq!(crate::store::rebuild(&options(dir.path()), crate::store::OnDamage::Quarantine).unwrap().quarantined, losses);
    assert_eq!(open(dir.path()).unwrap().summary(&tenant(), execution(77)).unwrap(), None);
}

/// It says so, whatever is behind: nobody reads the same segment again and again.
#[test]
fn who_follows_the_log_is_told_of_damage() {
    for harmed in [Vec::new(), vec![0; 20]] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path()).unwrap();
        for number in 1..=3 {
            start(&store, number, summary(Status::Running));
        }
        store.view().unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(segment(dir.path())).unwrap();
        // The header of the second frame, or a bit of its number.
        let begin = frame_at(&segment(dir.path()), 2);
        match harmed.as_slice() {
            [] => flip(&segment(dir.path()), begin + 14),
            zeros => std::os::unix::fs::FileExt::write_all_at(&file, zeros, begin as u64).unwrap(),
        }
        let mut feed = store.feed(Position(0));
        assert_eq!(feed.read(99, usize::MAX).unwrap().len(), 1, "what stands before it is whole");
        let error = feed.read(99, usize::MAX).unwrap_err();
        assert!(error.to_string().contains("frame 2 is not what was written"), "{error}");
    }
}

/// Where the frame with this number begins.
fn frame_at(path: &Path, lsn: u64) -> usize {
    find_frame(path, lsn).unwrap()
}

fn find_frame(path: &Path, lsn: u64) -> Option<usize> {
    let bytes = std::fs::read(path).unwrap();
    (4096..bytes.len() - 20).find(|at| bytes[at + 8..at + 16] == lsn.to_be_bytes() && bytes[at + 16..at + 20] == 1_u32.to_be_bytes())
}

#[test]
fn a_newer_store_is_refused_clearly() {
    let dir = closed();
    let disk = RealDisk::new(dir.path());
    let mut identity = recover::read_identity(&disk).unwrap().unwrap();
    identity.format = 99;
    crate::store::small::write(&disk, "store", &identity).unwrap();
    let error = open(dir.path()).map(drop).unwrap_err();
    assert!(matches!(error, Error::Newer { found: 99, known: 1, .. }), "{error}");
    assert!(error.to_string().contains("newer flowgate"), "{error}");
}

#[test]
fn one_process_at_a_time_and_the_message_says_who() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let message = open(dir.path()).map(drop).unwrap_err().to_string();
    assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
    assert!(message.contains("use its address instead"), "{message}");
    store.close().unwrap();
    open(dir.path()).unwrap();
}

#[test]
fn a_store_that_is_only_dropped_recovers_too() {
    let dir = tempfile::tempdir().unwrap();
    fill(&open(dir.path()).unwrap());
    let store = open(dir.path()).unwrap();
    assert_eq!(store.rebuilt(), None);
    assert!(is_intact(&store));
}

#[test]
fn the_log_spans_segments() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    options.sizes.segment_bytes_min = 8 << 10;
    options.sizes.segment_bytes_max = 16 << 10;
    let write = |from: u64, to: u64| {
        let store = Store::open(&options).unwrap();
        for seq in (from..to).step_by(2) {
            store.commit(turn(1, seq, 2, (seq == 0).then(|| summary(Status::Running)))).wait().unwrap();
        }
        store.close().unwrap();
    };
    write(0, 200);
    write(200, 400);
    std::fs::remove_dir_all(dir.path().join("view")).unwrap();
    let store = Store::open(&options).unwrap();
    assert_eq!(seqs(&store, 1).len(), 400);
    let segments = files(dir.path()).iter().filter(|path| path.to_string_lossy().contains("log-")).count();
    assert!(segments > 4, "{segments} segments");
    store.close().unwrap();

    // One in the middle goes missing.
    std::fs::remove_file(dir.path().join("log-0000000000000003")).unwrap();
    std::fs::remove_dir_all(dir.path().join("view")).unwrap();
    let error = Store::open(&options).map(drop).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

/// What only lost its beginning must not be written over.
#[test]
fn a_segment_that_is_empty_only_where_it_begins_is_damage() {
    let dir = closed();
    let prepared = segments(dir.path()).pop().unwrap();
    assert_eq!(used(&prepared), 0, "it was never used");
    let size = usize::try_from(std::fs::metadata(&prepared).unwrap().len()).unwrap();
    for place in [4096, size / 2, size - 1] {
        flip(&prepared, place);
        let error = open(dir.path()).map(drop).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }), "at {place}: {error}");
        flip(&prepared, place);
    }
    assert!(is_intact(&open(dir.path()).unwrap()));
}

/// Replays the whole log of a closed store.
fn replayed(dir: &Path, applier: &mut Applier) -> Result<Position, Error> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(dir));
    let recovered = recover::open(&disk, options(dir).sizes)?;
    replay(disk.as_ref(), recovered.id, &recovered.survey, applier, Position(0)).map(|()| recovered.position)
}

fn applier_of(dir: &Path, view: Arc<dyn View>) -> Applier {
    Applier::new(view, Arc::new(Reader::new(Arc::new(RealDisk::new(dir)))), Arc::default()).unwrap()
}

/// Heads that are older than the view follow the log without its records being decoded, and end where those do that came with the view.
#[test]
fn journals_that_are_only_followed_end_where_they_end_for_who_applies_them() {
    let dir = closed();
    let store = open(dir.path()).unwrap();
    for (number, status) in [(0, Status::Completed), (1, Status::Failed), (2, Status::WaitingPerson)] {
        store.commit(turn(number, 5, 2, Some(summary(status)))).wait().unwrap();
    }
    store.commit(turn(3, 5, 1, None)).wait().unwrap();
    store.commit(Entry::Purge { tenant: tenant(), execution: execution(1) }).wait().unwrap();
    store.close().unwrap();
    let view = Arc::new(CountingView::default());
    let mut applied = applier_of(dir.path(), view.clone());
    replayed(dir.path(), &mut applied).unwrap();
    let mut followed = applier_of(dir.path(), view);
    replayed(dir.path(), &mut followed).unwrap();
    let ends: Vec<u64> = followed.heads().rows().iter().map(|row| row.next_seq).collect();
    assert_eq!((followed.heads().rows(), ends), (applied.heads().rows(), vec![7, 6, 5]), "of the three that go on");
}

/// A view that cannot be written.
#[derive(Default)]
struct FullView(CountingView);

impl View for FullView {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.0.get(key)
    }

    fn scan(&self, range: &Range, order: Order, limit: usize) -> Result<Vec<Row>, Error> {
        self.0.scan(range, order, limit)
    }

    fn apply(&self, _: Vec<Write>) -> Result<(), Error> {
        Err(Error::ViewDamaged("it is full".to_owned()))
    }

    fn flush(&self) -> Result<(), Error> {
        self.0.flush()
    }
}

/// What a write changes is in memory at once: a few large records are enough for one.
#[test]
fn large_records_are_replayed_a_few_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { sizes: Sizes::default(), ..options(dir.path()) };
    let store = Store::open(&options).unwrap();
    for number in 0..3 {
        let (events, summary) = (vec![large(5 << 20)], Some(summary(Status::Running)));
        let entry =
            Entry::Execution { tenant: tenant(), execution: execution(number), expected_seq: 0, at: TimeMs(2_000), events, summary };
        store.commit(entry).wait().unwrap();
    }
    store.close().unwrap();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(dir.path()));
    let recovered = recover::open(&disk, Sizes::default()).unwrap();
    let view = Arc::new(CountingView::default());
    let reader = Arc::new(Reader::new(Arc::clone(&disk)));
    let mut applier = Applier::new(view.clone(), reader, Arc::default()).unwrap();
    replay(disk.as_ref(), recovered.id, &recovered.survey, &mut applier, Position(0)).unwrap();
    assert_eq!((applier.mark().position, view.writes()), (recovered.position, 2), "of three records two fill a write");
    let mut applier = applier_of(dir.path(), Arc::new(FullView::default()));
    let error = replay(disk.as_ref(), recovered.id, &recovered.survey, &mut applier, Position(0)).unwrap_err();
    assert!(error.to_string().contains("it is full"), "what the writing thread met comes back: {error}");
}

/// A full disk refuses the manifest of the view; what it would have saved is time, at the next start.
#[test]
fn a_checkpoint_that_cannot_be_written_ends_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { sizes: Sizes::default(), ..options(dir.path()) };
    // Where the next manifest would be written first.
    std::fs::create_dir(dir.path().join(format!("{}{}", crate::store::checkpoint::NAME, crate::store::disk::BESIDE))).unwrap();
    let store = Store::open(&options).unwrap();
    for number in 0..6 {
        let (events, summary) = (vec![large(1 << 20)], Some(summary(Status::Running)));
        let entry =
            Entry::Execution { tenant: tenant(), execution: execution(number), expected_seq: 0, at: TimeMs(2_000), events, summary };
        store.commit(entry).wait().unwrap();
        // Reading waits for the view to be as far.
        assert_eq!(store.events(&tenant(), execution(number), 0, 10).unwrap().len(), 1);
    }
}
