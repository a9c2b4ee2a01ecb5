//! Attempts of executions, in pages. What a page costs does not grow with the execution: the outline of its journal is kept, gone on with when
//! more happened, and only the entries that the page shows are read again. Blocking; moves nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::Error;
use super::messages::Key;
use super::read::{self, failed, unknown};
use super::request::{AttemptRow, AttemptsPage, AttemptsRequest};
use super::shared::Shared;
use crate::flow::plan::Plan;
use crate::ids::{ExecutionId, Tenant};
use crate::machine::event::{Event, Recorded};
use crate::machine::size;
use crate::machine::trace::{Outline, Row};

/// Rows kept over all outlines, of about half a kilobyte each. One execution that has more is folded for each of its pages.
const ROWS_KEPT_MAX: usize = 200_000;
/// Outlines that can be read on hold values of their execution; those with more than this are folded anew when more happens.
const BYTES_HELD_MAX: usize = 16 << 20;
/// And all of them together with more than this make room for each other.
const BYTES_KEPT_MAX: usize = 64 << 20;
/// Outlines kept.
const OUTLINES_MAX: usize = 64;
/// Entries read at a time.
const ENTRIES_PER_READ: usize = 1_024;
/// A page ends when what went in and out of its attempts takes about this much.
const PAGE_BYTES_MAX: usize = 4 << 20;

#[derive(Default)]
pub(super) struct Outlines {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_key: HashMap<Key, Slot>,
    /// Counts uses, to tell which one was used longest ago.
    uses: u64,
}

struct Slot {
    outline: Arc<Mutex<Outline>>,
    rows: usize,
    /// Of the values that it holds for reading on.
    bytes: usize,
    used: u64,
}

impl Kept {
    fn is_over(&self) -> bool {
        let slots = || self.by_key.values();
        self.by_key.len() > OUTLINES_MAX
            || slots().map(|slot| slot.rows).sum::<usize>() > ROWS_KEPT_MAX
            || slots().map(|slot| slot.bytes).sum::<usize>() > BYTES_KEPT_MAX
    }
}

impl Outlines {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, key: &Key) -> Arc<Mutex<Outline>> {
        let mut kept = self.kept();
        kept.uses += 1;
        let used = kept.uses;
        let slot = kept.by_key.entry(key.clone()).or_insert_with(|| Slot { outline: Arc::default(), rows: 0, bytes: 0, used });
        slot.used = used;
        Arc::clone(&slot.outline)
    }

    /// An outline has grown to so much; what was not used for long makes room. One that has no room by itself is not kept, and costs nobody
    /// theirs.
    fn grown(&self, key: &Key, rows: usize, bytes: usize) {
        let mut kept = self.kept();
        if rows > ROWS_KEPT_MAX || bytes > BYTES_KEPT_MAX {
            kept.by_key.remove(key);
        }
        if let Some(slot) = kept.by_key.get_mut(key) {
            (slot.rows, slot.bytes) = (rows, bytes);
        }
        while kept.is_over() {
            let Some(oldest) = kept.by_key.iter().min_by_key(|(_, slot)| slot.used).map(|(key, _)| key.clone()) else { return };
            kept.by_key.remove(&oldest);
        }
    }

    fn forget(&self, key: &Key) {
        self.kept().by_key.remove(key);
    }
}

pub(super) fn attempts(shared: &Shared, tenant: &Tenant, id: ExecutionId, request: &AttemptsRequest) -> Result<AttemptsPage, Error> {
    let key = Key::new(tenant, id);
    let Some(summary) = shared.store.summary(tenant, id).map_err(failed)? else {
        shared.outlines.forget(&key);
        return Err(unknown(id));
    };
    let held = shared.outlines.of(&key);
    let mut outline = held.lock().unwrap_or_else(|poisoned| {
        // A reading that broke off may have left half an entry in it.
        held.clear_poison();
        let mut outline = poisoned.into_inner();
        *outline = Outline::default();
        outline
    });
    let caught_up = catch_up(shared, &key, &mut outline);
    shared.outlines.grown(&key, outline.rows().len(), outline.bytes());
    caught_up?;
    let Chosen { rows, next } = choose(&outline, request);
    let (total, seq) = (outline.rows().iter().filter(|row| is_shown(row)).count(), outline.next());
    drop(outline);
    let mut page = AttemptsPage { flow: summary.flow, rows: Vec::new(), next, total, seq };
    let mut entries = Entries { shared, tenant, id, damaged: None };
    let mut bytes = 0;
    for (ix, parent, row) in rows {
        if bytes > PAGE_BYTES_MAX {
            page.next = Some(ix);
            break;
        }
        let told = entries.of(row.entries(request.whole))?;
        let (what, child) = (row.what, row.child);
        let attempt = row.filled(|seq| told.get(&seq));
        bytes += size(&attempt.input) + size(&attempt.output);
        bytes += attempt.error.as_ref().map_or(0, |error| error.message.len());
        page.rows.push(AttemptRow { attempt, parent, what, child });
    }
    Ok(page)
}

/// Reads what was added to the journal since.
fn catch_up(shared: &Shared, key: &Key, outline: &mut Outline) -> Result<(), Error> {
    read_on(shared, key, outline, usize::MAX)?;
    let is_over = outline.stands().is_some_and(|(_, status)| status.is_final());
    if is_over || outline.bytes() > BYTES_HELD_MAX {
        outline.settle();
    }
    Ok(())
}

/// How far a journal was read.
pub(super) struct ReadOn {
    /// It may go on behind what was read.
    pub is_cut: bool,
}

/// Reads on, `entries_max` entries at most.
pub(super) fn read_on(shared: &Shared, key: &Key, outline: &mut Outline, entries_max: usize) -> Result<ReadOn, Error> {
    let Key { tenant, execution } = key;
    let mut plan: Option<Arc<Plan>> = None;
    let mut left = entries_max;
    loop {
        let wanted = ENTRIES_PER_READ.min(left);
        if wanted == 0 {
            return Ok(ReadOn { is_cut: true });
        }
        let mut entries = read::events(shared, tenant, *execution, outline.next(), wanted)?;
        if entries.is_empty() {
            break;
        }
        if outline.is_settled() {
            *outline = Outline::default();
            entries = read::events(shared, tenant, *execution, 0, wanted)?;
        }
        let is_last = entries.len() < wanted;
        left -= entries.len();
        for entry in &entries {
            let plan = match &plan {
                Some(plan) => plan,
                None => plan.insert(plan_of(shared, key, &entries)?),
            };
            outline.read(plan, entry);
        }
        if is_last {
            break;
        }
    }
    Ok(ReadOn { is_cut: false })
}

/// The plan that walks a journal, by its first entry.
fn plan_of(shared: &Shared, key: &Key, entries: &[Recorded]) -> Result<Arc<Plan>, Error> {
    let first = match entries.first() {
        Some(first) if first.seq == 0 => first.clone(),
        _ => read::events(shared, &key.tenant, key.execution, 0, 1)?.into_iter().next().ok_or_else(|| unknown(key.execution))?,
    };
    let Event::Started { start } = &first.event else { return Err(unknown(key.execution)) };
    shared.revisions.plan(&key.tenant, &start.digest, &start.flow)
}

struct Chosen {
    /// With their numbers and the names of their parents.
    rows: Vec<(usize, Option<String>, Row)>,
    /// The first of those for which there is no room.
    next: Option<usize>,
}

fn choose(outline: &Outline, request: &AttemptsRequest) -> Chosen {
    let all = outline.rows();
    let fits = |row: &Row| {
        let is_new = request.since.is_none_or(|since| row.touched >= since);
        is_shown(row) && is_new && (request.names.is_empty() || request.names.contains(&row.attempt.name()))
    };
    let mut fitting = all.iter().enumerate().skip(request.from).filter(|(_, row)| fits(row));
    let rows = fitting.by_ref().take(request.limit);
    let named = |parent: usize| all.get(parent).map(|parent| parent.attempt.name());
    let rows = rows.map(|(ix, row)| (ix, row.parent.and_then(named), row.clone())).collect();
    Chosen { rows, next: fitting.next().map(|(ix, _)| ix) }
}

/// Steps that never ran are left out.
fn is_shown(row: &Row) -> bool {
    row.attempt.status != "dead"
}

/// Single entries of a journal.
struct Entries<'s> {
    shared: &'s Shared,
    tenant: &'s Tenant,
    id: ExecutionId,
    /// What can be read of a damaged journal, once that turned out.
    damaged: Option<HashMap<u64, Event>>,
}

impl Entries<'_> {
    fn of(&mut self, wanted: impl Iterator<Item = u64>) -> Result<HashMap<u64, Event>, Error> {
        let mut found = HashMap::new();
        for seq in wanted {
            if let Some(event) = self.one(seq)? {
                found.insert(seq, event);
            }
        }
        Ok(found)
    }

    fn one(&mut self, seq: u64) -> Result<Option<Event>, Error> {
        if let Some(readable) = &self.damaged {
            return Ok(readable.get(&seq).cloned());
        }
        match self.shared.store.events(self.tenant, self.id, seq, 1) {
            Ok(entries) => Ok(entries.into_iter().find(|entry| entry.seq == seq).map(|entry| entry.event)),
            Err(crate::store::Error::JournalDamaged { .. }) => {
                let readable = super::hydrate::readable(self.shared, self.tenant, self.id).map_err(failed)?;
                let readable = self.damaged.insert(readable.into_iter().map(|entry| (entry.seq, entry.event)).collect());
                Ok(readable.get(&seq).cloned())
            }
            Err(error) => Err(failed(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TimeMs;

    fn key(name: &str) -> Key {
        Key::new(&Tenant::default(), ExecutionId::derived(TimeMs(1), name))
    }

    /// Those that are kept, of these.
    fn kept<'n>(outlines: &Outlines, names: &[&'n str]) -> Vec<&'n str> {
        let kept = outlines.kept();
        names.iter().copied().filter(|name| kept.by_key.contains_key(&key(name))).collect()
    }

    #[test]
    fn what_has_no_room_by_itself_takes_nobodys() {
        let outlines = Outlines::default();
        for (name, rows, bytes) in [("a", 10, 10), ("long", ROWS_KEPT_MAX + 1, 0), ("b", 10, 10), ("heavy", 10, BYTES_KEPT_MAX + 1)] {
            outlines.of(&key(name));
            outlines.grown(&key(name), rows, bytes);
        }
        assert_eq!(kept(&outlines, &["a", "long", "b", "heavy"]), ["a", "b"]);
    }

    #[test]
    fn what_all_hold_together_is_bounded_and_the_latest_stay() {
        let outlines = Outlines::default();
        let names = ["a", "b", "c", "d", "e"];
        for name in names {
            outlines.of(&key(name));
            outlines.grown(&key(name), 1, BYTES_KEPT_MAX / 4);
            outlines.of(&key("a"));
        }
        assert_eq!(kept(&outlines, &names), ["a", "c", "d", "e"], "b was used longest ago");
    }
}
