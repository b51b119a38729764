//! Puts the judgement of a new password into the form's place for it. It is a file of its own: a sign-in never needs it.

use leptos::prelude::*;

use crate::api_types::{PasswordInput, StrengthAnswer};
use crate::app::components::{Asking, NEW, Piece, STRENGTH, in_browser, measure, value};
use crate::app::server_fns::password_strength;

#[island(lazy)]
pub fn PasswordMeter() -> impl IntoView {
    in_browser(|| measure(&Piece::with_id(STRENGTH), NEW.id, || value("username"), judge));
}

/// Asks the server for its judgement of a password, with a name.
pub fn judge(username: String, password: String) -> Asking<StrengthAnswer> {
    Box::pin(password_strength(username, PasswordInput(password)))
}
