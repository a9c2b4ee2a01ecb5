//! What an execution is at one moment: the fold of its events.

use super::call::Call;
use super::input::Start;
use super::question::{Decided, Question};
use super::summary::{Ended, Status, Summary};
use crate::ids::{BootId, CallId, QuestionId, TimeMs};

#[derive(Clone, Debug, Default)]
pub struct State {}

impl State {
    /// The number that the next event gets; 0: the execution does not exist.
    #[must_use]
    pub fn seq(&self) -> u64 {
        todo!()
    }
    #[must_use]
    pub fn start(&self) -> Option<&Start> {
        todo!()
    }
    #[must_use]
    pub fn status(&self) -> Status {
        todo!()
    }
    #[must_use]
    pub fn ended(&self) -> Option<&Ended> {
        todo!()
    }
    /// None before the start.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        todo!()
    }
    /// Open questions, oldest first.
    #[must_use]
    pub fn questions(&self) -> Vec<&Question> {
        todo!()
    }
    /// The decision that closed a question; none while it is open or when it expired or was withdrawn.
    #[must_use]
    pub fn decided(&self, question: QuestionId) -> Option<&Decided> {
        let _ = question;
        todo!()
    }
    /// The nearest deadline.
    #[must_use]
    pub fn deadline(&self) -> Option<TimeMs> {
        todo!()
    }
    /// Calls that were started under another boot and have no outcome: the shell feeds `Body::Lost` for each.
    #[must_use]
    pub fn lost(&self, boot: BootId) -> Vec<CallId> {
        let _ = boot;
        todo!()
    }
    /// Calls in flight, for display.
    #[must_use]
    pub fn flights(&self) -> Vec<(CallId, String, &Call)> {
        todo!()
    }
}
