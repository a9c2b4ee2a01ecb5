//! Opening the log: find its end, tell a torn tail from damage, and make the end durable before anything relies on it.
//!
//! - Only the last frame may be bad, only if nothing valid follows it, and only if its number is above the high-water mark.
//! - After anything but a clean close the last segment is copied into a fresh file and synced: after SIGKILL or a failed sync the page
//!   cache may show frames that the disk lacks.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::mark::{self, Mark};
use super::segment::{self, Active, End, Header};
use super::supply::{Sizes, Supply, Taken};
use super::survey::{self, Survey};
use super::{Log, StoreId};
use crate::store::disk::{self, Disk};
use crate::store::entry::Position;
use crate::store::error::Error;
use crate::store::small;

/// Format of the data directory as a whole.
pub const FORMAT: u32 = 1;
pub const IDENTITY: &str = "store";
pub const CLEAN: &str = "clean";

/// The file that makes a directory a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub format: u32,
    pub id: StoreId,
}

/// Left by a clean close, removed before the next write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clean {
    pub id: StoreId,
    pub position: Position,
}

/// A log that can be written to.
pub struct Recovered {
    pub log: Log,
    pub supply: Arc<Supply>,
    pub id: StoreId,
    pub survey: Survey,
    /// The last frame.
    pub position: Position,
    /// The last close was clean.
    pub clean: bool,
}

/// Opens the log on `disk`, or begins one.
pub fn open(disk: &Arc<dyn Disk>, sizes: Sizes) -> Result<Recovered, Error> {
    let names = disk.names().map_err(Error::io("list", disk.path("")))?;
    let identity = identity(disk.as_ref(), &names)?;
    let id = identity.id;
    for leftover in names.iter().filter(|name| name.ends_with(disk::BESIDE)) {
        disk::remove(disk.as_ref(), leftover)?;
    }
    let mut survey = Survey::of(disk.as_ref(), id)?;
    let mark = match Mark::open(disk.as_ref(), id)? {
        Some(mark) => mark,
        None if survey.segments.is_empty() => {
            Mark::create(disk.as_ref(), id)?;
            Mark::open(disk.as_ref(), id)?.ok_or_else(|| missing(disk.as_ref(), mark::NAME))?
        }
        None => return Err(missing(disk.as_ref(), mark::NAME)),
    };
    let clean = match small::read::<Clean>(disk.as_ref(), CLEAN)? {
        Some(Ok(clean)) if clean.id == id => Some(clean.position),
        _ => None,
    };
    let known = mark.lsn.max(clean.map_or(0, |position| position.0));
    let (active, next_lsn) = match survey.segments.last().copied() {
        Some(last) => tail(disk.as_ref(), id, last, known, clean)?,
        None if known > 0 => return Err(missing(disk.as_ref(), "log-…")),
        None => first(disk.as_ref(), id, sizes, &mut survey)?,
    };
    let ready = reusable(disk.as_ref(), &mut survey);
    let largest = survey.segments.iter().map(|header| header.size).max().unwrap_or(0);
    let supply = Arc::new(Supply::new(Arc::clone(disk), sizes, survey.highest + 1, largest, ready));
    let log = Log { disk: Arc::clone(disk), store: id, active, next_lsn, supply: Arc::clone(&supply), mark };
    Ok(Recovered { log, supply, id, survey, position: Position(next_lsn - 1), clean: clean == Some(Position(next_lsn - 1)) })
}

/// Whose store this is; makes the identity of a new one.
fn identity(disk: &dyn Disk, names: &[String]) -> Result<Identity, Error> {
    if let Some(identity) = read_identity(disk)? {
        return Ok(identity);
    }
    if names.iter().any(|name| segment::number(name).is_some() || name == mark::NAME) {
        return Err(missing(disk, IDENTITY));
    }
    let identity = Identity { format: FORMAT, id: StoreId(Uuid::now_v7()) };
    small::write(disk, IDENTITY, &identity)?;
    Ok(identity)
}

/// The identity of the store on `disk`, if there is one.
pub fn read_identity(disk: &dyn Disk) -> Result<Option<Identity>, Error> {
    match small::read::<Identity>(disk, IDENTITY)? {
        Some(Ok(identity)) if identity.format > FORMAT => {
            Err(Error::Newer { path: disk.path(IDENTITY), found: identity.format, known: FORMAT })
        }
        Some(Ok(identity)) => Ok(Some(identity)),
        Some(Err(message)) => Err(Error::NotAStore { path: disk.path(IDENTITY), message }),
        None => Ok(None),
    }
}

fn missing(disk: &dyn Disk, name: &str) -> Error {
    Error::Damaged { path: disk.path(name), message: "it is missing".to_owned() }
}

/// The first segment of a new log.
fn first(disk: &dyn Disk, id: StoreId, sizes: Sizes, survey: &mut Survey) -> Result<(Active, u64), Error> {
    let number = survey.highest + 1;
    let header = Header { number, first_lsn: 1, size: sizes.segment_bytes_min, has_holes: false };
    let name = segment::name(number);
    let make = || {
        let file = disk.create(&name, header.size)?;
        disk.sync_names()?;
        file.write_at(&header.encode(id), 0)?;
        file.sync()?;
        Ok(file)
    };
    let file = make().map_err(Error::io("make", disk.path(&name)))?;
    survey.highest = number;
    survey.segments.push(header);
    Ok((Active { file, header, offset: segment::HEADER_BYTES }, 1))
}

/// The last segment, ready to be written to, and the lsn that comes next.
fn tail(disk: &dyn Disk, id: StoreId, last: Header, known: u64, clean: Option<Position>) -> Result<(Active, u64), Error> {
    let name = segment::name(last.number);
    let mut segment = survey::used(disk, id, last.number)?;
    let (frames, end) = segment.frames(id);
    let next_lsn = frames.last().map_or(last.first_lsn, |frame| frame.lsn + u64::from(frame.span));
    drop(frames);
    let damaged = |message: String| Err(Error::Damaged { path: disk.path(&name), message });
    if next_lsn <= known {
        return damaged(format!("frame {next_lsn} is not what was written, and everything up to {known} had been acknowledged"));
    }
    let (End::Clean { offset } | End::Bad { offset }) = end;
    if matches!(end, End::Bad { .. }) && segment.valid_frame_behind(id, next_lsn, offset) {
        return damaged(format!("frame {next_lsn} is not what was written, and a whole frame follows it"));
    }
    if matches!(end, End::Bad { .. }) || clean != Some(Position(next_lsn - 1)) {
        if let Some(torn) = segment.bytes.get_mut(offset..) {
            torn.fill(0);
        }
        disk::replace(disk, &name, &segment.bytes)?;
    }
    let file = disk.open(&name).map_err(Error::io("open", disk.path(&name)))?;
    Ok((Active { file, header: last, offset: offset as u64 }, next_lsn))
}

/// Segments that an earlier process prepared, synced again; those that cannot be used are left to be removed by hand.
fn reusable(disk: &dyn Disk, survey: &mut Survey) -> VecDeque<Taken> {
    let reuse = |number: u64| {
        let file = disk.open(&segment::name(number)).ok()?;
        let size = file.size().ok().filter(|size| *size > segment::HEADER_BYTES)?;
        // A header that was being written when the power went may be half there.
        file.write_at(&[0; segment::HEADER_LENGTH], 0).ok()?;
        file.sync().ok()?;
        Some(Taken { number, file, size })
    };
    let mut ready: Vec<Taken> = survey.unused.drain(..).filter_map(reuse).collect();
    ready.sort_by_key(|taken| taken.size);
    ready.into()
}
