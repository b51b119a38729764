//! The one-time code of the first run. It is printed on the console, and creates the first account.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::ids::StoreId;
use super::jwt_secret::JwtSecret;

/// The purpose of the derived key. Every use of the secret has its own text (RFC 5869, section 3.2).
const PURPOSE: &[u8] = b"handstamp: setup code, 1";
const BYTES: usize = 16;

/// 128 bits, as 22 characters of base64url. No `Debug`: anyone who reads it can become administrator.
pub struct SetupCode(String);

impl SetupCode {
    #[must_use]
    pub fn from_random(bytes: [u8; BYTES]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns the code that all instances on this store have: a proxy may lead its link to any of them. `round`: how often
    /// setup created an administrator, so that a used code does not come again.
    #[must_use]
    pub fn derive(secret: &JwtSecret, store: StoreId, round: i64) -> Self {
        let said = format!("{store} {round}");
        let mac = hmac::sign(&secret.mac_key(PURPOSE), said.as_bytes());
        Self(URL_SAFE_NO_PAD.encode(&mac.as_ref()[..BYTES]))
    }

    /// Returns whether this is the code. The comparison takes constant time.
    #[must_use]
    pub fn is(&self, typed: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), typed.as_bytes()).is_ok()
    }
}

/// Returns the text. Only for the console.
impl fmt::Display for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::domain::algorithm::Algorithm;

    #[test]
    fn instances_have_the_same_code_only_with_the_same_secret_on_the_same_store_in_the_same_round() {
        let code = |secret: &str, store: u8, round| {
            let secret = JwtSecret::parse(&secret.into(), Algorithm::HS256).unwrap();
            SetupCode::derive(&secret, StoreId::from_random([store; 16]), round).to_string()
        };
        let (one, other) = ("the secret of this spec, and its own", "another secret, as long as the first");
        assert_eq!(code(one, 1, 0), code(one, 1, 0));
        assert_eq!(code(one, 1, 0).len(), 22);
        for different in [code(other, 1, 0), code(one, 2, 0), code(one, 1, 1)] {
            assert_ne!(different, code(one, 1, 0));
        }
    }
}
