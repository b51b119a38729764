//! Asks for a second factor: the password was right, and the account has one. No session has begun yet.

use serde::{Deserialize, Serialize};

use super::login::NewSession;
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
    new: &NewSession,
) -> Result<SecondFactorAsked, StoreError> {
    let challenge = ChallengeId::from_random(state.world.random_bytes());
    let waiting = Waiting { kind: new.kind.as_str().to_owned(), additional: new.additional.to_json() };
    let text = serde_json::to_string(&waiting).map_err(|_| StoreError::Damaged("challenges.state"))?;
    let kept = KeptChallenge { hash: challenge.hash(), user_id: Some(user), state: text };
    state.store.insert_challenge(Purpose::SecondFactor, &kept, state.world.now().plus(LIFETIME)).await?;
    Ok(SecondFactorAsked { challenge, methods: factors.kinds() })
}

/// Returns the session that waited for the answer to this challenge. `new`: of the request with the answer.
///
/// # Errors
/// [`StoreError::Damaged`].
pub(super) fn waiting_session(kept: &KeptChallenge, new: NewSession) -> Result<NewSession, StoreError> {
    let damaged = || StoreError::Damaged("challenges.state");
    let waiting: Waiting = serde_json::from_str(&kept.state).map_err(|_| damaged())?;
    Ok(NewSession {
        kind: SessionKind::parse(&waiting.kind).ok_or_else(damaged)?,
        additional: AdditionalClaims::parse(&waiting.additional).map_err(|_| damaged())?,
        ..new
    })
}
