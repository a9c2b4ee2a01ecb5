//! Questions, open and closed: their orders, their filters, their counts, and how much is read for a page.

use super::world::World;
use super::*;
use crate::machine::question::{Decided, Verdict};
use crate::store::closings::{self, ClosedAs, ClosedFilter, ClosedPage};
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

/// The question of this number, decided or rejected with this reason.
fn answered(number: u64, at: u64, verdict: Verdict, reason: Option<&str>) -> Event {
    let decided = Decided { verdict, by: "ann".to_owned(), at: TimeMs(at), digest: Digest::of(b"q"), reason: reason.map(str::to_owned) };
    Event::Answered { question: id(number), decided }
}

fn id(number: u64) -> QuestionId {
    QuestionId::derived(&format!("closed {number}"))
}

#[test]
fn what_was_closed_is_listed_by_when_and_how_and_goes_with_its_execution() {
    let mut world = World::new();
    let of = |flow: &str| Summary { flow: flow.to_owned(), ..summary(Status::WaitingPerson) };
    world.set(execution(1), &of("a"));
    world.set(execution(2), &of("b"));
    world.turn(execution(1), Some(&of("a")), vec![answered(1, 50, Verdict::Approve, None), Event::Expired { question: id(2) }]);
    // Not all turns carry a summary.
    world.turn(execution(2), None, vec![answered(3, 60, Verdict::Reject, Some("cancelled: in error"))]);
    world.turn(execution(1), None, vec![answered(4, 40, Verdict::Reject, Some("cancelled cheques only"))]);
    world.turn(execution(2), Some(&of("b")), vec![Event::Withdrawn { question: id(5) }]);
    world.apply();
    world.is_as_summed();
    let listed = |world: &World, flow: Option<&str>, closed_as: &[ClosedAs], limit: usize| {
        let filter = ClosedFilter { flow: flow.map(str::to_owned), closed_as: closed_as.to_vec() };
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let ClosedPage { rows, next } = closings::read(world.view.as_ref(), &tenant(), &filter, after, limit).unwrap();
            assert!(rows.len() <= limit);
            found.extend(rows.into_iter().map(|row| (row.closed_at.0, row.question, row.closed_as)));
            after = next;
            if after.is_none() {
                return found;
            }
        }
    };
    let times = |found: Vec<(u64, QuestionId, ClosedAs)>| found.into_iter().map(|(at, ..)| at).collect::<Vec<_>>();
    for limit in [1, 2, 9] {
        assert_eq!(times(listed(&world, None, &[], limit)), [60, 50, 40, 1, 1], "the last closed first");
        assert_eq!(
            listed(&world, None, &[ClosedAs::Cancelled], limit),
            [(60, id(3), ClosedAs::Cancelled), (1, id(5), ClosedAs::Cancelled)]
        );
        assert_eq!(times(listed(&world, Some("a"), &[], limit)), [50, 40, 1]);
        assert_eq!(listed(&world, Some("a"), &[ClosedAs::Expired], limit), [(1, id(2), ClosedAs::Expired)]);
        assert_eq!(times(listed(&world, Some("a"), &[ClosedAs::Expired, ClosedAs::Decided], limit)), [50, 40, 1]);
        assert_eq!(listed(&world, Some("c"), &[], limit), []);
    }
    world.purge(execution(1));
    world.apply();
    world.is_as_summed();
    assert_eq!(times(listed(&world, None, &[], 9)), [60, 1]);
    assert_eq!(listed(&world, Some("a"), &[], 9), []);
}

#[test]
fn a_page_of_closed_questions_reads_little_however_many_there_are() {
    let mut world = World::new();
    world.set(execution(1), &summary(Status::WaitingPerson));
    for number in 0..5_000 {
        let verdict = if number == 7 { Event::Withdrawn { question: id(7) } } else { answered(number, number, Verdict::Approve, None) };
        world.turn(execution(1), None, vec![verdict]);
    }
    world.apply();
    let read = |filter: ClosedFilter| world.reads(|view| closings::read(view, &tenant(), &filter, None, 50).unwrap().rows.len());
    let (rows, reads) = read(ClosedFilter::default());
    assert!(rows == 50 && reads < 150, "{reads} rows read");
    let (rows, reads) = read(ClosedFilter { flow: Some("refund".to_owned()), closed_as: vec![ClosedAs::Cancelled] });
    assert!(rows == 1 && reads < 5, "{reads} rows read");
}
