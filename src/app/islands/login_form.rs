//! The sign-in form, the island.

use leptos::prelude::*;

use crate::app::components::{CredentialsForm, Purpose, in_browser};
use crate::app::islands::passkey_sign_in::wait_for_person;

#[island]
pub fn LoginForm() -> impl IntoView {
    in_browser(wait_for_person);
    view! { <CredentialsForm purpose=Purpose::SignIn/> }
}
