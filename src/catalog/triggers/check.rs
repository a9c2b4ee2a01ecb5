//! What a trigger may be: every field within its bounds, every expression readable, a schedule that is due at least once.

use serde_json::Value;

use super::mapping;
use super::rows::{Definition, Schedule, Source};
use super::timetable::{self, Timetable};
use crate::catalog::Error;

const NAME_CHARACTERS_MAX: usize = 100;
const DESCRIPTION_BYTES_MAX: usize = 500;
/// Parameters that one trigger names.
const PARAMETERS_MAX: usize = 100;
/// Constant parameters, as JSON; names and expressions of a mapping.
const PARAMETERS_BYTES_MAX: usize = 64 << 10;
const JITTER_SECONDS_MAX: u32 = 3_600;
const GRACE_SECONDS_MAX: u32 = 3_600;
/// Firings that one look at a late schedule makes.
const CATCH_UP_MAX: u32 = 100;
const REPLAY_WINDOW_SECONDS_MAX: u32 = 86_400;
const EVENT_TYPE_BYTES_MAX: usize = 200;
/// A budget, in dollars; sums of it stay exact.
const AMOUNT_USD_MAX: f64 = 1e9;

fn invalid(field: &'static str, message: String) -> Error {
    Error::Invalid { field, message }
}

/// # Errors
/// `Invalid` with the field.
pub fn definition(definition: &Definition) -> Result<(), Error> {
    if definition.display_name.is_empty() || definition.display_name.chars().count() > NAME_CHARACTERS_MAX {
        return Err(invalid("displayName", format!("it must have 1 to {NAME_CHARACTERS_MAX} characters")));
    }
    if definition.description.as_ref().is_some_and(|text| text.len() > DESCRIPTION_BYTES_MAX) {
        return Err(invalid("description", format!("at most {DESCRIPTION_BYTES_MAX} bytes")));
    }
    let bytes = Value::Object(definition.parameters.clone()).to_string().len();
    if definition.parameters.len() > PARAMETERS_MAX || bytes > PARAMETERS_BYTES_MAX {
        return Err(invalid("parameters", format!("at most {PARAMETERS_MAX}, of {PARAMETERS_BYTES_MAX} bytes together")));
    }
    let mapped = definition.mapping.iter().flatten();
    let (count, bytes) = mapped.fold((0, 0), |(count, bytes), (name, source)| (count + 1, bytes + name.len() + source.len()));
    if count > PARAMETERS_MAX || bytes > PARAMETERS_BYTES_MAX {
        return Err(invalid("mapping", format!("at most {PARAMETERS_MAX} parameters, of {PARAMETERS_BYTES_MAX} bytes together")));
    }
    if definition.budget.is_some_and(|budget| budget.amount.usd() > AMOUNT_USD_MAX) {
        return Err(invalid("budget.amount", format!("at most {AMOUNT_USD_MAX} US dollars")));
    }
    match &definition.source {
        Source::Schedule(wanted) => schedule(wanted)?,
        Source::Webhook(inbound) => {
            if !(1..=REPLAY_WINDOW_SECONDS_MAX).contains(&inbound.replay_window_seconds) {
                return Err(invalid("webhook.replayWindowSeconds", format!("it must lie between 1 and {REPLAY_WINDOW_SECONDS_MAX}")));
            }
            if inbound.event_type.as_ref().is_some_and(|kind| kind.is_empty() || kind.len() > EVENT_TYPE_BYTES_MAX) {
                return Err(invalid("webhook.eventType", format!("it must have 1 to {EVENT_TYPE_BYTES_MAX} bytes")));
            }
        }
        Source::Manual | Source::Api => {}
    }
    mapping::check(definition)
}

fn schedule(schedule: &Schedule) -> Result<(), Error> {
    if schedule.jitter_seconds > JITTER_SECONDS_MAX {
        return Err(invalid("schedule.jitterSeconds", format!("at most {JITTER_SECONDS_MAX}")));
    }
    // Nothing fires at the very millisecond at which it is due.
    if !(1..=GRACE_SECONDS_MAX).contains(&schedule.grace_seconds) {
        return Err(invalid("schedule.graceSeconds", format!("it must lie between 1 and {GRACE_SECONDS_MAX}")));
    }
    if !(1..=CATCH_UP_MAX).contains(&schedule.catch_up_max) {
        return Err(invalid("schedule.catchUpMax", format!("it must lie between 1 and {CATCH_UP_MAX}")));
    }
    timetable_of(schedule).map(drop)
}

/// The times of a schedule.
///
/// # Errors
/// `Invalid` with the field.
pub fn timetable_of(schedule: &Schedule) -> Result<Timetable, Error> {
    Timetable::new(&schedule.cron, &schedule.time_zone).map_err(|error| {
        let field = if matches!(error, timetable::Error::Cron(_)) { "schedule.cron" } else { "schedule.timeZone" };
        invalid(field, error.to_string())
    })
}
