//! What a page can ask about passkeys. A browser answers a question that it got with the cookie of its key; another browser
//! cannot.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::api_types::{ApiError, PasskeyQuestion, PasskeySummary, PasskeysAnswer, Remember, SignedInAnswer};
use crate::app::protocol::{Open, Protected};

/// Asks for any passkey, to sign in with it.
///
/// # Errors
/// `passkeys_unavailable`, `too_many_attempts`.
#[server(endpoint = "passkey-question", protocol = Open)]
pub async fn ask_for_passkey() -> Result<PasskeyQuestion, ApiError> {
    use crate::server::{flows, http};
    let (state, key) = (http::app_state()?, http::browser_key_to_ask()?);
    Ok(http::page_question(flows::ask_for_passkey(&state, &http::visitor()?, Some(&key)).await?))
}

/// Signs in with a passkey. `username`: of the user whose passkey it must be; empty if it can be anybody's.
///
/// # Errors
/// `bad_passkey`, `challenge_expired`, `invalid_request`, `too_many_attempts`.
#[server(endpoint = "passkey-sign-in", protocol = Open)]
pub async fn sign_in_with_passkey(
    challenge: String,
    passkey: String,
    #[server(default)] remember: Remember,
    #[server(default)] username: String,
) -> Result<SignedInAnswer, ApiError> {
    use crate::server::{flows, http};
    let (state, key, new) = (http::app_state()?, http::browser_key()?, http::new_session(remember)?);
    let shown = flows::ShownPasskey { challenge: http::challenge(&challenge), answer: &passkey, username: &username };
    http::page_answer(flows::sign_in_with_passkey(&state, shown, Some(&key), new).await?)
}

/// Asks for a passkey after the password. Its answer goes to `second_factor`, with the challenge of the cookie.
///
/// # Errors
/// `challenge_expired`, also without the cookie.
#[server(endpoint = "second-factor-question", protocol = Open)]
pub async fn ask_for_second_passkey() -> Result<PasskeyQuestion, ApiError> {
    use crate::server::{flows, http};
    let options = flows::ask_for_second_passkey(&http::app_state()?, &http::challenge_of_browser()?).await?;
    Ok(PasskeyQuestion { challenge: String::new(), options: options.to_string() })
}

/// Lists the user's own passkeys.
///
/// # Errors
/// Those of a bad token.
#[server(endpoint = "passkeys", protocol = Protected<GetUrl>)]
pub async fn passkeys() -> Result<PasskeysAnswer, ApiError> {
    use crate::server::{flows, http};
    let (state, user) = (http::app_state()?, http::current_user()?);
    let passkeys = flows::list_passkeys(&state, &user).await?;
    Ok(http::passkeys_answer(&state, &user, passkeys))
}

/// Asks the browser to make a passkey. `quietly`: without a dialog, right after the user typed the password.
///
/// # Errors
/// `fresh_token_required`, `passkeys_unavailable`, and those of a bad token.
#[server(endpoint = "new-passkey-question", protocol = Protected)]
pub async fn ask_for_new_passkey(#[server(default)] quietly: bool) -> Result<PasskeyQuestion, ApiError> {
    use crate::server::{flows, http};
    let (state, user, key) = (http::app_state()?, http::fresh_user()?, http::browser_key_to_ask()?);
    Ok(http::page_question(flows::ask_for_new_passkey(&state, &user, quietly, Some(&key)).await?))
}

/// Keeps the passkey that the browser made.
///
/// # Errors
/// `passkey_not_added`, `challenge_expired`, `fresh_token_required`, and those of a bad token.
#[server(endpoint = "add-passkey", protocol = Protected)]
pub async fn add_passkey(
    challenge: String,
    passkey: String,
    #[server(default)] name: String,
) -> Result<PasskeySummary, ApiError> {
    use crate::server::{flows, http};
    let (state, user, key) = (http::app_state()?, http::fresh_user()?, http::browser_key()?);
    let new = flows::NewPasskey { challenge: http::challenge(&challenge), answer: &passkey, name: &name };
    Ok(flows::add_passkey(&state, &user, new, Some(&key), http::origin()?).await?.into())
}

/// Gives one of the user's passkeys another name.
///
/// # Errors
/// `not_found`, `invalid_request` for a text that is no name, and those of a bad token.
#[server(endpoint = "rename-passkey", protocol = Protected)]
pub async fn rename_passkey(id: String, #[server(default)] name: String) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let user = http::current_user()?;
    Ok(flows::rename_passkey(&http::app_state()?, &user, &id, &name).await?)
}

/// Removes one of the user's passkeys.
///
/// # Errors
/// `not_found`, `fresh_token_required`, and those of a bad token.
#[server(endpoint = "remove-passkey", protocol = Protected)]
pub async fn remove_passkey(id: String) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let user = http::fresh_user()?;
    Ok(flows::remove_passkey(&http::app_state()?, &user, &id, http::origin()?).await?)
}
