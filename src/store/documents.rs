//! Documents of the catalog: named JSON texts with a version each. The store neither reads nor orders what is in them; collections that
//! serve as indexes are written together with what they index (`Store::commit_all`).

use super::applier::Records;
use super::error::Error;
use super::keys;
use super::value::{self, Blob};
use super::view::{Order, Range, Row, View};
use crate::ids::Tenant;
use crate::journal::{self, Record};

/// Bytes in front of the record in a document's row.
const VERSION_BYTES: usize = 8;

/// One document as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    pub key: String,
    /// What a writer names as `expected`.
    pub version: u64,
    /// JSON text.
    pub body: String,
}

/// Part of one collection.
#[derive(Clone, Copy, Debug, Default)]
pub struct DocumentRange<'a> {
    pub collection: &'a str,
    /// Of the keys; empty for the whole collection.
    pub prefix: &'a str,
    /// Only keys behind this one, in the direction of reading.
    pub after: Option<&'a str>,
    /// From the last key to the first.
    pub descending: bool,
}

/// The document whose row has this key.
pub fn get(view: &dyn View, records: &dyn Records, key: &[u8]) -> Result<Option<DocumentRow>, Error> {
    view.get(key)?.map(|sealed| document(records, &(key.to_vec(), sealed))).transpose()
}

pub fn scan(
    view: &dyn View,
    records: &dyn Records,
    tenant: &Tenant,
    wanted: &DocumentRange<'_>,
    limit: usize,
) -> Result<Vec<DocumentRow>, Error> {
    let mut range = Range::prefix(keys::document(tenant, wanted.collection, wanted.prefix));
    let seen = wanted.after.map(|after| keys::document(tenant, wanted.collection, after));
    match (seen, wanted.descending) {
        (Some(seen), true) => range.end = range.end.min(seen),
        (Some(seen), false) => range.start = range.start.max([seen.as_slice(), &[0]].concat()),
        (None, _) => {}
    }
    if range.start >= range.end {
        return Ok(Vec::new());
    }
    let order = if wanted.descending { Order::Descending } else { Order::Ascending };
    view.scan(&range, order, limit)?.iter().map(|row| document(records, row)).collect()
}

/// The version that stands under a name; 0 where there is no document.
pub fn version(view: &dyn View, tenant: &Tenant, collection: &str, key: &str) -> Result<u64, Error> {
    let row = keys::document(tenant, collection, key);
    let Some(sealed) = view.get(&row)? else { return Ok(0) };
    let body = value::open(&row, &sealed)?;
    let version = body.first_chunk::<VERSION_BYTES>().ok_or_else(|| misshapen(&row))?;
    Ok(u64::from_be_bytes(*version))
}

fn document(records: &dyn Records, (key, sealed): &Row) -> Result<DocumentRow, Error> {
    let body = value::open(key, sealed)?.get(VERSION_BYTES..).ok_or_else(|| misshapen(key))?;
    let bytes = records.read(&Blob::read(body).ok_or_else(|| misshapen(key))?)?;
    match journal::decode(&bytes)? {
        Record::Document(journal::Document { key, version, body: Some(body), .. }) => Ok(DocumentRow { key, version, body }),
        _ => Err(misshapen(key)),
    }
}

fn misshapen(key: &[u8]) -> Error {
    Error::ViewDamaged(format!("document row {} has no shape", value::hex(key)))
}
