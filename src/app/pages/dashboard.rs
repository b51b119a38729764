//! `/dashboard`: the protected greeting. To add a protected page, copy this file and its island.
//!
//! The page itself is the same for everyone and holds nothing protected; the island asks the server, and fills in the
//! template with the answer.

use leptos::prelude::*;

use crate::app::components::{Contents, GreetedTemplate, GreetingAwaited, PageTitle, ProgramNotice};
use crate::app::islands::Greeting;

#[component]
pub fn Dashboard() -> impl IntoView {
    view! {
        <PageTitle text="Dashboard · Handstamp"/>
        <div class="page">
            <ProgramNotice/>
            <Contents sign_in_to="Sign in to see your dashboard." not_arrived="Your greeting did not arrive.">
                <GreetingAwaited/>
            </Contents>
            <GreetedTemplate/>
            <Greeting/>
        </div>
    }
}
