//! Triggers: what starts agents without being asked. Here: making, changing, binding and removing them, with their history. When a schedule
//! is due stands in `schedules`, what a firing becomes in `firings`, the order of executions in `lanes`.
//!
//! **Invariant**: a firing is recorded in the same commit as what it follows from (the cursor of a schedule, the id of an event), and it
//! carries the id of the execution that it will start. So it is neither lost nor made twice, and starting it again starts nothing new.

mod check;
pub mod cron;
mod firings;
mod lanes;
pub mod mapping;
pub mod rows;
mod schedules;
mod secret;
mod sweep;
pub mod timetable;

#[cfg(test)]
mod tests;

pub use firings::{Fired, Occurrence, Settled};
pub use lanes::Fate;
use rows::{Binding, Definition, HookRow, LaneRow, Pause, Remains, Secret, Source, TriggerRevisionRow, TriggerRow, revision_key};

use super::audit::Actor;
use super::{Catalog, Changes, Error, Listing, Stored};
use crate::ids::{Tenant, TimeMs};

/// Triggers of one tenant.
const TRIGGERS_MAX: usize = 1_000;
/// Agents that one trigger starts.
const BINDINGS_MAX: usize = 20;
/// Definitions that a trigger remembers, the newest ones.
const REVISIONS_KEPT_MAX: u32 = 500;
/// What a new trigger is to be.
#[derive(Clone, Debug)]
pub struct NewTrigger {
    pub definition: Definition,
    pub is_active: bool,
    pub bindings: Vec<Binding>,
}

fn target(id: &str) -> String {
    format!("trigger:{id}")
}

fn unknown(id: &str) -> Error {
    Error::NotFound { what: "trigger", name: id.to_owned() }
}

impl Catalog {
    /// Records a new trigger under its id, with its sealed secret.
    pub(in crate::catalog) async fn add_trigger(
        &self,
        tenant: &Tenant,
        (id, secret): (String, Option<Secret>),
        new: NewTrigger,
        actor: &Actor,
    ) -> Result<TriggerRow, Error> {
        let row = TriggerRow {
            id,
            revision: 1,
            definition: new.definition,
            is_active: new.is_active,
            pause: None,
            bindings: Vec::new(),
            secret,
            created_at: actor.at,
            created_by: actor.user.clone(),
            updated_at: actor.at,
            updated_by: actor.user.clone(),
        };
        self.update(|catalog, changes| {
            if catalog.versions::<TriggerRow>(tenant, Listing::default())?.len() >= TRIGGERS_MAX {
                let message = format!("there are {TRIGGERS_MAX} triggers already; remove one first");
                return Err(Error::Conflict { code: "too_many_triggers", message });
            }
            let mut row = row.clone();
            for binding in &new.bindings {
                catalog.bind(tenant, &mut row, binding)?;
            }
            changes.put(tenant, &row.id, 0, &row);
            if let Some(secret) = &row.secret {
                changes.put(&Self::system(), &secret.hook, 0, &HookRow { tenant: tenant.clone(), trigger: row.id.clone() });
            }
            remember(tenant, &row, None, changes);
            catalog.reschedule(tenant, &row, actor.at, changes)?;
            changes.audit(tenant, actor, "trigger.created", &target(&row.id), Some(row.definition.display_name.clone()));
            Ok(row)
        })
        .await
    }

    /// Oldest first, behind the trigger `after`.
    ///
    /// # Errors
    /// `Store`.
    pub fn triggers(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> Result<Vec<TriggerRow>, Error> {
        let listing = Listing { after, limit, ..Listing::default() };
        Ok(self.list(tenant, listing)?.into_iter().map(|stored| stored.value).collect())
    }

    /// # Errors
    /// `NotFound`, `Store`.
    pub fn trigger(&self, tenant: &Tenant, id: &str) -> Result<Stored<TriggerRow>, Error> {
        self.get(tenant, id)?.ok_or_else(|| unknown(id))
    }

    /// The trigger behind an inbound address.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub fn hooked_trigger(&self, hook: &str) -> Result<(Tenant, TriggerRow), Error> {
        let unknown = || Error::NotFound { what: "inbound address", name: hook.to_owned() };
        let HookRow { tenant, trigger } = self.get::<HookRow>(&Self::system(), hook)?.ok_or_else(unknown)?.value;
        let row = self.get::<TriggerRow>(&tenant, &trigger)?.ok_or_else(unknown)?.value;
        Ok((tenant, row))
    }

    /// Another definition: `change` says which. It becomes a revision where it differs. And whether it is on, where that is said: both or
    /// neither.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, what `change` says, and as a commit.
    pub async fn change_trigger(
        &self,
        tenant: &Tenant,
        id: &str,
        active: Option<bool>,
        actor: &Actor,
        change: impl Fn(&mut Definition) -> Result<(), Error>,
    ) -> Result<TriggerRow, Error> {
        let row = self.redefine(tenant, id, (active, actor), |_, definition| change(definition).map(|()| None)).await?;
        self.drop_waiting(tenant, id).await?;
        Ok(row)
    }

    /// The definition of an earlier revision, as a new one.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, and as a commit.
    pub async fn restore_trigger(&self, tenant: &Tenant, id: &str, revision: u32, actor: &Actor) -> Result<TriggerRow, Error> {
        self.redefine(tenant, id, (None, actor), |catalog, definition| {
            *definition = catalog.trigger_revision(tenant, id, revision)?.definition;
            Ok(Some(revision))
        })
        .await
    }

    async fn redefine(
        &self,
        tenant: &Tenant,
        id: &str,
        (active, actor): (Option<bool>, &Actor),
        change: impl Fn(&Self, &mut Definition) -> Result<Option<u32>, Error>,
    ) -> Result<TriggerRow, Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, value: before } = catalog.trigger(tenant, id)?;
            let mut row = before.clone();
            let restored_from = change(catalog, &mut row.definition)?;
            if row.definition != before.definition {
                catalog.add_definition(tenant, (&before, &mut row), restored_from, actor, changes)?;
            }
            if let Some(is_active) = active.filter(|is_active| *is_active != row.is_active) {
                switch(&mut row, is_active, actor);
                changes.audit(tenant, actor, switched(is_active), &target(id), None);
            }
            if row.definition.source != before.definition.source || row.is_active != before.is_active {
                catalog.reschedule(tenant, &row, actor.at, changes)?;
            }
            if row != before {
                changes.put(tenant, &key, version, &row);
            }
            Ok(row)
        })
        .await
    }

    fn add_definition(
        &self,
        tenant: &Tenant,
        (before, row): (&TriggerRow, &mut TriggerRow),
        restored_from: Option<u32>,
        actor: &Actor,
        changes: &mut Changes,
    ) -> Result<(), Error> {
        if before.kind() != row.kind() {
            let message = format!("a trigger stays what it is ({}); make another one", before.kind());
            return Err(Error::Invalid { field: "kind", message });
        }
        check::definition(&row.definition)?;
        row.revision += 1;
        (row.updated_at, row.updated_by) = (actor.at, actor.user.clone());
        remember(tenant, row, restored_from, changes);
        self.forget_revision(tenant, row, changes)?;
        let action = if restored_from.is_some() { "trigger.restored" } else { "trigger.changed" };
        changes.audit(tenant, actor, action, &target(&row.id), Some(format!("revision {}", row.revision)));
        Ok(())
    }

    fn forget_revision(&self, tenant: &Tenant, row: &TriggerRow, changes: &mut Changes) -> Result<(), Error> {
        let Some(old) = row.revision.checked_sub(REVISIONS_KEPT_MAX).filter(|old| *old > 0) else { return Ok(()) };
        if let Some(stored) = self.get::<TriggerRevisionRow>(tenant, &revision_key(&row.id, old))? {
            changes.remove::<TriggerRevisionRow>(tenant, &stored.key, stored.version);
        }
        Ok(())
    }

    /// Definitions that are remembered, newest first; only those below `before`. A `limit` of 0: all.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub fn trigger_revisions(
        &self,
        tenant: &Tenant,
        id: &str,
        before: Option<u32>,
        limit: usize,
    ) -> Result<Vec<TriggerRevisionRow>, Error> {
        self.trigger(tenant, id)?;
        let after = before.map(|before| revision_key(id, before));
        let listing = Listing { prefix: &format!("{id}/"), after: after.as_deref(), descending: true, limit };
        Ok(self.list(tenant, listing)?.into_iter().map(|stored| stored.value).collect())
    }

    /// A definition as it was.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub fn trigger_revision(&self, tenant: &Tenant, id: &str, revision: u32) -> Result<TriggerRevisionRow, Error> {
        let stored = self.get::<TriggerRevisionRow>(tenant, &revision_key(id, revision))?;
        let missing = || Error::NotFound { what: "revision of the trigger", name: revision.to_string() };
        Ok(stored.ok_or_else(missing)?.value)
    }

    /// Switches it on or off. Due times that pass while it is off are nobody's; what waits behind running executions is dropped.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn switch_trigger(&self, tenant: &Tenant, id: &str, is_active: bool, actor: &Actor) -> Result<TriggerRow, Error> {
        let edit = |catalog: &Self, row: &mut TriggerRow, changes: &mut Changes| {
            if row.is_active == is_active {
                return Ok(());
            }
            switch(row, is_active, actor);
            catalog.reschedule(tenant, row, actor.at, changes)
        };
        let row = self.edit_trigger(tenant, id, (switched(is_active), actor), edit).await?;
        self.drop_waiting(tenant, id).await?;
        Ok(row)
    }

    /// Holds a schedule: nothing is due until it goes on, and what it does about the time between is its catch-up policy's matter.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` for anything but an active schedule, and as a commit.
    pub async fn pause_trigger(&self, tenant: &Tenant, id: &str, until: Option<TimeMs>, actor: &Actor) -> Result<TriggerRow, Error> {
        self.edit_trigger(tenant, id, ("trigger.paused", actor), |catalog, row, changes| {
            must_be_active_schedule(row)?;
            row.pause = Some(Pause { at: actor.at, by: actor.user.clone(), until });
            catalog.hold_schedule(tenant, &row.id, until, changes)
        })
        .await
    }

    /// Lets a paused schedule go on.
    ///
    /// # Errors
    /// As `pause_trigger`.
    pub async fn resume_trigger(&self, tenant: &Tenant, id: &str, actor: &Actor) -> Result<TriggerRow, Error> {
        self.edit_trigger(tenant, id, ("trigger.resumed", actor), |catalog, row, changes| {
            must_be_active_schedule(row)?;
            row.pause = None;
            catalog.hold_schedule(tenant, &row.id, Some(TimeMs(0)), changes)
        })
        .await
    }

    /// Binds an agent, or changes where it runs.
    ///
    /// # Errors
    /// `NotFound` (trigger, agent, environment), `Conflict` (too many), and as a commit.
    pub async fn bind_trigger(&self, tenant: &Tenant, id: &str, binding: &Binding, actor: &Actor) -> Result<TriggerRow, Error> {
        self.edit_trigger(tenant, id, ("trigger.bound", actor), |catalog, row, _| {
            row.updated_by.clone_from(&actor.user);
            catalog.bind(tenant, row, binding)
        })
        .await
    }

    /// # Errors
    /// `NotFound` (trigger, or the agent is not bound), and as a commit.
    pub async fn unbind_trigger(&self, tenant: &Tenant, id: &str, agent: &str, actor: &Actor) -> Result<TriggerRow, Error> {
        let edit = |_: &Self, row: &mut TriggerRow, _: &mut Changes| {
            let before = row.bindings.len();
            row.bindings.retain(|binding| binding.agent != agent);
            if row.bindings.len() == before {
                return Err(Error::NotFound { what: "agent of the trigger", name: agent.to_owned() });
            }
            Ok(())
        };
        let row = self.edit_trigger(tenant, id, ("trigger.unbound", actor), edit).await?;
        self.drop_waiting(tenant, id).await?;
        Ok(row)
    }

    fn bind(&self, tenant: &Tenant, row: &mut TriggerRow, binding: &Binding) -> Result<(), Error> {
        self.living_agent(tenant, &binding.agent)?;
        if let Some(environment) = &binding.environment {
            self.usable_environment(tenant, environment)?;
        }
        row.bindings.retain(|known| known.agent != binding.agent);
        if row.bindings.len() >= BINDINGS_MAX {
            return Err(Error::Conflict { code: "too_many_bindings", message: format!("a trigger starts at most {BINDINGS_MAX} agents") });
        }
        row.bindings.push(binding.clone());
        Ok(())
    }

    /// Removes it with its secret and its schedule. What it started goes on; its history goes by and by.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn remove_trigger(&self, tenant: &Tenant, id: &str, actor: &Actor) -> Result<(), Error> {
        self.update(|catalog, changes| {
            let stored = catalog.trigger(tenant, id)?;
            let mut row = stored.value;
            row.is_active = false;
            catalog.reschedule(tenant, &row, actor.at, changes)?;
            if let Some(hook) =
                row.secret.as_ref().map(|secret| catalog.get::<HookRow>(&Self::system(), &secret.hook)).transpose()?.flatten()
            {
                changes.remove::<HookRow>(&Self::system(), &hook.key, hook.version);
            }
            changes.remove::<TriggerRow>(tenant, id, stored.version);
            changes.put(tenant, id, 0, &Remains {});
            changes.audit(tenant, actor, "trigger.removed", &target(id), Some(row.definition.display_name));
            Ok(())
        })
        .await?;
        self.drop_waiting(tenant, id).await
    }

    async fn edit_trigger(
        &self,
        tenant: &Tenant,
        id: &str,
        (action, actor): (&str, &Actor),
        edit: impl Fn(&Self, &mut TriggerRow, &mut Changes) -> Result<(), Error>,
    ) -> Result<TriggerRow, Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, mut value } = catalog.trigger(tenant, id)?;
            edit(catalog, &mut value, changes)?;
            value.updated_at = actor.at;
            changes.put(tenant, &key, version, &value);
            changes.audit(tenant, actor, action, &target(id), None);
            Ok(value)
        })
        .await
    }

    /// Whether what waits for this agent is to be started: the trigger is there, on, and bound to it.
    fn is_awaited(&self, tenant: &Tenant, id: &str, agent: &str) -> Result<bool, Error> {
        let row = self.get::<TriggerRow>(tenant, id)?.map(|stored| stored.value);
        Ok(row.is_some_and(|row| row.is_active && row.bindings.iter().any(|binding| binding.agent == agent)))
    }

    /// Drops what waits for nothing, a commit for each lane. What a crash leaves is dropped when its turn comes.
    async fn drop_waiting(&self, tenant: &Tenant, id: &str) -> Result<(), Error> {
        let (of, prefix) = (tenant.clone(), format!("{id}/"));
        let lanes = self.blocking(move |catalog| catalog.list::<LaneRow>(&of, Listing { prefix: &prefix, ..Listing::default() }));
        for lane in lanes.await? {
            let Some((_, agent)) = lane.key.split_once('/') else { continue };
            self.update(|catalog, changes| {
                let stored = catalog.get::<LaneRow>(tenant, &lane.key)?;
                match stored.filter(|stored| !stored.value.waiting.is_empty()) {
                    Some(stored) if !catalog.is_awaited(tenant, id, agent)? => catalog.drop_lane(tenant, &stored, changes),
                    _ => Ok(()),
                }
            })
            .await?;
        }
        Ok(())
    }
}

fn switched(is_active: bool) -> &'static str {
    if is_active { "trigger.enabled" } else { "trigger.disabled" }
}

fn switch(row: &mut TriggerRow, is_active: bool, actor: &Actor) {
    row.is_active = is_active;
    row.pause = None;
    row.updated_at = actor.at;
    if is_active {
        row.updated_by.clone_from(&actor.user);
    }
}

fn must_be_active_schedule(row: &TriggerRow) -> Result<(), Error> {
    if !matches!(row.definition.source, Source::Schedule(_)) {
        return Err(Error::Conflict {
            code: "trigger_kind",
            message: "only a schedule can be paused; switch it off with :disable".to_owned(),
        });
    }
    must_be_active(row)
}

fn must_be_active(row: &TriggerRow) -> Result<(), Error> {
    if !row.is_active {
        return Err(Error::Conflict {
            code: "trigger_inactive",
            message: "the trigger is switched off; switch it on with :enable".to_owned(),
        });
    }
    Ok(())
}

fn remember(tenant: &Tenant, row: &TriggerRow, restored_from: Option<u32>, changes: &mut Changes) {
    let revision = TriggerRevisionRow {
        trigger: row.id.clone(),
        revision: row.revision,
        definition: row.definition.clone(),
        created_at: row.updated_at,
        created_by: row.updated_by.clone(),
        restored_from,
    };
    changes.put(tenant, &revision_key(&row.id, row.revision), 0, &revision);
}
