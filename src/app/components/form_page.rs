//! The frame of a page with one form: imprint, heading, lead, notices, then what the page is for.

use leptos::prelude::*;

use crate::app::components::{Imprint, PageTitle, ProgramNotice, SignedInNotice};

#[component]
pub fn FormPage(
    title: &'static str,
    /// Words of the imprint.
    imprint: &'static str,
    heading: &'static str,
    lead: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <PageTitle text=title/>
        <div class="page page--form">
            <div class="page__imprint"><Imprint words=imprint/></div>
            <h1>{heading}</h1>
            <p class="lead">{lead}</p>
            <ProgramNotice/>
            <SignedInNotice/>
            {children()}
        </div>
    }
}
