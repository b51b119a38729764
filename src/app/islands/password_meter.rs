//! Puts the judgement of a new password into the form's place for it. It is a file of its own: a sign-in never needs it.

use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::web_sys::wasm_bindgen::JsCast;

use crate::api_types::{PasswordInput, StrengthAnswer};
use crate::app::components::{Asking, NEW, STRENGTH, StrengthMeter, value};
use crate::app::server_fns::password_strength;

#[island(lazy)]
pub fn PasswordMeter() -> impl IntoView {
    Effect::new(|_| {
        if let Some(place) = document().get_element_by_id(STRENGTH) {
            mount_to(
                place.unchecked_into(),
                || view! { <StrengthMeter field=NEW.id username=|| value("username") judge/> },
            )
            .forget();
        }
    });
}

/// Asks the server for its judgement of a password, with a name.
pub fn judge(username: String, password: String) -> Asking<StrengthAnswer> {
    Box::pin(password_strength(username, PasswordInput(password)))
}
