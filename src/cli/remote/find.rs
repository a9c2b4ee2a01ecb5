//! Which execution or question a person means. Addresses on a server name the agent, people do not.

use serde_json::Value;
use url::Url;

use crate::cli::client::Client;
use crate::cli::error::Error;
use crate::present::visible::visible;

/// Agents and executions read at a time.
const PAGE: usize = 200;
/// Executions among which the beginning of an id is looked for.
const SEARCHED_MAX: usize = 1_000;
/// Open questions that are read.
const QUESTIONS_MAX: usize = 10_000;
/// The word for the newest execution that is no other's child.
const LAST: &str = "last";
/// Executions for real, tests, and evaluations.
const ORIGINS: [&str; 3] = ["PRODUCTION", "TEST", "EVALUATION"];

/// An execution and its record.
pub struct Found {
    pub agent: String,
    pub id: String,
    pub record: Value,
}

impl Found {
    /// An address of the execution: `rest` comes behind its id, as `:cancelRun` or `/result`.
    ///
    /// # Errors
    /// `Usage` for a name that can stand in no address.
    pub fn at(&self, client: &Client, action: &str) -> Result<Url, Error> {
        client.at(&["agents", &self.agent, "executionRecords", &format!("{}{action}", self.id)])
    }

    /// An address below the execution.
    ///
    /// # Errors
    /// As `at`.
    pub fn below(&self, client: &Client, part: &str) -> Result<Url, Error> {
        client.at(&["agents", &self.agent, "executionRecords", &self.id, part])
    }
}

/// The ids of every agent.
///
/// # Errors
/// What the server says.
pub async fn agents(client: &Client) -> Result<Vec<String>, Error> {
    let rows = client.all(&client.at(&["agents"])?, PAGE, usize::MAX).await?;
    Ok(rows.iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect())
}

/// The newest records of an agent, or of every one, that meet the conditions.
///
/// # Errors
/// What the server says.
pub async fn records(client: &Client, agent: Option<&str>, conditions: &[(&str, &str)], limit: usize) -> Result<Vec<Value>, Error> {
    let mut url = match agent {
        Some(agent) => client.at(&["agents", agent, "executionRecords"])?,
        None => client.at(&["executionRecords"])?,
    };
    url.query_pairs_mut().extend_pairs(conditions);
    Ok(client.all(&url, PAGE.min(limit), limit).await?)
}

/// The execution of this id, of this unique beginning of one, or the `last`.
///
/// # Errors
/// When there is none, several fit, or what the server says.
pub async fn execution(client: &Client, name: &str) -> Result<Found, Error> {
    let unknown = || Error::Failed(format!("there is no execution `{}` in tenant `{}`", visible(name), visible(&client.tenant)));
    if name.parse::<uuid::Uuid>().is_ok() {
        return by_id(client, name).await?.ok_or_else(unknown);
    }
    if name == LAST {
        let newest = records(client, None, &[("runType", "ROOT")], 1).await?.pop().and_then(of_record);
        return newest.ok_or_else(|| Error::Failed("there is no execution yet".to_owned()));
    }
    let mut found: Vec<Found> = Vec::new();
    for origin in ORIGINS {
        let rows = records(client, None, &[("origin", origin)], SEARCHED_MAX).await?;
        found.extend(rows.into_iter().filter_map(of_record).filter(|found| found.id.starts_with(name)));
    }
    match found.len() {
        0 => Err(unknown()),
        1 => found.pop().ok_or_else(unknown),
        count => Err(Error::Failed(format!("`{}` is the beginning of {count} executions; give more of it", visible(name)))),
    }
}

async fn by_id(client: &Client, id: &str) -> Result<Option<Found>, Error> {
    for agent in agents(client).await? {
        match client.get(client.at(&["agents", &agent, "executionRecords", id])?).await {
            Err(error) if error.is_status(404) => {}
            answer => return Ok(of_record(answer?)),
        }
    }
    Ok(None)
}

fn of_record(record: Value) -> Option<Found> {
    let (id, agent) = (record["id"].as_str()?.to_owned(), record["agentId"].as_str()?.to_owned());
    Some(Found { agent, id, record })
}

/// Questions that meet the conditions, as the server orders them: open ones first, oldest first.
///
/// # Errors
/// What the server says.
pub async fn questions(client: &Client, conditions: &[(&'static str, String)], limit: usize) -> Result<Vec<Value>, Error> {
    let mut url = client.at(&["pendingApprovals"])?;
    url.query_pairs_mut().extend_pairs(conditions);
    Ok(client.all(&url, PAGE.min(limit), limit).await?)
}

/// The question of this id or its unique beginning, or the only one of an execution. A closed one only by its whole id.
///
/// # Errors
/// When there is none, several fit, or what the server says.
pub async fn question(client: &Client, name: &str) -> Result<Value, Error> {
    if name.parse::<uuid::Uuid>().is_ok() {
        match client.get(client.at(&["pendingApprovals", name])?).await {
            // It may be the id of an execution.
            Err(error) if error.is_status(404) => {}
            answer => return Ok(answer?),
        }
    }
    let open = questions(client, &[("status", "PENDING".to_owned())], QUESTIONS_MAX).await?;
    let fits = |row: &&Value, field: &str| row[field].as_str().is_some_and(|id| id.starts_with(name));
    let mut fitting: Vec<&Value> = open.iter().filter(|row| fits(row, "id")).collect();
    if fitting.is_empty() {
        fitting = open.iter().filter(|row| fits(row, "executionRecordId")).collect();
    }
    match fitting.as_slice() {
        [row] => whole(client, row).await,
        [] => Err(Error::Failed(format!("there is no question `{}` in tenant `{}`", visible(name), visible(&client.tenant)))),
        several => Err(Error::Failed(format!("`{}` fits {} questions; give the id of one", visible(name), several.len()))),
    }
}

/// The question with everything that the list may leave out.
async fn whole(client: &Client, row: &Value) -> Result<Value, Error> {
    let part = |name: &str| row[name].as_str().unwrap_or_default();
    Ok(client.get(client.at(&["agents", part("agentId"), "pendingApprovals", part("id")])?).await?)
}
