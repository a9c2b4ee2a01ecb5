//! Firings: how one is recorded, and what becomes of the start that it owes.

use serde_json::{Map, Value};

use super::lanes::{Lanes, Place, begin, list_start};
use super::mapping::{EVENT_ID_BYTES_MAX, Event, Verdict, has_expressions, judge};
use super::rows::{EventRow, FiringRow, FiringState, OccurrenceRow, OpenRow, StartDueRow, TriggerRow, event_key, occurrence_key};
use super::{must_be_active, target};
use crate::catalog::audit::Actor;
use crate::catalog::{Catalog, Changes, Error, Listing, Stored};
use crate::clock;
use crate::ids::{Tenant, TimeMs};
use crate::machine::input::Purpose;

/// How often an event is judged anew because its trigger was changed meanwhile.
pub(super) const JUDGED_MAX: usize = 8;

/// Puts the firings of one trigger into a commit, in order.
pub(super) struct Admission<'a> {
    catalog: &'a Catalog,
    tenant: &'a Tenant,
    row: &'a TriggerRow,
    lanes: Lanes,
    starts: bool,
    admitted: Vec<FiringRow>,
}

impl<'a> Admission<'a> {
    pub fn new(catalog: &'a Catalog, tenant: &'a Tenant, row: &'a TriggerRow) -> Self {
        Self { catalog, tenant, row, lanes: Lanes::default(), starts: false, admitted: Vec::new() }
    }

    /// What the firings of one name fire with. A name that comes again keeps what it has.
    pub fn occurs(&self, name: &str, occurrence: &OccurrenceRow, changes: &mut Changes) -> Result<(), Error> {
        let key = occurrence_key(&self.row.id, name);
        let is_empty = *occurrence == OccurrenceRow::default();
        if !is_empty && self.catalog.get::<OccurrenceRow>(self.tenant, &key)?.is_none() {
            changes.put(self.tenant, &key, 0, occurrence);
        }
        Ok(())
    }

    /// A firing that comes to an agent: it starts, waits or is skipped. One that is recorded already is left as it is.
    pub fn admit(&mut self, mut firing: FiringRow, changes: &mut Changes) -> Result<(), Error> {
        let (Some(agent), key) = (firing.agent.clone(), firing.key()) else { return Ok(()) };
        if self.is_recorded(&key)? {
            return Ok(());
        }
        match self.lanes.place(self.catalog, self.tenant, self.row, &agent, &key)? {
            Place::Start => {
                begin(self.tenant, &mut firing, clock::now(), changes);
                self.starts = true;
            }
            Place::Wait => {
                (firing.state, firing.execution) = (FiringState::Queued, Some(clock::execution_id()));
            }
            Place::Skip(why) => (firing.state, firing.note) = (FiringState::Skipped, Some(why.to_owned())),
        }
        self.record(firing, changes)
    }

    /// A firing that is what it is; as `admit`, one that is recorded already stays.
    pub fn record(&mut self, firing: FiringRow, changes: &mut Changes) -> Result<(), Error> {
        let key = firing.key();
        if !self.is_recorded(&key)? {
            changes.put(self.tenant, &key, 0, &firing);
            self.admitted.push(firing);
        }
        Ok(())
    }

    /// A due time comes again where the clock was set back, or the schedule was begun anew just then.
    fn is_recorded(&self, key: &str) -> Result<bool, Error> {
        Ok(self.catalog.get::<FiringRow>(self.tenant, key)?.is_some())
    }

    /// Completes the commit. Whether there is a start to make.
    pub fn finish(self, changes: &mut Changes) -> bool {
        self.lanes.write(self.tenant, changes);
        self.starts
    }
}

/// Something that makes a trigger fire, apart from the clock.
#[derive(Clone, Debug)]
pub struct Occurrence {
    pub kind: String,
    pub at: TimeMs,
    pub event_id: Option<String>,
    pub payload: Value,
    pub headers: Map<String, Value>,
    pub purpose: Purpose,
    /// Who fires it by hand; none: it came in by itself, and starts in the name of whoever answers for the trigger.
    pub by: Option<Actor>,
}

/// What it came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Fired {
    /// One firing per agent.
    Recorded(Vec<FiringRow>),
    /// This event has fired before, under this name.
    Duplicate(String),
    Filtered,
}

/// What became of a start that was owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    Started,
    /// It will never work.
    Refused {
        note: String,
    },
    Again {
        at: TimeMs,
    },
}

/// An occurrence that was judged.
struct Admitted<'a> {
    /// Of the trigger, by which it was.
    revision: u32,
    /// Of the firings' name.
    suffix: &'a str,
    event_id: Option<String>,
    parameters: Map<String, Value>,
}

impl Occurrence {
    fn event(&self) -> Event<'_> {
        let Self { kind, at, event_id, payload, headers, .. } = self;
        Event { kind, at: *at, due: None, payload, headers, id: event_id.as_deref() }
    }
}

/// A firing of an occurrence that has come to no agent yet.
fn blank(row: &TriggerRow, occurrence: &Occurrence, name: String) -> FiringRow {
    let blank = FiringRow::blank(row, name, &occurrence.kind, occurrence.at);
    let by = occurrence.by.as_ref().map_or(blank.by, |actor| actor.user.clone());
    FiringRow { by, purpose: occurrence.purpose, ..blank }
}

impl Catalog {
    /// Fires a trigger: the event's id and one firing per agent are recorded in one commit.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` (`trigger_inactive`), `Invalid` where an expression cannot be evaluated; as a commit.
    pub async fn fire_trigger(&self, tenant: &Tenant, id: &str, occurrence: &Occurrence) -> Result<Fired, Error> {
        let suffix = &clock::execution_id().to_string();
        for _ in 0..JUDGED_MAX {
            let row = self.trigger(tenant, id)?.value;
            must_be_active(&row)?;
            let verdict = match self.judged(&row, occurrence).await {
                Err(Error::Invalid { field, message }) => {
                    // Whoever fires it by hand reads that; of what comes in by itself, nobody but a program does.
                    if occurrence.by.is_none() {
                        self.record_unfit(tenant, &row, occurrence, format!("{field}: {message}")).await?;
                    }
                    return Err(Error::Invalid { field, message });
                }
                judged => judged?,
            };
            let Verdict::Fires { event_id, parameters } = verdict else { return Ok(Fired::Filtered) };
            let admitted = Admitted { revision: row.revision, suffix, event_id, parameters };
            if let Some(fired) = self.admit_occurrence(tenant, id, occurrence, &admitted).await? {
                return Ok(fired);
            }
        }
        Err(Error::Conflict { code: "busy", message: "others keep changing this trigger; try again".to_owned() })
    }

    /// What a trigger makes of an occurrence; its expressions work beside the async threads.
    async fn judged(&self, row: &TriggerRow, occurrence: &Occurrence) -> Result<Verdict, Error> {
        if !has_expressions(&row.definition) {
            return judge(row, &occurrence.event());
        }
        let (row, occurrence) = (row.clone(), occurrence.clone());
        self.blocking(move |_| judge(&row, &occurrence.event())).await
    }

    /// Says among the firings that an event came which the expressions cannot read. Of each minute the first one: whoever sends them, and
    /// however many, they fill nothing.
    async fn record_unfit(&self, tenant: &Tenant, row: &TriggerRow, occurrence: &Occurrence, note: String) -> Result<(), Error> {
        const MINUTE_MS: u64 = 60_000;
        let name = format!("{:014x}-unfit", occurrence.at.0 - occurrence.at.0 % MINUTE_MS);
        let event_id = occurrence.event_id.clone().filter(|id| id.len() <= EVENT_ID_BYTES_MAX);
        let firing = FiringRow { state: FiringState::Failed, note: Some(note), event_id, ..blank(row, occurrence, name) };
        self.update(|catalog, changes| {
            catalog.trigger(tenant, &row.id)?;
            Admission::new(catalog, tenant, row).record(firing.clone(), changes)
        })
        .await
    }

    /// The commit of an occurrence that fires; none where the trigger is another one meanwhile, and the event is to be judged anew.
    async fn admit_occurrence(
        &self,
        tenant: &Tenant,
        id: &str,
        occurrence: &Occurrence,
        admitted: &Admitted<'_>,
    ) -> Result<Option<Fired>, Error> {
        self.update(|catalog, changes| {
            let row = catalog.trigger(tenant, id)?.value;
            must_be_active(&row)?;
            let Admitted { revision, suffix, event_id, parameters } = admitted;
            if row.revision != *revision {
                return Ok(None);
            }
            let Occurrence { at, payload, by, .. } = occurrence;
            let name = format!("{:014x}-{suffix}", at.0);
            if let Some(event) = event_id {
                let key = event_key(id, event);
                if let Some(known) = catalog.get::<EventRow>(tenant, &key)? {
                    return Ok(Some(Fired::Duplicate(known.value.firing)));
                }
                changes.put(tenant, &key, 0, &EventRow { at: *at, firing: name.clone() });
            }
            let mut admission = Admission::new(catalog, tenant, &row);
            if !row.bindings.is_empty() {
                let (payload, parameters) = (payload.clone(), parameters.clone());
                admission.occurs(&name, &OccurrenceRow { payload, parameters }, changes)?;
            }
            for binding in &row.bindings {
                let (agent, environment) = (Some(binding.agent.clone()), binding.environment.clone());
                let blank = blank(&row, occurrence, name.clone());
                admission.admit(FiringRow { agent, environment, event_id: event_id.clone(), ..blank }, changes)?;
            }
            let firings = admission.admitted.clone();
            admission.finish(changes);
            if let Some(actor) = by {
                changes.audit(tenant, actor, "trigger.fired", &target(id), Some(name));
            }
            Ok(Some(Fired::Recorded(firings)))
        })
        .await
    }

    /// Firings of a trigger, newest first, behind the key `after`.
    ///
    /// # Errors
    /// `Store`.
    pub fn firings(&self, tenant: &Tenant, trigger: &str, after: Option<&str>, limit: usize) -> Result<Vec<Stored<FiringRow>>, Error> {
        self.list(tenant, Listing { prefix: &format!("{trigger}/"), after, descending: true, limit })
    }

    /// The firings of one occurrence, by agent.
    ///
    /// # Errors
    /// `Store`.
    pub fn firings_named(&self, tenant: &Tenant, trigger: &str, name: &str) -> Result<Vec<FiringRow>, Error> {
        let listed = self.list(tenant, Listing { prefix: &format!("{trigger}/{name}/"), ..Listing::default() })?;
        Ok(listed.into_iter().map(|stored: Stored<FiringRow>| stored.value).collect())
    }

    /// What a firing fires with.
    ///
    /// # Errors
    /// `Store`.
    pub fn occurrence(&self, tenant: &Tenant, firing: &FiringRow) -> Result<OccurrenceRow, Error> {
        let stored = self.get::<OccurrenceRow>(tenant, &occurrence_key(&firing.trigger, &firing.id))?;
        let own = || OccurrenceRow { payload: firing.payload.clone(), parameters: firing.parameters.clone() };
        Ok(stored.map_or_else(own, |stored| stored.value))
    }

    /// When it last started something; none: never, as far as is remembered.
    ///
    /// # Errors
    /// `Store`.
    pub fn trigger_last_fired(&self, tenant: &Tenant, trigger: &str) -> Result<Option<TimeMs>, Error> {
        /// What was skipped does not count, and is looked past so far. Most often the newest is the one.
        const LOOKED_AT_MAX: usize = 50;
        let fired = |row: &FiringRow| matches!(row.state, FiringState::Pending | FiringState::Started | FiringState::Ended);
        let mut after: Option<String> = None;
        for limit in [1, LOOKED_AT_MAX - 1] {
            let rows = self.firings(tenant, trigger, after.as_deref(), limit)?;
            if let Some(found) = rows.iter().find(|stored| fired(&stored.value)) {
                return Ok(Some(found.value.at));
            }
            let Some(last) = rows.last() else { return Ok(None) };
            after = Some(last.key.clone());
        }
        Ok(None)
    }

    /// Starts that are owed, in the order in which they are tried.
    ///
    /// # Errors
    /// `Store`.
    pub fn starts_due(&self, after: Option<&str>, limit: usize) -> Result<Vec<Stored<StartDueRow>>, Error> {
        self.list(&Self::system(), Listing { after, limit, ..Listing::default() })
    }

    /// The firing that a start is owed for; none: not any more.
    ///
    /// # Errors
    /// `Store`.
    pub fn owed_start(&self, due: &StartDueRow) -> Result<Option<FiringRow>, Error> {
        let stored = self.get::<FiringRow>(&due.tenant, &due.key)?;
        Ok(stored.map(|stored| stored.value).filter(|firing| firing.indexed_at == Some(due.at)))
    }

    /// Records what became of a start that was owed, and begins what waited behind one that was refused. Whether there is a start to make.
    ///
    /// # Errors
    /// As a commit.
    pub async fn settle_start(&self, due: &Stored<StartDueRow>, settled: &Settled) -> Result<bool, Error> {
        let StartDueRow { at, tenant, key } = &due.value;
        self.update(|catalog, changes| {
            let stored = catalog.get::<FiringRow>(tenant, key)?.filter(|firing| firing.value.indexed_at == Some(*at));
            let Some(Stored { version, value: mut firing, .. }) = stored else {
                // Settled by its end; only the entry in the index may be left.
                if let Some(left) = catalog.get::<StartDueRow>(&Self::system(), &due.key)? {
                    changes.remove::<StartDueRow>(&Self::system(), &due.key, left.version);
                }
                return Ok(false);
            };
            catalog.unlist_start(tenant, &mut firing, changes)?;
            let mut starts_next = false;
            match settled {
                Settled::Started => firing.state = FiringState::Started,
                Settled::Again { at } => {
                    (firing.tries, firing.indexed_at) = (firing.tries + 1, Some(*at));
                    list_start(tenant, key, *at, changes);
                }
                Settled::Refused { note } => {
                    (firing.state, firing.note) = (FiringState::Failed, Some(note.clone()));
                    if let (Some(agent), Some(execution)) = (&firing.agent, firing.execution) {
                        let open = OpenRow { trigger: firing.trigger.clone(), agent: agent.clone(), execution, firing: key.clone() };
                        catalog.close(tenant, &open, changes)?;
                        starts_next = catalog.begin_next(tenant, &firing.trigger, agent, Some(execution), changes)?;
                    }
                }
            }
            changes.put(tenant, key, version, &firing);
            Ok(starts_next)
        })
        .await
    }
}
