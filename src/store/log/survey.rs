//! What segments there are and in which order, and walking their frames. Read-only: used by recovery, checks, backup and compaction.

use super::StoreId;
use super::segment::{self, Found, Frame, Header, Segment};
use crate::store::disk::Disk;
use crate::store::error::Error;

/// A segment that is taken into use while it is read looks half written; it is not the next time.
const LOOKS: usize = 3;

/// The segments of a log.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// In use, by first lsn.
    pub segments: Vec<Header>,
    /// Prepared and never used.
    pub unused: Vec<u64>,
    /// Replaced by a segment with the same first lsn and a higher number (a repair that was cut short).
    pub replaced: Vec<u64>,
    /// The highest number of any file.
    pub highest: u64,
}

impl Survey {
    /// Reads the header of every segment and checks that the first is the beginning.
    pub fn of(disk: &dyn Disk, store: StoreId) -> Result<Self, Error> {
        let mut survey = Self::default();
        let names = disk.names().map_err(Error::io("list", disk.path("")))?;
        for number in names.iter().filter_map(|name| segment::number(name)) {
            survey.highest = survey.highest.max(number);
            match segment::read_header(disk, store, number)? {
                Some(header) => survey.segments.push(header),
                None => survey.unused.push(number),
            }
        }
        survey.segments.sort_by_key(|header| (header.first_lsn, std::cmp::Reverse(header.number)));
        let mut kept: Vec<Header> = Vec::with_capacity(survey.segments.len());
        for header in survey.segments {
            match kept.last() {
                Some(last) if last.first_lsn == header.first_lsn => survey.replaced.push(header.number),
                _ => kept.push(header),
            }
        }
        survey.segments = kept;
        match survey.segments.first() {
            Some(first) if first.first_lsn != 1 => {
                let path = disk.path(&segment::name(first.number));
                Err(Error::Damaged { path, message: format!("it begins at {}, and no segment holds what comes before", first.first_lsn) })
            }
            _ => Ok(survey),
        }
    }

    /// The same while the log is written.
    pub fn of_running(disk: &dyn Disk, store: StoreId) -> Result<Self, Error> {
        let mut survey = Self::of(disk, store);
        for _ in 1..LOOKS {
            if survey.is_ok() {
                break;
            }
            survey = Self::of(disk, store);
        }
        survey
    }

    /// The segments that hold frames at or above `lsn`, each with the first lsn of the one after it.
    pub fn from(&self, lsn: u64) -> impl Iterator<Item = (Header, Option<u64>)> {
        let next = self.segments.iter().skip(1).map(|header| Some(header.first_lsn)).chain([None]);
        self.segments.iter().copied().zip(next).filter(move |(_, next)| next.is_none_or(|next| next > lsn))
    }

    /// Calls `visit` for every frame at or above `lsn`, in order, and checks that none is missing. Returns the lsn that comes next.
    pub fn walk(
        &self,
        disk: &dyn Disk,
        store: StoreId,
        lsn: u64,
        mut visit: impl FnMut(&Segment, &Frame<'_>) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let mut expected = 1;
        for (header, next) in self.from(lsn) {
            let segment = used(disk, store, header.number)?;
            let (frames, _) = segment.frames(store);
            expected = header.first_lsn;
            for frame in &frames {
                if frame.lsn >= lsn {
                    visit(&segment, frame)?;
                }
                expected = frame.lsn + u64::from(frame.span);
            }
            if let Some(next) = next
                && next != expected
            {
                let message = format!("frame {expected} is missing or not what was written; the next segment begins at {next}");
                return Err(Error::Damaged { path: disk.path(&segment::name(header.number)), message });
            }
        }
        Ok(expected)
    }
}

/// The segment with this number, which is known to be in use.
pub fn used(disk: &dyn Disk, store: StoreId, number: u64) -> Result<Segment, Error> {
    match segment::read(disk, store, number)? {
        Found::Used(segment) => Ok(segment),
        Found::Unused => {
            Err(Error::Damaged { path: disk.path(&segment::name(number)), message: "it was in use and is empty now".to_owned() })
        }
    }
}
