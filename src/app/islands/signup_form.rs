//! The sign-up form, the island.

use leptos::prelude::*;

use crate::app::components::{CredentialsForm, Purpose};

#[island]
pub fn SignupForm() -> impl IntoView {
    view! { <CredentialsForm purpose=Purpose::SignUp/> }
}
