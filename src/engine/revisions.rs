//! The catalog as the engine uses it: which revision a name means, and the compiled plan of a digest, shared by all its executions.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::error::Error;
use super::request::FlowRef;
use crate::flow::compile;
use crate::flow::plan::Plan;
use crate::flow::spec::FlowSpec;
use crate::ids::{Digest, Tenant};
use crate::store::{FlowRow, Store};

/// Revisions known to be slow; above it they are found out anew.
const SLOW_MAX: usize = 4_096;
/// Compiled plans kept although nothing runs on them; compiling one again takes milliseconds.
const IDLE_PLANS_MAX: usize = 256;

pub(super) struct Revisions {
    store: Store,
    plans: Mutex<HashMap<Digest, Kept>>,
    /// Of which a decision once took so long that others would have noticed.
    slow: Mutex<HashSet<Digest>>,
    /// Hardly ever is there one.
    any_slow: AtomicBool,
}

/// A plan in memory. The same content is the same plan in every catalog, but only a tenant whose own catalog holds it is given it.
struct Kept {
    plan: Arc<Plan>,
    tenants: HashSet<Tenant>,
}

impl Revisions {
    pub(super) fn new(store: Store) -> Self {
        Self { store, plans: Mutex::default(), slow: Mutex::default(), any_slow: AtomicBool::new(false) }
    }

    /// Puts a flow into a tenant's catalog; content that it knows keeps its number.
    pub(super) async fn publish(&self, tenant: &Tenant, spec: &FlowSpec) -> Result<FlowRef, Error> {
        let plan = compile(&spec.flow, spec)?;
        let (name, digest) = (plan.name.clone(), plan.digest);
        let text = serde_json::to_string(spec).map_err(|error| Error::Flow { name: name.clone(), problems: vec![error.to_string()] })?;
        let row = self.store.publish(tenant, &name, digest, &text).await.map_err(|error| Error::Store(error.to_string()))?;
        self.keep(tenant, plan);
        Ok(reference(row))
    }

    /// The plan with this digest, if it is in memory.
    pub(super) fn known(&self, tenant: &Tenant, digest: &Digest) -> Option<Arc<Plan>> {
        self.plans().get(digest).filter(|kept| kept.tenants.contains(tenant)).map(|kept| Arc::clone(&kept.plan))
    }

    /// The plan with this digest; `name` only names it in errors. Blocking where it is not in memory.
    pub(super) fn plan(&self, tenant: &Tenant, digest: &Digest, name: &str) -> Result<Arc<Plan>, Error> {
        if let Some(plan) = self.known(tenant, digest) {
            return Ok(plan);
        }
        let spec = self.spec(tenant, digest, name)?;
        let plan = compile(name, &spec)?;
        if plan.digest != *digest {
            // An older build normalised it otherwise. Running it as something else would break the promise that executions are pinned.
            let problems = vec![format!(
                "it was published as {digest} and is {} to this version of flowgate; use the version that published it",
                plan.digest
            )];
            return Err(Error::Flow { name: name.to_owned(), problems });
        }
        Ok(self.keep(tenant, plan))
    }

    /// The revision that `name` means: that one, or the newest. Blocking.
    pub(super) fn find(&self, tenant: &Tenant, name: &str, revision: Option<u32>) -> Result<FlowRef, Error> {
        let row = match revision {
            None => self.store.latest(tenant, name),
            Some(number) => self.store.flows(tenant, name).map(|rows| rows.into_iter().find(|row| row.revision == number)),
        };
        let shown = || revision.map_or_else(|| name.to_owned(), |number| format!("{name}@{number}"));
        row.map_err(|error| Error::Store(error.to_string()))?
            .map(reference)
            .ok_or_else(|| Error::NotFound { what: "flow in the catalog", name: shown() })
    }

    fn spec(&self, tenant: &Tenant, digest: &Digest, name: &str) -> Result<FlowSpec, Error> {
        let text = self.store.flow(tenant, digest).map_err(|error| Error::Store(error.to_string()))?;
        let text = text.ok_or_else(|| Error::NotFound { what: "flow in the catalog", name: format!("{name} ({digest})") })?;
        serde_json::from_str(&text).map_err(|error| Error::Flow { name: name.to_owned(), problems: vec![error.to_string()] })
    }

    fn keep(&self, tenant: &Tenant, plan: Plan) -> Arc<Plan> {
        let (digest, mut plans) = (plan.digest, self.plans());
        if plans.len() >= IDLE_PLANS_MAX {
            plans.retain(|_, kept| Arc::strong_count(&kept.plan) > 1);
        }
        let new = || Kept { plan: Arc::new(plan), tenants: HashSet::new() };
        let kept = plans.entry(digest).or_insert_with(new);
        kept.tenants.insert(tenant.clone());
        Arc::clone(&kept.plan)
    }

    pub(super) fn is_slow(&self, digest: &Digest) -> bool {
        self.any_slow.load(Ordering::Relaxed) && self.slow().contains(digest)
    }

    pub(super) fn is_found_slow(&self, digest: Digest) {
        let mut slow = self.slow();
        if slow.len() >= SLOW_MAX {
            slow.clear();
        }
        slow.insert(digest);
        self.any_slow.store(true, Ordering::Relaxed);
    }

    fn slow(&self) -> MutexGuard<'_, HashSet<Digest>> {
        // A panic while it was held leaves a set that is whole.
        self.slow.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plans(&self) -> MutexGuard<'_, HashMap<Digest, Kept>> {
        // A panic while it was held leaves a map that is whole.
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn compile(name: &str, spec: &FlowSpec) -> Result<Plan, Error> {
    compile::plan(spec).map_err(|problems| {
        let problems = problems.into_iter().map(|problem| format!("{}: {} [{}]", problem.pointer, problem.message, problem.code)).collect();
        Error::Flow { name: name.to_owned(), problems }
    })
}

fn reference(row: FlowRow) -> FlowRef {
    FlowRef { name: row.name, revision: row.revision, digest: row.digest }
}
