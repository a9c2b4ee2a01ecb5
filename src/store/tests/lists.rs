//! Lists of executions: what they hold, held against a plain scan, and how much they read for it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::world::World;
use super::*;
use crate::machine::input::{PRODUCTION, Trigger};
use crate::store::list::{self, Page};
use crate::store::{Filter, RunKind};

const STATUSES: [Status; 8] = [
    Status::Running,
    Status::WaitingPerson,
    Status::WaitingAsync,
    Status::Completed,
    Status::Failed,
    Status::TimedOut,
    Status::Cancelled,
    Status::Rejected,
];
const WORDS: [&str; 3] = ["a", "b", "b=c"];

fn word() -> impl Strategy<Value = String> {
    select(&WORDS[..]).prop_map(str::to_owned)
}

fn words() -> impl Strategy<Value = Vec<String>> {
    subsequence(&WORDS[..], 0..=WORDS.len()).prop_map(|words| words.into_iter().map(str::to_owned).collect())
}

/// Most filters say little, or nothing would fit.
fn seldom<S: Strategy>(of: S) -> impl Strategy<Value = Option<S::Value>> {
    prop::option::weighted(0.15, of)
}

fn purpose() -> impl Strategy<Value = Purpose> {
    select(&[Purpose::Production, Purpose::Production, Purpose::Test][..])
}

fn environment() -> impl Strategy<Value = String> {
    select(&[PRODUCTION, "staging"][..]).prop_map(str::to_owned)
}

fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map(select(&["k", "k=b"][..]).prop_map(str::to_owned), word(), 0..2)
}

prop_compose! {
    fn any_summary()(
        (flow, revision, status, purpose) in (word(), 1..3_u32, select(&STATUSES[..]), purpose()),
        (session, environment, labels, tools) in (prop::option::of(word()), prop::option::of(environment()), labels(), words()),
        (trigger, starter, tool_errors) in (prop::option::of((word(), prop::option::of(word()))), prop::option::of(word()), any::<bool>()),
        (parent, delay_ms, duration_ms) in (prop::option::of(0..3_u64), 0..9_u64, 0..9_u64),
    ) -> Summary {
        let started_at = TimeMs(10_000 + delay_ms);
        Summary {
            flow,
            revision,
            purpose,
            session,
            environment,
            labels,
            tools,
            tool_errors,
            started_at,
            starter: starter.unwrap_or_default(),
            trigger: trigger.map(|(kind, id)| Trigger { kind, id }),
            parent: parent.map(execution),
            root: parent.map(execution),
            ended_at: status.is_final().then(|| started_at.plus(duration_ms)),
            ..summary(status)
        }
    }
}

prop_compose! {
    fn any_filter()(
        (statuses, purpose, flow) in (seldom(subsequence(&STATUSES[..], 1..4)), seldom(purpose()), prop::option::of(word())),
        (revisions, since, until) in (seldom(1..3_u32), seldom(10_000..10_009_u64), seldom(10_000..10_009_u64)),
        (session, starters, tools, tool_errors) in (seldom(word()), seldom(words()), seldom(words()), seldom(any::<bool>())),
        (tool_calls, trigger_kinds, trigger) in (seldom(any::<bool>()), seldom(words()), seldom(word())),
        (runs, environment) in (seldom(select(&[RunKind::Root, RunKind::Child][..])), seldom(environment())),
        (duration_ms_min, duration_ms_max, labels, root) in (seldom(0..9_u64), seldom(0..9_u64), seldom(labels()), seldom(0..3_u64)),
    ) -> Filter {
        let set = |words: Option<Vec<String>>| words.unwrap_or_default().into_iter().collect();
        Filter {
            statuses: statuses.unwrap_or_default().into_iter().collect(),
            purpose,
            flow,
            revisions: revisions.into_iter().collect(),
            since: since.map(TimeMs),
            until: until.map(TimeMs),
            session,
            starters: set(starters),
            tools: set(tools),
            tool_errors,
            tool_calls,
            trigger_kinds: set(trigger_kinds),
            trigger,
            runs: runs.into_iter().collect(),
            environment,
            duration_ms_min,
            duration_ms_max,
            labels: labels.unwrap_or_default(),
            root: root.map(execution),
        }
    }
}

/// Every page, as one list.
fn paged(world: &World, filter: &Filter, limit: usize) -> Vec<ExecutionId> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let Page { rows, next } = list::executions(world.view.as_ref(), &tenant(), filter, before, limit).unwrap();
        assert!(rows.len() <= limit);
        found.extend(rows.into_iter().map(|(id, _)| id));
        assert!(next.is_none_or(|next| before.is_none_or(|before| next < before)), "every page gets further");
        before = next;
        if before.is_none() {
            return found;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Executions change and are purged; then every filter gives what a plain scan gives, whatever the pages.
    #[test]
    fn every_filter_lists_what_a_plain_scan_finds(
        changes in prop::collection::vec((0..40_u64, prop::option::weighted(0.9, any_summary())), 1..120),
        filters in prop::collection::vec(any_filter(), 12),
        limit in 1..9_usize,
    ) {
        let mut world = World::new();
        for (at, (number, change)) in changes.iter().enumerate() {
            let execution = execution(9_000 + *number);
            match change {
                Some(summary) => world.set(execution, summary),
                None if world.summaries.contains_key(&execution) => world.purge(execution),
                None => {}
            }
            if at % 7 == 0 {
                world.apply();
            }
        }
        world.apply();
        world.is_as_summed();
        for filter in &filters {
            let expected: Vec<ExecutionId> =
                world.summaries.iter().rev().filter(|(_, summary)| naive(filter, summary)).map(|(id, _)| *id).collect();
            prop_assert_eq!(paged(&world, filter, limit), expected.clone(), "{:?}", filter);
            prop_assert_eq!(paged(&world, filter, 1_000), expected, "{:?}", filter);
        }
    }
}

/// What fits, said once more and as plainly as it goes.
fn naive(filter: &Filter, summary: &Summary) -> bool {
    let mut fits = vec![
        filter.statuses.is_empty() || filter.statuses.contains(&summary.status),
        filter.revisions.is_empty() || filter.revisions.contains(&summary.revision),
        filter.starters.is_empty() || filter.starters.contains(&summary.starter),
        filter.tools.is_empty() || !filter.tools.is_disjoint(&summary.tools.iter().cloned().collect()),
        filter.runs.is_empty() || filter.runs.contains(&RunKind::Root) == summary.parent.is_none(),
        filter.labels.iter().all(|(key, value)| summary.labels.get(key).is_some_and(|found| found == value)),
    ];
    let trigger = summary.trigger.clone();
    fits.push(filter.trigger_kinds.is_empty() || trigger.clone().is_some_and(|trigger| filter.trigger_kinds.contains(&trigger.kind)));
    if let Some(purpose) = filter.purpose {
        fits.push(summary.purpose == purpose);
    }
    if let Some(flow) = &filter.flow {
        fits.push(summary.flow == *flow);
    }
    if let Some(since) = filter.since {
        fits.push(summary.started_at.0 >= since.0);
    }
    if let Some(until) = filter.until {
        fits.push(summary.started_at.0 < until.0);
    }
    if filter.session.is_some() {
        fits.push(summary.session == filter.session);
    }
    if let Some(errors) = filter.tool_errors {
        fits.push(summary.tool_errors == errors);
    }
    if let Some(calls) = filter.tool_calls {
        fits.push(summary.tools.is_empty() != calls);
    }
    if filter.trigger.is_some() {
        fits.push(trigger.is_some_and(|trigger| trigger.id == filter.trigger));
    }
    if let Some(environment) = &filter.environment {
        fits.push(summary.environment.clone().unwrap_or_else(|| PRODUCTION.to_owned()) == *environment);
    }
    if let Some(min) = filter.duration_ms_min {
        fits.push(summary.ended_at.is_some_and(|ended| ended.0 - summary.started_at.0 >= min));
    }
    if let Some(max) = filter.duration_ms_max {
        fits.push(summary.ended_at.is_some_and(|ended| ended.0 - summary.started_at.0 <= max));
    }
    if filter.root.is_some() {
        fits.push(summary.root == filter.root);
    }
    fits.into_iter().all(|fits| fits)
}

/// 20,000 executions of one flow: every thousandth has a label, of the first hundred some are failed tests.
fn many() -> World {
    let mut world = World::new();
    for number in 0..20_000_u64 {
        let mut summary = summary(if number % 2 == 0 { Status::Completed } else { Status::Failed });
        summary.started_at = TimeMs(1_000 + number);
        summary.ended_at = Some(TimeMs(2_000 + number));
        if number % 1_000 == 0 {
            summary.labels.insert("case".to_owned(), "rare".to_owned());
        }
        if number < 100 {
            summary.purpose = Purpose::Test;
        }
        if number == 10_000 {
            summary.ended_at = Some(TimeMs(99_999_999));
            summary.environment = Some("staging".to_owned());
        }
        world.set(execution(number), &summary);
    }
    world.apply();
    world
}

#[test]
fn a_list_reads_about_what_it_holds() {
    let world = many();
    let read = |filter: &Filter, limit| {
        let (page, reads) = world.reads(|view| list::executions(view, &tenant(), filter, None, limit).unwrap());
        (page.rows.len(), page.next.is_some(), reads)
    };
    let flow = Filter { flow: Some("refund".to_owned()), ..Filter::default() };
    let rare = Filter { labels: [("case".to_owned(), "rare".to_owned())].into(), ..flow.clone() };
    let (rows, more, reads) = read(&rare, 50);
    assert_eq!((rows, more), (20, false));
    assert!(reads < 300, "a rare label among 20,000 executions of the flow: {reads} rows read");
    let failed_tests = Filter {
        purpose: Some(Purpose::Test),
        statuses: [Status::Failed, Status::Cancelled].into(),
        revisions: [1].into(),
        ..flow.clone()
    };
    let (rows, more, reads) = read(&failed_tests, 10);
    assert_eq!((rows, more), (10, true));
    assert!(reads < 150, "the oldest of all by status: {reads} rows read");
    let old = Filter { until: Some(TimeMs(1_500)), purpose: Some(Purpose::Production), ..Filter::default() };
    assert_eq!(paged(&world, &old, 1_000).len(), 400);
    let (rows, more, reads) = read(&flow, 50);
    assert_eq!((rows, more), (50, true));
    assert!(reads < 200, "the first page of a flow: {reads} rows read");
    let elsewhere = Filter { environment: Some("staging".to_owned()), ..flow };
    assert_eq!(read(&elsewhere, 50).0, 1);
    assert!(read(&elsewhere, 50).2 < 30);
}

#[test]
fn a_page_of_which_too_few_fit_ends_early_and_goes_on() {
    let world = many();
    let slow = Filter { duration_ms_min: Some(1_000_000), ..Filter::default() };
    let (page, reads) = world.reads(|view| list::executions(view, &tenant(), &slow, None, 50).unwrap());
    assert!((list::READS_MAX..2 * list::READS_MAX).contains(&reads), "{reads} rows read");
    assert!(page.next.is_some(), "10,000 of 20,000 executions were looked at");
    assert_eq!(paged(&world, &slow, 50), [execution(10_000)]);
}

#[test]
fn long_values_and_times_beyond_an_id_are_found() {
    let mut world = World::new();
    let long = "x".repeat(70_000);
    let with_session = |session: &str| Summary { session: Some(session.to_owned()), ..summary(Status::Completed) };
    world.set(execution(1), &with_session(&long));
    world.set(execution(2), &with_session(&format!("{long}y")));
    world.apply();
    let of = |session: &str| paged(&world, &Filter { session: Some(session.to_owned()), ..Filter::default() }, 9);
    assert_eq!(of(&long), [execution(1)]);
    assert_eq!(of(&format!("{long}y")), [execution(2)]);
    assert_eq!(of("x"), []);
    for (since, until, found) in [(0, u64::MAX, 2), (1 << 60, u64::MAX, 0), (0, 1, 0)] {
        let window = Filter { since: Some(TimeMs(since)), until: Some(TimeMs(until)), ..Filter::default() };
        assert_eq!(paged(&world, &window, 9).len(), found);
    }
    let statuses: BTreeSet<Status> = STATUSES.into();
    assert_eq!(paged(&world, &Filter { statuses, ..Filter::default() }, 1).len(), 2);
}
