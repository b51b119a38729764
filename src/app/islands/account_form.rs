//! The form that makes an account, alive: anybody's, or the first.

use leptos::prelude::*;

use crate::app::components::{CredentialsForm, Purpose};

#[island]
pub fn AccountForm(purpose: Purpose, password_min_length: usize) -> impl IntoView {
    view! { <CredentialsForm purpose password_min_length/> }
}
