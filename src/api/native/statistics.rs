//! How agents do: success, latency, cost and people's decisions, per revision. Sums that the store keeps beside the executions; nothing
//! is scanned.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agent_id;
use super::budgets::Origin;
use super::execute::revision_number;
use crate::api::answer::Answer;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::{self, scopes::Scope};
use crate::store::{Month, Stats, StatsFilter, Store};

/// Months looked back where the request does not say.
const MONTHS_DEFAULT: u32 = 3;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Query {
    /// `PRODUCTION` (the default), `TEST` or `EVALUATION`.
    origin: Option<Origin>,
    environment: Option<String>,
    /// Months of start, `2026-03`; absent: the last three.
    from_month: Option<String>,
    to_month: Option<String>,
}

/// How one revision did, in executions that began in these months.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RevisionStatistics {
    agent_id: String,
    /// -1: drafts.
    revision: i64,
    started: u64,
    /// Still running or waiting.
    unfinished: u64,
    completed: u64,
    failed: u64,
    timed_out: u64,
    cancelled: u64,
    /// Refused by a budget before anything ran.
    rejected: u64,
    /// Completed among those that completed, failed or timed out; null: none did yet.
    success_rate: Option<f64>,
    mean_duration_ms: Option<f64>,
    /// Half, and 99 in 100, took no longer than this; upper bounds of classes that double.
    duration_ms_p50: Option<u64>,
    duration_ms_p99: Option<u64>,
    total_cost: f64,
    input_tokens: u64,
    output_tokens: u64,
    /// Decisions of people: what was asked was done, or not.
    approvals: u64,
    rejections: u64,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/tenants/{tenant}/agents/{agent}/statistics", "getAgentStatistics", "How each revision of an agent does")
            .scope(Scope::ExecutionsRead)
            .query::<Query>()
            .answers::<Vec<RevisionStatistics>>(200)
            .to(of_agent),
        Route::get("/v1/tenants/{tenant}/statistics", "getStatistics", "How each revision of every agent does")
            .scope(Scope::ExecutionsRead)
            .query::<Query>()
            .answers::<Vec<RevisionStatistics>>(200)
            .to(of_tenant),
    ]
}

async fn of_agent(call: Call) -> Result<Answer, Problem> {
    let agent = agent_id(&call)?.to_owned();
    answer(&call, Some(agent)).await
}

async fn of_tenant(call: Call) -> Result<Answer, Problem> {
    answer(&call, None).await
}

async fn answer(call: &Call, flow: Option<String>) -> Result<Answer, Problem> {
    let query: Query = call.query()?;
    let month = |name: &str, text: &Option<String>| -> Result<Option<Month>, Problem> {
        let read = text.as_ref().map(|text| text.parse::<Month>().map_err(|_| Problem::unfit(name, "write it as 2026-03")));
        read.transpose()
    };
    let last_month = month("toMonth", &query.to_month)?;
    let earliest = (1..MONTHS_DEFAULT).fold(last_month.unwrap_or_else(|| Month::of(call.now)), |month, _| month.previous());
    let purpose = query.origin.unwrap_or_default().into();
    let filter = StatsFilter {
        flow,
        purpose: Some(purpose),
        environment: query.environment,
        first_month: Some(month("fromMonth", &query.from_month)?.unwrap_or(earliest)),
        last_month,
        ..StatsFilter::default()
    };
    let (store, tenant) = (call.app.catalog.store().clone(), call.tenant.clone());
    let rows = blocking(move || {
        let mut sums: BTreeMap<(String, u32), Stats> = BTreeMap::new();
        for (key, stats) in store.stats(&tenant, &filter).map_err(catalog::Error::from)? {
            let sum = sums.entry((key.flow, key.revision)).or_default();
            *sum = sum.plus(&stats);
        }
        Ok(sums)
    });
    let rows = rows.await?.into_iter().map(|((agent, revision), stats)| {
        let revision = revision_number(purpose, revision);
        RevisionStatistics::of(agent, revision, &stats)
    });
    Answer::json(&rows.collect::<Vec<_>>())
}

impl RevisionStatistics {
    fn of(agent_id: String, revision: i64, stats: &Stats) -> Self {
        let judged = stats.completed + stats.failed + stats.timed_out;
        let measured: u64 = stats.duration_classes.iter().sum();
        Self {
            agent_id,
            revision,
            started: stats.started,
            unfinished: stats.unfinished,
            completed: stats.completed,
            failed: stats.failed,
            timed_out: stats.timed_out,
            cancelled: stats.cancelled,
            rejected: stats.rejected,
            success_rate: ratio(stats.completed, judged),
            mean_duration_ms: ratio(stats.duration_ms_sum, measured),
            duration_ms_p50: quantile(&stats.duration_classes, 50),
            duration_ms_p99: quantile(&stats.duration_classes, 99),
            total_cost: stats.cost.usd(),
            input_tokens: stats.input_tokens,
            output_tokens: stats.output_tokens,
            approvals: stats.approvals,
            rejections: stats.rejections,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The upper bound of the class that holds this share of all; class `n` ends before `2^(n + 1)` milliseconds.
fn quantile(classes: &[u64], percent: u64) -> Option<u64> {
    let total: u64 = classes.iter().sum();
    let wanted = (total * percent).div_ceil(100);
    let mut seen = 0;
    for (class, count) in classes.iter().enumerate() {
        seen += count;
        if total > 0 && seen >= wanted {
            return Some(2 << class);
        }
    }
    None
}

/// How many executions of a revision are not finished yet, whatever they are for. Blocking.
///
/// # Errors
/// When the store cannot be read.
pub fn unfinished(store: &Store, tenant: &crate::ids::Tenant, agent: &str, revision: u32) -> Result<u64, Problem> {
    let filter = StatsFilter { flow: Some(agent.to_owned()), revision: Some(revision), ..StatsFilter::default() };
    let rows = store.stats(tenant, &filter).map_err(catalog::Error::from)?;
    Ok(rows.iter().map(|(_, stats)| stats.unfinished).sum())
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn a_quantile_is_the_bound_of_its_class() {
        let mut classes = vec![0; 40];
        assert_eq!(quantile(&classes, 50), None);
        (classes[3], classes[10]) = (99, 1);
        assert_eq!((quantile(&classes, 50), quantile(&classes, 99), quantile(&classes, 100)), (Some(16), Some(16), Some(2048)));
    }
}
