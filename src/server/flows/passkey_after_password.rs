//! A passkey as the second factor, after the right password: asks for one of the user's passkeys, and judges the answer.
//!
//! The question belongs to the challenge of the second factor, which `second_factor.rs` answers.

use serde_json::Value;
use tracing::warn;

use super::passkey_questions::{PasskeyError, refused, relying_party};
use crate::server::domain::challenge::{ChallengeId, KeptChallenge, LIFETIME, Purpose};
use crate::server::domain::ids::UserId;
use crate::server::domain::methods::Methods;
use crate::server::domain::passkey_ceremonies::{WrongAnswer, ask_after_password, judge_after_password};
use crate::server::state::AppState;

/// Asks for one of the passkeys of the user whom this challenge of a second factor asks. Asked again, the last question is
/// void.
///
/// # Errors
/// [`PasskeyError`]; `Refused` if the user has none.
pub async fn ask_for_second_passkey(state: &AppState, challenge: &ChallengeId) -> Result<Value, PasskeyError> {
    let (party, now) = (relying_party(state)?, state.world.now());
    let asked = state.store.find_challenge(&challenge.hash(), Purpose::SecondFactor, now).await?;
    let user = asked.and_then(|asked| asked.user_id).ok_or(PasskeyError::ChallengeExpired)?;
    let passkeys = state.store.list_passkeys(user).await?;
    if passkeys.is_empty() {
        return Err(PasskeyError::Refused);
    }
    let question = ask_after_password(party, &passkeys)?;
    let kept = KeptChallenge { hash: challenge.of_passkey().hash(), user_id: Some(user), state: question.state };
    state.store.insert_challenge(Purpose::PasskeyAfterPassword, &kept, now.plus(LIFETIME)).await?;
    Ok(question.options)
}

/// Judges the answer of a passkey of this user, to the question that belongs to this challenge of a second factor. Returns how
/// the user was recognised, the password included.
///
/// # Errors
/// [`PasskeyError`]: `Malformed`, `Refused`, `ChallengeExpired` if nothing was asked, `Store`. Each question is answered once,
/// right or wrong.
pub async fn judge_second_passkey(
    state: &AppState,
    user: UserId,
    challenge: &ChallengeId,
    answer: &str,
) -> Result<Methods, PasskeyError> {
    let (party, now) = (relying_party(state)?, state.world.now());
    let hash = challenge.of_passkey().hash();
    let kept = state.store.take_challenge(&hash, Purpose::PasskeyAfterPassword, now).await?;
    let kept = kept.filter(|kept| kept.user_id == Some(user)).ok_or(PasskeyError::ChallengeExpired)?;
    let passkeys = state.store.list_passkeys(user).await?;
    let (passkey, recognised) = judge_after_password(party, &kept.state, answer, &passkeys).map_err(|wrong| {
        if matches!(wrong, WrongAnswer::Counter) {
            warn!(user.id = %user, "The signature counter of a passkey went back: somebody may have a copy of it");
        }
        refused(&wrong, PasskeyError::Refused)
    })?;
    // False if another answer with the same counter was first, or the passkey was removed meanwhile.
    if state.store.use_passkey(passkey, &recognised.credential, now).await? {
        Ok(recognised.methods.after_password())
    } else {
        Err(PasskeyError::Refused)
    }
}
