//! When a schedule is due: a cron expression in a time zone, as instants; and what is owed when it is looked at late. Pure: the present
//! time is passed in.
//!
//! Where clocks change, a schedule that does not fit every hour means times of day, one that does means elapsed time:
//!
//! | | names hours (`30 2 * * *`) | fits every hour (`*/10 * * * *`) |
//! |---|---|---|
//! | local time that the clocks skip | due once, at the first instant behind the gap | not due: there is no such hour |
//! | local time that comes twice | due the first time | due both times |

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::cron::{self, Cron};
use crate::ids::TimeMs;

/// Changes of the clocks that one search looks across: decades in every zone.
const CHANGES_MAX: usize = 400;
/// Local times that were there already, which one search passes over: two hours' seconds.
const REPEATED_MAX: usize = 7_200;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Cron(#[from] cron::Error),
    #[error("there is no time zone `{0}`; write its IANA name, such as `Europe/Berlin` or `UTC`")]
    Zone(String),
}

/// A schedule.
#[derive(Clone, Debug)]
pub struct Timetable {
    cron: Cron,
    zone: TimeZone,
}

/// What is done about due times that nobody was there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// Nothing.
    Skip,
    /// The latest of them fires.
    #[default]
    Last,
    /// All of them fire, the newest up to a bound.
    All,
}

/// How late a schedule may be, and what then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lateness {
    pub catch_up: CatchUp,
    /// Firings of one look at most.
    pub firings_max: usize,
    /// Up to here a due time still counts as met.
    pub grace_ms: u64,
    /// Longest delay that chance adds to a due time.
    pub jitter_ms: u64,
}

/// What one look at a schedule comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Due times that fire, in order.
    pub fire: Vec<TimeMs>,
    /// The first and the last due time that do not fire.
    pub missed: Option<(TimeMs, TimeMs)>,
    /// The due time behind all of these.
    pub next: Option<TimeMs>,
}

impl Timetable {
    /// # Errors
    /// `Cron`, `Zone`.
    pub fn new(expression: &str, zone: &str) -> Result<Self, Error> {
        let zone = TimeZone::get(zone).map_err(|_| Error::Zone(zone.to_owned()))?;
        Ok(Self { cron: Cron::parse(expression)?, zone })
    }

    /// The first due time after `after`.
    #[must_use]
    pub fn next(&self, after: TimeMs) -> Option<TimeMs> {
        let after = Timestamp::from_second(i64::try_from(after.0 / 1_000).ok()?).ok()?;
        let mut from = plus_seconds(after, 1)?;
        for _ in 0..CHANGES_MAX {
            let change = self.zone.following(from).next().map(|change| change.timestamp());
            if let Some(found) = self.next_before(from, change) {
                return of_seconds(found.as_second());
            }
            let change = change?;
            if self.is_due_at_gap(change) {
                return of_seconds(change.as_second());
            }
            from = change;
        }
        None
    }

    /// Between `from` and the next change of the clocks, where local time runs evenly.
    fn next_before(&self, from: Timestamp, change: Option<Timestamp>) -> Option<Timestamp> {
        let offset = self.zone.to_offset(from);
        let mut local = offset.to_datetime(from);
        for _ in 0..REPEATED_MAX {
            let fitting = self.cron.next(local)?;
            let at = offset.to_timestamp(fitting).ok()?;
            if change.is_some_and(|change| at >= change) {
                return None;
            }
            let is_repeated = match self.zone.to_ambiguous_timestamp(fitting).offset() {
                AmbiguousOffset::Fold { after, before } => offset == after && before != after,
                AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Gap { .. } => false,
            };
            if !is_repeated || self.cron.is_hourly() {
                return Some(at);
            }
            local = offset.to_datetime(plus_seconds(at, 1)?);
        }
        None
    }

    /// Whether a local time that the clocks skip at `change` was meant.
    fn is_due_at_gap(&self, change: Timestamp) -> bool {
        let Some(before) = plus_seconds(change, -1).map(|before| self.zone.to_offset(before)) else { return false };
        let (first, behind) = (before.to_datetime(change), self.zone.to_offset(change).to_datetime(change));
        first < behind && !self.cron.is_hourly() && self.cron.next(first).is_some_and(|fitting| fitting < behind)
    }

    /// The newest `count` due times from `first` (which is one) to `until`, in order.
    fn newest(&self, first: TimeMs, until: TimeMs, count: usize) -> Vec<TimeMs> {
        let mut window_ms = 60_000;
        loop {
            let begin = TimeMs(until.0.saturating_sub(window_ms)).max(first);
            let mut found = std::collections::VecDeque::new();
            // `first` itself is behind the instant before it.
            let mut next = if begin == first { Some(first) } else { self.next(TimeMs(begin.0.saturating_sub(1))) };
            while let Some(due) = next.filter(|due| *due <= until) {
                found.push_back(due);
                if found.len() > count {
                    found.pop_front();
                }
                next = self.next(due);
            }
            if found.len() >= count || begin == first {
                return found.into();
            }
            window_ms *= 2;
        }
    }

    /// What is owed at `now`, where `first` is the oldest due time that was not looked at yet.
    #[must_use]
    pub fn owed(&self, first: TimeMs, now: TimeMs, lateness: &Lateness) -> Owed {
        let &Lateness { catch_up, firings_max, grace_ms, jitter_ms } = lateness;
        // A later due time that may still be delayed by chance is looked at when its own time has come.
        let until = TimeMs(now.0.saturating_sub(jitter_ms)).max(first);
        let newest = self.newest(first, until, firings_max + 1);
        let last = newest.last().copied().unwrap_or(first);
        let is_late = |due: &TimeMs| now.0 > due.0.saturating_add(jitter_ms).saturating_add(grace_ms);
        let (late, met): (Vec<TimeMs>, Vec<TimeMs>) = newest.into_iter().partition(is_late);
        let caught_up = match catch_up {
            CatchUp::Skip => Vec::new(),
            CatchUp::Last => late.last().copied().into_iter().collect(),
            CatchUp::All => late,
        };
        let mut fire: Vec<TimeMs> = caught_up.into_iter().chain(met).collect();
        fire.drain(..fire.len().saturating_sub(firings_max));
        let missed = match fire.first() {
            None => Some((first, last)),
            Some(oldest) if *oldest > first => Some((first, self.newest(first, TimeMs(oldest.0 - 1), 1).last().copied().unwrap_or(first))),
            Some(_) => None,
        };
        Owed { fire, missed, next: self.next(last) }
    }
}

fn of_seconds(seconds: i64) -> Option<TimeMs> {
    Some(TimeMs(u64::try_from(seconds).ok()?.checked_mul(1_000)?))
}

fn plus_seconds(at: Timestamp, seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(at.as_second().checked_add(seconds)?).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::ToSpan as _;
    use jiff::civil::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> TimeMs {
        TimeMs(u64::try_from(text.parse::<Timestamp>().unwrap().as_millisecond()).unwrap())
    }

    fn table(expression: &str, zone: &str) -> Timetable {
        Timetable::new(expression, zone).unwrap()
    }

    fn check(expression: &str, zone: &str, after: &str, expected: &[&str]) {
        let table = table(expression, zone);
        let mut next = at(after);
        for expected in expected {
            next = table.next(next).unwrap();
            assert_eq!(next, at(expected), "{expression} in {zone} after {after}");
        }
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_due_behind_the_gap() {
        // Berlin goes from 02:00 to 03:00 at 01:00Z on 29 March 2026.
        check("30 2 * * *", "Europe/Berlin", "2026-03-28T02:00:00Z", &["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]);
        check("*/10 2 * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", &["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]);
        check("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", &["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"]);
        // A whole day was skipped in Samoa.
        check("0 9 30 12 *", "Pacific/Apia", "2011-01-01T00:00:00Z", &["2011-12-30T10:00:00Z", "2012-12-29T19:00:00Z"]);
    }

    #[test]
    fn a_time_that_comes_twice_is_due_once_unless_every_hour_is() {
        // Berlin goes from 03:00 back to 02:00 at 01:00Z on 25 October 2026.
        check("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
        check(
            "30 * * * *",
            "Europe/Berlin",
            "2026-10-25T00:00:00Z",
            &["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"],
        );
        // Half an hour, in Lord Howe.
        check("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z", &["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]);
    }

    #[test]
    fn zones_have_names() {
        assert!(matches!(Timetable::new("* * * * *", "Mars/Olympus"), Err(Error::Zone(_))));
        assert!(matches!(Timetable::new("x", "UTC"), Err(Error::Cron(_))));
    }

    /// Every due time of a year by walking through every local minute, and asking the zone for each.
    fn walked(expression: &str, zone: &str, from: DateTime, days: i64) -> BTreeSet<Timestamp> {
        let cron = Cron::parse(expression).unwrap();
        let zone = TimeZone::get(zone).unwrap();
        let mut found = BTreeSet::new();
        for minute in 0..days * 24 * 60 {
            let local = from.checked_add(minute.minutes()).unwrap();
            if !cron.fits(local) {
                continue;
            }
            match zone.to_ambiguous_timestamp(local).offset() {
                AmbiguousOffset::Unambiguous { offset } => drop(found.insert(offset.to_timestamp(local).unwrap())),
                AmbiguousOffset::Gap { before, .. } if !cron.is_hourly() => {
                    // The gap begins at the last change before what this would be without it.
                    let would_be = before.to_timestamp(local).unwrap();
                    let begin = zone.preceding(would_be.checked_add(1.second()).unwrap()).next().unwrap().timestamp();
                    found.insert(begin);
                }
                AmbiguousOffset::Gap { .. } => {}
                AmbiguousOffset::Fold { before, after } => {
                    found.insert(before.to_timestamp(local).unwrap());
                    if cron.is_hourly() {
                        found.insert(after.to_timestamp(local).unwrap());
                    }
                }
            }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// Around both changes of the clocks, in zones on both sides of the equator.
        #[test]
        fn due_times_are_those_of_a_walk_through_every_minute(
            minute in prop_oneof![Just("*/7"), Just("0"), Just("30"), Just("15,45")],
            hour in prop_oneof![Just("*"), Just("0-4"), Just("2"), Just("*/2"), Just("1,2,3")],
            zone in prop_oneof![Just("Europe/Berlin"), Just("America/New_York"), Just("Australia/Lord_Howe"), Just("Asia/Kolkata"), Just("America/Santiago"), Just("Africa/Casablanca")],
            start in 0_i64..360,
        ) {
            let expression = format!("{minute} {hour} * * *");
            let from = DateTime::constant(2026, 1, 1, 0, 0, 0, 0).checked_add(start.days()).unwrap();
            let expected = walked(&expression, zone, from, 30);
            let table = table(&expression, zone);
            let (first, last) = (*expected.first().unwrap(), *expected.last().unwrap());
            let mut next = of_seconds(first.as_second() - 1).unwrap();
            for expected in expected.range(first..=last) {
                next = table.next(next).unwrap();
                prop_assert_eq!(next, of_seconds(expected.as_second()).unwrap(), "{} in {}: expected {}", expression, zone, expected);
            }
        }

        /// Nothing is fired twice or forgotten, whatever the policy: what fires, what is missed and what comes next do not overlap and leave no gap.
        #[test]
        fn what_is_owed_covers_every_due_time_once(
            behind in 1_u64..20_000, max in 1_usize..20, grace_s in 0_u64..100, jitter_s in 0_u64..100, step in 1_u32..59,
            catch_up in prop_oneof![Just(CatchUp::Skip), Just(CatchUp::Last), Just(CatchUp::All)],
        ) {
            let table = table(&format!("*/{step} * * * * *"), "UTC");
            let first = table.next(at("2026-05-05T05:05:05Z")).unwrap();
            let now = first.plus(behind * 100);
            let lateness = Lateness { catch_up, firings_max: max, grace_ms: grace_s * 1_000, jitter_ms: jitter_s * 1_000 };
            let owed = table.owed(first, now, &lateness);
            let mut all = vec![first];
            while let Some(due) = table.next(*all.last().unwrap()).filter(|due| due.0 + jitter_s * 1_000 <= now.0) {
                all.push(due);
            }
            prop_assert_eq!(owed.next, table.next(*all.last().unwrap()));
            let is_late = |due: &TimeMs| now.0 > due.0 + lateness.jitter_ms + lateness.grace_ms;
            let late: Vec<TimeMs> = all.iter().copied().filter(is_late).collect();
            let wanted: Vec<TimeMs> = match catch_up {
                CatchUp::All => all.clone(),
                CatchUp::Skip => all.iter().copied().filter(|due| !is_late(due)).collect(),
                CatchUp::Last => late.last().copied().into_iter().chain(all.iter().copied().filter(|due| !is_late(due))).collect(),
            };
            let kept = wanted[wanted.len().saturating_sub(max)..].to_vec();
            prop_assert_eq!(&owed.fire, &kept);
            let missed: Vec<TimeMs> = all.iter().copied().take_while(|due| Some(due) != kept.first()).collect();
            prop_assert_eq!(owed.missed, missed.first().copied().zip(missed.last().copied()));
        }
    }
}
