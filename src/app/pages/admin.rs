//! `/admin`, `/admin/events`, `/admin/keys`: for administrators. The pages hold nothing protected; the islands ask the
//! server, which answers administrators only.

use leptos::prelude::*;

use crate::app::components::{
    AllEventsTemplates, Contents, KeyTemplates, ListAwaited, PageTitle, ProgramNotice, UserTemplates,
};
use crate::app::islands::{AllEvents, KeyList, UserList};

#[component]
pub fn AdminUsers() -> impl IntoView {
    view! {
        <PageTitle text="Users · Handstamp"/>
        <div class="page">
            <ProgramNotice/>
            <Contents sign_in_to="Sign in to see the users." not_arrived="The users did not arrive.">
                <ListAwaited heading="Users"/>
            </Contents>
            <UserTemplates/>
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
            <Contents sign_in_to="Sign in to see what happened." not_arrived="The events did not arrive.">
                <ListAwaited heading="Events"/>
            </Contents>
            <AllEventsTemplates/>
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
            <Contents sign_in_to="Sign in to see the keys." not_arrived="The keys did not arrive.">
                <ListAwaited heading="Keys"/>
            </Contents>
            <KeyTemplates/>
            <KeyList/>
        </div>
    }
}
