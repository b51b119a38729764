//! The sign-in form, alive.

use leptos::prelude::*;

use crate::app::components::{CredentialsForm, Purpose};

#[island]
pub fn LoginForm() -> impl IntoView {
    // No least length: an old, short password must still get in.
    view! { <CredentialsForm purpose=Purpose::SignIn password_min_length=0/> }
}
