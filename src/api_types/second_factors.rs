//! What crosses the network about second factors.

use serde::Serialize;

/// What an authenticator app needs, for pages and for the HTTP API. No `Debug`: anyone who reads it has the second factor.
#[derive(Clone, Serialize)]
pub struct BegunTotpAnswer {
    /// In base32, to be typed into the app.
    pub secret: String,
    /// `otpauth://…`, for the app.
    pub uri: String,
    /// The address as a QR code.
    pub svg: String,
}

/// The second factors of the user who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactorsAnswer {
    /// Whether there is an authenticator app.
    pub totp: bool,
    /// How many passkeys there are.
    pub passkeys: u32,
    /// How many recovery codes were not used.
    pub recovery_codes: u32,
    /// Whether this server lets the user do nothing else before they have shown a second factor.
    pub required: bool,
}

/// With what the sign-in that waits in this browser can be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AskedFactors {
    pub totp: bool,
    /// How many passkeys there are.
    pub passkeys: u32,
    /// How many recovery codes were not used.
    pub recovery_codes: u32,
    /// Whether the user wants to stay signed in on this device.
    pub kept: bool,
}

impl FactorsAnswer {
    /// Returns whether a sign-in asks for a second factor.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.totp || self.passkeys > 0
    }
}
