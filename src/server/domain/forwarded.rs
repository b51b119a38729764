//! The visitor's address behind a proxy, from `X-Forwarded-For`. Only the part that our own proxies wrote is trusted.
//!
//! Every proxy appends the address that called it. Therefore the list is read from right to left. The first address
//! that is not one of our proxies is the visitor. The visitor may have forged everything to the left of it.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The trusted proxies: `TRUSTED_PROXIES`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// The text is not a list of addresses and ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a list of addresses and ranges")]
pub struct NotNetworks;

impl TrustedProxies {
    /// Parses addresses and CIDR ranges, separated by commas or spaces.
    ///
    /// # Errors
    /// [`NotNetworks`]; also for a range with bits beyond its prefix, because it is ambiguous.
    pub fn parse(text: &str) -> Result<Self, NotNetworks> {
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        words.map(network).collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether this is the address of one of our proxies.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns the address of the visitor behind `peer`. `forwarded`: the values of all `X-Forwarded-For` lines, in
    /// their order.
    ///
    /// Stops at a part that cannot be parsed: its author and those further left are unknown.
    #[must_use]
    pub fn visitor<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a [u8]>) -> IpAddr {
        let mut visitor = peer.to_canonical();
        let mut hops = forwarded.rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
        while self.contains(visitor) {
            let Some(further) = hops.next().and_then(address) else { break };
            visitor = further;
        }
        visitor
    }
}

fn network(word: &str) -> Result<IpNet, NotNetworks> {
    let network = match word.parse::<IpNet>() {
        Ok(network) => network,
        Err(_) => IpNet::from(word.parse::<IpAddr>().map_err(|_| NotNetworks)?.to_canonical()),
    };
    if network.trunc() == network { Ok(network) } else { Err(NotNetworks) }
}

/// Parses one address of the list. Some proxies add a port, and brackets around IPv6.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim_matches([' ', '\t']);
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(trusted: &str, peer: &str, forwarded: &[&str]) -> String {
        let trusted = TrustedProxies::parse(trusted).unwrap();
        trusted.visitor(peer.parse().unwrap(), forwarded.iter().map(|line| line.as_bytes())).to_string()
    }

    #[test]
    fn the_first_address_from_the_right_that_is_not_our_proxy_is_the_visitor() {
        let ours = "10.0.0.0/8, 2001:db8:1::/48 192.0.2.7";
        for (peer, forwarded, expected) in [
            // No proxy.
            ("203.0.113.7", &[][..], "203.0.113.7"),
            ("10.0.0.1", &[][..], "10.0.0.1"),
            // A header from an address that is not trusted is ignored.
            ("203.0.113.7", &["198.51.100.1"][..], "203.0.113.7"),
            // One proxy, two, and one that is configured as a single address.
            ("10.0.0.1", &["198.51.100.1"][..], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, 10.0.0.2"][..], "198.51.100.1"),
            ("192.0.2.7", &["198.51.100.1,10.0.0.2,2001:db8:1::5"][..], "198.51.100.1"),
            // Anything that the visitor forged is further left.
            ("10.0.0.1", &["127.0.0.1, 10.9.9.9, 198.51.100.1"][..], "198.51.100.1"),
            ("10.0.0.1", &["nonsense, 198.51.100.1"][..], "198.51.100.1"),
            // Several lines are one list.
            ("10.0.0.1", &["1.1.1.1", "198.51.100.1", "10.0.0.2"][..], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1", "10.0.0.3, 10.0.0.2"][..], "198.51.100.1"),
            // All addresses are our proxies: the leftmost.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"][..], "10.0.0.3"),
            // A part that cannot be parsed ends the walk at the last good address.
            ("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"][..], "10.0.0.2"),
            ("10.0.0.1", &["198.51.100.1, "][..], "10.0.0.1"),
            ("10.0.0.1", &[""][..], "10.0.0.1"),
            ("10.0.0.1", &["_hidden"][..], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1.5"][..], "10.0.0.1"),
            // Ports, brackets, spaces, and IPv4 addresses mapped to IPv6.
            ("10.0.0.1", &["198.51.100.1:4711"][..], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8:2::1]:4711"][..], "2001:db8:2::1"),
            ("10.0.0.1", &["[2001:db8:2::1]"][..], "2001:db8:2::1"),
            ("10.0.0.1", &["2001:db8:2::1"][..], "2001:db8:2::1"),
            ("10.0.0.1", &["\t 198.51.100.1 \t"][..], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"][..], "198.51.100.1"),
            ("::ffff:203.0.113.7", &["198.51.100.1"][..], "203.0.113.7"),
        ] {
            assert_eq!(visitor(ours, peer, forwarded), expected, "{peer} {forwarded:?}");
        }
        assert_eq!(visitor("", "127.0.0.1", &["198.51.100.1"]), "127.0.0.1", "no proxy is trusted by default");
        let not_utf8: &[u8] = b"198.51.100.1, \xff";
        let trusted = TrustedProxies::parse(ours).unwrap();
        assert_eq!(trusted.visitor([10, 0, 0, 1].into(), [not_utf8].into_iter()), IpAddr::from([10, 0, 0, 1]));
    }

    #[test]
    fn an_ambiguous_list_of_proxies_is_refused() {
        for bad in
            ["proxy", "10.0.0.0/33", "10.0.0.1/8", "10.0.0", "10.0.0.1:80", "*", "10.0.0.0/8;10.1.0.0/16", "::/129"]
        {
            assert_eq!(TrustedProxies::parse(bad), Err(NotNetworks), "{bad}");
        }
        assert_eq!(TrustedProxies::parse(" , "), Ok(TrustedProxies::default()));
    }
}
