//! The judgement of a new password, put where the form keeps room for it. A file of its own: who only signs in never needs it.

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

/// What the server thinks of a password, beside a name.
pub fn judge(username: String, password: String) -> Asking<StrengthAnswer> {
    Box::pin(password_strength(username, PasswordInput(password)))
}
