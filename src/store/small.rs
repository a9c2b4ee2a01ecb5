//! Small files of the data directory: JSON behind a line with its CRC32C, so that a changed bit is seen.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::disk::{self, Disk};
use super::error::Error;

/// Writes `value` durably under `name`.
pub fn write<T: Serialize>(disk: &dyn Disk, name: &str, value: &T) -> Result<(), Error> {
    disk::replace(disk, name, &encode(value).map_err(|source| Error::io("write", disk.path(name))(source.into()))?)
}

/// The value under `name`: `Ok(None)` when there is no file, `Ok(Some(Err))` with the reason when it is not what was written.
pub fn read<T: DeserializeOwned>(disk: &dyn Disk, name: &str) -> Result<Option<Result<T, String>>, Error> {
    Ok(disk::read(disk, name)?.map(|bytes| decode(&bytes)))
}

pub fn encode<T: Serialize>(value: &T) -> serde_json::Result<Vec<u8>> {
    let json = serde_json::to_vec(value)?;
    let mut bytes = format!("{:08x}\n", crc32c::crc32c(&json)).into_bytes();
    bytes.extend_from_slice(&json);
    Ok(bytes)
}

pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let (sum, json) = bytes.split_at_checked(9).ok_or("it is cut short")?;
    if sum != format!("{:08x}\n", crc32c::crc32c(json)).as_bytes() {
        return Err("its checksum does not hold".to_owned());
    }
    serde_json::from_slice(json).map_err(|error| error.to_string())
}
