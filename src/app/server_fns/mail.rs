//! The calls about email addresses, and about passwords that were forgotten.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

use crate::api_types::{ApiError, EmailAnswer, PasswordInput};
use crate::app::protocol::{Open, Protected};

/// Returns the user's own email address.
///
/// # Errors
/// Those of a bad token.
#[server(endpoint = "email", protocol = Protected<GetUrl>)]
pub async fn email() -> Result<EmailAnswer, ApiError> {
    use crate::server::{flows, http};
    let user = http::current_user()?;
    Ok(EmailAnswer { email: flows::own_email(&http::app_state()?, &user).await? })
}

/// Sends a link to a new address of the user.
///
/// # Errors
/// `invalid_email`, `mail_off`, `too_many_attempts`, `fresh_token_required`, and those of a bad token.
#[server(endpoint = "change-email", protocol = Protected)]
pub async fn change_email(email: String) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    let user = http::fresh_user()?;
    Ok(flows::change_email(&http::app_state()?, &user, &email, &http::visitor()?).await?)
}

/// Confirms an address with the link from its mail.
///
/// # Errors
/// `bad_link`, `email_taken`, `too_many_attempts`.
#[server(endpoint = "confirm-email", protocol = Open)]
pub async fn confirm_email(#[server(default)] token: String) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    Ok(flows::confirm_new_email(&http::app_state()?, &token, &http::visitor()?).await?)
}

/// Asks for a link with which to choose a new password; `username` can be an email address.
///
/// # Errors
/// `missing_username`, `mail_off`, `too_many_attempts`; the same whether the account exists or not.
#[server(endpoint = "forgot-password", protocol = Open)]
pub async fn forgot_password(#[server(default)] username: String) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    Ok(flows::forgot_password(&http::app_state()?, &username, &http::visitor()?)?)
}

/// Chooses a new password with the link from a mail. All sessions end.
///
/// # Errors
/// `bad_link`, `too_many_attempts`, and those of a new password.
#[server(endpoint = "reset-password", protocol = Open)]
pub async fn reset_password(
    #[server(default)] token: String,
    #[server(default)] new_password: PasswordInput,
) -> Result<(), ApiError> {
    use crate::server::{flows, http};
    Ok(flows::reset_password(&http::app_state()?, &token, new_password.into(), &http::visitor()?).await?)
}
