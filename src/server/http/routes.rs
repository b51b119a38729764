//! The machine doors, one file each. `protected.rs` is the one to copy.

pub mod email;
pub mod forgotten_password;
pub mod forward_auth;
pub mod health;
pub mod introspect;
pub mod lesson;
pub mod login;
pub mod logout;
pub mod me;
pub mod metrics;
pub mod openapi;
pub mod passkey_sign_in;
pub mod passkeys;
pub mod password;
pub mod protected;
pub mod recovery_codes;
pub mod refresh;
pub mod revocations;
pub mod revoke;
pub mod second_factor;
pub mod sessions;
pub mod signup;
pub mod token;
pub mod totp;
pub mod well_known;
pub mod well_known_passkeys;

use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use crate::api_types::{ApiError, PasswordInput, Remember, TokenType};
use crate::server::flows::SignedIn;

/// The tokens of a session, for a machine. No `Debug`.
#[derive(Serialize)]
pub struct TokensAnswer {
    access_token: String,
    token_type: TokenType,
    /// Seconds from now (RFC 6749, section 5.1).
    expires_in: u64,
    refresh_token: String,
    /// Seconds from now.
    refresh_expires_in: u64,
}

impl From<SignedIn> for TokensAnswer {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            access_token: signed_in.access_token,
            token_type: TokenType::Bearer,
            expires_in: signed_in.expires_in,
            refresh_token: signed_in.refresh_token.expose_secret().to_owned(),
            refresh_expires_in: signed_in.refresh_expires_in,
        }
    }
}

/// Something was done.
#[derive(Serialize)]
pub struct Done {
    msg: &'static str,
}

/// A name and a password, as `/login` takes them. No `Debug`.
#[derive(Deserialize)]
pub struct CredentialsRequest {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: PasswordInput,
    #[serde(default)]
    remember: Remember,
}

/// A token to check or to end, as `/introspect` and `/revoke` take it. No `Debug`. The client's `token_type_hint` does not
/// matter: the token itself shows its kind.
#[derive(Deserialize)]
pub struct TokenRequest {
    #[serde(default)]
    token: String,
}

impl TokenRequest {
    fn token(&self) -> Result<&str, ApiError> {
        if self.token.is_empty() { Err(ApiError::InvalidRequest) } else { Ok(&self.token) }
    }
}
