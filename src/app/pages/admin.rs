//! `/admin`, `/admin/events`, `/admin/keys`: for administrators. The pages hold nothing protected; the islands ask the
//! server, which answers administrators only.

use leptos::prelude::*;

use crate::app::components::{PageTitle, ProgramNotice};
use crate::app::islands::{AllEvents, KeyList, UserList};

#[component]
pub fn AdminUsers() -> impl IntoView {
    view! {
        <PageTitle text="Users · Handstamp"/>
        <div class="page">
            <ProgramNotice/>
            <UserList/>
        </div>
    }
}

#[component]
pub fn AdminEvents() -> impl IntoView {
    view! {
        <PageTitle text="Events · Handstamp"/>
        <div class="page">
            <ProgramNotice/>
            <AllEvents/>
        </div>
    }
}

#[component]
pub fn AdminKeys() -> impl IntoView {
    view! {
        <PageTitle text="Keys · Handstamp"/>
        <div class="page">
            <ProgramNotice/>
            <KeyList/>
        </div>
    }
}
