//! The calls about second factors: the second step of a sign-in, and the user's own factors.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::api_types::{ApiError, AskedFactors, BegunTotpAnswer, FactorsAnswer, PasswordInput, SignedInAnswer};
use crate::app::protocol::{Open, Protected};

/// Completes the sign-in that waits for a second factor in this browser: the challenge is in a cookie.
///
/// # Errors
/// `bad_second_factor`, `challenge_expired`, `too_many_attempts`.
#[server(endpoint = "second-factor", protocol = Open)]
pub async fn second_factor(
    #[server(default)] totp: PasswordInput,
    #[server(default)] recovery_code: PasswordInput,
    #[server(default)] passkey: String,
) -> Result<SignedInAnswer, ApiError> {
    use crate::api_types::Remember;
    use crate::server::{flows, http};
    // How long the session lives was said with the password.
    let (new, challenge) = (http::new_session(Remember::default())?, http::challenge_of_browser()?);
    // A form without the program sends both fields, and both may be empty.
    let shown = flows::SecondFactor::of(totp.into(), recovery_code.into(), passkey).ok_or(ApiError::BadSecondFactor)?;
    http::page_answer(flows::second_factor(&http::app_state()?, &challenge, &shown, new).await?)
}

/// Returns what completes the sign-in that waits for a second factor in this browser.
///
/// # Errors
/// `challenge_expired`, also without the cookie.
#[server(endpoint = "asked-factors", protocol = Open)]
pub async fn what_completes_sign_in() -> Result<AskedFactors, ApiError> {
    use crate::server::{flows, http};
    let asked = flows::asked_factors(&http::app_state()?, &http::challenge_of_browser()?).await?;
    Ok(asked.ok_or(ApiError::ChallengeExpired)?.into())
}

/// Returns what the user has as second factors.
///
/// # Errors
/// Those of a bad token.
#[server(endpoint = "factors", protocol = Protected<GetUrl>)]
pub async fn factors() -> Result<FactorsAnswer, ApiError> {
    use crate::server::{flows, http};
    let (state, user) = (http::app_state()?, http::current_user()?);
    let required = flows::must_enrol(&state, &user).await?;
    Ok(FactorsAnswer { required, ..flows::list_own_factors(&state, &user).await?.into() })
}

/// Makes a secret for an authenticator app.
///
/// # Errors
/// `totp_exists`, `fresh_token_required`, and those of a bad token.
#[server(endpoint = "begin-totp", protocol = Protected)]
pub async fn begin_totp() -> Result<BegunTotpAnswer, ApiError> {
    use crate::server::{flows, http};
    let user = http::fresh_user()?;
    Ok(flows::begin_totp(&http::app_state()?, &user).await?.into())
}

/// Confirms the app with one of its codes. Returns recovery codes.
///
/// # Errors
/// `bad_second_factor`, `not_found` without a secret, `fresh_token_required`, and those of a bad token.
#[server(endpoint = "confirm-totp", protocol = Protected)]
pub async fn confirm_totp(code: PasswordInput) -> Result<Vec<String>, ApiError> {
    use crate::server::{flows, http};
    let user = http::fresh_user()?;
    let codes = flows::confirm_totp(&http::app_state()?, &user, &code.into(), http::origin()?).await?;
    Ok(http::texts_of_codes(&codes))
}

/// Removes the app.
///
/// # Errors
/// `not_found`, `fresh_token_required`, and those of a bad token.
#[server(endpoint = "remove-totp", protocol = Protected)]
pub async fn remove_totp() -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let user = http::fresh_user()?;
    Ok(flows::remove_totp(&http::app_state()?, &user, http::origin()?).await?)
}

/// Makes new recovery codes; the earlier ones stop working.
///
/// # Errors
/// `not_found` without a second factor, `fresh_token_required`, and those of a bad token.
#[server(endpoint = "renew-recovery-codes", protocol = Protected)]
pub async fn renew_recovery_codes() -> Result<Vec<String>, ApiError> {
    use crate::server::{flows, http};
    let user = http::fresh_user()?;
    let codes = flows::renew_recovery_codes(&http::app_state()?, &user, http::origin()?).await?;
    Ok(http::texts_of_codes(&codes))
}
