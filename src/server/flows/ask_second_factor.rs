//! Asks for a second factor: the password was right, and the account has one. No session has begun yet.

use serde::{Deserialize, Serialize};

use crate::server::domain::additional_claims::AdditionalClaims;
use crate::server::domain::challenge::{ChallengeId, KeptChallenge, LIFETIME, Purpose, SecondFactorAsked};
use crate::server::domain::factors::Factors;
use crate::server::domain::password::PasswordHash;
use crate::server::domain::session::SessionKind;
use crate::server::domain::user::User;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// What the request with the password decided about the session. The rest is of the request that shows the second factor.
#[derive(Serialize, Deserialize)]
struct Waiting {
    kind: String,
    additional: String,
    /// The fingerprint of the password's hash. If the password has changed since, the answer comes too late.
    password: String,
}

/// Keeps a challenge for this user.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn ask_second_factor(
    state: &AppState,
    (user, verified): (&User, &PasswordHash),
    factors: Factors,
    (kind, additional): (SessionKind, &AdditionalClaims),
) -> Result<SecondFactorAsked, StoreError> {
    let challenge = ChallengeId::from_random(state.world.random_bytes());
    let waiting =
        Waiting { kind: kind.as_str().to_owned(), additional: additional.to_json(), password: verified.fingerprint() };
    let text = serde_json::to_string(&waiting).map_err(|_| damaged())?;
    let kept = KeptChallenge { hash: challenge.hash(), user_id: Some(user.id), state: text };
    state.store.insert_challenge(Purpose::SecondFactor, &kept, state.world.now().plus(LIFETIME)).await?;
    Ok(SecondFactorAsked { challenge, methods: factors.kinds() })
}

/// Returns what was decided about the session that waits for the answer to this challenge. `None`: the password has changed
/// since it was checked. `current`: its hash now.
///
/// # Errors
/// [`StoreError::Damaged`].
pub(super) fn waiting_session(
    kept: &KeptChallenge,
    current: &PasswordHash,
) -> Result<Option<(SessionKind, AdditionalClaims)>, StoreError> {
    let waiting = read(kept)?;
    if waiting.password != current.fingerprint() {
        return Ok(None);
    }
    let additional = AdditionalClaims::parse(&waiting.additional).map_err(|_| damaged())?;
    Ok(Some((kind(&waiting)?, additional)))
}

/// What a page shows of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub factors: Factors,
    /// Of the session that waits.
    pub kind: SessionKind,
}

/// Returns what this challenge asks for, if it can still be answered.
///
/// # Errors
/// [`StoreError`].
pub async fn asked_factors(state: &AppState, challenge: &ChallengeId) -> Result<Option<Asked>, StoreError> {
    let found = state.store.find_challenge(&challenge.hash(), Purpose::SecondFactor, state.world.now()).await?;
    let Some((kept, user)) = found.and_then(|kept| kept.user_id.map(|user| (kept, user))) else { return Ok(None) };
    let factors = state.store.find_factors(user).await?;
    Ok(Some(Asked { factors, kind: kind(&read(&kept)?)? }))
}

fn read(kept: &KeptChallenge) -> Result<Waiting, StoreError> {
    serde_json::from_str(&kept.state).map_err(|_| damaged())
}

fn kind(waiting: &Waiting) -> Result<SessionKind, StoreError> {
    SessionKind::parse(&waiting.kind).ok_or_else(damaged)
}

fn damaged() -> StoreError {
    StoreError::Damaged("challenges.state")
}
