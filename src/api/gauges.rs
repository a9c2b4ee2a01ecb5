//! What `/metrics` shows of engine, store and deliveries: read at the moment, from counts that somebody keeps anyway. Nothing is scanned,
//! and no label grows with the data.

use std::fmt::Write as _;

use super::app::App;
use super::blocking::blocking;
use super::problem::Problem;
use crate::clock;
use crate::config::machine;
use crate::engine::Activity;
use crate::machine::summary::Status;
use crate::notify::{self, Deliveries};
use crate::store::{COMMIT_SECONDS, Commits, ENDS, Gauges, Turns};

/// Text under construction.
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP flowgate_{name} {help}.\n# TYPE flowgate_{name} {kind}\n");
    }

    fn sample(&mut self, name: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "flowgate_{name} {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, "gauge", help);
        self.sample(name, value);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help);
        self.sample(&format!("{name}_total"), value);
    }
}

/// The families as text, without the line that ends a page.
///
/// # Errors
/// When the engine or the store does not answer.
pub async fn text(app: &App) -> Result<String, Problem> {
    let activity = app.engine.activity().await?;
    let catalog = app.catalog.clone();
    let reading = blocking(move || {
        let failed = |error: crate::store::Error| Problem::from(crate::catalog::Error::from(error));
        let deadline = catalog.store().next_deadline().map_err(failed)?;
        Ok((catalog.store().gauges().map_err(failed)?, deadline, notify::followers(&catalog)?))
    });
    let (gauges, deadline, followers) = reading.await?;
    let store = app.catalog.store();
    let (applied, position, now) = (store.applied_position(), store.position(), clock::now());
    let mut page = Page(String::new());
    page.family("build_info", "gauge", "The version that runs");
    page.sample(concat!("build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1);
    if let Some(bytes) = machine::resident_bytes() {
        page.gauge("process_resident_memory_bytes", "Memory of this process that is in use", bytes);
    }
    of_engine(&mut page, &activity, deadline.map_or(0, |at| now.since(at)));
    of_store(&mut page, &gauges, position.0.saturating_sub(applied.0));
    page.counter("log_syncs", "Syncs of the log and its mark", store.meters().syncs());
    of_commits(&mut page, &store.meters().commits());
    of_turns(&mut page, &store.meters().turns());
    let lag = followers.iter().map(|(_, at)| position.0.saturating_sub(at.0)).max().unwrap_or_default();
    page.gauge("follower_lag_commits", "Commits that webhooks and mails were not worked out from yet", lag);
    let deliveries = app.deliveries.read();
    of_deliveries(&mut page, &deliveries, deliveries.oldest_due_at.map_or(0, |at| now.since(at)));
    Ok(page.0)
}

fn of_engine(page: &mut Page, activity: &Activity, overdue_ms: u64) {
    page.gauge("executions_live", "Executions in memory because something moves them", activity.executions);
    page.gauge("calls_running", "Calls of models, tools and services under way", activity.calls);
    page.gauge("inputs_held", "Inputs that wait for their answer", activity.inputs);
    page.gauge("intake_used", "Starts and signals that wait for their answer", activity.intake);
    page.gauge("intake_max", "How many of them may wait", activity.intake_max);
    page.gauge("timers_overdue_seconds", "How long the earliest timer is overdue", seconds(overdue_ms));
}

fn of_store(page: &mut Page, gauges: &Gauges, lag: u64) {
    page.gauge("executions_kept", "Executions in the store", gauges.executions);
    page.gauge("executions_unfinished", "Executions that have not ended", gauges.unfinished);
    page.gauge("executions_quarantined", "Executions that were set aside", gauges.quarantined);
    page.gauge("questions_open", "Questions that wait for a person", gauges.open_questions);
    page.gauge("log_bytes", "Bytes of the log's segments", gauges.log_bytes);
    page.gauge("view_bytes", "Bytes of the view", gauges.view_bytes);
    page.gauge("disk_free_bytes", "Free on the disk of the data directory", gauges.free_bytes);
    page.gauge("view_lag_commits", "Commits that the view does not have yet", lag);
}

fn of_commits(page: &mut Page, commits: &Commits) {
    page.family("commit_duration_seconds", "histogram", "A commit, until it is durable");
    let mut count = 0;
    for (bound, of_class) in COMMIT_SECONDS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]).zip(commits.counts) {
        count += of_class;
        page.sample(&format!("commit_duration_seconds_bucket{{le=\"{bound}\"}}"), count);
    }
    page.sample("commit_duration_seconds_sum", commits.seconds);
    page.sample("commit_duration_seconds_count", count);
}

fn of_turns(page: &mut Page, turns: &Turns) {
    page.counter("executions_started", "Executions that began", turns.started);
    page.family("executions_ended", "counter", "Executions that ended");
    for (status, count) in ENDS.iter().zip(turns.ended) {
        page.sample(&format!("executions_ended_total{{status=\"{}\"}}", end_name(*status)), count);
    }
    page.counter("calls_in_doubt", "Calls whose outcome nobody knows", turns.in_doubt);
}

/// What times out counts apart from what fails, other than in the API.
fn end_name(status: Status) -> &'static str {
    if status == Status::TimedOut { "TIMED_OUT" } else { status.native() }
}

fn of_deliveries(page: &mut Page, deliveries: &Deliveries, overdue_ms: u64) {
    page.family("deliveries", "counter", "Attempts at webhooks and mails, by what came of them");
    let results = [
        ("delivered", deliveries.delivered),
        ("retried", deliveries.again),
        ("failed", deliveries.failed),
        ("dropped", deliveries.dropped),
    ];
    for (result, count) in results {
        page.sample(&format!("deliveries_total{{result=\"{result}\"}}"), count);
    }
    page.gauge("deliveries_under_way", "Webhooks and mails that are being sent", deliveries.under_way);
    page.gauge("deliveries_overdue_seconds", "How long the earliest delivery that is not settled is due", seconds(overdue_ms));
}

#[expect(clippy::cast_precision_loss, reason = "a display of milliseconds")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}
