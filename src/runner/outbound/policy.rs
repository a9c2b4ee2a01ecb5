//! Which hosts a flow may call: public addresses, and what the operator lists.

use std::net::IpAddr;

use url::{Host, Url};

use super::address::{Network, is_public};
use crate::runner::failure::{Failure, Stage};

/// The operator's list in the environment: hosts, `*.suffix`, addresses or networks, separated by commas.
pub const VARIABLE: &str = "FLOWGATE_OUTBOUND_ALLOW";

/// What is allowed beside public addresses; an entry means any port.
#[derive(Clone, Debug, Default)]
pub struct OutboundPolicy {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Any,
    Name(String),
    /// The suffix with its leading dot.
    Below(String),
    Network(Network),
}

/// An entry of the allow list that means nothing.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` in outbound.allow is no host, `*.suffix`, address or network; write names without scheme, port or path")]
pub struct BadEntry(pub String);

impl OutboundPolicy {
    /// Adds entries.
    ///
    /// # Errors
    /// The first entry that means nothing.
    pub fn allow<'a>(mut self, entries: impl IntoIterator<Item = &'a str>) -> Result<Self, BadEntry> {
        for entry in entries.into_iter().map(str::trim).filter(|entry| !entry.is_empty()) {
            self.entries.push(parse(entry)?);
        }
        Ok(self)
    }

    /// Whether the operator lists this name.
    #[must_use]
    pub fn lists_name(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.entries.iter().any(|entry| match entry {
            Entry::Any => true,
            Entry::Name(listed) => *listed == name,
            Entry::Below(suffix) => name.len() > suffix.len() && name.ends_with(suffix.as_str()),
            Entry::Network(_) => false,
        })
    }

    /// Whether a connection to this address may be opened for a name that is not listed.
    #[must_use]
    pub fn allows_address(&self, address: IpAddr) -> bool {
        let listed = |entry: &Entry| match entry {
            Entry::Any => true,
            Entry::Network(network) => network.contains(address),
            Entry::Name(_) | Entry::Below(_) => false,
        };
        is_public(address) || self.entries.iter().any(listed)
    }

    /// Judges a URL before it is called: its scheme, and its host where that is an address. Names are judged when they are resolved.
    ///
    /// # Errors
    /// A failure of stage `Refused` that names the host and the setting.
    pub fn check(&self, url: &Url) -> Result<(), Failure> {
        if !matches!(url.scheme(), "http" | "https") {
            let message = format!("the scheme of {} is not http or https; only these are called", shown(url));
            return Err(Failure::new(Stage::Refused, "url_invalid", message));
        }
        if !url.username().is_empty() || url.password().is_some() {
            let message = format!("the URL of {} carries a user or password; send credentials in a header, from a secret", shown(url));
            return Err(Failure::new(Stage::Refused, "url_invalid", message));
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(Failure::new(Stage::Refused, "url_invalid", "the URL names no host")),
        };
        if self.allows_address(address) { Ok(()) } else { Err(refused(&address.to_string())) }
    }
}

/// The failure of a host that the policy does not allow.
#[must_use]
pub fn refused(host: &str) -> Failure {
    let message = format!(
        "the host {host} is not public, and flows may only call public addresses; if this one is meant, allow it with outbound.allow in \
         the configuration or {VARIABLE}={host}"
    );
    Failure::new(Stage::Refused, "outbound_refused", message)
}

/// The origin of a URL: what may be shown of it (a query may hold a secret).
fn shown(url: &Url) -> String {
    url.host_str().map_or_else(|| format!("{}:…", url.scheme()), ToOwned::to_owned)
}

fn parse(entry: &str) -> Result<Entry, BadEntry> {
    let lower = entry.trim_end_matches('.').to_ascii_lowercase();
    if lower == "*" {
        return Ok(Entry::Any);
    }
    if let Some(network) = Network::parse(&lower) {
        return Ok(Entry::Network(network));
    }
    let (below, name) = lower.strip_prefix("*.").map_or((false, lower.as_str()), |name| (true, name));
    if name.contains('*') {
        return Err(BadEntry(entry.to_owned()));
    }
    // The URL parser turns international names into the form that is resolved.
    match Host::parse(name) {
        Ok(Host::Domain(name)) if below => Ok(Entry::Below(format!(".{name}"))),
        Ok(Host::Domain(name)) => Ok(Entry::Name(name)),
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => Err(BadEntry(entry.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(entries: &str) -> OutboundPolicy {
        OutboundPolicy::default().allow(entries.split(',')).unwrap()
    }

    #[test]
    fn names_and_suffixes() {
        let policy = policy("localhost, *.corp.example, API.example.org.");
        for name in ["localhost", "LOCALHOST.", "a.corp.example", "a.b.corp.example", "api.example.org"] {
            assert!(policy.lists_name(name), "{name}");
        }
        for name in ["corp.example", "evilcorp.example", "a.corp.example.evil.org", "example.org", "xlocalhost"] {
            assert!(!policy.lists_name(name), "{name}");
        }
    }

    #[test]
    fn addresses_and_networks_mean_any_port() {
        let policy = policy("127.0.0.1,10.1.0.0/16");
        for url in ["http://127.0.0.1:81/", "https://127.0.0.1/", "http://10.1.2.3:9999/x", "http://[::ffff:127.0.0.1]/"] {
            assert!(policy.check(&Url::parse(url).unwrap()).is_ok(), "{url}");
        }
        for url in ["http://127.0.0.2/", "http://10.2.0.1/", "http://[::1]/"] {
            assert!(policy.check(&Url::parse(url).unwrap()).is_err(), "{url}");
        }
    }

    #[test]
    fn the_error_names_host_and_setting() {
        let failure = OutboundPolicy::default().check(&Url::parse("http://192.168.1.7/x").unwrap()).unwrap_err();
        assert_eq!(failure.error.code, "outbound_refused");
        for part in ["192.168.1.7", "outbound.allow", "FLOWGATE_OUTBOUND_ALLOW"] {
            assert!(failure.error.message.contains(part), "{}", failure.error.message);
        }
    }

    #[test]
    fn nonsense_entries_are_refused() {
        for entry in ["http://localhost", "localhost:80", "a/b", "*.*.x", "exa mple"] {
            assert!(OutboundPolicy::default().allow([entry]).is_err(), "{entry}");
        }
    }
}
