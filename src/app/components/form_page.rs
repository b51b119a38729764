//! The frame of a page with one form: imprint, heading, lead, notices, then the form.

use leptos::prelude::*;

use crate::app::components::imprint::Imprint;
use crate::app::components::next_field::NextField;
use crate::app::components::page_title::PageTitle;
use crate::app::components::program_notice::ProgramNotice;
use crate::app::components::refused_notice::RefusedNotice;
use crate::app::components::signed_in_notice::SignedInNotice;

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
            <ProgramNotice without_scripts="This form works without JavaScript, and you will be signed in. Your dashboard needs JavaScript and WebAssembly: allow both for this site to see it."/>
            <SignedInNotice/>
            <RefusedNotice/>
            {children()}
            <NextField/>
        </div>
    }
}
