//! Signs in with a passkey alone: the device checks the user, and the passkey tells who it is. No name, no password.
//!
//! A passkey cannot be guessed. Attempts are counted for each network address nevertheless, because each costs a signature.

use tracing::{info, warn};

use super::actor::event;
use super::login::{LoginError, NewSession, SignedIn, start_session};
use super::passkey_questions::{PasskeyAsked, PasskeyError, keep_question, refused, relying_party, take_question};
use super::throttle::{Visitor, admit_to_code, admit_to_question};
use crate::server::domain::challenge::{BrowserKey, ChallengeId, Purpose};
use crate::server::domain::ids::UserId;
use crate::server::domain::methods::Methods;
use crate::server::domain::passkey_ceremonies::{SignInAnswer, WrongAnswer, ask_to_sign_in};
use crate::server::domain::security_event::EventKind;
use crate::server::state::AppState;

/// Asks for any passkey.
///
/// # Errors
/// [`PasskeyError`].
pub async fn ask_for_passkey(
    state: &AppState,
    visitor: &Visitor,
    browser: Option<&BrowserKey>,
) -> Result<PasskeyAsked, PasskeyError> {
    let party = relying_party(state)?;
    admit_to_question(state, visitor)?;
    let question = ask_to_sign_in(party)?;
    let challenge = keep_question(state, (Purpose::PasskeySignIn, None), browser, question.state).await?;
    Ok(PasskeyAsked { challenge, options: question.options })
}

/// What a browser shows of a passkey. No `Debug`: its answer is good until it is judged.
pub struct ShownPasskey<'a> {
    /// Of the question.
    pub challenge: ChallengeId,
    /// Of the browser, as JSON.
    pub answer: &'a str,
    /// Of the only user whom it may sign in; empty: anybody.
    pub username: &'a str,
}

/// Judges the browser's answer, and starts a session.
///
/// # Errors
/// [`PasskeyError`].
pub async fn sign_in_with_passkey(
    state: &AppState,
    shown: ShownPasskey<'_>,
    browser: Option<&BrowserKey>,
    new: NewSession,
) -> Result<SignedIn, PasskeyError> {
    let attempt = admit_to_code(state, &new.visitor)?;
    match recognise(state, &shown, browser).await {
        Ok((user, methods)) => {
            attempt.succeeded();
            let signed_in = start(state, (user, shown.username), methods, new).await?;
            state.measures.sign_in_accepted();
            Ok(signed_in)
        }
        Err(Unrecognised(error, owner)) => {
            if let PasskeyError::Store(_) = error {
                attempt.tested_nothing();
            } else {
                state.measures.sign_in_refused();
                let told = owner.map(|owner| (event(state, EventKind::FactorRefused, new.visitor.origin), owner));
                attempt.failed(told).await?;
            }
            Err(error)
        }
    }
}

/// Why nobody was recognised, and the user who must be told of it.
struct Unrecognised(PasskeyError, Option<UserId>);

impl<E: Into<PasskeyError>> From<E> for Unrecognised {
    fn from(error: E) -> Self {
        Self(error.into(), None)
    }
}

/// Returns whose passkey answered, and how it recognised them.
async fn recognise(
    state: &AppState,
    shown: &ShownPasskey<'_>,
    browser: Option<&BrowserKey>,
) -> Result<(UserId, Methods), Unrecognised> {
    let party = relying_party(state)?;
    let kept = take_question(state, Purpose::PasskeySignIn, &shown.challenge, browser).await?;
    let wrong = |wrong| Unrecognised(refused(&wrong, PasskeyError::Refused), None);
    let answer = SignInAnswer::parse(shown.answer).map_err(wrong)?;
    let passkey = state.store.find_passkey(&answer.passkey()).await?.ok_or(PasskeyError::Unknown)?;
    let recognised = match answer.judge(party, &kept.state, &passkey) {
        Ok(recognised) => recognised,
        Err(WrongAnswer::Counter) => {
            warn!(user.id = %passkey.user_id, "The signature counter of a passkey went back: somebody may have a copy of it");
            return Err(Unrecognised(PasskeyError::Refused, Some(passkey.user_id)));
        }
        Err(refused) => return Err(wrong(refused)),
    };
    // False if another answer with the same counter was first, or the passkey was removed meanwhile.
    if state.store.use_passkey(&passkey, &recognised.credential, state.world.now()).await? {
        Ok((passkey.user_id, recognised.methods))
    } else {
        Err(wrong(WrongAnswer::Unknown))
    }
}

async fn start(
    state: &AppState,
    (user, only): (UserId, &str),
    methods: Methods,
    new: NewSession,
) -> Result<SignedIn, PasskeyError> {
    // Repeats only if the user has changed in between: the roles, or the password.
    loop {
        let found = state.store.find_credentials(user).await?.filter(|(user, _)| user.disabled_at.is_none());
        let Some((account, verified)) = found else {
            info!(user.id = %user, "Refused a sign-in with a passkey: the account is disabled or removed");
            return Err(PasskeyError::Refused);
        };
        if !only.is_empty() && account.username.as_str() != only {
            info!(user.id = %user, "Refused a passkey: the page asked for that of another user");
            return Err(PasskeyError::Refused);
        }
        match start_session(state, (&account, &verified), methods, new.clone()).await {
            Err(LoginError::UserChanged) => {}
            done => return Ok(done?),
        }
    }
}
