//! The table `server`: what the operator decides about `flowgate serve`. Every key has a variable, `FLOWGATE_` and the key in capitals.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Error, Origin, Variables};

/// In front of a key's name in its environment variable.
const VARIABLE_PREFIX: &str = "FLOWGATE_";
/// The port where nothing says otherwise.
const PORT_DEFAULT: u16 = 7_878;
/// Seconds that running steps get when the server is told to stop, where nothing says otherwise.
const GRACE_SECONDS_DEFAULT: u64 = 20;
/// Bytes of a JSON body, where nothing says otherwise.
pub const BODY_BYTES_MAX_DEFAULT: usize = 2 << 20;

/// What applies to the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port; port 0 is any free one.
    pub listen: SocketAddr,
    /// How people reach this server, for links; none: the address that it listens on.
    pub public_url: Option<Url>,
    /// How long running steps get when the server is told to stop.
    pub grace_seconds: u64,
    /// Addresses and networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// Where online backups may go; none: there are none.
    pub backup_dir: Option<PathBuf>,
    /// Requests that one key may make in a second.
    pub key_per_second: NonZeroU32,
    /// Requests that one tenant may make in a second.
    pub tenant_per_second: NonZeroU32,
    /// Wrong keys from one address.
    pub failures_per_minute: NonZeroU32,
    /// Requests of one tenant that are being answered; streams count.
    pub tenant_at_once: NonZeroUsize,
    /// The largest JSON body, where an operation has no bound of its own.
    pub body_bytes_max: NonZeroUsize,
    /// What one credit is worth in US dollars, for dialects that count in credits.
    pub credit_usd: CreditUsd,
}

/// US dollars per credit; above 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct CreditUsd(f64);

impl CreditUsd {
    /// The credits that so many US dollars are.
    #[must_use]
    pub fn credits(self, usd: f64) -> f64 {
        usd / self.0
    }
}

impl Default for CreditUsd {
    fn default() -> Self {
        Self(1.0)
    }
}

impl TryFrom<f64> for CreditUsd {
    type Error = String;

    fn try_from(usd: f64) -> Result<Self, Self::Error> {
        if usd.is_finite() && usd > 0.0 { Ok(Self(usd)) } else { Err(format!("a credit is worth more than 0 US dollars, not {usd}")) }
    }
}

impl From<CreditUsd> for f64 {
    fn from(credit: CreditUsd) -> Self {
        credit.0
    }
}

/// How a variable's text is read.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Number,
    Decimal,
    /// Separated by commas.
    List,
}

/// Every key, in the order in which they are shown.
const KEYS: [(&str, Kind); 11] = [
    ("listen", Kind::Text),
    ("public_url", Kind::Text),
    ("grace_seconds", Kind::Number),
    ("trusted_proxies", Kind::List),
    ("backup_dir", Kind::Text),
    ("key_per_second", Kind::Number),
    ("tenant_per_second", Kind::Number),
    ("failures_per_minute", Kind::Number),
    ("tenant_at_once", Kind::Number),
    ("body_bytes_max", Kind::Number),
    ("credit_usd", Kind::Decimal),
];

impl Default for Server {
    fn default() -> Self {
        let of = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let size = |number: usize| NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN);
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT_DEFAULT)),
            public_url: None,
            grace_seconds: GRACE_SECONDS_DEFAULT,
            trusted_proxies: Vec::new(),
            backup_dir: None,
            // Far above what one client in a loop reaches.
            key_per_second: of(20_000),
            tenant_per_second: of(50_000),
            failures_per_minute: of(60),
            tenant_at_once: size(10_000),
            body_bytes_max: size(BODY_BYTES_MAX_DEFAULT),
            credit_usd: CreditUsd::default(),
        }
    }
}

/// Where each value comes from, by its key.
type Origins = Vec<(&'static str, Origin)>;

/// The file's table with the environment on top, over the defaults; and where each value comes from.
pub(super) fn layered(in_file: toml::Table, path: &Path, variables: &Variables) -> Result<(Server, Origins), Error> {
    let refused = |error: toml::de::Error| Error::Parse { path: path.to_path_buf(), reason: format!("[server]: {}", error.message()) };
    // By itself first, so that what is wrong in it is said of the file.
    toml::Value::Table(in_file.clone()).try_into::<Server>().map_err(refused)?;
    let mut merged = in_file;
    let mut origins = Vec::new();
    for (key, kind) in KEYS {
        let name = format!("{VARIABLE_PREFIX}{}", key.to_uppercase());
        let given = variables.get(&name).filter(|text| !text.is_empty());
        let origin = match given {
            Some(text) => {
                merged.insert(key.to_owned(), of_variable(key, kind, &name, text)?);
                Origin::Environment(name)
            }
            None if merged.contains_key(key) => Origin::File,
            None => Origin::Default,
        };
        origins.push((key, origin));
    }
    let mut server: Server = toml::Value::Table(merged).try_into().map_err(refused)?;
    // Of the file's values, as the data directory: relative to the file.
    let is_in_file = origins.iter().any(|(key, origin)| *key == "backup_dir" && *origin == Origin::File);
    if let (Some(directory), Some(parent), true) = (&server.backup_dir, path.parent(), is_in_file) {
        server.backup_dir = Some(parent.join(directory));
    }
    Ok((server, origins))
}

/// One variable as a value of its key, tried alone so that what is wrong is said of the variable.
fn of_variable(key: &str, kind: Kind, name: &str, text: &str) -> Result<toml::Value, Error> {
    let refused = |reason: String| Error::Variable { name: name.to_owned(), reason };
    let value = match kind {
        Kind::Text => toml::Value::String(text.to_owned()),
        Kind::Number => toml::Value::Integer(text.trim().parse().map_err(|_| refused(format!("`{text}` is no whole number")))?),
        Kind::Decimal => toml::Value::Float(text.trim().parse().map_err(|_| refused(format!("`{text}` is no number")))?),
        Kind::List => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            toml::Value::Array(parts.map(|part| toml::Value::String(part.to_owned())).collect())
        }
    };
    let alone = toml::Table::from_iter([(key.to_owned(), value.clone())]);
    toml::Value::Table(alone).try_into::<Server>().map_err(|error| refused(error.message().to_owned()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(file: &str, variables: &[(&str, &str)]) -> Result<(Server, Origins), Error> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        layered(file.parse().unwrap(), Path::new("project/flowgate.toml"), &variables)
    }

    fn origin<'a>(origins: &'a [(&'static str, Origin)], key: &str) -> &'a Origin {
        origins.iter().find_map(|(known, origin)| (*known == key).then_some(origin)).unwrap()
    }

    #[test]
    fn the_environment_wins_over_the_file_and_that_over_the_defaults() {
        let file = "listen = '0.0.0.0:80'\ngrace_seconds = 5\ntrusted_proxies = ['10.0.0.0/8']\nbackup_dir = 'backups'";
        let variables = [("FLOWGATE_LISTEN", "[::1]:81"), ("FLOWGATE_TRUSTED_PROXIES", "192.0.2.1, fd00::/8"), ("FLOWGATE_PUBLIC_URL", "")];
        let (server, origins) = layer(file, &variables).unwrap();
        assert_eq!(server.listen, "[::1]:81".parse().unwrap());
        assert_eq!(server.trusted_proxies, ["192.0.2.1", "fd00::/8"]);
        assert_eq!((server.grace_seconds, server.public_url), (5, None));
        assert_eq!(server.backup_dir.as_deref(), Some(Path::new("project/backups")));
        assert_eq!(*origin(&origins, "listen"), Origin::Environment("FLOWGATE_LISTEN".to_owned()));
        assert_eq!((origin(&origins, "grace_seconds"), origin(&origins, "public_url")), (&Origin::File, &Origin::Default));
    }

    #[test]
    fn every_key_is_known_by_its_variable() {
        let Ok(toml::Value::Table(all)) = toml::Value::try_from(Server {
            public_url: Some(Url::parse("https://flows.example").unwrap()),
            backup_dir: Some("b".into()),
            ..Server::default()
        }) else {
            unreachable!()
        };
        let mut known: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
        let mut written: Vec<&str> = all.keys().map(String::as_str).collect();
        known.sort_unstable();
        written.sort_unstable();
        assert_eq!(known, written);
    }

    #[test]
    fn what_is_wrong_is_said_of_its_place() {
        let error = layer("lisen = 'x'", &[]).unwrap_err().to_string();
        assert!(error.contains("project/flowgate.toml") && error.contains("unknown field `lisen`"), "{error}");
        let error = layer("key_per_second = 0", &[]).unwrap_err().to_string();
        assert!(error.contains("project/flowgate.toml"), "{error}");
        for (name, text) in [
            ("FLOWGATE_GRACE_SECONDS", "soon"),
            ("FLOWGATE_LISTEN", "here"),
            ("FLOWGATE_TENANT_AT_ONCE", "0"),
            ("FLOWGATE_CREDIT_USD", "0"),
            ("FLOWGATE_CREDIT_USD", "much"),
        ] {
            let error = layer("", &[(name, text)]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("the environment variable {name} is refused")), "{error}");
        }
    }
}
