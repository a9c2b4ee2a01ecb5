//! Any text as an address to call: with the rules that a server begins with, no literal of a private network is let through, however it is
//! spelled. What is private is said here by the standard library, not by the code under test.
#![no_main]

use std::net::Ipv4Addr;

use flowgate::runner::outbound::policy::OutboundPolicy;
use libfuzzer_sys::fuzz_target;
use url::{Host, Url};

fuzz_target!(|text: &str| {
    let Ok(url) = Url::parse(text) else { return };
    if OutboundPolicy::default().check(&url).is_err() {
        return;
    }
    assert!(matches!(url.scheme(), "http" | "https"), "{url} is let through");
    let is_private = match url.host() {
        Some(Host::Ipv4(address)) => is_private(address),
        Some(Host::Ipv6(address)) => {
            let inner = address.to_ipv4_mapped().is_some_and(is_private);
            inner || address.is_loopback() || address.is_unspecified() || address.is_unique_local() || address.is_unicast_link_local() || address.is_multicast()
        }
        Some(Host::Domain(_)) => false,
        None => true,
    };
    assert!(!is_private, "{url} is let through");
});

fn is_private(address: Ipv4Addr) -> bool {
    let shared = address.octets()[0] == 100 && (64..128).contains(&address.octets()[1]);
    address.is_private() || address.is_loopback() || address.is_link_local() || address.is_unspecified() || address.is_broadcast() || address.is_multicast() || shared
}
