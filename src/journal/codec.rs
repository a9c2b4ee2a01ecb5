//! Records to bytes and back: schema version (u16, big-endian), kind (u8), JSON. Framing and checksums belong to the log.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::record::{Kind, Record};
use super::upcast;

/// What this program writes. Raise it together with a step in [`upcast`] and new golden files.
pub const SCHEMA_VERSION: u16 = 1;
/// Bytes before the JSON.
pub const HEADER_BYTES: usize = 3;
/// Nesting of arrays and objects in a record. `serde_json` refuses to read more than 127 levels, so a deeper record would be written
/// and never come back; upcasts get the difference.
pub const DEPTH_MAX: usize = 120;
/// What most records fit into, so that writing one seldom asks for more memory.
const RECORD_BYTES_USUAL: usize = 768;

/// Why a record could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a record is nested {depth} levels deep, the limit is {DEPTH_MAX}; give the step a flatter output")]
    TooDeep { depth: usize },
    #[error("a record of kind {kind:?} cannot be written as JSON: {source}")]
    Unwritable { kind: Kind, source: serde_json::Error },
    #[error(
        "a record was written by a newer flowgate (schema {found}, this one knows up to {SCHEMA_VERSION}); use that version or a later one"
    )]
    Newer { found: u16 },
    #[error("a record has the unknown kind {0}; it was written by a newer flowgate or is damaged")]
    UnknownKind(u8),
    #[error("a record is {0} bytes long, too short for its header")]
    Short(usize),
    #[error("a record of kind {kind:?} and schema {schema} does not have the shape of its kind: {source}")]
    Shape { kind: Kind, schema: u16, source: serde_json::Error },
    #[error("a record of kind {kind:?} cannot be lifted from schema {schema}: {message}")]
    Upcast { kind: Kind, schema: u16, message: String },
}

/// The bytes of `record`, in the current schema.
///
/// # Errors
/// `TooDeep` for a record that could not be read back, `Unwritable` for a value that JSON cannot hold.
pub fn encode(record: &Record) -> Result<Vec<u8>, Error> {
    match record {
        Record::Execution(body) => encode_body(Kind::Execution, body),
        Record::Flow(body) => encode_body(Kind::Flow, body),
        Record::Consent(body) => encode_body(Kind::Consent, body),
        Record::Quarantine(body) => encode_body(Kind::Quarantine, body),
        Record::Released(body) => encode_body(Kind::Released, body),
        Record::Purged(body) => encode_body(Kind::Purged, body),
        Record::Document(body) => encode_body(Kind::Document, body),
    }
}

fn encode_body<T: Serialize>(kind: Kind, body: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(RECORD_BYTES_USUAL);
    bytes.extend_from_slice(&SCHEMA_VERSION.to_be_bytes());
    bytes.push(kind as u8);
    serde_json::to_writer(&mut bytes, body).map_err(|source| Error::Unwritable { kind, source })?;
    let depth = depth(&bytes[HEADER_BYTES..]);
    if depth > DEPTH_MAX {
        return Err(Error::TooDeep { depth });
    }
    Ok(bytes)
}

/// The record in `bytes`, lifted to the current schema if it is older.
///
/// # Errors
/// `Newer` and `UnknownKind` for a record of a later program; `Short`, `Shape` and `Upcast` for one that is not what it says it is.
pub fn decode(bytes: &[u8]) -> Result<Record, Error> {
    let (schema, kind, json) = split(bytes)?;
    if schema > SCHEMA_VERSION {
        return Err(Error::Newer { found: schema });
    }
    let kind = Kind::from_byte(kind).ok_or(Error::UnknownKind(kind))?;
    if schema == SCHEMA_VERSION {
        return decode_body(kind, |error| Error::Shape { kind, schema, source: error }, Source::Text(json));
    }
    let shape = |source| Error::Shape { kind, schema, source };
    let mut value: Value = serde_json::from_slice(json).map_err(shape)?;
    upcast::lift(upcast::STEPS, SCHEMA_VERSION, schema, kind, &mut value).map_err(|message| Error::Upcast { kind, schema, message })?;
    decode_body(kind, shape, Source::Value(value))
}

/// Schema version, kind byte and JSON of a record's bytes.
///
/// # Errors
/// `Short` when there is no whole header.
pub fn split(bytes: &[u8]) -> Result<(u16, u8, &[u8]), Error> {
    match bytes {
        [high, low, kind, json @ ..] => Ok((u16::from_be_bytes([*high, *low]), *kind, json)),
        _ => Err(Error::Short(bytes.len())),
    }
}

enum Source<'a> {
    Text(&'a [u8]),
    Value(Value),
}

impl Source<'_> {
    fn read<T: DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        match self {
            Self::Text(bytes) => serde_json::from_slice(bytes),
            Self::Value(value) => serde_json::from_value(value),
        }
    }
}

fn decode_body(kind: Kind, shape: impl Fn(serde_json::Error) -> Error, source: Source<'_>) -> Result<Record, Error> {
    let record = match kind {
        Kind::Execution => source.read().map(Record::Execution),
        Kind::Flow => source.read().map(Record::Flow),
        Kind::Consent => source.read().map(Record::Consent),
        Kind::Quarantine => source.read().map(Record::Quarantine),
        Kind::Released => source.read().map(Record::Released),
        Kind::Purged => source.read().map(Record::Purged),
        Kind::Document => source.read().map(Record::Document),
    };
    record.map_err(shape)
}

/// The deepest nesting of arrays and objects in JSON text that serde wrote.
fn depth(json: &[u8]) -> usize {
    let (mut now, mut deepest, mut quoted, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in json {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Digest, ExecutionId, Tenant, TimeMs};
    use crate::journal::record::{FlowRevision, Purged};

    fn purged() -> Record {
        Record::Purged(Purged { tenant: Tenant::default(), execution: ExecutionId::derived(TimeMs(5), "a") })
    }

    #[test]
    fn a_record_comes_back() {
        let record = purged();
        assert_eq!(decode(&encode(&record).unwrap()).unwrap(), record);
    }

    #[test]
    fn a_newer_schema_is_refused_and_named() {
        let mut bytes = encode(&purged()).unwrap();
        bytes[..2].copy_from_slice(&9_u16.to_be_bytes());
        let error = decode(&bytes).unwrap_err();
        assert!(matches!(error, Error::Newer { found: 9 }));
        assert!(error.to_string().contains("newer flowgate (schema 9"));
    }

    #[test]
    fn an_unknown_kind_and_a_stump_are_refused() {
        let mut bytes = encode(&purged()).unwrap();
        bytes[2] = 77;
        assert!(matches!(decode(&bytes), Err(Error::UnknownKind(77))));
        assert!(matches!(decode(&bytes[..2]), Err(Error::Short(2))));
    }

    #[test]
    fn depth_ignores_brackets_in_strings() {
        assert_eq!(depth(br#"{"a":"[[[\"{{","b":[{}]}"#), 3);
    }

    #[test]
    fn what_could_not_be_read_back_is_not_written() {
        let nested = |levels: usize| {
            let spec = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
            let value: Value = (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
            (spec, value)
        };
        // As text a spec may nest as it likes: it is one JSON string.
        let (spec, deep) = nested(500);
        let flow = FlowRevision { tenant: Tenant::default(), name: "f".into(), revision: 1, digest: Digest::of(b"x"), spec };
        assert!(encode(&Record::Flow(flow)).is_ok());
        assert!(matches!(encode_body(Kind::Flow, &deep), Err(Error::TooDeep { depth: 500 })));
        assert!(encode_body(Kind::Flow, &nested(DEPTH_MAX).1).is_ok());
    }
}
