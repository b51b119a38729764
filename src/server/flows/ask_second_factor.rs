//! Asks for a second factor: the password was right, and the account has one. No session has begun yet.

use serde::{Deserialize, Serialize};

use crate::server::domain::additional_claims::AdditionalClaims;
use crate::server::domain::challenge::{ChallengeId, KeptChallenge, LIFETIME, Purpose, SecondFactorAsked};
use crate::server::domain::factors::Factors;
use crate::server::domain::ids::UserId;
use crate::server::domain::session::SessionKind;
use crate::server::state::AppState;
use crate::server::store::StoreError;

/// What the request with the password decided about the session. The rest is of the request that shows the second factor.
#[derive(Serialize, Deserialize)]
struct Waiting {
    kind: String,
    additional: String,
}

/// Keeps a challenge for this user.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn ask_second_factor(
    state: &AppState,
    user: UserId,
    factors: Factors,
    (kind, additional): (SessionKind, &AdditionalClaims),
) -> Result<SecondFactorAsked, StoreError> {
    let challenge = ChallengeId::from_random(state.world.random_bytes());
    let waiting = Waiting { kind: kind.as_str().to_owned(), additional: additional.to_json() };
    let text = serde_json::to_string(&waiting).map_err(|_| StoreError::Damaged("challenges.state"))?;
    let kept = KeptChallenge { hash: challenge.hash(), user_id: Some(user), state: text };
    state.store.insert_challenge(Purpose::SecondFactor, &kept, state.world.now().plus(LIFETIME)).await?;
    Ok(SecondFactorAsked { challenge, methods: factors.kinds() })
}

/// Returns what was decided about the session that waits for the answer to this challenge.
///
/// # Errors
/// [`StoreError::Damaged`].
pub(super) fn waiting_session(kept: &KeptChallenge) -> Result<(SessionKind, AdditionalClaims), StoreError> {
    let damaged = || StoreError::Damaged("challenges.state");
    let waiting: Waiting = serde_json::from_str(&kept.state).map_err(|_| damaged())?;
    let kind = SessionKind::parse(&waiting.kind).ok_or_else(damaged)?;
    Ok((kind, AdditionalClaims::parse(&waiting.additional).map_err(|_| damaged())?))
}
