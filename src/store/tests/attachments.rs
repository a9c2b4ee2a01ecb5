//! Attached files: durable before their record, checked when read, part of a backup, never gone under one.

use super::*;
use crate::clock;
use crate::ids::FileId;
use crate::store::disk::{Disk as _, RealDisk};
use crate::store::{Error, FILES, Faults, Fingerprint, MemoryDisk, Unsynced, backup, restore};

fn record(id: FileId, expected: u64, fingerprint: Option<Fingerprint>) -> Entry {
    let body = fingerprint.map(|fingerprint| serde_json::to_string(&fingerprint).unwrap());
    Entry::Document { tenant: tenant(), collection: FILES.to_owned(), key: id.to_string(), expected, body }
}

fn add(store: &Store, bytes: &[u8]) -> (FileId, Fingerprint) {
    let id = clock::file_id();
    let fingerprint = store.write_file(id, bytes).unwrap();
    store.commit(record(id, 0, Some(fingerprint))).wait().unwrap();
    (id, fingerprint)
}

#[test]
fn a_file_is_durable_when_it_is_acknowledged() {
    for unsynced in [Unsynced::Lost, Unsynced::Torn] {
        let disk = MemoryDisk::new(Faults { unsynced, ..Faults::default() });
        let store = Store::open_memory(&disk).unwrap();
        let (id, fingerprint) = add(&store, b"invoice");
        let after = Store::open_memory(&disk.crash(7, Faults::default())).unwrap();
        assert_eq!(after.read_file(id, &fingerprint).unwrap(), b"invoice", "{unsynced:?}");
        assert_eq!(after.file_ids().unwrap(), [id]);
        assert!(after.document(&tenant(), FILES, &id.to_string()).unwrap().is_some());
    }
}

#[test]
fn a_failed_sync_names_no_file_and_leaves_none() {
    let disk = MemoryDisk::new(Faults::default());
    let store = Store::open_memory(&disk).unwrap();
    disk.set_faults(Faults { fail_sync: Some(1), ..Faults::default() });
    assert!(matches!(store.write_file(clock::file_id(), b"x"), Err(Error::Io { .. })));
    assert_eq!(store.file_ids().unwrap(), []);
    let later = TimeMs(clock::now().0 + 1_000);
    assert_eq!(store.remove_half_written(later).unwrap(), 0, "it was taken away at once");
}

#[test]
fn what_is_half_written_is_swept_when_it_is_old() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(dir.path())).unwrap();
    let id = clock::file_id();
    std::fs::write(dir.path().join(FILES).join(format!("{id}.new")), b"half").unwrap();
    assert_eq!(store.remove_half_written(id.made_at().unwrap()).unwrap(), 0);
    assert_eq!(store.remove_half_written(id.made_at().unwrap().plus(1)).unwrap(), 1);
}

#[test]
fn a_changed_or_missing_file_is_never_served() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(dir.path())).unwrap();
    let (id, fingerprint) = add(&store, b"four");
    let path = dir.path().join(FILES).join(id.to_string());
    for bytes in [b"fout".as_slice(), b"fou", b"fours", b""] {
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(store.read_file(id, &fingerprint), Err(Error::FileDamaged { .. })), "{bytes:?}");
    }
    assert!(matches!(store.backup(&dir.path().join("saved")), Err(Error::FileDamaged { .. })), "a backup holds only what can be read");
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(store.read_file(id, &fingerprint), Err(Error::FileDamaged { .. })));
}

#[test]
fn a_full_disk_refuses_the_file_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = options(dir.path());
    let free = RealDisk::new(dir.path()).free_bytes().unwrap();
    options.sizes.free_bytes_low = free * 2;
    let store = Store::open(&options).unwrap();
    assert!(matches!(store.write_file(clock::file_id(), b"x"), Err(Error::Full { .. })));
    assert_eq!(store.file_ids().unwrap(), []);
}

#[test]
fn a_backup_holds_the_files_that_its_records_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(dir.path())).unwrap();
    let (kept, fingerprint) = add(&store, b"kept");
    let (gone, _) = add(&store, b"gone");
    store.commit(record(gone, 1, None)).wait().unwrap();
    let orphan = clock::file_id();
    store.write_file(orphan, b"no record").unwrap();
    let to = tempfile::tempdir().unwrap();
    let (saved, restored) = (to.path().join("saved"), to.path().join("restored"));
    let report = store.backup(&saved).unwrap();
    assert_eq!((report.files, report.file_bytes), (1, 4));
    assert_eq!(restore(&saved, &options(&restored)).unwrap(), report);
    let copy = Store::open(&options(&restored)).unwrap();
    assert_eq!(copy.file_ids().unwrap(), [kept], "neither the removed one nor the one without a record");
    assert_eq!(copy.read_file(kept, &fingerprint).unwrap(), b"kept");

    std::fs::write(saved.join(FILES).join(kept.to_string()), b"kepd").unwrap();
    assert!(restore(&saved, &options(&to.path().join("damaged"))).is_err());
    store.close().unwrap();
    assert_eq!(backup(&options(dir.path()), &to.path().join("offline")).unwrap(), report, "and the same while it is closed");
}

#[test]
fn removals_wait_for_a_backup() {
    let store = Store::in_memory(Faults::default());
    let (id, fingerprint) = add(&store, b"x");
    let (first, second) = (store.inner.attachments.hold(), store.inner.attachments.hold());
    store.commit(record(id, 1, None)).wait().unwrap();
    store.remove_file(id).unwrap();
    drop(first);
    assert!(store.read_file(id, &fingerprint).is_ok());
    drop(second);
    assert_eq!(store.file_ids().unwrap(), []);
}

/// Files come and go while backups are taken: each backup restores, with every file that its records name.
#[test]
fn a_backup_under_load_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(dir.path())).unwrap();
    let to = tempfile::tempdir().unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut made = 0;
            while !done.load(std::sync::atomic::Ordering::SeqCst) || made < 20 {
                let (id, _) = add(&store, format!("file {made}").as_bytes());
                store.commit(record(id, 1, None)).wait().unwrap();
                store.remove_file(id).unwrap();
                add(&store, b"stays");
                made += 1;
            }
        });
        for round in 0..4 {
            store.backup(&to.path().join(round.to_string())).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::SeqCst);
        writer.join().unwrap();
    });
    for round in 0..4 {
        let restored = options(&to.path().join(format!("restored-{round}")));
        let report = restore(&to.path().join(round.to_string()), &restored).unwrap();
        let copy = Store::open(&restored).unwrap();
        let range = crate::store::DocumentRange { collection: FILES, ..Default::default() };
        let rows = copy.documents(&tenant(), &range, usize::MAX).unwrap();
        assert_eq!(rows.len() as u64, report.files);
        for row in rows {
            copy.read_file(row.key.parse().unwrap(), &serde_json::from_str(&row.body).unwrap()).unwrap();
        }
    }
}
