//! The sign-in form, alive.

use leptos::prelude::*;

use crate::app::components::{CredentialsForm, Purpose};

#[island]
pub fn LoginForm() -> impl IntoView {
    view! { <CredentialsForm purpose=Purpose::SignIn/> }
}
