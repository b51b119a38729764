//! `/account`: the user's own account. The page holds nothing protected; the island asks the server.

use leptos::prelude::*;

use crate::app::components::{AccountAwaited, AccountTemplates, Contents, PageTitle, ProgramNotice};
use crate::app::islands::OwnAccount;

#[component]
pub fn Account() -> impl IntoView {
    view! {
        <PageTitle text="Account · Handstamp"/>
        <div class="page">
            <ProgramNotice/>
            <Contents sign_in_to="Sign in to see your account." not_arrived="Your account did not arrive.">
                <AccountAwaited/>
            </Contents>
            <AccountTemplates/>
            <OwnAccount/>
        </div>
    }
}
