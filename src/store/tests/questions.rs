//! Open questions: their orders, their filters, their counts, and how much is read for a page.

use super::world::World;
use super::*;
use crate::store::questions::{self, QuestionFilter, QuestionPage};

fn asking(flow: &str, questions: &[(u64, u64, Option<u64>)]) -> Summary {
    let asked = |(number, asked_at, expires): &(u64, u64, Option<u64>)| {
        let mut open = waiting(*number, *asked_at);
        if let WaitingFor::Question { expires_at, .. } = &mut open {
            *expires_at = expires.map(TimeMs);
        }
        open
    };
    Summary { flow: flow.to_owned(), waiting_for: questions.iter().map(asked).collect(), ..summary(Status::WaitingPerson) }
}

/// The asked-at times of every page, as one list.
fn listed(world: &World, filter: &QuestionFilter, limit: usize) -> Vec<u64> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let QuestionPage { rows, next } = questions::read(world.view.as_ref(), &tenant(), filter, after, limit).unwrap();
        assert!(rows.len() <= limit && rows.iter().all(|row| matches!(row.waiting_for, WaitingFor::Question { .. })));
        found.extend(rows.into_iter().map(|row| row.asked_at.0));
        after = next;
        if after.is_none() {
            return found;
        }
    }
}

#[test]
fn they_are_listed_and_counted_by_flow_and_expiry() {
    let mut world = World::new();
    world.set(execution(1), &asking("a", &[(1, 10, Some(500)), (2, 30, None)]));
    world.set(execution(2), &asking("b", &[(3, 20, Some(300)), (4, 40, Some(700))]));
    world.set(execution(3), &asking("a", &[(5, 25, Some(400))]));
    world.apply();
    let filter =
        |flow: Option<&str>, before: Option<u64>| QuestionFilter { flow: flow.map(str::to_owned), expires_before: before.map(TimeMs) };
    let count = |world: &World, flow| questions::count(world.view.as_ref(), &tenant(), flow).unwrap();
    for limit in [1, 2, 99] {
        assert_eq!(listed(&world, &filter(None, None), limit), [10, 20, 25, 30, 40]);
        assert_eq!(listed(&world, &filter(Some("a"), None), limit), [10, 25, 30]);
        assert_eq!(listed(&world, &filter(None, Some(700)), limit), [20, 25, 10], "what expires first");
        assert_eq!(listed(&world, &filter(Some("a"), Some(701)), limit), [25, 10]);
        assert_eq!(listed(&world, &filter(Some("c"), None), limit), [0; 0]);
    }
    assert_eq!((count(&world, None), count(&world, Some("a")), count(&world, Some("b")), count(&world, Some("c"))), (5, 3, 2, 0));

    // One is answered, one execution ends, one gets more time.
    world.set(execution(1), &asking("a", &[(2, 30, None)]));
    world.set(execution(2), &Summary { flow: "b".to_owned(), ..summary(Status::Completed) });
    world.set(execution(3), &asking("a", &[(5, 25, Some(900))]));
    world.apply();
    world.is_as_summed();
    assert_eq!(listed(&world, &filter(None, None), 9), [25, 30]);
    assert_eq!(listed(&world, &filter(None, Some(800)), 9), [0; 0]);
    assert_eq!(listed(&world, &filter(None, Some(901)), 9), [25]);
    assert_eq!((count(&world, None), count(&world, Some("a")), count(&world, Some("b"))), (2, 2, 0));
    world.purge(execution(1));
    world.purge(execution(3));
    world.apply();
    world.is_as_summed();
    assert_eq!((count(&world, None), count(&world, Some("a"))), (0, 0));
}

#[test]
fn a_page_and_the_count_read_little_however_many_are_open() {
    let mut world = World::new();
    for number in 0..20_000 {
        world.set(execution(number), &asking(if number == 19_999 { "rare" } else { "a" }, &[(number, number, None)]));
    }
    world.apply();
    let read = |filter: QuestionFilter| world.reads(|view| questions::read(view, &tenant(), &filter, None, 50).unwrap().rows.len());
    let (rows, reads) = read(QuestionFilter::default());
    assert!(rows == 50 && reads < 150, "{reads} rows read");
    let (rows, reads) = read(QuestionFilter { flow: Some("rare".to_owned()), ..QuestionFilter::default() });
    assert!(rows == 1 && reads < 10, "{reads} rows read");
    assert_eq!(world.reads(|view| questions::count(view, &tenant(), None).unwrap()), (20_000, 1));
    // One execution that asks much is read once.
    let many: Vec<_> = (0..500).map(|number| (100_000 + number, 1, None)).collect();
    world.set(execution(50_000), &asking("many", &many));
    world.apply();
    let filter = QuestionFilter { flow: Some("many".to_owned()), ..QuestionFilter::default() };
    let (rows, reads) = world.reads(|view| questions::read(view, &tenant(), &filter, None, 500).unwrap().rows.len());
    assert!(rows == 500 && reads < 600, "{reads} rows read");
}
