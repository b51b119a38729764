//! The one-time code of the first run. It is printed on the console, and creates the first account.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// 128 random bits, as 22 characters of base64url. No `Debug`: anyone who reads it can become administrator.
pub struct SetupCode(String);

impl SetupCode {
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
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
