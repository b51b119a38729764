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
use super::throttle::{Throttled, admit_to_second_factor};
use crate::server::domain::challenge::{ChallengeId, Purpose};
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
    Store(#[from] StoreError),
    #[error(transparent)]
    Start(LoginError),
}

impl SecondFactor {
    /// Returns the one that a client has sent. `None`: none, or several. An empty text counts as not sent: a form sends all
    /// its fields.
    #[must_use]
    pub fn of(totp: SecretString, recovery_code: SecretString) -> Option<Self> {
        match (totp.expose_secret().trim().is_empty(), recovery_code.expose_secret().trim().is_empty()) {
            (false, true) => Some(Self::Totp(totp)),
            (true, false) => Some(Self::RecoveryCode(recovery_code)),
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
    let checked = match shown {
        SecondFactor::Totp(typed) => check_totp(state, user_id, typed).await,
        SecondFactor::RecoveryCode(typed) => Ok(check_recovery_code(state, typed, &new.visitor.origin)),
    };
    let code = match checked {
        Ok(code) => code,
        Err(error) => {
            attempt.tested_nothing();
            return Err(SecondFactorError::Check(error));
        }
    };
    let answered = match &code {
        Some(code) => state.store.answer_challenge(&kept.hash, user_id, code, now).await?,
        None => Answered::Wrong,
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
    match start_session(state, (&user, &verified), Methods::PASSWORD_AND_CODE, new).await {
        Ok(signed_in) => {
            state.measures.sign_in_accepted();
            Ok(signed_in)
        }
        // It has changed after the challenge was taken.
        Err(LoginError::UserChanged) => Err(SecondFactorError::ChallengeGone),
        Err(error) => Err(SecondFactorError::Start(error)),
    }
}

/// Returns the code, if it has the form of one. The store checks whether the user has it.
fn check_recovery_code(state: &AppState, typed: &SecretString, origin: &Origin) -> Option<Code> {
    let hash = RecoveryCode::from_typed(typed.expose_secret())?.hash();
    Some(Code::Recovery { hash, event: event(state, EventKind::RecoveryCodeUsed, origin.clone()) })
}
