//! The service's parts over a store in memory, for tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Parts, Settings};
use crate::catalog::Catalog;
use crate::catalog::master_key::KeySource;
use crate::catalog::secrets::SecretVault;
use crate::engine::{EngineHandle, Options};
use crate::runner::{self, Runner};
use crate::store::{Faults, Store};

pub fn parts() -> Arc<Parts> {
    let store = Store::in_memory(Faults::default());
    let settings = runner::Settings::new(&BTreeMap::new(), runner::settings::File::default()).unwrap();
    let runner = Runner::new(settings).unwrap();
    let engine = EngineHandle::spawn(store.clone(), runner.clone(), Options::default()).unwrap();
    Arc::new(Parts {
        engine,
        catalog: Catalog::new(store.clone()),
        vault: Arc::new(SecretVault::new(Catalog::new(store), KeySource::default())),
        runner,
        meters: Arc::default(),
        settings: Settings::default(),
        base_url: "http://localhost".to_owned(),
    })
}
