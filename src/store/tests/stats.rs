//! Statistics: what they count, held against the summaries, and that they do not depend on how records came in frames.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::world::World;
use super::*;
use crate::machine::question::{Decided, Verdict};
use crate::store::Faults;
use crate::store::stats::{self, Month, Stats, StatsFilter, StatsKey};

/// 2026-03-31T23:59:59.999Z
const END_OF_MARCH: u64 = 1_775_001_599_999;

/// Started, failed, unfinished, cost, duration.
type Sums = (u64, u64, u64, u64, u64);

fn read(world: &World, filter: &StatsFilter) -> Vec<(StatsKey, Stats)> {
    stats::read(world.view.as_ref(), &tenant(), filter).unwrap()
}

fn total(world: &World, filter: &StatsFilter) -> Stats {
    read(world, filter).into_iter().fold(Stats::default(), |sum, (_, stats)| sum.plus(&stats))
}

pub fn answered(number: u64, verdict: Verdict) -> Event {
    let decided = Decided { verdict, by: "ann".to_owned(), at: TimeMs(5), digest: Digest::of(b"action"), reason: None };
    Event::Answered { question: question(number), decided }
}

#[test]
fn months_are_those_of_the_calendar() {
    let of = |ms: u64| Month::of(TimeMs(ms));
    assert_eq!(of(0).to_string(), "1970-01");
    assert_eq!((of(END_OF_MARCH).to_string(), of(END_OF_MARCH + 1).to_string()), ("2026-03".to_owned(), "2026-04".to_owned()));
    assert_eq!(of(1_709_164_800_000).to_string(), "2024-02", "the 29th");
    assert_eq!(of(u64::MAX).to_string(), "9999-12");
    assert!("2025-12".parse::<Month>().unwrap() < "2026-01".parse().unwrap());
    for bad in ["2026", "2026-13", "2026-00", "26-01", "2026-1", "", "2026-é"] {
        assert!(bad.parse::<Month>().is_err(), "{bad}");
    }
}

#[test]
fn what_runs_counts_at_once_and_what_ended_by_its_end() {
    let mut world = World::new();
    let mut one = summary(Status::Running);
    one.started_at = TimeMs(END_OF_MARCH);
    world.set(execution(1), &one);
    world.apply();
    let before = total(&world, &StatsFilter::default());
    assert_eq!((before.started, before.unfinished, before.cost, before.duration_ms_sum), (1, 1, NanoUsd(0), 0));

    (one.cost, one.input_cost, one.output_cost) = (NanoUsd(30), NanoUsd(10), NanoUsd(20));
    (one.input_tokens, one.output_tokens) = (7, 8);
    world.set(execution(1), &one);
    world.apply();
    let running = total(&world, &StatsFilter::default());
    assert_eq!((running.started, running.unfinished, running.cost, running.input_tokens), (1, 1, NanoUsd(30), 7));

    (one.status, one.ended_at, one.cost) = (Status::TimedOut, Some(TimeMs(END_OF_MARCH + 5)), NanoUsd(31));
    world.set(execution(1), &one);
    let refused = Summary { ended_at: Some(TimeMs(END_OF_MARCH + 900)), status: Status::Rejected, ..one.clone() };
    world.set(execution(2), &Summary { started_at: TimeMs(END_OF_MARCH + 1), ..refused });
    world.apply();
    world.is_as_summed();
    let rows = read(&world, &StatsFilter::default());
    assert_eq!(rows.iter().map(|(key, _)| key.month.to_string()).collect::<Vec<_>>(), ["2026-03", "2026-04"]);
    let (march, april) = (&rows[0].1, &rows[1].1);
    assert_eq!((march.unfinished, march.timed_out, march.cost, march.output_cost), (0, 1, NanoUsd(31), NanoUsd(20)));
    assert_eq!((march.duration_ms_sum, march.duration_classes[2], march.duration_classes.iter().sum::<u64>()), (5, 1, 1));
    assert_eq!((april.started, april.rejected, april.duration_ms_sum), (1, 1, 0), "what was refused took no time");

    world.purge(execution(1));
    world.apply();
    world.is_as_summed();
    assert_eq!(read(&world, &StatsFilter::default()), rows, "they tell of the past");
}

#[test]
fn decisions_about_actions_are_counted_and_answers_are_not() {
    let mut world = World::new();
    let mut asking = summary(Status::WaitingPerson);
    asking.waiting_for = (1..=5).map(|number| waiting(number, 1)).collect();
    let kinds = [QuestionKind::Approval, QuestionKind::ToolApproval, QuestionKind::ToolApproval, QuestionKind::Ask, QuestionKind::Budget];
    for (open, wanted) in asking.waiting_for.iter_mut().zip(kinds) {
        let WaitingFor::Question { question, .. } = open else { unreachable!() };
        *question = wanted;
    }
    world.set(execution(1), &asking);
    let events = vec![
        answered(1, Verdict::Edit { arguments: json!({}) }),
        answered(2, Verdict::Respond { response: json!("no") }),
        answered(4, Verdict::Respond { response: json!("blue") }),
        answered(5, Verdict::Approve),
    ];
    asking.waiting_for.drain(..2);
    world.turn(execution(1), Some(&asking), events);
    // Whatever the summary says, the decision counts.
    world.turn(execution(1), None, vec![answered(3, Verdict::Approve)]);
    world.apply();
    let stats = total(&world, &StatsFilter::default());
    assert_eq!((stats.approvals, stats.rejections, stats.started), (2, 1, 1));
}

#[test]
fn an_execution_of_an_old_version_moves_to_the_row_it_belongs_to() {
    let mut world = World::new();
    let old = summary(Status::Running);
    world.set(execution(1), &old);
    world.set(execution(1), &Summary { purpose: Purpose::Test, environment: Some("staging".to_owned()), ..old });
    world.apply();
    let rows = read(&world, &StatsFilter::default());
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].0.purpose, rows[0].0.environment.as_str(), rows[0].1.started), (Purpose::Test, "staging", 1));
}

prop_compose! {
    fn any_summary()(
        (flow, revision, purpose) in (select(&["a", "ab"][..]), 1..3_u32, select(&[Purpose::Production, Purpose::Test][..])),
        (status, month, took, cost) in (
            select(&[Status::Running, Status::Completed, Status::Failed, Status::Rejected][..]), 0..3_u64, 0..5_000_u64, 0..9_u64
        ),
        environment in prop::option::of(Just("staging".to_owned())),
    ) -> Summary {
        let started_at = TimeMs(END_OF_MARCH + month * 31 * 86_400_000);
        Summary {
            flow: flow.to_owned(),
            revision,
            purpose,
            started_at,
            environment,
            cost: NanoUsd(cost),
            ended_at: status.is_final().then(|| started_at.plus(took)),
            ..summary(status)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn they_are_the_sum_over_the_summaries(
        changes in prop::collection::vec((0..20_u64, any_summary()), 1..80),
        frames in 1..9_usize,
        (flow, revision) in (prop::option::of(Just("a".to_owned())), prop::option::of(1..3_u32)),
        (purpose, environment) in (
            prop::option::of(select(&[Purpose::Production, Purpose::Test][..])),
            prop::option::of(select(&["production", "staging"][..])),
        ),
        (first, last) in (prop::option::of(0..3_u64), prop::option::of(0..3_u64)),
    ) {
        let mut world = World::new();
        for (at, (number, summary)) in changes.iter().enumerate() {
            world.set(execution(*number), summary);
            if at % frames == 0 {
                world.apply();
            }
        }
        world.apply();
        world.is_as_summed();
        let month = |number: u64| Month::of(TimeMs(END_OF_MARCH + number * 31 * 86_400_000));
        let (first_month, last_month, environment) = (first.map(month), last.map(month), environment.map(str::to_owned));
        let filter = StatsFilter { flow, revision, purpose, environment, first_month, last_month };
        let mut expected: BTreeMap<(Purpose, String, String), Sums> = BTreeMap::new();
        for summary in world.summaries.values() {
            let month = Month::of(summary.started_at);
            let fits = filter.flow.as_ref().is_none_or(|flow| summary.flow == *flow)
                && filter.revision.is_none_or(|revision| summary.revision == revision)
                && filter.purpose.is_none_or(|purpose| summary.purpose == purpose)
                && filter.environment.as_ref().is_none_or(|wanted| summary.environment() == wanted)
                && filter.first_month.is_none_or(|first| month >= first)
                && filter.last_month.is_none_or(|last| month <= last);
            if fits {
                let key = (summary.purpose, summary.flow.clone(), format!("{month} {} {}", summary.revision, summary.environment()));
                let sum = expected.entry(key).or_default();
                sum.0 += 1;
                sum.1 += u64::from(summary.status == Status::Failed);
                sum.2 += u64::from(!summary.status.is_final());
                sum.3 += summary.cost.0;
                sum.4 += if summary.status == Status::Rejected { 0 } else { summary.duration_ms().unwrap_or(0) };
            }
        }
        let found: BTreeMap<_, _> = read(&world, &filter)
            .into_iter()
            .map(|(key, stats)| {
                let text = format!("{} {} {}", key.month, key.revision, key.environment);
                let sums = (stats.started, stats.failed, stats.unfinished, stats.cost.0, stats.duration_ms_sum);
                ((key.purpose, key.flow, text), sums)
            })
            .collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn the_store_gives_them_per_tenant() {
    let store = Store::in_memory(Faults::default());
    start(&store, 1, summary(Status::Running));
    let rows = store.stats(&tenant(), &StatsFilter::default()).unwrap();
    assert_eq!((rows.len(), rows[0].1.unfinished, rows[0].0.flow.as_str()), (1, 1, "refund"));
    assert!(store.stats(&Tenant::new("other"), &StatsFilter::default()).unwrap().is_empty());
    assert_eq!(store.question_count(&tenant(), None).unwrap(), 0);
}
