//! The form of the first account, the island.

use leptos::prelude::*;

use crate::app::components::{CredentialsForm, Purpose};

#[island]
pub fn SetupForm() -> impl IntoView {
    view! { <CredentialsForm purpose=Purpose::FirstAccount/> }
}
