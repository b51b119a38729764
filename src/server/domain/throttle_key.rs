//! The keys for counting attempts: 128 bits of a MAC over account and network. The table shows neither names nor
//! addresses. This also protects users who type their password into the field of the name.

use std::net::IpAddr;

use aws_lc_rs::hmac;

use super::email::Email;
use super::ids::{DeviceId, ThrottleKey, UserId};
use super::jwt_secret::JwtSecret;
use super::throttle::StrangerKeys;
use super::username::Username;

/// The purpose of the derived key. Every use of the secret has its own text (RFC 5869, section 3.2).
const PURPOSE: &[u8] = b"handstamp: throttle, 1";

/// Makes the keys. No `Debug`.
pub struct ThrottleKeys(hmac::Key);

impl ThrottleKeys {
    /// Derives the key from the secret.
    #[must_use]
    pub fn derive(secret: &JwtSecret) -> Self {
        Self(secret.mac_key(PURPOSE))
    }

    /// Returns the keys for a name as typed. All spellings of a name give the same keys, whether the account exists or
    /// not.
    #[must_use]
    pub fn stranger(&self, typed: &str, address: IpAddr) -> StrangerKeys {
        let account = Username::canonical(typed);
        let account = account.as_bytes();
        let network = network(address);
        StrangerKeys {
            pair: self.key(b"pair", &[account, &network]),
            address: self.address(address),
            first_tries: self.key(b"first tries", &[account]),
            more_tries: self.key(b"more tries", &[account]),
        }
    }

    /// Returns the key for a network, for all its attempts.
    #[must_use]
    pub fn address(&self, address: IpAddr) -> ThrottleKey {
        self.key(b"address", &[&network(address)])
    }

    /// Returns the keys for a user whose name the visitor has not typed, but the email address. The attempts count like those
    /// with the name. The network has a bucket of its own: its other one would fill twice as fast, and show that an account
    /// has the address.
    #[must_use]
    pub fn stranger_by_address(&self, name: &Username, address: IpAddr) -> StrangerKeys {
        let keys = self.stranger(name.as_str(), address);
        StrangerKeys { address: self.key(b"by address", &[&network(address)]), ..keys }
    }

    /// Returns the key for a network that asks for new passwords.
    #[must_use]
    pub fn forgets(&self, address: IpAddr) -> ThrottleKey {
        self.key(b"forgets", &[&network(address)])
    }

    /// Returns the key for new passwords of a name or an email address as typed. All spellings give the same key, whether the
    /// account exists or not.
    #[must_use]
    pub fn forgotten(&self, typed: &str) -> ThrottleKey {
        self.key(b"forgotten", &[Username::canonical(typed).as_bytes()])
    }

    /// Returns the key for mails to an address that has no account yet.
    #[must_use]
    pub fn mails_to(&self, email: &Email) -> ThrottleKey {
        self.key(b"mails to", &[email.lookup().as_bytes()])
    }

    /// Returns the key for mails about an account.
    #[must_use]
    pub fn mails(&self, user: UserId) -> ThrottleKey {
        self.key(b"mails", &[&user.to_bytes()])
    }

    /// Returns the key for a network that creates accounts.
    #[must_use]
    pub fn sign_up(&self, address: IpAddr) -> ThrottleKey {
        self.key(b"sign-up", &[&network(address)])
    }

    /// Returns the key for a network that asks for challenges of passkeys.
    #[must_use]
    pub fn passkey_questions(&self, address: IpAddr) -> ThrottleKey {
        self.key(b"passkey questions", &[&network(address)])
    }

    /// Returns the key for a device that signed in before.
    #[must_use]
    pub fn device(&self, user: UserId, device: DeviceId) -> ThrottleKey {
        self.key(b"device", &[&user.to_bytes(), &device.to_bytes()])
    }

    /// Returns the key for second factors at an account.
    #[must_use]
    pub fn second_factor(&self, user: UserId) -> ThrottleKey {
        self.key(b"second factor", &[&user.to_bytes()])
    }

    /// Returns the key for second factors on a device that signed in before.
    #[must_use]
    pub fn second_factor_on_device(&self, user: UserId, device: DeviceId) -> ThrottleKey {
        self.key(b"second factor on device", &[&user.to_bytes(), &device.to_bytes()])
    }

    fn key(&self, kind: &[u8], parts: &[&[u8]]) -> ThrottleKey {
        let mut mac = hmac::Context::with_key(&self.0);
        for part in [kind].iter().chain(parts) {
            // Each part has its length before it: two different lists of parts never give the same text.
            mac.update(&part.len().to_be_bytes());
            mac.update(part);
        }
        let tag = mac.sign();
        let (first, _) = tag.as_ref().split_first_chunk().expect("a MAC has 32 bytes");
        ThrottleKey::from_random(*first)
    }
}

/// Returns the network of one visitor: an IPv4 address, or the first 64 bits of IPv6, because a visitor can choose any
/// address behind these.
fn network(address: IpAddr) -> [u8; 8] {
    let mut network = [0; 8];
    match address.to_canonical() {
        IpAddr::V4(address) => network[4..].copy_from_slice(&address.octets()),
        IpAddr::V6(address) => network.copy_from_slice(&address.octets()[..8]),
    }
    network
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::domain::algorithm::Algorithm;

    fn keys() -> ThrottleKeys {
        let secret = JwtSecret::parse(&"the secret of this spec, and its own".into(), Algorithm::HS256).unwrap();
        ThrottleKeys::derive(&secret)
    }

    fn stranger(typed: &str, address: &str) -> StrangerKeys {
        keys().stranger(typed, address.parse().unwrap())
    }

    #[test]
    fn every_spelling_of_a_name_and_every_address_of_a_network_is_one() {
        let ada = stranger("ada", "2001:db8:1:2::1");
        for (typed, address) in [
            ("ADA", "2001:db8:1:2::1"),
            ("ａｄａ", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
            (" ada", "2001:db8:1:2::1"),
            ("ada\u{a0}", "2001:db8:1:2::1"),
        ] {
            assert_eq!(stranger(typed, address), ada, "{typed} {address}");
        }
        assert_eq!(stranger(" not a name", "192.0.2.1"), stranger("not a name\t", "192.0.2.1"));
        assert_eq!(stranger("ada", "192.0.2.1"), stranger("ada", "::ffff:192.0.2.1"));
    }

    #[test]
    fn different_accounts_networks_and_devices_are_counted_separately() {
        let ada = stranger("ada", "192.0.2.1");
        let all = [
            ada.pair,
            ada.address,
            ada.first_tries,
            ada.more_tries,
            stranger("ada", "192.0.2.2").pair,
            stranger("bob", "192.0.2.1").pair,
            stranger("bob", "192.0.2.1").first_tries,
            stranger("", "192.0.2.1").pair,
            stranger("not a name", "192.0.2.1").pair,
            stranger("ada", "2001:db8:1:2::1").pair,
            stranger("ada", "2001:db8:1:3::1").pair,
            keys().sign_up("192.0.2.1".parse().unwrap()),
            keys().forgets("192.0.2.1".parse().unwrap()),
            keys().forgotten("ada"),
            keys().forgotten("ada@example.org"),
            keys().mails(UserId::from_random([1; 16])),
            keys().mails_to(&Email::parse("ada@example.org").unwrap()),
            keys().stranger_by_address(&Username::parse("ada").unwrap(), "192.0.2.1".parse().unwrap()).address,
            keys().device(UserId::from_random([1; 16]), DeviceId::from_random([7; 16])),
            keys().device(UserId::from_random([2; 16]), DeviceId::from_random([7; 16])),
            keys().second_factor(UserId::from_random([1; 16])),
            keys().second_factor(UserId::from_random([2; 16])),
            keys().second_factor_on_device(UserId::from_random([1; 16]), DeviceId::from_random([7; 16])),
        ];
        let apart: std::collections::HashSet<_> = all.iter().copied().collect();
        assert_eq!(apart.len(), all.len());
    }
}
