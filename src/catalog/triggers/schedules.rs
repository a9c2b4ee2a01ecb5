//! When schedules are due: the cursor of each, the index over all of them, and the one commit in which a cursor moves and its firings are
//! recorded.

use serde_json::{Map, Value};

use super::check::timetable_of;
use super::firings::{Admission, JUDGED_MAX};
use super::mapping::{Event, Verdict, has_expressions, judge};
use super::rows::{CursorRow, FiringRow, FiringState, OccurrenceRow, SCHEDULE, Schedule, Source, TriggerDueRow, TriggerRow};
use super::timetable::{CatchUp, Lateness, Owed, Timetable};
use crate::catalog::{Catalog, Changes, Error, Listing, Stored};
use crate::clock;
use crate::ids::{Tenant, TimeMs};

/// Firings that one look at a schedule makes where its catch-up has no bound of its own.
const AT_ONCE_MAX: usize = 100;

impl Schedule {
    /// Due times behind a moment, at most `count`.
    ///
    /// # Errors
    /// `Invalid` with the field.
    pub fn due_after(&self, after: TimeMs, count: usize) -> Result<Vec<TimeMs>, Error> {
        let timetable = timetable_of(self)?;
        Ok(std::iter::successors(timetable.next(after), |due| timetable.next(*due)).take(count).collect())
    }

    fn lateness(&self) -> Lateness {
        Lateness {
            catch_up: self.catch_up,
            firings_max: match self.catch_up {
                CatchUp::All => usize::try_from(self.catch_up_max).unwrap_or(AT_ONCE_MAX).min(AT_ONCE_MAX),
                CatchUp::Skip | CatchUp::Last => AT_ONCE_MAX,
            },
            grace_ms: u64::from(self.grace_seconds) * 1_000,
            jitter_ms: u64::from(self.jitter_seconds) * 1_000,
        }
    }

    /// The instant at which a due time fires: recorded with it, so that it is drawn once.
    fn delayed(&self, due: TimeMs) -> TimeMs {
        let jitter_ms = u64::from(self.jitter_seconds) * 1_000;
        due.plus(clock::entropy() % (jitter_ms + 1))
    }
}

impl Catalog {
    /// Schedules in the order in which they are due.
    ///
    /// # Errors
    /// `Store`.
    pub fn due_triggers(&self, after: Option<&str>, limit: usize) -> Result<Vec<Stored<TriggerDueRow>>, Error> {
        self.list(&Self::system(), Listing { after, limit, ..Listing::default() })
    }

    /// The cursor of a schedule; none of one that is switched off.
    ///
    /// # Errors
    /// `Store`.
    pub fn trigger_cursor(&self, tenant: &Tenant, id: &str) -> Result<Option<CursorRow>, Error> {
        Ok(self.get(tenant, id)?.map(|stored| stored.value))
    }

    /// Due times of a schedule from now on, at most `count`; none where it is switched off or no schedule.
    ///
    /// # Errors
    /// `Store`.
    pub fn next_fire_times(&self, tenant: &Tenant, row: &TriggerRow, count: usize) -> Result<Vec<TimeMs>, Error> {
        let (Source::Schedule(schedule), Some(cursor)) = (&row.definition.source, self.trigger_cursor(tenant, &row.id)?) else {
            return Ok(Vec::new());
        };
        let timetable = timetable_of(schedule)?;
        Ok(std::iter::successors(Some(cursor.due), |due| timetable.next(*due)).take(count).collect())
    }

    /// Begins the schedule anew behind `from`: what was due before and did not fire is forgotten.
    pub(super) fn reschedule(&self, tenant: &Tenant, row: &TriggerRow, from: TimeMs, changes: &mut Changes) -> Result<(), Error> {
        let Source::Schedule(schedule) = &row.definition.source else { return Ok(()) };
        let cursor = self.get::<CursorRow>(tenant, &row.id)?;
        if let Some(indexed_at) = cursor.as_ref().and_then(|cursor| cursor.value.indexed_at) {
            self.unlist(tenant, &row.id, indexed_at, changes)?;
        }
        let due = if row.is_active { timetable_of(schedule)?.next(from) } else { None };
        let version = cursor.as_ref().map_or(0, |cursor| cursor.version);
        match due {
            Some(due) => {
                let fires_at = schedule.delayed(due);
                let hold = row.pause.as_ref().filter(|_| row.is_paused(from)).map_or(Hold::No, |pause| Hold::of(pause.until));
                list(tenant, &row.id, version, CursorRow { due, fires_at, indexed_at: hold.indexed_at(fires_at) }, changes);
            }
            None if version > 0 => drop(changes.remove::<CursorRow>(tenant, &row.id, version)),
            None => {}
        }
        Ok(())
    }

    /// Takes a schedule out of the index (no `until`), or puts it there for no earlier than `until`. Its cursor stays.
    pub(super) fn hold_schedule(&self, tenant: &Tenant, id: &str, until: Option<TimeMs>, changes: &mut Changes) -> Result<(), Error> {
        let Some(stored) = self.get::<CursorRow>(tenant, id)? else { return Ok(()) };
        if let Some(indexed_at) = stored.value.indexed_at {
            self.unlist(tenant, id, indexed_at, changes)?;
        }
        let indexed_at = Hold::of(until).indexed_at(stored.value.fires_at);
        list(tenant, id, stored.version, CursorRow { indexed_at, ..stored.value }, changes);
        Ok(())
    }

    /// Fires what is due of one schedule at `now`: its cursor moves, and its firings are recorded, in one commit. Whether there is a start to make.
    ///
    /// # Errors
    /// As a commit.
    pub async fn fire_schedule(&self, due: &Stored<TriggerDueRow>, now: TimeMs) -> Result<bool, Error> {
        for _ in 0..JUDGED_MAX {
            let judged = match self.scheduled(&due.value)? {
                Some((row, cursor)) => Some(self.judge_owed(row, cursor, now).await?),
                None => None,
            };
            if let Some(has_started) = self.fire_owed(&due.value, judged.as_ref(), now).await? {
                return Ok(has_started);
            }
        }
        Err(Error::Conflict { code: "busy", message: "others keep changing this trigger; it is tried again".to_owned() })
    }

    /// The schedule as it stands, with its cursor; none where this is not its due time any more.
    fn scheduled(&self, due: &TriggerDueRow) -> Result<Option<(TriggerRow, Stored<CursorRow>)>, Error> {
        let TriggerDueRow { tenant, trigger, at } = due;
        let cursor = self.get::<CursorRow>(tenant, trigger)?.filter(|cursor| cursor.value.indexed_at == Some(*at));
        Ok(self.get::<TriggerRow>(tenant, trigger)?.map(|row| row.value).zip(cursor))
    }

    /// What is owed of a schedule, and what it fires with; expressions work beside the async threads.
    async fn judge_owed(&self, row: TriggerRow, cursor: Stored<CursorRow>, now: TimeMs) -> Result<Judged, Error> {
        if has_expressions(&row.definition) {
            return self.blocking(move |_| Judged::of(&row, &cursor, now)).await;
        }
        Judged::of(&row, &cursor, now)
    }

    /// Fires what was judged; none where the schedule or its cursor is another one meanwhile.
    async fn fire_owed(&self, due: &TriggerDueRow, judged: Option<&Judged>, now: TimeMs) -> Result<Option<bool>, Error> {
        let TriggerDueRow { tenant, trigger, at } = due;
        self.update(|catalog, changes| {
            let Some((row, cursor)) = catalog.scheduled(due)? else {
                catalog.unlist(tenant, trigger, *at, changes)?;
                return Ok(Some(false));
            };
            let is_same = |judged: &&Judged| judged.revision == row.revision && judged.cursor == cursor.version;
            let Some(Judged { owed, verdicts, .. }) = judged.filter(is_same) else { return Ok(None) };
            let Source::Schedule(schedule) = &row.definition.source else { return Ok(Some(false)) };
            catalog.unlist(tenant, trigger, *at, changes)?;
            let mut admission = Admission::new(catalog, tenant, &row);
            for (due, verdict) in owed.fire.iter().zip(verdicts) {
                fire(&mut admission, &row, (*due, now), verdict, changes)?;
            }
            if let Some((first, last)) = owed.missed {
                admission.record(missed(&row, first, last, now), changes)?;
            }
            let has_started = admission.finish(changes);
            move_on(tenant, &row, schedule, &timetable_of(schedule)?, owed.next, cursor.version, changes);
            Ok(Some(has_started))
        })
        .await
    }

    fn unlist(&self, tenant: &Tenant, id: &str, at: TimeMs, changes: &mut Changes) -> Result<(), Error> {
        let key = TriggerDueRow::key(at, tenant, id);
        if let Some(stored) = self.get::<TriggerDueRow>(&Self::system(), &key)? {
            changes.remove::<TriggerDueRow>(&Self::system(), &key, stored.version);
        }
        Ok(())
    }
}

fn move_on(
    tenant: &Tenant,
    row: &TriggerRow,
    schedule: &Schedule,
    timetable: &Timetable,
    next: Option<TimeMs>,
    version: u64,
    changes: &mut Changes,
) {
    debug_assert!(next.is_none_or(|next| timetable.next(TimeMs(next.0.saturating_sub(1))) == Some(next)), "a due time that is none");
    match next {
        Some(due) => {
            let fires_at = schedule.delayed(due);
            list(tenant, &row.id, version, CursorRow { due, fires_at, indexed_at: Some(fires_at) }, changes);
        }
        None => drop(changes.remove::<CursorRow>(tenant, &row.id, version)),
    }
}

/// Whether a schedule is held.
#[derive(Clone, Copy)]
enum Hold {
    No,
    Endless,
    Until(TimeMs),
}

impl Hold {
    fn of(until: Option<TimeMs>) -> Self {
        until.map_or(Self::Endless, Self::Until)
    }

    fn indexed_at(self, fires_at: TimeMs) -> Option<TimeMs> {
        match self {
            Self::No => Some(fires_at),
            Self::Endless => None,
            Self::Until(until) => Some(fires_at.max(until)),
        }
    }
}

fn list(tenant: &Tenant, id: &str, version: u64, cursor: CursorRow, changes: &mut Changes) {
    if let Some(at) = cursor.indexed_at {
        // One that stood at the same place is replaced within the same commit: removed, then made anew.
        let row = TriggerDueRow { at, tenant: tenant.clone(), trigger: id.to_owned() };
        changes.put(&Catalog::system(), &TriggerDueRow::key(at, tenant, id), 0, &row);
    }
    changes.put(tenant, id, version, &cursor);
}

/// What is owed of a schedule by one revision of it and one place of its cursor.
struct Judged {
    revision: u32,
    /// The version of its row.
    cursor: u64,
    owed: Owed,
    /// Of the due times that fire, in their order; or why one cannot be judged.
    verdicts: Vec<Result<Verdict, String>>,
}

impl Judged {
    fn of(row: &TriggerRow, cursor: &Stored<CursorRow>, now: TimeMs) -> Result<Self, Error> {
        let (revision, cursor, due) = (row.revision, cursor.version, cursor.value.due);
        let Source::Schedule(schedule) = &row.definition.source else {
            let owed = Owed { fire: Vec::new(), missed: None, next: None };
            return Ok(Self { revision, cursor, owed, verdicts: Vec::new() });
        };
        let owed = timetable_of(schedule)?.owed(due, now, &schedule.lateness());
        let verdicts = owed.fire.iter().map(|due| verdict(row, *due, now)).collect::<Result<_, _>>()?;
        Ok(Self { revision, cursor, owed, verdicts })
    }
}

fn verdict(row: &TriggerRow, due: TimeMs, now: TimeMs) -> Result<Result<Verdict, String>, Error> {
    let (payload, headers) = (Value::Null, Map::new());
    let event = Event { kind: SCHEDULE, at: now, due: Some(due), payload: &payload, headers: &headers, id: None };
    match judge(row, &event) {
        Ok(verdict) => Ok(Ok(verdict)),
        Err(Error::Invalid { field, message }) => Ok(Err(format!("{field}: {message}"))),
        Err(error) => Err(error),
    }
}

fn fire(
    admission: &mut Admission<'_>,
    row: &TriggerRow,
    (due, now): (TimeMs, TimeMs),
    verdict: &Result<Verdict, String>,
    changes: &mut Changes,
) -> Result<(), Error> {
    let base = FiringRow { due: Some(due), ..blank(row, due, now) };
    match verdict {
        Ok(Verdict::Fires { parameters, .. }) => {
            if !row.bindings.is_empty() {
                let occurrence = OccurrenceRow { payload: Value::Null, parameters: parameters.clone() };
                admission.occurs(&base.id, &occurrence, changes)?;
            }
            for binding in &row.bindings {
                let (agent, environment) = (Some(binding.agent.clone()), binding.environment.clone());
                admission.admit(FiringRow { agent, environment, ..base.clone() }, changes)?;
            }
        }
        Ok(Verdict::Filtered) => {
            let note = Some("the filter left it out".to_owned());
            admission.record(FiringRow { state: FiringState::Skipped, note, ..base }, changes)?;
        }
        Err(note) => {
            let note = Some(note.clone());
            admission.record(FiringRow { state: FiringState::Failed, note, ..base }, changes)?;
        }
    }
    Ok(())
}

fn missed(row: &TriggerRow, first: TimeMs, last: TimeMs, now: TimeMs) -> FiringRow {
    let (first_text, last_text) = (instant(first), instant(last));
    let note = if first == last {
        format!("nobody was there at {first_text}")
    } else {
        format!("nobody was there from {first_text} to {last_text}")
    };
    FiringRow {
        due: Some(first),
        state: FiringState::Missed,
        note: Some(note),
        id: format!("{:014x}-m", first.0),
        ..blank(row, first, now)
    }
}

fn instant(at: TimeMs) -> String {
    let stamp = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    stamp.map_or_else(|| at.0.to_string(), |stamp| stamp.to_string())
}

/// A firing of a schedule; its name follows from its due time, so that one due time cannot be recorded twice.
fn blank(row: &TriggerRow, due: TimeMs, now: TimeMs) -> FiringRow {
    FiringRow::blank(row, format!("{:014x}-s", due.0), SCHEDULE, now)
}
