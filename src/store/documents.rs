//! Documents of the catalog: named JSON texts with a version each. The store neither reads nor orders what is in them; collections that
//! serve as indexes are written together with what they index (`Store::commit_all`).

use super::applier::Records;
use super::error::Error;
use super::keys;
use super::value::{self, Blob, Place};
use super::view::{Order, Range, View};
use crate::ids::Tenant;
use crate::journal::{self, Record};

/// In front of the body in a document's row.
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

/// What the row of a document holds: its version and its body; of a large one, where its record stands.
pub fn row(version: u64, body: &str, record: &[u8], place: Place) -> Vec<u8> {
    let mut row = version.to_be_bytes().to_vec();
    match Blob::of(record, place) {
        Blob::Inline(_) => Blob::Inline(body.as_bytes().to_vec()).write(&mut row),
        in_log @ Blob::InLog { .. } => in_log.write(&mut row),
    }
    row
}

/// The document whose row has this key, which ends with its name.
pub fn get(view: &dyn View, records: &dyn Records, key: &[u8], name: &str) -> Result<Option<DocumentRow>, Error> {
    let mut row = view.get(key)?;
    while let Some(sealed) = row {
        let read = document(records, key, &sealed, name.to_owned());
        if read.is_ok() {
            return read.map(Some);
        }
        // Its record may have gone since the row was read, because another stands there now.
        row = view.get(key)?;
        if row.as_ref() == Some(&sealed) {
            return read.map(Some);
        }
    }
    Ok(None)
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
    let names = keys::document_prefix(tenant, wanted.collection).len();
    let rows = view.scan(&range, order, limit)?.into_iter();
    let found = rows.map(|(key, sealed)| {
        let name = key.get(names..).and_then(|name| std::str::from_utf8(name).ok()).ok_or_else(|| misshapen(&key))?;
        match document(records, &key, &sealed, name.to_owned()) {
            Ok(row) => Ok(Some(row)),
            Err(_) => get(view, records, &key, name),
        }
    });
    found.filter_map(Result::transpose).collect()
}

/// The version that stands under a name; 0 where there is no document.
pub fn version(view: &dyn View, tenant: &Tenant, collection: &str, key: &str) -> Result<u64, Error> {
    let row = keys::document(tenant, collection, key);
    let Some(sealed) = view.get(&row)? else { return Ok(0) };
    let body = value::open(&row, &sealed)?;
    let version = body.first_chunk::<VERSION_BYTES>().ok_or_else(|| misshapen(&row))?;
    Ok(u64::from_be_bytes(*version))
}

fn document(records: &dyn Records, row: &[u8], sealed: &[u8], key: String) -> Result<DocumentRow, Error> {
    let (version, body) = value::open(row, sealed)?.split_first_chunk::<VERSION_BYTES>().ok_or_else(|| misshapen(row))?;
    let version = u64::from_be_bytes(*version);
    let body = match Blob::read(body).ok_or_else(|| misshapen(row))? {
        Blob::Inline(body) => String::from_utf8(body).map_err(|_| misshapen(row))?,
        in_log @ Blob::InLog { .. } => match journal::decode(&records.read(&in_log)?)? {
            Record::Document(journal::Document { body: Some(body), .. }) => body,
            _ => return Err(misshapen(row)),
        },
    };
    Ok(DocumentRow { key, version, body })
}

fn misshapen(key: &[u8]) -> Error {
    Error::ViewDamaged(format!("document row {} has no shape", value::hex(key)))
}
