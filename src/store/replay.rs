//! Bringing a view up to the end of the log: over what it has already, only where journals end is followed; what it lacks is decoded
//! here and written by a second thread, as soon as there is more than one write of it.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{Scope, ScopedJoinHandle};

use super::applier::{Applier, Frame};
use super::disk::Disk;
use super::entry::Position;
use super::error::Error;
use super::log::survey::Survey;
use super::log::{StoreId, frame, segment};
use super::rows::Located;
use super::value::Place;
use crate::journal::{self, Outline};

/// Applies every frame that the view lacks. `heads_at` is the position that the heads belong to, which may be before the view's.
pub fn replay(disk: &dyn Disk, id: StoreId, survey: &Survey, applier: &mut Applier, heads_at: Position) -> Result<(), Error> {
    let shown = applier.mark().position;
    std::thread::scope(|scope| {
        let mut writer = Writer { scope, applier: Some(applier), thread: None, handed: shown };
        let mut pending = Frame::new(shown, Vec::new());
        survey.walk(disk, id, heads_at.min(shown).0 + 1, |segment, found| {
            let position = Position(found.lsn + u64::from(found.span) - 1);
            if position <= shown {
                return writer.follow(outlined(found)?);
            }
            pending.append(Frame::new(position, located(segment.header.number, found)?));
            if pending.is_full() {
                writer.write(std::mem::replace(&mut pending, Frame::new(position, Vec::new())))?;
            }
            Ok(())
        })?;
        writer.finish(pending)
    })
}

/// The thread that applies.
struct Writing<'scope> {
    frames: SyncSender<Frame>,
    /// Frames come back to be dropped here: the other thread has more to do.
    written: Receiver<Frame>,
    outcome: ScopedJoinHandle<'scope, Result<(), Error>>,
}

/// The applier, until there is enough to do for two threads.
struct Writer<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    applier: Option<&'scope mut Applier>,
    thread: Option<Writing<'scope>>,
    /// Up to where frames were handed over.
    handed: Position,
}

impl Writer<'_, '_> {
    /// Frames that the view has come before all others, so that the applier is still here.
    fn follow(&mut self, records: Vec<(Outline, &[u8])>) -> Result<(), Error> {
        self.applier.as_mut().map_or(Ok(()), |applier| applier.follow(records))
    }

    fn write(&mut self, frame: Frame) -> Result<(), Error> {
        self.handed = frame.position;
        if let Some(applier) = self.applier.take() {
            // No room to wait in: what is decoded ahead is one write.
            let (frames, to_write) = mpsc::sync_channel::<Frame>(0);
            let (back, written) = mpsc::channel();
            let outcome = self.scope.spawn(move || {
                to_write.iter().try_for_each(|frame| {
                    applier.apply(&frame)?;
                    let _ = back.send(frame);
                    Ok(())
                })
            });
            self.thread = Some(Writing { frames, written, outcome });
        }
        match &self.thread {
            Some(thread) if thread.frames.send(frame).is_ok() => {
                thread.written.try_iter().for_each(drop);
                Ok(())
            }
            _ => self.join().and_then(|()| Err(Error::ViewDamaged("nobody writes it any more".to_owned()))),
        }
    }

    /// Writes the last frame, if it moves the view on, and waits until everything is written.
    fn finish(mut self, last: Frame) -> Result<(), Error> {
        // It may have no records and stand for frames that a compaction emptied.
        let is_ahead = last.position > self.handed;
        match self.applier.take() {
            Some(applier) if is_ahead => return applier.apply(&last),
            None if is_ahead => self.write(last)?,
            _ => {}
        }
        self.join()
    }

    fn join(&mut self) -> Result<(), Error> {
        let Some(Writing { frames, outcome, .. }) = self.thread.take() else { return Ok(()) };
        drop(frames);
        outcome.join().unwrap_or_else(|_| Err(Error::ViewDamaged("its code panicked".to_owned())))
    }
}

/// The records of a frame, as far as they tell where journals end.
fn outlined<'a>(found: &segment::Frame<'a>) -> Result<Vec<(Outline, &'a [u8])>, Error> {
    let bytes = frame::records(found.payload).into_iter().map(|(_, record)| frame::bytes_of(record));
    bytes.map(|bytes| Ok((journal::outline(bytes)?, bytes))).collect()
}

/// The records of a frame, as far as a view needs them.
fn located(segment: u64, found: &segment::Frame<'_>) -> Result<Vec<Located>, Error> {
    let mut records = Vec::new();
    for (start, record) in frame::records(found.payload) {
        let bytes = frame::bytes_of(record);
        let place = Place { segment, offset: found.payload_offset + start as u64 };
        let (record, outline) = journal::gist(bytes)?;
        records.push(Located { record, outline, bytes: bytes.to_vec(), place });
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ExecutionId, Tenant, TimeMs};
    use crate::journal::{Record, Turn};
    use crate::store::{closings, stats};

    /// A replay that left out an event which the live view takes into account would make another view.
    #[test]
    fn the_events_that_a_view_needs_are_read() {
        let events = include_str!("../../tests/golden/events-v1.ndjson").lines();
        let (mut all, mut read, mut needed) = (0, 0, 0);
        for event in events.map(|line| serde_json::from_str(line).unwrap()) {
            let (tenant, execution) = (Tenant::default(), ExecutionId::derived(TimeMs(5), "a"));
            let turn = Turn { tenant, execution, first_seq: 3, at: TimeMs(7), events: vec![event], summary: None };
            let whole = Record::Execution(turn.clone());
            let (gist, outline) = journal::gist(&journal::encode(&whole).unwrap()).unwrap();
            assert_eq!(outline, whole.outline());
            all += 1;
            read += usize::from(gist == whole);
            if closings::has_any(&turn) || stats::has_decisions(&turn) {
                needed += 1;
                assert_eq!(gist, whole);
            }
        }
        assert!(needed >= 4 && read < all / 2, "of {all} events {needed} are needed, and {read} are read");
    }
}
