//! How a caller waits for an execution: until it ends, or until nothing moves it any more but a person, an event or a far timer. Waiting
//! changes nothing; a caller that gives up leaves everything as it is.

use std::time::Duration;

use tokio::time::Instant;

use super::start::Started;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::clock;
use crate::engine::{EngineHandle, Notice, Notices, Snapshot};
use crate::ids::ExecutionId;
use crate::machine::summary::{Status, Summary};
use crate::machine::trace::Trace;

/// A timer that is nearer than this is waited for as if it were work.
const TIMER_WAITED_MS: u64 = 60_000;
/// The longest wait that a request may ask for.
const WAIT_SECONDS_MAX: u64 = 3_600;

/// How long a caller waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    Endless,
    /// `Prefer: respond-async`.
    None,
    /// `Prefer: wait=N`.
    Seconds(u64),
}

impl Patience {
    /// For `Preference-Applied`.
    #[must_use]
    pub fn applied(self) -> Option<String> {
        match self {
            Self::Endless => None,
            Self::None => Some("respond-async".to_owned()),
            Self::Seconds(seconds) => Some(format!("wait={seconds}")),
        }
    }
}

/// What `Prefer` says; what is not ours is ignored, as its RFC wants.
///
/// # Errors
/// 400 for a number that is none.
pub fn patience(call: &Call) -> Result<Patience, Problem> {
    let mut patience = Patience::Endless;
    let preferences = call.headers.get_all("prefer").filter_map(|value| value.to_str().ok()).flat_map(|value| value.split([',', ';']));
    for preference in preferences.map(str::trim) {
        if let Some(seconds) = preference.strip_prefix("wait=") {
            let seconds: u64 = seconds.trim_matches('"').parse().map_err(|_| Problem::unfit("Prefer", "`wait=N` needs whole seconds"))?;
            patience = Patience::Seconds(seconds.min(WAIT_SECONDS_MAX));
        } else if preference.eq_ignore_ascii_case("respond-async") && patience == Patience::Endless {
            patience = Patience::None;
        }
    }
    Ok(patience)
}

/// Where an execution was when its caller stopped waiting.
pub struct Rest {
    pub snapshot: Snapshot,
    /// Where it came along.
    pub trace: Option<Trace>,
    /// It still moves: the caller's patience was over first.
    pub gave_up: bool,
}

/// Whether there is something to tell: it ended, or waits for what may take long.
#[must_use]
pub fn is_settled(summary: &Summary, live: bool) -> bool {
    if summary.status.is_final() || summary.status == Status::WaitingPerson {
        return true;
    }
    let near = clock::now().plus(TIMER_WAITED_MS);
    !live && !summary.owed && summary.deadline.is_none_or(|deadline| deadline > near)
}

/// Waits. Subscribes first, reads then, so that nothing falls in between.
///
/// # Errors
/// 404; 503 while the server stops.
pub async fn settle(call: &Call, engine: &EngineHandle, execution: ExecutionId, patience: Patience) -> Result<Rest, Problem> {
    wait(call, engine, execution, (patience, None)).await
}

/// The same for an execution that has just begun.
///
/// # Errors
/// As `settle`.
pub async fn settle_start(call: &Call, started: &mut Started, patience: Patience) -> Result<Rest, Problem> {
    wait(call, &started.engine, started.execution, (patience, started.rest.take())).await
}

/// What a waiting caller knows before it reads.
enum Look {
    /// It cannot rest yet without having said so.
    No,
    AtAll,
    AtRest,
}

/// `heard`: listened to since before it began, so that there is no need to look at it before it has come to rest.
async fn wait(
    call: &Call,
    engine: &EngineHandle,
    execution: ExecutionId,
    (patience, heard): (Patience, Option<Notices>),
) -> Result<Rest, Problem> {
    let until = match patience {
        Patience::Endless => None,
        Patience::None => Some(Instant::now()),
        Patience::Seconds(seconds) => Some(Instant::now() + Duration::from_secs(seconds)),
    };
    let mut look = if heard.is_some() { Look::No } else { Look::AtAll };
    let mut notices = heard.unwrap_or_else(|| engine.subscribe_rest(execution));
    loop {
        let snapshot = match look {
            Look::No => None,
            Look::AtAll => Some(engine.snapshot(execution).await?),
            Look::AtRest => Some(engine.at_rest(execution).await?),
        };
        let is_settled = |found: &Snapshot| is_settled(&found.summary, found.live) || found.quarantined.is_some();
        if let Some(snapshot) = snapshot.filter(is_settled) {
            return Ok(Rest { snapshot, trace: None, gave_up: false });
        }
        look = loop {
            let over = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            let notice = tokio::select! {
                biased;
                () = call.app.closing.cancelled() => {
                    let problem = Problem::unavailable("shutting_down", "the server stops; the execution goes on after its next start", 5);
                    return Err(problem.with("executionRecordId", execution));
                }
                notice = notices.next() => notice,
                () = over => return Ok(Rest { snapshot: engine.snapshot(execution).await?, trace: None, gave_up: true }),
            };
            match notice {
                Some(Notice::Committed { .. } | Notice::Chunk { .. }) => {}
                Some(Notice::Idle { execution: rests, journal, .. }) => {
                    let told = journal.filter(|_| rests == execution).map(|journal| engine.rested(execution, &journal));
                    if let Some((snapshot, trace)) = told.transpose()?.flatten().filter(|(snapshot, _)| is_settled(snapshot)) {
                        return Ok(Rest { snapshot, trace: Some(trace), gave_up: false });
                    }
                    break Look::AtRest;
                }
                Some(Notice::Quarantined { .. } | Notice::Missed { .. }) => break Look::AtAll,
                None => return Err(crate::engine::Error::Stopped.into()),
            }
        };
    }
}
