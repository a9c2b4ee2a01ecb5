//! Where a request comes from: the other end of its connection, or, behind proxies that the operator trusts, whom they say they speak for.

use std::net::{IpAddr, SocketAddr};

use crate::runner::outbound::address::Network;

/// The client's address. `forwarded` are the values of `X-Forwarded-For` in their order; anybody can write that header, so it counts only
/// as far as trusted proxies have added to it: read from its end, the first address that is no trusted proxy is the client.
#[must_use]
pub fn client<'a>(peer: IpAddr, forwarded: impl Iterator<Item = &'a str>, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if trusted.is_empty() || !is_trusted(peer) {
        return peer;
    }
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).filter(|hop| !hop.is_empty()).collect();
    let mut address = peer;
    for hop in hops.into_iter().rev() {
        // What a trusted proxy did not understand either ends the walk at that proxy.
        let Some(named) = parse(hop) else { return address };
        address = named;
        if !is_trusted(address) {
            return address;
        }
    }
    address
}

/// An address, also with a port or in brackets.
fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip())).ok();
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<Network> = trusted.iter().map(|text| Network::parse(text).unwrap()).collect();
        client(peer.parse().unwrap(), forwarded.iter().copied(), &trusted).to_string()
    }

    #[test]
    fn a_header_counts_only_behind_a_trusted_proxy() {
        assert_eq!(from("198.51.100.7", &["203.0.113.1"], &[]), "198.51.100.7");
        assert_eq!(from("198.51.100.7", &["203.0.113.1"], &["10.0.0.0/8"]), "198.51.100.7");
        assert_eq!(from("10.1.2.3", &["203.0.113.1"], &["10.0.0.0/8"]), "203.0.113.1");
        assert_eq!(from("10.1.2.3", &[], &["10.0.0.0/8"]), "10.1.2.3");
    }

    #[test]
    fn what_the_client_wrote_itself_is_not_believed() {
        // The client claims 192.0.2.9; the two proxies added what they saw.
        assert_eq!(from("10.0.0.2", &["192.0.2.9, 203.0.113.1", "10.0.0.1"], &["10.0.0.0/8"]), "203.0.113.1");
        assert_eq!(from("10.0.0.2", &["203.0.113.1, nonsense"], &["10.0.0.0/8"]), "10.0.0.2");
        assert_eq!(from("10.0.0.2", &["10.0.0.4, 10.0.0.3"], &["10.0.0.0/8"]), "10.0.0.4");
    }

    #[test]
    fn ports_brackets_and_mapped_addresses_are_understood() {
        assert_eq!(from("::ffff:10.0.0.2", &["203.0.113.1:4711"], &["10.0.0.0/8"]), "203.0.113.1");
        assert_eq!(from("fd00::1", &["[2001:db8::7]:443"], &["fd00::/8"]), "2001:db8::7");
        assert_eq!(from("fd00::1", &["2001:db8::7"], &["fd00::/8"]), "2001:db8::7");
    }
}
