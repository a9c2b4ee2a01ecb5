//! About how many bytes an execution keeps because of what its journal says. What is over weighs nothing any more where that is easily told, and
//! where it is not the weight is too high rather than too low: an outline that is too heavy is folded anew, and nothing else happens.

use std::collections::HashMap;

use crate::ids::{CallId, ExecutionId, FrameId, StepId};
use crate::machine::call::Outcome;
use crate::machine::event::{Event, Place};
use crate::machine::size;

/// What an entry costs beside what is written in it.
const ENTRY: usize = 256;

/// The sum over a journal, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Weight {
    /// Of what stays.
    kept: usize,
    /// Of calls that are under way, or may be made again.
    calls: HashMap<Place, usize>,
    places: HashMap<CallId, Place>,
    /// Of children that have not ended.
    children: HashMap<ExecutionId, usize>,
    /// Of what came during a pause.
    held: usize,
}

impl Weight {
    pub(super) fn bytes(&self) -> usize {
        self.kept + self.held + self.calls.values().sum::<usize>() + self.children.values().sum::<usize>()
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other entries keep little")]
    pub(super) fn add(&mut self, event: &Event) {
        match event {
            Event::CallStarted { call, place, request, .. } => {
                self.calls.insert(place.clone(), ENTRY + size(request));
                self.places.insert(*call, place.clone());
                return;
            }
            Event::ChildStarted { child, start, .. } => {
                self.children.insert(*child, ENTRY + size(&start.start));
                return;
            }
            Event::Held { input } => {
                self.held += ENTRY + size(input);
                return;
            }
            Event::CallEnded { call, outcome } => {
                let place = self.places.remove(call);
                // After the others it may be made again.
                if let (Some(place), Outcome::Done { .. } | Outcome::Permanent { .. }) = (place, outcome) {
                    self.calls.remove(&place);
                }
            }
            Event::CallLost { call } => {
                self.places.remove(call);
            }
            Event::StepEnded { frame, step, .. } => self.settled(*frame, step),
            Event::UndoEnded { place, .. } => {
                self.calls.remove(place);
            }
            Event::ChildEnded { child, .. } => {
                self.children.remove(child);
            }
            Event::Unpaused { .. } => self.held = 0,
            _ => {}
        }
        self.kept += ENTRY + size(event);
    }

    fn settled(&mut self, frame: FrameId, step: &StepId) {
        if !self.calls.is_empty() {
            self.calls.retain(|place, _| place.frame != frame || place.step != *step);
        }
    }
}
