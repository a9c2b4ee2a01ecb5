//! Taking back what was done: after a failure or a cancel of the root, completed steps that declare `compensate`, last first, one at a time.

use std::sync::Arc;

use super::call::CallError;
use super::decide::Deciding;
use super::event::{Event, Place, Role};

impl Deciding<'_> {
    /// Goes on with the compensations; false when none is left.
    pub(super) fn compensate(&mut self) -> bool {
        if self.state.undo.is_empty() {
            return false;
        }
        if !self.state.undoing {
            self.emit(Event::Undoing);
            return true;
        }
        let Some(undo) = self.state.undo.last() else { return false };
        if undo.task.is_none() {
            let (place, call) = (undo.place.clone(), Arc::clone(&undo.call));
            self.start_call(&place, Role::Act, 1, call);
        }
        true
    }

    /// One compensation is over; an error has been retried before and is listed now.
    pub(super) fn undone(&mut self, place: &Place, error: Option<CallError>) {
        let error = error.map(|error| {
            let name = self.state.visit_name(place);
            let name = name.strip_prefix("undo/").unwrap_or(&name);
            CallError { message: format!("`{name}` could not be taken back: {}", error.message), ..error }
        });
        self.emit(Event::UndoEnded { place: place.clone(), error });
    }
}
