//! Saved servers, in `flowgate/profiles.toml` below the user's configuration directory: only that user may read it, since keys stand in it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Below the user's configuration directory.
const FILE: &str = "flowgate/profiles.toml";
/// For the owner alone.
const MODE: u32 = 0o600;
/// Others may neither read nor write.
const MODE_OTHERS: u32 = 0o077;

/// Every saved server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profiles {
    /// The one that commands use when nothing names another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
    #[serde(default)]
    pub profiles: BTreeMap<String, Profile>,
}

/// A saved server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub url: String,
    pub tenant: String,
    pub key: String,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile").field("url", &self.url).field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// Why saved servers cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no place for profiles: set XDG_CONFIG_HOME or HOME")]
    NoPlace,
    #[error("the profiles in {} cannot be {action}: {reason}", path.display())]
    File { action: &'static str, path: PathBuf, reason: String },
    #[error("others can read the keys in {}; take that from them: chmod 600 {}", path.display(), path.display())]
    Readable { path: PathBuf },
}

fn path() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    of("XDG_CONFIG_HOME").or_else(|| of("HOME").map(|home| home.join(".config"))).map(|directory| directory.join(FILE))
}

impl Profiles {
    /// What is saved; nothing where there is no file.
    ///
    /// # Errors
    /// When the file cannot be read, others can read it, or it is damaged.
    pub fn load() -> Result<Self, Error> {
        let Some(path) = path() else { return Ok(Self::default()) };
        let failed = |reason: String| Error::File { action: "read", path: path.clone(), reason };
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read.map_err(|error| failed(error.to_string()))?,
        };
        let mode = std::fs::metadata(&path).map_err(|error| failed(error.to_string()))?.permissions().mode();
        if mode & MODE_OTHERS != 0 {
            return Err(Error::Readable { path });
        }
        // The parser's own message quotes the line, and with it a key.
        toml::from_str(&text).map_err(|error: toml::de::Error| failed(error.message().to_owned()))
    }

    /// Replaces what is saved.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self) -> Result<PathBuf, Error> {
        let path = path().ok_or(Error::NoPlace)?;
        let text =
            toml::to_string(self).map_err(|error| Error::File { action: "written", path: path.clone(), reason: error.to_string() })?;
        let write = || {
            let directory = path.parent().unwrap_or(&path);
            std::fs::create_dir_all(directory)?;
            // A new file that takes the old one's place: whoever reads sees one or the other, and never with looser permissions.
            let fresh = path.with_extension(format!("toml.{}", std::process::id()));
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(MODE).open(&fresh)?;
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(&fresh, &path)).inspect_err(|_| {
                let _ = std::fs::remove_file(&fresh);
            })
        };
        write().map_err(|error: std::io::Error| Error::File { action: "written", path: path.clone(), reason: error.to_string() })?;
        Ok(path)
    }
}
