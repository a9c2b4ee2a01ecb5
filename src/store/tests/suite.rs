//! What every backend must do. Each test runs on memory and on disk; on disk also after closing and opening again.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::world::{GrowingView, World};
use super::*;
use crate::journal::Record;
use crate::limits::VIEW_VALUE_BYTES_MAX;
use crate::store::applier::Records as _;
use crate::store::journal_rows::{self, JournalRow};
use crate::store::list;
use crate::store::read;
use crate::store::value;
use crate::store::{Error, Faults, Filter, FlowRow, Found, MemoryDisk, QuestionFilter};

/// Runs `write` then `check` on each backend, and `check` again on what was closed and opened.
fn on_each(write: impl Fn(&Store), check: impl Fn(&Store)) {
    let store = Store::in_memory(Faults::default());
    write(&store);
    check(&store);
    store.close().unwrap();

    let disk = MemoryDisk::new(Faults::default());
    let store = Store::open_memory(&disk).unwrap();
    write(&store);
    store.close().unwrap();
    check(&Store::open_memory(&disk).unwrap());

    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&options(dir.path())).unwrap();
    write(&store);
    check(&store);
    store.close().unwrap();
    let store = Store::open(&options(dir.path())).unwrap();
    assert_eq!(store.rebuilt(), None, "a clean close keeps the view");
    check(&store);
    store.close().unwrap();

    std::fs::remove_dir_all(dir.path().join("view")).unwrap();
    let store = Store::open(&options(dir.path())).unwrap();
    assert!(store.rebuilt().is_some());
    check(&store);
}

#[test]
fn a_journal_is_read_back_from_any_place() {
    on_each(
        |store| {
            start(store, 1, summary(Status::Running));
            for seq in (2..200).step_by(3) {
                store.commit(turn(1, seq, 3, None)).wait().unwrap();
            }
            start(store, 2, summary(Status::Running));
        },
        |store| {
            assert_eq!(seqs(store, 1), (0..200).collect::<Vec<_>>());
            assert_eq!(seqs(store, 2), [0, 1]);
            assert_eq!(seqs(store, 3), [0; 0]);
            for from in [0, 1, 2, 3, 100, 199, 200, 1_000] {
                for limit in [0, 1, 7, 500] {
                    let events = store.events(&tenant(), execution(1), from, limit).unwrap();
                    let found: Vec<u64> = events.iter().map(|recorded| recorded.seq).collect();
                    assert_eq!(found, (from..200).take(limit).collect::<Vec<_>>(), "from {from}, at most {limit}");
                    assert!(events.iter().all(|recorded| recorded.event == event(recorded.seq)));
                }
            }
            assert_eq!(store.events(&tenant(), execution(1), 5, 1).unwrap()[0].at, TimeMs(2_005));
        },
    );
}

#[test]
fn the_chain_of_a_journal_is_known_before_each_of_its_turns() {
    on_each(
        |store| {
            start(store, 1, summary(Status::Running));
            for seq in 2..200 {
                store.commit(turn(1, seq, 1, None)).wait().unwrap();
            }
        },
        |store| {
            let (view, records) = (store.view().unwrap(), store.inner.records.as_ref());
            let mut rows = journal_rows::before(view, &tenant(), execution(1), u64::MAX, usize::MAX).unwrap();
            rows.reverse();
            let mut chain = [0; 32];
            for turn in rows.iter().flat_map(|found| &found.tail.row.turns) {
                chain = value::chain(&chain, &records.extract(&turn.extract).unwrap());
                assert_eq!(journal_rows::chain_before(view, records, &tenant(), execution(1), turn.next_seq).unwrap(), chain);
            }
            assert_eq!(rows.len(), 199_usize.div_ceil(journal_rows::ROW_TURNS_MAX));
        },
    );
}

/// Reads take rows one after the other, while the applier writes the last of them anew and adds others.
#[test]
fn a_journal_can_be_read_while_it_grows() {
    let mut world = World::new();
    let grow = |world: &mut World, turns: usize| {
        (0..turns).for_each(|_| world.turn(execution(1), None, vec![event(0), event(1)]));
        world.apply();
    };
    world.set(execution(1), &summary(Status::Running));
    // Up to the middle of a row, whatever a read takes at once.
    grow(&mut world, 5 * journal_rows::ROW_TURNS_MAX + 7);
    let (view, log) = (Arc::clone(&world.view), world.log());
    for turns in [1, 10, 40] {
        let growing = GrowingView::new(Arc::clone(&view), 30, || grow(&mut world, turns));
        let events = read::events(&growing, log.as_ref(), None, &tenant(), execution(1), 0, usize::MAX).unwrap();
        assert!(events.iter().map(|recorded| recorded.seq).eq(0..events.len() as u64));
        drop(growing);
        assert_eq!(read::next_seq(view.as_ref(), &tenant(), execution(1)).unwrap(), world.event_count(execution(1)));
    }
}

#[test]
fn a_row_that_says_other_turns_than_were_recorded_is_not_believed() {
    let store = Store::in_memory(Faults::default());
    start(&store, 1, summary(Status::Running));
    for seq in 2..40 {
        store.commit(turn(1, seq, 1, None)).wait().unwrap();
    }
    let view = store.view().unwrap();
    let journal_rows::Found { key, sealed, tail } = journal_rows::before(view, &tenant(), execution(1), 10, 1).unwrap().remove(0);
    let exchanged = |row: &mut JournalRow| {
        let (one, other) = (row.turns[3].extract, row.turns[4].extract);
        (row.turns[3].extract, row.turns[4].extract) = (other, one);
    };
    let shorter = |row: &mut JournalRow| row.turns.truncate(row.turns.len() - 1);
    for (what, spoil) in [("exchanged", &exchanged as &dyn Fn(&mut JournalRow)), ("shorter", &shorter)] {
        let mut row = tail.row.clone();
        spoil(&mut row);
        view.apply(vec![(key.clone(), Some(value::seal(&key, row.write())))]).unwrap();
        for from in [0, 10, 30] {
            let found = store.events(&tenant(), execution(1), from, 99);
            assert_eq!(
                matches!(found, Err(Error::JournalDamaged { .. })),
                from < 30 || what == "shorter",
                "{what}, from {from}: {found:?}"
            );
        }
    }
    view.apply(vec![(key, Some(sealed))]).unwrap();
    assert_eq!(seqs(&store, 1), (0..40).collect::<Vec<_>>());
}

#[test]
fn a_stale_writer_is_fenced_and_a_start_is_unique() {
    on_each(
        |store| {
            start(store, 1, summary(Status::Running));
            assert_eq!(stale(store.commit(turn(1, 0, 1, Some(summary(Status::Running)))).wait()), (0, 2));
            assert_eq!(stale(store.commit(turn(1, 1, 1, None)).wait()), (1, 2));
            assert_eq!(stale(store.commit(turn(1, 3, 1, None)).wait()), (3, 2));
            assert_eq!(stale(store.commit(turn(9, 4, 1, None)).wait()), (4, 0));
            store.commit(turn(1, 2, 1, None)).wait().unwrap();
        },
        |store| {
            assert_eq!(seqs(store, 1), [0, 1, 2]);
            assert_eq!(stale(store.commit(turn(1, 0, 1, Some(summary(Status::Running)))).wait()), (0, 3));
        },
    );
}

#[test]
fn of_racing_writers_one_wins_each_number() {
    let store = Store::in_memory(Faults::default());
    start(&store, 1, summary(Status::Running));
    let won: usize = std::thread::scope(|scope| {
        let race = || (2..52).filter(|seq| store.commit(turn(1, *seq, 1, None)).wait().is_ok()).count();
        let racers: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!(won as u64 + 2, seqs(&store, 1).len() as u64);
    assert!(won >= 1);
}

#[test]
fn one_caller_s_entries_commit_in_order() {
    let store = Store::in_memory(Faults::default());
    let first = store.commit(turn(1, 0, 1, Some(summary(Status::Running))));
    let rest: Vec<_> = (1..2_000).map(|seq| store.commit(turn(1, seq, 1, None))).collect();
    let mut last = first.wait().unwrap();
    for pending in rest {
        let position = pending.wait().unwrap();
        assert!(position >= last);
        last = position;
    }
    assert_eq!(seqs(&store, 1).len(), 2_000);
}

#[test]
fn lists_are_newest_first_and_filtered_by_index() {
    let finished = |number: u64| if number.is_multiple_of(3) { Status::Completed } else { Status::WaitingPerson };
    on_each(
        |store| {
            for number in 0..300_u64 {
                let mut first = summary(Status::Running);
                first.flow = if number.is_multiple_of(2) { "even" } else { "odd" }.to_owned();
                first.started_at = TimeMs(number);
                start(store, number, first.clone());
                first.status = finished(number);
                first.owed = false;
                store.commit(turn(number, 2, 1, Some(first))).wait().unwrap();
            }
        },
        |store| {
            let list = |filter: &Filter, before, limit| -> Vec<u64> {
                let found = store.executions(&tenant(), filter, before, limit).unwrap().rows;
                found.iter().map(|(_, summary)| summary.started_at.0).collect()
            };
            let expect = |fits: &dyn Fn(u64) -> bool| (0..300_u64).rev().filter(|number| fits(*number)).collect::<Vec<_>>();
            assert_eq!(list(&Filter::default(), None, 1_000), expect(&|_| true));
            assert_eq!(list(&Filter::default(), Some(execution(150)), 3), [149, 148, 147]);
            let done = Filter { statuses: BTreeSet::from([Status::Completed]), ..Filter::default() };
            assert_eq!(list(&done, None, 1_000), expect(&|number| number.is_multiple_of(3)));
            let both = Filter { statuses: BTreeSet::from([Status::Completed, Status::WaitingPerson]), ..Filter::default() };
            assert_eq!(list(&both, None, 1_000), expect(&|_| true));
            assert_eq!(list(&both, Some(execution(100)), 2), [99, 98]);
            let even = Filter { flow: Some("even".to_owned()), ..Filter::default() };
            assert_eq!(list(&even, None, 1_000), expect(&|number| number.is_multiple_of(2)));
            let even_waiting = Filter { statuses: BTreeSet::from([Status::WaitingPerson]), ..even };
            assert_eq!(list(&even_waiting, None, 1_000), expect(&|number| number.is_multiple_of(2) && !number.is_multiple_of(3)));
            for filter in [&done, &both, &even_waiting, &Filter { purpose: Some(Purpose::Test), ..done.clone() }] {
                let ids: Vec<_> = store.executions(&tenant(), filter, None, 1_000).unwrap().rows.into_iter().map(|(id, _)| id).collect();
                assert_eq!(store.execution_ids(&tenant(), filter, 1_000).unwrap().found, ids, "the index alone says the same: {filter:?}");
                let some = ids.len().min(7);
                assert_eq!(store.execution_ids(&tenant(), filter, 7).unwrap().found, ids[..some]);
            }
            // A search that has read much goes on where it was, and says where it does not.
            let view = store.view().unwrap();
            let within = |rounds_max| list::ids_within(view, &tenant(), &even_waiting, 1_000, (10, rounds_max)).unwrap();
            let whole = store.execution_ids(&tenant(), &even_waiting, 1_000).unwrap();
            assert_eq!((within(1_000), whole.is_cut), (whole.clone(), false));
            let cut = within(2);
            assert!(cut.is_cut && cut.found.len() < whole.found.len() && whole.found.starts_with(&cut.found));
            let window = Filter { since: Some(TimeMs(10)), until: Some(TimeMs(20)), ..Filter::default() };
            assert_eq!(list(&window, None, 1_000), expect(&|number| (10..20).contains(&number)));
            assert_eq!(list(&Filter { flow: Some("eve".to_owned()), ..Filter::default() }, None, 9), [0; 0]);
            assert!(store.executions(&Tenant::new("other"), &Filter::default(), None, 9).unwrap().rows.is_empty());
        },
    );
}

#[test]
fn an_execution_is_found_by_the_beginning_of_its_id() {
    on_each(
        |store| {
            for number in 0..20 {
                start(store, number, summary(Status::Running));
            }
        },
        |store| {
            let id = execution(7).to_string();
            assert_eq!(store.find(&tenant(), &id).unwrap(), Found::One(execution(7)));
            assert_eq!(store.find(&tenant(), &id.replace('-', "").to_uppercase()).unwrap(), Found::One(execution(7)));
            let Found::Several(several) = store.find(&tenant(), &id[..8]).unwrap() else { panic!("all ids begin alike") };
            assert_eq!((several.len(), several[0]), (10, execution(19)));
            for none in ["", "zz", "ffff", &format!("{id}0"), "é"] {
                assert_eq!(store.find(&tenant(), none).unwrap(), Found::None, "{none:?}");
            }
        },
    );
}

#[test]
fn index_rows_follow_the_summary() {
    on_each(
        |store| {
            let mut asking = summary(Status::WaitingPerson);
            asking.waiting_for = vec![waiting(1, 50), waiting(2, 40)];
            asking.deadline = Some(TimeMs(900));
            start(store, 1, asking.clone());
            let mut running = summary(Status::Running);
            running.deadline = Some(TimeMs(700));
            start(store, 2, running.clone());
            // One question is answered, the deadline moves, work is owed.
            asking.waiting_for.remove(0);
            asking.deadline = Some(TimeMs(800));
            asking.owed = true;
            store.commit(turn(1, 2, 1, Some(asking))).wait().unwrap();
            // Final executions have no deadline, whatever the summary says.
            running.status = Status::Failed;
            running.owed = false;
            store.commit(turn(2, 2, 1, Some(running))).wait().unwrap();
        },
        |store| {
            assert_eq!(store.owed().unwrap(), [(tenant(), execution(1))]);
            assert_eq!(store.next_deadline().unwrap(), Some(TimeMs(800)));
            assert_eq!(store.due(TimeMs(799), 9).unwrap(), []);
            assert_eq!(store.due(TimeMs(800), 9).unwrap(), [(TimeMs(800), tenant(), execution(1))]);
            assert_eq!(store.due(TimeMs(u64::MAX), 0).unwrap(), []);
            let every = QuestionFilter::default();
            let open = store.questions(&tenant(), &every, None, 9).unwrap();
            assert_eq!(open.next, None);
            assert_eq!(open.rows.iter().map(|row| (row.execution, row.question)).collect::<Vec<_>>(), [(execution(1), question(2))]);
            assert_eq!(store.questions(&tenant(), &every, Some((TimeMs(40), question(2))), 9).unwrap().rows, []);
            assert_eq!(store.question(&tenant(), question(2)).unwrap(), Some(execution(1)));
            assert_eq!(store.question(&tenant(), question(1)).unwrap(), Some(execution(1)), "closed questions keep their home");
            assert_eq!(store.question(&tenant(), question(3)).unwrap(), None);
            assert_eq!(store.question(&Tenant::new("other"), question(2)).unwrap(), None);
        },
    );
}

#[test]
fn questions_come_oldest_first_a_page_at_a_time() {
    let store = Store::in_memory(Faults::default());
    for number in 0..10 {
        let mut asking = summary(Status::WaitingPerson);
        asking.waiting_for = vec![waiting(number, 100 - number)];
        start(&store, number, asking);
    }
    let (mut after, mut asked) = (None, Vec::new());
    loop {
        let page = store.questions(&tenant(), &QuestionFilter::default(), after, 3).unwrap();
        asked.extend(page.rows.iter().map(|row| row.asked_at.0));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(asked, (91..=100).collect::<Vec<_>>());
}

#[test]
fn large_turns_stay_in_the_log_and_come_back() {
    let bytes = 3 * VIEW_VALUE_BYTES_MAX;
    on_each(
        |store| {
            start(store, 1, summary(Status::Running));
            for (seq, bytes) in [(2, bytes), (3, 10), (4, 2 << 20)] {
                let (tenant, at, events) = (tenant(), TimeMs(1), vec![large(bytes)]);
                let entry = Entry::Execution { tenant, execution: execution(1), expected_seq: seq, at, events, summary: None };
                store.commit(entry).wait().unwrap();
            }
        },
        |store| {
            let events = store.events(&tenant(), execution(1), 2, 9).unwrap();
            assert_eq!(events.into_iter().map(|recorded| recorded.event).collect::<Vec<_>>(), [large(bytes), large(10), large(2 << 20)]);
        },
    );
}

#[tokio::test]
async fn the_catalog_numbers_contents_per_name() {
    let store = Store::in_memory(Faults::default());
    let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
    let row = |name: &str, revision, digest| FlowRow { name: name.to_owned(), revision, digest };
    assert_eq!(store.publish(&tenant(), "a", one, "{}").await.unwrap(), row("a", 1, one));
    assert_eq!(store.publish(&tenant(), "a", two, "[]").await.unwrap(), row("a", 2, two));
    assert_eq!(store.publish(&tenant(), "a", one, "{}").await.unwrap(), row("a", 1, one), "known content keeps its number");
    assert_eq!(store.publish(&tenant(), "b", two, "[]").await.unwrap(), row("b", 1, two));
    assert_eq!(store.latest(&tenant(), "a").unwrap(), Some(row("a", 2, two)));
    assert_eq!(store.latest(&tenant(), "").unwrap(), None);
    assert_eq!(store.flows(&tenant(), "a").unwrap(), [row("a", 1, one), row("a", 2, two)]);
    assert_eq!(store.catalog(&tenant()).unwrap().len(), 3);
    assert_eq!(store.flow(&tenant(), &one).unwrap().as_deref(), Some("{}"));
    assert_eq!(store.flow(&Tenant::new("other"), &one).unwrap(), None);
    let skipping = Entry::Flow { tenant: tenant(), name: "a".to_owned(), revision: 9, digest: one, spec: String::new() };
    assert_eq!(stale(store.commit(skipping).await), (8, 2));
}

#[test]
fn consent_quarantine_and_large_flows() {
    let spec = format!("{:?}", "y".repeat(100_000));
    on_each(
        |store| {
            let (tenant, execution) = (tenant(), execution(1));
            let consent = |digest| Entry::Consent { tenant: tenant.clone(), server: "s".to_owned(), tool: "t".to_owned(), digest };
            store.commit(consent(Digest::of(b"old"))).wait().unwrap();
            store.commit(consent(Digest::of(b"new"))).wait().unwrap();
            for number in 1..=2 {
                let (execution, reason) = (super::execution(number), "it panics".to_owned());
                store.commit(Entry::Quarantine { tenant: tenant.clone(), execution, reason }).wait().unwrap();
            }
            store.commit(Entry::Release { tenant: tenant.clone(), execution }).wait().unwrap();
            let (name, digest) = ("big".to_owned(), Digest::of(b"big"));
            store.commit(Entry::Flow { tenant, name, revision: 1, digest, spec: spec.clone() }).wait().unwrap();
        },
        |store| {
            assert_eq!(store.consent(&tenant(), "s", "t").unwrap(), Some(Digest::of(b"new")));
            assert_eq!(store.consent(&tenant(), "st", "").unwrap(), None);
            assert_eq!(store.quarantine(&tenant()).unwrap(), [(execution(2), "it panics".to_owned())]);
            assert_eq!(store.quarantined(&tenant(), execution(1)).unwrap(), None);
            assert_eq!(store.flow(&tenant(), &Digest::of(b"big")).unwrap().as_ref(), Some(&spec));
        },
    );
}

#[tokio::test]
async fn purging_leaves_nothing() {
    let store = Store::in_memory(Faults::default());
    let mut asking = summary(Status::WaitingPerson);
    asking.waiting_for = vec![waiting(1, 50)];
    let position = store.commit(turn(1, 0, 2, Some(asking))).await.unwrap();
    store.applied(position).await;
    assert!(matches!(store.purge(&tenant(), execution(1)).await, Err(CommitError::Refused(_))), "it is not finished");
    assert!(matches!(store.purge(&tenant(), execution(2)).await, Err(CommitError::Refused(_))), "it is not there");
    store.commit(turn(1, 2, 1, Some(summary(Status::Completed)))).await.unwrap();
    store.purge(&tenant(), execution(1)).await.unwrap();
    assert!(store.events(&tenant(), execution(1), 0, 9).unwrap().is_empty());
    assert_eq!(store.summary(&tenant(), execution(1)).unwrap(), None);
    assert_eq!(store.question(&tenant(), question(1)).unwrap(), None);
    assert!(store.executions(&tenant(), &Filter::default(), None, 9).unwrap().rows.is_empty());
    assert_eq!(stale(store.commit(turn(1, 3, 1, None)).await), (3, 0));
    let view = store.inner.view.as_ref();
    let left: Vec<_> = crate::store::scan::sums(view).unwrap().0.into_keys().collect();
    assert_eq!(left, [crate::store::RowKind::Stats, crate::store::RowKind::Past], "nothing is left but that it was");
}

#[test]
fn tenants_share_nothing() {
    let store = Store::in_memory(Faults::default());
    for name in ["a", "ab", "b"] {
        let Entry::Execution { execution, expected_seq, at, events, .. } = turn(1, 0, 1, None) else { unreachable!() };
        let mut summary = summary(Status::Running);
        summary.flow = name.to_owned();
        let entry = Entry::Execution { tenant: Tenant::new(name), execution, expected_seq, at, events, summary: Some(summary) };
        store.commit(entry).wait().unwrap();
    }
    for name in ["a", "ab", "b"] {
        let found = store.executions(&Tenant::new(name), &Filter::default(), None, 9).unwrap().rows;
        assert_eq!(found.iter().map(|(_, summary)| summary.flow.as_str()).collect::<Vec<_>>(), [name]);
    }
    assert_eq!(store.owed().unwrap().len(), 3);
}

#[test]
fn what_can_never_be_committed_is_refused() {
    let store = Store::in_memory(Faults::default());
    let refused = |entry: Entry| matches!(store.commit(entry).wait(), Err(CommitError::Refused(_)));
    assert!(refused(turn(1, 0, 0, Some(summary(Status::Running)))), "no events");
    assert!(refused(turn(1, 0, 1, None)), "no summary at the creation");
    let release = |name: &str| Entry::Release { tenant: Tenant::new(name), execution: execution(1) };
    assert!(refused(release("")) && refused(release(&"x".repeat(256))));
    assert!(!refused(release(&"x".repeat(255))));
    let spec = "x".repeat(crate::store::RECORD_BYTES_MAX);
    assert!(refused(Entry::Flow { tenant: tenant(), name: "f".to_owned(), revision: 1, digest: Digest::of(b""), spec }));
}

#[test]
fn the_view_is_a_function_of_the_log() {
    let disk = MemoryDisk::new(Faults::default());
    let store = Store::open_memory(&disk).unwrap();
    for number in 0..50 {
        start(&store, number, summary(Status::Running));
        let mut asking = summary(Status::WaitingPerson);
        asking.waiting_for = vec![waiting(number, number)];
        store.commit(turn(number, 2, 3, Some(asking))).wait().unwrap();
    }
    for seq in 5..60 {
        store.commit(turn(7, seq, 1, None)).wait().unwrap();
    }
    let sums = |store: &Store| {
        store.inner.progress.wait(store.position()).unwrap();
        crate::store::scan::sums(store.inner.view.as_ref()).unwrap()
    };
    let before = sums(&store);
    store.close().unwrap();
    assert_eq!(sums(&Store::open_memory(&disk).unwrap()), before);
}

/// However its records come together, as if the purge were there.
#[test]
fn an_execution_that_begins_where_one_is_takes_its_place() {
    let asking = Summary { waiting_for: vec![waiting(1, 3_000)], ..summary(Status::WaitingPerson) };
    let after = |apart: bool, is_lost: bool| {
        let mut world = World::new();
        world.set(execution(1), &asking);
        world.set(execution(1), &summary(Status::Completed));
        if apart {
            world.apply();
        }
        if is_lost {
            world.lose(execution(1));
        } else {
            world.purge(execution(1));
        }
        world.set(execution(1), &Summary { flow: "mail".to_owned(), ..asking.clone() });
        world.apply();
        world.is_as_summed();
        crate::store::scan::sums(world.view.as_ref()).unwrap()
    };
    assert_eq!(after(true, true), after(false, true));
    let [lost, purged] = [true, false].map(|is_lost| {
        let mut sums = after(true, is_lost);
        // It says where the turns stand.
        assert_eq!(sums.0.remove(&crate::store::RowKind::Journal).map(|sum| sum.count), Some(1));
        sums
    });
    assert_eq!(lost, purged);
}

#[test]
fn a_turn_comes_back_equal_to_the_last_bit() {
    // Without serde_json's `float_roundtrip` about one in ten of such numbers changes by its last bit.
    for number in 0..2_000_u32 {
        let payload = serde_json::json!(f64::from(number) * 0.1 + 1e-7 / f64::from(number + 1));
        let signal = Signal { id: "a".to_owned(), name: "b".to_owned(), payload };
        let Entry::Execution { tenant, execution, expected_seq, at, .. } = turn(1, 1, 1, None) else { unreachable!() };
        let events = vec![Event::SignalKept { signal }];
        let (record, _) = Entry::Execution { tenant, execution, expected_seq, at, events, summary: None }.into_record();
        let bytes = crate::journal::encode(&record).unwrap();
        let Record::Execution(turn) = crate::journal::decode(&bytes).unwrap() else { panic!("a turn") };
        assert_eq!(Record::Execution(turn), record);
    }
}
