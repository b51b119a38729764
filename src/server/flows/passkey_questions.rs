//! What all flows of passkeys share: the question that is kept until the browser answers, and why one fails.

use serde_json::Value;
use tracing::info;

use super::change_factors::ChangeFactorsError;
use super::login::LoginError;
use super::throttle::Throttled;
use crate::server::domain::challenge::{BrowserKey, ChallengeId, KeptChallenge, LIFETIME, Purpose};
use crate::server::domain::ids::UserId;
use crate::server::domain::passkey::NotAName;
use crate::server::domain::passkey_ceremonies::{NotBegun, WrongAnswer};
use crate::server::domain::relying_party::RelyingParty;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// A question for a browser.
pub struct PasskeyAsked {
    /// Comes back with the answer.
    pub challenge: ChallengeId,
    /// The options of WebAuthn.
    pub options: Value,
}

/// Why a flow of passkeys failed.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    #[error("there are no passkeys here: the host of PUBLIC_URL is an address")]
    Unavailable,
    #[error("the challenge is unknown, answered, expired, or of another browser")]
    ChallengeExpired,
    #[error("the answer is not one that browsers send")]
    Malformed,
    #[error("the passkey is not accepted")]
    Refused,
    /// Nobody has a passkey with this id, which nobody can guess. The password manager should forget it.
    #[error("the passkey is not known here")]
    Unknown,
    #[error("the passkey could not be added")]
    NotAdded,
    #[error("the user has no such passkey")]
    NoSuchPasskey,
    /// The user may not change the factors of the account now.
    #[error(transparent)]
    Change(#[from] ChangeFactorsError),
    #[error(transparent)]
    Name(#[from] NotAName),
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    NotBegun(#[from] NotBegun),
}

/// Returns who this server is to browsers.
pub(super) fn relying_party(state: &AppState) -> Result<&RelyingParty, PasskeyError> {
    state.config.relying_party.as_ref().ok_or(PasskeyError::Unavailable)
}

/// Keeps a question, until this browser answers. `kept`: what the answer is judged by.
pub(super) async fn keep_question(
    state: &AppState,
    (purpose, user_id): (Purpose, Option<UserId>),
    browser: Option<&BrowserKey>,
    kept: String,
) -> Result<ChallengeId, StoreError> {
    let challenge = ChallengeId::from_random(state.world.random_bytes());
    let kept = KeptChallenge { hash: challenge.hash_in(browser), user_id, state: kept };
    state.store.insert_challenge(purpose, &kept, state.world.now().plus(LIFETIME)).await?;
    Ok(challenge)
}

/// Takes the question that this browser answers. Each is answered once, right or wrong.
pub(super) async fn take_question(
    state: &AppState,
    purpose: Purpose,
    challenge: &ChallengeId,
    browser: Option<&BrowserKey>,
) -> Result<KeptChallenge, PasskeyError> {
    let kept = state.store.take_challenge(&challenge.hash_in(browser), purpose, state.world.now()).await?;
    kept.ok_or(PasskeyError::ChallengeExpired)
}

/// Logs why an answer was refused: the client learns only that it was. `otherwise`: the error of a wrong answer.
pub(super) fn refused(wrong: &WrongAnswer, otherwise: PasskeyError) -> PasskeyError {
    info!(cause = %wrong, "Refused the answer of a passkey");
    match wrong {
        WrongAnswer::Malformed(_) => PasskeyError::Malformed,
        WrongAnswer::Kept => StoreError::Damaged("passkeys").into(),
        WrongAnswer::Unknown | WrongAnswer::Counter | WrongAnswer::Refused(_) => otherwise,
    }
}
