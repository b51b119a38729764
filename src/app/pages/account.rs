//! `/account`: the user's own account. The page holds nothing protected; the island asks the server.

use leptos::prelude::*;

use crate::app::components::{PageTitle, ProgramNotice};
use crate::app::islands::OwnAccount;

#[component]
pub fn Account() -> impl IntoView {
    view! {
        <PageTitle text="Account · Handstamp"/>
        <div class="page">
            <ProgramNotice/>
            <OwnAccount/>
        </div>
    }
}
