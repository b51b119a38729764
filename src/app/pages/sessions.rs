//! `/sessions`: the user's sessions. The page holds nothing protected; the island asks the server.
//!
//! It shares its path with a machine door, which serves it to clients that accept HTML (`server/http/routes/sessions.rs`).

use leptos::prelude::*;

use crate::app::components::{Contents, PageTitle, ProgramNotice, SessionTemplates, SessionsAwaited};
use crate::app::islands::SessionList;

#[component]
pub fn Sessions() -> impl IntoView {
    view! {
        <PageTitle text="Sessions · Handstamp"/>
        <div class="page">
            <ProgramNotice/>
            <Contents
                sign_in_to="Sign in to see where you are signed in."
                not_arrived="Your sessions did not arrive."
            >
                <SessionsAwaited/>
            </Contents>
            <SessionTemplates/>
            <SessionList/>
        </div>
    }
}
