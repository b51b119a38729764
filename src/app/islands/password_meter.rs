//! The judgement of a new password, put where the form keeps room for it. A file of its own: who only signs in never needs it.

use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::web_sys::wasm_bindgen::JsCast;

use crate::app::components::{NEW, STRENGTH, StrengthMeter, value};

#[island(lazy)]
pub fn PasswordMeter() -> impl IntoView {
    Effect::new(|_| {
        if let Some(place) = document().get_element_by_id(STRENGTH) {
            mount_to(place.unchecked_into(), || view! { <StrengthMeter field=NEW.id username=|| value("username")/> })
                .forget();
        }
    });
}
