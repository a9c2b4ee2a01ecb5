//! Datasets and their samples: made, changed, filled and removed. What a sample may be is checked here, so that a run meets no surprise.

use super::rows::{
    DatasetRow, PinnedRow, REMAINS_RUN, REMAINS_SAMPLES, Remains, ResultRow, Sample, SampleRow, Scorer, dataset_key, numbered_key,
};
use super::scoring;
use crate::catalog::audit::Actor;
use crate::catalog::documents::Part;
use crate::catalog::numbers::Kind;
use crate::catalog::{Catalog, Changes, Error, Listing, Stored};
use crate::ids::Tenant;

/// Datasets of one agent.
const DATASETS_MAX: usize = 100;
/// Samples of one dataset: each is an execution of every run.
pub const SAMPLES_MAX: usize = 1_000;
/// One sample.
pub const SAMPLE_BYTES_MAX: u64 = 128 << 10;
/// All samples of a dataset: a run copies them in one commit.
pub const DATASET_BYTES_MAX: u64 = 8 << 20;
/// Scorers of one dataset.
const SCORERS_MAX: usize = 10;
/// A reason or note that is kept.
pub(super) const MESSAGE_BYTES_MAX: usize = 2_048;
/// The score that a run must reach where the dataset does not say.
pub const SCORE_MIN_DEFAULT: f64 = 0.8;
const NAME_CHARACTERS_MAX: usize = 200;
const TEXT_CHARACTERS_MAX: usize = 2_000;
/// What a dataset is, where nobody says.
const KIND_DEFAULT: &str = "GOLDEN";

/// What a dataset is to be; what is absent has its default, or stays.
#[derive(Clone, Debug, Default)]
pub struct DatasetChange {
    pub display_name: Option<String>,
    pub description: Option<String>,
    pub kind: Option<String>,
    pub scorers: Option<Vec<Scorer>>,
    pub score_min: Option<f64>,
}

/// Which samples are there after an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Import {
    /// Those of before, too.
    Append,
    /// No others.
    Replace,
}

fn target(id: &str) -> String {
    format!("dataset:{id}")
}

fn unknown(id: &str) -> Error {
    Error::NotFound { what: "dataset", name: id.to_owned() }
}

fn unknown_sample(number: u64) -> Error {
    Error::NotFound { what: "sample", name: number.to_string() }
}

fn invalid(field: &'static str, message: impl Into<String>) -> Error {
    Error::Invalid { field, message: message.into() }
}

impl DatasetChange {
    fn apply(&self, row: &mut DatasetRow, actor: &Actor) -> Result<(), Error> {
        if let Some(name) = &self.display_name {
            row.display_name.clone_from(name);
        }
        if let Some(description) = &self.description {
            row.description.clone_from(description);
        }
        if let Some(kind) = &self.kind {
            row.kind.clone_from(kind);
        }
        if let Some(scorers) = &self.scorers {
            row.scorers.clone_from(scorers);
        }
        row.score_min = self.score_min.unwrap_or(row.score_min);
        (row.updated_at, row.updated_by) = (actor.at, actor.user.clone());
        check(row)
    }
}

fn check(row: &DatasetRow) -> Result<(), Error> {
    let is_long = |text: &str, characters_max: usize| text.chars().count() > characters_max;
    if row.display_name.trim().is_empty() || is_long(&row.display_name, NAME_CHARACTERS_MAX) {
        return Err(invalid("displayName", format!("it must have 1 to {NAME_CHARACTERS_MAX} characters")));
    }
    if is_long(&row.description, TEXT_CHARACTERS_MAX) {
        return Err(invalid("description", format!("at most {TEXT_CHARACTERS_MAX} characters")));
    }
    if row.kind.trim().is_empty() || is_long(&row.kind, NAME_CHARACTERS_MAX) {
        return Err(invalid("type", format!("it must have 1 to {NAME_CHARACTERS_MAX} characters")));
    }
    if !(0.0..=1.0).contains(&row.score_min) {
        return Err(invalid("minScore", "a score lies between 0 and 1"));
    }
    if row.scorers.len() > SCORERS_MAX {
        return Err(invalid("scorers", format!("at most {SCORERS_MAX}")));
    }
    scoring::check(&row.scorers)
}

/// A sample as it is written down, with its size.
fn row_of(dataset: &str, number: u64, sample: Sample, actor: &Actor) -> Result<SampleRow, Error> {
    let refused = |message: String| invalid("samples", format!("sample {number}: {message}"));
    let bytes = serde_json::to_string(&sample).map_err(|error| refused(error.to_string()))?.len() as u64;
    if bytes > SAMPLE_BYTES_MAX {
        return Err(refused(format!("it has {bytes} bytes; {SAMPLE_BYTES_MAX} are allowed")));
    }
    if sample.name.as_ref().is_some_and(|name| name.is_empty() || name.chars().count() > NAME_CHARACTERS_MAX) {
        return Err(refused(format!("a name has 1 to {NAME_CHARACTERS_MAX} characters")));
    }
    if !(sample.weight() > 0.0 && sample.weight() <= scoring::WEIGHT_MAX) {
        return Err(refused(format!("its weight must lie above 0 and be at most {}", scoring::WEIGHT_MAX)));
    }
    if sample.rubric.as_ref().is_some_and(|rubric| rubric.trim().is_empty() || rubric.len() > scoring::RUBRIC_BYTES_MAX) {
        return Err(refused(format!("a rubric has 1 to {} bytes", scoring::RUBRIC_BYTES_MAX)));
    }
    Ok(SampleRow { dataset: dataset.to_owned(), number, sample, bytes, updated_at: actor.at, updated_by: actor.user.clone() })
}

impl Catalog {
    /// A new dataset, with these samples in it.
    ///
    /// # Errors
    /// `NotFound` without the agent, `Invalid`, `Conflict` (`too_many_datasets`), and as a commit.
    pub async fn create_dataset(
        &self,
        tenant: &Tenant,
        (agent, id): (&str, &str),
        change: &DatasetChange,
        samples: &[Sample],
        actor: &Actor,
    ) -> Result<DatasetRow, Error> {
        self.living_agent(tenant, agent)?;
        self.update(|catalog, changes| {
            if catalog.datasets(tenant, agent)?.len() >= DATASETS_MAX {
                let message = format!("agent `{agent}` has {DATASETS_MAX} datasets already; remove one first");
                return Err(Error::Conflict { code: "too_many_datasets", message });
            }
            let mut row = DatasetRow {
                id: id.to_owned(),
                agent: agent.to_owned(),
                display_name: String::new(),
                description: String::new(),
                kind: KIND_DEFAULT.to_owned(),
                scorers: Vec::new(),
                score_min: SCORE_MIN_DEFAULT,
                sample_count: 0,
                sample_bytes: 0,
                last_sample: 0,
                created_at: actor.at,
                created_by: actor.user.clone(),
                updated_at: actor.at,
                updated_by: actor.user.clone(),
            };
            change.apply(&mut row, actor)?;
            add(tenant, &mut row, samples, actor, changes)?;
            changes.put(tenant, &dataset_key(agent, id), 0, &row);
            changes.audit(tenant, actor, "dataset.created", &target(id), Some(row.display_name.clone()));
            Ok(row)
        })
        .await
    }

    /// The datasets of an agent, oldest first.
    ///
    /// # Errors
    /// `Store`.
    pub fn datasets(&self, tenant: &Tenant, agent: &str) -> Result<Vec<DatasetRow>, Error> {
        let listed = self.list(tenant, Listing { prefix: &format!("{agent}/"), ..Listing::default() })?;
        Ok(listed.into_iter().map(|stored| stored.value).collect())
    }

    /// # Errors
    /// `NotFound`, `Store`.
    pub fn dataset(&self, tenant: &Tenant, agent: &str, id: &str) -> Result<Stored<DatasetRow>, Error> {
        self.get(tenant, &dataset_key(agent, id))?.ok_or_else(|| unknown(id))
    }

    /// # Errors
    /// `NotFound`, `Invalid`, and as a commit.
    pub async fn change_dataset(
        &self,
        tenant: &Tenant,
        agent: &str,
        id: &str,
        change: &DatasetChange,
        actor: &Actor,
    ) -> Result<DatasetRow, Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, value: mut row } = catalog.dataset(tenant, agent, id)?;
            change.apply(&mut row, actor)?;
            changes.put(tenant, &key, version, &row);
            changes.audit(tenant, actor, "dataset.changed", &target(id), None);
            Ok(row)
        })
        .await
    }

    /// Removes a dataset with its samples. Runs over it keep what they began with.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn remove_dataset(&self, tenant: &Tenant, agent: &str, id: &str, actor: &Actor) -> Result<(), Error> {
        self.update(|catalog, changes| {
            let stored = catalog.dataset(tenant, agent, id)?;
            changes.remove::<DatasetRow>(tenant, &stored.key, stored.version);
            changes.put(tenant, &format!("{REMAINS_SAMPLES}/{id}"), 0, &Remains {});
            catalog.unnumber(Kind::Dataset, tenant, id, changes)?;
            changes.audit(tenant, actor, "dataset.removed", &target(id), Some(stored.value.display_name));
            Ok(())
        })
        .await?;
        self.sweep_evaluations(tenant).await.map(drop)
    }

    /// Adds samples, all of them or none.
    ///
    /// # Errors
    /// `NotFound`, `Invalid` with the sample's number, `Conflict` (`dataset_full`), and as a commit.
    pub async fn import_samples(
        &self,
        tenant: &Tenant,
        (agent, id): (&str, &str),
        samples: &[Sample],
        import: Import,
        actor: &Actor,
    ) -> Result<(DatasetRow, Vec<u64>), Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, value: mut row } = catalog.dataset(tenant, agent, id)?;
            if import == Import::Replace {
                let prefix = format!("{id}/");
                for (key, version) in catalog.versions::<SampleRow>(tenant, Listing { prefix: &prefix, ..Listing::default() })? {
                    changes.remove::<SampleRow>(tenant, &key, version);
                }
                (row.sample_count, row.sample_bytes) = (0, 0);
            }
            let numbers = add(tenant, &mut row, samples, actor, changes)?;
            (row.updated_at, row.updated_by) = (actor.at, actor.user.clone());
            changes.put(tenant, &key, version, &row);
            let detail = format!("{} samples", numbers.len());
            changes.audit(tenant, actor, "dataset.imported", &target(id), Some(detail));
            Ok((row, numbers))
        })
        .await
    }

    /// Samples of a dataset, oldest first, behind the key `after`.
    ///
    /// # Errors
    /// `Store`.
    pub fn samples(&self, tenant: &Tenant, dataset: &str, after: Option<&str>, limit: usize) -> Result<Vec<Stored<SampleRow>>, Error> {
        self.list(tenant, Listing { prefix: &format!("{dataset}/"), after, limit, ..Listing::default() })
    }

    /// # Errors
    /// `NotFound`, `Store`.
    pub fn sample(&self, tenant: &Tenant, dataset: &str, number: u64) -> Result<Stored<SampleRow>, Error> {
        self.get(tenant, &numbered_key(dataset, number))?.ok_or_else(|| unknown_sample(number))
    }

    /// Another sample under the same number; none: it goes.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, `Conflict` (`dataset_full`), and as a commit.
    pub async fn change_sample(
        &self,
        tenant: &Tenant,
        (agent, id): (&str, &str),
        number: u64,
        wanted: Option<&Sample>,
        actor: &Actor,
    ) -> Result<Option<SampleRow>, Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, value: mut dataset } = catalog.dataset(tenant, agent, id)?;
            let old = catalog.sample(tenant, id, number)?;
            dataset.sample_bytes = dataset.sample_bytes.saturating_sub(old.value.bytes);
            let row = wanted.map(|sample| row_of(id, number, sample.clone(), actor)).transpose()?;
            match &row {
                Some(row) => {
                    dataset.sample_bytes += row.bytes;
                    has_room(&dataset)?;
                    changes.put(tenant, &old.key, old.version, row);
                }
                None => {
                    dataset.sample_count = dataset.sample_count.saturating_sub(1);
                    changes.remove::<SampleRow>(tenant, &old.key, old.version);
                }
            }
            (dataset.updated_at, dataset.updated_by) = (actor.at, actor.user.clone());
            changes.put(tenant, &key, version, &dataset);
            let action = if row.is_some() { "dataset.sample_changed" } else { "dataset.sample_removed" };
            changes.audit(tenant, actor, action, &target(id), Some(number.to_string()));
            Ok(row)
        })
        .await
    }

    /// Removes what removed datasets and runs, and runs that have ended, have left behind; returns how many rows.
    ///
    /// # Errors
    /// As a commit.
    pub async fn sweep_evaluations(&self, tenant: &Tenant) -> Result<usize, Error> {
        let mut gone = 0;
        let of = tenant.clone();
        for remains in self.blocking(move |catalog| catalog.list::<Remains>(&of, Listing::default())).await? {
            let Some((kind, id)) = remains.key.split_once('/') else { continue };
            let part = Part::of(&format!("{id}/"));
            let mut swept = Vec::new();
            if kind == REMAINS_SAMPLES {
                swept.push(self.sweep_all::<SampleRow>(tenant, &part).await?);
            } else {
                swept.push(self.sweep_all::<PinnedRow>(tenant, &part).await?);
            }
            if kind == REMAINS_RUN {
                swept.push(self.sweep_all::<ResultRow>(tenant, &part).await?);
            }
            gone += swept.iter().map(|swept| swept.gone).sum::<usize>();
            // Somebody was faster at some of it: the next sweep looks again.
            if swept.iter().any(|swept| swept.stale > 0) {
                continue;
            }
            let mut changes = Changes::default();
            changes.remove::<Remains>(tenant, &remains.key, remains.version);
            match self.commit(changes).await {
                // Swept by another one meanwhile.
                Ok(_) | Err(Error::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(gone)
    }
}

/// Puts new samples behind those that are there; gives their numbers.
fn add(tenant: &Tenant, dataset: &mut DatasetRow, samples: &[Sample], actor: &Actor, changes: &mut Changes) -> Result<Vec<u64>, Error> {
    let mut numbers = Vec::with_capacity(samples.len());
    for sample in samples {
        dataset.last_sample += 1;
        let row = row_of(&dataset.id, dataset.last_sample, sample.clone(), actor)?;
        dataset.sample_count += 1;
        dataset.sample_bytes += row.bytes;
        has_room(dataset)?;
        changes.put(tenant, &numbered_key(&dataset.id, row.number), 0, &row);
        numbers.push(row.number);
    }
    Ok(numbers)
}

fn has_room(dataset: &DatasetRow) -> Result<(), Error> {
    if dataset.sample_count as usize <= SAMPLES_MAX && dataset.sample_bytes <= DATASET_BYTES_MAX {
        return Ok(());
    }
    let message = format!("a dataset has at most {SAMPLES_MAX} samples and {DATASET_BYTES_MAX} bytes; make another one");
    Err(Error::Conflict { code: "dataset_full", message })
}
