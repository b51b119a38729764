//! Adds a passkey to the account of a signed-in user: asks the browser to make one, and keeps it.

use std::time::Duration;

use tracing::info;

use super::actor::event;
use super::authenticate::CurrentUser;
use super::authorize::require_fresh;
use super::change_factors::changeable_factors;
use super::passkey_questions::{PasskeyAsked, PasskeyError, keep_question, refused, relying_party, take_question};
use crate::server::domain::challenge::{BrowserKey, ChallengeId, Purpose};
use crate::server::domain::methods::{Method, Methods};
use crate::server::domain::passkey::{Passkey, PasskeyName};
use crate::server::domain::passkey_ceremonies::{ask_to_register, judge_registration};
use crate::server::domain::security_event::EventKind;
use crate::server::domain::session::Origin;
use crate::server::domain::step_up::StepUp;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// The first word of what is kept until the browser answers.
const QUIETLY: &str = "quietly";
const ASKED: &str = "asked";

/// How long after a sign-in the browser may make a passkey quietly: as long as the next page needs to load.
const JUST_NOW: Duration = Duration::from_secs(45);

/// The browser's answer.
pub struct NewPasskey<'a> {
    pub challenge: ChallengeId,
    /// `RegistrationResponseJSON`.
    pub answer: &'a str,
    /// Empty: the name of the device.
    pub name: &'a str,
}

/// Returns whether the browser may make a passkey quietly: the user has just typed the password, and has no passkey. Asks the
/// store only right after a sign-in.
///
/// # Errors
/// [`StoreError`].
pub async fn may_add_passkey(state: &AppState, user: &CurrentUser) -> Result<bool, StoreError> {
    let recent = StepUp { max_age: Some(JUST_NOW), ..StepUp::default() };
    let typed = user.methods.has(Method::Password)
        && recent.is_met(user.methods, user.authenticated_at, state.world.now())
        && require_fresh(state, user).is_ok();
    if !typed || state.config.relying_party.is_none() {
        return Ok(false);
    }
    Ok(state.store.list_passkeys(user.user_id).await?.is_empty())
}

/// Asks for a new passkey. `quietly`: the browser may make it without a dialog, right after the user typed the password.
///
/// # Errors
/// [`PasskeyError`].
pub async fn ask_for_new_passkey(
    state: &AppState,
    user: &CurrentUser,
    quietly: bool,
    browser: Option<&BrowserKey>,
) -> Result<PasskeyAsked, PasskeyError> {
    let party = relying_party(state)?;
    changeable_factors(state, user).await?;
    let existing = state.store.list_passkeys(user.user_id).await?;
    let question = ask_to_register(party, (user.user_id, &user.username), &existing, quietly)?;
    let kept = format!("{} {}", if quietly { QUIETLY } else { ASKED }, question.state);
    let purpose = (Purpose::PasskeyRegistration, Some(user.user_id));
    let challenge = keep_question(state, purpose, browser, kept).await?;
    Ok(PasskeyAsked { challenge, options: question.options })
}

/// Keeps the passkey that the browser made. The present session is then recognised by it too, unless the browser made it
/// without the user.
///
/// # Errors
/// [`PasskeyError`].
pub async fn add_passkey(
    state: &AppState,
    user: &CurrentUser,
    new: NewPasskey<'_>,
    browser: Option<&BrowserKey>,
    origin: Origin,
) -> Result<Passkey, PasskeyError> {
    let party = relying_party(state)?;
    let name =
        if new.name.trim().is_empty() { PasskeyName::of_device(&origin.device) } else { PasskeyName::parse(new.name)? };
    changeable_factors(state, user).await?;
    let kept = take_question(state, Purpose::PasskeyRegistration, &new.challenge, browser).await?;
    // Another user has signed in here meanwhile.
    if kept.user_id != Some(user.user_id) {
        return Err(PasskeyError::ChallengeExpired);
    }
    let (how, question) = kept.state.split_once(' ').unwrap_or_default();
    let made =
        judge_registration(party, question, new.answer).map_err(|wrong| refused(&wrong, PasskeyError::NotAdded))?;
    let passkey = Passkey {
        id: made.id,
        user_id: user.user_id,
        name,
        credential: made.credential,
        quiet: how == QUIETLY,
        created_at: state.world.now(),
        last_used_at: None,
    };
    let session = (!passkey.quiet).then(|| (user.session_id, with_passkey(user.methods, made.methods)));
    let event = event(state, EventKind::FactorAdded, origin);
    if !state.store.insert_passkey(&passkey, session, &event).await? {
        return Err(PasskeyError::NotAdded);
    }
    info!(user.id = %user.user_id, quiet = passkey.quiet, "Added a passkey of user `{}`", user.username);
    Ok(passkey)
}

fn with_passkey(before: Methods, passkey: Methods) -> Methods {
    if before.has(Method::Password) { before.and(passkey.after_password()) } else { before.and(passkey) }
}
