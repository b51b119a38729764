//! Completes a sign-in: checks the second factor, and starts the session that waited for it.
//!
//! A right answer takes its challenge and uses its code in one transaction: of two right answers at the same time, one starts
//! a session, and no code works twice. A new password, a disabled account and the end of all sessions withdraw the challenge.

use secrecy::{ExposeSecret as _, SecretString};
use tracing::info;

use super::actor::event;
use super::ask_second_factor::waiting_session;
use super::change_factors::ChangeFactorsError;
use super::check_totp::check_totp;
use super::login::{LoginError, NewSession, SignedIn, start_session};
use super::passkey_after_password::judge_second_passkey;
use super::passkey_questions::PasskeyError;
use super::throttle::{Throttled, admit_to_second_factor};
use crate::server::domain::challenge::{ChallengeId, KeptChallenge, Purpose};
use crate::server::domain::ids::UserId;
use crate::server::domain::methods::Methods;
use crate::server::domain::recovery_code::RecoveryCode;
use crate::server::domain::security_event::EventKind;
use crate::server::domain::session::Origin;
use crate::server::state::AppState;
use crate::server::store::StoreError;
use crate::server::store::challenges::{Answered, Code};

/// What a client shows as its second factor. No `Debug`.
pub enum SecondFactor {
    Totp(SecretString),
    RecoveryCode(SecretString),
    /// The browser's answer to the question of [`ask_for_second_passkey`](super::ask_for_second_passkey), as JSON.
    Passkey(String),
}

/// Why no session began.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// The challenge is unknown, answered, withdrawn or too old; or the account has changed since.
    #[error("the challenge cannot be answered any more")]
    ChallengeGone,
    #[error("the second factor is wrong, or was used before")]
    Wrong,
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Check(ChangeFactorsError),
    #[error(transparent)]
    Passkey(PasskeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Start(LoginError),
}

impl SecondFactor {
    /// Returns the one that a client has sent. `None`: none, or several. An empty text counts as not sent: a form sends all
    /// its fields.
    #[must_use]
    pub fn of(totp: SecretString, recovery_code: SecretString, passkey: String) -> Option<Self> {
        let is_sent = |text: &str| !text.trim().is_empty();
        match (is_sent(totp.expose_secret()), is_sent(recovery_code.expose_secret()), is_sent(&passkey)) {
            (true, false, false) => Some(Self::Totp(totp)),
            (false, true, false) => Some(Self::RecoveryCode(recovery_code)),
            (false, false, true) => Some(Self::Passkey(passkey)),
            _ => None,
        }
    }
}

/// Checks the second factor that answers a challenge, and starts the session. `new`: of this request; how long the session
/// lives was decided with the password.
///
/// # Errors
/// [`SecondFactorError`].
pub async fn second_factor(
    state: &AppState,
    challenge: &ChallengeId,
    shown: &SecondFactor,
    new: NewSession,
) -> Result<SignedIn, SecondFactorError> {
    let now = state.world.now();
    let kept = state.store.find_challenge(&challenge.hash(), Purpose::SecondFactor, now).await?;
    let Some((kept, user_id)) = kept.and_then(|kept| kept.user_id.map(|user| (kept, user))) else {
        return Err(SecondFactorError::ChallengeGone);
    };
    // Before the challenge is taken: a change of the account in between withdraws it.
    let found = state.store.find_credentials(user_id).await?.filter(|(user, _)| user.disabled_at.is_none());
    let (user, verified) = found.ok_or(SecondFactorError::ChallengeGone)?;
    let (kind, additional) = waiting_session(&kept, &verified)?.ok_or(SecondFactorError::ChallengeGone)?;
    let new = NewSession { kind, additional, ..new };

    let attempt = admit_to_second_factor(state, (&user, &verified), &new.visitor)?;
    let answered = match shown {
        SecondFactor::Totp(typed) => {
            answer_with_code(state, &kept, user_id, check_totp(state, user_id, typed).await).await
        }
        SecondFactor::RecoveryCode(typed) => {
            let code = check_recovery_code(state, typed, &new.visitor.origin);
            answer_with_code(state, &kept, user_id, Ok(code)).await
        }
        SecondFactor::Passkey(answer) => answer_with_passkey(state, challenge, user_id, answer).await,
    };
    let (answered, methods) = match answered {
        Ok(answered) => answered,
        Err(error) => {
            attempt.tested_nothing();
            return Err(error);
        }
    };
    match answered {
        Answered::Right => attempt.succeeded(),
        Answered::Gone => {
            // Another request with a right answer was first, or the account has changed.
            attempt.tested_nothing();
            return Err(SecondFactorError::ChallengeGone);
        }
        Answered::Wrong => {
            state.measures.sign_in_refused();
            info!(user.id = %user_id, address = %new.visitor.origin.address, "Refused a sign-in: wrong second factor");
            state.store.refuse_challenge(&kept.hash).await?;
            let told = event(state, EventKind::FactorRefused, new.visitor.origin);
            attempt.failed(Some((told, user_id))).await?;
            return Err(SecondFactorError::Wrong);
        }
    }
    match start_session(state, (&user, &verified), methods, new).await {
        Ok(signed_in) => {
            state.measures.sign_in_accepted();
            Ok(signed_in)
        }
        // It has changed after the challenge was taken.
        Err(LoginError::UserChanged) => Err(SecondFactorError::ChallengeGone),
        Err(error) => Err(SecondFactorError::Start(error)),
    }
}

/// Uses a code and takes the challenge, both or neither.
async fn answer_with_code(
    state: &AppState,
    kept: &KeptChallenge,
    user: UserId,
    checked: Result<Option<Code>, ChangeFactorsError>,
) -> Result<(Answered, Methods), SecondFactorError> {
    let answered = match checked.map_err(SecondFactorError::Check)? {
        Some(code) => state.store.answer_challenge(&kept.hash, user, &code, state.world.now()).await?,
        None => Answered::Wrong,
    };
    Ok((answered, Methods::PASSWORD_AND_CODE))
}

/// Judges a passkey, and then takes the challenge. The question that the passkey answered is used up in any case.
async fn answer_with_passkey(
    state: &AppState,
    challenge: &ChallengeId,
    user: UserId,
    answer: &str,
) -> Result<(Answered, Methods), SecondFactorError> {
    let methods = match judge_second_passkey(state, user, challenge, answer).await {
        Ok(methods) => methods,
        Err(PasskeyError::Refused | PasskeyError::Unknown | PasskeyError::ChallengeExpired) => {
            return Ok((Answered::Wrong, Methods::default()));
        }
        Err(PasskeyError::Store(error)) => return Err(error.into()),
        Err(error) => return Err(SecondFactorError::Passkey(error)),
    };
    let taken = state.store.take_challenge(&challenge.hash(), Purpose::SecondFactor, state.world.now()).await?;
    Ok((if taken.is_some() { Answered::Right } else { Answered::Gone }, methods))
}

/// Returns the code, if it has the form of one. The store checks whether the user has it.
fn check_recovery_code(state: &AppState, typed: &SecretString, origin: &Origin) -> Option<Code> {
    let hash = RecoveryCode::from_typed(typed.expose_secret())?.hash();
    Some(Code::Recovery { hash, event: event(state, EventKind::RecoveryCodeUsed, origin.clone()) })
}
