//! The log read as it grows: every record from a position on, in the order of commits. For whoever has to act on what was recorded and
//! must not miss anything over a restart (webhooks, mails). A reader notes how far it is as a document of its own.

use std::sync::Arc;

use super::disk::DiskFile;
use super::entry::Position;
use super::error::Error;
use super::handle::Store;
use super::log::frame;
use super::log::segment::{self, HEADER_BYTES, Header};
use super::log::survey::Survey;
use crate::journal::{self, Record};

/// What one commit recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Fed {
    pub position: Position,
    pub records: Vec<Record>,
}

/// A place in the log from which somebody reads on.
pub struct Feed {
    store: Store,
    /// The frame that comes next.
    next_lsn: u64,
    /// None until the segment that holds `next_lsn` was looked up.
    place: Option<Place>,
}

struct Place {
    header: Header,
    file: Arc<dyn DiskFile>,
    offset: u64,
    /// The number of the frame at `offset`.
    lsn: u64,
}

impl Store {
    /// Everything that is recorded behind `after`.
    #[must_use]
    pub fn feed(&self, after: Position) -> Feed {
        Feed { store: self.clone(), next_lsn: after.0 + 1, place: None }
    }
}

impl Feed {
    /// Up to here it has been read.
    #[must_use]
    pub fn position(&self) -> Position {
        Position(self.next_lsn - 1)
    }

    /// Until there is more, and the view has it; also returns when the store has stopped.
    pub async fn grown(&self) {
        self.store.applied(Position(self.next_lsn)).await;
    }

    /// What comes next and is in the view already; at most `frames_max` commits, and none more once they have `bytes_max`. Blocking.
    ///
    /// # Errors
    /// `Damaged` when the log is.
    pub fn read(&mut self, frames_max: usize, bytes_max: usize) -> Result<Vec<Fed>, Error> {
        let applied = self.store.inner.progress.applied().0;
        let (mut found, mut bytes) = (Vec::new(), 0);
        while found.len() < frames_max && bytes < bytes_max && self.next_lsn <= applied {
            let mut place = match self.place.take() {
                Some(place) => place,
                None => self.look_up()?,
            };
            let Some((header, payload)) = frame_at(&self.store, &place)? else {
                // Its segment is read to the end: the next one begins with this number.
                if place.offset == HEADER_BYTES {
                    let path = self.store.inner.disk.path(&segment::name(place.header.number));
                    return Err(Error::Damaged { path, message: format!("frame {} is not what was written", place.lsn) });
                }
                continue;
            };
            let next = header.lsn + u64::from(header.span);
            place.offset += frame::HEADER_BYTES as u64 + u64::from(header.length);
            place.lsn = next;
            self.place = Some(place);
            if next <= self.next_lsn {
                continue;
            }
            self.next_lsn = next;
            bytes += payload.len();
            let records: Result<Vec<Record>, Error> =
                frame::records(&payload).into_iter().map(|(_, record)| Ok(journal::decode(record.unwrap_or_default())?)).collect();
            found.push(Fed { position: Position(next - 1), records: records? });
        }
        Ok(found)
    }

    fn look_up(&self) -> Result<Place, Error> {
        let (disk, id) = (self.store.inner.disk.as_ref(), self.store.inner.id);
        let survey = Survey::of(disk, id)?;
        let header = survey.segments.iter().rev().find(|header| header.first_lsn <= self.next_lsn);
        let missing = || Error::Damaged { path: disk.path("log-…"), message: format!("no segment holds frame {}", self.next_lsn) };
        let header = *header.ok_or_else(missing)?;
        let name = segment::name(header.number);
        let file = disk.open(&name).map_err(Error::io("open", disk.path(&name)))?;
        Ok(Place { header, file, offset: HEADER_BYTES, lsn: header.first_lsn })
    }
}

/// The frame at a place; none where its segment ends.
fn frame_at(store: &Store, place: &Place) -> Result<Option<(frame::Header, Vec<u8>)>, Error> {
    let path = || store.inner.disk.path(&segment::name(place.header.number));
    let room = place.header.size.saturating_sub(place.offset);
    if room < frame::HEADER_BYTES as u64 {
        return Ok(None);
    }
    let mut bytes = vec![0; frame::HEADER_BYTES];
    place.file.read_at(&mut bytes, place.offset).map_err(Error::io("read", path()))?;
    let Some(header) = frame::Header::read(&bytes).filter(|header| header.lsn == place.lsn) else { return Ok(None) };
    let length = u64::from(header.length);
    if frame::HEADER_BYTES as u64 + length > room {
        return Err(Error::Damaged { path: path(), message: format!("frame {} is longer than its segment", header.lsn) });
    }
    bytes.resize(frame::HEADER_BYTES + header.length as usize, 0);
    let payload = &mut bytes[frame::HEADER_BYTES..];
    place.file.read_at(payload, place.offset + frame::HEADER_BYTES as u64).map_err(Error::io("read", path()))?;
    match header.payload(store.inner.id, &bytes) {
        Some(payload) => Ok(Some((header, payload.to_vec()))),
        None => Err(Error::Damaged { path: path(), message: format!("frame {} is not what was written", header.lsn) }),
    }
}
