//! Known devices: the cookie of a browser that signed in before.
//!
//! It gives no access. Its attempts are counted separately from those of unknown clients, so that these cannot lock the
//! user out. It is bound to the user and to the hash of the password: after a change of the password, no device is
//! known.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};

use super::ids::{DeviceId, ID_BYTES, UserId};
use super::jwt_secret::JwtSecret;
use super::password::PasswordHash;

/// The purpose of the derived key. Every use of the secret has its own text (RFC 5869, section 3.2).
const PURPOSE: &[u8] = b"handstamp: known devices, 1";
const MAC_BYTES: usize = 32;
const TOKEN_BYTES: usize = ID_BYTES + MAC_BYTES;

/// The key of the MACs. No `Debug`.
pub struct KnownDeviceKey(hmac::Key);

impl KnownDeviceKey {
    /// Derives the key from the secret.
    #[must_use]
    pub fn derive(secret: &JwtSecret) -> Self {
        Self(secret.mac_key(PURPOSE))
    }

    /// Makes the value for a device with which this user signed in.
    #[must_use]
    pub fn write(&self, device: DeviceId, user: UserId, password: &PasswordHash) -> SecretString {
        let mac = hmac::sign(&self.0, &said(device, user, password));
        URL_SAFE_NO_PAD.encode([&device.to_bytes(), mac.as_ref()].concat()).into()
    }

    /// Returns the device with this value, if this user signed in with it and the password has not changed.
    #[must_use]
    pub fn read(&self, text: &SecretString, user: UserId, password: &PasswordHash) -> Option<DeviceId> {
        let mut bytes = [0; TOKEN_BYTES];
        // The slice form checks the exact length; the engine rejects padding and unused bits.
        let length = URL_SAFE_NO_PAD.decode_slice(text.expose_secret(), &mut bytes).ok()?;
        let (id, mac) = bytes.get(..length)?.split_first_chunk::<ID_BYTES>()?;
        let device = DeviceId::from_random(*id);
        hmac::verify(&self.0, &said(device, user, password), mac).ok()?;
        Some(device)
    }
}

fn said(device: DeviceId, user: UserId, password: &PasswordHash) -> Vec<u8> {
    [&device.to_bytes()[..], &user.to_bytes(), password.as_stored().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::domain::algorithm::Algorithm;

    const DEVICE: DeviceId = DeviceId::from_random([7; ID_BYTES]);
    const ADA: UserId = UserId::from_random([1; ID_BYTES]);

    fn key(secret: &str) -> KnownDeviceKey {
        KnownDeviceKey::derive(&JwtSecret::parse(&secret.into(), Algorithm::HS256).unwrap())
    }

    fn hash(text: &str) -> PasswordHash {
        PasswordHash::from_stored(text.to_owned())
    }

    #[test]
    fn a_device_is_known_to_its_user_as_long_as_the_password_stays() {
        let ours = key("the secret of this spec, and its own");
        let shown = ours.write(DEVICE, ADA, &hash("a hash"));

        assert_eq!(ours.read(&shown, ADA, &hash("a hash")), Some(DEVICE));
        assert_eq!(ours.read(&shown, ADA, &hash("another")), None);
        assert_eq!(ours.read(&shown, UserId::from_random([2; ID_BYTES]), &hash("a hash")), None);
        assert_eq!(key("another secret, as long as the first").read(&shown, ADA, &hash("a hash")), None);
        let text = shown.expose_secret();
        for index in 0..text.len() {
            let other = if text.as_bytes()[index] == b'A' { "B" } else { "A" };
            for changed in [format!("{}{other}{}", &text[..index], &text[index + 1..]), text[..index].to_owned()] {
                assert_eq!(ours.read(&changed.into(), ADA, &hash("a hash")), None, "{index}");
            }
        }
        for bad in [String::new(), format!("{text}="), format!("{text}A"), "x".repeat(5000)] {
            assert_eq!(ours.read(&bad.into(), ADA, &hash("a hash")), None);
        }
    }
}
