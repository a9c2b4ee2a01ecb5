//! Where a command goes: to the data directory, or to a server that the command line, the environment or a saved profile names.

use url::Url;

use super::error::Error;
use super::profiles::{self, Profiles};

/// The tenant where nothing names one.
pub const TENANT_DEFAULT: &str = "default";

/// What names a server.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Server options")]
pub struct Flags {
    /// Talk to this server instead of the data directory
    #[arg(long, global = true, env = "FLOWGATE_URL", value_name = "URL")]
    pub server: Option<String>,
    /// The key for it; other users of this machine can read command lines, so better FLOWGATE_KEY or `flowgate login`
    #[arg(long, global = true, env = "FLOWGATE_KEY", hide_env_values = true, value_name = "KEY")]
    pub key: Option<String>,
    /// The tenant [default: the profile's, otherwise `default`]
    #[arg(long, global = true, env = "FLOWGATE_TENANT", value_name = "TENANT")]
    pub tenant: Option<String>,
    /// A saved server, as `flowgate login --profile` named it
    #[arg(long, global = true, env = "FLOWGATE_PROFILE", value_name = "PROFILE")]
    pub profile: Option<String>,
}

/// A server, and how it is talked to.
#[derive(Clone)]
pub struct Target {
    pub url: Url,
    pub key: Option<String>,
    pub tenant: String,
    /// The profile that it comes from.
    pub profile: Option<String>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the key.
        let Self { url, tenant, profile, .. } = self;
        f.debug_struct("Target").field("url", &url.as_str()).field("tenant", tenant).field("profile", profile).finish_non_exhaustive()
    }
}

impl Flags {
    /// The tenant for work on the data directory.
    #[must_use]
    pub fn local_tenant(&self) -> &str {
        given(self.tenant.as_ref()).unwrap_or(TENANT_DEFAULT)
    }
}

fn given(value: Option<&String>) -> Option<&str> {
    value.map(String::as_str).filter(|text| !text.is_empty())
}

/// The server that a command talks to. `--data-dir` on the command line means the data directory, whatever the environment or a profile
/// say.
///
/// # Errors
/// `Usage`: both are named on the command line, the URL is none, or the profile is not there.
pub fn chosen(flags: &Flags, is_data_dir_flagged: bool) -> Result<Option<Target>, Error> {
    if is_data_dir_flagged {
        let variable = std::env::var("FLOWGATE_URL").ok();
        return match given(flags.server.as_ref()) {
            Some(server) if variable.as_deref() != Some(server) => Err(Error::Usage(
                "--server and --data-dir exclude each other: a command works on a server or on a data directory".to_owned(),
            )),
            _ => Ok(None),
        };
    }
    let url = given(flags.server.as_ref());
    let wanted = given(flags.profile.as_ref());
    let profiles = Profiles::load()?;
    resolve(flags, url, wanted, &profiles)
}

fn resolve(flags: &Flags, url: Option<&str>, wanted: Option<&str>, profiles: &Profiles) -> Result<Option<Target>, Error> {
    let name = wanted.or(profiles.current.as_deref());
    let saved = match (name, name.and_then(|name| profiles.profiles.get(name))) {
        (Some(name), None) if wanted.is_some() => {
            return Err(Error::Usage(format!("there is no profile `{name}`; `flowgate profile list` shows what is saved")));
        }
        (_, saved) => saved,
    };
    let url = match (url, saved) {
        (Some(text), _) => base(text)?,
        (None, Some(saved)) => base(&saved.url)?,
        (None, None) => return Ok(None),
    };
    // A saved key goes to the server that it was saved for, and to no other.
    let saved = saved.filter(|saved| base(&saved.url).is_ok_and(|own| own.as_str() == url.as_str()));
    let key = given(flags.key.as_ref()).map(str::to_owned).or_else(|| saved.map(|saved| saved.key.clone()));
    let tenant = given(flags.tenant.as_ref()).or_else(|| saved.map(|saved| saved.tenant.as_str())).unwrap_or(TENANT_DEFAULT);
    Ok(Some(Target { url, key, tenant: tenant.to_owned(), profile: saved.and(name).map(str::to_owned) }))
}

/// The base URL of a server, as people write it.
///
/// # Errors
/// `Usage` for anything but an http or https address without user, query or fragment.
pub fn base(text: &str) -> Result<Url, Error> {
    let refused = |reason: &str| {
        Error::Usage(format!("`{text}` is no server's address: {reason}; write https://flows.example or http://127.0.0.1:7878"))
    };
    let url = Url::parse(text.trim_end_matches('/')).map_err(|error| refused(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(refused("it must begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(refused("no user, password, query or fragment belongs in it"));
    }
    Ok(url)
}

/// Whether the way to the server is open to listeners: http to another machine.
#[must_use]
pub fn is_open(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !is_here
}

impl From<profiles::Error> for Error {
    fn from(error: profiles::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::super::profiles::Profile;
    use super::*;

    fn saved() -> Profiles {
        let profile = Profile { url: "https://flows.example/".to_owned(), tenant: "acme".to_owned(), key: "saved".to_owned() };
        Profiles { current: Some("work".to_owned()), profiles: [("work".to_owned(), profile)].into() }
    }

    fn chosen(flags: &Flags, profiles: &Profiles) -> Result<Option<(String, Option<String>, String)>, Error> {
        let found = resolve(flags, given(flags.server.as_ref()), given(flags.profile.as_ref()), profiles)?;
        Ok(found.map(|target| (target.url.to_string(), target.key, target.tenant)))
    }

    #[test]
    fn flags_win_over_the_profile() {
        let (url, of) = ("https://flows.example/".to_owned(), |text: &str| Some(text.to_owned()));
        assert_eq!(chosen(&Flags::default(), &Profiles::default()).unwrap(), None);
        assert_eq!(chosen(&Flags::default(), &saved()).unwrap(), Some((url.clone(), of("saved"), "acme".to_owned())));
        let flags = Flags { key: of("own"), tenant: of("other"), ..Flags::default() };
        assert_eq!(chosen(&flags, &saved()).unwrap(), Some((url, of("own"), "other".to_owned())));
        let flags = Flags { profile: of("home"), ..Flags::default() };
        assert!(chosen(&flags, &saved()).unwrap_err().to_string().contains("no profile `home`"));
    }

    #[test]
    fn a_saved_key_goes_to_no_other_server() {
        let flags = Flags { server: Some("https://elsewhere.example".to_owned()), ..Flags::default() };
        let expected = ("https://elsewhere.example/".to_owned(), None, TENANT_DEFAULT.to_owned());
        assert_eq!(chosen(&flags, &saved()).unwrap(), Some(expected));
    }

    #[test]
    fn only_plain_addresses_are_servers() {
        for text in ["flows.example", "ftp://flows.example", "https://ana:secret@flows.example", "https://flows.example?x=1", ""] {
            assert!(matches!(base(text), Err(Error::Usage(_))), "{text}");
        }
        assert!(is_open(&base("http://flows.example").unwrap()) && !is_open(&base("http://127.0.0.1:7878/").unwrap()));
    }
}
