//! Follows an execution on a server: its journal as it grows, over lost connections, until it has ended or rests.

use std::time::Duration;

use serde_json::Value;

use super::find::Found;
use crate::cli::args::Context;
use crate::cli::client::{self, Client, Frame};
use crate::cli::error::Error;
use crate::cli::output::Format;
use crate::cli::progress::Progress;
use crate::cli::walk;
use crate::ids::ExecutionId;
use crate::machine::event::Recorded;

/// Connections that may fail in a row.
const FAILURES_MAX: u32 = 8;
/// The pause before another try, times the failures so far.
const PAUSE: Duration = Duration::from_millis(500);

/// How long nothing comes before we look whether it rests.
const QUIET: Duration = Duration::from_millis(700);

/// What somebody who follows wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Steps as they happen.
    Steps,
    /// Events of the journal as they are.
    Journal,
}

/// When following ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// It has ended.
    Ended,
    /// It has ended, or waits for what may take long.
    Settled,
}

/// Shows what happens, from event `from` on. True: until the end of what was asked; false: somebody pressed Ctrl-C.
///
/// # Errors
/// What the server says, or that it cannot be reached any more.
pub async fn follow(context: &Context, client: &Client, found: &Found, from: u64, show: Show, until: Until) -> Result<bool, Error> {
    let id: ExecutionId = found.id.parse().map_err(|_| Error::Failed(format!("the server's id `{}` is none", found.id)))?;
    let mut follower = Follower { context, id, progress: Progress::new(context.output), next: from, last: None, show };
    let mut failures = 0;
    let mut interrupt = walk::Interrupt::new()?;
    loop {
        let before = follower.next;
        let over = tokio::select! {
            over = follower.connection(client, found, until) => over,
            () = interrupt.next() => {
                follower.progress.pause();
                return Ok(false);
            }
        };
        match over {
            Ok(true) => {
                follower.progress.pause();
                return Ok(true);
            }
            // The server stops, or the connection broke: the next one goes on behind what was shown.
            Ok(false) | Err(client::Error::Unreachable { .. }) if failures < FAILURES_MAX => {}
            Ok(false) => return Err(Error::Failed("the server keeps closing the stream; try again later".to_owned())),
            Err(error) => return Err(error.into()),
        }
        failures = if follower.next > before { 0 } else { failures + 1 };
        tokio::time::sleep(PAUSE * (failures + 1)).await;
    }
}

/// Whether it has ended, or waits.
async fn rests(client: &Client, found: &Found) -> Result<bool, client::Error> {
    let url = found.at(client, "").map_err(|error| client::Error::Unusable { url: found.id.clone(), reason: error.to_string() })?;
    Ok(client.get(url).await?["status"] != "IN_PROGRESS")
}

struct Follower<'a> {
    context: &'a Context,
    id: ExecutionId,
    progress: Progress,
    /// The number of the next event to show.
    next: u64,
    /// The id of the last event that came.
    last: Option<String>,
    show: Show,
}

impl Follower<'_> {
    /// One connection; true when the server says that this is all.
    async fn connection(&mut self, client: &Client, found: &Found, until: Until) -> Result<bool, client::Error> {
        let mut url =
            found.below(client, "events").map_err(|error| client::Error::Unusable { url: found.id.clone(), reason: error.to_string() })?;
        url.query_pairs_mut().append_pair("journal", "true");
        if let Some(after) = self.after() {
            url.query_pairs_mut().append_pair("after", &after);
        }
        let mut events = client.events(url).await?;
        loop {
            let frame = match tokio::time::timeout(QUIET, events.next()).await {
                Ok(frame) => frame?,
                Err(_) if until == Until::Settled && rests(client, found).await? => return Ok(true),
                Err(_) => continue,
            };
            let Some(frame) = frame else { return Ok(false) };
            if frame.id.is_some() {
                self.last.clone_from(&frame.id);
            }
            match frame.event.as_str() {
                "done" => return Ok(true),
                "closing" => return Ok(false),
                "journal" => self.journal(&frame),
                "text" => self.text(&frame),
                // What is told of an event stands in the event itself.
                _ => {}
            }
        }
    }

    /// Where the next connection goes on: behind the last event, text that a model was saying included.
    fn after(&self) -> Option<String> {
        self.last.clone().or_else(|| self.next.checked_sub(1).map(|last| last.to_string()))
    }

    fn journal(&mut self, frame: &Frame) {
        let recorded = match serde_json::from_str::<Recorded>(&frame.data) {
            Ok(recorded) if recorded.seq >= self.next => recorded,
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "an event that this version does not know");
                return;
            }
        };
        self.next = recorded.seq + 1;
        let line = walk::event_line(self.id, &recorded);
        let output = self.context.output;
        match (self.show, output.format) {
            (Show::Journal, Format::Text) => output.data(&crate::cli::exec::event_text(&recorded, line)),
            (Show::Journal, Format::Json | Format::Ndjson) => output.json_line(&line),
            (Show::Steps, format) => {
                self.progress.committed(self.id, std::slice::from_ref(&recorded));
                if format == Format::Ndjson {
                    output.json_line(&line);
                }
            }
        }
    }

    fn text(&mut self, frame: &Frame) {
        let Ok(data) = serde_json::from_str::<Value>(&frame.data) else { return };
        if self.show == Show::Steps
            && let Some(chunk) = data["chunk"].as_str()
        {
            self.progress.chunk(self.id, data["step"].as_str().unwrap_or("model"), chunk);
        }
    }
}
