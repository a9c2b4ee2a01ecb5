//! Tests of triggers over a store in memory: what one commit holds, what a crash leaves, the order of executions.

use futures::FutureExt as _;
use serde_json::{Map, json};
use uuid::Uuid;

use super::rows::{
    Binding, CursorRow, Definition, FiringRow, FiringState, Inbound, OccurrenceRow, OpenRow, Overlap, Remains, Schedule, Source, TriggerRow,
};
use super::timetable::CatchUp;
use super::{Fate, Fired, NewTrigger, Occurrence, Settled};
use crate::catalog::agents::NewAgent;
use crate::catalog::audit::Actor;
use crate::catalog::{Catalog, Changes, Error, Listing};
use crate::ids::{Digest, NanoUsd, Tenant, TimeMs};
use crate::machine::input::Purpose;
use crate::machine::summary::{Status, Summary};
use crate::store::{Faults, MemoryDisk, Sizes, Stepped, Store, Unsynced};

/// 2026-05-05T05:05:00Z.
const NOW: TimeMs = TimeMs(1_777_957_500_000);

fn actor(at: TimeMs) -> Actor {
    Actor { at, ..Actor::without_key("ana") }
}

fn tenant() -> Tenant {
    Tenant::default()
}

fn every_second(catch_up: CatchUp) -> Source {
    Source::Schedule(Schedule {
        cron: "* * * * * *".to_owned(),
        time_zone: "UTC".to_owned(),
        jitter_seconds: 0,
        catch_up,
        catch_up_max: 5,
        grace_seconds: 1,
    })
}

fn definition(source: Source, overlap: Overlap) -> Definition {
    Definition {
        display_name: "t".to_owned(),
        description: None,
        source,
        parameters: Map::new(),
        mapping: None,
        filter: None,
        overlap,
        budget: None,
    }
}

async fn agent(catalog: &Catalog) {
    catalog.create_agent(&tenant(), NewAgent { id: "agent".to_owned(), ..NewAgent::default() }, &actor(NOW)).await.unwrap();
}

async fn made(catalog: &Catalog, definition: Definition) -> TriggerRow {
    let bindings = vec![Binding { agent: "agent".to_owned(), environment: None }];
    catalog
        .add_trigger(&tenant(), (Uuid::now_v7().to_string(), None), NewTrigger { definition, is_active: true, bindings }, &actor(NOW))
        .await
        .unwrap()
}

async fn world(source: Source, overlap: Overlap) -> (Catalog, TriggerRow) {
    let catalog = Catalog::new(Store::in_memory(Faults::default()));
    agent(&catalog).await;
    let row = made(&catalog, definition(source, overlap)).await;
    (catalog, row)
}

fn event(id: Option<&str>, at: u64) -> Occurrence {
    Occurrence {
        kind: "WEBHOOK".to_owned(),
        at: NOW.plus(at),
        event_id: id.map(ToOwned::to_owned),
        payload: json!({"n": at}),
        headers: Map::new(),
        purpose: Purpose::Production,
        by: None,
    }
}

async fn fire(catalog: &Catalog, row: &TriggerRow, event: &Occurrence) -> FiringRow {
    match catalog.fire_trigger(&tenant(), &row.id, event).await.unwrap() {
        Fired::Recorded(firings) => firings[0].clone(),
        other => panic!("{other:?}"),
    }
}

fn states(catalog: &Catalog, row: &TriggerRow) -> Vec<FiringState> {
    let mut firings = catalog.firings(&tenant(), &row.id, None, 100).unwrap();
    firings.reverse();
    firings.into_iter().map(|firing| firing.value.state).collect()
}

/// Due times of what fired, in seconds after `NOW`, oldest first.
fn dues(catalog: &Catalog, row: &TriggerRow) -> Vec<(u64, FiringState)> {
    let mut firings = catalog.firings(&tenant(), &row.id, None, 100).unwrap();
    firings.reverse();
    firings.into_iter().map(|firing| (firing.value.due.unwrap().since(NOW) / 1_000, firing.value.state)).collect()
}

/// An execution that ended.
fn ended(at: TimeMs, cost: u64) -> Summary {
    let fields = json!({
        "flow": "agent", "revision": 1, "digest": Digest::of(b"a"), "status": Status::Completed, "started_at": at, "updated_at": at, "owed": false,
        "tokens": 0, "cost": cost,
    });
    serde_json::from_value(fields).unwrap()
}

fn open(firing: &FiringRow) -> OpenRow {
    OpenRow { trigger: firing.trigger.clone(), agent: "agent".to_owned(), execution: firing.execution.unwrap(), firing: firing.key() }
}

async fn end(catalog: &Catalog, firing: &FiringRow, cost: u64) -> bool {
    let open = open(firing);
    catalog.end_triggered(&tenant(), &open, Some(&ended(NOW, cost))).await.unwrap()
}

#[tokio::test]
async fn a_due_time_fires_once_and_the_cursor_moves_with_it() {
    let (catalog, row) = world(every_second(CatchUp::Last), Overlap::Parallel).await;
    let due = catalog.due_triggers(None, 9).unwrap();
    assert_eq!(due.iter().map(|due| due.value.at).collect::<Vec<_>>(), [NOW.plus(1_000)]);
    let before = catalog.store().position();
    assert!(catalog.fire_schedule(&due[0], NOW.plus(1_000)).await.unwrap());
    assert_eq!(catalog.store().position().0, before.0 + 1, "one commit");
    // The same entry read before it was taken: nothing happens again.
    assert!(!catalog.fire_schedule(&due[0], NOW.plus(1_000)).await.unwrap());
    assert_eq!(dues(&catalog, &row), [(1, FiringState::Pending)]);
    assert_eq!(catalog.trigger_cursor(&tenant(), &row.id).unwrap().unwrap().due, NOW.plus(2_000));
    assert_eq!((catalog.starts_due(None, 9).unwrap().len(), catalog.due_triggers(None, 9).unwrap().len()), (1, 1));
}

#[tokio::test]
async fn after_downtime_each_policy_does_what_it_says() {
    let missed = (1, FiringState::Missed);
    let pending = |dues: &[u64]| dues.iter().map(|due| (*due, FiringState::Pending)).collect::<Vec<_>>();
    for (catch_up, expected) in [
        // What is a second late counts as met.
        (CatchUp::Skip, [vec![missed], pending(&[59, 60])].concat()),
        (CatchUp::Last, [vec![missed], pending(&[58, 59, 60])].concat()),
        (CatchUp::All, [vec![missed], pending(&[56, 57, 58, 59, 60])].concat()),
    ] {
        let (catalog, row) = world(every_second(catch_up), Overlap::Parallel).await;
        let due = catalog.due_triggers(None, 9).unwrap().remove(0);
        catalog.fire_schedule(&due, NOW.plus(60_000)).await.unwrap();
        assert_eq!(dues(&catalog, &row), expected, "{catch_up:?}");
        assert_eq!(catalog.trigger_cursor(&tenant(), &row.id).unwrap().unwrap().due, NOW.plus(61_000));
    }
}

const SMALL: Sizes = Sizes { segment_bytes_min: 1 << 16, segment_bytes_max: 1 << 20, free_bytes_low: 0, free_bytes_stop: 0 };

/// Polls `work` until it is done, or has made `commits_max` commits: whatever it asks of the store then never happens.
fn driven<T>(stepped: &mut Stepped, commits_max: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    for commits in 0.. {
        if let Some(done) = work.as_mut().now_or_never() {
            return Some(done);
        }
        if commits == commits_max {
            return None;
        }
        assert!(stepped.commit().unwrap(), "it waits for a commit");
        stepped.apply_all().unwrap();
    }
    None
}

#[test]
fn a_crash_leaves_a_firing_and_its_cursor_or_neither() {
    let everything = usize::MAX;
    let mut seen = Vec::new();
    for commits_max in 0.. {
        let disk = MemoryDisk::new(Faults { unsynced: Unsynced::Kept, ..Faults::default() });
        let mut stepped = Stepped::open(&disk, SMALL).unwrap();
        let catalog = Catalog::new(stepped.store().clone());
        driven(&mut stepped, everything, agent(&catalog)).unwrap();
        let made = made(&catalog, definition(every_second(CatchUp::All), Overlap::Parallel));
        let row = driven(&mut stepped, everything, made).unwrap();
        let due = catalog.due_triggers(None, 9).unwrap().remove(0);
        let fired = driven(&mut stepped, commits_max, catalog.fire_schedule(&due, NOW.plus(1_000)));
        // The power goes here.
        let after = Catalog::new(Store::open_memory(&disk.crash(1, Faults::default())).unwrap());
        let next = after.trigger_cursor(&tenant(), &row.id).unwrap().unwrap().due;
        let expected = if next == NOW.plus(2_000) { vec![(1, FiringState::Pending)] } else { Vec::new() };
        assert_eq!(dues(&after, &row), expected, "after {commits_max} commits, next {next:?}");
        assert_eq!(after.starts_due(None, 9).unwrap().len(), expected.len(), "after {commits_max} commits");
        seen.push(expected.len());
        if fired.is_some() {
            assert_eq!(expected.len(), 1, "what was acknowledged is there");
            break;
        }
    }
    assert_eq!((seen.first(), seen.last()), (Some(&0), Some(&1)), "it was cut before and behind its commit");
}

#[tokio::test]
async fn an_event_fires_once_however_often_and_from_wherever_it_comes() {
    let (catalog, row) = world(Source::Webhook(Inbound::default()), Overlap::Parallel).await;
    let tries = (0..16).map(|_| {
        let (catalog, id) = (catalog.clone(), row.id.clone());
        tokio::spawn(async move { catalog.fire_trigger(&tenant(), &id, &event(Some("e1"), 0)).await.unwrap() })
    });
    let mut recorded = 0;
    for tried in futures::future::join_all(tries).await {
        recorded += usize::from(matches!(tried.unwrap(), Fired::Recorded(_)));
    }
    assert_eq!((recorded, states(&catalog, &row).len()), (1, 1));
    assert!(matches!(catalog.fire_trigger(&tenant(), &row.id, &event(Some("e2"), 1)).await.unwrap(), Fired::Recorded(_)));
    fire(&catalog, &row, &event(None, 2)).await;
    fire(&catalog, &row, &event(None, 3)).await;
    assert_eq!(states(&catalog, &row).len(), 4, "without an id nothing is the same");
    assert_eq!(catalog.sweep_triggers(&tenant(), NOW.plus(8 * 24 * 3_600_000)).await.unwrap(), 2);
    assert!(matches!(catalog.fire_trigger(&tenant(), &row.id, &event(Some("e1"), 9)).await.unwrap(), Fired::Recorded(_)));
}

#[tokio::test]
async fn skip_leaves_out_what_comes_while_one_runs() {
    let (catalog, row) = world(Source::Manual, Overlap::Skip).await;
    let first = fire(&catalog, &row, &event(None, 1)).await;
    let second = fire(&catalog, &row, &event(None, 2)).await;
    assert_eq!((first.state, second.state, second.execution), (FiringState::Pending, FiringState::Skipped, None));
    assert!(!end(&catalog, &first, 0).await);
    assert_eq!(fire(&catalog, &row, &event(None, 3)).await.state, FiringState::Pending);
}

#[tokio::test]
async fn of_many_at_once_skip_starts_one() {
    let (catalog, row) = world(Source::Manual, Overlap::Skip).await;
    let tries = (0..16).map(|at| {
        let (catalog, row) = (catalog.clone(), row.clone());
        tokio::spawn(async move { fire(&catalog, &row, &event(None, at)).await.state })
    });
    let started = futures::future::join_all(tries).await.into_iter().filter(|state| matches!(state, Ok(FiringState::Pending))).count();
    assert_eq!((started, catalog.starts_due(None, 99).unwrap().len()), (1, 1));
}

#[tokio::test]
async fn what_is_caught_up_in_one_commit_keeps_to_the_order_too() {
    for (overlap, rest) in [(Overlap::Skip, FiringState::Skipped), (Overlap::Queue, FiringState::Queued)] {
        let (catalog, row) = world(every_second(CatchUp::All), overlap).await;
        let due = catalog.due_triggers(None, 9).unwrap().remove(0);
        catalog.fire_schedule(&due, NOW.plus(3_000)).await.unwrap();
        assert_eq!(dues(&catalog, &row), [(1, FiringState::Pending), (2, rest), (3, rest)]);
        assert_eq!(catalog.starts_due(None, 9).unwrap().len(), 1);
    }
}

#[tokio::test]
async fn queue_begins_one_after_the_other_in_order() {
    let (catalog, row) = world(Source::Manual, Overlap::Queue).await;
    let mut firings = Vec::new();
    for at in 0..4 {
        firings.push(fire(&catalog, &row, &event(None, at)).await);
    }
    for (turn, firing) in firings.iter().enumerate() {
        let expected: Vec<_> = (0..4)
            .map(|at| match at {
                _ if at < turn => FiringState::Ended,
                _ if at == turn => FiringState::Pending,
                _ => FiringState::Queued,
            })
            .collect();
        assert_eq!(states(&catalog, &row), expected);
        assert_eq!(catalog.starts_due(None, 9).unwrap().len(), 1);
        assert_eq!(end(&catalog, firing, 0).await, turn < 3);
        assert!(!end(&catalog, firing, 0).await, "an end counts once");
    }
    // A start that is refused makes room too; what waits when it is switched off is dropped.
    let first = fire(&catalog, &row, &event(None, 5)).await;
    fire(&catalog, &row, &event(None, 6)).await;
    fire(&catalog, &row, &event(None, 7)).await;
    let due = catalog.starts_due(None, 9).unwrap().remove(0);
    assert_eq!(catalog.owed_start(&due.value).unwrap().unwrap().execution, first.execution);
    assert!(catalog.settle_start(&due, &Settled::Refused { note: "no".to_owned() }).await.unwrap());
    catalog.switch_trigger(&tenant(), &row.id, false, &actor(NOW)).await.unwrap();
    assert_eq!(states(&catalog, &row)[4..], [FiringState::Failed, FiringState::Pending, FiringState::Skipped]);
    let off = catalog.fire_trigger(&tenant(), &row.id, &event(None, 8)).await;
    assert!(matches!(off, Err(Error::Conflict { code: "trigger_inactive", .. })));
}

/// A firing waits only behind an execution that is open: otherwise nobody begins it.
fn assert_nothing_is_stranded(catalog: &Catalog, row: &TriggerRow, round: u64) {
    let (states, open) = (states(catalog, row), catalog.open_of_triggers(&tenant()).unwrap());
    assert!(!open.is_empty() || !states.contains(&FiringState::Queued), "round {round}: {states:?} behind nothing");
}

#[tokio::test]
async fn what_comes_while_the_one_before_it_ends_does_not_wait_behind_nothing() {
    let (catalog, row) = world(Source::Manual, Overlap::Queue).await;
    for round in 0..64 {
        let first = fire(&catalog, &row, &event(None, 10 * round)).await;
        assert_eq!(first.state, FiringState::Pending, "round {round}");
        let next = event(None, 10 * round + 1);
        let (second, is_refused) = (fire(&catalog, &row, &next), round % 3 == 2);
        let over = async {
            if is_refused {
                let due = catalog.starts_due(None, 1).unwrap().remove(0);
                catalog.settle_start(&due, &Settled::Refused { note: "no".to_owned() }).await.unwrap();
            } else {
                end(&catalog, &first, 0).await;
            }
        };
        // Who reads first decides which of them finds the other's commit in its way.
        let second = if round % 2 == 0 { tokio::join!(second, over).0 } else { tokio::join!(over, second).1 };
        assert_nothing_is_stranded(&catalog, &row, round);
        end(&catalog, &second, 0).await;
        assert!(catalog.open_of_triggers(&tenant()).unwrap().is_empty(), "round {round}: the second one was begun");
    }
}

#[tokio::test]
async fn an_execution_that_was_purged_before_its_end_was_recorded_makes_room() {
    let (catalog, row) = world(Source::Manual, Overlap::Queue).await;
    let (first, second) = (fire(&catalog, &row, &event(None, 1)).await, fire(&catalog, &row, &event(None, 2)).await);
    assert_eq!(catalog.fate(&tenant(), &open(&first)).unwrap(), Fate::Runs, "its start is owed");
    let due = catalog.starts_due(None, 9).unwrap().remove(0);
    // It began, and nothing is there of it.
    catalog.settle_start(&due, &Settled::Started).await.unwrap();
    assert_eq!(catalog.fate(&tenant(), &open(&first)).unwrap(), Fate::Purged);
    assert!(catalog.end_triggered(&tenant(), &open(&first), None).await.unwrap());
    assert_eq!(states(&catalog, &row), [FiringState::Ended, FiringState::Pending]);
    let due = catalog.starts_due(None, 9).unwrap().remove(0);
    catalog.settle_start(&due, &Settled::Started).await.unwrap();
    assert_eq!(fire(&catalog, &row, &event(None, 3)).await.state, FiringState::Pending, "the purged one is in nobody's way");
    assert!(catalog.end_triggered(&tenant(), &open(&second), None).await.is_ok());
}

#[tokio::test]
async fn what_waits_behind_nothing_is_begun_when_somebody_looks() {
    let (catalog, row) = world(Source::Manual, Overlap::Queue).await;
    let first = fire(&catalog, &row, &event(None, 1)).await;
    fire(&catalog, &row, &event(None, 2)).await;
    assert!(!catalog.begin_stranded(&tenant()).await.unwrap(), "it waits behind the first");
    // As an earlier version left it: the end was recorded, and nobody saw what waits.
    let mut changes = Changes::default();
    catalog.close(&tenant(), &open(&first), &mut changes).unwrap();
    catalog.commit(changes).await.unwrap();
    assert!(catalog.begin_stranded(&tenant()).await.unwrap());
    assert_eq!(states(&catalog, &row)[1], FiringState::Pending);
}

#[tokio::test]
async fn a_start_that_may_work_later_stays_owed_under_the_same_execution() {
    let (catalog, row) = world(Source::Manual, Overlap::Parallel).await;
    let firing = fire(&catalog, &row, &event(None, 0)).await;
    let due = catalog.starts_due(None, 9).unwrap().remove(0);
    catalog.settle_start(&due, &Settled::Again { at: NOW.plus(u64::MAX / 4) }).await.unwrap();
    assert_eq!(catalog.owed_start(&due.value).unwrap(), None, "the old entry stands for nothing");
    catalog.settle_start(&due, &Settled::Started).await.unwrap();
    let again = catalog.starts_due(None, 9).unwrap().remove(0);
    let owed = catalog.owed_start(&again.value).unwrap().unwrap();
    assert_eq!((owed.execution, owed.tries, owed.state), (firing.execution, 1, FiringState::Pending));
    catalog.settle_start(&again, &Settled::Started).await.unwrap();
    assert_eq!((states(&catalog, &row), catalog.starts_due(None, 9).unwrap().len()), (vec![FiringState::Started], 0));
}

#[tokio::test]
async fn costs_of_a_month_are_counted_once() {
    let (catalog, row) = world(Source::Manual, Overlap::Parallel).await;
    let firing = fire(&catalog, &row, &event(None, 0)).await;
    end(&catalog, &firing, 700).await;
    end(&catalog, &firing, 700).await;
    end(&catalog, &fire(&catalog, &row, &event(None, 1)).await, 50).await;
    let cost = |at| catalog.trigger_cost(&tenant(), &row.id, at).unwrap();
    assert_eq!((cost(NOW), cost(NOW.plus(40 * 24 * 3_600_000))), (NanoUsd(750), NanoUsd(0)));
}

#[tokio::test]
async fn a_paused_schedule_keeps_its_place_and_one_that_is_off_does_not() {
    let (catalog, row) = world(every_second(CatchUp::All), Overlap::Parallel).await;
    let cursor = || catalog.trigger_cursor(&tenant(), &row.id).unwrap();
    let next = CursorRow { due: NOW.plus(1_000), fires_at: NOW.plus(1_000), indexed_at: None };
    catalog.pause_trigger(&tenant(), &row.id, None, &actor(NOW)).await.unwrap();
    assert_eq!((cursor(), catalog.due_triggers(None, 9).unwrap().len()), (Some(next), 0));
    catalog.pause_trigger(&tenant(), &row.id, Some(NOW.plus(9_000)), &actor(NOW)).await.unwrap();
    assert_eq!(catalog.due_triggers(None, 9).unwrap()[0].value.at, NOW.plus(9_000));
    catalog.resume_trigger(&tenant(), &row.id, &actor(NOW.plus(5_000))).await.unwrap();
    assert_eq!(cursor().unwrap().indexed_at, Some(NOW.plus(1_000)));
    let due = catalog.due_triggers(None, 9).unwrap().remove(0);
    catalog.fire_schedule(&due, NOW.plus(3_000)).await.unwrap();
    assert_eq!(dues(&catalog, &row).into_iter().map(|(due, _)| due).collect::<Vec<_>>(), [1, 2, 3]);
    catalog.switch_trigger(&tenant(), &row.id, false, &actor(NOW.plus(3_500))).await.unwrap();
    assert_eq!((cursor(), catalog.due_triggers(None, 9).unwrap().len()), (None, 0));
    catalog.switch_trigger(&tenant(), &row.id, true, &actor(NOW.plus(20_000))).await.unwrap();
    assert_eq!(cursor().unwrap().due, NOW.plus(21_000));
    catalog.remove_trigger(&tenant(), &row.id, &actor(NOW)).await.unwrap();
    assert_eq!((cursor(), catalog.due_triggers(None, 9).unwrap().len()), (None, 0));
    assert_eq!(catalog.sweep_triggers(&tenant(), NOW).await.unwrap(), 1, "a revision; the firings owe their starts");
}

const DAY_MS: u64 = 24 * 3_600_000;

#[tokio::test]
async fn old_firings_go_in_time_whatever_stands_before_them() {
    let (catalog, row) = world(Source::Manual, Overlap::Parallel).await;
    // The oldest ones are not settled.
    let open = [fire(&catalog, &row, &event(None, 0)).await, fire(&catalog, &row, &event(None, 1)).await];
    let mut settled = Vec::new();
    for at in 2..9 {
        settled.push(fire(&catalog, &row, &event(None, at)).await);
        end(&catalog, settled.last().unwrap(), 0).await;
    }
    let young = fire(&catalog, &row, &event(None, 29 * DAY_MS)).await;
    end(&catalog, &young, 0).await;
    let now = NOW.plus(30 * DAY_MS + 9);
    assert_eq!(catalog.sweep_triggers(&tenant(), now).await.unwrap(), 14, "seven, and what they fired with");
    assert_eq!(states(&catalog, &row), [FiringState::Pending, FiringState::Pending, FiringState::Ended]);
    end(&catalog, &open[0], 0).await;
    assert_eq!(catalog.sweep_triggers(&tenant(), now).await.unwrap(), 2);
    assert_eq!(catalog.occurrence(&tenant(), &open[1]).unwrap().payload, json!({"n": 1}), "of what still runs it stays");
}

#[tokio::test]
async fn what_a_removed_trigger_left_goes_but_for_a_start_that_is_owed() {
    let (catalog, row) = world(Source::Manual, Overlap::Parallel).await;
    let (first, second) = (fire(&catalog, &row, &event(None, 0)).await, fire(&catalog, &row, &event(None, 1)).await);
    end(&catalog, &first, 7).await;
    catalog.remove_trigger(&tenant(), &row.id, &actor(NOW)).await.unwrap();
    let home = tenant();
    let sweep = || catalog.sweep_triggers(&home, NOW);
    let is_noted = || catalog.get::<Remains>(&home, &row.id).unwrap().is_some();
    assert!(sweep().await.unwrap() > 1);
    assert_eq!((states(&catalog, &row), sweep().await.unwrap()), (vec![FiringState::Pending], 0));
    let due = catalog.starts_due(None, 9).unwrap().remove(0);
    assert_eq!(catalog.owed_start(&due.value).unwrap().unwrap().id, second.id, "it is still made");
    catalog.settle_start(&due, &Settled::Started).await.unwrap();
    assert!(is_noted(), "something is left");
    assert_eq!((sweep().await.unwrap(), sweep().await.unwrap()), (2, 0));
    assert!(states(&catalog, &row).is_empty() && !is_noted());
}

#[tokio::test]
async fn definitions_have_a_history_that_can_be_taken_back() {
    let (catalog, row) = world(every_second(CatchUp::Last), Overlap::Skip).await;
    let (id, by, home) = (row.id.as_str(), actor(NOW), tenant());
    for _ in 0..2 {
        let renamed = catalog.change_trigger(&home, id, None, &by, |definition| {
            definition.display_name = "two".to_owned();
            Ok(())
        });
        assert_eq!(renamed.await.unwrap().revision, 2, "the same again is no revision");
    }
    let refused = catalog.change_trigger(&home, id, Some(false), &by, |definition| {
        definition.source = Source::Manual;
        Ok(())
    });
    assert!(matches!(refused.await, Err(Error::Invalid { field: "kind", .. })));
    assert!(catalog.trigger(&home, id).unwrap().value.is_active, "nothing of a change that is refused");
    let restored = catalog.restore_trigger(&tenant(), id, 1, &by).await.unwrap();
    assert_eq!((restored.revision, restored.definition.display_name.as_str()), (3, "t"));
    let revisions = catalog.trigger_revisions(&tenant(), id, None, 0).unwrap();
    let seen: Vec<_> = revisions.iter().map(|row| (row.revision, row.definition.display_name.as_str(), row.restored_from)).collect();
    assert_eq!(seen, [(3, "t", Some(1)), (2, "two", None), (1, "t", None)]);
    let page = catalog.trigger_revisions(&home, id, Some(3), 1).unwrap();
    assert_eq!(page, [catalog.trigger_revision(&home, id, 2).unwrap()]);
    assert!(matches!(catalog.restore_trigger(&tenant(), id, 9, &by).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn another_definition_and_a_switch_are_one_commit() {
    let (catalog, row) = world(every_second(CatchUp::Last), Overlap::Queue).await;
    let (first, second) = (fire(&catalog, &row, &event(None, 0)).await, fire(&catalog, &row, &event(None, 1)).await);
    let before = catalog.store().position();
    let rename = |definition: &mut Definition| {
        definition.display_name = "two".to_owned();
        Ok(())
    };
    let changed = catalog.change_trigger(&tenant(), &row.id, Some(false), &actor(NOW), rename).await.unwrap();
    assert_eq!((changed.revision, changed.is_active, changed.definition.display_name.as_str()), (2, false, "two"));
    assert_eq!(catalog.store().position().0, before.0 + 2, "one commit, and one for the lane");
    assert_eq!((catalog.trigger_cursor(&tenant(), &row.id).unwrap(), states(&catalog, &row)[1]), (None, FiringState::Skipped));
    assert!(!end(&catalog, &first, 0).await);
    assert_eq!(catalog.firings_named(&tenant(), &row.id, &second.id).unwrap()[0].state, FiringState::Skipped);
}

#[tokio::test]
async fn what_waits_for_a_trigger_that_is_off_is_dropped_when_its_turn_comes() {
    let (catalog, row) = world(Source::Manual, Overlap::Queue).await;
    let first = fire(&catalog, &row, &event(None, 0)).await;
    fire(&catalog, &row, &event(None, 1)).await;
    // The server died between the switch and the lanes.
    let off = |_: &Catalog, row: &mut TriggerRow, _: &mut Changes| {
        row.is_active = false;
        Ok(())
    };
    catalog.edit_trigger(&tenant(), &row.id, ("trigger.disabled", &actor(NOW)), off).await.unwrap();
    assert!(!end(&catalog, &first, 0).await);
    assert_eq!(states(&catalog, &row), [FiringState::Ended, FiringState::Skipped]);
}

#[tokio::test]
async fn what_a_trigger_fires_with_is_written_once() {
    let (catalog, row) = world(Source::Manual, Overlap::Queue).await;
    catalog.create_agent(&tenant(), NewAgent { id: "other".to_owned(), ..NewAgent::default() }, &actor(NOW)).await.unwrap();
    let other = Binding { agent: "other".to_owned(), environment: None };
    catalog.bind_trigger(&tenant(), &row.id, &other, &actor(NOW)).await.unwrap();
    let Fired::Recorded(firings) = catalog.fire_trigger(&tenant(), &row.id, &event(None, 5)).await.unwrap() else { panic!("it fires") };
    assert_eq!((firings.len(), catalog.list::<OccurrenceRow>(&tenant(), Listing::default()).unwrap().len()), (2, 1));
    for firing in &firings {
        assert!(firing.payload.is_null() && firing.parameters.is_empty(), "{firing:?}");
        let occurrence = catalog.occurrence(&tenant(), firing).unwrap();
        assert_eq!((occurrence.payload, json!(occurrence.parameters)), (json!({"n": 5}), json!({"n": 5})));
    }
    // As earlier versions wrote it.
    let old = FiringRow { id: "old".to_owned(), payload: json!(7), ..firings[0].clone() };
    assert_eq!(catalog.occurrence(&tenant(), &old).unwrap().payload, json!(7));
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_its_field() {
    let good = definition(Source::Webhook(Inbound::default()), Overlap::Skip);
    let long = format!("'{}'", "x".repeat(4_000));
    let schedule = |cron: &str, zone: &str| {
        let mut source = every_second(CatchUp::Last);
        if let Source::Schedule(schedule) = &mut source {
            (schedule.cron, schedule.time_zone) = (cron.to_owned(), zone.to_owned());
        }
        Definition { source, ..good.clone() }
    };
    for (wrong, wanted) in [
        (Definition { display_name: String::new(), ..good.clone() }, "displayName"),
        (schedule("* * *", "UTC"), "schedule.cron"),
        (schedule("0 0 31 2 *", "UTC"), "schedule.cron"),
        (schedule("@daily", "Nowhere"), "schedule.timeZone"),
        (Definition { filter: Some("payload.".to_owned()), ..good.clone() }, "filter"),
        (Definition { filter: Some("steps.a.output == 1".to_owned()), ..good.clone() }, "filter"),
        (Definition { mapping: Some([("x".to_owned(), "1 +".to_owned())].into()), ..good.clone() }, "mapping"),
        (Definition { mapping: Some((0..20).map(|n| (format!("p{n}"), long.clone())).collect()), ..good.clone() }, "mapping"),
        (
            Definition { source: Source::Webhook(Inbound { replay_window_seconds: 0, ..Inbound::default() }), ..good.clone() },
            "webhook.replayWindowSeconds",
        ),
    ] {
        let refused = super::check::definition(&wrong);
        assert!(matches!(&refused, Err(Error::Invalid { field, .. }) if *field == wanted), "{wanted}: {refused:?}");
    }
}

#[tokio::test]
async fn filters_and_mappings_read_the_event() {
    let inbound = Inbound { event_type: Some("order.paid".to_owned()), event_id: Some("payload.data.id".to_owned()), ..Inbound::default() };
    let (catalog, row) = world(Source::Manual, Overlap::Parallel).await;
    catalog.remove_trigger(&tenant(), &row.id, &actor(NOW)).await.unwrap();
    let definition = Definition {
        parameters: [("from".to_owned(), json!("shop"))].into_iter().collect(),
        mapping: Some([("order".to_owned(), "payload.data.id".to_owned()), ("via".to_owned(), "headers.from".to_owned())].into()),
        filter: Some("payload.data.total > 10".to_owned()),
        ..definition(Source::Webhook(inbound), Overlap::Parallel)
    };
    let row = made(&catalog, definition).await;
    let fire = |payload: serde_json::Value| {
        let headers = [("from".to_owned(), json!("eu"))].into_iter().collect();
        let occurrence = Occurrence { payload, headers, ..event(Some("header"), 0) };
        let (catalog, id) = (catalog.clone(), row.id.clone());
        async move { catalog.fire_trigger(&tenant(), &id, &occurrence).await }
    };
    let data = |kind: &str, id: u64, total: u64| json!({"type": kind, "data": {"id": id, "total": total}});
    let Fired::Recorded(firings) = fire(data("order.paid", 7, 11)).await.unwrap() else { panic!("it fires") };
    let occurrence = catalog.occurrence(&tenant(), &firings[0]).unwrap();
    assert_eq!(json!(occurrence.parameters), json!({"from": "shop", "order": 7, "via": "eu"}));
    assert_eq!((firings[0].event_id.as_deref(), firings[0].by.as_str()), (Some("7"), "ana"));
    assert!(matches!(fire(data("order.paid", 7, 99)).await.unwrap(), Fired::Duplicate(_)));
    assert_eq!(fire(data("order.paid", 8, 10)).await.unwrap(), Fired::Filtered);
    assert_eq!(fire(data("order.lost", 8, 11)).await.unwrap(), Fired::Filtered);
    for _ in 0..3 {
        assert!(matches!(fire(json!({"type": "order.paid"})).await, Err(Error::Invalid { field: "filter", .. })));
    }
    let mut firings = catalog.firings(&tenant(), &row.id, None, 0).unwrap();
    firings.retain(|stored| stored.value.state == FiringState::Failed);
    assert_eq!(firings.len(), 1, "one of a minute says it for all");
    let FiringRow { agent, note, .. } = &firings[0].value;
    assert!(agent.is_none() && note.as_ref().is_some_and(|note| note.starts_with("filter: ")), "{note:?}");
}
