//! The frame of a page with a form that the program can send: a plain page, notices, then the form.

use leptos::prelude::*;

use crate::app::components::next_field::NextField;
use crate::app::components::plain_page::PlainPage;
use crate::app::components::program_notice::ProgramNotice;
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
        <PlainPage title imprint heading lead>
            <ProgramNotice without_scripts="This form works without JavaScript, and you will be signed in. Your dashboard needs JavaScript and WebAssembly: allow both for this site to see it."/>
            <SignedInNotice/>
            {children()}
            <NextField/>
        </PlainPage>
    }
}
