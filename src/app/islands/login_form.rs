//! The sign-in form, the island.

use leptos::prelude::*;

use crate::app::components::{CredentialsForm, Purpose};

#[island]
pub fn LoginForm() -> impl IntoView {
    view! { <CredentialsForm purpose=Purpose::SignIn/> }
}
