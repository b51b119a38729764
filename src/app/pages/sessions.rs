//! `/sessions`: where one is signed in. The page holds nothing protected; the island asks the server.
//!
//! It shares its path with a machines' door, which hands it to whoever asks for HTML (`server/http/routes/sessions.rs`).

use leptos::prelude::*;

use crate::app::components::{PageTitle, ProgramNotice};
use crate::app::islands::SessionList;

#[component]
pub fn Sessions() -> impl IntoView {
    view! {
        <PageTitle text="Sessions · Handstamp"/>
        <div class="page">
            <ProgramNotice/>
            <SessionList/>
        </div>
    }
}
