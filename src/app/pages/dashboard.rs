//! `/dashboard`: the protected greeting. To add a protected page, copy this file and its island.
//!
//! The page itself is the same for everyone and holds nothing protected; the island asks the server.

use leptos::prelude::*;

use crate::app::components::{PageTitle, ProgramNotice};
use crate::app::islands::Greeting;

#[component]
pub fn Dashboard() -> impl IntoView {
    view! {
        <PageTitle text="Dashboard · Handstamp"/>
        <div class="page">
            <ProgramNotice/>
            <Greeting/>
        </div>
    }
}
