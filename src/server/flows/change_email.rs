//! Gives an account an email address: the user asks for it, and a link in a mail to the address confirms it. Until then, the
//! account keeps the address that it has.

use tracing::info;

use super::actor::event;
use super::authenticate::CurrentUser;
use super::queue_mail::{about, mail_for};
use super::throttle::{Throttled, Visitor, admit_to_code, admit_to_mail};
use crate::server::domain::email::{Email, NotAnEmail};
use crate::server::domain::letter_words::{another_email_asked, confirm_email, email_replaced};
use crate::server::domain::mail_link::{LinkCode, Purpose};
use crate::server::domain::security_event::EventKind;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::mail_links::{Confirmed, KeptLink, NewLink};

/// Why an address was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeEmailError {
    #[error("this server sends no mail")]
    NoMail,
    #[error(transparent)]
    NotAnEmail(#[from] NotAnEmail),
    #[error("the link is unknown, used or expired")]
    BadLink,
    /// Only the reader of its mail is told.
    #[error("another account has this address")]
    Taken,
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns the address of the user's own account.
///
/// # Errors
/// [`StoreError`].
pub async fn own_email(state: &AppState, user: &CurrentUser) -> Result<Option<String>, StoreError> {
    state.store.find_address(user.user_id).await
}

/// Sends a link to the new address, and tells the old one. The answer does not show whether another account has the address.
///
/// # Errors
/// [`ChangeEmailError`].
pub async fn change_email(
    state: &AppState,
    user: &CurrentUser,
    typed: &str,
    visitor: &Visitor,
) -> Result<(), ChangeEmailError> {
    if !state.mailer.is_on() {
        return Err(ChangeEmailError::NoMail);
    }
    let email = Email::parse(typed)?;
    // Counted when this is dropped: nobody's mailbox can be filled from here.
    let _attempt = admit_to_mail(state, user.user_id, Some(&email), visitor)?;
    let (code, now) = (LinkCode::from_random(state.world.random_bytes()), state.world.now());
    let purpose = Purpose::ConfirmEmail;
    let expires_at = now.plus(purpose.lifetime());
    let link = purpose.link(&state.config.public_url, &code);
    let letter = confirm_email(about(state, email.as_str(), &user.username), link, now, &visitor.origin);
    let mut mails = vec![mail_for(state, user.user_id, &letter, Some(expires_at))];
    if let Some(old) = state.store.find_address(user.user_id).await? {
        let letter = another_email_asked(about(state, &old, &user.username), now, &visitor.origin);
        mails.push(mail_for(state, user.user_id, &letter, None));
    }
    let link =
        NewLink { hash: code.hash(), purpose, user_id: user.user_id, address: email.as_str().to_owned(), expires_at };
    state.store.insert_link(&link, &mails).await?;
    state.mailer.some.notify_one();
    info!(user.id = %user.user_id, "A new email address was asked for");
    Ok(())
}

/// Confirms an address with the code from its mail. The old address is told, and so is the new one: by the event.
///
/// # Errors
/// [`ChangeEmailError`].
pub async fn confirm_new_email(state: &AppState, code: &str, visitor: &Visitor) -> Result<(), ChangeEmailError> {
    let attempt = admit_to_code(state, visitor)?;
    let hash = LinkCode::from_client(code).hash();
    let told = event(state, EventKind::EmailChanged, visitor.origin.clone());
    let Some(KeptLink { user_id, address }) = state.store.find_link(&hash, Purpose::ConfirmEmail, told.at).await?
    else {
        attempt.failed(None).await?;
        return Err(ChangeEmailError::BadLink);
    };
    attempt.succeeded();
    let Some(user) = state.store.find_user_by_id(user_id).await? else { return Err(ChangeEmailError::BadLink) };
    let email = Email::parse(&address)?;
    let old = state.store.find_address(user_id).await?.filter(|old| *old != email.as_str());
    let goodbye = old.map(|old| {
        let letter = email_replaced(about(state, &old, user.username.as_str()), told.at, &visitor.origin);
        mail_for(state, user_id, &letter, None)
    });
    match state.store.confirm_address(&hash, (user_id, &email), goodbye.as_slice(), &told).await? {
        Confirmed::NotValid => Err(ChangeEmailError::BadLink),
        Confirmed::Taken => Err(ChangeEmailError::Taken),
        Confirmed::Yes => {
            state.mailer.some.notify_one();
            info!(user.id = %user_id, "Confirmed the email address of user `{}`", user.username);
            Ok(())
        }
    }
}
