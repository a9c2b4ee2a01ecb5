//! Making the view again from the log, and, when asked to, going on without what the log lost.

use serde::Serialize;

use super::check::{self, Loss, Reading};
use super::checkpoint::{self, Checkpoint};
use super::disk::{self, Disk, RealDisk};
use super::entry::{Entry, Position};
use super::error::Error;
use super::handle::Store;
use super::lock::Lock;
use super::log::mark::Mark;
use super::log::recover::{self, CLEAN};
use super::log::{rewrite, segment};
use super::options::Options;
use super::small;

/// How the reason of a quarantine begins when events of the journal are gone.
pub const EVENTS_LOST: &str = "the journal is damaged: ";

/// What a rebuild found lost, until it is set aside.
const LOSSES: &str = "losses";

/// Whether an execution with this reason of quarantine has lost events: what it still holds may be older than what it has done, so that
/// going on from there would repeat completed steps.
#[must_use]
pub fn has_lost_events(reason: &str) -> bool {
    reason.starts_with(EVENTS_LOST)
}

/// What to do when the log is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDamage {
    /// Leave everything as it is and say so.
    Refuse,
    /// Drop what cannot be read and quarantine the executions that lost something. Cannot be undone: copy the directory first.
    Quarantine,
}

/// What a rebuild did.
#[derive(Clone, Debug, Serialize)]
pub struct RebuildReport {
    pub position: Position,
    /// Quarantined because they lost something.
    pub quarantined: Vec<Loss>,
    pub damaged_places: usize,
}

/// Makes the view of the store in `options.dir` again.
///
/// # Errors
/// `Damaged` when the log is and `damage` says `Refuse`; otherwise as opening.
pub fn rebuild(options: &Options, damage: OnDamage) -> Result<RebuildReport, Error> {
    let disk = RealDisk::new(&options.dir);
    let identity = recover::read_identity(&disk)?;
    let identity = identity.ok_or_else(|| Error::NotAStore { path: options.dir.clone(), message: "it has no identity".to_owned() })?;
    let (losses, damaged_places) = {
        let _lock = Lock::take(&options.dir)?;
        // What is inside events is looked at by `check`, and by who reads a journal.
        let mut log = check::read_log(&disk, identity.id, Reading::Outlines)?;
        if !log.damage.is_empty() && damage == OnDamage::Refuse {
            let first = &log.damage[0];
            let message = format!("at {}: {} ({} places in all)", first.offset, first.message, log.damage.len());
            return Err(Error::Damaged { path: options.dir.join(&first.file), message });
        }
        let checkpoint = small::read::<Checkpoint>(&disk, checkpoint::NAME)?.and_then(Result::ok);
        log.judge_ends(checkpoint.filter(|found| found.id == identity.id).as_ref());
        // Of an earlier rebuild that was cut short: what it has repaired does not show any more.
        let mut losses = pending(&disk)?;
        losses.extend(log.losses.iter().map(|((tenant, execution), what)| {
            let (tenant, execution, what) = (tenant.clone(), *execution, what.clone());
            Loss { tenant, execution, what }
        }));
        if !losses.is_empty() {
            small::write(&disk, LOSSES, &losses)?;
        }
        if !log.damage.is_empty() {
            repair(&disk, identity.id, &log)?;
        }
        disk::remove(&disk, checkpoint::NAME)?;
        (losses, log.damage.len())
    };
    let store = Store::open(options)?;
    let position = store.position();
    store.close()?;
    Ok(RebuildReport { position, quarantined: losses, damaged_places })
}

/// Sets aside what a rebuild found to have lost something. It notes this before it repairs the log, and every opening comes here, so that
/// a rebuild that is killed in between leaves nothing that runs on as if it were whole.
pub fn set_losses_aside(store: &Store, disk: &dyn Disk) -> Result<(), Error> {
    let losses = pending(disk)?;
    for Loss { tenant, execution, what } in losses {
        let reason = format!("{EVENTS_LOST}{what}; it can be read and cancelled, and does not go on");
        store.commit(Entry::Quarantine { tenant, execution, reason }).wait().map_err(|error| Error::Stopped(error.to_string()))?;
    }
    disk::remove(disk, LOSSES)
}

/// What is noted and not set aside yet.
fn pending(disk: &dyn Disk) -> Result<Vec<Loss>, Error> {
    match small::read(disk, LOSSES)? {
        Some(Ok(losses)) => Ok(losses),
        Some(Err(message)) => Err(Error::Damaged { path: disk.path(LOSSES), message }),
        None => Ok(Vec::new()),
    }
}

/// Replaces each damaged segment by one with what could be read.
fn repair(disk: &RealDisk, id: super::log::StoreId, log: &check::LogState) -> Result<(), Error> {
    let mut number = log.highest;
    for read in log.segments.iter().filter(|read| read.damaged) {
        number += 1;
        rewrite::write(disk, id, number, read.header.first_lsn, &read.kept, read.header.size)?;
        disk::remove(disk, &segment::name(read.header.number))?;
    }
    if !matches!(Mark::open(disk, id), Ok(Some(_))) {
        Mark::create(disk, id)?;
    }
    disk::remove(disk, CLEAN)
}
