//! The key that secrets are sealed with: given by the operator in the environment, or a file in the data directory. It is never in the
//! store, so a copy of the store alone opens nothing.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::Error;
use crate::ids::Digest;

/// The key, in base64 or hex.
pub const VARIABLE: &str = "FLOWGATE_MASTER_KEY";
/// A file that holds it.
pub const FILE_VARIABLE: &str = "FLOWGATE_MASTER_KEY_FILE";
/// The key that a rotation goes over to, and the same in a file.
pub const NEXT_VARIABLE: &str = "FLOWGATE_MASTER_KEY_NEXT";
pub const NEXT_FILE_VARIABLE: &str = "FLOWGATE_MASTER_KEY_NEXT_FILE";
/// In the data directory, where the environment gives none.
const FILE: &str = "master.key";
/// The same while a rotation is under way.
const NEXT_FILE: &str = "master.key.next";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// Hex digits of a key's id.
const ID_LENGTH: usize = 16;

/// 256 bits; wiped when dropped, shown nowhere.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey({})", self.id())
    }
}

/// A value that only its key opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub nonce: String,
    pub bytes: String,
}

/// The system's randomness.
///
/// # Errors
/// `Store`, when it gives none.
fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], Error> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| Error::Store(format!("the system gives no randomness: {error}")))?;
    Ok(bytes)
}

impl MasterKey {
    /// # Errors
    /// `Store`, when the system gives no randomness.
    pub fn fresh() -> Result<Self, Error> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// From hex or base64; none for anything but 32 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = Zeroizing::new(if text.len() == 2 * KEY_BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            (0..KEY_BYTES).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap_or_default()).collect()
        } else {
            let decoded = STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text));
            decoded.or_else(|_| URL_SAFE_NO_PAD.decode(text)).ok()?
        });
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// Tells keys apart and says nothing about them.
    #[must_use]
    pub fn id(&self) -> String {
        let named = Zeroizing::new([b"flowgate master key ".as_slice(), self.0.as_slice()].concat());
        Digest::of(&named).hex()[..ID_LENGTH].to_owned()
    }

    /// `place` must be the same when it is opened: a sealed value cannot be moved to another name.
    ///
    /// # Errors
    /// `Store`, when the system gives no randomness.
    pub fn seal(&self, value: &[u8], place: &str) -> Result<Sealed, Error> {
        let nonce = random::<NONCE_BYTES>()?;
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), Payload { msg: value, aad: place.as_bytes() });
        let sealed = sealed.map_err(|_| Error::Store("the value cannot be sealed".to_owned()))?;
        Ok(Sealed { nonce: STANDARD.encode(nonce), bytes: STANDARD.encode(sealed) })
    }

    /// None when it was sealed with another key, for another place, or changed since.
    #[must_use]
    pub fn open(&self, sealed: &Sealed, place: &str) -> Option<Zeroizing<String>> {
        let nonce: [u8; NONCE_BYTES] = STANDARD.decode(&sealed.nonce).ok()?.try_into().ok()?;
        let bytes = STANDARD.decode(&sealed.bytes).ok()?;
        let opened = self.cipher().decrypt(&XNonce::from(nonce), Payload { msg: &bytes, aad: place.as_bytes() }).ok()?;
        String::from_utf8(opened).ok().map(Zeroizing::new)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.0).into())
    }
}

/// Where keys come from.
#[derive(Clone, Debug, Default)]
pub struct KeySource {
    given: Option<MasterKey>,
    next: Option<MasterKey>,
    /// Where the files are; none keeps everything in memory.
    directory: Option<PathBuf>,
}

impl KeySource {
    /// What the environment gives, and the files of the data directory.
    ///
    /// # Errors
    /// `Invalid`, naming the variable that holds no key.
    pub fn new(variable: impl Fn(&str) -> Option<String>, directory: Option<&Path>) -> Result<Self, Error> {
        let given = given(&variable, VARIABLE, FILE_VARIABLE)?;
        let next = given_next(&variable)?;
        Ok(Self { given, next, directory: directory.map(Path::to_path_buf) })
    }

    /// Keys that may be the one that is in use, the most likely first.
    ///
    /// # Errors
    /// `Invalid` for a file that holds no key.
    pub fn candidates(&self) -> Result<Vec<MasterKey>, Error> {
        let mut keys: Vec<MasterKey> = self.given.iter().chain(&self.next).cloned().collect();
        for name in [FILE, NEXT_FILE] {
            let Some(path) = self.path(name).filter(|path| path.is_file()) else { continue };
            keys.push(read(FILE, &path)?);
        }
        Ok(keys)
    }

    /// The key for a store that has none yet: the given one, the file's, or a fresh one, whose file is returned as well.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn first(&self) -> Result<(MasterKey, Option<PathBuf>), Error> {
        // A key that waits for a rotation is not the first one.
        let in_use = Self { next: None, ..self.clone() };
        if let Some(key) = in_use.candidates()?.into_iter().next() {
            return Ok((key, None));
        }
        let key = MasterKey::fresh()?;
        let path = self.path(FILE);
        if let Some(path) = &path {
            write(path, &key)?;
        }
        Ok((key, path))
    }

    /// The key that a rotation away from `current` goes over to. A fresh one is durable in a file before this returns.
    ///
    /// # Errors
    /// `Conflict`, when the environment decides and gives no other key.
    pub fn successor(&self, current: &MasterKey) -> Result<MasterKey, Error> {
        if let Some(next) = &self.next {
            return if next.id() == current.id() { Err(no_other_key()) } else { Ok(next.clone()) };
        }
        if self.given.is_some() {
            return Err(no_other_key());
        }
        let key = MasterKey::fresh()?;
        if let Some(path) = self.path(NEXT_FILE) {
            write(&path, &key)?;
        }
        Ok(key)
    }

    /// Once only `current` is in use: its file gets its name, the other one's goes.
    ///
    /// # Errors
    /// When a file cannot be moved.
    pub fn settle(&self, current: &MasterKey) -> Result<(), Error> {
        let (Some(file), Some(next)) = (self.path(FILE), self.path(NEXT_FILE)) else { return Ok(()) };
        if !next.is_file() {
            return Ok(());
        }
        let done = if read(NEXT_FILE, &next)?.id() == current.id() { fs::rename(&next, &file) } else { fs::remove_file(&next) };
        done.and_then(|()| sync_directory(&file)).map_err(|error| unusable(&file, &error))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.directory.as_ref().map(|directory| directory.join(name))
    }
}

fn no_other_key() -> Error {
    let message = format!("the environment decides about the master key; give the new one in {NEXT_VARIABLE} or {NEXT_FILE_VARIABLE}");
    Error::Conflict { code: "master_key_next", message }
}

fn given_next(variable: &impl Fn(&str) -> Option<String>) -> Result<Option<MasterKey>, Error> {
    given(variable, NEXT_VARIABLE, NEXT_FILE_VARIABLE)
}

fn given(variable: &impl Fn(&str) -> Option<String>, name: &'static str, file: &'static str) -> Result<Option<MasterKey>, Error> {
    if let Some(text) = variable(name).map(Zeroizing::new).filter(|text| !text.trim().is_empty()) {
        return MasterKey::parse(&text).map(Some).ok_or_else(|| no_key(name, name));
    }
    let path = variable(file).filter(|path| !path.is_empty());
    path.map(|path| read(file, Path::new(&path))).transpose()
}

fn read(field: &'static str, path: &Path) -> Result<MasterKey, Error> {
    let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|error| unusable(path, &error))?;
    MasterKey::parse(&text).ok_or_else(|| no_key(field, &path.display().to_string()))
}

fn no_key(field: &'static str, place: &str) -> Error {
    let message = format!("{place} holds no master key: 32 bytes in base64 or hex are needed, as `openssl rand -base64 32` makes them");
    Error::Invalid { field, message }
}

fn unusable(path: &Path, error: &std::io::Error) -> Error {
    Error::Store(format!("the master key's file {} cannot be used: {error}", path.display()))
}

/// Durable, and readable for nobody else.
fn write(path: &Path, key: &MasterKey) -> Result<(), Error> {
    let text = Zeroizing::new(STANDARD.encode(key.0.as_slice()) + "\n");
    let written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.and_then(|()| sync_directory(path)).map_err(|error| unusable(path, &error))
}

fn sync_directory(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_the_same_key_and_place_open_what_is_whole() {
        let (key, other) = (MasterKey::fresh().unwrap(), MasterKey::fresh().unwrap());
        let sealed = key.seal(b"value", "a/B/1").unwrap();
        assert_eq!(key.open(&sealed, "a/B/1").unwrap().as_str(), "value");
        assert!(key.open(&sealed, "a/B/2").is_none() && other.open(&sealed, "a/B/1").is_none());
        let mut changed = STANDARD.decode(&sealed.bytes).unwrap();
        changed[0] ^= 1;
        assert!(key.open(&Sealed { bytes: STANDARD.encode(changed), ..sealed.clone() }, "a/B/1").is_none());
        assert_ne!(key.seal(b"value", "a/B/1").unwrap(), sealed, "never twice the same");
        assert!(!format!("{key:?}").contains(&STANDARD.encode(key.0.as_slice())));
    }

    #[test]
    fn a_key_is_hex_or_base64_and_nothing_else() {
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
        let key = MasterKey::parse(hex).unwrap();
        assert_eq!(MasterKey::parse(&format!(" {}\n", STANDARD.encode(key.0.as_slice()))).unwrap().id(), key.id());
        assert!(MasterKey::parse("short").is_none() && MasterKey::parse("").is_none() && MasterKey::parse(&hex[2..]).is_none());
        let wrong = KeySource::new(|name| (name == VARIABLE).then(|| "short".to_owned()), None).unwrap_err();
        assert!(wrong.to_string().contains(VARIABLE), "{wrong}");
    }

    #[test]
    fn the_first_start_makes_a_file_that_only_its_owner_reads() {
        let directory = tempfile::tempdir().unwrap();
        let source = KeySource::new(|_| None, Some(directory.path())).unwrap();
        let (key, made) = source.first().unwrap();
        let made = made.unwrap();
        assert_eq!(fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o600);
        let (again, made) = source.first().unwrap();
        assert_eq!((again.id(), made), (key.id(), None));
        let given = KeySource::new(|name| (name == VARIABLE).then(|| STANDARD.encode([7; 32])), Some(directory.path())).unwrap();
        assert_ne!(given.first().unwrap().0.id(), key.id(), "the environment wins");
    }

    #[test]
    fn a_rotation_s_file_is_taken_over_or_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let source = KeySource::new(|_| None, Some(directory.path())).unwrap();
        let (old, _) = source.first().unwrap();
        let new = source.successor(&old).unwrap();
        assert_eq!(source.candidates().unwrap().len(), 2);
        source.settle(&new).unwrap();
        assert_eq!(source.candidates().unwrap().iter().map(MasterKey::id).collect::<Vec<_>>(), [new.id()]);
        source.successor(&new).unwrap();
        source.settle(&new).unwrap();
        assert_eq!(source.candidates().unwrap().iter().map(MasterKey::id).collect::<Vec<_>>(), [new.id()]);
    }
}
