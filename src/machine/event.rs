//! Facts about one execution, in the order in which they were decided.

use serde::{Deserialize, Serialize};

use super::input::Start;
use super::summary::Ended;
use crate::ids::TimeMs;

/// One event with its number (from 0) and the time of the turn that decided it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    pub seq: u64,
    pub at: TimeMs,
    pub event: Event,
}

/// A fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Started { start: Box<Start> },
    Ended { ended: Ended },
}
