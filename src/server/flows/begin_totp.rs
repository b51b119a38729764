//! Makes a secret for the user's authenticator app. It counts only after the user has shown a code of it.

use secrecy::{ExposeSecret as _, SecretString};

use super::authenticate::CurrentUser;
use super::change_factors::{ChangeFactorsError, changeable_factors};
use crate::server::domain::totp::{TotpSecret, qr_code};
use crate::server::state::AppState;

/// What an app needs. No `Debug`.
pub struct BegunTotp {
    /// In base32, to be typed.
    pub secret: SecretString,
    /// `otpauth://…`
    pub uri: SecretString,
    /// The address as a QR code.
    pub svg: SecretString,
}

/// Makes a secret. It replaces an earlier one that was not confirmed.
///
/// # Errors
/// [`ChangeFactorsError`].
pub async fn begin_totp(state: &AppState, user: &CurrentUser) -> Result<BegunTotp, ChangeFactorsError> {
    if changeable_factors(state, user).await?.totp {
        return Err(ChangeFactorsError::ConfirmedAlready);
    }
    let secret = TotpSecret::from_bytes(state.world.random_bytes());
    let (id, nonce) = (user.user_id, state.world.random_bytes());
    let sealed = state.authenticator_key.seal(secret.expose_bytes(), &id.to_string(), nonce);
    if !state.store.begin_totp(id, &sealed, state.world.now()).await? {
        return Err(ChangeFactorsError::ConfirmedAlready);
    }
    let uri = secret.uri(&user.username);
    // A name is short: it always fits.
    let svg = qr_code(uri.expose_secret()).unwrap_or_default();
    Ok(BegunTotp { secret: secret.text(), uri, svg: svg.into() })
}
