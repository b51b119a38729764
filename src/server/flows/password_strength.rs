//! Judges a password while the user chooses it. Nothing of it is stored.

use secrecy::{ExposeSecret as _, SecretString};

use super::new_account::context;
use crate::server::domain::password::{Password, Unfit};
use crate::server::domain::password_strength::Strength;
use crate::server::domain::username::Username;
use crate::server::hash_pool::Overloaded;
use crate::server::state::AppState;

/// The judgement.
#[derive(Clone, Debug)]
pub struct Judged {
    pub strength: Strength,
    /// Why it would be rejected.
    pub unfit: Option<Unfit>,
}

/// Judges in the same way as [`Password::choose`].
///
/// # Errors
/// [`Overloaded`] if there are too many requests: anyone can send them.
pub async fn password_strength(state: &AppState, username: &str, typed: SecretString) -> Result<Judged, Overloaded> {
    let (context, min_length) = (context(state, &Username::canonical(username)), state.config.password_min_length);
    state
        .judging_pool
        .run(move || {
            let context: Vec<&str> = context.iter().map(String::as_str).collect();
            let unfit = Password::choose(&typed, min_length, &context).err();
            Judged { strength: Strength::of(typed.expose_secret(), &context), unfit }
        })
        .await
}
